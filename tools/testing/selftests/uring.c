// SPDX-License-Identifier: MIT
/* What is peculiar to io_uring commands: form, kinds of rings, rings that end, cancellation. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "ring.h"
#include "test.h"

enum { MANY = 500, PACKET = 512 };

/* Fewer on a debug kernel, where vhci_hcd's line for each unlink takes most of the time. */
static int many(void)
{
	return test_debug_kernel() ? 60 : MANY;
}

static struct board *fx2;
static int fd;
static uint32_t handle, moved;
static struct ring ring;
static uint8_t in[MANY][PACKET];

void test_setup(void)
{
	fx2 = board_add("fx2");
	boards_start();
	board_plug(fx2);
	boards_keep();
}

static bool has_uring(void)
{
	struct winusb_query query;

	CHECK_OK(node_query(fd, &query));
	return query.out_capabilities & WINUSB_CAP_URING;
}

/* A ring that ended, with or without its process, lets go of the file a little later. */
static void open_node(void)
{
	uint64_t end = test_now_ms() + 10000 * test_scale();

	while ((fd = node_open(board_node(fx2, 0), O_RDWR)) == -EBUSY && test_now_ms() < end)
		test_sleep_ms(1);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

/* The node, and a ring of the kind that FLAGS say. */
static void open_ring(unsigned int flags)
{
	int result;

	open_node();
	if (!has_uring())
		test_skip("this kernel cannot cancel io_uring commands");
	result = ring_init(&ring, flags);
	if (result == -ENOSYS || result == -EPERM || result == -EINVAL)
		test_skip("this kernel has no such ring: %s", test_errno(result));
	CHECK_OK(result);
}

static void feed(const char *text)
{
	int result;

	/* What the ring has to do in this thread ends a write that does not end soon. */
	do {
		result = node_transfer(fd, handle, FX2_BULK_OUT, (void *)(uintptr_t)text,
				       strlen(text), &moved);
	} while (result == -EINTR && !moved);
	if (result != -EINTR)
		CHECK_OK(result);
	CHECK_EQ(moved, strlen(text));
}

static struct ring_result wait_result(void)
{
	struct ring_result result;
	int error;

	do {
		error = ring_wait(&ring, &result, 10000 * test_scale());
	} while (error == -EINTR);
	if (error)
		FAIL("no completion in %u s: %s", 10 * test_scale(), test_errno(error));
	return result;
}

static void expect(uint64_t user_data, int res)
{
	struct ring_result result = wait_result();

	if (result.user_data != user_data || result.res != res)
		FAIL("the completion is of 0x%llx with %s; expected 0x%llx with %s",
		     (unsigned long long)result.user_data, test_errno(result.res),
		     (unsigned long long)user_data, test_errno(res));
}

static void expect_nothing(void)
{
	struct ring_result result;

	CHECK(!ring_peek(&ring, &result));
}

static struct io_uring_sqe *read_sqe(void *buffer, uint32_t length, uint64_t user_data)
{
	return ring_transfer(&ring, fd, handle, FX2_BULK_IN, buffer, length, user_data);
}

static void start_reads(int count)
{
	int i;

	for (i = 0; i < count; i++)
		read_sqe(in[i], PACKET, i);
	CHECK_EQ(ring_submit(&ring), count);
}

static void loopback_works(void)
{
	char data[64];
	int result;

	feed("works");
	/* A ring that ends may interrupt what blocks in this thread, once it has its data. */
	result = node_transfer(fd, handle, FX2_BULK_IN, data, sizeof(data), &moved);
	CHECK(result == 0 || result == -EINTR);
	CHECK_EQ(moved, 5);
}

TEST(without_the_capability_a_command_is_EOPNOTSUPP)
{
	struct ring_result result;

	open_node();
	if (has_uring())
		test_skip("this kernel has io_uring commands");
	if (ring_init(&ring, IORING_SETUP_CQE32))
		test_skip("this kernel has no io_uring");
	read_sqe(in[0], 64, 1);
	CHECK_EQ(ring_submit(&ring), 1);
	CHECK_OK(ring_wait(&ring, &result, 10000));
	CHECK_ERR(result.res, EOPNOTSUPP);
}

/* Kinds of rings */

struct kind {
	const char *label;
	unsigned int flags;
};

static const struct kind kinds[] = {
	{ "plain", 0 },
	{ "CQE32", IORING_SETUP_CQE32 },
	{ "SQE128", IORING_SETUP_SQE128 },
	{ "SQE128_and_CQE32", IORING_SETUP_SQE128 | IORING_SETUP_CQE32 },
	{ "COOP_TASKRUN", IORING_SETUP_COOP_TASKRUN },
	{ "DEFER_TASKRUN", IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN },
};

TEST_EACH(a_ring_of_any_kind_moves_data, struct kind, kind, kinds)
{
	struct ring_result result;
	char out[] = "round";

	open_ring(kind->flags);
	read_sqe(in[0], 64, 1);
	ring_transfer(&ring, fd, handle, FX2_BULK_OUT, out, 5, 2);
	CHECK_EQ(ring_submit(&ring), 2);
	expect(2, 5);
	result = wait_result();
	CHECK_EQ(result.user_data, 1);
	CHECK_EQ(result.res, 5);
	if (kind->flags & IORING_SETUP_CQE32)
		CHECK_EQ(result.extra, 5);
	CHECK_MEM(in[0], out, 5);
}

TEST_EACH(a_ring_of_any_kind_that_ends_cancels_its_transfers, struct kind, kind, kinds)
{
	open_ring(kind->flags);
	start_reads(20);
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	ring_exit(&ring);
	board_wait_pending(fx2, FX2_BULK_IN, 0);
	loopback_works();
}

TEST(a_command_done_by_a_worker_moves_data)
{
	open_ring(IORING_SETUP_CQE32);
	read_sqe(in[0], 64, 1)->flags = IOSQE_ASYNC;
	CHECK_EQ(ring_submit(&ring), 1);
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	feed("worker");
	expect(1, 6);
	CHECK_MEM(in[0], "worker", 6);
}

TEST(linked_commands_run_one_after_the_other)
{
	char out[] = "linked";

	open_ring(IORING_SETUP_CQE32);
	ring_transfer(&ring, fd, handle, FX2_BULK_OUT, out, 6, 1)->flags = IOSQE_IO_LINK;
	read_sqe(in[0], 64, 2);
	CHECK_EQ(ring_submit(&ring), 2);
	expect(1, 6);
	expect(2, 6);
}

TEST(many_commands_in_one_call_complete_in_their_order)
{
	int i;

	board_set(fx2, "source=0x88");
	open_ring(IORING_SETUP_CQE32);
	start_reads(many());
	for (i = 0; i < many(); i++)
		expect(i, PACKET);
	for (i = 0; i < many(); i++)
		CHECK_EQ(in[i][0], i * PACKET % 251);
}

/* The form of a command */

struct form {
	const char *label;
	int error;
	uint32_t length;
	uint32_t cmd_op;
	int reserved;		/* a byte of the command that is not zero, or -1 */
	uint32_t handle;
	uint8_t pipe;
};

static const struct form forms[] = {
	{ "unknown_command_is_ENOTTY", ENOTTY, 64, WINUSB_IOC_QUERY, -1, 0, FX2_BULK_IN },
	{ "SUBMIT_is_ENOTTY", ENOTTY, 64, WINUSB_IOC_SUBMIT, -1, 0, FX2_BULK_IN },
	{ "length_above_INT_MAX_is_EINVAL", EINVAL, 0x80000000, 0, -1, 0, FX2_BULK_IN },
	{ "length_of_all_ones_is_EINVAL", EINVAL, UINT32_MAX, 0, -1, 0, FX2_BULK_IN },
	{ "first_reserved_byte_is_EOPNOTSUPP", EOPNOTSUPP, 64, 0, 5, 0, FX2_BULK_IN },
	{ "last_reserved_byte_is_EOPNOTSUPP", EOPNOTSUPP, 64, 0, 7, 0, FX2_BULK_IN },
	{ "setup_packet_is_EOPNOTSUPP", EOPNOTSUPP, 64, 0, 8, 0, FX2_BULK_IN },
	{ "unknown_handle_is_EBADF", EBADF, 64, 0, -1, 0x7fffffff, FX2_BULK_IN },
	{ "unknown_pipe_is_EINVAL", EINVAL, 64, 0, -1, 0, 0x0f },
};

TEST_EACH(a_command_that_is_refused_moves_nothing, struct form, form, forms)
{
	struct io_uring_sqe *sqe;
	uint8_t *cmd;

	open_ring(IORING_SETUP_CQE32);
	sqe = ring_transfer(&ring, fd, form->handle ? form->handle : handle, form->pipe, in[0],
			    form->length, 1);
	if (form->cmd_op)
		sqe->cmd_op = form->cmd_op;
	cmd = (uint8_t *)sqe->cmd;
	if (form->reserved >= 0)
		cmd[form->reserved] = 1;
	CHECK_EQ(ring_submit(&ring), 1);
	expect(1, -form->error);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), 0);
	loopback_works();
}

TEST(a_second_half_of_a_long_submission_that_is_not_zero_is_EOPNOTSUPP)
{
	struct io_uring_sqe *sqe;

	open_ring(IORING_SETUP_SQE128);
	sqe = read_sqe(in[0], 64, 1);
	((uint8_t *)sqe)[127] = 1;
	CHECK_EQ(ring_submit(&ring), 1);
	expect(1, -EOPNOTSUPP);
	sqe = read_sqe(in[0], 64, 2);
	((uint8_t *)sqe)[64] = 1;
	CHECK_EQ(ring_submit(&ring), 1);
	expect(2, -EOPNOTSUPP);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), 0);
}

TEST(a_command_of_a_listener_is_EBADF)
{
	int listener;

	open_ring(IORING_SETUP_CQE32);
	listener = node_open(board_node(fx2, 0), O_RDONLY);
	CHECK_OK(listener);
	ring_transfer(&ring, listener, handle, FX2_BULK_IN, in[0], 64, 1);
	ring_cancel(&ring, listener, 1, 2);
	CHECK_EQ(ring_submit(&ring), 2);
	expect(1, -EBADF);
	expect(2, -EBADF);
}

TEST(a_bad_buffer_of_a_command_is_EFAULT_and_loses_nothing)
{
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	open_ring(IORING_SETUP_CQE32);
	feed("still there");
	read_sqe((void *)8, 64, 1);
	read_sqe(page, 64, 2);
	ring_transfer(&ring, fd, handle, FX2_BULK_OUT, (void *)8, 64, 3);
	CHECK_EQ(ring_submit(&ring), 3);
	expect(1, -EFAULT);
	expect(2, -EFAULT);
	expect(3, -EFAULT);
	read_sqe(in[0], 64, 4);
	CHECK_EQ(ring_submit(&ring), 1);
	expect(4, 11);
	CHECK_MEM(in[0], "still there", 11);
}

TEST(a_registered_buffer_that_does_not_hold_it_all_is_EFAULT)
{
	struct io_uring_sqe *sqe;
	int i, submitted;

	open_ring(IORING_SETUP_CQE32);
	CHECK_OK(ring_register_slots(&ring, 4));
	CHECK_OK(ring_register(&ring, 1, in[0], PACKET));
	for (i = 0; i < 4; i++) {
		/* An empty slot, no slot, past its end, before its begin. */
		static const uint16_t slots[] = { 0, 9, 1, 1 };

		sqe = read_sqe(in[0] + (i == 3 ? -1 : 0), i == 2 ? PACKET + 1 : PACKET, i);
		sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;
		sqe->buf_index = slots[i];
	}
	/* 6.12 looks at the slot when it takes the command, and stops at a bad one. */
	for (i = 0; i < 4; i += submitted) {
		submitted = ring_submit(&ring);
		CHECK(submitted > 0);
	}
	for (i = 0; i < 4; i++)
		CHECK_ERR(wait_result().res, EFAULT);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), 0);
}

TEST(a_buffer_that_is_unregistered_meanwhile_gets_its_data)
{
	struct io_uring_sqe *sqe;
	static uint8_t other[PACKET];

	open_ring(IORING_SETUP_CQE32);
	CHECK_OK(ring_register_slots(&ring, 1));
	CHECK_OK(ring_register(&ring, 0, in[0], PACKET));
	sqe = read_sqe(in[0], PACKET, 1);
	sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;
	CHECK_EQ(ring_submit(&ring), 1);
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	CHECK_OK(ring_register(&ring, 0, other, PACKET));
	feed("there");
	expect(1, 5);
	CHECK_MEM(in[0], "there", 5);
	CHECK_EQ(other[0], 0);
}

/* The count of what moved comes also with an error. */
TEST(a_command_that_fails_counts_in_the_second_half_of_its_completion)
{
	struct ring_result result;

	open_ring(IORING_SETUP_CQE32);
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1));
	start_reads(1);
	feed("some");
	board_wait_counter(fx2, FX2_BULK_IN, "urbs", 2);
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	result = wait_result();
	CHECK_ERR(result.res, ECANCELED);
	CHECK_EQ(result.extra, 4);
	CHECK_MEM(in[0], "some", 4);
	start_reads(1);
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	CHECK_OK(node_reset_device(fd, handle));
	result = wait_result();
	CHECK_ERR(result.res, ECONNRESET);
	CHECK_EQ(result.extra >> 32, WINUSB_COMPLETION_RESET);
}

/* Cancellation */

TEST(URING_CANCEL_gives_the_number_and_ENOENT_for_none)
{
	int i;

	open_ring(IORING_SETUP_CQE32);
	ring_cancel(&ring, fd, 7, 100);
	CHECK_EQ(ring_submit(&ring), 1);
	expect(100, -ENOENT);
	for (i = 0; i < 3; i++)
		read_sqe(in[i], 64, 7);
	read_sqe(in[3], 64, 8);
	ring_cancel(&ring, fd, 7, 101);
	CHECK_EQ(ring_submit(&ring), 5);
	for (i = 0; i < 4; i++) {
		struct ring_result result = wait_result();

		if (result.user_data == 101)
			CHECK_EQ(result.res, 3);
		else
			CHECK_ERR(result.res, ECANCELED);
	}
	expect_nothing();
	feed("eight");
	expect(8, 5);
}

TEST(cancel_finds_transfers_of_every_door)
{
	uint32_t count;
	int i;

	open_ring(IORING_SETUP_CQE32);
	read_sqe(in[0], 64, 5);
	CHECK_EQ(ring_submit(&ring), 1);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[1], 64, 5));
	CHECK_OK(async_cancel(fd, 5, &count));
	CHECK_EQ(count, 2);
	expect(5, -ECANCELED);
	async_expect(fd, 5, -ECANCELED, 0);

	read_sqe(in[0], 64, 6);
	CHECK_EQ(ring_submit(&ring), 1);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[1], 64, 6));
	ring_cancel(&ring, fd, 6, 7);
	CHECK_EQ(ring_submit(&ring), 1);
	for (i = 0; i < 2; i++) {
		struct ring_result result = wait_result();

		CHECK_EQ(result.res, result.user_data == 7 ? 2 : -ECANCELED);
	}
	async_expect(fd, 6, -ECANCELED, 0);

	start_reads(10);
	CHECK_OK(async_cancel_all(fd, &count));
	CHECK_EQ(count, 10);
	for (i = 0; i < 10; i++)
		CHECK_ERR(wait_result().res, ECANCELED);
}

TEST(abort_ends_500_commands_and_returns_when_the_controller_has_none)
{
	int i;

	open_ring(IORING_SETUP_CQE32);
	start_reads(many());
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "pending"), 0);
	for (i = 0; i < many(); i++)
		CHECK_ERR(wait_result().res, ECANCELED);
	expect_nothing();
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), 1);
	loopback_works();
}

TEST(unplug_ends_500_commands_with_ESHUTDOWN)
{
	int i;

	open_ring(IORING_SETUP_CQE32);
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_IN, WINUSB_POLICY_RAW_IO, 1));
	start_reads(many());
	board_wait_pending(fx2, FX2_BULK_IN, many());
	board_unplug(fx2);
	for (i = 0; i < many(); i++)
		CHECK_ERR(wait_result().res, ESHUTDOWN);
	start_reads(1);
	expect(0, -ENODEV);
}

/*
 * A blocking transfer beside a ring: what io_uring has to do in this thread is no signal. Only what
 * has moved already cannot be begun again.
 */
TEST(a_blocking_transfer_is_not_ended_by_work_of_a_ring)
{
	int i, j, result;

	for (i = 0; i < (test_debug_kernel() ? 10 : 100); i++) {
		open_ring(IORING_SETUP_CQE32);
		start_reads(2);
		for (j = 0; j < 2; j++)
			feed("to the ring");
		for (j = 0; j < 2; j++)
			expect(j, 11);
		ring_exit(&ring);
		for (j = 0; j < 2; j++) {
			feed("blocking");
			result = node_transfer(fd, handle, FX2_BULK_IN, in[0], 64, &moved);
			CHECK(result == 0 || result == -EINTR);
			CHECK_EQ(moved, 8);
		}
		close(fd);
	}
}

/* The same with a transfer that cannot be begun again, while a completion comes. */
TEST(a_blocking_control_transfer_is_not_ended_by_work_of_a_ring)
{
	uint8_t value;
	int i;

	board_set(fx2, "delay=0:20");
	open_ring(IORING_SETUP_CQE32);
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_IN, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 1));
	for (i = 0; i < (test_debug_kernel() ? 5 : 20); i++) {
		start_reads(1);
		/* The read times out while this waits. */
		CHECK_OK(node_control(fd, handle, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1,
				      &moved));
		CHECK_EQ(moved, 1);
		expect(0, -ETIMEDOUT);
	}
}

/* A ring that ends, and the file */

static void node_is_free(void)
{
	open_node();
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "pending"), 0);
	loopback_works();
}

/* The uapi header: closing the descriptor ends nothing while io_uring has transfers under way. */
TEST(close_of_the_file_ends_nothing_and_the_ring_keeps_it)
{
	open_ring(IORING_SETUP_CQE32);
	start_reads(2);
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	CHECK_EQ(close(fd), 0);
	CHECK_ERR(node_open(board_node(fx2, 0), O_RDWR), EBUSY);
	expect_nothing();
	board_do(fx2, "push 0x88 010203");
	expect(0, 3);
	ring_exit(&ring);
	node_is_free();
}

static pid_t start_child(void)
{
	int pipe_fds[2];
	pid_t pid;
	char c;

	open_ring(IORING_SETUP_CQE32);
	ring_exit(&ring);
	close(fd);
	CHECK_EQ(pipe(pipe_fds), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		close(pipe_fds[0]);
		open_ring(IORING_SETUP_CQE32);
		start_reads(many());
		CHECK_EQ(write(pipe_fds[1], "r", 1), 1);
		CHECK_EQ(read(pipe_fds[1], &c, 1), -1);
		_exit(0);
	}
	close(pipe_fds[1]);
	CHECK_EQ(read(pipe_fds[0], &c, 1), 1);
	return pid;
}

TEST(exit_with_500_commands_pending_frees_the_node)
{
	pid_t pid = start_child();
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	node_is_free();
}

TEST(SIGKILL_with_500_commands_pending_frees_the_node)
{
	int status;
	pid_t pid;

	open_ring(IORING_SETUP_CQE32);
	ring_exit(&ring);
	close(fd);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		open_ring(IORING_SETUP_CQE32);
		start_reads(many());
		for (;;)
			pause();
	}
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	node_is_free();
}

/* exec waits for all commands of the process to be cancelled: before 6.7 it would for ever. */
TEST(exec_with_commands_pending_frees_the_node)
{
	int status;
	pid_t pid;

	open_ring(IORING_SETUP_CQE32);
	ring_exit(&ring);
	close(fd);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		open_ring(IORING_SETUP_CQE32);
		start_reads(50);
		execl("/bin/true", "true", NULL);
		_exit(127);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	node_is_free();
}

TEST(io_urings_own_cancel_ends_a_command)
{
	struct io_uring_sqe *sqe;
	int i;

	open_ring(IORING_SETUP_CQE32);
	start_reads(2);
	sqe = ring_sqe(&ring);
	sqe->opcode = IORING_OP_ASYNC_CANCEL;
	sqe->addr = 0;
	sqe->user_data = 50;
	CHECK_EQ(ring_submit(&ring), 1);
	/* Kernels that cannot cancel one command say that they found none, or that it goes on. */
	for (i = 0; i < 2; i++) {
		struct ring_result result = wait_result();

		if (result.user_data == 50 && result.res < 0) {
			test_note("IORING_OP_ASYNC_CANCEL: %s", test_errno(result.res));
			feed("zero");
			continue;
		}
		if (result.user_data == 0)
			CHECK(result.res == -ECANCELED || result.res == 4);
	}
	feed("one");
	expect(1, 3);
}
