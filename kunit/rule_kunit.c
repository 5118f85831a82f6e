// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of winusb.md by the number and order of URBs, one case for a row that no other suite has: a
 * case is named by its section, with step or checklist point.
 */

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>

#include <uapi/linux/winusb.h>

#include "async.h"

#define WINUSB_RULE_MAX		0x1fec00	/* MAXIMUM_TRANSFER_SIZE of bulk pipes */
#define WINUSB_RULE_INT_MAX	65536		/* of interrupt pipes */

static const struct winusb_layout winusb_rule_pages = { "pages", 0, 0, 0, 0 };

static int winusb_rule_reset(void *data)
{
	struct winusb_bench_job *job = data;

	job->ret = winusb_pipe_reset(job->wh, job->address, false);
	complete(&job->done);
	return 0;
}

/* RESET_PIPE in a thread of its own, as far as the device's answer, which is held. */
static void winusb_rule_start_reset(struct kunit *test, struct winusb_bench_job *job, u8 address)
{
	struct winusb_bench *b = test->priv;

	winusb_hold_clear(test);
	job->address = address;
	init_completion(&job->done);
	kthread_run(winusb_rule_reset, job, "winusb_rule");
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_setup(b->dev, USB_RECIP_ENDPOINT,
						    USB_REQ_CLEAR_FEATURE), 0);
}

/* ResetPipe is synchronous, and "no new transfer during the reset": it waits, and then runs. */
static void winusb_test_1_5_no_transfer_during_a_reset_of_the_pipe(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench_job resetter = { .wh = wh };
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2], *other;

	winusb_rule_start_reset(test, &resetter, WINUSB_BENCH_IN);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	/* Other pipes go on. */
	other = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 7);
	winusb_async_expect(test, other, 0, 7);
	msleep(50);
	KUNIT_EXPECT_FALSE(test, completion_done(&resetter.done));
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 0U);
	winusb_async_expect_none(test, wh->wf);
	KUNIT_EXPECT_TRUE(test, winusb_hcd_release(b->dev, 0));
	wait_for_completion(&resetter.done);
	KUNIT_EXPECT_EQ(test, resetter.ret, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN), 1U);
	winusb_send(test, "first", 5);
	winusb_send(test, "second", 6);
	winusb_async_expect(test, a[0], 0, 5);
	winusb_async_expect(test, a[1], 0, 6);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, 512, 1024);
	winusb_async_expect_quiet(test, wh->wf);
}

/* The same with RAW_IO, where nothing else waits. */
static void winusb_test_1_5_no_raw_transfer_during_a_reset_of_the_pipe(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench_job resetter = { .wh = wh };
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	winusb_rule_start_reset(test, &resetter, WINUSB_BENCH_IN);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	msleep(50);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 0U);
	KUNIT_EXPECT_TRUE(test, winusb_hcd_release(b->dev, 0));
	wait_for_completion(&resetter.done);
	KUNIT_EXPECT_EQ(test, resetter.ret, 0);
	winusb_send(test, "first", 5);
	winusb_send(test, "second", 6);
	winusb_async_expect(test, a[0], 0, 5);
	winusb_async_expect(test, a[1], 0, 6);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, 512, 1024);
}

/* ResetPipe: "data toggle to DATA0", of that endpoint and no other. */
static void winusb_test_1_5_reset_of_the_pipe_resets_the_toggle(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct usb_device *udev = b->udev;

	usb_settoggle(udev, 1, 0, 1);	/* WINUSB_BENCH_IN */
	usb_settoggle(udev, 2, 1, 1);	/* WINUSB_BENCH_OUT */
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), 0);
	KUNIT_EXPECT_EQ(test, usb_gettoggle(udev, 1, 0), 0U);
	KUNIT_EXPECT_EQ(test, usb_gettoggle(udev, 2, 1), 1U);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_OUT, false), 0);
	KUNIT_EXPECT_EQ(test, usb_gettoggle(udev, 2, 1), 0U);
}

/* AUTO_CLEAR_STALL "resets the pipe": the host's side, too. */
static void winusb_test_2_2_AUTO_CLEAR_STALL_resets_the_toggle(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	usb_settoggle(b->udev, 1, 0, 1);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_act(test, WINUSB_HCD_STALL);
	winusb_async_expect(test, a, -EPIPE, 0);
	KUNIT_EXPECT_EQ(test, usb_gettoggle(b->udev, 1, 0), 0U);
}

/* AbortPipe: "no effect on halt state". */
static void winusb_test_1_5_abort_keeps_the_halt(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_act(test, WINUSB_HCD_STALL);
	winusb_async_expect(test, a, -EPIPE, 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_async_expect(test, a, -EPIPE, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 1U);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
}

/* FlushPipe: "does not touch pending requests nor the device". */
static void winusb_test_1_5_flush_touches_no_request_and_no_device(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	struct winusb_async *a[2];

	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	KUNIT_EXPECT_EQ(test, winusb_pipe_flush(wh, WINUSB_BENCH_IN, false), 0);
	winusb_async_expect_none(test, wh->wf);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_IN, &stats);
	KUNIT_EXPECT_EQ(test, stats.in_flight, 1U);
	KUNIT_EXPECT_EQ(test, stats.unlinked, 0U);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
	winusb_send(test, "first", 5);
	winusb_send(test, "second", 6);
	winusb_async_expect(test, a[0], 0, 5);
	winusb_async_expect(test, a[1], 0, 6);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, 512, 1024);
}

/* "Pipes independent": each has one URB of its own, and none waits for another. */
static void winusb_test_1_5_pipes_are_independent(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *in[2], *interrupt[2], *out;

	in[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	in[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	interrupt[0] = winusb_async_start(test, wh, WINUSB_BENCH_INT, 64);
	interrupt[1] = winusb_async_start(test, wh, WINUSB_BENCH_INT, 64);
	out = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 100);
	winusb_async_expect(test, out, 0, 100);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 1U);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_INT), 1U);
	winusb_bench_rule(test, WINUSB_BENCH_INT, (struct winusb_hcd_rule){ .length = 3 });
	winusb_async_expect(test, interrupt[0], 0, 3);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 1U);
	winusb_send(test, "b", 1);
	winusb_send(test, "b", 1);
	winusb_async_expect(test, in[0], 0, 1);
	winusb_async_expect(test, in[1], 0, 1);
	winusb_bench_rule(test, WINUSB_BENCH_INT, (struct winusb_hcd_rule){ .length = 4 });
	winusb_async_expect(test, interrupt[1], 0, 4);
	winusb_async_expect_quiet(test, wh->wf);
}

/* "Control pipe unaffected" by AUTO_CLEAR_STALL: there is nothing to clear. */
static void winusb_test_2_2_AUTO_CLEAR_STALL_leaves_the_control_pipe_alone(struct kunit *test)
{
	const u8 type = USB_DIR_IN | USB_TYPE_VENDOR;
	struct winusb_hcd_rule answer = { .length = 4 };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	size_t moved;
	u8 buf[4];

	winusb_set(test, wh, 0, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	KUNIT_EXPECT_EQ(test, winusb_bench_control(wh, type, 0x42, 0, 0, buf, 4, &moved), -EPIPE);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 1U);
	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, type, 0x42, &answer), 0);
	KUNIT_EXPECT_EQ(test, winusb_bench_control(wh, type, 0x42, 0, 0, buf, 4, &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)4);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 2U);
}

/* MAXIMUM_TRANSFER_SIZE of an interrupt pipe: chunks, the last in whole packets. */
static void winusb_test_2_1_interrupt_reads_are_split_at_their_maximum(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	struct winusb_async *a;

	winusb_hcd_mode(b->dev, WINUSB_BENCH_INT, WINUSB_HCD_SOURCE, 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_INT, 2 * WINUSB_RULE_INT_MAX + 65);
	winusb_async_expect(test, a, 0, a->length);
	winusb_expect_pattern(test, a->buf, 0, a->length);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_INT, WINUSB_RULE_INT_MAX, WINUSB_RULE_INT_MAX,
			      128);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_INT, &stats);
	KUNIT_EXPECT_EQ(test, stats.max_in_flight, 1U);
}

/* RAW_IO of an interrupt pipe: its packet, its maximum, many in flight. */
static void winusb_test_2_1_interrupt_reads_are_raw_too(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[4];
	unsigned int i;

	winusb_set(test, wh, WINUSB_BENCH_INT, WINUSB_POLICY_RAW_IO, 1);
	a[0] = winusb_async_new(test, WINUSB_BENCH_INT, 100);
	KUNIT_EXPECT_EQ(test, winusb_async_try(wh, a[0]), -EMSGSIZE);
	a[0] = winusb_async_new(test, WINUSB_BENCH_INT, WINUSB_RULE_INT_MAX + 64);
	KUNIT_EXPECT_EQ(test, winusb_async_try(wh, a[0]), -EINVAL);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_INT, 64 * (i + 1));
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_BENCH_INT), 4U);
	for (i = 0; i < ARRAY_SIZE(a); i++) {
		winusb_bench_rule(test, WINUSB_BENCH_INT, (struct winusb_hcd_rule){
			.length = i + 1 });
		winusb_async_expect(test, a[i], 0, i + 1);
	}
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_INT, 64, 128, 192, 256);
}

/* Chunks after saved data: what remains is rounded and split as if it were a read of its own. */
static void winusb_test_2_3_step4_remainder_above_the_maximum_is_split(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 12);
	winusb_send(test, NULL, 512);
	winusb_async_expect(test, a, 0, 12);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_IN, WINUSB_HCD_SOURCE, 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 500 + WINUSB_RULE_MAX + 700);
	winusb_async_expect(test, a, 0, a->length);
	winusb_expect_pattern(test, a->buf, 12, 500);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, 512, WINUSB_RULE_MAX, 1024);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_IN, &stats);
	KUNIT_EXPECT_EQ(test, stats.max_in_flight, 1U);
}

static void winusb_rule_goes_on(struct kunit *test, struct winusb_handle *wh,
				struct winusb_async *a)
{
	struct winusb_bench *b = test->priv;
	size_t first = 1024 + 100;

	KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
	winusb_send(test, NULL, first);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_IN, 2), 0);
	winusb_async_expect_none(test, wh->wf);
	winusb_send(test, NULL, a->length - first);
	winusb_async_expect(test, a, 0, a->length);
	winusb_expect_pattern(test, a->buf, 0, first);
	winusb_expect_pattern(test, a->buf + first, 0, a->length - first);
}

/* A chunk that is short goes on with IGNORE_SHORT_PACKETS: the remainder is rounded and split. */
static void winusb_test_2_3_step6_short_chunk_goes_on_if_ignored(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	winusb_rule_goes_on(test, wh, winusb_async_new(test, WINUSB_BENCH_IN,
						       WINUSB_RULE_MAX + 1024 + 612));
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, WINUSB_RULE_MAX, WINUSB_RULE_MAX, 512);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_IN, &stats);
	KUNIT_EXPECT_EQ(test, stats.max_in_flight, 1U);
}

/* The same into the program's pages: an odd place there is reached by way of the pipe's memory. */
static void winusb_test_2_3_step6_short_chunk_goes_on_into_pages(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	winusb_rule_goes_on(test, wh, winusb_async_new_bvec(test, WINUSB_BENCH_IN,
							    100000 + 1024 + 100,
							    &winusb_rule_pages));
	winusb_hcd_stats(b->dev, WINUSB_BENCH_IN, &stats);
	KUNIT_EXPECT_EQ(test, stats.max_in_flight, 1U);
}

/* The cheat-sheet's rows with RAW_IO, for all that they call "any". */
static void winusb_test_2_3_cheat_sheet_with_RAW_IO(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;
	unsigned int any;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	for (any = 0; any < 4; any++) {
		winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_ALLOW_PARTIAL_READS, any & 1);
		winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_FLUSH, any >> 1);
		a = winusb_async_new(test, WINUSB_BENCH_IN, 100);
		KUNIT_EXPECT_EQ(test, winusb_async_try(wh, a), -EMSGSIZE);
		KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), any);
		winusb_act(test, WINUSB_HCD_BABBLE);
		a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
		winusb_async_expect(test, a, -EOVERFLOW, 512);
	}
	winusb_async_expect_quiet(test, wh->wf);
}

static struct kunit_case winusb_rule_cases[] = {
	WINUSB_CASE(1_5_no_transfer_during_a_reset_of_the_pipe),
	WINUSB_CASE(1_5_no_raw_transfer_during_a_reset_of_the_pipe),
	WINUSB_CASE(1_5_reset_of_the_pipe_resets_the_toggle),
	WINUSB_CASE(1_5_abort_keeps_the_halt),
	WINUSB_CASE(1_5_flush_touches_no_request_and_no_device),
	WINUSB_CASE(1_5_pipes_are_independent),
	WINUSB_CASE(2_1_interrupt_reads_are_split_at_their_maximum),
	WINUSB_CASE(2_1_interrupt_reads_are_raw_too),
	WINUSB_CASE(2_2_AUTO_CLEAR_STALL_resets_the_toggle),
	WINUSB_CASE(2_2_AUTO_CLEAR_STALL_leaves_the_control_pipe_alone),
	WINUSB_CASE(2_3_step4_remainder_above_the_maximum_is_split),
	WINUSB_CASE(2_3_step6_short_chunk_goes_on_if_ignored),
	WINUSB_CASE(2_3_step6_short_chunk_goes_on_into_pages),
	WINUSB_CASE(2_3_cheat_sheet_with_RAW_IO),
	{ }
};

static struct kunit_suite winusb_rule_suite =
	WINUSB_BENCH_SUITE("winusb_rule", winusb_bench_init, winusb_rule_cases);

kunit_test_suite(winusb_rule_suite);
