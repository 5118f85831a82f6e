// SPDX-License-Identifier: MIT
/*
 * Lists of the configuration manager: paths of interfaces, and instance ids. A list has its texts
 * one after the other and an empty one at the end; what matches nothing gives a list of that alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <windows.h>
#include <setupapi.h>
#include <cfgmgr32.h>

#include "device.h"
#include "property.h"
#include "wide.h"

#define FILTER_KINDS	(CM_GETIDLIST_FILTER_BITS & \
			 ~(CM_GETIDLIST_FILTER_PRESENT | CM_GETIDLIST_DONOTGENERATE))

struct text_list {
	char *text;
	size_t length;		/* the empty text at the end included */
};

/* For COUNT texts of up to MOST characters with their ends. */
static CONFIGRET list_begin(struct text_list *list, size_t count, size_t most)
{
	list->text = calloc(count + 1, most);
	list->length = 1;
	return list->text ? CR_SUCCESS : CR_OUT_OF_MEMORY;
}

static void list_add(struct text_list *list, const char *text)
{
	size_t length = strlen(text) + 1;

	memcpy(list->text + list->length - 1, text, length);
	list->length += length;
}

/* RET is what making it gave; the list is freed, whatever that is. */
static CONFIGRET list_size(CONFIGRET ret, struct text_list *list, ULONG *length)
{
	if (!ret)
		*length = list->length;
	free(list->text);
	return ret;
}

static CONFIGRET list_give(CONFIGRET ret, struct text_list *list, bool wide, void *buffer,
			   ULONG room)
{
	if (!ret && list->length > room)
		ret = CR_BUFFER_SMALL;
	else if (!ret && wide)
		wide_from_utf8(list->text, list->length, buffer, room, NULL);
	else if (!ret)
		memcpy(buffer, list->text, list->length);
	free(list->text);
	return ret;
}

/* Interfaces */

static CONFIGRET interfaces_find(const GUID *class, const char *id, ULONG flags,
				 struct text_list *found)
{
	struct device_list *list;
	CONFIGRET ret;

	if (flags & ~CM_GET_DEVICE_INTERFACE_LIST_BITS)
		return CR_INVALID_FLAG;
	if (id && *id && !device_id_is_valid(id))
		return CR_INVALID_DEVICE_ID;
	list = device_list_load();
	ret = list ? list_begin(found, list->interface_count, DEVICE_PATH_MAX) : CR_OUT_OF_MEMORY;
	for (size_t i = 0; !ret && i < list->interface_count; i++) {
		const struct device_interface *interface = &list->interfaces[i];

		if (memcmp(class, interface->guid, sizeof(*class)) ||
		    (!interface->active && !(flags & CM_GET_DEVICE_INTERFACE_LIST_ALL_DEVICES)) ||
		    (id && *id && strcasecmp(id, interface->device->id) &&
		     strcasecmp(id, interface->device->alias)))
			continue;
		list_add(found, interface->link);
	}
	device_list_put(list);
	return ret;
}

CONFIGRET WINAPI CM_Get_Device_Interface_List_SizeA(PULONG length, LPGUID class, DEVINSTID_A id,
						    ULONG flags)
{
	struct text_list found = { 0 };

	if (!length || !class)
		return CR_INVALID_POINTER;
	*length = 0;
	return list_size(interfaces_find(class, id, flags, &found), &found, length);
}

CONFIGRET WINAPI CM_Get_Device_Interface_List_SizeW(PULONG length, LPGUID class, DEVINSTID_W id,
						    ULONG flags)
{
	char *text = id ? utf8_of_wide(id) : NULL;
	CONFIGRET ret;

	if (id && !text)
		return CR_OUT_OF_MEMORY;
	ret = CM_Get_Device_Interface_List_SizeA(length, class, text, flags);
	free(text);
	return ret;
}

static CONFIGRET interface_list_give(const GUID *class, const char *id, bool wide, void *buffer,
				     ULONG room, ULONG flags)
{
	struct text_list found = { 0 };

	if (!class || !buffer || !room)
		return CR_INVALID_POINTER;
	return list_give(interfaces_find(class, id, flags, &found), &found, wide, buffer, room);
}

CONFIGRET WINAPI CM_Get_Device_Interface_ListA(LPGUID class, DEVINSTID_A id, PZZSTR buffer,
					       ULONG length, ULONG flags)
{
	return interface_list_give(class, id, false, buffer, length, flags);
}

CONFIGRET WINAPI CM_Get_Device_Interface_ListW(LPGUID class, DEVINSTID_W id, PZZWSTR buffer,
					       ULONG length, ULONG flags)
{
	char *text = id ? utf8_of_wide(id) : NULL;
	CONFIGRET ret;

	if (id && !text)
		return CR_OUT_OF_MEMORY;
	ret = interface_list_give(class, text, true, buffer, length, flags);
	free(text);
	return ret;
}

/* Instance ids */

/* FILTER is an enumerator, or one and a device: "USB", "USB\VID_0547&PID_1002". */
static bool is_of_enumerator(const struct device *device, const char *filter)
{
	size_t length = strlen(filter);

	return !strncasecmp(device->id, filter, length) && device->id[length] == '\\';
}

/* A child is one by the other name of its parent, too. */
static bool is_child(const struct device *device, const char *filter)
{
	const struct device *parent = device->parent;

	return parent && (!strcasecmp(parent->id, filter) || !strcasecmp(parent->alias, filter));
}

/* *MATCHES is what the answer is. */
static CONFIGRET service_matches(const struct device_list *list, const struct device *device,
				 const char *filter, bool *matches)
{
	struct property service;
	int error = property_get(list, device, SPDRP_SERVICE, &service);

	*matches = !error && !strcasecmp(service.data, filter);
	property_free(&service);
	return error == -ENOMEM ? CR_OUT_OF_MEMORY : CR_SUCCESS;
}

static CONFIGRET device_matches(const struct device_list *list, const struct device *device,
				ULONG kind, const char *filter, bool *matches)
{
	const char *class;

	switch (kind) {
	case CM_GETIDLIST_FILTER_ENUMERATOR:
		*matches = is_of_enumerator(device, filter);
		break;
	case CM_GETIDLIST_FILTER_SERVICE:
		return service_matches(list, device, filter, matches);
	case CM_GETIDLIST_FILTER_CLASS:
		class = device_setup_class(device);
		*matches = class && !strcasecmp(class, filter);
		break;
	case CM_GETIDLIST_FILTER_BUSRELATIONS:
		*matches = is_child(device, filter);
		break;
	default:
		*matches = true;
	}
	return CR_SUCCESS;
}

/* All that are known are present. */
static CONFIGRET ids_check(const char *filter, ULONG flags)
{
	ULONG kind = flags & FILTER_KINDS;
	uint8_t guid[DEVICE_GUID_SIZE];

	if ((flags & ~CM_GETIDLIST_FILTER_BITS) || (kind & (kind - 1)))
		return CR_INVALID_FLAG;
	if (!kind)
		return CR_SUCCESS;
	if (!filter || !*filter)
		return CR_INVALID_POINTER;
	switch (kind) {
	case CM_GETIDLIST_FILTER_ENUMERATOR:
	case CM_GETIDLIST_FILTER_SERVICE:
		return CR_SUCCESS;
	case CM_GETIDLIST_FILTER_CLASS:
		return guid_from_text(filter, strlen(filter), guid) ? CR_SUCCESS : CR_INVALID_DATA;
	case CM_GETIDLIST_FILTER_BUSRELATIONS:
		return device_id_is_valid(filter) ? CR_SUCCESS : CR_INVALID_DEVICE_ID;
	default:
		return CR_CALL_NOT_IMPLEMENTED;
	}
}

static CONFIGRET ids_find(const char *filter, ULONG flags, struct text_list *found)
{
	CONFIGRET ret = ids_check(filter, flags);
	struct device_list *list;

	if (ret)
		return ret;
	list = device_list_load();
	ret = list ? list_begin(found, list->count, DEVICE_ID_MAX) : CR_OUT_OF_MEMORY;
	if (!ret && (flags & CM_GETIDLIST_FILTER_BUSRELATIONS) && !device_find(list, filter))
		ret = CR_NO_SUCH_DEVNODE;
	for (size_t i = 0; !ret && i < list->count; i++) {
		bool matches = false;

		ret = device_matches(list, list->devices[i], flags & FILTER_KINDS, filter,
				     &matches);
		if (matches)
			list_add(found, list->devices[i]->id);
	}
	device_list_put(list);
	return ret;
}

CONFIGRET WINAPI CM_Get_Device_ID_List_SizeA(PULONG length, PCSTR filter, ULONG flags)
{
	struct text_list found = { 0 };

	if (!length)
		return CR_INVALID_POINTER;
	*length = 0;
	return list_size(ids_find(filter, flags, &found), &found, length);
}

CONFIGRET WINAPI CM_Get_Device_ID_List_SizeW(PULONG length, PCWSTR filter, ULONG flags)
{
	char *text = filter ? utf8_of_wide(filter) : NULL;
	CONFIGRET ret;

	if (filter && !text)
		return CR_OUT_OF_MEMORY;
	ret = CM_Get_Device_ID_List_SizeA(length, text, flags);
	free(text);
	return ret;
}

static CONFIGRET id_list_give(const char *filter, bool wide, void *buffer, ULONG room, ULONG flags)
{
	struct text_list found = { 0 };

	if (!buffer || !room)
		return CR_INVALID_POINTER;
	return list_give(ids_find(filter, flags, &found), &found, wide, buffer, room);
}

CONFIGRET WINAPI CM_Get_Device_ID_ListA(PCSTR filter, PCHAR buffer, ULONG length, ULONG flags)
{
	return id_list_give(filter, false, buffer, length, flags);
}

CONFIGRET WINAPI CM_Get_Device_ID_ListW(PCWSTR filter, PWCHAR buffer, ULONG length, ULONG flags)
{
	char *text = filter ? utf8_of_wide(filter) : NULL;
	CONFIGRET ret;

	if (filter && !text)
		return CR_OUT_OF_MEMORY;
	ret = id_list_give(text, true, buffer, length, flags);
	free(text);
	return ret;
}
