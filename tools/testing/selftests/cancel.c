// SPDX-License-Identifier: MIT
/*
 * What ends asynchronous transfers before their time: abort, cancel, close, exit, signals, removal
 * (winusb.md 5.2, 5.3, 9.9, 9.12).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "test.h"

enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK };
enum { MANY = 500, PACKET = 512 };

/* Fewer on a debug kernel, where vhci_hcd's line for each unlink takes most of the time. */
static int many(void)
{
	return test_debug_kernel() ? 60 : MANY;
}

static struct board *fx2, *composite;
static int fd;
static uint32_t handle, moved;
static uint8_t in[MANY][PACKET];

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

static void open_fx2(void)
{
	open_node(fx2, 0);
}

static void raw(void)
{
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_IN, WINUSB_POLICY_RAW_IO, 1));
}

/* Reads of a packet that wait, with cookies 0, 1, and so on. */
static void start_reads(int count)
{
	static struct winusb_transfer transfers[MANY];
	uint32_t out;
	int i;

	for (i = 0; i < count; i++)
		transfers[i] = async_transfer(handle, FX2_BULK_IN, in[i], PACKET, i);
	CHECK_OK(async_submit(fd, transfers, count, &out));
	CHECK_EQ(out, count);
}

static void feed(const char *text)
{
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, (void *)(uintptr_t)text, strlen(text),
			       &moved));
}

static void loopback_works(void)
{
	char data[PACKET];

	feed("works");
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, data, sizeof(data), &moved));
	CHECK_EQ(moved, 5);
	CHECK_MEM(data, "works", 5);
}

/* COUNT records of transfers that ended with STATUS are there now. */
static void take_now(int count, int status)
{
	struct winusb_completion records[64];
	ssize_t n, i;

	while (count) {
		CHECK(async_ready(fd, 0));
		n = read(fd, records, sizeof(records));
		CHECK(n > 0);
		for (i = 0; i < n / (ssize_t)sizeof(records[0]); i++, count--)
			if (records[i].status != status || records[i].length)
				FAIL("cookie %llu: %s, %u bytes",
				     (unsigned long long)records[i].cookie,
				     test_errno(records[i].status), records[i].length);
	}
	async_expect_none(fd);
}

/* The same, and they may come later. */
static void take(int count, int status)
{
	while (count--) {
		struct winusb_completion record = async_wait(fd);

		if (record.status != status)
			FAIL("cookie %llu: %s", (unsigned long long)record.cookie,
			     test_errno(record.status));
	}
	async_expect_none(fd);
}

/* Abort */

TEST(abort_of_500_queued_reads_returns_when_all_are_completed)
{
	open_fx2();
	start_reads(many());
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	take_now(many(), -ECANCELED);
	/* None of those behind the first was handed down on the way. */
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), 1);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "pending"), 0);
	loopback_works();
}

TEST(abort_of_500_raw_reads_returns_when_all_are_completed)
{
	open_fx2();
	raw();
	start_reads(many());
	board_wait_pending(fx2, FX2_BULK_IN, many());
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	take_now(many(), -ECANCELED);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "pending"), 0);
	loopback_works();
}

TEST(abort_ends_transfers_of_its_pipe_only)
{
	open_fx2();
	start_reads(3);
	CHECK_OK(async_start(fd, handle, FX2_SWITCHES, in[3], 8, 3));
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	take_now(3, -ECANCELED);
	board_set(fx2, "switches=0x11");
	async_expect(fd, 3, 0, 1);
}

TEST(abort_leaves_what_was_completed)
{
	open_fx2();
	start_reads(3);
	feed("first");
	CHECK(async_ready(fd, 10000));
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	async_expect(fd, 0, 0, 5);
	take_now(2, -ECANCELED);
}

/* Cancel by cookie */

TEST(cancel_ends_the_one_that_runs_and_the_next_goes_on)
{
	uint32_t count;

	open_fx2();
	start_reads(2);
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	CHECK_OK(async_cancel(fd, 0, &count));
	CHECK_EQ(count, 1);
	async_expect(fd, 0, -ECANCELED, 0);
	feed("second");
	async_expect(fd, 1, 0, 6);
	CHECK_MEM(in[1], "second", 6);
}

TEST(cancel_ends_one_in_the_queue_and_the_others_stay_in_order)
{
	uint32_t count;

	open_fx2();
	start_reads(3);
	CHECK_OK(async_cancel(fd, 1, &count));
	CHECK_EQ(count, 1);
	async_expect(fd, 1, -ECANCELED, 0);
	feed("first");
	feed("third");
	async_expect(fd, 0, 0, 5);
	async_expect(fd, 2, 0, 5);
	CHECK_MEM(in[2], "third", 5);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "unlinked"), 0);
}

TEST(cancel_ends_all_with_an_equal_cookie_on_every_pipe)
{
	uint32_t count;

	open_fx2();
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[0], 64, 7));
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[1], 64, 8));
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[2], 64, 7));
	CHECK_OK(async_start(fd, handle, FX2_SWITCHES, in[3], 8, 7));
	CHECK_OK(async_cancel(fd, 7, &count));
	CHECK_EQ(count, 3);
	take(3, -ECANCELED);
	feed("left");
	async_expect(fd, 8, 0, 4);
}

TEST(cancel_of_a_cookie_that_is_not_under_way_is_ENOENT)
{
	uint32_t count;

	open_fx2();
	CHECK_ERR(async_cancel(fd, 0, &count), ENOENT);
	CHECK_EQ(count, 0);
	CHECK_ERR(async_cancel_all(fd, &count), ENOENT);
	CHECK_EQ(count, 0);
	start_reads(2);
	CHECK_ERR(async_cancel(fd, 2, &count), ENOENT);
	CHECK_ERR(async_cancel(fd, UINT64_MAX, &count), ENOENT);
	/* Completed, and its record not yet read. */
	feed("done");
	CHECK(async_ready(fd, 10000));
	CHECK_ERR(async_cancel(fd, 0, &count), ENOENT);
	CHECK_EQ(count, 0);
	async_expect(fd, 0, 0, 4);
	feed("done");
	async_expect(fd, 1, 0, 4);
}

TEST(cancel_delivers_and_counts_what_came)
{
	uint8_t out[2 * PACKET], data[3 * PACKET];

	open_fx2();
	pattern(out, sizeof(out), 80);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data, sizeof(data), 1));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, sizeof(out), NULL));
	board_wait_counter(fx2, FX2_BULK_IN, "bytes", sizeof(out));
	CHECK_OK(async_cancel(fd, 1, NULL));
	async_expect(fd, 1, -ECANCELED, sizeof(out));
	CHECK_MEM(data, out, sizeof(out));
}

TEST(cancel_of_a_write_counts_what_went)
{
	uint8_t out[3 * PACKET] = { 1 };

	board_set(fx2, "silent=0x06:always:512");
	open_fx2();
	CHECK_OK(async_start(fd, handle, FX2_BULK_OUT, out, sizeof(out), 1));
	board_wait_counter(fx2, FX2_BULK_OUT, "bytes", PACKET);
	CHECK_OK(async_cancel(fd, 1, NULL));
	async_expect(fd, 1, -ECANCELED, PACKET);
}

TEST(cancel_of_a_control_transfer)
{
	struct winusb_transfer arg;
	uint8_t value;

	board_set(fx2, "silent-request=any");
	open_fx2();
	arg = async_transfer(handle, 0, &value, 1, 1);
	node_setup(arg.setup, 0xc0, FX2_GET_SWITCHES, 0, 0, 1);
	CHECK_OK(async_submit(fd, &arg, 1, NULL));
	board_wait_pending(fx2, 0, 1);
	CHECK_OK(async_cancel(fd, 1, NULL));
	async_expect(fd, 1, -ECANCELED, 0);
	board_set(fx2, "silent-request=off");
	CHECK_OK(node_control(fd, handle, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &moved));
}

TEST(cancel_of_cookie_0_leaves_a_blocking_read_alone)
{
	struct job job = { .pipe = FX2_BULK_IN, .buffer = in[0], .length = 64 };

	open_fx2();
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	CHECK_ERR(async_cancel(fd, 0, NULL), ENOENT);
	CHECK(!job_done(&job));
	feed("here");
	CHECK_OK(job_wait(&job, 5));
}

TEST(CANCEL_ALL_ends_everything_whatever_its_cookie)
{
	uint32_t count;

	open_fx2();
	start_reads(100);
	CHECK_OK(async_start(fd, handle, FX2_SWITCHES, in[100], 8, UINT64_MAX));
	CHECK_OK(async_cancel_all(fd, &count));
	CHECK_EQ(count, 101);
	take(101, -ECANCELED);
	CHECK_ERR(async_cancel_all(fd, &count), ENOENT);
	loopback_works();
}

TEST(CANCEL_ALL_with_a_cookie_is_refused_and_cancels_nothing)
{
	struct winusb_cancel arg = { .size = sizeof(arg), .flags = WINUSB_CANCEL_ALL, .cookie = 1 };

	open_fx2();
	start_reads(2);
	CHECK(node_ioctl(fd, WINUSB_IOC_CANCEL, &arg) < 0);
	async_expect_none(fd);
	feed("still");
	feed("here");
	async_expect(fd, 0, 0, 5);
	async_expect(fd, 1, 0, 4);
}

TEST(CANCEL_BLOCKED_ends_what_threads_are_blocked_in_too)
{
	struct job read = { .pipe = FX2_SWITCHES, .buffer = in[1], .length = 8 };
	struct job control = { .buffer = in[2], .length = 1 };
	uint32_t count;

	board_set(fx2, "silent-request=any");
	open_fx2();
	start_reads(1);
	read.fd = control.fd = fd;
	read.handle = control.handle = handle;
	node_setup(control.setup, 0xc0, FX2_GET_SWITCHES, 0, 0, 1);
	job_start_blocked(&read);
	job_start_blocked(&control);
	board_wait_pending(fx2, 0, 1);
	CHECK_OK(async_cancel_blocked(fd, &count));
	CHECK_EQ(count, 3);
	CHECK_ERR(job_wait(&read, 10), ECANCELED);
	CHECK_ERR(job_wait(&control, 10), ECANCELED);
	async_expect(fd, 0, -ECANCELED, 0);
	CHECK_ERR(async_cancel_blocked(fd, &count), ENOENT);
}

static void *reset_main(void *unused)
{
	(void)unused;
	return (void *)(long)node_reset_pipe(fd, handle, FX2_BULK_IN);
}

/* Half of it would leave the device and the host with different data toggles. */
TEST(CANCEL_BLOCKED_leaves_the_reset_of_a_pipe_alone)
{
	pthread_t thread;
	void *result;

	board_set(fx2, "silent-standard=0x0201");
	open_fx2();
	CHECK_EQ(pthread_create(&thread, NULL, reset_main, NULL), 0);
	board_wait_pending(fx2, 0, 1);
	CHECK_ERR(async_cancel_blocked(fd, NULL), ENOENT);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_ERR((long)result, ETIMEDOUT);
}

TEST(CANCEL_BLOCKED_leaves_other_processes_alone)
{
	struct job job = { .pipe = FX2_BULK_IN, .buffer = in[0], .length = 64 };
	int status;
	pid_t pid;

	open_fx2();
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	pid = fork();
	if (!pid)
		_exit(async_cancel_blocked(fd, NULL) == -ENOENT ? 0 : 1);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK(!job_done(&job));
	feed("here");
	CHECK_OK(job_wait(&job, 5));
}

TEST(CANCEL_BLOCKED_of_a_cookie_is_refused_and_cancels_nothing)
{
	struct winusb_cancel arg = {
		.size = sizeof(arg), .flags = WINUSB_CANCEL_BLOCKED, .cookie = 0,
	};

	open_fx2();
	start_reads(1);
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_CANCEL, &arg), EOPNOTSUPP);
	async_expect_none(fd);
	feed("still");
	async_expect(fd, 0, 0, 5);
}

TEST(cancel_in_an_associated_interface)
{
	uint32_t other, count;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 2, &other));
	CHECK_OK(async_start(fd, handle, 0x81, in[0], 64, 1));
	CHECK_OK(async_start(fd, other, 0x87, in[1], 64, 1));
	CHECK_OK(async_start(fd, other, 0x87, in[2], 64, 2));
	CHECK_OK(async_cancel(fd, 1, &count));
	CHECK_EQ(count, 2);
	take(2, -ECANCELED);
	board_do(composite, "push 0x87 0102");
	async_expect(fd, 2, 0, 2);
}

/* Close, exit, signals */

static void node_is_free(void)
{
	uint64_t end = test_now_ms() + 10000 * test_scale();

	/* A process that was killed has to end first. */
	while ((fd = node_open(board_node(fx2, 0), O_RDWR)) == -EBUSY && test_now_ms() < end)
		test_sleep_ms(1);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "pending"), 0);
	loopback_works();
}

struct mode {
	const char *label;
	bool raw;
};

static const struct mode modes[] = { { "queued", false }, { "raw", true } };

static void start_many(const struct mode *mode)
{
	open_fx2();
	if (mode->raw)
		raw();
	start_reads(many());
	board_wait_pending(fx2, FX2_BULK_IN, mode->raw ? many() : 1);
}

TEST_EACH(close_with_500_pending_cancels_all, struct mode, mode, modes)
{
	start_many(mode);
	CHECK_EQ(close(fd), 0);
	node_is_free();
}

static void child_main(const struct mode *mode, int ready)
{
	start_many(mode);
	CHECK_EQ(write(ready, "r", 1), 1);
	for (;;)
		pause();
}

/* A child with 500 reads pending. */
static pid_t start_child(const struct mode *mode)
{
	int pipe_fds[2];
	pid_t pid;
	char c;

	CHECK_EQ(pipe(pipe_fds), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		close(pipe_fds[0]);
		child_main(mode, pipe_fds[1]);
	}
	close(pipe_fds[1]);
	CHECK_EQ(read(pipe_fds[0], &c, 1), 1);
	return pid;
}

TEST_EACH(SIGKILL_with_500_pending_ends_the_process_and_frees_the_node, struct mode, mode, modes)
{
	pid_t pid = start_child(mode);
	int status;

	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));
	node_is_free();
}

TEST_EACH(exit_with_500_pending_frees_the_node, struct mode, mode, modes)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		start_many(mode);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	node_is_free();
}

TEST(exec_with_transfers_pending_closes_the_file)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		open_fx2();
		start_reads(50);
		execl("/bin/true", "true", NULL);
		_exit(127);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	node_is_free();
}

TEST(close_in_a_forked_child_leaves_the_transfers)
{
	int status;
	pid_t pid;

	open_fx2();
	start_reads(2);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		close(fd);
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	async_expect_none(fd);
	feed("still");
	async_expect(fd, 0, 0, 5);
	CHECK_OK(async_cancel(fd, 1, NULL));
	async_expect(fd, 1, -ECANCELED, 0);
}

static void on_signal(int number)
{
	(void)number;
}

TEST(a_signal_ends_a_blocking_read_and_leaves_asynchronous_ones)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct job job = { .pipe = FX2_BULK_IN, .buffer = in[5], .length = 64 };

	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	open_fx2();
	start_reads(1);
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[1], 64, 1));
	pthread_kill(job.thread, SIGUSR1);
	CHECK_ERR(job_wait(&job, 5), EINTR);
	async_expect_none(fd);
	feed("first");
	feed("second");
	async_expect(fd, 0, 0, 5);
	async_expect(fd, 1, 0, 6);
}

/* Removal */

TEST_EACH(unplug_with_500_pending_ends_all_with_ESHUTDOWN, struct mode, mode, modes)
{
	start_many(mode);
	board_unplug(fx2);
	take(many(), -ESHUTDOWN);
}

TEST_EACH(unbind_with_500_pending_ends_all_with_ESHUTDOWN, struct mode, mode, modes)
{
	start_many(mode);
	CHECK_OK(interface_unbind(board_node(fx2, 0)));
	take(many(), -ESHUTDOWN);
}

TEST_EACH(unplug_with_500_pending_and_nobody_who_collects, struct mode, mode, modes)
{
	start_many(mode);
	board_unplug(fx2);
	CHECK_EQ(close(fd), 0);
	board_plug(fx2);
	node_is_free();
}

/* What is refused while transfers are under way */

/* winusb.md 9.12 */
TEST(setting_9_12_is_EBUSY_while_a_read_is_pending_which_goes_on)
{
	uint8_t setting;

	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 1));
	CHECK_OK(async_start(fd, handle, 0x84, in[0], 64, 1));
	CHECK_ERR(node_set_setting(fd, handle, 2), EBUSY);
	CHECK_ERR(node_set_setting(fd, handle, 1), EBUSY);
	CHECK_OK(node_get_setting(fd, handle, &setting));
	CHECK_EQ(setting, 1);
	async_expect_none(fd);
	board_do(composite, "push 0x84 010203");
	async_expect(fd, 1, 0, 3);
	CHECK_OK(node_set_setting(fd, handle, 2));
}

TEST(reset_1_5_is_EBUSY_while_a_read_is_pending_which_goes_on)
{
	open_fx2();
	start_reads(2);
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	CHECK_ERR(node_reset_pipe(fd, handle, FX2_BULK_IN), EBUSY);
	async_expect_none(fd);
	feed("first");
	feed("second");
	async_expect(fd, 0, 0, 5);
	async_expect(fd, 1, 0, 6);
	CHECK_OK(node_reset_pipe(fd, handle, FX2_BULK_IN));
}
