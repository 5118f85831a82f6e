/* SPDX-License-Identifier: MIT */
/*
 * Overlapped requests, and completion ports. All of it is under wait_lock: a request is in a table
 * by its OVERLAPPED while it is pending; when its record was read it becomes a packet, if its file
 * is in a port.
 */
#ifndef LIBWINUSB_OVERLAPPED_H
#define LIBWINUSB_OVERLAPPED_H

#include "file.h"

#define NO_PACKET	1	/* the lowest bit of hEvent: nothing for the port */
#define SPARE_MOST	64	/* free requests that a file keeps */

struct packet {
	struct packet *next;
	OVERLAPPED *overlapped;
	ULONG_PTR key;
	ULONG_PTR status;		/* what OVERLAPPED.Internal says */
	DWORD bytes;
	void (*free)(struct packet *packet);
	/* Instead of free, under wait_lock. False: that can not be done there. NULL: never. */
	bool (*release)(struct packet *packet);
};

struct request {
	struct object object;		/* OBJECT_REQUEST; signalled: done */
	struct packet packet;
	struct file *file;		/* a reference */
	struct object *event;		/* a reference, or NULL; kept for the next time */
	HANDLE handle;			/* what the event was looked up by */
	bool packet_wanted;		/* if the file is in a port when it ends */
	struct wait_source signals;	/* what is waited for: the event, or the file */
	struct wait_source signals_self;
	unsigned int thread;		/* who started it */
	atomic_uint *users;		/* of its isochronous buffer, or NULL */
	struct request *next;		/* in its bucket, or among the free */
};

/* The file keeps it for the next time. False: it has enough. */
static inline bool request_keep_locked(struct request *request)
{
	struct file *file = request->file;

	if (file->spare_count == SPARE_MOST)
		return false;
	file->spare_count++;
	request->next = NULL;
	*file->spare_end = request;
	file->spare_end = &request->next;
	return true;
}

static inline struct request *request_take_locked(struct file *file)
{
	struct request *request = file->spare;

	if (!request)
		return NULL;
	file->spare_count--;
	file->spare = request->next;
	if (!file->spare)
		file->spare_end = &file->spare;
	return request;
}

void request_free(struct request *request);
/* Not among the free ones any more, and not yet begun. NULL: why not is in GetLastError. */
struct request *request_prepare(struct file *file, const OVERLAPPED *overlapped);

/*
 * Starts a transfer: ERROR_IO_PENDING, or why not. The result is in OVERLAPPED once that is done.
 * Of one that is isochronous USERS is counted down then.
 */
DWORD overlapped_start(struct file *file, OVERLAPPED *overlapped, struct winusb_transfer *transfer,
		       atomic_uint *users);

/* What HasOverlappedIoCompleted is: reads what there is, if need be. */
__attribute__((visibility("default")))
BOOL WINAPI winusb_w32_has_completed(const OVERLAPPED *overlapped);

struct winusb_completion;

/*
 * The requests of these records end. With file->reading, so that they do so in their order. The
 * caller has a reference to the file, so that those of requests are not the last.
 */
void overlapped_dispatch(struct file *file, const struct winusb_completion *records, int count);

/* Reads and dispatches the records that there are. False: there will be no more. */
bool overlapped_pump(struct file *file);
/* The same for who was told by poll that there is something. */
bool overlapped_serve(struct file *file);
/* The same as a wait_pump's functions. */
bool overlapped_readable(struct wait_pump *pump);
void overlapped_early(struct wait_pump *pump);
int overlapped_reap(struct wait_pump *pump, struct waiter *waiter, unsigned int wakes,
		    uint64_t until);
void overlapped_wake(struct wait_pump *pump);

/* file->reading, from whom sleeps with it, too. */
void overlapped_lock(struct file *file);

/* The file is going: its free requests. */
void overlapped_free_spare(struct file *file);

/* Ends all requests of a file that is being closed, and returns when they have ended. */
void overlapped_drain(struct file *file);

/* Under wait_lock: the packet comes into the port, whose it is then. False: the port is closed. */
bool port_add_locked(struct port *port, struct packet *packet);
/* The file leaves its port. Not under wait_lock. */
void port_forget(struct file *file);

#endif
