/* SPDX-License-Identifier: MIT */
/*
 * The driver, as functions: nodes and commands, with 0 or a negative errno as the result. Both
 * faces of the library stand on this. What the commands mean is in the uapi header.
 */
#ifndef LIBWINUSB_CORE_H
#define LIBWINUSB_CORE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

/* <windows.h> may have made this a word of the annotations that vanish. */
#pragma push_macro("__reserved")
#undef __reserved
#include <linux/winusb.h>
#pragma pop_macro("__reserved")

/* Opens a node, read-write or as a listener: a descriptor in non-blocking mode. */
int core_open(const char *node, bool listener);

/*
 * A command; ARGUMENT's size is filled in already. Tries again after a signal, and after a reset of
 * the device that was under way.
 */
int core_call(int fd, unsigned long command, void *argument);

/* core_call of a structure, whose size is filled in; what is reserved in it must be zero. */
#define core_command(fd, COMMAND, argument)				\
	((argument)->size = sizeof(*(argument)),			\
	 core_call(fd, WINUSB_IOC_##COMMAND, argument))

/*
 * A transfer that blocks. A read that a signal interrupted goes on; anything else ends with -EINTR
 * then. out_length is all that moved, whatever the result.
 */
int core_transfer(int fd, struct winusb_transfer *transfer);

/*
 * Signals, static ones, for which a thread of the library waits: threads in core_transfer block them
 * from now on. NULL: no longer.
 */
void core_leave_to_others(const sigset_t *signals);

/* What is left of core_submit when errno says why it failed at first. */
int core_submit_again(int fd, struct winusb_transfer *transfer);

/* A transfer whose record will have its cookie. */
static inline int core_submit(int fd, struct winusb_transfer *transfer)
{
	transfer->flags |= WINUSB_TRANSFER_ASYNC;
	return ioctl(fd, WINUSB_IOC_TRANSFER, transfer) ? core_submit_again(fd, transfer) : 0;
}

/* How many of those with this cookie, or of all, are being cancelled: 0 if there is none. */
int core_cancel(int fd, uint32_t flags, uint64_t cookie);

/* Takes at most COUNT records, without waiting: how many, 0 at the end of the file, or -EAGAIN. */
int core_read(int fd, struct winusb_completion *records, unsigned int count);

/*
 * The same, but waits until that time of CLOCK_MONOTONIC (0: does not, UINT64_MAX: for ever), or
 * until core_reap_wake was called more often than WAKES says. *OUT_WAKES: how often, if that is
 * known; it may be WAKES itself. -EAGAIN: the wait is over. Only with WINUSB_CAP_REAP.
 */
int core_reap(int fd, struct winusb_completion *records, unsigned int count, uint64_t until,
	      uint32_t wakes, uint32_t *out_wakes);
/* Does not touch errno. */
void core_reap_wake(int fd);

#endif
