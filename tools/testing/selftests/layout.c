// SPDX-License-Identifier: MIT
/*
 * The layout of the contract, and its commands as a 32-bit program gives them. Built as layout32
 * with -m32: sizes and offsets are checked when it is compiled, the kernel's compat path when it
 * runs.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "node.h"
#include "test.h"

#define SIZE(type, size) _Static_assert(sizeof(struct winusb_##type) == (size), #type)
#define AT(type, field, offset) \
	_Static_assert(offsetof(struct winusb_##type, field) == (offset), #type "." #field)

SIZE(query, 40);
AT(query, out_capabilities, 8);
AT(query, out_interface, 32);
SIZE(initialize, 8);
AT(initialize, out_handle, 4);
SIZE(get_associated_interface, 16);
AT(get_associated_interface, out_handle, 12);
SIZE(free, 8);
SIZE(get_descriptor, 32);
AT(get_descriptor, length, 12);
AT(get_descriptor, buffer, 16);
AT(get_descriptor, out_length, 24);
SIZE(query_interface_settings, 24);
AT(query_interface_settings, out_descriptor, 12);
SIZE(query_device_information, 16);
SIZE(query_pipe, 24);
AT(query_pipe, out_maximum_packet_size, 16);
AT(query_pipe, out_maximum_bytes_per_interval, 20);
SIZE(get_alternate_setting, 12);
SIZE(set_alternate_setting, 12);
SIZE(pipe_policy, 20);
AT(pipe_policy, policy, 12);
SIZE(transfer, 88);
AT(transfer, setup, 16);
AT(transfer, buffer, 24);
AT(transfer, length, 32);
AT(transfer, out_length, 36);
AT(transfer, cookie, 40);
AT(transfer, isoch_buffer, 48);
AT(transfer, isoch_packets, 64);
AT(transfer, stream_id, 72);
AT(transfer, out_isoch_frame, 80);
SIZE(pipe_command, 12);
SIZE(reset_device, 8);
SIZE(submit, 24);
AT(submit, transfers, 8);
AT(submit, transfer_size, 16);
AT(submit, out_count, 20);
SIZE(cancel, 24);
AT(cancel, cookie, 8);
AT(cancel, out_count, 16);
SIZE(set_eventfd, 8);
SIZE(set_interface_state, 16);
AT(set_interface_state, enable, 8);
SIZE(post_event, 40);
AT(post_event, guid, 8);
AT(post_event, data, 24);
AT(post_event, length, 32);
SIZE(listen, 16);
AT(listen, flags, 4);
AT(listen, out_length, 8);
SIZE(completion, 64);
AT(completion, status, 8);
AT(completion, length, 12);
AT(completion, handle, 20);
AT(completion, pipe_id, 24);
AT(completion, isoch_frame, 28);
AT(completion, isoch_next_frame, 36);
SIZE(isoch_packet, 12);
SIZE(register_isoch_buffer, 40);
AT(register_isoch_buffer, buffer, 16);
AT(register_isoch_buffer, out_offset, 32);
SIZE(unregister_isoch_buffer, 8);
SIZE(reap, 64);
AT(reap, records, 8);
AT(reap, until_ns, 24);
AT(reap, transfers, 32);
AT(reap, out_wakes, 52);
AT(reap, out_submitted, 56);
SIZE(get_frame, 48);
AT(get_frame, out_time_ns, 24);
AT(get_frame, out_generation, 44);
SIZE(uring_cmd, 16);
AT(uring_cmd, setup, 8);
SIZE(event, 64);
AT(event, sequence, 8);
AT(event, time_ns, 16);
AT(event, dropped, 24);
AT(event, guid, 32);
AT(event, data_length, 48);

static struct board *fx2;
static int fd;
static uint32_t handle, moved;

void test_setup(void)
{
	fx2 = board_add("fx2");
	boards_start();
	board_plug(fx2);
	boards_keep();
}

static void open_node(void)
{
	fd = node_open(board_node(fx2, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

TEST(the_program_has_32_bit_pointers)
{
	CHECK_EQ(sizeof(void *), 4);
}

TEST(queries_have_the_same_results)
{
	struct winusb_query_pipe pipe;
	struct winusb_query query;
	uint8_t descriptor[18];

	open_node();
	CHECK_OK(node_query(fd, &query));
	CHECK_EQ(query.out_version, WINUSB_VERSION);
	CHECK_EQ(query.out_max_handles, WINUSB_MAX_HANDLES);
	CHECK(query.out_capabilities & WINUSB_CAP_TRANSFER);
	CHECK_OK(node_query_pipe(fd, handle, 0, 1, &pipe));
	CHECK_EQ(pipe.out_pipe_id, FX2_BULK_OUT);
	CHECK_EQ(pipe.out_maximum_packet_size, 512);
	CHECK_OK(node_descriptor(fd, handle, 1, 0, 0, descriptor, 18, &moved));
	CHECK_EQ(moved, 18);
	CHECK_EQ(descriptor[8] | descriptor[9] << 8, 0x0547);
}

TEST(bulk_and_control_data_travel)
{
	uint8_t out[1000], in[1000], value = 0x77;

	open_node();
	pattern(out, sizeof(out), 30);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, sizeof(out), &moved));
	CHECK_EQ(moved, sizeof(out));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, sizeof(in));
	CHECK_MEM(in, out, sizeof(in));
	CHECK_OK(node_control(fd, handle, 0x40, FX2_SET_BARGRAPH, 0, 0, 1, &value, 1, &moved));
	value = 0;
	CHECK_OK(node_control(fd, handle, 0xc0, FX2_GET_BARGRAPH, 0, 0, 1, &value, 1, &moved));
	CHECK_EQ(value, 0x77);
}

TEST(a_pointer_with_high_bits_set_is_EFAULT)
{
	struct winusb_transfer arg = { .size = sizeof(arg), .pipe_id = FX2_BULK_OUT, .length = 1 };
	char byte = 0;

	open_node();
	arg.handle = handle;
	arg.buffer = (uintptr_t)&byte | 1ull << 40;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_TRANSFER, &arg), EFAULT);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "bytes"), 0);
}

TEST(the_form_of_a_command_is_checked_in_the_same_way)
{
	struct {
		struct winusb_initialize arg;
		uint32_t tail[2];
	} longer = { 0 };

	open_node();
	longer.arg.size = 4;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_INITIALIZE, &longer), EINVAL);
	longer.arg.size = sizeof(longer);
	CHECK_OK(node_ioctl(fd, WINUSB_IOC_INITIALIZE, &longer));
	longer.tail[1] = 1;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_INITIALIZE, &longer), E2BIG);
	CHECK_ERR(node_ioctl(fd, _IO(WINUSB_IOC_TYPE, 0x1d), &longer), ENOTTY);
}

TEST(asynchronous_transfers_have_the_same_records)
{
	struct winusb_transfer transfers[2];
	char out[] = "async", in[64];
	uint32_t count;

	open_node();
	transfers[0] = async_transfer(handle, FX2_BULK_IN, in, sizeof(in), 0x123456789abcdef0);
	transfers[1] = async_transfer(handle, FX2_BULK_OUT, out, 5, UINT64_MAX);
	CHECK_OK(async_submit(fd, &transfers[0], 1, &count));
	CHECK_OK(async_submit(fd, &transfers[1], 1, &count));
	CHECK_EQ(count, 1);
	async_expect(fd, UINT64_MAX, 0, 5);
	async_expect(fd, 0x123456789abcdef0, 0, 5);
	CHECK_MEM(in, out, 5);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in, sizeof(in), 7));
	CHECK_OK(async_cancel(fd, 7, &count));
	CHECK_EQ(count, 1);
	async_expect(fd, 7, -ECANCELED, 0);
	transfers[0].buffer |= 1ull << 40;
	CHECK_ERR(async_submit(fd, transfers, 1, &count), EFAULT);
	CHECK_EQ(count, 0);
}

TEST(events_have_the_same_records)
{
	int listener = node_open(board_node(fx2, 0), O_RDONLY | O_NONBLOCK);
	struct winusb_event event;

	CHECK_OK(listener);
	open_node();
	CHECK_EQ(read(listener, &event, sizeof(event)), 64);
	CHECK_EQ(event.type, WINUSB_EVENT_OPENED);
	CHECK_EQ(event.sequence, 1);
}

TEST(custom_events_have_the_same_records)
{
	int listener = node_open(board_node(fx2, 0), O_RDONLY | O_NONBLOCK);
	static const uint8_t guid[16] = "as a 32-bit GUID";
	struct winusb_post_event arg = { .size = sizeof(arg), .length = 1 };
	uint8_t record[72];

	CHECK_OK(listener);
	open_node();
	CHECK_EQ(read(listener, record, sizeof(record)), 64);
	CHECK_OK(node_listen(listener, WINUSB_LISTEN_CUSTOM));
	CHECK_OK(node_post(fd, handle, guid, "five", 5));
	CHECK_EQ(read(listener, record, sizeof(record)), 72);
	CHECK_MEM(record + offsetof(struct winusb_event, guid), guid, sizeof(guid));
	CHECK_MEM(record + 64, "five\0\0\0", 8);
	arg.handle = handle;
	arg.data = (uintptr_t)record | 1ull << 40;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_POST_EVENT, &arg), EFAULT);
}

TEST(the_interface_state_is_set_in_the_same_way)
{
	open_node();
	CHECK_OK(node_set_enabled(fd, handle, 0));
	CHECK_ERR(node_open(board_node(fx2, 0), O_RDONLY), ENOENT);
	CHECK_OK(node_set_enabled(fd, handle, 1));
	CHECK_OK(node_open(board_node(fx2, 0), O_RDONLY));
}
