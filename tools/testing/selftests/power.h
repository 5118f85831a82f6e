/* SPDX-License-Identifier: MIT */
/* What the two halves of the program power share. */
#ifndef WINUSB_SELFTEST_POWER_H
#define WINUSB_SELFTEST_POWER_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "node.h"
#include "pm.h"

#define AUTO	WINUSB_POWER_AUTO_SUSPEND
#define DELAY	WINUSB_POWER_SUSPEND_DELAY

/* Of the composite board: the first interfaces of its three functions. */
enum { JOINED = 0, SETTINGS = 2, LOOPBACK = 3 };

/* A device that can wake its host, and one that can't; three functions; and a firmware. */
extern struct board *fx2, *deaf, *functions, *firmware;
/* The node that is open, and a handle of it. */
extern int fd;
extern uint32_t handle;

struct preset {
	const char *label;
	const char *properties[4];
	uint32_t automatic, ms;
	bool sleeps;		/* DeviceIdleEnabled is set */
};

/* Plugs the board of three functions in, for this test only. */
void plug_functions(void);
void open_node(struct board *board, unsigned int interface);
uint32_t get_power(uint32_t policy);
void set_power(uint32_t policy, uint32_t value);
/* Lets the whole device sleep after MS milliseconds. */
void allow(struct board *board, uint32_t ms);
/* Gives the whole device the properties of a row. */
void give(struct board *board, const struct preset *row);

#endif
