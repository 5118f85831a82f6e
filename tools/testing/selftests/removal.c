// SPDX-License-Identifier: MIT
/*
 * The device leaves, an interface is unbound, a file is closed: with transfers blocked (winusb.md
 * 5.2, 5.4, 9.16, the uapi header's "Removal").
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "node.h"
#include "test.h"

enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK, INTERFACES };

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

static void start(struct job *job, uint32_t on, uint8_t pipe)
{
	static char data[64][64];
	static int used;

	memset(job, 0, sizeof(*job));
	job->fd = fd;
	job->handle = on;
	job->pipe = pipe;
	job->buffer = data[used++];
	job->length = 64;
	job_start_blocked(job);
}

static int revents(int of)
{
	struct pollfd poll_fd = { .fd = of, .events = POLLIN | POLLOUT };

	CHECK(poll(&poll_fd, 1, 0) >= 0);
	return poll_fd.revents;
}

static void loopback_works(void)
{
	char in[64];

	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "works", 5, &moved));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, 5);
	CHECK_MEM(in, "works", 5);
}

TEST(unplug_ends_a_blocked_read_with_ESHUTDOWN)
{
	struct job job;

	open_node(fx2, 0);
	start(&job, handle, FX2_BULK_IN);
	board_unplug(fx2);
	CHECK_ERR(job_wait(&job, 10), ESHUTDOWN);
	CHECK_EQ(job.moved, 0);
}

TEST(unplug_ends_readers_on_all_pipes_and_those_that_queue)
{
	struct job jobs[6];
	int i;

	open_node(fx2, 0);
	for (i = 0; i < 3; i++) {
		start(&jobs[i], handle, FX2_BULK_IN);
		start(&jobs[i + 3], handle, FX2_SWITCHES);
	}
	board_unplug(fx2);
	for (i = 0; i < 6; i++)
		CHECK_ERR(job_wait(&jobs[i], 10), ESHUTDOWN);
}

TEST(unplug_ends_a_blocked_write_with_ESHUTDOWN)
{
	struct job job;

	board_set(fx2, "silent=0x06:always");
	open_node(fx2, 0);
	start(&job, handle, FX2_BULK_OUT);
	board_unplug(fx2);
	CHECK_ERR(job_wait(&job, 10), ESHUTDOWN);
}

TEST(unplug_ends_a_control_transfer_with_ESHUTDOWN)
{
	uint8_t data[1];
	struct job job = { .buffer = data, .length = 1,
			   .setup = { 0xc0, FX2_GET_SWITCHES, 0, 0, 0, 0, 1, 0 } };

	board_set(fx2, "silent-request=any");
	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, 0, 0));
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	board_unplug(fx2);
	CHECK_ERR(job_wait(&job, 10), ESHUTDOWN);
}

TEST(unplug_ends_readers_of_all_interfaces_of_a_function)
{
	uint32_t handles[INTERFACES];
	static const uint8_t pipes[INTERFACES] = { 0x81, 0x82, 0x84, 0x87 };
	struct job jobs[2 * INTERFACES];
	int i;

	open_node(composite, JOINED_DATA);
	handles[0] = handle;
	for (i = 1; i < INTERFACES; i++)
		CHECK_OK(node_associated(fd, handle, i - 1, &handles[i]));
	CHECK_OK(node_set_setting(fd, handles[SETTINGS], 1));
	for (i = 0; i < INTERFACES; i++) {
		start(&jobs[i], handles[i], pipes[i]);
		start(&jobs[INTERFACES + i], handles[i], pipes[i]);
	}
	board_unplug(composite);
	for (i = 0; i < 2 * INTERFACES; i++)
		CHECK_ERR(job_wait(&jobs[i], 10), ESHUTDOWN);
	for (i = 0; i < INTERFACES; i++)
		CHECK_OK(node_free(fd, handles[i]));
}

TEST(unplug_ends_readers_of_several_files)
{
	static const uint8_t pipes[] = { 0x82, 0x87 };
	static const unsigned int interfaces[] = { JOINED_EVENTS, LOOPBACK };
	struct job jobs[2];
	int i;

	for (i = 0; i < 2; i++) {
		open_node(composite, interfaces[i]);
		start(&jobs[i], handle, pipes[i]);
	}
	board_unplug(composite);
	for (i = 0; i < 2; i++)
		CHECK_ERR(job_wait(&jobs[i], 10), ESHUTDOWN);
}

TEST(data_that_came_before_the_unplug_are_delivered)
{
	uint8_t in[4096];
	uint32_t i;

	board_set(fx2, "source=0x88");
	board_set(fx2, "vanish=100000");
	open_node(fx2, 0);
	for (i = 0; i < 64; i++) {
		int result = node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved);

		if (result)
			break;
		CHECK_EQ(moved, sizeof(in));
		CHECK_EQ(in[0], i * sizeof(in) % 251);
	}
	CHECK(i >= 24 && i < 64);
	board_wait_gone(fx2);
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), ENODEV);
}

TEST(after_removal_every_command_of_the_bus_is_ENODEV)
{
	uint32_t out, value;
	char data[64];

	open_node(composite, JOINED_DATA);
	board_unplug(composite);
	CHECK_ERR(node_transfer(fd, handle, 0x81, data, sizeof(data), &moved), ENODEV);
	CHECK_EQ(moved, 0);
	CHECK_ERR(node_transfer(fd, handle, 0x01, data, sizeof(data), &moved), ENODEV);
	CHECK_ERR(async_start(fd, handle, 0x81, data, sizeof(data), 1), ENODEV);
	CHECK_ERR(node_control(fd, handle, 0x80, 0, 0, 0, 2, data, 2, &moved), ENODEV);
	CHECK_ERR(node_initialize(fd, &out), ENODEV);
	CHECK_ERR(node_associated(fd, handle, 0, &out), ENODEV);
	CHECK_ERR(node_set_setting(fd, handle, 0), ENODEV);
	CHECK_ERR(node_timeout(fd, handle, 0, 1), ENODEV);
	CHECK_ERR(node_get_timeout(fd, handle, 0x81, &value), ENODEV);
	CHECK_ERR(node_abort(fd, handle, 0x81), ENODEV);
	CHECK_ERR(node_reset_pipe(fd, handle, 0x81), ENODEV);
	CHECK_ERR(node_flush(fd, handle, 0x81), ENODEV);
	CHECK_ERR(node_reset_device(fd, handle), ENODEV);
	CHECK_ERR(node_descriptor(fd, handle, 3, 1, 0x0409, data, sizeof(data), &moved), ENODEV);
}

TEST(after_removal_the_queries_go_on)
{
	struct winusb_query_pipe pipe;
	struct winusb_query query;
	uint8_t descriptor[255], setting;
	uint32_t speed;

	open_node(composite, JOINED_DATA);
	board_unplug(composite);
	CHECK_OK(node_query(fd, &query));
	CHECK_EQ(query.out_interfaces, INTERFACES);
	CHECK_OK(node_settings(fd, handle, 0, descriptor));
	CHECK_OK(node_query_pipe(fd, handle, 0, 1, &pipe));
	CHECK_EQ(pipe.out_pipe_id, 0x81);
	CHECK_OK(node_speed(fd, handle, &speed));
	CHECK_EQ(speed, WINUSB_SPEED_HIGH);
	CHECK_OK(node_get_setting(fd, handle, &setting));
	CHECK_OK(node_descriptor(fd, handle, 1, 0, 0, descriptor, 18, &moved));
	CHECK_EQ(moved, 18);
	CHECK_OK(node_descriptor(fd, handle, 2, 0, 0, descriptor, sizeof(descriptor), &moved));
	CHECK(moved > 100);
}

TEST(after_removal_handles_stay_valid_until_they_are_freed)
{
	uint32_t out, speed;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 0, &out));
	board_unplug(composite);
	CHECK_OK(node_speed(fd, out, &speed));
	CHECK_OK(node_free(fd, out));
	CHECK_ERR(node_speed(fd, out, &speed), EBADF);
	CHECK_OK(node_free(fd, handle));
	CHECK_ERR(node_free(fd, handle), EBADF);
}

TEST(poll_says_POLLHUP_and_POLLERR_after_removal)
{
	open_node(fx2, 0);
	CHECK_EQ(revents(fd), 0);
	board_unplug(fx2);
	CHECK_EQ(revents(fd), POLLHUP | POLLERR);
}

static void *poll_main(void *data)
{
	struct pollfd poll_fd = { .fd = fd, .events = 0 };
	int *result = data;

	poll(&poll_fd, 1, -1);
	*result = poll_fd.revents;
	return NULL;
}

TEST(removal_wakes_a_blocked_poll)
{
	pthread_t thread;
	int result = 0;

	open_node(fx2, 0);
	CHECK_EQ(pthread_create(&thread, NULL, poll_main, &result), 0);
	test_sleep_ms(50);
	board_unplug(fx2);
	pthread_join(thread, NULL);
	CHECK_EQ(result, POLLHUP | POLLERR);
}

TEST(the_node_leaves_with_the_device_while_it_is_open)
{
	open_node(fx2, 0);
	board_unplug(fx2);
	CHECK(access(node_path(board_node(fx2, 0)), F_OK) != 0);
}

TEST(a_replugged_device_is_new_and_the_old_file_stays_dead)
{
	int old;
	uint32_t old_handle;

	open_node(fx2, 0);
	old = fd;
	old_handle = handle;
	board_unplug(fx2);
	board_plug(fx2);
	open_node(fx2, 0);
	loopback_works();
	CHECK_ERR(node_transfer(old, old_handle, FX2_BULK_OUT, "x", 1, &moved), ENODEV);
	CHECK_EQ(revents(old), POLLHUP | POLLERR);
	close(old);
	loopback_works();
}

TEST(unbind_ends_blocked_readers_with_ESHUTDOWN)
{
	struct job jobs[3];
	int i;

	open_node(fx2, 0);
	start(&jobs[0], handle, FX2_BULK_IN);
	start(&jobs[1], handle, FX2_BULK_IN);
	start(&jobs[2], handle, FX2_SWITCHES);
	CHECK_OK(interface_unbind(board_node(fx2, 0)));
	for (i = 0; i < 3; i++)
		CHECK_ERR(job_wait(&jobs[i], 10), ESHUTDOWN);
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_OUT, "x", 1, &moved), ENODEV);
	CHECK_EQ(revents(fd), POLLHUP | POLLERR);
}

TEST(bound_again_while_the_old_file_is_open_the_new_one_works)
{
	int old;
	uint32_t old_handle;

	open_node(fx2, 0);
	old = fd;
	old_handle = handle;
	CHECK_OK(interface_unbind(board_node(fx2, 0)));
	CHECK_OK(interface_bind(board_node(fx2, 0), "winusb"));
	open_node(fx2, 0);
	loopback_works();
	CHECK_ERR(node_transfer(old, old_handle, FX2_BULK_OUT, "x", 1, &moved), ENODEV);
	close(old);
	loopback_works();
}

TEST(bound_and_unbound_many_times_with_all_files_open)
{
	int i, n = test_debug_kernel() ? 5 : 20, files[20];

	for (i = 0; i < n; i++) {
		open_node(fx2, 0);
		files[i] = fd;
		CHECK_OK(interface_unbind(board_node(fx2, 0)));
		CHECK_OK(interface_bind(board_node(fx2, 0), "winusb"));
	}
	open_node(fx2, 0);
	loopback_works();
	for (i = 0; i < n; i++)
		CHECK_EQ(revents(files[i]), POLLHUP | POLLERR);
}

TEST(unbinding_the_default_ends_the_whole_file)
{
	struct job own, sibling;
	uint32_t out;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 2, &out));
	start(&own, handle, 0x81);
	start(&sibling, out, 0x87);
	CHECK_OK(interface_unbind(board_node(composite, JOINED_DATA)));
	CHECK_ERR(job_wait(&own, 10), ESHUTDOWN);
	CHECK_ERR(job_wait(&sibling, 10), ESHUTDOWN);
	CHECK_ERR(node_transfer(fd, out, 0x07, "x", 1, &moved), ENODEV);
	CHECK_OK(node_free(fd, out));
}

TEST(unbinding_the_default_makes_its_siblings_free)
{
	uint32_t out;
	int old;

	open_node(composite, JOINED_DATA);
	old = fd;
	CHECK_OK(node_associated(fd, handle, 2, &out));
	CHECK_OK(interface_unbind(board_node(composite, JOINED_DATA)));
	open_node(composite, LOOPBACK);
	CHECK_OK(node_transfer(fd, handle, 0x07, "x", 1, &moved));
	CHECK_ERR(node_transfer(old, out, 0x07, "x", 1, &moved), ENODEV);
	close(old);
	CHECK_OK(node_transfer(fd, handle, 0x07, "x", 1, &moved));
}

TEST(unbinding_a_sibling_ends_its_transfers_only)
{
	struct job own, sibling;
	uint32_t out, again;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 2, &out));
	start(&own, handle, 0x81);
	start(&sibling, out, 0x87);
	CHECK_OK(interface_unbind(board_node(composite, LOOPBACK)));
	CHECK_ERR(job_wait(&sibling, 10), ESHUTDOWN);
	CHECK(!job_done(&own));
	CHECK_EQ(revents(fd), 0);
	CHECK_ERR(node_transfer(fd, out, 0x07, "x", 1, &moved), ENODEV);
	CHECK_ERR(node_associated(fd, handle, 2, &again), EAGAIN);
	CHECK_OK(node_free(fd, out));
	CHECK_OK(node_transfer(fd, handle, 0x01, "on", 2, &moved));
	CHECK_OK(job_wait(&own, 10));
	CHECK_EQ(own.moved, 2);
}

TEST(a_sibling_that_was_bound_again_is_had_anew_and_the_old_handle_stays_dead)
{
	uint32_t old, out;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 2, &old));
	CHECK_OK(interface_unbind(board_node(composite, LOOPBACK)));
	CHECK_OK(interface_bind(board_node(composite, LOOPBACK), "winusb"));
	CHECK_OK(node_associated(fd, handle, 2, &out));
	CHECK_OK(node_transfer(fd, out, 0x07, "x", 1, &moved));
	CHECK_ERR(node_transfer(fd, old, 0x07, "x", 1, &moved), ENODEV);
	CHECK_OK(node_free(fd, old));
	CHECK_OK(node_transfer(fd, out, 0x07, "x", 1, &moved));
}

TEST(close_ends_what_other_threads_wait_for_with_ECANCELED)
{
	struct job jobs[3];
	int i;

	open_node(fx2, 0);
	start(&jobs[0], handle, FX2_BULK_IN);
	start(&jobs[1], handle, FX2_BULK_IN);
	start(&jobs[2], handle, FX2_SWITCHES);
	CHECK_EQ(close(fd), 0);
	for (i = 0; i < 3; i++)
		CHECK_ERR(job_wait(&jobs[i], 10), ECANCELED);
}

TEST(after_a_close_with_blocked_threads_the_node_is_free)
{
	struct job job;

	open_node(fx2, 0);
	start(&job, handle, FX2_BULK_IN);
	CHECK_EQ(close(fd), 0);
	CHECK_ERR(job_wait(&job, 10), ECANCELED);
	open_node(fx2, 0);
	loopback_works();
}

TEST(close_ends_transfers_of_associated_handles_too)
{
	struct job job;
	uint32_t out;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 2, &out));
	start(&job, out, 0x87);
	CHECK_EQ(close(fd), 0);
	CHECK_ERR(job_wait(&job, 10), ECANCELED);
}

TEST(close_of_a_duplicate_cancels_nothing)
{
	struct job job;
	int copy;

	open_node(fx2, 0);
	copy = dup(fd);
	CHECK(copy >= 0);
	start(&job, handle, FX2_BULK_IN);
	CHECK_EQ(close(copy), 0);
	test_sleep_ms(50);
	CHECK(!job_done(&job));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "x", 1, &moved));
	CHECK_OK(job_wait(&job, 10));
}

TEST(close_in_a_forked_child_cancels_nothing)
{
	struct job job;
	pid_t pid;

	open_node(fx2, 0);
	start(&job, handle, FX2_BULK_IN);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid)
		_exit(close(fd) ? 1 : 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	test_sleep_ms(50);
	CHECK(!job_done(&job));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "x", 1, &moved));
	CHECK_OK(job_wait(&job, 10));
}

TEST(close_in_the_parent_leaves_the_transfers_of_a_forked_child)
{
	char in[8] = { 0 };
	int status, pipe_fds[2];
	pid_t pid;

	CHECK_EQ(pipe(pipe_fds), 0);
	open_node(fx2, 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		if (node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved) || moved != 5)
			_exit(1);
		_exit(0);
	}
	wait_asleep(pid);
	close(fd);
	test_sleep_ms(50);
	CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
	board_do(fx2, "push 0x88 68656c6c6f");
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

TEST(a_process_that_is_killed_while_it_reads_leaves_the_node_free)
{
	char in[64];
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		open_node(fx2, 0);
		node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved);
		_exit(0);
	}
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	open_node(fx2, 0);
	loopback_works();
}

TEST(a_process_that_exits_while_its_threads_read_leaves_the_node_free)
{
	struct job jobs[4];
	pid_t pid = fork();
	int i, status;

	CHECK(pid >= 0);
	if (!pid) {
		open_node(fx2, 0);
		for (i = 0; i < 4; i++)
			start(&jobs[i], handle, i & 1 ? FX2_BULK_IN : FX2_SWITCHES);
		_exit(7);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(WEXITSTATUS(status), 7);
	open_node(fx2, 0);
	loopback_works();
}

TEST(a_process_that_is_killed_while_a_control_transfer_hangs_ends)
{
	uint8_t data[1];
	uint64_t start_ms;
	pid_t pid;

	board_set(fx2, "silent-request=any");
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		open_node(fx2, 0);
		node_timeout(fd, handle, 0, 0);
		node_control(fd, handle, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, data, 1, &moved);
		_exit(0);
	}
	board_wait_pending(fx2, 0, 1);
	start_ms = test_now_ms();
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	CHECK(test_now_ms() - start_ms < 3000 * test_scale());
}

TEST(unplug_while_a_file_is_closed_by_another_thread)
{
	int i, n = test_debug_kernel() ? 3 : 10;

	for (i = 0; i < n; i++) {
		struct job job;

		open_node(fx2, 0);
		start(&job, handle, FX2_BULK_IN);
		board_pull(fx2);
		close(fd);
		job_wait(&job, 10);
		CHECK(job.result == -ECANCELED || job.result == -ESHUTDOWN ||
		      job.result == -EPROTO);
		board_wait_gone(fx2);
		board_plug(fx2);
	}
}

TEST(unplug_while_an_abort_waits)
{
	int i, n = test_debug_kernel() ? 3 : 10;

	for (i = 0; i < n; i++) {
		struct job job;
		int result;

		open_node(fx2, 0);
		start(&job, handle, FX2_BULK_IN);
		board_pull(fx2);
		result = node_abort(fd, handle, FX2_BULK_IN);
		CHECK(result == 0 || result == -ENODEV);
		job_wait(&job, 10);
		CHECK(job.result == -ECANCELED || job.result == -ESHUTDOWN ||
		      job.result == -EPROTO);
		close(fd);
		board_wait_gone(fx2);
		board_plug(fx2);
	}
}

/* The setting is restored by the device, which does not answer any more. */
TEST(close_after_an_unplug_does_not_wait_for_the_device)
{
	uint64_t start_ms;

	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 1));
	board_unplug(composite);
	start_ms = test_now_ms();
	close(fd);
	CHECK(test_now_ms() - start_ms < 4000 * test_scale());
}
