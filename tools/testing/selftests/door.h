/* SPDX-License-Identifier: MIT */
/*
 * The ways to ask for a transfer, as one interface: the same trip has the same result through every
 * door. A test goes through one door at a time, with one file.
 */
#ifndef WINUSB_SELFTEST_DOOR_H
#define WINUSB_SELFTEST_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "node.h"

enum door {
	DOOR_BLOCKING,	/* WINUSB_IOC_TRANSFER, in a thread where it has to wait */
	DOOR_ASYNC,	/* the same with WINUSB_TRANSFER_ASYNC, and read(2) */
	DOOR_SUBMIT,	/* WINUSB_IOC_SUBMIT of several at once, and read(2) */
	DOOR_URING,	/* io_uring commands */
	DOOR_FIXED,	/* io_uring commands with registered buffers */
	DOORS,
};

/* One transfer on its way. */
struct trip {
	/* What is asked for. */
	uint32_t handle;	/* 0: the one of door_enter() */
	uint8_t pipe;
	uint8_t setup[8];
	void *buffer;
	uint32_t length;
	/* How it ended. */
	int status;		/* 0 or a negative errno */
	uint32_t moved;
	uint32_t flags;		/* WINUSB_COMPLETION_ */
	uint64_t order;		/* 1 for the first trip that ended, and so on */
	uint64_t ended_ms;	/* when that was seen */
	/* The door's own. */
	bool started, done;
	struct job job;
};

const char *door_name(enum door door);
/* From here on trips go through DOOR, to FD. Skips the test if this kernel does not have it. */
void door_enter(enum door door, int fd, uint32_t handle);
/* Lets go of what the door has; the file stays open. */
void door_leave(void);

/* Starts a trip and returns when the driver has it, which may have refused it. */
void door_start(struct trip *trip);
void door_start_read(struct trip *trip, uint8_t pipe, void *buffer, uint32_t length);
/* Several in their order; DOOR_SUBMIT and io_uring hand them in with one call. */
void door_start_all(struct trip *trips, unsigned int count);
bool door_done(struct trip *trip);
/* Waits for the end and gives the status. Fails the test if that takes too long. */
int door_wait(struct trip *trip);

/* A whole trip; MOVED may be NULL. */
int door_move(uint8_t pipe, void *buffer, uint32_t length, uint32_t *moved);
int door_control(uint32_t handle, uint8_t type, uint8_t request, uint16_t value, uint16_t index,
		 uint16_t setup_length, void *buffer, uint32_t length, uint32_t *moved);

#endif
