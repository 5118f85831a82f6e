/* SPDX-License-Identifier: MIT */
/* What the tests of Plug and Play share: what is bound, and what is known of it. */
#ifndef WINUSB_SELFTEST_PNP_H
#define WINUSB_SELFTEST_PNP_H

#include <stdbool.h>
#include <stddef.h>

#include "board.h"
#include "log.h"

#define DRIVER "/sys/bus/usb/drivers/winusb"
#define PARAMETERS "/sys/module/winusb/parameters"

/* The GUIDs of the msos board, of its first and its second function. */
#define GUID_1 "{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a01}"
#define GUID_2 "{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a02}"

/*
 * An msos board whose product is N, at a controller of its own as far as there are enough. What is
 * set by an administrator is taken back after each test: ids, properties, autobind=listed.
 */
struct board *pnp_board(unsigned int n);

/* How late something may be: an emulated processor is, and more so when others work beside it. */
unsigned int slack(unsigned int ms);
/* off, listed or on. */
void autobind(const char *mode);
/* Sets several options, separated by commas. */
void configure(struct board *board, const char *options);
/* Plugs in; usbcore has asked every driver about it when this returns. */
void plug_in(struct board *const *boards, size_t count);

/* Which interfaces are bound to winusb, one bit each. */
unsigned int bound(struct board *board);
/* Waits until these interfaces, and no others, are bound. */
void wait_bound(struct board *board, unsigned int mask);

/* Names the function whose first interface this is, by function_id; and takes that back. */
void name_function(struct board *board, unsigned int interface);
void forget_function(struct board *board, unsigned int interface);
/* Names the whole device, by new_id. */
void name_device(struct board *board);
/* Waits until these bound interfaces say what the descriptors of the device say of them. */
void wait_read(struct board *board, unsigned int mask);
/*
 * Waits until the driver has read what there is to read, or has decided not to read anything. That
 * is to be seen on bound interfaces only, so this names all functions of the board.
 */
void wait_known(struct board *board);

/* A file of a bound interface without its last newline, in a buffer of the caller's thread. */
const char *attribute(struct board *board, unsigned int interface, const char *name);
/* Writes one; 0 or a negative errno. */
int set_attribute(struct board *board, unsigned int interface, const char *name,
		  const char *value);
#define CHECK_ATTRIBUTE(board, interface, name, value) \
	check_attribute(__FILE__, __LINE__, (board), (interface), (name), (value))
void check_attribute(const char *file, int line, struct board *board, unsigned int interface,
		     const char *name, const char *value);
#define CHECK_TEXT(a, b) check_text(__FILE__, __LINE__, #a, (a), (b))
void check_text(const char *file, int line, const char *what, const char *text,
		const char *expected);

/* Opens the interface's node and moves some bytes around the board. */
bool node_works(struct board *board, unsigned int interface);

#endif
