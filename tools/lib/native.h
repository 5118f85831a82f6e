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
	atomic_uint references;		/* by interfaces and buffers */
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

/*
 * Each function is between these two, once: when a thread has left, another one that closes frees
 * all of it. 0, -EINVAL or -EBADF.
 */
int native_enter(struct winusb *usb);
void native_leave(struct winusb *usb);
/* What the driver, or whatever is in its place after a close, answered. */
int native_answer(const struct winusb *usb, int result);

/* A command, whose structure is filled in, between them. */
int native_run(struct winusb *usb, unsigned long command, void *argument);
/* native_enter, a command without a handle, and native_leave. */
int native_call(struct winusb *usb, unsigned long command, void *argument);
/* The same, but a signal ends it with -EINTR: for what has to be asked of the device. */
int native_ask(struct winusb *usb, unsigned long command, void *argument);
/* A command that a signal ends, between enter and leave. */
int native_try(struct winusb *usb, unsigned long command, void *argument);

/* Fills in the size and the handle of a command's structure. */
#define native_prepare(usb, argument)						\
	((argument)->size = sizeof(*(argument)),				\
	 (argument)->handle = (usb) ? (usb)->handle : 0)

/* native_call and native_ask of a command whose structure has a handle. */
#define native_command(usb, COMMAND, argument)					\
	(native_prepare(usb, argument), native_call(usb, WINUSB_IOC_##COMMAND, argument))
#define native_question(usb, COMMAND, argument)					\
	(native_prepare(usb, argument), native_ask(usb, WINUSB_IOC_##COMMAND, argument))

/* A transfer; ARG's handle is filled in. With _ASYNC it returns before it is over. */
int native_transfer(struct winusb *usb, struct winusb_transfer *arg);

/* References to a file; the last one frees it. */
struct native_file *native_file_get(struct native_file *file);
void native_file_put(struct native_file *file);

/* Waiting for records: TIMEOUT in milliseconds, and when it will be over. */
struct timespec native_deadline(int timeout);
/* 0: look again. -EAGAIN: it is over. -EINTR. -ECANCELED: closed. Between enter and leave. */
int native_wait(struct winusb *usb, int timeout, const struct timespec *deadline);
/* A moment, for what can't be waited for. 0 or -EINTR. */
int native_pause(void);

/* Is it what a text means, as winusb_open() has it? Links and Windows paths are not looked at. */
bool native_matches(const struct winusb_device *device, const char *what);

/* Frees what native_event.c made. */
void native_events_free(struct native_file *file);

#endif
