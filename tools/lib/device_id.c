// SPDX-License-Identifier: MIT
/*
 * Instance ids and paths. The same device at the same port has the same after a restart, and with a
 * serial number at any port; no two devices have the same. A device has its serial number in its
 * id, as on Windows, unless it has none or one that can't be in an id, or a device before it, in
 * the order of the ports, has that already. What it has then is made of the place of its hub and
 * its port: Windows does the same by another rule that is its own.
 *
 * The id by the port leads to a device that has one by serial number, too. So a path of the second
 * of two equal devices goes on to work when the first one leaves.
 */
#define WINUSB_W32_LIBC_STDIO
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "device.h"

static uint32_t hash_text(uint32_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

#define HASH_START	2166136261u

static void text_case(char *text, bool upper)
{
	for (; *text; text++) {
		if (upper && *text >= 'a' && *text <= 'z')
			*text -= 'a' - 'A';
		else if (!upper && *text >= 'A' && *text <= 'Z')
			*text += 'a' - 'A';
	}
}

/* What Windows takes: printable ASCII without commas. Blanks become '_'. */
static bool serial_to_id(const char *serial, char *to, size_t size)
{
	size_t length = strlen(serial);

	if (!length || length >= size)
		return false;
	for (size_t i = 0; i <= length; i++) {
		unsigned char c = serial[i];

		if (c && (c < ' ' || c > 0x7e || c == ',' || c == '\\'))
			return false;
		to[i] = c == ' ' ? '_' : c;
	}
	return true;
}

static void id_begin(const struct device *device, char id[DEVICE_ID_MAX])
{
	static const char *const hubs[] = { "ROOT_HUB", "ROOT_HUB20", "ROOT_HUB30" };
	const char *speed = strrchr(device->controller, ':');
	int rate = speed ? atoi(speed + 1) : 480;

	if (device->kind == DEVICE_ROOT_HUB)
		snprintf(id, DEVICE_ID_MAX, "USB\\%s\\", hubs[(rate >= 480) + (rate >= 5000)]);
	else if (device->kind == DEVICE_FUNCTION)
		snprintf(id, DEVICE_ID_MAX, "USB\\VID_%04X&PID_%04X&MI_%02X\\", device->vid,
			 device->pid, device->interface);
	else
		snprintf(id, DEVICE_ID_MAX, "USB\\VID_%04X&PID_%04X\\", device->vid, device->pid);
}

/* By the place: the hub's, and the port; SALT is 0 unless another device has the same. */
static void id_by_place(const struct device *device, unsigned int salt, char id[DEVICE_ID_MAX])
{
	uint32_t hash = hash_text(HASH_START, device->controller);
	unsigned int depth = 4;
	size_t length;
	char hub[DEVICE_NAME_MAX];

	id_begin(device, id);
	length = strlen(id);
	if (device->kind == DEVICE_ROOT_HUB) {
		snprintf(id + length, DEVICE_ID_MAX - length, "%u&%X&%u", depth, hash, salt);
		return;
	}
	strcpy(hub, device->ports);
	if (strrchr(hub, '.'))
		*strrchr(hub, '.') = 0;
	else
		*hub = 0;
	for (const char *at = device->ports; *at; at++)
		depth += *at == '.';
	hash = hash_text(hash_text(hash, "/"), hub);
	snprintf(id + length, DEVICE_ID_MAX - length, "%u&%X&%u&%u", depth + 1, hash, salt,
		 device->port);
}

/* A function's: made of its device's id. */
static void id_of_function(const struct device *device, const char *parent, char id[DEVICE_ID_MAX])
{
	size_t length;

	id_begin(device, id);
	length = strlen(id);
	snprintf(id + length, DEVICE_ID_MAX - length, "7&%X&0&%04X", hash_text(HASH_START, parent),
		 device->interface);
}

static bool id_is_taken(const struct device_list *list, size_t before, const char *id)
{
	for (size_t i = 0; i < before; i++)
		if (!strcasecmp(list->devices[i]->id, id) ||
		    !strcasecmp(list->devices[i]->alias, id))
			return true;
	return false;
}

/* Among functions only two of one device could be the same, and their numbers differ. */
static void function_id_make(struct device *device)
{
	id_of_function(device, device->parent->id, device->id);
	if (*device->parent->alias)
		id_of_function(device, device->parent->alias, device->alias);
}

static void device_id_make(const struct device_list *list, size_t at)
{
	struct device *device = list->devices[at];
	char serial[DEVICE_ID_MAX], place[DEVICE_ID_MAX];
	unsigned int salt = 0;
	size_t length;

	do {
		id_by_place(device, salt++, place);
	} while (id_is_taken(list, at, place));

	strcpy(device->id, place);
	id_begin(device, serial);
	length = strlen(serial);
	if (device->kind == DEVICE_ROOT_HUB ||
	    !serial_to_id(device->serial, serial + length, sizeof(serial) - length))
		return;
	text_case(serial, true);
	if (id_is_taken(list, at, serial))
		return;
	device->has_serial_id = true;
	strcpy(device->id, serial);
	strcpy(device->alias, place);
}

/*
 * Functions stand behind all devices in the list. Their ids are checked, too: two hashes may be
 * equal, though nobody will see it.
 */
void device_ids_make(struct device_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->devices[i]->kind == DEVICE_FUNCTION)
			function_id_make(list->devices[i]);
		else
			device_id_make(list, i);
	}
}

bool device_id_is_valid(const char *id)
{
	const char *first = strchr(id, '\\'), *second = first ? strchr(first + 1, '\\') : NULL;

	return first && first > id && second && second > first + 1 && second[1] &&
	       !strchr(second + 1, '\\') && strlen(id) < DEVICE_ID_MAX;
}

static void path_of_id(const char *id, const uint8_t guid[DEVICE_GUID_SIZE],
		       char path[DEVICE_PATH_MAX])
{
	char text[DEVICE_GUID_TEXT];
	char *at;

	guid_to_text(guid, text);
	snprintf(path, DEVICE_PATH_MAX, "\\\\?\\%s#%s", id, text);
	for (at = path + 4; *at; at++)
		if (*at == '\\')
			*at = '#';
}

/* What stands behind the kind of the device is as the device, or the bus, has said it. */
static void link_of_id(const struct device *device, char *link)
{
	char serial[DEVICE_ID_MAX];
	char *instance = strchr(strchr(link, '#') + 1, '#') + 1, *guid = strrchr(link, '#');

	*guid = 0;
	text_case(instance, false);
	if (device->has_serial_id && serial_to_id(device->serial, serial, sizeof(serial)))
		memcpy(instance, serial, strlen(instance));
	*guid = '#';
}

void device_path_make(struct device_interface *interface)
{
	path_of_id(interface->device->id, interface->guid, interface->link);
	link_of_id(interface->device, interface->link);
	strcpy(interface->path, interface->link);
	text_case(interface->path, false);
}

struct device *device_find(const struct device_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcasecmp(list->devices[i]->id, id))
			return list->devices[i];
	for (size_t i = 0; *id && i < list->count; i++)
		if (!strcasecmp(list->devices[i]->alias, id))
			return list->devices[i];
	return NULL;
}

struct device_interface *device_interface_find(const struct device_list *list, const char *path)
{
	const char *text = path_skip_prefix(path);
	char other[DEVICE_PATH_MAX];

	if (!text)
		return NULL;
	for (size_t i = 0; i < list->interface_count; i++)
		if (!strcasecmp(list->interfaces[i].path + 4, text))
			return &list->interfaces[i];
	for (size_t i = 0; i < list->interface_count; i++) {
		struct device_interface *interface = &list->interfaces[i];

		if (!*interface->device->alias)
			continue;
		path_of_id(interface->device->alias, interface->guid, other);
		if (!strcasecmp(other + 4, text))
			return interface;
	}
	return NULL;
}
