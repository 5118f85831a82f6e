// SPDX-License-Identifier: MIT
/*
 * Devices as sysfs shows them: which there are, their pipes, their driver.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define DEVICES "/sys/bus/usb/devices/"
#define DRIVER "/sys/bus/usb/drivers/winusb/"

static long attribute(const char *device, const char *name, int base)
{
	char path[512], text[32];

	snprintf(path, sizeof(path), DEVICES "%s/%s", device, name);
	if (file_read(path, text, sizeof(text)) < 0)
		return -1;
	return strtol(text, NULL, base);
}

/* Numbers and the pipes of interface 0, setting 0, from the device's descriptors. */
void device_read(struct device *device)
{
	bool mine = false;
	char path[512], data[4096];
	int length, i;

	device->bus = attribute(device->name, "busnum", 10);
	device->number = attribute(device->name, "devnum", 10);
	device->nr_pipes = 0;
	snprintf(path, sizeof(path), DEVICES "%s/descriptors", device->name);
	length = file_read(path, data, sizeof(data));
	if (length < 0)
		fail("%s: %s; was the device unplugged?", path, strerror(-length));
	for (i = 0; i + 2 <= length && data[i]; i += (uint8_t)data[i]) {
		const uint8_t *d = (const uint8_t *)data + i;
		struct pipe_info *pipe = &device->pipes[device->nr_pipes];

		if (i + d[0] > length)
			break;
		if (d[1] == 4)
			mine = d[2] == 0 && d[3] == 0;
		if (d[1] != 5 || !mine || device->nr_pipes == MAX_PIPES || !(d[3] & 2))
			continue;
		pipe->address = d[2];
		pipe->interrupt = d[3] & 1;
		pipe->packet = (d[4] | d[5] << 8) & 0x7ff;
		device->nr_pipes++;
	}
}

/* The first configured device with these ids that is not @but. */
bool device_find(struct device *device, unsigned int vendor, unsigned int product,
		 const struct device *but)
{
	DIR *dir = opendir(DEVICES);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		if (strlen(entry->d_name) >= sizeof(device->name) ||
		    (but && !strcmp(entry->d_name, but->name)) ||
		    attribute(entry->d_name, "idVendor", 16) != (long)vendor ||
		    attribute(entry->d_name, "idProduct", 16) != (long)product ||
		    attribute(entry->d_name, "bConfigurationValue", 10) <= 0)
			continue;
		strcpy(device->name, entry->d_name);
		found = true;
	}
	if (dir)
		closedir(dir);
	if (found)
		device_read(device);
	return found;
}

/*
 * The pipe for transfers of a size: one with packets that fit. A read must be of whole packets,
 * because RAW_IO refuses others, and with usbfs the device would send more than there is room for.
 * If there is a choice, the one of the wanted type.
 */
bool device_pipe(const struct device *device, bool in, uint32_t size, bool interrupt,
		 struct pipe_info *pipe, char *why, size_t why_size)
{
	const struct pipe_info *any = NULL, *best = NULL;
	unsigned int i;

	for (i = 0; i < device->nr_pipes; i++) {
		const struct pipe_info *p = &device->pipes[i];

		if (!!(p->address & 0x80) != in)
			continue;
		if (!any)
			any = p;
		if (size % p->packet)
			continue;
		if (!best || (p->interrupt == interrupt && (best->interrupt != interrupt ||
							    best->packet < p->packet)))
			best = p;
	}
	if (!best && !in)
		best = any;
	if (best) {
		*pipe = *best;
		return true;
	}
	if (!any)
		snprintf(why, why_size, "the device has no %s pipe", in ? "IN" : "OUT");
	else
		snprintf(why, why_size, "no pipe has packets that %u bytes are a multiple of (0x%02x: %u)",
			 size, any->address, any->packet);
	return false;
}

void winusb_bind(const struct device *device, unsigned int vendor, unsigned int product)
{
	char path[128], id[32];
	int result;

	snprintf(path, sizeof(path), "/dev/winusb/%s:1.0", device->name);
	if (access(path, F_OK) == 0)
		return;
	snprintf(id, sizeof(id), "%04x %04x", vendor, product);
	result = file_write(DRIVER "new_id", id);
	if (result == -ENOENT)
		fail("winusb.ko is not loaded: run this by scripts/lab run, or insert it");
	if (result && result != -EEXIST)
		fail("new_id of winusb refuses %s: %s", id, strerror(-result));
	if (!wait_for(path, true, 10000))
		fail("%s did not appear: winusb did not bind %s; the kernel's log may say why", path,
		     device->name);
}
