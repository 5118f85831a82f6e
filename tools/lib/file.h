/* SPDX-License-Identifier: MIT */
/* Open devices: what CreateFile gives. */
#ifndef LIBWINUSB_FILE_H
#define LIBWINUSB_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "object.h"
#include "wait.h"

struct direct;
struct port;
struct request;
struct winusb_transfer;

struct file {
	struct object object;		/* signalled: an overlapped request without event is done */
	struct wait_pump pump;
	int fd;				/* of the node, or -1: a USB device without one */
	bool overlapped;		/* opened with FILE_FLAG_OVERLAPPED */
	atomic_bool closing;		/* the last HANDLE was closed */
	atomic_uint modes;		/* FILE_SKIP_ bits */

	/* Under wait_lock. Set once, and dropped at the close. */
	struct port *port;
	ULONG_PTR key;
	struct wait_source in_port;

	struct direct *direct;		/* who just polls the descriptor; under wait_lock */
	/* Requests that are free, the first to be used first; under wait_lock */
	struct request *spare, **spare_end;
	unsigned int spare_count;

	atomic_uint calls;		/* threads that are in a call on the descriptor */
	atomic_uint pending;		/* overlapped requests under way; written under wait_lock */
	atomic_uint activity;		/* how often records were read */
	atomic_uint reading;		/* a lock: records are dispatched in their order */
	atomic_bool reaping;		/* who has it sleeps until there are some */
	atomic_uint reading_wanted;	/* so many wait for it */

	/* background.c's, under its lock */
	struct list in_background;
	unsigned int seen;		/* activity at the last tick */
	atomic_bool owned;		/* nobody else reads its records */
	bool polled;			/* just now */
	bool gone;			/* the device left, and nothing is to be read any more */

	char path[];			/* what CreateFile was given, UTF-8 */
};

/* Takes over the descriptor of a node, or -1. One reference; NULL: no memory. */
struct file *file_create(const char *path, int fd, DWORD flags);

/* The file of a HANDLE, with a reference; NULL + ERROR_INVALID_HANDLE, also while it is closed. */
struct file *file_get(HANDLE handle);
void file_put(struct file *file);

/* For device notifications: the node's descriptor, or -1; and the path. */
int file_fd(struct object *object);
const char *file_path(struct object *object);

/*
 * A command on the file; as core_call, but -EBADF if the file is being closed, for its descriptor
 * is something else then.
 */
int file_call(struct file *file, unsigned long command, void *argument);
#define file_command(file, COMMAND, argument)				\
	((argument)->size = sizeof(*(argument)),			\
	 file_call(file, WINUSB_IOC_##COMMAND, argument))

/* As core_transfer, core_submit and core_cancel. */
int file_transfer(struct file *file, struct winusb_transfer *transfer);
int file_submit(struct file *file, struct winusb_transfer *transfer);
int file_cancel(struct file *file, uint32_t flags, uint64_t cookie);

/*
 * The background thread reads the records of requests that nobody waits for. It leaves alone those
 * files whose records others read. Only who polls for HasOverlappedIoCompleted needs it at all.
 */
void background_add(struct file *file);
/* Nobody polls the descriptor on the background's account any more when this returns. */
void background_remove(struct file *file);
/* There may be work: a request was started. */
void background_kick(void);

#endif
