/* SPDX-License-Identifier: MIT */
/*
 * A session of random operations on one node: opened, used through every door at random, and closed
 * in one way or another. All that it sees is checked against what the contract allows.
 */
#ifndef WINUSB_SELFTEST_SESSION_H
#define WINUSB_SELFTEST_SESSION_H

#include <stdint.h>

#include "board.h"

enum { SOAK_WORKERS = 4, SOAK_ERRORS = 160 };

/* In memory that all processes share. */
struct soak {
	uint64_t end_ms;
	unsigned long long sessions, operations, transfers, good, bytes;
	unsigned long long ended[SOAK_ERRORS];	/* how many transfers, by errno */
	uint64_t alive_ms[SOAK_WORKERS];	/* when each worker was last heard of */
};

/*
 * What the boards are asked to send is what was written to them: bytes that count modulo 251, in
 * pieces of at least SOAK_PIECE of them.
 */
enum { SOAK_PIECE = 32 };

/* One session. SEED makes all of its choices, those apart that other processes make. */
void session(struct soak *soak, unsigned int worker, struct board *board, unsigned int interface,
	     unsigned int *seed);

#endif
