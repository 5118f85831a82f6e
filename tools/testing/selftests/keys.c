// SPDX-License-Identifier: MIT
/* QEMU's USB keyboard, bound to the driver, and the lab, which presses its keys. */
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "keys.h"
#include "sysfs.h"

#define DRIVER "/sys/bus/usb/drivers/winusb"

const char *device;
char node[80];
int fd;
uint32_t handle, moved;

static char function[32];
static int host = -1;

const char *device_file(const char *name)
{
	static char text[256];
	char path[160];

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/%s", device, name);
	if (file_read(path, text, sizeof(text)) < 0)
		FAIL("cannot read %s", path);
	text[strcspn(text, "\n")] = 0;
	return text;
}

bool device_is(const char *name, const char *text)
{
	return !strcmp(device_file(name), text);
}

const char *blocked_by(void)
{
	static char text[64];
	char path[160];

	snprintf(path, sizeof(path), "/sys/class/winusb/%s/power_policy/blocked_by", node);
	CHECK(file_read(path, text, sizeof(text)) > 0);
	text[strcspn(text, "\n")] = 0;
	return text;
}

void wait_status(const char *status)
{
	uint64_t end = test_now_ms() + 5000 * test_scale();

	while (!device_is("power/runtime_status", status)) {
		if (test_now_ms() > end)
			FAIL("the device is %s, not %s, because of %s",
			     device_file("power/runtime_status"), status, blocked_by());
		test_sleep_ms(5);
	}
}

static void open_host(void)
{
	struct termios tty;

	host = open(getenv("WINUSB_LAB_HOST"), O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(host >= 0 && !tcgetattr(host, &tty));
	cfmakeraw(&tty);
	tty.c_cflag |= CLOCAL;
	CHECK(!tcsetattr(host, TCSAFLUSH, &tty));
}

void ask_host(const char *format, ...)
{
	struct pollfd poll_fd = { .fd = host, .events = POLLIN };
	char text[64];
	va_list args;
	size_t n = 0;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	CHECK_EQ(write(host, text, strlen(text)), strlen(text));
	do {
		if (poll(&poll_fd, 1, 5000 * test_scale()) <= 0)
			FAIL("the host does not answer");
		CHECK_EQ(read(host, text + n, 1), 1);
	} while (text[n++] != '\n' && n < sizeof(text) - 1);
	text[n] = 0;
	if (strcmp(text, "ok\n"))
		FAIL("the host says %s", text);
}

void press(const char *key)
{
	ask_host("press %s\n", key);
}

uint8_t usage(const char *key)
{
	return 4 + key[0] - 'a';
}

void check_report(const uint8_t *report, uint32_t length, uint8_t key)
{
	const uint8_t expected[REPORT] = { 0, 0, key };

	CHECK_EQ(length, REPORT);
	CHECK_MEM(report, expected, REPORT);
}

void expect_report(uint8_t key)
{
	uint8_t report[REPORT];

	CHECK_OK(node_timeout(fd, handle, KEYS, 5000 * test_scale()));
	CHECK_OK(node_transfer(fd, handle, KEYS, report, sizeof(report), &moved));
	check_report(report, moved, key);
}

void keys_forget(void)
{
	char text[64];

	snprintf(text, sizeof(text), "%s *", function);
	file_write(DRIVER "/remove_function_property", text);
	file_write(DRIVER "/remove_function_id", function);
	interface_unbind(node);
}

void keys_plug(void)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s", node);
	if (!access(path, F_OK))
		return;
	ask_host("plug\n");
	CHECK(wait_for_path(path, true, 5));
}

void test_setup(void)
{
	char text[16];

	device = getenv("WINUSB_LAB_KEYBOARD");
	if (!device)
		test_skip_all("there is no keyboard: scripts/lab run --keyboard=xhci");
	snprintf(node, sizeof(node), "%s:1.0", device);
	snprintf(text, sizeof(text), "%s", device_file("idVendor"));
	snprintf(function, sizeof(function), "%s %s 00", text, device_file("idProduct"));
	open_host();
}

void test_cleanup(bool failed)
{
	(void)failed;
	keys_plug();
	keys_forget();
	file_write("/sys/power/pm_test", "none");
}

/* "DeviceIdleEnabled=1 DefaultIdleState=1" */
static void give(const char *properties)
{
	char line[512], list[256], *save, *word;

	snprintf(list, sizeof(list), "%s", properties);
	for (word = strtok_r(list, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *value = strchr(word, '=');

		*value++ = 0;
		snprintf(line, sizeof(line), "%s REG_DWORD %s %s", function, word, value);
		CHECK_OK(file_write(DRIVER "/function_property", line));
	}
}

void keys_bind(const char *properties)
{
	/* From the rows before this one, which ran in this process. */
	keys_forget();
	give(properties);
	CHECK_OK(file_write(DRIVER "/function_id", function));
}

void keys_begin(const char *properties)
{
	uint8_t report[REPORT];
	int result;

	open_host();
	keys_plug();
	keys_bind(properties);
	fd = node_open(node, O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	CHECK_OK(node_timeout(fd, handle, KEYS, 250));
	do {
		result = node_transfer(fd, handle, KEYS, report, sizeof(report), &moved);
	} while (!result);
	CHECK_ERR(result, ETIMEDOUT);
	CHECK_OK(node_timeout(fd, handle, KEYS, 0));
}

void start_read(struct job *job, uint8_t *report)
{
	*job = (struct job){
		.fd = fd, .handle = handle, .pipe = KEYS, .buffer = report, .length = REPORT,
	};
	job_start_blocked(job);
}

void expect_key(const char *key)
{
	uint8_t report[REPORT];
	struct job job;

	start_read(&job, report);
	press(key);
	CHECK_OK(job_wait(&job, 5));
	check_report(report, job.moved, usage(key));
	expect_report(0);
	CHECK_OK(node_timeout(fd, handle, KEYS, 0));
}
