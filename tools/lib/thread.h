/* SPDX-License-Identifier: MIT */
/* What the library knows of a thread, its own or the program's. */
#ifndef LIBWINUSB_THREAD_H
#define LIBWINUSB_THREAD_H

#include <setjmp.h>

#include "object.h"

struct tls;

struct thread {
	struct object object;
	struct list mutexes;		/* that it owns, under wait_lock */
	struct tls *tls;		/* of TlsAlloc; the thread's own, tls.c's */
	int eventfd;			/* -1, or wakes it from poll; the thread's own, wait.c's */

	atomic_uint tid;		/* 0 before it is known */
	atomic_uint exit_code;
	atomic_int priority;
	atomic_uint suspended;		/* 1: waits for ResumeThread before it starts */

	/* call.c's: what it is blocked in */
	atomic_uint call;
	volatile uint32_t *call_size;

	/* Of a thread that the library made */
	DWORD (*start)(void *argument);
	void (*start_void)(void *argument);	/* _beginthread's */
	unsigned int (*start_ex)(void *argument);	/* _beginthreadex's */
	void *argument;
	_Atomic(HANDLE) close;		/* _beginthread's: _endthread closes it */
	jmp_buf *end;			/* ExitThread goes there */
	unsigned int rounds;
};

/* The calling thread if it is known already, else NULL. For signal handlers. */
extern __thread struct thread *thread_known
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

static inline struct thread *thread_current(void)
{
	return thread_known;
}

/* The calling thread, which was not known; NULL without memory. */
struct thread *thread_foreign(void);

/* The calling thread; NULL without memory. It lives until the thread ends. */
static inline struct thread *thread_self(void)
{
	return thread_known ? thread_known : thread_foreign();
}

/* event.c: a thread ends. */
void mutex_abandon_all(struct thread *thread);
/* tls.c */
void tls_free(struct tls *tls);

#endif
