// SPDX-License-Identifier: MIT
/*
 * Suspend and resume against everything else: the device falls asleep after 0 to 2 ms without a
 * transfer, all the time, while threads submit, abort, cancel, close, reset and unbind. Every
 * transfer ends once and with an error of the contract, and no byte is lost or comes twice.
 *
 * CYCLES says how often the device is to sleep in each test (15), SEED makes the same choices
 * again.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "pm.h"
#include "test.h"

enum { DEPTH = 12, THREADS = 3 };

static struct board *fx2, *composite;
static int fd;
static uint32_t handle;
static unsigned int seed, cycles;
static bool stop;

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
	/* It cuts the connection, and then waits for them for ever. */
	if (!test_own_kernel())
		test_skip_all("vhci_hcd of this kernel loses URBs whose unlink meets their end");
	fx2 = board_add("fx2");
	composite = board_add("composite");
	board_spread(fx2);
	board_spread(composite);
	boards_start();
	pm_allow(fx2, WHOLE, 1);
	pm_allow(composite, WHOLE, 1);
	board_plug(fx2);
	pm_require(fx2);
	board_plug(composite);
	boards_keep();
	seed = number_of("SEED", (unsigned int)test_now_ms() * 2654435761u % 1000000);
	cycles = number_of("CYCLES", 15);
	test_note("seed %u", seed);
}

static bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_RELAXED);
}

static unsigned int roll(unsigned int *choices, unsigned int n)
{
	return (unsigned int)rand_r(choices) % n;
}

/* Long enough to fall asleep at times, and to be in the middle of it at others. */
static void pause_a_bit(unsigned int *choices)
{
	static const unsigned int us[] = { 0, 300, 1000, 2500, 5000, 40000, 70000, 100000 };

	usleep(roll(choices, us[roll(choices, ARRAY_SIZE(us))] + 1));
}

/* Each thread has choices of its own. */
struct thread {
	pthread_t id;
	void (*run)(unsigned int *choices);
	unsigned int choices;
};

static struct thread threads[THREADS];
static unsigned int num_threads;

static void *thread_main(void *data)
{
	struct thread *thread = data;

	while (!stopped()) {
		thread->run(&thread->choices);
		pause_a_bit(&thread->choices);
	}
	return NULL;
}

static void start_thread(void (*run)(unsigned int *choices))
{
	struct thread *thread = &threads[num_threads++];

	thread->run = run;
	thread->choices = seed + 7919 * num_threads;
	CHECK_EQ(pthread_create(&thread->id, NULL, thread_main, thread), 0);
}

static void stop_threads(void)
{
	unsigned int i;

	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < num_threads; i++)
		pthread_join(threads[i].id, NULL);
	num_threads = 0;
}

static void open_board(struct board *board)
{
	fd = node_open(board_node(board, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

/* The contract, for what goes on here. */
static bool is_allowed(int status)
{
	static const int errors[] = {
		ECANCELED, ETIMEDOUT, ECONNRESET, ESHUTDOWN, ENODEV, EBUSY, EINVAL, EBADF, EPROTO,
		EPIPE, EIO, ENOENT, EAGAIN,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (status == -errors[i])
			return true;
	return !status;
}

static void check_allowed(const char *what, int result)
{
	if (!is_allowed(result))
		FAIL("%s: %s", what, test_errno(result));
}

/*
 * The stream: one thread writes counting bytes, the board loops them back, and reads that are
 * always pending get them in the order in which they end.
 */

static uint8_t in[DEPTH][512];
static bool pending[DEPTH];
static uint64_t written, position;
static unsigned long long ended, cancelled, timeouts;

static void write_some(unsigned int *choices)
{
	uint8_t out[700];
	uint32_t moved, length = roll(choices, sizeof(out)) + 1, i;

	for (i = 0; i < length; i++)
		out[i] = (written + i) % 251;
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, length, &moved));
	CHECK_EQ(moved, length);
	__atomic_add_fetch(&written, length, __ATOMIC_RELAXED);
}

static void start_one(unsigned int slot)
{
	CHECK(!pending[slot]);
	pending[slot] = true;
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[slot], sizeof(in[0]), slot));
}

static void take_one(const struct winusb_completion *record)
{
	unsigned int slot = record->cookie;
	uint32_t i;

	CHECK(slot < DEPTH);
	if (!pending[slot])
		FAIL("transfer %u was completed twice", slot);
	pending[slot] = false;
	ended++;
	cancelled += record->status == -ECANCELED;
	timeouts += record->status == -ETIMEDOUT;
	if (record->status && record->status != -ECANCELED && record->status != -ETIMEDOUT)
		FAIL("transfer %u ended with %s", slot, test_errno(record->status));
	for (i = 0; i < record->length; i++, position++)
		if (in[slot][i] != position % 251)
			FAIL("byte %llu of the stream is %u", (unsigned long long)position,
			     in[slot][i]);
}

/* The time limit of a test, for any number of cycles that somebody asks for. */
#define RACE(name) TEST_LIMIT(name, 14400)

static bool enough(unsigned long long before, uint64_t begun)
{
	unsigned long long done = pm_resumes(fx2) - before;

	if (test_now_ms() > begun + (5000 + cycles * 2000) * test_scale())
		FAIL("%llu sleeps of %u in %llu s", done, cycles,
		     (unsigned long long)(test_now_ms() - begun) / 1000);
	return done >= cycles;
}

static void wake(void)
{
	uint8_t byte;

	CHECK_OK(node_control(fd, handle, 0x80, 8, 0, 0, 1, &byte, 1, NULL));
}

static void stream(void)
{
	uint64_t begun = test_now_ms(), looked = begun;
	unsigned long long before = pm_resumes(fx2);
	struct winusb_completion record;
	unsigned int slot, left;
	uint64_t end;

	start_thread(write_some);
	for (slot = 0; slot < DEPTH; slot++)
		start_one(slot);
	for (;;) {
		if (async_ready(fd, 20)) {
			record = async_wait(fd);
			take_one(&record);
			start_one(record.cookie);
		}
		if (test_now_ms() < looked + 20)
			continue;
		looked = test_now_ms();
		if (enough(before, begun))
			break;
	}
	stop_threads();
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 0));
	/* What was written arrives, all of it. */
	end = test_now_ms() + 10000 * test_scale();
	while (position < written) {
		if (test_now_ms() > end)
			FAIL("%llu of %llu bytes arrived", (unsigned long long)position,
			     (unsigned long long)written);
		/* The board cannot wake its host, and a read may have the last bytes already. */
		wake();
		if (!async_ready(fd, 50))
			CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
		record = async_wait(fd);
		take_one(&record);
		start_one(record.cookie);
	}
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	for (left = DEPTH; left; left--) {
		record = async_wait(fd);
		take_one(&record);
	}
	async_expect_none(fd);
	CHECK_EQ(position, written);
	test_note("%llu sleeps, %llu transfers, %llu cancelled, %llu timeouts, %llu bytes",
		  pm_resumes(fx2) - before, ended, cancelled, timeouts,
		  (unsigned long long)position);
}

RACE(sleep_against_submission_loses_no_byte)
{
	open_board(fx2);
	stream();
}

static void change_delay(unsigned int *choices)
{
	CHECK_OK(node_set_power(fd, handle, WINUSB_POWER_SUSPEND_DELAY, roll(choices, 3)));
	CHECK_OK(node_set_power(fd, handle, WINUSB_POWER_AUTO_SUSPEND, roll(choices, 8) != 0));
}

RACE(sleep_against_power_policies_loses_no_byte)
{
	open_board(fx2);
	start_thread(change_delay);
	stream();
}

static void abort_pipe(unsigned int *choices)
{
	(void)choices;
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
}

RACE(sleep_against_abort_loses_no_byte)
{
	open_board(fx2);
	start_thread(abort_pipe);
	stream();
	CHECK(cancelled > 0);
}

static void cancel_one(unsigned int *choices)
{
	int result = async_cancel(fd, roll(choices, DEPTH), NULL);

	CHECK(result == 0 || result == -ENOENT);
}

RACE(sleep_against_cancel_in_two_threads_loses_no_byte)
{
	open_board(fx2);
	start_thread(cancel_one);
	start_thread(cancel_one);
	stream();
	CHECK(cancelled > 0);
}

RACE(sleep_against_cancel_of_raw_reads_loses_no_byte)
{
	open_board(fx2);
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_IN, WINUSB_POLICY_RAW_IO, 1));
	start_thread(cancel_one);
	stream();
	CHECK(cancelled > 0);
}

RACE(sleep_with_IGNORE_SHORT_PACKETS_and_cancel_loses_no_byte)
{
	open_board(fx2);
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1));
	start_thread(cancel_one);
	stream();
}

static void change_timeout(unsigned int *choices)
{
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, roll(choices, 5)));
}

RACE(sleep_against_timeouts_loses_no_byte)
{
	open_board(fx2);
	start_thread(change_timeout);
	stream();
}

static void reset_on_resume(unsigned int *choices)
{
	int result;

	CHECK_OK(node_set_policy(fd, handle, roll(choices, 2) ? FX2_BULK_IN : FX2_BULK_OUT,
				 WINUSB_POLICY_RESET_PIPE_ON_RESUME, roll(choices, 2)));
	result = node_reset_pipe(fd, handle, FX2_SWITCHES);
	CHECK(result == 0 || result == -EBUSY);
}

RACE(sleep_against_RESET_PIPE_and_RESET_PIPE_ON_RESUME_loses_no_byte)
{
	open_board(fx2);
	start_thread(reset_on_resume);
	stream();
}

static void control_some(unsigned int *choices)
{
	uint8_t byte;

	CHECK_OK(node_control(fd, handle, 0xc0, roll(choices, 2) ? FX2_GET_7SEG :
			      FX2_IS_HIGH_SPEED, 0, 0, 1, &byte, 1, NULL));
}

RACE(sleep_against_control_transfers_loses_no_byte)
{
	open_board(fx2);
	start_thread(control_some);
	stream();
}

static void administrate(unsigned int *choices)
{
	static const char *const delays[] = { "0", "1", "5", "-1" };

	switch (roll(choices, 4)) {
	case 0:
		pm_write(fx2, "power/control", "on");
		usleep(roll(choices, 3000));
		pm_write(fx2, "power/control", "auto");
		break;
	case 1:
		pm_write(fx2, "power/autosuspend_delay_ms", delays[roll(choices, 4)]);
		usleep(roll(choices, 3000));
		pm_write(fx2, "power/autosuspend_delay_ms", "1");
		break;
	case 2:
		pm_policy(fx2, 0, "blocked_by");
		break;
	default:
		/* The property counts as long as it is not 0. */
		file_write("/sys/bus/usb/drivers/winusb/function_property",
			   roll(choices, 4) ? "0547 1002 * REG_DWORD DeviceIdleEnabled 2" :
			   "0547 1002 * REG_DWORD DeviceIdleEnabled 0");
		usleep(roll(choices, 3000));
		file_write("/sys/bus/usb/drivers/winusb/function_property",
			   "0547 1002 * REG_DWORD DeviceIdleEnabled 1");
	}
}

RACE(sleep_against_an_administrator_loses_no_byte)
{
	open_board(fx2);
	start_thread(administrate);
	stream();
}

/*
 * What ends transfers in other ways. Every read that is accepted has one record; a file that is
 * closed with some pending is closed.
 */

static unsigned int accepted, completed;

static void read_some(unsigned int *choices, uint8_t pipe)
{
	static uint8_t data[64][64];
	unsigned int i, n = roll(choices, 6) + 1;
	int result;

	for (i = 0; i < n; i++) {
		result = async_start(fd, handle, pipe, data[i], 64, i);
		check_allowed("a read", result);
		accepted += !result;
	}
}

static void write_nothing(void)
{
	CHECK_OK(async_start(fd, handle, FX2_BULK_OUT, "", 0, 99));
	accepted++;
}

static void take_all(void)
{
	struct winusb_completion record;

	while (completed < accepted) {
		record = async_wait(fd);
		check_allowed("a read ended", record.status);
		CHECK(record.length <= 64);
		completed++;
	}
	async_expect_none(fd);
}

RACE(sleep_against_close_leaves_nothing_behind)
{
	unsigned long long before = pm_resumes(fx2);
	uint64_t begun = test_now_ms();
	unsigned int choices = seed, files = 0;

	while (!enough(before, begun)) {
		do {
			fd = node_open(board_node(fx2, 0), O_RDWR);
		} while (fd == -EBUSY);
		CHECK_OK(fd);
		CHECK_OK(node_initialize(fd, &handle));
		read_some(&choices, FX2_BULK_IN);
		if (roll(&choices, 2))
			CHECK_OK(node_set_power(fd, handle, WINUSB_POWER_SUSPEND_DELAY,
						roll(&choices, 3)));
		if (roll(&choices, 2))
			CHECK_OK(async_start(fd, handle, FX2_BULK_OUT, "", 0, 99));
		pause_a_bit(&choices);
		close(fd);
		files++;
	}
	test_note("%u files", files);
	WAIT_ASLEEP(fx2);
}

static void reset_device(unsigned int *choices)
{
	int result;

	usleep(roll(choices, 150000));
	result = node_reset_device(fd, handle);
	check_allowed("a reset", result);
}

/* Pending transfers end with -ECONNRESET, whichever way it was awake or asleep. */
RACE(sleep_against_RESET_DEVICE_ends_each_transfer_once)
{
	unsigned long long before = pm_resumes(fx2);
	unsigned int choices = seed;
	uint64_t begun = test_now_ms();
	uint32_t moved;

	open_board(fx2);
	start_thread(reset_device);
	while (!enough(before, begun)) {
		read_some(&choices, FX2_BULK_IN);
		check_allowed("a write", node_transfer(fd, handle, FX2_BULK_OUT, "12345", 5,
						       &moved));
		pause_a_bit(&choices);
		node_abort(fd, handle, FX2_BULK_IN);
		take_all();
	}
	stop_threads();
	take_all();
	test_note("%u reads", completed);
}

RACE(sleep_against_unbind_ends_each_transfer_once)
{
	unsigned long long before = pm_resumes(fx2);
	unsigned int choices = seed, bindings = 0;
	uint64_t begun = test_now_ms();

	while (!enough(before, begun)) {
		open_board(fx2);
		read_some(&choices, FX2_BULK_IN);
		if (roll(&choices, 2))
			write_nothing();
		pause_a_bit(&choices);
		CHECK_OK(interface_unbind(board_node(fx2, 0)));
		take_all();
		close(fd);
		CHECK_OK(interface_bind(board_node(fx2, 0), "winusb"));
		bindings++;
		if (roll(&choices, 2))
			pause_a_bit(&choices);
	}
	test_note("%u bindings", bindings);
}

RACE(sleep_against_unplugging_ends_each_transfer_once)
{
	unsigned int choices = seed, i;

	for (i = 0; i < (cycles + 2) / 3; i++) {
		open_board(fx2);
		read_some(&choices, FX2_BULK_IN);
		pause_a_bit(&choices);
		if (roll(&choices, 2))
			write_nothing();
		usleep(roll(&choices, 60000));
		board_unplug(fx2);
		take_all();
		close(fd);
		board_plug(fx2);
	}
}

/* One thread changes the setting while others use its pipes, whatever they are. */

static void use_setting(unsigned int *choices)
{
	uint32_t moved;
	char data[64];

	check_allowed("a write", node_transfer(fd, handle, 0x04, "12345", 5, &moved));
	CHECK_OK(node_timeout(fd, handle, 0, 5000));
	node_timeout(fd, handle, 0x84, 10 + roll(choices, 30));
	check_allowed("a read", node_transfer(fd, handle, 0x84, data, sizeof(data), &moved));
}

RACE(sleep_against_alternate_settings)
{
	unsigned long long before = pm_resumes(composite);
	unsigned int choices = seed, set = 0, tries;
	uint64_t begun = test_now_ms();
	uint32_t first;
	int result = 0;

	open_board(composite);
	first = handle;
	CHECK_OK(node_associated(fd, first, 1, &handle));
	start_thread(use_setting);
	while (pm_resumes(composite) - before < cycles) {
		for (tries = 0; tries < 50; tries++) {
			result = node_set_setting(fd, handle, roll(&choices, 3));
			if (result != -EBUSY)
				break;
			usleep(roll(&choices, 1000));
		}
		check_allowed("a setting", result);
		set += !result;
		pause_a_bit(&choices);
		if (test_now_ms() > begun + (5000 + cycles * 2000) * test_scale())
			FAIL("%llu sleeps", pm_resumes(composite) - before);
	}
	/* A read whose data came too late waits for it, and its timeout with it, till then. */
	CHECK_OK(node_set_power(fd, first, WINUSB_POWER_AUTO_SUSPEND, 0));
	stop_threads();
	test_note("%u settings", set);
	CHECK(set > 0);
}
