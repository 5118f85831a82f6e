// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a failure does to a pipe: AUTO_CLEAR_STALL on and off. "n.m" is a section
 * of winusb.md, "checklist" its section 9.
 */

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>

#include <uapi/linux/winusb.h>

#include "async.h"

static struct winusb_handle *winusb_stall_handle(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	return wh;
}

static void winusb_start_reads(struct kunit *test, struct winusb_handle *wh,
			       struct winusb_async **a, unsigned int nr)
{
	struct winusb_bench *b = test->priv;
	unsigned int i;

	for (i = 0; i < nr; i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
}

static int winusb_wait_clear(struct winusb_bench *b)
{
	return winusb_hcd_wait_setup(b->dev, USB_RECIP_ENDPOINT, USB_REQ_CLEAR_FEATURE);
}

/* 2.2, 2.3 step 8: the pipe is reset first, then the read fails, then the next one runs. */
static void winusb_test_clear_comes_before_the_failure(struct kunit *test)
{
	struct winusb_handle *wh = winusb_stall_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_setup setup;
	struct winusb_async *a[2];

	winusb_start_reads(test, wh, a, 2);
	winusb_hold_clear(test);
	winusb_act(test, WINUSB_HCD_STALL);
	winusb_send(test, "next", 4);
	KUNIT_EXPECT_EQ(test, winusb_wait_clear(b), 0);
	winusb_async_expect_none(test, wh->wf);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 1U);
	KUNIT_EXPECT_TRUE(test, winusb_hcd_release(b->dev, 0));
	winusb_async_expect(test, a[0], -EPIPE, 0);
	winusb_async_expect(test, a[1], 0, 4);
	WINUSB_EXPECT_MEMEQ(test, a[1]->buf, "next", 4);

	KUNIT_EXPECT_EQ(test, winusb_hcd_find_setup(b->dev, USB_RECIP_ENDPOINT,
						    USB_REQ_CLEAR_FEATURE, &setup), 1);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wValue), USB_ENDPOINT_HALT);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wIndex), WINUSB_BENCH_IN);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wLength), 0);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN), 1U);
	winusb_async_expect_quiet(test, wh->wf);
}

struct winusb_device_failure {
	const char *name;
	struct winusb_hcd_rule rule;
	int error;
	size_t moved;
};

static const struct winusb_device_failure winusb_device_failures[] = {
	{ "stall", { .action = WINUSB_HCD_STALL }, -EPIPE, 0 },
	{ "protocol", { .action = WINUSB_HCD_ERROR, .status = -EPROTO, .length = 100 },
	  -EPROTO, 100 },
	{ "checksum", { .action = WINUSB_HCD_ERROR, .status = -EILSEQ, .length = 3 }, -EILSEQ, 3 },
	{ "babble", { .action = WINUSB_HCD_BABBLE }, -EOVERFLOW, 512 },
	{ "overrun", { .action = WINUSB_HCD_ERROR, .status = -ECOMM }, -EIO, 0 },
};

static void winusb_device_failure_desc(const struct winusb_device_failure *f, char *desc)
{
	strscpy(desc, f->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_device_failure, winusb_device_failures, winusb_device_failure_desc);

/* 2.2: any failure of the device clears; its error is not hidden, and its bytes count. */
static void winusb_test_every_failure_clears(struct kunit *test)
{
	const struct winusb_device_failure *f = test->param_value;
	struct winusb_handle *wh = winusb_stall_handle(test);
	struct winusb_async *a[3];

	winusb_start_reads(test, wh, a, 3);
	winusb_bench_rule(test, WINUSB_BENCH_IN, f->rule);
	winusb_send(test, "a", 1);
	winusb_bench_rule(test, WINUSB_BENCH_IN, f->rule);
	winusb_async_expect(test, a[0], f->error, f->moved);
	winusb_expect_pattern(test, a[0]->buf, 0, f->moved);
	winusb_async_expect(test, a[1], 0, 1);
	winusb_async_expect(test, a[2], f->error, f->moved);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN), 2U);
}

/* 2.2, checklist 8: off, all that are queued fail, and the device is not asked. */
static void winusb_test_without_clearing_all_fail(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a[5];
	unsigned int i;

	winusb_start_reads(test, wh, a, 5);
	winusb_act(test, WINUSB_HCD_STALL);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		winusb_async_expect(test, a[i], -EPIPE, 0);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_async_expect(test, a[0], -EPIPE, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 1U);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN), 0U);

	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), 0);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, "good", 4);
	winusb_async_expect(test, a[0], 0, 4);
}

/* 2.3 step 3: saved data needs no device; it is there although the endpoint is halted. */
static void winusb_test_saved_data_of_a_halted_pipe(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a[3];

	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1);
	winusb_send(test, "saved", 5);
	winusb_async_expect(test, a[0], 0, 1);
	/* A stall after the saved part: that part was moved, and is not lost. */
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_act(test, WINUSB_HCD_STALL);
	winusb_async_expect(test, a[1], -EPIPE, 4);
	WINUSB_EXPECT_MEMEQ(test, a[1]->buf, "aved", 4);
	a[2] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_async_expect(test, a[2], -EPIPE, 0);
}

/* 2.2: other errors than a stall do not halt the pipe. */
static void winusb_test_other_errors_do_not_halt(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	winusb_start_reads(test, wh, a, 2);
	winusb_bench_rule(test, WINUSB_BENCH_IN, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_ERROR, .status = -EPROTO });
	winusb_send(test, "next", 4);
	winusb_async_expect(test, a[0], -EPROTO, 0);
	winusb_async_expect(test, a[1], 0, 4);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
}

/* 2.2: not after a cancellation, whatever its reason. */
static void winusb_test_cancelled_reads_clear_nothing(struct kunit *test)
{
	struct winusb_handle *wh = winusb_stall_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[3];

	winusb_start_reads(test, wh, a, 3);
	winusb_file_cancel_cookie(wh->wf, a[0]->cookie);
	winusb_async_expect(test, a[0], -ECANCELED, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_IN, 2), 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
	winusb_async_expect(test, a[2], -ECANCELED, 0);
	winusb_async_expect(test, a[1], -ECANCELED, 0);
	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 20);
	winusb_start_reads(test, wh, a, 1);
	winusb_async_expect(test, a[0], -ETIMEDOUT, 0);
	msleep(50);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
}

/* 2.2: not when the endpoint was disabled underneath: that is a removal. */
static void winusb_test_removed_reads_clear_nothing(struct kunit *test)
{
	struct winusb_handle *wh = winusb_stall_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[1];

	winusb_start_reads(test, wh, a, 1);
	winusb_bench_rule(test, WINUSB_BENCH_IN, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_ERROR, .status = -ESHUTDOWN });
	winusb_async_expect(test, a[0], -ESHUTDOWN, 0);
	msleep(50);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
}

/* 2.1: for IN. A write that fails leaves its pipe halted. */
static void winusb_test_writes_clear_nothing(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	winusb_set(test, wh, WINUSB_BENCH_OUT, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	winusb_bench_rule(test, WINUSB_BENCH_OUT, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_STALL });
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512);
	winusb_async_expect(test, a[0], -EPIPE, 0);
	winusb_async_expect(test, a[1], -EPIPE, 0);
	msleep(50);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_OUT), 1U);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_OUT, false), 0);
}

/* 2.2: "useful with RAW_IO off": raw reads clear nothing. */
static void winusb_test_raw_reads_clear_nothing(struct kunit *test)
{
	struct winusb_handle *wh = winusb_stall_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	winusb_start_reads(test, wh, a, 1);
	winusb_act(test, WINUSB_HCD_STALL);
	winusb_async_expect(test, a[0], -EPIPE, 0);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_async_expect(test, a[1], -EPIPE, 0);
	msleep(50);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 1U);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), 0);
}

/* 2.2: the policy counts when the read fails, not when it was submitted. */
static void winusb_test_clearing_is_decided_at_the_failure(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a[2];

	winusb_start_reads(test, wh, a, 2);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	winusb_act(test, WINUSB_HCD_STALL);
	winusb_send(test, "next", 4);
	winusb_async_expect(test, a[0], -EPIPE, 0);
	winusb_async_expect(test, a[1], 0, 4);
}

/* A stall in the middle of a read, after short packets that were joined. */
static void winusb_test_stall_in_the_middle(struct kunit *test)
{
	struct winusb_handle *wh = winusb_stall_handle(test);
	struct winusb_async *a[2];

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	winusb_start_reads(test, wh, a, 2);
	winusb_send(test, NULL, 101);
	winusb_act(test, WINUSB_HCD_STALL);
	winusb_send(test, NULL, 512);
	winusb_async_expect(test, a[0], -EPIPE, 101);
	winusb_expect_pattern(test, a[0]->buf, 0, 101);
	winusb_async_expect(test, a[1], 0, 512);
	winusb_expect_pattern(test, a[1]->buf, 0, 512);
}

/* A device that refuses CLEAR_FEATURE: the halt stays, and the next failure tries again. */
static void winusb_test_clear_that_fails_is_tried_again(struct kunit *test)
{
	const struct winusb_hcd_rule stall = { .action = WINUSB_HCD_STALL };
	struct winusb_handle *wh = winusb_stall_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[3];

	winusb_start_reads(test, wh, a, 3);
	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, USB_RECIP_ENDPOINT,
							USB_REQ_CLEAR_FEATURE, &stall), 0);
	winusb_act(test, WINUSB_HCD_STALL);
	winusb_send(test, "good", 4);
	winusb_async_expect(test, a[0], -EPIPE, 0);
	winusb_async_expect(test, a[1], -EPIPE, 0);
	winusb_async_expect(test, a[2], 0, 4);
	/* The second one failed by the halt that was left, without a URB. */
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 2U);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 2U);
}

/* A device that does not answer CLEAR_FEATURE holds the pipe up for 5 seconds. */
static void winusb_test_clear_without_answer_is_given_up(struct kunit *test)
{
	struct winusb_handle *wh = winusb_stall_handle(test);
	struct winusb_bench *b = test->priv;
	unsigned long begin = jiffies, took;
	struct winusb_async *a[1];

	winusb_bench_timeout(test, wh, 0, 0);	/* this one has no end, that has */
	winusb_start_reads(test, wh, a, 1);
	winusb_hold_clear(test);
	winusb_act(test, WINUSB_HCD_STALL);
	winusb_async_expect(test, a[0], -EPIPE, 0);
	took = jiffies - begin;
	KUNIT_EXPECT_GE(test, took, 5 * HZ);
	KUNIT_EXPECT_LT(test, took, 8 * HZ);
	winusb_hcd_script_clear(b->dev, 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), 0);
}

/* While the pipe is cleared, it is in use, and takes requests, which wait. */
static void winusb_test_pipe_is_in_use_while_it_is_cleared(struct kunit *test)
{
	struct winusb_handle *wh = winusb_stall_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	winusb_start_reads(test, wh, a, 1);
	winusb_hold_clear(test);
	winusb_act(test, WINUSB_HCD_STALL);
	KUNIT_EXPECT_EQ(test, winusb_wait_clear(b), 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, false), -EBUSY);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, "late", 4);
	winusb_async_expect_none(test, wh->wf);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 1U);
	KUNIT_EXPECT_TRUE(test, winusb_hcd_release(b->dev, 0));
	winusb_async_expect(test, a[0], -EPIPE, 0);
	winusb_async_expect(test, a[1], 0, 4);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), 0);
}

static int winusb_stall_abort(void *data)
{
	struct winusb_bench_job *job = data;

	job->ret = winusb_pipe_abort(job->wh, WINUSB_BENCH_IN, false);
	complete(&job->done);
	return 0;
}

/* 1.5: abort returns when all are done, also the one whose pipe is being cleared. */
static void winusb_test_abort_while_the_pipe_is_cleared(struct kunit *test)
{
	struct winusb_handle *wh = winusb_stall_handle(test);
	struct winusb_bench_job aborter = { .wh = wh };
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[3];

	winusb_start_reads(test, wh, a, 3);
	winusb_hold_clear(test);
	winusb_act(test, WINUSB_HCD_STALL);
	KUNIT_EXPECT_EQ(test, winusb_wait_clear(b), 0);
	init_completion(&aborter.done);
	kthread_run(winusb_stall_abort, &aborter, "winusb_abort");
	winusb_async_expect(test, a[1], -ECANCELED, 0);
	winusb_async_expect(test, a[2], -ECANCELED, 0);
	winusb_async_expect_none(test, wh->wf);
	KUNIT_EXPECT_FALSE(test, completion_done(&aborter.done));
	KUNIT_EXPECT_TRUE(test, winusb_hcd_release(b->dev, 0));
	wait_for_completion(&aborter.done);
	KUNIT_EXPECT_EQ(test, aborter.ret, 0);
	KUNIT_EXPECT_EQ(test, winusb_async_ready(wh->wf), 1U);
	winusb_async_expect(test, a[0], -EPIPE, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN), 1U);
	winusb_async_expect_quiet(test, wh->wf);
}

/* 5.2: close ends all, and does not wait for the device that is being cleared. */
static void winusb_test_close_while_the_pipe_is_cleared(struct kunit *test)
{
	struct winusb_handle *wh = winusb_stall_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[3];
	unsigned long begin;

	winusb_start_reads(test, wh, a, 3);
	winusb_hold_clear(test);
	winusb_act(test, WINUSB_HCD_STALL);
	KUNIT_EXPECT_EQ(test, winusb_wait_clear(b), 0);
	begin = jiffies;
	winusb_bench_close(test, wh->wf);
	KUNIT_EXPECT_LT(test, jiffies - begin, 3 * HZ);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, 0), 0U);

	/* The next one who opens it resets the pipe and goes on. */
	winusb_hcd_script_clear(b->dev, 0);
	wh = winusb_bench_handle(test, 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), 0);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, "good", 4);
	winusb_async_expect(test, a[0], 0, 4);
}

/* 1.5: a reset of the pipe lets those run that came meanwhile, whatever its result. */
static void winusb_test_reset_lets_the_queue_run(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	const struct winusb_hcd_rule stall = { .action = WINUSB_HCD_STALL };
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, USB_RECIP_ENDPOINT,
							USB_REQ_CLEAR_FEATURE, &stall), 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), -EPIPE);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, "good", 4);
	winusb_async_expect(test, a, 0, 4);
}

static struct kunit_case winusb_stall_cases[] = {
	WINUSB_CASE_RULE(clear_comes_before_the_failure, 2_3_step8),
	WINUSB_CASE_PARAM_RULE(every_failure_clears, winusb_device_failure, 2_2),
	WINUSB_CASE_RULE(without_clearing_all_fail, 9_8),
	WINUSB_CASE_RULE(saved_data_of_a_halted_pipe, 2_3_step3),
	WINUSB_CASE_RULE(other_errors_do_not_halt, 2_2),
	WINUSB_CASE_RULE(cancelled_reads_clear_nothing, 2_2),
	WINUSB_CASE_RULE(removed_reads_clear_nothing, 2_2),
	WINUSB_CASE_RULE(writes_clear_nothing, 2_1),
	WINUSB_CASE_RULE(raw_reads_clear_nothing, 2_2),
	WINUSB_CASE_RULE(clearing_is_decided_at_the_failure, 2_2),
	WINUSB_CASE(stall_in_the_middle),
	WINUSB_CASE(clear_that_fails_is_tried_again),
	WINUSB_CASE(clear_without_answer_is_given_up),
	WINUSB_CASE(pipe_is_in_use_while_it_is_cleared),
	WINUSB_CASE_RULE(abort_while_the_pipe_is_cleared, 1_5),
	WINUSB_CASE_RULE(close_while_the_pipe_is_cleared, 5_2),
	WINUSB_CASE_RULE(reset_lets_the_queue_run, 1_5),
	{ }
};

static struct kunit_suite winusb_stall_suite =
	WINUSB_BENCH_SUITE("winusb_stall", winusb_bench_init, winusb_stall_cases);

kunit_test_suite(winusb_stall_suite);
