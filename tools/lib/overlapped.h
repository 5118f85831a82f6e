/* SPDX-License-Identifier: MIT */
/*
 * Overlapped requests, and completion ports. All of it is under wait_lock: a request is in a table
 * by its OVERLAPPED while it is pending; when its record was read it becomes a packet, if its file
 * is in a port.
 */
#ifndef LIBWINUSB_OVERLAPPED_H
#define LIBWINUSB_OVERLAPPED_H

#include "file.h"

struct packet {
	struct packet *next;
	OVERLAPPED *overlapped;
	ULONG_PTR key;
	ULONG_PTR status;		/* what OVERLAPPED.Internal says */
	DWORD bytes;
	void (*free)(struct packet *packet);
};

struct request {
	struct object object;		/* OBJECT_REQUEST; signalled: done */
	struct packet packet;
	struct file *file;		/* a reference */
	struct object *event;		/* a reference, or NULL */
	bool packet_wanted;		/* if the file is in a port when it ends */
	struct wait_source signals;	/* what is waited for: the event, or the file */
	struct wait_source signals_self;
	const void *thread;		/* who started it */
	struct request *next;		/* in its bucket */
};

/*
 * Starts a transfer: ERROR_IO_PENDING, or why not. SETUP as in core.h. The result is in
 * OVERLAPPED once that is done.
 */
DWORD overlapped_start(struct file *file, OVERLAPPED *overlapped, uint32_t handle, uint8_t pipe,
		       const void *setup, void *buffer, uint32_t length);

/* What HasOverlappedIoCompleted is: reads what there is, if need be. */
__attribute__((visibility("default")))
BOOL WINAPI winusb_w32_has_completed(const OVERLAPPED *overlapped);

/* Reads and dispatches the records that there are. False: there will be no more. */
bool overlapped_pump(struct file *file);
/* The same as a wait_pump's function. */
bool overlapped_readable(struct wait_pump *pump);

/* Ends all requests of a file that is being closed, and returns when they have ended. */
void overlapped_drain(struct file *file);

/* Under wait_lock: the packet comes into the port, whose it is then. False: the port is closed. */
bool port_add_locked(struct port *port, struct packet *packet);
/* The file leaves its port. Not under wait_lock. */
void port_forget(struct file *file);

#endif
