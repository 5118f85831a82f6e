// SPDX-License-Identifier: MIT
/*
 * CancelSynchronousIo. A signal ends what the thread is blocked in. A thread does not come back
 * from a call that was chosen before it has had its signal, so the signal never meets the next one.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <windows.h>

#include "call.h"
#include "error.h"
#include "thread.h"

/* True: the call was cancelled. */
static bool call_leave(struct thread *thread)
{
	unsigned int state = CALL_RUNS;

	while (!atomic_compare_exchange_strong(&thread->call, &state, CALL_NONE)) {
		if (state == CALL_CANCELLED) {
			atomic_store(&thread->call, CALL_NONE);
			return true;
		}
		/* The signal is on its way. */
		sched_yield();
		state = CALL_RUNS;
	}
	return false;
}

int call_end_chosen(struct thread *thread, int result)
{
	if (call_leave(thread) && (result == -EINTR || result == -EINVAL))
		return -ECANCELED;
	return result;
}

/* In the thread that is cancelled. */
static void call_interrupted(int number)
{
	struct thread *thread = thread_current();

	(void)number;
	if (!thread || atomic_load(&thread->call) != CALL_CHOSEN)
		return;
	*thread->call_size = 0;
	atomic_store(&thread->call, CALL_CANCELLED);
}

/* A real-time signal that the program does not use, with our handler; 0: there is none. */
static int call_signal(void)
{
	struct sigaction action = { .sa_handler = call_interrupted, .sa_flags = SA_RESTART }, now;
	int number;

	for (number = SIGRTMAX; number >= SIGRTMIN; number--) {
		if (sigaction(number, NULL, &now) || now.sa_flags & SA_SIGINFO)
			continue;
		if (now.sa_handler == call_interrupted ||
		    (now.sa_handler == SIG_DFL && !sigaction(number, &action, NULL)))
			return number;
	}
	return 0;
}

/* While the thread is in a call this does not change. */
static bool call_is_blocked(DWORD tid, int number)
{
	unsigned long long mask;
	bool blocked = true;
	char line[128];
	FILE *file;

	snprintf(line, sizeof(line), "/proc/self/task/%u/status", tid);
	file = fopen(line, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "SigBlk: %llx", &mask) == 1)
			blocked = mask >> (number - 1) & 1;
	if (file)
		fclose(file);
	return blocked;
}

/* Of one that was chosen. */
static DWORD call_interrupt(const struct thread *thread)
{
	DWORD tid = atomic_load(&thread->tid);
	int number = call_signal();

	if (!number || call_is_blocked(tid, number))
		return ERROR_NOT_SUPPORTED;
	return syscall(SYS_tgkill, getpid(), tid, number) ? ERROR_NOT_ENOUGH_MEMORY : 0;
}

static DWORD call_cancel(struct thread *thread)
{
	unsigned int state = CALL_RUNS;
	DWORD error;

	if (!atomic_compare_exchange_strong(&thread->call, &state, CALL_CHOSEN))
		return state == CALL_NONE ? ERROR_NOT_FOUND : ERROR_SUCCESS;
	error = call_interrupt(thread);
	if (error)
		atomic_store(&thread->call, CALL_RUNS);
	return error;
}

BOOL WINAPI CancelSynchronousIo(HANDLE handle)
{
	struct object *object = object_get(handle, OBJECT_THREAD);
	int saved = errno;
	DWORD error;

	if (!object)
		return FALSE;
	error = call_cancel(list_entry(object, struct thread, object));
	object_put(object);
	errno = saved;
	return error ? error_fail(error) : TRUE;
}
