// SPDX-License-Identifier: MIT
/* Threads, their ends, and what belongs to each. */

#include <errno.h>
#include <process.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "thread.h"
#include "wait.h"

static DWORD exit_code(HANDLE thread)
{
	DWORD code = 77;

	CHECK(GetExitCodeThread(thread, &code));
	return code;
}

static void join(HANDLE thread, DWORD code)
{
	CHECK_EQ(WaitForSingleObject(thread, 60000), WAIT_OBJECT_0);
	CHECK_EQ(exit_code(thread), code);
	CHECK(CloseHandle(thread));
}

static DWORD WINAPI returns(void *argument)
{
	return (DWORD)(uintptr_t)argument;
}

static DWORD WINAPI exits(void *argument)
{
	ExitThread((DWORD)(uintptr_t)argument);
}

static DWORD WINAPI waits(void *argument)
{
	return WaitForSingleObject(argument, INFINITE) + 5;
}

TEST(a_thread_ends_with_its_code)
{
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
	HANDLE thread = CreateThread(NULL, 0, waits, event, 0, NULL);

	CHECK(thread);
	CHECK_EQ(WaitForSingleObject(thread, 0), WAIT_TIMEOUT);
	CHECK_EQ(exit_code(thread), STILL_ACTIVE);
	CHECK(SetEvent(event));
	join(thread, 5);
	CloseHandle(event);
	join(CreateThread(NULL, 0, returns, (void *)7, 0, NULL), 7);
	join(CreateThread(NULL, 0, exits, (void *)8, 0, NULL), 8);
	join(CreateThread(NULL, 0, returns, (void *)(uintptr_t)0xfffffffe, 0, NULL), 0xfffffffe);
}

TEST(a_thread_does_not_need_its_handle)
{
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), done;
	HANDLE thread = CreateThread(NULL, 0, waits, event, 0, NULL);

	CHECK(DuplicateHandle(GetCurrentProcess(), thread, GetCurrentProcess(), &done, 0, FALSE,
			      DUPLICATE_SAME_ACCESS));
	CHECK(CloseHandle(thread));
	CHECK(SetEvent(event));
	join(done, 5);
	CHECK(CloseHandle(CreateThread(NULL, 0, returns, NULL, 0, NULL)));
	CloseHandle(event);
}

static DWORD WINAPI tells_id(void *argument)
{
	atomic_store((atomic_uint *)argument, GetCurrentThreadId());
	return 0;
}

TEST(ids)
{
	atomic_uint told = 0;
	DWORD id = 0, again;
	HANDLE thread = CreateThread(NULL, 0, tells_id, &told, 0, &id);

	CHECK(id);
	CHECK_EQ(GetThreadId(thread), id);
	CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
	CHECK_EQ(told, id);
	CHECK_EQ(GetThreadId(thread), id);
	CloseHandle(thread);
	again = GetCurrentThreadId();
	CHECK_EQ(again, syscall(SYS_gettid));
	CHECK_EQ(GetThreadId(GetCurrentThread()), again);
	CHECK_EQ(GetCurrentProcessId(), getpid());
	CHECK_EQ(GetThreadId(NULL), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
}

TEST(suspended)
{
	atomic_uint told = 0;
	DWORD id;
	HANDLE thread = CreateThread(NULL, 0, tells_id, &told, CREATE_SUSPENDED, &id);

	CHECK_EQ(WaitForSingleObject(thread, 20), WAIT_TIMEOUT);
	CHECK_EQ(told, 0);
	CHECK_EQ(ResumeThread(thread), 1);
	CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
	CHECK_EQ(told, id);
	CHECK_EQ(ResumeThread(thread), 0);
	CloseHandle(thread);
	CHECK_EQ(ResumeThread(thread), (DWORD)-1);
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
}

TEST(bad_arguments)
{
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
	DWORD code;

	CHECK(!CreateThread(NULL, 0, NULL, NULL, 0, NULL));
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK(!CreateThread(NULL, 0, returns, NULL, 0x80, NULL));
	CHECK(!GetExitCodeThread(event, &code));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(!GetExitCodeThread(GetCurrentThread(), NULL));
	CHECK(!SetThreadPriority(event, 0));
	CHECK_EQ(GetThreadPriority(event), THREAD_PRIORITY_ERROR_RETURN);
	/* No address space has room for it. */
	CHECK(!CreateThread(NULL, (SIZE_T)-1 / 16 * 15, returns, NULL, 0, NULL));
	CHECK_EQ(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
	errno = 0;
	CHECK_EQ(_beginthreadex(NULL, 0, NULL, NULL, 0, NULL), 0);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(_beginthread(NULL, 0, NULL), (uintptr_t)-1);
	CloseHandle(event);
}

static unsigned int __stdcall returns_ex(void *argument)
{
	return (unsigned int)(uintptr_t)argument;
}

static unsigned int __stdcall exits_ex(void *argument)
{
	_endthreadex((unsigned int)(uintptr_t)argument);
}

static void __cdecl signals(void *argument)
{
	SetEvent(argument);
}

static void __cdecl signals_and_ends(void *argument)
{
	SetEvent(argument);
	_endthread();
}

TEST(threads_of_the_c_library)
{
	HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
	uintptr_t handle;
	unsigned int id, i;

	handle = _beginthreadex(NULL, 4096, returns_ex, (void *)3, 0, &id);
	CHECK_EQ(GetThreadId((HANDLE)handle), id);
	join((HANDLE)handle, 3);
	join((HANDLE)_beginthreadex(NULL, 0, exits_ex, (void *)4, 0, NULL), 4);
	handle = _beginthreadex(NULL, 0, returns_ex, (void *)5, CREATE_SUSPENDED, NULL);
	CHECK_EQ(ResumeThread((HANDLE)handle), 1);
	join((HANDLE)handle, 5);
	/* _beginthread closes the handle itself. */
	for (i = 0; i < 2; i++) {
		handle = _beginthread(i ? signals : signals_and_ends, 0, event);
		CHECK(handle && handle != (uintptr_t)-1);
		CHECK_EQ(WaitForSingleObject(event, 60000), WAIT_OBJECT_0);
		while (WaitForSingleObject((HANDLE)handle, 0) != WAIT_FAILED)
			SwitchToThread();
		CHECK(!CloseHandle((HANDLE)handle));
	}
	CloseHandle(event);
}

static DWORD WINAPI uses_stack(void *argument)
{
	volatile char large[512 * 1024];
	size_t i;

	(void)argument;
	for (i = 0; i < sizeof(large); i += 1024)
		large[i] = 1;
	return large[0];
}

static DWORD WINAPI tells_stack(void *argument)
{
	pthread_attr_t attributes;
	size_t size = 0;

	(void)argument;
	CHECK(!pthread_getattr_np(pthread_self(), &attributes));
	pthread_attr_getstacksize(&attributes, &size);
	pthread_attr_destroy(&attributes);
	return (DWORD)(size / 1024);
}

TEST(stacks)
{
	HANDLE thread;

	/* A small size is what is there at first. */
	join(CreateThread(NULL, 4096, uses_stack, NULL, 0, NULL), 1);
	join(CreateThread(NULL, 64 * 1024 * 1024, uses_stack, NULL, 0, NULL), 1);
	thread = CreateThread(NULL, 1024 * 1024, tells_stack, NULL,
			      STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
	CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
	CHECK(exit_code(thread) >= 1024 && exit_code(thread) < 4096);
	CloseHandle(thread);
}

/* Rounded up to whole pages it would be nothing. */
TEST(a_stack_that_there_is_no_memory_for)
{
	CHECK(!CreateThread(NULL, (SIZE_T)-1, returns, NULL, 0, NULL));
	CHECK_EQ(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
}

TEST(priorities)
{
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
	HANDLE thread = CreateThread(NULL, 0, waits, event, CREATE_SUSPENDED, NULL);

	CHECK_EQ(GetThreadPriority(thread), THREAD_PRIORITY_NORMAL);
	CHECK(SetThreadPriority(thread, THREAD_PRIORITY_TIME_CRITICAL));
	CHECK_EQ(GetThreadPriority(thread), THREAD_PRIORITY_TIME_CRITICAL);
	ResumeThread(thread);
	CHECK(SetThreadPriority(thread, THREAD_PRIORITY_LOWEST));
	CHECK_EQ(GetThreadPriority(thread), THREAD_PRIORITY_LOWEST);
	CHECK(SetThreadPriority(thread, THREAD_PRIORITY_NORMAL));
	CHECK(!SetThreadPriority(thread, 5));
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	SetEvent(event);
	CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
	CHECK(SetThreadPriority(thread, THREAD_PRIORITY_HIGHEST));
	CloseHandle(thread);
	CHECK(SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_ABOVE_NORMAL));
	CHECK_EQ(GetThreadPriority(GetCurrentThread()), THREAD_PRIORITY_ABOVE_NORMAL);
	CHECK(SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_NORMAL));
	CloseHandle(event);
}

/* Threads that pthread made */

static HANDLE foreign_handle, foreign_mutex;

static void *foreign(void *argument)
{
	HANDLE self = GetCurrentProcess();

	CHECK_EQ(exit_code(GetCurrentThread()), STILL_ACTIVE);
	CHECK(DuplicateHandle(self, GetCurrentThread(), self, &foreign_handle, 0, FALSE,
			      DUPLICATE_SAME_ACCESS));
	CHECK_EQ(WaitForSingleObject(foreign_mutex, INFINITE), WAIT_OBJECT_0);
	if (argument)
		ExitThread(9);
	return NULL;
}

TEST(threads_of_pthread)
{
	pthread_t thread;
	unsigned int i;

	foreign_mutex = CreateMutexA(NULL, FALSE, NULL);
	for (i = 0; i < 2; i++) {
		CHECK(!pthread_create(&thread, NULL, foreign, (void *)(uintptr_t)i));
		pthread_join(thread, NULL);
		join(foreign_handle, i ? 9 : 0);
		CHECK_EQ(WaitForSingleObject(foreign_mutex, 0), WAIT_ABANDONED);
		CHECK(ReleaseMutex(foreign_mutex));
	}
	CloseHandle(foreign_mutex);
}

/* Values of a thread */

static DWORD indices[2];

static DWORD WINAPI has_none(void *argument)
{
	CHECK(!TlsGetValue(indices[0]));
	CHECK_EQ(GetLastError(), ERROR_SUCCESS);
	CHECK(TlsSetValue(indices[0], argument));
	CHECK(TlsGetValue(indices[0]) == argument);
	return 0;
}

TEST(thread_local_values)
{
	DWORD index;

	indices[0] = TlsAlloc();
	indices[1] = TlsAlloc();
	CHECK(indices[0] != indices[1]);
	CHECK(!TlsGetValue(indices[0]));
	CHECK(TlsSetValue(indices[0], (void *)1));
	CHECK(TlsSetValue(indices[1], (void *)2));
	join(CreateThread(NULL, 0, has_none, (void *)3, 0, NULL), 0);
	SetLastError(5);
	CHECK(TlsGetValue(indices[0]) == (void *)1);
	CHECK_EQ(GetLastError(), ERROR_SUCCESS);
	CHECK(TlsGetValue(indices[1]) == (void *)2);
	CHECK(TlsFree(indices[0]));
	CHECK(!TlsFree(indices[0]));
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	index = TlsAlloc();
	CHECK_EQ(index, indices[0]);
	CHECK(!TlsGetValue(index));
	CHECK(TlsFree(index));
	CHECK(TlsFree(indices[1]));
	CHECK(!TlsGetValue(5000));
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK(!TlsSetValue(TLS_OUT_OF_INDEXES, NULL));
}

TEST(all_indices)
{
	static DWORD all[1200];
	unsigned int n = 0, i;

	while (n < 1200 && (all[n] = TlsAlloc()) != TLS_OUT_OF_INDEXES)
		n++;
	CHECK(n >= 1088);
	CHECK_EQ(GetLastError(), ERROR_NO_MORE_ITEMS);
	for (i = 0; i < n; i++)
		CHECK(TlsSetValue(all[i], &all[i]));
	for (i = 0; i < n; i++)
		CHECK(TlsGetValue(all[i]) == &all[i]);
	for (i = 0; i < n; i++)
		CHECK(TlsFree(all[i]));
}

/* Many */

static atomic_uint ran;

static DWORD WINAPI runs(void *argument)
{
	atomic_fetch_add(&ran, 1);
	if ((uintptr_t)argument % 3 == 0)
		ExitThread(1);
	return 0;
}

TEST(many_threads)
{
	enum { ROUNDS = 40, CROWD = 32 };
	HANDLE threads[CROWD];
	unsigned int round, i;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < CROWD; i++)
			threads[i] = CreateThread(NULL, 0, runs, (void *)(uintptr_t)i, 0, NULL);
		CHECK_EQ(WaitForMultipleObjects(CROWD, threads, TRUE, 60000), WAIT_OBJECT_0);
		for (i = 0; i < CROWD; i++)
			CHECK(CloseHandle(threads[i]));
	}
	CHECK_EQ(ran, ROUNDS * CROWD);
}

/* Everything a thread did is there before it is signalled. */
static pthread_key_t late_key;
static atomic_uint late;

static void late_destructor(void *value)
{
	(void)value;
	usleep(2000);
	atomic_store(&late, 1);
}

static DWORD WINAPI has_destructor(void *argument)
{
	pthread_setspecific(late_key, argument);
	return 0;
}

TEST(destructors_come_before_the_end)
{
	CHECK(!pthread_key_create(&late_key, late_destructor));
	join(CreateThread(NULL, 0, has_destructor, &late, 0, NULL), 0);
	CHECK_EQ(late, 1);
	pthread_key_delete(late_key);
}

TEST(clocks)
{
	LARGE_INTEGER frequency, before, after;
	FILETIME now = { 0, 0 };
	SYSTEMTIME utc;
	ULONGLONG ticks = GetTickCount64(), seconds;

	CHECK(QueryPerformanceFrequency(&frequency));
	CHECK(frequency.QuadPart >= 1000000);
	CHECK(QueryPerformanceCounter(&before));
	Sleep(30);
	CHECK(QueryPerformanceCounter(&after));
	CHECK((after.QuadPart - before.QuadPart) * 1000 / frequency.QuadPart >= 30);
	CHECK(GetTickCount64() - ticks >= 30);
	CHECK(GetTickCount() - (DWORD)ticks >= 30);
	GetSystemTimeAsFileTime(&now);
	seconds = ((ULONGLONG)now.dwHighDateTime << 32 | now.dwLowDateTime) / 10000000;
	CHECK(llabs((long long)(seconds - 11644473600ull) - (long long)time(NULL)) <= 1);
	GetSystemTime(&utc);
	CHECK(utc.wYear >= 2024 && utc.wMonth >= 1 && utc.wMonth <= 12);
	CHECK(!QueryPerformanceCounter(NULL));
	CHECK_EQ(SleepEx(1, TRUE), 0);
}
