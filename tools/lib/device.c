// SPDX-License-Identifier: MIT
/*
 * The list of devices: what sysfs says, in the order that Windows' tree would have. What leaves
 * while it is read is not in the list; the next one shows how things are then.
 */
#define WINUSB_W32_LIBC_STDIO
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"

#define FILE_MAX	(64 * 1024)
#define GUIDS_MAX	8	/* of a function */

const char *device_sysfs = "/sys";
const char *device_dev = "/dev";

/* Something could not be read for want of memory, since this thread began a list. */
static __thread bool memory_lacked;

/* A USB interface, while functions are made of them. */
struct part {
	char name[DEVICE_NAME_MAX];
	char function[DEVICE_NAME_MAX];	/* name of the function's first interface */
	struct device *device;
	bool winusb, whole;
};

struct parts {
	struct part *list;
	size_t count;
};

static char *file_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0, room = 0;
	char *text = NULL, *more = "";
	ssize_t got = 0;
	bool full = true;

	if (fd < 0)
		return NULL;
	/* A file of sysfs is read at once, if there is room for it. */
	while (full && got >= 0 && length < FILE_MAX) {
		if (room - length < 2) {
			room = room ? 4 * room : 256;
			more = realloc(text, room);
			if (!more) {
				got = -1;
				break;
			}
			text = more;
		}
		got = read(fd, text + length, room - length - 1);
		if (got > 0)
			length += got;
		full = got > 0 && length + 1 == room;
	}
	close(fd);
	if (got < 0) {
		free(text);
		if (!more) {
			memory_lacked = true;
			errno = ENOMEM;
		}
		return NULL;
	}
	if (length && text[length - 1] == '\n')
		length--;
	text[length] = 0;
	return text;
}

char *sysfs_read(const char *format, ...)
{
	char path[512];
	va_list arguments;
	int length = snprintf(path, sizeof(path), "%s/", device_sysfs);

	va_start(arguments, format);
	length += vsnprintf(path + length, sizeof(path) - length, format, arguments);
	va_end(arguments);
	return length < (int)sizeof(path) ? file_read(path) : NULL;
}

/* FOLDER is "bus/usb/devices" or "class/winusb". An empty text if there is no such file. */
static bool attribute_text(char *to, size_t size, const char *folder, const char *name,
			   const char *attribute)
{
	char *text = sysfs_read("%s/%s/%s", folder, name, attribute);
	bool there = text != NULL;

	snprintf(to, size, "%s", there ? text : "");
	free(text);
	return there;
}

#define USB_TEXT(to, name, attribute) \
	attribute_text(to, sizeof(to), "bus/usb/devices", name, attribute)
#define WINUSB_TEXT(to, name, attribute) \
	attribute_text(to, sizeof(to), "class/winusb", name, attribute)

static bool usb_number(unsigned int *number, const char *name, const char *attribute, int base)
{
	char text[24];
	bool there = USB_TEXT(text, name, attribute);

	*number = strtoul(text, NULL, base);
	return there;
}

static bool winusb_flag(const char *name, const char *attribute, bool otherwise)
{
	char text[8];

	return WINUSB_TEXT(text, name, attribute) ? *text == '1' : otherwise;
}

static uint64_t folder_identity(const char *folder, const char *name)
{
	struct stat status;
	char path[512];

	snprintf(path, sizeof(path), "%.200s/%.32s/%.64s/", device_sysfs, folder, name);
	return stat(path, &status) ? 0 : (uint64_t)status.st_ino;
}

/* sysfs does not give a number again for long, nor does a bus an address. */
static uint64_t identity_mix(uint64_t identity, const struct device *device)
{
	return identity ^ ((uint64_t)(device->bus << 8 | device->address) << 40);
}

static void class_read(unsigned int class[3], const char *name, bool of_interface)
{
	static const char *const attributes[2][3] = {
		{ "bDeviceClass", "bDeviceSubClass", "bDeviceProtocol" },
		{ "bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol" },
	};

	for (int i = 0; i < 3; i++)
		usb_number(&class[i], name, attributes[of_interface][i], 16);
}

static void driver_read(char driver[DEVICE_NAME_MAX], const char *name)
{
	char path[512], target[512];
	ssize_t length;

	snprintf(path, sizeof(path), "%.200s/bus/usb/devices/%.64s/driver", device_sysfs, name);
	length = readlink(path, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = 0;
	snprintf(driver, DEVICE_NAME_MAX, "%.63s",
		 strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
}

static struct device *device_add(struct device_list *list, const char *name)
{
	struct device *device = calloc(1, sizeof(*device));
	struct device **devices;

	devices = realloc(list->devices, (list->count + 1) * sizeof(*devices));
	if (devices)
		list->devices = devices;
	if (!device || !devices) {
		free(device);
		return NULL;
	}
	snprintf(device->name, sizeof(device->name), "%s", name);
	devices[list->count++] = device;
	return device;
}

static struct device *device_named(const struct device_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->devices[i]->name, name))
			return list->devices[i];
	return NULL;
}

static char *path_resolve(const char *path)
{
	char *real = realpath(path, NULL);

	if (!real && errno == ENOMEM)
		memory_lacked = true;
	return real;
}

/* The controller's place, which a restart does not change, and the bus' speed: it may have two. */
static void controller_read(struct device *hub)
{
	char *root = path_resolve(device_sysfs);
	char path[512], *real, speed[16], *end;
	size_t length = root ? strlen(root) : 0;

	snprintf(path, sizeof(path), "%.200s/bus/usb/devices/%.64s", device_sysfs, hub->name);
	real = path_resolve(path);
	USB_TEXT(speed, hub->name, "speed");
	end = real ? strrchr(real, '/') : NULL;
	if (end)
		*end = 0;
	if (real && root && !strncmp(real, root, length))
		snprintf(hub->controller, sizeof(hub->controller), "%.200s:%s", real + length,
			 speed);
	free(real);
	free(root);
}

/* "1-1.4" is at "1-1"; "1-1" is at "usb1". */
static void parent_find(const struct device_list *list, struct device *device)
{
	char name[DEVICE_NAME_MAX];
	char *end;

	strcpy(name, device->name);
	end = strrchr(name, '.');
	if (end)
		*end = 0;
	else
		snprintf(name, sizeof(name), "usb%u", device->bus);
	device->parent = device_named(list, name);
	if (device->parent)
		strcpy(device->controller, device->parent->controller);
	end = strrchr(device->ports, '.');
	device->port = strtoul(end ? end + 1 : device->ports, NULL, 10);
}

/* What there is to know of a USB device; false: it left. */
static bool usb_device_read(const struct device_list *list, struct device *device)
{
	const char *name = device->name;
	uint64_t identity = folder_identity("bus/usb/devices", name);
	bool there;

	there = usb_number(&device->vid, name, "idVendor", 16) &&
		usb_number(&device->pid, name, "idProduct", 16);
	usb_number(&device->revision, name, "bcdDevice", 16);
	usb_number(&device->bus, name, "busnum", 10);
	usb_number(&device->address, name, "devnum", 10);
	USB_TEXT(device->ports, name, "devpath");
	USB_TEXT(device->serial, name, "serial");
	USB_TEXT(device->product, name, "product");
	USB_TEXT(device->manufacturer, name, "manufacturer");
	class_read(device->class, name, false);
	driver_read(device->driver, name);

	device->kind = device->class[0] == 9 ? DEVICE_HUB : DEVICE_WHOLE;
	if (!strncmp(name, "usb", 3)) {
		device->kind = DEVICE_ROOT_HUB;
		controller_read(device);
	} else {
		parent_find(list, device);
	}
	if (!there || !identity || folder_identity("bus/usb/devices", name) != identity)
		return false;
	device->identity = identity_mix(identity, device);
	return true;
}

/* Parents first. */
static size_t name_depth(const char *name)
{
	size_t depth = 1;

	if (!strncmp(name, "usb", 3))
		return 0;
	while (*name)
		depth += *name++ == '.';
	return depth;
}

static int name_compare(const struct dirent **a, const struct dirent **b)
{
	size_t x = name_depth((*a)->d_name), y = name_depth((*b)->d_name);

	if (x != y)
		return x < y ? -1 : 1;
	return strverscmp((*a)->d_name, (*b)->d_name);
}

static int is_usb_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && strlen(entry->d_name) < DEVICE_NAME_MAX;
}

static bool part_add(struct device_list *list, struct parts *parts, const char *name)
{
	struct part *more = realloc(parts->list, (parts->count + 1) * sizeof(*more)), *part;
	char owner[DEVICE_NAME_MAX];
	unsigned int first, number;

	if (!more)
		return false;
	parts->list = more;
	part = &more[parts->count];
	memset(part, 0, sizeof(*part));
	strcpy(part->name, name);
	snprintf(owner, sizeof(owner), "%.*s", (int)strcspn(name, ":"), name);
	part->device = device_named(list, owner);
	if (!part->device || part->device->kind != DEVICE_WHOLE ||
	    !usb_number(&number, name, "bInterfaceNumber", 16))
		return true;

	part->winusb = WINUSB_TEXT(part->function, name, "function");
	if (part->winusb) {
		part->whole = winusb_flag(name, "whole_device", false);
	} else {
		if (!usb_number(&first, name, "iad_bFirstInterface", 16))
			first = number;
		snprintf(part->function, sizeof(part->function), "%.*s.%u",
			 (int)(strlen(name) - strlen(strrchr(name, '.') ?: "")), name, first);
	}
	parts->count++;
	return true;
}

static bool guid_add(struct device_list *list, struct device *device,
		     const uint8_t guid[DEVICE_GUID_SIZE], bool active, uint64_t identity)
{
	struct device_interface *more, *interface;

	for (size_t i = 0; i < list->interface_count; i++)
		if (list->interfaces[i].device == device &&
		    !memcmp(list->interfaces[i].guid, guid, DEVICE_GUID_SIZE))
			return true;
	more = realloc(list->interfaces, (list->interface_count + 1) * sizeof(*more));
	if (!more)
		return false;
	list->interfaces = more;
	interface = &more[list->interface_count++];
	memset(interface, 0, sizeof(*interface));
	interface->device = device;
	interface->active = active;
	interface->identity = identity;
	memcpy(interface->guid, guid, DEVICE_GUID_SIZE);
	return true;
}

/* The device is winusb's, or this function of it. False: no memory. */
static bool winusb_read(struct device_list *list, struct device *device, const char *node)
{
	uint64_t identity = identity_mix(folder_identity("class/winusb", node), device);
	uint8_t guid[DEVICE_GUID_SIZE];
	char *guids, *line;
	size_t length;
	bool ok = true;

	if (identity == identity_mix(0, device))
		return true;
	guids = sysfs_read("class/winusb/%s/interface_guids", node);
	device->winusb = true;
	strcpy(device->node, node);
	device->complete = winusb_flag(node, "function_complete", false);
	device->enabled = winusb_flag(node, "interface_enabled", true);
	WINUSB_TEXT(device->compatible, node, "compatible_id");
	WINUSB_TEXT(device->subcompatible, node, "sub_compatible_id");

	for (line = guids; ok && line && *line; line += length + !!line[length]) {
		length = strcspn(line, "\n");
		if (guid_from_text(line, length, guid))
			ok = guid_add(list, device, guid, device->complete && device->enabled,
				      identity);
	}
	free(guids);
	return ok;
}

/* Not if its first interface is not there, or not any more. False: no memory. */
static bool function_add(struct device_list *list, const struct part *part)
{
	struct device *parent = part->device, *device;
	unsigned int interface;

	if (!usb_number(&interface, part->function, "bInterfaceNumber", 16))
		return true;
	device = device_add(list, part->function);
	if (!device)
		return false;
	device->interface = interface;
	device->kind = DEVICE_FUNCTION;
	device->parent = parent;
	device->vid = parent->vid;
	device->pid = parent->pid;
	device->revision = parent->revision;
	device->bus = parent->bus;
	device->address = parent->address;
	device->port = parent->port;
	strcpy(device->ports, parent->ports);
	strcpy(device->controller, parent->controller);
	strcpy(device->product, parent->product);
	strcpy(device->manufacturer, parent->manufacturer);
	device->identity = identity_mix(folder_identity("bus/usb/devices", device->name), device);
	USB_TEXT(device->label, device->name, "interface");
	class_read(device->class, device->name, true);
	driver_read(device->driver, device->name);
	return !part->winusb || winusb_read(list, device, part->function);
}

/* A device whose interfaces are functions of their own is split; what Windows calls composite. */
static bool is_composite(const struct parts *parts, const struct device *device)
{
	const char *first = NULL;
	unsigned int configurations;
	bool several = false;

	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->list[i];

		if (part->device != device)
			continue;
		if (part->winusb)
			return !part->whole;
		several |= first && strcmp(first, part->function);
		first = first ?: part->function;
	}
	usb_number(&configurations, device->name, "bNumConfigurations", 10);
	return several && configurations == 1 &&
	       (!device->class[0] || (device->class[0] == 0xef && device->class[1] == 2 &&
				      device->class[2] == 1));
}

/* A device that is one function: what its first interface says of it. */
static bool whole_read(struct device_list *list, const struct parts *parts, struct device *device)
{
	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->list[i];

		if (part->device != device)
			continue;
		if (!device->class[0])
			class_read(device->class, part->name, true);
		driver_read(device->driver, part->name);
		return !part->winusb || winusb_read(list, device, part->function);
	}
	*device->driver = 0;
	return true;
}

static bool functions_read(struct device_list *list, const struct parts *parts)
{
	size_t count = list->count;

	for (size_t i = 0; i < count; i++) {
		struct device *device = list->devices[i];
		bool hub = device->kind == DEVICE_HUB || device->kind == DEVICE_ROOT_HUB;

		if (!guid_add(list, device, hub ? guid_usb_hub : guid_usb_device, true,
			      device->identity))
			return false;
		if (device->kind != DEVICE_WHOLE)
			continue;
		if (!is_composite(parts, device)) {
			if (!whole_read(list, parts, device))
				return false;
			continue;
		}
		device->kind = DEVICE_COMPOSITE;
		for (size_t j = 0; j < parts->count; j++)
			if (parts->list[j].device == device &&
			    !device_named(list, parts->list[j].function) &&
			    !function_add(list, &parts->list[j]))
				return false;
	}
	return true;
}

/* False: no memory. */
static bool list_read(struct device_list *list, struct parts *parts, struct dirent **entries,
		      int count)
{
	for (int i = 0; i < count; i++) {
		struct device *device;

		if (strchr(entries[i]->d_name, ':'))
			continue;
		device = device_add(list, entries[i]->d_name);
		if (!device)
			return false;
		if (!usb_device_read(list, device))
			free(list->devices[--list->count]);
	}
	for (int i = 0; i < count; i++)
		if (strchr(entries[i]->d_name, ':') && !part_add(list, parts, entries[i]->d_name))
			return false;
	if (!functions_read(list, parts))
		return false;
	device_ids_make(list);
	for (size_t i = 0; i < list->interface_count; i++)
		device_path_make(&list->interfaces[i]);
	return true;
}

struct device_list *device_list_load(void)
{
	struct device_list *list = calloc(1, sizeof(*list));
	struct dirent **entries = NULL;
	struct parts parts = { 0 };
	bool ok = true;
	char path[512];
	int count;

	if (!list)
		return NULL;
	list->references = 1;
	memory_lacked = false;
	snprintf(path, sizeof(path), "%s/bus/usb/devices", device_sysfs);
	count = scandir(path, &entries, is_usb_name, name_compare);
	if (count > 0)
		ok = list_read(list, &parts, entries, count);
	else if (count < 0 && errno == ENOMEM)
		ok = false;
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	free(parts.list);
	/* What could not be read is not gone. */
	if (ok && !memory_lacked)
		return list;
	device_list_put(list);
	errno = ENOMEM;
	return NULL;
}

struct device_list *device_list_ref(struct device_list *list)
{
	__atomic_fetch_add(&list->references, 1, __ATOMIC_RELAXED);
	return list;
}

void device_list_put(struct device_list *list)
{
	if (!list || __atomic_sub_fetch(&list->references, 1, __ATOMIC_ACQ_REL))
		return;
	for (size_t i = 0; i < list->count; i++)
		free(list->devices[i]);
	free(list->devices);
	free(list->interfaces);
	free(list);
}
