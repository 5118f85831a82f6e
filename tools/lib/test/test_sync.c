// SPDX-License-Identifier: MIT
/* Critical sections, reader/writer locks, condition variables, one-time initialisation. */

#include <limits.h>
#include <stdlib.h>

#include "tap.h"
#include "wait.h"

#define CROWD	6u
#define ROUNDS	4000u

static HANDLE start(LPTHREAD_START_ROUTINE function, void *argument)
{
	HANDLE thread = CreateThread(NULL, 0, function, argument, 0, NULL);

	CHECK(thread);
	return thread;
}

static void join(HANDLE thread)
{
	CHECK_EQ(WaitForSingleObject(thread, 60000), WAIT_OBJECT_0);
	CHECK(CloseHandle(thread));
}

static void crowd(LPTHREAD_START_ROUTINE function)
{
	HANDLE threads[CROWD];
	unsigned int i;

	for (i = 0; i < CROWD; i++)
		threads[i] = start(function, (void *)(uintptr_t)i);
	for (i = 0; i < CROWD; i++)
		join(threads[i]);
}

static CRITICAL_SECTION section;
static unsigned int counter;

static DWORD WINAPI section_other(void *argument)
{
	CHECK(TryEnterCriticalSection(&section) == (argument != NULL));
	if (argument)
		LeaveCriticalSection(&section);
	else
		/* It is not this thread's. */
		LeaveCriticalSection(&section);
	return 0;
}

TEST(critical_section)
{
	InitializeCriticalSection(&section);
	EnterCriticalSection(&section);
	CHECK(TryEnterCriticalSection(&section));
	EnterCriticalSection(&section);
	CHECK_EQ(section.RecursionCount, 3);
	CHECK_EQ((uintptr_t)section.OwningThread, GetCurrentThreadId());
	LeaveCriticalSection(&section);
	LeaveCriticalSection(&section);
	join(start(section_other, NULL));
	LeaveCriticalSection(&section);
	CHECK(!section.OwningThread);
	CHECK_EQ(section.LockCount, -1);
	join(start(section_other, &section));
	DeleteCriticalSection(&section);
	CHECK(InitializeCriticalSectionAndSpinCount(&section, 0x80000400));
	CHECK_EQ(SetCriticalSectionSpinCount(&section, 10), 0x400);
	CHECK_EQ(SetCriticalSectionSpinCount(&section, 0), 10);
	DeleteCriticalSection(&section);
}

static DWORD WINAPI section_user(void *argument)
{
	unsigned int i;

	(void)argument;
	for (i = 0; i < ROUNDS; i++) {
		if (i % 4 || !TryEnterCriticalSection(&section))
			EnterCriticalSection(&section);
		if (i % 8 == 0)
			EnterCriticalSection(&section);
		counter++;
		if (i % 500 == 0)
			SwitchToThread();
		if (i % 8 == 0)
			LeaveCriticalSection(&section);
		LeaveCriticalSection(&section);
	}
	return 0;
}

TEST(a_critical_section_excludes)
{
	DWORD spin;

	for (spin = 0; spin <= 200; spin += 200) {
		counter = 0;
		InitializeCriticalSectionEx(&section, spin, 0);
		crowd(section_user);
		CHECK_EQ(counter, CROWD * ROUNDS);
		CHECK_EQ(section.LockCount, -1);
		DeleteCriticalSection(&section);
	}
}

static SRWLOCK lock = SRWLOCK_INIT;
static unsigned int values[2];
static atomic_uint readers, most_readers;

TEST(reader_writer_lock)
{
	AcquireSRWLockShared(&lock);
	AcquireSRWLockShared(&lock);
	CHECK(TryAcquireSRWLockShared(&lock));
	CHECK(!TryAcquireSRWLockExclusive(&lock));
	ReleaseSRWLockShared(&lock);
	ReleaseSRWLockShared(&lock);
	CHECK(!TryAcquireSRWLockExclusive(&lock));
	ReleaseSRWLockShared(&lock);
	CHECK(TryAcquireSRWLockExclusive(&lock));
	CHECK(!TryAcquireSRWLockExclusive(&lock));
	CHECK(!TryAcquireSRWLockShared(&lock));
	ReleaseSRWLockExclusive(&lock);
	AcquireSRWLockExclusive(&lock);
	ReleaseSRWLockExclusive(&lock);
	/* Not held: nothing happens. */
	ReleaseSRWLockExclusive(&lock);
	ReleaseSRWLockShared(&lock);
	CHECK(!lock.Ptr);
}

static DWORD WINAPI lock_user(void *argument)
{
	unsigned int i, now, seed = (unsigned int)(uintptr_t)argument;

	for (i = 0; i < ROUNDS; i++) {
		if ((i + seed) % 4) {
			AcquireSRWLockShared(&lock);
			now = atomic_fetch_add(&readers, 1) + 1;
			CHECK_EQ(values[0], values[1]);
			if (now > atomic_load(&most_readers))
				atomic_store(&most_readers, now);
			if (i % 100 == 0)
				SwitchToThread();
			atomic_fetch_sub(&readers, 1);
			ReleaseSRWLockShared(&lock);
			continue;
		}
		AcquireSRWLockExclusive(&lock);
		values[0]++;
		if (i % 64 == 0)
			SwitchToThread();
		CHECK_EQ(atomic_load(&readers), 0);
		values[1]++;
		ReleaseSRWLockExclusive(&lock);
	}
	return 0;
}

TEST(a_reader_writer_lock_excludes)
{
	unsigned int i;

	for (i = 0; i < 5; i++)
		crowd(lock_user);
	CHECK_EQ(values[0], 5 * CROWD * ROUNDS / 4);
	CHECK(!lock.Ptr);
	printf("# readers at once: %u\n", most_readers);
}

/* A queue with room for four, many producers and consumers. */

static CONDITION_VARIABLE not_empty = CONDITION_VARIABLE_INIT, not_full = CONDITION_VARIABLE_INIT;
static unsigned int queued, produced, consumed;

static DWORD WINAPI queue_user_cs(void *argument)
{
	unsigned int i;

	for (i = 0; i < ROUNDS / 2; i++) {
		EnterCriticalSection(&section);
		if ((uintptr_t)argument & 1) {
			while (!queued)
				CHECK(SleepConditionVariableCS(&not_empty, &section, INFINITE));
			queued--;
			consumed++;
			WakeConditionVariable(&not_full);
		} else {
			while (queued == 4)
				CHECK(SleepConditionVariableCS(&not_full, &section, INFINITE));
			queued++;
			produced++;
			WakeConditionVariable(&not_empty);
		}
		LeaveCriticalSection(&section);
	}
	return 0;
}

static DWORD WINAPI queue_user_srw(void *argument)
{
	unsigned int i;

	for (i = 0; i < ROUNDS / 2; i++) {
		AcquireSRWLockExclusive(&lock);
		if ((uintptr_t)argument & 1) {
			while (!queued)
				SleepConditionVariableSRW(&not_empty, &lock,
							  i % 3 ? INFINITE : 1, 0);
			queued--;
			consumed++;
		} else {
			while (queued == 4)
				CHECK(SleepConditionVariableSRW(&not_full, &lock, INFINITE, 0));
			queued++;
			produced++;
		}
		ReleaseSRWLockExclusive(&lock);
		if ((uintptr_t)argument & 1)
			WakeAllConditionVariable(&not_full);
		else
			WakeConditionVariable(&not_empty);
	}
	return 0;
}

TEST(condition_variables)
{
	InitializeCriticalSection(&section);
	crowd(queue_user_cs);
	CHECK_EQ(produced, CROWD / 2 * (ROUNDS / 2));
	CHECK_EQ(consumed, produced);
	crowd(queue_user_srw);
	CHECK_EQ(produced, CROWD * (ROUNDS / 2));
	CHECK_EQ(consumed, produced);
	CHECK_EQ((uintptr_t)not_empty.Ptr & 0x3fff, 0);
	CHECK_EQ((uintptr_t)not_full.Ptr & 0x3fff, 0);
	DeleteCriticalSection(&section);
}

TEST(condition_timeouts)
{
	CONDITION_VARIABLE condition;
	uint64_t before = wait_now();

	InitializeConditionVariable(&condition);
	InitializeCriticalSection(&section);
	EnterCriticalSection(&section);
	SetLastError(0);
	CHECK(!SleepConditionVariableCS(&condition, &section, 20));
	CHECK_EQ(GetLastError(), ERROR_TIMEOUT);
	CHECK(wait_now() - before >= 20000000);
	CHECK_EQ(section.RecursionCount, 1);
	CHECK(!SleepConditionVariableCS(&condition, &section, 0));
	LeaveCriticalSection(&section);
	DeleteCriticalSection(&section);
	AcquireSRWLockShared(&lock);
	CHECK(!SleepConditionVariableSRW(&condition, &lock, 2, CONDITION_VARIABLE_LOCKMODE_SHARED));
	CHECK_EQ(GetLastError(), ERROR_TIMEOUT);
	CHECK(!TryAcquireSRWLockExclusive(&lock));
	ReleaseSRWLockShared(&lock);
	WakeConditionVariable(&condition);
	WakeAllConditionVariable(&condition);
}

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
static atomic_uint initialised;
static char made[4] __attribute__((aligned(4)));

static BOOL CALLBACK once_fails(PINIT_ONCE what, PVOID parameter, PVOID *context)
{
	CHECK(what == &once && !parameter);
	(void)context;
	SetLastError(77);
	return FALSE;
}

static BOOL CALLBACK once_makes(PINIT_ONCE what, PVOID parameter, PVOID *context)
{
	CHECK(what == &once && parameter == &initialised);
	Sleep(10);
	atomic_fetch_add(&initialised, 1);
	*context = made;
	return TRUE;
}

static DWORD WINAPI once_user(void *argument)
{
	void *context = NULL;

	(void)argument;
	CHECK(InitOnceExecuteOnce(&once, once_makes, &initialised, &context));
	CHECK(context == made);
	CHECK_EQ(initialised, 1);
	return 0;
}

TEST(once_for_all)
{
	void *context = NULL;
	BOOL pending;

	CHECK(!InitOnceBeginInitialize(&once, INIT_ONCE_CHECK_ONLY, &pending, &context));
	CHECK(!InitOnceExecuteOnce(&once, once_fails, NULL, &context));
	CHECK_EQ(GetLastError(), 77);
	crowd(once_user);
	CHECK(InitOnceBeginInitialize(&once, INIT_ONCE_CHECK_ONLY, &pending, &context));
	CHECK(!pending && context == made);
	CHECK(InitOnceBeginInitialize(&once, 0, &pending, NULL));
	CHECK(!pending);
	CHECK(!InitOnceComplete(&once, 0, NULL));
	InitOnceInitialize(&once);
	CHECK(InitOnceBeginInitialize(&once, INIT_ONCE_ASYNC, &pending, &context));
	CHECK(pending);
	CHECK(InitOnceBeginInitialize(&once, INIT_ONCE_ASYNC, &pending, &context));
	CHECK(pending);
	CHECK(!InitOnceBeginInitialize(&once, 0, &pending, &context));
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK(!InitOnceComplete(&once, INIT_ONCE_ASYNC, (char *)made + 1));
	CHECK(InitOnceComplete(&once, INIT_ONCE_ASYNC, made));
	CHECK(!InitOnceComplete(&once, INIT_ONCE_ASYNC, made));
	CHECK_EQ(GetLastError(), ERROR_GEN_FAILURE);
}

static volatile LONG shared_count;

static DWORD WINAPI interlocked_user(void *argument)
{
	unsigned int i;

	(void)argument;
	for (i = 0; i < ROUNDS; i++) {
		InterlockedIncrement(&shared_count);
		InterlockedExchangeAdd(&shared_count, 2);
		InterlockedDecrement(&shared_count);
	}
	return 0;
}

TEST(interlocked)
{
	crowd(interlocked_user);
	CHECK_EQ(shared_count, CROWD * ROUNDS * 2);
	CHECK_EQ(InterlockedCompareExchange(&shared_count, 5, -1), CROWD * ROUNDS * 2);
	CHECK_EQ(InterlockedExchange(&shared_count, 7), CROWD * ROUNDS * 2);
	CHECK_EQ(InterlockedExchangeAdd(&shared_count, 3), 7);
	CHECK_EQ(InterlockedIncrement(&shared_count), 11);
	CHECK_EQ(InterlockedDecrement(&shared_count), 10);
}
