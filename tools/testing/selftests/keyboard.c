// SPDX-License-Identifier: MIT
/*
 * Power with a device that wakes up by itself: QEMU's USB keyboard, whose keys the test presses. It
 * sleeps while programs wait for a key. In keyboard_sleep.c the system sleeps, too, which needs a
 * guest without a disk:
 *	scripts/lab run --kernel=6.12 --root=initramfs --keyboard=xhci -- \
 *		tools/testing/selftests/keyboard
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "async.h"
#include "keys.h"
#include "ring.h"
#include "sysfs.h"

struct reset {
	const char *label;
	uint32_t on_resume;
};

static const struct reset resets[] = {
	{ "plain", 0 },
	{ "RESET_PIPE_ON_RESUME", 1 },
};

TEST_EACH(idle_3_3_a_device_sleeps_while_a_read_waits_and_a_key_wakes_it, struct reset, row, resets)
{
	static const char *const keys[] = { "a", "b", "c", "d" };
	uint8_t report[REPORT];
	struct job job;
	size_t i;

	keys_begin(SLEEPY);
	CHECK_OK(node_set_policy(fd, handle, KEYS, WINUSB_POLICY_RESET_PIPE_ON_RESUME,
				 row->on_resume));
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		start_read(&job, report);
		wait_status("suspended");
		CHECK(!strcmp(blocked_by(), "none"));
		CHECK(!job_done(&job));
		press(keys[i]);
		CHECK_OK(job_wait(&job, 5));
		check_report(report, job.moved, usage(keys[i]));
		expect_report(0);
		CHECK_OK(node_timeout(fd, handle, KEYS, 0));
	}
}

TEST(idle_3_3_reads_that_wait_keep_their_order_over_sleep_and_wake)
{
	uint8_t reports[4][REPORT];
	struct winusb_completion record;
	int i;

	keys_begin(SLEEPY);
	for (i = 0; i < 4; i++)
		CHECK_OK(async_start(fd, handle, KEYS, reports[i], REPORT, i));
	for (i = 0; i < 4; i += 2) {
		wait_status("suspended");
		async_expect_none(fd);
		press(i ? "y" : "x");
		record = async_wait(fd);
		CHECK_EQ(record.cookie, i);
		CHECK_OK(record.status);
		check_report(reports[i], record.length, usage(i ? "y" : "x"));
		record = async_wait(fd);
		CHECK_EQ(record.cookie, i + 1);
		CHECK_OK(record.status);
		check_report(reports[i + 1], record.length, 0);
	}
}

TEST(idle_3_3_a_read_by_io_uring_waits_over_sleep_and_wake)
{
	uint8_t reports[2][REPORT];
	struct ring_result result;
	struct winusb_query query;
	struct ring ring;
	int i;

	keys_begin(SLEEPY);
	CHECK_OK(node_query(fd, &query));
	if (!(query.out_capabilities & WINUSB_CAP_URING))
		test_skip("this kernel cannot cancel io_uring commands");
	CHECK_OK(ring_init(&ring, IORING_SETUP_SQE128 | IORING_SETUP_CQE32));
	for (i = 0; i < 2; i++)
		ring_transfer(&ring, fd, handle, KEYS, reports[i], REPORT, i);
	CHECK_EQ(ring_submit(&ring), 2);
	wait_status("suspended");
	CHECK(!ring_peek(&ring, &result));
	press("i");
	for (i = 0; i < 2; i++) {
		CHECK_OK(ring_wait(&ring, &result, 5000 * test_scale()));
		CHECK_EQ(result.user_data, i);
		CHECK_EQ(result.res, REPORT);
		check_report(reports[i], result.res, i ? 0 : usage("i"));
	}
	ring_exit(&ring);
}

TEST(idle_3_3_a_device_that_leaves_while_it_sleeps_is_removed)
{
	uint8_t report[REPORT];
	struct job job;

	keys_begin(SLEEPY);
	start_read(&job, report);
	wait_status("suspended");
	ask_host("unplug\n");
	CHECK_ERR(job_wait(&job, 5), ESHUTDOWN);
	CHECK_ERR(node_transfer(fd, handle, KEYS, report, REPORT, &moved), ENODEV);
	close(fd);
	keys_plug();
	CHECK(wait_for_path(node_path(node), true, 5));
	wait_status("suspended");
}

static unsigned long long active_ms(void)
{
	return strtoull(device_file("power/runtime_active_time"), NULL, 10);
}

/* It has been awake since then. Whether it is now nobody can tell who looks too late. */
static void wait_woken(unsigned long long active)
{
	uint64_t end = test_now_ms() + 5000 * test_scale();

	while (active_ms() == active) {
		if (test_now_ms() > end)
			FAIL("the device does not wake, because of %s", blocked_by());
		test_sleep_ms(5);
	}
}

TEST(idle_3_3_a_key_that_nobody_waits_for_wakes_the_device_and_is_read_later)
{
	unsigned long long slept, active;

	keys_begin(SLEEPY);
	wait_status("suspended");
	active = active_ms();
	press("k");
	wait_woken(active);
	wait_status("suspended");
	slept = strtoull(device_file("power/runtime_suspended_time"), NULL, 10);
	test_sleep_ms(100);
	CHECK(strtoull(device_file("power/runtime_suspended_time"), NULL, 10) > slept);
	active = active_ms();
	/* This read wakes it by itself. */
	expect_report(usage("k"));
	expect_report(0);
	wait_woken(active);
}

TEST(idle_3_3_a_control_transfer_wakes_the_device)
{
	unsigned long long active;
	uint8_t protocol = 0xff;

	keys_begin(SLEEPY);
	wait_status("suspended");
	active = active_ms();
	/* GET_PROTOCOL: 1 is the report protocol. */
	CHECK_OK(node_control(fd, handle, 0xa1, 0x03, 0, 0, 1, &protocol, 1, &moved));
	CHECK_EQ(moved, 1);
	CHECK_EQ(protocol, 1);
	wait_woken(active);
	wait_status("suspended");
}

TEST(idle_3_3_with_no_file_open_DefaultIdleState_decides_and_a_key_wakes)
{
	unsigned long long active;

	keys_begin(SLEEPY);
	close(fd);
	wait_status("suspended");
	active = active_ms();
	press("n");
	wait_woken(active);
	wait_status("suspended");
}

struct refusal {
	const char *label;
	const char *properties;
	const char *reason;
};

static const struct refusal refusals[] = {
	{ "no_property", "DefaultIdleState=1 DefaultIdleTimeout=300", "DeviceIdleEnabled" },
	{ "DefaultIdleState_off", "DeviceIdleEnabled=1 DefaultIdleTimeout=300",
	  "DefaultIdleState" },
};

TEST_EACH(properties_3_2_a_device_that_may_not_sleep_does_not, struct refusal, row, refusals)
{
	uint8_t report[REPORT];
	struct job job;

	keys_begin(row->properties);
	start_read(&job, report);
	test_sleep_ms(DELAY_MS * 5);
	CHECK(device_is("power/runtime_status", "active"));
	if (strcmp(blocked_by(), row->reason))
		FAIL("%s keeps it awake, not %s", blocked_by(), row->reason);
	press("r");
	CHECK_OK(job_wait(&job, 5));
	check_report(report, job.moved, usage("r"));
	expect_report(0);
}

TEST(properties_3_2_the_binding_allows_sleep_and_takes_it_back)
{
	char delay[32];

	keys_forget();
	snprintf(delay, sizeof(delay), "%s", device_file("power/autosuspend_delay_ms"));
	CHECK(device_is("power/control", "on"));
	keys_bind(SLEEPY);
	CHECK(device_is("power/control", "auto"));
	CHECK(device_is("power/autosuspend_delay_ms", "300"));
	CHECK_OK(interface_unbind(node));
	CHECK(device_is("power/control", "on"));
	CHECK(device_is("power/autosuspend_delay_ms", delay));
}

TEST(properties_3_2_SystemWakeEnabled_allows_the_device_to_wake_the_system)
{
	keys_forget();
	CHECK(device_is("power/wakeup", "disabled"));
	keys_bind(SLEEPY);
	CHECK(device_is("power/wakeup", "disabled"));
	keys_bind(SLEEPY " SystemWakeEnabled=1");
	CHECK(device_is("power/wakeup", "enabled"));
	CHECK_OK(interface_unbind(node));
	CHECK(device_is("power/wakeup", "disabled"));
}
