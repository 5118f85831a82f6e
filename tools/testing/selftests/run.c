// SPDX-License-Identifier: MIT
/*
 * Runs test programs one after the other and makes one TAP stream of theirs: numbered through, the
 * plan at the end, a program that crashed or lost tests as a failure of its own.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * In this order: form before behaviour before removal, and last what unloads the module. What is
 * not here runs on request only.
 */
static const char *const programs[] = {
	"layout32", "contract", "open", "handles", "descriptors", "transfer", "pipes", "control",
	"policies", "doors", "records", "reap", "submit", "collect", "cancel", "races", "uring", "memory",
	"limits", "faults", "trace", "events", "posts", "listeners", "states", "removal", "reset",
	"lifetime", "binding", "autobind", "harmless", "properties", "uevents", "osdesc",
	"lifecycle", "frozen", "remote_wake", "power", "sleeping", "isoch", "isoch_ends", "broken",
	"osfaults", "fail_nth", "foreign", "unload",
};

static char folder[512];
static int number, failed, skipped;

static void usage(void)
{
	printf("Usage: run [PROGRAM[.PATTERN]]...\n"
	       "       run --without=PROGRAM,...\n"
	       "Runs test programs, by default all that are quick, and prints their TAP as one stream.\n"
	       "A PATTERN selects tests, for example  run pipes.abort  or  run removal.\n"
	       "With --without all programs run but those.\n"
	       "Run it as root in a lab guest:  scripts/lab run -- tools/testing/selftests/run\n\n"
	       "Exit status: 0 if no test failed, 1 otherwise.\n");
}

/* The name of the file that this program was started from, without its last part. */
static void find_folder(void)
{
	ssize_t n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	char *slash;

	folder[n > 0 ? n : 0] = 0;
	slash = strrchr(folder, '/');
	if (!slash) {
		fprintf(stderr, "run: cannot tell where the test programs are (is /proc mounted?)\n");
		exit(1);
	}
	*slash = 0;
}

static void result(const char *line, const char *rest)
{
	bool ok = strncmp(line, "ok", 2) == 0;

	number++;
	if (!ok)
		failed++;
	else if (strstr(rest, "# SKIP"))
		skipped++;
	printf("%s %d%s", ok ? "ok" : "not ok", number, rest);
}

static void skip(const char *program, const char *why)
{
	number++;
	skipped++;
	printf("ok %d %s # SKIP %s\n", number, program, why);
}

static void fail(const char *program, const char *why)
{
	number++;
	failed++;
	printf("not ok %d %s: %s\n", number, program, why);
}

struct output {
	int planned, seen;
	bool bailed, skipped;
};

static void handle_line(struct output *out, const char *program, char *line)
{
	const char *rest;
	int skip = 0;

	if (sscanf(line, "ok %*d%n", &skip), skip || (sscanf(line, "not ok %*d%n", &skip), skip)) {
		rest = line + skip;
		out->seen++;
		result(line, rest);
	} else if (!strncmp(line, "1..", 3)) {
		out->planned = atoi(line + 3);
		rest = strstr(line, "# SKIP");
		if (!out->planned && rest) {
			out->skipped = true;
			number++;
			skipped++;
			printf("ok %d %s %s", number, program, rest);
		}
	} else if (!strncmp(line, "Bail out!", 9)) {
		out->bailed = true;
		printf("# %s", line);
	} else if (strncmp(line, "TAP version", 11)) {
		printf("%s%s", line[0] == '#' ? "" : "# ", line);
	}
	fflush(stdout);
}

static void run_program(const char *name)
{
	char program[64], path[600], line[1024], why[128];
	struct output out = { .planned = -1 };
	const char *pattern;
	int pipe_fds[2], status;
	struct timespec start, end;
	FILE *file;
	pid_t pid;

	snprintf(program, sizeof(program), "%.*s", (int)strcspn(name, "."), name);
	pattern = strchr(name, '.') ? strchr(name, '.') + 1 : NULL;
	snprintf(path, sizeof(path), "%s/%s", folder, program);
	if (access(path, X_OK)) {
		/* The 32-bit program needs a compiler that can make one. */
		if (!strcmp(program, "layout32"))
			skip(program, "not built (gcc-multilib makes it)");
		else
			fail(program, "is not built (make -C tools/testing/selftests)");
		return;
	}
	printf("# %s\n", program);
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &start);
	pid = pipe(pipe_fds) ? -1 : fork();
	if (pid < 0) {
		fail(program, strerror(errno));
		return;
	}
	if (!pid) {
		dup2(pipe_fds[1], 1);
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		execl(path, program, pattern, NULL);
		if (errno == ENOEXEC)
			printf("1..0 # SKIP this kernel runs no 32-bit programs\n");
		fflush(stdout);
		_exit(errno == ENOEXEC ? 0 : 127);
	}
	close(pipe_fds[1]);
	file = fdopen(pipe_fds[0], "r");
	while (file && fgets(line, sizeof(line), file))
		handle_line(&out, program, line);
	if (file)
		fclose(file);
	if (waitpid(pid, &status, 0) != pid)
		status = -1;
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("# %s took %.1f s\n", program,
	       end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9);

	if (out.skipped)
		return;
	if (out.bailed || out.planned < 0 || out.seen != out.planned || !WIFEXITED(status) ||
	    WEXITSTATUS(status) > 1) {
		snprintf(why, sizeof(why), "ended early: %d of %d tests, status 0x%x", out.seen,
			 out.planned, status);
		fail(program, why);
	}
}

/* Is NAME in LIST, which has commas between its parts? */
static bool is_in(const char *name, const char *list)
{
	size_t length = strlen(name);
	const char *part;

	for (part = list; part; part = strchr(part, ',')) {
		part += *part == ',';
		if (!strncmp(part, name, length) && (!part[length] || part[length] == ','))
			return true;
	}
	return false;
}

/* Is each part of LIST one of the programs? */
static bool are_programs(const char *list)
{
	size_t i, parts = 1, known = 0;
	const char *c;

	for (c = list; *c; c++)
		parts += *c == ',';
	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		known += is_in(programs[i], list);
	return known == parts;
}

int main(int argc, char **argv)
{
	const char *without = NULL;
	size_t i;
	int n;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		usage();
		return 0;
	}
	if (argc == 2 && !strncmp(argv[1], "--without=", 10)) {
		without = argv[1] + 10;
		if (!are_programs(without)) {
			fprintf(stderr, "run: --without=%s: not all of these are programs\n",
				without);
			return 2;
		}
		argc = 1;
	}
	if (argc > 1 && argv[1][0] == '-') {
		fprintf(stderr, "run: unknown option %s (see --help)\n", argv[1]);
		return 2;
	}
	find_folder();
	printf("TAP version 13\n");
	for (n = 1; n < argc; n++)
		run_program(argv[n]);
	for (i = 0; argc == 1 && i < sizeof(programs) / sizeof(programs[0]); i++)
		if (!without || !is_in(programs[i], without))
			run_program(programs[i]);
	printf("1..%d\n# %d passed, %d failed, %d skipped\n", number, number - failed - skipped,
	       failed, skipped);
	return failed ? 1 : 0;
}
