// SPDX-License-Identifier: MIT
/* Asynchronous transfers: what read(2), poll(2) and an eventfd tell of them. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
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

static void open_fx2(void)
{
	open_with(0);
}

/* Reads that wait, with cookies 0, 1, and so on. */
static void start_reads(int count)
{
	int i;

	for (i = 0; i < count; i++)
		CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[i], sizeof(in[i]), i));
}

static void feed(const char *text)
{
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, (void *)(uintptr_t)text, strlen(text),
			       &moved));
}

/* Completes COUNT reads that wait. */
static void feed_all(int count)
{
	while (count--)
		feed("data");
}

static uint64_t count_of(int events)
{
	uint64_t value = 0;

	if (read(events, &value, sizeof(value)) < 0)
		CHECK_EQ(errno, EAGAIN);
	return value;
}

/* Waits until it counted N in all. */
static void expect_count(int events, uint64_t n)
{
	uint64_t end = test_now_ms() + 10000 * test_scale(), have = 0;

	while (have < n && test_now_ms() < end) {
		have += count_of(events);
		test_sleep_ms(1);
	}
	CHECK_EQ(have, n);
	test_sleep_ms(20);
	CHECK_EQ(count_of(events), 0);
}

static int new_eventfd(void)
{
	int events = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	CHECK(events >= 0);
	return events;
}

TEST(a_record_tells_all_of_its_transfer)
{
	struct winusb_completion record, zero = { 0 };
	uint64_t cookie = 0xfedcba9876543210;

	open_fx2();
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[0], 64, cookie));
	feed("record");
	memset(&record, 0xff, sizeof(record));
	record = async_wait(fd);
	CHECK_EQ(record.cookie, cookie);
	CHECK_EQ(record.status, 0);
	CHECK_EQ(record.length, 6);
	CHECK_EQ(record.flags, 0);
	CHECK_EQ(record.handle, handle);
	CHECK_EQ(record.pipe_id, FX2_BULK_IN);
	CHECK_EQ(record.isoch_frame, 0);
	CHECK_EQ(record.isoch_errors, 0);
	CHECK_MEM(record.__reserved, zero.__reserved, sizeof(zero.__reserved));
	CHECK_MEM(record.__reserved2, zero.__reserved2, sizeof(zero.__reserved2));
	CHECK_MEM(in[0], "record", 6);
}

TEST(a_record_of_a_control_transfer_says_pipe_0)
{
	struct winusb_transfer arg;
	struct winusb_completion record;

	open_fx2();
	arg = async_transfer(handle, 0, in[0], 1, 5);
	node_setup(arg.setup, 0xc0, FX2_GET_SWITCHES, 0, 0, 1);
	CHECK_OK(async_submit(fd, &arg, 1, NULL));
	record = async_wait(fd);
	CHECK_EQ(record.cookie, 5);
	CHECK_EQ(record.status, 0);
	CHECK_EQ(record.length, 1);
	CHECK_EQ(record.pipe_id, 0);
}

TEST(submission_does_not_wait_and_a_read_of_zero_bytes_has_a_record)
{
	struct winusb_transfer arg;

	open_fx2();
	arg = async_transfer(handle, FX2_BULK_IN, in[0], 64, 1);
	arg.flags = WINUSB_TRANSFER_ASYNC;
	arg.out_length = 99;
	CHECK_OK(node_ioctl(fd, WINUSB_IOC_TRANSFER, &arg));
	CHECK_EQ(arg.out_length, 0);
	async_expect_none(fd);
	CHECK_OK(async_start(fd, handle, FX2_SWITCHES, NULL, 0, 2));
	async_expect(fd, 2, 0, 0);
	async_expect_none(fd);
}

TEST(records_come_in_the_order_of_completion)
{
	open_fx2();
	CHECK_OK(async_start(fd, handle, FX2_SWITCHES, in[0], 8, 1));
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[1], 64, 2));
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[2], 64, 3));
	feed_all(2);
	board_wait_counter(fx2, FX2_BULK_IN, "done", 2);
	board_set(fx2, "switches=0x42");
	async_expect(fd, 2, 0, 4);
	async_expect(fd, 3, 0, 4);
	async_expect(fd, 1, 0, 1);
	CHECK_EQ(in[0][0], 0x42);
}

TEST(cookies_need_not_be_unique)
{
	int i;

	open_fx2();
	for (i = 0; i < 3; i++)
		CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[i], 64, 77));
	feed_all(3);
	for (i = 0; i < 3; i++)
		async_expect(fd, 77, 0, 4);
}

TEST(async_and_blocking_transfers_share_one_queue)
{
	char data[64];
	struct job job = { .pipe = FX2_BULK_IN, .buffer = data, .length = sizeof(data) };

	open_fx2();
	start_reads(1);
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[1], 64, 1));
	feed("first");
	feed("second");
	feed("third");
	async_expect(fd, 0, 0, 5);
	CHECK_OK(job_wait(&job, 10));
	CHECK_EQ(job.moved, 6);
	async_expect(fd, 1, 0, 5);
	CHECK_MEM(in[1], "third", 5);
}

TEST(one_read_gives_many_records)
{
	struct winusb_completion records[8];
	int i, events = new_eventfd();

	open_fx2();
	CHECK_OK(async_eventfd(fd, events));
	start_reads(5);
	feed_all(5);
	/* The last one is there when the fifth read is done, which the last feed does not tell. */
	expect_count(events, 5);
	CHECK_EQ(read(fd, records, sizeof(records)), 5 * sizeof(records[0]));
	for (i = 0; i < 5; i++) {
		CHECK_EQ(records[i].cookie, i);
		CHECK_EQ(records[i].length, 4);
	}
}

TEST(only_whole_records_are_read)
{
	struct winusb_completion records[3];
	int events = new_eventfd();

	open_fx2();
	CHECK_OK(async_eventfd(fd, events));
	start_reads(3);
	feed_all(3);
	expect_count(events, 3);
	CHECK_EQ(read(fd, records, 2 * sizeof(records[0]) + 63), 2 * sizeof(records[0]));
	CHECK_EQ(read(fd, records, sizeof(records)), sizeof(records[0]));
	CHECK_EQ(records[0].cookie, 2);
}

TEST(a_buffer_shorter_than_a_completion_is_EINVAL)
{
	struct winusb_completion record;

	open_with(O_NONBLOCK);
	CHECK_EQ(read(fd, &record, sizeof(record) - 1), -1);
	CHECK_EQ(errno, EINVAL);
	start_reads(1);
	feed_all(1);
	CHECK(async_ready(fd, 10000));
	CHECK_EQ(read(fd, &record, sizeof(record) - 1), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(read(fd, &record, 1), -1);
	CHECK_EQ(errno, EINVAL);
	async_expect(fd, 0, 0, 4);
}

TEST(no_completion_in_non_blocking_mode_is_EAGAIN)
{
	struct winusb_completion record;

	open_with(O_NONBLOCK);
	CHECK_EQ(read(fd, &record, sizeof(record)), -1);
	CHECK_EQ(errno, EAGAIN);
	start_reads(1);
	CHECK_EQ(read(fd, &record, sizeof(record)), -1);
	CHECK_EQ(errno, EAGAIN);
	/* The mode is that of the moment. */
	CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
	feed_all(1);
	CHECK_EQ(read(fd, &record, sizeof(record)), sizeof(record));
}

TEST(a_bad_buffer_for_records_is_EFAULT_and_keeps_them)
{
	struct winusb_completion *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *volatile nowhere = (void *)8;

	CHECK(pages != MAP_FAILED);
	CHECK_EQ(munmap((char *)pages + 4096, 4096), 0);
	open_with(O_NONBLOCK);
	start_reads(2);
	feed_all(2);
	CHECK(async_ready(fd, 10000));
	CHECK_EQ(read(fd, nowhere, 64), -1);
	CHECK_EQ(errno, EFAULT);
	/* In the middle of the record. */
	CHECK_EQ(read(fd, (char *)pages + 4096 - 32, 64), -1);
	CHECK_EQ(errno, EFAULT);
	async_expect(fd, 0, 0, 4);
	async_expect(fd, 1, 0, 4);
}

/* What fits is read; the record that does not is kept. */
TEST(a_buffer_whose_second_record_is_bad_loses_none)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int events = new_eventfd();
	ssize_t n;

	CHECK(pages != MAP_FAILED);
	CHECK_EQ(munmap(pages + 4096, 4096), 0);
	open_with(O_NONBLOCK);
	CHECK_OK(async_eventfd(fd, events));
	start_reads(2);
	feed_all(2);
	expect_count(events, 2);
	n = read(fd, pages + 4096 - 64, 128);
	if (n > 0)
		CHECK_EQ(n, 64);
	else
		CHECK_EQ(errno, EFAULT);
	if (n < 0)
		async_expect(fd, 0, 0, 4);
	async_expect(fd, 1, 0, 4);
}

static void *feed_main(void *unused)
{
	test_sleep_ms(50);
	feed_all(1);
	return unused;
}

TEST(a_blocking_read_waits_for_a_record)
{
	struct winusb_completion record;
	pthread_t thread;

	open_fx2();
	start_reads(1);
	CHECK_EQ(pthread_create(&thread, NULL, feed_main, NULL), 0);
	CHECK_EQ(read(fd, &record, sizeof(record)), sizeof(record));
	CHECK_EQ(record.cookie, 0);
	pthread_join(thread, NULL);
}

static void on_signal(int number)
{
	(void)number;
}

struct reader {
	pthread_t thread;
	pid_t tid;
	ssize_t result;
	int error;
	struct winusb_completion record;
};

static void *reader_main(void *data)
{
	struct reader *reader = data;

	__atomic_store_n(&reader->tid, gettid(), __ATOMIC_RELEASE);
	reader->result = read(fd, &reader->record, sizeof(reader->record));
	reader->error = errno;
	return NULL;
}

static void start_reader(struct reader *reader)
{
	reader->tid = 0;
	CHECK_EQ(pthread_create(&reader->thread, NULL, reader_main, reader), 0);
	while (!__atomic_load_n(&reader->tid, __ATOMIC_ACQUIRE))
		test_sleep_ms(1);
	wait_asleep(reader->tid);
}

TEST(a_signal_ends_a_read_of_records_with_EINTR)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct reader reader;

	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	open_fx2();
	start_reads(1);
	start_reader(&reader);
	pthread_kill(reader.thread, SIGUSR1);
	pthread_join(reader.thread, NULL);
	CHECK_EQ(reader.result, -1);
	CHECK_EQ(reader.error, EINTR);
	/* The transfer goes on. */
	feed_all(1);
	async_expect(fd, 0, 0, 4);
}

/* The uapi header, struct winusb_completion. */
TEST(close_of_the_last_descriptor_ends_a_read_of_records_with_ECANCELED)
{
	struct reader reader;

	open_fx2();
	start_reads(2);
	start_reader(&reader);
	close(fd);
	pthread_join(reader.thread, NULL);
	CHECK_EQ(reader.result, -1);
	CHECK_EQ(reader.error, ECANCELED);
	open_fx2();
}

/* POLLIN and nothing else, as long as there are records. */
TEST(poll_and_epoll_say_EPOLLIN_while_there_are_records)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd poll_fd = { .events = POLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	open_fx2();
	poll_fd.fd = fd;
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	CHECK_EQ(poll(&poll_fd, 1, 0), 0);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
	start_reads(2);
	CHECK_EQ(poll(&poll_fd, 1, 0), 0);
	feed_all(2);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 10000), 1);
	CHECK_EQ(event.events, EPOLLIN);
	CHECK_EQ(poll(&poll_fd, 1, 10000), 1);
	CHECK_EQ(poll_fd.revents, POLLIN);
	async_wait(fd);
	async_wait(fd);
	CHECK_EQ(poll(&poll_fd, 1, 0), 0);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
}

TEST(an_edge_triggered_epoll_tells_each_new_record)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC), i;

	open_fx2();
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), 0);
	start_reads(3);
	for (i = 0; i < 3; i++) {
		feed_all(1);
		CHECK_EQ(epoll_wait(epoll, &event, 1, 10000), 1);
		CHECK_EQ(event.events, EPOLLIN);
	}
}

/* eventfd */

TEST(an_eventfd_counts_the_records)
{
	int events = new_eventfd();

	open_fx2();
	CHECK_OK(async_eventfd(fd, events));
	start_reads(5);
	CHECK_EQ(count_of(events), 0);
	feed_all(3);
	expect_count(events, 3);
	feed_all(2);
	expect_count(events, 2);
	/* Blocking transfers have no record. */
	feed_all(1);
	CHECK_EQ(count_of(events), 0);
}

TEST(an_eventfd_that_comes_late_is_told_once_that_there_are_records)
{
	int events = new_eventfd(), others = new_eventfd();

	open_fx2();
	start_reads(3);
	CHECK_OK(async_eventfd(fd, events));
	CHECK_EQ(count_of(events), 0);
	CHECK_OK(async_eventfd(fd, others));
	feed_all(3);
	expect_count(others, 3);
	CHECK_OK(async_eventfd(fd, -1));
	CHECK_OK(async_eventfd(fd, events));
	expect_count(events, 1);
	board_unplug(fx2);
	expect_count(events, 1);
	CHECK_OK(async_eventfd(fd, -1));
	CHECK_OK(async_eventfd(fd, events));
	expect_count(events, 1);
}

TEST(an_eventfd_is_replaced_and_removed)
{
	int first = new_eventfd(), second = new_eventfd();

	open_fx2();
	CHECK_OK(async_eventfd(fd, first));
	start_reads(4);
	feed_all(1);
	expect_count(first, 1);
	CHECK_OK(async_eventfd(fd, second));
	expect_count(second, 1);	/* nobody has read that one */
	feed_all(2);
	expect_count(second, 2);
	CHECK_EQ(count_of(first), 0);
	CHECK_OK(async_eventfd(fd, -1));
	feed_all(1);
	board_wait_counter(fx2, FX2_BULK_IN, "done", 4);
	test_sleep_ms(50);
	CHECK_EQ(count_of(first), 0);
	CHECK_EQ(count_of(second), 0);
	CHECK_OK(async_eventfd(fd, -1));
}

TEST(an_eventfd_that_is_not_open_is_EBADF_and_the_old_one_stays)
{
	int events = new_eventfd(), closed = dup(events);

	open_fx2();
	CHECK_OK(async_eventfd(fd, events));
	close(closed);
	CHECK_ERR(async_eventfd(fd, closed), EBADF);
	CHECK_ERR(async_eventfd(fd, 1 << 20), EBADF);
	start_reads(1);
	feed_all(1);
	expect_count(events, 1);
}

TEST(a_file_that_is_no_eventfd_is_EINVAL_and_the_old_one_stays)
{
	int events = new_eventfd(), pipe_fds[2];

	open_fx2();
	CHECK_EQ(pipe(pipe_fds), 0);
	CHECK_OK(async_eventfd(fd, events));
	CHECK_ERR(async_eventfd(fd, pipe_fds[0]), EINVAL);
	CHECK_ERR(async_eventfd(fd, fd), EINVAL);
	start_reads(1);
	feed_all(1);
	expect_count(events, 1);
}

TEST(an_eventfd_lives_on_in_the_driver_when_it_is_closed)
{
	int events = new_eventfd();

	open_fx2();
	CHECK_OK(async_eventfd(fd, events));
	close(events);
	start_reads(2);
	feed_all(2);
	async_expect(fd, 0, 0, 4);
	async_expect(fd, 1, 0, 4);
}

TEST(removal_counts_once_in_the_eventfd)
{
	int events = new_eventfd();

	open_fx2();
	CHECK_OK(async_eventfd(fd, events));
	start_reads(2);
	board_unplug(fx2);
	expect_count(events, 3);
	async_expect(fd, 0, -ESHUTDOWN, 0);
	async_expect(fd, 1, -ESHUTDOWN, 0);
}

/* Two threads that read: each record is given once. */

enum { SHARED = 400 };

static unsigned int seen[SHARED];
static bool stop;

static void *share_main(void *unused)
{
	struct winusb_completion records[3];
	ssize_t n, i;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		if (!async_ready(fd, 10))
			continue;
		n = read(fd, records, sizeof(records));
		if (n < 0) {
			CHECK_EQ(errno, EAGAIN);
			continue;
		}
		for (i = 0; i < n / (ssize_t)sizeof(records[0]); i++)
			__atomic_add_fetch(&seen[records[i].cookie], 1, __ATOMIC_RELAXED);
	}
	return unused;
}

TEST(two_readers_get_each_record_once)
{
	int count = test_debug_kernel() ? SHARED / 10 : SHARED, i;
	pthread_t threads[2];
	uint64_t end;

	open_with(O_NONBLOCK);
	board_set(fx2, "source=0x88");
	for (i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, share_main, NULL), 0);
	for (i = 0; i < count; i++)
		CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[i % 8], 16, i));
	end = test_now_ms() + 10000 * test_scale();
	for (i = 0; i < count; i++)
		while (!__atomic_load_n(&seen[i], __ATOMIC_RELAXED)) {
			if (test_now_ms() > end)
				FAIL("record %d did not come", i);
			test_sleep_ms(1);
		}
	stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < count; i++)
		CHECK_EQ(seen[i], 1);
	async_expect_none(fd);
}
