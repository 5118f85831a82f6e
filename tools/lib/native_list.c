// SPDX-License-Identifier: MIT
/* The native face: the list of nodes, and the texts that mean one. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "device.h"
#include "native.h"

#define GUIDS_MAX	8	/* of a function */

/* A device with the texts that are not in the snapshot of device.c. */
struct entry {
	struct winusb_device device;
	char node[DEVICE_NAME_MAX + 80];
	char name[DEVICE_NAME_MAX];
	char function[DEVICE_NAME_MAX];
	char label[DEVICE_STRING_MAX];
	char guids[GUIDS_MAX][DEVICE_GUID_TEXT];
	const char *guid_list[GUIDS_MAX + 1];
};

struct winusb_list {
	struct device_list *snapshot;
	struct entry **entries;
	size_t count;
};

static int is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && strlen(entry->d_name) < DEVICE_NAME_MAX;
}

/* The function with this default interface, or the USB device, if that interface is not there. */
static const struct device *device_of(const struct device_list *list, const char *function)
{
	const struct device *whole = NULL;
	size_t length = strcspn(function, ":");

	for (size_t i = 0; i < list->count; i++) {
		const struct device *device = list->devices[i];

		if (device->winusb && !strcmp(device->node, function))
			return device;
		if (strlen(device->name) == length && !memcmp(device->name, function, length))
			whole = device;
	}
	return whole;
}

/* A line of an attribute. False: it left. */
static bool attribute_read(char *to, size_t size, const char *folder, const char *name,
			   const char *attribute)
{
	char *text = sysfs_read("%s/%s/%s", folder, name, attribute);

	snprintf(to, size, "%s", text ? text : "");
	free(text);
	return *to;
}

static void guids_fill(struct entry *entry, const struct device_list *list,
		       const struct device *device)
{
	size_t count = 0;

	for (size_t i = 0; i < list->interface_count && count < GUIDS_MAX; i++) {
		const struct device_interface *interface = &list->interfaces[i];

		if (interface->device != device ||
		    !memcmp(interface->guid, guid_usb_device, DEVICE_GUID_SIZE))
			continue;
		guid_to_text(interface->guid, entry->guids[count]);
		entry->guid_list[count] = entry->guids[count];
		count++;
	}
}

/* Where the default interface is not there to ask, its sibling knows, too. */
static bool is_enabled(const char *name)
{
	char text[8];

	return !attribute_read(text, sizeof(text), "class/winusb", name, "interface_enabled") ||
	       *text == '1';
}

static void device_fill(struct entry *entry, const struct device_list *list,
			const struct device *device, unsigned int interface)
{
	const struct device *whole = device->kind == DEVICE_FUNCTION ? device->parent : device;
	bool there = device->winusb && !strcmp(device->node, entry->function);

	entry->device = (struct winusb_device){
		.node = entry->node,
		.name = entry->name,
		.device = whole->name,
		.function = entry->function,
		.manufacturer = whole->manufacturer,
		.product = whole->product,
		.serial = whole->serial,
		.label = entry->label,
		.instance = device->id,
		.guids = entry->guid_list,
		.vid = device->vid,
		.pid = device->pid,
		.revision = device->revision,
		.bus = device->bus,
		.address = device->address,
		.interface_number = interface,
		.is_default = !strcmp(entry->name, entry->function),
		.complete = there && device->complete,
		.enabled = there ? device->enabled : is_enabled(entry->name),
	};
	snprintf(entry->node, sizeof(entry->node), "%.60s/winusb/%s", device_dev, entry->name);
	if (entry->device.is_default)
		guids_fill(entry, list, device);
}

/* 0, also for a node that left meanwhile, or -ENOMEM. */
static int entry_add(struct winusb_list *list, const char *name)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	const struct device *device = NULL;
	char number[8];

	if (!entry)
		return -ENOMEM;
	snprintf(entry->name, sizeof(entry->name), "%.63s", name);
	if (attribute_read(entry->function, sizeof(entry->function), "class/winusb", name,
			   "function") &&
	    attribute_read(number, sizeof(number), "bus/usb/devices", name, "bInterfaceNumber"))
		device = device_of(list->snapshot, entry->function);
	if (!device) {
		free(entry);
		return 0;
	}
	attribute_read(entry->label, sizeof(entry->label), "bus/usb/devices", name, "interface");
	device_fill(entry, list->snapshot, device, strtoul(number, NULL, 16));
	list->entries[list->count++] = entry;
	return 0;
}

static int entries_read(struct winusb_list *list)
{
	struct dirent **names = NULL;
	int count, result = 0;
	char path[256];

	snprintf(path, sizeof(path), "%.200s/class/winusb", device_sysfs);
	count = scandir(path, &names, is_name, versionsort);
	if (count < 0)
		return errno == ENOMEM ? -ENOMEM : 0;
	list->entries = calloc(count + 1, sizeof(struct entry *));
	if (!list->entries)
		result = -ENOMEM;
	for (int i = 0; i < count; i++) {
		if (!result)
			result = entry_add(list, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return result;
}

int winusb_device_list(struct winusb_list **result)
{
	struct winusb_list *list;
	int error;

	if (!result)
		return -EINVAL;
	*result = NULL;
	list = calloc(1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	list->snapshot = device_list_load();
	error = list->snapshot ? entries_read(list) : -ENOMEM;
	if (error) {
		winusb_device_list_free(list);
		return error;
	}
	*result = list;
	return list->count;
}

const struct winusb_device *winusb_device_next(const struct winusb_list *list,
					       const struct winusb_device *after)
{
	size_t i = 0;

	if (!list)
		return NULL;
	/* A device is the first field of its entry. */
	if (after)
		while (i < list->count && &list->entries[i++]->device != after)
			;
	return i < list->count ? &list->entries[i]->device : NULL;
}

void winusb_device_list_free(struct winusb_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++)
		free(list->entries[i]);
	free(list->entries);
	device_list_put(list->snapshot);
	free(list);
}

/* Four hexadecimal digits. */
static bool id_parse(const char *text, unsigned int *id)
{
	char digits[5] = "";

	for (int i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)text[i]))
			return false;
		digits[i] = text[i];
	}
	*id = strtoul(digits, NULL, 16);
	return true;
}

/* "0547:1002" or "0547:1002:SERIAL". */
static bool ids_match(const struct winusb_device *device, const char *what)
{
	unsigned int vid, pid;

	if (!id_parse(what, &vid) || what[4] != ':' || !id_parse(what + 5, &pid))
		return false;
	if (device->vid != vid || device->pid != pid)
		return false;
	return !what[9] || (what[9] == ':' && !strcmp(what + 10, device->serial));
}

bool native_matches(const struct winusb_device *device, const char *what)
{
	if (!strcmp(device->name, what) || !strcmp(device->node, what))
		return true;
	if (!device->is_default)
		return false;
	for (const char *const *guid = device->guids; *guid; guid++)
		if (!strcasecmp(*guid, what))
			return true;
	return ids_match(device, what);
}

int winusb_guid_parse(const char *text, uint8_t guid[16])
{
	char braced[DEVICE_GUID_TEXT];

	if (!text || !guid)
		return -EINVAL;
	if (*text != '{') {
		if (strlen(text) != DEVICE_GUID_TEXT - 3)
			return -EINVAL;
		snprintf(braced, sizeof(braced), "{%s}", text);
		text = braced;
	}
	return guid_from_text(text, strlen(text), guid) ? 0 : -EINVAL;
}

void winusb_guid_format(const uint8_t guid[16], char text[39])
{
	guid_to_text(guid, text);
}
