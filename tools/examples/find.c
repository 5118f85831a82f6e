// SPDX-License-Identifier: MIT
/*
 * Prints the first node that an interface GUID finds, by libudev, as SetupDiGetClassDevs and
 * SetupDiEnumDeviceInterfaces do on Windows.
 *
 *	find {9f543223-cede-4fa3-b376-a25ce9a30e74}
 *
 * libudev reads sysfs here and asks no udevd, so it works without one. Where udevd runs with winusb's
 * rules, the links /dev/winusb/by-guid/{GUID}/ say the same. Exit code 1: there is none.
 */
#include <libudev.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A file of one line. */
static bool is(struct udev_device *node, const char *name, const char *value)
{
	const char *text = udev_device_get_sysattr_value(node, name);

	return text && !strcmp(text, value);
}

/* interface_guids has a GUID a line, in lower case; only default interfaces have any. */
static bool has_guid(struct udev_device *node, const char *guid)
{
	const char *guids = udev_device_get_sysattr_value(node, "interface_guids");

	for (; guids && *guids; guids += strcspn(guids, "\n"), guids += strspn(guids, "\n"))
		if (strcspn(guids, "\n") == strlen(guid) && !strncasecmp(guids, guid, strlen(guid)))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *all = udev ? udev_enumerate_new(udev) : NULL;
	struct udev_list_entry *entry;
	bool found = false;

	if (argc != 2 || !all) {
		fprintf(stderr, "usage: find {GUID}\n");
		return 2;
	}
	udev_enumerate_add_match_subsystem(all, "winusb");
	udev_enumerate_scan_devices(all);

	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(all)) {
		struct udev_device *node;

		node = udev_device_new_from_syspath(udev, udev_list_entry_get_name(entry));
		/* It may have left meanwhile. A function that is not complete or disabled can't be used. */
		if (node && !found && has_guid(node, argv[1]) && is(node, "function_complete", "1") &&
		    !is(node, "interface_enabled", "0")) {
			printf("%s\n", udev_device_get_devnode(node));
			found = true;
		}
		udev_device_unref(node);
	}
	udev_enumerate_unref(all);
	udev_unref(udev);
	return found ? 0 : 1;
}
