/* SPDX-License-Identifier: MIT */
/* What the parts of the program sleeping share: boards that sleep soon, and an open node. */
#ifndef WINUSB_SELFTEST_SLEEPING_H
#define WINUSB_SELFTEST_SLEEPING_H

#include <stdint.h>

#include "async.h"
#include "board.h"
#include "door.h"
#include "node.h"
#include "pm.h"
#include "test.h"

/* Milliseconds after which they sleep, as their property says. */
#define IDLE (test_scale() > 1 ? 250 : 50)

extern struct board *fx2, *composite;
extern int fd;
extern uint32_t handle, moved;

/* For TEST_EACH: the ways to ask for a transfer. */
struct way {
	const char *label;
	enum door door;
};

#define WAYS 5
extern const struct way ways[WAYS];

/* The device is awake then, and was not idle for any time. */
void open_board(struct board *board);
/* Writes a text to the bulk pipe of the fx2 board, which loops it back. */
void feed(const char *text);
void feed_bytes(const void *data, uint32_t length);
/* A control transfer, which wakes the device and does nothing else. */
void wake(void);
/* Wakes the device, and waits until it is asleep with no transfer left at the board. */
void wait_withdrawn(struct board *board, uint8_t pipe);
/* All that the host did, and where in that text something is; fails if it is not there. */
const char *journal(struct board *board);
long place_of(const char *text, const char *what);

#endif
