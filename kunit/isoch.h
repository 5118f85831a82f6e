/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Isochronous transfers for tests: a device with such endpoints under a clock,
 * buffers that the kernel has, and transfers by the door of records.
 */
#ifndef WINUSB_KUNIT_ISOCH_H
#define WINUSB_KUNIT_ISOCH_H

#include <uapi/linux/winusb.h>

#include "../driver/isoch.h"
#include "../driver/isoch_buffer.h"
#include "async.h"

#define WINUSB_ISOCH_IN		0x81
#define WINUSB_ISOCH_OUT	0x02

/* Settings of its interface; bytes of a packet in each, and microframes. */
#define WINUSB_ISOCH_SMALL	1	/* 192, 1; full speed: 192, 8 */
#define WINUSB_ISOCH_LARGE	2	/* 3072 in, 1024 out, 1; full speed: 1023, 8 */
#define WINUSB_ISOCH_FRAMES	3	/* 64, 8 */
#define WINUSB_ISOCH_RARE	4	/* 64, 128 */
#define WINUSB_ISOCH_SELDOM	5	/* 64, 32 */
#define WINUSB_ISOCH_RAREST	6	/* 64, 8192; SuperSpeed: 64, 32768 */

#define WINUSB_ISOCH_BYTES	192
#define WINUSB_ISOCH_START	8000ULL	/* what the clock begins with: frame 1000 */
#define WINUSB_ISOCH_LATENCY	16	/* microframes until a stream begins */

/* What of a transfer differs from test to test. */
struct winusb_isoch_ask {
	u32 buffer;
	u8 address;
	u32 offset;
	u32 length;
	u32 flags;
	u32 start;
	u64 cookie;
};

struct winusb_handle *winusb_isoch_bench(struct kunit *test, enum usb_device_speed speed,
					 u8 setting, enum winusb_hcd_clock clock,
					 enum winusb_hcd_kind kind);
struct winusb_handle *winusb_isoch_handle(struct kunit *test, u8 setting);
u32 winusb_isoch_register(struct kunit *test, struct winusb_handle *wh, u8 address, u32 length);
int winusb_isoch_try(struct winusb_handle *wh, const struct winusb_isoch_ask *ask,
		     struct winusb_request **req);
struct winusb_request *winusb_isoch_start(struct kunit *test, struct winusb_handle *wh, u32 buffer,
					  u8 address, unsigned int packets);
void winusb_isoch_expect(struct kunit *test, struct winusb_request *req, int status, size_t moved,
			 unsigned int errors);
void winusb_isoch_skip_if_late(struct kunit *test, u64 end);
void winusb_isoch_expect_packets(struct kunit *test, struct winusb_request *req, u32 status,
				 u32 length);
void winusb_isoch_advance(struct kunit *test, unsigned int microframes);
u64 winusb_isoch_slot(struct kunit *test, u8 address, unsigned int index);
void winusb_isoch_expect_stream(struct kunit *test, u8 address, u64 gaps, unsigned int late);

#endif
