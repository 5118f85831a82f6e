// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device leaves while transfers are at every step that they can be at
 * (winusb.md 5.4, checklist 16). In all of these tests nothing is left behind,
 * and closing the file afterwards does not hang.
 */

#include <linux/delay.h>
#include <linux/kthread.h>

#include <uapi/linux/winusb.h>

#include "async.h"

#define WINUSB_REMOVAL_MAX	0x1fec00	/* MAXIMUM_TRANSFER_SIZE */
#define WINUSB_REMOVAL_MANY	500

static void winusb_removal_start(struct kunit *test, struct winusb_handle *wh,
				 struct winusb_async **a, unsigned int nr, size_t length)
{
	struct winusb_bench *b = test->priv;
	unsigned int i;

	for (i = 0; i < nr; i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, length);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_IN, 1), 0);
}

/* The device is gone: what is refused from now on, and what the file still is. */
static void winusb_removal_expect_gone(struct kunit *test, struct winusb_handle *wh)
{
	struct winusb_bench *b = test->priv;
	struct winusb_async *late;

	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	late = winusb_async_new(test, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test, winusb_async_try(wh, late), -ENODEV);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), -ENODEV);
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_all(wh->wf, NULL), 0U);
	winusb_async_expect_quiet(test, wh->wf);
}

/* While the first one is held: all end, and what arrived is counted. */
static void winusb_test_while_the_first_chunk_is_held(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[3];

	winusb_removal_start(test, wh, a, 3, 1024);
	winusb_send(test, NULL, 512);
	winusb_hcd_unplug(b->dev, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	/* Usbcore has killed its URB before the driver heard of it. */
	winusb_async_expect(test, a[0], -ESHUTDOWN, 512);
	winusb_async_expect_all(test, a + 1, 2, -ESHUTDOWN, 0);
	winusb_expect_pattern(test, a[0]->buf, 0, 512);
	KUNIT_EXPECT_LE(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 3U);
	winusb_removal_expect_gone(test, wh);
}

/* Between two chunks: it vanishes when the second one comes. */
static void winusb_test_between_two_chunks(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, WINUSB_REMOVAL_MAX + 512);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, NULL, WINUSB_REMOVAL_MAX);
	winusb_act(test, WINUSB_HCD_VANISH);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	winusb_async_expect(test, a[0], -ESHUTDOWN, WINUSB_REMOVAL_MAX);
	winusb_expect_pattern(test, a[0]->buf, 0, WINUSB_REMOVAL_MAX);
	winusb_async_expect(test, a[1], -ESHUTDOWN, 0);
	winusb_removal_expect_gone(test, wh);
}

/* "In the short time between unplug and disconnect a transfer may fail with a bus error." */
static void winusb_test_bus_error_before_the_removal(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[1];

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	winusb_removal_start(test, wh, a, 1, 512);
	winusb_bench_rule(test, WINUSB_BENCH_IN, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_VANISH, .status = -EPROTO });
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	winusb_async_expect(test, a[0], -EPROTO, 0);
	winusb_removal_expect_gone(test, wh);
}

/* While the device is asked to clear a halt: the one that failed keeps its error. */
static void winusb_test_while_a_stall_is_cleared(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[3];

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	winusb_removal_start(test, wh, a, 3, 512);
	winusb_hold_clear(test);
	winusb_act(test, WINUSB_HCD_STALL);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_setup(b->dev, USB_RECIP_ENDPOINT,
						    USB_REQ_CLEAR_FEATURE), 0);
	winusb_hcd_unplug(b->dev, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	KUNIT_EXPECT_EQ(test, winusb_async_ready(wh->wf), 3U);
	/* Those that waited were ended first. */
	winusb_async_expect_all(test, a + 1, 2, -ESHUTDOWN, 0);
	winusb_async_expect(test, a[0], -EPIPE, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 1U);
	winusb_removal_expect_gone(test, wh);
}

/* In the very request that clears the halt. */
static void winusb_test_in_the_request_that_clears(struct kunit *test)
{
	const struct winusb_hcd_rule vanish = { .action = WINUSB_HCD_VANISH, .status = -EPROTO };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[1];

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	winusb_removal_start(test, wh, a, 1, 512);
	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, USB_RECIP_ENDPOINT,
							USB_REQ_CLEAR_FEATURE, &vanish), 0);
	winusb_act(test, WINUSB_HCD_STALL);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	winusb_async_expect(test, a[0], -EPIPE, 0);
	winusb_removal_expect_gone(test, wh);
}

static int winusb_removal_reset_pipe(void *data)
{
	struct winusb_bench_job *job = data;

	job->ret = winusb_pipe_reset(job->wh, WINUSB_BENCH_IN, false);
	complete(&job->done);
	return 0;
}

/* While a thread resets the pipe, and reads wait for that. */
static void winusb_test_while_the_pipe_is_reset(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench_job resetter = { .wh = wh };
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	winusb_hold_clear(test);
	init_completion(&resetter.done);
	kthread_run(winusb_removal_reset_pipe, &resetter, "winusb_reset");
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_setup(b->dev, USB_RECIP_ENDPOINT,
						    USB_REQ_CLEAR_FEATURE), 0);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_async_expect_none(test, wh->wf);
	winusb_hcd_unplug(b->dev, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	wait_for_completion(&resetter.done);
	KUNIT_EXPECT_EQ(test, resetter.ret, -ESHUTDOWN);
	winusb_async_expect_all(test, a, 2, -ESHUTDOWN, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 0U);
	winusb_removal_expect_gone(test, wh);
}

/* 500 at the controller, and 500 that wait. */
static void winusb_test_with_many_in_flight(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async **a;

	a = kunit_kcalloc(test, 2 * WINUSB_REMOVAL_MANY, sizeof(*a), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a);
	winusb_removal_start(test, wh, a, WINUSB_REMOVAL_MANY, 512);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	winusb_removal_start(test, wh, a + WINUSB_REMOVAL_MANY, WINUSB_REMOVAL_MANY, 512);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_BENCH_IN),
			(unsigned int)WINUSB_REMOVAL_MANY + 1);
	winusb_hcd_unplug(b->dev, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	winusb_async_expect_all(test, a, 2 * WINUSB_REMOVAL_MANY, -ESHUTDOWN, 0);
	winusb_removal_expect_gone(test, wh);
}

static int winusb_removal_abort(void *data)
{
	struct winusb_bench_job *job = data;

	job->ret = winusb_pipe_abort(job->wh, WINUSB_BENCH_IN, false);
	complete(&job->done);
	return 0;
}

/* While an abort waits for a slow controller: it returns, too. */
static void winusb_test_while_an_abort_waits(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench_job aborter = { .wh = wh };
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	winusb_removal_start(test, wh, a, 2, 512);
	winusb_hcd_slow_unlink(b->hc, true);
	init_completion(&aborter.done);
	kthread_run(winusb_removal_abort, &aborter, "winusb_abort");
	winusb_async_expect(test, a[1], -ECANCELED, 0);
	winusb_hcd_unplug(b->dev, 0);
	msleep(100);
	KUNIT_EXPECT_FALSE(test, completion_done(&aborter.done));
	winusb_hcd_slow_unlink(b->hc, false);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	wait_for_completion(&aborter.done);
	KUNIT_EXPECT_EQ(test, aborter.ret, 0);
	winusb_async_expect(test, a[0], -ECANCELED, 0);
	winusb_removal_expect_gone(test, wh);
}

/* Design 3: records of before can still be collected, data and all. */
static void winusb_test_records_are_read_afterwards(struct kunit *test)
{
	static const struct winusb_layout pages = { "pages", 0, 0, 0, 0 };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 20000);
	winusb_send(test, NULL, 20000);
	a[1] = winusb_async_new_bvec(test, WINUSB_BENCH_IN, 20000, &pages);
	KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a[1]), 0);
	winusb_send(test, NULL, 20000);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_IN, 2), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 0), 0);
	winusb_hcd_unplug(b->dev, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	winusb_async_expect(test, a[0], 0, 20000);
	winusb_expect_pattern(test, a[0]->buf, 0, 20000);
	winusb_async_expect(test, a[1], 0, 20000);
	winusb_expect_pattern(test, a[1]->buf, 0, 20000);
	winusb_removal_expect_gone(test, wh);
}

/* Unbinding alone, with the device still there: the same. */
static void winusb_test_unbind(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[3];

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	winusb_removal_start(test, wh, a, 3, 512);
	winusb_bench_unbind(test, 0);
	winusb_async_expect_all(test, a, 3, -ESHUTDOWN, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_BENCH_IN), 0U);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN), 0U);
	winusb_async_expect_quiet(test, wh->wf);
	winusb_bench_close(test, wh->wf);
	winusb_bench_bind(test, 0);
}

/* Prepared before, started after: it never begins, and nothing is left of it. */
static void winusb_test_between_create_and_start(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req;
	struct winusb_async *a;

	a = winusb_async_new(test, WINUSB_BENCH_IN, 70000);
	req = winusb_request_create(wh, WINUSB_DOOR_RECORD, WINUSB_BENCH_IN, &a->iter, false);
	KUNIT_ASSERT_FALSE(test, IS_ERR(req));
	winusb_hcd_unplug(b->dev, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	KUNIT_EXPECT_EQ(test, winusb_request_start(req, false), -ENODEV);
	winusb_request_discard(req);
	winusb_removal_expect_gone(test, wh);
}

/* The same with a change of the setting in between: the endpoint is not what it was. */
static void winusb_test_setting_changes_between_create_and_start(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_request *req;
	struct winusb_async *a;

	a = winusb_async_new(test, WINUSB_BENCH_OUT, 100);
	req = winusb_request_create(wh, WINUSB_DOOR_RECORD, WINUSB_BENCH_OUT, &a->iter, false);
	KUNIT_ASSERT_FALSE(test, IS_ERR(req));
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, false), 0);
	KUNIT_EXPECT_EQ(test, winusb_request_start(req, false), -EINVAL);
	winusb_request_discard(req);

	/* This one is there in both settings, but lost the memory that reads need. */
	a = winusb_async_new(test, WINUSB_BENCH_IN, 100);
	req = winusb_request_create(wh, WINUSB_DOOR_RECORD, WINUSB_BENCH_IN, &a->iter, false);
	KUNIT_ASSERT_FALSE(test, IS_ERR(req));
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 0, false), 0);
	KUNIT_EXPECT_EQ(test, winusb_request_start(req, false), -EINVAL);
	winusb_request_discard(req);
	winusb_async_expect_quiet(test, wh->wf);
}

static struct kunit_case winusb_removal_cases[] = {
	WINUSB_CASE(while_the_first_chunk_is_held),
	WINUSB_CASE(between_two_chunks),
	WINUSB_CASE(bus_error_before_the_removal),
	WINUSB_CASE(while_a_stall_is_cleared),
	WINUSB_CASE(in_the_request_that_clears),
	WINUSB_CASE(while_the_pipe_is_reset),
	WINUSB_CASE(with_many_in_flight),
	WINUSB_CASE(while_an_abort_waits),
	WINUSB_CASE(records_are_read_afterwards),
	WINUSB_CASE(unbind),
	WINUSB_CASE(between_create_and_start),
	WINUSB_CASE(setting_changes_between_create_and_start),
	{ }
};

static struct kunit_suite winusb_removal_suite =
	WINUSB_BENCH_SUITE("winusb_removal", winusb_bench_init, winusb_removal_cases);

kunit_test_suite(winusb_removal_suite);
