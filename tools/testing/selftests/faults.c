// SPDX-License-Identifier: MIT
/*
 * User memory that takes its time: userfaultfd lets a page fault wait for us. Meanwhile the device
 * may leave, other transfers move, and a process may be killed.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/userfaultfd.h>

#include "async.h"
#include "board.h"
#include "ring.h"
#include "test.h"

enum { PAGE = 4096, LARGE = 64 * 1024 };

static struct board *fx2;
static int fd, faults;
static uint32_t handle, moved;
static uint8_t *slow;		/* LARGE bytes, none of which is there */

void test_setup(void)
{
	fx2 = board_add("fx2");
	boards_start();
	board_plug(fx2);
	boards_keep();
}

static void open_slow(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	faults = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (faults < 0)
		test_skip("this kernel has no userfaultfd: %s", strerror(errno));
	CHECK_EQ(ioctl(faults, UFFDIO_API, &api), 0);
	slow = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(slow != MAP_FAILED);
	area.range.start = (uintptr_t)slow;
	area.range.len = LARGE;
	CHECK_EQ(ioctl(faults, UFFDIO_REGISTER, &area), 0);
	fd = node_open(board_node(fx2, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

/* Returns when somebody waits for a page. */
static void wait_fault(void)
{
	struct pollfd poll_fd = { .fd = faults, .events = POLLIN };

	if (poll(&poll_fd, 1, 10000 * test_scale()) != 1)
		FAIL("nobody touched the slow memory");
}

/* Gives all pages, and lets those who wait go on. */
static void serve(void)
{
	struct uffdio_zeropage zero = { 0 };
	size_t i;

	for (i = 0; i < LARGE; i += PAGE) {
		zero.range.start = (uintptr_t)slow + i;
		zero.range.len = PAGE;
		if (ioctl(faults, UFFDIO_ZEROPAGE, &zero))
			CHECK_EQ(errno, EEXIST);
	}
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
	uint8_t pipe;
	uint32_t length;
};

static const struct job_case cases[] = {
	{ "read_of_64_bytes", FX2_BULK_IN, 64 }, { "read_of_64_KiB", FX2_BULK_IN, LARGE },
	{ "write_of_64_bytes", FX2_BULK_OUT, 64 }, { "write_of_64_KiB", FX2_BULK_OUT, LARGE },
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
	wait_fault();
}

TEST_EACH(others_move_while_a_submission_waits_for_memory, struct job_case, row, cases)
{
	struct job job;

	open_slow();
	start_slow(&job, row);
	others_work();
	CHECK(!job_done(&job));
	serve();
	if (row->pipe == FX2_BULK_IN)
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "data", 4, NULL));
	CHECK_OK(job_wait(&job, 10));
}

TEST_EACH(unplug_does_not_wait_for_a_submission_that_waits_for_memory, struct job_case, row, cases)
{
	struct job job;

	open_slow();
	start_slow(&job, row);
	board_unplug(fx2);
	CHECK(!job_done(&job));
	serve();
	CHECK_ERR(job_wait(&job, 10), ENODEV);
}

TEST_EACH(unbind_does_not_wait_for_a_submission_that_waits_for_memory, struct job_case, row, cases)
{
	struct job job;

	open_slow();
	start_slow(&job, row);
	CHECK_OK(interface_unbind(board_node(fx2, 0)));
	CHECK(!job_done(&job));
	serve();
	CHECK_ERR(job_wait(&job, 10), ENODEV);
}

/* The page was there at the submission and is not any more when the bytes are delivered. */

static pthread_t collector;
static struct winusb_completion record;
static ssize_t collected;

static void *collect_main(void *unused)
{
	collected = read(fd, &record, sizeof(record));
	return unused;
}

static void start_collector(void)
{
	open_slow();
	serve();
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, slow, 64, 5));
	CHECK_EQ(madvise(slow, LARGE, MADV_DONTNEED), 0);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "late", 4, NULL));
	CHECK_EQ(pthread_create(&collector, NULL, collect_main, NULL), 0);
	wait_fault();
}

static void end_collector(void)
{
	serve();
	pthread_join(collector, NULL);
	CHECK_EQ(collected, sizeof(record));
	CHECK_EQ(record.cookie, 5);
	CHECK_EQ(record.status, 0);
	CHECK_EQ(record.length, 4);
	CHECK_MEM(slow, "late", 4);
}

TEST(others_move_while_a_collection_waits_for_memory)
{
	char in[64];

	start_collector();
	others_work();
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "next", 4, NULL));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, 4);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in, sizeof(in), 6));
	CHECK_OK(async_cancel(fd, 6, NULL));
	end_collector();
	async_expect(fd, 6, -ECANCELED, 0);
}

TEST(unplug_does_not_wait_for_a_collection_that_waits_for_memory)
{
	start_collector();
	board_unplug(fx2);
	end_collector();
}

TEST(abort_and_reset_do_not_wait_for_a_collection_that_waits_for_memory)
{
	start_collector();
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	CHECK_OK(node_reset_pipe(fd, handle, FX2_BULK_IN));
	CHECK_OK(node_reset_device(fd, handle));
	end_collector();
}

TEST(a_process_is_killed_while_it_waits_for_memory)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		struct job job;

		open_slow();
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
TEST(unplug_does_not_wait_for_a_command_that_waits_for_memory)
{
	struct winusb_query query;
	struct ring_result result;
	struct ring ring;

	open_slow();
	CHECK_OK(node_query(fd, &query));
	if (!(query.out_capabilities & WINUSB_CAP_URING))
		test_skip("this kernel cannot cancel io_uring commands");
	CHECK_OK(ring_init(&ring, IORING_SETUP_CQE32));
	/* By a worker from the start: a fault in our own thread would block the submission. */
	ring_transfer(&ring, fd, handle, FX2_BULK_IN, slow, LARGE, 1)->flags = IOSQE_ASYNC;
	CHECK_EQ(ring_submit(&ring), 1);
	wait_fault();
	board_unplug(fx2);
	serve();
	CHECK_OK(ring_wait(&ring, &result, 10000 * test_scale()));
	CHECK_ERR(result.res, ENODEV);
}
