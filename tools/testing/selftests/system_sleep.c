// SPDX-License-Identifier: MIT
/*
 * The system sleeps while transfers are under way (winusb.md 3.3, "System sleep", 3.2
 * "SystemWakeEnabled"). CYCLES says how often each of the rules is tried. A cycle ends where all
 * devices are suspended, with pm_test, but each eighth of them is a real one, which an alarm ends.
 *
 * dummy_hcd pulls its device out when the system sleeps, and plugs it in before that wakes: usbcore
 * makes a reset-resume of that. With the module winusb_steady it does not, and there is an ordinary
 * resume.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "async.h"
#include "door.h"
#include "sleeper.h"
#include "sysfs.h"
#include "test.h"

#define POWER "/sys/power"

/* A device that does not sleep of itself, and so is awake when the system goes to sleep. */
#define AWAKE ""

static int fd;
static uint32_t handle, moved;
static uint8_t in[8][4096], out[4096];

static unsigned int cycles(void)
{
	const char *text = getenv("CYCLES");

	return text && *text ? strtoul(text, NULL, 0) : 5;
}

void test_setup(void)
{
	char states[64];

	if (file_read(POWER "/state", states, sizeof(states)) < 0 || !strstr(states, "freeze") ||
	    access(POWER "/pm_test", F_OK))
		test_skip_all("no system sleep or no pm_test here; uml without --smp has both");
	if (!test_own_kernel())
		test_skip_all("a guest of QEMU with its root on 9p does not survive system sleep");
	sleeper_setup();
	/* By default a pm_test takes five seconds. */
	if (file_write("/sys/module/suspend/parameters/pm_test_delay", "0"))
		test_bail("no pm_test_delay");
}

/* Loads winusb_steady, or takes it away. */
static void steady(bool on)
{
	const char *folder = getenv("WINUSB_LAB_MODULES");
	char path[512];
	int file, result;

	result = syscall(SYS_delete_module, "winusb_steady", O_NONBLOCK) ? -errno : 0;
	CHECK(result == 0 || result == -ENOENT);
	if (!on)
		return;
	snprintf(path, sizeof(path), "%s/winusb_steady.ko", folder ? folder : ".");
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		FAIL("%s: %s", path, strerror(errno));
	result = syscall(SYS_finit_module, file, "", 0) ? -errno : 0;
	close(file);
	CHECK_OK(result);
}

static unsigned int naps;

/* The system sleeps, is not refused to, and wakes. */
static void nap(void)
{
	struct itimerspec alarm = { .it_value = { 5, 0 } };
	bool real = ++naps % 8 == 0;
	int timer = -1, result;
	char state[32];

	CHECK_OK(file_write(POWER "/pm_test", real ? "none" : "devices"));
	snprintf(state, sizeof(state), "%s", naps % 2 || !real ? "mem" : "freeze");
	if (real) {
		/* Less than two seconds would keep the system awake. */
		timer = timerfd_create(CLOCK_BOOTTIME_ALARM, TFD_CLOEXEC);
		CHECK(timer >= 0);
		CHECK_EQ(timerfd_settime(timer, 0, &alarm, NULL), 0);
	}
	result = file_write(POWER "/state", state);
	if (timer >= 0)
		close(timer);
	if (result)
		FAIL("the system refuses to sleep, the time number %u: %s", naps,
		     test_errno(result));
}

static void open_awake(bool is_steady)
{
	steady(is_steady);
	/* Else the cable is pulled out before the host has put the device to sleep. */
	CHECK_OK(file_write(POWER "/pm_async", is_steady ? "1" : "0"));
	fd = sleeper_open(0, AWAKE, &handle);
}

struct row {
	const char *label;
	enum door door;
};

static const struct row waiters[] = {
	{ "a_thread", DOOR_BLOCKING }, { "a_record", DOOR_ASYNC }, { "io_uring", DOOR_URING },
};

static void end(void)
{
	door_leave();
	gadget_remove();
}

static void check_trip(struct trip *trip, enum gadget_pipe pipe, uint64_t place, uint32_t length)
{
	CHECK_OK(door_wait(trip));
	CHECK_EQ(trip->moved, length);
	CHECK_EQ(trip->flags, 0);
	gadget_check(pipe, gadget_epoch(), place, trip->buffer, length);
}

TEST_EACH_LIMIT(a_read_survives_system_sleep_and_gets_what_is_sent_after_it, struct row, row, 900,
		waiters)
{
	struct trip bulk, event;
	uint64_t place = 0;
	unsigned int i;

	open_awake(true);
	door_enter(row->door, fd, handle);
	for (i = 0; i < cycles(); i++) {
		bulk = (struct trip) { 0 };
		event = bulk;
		door_start_read(&bulk, gadget_address(GADGET_IN), in[0], 2048);
		door_start_read(&event, gadget_address(GADGET_INT), in[1], GADGET_EVENT);
		/* With some bytes before, and without. */
		if (i % 2) {
			gadget_give(GADGET_IN, 1024);
			gadget_wait_given(GADGET_IN, place + 1024);
		}
		nap();
		CHECK(!door_done(&bulk));
		CHECK(!door_done(&event));
		gadget_give(GADGET_IN, 100);
		gadget_give(GADGET_INT, 10);
		check_trip(&bulk, GADGET_IN, place, i % 2 ? 1124 : 100);
		check_trip(&event, GADGET_INT, i * 10, 10);
		place += bulk.moved;
	}
	/* By a resume, not by a reset. */
	gadget_wait_given(GADGET_IN, place);
	CHECK_EQ(gadget_epoch(), 0);
	end();
}

/* Data that is there already when the device wakes. */
TEST_LIMIT(what_the_device_has_at_the_time_of_sleep_is_read_after_it, 900)
{
	struct trip trips[4] = { 0 };
	unsigned int i, k;

	open_awake(true);
	door_enter(DOOR_SUBMIT, fd, handle);
	for (i = 0; i < cycles(); i++) {
		memset(trips, 0, sizeof(trips));
		for (k = 0; k < ARRAY_SIZE(trips); k++)
			door_start_read(&trips[k], gadget_address(GADGET_IN), in[k], 512);
		for (k = 0; k < ARRAY_SIZE(trips); k++)
			gadget_give(GADGET_IN, 20);
		nap();
		for (k = 0; k < ARRAY_SIZE(trips); k++)
			check_trip(&trips[k], GADGET_IN, i * 80 + k * 20, 20);
	}
	end();
}

TEST_LIMIT(a_device_that_slept_before_the_system_does_has_its_data_after_it, 900)
{
	unsigned int i, again;
	struct trip trip;

	steady(true);
	fd = sleeper_open(0, SLEEPER_ASLEEP, &handle);
	door_enter(DOOR_ASYNC, fd, handle);
	for (i = 0; i < cycles(); i++) {
		trip = (struct trip) { 0 };
		door_start_read(&trip, gadget_address(GADGET_IN), in[0], 512);
		power_wait_suspended();
		nap();
		CHECK(!door_done(&trip));
		gadget_give(GADGET_IN, 33);
		/* Awake or not, or on its way to sleep, which hears no wake. */
		gadget_wake();
		for (again = 0; again < 50 && !door_done(&trip); again++) {
			test_sleep_ms(100);
			gadget_wake();
		}
		check_trip(&trip, GADGET_IN, i * 33, 33);
	}
	end();
}

TEST_EACH(a_write_that_is_not_taken_ends_with_EIO_and_its_count, struct row, row, waiters)
{
	struct trip trip = { 0 };
	uint64_t start;

	open_awake(true);
	door_enter(row->door, fd, handle);
	gadget_fill(GADGET_OUT, 0, 0, out, 2048);
	trip = (struct trip) { .pipe = gadget_address(GADGET_OUT), .buffer = out, .length = 2048 };
	gadget_take(512);
	door_start(&trip);
	gadget_wait_taken(512);
	start = test_now_ms();
	naps = 0;
	nap();
	/* It had half a second, and the rest of the sleep is quick. */
	CHECK(test_now_ms() >= start + 400);
	CHECK(test_now_ms() < start + 3000);
	CHECK_ERR(door_wait(&trip), EIO);
	CHECK_EQ(trip.moved, 512);
	/* Not sent again. */
	gadget_take(2048);
	test_sleep_ms(200);
	CHECK_EQ(gadget_taken(), 512);
	gadget_fill(GADGET_OUT, 0, 512, out, 700);
	CHECK_OK(node_transfer(fd, handle, gadget_address(GADGET_OUT), out, 700, &moved));
	gadget_wait_taken(1212);
	end();
}

TEST(a_write_that_the_device_takes_in_time_is_not_disturbed)
{
	struct trip trip = { .buffer = out, .length = 2048 };

	open_awake(true);
	door_enter(DOOR_ASYNC, fd, handle);
	gadget_fill(GADGET_OUT, 0, 0, out, 2048);
	trip.pipe = gadget_address(GADGET_OUT);
	gadget_take(2048);
	door_start(&trip);
	nap();
	CHECK_OK(door_wait(&trip));
	CHECK_EQ(trip.moved, 2048);
	gadget_wait_taken(2048);
	end();
}

TEST(a_control_transfer_that_is_not_answered_ends_with_EIO)
{
	struct job job = { 0 };

	open_awake(true);
	job = (struct job) { .fd = fd, .handle = handle, .buffer = in[0], .length = 8 };
	node_setup(job.setup, 0xc1, 0x55, 0, 0, 8);
	gadget_hold(true);
	job_start_blocked(&job);
	nap();
	CHECK_ERR(job_wait(&job, 10), EIO);
	gadget_hold(false);
	end();
}

TEST(policies_and_saved_data_stay_over_system_sleep)
{
	uint8_t pipe;
	uint32_t value;

	open_awake(true);
	pipe = gadget_address(GADGET_IN);
	CHECK_OK(node_set_policy(fd, handle, pipe, WINUSB_POLICY_AUTO_CLEAR_STALL, 1));
	CHECK_OK(node_timeout(fd, handle, pipe, 1234567));
	CHECK_OK(power_set(fd, handle, WINUSB_POWER_SUSPEND_DELAY, 4321));
	gadget_give(GADGET_IN, 500);
	CHECK_OK(node_transfer(fd, handle, pipe, in[0], 10, &moved));
	nap();
	CHECK_OK(node_get_policy(fd, handle, pipe, WINUSB_POLICY_AUTO_CLEAR_STALL, &value));
	CHECK_EQ(value, 1);
	CHECK_OK(node_get_timeout(fd, handle, pipe, &value));
	CHECK_EQ(value, 1234567);
	CHECK_OK(power_get(fd, handle, WINUSB_POWER_SUSPEND_DELAY, &value));
	CHECK_EQ(value, 4321);
	CHECK_OK(node_transfer(fd, handle, pipe, in[1], 490, &moved));
	gadget_check(GADGET_IN, 0, 10, in[1], 490);
	end();
}

/* The device lost its power */

TEST_EACH_LIMIT(a_device_that_lost_its_power_is_reset_and_says_so, struct row, row, 900, waiters)
{
	struct trip bulk, event, written;
	unsigned int i;
	uint32_t value;

	open_awake(false);
	CHECK_OK(node_timeout(fd, handle, gadget_address(GADGET_IN), 7654321));
	for (i = 0; i < cycles(); i++) {
		door_enter(row->door, fd, handle);
		bulk = (struct trip) { 0 };
		event = bulk;
		written = (struct trip) { .pipe = gadget_address(GADGET_OUT), .buffer = out,
					  .length = 1024 };
		gadget_fill(GADGET_OUT, gadget_epoch(), 0, out, 1024);
		door_start_read(&bulk, gadget_address(GADGET_IN), in[0], 2048);
		door_start_read(&event, gadget_address(GADGET_INT), in[1], GADGET_EVENT);
		door_start(&written);
		gadget_give(GADGET_IN, 512);
		gadget_wait_given(GADGET_IN, 512);
		nap();
		CHECK_ERR(door_wait(&bulk), ECONNRESET);
		CHECK_EQ(bulk.moved, 512);
		gadget_check(GADGET_IN, gadget_epoch(), 0, in[0], 512);
		CHECK_ERR(door_wait(&event), ECONNRESET);
		CHECK_ERR(door_wait(&written), EIO);
		if (row->door != DOOR_BLOCKING) {
			CHECK_EQ(bulk.flags, WINUSB_COMPLETION_RESET);
			CHECK_EQ(event.flags, WINUSB_COMPLETION_RESET);
			CHECK_EQ(written.flags, 0);
		}
		gadget_next_epoch();
		CHECK_OK(node_get_timeout(fd, handle, gadget_address(GADGET_IN), &value));
		CHECK_EQ(value, 7654321);
		gadget_give(GADGET_IN, 77);
		CHECK_OK(node_transfer(fd, handle, gadget_address(GADGET_IN), in[2], 512, &moved));
		CHECK_EQ(moved, 77);
		gadget_check(GADGET_IN, gadget_epoch(), 0, in[2], 77);
		gadget_give(GADGET_INT, 7);
		CHECK_OK(node_transfer(fd, handle, gadget_address(GADGET_INT), in[2], 64, &moved));
		gadget_take(512);
		gadget_fill(GADGET_OUT, gadget_epoch(), 0, out, 300);
		CHECK_OK(node_transfer(fd, handle, gadget_address(GADGET_OUT), out, 300, &moved));
		gadget_wait_taken(300);
		door_leave();
		/* For the next turn, as this one found it. */
		CHECK_OK(node_reset_device(fd, handle));
		gadget_next_epoch();
	}
	end();
}

TEST(s2_2_a_listener_hears_of_the_reset)
{
	struct winusb_event event;
	int listener;

	open_awake(false);
	listener = node_open(gadget_interface(), O_RDONLY | O_NONBLOCK);
	CHECK_OK(listener);
	nap();
	CHECK(async_ready(listener, 5000));
	CHECK_EQ(read(listener, &event, sizeof(event)), sizeof(event));
	CHECK_EQ(event.type, WINUSB_EVENT_RESET);
	end();
}

/* SystemWakeEnabled */

struct property {
	const char *label;
	const char *properties;
	unsigned int flags;
	const char *wakeup;	/* power/wakeup of the USB device; NULL: it has none */
};

static const struct property properties[] = {
	{ "SystemWakeEnabled_enables", "SystemWakeEnabled=1", 0, "enabled" },
	{ "it_needs_no_other", "SystemWakeEnabled=1,DeviceIdleEnabled=0", 0, "enabled" },
	{ "0_does_not", "SystemWakeEnabled=0", 0, "disabled" },
	{ "without_it_it_is_disabled", "", 0, "disabled" },
	{ "no_other_property_enables",
	  "DeviceIdleEnabled=1,DefaultIdleState=1,DefaultIdleTimeout=1,"
	  "UserSetDeviceIdleEnabled=1,DeviceIdleIgnoreWakeEnable=1", 0, "disabled" },
	{ "a_device_that_cannot_wake_has_none", "SystemWakeEnabled=1", GADGET_NO_WAKE, NULL },
};

TEST_EACH(s3_2_wakeup, struct property, row, properties)
{
	fd = sleeper_open(row->flags, row->properties, &handle);
	CHECK_OK(power_set(fd, handle, WINUSB_POWER_AUTO_SUSPEND, 1));
	if (!row->wakeup)
		CHECK(!power_has_file("wakeup"));
	else if (strcmp(power_file("wakeup"), row->wakeup))
		FAIL("power/wakeup is \"%s\", expected \"%s\"", power_file("wakeup"), row->wakeup);
	end();
}

TEST(s3_2_wakeup_is_as_it_was_when_the_interface_is_unbound)
{
	sleeper_plug(0, "SystemWakeEnabled=1");
	CHECK(!strcmp(power_file("wakeup"), "enabled"));
	CHECK_OK(interface_unbind(gadget_interface()));
	CHECK(!strcmp(power_file("wakeup"), "disabled"));
	end();
}

TEST(s3_2_what_the_administrator_wrote_to_wakeup_is_kept)
{
	sleeper_plug(0, "SystemWakeEnabled=1");
	power_write("wakeup", "disabled");
	sleeper_property("DeviceIdleEnabled", 1);
	CHECK(!strcmp(power_file("wakeup"), "disabled"));
	end();
}
