// SPDX-License-Identifier: MIT
/* The host's side of the gadget: binding, properties, power. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sleeper.h"
#include "sysfs.h"
#include "test.h"

#define DRIVER "/sys/bus/usb/drivers/winusb"
#define USB_DEVICES "/sys/bus/usb/devices"

void sleeper_setup(void)
{
	const char *missing;
	int result;

	if (access(DRIVER, F_OK))
		test_skip_all("winusb.ko is not loaded (run this by scripts/lab run)");
	missing = gadget_missing();
	if (missing)
		test_skip_all("%s", missing);
	result = file_write(DRIVER "/function_id", GADGET_ID " 00");
	if (result && result != -EEXIST)
		test_bail("function_id: %s", test_errno(result));
}

void test_cleanup(bool failed)
{
	(void)failed;
	gadget_remove();
	file_write(DRIVER "/remove_function_property", GADGET_ID " 00 *");
}

void test_row_cleanup(void)
{
	test_cleanup(false);
}

void sleeper_property(const char *property, long long value)
{
	char line[128];
	int result;

	if (value < 0) {
		snprintf(line, sizeof(line), GADGET_ID " 00 %s", property);
		result = file_write(DRIVER "/remove_function_property", line);
	} else {
		snprintf(line, sizeof(line), GADGET_ID " 00 REG_DWORD %s %lld", property, value);
		result = file_write(DRIVER "/function_property", line);
	}
	if (result)
		FAIL("%s: %s", line, test_errno(result));
}

void sleeper_plug(unsigned int flags, const char *properties)
{
	char copy[256], *rest = copy, *property, *value, folder[96];

	snprintf(copy, sizeof(copy), "%s", properties);
	while ((property = strsep(&rest, ","))) {
		value = strchr(property, '=');
		if (!value)
			continue;
		*value++ = 0;
		sleeper_property(property, atoll(value));
	}
	gadget_plug(flags);
	snprintf(folder, sizeof(folder), "/sys/class/winusb/%s", gadget_interface());
	if (!wait_for_path(folder, true, 10) ||
	    !wait_for_path(node_path(gadget_interface()), true, 10))
		FAIL("%s is not bound to winusb", gadget_interface());
}

int sleeper_open(unsigned int flags, const char *properties, uint32_t *out_handle)
{
	int fd;

	sleeper_plug(flags, properties);
	fd = node_open(gadget_interface(), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, out_handle));
	return fd;
}

int power_set(int fd, uint32_t handle, uint32_t policy, uint32_t value)
{
	struct winusb_power_policy arg = {
		.size = sizeof(arg), .handle = handle, .policy = policy, .value = value,
	};

	return node_ioctl(fd, WINUSB_IOC_SET_POWER_POLICY, &arg);
}

int power_get(int fd, uint32_t handle, uint32_t policy, uint32_t *value)
{
	struct winusb_power_policy arg = {
		.size = sizeof(arg), .handle = handle, .policy = policy,
	};
	int result = node_ioctl(fd, WINUSB_IOC_GET_POWER_POLICY, &arg);

	*value = arg.value;
	return result;
}

static const char *text_of(const char *path)
{
	static __thread char text[4][128];
	static __thread unsigned int turn;
	char *out = text[turn++ & 3];
	int result = file_read(path, out, sizeof(text[0]));

	if (result < 0)
		FAIL("%s: %s", path, test_errno(result));
	out[strcspn(out, "\n")] = 0;
	return out;
}

static const char *power_path(const char *file)
{
	static __thread char path[160];

	snprintf(path, sizeof(path), USB_DEVICES "/%s/power/%s", gadget_name(), file);
	return path;
}

const char *power_file(const char *file)
{
	return text_of(power_path(file));
}

bool power_has_file(const char *file)
{
	return !access(power_path(file), F_OK);
}

void power_write(const char *file, const char *text)
{
	int result = file_write(power_path(file), text);

	if (result)
		FAIL("write %s to %s: %s", text, power_path(file), test_errno(result));
}

const char *power_policy(const char *file)
{
	char path[160];

	snprintf(path, sizeof(path), "/sys/class/winusb/%s/power_policy/%s", gadget_interface(),
		 file);
	return text_of(path);
}

bool power_is_suspended(void)
{
	return !strcmp(power_file("runtime_status"), "suspended");
}

static void wait_status(const char *status)
{
	uint64_t end = test_now_ms() + 10000 * test_scale();

	while (strcmp(power_file("runtime_status"), status)) {
		if (test_now_ms() > end)
			FAIL("%s is %s, expected %s; blocked by %s", gadget_name(),
			     power_file("runtime_status"), status, power_policy("blocked_by"));
		test_sleep_ms(1);
	}
}

void power_wait_suspended(void)
{
	wait_status("suspended");
}

void power_wait_active(void)
{
	wait_status("active");
}

void power_stays_active(unsigned int ms)
{
	unsigned int before = gadget_suspends();
	uint64_t end = test_now_ms() + ms;

	while (test_now_ms() < end) {
		if (gadget_suspends() != before || power_is_suspended())
			FAIL("%s fell asleep; blocked by %s", gadget_name(),
			     power_policy("blocked_by"));
		test_sleep_ms(5);
	}
}

uint64_t power_suspended_ms(void)
{
	return strtoull(power_file("runtime_suspended_time"), NULL, 10);
}

void power_wait_blocked_by(const char *word)
{
	uint64_t end = test_now_ms() + 10000 * test_scale();

	while (strcmp(power_policy("blocked_by"), word)) {
		if (test_now_ms() > end)
			FAIL("blocked by %s, expected %s", power_policy("blocked_by"), word);
		test_sleep_ms(1);
	}
}
