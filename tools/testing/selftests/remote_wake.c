// SPDX-License-Identifier: MIT
/*
 * A device that sleeps while programs wait for its data, and wakes its host: all that a program
 * sees is latency (winusb.md 3.2, 3.3, 2.2). On a port that is really suspended.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "door.h"
#include "sleeper.h"
#include "test.h"

static int fd;
static uint32_t handle, moved;
static uint8_t in[8][4096], out[4096];

void test_setup(void)
{
	sleeper_setup();
}

static void open_asleep(void)
{
	fd = sleeper_open(0, SLEEPER_ASLEEP, &handle);
}

/* Before a row's descriptors are closed: some are the device's. */
static void end(void)
{
	door_leave();
	gadget_remove();
}

static int read_in(void *buffer, uint32_t length)
{
	return node_transfer(fd, handle, gadget_address(GADGET_IN), buffer, length, &moved);
}

static int write_out(uint64_t place, uint32_t length)
{
	gadget_fill(GADGET_OUT, gadget_epoch(), place, out, length);
	return node_transfer(fd, handle, gadget_address(GADGET_OUT), out, length, &moved);
}

/* The device signals that it has something, and is awake after that. */
static void wake(void)
{
	unsigned int before = gadget_suspends();
	uint64_t end = test_now_ms() + 10000 * test_scale();

	CHECK(power_is_suspended());
	CHECK(gadget_wake());
	/* On a slow machine it may be asleep again when we look. */
	while (gadget_suspends() == before && strcmp(power_file("runtime_status"), "active")) {
		if (test_now_ms() > end)
			FAIL("it does not wake: it is %s", power_file("runtime_status"));
		test_sleep_ms(1);
	}
}

/* A control transfer, which wakes the device by the host. */
static void wake_by_host(void)
{
	uint8_t answer[8];

	CHECK_OK(node_control(fd, handle, 0xc1, 1, 0, 0, 8, answer, 8, NULL));
}

/* Asleep with the reads that wait: it may have been asleep when it got them. */
static void wait_withdrawn(void)
{
	wake_by_host();
	power_wait_suspended();
}

static uint64_t active_ms(void)
{
	return strtoull(power_file("runtime_active_time"), NULL, 10);
}

static void check_trip(struct trip *trip, enum gadget_pipe pipe, uint64_t place, uint32_t length)
{
	CHECK_OK(door_wait(trip));
	CHECK_EQ(trip->moved, length);
	CHECK_EQ(trip->flags, 0);
	gadget_check(pipe, 0, place, trip->buffer, length);
}

struct row {
	const char *label;
	enum door door;
};

static const struct row doors[] = {
	{ "a_thread", DOOR_BLOCKING }, { "a_record", DOOR_ASYNC }, { "SUBMIT", DOOR_SUBMIT },
	{ "io_uring", DOOR_URING }, { "registered_buffers", DOOR_FIXED },
};

/* The kinds of waiting. */
static const struct row waiters[] = {
	{ "a_thread", DOOR_BLOCKING }, { "a_record", DOOR_ASYNC }, { "io_uring", DOOR_URING },
};

TEST_EACH(s3_3_a_device_sleeps_while_a_read_waits_and_wakes_with_data, struct row, row, doors)
{
	uint64_t asleep, active;
	struct trip trip;
	unsigned int i;

	open_asleep();
	door_enter(row->door, fd, handle);
	for (i = 0; i < 3; i++) {
		trip = (struct trip) { 0 };
		door_start_read(&trip, gadget_address(GADGET_IN), in[0], 1536);
		wait_withdrawn();
		asleep = power_suspended_ms();
		active = active_ms();
		gadget_give(GADGET_IN, 700);
		test_sleep_ms(2 * SLEEPER_DELAY);
		CHECK(!door_done(&trip));
		CHECK_EQ(active_ms(), active);
		CHECK(power_suspended_ms() >= asleep + SLEEPER_DELAY);
		wake();
		check_trip(&trip, GADGET_IN, i * 700, 700);
	}
	gadget_wait_given(GADGET_IN, gadget_offered(GADGET_IN));
	end();
}

TEST_EACH(s3_3_an_interrupt_read_does_the_same, struct row, row, waiters)
{
	struct trip trip = { 0 };

	open_asleep();
	door_enter(row->door, fd, handle);
	door_start_read(&trip, gadget_address(GADGET_INT), in[0], GADGET_EVENT);
	wait_withdrawn();
	gadget_give(GADGET_INT, 17);
	wake();
	check_trip(&trip, GADGET_INT, 0, 17);
	end();
}

TEST_EACH(s3_3_reads_keep_their_order_over_sleep, struct row, row, waiters)
{
	struct trip trips[8] = { 0 };
	unsigned int i;

	open_asleep();
	door_enter(row->door, fd, handle);
	for (i = 0; i < ARRAY_SIZE(trips); i++)
		door_start_read(&trips[i], gadget_address(GADGET_IN), in[i], 512);
	for (i = 0; i < ARRAY_SIZE(trips); i += 2) {
		wait_withdrawn();
		gadget_give(GADGET_IN, 100);
		gadget_give(GADGET_IN, 101);
		wake();
		check_trip(&trips[i], GADGET_IN, i / 2 * 201, 100);
		check_trip(&trips[i + 1], GADGET_IN, i / 2 * 201 + 100, 101);
		/* Which thread comes first is the scheduler's affair. */
		if (row->door != DOOR_BLOCKING)
			CHECK_EQ(trips[i + 1].order, trips[0].order + i + 1);
	}
	end();
}

TEST(s2_2_RAW_IO_reads_in_flight_together_keep_their_order_over_sleep)
{
	struct trip trips[8] = { 0 };
	unsigned int i;

	open_asleep();
	CHECK_OK(node_set_policy(fd, handle, gadget_address(GADGET_IN), WINUSB_POLICY_RAW_IO, 1));
	door_enter(DOOR_SUBMIT, fd, handle);
	for (i = 0; i < ARRAY_SIZE(trips); i++)
		door_start_read(&trips[i], gadget_address(GADGET_IN), in[i], 1024);
	wait_withdrawn();
	for (i = 0; i < ARRAY_SIZE(trips); i++)
		gadget_give(GADGET_IN, 600 + i);
	wake();
	for (i = 0; i < ARRAY_SIZE(trips); i++)
		check_trip(&trips[i], GADGET_IN, 600 * i + i * (i - 1) / 2, 600 + i);
	end();
}

TEST_EACH(s3_3_what_a_withdrawn_read_has_got_stays_in_it, struct row, row, waiters)
{
	struct trip trip = { 0 };
	unsigned int i;

	open_asleep();
	door_enter(row->door, fd, handle);
	door_start_read(&trip, gadget_address(GADGET_IN), in[0], 4096);
	for (i = 0; i < 3; i++) {
		/* Whole packets: the read is not over. */
		gadget_give(GADGET_IN, 1024);
		if (i)
			wake();
		gadget_wait_given(GADGET_IN, 1024 * (i + 1));
		power_wait_suspended();
		CHECK(!door_done(&trip));
	}
	gadget_give(GADGET_IN, 10);
	wake();
	check_trip(&trip, GADGET_IN, 0, 3082);
	end();
}

TEST(s3_3_what_a_read_has_got_by_short_packets_stays_in_it_too)
{
	struct trip trip = { 0 };

	open_asleep();
	CHECK_OK(node_set_policy(fd, handle, gadget_address(GADGET_IN),
				 WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1));
	door_enter(DOOR_ASYNC, fd, handle);
	door_start_read(&trip, gadget_address(GADGET_IN), in[0], 1000);
	gadget_give(GADGET_IN, 100);
	gadget_wait_given(GADGET_IN, 100);
	power_wait_suspended();
	gadget_give(GADGET_IN, 600);
	wake();
	gadget_wait_given(GADGET_IN, 700);
	power_wait_suspended();
	CHECK(!door_done(&trip));
	gadget_give(GADGET_IN, 400);
	wake();
	check_trip(&trip, GADGET_IN, 0, 1000);
	/* What was too much is saved, asleep or awake. */
	power_wait_suspended();
	CHECK_OK(read_in(in[1], 100));
	CHECK_EQ(moved, 100);
	gadget_check(GADGET_IN, 0, 1000, in[1], 100);
}

TEST(s3_3_saved_data_stays_over_sleep)
{
	open_asleep();
	gadget_give(GADGET_IN, 500);
	CHECK_OK(read_in(in[0], 10));
	power_wait_suspended();
	CHECK_OK(read_in(in[1], 490));
	CHECK_EQ(moved, 490);
	gadget_check(GADGET_IN, 0, 10, in[1], 490);
}

TEST(s3_3_the_timeout_of_a_read_stands_still_in_sleep)
{
	uint64_t begin = test_tick_ms(), woken;
	struct trip trip = { 0 };

	open_asleep();
	CHECK_OK(node_timeout(fd, handle, gadget_address(GADGET_IN), 1000));
	door_enter(DOOR_ASYNC, fd, handle);
	door_start_read(&trip, gadget_address(GADGET_IN), in[0], 512);
	wait_withdrawn();
	/* Longer than the timeout, at any speed of this machine. */
	test_sleep_ms(2000);
	CHECK(power_is_suspended());
	CHECK(!door_done(&trip));
	woken = test_tick_ms();
	CHECK_OK(power_set(fd, handle, WINUSB_POWER_AUTO_SUSPEND, 0));
	CHECK_ERR(door_wait(&trip), ETIMEDOUT);
	/* What was left of it; waking takes some time, too. */
	CHECK(test_tick_ms() >= woken + (test_scale() > 1 ? 0 : 400));
	CHECK(test_tick_ms() >= begin + 3000);
	end();
}

TEST(s3_3_the_delay_counts_from_the_last_transfer)
{
	uint64_t last;
	int i;

	fd = sleeper_open(0, SLEEPER_ASLEEP, &handle);
	CHECK_OK(power_set(fd, handle, WINUSB_POWER_SUSPEND_DELAY, 1500));
	gadget_take(12 * GADGET_PACKET);
	for (i = 0; i < 12; i++) {
		last = test_now_ms();
		CHECK_OK(write_out(i * 10, 10));
		power_stays_active(150);
	}
	power_wait_suspended();
	CHECK(test_now_ms() >= last + 1450);
}

/* The host's own traffic */

TEST(s3_3_a_write_wakes_the_device)
{
	uint64_t end_ms;

	open_asleep();
	power_wait_suspended();
	gadget_take(1024);
	CHECK_OK(write_out(0, 600));
	CHECK_EQ(moved, 600);
	gadget_wait_taken(600);
	power_wait_suspended();
	/* The device's thread may be late. */
	for (end_ms = test_now_ms() + 10000 * test_scale(); gadget_suspends() < 2; test_sleep_ms(1))
		CHECK(test_now_ms() < end_ms);
}

TEST(s3_3_a_control_transfer_wakes_the_device)
{
	unsigned int before;

	open_asleep();
	power_wait_suspended();
	before = gadget_requests();
	CHECK_OK(node_control(fd, handle, 0xc1, 0x55, 7, 0, 8, in[0], 8, &moved));
	CHECK_EQ(moved, 8);
	CHECK_EQ(in[0][1], 0x55);
	CHECK_EQ(gadget_requests(), before + 1);
	power_wait_suspended();
}

TEST_EACH(s3_3_a_new_read_wakes_the_device, struct row, row, waiters)
{
	struct trip trip = { 0 };

	open_asleep();
	door_enter(row->door, fd, handle);
	power_wait_suspended();
	/* Nobody signals. */
	gadget_give(GADGET_IN, 33);
	door_start_read(&trip, gadget_address(GADGET_IN), in[0], 512);
	check_trip(&trip, GADGET_IN, 0, 33);
	end();
}

TEST(s3_3_requests_of_all_pipes_that_arrive_together_while_asleep_are_all_served)
{
	struct trip trips[4] = { 0 };

	open_asleep();
	door_enter(DOOR_ASYNC, fd, handle);
	power_wait_suspended();
	gadget_give(GADGET_IN, 512);
	gadget_give(GADGET_INT, 5);
	gadget_take(4 * GADGET_PACKET);
	gadget_fill(GADGET_OUT, 0, 0, out, 2000);
	door_start_read(&trips[0], gadget_address(GADGET_IN), in[0], 512);
	door_start_read(&trips[1], gadget_address(GADGET_INT), in[1], 64);
	trips[2] = (struct trip) {
		.pipe = gadget_address(GADGET_OUT), .buffer = out, .length = 1000,
	};
	trips[3] = trips[2];
	trips[3].buffer = out + 1000;
	door_start(&trips[2]);
	door_start(&trips[3]);
	check_trip(&trips[0], GADGET_IN, 0, 512);
	check_trip(&trips[1], GADGET_INT, 0, 5);
	CHECK_OK(door_wait(&trips[2]));
	CHECK_OK(door_wait(&trips[3]));
	gadget_wait_taken(2000);
	end();
}

TEST(s3_3_a_pending_write_keeps_the_device_awake)
{
	struct job job = { 0 };

	open_asleep();
	gadget_fill(GADGET_OUT, 0, 0, out, 1024);
	job = (struct job) { .fd = fd, .handle = handle, .pipe = gadget_address(GADGET_OUT),
			     .buffer = out, .length = 1024 };
	power_wait_suspended();
	job_start_blocked(&job);
	power_wait_active();
	power_stays_active(10 * SLEEPER_DELAY);
	power_wait_blocked_by("transfer");
	gadget_take(1024);
	CHECK_OK(job_wait(&job, 10));
	CHECK_EQ(job.moved, 1024);
	power_wait_suspended();
	power_wait_blocked_by("none");
}

TEST(s3_3_a_pending_control_transfer_keeps_the_device_awake)
{
	struct job job = { 0 };

	open_asleep();
	power_wait_suspended();
	job = (struct job) { .fd = fd, .handle = handle, .buffer = in[0], .length = 8 };
	node_setup(job.setup, 0xc1, 0x55, 0, 0, 8);
	gadget_hold(true);
	job_start_blocked(&job);
	power_wait_active();
	power_stays_active(10 * SLEEPER_DELAY);
	power_wait_blocked_by("transfer");
	gadget_hold(false);
	CHECK_OK(job_wait(&job, 10));
	power_wait_suspended();
}

/*
 * With no delay the kernel tries to suspend the device as soon as one write has ended, while the
 * next one is under way, or just about to end. Whenever that is, the device sleeps afterwards.
 */
TEST_LIMIT(s3_3_writes_one_after_the_other_let_it_sleep_in_the_end_without_delay, 120)
{
	unsigned int i, k, seed = 1, count = test_debug_kernel() ? 10 : 40;
	uint64_t place = 0, end_ms;
	struct trip trips[4];

	open_asleep();
	CHECK_OK(power_set(fd, handle, WINUSB_POWER_SUSPEND_DELAY, 0));
	door_enter(DOOR_ASYNC, fd, handle);
	for (i = 0; i < count; i++) {
		unsigned int naps = gadget_suspends();

		gadget_take(ARRAY_SIZE(trips) * GADGET_PACKET);
		for (k = 0; k < ARRAY_SIZE(trips); k++) {
			trips[k] = (struct trip) {
				.pipe = gadget_address(GADGET_OUT), .buffer = out, .length = 1,
			};
			gadget_fill(GADGET_OUT, 0, place++, out, 1);
			door_start(&trips[k]);
			CHECK_OK(door_wait(&trips[k]));
			usleep(rand_r(&seed) % 300);
		}
		end_ms = test_now_ms() + 5000 * test_scale();
		while (gadget_suspends() == naps || !power_is_suspended()) {
			if (test_now_ms() > end_ms)
				FAIL("turn %u: %s, blocked by %s", i, power_file("runtime_status"),
				     power_policy("blocked_by"));
			test_sleep_ms(1);
		}
	}
	end();
}

/* What ends a read while the device sleeps */

TEST(a_cancelled_read_of_a_sleeping_device_ends_with_what_it_has)
{
	struct trip trip = { 0 };

	open_asleep();
	door_enter(DOOR_ASYNC, fd, handle);
	door_start_read(&trip, gadget_address(GADGET_IN), in[0], 1024);
	gadget_give(GADGET_IN, 512);
	gadget_wait_given(GADGET_IN, 512);
	power_wait_suspended();
	CHECK_OK(node_abort(fd, handle, gadget_address(GADGET_IN)));
	CHECK_ERR(door_wait(&trip), ECANCELED);
	CHECK_EQ(trip.moved, 512);
	gadget_check(GADGET_IN, 0, 0, in[0], 512);
	/* And nothing is left of it when the device is awake again. */
	gadget_give(GADGET_IN, 30);
	CHECK_OK(read_in(in[1], 512));
	CHECK_EQ(moved, 30);
	gadget_check(GADGET_IN, 0, 512, in[1], 30);
	end();
}

TEST(a_file_of_a_sleeping_device_closes_with_reads_pending)
{
	struct trip trips[3] = { 0 };
	unsigned int i;

	open_asleep();
	door_enter(DOOR_ASYNC, fd, handle);
	for (i = 0; i < ARRAY_SIZE(trips); i++)
		door_start_read(&trips[i], gadget_address(GADGET_IN), in[i], 512);
	wait_withdrawn();
	close(fd);
	door_leave();
	fd = node_open(gadget_interface(), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	gadget_give(GADGET_IN, 30);
	CHECK_OK(read_in(in[0], 512));
	gadget_check(GADGET_IN, 0, 0, in[0], moved);
	CHECK_EQ(moved, 30);
}

TEST_EACH(unplugged_while_asleep_is_an_ordinary_removal, struct row, row, waiters)
{
	struct pollfd poll_fd;
	struct trip trip = { 0 };

	open_asleep();
	door_enter(row->door, fd, handle);
	door_start_read(&trip, gadget_address(GADGET_IN), in[0], 1024);
	gadget_give(GADGET_IN, 512);
	gadget_wait_given(GADGET_IN, 512);
	power_wait_suspended();
	gadget_pull();
	CHECK_ERR(door_wait(&trip), ESHUTDOWN);
	CHECK_EQ(trip.moved, 512);
	gadget_check(GADGET_IN, 0, 0, in[0], 512);
	gadget_wait_gone();
	CHECK_ERR(read_in(in[0], 512), ENODEV);
	poll_fd = (struct pollfd) { .fd = fd };
	CHECK_EQ(poll(&poll_fd, 1, 0), 1);
	CHECK_EQ(poll_fd.revents, POLLHUP | POLLERR);
	end();
}

/* A halted pipe is what a device may have forgotten, or remembered, over sleep. */
TEST(s2_2_RESET_PIPE_ON_RESUME_resets_the_pipe_before_reads_go_on)
{
	struct trip trip = { 0 };

	open_asleep();
	CHECK_OK(node_set_policy(fd, handle, gadget_address(GADGET_IN),
				 WINUSB_POLICY_RESET_PIPE_ON_RESUME, 1));
	door_enter(DOOR_ASYNC, fd, handle);
	door_start_read(&trip, gadget_address(GADGET_IN), in[0], 512);
	wait_withdrawn();
	gadget_halt(GADGET_IN);
	gadget_give(GADGET_IN, 30);
	wake();
	check_trip(&trip, GADGET_IN, 0, 30);
	end();
}

TEST(s2_2_without_RESET_PIPE_ON_RESUME_a_pipe_that_halted_in_sleep_is_halted)
{
	struct trip trip = { 0 };

	open_asleep();
	door_enter(DOOR_ASYNC, fd, handle);
	door_start_read(&trip, gadget_address(GADGET_IN), in[0], 512);
	wait_withdrawn();
	gadget_halt(GADGET_IN);
	wake();
	CHECK_ERR(door_wait(&trip), EPIPE);
	end();
}

/* Who has to agree */

TEST(s3_2_a_device_that_cannot_wake_does_not_sleep)
{
	fd = sleeper_open(GADGET_NO_WAKE, SLEEPER_ASLEEP, &handle);
	power_stays_active(10 * SLEEPER_DELAY);
	power_wait_blocked_by("DeviceIdleIgnoreWakeEnable");
}

TEST(s3_2_a_device_that_cannot_wake_sleeps_if_that_is_to_be_ignored)
{
	struct trip trip = { 0 };

	fd = sleeper_open(GADGET_NO_WAKE, SLEEPER_ASLEEP ",DeviceIdleIgnoreWakeEnable=1", &handle);
	door_enter(DOOR_ASYNC, fd, handle);
	door_start_read(&trip, gadget_address(GADGET_IN), in[0], 512);
	wait_withdrawn();
	/* Its data waits for the host's own traffic. */
	gadget_give(GADGET_IN, 30);
	gadget_wake();
	test_sleep_ms(4 * SLEEPER_DELAY);
	CHECK(power_is_suspended());
	CHECK(!door_done(&trip));
	CHECK_OK(node_control(fd, handle, 0xc1, 1, 0, 0, 8, in[1], 8, &moved));
	check_trip(&trip, GADGET_IN, 0, 30);
	end();
}

TEST(s3_2_the_property_takes_effect_when_it_is_given_and_when_it_is_taken)
{
	fd = sleeper_open(GADGET_NO_WAKE, SLEEPER_ASLEEP, &handle);
	power_stays_active(4 * SLEEPER_DELAY);
	sleeper_property("DeviceIdleIgnoreWakeEnable", 1);
	power_wait_suspended();
	sleeper_property("DeviceIdleIgnoreWakeEnable", -1);
	CHECK_OK(node_control(fd, handle, 0xc1, 1, 0, 0, 8, in[1], 8, &moved));
	power_wait_active();
	power_stays_active(10 * SLEEPER_DELAY);
}

TEST(s3_2_the_administrator_keeps_a_device_awake_and_lets_it_sleep)
{
	struct trip trip = { 0 };

	open_asleep();
	door_enter(DOOR_ASYNC, fd, handle);
	door_start_read(&trip, gadget_address(GADGET_IN), in[0], 512);
	wait_withdrawn();
	CHECK(!strcmp(power_file("control"), "auto"));
	power_write("control", "on");
	power_wait_active();
	power_stays_active(10 * SLEEPER_DELAY);
	power_wait_blocked_by("power/control");
	power_write("control", "auto");
	power_wait_suspended();
	gadget_give(GADGET_IN, 30);
	wake();
	check_trip(&trip, GADGET_IN, 0, 30);
	end();
}

/* What the driver said since LOG was at its end. */
static unsigned int lines_of(int log)
{
	unsigned int lines = 0;
	char text[2048];
	ssize_t n;

	while ((n = read(log, text, sizeof(text) - 1)) > 0 || errno == EPIPE) {
		text[n > 0 ? n : 0] = 0;
		if (strstr(text, "winusb"))
			lines++;
	}
	return lines;
}

TEST(a_device_that_wakes_at_once_for_ever_can_be_used_and_fills_no_log)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned int naps = 0, last, lines;
	struct trip trip = { 0 };
	uint64_t end_ms;

	CHECK(log >= 0);
	open_asleep();
	CHECK_OK(power_set(fd, handle, WINUSB_POWER_SUSPEND_DELAY, 1));
	door_enter(DOOR_ASYNC, fd, handle);
	door_start_read(&trip, gadget_address(GADGET_IN), in[0], 512);
	lseek(log, 0, SEEK_END);
	end_ms = test_now_ms() + 3000 * test_scale();
	for (last = gadget_suspends() - 1; test_now_ms() < end_ms; test_sleep_ms(1)) {
		if (last == gadget_suspends())
			continue;
		last = gadget_suspends();
		power_wait_suspended();
		gadget_wake();
		naps++;
	}
	gadget_give(GADGET_IN, 30);
	gadget_wake();
	check_trip(&trip, GADGET_IN, 0, 30);
	lines = lines_of(log);
	test_note("%u times asleep, %u lines in the log", naps, lines);
	CHECK(naps >= 2);
	CHECK(lines <= 1);
	end();
}
