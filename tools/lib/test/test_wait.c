// SPDX-License-Identifier: MIT
/* Events, mutexes, semaphores, and waiting for one, any and all of them. */

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

#include "tap.h"
#include "waiters.h"

#define MANY	8u

static HANDLE event_new(bool manual, bool set)
{
	return CreateEventA(NULL, manual, set, NULL);
}

static bool is_set(HANDLE handle)
{
	DWORD result = WaitForSingleObject(handle, 0);

	CHECK(result == WAIT_OBJECT_0 || result == WAIT_TIMEOUT);
	return result == WAIT_OBJECT_0;
}

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

TEST(manual_reset_event)
{
	HANDLE event = event_new(true, false);

	CHECK(!is_set(event));
	CHECK(SetEvent(event));
	CHECK(is_set(event));
	CHECK(is_set(event));
	CHECK(ResetEvent(event));
	CHECK(!is_set(event));
	CHECK(PulseEvent(event));
	CHECK(!is_set(event));
	CloseHandle(event);
	event = event_new(true, true);
	CHECK(is_set(event));
	CloseHandle(event);
}

TEST(auto_reset_event)
{
	HANDLE event = event_new(false, true);

	CHECK(is_set(event));
	CHECK(!is_set(event));
	CHECK(SetEvent(event));
	CHECK(SetEvent(event));
	CHECK(is_set(event));
	CHECK(!is_set(event));
	CloseHandle(event);
}

TEST(events_with_flags)
{
	HANDLE event = CreateEventExW(NULL, NULL, CREATE_EVENT_MANUAL_RESET |
				      CREATE_EVENT_INITIAL_SET, EVENT_ALL_ACCESS);

	CHECK(is_set(event));
	CHECK(is_set(event));
	CloseHandle(event);
	CHECK(!CreateEventExA(NULL, NULL, 8, EVENT_ALL_ACCESS));
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
}

TEST(semaphore)
{
	HANDLE semaphore = CreateSemaphoreA(NULL, 2, 3, NULL);
	LONG before = -1;

	CHECK(is_set(semaphore));
	CHECK(is_set(semaphore));
	CHECK(!is_set(semaphore));
	CHECK(ReleaseSemaphore(semaphore, 2, &before));
	CHECK_EQ(before, 0);
	CHECK(!ReleaseSemaphore(semaphore, 2, &before));
	CHECK_EQ(GetLastError(), ERROR_TOO_MANY_POSTS);
	CHECK(!ReleaseSemaphore(semaphore, 0, NULL));
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK(ReleaseSemaphore(semaphore, 1, &before));
	CHECK_EQ(before, 2);
	CHECK(is_set(semaphore));
	CloseHandle(semaphore);
	CHECK(!CreateSemaphoreA(NULL, 1, 0, NULL));
	CHECK(!CreateSemaphoreA(NULL, -1, 1, NULL));
	CHECK(!CreateSemaphoreA(NULL, 2, 1, NULL));
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
}

static DWORD WINAPI mutex_other(void *argument)
{
	CHECK_EQ(WaitForSingleObject(argument, 0), WAIT_TIMEOUT);
	CHECK(!ReleaseMutex(argument));
	CHECK_EQ(GetLastError(), ERROR_NOT_OWNER);
	return 0;
}

static DWORD WINAPI mutex_leaves(void *argument)
{
	CHECK_EQ(WaitForSingleObject(argument, 0), WAIT_OBJECT_0);
	CHECK_EQ(WaitForSingleObject(argument, 0), WAIT_OBJECT_0);
	return 0;
}

TEST(mutex)
{
	HANDLE mutex = CreateMutexA(NULL, TRUE, NULL), event = event_new(true, false), handles[2];

	CHECK_EQ(WaitForSingleObject(mutex, 0), WAIT_OBJECT_0);
	join(start(mutex_other, mutex));
	CHECK(ReleaseMutex(mutex));
	join(start(mutex_other, mutex));
	CHECK(ReleaseMutex(mutex));
	CHECK(!ReleaseMutex(mutex));
	CHECK_EQ(GetLastError(), ERROR_NOT_OWNER);

	join(start(mutex_leaves, mutex));
	CHECK_EQ(WaitForSingleObject(mutex, 0), WAIT_ABANDONED);
	CHECK_EQ(WaitForSingleObject(mutex, 0), WAIT_OBJECT_0);
	CHECK(ReleaseMutex(mutex) && ReleaseMutex(mutex));

	handles[0] = event;
	handles[1] = mutex;
	join(start(mutex_leaves, mutex));
	CHECK_EQ(WaitForMultipleObjects(2, handles, TRUE, 0), WAIT_TIMEOUT);
	CHECK_EQ(WaitForMultipleObjects(2, handles, FALSE, 0), WAIT_ABANDONED_0 + 1);
	CHECK(ReleaseMutex(mutex));
	join(start(mutex_leaves, mutex));
	SetEvent(event);
	CHECK_EQ(WaitForMultipleObjects(2, handles, TRUE, 0), WAIT_ABANDONED_0);
	/* Closed while it is owned */
	CHECK(CloseHandle(mutex));
	CloseHandle(event);
}

static DWORD WINAPI mutex_waits(void *argument)
{
	return WaitForSingleObject(argument, INFINITE);
}

TEST(an_abandoned_mutex_wakes)
{
	HANDLE mutex = CreateMutexW(NULL, TRUE, NULL), thread = start(mutex_waits, mutex);
	DWORD code;

	Sleep(20);
	CHECK(GetExitCodeThread(thread, &code));
	CHECK_EQ(code, STILL_ACTIVE);
	CHECK(ReleaseMutex(mutex));
	CHECK_EQ(WaitForSingleObject(thread, 60000), WAIT_OBJECT_0);
	CHECK(GetExitCodeThread(thread, &code));
	CHECK_EQ(code, WAIT_OBJECT_0);
	CloseHandle(thread);
	CHECK_EQ(WaitForSingleObject(mutex, INFINITE), WAIT_ABANDONED);
	CloseHandle(mutex);
}

TEST(bad_arguments)
{
	HANDLE event = event_new(true, true), handles[MAXIMUM_WAIT_OBJECTS + 1];
	HANDLE closed = event_new(true, true);
	unsigned int i;

	CloseHandle(closed);
	for (i = 0; i <= MAXIMUM_WAIT_OBJECTS; i++)
		handles[i] = event;
	CHECK_EQ(WaitForMultipleObjects(0, handles, FALSE, 0), WAIT_FAILED);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	SetLastError(0);
	CHECK_EQ(WaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS + 1, handles, FALSE, 0), WAIT_FAILED);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK_EQ(WaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS, handles, FALSE, 0), WAIT_OBJECT_0);
	CHECK_EQ(WaitForMultipleObjects(1, NULL, FALSE, 0), WAIT_FAILED);
	SetLastError(0);
	CHECK_EQ(WaitForMultipleObjects(2, handles, TRUE, 0), WAIT_FAILED);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK_EQ(WaitForMultipleObjects(1, handles, TRUE, 0), WAIT_OBJECT_0);
	handles[1] = closed;
	CHECK_EQ(WaitForMultipleObjects(2, handles, FALSE, 0), WAIT_FAILED);
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	handles[1] = NULL;
	CHECK_EQ(WaitForMultipleObjects(2, handles, FALSE, INFINITE), WAIT_FAILED);
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CloseHandle(event);
}

TEST(the_lowest_index_comes_first)
{
	HANDLE handles[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++)
		handles[i] = event_new(false, true);
	for (i = 0; i < MANY; i++)
		CHECK_EQ(WaitForMultipleObjects(MANY, handles, FALSE, INFINITE), WAIT_OBJECT_0 + i);
	CHECK_EQ(WaitForMultipleObjects(MANY, handles, FALSE, 0), WAIT_TIMEOUT);
	for (i = 0; i < MANY; i++)
		CloseHandle(handles[i]);
}

TEST(all_or_nothing_is_consumed)
{
	HANDLE handles[3] = { event_new(false, true), event_new(false, false),
			      CreateSemaphoreA(NULL, 1, 9, NULL) };

	CHECK_EQ(WaitForMultipleObjects(3, handles, TRUE, 10), WAIT_TIMEOUT);
	CHECK(is_set(handles[0]));
	CHECK(SetEvent(handles[0]));
	CHECK(SetEvent(handles[1]));
	CHECK_EQ(WaitForMultipleObjects(3, handles, TRUE, INFINITE), WAIT_OBJECT_0);
	CHECK(!is_set(handles[0]));
	CHECK(!is_set(handles[1]));
	CHECK(!is_set(handles[2]));
	CloseHandle(handles[0]);
	CloseHandle(handles[1]);
	CloseHandle(handles[2]);
}

TEST(a_timeout_does_not_end_early)
{
	static const DWORD times[] = { 1, 2, 5, 17, 60 };
	HANDLE handles[2] = { event_new(true, false), event_new(true, false) };
	uint64_t before;
	ULONGLONG tick;
	unsigned int i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		before = wait_now();
		tick = GetTickCount64();
		CHECK_EQ(WaitForMultipleObjects(2, handles, i & 1, times[i]), WAIT_TIMEOUT);
		CHECK(wait_now() - before >= times[i] * 1000000ull);
		CHECK(GetTickCount64() - tick >= times[i]);
		before = wait_now();
		Sleep(times[i]);
		CHECK(wait_now() - before >= times[i] * 1000000ull);
	}
	CloseHandle(handles[0]);
	CloseHandle(handles[1]);
}

static atomic_uint alarms;

static void alarm_rings(int signal)
{
	(void)signal;
	atomic_fetch_add(&alarms, 1);
}

static void alarm_every(int us)
{
	struct itimerval interval = { { 0, us }, { 0, us } };

	signal(SIGALRM, us ? alarm_rings : SIG_IGN);
	CHECK(!setitimer(ITIMER_REAL, &interval, NULL));
}

TEST(signals_do_not_end_it)
{
	HANDLE event = event_new(true, false);
	unsigned int rounds = 0;
	uint64_t before;

	alarm_every(3000);
	/* However rarely a busy machine lets them ring. */
	for (alarms = 0; alarms < 3 && rounds < 100; rounds++) {
		before = wait_now();
		CHECK_EQ(WaitForSingleObject(event, 40), WAIT_TIMEOUT);
		CHECK(wait_now() - before >= 40000000);
		before = wait_now();
		Sleep(40);
		CHECK(wait_now() - before >= 40000000);
	}
	alarm_every(0);
	CHECK(alarms > 2);
	CloseHandle(event);
}

static DWORD WINAPI waits(void *argument)
{
	CHECK_EQ(WaitForSingleObject(argument, INFINITE), WAIT_OBJECT_0);
	return 0;
}

static unsigned int ended(HANDLE *threads, unsigned int n)
{
	unsigned int count = 0;

	while (n--)
		count += is_set(threads[n]);
	return count;
}

static bool all_ended(HANDLE *threads, unsigned int n, unsigned int want)
{
	unsigned int i;

	for (i = 0; i < 5000 && ended(threads, n) < want; i++)
		Sleep(1);
	Sleep(5);
	return CHECK_EQ(ended(threads, n), want);
}

TEST(each_set_lets_one_through)
{
	HANDLE event = event_new(false, false), threads[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++)
		threads[i] = start(waits, event);
	await_waiters(event, MANY);
	all_ended(threads, MANY, 0);
	CHECK(SetEvent(event));
	all_ended(threads, MANY, 1);
	/* Both are seen, for who sleeps is let through at once. */
	CHECK(SetEvent(event));
	CHECK(SetEvent(event));
	all_ended(threads, MANY, 3);
	for (i = 0; i < MANY - 3; i++)
		CHECK(SetEvent(event));
	for (i = 0; i < MANY; i++)
		join(threads[i]);
	CHECK(!is_set(event));
	CloseHandle(event);
}

TEST(a_pulse_lets_all_through)
{
	HANDLE event = event_new(true, false), threads[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++)
		threads[i] = start(waits, event);
	await_waiters(event, MANY);
	CHECK(SetEvent(event));
	CHECK(ResetEvent(event));
	for (i = 0; i < MANY; i++)
		join(threads[i]);
	CHECK(!is_set(event));
	CloseHandle(event);
}

TEST(a_semaphore_lets_so_many_through)
{
	HANDLE semaphore = CreateSemaphoreA(NULL, 0, MANY, NULL), threads[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++)
		threads[i] = start(waits, semaphore);
	await_waiters(semaphore, 1);
	CHECK(ReleaseSemaphore(semaphore, 3, NULL));
	all_ended(threads, MANY, 3);
	CHECK(ReleaseSemaphore(semaphore, MANY - 3, NULL));
	for (i = 0; i < MANY; i++)
		join(threads[i]);
	CHECK(!is_set(semaphore));
	CloseHandle(semaphore);
}

static HANDLE pair[2];

static DWORD WINAPI waits_for_pair(void *argument)
{
	CHECK_EQ(WaitForMultipleObjects(2, pair, argument != NULL, INFINITE), WAIT_OBJECT_0);
	return 0;
}

TEST(all_while_asleep)
{
	HANDLE thread;

	pair[0] = event_new(false, false);
	pair[1] = event_new(false, false);
	thread = start(waits_for_pair, pair);
	await_waiters(pair[0], 1);
	CHECK(SetEvent(pair[0]));
	Sleep(10);
	/* It was not consumed by the one who waits for both. */
	CHECK(is_set(pair[0]));
	CHECK(SetEvent(pair[1]));
	Sleep(10);
	CHECK(!is_set(thread));
	CHECK(SetEvent(pair[0]));
	join(thread);
	CHECK(!is_set(pair[0]));
	CHECK(!is_set(pair[1]));
	CloseHandle(pair[0]);
	CloseHandle(pair[1]);
}

TEST(the_same_twice_while_asleep)
{
	HANDLE thread;

	pair[0] = pair[1] = event_new(false, false);
	thread = start(waits_for_pair, NULL);
	await_waiters(pair[0], 1);
	CHECK(SetEvent(pair[0]));
	join(thread);
	CHECK(!is_set(pair[0]));
	CloseHandle(pair[0]);
}

TEST(a_handle_closed_during_the_wait)
{
	HANDLE event = event_new(true, false), copy, thread;

	DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &copy, 0, FALSE,
			DUPLICATE_SAME_ACCESS);
	thread = start(waits, event);
	await_waiters(event, 1);
	CHECK(CloseHandle(event));
	CHECK(SetEvent(copy));
	join(thread);
	CloseHandle(copy);
}

TEST(signal_and_wait)
{
	HANDLE one = event_new(false, false), two = event_new(false, true);
	HANDLE mutex = CreateMutexA(NULL, TRUE, NULL);

	CHECK_EQ(SignalObjectAndWait(one, two, 0, FALSE), WAIT_OBJECT_0);
	CHECK(is_set(one));
	CHECK_EQ(SignalObjectAndWait(mutex, two, 1, FALSE), WAIT_TIMEOUT);
	CHECK_EQ(SignalObjectAndWait(mutex, two, 1, FALSE), WAIT_FAILED);
	CHECK_EQ(GetLastError(), ERROR_NOT_OWNER);
	CHECK_EQ(SignalObjectAndWait(NULL, two, 1, FALSE), WAIT_FAILED);
	CHECK_EQ(SignalObjectAndWait(one, NULL, 1, FALSE), WAIT_FAILED);
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(!is_set(one));
	CloseHandle(one);
	CloseHandle(two);
	CloseHandle(mutex);
}

/* What is taken equals what was given, with every way to wait and timeouts in between. */

#define GIVEN	4000u

static HANDLE tokens[4];
static atomic_uint taken[4], both;
static atomic_bool stop;

static DWORD WINAPI taker(void *argument)
{
	unsigned int seed = (unsigned int)(uintptr_t)argument, i = 0;
	DWORD result;

	while (!atomic_load(&stop)) {
		switch (seed++ % 4) {
		case 0:
			result = WaitForMultipleObjects(4, tokens, FALSE, 3);
			break;
		case 1:
			result = WaitForMultipleObjects(2, &tokens[1], TRUE, 2);
			if (result == WAIT_OBJECT_0) {
				atomic_fetch_add(&taken[1], 1);
				atomic_fetch_add(&taken[2], 1);
				atomic_fetch_add(&both, 1);
			}
			continue;
		case 2:
			i = seed / 4 % 4;
			result = WaitForSingleObject(tokens[i], seed % 3);
			result += result == WAIT_OBJECT_0 ? i : 0;
			break;
		default:
			result = WaitForMultipleObjects(4, tokens, FALSE, 0);
			break;
		}
		if (result < 4)
			atomic_fetch_add(&taken[result], 1);
		else
			CHECK_EQ(result, WAIT_TIMEOUT);
	}
	return 0;
}

static DWORD WINAPI giver(void *argument)
{
	unsigned int i;

	for (i = 0; i < GIVEN; i++) {
		CHECK(ReleaseSemaphore(tokens[i % 4], 1, NULL));
		if (i % 64 == (unsigned int)(uintptr_t)argument)
			Sleep(1);
	}
	return 0;
}

TEST(nothing_is_lost_among_many)
{
	enum { TAKERS = 6, GIVERS = 2 };
	HANDLE takers[TAKERS], givers[GIVERS];
	unsigned int i, left;

	for (i = 0; i < 4; i++)
		tokens[i] = CreateSemaphoreA(NULL, 0, GIVEN * GIVERS, NULL);
	for (i = 0; i < TAKERS; i++)
		takers[i] = start(taker, (void *)(uintptr_t)i);
	for (i = 0; i < GIVERS; i++)
		givers[i] = start(giver, (void *)(uintptr_t)i);
	for (i = 0; i < GIVERS; i++)
		join(givers[i]);
	atomic_store(&stop, true);
	for (i = 0; i < TAKERS; i++)
		join(takers[i]);
	for (i = 0; i < 4; i++) {
		for (left = 0; is_set(tokens[i]); left++)
			;
		CHECK_EQ(taken[i] + left, GIVEN * GIVERS / 4);
		CloseHandle(tokens[i]);
	}
}

static HANDLE guard;
static unsigned int guarded;

static DWORD WINAPI mutex_user(void *argument)
{
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		CHECK_EQ(WaitForSingleObject(guard, INFINITE), WAIT_OBJECT_0);
		guarded++;
		CHECK(ReleaseMutex(guard));
	}
	(void)argument;
	return 0;
}

TEST(a_mutex_excludes)
{
	HANDLE threads[MANY];
	unsigned int i;

	guard = CreateMutexA(NULL, FALSE, NULL);
	for (i = 0; i < MANY; i++)
		threads[i] = start(mutex_user, NULL);
	for (i = 0; i < MANY; i++)
		join(threads[i]);
	CHECK_EQ(guarded, 2000 * MANY);
	CloseHandle(guard);
}

static DWORD WINAPI ping_pong(void *argument)
{
	HANDLE *events = argument;
	unsigned int i;

	for (i = 0; i < 3000; i++) {
		CHECK_EQ(WaitForSingleObject(events[0], INFINITE), WAIT_OBJECT_0);
		SetEvent(events[1]);
	}
	return 0;
}

TEST(ping_pong)
{
	HANDLE events[2] = { event_new(false, false), event_new(false, false) };
	HANDLE thread = start(ping_pong, events);
	uint64_t before = wait_now();
	unsigned int i;

	for (i = 0; i < 3000; i++)
		CHECK_EQ(SignalObjectAndWait(events[0], events[1], INFINITE, FALSE), WAIT_OBJECT_0);
	printf("# ping-pong between threads: %u ns\n",
	       (unsigned int)((wait_now() - before) / 3000));
	join(thread);
	CloseHandle(events[0]);
	CloseHandle(events[1]);
}

TEST(cost_when_nothing_blocks)
{
	enum { COUNT = 200000 };
	HANDLE event = event_new(false, false);
	uint64_t before = wait_now();
	unsigned int i;

	for (i = 0; i < COUNT; i++) {
		SetEvent(event);
		WaitForSingleObject(event, INFINITE);
	}
	printf("# SetEvent and WaitForSingleObject: %u ns\n",
	       (unsigned int)((wait_now() - before) / COUNT));
	CloseHandle(event);
}
