// SPDX-License-Identifier: MIT
/* Clocks, and sleeping by them. */

#include <errno.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "wait.h"

#define TICKS_PER_SECOND	10000000u	/* of 100 ns, as Windows 10 has it too */
#define NS_PER_TICK		100u
#define NS_PER_SECOND		1000000000u
#define MS_PER_SECOND		1000u
#define NS_PER_MS		1000000u
/* From 1601 to 1970 */
#define EPOCH_SECONDS		11644473600u

static struct timespec clock_read(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now;
}

/* Since the system started, the time it was suspended included. */
ULONGLONG WINAPI GetTickCount64(void)
{
	struct timespec now = clock_read(CLOCK_BOOTTIME);

	return (ULONGLONG)now.tv_sec * MS_PER_SECOND + (ULONGLONG)now.tv_nsec / NS_PER_MS;
}

DWORD WINAPI GetTickCount(void)
{
	return (DWORD)GetTickCount64();
}

BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *count)
{
	if (!count) {
		SetLastError(ERROR_NOACCESS);
		return FALSE;
	}
	count->QuadPart = (LONGLONG)(wait_now() / NS_PER_TICK);
	return TRUE;
}

BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *frequency)
{
	if (!frequency) {
		SetLastError(ERROR_NOACCESS);
		return FALSE;
	}
	frequency->QuadPart = TICKS_PER_SECOND;
	return TRUE;
}

VOID WINAPI GetSystemTimePreciseAsFileTime(LPFILETIME time)
{
	struct timespec now = clock_read(CLOCK_REALTIME);
	ULONGLONG ticks = ((ULONGLONG)now.tv_sec + EPOCH_SECONDS) * TICKS_PER_SECOND +
			  (ULONGLONG)now.tv_nsec / NS_PER_TICK;

	time->dwLowDateTime = (DWORD)ticks;
	time->dwHighDateTime = (DWORD)(ticks >> 32);
}

VOID WINAPI GetSystemTimeAsFileTime(LPFILETIME time)
{
	GetSystemTimePreciseAsFileTime(time);
}

static void system_time(SYSTEMTIME *time, struct tm *(*convert)(const time_t *, struct tm *))
{
	struct timespec now = clock_read(CLOCK_REALTIME);
	struct tm parts = { 0 };

	convert(&now.tv_sec, &parts);
	time->wYear = (WORD)(parts.tm_year + 1900);
	time->wMonth = (WORD)(parts.tm_mon + 1);
	time->wDayOfWeek = (WORD)parts.tm_wday;
	time->wDay = (WORD)parts.tm_mday;
	time->wHour = (WORD)parts.tm_hour;
	time->wMinute = (WORD)parts.tm_min;
	time->wSecond = (WORD)parts.tm_sec;
	time->wMilliseconds = (WORD)(now.tv_nsec / NS_PER_MS);
}

VOID WINAPI GetSystemTime(LPSYSTEMTIME time)
{
	system_time(time, gmtime_r);
}

VOID WINAPI GetLocalTime(LPSYSTEMTIME time)
{
	system_time(time, localtime_r);
}

static uint64_t time_loaded;

static __attribute__((constructor)) void time_begin(void)
{
	time_loaded = wait_now();
}

clock_t clock(void)
{
	return (clock_t)((wait_now() - time_loaded) / 1000000);
}

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

VOID WINAPI Sleep(DWORD ms)
{
	struct timespec until;
	uint64_t deadline;
	int saved = errno;

	if (ms == INFINITE)
		sleep_for_ever();
	if (!ms) {
		sched_yield();
		return;
	}
	deadline = wait_deadline(ms);
	until.tv_sec = (time_t)(deadline / NS_PER_SECOND);
	until.tv_nsec = (long)(deadline % NS_PER_SECOND);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	errno = saved;
}

/* There are no asynchronous procedure calls, so nothing ends it early. */
DWORD WINAPI SleepEx(DWORD ms, BOOL alertable)
{
	(void)alertable;
	Sleep(ms);
	return 0;
}
