// SPDX-License-Identifier: MIT
/*
 * The life of a board that was bound by what its firmware says: it is pulled out and comes back, is
 * reset by its program and by others, also while its descriptors are read, is unbound and bound by
 * hand. reset.c and removal.c have more of what becomes of transfers.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>

#include "async.h"
#include "board.h"
#include "boards.h"
#include "node.h"
#include "pnp.h"
#include "test.h"
#include "uevent.h"

#define GUID_WRITTEN "{7c3f9a53-64de-4b0a-9e21-5f1d8c2b7a01}"
#define GUID_GIVEN "{7c3f9a52-64de-4b0a-9e21-5f1d8c2b7a01}"

static struct board *board;
static int fd;
static uint32_t handle, moved;

void test_setup(void)
{
	board = pnp_board(0x0200);
	boards_start();
}

/* In, bound by itself, and open. */
static void plug(const char *options, unsigned int mask)
{
	autobind("on");
	configure(board, options);
	plug_in(&board, 1);
	wait_bound(board, mask);
	fd = node_open(board_node(board, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

static void move_data(void)
{
	char in[64];

	CHECK_OK(node_transfer(fd, handle, 0x01, (char *)"works", 5, &moved));
	CHECK_OK(node_transfer(fd, handle, 0x81, in, sizeof(in), &moved));
	CHECK_EQ(moved, 5);
	CHECK_MEM(in, "works", 5);
}

/* Somebody else has the device open by usbfs and resets it; 0 or a negative errno. */
static int reset_by_usbfs(void)
{
	char path[128], text[16];
	int usbfs, result;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/devnum", board_name(board));
	CHECK_OK(file_read(path, text, sizeof(text)));
	snprintf(path, sizeof(path), "/dev/bus/usb/%03d/%03d", atoi(board_name(board)),
		 atoi(text));
	usbfs = open(path, O_RDWR | O_CLOEXEC);
	CHECK(usbfs >= 0);
	result = ioctl(usbfs, USBDEVFS_RESET, NULL) ? -errno : 0;
	close(usbfs);
	return result;
}

static int reset_by_program(void)
{
	return node_reset_device(fd, handle);
}

/* The number of events of an action about the interfaces, of those that are there by now. */
static unsigned int count_events(int uevents, const char *action)
{
	struct uevent event;
	unsigned int n = 0;

	while (uevent_next(uevents, &event, 200))
		n += uevent_is(&event, "winusb", action);
	return n;
}

/* Takes all events up to the one about the GUIDs that were written, which may be held for long. */
static void drain_written(int uevents)
{
	struct uevent event;

	do {
		CHECK(uevent_next(uevents, &event, 5000 * test_scale()));
	} while (strcmp(uevent_text(&event, "WINUSB_GUID_0"), GUID_WRITTEN));
	count_events(uevents, NULL);
}

TEST(a_board_that_comes_back_is_a_new_one_and_the_old_file_stays_dead)
{
	struct pollfd poll_fd;
	uint32_t old_handle;
	int old;

	plug("", 0x1);
	old = fd;
	old_handle = handle;
	CHECK_OK(set_attribute(board, 0, "interface_guids", GUID_WRITTEN));
	board_unplug(board);
	CHECK(access(node_path(board_node(board, 0)), F_OK));
	/* What it says now counts, and not what it said before. */
	plug("guid=" GUID_2, 0x1);
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_2);
	CHECK_ERR(node_transfer(old, old_handle, 0x01, (char *)"x", 1, &moved), ENODEV);
	poll_fd = (struct pollfd){ .fd = old };
	CHECK_EQ(poll(&poll_fd, 1, 0), 1);
	CHECK_EQ(poll_fd.revents, POLLHUP | POLLERR);
	close(old);
	move_data();
	close(fd);
	board_unplug(board);
	configure(board, "os=none");
	plug_in(&board, 1);
	while (!board_value(board, "os_string"))
		test_sleep_ms(2);
	/* It has been asked, and has said that it has none. */
	test_sleep_ms(100 * test_scale());
	CHECK_EQ(bound(board), 0);
}

struct reset {
	const char *label;
	int (*run)(void);
};

static const struct reset resets[] = {
	{ "by the program", reset_by_program },
	{ "by another party", reset_by_usbfs },
};

TEST_EACH(a_reset_ends_requests_and_their_records_say_so, struct reset, row, resets)
{
	struct winusb_completion record;
	char buffer[2][64];
	struct job job = { 0 };
	int i;

	plug("", 0x1);
	job.fd = fd;
	job.handle = handle;
	job.pipe = 0x81;
	job.buffer = buffer[0];
	job.length = sizeof(buffer[0]);
	job_start_blocked(&job);
	/* It waits behind the other one. */
	CHECK_OK(async_start(fd, handle, 0x81, buffer[1], sizeof(buffer[1]), 1));
	board_wait_pending(board, 0x81, 1);
	CHECK_OK(row->run());
	CHECK_ERR(job_wait(&job, 10), ECONNRESET);
	record = async_wait(fd);
	CHECK_EQ(record.cookie, 1);
	CHECK_EQ(record.status, -ECONNRESET);
	CHECK(record.flags & WINUSB_COMPLETION_RESET);
	for (i = 0; i < 3; i++) {
		move_data();
		CHECK_OK(row->run());
	}
	move_data();
}

TEST_EACH(a_reset_keeps_handles_policies_GUIDs_and_properties, struct reset, row, resets)
{
	int uevents = uevent_open();
	uint32_t timeout, second;
	unsigned long long asked;
	uint8_t setting;
	char id[64];

	plug("layout=whole,props=full,guid=" GUID_2, 0x3);
	CHECK_OK(node_associated(fd, handle, 0, &second));
	CHECK_OK(node_timeout(fd, second, 0x82, 777));
	snprintf(id, sizeof(id), "%s * REG_DWORD Given 7", board_id(board));
	CHECK_OK(file_write(DRIVER "/function_property", id));
	CHECK_OK(set_attribute(board, 0, "interface_guids", GUID_WRITTEN));
	asked = board_value(board, "os_set");
	drain_written(uevents);

	CHECK_OK(row->run());
	CHECK_OK(node_get_setting(fd, second, &setting));
	CHECK_EQ(setting, 0);
	CHECK_OK(node_get_timeout(fd, second, 0x82, &timeout));
	CHECK_EQ(timeout, 777);
	CHECK_OK(node_transfer(fd, second, 0x02, (char *)"works", 5, &moved));
	move_data();
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_WRITTEN);
	CHECK_ATTRIBUTE(board, 0, "compatible_id", "WINUSB");
	CHECK_ATTRIBUTE(board, 0, "properties/Given", "REG_DWORD\n7");
	CHECK_ATTRIBUTE(board, 0, "properties/DeviceInterfaceGUIDs", "REG_MULTI_SZ\n" GUID_2);
	CHECK_ATTRIBUTE(board, 0, "function_complete", "1");
	/* It is the same device, which nobody asked again, and nothing left or came. */
	CHECK_EQ(board_value(board, "os_set"), asked);
	CHECK_EQ(count_events(uevents, NULL), 0);
}

TEST(bound_again_by_hand_a_function_has_its_GUIDs_again)
{
	int uevents = uevent_open();
	unsigned long long asked;
	struct uevent event;
	char id[128];

	plug("", 0x1);
	close(fd);
	CHECK_OK(set_attribute(board, 0, "interface_guids", GUID_WRITTEN));
	asked = board_value(board, "os_requests");
	drain_written(uevents);

	CHECK_OK(interface_unbind(board_node(board, 0)));
	CHECK_OK(interface_bind(board_node(board, 0), "winusb"));
	/* It is known already, and what was written is not any more. */
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_1);
	while (uevent_next(uevents, &event, 1000 * test_scale()))
		if (uevent_is(&event, "winusb", "remove"))
			CHECK_TEXT(uevent_text(&event, "WINUSB_GUID_0"), GUID_WRITTEN);
		else if (!strcmp(uevent_text(&event, "WINUSB_COMPLETE"), "1"))
			break;
	CHECK_TEXT(uevent_text(&event, "WINUSB_GUID_0"), GUID_1);
	CHECK_EQ(board_value(board, "os_requests"), asked);
	CHECK(node_works(board, 0));

	/* What an administrator gave holds for the next time, too. */
	snprintf(id, sizeof(id), "%s 00 REG_MULTI_SZ DeviceInterfaceGUIDs " GUID_GIVEN,
		 board_id(board));
	CHECK_OK(file_write(DRIVER "/function_property", id));
	CHECK_OK(interface_unbind(board_node(board, 0)));
	CHECK_OK(interface_bind(board_node(board, 0), "winusb"));
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_GIVEN);
}

TEST(bound_again_by_hand_many_times_while_it_is_open_every_instance_works)
{
	int i, n = test_debug_kernel() ? 3 : 20, old[20];

	plug("layout=whole", 0x3);
	for (i = 0; i < n; i++) {
		move_data();
		old[i] = fd;
		CHECK_OK(interface_unbind(board_node(board, 0)));
		CHECK_OK(interface_bind(board_node(board, 0), "winusb"));
		fd = node_open(board_node(board, 0), O_RDWR);
		CHECK_OK(fd);
		CHECK_OK(node_initialize(fd, &handle));
	}
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_1);
	move_data();
	while (i--)
		close(old[i]);
	move_data();
}

/* When the device is reset: while it is asked this, after so many answers of the kind. */
struct moment {
	const char *label;
	const char *options;
	const char *counter;
	unsigned int count;
};

static const struct moment moments[] = {
	{ "the descriptor set", "os=2", "os_set", 0 },
	{ "string 0xEE", "os=1", "os_string", 0 },
	{ "the header of the compatible IDs", "os=1", "os_ids", 0 },
	{ "the compatible IDs", "os=1", "os_ids", 1 },
};

/* False if the moment was missed, or an answer was late. */
static bool is_reset_and_bound(const struct moment *row)
{
	uint64_t end = test_now_ms() + 2000 * test_scale();
	unsigned long long before;

	autobind("on");
	configure(board, row->options);
	/* Of the half second that the device has, a slow kernel needs much itself. */
	board_set(board, test_debug_kernel() ? "os-delay=100" : "os-delay=200");
	plug_in(&board, 1);
	/* The board counts what it has answered. */
	while (board_value(board, row->counter) < row->count)
		if (test_now_ms() > end)
			return false;
	if (strncmp(board_ask(board, "wait 0x00.pending =1 %u", 1000 * test_scale()),
		    "result=ok", 9))
		return false;
	CHECK_OK(reset_by_usbfs());
	before = board_given_up(board);
	end = test_now_ms() + 3000 * test_scale();
	while (bound(board) != 0x1 && test_now_ms() < end)
		test_sleep_ms(2 * test_scale());
	if (bound(board) == 0x1)
		return true;
	if (board_given_up(board) == before)
		FAIL("interfaces 0x%x are bound, expected 0x1", bound(board));
	test_note("once more: an answer was late");
	return false;
}

TEST_EACH_LIMIT(a_device_that_is_reset_while_it_is_read_is_bound, struct moment, row, 60, moments)
{
	unsigned int tries;

	/* An answer may be late on a machine that stands still for a moment, but not each time. */
	for (tries = 0; !is_reset_and_bound(row); tries++) {
		if (tries == 4)
			FAIL("interfaces 0x%x are bound, expected 0x1", bound(board));
		board_unplug(board);
		board_cleanup();
	}
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_1);
	CHECK(node_works(board, 0));
}
