/* SPDX-License-Identifier: MIT */
/* What a WINUSB_INTERFACE_HANDLE stands for. */
#ifndef LIBWINUSB_INTERFACE_H
#define LIBWINUSB_INTERFACE_H

#include <errno.h>

#include <winusb.h>

#include "error.h"
#include "file.h"

#define INTERFACE_PER_CHUNK	256
#define INTERFACE_CHUNKS	64
#define INTERFACE_REFERENCES	0xffffu
#define INTERFACE_GENERATION	16

struct interface {
	atomic_uint state;	/* generation << 16 | references; no generation: freed */
	struct file *file;	/* a reference */
	uint32_t number;	/* the driver's handle */
	unsigned int last;	/* last generation */
	struct interface *next;	/* among those that are free */
};

/* A new handle of what the driver calls NUMBER; takes a reference to the file. NULL: no memory. */
WINUSB_INTERFACE_HANDLE interface_open(struct file *file, uint32_t number);

extern struct interface *_Atomic interface_chunks[INTERFACE_CHUNKS]
	__attribute__((visibility("hidden")));

/* Handles are multiples of 4: generation << 16 | place << 2. */
static inline struct interface *interface_at(WINUSB_INTERFACE_HANDLE handle)
{
	uintptr_t value = (uintptr_t)handle;
	unsigned int place = (value & 0xffff) >> 2;
	struct interface *chunk;

	if (value & 3 || value > 0xffffffffu || !(value >> INTERFACE_GENERATION))
		return NULL;
	chunk = atomic_load(&interface_chunks[place / INTERFACE_PER_CHUNK]);
	return chunk ? &chunk[place % INTERFACE_PER_CHUNK] : NULL;
}

/* With a reference; NULL + ERROR_INVALID_HANDLE for whatever is none, or not any more. */
static inline struct interface *interface_get(WINUSB_INTERFACE_HANDLE handle)
{
	unsigned int generation = (uintptr_t)handle >> INTERFACE_GENERATION, state;
	struct interface *interface = interface_at(handle);

	if (!interface)
		goto invalid;
	state = atomic_load(&interface->state);
	do {
		if (state >> INTERFACE_GENERATION != generation ||
		    (state & INTERFACE_REFERENCES) == INTERFACE_REFERENCES)
			goto invalid;
	} while (!atomic_compare_exchange_weak(&interface->state, &state, state + 1));
	return interface;

invalid:
	error_fail(ERROR_INVALID_HANDLE);
	return NULL;
}

/* The last reference is gone. */
void interface_destroy(struct interface *interface);

static inline void interface_put(struct interface *interface)
{
	if ((atomic_fetch_sub(&interface->state, 1) & INTERFACE_REFERENCES) == 1)
		interface_destroy(interface);
}

/* As interface_get without the reference: false + ERROR_INVALID_HANDLE. */
static inline bool interface_is_open(WINUSB_INTERFACE_HANDLE handle)
{
	unsigned int generation = (uintptr_t)handle >> INTERFACE_GENERATION;
	struct interface *interface = interface_at(handle);

	if (interface && atomic_load(&interface->state) >> INTERFACE_GENERATION == generation)
		return true;
	return error_fail(ERROR_INVALID_HANDLE);
}

/* The handle is no more when this returns; who works with it goes on. False: it was none. */
bool interface_close(WINUSB_INTERFACE_HANDLE handle);

/* A driver that does not know a command does not have what it is for. */
static inline int interface_known(int result)
{
	return result == -ENOTTY ? -EOPNOTSUPP : result;
}

/* A command that older drivers lack: ARG is the structure, whose size and handle are filled in. */
#define interface_try(interface, COMMAND, arg)				\
	((arg)->handle = (interface)->number,				\
	 interface_known(file_command((interface)->file, COMMAND, arg)))

#endif
