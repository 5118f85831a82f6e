/* SPDX-License-Identifier: MIT */
/* What the tests of isochronous streams share. */
#ifndef WINUSB_CONFORMANCE_STREAM_H
#define WINUSB_CONFORMANCE_STREAM_H

#include "../boards/iso.h"
#include "face.h"

#define MS_PACKET	512	/* of ISO_ALT_MS, one each millisecond */
#define SLICE		10	/* packets */
#define SLICE_BYTES	(SLICE * MS_PACKET)
#define RING		8

/* One slice for each of a ring of transfers. */
struct slice {
	OVERLAPPED overlapped;
	USBD_ISO_PACKET_DESCRIPTOR packets[SLICE];
};

extern UCHAR memory[RING * SLICE_BYTES];
extern struct slice ring[RING];

/* The iso board with this setting, and a buffer of all of the memory. */
WINUSB_ISOCH_BUFFER_HANDLE stream_begin(UCHAR setting, UCHAR pipe);
void stream_end(WINUSB_ISOCH_BUFFER_HANDLE isoch);

/* Of slice N, overlapped. */
BOOL slice_read(WINUSB_ISOCH_BUFFER_HANDLE isoch, unsigned int n, BOOL go_on);
BOOL slice_write(WINUSB_ISOCH_BUFFER_HANDLE isoch, unsigned int n, BOOL go_on);
/* All of its packets came whole, and the first has this counter. */
void slice_check(unsigned int n, uint32_t counter);
uint32_t slice_counter(unsigned int n);
/* Puts packets there that begin with this counter. */
void slice_fill(unsigned int n, uint32_t counter);

/* A frame that has not begun, also where everything is slow. Frames are known then. */
ULONG frame_soon(WINUSB_ISOCH_BUFFER_HANDLE isoch);

#endif
