// SPDX-License-Identifier: MIT
/* The process itself: its end, and what its debugger is told. */
#define WINUSB_W32_LIBC_STDIO
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wait.h"
#include "wide.h"

BOOL WINAPI IsDebuggerPresent(VOID)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	int tracer = 0;

	while (file && !tracer && fgets(line, sizeof(line), file))
		if (!strncmp(line, "TracerPid:", 10))
			tracer = atoi(line + 10);
	if (file)
		fclose(file);
	return tracer != 0;
}

/* Past stdio, whose lock a thread that the debugger has stopped may hold. */
VOID WINAPI OutputDebugStringA(LPCSTR lpOutputString)
{
	size_t left = lpOutputString ? strlen(lpOutputString) : 0;

	if (!left || !IsDebuggerPresent())
		return;
	while (left) {
		ssize_t written = write(STDERR_FILENO, lpOutputString, left);

		if (written <= 0)
			return;
		lpOutputString += written;
		left -= (size_t)written;
	}
}

VOID WINAPI OutputDebugStringW(LPCWSTR lpOutputString)
{
	char *narrow = lpOutputString ? utf8_of_wide(lpOutputString) : NULL;

	OutputDebugStringA(narrow);
	free(narrow);
}

#define FLUSH_NS	5000000000u

static atomic_uint flushed;

static void *files_flush(void *unused)
{
	fflush(NULL);
	atomic_store(&flushed, 1);
	wait_futex_wake(&flushed, 1);
	return unused;
}

/* Not one that another thread has locked, because it waits in it. */
static void file_flush(FILE *file)
{
	if (ftrylockfile(file))
		return;
	fflush(file);
	funlockfile(file);
}

/* The files of the program, of which one may be locked so, and keep fflush(NULL) waiting. */
static void files_flush_in_time(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, files_flush, NULL)) {
		fflush(NULL);
		return;
	}
	pthread_detach(thread);
	wait_futex(&flushed, 0, wait_now() + FLUSH_NS);
}

/*
 * Files are flushed, and nothing else of the program is run: no destructors, no atexit(). A thread
 * that waits in getchar() has stdin locked.
 */
VOID WINAPI ExitProcess(UINT uExitCode)
{
	file_flush(stdout);
	file_flush(stderr);
	if (!ftrylockfile(stdin)) {
		funlockfile(stdin);
		files_flush_in_time();
	}
	_exit((int)uExitCode);
}
