// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bus time: which frame it is, and when it began (winusb.md 1.7, 1.8).
 */

#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>

#include "../driver/frame.h"
#include "../driver/suspend.h"
#include "isoch.h"

static struct winusb_frames *winusb_frames_of(struct kunit *test)
{
	return &winusb_bench_wi(test, 0)->fn->device->frames;
}

static struct winusb_handle *winusb_frame_handle(struct kunit *test)
{
	return winusb_isoch_bench(test, USB_SPEED_HIGH, WINUSB_ISOCH_SMALL, WINUSB_HCD_REAL,
				  WINUSB_HCD_XHCI);
}

/* 1.7: the number is the host controller's, whatever its width, and grows on in 32 bits. */
static void winusb_test_frames_grow_on(struct kunit *test)
{
	struct winusb_handle *wh = winusb_frame_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_frame first, now;
	unsigned int i;

	winusb_hcd_frame_bits(b->hc, 10);
	winusb_hcd_set_now(b->hc, 1000 * 8);	/* soon it will wrap */
	winusb_frames_moved(winusb_frames_of(test));
	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &first, false), 0);
	for (i = 0; i < 20; i++) {
		u64 before = winusb_hcd_now(b->hc) / 8, after;

		KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &now, false), 0);
		after = winusb_hcd_now(b->hc) / 8;
		KUNIT_EXPECT_GE(test, now.frame - first.frame, (u64)i);
		/* What it says is between the two, in the bits that both have. */
		KUNIT_EXPECT_LE(test, (u8)(now.frame - before), (u8)(after - before));
		KUNIT_EXPECT_LE(test, now.microframe, 7U);
		KUNIT_EXPECT_GE(test, now.now, first.now);
		usleep_range(5000, 6000);
	}
	KUNIT_EXPECT_GE(test, now.frame, first.frame + 19 * 5 - 1);
	KUNIT_EXPECT_EQ(test, now.generation, first.generation);
}

/* 1.8: a boundary makes the times exact; frames are a millisecond apart. */
static void winusb_test_boundary_is_exact(struct kunit *test)
{
	struct winusb_handle *wh = winusb_frame_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_frame now;
	s64 error;
	u64 slot;

	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, true, &now, false), 0);
	KUNIT_EXPECT_LE(test, now.accuracy, 1000000U);
	/* By the same clock: when did the frame of the controller begin? */
	slot = winusb_hcd_now(b->hc);
	error = ktime_get_ns() - (s64)(slot % 8) * 125000 - now.start;
	if ((u8)now.frame == (u8)(slot / 8)) {
		KUNIT_EXPECT_GE(test, error, -(s64)now.accuracy);
		KUNIT_EXPECT_LE(test, error, (s64)now.accuracy + 125000 + 2000000);
	}
}

/* 1.8: another generation tells that the numbers may have jumped. */
static void winusb_test_generation_changes(struct kunit *test)
{
	struct winusb_handle *wh = winusb_frame_handle(test);
	struct winusb_interface *wi = winusb_bench_wi(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_frame before, after;

	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &before, false), 0);
	winusb_frames_moved(winusb_frames_of(test));
	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &after, false), 0);
	KUNIT_EXPECT_NE(test, after.generation, before.generation);
	KUNIT_EXPECT_GE(test, after.frame, before.frame);
	KUNIT_ASSERT_EQ(test, winusb_suspend(wi, true), 0);
	winusb_suspend_resume(wi);
	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &before, false), 0);
	KUNIT_EXPECT_NE(test, after.generation, before.generation);
	after = before;
	/* The counter jumps though nobody has said so. */
	winusb_hcd_set_now(b->hc, winusb_hcd_now(b->hc) + 100 * 8);
	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &before, false), 0);
	KUNIT_EXPECT_NE(test, after.generation, before.generation);
}

/* A host controller without a counter is not asked, and a stream tells the time. */
static void winusb_test_stream_tells_the_time(struct kunit *test)
{
	struct winusb_handle *wh = winusb_frame_handle(test);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req;
	struct winusb_frame now;
	unsigned int asked;
	u64 frame;

	winusb_frames_of(test)->counts = false;
	winusb_frames_of(test)->valid = false;
	asked = winusb_hcd_frame_asked(b->hc);
	KUNIT_EXPECT_EQ(test, winusb_frames_get(wh, false, &now, false), -EOPNOTSUPP);
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_isoch_expect(test, req, 0, 80 * 192, 0);
	KUNIT_EXPECT_EQ(test, winusb_frames_get(wh, false, &now, false), 0);
	frame = winusb_hcd_now(b->hc) / 8;
	KUNIT_EXPECT_LE(test, (u8)(frame - now.frame), 250U);	/* not in the future */
	KUNIT_EXPECT_EQ(test, winusb_hcd_frame_asked(b->hc), asked);
	/* Nor does it know what it knew before a sleep. */
	winusb_frames_moved(winusb_frames_of(test));
	KUNIT_EXPECT_EQ(test, winusb_frames_get(wh, false, &now, false), -EOPNOTSUPP);
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_isoch_expect(test, req, 0, 80 * 192, 0);
	KUNIT_EXPECT_EQ(test, winusb_frames_get(wh, false, &now, false), 0);
	msleep(1100);
	KUNIT_EXPECT_EQ(test, winusb_frames_get(wh, false, &now, false), -EOPNOTSUPP);
}

/* There frames go on after a long pause, though the host controller's numbers went round in it. */
static void winusb_test_frames_grow_on_after_a_pause(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_bench(test, USB_SPEED_HIGH, WINUSB_ISOCH_SMALL,
						      WINUSB_HCD_REAL, WINUSB_HCD_XHCI);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	struct winusb_frames *frames = winusb_frames_of(test);
	struct winusb_request *req;
	u32 begun[3], generation;
	u64 slot[3];
	unsigned int i;

	frames->counts = false;
	frames->valid = false;
	generation = frames->generation;
	for (i = 0; i < ARRAY_SIZE(begun); i++) {
		msleep(1500 * i);
		req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
		winusb_isoch_expect(test, req, 0, 80 * 192, 0);
		begun[i] = req->isoch_kept->frame;
		slot[i] = winusb_isoch_slot(test, WINUSB_ISOCH_IN, i) / 8;
		winusb_isoch_skip_if_late(test, slot[i] * 8 + 80);
		KUNIT_EXPECT_EQ(test, begun[i] - begun[0], (u32)(slot[i] - slot[0]));
	}
	KUNIT_EXPECT_EQ(test, frames->generation, generation);
	/* As if that had been ten minutes ago: the bits of the numbers may have gone round. */
	frames->seen -= 600ULL * NSEC_PER_SEC;
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_isoch_expect(test, req, 0, 80 * 192, 0);
	KUNIT_EXPECT_EQ(test, frames->generation, generation + 1);
}

/* Its last packet tells the time, not the rest of the interval. */
static void winusb_test_rare_stream_tells_the_time(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_bench(test, USB_SPEED_HIGH, WINUSB_ISOCH_RARE,
						      WINUSB_HCD_REAL, WINUSB_HCD_XHCI);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 64);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req;
	struct winusb_frame now;
	s8 off;

	winusb_frames_of(test)->counts = false;
	winusb_frames_of(test)->valid = false;
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 1);
	winusb_isoch_expect(test, req, 0, 64, 0);
	KUNIT_EXPECT_EQ(test, winusb_frames_get(wh, false, &now, false), 0);
	off = now.frame - winusb_hcd_now(b->hc) / 8;
	KUNIT_EXPECT_LE(test, off, 1);
	KUNIT_EXPECT_GE(test, off, -100);
}

/* 1.7: where a rare one was is learned from its interrupt, also if that is late. */
static void winusb_test_rare_stream_is_placed_by_a_late_interrupt(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_RARE);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 64);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req;

	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 1);
	winusb_hcd_advance(b->hc, 128 + 100 * 8);
	winusb_isoch_expect(test, req, 0, 64, 0);
	KUNIT_EXPECT_EQ(test, (u8)req->isoch_kept->frame,
			(u8)(winusb_isoch_slot(test, WINUSB_ISOCH_IN, 0) / 8));
}

/* A transfer that is to begin in a frame needs to know frames. */
static void winusb_test_start_frame_needs_a_clock(struct kunit *test)
{
	struct winusb_handle *wh = winusb_frame_handle(test);
	struct winusb_isoch_ask ask = {
		.address = WINUSB_ISOCH_IN, .length = 80 * 192, .start = 1010,
		.flags = WINUSB_TRANSFER_ISOCH_AT,
	};
	struct winusb_request *req;

	ask.buffer = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	winusb_frames_of(test)->counts = false;
	winusb_frames_of(test)->valid = false;
	KUNIT_EXPECT_EQ(test, winusb_isoch_try(wh, &ask, &req), -EOPNOTSUPP);
}

/* Programs see 32 bits, and go on across their end. */
static void winusb_test_numbers_wrap(struct kunit *test)
{
	struct winusb_handle *wh = winusb_frame_handle(test);
	struct winusb_frames *frames = winusb_frames_of(test);
	struct winusb_isoch_ask ask = {
		.address = WINUSB_ISOCH_IN, .length = 80 * 192,
		.flags = WINUSB_TRANSFER_ISOCH_AT,
	};
	struct winusb_request *req[2];
	struct winusb_frame now;
	s64 shift;

	ask.buffer = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &now, false), 0);
	/* As if the bus were that old: the lower bits stay. */
	shift = (0xffffff00LL - round_up(now.frame, 256)) * NSEC_PER_MSEC;
	spin_lock_irq(&frames->lock);
	frames->earliest -= shift;
	frames->latest -= shift;
	spin_unlock_irq(&frames->lock);
	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &now, false), 0);
	KUNIT_ASSERT_GE(test, now.frame, 0xfffffe00ULL);
	KUNIT_ASSERT_LT(test, now.frame, 0xffffffffULL);
	ask.start = 0xffffff00U + 600;
	KUNIT_EXPECT_LT(test, ask.start, 1000U);
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req[0]), 0);
	ask.start += 10;
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req[1]), 0);
	winusb_isoch_expect(test, req[0], 0, 80 * 192, 0);
	KUNIT_EXPECT_GE(test, req[0]->isoch_kept->frame, ask.start - 10);
	KUNIT_EXPECT_LT(test, req[0]->isoch_kept->frame, ask.start + 900);
	KUNIT_EXPECT_EQ(test, req[0]->isoch_kept->next_frame, req[0]->isoch_kept->frame + 10);
	winusb_isoch_expect(test, req[1], 0, 80 * 192, 0);
	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &now, false), 0);
	KUNIT_EXPECT_GT(test, now.frame, 0x100000000ULL);
	/* Frames of before the end are past. */
	ask.start = 0xfffffff0U;
	KUNIT_EXPECT_EQ(test, winusb_isoch_try(wh, &ask, &req[0]), -EINVAL);
}

struct winusb_place {
	u64 guess;
	u32 hardware;
	u64 frame;
	u8 before, after;
};

/* What host controllers say is read next to what it should be. */
static void winusb_test_numbers_are_placed(struct kunit *test)
{
	static const struct winusb_place places[] = {
		{ 1000, 1000, 1000, 16, 16 },
		{ 1000, 1003, 1003, 16, 16 },
		{ 1000, 997, 997, 16, 16 },
		{ 5000, 5003 % 1024, 5003, 16, 16 },
		{ 5000, 4990 % 256, 4990, 16, 16 },
		{ 0x100000000ULL, 2, 0x100000002ULL, 16, 16 },
		{ 0x100000000ULL, 2047, 0xffffffffULL, 16, 16 },
		{ 1000, 1000 + 17, 1000, 16, 16 },
		{ 1000, 1000 - 17, 1000, 16, 16 },
		{ 1000, 1000 + 128, 1000, 16, 16 },
		{ 1000, 1003, 1003, 128, 16 },
		{ 1000, 1000 + 17, 1000, 128, 16 },
		{ 1000, 1000 - 17, 1000 - 17, 128, 16 },
		{ 1000, 1000 - 128, 1000 - 128, 128, 16 },
		{ 1000, 1000 - 129, 1000, 128, 16 },
		{ 1000, 1000 + 127, 1000 + 127, 128, 127 },
		{ 1000, 1000 + 128, 1000 - 128, 128, 127 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    winusb_frames_place(places[i].guess, places[i].hardware,
							places[i].before, places[i].after),
				    places[i].frame, "row %u", i);
}

static int winusb_frame_number_of_none(struct usb_hcd *hcd)
{
	return 0;
}

/* Not every controller's counter counts frames. */
static void winusb_test_counters_are_known(struct kunit *test)
{
	struct hc_driver driver = {
		.description = "ehci_hcd", .get_frame_number = winusb_frame_number_of_none,
	};
	struct winusb_frames frames = { };

	winusb_frame_handle(test);
	frames.udev = winusb_frames_of(test)->udev;
	winusb_frames_know(&frames, &driver);
	KUNIT_EXPECT_TRUE(test, frames.counts);
	KUNIT_EXPECT_EQ(test, frames.shift, 0);
	driver.description = "xen-hcd";
	winusb_frames_know(&frames, &driver);
	KUNIT_EXPECT_FALSE(test, frames.counts);
	driver.description = "vhci_hcd";
	winusb_frames_know(&frames, &driver);
	KUNIT_EXPECT_FALSE(test, frames.counts);
	driver.description = "dwc2_hsotg";
	winusb_frames_know(&frames, &driver);
	KUNIT_EXPECT_TRUE(test, frames.counts);
	KUNIT_EXPECT_EQ(test, frames.shift, 3);
	driver.get_frame_number = NULL;
	winusb_frames_know(&frames, &driver);
	KUNIT_EXPECT_FALSE(test, frames.counts);
}

/* 1.7: a counter of microframes gives frames. */
static void winusb_test_microframes_are_no_frames(struct kunit *test)
{
	struct winusb_handle *wh = winusb_frame_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_frame first, now;
	unsigned int i;

	winusb_hcd_flags(b->hc, WINUSB_HCD_F_MICROFRAMES, true);
	winusb_hcd_frame_bits(b->hc, 14);
	winusb_frames_of(test)->shift = 3;
	winusb_frames_moved(winusb_frames_of(test));
	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &first, false), 0);
	for (i = 0; i < 10; i++) {
		usleep_range(10000, 12000);
		KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &now, false), 0);
	}
	KUNIT_EXPECT_EQ(test, (now.now - first.now) / 1000000 - (now.frame - first.frame) + 2 <= 4,
			true);
	KUNIT_EXPECT_EQ(test, now.generation, first.generation);
	winusb_hcd_flags(b->hc, WINUSB_HCD_F_MICROFRAMES, false);
}

/* 1.8: after so long that the numbers may have gone round, it is another generation. */
static void winusb_test_long_silence_is_another_generation(struct kunit *test)
{
	struct winusb_handle *wh = winusb_frame_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_frame before, after;

	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &before, false), 0);
	/* As if it had been ten minutes ago, in which the clocks have drifted apart by 200 ms. */
	winusb_frames_of(test)->seen -= 600ULL * NSEC_PER_SEC;
	winusb_hcd_set_now(b->hc, winusb_hcd_now(b->hc) + 200 * 8);
	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &after, false), 0);
	KUNIT_EXPECT_NE(test, after.generation, before.generation);
	KUNIT_EXPECT_LE(test, after.accuracy, 2000000U);
}

static struct kunit_case winusb_frame_cases[] = {
	WINUSB_CASE_RULE(frames_grow_on, 1_7),
	WINUSB_CASE_RULE(boundary_is_exact, 1_8),
	WINUSB_CASE_RULE(generation_changes, 1_8),
	WINUSB_CASE(stream_tells_the_time),
	WINUSB_CASE_RULE(frames_grow_on_after_a_pause, 1_7),
	WINUSB_CASE(rare_stream_tells_the_time),
	WINUSB_CASE_RULE(rare_stream_is_placed_by_a_late_interrupt, 1_7),
	WINUSB_CASE_RULE(start_frame_needs_a_clock, 1_7),
	WINUSB_CASE(numbers_are_placed),
	WINUSB_CASE_RULE(numbers_wrap, 1_7),
	WINUSB_CASE(counters_are_known),
	WINUSB_CASE_RULE(microframes_are_no_frames, 1_7),
	WINUSB_CASE_RULE(long_silence_is_another_generation, 1_8),
	{ }
};

static struct kunit_suite winusb_frame_suite =
	WINUSB_BENCH_SUITE("winusb_frame", winusb_bench_init_empty, winusb_frame_cases);

kunit_test_suite(winusb_frame_suite);
