/* SPDX-License-Identifier: MIT */
/* Open devices: what CreateFile gives. */
#ifndef LIBWINUSB_FILE_H
#define LIBWINUSB_FILE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "object.h"
#include "wait.h"

struct direct;
struct port;
struct request;

#define FILE_PIPES	32	/* endpoint numbers and directions */

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
	struct request *_Atomic spare;	/* one that is free, or NULL */

	atomic_uint calls;		/* threads that are in a call on the descriptor */
	atomic_uint pending;		/* overlapped requests under way */
	atomic_uint activity;		/* how often records were read */
	pthread_mutex_t reading;	/* records are dispatched in their order */

	/* How many threads block in a transfer of each pipe, and with which handle. */
	atomic_uint blocked[FILE_PIPES];
	atomic_uint blocked_handle[FILE_PIPES];

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

/* A transfer that blocks; as core_transfer. */
int file_transfer(struct file *file, uint32_t handle, uint8_t pipe, const void *setup, void *buffer,
		  uint32_t length, uint32_t *moved);
/* As core_submit and core_cancel. */
int file_submit(struct file *file, uint32_t handle, uint8_t pipe, const void *setup, void *buffer,
		uint32_t length, uint64_t cookie);
int file_cancel(struct file *file, bool all, uint64_t cookie);
/* Ends what threads are blocked in, other than control transfers. True: there was something. */
bool file_abort_blocked(struct file *file);

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
