// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the scripted host controller: its clock, and the schedule of
 * isochronous URBs.
 */

#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/scatterlist.h>

#include "hcd_bench.h"

KUNIT_ARRAY_PARAM(winusb_hcd_variant, winusb_hcd_variants,
		  winusb_hcd_variant_desc);

KUNIT_ARRAY_PARAM(winusb_hcd_speed, winusb_hcd_speeds,
		  winusb_hcd_variant_desc);

static void winusb_hcd_expect_start(struct kunit *test, u8 address,
				    unsigned int index, u64 slot)
{
	struct winusb_hcd_fixture *fix = test->priv;
	u64 start = 0;

	KUNIT_EXPECT_EQ(test,
			winusb_hcd_started(fix->dev, address, index, &start),
			0);
	KUNIT_EXPECT_EQ(test, start, slot);
}

static void winusb_hcd_expect_counts(struct kunit *test, u8 address, u64 gaps,
				     unsigned int late)
{
	struct winusb_hcd_fixture *fix = test->priv;
	struct winusb_hcd_stats stats;

	winusb_hcd_stats(fix->dev, address, &stats);
	KUNIT_EXPECT_EQ(test, stats.gaps, gaps);
	KUNIT_EXPECT_EQ(test, stats.late, late);
}

static void winusb_hcd_expect_packet(struct kunit *test,
				     const struct winusb_hcd_test_urb *tu,
				     unsigned int packet, int status,
				     unsigned int length)
{
	KUNIT_EXPECT_EQ(test, tu->urb->iso_frame_desc[packet].status, status);
	KUNIT_EXPECT_EQ(test, tu->urb->iso_frame_desc[packet].actual_length,
			length);
}

/* The counter stands until it is moved, and frame numbers are cut from it. */
static void winusb_test_frame_numbers_wrap(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	unsigned int asked = winusb_hcd_frame_asked(fix->hc);

	winusb_hcd_set_now(fix->hc, (2047 << 3) + 7);
	KUNIT_EXPECT_EQ(test, usb_get_current_frame_number(fix->udev), 2047);
	winusb_hcd_advance(fix->hc, 1);
	KUNIT_EXPECT_EQ(test, winusb_hcd_now(fix->hc), 2048ULL << 3);
	KUNIT_EXPECT_EQ(test, usb_get_current_frame_number(fix->udev), 0);
	winusb_hcd_set_now(fix->hc, 1500ULL << 3);
	winusb_hcd_frame_bits(fix->hc, 10);
	KUNIT_EXPECT_EQ(test, usb_get_current_frame_number(fix->udev), 476);
	winusb_hcd_flags(fix->hc, WINUSB_HCD_F_NO_FRAMES, true);
	KUNIT_EXPECT_EQ(test, usb_get_current_frame_number(fix->udev), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_frame_asked(fix->hc), asked + 4);
}

/* Switching the clock does not move the counter, and real time moves it. */
static void winusb_test_counter_goes_on(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	u64 now;

	winusb_hcd_set_now(fix->hc, 1ULL << 32);
	winusb_hcd_clock(fix->hc, WINUSB_HCD_FREE);
	now = winusb_hcd_now(fix->hc);
	KUNIT_EXPECT_GE(test, now, 1ULL << 32);
	KUNIT_EXPECT_LT(test, now, (1ULL << 32) + 60 * 8000);
	winusb_hcd_set_now(fix->hc, 5);
	usleep_range(1000, 1100);
	KUNIT_EXPECT_GE(test, winusb_hcd_now(fix->hc), 5ULL + 8);
}

/* A URB is done when the clock has passed its last packet, not before. */
static void winusb_test_urb_ends_with_its_last_packet(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	struct winusb_hcd_test_urb *tu;
	unsigned int i;

	tu = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 4, URB_ISO_ASAP);
	KUNIT_EXPECT_EQ(test, tu->urb->start_frame, WINUSB_HCD_START + 4);
	winusb_hcd_advance(fix->hc, 7);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(fix->dev, WINUSB_HCD_IN),
			1U);
	winusb_hcd_advance(fix->hc, 1);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(fix->dev, WINUSB_HCD_IN),
			0U);
	winusb_hcd_expect(test, tu, 0, 4 * WINUSB_HCD_PACKET);
	KUNIT_EXPECT_EQ(test, tu->urb->error_count, 0);
	for (i = 0; i < 4; i++)
		winusb_hcd_expect_packet(test, tu, i, 0, WINUSB_HCD_PACKET);
	KUNIT_EXPECT_EQ(test, ((u8 *)tu->buf)[3 * WINUSB_HCD_PACKET],
			winusb_hcd_pattern(3 * WINUSB_HCD_PACKET));
	winusb_hcd_expect_counts(test, WINUSB_HCD_IN, 0, 0);
}

/* Each packet moves at its own time, by what the script says then. */
static void winusb_test_packets_move_at_their_time(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	struct winusb_hcd_test_urb *tu;

	KUNIT_ASSERT_EQ(test, winusb_hcd_capture(fix->dev, WINUSB_HCD_OUT,
						 WINUSB_HCD_BUF), 0);
	tu = winusb_hcd_isoc_submit(test, WINUSB_HCD_OUT, 4, URB_ISO_ASAP);
	winusb_hcd_advance(fix->hc, 4 + 2);
	KUNIT_EXPECT_EQ(test, winusb_hcd_captured(fix->dev, WINUSB_HCD_OUT,
						  NULL, 0),
			(size_t)2 * WINUSB_HCD_PACKET);
	winusb_hcd_rule1(test, WINUSB_HCD_OUT, (struct winusb_hcd_rule){
		.flags = WINUSB_HCD_RULE_PACKET, .packet = 3,
		.action = WINUSB_HCD_ERROR, .status = -ENOSR });
	/* For a whole URB: not for one that has begun. */
	winusb_hcd_rule1(test, WINUSB_HCD_OUT, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_ERROR, .status = -EPROTO });
	winusb_hcd_advance(fix->hc, 2);
	winusb_hcd_expect(test, tu, 0, 3 * WINUSB_HCD_PACKET);
	KUNIT_EXPECT_EQ(test, tu->urb->error_count, 1);
	winusb_hcd_expect_packet(test, tu, 2, 0, WINUSB_HCD_PACKET);
	winusb_hcd_expect_packet(test, tu, 3, -ENOSR, 0);

	tu = winusb_hcd_isoc_submit(test, WINUSB_HCD_OUT, 2, URB_ISO_ASAP);
	winusb_hcd_advance(fix->hc, 6);
	winusb_hcd_expect(test, tu, 0, 0);
	winusb_hcd_expect_packet(test, tu, 0, -EPROTO, 0);
	winusb_hcd_expect_packet(test, tu, 1, -EPROTO, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_script_left(fix->dev, WINUSB_HCD_OUT),
			0U);
}

/* What is queued in time follows without a gap, and completes one by one. */
static void winusb_test_urbs_follow_each_other(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	struct winusb_hcd_test_urb *tu[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		tu[i] = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 8, 0);
	winusb_hcd_advance(fix->hc, 4);
	for (i = 0; i < 3; i++) {
		winusb_hcd_expect_start(test, WINUSB_HCD_IN, i,
					WINUSB_HCD_START + 4 + 8 * i);
		KUNIT_EXPECT_EQ(test,
				winusb_hcd_in_flight(fix->dev, WINUSB_HCD_IN),
				3 - i);
		winusb_hcd_advance(fix->hc, 8);
		winusb_hcd_expect(test, tu[i], 0, 8 * WINUSB_HCD_PACKET);
		KUNIT_EXPECT_EQ(test, tu[i]->order, i + 1);
	}
	winusb_hcd_expect_counts(test, WINUSB_HCD_IN, 0, 0);

	/* The queue was empty: it starts anew, and the gap is seen. */
	winusb_hcd_advance(fix->hc, 10);
	winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 8, 0);
	winusb_hcd_expect_start(test, WINUSB_HCD_IN, 3,
				WINUSB_HCD_START + 28 + 10 + 4);
	winusb_hcd_expect_counts(test, WINUSB_HCD_IN, 14, 0);
}

/* A URB that comes late behind a held one starts anew on an xHCI. */
static void winusb_test_xhci_starts_late_urb_anew(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	struct winusb_hcd_test_urb *tu[2];

	winusb_hcd_rule1(test, WINUSB_HCD_IN, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_HOLD });
	tu[0] = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 4, 0);
	winusb_hcd_advance(fix->hc, 8);
	tu[1] = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 4, 0);
	winusb_hcd_expect_start(test, WINUSB_HCD_IN, 1, WINUSB_HCD_START + 12);
	winusb_hcd_expect_counts(test, WINUSB_HCD_IN, 4, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(fix->dev, WINUSB_HCD_IN),
			2U);
	/* What was held was on time. */
	KUNIT_EXPECT_TRUE(test, winusb_hcd_release(fix->dev, WINUSB_HCD_IN));
	winusb_hcd_expect(test, tu[0], 0, 4 * WINUSB_HCD_PACKET);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(fix->dev, WINUSB_HCD_IN),
			1U);
	winusb_hcd_advance(fix->hc, 8);
	winusb_hcd_expect(test, tu[1], 0, 4 * WINUSB_HCD_PACKET);
}

/* On an EHCI packets whose time is over fail, unless URB_ISO_ASAP is set. */
static void winusb_test_ehci_fails_late_packets(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_EHCI);
	struct winusb_hcd_test_urb *tu[4];

	winusb_hcd_rule1(test, WINUSB_HCD_IN, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_HOLD });
	/* In slots 1004 to 1007, then 1008 to 1011, 1012 to 1015, 1019. */
	tu[0] = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 4, 0);
	winusb_hcd_advance(fix->hc, 13);
	tu[1] = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 4, 0);
	tu[2] = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 4, 0);
	winusb_hcd_advance(fix->hc, 4);
	tu[3] = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 1, URB_ISO_ASAP);
	winusb_hcd_expect_start(test, WINUSB_HCD_IN, 1, WINUSB_HCD_START + 8);
	winusb_hcd_expect_start(test, WINUSB_HCD_IN, 2, WINUSB_HCD_START + 12);
	winusb_hcd_expect_start(test, WINUSB_HCD_IN, 3, WINUSB_HCD_START + 21);
	winusb_hcd_expect_counts(test, WINUSB_HCD_IN, 5, 6);
	winusb_hcd_release(fix->dev, WINUSB_HCD_IN);
	winusb_hcd_advance(fix->hc, 5);

	winusb_hcd_expect(test, tu[0], 0, 4 * WINUSB_HCD_PACKET);
	winusb_hcd_expect(test, tu[1], 0, 0);
	KUNIT_EXPECT_EQ(test, tu[1]->urb->error_count, 4);
	winusb_hcd_expect_packet(test, tu[1], 3, -EXDEV, 0);
	winusb_hcd_expect(test, tu[2], 0, 2 * WINUSB_HCD_PACKET);
	KUNIT_EXPECT_EQ(test, tu[2]->urb->error_count, 2);
	winusb_hcd_expect_packet(test, tu[2], 1, -EXDEV, 0);
	winusb_hcd_expect_packet(test, tu[2], 2, 0, WINUSB_HCD_PACKET);
	KUNIT_EXPECT_EQ(test, ((u8 *)tu[2]->buf)[WINUSB_HCD_PACKET], 0xee);
	winusb_hcd_expect(test, tu[3], 0, WINUSB_HCD_PACKET);
}

static void winusb_hcd_submit_again(struct urb *urb)
{
	struct winusb_hcd_test_urb *tu = urb->context;

	if (++tu->order < 3)
		WARN_ON(usb_submit_urb(urb, GFP_ATOMIC));
	else
		complete(&tu->done);
}

/* Where a URB starts that its own completion submits again. */
static void winusb_hcd_resubmit(struct kunit *test, enum winusb_hcd_kind kind,
				unsigned int flags, unsigned int step,
				unsigned int late)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_isoc_bench(test, kind);
	struct winusb_hcd_test_urb *tu;
	unsigned int i;

	tu = winusb_hcd_isoc_urb(test, WINUSB_HCD_IN, 4);
	tu->urb->complete = winusb_hcd_submit_again;
	tu->urb->transfer_flags = flags;
	KUNIT_ASSERT_EQ(test, usb_submit_urb(tu->urb, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_advance_wait(fix->hc, 3 * 8), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_now(fix->hc),
			WINUSB_HCD_START + 24ULL);
	winusb_hcd_expect(test, tu, 0,
			  (4 - late) * WINUSB_HCD_PACKET);
	for (i = 0; i < 3; i++)
		winusb_hcd_expect_start(test, WINUSB_HCD_IN, i,
					WINUSB_HCD_START + 4 + i * step);
	winusb_hcd_expect_counts(test, WINUSB_HCD_IN, 2 * (step - 4),
				 2 * late);
}

/* An xHCI whose queue runs empty starts anew; so does an EHCI if asked to. */
static void winusb_test_xhci_resubmit_leaves_a_gap(struct kunit *test)
{
	winusb_hcd_resubmit(test, WINUSB_HCD_XHCI, 0, 8, 0);
}

static void winusb_test_ehci_asap_resubmit_leaves_a_gap(struct kunit *test)
{
	winusb_hcd_resubmit(test, WINUSB_HCD_EHCI, URB_ISO_ASAP, 8, 0);
}

static void winusb_test_ehci_resubmit_keeps_the_beat(struct kunit *test)
{
	winusb_hcd_resubmit(test, WINUSB_HCD_EHCI, 0, 4, 1);
}

#define WINUSB_HCD_STREAM	40	/* completions of a stream in real time */

static void winusb_hcd_stream(struct urb *urb)
{
	struct winusb_hcd_test_urb *tu = urb->context;
	struct winusb_hcd_fixture *fix = tu->fix;

	tu->end = winusb_hcd_now(fix->hc);
	if (++fix->completions <= WINUSB_HCD_STREAM)
		WARN_ON(usb_submit_urb(urb, GFP_ATOMIC));
	else
		complete(&tu->done);
}

/* In real time a URB takes the time of its packets, and a stream goes on. */
static void winusb_test_real_clock_paces_a_stream(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	unsigned int urbs = WINUSB_HCD_STREAM + 4;
	struct winusb_hcd_test_urb *tu[4];
	struct winusb_hcd_stats stats;
	u64 first = 0, last = 0, end = 0;
	unsigned int i;

	winusb_hcd_clock(fix->hc, WINUSB_HCD_REAL);
	KUNIT_EXPECT_FALSE(test, winusb_hcd_timer_runs(fix->hc));
	for (i = 0; i < 4; i++) {
		tu[i] = winusb_hcd_isoc_urb(test, WINUSB_HCD_IN, 8);
		tu[i]->urb->complete = winusb_hcd_stream;
	}
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, usb_submit_urb(tu[i]->urb, GFP_KERNEL),
				0);
	for (i = 0; i < 4; i++) {
		winusb_hcd_expect(test, tu[i], 0, 8 * WINUSB_HCD_PACKET);
		end = max(end, tu[i]->end);
	}
	winusb_hcd_started(fix->dev, WINUSB_HCD_IN, 0, &first);
	winusb_hcd_started(fix->dev, WINUSB_HCD_IN, urbs - 1, &last);
	winusb_hcd_stats(fix->dev, WINUSB_HCD_IN, &stats);
	KUNIT_EXPECT_EQ(test, stats.completed, urbs);
	KUNIT_EXPECT_EQ(test, stats.late, 0U);
	KUNIT_EXPECT_EQ(test, stats.next_slot, last + 8);
	KUNIT_EXPECT_EQ(test, stats.next_slot - first,
			8 * urbs + stats.gaps);
	KUNIT_EXPECT_GE(test, end, stats.next_slot);
	KUNIT_EXPECT_FALSE(test, winusb_hcd_timer_runs(fix->hc));
}

/* The timer runs while there is a URB to end, and only under this clock. */
static void winusb_test_timer_runs_for_urbs_only(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	struct winusb_hcd_test_urb *tu;

	winusb_hcd_schedule(fix->hc, WINUSB_HCD_XHCI, 8 * 3600 * 1000);
	winusb_hcd_clock(fix->hc, WINUSB_HCD_REAL);
	tu = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 8, 0);
	KUNIT_EXPECT_TRUE(test, winusb_hcd_timer_runs(fix->hc));
	usb_kill_urb(tu->urb);
	winusb_hcd_expect(test, tu, -ENOENT, 0);
	KUNIT_EXPECT_FALSE(test, winusb_hcd_timer_runs(fix->hc));

	winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 8, 0);
	winusb_hcd_clock(fix->hc, WINUSB_HCD_MANUAL);
	KUNIT_EXPECT_FALSE(test, winusb_hcd_timer_runs(fix->hc));
	winusb_hcd_clock(fix->hc, WINUSB_HCD_REAL);
	KUNIT_EXPECT_TRUE(test, winusb_hcd_timer_runs(fix->hc));
	winusb_hcd_clock(fix->hc, WINUSB_HCD_FREE);
	winusb_hcd_expect(test, &fix->urbs[1], 0, 8 * WINUSB_HCD_PACKET);
}

/* A URB is over when another one is queued, and the timer has not fired yet. */
static void winusb_test_late_timer_loses_no_urb(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	struct winusb_hcd_test_urb *tu, *other;
	unsigned long flags;
	int ret, other_ret;

	winusb_hcd_clock(fix->hc, WINUSB_HCD_REAL);
	tu = winusb_hcd_isoc_urb(test, WINUSB_HCD_IN, 8);
	other = winusb_hcd_isoc_urb(test, WINUSB_HCD_OUT, 8);
	local_irq_save(flags);
	ret = usb_submit_urb(tu->urb, GFP_ATOMIC);
	mdelay(3);
	winusb_hcd_schedule(fix->hc, WINUSB_HCD_XHCI, 8 * 3600 * 1000);
	other_ret = usb_submit_urb(other->urb, GFP_ATOMIC);
	local_irq_restore(flags);
	KUNIT_ASSERT_EQ(test, ret, 0);
	KUNIT_ASSERT_EQ(test, other_ret, 0);
	winusb_hcd_expect(test, tu, 0, 8 * WINUSB_HCD_PACKET);
	usb_kill_urb(other->urb);
}

/* Frames at full speed, microframes above. */
static void winusb_test_start_frame_has_the_unit_of_the_speed(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	unsigned int unit = fix->speed == USB_SPEED_FULL ? 8 : 1;
	unsigned int start = roundup(WINUSB_HCD_START + 4, unit);
	struct winusb_hcd_test_urb *tu[2];

	tu[0] = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 2, 0);
	tu[1] = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 2, 0);
	KUNIT_EXPECT_EQ(test, tu[0]->urb->start_frame, start / unit);
	KUNIT_EXPECT_EQ(test, tu[1]->urb->start_frame, start / unit + 2);
	winusb_hcd_advance(fix->hc,
			   start + 2 * unit - 1 - WINUSB_HCD_START);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(fix->dev, WINUSB_HCD_IN),
			2U);
	winusb_hcd_advance(fix->hc, 1);
	winusb_hcd_expect(test, tu[0], 0, 2 * WINUSB_HCD_PACKET);
	winusb_hcd_advance(fix->hc, 2 * unit);
	winusb_hcd_expect(test, tu[1], 0, 2 * WINUSB_HCD_PACKET);
}

/* A longer interval spreads packets, and starts at a multiple of it. */
static void winusb_test_interval_spreads_packets(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	struct winusb_hcd_test_urb *tu;

	KUNIT_ASSERT_EQ(test, usb_set_interface(fix->udev, 1, 2), 0);
	winusb_hcd_set_now(fix->hc, 1001);
	tu = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 3, 0);
	KUNIT_ASSERT_EQ(test, tu->urb->interval, 4);
	KUNIT_EXPECT_EQ(test, tu->urb->start_frame, 1008);
	winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 3, 0);
	winusb_hcd_expect_start(test, WINUSB_HCD_IN, 1, 1020);
	winusb_hcd_advance(fix->hc, 1016 - 1001);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(fix->dev, WINUSB_HCD_IN),
			2U);
	winusb_hcd_advance(fix->hc, 1);
	winusb_hcd_expect(test, tu, 0, 3 * WINUSB_HCD_PACKET);
}

/* start_frame wraps as hardware does; the schedule does not. */
static void winusb_test_start_frame_wraps(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	struct winusb_hcd_test_urb *tu;

	winusb_hcd_set_now(fix->hc, U32_MAX - 6);
	tu = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 8, 0);
	KUNIT_EXPECT_EQ(test, tu->urb->start_frame, (2048 << 3) - 3);
	winusb_hcd_frame_bits(fix->hc, 10);
	tu = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 8, 0);
	KUNIT_EXPECT_EQ(test, tu->urb->start_frame, 5);
	winusb_hcd_expect_start(test, WINUSB_HCD_IN, 1, (1ULL << 32) + 5);
	winusb_hcd_advance(fix->hc, 4 + 16);
	winusb_hcd_expect(test, tu, 0, 8 * WINUSB_HCD_PACKET);
	winusb_hcd_expect_counts(test, WINUSB_HCD_IN, 0, 0);
}

/* More than a packet asked for is babble; nothing is written beside it. */
static void winusb_test_data_stays_in_its_packet(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	const struct winusb_hcd_rule rules[] = {
		{ .flags = WINUSB_HCD_RULE_PACKET, .packet = 0, .length = 101 },
		{ .flags = WINUSB_HCD_RULE_PACKET, .packet = 1, .length = 30,
		  .data = "thirty bytes of isochronous dat" },
		{ .flags = WINUSB_HCD_RULE_PACKET, .packet = 2,
		  .action = WINUSB_HCD_ERROR, .status = -EILSEQ, .length = 7 },
	};
	struct winusb_hcd_test_urb *tu;
	u8 *buf;

	winusb_hcd_script(fix->dev, WINUSB_HCD_IN, rules, ARRAY_SIZE(rules));
	tu = winusb_hcd_isoc_urb(test, WINUSB_HCD_IN, 3);
	buf = tu->buf;
	memset(buf, 0xee, WINUSB_HCD_BUF);
	tu->urb->iso_frame_desc[0].length = 100;
	KUNIT_ASSERT_EQ(test, usb_submit_urb(tu->urb, GFP_KERNEL), 0);
	winusb_hcd_advance(fix->hc, 8);
	winusb_hcd_expect(test, tu, 0, 100 + 30 + 7);
	KUNIT_EXPECT_EQ(test, tu->urb->error_count, 2);
	winusb_hcd_expect_packet(test, tu, 0, -EOVERFLOW, 100);
	winusb_hcd_expect_packet(test, tu, 1, 0, 30);
	winusb_hcd_expect_packet(test, tu, 2, -EILSEQ, 7);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(buf + 100, 0xee,
					     WINUSB_HCD_PACKET - 100), NULL);
	WINUSB_EXPECT_MEMEQ(test, buf + WINUSB_HCD_PACKET,
			    "thirty bytes of isochronous da", 30);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(buf + WINUSB_HCD_PACKET + 30, 0xee,
					     WINUSB_HCD_PACKET - 30), NULL);
	KUNIT_EXPECT_PTR_EQ(test,
			    memchr_inv(buf + 2 * WINUSB_HCD_PACKET + 7, 0xee,
				       WINUSB_HCD_BUF -
				       2 * WINUSB_HCD_PACKET - 7), NULL);
}

/* A controller that misbehaves writes what the packet left of its room. */
static void winusb_test_scribbling_stays_in_the_room(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	struct winusb_hcd_test_urb *tu;
	u8 *buf;

	winusb_hcd_flags(fix->hc, WINUSB_HCD_F_SCRIBBLE, true);
	winusb_hcd_rule1(test, WINUSB_HCD_IN, (struct winusb_hcd_rule){
		.length = 10 });
	tu = winusb_hcd_isoc_urb(test, WINUSB_HCD_IN, 2);
	buf = tu->buf;
	memset(buf, 0xee, WINUSB_HCD_BUF);
	tu->urb->iso_frame_desc[0].length = 100;
	KUNIT_ASSERT_EQ(test, usb_submit_urb(tu->urb, GFP_KERNEL), 0);
	winusb_hcd_advance(fix->hc, 8);
	winusb_hcd_expect(test, tu, 0, 20);
	KUNIT_EXPECT_EQ(test, buf[9], winusb_hcd_pattern(9));
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(buf + 10, WINUSB_HCD_SCRIBBLE,
					     100 - 10), NULL);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(buf + 100, 0xee,
					     WINUSB_HCD_PACKET - 100), NULL);
	KUNIT_EXPECT_PTR_EQ(test,
			    memchr_inv(buf + WINUSB_HCD_PACKET + 10,
				       WINUSB_HCD_SCRIBBLE,
				       WINUSB_HCD_PACKET - 10), NULL);
	KUNIT_EXPECT_EQ(test, buf[2 * WINUSB_HCD_PACKET], 0xee);
}

/* Buffers that usbcore maps, and those that it made for DMA. */
static void winusb_test_coherent_buffers(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	struct winusb_hcd_test_urb *tu;
	void *buf, *own;

	tu = winusb_hcd_isoc_urb(test, WINUSB_HCD_IN, 2);
	buf = usb_alloc_coherent(fix->udev, 2 * WINUSB_HCD_PACKET, GFP_KERNEL,
				 &tu->urb->transfer_dma);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	own = tu->urb->transfer_buffer;
	tu->urb->transfer_buffer = buf;
	tu->urb->transfer_flags |= URB_NO_TRANSFER_DMA_MAP;
	KUNIT_EXPECT_EQ(test, usb_submit_urb(tu->urb, GFP_KERNEL), 0);
	winusb_hcd_advance(fix->hc, 6);
	if (wait_for_completion_timeout(&tu->done, 5 * HZ)) {
		KUNIT_EXPECT_EQ(test, tu->urb->actual_length,
				2U * WINUSB_HCD_PACKET);
		KUNIT_EXPECT_EQ(test, ((u8 *)buf)[2 * WINUSB_HCD_PACKET - 1],
				winusb_hcd_pattern(2 * WINUSB_HCD_PACKET - 1));
	} else {
		KUNIT_FAIL(test, "the URB did not complete");
		usb_kill_urb(tu->urb);
	}
	usb_free_coherent(fix->udev, 2 * WINUSB_HCD_PACKET, buf,
			  tu->urb->transfer_dma);
	tu->urb->transfer_buffer = own;
}

static u32 winusb_hcd_note_slot(void *context, u64 slot, void *data,
				u32 length)
{
	u64 *noted = context;

	*noted = *noted * 10 + slot % 10;
	memset(data, slot % 10, length);
	return 10;
}

/* A function of the test moves packets that no rule is for. */
static void winusb_test_packets_are_served(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	struct winusb_hcd_test_urb *tu;
	u64 noted = 0;

	winusb_hcd_rule1(test, WINUSB_HCD_IN, (struct winusb_hcd_rule){
		.flags = WINUSB_HCD_RULE_PACKET, .packet = 1,
		.action = WINUSB_HCD_ERROR, .status = -EXDEV });
	winusb_hcd_serve_packets(fix->dev, WINUSB_HCD_IN, winusb_hcd_note_slot,
				 &noted);
	winusb_hcd_serve_packets(fix->dev, WINUSB_HCD_OUT,
				 winusb_hcd_note_slot, &noted);
	tu = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 4, 0);
	winusb_hcd_advance(fix->hc, 8);
	winusb_hcd_expect(test, tu, 0, 30);
	winusb_hcd_expect_packet(test, tu, 0, 0, 10);
	winusb_hcd_expect_packet(test, tu, 1, -EXDEV, 0);
	KUNIT_EXPECT_EQ(test, ((u8 *)tu->buf)[3 * WINUSB_HCD_PACKET], 7);
	tu = winusb_hcd_isoc_submit(test, WINUSB_HCD_OUT, 2, 0);
	winusb_hcd_advance(fix->hc, 6);
	winusb_hcd_expect(test, tu, 0, 2 * WINUSB_HCD_PACKET);
	KUNIT_EXPECT_EQ(test, noted, 46723ULL);
}

/* A rule of one packet may hold the URB in the middle. */
static void winusb_test_packet_may_hold(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	struct winusb_hcd_test_urb *tu;

	winusb_hcd_rule1(test, WINUSB_HCD_OUT, (struct winusb_hcd_rule){
		.flags = WINUSB_HCD_RULE_PACKET, .packet = 1,
		.action = WINUSB_HCD_HOLD });
	KUNIT_ASSERT_EQ(test, winusb_hcd_capture(fix->dev, WINUSB_HCD_OUT,
						 WINUSB_HCD_BUF), 0);
	tu = winusb_hcd_isoc_submit(test, WINUSB_HCD_OUT, 4, 0);
	winusb_hcd_advance(fix->hc, 20);
	KUNIT_EXPECT_EQ(test, winusb_hcd_captured(fix->dev, WINUSB_HCD_OUT,
						  NULL, 0),
			(size_t)WINUSB_HCD_PACKET);
	usb_kill_urb(tu->urb);
	winusb_hcd_expect(test, tu, -ENOENT, WINUSB_HCD_PACKET);
	winusb_hcd_expect_packet(test, tu, 0, 0, WINUSB_HCD_PACKET);
	winusb_hcd_expect_packet(test, tu, 1, -EXDEV, 0);
}

/* A scatter list, and packets outside the buffer. */
static void winusb_test_bad_urbs_are_refused(struct kunit *test)
{
	struct winusb_hcd_test_urb *tu;
	struct scatterlist sg;

	winusb_hcd_isoc_bench(test, WINUSB_HCD_XHCI);
	tu = winusb_hcd_isoc_urb(test, WINUSB_HCD_OUT, 2);
	tu->urb->iso_frame_desc[1].offset++;
	KUNIT_EXPECT_EQ(test, usb_submit_urb(tu->urb, GFP_KERNEL), -EINVAL);
	tu->urb->iso_frame_desc[1].offset = 3 * WINUSB_HCD_PACKET;
	KUNIT_EXPECT_EQ(test, usb_submit_urb(tu->urb, GFP_KERNEL), -EINVAL);
	tu->urb->iso_frame_desc[1].offset = 0;
	sg_init_one(&sg, tu->buf, WINUSB_HCD_BUF);
	tu->urb->sg = &sg;
	tu->urb->num_sgs = 1;
	KUNIT_EXPECT_EQ(test, usb_submit_urb(tu->urb, GFP_KERNEL), -EINVAL);
	tu->urb->sg = NULL;
	tu->urb->num_sgs = 0;
	KUNIT_EXPECT_EQ(test, usb_submit_urb(tu->urb, GFP_KERNEL), 0);
}

static struct kunit_case winusb_hcd_isoc_cases[] = {
	WINUSB_CASE(frame_numbers_wrap),
	WINUSB_CASE(counter_goes_on),
	WINUSB_HCD_CASE(urb_ends_with_its_last_packet),
	WINUSB_HCD_CASE(packets_move_at_their_time),
	WINUSB_HCD_CASE(urbs_follow_each_other),
	WINUSB_CASE(xhci_starts_late_urb_anew),
	WINUSB_CASE(ehci_fails_late_packets),
	WINUSB_CASE(xhci_resubmit_leaves_a_gap),
	WINUSB_CASE(ehci_asap_resubmit_leaves_a_gap),
	WINUSB_CASE(ehci_resubmit_keeps_the_beat),
	WINUSB_HCD_CASE(real_clock_paces_a_stream),
	WINUSB_CASE(timer_runs_for_urbs_only),
	WINUSB_CASE(late_timer_loses_no_urb),
	WINUSB_CASE_PARAM(start_frame_has_the_unit_of_the_speed,
			  winusb_hcd_speed),
	WINUSB_CASE(interval_spreads_packets),
	WINUSB_CASE(start_frame_wraps),
	WINUSB_HCD_CASE(data_stays_in_its_packet),
	WINUSB_CASE(scribbling_stays_in_the_room),
	WINUSB_HCD_CASE(coherent_buffers),
	WINUSB_CASE(packets_are_served),
	WINUSB_CASE(packet_may_hold),
	WINUSB_CASE(bad_urbs_are_refused),
	{ }
};

static struct kunit_suite winusb_hcd_isoc_suite = {
	.name = "winusb_hcd_isoc",
	.suite_init = winusb_hcd_suite_init,
	.suite_exit = winusb_hcd_suite_exit,
	.init = winusb_hcd_test_init,
	.exit = winusb_hcd_test_exit,
	.test_cases = winusb_hcd_isoc_cases,
};

kunit_test_suite(winusb_hcd_isoc_suite);
