// SPDX-License-Identifier: MIT
/*
 * Windows paths to nodes. A path is looked up among those of the devices that are there, so that
 * only one place knows how paths are made, and none of them can lead to something else.
 */
#define WINUSB_W32_LIBC_STDIO
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "device.h"

const uint8_t guid_usb_device[DEVICE_GUID_SIZE] = {
	0x10, 0xbf, 0xdc, 0xa5, 0x30, 0x65, 0xd2, 0x11,
	0x90, 0x1f, 0x00, 0xc0, 0x4f, 0xb9, 0x51, 0xed,
};

const uint8_t guid_usb_hub[DEVICE_GUID_SIZE] = {
	0x88, 0x0e, 0x8a, 0xf1, 0x0c, 0xc3, 0xd0, 0x11,
	0x88, 0x15, 0x00, 0xa0, 0xc9, 0x06, 0xbe, 0xd8,
};

/* Where in the 16 bytes the digits of the text go; the first three parts are little-endian. */
static const uint8_t guid_order[DEVICE_GUID_SIZE] = {
	3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15
};

static bool is_dash(size_t at)
{
	return at == 9 || at == 14 || at == 19 || at == 24;
}

void guid_to_text(const uint8_t guid[DEVICE_GUID_SIZE], char text[DEVICE_GUID_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	size_t at = 0;

	text[at++] = '{';
	for (size_t i = 0; i < DEVICE_GUID_SIZE; i++) {
		if (is_dash(at))
			text[at++] = '-';
		text[at++] = digits[guid[guid_order[i]] >> 4];
		text[at++] = digits[guid[guid_order[i]] & 15];
	}
	text[at++] = '}';
	text[at] = 0;
}

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool guid_from_text(const char *text, size_t length, uint8_t guid[DEVICE_GUID_SIZE])
{
	size_t at = 1;

	if (length != DEVICE_GUID_TEXT - 1 || text[0] != '{' || text[length - 1] != '}')
		return false;
	for (size_t i = 0; i < DEVICE_GUID_SIZE; i++) {
		int high, low;

		if (is_dash(at) && text[at++] != '-')
			return false;
		high = digit_value(text[at++]);
		low = digit_value(text[at++]);
		if (high < 0 || low < 0)
			return false;
		guid[guid_order[i]] = high << 4 | low;
	}
	return true;
}

const char *path_skip_prefix(const char *path)
{
	static const char *const prefixes[] = { "\\\\?\\", "\\??\\", "\\\\.\\" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(path, prefixes[i], 4))
			return path + 4;
	return NULL;
}

static int node_copy(const char *path, char *node, size_t size)
{
	if (strlen(path) >= size)
		return -EINVAL;
	strcpy(node, path);
	return 0;
}

/* Our own: a node, or one of udev's links to it. A link may lead to a device that has no node. */
static int native_to_node(const char *path, char *node, size_t size)
{
	char folder[64];
	char *real = realpath(path, NULL);
	int ret = -ENOENT;

	snprintf(folder, sizeof(folder), "%.50s/winusb/", device_dev);
	if (real)
		ret = strncmp(real, folder, strlen(folder)) ? 1 : node_copy(real, node, size);
	else if (errno == ENOMEM)
		ret = -ENOMEM;
	free(real);
	return ret;
}

int path_to_node(const char *windows_path, char *node, size_t size)
{
	const struct device_interface *interface;
	struct device_list *list;
	char path[128];
	int ret = -ENOENT;

	snprintf(path, sizeof(path), "%.50s/winusb/", device_dev);
	if (!strncmp(windows_path, path, strlen(path)))
		return native_to_node(windows_path, node, size);
	if (!path_skip_prefix(windows_path))
		return -ENOENT;

	list = device_list_load();
	if (!list)
		return -ENOMEM;
	interface = device_interface_find(list, windows_path);
	if (interface && interface->active) {
		snprintf(path, sizeof(path), "%.50s/winusb/%s", device_dev,
			 interface->device->node);
		ret = interface->device->winusb ? node_copy(path, node, size) : 1;
	}
	device_list_put(list);
	return ret;
}
