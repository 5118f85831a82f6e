// SPDX-License-Identifier: MIT
/*
 * A device with a fault in its OS descriptors is bound as far as they are valid, or not at all, in
 * bounded time and with one line in the log at most; and it can be used in any case.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "board.h"
#include "boards.h"
#include "pnp.h"
#include "test.h"

struct fault {
	const char *label;
	unsigned int binds;	/* the interfaces of functions that are still WINUSB */
	unsigned int guids;	/* that the first function has, if it is bound */
	bool said;		/* the driver says a line about it */
};

static const struct fault faults[] = {
	{ "none", 0x01, 1, false },
	{ "set-stall", 0x00, 0, true },
	{ "set-silent", 0x00, 0, true },
	{ "set-late", 0x00, 0, true },
	{ "set-slow", 0x01, 1, false },
	{ "set-code", 0x00, 0, true },
	{ "set-is-ids", 0x00, 0, true },
	{ "set-empty", 0x00, 0, true },
	{ "set-garbage", 0x00, 0, true },
	{ "set-cut-header", 0x00, 0, true },
	{ "set-cut-compat", 0x00, 0, true },
	{ "set-cut-compat-end", 0x01, 0, true },
	{ "set-cut-name", 0x01, 0, true },
	{ "set-cut-data", 0x01, 0, true },
	{ "set-cut-last", 0x01, 0, true },
	{ "set-cut-head", 0x01, 0, true },
	{ "set-cut-function", 0x03, 1, true },
	{ "set-changes", 0x01, 1, false },
	{ "total-small", 0x01, 0, true },
	{ "total-tiny", 0x00, 0, true },
	{ "total-zero", 0x00, 0, true },
	{ "total-large", 0x01, 1, true },
	{ "info-small", 0x01, 0, true },
	{ "info-zero", 0x00, 0, false },
	{ "info-five", 0x00, 0, false },
	{ "info-large", 0x01, 1, true },
	{ "info-huge", 0x01, 1, true },
	{ "header-missing", 0x00, 0, true },
	{ "header-short", 0x00, 0, true },
	{ "header-zero", 0x00, 0, true },
	{ "header-long", 0x01, 1, false },
	{ "header-type", 0x00, 0, true },
	{ "header-twice", 0x01, 1, true },
	{ "header-windows", 0x01, 1, false },
	{ "infos-many", 0x01, 1, false },
	{ "infos-none", 0x00, 0, false },
	{ "info-future", 0x00, 0, false },
	{ "capability-uuid", 0x00, 0, false },
	{ "capability-cut", 0x00, 0, false },
	{ "capability-odd", 0x01, 1, false },
	{ "capability-long", 0x00, 0, false },
	{ "capability-zero", 0x00, 0, false },
	{ "capability-type", 0x00, 0, false },
	{ "capability-reserved", 0x01, 1, false },
	{ "capability-other", 0x01, 1, false },
	{ "bos-long", 0x00, 0, false },
	{ "bos-short", 0x00, 0, false },
	{ "bos-count", 0x00, 0, false },
	{ "bos-count-many", 0x01, 1, false },
	{ "bos-old", 0x00, 0, false },
	{ "length-zero", 0x00, 0, true },
	{ "length-one", 0x00, 0, true },
	{ "length-three", 0x00, 0, true },
	{ "length-past-end", 0x00, 0, true },
	{ "length-zero-last", 0x01, 0, true },
	{ "length-past-end-last", 0x01, 0, true },
	{ "unknown", 0x01, 1, false },
	{ "huge", 0x01, 1, false },
	{ "resume-time", 0x01, 1, true },
	{ "revision-zero", 0x01, 1, true },
	{ "compat-second", 0x01, 1, true },
	{ "compat-first", 0x00, 0, true },
	{ "compat-lower", 0x00, 0, true },
	{ "compat-spaces", 0x00, 0, true },
	{ "compat-eight", 0x00, 0, false },
	{ "compat-path", 0x00, 0, true },
	{ "compat-line", 0x00, 0, true },
	{ "compat-behind", 0x00, 0, true },
	{ "compat-nul", 0x00, 0, false },
	{ "compat-short", 0x00, 0, true },
	{ "compat-long", 0x01, 1, false },
	{ "compat-missing", 0x00, 0, false },
	{ "compat-last", 0x01, 1, false },
	{ "subcompat-bad", 0x01, 1, true },
	{ "name-odd", 0x01, 0, true },
	{ "name-unterminated", 0x01, 0, true },
	{ "name-empty", 0x01, 0, true },
	{ "name-cut", 0x01, 0, false },
	{ "name-long", 0x01, 0, true },
	{ "name-longer", 0x01, 0, true },
	{ "name-case", 0x01, 1, false },
	{ "name-surrogate", 0x01, 0, false },
	{ "data-long", 0x01, 0, true },
	{ "data-huge", 0x01, 0, true },
	{ "data-short", 0x01, 1, false },
	{ "data-none", 0x01, 0, false },
	{ "data-odd", 0x01, 1, false },
	{ "type-zero", 0x01, 0, true },
	{ "type-eight", 0x01, 0, true },
	{ "type-ffff", 0x01, 0, true },
	{ "type-dword", 0x01, 0, true },
	{ "properties-after", 0x01, 1, true },
	{ "properties-before", 0x01, 0, true },
	{ "property-twice", 0x01, 1, true },
	{ "property-huge", 0x01, 1, false },
	{ "guid-sz", 0x01, 1, false },
	{ "guid-binary", 0x01, 0, false },
	{ "guid-unterminated", 0x01, 1, false },
	{ "guid-double", 0x01, 1, false },
	{ "guid-nonsense", 0x01, 0, false },
	{ "guid-braces", 0x01, 0, false },
	{ "guid-digit", 0x01, 0, false },
	{ "guid-trailing", 0x01, 0, false },
	{ "guid-path", 0x01, 0, false },
	{ "guid-surrogates", 0x01, 0, false },
	{ "guid-ascii", 0x01, 0, false },
	{ "guid-one-good", 0x01, 1, false },
	{ "guid-twice", 0x01, 1, false },
	{ "guid-many", 0x01, 8, false },
	{ "configuration-one", 0x00, 0, true },
	{ "configuration-two", 0x0b, 1, false },
	{ "configuration-long", 0x0b, 1, true },
	{ "configuration-short", 0x0b, 1, false },
	{ "configuration-zero", 0x00, 0, true },
	{ "configuration-empty", 0x0b, 1, false },
	{ "configuration-nested", 0x0b, 1, true },
	{ "configuration-header", 0x00, 0, true },
	{ "functions-bare", 0x0b, 1, false },
	{ "function-first", 0x0b, 1, false },
	{ "function-long", 0x0b, 1, true },
	{ "function-short", 0x0b, 1, true },
	{ "function-zero", 0x00, 0, true },
	{ "function-nested", 0x0b, 1, true },
	{ "function-twice", 0x0b, 1, true },
	{ "function-second", 0x08, 0, false },
	{ "function-absent", 0x0b, 1, false },
	{ "functions-after", 0x0b, 1, true },
	{ "functions-before", 0x00, 0, true },
	{ "ccgp-in-function", 0x0b, 1, true },
	{ "function-single", 0x00, 0, false },
	{ "device-on-composite", 0x0f, 1, false },
	{ "string-silent", 0x00, 0, false },
	{ "string-late", 0x00, 0, false },
	{ "string-slow", 0x01, 1, false },
	{ "string-empty", 0x00, 0, false },
	{ "string-cut", 0x00, 0, false },
	{ "string-signature", 0x00, 0, false },
	{ "string-length", 0x00, 0, false },
	{ "string-type", 0x00, 0, false },
	{ "string-flags", 0x01, 1, false },
	{ "string-code", 0x00, 0, true },
	{ "ids-stall", 0x00, 0, true },
	{ "ids-silent", 0x00, 0, true },
	{ "ids-late", 0x00, 0, true },
	{ "ids-empty", 0x00, 0, true },
	{ "ids-cut-header", 0x00, 0, true },
	{ "ids-cut-section", 0x00, 0, true },
	{ "ids-length-zero", 0x00, 0, true },
	{ "ids-length-header", 0x00, 0, true },
	{ "ids-length-long", 0x01, 1, true },
	{ "ids-length-huge", 0x01, 1, true },
	{ "ids-count-zero", 0x00, 0, true },
	{ "ids-count-many", 0x01, 1, true },
	{ "ids-version", 0x00, 0, true },
	{ "ids-index", 0x00, 0, true },
	{ "ids-reserved", 0x01, 1, false },
	{ "ids-twice", 0x01, 1, true },
	{ "ids-absent", 0x00, 0, false },
	{ "ids-lower", 0x00, 0, true },
	{ "ids-grow", 0x01, 1, true },
	{ "ids-shrink", 0x00, 0, false },
	{ "properties-stall", 0x01, 0, false },
	{ "properties-silent", 0x01, 0, true },
	{ "properties-late", 0x01, 0, true },
	{ "properties-device", 0x01, 1, false },
	{ "properties-interface", 0x01, 1, false },
	{ "properties-empty", 0x01, 0, true },
	{ "properties-cut", 0x01, 0, true },
	{ "properties-length-zero", 0x01, 0, true },
	{ "properties-length-short", 0x01, 0, true },
	{ "properties-length-huge", 0x01, 1, true },
	{ "properties-index", 0x01, 0, true },
	{ "properties-count-zero", 0x01, 0, true },
	{ "properties-count-many", 0x01, 1, true },
	{ "section-zero", 0x01, 0, true },
	{ "section-short", 0x01, 0, true },
	{ "section-long", 0x01, 0, true },
	{ "section-huge", 0x01, 0, true },
	{ "section-type", 0x01, 0, true },
	{ "section-type-high", 0x01, 0, true },
	{ "section-name", 0x01, 0, true },
	{ "section-data", 0x01, 0, true },
	{ "section-data-long", 0x01, 0, true },
	{ "both-stall", 0x00, 0, true },
	{ "both-differ", 0x00, 0, false },
	{ "both-uuid", 0x01, 1, false },
	{ "both-bos", 0x01, 1, false },
};

/* What came of it. */
struct outcome {
	bool measured;
	unsigned int bound;	/* also what would be, by what the driver has read */
	unsigned int guids;
	unsigned int ms;	/* from when it was configured until it was bound, or refused */
	unsigned int lines;	/* in the log */
	bool works;
};

enum { BOARDS = 8 };

static struct board *boards[BOARDS];
static struct outcome *outcomes;	/* shared with the tests' processes */

void test_setup(void)
{
	unsigned int i;

	for (i = 0; i < BOARDS; i++)
		boards[i] = pnp_board(0x0100 + i);
	boards_start();
	outcomes = mmap(NULL, sizeof(*outcomes) * ARRAY_SIZE(faults), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcomes == MAP_FAILED)
		test_bail("mmap: %s", strerror(errno));
}

/* One board while it is watched. */
struct watch {
	struct board *board;
	const struct fault *fault;
	struct outcome *outcome;
	enum { COMING, READING, NAMED, DONE } state;
	uint64_t since;
};

static unsigned int count_guids(struct board *board)
{
	const char *text = attribute(board, 0, "interface_guids");
	unsigned int n = *text != 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void watch_end(struct watch *watch, unsigned int mask)
{
	watch->outcome->ms = test_now_ms() - watch->since;
	watch->outcome->bound = mask;
	watch->state = DONE;
}

/* Later, so as not to delay the watch over others. */
static void watch_use(struct watch *watch)
{
	unsigned int first, mask = bound(watch->board);

	if (watch->outcome->bound & mask & 1)
		watch->outcome->guids = count_guids(watch->board);
	for (first = 0; mask && !(mask & 1u << first); first++)
		;
	watch->outcome->works = node_works(watch->board, first);
}

static void watch_reading(struct watch *watch)
{
	unsigned int i, mask = bound(watch->board);
	uint64_t ms = test_now_ms() - watch->since;

	if (watch->fault->binds) {
		if (mask == watch->fault->binds || ms > 3000 + slack(1000))
			watch_end(watch, mask);
		return;
	}
	/* In most cases it is over by now; whether it is can only be seen on what is bound. */
	if (ms < 50 * test_scale())
		return;
	if (mask) {
		watch_end(watch, mask);
		return;
	}
	for (i = 0; i < board_interfaces(watch->board); i++)
		name_function(watch->board, i);
	watch->state = NAMED;
}

static void watch_named(struct watch *watch)
{
	unsigned int i, n = board_interfaces(watch->board), mask = 0;

	if (bound(watch->board) != (1u << n) - 1)
		return;
	if (!strcmp(attribute(watch->board, 0, "os_descriptors"), "pending"))
		return;
	/* Would it have been bound? */
	for (i = 0; i < n; i++)
		if (!strcmp(attribute(watch->board, i, "compatible_id"), "WINUSB"))
			mask |= 1u << i;
	watch_end(watch, mask);
}

static void watch_step(struct watch *watch)
{
	switch (watch->state) {
	case COMING:
		if (!board_configured(watch->board))
			return;
		watch->since = test_now_ms();
		watch->state = READING;
		return;
	case READING:
		watch_reading(watch);
		return;
	case NAMED:
		watch_named(watch);
		return;
	case DONE:
		return;
	}
}

/* Some faults at a time, from this one on: plugging boards in takes most of the time. */
static void measure(size_t first, size_t n)
{
	uint64_t end = test_now_ms() + 15000 + slack(5000);
	struct watch watches[BOARDS] = { 0 };
	unsigned int lines[BOARDS] = { 0 };
	int log = log_open();
	char option[64];
	size_t i, done;

	autobind("on");
	for (i = 0; i < n; i++) {
		watches[i].board = boards[i];
		watches[i].fault = &faults[first + i];
		watches[i].outcome = &outcomes[first + i];
		memset(watches[i].outcome, 0, sizeof(struct outcome));
		snprintf(option, sizeof(option), "fault=%s", faults[first + i].label);
		board_set(boards[i], option);
		board_attach(boards[i]);
	}
	do {
		test_sleep_ms(2 * test_scale());
		for (i = done = 0; i < n; i++) {
			watch_step(&watches[i]);
			done += watches[i].state == DONE;
		}
		if (test_now_ms() > end)
			FAIL("%zu of %zu devices are read", done, n);
	} while (done < n);
	log_count(log, boards, lines, n);
	close(log);
	for (i = 0; i < n; i++) {
		watch_use(&watches[i]);
		watches[i].outcome->lines = lines[i];
		watches[i].outcome->measured = true;
		board_pull(boards[i]);
	}
	for (i = 0; i < n; i++)
		board_wait_gone(boards[i]);
}

TEST_EACH(a_fault_costs_what_it_is_in_and_no_more, struct fault, fault, faults)
{
	struct outcome *outcome = &outcomes[fault - faults];
	size_t left = ARRAY_SIZE(faults) - (fault - faults);

	if (!outcome->measured)
		measure(fault - faults, left < BOARDS ? left : BOARDS);
	/* A slow machine with eight boards may not answer in time: once more, this one alone. */
	if (outcome->bound != fault->binds || outcome->lines != fault->said ||
	    outcome->guids != fault->guids)
		measure(fault - faults, 1);
	if (outcome->bound != fault->binds)
		FAIL("interfaces 0x%x are bound, expected 0x%x", outcome->bound, fault->binds);
	CHECK_EQ(outcome->guids, fault->guids);
	CHECK_EQ(outcome->lines, fault->said);
	CHECK(outcome->works);
	/* 500 ms a request, two seconds for all. */
	if (outcome->ms > 2000 + slack(1000))
		FAIL("it took %u ms", outcome->ms);
}

TEST(the_board_has_these_faults_and_no_others)
{
	char path[512], command[600], line[256], expected[256];
	size_t i = 0;
	FILE *list;

	board_server_path(path, sizeof(path));
	snprintf(command, sizeof(command), "'%s' --faults=msos", path);
	list = popen(command, "r");
	CHECK(list);
	for (; fgets(line, sizeof(line), list); i++) {
		CHECK(i < ARRAY_SIZE(faults));
		snprintf(expected, sizeof(expected), "%s binds=0x%02x guids=%u\n",
			 faults[i].label, faults[i].binds, faults[i].guids);
		CHECK_TEXT(line, expected);
	}
	CHECK_EQ(pclose(list), 0);
	CHECK_EQ(i, ARRAY_SIZE(faults));
}
