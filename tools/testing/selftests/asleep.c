// SPDX-License-Identifier: MIT
/*
 * What becomes of a device that sleeps: it is pulled out, unbound, closed, its program is killed,
 * and its resume fails or becomes a reset. Part of the program sleeping.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sleeping.h"
#include "test.h"

static uint8_t in[4][2048];
static struct trip trips[4];

static void start_reads(enum door door)
{
	unsigned int i;

	open_board(fx2);
	door_enter(door, fd, handle);
	for (i = 0; i < 3; i++)
		door_start_read(&trips[i], FX2_BULK_IN, in[i], 2048);
	wait_withdrawn(fx2, FX2_BULK_IN);
}

static void expect_left(void)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_OUT, "x", 1, NULL), ENODEV);
	CHECK_EQ(poll(&poll_fd, 1, 1000), 1);
	CHECK(poll_fd.revents & POLLHUP);
}

TEST_EACH(asleep_and_pulled_out, struct way, way, ways)
{
	unsigned int i;

	start_reads(way->door);
	board_unplug(fx2);
	for (i = 0; i < 3; i++) {
		CHECK_ERR(door_wait(&trips[i]), ESHUTDOWN);
		CHECK_EQ(trips[i].moved, 0);
	}
	expect_left();
}

TEST(asleep_and_pulled_out_a_read_keeps_what_it_has)
{
	static uint8_t out[512];

	pattern(out, sizeof(out), 21);
	open_board(fx2);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[0], 2048, 1));
	wait_withdrawn(fx2, FX2_BULK_IN);
	feed_bytes(out, sizeof(out));
	wait_withdrawn(fx2, FX2_BULK_IN);
	board_unplug(fx2);
	async_expect(fd, 1, -ESHUTDOWN, sizeof(out));
	CHECK_MEM(in[0], out, sizeof(out));
	expect_left();
}

TEST_EACH(asleep_and_unbound, struct way, way, ways)
{
	unsigned int i;

	start_reads(way->door);
	CHECK_OK(interface_unbind(board_node(fx2, 0)));
	for (i = 0; i < 3; i++)
		CHECK_ERR(door_wait(&trips[i]), ESHUTDOWN);
	expect_left();
}

TEST(asleep_and_one_function_of_it_unbound)
{
	open_board(composite);
	CHECK_OK(async_start(fd, handle, 0x81, in[0], 64, 1));
	wait_withdrawn(composite, 0x81);
	CHECK_OK(interface_unbind(board_node(composite, 3)));
	/* The others go on. */
	CHECK_OK(node_transfer(fd, handle, 0x01, "goes on", 7, NULL));
	async_expect(fd, 1, 0, 7);
	WAIT_ASLEEP(composite);
}

/* A thread that waits holds the file: that is for the next test. */
static const struct way closed_ways[] = {
	{ "async", DOOR_ASYNC }, { "submit", DOOR_SUBMIT }, { "uring", DOOR_URING },
};

TEST_EACH(asleep_and_closed, struct way, way, closed_ways)
{
	start_reads(way->door);
	close(fd);
	door_leave();
	/* Nothing was left: it is open again as soon as the last reference is gone. */
	do {
		fd = node_open(board_node(fx2, 0), O_RDWR);
	} while (fd == -EBUSY && (test_sleep_ms(1), true));
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	feed("hello");
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in[0], 64, &moved));
	CHECK_EQ(moved, 5);
	WAIT_ASLEEP(fx2);
}

TEST_EACH(asleep_and_killed, struct way, way, ways)
{
	int ready[2], status;
	char byte;
	pid_t pid;

	/* Skips in this process what would be skipped in the other one. */
	open_board(fx2);
	door_enter(way->door, fd, handle);
	door_leave();
	close(fd);
	CHECK_EQ(pipe(ready), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		start_reads(way->door);
		CHECK_EQ(write(ready[1], "x", 1), 1);
		pause();
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	do {
		fd = node_open(board_node(fx2, 0), O_RDWR);
	} while (fd == -EBUSY && (test_sleep_ms(1), true));
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	feed("hello");
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in[0], 64, &moved));
	CHECK_EQ(moved, 5);
	close(fd);
	WAIT_ASLEEP(fx2);
}

/* GET_STATUS is what the kernel asks at each resume. If it fails it tries a reset. */

TEST(asleep_and_its_resume_becomes_a_reset)
{
	struct winusb_completion record;
	struct winusb_event event;
	uint32_t settings, value;
	uint8_t setting;
	int listener, result;

	open_board(composite);
	CHECK_OK(node_associated(fd, handle, 1, &settings));
	CHECK_OK(node_set_setting(fd, settings, 1));
	CHECK_OK(node_timeout(fd, settings, 0x84, 123456));
	listener = node_open(board_node(composite, 0), O_RDONLY);
	CHECK_OK(listener);
	CHECK_OK(async_start(fd, settings, 0x84, in[0], 64, 1));
	wait_withdrawn(composite, 0x84);
	board_set(composite, "stall-standard=0x8000:1");
	/* It was pending too, or it waited until all was over. */
	result = node_transfer(fd, settings, 0x04, "works", 5, &moved);
	CHECK(result == 0 || result == -ECONNRESET);
	record = async_wait(fd);
	CHECK_EQ(record.cookie, 1);
	CHECK_EQ(record.status, -ECONNRESET);
	CHECK_EQ(record.length, 0);
	CHECK_EQ(record.flags, WINUSB_COMPLETION_RESET);
	do {
		CHECK(async_ready(listener, 10000));
		CHECK_EQ(read(listener, &event, sizeof(event)), sizeof(event));
	} while (event.type != WINUSB_EVENT_RESET);
	/* Setting and policies are as before. */
	CHECK_OK(node_get_setting(fd, settings, &setting));
	CHECK_EQ(setting, 1);
	CHECK_OK(node_get_timeout(fd, settings, 0x84, &value));
	CHECK_EQ(value, 123456);
	if (result)
		CHECK_OK(node_transfer(fd, settings, 0x04, "works", 5, &moved));
	CHECK_OK(node_transfer(fd, settings, 0x84, in[0], 64, &moved));
	CHECK_EQ(moved, 5);
	CHECK_MEM(in[0], "works", 5);
	close(listener);
	WAIT_ASLEEP(composite);
}

struct failure {
	const char *label;
	const char *option;
	unsigned int seconds;
};

static const struct failure failures[] = {
	{ "it_stalls_GET_STATUS_for_ever", "stall-standard=0x8000", 5 },
	{ "it_does_not_answer_GET_STATUS", "silent-standard=0x8000:1", 15 },
};

/* It may take long, and it may end in its removal; it ends. */
TEST_EACH(asleep_and_its_resume_fails, struct failure, row, failures)
{
	struct winusb_completion record;
	uint64_t start;
	int result;

	open_board(fx2);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[0], 64, 1));
	wait_withdrawn(fx2, FX2_BULK_IN);
	board_set(fx2, row->option);
	/* What is plugged in afterwards is another device. */
	interface_changed();
	start = test_now_ms();
	result = node_transfer(fd, handle, FX2_BULK_OUT, "x", 1, &moved);
	test_note("%llu ms, and the write: %s", (unsigned long long)(test_now_ms() - start),
		  test_errno(result));
	CHECK(test_now_ms() - start < row->seconds * 1000 * test_scale());
	CHECK(!result || result == -EIO || result == -ESHUTDOWN || result == -ECONNRESET ||
	      result == -ENODEV);
	record = async_wait(fd);
	CHECK(record.status == -ESHUTDOWN || record.status == -ECONNRESET ||
	      record.status == -EIO);
	CHECK_EQ(record.length, 0);
	board_set(fx2, "stall-standard=off");
}
