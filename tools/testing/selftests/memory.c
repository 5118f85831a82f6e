// SPDX-License-Identifier: MIT
/*
 * The memory of transfers: where it begins and ends, what kind it is, memory that is bad or leaves,
 * and that nothing gets there which the device did not send.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "door.h"
#include "test.h"

enum { PAGE = 4096, PACKET = 512, UNTOUCHED = 0xcc };

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

struct way {
	const char *label;
	enum door door;
};

static const struct way ways[] = {
	{ "blocking", DOOR_BLOCKING }, { "ASYNC", DOOR_ASYNC }, { "SUBMIT", DOOR_SUBMIT },
	{ "io_uring", DOOR_URING }, { "registered_buffers", DOOR_FIXED },
};

static void open_door(const struct way *way)
{
	fd = node_open(board_node(fx2, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	door_enter(way->door, fd, handle);
}

static uint8_t *map(size_t length)
{
	void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	CHECK(memory != MAP_FAILED);
	return memory;
}

/* Pages with one behind them that is not there. */
static uint8_t *map_to_edge(size_t length)
{
	uint8_t *memory = map(length + PAGE);

	CHECK_EQ(munmap(memory + length, PAGE), 0);
	return memory;
}

static void works(void)
{
	char out[] = "works", in[64];

	CHECK_OK(door_move(FX2_BULK_OUT, out, 5, &moved));
	CHECK_EQ(moved, 5);
	CHECK_OK(door_move(FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, 5);
	CHECK_MEM(in, out, 5);
}

/* Where a buffer begins and ends */

enum { LONGEST = 100000 };

static const uint32_t offsets[] = { 0, 1, 2, 3, 4, 8, 60, 511, 512, 2048, 4092, 4095 };
static const uint32_t lengths[] = {
	1, 3, 64, 511, 512, 513, 1024, 4095, 4096, 4097, 16384, 16385, 20480, 65536, 65541, LONGEST,
};

static void untouched(const uint8_t *from, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (from[i] != UNTOUCHED)
			FAIL("byte %zu of the guard is 0x%02x", i, from[i]);
}

/* From unaligned memory through the board to unaligned memory. */
static void there_and_back(uint8_t *out, uint8_t *in, uint32_t offset, uint32_t length,
			   uint32_t ask)
{
	struct trip read, write = { .pipe = FX2_BULK_OUT, .buffer = out + offset,
				    .length = length };

	pattern(out + offset, length, length + offset);
	memset(in, UNTOUCHED, LONGEST + 4 * PAGE);
	door_start_read(&read, FX2_BULK_IN, in + PAGE + offset, ask);
	door_start(&write);
	CHECK_OK(door_wait(&write));
	CHECK_EQ(write.moved, length);
	CHECK_OK(door_wait(&read));
	CHECK_EQ(read.moved, length);
	if (test_difference(in + PAGE + offset, out + offset, length) >= 0)
		FAIL("offset %u, length %u: byte %lld differs", offset, length,
		     test_difference(in + PAGE + offset, out + offset, length));
	untouched(in, PAGE + offset);
	untouched(in + PAGE + offset + length, LONGEST + 3 * PAGE - offset - length);
}

TEST_EACH(a_buffer_may_begin_and_end_anywhere, struct way, way, ways)
{
	uint8_t *out = map(LONGEST + 2 * PAGE), *in = map(LONGEST + 4 * PAGE);
	unsigned int step = test_debug_kernel() ? 5 : 1, i, j;

	open_door(way);
	for (i = 0; i < ARRAY_SIZE(offsets); i += step > 1 ? 3 : 1)
		for (j = i % step; j < ARRAY_SIZE(lengths); j += step)
			there_and_back(out, in, offsets[i], lengths[j], lengths[j]);
}

TEST_EACH(a_raw_buffer_may_begin_anywhere, struct way, way, ways)
{
	uint8_t *out = map(LONGEST + 2 * PAGE), *in = map(LONGEST + 4 * PAGE);
	unsigned int step = test_debug_kernel() ? 5 : 1, i, j;
	uint32_t ask;

	open_door(way);
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_IN, WINUSB_POLICY_RAW_IO, 1));
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_OUT, WINUSB_POLICY_RAW_IO, 1));
	for (i = 0; i < ARRAY_SIZE(offsets); i += step > 1 ? 3 : 1) {
		for (j = i % step; j < ARRAY_SIZE(lengths); j += step) {
			ask = (lengths[j] + PACKET - 1) / PACKET * PACKET;
			there_and_back(out, in, offsets[i], lengths[j], ask);
		}
	}
}

/* Bad memory: refused before anything moves. Small buffers are copied, large ones are not. */

struct bad {
	const char *label;
	uint32_t good;		/* bytes before what is bad */
	uint32_t length;
};

static const struct bad bads[] = {
	{ "short_and_bad_from_its_begin", 0, 64 },
	{ "short_and_bad_at_its_end", 40, 64 },
	{ "two_pages_of_which_one_is_bad", PAGE, 2 * PAGE },
	{ "long_and_bad_from_its_begin", 0, 65536 },
	{ "long_and_bad_in_the_middle", 32768, 65536 },
	{ "long_unaligned_and_bad_in_the_middle", 32769, 65536 },
};

/* All doors but registered buffers, which io_uring checks when they are registered. */
static void each_door(void (*run)(const struct bad *bad, int error), const struct bad *bad,
		      int error)
{
	size_t i;

	for (i = 0; i < DOOR_FIXED; i++) {
		struct winusb_query query;

		fd = node_open(board_node(fx2, 0), O_RDWR);
		CHECK_OK(fd);
		CHECK_OK(node_query(fd, &query));
		close(fd);
		if (ways[i].door == DOOR_URING && !(query.out_capabilities & WINUSB_CAP_URING))
			continue;
		open_door(&ways[i]);
		run(bad, error);
		door_leave();
		close(fd);
	}
}

static void read_bad(const struct bad *bad, int error)
{
	uint8_t *memory = map_to_edge(16 * PAGE);
	char out[] = "not lost", in[64];

	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, 8, NULL));
	CHECK_ERR(door_move(FX2_BULK_IN, memory + 16 * PAGE - bad->good, bad->length, &moved),
		  error);
	CHECK_EQ(moved, 0);
	CHECK_OK(door_move(FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, 8);
	CHECK_MEM(in, out, 8);
}

TEST_EACH(a_read_into_bad_memory_is_EFAULT_through_each_door, struct bad, bad, bads)
{
	each_door(read_bad, bad, EFAULT);
}

static void write_bad(const struct bad *bad, int error)
{
	uint8_t *memory = map_to_edge(16 * PAGE);
	unsigned long long urbs = board_counter(fx2, FX2_BULK_OUT, "urbs");

	CHECK_ERR(door_move(FX2_BULK_OUT, memory + 16 * PAGE - bad->good, bad->length, &moved),
		  error);
	CHECK_EQ(moved, 0);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "urbs"), urbs);
	works();
}

TEST_EACH(a_write_from_bad_memory_is_EFAULT_through_each_door, struct bad, bad, bads)
{
	each_door(write_bad, bad, EFAULT);
}

static void read_constant(const struct bad *bad, int error)
{
	uint8_t *memory = map(2 * 65536);
	char out[] = "not lost", in[64];

	if (bad->good)
		return;
	CHECK_EQ(mprotect(memory, 2 * 65536, PROT_READ), 0);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, 8, NULL));
	CHECK_ERR(door_move(FX2_BULK_IN, memory + 1, bad->length, &moved), error);
	CHECK_ERR(door_move(FX2_BULK_IN, memory + 4, bad->length, &moved), error);
	CHECK_EQ(moved, 0);
	CHECK_OK(door_move(FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, 8);
}

TEST(a_read_into_read_only_memory_is_EFAULT_through_each_door)
{
	each_door(read_constant, &bads[0], EFAULT);
	each_door(read_constant, &bads[3], EFAULT);
}

/* Control transfers are copied; the device is not asked for what nobody can get. */
static void control_bad(const struct bad *bad, int error)
{
	/* In this order, or it would lie behind the edge. */
	uint8_t *constant = map(PAGE), *edge = map_to_edge(PAGE) + PAGE - bad->good;
	unsigned int before = board_requests(fx2);
	uint8_t value;

	CHECK_EQ(mprotect(constant, PAGE, PROT_READ), 0);
	CHECK_ERR(door_control(0, 0x40, FX2_SET_BARGRAPH, 0, 0, bad->length, edge, bad->length,
			       &moved), error);
	CHECK_EQ(moved, 0);
	CHECK_EQ(board_requests(fx2), before);
	CHECK_ERR(door_control(0, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, edge + bad->good, 1, &moved),
		  error);
	CHECK_ERR(door_control(0, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, constant, 1, &moved), error);
	CHECK_OK(door_control(0, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &moved));
	CHECK_EQ(moved, 1);
}

TEST(a_control_transfer_with_bad_memory_is_EFAULT_through_each_door)
{
	each_door(control_bad, &bads[0], EFAULT);
	each_door(control_bad, &bads[1], EFAULT);
}

static void write_constant(const struct bad *bad, int error)
{
	uint8_t *memory = map(65536), *in = map(65536);
	struct trip read;

	pattern(memory, bad->length, 90);
	CHECK_EQ(mprotect(memory, 65536, PROT_READ), 0);
	door_start_read(&read, FX2_BULK_IN, in, bad->length);
	CHECK_ERR(door_move(FX2_BULK_OUT, memory, bad->length, &moved), error);
	CHECK_EQ(moved, bad->length);
	CHECK_OK(door_wait(&read));
	CHECK_MEM(in, memory, bad->length);
	munmap(memory, 65536);
	munmap(in, 65536);
}

TEST(a_write_from_read_only_memory_works_through_each_door)
{
	each_door(write_constant, &bads[0], 0);
	each_door(write_constant, &bads[3], 0);
}

/* The buffer leaves while the transfer runs. */

struct leaving {
	const char *label;
	uint32_t length;
	bool protect;		/* it becomes read-only instead */
};

static const struct leaving leavings[] = {
	{ "64_bytes_unmapped", 64, false }, { "64_bytes_read_only", 64, true },
	{ "64_KiB_unmapped", 65536, false }, { "64_KiB_read_only", 65536, true },
};

/* MAY_FAIL is -EFAULT, or 0 where the pages stay whatever the program does. */
static void leave(const struct leaving *row, enum door door, int may_fail)
{
	uint8_t *memory = map(65536), *out = map(65536);
	const struct way way = { "", door };
	struct trip trip;

	open_door(&way);
	door_start_read(&trip, FX2_BULK_IN, memory, row->length);
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	if (row->protect)
		CHECK_EQ(mprotect(memory, 65536, PROT_READ), 0);
	else
		CHECK_EQ(munmap(memory, 65536), 0);
	pattern(out, row->length, 91);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, row->length, NULL));
	door_wait(&trip);
	/* Pages that were pinned have their data, whoever can see them. */
	CHECK(trip.status == 0 || trip.status == may_fail);
	if (trip.status == 0 && row->protect)
		CHECK_MEM(memory, out, row->length);
	works();
	door_leave();
	close(fd);
}

TEST_EACH(a_buffer_that_leaves_under_a_blocking_read_is_EFAULT_or_still_written,
	  struct leaving, row, leavings)
{
	leave(row, DOOR_BLOCKING, -EFAULT);
}

TEST_EACH(a_buffer_that_leaves_under_an_asynchronous_read_is_EFAULT_or_still_written,
	  struct leaving, row, leavings)
{
	leave(row, DOOR_ASYNC, -EFAULT);
}

TEST_EACH(a_buffer_that_leaves_under_io_uring_is_EFAULT_or_still_written, struct leaving, row,
	  leavings)
{
	leave(row, DOOR_URING, -EFAULT);
}

TEST_EACH(a_buffer_that_leaves_under_SUBMIT_is_EFAULT_or_still_written, struct leaving, row,
	  leavings)
{
	leave(row, DOOR_SUBMIT, -EFAULT);
}

TEST_EACH(a_registered_buffer_that_leaves_is_still_written, struct leaving, row, leavings)
{
	leave(row, DOOR_FIXED, 0);
}

/* What came is not lost with the buffer that cannot take it: the count tells. */
TEST_EACH(a_write_whose_buffer_leaves_is_sent_as_it_was, struct way, way, ways)
{
	uint8_t *memory = map(65536), *in = map(65536), *expected = map(65536);
	int i;

	for (i = 0; i < 2; i++) {
		uint32_t length = i ? 65536 : 64;
		struct trip trip = { .pipe = FX2_BULK_OUT, .length = length };

		board_set(fx2, "silent=0x06:always");
		open_door(way);
		memory = map(65536);
		pattern(memory, length, 92);
		memcpy(expected, memory, length);
		trip.buffer = memory;
		door_start(&trip);
		CHECK_EQ(munmap(memory, 65536), 0);
		board_set(fx2, "silent=0x06:never");
		CHECK_OK(door_wait(&trip));
		CHECK_EQ(trip.moved, length);
		CHECK_OK(door_move(FX2_BULK_IN, in, length, &moved));
		CHECK_EQ(moved, length);
		CHECK_MEM(in, expected, length);
		door_leave();
		close(fd);
	}
}

/* Kinds of memory */

enum { LARGE = 300000 };

static void both_ways(uint8_t *memory)
{
	uint8_t *out = map(LARGE), *in = map(LARGE);
	struct trip read, write = { .pipe = FX2_BULK_OUT, .length = LARGE };

	pattern(out, LARGE, 93);
	/* In: from plain memory to it. */
	door_start_read(&read, FX2_BULK_IN, memory, LARGE);
	write.buffer = out;
	door_start(&write);
	CHECK_OK(door_wait(&write));
	CHECK_OK(door_wait(&read));
	CHECK_EQ(read.moved, LARGE);
	CHECK_MEM(memory, out, LARGE);
	/* Out: and back. */
	door_start_read(&read, FX2_BULK_IN, in, LARGE);
	write.buffer = memory;
	door_start(&write);
	CHECK_OK(door_wait(&write));
	CHECK_OK(door_wait(&read));
	CHECK_EQ(read.moved, LARGE);
	CHECK_MEM(in, out, LARGE);
}

static void move_through_mapping(const struct way *way, int file)
{
	uint8_t *memory;

	if (way->door == DOOR_FIXED)
		test_skip("io_uring registers only some kinds of memory");
	CHECK(file >= 0);
	CHECK_EQ(ftruncate(file, 512 * 1024), 0);
	memory = mmap(NULL, 512 * 1024, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	CHECK(memory != MAP_FAILED);
	open_door(way);
	both_ways(memory);
	both_ways(memory + 7);
	/* The file has it. */
	CHECK_EQ(pread(file, memory, 100, 7), 100);
}

TEST_EACH(a_shared_mapping_of_a_file_moves_data, struct way, way, ways)
{
	char path[] = "/var/tmp/winusb-selftest-XXXXXX";
	int file = mkstemp(path);

	unlink(path);
	move_through_mapping(way, file);
}

TEST_EACH(a_shared_mapping_of_memory_moves_data, struct way, way, ways)
{
	move_through_mapping(way, memfd_create("winusb-selftest", MFD_CLOEXEC));
}

TEST_EACH(huge_pages_that_the_kernel_makes_move_data, struct way, way, ways)
{
	size_t huge = 2 << 20;
	uint8_t *memory = map(4 * huge);

	memory = (uint8_t *)(((uintptr_t)memory + huge - 1) & ~(huge - 1));
	if (madvise(memory, 2 * huge, MADV_HUGEPAGE))
		test_note("no transparent huge pages here: plain ones");
	memset(memory, 0, 2 * huge);
	open_door(way);
	both_ways(memory);
	/* Over the edge of two of them. */
	both_ways(memory + huge - LARGE / 2);
	both_ways(memory + huge - LARGE / 2 + 1);
}

TEST_EACH(huge_pages_of_hugetlbfs_move_data, struct way, way, ways)
{
	size_t huge = 2 << 20;
	uint8_t *memory;

	file_write("/proc/sys/vm/nr_hugepages", "2");
	memory = mmap(NULL, huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
		      -1, 0);
	if (memory == MAP_FAILED)
		test_skip("this kernel has no huge pages to give");
	open_door(way);
	both_ways(memory);
	both_ways(memory + 4092);
}

/* Nothing gets there which the device did not send */

enum { SENT = 16, CLAIMED = 65536 };

struct lie {
	const char *label;
	enum door door;
	uint32_t length;
};

static const struct lie lies[] = {
	{ "blocking_short", DOOR_BLOCKING, 4096 }, { "blocking_long", DOOR_BLOCKING, CLAIMED },
	{ "blocking_unaligned", DOOR_BLOCKING, CLAIMED - 1 },
	{ "blocking_tail", DOOR_BLOCKING, 700 },
	{ "ASYNC_short", DOOR_ASYNC, 4096 }, { "ASYNC_long", DOOR_ASYNC, CLAIMED },
	{ "ASYNC_unaligned", DOOR_ASYNC, CLAIMED - 1 },
	{ "SUBMIT_short", DOOR_SUBMIT, 4096 }, { "SUBMIT_long", DOOR_SUBMIT, CLAIMED },
	{ "io_uring_short", DOOR_URING, 4096 }, { "io_uring_long", DOOR_URING, CLAIMED },
	{ "registered_buffers_short", DOOR_FIXED, 4096 },
	{ "registered_buffers_long", DOOR_FIXED, CLAIMED },
	{ "registered_buffers_tail", DOOR_FIXED, 20481 },
};

/* Transfers leave their bytes in the memory that buffers come from. */
static void leave_secrets(void)
{
	uint8_t *secret = map(CLAIMED), *in = map(CLAIMED);
	int i;

	memset(secret, 'S', CLAIMED);
	for (i = 0; i < 4; i++) {
		struct trip read;

		/* At an odd place, so copied. */
		door_start_read(&read, FX2_BULK_IN, in + 1, CLAIMED - 1);
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, secret + 1, CLAIMED - 1, NULL));
		CHECK_OK(door_wait(&read));
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, secret, 4096, NULL));
		CHECK_OK(door_move(FX2_BULK_IN, in, 4096, NULL));
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, secret, 700, NULL));
		CHECK_OK(door_move(FX2_BULK_IN, in, 700, NULL));
	}
	munmap(secret, CLAIMED);
	munmap(in, CLAIMED);
}

TEST_EACH(bytes_that_were_never_sent_reveal_nothing, struct lie, lie, lies)
{
	const struct way way = { "", lie->door };
	uint8_t *in = map(CLAIMED + PAGE) + (lie->length == CLAIMED - 1 ? 1 : 0);
	struct trip trip;
	uint32_t i;

	open_door(&way);
	leave_secrets();
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "0123456789abcdef", SENT, NULL));
	board_set(fx2, "lie=65520");
	door_start_read(&trip, FX2_BULK_IN, in, lie->length);
	CHECK(door_wait(&trip) < 0);
	CHECK(trip.moved <= lie->length);
	for (i = SENT; i < CLAIMED; i++)
		if (in[i])
			FAIL("byte %u is 0x%02x, and %u moved", i, in[i], trip.moved);
}
