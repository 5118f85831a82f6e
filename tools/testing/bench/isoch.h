/* SPDX-License-Identifier: MIT */
/*
 * winusb-bench --isoch: what its files share.
 *
 * A stream is eight requests of 10 ms, which follow each other on an endpoint of 3072 bytes in each
 * microframe. A *way* is how a program, or the kernel, keeps it going.
 */
#ifndef WINUSB_BENCH_ISOCH_H
#define WINUSB_BENCH_ISOCH_H

#include "bench.h"

#define ISOCH_IN 0x85
#define ISOCH_OUT 0x05
#define ISOCH_PACKET 3072
#define ISOCH_PACKETS 80		/* of a request */
#define ISOCH_REQUESTS 8
#define ISOCH_REQUEST (ISOCH_PACKET * ISOCH_PACKETS)
#define ISOCH_REQUEST_NS 10000000.0	/* what a request takes on the bus */

/* Of a packet, as the way tells it. */
struct isoch_packet {
	uint32_t length;
	bool good;
};

struct isoch_way {
	const char *name;		/* in JSON */
	const char *title;
	const char *counterpart;	/* beside usbfs, or NULL */
	bool winusb;			/* which of the two devices */
	bool map;			/* the program and the controller use the same memory */
	/* Gives the memory of each request; or a reason in @why that leaves the way out. */
	int (*open)(const struct isoch_way *way, bool in, uint8_t **requests, char *why,
		    size_t why_size);
	/* Submits @nr requests; a negative error number. */
	int (*submit)(const unsigned int *slots, unsigned int nr);
	/* Waits for requests that are done; how many, or a negative error number. */
	int (*wait)(unsigned int *slots);
	struct isoch_packet (*packet)(unsigned int slot, unsigned int i);
	void (*close)(void);
};

#define MAX_ISOCH_WAYS 7

/* isoch_way.c; the first one is usbfs', and the last the kernel's loop, which has no functions */
extern const struct isoch_way isoch_ways[MAX_ISOCH_WAYS];

#endif
