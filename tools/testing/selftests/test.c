// SPDX-License-Identifier: MIT
/* The harness: registration, one process per test, time limits, TAP. */
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

enum { RESULT_OK = 0, RESULT_FAIL = 1, RESULT_SKIP = 4, RESULT_BAIL = 5 };

static struct test *tests;
static struct test **tests_end = &tests;
static bool in_test;
static char *reason;	/* shared with the test's process */

#define REASON_SIZE 1024

__attribute__((weak)) void test_setup(void)
{
}

__attribute__((weak)) void test_teardown(void)
{
}

__attribute__((weak)) void test_cleanup(void)
{
}

void test_register(struct test *test)
{
	*tests_end = test;
	tests_end = &test->next;
}

bool test_debug_kernel(void)
{
	const char *value = getenv("WINUSB_LAB_DEBUG");

	return value && strcmp(value, "1") == 0;
}

unsigned int test_scale(void)
{
	const char *kernel = getenv("WINUSB_LAB_KERNEL");

	if (test_debug_kernel())
		return 10;
	/* A stock kernel runs under an emulated processor. */
	if (kernel && strncmp(kernel, "uml", 3) != 0)
		return 4;
	return 1;
}

uint64_t test_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void test_sleep_ms(unsigned int ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

const char *test_errno(int result)
{
	static __thread char text[2][64];
	static __thread int turn;
	const char *name = strerrorname_np(-result);
	char *out = text[turn++ & 1];

	if (result >= 0)
		snprintf(out, sizeof(text[0]), "success (%d)", result);
	else
		snprintf(out, sizeof(text[0]), "-%s", name ? name : "unknown");
	return out;
}

long long test_difference(const void *a, const void *b, size_t length)
{
	const unsigned char *x = a, *y = b;
	size_t i;

	if (!memcmp(a, b, length))
		return -1;
	for (i = 0; x[i] == y[i]; i++)
		;
	return i;
}

static void note(const char *format, va_list args)
{
	char line[512];

	vsnprintf(line, sizeof(line), format, args);
	printf("# %s\n", line);
	fflush(stdout);
}

void test_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(format, args);
	va_end(args);
}

void test_fail(const char *file, int line, const char *format, ...)
{
	const char *base = strrchr(file, '/');
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!in_test)
		test_bail("%s:%d: %s", base ? base + 1 : file, line, text);
	printf("# %s:%d: %s\n", base ? base + 1 : file, line, text);
	fflush(stdout);
	_exit(RESULT_FAIL);
}

void test_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason, REASON_SIZE, format, args);
	va_end(args);
	_exit(RESULT_SKIP);
}

void test_skip_all(const char *format, ...)
{
	va_list args;

	printf("1..0 # SKIP ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(0);
}

void test_bail(const char *format, ...)
{
	static bool bailing;
	va_list args;

	/* The hooks may want to bail out themselves. */
	if (bailing)
		_exit(1);
	bailing = true;

	printf("Bail out! ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	/* Not exit(): a test's process must not run the parent's hooks. */
	if (in_test)
		_exit(RESULT_BAIL);
	test_teardown();
	exit(1);
}

/* Where the threads of a stuck test sleep, for the reader of the log. */
static void describe_stuck(pid_t pid)
{
	char path[64], text[2048];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stack", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return;
	text[n] = 0;
	for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		test_note("  %s", line);
}

/* Waits for the test's process; true if it ended in time. */
static bool wait_child(pid_t pid, uint64_t limit_ms, int *status)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int n;

	if (fd < 0)
		test_bail("pidfd_open: %s", strerror(errno));
	do {
		n = poll(&poll_fd, 1, (int)limit_ms);
	} while (n < 0 && errno == EINTR);
	close(fd);
	if (n == 0)
		return false;
	return waitpid(pid, status, 0) == pid;
}

static int run_one(struct test *test, const void *row)
{
	uint64_t limit = (uint64_t)test->seconds * 1000 * test_scale();
	int status = 0;
	pid_t pid;

	reason[0] = 0;
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		test_bail("fork: %s", strerror(errno));
	if (pid == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		in_test = true;
		test->run(row);
		fflush(stdout);
		_exit(RESULT_OK);
	}
	setpgid(pid, pid);
	if (!wait_child(pid, limit, &status)) {
		test_note("still running after %u s, killed", (unsigned int)(limit / 1000));
		describe_stuck(pid);
		kill(-pid, SIGKILL);
		if (!wait_child(pid, 30000 * test_scale(), &status))
			test_bail("process %d of test %s cannot be killed", pid, test->name);
		test_cleanup();
		return RESULT_FAIL;
	}
	kill(-pid, SIGKILL);
	test_cleanup();
	if (WIFSIGNALED(status)) {
		test_note("killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
		return RESULT_FAIL;
	}
	return WEXITSTATUS(status);
}

static const char *row_label(const struct test *test, size_t i)
{
	const void *row = (const char *)test->rows + i * test->size;

	return *(const char *const *)row;
}

static void full_name(const char *program, const struct test *test, size_t i, char *out, size_t size)
{
	if (test->rows)
		snprintf(out, size, "%s.%s:%s", program, test->name, row_label(test, i));
	else
		snprintf(out, size, "%s.%s", program, test->name);
}

static bool selected(const char *name, char **patterns, int count)
{
	int i;

	if (!count)
		return true;
	for (i = 0; i < count; i++)
		if (strstr(name, patterns[i]) || !fnmatch(patterns[i], name, 0))
			return true;
	return false;
}

static void usage(const char *program)
{
	printf("Usage: %s [--list] [PATTERN]...\n"
	       "Runs the tests whose name contains or matches a PATTERN, all by default, and prints TAP.\n"
	       "Run it as root in a lab guest:  scripts/lab run -- tools/testing/selftests/%s\n\n"
	       "  --list  print the names and run nothing\n"
	       "  --help  print this\n\n"
	       "Exit status: 0 if no test failed, 1 otherwise, 2 for wrong arguments.\n",
	       program, program);
}

int main(int argc, char **argv)
{
	const char *program = strrchr(argv[0], '/');
	int number = 0, failed = 0, planned = 0, result;
	bool list = false;
	struct test *test;
	char name[256];
	size_t i;

	program = program ? program + 1 : argv[0];
	for (argc--, argv++; argc && argv[0][0] == '-'; argc--, argv++) {
		if (!strcmp(argv[0], "--list")) {
			list = true;
		} else if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h")) {
			usage(program);
			return 0;
		} else {
			fprintf(stderr, "%s: unknown option %s (see --help)\n", program, argv[0]);
			return 2;
		}
	}
	for (test = tests; test; test = test->next) {
		for (i = 0; i < test->count; i++) {
			full_name(program, test, i, name, sizeof(name));
			if (!selected(name, argv, argc))
				continue;
			planned++;
			if (list)
				printf("%s\n", name);
		}
	}
	if (list)
		return 0;
	if (!planned) {
		fprintf(stderr, "%s: no test matches (see --list)\n", program);
		return 2;
	}
	reason = mmap(NULL, REASON_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reason == MAP_FAILED)
		test_bail("mmap: %s", strerror(errno));
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_setup();
	printf("TAP version 13\n1..%d\n", planned);
	for (test = tests; test; test = test->next) {
		for (i = 0; i < test->count; i++) {
			full_name(program, test, i, name, sizeof(name));
			if (!selected(name, argv, argc))
				continue;
			result = run_one(test, (const char *)test->rows + i * test->size);
			number++;
			if (result == RESULT_BAIL) {
				test_teardown();
				return 1;
			}
			if (result == RESULT_SKIP) {
				printf("ok %d %s # SKIP %s\n", number, name, reason);
			} else if (result == RESULT_OK) {
				printf("ok %d %s\n", number, name);
			} else {
				printf("not ok %d %s\n", number, name);
				failed++;
			}
		}
	}
	test_teardown();
	return failed ? 1 : 0;
}
