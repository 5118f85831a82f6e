// SPDX-License-Identifier: MIT
/*
 * The table of interface handles. A handle is a place in the table and a generation, which
 * changes each time that the place is used, so that a freed handle is known for what it is. Places
 * are never given back to the system: whatever number comes can be looked at.
 */
#include <pthread.h>
#include <stdlib.h>

#include "core.h"
#include "error.h"
#include "interface.h"

static pthread_mutex_t interface_lock = PTHREAD_MUTEX_INITIALIZER;
struct interface *_Atomic interface_chunks[INTERFACE_CHUNKS];
static unsigned int interface_chunk_count;
/* Those that were freed last are used last. */
static struct interface *interface_free, **interface_free_end = &interface_free;

static void interface_recycle(struct interface *interface)
{
	interface->next = NULL;
	*interface_free_end = interface;
	interface_free_end = &interface->next;
}

static bool interface_grow(void)
{
	struct interface *chunk;
	unsigned int i;

	if (interface_chunk_count == INTERFACE_CHUNKS)
		return false;
	chunk = calloc(INTERFACE_PER_CHUNK, sizeof(*chunk));
	if (!chunk)
		return false;
	for (i = 0; i < INTERFACE_PER_CHUNK; i++)
		interface_recycle(&chunk[i]);
	atomic_store(&interface_chunks[interface_chunk_count++], chunk);
	return true;
}

static struct interface *interface_take(void)
{
	struct interface *interface = NULL;

	pthread_mutex_lock(&interface_lock);
	if (interface_free || interface_grow()) {
		interface = interface_free;
		interface_free = interface->next;
		if (!interface_free)
			interface_free_end = &interface_free;
	}
	pthread_mutex_unlock(&interface_lock);
	return interface;
}

static unsigned int interface_place(const struct interface *interface)
{
	unsigned int i = 0;

	while (interface < interface_chunks[i] || interface >= interface_chunks[i] + INTERFACE_PER_CHUNK)
		i++;
	return i * INTERFACE_PER_CHUNK + (interface - interface_chunks[i]);
}

WINUSB_INTERFACE_HANDLE interface_open(struct file *file, uint32_t number)
{
	struct interface *interface = interface_take();

	if (!interface)
		return NULL;
	object_ref(&file->object);
	interface->file = file;
	interface->number = number;
	interface->last = interface->last % 0xffff + 1;
	atomic_store(&interface->state, interface->last << INTERFACE_GENERATION | 1);
	return (WINUSB_INTERFACE_HANDLE)((uintptr_t)interface->last << INTERFACE_GENERATION |
					 interface_place(interface) << 2);
}

void interface_destroy(struct interface *interface)
{
	struct file *file = interface->file;

	pthread_mutex_lock(&interface_lock);
	interface_recycle(interface);
	pthread_mutex_unlock(&interface_lock);
	file_put(file);
}

bool interface_close(WINUSB_INTERFACE_HANDLE handle)
{
	unsigned int generation = (uintptr_t)handle >> INTERFACE_GENERATION, state;
	struct interface *interface = interface_at(handle);
	struct winusb_free release = { 0 };

	if (!interface)
		return false;
	state = atomic_load(&interface->state);
	do {
		if (state >> INTERFACE_GENERATION != generation)
			return false;
	} while (!atomic_compare_exchange_weak(&interface->state, &state, state & INTERFACE_REFERENCES));
	release.handle = interface->number;
	file_command(interface->file, FREE, &release);
	interface_put(interface);
	return true;
}
