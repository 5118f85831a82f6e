// SPDX-License-Identifier: MIT
/*
 * Boards of all kinds are plugged in and out at all controllers at once, and bound by what their
 * firmware says, while programs use whatever node appears, listen, read and write sysfs, and an
 * administrator changes his mind. For each plug the uevents have to tell what happened, no more and
 * no less; and at the end nothing is left.
 *
 * PLUGS says how many (100), SEED makes the same choices again, as far as other processes let them.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"
#include "ledger.h"
#include "storm.h"
#include "test.h"
#include "uevent.h"

/* Two boards at each of eight controllers, if there are so many. */
enum { FAULTS = 256, BOARDS_OF_ONE = 7, BOARDS_OF_DEBUG = 8 };

static struct board *boards[STORM_BOARDS];
static unsigned int num_boards;
static struct storm *storm;
static struct ledger *ledger;
static unsigned int chosen;
static pid_t pids[STORM_BOARDS + STORM_WORKERS], ledger_pid;
static unsigned int num_pids;

static struct {
	char name[48];
	unsigned int binds;
} faults[FAULTS];
static unsigned int num_faults;

static unsigned int number_of(const char *name, unsigned int preset)
{
	const char *text = getenv(name);
	unsigned long value = preset;
	char *end;

	if (text && *text) {
		value = strtoul(text, &end, 0);
		if (*end || value > UINT_MAX)
			test_bail("%s=%s is no number", name, text);
	}
	return value;
}

/* What the board can have wrong in its descriptors, and what is bound in spite of it. */
static void load_faults(void)
{
	FILE *list = popen("winusb-boards --faults=msos", "r");
	char line[160];

	while (list && num_faults < FAULTS && fgets(line, sizeof(line), list))
		if (sscanf(line, "%47s binds=%x", faults[num_faults].name,
			   &faults[num_faults].binds) == 2)
			num_faults++;
	if (!list || pclose(list) || !num_faults)
		test_bail("winusb-boards --faults=msos gives no faults (is it on PATH?)");
}

static const char *spec_of(unsigned int i)
{
	if (i % 8 == 3)
		return "composite";
	if (i % 8 == 5)
		return "fx2";
	return i % 2 ? "msos,pid=" STORM_GIVEN : "msos";
}

void test_setup(void)
{
	unsigned int i;

	load_faults();
	for (i = 0; i < STORM_BOARDS; i++) {
		boards[i] = board_add(spec_of(i));
		board_spread(boards[i]);
		board_functions(boards[i], !strcmp(spec_of(i), "composite"));
	}
	boards_start();
	num_boards = boards_controllers() > 1 ? STORM_BOARDS : BOARDS_OF_ONE;
	/* With more of them requests take longer than they may. */
	if (test_debug_kernel())
		num_boards = BOARDS_OF_DEBUG;
	storm = mmap(NULL, sizeof(*storm), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (storm == MAP_FAILED)
		test_bail("mmap: %s", strerror(errno));
	storm->wanted = number_of("PLUGS", 100);
	ledger = ledger_create(storm->wanted);
}

/* What one plug is. */
struct plan {
	unsigned int number;
	unsigned int binds;	/* interfaces that must be bound, one bit each */
	unsigned int may_bind;	/* others that may, as a fault and the time decide */
	unsigned int guids;	/* interfaces that must have the GUID of their firmware */
	bool given;		/* an administrator may have given them another one */
	bool ours;		/* ids name it */
};

static unsigned int roll(unsigned int *seed, unsigned int n)
{
	return (unsigned int)rand_r(seed) % n;
}

static const char *one_of(const char *const *texts, unsigned int n, unsigned int *seed)
{
	return texts[roll(seed, n)];
}

/* Sound descriptors, in one of the forms that there are. */
static void plan_sound(struct plan *plan, struct board *board, unsigned int *seed)
{
	static const struct {
		const char *name;
		unsigned int binds, guids, guids_of_10;
	} layouts[] = {
		{ "single", 0x1, 0x1, 0x1 }, { "composite", 0xb, 0x9, 0x9 },
		{ "whole", 0x3, 0x1, 0x1 }, { "ccgp", 0x1, 0x1, 0x1 },
		{ "ccgp-many", 0x3, 0x3, 0x1 },
	};
	static const char *const versions[] = { "1", "2", "both" };
	static const char *const properties[] = { "guid", "singular", "full", "nasty" };
	const char *os = one_of(versions, ARRAY_SIZE(versions), seed);
	unsigned int layout = roll(seed, ARRAY_SIZE(layouts));

	board_do(board, "set os=%s", os);
	board_do(board, "set layout=%s", layouts[layout].name);
	board_do(board, "set props=%s", one_of(properties, ARRAY_SIZE(properties), seed));
	if (roll(seed, 3) == 0)
		board_do(board, "set os-delay=%u", roll(seed, 150));
	plan->binds = layouts[layout].binds;
	plan->guids = *os == '1' ? layouts[layout].guids_of_10 : layouts[layout].guids;
}

static void plan_msos(struct plan *plan, struct board *board, unsigned int *seed)
{
	char guid[2][LEDGER_GUID];
	unsigned int i;

	for (i = 0; i < 2; i++)
		ledger_guid(guid[i], LEDGER_FIRMWARE, i, plan->number);
	board_do(board, "set guid=%s", guid[0]);
	board_do(board, "set guid2=%s", guid[1]);
	switch (roll(seed, 10)) {
	case 0:
		board_do(board, "set os=none");
		break;
	case 1:
		board_do(board, "set compat=LIBUSB0");
		break;
	case 2:
		i = roll(seed, num_faults);
		board_do(board, "set fault=%s", faults[i].name);
		plan->may_bind = faults[i].binds;
		ledger->plugs[plan->number].faulty = true;
		break;
	default:
		plan_sound(plan, board, seed);
	}
}

static struct plan plan_plug(unsigned int i, unsigned int number, unsigned int *seed)
{
	struct plan plan = { .number = number };
	struct board *board = boards[i];
	char serial[32];

	board_do(board, "defaults");
	ledger_serial(serial, sizeof(serial), number);
	board_do(board, "set serial=%s", serial);
	plan.given = strstr(spec_of(i), "pid=" STORM_GIVEN);
	plan.ours = strncmp(spec_of(i), "msos", 4);
	if (!plan.ours)
		plan_msos(&plan, board, seed);
	else
		plan.binds = strcmp(spec_of(i), "fx2") ? 0xf : 0x1;
	return plan;
}

/* How long a plug may take in which nothing is slow on purpose. */
static unsigned int patience_ms(void)
{
	return test_debug_kernel() ? 20000 : 15000;
}

/* Between two looks. */
static unsigned int pause_ms(void)
{
	return test_debug_kernel() ? 20 : 5;
}

/*
 * Waits until the uevents said that all is bound and has its GUID. False if they do not: where time
 * is short the driver gives a device up that it had to wait half a second for.
 */
static bool wait_told(struct board *board, const struct plan *plan)
{
	const struct ledger_plug *p = &ledger->plugs[plan->number];
	uint64_t now = test_now_ms(), last = now, waited = 0, end = now + 4 * patience_ms();
	unsigned int guids, added;

	for (;;) {
		added = ledger_added(p);
		guids = __atomic_load_n(plan->given ? &p->guids : &p->own_guids, __ATOMIC_ACQUIRE);
		if ((added & plan->binds) == plan->binds && (guids & plan->guids) == plan->guids)
			return true;
		/* Nothing is bound meanwhile, and to write autobind takes as long as all probes. */
		if (!__atomic_load_n(&storm->off, __ATOMIC_ACQUIRE))
			waited += now - last;
		if (waited > patience_ms() || now > end)
			break;
		test_sleep_ms(pause_ms());
		last = now;
		now = test_now_ms();
	}
	test_note("plug %u: bound 0x%x of 0x%x, GUIDs 0x%x of 0x%x", plan->number, added,
		  plan->binds, guids, plan->guids);
	test_note("  %s", board_ask(board, "info"));
	test_note("  %s", board_ask(board, "counters 0"));
	return false;
}

/* After the unplug: the events tell the rest. */
static void check_told(const struct plan *plan)
{
	const struct ledger_plug *p = &ledger->plugs[plan->number];
	uint64_t end = test_now_ms() + patience_ms();
	unsigned int wrong, i;

	while (!ledger_is_even(p) && test_now_ms() < end)
		test_sleep_ms(pause_ms());
	for (i = 0; !ledger_is_even(p) && i < LEDGER_INTERFACES; i++)
		if (p->adds[i] != p->removes[i])
			FAIL("plug %u, interface %u: %u times added, %u removed", plan->number, i,
			     p->adds[i], p->removes[i]);
	wrong = ledger_added(p) & ~(plan->binds | plan->may_bind);
	if (wrong)
		FAIL("plug %u: interfaces 0x%x were bound and do not say WINUSB", plan->number,
		     wrong);
}

/*
 * Waits until it is there; false if it has left by itself, as some faults have it, or if usbcore has
 * given it up, as it does after five seconds without an answer.
 */
static bool wait_up(struct board *board)
{
	uint64_t end = test_now_ms() + 4 * patience_ms();

	/* The board knows first, and to ask it takes a slow kernel less than to look into files. */
	while (strncmp(board_ask(board, "wait config 1 1000"), "result=ok", 9) ||
	       !board_configured(board)) {
		if (strstr(board_ask(board, "info"), " plugged=0"))
			return false;
		if (test_now_ms() > end) {
			test_note("%s does not come up: %s", board_name(board),
				  board_ask(board, "info"));
			__atomic_add_fetch(&storm->late, 1, __ATOMIC_RELAXED);
			return false;
		}
		test_sleep_ms(pause_ms());
	}
	return true;
}

static void wait_gone(struct board *board)
{
	char path[64];
	int i;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s", board_name(board));
	for (i = 0; i < 100 && !access(path, F_OK); i++)
		test_sleep_ms(pause_ms());
	board_wait_gone(board);
}

static void one_plug(unsigned int i, unsigned int number, unsigned int *seed)
{
	struct plan plan = plan_plug(i, number, seed);
	unsigned int early = roll(seed, 10);
	struct board *board = boards[i];

	board_attach(board);
	if (early == 0) {
		/* Anywhere in its enumeration, or while its descriptors are read. */
		test_sleep_ms(roll(seed, test_debug_kernel() ? 3000 : 600));
	} else if (wait_up(board)) {
		__atomic_add_fetch(&storm->came_up, 1, __ATOMIC_RELAXED);
		if (plan.ours)
			board_bind(board);
		if (early > 1 && !wait_told(board, &plan))
			__atomic_add_fetch(&storm->late, 1, __ATOMIC_RELAXED);
		/* For those who use it, or for faults that take their time. */
		test_sleep_ms(roll(seed, plan.may_bind ? 3000 : 200));
	}
	if (early < 2)
		__atomic_add_fetch(&storm->pulled_early, 1, __ATOMIC_RELAXED);
	board_ask(board, "unplug");
	wait_gone(board);
	check_told(&plan);
}

static void alive(unsigned int process)
{
	__atomic_store_n(&storm->alive_ms[process], test_now_ms(), __ATOMIC_RELAXED);
}

/* A board that is quicker is plugged in more often. */
static void board_main(unsigned int i)
{
	unsigned int seed = chosen + i * 7919, number;

	for (;;) {
		number = __atomic_fetch_add(&storm->begun, 1, __ATOMIC_SEQ_CST);
		if (number >= storm->wanted)
			return;
		alive(i);
		one_plug(i, number, &seed);
		__atomic_add_fetch(&storm->done, 1, __ATOMIC_SEQ_CST);
	}
}

static void (*const workers[STORM_WORKERS])(struct storm *storm, unsigned int *seed) = {
	storm_use, storm_look, storm_administrate, storm_handle, storm_switch, storm_listen,
	storm_use, storm_look, storm_use, storm_listen, storm_use, storm_use,
};

static void worker_main(unsigned int i)
{
	unsigned int seed = chosen + 104729 + i * 7919;

	while (!__atomic_load_n(&storm->stop, __ATOMIC_RELAXED)) {
		alive(STORM_BOARDS + i);
		workers[i](storm, &seed);
		/* All share a processor or two, and who plugs in has to have a part of it. */
		test_sleep_ms(test_debug_kernel() ? 30 : 1);
	}
}

static pid_t start(void (*run)(unsigned int argument), unsigned int argument, unsigned int process)
{
	pid_t pid;

	alive(process);
	pid = fork();
	CHECK(pid >= 0);
	if (pid)
		return pid;
	run(argument);
	fflush(stdout);
	_exit(0);
}

static void ledger_run(unsigned int fd)
{
	ledger_main(ledger, fd);
}

static void progress(uint64_t began)
{
	fprintf(stderr, "plug_storm: %llu s, %u of %u plugs (%u early, %u late), %llu opens, "
		"%llu transfers, %llu uevents (%llu added, %llu changed, %llu removed), %llu reads, "
		"%llu unbinds, %llu resets, seed %u\n",
		(unsigned long long)(test_now_ms() - began) / 1000, storm->done, storm->wanted,
		storm->pulled_early, storm->late, storm->opens, storm->transfers, ledger->events,
		ledger->adds, ledger->changes, ledger->removes, storm->reads, storm->unbinds,
		storm->resets, chosen);
}

static void report(void)
{
	unsigned int i;

	test_note("%u plugs at %u controllers, %u came up, %u were pulled early, %u not bound in time",
		  storm->done, boards_controllers(), storm->came_up, storm->pulled_early,
		  storm->late);
	test_note("%llu opens, %llu transfers, %llu KiB, %llu listeners with %llu events",
		  storm->opens, storm->transfers, storm->moved >> 10, storm->listens,
		  storm->events_read);
	for (i = 0; i < STORM_ERRORS; i++)
		if (storm->refused[i])
			test_note("%llu opens refused: %s", storm->refused[i], strerrorname_np(i));
	test_note("%llu files read, %llu written, %llu properties, autobind written %llu times, "
		  "%llu unbound by hand, %llu resets", storm->reads, storm->writes,
		  storm->properties, storm->switches, storm->unbinds, storm->resets);
	test_note("%llu uevents: %llu added (%llu without a serial number), %llu changed, "
		  "%llu removed, %llu GUIDs, %llu synthetic; %llu devices came, %llu left",
		  ledger->events, ledger->adds, ledger->nameless, ledger->changes, ledger->removes,
		  ledger->guids, ledger->synthetic, ledger->devices, ledger->devices_gone);
}

static void check_alive(void)
{
	uint64_t now = test_now_ms(), limit = 30 * patience_ms();
	char folder[64];
	unsigned int i;

	for (i = 0; i < num_pids; i++) {
		unsigned int process = i < num_boards ? i : STORM_BOARDS + i - num_boards;

		if (!pids[i] || now < storm->alive_ms[process] + limit)
			continue;
		snprintf(folder, sizeof(folder), "/proc/%d", pids[i]);
		test_describe(folder);
		file_write("/proc/sysrq-trigger", "w");
		FAIL("process %u did nothing for %llu s; seed %u", process,
		     (unsigned long long)limit / 1000, chosen);
	}
}

/* Collects those that ended. Fails if one was not content. Gives how many boards are at work. */
static unsigned int collect(void)
{
	unsigned int i, left = 0;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (status)
			FAIL("a process failed (0x%x); seed %u", status, chosen);
		if (pid == ledger_pid)
			ledger_pid = 0;
		for (i = 0; i < num_pids; i++)
			if (pids[i] == pid)
				pids[i] = 0;
	}
	for (i = 0; i < num_boards; i++)
		left += pids[i] != 0;
	return left;
}

static void wait_end(const bool *stop, pid_t *which, unsigned int n)
{
	unsigned int i;

	__atomic_store_n((bool *)stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < n; i++)
		while (which[i]) {
			collect();
			check_alive();
			test_sleep_ms(20);
		}
}

/* The boards' server knows how often each was plugged in; nobody knows of one now. */
static void check_end(void)
{
	unsigned long long plugs = 0;
	unsigned int i;

	for (i = 0; i < num_boards; i++)
		plugs += board_value(boards[i], "plugs");
	CHECK_EQ(plugs, storm->wanted);
	CHECK_EQ(folder_entries("/sys/class/winusb"), 0);
	CHECK_EQ(folder_entries("/dev/winusb"), 0);
	CHECK_EQ(ledger->adds, ledger->removes);
	CHECK_EQ(ledger->devices, ledger->devices_gone);
	CHECK(ledger->devices >= storm->came_up);
	CHECK(ledger->nameless <= storm->pulled_early);
}

/* Without a limit of its own to speak of: the lab has one. */
TEST_LIMIT(boards_come_and_go_and_every_one_is_told, 36000)
{
	uint64_t began = test_now_ms(), next = began + 30000;
	unsigned int i, num_workers = test_debug_kernel() ? 8 : STORM_WORKERS;
	int fd = uevent_open();

	chosen = number_of("SEED", (unsigned int)began * 2654435761u % 1000000);
	test_note("seed %u", chosen);
	/* To start modprobe for each interface takes a slow kernel longer than all else. */
	if (test_debug_kernel())
		CHECK_OK(file_write("/proc/sys/kernel/modprobe", "\n"));
	CHECK_OK(file_write("/sys/module/winusb/parameters/autobind", "on"));
	ledger_pid = start(ledger_run, fd, 0);
	for (i = 0; i < num_boards; i++)
		pids[num_pids++] = start(board_main, i, i);
	for (i = 0; i < num_workers; i++)
		pids[num_pids++] = start(worker_main, i, STORM_BOARDS + i);
	while (collect()) {
		check_alive();
		if (test_now_ms() >= next) {
			progress(began);
			next += 30000;
		}
		test_sleep_ms(10 * pause_ms());
	}
	wait_end(&storm->stop, pids, num_pids);
	storm_settle();
	wait_end(&ledger->stop, &ledger_pid, 1);
	progress(began);
	report();
	check_end();
	CHECK(storm->opens > storm->wanted / 10 && storm->transfers > storm->wanted / 10);
	/* On a slow kernel, or a busy machine, some devices wait too long for their turn. */
	if (storm->late > storm->wanted / (test_debug_kernel() ? 20 : 50) + 1)
		FAIL("%u boards of %u were not bound in time", storm->late, storm->wanted);
}
