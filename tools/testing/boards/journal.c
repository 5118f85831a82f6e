// SPDX-License-Identifier: MIT
/*
 * The journal: what the host did, in its order, over all endpoints, and what
 * the server did too late. Counters say how often, this says what came first.
 */
#include <stdio.h>
#include <string.h>

#include "board.h"

void journal_add(struct board *b, enum event_kind kind, const struct urb *urb)
{
	struct event *event = &b->journal[b->journal_count++ % BOARD_JOURNAL];

	event->kind = kind;
	event->address = urb->address;
	event->value = kind == EVENT_UNLINK ? urb->actual : urb->length;
	memcpy(event->setup, urb->setup, sizeof(event->setup));
}

void journal_late(struct board *b, const struct urb *urb, int64_t late)
{
	struct event *event = &b->journal[b->journal_count++ % BOARD_JOURNAL];

	event->kind = EVENT_LATE;
	event->address = urb->address;
	event->value = late;
}

static int print_event(const struct event *event, char *text, size_t size)
{
	const uint8_t *s = event->setup;

	switch (event->kind) {
	case EVENT_REQUEST:
		return snprintf(text, size, "request:%02x%02x%02x%02x%02x%02x%02x%02x", s[0], s[1],
				s[2], s[3], s[4], s[5], s[6], s[7]);
	case EVENT_UNLINK:
		return snprintf(text, size, "unlink:0x%02x:%u", event->address, event->value);
	case EVENT_LATE:
		return snprintf(text, size, "late:0x%02x:%u", event->address, event->value);
	default:
		return snprintf(text, size, "urb:0x%02x:%u", event->address, event->value);
	}
}

/* The last @most events, oldest first, as far as they fit. Returns the length. */
int journal_print(const struct board *b, unsigned int most, char *text, size_t size)
{
	uint64_t n = b->journal_count < BOARD_JOURNAL ? b->journal_count : BOARD_JOURNAL;
	unsigned int i;
	size_t len;

	if (n > most)
		n = most;
	len = snprintf(text, size, " total=%llu", (unsigned long long)b->journal_count);
	for (i = 0; i < n && size - len > 64; i++) {
		len += snprintf(text + len, size - len, " %u=", i);
		len += print_event(&b->journal[(b->journal_count - n + i) % BOARD_JOURNAL],
				   text + len, size - len);
	}
	return (int)len;
}
