// SPDX-License-Identifier: GPL-2.0-only
/*
 * Isochronous transfers for tests, see isoch.h.
 */

#include <linux/err.h>

#include "isoch.h"

static const struct usb_device_descriptor winusb_isoch_device =
	WINUSB_DEVICE(0x0200, 64, WINUSB_BENCH_WHOLE);

static const u8 winusb_isoch_config[] = {
	WINUSB_CONFIG(1),
	WINUSB_INTERFACE(0, 0, 0),
	WINUSB_INTERFACE(0, WINUSB_ISOCH_SMALL, 2),
	WINUSB_ISOC(WINUSB_ISOCH_IN, 192, 1),
	WINUSB_ISOC(WINUSB_ISOCH_OUT, 192, 1),
	WINUSB_INTERFACE(0, WINUSB_ISOCH_LARGE, 2),
	WINUSB_ISOC(WINUSB_ISOCH_IN, 1024 | 2 << 11, 1),
	WINUSB_ISOC(WINUSB_ISOCH_OUT, 1024, 1),
	WINUSB_INTERFACE(0, WINUSB_ISOCH_FRAMES, 2),
	WINUSB_ISOC(WINUSB_ISOCH_IN, 64, 4),
	WINUSB_ISOC(WINUSB_ISOCH_OUT, 64, 4),
	WINUSB_INTERFACE(0, WINUSB_ISOCH_RARE, 2),
	WINUSB_ISOC(WINUSB_ISOCH_IN, 64, 8),
	WINUSB_ISOC(WINUSB_ISOCH_OUT, 64, 8),
	WINUSB_INTERFACE(0, WINUSB_ISOCH_SELDOM, 1),
	WINUSB_ISOC(WINUSB_ISOCH_IN, 64, 6),
	WINUSB_INTERFACE(0, WINUSB_ISOCH_RAREST, 1),
	WINUSB_ISOC(WINUSB_ISOCH_IN, 64, 14),
};

static const u8 winusb_isoch_full_config[] = {
	WINUSB_CONFIG(1),
	WINUSB_INTERFACE(0, 0, 0),
	WINUSB_INTERFACE(0, WINUSB_ISOCH_SMALL, 2),
	WINUSB_ISOC(WINUSB_ISOCH_IN, 192, 1),
	WINUSB_ISOC(WINUSB_ISOCH_OUT, 192, 1),
	WINUSB_INTERFACE(0, WINUSB_ISOCH_LARGE, 2),
	WINUSB_ISOC(WINUSB_ISOCH_IN, 1023, 1),
	WINUSB_ISOC(WINUSB_ISOCH_OUT, 192, 1),
};

static const struct usb_device_descriptor winusb_isoch_super_device =
	WINUSB_DEVICE(0x0300, 9, WINUSB_BENCH_WHOLE);

static const u8 winusb_isoch_super_config[] = {
	WINUSB_CONFIG(1),
	WINUSB_INTERFACE(0, 0, 0),
	WINUSB_INTERFACE(0, WINUSB_ISOCH_SMALL, 2),
	WINUSB_ISOC(WINUSB_ISOCH_IN, 192, 1),
	WINUSB_COMPANION(0, 0, 192),
	WINUSB_ISOC(WINUSB_ISOCH_OUT, 192, 1),
	WINUSB_COMPANION(0, 0, 192),
	WINUSB_INTERFACE(0, WINUSB_ISOCH_LARGE, 2),
	WINUSB_ISOC(WINUSB_ISOCH_IN, 1024, 1),
	WINUSB_COMPANION(15, 2, 49152),
	WINUSB_ISOC(WINUSB_ISOCH_OUT, 1024, 1),
	WINUSB_COMPANION(0, 0, 1024),
	WINUSB_INTERFACE(0, WINUSB_ISOCH_RAREST, 1),
	WINUSB_ISOC(WINUSB_ISOCH_IN, 64, 16),
	WINUSB_COMPANION(0, 0, 64),
};

static const u8 winusb_isoch_super_bos[] = {
	5, USB_DT_BOS, 22, 0, 2,
	7, USB_DT_DEVICE_CAPABILITY, USB_CAP_TYPE_EXT, 0, 0, 0, 0,
	10, USB_DT_DEVICE_CAPABILITY, USB_SS_CAP_TYPE, 0, 0x0e, 0, 1, 10, 0xff,
	0x07,
};

static void winusb_isoch_plug(struct kunit *test, enum usb_device_speed speed)
{
	const struct winusb_hcd_config config = { .speed = speed };
	struct winusb_hcd_dev_info info = {
		.device = &winusb_isoch_device,
		.config = winusb_isoch_config,
		.config_length = sizeof(winusb_isoch_config),
	};
	struct winusb_bench *b = test->priv;

	if (speed == USB_SPEED_FULL) {
		info.config = winusb_isoch_full_config;
		info.config_length = sizeof(winusb_isoch_full_config);
	} else if (speed == USB_SPEED_SUPER) {
		info.device = &winusb_isoch_super_device;
		info.config = winusb_isoch_super_config;
		info.config_length = sizeof(winusb_isoch_super_config);
		info.bos = winusb_isoch_super_bos;
		info.bos_length = sizeof(winusb_isoch_super_bos);
	}
	if (speed != USB_SPEED_HIGH) {
		struct winusb_hcd *hc = winusb_hcd_create(&config);

		KUNIT_ASSERT_FALSE(test, IS_ERR(hc));
		b->hc = hc;
		b->own_hc = true;
	}
	winusb_bench_plug(test, &info);
}

/* A device in a setting, its IN endpoint a source, under such a clock. */
struct winusb_handle *winusb_isoch_bench(struct kunit *test, enum usb_device_speed speed,
					 u8 setting, enum winusb_hcd_clock clock,
					 enum winusb_hcd_kind kind)
{
	struct winusb_bench *b = test->priv;
	struct winusb_handle *wh;

	winusb_isoch_plug(test, speed);
	winusb_hcd_mode(b->dev, WINUSB_ISOCH_IN, WINUSB_HCD_SOURCE, 0);
	wh = winusb_bench_handle(test, 0);
	KUNIT_ASSERT_EQ(test, winusb_handle_set_setting(wh, setting, false), 0);
	winusb_hcd_clock(b->hc, clock);
	if (clock == WINUSB_HCD_MANUAL)
		winusb_hcd_set_now(b->hc, WINUSB_ISOCH_START);
	winusb_hcd_schedule(b->hc, kind, WINUSB_ISOCH_LATENCY);
	winusb_hcd_stats_reset(b->dev);
	return wh;
}

/* The usual one. */
struct winusb_handle *winusb_isoch_handle(struct kunit *test, u8 setting)
{
	return winusb_isoch_bench(test, USB_SPEED_HIGH, setting, WINUSB_HCD_MANUAL,
				  WINUSB_HCD_XHCI);
}

u32 winusb_isoch_register(struct kunit *test, struct winusb_handle *wh, u8 address, u32 length)
{
	struct winusb_isoch_buffer *buffer;
	u32 number = 0;

	buffer = winusb_isoch_buffer_create(wh, address, true, 0, length, false);
	KUNIT_ASSERT_FALSE(test, IS_ERR(buffer));
	KUNIT_ASSERT_EQ(test, winusb_isoch_buffer_publish(buffer, &number), 0);
	return number;
}

int winusb_isoch_try(struct winusb_handle *wh, const struct winusb_isoch_ask *ask,
		     struct winusb_request **req)
{
	const struct winusb_transfer transfer = {
		.flags = ask->flags,
		.pipe_id = ask->address,
		.length = ask->length,
		.isoch_buffer = ask->buffer,
		.isoch_offset = ask->offset,
		.isoch_start_frame = ask->start,
	};
	int ret;

	*req = winusb_isoch_create(wh, WINUSB_DOOR_RECORD, &transfer);
	if (IS_ERR(*req))
		return PTR_ERR(*req);
	(*req)->cookie = ask->cookie;
	ret = winusb_request_start(*req, false);
	if (ret)
		winusb_request_discard(*req);
	return ret;
}

/* Whole packets from the beginning of the buffer, as soon as possible. */
struct winusb_request *winusb_isoch_start(struct kunit *test, struct winusb_handle *wh, u32 buffer,
					  u8 address, unsigned int packets)
{
	struct winusb_bench *b = test->priv;
	struct winusb_interface *wi = winusb_bench_wi(test, 0);
	struct winusb_isoch_ask ask = { .buffer = buffer, .address = address };
	struct winusb_request *req;

	KUNIT_ASSERT_EQ(test, winusb_interface_enter(wi, false), 0);
	ask.length = packets * winusb_pipe_find(wi, address)->stream.maximum_bytes;
	winusb_interface_leave(wi);
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req), 0);
	KUNIT_ASSERT_NOT_NULL(test, b->dev);
	return req;
}

/*
 * Takes the one that was done first, which has to be this one. Its packets can
 * be looked at until the next one is started.
 */
void winusb_isoch_expect(struct kunit *test, struct winusb_request *req, int status, size_t moved,
			 unsigned int errors)
{
	struct winusb_request *first = winusb_async_take(test, req->wf);

	KUNIT_EXPECT_PTR_EQ_MSG(test, first, req, "another one was done first");
	winusb_request_collect(first);
	KUNIT_EXPECT_EQ(test, first->status, status);
	KUNIT_EXPECT_EQ(test, first->moved, moved);
	KUNIT_EXPECT_EQ(test, first->isoch->errors, errors);
	winusb_request_put(first);
}

/*
 * Skips the rest if a URB that ended on the bus in that microframe was done very late; not if
 * something was wrong already.
 */
void winusb_isoch_skip_if_late(struct kunit *test, u64 end)
{
	struct winusb_bench *b = test->priv;

	if (READ_ONCE(test->status) != KUNIT_FAILURE && winusb_hcd_now(b->hc) > end + 100 * 8)
		kunit_skip(test, "this machine stood still for 100 ms");
}

/* All packets alike. */
void winusb_isoch_expect_packets(struct kunit *test, struct winusb_request *req, u32 status,
				 u32 length)
{
	const struct winusb_isoch *isoch = req->isoch_kept;
	unsigned int i;

	for (i = 0; i < isoch->num_packets; i++) {
		KUNIT_EXPECT_EQ_MSG(test, isoch->packets[i].status, status, "packet %u", i);
		KUNIT_EXPECT_EQ_MSG(test, isoch->packets[i].length, length, "packet %u", i);
	}
}

void winusb_isoch_advance(struct kunit *test, unsigned int microframes)
{
	struct winusb_bench *b = test->priv;

	KUNIT_ASSERT_EQ(test, winusb_hcd_advance_wait(b->hc, microframes), 0);
}

/* Where a URB of the endpoint began. */
u64 winusb_isoch_slot(struct kunit *test, u8 address, unsigned int index)
{
	struct winusb_bench *b = test->priv;
	u64 slot = 0;

	KUNIT_EXPECT_EQ(test, winusb_hcd_started(b->dev, address, index, &slot), 0);
	return slot;
}

void winusb_isoch_expect_stream(struct kunit *test, u8 address, u64 gaps, unsigned int late)
{
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;

	winusb_hcd_stats(b->dev, address, &stats);
	KUNIT_EXPECT_EQ(test, stats.gaps, gaps);
	KUNIT_EXPECT_EQ(test, stats.late, late);
}
