// SPDX-License-Identifier: MIT
/*
 * What ends a transfer early: timeouts, stalls, aborts, signals, bus errors (winusb.md 1.5, 2.2,
 * 5.3, 9.7 to 9.9).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "test.h"

static struct board *fx2, *composite;
static int fd;
static uint32_t handle, moved;

void test_setup(void)
{
	fx2 = board_add("fx2");
	composite = board_add("composite");
	boards_start();
	board_plug(fx2);
	board_plug(composite);
	boards_keep();
}

static void open_node(struct board *board, unsigned int interface)
{
	fd = node_open(board_node(board, interface), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

static void start_read(struct job *job, uint8_t pipe, void *buffer, uint32_t length)
{
	memset(job, 0, sizeof(*job));
	job->fd = fd;
	job->handle = handle;
	job->pipe = pipe;
	job->buffer = buffer;
	job->length = length;
	job_start_blocked(job);
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

TEST(the_default_timeouts_are_5000_and_0)
{
	uint32_t value;

	open_node(fx2, 0);
	CHECK_OK(node_get_timeout(fd, handle, 0, &value));
	CHECK_EQ(value, 5000);
	CHECK_OK(node_get_timeout(fd, handle, FX2_BULK_IN, &value));
	CHECK_EQ(value, 0);
	CHECK_OK(node_get_timeout(fd, handle, FX2_BULK_OUT, &value));
	CHECK_EQ(value, 0);
	CHECK_OK(node_get_timeout(fd, handle, FX2_SWITCHES, &value));
	CHECK_EQ(value, 0);
}

TEST(a_timeout_that_is_set_is_read_back_on_that_pipe_only)
{
	uint32_t value;

	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, UINT32_MAX));
	CHECK_OK(node_get_timeout(fd, handle, FX2_BULK_IN, &value));
	CHECK_EQ(value, UINT32_MAX);
	CHECK_OK(node_get_timeout(fd, handle, FX2_BULK_OUT, &value));
	CHECK_EQ(value, 0);
}

struct policy {
	const char *label;
	uint32_t number;
};

static const struct policy unknown[] = {
	{ "0", 0 }, { "10", 10 }, { "0x80000003", 0x80000003 }, { "all_ones", UINT32_MAX },
};

TEST_EACH(an_unknown_policy_is_EINVAL, struct policy, row, unknown)
{
	uint32_t value;

	open_node(fx2, 0);
	CHECK_ERR(node_set_policy(fd, handle, FX2_BULK_IN, row->number, 1), EINVAL);
	CHECK_ERR(node_get_policy(fd, handle, FX2_BULK_IN, row->number, &value), EINVAL);
}

TEST(a_read_times_out)
{
	uint64_t start;
	char in[64];

	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 100));
	start = test_tick_ms();
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), ETIMEDOUT);
	CHECK_EQ(moved, 0);
	CHECK(test_tick_ms() - start >= 100);
	loopback_works();
}

TEST(an_interrupt_read_times_out)
{
	char in[64];

	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, FX2_SWITCHES, 50));
	CHECK_ERR(node_transfer(fd, handle, FX2_SWITCHES, in, sizeof(in), &moved), ETIMEDOUT);
	CHECK_EQ(moved, 0);
}

/* winusb.md 5.3: what came before the timeout is counted and delivered */
TEST(a_read_that_times_out_delivers_what_came)
{
	uint8_t out[1024], in[4096];

	open_node(fx2, 0);
	pattern(out, sizeof(out), 8);
	memset(in, 0xcc, sizeof(in));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, sizeof(out), NULL));
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 200 * test_scale()));
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), ETIMEDOUT);
	CHECK_EQ(moved, sizeof(out));
	CHECK_MEM(in, out, sizeof(out));
	CHECK_EQ(in[sizeof(out)], 0xcc);
}

/* winusb.md 5.3: a write that times out after two packets counts two packets */
TEST(a_write_that_times_out_counts_what_went)
{
	uint8_t out[2048], in[2048];

	board_set(fx2, "silent=0x06:always:1024");
	open_node(fx2, 0);
	pattern(out, sizeof(out), 9);
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_OUT, 200 * test_scale()));
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_OUT, out, sizeof(out), &moved), ETIMEDOUT);
	CHECK_EQ(moved, 1024);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, 1024, &moved));
	CHECK_EQ(moved, 1024);
	CHECK_MEM(in, out, 1024);
}

TEST(a_timeout_of_0_has_no_limit)
{
	struct job job;
	char in[64];

	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 1));
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 0));
	start_read(&job, FX2_BULK_IN, in, sizeof(in));
	test_sleep_ms(300);
	CHECK(!job_done(&job));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "x", 1, NULL));
	CHECK_OK(job_wait(&job, 5));
}

/* winusb.md 9.7 */
TEST(the_time_in_the_queue_does_not_count)
{
	struct job first, second;
	char in[2][64];
	uint64_t start = test_tick_ms();

	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 400));
	start_read(&first, FX2_BULK_IN, in[0], 64);
	start_read(&second, FX2_BULK_IN, in[1], 64);
	CHECK_ERR(job_wait(&first, 5), ETIMEDOUT);
	CHECK_ERR(job_wait(&second, 5), ETIMEDOUT);
	CHECK(first.order < second.order);
	/* The second had its own 400 ms, after those of the first. */
	CHECK(test_tick_ms() - start >= 800);
}

TEST(five_queued_reads_each_end_by_the_timeout)
{
	struct job jobs[5];
	char in[5][64];
	int i;

	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 10));
	for (i = 0; i < 5; i++) {
		memset(&jobs[i], 0, sizeof(jobs[i]));
		jobs[i].fd = fd;
		jobs[i].handle = handle;
		jobs[i].pipe = FX2_BULK_IN;
		jobs[i].buffer = in[i];
		jobs[i].length = 64;
		job_start(&jobs[i]);
	}
	for (i = 0; i < 5; i++)
		CHECK_ERR(job_wait(&jobs[i], 5), ETIMEDOUT);
}

TEST(the_count_of_a_transfer_that_timed_out_does_not_disturb_the_next)
{
	char in[600];

	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 50));
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), ETIMEDOUT);
	CHECK_EQ(moved, 0);
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 0));
	loopback_works();
}

/* winusb.md 9.8 */
TEST(a_stall_is_EPIPE_until_reset_pipe)
{
	char in[64];

	open_node(fx2, 0);
	board_set(fx2, "stall=0x88:1");
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), EPIPE);
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), EPIPE);
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), EPIPE);
	CHECK_EQ(moved, 0);
	CHECK_OK(node_reset_pipe(fd, handle, FX2_BULK_IN));
	loopback_works();
}

TEST(a_write_that_stalls_is_EPIPE_until_reset_pipe)
{
	open_node(fx2, 0);
	board_set(fx2, "stall=0x06:1");
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_OUT, "lost", 4, &moved), EPIPE);
	CHECK_EQ(moved, 0);
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_OUT, "lost", 4, &moved), EPIPE);
	CHECK_OK(node_reset_pipe(fd, handle, FX2_BULK_OUT));
	loopback_works();
}

TEST(a_stall_in_the_middle_of_a_read_delivers_what_came_before)
{
	uint8_t in[4096];
	uint32_t i;

	board_set(fx2, "source=0x88");
	board_set(fx2, "stall=0x88:1:1024");
	open_node(fx2, 0);
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), EPIPE);
	CHECK_EQ(moved, 1024);
	for (i = 0; i < moved; i++)
		CHECK_EQ(in[i], i % 251);
}

TEST(queued_reads_behind_a_stall_fail_too)
{
	struct job first, second;
	char in[2][64];

	board_set(fx2, "silent=0x88:always");
	open_node(fx2, 0);
	start_read(&first, FX2_BULK_IN, in[0], 64);
	start_read(&second, FX2_BULK_IN, in[1], 64);
	board_set(fx2, "stall=0x88:1");
	board_set(fx2, "silent=0x88:never");
	CHECK_ERR(job_wait(&first, 5), EPIPE);
	CHECK_ERR(job_wait(&second, 5), EPIPE);
	CHECK_OK(node_reset_pipe(fd, handle, FX2_BULK_IN));
	loopback_works();
}

TEST(a_stall_of_one_pipe_leaves_the_others_alone)
{
	char in[64];

	open_node(fx2, 0);
	board_set(fx2, "stall=0x81:1");
	CHECK_ERR(node_transfer(fd, handle, FX2_SWITCHES, in, sizeof(in), &moved), EPIPE);
	loopback_works();
}

TEST(reset_pipe_clears_the_halt_in_the_device)
{
	uint8_t setup[8];
	static const uint8_t expected[8] = { 0x02, 1, 0, 0, FX2_BULK_IN, 0, 0, 0 };

	open_node(fx2, 0);
	CHECK_OK(node_reset_pipe(fd, handle, FX2_BULK_IN));
	board_last_request(fx2, setup);
	CHECK_MEM(setup, expected, 8);
	loopback_works();
}

TEST(reset_pipe_is_EBUSY_while_a_transfer_is_with_the_host_controller)
{
	struct job job;
	char in[64];

	open_node(fx2, 0);
	start_read(&job, FX2_BULK_IN, in, sizeof(in));
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	CHECK_ERR(node_reset_pipe(fd, handle, FX2_BULK_IN), EBUSY);
	CHECK(!job_done(&job));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "x", 1, NULL));
	CHECK_OK(job_wait(&job, 5));
}

/* winusb.md 8, row 5 */
TEST(abort_and_reset_of_pipe_0_succeed_and_do_nothing)
{
	unsigned int before;

	open_node(fx2, 0);
	before = board_requests(fx2);
	CHECK_OK(node_abort(fd, handle, 0));
	CHECK_OK(node_reset_pipe(fd, handle, 0));
	CHECK_EQ(board_requests(fx2), before);
}

TEST(abort_with_nothing_pending_succeeds)
{
	open_node(fx2, 0);
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	CHECK_OK(node_abort(fd, handle, FX2_BULK_OUT));
	CHECK_OK(node_abort(fd, handle, FX2_SWITCHES));
	loopback_works();
}

TEST(abort_ends_a_read_with_ECANCELED)
{
	struct job job;
	char in[64];

	open_node(fx2, 0);
	start_read(&job, FX2_BULK_IN, in, sizeof(in));
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	CHECK_ERR(job_wait(&job, 5), ECANCELED);
	CHECK_EQ(job.moved, 0);
	loopback_works();
}

TEST(abort_returns_when_the_host_controller_has_nothing_any_more)
{
	struct job job;
	char in[64];

	open_node(fx2, 0);
	start_read(&job, FX2_BULK_IN, in, sizeof(in));
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "pending"), 0);
	CHECK_ERR(job_wait(&job, 5), ECANCELED);
}

/* winusb.md 5.3: two of three packets came */
TEST(abort_delivers_what_came)
{
	uint8_t out[1024], in[1536];
	struct job job;

	open_node(fx2, 0);
	pattern(out, sizeof(out), 10);
	start_read(&job, FX2_BULK_IN, in, sizeof(in));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, sizeof(out), NULL));
	board_wait_counter(fx2, FX2_BULK_IN, "bytes", sizeof(out));
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	CHECK_ERR(job_wait(&job, 5), ECANCELED);
	CHECK_EQ(job.moved, sizeof(out));
	CHECK_MEM(in, out, sizeof(out));
}

TEST(abort_ends_a_write_and_counts_what_went)
{
	uint8_t out[2048];
	struct job job;

	board_set(fx2, "silent=0x06:always:512");
	open_node(fx2, 0);
	pattern(out, sizeof(out), 11);
	start_read(&job, FX2_BULK_OUT, out, sizeof(out));
	board_wait_counter(fx2, FX2_BULK_OUT, "bytes", 512);
	CHECK_OK(node_abort(fd, handle, FX2_BULK_OUT));
	CHECK_ERR(job_wait(&job, 5), ECANCELED);
	CHECK_EQ(job.moved, 512);
}

TEST(abort_ends_only_its_pipe)
{
	struct job bulk, switches;
	char in[2][64];

	open_node(fx2, 0);
	start_read(&bulk, FX2_BULK_IN, in[0], 64);
	start_read(&switches, FX2_SWITCHES, in[1], 64);
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	CHECK_ERR(job_wait(&bulk, 5), ECANCELED);
	CHECK(!job_done(&switches));
	board_set(fx2, "switches=0x11");
	CHECK_OK(job_wait(&switches, 5));
}

/* winusb.md 5.3: "AbortPipe with 500 reads queued: fine, at once" */
TEST_LIMIT(abort_ends_500_queued_reads, 60)
{
	int count = test_debug_kernel() ? 100 : 500, i;
	struct job *jobs = calloc(count, sizeof(*jobs));
	static char in[500][16];

	CHECK(jobs);
	open_node(fx2, 0);
	for (i = 0; i < count; i++) {
		jobs[i].fd = fd;
		jobs[i].handle = handle;
		jobs[i].pipe = FX2_BULK_IN;
		jobs[i].buffer = in[i];
		jobs[i].length = sizeof(in[i]);
		job_start(&jobs[i]);
	}
	for (i = 0; i < count; i++)
		job_wait_blocked(&jobs[i]);
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	for (i = 0; i < count; i++)
		CHECK_ERR(job_wait(&jobs[i], 20), ECANCELED);
	/* One transfer was at the host controller, and no other was handed to it on the way. */
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), 1);
	loopback_works();
}

static void on_signal(int number)
{
	(void)number;
}

static void catch_signal(int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
}

struct signal_case {
	const char *label;
	int flags;
};

static const struct signal_case signal_cases[] = {
	{ "without_SA_RESTART", 0 }, { "with_SA_RESTART", SA_RESTART },
};

TEST_EACH(a_signal_ends_a_read_with_EINTR, struct signal_case, row, signal_cases)
{
	struct job job;
	char in[64];

	catch_signal(row->flags);
	open_node(fx2, 0);
	start_read(&job, FX2_BULK_IN, in, sizeof(in));
	pthread_kill(job.thread, SIGUSR1);
	CHECK_ERR(job_wait(&job, 5), EINTR);
	CHECK_EQ(job.moved, 0);
	loopback_works();
}

TEST_EACH(a_signal_ends_a_queued_read_with_EINTR, struct signal_case, row, signal_cases)
{
	struct job first, second;
	char in[2][64];

	catch_signal(row->flags);
	open_node(fx2, 0);
	start_read(&first, FX2_BULK_IN, in[0], 64);
	start_read(&second, FX2_BULK_IN, in[1], 64);
	pthread_kill(second.thread, SIGUSR1);
	CHECK_ERR(job_wait(&second, 5), EINTR);
	CHECK(!job_done(&first));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "x", 1, NULL));
	CHECK_OK(job_wait(&first, 5));
}

TEST_EACH(a_signal_ends_a_control_transfer_with_EINTR, struct signal_case, row, signal_cases)
{
	uint8_t data[1];
	struct job job = { .buffer = data, .length = 1,
			   .setup = { 0xc0, FX2_GET_SWITCHES, 0, 0, 0, 0, 1, 0 } };

	catch_signal(row->flags);
	board_set(fx2, "silent-request=any");
	open_node(fx2, 0);
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	pthread_kill(job.thread, SIGUSR1);
	CHECK_ERR(job_wait(&job, 5), EINTR);
}

TEST(a_read_ended_by_a_signal_delivers_what_came)
{
	uint8_t out[512], in[1024];
	struct job job;

	catch_signal(0);
	open_node(fx2, 0);
	pattern(out, sizeof(out), 12);
	start_read(&job, FX2_BULK_IN, in, sizeof(in));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, sizeof(out), NULL));
	board_wait_counter(fx2, FX2_BULK_IN, "bytes", sizeof(out));
	pthread_kill(job.thread, SIGUSR1);
	CHECK_ERR(job_wait(&job, 5), EINTR);
	CHECK_EQ(job.moved, sizeof(out));
	CHECK_MEM(in, out, sizeof(out));
}

TEST(a_write_ended_by_a_signal_counts_what_went)
{
	uint8_t out[2048];
	struct job job;

	catch_signal(0);
	board_set(fx2, "silent=0x06:always:1024");
	open_node(fx2, 0);
	start_read(&job, FX2_BULK_OUT, out, sizeof(out));
	board_wait_counter(fx2, FX2_BULK_OUT, "bytes", 1024);
	pthread_kill(job.thread, SIGUSR1);
	CHECK_ERR(job_wait(&job, 5), EINTR);
	CHECK_EQ(job.moved, 1024);
}

TEST(a_storm_of_signals_loses_no_data)
{
	uint8_t in[256], out[256];
	uint32_t total = 0, i;
	struct job job;

	catch_signal(0);
	open_node(fx2, 0);
	pattern(out, sizeof(out), 13);
	for (i = 0; total < sizeof(out); i++) {
		start_read(&job, FX2_BULK_IN, in + total, 1);
		if (i % 2 == 0)
			CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out + i / 2, 1, NULL));
		pthread_kill(job.thread, SIGUSR1);
		job_wait(&job, 5);
		CHECK(job.result == 0 || job.result == -EINTR);
		total += job.moved;
		if (i == (test_debug_kernel() ? 20 : 200))
			break;
	}
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 5000));
	while (total < i / 2 + 1 &&
	       node_transfer(fd, handle, FX2_BULK_IN, in + total, 1, &moved) == 0)
		total += moved;
	CHECK_EQ(total, i / 2 + 1);
	CHECK_MEM(in, out, total);
}

struct bus_error {
	const char *label;
	const char *status;
	int error;
};

static const struct bus_error bus_errors[] = {
	{ "EPROTO", "EPROTO", EPROTO }, { "EILSEQ", "EILSEQ", EILSEQ },
	{ "ETIME_as_EPROTO", "ETIME", EPROTO }, { "EOVERFLOW", "EOVERFLOW", EOVERFLOW },
	{ "ENOSR_as_EIO", "ENOSR", EIO }, { "ECOMM_as_EIO", "ECOMM", EIO },
	{ "EIO", "EIO", EIO }, { "EXDEV_as_EIO", "EXDEV", EIO },
};

TEST_EACH(a_bus_error_of_a_read_has_its_errno, struct bus_error, row, bus_errors)
{
	char option[64], in[64];

	snprintf(option, sizeof(option), "error=0x88:%s:1", row->status);
	open_node(fx2, 0);
	board_set(fx2, option);
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), row->error);
	CHECK_EQ(moved, 0);
	loopback_works();
}

TEST_EACH(a_bus_error_of_a_write_has_its_errno, struct bus_error, row, bus_errors)
{
	char option[64];

	snprintf(option, sizeof(option), "error=0x06:%s:1", row->status);
	open_node(fx2, 0);
	board_set(fx2, option);
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_OUT, "lost", 4, &moved), row->error);
	CHECK_EQ(moved, 0);
	loopback_works();
}

TEST(a_bus_error_after_some_data_delivers_them)
{
	uint8_t in[2048];

	board_set(fx2, "source=0x88");
	board_set(fx2, "error=0x88:EPROTO:1:512");
	open_node(fx2, 0);
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), EPROTO);
	CHECK_EQ(moved, 512);
	CHECK_EQ(in[511], 511 % 251);
}
