// SPDX-License-Identifier: MIT
/*
 * The OSR USB-FX2 learning kit: a bar graph of eight lights, a seven-segment
 * digit, a pack of eight switches and a loopback from endpoint 0x06 to 0x88.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "desc.h"

enum {
	FX2_READ_SEGMENTS = 0xd4, FX2_READ_SWITCHES = 0xd6,
	FX2_READ_BARGRAPH = 0xd7, FX2_SET_BARGRAPH = 0xd8,
	FX2_IS_HIGH_SPEED = 0xd9, FX2_REENUMERATE = 0xda,
	FX2_SET_SEGMENTS = 0xdb,
};

enum { FX2_OPT_SWITCHES };

struct fx2_state {
	uint8_t bargraph;
	uint8_t segments;
	uint8_t switches;
};

#define FX2_CONFIG(bulk, interval)				\
	CONFIG_DESC(1, 0xa0),					\
	INTERFACE_DESC(0, 0, 3, 0xff, 0, 0, 0),			\
	ENDPOINT_DESC(0x81, XFER_INTERRUPT, 64, interval),	\
	ENDPOINT_DESC(0x06, XFER_BULK, bulk, 0),		\
	ENDPOINT_DESC(0x88, XFER_BULK, bulk, 0)

static const uint8_t fx2_device[18] = {
	DEVICE_DESC(0x0200, 0, 0, 0, 0x0547, 0x1002, 0x0000)
};

static const uint8_t fx2_high[] = { FX2_CONFIG(512, 4) };
static const uint8_t fx2_full[] = { FX2_CONFIG(64, 1) };

static int fx2_parse_byte(const char *text, long *value)
{
	return parse_number(text, 255, value);
}

static const struct board_option fx2_options[] = {
	{ "switches", "state of the eight switches; a change is sent on 0x81",
	  .parse = fx2_parse_byte },
	{ }
};

static void fx2_describe(const struct board *b, bool high, struct descriptors *d)
{
	(void)b;
	memcpy(d->device, fx2_device, sizeof(fx2_device));
	memcpy(d->config, high ? fx2_high : fx2_full, sizeof(fx2_high));
	d->config_len = sizeof(fx2_high);
	d->strings[1] = "OSR";
	d->strings[2] = "OSRFX2";
}

static int fx2_byte(uint8_t *data, uint8_t value)
{
	data[0] = value;
	return 1;
}

static int fx2_read(struct board *b, uint8_t request, uint8_t *data)
{
	struct fx2_state *state = b->state;

	switch (request) {
	case FX2_READ_SEGMENTS:
		return fx2_byte(data, state->segments);
	case FX2_READ_SWITCHES:
		return fx2_byte(data, state->switches);
	case FX2_READ_BARGRAPH:
		return fx2_byte(data, state->bargraph);
	case FX2_IS_HIGH_SPEED:
		return fx2_byte(data, b->speed == SPEED_HIGH);
	}
	return -EPIPE;
}

static int fx2_write(struct board *b, uint8_t request, const uint8_t *data,
		     unsigned int len)
{
	struct fx2_state *state = b->state;

	switch (request) {
	case FX2_SET_BARGRAPH:
		if (len != 1)
			return -EPIPE;
		state->bargraph = data[0];
		return 0;
	case FX2_SET_SEGMENTS:
		if (len != 1)
			return -EPIPE;
		state->segments = data[0];
		return 0;
	case FX2_REENUMERATE:
		b->replug = true;
		return 0;
	}
	return -EPIPE;
}

static int fx2_control(struct board *b, const uint8_t *setup, uint8_t *data)
{
	if ((setup[0] & 0x60) != 0x40)
		return -EPIPE;
	if (setup[0] & 0x80)
		return fx2_read(b, setup[1], data);
	return fx2_write(b, setup[1], data, get_le16(setup + 6));
}

static void fx2_plugged(struct board *b)
{
	struct fx2_state *state = b->state;

	state->switches = b->now.value[FX2_OPT_SWITCHES];
}

static void fx2_changed(struct board *b, unsigned int option)
{
	struct fx2_state *state = b->state;
	uint8_t value = b->now.value[FX2_OPT_SWITCHES];

	if (option != FX2_OPT_SWITCHES || state->switches == value)
		return;
	state->switches = value;
	if (b->config)
		endpoint_push(&b->ep[ep_slot(0x81)], &value, 1);
}

static uint8_t fx2_peer(const struct board *b, uint8_t out)
{
	(void)b;
	return out == 0x06 ? 0x88 : 0;
}

static int fx2_report(const struct board *b, char *text, size_t size)
{
	const struct fx2_state *state = b->state;

	return snprintf(text, size,
			" bargraph=0x%02x segments=0x%02x switches=0x%02x",
			state->bargraph, state->segments, state->switches);
}

const struct board_type fx2_board = {
	.name = "fx2",
	.summary = "OSR USB-FX2 kit: lights, switches, loopback 0x06 to 0x88",
	.vid = 0x0547,
	.pid = 0x1002,
	.state_size = sizeof(struct fx2_state),
	.options = fx2_options,
	.describe = fx2_describe,
	.control = fx2_control,
	.plugged = fx2_plugged,
	.changed = fx2_changed,
	.peer = fx2_peer,
	.report = fx2_report,
};
