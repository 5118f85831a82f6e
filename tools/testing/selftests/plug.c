// SPDX-License-Identifier: MIT
/*
 * Plugging boards in and out, binding them, and the driver core's files. No fork, because process
 * starts dominate on a debug kernel.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>

#include "board.h"
#include "boards.h"
#include "test.h"

#define VHCI "/sys/devices/platform/vhci_hcd.0"
#define USB_DEVICES "/sys/bus/usb/devices"
#define DRIVER "/sys/bus/usb/drivers/winusb"

const char *board_name(struct board *board)
{
	static __thread char name[32];

	snprintf(name, sizeof(name), "%s", board->name);
	return name;
}

const char *board_node(struct board *board, unsigned int interface)
{
	static __thread char name[4][64];
	static __thread unsigned int turn;
	char *out = name[turn++ & 3];

	board->used = true;
	snprintf(out, sizeof(name[0]), "%s:1.%u", board->name, interface);
	return out;
}

bool board_configured(struct board *board)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), USB_DEVICES "/%s/bConfigurationValue", board->name);
	return file_read(path, text, sizeof(text)) > 0 && atoi(text) > 0;
}

unsigned int board_interfaces(struct board *board)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), USB_DEVICES "/%s/bNumInterfaces", board->name);
	file_read(path, text, sizeof(text));
	return atoi(text);
}

/* vhci_hcd may have several controllers, with a high-speed and a SuperSpeed bus each. */
unsigned int boards_controllers(void)
{
	unsigned int n = 1;
	char path[64];

	for (;; n++) {
		snprintf(path, sizeof(path), VHCI "/status.%u", n);
		if (access(path, F_OK))
			return n;
	}
}

static unsigned int ports_of_controller(void)
{
	char text[32];

	file_read(VHCI "/nports", text, sizeof(text));
	return atoi(text) / boards_controllers();
}

/* The number of a controller's high-speed bus. */
static unsigned int find_bus(unsigned int controller)
{
	char folder[64], path[128], text[32];
	unsigned int bus = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/sys/devices/platform/vhci_hcd.%u", controller);
	dir = opendir(folder);
	if (!dir)
		FAIL("%s: %s (modprobe vhci_hcd)", folder, strerror(errno));
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "usb", 3) || entry->d_name[3] < '0' ||
		    entry->d_name[3] > '9')
			continue;
		snprintf(path, sizeof(path), "%s/%.20s/speed", folder, entry->d_name);
		file_read(path, text, sizeof(text));
		if (atoi(text) == 480)
			bus = atoi(entry->d_name + 3);
	}
	closedir(dir);
	if (!bus)
		FAIL("no high-speed bus at %s", folder);
	return bus;
}

/* Let the hub driver enumerate with one reset and short pauses: our devices need no more. */
void plug_fast(void)
{
	unsigned int bus, port, controller;
	char path[128];
	int result;

	for (controller = 0; controller < boards_controllers(); controller++) {
		bus = find_bus(controller);
		for (port = 1; port <= ports_of_controller() / 2; port++) {
			snprintf(path, sizeof(path), USB_DEVICES "/%u-0:1.0/usb%u-port%u/quirks",
				 bus, bus, port);
			result = file_write(path, "3");
			if (result)
				test_note("%s: %s; plugging in takes longer", path,
					  test_errno(result));
		}
	}
}

static void attach(struct board *board)
{
	unsigned int n = ports_of_controller(), controller;
	const char *answer, *port;

	if (board->spread)
		answer = board_do(board, "attach %u", board->index % boards_controllers());
	else
		answer = board_do(board, "attach");
	port = strstr(answer, " port=");
	if (!port)
		FAIL("no port in the board server's answer: %s", answer);
	controller = atoi(port + strlen(" port=")) / n;
	snprintf(board->name, sizeof(board->name), "%u-%u", find_bus(controller),
		 atoi(port + strlen(" port=")) % n + 1);
	board->plugged = true;
	port = strstr(board_do(board, "info"), " serial=\"");
	if (!port)
		FAIL("no serial number in the board's answer");
	port += strlen(" serial=\"");
	snprintf(board->serial, sizeof(board->serial), "%.*s", (int)strcspn(port, "\""), port);
}

/* Does ID stand in a file of ids of the driver? */
static bool has_id(const char *file, const char *id)
{
	char ids[4096];

	file_read(file, ids, sizeof(ids));
	return strstr(ids, id);
}

static void write_id(const char *file, const char *id)
{
	int result = file_write(file, id);

	if (result && result != -EEXIST)
		FAIL("write %s to %s: %s", id, file, test_errno(result));
}

/*
 * The ids that the driver binds by: a vendor and a product in new_id make the whole device one
 * function, and with the number of a function's first interface in function_id that function.
 */
static void add_ids(struct board *board)
{
	char id[16], function[32];
	unsigned int i;

	snprintf(id, sizeof(id), "%s", board_id(board));
	if (!board->split) {
		if (!has_id(DRIVER "/new_id", id))
			write_id(DRIVER "/new_id", id);
		return;
	}
	for (i = 0; i < board_interfaces(board); i++) {
		snprintf(function, sizeof(function), "%s %02x", id, i & 0xff);
		write_id(DRIVER "/function_id", function);
	}
}

/* Before a plug: the ids of the other form, which boards of this kind may have left. */
static void drop_ids(struct board *board)
{
	char id[16], function[32];
	unsigned int i;

	snprintf(id, sizeof(id), "%s", board_id(board));
	if (board->split) {
		while (has_id(DRIVER "/new_id", id))
			write_id(DRIVER "/remove_id", id);
		return;
	}
	for (i = 0; i < 32; i++) {
		snprintf(function, sizeof(function), "%s %02x", id, i & 0xff);
		if (has_id(DRIVER "/function_id", function))
			write_id(DRIVER "/remove_function_id", function);
	}
}

void board_functions(struct board *board, bool split)
{
	if (board->plugged)
		FAIL("board %s is plugged in", board->spec);
	board->split = split;
}

/* Is this board, and no other one, at the port that it had? */
static bool is_there(struct board *board)
{
	char path[128], serial[64];

	snprintf(path, sizeof(path), USB_DEVICES "/%s/serial", board->name);
	if (file_read(path, serial, sizeof(serial)) < 0)
		return false;
	serial[strcspn(serial, "\n")] = 0;
	return !strcmp(serial, board->serial);
}

void board_wait_configured(struct board *board)
{
	uint64_t end = test_now_ms() + 60000 * test_scale();

	/* The files are there before the device is configured, and say nothing until it is. */
	while (!is_there(board) || !board_configured(board)) {
		if (test_now_ms() > end)
			FAIL("board %s was attached and did not come up as %s", board->spec,
			     board->name);
		test_sleep_ms(2);
	}
}

/*
 * vhci_hcd forgets the speed of a port's last device only at a reset of an enabled port: a
 * full-speed board at a port that had a high-speed one comes up as high-speed, and is right after
 * a reset.
 */
static void correct_speed(struct board *board)
{
	uint64_t end = test_now_ms() + 60000 * test_scale();
	char path[128], text[16];
	int usbfs, bus, number;

	if (!strstr(board->spec, "speed=full"))
		return;
	snprintf(path, sizeof(path), USB_DEVICES "/%s/speed", board->name);
	file_read(path, text, sizeof(text));
	if (atoi(text) == 12)
		return;
	bus = atoi(board->name);
	snprintf(path, sizeof(path), USB_DEVICES "/%s/devnum", board->name);
	file_read(path, text, sizeof(text));
	number = atoi(text);
	snprintf(path, sizeof(path), "/dev/bus/usb/%03d/%03d", bus, number);
	usbfs = open(path, O_RDWR | O_CLOEXEC);
	if (usbfs < 0)
		FAIL("%s: %s", path, strerror(errno));
	/* Fails, because what comes back is another device: it is enumerated anew. */
	ioctl(usbfs, USBDEVFS_RESET, NULL);
	close(usbfs);
	snprintf(path, sizeof(path), USB_DEVICES "/%s/devnum", board->name);
	for (;;) {
		if (file_read(path, text, sizeof(text)) > 0 && atoi(text) != number)
			break;
		if (test_now_ms() > end)
			FAIL("board %s did not come back as %s", board->spec, board->name);
		test_sleep_ms(2);
	}
}

void board_attach(struct board *board)
{
	drop_ids(board);
	attach(board);
}

void board_bind(struct board *board)
{
	add_ids(board);
}

void board_plug_unbound(struct board *board)
{
	board_attach(board);
	board_wait_configured(board);
	correct_speed(board);
	board_wait_configured(board);
}

/* Is the driver done with asking the device for OS descriptors? */
static bool is_known(const char *interface)
{
	char path[96], text[16];

	snprintf(path, sizeof(path), "/sys/class/winusb/%.40s/os_descriptors", interface);
	return file_read(path, text, sizeof(text)) > 0 && strcmp(text, "pending\n");
}

static bool count_bound(struct board *board, unsigned int *bound)
{
	char driver[32], path[96];
	struct dirent *entry;
	size_t length = strlen(board->name);
	DIR *dir;

	*bound = 0;
	snprintf(path, sizeof(path), USB_DEVICES "/%s/", board->name);
	dir = opendir(path);
	if (!dir)
		return false;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, board->name, length) || entry->d_name[length] != ':')
			continue;
		interface_driver(entry->d_name, driver, sizeof(driver));
		snprintf(path, sizeof(path), "/dev/winusb/%.40s", entry->d_name);
		if (!strcmp(driver, "winusb") && access(path, F_OK) == 0 &&
		    is_known(entry->d_name))
			++*bound;
	}
	closedir(dir);
	return *bound && *bound == board_interfaces(board);
}

void board_plug(struct board *board)
{
	uint64_t end = test_now_ms() + 20000 * test_scale();
	unsigned int bound;

	board_plug_unbound(board);
	add_ids(board);
	while (!count_bound(board, &bound)) {
		if (test_now_ms() > end)
			FAIL("%u of %u interfaces of %s are bound to winusb and known", bound,
			     board_interfaces(board), board->name);
		test_sleep_ms(2);
	}
}

void board_pull(struct board *board)
{
	board_do(board, "unplug");
}

void board_wait_gone(struct board *board)
{
	uint64_t end = test_now_ms() + 20000 * test_scale();

	while (is_there(board)) {
		if (test_now_ms() > end)
			FAIL("%s was unplugged and is still there", board->name);
		test_sleep_ms(2);
	}
	board->plugged = false;
}

void board_unplug(struct board *board)
{
	board_pull(board);
	board_wait_gone(board);
}
