// SPDX-License-Identifier: MIT
/*
 * Custom events and those who hear them: their order, the limits of the queues, slow listeners,
 * listeners that are closed, interfaces that leave.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "post.h"
#include "test.h"

enum { QUEUE = 63, QUEUE_BYTES = 262144 };

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

/* Order, and the limits of the queue */

enum { MANY = 1000 };

TEST(a_thousand_events_of_many_lengths_come_in_order)
{
	int listener, i;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, O_NONBLOCK);
	for (i = 0; i < MANY; i++) {
		post_send(post_data + i, i * 7 % 500);
		if (i % 40 < 39)
			continue;
		for (int j = i - 39; j <= i; j++) {
			post_expect(listener, post_data + j, j * 7 % 500);
			CHECK_EQ(post_record.event.sequence, j + 1);
			CHECK_EQ(post_record.event.dropped, 0);
		}
	}
	post_expect_none(listener);
}

TEST(a_slow_listener_loses_events_and_nobody_else_does)
{
	int slow, quick, i;

	post_open(fx2, 0);
	slow = post_listen(fx2, 0, O_NONBLOCK);
	quick = post_listen(fx2, 0, O_NONBLOCK);
	for (i = 0; i < MANY; i++) {
		post_send(&i, sizeof(i));
		post_expect(quick, &i, sizeof(i));
		CHECK_EQ(post_record.event.dropped, 0);
	}
	for (i = 0; i < QUEUE; i++) {
		post_expect(slow, &i, sizeof(i));
		CHECK_EQ(post_record.event.sequence, i + 1);
		CHECK_EQ(post_record.event.dropped, 0);
	}
	post_expect_none(slow);
	post_send_text("later");
	post_expect_text(slow, "later");
	CHECK_EQ(post_record.event.sequence, MANY + 1);
	CHECK_EQ(post_record.event.dropped, MANY - QUEUE);
}

TEST(a_queue_is_full_when_it_has_many_bytes)
{
	int listener, i, fit = QUEUE_BYTES / LONGEST;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, O_NONBLOCK);
	for (i = 0; i < 10; i++)
		post_send(post_data, LONGEST);
	/* A short one has room still, and so have those without data. */
	post_send(post_data, QUEUE_BYTES - fit * LONGEST);
	post_send(post_data, 1);
	post_send(NULL, 0);
	for (i = 0; i < fit; i++) {
		post_expect(listener, post_data, LONGEST);
		CHECK_EQ(post_record.event.sequence, i + 1);
	}
	/* Room again, though it is behind those. */
	post_send(post_data, LONGEST);
	post_expect(listener, post_data, QUEUE_BYTES - fit * LONGEST);
	CHECK_EQ(post_record.event.sequence, 11);
	CHECK_EQ(post_record.event.dropped, 10 - fit);
	post_expect(listener, "", 0);
	CHECK_EQ(post_record.event.sequence, 13);
	CHECK_EQ(post_record.event.dropped, 10 - fit + 1);
	post_expect(listener, post_data, LONGEST);
	post_expect_none(listener);
}

TEST(listeners_that_are_closed_with_events_queued_take_them_along)
{
	int listeners[8], i, round;

	post_open(fx2, 0);
	for (round = 0; round < 50; round++) {
		for (i = 0; i < 8; i++)
			listeners[i] = post_listen(fx2, 0, O_NONBLOCK);
		for (i = 0; i < 5; i++)
			post_send(post_data, LONGEST);
		post_expect(listeners[7], post_data, LONGEST);
		for (i = 0; i < 7; i++)
			close(listeners[i]);
		/* What is left is not touched by that. */
		for (i = 0; i < 3; i++)
			post_expect(listeners[7], post_data, LONGEST);
		close(listeners[7]);
	}
}

/* Removal */

TEST(removal_is_the_last_event_behind_a_queue_full_of_custom_ones)
{
	int listener, i;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, 0);
	for (i = 0; i < 2 * QUEUE; i++)
		post_send(post_data, i);
	board_unplug(fx2);
	for (i = 0; i < QUEUE; i++)
		post_expect(listener, post_data, i);
	post_expect_removed(listener);
	CHECK_EQ(post_record.event.dropped, QUEUE);
	CHECK_EQ(read(listener, &post_record, sizeof(post_record)), 0);
}

TEST(removal_reaches_a_listener_whose_queue_is_full_of_bytes)
{
	int listener, i;

	post_open(fx2, 0);
	listener = post_listen(fx2, 0, 0);
	for (i = 0; i < 4; i++)
		post_send(post_data, LONGEST);
	post_send(post_data, QUEUE_BYTES - 4 * LONGEST);
	board_unplug(fx2);
	for (i = 0; i < 4; i++)
		post_expect(listener, post_data, LONGEST);
	post_expect(listener, post_data, QUEUE_BYTES - 4 * LONGEST);
	post_expect_removed(listener);
}

TEST(a_post_after_removal_is_ENODEV)
{
	post_open(fx2, 0);
	board_unplug(fx2);
	CHECK_ERR(node_post(post_fd, post_handle, post_guid, NULL, 0), ENODEV);
}

TEST(a_post_through_the_handle_of_an_interface_that_left_is_ENODEV)
{
	uint32_t other;
	int listener;

	post_open(composite, JOINED_DATA);
	CHECK_OK(node_associated(post_fd, post_handle, 2, &other));
	listener = post_listen(composite, SETTINGS, O_NONBLOCK);
	CHECK_OK(interface_unbind(board_node(composite, LOOPBACK)));
	CHECK_ERR(node_post(post_fd, other, post_guid, NULL, 0), ENODEV);
	post_expect_none(listener);
	post_send_text("the others go on");
	post_expect_text(listener, "the others go on");
	/* And the file's own: then all is over. */
	CHECK_OK(node_associated(post_fd, post_handle, 0, &other));
	CHECK_OK(interface_unbind(board_node(composite, JOINED_DATA)));
	CHECK_ERR(node_post(post_fd, post_handle, post_guid, NULL, 0), ENODEV);
	CHECK_ERR(node_post(post_fd, other, post_guid, NULL, 0), ENODEV);
	post_expect_none(listener);
}

/* Many at once */

enum { POSTERS = 4, ROUNDS = 300 };

struct text {
	uint32_t poster;
	uint32_t count;
};

static unsigned int posted, taken;

static void *post_main(void *number)
{
	struct text text = { .poster = (uintptr_t)number };

	for (text.count = 0; text.count < ROUNDS; text.count++) {
		/* As fast as the listeners read, so that none is lost. */
		while (__atomic_add_fetch(&posted, 1, __ATOMIC_SEQ_CST) >
		       __atomic_load_n(&taken, __ATOMIC_SEQ_CST) + QUEUE / 2) {
			__atomic_sub_fetch(&posted, 1, __ATOMIC_SEQ_CST);
			sched_yield();
		}
		post_send(&text, sizeof(text));
	}
	return NULL;
}

TEST(events_of_several_posters_come_in_one_order_to_all)
{
	int listeners[3] = { 0 }, i, n;
	uint32_t next[POSTERS] = { 0 };
	pthread_t threads[POSTERS];
	struct text text;

	post_open(composite, JOINED_DATA);
	for (i = 0; i < 3; i++)
		listeners[i] = post_listen(composite, i, 0);
	for (i = 0; i < POSTERS; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, post_main, (void *)(uintptr_t)i), 0);
	for (n = 0; n < POSTERS * ROUNDS; n++) {
		for (i = 0; i < 3; i++) {
			/* One event: another one would not fit behind it. */
			CHECK_EQ(read(listeners[i], &post_record, 64 + sizeof(text)),
				 64 + sizeof(text));
			if (i)
				CHECK_MEM(post_record.data, &text, sizeof(text));
			memcpy(&text, post_record.data, sizeof(text));
		}
		CHECK(text.poster < POSTERS);
		CHECK_EQ(text.count, next[text.poster]++);
		__atomic_add_fetch(&taken, 1, __ATOMIC_SEQ_CST);
	}
	for (i = 0; i < POSTERS; i++)
		pthread_join(threads[i], NULL);
}

static bool going;

/* Posts until told to end, or until the board has left. */
static void *post_until_main(void *unused)
{
	uint32_t i = 0;
	int result;

	do {
		result = node_post(post_fd, post_handle, post_guid, post_data, i++ * 4099 % LONGEST);
	} while (!result && __atomic_load_n(&going, __ATOMIC_RELAXED));
	if (result && result != -ENODEV)
		FAIL("post: %s", test_errno(result));
	return unused;
}

static void start_posters(pthread_t *threads)
{
	int i;

	going = true;
	for (i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, post_until_main, NULL), 0);
}

static void end_posters(pthread_t *threads)
{
	int i;

	__atomic_store_n(&going, false, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

TEST(listeners_that_come_and_go_while_posts_are_made)
{
	int listener, i, n = test_debug_kernel() ? 50 : 1000;
	pthread_t threads[2];

	post_open(fx2, 0);
	start_posters(threads);
	for (i = 0; i < n; i++) {
		listener = post_listen(fx2, 0, 0);
		if (i % 2)
			CHECK(read(listener, &post_record, sizeof(post_record)) > 0);
		close(listener);
	}
	end_posters(threads);
}

/* Reads to the end of the file: the removal comes last, whatever was posted. */
static void *drain_main(void *listener)
{
	static uint8_t buffer[4 * sizeof(post_record)];
	struct winusb_event event = { 0 };
	size_t n, at;

	while ((n = read((intptr_t)listener, buffer, sizeof(buffer))) != 0) {
		CHECK(n <= sizeof(buffer));
		for (at = 0; at < n; at += sizeof(event) + (event.data_length + 7) / 8 * 8) {
			CHECK(event.type != WINUSB_EVENT_REMOVED);
			memcpy(&event, buffer + at, sizeof(event));
			CHECK(event.type == WINUSB_EVENT_CUSTOM ||
			      event.type == WINUSB_EVENT_REMOVED);
			CHECK_MEM(buffer + at + sizeof(event), post_data, event.data_length);
		}
		CHECK_EQ(at, n);
	}
	CHECK_EQ(event.type, WINUSB_EVENT_REMOVED);
	return NULL;
}

TEST(posts_while_the_interface_leaves_end_with_the_removal)
{
	int i, n = test_debug_kernel() ? 5 : 100;
	pthread_t threads[2], drain;
	char name[64];
	int listener;

	snprintf(name, sizeof(name), "%s", board_node(fx2, 0));
	for (i = 0; i < n; i++) {
		post_open(fx2, 0);
		listener = post_listen(fx2, 0, 0);
		CHECK_EQ(pthread_create(&drain, NULL, drain_main, (void *)(intptr_t)listener), 0);
		start_posters(threads);
		test_sleep_ms(i % 4);
		CHECK_OK(interface_unbind(name));
		pthread_join(drain, NULL);
		end_posters(threads);
		CHECK_ERR(node_post(post_fd, post_handle, post_guid, NULL, 0), ENODEV);
		close(post_fd);
		close(listener);
		CHECK_OK(interface_bind(name, "winusb"));
	}
}
