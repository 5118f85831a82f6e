// SPDX-License-Identifier: MIT
/* INITIALIZE, GET_ASSOCIATED_INTERFACE and FREE (winusb.md 1.2, 5.2, 9.11, 9.14). */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>

#include "board.h"
#include "node.h"
#include "test.h"

/* Interfaces of the composite board, in its order; the whole device is one function. */
enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK, INTERFACES };

static struct board *composite, *fx2;
static int fd;
static uint32_t handle;

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
	CHECK(handle != 0);
}

static uint32_t associated(unsigned int index)
{
	uint32_t out;

	CHECK_OK(node_associated(fd, handle, index, &out));
	CHECK(out != 0);
	return out;
}

static uint8_t interface_number(uint32_t of)
{
	uint8_t descriptor[9];

	CHECK_OK(node_settings(fd, of, 0, descriptor));
	return descriptor[2];
}

TEST(initialize_gives_the_handle_of_the_files_interface)
{
	open_node(composite, SETTINGS);
	CHECK_EQ(interface_number(handle), SETTINGS);
}

TEST(a_second_initialize_gives_a_second_number)
{
	uint32_t second;

	open_node(fx2, 0);
	CHECK_OK(node_initialize(fd, &second));
	CHECK(second != handle);
	CHECK_EQ(interface_number(second), 0);
	CHECK_EQ(interface_number(handle), 0);
}

/* winusb.md 9.14 */
TEST(initialize_9_14_resets_the_policies)
{
	uint32_t value, second;

	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, 0, 77));
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 78));
	CHECK_OK(node_initialize(fd, &second));
	CHECK_OK(node_get_timeout(fd, handle, 0, &value));
	CHECK_EQ(value, 5000);
	CHECK_OK(node_get_timeout(fd, handle, FX2_BULK_IN, &value));
	CHECK_EQ(value, 0);
}

TEST(both_numbers_of_an_interface_share_its_policies)
{
	uint32_t value, second;

	open_node(fx2, 0);
	CHECK_OK(node_initialize(fd, &second));
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 78));
	CHECK_OK(node_get_timeout(fd, second, FX2_BULK_IN, &value));
	CHECK_EQ(value, 78);
}

TEST(initialize_drops_the_saved_data)
{
	char out[64] = "the first ten and the rest", in[64];
	uint32_t second, moved;

	open_node(fx2, 0);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, 26, NULL));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, 10, &moved));
	CHECK_EQ(moved, 10);
	CHECK_OK(node_initialize(fd, &second));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "fresh", 5, NULL));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, 64, &moved));
	CHECK_EQ(moved, 5);
	CHECK_MEM(in, "fresh", 5);
}

TEST(initialize_keeps_the_alternate_setting)
{
	uint32_t second;
	uint8_t setting;

	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 1));
	CHECK_OK(node_initialize(fd, &second));
	CHECK_OK(node_get_setting(fd, second, &setting));
	CHECK_EQ(setting, 1);
}

TEST(associated_interfaces_are_counted_by_the_descriptors)
{
	open_node(composite, JOINED_DATA);
	CHECK_EQ(interface_number(associated(0)), JOINED_EVENTS);
	CHECK_EQ(interface_number(associated(1)), SETTINGS);
	CHECK_EQ(interface_number(associated(2)), LOOPBACK);
}

/* winusb.md 9.11 */
TEST(associated_9_11_past_the_last_interface_is_ENOENT)
{
	uint32_t out;

	open_node(composite, JOINED_DATA);
	CHECK_ERR(node_associated(fd, handle, 3, &out), ENOENT);
	CHECK_ERR(node_associated(fd, handle, 254, &out), ENOENT);
}

TEST(a_single_interface_has_no_associated_one)
{
	uint32_t out;

	open_node(fx2, 0);
	CHECK_ERR(node_associated(fd, handle, 0, &out), ENOENT);
}

TEST(an_index_of_255_is_EINVAL)
{
	uint32_t out;

	open_node(composite, JOINED_DATA);
	CHECK_ERR(node_associated(fd, handle, 255, &out), EINVAL);
}

TEST(associated_9_11_a_second_live_handle_is_EEXIST)
{
	uint32_t out;

	open_node(composite, JOINED_DATA);
	associated(0);
	CHECK_ERR(node_associated(fd, handle, 0, &out), EEXIST);
	associated(1);
}

TEST(a_second_live_associated_handle_is_EEXIST_through_any_initialize_handle)
{
	uint32_t second, out;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_initialize(fd, &second));
	associated(0);
	CHECK_ERR(node_associated(fd, second, 0, &out), EEXIST);
}

TEST(associated_9_11_after_free_the_handle_is_given_again)
{
	open_node(composite, JOINED_DATA);
	CHECK_OK(node_free(fd, associated(0)));
	CHECK_EQ(interface_number(associated(0)), JOINED_EVENTS);
}

TEST(an_associated_handle_given_is_EINVAL)
{
	uint32_t first, out;

	open_node(composite, JOINED_DATA);
	first = associated(0);
	CHECK_ERR(node_associated(fd, first, 0, &out), EINVAL);
	CHECK_ERR(node_associated(fd, first, 1, &out), EINVAL);
}

TEST(a_sibling_that_is_not_bound_is_EAGAIN)
{
	uint32_t out;

	CHECK_OK(interface_unbind(board_node(composite, JOINED_EVENTS)));
	open_node(composite, JOINED_DATA);
	CHECK_ERR(node_associated(fd, handle, 0, &out), EAGAIN);
	CHECK_EQ(interface_number(associated(1)), SETTINGS);
}

TEST(a_sibling_that_is_bound_late_can_be_had)
{
	uint32_t out;

	CHECK_OK(interface_unbind(board_node(composite, JOINED_EVENTS)));
	open_node(composite, JOINED_DATA);
	CHECK_ERR(node_associated(fd, handle, 0, &out), EAGAIN);
	CHECK_OK(interface_bind(board_node(composite, JOINED_EVENTS), "winusb"));
	CHECK_EQ(interface_number(associated(0)), JOINED_EVENTS);
}

TEST(a_sibling_that_is_bound_late_is_reserved_at_once)
{
	CHECK_OK(interface_unbind(board_node(composite, LOOPBACK)));
	open_node(composite, JOINED_DATA);
	CHECK_OK(interface_bind(board_node(composite, LOOPBACK), "winusb"));
	CHECK_ERR(node_open(board_node(composite, LOOPBACK), O_RDWR), EBUSY);
}

TEST(a_default_that_is_bound_late_is_EBUSY_while_a_sibling_is_open)
{
	CHECK_OK(interface_unbind(board_node(composite, JOINED_DATA)));
	open_node(composite, LOOPBACK);
	CHECK_OK(interface_bind(board_node(composite, JOINED_DATA), "winusb"));
	CHECK_ERR(node_open(board_node(composite, JOINED_DATA), O_RDWR), EBUSY);
	close(fd);
	open_node(composite, JOINED_DATA);
}

TEST(a_sibling_that_another_driver_has_is_EBUSY)
{
	unsigned int number = LOOPBACK;
	struct winusb_query query;
	char path[64], driver[32];
	uint32_t out;
	int usbfs;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_query(fd, &query));
	CHECK_OK(interface_unbind(board_node(composite, LOOPBACK)));
	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", query.out_busnum, query.out_devnum);
	usbfs = open(path, O_RDWR | O_CLOEXEC);
	CHECK(usbfs >= 0);
	CHECK_EQ(ioctl(usbfs, USBDEVFS_CLAIMINTERFACE, &number), 0);
	interface_driver(board_node(composite, LOOPBACK), driver, sizeof(driver));
	CHECK(!strcmp(driver, "usbfs"));
	CHECK_ERR(node_associated(fd, handle, 2, &out), EBUSY);
	CHECK_EQ(ioctl(usbfs, USBDEVFS_RELEASEINTERFACE, &number), 0);
	CHECK_ERR(node_associated(fd, handle, 2, &out), EAGAIN);
}

TEST(a_sibling_that_was_opened_by_its_own_node_is_EBUSY)
{
	uint32_t out;

	CHECK_OK(node_open(board_node(composite, SETTINGS), O_RDWR));
	open_node(composite, JOINED_EVENTS);
	CHECK_ERR(node_associated(fd, handle, 0, &out), EBUSY);
}

TEST(a_siblings_file_counts_from_its_own_interface)
{
	uint32_t out;

	open_node(composite, JOINED_EVENTS);
	CHECK_EQ(interface_number(associated(0)), SETTINGS);
	CHECK_EQ(interface_number(associated(1)), LOOPBACK);
	CHECK_ERR(node_associated(fd, handle, 2, &out), ENOENT);
	close(fd);
	open_node(composite, LOOPBACK);
	CHECK_ERR(node_associated(fd, handle, 0, &out), ENOENT);
}

TEST(an_associated_interface_is_not_opened_by_its_node)
{
	open_node(composite, JOINED_EVENTS);
	associated(1);
	CHECK_ERR(node_open(board_node(composite, LOOPBACK), O_RDWR), EBUSY);
	close(fd);
	open_node(composite, LOOPBACK);
}

TEST(an_associated_handle_starts_with_default_policies)
{
	uint32_t out, value;

	open_node(composite, JOINED_DATA);
	out = associated(2);
	CHECK_OK(node_timeout(fd, out, 0x87, 99));
	CHECK_OK(node_timeout(fd, out, 0, 98));
	CHECK_OK(node_free(fd, out));
	out = associated(2);
	CHECK_OK(node_get_timeout(fd, out, 0x87, &value));
	CHECK_EQ(value, 0);
	CHECK_OK(node_get_timeout(fd, out, 0, &value));
	CHECK_EQ(value, 5000);
}

TEST(an_associated_handle_moves_data)
{
	char in[16];
	uint32_t out, moved;

	open_node(composite, JOINED_DATA);
	out = associated(2);
	CHECK_OK(node_transfer(fd, out, 0x07, "sibling", 7, &moved));
	CHECK_EQ(moved, 7);
	CHECK_OK(node_transfer(fd, out, 0x87, in, sizeof(in), &moved));
	CHECK_EQ(moved, 7);
	CHECK_MEM(in, "sibling", 7);
}

TEST(a_pipe_of_another_interface_is_EINVAL)
{
	uint32_t out, value;
	char in[16];

	open_node(composite, JOINED_DATA);
	out = associated(0);
	CHECK_ERR(node_transfer(fd, handle, 0x82, in, sizeof(in), NULL), EINVAL);
	CHECK_ERR(node_transfer(fd, out, 0x81, in, sizeof(in), NULL), EINVAL);
	CHECK_ERR(node_get_timeout(fd, handle, 0x82, &value), EINVAL);
	CHECK_ERR(node_timeout(fd, handle, 0x82, 5), EINVAL);
	CHECK_ERR(node_abort(fd, handle, 0x82), EINVAL);
	CHECK_ERR(node_reset_pipe(fd, handle, 0x82), EINVAL);
	CHECK_ERR(node_flush(fd, handle, 0x82), EINVAL);
}

TEST(handles_are_freed_in_any_order)
{
	uint32_t out;

	open_node(composite, JOINED_DATA);
	out = associated(0);
	CHECK_OK(node_free(fd, handle));
	CHECK_EQ(interface_number(out), JOINED_EVENTS);
	CHECK_OK(node_free(fd, out));
	CHECK_OK(node_initialize(fd, &handle));
	out = associated(0);
	CHECK_OK(node_free(fd, out));
	CHECK_OK(node_free(fd, handle));
}

TEST(a_handle_is_freed_once)
{
	open_node(fx2, 0);
	CHECK_OK(node_free(fd, handle));
	CHECK_ERR(node_free(fd, handle), EBADF);
}

TEST(a_file_without_handles_is_initialized_again)
{
	open_node(fx2, 0);
	CHECK_OK(node_free(fd, handle));
	CHECK_OK(node_initialize(fd, &handle));
	CHECK_EQ(interface_number(handle), 0);
}

TEST(free_does_not_cancel_a_transfer)
{
	char in[8], out[8] = "seven b";
	struct job job = { .pipe = FX2_BULK_IN, .buffer = in, .length = sizeof(in) };
	uint32_t second;

	open_node(fx2, 0);
	CHECK_OK(node_initialize(fd, &second));
	job.fd = fd;
	job.handle = second;
	job_start_blocked(&job);
	CHECK_OK(node_free(fd, second));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, 8, NULL));
	CHECK_OK(job_wait(&job, 5));
	CHECK_EQ(job.moved, 8);
	CHECK_MEM(in, out, 8);
}

TEST(an_interface_freed_with_a_transfer_outstanding_stays_acquired)
{
	char in[512];
	struct job job = { .pipe = 0x87, .buffer = in, .length = sizeof(in) };
	uint32_t out, again;

	board_set(composite, "source=0x87");
	board_set(composite, "silent=0x87:always");
	open_node(composite, JOINED_DATA);
	out = associated(2);
	job.fd = fd;
	job.handle = out;
	job_start_blocked(&job);
	CHECK_OK(node_free(fd, out));
	CHECK_ERR(node_associated(fd, handle, 2, &again), EEXIST);
	board_set(composite, "silent=0x87:never");
	CHECK_OK(job_wait(&job, 5));
	CHECK_EQ(job.moved, sizeof(in));
	associated(2);
}

TEST(one_handle_too_many_is_ENOMEM)
{
	uint32_t out, last = 0;
	int i;

	open_node(composite, JOINED_DATA);
	for (i = 1; i < WINUSB_MAX_HANDLES; i++)
		CHECK_OK(node_initialize(fd, &last));
	CHECK_ERR(node_initialize(fd, &out), ENOMEM);
	CHECK_ERR(node_associated(fd, handle, 0, &out), ENOMEM);
	CHECK_OK(node_free(fd, last));
	associated(0);
}

TEST(close_frees_all_handles_and_drops_what_they_held)
{
	unsigned int i;

	open_node(composite, JOINED_DATA);
	for (i = 0; i < 3; i++)
		associated(i);
	close(fd);
	for (i = 0; i < INTERFACES; i++) {
		open_node(composite, i);
		close(fd);
	}
}
