// SPDX-License-Identifier: MIT
/*
 * What the self-tests share: TAP, and servers that live for one test. The
 * server is the one in $WINUSB_BOARDS, else winusb-boards in the test
 * program's own folder.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "client.h"

static unsigned int tests, failures;
static char program[512];
static char folder[64];
static char control_path[96];
static char log_path[96];
static pid_t server;
static int server_port;
static int channel = -1;

static void __attribute__((noreturn)) bail(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

void ok(bool good, const char *format, ...)
{
	va_list args;

	printf("%sok %u - ", good ? "" : "not ", ++tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	if (!good)
		failures++;
}

static void run_server(int out, char **boards)
{
	char *argv[20] = { program, "--port=0" };
	char control[128];
	int i;

	snprintf(control, sizeof(control), "--control=%s", control_path);
	argv[2] = control;
	for (i = 0; boards[i] && i < 16; i++)
		argv[3 + i] = boards[i];
	dup2(out, STDOUT_FILENO);
	if (!freopen(log_path, "w", stderr))
		_exit(126);
	execv(program, argv);
	_exit(127);
}

/* Starts a server with these boards and connects to its control channel. */
void server_start(const char *first, ...)
{
	char *boards[16] = { (char *)first }, line[64];
	int out[2], i = 1;
	va_list args;
	FILE *f;

	va_start(args, first);
	while (i < 15 && (boards[i] = va_arg(args, char *)))
		i++;
	va_end(args);
	if (pipe(out))
		bail("pipe");
	fflush(stdout);
	server = fork();
	if (server < 0)
		bail("fork");
	if (!server)
		run_server(out[1], boards);
	close(out[1]);
	f = fdopen(out[0], "r");
	if (!f || !fgets(line, sizeof(line), f) ||
	    sscanf(line, "ready %d", &server_port) != 1)
		bail("the server did not start");
	fclose(f);
	channel = boards_connect(control_path);
	if (channel < 0)
		bail("no control channel");
}

static void show_log(void)
{
	FILE *f = fopen(log_path, "r");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		printf("# %s", line);
	if (f)
		fclose(f);
}

/* Ends it; with a sanitizer, leaks and errors show in its exit status. */
void server_stop(void)
{
	int status;

	close(channel);
	kill(server, SIGTERM);
	if (waitpid(server, &status, 0) != server)
		bail("waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		ok(false, "server ended with status %#x", status);
		show_log();
	}
}

/* As on a machine that has other things to do. */
void server_pause(bool pause)
{
	if (kill(server, pause ? SIGSTOP : SIGCONT))
		bail("signal to the server");
}

int server_connect(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(server_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		bail("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

const char *server_control(void)
{
	return control_path;
}

/* One command on the control channel; returns the whole answer. */
const char *tell(unsigned int board, const char *format, ...)
{
	static char answer[8192];
	char command[4000];
	va_list args;
	int ret;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	ret = boards_command(channel, board, command, answer, sizeof(answer));
	if (ret && ret != -EREMOTEIO)
		bail("control channel broken");
	return answer;
}

/* One command; returns the number behind @key, or -1. */
long long told(unsigned int board, const char *key, const char *format, ...)
{
	char command[4000];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return boards_number(tell(board, "%s", command), key);
}

const char *check_program(void)
{
	return program;
}

static void find_program(void)
{
	const char *other = getenv("WINUSB_BOARDS");
	char self[400];
	ssize_t n;

	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (other) {
		snprintf(program, sizeof(program), "%s", other);
	} else if (n > 0) {
		self[n] = '\0';
		*strrchr(self, '/') = '\0';
		snprintf(program, sizeof(program), "%s/winusb-boards", self);
	}
	if (access(program, X_OK))
		bail("no server, build it with make");
}

void check_begin(void)
{
	find_program();
	signal(SIGPIPE, SIG_IGN);
	strcpy(folder, "/tmp/boards-check.XXXXXX");
	if (!mkdtemp(folder))
		bail("mkdtemp");
	snprintf(control_path, sizeof(control_path), "%s/control", folder);
	snprintf(log_path, sizeof(log_path), "%s/log", folder);
	printf("TAP version 13\n");
}

/* Returns the exit status. */
int check_end(void)
{
	unlink(control_path);
	unlink(log_path);
	rmdir(folder);
	printf("1..%u\n", tests);
	return failures ? 1 : 0;
}
