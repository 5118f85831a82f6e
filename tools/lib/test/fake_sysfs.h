/* SPDX-License-Identifier: MIT */
/* A sysfs of our own making in a temporary folder, for tests of what reads it. */
#ifndef FAKE_SYSFS_H
#define FAKE_SYSFS_H

#ifndef WINUSB_W32_LIBC_STDIO
#define WINUSB_W32_LIBC_STDIO
#endif
#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"

#define FAKE_UNUSED __attribute__((unused))

static char fake_root[64];
static char fake_sys[80];
static char fake_dev[80];

/* All folders of a path. */
static void fake_folder(const char *path)
{
	char text[512];

	snprintf(text, sizeof(text), "%s", path);
	for (char *at = text + 1; *at; at++)
		if (*at == '/') {
			*at = 0;
			mkdir(text, 0755);
			*at = '/';
		}
	mkdir(text, 0755);
}

static int fake_remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static FAKE_UNUSED void fake_remove(const char *path)
{
	nftw(path, fake_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* VALUE as the kernel has it, with a line end. */
static void fake_file(const char *value, const char *format, ...)
{
	char path[512];
	va_list arguments;
	FILE *file;
	int length = snprintf(path, sizeof(path), "%s/", fake_sys);

	va_start(arguments, format);
	vsnprintf(path + length, sizeof(path) - length, format, arguments);
	va_end(arguments);
	file = fopen(path, "w");
	if (file) {
		fprintf(file, "%s\n", value);
		fclose(file);
	}
}

static void fake_link(const char *target, const char *format, ...)
{
	char path[512], full[512];
	va_list arguments;
	int length = snprintf(path, sizeof(path), "%s/", fake_sys);

	va_start(arguments, format);
	vsnprintf(path + length, sizeof(path) - length, format, arguments);
	va_end(arguments);
	snprintf(full, sizeof(full), "%.100s/%.400s", fake_sys, target);
	unlink(path);
	if (symlink(full, path))
		perror(path);
}

static FAKE_UNUSED void fake_begin(void)
{
	char path[128];

	strcpy(fake_root, "/tmp/fake-sysfs-XXXXXX");
	if (!mkdtemp(fake_root))
		abort();
	snprintf(fake_sys, sizeof(fake_sys), "%s/sys", fake_root);
	snprintf(fake_dev, sizeof(fake_dev), "%s/dev", fake_root);
	snprintf(path, sizeof(path), "%s/bus/usb/devices", fake_sys);
	fake_folder(path);
	snprintf(path, sizeof(path), "%s/class/winusb", fake_sys);
	fake_folder(path);
	snprintf(path, sizeof(path), "%s/winusb", fake_dev);
	fake_folder(path);
	device_sysfs = fake_sys;
	device_dev = fake_dev;
}

static FAKE_UNUSED void fake_end(void)
{
	fake_remove(fake_root);
	device_sysfs = "/sys";
	device_dev = "/dev";
}

/* A device's folder: PLACE is below /sys/devices, its last part the name. */
static const char *fake_place(const char *place)
{
	static char path[512];
	const char *name = strrchr(place, '/') + 1;

	snprintf(path, sizeof(path), "%s/devices/%s", fake_sys, place);
	fake_folder(path);
	snprintf(path, sizeof(path), "devices/%.400s", place);
	fake_link(path, "bus/usb/devices/%s", name);
	return name;
}

static FAKE_UNUSED void fake_number(const char *folder, const char *name, const char *attribute,
				    const char *format, unsigned int value)
{
	char text[32];

	snprintf(text, sizeof(text), format, value);
	fake_file(text, "%s/%s/%s", folder, name, attribute);
}

static FAKE_UNUSED void fake_device(const char *place, unsigned int vid, unsigned int pid,
				    unsigned int class, const char *serial)
{
	const char *name = fake_place(place);
	static unsigned int address;
	const char *ports = strchr(name, '-');

	fake_number("bus/usb/devices", name, "idVendor", "%04x", vid);
	fake_number("bus/usb/devices", name, "idProduct", "%04x", pid);
	fake_number("bus/usb/devices", name, "bcdDevice", "%04x", 0x0123);
	fake_number("bus/usb/devices", name, "busnum", "%u", atoi(ports ? name : name + 3));
	fake_number("bus/usb/devices", name, "devnum", "%u", ++address);
	fake_number("bus/usb/devices", name, "bDeviceClass", "%02x", class);
	fake_number("bus/usb/devices", name, "bDeviceSubClass", "%02x", class == 0xef ? 2 : 0);
	fake_number("bus/usb/devices", name, "bDeviceProtocol", "%02x", class == 0xef);
	fake_number("bus/usb/devices", name, "bNumConfigurations", "%u", 1);
	fake_file(ports ? ports + 1 : "0", "bus/usb/devices/%s/devpath", name);
	fake_file("480", "bus/usb/devices/%s/speed", name);
	fake_file("A product", "bus/usb/devices/%s/product", name);
	fake_file("A maker", "bus/usb/devices/%s/manufacturer", name);
	if (serial)
		fake_file(serial, "bus/usb/devices/%s/serial", name);
}

/* FIRST: of its interface association, or -1. */
static FAKE_UNUSED void fake_interface(const char *place, unsigned int number, int first)
{
	const char *name = fake_place(place);

	fake_number("bus/usb/devices", name, "bInterfaceNumber", "%02x", number);
	fake_number("bus/usb/devices", name, "bInterfaceClass", "%02x", 0xff);
	fake_number("bus/usb/devices", name, "bInterfaceSubClass", "%02x", 1);
	fake_number("bus/usb/devices", name, "bInterfaceProtocol", "%02x", 2);
	if (first >= 0)
		fake_number("bus/usb/devices", name, "iad_bFirstInterface", "%02x", first);
}

/* GUIDS: with line ends between. */
static FAKE_UNUSED void fake_winusb(const char *name, const char *function, bool whole,
				    const char *guids)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/class/winusb/%s/properties", fake_sys, name);
	fake_folder(path);
	fake_file(function, "class/winusb/%s/function", name);
	fake_file(whole ? "1" : "0", "class/winusb/%s/whole_device", name);
	fake_file("1", "class/winusb/%s/function_complete", name);
	fake_file("1", "class/winusb/%s/interface_enabled", name);
	fake_file("WINUSB", "class/winusb/%s/compatible_id", name);
	fake_file("", "class/winusb/%s/sub_compatible_id", name);
	fake_file(guids, "class/winusb/%s/interface_guids", name);
	snprintf(path, sizeof(path), "%s/winusb/%s", fake_dev, name);
	fclose(fopen(path, "w"));
}

/* A controller with a hub, on it: an fx2 as a whole, a composite device with two functions of
 * winusb and one of another driver, a device with no driver. */
#define FAKE_BUS	"pci0000:00/0000:00:14.0/usb1"
#define FAKE_GUID_1	"{9f543223-cede-4fa3-b376-a25ce9a30e74}"
#define FAKE_GUID_2	"{00000001-0002-0003-0405-060708090a0b}"

static FAKE_UNUSED void fake_machine(void)
{
	fake_device(FAKE_BUS, 0x1d6b, 2, 9, "0000:00:14.0");
	fake_device(FAKE_BUS "/1-1", 0x0547, 0x1002, 0xff, "Ab 12");
	fake_interface(FAKE_BUS "/1-1/1-1:1.0", 0, -1);
	fake_winusb("1-1:1.0", "1-1:1.0", true, FAKE_GUID_1 "\n" FAKE_GUID_2);
	fake_device(FAKE_BUS "/1-2", 0x05e3, 0x0608, 9, NULL);
	fake_device(FAKE_BUS "/1-2/1-2.3", 0x1209, 3, 0xef, NULL);
	fake_interface(FAKE_BUS "/1-2/1-2.3/1-2.3:1.0", 0, 0);
	fake_interface(FAKE_BUS "/1-2/1-2.3/1-2.3:1.1", 1, 0);
	fake_interface(FAKE_BUS "/1-2/1-2.3/1-2.3:1.2", 2, -1);
	fake_interface(FAKE_BUS "/1-2/1-2.3/1-2.3:1.3", 3, -1);
	fake_winusb("1-2.3:1.0", "1-2.3:1.0", false, FAKE_GUID_1);
	fake_winusb("1-2.3:1.1", "1-2.3:1.0", false, "");
	fake_winusb("1-2.3:1.3", "1-2.3:1.3", false, FAKE_GUID_2);
	fake_device(FAKE_BUS "/1-3", 0x1234, 0xabcd, 0, "bad,serial");
	fake_interface(FAKE_BUS "/1-3/1-3:1.0", 0, -1);
}

#endif
