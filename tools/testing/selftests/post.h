/* SPDX-License-Identifier: MIT */
/* What the tests of custom events share: an open node that posts, and listeners that read. */
#ifndef WINUSB_SELFTEST_POST_H
#define WINUSB_SELFTEST_POST_H

#include <stdint.h>

#include "board.h"
#include "node.h"

enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK };
enum { LONGEST = WINUSB_MAX_EVENT_DATA };

/* The GUID of all events, as Windows has {00112233-4455-6677-8899-aabbccddeeff} in memory. */
extern const uint8_t post_guid[16];
/* A pattern, one byte longer than the data of an event may be. */
extern uint8_t post_data[LONGEST + 1];
/* The node that is open read-write, and its handle. */
extern int post_fd;
extern uint32_t post_handle;
/* The event that was read last, with its data. */
extern struct post_record {
	struct winusb_event event;
	uint8_t data[65504];
} post_record;

/* Before the listeners, so that they do not hear of it. */
void post_open(struct board *board, unsigned int interface);
int post_listen(struct board *board, unsigned int interface, int flags);
void post_send(const void *data, uint32_t length);
void post_send_text(const char *text);
/* One event is read, and it is such a one. */
void post_expect(int listener, const void *data, uint32_t length);
void post_expect_text(int listener, const char *text);
void post_expect_none(int listener);
void post_expect_removed(int listener);

#endif
