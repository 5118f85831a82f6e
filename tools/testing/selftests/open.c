// SPDX-License-Identifier: MIT
/* Who may open what, and when it is free again (winusb.md 5.1, the uapi header's "Opening"). */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "test.h"

static struct board *fx2, *other, *composite;

void test_setup(void)
{
	fx2 = board_add("fx2");
	other = board_add("fx2");
	composite = board_add("composite");
	boards_start();
	board_plug(fx2);
	board_plug(other);
	board_plug(composite);
	boards_keep();
}

static int open_rdwr(struct board *board, unsigned int interface)
{
	int fd = node_open(board_node(board, interface), O_RDWR);

	CHECK_OK(fd);
	return fd;
}

static void expect_free(struct board *board, unsigned int interface)
{
	close(open_rdwr(board, interface));
}

static void expect_busy(struct board *board, unsigned int interface)
{
	CHECK_ERR(node_open(board_node(board, interface), O_RDWR), EBUSY);
}

TEST(a_node_is_a_character_device_for_root_only)
{
	struct stat st;

	CHECK_EQ(stat(node_path(board_node(fx2, 0)), &st), 0);
	CHECK(S_ISCHR(st.st_mode));
	CHECK_EQ(st.st_mode & 07777, 0600);
	CHECK_EQ(st.st_uid, 0);
	CHECK_EQ(st.st_gid, 0);
}

/* winusb.md 9.1 */
TEST(open_9_1_a_second_one_is_EBUSY)
{
	open_rdwr(fx2, 0);
	expect_busy(fx2, 0);
}

TEST(a_refused_open_leaves_the_first_file_working)
{
	int fd = open_rdwr(fx2, 0);
	uint32_t handle;

	expect_busy(fx2, 0);
	CHECK_OK(node_initialize(fd, &handle));
}

TEST(close_makes_the_node_free)
{
	expect_free(fx2, 0);
	expect_free(fx2, 0);
}

TEST(two_devices_are_opened_independently)
{
	open_rdwr(fx2, 0);
	expect_free(other, 0);
}

TEST(the_default_interface_reserves_its_siblings)
{
	unsigned int i;
	int fd = open_rdwr(composite, 0);

	for (i = 0; i < 4; i++)
		expect_busy(composite, i);
	close(fd);
	for (i = 0; i < 4; i++)
		expect_free(composite, i);
}

TEST(a_sibling_is_opened_alone_while_the_default_is_closed)
{
	open_rdwr(composite, 2);
	expect_busy(composite, 2);
}

TEST(the_default_is_EBUSY_while_a_sibling_is_open)
{
	int fd = open_rdwr(composite, 1);

	expect_busy(composite, 0);
	close(fd);
	expect_free(composite, 0);
}

TEST(several_siblings_are_open_at_once)
{
	open_rdwr(composite, 1);
	open_rdwr(composite, 3);
	expect_free(composite, 2);
}

/* winusb.md 9.1, 4.7: an id with an interface part makes the association's function. */
TEST(open_9_1_another_function_of_the_device_is_free)
{
	board_unplug(composite);
	board_functions(composite, true);
	board_plug(composite);
	open_rdwr(composite, 0);
	expect_busy(composite, 1);
	expect_free(composite, 2);
	expect_free(composite, 3);
}

TEST(each_function_has_its_own_default_interface)
{
	struct winusb_query query;
	static const uint8_t expected[4] = { 0, 0, 2, 3 };
	static const uint8_t interfaces[4] = { 2, 2, 1, 1 };
	unsigned int i;
	int fd;

	board_unplug(composite);
	board_functions(composite, true);
	board_plug(composite);
	for (i = 0; i < 4; i++) {
		fd = node_open(board_node(composite, i), O_RDONLY);
		CHECK_OK(fd);
		CHECK_OK(node_query(fd, &query));
		CHECK_EQ(query.out_interface, i);
		CHECK_EQ(query.out_default_interface, expected[i]);
		CHECK_EQ(query.out_interfaces, interfaces[i]);
	}
}

TEST(without_an_interface_part_the_whole_device_is_one_function)
{
	struct winusb_query query;
	unsigned int i;
	int fd;

	for (i = 0; i < 4; i++) {
		fd = node_open(board_node(composite, i), O_RDONLY);
		CHECK_OK(fd);
		CHECK_OK(node_query(fd, &query));
		CHECK_EQ(query.out_interface, i);
		CHECK_EQ(query.out_default_interface, 0);
		CHECK_EQ(query.out_interfaces, 4);
	}
}

TEST(listeners_are_never_exclusive)
{
	int i;

	for (i = 0; i < 20; i++)
		CHECK_OK(node_open(board_node(fx2, 0), O_RDONLY));
	open_rdwr(fx2, 0);
	for (i = 0; i < 20; i++)
		CHECK_OK(node_open(board_node(fx2, 0), O_RDONLY));
}

TEST(a_listener_does_not_keep_the_node_busy)
{
	int fd = open_rdwr(composite, 0);

	CHECK_OK(node_open(board_node(composite, 0), O_RDONLY));
	CHECK_OK(node_open(board_node(composite, 1), O_RDONLY));
	close(fd);
	expect_free(composite, 1);
	expect_free(composite, 0);
}

TEST(write_only_is_EINVAL)
{
	CHECK_ERR(node_open(board_node(fx2, 0), O_WRONLY), EINVAL);
	CHECK_ERR(node_open(board_node(fx2, 0), O_WRONLY | O_NONBLOCK), EINVAL);
	expect_free(fx2, 0);
}

TEST(a_name_that_is_not_there_is_ENOENT)
{
	CHECK_ERR(node_open("99-9:1.0", O_RDWR), ENOENT);
}

TEST(an_interface_that_left_cannot_be_opened)
{
	char path[64];
	int fd;

	fd = node_open(board_node(other, 0), O_PATH);
	CHECK_OK(fd);
	board_unplug(other);
	CHECK_ERR(node_open(board_node(other, 0), O_RDWR), ENOENT);
	/* The inode itself is still in our hands: the kernel has no such device any more. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(open(path, O_RDWR) < 0);
	CHECK(errno == ENXIO || errno == ENOENT);
}

/* A child that opens, tells by a byte, and lives until it is killed. */
static pid_t child_that_opens(struct board *board)
{
	int pipe_fds[2];
	char byte;
	pid_t pid;

	CHECK_EQ(pipe(pipe_fds), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		if (node_open(board_node(board, 0), O_RDWR) < 0)
			_exit(1);
		if (write(pipe_fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(pipe_fds[1]);
	CHECK_EQ(read(pipe_fds[0], &byte, 1), 1);
	return pid;
}

TEST(another_process_keeps_the_node_busy)
{
	pid_t pid = child_that_opens(fx2);

	expect_busy(fx2, 0);
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

TEST(a_killed_process_leaves_the_node_free)
{
	pid_t pid = child_that_opens(fx2);

	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	expect_free(fx2, 0);
}

TEST(a_duplicate_keeps_the_file_open)
{
	int fd = open_rdwr(fx2, 0), copy = dup(fd);
	uint32_t handle;

	CHECK(copy >= 0);
	close(fd);
	expect_busy(fx2, 0);
	CHECK_OK(node_initialize(copy, &handle));
	close(copy);
	expect_free(fx2, 0);
}

TEST(a_forked_child_shares_the_file_and_its_handles)
{
	int fd = open_rdwr(fx2, 0), status;
	uint32_t handle, speed;
	pid_t pid;

	CHECK_OK(node_initialize(fd, &handle));
	pid = fork();
	CHECK(pid >= 0);
	if (!pid)
		_exit(node_speed(fd, handle, &speed) ? 1 : 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

TEST(a_forked_child_keeps_the_file_open_after_the_parents_close)
{
	int fd = open_rdwr(fx2, 0);
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid)
		for (;;)
			pause();
	close(fd);
	expect_busy(fx2, 0);
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	expect_free(fx2, 0);
}

TEST(write_and_mmap_of_nothing_are_refused)
{
	int fd = open_rdwr(fx2, 0);
	char byte = 0;

	CHECK_EQ(write(fd, &byte, 1), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	CHECK_EQ(errno, EINVAL);
}
