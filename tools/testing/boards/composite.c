// SPDX-License-Identifier: MIT
/*
 * A composite device with three functions:
 *   interfaces 0 and 1, joined by an IAD: bulk 0x01/0x81 with a
 *     class-specific descriptor; bulk 0x02/0x82 and interrupt IN 0x83
 *   interface 2, with alternate settings: 0 empty, 1 bulk 0x04/0x84 and
 *     interrupt IN 0x85, 2 interrupt 0x04/0x84, 3 isochronous 0x06/0x86
 *   interface 3: bulk 0x07/0x87
 * Every OUT endpoint loops back to the IN endpoint of the same number. Class
 * and vendor requests are answered with what was seen:
 *   COMPOSITE_ECHO   IN: the data stage of the last OUT request
 *   COMPOSITE_COUNT  IN: wValue counting bytes
 *   any other        IN: the eight setup bytes as they arrived
 *   any              OUT: kept for COMPOSITE_ECHO
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "desc.h"

enum { COMPOSITE_ECHO = 0xe0, COMPOSITE_COUNT = 0xe1 };

struct composite_state {
	unsigned int len;
	uint8_t data[CONTROL_ROOM];
};

#define CLASS_DESC(type) 7, type, 0x10, 0x01, 'd', 'a', 't'

/* @bulk, @irq: largest packets; @ms: one millisecond as bInterval */
#define COMPOSITE_CONFIG(bulk, irq, ms)					\
	CONFIG_DESC(4, 0xa0),						\
	IAD_DESC(0, 2, 0xff, 0, 0, 4),					\
	INTERFACE_DESC(0, 0, 2, 0xff, 0, 0, 5),				\
	CLASS_DESC(0x41),						\
	ENDPOINT_DESC(0x01, XFER_BULK, bulk, 0),			\
	ENDPOINT_DESC(0x81, XFER_BULK, bulk, 0),			\
	INTERFACE_DESC(1, 0, 3, 0xff, 0, 0, 6),				\
	ENDPOINT_DESC(0x02, XFER_BULK, bulk, 0),			\
	ENDPOINT_DESC(0x82, XFER_BULK, bulk, 0),			\
	ENDPOINT_DESC(0x83, XFER_INTERRUPT, 16, ms),			\
	INTERFACE_DESC(2, 0, 0, 0xff, 1, 0, 7),				\
	INTERFACE_DESC(2, 1, 3, 0xff, 1, 0, 7),				\
	ENDPOINT_DESC(0x04, XFER_BULK, bulk, 0),			\
	ENDPOINT_DESC(0x84, XFER_BULK, bulk, 0),			\
	ENDPOINT_DESC(0x85, XFER_INTERRUPT, 8, ms),			\
	INTERFACE_DESC(2, 2, 2, 0xff, 1, 0, 7),				\
	ENDPOINT_DESC(0x04, XFER_INTERRUPT, irq, ms),			\
	ENDPOINT_DESC(0x84, XFER_INTERRUPT, irq, ms),			\
	INTERFACE_DESC(2, 3, 2, 0xff, 1, 0, 7),				\
	ENDPOINT_DESC(0x06, XFER_ISO, 192, ms),				\
	ENDPOINT_DESC(0x86, XFER_ISO, 192, ms),				\
	INTERFACE_DESC(3, 0, 2, 0xff, 2, 0, 8),				\
	ENDPOINT_DESC(0x07, XFER_BULK, bulk, 0),			\
	ENDPOINT_DESC(0x87, XFER_BULK, bulk, 0)

static const uint8_t composite_device[18] = {
	DEVICE_DESC(0x0210, 0xef, 2, 1, 0x1209, 0x0001, 0x0100)
};

static const uint8_t composite_high[] = { COMPOSITE_CONFIG(512, 256, 4) };
static const uint8_t composite_full[] = { COMPOSITE_CONFIG(64, 32, 1) };

/* USB 2.0 extension: link power management not supported. */
static const uint8_t composite_bos[] = {
	5, DT_BOS, LE16(12), 1,
	7, DT_CAPABILITY, 2, 0, 0, 0, 0,
};

static void composite_describe(const struct board *b, bool high,
			       struct descriptors *d)
{
	static const char *const strings[] = {
		NULL, "winusb for Linux", "Composite test board", NULL,
		"Joined function", "Joined data", "Joined events",
		"Settings", "Loopback",
	};

	(void)b;
	memcpy(d->device, composite_device, sizeof(composite_device));
	memcpy(d->config, high ? composite_high : composite_full,
	       sizeof(composite_high));
	d->config_len = sizeof(composite_high);
	memcpy(d->bos, composite_bos, sizeof(composite_bos));
	d->bos_len = sizeof(composite_bos);
	memcpy(d->strings, strings, sizeof(strings));
}

/* Does the interface or endpoint that the request names exist? */
static bool composite_recipient(const struct board *b, const uint8_t *setup)
{
	switch (setup[0] & 0x1f) {
	case 0:
		return true;
	case 1:
		return setup[4] < 4;
	case 2:
		return !(setup[4] & 0x0f) || b->ep[ep_slot(setup[4])].active;
	}
	return false;
}

static int composite_control(struct board *b, const uint8_t *setup,
			     uint8_t *data)
{
	struct composite_state *state = b->state;
	unsigned int len = get_le16(setup + 6), i;

	if (!(setup[0] & 0x60) || !composite_recipient(b, setup))
		return -EPIPE;
	if (!(setup[0] & 0x80)) {
		memcpy(state->data, data, len);
		state->len = len;
		return 0;
	}
	switch (setup[1]) {
	case COMPOSITE_ECHO:
		memcpy(data, state->data, state->len);
		return (int)state->len;
	case COMPOSITE_COUNT:
		len = get_le16(setup + 2);
		for (i = 0; i < len; i++)
			data[i] = i % 251;
		return (int)len;
	}
	memcpy(data, setup, 8);
	return 8;
}

const struct board_type composite_board = {
	.name = "composite",
	.summary = "three functions: two joined interfaces, settings, loopback",
	.vid = 0x1209,
	.pid = 0x0001,
	.state_size = sizeof(struct composite_state),
	.describe = composite_describe,
	.control = composite_control,
};
