// SPDX-License-Identifier: MIT
/*
 * Random operations of four processes, for minutes, while boards are pulled out and plugged in,
 * unbound, reset and made to fail, and fall asleep whenever they are left alone. Nothing may hang, be completed twice, end with what the contract
 * does not know, or deliver what was not sent; and at the end the module unloads.
 *
 * MINUTES says how long (2), SEED makes the same choices again, as far as other processes let them.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>

#include "board.h"
#include "node.h"
#include "pm.h"
#include "session.h"
#include "test.h"

enum { BOARDS = 3 };

static struct board *boards[BOARDS];
static struct soak *soak;
static unsigned int seed, chosen;
static pid_t workers[SOAK_WORKERS];
static unsigned int unplugs, unbinds, resets, troubles, asleep;

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

void test_setup(void)
{
	unsigned int i;

	boards[0] = board_add("fx2");
	boards[1] = board_add("composite");
	boards[2] = board_add("fx2,speed=full");
	boards_start();
	for (i = 0; i < BOARDS; i++) {
		board_spread(boards[i]);
		pm_allow(boards[i], WHOLE, 10);
		board_plug(boards[i]);
	}
	soak = mmap(NULL, sizeof(*soak), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (soak == MAP_FAILED)
		test_bail("mmap: %s", strerror(errno));
}

static unsigned int roll(unsigned int n)
{
	return (unsigned int)rand_r(&seed) % n;
}

static void one_session(unsigned int worker, unsigned int *choices)
{
	struct board *board = boards[rand_r(choices) % BOARDS];
	unsigned int interface = board == boards[1] ? rand_r(choices) % 4 : 0;

	session(soak, worker, board, interface, choices);
}

/* A session in a process of its own, which may be killed in the middle of it, or just ends. */
static void short_life(unsigned int worker, unsigned int *choices)
{
	bool killed = rand_r(choices) % 2;
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		one_session(worker, choices);
		_exit(0);
	}
	if (killed) {
		test_sleep_ms(rand_r(choices) % (100 * test_scale()));
		kill(pid, SIGKILL);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(status == 0 || (killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
	rand_r(choices);
}

static void worker_main(unsigned int worker)
{
	unsigned int choices = seed + worker * 7919;

	while (test_now_ms() < soak->end_ms) {
		__atomic_store_n(&soak->alive_ms[worker], test_now_ms(), __ATOMIC_RELAXED);
		if (rand_r(&choices) % 8)
			one_session(worker, &choices);
		else
			short_life(worker, &choices);
	}
}

/* What happens to the boards */

static void replug(struct board *board)
{
	board_do(board, "defaults");
	board_pull(board);
	board_wait_gone(board);
	board_plug(board);
	unplugs++;
}

static void rebind(struct board *board)
{
	char node[64];
	int result;

	snprintf(node, sizeof(node), "%s",
		 board_node(board, board == boards[1] ? roll(4) : 0));
	/* A reset by a worker may have made another device of it, which binds by itself. */
	result = interface_unbind(node);
	if (roll(2))
		test_sleep_ms(roll(50));
	if (!result)
		result = interface_bind(node, "winusb");
	if (result)
		test_note("%s: bound again: %s", node, test_errno(result));
	unbinds++;
}

static void reset(struct board *board)
{
	char path[128], text[16];
	int bus, usbfs;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/devnum", board_name(board));
	if (file_read(path, text, sizeof(text)) <= 0)
		return;
	bus = atoi(board_name(board));
	snprintf(path, sizeof(path), "/dev/bus/usb/%03d/%03d", bus, atoi(text));
	usbfs = open(path, O_RDWR | O_CLOEXEC);
	if (usbfs < 0)
		return;
	if (ioctl(usbfs, USBDEVFS_RESET, NULL))
		test_note("reset: %s", strerror(errno));
	close(usbfs);
	resets++;
}

static void trouble(struct board *board)
{
	static const char *const options[] = {
		"stall=0x88:1", "stall=0x81:1:512", "stall=0x06:1", "error=0x88:EPROTO:2",
		"error=0x07:EILSEQ:1", "silent=0x88:always", "silent=0x06:always:1024", "delay=2",
		"fifo=4", "silent-request=any", "stall-request=any", "stall=0x84:1",
	};

	board_do(board, "set %s", options[roll(ARRAY_SIZE(options))]);
	test_sleep_ms(20 + roll(200));
	board_do(board, "defaults");
	troubles++;
}

/* A file of the device, which a reset by a worker may have taken away. */
static void power_file(struct board *board, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/power/%s", board_name(board), name);
	file_write(path, text);
}

static void administrate(struct board *board)
{
	if (roll(2)) {
		power_file(board, "control", "on");
		test_sleep_ms(roll(100));
		power_file(board, "control", "auto");
	} else {
		pm_number(board, WHOLE, roll(2) ? "DeviceIdleEnabled" : "DefaultIdleState", 0);
		test_sleep_ms(roll(100));
		pm_allow(board, WHOLE, roll(20));
	}
}

static void look(struct board *board)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/power/runtime_status",
		 board_name(board));
	file_read(path, text, sizeof(text));
	asleep += !strcmp(text, "suspended\n");
}

static void disturb(void)
{
	struct board *board = boards[roll(BOARDS)];

	look(board);
	switch (roll(12)) {
	case 0 ... 2:
		replug(board);
		break;
	case 3 ... 4:
		rebind(board);
		break;
	case 5:
		reset(board);
		break;
	case 6 ... 7:
		administrate(board);
		break;
	default:
		trouble(board);
	}
}

/* The watch */

static void progress(uint64_t start)
{
	fprintf(stderr, "soak: %llu s of %llu s, %llu sessions, %llu operations, %llu transfers "
		"(%llu good), %llu MiB, %u unplugs, %u unbinds, %u resets, %u troubles, "
		"%u times asleep, seed %u\n",
		(unsigned long long)(test_now_ms() - start) / 1000,
		(unsigned long long)(soak->end_ms - start) / 1000, soak->sessions,
		soak->operations, soak->transfers, soak->good, soak->bytes >> 20, unplugs, unbinds,
		resets, troubles, asleep, chosen);
}

static void check_alive(void)
{
	char folder[64];
	unsigned int i;

	for (i = 0; i < SOAK_WORKERS; i++) {
		uint64_t alive = __atomic_load_n(&soak->alive_ms[i], __ATOMIC_RELAXED);

		if (test_now_ms() < alive + 60000 * test_scale())
			continue;
		snprintf(folder, sizeof(folder), "/proc/%d", workers[i]);
		test_describe(folder);
		file_write("/proc/sysrq-trigger", "w");
		FAIL("worker %u did nothing for %u s", i, 60 * test_scale());
	}
}

/* True if one ended before its time; then it has said why. */
static bool one_failed(void)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	return pid > 0 && test_now_ms() < soak->end_ms;
}

static void report(void)
{
	unsigned int i;

	for (i = 0; i < SOAK_ERRORS; i++)
		if (soak->ended[i])
			test_note("%llu transfers: %s", soak->ended[i],
				  i ? strerrorname_np(i) : "0");
}

/* Without a limit of its own to speak of: the lab has one. */
TEST_LIMIT(random_operations_break_nothing, 14400)
{
	uint64_t start = test_now_ms(), next = start + 10000;
	unsigned int i, failures = 0;
	int status;

	seed = chosen = number_of("SEED", (unsigned int)start * 2654435761u % 1000000);
	soak->end_ms = start + number_of("MINUTES", 2) * 60000ull;
	test_note("seed %u", chosen);
	for (i = 0; i < SOAK_WORKERS; i++) {
		soak->alive_ms[i] = start;
		workers[i] = fork();
		CHECK(workers[i] >= 0);
		if (!workers[i]) {
			worker_main(i);
			_exit(0);
		}
	}
	while (test_now_ms() < soak->end_ms) {
		disturb();
		test_sleep_ms(roll(300));
		if (test_now_ms() >= next) {
			progress(start);
			next += 10000;
		}
		check_alive();
		if (one_failed())
			FAIL("a worker failed; seed %u", chosen);
	}
	for (i = 0; i < SOAK_WORKERS; i++)
		if (waitpid(workers[i], &status, 0) == workers[i] && status) {
			test_note("worker %u: status 0x%x", i, status);
			failures++;
		}
	progress(start);
	report();
	CHECK_EQ(failures, 0);
	CHECK(soak->good > 100);
}
