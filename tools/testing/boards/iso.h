/* SPDX-License-Identifier: MIT */
/*
 * The iso board as a host sees it: what its packets hold, and its requests.
 * For the board and for tests; needs nothing else of this folder. Everything
 * on the wire is little-endian.
 */
#ifndef ISO_H
#define ISO_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define ISO_VID		0x1209
#define ISO_PID		0x0006
#define ISO_GUID	"{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a06}"

/* Endpoints, as far as the alternate setting has them. */
#define ISO_IN		0x81
#define ISO_OUT		0x02
#define ISO_FEEDBACK	0x83
#define ISO_BULK_IN	0x84
#define ISO_BULK_OUT	0x05

/* Alternate settings of interface 0. */
enum {
	ISO_ALT_NONE,		/* no endpoints */
	ISO_ALT_SMALL,		/* IN and OUT, 192 bytes, every (micro)frame */
	ISO_ALT_LARGE,		/* IN 3 x 1024 (1023), OUT 1024 (192) */
	ISO_ALT_MS,		/* IN and OUT, 512 bytes, every millisecond */
	ISO_ALT_AUDIO,		/* OUT 192 bytes, feedback IN, every millisecond */
	ISO_ALT_SLOW,		/* IN, 64 bytes, every 16 milliseconds */
	ISO_ALT_MIXED,		/* IN as in SMALL, bulk OUT looped to bulk IN */
};

/* Vendor requests to the device; wValue and wIndex mean nothing. */
enum {
	ISO_GET_STATS = 0xb0,		/* IN: struct iso_stats */
	ISO_RESET_STATS = 0xb1,		/* OUT, no data */
	ISO_GET_FEEDBACK = 0xb2,	/* IN: 4 bytes */
	ISO_SET_FEEDBACK = 0xb3,	/* OUT: 4 bytes */
	ISO_GET_FRAME = 0xb4,		/* IN: 4 bytes, the (micro)frame now */
};

/**
 * struct iso_header - begin of each data packet, but not of feedback
 * @counter: IN: of packets with data, from 0 on since SET_INTERFACE. OUT: the
 *	host's, by one more with each packet
 * @frame: IN: number of the frame, at high speed of the microframe. OUT: not
 *	looked at
 *
 * Byte n behind it is iso_byte(counter, n).
 */
struct iso_header {
	uint32_t counter;
	uint32_t frame;
} __attribute__((packed));

/**
 * struct iso_stats - OUT packets since SET_INTERFACE or ISO_RESET_STATS
 * @good: header and pattern are right
 * @bad: they are not
 * @empty: zero-length packets, which count as nothing else
 * @gaps: good, and the counter left some out; @missing: how many
 * @duplicates: good, and the counter is one that was expected before
 * @first: counter of the first good one, which may be any
 * @next: counter that is expected next
 * @bytes: of the good ones
 */
struct iso_stats {
	uint32_t good;
	uint32_t bad;
	uint32_t empty;
	uint32_t gaps;
	uint32_t missing;
	uint32_t duplicates;
	uint32_t first;
	uint32_t next;
	uint64_t bytes;
} __attribute__((packed));

static inline uint8_t iso_byte(uint32_t counter, unsigned int n)
{
	return counter * 31 + n * 7 + (n >> 8);
}

/* A packet of @len bytes; one that is too short for the header has part of it. */
static inline void iso_fill(uint8_t *data, unsigned int len, uint32_t counter,
			    uint32_t frame)
{
	struct iso_header h = { htole32(counter), htole32(frame) };
	unsigned int i;

	memcpy(data, &h, len < sizeof(h) ? len : sizeof(h));
	for (i = sizeof(h); i < len; i++)
		data[i] = iso_byte(counter, i);
}

/* Is this packet sound, and what does its header say? */
static inline bool iso_check(const uint8_t *data, unsigned int len,
			     struct iso_header *h)
{
	unsigned int i;

	if (len < sizeof(*h))
		return false;
	memcpy(h, data, sizeof(*h));
	h->counter = le32toh(h->counter);
	h->frame = le32toh(h->frame);
	for (i = sizeof(*h); i < len; i++)
		if (data[i] != iso_byte(h->counter, i))
			return false;
	return true;
}

#endif
