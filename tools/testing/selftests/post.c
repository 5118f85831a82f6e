// SPDX-License-Identifier: MIT
/* What the tests of custom events share. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "post.h"
#include "test.h"

const uint8_t post_guid[16] = {
	0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
	0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
};
uint8_t post_data[LONGEST + 1];
int post_fd;
uint32_t post_handle;
struct post_record post_record;

void post_open(struct board *board, unsigned int interface)
{
	if (!post_data[0])
		pattern(post_data, sizeof(post_data), 61);
	post_fd = node_open(board_node(board, interface), O_RDWR);
	CHECK_OK(post_fd);
	CHECK_OK(node_initialize(post_fd, &post_handle));
}

int post_listen(struct board *board, unsigned int interface, int flags)
{
	int listener = node_open(board_node(board, interface), O_RDONLY | flags);

	CHECK_OK(listener);
	CHECK_OK(node_listen(listener, WINUSB_LISTEN_CUSTOM));
	return listener;
}

void post_send(const void *data, uint32_t length)
{
	CHECK_OK(node_post(post_fd, post_handle, post_guid, data, length));
}

void post_send_text(const char *text)
{
	post_send(text, strlen(text));
}

/* With room for this event, but for no other one behind it. */
static void read_one(int listener, uint32_t length)
{
	size_t room = sizeof(post_record.event) + (length + 7) / 8 * 8;
	ssize_t n = read(listener, &post_record, room);

	if (n < 0)
		FAIL("read: %s", test_errno(-errno));
	CHECK_EQ(n, room);
	CHECK_EQ(post_record.event.value, 0);
	CHECK_EQ(post_record.event.data_length, length);
}

void post_expect(int listener, const void *data, uint32_t length)
{
	read_one(listener, length);
	CHECK_EQ(post_record.event.type, WINUSB_EVENT_CUSTOM);
	CHECK_MEM(post_record.event.guid, post_guid, sizeof(post_guid));
	CHECK_MEM(post_record.data, data, length);
}

void post_expect_text(int listener, const char *text)
{
	post_expect(listener, text, strlen(text));
}

void post_expect_none(int listener)
{
	CHECK_EQ(read(listener, &post_record, sizeof(post_record)), -1);
	CHECK_EQ(errno, EAGAIN);
}

void post_expect_removed(int listener)
{
	read_one(listener, 0);
	CHECK_EQ(post_record.event.type, WINUSB_EVENT_REMOVED);
}
