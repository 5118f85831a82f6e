// SPDX-License-Identifier: MIT
/*
 * Critical sections, slim reader/writer locks, condition variables and one-time initialisation. All
 * live in the program's memory, need nothing else, and sleep on a futex in it.
 */

#include <limits.h>
#include <pthread.h>
#include <sched.h>

#include "error.h"
#include "wait.h"

static void pause_cpu(void)
{
	YieldProcessor();
}

/* Critical sections. LockCount is the word that threads sleep on. */

#define SPIN_MASK	0x00ffffffu

enum { CS_FREE = -1, CS_TAKEN = 0, CS_WANTED = 1 };

static atomic_uint *cs_word(CRITICAL_SECTION *cs)
{
	return (atomic_uint *)&cs->LockCount;
}

static HANDLE cs_self(void)
{
	return (HANDLE)(uintptr_t)GetCurrentThreadId();
}

static bool cs_is_mine(CRITICAL_SECTION *cs)
{
	return __atomic_load_n(&cs->OwningThread, __ATOMIC_RELAXED) == cs_self();
}

static void cs_owner_set(CRITICAL_SECTION *cs, HANDLE owner)
{
	__atomic_store_n(&cs->OwningThread, owner, __ATOMIC_RELAXED);
}

BOOL WINAPI InitializeCriticalSectionEx(LPCRITICAL_SECTION cs, DWORD spin, DWORD flags)
{
	(void)flags;
	*cs = (CRITICAL_SECTION){ .LockCount = CS_FREE, .SpinCount = spin & SPIN_MASK };
	return TRUE;
}

BOOL WINAPI InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION cs, DWORD spin)
{
	return InitializeCriticalSectionEx(cs, spin, 0);
}

VOID WINAPI InitializeCriticalSection(LPCRITICAL_SECTION cs)
{
	InitializeCriticalSectionEx(cs, 0, 0);
}

DWORD WINAPI SetCriticalSectionSpinCount(LPCRITICAL_SECTION cs, DWORD spin)
{
	return (DWORD)__atomic_exchange_n(&cs->SpinCount, (ULONG_PTR)(spin & SPIN_MASK),
					  __ATOMIC_RELAXED);
}

VOID WINAPI DeleteCriticalSection(LPCRITICAL_SECTION cs)
{
	InitializeCriticalSectionEx(cs, 0, 0);
}

static bool cs_try(CRITICAL_SECTION *cs)
{
	unsigned int word = (unsigned int)CS_FREE;

	return atomic_compare_exchange_strong_explicit(cs_word(cs), &word, CS_TAKEN,
						       memory_order_acquire, memory_order_relaxed);
}

static bool cs_spin(CRITICAL_SECTION *cs)
{
	ULONG_PTR left = __atomic_load_n(&cs->SpinCount, __ATOMIC_RELAXED);

	while (left--) {
		if (atomic_load_explicit(cs_word(cs), memory_order_relaxed) ==
		    (unsigned int)CS_FREE && cs_try(cs))
			return true;
		pause_cpu();
	}
	return false;
}

static void cs_take(CRITICAL_SECTION *cs)
{
	if (cs_try(cs) || cs_spin(cs))
		return;
	while (atomic_exchange_explicit(cs_word(cs), CS_WANTED, memory_order_acquire) !=
	       (unsigned int)CS_FREE)
		wait_futex(cs_word(cs), CS_WANTED, UINT64_MAX);
}

VOID WINAPI EnterCriticalSection(LPCRITICAL_SECTION cs)
{
	if (!cs_is_mine(cs)) {
		cs_take(cs);
		cs_owner_set(cs, cs_self());
	}
	cs->RecursionCount++;
}

BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION cs)
{
	if (!cs_is_mine(cs)) {
		if (!cs_try(cs))
			return FALSE;
		cs_owner_set(cs, cs_self());
	}
	cs->RecursionCount++;
	return TRUE;
}

/* Nothing happens if it is not the caller's. */
VOID WINAPI LeaveCriticalSection(LPCRITICAL_SECTION cs)
{
	if (!cs_is_mine(cs) || --cs->RecursionCount)
		return;
	cs_owner_set(cs, NULL);
	if (atomic_exchange_explicit(cs_word(cs), (unsigned int)CS_FREE, memory_order_release) ==
	    CS_WANTED)
		wait_futex_wake(cs_word(cs), 1);
}

/*
 * Reader/writer locks: the first 32 bits of the SRWLOCK are the number of readers and these. While
 * a writer waits, no reader comes in. The last who goes wakes one writer, or else all readers.
 */
#define SRW_WRITER	0x80000000u
#define SRW_WRITERS	0x40000000u	/* some sleep, perhaps */
#define SRW_READERS	0x20000000u
#define SRW_COUNT	0x1fffffffu
#define SRW_HELD	(SRW_WRITER | SRW_COUNT)

enum { WAKE_WRITER = 1, WAKE_READER = 2 };

static atomic_uint *srw_word(SRWLOCK *lock)
{
	return (atomic_uint *)&lock->Ptr;
}

static bool word_change(atomic_uint *word, unsigned int *old, unsigned int new)
{
	return atomic_compare_exchange_weak_explicit(word, old, new, memory_order_acq_rel,
						     memory_order_acquire);
}

/* Sleeps until it is not as in *OLD, which has FLAG then, or woken. */
static void srw_sleep(atomic_uint *word, unsigned int *old, unsigned int flag, unsigned int who)
{
	if (!(*old & flag) && !word_change(word, old, *old | flag))
		return;
	wait_futex_bits(word, *old | flag, UINT64_MAX, who);
	*old = atomic_load(word);
}

VOID WINAPI InitializeSRWLock(PSRWLOCK lock)
{
	lock->Ptr = NULL;
}

BOOLEAN WINAPI TryAcquireSRWLockExclusive(PSRWLOCK lock)
{
	unsigned int old = atomic_load(srw_word(lock));

	while (!(old & SRW_HELD))
		if (word_change(srw_word(lock), &old, old | SRW_WRITER))
			return TRUE;
	return FALSE;
}

VOID WINAPI AcquireSRWLockExclusive(PSRWLOCK lock)
{
	atomic_uint *word = srw_word(lock);
	unsigned int old = atomic_load(word), more = 0;

	for (;;) {
		if (!(old & SRW_HELD)) {
			if (word_change(word, &old, old | SRW_WRITER | more))
				return;
			continue;
		}
		srw_sleep(word, &old, SRW_WRITERS, WAKE_WRITER);
		/* Other writers may sleep still: the flag was taken away with the first. */
		more = SRW_WRITERS;
	}
}

BOOLEAN WINAPI TryAcquireSRWLockShared(PSRWLOCK lock)
{
	unsigned int old = atomic_load(srw_word(lock));

	while (!(old & (SRW_WRITER | SRW_WRITERS)))
		if (word_change(srw_word(lock), &old, old + 1))
			return TRUE;
	return FALSE;
}

VOID WINAPI AcquireSRWLockShared(PSRWLOCK lock)
{
	atomic_uint *word = srw_word(lock);
	unsigned int old = atomic_load(word);

	for (;;) {
		if (old & (SRW_WRITER | SRW_WRITERS))
			srw_sleep(word, &old, SRW_READERS, WAKE_READER);
		else if (word_change(word, &old, old + 1))
			return;
	}
}

/* What becomes of a word whose last holder goes: those who are woken now do not count any more. */
static unsigned int srw_without_woken(unsigned int word)
{
	return word & SRW_WRITERS ? word & ~SRW_WRITERS : word & ~SRW_READERS;
}

/* BEFORE is the word before that. */
static void srw_wake(atomic_uint *word, unsigned int before)
{
	unsigned int old;

	if (before & SRW_WRITERS) {
		if (wait_futex_wake_bits(word, 1, WAKE_WRITER))
			return;
		/* No writer slept, so the readers are not forgotten. */
		old = atomic_load(word);
		do {
			if (!(old & SRW_READERS))
				return;
		} while (!word_change(word, &old, old & ~SRW_READERS));
		before = old;
	}
	if (before & SRW_READERS)
		wait_futex_wake_bits(word, INT_MAX, WAKE_READER);
}

VOID WINAPI ReleaseSRWLockExclusive(PSRWLOCK lock)
{
	atomic_uint *word = srw_word(lock);
	unsigned int old = atomic_load(word);

	do {
		if (!(old & SRW_WRITER))
			return;
	} while (!word_change(word, &old, srw_without_woken(old & ~SRW_WRITER)));
	srw_wake(word, old);
}

VOID WINAPI ReleaseSRWLockShared(PSRWLOCK lock)
{
	atomic_uint *word = srw_word(lock);
	unsigned int old = atomic_load(word), new;

	do {
		if (!(old & SRW_COUNT))
			return;
		new = old - 1;
		if (!(new & SRW_COUNT))
			new = srw_without_woken(new);
	} while (!word_change(word, &old, new));
	if (!(new & SRW_COUNT))
		srw_wake(word, old);
}

/*
 * Condition variables: the first 32 bits are the number of threads that sleep, and above it a
 * number that each waking changes.
 */
#define CV_SLEEPERS	0x00003fffu
#define CV_STEP		0x00004000u

static atomic_uint *cv_word(CONDITION_VARIABLE *condition)
{
	return (atomic_uint *)&condition->Ptr;
}

VOID WINAPI InitializeConditionVariable(PCONDITION_VARIABLE condition)
{
	condition->Ptr = NULL;
}

/* Before the lock is released. False: too many sleep already, and this one is woken at once. */
static bool cv_enter(atomic_uint *word, unsigned int *number)
{
	unsigned int old = atomic_load(word);

	do {
		if ((old & CV_SLEEPERS) == CV_SLEEPERS)
			return false;
	} while (!word_change(word, &old, old + 1));
	*number = old & ~CV_SLEEPERS;
	return true;
}

static bool cv_sleep(atomic_uint *word, unsigned int number, uint64_t deadline)
{
	unsigned int now = atomic_load(word);
	bool woken = true;

	/* It changes also when others come and go. */
	while (woken && (now & ~CV_SLEEPERS) == number) {
		woken = wait_futex(word, now, deadline);
		now = atomic_load(word);
	}
	atomic_fetch_sub(word, 1);
	return woken || (now & ~CV_SLEEPERS) != number;
}

static BOOL cv_result(bool woken)
{
	if (!woken)
		SetLastError(ERROR_TIMEOUT);
	return woken;
}

BOOL WINAPI SleepConditionVariableCS(PCONDITION_VARIABLE condition, PCRITICAL_SECTION cs, DWORD ms)
{
	uint64_t deadline = wait_deadline(ms);
	unsigned int number;
	bool enters = cv_enter(cv_word(condition), &number), woken = true;

	LeaveCriticalSection(cs);
	if (enters)
		woken = cv_sleep(cv_word(condition), number, deadline);
	else
		sched_yield();
	EnterCriticalSection(cs);
	return cv_result(woken);
}

BOOL WINAPI SleepConditionVariableSRW(PCONDITION_VARIABLE condition, PSRWLOCK lock, DWORD ms,
				      ULONG flags)
{
	bool shared = flags & CONDITION_VARIABLE_LOCKMODE_SHARED, woken = true, enters;
	uint64_t deadline = wait_deadline(ms);
	unsigned int number;

	enters = cv_enter(cv_word(condition), &number);
	if (shared)
		ReleaseSRWLockShared(lock);
	else
		ReleaseSRWLockExclusive(lock);
	if (enters)
		woken = cv_sleep(cv_word(condition), number, deadline);
	else
		sched_yield();
	if (shared)
		AcquireSRWLockShared(lock);
	else
		AcquireSRWLockExclusive(lock);
	return cv_result(woken);
}

static void cv_wake(atomic_uint *word, int count)
{
	if (!(atomic_load(word) & CV_SLEEPERS))
		return;
	atomic_fetch_add(word, CV_STEP);
	wait_futex_wake(word, count);
}

VOID WINAPI WakeConditionVariable(PCONDITION_VARIABLE condition)
{
	cv_wake(cv_word(condition), 1);
}

VOID WINAPI WakeAllConditionVariable(PCONDITION_VARIABLE condition)
{
	cv_wake(cv_word(condition), INT_MAX);
}

/* One-time initialisation: the lowest two bits say how far it is, the others are the context. */
enum { ONCE_NEW, ONCE_RUNS, ONCE_DONE, ONCE_RUNS_ASYNC };
#define ONCE_STATE	((uintptr_t)3)

static pthread_mutex_t once_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t once_changed = PTHREAD_COND_INITIALIZER;

static uintptr_t once_load(INIT_ONCE *once)
{
	return (uintptr_t)__atomic_load_n(&once->Ptr, __ATOMIC_ACQUIRE);
}

/* Under once_lock. */
static void once_store(INIT_ONCE *once, uintptr_t value)
{
	__atomic_store_n(&once->Ptr, (PVOID)value, __ATOMIC_RELEASE);
	pthread_cond_broadcast(&once_changed);
}

VOID WINAPI InitOnceInitialize(PINIT_ONCE once)
{
	once->Ptr = NULL;
}

static BOOL once_is_done(uintptr_t value, BOOL *pending, PVOID *context)
{
	*pending = FALSE;
	if (context)
		*context = (PVOID)(value & ~ONCE_STATE);
	return TRUE;
}

/* Under once_lock. The state that says what happens next. */
static unsigned int once_begin(INIT_ONCE *once, bool async)
{
	unsigned int state, runs = async ? ONCE_RUNS_ASYNC : ONCE_RUNS;

	for (;;) {
		state = once_load(once) & ONCE_STATE;
		if (state == ONCE_NEW)
			once_store(once, runs);
		if (state != ONCE_RUNS || async)
			return state;
		pthread_cond_wait(&once_changed, &once_lock);
	}
}

BOOL WINAPI InitOnceBeginInitialize(LPINIT_ONCE once, DWORD flags, PBOOL pending, LPVOID *context)
{
	bool async = flags & INIT_ONCE_ASYNC;
	uintptr_t value = once_load(once);
	unsigned int state;

	if (flags & ~(DWORD)(INIT_ONCE_ASYNC | INIT_ONCE_CHECK_ONLY) || !pending)
		return error_fail(ERROR_INVALID_PARAMETER);
	if ((value & ONCE_STATE) == ONCE_DONE)
		return once_is_done(value, pending, context);
	if (flags & INIT_ONCE_CHECK_ONLY) {
		*pending = TRUE;
		return error_fail(async ? ERROR_INVALID_PARAMETER : ERROR_GEN_FAILURE);
	}
	pthread_mutex_lock(&once_lock);
	state = once_begin(once, async);
	pthread_mutex_unlock(&once_lock);
	if (state == ONCE_DONE)
		return once_is_done(once_load(once), pending, context);
	if (state != ONCE_NEW && (state == ONCE_RUNS_ASYNC) != async)
		return error_fail(ERROR_INVALID_PARAMETER);
	*pending = TRUE;
	return TRUE;
}

/* Under once_lock. */
static DWORD once_end(INIT_ONCE *once, DWORD flags, uintptr_t context)
{
	unsigned int state = once_load(once) & ONCE_STATE;
	bool async = flags & INIT_ONCE_ASYNC, failed = flags & INIT_ONCE_INIT_FAILED;

	if (flags & ~(DWORD)(INIT_ONCE_ASYNC | INIT_ONCE_INIT_FAILED) || (async && failed) ||
	    context & ONCE_STATE || (failed && context))
		return ERROR_INVALID_PARAMETER;
	if (state != (async ? ONCE_RUNS_ASYNC : ONCE_RUNS))
		return ERROR_GEN_FAILURE;
	once_store(once, failed ? ONCE_NEW : context | ONCE_DONE);
	return ERROR_SUCCESS;
}

BOOL WINAPI InitOnceComplete(LPINIT_ONCE once, DWORD flags, LPVOID context)
{
	DWORD error;

	pthread_mutex_lock(&once_lock);
	error = once_end(once, flags, (uintptr_t)context);
	pthread_mutex_unlock(&once_lock);
	return error ? error_fail(error) : TRUE;
}

BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE once, PINIT_ONCE_FN function, PVOID parameter,
				LPVOID *context)
{
	PVOID made = NULL;
	BOOL pending;

	if (!InitOnceBeginInitialize(once, 0, &pending, context))
		return FALSE;
	if (!pending)
		return TRUE;
	if (!function(once, parameter, &made)) {
		InitOnceComplete(once, INIT_ONCE_INIT_FAILED, NULL);
		return FALSE;
	}
	if (!InitOnceComplete(once, 0, made)) {
		InitOnceComplete(once, INIT_ONCE_INIT_FAILED, NULL);
		return error_fail(ERROR_INVALID_PARAMETER);
	}
	if (context)
		*context = made;
	return TRUE;
}
