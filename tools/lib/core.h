/* SPDX-License-Identifier: MIT */
/*
 * The driver, as functions: nodes and commands, with 0 or a negative errno as the result. Both
 * faces of the library stand on this. What the commands mean is in the uapi header.
 */
#ifndef LIBWINUSB_CORE_H
#define LIBWINUSB_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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
 * A transfer that blocks. SETUP, 8 bytes, is for pipe 0 only. A read that a signal interrupted goes
 * on; anything else ends with -EINTR then. *MOVED is always written.
 */
int core_transfer(int fd, uint32_t handle, uint8_t pipe, const void *setup, void *buffer,
		  uint32_t length, uint32_t *moved);

/* A transfer whose record will have COOKIE. */
int core_submit(int fd, uint32_t handle, uint8_t pipe, const void *setup, void *buffer,
		uint32_t length, uint64_t cookie);

/* How many of those with this cookie, or of all, are being cancelled: 0 if there is none. */
int core_cancel(int fd, bool all, uint64_t cookie);

/* Takes at most COUNT records, without waiting: how many, 0 at the end of the file, or -EAGAIN. */
int core_read(int fd, struct winusb_completion *records, unsigned int count);

#endif
