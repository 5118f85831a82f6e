/* SPDX-License-Identifier: MIT */
/*
 * Emulated boards for the tests: one winusb-boards server for each program, which plugs its boards
 * into vhci_hcd itself, so that no test needs a fork for it.
 */
#ifndef WINUSB_SELFTEST_BOARD_H
#define WINUSB_SELFTEST_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sysfs.h"

/* The fx2 board. */
#define FX2_SWITCHES	0x81
#define FX2_BULK_OUT	0x06
#define FX2_BULK_IN	0x88
#define FX2_GET_7SEG		0xd4
#define FX2_GET_SWITCHES	0xd6
#define FX2_GET_BARGRAPH	0xd7
#define FX2_SET_BARGRAPH	0xd8
#define FX2_IS_HIGH_SPEED	0xd9
#define FX2_REENUMERATE		0xda
#define FX2_SET_7SEG		0xdb

struct board;

/* Before boards_start(): one more board, for example "fx2" or "fx2,speed=full". */
struct board *board_add(const char *spec);
/* Starts the server. Fails the program with a reason if that is not possible. */
void boards_start(void);
void boards_stop(void);

/* A program may have this: called after each test and each row, before its boards are restored. */
void board_cleanup(void);

/* From test_setup(): the boards plugged in now are there, and fresh, before each test. */
void boards_keep(void);

/* After boards_start(): how many controllers there are to plug boards into. */
unsigned int boards_controllers(void);
/* From test_setup(): this board goes to another controller than its neighbours. */
void board_spread(struct board *board);

/*
 * Plugs in and waits until all interfaces are bound to the driver, and it has asked the device for
 * all that it wants to know.
 */
void board_plug(struct board *board);
/* Plugs in and returns when the device has its address; what binds is the caller's affair. */
void board_plug_unbound(struct board *board);
/*
 * The two halves of a plug, for a board that may not come up: attach, and give its id to the
 * driver.
 */
void board_attach(struct board *board);
void board_bind(struct board *board);
/* After board_attach(): until it is configured, and each driver was asked about it. */
void board_wait_configured(struct board *board);
/* The end of the cable: returns when the device has left. */
void board_unplug(struct board *board);
/* The same, but returns at once; board_wait_gone() waits. */
void board_pull(struct board *board);
void board_wait_gone(struct board *board);

/* "1-1", and "1-1:1.N"; in a buffer of the calling thread. */
const char *board_name(struct board *board);
const char *board_node(struct board *board, unsigned int interface);
unsigned int board_interfaces(struct board *board);
bool board_configured(struct board *board);

/*
 * Before a plug: bind each interface to the function that its association makes, instead of the
 * whole device as one function.
 */
void board_functions(struct board *board, bool split);

/* One line to the server, and its answer; board_do() fails the test if that is an error. */
const char *board_ask(struct board *board, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const char *board_do(struct board *board, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Sets an option of a running board, for example "silent=0x81:always". */
void board_set(struct board *board, const char *option);
/* A number of "info": plugged, plugs, moved, requests, and the board's own, as bargraph. */
unsigned long long board_value(struct board *board, const char *key);
/* A counter of an endpoint: urbs, done, errors, unlinked, bytes, packets, zlp, pending. */
unsigned long long board_counter(struct board *board, uint8_t endpoint, const char *name);
/* How often the host gave up a control request, as it does when an answer takes half a second. */
unsigned long long board_given_up(struct board *board);
/* Number of control requests that the board saw since it was plugged in. */
unsigned int board_requests(struct board *board);
/* The last control request that it saw. */
void board_last_request(struct board *board, uint8_t setup[8]);
/* Waits until the board has N transfers of an endpoint pending; a counter of at least N. */
void board_wait_pending(struct board *board, uint8_t endpoint, unsigned int n);
void board_wait_counter(struct board *board, uint8_t endpoint, const char *name,
			unsigned long long n);

#endif
