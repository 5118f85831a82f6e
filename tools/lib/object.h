/* SPDX-License-Identifier: MIT */
/*
 * Objects and the HANDLEs that lead to them. A kind of object embeds struct object as its first
 * member and describes itself with a struct object_type.
 *
 * An object lives while there are references. Each HANDLE is one, each thread that works with the
 * object has one, and whatever else keeps a pointer to it.
 */
#ifndef LIBWINUSB_OBJECT_H
#define LIBWINUSB_OBJECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>

enum object_kind {
	OBJECT_EVENT,
	OBJECT_MUTEX,
	OBJECT_SEMAPHORE,
	OBJECT_THREAD,
	OBJECT_FILE,
	OBJECT_PORT,
	OBJECT_KEY,
	OBJECT_DEVINFO,
	OBJECT_NOTIFICATION,
	OBJECT_MODULE,
	OBJECT_HEAP,
	OBJECT_REQUEST,		/* has no HANDLE: to wait for one request */
	OBJECT_ISOCH,
	OBJECT_TRACKING,
	OBJECT_OTHER,
};

struct list {
	struct list *next;
	struct list *prev;
};

struct waiter;
struct object;
struct object_name;

struct object_type {
	enum object_kind kind;
	bool waitable;		/* WaitForSingleObject and friends accept it */
	bool latched;		/* object->signalled is all, and a wait does not change it */

	/*
	 * Its last HANDLE was closed, in CloseHandle's thread, which returns after that. Others may
	 * still have references. No lock is held. May be NULL.
	 */
	void (*closed)(struct object *object);
	/* The last reference is gone: free it. No lock is held. */
	void (*destroy)(struct object *object);

	/* Both are called under wait_lock, in whatever thread, and neither takes locks. */
	/* NULL: object->signalled. */
	bool (*is_signalled)(const struct object *object, const struct waiter *who);
	/* WHO is let through: what that changes. NULL: nothing. */
	void (*consume)(struct object *object, struct waiter *who);
};

struct object {
	const struct object_type *type;
	atomic_uint references;
	atomic_uint handles;
	bool signalled;			/* written under wait_lock */
	struct list waiters;		/* of struct wait_link, under wait_lock */
	struct list sources;		/* of struct wait_source, under wait_lock */
	struct object_name *name;	/* or NULL; object.c's */
};

/* One reference, the caller's; no handle. */
void object_init(struct object *object, const struct object_type *type);

static inline void object_ref(struct object *object)
{
	atomic_fetch_add_explicit(&object->references, 1, memory_order_relaxed);
}

/* Never under wait_lock, for it may call destroy. NULL is fine. */
static inline void object_put(struct object *object)
{
	if (object && atomic_fetch_sub_explicit(&object->references, 1, memory_order_acq_rel) == 1)
		object->type->destroy(object);
}

/*
 * A new HANDLE, which takes over the caller's reference. NULL + ERROR_NOT_ENOUGH_MEMORY: then the
 * reference is gone too, and the object with it if it was the last.
 */
HANDLE object_open(struct object *object);

/*
 * The object of a HANDLE, with a reference for the caller; NULL + ERROR_INVALID_HANDLE for
 * anything else: NULL, INVALID_HANDLE_VALUE, wild numbers, closed handles, another kind. As on
 * Windows the two lowest bits of a handle do not count (so an hEvent may have its lowest bit set).
 * GetCurrentThread() is understood.
 */
struct object *object_get(HANDLE handle, enum object_kind kind);
struct object *object_get_any(HANDLE handle);
/* As object_get_any, unless it is a latched one that is signalled: NULL, and *SIGNALLED. */
struct object *object_get_to_wait(HANDLE handle, bool *signalled);
/* What object_get gave for it is still what it gives. Takes nothing. */
bool object_is_open(HANDLE handle);

/* Puts a reference that is not the last, so that it may be done anywhere. False: it is the last. */
bool object_put_unless_last(struct object *object);

/* CloseHandle, but for this kind only (SetupDiDestroyDeviceInfoList, RegCloseKey, FreeLibrary). */
BOOL object_close(HANDLE handle, enum object_kind kind);

/* Lists, for the objects' own sake; also of use elsewhere. */
#define list_entry(link, type, member) ((type *)((char *)(link) - offsetof(type, member)))

static inline void list_init(struct list *list)
{
	list->next = list->prev = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

static inline void list_add_tail(struct list *list, struct list *link)
{
	link->next = list;
	link->prev = list->prev;
	list->prev->next = link;
	list->prev = link;
}

/* Harmless for one that is in no list, if it was initialised. */
static inline void list_remove(struct list *link)
{
	link->next->prev = link->prev;
	link->prev->next = link->next;
	list_init(link);
}

#endif
