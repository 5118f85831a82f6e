// SPDX-License-Identifier: MIT
/* The board server of a test program, and the lines that are exchanged with it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"
#include "boards.h"
#include "test.h"

#define SERVER "winusb-boards"
#define LINE 4096

static struct board *boards;	/* shared with the tests' processes */
static unsigned int board_count;
static char socket_path[64];
static pid_t server;

struct board *board_add(const char *spec)
{
	struct board *board;

	if (!boards) {
		boards = mmap(NULL, BOARDS_MAX * sizeof(*boards), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (boards == MAP_FAILED)
			test_bail("mmap: %s", strerror(errno));
	}
	if (board_count == BOARDS_MAX)
		test_bail("more than %d boards", BOARDS_MAX);
	board = &boards[board_count++];
	board->index = board_count;
	snprintf(board->spec, sizeof(board->spec), "%s", spec);
	return board;
}

/* "1209 0001", from what the server says of the board. */
const char *board_id(struct board *board)
{
	static char id[16];
	const char *answer = board_do(board, "info");
	const char *vid = strstr(answer, " vid="), *pid = strstr(answer, " pid=");

	if (!vid || !pid)
		FAIL("no ids in the board's answer: %s", answer);
	snprintf(id, sizeof(id), "%.4s %.4s", vid + 5, pid + 5);
	return id;
}

/* Next to this program in the tree, or on PATH. */
void board_server_path(char *out, size_t size)
{
	char self[256];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	snprintf(out, size, "%s", SERVER);
	if (n <= 0)
		return;
	self[n] = 0;
	slash = strrchr(self, '/');
	if (!slash)
		return;
	*slash = 0;
	snprintf(out, size, "%s/../boards/%s", self, SERVER);
	if (access(out, X_OK))
		snprintf(out, size, "%s", SERVER);
}

static void run_server(int ready)
{
	char path[512], control[96];
	char *argv[BOARDS_MAX + 4];
	unsigned int i;

	board_server_path(path, sizeof(path));
	snprintf(control, sizeof(control), "--control=%s", socket_path);
	argv[0] = (char *)SERVER;
	argv[1] = (char *)"--port=none";
	argv[2] = control;
	for (i = 0; i < board_count; i++)
		argv[3 + i] = boards[i].spec;
	argv[3 + i] = NULL;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* A group of its own: signals of the tests are not meant for it. */
	setpgid(0, 0);
	dup2(ready, 1);
	execvp(path, argv);
	fprintf(stderr, "%s: %s (build it: make -C tools/testing/boards)\n", path, strerror(errno));
	_exit(127);
}

void boards_start(void)
{
	char line[64];
	int ready[2];
	ssize_t n;

	if (access("/sys/bus/usb/drivers/winusb", F_OK))
		test_skip_all("winusb.ko is not loaded (run this by scripts/lab run)");
	if (access("/sys/devices/platform/vhci_hcd.0", F_OK) && system("modprobe vhci_hcd") != 0)
		test_skip_all("this kernel has no vhci_hcd");
	plug_fast();
	snprintf(socket_path, sizeof(socket_path), "/run/winusb-selftest-%d.sock", getpid());
	if (pipe(ready))
		test_bail("pipe: %s", strerror(errno));
	server = fork();
	if (server < 0)
		test_bail("fork: %s", strerror(errno));
	if (!server)
		run_server(ready[1]);
	close(ready[1]);
	n = read(ready[0], line, sizeof(line) - 1);
	if (n <= 0)
		test_bail("the board server did not start");
	close(ready[0]);
}

void boards_stop(void)
{
	if (server <= 0)
		return;
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	server = 0;
	unlink(socket_path);
}

/* One connection for each process, so that a killed test leaves no half answer to the next. */
static int channel(void)
{
	static pid_t owner;
	static int fd = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (owner == getpid())
		return fd;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		FAIL("the board server at %s does not listen: %s", socket_path, strerror(errno));
	owner = getpid();
	test_keep_fd(fd);
	return fd;
}

static const char *vask(struct board *board, const char *format, va_list args)
{
	static char answer[LINE + 1];
	char line[LINE];
	size_t have = 0;
	int n, fd = channel();
	ssize_t got;

	board->used = true;
	n = snprintf(line, sizeof(line), "%u ", board->index);
	n += vsnprintf(line + n, sizeof(line) - n - 1, format, args);
	line[n++] = '\n';
	if (send(fd, line, n, MSG_NOSIGNAL) != n)
		FAIL("the board server is gone: %s", strerror(errno));
	while (have < LINE && !memchr(answer, '\n', have)) {
		got = read(fd, answer + have, LINE - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			FAIL("the board server is gone");
		have += got;
	}
	answer[have - 1] = 0;
	return answer;
}

const char *board_ask(struct board *board, const char *format, ...)
{
	const char *answer;
	va_list args;

	va_start(args, format);
	answer = vask(board, format, args);
	va_end(args);
	return answer;
}

const char *board_do(struct board *board, const char *format, ...)
{
	const char *answer;
	va_list args;

	va_start(args, format);
	answer = vask(board, format, args);
	va_end(args);
	if (strncmp(answer, "result=ok", 9))
		FAIL("board %s, %s: %s", board->spec, format, answer);
	return answer;
}

void board_set(struct board *board, const char *option)
{
	board->configured = true;
	board_do(board, "set %s", option);
}

/* Finds " key=" in an answer and reads the number behind it. */
static unsigned long long number(const char *answer, const char *key)
{
	char pattern[64];
	const char *p;

	snprintf(pattern, sizeof(pattern), " %s=", key);
	p = strstr(answer, pattern);
	if (!p)
		FAIL("no %s in the board's answer: %s", key, answer);
	return strtoull(p + strlen(pattern), NULL, 0);
}

unsigned long long board_value(struct board *board, const char *key)
{
	return number(board_do(board, "info"), key);
}

unsigned long long board_counter(struct board *board, uint8_t endpoint, const char *name)
{
	return number(board_do(board, "counters 0x%02x", endpoint), name);
}

unsigned long long board_given_up(struct board *board)
{
	/* The answer may have been on its way already, and was late all the same. */
	return board_counter(board, 0, "unlinked") + board_value(board, "unlinked_late");
}

unsigned int board_requests(struct board *board)
{
	return number(board_do(board, "requests 0"), "total");
}

void board_last_request(struct board *board, uint8_t setup[8])
{
	const char *answer = board_do(board, "requests 1");
	const char *p = strstr(answer, " 0=");
	unsigned int i, byte;

	if (!p || strlen(p) < 19)
		FAIL("no request in the board's answer: %s", answer);
	for (i = 0; i < 8; i++) {
		sscanf(p + 3 + 2 * i, "%2x", &byte);
		setup[i] = byte;
	}
}

void board_wait_pending(struct board *board, uint8_t endpoint, unsigned int n)
{
	board_do(board, "wait 0x%02x.pending =%u %u", endpoint, n, 10000 * test_scale());
}

void board_wait_counter(struct board *board, uint8_t endpoint, const char *name,
			unsigned long long n)
{
	board_do(board, "wait 0x%02x.%s %llu %u", endpoint, name, n, 10000 * test_scale());
}

/* Brings the board's counters back to 0; false if a test left data or a halt in it. */
static bool freshen(struct board *board)
{
	const char *counters = board_do(board, "counters"), *p;

	if (strstr(counters, "halted=1"))
		return false;
	for (p = counters; (p = strstr(p, "queued=")); ) {
		p += strlen("queued=");
		if (*p != '0')
			return false;
	}
	for (p = counters; (p = strstr(p, "urbs=")); ) {
		p += strlen("urbs=");
		if (*p != '0') {
			board_do(board, "reset-counters");
			break;
		}
	}
	return true;
}

/* Takes back what board_set() did, without a new plug; false if that does not suffice. */
static bool relax(struct board *board)
{
	if (!board->configured)
		return true;
	if (!board->keep || !board_value(board, "plugged"))
		return false;
	board_do(board, "defaults");
	board->configured = false;
	return true;
}

static void restore(struct board *board)
{
	bool same = board->plugged == board->keep && !board->touched && !board->split;

	if (same && relax(board) && (!board->used || (board->keep && freshen(board)))) {
		board->used = false;
		return;
	}
	if (board->plugged) {
		/* It may have vanished by itself. */
		board_ask(board, "unplug");
		board_wait_gone(board);
	}
	board_do(board, "defaults");
	if (board->split)
		board_functions(board, false);
	if (board->keep) {
		board_plug(board);
		board_do(board, "reset-counters");
	}
	board->touched = false;
	board->configured = false;
	board->used = false;
}

void interface_changed(void)
{
	unsigned int i;

	for (i = 0; i < board_count; i++)
		boards[i].touched = true;
}

void board_spread(struct board *board)
{
	board->spread = true;
}

void boards_keep(void)
{
	unsigned int i;

	for (i = 0; i < board_count; i++)
		boards[i].keep = boards[i].plugged;
}

__attribute__((weak)) void board_cleanup(void)
{
}

void test_cleanup(bool failed)
{
	unsigned int i;

	board_cleanup();
	for (i = 0; i < board_count; i++) {
		if (failed && boards[i].used)
			boards[i].touched = true;
		restore(&boards[i]);
	}
}

void test_row_cleanup(void)
{
	unsigned int i;

	board_cleanup();
	for (i = 0; i < board_count; i++)
		restore(&boards[i]);
}

void test_teardown(void)
{
	unsigned int i;

	if (server > 0) {
		for (i = 0; i < board_count; i++)
			if (boards[i].plugged)
				board_unplug(&boards[i]);
	}
	boards_stop();
}
