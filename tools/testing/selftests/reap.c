// SPDX-License-Identifier: MIT
/* Records by WINUSB_IOC_REAP: a read with a time limit that other threads can end. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "test.h"

static struct board *fx2;
static int fd;
static uint32_t handle, moved;
static uint8_t in[8][64];

void test_setup(void)
{
	fx2 = board_add("fx2");
	boards_start();
	board_plug(fx2);
	boards_keep();
}

static void open_with(int flags)
{
	fd = node_open(board_node(fx2, 0), O_RDWR | flags);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

static void start_reads(int count)
{
	int i;

	for (i = 0; i < count; i++)
		CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[i], sizeof(in[i]), i));
}

static void feed(int count)
{
	while (count--)
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "feed", 4, &moved));
}

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static int reap_wake(uint32_t *wakes)
{
	struct winusb_reap arg = { .size = sizeof(arg), .flags = WINUSB_REAP_WAKE };
	int result = node_ioctl(fd, WINUSB_IOC_REAP, &arg);

	*wakes = arg.out_wakes;
	return result;
}

/* One that reaps, here or in a thread of its own. */
struct reaper {
	pthread_t thread;
	pid_t tid;
	int result;
	struct winusb_reap arg;
	struct winusb_completion records[8];
};

static int reap(struct reaper *reaper, uint32_t count, uint32_t wakes, uint64_t until_ns)
{
	memset(&reaper->arg, 0, sizeof(reaper->arg));
	reaper->arg.size = sizeof(reaper->arg);
	reaper->arg.records = (uintptr_t)reaper->records;
	reaper->arg.count = count;
	reaper->arg.wakes = wakes;
	reaper->arg.until_ns = until_ns;
	reaper->arg.out_count = 77;
	return node_ioctl(fd, WINUSB_IOC_REAP, &reaper->arg);
}

static void *reaper_main(void *data)
{
	struct reaper *reaper = data;

	__atomic_store_n(&reaper->tid, gettid(), __ATOMIC_RELEASE);
	reaper->result = reap(reaper, 8, 0, WINUSB_REAP_FOREVER);
	return NULL;
}

static void start_reaper(struct reaper *reaper)
{
	memset(reaper, 0, sizeof(*reaper));
	CHECK_EQ(pthread_create(&reaper->thread, NULL, reaper_main, reaper), 0);
	while (!__atomic_load_n(&reaper->tid, __ATOMIC_ACQUIRE))
		test_sleep_ms(1);
	wait_asleep(reaper->tid);
}

static void expect_reaper(struct reaper *reaper, int result, uint32_t count)
{
	pthread_join(reaper->thread, NULL);
	CHECK_EQ(reaper->result, result);
	CHECK_EQ(reaper->arg.out_count, count);
}

TEST(it_gives_as_many_records_as_fit)
{
	struct reaper reaper;
	uint32_t got = 0, i;

	open_with(0);
	start_reads(5);
	feed(5);
	while (got < 5) {
		CHECK_OK(reap(&reaper, 3, 0, WINUSB_REAP_FOREVER));
		CHECK(reaper.arg.out_count && reaper.arg.out_count <= 3);
		for (i = 0; i < reaper.arg.out_count; i++, got++) {
			CHECK_EQ(reaper.records[i].cookie, got);
			CHECK_EQ(reaper.records[i].length, 4);
			CHECK_MEM(in[got], "feed", 4);
		}
	}
	CHECK_ERR(reap(&reaper, 8, 0, 0), ETIMEDOUT);
}

TEST(it_waits_for_a_record_also_in_non_blocking_mode)
{
	struct reaper reaper;

	open_with(O_NONBLOCK);
	start_reads(1);
	start_reaper(&reaper);
	feed(1);
	expect_reaper(&reaper, 0, 1);
}

TEST(without_a_record_in_time_it_is_ETIMEDOUT)
{
	uint64_t until = now_ns() + 50000000;
	struct reaper reaper;

	open_with(0);
	CHECK_ERR(reap(&reaper, 8, 0, 0), ETIMEDOUT);
	CHECK_EQ(reaper.arg.out_count, 0);
	CHECK_ERR(reap(&reaper, 8, 0, until), ETIMEDOUT);
	CHECK(now_ns() >= until);
	CHECK_ERR(reap(&reaper, 8, 0, until), ETIMEDOUT);
}

TEST(a_wake_lets_all_go_that_wait)
{
	struct reaper reapers[3];
	uint32_t wakes;
	int i;

	open_with(0);
	for (i = 0; i < 3; i++)
		start_reaper(&reapers[i]);
	CHECK_OK(reap_wake(&wakes));
	CHECK_EQ(wakes, 1);
	for (i = 0; i < 3; i++) {
		expect_reaper(&reapers[i], 0, 0);
		CHECK_EQ(reapers[i].arg.out_wakes, 1);
	}
}

TEST(a_wake_before_the_wait_is_not_lost)
{
	struct reaper reaper;
	uint32_t wakes;

	open_with(0);
	CHECK_OK(reap_wake(&wakes));
	CHECK_OK(reap_wake(&wakes));
	CHECK_EQ(wakes, 2);
	CHECK_OK(reap(&reaper, 8, 0, WINUSB_REAP_FOREVER));
	CHECK_EQ(reaper.arg.out_count, 0);
	CHECK_EQ(reaper.arg.out_wakes, 2);
	/* Who knows of it waits. */
	CHECK_ERR(reap(&reaper, 8, 2, now_ns() + 10000000), ETIMEDOUT);
	/* Records go first. */
	start_reads(1);
	feed(1);
	CHECK(async_ready(fd, 10000));
	CHECK_OK(reap(&reaper, 8, 1, WINUSB_REAP_FOREVER));
	CHECK_EQ(reaper.arg.out_count, 1);
}

static void on_signal(int number)
{
	(void)number;
}

TEST(a_signal_ends_it_with_EINTR)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct reaper reaper;

	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	open_with(0);
	start_reaper(&reaper);
	pthread_kill(reaper.thread, SIGUSR1);
	expect_reaper(&reaper, -EINTR, 0);
}

TEST(close_of_the_last_descriptor_ends_it_with_ECANCELED)
{
	struct reaper reaper;

	open_with(0);
	start_reaper(&reaper);
	close(fd);
	expect_reaper(&reaper, -ECANCELED, 0);
}

TEST(after_removal_all_is_read_and_then_it_is_ENODEV)
{
	struct reaper reaper;

	open_with(0);
	start_reads(2);
	board_unplug(fx2);
	CHECK_OK(reap(&reaper, 1, 0, WINUSB_REAP_FOREVER));
	CHECK_EQ(reaper.records[0].status, -ESHUTDOWN);
	CHECK_OK(reap(&reaper, 8, 0, WINUSB_REAP_FOREVER));
	CHECK_EQ(reaper.arg.out_count, 1);
	CHECK_ERR(reap(&reaper, 8, 0, WINUSB_REAP_FOREVER), ENODEV);
}

TEST(bad_counts_are_EINVAL_and_bad_memory_is_EFAULT_and_keeps_the_records)
{
	struct reaper reaper;

	open_with(0);
	CHECK_ERR(reap(&reaper, 0, 0, 0), EINVAL);
	CHECK_ERR(reap(&reaper, ~0u, 0, 0), EINVAL);
	start_reads(1);
	feed(1);
	CHECK(async_ready(fd, 10000));
	reap(&reaper, 8, 0, 0);
	CHECK_EQ(reaper.arg.out_count, 1);
	start_reads(1);
	feed(1);
	CHECK(async_ready(fd, 10000));
	reaper.arg.records = 4096;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_REAP, &reaper.arg), EFAULT);
	CHECK_EQ(reaper.arg.out_count, 0);
	CHECK_OK(reap(&reaper, 8, 0, 0));
	CHECK_EQ(reaper.arg.out_count, 1);
}

TEST(a_wake_with_anything_else_is_EOPNOTSUPP)
{
	struct winusb_reap arg = { .size = sizeof(arg), .flags = WINUSB_REAP_WAKE, .count = 1 };

	open_with(0);
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_REAP, &arg), EOPNOTSUPP);
	arg.count = 0;
	arg.until_ns = 1;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_REAP, &arg), EOPNOTSUPP);
}

/* Reads that wait, and then their records, in one call. */
static int submit_and_reap(struct reaper *reaper, struct winusb_transfer *transfers,
			   uint32_t count, uint64_t until_ns)
{
	memset(&reaper->arg, 0, sizeof(reaper->arg));
	reaper->arg.size = sizeof(reaper->arg);
	reaper->arg.records = (uintptr_t)reaper->records;
	reaper->arg.count = 8;
	reaper->arg.until_ns = until_ns;
	reaper->arg.transfers = (uintptr_t)transfers;
	reaper->arg.submit_count = count;
	reaper->arg.transfer_size = sizeof(*transfers);
	reaper->arg.out_count = 77;
	reaper->arg.out_submitted = 77;
	return node_ioctl(fd, WINUSB_IOC_REAP, &reaper->arg);
}

TEST(transfers_are_submitted_first)
{
	struct winusb_transfer transfers[3];
	struct reaper reaper;
	uint32_t got = 0, i;

	open_with(0);
	for (i = 0; i < 3; i++)
		transfers[i] = async_transfer(handle, FX2_BULK_IN, in[i], sizeof(in[i]), i);
	CHECK_ERR(submit_and_reap(&reaper, transfers, 3, now_ns() + 10000000), ETIMEDOUT);
	CHECK_EQ(reaper.arg.out_submitted, 3);
	CHECK_EQ(reaper.arg.out_count, 0);
	feed(3);
	while (got < 3) {
		CHECK_OK(reap(&reaper, 8, 0, WINUSB_REAP_FOREVER));
		got += reaper.arg.out_count;
	}
	/* A read of nothing is done at once: its record comes with the call. */
	transfers[0].length = 0;
	CHECK_OK(submit_and_reap(&reaper, transfers, 1, WINUSB_REAP_FOREVER));
	CHECK_EQ(reaper.arg.out_submitted, 1);
	CHECK_EQ(reaper.arg.out_count, 1);
}

TEST(a_transfer_that_is_refused_is_its_error_and_nothing_is_read)
{
	struct winusb_transfer transfers[3];
	struct reaper reaper;
	uint32_t i;

	open_with(0);
	for (i = 0; i < 3; i++)
		transfers[i] = async_transfer(handle, FX2_BULK_IN, in[i], 0, i);
	transfers[2].pipe_id = 0x8f;
	CHECK_ERR(submit_and_reap(&reaper, transfers, 3, WINUSB_REAP_FOREVER), EINVAL);
	CHECK_EQ(reaper.arg.out_submitted, 2);
	CHECK_EQ(reaper.arg.out_count, 0);
	CHECK_OK(reap(&reaper, 8, 0, WINUSB_REAP_FOREVER));
	CHECK_EQ(reaper.arg.out_count, 2);
	CHECK_ERR(submit_and_reap(&reaper, transfers, WINUSB_MAX_SUBMIT + 1, 0), EINVAL);
	CHECK_ERR(submit_and_reap(&reaper, (void *)4096, 1, 0), EFAULT);
	CHECK_EQ(reaper.arg.out_submitted, 0);
}
