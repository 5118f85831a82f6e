// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transfers that end before their time: timeout, abort, cancel, reset, removal.
 * Whatever the reason, what has arrived is delivered and counted. "n.m" is a
 * section of winusb.md, "checklist" its section 9.
 */

#include <linux/delay.h>
#include <linux/kthread.h>

#include <uapi/linux/winusb.h>

#include "async.h"

#define WINUSB_END_MAX	0x1fec00	/* MAXIMUM_TRANSFER_SIZE */
#define WINUSB_END_MANY	500

static void winusb_start_many(struct kunit *test, struct winusb_handle *wh,
			      struct winusb_async **a, unsigned int nr, size_t length)
{
	struct winusb_bench *b = test->priv;
	unsigned int i;

	for (i = 0; i < nr; i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, length);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_IN, 1), 0);
}

static struct winusb_async **winusb_end_many(struct kunit *test)
{
	struct winusb_async **a;

	a = kunit_kcalloc(test, WINUSB_END_MANY, sizeof(*a), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a);
	return a;
}

static unsigned int winusb_count_unlinked(struct winusb_bench *b)
{
	struct winusb_hcd_stats stats;

	winusb_hcd_stats(b->dev, WINUSB_BENCH_IN, &stats);
	return stats.unlinked;
}

/* Calls that block, in threads of their own. */
static int winusb_end_abort(void *data)
{
	struct winusb_bench_job *job = data;

	job->ret = winusb_pipe_abort(job->wh, WINUSB_BENCH_IN, false);
	complete(&job->done);
	return 0;
}

static int winusb_end_reset(void *data)
{
	struct winusb_bench_job *job = data;

	job->ret = winusb_hcd_reset_wait(job->dev);
	complete(&job->done);
	return 0;
}

/* 2.2: the timeout of a split transfer is for each part. */
static void winusb_test_every_chunk_has_the_timeout(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a[1];
	unsigned int i;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 2000);
	winusb_start_many(test, wh, a, 1, 512);
	for (i = 0; i < 4; i++) {
		msleep(900);
		winusb_send(test, NULL, 100);
	}
	winusb_async_expect(test, a[0], -ETIMEDOUT, 400);
	winusb_expect_pattern(test, a[0]->buf + 300, 0, 100);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 5U);
}

/* 2.2: the value counts when a chunk is handed down; the timer before does not hit it. */
static void winusb_test_late_timer_does_not_hit_next_chunk(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 1000);
	winusb_start_many(test, wh, a, 1, 512);
	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 0);
	winusb_send(test, NULL, 100);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_IN, 2), 0);
	/* Its timer runs out now, and is not for this URB. */
	msleep(1500);
	KUNIT_EXPECT_EQ(test, winusb_async_ready(wh->wf), 0U);
	winusb_send(test, NULL, 412);
	winusb_async_expect(test, a[0], 0, 512);
	KUNIT_EXPECT_EQ(test, winusb_count_unlinked(b), 0U);
}

/* The same for a request object that is used again. */
static void winusb_test_late_timer_does_not_hit_next_request(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[1];
	struct winusb_request *req;

	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 1000);
	winusb_start_many(test, wh, a, 1, 512);
	req = a[0]->req;
	winusb_send(test, "x", 1);
	winusb_async_expect(test, a[0], 0, 1);
	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 0);
	winusb_start_many(test, wh, a, 1, 512);
	KUNIT_EXPECT_PTR_EQ(test, a[0]->req, req);
	msleep(1500);
	KUNIT_EXPECT_EQ(test, winusb_async_ready(wh->wf), 0U);
	winusb_send(test, "y", 1);
	winusb_async_expect(test, a[0], 0, 1);
	KUNIT_EXPECT_EQ(test, winusb_count_unlinked(b), 0U);
}

/* 2.2, checklist 7: it starts when the transfer is handed down; those behind have all of theirs. */
static void winusb_test_time_in_the_queue_does_not_count(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	unsigned long begin = jiffies;
	struct winusb_async *a[3];
	unsigned int i;

	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 300);
	winusb_start_many(test, wh, a, 3, 512);
	for (i = 0; i < ARRAY_SIZE(a); i++) {
		winusb_async_expect(test, a[i], -ETIMEDOUT, 0);
		KUNIT_EXPECT_GE(test, jiffies - begin, (i + 1) * msecs_to_jiffies(300));
	}
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 3U);
}

/* 1.5: a write that times out counts what the device took. */
static void winusb_test_timeout_of_a_write(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	winusb_bench_rule(test, WINUSB_BENCH_OUT, (struct winusb_hcd_rule){ .length = 1024 });
	winusb_bench_timeout(test, wh, WINUSB_BENCH_OUT, 50);
	a = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 2000);
	winusb_async_expect(test, a, -ETIMEDOUT, 1024);
	winusb_async_expect_quiet(test, wh->wf);
}

/* 1.5, 2.3: bytes of the saved data, of whole chunks and of the one that was cut off count. */
static void winusb_test_what_has_arrived_is_delivered(struct kunit *test)
{
	static const struct winusb_layout pages = { "pages", 0, 0, 0, 0 };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];
	unsigned int i;

	a[0] = winusb_async_new(test, WINUSB_BENCH_IN, WINUSB_END_MAX + 100000);
	a[1] = winusb_async_new_bvec(test, WINUSB_BENCH_IN, WINUSB_END_MAX + 100000, &pages);
	for (i = 0; i < ARRAY_SIZE(a); i++) {
		winusb_hcd_stats_reset(b->dev);
		KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a[i]), 0);
		winusb_send(test, NULL, WINUSB_END_MAX);
		KUNIT_EXPECT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_IN, 2), 0);
		winusb_send(test, NULL, 512 * 20);
		KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
		winusb_async_expect(test, a[i], -ECANCELED, WINUSB_END_MAX + 512 * 20);
		winusb_expect_pattern(test, a[i]->buf, 0, WINUSB_END_MAX);
		winusb_expect_pattern(test, a[i]->buf + WINUSB_END_MAX, 0, 512 * 20);
	}
}

/* ... also what came by way of the pipe's own memory, and what was saved before. */
static void winusb_test_bounced_bytes_are_delivered(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a[1];

	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1);
	winusb_send(test, "saved", 5);
	winusb_async_expect(test, a[0], 0, 1);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 3000);
	winusb_send(test, NULL, 1024);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
	winusb_async_expect(test, a[0], -ECANCELED, 4 + 1024);
	WINUSB_EXPECT_MEMEQ(test, a[0]->buf, "aved", 4);
	winusb_expect_pattern(test, a[0]->buf + 4, 0, 1024);
}

/* A packet that was cut off beyond the end of a read is saved, not lost. */
static void winusb_test_cancelled_read_saves_its_excess(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	winusb_hcd_finish_first(b->dev, WINUSB_BENCH_IN, true);
	winusb_act(test, WINUSB_HCD_HOLD);
	winusb_send(test, NULL, 512);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 100);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
	winusb_async_expect(test, a, 0, 100);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 412);
	winusb_async_expect(test, a, 0, 412);
	winusb_expect_pattern(test, a->buf, 100, 412);
}

/* A short packet had come before the unlink: the read is complete, and nobody cancelled it. */
static void winusb_test_short_packet_before_an_abort(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;
	unsigned int raw;

	winusb_hcd_finish_unlinked(b->dev, WINUSB_BENCH_IN, true);
	for (raw = 0; raw < 2; raw++) {
		winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, raw);
		winusb_act(test, WINUSB_HCD_HOLD);
		winusb_send(test, NULL, 100);
		a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
		KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
		KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
		winusb_async_expect(test, a, 0, 100);
		winusb_expect_pattern(test, a->buf, 0, 100);
	}
}

/* What was finished before the unlink is done with, but goes no further. */
static void winusb_test_no_next_chunk_after_an_abort(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	winusb_hcd_finish_first(b->dev, WINUSB_BENCH_IN, true);
	winusb_act(test, WINUSB_HCD_HOLD);
	winusb_send(test, NULL, 100);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
	winusb_async_expect(test, a, -ECANCELED, 100);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 1U);
}

/* 1.5: reads that come behind an aborted one run; abort leaves the pipe as it was. */
static void winusb_test_reads_behind_an_aborted_one(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench_job aborter = { .wh = wh };
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2], *behind;

	winusb_start_many(test, wh, a, 2, 512);
	winusb_hcd_slow_unlink(b->hc, true);
	init_completion(&aborter.done);
	kthread_run(winusb_end_abort, &aborter, "winusb_end");
	winusb_async_expect(test, a[1], -ECANCELED, 0);
	behind = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_async_expect_none(test, wh->wf);
	KUNIT_EXPECT_FALSE(test, completion_done(&aborter.done));
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 1U);
	winusb_hcd_slow_unlink(b->hc, false);
	wait_for_completion(&aborter.done);
	KUNIT_EXPECT_EQ(test, aborter.ret, 0);
	winusb_async_expect(test, a[0], -ECANCELED, 0);
	winusb_async_expect_none(test, wh->wf);
	winusb_send(test, "next", 4);
	winusb_async_expect(test, behind, 0, 4);
}

/* WINUSB_IOC_ABORT_PIPE: all 500 are asked back before one is waited for. */
static void winusb_test_many_raw_reads_are_aborted_in_one_step(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async **a = winusb_end_many(test);
	struct winusb_bench_job aborter = { .wh = wh };
	struct winusb_bench *b = test->priv;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	winusb_start_many(test, wh, a, WINUSB_END_MANY, 512);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_BENCH_IN),
			(unsigned int)WINUSB_END_MANY);
	winusb_hcd_slow_unlink(b->hc, true);
	init_completion(&aborter.done);
	kthread_run(winusb_end_abort, &aborter, "winusb_end");
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 0), 0);
	winusb_async_expect_none(test, wh->wf);
	KUNIT_EXPECT_FALSE(test, completion_done(&aborter.done));
	KUNIT_EXPECT_EQ(test, winusb_count_unlinked(b), (unsigned int)WINUSB_END_MANY);
	winusb_hcd_slow_unlink(b->hc, false);
	wait_for_completion(&aborter.done);
	KUNIT_EXPECT_EQ(test, aborter.ret, 0);
	KUNIT_EXPECT_EQ(test, winusb_async_ready(wh->wf), (unsigned int)WINUSB_END_MANY);
	winusb_async_expect_all(test, a, WINUSB_END_MANY, -ECANCELED, 0);
	winusb_async_expect_quiet(test, wh->wf);
}

/* Newest first: a controller that gives each back at once never begins the next. */
static void winusb_test_newest_is_asked_back_first(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a[5];
	unsigned int i;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	winusb_start_many(test, wh, a, 5, 512);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
	for (i = ARRAY_SIZE(a); i--;)
		winusb_async_expect(test, a[i], -ECANCELED, 0);
}

/* 1.5: of 500 that are queued the controller has seen one, and sees no other. */
static void winusb_test_many_queued_reads_are_aborted(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async **a = winusb_end_many(test);
	struct winusb_bench *b = test->priv;

	winusb_start_many(test, wh, a, WINUSB_END_MANY, 512);
	winusb_send(test, NULL, 0);
	winusb_async_expect(test, a[0], 0, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_IN, 2), 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
	winusb_async_expect_all(test, a + 1, WINUSB_END_MANY - 1, -ECANCELED, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 2U);
	KUNIT_EXPECT_EQ(test, winusb_count_unlinked(b), 1U);
	winusb_async_expect_quiet(test, wh->wf);
}

/* WINUSB_IOC_CANCEL: all with the cookie, and no others; the order of the rest stays. */
static void winusb_test_cancel_by_cookie(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[6];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(a); i++) {
		a[i] = winusb_async_new(test, i == 5 ? WINUSB_BENCH_INT : WINUSB_BENCH_IN, 512);
		a[i]->cookie = i % 2 ? 7 : i;
		KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a[i]), 0);
	}
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_cookie(wh->wf, 77), 0U);
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_cookie(wh->wf, 7), 3U);
	winusb_async_expect_all(test, (struct winusb_async *[]){ a[1], a[3], a[5] }, 3,
				-ECANCELED, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_BENCH_INT), 0U);
	/* They are done, so nothing is found again. */
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_cookie(wh->wf, 7), 0U);
	winusb_async_expect_none(test, wh->wf);
	for (i = 0; i < 5; i += 2) {
		winusb_send(test, NULL, i + 1);
		winusb_async_expect(test, a[i], 0, i + 1);
	}
}

/* WINUSB_IOC_CANCEL of the one that runs: the next one takes its place. */
static void winusb_test_cancel_of_the_running_one(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	winusb_start_many(test, wh, a, 2, 1024);
	winusb_send(test, NULL, 512);
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_cookie(wh->wf, a[0]->cookie), 1U);
	winusb_async_expect(test, a[0], -ECANCELED, 512);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_IN, 2), 0);
	winusb_send(test, "next", 4);
	winusb_async_expect(test, a[1], 0, 4);
}

/* WINUSB_CANCEL_ALL: every asynchronous one of the file, but nobody that is blocked in a call. */
static void winusb_test_cancel_all_of_a_file(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *blocked;
	struct winusb_async *a[3];

	winusb_start_many(test, wh, a, 2, 512);
	a[2] = winusb_async_start(test, wh, WINUSB_BENCH_INT, 64);
	blocked = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	msleep(20);
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_all(wh->wf, NULL), 3U);
	winusb_async_expect_all(test, a, 3, -ECANCELED, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_IN, 2), 0);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(blocked));
	winusb_send(test, "x", 1);
	winusb_bench_expect(test, blocked, 0, 1);
}

/* As if this process were it that is blocked in calls. */
static void winusb_own_blocked(struct winusb_file *wf, const void *owner)
{
	struct winusb_request *req;

	spin_lock_irq(&wf->requests_lock);
	list_for_each_entry(req, &wf->requests, file_node)
		if (req->door == WINUSB_DOOR_BLOCKING)
			req->owner = owner;
	spin_unlock_irq(&wf->requests_lock);
}

/* WINUSB_CANCEL_BLOCKED: also those that threads of the process are blocked in. */
static void winusb_test_cancel_all_with_the_blocked(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *blocked;
	struct winusb_async *a[1];

	winusb_start_many(test, wh, a, 1, 512);
	blocked = winusb_bench_start(test, wh, WINUSB_BENCH_INT, 64);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_INT, 1), 0);
	winusb_own_blocked(wh->wf, b);
	/* Others' are left alone. */
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_all(wh->wf, test), 1U);
	winusb_async_expect(test, a[0], -ECANCELED, 0);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(blocked));
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_all(wh->wf, b), 1U);
	winusb_bench_expect(test, blocked, -ECANCELED, 0);
}

/* A second reason does not replace the first, and nothing is unlinked twice. */
static void winusb_test_first_reason_counts(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[1];

	winusb_start_many(test, wh, a, 1, 512);
	winusb_hcd_slow_unlink(b->hc, true);
	winusb_file_cancel(wh->wf, NULL, -EINTR);
	winusb_file_cancel_all(wh->wf, NULL);
	winusb_hcd_slow_unlink(b->hc, false);
	winusb_async_expect(test, a[0], -EINTR, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_unlinked(b), 1U);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
}

/* 5.2: close ends all that was not done, and drops what nobody has read. */
static void winusb_test_close_ends_all(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[4];

	winusb_start_many(test, wh, a, 3, 512);
	a[3] = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 5);
	winusb_send(test, "done", 4);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_IN, 2), 0);
	winusb_bench_close(test, wh->wf);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_BENCH_IN), 0U);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 2U);
}

/* WINUSB_COMPLETION_RESET: a reset, by whomever, ends all of them, running or waiting. */
static void winusb_test_device_reset_ends_all(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[4];

	winusb_start_many(test, wh, a, 3, 1024);
	a[3] = winusb_async_start(test, wh, WINUSB_BENCH_INT, 64);
	winusb_send(test, NULL, 512);
	KUNIT_EXPECT_EQ(test, winusb_hcd_reset_wait(b->dev), 0);
	winusb_async_expect_all(test, a + 1, 2, -ECONNRESET, 0);
	winusb_async_expect(test, a[0], -ECONNRESET, 512);
	winusb_async_expect(test, a[3], -ECONNRESET, 0);
	winusb_expect_pattern(test, a[0]->buf, 0, 512);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 1U);
	winusb_start_many(test, wh, a, 1, 512);
	winusb_send(test, "after", 5);
	winusb_async_expect(test, a[0], 0, 5);
	winusb_async_expect_quiet(test, wh->wf);
}

/* A reset waits for URBs that the controller is slow with; a new transfer waits for the reset. */
static void winusb_test_device_reset_waits_for_the_controller(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job resetter = { .dev = b->dev }, *late;
	unsigned int resets = winusb_hcd_resets(b->dev);
	struct winusb_request *req;
	struct winusb_async *a[2];

	winusb_start_many(test, wh, a, 2, 512);
	winusb_hcd_slow_unlink(b->hc, true);
	init_completion(&resetter.done);
	kthread_run(winusb_end_reset, &resetter, "winusb_end");
	winusb_async_expect(test, a[1], -ECONNRESET, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 0), 0);
	late = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_async_expect_none(test, wh->wf);
	KUNIT_EXPECT_EQ(test, winusb_hcd_resets(b->dev), resets);
	/* One that does not want to wait is told so. */
	a[1] = winusb_async_new(test, WINUSB_BENCH_IN, 512);
	req = winusb_request_create(wh, WINUSB_DOOR_RECORD, WINUSB_BENCH_IN, &a[1]->iter, true);
	if (!IS_ERR(req)) {
		KUNIT_EXPECT_EQ(test, winusb_request_start(req, true), -EAGAIN);
		winusb_request_discard(req);
	} else {
		KUNIT_EXPECT_EQ(test, PTR_ERR(req), (long)-EAGAIN);
	}
	winusb_hcd_slow_unlink(b->hc, false);
	wait_for_completion(&resetter.done);
	KUNIT_EXPECT_EQ(test, resetter.ret, 0);
	winusb_async_expect(test, a[0], -ECONNRESET, 0);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(late));
	winusb_send(test, "late", 4);
	winusb_bench_expect(test, late, 0, 4);
}

/* A reset while a stall is being cleared: that one keeps its error, the others do not go on. */
static void winusb_test_device_reset_while_a_stall_is_cleared(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	winusb_start_many(test, wh, a, 2, 512);
	winusb_hold_clear(test);
	winusb_act(test, WINUSB_HCD_STALL);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_setup(b->dev, USB_RECIP_ENDPOINT,
						    USB_REQ_CLEAR_FEATURE), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_reset_wait(b->dev), 0);
	winusb_async_expect(test, a[1], -ECONNRESET, 0);
	winusb_async_expect(test, a[0], -EPIPE, 0);
	winusb_start_many(test, wh, a, 1, 512);
	winusb_send(test, "after", 5);
	winusb_async_expect(test, a[0], 0, 5);
}

/* A reset that comes between a failure and its clearing: neither waits for the other. */
static void winusb_test_device_reset_before_a_stall_is_cleared(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job resetter = { .dev = b->dev };
	struct winusb_async *a[1];
	unsigned int looks = 0;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	winusb_start_many(test, wh, a, 1, 512);
	init_completion(&resetter.done);
	down_read(&wh->wi->gate);
	resetter.task = kthread_run(winusb_end_reset, &resetter, "winusb_end");
	if (IS_ERR(resetter.task)) {
		up_read(&wh->wi->gate);
		KUNIT_FAIL(test, "no thread");
		return;
	}
	while (!rwsem_is_contended(&wh->wi->gate) && looks++ < 10000)
		usleep_range(1000, 2000);
	KUNIT_EXPECT_TRUE(test, rwsem_is_contended(&wh->wi->gate));
	winusb_act(test, WINUSB_HCD_STALL);
	msleep(20);	/* ... and the clearing behind it */
	up_read(&wh->wi->gate);
	wait_for_completion(&resetter.done);
	KUNIT_EXPECT_EQ(test, resetter.ret, 0);
	winusb_async_expect(test, a[0], -EPIPE, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN), 0U);
	winusb_start_many(test, wh, a, 1, 512);
	winusb_send(test, "after", 5);
	winusb_async_expect(test, a[0], 0, 5);
}

/* 2.2: a reset of the device clears halts. */
static void winusb_test_device_reset_clears_halts(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[1];

	winusb_start_many(test, wh, a, 1, 512);
	winusb_act(test, WINUSB_HCD_STALL);
	winusb_async_expect(test, a[0], -EPIPE, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_reset_wait(b->dev), 0);
	winusb_start_many(test, wh, a, 1, 512);
	winusb_send(test, "after", 5);
	winusb_async_expect(test, a[0], 0, 5);
}

static struct kunit_case winusb_end_cases[] = {
	WINUSB_CASE_RULE(every_chunk_has_the_timeout, 2_2),
	WINUSB_CASE_RULE(late_timer_does_not_hit_next_chunk, 2_2),
	WINUSB_CASE(late_timer_does_not_hit_next_request),
	WINUSB_CASE_RULE(time_in_the_queue_does_not_count, 9_7),
	WINUSB_CASE_RULE(timeout_of_a_write, 1_5),
	WINUSB_CASE_RULE(what_has_arrived_is_delivered, 1_5),
	WINUSB_CASE(bounced_bytes_are_delivered),
	WINUSB_CASE(cancelled_read_saves_its_excess),
	WINUSB_CASE(short_packet_before_an_abort),
	WINUSB_CASE(no_next_chunk_after_an_abort),
	WINUSB_CASE_RULE(reads_behind_an_aborted_one, 1_5),
	WINUSB_CASE(many_raw_reads_are_aborted_in_one_step),
	WINUSB_CASE(newest_is_asked_back_first),
	WINUSB_CASE_RULE(many_queued_reads_are_aborted, 1_5),
	WINUSB_CASE(cancel_by_cookie),
	WINUSB_CASE(cancel_of_the_running_one),
	WINUSB_CASE(cancel_all_of_a_file),
	WINUSB_CASE(cancel_all_with_the_blocked),
	WINUSB_CASE(first_reason_counts),
	WINUSB_CASE_RULE(close_ends_all, 5_2),
	WINUSB_CASE(device_reset_ends_all),
	WINUSB_CASE(device_reset_waits_for_the_controller),
	WINUSB_CASE(device_reset_while_a_stall_is_cleared),
	WINUSB_CASE(device_reset_before_a_stall_is_cleared),
	WINUSB_CASE_RULE(device_reset_clears_halts, 2_2),
	{ }
};

static struct kunit_suite winusb_end_suite =
	WINUSB_BENCH_SUITE("winusb_end", winusb_bench_init, winusb_end_cases);

kunit_test_suite(winusb_end_suite);
