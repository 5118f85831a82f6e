// SPDX-License-Identifier: MIT
/* The device is reset, by another party through usbfs or by the command. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/usbdevice_fs.h>

#include "board.h"
#include "node.h"
#include "test.h"

enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK, INTERFACES };

static const uint8_t out_pipes[INTERFACES] = { 0x01, 0x02, 0x04, 0x07 };
static const uint8_t in_pipes[INTERFACES] = { 0x81, 0x82, 0x84, 0x87 };

static struct board *fx2, *composite;
static int fd;
static uint32_t handle, handles[INTERFACES], moved;

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

static void open_all(void)
{
	int i;

	open_node(composite, JOINED_DATA);
	handles[0] = handle;
	for (i = 1; i < INTERFACES; i++)
		CHECK_OK(node_associated(fd, handle, i - 1, &handles[i]));
	CHECK_OK(node_set_setting(fd, handles[SETTINGS], 1));
}

static void start(struct job *job, int file, uint32_t on, uint8_t pipe)
{
	static char data[16][64];
	static int used;

	memset(job, 0, sizeof(*job));
	job->fd = file;
	job->handle = on;
	job->pipe = pipe;
	job->buffer = data[used++];
	job->length = 64;
	job_start_blocked(job);
}

/* The other party: usbfs has the device open and resets it. */
static void reset_by_usbfs(void)
{
	struct winusb_query query;
	char path[64];
	int usbfs;

	CHECK_OK(node_query(fd, &query));
	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", query.out_busnum, query.out_devnum);
	usbfs = open(path, O_RDWR | O_CLOEXEC);
	CHECK(usbfs >= 0);
	CHECK_EQ(ioctl(usbfs, USBDEVFS_RESET, NULL), 0);
	close(usbfs);
}

static void pipe_works(uint32_t on, uint8_t out, uint8_t in_pipe)
{
	char in[64];

	CHECK_OK(node_transfer(fd, on, out, "works", 5, &moved));
	CHECK_EQ(moved, 5);
	CHECK_OK(node_transfer(fd, on, in_pipe, in, sizeof(in), &moved));
	CHECK_EQ(moved, 5);
	CHECK_MEM(in, "works", 5);
}

TEST(a_reset_by_another_party_ends_blocked_reads_with_ECONNRESET)
{
	struct job jobs[3];
	int i;

	open_node(fx2, 0);
	start(&jobs[0], fd, handle, FX2_BULK_IN);
	start(&jobs[1], fd, handle, FX2_BULK_IN);
	start(&jobs[2], fd, handle, FX2_SWITCHES);
	reset_by_usbfs();
	for (i = 0; i < 3; i++)
		CHECK_ERR(job_wait(&jobs[i], 10), ECONNRESET);
	pipe_works(handle, FX2_BULK_OUT, FX2_BULK_IN);
}

TEST(a_reset_with_several_interfaces_open_and_read_ends_all_and_all_work_again)
{
	struct job jobs[INTERFACES];
	int i;

	open_all();
	for (i = 0; i < INTERFACES; i++)
		start(&jobs[i], fd, handles[i], in_pipes[i]);
	reset_by_usbfs();
	for (i = 0; i < INTERFACES; i++)
		CHECK_ERR(job_wait(&jobs[i], 10), ECONNRESET);
	for (i = 0; i < INTERFACES; i++)
		pipe_works(handles[i], out_pipes[i], in_pipes[i]);
}

TEST(a_reset_with_several_files_ends_the_reads_of_each)
{
	uint32_t first_handle;
	struct job jobs[2];
	int first;

	open_node(composite, JOINED_EVENTS);
	first = fd;
	first_handle = handle;
	open_node(composite, LOOPBACK);
	start(&jobs[0], first, first_handle, 0x82);
	start(&jobs[1], fd, handle, 0x87);
	reset_by_usbfs();
	CHECK_ERR(job_wait(&jobs[0], 10), ECONNRESET);
	CHECK_ERR(job_wait(&jobs[1], 10), ECONNRESET);
	pipe_works(handle, 0x07, 0x87);
	fd = first;
	pipe_works(first_handle, 0x02, 0x82);
}

TEST(a_reset_with_the_functions_open_apart_ends_the_reads_of_each)
{
	int files[INTERFACES] = { -1, -1, -1, -1 };
	struct job jobs[2];

	board_unplug(composite);
	board_functions(composite, true);
	board_plug(composite);
	open_node(composite, JOINED_DATA);
	files[0] = fd;
	start(&jobs[0], fd, handle, 0x81);
	open_node(composite, LOOPBACK);
	start(&jobs[1], fd, handle, 0x87);
	reset_by_usbfs();
	CHECK_ERR(job_wait(&jobs[0], 10), ECONNRESET);
	CHECK_ERR(job_wait(&jobs[1], 10), ECONNRESET);
	pipe_works(handle, 0x07, 0x87);
	close(files[0]);
}

TEST(a_reset_keeps_handles_settings_and_policies)
{
	uint32_t value;
	uint8_t setting;

	open_all();
	CHECK_OK(node_timeout(fd, handles[SETTINGS], 0x84, 777));
	reset_by_usbfs();
	CHECK_OK(node_get_setting(fd, handles[SETTINGS], &setting));
	CHECK_EQ(setting, 1);
	CHECK_OK(node_get_timeout(fd, handles[SETTINGS], 0x84, &value));
	CHECK_EQ(value, 777);
	pipe_works(handles[SETTINGS], 0x04, 0x84);
}

TEST(a_reset_ends_the_halt_of_a_pipe)
{
	char in[64];

	open_node(fx2, 0);
	board_set(fx2, "stall=0x88:1");
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), EPIPE);
	reset_by_usbfs();
	pipe_works(handle, FX2_BULK_OUT, FX2_BULK_IN);
}

TEST(a_reset_is_an_event_for_listeners)
{
	struct winusb_event event;
	int listener;

	listener = node_open(board_node(fx2, 0), O_RDONLY | O_NONBLOCK);
	CHECK_OK(listener);
	fd = listener;
	reset_by_usbfs();
	CHECK_EQ(read(listener, &event, sizeof(event)), sizeof(event));
	CHECK_EQ(event.type, WINUSB_EVENT_RESET);
}

TEST(many_resets_with_all_interfaces_open)
{
	int i, n = test_debug_kernel() ? 3 : 10;

	open_all();
	for (i = 0; i < n; i++)
		reset_by_usbfs();
	for (i = 0; i < INTERFACES; i++)
		pipe_works(handles[i], out_pipes[i], in_pipes[i]);
}

TEST(reset_device_ends_pending_transfers_with_ECONNRESET)
{
	struct job jobs[INTERFACES];
	int i;

	open_all();
	for (i = 0; i < INTERFACES; i++)
		start(&jobs[i], fd, handles[i], in_pipes[i]);
	CHECK_OK(node_reset_device(fd, handle));
	for (i = 0; i < INTERFACES; i++)
		CHECK_ERR(job_wait(&jobs[i], 10), ECONNRESET);
	for (i = 0; i < INTERFACES; i++)
		pipe_works(handles[i], out_pipes[i], in_pipes[i]);
}

TEST(reset_device_works_through_an_associated_handle)
{
	open_all();
	CHECK_OK(node_reset_device(fd, handles[LOOPBACK]));
	pipe_works(handles[LOOPBACK], 0x07, 0x87);
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	CHECK_EQ(syscall(SYS_capset, &header, data), 0);
}

TEST(reset_device_without_CAP_SYS_ADMIN_works_on_a_device_of_ones_own)
{
	open_node(fx2, 0);
	drop_capabilities();
	CHECK_OK(node_reset_device(fd, handle));
	pipe_works(handle, FX2_BULK_OUT, FX2_BULK_IN);
}

static void open_one_function(void)
{
	board_unplug(composite);
	board_functions(composite, true);
	board_plug(composite);
	open_node(composite, LOOPBACK);
}

TEST(reset_device_without_CAP_SYS_ADMIN_is_EACCES_while_another_function_is_open)
{
	struct job job;

	open_one_function();
	CHECK_OK(node_open(board_node(composite, JOINED_DATA), O_RDWR));
	start(&job, fd, handle, 0x87);
	drop_capabilities();
	CHECK_ERR(node_reset_device(fd, handle), EACCES);
	/* And it was not reset. */
	CHECK(!job_done(&job));
	CHECK_OK(node_abort(fd, handle, 0x87));
	CHECK_ERR(job_wait(&job, 10), ECANCELED);
}

TEST(reset_device_without_CAP_SYS_ADMIN_is_EACCES_while_another_function_is_bound)
{
	open_one_function();
	drop_capabilities();
	CHECK_ERR(node_reset_device(fd, handle), EACCES);
}

TEST(reset_device_with_CAP_SYS_ADMIN_works_while_another_function_is_open)
{
	open_one_function();
	CHECK_OK(node_open(board_node(composite, JOINED_DATA), O_RDWR));
	CHECK_OK(node_reset_device(fd, handle));
	pipe_works(handle, 0x07, 0x87);
}
