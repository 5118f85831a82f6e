// SPDX-License-Identifier: MIT
/*
 * The registry, as far as programs of USB devices read it: the key of a devnode's parameters. Its
 * values are the function's properties, as winusb shows them in sysfs, at the time when the key was
 * opened. Nothing can be written: properties are the administrator's (winusbctl bind --property).
 */
#define WINUSB_W32_LIBC_STDIO
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "object.h"
#include "property.h"
#include "registry.h"
#include "wide.h"

struct value {
	char name[256];
	struct property property;
};

struct key {
	struct object object;
	struct value *values;
	size_t count;
};

static void key_destroy(struct object *object)
{
	struct key *key = (struct key *)object;

	for (size_t i = 0; i < key->count; i++)
		property_free(&key->values[i].property);
	free(key->values);
	free(key);
}

static const struct object_type key_type = { .kind = OBJECT_KEY, .destroy = key_destroy };

static struct value *value_find(const struct key *key, const char *name)
{
	for (size_t i = 0; i < key->count; i++)
		if (!strcasecmp(key->values[i].name, name))
			return &key->values[i];
	return NULL;
}

/* Takes over what PROPERTY holds. */
static int value_add(struct key *key, const char *name, struct property *property)
{
	struct value *values = realloc(key->values, (key->count + 1) * sizeof(*values));

	if (!values) {
		property_free(property);
		return -ENOMEM;
	}
	key->values = values;
	snprintf(values[key->count].name, sizeof(values->name), "%s", name);
	values[key->count++].property = *property;
	return 0;
}

static int lines_parse(const char *text, struct property *property)
{
	int ret = property_set(property, REG_MULTI_SZ, "", 1);
	size_t length;

	/* No line is no text: the zero that ends the list is all. */
	for (; !ret && *text; text += length + !!text[length]) {
		length = strcspn(text, "\n");
		if (length)
			ret = property_add_text(property, "%.*s", (int)length, text);
	}
	return ret;
}

static int hex_parse(const char *text, uint32_t type, struct property *property)
{
	size_t size = 0;
	int ret = property_set(property, type, text, strlen(text) + 1);
	unsigned int byte;
	int taken;

	for (; !ret && sscanf(text, " %2x%n", &byte, &taken) == 1; text += taken)
		property->data[size++] = byte;
	property->size = size;
	return ret;
}

/* The first line is the type, the next ones are the value. */
static int value_parse(char *text, struct property *property)
{
	char *value = strchr(text, '\n');
	uint32_t number;

	if (value)
		*value++ = 0;
	else
		value = text + strlen(text);
	if (!strcmp(text, "REG_SZ") || !strcmp(text, "REG_EXPAND_SZ"))
		return property_set(property, strcmp(text, "REG_SZ") ? REG_EXPAND_SZ : REG_SZ,
				    value, strlen(value) + 1);
	if (!strcmp(text, "REG_MULTI_SZ"))
		return lines_parse(value, property);
	number = strtoul(value, NULL, 10);
	if (!strcmp(text, "REG_DWORD"))
		return property_set_number(property, number);
	if (!strcmp(text, "REG_DWORD_BIG_ENDIAN")) {
		number = __builtin_bswap32(number);
		return property_set(property, REG_DWORD_BIG_ENDIAN, &number, sizeof(number));
	}
	return hex_parse(value, strcmp(text, "REG_LINK") ? REG_BINARY : REG_LINK, property);
}

static int properties_read(struct key *key, const char *node)
{
	struct dirent **entries;
	char path[512];
	int count, ret = 0;

	snprintf(path, sizeof(path), "%.200s/class/winusb/%.64s/properties", device_sysfs, node);
	count = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		struct property property = { 0 };
		char *text = NULL;

		if (!ret && *name != '.') {
			text = sysfs_read("class/winusb/%s/properties/%s", node, name);
			if (!text && errno == ENOMEM)
				ret = -ENOMEM;
		}
		if (text) {
			ret = value_parse(text, &property);
			if (!ret)
				ret = value_add(key, name, &property);
			else
				property_free(&property);
			free(text);
		}
		free(entries[i]);
	}
	if (count < 0)
		return errno == ENOMEM ? -ENOMEM : 0;
	free(entries);
	return ret;
}

/* GUIDs that came by another way than a property; programs look for them here. */
static int guids_add(struct key *key, const struct device_list *list, const struct device *device)
{
	struct property property = { 0 };
	char text[DEVICE_GUID_TEXT];
	int ret = 0;

	if (value_find(key, "DeviceInterfaceGUIDs") || value_find(key, "DeviceInterfaceGUID"))
		return 0;
	for (size_t i = 0; !ret && i < list->interface_count; i++) {
		const struct device_interface *interface = &list->interfaces[i];

		if (interface->device != device || interface->identity == device->identity)
			continue;
		guid_to_text(interface->guid, text);
		ret = property_add_text(&property, "%s", text);
	}
	if (!ret && property.size)
		return value_add(key, "DeviceInterfaceGUIDs", &property);
	property_free(&property);
	return ret;
}

/* Windows keeps the path of the device's first interface there. */
static int symbolic_name_add(struct key *key, const struct device_list *list,
			     const struct device *device)
{
	struct property property = { 0 };
	int ret;

	if (value_find(key, "SymbolicName"))
		return 0;
	for (size_t i = 0; i < list->interface_count; i++) {
		if (list->interfaces[i].device != device)
			continue;
		ret = property_set_text(&property, "\\??\\%s", list->interfaces[i].link + 4);
		return ret ?: value_add(key, "SymbolicName", &property);
	}
	return 0;
}

LONG registry_open(const struct device_list *list, const struct device *device, REGSAM access,
		   HKEY *handle)
{
	struct key *key;
	int ret = 0;

	if (access & (KEY_SET_VALUE | KEY_CREATE_SUB_KEY | KEY_CREATE_LINK))
		return ERROR_ACCESS_DENIED;
	key = calloc(1, sizeof(*key));
	if (!key)
		return ERROR_NOT_ENOUGH_MEMORY;
	object_init(&key->object, &key_type);
	if (device->winusb)
		ret = properties_read(key, device->node);
	ret = ret ?: guids_add(key, list, device);
	ret = ret ?: symbolic_name_add(key, list, device);
	if (ret) {
		object_put(&key->object);
		return ERROR_NOT_ENOUGH_MEMORY;
	}
	*handle = (HKEY)object_open(&key->object);
	return *handle ? ERROR_SUCCESS : ERROR_NOT_ENOUGH_MEMORY;
}

/* Data for the caller: ERROR_MORE_DATA and how much there is, if it does not fit. */
static LONG value_give(const struct property *property, bool wide, DWORD *type, BYTE *data,
		       DWORD *size)
{
	size_t room = data && size ? *size : 0;
	size_t length = property_copy(property, wide, NULL, 0);

	if (type)
		*type = property->type;
	if (size)
		*size = length;
	if (!data)
		return ERROR_SUCCESS;
	if (length > room)
		return ERROR_MORE_DATA;
	property_copy(property, wide, data, room);
	return ERROR_SUCCESS;
}

static LONG value_query(HKEY handle, const char *name, bool wide, DWORD *reserved, DWORD *type,
			BYTE *data, DWORD *size)
{
	struct key *key = (struct key *)object_get(handle, OBJECT_KEY);
	const struct value *value;
	LONG ret;

	if (!key)
		return ERROR_INVALID_HANDLE;
	value = value_find(key, name ? name : "");
	if (reserved || (data && !size))
		ret = ERROR_INVALID_PARAMETER;
	else
		ret = value ? value_give(&value->property, wide, type, data, size) :
		      ERROR_FILE_NOT_FOUND;
	object_put(&key->object);
	return ret;
}

LSTATUS WINAPI RegQueryValueExA(HKEY key, LPCSTR name, LPDWORD reserved, LPDWORD type, LPBYTE data,
				LPDWORD size)
{
	return value_query(key, name, false, reserved, type, data, size);
}

LSTATUS WINAPI RegQueryValueExW(HKEY key, LPCWSTR name, LPDWORD reserved, LPDWORD type, LPBYTE data,
				LPDWORD size)
{
	char *text = name ? utf8_of_wide(name) : NULL;
	LONG ret;

	if (name && !text)
		return ERROR_NOT_ENOUGH_MEMORY;
	ret = value_query(key, text, true, reserved, type, data, size);
	free(text);
	return ret;
}

/* The RRF_RT_ bit of a type; 0: only "any" takes it. */
static DWORD type_bit(uint32_t type)
{
	switch (type) {
	case REG_SZ:
		return RRF_RT_REG_SZ;
	case REG_EXPAND_SZ:
		return RRF_RT_REG_EXPAND_SZ;
	case REG_BINARY:
		return RRF_RT_REG_BINARY;
	case REG_DWORD:
		return RRF_RT_REG_DWORD;
	case REG_MULTI_SZ:
		return RRF_RT_REG_MULTI_SZ;
	default:
		return 0;
	}
}

/* There is no environment to expand a REG_EXPAND_SZ with: it is given as it is. */
static LONG value_get(HKEY handle, const char *subkey, const char *name, bool wide, DWORD flags,
		      DWORD *type, void *data, DWORD *size)
{
	DWORD room = data && size ? *size : 0, wanted = flags & RRF_RT_ANY, found = 0;
	LONG ret;

	if (!wanted)
		return ERROR_INVALID_PARAMETER;
	ret = subkey && *subkey ? ERROR_FILE_NOT_FOUND :
	      value_query(handle, name, wide, NULL, &found, data, size);
	if ((ret == ERROR_SUCCESS || ret == ERROR_MORE_DATA) && wanted != RRF_RT_ANY &&
	    !(wanted & type_bit(found)))
		ret = ERROR_UNSUPPORTED_TYPE;
	if (type)
		*type = found;
	if (ret && (flags & RRF_ZEROONFAILURE) && data)
		memset(data, 0, room);
	return ret;
}

LSTATUS WINAPI RegGetValueA(HKEY key, LPCSTR subkey, LPCSTR name, DWORD flags, LPDWORD type,
			    PVOID data, LPDWORD size)
{
	return value_get(key, subkey, name, false, flags, type, data, size);
}

LSTATUS WINAPI RegGetValueW(HKEY key, LPCWSTR subkey, LPCWSTR name, DWORD flags, LPDWORD type,
			    PVOID data, LPDWORD size)
{
	char *text = name ? utf8_of_wide(name) : NULL;
	LONG ret;

	if (name && !text)
		return ERROR_NOT_ENOUGH_MEMORY;
	ret = value_get(key, subkey && *subkey ? "?" : NULL, text, true, flags, type, data, size);
	free(text);
	return ret;
}

/* The name's room and length are in characters, without the end on return. */
static LONG value_enumerate(HKEY handle, DWORD index, void *name, bool wide, DWORD *name_size,
			    DWORD *reserved, DWORD *type, BYTE *data, DWORD *size)
{
	struct key *key;
	LONG ret = ERROR_NO_MORE_ITEMS;

	if (!name || !name_size || reserved || (data && !size))
		return ERROR_INVALID_PARAMETER;
	key = (struct key *)object_get(handle, OBJECT_KEY);
	if (!key)
		return ERROR_INVALID_HANDLE;
	if (index < key->count) {
		const struct value *value = &key->values[index];
		size_t length = strlen(value->name);

		/* Names are ASCII. */
		ret = ERROR_MORE_DATA;
		if (*name_size > length) {
			if (wide)
				wide_from_utf8(value->name, length + 1, name, length + 1, NULL);
			else
				memcpy(name, value->name, length + 1);
			*name_size = length;
			ret = value_give(&value->property, wide, type, data, size);
		}
	}
	object_put(&key->object);
	return ret;
}

LSTATUS WINAPI RegEnumValueA(HKEY key, DWORD index, LPSTR name, LPDWORD name_size, LPDWORD reserved,
			     LPDWORD type, LPBYTE data, LPDWORD size)
{
	return value_enumerate(key, index, name, false, name_size, reserved, type, data, size);
}

LSTATUS WINAPI RegEnumValueW(HKEY key, DWORD index, LPWSTR name, LPDWORD name_size,
			     LPDWORD reserved, LPDWORD type, LPBYTE data, LPDWORD size)
{
	return value_enumerate(key, index, name, true, name_size, reserved, type, data, size);
}

LSTATUS WINAPI RegCloseKey(HKEY key)
{
	return object_close(key, OBJECT_KEY) ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
}
