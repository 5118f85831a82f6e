// SPDX-License-Identifier: MIT
/* SetConsoleCtrlHandler in processes of their own, and keys at a terminal of our own. */
#define WINUSB_W32_LIBC_STDIO
#include <windows.h>
#include <conio.h>

#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tap.h"

static HANDLE told, done;
static DWORD calls[8], caller;
static LONG call_count;

/* With all that was noted until then */
static LONG noted(void)
{
	return __atomic_load_n(&call_count, __ATOMIC_ACQUIRE);
}

static BOOL note(DWORD event, BOOL taken)
{
	calls[noted()] = event;
	caller = GetCurrentThreadId();
	InterlockedIncrement(&call_count);
	SetEvent(told);
	return taken;
}

static BOOL WINAPI takes(DWORD event)
{
	return note(event, TRUE);
}

static BOOL WINAPI passes(DWORD event)
{
	return note(event + 100, FALSE);
}

static BOOL WINAPI removes_itself(DWORD event)
{
	note(event + 200, FALSE);
	return !SetConsoleCtrlHandler(removes_itself, FALSE);
}

static BOOL WINAPI waits(DWORD event)
{
	note(event, TRUE);
	WaitForSingleObject(done, 2000);
	InterlockedIncrement(&call_count);
	return TRUE;
}

/* What a child that runs FUNCTION ends with: its status, or minus the signal. */
static int ending(int (*function)(void))
{
	pid_t child = fork();
	int status;

	if (!child) {
		/* A shell starts programs in the background with these ignored. */
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		told = CreateEventA(NULL, FALSE, FALSE, NULL);
		done = CreateEventA(NULL, TRUE, FALSE, NULL);
		_exit(function());
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1000;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static bool hears(int number)
{
	raise(number);
	return WaitForSingleObject(told, 5000) == WAIT_OBJECT_0;
}

static int interrupted(void)
{
	SetConsoleCtrlHandler(takes, TRUE);
	if (!hears(SIGINT) || calls[0] != CTRL_C_EVENT || caller == GetCurrentThreadId())
		return 1;
	if (!hears(SIGQUIT) || calls[1] != CTRL_BREAK_EVENT)
		return 2;
	return noted() != 2;
}

/* The last one comes first. */
static int several(void)
{
	SetConsoleCtrlHandler(takes, TRUE);
	SetConsoleCtrlHandler(passes, TRUE);
	SetConsoleCtrlHandler(removes_itself, TRUE);
	if (!hears(SIGINT))
		return 1;
	while (noted() < 3)
		Sleep(1);
	if (calls[0] != 200 || calls[1] != 100 || calls[2] != 0)
		return 2;
	ResetEvent(told);
	if (!hears(SIGINT))
		return 3;
	while (noted() < 5)
		Sleep(1);
	return calls[3] != 100 || calls[4] != 0;
}

static int not_taken(void)
{
	SetConsoleCtrlHandler(passes, TRUE);
	raise(SIGINT);
	Sleep(5000);
	return 1;
}

static int closed(void)
{
	SetConsoleCtrlHandler(takes, TRUE);
	raise(SIGTERM);
	Sleep(5000);
	return 1;
}

static int removed(void)
{
	SetConsoleCtrlHandler(takes, TRUE);
	SetConsoleCtrlHandler(takes, TRUE);
	if (!SetConsoleCtrlHandler(takes, FALSE) || !hears(SIGINT))
		return 1;
	if (!SetConsoleCtrlHandler(takes, FALSE))
		return 2;
	SetLastError(0);
	if (SetConsoleCtrlHandler(takes, FALSE) || GetLastError() != ERROR_INVALID_PARAMETER)
		return 3;
	raise(SIGINT);
	return 4;
}

static int ignored(void)
{
	SetConsoleCtrlHandler(takes, TRUE);
	SetConsoleCtrlHandler(NULL, TRUE);
	raise(SIGINT);
	if (WaitForSingleObject(told, 100) != WAIT_TIMEOUT)
		return 1;
	if (!hears(SIGQUIT))
		return 2;
	SetConsoleCtrlHandler(NULL, FALSE);
	return !hears(SIGINT);
}

static int ignored_from_the_start(void)
{
	signal(SIGHUP, SIG_IGN);
	SetConsoleCtrlHandler(takes, TRUE);
	raise(SIGHUP);
	return WaitForSingleObject(told, 100) != WAIT_TIMEOUT;
}

/* Removing waits for the handler that runs. */
static int removed_while_running(void)
{
	SetConsoleCtrlHandler(waits, TRUE);
	if (!hears(SIGINT))
		return 1;
	SetConsoleCtrlHandler(waits, FALSE);
	return noted() != 2;
}

/* What a child of the program does with a signal is nothing to its handlers. */
static __attribute__((unused)) int forked(void)
{
	int status;
	pid_t child;

	SetConsoleCtrlHandler(takes, TRUE);
	child = fork();
	if (!child) {
		raise(SIGINT);
		usleep(1000000);
		_exit(7);
	}
	waitpid(child, &status, 0);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGINT)
		return 1;
	return WaitForSingleObject(told, 100) != WAIT_TIMEOUT;
}

TEST(handlers)
{
	CHECK_EQ(ending(interrupted), 0);
	CHECK_EQ(ending(several), 0);
	CHECK_EQ(ending(not_taken), -SIGINT);
	CHECK_EQ(ending(closed), -SIGTERM);
	CHECK_EQ(ending(removed), -SIGINT);
	CHECK_EQ(ending(ignored), 0);
	CHECK_EQ(ending(ignored_from_the_start), 0);
	CHECK_EQ(ending(removed_while_running), 0);
#ifndef __SANITIZE_THREAD__	/* it keeps signals back in the child of a program with threads */
	CHECK_EQ(ending(forked), 0);
#endif
}

/* At the terminal. Standard input is something else. */
static void keys_child(int pipe)
{
	int key, hit = _kbhit();

	close(0);
	dprintf(pipe, "%d\n", hit);
	while (!_kbhit())
		usleep(1000);
	do {
		key = _getch();
		dprintf(pipe, "%d ", key);
	} while (key != 'q');
	_putch('!');
	key = _getche();
	dprintf(pipe, "%d\n", key);
	_exit(0);
}

/* Reads until END; what there is after five seconds. */
static const char *read_until(int fd, char end)
{
	static char text[200];
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	size_t length = 0;

	while (length + 1 < sizeof(text) && poll(&poller, 1, 5000) > 0 &&
	       read(fd, text + length, 1) == 1 && text[length++] != end)
		;
	text[length] = 0;
	return text;
}

static void type(int fd, const char *text)
{
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
}

static bool is_waited_for(int terminal)
{
	struct termios mode;

	for (int i = 0; i < 5000; i++) {
		if (!tcgetattr(terminal, &mode) && !(mode.c_lflag & ICANON))
			return true;
		usleep(1000);
	}
	return false;
}

TEST(keys)
{
	static const char *const keys[] = { "13 ", "3 ", "26 ", "8 ", "195 ", "164 ", "113 " };
	int terminal, pipes[2], status;
	pid_t child;

	if (pipe(pipes)) {
		tap_skip("no pipe");
		return;
	}
	child = forkpty(&terminal, NULL, NULL, NULL);
	if (child < 0) {
		tap_skip("no terminal to be had");
		return;
	}
	if (!child)
		keys_child(pipes[1]);
	close(pipes[1]);
	CHECK_STR(read_until(pipes[0], '\n'), "0\n");
	type(terminal, "a");
	CHECK_STR(read_until(pipes[0], ' '), "97 ");
	/* Enter, Ctrl+C, Ctrl+Z, Backspace, an umlaut */
	CHECK(is_waited_for(terminal));
	type(terminal, "\r\003\032\177\xc3\xa4q");
	for (size_t i = 0; i < ARRAYSIZE(keys); i++)
		CHECK_STR(read_until(pipes[0], ' '), keys[i]);
	/* Nothing that was typed while a key was waited for is seen. */
	CHECK(strchr(read_until(terminal, '!'), 'q') == NULL);
	CHECK(is_waited_for(terminal));
	type(terminal, "z");
	CHECK_STR(read_until(pipes[0], '\n'), "122\n");
	CHECK_STR(read_until(terminal, 'z'), "z");
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	close(terminal);
	close(pipes[0]);
}

static int without_terminal(void)
{
	setsid();
	return _kbhit() || _getch() != EOF;
}

TEST(no_terminal)
{
	CHECK_EQ(ending(without_terminal), 0);
}
