// SPDX-License-Identifier: MIT
/*
 * Isochronous endpoints of every kind, one alternate setting for each; iso.h
 * says what the packets hold. OUT packets are checked and counted. WinUSB binds
 * by itself: Microsoft OS descriptors 2.0.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "desc.h"
#include "endpoint.h"
#include "iso.h"
#include "msos.h"

enum {
	OPT_FAIL, OPT_LATE, OPT_SHORT, OPT_ZERO, OPT_MISSING, OPT_STOP,
	OPT_FEEDBACK,
};

/* bmAttributes of a stream whose clock is the device's, and its feedback. */
#define XFER_ISO_ASYNC		(XFER_ISO | 1 << 2)
#define XFER_ISO_FEEDBACK	(XFER_ISO | 1 << 4)

#define ISO_SETTING(alt, endpoints) INTERFACE_DESC(0, alt, endpoints, 0xff, 0, 0, 0)

/*
 * @one, @ms, @slow: each (micro)frame, 1 ms and 16 ms as bInterval. @in, @out:
 * largest packets of setting 2; @back: of the feedback; @bulk
 */
#define ISO_CONFIG(one, ms, slow, in, out, back, bulk)			\
	CONFIG_DESC(1, 0xa0),						\
	ISO_SETTING(ISO_ALT_NONE, 0),					\
	ISO_SETTING(ISO_ALT_SMALL, 2),					\
	ENDPOINT_DESC(ISO_IN, XFER_ISO, 192, one),			\
	ENDPOINT_DESC(ISO_OUT, XFER_ISO, 192, one),			\
	ISO_SETTING(ISO_ALT_LARGE, 2),					\
	ENDPOINT_DESC(ISO_IN, XFER_ISO, in, one),			\
	ENDPOINT_DESC(ISO_OUT, XFER_ISO, out, one),			\
	ISO_SETTING(ISO_ALT_MS, 2),					\
	ENDPOINT_DESC(ISO_IN, XFER_ISO, 512, ms),			\
	ENDPOINT_DESC(ISO_OUT, XFER_ISO, 512, ms),			\
	ISO_SETTING(ISO_ALT_AUDIO, 2),					\
	ENDPOINT_DESC(ISO_OUT, XFER_ISO_ASYNC, 192, ms),		\
	ENDPOINT_DESC(ISO_FEEDBACK, XFER_ISO_FEEDBACK, back, ms),	\
	ISO_SETTING(ISO_ALT_SLOW, 1),					\
	ENDPOINT_DESC(ISO_IN, XFER_ISO, 64, slow),			\
	ISO_SETTING(ISO_ALT_MIXED, 3),					\
	ENDPOINT_DESC(ISO_IN, XFER_ISO, 192, one),			\
	ENDPOINT_DESC(ISO_BULK_IN, XFER_BULK, bulk, 0),			\
	ENDPOINT_DESC(ISO_BULK_OUT, XFER_BULK, bulk, 0)

static const uint8_t iso_device[18] = {
	DEVICE_DESC(0x0210, 0, 0, 0, ISO_VID, ISO_PID, 0x0100)
};

static const uint8_t iso_high[] = {
	ISO_CONFIG(1, 4, 8, 1024 | 2 << 11, 1024, 4, 512)
};

static const uint8_t iso_full[] = { ISO_CONFIG(1, 1, 5, 1023, 192, 3, 64) };

/* 48 samples a millisecond: 16.16 a microframe, 10.14 a frame. */
#define FEEDBACK_HIGH	0x00060000
#define FEEDBACK_FULL	0x000c0000

/**
 * struct iso_pipe - one endpoint since SET_INTERFACE
 * @packets: that had their turn
 * @counter: of the next packet with data, IN
 */
struct iso_pipe {
	uint32_t packets;
	uint32_t counter;
};

struct iso_state {
	struct iso_pipe pipe[BOARD_SLOTS];
	struct iso_stats stats;
	bool started;
	uint32_t feedback;
	struct msos msos;
};

/*
 * "Every Nth packet" as one number: N in the low 16 bits, above it a status
 * (8 bits, a positive errno), and the slot of the one endpoint, or 0.
 */
static int pack_every(char *text, long status, long *value)
{
	char *last = strchr(text, ':');
	long n;
	int slot = 0;

	if (last) {
		*last++ = '\0';
		slot = parse_slot(text);
		if (slot <= 0)
			return -EINVAL;
		text = last;
	}
	if (parse_number(text, 0xffff, &n))
		return -EINVAL;
	*value = n | status << 16 | (long)slot << 24;
	return 0;
}

/* [EP:]N */
static int parse_every(const char *text, long *value)
{
	char copy[32];

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	return pack_every(copy, 0, value);
}

/* STATUS:[EP:]N, or 0 */
static int parse_fail(const char *text, long *value)
{
	char copy[32], *rest = copy, *word;
	int status;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	word = strsep(&rest, ":");
	if (!rest)
		return parse_number(text, 0, value);
	if (parse_status(word, &status))
		return -EINVAL;
	return pack_every(rest, -status, value);
}

/* Is the option for this endpoint, and its N? 0: no. */
static unsigned int every(const struct board *b, const struct endpoint *ep,
			  unsigned int option)
{
	long value = b->now.value[option];
	unsigned int slot = value >> 24;

	return slot && slot != ep_slot(ep->address) ? 0 : value & 0xffff;
}

static bool strikes(const struct board *b, const struct endpoint *ep,
		    unsigned int option, uint32_t packet)
{
	unsigned int n = every(b, ep, option);

	return n && packet % n == 0;
}

static int parse_feedback(const char *text, long *value)
{
	return parse_number(text, 0x7fffffff, value);
}

static const struct board_option iso_options[] = {
	[OPT_FAIL] = { "fail", "STATUS:[EP:]N: every Nth packet ends with STATUS (as of error=)\n"
		"      and is lost; with EOVERFLOW its data come, too. 0: none",
		.parse = parse_fail },
	[OPT_LATE] = { "late", "[EP:]N: every Nth interval is missed (EXDEV), no packet moves",
		.parse = parse_every },
	[OPT_SHORT] = { "short-every", "[EP:]N: every Nth IN packet has half the length",
		.parse = parse_every },
	[OPT_ZERO] = { "zero-every", "[EP:]N: every Nth IN packet has no bytes and no counter",
		.parse = parse_every },
	[OPT_MISSING] = { "missing", "[EP:]N: the counter leaves one out before every Nth IN packet",
		.parse = parse_every },
	[OPT_STOP] = { "stop-after", "[EP:]N: transfers hang after N packets; 0: never",
		.parse = parse_every },
	[OPT_FEEDBACK] = { "feedback", "what 0x83 says; 0: 48 samples a millisecond",
		.parse = parse_feedback },
	{ }
};

static void iso_describe(const struct board *b, bool high, struct descriptors *d)
{
	(void)b;
	memcpy(d->device, iso_device, sizeof(iso_device));
	memcpy(d->config, high ? iso_high : iso_full, sizeof(iso_high));
	d->config_len = sizeof(iso_high);
	d->strings[1] = "winusb for Linux";
	d->strings[2] = "Isochronous test board";
}

static void set_feedback(struct board *b)
{
	struct iso_state *state = b->state;

	state->feedback = b->now.value[OPT_FEEDBACK];
	if (!state->feedback)
		state->feedback = b->speed == SPEED_HIGH ? FEEDBACK_HIGH :
				  FEEDBACK_FULL;
}

static void iso_plugged(struct board *b)
{
	const struct msos_plan plan = {
		.os = OS_2,
		.layout = &msos_layouts[LAYOUT_SINGLE],
		.compat = { "WINUSB" },
		.subcompat = "",
		.guid = { ISO_GUID },
		.props = PROPS_GUID,
		.idle = -1,
	};
	struct iso_state *state = b->state;

	msos_build(&state->msos, &plan);
	msos_build_bos(&state->msos);
	memcpy(b->desc.bos, state->msos.bos.data, state->msos.bos.len);
	b->desc.bos_len = state->msos.bos.len;
	set_feedback(b);
}

static void iso_changed(struct board *b, unsigned int option)
{
	if (option == OPT_FEEDBACK)
		set_feedback(b);
}

static void reset_stats(struct iso_state *state)
{
	memset(&state->stats, 0, sizeof(state->stats));
	state->started = false;
}

/* There is one interface, so all endpoints are fresh. */
static void iso_setting(struct board *b, int interface)
{
	struct iso_state *state = b->state;

	(void)interface;
	memset(state->pipe, 0, sizeof(state->pipe));
	reset_stats(state);
}

static unsigned int give_feedback(const struct board *b,
				  const struct endpoint *ep, uint8_t *data)
{
	const struct iso_state *state = b->state;
	uint32_t value = htole32(state->feedback);

	memcpy(data, &value, ep->mps);
	return ep->mps;
}

static unsigned int give_packet(struct board *b, struct endpoint *ep,
				uint32_t frame, uint8_t *data)
{
	struct iso_state *state = b->state;
	struct iso_pipe *pipe = &state->pipe[ep_slot(ep->address)];
	unsigned int len = ep->burst;

	if (strikes(b, ep, OPT_ZERO, pipe->packets))
		return 0;
	if (ep->address == ISO_FEEDBACK)
		return give_feedback(b, ep, data);
	if (strikes(b, ep, OPT_SHORT, pipe->packets))
		len /= 2;
	if (strikes(b, ep, OPT_MISSING, pipe->packets))
		pipe->counter++;
	iso_fill(data, len, pipe->counter++, frame);
	return len;
}

static void take_counter(struct iso_state *state, uint32_t counter)
{
	struct iso_stats *stats = &state->stats;
	int32_t ahead = (int32_t)(counter - stats->next);

	if (!state->started) {
		state->started = true;
		stats->first = counter;
	} else if (ahead < 0) {
		stats->duplicates++;
		return;
	} else if (ahead) {
		stats->gaps++;
		stats->missing += ahead;
	}
	stats->next = counter + 1;
}

static void take_packet(struct iso_state *state, const uint8_t *data,
			unsigned int len)
{
	struct iso_stats *stats = &state->stats;
	struct iso_header h;

	if (!len) {
		stats->empty++;
		return;
	}
	if (!iso_check(data, len, &h)) {
		stats->bad++;
		return;
	}
	stats->good++;
	stats->bytes += len;
	take_counter(state, h.counter);
}

static int iso_packet(struct board *b, struct endpoint *ep, uint32_t frame,
		      uint8_t *data, unsigned int *len)
{
	struct iso_state *state = b->state;
	struct iso_pipe *pipe = &state->pipe[ep_slot(ep->address)];
	unsigned int stop = every(b, ep, OPT_STOP);
	int status = 0;

	if (stop && pipe->packets >= stop)
		return PACKET_NEVER;
	pipe->packets++;
	if (strikes(b, ep, OPT_LATE, pipe->packets))
		return -EXDEV;
	if (strikes(b, ep, OPT_FAIL, pipe->packets))
		status = -(int)(b->now.value[OPT_FAIL] >> 16 & 0xff);
	if (ep->address & 0x80)
		*len = give_packet(b, ep, frame, data);
	else if (!status)
		take_packet(state, data, *len);
	return status;
}

static int give_32(uint8_t *data, uint32_t value)
{
	value = htole32(value);
	memcpy(data, &value, sizeof(value));
	return sizeof(value);
}

static int give_stats(const struct iso_state *state, uint8_t *data)
{
	const struct iso_stats *have = &state->stats;
	const struct iso_stats stats = {
		htole32(have->good), htole32(have->bad), htole32(have->empty),
		htole32(have->gaps), htole32(have->missing),
		htole32(have->duplicates), htole32(have->first),
		htole32(have->next), htole64(have->bytes),
	};

	memcpy(data, &stats, sizeof(stats));
	return sizeof(stats);
}

static int iso_read(const struct board *b, uint8_t request, uint8_t *data)
{
	const struct iso_state *state = b->state;

	switch (request) {
	case ISO_GET_STATS:
		return give_stats(state, data);
	case ISO_GET_FEEDBACK:
		return give_32(data, state->feedback);
	case ISO_GET_FRAME:
		return give_32(data, bus_frame(b));
	}
	return -EPIPE;
}

static int iso_write(struct board *b, uint8_t request, const uint8_t *data,
		     unsigned int len)
{
	struct iso_state *state = b->state;
	uint32_t value;

	switch (request) {
	case ISO_RESET_STATS:
		if (len)
			return -EPIPE;
		reset_stats(state);
		return 0;
	case ISO_SET_FEEDBACK:
		if (len != sizeof(value))
			return -EPIPE;
		memcpy(&value, data, sizeof(value));
		state->feedback = le32toh(value);
		return 0;
	}
	return -EPIPE;
}

static int iso_control(struct board *b, const uint8_t *setup, uint8_t *data)
{
	struct iso_state *state = b->state;
	enum msos_what what = msos_what(&state->msos, setup);

	if (what != ASK_NOTHING)
		return msos_reply(&state->msos, what, setup, data);
	if ((setup[0] & 0x60) != 0x40)
		return -EPIPE;
	if (setup[0] & 0x80)
		return iso_read(b, setup[1], data);
	return iso_write(b, setup[1], data, get_le16(setup + 6));
}

static uint8_t iso_peer(const struct board *b, uint8_t out)
{
	(void)b;
	return out == ISO_BULK_OUT ? ISO_BULK_IN : 0;
}

static int iso_report(const struct board *b, char *text, size_t size)
{
	const struct iso_state *state = b->state;
	const struct iso_stats *stats = &state->stats;

	return snprintf(text, size,
			" good=%u bad=%u empty=%u gaps=%u missing=%u duplicates=%u next=%u bytes=%llu feedback=0x%08x",
			stats->good, stats->bad, stats->empty, stats->gaps,
			stats->missing, stats->duplicates, stats->next,
			(unsigned long long)stats->bytes, state->feedback);
}

const struct board_type iso_board = {
	.name = "iso",
	.summary = "isochronous endpoints of every kind, a setting for each",
	.vid = ISO_VID,
	.pid = ISO_PID,
	.state_size = sizeof(struct iso_state),
	.options = iso_options,
	.describe = iso_describe,
	.control = iso_control,
	.packet = iso_packet,
	.setting = iso_setting,
	.plugged = iso_plugged,
	.changed = iso_changed,
	.peer = iso_peer,
	.report = iso_report,
};
