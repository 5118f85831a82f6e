// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the scripted host controller: what scripts do to URBs.
 */

#include <linux/scatterlist.h>

#include "hcd_bench.h"

KUNIT_ARRAY_PARAM(winusb_hcd_variant, winusb_hcd_variants,
		  winusb_hcd_variant_desc);

/* Without a rule an OUT endpoint takes everything, and keeps it if asked. */
static void winusb_test_out_is_captured(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_test_urb *tu;
	u8 buf[8] = { };

	KUNIT_ASSERT_EQ(test, winusb_hcd_capture(fix->dev, 0x02, 600), 0);
	tu = winusb_hcd_test_urb(test, 0x02, 700);
	memcpy(tu->buf, "captured", 8);
	KUNIT_ASSERT_EQ(test, usb_submit_urb(tu->urb, GFP_KERNEL), 0);
	winusb_hcd_expect(test, tu, 0, 700);
	KUNIT_EXPECT_EQ(test, winusb_hcd_captured(fix->dev, 0x02, buf, 8),
			(size_t)600);
	WINUSB_EXPECT_MEMEQ(test, buf, "captured", 8);
}

/* A URB ends with a short packet, and with a zero-length one. */
static void winusb_test_short_packet_ends_urb(struct kunit *test)
{
	struct winusb_hcd_test_urb *tu;

	winusb_hcd_plugged(test);
	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){
		.data = "hello", .length = 5 });
	tu = winusb_hcd_submit(test, 0x81, 1024);
	winusb_hcd_expect(test, tu, 0, 5);
	WINUSB_EXPECT_MEMEQ(test, tu->buf, "hello", 5);

	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){ .length = 0 });
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x81, 1024), 0, 0);
	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){
		.length = 512, .flags = WINUSB_HCD_RULE_ZLP });
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x81, 1024), 0, 512);
}

/* Full packets without a short one leave the URB in flight, partly filled. */
static void winusb_test_full_packets_keep_urb_waiting(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_test_urb *tu = winusb_hcd_submit(test, 0x81, 1536);

	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){ .length = 512 });
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(fix->dev, 0x81), 1U);
	KUNIT_EXPECT_EQ(test, winusb_hcd_script_left(fix->dev, 0x81), 0U);
	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){ .length = 10 });
	winusb_hcd_expect(test, tu, 0, 522);
	KUNIT_EXPECT_EQ(test, ((u8 *)tu->buf)[511], winusb_hcd_pattern(511));
	KUNIT_EXPECT_EQ(test, ((u8 *)tu->buf)[512], winusb_hcd_pattern(0));
}

/* What a full URB did not take stays for the next one. */
static void winusb_test_rest_stays_for_next_urb(struct kunit *test)
{
	struct winusb_hcd_test_urb *tu;

	winusb_hcd_plugged(test);
	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){ .length = 700 });
	tu = winusb_hcd_submit(test, 0x81, 512);
	winusb_hcd_expect(test, tu, 0, 512);
	tu = winusb_hcd_submit(test, 0x81, 512);
	winusb_hcd_expect(test, tu, 0, 188);
	KUNIT_EXPECT_EQ(test, ((u8 *)tu->buf)[0], winusb_hcd_pattern(512));
}

/* A packet longer than the room left is babble, as on a bus. */
static void winusb_test_long_packet_is_babble(struct kunit *test)
{
	winusb_hcd_plugged(test);
	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){ .length = 512 });
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x81, 100), -EOVERFLOW,
			  100);
	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_BABBLE });
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x81, 512), -EOVERFLOW,
			  512);
}

/* A loopback sends what it took, transfer by transfer. */
static void winusb_test_loopback_sends_what_it_took(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_test_urb *in, *out;

	winusb_hcd_mode(fix->dev, 0x02, WINUSB_HCD_LOOPBACK, 0x81);
	in = winusb_hcd_submit(test, 0x81, 512);
	out = winusb_hcd_test_urb(test, 0x02, 300);
	memset(out->buf, 0x5a, 300);
	KUNIT_ASSERT_EQ(test, usb_submit_urb(out->urb, GFP_KERNEL), 0);
	winusb_hcd_expect(test, out, 0, 300);
	winusb_hcd_expect(test, in, 0, 300);
	WINUSB_EXPECT_MEMEQ(test, in->buf, out->buf, 300);
}

/* A source fills URBs with one pattern that goes on from URB to URB. */
static void winusb_test_source_goes_on(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_test_urb *tu;

	winusb_hcd_mode(fix->dev, 0x81, WINUSB_HCD_SOURCE, 0);
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x81, 1000), 0, 1000);
	tu = winusb_hcd_submit(test, 0x81, 1000);
	winusb_hcd_expect(test, tu, 0, 1000);
	KUNIT_EXPECT_EQ(test, ((u8 *)tu->buf)[0], winusb_hcd_pattern(1000));
	KUNIT_EXPECT_EQ(test, ((u8 *)tu->buf)[999], winusb_hcd_pattern(1999));
}

/* Held URBs are seen in flight with their lengths, and complete in order. */
static void winusb_test_held_urbs_complete_in_order(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_test_urb *tu[4];
	struct winusb_hcd_stats stats;
	unsigned int i;

	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_HOLD });
	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){
		.length = 1, .repeat = WINUSB_HCD_FOREVER });
	for (i = 0; i < 4; i++)
		tu[i] = winusb_hcd_submit(test, 0x81, 512 * (i + 1));
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(fix->dev, 0x81, 4), 0);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test,
				winusb_hcd_in_flight_length(fix->dev, 0x81, i),
				512 * (i + 1));
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight_length(fix->dev, 0x81, 4),
			-ENOENT);
	KUNIT_EXPECT_TRUE(test, winusb_hcd_release(fix->dev, 0x81));
	KUNIT_EXPECT_FALSE(test, winusb_hcd_release(fix->dev, 0x81));
	for (i = 0; i < 4; i++) {
		winusb_hcd_expect(test, tu[i], 0, 1);
		KUNIT_EXPECT_EQ(test, tu[i]->order, i + 1);
		KUNIT_EXPECT_EQ(test,
				winusb_hcd_submitted_length(fix->dev, 0x81, i),
				512 * (i + 1));
	}
	winusb_hcd_stats(fix->dev, 0x81, &stats);
	KUNIT_EXPECT_EQ(test, stats.submitted, 4U);
	KUNIT_EXPECT_EQ(test, stats.completed, 4U);
	KUNIT_EXPECT_EQ(test, stats.max_in_flight, 4U);
	KUNIT_EXPECT_EQ(test, stats.in_flight, 0U);
}

/* Completions run in a softirq unless the controller is asked otherwise. */
static void winusb_test_completion_runs_in_softirq(struct kunit *test)
{
	const struct winusb_hcd_variant *variant = test->param_value;
	struct winusb_hcd_test_urb *tu;

	winusb_hcd_plugged(test);
	tu = winusb_hcd_submit(test, 0x02, 10);
	winusb_hcd_expect(test, tu, 0, 10);
	/* A bottom half of usbcore may be a work item of the softirq kind. */
	KUNIT_EXPECT_EQ(test, tu->in_softirq,
			!(variant->flags & WINUSB_HCD_F_INLINE));
}

/* A stall halts the endpoint until CLEAR_FEATURE(ENDPOINT_HALT) arrives. */
static void winusb_test_stall_is_sticky(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_stats stats;

	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_STALL });
	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){ .length = 3 });
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x81, 512), -EPIPE, 0);
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x81, 512), -EPIPE, 0);
	winusb_hcd_stats(fix->dev, 0x81, &stats);
	KUNIT_EXPECT_TRUE(test, stats.halted);
	KUNIT_ASSERT_EQ(test,
			usb_clear_halt(fix->udev,
				       usb_rcvbulkpipe(fix->udev, 1)), 0);
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x81, 512), 0, 3);
	winusb_hcd_stats(fix->dev, 0x81, &stats);
	KUNIT_EXPECT_FALSE(test, stats.halted);
	KUNIT_EXPECT_EQ(test, stats.halt_clears, 1U);
}

/* Bus errors carry the bytes that were moved before them. */
static void winusb_test_errors_carry_a_count(struct kunit *test)
{
	winusb_hcd_plugged(test);
	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_ERROR, .status = -EPROTO, .length = 100 });
	winusb_hcd_rule1(test, 0x02, (struct winusb_hcd_rule){
		.length = 512 });
	winusb_hcd_rule1(test, 0x02, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_ERROR, .status = -EILSEQ });
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x81, 512), -EPROTO,
			  100);
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x02, 1024), -EILSEQ,
			  512);
}

/* An unlinked URB comes back with the bytes that it had. */
static void winusb_test_kill_returns_held_urb(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_test_urb *tu = winusb_hcd_submit(test, 0x81, 1024);
	struct winusb_hcd_stats stats;

	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){ .length = 512 });
	usb_kill_urb(tu->urb);
	winusb_hcd_expect(test, tu, -ENOENT, 512);
	winusb_hcd_stats(fix->dev, 0x81, &stats);
	KUNIT_EXPECT_EQ(test, stats.unlinked, 1U);
}

/* With slow unlinks a cancelled URB stays out until it is let go. */
static void winusb_test_slow_unlink_keeps_urb(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_test_urb *tu = winusb_hcd_submit(test, 0x81, 512);

	winusb_hcd_slow_unlink(fix->hc, true);
	KUNIT_EXPECT_EQ(test, usb_unlink_urb(tu->urb), -EINPROGRESS);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(fix->dev, 0x81), 0U);
	KUNIT_EXPECT_EQ(test,
			wait_for_completion_timeout(&tu->done,
						    msecs_to_jiffies(30)),
			0UL);
	winusb_hcd_slow_unlink(fix->hc, false);
	winusb_hcd_expect(test, tu, -ECONNRESET, 0);
}

/* A script that wins against the unlink completes the URB as usual. */
static void winusb_test_script_may_win_against_unlink(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_test_urb *tu;

	winusb_hcd_finish_first(fix->dev, 0x81, true);
	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_HOLD });
	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){ .length = 7 });
	tu = winusb_hcd_submit(test, 0x81, 512);
	usb_kill_urb(tu->urb);
	winusb_hcd_expect(test, tu, 0, 7);
}

/* Isochronous packets have lengths and statuses of their own. */
static void winusb_test_isochronous_packets(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_rule rules[] = {
		{ .flags = WINUSB_HCD_RULE_PACKET, .packet = 1, .length = 100 },
		{ .flags = WINUSB_HCD_RULE_PACKET, .packet = 3,
		  .action = WINUSB_HCD_ERROR, .status = -EXDEV },
	};
	struct winusb_hcd_test_urb *tu[2];
	unsigned int i;
	u64 start[2];

	KUNIT_ASSERT_EQ(test, usb_set_interface(fix->udev, 1, 1), 0);
	winusb_hcd_script(fix->dev, 0x84, rules, 2);
	winusb_hcd_mode(fix->dev, 0x84, WINUSB_HCD_SOURCE, 0);
	for (i = 0; i < 2; i++) {
		tu[i] = winusb_hcd_isoc_urb(test, 0x84, 4);
		KUNIT_ASSERT_EQ(test, usb_submit_urb(tu[i]->urb, GFP_KERNEL),
				0);
		wait_for_completion_timeout(&tu[i]->done, HZ);
	}
	KUNIT_EXPECT_EQ(test, tu[0]->urb->status, 0);
	KUNIT_EXPECT_EQ(test, tu[0]->urb->error_count, 1);
	KUNIT_EXPECT_EQ(test, tu[0]->urb->actual_length, 512U + 100 + 512);
	KUNIT_EXPECT_EQ(test, tu[0]->urb->iso_frame_desc[1].actual_length,
			100U);
	KUNIT_EXPECT_EQ(test, tu[0]->urb->iso_frame_desc[3].status, -EXDEV);
	KUNIT_EXPECT_EQ(test, ((u8 *)tu[0]->buf)[1024],
			winusb_hcd_pattern(512 + 100));
	KUNIT_EXPECT_EQ(test, tu[1]->urb->actual_length, 2048U);
	KUNIT_EXPECT_EQ(test, winusb_hcd_started(fix->dev, 0x84, 0, &start[0]),
			0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_started(fix->dev, 0x84, 1, &start[1]),
			0);
	KUNIT_EXPECT_GE(test, start[1], start[0] + 4);
}

/* A scatter list arrives as one URB with the bytes in order. */
static void winusb_test_scatter_list_is_one_urb(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_test_urb *tu[2];
	struct scatterlist sg[3];
	u8 got[16] = { };
	unsigned int i;

	KUNIT_ASSERT_EQ(test, winusb_hcd_capture(fix->dev, 0x02, 16), 0);
	for (i = 0; i < 2; i++) {
		tu[i] = winusb_hcd_test_urb(test, i ? 0x02 : 0x81, 12);
		sg_init_table(sg, 3);
		sg_set_buf(&sg[0], tu[i]->buf, 5);
		sg_set_buf(&sg[1], tu[i]->buf + 100, 3);
		sg_set_buf(&sg[2], tu[i]->buf + 200, 4);
		tu[i]->urb->sg = sg;
		tu[i]->urb->num_sgs = 3;
		tu[i]->urb->transfer_buffer = NULL;
		if (i) {
			memcpy(tu[i]->buf, "scatt", 5);
			memcpy(tu[i]->buf + 100, "er ", 3);
			memcpy(tu[i]->buf + 200, "list", 4);
		} else {
			winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){
				.data = "scatter list", .length = 12 });
		}
		KUNIT_ASSERT_EQ(test, usb_submit_urb(tu[i]->urb, GFP_KERNEL),
				0);
		winusb_hcd_expect(test, tu[i], 0, 12);
	}
	WINUSB_EXPECT_MEMEQ(test, tu[0]->buf + 100, "er ", 3);
	WINUSB_EXPECT_MEMEQ(test, tu[0]->buf + 200, "list", 4);
	winusb_hcd_captured(fix->dev, 0x02, got, sizeof(got));
	WINUSB_EXPECT_MEMEQ(test, got, "scatter list", 12);
}

static struct kunit_case winusb_hcd_transfer_cases[] = {
	WINUSB_HCD_CASE(out_is_captured),
	WINUSB_HCD_CASE(short_packet_ends_urb),
	WINUSB_HCD_CASE(full_packets_keep_urb_waiting),
	WINUSB_HCD_CASE(rest_stays_for_next_urb),
	WINUSB_CASE(long_packet_is_babble),
	WINUSB_HCD_CASE(loopback_sends_what_it_took),
	WINUSB_CASE(source_goes_on),
	WINUSB_HCD_CASE(held_urbs_complete_in_order),
	WINUSB_HCD_CASE(completion_runs_in_softirq),
	WINUSB_HCD_CASE(stall_is_sticky),
	WINUSB_HCD_CASE(errors_carry_a_count),
	WINUSB_HCD_CASE(kill_returns_held_urb),
	WINUSB_HCD_CASE(slow_unlink_keeps_urb),
	WINUSB_HCD_CASE(script_may_win_against_unlink),
	WINUSB_HCD_CASE(isochronous_packets),
	WINUSB_HCD_CASE(scatter_list_is_one_urb),
	{ }
};

static struct kunit_suite winusb_hcd_transfer_suite = {
	.name = "winusb_hcd_transfer",
	.suite_init = winusb_hcd_suite_init,
	.suite_exit = winusb_hcd_suite_exit,
	.init = winusb_hcd_test_init,
	.exit = winusb_hcd_test_exit,
	.test_cases = winusb_hcd_transfer_cases,
};

kunit_test_suite(winusb_hcd_transfer_suite);
