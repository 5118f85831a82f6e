// SPDX-License-Identifier: MIT
/*
 * The form of every command: sizes, tails, pointers, flags, reserved fields, handles, and what a
 * listener may do. One table describes the commands; every test runs over all rows that it
 * concerns, and every refusal is followed by the proof that nothing changed.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "test.h"

struct command {
	const char *label;
	unsigned long number;
	size_t size;
	int handle;		/* offset of the handle field, -1: none */
	bool listener;
	int flags;		/* offset of a field of unknown flags, -1: none */
	int reserved[16];	/* offsets of reserved input bytes, ended by 0 */
	void (*fill)(void *argument, uint32_t handle);
	int result;		/* of the published form, as filled here */
};

static uint8_t data[64];

static void fill_associated(void *argument, uint32_t handle)
{
	struct winusb_get_associated_interface *arg = argument;

	arg->handle = handle;
	arg->index = 0;
}

static void fill_descriptor(void *argument, uint32_t handle)
{
	struct winusb_get_descriptor *arg = argument;

	arg->handle = handle;
	arg->type = 1;
	arg->length = 18;
	arg->buffer = (uintptr_t)data;
}

static void fill_speed(void *argument, uint32_t handle)
{
	struct winusb_query_device_information *arg = argument;

	arg->handle = handle;
	arg->information_type = WINUSB_DEVICE_SPEED;
}

static void fill_policy(void *argument, uint32_t handle)
{
	struct winusb_pipe_policy *arg = argument;

	arg->handle = handle;
	arg->policy = WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT;
	arg->value = 1234;
}

static void fill_power(void *argument, uint32_t handle)
{
	struct winusb_power_policy *arg = argument;

	arg->handle = handle;
	arg->policy = WINUSB_POWER_SUSPEND_DELAY;
	arg->value = 5000;
}

/* GET_STATUS of the device, the most harmless of transfers. */
static void fill_transfer(void *argument, uint32_t handle)
{
	struct winusb_transfer *arg = argument;

	arg->handle = handle;
	arg->setup[0] = 0x80;
	arg->setup[6] = 2;
	arg->length = 2;
	arg->buffer = (uintptr_t)data;
}

static void fill_submit(void *argument, uint32_t handle)
{
	static struct winusb_transfer transfer;
	struct winusb_submit *arg = argument;

	transfer.size = sizeof(transfer);
	fill_transfer(&transfer, handle);
	arg->count = 1;
	arg->transfers = (uintptr_t)&transfer;
	arg->transfer_size = sizeof(transfer);
}

static void fill_cancel(void *argument, uint32_t handle)
{
	struct winusb_cancel *arg = argument;

	(void)handle;
	arg->cookie = 1;
}

static void fill_eventfd(void *argument, uint32_t handle)
{
	struct winusb_set_eventfd *arg = argument;

	(void)handle;
	arg->fd = -1;
}

static void fill_state(void *argument, uint32_t handle)
{
	struct winusb_set_interface_state *arg = argument;

	arg->handle = handle;
	arg->enable = 1;
}

static void fill_post(void *argument, uint32_t handle)
{
	struct winusb_post_event *arg = argument;

	arg->handle = handle;
	arg->data = (uintptr_t)data;
	arg->length = sizeof(data);
}

static void fill_flush(void *argument, uint32_t handle)
{
	struct winusb_pipe_command *arg = argument;

	arg->handle = handle;
	arg->pipe_id = FX2_BULK_IN;
}

static void fill_register(void *argument, uint32_t handle)
{
	struct winusb_register_isoch_buffer *arg = argument;

	arg->handle = handle;
	arg->pipe_id = FX2_BULK_IN;
	arg->buffer = (uintptr_t)data;
	arg->length = sizeof(data);
}

static void fill_reap(void *argument, uint32_t handle)
{
	struct winusb_reap *arg = argument;

	(void)handle;
	arg->records = (uintptr_t)data;
	arg->count = 1;
}

static void fill_handle(void *argument, uint32_t handle)
{
	((uint32_t *)argument)[1] = handle;
}

#define AT(type, field) offsetof(struct winusb_##type, field)
#define SIZE(type) sizeof(struct winusb_##type)
/* The first and the last byte of a reserved field of three. */
#define ENDS(type, field) AT(type, field), AT(type, field) + 2

static const struct command commands[] = {
	{ "QUERY", WINUSB_IOC_QUERY, SIZE(query), -1, true, -1,
	  { AT(query, __reserved), AT(query, __reserved) + 4 }, NULL, 0 },
	{ "INITIALIZE", WINUSB_IOC_INITIALIZE, SIZE(initialize), -1, false, -1, { 0 }, NULL, 0 },
	{ "GET_ASSOCIATED_INTERFACE", WINUSB_IOC_GET_ASSOCIATED_INTERFACE,
	  SIZE(get_associated_interface), AT(get_associated_interface, handle), false, -1,
	  { ENDS(get_associated_interface, __reserved) },
	  fill_associated, -ENOENT },
	{ "FREE", WINUSB_IOC_FREE, SIZE(free), AT(free, handle), false, -1, { 0 },
	  fill_handle, 0 },
	{ "GET_DESCRIPTOR", WINUSB_IOC_GET_DESCRIPTOR, SIZE(get_descriptor),
	  AT(get_descriptor, handle), true, -1, { AT(get_descriptor, __reserved) },
	  fill_descriptor, 0 },
	{ "QUERY_INTERFACE_SETTINGS", WINUSB_IOC_QUERY_INTERFACE_SETTINGS,
	  SIZE(query_interface_settings), AT(query_interface_settings, handle), true, -1,
	  { ENDS(query_interface_settings, __reserved),
	    ENDS(query_interface_settings, __reserved2) },
	  fill_handle, 0 },
	{ "QUERY_DEVICE_INFORMATION", WINUSB_IOC_QUERY_DEVICE_INFORMATION,
	  SIZE(query_device_information), AT(query_device_information, handle), true, -1,
	  { 0 }, fill_speed, 0 },
	{ "QUERY_PIPE", WINUSB_IOC_QUERY_PIPE, SIZE(query_pipe), AT(query_pipe, handle), true, -1,
	  { AT(query_pipe, __reserved), AT(query_pipe, __reserved) + 1, AT(query_pipe, __reserved2),
	    AT(query_pipe, __reserved3), AT(query_pipe, __reserved3) + 1 }, fill_handle, 0 },
	{ "GET_ALTERNATE_SETTING", WINUSB_IOC_GET_ALTERNATE_SETTING, SIZE(get_alternate_setting),
	  AT(get_alternate_setting, handle), true, -1,
	  { ENDS(get_alternate_setting, __reserved) },
	  fill_handle, 0 },
	{ "SET_ALTERNATE_SETTING", WINUSB_IOC_SET_ALTERNATE_SETTING, SIZE(set_alternate_setting),
	  AT(set_alternate_setting, handle), false, -1,
	  { ENDS(set_alternate_setting, __reserved) },
	  fill_handle, 0 },
	{ "GET_PIPE_POLICY", WINUSB_IOC_GET_PIPE_POLICY, SIZE(pipe_policy), AT(pipe_policy, handle),
	  false, -1, { ENDS(pipe_policy, __reserved) },
	  fill_policy, 0 },
	{ "SET_PIPE_POLICY", WINUSB_IOC_SET_PIPE_POLICY, SIZE(pipe_policy), AT(pipe_policy, handle),
	  false, -1, { ENDS(pipe_policy, __reserved) },
	  fill_policy, 0 },
	{ "TRANSFER", WINUSB_IOC_TRANSFER, SIZE(transfer), AT(transfer, handle), false,
	  AT(transfer, flags),
	  { ENDS(transfer, __reserved), AT(transfer, cookie),
	    AT(transfer, cookie) + 7, AT(transfer, isoch_offset),
	    AT(transfer, isoch_start_frame), AT(transfer, isoch_packet_count),
	    AT(transfer, isoch_packets), AT(transfer, isoch_packets) + 7,
	    AT(transfer, stream_id), AT(transfer, __reserved2), AT(transfer, __reserved3) },
	  fill_transfer, 0 },
	{ "ABORT_PIPE", WINUSB_IOC_ABORT_PIPE, SIZE(pipe_command), AT(pipe_command, handle), false,
	  -1, { ENDS(pipe_command, __reserved) }, fill_handle, 0 },
	{ "RESET_PIPE", WINUSB_IOC_RESET_PIPE, SIZE(pipe_command), AT(pipe_command, handle), false,
	  -1, { ENDS(pipe_command, __reserved) }, fill_handle, 0 },
	{ "FLUSH_PIPE", WINUSB_IOC_FLUSH_PIPE, SIZE(pipe_command), AT(pipe_command, handle), false,
	  -1, { ENDS(pipe_command, __reserved) }, fill_flush, 0 },
	{ "RESET_DEVICE", WINUSB_IOC_RESET_DEVICE, SIZE(reset_device), AT(reset_device, handle),
	  false, -1, { 0 }, fill_handle, 0 },
	{ "SUBMIT", WINUSB_IOC_SUBMIT, SIZE(submit), -1, false, -1, { 0 }, fill_submit, 0 },
	{ "CANCEL", WINUSB_IOC_CANCEL, SIZE(cancel), -1, false, AT(cancel, flags),
	  { AT(cancel, __reserved), AT(cancel, __reserved) + 3 }, fill_cancel, -ENOENT },
	{ "SET_EVENTFD", WINUSB_IOC_SET_EVENTFD, SIZE(set_eventfd), -1, false, -1, { 0 },
	  fill_eventfd, 0 },
	{ "SET_INTERFACE_STATE", WINUSB_IOC_SET_INTERFACE_STATE, SIZE(set_interface_state),
	  AT(set_interface_state, handle), false, -1,
	  { AT(set_interface_state, __reserved), AT(set_interface_state, __reserved) + 3 },
	  fill_state, 0 },
	{ "POST_EVENT", WINUSB_IOC_POST_EVENT, SIZE(post_event), AT(post_event, handle), false, -1,
	  { AT(post_event, __reserved), AT(post_event, __reserved) + 3 }, fill_post, 0 },
	{ "GET_POWER_POLICY", WINUSB_IOC_GET_POWER_POLICY, SIZE(power_policy),
	  AT(power_policy, handle), false, -1, { 0 }, fill_power, 0 },
	{ "SET_POWER_POLICY", WINUSB_IOC_SET_POWER_POLICY, SIZE(power_policy),
	  AT(power_policy, handle), false, -1, { 0 }, fill_power, 0 },
	/* This board has no isochronous pipe, and its host controller no frame number. */
	{ "REGISTER_ISOCH_BUFFER", WINUSB_IOC_REGISTER_ISOCH_BUFFER, SIZE(register_isoch_buffer),
	  AT(register_isoch_buffer, handle), false, AT(register_isoch_buffer, flags),
	  { ENDS(register_isoch_buffer, __reserved) }, fill_register, -EINVAL },
	{ "UNREGISTER_ISOCH_BUFFER", WINUSB_IOC_UNREGISTER_ISOCH_BUFFER,
	  SIZE(unregister_isoch_buffer), -1, false, -1, { 0 }, NULL, -EBADF },
	{ "GET_FRAME", WINUSB_IOC_GET_FRAME, SIZE(get_frame), AT(get_frame, handle), false,
	  AT(get_frame, flags), { 0 }, fill_handle, -EOPNOTSUPP },
	{ "REAP", WINUSB_IOC_REAP, SIZE(reap), -1, false, AT(reap, flags),
	  { AT(reap, transfers), AT(reap, transfer_size), AT(reap, __reserved) }, fill_reap,
	  -ETIMEDOUT },
	/* For listeners only. */
	{ "LISTEN", WINUSB_IOC_LISTEN, SIZE(listen), -1, true, AT(listen, flags),
	  { AT(listen, __reserved), AT(listen, __reserved) + 3 }, NULL, -EBADF },
};

/* An argument with room for a tail, the open file that it goes to, and the state to compare. */
static union {
	uint8_t bytes[2 * 4096 + 64];
	uint32_t words[1];
	uint64_t align;
} argument;

static struct board *fx2;
static int fd;
static uint32_t handle;
static unsigned int seen;

void test_setup(void)
{
	fx2 = board_add("fx2");
	boards_start();
	board_plug(fx2);
	boards_keep();
}

static void prepare(const struct command *command)
{
	fd = node_open(board_node(fx2, 0), O_RDWR);
	if (fd < 0)
		FAIL("open: %s", test_errno(fd));
	CHECK_OK(node_initialize(fd, &handle));
	memset(&argument, 0, sizeof(argument));
	if (command->fill)
		command->fill(&argument, handle);
	argument.words[0] = command->size;
	seen = board_requests(fx2);
}

/* A refused command changes nothing: the handle lives, the policies stay, the bus was silent. */
static void nothing_changed(void)
{
	uint32_t value, next;
	uint8_t setting;

	CHECK_EQ(board_requests(fx2), seen);
	CHECK_OK(node_get_timeout(fd, handle, 0, &value));
	CHECK_EQ(value, 5000);
	CHECK_OK(node_get_setting(fd, handle, &setting));
	CHECK_EQ(setting, 0);
	/* No handle was made: the next one is the next one. */
	CHECK_OK(node_initialize(fd, &next));
	CHECK(next != handle);
	CHECK_OK(node_free(fd, next));
	CHECK_OK(node_free(fd, handle));
}

static int call(const struct command *command)
{
	return node_ioctl(fd, command->number, &argument);
}

TEST_EACH(a_command_in_its_published_form_is_not_refused_for_its_form, struct command, command,
	  commands)
{
	prepare(command);
	/* One interface: there is no associated one. And nothing to cancel. */
	CHECK_EQ(call(command), command->result);
}

/* Of the first published form. */
static size_t shortest(const struct command *command)
{
	return command->number == WINUSB_IOC_TRANSFER ? 80 : command->size;
}

TEST_EACH(a_size_too_short_is_EINVAL, struct command, command, commands)
{
	prepare(command);
	argument.words[0] = shortest(command) - 4;
	CHECK_ERR(call(command), EINVAL);
	nothing_changed();
}

TEST_EACH(a_size_as_first_published_is_accepted, struct command, command, commands)
{
	prepare(command);
	argument.words[0] = shortest(command);
	CHECK_EQ(call(command), command->result);
}

TEST_EACH(a_size_of_zero_is_EINVAL, struct command, command, commands)
{
	prepare(command);
	argument.words[0] = 0;
	CHECK_ERR(call(command), EINVAL);
	nothing_changed();
}

TEST_EACH(a_size_that_grew_with_a_zero_tail_is_accepted, struct command, command, commands)
{
	prepare(command);
	argument.words[0] = command->size + 8;
	CHECK_EQ(call(command), command->result);
}

TEST_EACH(a_non_zero_tail_is_E2BIG, struct command, command, commands)
{
	prepare(command);
	argument.words[0] = command->size + 8;
	argument.bytes[command->size + 7] = 1;
	CHECK_ERR(call(command), E2BIG);
	nothing_changed();
}

TEST_EACH(a_size_above_a_page_is_E2BIG, struct command, command, commands)
{
	prepare(command);
	argument.words[0] = 4096 + 8;
	CHECK_ERR(call(command), E2BIG);
	nothing_changed();
}

TEST_EACH(a_size_of_all_ones_is_E2BIG, struct command, command, commands)
{
	prepare(command);
	argument.words[0] = UINT32_MAX;
	CHECK_ERR(call(command), E2BIG);
	nothing_changed();
}

TEST_EACH(a_null_argument_is_EFAULT, struct command, command, commands)
{
	prepare(command);
	CHECK_ERR(node_ioctl(fd, command->number, NULL), EFAULT);
	nothing_changed();
}

TEST_EACH(an_argument_that_ends_in_an_unmapped_page_is_EFAULT, struct command, command, commands)
{
	uint8_t *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *edge = pages + 4096 - 4;

	CHECK(pages != MAP_FAILED);
	CHECK_OK(munmap(pages + 4096, 4096));
	prepare(command);
	memcpy(edge, &argument, 4);
	CHECK_ERR(node_ioctl(fd, command->number, edge), EFAULT);
	nothing_changed();
}

/* Wherever the page begins: the results are known not to fit before anything moves. */
TEST(a_transfer_argument_that_ends_in_a_read_only_page_is_EFAULT_and_moves_nothing)
{
	struct winusb_transfer arg = { .size = sizeof(arg), .pipe_id = FX2_BULK_OUT, .length = 3,
				       .buffer = (uintptr_t)"abc" };
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long long urbs;
	size_t writable;

	CHECK(pages != MAP_FAILED);
	prepare(&commands[0]);
	arg.handle = handle;
	urbs = board_counter(fx2, FX2_BULK_OUT, "urbs");
	for (writable = 0; writable < sizeof(arg); writable += 4) {
		CHECK_OK(mprotect(pages + 4096, 4096, PROT_READ | PROT_WRITE));
		memcpy(pages + 4096 - writable, &arg, sizeof(arg));
		CHECK_OK(mprotect(pages + 4096, 4096, PROT_READ));
		CHECK_ERR(node_ioctl(fd, WINUSB_IOC_TRANSFER, pages + 4096 - writable), EFAULT);
	}
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "urbs"), urbs);
	nothing_changed();
}

TEST_EACH(a_kernel_address_as_argument_is_EFAULT, struct command, command, commands)
{
	prepare(command);
	CHECK_ERR(node_ioctl(fd, command->number, (void *)(UINTPTR_MAX - 4095)), EFAULT);
	nothing_changed();
}

/* Every byte of every reserved input field, one at a time. */
TEST_EACH(a_non_zero_reserved_field_is_EOPNOTSUPP, struct command, command, commands)
{
	int i, checked = 0;

	if (!command->reserved[0])
		test_skip("%s has no reserved input field", command->label);
	for (i = 0; i < 16 && command->reserved[i]; i++, checked++) {
		prepare(command);
		argument.bytes[command->reserved[i]] = 1;
		CHECK_ERR(call(command), EOPNOTSUPP);
		nothing_changed();
		close(fd);
	}
	CHECK(checked > 0);
}

static uint32_t known_flags(const struct command *command)
{
	return command->number == WINUSB_IOC_CANCEL ? WINUSB_CANCEL_ALL | WINUSB_CANCEL_BLOCKED : 1;
}

/* Each command that has flags knows bit 0. */
TEST_EACH(every_unknown_flag_is_EOPNOTSUPP, struct command, command, commands)
{
	unsigned int bit;

	if (command->flags < 0)
		test_skip("%s has no flags", command->label);
	for (bit = 1; bit < 32; bit++) {
		if (known_flags(command) >> bit & 1)
			continue;
		prepare(command);
		argument.words[command->flags / 4] = 1u << bit;
		CHECK_ERR(call(command), EOPNOTSUPP);
		argument.words[command->flags / 4] |= 1;
		CHECK_ERR(call(command), EOPNOTSUPP);
		nothing_changed();
		close(fd);
	}
}

TEST_EACH(an_unknown_handle_is_EBADF, struct command, command, commands)
{
	uint32_t unknown[] = { 0x7fffffff, UINT32_MAX, 0 };
	size_t i;

	if (command->handle < 0)
		test_skip("%s takes no handle", command->label);
	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		prepare(command);
		argument.words[command->handle / 4] = unknown[i];
		CHECK_ERR(call(command), EBADF);
		nothing_changed();
		close(fd);
	}
}

TEST_EACH(a_freed_handle_is_EBADF, struct command, command, commands)
{
	uint32_t second;

	if (command->handle < 0)
		test_skip("%s takes no handle", command->label);
	prepare(command);
	CHECK_OK(node_initialize(fd, &second));
	CHECK_OK(node_free(fd, second));
	argument.words[command->handle / 4] = second;
	CHECK_ERR(call(command), EBADF);
	nothing_changed();
}

TEST_EACH(a_handle_of_another_file_is_EBADF, struct command, command, commands)
{
	uint32_t stale;

	if (command->handle < 0)
		test_skip("%s takes no handle", command->label);
	prepare(command);
	CHECK_OK(node_free(fd, handle));
	stale = handle;
	close(fd);
	fd = node_open(board_node(fx2, 0), O_RDWR);
	CHECK_OK(fd);
	argument.words[command->handle / 4] = stale;
	CHECK_ERR(call(command), EBADF);
}

TEST_EACH(a_listener_may_give_only_the_commands_marked_so, struct command, command, commands)
{
	int listener, result;

	prepare(command);
	listener = node_open(board_node(fx2, 0), O_RDONLY);
	CHECK_OK(listener);
	if (command->handle >= 0)
		argument.words[command->handle / 4] = 0;
	result = node_ioctl(listener, command->number, &argument);
	if (command->listener) {
		CHECK_OK(result);
	} else {
		CHECK_ERR(result, EBADF);
		nothing_changed();
	}
}

TEST_EACH(a_listener_may_not_use_a_handle_of_the_open_file, struct command, command, commands)
{
	int listener;

	if (command->handle < 0)
		test_skip("%s takes no handle", command->label);
	prepare(command);
	listener = node_open(board_node(fx2, 0), O_RDONLY);
	CHECK_OK(listener);
	CHECK_ERR(node_ioctl(listener, command->number, &argument), EBADF);
	nothing_changed();
}

struct number {
	const char *label;
	unsigned long number;
};

static const struct number unknown_commands[] = {
	{ "next", _IO(WINUSB_IOC_TYPE, 0x1d) },
	{ "last", _IO(WINUSB_IOC_TYPE, 0xff) },
	{ "zero", 0 },
	{ "all_ones", 0xffffffff },
	{ "other_type", _IO(WINUSB_IOC_TYPE + 1, 0x01) },
	{ "with_a_size", _IOC(_IOC_NONE, WINUSB_IOC_TYPE, 0x00, 8) },
	{ "with_a_direction", _IOC(_IOC_READ | _IOC_WRITE, WINUSB_IOC_TYPE, 0x01, 8) },
	{ "TCGETS", 0x5401 },
};

TEST_EACH(an_unknown_command_is_ENOTTY, struct number, row, unknown_commands)
{
	int listener;

	prepare(&commands[0]);
	CHECK_ERR(node_ioctl(fd, row->number, &argument), ENOTTY);
	listener = node_open(board_node(fx2, 0), O_RDONLY);
	CHECK_OK(listener);
	CHECK_ERR(node_ioctl(listener, row->number, &argument), ENOTTY);
	nothing_changed();
}

TEST(a_bad_data_pointer_of_a_control_transfer_is_EFAULT)
{
	prepare(&commands[0]);
	CHECK_ERR(node_control(fd, handle, 0x80, 0, 0, 0, 2, (void *)8, 2, NULL), EFAULT);
	CHECK_ERR(node_control(fd, handle, 0x40, FX2_SET_BARGRAPH, 0, 0, 1, (void *)8, 1, NULL),
		  EFAULT);
	nothing_changed();
}

TEST(a_bad_data_pointer_of_a_write_is_EFAULT_and_sends_nothing)
{
	unsigned long long before;
	uint32_t moved = 99;

	prepare(&commands[0]);
	before = board_counter(fx2, FX2_BULK_OUT, "bytes");
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_OUT, (void *)8, 64, &moved), EFAULT);
	CHECK_EQ(moved, 0);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "bytes"), before);
	nothing_changed();
}

TEST(a_bad_data_pointer_of_a_read_is_EFAULT_and_loses_nothing)
{
	char text[16] = "fifteen letters", in[64];
	uint32_t moved = 99;

	prepare(&commands[0]);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, text, 16, NULL));
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, (void *)8, 16, &moved), EFAULT);
	CHECK_EQ(moved, 0);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, 16);
	CHECK_MEM(in, text, 16);
}

TEST(a_bad_buffer_of_get_descriptor_is_EFAULT)
{
	prepare(&commands[0]);
	CHECK_ERR(node_descriptor(fd, handle, 1, 0, 0, (void *)8, 18, NULL), EFAULT);
	nothing_changed();
}

TEST(out_fields_are_written_and_the_size_field_is_not)
{
	struct winusb_query query;

	prepare(&commands[0]);
	memset(&query, 0xff, sizeof(query));
	memset(query.__reserved, 0, sizeof(query.__reserved));
	query.size = sizeof(query);
	CHECK_OK(node_ioctl(fd, WINUSB_IOC_QUERY, &query));
	CHECK_EQ(query.size, sizeof(query));
	CHECK_EQ(query.out_version, WINUSB_VERSION);
	CHECK_EQ(query.out_max_control_length, WINUSB_MAX_CONTROL_LENGTH);
	CHECK_EQ(query.out_max_handles, WINUSB_MAX_HANDLES);
	CHECK_EQ(query.out_interfaces, 1);
	CHECK_EQ(query.out_interface, 0);
	CHECK_EQ(query.out_default_interface, 0);
	CHECK(query.out_capabilities & WINUSB_CAP_TRANSFER);
	CHECK(query.out_capabilities & WINUSB_CAP_EVENTS);
	CHECK(query.out_capabilities & WINUSB_CAP_RESET_DEVICE);
	CHECK(query.out_capabilities & WINUSB_CAP_POLICIES);
	CHECK(query.out_capabilities & WINUSB_CAP_ASYNC);
	CHECK(query.out_capabilities & WINUSB_CAP_INTERFACE_STATE);
	CHECK(query.out_capabilities & WINUSB_CAP_CUSTOM_EVENTS);
	CHECK(query.out_capabilities & WINUSB_CAP_POWER);
	CHECK(query.out_capabilities & WINUSB_CAP_ISOCHRONOUS);
	CHECK(query.out_capabilities & WINUSB_CAP_REAP);
	CHECK(query.out_capabilities & WINUSB_CAP_CANCEL_BLOCKED);
	CHECK(!(query.out_capabilities >> 12));
}

TEST(the_tail_beyond_the_kernels_structure_stays_zero)
{
	size_t i;

	prepare(&commands[0]);
	argument.words[0] = sizeof(struct winusb_query) + 64;
	CHECK_OK(node_ioctl(fd, WINUSB_IOC_QUERY, &argument));
	for (i = sizeof(struct winusb_query); i < sizeof(struct winusb_query) + 64; i++)
		CHECK_EQ(argument.bytes[i], 0);
}
