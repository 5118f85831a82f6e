/* SPDX-License-Identifier: MIT */
/* Commands that a thread may be blocked in, and how CancelSynchronousIo ends them. */
#ifndef LIBWINUSB_CALL_H
#define LIBWINUSB_CALL_H

#include <stdint.h>

#include "thread.h"

enum { CALL_NONE, CALL_RUNS, CALL_CHOSEN, CALL_CANCELLED };

/*
 * The thread enters the driver with a structure that begins with this size. Who cancels interrupts
 * it there, or makes the size one that the driver refuses.
 */
static inline void call_begin(uint32_t *size)
{
	struct thread *thread = thread_self();

	/* Without memory it can not be cancelled. */
	if (!thread)
		return;
	thread->call_size = size;
	atomic_store_explicit(&thread->call, CALL_RUNS, memory_order_release);
}

/* The thread was chosen. */
int call_end_chosen(struct thread *thread, int result);

/* The thread is back. RESULT, or -ECANCELED if that is because the call was cancelled. */
static inline int call_end(int result)
{
	struct thread *thread = thread_current();
	unsigned int state = CALL_RUNS;

	if (!thread || atomic_compare_exchange_strong(&thread->call, &state, CALL_NONE))
		return result;
	return call_end_chosen(thread, result);
}

#endif
