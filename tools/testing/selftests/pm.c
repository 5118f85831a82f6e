// SPDX-License-Identifier: MIT
/* What the tests of power share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "boards.h"
#include "pm.h"
#include "test.h"

#define DRIVER "/sys/bus/usb/drivers/winusb"

void pm_require(struct board *board)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/winusb/%s/power_policy", board_node(board, 0));
	if (access(path, F_OK))
		test_skip_all("the driver has no power_policy, or the kernel no CONFIG_PM");
}

static void function_key(struct board *board, int function, char *out, size_t size)
{
	if (function == WHOLE)
		snprintf(out, size, "%s *", board_id(board));
	else
		snprintf(out, size, "%s %02x", board_id(board), function & 0xff);
}

/* Whether the program, in any of its processes, has set one. */
static bool *has_set;

__attribute__((constructor)) static void share_has_set(void)
{
	void *memory = mmap(NULL, sizeof(*has_set), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory != MAP_FAILED)
		has_set = memory;
}

void pm_property(struct board *board, int function, const char *property)
{
	char key[32], line[160];
	int result;

	if (has_set)
		*has_set = true;

	function_key(board, function, key, sizeof(key));
	snprintf(line, sizeof(line), "%s %s", key, property);
	result = file_write(DRIVER "/function_property", line);
	if (result)
		FAIL("property %s: %s", line, test_errno(result));
}

void pm_number(struct board *board, int function, const char *name, uint32_t value)
{
	char property[96];

	snprintf(property, sizeof(property), "REG_DWORD %s %u", name, value);
	pm_property(board, function, property);
}

void pm_forget(struct board *board, int function, const char *name)
{
	char key[32], line[160];
	int result;

	function_key(board, function, key, sizeof(key));
	snprintf(line, sizeof(line), "%s %s", key, name);
	result = file_write(DRIVER "/remove_function_property", line);
	if (result)
		FAIL("property %s removed: %s", line, test_errno(result));
}

/* The reason if that fails. */
static const char *forget_all(void)
{
	char text[4097], line[64], word[3][16];
	int result;

	while (file_read(DRIVER "/function_property", text, sizeof(text)) > 0) {
		if (sscanf(text, "%15s %15s %15s", word[0], word[1], word[2]) != 3)
			return "function_property has a line that is none";
		snprintf(line, sizeof(line), "%s %s %s *", word[0], word[1], word[2]);
		result = file_write(DRIVER "/remove_function_property", line);
		if (result)
			return test_errno(result);
	}
	return NULL;
}

void pm_forget_all(void)
{
	const char *reason = forget_all();

	if (reason)
		test_bail("properties are not removed: %s", reason);
}

/* When the program ends: the next one has boards with the same ids. */
__attribute__((destructor)) static void forget_at_exit(void)
{
	const char *reason = has_set && *has_set ? forget_all() : NULL;

	if (reason)
		fprintf(stderr, "properties are not removed: %s\n", reason);
}

void pm_allow(struct board *board, int function, uint32_t ms)
{
	pm_number(board, function, "DefaultIdleTimeout", ms);
	pm_number(board, function, "DefaultIdleState", 1);
	pm_number(board, function, "DeviceIdleEnabled", 1);
}

static void each_interface(struct board *board, const char *file)
{
	unsigned int i, n = board_interfaces(board);
	char path[128], name[64], driver[32];
	int result;

	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%s", board_node(board, i));
		interface_driver(name, driver, sizeof(driver));
		/* Bound already, or another driver's. */
		if (!strcmp(file, "bind") ? driver[0] : strcmp(driver, "winusb") != 0)
			continue;
		snprintf(path, sizeof(path), DRIVER "/%s", file);
		result = file_write(path, name);
		if (result)
			test_bail("%s of %s: %s", file, name, test_errno(result));
	}
}

void pm_fresh(struct board *board)
{
	each_interface(board, "unbind");
	pm_write(board, "power/control", "on");
	pm_write(board, "power/autosuspend_delay_ms", "2000");
	if (pm_has(board, "power/wakeup"))
		pm_write(board, "power/wakeup", "disabled");
	each_interface(board, "bind");
}

static void file_path(struct board *board, const char *name, char *out, size_t size)
{
	snprintf(out, size, "/sys/bus/usb/devices/%s/%s", board_name(board), name);
}

const char *pm_file(struct board *board, const char *name)
{
	static __thread char text[4][64];
	static __thread unsigned int turn;
	char path[160], *out = text[turn++ & 3];
	int n;

	file_path(board, name, path, sizeof(path));
	n = file_read(path, out, sizeof(text[0]));
	if (n < 0)
		FAIL("%s: %s", path, test_errno(n));
	out[strcspn(out, "\n")] = 0;
	return out;
}

bool pm_has(struct board *board, const char *name)
{
	char path[160];

	file_path(board, name, path, sizeof(path));
	return !access(path, F_OK);
}

long long pm_value(struct board *board, const char *name)
{
	return atoll(pm_file(board, name));
}

void pm_write(struct board *board, const char *name, const char *text)
{
	char path[160];
	int result;

	file_path(board, name, path, sizeof(path));
	result = file_write(path, text);
	if (result)
		FAIL("write %s to %s: %s", text, path, test_errno(result));
}

void pm_check_file(const char *file, int line, struct board *board, const char *name,
		   const char *value)
{
	const char *text = pm_file(board, name);

	if (strcmp(text, value))
		test_fail(file, line, "%s is \"%s\", expected \"%s\"", name, text, value);
}

bool pm_asleep(struct board *board)
{
	return !strcmp(pm_file(board, "power/runtime_status"), "suspended");
}

void pm_wait(const char *file, int line, struct board *board, bool asleep)
{
	const char *word = asleep ? "suspended" : "active", *status;
	uint64_t end = test_now_ms() + 5000 * test_scale();

	while (strcmp(status = pm_file(board, "power/runtime_status"), word)) {
		if (test_now_ms() > end)
			test_fail(file, line, "the device is %s, not %s; blocked_by %s, control "
				  "%s, delay %s", status, word, pm_policy(board, 0, "blocked_by"),
				  pm_file(board, "power/control"),
				  pm_file(board, "power/autosuspend_delay_ms"));
		test_sleep_ms(2);
	}
}

void pm_stays_awake(const char *file, int line, struct board *board, unsigned int ms)
{
	long long slept = pm_value(board, "power/runtime_suspended_time");
	uint64_t end = test_now_ms() + ms;

	/* It may be about to, and refuse. */
	do {
		if (pm_asleep(board) ||
		    pm_value(board, "power/runtime_suspended_time") != slept)
			test_fail(file, line, "the device went to sleep");
		test_sleep_ms(2);
	} while (test_now_ms() < end);
}

void pm_stays_asleep(const char *file, int line, struct board *board, unsigned int ms)
{
	unsigned long long resumes = pm_resumes(board);
	uint64_t end = test_now_ms() + ms;

	do {
		if (!pm_asleep(board) || pm_resumes(board) != resumes)
			test_fail(file, line, "the device is awake");
		test_sleep_ms(2);
	} while (test_now_ms() < end);
}

unsigned long long pm_resumes(struct board *board)
{
	return board_value(board, "statuses");
}

const char *pm_policy(struct board *board, unsigned int interface, const char *name)
{
	static __thread char text[2][64];
	static __thread unsigned int turn;
	char path[160], *out = text[turn++ & 1];
	int n;

	snprintf(path, sizeof(path), "/sys/class/winusb/%s/power_policy/%s",
		 board_node(board, interface), name);
	n = file_read(path, out, sizeof(text[0]));
	if (n < 0)
		FAIL("%s: %s", path, test_errno(n));
	out[strcspn(out, "\n")] = 0;
	return out;
}

void pm_check_blocked(const char *file, int line, struct board *board, unsigned int interface,
		      const char *word)
{
	uint64_t end = test_now_ms() + 2000 * test_scale();
	const char *text;

	while (strcmp(text = pm_policy(board, interface, "blocked_by"), word)) {
		if (test_now_ms() > end)
			test_fail(file, line, "blocked_by says %s, expected %s", text, word);
		test_sleep_ms(2);
	}
}
