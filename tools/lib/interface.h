/* SPDX-License-Identifier: MIT */
/* What a WINUSB_INTERFACE_HANDLE stands for. */
#ifndef LIBWINUSB_INTERFACE_H
#define LIBWINUSB_INTERFACE_H

#include <winusb.h>

#include "file.h"

struct interface {
	atomic_uint state;	/* generation << 16 | references; no generation: freed */
	struct file *file;	/* a reference */
	uint32_t number;	/* the driver's handle */
	unsigned int last;	/* last generation */
	struct interface *next;	/* among those that are free */
};

/* A new handle of what the driver calls NUMBER; takes a reference to the file. NULL: no memory. */
WINUSB_INTERFACE_HANDLE interface_open(struct file *file, uint32_t number);

/* With a reference; NULL + ERROR_INVALID_HANDLE for whatever is none, or not any more. */
struct interface *interface_get(WINUSB_INTERFACE_HANDLE handle);
void interface_put(struct interface *interface);

/* The handle is no more when this returns; who works with it goes on. False: it was none. */
bool interface_close(WINUSB_INTERFACE_HANDLE handle);

#endif
