// SPDX-License-Identifier: MIT
/*
 * The precedence of winusb.md 3.2: who must agree before a device sleeps, what blocked_by says of
 * who does not, and what is put back when a function is unbound. Part of the program power.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "power.h"
#include "test.h"

/* 3.2: precedence. Any single one forbids, none can force. */

static void forbid_enabled(void)
{
	pm_number(fx2, WHOLE, "DeviceIdleEnabled", 0);
}

static void forbid_control(void)
{
	pm_write(fx2, "power/control", "on");
}

static void forbid_program(void)
{
	set_power(AUTO, 0);
}

static void forbid_state(void)
{
	pm_number(fx2, WHOLE, "DefaultIdleState", 0);
}

static void forbid_system(void)
{
	pm_write(fx2, "power/autosuspend_delay_ms", "-1");
}

static void forbid_delay(void)
{
	set_power(DELAY, 3600000);
}

static void allow_enabled(void)
{
	pm_number(fx2, WHOLE, "DeviceIdleEnabled", 1);
}

static void allow_control(void)
{
	pm_write(fx2, "power/control", "auto");
}

static void allow_program(void)
{
	set_power(AUTO, 1);
}

static void allow_state(void)
{
	pm_number(fx2, WHOLE, "DefaultIdleState", 1);
}

static void allow_system(void)
{
	pm_write(fx2, "power/autosuspend_delay_ms", "30");
}

static void allow_delay(void)
{
	set_power(DELAY, 30);
}

struct rule {
	const char *label;	/* what blocked_by says */
	void (*forbid)(void);
	void (*allow)(void);
};

static const struct rule rules[] = {
	{ "DeviceIdleEnabled", forbid_enabled, allow_enabled },
	{ "power/control", forbid_control, allow_control },
	{ "AUTO_SUSPEND", forbid_program, allow_program },
	{ "DefaultIdleState", forbid_state, allow_state },
	{ "power/autosuspend_delay_ms", forbid_system, allow_system },
	{ "SUSPEND_DELAY", forbid_delay, allow_delay },
};

TEST_EACH(power_3_2_any_single_one_forbids, struct rule, row, rules)
{
	allow(fx2, 30);
	open_node(fx2, 0);
	WAIT_ASLEEP(fx2);
	row->forbid();
	/* A number for the delay does not by itself wake what sleeps. */
	if (row->forbid == forbid_delay)
		CHECK_OK(node_control(fd, handle, 0xc0, FX2_GET_7SEG, 0, 0, 1, &(char){ 0 }, 1,
				      NULL));
	WAIT_AWAKE(fx2);
	STAYS_AWAKE(fx2, 300);
	CHECK_BLOCKED(fx2, 0, row->label);
	row->allow();
	WAIT_ASLEEP(fx2);
	CHECK_BLOCKED(fx2, 0, "none");
}

TEST_EACH(power_3_2_none_of_the_others_can_force, struct rule, row, rules)
{
	size_t i;

	allow(fx2, 3600000);
	open_node(fx2, 0);
	set_power(DELAY, 3600000);
	/* DefaultIdleState is looked at as long as the program has set nothing. */
	if (row->forbid != forbid_state)
		set_power(AUTO, 1);
	row->forbid();
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		/* The administrator's word on the delay is the same file as the program's. */
		if (&rules[i] != row &&
		    !(rules[i].allow == allow_program && row->forbid == forbid_state) &&
		    !(rules[i].allow == allow_system && row->forbid == forbid_delay))
			rules[i].allow();
	STAYS_AWAKE(fx2, 300);
	CHECK_BLOCKED(fx2, 0, row->label);
}

TEST(power_3_2_remote_wake_or_DeviceIdleIgnoreWakeEnable)
{
	allow(deaf, 30);
	STAYS_AWAKE(deaf, 300);
	CHECK_BLOCKED(deaf, 0, "DeviceIdleIgnoreWakeEnable");
	pm_number(deaf, WHOLE, "DeviceIdleIgnoreWakeEnable", 1);
	WAIT_ASLEEP(deaf);
	CHECK_BLOCKED(deaf, 0, "none");
	CHECK_EQ(board_value(deaf, "armed"), 0);
	/* Own traffic wakes it. */
	open_node(deaf, 0);
	CHECK_OK(node_control(fd, handle, 0xc0, FX2_GET_7SEG, 0, 0, 1, &(char){ 0 }, 1, NULL));
	WAIT_ASLEEP(deaf);
	pm_number(deaf, WHOLE, "DeviceIdleIgnoreWakeEnable", 0);
	WAIT_AWAKE(deaf);
	CHECK_BLOCKED(deaf, 0, "DeviceIdleIgnoreWakeEnable");
}

TEST(power_3_2_a_device_that_can_wake_does_not_need_DeviceIdleIgnoreWakeEnable)
{
	pm_number(fx2, WHOLE, "DeviceIdleIgnoreWakeEnable", 0);
	allow(fx2, 30);
	WAIT_ASLEEP(fx2);
	CHECK_EQ(board_value(fx2, "armed"), 1);
	pm_number(fx2, WHOLE, "DeviceIdleIgnoreWakeEnable", 1);
	WAIT_ASLEEP(fx2);
	CHECK_EQ(board_value(fx2, "armed"), 1);
}

static const struct preset checkboxes[] = {
	{ "absent", { NULL }, 0, 0, false },
	{ "0", { "REG_DWORD UserSetDeviceIdleEnabled 0" }, 0, 0, false },
	{ "1", { "REG_DWORD UserSetDeviceIdleEnabled 1" }, 0, 0, false },
};

TEST_EACH(power_3_2_the_users_checkbox_is_power_control, struct preset, row, checkboxes)
{
	give(fx2, row);
	allow(fx2, 30);
	WAIT_ASLEEP(fx2);
	pm_write(fx2, "power/control", "on");
	WAIT_AWAKE(fx2);
	CHECK_BLOCKED(fx2, 0, "power/control");
	open_node(fx2, 0);
	set_power(AUTO, 1);
	set_power(DELAY, 0);
	STAYS_AWAKE(fx2, 200);
	CHECK_FILE(fx2, "power/control", "on");
	pm_write(fx2, "power/control", "auto");
	WAIT_ASLEEP(fx2);
}

TEST(power_3_2_what_was_written_to_power_control_stays_when_properties_change)
{
	allow(fx2, 30);
	WAIT_ASLEEP(fx2);
	pm_write(fx2, "power/control", "on");
	pm_number(fx2, WHOLE, "DefaultIdleTimeout", 20);
	pm_number(fx2, WHOLE, "DefaultIdleState", 0);
	pm_number(fx2, WHOLE, "DefaultIdleState", 1);
	pm_number(fx2, WHOLE, "DeviceIdleEnabled", 2);
	CHECK_FILE(fx2, "power/control", "on");
	open_node(fx2, 0);
	close(fd);
	CHECK_FILE(fx2, "power/control", "on");
}

/* An SMP User Mode Linux has no system sleep, and so nothing that ends it. */
static void need_wakeup(void)
{
	if (!pm_has(fx2, "power/wakeup"))
		test_skip("this kernel has no power/wakeup, for want of system sleep");
}

TEST(power_3_2_SystemWakeEnabled_lets_the_device_wake_the_system)
{
	need_wakeup();
	CHECK_FILE(fx2, "power/wakeup", "disabled");
	pm_number(fx2, WHOLE, "SystemWakeEnabled", 1);
	CHECK_FILE(fx2, "power/wakeup", "enabled");
	/* It has no effect on what happens while the system is awake. */
	CHECK_FILE(fx2, "power/control", "on");
	CHECK_BLOCKED(fx2, 0, "DeviceIdleEnabled");
	/* Once: what is written later is the user's. */
	pm_write(fx2, "power/wakeup", "disabled");
	pm_allow(fx2, WHOLE, 30);
	WAIT_ASLEEP(fx2);
	CHECK_FILE(fx2, "power/wakeup", "disabled");
}

TEST(power_3_2_SystemWakeEnabled_needs_a_device_that_can_wake)
{
	pm_number(deaf, WHOLE, "SystemWakeEnabled", 1);
	if (pm_has(deaf, "power/wakeup"))
		CHECK_FILE(deaf, "power/wakeup", "");
	CHECK_FILE(deaf, "power/control", "on");
}

/* 3.2 and 3.3: what else keeps a device awake, and that blocked_by says so */

TEST(power_3_3_blocked_by_says_transfer_while_a_write_is_pending)
{
	struct job job = { .pipe = FX2_BULK_OUT, .buffer = (char[5]){ "works" }, .length = 5 };

	allow(fx2, 30);
	open_node(fx2, 0);
	board_set(fx2, "silent=0x06:always");
	job.fd = fd;
	job.handle = handle;
	job_start_blocked(&job);
	CHECK_BLOCKED(fx2, 0, "transfer");
	STAYS_AWAKE(fx2, 300);
	board_set(fx2, "silent=0x06:never");
	CHECK_OK(job_wait(&job, 5));
	WAIT_ASLEEP(fx2);
	CHECK_BLOCKED(fx2, 0, "none");
}

TEST(power_3_3_blocked_by_says_transfer_while_a_control_transfer_is_pending)
{
	struct job job = { .buffer = (char[1]){ 0 }, .length = 1 };

	allow(fx2, 30);
	open_node(fx2, 0);
	board_set(fx2, "silent-request=any");
	job.fd = fd;
	job.handle = handle;
	node_setup(job.setup, 0xc0, FX2_GET_7SEG, 0, 0, 1);
	CHECK_OK(node_timeout(fd, handle, 0, 3000));
	job_start_blocked(&job);
	CHECK_BLOCKED(fx2, 0, "transfer");
	STAYS_AWAKE(fx2, 300);
	CHECK_ERR(job_wait(&job, 10), ETIMEDOUT);
	WAIT_ASLEEP(fx2);
	CHECK_BLOCKED(fx2, 0, "none");
}

TEST(power_3_3_composite_the_device_sleeps_only_when_every_function_agrees)
{
	plug_functions();
	pm_allow(functions, JOINED, 30);
	pm_allow(functions, SETTINGS, 30);
	STAYS_AWAKE(functions, 300);
	CHECK_BLOCKED(functions, JOINED, "interface");
	CHECK_BLOCKED(functions, SETTINGS, "interface");
	CHECK_BLOCKED(functions, LOOPBACK, "DeviceIdleEnabled");
	pm_allow(functions, LOOPBACK, 30);
	WAIT_ASLEEP(functions);
	/* A program of one of them. */
	open_node(functions, LOOPBACK);
	set_power(AUTO, 0);
	WAIT_AWAKE(functions);
	STAYS_AWAKE(functions, 300);
	CHECK_BLOCKED(functions, LOOPBACK, "AUTO_SUSPEND");
	CHECK_BLOCKED(functions, JOINED, "interface");
	close(fd);
	WAIT_ASLEEP(functions);
	CHECK_BLOCKED(functions, JOINED, "none");
	CHECK_BLOCKED(functions, LOOPBACK, "none");
}

TEST(power_3_3_composite_an_interface_without_a_driver_keeps_nothing_awake)
{
	plug_functions();
	pm_allow(functions, JOINED, 30);
	pm_allow(functions, SETTINGS, 30);
	CHECK_OK(interface_unbind(board_node(functions, LOOPBACK)));
	WAIT_ASLEEP(functions);
	CHECK_OK(interface_bind(board_node(functions, LOOPBACK), "winusb"));
	WAIT_AWAKE(functions);
	STAYS_AWAKE(functions, 200);
}

TEST(power_3_1_composite_the_delay_of_the_device_is_the_longest)
{
	plug_functions();
	pm_allow(functions, JOINED, 300);
	CHECK_FILE(functions, "power/autosuspend_delay_ms", "300");
	pm_allow(functions, SETTINGS, 700);
	CHECK_FILE(functions, "power/autosuspend_delay_ms", "700");
	/* Without DeviceIdleEnabled it does not count. */
	pm_number(functions, LOOPBACK, "DefaultIdleTimeout", 900);
	CHECK_FILE(functions, "power/autosuspend_delay_ms", "700");
	open_node(functions, JOINED);
	set_power(DELAY, 5000);
	CHECK_FILE(functions, "power/autosuspend_delay_ms", "5000");
	set_power(DELAY, 600);
	CHECK_FILE(functions, "power/autosuspend_delay_ms", "700");
	CHECK_OK(interface_unbind(board_node(functions, SETTINGS)));
	CHECK_FILE(functions, "power/autosuspend_delay_ms", "600");
	close(fd);
	CHECK_FILE(functions, "power/autosuspend_delay_ms", "300");
	CHECK_OK(interface_unbind(board_node(functions, JOINED)));
	CHECK_OK(interface_unbind(board_node(functions, JOINED + 1)));
	CHECK_FILE(functions, "power/autosuspend_delay_ms", "2000");
	CHECK_FILE(functions, "power/control", "on");
}

/* What is put back when the last function is unbound */

static void unbind(struct board *board)
{
	CHECK_OK(interface_unbind(board_node(board, 0)));
}

TEST(power_3_2_unbinding_puts_the_files_back)
{
	need_wakeup();
	pm_number(fx2, WHOLE, "SystemWakeEnabled", 1);
	allow(fx2, 40);
	WAIT_ASLEEP(fx2);
	CHECK_FILE(fx2, "power/wakeup", "enabled");
	unbind(fx2);
	CHECK_FILE(fx2, "power/control", "on");
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "2000");
	CHECK_FILE(fx2, "power/wakeup", "disabled");
	WAIT_AWAKE(fx2);
	/* And a second time. */
	CHECK_OK(interface_bind(board_node(fx2, 0), "winusb"));
	WAIT_ASLEEP(fx2);
	CHECK_FILE(fx2, "power/control", "auto");
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "40");
	unbind(fx2);
	CHECK_FILE(fx2, "power/control", "on");
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "2000");
}

TEST(power_3_2_unbinding_leaves_alone_what_the_administrator_had_before)
{
	need_wakeup();
	unbind(fx2);
	pm_write(fx2, "power/control", "auto");
	pm_write(fx2, "power/autosuspend_delay_ms", "1234");
	pm_write(fx2, "power/wakeup", "enabled");
	pm_number(fx2, WHOLE, "SystemWakeEnabled", 1);
	pm_allow(fx2, WHOLE, 40);
	CHECK_OK(interface_bind(board_node(fx2, 0), "winusb"));
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "40");
	unbind(fx2);
	CHECK_FILE(fx2, "power/control", "auto");
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "1234");
	CHECK_FILE(fx2, "power/wakeup", "enabled");
}

TEST(power_3_2_a_negative_delay_of_the_administrators_is_left_alone)
{
	unbind(fx2);
	pm_write(fx2, "power/autosuspend_delay_ms", "-1");
	pm_allow(fx2, WHOLE, 40);
	CHECK_OK(interface_bind(board_node(fx2, 0), "winusb"));
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "-1");
	open_node(fx2, 0);
	set_power(DELAY, 0);
	set_power(AUTO, 1);
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "-1");
	CHECK_BLOCKED(fx2, 0, "power/autosuspend_delay_ms");
	STAYS_AWAKE(fx2, 300);
	close(fd);
	unbind(fx2);
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "-1");
}

TEST(power_3_2_without_DeviceIdleEnabled_the_files_are_never_touched)
{
	unbind(fx2);
	pm_write(fx2, "power/autosuspend_delay_ms", "1234");
	pm_number(fx2, WHOLE, "DefaultIdleState", 1);
	pm_number(fx2, WHOLE, "DefaultIdleTimeout", 40);
	CHECK_OK(interface_bind(board_node(fx2, 0), "winusb"));
	open_node(fx2, 0);
	set_power(AUTO, 1);
	set_power(DELAY, 50);
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "1234");
	CHECK_FILE(fx2, "power/control", "on");
	close(fd);
	unbind(fx2);
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "1234");
	CHECK_FILE(fx2, "power/control", "on");
}

/* Each try is a request, which it stalls; after some of them nobody tries for ten seconds. */
TEST(a_device_that_refuses_remote_wake_stays_awake_and_is_not_asked_for_ever)
{
	unsigned int requests, lines[1] = { 0 };
	struct board *const boards[] = { fx2 };
	int log = log_open();
	uint32_t moved;
	uint64_t end;
	char in[8];

	board_set(fx2, "stall-standard=0x0003");
	allow(fx2, 20);
	open_node(fx2, 0);
	end = test_now_ms() + 5000 * test_scale();
	while (log_count(log, boards, lines, 1), !lines[0]) {
		if (test_now_ms() > end)
			FAIL("%u requests, and nobody gave up", board_requests(fx2));
		test_sleep_ms(20);
	}
	requests = board_requests(fx2);
	test_note("%u requests", requests);
	CHECK(requests < 100);
	STAYS_AWAKE(fx2, 1000);
	CHECK_EQ(board_requests(fx2), requests);
	CHECK_BLOCKED(fx2, 0, "kernel");
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "works", 5, &moved));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, 5);
	log_count(log, boards, lines, 1);
	CHECK_EQ(lines[0], 1);
	/* Bound again it is tried again, and now it lets itself be armed. */
	board_set(fx2, "stall-standard=off");
	close(fd);
	unbind(fx2);
	CHECK_OK(interface_bind(board_node(fx2, 0), "winusb"));
	WAIT_ASLEEP(fx2);
}
