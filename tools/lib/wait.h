/* SPDX-License-Identifier: MIT */
/*
 * Waiting for objects. One lock covers the states of all of them, so that waiting for several is
 * atomic. Who signals an object decides who is let through and consumes on his behalf; a woken
 * thread has what it waited for and does not look again.
 */
#ifndef LIBWINUSB_WAIT_H
#define LIBWINUSB_WAIT_H

#include "object.h"

/*
 * The lock: a futex, 0 free, 1 taken, 2 taken and wanted. Short sections only. Under it no
 * object_put, no system calls that block, no other locks. wait_lock_release wakes those who were
 * let through meanwhile, after it is released.
 */
extern atomic_uint wait_lock __attribute__((visibility("hidden")));
extern struct waiter *wait_let_through __attribute__((visibility("hidden")));

void wait_lock_acquire_contended(void);
void wait_lock_release_and_wake(void);

static inline void wait_lock_acquire(void)
{
	unsigned int word = 0;

	if (!atomic_compare_exchange_strong_explicit(&wait_lock, &word, 1, memory_order_acquire,
						     memory_order_relaxed))
		wait_lock_acquire_contended();
}

static inline void wait_lock_release(void)
{
	unsigned int word = 1;

	if (wait_let_through ||
	    !atomic_compare_exchange_strong_explicit(&wait_lock, &word, 0, memory_order_release,
						     memory_order_relaxed))
		wait_lock_release_and_wake();
}

/* Sets the state and lets through whom it lets through. The second form is under wait_lock. */
void object_signal(struct object *object, bool signalled);
void object_signal_locked(struct object *object, bool signalled);
/* Under wait_lock: what is_signalled says may have become true. */
void object_changed_locked(struct object *object);
/* Under wait_lock: somebody sleeps until it is signalled. */
bool object_has_waiters_locked(const struct object *object);

/*
 * Waits for one or all of N (1 to MAXIMUM_WAIT_OBJECTS) objects that the caller has references to:
 * WAIT_OBJECT_0 + i, WAIT_ABANDONED_0 + i, WAIT_TIMEOUT, or WAIT_FAILED + ERROR_NOT_ENOUGH_MEMORY.
 */
DWORD wait_for(unsigned int n, struct object **objects, bool all, DWORD ms);
/* For one object. CONTEXT is for its consume: a port puts the packet there. */
DWORD wait_for_object(struct object *object, DWORD ms, void *context);
/* The same from under wait_lock, which is released when it returns, whatever it returns. */
DWORD wait_for_object_locked(struct object *object, DWORD ms, void *context);

/* For is_signalled and consume. */
struct thread;
struct thread *waiter_thread(const struct waiter *who);
void *waiter_context(const struct waiter *who);
/* The result becomes WAIT_ABANDONED_0. */
void waiter_abandoned(struct waiter *who);

/*
 * Pumps. While a thread waits for an object that some file descriptor will signal, it reads that
 * descriptor itself. One thread at a time, the leader, does so for each descriptor; when its wait
 * is over, it hands on to another thread that waits, or to nobody: then abandoned is called.
 */
struct wait_pump {
	int fd;				/* polled for POLLIN */
	struct object *owner;		/* who waits has a reference to it */
	/*
	 * Something is to be read: read it without blocking, and signal objects. Called by the
	 * leader without any lock. False: nothing will ever come again (end of file).
	 */
	bool (*readable)(struct wait_pump *pump);
	/* Under wait_lock: it had a leader, and now nobody polls it. NULL: nothing. */
	void (*abandoned)(struct wait_pump *pump);

	/* wait.c's, under wait_lock. Others may read leader there: NULL when nobody polls. */
	struct waiter *leader;
	struct list followers;
	bool stopped;
};

void wait_pump_init(struct wait_pump *pump, int fd, struct object *owner);
/*
 * Nobody polls it any more when this returns, nor will. Before the descriptor is closed. The
 * caller has a reference to the owner. Not under wait_lock.
 */
void wait_pump_stop(struct wait_pump *pump);

/*
 * "This object will be signalled by that pump": embedded in a request (between its start and its
 * end), or one for each file in a port. Add under wait_lock before the kernel can complete the
 * request; remove under wait_lock before the pump's owner goes. Removing one that is in no object
 * is fine once it was initialised.
 */
struct wait_source {
	struct list link;
	struct wait_pump *pump;
};

void wait_source_init(struct wait_source *source, struct wait_pump *pump);
/* Threads that wait for the object already may become the pump's leader by this. */
void wait_source_add_locked(struct wait_source *source, struct object *object);
void wait_source_remove_locked(struct wait_source *source);

/* Monotonic nanoseconds, and the end of a wait that begins now (UINT64_MAX for INFINITE). */
uint64_t wait_now(void);
uint64_t wait_deadline(DWORD ms);
/*
 * Sleeps while *WORD is VALUE, until woken (now and then without reason) or the deadline. False:
 * the deadline passed. It does not touch errno.
 */
bool wait_futex(atomic_uint *word, unsigned int value, uint64_t deadline);
/* The number of threads that were woken. */
int wait_futex_wake(atomic_uint *word, int count);
/* The same for those of some BITS only. */
bool wait_futex_bits(atomic_uint *word, unsigned int value, uint64_t deadline, unsigned int bits);
int wait_futex_wake_bits(atomic_uint *word, int count, unsigned int bits);

#endif
