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
static int kept_fd = -1;

#define REASON_SIZE 1024

/* Shared with the test's process. Rows of a table run in one process, as long as they pass. */
static struct {
	char reason[REASON_SIZE];
	size_t row;		/* the one that runs */
	uint64_t deadline;
	int number;		/* of the last test in the TAP stream */
} *shared;

__attribute__((weak)) void test_setup(void)
{
}

__attribute__((weak)) void test_teardown(void)
{
}

__attribute__((weak)) void test_cleanup(bool failed)
{
	(void)failed;
}

__attribute__((weak)) void test_row_leave(void)
{
}

__attribute__((weak)) void test_row_cleanup(void)
{
}

void test_keep_fd(int fd)
{
	kept_fd = fd;
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

bool test_own_kernel(void)
{
	const char *kernel = getenv("WINUSB_LAB_KERNEL");

	return kernel && strncmp(kernel, "uml", 3) == 0;
}

unsigned int test_scale(void)
{
	if (test_debug_kernel())
		return 10;
	/* A stock kernel runs under an emulated processor. */
	return test_own_kernel() || !getenv("WINUSB_LAB_KERNEL") ? 1 : 4;
}

uint64_t test_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t test_tick_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
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
	vsnprintf(shared->reason, REASON_SIZE, format, args);
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

void test_describe(const char *folder)
{
	static const char *const files[] = { "comm", "wchan", "syscall", "stack" };
	char path[128], text[2048], *line, *save;
	ssize_t n;
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[n > 0 ? n : 0] = 0;
		for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			test_note("  %s: %s", path, line);
	}
}

/* Where a stuck test sleeps. */
static void describe_stuck(pid_t pid)
{
	char folder[64];

	snprintf(folder, sizeof(folder), "/proc/%d", pid);
	test_describe(folder);
}

/* Waits for the test's process; true if it ended before the deadline, which it may move. */
static bool wait_child(pid_t pid, int *status)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	uint64_t now, deadline;
	int n;

	if (fd < 0)
		test_bail("pidfd_open: %s", strerror(errno));
	do {
		now = test_now_ms();
		deadline = __atomic_load_n(&shared->deadline, __ATOMIC_ACQUIRE);
		n = now < deadline ? poll(&poll_fd, 1, (int)(deadline - now)) : 0;
		if (n == 0 && now < deadline)
			n = -1;		/* look at the deadline again */
	} while (n < 0);
	close(fd);
	if (n == 0)
		return false;
	return waitpid(pid, status, 0) == pid;
}

static void set_deadline(uint64_t ms)
{
	__atomic_store_n(&shared->deadline, test_now_ms() + ms, __ATOMIC_RELEASE);
}

static const char *row_label(const struct test *test, size_t i)
{
	const void *row = (const char *)test->rows + i * test->size;

	return *(const char *const *)row;
}

static void full_name(const char *program, const struct test *test, size_t i, char *out,
		      size_t size)
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

static void print_result(const char *program, const struct test *test, size_t i, int result)
{
	char name[256];

	full_name(program, test, i, name, sizeof(name));
	shared->number++;
	if (result == RESULT_SKIP)
		printf("ok %d %s # SKIP %s\n", shared->number, name, shared->reason);
	else
		printf("%s %d %s\n", result == RESULT_OK ? "ok" : "not ok", shared->number, name);
	fflush(stdout);
}

/* In the test's process: runs the rows from the current one on. Ends with the first that fails. */
static void run_rows(const char *program, const struct test *test, const bool *wanted)
{
	size_t i = shared->row;

	for (;;) {
		test->run((const char *)test->rows + i * test->size);
		for (i++; i < test->count && !wanted[i]; i++)
			;
		if (i >= test->count)
			return;
		/* The next row begins as a fresh process would. */
		test_row_leave();
		close_range(3, kept_fd < 3 ? ~0U : (unsigned int)kept_fd - 1, 0);
		if (kept_fd >= 3)
			close_range(kept_fd + 1, ~0U, 0);
		test_row_cleanup();
		print_result(program, test, shared->row, RESULT_OK);
		shared->row = i;
		set_deadline((uint64_t)test->seconds * 1000 * test_scale());
	}
}

/* Runs rows from the current one on; says how the last one of them ended. */
static int run_process(const char *program, const struct test *test, const bool *wanted)
{
	int status = 0;
	pid_t pid;

	shared->reason[0] = 0;
	set_deadline((uint64_t)test->seconds * 1000 * test_scale());
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		test_bail("fork: %s", strerror(errno));
	if (pid == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		in_test = true;
		run_rows(program, test, wanted);
		fflush(stdout);
		_exit(RESULT_OK);
	}
	setpgid(pid, pid);
	if (!wait_child(pid, &status)) {
		test_note("still running after %u s, killed", test->seconds * test_scale());
		describe_stuck(pid);
		kill(-pid, SIGKILL);
		set_deadline(30000 * test_scale());
		if (!wait_child(pid, &status))
			test_bail("process %d of test %s cannot be killed", pid, test->name);
		return RESULT_FAIL;
	}
	kill(-pid, SIGKILL);
	if (WIFSIGNALED(status)) {
		test_note("killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
		return RESULT_FAIL;
	}
	return WEXITSTATUS(status);
}

/* Runs the wanted rows of a test; gives the number of failures, -1 if it bailed out. */
static int run_test(const char *program, const struct test *test, const bool *wanted)
{
	int failed = 0, result;
	size_t i = 0;

	for (;;) {
		while (i < test->count && !wanted[i])
			i++;
		if (i >= test->count)
			return failed;
		shared->row = i;
		result = run_process(program, test, wanted);
		if (result == RESULT_BAIL)
			return -1;
		test_cleanup(result != RESULT_OK && result != RESULT_SKIP);
		i = shared->row;
		print_result(program, test, i, result);
		if (result != RESULT_OK && result != RESULT_SKIP)
			failed++;
		i++;
	}
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

#define ROWS_MAX 256

/* Which rows of a test the patterns select; gives their number. */
static int select_rows(const char *program, const struct test *test, char **patterns, int count,
		       bool *wanted, bool list)
{
	char name[256];
	int n = 0;
	size_t i;

	if (test->count > ROWS_MAX)
		test_bail("%s has more than %d rows", test->name, ROWS_MAX);
	for (i = 0; i < test->count; i++) {
		full_name(program, test, i, name, sizeof(name));
		wanted[i] = selected(name, patterns, count);
		n += wanted[i];
		if (wanted[i] && list)
			printf("%s\n", name);
	}
	return n;
}

int main(int argc, char **argv)
{
	const char *program = strrchr(argv[0], '/');
	int failed = 0, planned = 0, result;
	bool list = false, wanted[ROWS_MAX];
	struct test *test;

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
	for (test = tests; test; test = test->next)
		planned += select_rows(program, test, argv, argc, wanted, list);
	if (list)
		return 0;
	if (!planned) {
		fprintf(stderr, "%s: no test matches (see --list)\n", program);
		return 2;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		test_bail("mmap: %s", strerror(errno));
	setvbuf(stdout, NULL, _IOLBF, 0);
	test_setup();
	printf("TAP version 13\n1..%d\n", planned);
	for (test = tests; test; test = test->next) {
		select_rows(program, test, argv, argc, wanted, false);
		result = run_test(program, test, wanted);
		if (result < 0) {
			test_teardown();
			return 1;
		}
		failed += result;
	}
	test_teardown();
	return failed ? 1 : 0;
}
