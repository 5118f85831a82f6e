// SPDX-License-Identifier: MIT
/* Custom events (winusb.md 6.2): who hears them, what they carry, and how they are read. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "post.h"
#include "test.h"

enum { PAGE = 4096 };

static struct board *fx2, *composite;

void test_setup(void)
{
	fx2 = board_add("fx2");
	composite = board_add("composite");
	boards_start();
	board_plug(fx2);
	board_plug(composite);
	boards_keep();
}

/* Who hears it */

TEST(custom_event_6_2_reaches_every_listener_of_the_function)
{
	int listeners[5], i;

	post_open(composite, JOINED_DATA);
	for (i = 0; i < 5; i++)
		listeners[i] = post_listen(composite, i % 4, O_NONBLOCK);
	post_send_text("all of you");
	for (i = 0; i < 5; i++) {
		post_expect_text(listeners[i], "all of you");
		post_expect_none(listeners[i]);
	}
}

TEST(a_post_through_an_associated_handle_reaches_the_same_listeners)
{
	int listeners[4], i;

	post_open(composite, JOINED_DATA);
	CHECK_OK(node_associated(post_fd, post_handle, 1, &post_handle));
	for (i = 0; i < 4; i++)
		listeners[i] = post_listen(composite, i, O_NONBLOCK);
	post_send_text("by another handle");
	for (i = 0; i < 4; i++)
		post_expect_text(listeners[i], "by another handle");
}

TEST(a_post_through_a_siblings_own_file_reaches_the_same_listeners)
{
	int listeners[4], i;

	post_open(composite, SETTINGS);
	for (i = 0; i < 4; i++)
		listeners[i] = post_listen(composite, i, O_NONBLOCK);
	post_send_text("by a sibling");
	for (i = 0; i < 4; i++)
		post_expect_text(listeners[i], "by a sibling");
}

TEST(listeners_of_other_functions_and_devices_hear_nothing)
{
	int sibling, others[3], i;

	board_unplug(composite);
	board_functions(composite, true);
	board_plug(composite);
	post_open(composite, JOINED_DATA);
	sibling = post_listen(composite, JOINED_EVENTS, O_NONBLOCK);
	others[0] = post_listen(composite, SETTINGS, O_NONBLOCK);
	others[1] = post_listen(composite, LOOPBACK, O_NONBLOCK);
	others[2] = post_listen(fx2, 0, O_NONBLOCK);
	post_send_text("among us");
	post_expect_text(sibling, "among us");
	for (i = 0; i < 3; i++)
		post_expect_none(others[i]);
}

TEST(who_did_not_ask_gets_none_and_misses_no_number)
{
	int deaf = node_open(board_node(fx2, 0), O_RDONLY | O_NONBLOCK), i;
	struct winusb_event event;

	CHECK_OK(deaf);
	for (i = 1; i <= 2; i++) {
		post_open(fx2, 0);
		post_send_text("not for you");
		close(post_fd);
		CHECK_EQ(read(deaf, &event, sizeof(event)), sizeof(event));
		CHECK_EQ(event.type, WINUSB_EVENT_OPENED);
		CHECK_EQ(event.sequence, 2 * i - 1);
		CHECK_EQ(event.data_length, 0);
		CHECK_EQ(read(deaf, &event, sizeof(event)), sizeof(event));
		CHECK_EQ(event.type, WINUSB_EVENT_CLOSED);
		CHECK_EQ(event.dropped, 0);
	}
}

TEST(who_asks_no_more_keeps_what_is_queued_and_gets_no_more)
{
	int listener;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, O_NONBLOCK);
	post_send_text("before");
	CHECK_OK(node_listen(listener, 0));
	post_send_text("meanwhile");
	post_expect_text(listener, "before");
	post_expect_none(listener);
	CHECK_OK(node_listen(listener, WINUSB_LISTEN_CUSTOM));
	post_send_text("again");
	post_expect_text(listener, "again");
	CHECK_EQ(post_record.event.sequence, 2);
}

TEST(a_post_that_nobody_hears_succeeds)
{
	post_open(fx2, 0);
	post_send_text("hello?");
}

TEST(listen_of_a_read_write_file_is_EBADF)
{
	post_open(fx2, 0);
	CHECK_ERR(node_listen(post_fd, WINUSB_LISTEN_CUSTOM), EBADF);
}

TEST(listen_tells_how_long_a_buffer_must_be)
{
	struct winusb_listen arg = { .size = sizeof(arg), .flags = WINUSB_LISTEN_CUSTOM };
	int listener = node_open(board_node(fx2, 0), O_RDONLY);

	CHECK_OK(node_ioctl(listener, WINUSB_IOC_LISTEN, &arg));
	CHECK_EQ(arg.out_length, sizeof(post_record));
}

TEST(copies_of_a_listener_share_its_queue_and_what_it_asked_for)
{
	int listener, copy, status;
	pid_t child;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, O_NONBLOCK);
	copy = dup(listener);
	post_send_text("one");
	post_send_text("two");
	post_send_text("three");
	post_expect_text(copy, "one");
	child = fork();
	if (!child) {
		post_expect_text(listener, "two");
		_exit(0);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	close(copy);
	post_expect_text(listener, "three");
	post_expect_none(listener);
}

/* What it carries */

struct length {
	const char *label;
	uint32_t bytes;
};

static const struct length lengths[] = {
	{ "0", 0 }, { "1", 1 }, { "7", 7 }, { "8", 8 }, { "9", 9 }, { "4096", 4096 },
	{ "65498", 65498 }, { "65499", LONGEST },
};

TEST_EACH(custom_event_6_2_has_its_data_and_zeros_up_to_8, struct length, row, lengths)
{
	static const uint8_t zeros[8];
	uint32_t padded = (row->bytes + 7) / 8 * 8;
	int listener;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, O_NONBLOCK);
	post_send(post_data, row->bytes);
	memset(&post_record, 0xcc, sizeof(post_record));
	CHECK_EQ(read(listener, &post_record, sizeof(post_record.event) + padded),
		 sizeof(post_record.event) + padded);
	CHECK_EQ(post_record.event.type, WINUSB_EVENT_CUSTOM);
	CHECK_MEM(post_record.event.guid, post_guid, sizeof(post_guid));
	CHECK_EQ(post_record.event.data_length, row->bytes);
	CHECK_MEM(post_record.event.__reserved, zeros, 4);
	CHECK_MEM(post_record.data, post_data, row->bytes);
	CHECK_MEM(post_record.data + row->bytes, zeros, padded - row->bytes);
	if (padded < sizeof(post_record.data))
		CHECK_EQ(post_record.data[padded], 0xcc);
}

static const struct length too_long[] = {
	{ "65500", LONGEST + 1 }, { "65535", 65535 }, { "65536", 65536 },
	{ "all_ones", UINT32_MAX },
};

TEST_EACH(custom_event_6_2_with_more_data_is_ENOMEM, struct length, row, too_long)
{
	int listener;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, O_NONBLOCK);
	CHECK_ERR(node_post(post_fd, post_handle, post_guid, post_data, row->bytes), ENOMEM);
	post_expect_none(listener);
}

TEST(without_data_the_pointer_is_not_looked_at)
{
	int listener;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, O_NONBLOCK);
	post_send(NULL, 0);
	post_send((void *)8, 0);
	post_expect(listener, "", 0);
	post_expect(listener, "", 0);
}

TEST(any_guid_is_accepted)
{
	static const uint8_t guids[2][16] = { { 0 }, { [0 ... 15] = 0xff } };
	int listener, i;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, O_NONBLOCK);
	for (i = 0; i < 2; i++) {
		CHECK_OK(node_post(post_fd, post_handle, guids[i], NULL, 0));
		CHECK_EQ(read(listener, &post_record, 64), 64);
		CHECK_MEM(post_record.event.guid, guids[i], 16);
	}
}

/* Memory whose second page is not there; gives the last N bytes of the first. */
static uint8_t *before_the_edge(size_t n)
{
	uint8_t *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(pages != MAP_FAILED);
	CHECK_EQ(munmap(pages + PAGE, PAGE), 0);
	return pages + PAGE - n;
}

TEST(a_bad_pointer_of_data_is_EFAULT_and_posts_nothing)
{
	uint8_t *end = before_the_edge(100);
	int listener;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, O_NONBLOCK);
	CHECK_ERR(node_post(post_fd, post_handle, post_guid, NULL, 1), EFAULT);
	CHECK_ERR(node_post(post_fd, post_handle, post_guid, (void *)(UINTPTR_MAX - 4095), 100),
		  EFAULT);
	CHECK_ERR(node_post(post_fd, post_handle, post_guid, end, 101), EFAULT);
	post_expect_none(listener);
	memcpy(end, post_data, 100);
	post_send(end, 100);
	post_expect(listener, post_data, 100);
	CHECK_EQ(post_record.event.sequence, 1);
}

/* How it is read */

TEST(a_buffer_shorter_than_the_next_event_is_EINVAL_and_takes_nothing)
{
	int listener;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, O_NONBLOCK);
	post_send(post_data, 17);
	CHECK_EQ(read(listener, &post_record, 64), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(read(listener, &post_record, 64 + 23), -1);
	CHECK_EQ(errno, EINVAL);
	post_expect(listener, post_data, 17);
	post_expect_none(listener);
}

TEST(only_whole_events_are_read)
{
	uint8_t buffer[3 * 64 + 8 + 16];
	struct winusb_event event;
	int listener;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, O_NONBLOCK);
	post_send_text("12345678");
	post_send_text("");
	post_send_text("123456789");
	/* One byte less than all of them. */
	CHECK_EQ(read(listener, buffer, sizeof(buffer) - 1), 64 + 8 + 64);
	memcpy(&event, buffer + 64 + 8, sizeof(event));
	CHECK_EQ(event.sequence, 2);
	CHECK_EQ(event.data_length, 0);
	CHECK_EQ(read(listener, buffer, sizeof(buffer)), 64 + 16);
	CHECK_MEM(buffer + 64, "123456789\0\0\0\0\0\0", 16);
}

TEST(a_buffer_that_ends_in_an_unmapped_page_is_EFAULT_and_takes_nothing)
{
	size_t whole;
	int listener;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, O_NONBLOCK);
	post_send(post_data, 1001);
	for (whole = 0; whole < 64 + 1008; whole += 8) {
		CHECK_EQ(read(listener, before_the_edge(whole), 2000), -1);
		CHECK_EQ(errno, EFAULT);
	}
	post_expect(listener, post_data, 1001);
}

TEST(what_was_read_before_a_bad_page_is_given)
{
	uint8_t *buffer = before_the_edge(64 + 8 + 64);
	int listener;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, O_NONBLOCK);
	post_send_text("first");
	post_send_text("second");
	CHECK_EQ(read(listener, buffer, PAGE), 64 + 8);
	CHECK_MEM(buffer + 64, "first\0\0", 8);
	post_expect_text(listener, "second");
}

static int revents(int listener)
{
	struct pollfd poll_fd = { .fd = listener, .events = POLLIN };

	CHECK(poll(&poll_fd, 1, 0) >= 0);
	return poll_fd.revents;
}

TEST(poll_says_POLLIN_while_there_are_custom_events)
{
	int listener;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, 0);
	CHECK_EQ(revents(listener), 0);
	post_send_text("here");
	CHECK_EQ(revents(listener), POLLIN);
	post_expect_text(listener, "here");
	CHECK_EQ(revents(listener), 0);
}

static void *read_main(void *listener)
{
	post_expect_text(*(int *)listener, "wake up");
	return NULL;
}

TEST(a_post_wakes_a_blocked_listener)
{
	pthread_t thread;
	int listener;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, 0);
	CHECK_EQ(pthread_create(&thread, NULL, read_main, &listener), 0);
	test_sleep_ms(20);
	post_send_text("wake up");
	CHECK_EQ(pthread_join(thread, NULL), 0);
}
