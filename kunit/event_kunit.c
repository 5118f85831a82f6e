// SPDX-License-Identifier: GPL-2.0-only
/*
 * What listeners have in their queues: events of programs, who gets them, who holds their data and
 * when it is freed; and interfaces that are disabled. "n.m" is a section of winusb.md.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>

#include <uapi/linux/winusb.h>

#include "../driver/event.h"
#include "../driver/post.h"
#include "bench.h"

#define WINUSB_EVENT_FIT	(WINUSB_EVENTS_BYTES / WINUSB_MAX_EVENT_DATA)
#define WINUSB_EVENT_POSTS	2000

static const u8 winusb_event_guid[16] = "sixteen letters";

static struct winusb_file *winusb_event_listen(struct kunit *test, u8 number, bool custom)
{
	struct winusb_file *wf = winusb_bench_try_listen(test, number);

	KUNIT_ASSERT_EQ(test, PTR_ERR_OR_ZERO(wf), 0);
	winusb_events_listen(wf, custom);
	return wf;
}

/* With a reference that the caller drops. */
static struct winusb_post *winusb_event_post(struct kunit *test, u32 length)
{
	struct winusb_post *post = winusb_post_alloc(winusb_event_guid, length);

	KUNIT_ASSERT_NOT_NULL(test, post);
	memset(post->data, 0x5a, length);
	return post;
}

static unsigned int winusb_event_count(const struct winusb_file *wf)
{
	return wf->events->head - wf->events->tail;
}

/* The event at this place of the queue, 0 for the one that a read would give. */
static void winusb_event_expect(struct kunit *test, const struct winusb_file *wf,
				unsigned int place, u32 type, u32 value,
				const struct winusb_post *post)
{
	unsigned int i = (wf->events->tail + place) % WINUSB_EVENTS;
	const struct winusb_event *event = &wf->events->records[i];

	KUNIT_ASSERT_LT(test, place, winusb_event_count(wf));
	KUNIT_EXPECT_EQ(test, event->type, type);
	KUNIT_EXPECT_EQ(test, event->value, value);
	KUNIT_EXPECT_PTR_EQ(test, wf->events->posts[i], post);
	KUNIT_EXPECT_EQ(test, event->data_length, post ? post->length : 0);
	if (post)
		WINUSB_EXPECT_MEMEQ(test, event->guid, winusb_event_guid, 16);
}

static void winusb_event_expect_lost(struct kunit *test, const struct winusb_file *wf,
				     u64 sequence, u64 dropped)
{
	KUNIT_EXPECT_EQ(test, wf->events->sequence, sequence);
	KUNIT_EXPECT_EQ(test, wf->events->dropped, dropped);
}

/* 6.2: all listeners of the function; and there is one copy for all of them. */
static void winusb_test_post_reaches_all_and_is_shared(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_post *post = winusb_event_post(test, 100);
	struct winusb_file *wf[3], *deaf;
	unsigned int i;

	for (i = 0; i < 3; i++)
		wf[i] = winusb_event_listen(test, i % 2, true);
	deaf = winusb_event_listen(test, 0, false);
	KUNIT_EXPECT_EQ(test, winusb_post_send(wh, post), 0);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, winusb_event_count(wf[i]), 1U);
		winusb_event_expect(test, wf[i], 0, WINUSB_EVENT_CUSTOM, 0, post);
	}
	KUNIT_EXPECT_EQ(test, winusb_event_count(deaf), 0U);
	winusb_event_expect_lost(test, deaf, 0, 0);
	KUNIT_EXPECT_EQ(test, kref_read(&post->ref), 4U);
	for (i = 0; i < 3; i++) {
		winusb_bench_close(test, wf[i]);
		KUNIT_EXPECT_EQ(test, kref_read(&post->ref), 3U - i);
	}
	winusb_post_put(post);
}

/* Through whichever handle of the function. */
static void winusb_test_post_through_another_handle(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_associate(winusb_bench_handle(test, 0), 0);
	struct winusb_post *post = winusb_event_post(test, 0);
	struct winusb_file *wf = winusb_event_listen(test, 0, true);

	KUNIT_ASSERT_FALSE(test, IS_ERR(wh));
	KUNIT_EXPECT_EQ(test, winusb_post_send(wh, post), 0);
	winusb_event_expect(test, wf, 0, WINUSB_EVENT_CUSTOM, 0, post);
	KUNIT_EXPECT_EQ(test, winusb_event_count(wf), 1U);
	winusb_post_put(post);
}

static void winusb_test_post_that_nobody_hears_is_kept_by_nobody(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_post *post = winusb_event_post(test, 1);

	winusb_event_listen(test, 0, false);
	KUNIT_EXPECT_EQ(test, winusb_post_send(wh, post), 0);
	KUNIT_EXPECT_EQ(test, kref_read(&post->ref), 1U);
	winusb_post_put(post);
}

/* One place is kept, for the removal. */
static void winusb_test_post_to_a_full_queue_is_dropped_and_counted(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_post *post = winusb_event_post(test, 1);
	struct winusb_file *wf = winusb_event_listen(test, 0, true);
	unsigned int i;

	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_EQ(test, winusb_post_send(wh, post), 0);
	KUNIT_EXPECT_EQ(test, winusb_event_count(wf), WINUSB_EVENTS - 1U);
	winusb_event_expect_lost(test, wf, 100, 100 - (WINUSB_EVENTS - 1));
	KUNIT_EXPECT_EQ(test, kref_read(&post->ref), (unsigned int)WINUSB_EVENTS);
	winusb_bench_unbind(test, 0);
	KUNIT_EXPECT_EQ(test, winusb_event_count(wf), (unsigned int)WINUSB_EVENTS);
	winusb_event_expect(test, wf, WINUSB_EVENTS - 1, WINUSB_EVENT_REMOVED, 0, NULL);
	winusb_bench_close(test, wf);
	KUNIT_EXPECT_EQ(test, kref_read(&post->ref), 1U);
	winusb_bench_close(test, wh->wf);
	winusb_bench_bind(test, 0);
	winusb_post_put(post);
}

static void winusb_test_queue_is_full_when_it_has_many_bytes(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_post *post = winusb_event_post(test, WINUSB_MAX_EVENT_DATA);
	struct winusb_post *rest = winusb_event_post(test, WINUSB_EVENTS_BYTES -
						     WINUSB_EVENT_FIT * WINUSB_MAX_EVENT_DATA);
	struct winusb_post *one = winusb_event_post(test, 1), *empty = winusb_event_post(test, 0);
	struct winusb_file *wf = winusb_event_listen(test, 0, true);
	unsigned int i;

	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, winusb_post_send(wh, post), 0);
	KUNIT_EXPECT_EQ(test, winusb_event_count(wf), (unsigned int)WINUSB_EVENT_FIT);
	KUNIT_EXPECT_EQ(test, kref_read(&post->ref), WINUSB_EVENT_FIT + 1U);
	KUNIT_EXPECT_EQ(test, winusb_post_send(wh, rest), 0);
	KUNIT_EXPECT_EQ(test, winusb_post_send(wh, one), 0);
	KUNIT_EXPECT_EQ(test, winusb_post_send(wh, empty), 0);
	KUNIT_EXPECT_EQ(test, wf->events->bytes, (size_t)WINUSB_EVENTS_BYTES);
	winusb_event_expect(test, wf, WINUSB_EVENT_FIT, WINUSB_EVENT_CUSTOM, 0, rest);
	winusb_event_expect(test, wf, WINUSB_EVENT_FIT + 1, WINUSB_EVENT_CUSTOM, 0, empty);
	KUNIT_EXPECT_EQ(test, kref_read(&one->ref), 1U);
	winusb_event_expect_lost(test, wf, 13, 10 - WINUSB_EVENT_FIT + 1);
	/* Events of the interface itself have no data, and so have room. */
	winusb_function_set_enabled(wh->wi->fn, false);
	winusb_event_expect(test, wf, WINUSB_EVENT_FIT + 2, WINUSB_EVENT_STATE, 0, NULL);
	winusb_function_set_enabled(wh->wi->fn, true);
	winusb_post_put(post);
	winusb_post_put(rest);
	winusb_post_put(one);
	winusb_post_put(empty);
}

static void winusb_test_post_after_removal_is_refused(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_handle *other = winusb_bench_associate(wh, 0);
	struct winusb_post *post = winusb_event_post(test, 1);
	struct winusb_bench *b = test->priv;
	struct winusb_file *wf = winusb_event_listen(test, 0, true);

	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	winusb_bench_unbind(test, 1);
	KUNIT_EXPECT_EQ(test, winusb_post_send(other, post), -ENODEV);
	KUNIT_EXPECT_EQ(test, winusb_post_send(wh, post), 0);
	winusb_hcd_unplug(b->dev, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	KUNIT_EXPECT_EQ(test, winusb_post_send(wh, post), -ENODEV);
	KUNIT_EXPECT_EQ(test, winusb_event_count(wf), 2U);
	winusb_event_expect(test, wf, 1, WINUSB_EVENT_REMOVED, 0, NULL);
	winusb_post_put(post);
}

static int winusb_event_post_many(void *data)
{
	struct winusb_bench_job *job = data;
	struct winusb_post *post;
	unsigned int i;

	for (i = 0; i < WINUSB_EVENT_POSTS && !job->ret; i++) {
		post = winusb_post_alloc(winusb_event_guid, i);
		job->ret = post ? winusb_post_send(job->wh, post) : -ENOMEM;
		if (post)
			winusb_post_put(post);
		if (i % 16 == 0)
			usleep_range(10, 20);	/* the other one's turn */
	}
	complete(&job->done);
	return 0;
}

/* With several CPUs: posts go into queues that are being made and thrown away. */
static void winusb_test_listeners_come_and_go_while_posts_are_made(struct kunit *test)
{
	struct winusb_bench_job job = { .wh = winusb_bench_handle(test, 0) };
	struct winusb_file *wf;

	init_completion(&job.done);
	kthread_run(winusb_event_post_many, &job, "winusb_post");
	do {
		wf = winusb_event_listen(test, 1, true);
		usleep_range(10, 20);
		winusb_bench_close(test, wf);
	} while (!completion_done(&job.done));
	wait_for_completion(&job.done);
	KUNIT_EXPECT_EQ(test, job.ret, 0);
}

static void winusb_event_expect_refused(struct kunit *test, u8 number)
{
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(winusb_bench_try_open(test, number)), -ENOENT);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(winusb_bench_try_listen(test, number)), -ENOENT);
}

/* 6.1: no new opens, and existing handles keep working. */
static void winusb_test_disabled_by_its_file(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0), *other;
	size_t moved;
	u8 buf[8];

	KUNIT_EXPECT_EQ(test, winusb_file_set_enabled(wh->wf, false), 0);
	KUNIT_EXPECT_FALSE(test, winusb_function_is_enabled(wh->wi->fn));
	winusb_event_expect_refused(test, 0);
	winusb_event_expect_refused(test, 1);
	other = winusb_bench_associate(wh, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	KUNIT_EXPECT_EQ(test, winusb_bench_transfer(other, WINUSB_BENCH_OUT2, buf, 8, &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, 8U);
	KUNIT_EXPECT_EQ(test, winusb_file_set_enabled(wh->wf, true), 0);
	winusb_event_listen(test, 1, false);
}

/* It ends with the file, by its close ... */
static void winusb_test_state_ends_with_the_close(struct kunit *test)
{
	struct winusb_file *wf = winusb_bench_open(test, 0);
	struct winusb_file *listener = winusb_event_listen(test, 1, false);

	KUNIT_EXPECT_EQ(test, winusb_file_set_enabled(wf, false), 0);
	winusb_bench_close(test, wf);
	winusb_event_expect(test, listener, 0, WINUSB_EVENT_STATE, 0, NULL);
	winusb_event_expect(test, listener, 1, WINUSB_EVENT_STATE, 1, NULL);
	winusb_bench_open(test, 0);
}

/* ... or by the leaving of its interface. */
static void winusb_test_state_ends_when_the_default_leaves(struct kunit *test)
{
	struct winusb_file *wf = winusb_bench_open(test, 0);
	struct winusb_file *listener = winusb_event_listen(test, 1, false);

	KUNIT_EXPECT_EQ(test, winusb_file_set_enabled(wf, false), 0);
	winusb_bench_unbind(test, 0);
	KUNIT_EXPECT_EQ(test, winusb_file_set_enabled(wf, false), -ENODEV);
	KUNIT_EXPECT_EQ(test, winusb_event_count(listener), 2U);
	winusb_event_expect(test, listener, 1, WINUSB_EVENT_STATE, 1, NULL);
	winusb_bench_open(test, 1);
	winusb_bench_close(test, wf);
	KUNIT_EXPECT_EQ(test, winusb_event_count(listener), 3U);
	winusb_event_expect(test, listener, 2, WINUSB_EVENT_OPENED, 0, NULL);
	winusb_bench_bind(test, 0);
}

static void winusb_test_siblings_file_may_not(struct kunit *test)
{
	struct winusb_file *wf = winusb_bench_open(test, 1);

	KUNIT_EXPECT_EQ(test, winusb_file_set_enabled(wf, false), -EACCES);
	KUNIT_EXPECT_TRUE(test, winusb_function_is_enabled(wf->wi->fn));
}

/* Both have a say, and listeners hear of what comes of it. */
static void winusb_test_both_must_say_so(struct kunit *test)
{
	struct winusb_file *wf = winusb_bench_open(test, 0);
	struct winusb_file *listener = winusb_event_listen(test, 0, false);
	struct winusb_function *fn = wf->wi->fn;

	winusb_function_set_enabled(fn, true);
	winusb_function_set_enabled(fn, false);
	KUNIT_EXPECT_EQ(test, winusb_file_set_enabled(wf, false), 0);
	winusb_function_set_enabled(fn, true);
	KUNIT_EXPECT_FALSE(test, winusb_function_is_enabled(fn));
	winusb_function_set_enabled(fn, false);
	KUNIT_EXPECT_EQ(test, winusb_file_set_enabled(wf, true), 0);
	KUNIT_EXPECT_FALSE(test, winusb_function_is_enabled(fn));
	winusb_bench_close(test, wf);
	winusb_event_expect_refused(test, 0);
	winusb_function_set_enabled(fn, true);
	KUNIT_EXPECT_TRUE(test, winusb_function_is_enabled(fn));
	KUNIT_EXPECT_EQ(test, winusb_event_count(listener), 3U);
	winusb_event_expect(test, listener, 0, WINUSB_EVENT_STATE, 0, NULL);
	winusb_event_expect(test, listener, 1, WINUSB_EVENT_CLOSED, 0, NULL);
	winusb_event_expect(test, listener, 2, WINUSB_EVENT_STATE, 1, NULL);
}

static struct kunit_case winusb_event_cases[] = {
	WINUSB_CASE_RULE(post_reaches_all_and_is_shared, 6_2),
	WINUSB_CASE(post_through_another_handle),
	WINUSB_CASE(post_that_nobody_hears_is_kept_by_nobody),
	WINUSB_CASE(post_to_a_full_queue_is_dropped_and_counted),
	WINUSB_CASE(queue_is_full_when_it_has_many_bytes),
	WINUSB_CASE(post_after_removal_is_refused),
	WINUSB_CASE(listeners_come_and_go_while_posts_are_made),
	WINUSB_CASE_RULE(disabled_by_its_file, 6_1),
	WINUSB_CASE(state_ends_with_the_close),
	WINUSB_CASE(state_ends_when_the_default_leaves),
	WINUSB_CASE(siblings_file_may_not),
	WINUSB_CASE(both_must_say_so),
	{ }
};

static struct kunit_suite winusb_event_suite =
	WINUSB_BENCH_SUITE("winusb_event", winusb_bench_init, winusb_event_cases);

kunit_test_suite(winusb_event_suite);
