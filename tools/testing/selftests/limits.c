// SPDX-License-Identifier: MIT
/* How much one file may have under way: huge lengths, many transfers, RLIMIT_MEMLOCK, the cap. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "door.h"
#include "ring.h"
#include "test.h"

enum { PAGE = 4096, PACKET = 512, MB = 1 << 20 };
enum { NOBODY = 65534 };

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

/*
 * In huge pages where there are any: some controllers take only a few segments, and pages that are
 * apart are not pinned for them.
 */
static uint8_t *map(size_t length)
{
	const size_t huge = 2 * MB;
	void *memory = mmap(NULL, length + huge, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	CHECK(memory != MAP_FAILED);
	memory = (void *)(((uintptr_t)memory + huge - 1) & -huge);
	madvise(memory, length, MADV_HUGEPAGE);	/* fails where there are none */
	return memory;
}

static void works(void)
{
	char in[64];

	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "works", 5, &moved));
	CHECK_EQ(moved, 5);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, 5);
	CHECK_MEM(in, "works", 5);
}

/* A number of /proc/self/status, kB. */
static long status_kb(const char *name)
{
	char text[8192];
	const char *p;

	CHECK(file_read("/proc/self/status", text, sizeof(text)) > 0);
	p = strstr(text, name);
	return p ? atol(p + strlen(name) + 1) : 0;
}

static unsigned long cap_mb(void)
{
	char text[32];

	CHECK(file_read("/sys/module/winusb/parameters/max_buffer_mb", text, sizeof(text)) > 0);
	return strtoul(text, NULL, 10);
}

static void set_cap_mb(const char *value)
{
	CHECK_OK(file_write("/sys/module/winusb/parameters/max_buffer_mb", value));
}

/* From here on an ordinary user with Debian's limit. In a process of the test's own. */
static void become_ordinary(void)
{
	const struct rlimit limit = { 8 * MB, 8 * MB };

	CHECK_EQ(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	CHECK_EQ(setresgid(NOBODY, NOBODY, NOBODY), 0);
	CHECK_EQ(setresuid(NOBODY, NOBODY, NOBODY), 0);
}

/* Huge lengths, among them those that overflow when they are rounded up to whole packets */

struct huge {
	const char *label;
	uint32_t length;
};

static const struct huge huges[] = {
	{ "0x7fffffff", 0x7fffffff }, { "0x80000000", 0x80000000 }, { "0xfffffe00", 0xfffffe00 },
	{ "0xfffffe01", 0xfffffe01 }, { "0xffffffff", UINT32_MAX },
};

/* Two pages, and nothing behind them. */
static uint8_t *two_pages(void)
{
	uint8_t *memory = map(3 * PAGE);

	CHECK_EQ(munmap(memory + 2 * PAGE, PAGE), 0);
	return memory;
}

static bool has_uring(void)
{
	struct winusb_query query;

	CHECK_OK(node_query(fd, &query));
	return query.out_capabilities & WINUSB_CAP_URING;
}

/*
 * Through each door, with ERROR or, by what is looked at first, OTHER. io_uring knows no length
 * above 0x7fffffff.
 */
static void refused(uint8_t pipe, void *buffer, uint32_t length, int error, int other)
{
	enum door door, end = has_uring() ? DOOR_FIXED : DOOR_URING;
	int result;

	for (door = DOOR_BLOCKING; door < end; door++) {
		door_enter(door, fd, handle);
		result = door_move(pipe, buffer, length, &moved);
		if (door == DOOR_URING && length > INT32_MAX ? result != -EINVAL :
		    result != -error && result != -other)
			FAIL("length %u through %s: %s", length, door_name(door),
			     test_errno(result));
		CHECK_EQ(moved, 0);
	}
	door_leave();
}

TEST_EACH(a_huge_length_is_EFAULT_or_ENOMEM, struct huge, row, huges)
{
	uint8_t *memory = two_pages();
	int i;

	open_node();
	for (i = 0; i < 2; i++) {
		refused(FX2_BULK_IN, memory + i, row->length, EFAULT, ENOMEM);
		refused(FX2_BULK_OUT, memory + i, row->length, EFAULT, ENOMEM);
	}
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), 0);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "urbs"), 0);
	CHECK_EQ(status_kb("VmPin:"), 0);
	works();
}

TEST_EACH(a_huge_length_with_RAW_IO_is_EINVAL_or_EMSGSIZE, struct huge, row, huges)
{
	int error = row->length % PACKET ? EMSGSIZE : EINVAL;
	uint8_t *memory = two_pages();

	open_node();
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_IN, WINUSB_POLICY_RAW_IO, 1));
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_OUT, WINUSB_POLICY_RAW_IO, 1));
	refused(FX2_BULK_IN, memory, row->length, error, error);
	refused(FX2_BULK_OUT, memory, row->length, EINVAL, EINVAL);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), 0);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "urbs"), 0);
}

TEST_EACH(a_huge_length_of_a_control_transfer_is_EINVAL, struct huge, row, huges)
{
	enum door door, end;
	uint8_t *memory;
	uint16_t length;

	open_node();
	memory = two_pages();
	end = has_uring() ? DOOR_FIXED : DOOR_URING;
	for (door = DOOR_BLOCKING; door < end; door++) {
		door_enter(door, fd, handle);
		for (length = 0; length < 2; length++) {
			CHECK_ERR(door_control(0, 0xc0, FX2_GET_SWITCHES, 0, 0, length, memory,
					       row->length, &moved), EINVAL);
			CHECK_EQ(moved, 0);
		}
	}
	door_leave();
	CHECK_EQ(board_requests(fx2), 0);
	works();
}

TEST(a_buffer_that_wraps_around_is_EFAULT)
{
	void *last_page = (void *)(UINTPTR_MAX - 4095);

	open_node();
	refused(FX2_BULK_IN, last_page, 8192, EFAULT, EFAULT);
	refused(FX2_BULK_OUT, last_page, 8192, EFAULT, EFAULT);
	refused(FX2_BULK_IN, last_page, UINT32_MAX, EFAULT, ENOMEM);
	refused(FX2_BULK_IN, (void *)UINTPTR_MAX, 2, EFAULT, EFAULT);
	works();
}

/* The pages of the buffer are not touched for it: the program would pay for nothing. */
TEST(a_read_above_the_cap_by_an_ordinary_user_is_ENOMEM_and_touches_nothing)
{
	size_t length = 96 * MB;
	uint8_t *memory = map(length);
	long before;

	set_cap_mb("64");
	open_node();
	become_ordinary();
	before = status_kb("VmRSS:");
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, memory, length, &moved), ENOMEM);
	CHECK_EQ(moved, 0);
	CHECK_ERR(async_start(fd, handle, FX2_BULK_IN, memory + 1, length - 1, 1), ENOMEM);
	async_expect_none(fd);
	if (status_kb("VmRSS:") - before > 16 * 1024)
		FAIL("the process grew by %ld kB", status_kb("VmRSS:") - before);
	works();
}

/* A million submissions without collecting */

static int submit_until_refused(uint32_t length, int limit)
{
	static struct winusb_transfer transfers[WINUSB_MAX_SUBMIT];
	static uint8_t in[PACKET];
	uint32_t count, i;
	int total = 0, result;

	for (i = 0; i < WINUSB_MAX_SUBMIT; i++)
		transfers[i] = async_transfer(handle, FX2_BULK_IN, in, length, 1);
	do {
		result = async_submit(fd, transfers, WINUSB_MAX_SUBMIT, &count);
		total += count;
	} while (!result && total < limit);
	CHECK_ERR(result, ENOMEM);
	return total;
}

/* Collects TOTAL records; gives how many of them have the status 0. */
static int collect(int total)
{
	struct winusb_completion records[64];
	int good = 0;
	ssize_t n, i;

	while (total > 0) {
		n = read(fd, records, sizeof(records));
		CHECK(n > 0);
		for (i = 0; i < n / (ssize_t)sizeof(records[0]); i++, total--)
			good += records[i].status == 0;
	}
	CHECK_EQ(total, 0);
	async_expect_none(fd);
	return good;
}

TEST_LIMIT(a_million_reads_that_wait_are_bounded_by_ENOMEM, 60)
{
	uint32_t count;
	int total;

	set_cap_mb(test_debug_kernel() ? "2" : "16");
	open_node();
	total = submit_until_refused(64, 1000000);
	test_note("%d reads of 64 bytes in %lu MiB", total, cap_mb());
	CHECK(total >= 500);
	/* The others go on, and what needs no new memory works. */
	CHECK_OK(node_abort(fd, handle, FX2_BULK_OUT));
	CHECK_OK(async_cancel_all(fd, &count));
	CHECK_EQ(count, total);
	CHECK_EQ(collect(total), 0);
	works();
	/* All of it is there again. */
	CHECK_EQ(submit_until_refused(64, 1000000), total);
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	collect(total);
	works();
}

/* A ring keeps what it cannot tell at once, so that nobody has to collect there either. */
TEST_LIMIT(a_million_commands_that_wait_are_bounded_by_ENOMEM, 60)
{
	int total = 0, refusals = 0, count;
	struct ring_result result;
	static uint8_t in[PACKET];
	struct ring ring;
	uint32_t cancelled;

	set_cap_mb(test_debug_kernel() ? "2" : "16");
	open_node();
	if (!has_uring())
		test_skip("this kernel cannot cancel io_uring commands");
	CHECK_OK(ring_init(&ring, 0));
	while (!refusals && total < 1000000) {
		for (count = 0; count < RING_ENTRIES; count++)
			ring_transfer(&ring, fd, handle, FX2_BULK_IN, in, 64, 1);
		CHECK_EQ(ring_submit(&ring), RING_ENTRIES);
		for (; ring_peek(&ring, &result); refusals++)
			CHECK_ERR(result.res, ENOMEM);
		total += RING_ENTRIES;
	}
	total -= refusals;
	test_note("%d reads of 64 bytes in %lu MiB", total, cap_mb());
	CHECK(refusals > 0 && total >= 500 && total <= WINUSB_MAX_TRANSFERS);
	CHECK_OK(async_cancel_all(fd, &cancelled));
	CHECK_EQ(cancelled, total);
	for (count = 0; count < total; count++) {
		CHECK_OK(ring_wait(&ring, &result, 10000 * test_scale()));
		CHECK_ERR(result.res, ECANCELED);
	}
	CHECK(!ring_peek(&ring, &result));
	ring_exit(&ring);
	works();
}

TEST_LIMIT(one_transfer_too_many_is_ENOMEM, 60)
{
	set_cap_mb("128");
	open_node();
	CHECK_EQ(submit_until_refused(64, 1000000), WINUSB_MAX_TRANSFERS);
	CHECK_OK(async_cancel_all(fd, NULL));
	CHECK_EQ(collect(WINUSB_MAX_TRANSFERS), 0);
	works();
}

TEST_LIMIT(a_million_records_that_nobody_collects_are_bounded_by_ENOMEM, 60)
{
	int total;

	set_cap_mb(test_debug_kernel() ? "2" : "16");
	open_node();
	total = submit_until_refused(0, 1000000);
	test_note("%d records in %lu MiB", total, cap_mb());
	CHECK(total >= 500);
	CHECK_EQ(collect(total), total);
	works();
}

TEST_LIMIT(close_with_all_that_the_cap_allows, 60)
{
	set_cap_mb(test_debug_kernel() ? "2" : "16");
	open_node();
	submit_until_refused(64, 1000000);
	CHECK_EQ(close(fd), 0);
	open_node();
	works();
}

/* An ordinary user */

static const char *const default_cap = "128";

static void start_megabytes(int count, uint8_t *memory, int expected)
{
	int i, result;

	for (i = 0; i < count; i++) {
		result = async_start(fd, handle, FX2_BULK_IN, memory + (size_t)i * MB, MB, i);
		if (result != expected)
			FAIL("read %d of 1 MiB: %s", i, test_errno(result));
	}
}

TEST_LIMIT(an_ordinary_user_has_64_reads_of_1_MiB_pending, 60)
{
	int served = test_debug_kernel() ? 4 : 64, i;
	uint8_t *memory = map(64 * MB);
	uint32_t count, j;

	set_cap_mb(default_cap);
	open_node();
	/* Gets us a connection to the board's server, which an ordinary user would not. */
	CHECK(board_value(fx2, "plugged"));
	become_ordinary();
	start_megabytes(64, memory, 0);
	board_set(fx2, "source=0x88");
	for (i = 0; i < served; i++)
		async_expect(fd, i, 0, MB);
	if (served < 64) {
		CHECK_OK(async_cancel_all(fd, &count));
		collect(64 - served);
	}
	for (j = 0; j < (uint32_t)served * MB; j += 4093)
		if (memory[j] != j % 251)
			FAIL("byte %u is %u", j, memory[j]);
	CHECK_EQ(status_kb("VmPin:"), 0);
}

TEST_LIMIT(an_ordinary_user_pins_no_more_than_RLIMIT_MEMLOCK, 60)
{
	uint8_t *memory = map(64 * MB);
	uint32_t count;
	long pinned;

	set_cap_mb(default_cap);
	open_node();
	become_ordinary();
	start_megabytes(32, memory, 0);
	pinned = status_kb("VmPin:");
	test_note("%ld kB are pinned", pinned);
	CHECK(pinned <= 8 * 1024);
	CHECK_OK(async_cancel_all(fd, &count));
	CHECK_EQ(count, 32);
	collect(32);
	CHECK_EQ(status_kb("VmPin:"), 0);
}

TEST_LIMIT(an_ordinary_user_gets_ENOMEM_above_pins_and_cap_and_the_rest_goes_on, 60)
{
	uint8_t *memory = map(64 * MB);
	int total = 0, result;

	set_cap_mb("16");
	open_node();
	become_ordinary();
	do {
		result = async_start(fd, handle, FX2_BULK_IN, memory + (size_t)total * MB, MB,
				     total);
	} while (!result && ++total < 64);
	CHECK_ERR(result, ENOMEM);
	test_note("%d reads of 1 MiB", total);
	/* Eight MiB pinned and sixteen lent, less what the requests themselves take. */
	CHECK(total >= 21 && total <= 24);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "small", 5, &moved));
	async_expect(fd, 0, 0, 5);
	/* There is room for one more. */
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, memory, MB, total));
	CHECK_OK(async_cancel_all(fd, NULL));
	collect(total);
	works();
}

/* Also what is pinned by several doors is charged once and given back. */
TEST(pins_are_given_back_on_every_end)
{
	uint8_t *memory = map(8 * MB);
	uint32_t count;
	long pinned;

	set_cap_mb(default_cap);
	open_node();
	start_megabytes(2, memory, 0);
	pinned = status_kb("VmPin:");
	if (!pinned && !test_own_kernel())
		test_skip("the controller takes so few segments that nothing was pinned");
	CHECK(pinned >= 2048);
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	collect(2);
	CHECK_EQ(status_kb("VmPin:"), 0);
	start_megabytes(2, memory, 0);
	CHECK_OK(async_cancel_all(fd, &count));
	collect(2);
	CHECK_EQ(status_kb("VmPin:"), 0);
	/* A bad one behind good pages. */
	CHECK_EQ(munmap(memory + 2 * MB, PAGE), 0);
	CHECK_ERR(async_start(fd, handle, FX2_BULK_IN, memory + MB, 2 * MB, 9), EFAULT);
	CHECK_EQ(status_kb("VmPin:"), 0);
	start_megabytes(1, memory, 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(status_kb("VmPin:"), 0);
}

TEST(the_cap_is_there_as_a_module_parameter)
{
	set_cap_mb(default_cap);
	CHECK_EQ(cap_mb(), 128);
}
