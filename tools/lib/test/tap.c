// SPDX-License-Identifier: MIT
/* See tap.h. The tests run in the order in which they stand in their file. */
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "tap.h"

static struct tap_test *first, **last = &first;
static bool failed, skipped;
static const char *why;

void tap_register(struct tap_test *test)
{
	*last = test;
	last = &test->next;
}

void tap_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	failed = true;
	printf("# %s:%d: ", file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

void tap_await_asleep(int tid)
{
	int asleep = 0;

	while (asleep < 3) {
		char path[64], text[256] = "", *state;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
		file = fopen(path, "r");
		if (!file)
			return;
		text[fread(text, 1, sizeof(text) - 1, file)] = 0;
		fclose(file);
		state = strrchr(text, ')');
		if (!state)
			return;
		asleep = state[2] == 'S' || state[2] == 'D' ? asleep + 1 : 0;
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
}

void tap_skip(const char *reason)
{
	skipped = true;
	why = reason;
}

int main(int argc, char **argv)
{
	unsigned int number = 0, bad = 0;
	struct tap_test *test;

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("TAP version 13");
	for (test = first; test; test = test->next) {
		if (argc > 1 && !strstr(test->name, argv[1]))
			continue;
		failed = skipped = false;
		test->run();
		bad += failed;
		printf("%sok %u - %s%s%s\n", failed ? "not " : "", ++number, test->name,
		       skipped && !failed ? " # SKIP " : "", skipped && !failed ? why : "");
	}
	printf("1..%u\n", number);
	return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
