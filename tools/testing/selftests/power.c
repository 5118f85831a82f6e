// SPDX-License-Identifier: MIT
/*
 * Power policies: who must agree before a device sleeps. Each test has the number of its rule in
 * winusb.md: 3.1 the policies of a program, 3.2 the properties and their precedence.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boards.h"
#include "power.h"
#include "test.h"

struct board *fx2, *deaf, *functions, *firmware;
int fd;
uint32_t handle;

void test_setup(void)
{
	fx2 = board_add("fx2");
	deaf = board_add("fx2,wake=0");
	functions = board_add("composite");
	firmware = board_add("msos,pid=0300");
	board_spread(fx2);
	board_spread(deaf);
	board_spread(functions);
	board_spread(firmware);
	boards_start();
	board_plug(fx2);
	pm_require(fx2);
	board_plug(deaf);
	boards_keep();
}

/*
 * The properties and the files are as after a plug. The other boards are plugged in by their tests
 * alone.
 */
void board_cleanup(void)
{
	struct board *const kept[] = { fx2, deaf };
	size_t i;

	pm_forget_all();
	for (i = 0; i < ARRAY_SIZE(kept); i++)
		if (kept[i]->used && kept[i]->plugged && board_configured(kept[i]))
			pm_fresh(kept[i]);
}

void plug_functions(void)
{
	board_functions(functions, true);
	board_plug(functions);
}

void open_node(struct board *board, unsigned int interface)
{
	fd = node_open(board_node(board, interface), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

uint32_t get_power(uint32_t policy)
{
	uint32_t value = 0xdeadbeef;

	CHECK_OK(node_get_power(fd, handle, policy, &value));
	return value;
}

void set_power(uint32_t policy, uint32_t value)
{
	CHECK_OK(node_set_power(fd, handle, policy, value));
}

/* As the program has them, and as sysfs shows them. */
static void expect(struct board *board, unsigned int interface, uint32_t automatic, uint32_t ms)
{
	CHECK_EQ(get_power(AUTO), automatic);
	CHECK_EQ(get_power(DELAY), ms);
	CHECK_EQ(atoll(pm_policy(board, interface, "auto_suspend")), automatic);
	CHECK_EQ(atoll(pm_policy(board, interface, "suspend_delay_ms")), ms);
}

void allow(struct board *board, uint32_t ms)
{
	pm_allow(board, WHOLE, ms);
}

/* 3.1: the policies of a program */

TEST(the_driver_says_that_it_has_power_policies)
{
	struct winusb_query query;

	open_node(fx2, 0);
	CHECK_OK(node_query(fd, &query));
	CHECK(query.out_capabilities & WINUSB_CAP_POWER);
	CHECK_EQ(query.out_version, WINUSB_VERSION);
}

TEST(power_3_1_AUTO_SUSPEND_is_a_switch_any_value_but_0_is_1)
{
	static const uint32_t values[] = { 1, 2, 0xff, 0x100, 0x80000000, UINT32_MAX };
	size_t i;

	open_node(fx2, 0);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		set_power(AUTO, values[i]);
		CHECK_EQ(get_power(AUTO), 1);
		set_power(AUTO, 0);
		CHECK_EQ(get_power(AUTO), 0);
	}
}

TEST(power_3_1_SUSPEND_DELAY_holds_any_number)
{
	static const uint32_t values[] = { 0, 1, 5000, 0x7fffffff, 0x80000000, UINT32_MAX };
	size_t i;

	open_node(fx2, 0);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		set_power(DELAY, values[i]);
		expect(fx2, 0, 0, values[i]);
	}
}

TEST(power_3_1_SUSPEND_DELAY_is_the_delay_of_the_device_at_most_INT_MAX)
{
	static const uint32_t values[] = { 0, 1, 5000, 0x7fffffff, 0x80000000, UINT32_MAX };
	size_t i;

	allow(fx2, 7000);
	open_node(fx2, 0);
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "7000");
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		set_power(DELAY, values[i]);
		CHECK_EQ(get_power(DELAY), values[i]);
		CHECK_EQ(pm_value(fx2, "power/autosuspend_delay_ms"),
			 values[i] > INT32_MAX ? INT32_MAX : values[i]);
	}
}

struct number {
	const char *label;
	uint32_t number;
};

static const struct number unknown[] = {
	{ "0x82_ENABLE_WAKE", 0x82 }, { "0", 0 }, { "a_pipe_policy", 3 }, { "0x80", 0x80 },
	{ "0x84", 0x84 }, { "0x181", 0x181 }, { "0x80000081", 0x80000081 },
	{ "all_ones", UINT32_MAX },
};

TEST_EACH(power_3_1_an_unknown_policy_is_EINVAL, struct number, row, unknown)
{
	uint32_t value;

	open_node(fx2, 0);
	CHECK_ERR(node_get_power(fd, handle, row->number, &value), EINVAL);
	CHECK_ERR(node_set_power(fd, handle, row->number, 1), EINVAL);
	expect(fx2, 0, 0, 5000);
}

TEST(power_3_1_an_associated_handle_is_EINVAL)
{
	uint32_t other, value;

	plug_functions();
	open_node(functions, JOINED);
	CHECK_OK(node_associated(fd, handle, 0, &other));
	CHECK_ERR(node_get_power(fd, other, AUTO, &value), EINVAL);
	CHECK_ERR(node_set_power(fd, other, AUTO, 1), EINVAL);
	CHECK_ERR(node_set_power(fd, other, DELAY, 1), EINVAL);
	expect(functions, JOINED, 0, 5000);
}

TEST(power_3_1_the_file_of_a_sibling_is_EINVAL)
{
	uint32_t value;

	plug_functions();
	open_node(functions, JOINED + 1);
	CHECK_ERR(node_get_power(fd, handle, DELAY, &value), EINVAL);
	CHECK_ERR(node_set_power(fd, handle, DELAY, 1), EINVAL);
	CHECK_ERR(node_set_power(fd, handle, AUTO, 1), EINVAL);
}

TEST(power_3_1_every_handle_of_the_own_interface_will_do)
{
	uint32_t second;

	open_node(fx2, 0);
	CHECK_OK(node_initialize(fd, &second));
	CHECK_OK(node_set_power(fd, second, DELAY, 77));
	CHECK_EQ(get_power(DELAY), 77);
	CHECK_OK(node_free(fd, handle));
	handle = second;
	CHECK_EQ(get_power(DELAY), 77);
	CHECK_OK(node_free(fd, second));
	CHECK_ERR(node_set_power(fd, second, DELAY, 78), EBADF);
	CHECK_ERR(node_get_power(fd, second, DELAY, &second), EBADF);
}

TEST(power_3_1_a_listener_is_EBADF)
{
	uint32_t value;

	fd = node_open(board_node(fx2, 0), O_RDONLY);
	CHECK_OK(fd);
	CHECK_ERR(node_get_power(fd, 0, AUTO, &value), EBADF);
	CHECK_ERR(node_set_power(fd, 0, AUTO, 1), EBADF);
}

TEST(power_3_1_INITIALIZE_leaves_the_policies_alone)
{
	uint32_t second;

	allow(fx2, 5000);
	open_node(fx2, 0);
	set_power(AUTO, 0);
	set_power(DELAY, 1234);
	CHECK_OK(node_initialize(fd, &second));
	expect(fx2, 0, 0, 1234);
}

TEST(power_3_1_after_removal_it_is_ENODEV)
{
	uint32_t value;

	open_node(fx2, 0);
	board_unplug(fx2);
	CHECK_ERR(node_get_power(fd, handle, AUTO, &value), ENODEV);
	CHECK_ERR(node_set_power(fd, handle, AUTO, 1), ENODEV);
	CHECK_ERR(node_set_power(fd, handle, DELAY, 1), ENODEV);
}

TEST(power_3_1_policies_without_DeviceIdleEnabled_are_kept_and_have_no_effect)
{
	open_node(fx2, 0);
	set_power(AUTO, 1);
	set_power(DELAY, 0);
	expect(fx2, 0, 1, 0);
	CHECK_FILE(fx2, "power/control", "on");
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "2000");
	pm_write(fx2, "power/control", "auto");
	pm_write(fx2, "power/autosuspend_delay_ms", "0");
	STAYS_AWAKE(fx2, 300);
	CHECK_BLOCKED(fx2, 0, "DeviceIdleEnabled");
}

TEST(power_3_1_other_functions_are_left_alone)
{
	int other;
	uint32_t other_handle, value;

	plug_functions();
	open_node(functions, JOINED);
	other = node_open(board_node(functions, LOOPBACK), O_RDWR);
	CHECK_OK(other);
	CHECK_OK(node_initialize(other, &other_handle));
	set_power(AUTO, 1);
	set_power(DELAY, 11);
	CHECK_OK(node_get_power(other, other_handle, DELAY, &value));
	CHECK_EQ(value, 5000);
	CHECK_OK(node_get_power(other, other_handle, AUTO, &value));
	CHECK_EQ(value, 0);
	CHECK_EQ(atoi(pm_policy(functions, LOOPBACK, "suspend_delay_ms")), 5000);
}

TEST(the_files_can_be_read_by_all_and_are_there_for_each_interface)
{
	static const char *const names[] = { "auto_suspend", "suspend_delay_ms", "blocked_by" };
	struct stat status;
	char path[160];
	size_t i;

	plug_functions();
	for (i = 0; i < 2 * ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/sys/class/winusb/%s/power_policy/%s",
			 board_node(functions, i & 1), names[i / 2]);
		CHECK_EQ(stat(path, &status), 0);
		CHECK_EQ(status.st_mode & 07777, 0444);
	}
}

/* 3.2: the properties, and the values that the policies have from them */

#define ENABLED "REG_DWORD DeviceIdleEnabled 1"
#define STATE "REG_DWORD DefaultIdleState 1"

static const struct preset presets[] = {
	{ "nothing", { NULL }, 0, 5000, false },
	{ "DeviceIdleEnabled_alone", { ENABLED }, 0, 5000, true },
	{ "DeviceIdleEnabled_of_0", { "REG_DWORD DeviceIdleEnabled 0", STATE }, 0, 5000, false },
	{ "DefaultIdleState_alone", { STATE }, 0, 5000, false },
	{ "DefaultIdleState", { ENABLED, STATE }, 1, 5000, true },
	{ "DefaultIdleState_of_0", { ENABLED, "REG_DWORD DefaultIdleState 0" }, 0, 5000, true },
	{ "any_value_but_0",
	  { "REG_DWORD DeviceIdleEnabled 0x80000000", "REG_DWORD DefaultIdleState 4294967295" },
	  1, 5000, true },
	{ "DefaultIdleTimeout", { ENABLED, STATE, "REG_DWORD DefaultIdleTimeout 1234" },
	  1, 1234, true },
	{ "DefaultIdleTimeout_of_all_ones",
	  { ENABLED, STATE, "REG_DWORD DefaultIdleTimeout 4294967295" }, 1, UINT32_MAX, true },
	{ "DefaultIdleTimeout_alone", { "REG_DWORD DefaultIdleTimeout 1234" }, 0, 1234, false },
	{ "names_in_any_case",
	  { "REG_DWORD deviceidleenabled 1", "REG_DWORD DEFAULTIDLESTATE 1",
	    "REG_DWORD defaultIDLEtimeout 99999" }, 1, 99999, true },
	{ "a_REG_SZ_is_as_absent",
	  { "REG_SZ DeviceIdleEnabled 1", "REG_SZ DefaultIdleState 1",
	    "REG_SZ DefaultIdleTimeout 9" }, 0, 5000, false },
	{ "a_REG_BINARY_is_as_absent",
	  { "REG_BINARY DeviceIdleEnabled 01000000", STATE,
	    "REG_BINARY DefaultIdleTimeout 09000000" }, 0, 5000, false },
	{ "a_REG_MULTI_SZ_is_as_absent",
	  { ENABLED, "REG_MULTI_SZ DefaultIdleState 1" }, 0, 5000, true },
};

void give(struct board *board, const struct preset *row)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(row->properties) && row->properties[i]; i++)
		pm_property(board, WHOLE, row->properties[i]);
}

TEST_EACH(power_3_2_defaults_come_from_the_properties, struct preset, row, presets)
{
	give(fx2, row);
	open_node(fx2, 0);
	expect(fx2, 0, row->automatic, row->ms);
	CHECK_FILE(fx2, "power/control", row->sleeps ? "auto" : "on");
	if (!row->sleeps)
		CHECK_BLOCKED(fx2, 0, "DeviceIdleEnabled");
	else if (!row->automatic)
		CHECK_BLOCKED(fx2, 0, "DefaultIdleState");
	else
		CHECK_BLOCKED(fx2, 0, "SUSPEND_DELAY");
}

TEST(power_3_2_properties_that_change_are_looked_at_again)
{
	allow(fx2, 60000);
	open_node(fx2, 0);
	expect(fx2, 0, 1, 60000);
	pm_number(fx2, WHOLE, "DefaultIdleTimeout", 30);
	expect(fx2, 0, 1, 30);
	WAIT_ASLEEP(fx2);
	pm_number(fx2, WHOLE, "DefaultIdleState", 0);
	WAIT_AWAKE(fx2);
	CHECK_BLOCKED(fx2, 0, "DefaultIdleState");
	pm_number(fx2, WHOLE, "DefaultIdleState", 1);
	WAIT_ASLEEP(fx2);
	pm_forget(fx2, WHOLE, "DeviceIdleEnabled");
	WAIT_AWAKE(fx2);
	CHECK_BLOCKED(fx2, 0, "DeviceIdleEnabled");
	pm_number(fx2, WHOLE, "DeviceIdleEnabled", 1);
	pm_forget(fx2, WHOLE, "DefaultIdleTimeout");
	expect(fx2, 0, 1, 5000);
}

TEST(power_3_2_what_a_program_has_set_stays_when_properties_change)
{
	allow(fx2, 60000);
	open_node(fx2, 0);
	set_power(AUTO, 0);
	set_power(DELAY, 50000);
	pm_number(fx2, WHOLE, "DefaultIdleTimeout", 30);
	pm_number(fx2, WHOLE, "DefaultIdleState", 1);
	expect(fx2, 0, 0, 50000);
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "50000");
	CHECK_BLOCKED(fx2, 0, "AUTO_SUSPEND");
}

static const struct number os_versions[] = { { "1_0", 1 }, { "2_0", 2 } };

static void plug_firmware(const char *option, uint32_t version)
{
	char os[16];

	snprintf(os, sizeof(os), "os=%u", version);
	board_set(firmware, os);
	board_set(firmware, option);
	board_plug(firmware);
}

TEST_EACH(power_3_2_firmwares_properties_let_a_device_sleep, struct number, row, os_versions)
{
	plug_firmware("idle=40", row->number);
	WAIT_ASLEEP(firmware);
	CHECK_BLOCKED(firmware, 0, "none");
	CHECK_FILE(firmware, "power/control", "auto");
	if (pm_has(firmware, "power/wakeup"))
		CHECK_FILE(firmware, "power/wakeup", "enabled");
	CHECK_FILE(firmware, "power/autosuspend_delay_ms", "40");
	open_node(firmware, 0);
	expect(firmware, 0, 1, 40);
}

TEST(power_3_2_an_administrators_property_wins_over_the_firmwares)
{
	plug_firmware("idle=40", 2);
	WAIT_ASLEEP(firmware);
	pm_number(firmware, WHOLE, "deviceidleENABLED", 0);
	WAIT_AWAKE(firmware);
	CHECK_BLOCKED(firmware, 0, "DeviceIdleEnabled");
	pm_forget(firmware, WHOLE, "DeviceIdleEnabled");
	WAIT_ASLEEP(firmware);
	pm_number(firmware, WHOLE, "DefaultIdleState", 0);
	WAIT_AWAKE(firmware);
	CHECK_BLOCKED(firmware, 0, "DefaultIdleState");
}

TEST(power_3_2_firmware_without_properties_never_sleeps)
{
	plug_firmware("idle=off", 2);
	CHECK_FILE(firmware, "power/control", "on");
	CHECK_BLOCKED(firmware, 0, "DeviceIdleEnabled");
}

/* 3.3: while no handle is open, and what a program has set ends with it */

static void expect_ended(void)
{
	uint64_t end = test_now_ms() + 2000 * test_scale();

	/* The last reference to a file may go a little later. */
	while (strcmp(pm_policy(fx2, 0, "suspend_delay_ms"), "40") && test_now_ms() < end)
		test_sleep_ms(2);
	CHECK_EQ(atoi(pm_policy(fx2, 0, "suspend_delay_ms")), 40);
	CHECK_EQ(atoi(pm_policy(fx2, 0, "auto_suspend")), 1);
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "40");
	WAIT_ASLEEP(fx2);
}

TEST(power_3_3_what_a_program_has_set_ends_with_its_file)
{
	int copy;

	allow(fx2, 40);
	open_node(fx2, 0);
	set_power(AUTO, 0);
	set_power(DELAY, 9000);
	copy = dup(fd);
	close(fd);
	CHECK_EQ(atoi(pm_policy(fx2, 0, "suspend_delay_ms")), 9000);
	CHECK_BLOCKED(fx2, 0, "AUTO_SUSPEND");
	close(copy);
	expect_ended();
	open_node(fx2, 0);
	expect(fx2, 0, 1, 40);
}

TEST(power_3_3_what_a_program_has_set_ends_when_it_is_killed)
{
	pid_t pid;
	int ready[2], status;
	char byte;

	allow(fx2, 40);
	CHECK_EQ(pipe(ready), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		open_node(fx2, 0);
		set_power(AUTO, 0);
		set_power(DELAY, 9000);
		CHECK_EQ(write(ready[1], "x", 1), 1);
		pause();
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	CHECK_BLOCKED(fx2, 0, "AUTO_SUSPEND");
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	expect_ended();
}

TEST(power_3_3_DefaultIdleState_decides_while_no_handle_is_open)
{
	pm_number(fx2, WHOLE, "DefaultIdleTimeout", 40);
	pm_number(fx2, WHOLE, "DeviceIdleEnabled", 1);
	STAYS_AWAKE(fx2, 200);
	CHECK_BLOCKED(fx2, 0, "DefaultIdleState");
	open_node(fx2, 0);
	CHECK_BLOCKED(fx2, 0, "DefaultIdleState");
	/* A client turns it on, as long as it is there. */
	set_power(AUTO, 1);
	WAIT_ASLEEP(fx2);
	close(fd);
	WAIT_AWAKE(fx2);
	CHECK_BLOCKED(fx2, 0, "DefaultIdleState");
	STAYS_AWAKE(fx2, 200);
}

TEST(power_3_3_a_listener_changes_nothing)
{
	allow(fx2, 40);
	fd = node_open(board_node(fx2, 0), O_RDONLY);
	CHECK_OK(fd);
	WAIT_ASLEEP(fx2);
	STAYS_ASLEEP(fx2, 200);
}
