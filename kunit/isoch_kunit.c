// SPDX-License-Identifier: GPL-2.0-only
/*
 * Isochronous transfers: what is asked for, what moves, and how transfers
 * follow each other. "n.m" is a section of winusb.md. How they end otherwise is
 * in isoch_end_kunit.c.
 */

#include <linux/delay.h>

#include "../driver/device.h"
#include "../driver/frame.h"
#include "../driver/function.h"
#include "../driver/queue.h"
#include "isoch.h"

/* 1.7: each packet has its place, its length and its status, whatever the others have. */
static void winusb_test_packets_have_places(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 8 * 192);
	struct winusb_isoch_buffer *buffer = winusb_isoch_buffer_get(wh->wf, id);
	struct winusb_bench *b = test->priv;
	const struct winusb_isoch_packet *packets;
	struct winusb_request *req;
	u8 data[192];
	unsigned int i;

	winusb_bench_rule(test, WINUSB_ISOCH_IN, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_DATA, .flags = WINUSB_HCD_RULE_PACKET, .packet = 2,
		.length = 10 });
	winusb_bench_rule(test, WINUSB_ISOCH_IN, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_ERROR, .flags = WINUSB_HCD_RULE_PACKET, .packet = 5,
		.status = -EILSEQ });
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 8);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_ISOCH_IN), 1U);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 8);
	winusb_isoch_expect(test, req, 0, 6 * 192 + 10, 1);
	packets = req->isoch_kept->packets;
	for (i = 0; i < 8; i++) {
		KUNIT_EXPECT_EQ(test, packets[i].offset, i * 192);
		KUNIT_EXPECT_EQ(test, packets[i].length, i == 2 ? 10U : i == 5 ? 0U : 192U);
		KUNIT_EXPECT_EQ(test, packets[i].status, i == 5 ? WINUSB_PACKET_CRC : 0U);
	}
	/* The pattern goes on from packet to packet. */
	winusb_isoch_buffer_read(buffer, 3 * 192, data, 192);
	winusb_expect_pattern(test, data, 2 * 192 + 10, 192);
	winusb_isoch_buffer_read(buffer, 2 * 192 + 10, data, 182);
	KUNIT_EXPECT_NULL(test, memchr_inv(data, 0, 182));
	winusb_isoch_buffer_done(buffer);
	winusb_isoch_buffer_put(buffer);
}

/* 1.7: a write sends a whole packet in each interval. */
static void winusb_test_write_sends_whole_intervals(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_OUT, 16 * 192);
	struct winusb_isoch_buffer *buffer = winusb_isoch_buffer_get(wh->wf, id);
	u8 *data = kunit_kzalloc(test, 16 * 192, GFP_KERNEL);
	u8 *got = kunit_kzalloc(test, 16 * 192, GFP_KERNEL);
	struct winusb_bench *b = test->priv;
	struct winusb_isoch_ask ask = {
		.buffer = id, .address = WINUSB_ISOCH_OUT, .offset = 8 * 192, .length = 8 * 192,
	};
	struct winusb_request *req;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, data);
	KUNIT_ASSERT_NOT_NULL(test, got);
	for (i = 0; i < 16 * 192; i++)
		data[i] = i % 251;
	winusb_isoch_buffer_write(buffer, 0, data, 16 * 192);
	KUNIT_ASSERT_EQ(test, winusb_hcd_capture(b->dev, WINUSB_ISOCH_OUT, 16 * 192), 0);
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req), 0);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 8);
	winusb_isoch_expect(test, req, 0, 8 * 192, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_captured(b->dev, WINUSB_ISOCH_OUT, got, 16 * 192),
			(size_t)8 * 192);
	WINUSB_EXPECT_MEMEQ(test, got, data + 8 * 192, 8 * 192);
	winusb_isoch_buffer_done(buffer);
	winusb_isoch_buffer_put(buffer);
}

/* 1.7: as soon as possible is behind the last one that is pending, without a gap. */
static void winusb_test_transfers_follow_each_other(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	struct winusb_request *req[8];
	u32 frame = 0;
	unsigned int i, n;

	for (i = 0; i < 8; i++)
		req[i] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY);
	for (n = 8; n < 24; n++) {
		i = n % 8;
		winusb_isoch_advance(test, 80);
		winusb_isoch_expect(test, req[i], 0, 80 * 192, 0);
		if (n > 8)
			KUNIT_EXPECT_EQ(test, req[i]->isoch_kept->frame, frame);
		frame = req[i]->isoch_kept->next_frame;
		KUNIT_EXPECT_EQ(test, frame, req[i]->isoch_kept->frame + 10);
		req[i] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	}
	winusb_isoch_expect_stream(test, WINUSB_ISOCH_IN, 0, 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_ISOCH_IN, false), 0);
	for (i = 0; i < 8; i++)
		winusb_request_discard(winusb_async_take(test, wh->wf));
	winusb_isoch_expect_stream(test, WINUSB_ISOCH_IN, 0, 0);
}

struct winusb_isoch_bad {
	const char *name;
	enum usb_device_speed speed;
	u8 setting;
	u8 address;
	u32 offset;
	u32 length;
	u32 flags;
	u32 start;
};

/*
 * The buffer has 1,100 packets. What is not said is as usual: high speed, the
 * small setting, the IN pipe.
 */
static const struct winusb_isoch_bad winusb_isoch_bads[] = {
	{ "nothing", .length = 0 },
	{ "part_of_a_packet", .length = 8 * 192 + 1 },
	{ "part_of_a_frame", .length = 7 * 192 },
	{ "longer_than_the_buffer", .length = 1104 * 192 },
	{ "beyond_the_end", .offset = 1100 * 192 - 8 * 192 + 1, .length = 8 * 192 },
	{ "offset_beyond_the_end", .offset = 1100 * 192 + 1, .length = 8 * 192 },
	{ "offset_that_wraps", .offset = U32_MAX - 8 * 192 + 1, .length = 8 * 192 },
	{ "too_many_packets", .length = 1032 * 192 },
	{ "other_pipe", .address = WINUSB_ISOCH_OUT, .length = 8 * 192 },
	{ "no_pipe", .address = 0x85, .length = 8 * 192 },
	{ "start_without_the_flag", .length = 8 * 192, .start = 1005 },
	{ "two_ways_to_start", .length = 8 * 192, .start = 1005,
		   .flags = WINUSB_TRANSFER_ISOCH_AT | WINUSB_TRANSFER_ISOCH_CONTINUE },
	{ "lengths_of_a_read", .length = 8 * 192, .flags = WINUSB_TRANSFER_ISOCH_LENGTHS },
	{ "continue_nothing", .length = 8 * 192, .flags = WINUSB_TRANSFER_ISOCH_CONTINUE },
	{ "this_frame", .length = 8 * 192, .start = 1000,
		   .flags = WINUSB_TRANSFER_ISOCH_AT },
	{ "frame_of_the_past", .length = 8 * 192, .start = 990,
		   .flags = WINUSB_TRANSFER_ISOCH_AT },
	{ "frame_too_far_away", .length = 8 * 192, .start = 1000 + 1200,
		   .flags = WINUSB_TRANSFER_ISOCH_AT },
	{ "full_speed_too_many_packets", .speed = USB_SPEED_FULL, .length = 256 * 192 },
	{ "half_a_frame_of_intervals", .setting = WINUSB_ISOCH_LARGE, .length = 4 * 3072 },
};

static void winusb_isoch_bad_desc(const struct winusb_isoch_bad *bad, char *desc)
{
	strscpy(desc, bad->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_isoch_bad, winusb_isoch_bads, winusb_isoch_bad_desc);

/* 1.7, 7.3: what can't be is refused, and the host controller hears nothing of it. */
static void winusb_test_bad_transfers_are_refused(struct kunit *test)
{
	const struct winusb_isoch_bad *bad = test->param_value;
	struct winusb_handle *wh = winusb_isoch_bench(test, bad->speed ?: USB_SPEED_HIGH,
						      bad->setting ?: WINUSB_ISOCH_SMALL,
						      WINUSB_HCD_MANUAL, WINUSB_HCD_XHCI);
	struct winusb_isoch_ask ask = {
		.address = bad->address ?: WINUSB_ISOCH_IN, .offset = bad->offset,
		.length = bad->length, .flags = bad->flags, .start = bad->start,
	};
	struct winusb_request *req;

	ask.buffer = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 1100 * 192);
	KUNIT_EXPECT_EQ(test, winusb_isoch_try(wh, &ask, &req), -EINVAL);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_ISOCH_IN), 0U);
	/* Nothing is left of it: the buffer is free at once. */
	KUNIT_EXPECT_EQ(test, winusb_isoch_buffer_unregister(wh->wf, ask.buffer), 0);
	winusb_async_expect_quiet(test, wh->wf);
}

struct winusb_isoch_good {
	const char *name;
	enum usb_device_speed speed;
	u8 setting;
	unsigned int packets;
	u32 bytes;
	u32 microframes;
};

static const struct winusb_isoch_good winusb_isoch_goods[] = {
	{ "one_frame", USB_SPEED_HIGH, WINUSB_ISOCH_SMALL, 8, 192, 1 },
	{ "most", USB_SPEED_HIGH, WINUSB_ISOCH_SMALL, 1024, 192, 1 },
	{ "high_bandwidth", USB_SPEED_HIGH, WINUSB_ISOCH_LARGE, 80, 3072, 1 },
	{ "most_high_bandwidth", USB_SPEED_HIGH, WINUSB_ISOCH_LARGE, 1024, 3072, 1 },
	{ "one_packet_a_frame", USB_SPEED_HIGH, WINUSB_ISOCH_FRAMES, 1, 64, 8 },
	{ "odd_frames", USB_SPEED_HIGH, WINUSB_ISOCH_FRAMES, 255, 64, 8 },
	{ "rare", USB_SPEED_HIGH, WINUSB_ISOCH_RARE, 20, 64, 128 },
	{ "full_speed", USB_SPEED_FULL, WINUSB_ISOCH_SMALL, 10, 192, 8 },
	{ "most_full_speed", USB_SPEED_FULL, WINUSB_ISOCH_LARGE, 255, 1023, 8 },
	{ "super_speed", USB_SPEED_SUPER, WINUSB_ISOCH_SMALL, 8, 192, 1 },
	{ "super_speed_bursts", USB_SPEED_SUPER, WINUSB_ISOCH_LARGE, 64, 49152, 1 },
};

static void winusb_isoch_good_desc(const struct winusb_isoch_good *good, char *desc)
{
	strscpy(desc, good->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_isoch_good, winusb_isoch_goods, winusb_isoch_good_desc);

/*
 * 1.7, 7.2, 7.3: whatever can be asked for is moved, across the gaps of the memory too, in one
 * stream of as many intervals, however many URBs that takes.
 */
static void winusb_test_whole_transfers_move(struct kunit *test)
{
	const struct winusb_isoch_good *good = test->param_value;
	struct winusb_handle *wh = winusb_isoch_bench(test, good->speed, good->setting,
						      WINUSB_HCD_MANUAL, WINUSB_HCD_XHCI);
	u32 length = good->packets * good->bytes;
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, length);
	struct winusb_isoch_buffer *buffer = winusb_isoch_buffer_get(wh->wf, id);
	u8 *data = kvmalloc(length, GFP_KERNEL);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	struct winusb_request *req;
	u64 first;

	KUNIT_ASSERT_NOT_NULL(test, data);
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, good->packets);
	first = winusb_isoch_slot(test, WINUSB_ISOCH_IN, 0);
	while (!winusb_async_ready(wh->wf) && winusb_hcd_in_flight(b->dev, WINUSB_ISOCH_IN))
		winusb_isoch_advance(test, 64);
	winusb_isoch_expect(test, req, 0, length, 0);
	winusb_isoch_expect_packets(test, req, 0, good->bytes);
	winusb_isoch_buffer_read(buffer, 0, data, length);
	winusb_expect_pattern(test, data, 0, length);
	winusb_hcd_stats(b->dev, WINUSB_ISOCH_IN, &stats);
	KUNIT_EXPECT_EQ(test, stats.next_slot - first, (u64)good->packets * good->microframes);
	winusb_isoch_expect_stream(test, WINUSB_ISOCH_IN, 0, 0);
	kvfree(data);
	winusb_isoch_buffer_done(buffer);
	winusb_isoch_buffer_put(buffer);
}

/* The host controller is not given more than 256 frames ahead, and gets the rest in time. */
static void winusb_test_host_controller_gets_a_part(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 1024 * 192);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req[6];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(req); i++)
		req[i] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 1024);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_ISOCH_IN), 256U / 16);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY);
	for (i = 0; i < 6 * 8; i++)
		winusb_isoch_advance(test, 128);
	for (i = 0; i < ARRAY_SIZE(req); i++)
		winusb_isoch_expect(test, req[i], 0, 1024 * 192, 0);
	winusb_isoch_expect_stream(test, WINUSB_ISOCH_IN, 0, 0);
}

/* 1.7: ContinueStream follows what is pending. */
static void winusb_test_continue_follows(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 8 * 192);
	struct winusb_isoch_ask ask = {
		.buffer = id, .address = WINUSB_ISOCH_IN, .length = 8 * 192,
		.flags = WINUSB_TRANSFER_ISOCH_CONTINUE,
	};
	struct winusb_request *first, *next;

	first = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 8);
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &next), 0);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 8);
	winusb_isoch_expect(test, first, 0, 8 * 192, 0);
	winusb_isoch_advance(test, 8);
	winusb_isoch_expect(test, next, 0, 8 * 192, 0);
	winusb_isoch_expect_stream(test, WINUSB_ISOCH_IN, 0, 0);
}

/* 1.7: ContinueStream fails rather than leave a gap. */
static void winusb_test_continue_fails_after_a_gap(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 8 * 192);
	struct winusb_isoch_ask ask = {
		.buffer = id, .address = WINUSB_ISOCH_IN, .length = 8 * 192,
		.flags = WINUSB_TRANSFER_ISOCH_CONTINUE,
	};
	struct winusb_interface *wi = winusb_bench_wi(test, 0);
	struct winusb_request *first, *next;
	struct winusb_pipe *pipe;

	KUNIT_ASSERT_EQ(test, winusb_interface_enter(wi, false), 0);
	pipe = winusb_pipe_find(wi, WINUSB_ISOCH_IN);
	winusb_interface_leave(wi);
	first = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 8);
	/* It comes while the first one is pending, but can't go on in time. */
	spin_lock_irq(&pipe->lock);
	pipe->parked = true;
	spin_unlock_irq(&pipe->lock);
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &next), 0);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 8);
	winusb_isoch_expect(test, first, 0, 8 * 192, 0);
	spin_lock_irq(&pipe->lock);
	pipe->parked = false;
	spin_unlock_irq(&pipe->lock);
	winusb_queue_run(pipe);
	winusb_isoch_expect(test, next, -EINVAL, 0, 8);
	winusb_isoch_expect_packets(test, next, WINUSB_PACKET_NOT_SENT, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_ISOCH_IN), 1U);
}

/* The frame that goes on, as the driver tells it. */
static u32 winusb_isoch_frame_now(struct kunit *test, struct winusb_handle *wh)
{
	struct winusb_frame now;

	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &now, false), 0);
	return now.frame;
}

/* 1.7: a transfer begins in its frame or later, and tells the frame after it. */
static void winusb_test_start_frame_is_kept(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_bench(test, USB_SPEED_HIGH, WINUSB_ISOCH_SMALL,
						      WINUSB_HCD_REAL, WINUSB_HCD_XHCI);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192), next = 0, start;
	struct winusb_isoch_ask ask = {
		.buffer = id, .address = WINUSB_ISOCH_IN, .length = 80 * 192,
		.flags = WINUSB_TRANSFER_ISOCH_AT,
	};
	struct winusb_bench *b = test->priv;
	struct winusb_request *req;
	u64 slot;

	start = winusb_isoch_frame_now(test, wh) + 900;
	ask.start = start;
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_ISOCH_IN), 0U);
	winusb_isoch_expect(test, req, 0, 80 * 192, 0);
	slot = winusb_isoch_slot(test, WINUSB_ISOCH_IN, 0);
	/* The driver's frames and the controller's have their lower bits in common. */
	KUNIT_EXPECT_EQ(test, (slot / 8) % 256, req->isoch_kept->frame % 256);
	KUNIT_EXPECT_GE(test, (s32)(req->isoch_kept->frame - start), 0);
	next = req->isoch_kept->next_frame;
	KUNIT_EXPECT_EQ(test, next, req->isoch_kept->frame + 10);
}

/* 1.7: each begins where the one before ended, as its answer said: that is one stream. */
static void winusb_test_frames_chain(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	struct winusb_isoch_ask ask = {
		.buffer = id, .address = WINUSB_ISOCH_IN, .length = 80 * 192,
		.flags = WINUSB_TRANSFER_ISOCH_AT,
	};
	struct winusb_request *req[4], *bad;
	unsigned int i;

	req[0] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	/* It has begun two frames from now, as the host controller said. */
	ask.start = 1002 + 10;
	for (i = 1; i < 4; i++) {
		KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req[i]), 0);
		/* What is taken is taken. */
		KUNIT_EXPECT_EQ(test, winusb_isoch_try(wh, &ask, &bad), -EINVAL);
		ask.start += 10;
	}
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY);
	for (i = 0; i < 4; i++) {
		winusb_isoch_advance(test, 80);
		winusb_isoch_expect(test, req[i], 0, 80 * 192, 0);
		KUNIT_EXPECT_EQ(test, req[i]->isoch_kept->frame, 1002 + 10 * i);
	}
	winusb_isoch_expect_stream(test, WINUSB_ISOCH_IN, 0, 0);
}

/* 1.7: a frame behind the end of what is pending: there is a gap up to it. */
static void winusb_test_later_frame_leaves_a_gap(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_bench(test, USB_SPEED_HIGH, WINUSB_ISOCH_SMALL,
						      WINUSB_HCD_REAL, WINUSB_HCD_XHCI);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	struct winusb_isoch_ask ask = {
		.buffer = id, .address = WINUSB_ISOCH_IN, .length = 80 * 192,
		.flags = WINUSB_TRANSFER_ISOCH_AT,
	};
	struct winusb_request *first, *second, *third;

	ask.start = winusb_isoch_frame_now(test, wh) + 900;
	first = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &second), 0);
	third = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_isoch_expect(test, first, 0, 80 * 192, 0);
	winusb_isoch_expect(test, second, 0, 80 * 192, 0);
	KUNIT_EXPECT_GE(test, (s32)(second->isoch_kept->frame - ask.start), 0);
	winusb_isoch_expect(test, third, 0, 80 * 192, 0);
	KUNIT_EXPECT_GE(test, (s32)(third->isoch_kept->frame - ask.start), 10);
}

static const struct winusb_isoch_good winusb_isoch_intervals[] = {
	{ "frame", USB_SPEED_HIGH, WINUSB_ISOCH_FRAMES, 64, 64, 8 },
	{ "four_frames", USB_SPEED_HIGH, WINUSB_ISOCH_SELDOM, 16, 64, 32 },
	{ "sixteen_frames", USB_SPEED_HIGH, WINUSB_ISOCH_RARE, 4, 64, 128 },
	{ "second", USB_SPEED_HIGH, WINUSB_ISOCH_RAREST, 1, 64, 8192 },
	{ "four_seconds", USB_SPEED_SUPER, WINUSB_ISOCH_RAREST, 1, 64, 32768 },
	{ "full_speed", USB_SPEED_FULL, WINUSB_ISOCH_SMALL, 64, 192, 8 },
};

KUNIT_ARRAY_PARAM(winusb_isoch_interval, winusb_isoch_intervals, winusb_isoch_good_desc);

/* A host controller begins a stream in an interval of the endpoint, which may be far away. */
static void winusb_test_frames_of_any_interval(struct kunit *test)
{
	const struct winusb_isoch_good *good = test->param_value;
	struct winusb_handle *wh = winusb_isoch_bench(test, good->speed, good->setting,
						      WINUSB_HCD_REAL, WINUSB_HCD_XHCI);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, good->packets * good->bytes);
	struct winusb_isoch_ask ask = {
		.buffer = id, .address = WINUSB_ISOCH_IN, .length = good->packets * good->bytes,
		.flags = WINUSB_TRANSFER_ISOCH_CONTINUE,
	};
	u32 frames = good->packets * good->microframes / 8;
	struct winusb_request *req[2];
	unsigned int i;
	u64 slot;

	req[0] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, good->packets);
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req[1]), 0);
	slot = winusb_isoch_slot(test, WINUSB_ISOCH_IN, 0);
	for (i = 0; i < 2; i++) {
		winusb_isoch_expect(test, req[i], 0, good->packets * good->bytes, 0);
		/* Only eight bits of a frame are known, from an interrupt that was in time. */
		winusb_isoch_skip_if_late(test, slot + (i + 1) * frames * 8);
		KUNIT_EXPECT_EQ(test, req[i]->isoch_kept->frame % 2048,
				(u32)(slot / 8 + i * frames) % 2048);
		KUNIT_EXPECT_EQ(test, req[i]->isoch_kept->next_frame,
				req[i]->isoch_kept->frame + frames);
	}
	winusb_isoch_expect_stream(test, WINUSB_ISOCH_IN, 0, 0);
}

/* 1.7: never before its frame, though the last stream happened to begin later than it had to. */
static void winusb_test_start_frame_is_not_early(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_bench(test, USB_SPEED_HIGH, WINUSB_ISOCH_SELDOM,
						      WINUSB_HCD_REAL, WINUSB_HCD_XHCI);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 64);
	struct winusb_isoch_ask ask = {
		.buffer = id, .address = WINUSB_ISOCH_IN, .length = 64,
		.flags = WINUSB_TRANSFER_ISOCH_AT,
	};
	struct winusb_bench *b = test->priv;
	struct winusb_request *req;

	/* The next interval that it can have begins four frames after this one. */
	winusb_hcd_set_now(b->hc, 100 * 32 - WINUSB_ISOCH_LATENCY + 1);
	winusb_frames_moved(&winusb_bench_wi(test, 0)->fn->device->frames);
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 1);
	winusb_isoch_expect(test, req, 0, 64, 0);
	ask.start = round_up(winusb_isoch_frame_now(test, wh) + 900, 4) + 1;
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req), 0);
	winusb_isoch_expect(test, req, 0, 64, 0);
	KUNIT_EXPECT_GE(test, (s32)(req->isoch_kept->frame - ask.start), 0);
	KUNIT_EXPECT_EQ(test, winusb_isoch_slot(test, WINUSB_ISOCH_IN, 1) / 8 % 256,
			req->isoch_kept->frame % 256);
}

/* 1.7: nor because a stream took long to be handed over, and seems to have begun late by that. */
static void winusb_test_start_frame_is_not_early_after_a_slow_start(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_bench(test, USB_SPEED_HIGH, WINUSB_ISOCH_SMALL,
						      WINUSB_HCD_REAL, WINUSB_HCD_XHCI);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 8 * 192);
	struct winusb_isoch_ask ask = {
		.buffer = id, .address = WINUSB_ISOCH_IN, .length = 8 * 192,
		.flags = WINUSB_TRANSFER_ISOCH_AT,
	};
	struct winusb_bench *b = test->priv;
	struct winusb_request *req;

	winusb_hcd_schedule(b->hc, WINUSB_HCD_XHCI, 80);
	winusb_hcd_flags(b->hc, WINUSB_HCD_F_SLOW, true);
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 8);
	winusb_hcd_flags(b->hc, WINUSB_HCD_F_SLOW, false);
	winusb_isoch_expect(test, req, 0, 8 * 192, 0);
	/* And it is known where that one was. */
	KUNIT_EXPECT_EQ(test, (u8)req->isoch_kept->frame,
			(u8)(winusb_isoch_slot(test, WINUSB_ISOCH_IN, 0) / 8));
	ask.start = winusb_isoch_frame_now(test, wh) + 900;
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req), 0);
	winusb_isoch_expect(test, req, 0, 8 * 192, 0);
	KUNIT_EXPECT_GE(test, (s32)(req->isoch_kept->frame - ask.start), 0);
}

/* 1.7: nor while it is not known where the stream is. */
static void winusb_test_start_frame_waits_for_a_slow_stream(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_bench(test, USB_SPEED_HIGH, WINUSB_ISOCH_RARE,
						      WINUSB_HCD_REAL, WINUSB_HCD_XHCI);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 64);
	struct winusb_isoch_ask ask = {
		.buffer = id, .address = WINUSB_ISOCH_IN, .length = 64,
		.flags = WINUSB_TRANSFER_ISOCH_AT,
	};
	struct winusb_request *first, *second;

	first = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 1);
	ask.start = winusb_isoch_frame_now(test, wh) + 900;
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &second), 0);
	winusb_isoch_expect(test, first, 0, 64, 0);
	winusb_isoch_expect(test, second, 0, 64, 0);
	KUNIT_EXPECT_GE(test, (s32)(second->isoch_kept->frame - ask.start), 0);
	KUNIT_EXPECT_LE(test, (s32)(second->isoch_kept->frame - ask.start), 900);
}

/* 2.1: no policy applies. The timeout is one. */
static void winusb_test_policies_have_no_effect(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 16 * 192);
	struct winusb_request *req;

	winusb_set(test, wh, WINUSB_ISOCH_IN, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 10);
	winusb_set(test, wh, WINUSB_ISOCH_IN, WINUSB_POLICY_RAW_IO, 1);
	winusb_set(test, wh, WINUSB_ISOCH_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	winusb_set(test, wh, WINUSB_ISOCH_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 16);
	winusb_async_expect_none(test, wh->wf);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 16);
	winusb_isoch_expect(test, req, 0, 16 * 192, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_ISOCH_IN), 0U);
}

/* 1.7: a program that is late is told so, and the stream goes on. */
static void winusb_test_stream_survives_a_late_program(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_bench(test, USB_SPEED_HIGH, WINUSB_ISOCH_SMALL,
						      WINUSB_HCD_MANUAL, WINUSB_HCD_EHCI);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req[3];
	unsigned int i, late = 0;

	req[0] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	/* Its time is over by the middle of the next one, but its interrupt is late. */
	winusb_bench_rule(test, WINUSB_ISOCH_IN, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_HOLD });
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 80 + 40);
	req[1] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	req[2] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	KUNIT_EXPECT_TRUE(test, winusb_hcd_release(b->dev, WINUSB_ISOCH_IN));
	winusb_isoch_advance(test, 80);
	winusb_isoch_advance(test, 80);
	winusb_isoch_expect(test, req[0], 0, 80 * 192, 0);
	winusb_request_collect(req[1]);
	for (i = 0; i < 80; i++)
		if (req[1]->isoch->packets[i].status == WINUSB_PACKET_LATE)
			late++;
	KUNIT_EXPECT_GE(test, late, 40U);
	KUNIT_EXPECT_LT(test, late, 80U);
	winusb_isoch_expect(test, req[1], 0, (80 - late) * 192, late);
	winusb_isoch_expect(test, req[2], 0, 80 * 192, 0);
}

/* A transfer that comes when the one before is over begins a new stream. */
static void winusb_test_new_stream_begins_anew(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_bench(test, USB_SPEED_HIGH, WINUSB_ISOCH_SMALL,
						      WINUSB_HCD_MANUAL, WINUSB_HCD_EHCI);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 8 * 192);
	struct winusb_request *req;
	u32 frame;

	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 8);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 8);
	winusb_isoch_expect(test, req, 0, 8 * 192, 0);
	frame = req->isoch_kept->frame;
	winusb_isoch_advance(test, 72);
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 8);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 8);
	winusb_isoch_expect(test, req, 0, 8 * 192, 0);
	KUNIT_EXPECT_EQ(test, req->isoch_kept->frame,
			frame + (WINUSB_ISOCH_LATENCY + 8 + 72) / 8);
	KUNIT_EXPECT_EQ(test, winusb_isoch_slot(test, WINUSB_ISOCH_IN, 1) / 8 % 256,
			req->isoch_kept->frame % 256);
	winusb_isoch_expect_packets(test, req, 0, 192);
}

/* A host controller may complete inside the submission: nothing is done twice, or in disorder. */
static void winusb_test_instant_completions(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_bench(test, USB_SPEED_HIGH, WINUSB_ISOCH_LARGE,
						      WINUSB_HCD_FREE, WINUSB_HCD_XHCI);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 1024 * 3072);
	struct winusb_request *req[4];
	unsigned int i;

	for (i = 0; i < 4; i++)
		req[i] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 1024);
	for (i = 0; i < 4; i++)
		winusb_isoch_expect(test, req[i], 0, 1024 * 3072, 0);
	winusb_async_expect_none(test, wh->wf);
}

/* Some host controllers have room for less: they get the next one when there is. */
static void winusb_test_full_controller_gets_the_rest_later(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req[6];
	unsigned int i;

	winusb_hcd_horizon(b->hc, WINUSB_ISOCH_LATENCY + 2 * 80 + 8);
	for (i = 0; i < ARRAY_SIZE(req); i++)
		req[i] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_ISOCH_IN), 2U);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY);
	for (i = 0; i < ARRAY_SIZE(req); i++) {
		winusb_isoch_advance(test, 80);
		winusb_isoch_expect(test, req[i], 0, 80 * 192, 0);
	}
	winusb_isoch_expect_stream(test, WINUSB_ISOCH_IN, 0, 0);
}

/* The room may be there before the one that was refused hears that there was none. */
static void winusb_test_full_controller_is_empty_again(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req[2];

	winusb_hcd_horizon(b->hc, WINUSB_ISOCH_LATENCY + 80);
	winusb_hcd_flags(b->hc, WINUSB_HCD_F_FULL_LATE, true);
	req[0] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	req[1] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_isoch_expect(test, req[0], 0, 80 * 192, 0);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 80);
	winusb_isoch_expect(test, req[1], 0, 80 * 192, 0);
}

/* One that is longer than the host controller ever has room for fails. */
static void winusb_test_too_long_for_the_controller(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req;

	winusb_hcd_horizon(b->hc, WINUSB_ISOCH_LATENCY + 79);
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_isoch_expect(test, req, -EIO, 0, 80);
	winusb_isoch_expect_packets(test, req, WINUSB_PACKET_NOT_SENT, 0);
}

static struct kunit_case winusb_isoch_cases[] = {
	WINUSB_CASE_RULE(packets_have_places, 1_7),
	WINUSB_CASE_RULE(write_sends_whole_intervals, 1_7),
	WINUSB_CASE_RULE(transfers_follow_each_other, 1_7),
	WINUSB_CASE_PARAM_RULE(bad_transfers_are_refused, winusb_isoch_bad, 7_3),
	WINUSB_CASE_PARAM_RULE(whole_transfers_move, winusb_isoch_good, 7_3),
	WINUSB_CASE(host_controller_gets_a_part),
	WINUSB_CASE(full_controller_gets_the_rest_later),
	WINUSB_CASE(full_controller_is_empty_again),
	WINUSB_CASE(too_long_for_the_controller),
	WINUSB_CASE_RULE(continue_follows, 1_7),
	WINUSB_CASE_RULE(continue_fails_after_a_gap, 1_7),
	WINUSB_CASE_RULE(start_frame_is_kept, 1_7),
	WINUSB_CASE_RULE(frames_chain, 1_7),
	WINUSB_CASE_RULE(later_frame_leaves_a_gap, 1_7),
	WINUSB_CASE_PARAM_RULE(frames_of_any_interval, winusb_isoch_interval, 1_7),
	WINUSB_CASE_RULE(start_frame_is_not_early, 1_7),
	WINUSB_CASE_RULE(start_frame_is_not_early_after_a_slow_start, 1_7),
	WINUSB_CASE_RULE(start_frame_waits_for_a_slow_stream, 1_7),
	WINUSB_CASE_RULE(policies_have_no_effect, 2_1),
	WINUSB_CASE_RULE(stream_survives_a_late_program, 1_7),
	WINUSB_CASE_RULE(new_stream_begins_anew, 7_3),
	WINUSB_CASE(instant_completions),
	{ }
};

static struct kunit_suite winusb_isoch_suite =
	WINUSB_BENCH_SUITE("winusb_isoch", winusb_bench_init_empty, winusb_isoch_cases);

kunit_test_suite(winusb_isoch_suite);
