// SPDX-License-Identifier: MIT
/*
 * The system sleeps, and the keyboard with it.
 *
 * QEMU's xHCI cannot restore its state, so there a sleep resets the keyboard. EHCI keeps it in the
 * sleep that pm_test makes, which is all of it but the last step.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "async.h"
#include "keys.h"
#include "sysfs.h"

#define PM_TEST "/sys/power/pm_test"
#define PM_TEST_DELAY "/sys/module/suspend/parameters/pm_test_delay"

/* Real, S3, or how far pm_test goes: it turns round there, after PM_TEST_DELAY seconds. */
struct depth {
	const char *label;
	const char *pm_test;	/* NULL: S3 */
};

static const struct depth depths[] = {
	{ "freezer", "freezer" },
	{ "devices", "devices" },
	{ "core", "core" },
	{ "S3", NULL },
};

/* On resume the keyboard is reset, because its controller has forgotten it. */
static bool is_lost(const struct depth *depth)
{
	char path[128], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/usb%d/../driver", atoi(device));
	n = readlink(path, target, sizeof(target) - 1);
	CHECK(n > 0);
	target[n] = 0;
	if (!depth->pm_test)
		return true;
	return strcmp(depth->pm_test, "freezer") && strstr(target, "xhci");
}

static unsigned int sleeps_so_far(void)
{
	char text[32];

	CHECK_OK(file_read("/sys/power/suspend_stats/success", text, sizeof(text)));
	return atoi(text);
}

/* Returns when the system is awake again. Nothing of ours may refuse it. */
static void system_sleep(const struct depth *depth, const char *seconds)
{
	unsigned int before = sleeps_so_far();

	CHECK_OK(file_write(PM_TEST, depth->pm_test ? depth->pm_test : "none"));
	CHECK_OK(file_write(PM_TEST_DELAY, seconds));
	if (!depth->pm_test)
		ask_host("wake %s000\n", seconds);
	CHECK_OK(file_write("/sys/power/state", "mem"));
	CHECK_EQ(sleeps_so_far(), before + 1);
}

static void need_system_sleep(void)
{
	struct statfs root;

	CHECK(!statfs("/", &root));
	if (root.f_type != TMPFS_MAGIC && root.f_type != RAMFS_MAGIC)
		test_skip("system sleep hangs with this root: scripts/lab run --root=initramfs");
}

/* A thread that is in read(2) for records, from before the sleep to after it. */
struct collector {
	pthread_t thread;
	struct winusb_completion records[2];
	int count;
	int error;
};

static void *collect(void *data)
{
	struct collector *collector = data;

	while (collector->count < 2) {
		ssize_t n = read(fd, &collector->records[collector->count],
				 sizeof(collector->records[0]));

		if (n != sizeof(collector->records[0])) {
			collector->error = n < 0 ? -errno : -EIO;
			break;
		}
		__atomic_add_fetch(&collector->count, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void wait_collected(struct collector *collector)
{
	uint64_t end = test_now_ms() + 5000 * test_scale();

	while (__atomic_load_n(&collector->count, __ATOMIC_SEQ_CST) < 2) {
		if (collector->error)
			FAIL("read(2) of a record: %s", test_errno(collector->error));
		if (test_now_ms() > end)
			FAIL("%d of 2 records in time", collector->count);
		test_sleep_ms(2);
	}
	pthread_join(collector->thread, NULL);
}

static void check_record(const struct winusb_completion *record, unsigned int cookie, int status,
			 unsigned int flags)
{
	CHECK_EQ(record->cookie, cookie);
	if (record->status != status)
		FAIL("transfer %u ended with %s, not %s", cookie, test_errno(record->status),
		     test_errno(status));
	CHECK_EQ(record->flags, flags);
}

static unsigned int count_events(int listener, uint32_t type)
{
	struct winusb_event event;
	unsigned int n = 0;

	while (read(listener, &event, sizeof(event)) == sizeof(event))
		n += event.type == type;
	return n;
}

static uint32_t power_policy(uint32_t policy)
{
	struct winusb_power_policy arg = {
		.size = sizeof(arg), .handle = handle, .policy = policy,
	};

	CHECK_OK(node_ioctl(fd, WINUSB_IOC_GET_POWER_POLICY, &arg));
	return arg.value;
}

static void set_power_policy(uint32_t policy, uint32_t value)
{
	struct winusb_power_policy arg = {
		.size = sizeof(arg), .handle = handle, .policy = policy, .value = value,
	};

	CHECK_OK(node_ioctl(fd, WINUSB_IOC_SET_POWER_POLICY, &arg));
}

/*
 * A thread reads a key, two transfers wait behind it, a thread waits for their records. The system
 * sleeps. If the keyboard kept its state the key that is pressed meanwhile comes to the first of
 * them, and the rest goes on waiting; otherwise all end as in a reset. A key comes after that.
 */
static void sleep_with_reads(const struct depth *depth)
{
	struct collector collector = { 0 };
	uint8_t reports[3][REPORT];
	bool lost = is_lost(depth);
	int listener, i;
	struct job job;
	uint64_t end;

	listener = node_open(node, O_RDONLY | O_NONBLOCK);
	CHECK_OK(listener);
	start_read(&job, reports[0]);
	for (i = 1; i < 3; i++)
		CHECK_OK(async_start(fd, handle, KEYS, reports[i], REPORT, i));
	CHECK(!pthread_create(&collector.thread, NULL, collect, &collector));
	count_events(listener, 0);
	if (!lost)
		ask_host("press s 1500\n");

	system_sleep(depth, "3");

	if (lost) {
		CHECK_ERR(job_wait(&job, 5), ECONNRESET);
		wait_collected(&collector);
		for (i = 1; i < 3; i++)
			check_record(&collector.records[i - 1], i, -ECONNRESET,
				     WINUSB_COMPLETION_RESET);
		CHECK_EQ(count_events(listener, WINUSB_EVENT_RESET), 1);
	} else {
		CHECK_OK(job_wait(&job, 5));
		check_report(reports[0], job.moved, usage("s"));
		end = test_now_ms() + 5000 * test_scale();
		/* The key is let go. */
		while (!__atomic_load_n(&collector.count, __ATOMIC_SEQ_CST))
			CHECK(test_now_ms() < end);
		test_sleep_ms(300);
		CHECK_EQ(__atomic_load_n(&collector.count, __ATOMIC_SEQ_CST), 1);
		press("t");
		wait_collected(&collector);
		for (i = 1; i < 3; i++)
			check_record(&collector.records[i - 1], i, 0, 0);
		check_report(reports[1], collector.records[0].length, 0);
		check_report(reports[2], collector.records[1].length, usage("t"));
		expect_report(0);
		CHECK_OK(node_timeout(fd, handle, KEYS, 0));
		CHECK_EQ(count_events(listener, WINUSB_EVENT_RESET), 0);
	}
	expect_key("u");
	close(listener);
}

TEST_EACH(sleep_3_3_reads_wait_while_the_system_sleeps, struct depth, row, depths)
{
	need_system_sleep();
	keys_begin("DeviceIdleEnabled=0");
	sleep_with_reads(row);
	CHECK(device_is("power/runtime_status", "active"));
}

struct wake {
	const char *label;
	struct depth depth;
	const char *properties;
};

static const struct wake wakes[] = {
	{ "core", { .pm_test = "core" }, SLEEPY },
	{ "core_and_may_wake", { .pm_test = "core" }, SLEEPY " SystemWakeEnabled=1" },
	{ "S3", { .pm_test = NULL }, SLEEPY },
	{ "S3_and_may_wake", { .pm_test = NULL }, SLEEPY " SystemWakeEnabled=1" },
};

TEST_EACH(sleep_3_3_the_system_sleeps_while_the_device_does, struct wake, row, wakes)
{
	uint8_t report[REPORT];
	uint32_t timeout;
	struct job job;

	need_system_sleep();
	keys_begin(row->properties);
	set_power_policy(WINUSB_POWER_SUSPEND_DELAY, 400);
	CHECK_OK(node_set_policy(fd, handle, KEYS, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1));
	start_read(&job, report);
	wait_status("suspended");

	system_sleep(&row->depth, "2");

	if (is_lost(&row->depth)) {
		CHECK_ERR(job_wait(&job, 5), ECONNRESET);
		start_read(&job, report);
	}
	CHECK_OK(node_get_policy(fd, handle, KEYS, WINUSB_POLICY_IGNORE_SHORT_PACKETS, &timeout));
	CHECK_EQ(timeout, 1);
	CHECK_EQ(power_policy(WINUSB_POWER_AUTO_SUSPEND), 1);
	CHECK_EQ(power_policy(WINUSB_POWER_SUSPEND_DELAY), 400);
	/* It falls asleep again by itself. */
	wait_status("suspended");
	CHECK(!job_done(&job));
	press("v");
	CHECK_OK(job_wait(&job, 5));
	check_report(report, job.moved, usage("v"));
	expect_report(0);
}

TEST_LIMIT(sleep_3_3_many_sleeps_lose_no_key, 40)
{
	static const struct depth depth = { .pm_test = "core" };
	uint8_t report[REPORT];
	struct job job;
	char key[2] = "a";
	int i;

	need_system_sleep();
	keys_begin(SLEEPY);
	for (i = 0; i < 12; i++, key[0]++) {
		start_read(&job, report);
		if (i % 3 == 2)
			wait_status("suspended");
		system_sleep(&depth, "0");
		if (is_lost(&depth)) {
			CHECK_ERR(job_wait(&job, 5), ECONNRESET);
			start_read(&job, report);
		}
		press(key);
		CHECK_OK(job_wait(&job, 5));
		check_report(report, job.moved, usage(key));
		expect_report(0);
		CHECK_OK(node_timeout(fd, handle, KEYS, 0));
	}
}

struct cable {
	const char *label;
	struct depth depth;
	bool back;		/* it is plugged in again before the system wakes */
};

static const struct cable cables[] = {
	{ "core", { .pm_test = "core" }, false },
	{ "S3", { .pm_test = NULL }, false },
	{ "S3_and_comes_back", { .pm_test = NULL }, true },
};

/* Linux takes a device that comes back in the same port for one that has lost its state. */
TEST_EACH(sleep_3_3_the_device_leaves_while_the_system_sleeps, struct cable, row, cables)
{
	uint8_t report[REPORT];
	struct job job;

	need_system_sleep();
	keys_begin(SLEEPY);
	start_read(&job, report);
	/* Asleep by then, on a slow machine too. */
	ask_host("unplug 3000\n");
	if (row->back)
		ask_host("plug 5000\n");

	system_sleep(&row->depth, "7");

	CHECK_ERR(job_wait(&job, 5), row->back ? ECONNRESET : ESHUTDOWN);
	if (row->back) {
		expect_key("w");
		return;
	}
	CHECK_ERR(node_transfer(fd, handle, KEYS, report, REPORT, &moved), ENODEV);
	close(fd);
	keys_plug();
	CHECK(wait_for_path(node_path(node), true, 5));
}
