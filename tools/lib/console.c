// SPDX-License-Identifier: MIT
/*
 * SetConsoleCtrlHandler. Signals stand for the events of a console; a handler of signals hands them
 * to a thread, and that calls the program's handlers, the last one first. What none of them takes,
 * and a close in any case, ends the process as the signal would have.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <windows.h>

#include "core.h"

static const struct {
	int signal;
	DWORD event;
} events[] = {
	{ SIGINT, CTRL_C_EVENT },
	{ SIGQUIT, CTRL_BREAK_EVENT },
	{ SIGHUP, CTRL_CLOSE_EVENT },
	{ SIGTERM, CTRL_CLOSE_EVENT },
};

/* As on Windows handlers run in it: one that is removed by another thread is not running then. */
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static PHANDLER_ROUTINE *handlers;
static size_t count;
static bool caught;				/* signals are ours */
static sigset_t ours;				/* these */
static struct sigaction before[ARRAYSIZE(events)];
static int ends[2] = { -1, -1 };		/* of the pipe to the thread */
static pid_t owner;				/* of the thread */

static void signal_heard(int number)
{
	unsigned char byte = number;
	int error = errno;

	/* A child that has not called exec yet has the pipe, but no handlers. */
	if (getpid() != owner) {
		signal(number, SIG_DFL);
		kill(getpid(), number);
		return;
	}
	/* A full pipe has enough of them. */
	if (write(ends[1], &byte, 1) < 0)
		errno = error;
}

static void process_end(int number)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigaction(number, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	kill(getpid(), number);
}

static void event_tell(int number)
{
	DWORD event = CTRL_CLOSE_EVENT;
	bool taken = false;

	for (size_t i = 0; i < ARRAYSIZE(events); i++)
		if (events[i].signal == number)
			event = events[i].event;
	pthread_mutex_lock(&lock);
	/* A handler may remove itself, or others. */
	for (size_t i = count; i && !taken; i--)
		taken = i <= count && handlers[i - 1](event);
	pthread_mutex_unlock(&lock);
	if (!taken || event == CTRL_CLOSE_EVENT)
		process_end(number);
}

static void *thread_main(void *unused)
{
	unsigned char byte;

	(void)unused;
	pthread_setname_np(pthread_self(), "winusb-console");
	for (;;)
		if (read(ends[0], &byte, 1) == 1)
			event_tell(byte);
	return NULL;
}

/*
 * It stays, as the thread of the system does that Windows has for it. It does not block what it
 * stands for, so that the kernel has somebody to give it to while all others do. Under lock.
 */
static bool thread_start(void)
{
	pthread_attr_t attributes;
	sigset_t all, old;
	pthread_t thread;
	int error;

	if (ends[0] >= 0)
		return true;
	if (pipe2(ends, O_CLOEXEC))
		return false;
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	owner = getpid();
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	sigemptyset(&ours);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (size_t i = 0; i < ARRAYSIZE(events); i++) {
		if (sigismember(&old, events[i].signal))
			continue;	/* the program has another use for it */
		sigaddset(&ours, events[i].signal);
		sigdelset(&all, events[i].signal);
	}
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	error = pthread_create(&thread, &attributes, thread_main, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attributes);
	if (!error)
		return true;
	close(ends[0]);
	close(ends[1]);
	ends[0] = ends[1] = -1;
	return false;
}

static void signal_catch(size_t at)
{
	struct sigaction action = { .sa_handler = signal_heard, .sa_flags = SA_RESTART };

	sigfillset(&action.sa_mask);
	sigaction(events[at].signal, &action, NULL);
}

/* Under lock. What is ignored from the start, as nohup wants it, stays so. */
static void signals_catch(void)
{
	for (size_t i = 0; i < ARRAYSIZE(events) && !caught; i++) {
		sigaction(events[i].signal, NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			signal_catch(i);
	}
	caught = true;
	/* On Windows a handler runs beside a transfer, and does not end it. */
	core_leave_to_others(&ours);
}

static void signals_restore(void)
{
	for (size_t i = 0; i < ARRAYSIZE(events) && caught; i++)
		if (before[i].sa_handler != SIG_IGN)
			sigaction(events[i].signal, &before[i], NULL);
	caught = false;
	core_leave_to_others(NULL);
}

static BOOL handler_add(PHANDLER_ROUTINE handler)
{
	PHANDLER_ROUTINE *more = realloc(handlers, (count + 1) * sizeof(*more));

	if (more)
		handlers = more;
	if (!more || !thread_start()) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return FALSE;
	}
	handlers[count++] = handler;
	signals_catch();
	return TRUE;
}

/* The last one, if it was added several times. */
static BOOL handler_remove(PHANDLER_ROUTINE handler)
{
	for (size_t i = count; i; i--) {
		if (handlers[i - 1] != handler)
			continue;
		memmove(handlers + i - 1, handlers + i, (count - i) * sizeof(*handlers));
		if (!--count)
			signals_restore();
		return TRUE;
	}
	SetLastError(ERROR_INVALID_PARAMETER);
	return FALSE;
}

/* Children inherit it, as on Windows. */
static void ctrl_c_ignore(bool ignore)
{
	struct sigaction action = { .sa_handler = ignore ? SIG_IGN : SIG_DFL };

	if (!ignore && caught)
		signal_catch(0);
	else
		sigaction(SIGINT, &action, NULL);
	/* What there is to be when the last handler goes. */
	before[0] = action;
}

BOOL WINAPI SetConsoleCtrlHandler(PHANDLER_ROUTINE handler, BOOL add)
{
	BOOL ok = TRUE;

	pthread_mutex_lock(&lock);
	if (!handler)
		ctrl_c_ignore(add);
	else
		ok = add ? handler_add(handler) : handler_remove(handler);
	pthread_mutex_unlock(&lock);
	return ok;
}
