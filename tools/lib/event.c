// SPDX-License-Identifier: MIT
/* Events, mutexes and semaphores, and the functions that wait. */

#include <stdlib.h>

#include "error.h"
#include "name.h"
#include "thread.h"
#include "wait.h"

static void plain_destroy(struct object *object)
{
	free(object);
}

/* Events: object->signalled is all there is. */

static void event_reset(struct object *object, struct waiter *who)
{
	(void)who;
	object->signalled = false;
}

static const struct object_type manual_event_type = {
	.kind = OBJECT_EVENT,
	.waitable = true,
	.latched = true,
	.destroy = plain_destroy,
};

static const struct object_type auto_event_type = {
	.kind = OBJECT_EVENT,
	.waitable = true,
	.destroy = plain_destroy,
	.consume = event_reset,
};

static struct object *event_new(bool manual, bool signalled)
{
	struct object *object = malloc(sizeof(*object));

	if (!object)
		return error_null(ERROR_NOT_ENOUGH_MEMORY);
	object_init(object, manual ? &manual_event_type : &auto_event_type);
	object->signalled = signalled;
	return object;
}

HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES attributes, BOOL manual, BOOL signalled,
			   LPCSTR name)
{
	(void)attributes;
	return name_create_a(event_new(manual, signalled), name);
}

HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES attributes, BOOL manual, BOOL signalled,
			   LPCWSTR name)
{
	(void)attributes;
	return name_create_w(event_new(manual, signalled), name);
}

static struct object *event_new_ex(DWORD flags)
{
	if (flags & ~(DWORD)(CREATE_EVENT_MANUAL_RESET | CREATE_EVENT_INITIAL_SET))
		return error_null(ERROR_INVALID_PARAMETER);
	return event_new(flags & CREATE_EVENT_MANUAL_RESET, flags & CREATE_EVENT_INITIAL_SET);
}

HANDLE WINAPI CreateEventExA(LPSECURITY_ATTRIBUTES attributes, LPCSTR name, DWORD flags,
			     DWORD access)
{
	(void)attributes;
	(void)access;
	return name_create_a(event_new_ex(flags), name);
}

HANDLE WINAPI CreateEventExW(LPSECURITY_ATTRIBUTES attributes, LPCWSTR name, DWORD flags,
			     DWORD access)
{
	(void)attributes;
	(void)access;
	return name_create_w(event_new_ex(flags), name);
}

HANDLE WINAPI OpenEventA(DWORD access, BOOL inherit, LPCSTR name)
{
	(void)access;
	(void)inherit;
	return name_open_a(OBJECT_EVENT, name);
}

HANDLE WINAPI OpenEventW(DWORD access, BOOL inherit, LPCWSTR name)
{
	(void)access;
	(void)inherit;
	return name_open_w(OBJECT_EVENT, name);
}

static BOOL event_change(HANDLE handle, bool set, bool reset)
{
	struct object *object = object_get(handle, OBJECT_EVENT);

	if (!object)
		return FALSE;
	wait_lock_acquire();
	if (set)
		object_signal_locked(object, true);
	if (reset)
		object_signal_locked(object, false);
	wait_lock_release();
	object_put(object);
	return TRUE;
}

BOOL WINAPI SetEvent(HANDLE event)
{
	return event_change(event, true, false);
}

BOOL WINAPI ResetEvent(HANDLE event)
{
	return event_change(event, false, true);
}

BOOL WINAPI PulseEvent(HANDLE event)
{
	return event_change(event, true, true);
}

/* Mutexes */

struct mutex {
	struct object object;
	struct thread *owner;	/* NULL: free */
	struct list link;	/* among its owner's */
	LONG count;		/* how often he has it */
	bool abandoned;		/* an owner ended, and nobody knows it yet */
};

static struct mutex *mutex_of(const struct object *object)
{
	return list_entry(object, struct mutex, object);
}

static bool mutex_is_signalled(const struct object *object, const struct waiter *who)
{
	const struct thread *owner = mutex_of(object)->owner;

	return !owner || owner == waiter_thread(who);
}

static void mutex_own(struct mutex *mutex, struct thread *thread)
{
	if (!mutex->count++)
		list_add_tail(&thread->mutexes, &mutex->link);
	mutex->owner = thread;
}

static void mutex_consume(struct object *object, struct waiter *who)
{
	struct mutex *mutex = mutex_of(object);

	mutex_own(mutex, waiter_thread(who));
	if (mutex->abandoned)
		waiter_abandoned(who);
	mutex->abandoned = false;
}

/* Under wait_lock. */
static void mutex_free_locked(struct mutex *mutex)
{
	mutex->count = 0;
	mutex->owner = NULL;
	list_remove(&mutex->link);
	object_changed_locked(&mutex->object);
}

/* An owned mutex without handles stays in its owner's list. */
static void mutex_destroy(struct object *object)
{
	struct mutex *mutex = mutex_of(object);

	wait_lock_acquire();
	list_remove(&mutex->link);
	wait_lock_release();
	free(mutex);
}

static const struct object_type mutex_type = {
	.kind = OBJECT_MUTEX,
	.waitable = true,
	.destroy = mutex_destroy,
	.is_signalled = mutex_is_signalled,
	.consume = mutex_consume,
};

void mutex_abandon_all(struct thread *thread)
{
	struct mutex *mutex;

	wait_lock_acquire();
	while (!list_is_empty(&thread->mutexes)) {
		mutex = list_entry(thread->mutexes.next, struct mutex, link);
		mutex->abandoned = true;
		mutex_free_locked(mutex);
	}
	wait_lock_release();
}

/* If the name exists, this one goes again, and nobody owns it. */
static struct object *mutex_new(bool owned)
{
	struct mutex *mutex = malloc(sizeof(*mutex));
	struct thread *self = owned ? thread_self() : NULL;

	if (!mutex || (owned && !self)) {
		free(mutex);
		return error_null(ERROR_NOT_ENOUGH_MEMORY);
	}
	object_init(&mutex->object, &mutex_type);
	mutex->owner = NULL;
	mutex->count = 0;
	mutex->abandoned = false;
	list_init(&mutex->link);
	if (owned) {
		wait_lock_acquire();
		mutex_own(mutex, self);
		wait_lock_release();
	}
	return &mutex->object;
}

HANDLE WINAPI CreateMutexA(LPSECURITY_ATTRIBUTES attributes, BOOL owned, LPCSTR name)
{
	(void)attributes;
	return name_create_a(mutex_new(owned), name);
}

HANDLE WINAPI CreateMutexW(LPSECURITY_ATTRIBUTES attributes, BOOL owned, LPCWSTR name)
{
	(void)attributes;
	return name_create_w(mutex_new(owned), name);
}

static struct object *mutex_new_ex(DWORD flags)
{
	if (flags & ~(DWORD)CREATE_MUTEX_INITIAL_OWNER)
		return error_null(ERROR_INVALID_PARAMETER);
	return mutex_new(flags);
}

HANDLE WINAPI CreateMutexExA(LPSECURITY_ATTRIBUTES attributes, LPCSTR name, DWORD flags,
			     DWORD access)
{
	(void)attributes;
	(void)access;
	return name_create_a(mutex_new_ex(flags), name);
}

HANDLE WINAPI CreateMutexExW(LPSECURITY_ATTRIBUTES attributes, LPCWSTR name, DWORD flags,
			     DWORD access)
{
	(void)attributes;
	(void)access;
	return name_create_w(mutex_new_ex(flags), name);
}

HANDLE WINAPI OpenMutexA(DWORD access, BOOL inherit, LPCSTR name)
{
	(void)access;
	(void)inherit;
	return name_open_a(OBJECT_MUTEX, name);
}

HANDLE WINAPI OpenMutexW(DWORD access, BOOL inherit, LPCWSTR name)
{
	(void)access;
	(void)inherit;
	return name_open_w(OBJECT_MUTEX, name);
}

static DWORD mutex_release(struct object *object)
{
	struct mutex *mutex = mutex_of(object);
	struct thread *self = thread_self();
	DWORD error = ERROR_SUCCESS;

	wait_lock_acquire();
	if (!mutex->owner || mutex->owner != self)
		error = ERROR_NOT_OWNER;
	else if (!--mutex->count)
		mutex_free_locked(mutex);
	wait_lock_release();
	return error;
}

/* Semaphores */

struct semaphore {
	struct object object;	/* signalled: the count is not 0 */
	LONG count;
	LONG maximum;
};

static struct semaphore *semaphore_of(struct object *object)
{
	return list_entry(object, struct semaphore, object);
}

static void semaphore_consume(struct object *object, struct waiter *who)
{
	(void)who;
	if (!--semaphore_of(object)->count)
		object->signalled = false;
}

static const struct object_type semaphore_type = {
	.kind = OBJECT_SEMAPHORE,
	.waitable = true,
	.destroy = plain_destroy,
	.consume = semaphore_consume,
};

static struct object *semaphore_new(LONG count, LONG maximum, DWORD flags)
{
	struct semaphore *semaphore;

	if (flags || count < 0 || maximum <= 0 || count > maximum)
		return error_null(ERROR_INVALID_PARAMETER);
	semaphore = malloc(sizeof(*semaphore));
	if (!semaphore)
		return error_null(ERROR_NOT_ENOUGH_MEMORY);
	object_init(&semaphore->object, &semaphore_type);
	semaphore->count = count;
	semaphore->maximum = maximum;
	semaphore->object.signalled = count > 0;
	return &semaphore->object;
}

HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES attributes, LONG count, LONG maximum,
			       LPCSTR name)
{
	(void)attributes;
	return name_create_a(semaphore_new(count, maximum, 0), name);
}

HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES attributes, LONG count, LONG maximum,
			       LPCWSTR name)
{
	(void)attributes;
	return name_create_w(semaphore_new(count, maximum, 0), name);
}

HANDLE WINAPI CreateSemaphoreExA(LPSECURITY_ATTRIBUTES attributes, LONG count, LONG maximum,
				 LPCSTR name, DWORD flags, DWORD access)
{
	(void)attributes;
	(void)access;
	return name_create_a(semaphore_new(count, maximum, flags), name);
}

HANDLE WINAPI CreateSemaphoreExW(LPSECURITY_ATTRIBUTES attributes, LONG count, LONG maximum,
				 LPCWSTR name, DWORD flags, DWORD access)
{
	(void)attributes;
	(void)access;
	return name_create_w(semaphore_new(count, maximum, flags), name);
}

HANDLE WINAPI OpenSemaphoreA(DWORD access, BOOL inherit, LPCSTR name)
{
	(void)access;
	(void)inherit;
	return name_open_a(OBJECT_SEMAPHORE, name);
}

HANDLE WINAPI OpenSemaphoreW(DWORD access, BOOL inherit, LPCWSTR name)
{
	(void)access;
	(void)inherit;
	return name_open_w(OBJECT_SEMAPHORE, name);
}

static DWORD semaphore_release(struct object *object, LONG count, LONG *previous)
{
	struct semaphore *semaphore = semaphore_of(object);
	DWORD error = ERROR_SUCCESS;

	if (count <= 0)
		return ERROR_INVALID_PARAMETER;
	wait_lock_acquire();
	if (count > semaphore->maximum - semaphore->count) {
		error = ERROR_TOO_MANY_POSTS;
	} else {
		if (previous)
			*previous = semaphore->count;
		semaphore->count += count;
		object_signal_locked(object, true);
	}
	wait_lock_release();
	return error;
}

BOOL WINAPI ReleaseMutex(HANDLE handle)
{
	struct object *object = object_get(handle, OBJECT_MUTEX);
	DWORD error;

	if (!object)
		return FALSE;
	error = mutex_release(object);
	object_put(object);
	return error ? error_fail(error) : TRUE;
}

BOOL WINAPI ReleaseSemaphore(HANDLE handle, LONG count, LPLONG previous)
{
	struct object *object = object_get(handle, OBJECT_SEMAPHORE);
	DWORD error;

	if (!object)
		return FALSE;
	error = semaphore_release(object, count, previous);
	object_put(object);
	return error ? error_fail(error) : TRUE;
}

/* Waiting by handles */

static struct object *waitable_get(HANDLE handle)
{
	struct object *object = object_get_any(handle);

	if (!object || object->type->waitable)
		return object;
	object_put(object);
	return error_null(ERROR_INVALID_HANDLE);
}

/* There are no asynchronous procedure calls, so nothing ever comes to who is ALERTABLE. */
DWORD WINAPI WaitForSingleObjectEx(HANDLE handle, DWORD ms, BOOL alertable)
{
	DWORD result = WAIT_FAILED;
	struct object *object;
	bool signalled;

	(void)alertable;
	object = object_get_to_wait(handle, &signalled);
	if (signalled)
		return WAIT_OBJECT_0;
	if (!object)
		return WAIT_FAILED;
	if (object->type->waitable)
		result = wait_for_object(object, ms, NULL);
	else
		SetLastError(ERROR_INVALID_HANDLE);
	object_put(object);
	return result;
}

DWORD WINAPI WaitForSingleObject(HANDLE handle, DWORD ms)
{
	return WaitForSingleObjectEx(handle, ms, FALSE);
}

static bool is_in(const struct object *object, struct object **objects, unsigned int n)
{
	while (n--)
		if (objects[n] == object)
			return true;
	return false;
}

/* The number of objects that were referenced; fewer than N with an error. */
static unsigned int waitables_get(struct object **objects, const HANDLE *handles, unsigned int n,
				  bool all)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		objects[i] = waitable_get(handles[i]);
		if (!objects[i])
			break;
		if (!all || !is_in(objects[i], objects, i))
			continue;
		object_put(objects[i]);
		SetLastError(ERROR_INVALID_PARAMETER);
		break;
	}
	return i;
}

DWORD WINAPI WaitForMultipleObjectsEx(DWORD n, const HANDLE *handles, BOOL all, DWORD ms,
				      BOOL alertable)
{
	struct object *objects[MAXIMUM_WAIT_OBJECTS];
	DWORD result = WAIT_FAILED;
	unsigned int found;

	(void)alertable;
	if (!n || n > MAXIMUM_WAIT_OBJECTS || !handles) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return WAIT_FAILED;
	}
	found = waitables_get(objects, handles, n, all);
	if (found == n)
		result = wait_for(n, objects, all, ms);
	while (found)
		object_put(objects[--found]);
	return result;
}

DWORD WINAPI WaitForMultipleObjects(DWORD n, const HANDLE *handles, BOOL all, DWORD ms)
{
	return WaitForMultipleObjectsEx(n, handles, all, ms, FALSE);
}

static DWORD object_release(struct object *object)
{
	switch (object->type->kind) {
	case OBJECT_EVENT:
		object_signal(object, true);
		return ERROR_SUCCESS;
	case OBJECT_MUTEX:
		return mutex_release(object);
	case OBJECT_SEMAPHORE:
		return semaphore_release(object, 1, NULL);
	default:
		return ERROR_INVALID_HANDLE;
	}
}

/* As on Windows it is not atomic: others may see the first object before the wait begins. */
DWORD WINAPI SignalObjectAndWait(HANDLE signal, HANDLE wait, DWORD ms, BOOL alertable)
{
	struct object *first = object_get_any(signal), *second;
	DWORD result = WAIT_FAILED, error;

	(void)alertable;
	if (!first)
		return WAIT_FAILED;
	second = waitable_get(wait);
	error = second ? object_release(first) : ERROR_SUCCESS;
	if (error)
		SetLastError(error);
	else if (second)
		result = wait_for_object(second, ms, NULL);
	object_put(second);
	object_put(first);
	return result;
}
