/* SPDX-License-Identifier: MIT */
/* What goes on while boards are plugged in and out: users, listeners, administrators. */
#ifndef WINUSB_SELFTEST_STORM_H
#define WINUSB_SELFTEST_STORM_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger.h"

/* The product of those boards that the administrator gives GUIDs to; the others keep theirs. */
#define STORM_GIVEN "0004"

enum { STORM_BOARDS = 16, STORM_WORKERS = 12, STORM_ERRORS = 160 };

/* In memory that all processes share. */
struct storm {
	bool stop;
	bool off;		/* autobind is, or is on its way to be on again */
	unsigned int wanted, begun, done;
	unsigned int came_up, pulled_early, late;
	unsigned long long opens, transfers, moved, events_read, listens;
	unsigned long long refused[STORM_ERRORS];	/* opens, by errno */
	unsigned long long reads, writes, switches, unbinds, resets, properties;
	uint64_t alive_ms[STORM_BOARDS + STORM_WORKERS];
};

/* One thing at random, of those that this kind of process does. */
void storm_use(struct storm *storm, unsigned int *seed);
void storm_listen(struct storm *storm, unsigned int *seed);
void storm_look(struct storm *storm, unsigned int *seed);
void storm_administrate(struct storm *storm, unsigned int *seed);
void storm_switch(struct storm *storm, unsigned int *seed);
void storm_handle(struct storm *storm, unsigned int *seed);
/* Takes back what storm_administrate() set. */
void storm_settle(void);

#endif
