// SPDX-License-Identifier: MIT
/*
 * Runs the command. Its output goes to two files of the host's folder and
 * is forced out chunk by chunk, so that the host can show it live and has
 * it all when the guest dies.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "init.h"

#define MAX_ARGS 4096

struct stream {
	int from;
	const char *name;	/* the host's file */
};

static void stream_open(struct stream *stream, const char *name, int *child_end)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	stream->from = fds[0];
	*child_end = fds[1];
	stream->name = name;
}

/* Moves what is there; false at the end of the pipe. */
static bool stream_move(struct stream *stream)
{
	static char buf[256 * 1024];
	ssize_t got = read(stream->from, buf, sizeof(buf));
	int error;

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!got)
		return false;
	error = host_append(stream->name, buf, got);
	if (error)
		die("cannot write the command's output: %s", strerror(-error));
	return true;
}

static void stream_drain(struct stream *stream)
{
	struct pollfd fd = { .fd = stream->from, .events = POLLIN };

	while (poll(&fd, 1, 0) > 0 && stream_move(stream))
		;
}

static void make_argv(char **argv)
{
	int count = 0;

	for (const char *arg = job_get("arg"); arg; arg = job_next("arg", arg)) {
		if (count == MAX_ARGS)
			die("more than %d arguments", MAX_ARGS);
		argv[count++] = (char *)arg;
	}
	argv[count] = NULL;
}

static void enter_folder(void)
{
	const char *cwd = job_get("cwd");

	if (chdir(cwd))
		die("there is no folder %s in the guest: %s", cwd,
		    strerror(errno));
}

/* Collects ended processes; true when pid is among them. */
static bool reap(pid_t pid, int *status)
{
	bool ended = false;
	pid_t done;
	int one;

	while ((done = waitpid(-1, &one, WNOHANG)) > 0) {
		if (done != pid)
			continue;
		*status = one;
		ended = true;
	}
	return ended;
}

static int block_sigchld(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die("signalfd: %s", strerror(errno));
	return fd;
}

static void unblock_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

/*
 * What the command says is on the host before its next step, as far as a
 * scheduler can promise that: it may be the step that crashes the kernel.
 */
static void run_first(void)
{
	struct sched_param param = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param))
		die("sched_setscheduler: %s", strerror(errno));
}

static int run_command(void)
{
	static char *argv[MAX_ARGS + 1];
	struct stream out, err;
	int child_out, child_err;
	struct pollfd fds[3];
	int status = 0;
	bool ended;
	pid_t pid;

	make_argv(argv);
	enter_folder();
	stream_open(&out, "stdout", &child_out);
	stream_open(&err, "stderr", &child_err);
	run_first();
	fds[0] = (struct pollfd){ .fd = out.from, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = err.from, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = block_sigchld(), .events = POLLIN };

	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		unblock_signals();
		setsid();
		dup2(open("/dev/null", O_RDONLY), 0);
		dup2(child_out, 1);
		dup2(child_err, 2);
		execvp(argv[0], argv);
		dprintf(2, "lab: cannot run %s: %s\n", argv[0],
			strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	close(child_out);
	close(child_err);
	do {
		struct signalfd_siginfo info;

		poll(fds, 3, -1);
		if (fds[0].revents && !stream_move(&out))
			fds[0].fd = -1;
		if (fds[1].revents && !stream_move(&err))
			fds[1].fd = -1;
		while (read(fds[2].fd, &info, sizeof(info)) > 0)
			;
		ended = reap(pid, &status);
	} while (!ended);
	stream_drain(&out);
	stream_drain(&err);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

static int run_shell(const char *tty)
{
	const char *size = job_get("winsize");
	struct winsize ws = { 0 };
	int status;
	pid_t pid;

	enter_folder();
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		int fd;

		setsid();
		fd = open(tty, O_RDWR);
		if (fd < 0)
			_exit(126);
		ioctl(fd, TIOCSCTTY, 0);
		if (size && sscanf(size, "%hu %hu", &ws.ws_row, &ws.ws_col) == 2)
			ioctl(fd, TIOCSWINSZ, &ws);
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		execlp("bash", "bash", "-i", NULL);
		execlp("sh", "sh", "-i", NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

int command_run(void)
{
	const char *tty = job_get("shell");

	return tty ? run_shell(tty) : run_command();
}
