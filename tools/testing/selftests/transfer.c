// SPDX-License-Identifier: MIT
/*
 * Bulk and interrupt transfers: data, lengths, rounding, saved data (winusb.md 1.5, 2.3, 9.2,
 * 9.6).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "test.h"

#define MB (1024 * 1024)

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

static void open_node(struct board *board)
{
	fd = node_open(board_node(board, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

static void *allocate(size_t length)
{
	void *memory = malloc(length ? length : 1);

	CHECK(memory);
	return memory;
}

static void send_text(const char *text)
{
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, (void *)text, strlen(text), &moved));
	CHECK_EQ(moved, strlen(text));
}

static void expect_text(uint32_t length, const char *text)
{
	char in[4096];

	memset(in, 0xcc, sizeof(in));
	CHECK(length < sizeof(in));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, length, &moved));
	CHECK_EQ(moved, strlen(text));
	CHECK_MEM(in, text, moved);
	/* Not one byte more than was counted. */
	CHECK_EQ((uint8_t)in[moved], 0xcc);
}

struct length {
	const char *label;
	uint32_t length;
};

/* The high-speed board has packets of 512 bytes, the full-speed board of 64. */
static const struct length lengths[] = {
	{ "1", 1 }, { "2", 2 }, { "10", 10 }, { "63", 63 }, { "64", 64 }, { "65", 65 },
	{ "511", 511 }, { "512", 512 }, { "513", 513 }, { "1024", 1024 }, { "4095", 4095 },
	{ "4096", 4096 }, { "4097", 4097 }, { "65535", 65535 }, { "65536", 65536 },
	{ "65537", 65537 }, { "262144", 262144 }, { "1M_and_7", MB + 7 },
};

static void loopback(struct board *board, uint32_t length)
{
	uint8_t *out = allocate(length), *in = allocate(length + 1);
	struct job job = { .pipe = FX2_BULK_IN, .buffer = in, .length = length };

	open_node(board);
	pattern(out, length, length);
	memset(in, 0xcc, length + 1);
	/* Both at once: a board holds only so much. */
	job.fd = fd;
	job.handle = handle;
	job_start(&job);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, length, &moved));
	CHECK_EQ(moved, length);
	CHECK_OK(job_wait(&job, 15));
	CHECK_EQ(job.moved, length);
	CHECK_MEM(in, out, length);
	CHECK_EQ(in[length], 0xcc);
}

TEST_EACH(bulk_data_comes_back_at_high_speed, struct length, row, lengths)
{
	if (test_debug_kernel() && row->length > 65536)
		test_skip("too slow on a debug kernel");
	loopback(fx2, row->length);
}

TEST_EACH(bulk_data_comes_back_at_full_speed, struct length, row, lengths)
{
	if (row->length > 4097)
		test_skip("the same as at high speed");
	loopback(full, row->length);
}

TEST(many_transfers_in_a_row_keep_their_data)
{
	uint8_t out[2048], in[2048];
	uint32_t i, n = test_debug_kernel() ? 50 : 500;

	open_node(fx2);
	for (i = 1; i <= n; i++) {
		uint32_t length = i * 37 % sizeof(out) + 1;

		pattern(out, length, i);
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, length, &moved));
		CHECK_EQ(moved, length);
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, length, &moved));
		CHECK_EQ(moved, length);
		CHECK_MEM(in, out, length);
	}
}

TEST(a_short_packet_ends_a_read)
{
	open_node(fx2);
	send_text("short");
	expect_text(4000, "short");
}

TEST(two_writes_are_two_reads_when_their_last_packets_are_short)
{
	open_node(fx2);
	send_text("first");
	send_text("second");
	expect_text(4000, "first");
	expect_text(4000, "second");
}

/* winusb.md 9.2 with 512-byte packets */
TEST(the_rest_of_a_packet_begins_the_next_read)
{
	open_node(fx2);
	send_text("0123456789the rest");
	expect_text(10, "0123456789");
	expect_text(4, "the ");
	expect_text(4, "rest");
}

TEST(the_rest_of_a_packet_needs_no_bus)
{
	unsigned long long before;

	open_node(fx2);
	send_text("0123456789the rest");
	expect_text(10, "0123456789");
	before = board_counter(fx2, FX2_BULK_IN, "urbs");
	expect_text(4, "the ");
	expect_text(4, "rest");
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), before);
}

/* winusb.md 9.2 to the letter: packets of 64 bytes, 10 are asked */
TEST(ten_bytes_of_a_64_byte_packet_leave_54)
{
	uint8_t out[64], in[64];
	unsigned long long before;

	open_node(full);
	pattern(out, sizeof(out), 9);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, sizeof(out), NULL));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, 10, &moved));
	CHECK_EQ(moved, 10);
	before = board_counter(full, FX2_BULK_IN, "urbs");
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in + 10, 54, &moved));
	CHECK_EQ(moved, 54);
	CHECK_EQ(board_counter(full, FX2_BULK_IN, "urbs"), before);
	CHECK_MEM(in, out, sizeof(out));
}

TEST(a_read_is_rounded_up_to_whole_packets_and_no_further)
{
	uint8_t out[1024], in[1024];

	open_node(fx2);
	pattern(out, sizeof(out), 1);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, sizeof(out), NULL));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, 10, &moved));
	CHECK_EQ(moved, 10);
	/* The second packet is still in the device. */
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "bytes"), 512);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in + 10, 1014, &moved));
	CHECK_EQ(moved, 1014);
	CHECK_MEM(in, out, sizeof(out));
}

/* winusb.md 8, row 21 */
TEST(a_read_that_the_saved_data_do_not_fill_asks_the_device_for_more)
{
	char in[64];
	struct job job = { .pipe = FX2_BULK_IN, .buffer = in, .length = 20 };

	open_node(fx2);
	send_text("0123456789saved");
	expect_text(10, "0123456789");
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	send_text(" and new");
	CHECK_OK(job_wait(&job, 5));
	CHECK_EQ(job.moved, 13);
	CHECK_MEM(in, "saved and new", 13);
}

TEST(flush_drops_the_saved_data)
{
	open_node(fx2);
	send_text("0123456789saved");
	expect_text(10, "0123456789");
	CHECK_OK(node_flush(fd, handle, FX2_BULK_IN));
	send_text("fresh");
	expect_text(100, "fresh");
}

TEST(flush_with_nothing_saved_succeeds)
{
	open_node(fx2);
	CHECK_OK(node_flush(fd, handle, FX2_BULK_IN));
	CHECK_OK(node_flush(fd, handle, FX2_SWITCHES));
}

TEST(flush_of_an_out_pipe_or_the_control_pipe_is_EINVAL)
{
	open_node(fx2);
	CHECK_ERR(node_flush(fd, handle, FX2_BULK_OUT), EINVAL);
	CHECK_ERR(node_flush(fd, handle, 0), EINVAL);
}

TEST(abort_and_reset_keep_the_saved_data)
{
	open_node(fx2);
	send_text("0123456789saved");
	expect_text(10, "0123456789");
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	CHECK_OK(node_reset_pipe(fd, handle, FX2_BULK_IN));
	expect_text(5, "saved");
}

TEST(close_drops_the_saved_data)
{
	open_node(fx2);
	send_text("0123456789saved");
	expect_text(10, "0123456789");
	close(fd);
	open_node(fx2);
	send_text("fresh");
	expect_text(100, "fresh");
}

TEST(a_read_of_zero_bytes_succeeds_at_once)
{
	open_node(fx2);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, NULL, 0, &moved));
	CHECK_EQ(moved, 0);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), 0);
}

TEST(a_read_of_zero_bytes_leaves_the_saved_data)
{
	open_node(fx2);
	send_text("0123456789saved");
	expect_text(10, "0123456789");
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, NULL, 0, &moved));
	CHECK_EQ(moved, 0);
	expect_text(5, "saved");
}

/* winusb.md 9.6 */
TEST(a_write_of_zero_bytes_sends_one_zero_length_packet)
{
	open_node(fx2);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, NULL, 0, &moved));
	CHECK_EQ(moved, 0);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "zlp"), 1);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "packets"), 1);
	/* And the device, a loopback, gives it back. */
	expect_text(100, "");
}

TEST(a_write_of_whole_packets_sends_no_zero_length_packet)
{
	uint8_t out[1024];

	open_node(fx2);
	pattern(out, sizeof(out), 3);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, 512, NULL));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, 1024, NULL));
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "zlp"), 0);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "packets"), 3);
}

TEST(a_zero_length_packet_ends_a_read)
{
	uint8_t out[512], in[2048];

	open_node(fx2);
	pattern(out, sizeof(out), 4);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, sizeof(out), NULL));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, NULL, 0, NULL));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, sizeof(out));
	CHECK_MEM(in, out, sizeof(out));
}

TEST(a_read_waits_for_data)
{
	char in[16];
	struct job job = { .pipe = FX2_BULK_IN, .buffer = in, .length = sizeof(in) };

	open_node(fx2);
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	CHECK(!job_done(&job));
	send_text("at last");
	CHECK_OK(job_wait(&job, 5));
	CHECK_EQ(job.moved, 7);
}

TEST(a_write_waits_for_room)
{
	uint8_t out[1024], in[1024];
	struct job job = { .pipe = FX2_BULK_OUT, .buffer = out, .length = sizeof(out) };

	board_set(fx2, "fifo=1");
	open_node(fx2);
	pattern(out, sizeof(out), 5);
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	board_wait_pending(fx2, FX2_BULK_OUT, 1);
	CHECK(!job_done(&job));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, sizeof(in));
	CHECK_OK(job_wait(&job, 5));
	CHECK_EQ(job.moved, sizeof(out));
	CHECK_MEM(in, out, sizeof(out));
}

TEST(an_interrupt_read_gets_what_the_device_reports)
{
	uint8_t in[64] = { 0 };
	struct job job = { .pipe = FX2_SWITCHES, .buffer = in, .length = sizeof(in) };

	open_node(fx2);
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	board_wait_pending(fx2, FX2_SWITCHES, 1);
	board_set(fx2, "switches=0xa5");
	CHECK_OK(job_wait(&job, 5));
	CHECK_EQ(job.moved, 1);
	CHECK_EQ(in[0], 0xa5);
}

TEST(an_interrupt_write_moves_data)
{
	uint8_t in[512];

	fd = node_open(board_node(composite, 2), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	CHECK_OK(node_set_setting(fd, handle, 2));
	CHECK_OK(node_transfer(fd, handle, 0x04, "interrupt", 9, &moved));
	CHECK_EQ(moved, 9);
	CHECK_OK(node_transfer(fd, handle, 0x84, in, sizeof(in), &moved));
	CHECK_EQ(moved, 9);
	CHECK_MEM(in, "interrupt", 9);
}

TEST(pipes_do_not_wait_for_each_other)
{
	uint8_t in[64];
	struct job job = { .pipe = FX2_SWITCHES, .buffer = in, .length = sizeof(in) };

	open_node(fx2);
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	send_text("beside");
	expect_text(100, "beside");
	CHECK(!job_done(&job));
	CHECK_OK(node_abort(fd, handle, FX2_SWITCHES));
	CHECK_ERR(job_wait(&job, 5), ECANCELED);
}

struct pipe_case {
	const char *label;
	uint8_t pipe;
};

static const struct pipe_case no_pipes[] = {
	{ "an_unused_number", 0x83 }, { "the_other_direction_of_an_in", 0x08 },
	{ "the_other_direction_of_an_out", 0x86 }, { "pipe_0x80", 0x80 }, { "pipe_0x0f", 0x0f },
	{ "pipe_0xff", 0xff }, { "reserved_bits", 0x88 | 0x10 }, { "reserved_bits_of_0", 0x10 },
};

TEST_EACH(a_pipe_that_does_not_exist_is_EINVAL, struct pipe_case, row, no_pipes)
{
	char in[16];
	uint32_t value;

	open_node(fx2);
	moved = 99;
	CHECK_ERR(node_transfer(fd, handle, row->pipe, in, sizeof(in), &moved), EINVAL);
	CHECK_EQ(moved, 0);
	CHECK_ERR(node_abort(fd, handle, row->pipe), EINVAL);
	CHECK_ERR(node_reset_pipe(fd, handle, row->pipe), EINVAL);
	CHECK_ERR(node_flush(fd, handle, row->pipe), EINVAL);
	CHECK_ERR(node_timeout(fd, handle, row->pipe, 1), EINVAL);
	CHECK_ERR(node_get_timeout(fd, handle, row->pipe, &value), EINVAL);
}

TEST(a_setup_packet_for_a_data_pipe_is_EOPNOTSUPP)
{
	struct winusb_transfer arg = { .size = sizeof(arg), .pipe_id = FX2_BULK_IN };
	char in[16];
	int i;

	open_node(fx2);
	arg.handle = handle;
	arg.buffer = (uintptr_t)in;
	arg.length = sizeof(in);
	for (i = 0; i < 8; i++) {
		memset(arg.setup, 0, sizeof(arg.setup));
		arg.setup[i] = 1;
		CHECK_ERR(node_ioctl(fd, WINUSB_IOC_TRANSFER, &arg), EOPNOTSUPP);
	}
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), 0);
}

TEST(a_read_into_a_read_only_page_is_EFAULT_and_loses_nothing)
{
	static const char constant[16] = "not writable";

	open_node(fx2);
	send_text("still there");
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, (void *)(uintptr_t)constant, 16, NULL),
		  EFAULT);
	expect_text(100, "still there");
}

/* winusb.md 1.5 */
TEST(extra_data_of_the_device_is_saved_for_the_next_read)
{
	board_set(fx2, "extra=6");
	open_node(fx2);
	send_text("ten bytes.");
	expect_text(10, "ten bytes.");
	expect_text(6, "\xee\xee\xee\xee\xee\xee");
}

TEST(short_packets_of_the_device_end_each_read)
{
	board_set(fx2, "source=0x88");
	board_set(fx2, "short=0x88:100");
	open_node(fx2);
	for (int i = 0; i < 5; i++) {
		uint8_t in[512];

		CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
		CHECK_EQ(moved, 100);
		CHECK_EQ(in[0], i * 100 % 251);
		CHECK_EQ(in[99], (i * 100 + 99) % 251);
	}
}

/* Larger than one transfer of the host controller, so split; and not a multiple of a packet. */
TEST_LIMIT(a_long_read_from_a_source_is_continuous, 60)
{
	uint32_t length = (test_debug_kernel() ? MB : 8 * MB) + 77, i;
	uint8_t *in = allocate(length);

	board_set(fx2, "source=0x88");
	open_node(fx2);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, length, &moved));
	CHECK_EQ(moved, length);
	for (i = 0; i < length; i++)
		if (in[i] != i % 251)
			FAIL("byte %u is %u", i, in[i]);
}

TEST_LIMIT(a_long_write_arrives_whole, 60)
{
	uint32_t length = (test_debug_kernel() ? MB : 8 * MB) + 77, i;
	uint8_t *out = allocate(length);

	board_set(fx2, "sink=0x06");
	for (i = 0; i < length; i++)
		out[i] = i % 251;
	open_node(fx2);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, length, &moved));
	CHECK_EQ(moved, length);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "bytes"), length);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "bad"), 0);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "zlp"), 0);
}

/* Threads that read at once get whole packets in the order in which they came. */
TEST(reads_of_one_pipe_are_served_in_their_order)
{
	enum { READERS = 8 };
	uint8_t in[READERS][64];
	struct job jobs[READERS] = { 0 };
	uint8_t i;

	open_node(fx2);
	for (i = 0; i < READERS; i++) {
		jobs[i].fd = fd;
		jobs[i].handle = handle;
		jobs[i].pipe = FX2_BULK_IN;
		jobs[i].buffer = in[i];
		jobs[i].length = sizeof(in[i]);
		job_start_blocked(&jobs[i]);
	}
	/* One transfer at a time is with the host controller (winusb.md 1.5). */
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "pending"), 1);
	for (i = 0; i < READERS; i++)
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, &i, 1, NULL));
	for (i = 0; i < READERS; i++) {
		CHECK_OK(job_wait(&jobs[i], 5));
		CHECK_EQ(jobs[i].moved, 1);
		CHECK_EQ(in[i][0], i);
	}
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "max_pending"), 1);
}

TEST(writes_of_one_pipe_are_served_in_their_order)
{
	enum { WRITERS = 8 };
	uint8_t out[WRITERS], in[64], i;
	struct job jobs[WRITERS] = { 0 };

	board_set(fx2, "silent=0x06:always");
	open_node(fx2);
	for (i = 0; i < WRITERS; i++) {
		out[i] = i;
		jobs[i].fd = fd;
		jobs[i].handle = handle;
		jobs[i].pipe = FX2_BULK_OUT;
		jobs[i].buffer = &out[i];
		jobs[i].length = 1;
		job_start_blocked(&jobs[i]);
	}
	board_set(fx2, "silent=0x06:never");
	for (i = 0; i < WRITERS; i++)
		CHECK_OK(job_wait(&jobs[i], 5));
	for (i = 0; i < WRITERS; i++) {
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
		CHECK_EQ(moved, 1);
		CHECK_EQ(in[0], i);
	}
}
