// SPDX-License-Identifier: MIT
/*
 * Threads. Those of the library and those of the program have the same object, which the library
 * makes when it first needs it. It is signalled by the destructor of a pthread key, so after the
 * destructors of C++ have run.
 */

#include <errno.h>
#include <limits.h>
#include <process.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "thread.h"
#include "wait.h"

#define STACK_LEAST	(64u * 1024)
/* Of the rounds in which pthread calls destructors: others come first. */
#define LAST_ROUND	2u

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_exists;

__thread struct thread *thread_known;
static __thread DWORD current_id __attribute__((tls_model("initial-exec")));

static void thread_destroy(struct object *object)
{
	free(list_entry(object, struct thread, object));
}

static const struct object_type thread_type = {
	.kind = OBJECT_THREAD,
	.waitable = true,
	.destroy = thread_destroy,
};

static void thread_end(void *value)
{
	struct thread *thread = value;
	HANDLE handle;

	if (++thread->rounds < LAST_ROUND && !pthread_setspecific(key, thread))
		return;
	mutex_abandon_all(thread);
	tls_free(thread->tls);
	if (thread->eventfd >= 0)
		close(thread->eventfd);
	handle = atomic_load(&thread->close);
	if (handle)
		CloseHandle(handle);
	object_signal(&thread->object, true);
	thread_known = NULL;
	object_put(&thread->object);
}

static void key_create(void)
{
	key_exists = !pthread_key_create(&key, thread_end);
}

static struct thread *thread_new(void)
{
	struct thread *thread = calloc(1, sizeof(*thread));

	pthread_once(&key_once, key_create);
	if (!thread || !key_exists) {
		free(thread);
		return NULL;
	}
	object_init(&thread->object, &thread_type);
	list_init(&thread->mutexes);
	thread->eventfd = -1;
	return thread;
}

static bool thread_adopt(struct thread *thread)
{
	if (pthread_setspecific(key, thread))
		return false;
	thread_known = thread;
	atomic_store(&thread->tid, GetCurrentThreadId());
	return true;
}

/* A thread of the program's own. */
struct thread *thread_foreign(void)
{
	struct thread *thread = thread_new();

	if (thread && !thread_adopt(thread)) {
		free(thread);
		return NULL;
	}
	return thread;
}

DWORD WINAPI GetCurrentThreadId(void)
{
	if (!current_id)
		current_id = (DWORD)syscall(SYS_gettid);
	return current_id;
}

HANDLE WINAPI GetCurrentThread(void)
{
	return (HANDLE)(intptr_t)-2;
}

DWORD WINAPI GetCurrentProcessId(void)
{
	return (DWORD)getpid();
}

/* Waits until the thread has got so far. */
static DWORD thread_id(struct thread *thread)
{
	while (!atomic_load(&thread->tid))
		wait_futex(&thread->tid, 0, UINT64_MAX);
	return atomic_load(&thread->tid);
}

/* Priorities are nice values, as far as the process may set them. */

static int nice_of(int priority)
{
	switch (priority) {
	case THREAD_PRIORITY_IDLE:
		return 19;
	case THREAD_PRIORITY_LOWEST:
		return 10;
	case THREAD_PRIORITY_BELOW_NORMAL:
		return 5;
	case THREAD_PRIORITY_ABOVE_NORMAL:
		return -5;
	case THREAD_PRIORITY_HIGHEST:
		return -10;
	case THREAD_PRIORITY_TIME_CRITICAL:
		return -20;
	default:
		return 0;
	}
}

/*
 * Who may not raise a thread's priority could not get it back to normal after lowering it either,
 * and is better off with one that stays.
 */
static bool may_return_to_normal(void)
{
	struct rlimit limit;

	return !geteuid() || (!getrlimit(RLIMIT_NICE, &limit) && limit.rlim_cur >= 20);
}

static void priority_apply(struct thread *thread)
{
	int priority = atomic_load(&thread->priority), saved = errno;

	/* Under the lock a thread that is not signalled still has its number. */
	wait_lock_acquire();
	if (atomic_load(&thread->tid) && !thread->object.signalled && may_return_to_normal())
		setpriority(PRIO_PROCESS, (id_t)atomic_load(&thread->tid), nice_of(priority));
	wait_lock_release();
	errno = saved;
}

/* In the new thread */
static void thread_call(struct thread *thread)
{
	unsigned int code = 0;
	jmp_buf end;

	thread->end = &end;
	if (_setjmp(end)) {
		thread->end = NULL;
		return;
	}
	if (thread->start)
		code = thread->start(thread->argument);
	else if (thread->start_ex)
		code = thread->start_ex(thread->argument);
	else
		thread->start_void(thread->argument);
	atomic_store(&thread->exit_code, code);
	thread->end = NULL;
}

static void *thread_main(void *argument)
{
	struct thread *thread = argument;

	if (!thread_adopt(thread)) {
		/* No memory even for pthread: it never ran. */
		atomic_store(&thread->tid, GetCurrentThreadId());
		wait_futex_wake(&thread->tid, INT_MAX);
		object_signal(&thread->object, true);
		object_put(&thread->object);
		return NULL;
	}
	wait_futex_wake(&thread->tid, INT_MAX);
	while (atomic_load(&thread->suspended))
		wait_futex(&thread->suspended, 1, UINT64_MAX);
	if (atomic_load(&thread->priority))
		priority_apply(thread);
	thread_call(thread);
	return NULL;
}

/*
 * As on Windows a small size is only what is there at first, and the stack may grow to the default
 * size, unless the flag says that it is all.
 */
static void stack_size_set(pthread_attr_t *attributes, size_t size, DWORD flags)
{
	size_t least = (size_t)PTHREAD_STACK_MIN, usual = 0;

	if (!size)
		return;
	pthread_attr_getstacksize(attributes, &usual);
	least = flags & STACK_SIZE_PARAM_IS_A_RESERVATION ? least + STACK_LEAST : usual;
	pthread_attr_setstacksize(attributes, size < least ? least : size);
}

static int thread_spawn(struct thread *thread, size_t stack, DWORD flags)
{
	pthread_attr_t attributes;
	pthread_t ignored;
	int error = pthread_attr_init(&attributes);

	if (error)
		return error;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	stack_size_set(&attributes, stack, flags);
	error = pthread_create(&ignored, &attributes, thread_main, thread);
	pthread_attr_destroy(&attributes);
	return error;
}

/* Takes over THREAD, which is new. */
static HANDLE thread_start(struct thread *thread, size_t stack, DWORD flags, bool closes,
			   DWORD *id)
{
	HANDLE handle;

	atomic_store(&thread->suspended, flags & CREATE_SUSPENDED ? 1 : 0);
	/* The handle has one reference, the thread that will run another, and this function too. */
	object_ref(&thread->object);
	object_ref(&thread->object);
	handle = object_open(&thread->object);
	if (handle) {
		if (closes)
			atomic_store(&thread->close, handle);
		if (thread_spawn(thread, stack, flags)) {
			CloseHandle(handle);
			handle = NULL;
		}
	}
	if (!handle) {
		object_put(&thread->object);
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
	} else if (id) {
		*id = thread_id(thread);
	}
	object_put(&thread->object);
	return handle;
}

static struct thread *thread_prepare(const void *start, void *argument, DWORD flags)
{
	struct thread *thread;

	if (!start || flags & ~(DWORD)(CREATE_SUSPENDED | STACK_SIZE_PARAM_IS_A_RESERVATION)) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	thread = thread_new();
	if (!thread)
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
	else
		thread->argument = argument;
	return thread;
}

HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES attributes, SIZE_T stack,
			   LPTHREAD_START_ROUTINE start, LPVOID argument, DWORD flags, LPDWORD id)
{
	struct thread *thread = thread_prepare((const void *)(uintptr_t)start, argument, flags);

	(void)attributes;
	if (!thread)
		return NULL;
	thread->start = start;
	return thread_start(thread, stack, flags, false, id);
}

static int errno_of_last_error(void)
{
	return GetLastError() == ERROR_INVALID_PARAMETER ? EINVAL : EAGAIN;
}

uintptr_t __cdecl _beginthreadex(void *security, unsigned int stack,
				 unsigned int (__stdcall *start)(void *), void *argument,
				 unsigned int flags, unsigned int *id)
{
	struct thread *thread = thread_prepare((const void *)(uintptr_t)start, argument, flags);
	HANDLE handle = NULL;

	(void)security;
	if (thread) {
		thread->start_ex = start;
		handle = thread_start(thread, stack, flags, false, id);
	}
	if (!handle)
		errno = errno_of_last_error();
	return (uintptr_t)handle;
}

uintptr_t __cdecl _beginthread(void (__cdecl *start)(void *), unsigned int stack, void *argument)
{
	struct thread *thread = thread_prepare((const void *)(uintptr_t)start, argument, 0);
	HANDLE handle = NULL;

	if (thread) {
		thread->start_void = start;
		handle = thread_start(thread, stack, 0, true, NULL);
	}
	if (handle)
		return (uintptr_t)handle;
	errno = errno_of_last_error();
	return (uintptr_t)-1;
}

/* A thread of the library ends without unwinding, as on Windows. */
DECLSPEC_NORETURN VOID WINAPI ExitThread(DWORD code)
{
	struct thread *thread = thread_self();

	if (thread)
		atomic_store(&thread->exit_code, code);
	if (thread && thread->end)
		_longjmp(*thread->end, 1);
	pthread_exit(NULL);
}

void __cdecl _endthreadex(unsigned int code)
{
	ExitThread(code);
}

void __cdecl _endthread(void)
{
	ExitThread(0);
}

static struct thread *thread_get(HANDLE handle)
{
	struct object *object = object_get(handle, OBJECT_THREAD);

	return object ? list_entry(object, struct thread, object) : NULL;
}

DWORD WINAPI ResumeThread(HANDLE handle)
{
	struct thread *thread = thread_get(handle);
	DWORD before;

	if (!thread)
		return (DWORD)-1;
	before = atomic_exchange(&thread->suspended, 0);
	if (before)
		wait_futex_wake(&thread->suspended, 1);
	object_put(&thread->object);
	return before;
}

BOOL WINAPI GetExitCodeThread(HANDLE handle, LPDWORD code)
{
	struct thread *thread;

	if (!code) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return FALSE;
	}
	thread = thread_get(handle);
	if (!thread)
		return FALSE;
	wait_lock_acquire();
	*code = thread->object.signalled ? atomic_load(&thread->exit_code) : STILL_ACTIVE;
	wait_lock_release();
	object_put(&thread->object);
	return TRUE;
}

DWORD WINAPI GetThreadId(HANDLE handle)
{
	struct thread *thread = thread_get(handle);
	DWORD id;

	if (!thread)
		return 0;
	id = thread_id(thread);
	object_put(&thread->object);
	return id;
}

static bool is_priority(int priority)
{
	return (priority >= THREAD_PRIORITY_LOWEST && priority <= THREAD_PRIORITY_HIGHEST) ||
	       priority == THREAD_PRIORITY_IDLE || priority == THREAD_PRIORITY_TIME_CRITICAL;
}

/* It succeeds also where the system does not let the process have more; see priority_apply. */
BOOL WINAPI SetThreadPriority(HANDLE handle, int priority)
{
	struct thread *thread = thread_get(handle);

	if (!thread)
		return FALSE;
	if (!is_priority(priority)) {
		object_put(&thread->object);
		SetLastError(ERROR_INVALID_PARAMETER);
		return FALSE;
	}
	atomic_store(&thread->priority, priority);
	priority_apply(thread);
	object_put(&thread->object);
	return TRUE;
}

int WINAPI GetThreadPriority(HANDLE handle)
{
	struct thread *thread = thread_get(handle);
	int priority;

	if (!thread)
		return THREAD_PRIORITY_ERROR_RETURN;
	priority = atomic_load(&thread->priority);
	object_put(&thread->object);
	return priority;
}

BOOL WINAPI SwitchToThread(void)
{
	return !sched_yield();
}
