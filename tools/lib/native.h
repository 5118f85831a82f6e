/* SPDX-License-Identifier: MIT */
/* What the files of the native face share. What its functions do is in libwinusb.h. */
#ifndef LIBWINUSB_NATIVE_H
#define LIBWINUSB_NATIVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "core.h"

#pragma GCC visibility push(default)
#include <libwinusb.h>
#pragma GCC visibility pop

#define NATIVE_PIPES	32	/* endpoint numbers and directions */

/* An open node. */
struct native_file {
	int fd;
	/*
	 * An eventfd in semaphore mode, polled by all who wait for records. At the close it takes
	 * the node's place, so that the descriptor's number stays taken while others are in calls.
	 */
	int wake;
	bool listener;
	atomic_bool closed;
	atomic_uint references;		/* by interfaces */
	atomic_uint users;		/* threads in calls */

	/* Events that were read, and not yet taken. */
	pthread_mutex_t events_lock;
	char *events;
	size_t events_room, events_at, events_end;
};

struct winusb {
	struct native_file *file;
	uint32_t handle;		/* 0: a listener */
	bool associated;
	atomic_bool closing;
	atomic_uint users;
	atomic_uint blocked[NATIVE_PIPES];	/* threads in transfers of each pipe */
};

/* Each call is between these two. 0, -EINVAL, -EBADF or -ECANCELED. */
int native_enter(struct winusb *usb);
void native_leave(struct winusb *usb);
/* What the driver, or whatever is in its place after a close, answered. */
int native_answer(const struct winusb *usb, int result);

/* native_enter, a command without a handle, and native_leave. */
int native_call(struct winusb *usb, unsigned long command, void *argument);

/* A command whose structure has a handle: ARGUMENT's size and handle are filled in. */
#define native_command(usb, COMMAND, argument)					\
	((argument)->size = sizeof(*(argument)),				\
	 (argument)->handle = (usb) ? (usb)->handle : 0,			\
	 native_call(usb, WINUSB_IOC_##COMMAND, argument))

/* Waiting for records: TIMEOUT in milliseconds, and when it will be over. */
struct timespec native_deadline(int timeout);
/* 0: look again. -EAGAIN: it is over. -EINTR. -ECANCELED: closed. Between enter and leave. */
int native_wait(struct winusb *usb, int timeout, const struct timespec *deadline);
/* A moment, for what can't be waited for. */
void native_pause(void);

/* Is it what a text means, as winusb_open() has it? Links and Windows paths are not looked at. */
bool native_matches(const struct winusb_device *device, const char *what);

/* Frees what native_event.c made. */
void native_events_free(struct native_file *file);

#endif
