// SPDX-License-Identifier: MIT
/* How a process ends, and what its debugger is told. */
#define WINUSB_W32_LIBC_STDIO
#include <windows.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/* What FUNCTION writes to descriptor FD in a process of its own, and that one's status. */
static const char *written_by(void (*function)(void), int fd, int *status)
{
	static char text[200];
	size_t length = 0;
	int pipes[2];
	ssize_t got;
	pid_t child;

	if (pipe(pipes))
		return "no pipe";
	fflush(stdout);
	child = fork();
	if (!child) {
		dup2(pipes[1], fd);
		close(pipes[0]);
		function();
		_exit(99);
	}
	close(pipes[1]);
	while ((got = read(pipes[0], text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	text[length] = 0;
	close(pipes[0]);
	waitpid(child, status, 0);
	return text;
}

static void not_run(void)
{
	dprintf(1, "atexit");
}

static void exits(void)
{
	atexit(not_run);
	printf("flushed");
	ExitProcess(0x1203);
}

static void *keeps_stdin(void *unused)
{
	flockfile(stdin);
	for (;;)
		pause();
	return unused;
}

static void exits_beside_a_reader(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, keeps_stdin, NULL);
	while (!ftrylockfile(stdin)) {
		funlockfile(stdin);
		usleep(1000);
	}
	alarm(10);
	printf("flushed");
	ExitProcess(0);
}

static void *keeps_pipe(void *file)
{
	flockfile(file);
	for (;;)
		pause();
	return file;
}

/* Of any file, as one that waits in fgets() has it. */
static void exits_beside_a_reader_of_a_pipe(void)
{
	pthread_t thread;
	int pipes[2];
	FILE *file;

	if (pipe(pipes))
		_exit(1);
	file = fdopen(pipes[0], "r");
	pthread_create(&thread, NULL, keeps_pipe, file);
	while (!ftrylockfile(file)) {
		funlockfile(file);
		usleep(1000);
	}
	alarm(20);
	printf("flushed");
	ExitProcess(0);
}

TEST(exit)
{
	int status;

	CHECK_STR(written_by(exits, 1, &status), "flushed");
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 3);
	CHECK_STR(written_by(exits_beside_a_reader, 1, &status), "flushed");
	CHECK_EQ(status, 0);
	CHECK_STR(written_by(exits_beside_a_reader_of_a_pipe, 1, &status), "flushed");
	CHECK_EQ(status, 0);
}

static void debugged(void)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		dprintf(2, "no ptrace");
	else if (!IsDebuggerPresent())
		dprintf(2, "no debugger");
	OutputDebugStringA("one ");
	OutputDebugStringW(L"tw\xf6");
	OutputDebugStringA(NULL);
	_exit(0);
}

static void undebugged(void)
{
	OutputDebugStringA("one");
	OutputDebugString(TEXT("two"));
	_exit(IsDebuggerPresent());
}

TEST(debugger)
{
	const char *text;
	int status;

	if (IsDebuggerPresent()) {
		tap_skip("there is one already");
		return;
	}
	CHECK_STR(written_by(undebugged, 2, &status), "");
	CHECK_EQ(status, 0);
	text = written_by(debugged, 2, &status);
	if (!strncmp(text, "no ptrace", 9))
		tap_skip("no process can be traced here");
	else
		CHECK_STR(text, "one tw\xc3\xb6");
}
