/* SPDX-License-Identifier: MIT */
/* For unit tests that wait for waiters. */
#ifndef WAITERS_H
#define WAITERS_H

#include "tap.h"
#include "wait.h"

/*
 * Until so many threads wait for the object, which must be within half a minute. Under wait_lock no
 * waiter can be missed; for a moment more, so that they are asleep, too.
 */
static __attribute__((unused)) void await_waiters_of(struct object *object, unsigned int count)
{
	ULONGLONG end = GetTickCount64() + 30000;
	struct list *link;
	unsigned int n;

	do {
		Sleep(1);
		n = 0;
		wait_lock_acquire();
		for (link = object->waiters.next; link != &object->waiters; link = link->next)
			n++;
		wait_lock_release();
	} while (n < count && GetTickCount64() < end);
	CHECK(n >= count);
	Sleep(20);
}

static __attribute__((unused)) void await_waiters(HANDLE handle, unsigned int count)
{
	struct object *object = object_get_any(handle);

	await_waiters_of(object, count);
	object_put(object);
}

#endif
