// SPDX-License-Identifier: MIT
/*
 * Isochronous transfers on the iso board, through all doors and in both forms of memory. Names
 * begin with the section of winusb.md that they prove, where there is one.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"
#include "isoch_io.h"
#include "test.h"

enum { BYTES = 192, PACKETS = 80, LENGTH = BYTES * PACKETS, DEPTH = 4, UNTOUCHED = 0xcc };

static struct board *iso, *full;
static int fd;
static uint32_t handle;
static struct winusb_isoch_packet packets[DEPTH][1024];

void test_setup(void)
{
	iso = board_add("iso");
	full = board_add("iso,speed=full");
	boards_start();
	board_plug(iso);
	boards_keep();
}

static void open_board(struct board *board, uint8_t setting)
{
	fd = isoch_open(board, setting, &handle);
}

struct form {
	const char *label;
	enum isoch_way way;
	bool map;
};

static const struct form forms[] = {
	{ "blocking", ISOCH_BLOCKING, false }, { "ASYNC", ISOCH_ASYNC, false },
	{ "SUBMIT", ISOCH_SUBMIT, false }, { "io_uring", ISOCH_URING, false },
	{ "blocking_mapped", ISOCH_BLOCKING, true }, { "ASYNC_mapped", ISOCH_ASYNC, true },
	{ "SUBMIT_mapped", ISOCH_SUBMIT, true }, { "io_uring_mapped", ISOCH_URING, true },
};

/* A ring of transfers, each with its slice of one buffer, armed again as they are done. */
static void run_ring(const struct form *form, uint8_t pipe, uint32_t bytes, unsigned int rounds)
{
	unsigned int depth = form->way == ISOCH_BLOCKING ? 1 : DEPTH, i, n, slot;
	bool in = pipe & 0x80;
	uint32_t id, length = bytes * PACKETS, counter = 0;
	uint8_t *memory = isoch_buffer(fd, handle, form->map, pipe, depth * length, &id);
	struct winusb_transfer transfer;
	struct isoch_result done;

	isoch_enter(form->way, fd);
	for (i = 0, n = 0; n < rounds; i++) {
		slot = i % depth;
		if (i >= depth) {
			done = isoch_done();
			CHECK_EQ(done.cookie, n % depth);
			if (done.status)
				FAIL("transfer %u: %s", n, test_errno(done.status));
			CHECK_EQ(done.length, length);
			CHECK_EQ(done.errors, 0);
			if (in)
				CHECK_EQ(isoch_check(memory + slot * length, packets[slot],
						     PACKETS, bytes, &counter), PACKETS);
			if (++n + depth > rounds)
				continue;
		}
		if (!in)
			isoch_fill(memory + slot * length, PACKETS, bytes, &counter);
		transfer = isoch_transfer(handle, pipe, id, slot * length, length, packets[slot],
					  PACKETS, slot);
		CHECK_OK(isoch_go(&transfer));
	}
	isoch_leave();
	CHECK_OK(isoch_unregister(fd, id));
	CHECK_EQ(munmap(memory, depth * length), 0);	/* a mapping would hold the file */
}

TEST_EACH_LIMIT(rule_1_7_reads_give_every_packet, struct form, form, 40, forms)
{
	open_board(iso, ISO_ALT_SMALL);
	run_ring(form, ISO_IN, BYTES, 20);
}

TEST_EACH_LIMIT(rule_1_7_writes_send_every_packet, struct form, form, 40, forms)
{
	struct iso_stats stats;

	open_board(iso, ISO_ALT_SMALL);
	run_ring(form, ISO_OUT, BYTES, 20);
	isoch_stats(fd, handle, &stats);
	CHECK_EQ(stats.good, 20 * PACKETS);
	CHECK_EQ(stats.bad, 0);
	CHECK_EQ(stats.gaps, 0);
	CHECK_EQ(stats.duplicates, 0);
}

/* 3 x 1024 bytes in each microframe. */
TEST_EACH_LIMIT(high_bandwidth, struct form, form, 40, forms)
{
	open_board(iso, ISO_ALT_LARGE);
	run_ring(form, ISO_IN, 3072, 8);
}

struct setting_case {
	const char *label;
	uint8_t setting;
	uint32_t bytes;
	uint32_t count;
};

static const struct setting_case setting_cases[] = {
	{ "one_frame", ISO_ALT_SMALL, 192, 8 },
	{ "a_thousand_packets", ISO_ALT_SMALL, 192, 1024 },
	{ "a_packet_each_millisecond", ISO_ALT_MS, 512, 5 },
	{ "a_packet_each_16_milliseconds", ISO_ALT_SLOW, 64, 3 },
	{ "beside_bulk", ISO_ALT_MIXED, 192, 80 },
};

/* 7.3: as many packets as there may be, at any interval. */
TEST_EACH(rule_7_3_transfers_of_any_size, struct setting_case, row, setting_cases)
{
	uint32_t id, counter = 0, length = row->bytes * row->count;
	struct winusb_transfer transfer;
	struct isoch_result done;
	uint8_t *memory;

	open_board(iso, row->setting);
	memory = isoch_buffer(fd, handle, false, ISO_IN, length, &id);
	isoch_enter(ISOCH_ASYNC, fd);
	transfer = isoch_transfer(handle, ISO_IN, id, 0, length, packets[0], row->count, 1);
	CHECK_OK(isoch_go(&transfer));
	done = isoch_done();
	CHECK_EQ(done.status, 0);
	CHECK_EQ(done.length, length);
	CHECK_EQ(isoch_check(memory, packets[0], row->count, row->bytes, &counter), row->count);
}

/* 7.3: at full speed a transfer has at most 255 packets, of a millisecond each. */
TEST(rule_7_3_full_speed)
{
	uint32_t id, counter = 0;
	struct winusb_transfer transfer;
	struct isoch_result done;
	uint8_t *memory;

	board_plug(full);
	open_board(full, ISO_ALT_SMALL);
	memory = isoch_buffer(fd, handle, false, ISO_IN, 256 * BYTES, &id);
	isoch_enter(ISOCH_ASYNC, fd);
	transfer = isoch_transfer(handle, ISO_IN, id, 0, 256 * BYTES, packets[0], 256, 1);
	CHECK_ERR(isoch_go(&transfer), EINVAL);
	transfer = isoch_transfer(handle, ISO_IN, id, 0, 255 * BYTES, packets[0], 255, 1);
	CHECK_OK(isoch_go(&transfer));
	done = isoch_done();
	CHECK_EQ(done.status, 0);
	CHECK_EQ(isoch_check(memory, packets[0], 255, BYTES, &counter), 255);
}

struct fault {
	const char *label;
	const char *option;
	uint32_t status;
	uint32_t length;	/* of every fourth packet */
};

static const struct fault fault_cases[] = {
	{ "checksum", "fail=EILSEQ:0x81:4", WINUSB_PACKET_CRC, 0 },
	{ "bus_error", "fail=EPROTO:0x81:4", WINUSB_PACKET_BUS_ERROR, 0 },
	{ "no_response", "fail=ETIME:0x81:4", WINUSB_PACKET_NO_RESPONSE, 0 },
	{ "missed", "late=0x81:4", WINUSB_PACKET_LATE, 0 },
	{ "short", "short-every=0x81:4", WINUSB_PACKET_SUCCESS, BYTES / 2 },
	{ "empty", "zero-every=0x81:4", WINUSB_PACKET_SUCCESS, 0 },
};

/* 1.7: each packet has its own length and status, and nothing is written between them. */
TEST_EACH(rule_1_7_packets_have_a_status, struct fault, row, fault_cases)
{
	struct winusb_transfer transfer;
	struct isoch_result done;
	unsigned int i, j;
	uint8_t *memory;
	uint32_t id;

	open_board(iso, ISO_ALT_SMALL);
	board_set(iso, row->option);
	memory = isoch_buffer(fd, handle, false, ISO_IN, LENGTH, &id);
	memset(memory, UNTOUCHED, LENGTH);
	isoch_enter(ISOCH_ASYNC, fd);
	transfer = isoch_transfer(handle, ISO_IN, id, 0, LENGTH, packets[0], PACKETS, 1);
	CHECK_OK(isoch_go(&transfer));
	done = isoch_done();
	CHECK_EQ(done.status, 0);
	CHECK_EQ(done.errors, row->status ? PACKETS / 4 : 0);
	CHECK_EQ(done.length, (PACKETS - PACKETS / 4) * BYTES + PACKETS / 4 * row->length);
	for (i = 0; i < PACKETS; i++) {
		CHECK_EQ(packets[0][i].offset, i * BYTES);
		CHECK_EQ(packets[0][i].status, i % 4 == 3 ? row->status : 0);
		CHECK_EQ(packets[0][i].length, i % 4 == 3 ? row->length : BYTES);
		for (j = packets[0][i].length; j < BYTES; j++)
			CHECK_EQ(memory[i * BYTES + j], UNTOUCHED);
	}
}

/* Feedback: each packet of a write has the length that the program says. */
TEST(packets_of_own_lengths)
{
	uint32_t id, counter = 0, offset = 0, i;
	struct winusb_transfer transfer;
	struct isoch_result done;
	struct iso_stats stats;
	uint8_t *memory;

	open_board(iso, ISO_ALT_AUDIO);
	memory = isoch_buffer(fd, handle, false, ISO_OUT, LENGTH, &id);
	for (i = 0; i < PACKETS; i++) {
		packets[0][i].length = 8 + i * 4 % (BYTES - 7);
		iso_fill(memory + offset, packets[0][i].length, counter++, 0);
		offset += packets[0][i].length;
	}
	isoch_enter(ISOCH_ASYNC, fd);
	transfer = isoch_transfer(handle, ISO_OUT, id, 0, offset, packets[0], PACKETS, 1);
	transfer.flags = WINUSB_TRANSFER_ISOCH_LENGTHS;
	CHECK_OK(isoch_go(&transfer));
	done = isoch_done();
	CHECK_EQ(done.status, 0);
	CHECK_EQ(done.length, offset);
	isoch_stats(fd, handle, &stats);
	CHECK_EQ(stats.good, PACKETS);
	CHECK_EQ(stats.bad, 0);
	CHECK_EQ(stats.bytes, offset);
	/* They were written back with what became of them. */
	CHECK_EQ(packets[0][1].offset, 8);
	CHECK_EQ(packets[0][1].status, 0);
}

TEST(the_feedback_endpoint_is_read)
{
	struct winusb_transfer transfer;
	struct isoch_result done;
	uint8_t *memory;
	uint32_t id, value;

	open_board(iso, ISO_ALT_AUDIO);
	board_set(iso, "feedback=123456");
	memory = isoch_buffer(fd, handle, false, ISO_FEEDBACK, 16, &id);
	isoch_enter(ISOCH_ASYNC, fd);
	transfer = isoch_transfer(handle, ISO_FEEDBACK, id, 0, 16, packets[0], 4, 1);
	CHECK_OK(isoch_go(&transfer));
	done = isoch_done();
	CHECK_EQ(done.status, 0);
	CHECK_EQ(done.length, 16);
	memcpy(&value, memory + 12, 4);
	CHECK_EQ(value, 123456);
}

/* Transfers that are under way, one behind the other; cookies 0 to DEPTH - 1. */
static uint8_t *start_some(bool map, uint32_t *id)
{
	uint8_t *memory = isoch_buffer(fd, handle, map, ISO_IN, LENGTH, id);
	struct winusb_transfer transfer;
	unsigned int i;

	isoch_enter(ISOCH_ASYNC, fd);
	for (i = 0; i < DEPTH; i++) {
		transfer = isoch_transfer(handle, ISO_IN, *id, 0, LENGTH, packets[i], PACKETS, i);
		CHECK_OK(isoch_go(&transfer));
	}
	return memory;
}

/* Bus time */

/* USB/IP has no frame number: nobody asks for it, and a stream tells the time. */
TEST(rule_1_8_a_stream_tells_the_time)
{
	struct winusb_get_frame before = { }, now, bad = { .size = sizeof(bad) };
	struct winusb_transfer transfer;
	struct isoch_result done;
	int i, result, more = 0;
	uint64_t since;
	uint32_t id;

	open_board(iso, ISO_ALT_SMALL);
	bad.handle = handle;
	bad.flags = 2;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_GET_FRAME, &bad), EOPNOTSUPP);
	CHECK_ERR(isoch_frame(fd, handle + 77, 0, &now), EBADF);
	test_sleep_ms(1100);
	CHECK_ERR(isoch_frame(fd, handle, 0, &now), EOPNOTSUPP);
	since = test_now_ms();
	start_some(false, &id);
	for (i = 0; i < DEPTH; i++) {
		done = isoch_done();
		CHECK_EQ(done.status, 0);
		CHECK_EQ(done.next_frame, done.frame + PACKETS / 8);
		result = isoch_frame(fd, handle, 0, &now);
		if (result == -EOPNOTSUPP && more++ < DEPTH) {
			/* The machine stood still for a second: once more. */
			CHECK(test_now_ms() - since > 500);
			since = test_now_ms();
			transfer = isoch_transfer(handle, ISO_IN, id, 0, LENGTH,
						  packets[done.cookie], PACKETS, done.cookie);
			CHECK_OK(isoch_go(&transfer));
			i--;
			continue;
		}
		CHECK_OK(result);
		since = test_now_ms();
		CHECK((int32_t)(now.out_frame - done.next_frame) >= -2);
		CHECK(now.out_microframe < 8);
		CHECK_EQ(now.out_hardware_frame, now.out_frame & 0x7ff);
		CHECK(now.out_time_ns >= now.out_start_ns);
		CHECK(now.out_accuracy_ns);
		if (i)
			CHECK(now.out_time_ns > before.out_time_ns);
		before = now;
	}
	CHECK_EQ(before.out_generation, now.out_generation);
}

/* 1.7: a transfer begins in its frame or later, where the clock says that there is one. */
TEST(rule_1_7_transfers_begin_in_their_frame)
{
	struct winusb_transfer transfer;
	struct winusb_get_frame now;
	struct isoch_result done;
	uint32_t id, next, start;
	uint64_t since;
	int i, result;

	open_board(iso, ISO_ALT_SMALL);
	isoch_buffer(fd, handle, false, ISO_IN, LENGTH, &id);
	isoch_enter(ISOCH_ASYNC, fd);
	transfer = isoch_transfer(handle, ISO_IN, id, 0, LENGTH, packets[0], PACKETS, 9);
	transfer.flags = WINUSB_TRANSFER_ISOCH_AT;
	transfer.isoch_start_frame = 12345;
	test_sleep_ms(1100);
	CHECK_ERR(isoch_go(&transfer), EOPNOTSUPP);
	transfer.flags = 0;
	transfer.isoch_start_frame = 0;
	/* Again where the machine stands still for a second in between. */
	do {
		since = test_now_ms();
		CHECK_OK(isoch_go(&transfer));
		CHECK_EQ(isoch_done().status, 0);
		result = isoch_frame(fd, handle, 0, &now);
	} while (result == -EOPNOTSUPP && test_now_ms() - since > 500);
	CHECK_OK(result);
	start = now.out_frame + 700;
	transfer.flags = WINUSB_TRANSFER_ISOCH_AT;
	for (i = 0, next = start; i < DEPTH; i++) {
		transfer.isoch_start_frame = next;
		transfer.isoch_packets = (uintptr_t)packets[i];
		transfer.cookie = i;
		CHECK_OK(isoch_start(fd, &transfer, &next));
		CHECK_EQ(next, start + (i + 1) * PACKETS / 8);
	}
	/* What is taken, what has begun and what is too far away. */
	transfer.isoch_start_frame = start;
	CHECK_ERR(isoch_start(fd, &transfer, NULL), EINVAL);
	transfer.isoch_start_frame = now.out_frame;
	CHECK_ERR(isoch_start(fd, &transfer, NULL), EINVAL);
	transfer.isoch_start_frame = now.out_frame + 3000;
	CHECK_ERR(isoch_start(fd, &transfer, NULL), EINVAL);
	for (i = 0; i < DEPTH; i++) {
		done = isoch_done();
		CHECK_EQ(done.cookie, i);
		CHECK_EQ(done.status, 0);
		CHECK((int32_t)(done.frame - start) >= i * PACKETS / 8);
	}
}

/* Other transfers go on beside a stream. */
TEST(bulk_goes_on_beside_a_stream)
{
	uint8_t out[512], in[512];
	uint32_t id, moved;
	int i;

	open_board(iso, ISO_ALT_MIXED);
	start_some(false, &id);
	for (i = 0; i < 8; i++) {
		pattern(out, sizeof(out), i);
		CHECK_OK(node_transfer(fd, handle, ISO_BULK_OUT, out, sizeof(out), &moved));
		CHECK_OK(node_transfer(fd, handle, ISO_BULK_IN, in, sizeof(in), &moved));
		CHECK_EQ(moved, sizeof(in));
		CHECK_MEM(in, out, sizeof(out));
	}
	for (i = 0; i < DEPTH; i++)
		CHECK_EQ(isoch_done().status, 0);
}
