// SPDX-License-Identifier: MIT
/*
 * Devices with a fault in their descriptors are refused, or served as far as they are valid, and
 * the kernel says a line about it. Never do they bring anything down: every node that appears is
 * opened, asked for everything, and its pipes are used.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "test.h"

/* What must come of it. Served with no interface: a device of no use, but there. */
enum { REFUSED, SERVED };

struct fault {
	const char *label;
	int outcome;
	unsigned int interfaces;	/* that are bound, when it is served */
	bool quiet;			/* legal, or harmless to usbcore, which says nothing */
};

static const struct fault faults[] = {
	{ "none", SERVED, 2, true },
	{ "device-short", REFUSED, 0, false },
	{ "device-length-zero", SERVED, 2, true },
	{ "device-type", REFUSED, 0, false },
	{ "ep0-odd", REFUSED, 0, false },
	{ "configurations-none", REFUSED, 0, false },
	{ "configurations-many", REFUSED, 0, false },
	{ "config-stall", REFUSED, 0, false },
	{ "config-empty", REFUSED, 0, false },
	{ "config-cut", SERVED, 2, false },
	{ "config-garbage", SERVED, 0, false },
	{ "total-short", SERVED, 2, false },
	{ "total-long", SERVED, 2, false },
	{ "total-huge", SERVED, 2, false },
	{ "total-tiny", SERVED, 0, false },
	{ "total-header", SERVED, 0, false },
	{ "length-zero", SERVED, 1, false },
	{ "length-one", SERVED, 1, false },
	{ "length-past-end", SERVED, 2, false },
	{ "interface-short", SERVED, 1, false },
	{ "endpoint-short", SERVED, 2, false },
	{ "endpoint-long", SERVED, 2, true },
	{ "endpoints-missing", SERVED, 2, false },
	{ "endpoints-none", SERVED, 2, true },
	{ "endpoints-extra", SERVED, 2, false },
	{ "endpoints-255", SERVED, 2, false },
	{ "endpoint-zero", SERVED, 2, false },
	{ "endpoint-duplicate", SERVED, 2, false },
	{ "endpoint-shared", SERVED, 2, false },
	{ "endpoint-reserved", SERVED, 2, false },
	{ "endpoint-control", SERVED, 2, true },
	{ "packet-zero", SERVED, 2, false },
	{ "packet-huge", SERVED, 2, false },
	{ "packet-one", SERVED, 2, false },
	{ "packet-reserved", SERVED, 2, false },
	{ "interval-zero", SERVED, 2, false },
	{ "interval-huge", SERVED, 2, false },
	{ "interfaces-none", SERVED, 0, false },
	{ "interfaces-32", SERVED, 32, true },
	{ "interfaces-40", SERVED, 32, false },
	{ "interfaces-fewer", SERVED, 2, false },
	{ "interfaces-more", SERVED, 2, false },
	{ "number-skips", SERVED, 2, false },
	{ "number-repeats", SERVED, 1, false },
	{ "number-255", SERVED, 2, false },
	{ "number-swapped", SERVED, 2, true },
	{ "settings-disorder", SERVED, 2, true },
	{ "settings-gap", SERVED, 2, false },
	{ "settings-no-zero", SERVED, 2, false },
	{ "settings-scattered", SERVED, 2, true },
	{ "settings-many", SERVED, 2, false },
	{ "iad-past-end", SERVED, 2, true },
	{ "iad-empty", SERVED, 2, true },
	{ "iad-missing", SERVED, 2, true },
	{ "iad-wraps", SERVED, 2, true },
	{ "iad-overlap", SERVED, 2, false },
	{ "iad-same", SERVED, 2, false },
	{ "iad-short", SERVED, 2, false },
	{ "iad-without-class", SERVED, 2, true },
	{ "iad-many", SERVED, 2, false },
	{ "string-cut", SERVED, 2, true },
	{ "string-odd", SERVED, 2, true },
	{ "string-length-zero", SERVED, 2, true },
	{ "string-one", SERVED, 2, true },
	{ "string-type", SERVED, 2, true },
	{ "string-long", SERVED, 2, true },
	{ "string-unicode", SERVED, 2, true },
	{ "strings-stall", SERVED, 2, true },
};

static struct board *broken;
static int log_fd;

void test_setup(void)
{
	broken = board_add("broken");
	boards_start();
}

/* The kernel's log from here on. */
static void log_begin(void)
{
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log_fd < 0)
		FAIL("/dev/kmsg: %s", strerror(errno));
	lseek(log_fd, 0, SEEK_END);
}

/* Reads on; counts the lines that speak of the board's fault, and says if it was given up. */
static void log_read(unsigned int *lines, bool *gave_up)
{
	static const char *const last[] = {
		"unable to enumerate", "can't read configurations", "can't set config",
		"no configuration chosen",
	};
	char line[1024], *text;
	ssize_t n;
	size_t i;

	while ((n = read(log_fd, line, sizeof(line) - 1)) > 0) {
		line[n] = 0;
		text = strchr(line, ';');
		/* Warnings and errors; notes of the arrival are not meant. */
		if (!text || (atoi(line) & 7) > 5 || !strstr(text, "usb "))
			continue;
		++*lines;
		for (i = 0; i < ARRAY_SIZE(last); i++)
			if (strstr(text, last[i]))
				*gave_up = true;
	}
}

/* All nodes of the device, with what they say and do. */
static unsigned int use_nodes(void)
{
	unsigned int number, setting, index, nodes = 0;
	struct winusb_query_pipe pipe;
	uint8_t data[4096], current;
	uint32_t handle, moved;
	int fd;

	for (number = 0; number < 256; number++) {
		fd = node_open(board_node(broken, number), O_RDWR);
		if (fd == -EBUSY)
			FAIL("%s is busy", board_node(broken, number));
		if (fd < 0)
			continue;
		nodes++;
		CHECK_OK(node_initialize(fd, &handle));
		for (setting = 0; setting < 256; setting++) {
			if (node_settings(fd, handle, setting, data) == -ENOENT)
				break;
			for (index = 0; index < 256; index++)
				if (node_query_pipe(fd, handle, setting, index, &pipe))
					break;
			/* Its answer is the device's affair; that there is one is ours. */
			node_set_setting(fd, handle, data[3]);
		}
		CHECK(setting > 0);
		CHECK_OK(node_get_setting(fd, handle, &current));
		CHECK_OK(node_descriptor(fd, handle, 1, 0, 0, data, 18, &moved));
		CHECK_OK(node_descriptor(fd, handle, 2, 0, 0, data, sizeof(data), &moved));
		for (index = 1; index < 5; index++)
			node_descriptor(fd, handle, 3, index, 0x0409, data, 255, &moved);
		for (index = 0; index < 256; index++) {
			if (!(index & 0x0f) || index & 0x70)
				continue;
			if (node_timeout(fd, handle, index, 20))
				continue;
			node_transfer(fd, handle, index, data, 64, &moved);
			CHECK(moved <= 64);
			node_transfer(fd, handle, index, data, 100, &moved);
			CHECK(moved <= 100);
			CHECK_OK(node_abort(fd, handle, index));
			node_reset_pipe(fd, handle, index);
		}
		close(fd);
	}
	return nodes;
}

TEST_EACH(a_faulty_device_is_refused_or_served_as_far_as_it_is_valid, struct fault, fault, faults)
{
	uint64_t end = test_now_ms() + 15000 * test_scale();
	unsigned int lines = 0, nodes = 0;
	bool gave_up = false, served;
	char option[64];

	snprintf(option, sizeof(option), "fault=%s", fault->label);
	board_set(broken, option);
	log_begin();
	board_attach(broken);
	for (;;) {
		log_read(&lines, &gave_up);
		served = board_configured(broken);
		if (served || gave_up)
			break;
		if (test_now_ms() > end)
			FAIL("the device is neither there nor refused");
		test_sleep_ms(10);
	}
	if (served) {
		board_bind(broken);
		nodes = use_nodes();
		log_read(&lines, &gave_up);
	}
	CHECK_EQ(served, fault->outcome == SERVED);
	CHECK_EQ(nodes, fault->interfaces);
	if (!fault->quiet)
		CHECK(lines > 0);
}
