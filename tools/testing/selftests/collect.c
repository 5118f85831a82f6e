// SPDX-License-Identifier: MIT
/*
 * Who collects a completion, when, and what ends it from outside: other threads and processes,
 * forks, removal, resets, FREE.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>

#include "async.h"
#include "board.h"
#include "ring.h"
#include "test.h"

enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK };

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

/* Small ones are copied, large ones go to the pages themselves. */
struct size {
	const char *label;
	uint32_t length;
	uint32_t offset;	/* of the buffer in its page */
};

static const struct size sizes[] = {
	{ "5_bytes", 5, 1 }, { "4096_bytes", 4096, 4 }, { "65541_bytes", 65541, 4 },
	{ "65541_bytes_at_an_odd_place", 65541, 1 },
};

/* A buffer of its own pages, and what a read of LENGTH bytes will put there. */
static uint8_t *in, *expected;

static void start(const struct size *size)
{
	uint32_t length = size->length;

	in = mmap(NULL, length + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	expected = malloc(length);
	CHECK(in != MAP_FAILED && expected);
	memset(in, 0xcc, length + 4096);
	in += size->offset;
	pattern(expected, length, length);
	open_node(fx2, 0);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in, length, length));
}

static void feed(uint32_t length)
{
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, expected, length, &moved));
	CHECK_EQ(moved, length);
}

static void check_data(uint32_t length)
{
	CHECK_EQ(in[-1], 0xcc);
	CHECK_MEM(in, expected, length);
	CHECK_EQ(in[length], 0xcc);
}

/* A child that ends as a test does: with 0 if all was well. */
static pid_t fork_child(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	return pid;
}

static void wait_child(pid_t pid)
{
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

static void *collect_main(void *length)
{
	async_expect(fd, *(uint32_t *)length, 0, *(uint32_t *)length);
	return NULL;
}

TEST_EACH(another_thread_collects, struct size, row, sizes)
{
	uint32_t length = row->length;
	pthread_t thread;

	start(row);
	CHECK_EQ(pthread_create(&thread, NULL, collect_main, &length), 0);
	feed(length);
	pthread_join(thread, NULL);
	check_data(length);
}

/* The data are the submitter's, and the child's copy of the memory stays as it was. */
TEST_EACH(a_forked_child_collects_and_the_parent_has_the_data, struct size, row, sizes)
{
	pid_t pid;

	start(row);
	pid = fork_child();
	if (!pid) {
		async_expect(fd, row->length, 0, row->length);
		CHECK_EQ(in[0], 0xcc);
		CHECK_EQ(in[row->length - 1], 0xcc);
		_exit(0);
	}
	feed(row->length);
	wait_child(pid);
	check_data(row->length);
}

/* Copy on write: who writes first gets the copy, and the transfer must go to the parent's page. */
TEST_EACH(the_parent_collects_after_a_fork_and_writes_of_both, struct size, row, sizes)
{
	int pipe_fds[2];
	pid_t pid;
	char c;

	CHECK_EQ(pipe(pipe_fds), 0);
	start(row);
	pid = fork_child();
	if (!pid) {
		close(pipe_fds[1]);
		memset(in - 1, 0x11, row->length + 2);
		while (read(pipe_fds[0], &c, 1) > 0)
			;
		CHECK_EQ(in[0], 0x11);
		CHECK_EQ(in[row->length - 1], 0x11);
		_exit(0);
	}
	close(pipe_fds[0]);
	in[-1] = 0xcc;
	in[row->length] = 0xcc;
	test_sleep_ms(20);
	feed(row->length);
	async_expect(fd, row->length, 0, row->length);
	check_data(row->length);
	close(pipe_fds[1]);
	wait_child(pid);
	check_data(row->length);
}

TEST_EACH(a_write_is_what_it_was_at_its_submission_for_a_child_that_changes_its_copy, struct size,
	  row, sizes)
{
	uint32_t length = row->length;
	pid_t pid;

	board_set(fx2, "silent=0x06:always");
	open_node(fx2, 0);
	in = aligned_alloc(4096, (length + 8191) & ~4095);
	expected = malloc(length);
	CHECK(in && expected);
	in += row->offset;
	pattern(expected, length, 70);
	memcpy(in, expected, length);
	CHECK_OK(async_start(fd, handle, FX2_BULK_OUT, in, length, 1));
	pid = fork_child();
	if (!pid) {
		memset(in, 0, length);
		_exit(0);
	}
	wait_child(pid);
	board_set(fx2, "silent=0x06:never");
	async_expect(fd, 1, 0, length);
	memset(in, 0, length);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, length, &moved));
	CHECK_EQ(moved, length);
	CHECK_MEM(in, expected, length);
}

static void send_fd(int socket, int file)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &file, sizeof(int));
	CHECK_EQ(sendmsg(socket, &message, 0), 1);
}

static int receive_fd(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int file;

	CHECK_EQ(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), 1);
	CHECK(CMSG_FIRSTHDR(&message));
	memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return file;
}

TEST_EACH(a_process_that_was_given_the_file_collects, struct size, row, sizes)
{
	int sockets[2];
	pid_t pid;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	pid = fork_child();
	if (!pid) {
		fd = receive_fd(sockets[1]);
		async_expect(fd, row->length, 0, row->length);
		_exit(0);
	}
	start(row);
	send_fd(sockets[0], fd);
	feed(row->length);
	wait_child(pid);
	check_data(row->length);
}

/*
 * The uapi header: a process that has ended does not get its data any more. The file lives on in
 * the parent, so the transfer is not cancelled.
 */
TEST_EACH(a_read_whose_submitter_ended_is_EFAULT_and_nothing_hangs, struct size, row, sizes)
{
	struct winusb_completion record;
	pid_t pid;

	expected = malloc(row->length);
	CHECK(expected);
	pattern(expected, row->length, 71);
	open_node(fx2, 0);
	pid = fork_child();
	if (!pid) {
		in = malloc(row->length + 16);
		CHECK(in);
		CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in + row->offset, row->length, 3));
		_exit(0);
	}
	wait_child(pid);
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	feed(row->length);
	record = async_wait(fd);
	CHECK_EQ(record.cookie, 3);
	CHECK_ERR(record.status, EFAULT);
	/* The file goes on to work. */
	in = malloc(row->length);
	CHECK(in);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in, row->length, 4));
	feed(row->length);
	async_expect(fd, 4, 0, row->length);
	CHECK_MEM(in, expected, row->length);
}

TEST(a_duplicate_collects_and_its_close_cancels_nothing)
{
	int other, same;

	start(&sizes[0]);
	other = dup(fd);
	same = fd;
	close(fd);
	fd = other;
	feed(5);
	async_expect(fd, 5, 0, 5);
	check_data(5);
	CHECK_EQ(node_ioctl(same, WINUSB_IOC_QUERY, NULL), -EBADF);
}

/* Removal */

static int revents(void)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	CHECK(poll(&poll_fd, 1, 0) >= 0);
	return poll_fd.revents;
}

static void expect_the_end(void)
{
	struct winusb_completion record;

	CHECK_EQ(revents(), POLLHUP | POLLERR);
	CHECK_EQ(read(fd, &record, sizeof(record)), 0);
	CHECK_EQ(read(fd, &record, sizeof(record)), 0);
}

static char data[4][64];

TEST(removal_leaves_the_records_and_then_comes_the_end)
{
	uint8_t bytes[5] = "early";

	open_node(fx2, 0);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data[0], 64, 0));
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data[1], 64, 1));
	CHECK_OK(async_start(fd, handle, FX2_SWITCHES, data[2], 8, 2));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, bytes, 5, NULL));
	CHECK(async_ready(fd, 10000));
	board_unplug(fx2);
	CHECK_EQ(revents(), POLLIN | POLLHUP | POLLERR);
	/* What was completed before the removal is there as it was. */
	async_expect(fd, 0, 0, 5);
	CHECK_MEM(data[0], bytes, 5);
	CHECK_ERR(async_wait(fd).status, ESHUTDOWN);
	CHECK_EQ(revents(), POLLIN | POLLHUP | POLLERR);
	CHECK_ERR(async_wait(fd).status, ESHUTDOWN);
	expect_the_end();
}

TEST(removal_without_anything_under_way_is_the_end)
{
	open_node(fx2, 0);
	board_unplug(fx2);
	expect_the_end();
}

static void *end_main(void *out)
{
	struct winusb_completion record;

	*(ssize_t *)out = read(fd, &record, sizeof(record));
	return NULL;
}

TEST(removal_ends_a_blocked_reader_with_the_end)
{
	ssize_t result = 99;
	pthread_t thread;

	open_node(fx2, 0);
	CHECK_EQ(pthread_create(&thread, NULL, end_main, &result), 0);
	test_sleep_ms(50);
	board_unplug(fx2);
	pthread_join(thread, NULL);
	CHECK_EQ(result, 0);
}

TEST(after_removal_every_submission_is_ENODEV_and_has_no_record)
{
	struct winusb_transfer arg;
	uint32_t count;

	open_node(fx2, 0);
	board_unplug(fx2);
	CHECK_ERR(async_start(fd, handle, FX2_BULK_IN, data[0], 64, 1), ENODEV);
	arg = async_transfer(handle, FX2_BULK_OUT, data[0], 64, 2);
	CHECK_ERR(async_submit(fd, &arg, 1, &count), ENODEV);
	CHECK_EQ(count, 0);
	CHECK_ERR(async_cancel_all(fd, &count), ENOENT);
	expect_the_end();
}

TEST(removal_of_an_associated_interface_ends_its_transfers_only)
{
	uint32_t other;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 2, &other));
	CHECK_OK(async_start(fd, handle, 0x81, data[0], 64, 1));
	CHECK_OK(async_start(fd, other, 0x87, data[1], 64, 2));
	CHECK_OK(interface_unbind(board_node(composite, LOOPBACK)));
	async_expect(fd, 2, -ESHUTDOWN, 0);
	async_expect_none(fd);
	CHECK_EQ(revents(), 0);
	CHECK_OK(node_transfer(fd, handle, 0x01, "here", 4, NULL));
	async_expect(fd, 1, 0, 4);
}

/* Resets */

static void *reset_main(void *usbfs)
{
	if (ioctl(*(int *)usbfs, USBDEVFS_RESET, NULL))
		FAIL("USBDEVFS_RESET: %s", strerror(errno));
	return NULL;
}

TEST(a_reset_by_another_party_is_ECONNRESET_and_a_flag)
{
	struct winusb_completion record;
	struct winusb_query query;
	pthread_t thread;
	char path[64];
	int usbfs, i;

	open_node(fx2, 0);
	CHECK_OK(node_query(fd, &query));
	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", query.out_busnum, query.out_devnum);
	usbfs = open(path, O_RDWR | O_CLOEXEC);
	CHECK(usbfs >= 0);
	for (i = 0; i < 3; i++)
		CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data[i], 64, i));
	CHECK_EQ(pthread_create(&thread, NULL, reset_main, &usbfs), 0);
	for (i = 0; i < 3; i++) {
		record = async_wait(fd);
		CHECK_ERR(record.status, ECONNRESET);
		CHECK_EQ(record.flags, WINUSB_COMPLETION_RESET);
		CHECK_EQ(record.length, 0);
	}
	pthread_join(thread, NULL);
	/* Afterwards all works, without a new open. */
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data[0], 64, 9));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "again", 5, NULL));
	record = async_wait(fd);
	CHECK_EQ(record.status, 0);
	CHECK_EQ(record.flags, 0);
	CHECK_EQ(record.length, 5);
}

/*
 * A reset that takes as long as the board hesitates: everything that is submitted meanwhile waits
 * for its end, or says so.
 */

static pthread_t resetter;
static int reset_usbfs;

static void begin_reset(int flags)
{
	struct winusb_query query;
	char path[64];

	open_node(fx2, 0);
	CHECK_EQ(fcntl(fd, F_SETFL, O_RDWR | flags), 0);
	CHECK_OK(node_query(fd, &query));
	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", query.out_busnum, query.out_devnum);
	reset_usbfs = open(path, O_RDWR | O_CLOEXEC);
	CHECK(reset_usbfs >= 0);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data[0], 64, 1));
	board_set(fx2, "silent=0");
	CHECK_EQ(pthread_create(&resetter, NULL, reset_main, &reset_usbfs), 0);
	/* It ends when the reset begins. */
	async_expect(fd, 1, -ECONNRESET, 0);
	board_wait_pending(fx2, 0, 1);
}

static void end_reset(void)
{
	board_set(fx2, "silent=0:never");
	pthread_join(resetter, NULL);
}

TEST(a_submission_during_a_reset_is_EAGAIN_in_non_blocking_mode)
{
	struct winusb_transfer arg;
	uint32_t count;

	begin_reset(O_NONBLOCK);
	CHECK_ERR(async_start(fd, handle, FX2_BULK_IN, data[0], 64, 2), EAGAIN);
	arg = async_transfer(handle, FX2_BULK_OUT, data[0], 64, 3);
	CHECK_ERR(async_submit(fd, &arg, 1, &count), EAGAIN);
	CHECK_EQ(count, 0);
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, data[0], 64, &moved), EAGAIN);
	end_reset();
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data[0], 64, 4));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "again", 5, NULL));
	async_expect(fd, 4, 0, 5);
}

static void *submit_main(void *result)
{
	*(int *)result = async_start(fd, handle, FX2_BULK_IN, data[1], 64, 5);
	return NULL;
}

TEST(a_submission_during_a_reset_waits_for_its_end)
{
	pthread_t thread;
	int result = 99;

	begin_reset(0);
	CHECK_EQ(pthread_create(&thread, NULL, submit_main, &result), 0);
	test_sleep_ms(50);
	CHECK_EQ(result, 99);
	end_reset();
	pthread_join(thread, NULL);
	CHECK_OK(result);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "after", 5, NULL));
	async_expect(fd, 5, 0, 5);
}

/* io_uring lets a worker wait. */
TEST(a_command_during_a_reset_waits_for_its_end)
{
	struct winusb_query query;
	struct ring_result result;
	struct ring ring;

	begin_reset(0);
	CHECK_OK(node_query(fd, &query));
	if (!(query.out_capabilities & WINUSB_CAP_URING)) {
		end_reset();
		test_skip("this kernel cannot cancel io_uring commands");
	}
	CHECK_OK(ring_init(&ring, IORING_SETUP_CQE32));
	ring_transfer(&ring, fd, handle, FX2_BULK_IN, data[1], 64, 6);
	CHECK_EQ(ring_submit(&ring), 1);
	test_sleep_ms(50);
	CHECK(!ring_peek(&ring, &result));
	end_reset();
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "worker", 6, NULL));
	CHECK_OK(ring_wait(&ring, &result, 10000 * test_scale()));
	CHECK_EQ(result.user_data, 6);
	CHECK_EQ(result.res, 6);
}

/* FREE, and who stays busy */

TEST(free_of_the_handle_leaves_the_transfer_and_its_interface)
{
	struct winusb_completion record;
	uint32_t other;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 2, &other));
	CHECK_OK(async_start(fd, other, 0x87, data[0], 64, 5));
	CHECK_OK(node_free(fd, other));
	CHECK_ERR(node_open(board_node(composite, LOOPBACK), O_RDWR), EBUSY);
	CHECK_ERR(async_start(fd, other, 0x87, data[1], 64, 6), EBADF);
	board_do(composite, "push 0x87 010203");
	record = async_wait(fd);
	CHECK_EQ(record.cookie, 5);
	CHECK_EQ(record.status, 0);
	CHECK_EQ(record.length, 3);
	CHECK_EQ(record.handle, other);
	CHECK_OK(node_associated(fd, handle, 2, &other));
}

TEST(free_of_the_first_handle_leaves_the_transfer)
{
	open_node(fx2, 0);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data[0], 64, 5));
	CHECK_OK(node_free(fd, handle));
	board_do(fx2, "push 0x88 0102");
	async_expect(fd, 5, 0, 2);
	CHECK_EQ(data[0][1], 2);
}

static int unload(void)
{
	return syscall(SYS_delete_module, "winusb", O_NONBLOCK) ? -errno : 0;
}

TEST(the_module_stays_while_transfers_are_under_way)
{
	open_node(fx2, 0);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data[0], 64, 1));
	CHECK_ERR(unload(), EWOULDBLOCK);
	CHECK_OK(async_cancel(fd, 1, NULL));
	async_expect(fd, 1, -ECANCELED, 0);
}

TEST(the_module_stays_while_a_record_was_not_collected)
{
	open_node(fx2, 0);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data[0], 64, 1));
	board_unplug(fx2);
	CHECK(async_ready(fd, 10000));
	CHECK_ERR(unload(), EWOULDBLOCK);
}
