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

void wait_lock_release_and_wake(void);

/* Any such lock. */
void futex_lock_contended(atomic_uint *lock);
void futex_unlock_contended(atomic_uint *lock);

static inline bool futex_trylock(atomic_uint *lock)
{
	unsigned int word = 0;

	return atomic_compare_exchange_strong_explicit(lock, &word, 1, memory_order_acquire,
						       memory_order_relaxed);
}

static inline void futex_lock(atomic_uint *lock)
{
	if (!futex_trylock(lock))
		futex_lock_contended(lock);
}

static inline void futex_unlock(atomic_uint *lock)
{
	if (atomic_exchange_explicit(lock, 0, memory_order_release) != 1)
		futex_unlock_contended(lock);
}

static inline void wait_lock_acquire(void)
{
	futex_lock(&wait_lock);
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
/* Under wait_lock: what is_signalled says may have become true. */
void object_changed_locked(struct object *object);

static inline void object_signal_locked(struct object *object, bool signalled)
{
	/* Latched ones are looked at without the lock. */
	__atomic_store_n(&object->signalled, signalled, __ATOMIC_RELEASE);
	if (signalled && !list_is_empty(&object->waiters))
		object_changed_locked(object);
}

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
	/*
	 * Who begins to wait, and finds no leader, tries this first: it reads what there is,
	 * also while others do. Where nothing was there it is left out for a while. NULL: nothing.
	 */
	void (*early)(struct wait_pump *pump);
	/*
	 * Instead of poll and readable, by a leader that leads nothing else: waits until that time
	 * (0: does not), reads, and signals objects. WAKES: what pump->wakes was before others
	 * could know that wake is needed. It calls waiter_reaped between waiting and signalling.
	 * Below 0: not now, poll. 0: nothing will ever come again. NULL: it can not.
	 */
	int (*reap)(struct wait_pump *pump, struct waiter *waiter, unsigned int wakes,
		    uint64_t until);
	/* Ends the wait in reap, also if that has not begun yet. Under wait_lock, or not. */
	void (*wake)(struct wait_pump *pump);
	/* Under wait_lock: it had a leader, and now nobody polls it. NULL: nothing. */
	void (*abandoned)(struct wait_pump *pump);

	/* wait.c's, under wait_lock. Others may read leader there: NULL when nobody polls. */
	struct waiter *leader;
	struct list followers;
	bool stopped;
	/* So many waits go without early, and so many the last time. Only a guess: no lock. */
	atomic_uint skip, skipped;
	/* So many waits go without reap. No lock, either. */
	atomic_uint polls;
	/* For reap: how often there was a wake, as far as is known. */
	atomic_uint wakes;
};

void wait_pump_init(struct wait_pump *pump, int fd, struct object *owner);
/*
 * Nobody polls it any more when this returns, nor will. Before the descriptor is closed. The
 * caller has a reference to the owner. Not under wait_lock.
 */
void wait_pump_stop(struct wait_pump *pump);

/* Under wait_lock: is early worth a try? */
static inline bool wait_pump_is_early_locked(struct wait_pump *pump)
{
	unsigned int skip = atomic_load_explicit(&pump->skip, memory_order_relaxed);

	if (!pump->early || pump->leader || pump->stopped)
		return false;
	if (skip)
		atomic_store_explicit(&pump->skip, skip - 1, memory_order_relaxed);
	return !skip;
}

/* What came of it: each time in vain makes it twice as rare. */
void wait_pump_skip(struct wait_pump *pump, bool good);

static inline void wait_pump_was_early(struct wait_pump *pump, bool good)
{
	if (!good || atomic_load_explicit(&pump->skipped, memory_order_relaxed))
		wait_pump_skip(pump, good);
}

/* Is reap worth a try? */
static inline bool wait_pump_may_reap(struct wait_pump *pump)
{
	unsigned int polls = atomic_load_explicit(&pump->polls, memory_order_relaxed);

	if (polls)
		atomic_store_explicit(&pump->polls, polls - 1, memory_order_relaxed);
	return pump->reap && !polls;
}

/* Others were in the way of a reap: polls for a while. */
void wait_pump_poll(struct wait_pump *pump);

/* The waiter does not sleep in reap any more, so no wake is needed. */
void waiter_reaped(struct waiter *waiter);

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
