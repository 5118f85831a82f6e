// SPDX-License-Identifier: MIT
/*
 * User memory that takes its time, by userfaultfd and by a slow FUSE file: a page fault waits for
 * us. Meanwhile the device may leave, other transfers move, and a process may be killed.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "ring.h"
#include "slow.h"
#include "test.h"

static struct board *fx2;
static int fd;
static uint32_t handle, moved;
static uint8_t *slow;

void test_setup(void)
{
	fx2 = board_add("fx2");
	boards_start();
	board_plug(fx2);
	boards_keep();
}

static void open_slow(enum slow_kind kind)
{
	slow = slow_open(kind);
	fd = node_open(board_node(fx2, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

/* The rest of the device, and of the driver, does not notice. */
static void others_work(void)
{
	uint8_t value = 0x77, switches[8];
	struct job job = { .pipe = FX2_SWITCHES, .buffer = switches, .length = sizeof(switches) };
	static uint8_t state;
	char option[32];

	CHECK_OK(node_control(fd, handle, 0x40, FX2_SET_BARGRAPH, 0, 0, 1, &value, 1, &moved));
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	snprintf(option, sizeof(option), "switches=%u", ++state);
	board_set(fx2, option);
	CHECK_OK(job_wait(&job, 10));
	CHECK_OK(node_abort(fd, handle, FX2_SWITCHES));
}

struct job_case {
	const char *label;
	enum slow_kind kind;
	uint8_t pipe;
	uint32_t length;
};

static const struct job_case cases[] = {
	{ "read_of_64_bytes", SLOW_USERFAULTFD, FX2_BULK_IN, 64 },
	{ "read_of_64_KiB", SLOW_USERFAULTFD, FX2_BULK_IN, SLOW_LENGTH },
	{ "write_of_64_bytes", SLOW_USERFAULTFD, FX2_BULK_OUT, 64 },
	{ "write_of_64_KiB", SLOW_USERFAULTFD, FX2_BULK_OUT, SLOW_LENGTH },
	{ "read_of_64_bytes_of_a_FUSE_file", SLOW_FUSE, FX2_BULK_IN, 64 },
	{ "read_of_64_KiB_of_a_FUSE_file", SLOW_FUSE, FX2_BULK_IN, SLOW_LENGTH },
	{ "write_of_64_bytes_of_a_FUSE_file", SLOW_FUSE, FX2_BULK_OUT, 64 },
	{ "write_of_64_KiB_of_a_FUSE_file", SLOW_FUSE, FX2_BULK_OUT, SLOW_LENGTH },
};

struct kind_case {
	const char *label;
	enum slow_kind kind;
};

static const struct kind_case kinds[] = {
	{ "userfaultfd", SLOW_USERFAULTFD }, { "FUSE", SLOW_FUSE },
};

static void start_slow(struct job *job, const struct job_case *row)
{
	memset(job, 0, sizeof(*job));
	job->fd = fd;
	job->handle = handle;
	job->pipe = row->pipe;
	job->buffer = slow;
	job->length = row->length;
	job_start(job);
	slow_wait_fault();
}

TEST_EACH(others_move_while_a_submission_waits_for_memory, struct job_case, row, cases)
{
	struct job job;

	open_slow(row->kind);
	start_slow(&job, row);
	others_work();
	CHECK(!job_done(&job));
	slow_serve();
	if (row->pipe == FX2_BULK_IN)
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "data", 4, NULL));
	CHECK_OK(job_wait(&job, 10));
}

TEST_EACH(unplug_does_not_wait_for_a_submission_that_waits_for_memory, struct job_case, row, cases)
{
	struct job job;

	open_slow(row->kind);
	start_slow(&job, row);
	board_unplug(fx2);
	CHECK(!job_done(&job));
	slow_serve();
	CHECK_ERR(job_wait(&job, 10), ENODEV);
}

TEST_EACH(unbind_does_not_wait_for_a_submission_that_waits_for_memory, struct job_case, row, cases)
{
	struct job job;

	open_slow(row->kind);
	start_slow(&job, row);
	CHECK_OK(interface_unbind(board_node(fx2, 0)));
	CHECK(!job_done(&job));
	slow_serve();
	CHECK_ERR(job_wait(&job, 10), ENODEV);
}

/* A call in a thread of its own that waits for a page. */

static pthread_t caller;
static int (*called)(void);
static int call_result;
static bool returned;

static void *call_main(void *unused)
{
	call_result = called();
	__atomic_store_n(&returned, true, __ATOMIC_RELEASE);
	return unused;
}

static void begin_call(int (*function)(void))
{
	called = function;
	returned = false;
	CHECK_EQ(pthread_create(&caller, NULL, call_main, NULL), 0);
}

static void start_call(int (*function)(void))
{
	begin_call(function);
	slow_wait_fault();
	CHECK(!__atomic_load_n(&returned, __ATOMIC_ACQUIRE));
}

static int end_call(void)
{
	CHECK(!__atomic_load_n(&returned, __ATOMIC_ACQUIRE));
	slow_serve();
	pthread_join(caller, NULL);
	return call_result;
}

static int call_async(void)
{
	return async_start(fd, handle, FX2_BULK_OUT, slow, SLOW_LENGTH, 1);
}

static int call_submit(void)
{
	struct winusb_transfer transfers[2];

	transfers[0] = async_transfer(handle, FX2_BULK_IN, slow, 64, 1);
	transfers[1] = async_transfer(handle, FX2_BULK_IN, slow, SLOW_LENGTH, 2);
	return async_submit(fd, transfers, 2, NULL);
}

/* The elements themselves; all zero, they are too short, but the device left before. */
static int call_submit_of_slow_elements(void)
{
	return async_submit(fd, (struct winusb_transfer *)slow, 2, NULL);
}

static int call_control(void)
{
	return node_control(fd, handle, 0x40, FX2_SET_BARGRAPH, 0, 0, 64, slow, 64, NULL);
}

static int call_with_slow_argument(void)
{
	return node_ioctl(fd, WINUSB_IOC_TRANSFER, slow);
}

struct call_case {
	const char *label;
	enum slow_kind kind;
	int (*call)(void);
	int error;
};

static const struct call_case calls[] = {
	{ "ASYNC", SLOW_USERFAULTFD, call_async, ENODEV },
	{ "ASYNC_of_a_FUSE_file", SLOW_FUSE, call_async, ENODEV },
	{ "SUBMIT", SLOW_USERFAULTFD, call_submit, ENODEV },
	{ "SUBMIT_of_a_FUSE_file", SLOW_FUSE, call_submit, ENODEV },
	{ "elements_of_SUBMIT", SLOW_USERFAULTFD, call_submit_of_slow_elements, EINVAL },
	{ "control_transfer", SLOW_USERFAULTFD, call_control, ENODEV },
	{ "control_transfer_of_a_FUSE_file", SLOW_FUSE, call_control, ENODEV },
	{ "argument", SLOW_USERFAULTFD, call_with_slow_argument, EINVAL },
	{ "argument_in_a_FUSE_file", SLOW_FUSE, call_with_slow_argument, EINVAL },
};

TEST_EACH(unplug_does_not_wait_for_a_call_that_waits_for_memory, struct call_case, row, calls)
{
	open_slow(row->kind);
	start_call(row->call);
	board_unplug(fx2);
	CHECK_ERR(end_call(), row->error);
	async_expect_none(fd);
}

TEST_EACH(unbind_does_not_wait_for_a_call_that_waits_for_memory, struct call_case, row, calls)
{
	open_slow(row->kind);
	start_call(row->call);
	CHECK_OK(interface_unbind(board_node(fx2, 0)));
	CHECK_ERR(end_call(), row->error);
	async_expect_none(fd);
}

/* close(2) of the last descriptor returns; the call has the file until it ends. */
TEST_EACH(close_does_not_wait_for_a_call_that_waits_for_memory, struct kind_case, row, kinds)
{
	open_slow(row->kind);
	start_call(call_async);
	CHECK_EQ(close(fd), 0);
	CHECK(end_call() <= 0);
	do {
		fd = node_open(board_node(fx2, 0), O_RDWR);
	} while (fd == -EBUSY);
	CHECK_OK(fd);
}

/* The page was there at the submission and is not any more when the bytes are delivered. */

static struct winusb_completion record;

static int collect(void)
{
	return read(fd, &record, sizeof(record)) == sizeof(record) ? 0 : -errno;
}

static void start_collector(enum slow_kind kind)
{
	open_slow(kind);
	slow_serve();
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, slow, 64, 5));
	slow_forget();
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "late", 4, NULL));
	start_call(collect);
}

static void end_collector(void)
{
	CHECK_OK(end_call());
	CHECK_EQ(record.cookie, 5);
	CHECK_EQ(record.status, 0);
	CHECK_EQ(record.length, 4);
	CHECK_MEM(slow, "late", 4);
}

TEST_EACH(others_move_while_a_collection_waits_for_memory, struct kind_case, row, kinds)
{
	char in[64];

	start_collector(row->kind);
	others_work();
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "next", 4, NULL));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, 4);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in, sizeof(in), 6));
	CHECK_OK(async_cancel(fd, 6, NULL));
	end_collector();
	async_expect(fd, 6, -ECANCELED, 0);
}

TEST_EACH(unplug_does_not_wait_for_a_collection_that_waits_for_memory, struct kind_case, row, kinds)
{
	start_collector(row->kind);
	board_unplug(fx2);
	end_collector();
}

TEST_EACH(abort_and_reset_do_not_wait_for_a_collection_that_waits_for_memory, struct kind_case,
	  row, kinds)
{
	start_collector(row->kind);
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	CHECK_OK(node_reset_pipe(fd, handle, FX2_BULK_IN));
	CHECK_OK(node_reset_device(fd, handle));
	end_collector();
}

/* The records, not their data. */
static int collect_into_slow_memory(void)
{
	return read(fd, slow, sizeof(record)) == sizeof(record) ? 0 : -errno;
}

TEST_EACH(unplug_does_not_wait_for_records_that_wait_for_memory, struct kind_case, row, kinds)
{
	char in[64];

	open_slow(row->kind);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in, sizeof(in), 7));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "data", 4, NULL));
	CHECK(async_ready(fd, 10000 * test_scale()));
	start_call(collect_into_slow_memory);
	board_unplug(fx2);
	CHECK_OK(end_call());
	memcpy(&record, slow, sizeof(record));
	CHECK_EQ(record.cookie, 7);
	CHECK_EQ(record.status, 0);
	CHECK_EQ(record.length, 4);
}

/* What a blocking call has got, it delivers although the device has left meanwhile. */
static int call_read(void)
{
	return node_transfer(fd, handle, FX2_BULK_IN, slow, 64, &moved);
}

TEST_EACH(unplug_does_not_wait_for_a_delivery_that_waits_for_memory, struct kind_case, row, kinds)
{
	open_slow(row->kind);
	slow_serve();
	begin_call(call_read);
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	slow_forget();
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "late", 4, NULL));
	slow_wait_fault();
	board_unplug(fx2);
	CHECK_OK(end_call());
	CHECK_EQ(moved, 4);
	CHECK_MEM(slow, "late", 4);
}

TEST(a_process_is_killed_while_it_waits_for_memory)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		struct job job;

		open_slow(SLOW_USERFAULTFD);
		start_slow(&job, &cases[0]);
		start_slow(&job, &cases[3]);
		CHECK_EQ(write(1, "", 0), 0);
		for (;;)
			pause();
	}
	test_sleep_ms(200 * test_scale());
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 4)
		test_skip("this kernel has no userfaultfd");
	CHECK(WIFSIGNALED(status));
	fd = node_open(board_node(fx2, 0), O_RDWR);
	CHECK_OK(fd);
}

/* io_uring hands what would block to a worker; a blocked fault there holds up nothing else. */
TEST_EACH(unplug_does_not_wait_for_a_command_that_waits_for_memory, struct kind_case, row, kinds)
{
	struct winusb_query query;
	struct ring_result result;
	struct ring ring;

	open_slow(row->kind);
	CHECK_OK(node_query(fd, &query));
	if (!(query.out_capabilities & WINUSB_CAP_URING))
		test_skip("this kernel cannot cancel io_uring commands");
	CHECK_OK(ring_init(&ring, IORING_SETUP_CQE32));
	/* By a worker from the start: a fault in our own thread would block the submission. */
	ring_transfer(&ring, fd, handle, FX2_BULK_IN, slow, SLOW_LENGTH, 1)->flags = IOSQE_ASYNC;
	CHECK_EQ(ring_submit(&ring), 1);
	slow_wait_fault();
	board_unplug(fx2);
	slow_serve();
	CHECK_OK(ring_wait(&ring, &result, 10000 * test_scale()));
	CHECK_ERR(result.res, ENODEV);
}

/* The thread of a ring waits for the page that its completion needs. */
static int call_ring(void)
{
	struct ring_result result;
	struct ring ring;
	int error = ring_init(&ring, IORING_SETUP_CQE32);

	if (error)
		return error;
	ring_transfer(&ring, fd, handle, FX2_BULK_IN, slow, 64, 1);
	if (ring_submit(&ring) != 1)
		return -EIO;
	do {
		error = ring_wait(&ring, &result, 10000 * test_scale());
	} while (error == -EINTR);
	return error ? error : result.res;
}

TEST_EACH(unplug_does_not_wait_for_a_completion_that_waits_for_memory, struct kind_case, row, kinds)
{
	struct winusb_query query;

	open_slow(row->kind);
	CHECK_OK(node_query(fd, &query));
	if (!(query.out_capabilities & WINUSB_CAP_URING))
		test_skip("this kernel cannot cancel io_uring commands");
	slow_serve();
	begin_call(call_ring);
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	slow_forget();
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "late", 4, NULL));
	slow_wait_fault();
	board_unplug(fx2);
	CHECK_EQ(end_call(), 4);
	CHECK_MEM(slow, "late", 4);
}
