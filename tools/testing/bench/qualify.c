// SPDX-License-Identifier: MIT
/*
 * usbtest, the kernel's own suite for source and sink devices, has to pass on the device before a
 * number is believed. testusb, from the kernel's tools/usb, runs its cases.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define DRIVER "/sys/bus/usb/drivers/usbtest/"

/* Sizes are whole packets at each speed, so that no read of a source is short. */
static const struct {
	unsigned int number;
	const char *arguments;
	bool must;			/* "not supported" is a failure, too */
	bool quick;
} cases[] = {
	{ 0, "", true, true },
	{ 1, "-c 200 -s 4096", true, true },
	{ 2, "-c 200 -s 4096", true, true },
	{ 3, "-c 200 -s 4096 -v 1024", true, false },
	{ 4, "-c 200 -s 4096 -v 1024", true, false },
	{ 5, "-c 50 -s 4096 -g 32", true, true },
	{ 6, "-c 50 -s 4096 -g 32", true, true },
	{ 7, "-c 50 -s 4096 -v 1024 -g 32", true, false },
	{ 8, "-c 50 -s 4096 -v 1024 -g 32", true, false },
	{ 9, "-c 50", true, false },
	{ 10, "-c 50 -g 32", true, false },
	{ 11, "-c 50 -s 4096", true, false },
	{ 12, "-c 50 -s 4096", true, false },
	{ 13, "-c 20 -s 4096", true, false },
	{ 14, "-c 50 -s 1024 -v 61", true, false },
	{ 17, "-c 100 -s 4096 -v 1024", true, false },
	{ 18, "-c 100 -s 4096 -v 1024", true, false },
	{ 19, "-c 100 -s 4096", true, false },
	{ 20, "-c 100 -s 4096", true, false },
	{ 21, "-c 50 -s 1024 -v 61", true, false },
	{ 24, "-c 50 -s 4096 -g 8", true, false },
	{ 25, "-c 100 -s 64", false, false },
	{ 26, "-c 100 -s 64", false, false },
	{ 27, "-c 5 -s 4096 -g 32", false, false },
	{ 28, "-c 5 -s 4096 -g 32", false, false },
	{ 29, "-c 20 -s 4096", true, false },
};

static bool is_there(const char *program)
{
	char command[96];

	snprintf(command, sizeof(command), "command -v %s >/dev/null", program);
	return system(command) == 0;
}

/* 0, -EOPNOTSUPP, or another error number of the case. */
static int run_case(const struct target *t, unsigned int i, char *line, size_t size)
{
	char command[256], text[256];
	int number, error, result = -EPROTO;
	FILE *pipe;

	*line = 0;
	snprintf(command, sizeof(command), "testusb -D /dev/bus/usb/%03u/%03u -t %u %s 2>&1",
		 t->usbfs.bus, t->usbfs.number, cases[i].number, cases[i].arguments);
	pipe = popen(command, "r");
	if (!pipe)
		fail("cannot run testusb: %s", strerror(errno));
	while (fgets(text, sizeof(text), pipe)) {
		const char *test = strstr(text, " test ");

		if (!test)
			continue;
		snprintf(line, size, "%.*s", (int)strcspn(text, "\n"), text);
		if (sscanf(test, " test %d --> %d", &number, &error) == 2)
			result = -error;
		else if (sscanf(test, " test %d, %*d.%*d secs", &number) == 1)
			result = 0;
	}
	/* testusb passes over what usbtest says is not supported. */
	if (!pclose(pipe) && !*line)
		result = -EOPNOTSUPP;
	return result;
}

static void bind(const struct target *t)
{
	char text[128];

	snprintf(text, sizeof(text), "usbtest pattern=%s", t->usbtest_pattern);
	module_probe(text);
	snprintf(text, sizeof(text), DRIVER "%s:1.0", t->usbfs.name);
	if (!wait_for(text, true, 5000))
		fail("usbtest did not bind %s: the kernel's log may say why", t->usbfs.name);
}

static void unbind(const struct target *t)
{
	char name[64];

	snprintf(name, sizeof(name), "%s:1.0", t->usbfs.name);
	if (file_write(DRIVER "unbind", name))
		fail("usbtest does not let go of %s", name);
	module_unload("usbtest");
}

void qualify(struct target *t, char *text, size_t size, bool quick)
{
	unsigned int i, passed = 0, absent = 0, failed = 0;
	char line[256];
	int result;

	if (!is_there("testusb"))
		fail("there is no testusb on the PATH to qualify the device with. scripts/bench and "
		     "scripts/lab run -- winusb-bench build it from the kernel's tools/usb; "
		     "--no-qualify does without, and says so with the numbers");
	if (t->counters && file_write(DEBUGFS "data", "mod63"))
		fail("cannot write mod63 to " DEBUGFS "data");
	bind(t);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (quick && !cases[i].quick)
			continue;
		result = run_case(t, i, line, sizeof(line));
		if (!result) {
			passed++;
		} else if (result == -EOPNOTSUPP && !cases[i].must) {
			absent++;
		} else {
			failed++;
			note("usbtest case %u failed: %s", cases[i].number,
			     *line ? line : "testusb said nothing of it");
		}
	}
	unbind(t);
	if (t->counters && file_write(DEBUGFS "data", "stamped"))
		fail("cannot write stamped to " DEBUGFS "data");
	if (failed)
		fail("the device does not pass usbtest (%u of %zu cases failed), so no number about it "
		     "would mean anything", failed, ARRAY_SIZE(cases));
	snprintf(text, size, "usbtest: %u cases passed%s", passed,
		 absent ? ", those that the device has no pipe or pattern for do not apply" : "");
	note("%s", text);
}
