/* SPDX-License-Identifier: MIT */
/* Isochronous transfers on the iso board, as C calls that give 0 or a negative errno. */
#ifndef WINUSB_SELFTEST_ISOCH_IO_H
#define WINUSB_SELFTEST_ISOCH_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "../boards/iso.h"
#include "async.h"
#include "ring.h"

struct board;

/* Opens its node, in this setting; gives the file descriptor. */
int isoch_open(struct board *board, uint8_t setting, uint32_t *handle);
/* Memory that is registered, of the one form or the other. */
uint8_t *isoch_buffer(int fd, uint32_t handle, bool map, uint8_t pipe, uint32_t length,
		      uint32_t *id);
/* ID may be NULL. */
int isoch_register(int fd, uint32_t handle, uint8_t pipe, void *memory, uint32_t length,
		   uint32_t *id);
/* The zero-copy form, mapped; fails the test if there is no such buffer. */
uint8_t *isoch_map(int fd, uint32_t handle, uint8_t pipe, uint32_t length, uint32_t *id);
int isoch_unregister(int fd, uint32_t id);
int isoch_frame(int fd, uint32_t handle, uint32_t flags, struct winusb_get_frame *frame);

/* PACKETS may be NULL; otherwise it has COUNT elements. */
struct winusb_transfer isoch_transfer(uint32_t handle, uint8_t pipe, uint32_t id, uint32_t offset,
				      uint32_t length, struct winusb_isoch_packet *packets,
				      uint32_t count, uint64_t cookie);
/* TRANSFER with WINUSB_TRANSFER_ASYNC; NEXT, which may be NULL, gets the frame after it. */
int isoch_start(int fd, struct winusb_transfer *transfer, uint32_t *next);

/* The way in and out of a transfer. */
enum isoch_way {
	ISOCH_BLOCKING,
	ISOCH_ASYNC,
	ISOCH_SUBMIT,
	ISOCH_URING,
};

/* A transfer that is done. */
struct isoch_result {
	uint64_t cookie;
	int status;
	uint32_t length;
	uint32_t frame;		/* 0 where the way does not tell */
	uint32_t next_frame;
	uint32_t errors;
};

/* Opens a way; skips the test if this kernel does not have it. */
void isoch_enter(enum isoch_way way, int fd);
void isoch_leave(void);
/* Starts a transfer; the blocking way waits for its end, too. */
int isoch_go(struct winusb_transfer *transfer);
/* The next one that is done; fails the test if none is in ten seconds (scaled). */
struct isoch_result isoch_done(void);

/* What the iso board counts of OUT packets. */
void isoch_stats(int fd, uint32_t handle, struct iso_stats *stats);
void isoch_reset_stats(int fd, uint32_t handle);

/* COUNT packets of LENGTH bytes, from this counter on. */
void isoch_fill(uint8_t *data, unsigned int count, uint32_t length, uint32_t *counter);
/*
 * The packets of a read, of LENGTH bytes when they are whole: sound, and counting on. Gives how
 * many had data.
 */
unsigned int isoch_check(const uint8_t *data, const struct winusb_isoch_packet *packets,
			 unsigned int count, uint32_t length, uint32_t *counter);

#endif
