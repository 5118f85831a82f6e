// SPDX-License-Identifier: MIT
/* The nine policies of a pipe as values: winusb.md 1.4, 2.1, 8 (rows 2, 7, 9), 9.14. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "node.h"
#include "test.h"

enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK };

static struct board *fx2, *full, *composite;
static int fd;
static uint32_t handle, moved;

void test_setup(void)
{
	fx2 = board_add("fx2");
	full = board_add("fx2,speed=full");
	composite = board_add("composite");
	boards_start();
	board_plug(fx2);
	board_plug(full);
	board_plug(composite);
	boards_keep();
}

static void open_node(struct board *board, unsigned int interface)
{
	fd = node_open(board_node(board, interface), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

static uint32_t get(uint8_t pipe, uint32_t policy)
{
	uint32_t value = 0xdeadbeef;

	CHECK_OK(node_get_policy(fd, handle, pipe, policy, &value));
	return value;
}

static void set(uint8_t pipe, uint32_t policy, uint32_t value)
{
	CHECK_OK(node_set_policy(fd, handle, pipe, policy, value));
}

/* A pipe of each kind. */
struct kind {
	const char *label;
	bool composite;		/* interface SETTINGS with this setting, else fx2 */
	uint8_t setting;
	uint8_t pipe;
};

static const struct kind kinds[] = {
	{ "control", false, 0, 0 },
	{ "bulk_IN", false, 0, FX2_BULK_IN },
	{ "bulk_OUT", false, 0, FX2_BULK_OUT },
	{ "interrupt_IN", false, 0, FX2_SWITCHES },
	{ "interrupt_OUT", true, 2, 0x04 },
	{ "isochronous_IN", true, 3, 0x86 },
	{ "isochronous_OUT", true, 3, 0x06 },
};

static void open_kind(const struct kind *kind)
{
	if (!kind->composite) {
		open_node(fx2, 0);
		return;
	}
	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, kind->setting));
}

/* All but the two that hold a number. */
static const uint32_t switches[] = {
	WINUSB_POLICY_SHORT_PACKET_TERMINATE, WINUSB_POLICY_AUTO_CLEAR_STALL,
	WINUSB_POLICY_IGNORE_SHORT_PACKETS, WINUSB_POLICY_ALLOW_PARTIAL_READS,
	WINUSB_POLICY_AUTO_FLUSH, WINUSB_POLICY_RAW_IO, WINUSB_POLICY_RESET_PIPE_ON_RESUME,
};

static void check_defaults(uint8_t pipe)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(switches); i++)
		if (get(pipe, switches[i]) !=
		    (switches[i] == WINUSB_POLICY_ALLOW_PARTIAL_READS ? 1 : 0))
			FAIL("policy %u of pipe 0x%02x is %u", switches[i], pipe,
			     get(pipe, switches[i]));
	CHECK_EQ(get(pipe, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT), pipe ? 0 : 5000);
}

/* The opposite of every default. */
static void change_all(uint8_t pipe)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(switches); i++)
		set(pipe, switches[i], switches[i] != WINUSB_POLICY_ALLOW_PARTIAL_READS);
	set(pipe, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 1234);
}

static void check_changed(uint8_t pipe)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(switches); i++)
		CHECK_EQ(get(pipe, switches[i]), switches[i] != WINUSB_POLICY_ALLOW_PARTIAL_READS);
	CHECK_EQ(get(pipe, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT), 1234);
}

TEST(the_driver_says_that_it_has_policies_and_asynchronous_transfers)
{
	struct winusb_query query;

	open_node(fx2, 0);
	CHECK_OK(node_query(fd, &query));
	CHECK_EQ(query.out_version, WINUSB_VERSION);
	CHECK(query.out_capabilities & WINUSB_CAP_POLICIES);
	CHECK(query.out_capabilities & WINUSB_CAP_ASYNC);
}

TEST(the_driver_says_that_it_has_io_uring_from_6_7_on)
{
	unsigned int major, minor;
	struct winusb_query query;
	struct utsname name;

	open_node(fx2, 0);
	CHECK_OK(node_query(fd, &query));
	CHECK_EQ(uname(&name), 0);
	CHECK_EQ(sscanf(name.release, "%u.%u", &major, &minor), 2);
	CHECK_EQ(!!(query.out_capabilities & WINUSB_CAP_URING),
		 major > 6 || (major == 6 && minor >= 7));
}

/* winusb.md 2.1, column "default" */
TEST_EACH(policies_2_1_have_their_defaults, struct kind, kind, kinds)
{
	open_kind(kind);
	check_defaults(kind->pipe);
}

TEST_EACH(policies_2_1_can_be_set_and_read_on_every_pipe, struct kind, kind, kinds)
{
	open_kind(kind);
	change_all(kind->pipe);
	check_changed(kind->pipe);
}

TEST_EACH(policies_2_1_any_value_but_0_is_1, struct kind, kind, kinds)
{
	static const uint32_t values[] = { 2, 0xff, 0x100, 0x80000000, UINT32_MAX, 1 };
	size_t i, j;

	open_kind(kind);
	for (i = 0; i < ARRAY_SIZE(switches); i++) {
		for (j = 0; j < ARRAY_SIZE(values); j++) {
			set(kind->pipe, switches[i], values[j]);
			CHECK_EQ(get(kind->pipe, switches[i]), 1);
		}
		set(kind->pipe, switches[i], 0);
		CHECK_EQ(get(kind->pipe, switches[i]), 0);
	}
}

TEST_EACH(policies_2_1_the_timeout_holds_any_number, struct kind, kind, kinds)
{
	static const uint32_t values[] = { 1, 5000, 0x7fffffff, 0x80000000, UINT32_MAX, 0 };
	size_t i;

	open_kind(kind);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		set(kind->pipe, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, values[i]);
		CHECK_EQ(get(kind->pipe, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT), values[i]);
	}
}

/* winusb.md 2.1, column "access" */
TEST_EACH(policy_2_1_MAXIMUM_TRANSFER_SIZE_cannot_be_set_and_is_EINVAL, struct kind, kind, kinds)
{
	uint32_t value;

	open_kind(kind);
	value = get(kind->pipe, WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE);
	CHECK(value > 0);
	CHECK_ERR(node_set_policy(fd, handle, kind->pipe, WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE,
				  4096), EINVAL);
	CHECK_ERR(node_set_policy(fd, handle, kind->pipe, WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE,
				  value), EINVAL);
	CHECK_EQ(get(kind->pipe, WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE), value);
}

TEST(policy_2_2_MAXIMUM_TRANSFER_SIZE_at_high_speed_is_2092032)
{
	open_node(fx2, 0);
	CHECK_EQ(get(FX2_BULK_IN, WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE), 2092032);
	CHECK_EQ(get(FX2_BULK_OUT, WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE), 2092032);
	CHECK_EQ(get(FX2_SWITCHES, WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE), 65536);
	CHECK_EQ(get(0, WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE), 4096);
}

TEST(policy_2_2_MAXIMUM_TRANSFER_SIZE_at_full_speed_is_262144)
{
	open_node(full, 0);
	CHECK_EQ(get(FX2_BULK_IN, WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE), 262144);
	CHECK_EQ(get(FX2_BULK_OUT, WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE), 262144);
	CHECK_EQ(get(0, WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE), 4096);
}

struct number {
	const char *label;
	uint32_t number;
};

static const struct number unknown[] = {
	{ "0", 0 }, { "10", 10 }, { "0x101", 0x101 }, { "0x80000003", 0x80000003 },
	{ "all_ones", UINT32_MAX },
};

TEST_EACH(an_unknown_policy_is_EINVAL_on_every_pipe, struct number, row, unknown)
{
	uint32_t value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		open_kind(&kinds[i]);
		CHECK_ERR(node_set_policy(fd, handle, kinds[i].pipe, row->number, 1), EINVAL);
		CHECK_ERR(node_get_policy(fd, handle, kinds[i].pipe, row->number, &value), EINVAL);
		close(fd);
	}
}

TEST(a_policy_of_a_pipe_that_is_not_there_is_EINVAL)
{
	static const uint8_t pipes[] = { 0x80, 0x08, 0x86, 0x0f, 0xff };
	uint32_t value;
	size_t i;

	open_node(fx2, 0);
	for (i = 0; i < ARRAY_SIZE(pipes); i++) {
		CHECK_ERR(node_set_policy(fd, handle, pipes[i], WINUSB_POLICY_RAW_IO, 1), EINVAL);
		CHECK_ERR(node_get_policy(fd, handle, pipes[i], WINUSB_POLICY_RAW_IO, &value),
			  EINVAL);
	}
}

TEST(policies_of_one_pipe_leave_the_others_alone)
{
	open_node(fx2, 0);
	change_all(FX2_BULK_IN);
	check_defaults(0);
	check_defaults(FX2_BULK_OUT);
	check_defaults(FX2_SWITCHES);
	check_changed(FX2_BULK_IN);
}

static const uint8_t fx2_pipes[] = { 0, FX2_SWITCHES, FX2_BULK_OUT, FX2_BULK_IN };

static void change_every_pipe(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fx2_pipes); i++)
		change_all(fx2_pipes[i]);
}

/* winusb.md 9.14 */
TEST(policies_9_14_INITIALIZE_sets_the_defaults)
{
	uint32_t second;
	size_t i;

	open_node(fx2, 0);
	change_every_pipe();
	CHECK_OK(node_initialize(fd, &second));
	for (i = 0; i < ARRAY_SIZE(fx2_pipes); i++)
		check_defaults(fx2_pipes[i]);
}

TEST(policies_2_1_are_not_kept_across_opens)
{
	size_t i;

	open_node(fx2, 0);
	change_every_pipe();
	close(fd);
	open_node(fx2, 0);
	for (i = 0; i < ARRAY_SIZE(fx2_pipes); i++)
		check_defaults(fx2_pipes[i]);
}

/* winusb.md 8, row 7 */
TEST(policies_8_row7_a_new_setting_has_the_defaults)
{
	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 1));
	change_all(0x84);
	CHECK_OK(node_set_setting(fd, handle, 2));
	check_defaults(0x84);
	change_all(0x84);
	CHECK_OK(node_set_setting(fd, handle, 2));
	check_defaults(0x84);
}

TEST(policies_stay_when_a_setting_is_refused)
{
	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 1));
	change_all(0x84);
	CHECK_ERR(node_set_setting(fd, handle, 9), ENOENT);
	check_changed(0x84);
}

TEST(policies_1_2_an_associated_handle_begins_with_the_defaults)
{
	uint32_t default_handle;

	open_node(composite, JOINED_DATA);
	default_handle = handle;
	CHECK_OK(node_associated(fd, default_handle, 2, &handle));
	check_defaults(0x87);
	change_all(0x87);
	CHECK_OK(node_free(fd, handle));
	CHECK_OK(node_associated(fd, default_handle, 2, &handle));
	check_defaults(0x87);
}

TEST(policies_stay_over_abort_flush_and_resets)
{
	open_node(fx2, 0);
	change_all(FX2_BULK_IN);
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	CHECK_OK(node_flush(fd, handle, FX2_BULK_IN));
	CHECK_OK(node_reset_pipe(fd, handle, FX2_BULK_IN));
	check_changed(FX2_BULK_IN);
	CHECK_OK(node_reset_device(fd, handle));
	check_changed(FX2_BULK_IN);
}

static void loopback_works(void)
{
	char in[64];

	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "works", 5, &moved));
	CHECK_EQ(moved, 5);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, 5);
	CHECK_MEM(in, "works", 5);
}

/* winusb.md 8, row 9: libusb sets all of them on every pipe. */
TEST(policies_2_1_of_reads_have_no_effect_on_an_OUT_pipe)
{
	uint8_t out[512] = { 1 }, in[1024];

	open_node(fx2, 0);
	set(FX2_BULK_OUT, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	set(FX2_BULK_OUT, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	set(FX2_BULK_OUT, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	set(FX2_BULK_OUT, WINUSB_POLICY_AUTO_FLUSH, 1);
	loopback_works();
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, sizeof(out), &moved));
	CHECK_EQ(moved, sizeof(out));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, NULL, 0, &moved));
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "zlp"), 1);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, sizeof(out));
}

TEST(policy_2_1_SHORT_PACKET_TERMINATE_has_no_effect_on_an_IN_pipe)
{
	uint8_t out[1024], in[1024];

	open_node(fx2, 0);
	set(FX2_BULK_IN, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	loopback_works();
	pattern(out, sizeof(out), 60);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, sizeof(out), &moved));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, sizeof(in));
	CHECK_MEM(in, out, sizeof(in));
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "zlp"), 0);
}

/* winusb.md 2.3: of pipe 0 only the timeout has an effect. */
TEST(policies_2_3_have_no_effect_on_the_control_pipe)
{
	uint8_t data[64], value = 0x3c;
	size_t i;

	open_node(composite, LOOPBACK);
	for (i = 0; i < ARRAY_SIZE(switches); i++)
		set(0, switches[i], switches[i] != WINUSB_POLICY_ALLOW_PARTIAL_READS);
	/* A short answer, one that is none, a stall, and no data. */
	CHECK_OK(node_control(fd, handle, 0xc0, 0xe1, 5, 0, 64, data, 64, &moved));
	CHECK_EQ(moved, 5);
	CHECK_OK(node_control(fd, handle, 0xc0, 0xe1, 0, 0, 0, NULL, 0, &moved));
	CHECK_ERR(node_control(fd, handle, 0xc3, 0, 0, 0, 8, data, 8, &moved), EPIPE);
	CHECK_OK(node_control(fd, handle, 0x40, 0xe5, 0, 0, 1, &value, 1, &moved));
	CHECK_OK(node_control(fd, handle, 0xc0, 0xe0, 0, 0, 64, data, 64, &moved));
	CHECK_EQ(moved, 1);
	CHECK_EQ(data[0], 0x3c);
}

TEST(policies_2_1_have_no_effect_on_an_isochronous_pipe)
{
	uint8_t data[192];

	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 3));
	change_all(0x86);
	CHECK_ERR(node_transfer(fd, handle, 0x86, data, sizeof(data), &moved), EINVAL);
	/* The pipes of another setting of the interface work as always. */
	CHECK_OK(node_set_setting(fd, handle, 1));
	CHECK_OK(node_transfer(fd, handle, 0x04, "works", 5, NULL));
	CHECK_OK(node_transfer(fd, handle, 0x84, data, sizeof(data), &moved));
	CHECK_EQ(moved, 5);
}

/* winusb.md 2.1: looked at when a request is processed, not when it is submitted. */

static uint8_t in[4][64];

static void queue_reads(int count, uint32_t length)
{
	int i;

	for (i = 0; i < count; i++)
		CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[i], length, i));
	board_wait_pending(fx2, FX2_BULK_IN, 1);
}

static void feed(const char *text)
{
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, (void *)(uintptr_t)text, strlen(text),
			       &moved));
}

TEST(policy_2_1_ALLOW_PARTIAL_READS_is_looked_at_when_a_read_is_processed)
{
	open_node(fx2, 0);
	queue_reads(2, 10);
	set(FX2_BULK_IN, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	feed("more than ten");
	CHECK_ERR(async_wait(fd).status, EOVERFLOW);
	feed("ten bytes.");
	async_expect(fd, 1, 0, 10);
}

TEST(policy_2_1_AUTO_FLUSH_is_looked_at_when_a_read_is_processed)
{
	open_node(fx2, 0);
	queue_reads(2, 10);
	set(FX2_BULK_IN, WINUSB_POLICY_AUTO_FLUSH, 1);
	feed("more than ten");
	async_expect(fd, 0, 0, 10);
	feed("fresh");
	async_expect(fd, 1, 0, 5);
	CHECK_MEM(in[1], "fresh", 5);
}

TEST(policy_2_1_IGNORE_SHORT_PACKETS_is_looked_at_when_a_read_is_processed)
{
	open_node(fx2, 0);
	queue_reads(2, 10);
	feed("first");
	async_expect(fd, 0, 0, 5);
	set(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	feed("12345");
	board_wait_counter(fx2, FX2_BULK_IN, "bytes", 10);
	feed("67890");
	async_expect(fd, 1, 0, 10);
	CHECK_MEM(in[1], "1234567890", 10);
}

TEST(policy_2_1_AUTO_CLEAR_STALL_is_looked_at_when_a_read_is_processed)
{
	open_node(fx2, 0);
	board_set(fx2, "silent=0x88:always");
	queue_reads(2, 64);
	set(FX2_BULK_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	board_set(fx2, "stall=0x88:1");
	board_set(fx2, "silent=0x88:never");
	async_expect(fd, 0, -EPIPE, 0);
	feed("cleared");
	async_expect(fd, 1, 0, 7);
}

TEST(policy_2_1_RAW_IO_set_with_reads_queued_leaves_them_in_the_queue)
{
	open_node(fx2, 0);
	queue_reads(2, 10);
	set(FX2_BULK_IN, WINUSB_POLICY_RAW_IO, 1);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "pending"), 1);
	feed("first");
	async_expect(fd, 0, 0, 5);
	feed("second");
	async_expect(fd, 1, 0, 6);
}
