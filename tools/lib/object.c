// SPDX-License-Identifier: MIT
/*
 * Objects and their HANDLEs. A HANDLE is (generation, index of a slot) times four. Slots are never
 * freed and are reused in turn, the oldest first and only when there are many, and each time with
 * another generation: more than a million handles are opened before a closed one's number is back.
 *
 * Looking up takes no lock: who looks pins the slot with the same atomic addition that tells him
 * whether it is open and of that generation. Closing marks the slot; the last pin frees it.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "name.h"
#include "object.h"
#include "thread.h"

#define INDEX_BITS	19
#define INDEX_MAX	((1u << INDEX_BITS) - 1)
#define HANDLE_MAX	0x7fffffffu
#define CHUNK_SLOTS	2048u
#define CHUNKS		((INDEX_MAX + 1) / CHUNK_SLOTS)
/* So many slots are free before the first is used again. */
#define FREE_LEAST	1024u

/* A slot's word: generation, state, number of pins. */
#define WORD_GENERATION	0xffc00000u
#define WORD_STEP	0x00400000u
#define WORD_OPEN	0x00200000u
#define WORD_CLOSING	0x00100000u
#define WORD_PINS	0x000fffffu

struct slot {
	atomic_uint word;
	atomic_uint flags;	/* HANDLE_FLAG_ */
	unsigned int next;	/* in the list of the free */
	struct object *object;
};

static _Atomic(struct slot *) chunks[CHUNKS];

/* Its sections are short: spin before sleeping. */
static pthread_mutex_t table_lock = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
static unsigned int free_first, free_last, free_count;	/* 0: none */
static unsigned int next_index = 1;

void object_init(struct object *object, const struct object_type *type)
{
	object->type = type;
	atomic_init(&object->references, 1);
	atomic_init(&object->handles, 0);
	object->signalled = false;
	object->name = NULL;
	list_init(&object->waiters);
	list_init(&object->sources);
}

static struct slot *slot_at(unsigned int index)
{
	struct slot *chunk = atomic_load_explicit(&chunks[index / CHUNK_SLOTS],
						  memory_order_acquire);

	return chunk ? &chunk[index % CHUNK_SLOTS] : NULL;
}

static HANDLE slot_handle(unsigned int index, const struct slot *slot)
{
	unsigned int generation = atomic_load_explicit(&slot->word, memory_order_relaxed) /
				  WORD_STEP;

	return (HANDLE)(uintptr_t)((generation << INDEX_BITS | index) << 2);
}

/* Under table_lock. 0: no memory, or too many. */
static unsigned int index_new(void)
{
	unsigned int chunk = next_index / CHUNK_SLOTS, i;
	struct slot *slots;

	if (next_index > INDEX_MAX)
		return 0;
	if (!atomic_load_explicit(&chunks[chunk], memory_order_relaxed)) {
		slots = calloc(CHUNK_SLOTS, sizeof(*slots));
		if (!slots)
			return 0;
		/* No generation is 0, so that small numbers are no handles. */
		for (i = 0; i < CHUNK_SLOTS; i++)
			atomic_init(&slots[i].word, WORD_STEP);
		atomic_store_explicit(&chunks[chunk], slots, memory_order_release);
	}
	return next_index++;
}

static unsigned int index_alloc(void)
{
	unsigned int index = 0;

	pthread_mutex_lock(&table_lock);
	if (free_count < FREE_LEAST)
		index = index_new();
	if (!index && free_count) {
		index = free_first;
		free_first = slot_at(index)->next;
		free_count--;
	}
	pthread_mutex_unlock(&table_lock);
	return index;
}

static void index_free(unsigned int index)
{
	pthread_mutex_lock(&table_lock);
	if (free_count++)
		slot_at(free_last)->next = index;
	else
		free_first = index;
	free_last = index;
	pthread_mutex_unlock(&table_lock);
}

/* A handle more, whose reference the caller gives and which is counted already. */
static HANDLE handle_new(struct object *object, unsigned int flags)
{
	unsigned int index = index_alloc();
	struct slot *slot;
	HANDLE handle;

	if (!index)
		return NULL;
	slot = slot_at(index);
	handle = slot_handle(index, slot);
	slot->object = object;
	atomic_store_explicit(&slot->flags, flags, memory_order_relaxed);
	atomic_fetch_or_explicit(&slot->word, WORD_OPEN, memory_order_release);
	return handle;
}

static void handle_uncount(struct object *object)
{
	if (atomic_fetch_sub(&object->handles, 1) != 1)
		return;
	name_remove(object);
	if (object->type->closed)
		object->type->closed(object);
}

HANDLE object_open(struct object *object)
{
	HANDLE handle;

	atomic_fetch_add(&object->handles, 1);
	handle = handle_new(object, 0);
	if (handle)
		return handle;
	handle_uncount(object);
	object_put(object);
	SetLastError(ERROR_NOT_ENOUGH_MEMORY);
	return NULL;
}

bool object_handle_add(struct object *object)
{
	unsigned int handles = atomic_load(&object->handles);

	while (handles)
		if (atomic_compare_exchange_weak(&object->handles, &handles, handles + 1))
			return true;
	return false;
}

HANDLE object_open_counted(struct object *object, unsigned int flags)
{
	HANDLE handle = handle_new(object, flags);

	if (handle)
		return handle;
	handle_uncount(object);
	object_put(object);
	SetLastError(ERROR_NOT_ENOUGH_MEMORY);
	return NULL;
}

/* The last pin of a closing slot frees it, and lets go of the object. */
static void slot_unpin(struct slot *slot, unsigned int index)
{
	unsigned int word = atomic_fetch_sub_explicit(&slot->word, 1, memory_order_acq_rel) - 1;
	unsigned int next;
	struct object *object;

	if ((word & (WORD_CLOSING | WORD_PINS)) != WORD_CLOSING)
		return;
	next = (word & WORD_GENERATION) + WORD_STEP;
	if (!next)
		next = WORD_STEP;
	if (!atomic_compare_exchange_strong_explicit(&slot->word, &word, next,
						     memory_order_acq_rel, memory_order_relaxed))
		return;
	object = slot->object;
	slot->object = NULL;
	index_free(index);
	object_put(object);
}

/* NULL, or the slot of a handle that was open just now, whose word has WANT in it. */
static struct slot *slot_look(HANDLE handle, unsigned int *index, unsigned int *want)
{
	uintptr_t value = (uintptr_t)handle;
	struct slot *slot;

	if (value > HANDLE_MAX)
		return NULL;
	*index = value >> 2 & INDEX_MAX;
	slot = slot_at(*index);
	if (!slot)
		return NULL;
	*want = (unsigned int)(value >> (2 + INDEX_BITS)) * WORD_STEP | WORD_OPEN;
	if ((atomic_load_explicit(&slot->word, memory_order_relaxed) & ~WORD_PINS) != *want)
		return NULL;
	return slot;
}

bool object_is_open(HANDLE handle)
{
	unsigned int index, want;

	return slot_look(handle, &index, &want);
}

/* NULL, or the slot of an open handle, pinned: the object stays there. */
static struct slot *slot_pin(HANDLE handle, unsigned int *index)
{
	struct slot *slot;
	unsigned int want, word;

	/* Most wild numbers end here, without writing. */
	slot = slot_look(handle, index, &want);
	if (!slot)
		return NULL;
	word = atomic_fetch_add_explicit(&slot->word, 1, memory_order_acquire);
	if ((word & ~WORD_PINS) == want)
		return slot;
	slot_unpin(slot, *index);
	return NULL;
}

static struct object *thread_object(void)
{
	struct thread *thread = thread_self();

	if (!thread) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	object_ref(&thread->object);
	return &thread->object;
}

static bool object_is_latched(const struct object *object)
{
	return object->type->latched && __atomic_load_n(&object->signalled, __ATOMIC_ACQUIRE);
}

struct object *object_get_to_wait(HANDLE handle, bool *signalled)
{
	struct object *object;
	struct slot *slot;
	unsigned int index;

	if (signalled)
		*signalled = false;
	if (handle == GetCurrentThread())
		return thread_object();
	slot = slot_pin(handle, &index);
	if (!slot) {
		SetLastError(ERROR_INVALID_HANDLE);
		return NULL;
	}
	object = slot->object;
	if (signalled && object_is_latched(object)) {
		*signalled = true;
		object = NULL;
	} else {
		object_ref(object);
	}
	slot_unpin(slot, index);
	return object;
}

struct object *object_get_any(HANDLE handle)
{
	return object_get_to_wait(handle, NULL);
}

bool object_put_unless_last(struct object *object)
{
	unsigned int references = atomic_load(&object->references);

	while (references > 1)
		if (atomic_compare_exchange_weak(&object->references, &references, references - 1))
			return true;
	return false;
}

struct object *object_get(HANDLE handle, enum object_kind kind)
{
	struct object *object = object_get_any(handle);

	if (!object || object->type->kind == kind)
		return object;
	object_put(object);
	SetLastError(ERROR_INVALID_HANDLE);
	return NULL;
}

/* Under a pin. False: another thread has closed it meanwhile, or it is protected. */
static bool slot_close(struct slot *slot)
{
	unsigned int word = atomic_load_explicit(&slot->word, memory_order_relaxed);

	if (atomic_load_explicit(&slot->flags, memory_order_relaxed) &
	    HANDLE_FLAG_PROTECT_FROM_CLOSE)
		return false;
	while (word & WORD_OPEN)
		if (atomic_compare_exchange_weak_explicit(&slot->word, &word,
				(word & ~WORD_OPEN) | WORD_CLOSING,
				memory_order_acq_rel, memory_order_relaxed))
			return true;
	return false;
}

static BOOL handle_close(HANDLE handle, const enum object_kind *kind)
{
	unsigned int index;
	struct slot *slot = slot_pin(handle, &index);
	bool closed;

	if (!slot) {
		SetLastError(ERROR_INVALID_HANDLE);
		return FALSE;
	}
	closed = (!kind || slot->object->type->kind == *kind) && slot_close(slot);
	if (closed)
		handle_uncount(slot->object);
	slot_unpin(slot, index);
	if (!closed)
		SetLastError(ERROR_INVALID_HANDLE);
	return closed;
}

BOOL object_close(HANDLE handle, enum object_kind kind)
{
	return handle_close(handle, &kind);
}

BOOL WINAPI CloseHandle(HANDLE handle)
{
	return handle_close(handle, NULL);
}

HANDLE WINAPI GetCurrentProcess(void)
{
	return (HANDLE)(intptr_t)-1;
}

/* Only within the process. Access rights do not exist, so all of them come along. */
BOOL WINAPI DuplicateHandle(HANDLE source_process, HANDLE source, HANDLE target_process,
			    HANDLE *target, DWORD access, BOOL inherit, DWORD options)
{
	unsigned int flags = inherit ? HANDLE_FLAG_INHERIT : 0;
	struct object *object;
	HANDLE handle;

	(void)access;
	if (source_process != GetCurrentProcess() ||
	    (target && target_process != GetCurrentProcess())) {
		SetLastError(ERROR_INVALID_HANDLE);
		return FALSE;
	}
	object = object_get_any(source);
	if (!object)
		return FALSE;
	if (!target) {
		object_put(object);
	} else if (source != GetCurrentThread() && !object_handle_add(object)) {
		object_put(object);
		SetLastError(ERROR_INVALID_HANDLE);
		return FALSE;
	} else {
		if (source == GetCurrentThread())
			atomic_fetch_add(&object->handles, 1);
		handle = object_open_counted(object, flags);
		if (!handle)
			return FALSE;
		*target = handle;
	}
	return !(options & DUPLICATE_CLOSE_SOURCE) || source == GetCurrentThread() ||
	       CloseHandle(source);
}

BOOL WINAPI GetHandleInformation(HANDLE handle, LPDWORD flags)
{
	unsigned int index;
	struct slot *slot = slot_pin(handle, &index);

	if (!slot || !flags) {
		if (slot)
			slot_unpin(slot, index);
		SetLastError(slot ? ERROR_INVALID_PARAMETER : ERROR_INVALID_HANDLE);
		return FALSE;
	}
	*flags = atomic_load_explicit(&slot->flags, memory_order_relaxed);
	slot_unpin(slot, index);
	return TRUE;
}

BOOL WINAPI SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags)
{
	const DWORD known = HANDLE_FLAG_INHERIT | HANDLE_FLAG_PROTECT_FROM_CLOSE;
	unsigned int index, old;
	struct slot *slot;

	if (mask & ~known) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return FALSE;
	}
	slot = slot_pin(handle, &index);
	if (!slot) {
		SetLastError(ERROR_INVALID_HANDLE);
		return FALSE;
	}
	old = atomic_load(&slot->flags);
	while (!atomic_compare_exchange_weak(&slot->flags, &old, (old & ~mask) | (flags & mask)))
		;
	slot_unpin(slot, index);
	return TRUE;
}
