/* SPDX-License-Identifier: MIT */
/*
 * A device that really sleeps and really wakes: a FunctionFS gadget on dummy_hcd, whose other side
 * is a host controller of the same machine. Its device side is this process. It has one
 * vendor-class interface with bulk IN, bulk OUT and interrupt IN, and does nothing of itself: a
 * test says when it hands out how many bytes, and when it takes some.
 *
 * Each pipe is an endless stream of bytes that are told by their place (gadget_byte()), so that a
 * lost or doubled byte is seen. A reset or a change of the setting takes from the device what it
 * has for the host, and the streams begin anew: that is the next epoch.
 */
#ifndef WINUSB_SELFTEST_GADGET_H
#define WINUSB_SELFTEST_GADGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GADGET_ID	"1209 be05"

enum { GADGET_PACKET = 512, GADGET_EVENT = 64, GADGET_LARGEST = 16384 };
enum gadget_pipe { GADGET_IN, GADGET_OUT, GADGET_INT, GADGET_PIPES };

/* Bits for gadget_plug(). */
enum {
	GADGET_NO_WAKE = 1,	/* bmAttributes is 0x80 instead of 0xa0: it can't wake the host */
};

/* Why this guest can have no such device, or NULL. */
const char *gadget_missing(void);
/* Makes the device and plugs it in; returns when the host has configured it. */
void gadget_plug(unsigned int flags);
/* The end of the cable, without waiting; and waits until the host has noticed. */
void gadget_pull(void);
void gadget_wait_gone(void);
/* Removes all of it, also what a killed process has left. For the end of a test. */
void gadget_remove(void);

/* "1-1", and "1-1:1.0". */
const char *gadget_name(void);
const char *gadget_interface(void);
uint8_t gadget_address(enum gadget_pipe pipe);

/* The byte at a place of a stream. */
uint8_t gadget_byte(enum gadget_pipe pipe, unsigned int epoch, uint64_t place);
void gadget_fill(enum gadget_pipe pipe, unsigned int epoch, uint64_t place, void *out,
		 size_t length);
/* The first byte that is not the stream's, or LENGTH. */
size_t gadget_compare(enum gadget_pipe pipe, unsigned int epoch, uint64_t place,
		      const uint8_t *data, size_t length);
/* Fails the test where the bytes are not those of the stream. */
void gadget_check(enum gadget_pipe pipe, unsigned int epoch, uint64_t place, const void *data,
		  size_t length);

/* Hands out the next LENGTH bytes of an IN stream, as one request, when the host asks for them. */
void gadget_give(enum gadget_pipe pipe, size_t length);
/* Is ready to take up to LENGTH bytes (whole packets), in packets, and checks them. */
void gadget_take(size_t length);
/* The next transfer on the pipe stalls, and all until it is reset. */
void gadget_halt(enum gadget_pipe pipe);
/* Control requests wait for their answers. */
void gadget_hold(bool hold);
/* Signals resume. What comes of it is the host's affair; false if the kernel said no at once. */
bool gadget_wake(void);

/* Of the current epoch. */
uint64_t gadget_given(enum gadget_pipe pipe);	/* bytes of requests that the host has had whole */
uint64_t gadget_offered(enum gadget_pipe pipe);	/* those, and what waits for the host */
uint64_t gadget_taken(void);			/* OUT bytes */
unsigned int gadget_pending(enum gadget_pipe pipe);
unsigned int gadget_epoch(void);
void gadget_wait_given(enum gadget_pipe pipe, uint64_t bytes);
void gadget_wait_taken(uint64_t bytes);
/* Ends the epoch: waits until the device has no request any more, all of which a reset ends. */
void gadget_next_epoch(void);

/* How often the bus was suspended and resumed, as the device sees it. */
unsigned int gadget_suspends(void);
unsigned int gadget_resumes(void);
/* When it saw the last resume: CLOCK_MONOTONIC, ms. */
double gadget_resumed_ms(void);
/* A number in a file of the USB device, for example busnum. */
unsigned int gadget_number(const char *file);
/* Control requests that the device has answered, and the last of them. */
unsigned int gadget_requests(void);

#endif
