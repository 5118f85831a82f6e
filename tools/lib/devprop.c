// SPDX-License-Identifier: MIT
/* DEVPKEY_: most are registry properties under another name, some say what only they do. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>
#include <setupapi.h>
#include <cfgmgr32.h>

#include "devinst.h"
#include "property.h"

#define GUID_BYTES(a, b, c, ...) \
	{ (uint8_t)(a), (uint8_t)((a) >> 8), (uint8_t)((a) >> 16), (uint8_t)((a) >> 24), \
	  (uint8_t)(b), (uint8_t)((b) >> 8), (uint8_t)(c), (uint8_t)((c) >> 8), __VA_ARGS__ }

#define SET_REGISTRY \
	GUID_BYTES(0xa45c254eu, 0xdf1c, 0x4efd, 0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0)
#define SET_INSTANCE \
	GUID_BYTES(0x78c34fc8u, 0x104a, 0x4aca, 0x9e, 0xa4, 0x52, 0x4d, 0x52, 0x99, 0x6e, 0x57)
#define SET_RELATION \
	GUID_BYTES(0x4340a6c5u, 0x93fa, 0x4706, 0x97, 0x2c, 0x7b, 0x64, 0x80, 0x08, 0xa5, 0xa7)
#define SET_CONTAINER \
	GUID_BYTES(0x8c7ed206u, 0x3f8a, 0x4827, 0xb3, 0xab, 0xae, 0x9e, 0x1f, 0xae, 0xfc, 0x6c)
#define SET_REPORTED \
	GUID_BYTES(0x540b947eu, 0x8b40, 0x45bc, 0xa8, 0xa2, 0x6a, 0x0b, 0x89, 0x4c, 0xbd, 0xa2)
#define SET_DRIVER \
	GUID_BYTES(0xa8b865ddu, 0x2e3d, 0x4094, 0xad, 0x97, 0xe5, 0x93, 0xa7, 0x0c, 0x75, 0xd6)
#define SET_NAME \
	GUID_BYTES(0xb725f130u, 0x47ef, 0x101a, 0xa5, 0xf1, 0x02, 0x60, 0x8c, 0x9e, 0xeb, 0xac)
#define SET_INTERFACE \
	GUID_BYTES(0x026e516eu, 0xb814, 0x414b, 0x83, 0xcd, 0x85, 0x6d, 0x6f, 0xef, 0x48, 0x22)

enum own {
	OWN_INSTANCE_ID = 0x100,
	OWN_STATUS,
	OWN_PROBLEM,
	OWN_PARENT,
	OWN_CHILDREN,
	OWN_SIBLINGS,
	OWN_REPORTED_NAME,
	OWN_PRESENT,
	OWN_HAS_PROBLEM,
	OWN_NAME,
};

/* What a key stands for: SPDRP_, or one of ours. */
struct devprop_key {
	uint8_t fmtid[DEVICE_GUID_SIZE];
	uint32_t pid;
	unsigned int code;
};

static const struct devprop_key keys[] = {
	{ SET_REGISTRY, 2, SPDRP_DEVICEDESC },
	{ SET_REGISTRY, 3, SPDRP_HARDWAREID },
	{ SET_REGISTRY, 4, SPDRP_COMPATIBLEIDS },
	{ SET_REGISTRY, 6, SPDRP_SERVICE },
	{ SET_REGISTRY, 9, SPDRP_CLASS },
	{ SET_REGISTRY, 10, SPDRP_CLASSGUID },
	{ SET_REGISTRY, 11, SPDRP_DRIVER },
	{ SET_REGISTRY, 12, SPDRP_CONFIGFLAGS },
	{ SET_REGISTRY, 13, SPDRP_MFG },
	{ SET_REGISTRY, 14, SPDRP_FRIENDLYNAME },
	{ SET_REGISTRY, 15, SPDRP_LOCATION_INFORMATION },
	{ SET_REGISTRY, 16, SPDRP_PHYSICAL_DEVICE_OBJECT_NAME },
	{ SET_REGISTRY, 17, SPDRP_CAPABILITIES },
	{ SET_REGISTRY, 21, SPDRP_BUSTYPEGUID },
	{ SET_REGISTRY, 22, SPDRP_LEGACYBUSTYPE },
	{ SET_REGISTRY, 23, SPDRP_BUSNUMBER },
	{ SET_REGISTRY, 24, SPDRP_ENUMERATOR_NAME },
	{ SET_REGISTRY, 30, SPDRP_ADDRESS },
	{ SET_REGISTRY, 33, SPDRP_REMOVAL_POLICY },
	{ SET_REGISTRY, 34, SPDRP_REMOVAL_POLICY_HW_DEFAULT },
	{ SET_REGISTRY, 36, SPDRP_INSTALL_STATE },
	{ SET_REGISTRY, 37, SPDRP_LOCATION_PATHS },
	{ SET_REGISTRY, 38, SPDRP_BASE_CONTAINERID },
	{ SET_CONTAINER, 2, SPDRP_BASE_CONTAINERID },
	{ SET_DRIVER, 4, SPDRP_DEVICEDESC },
	{ SET_INSTANCE, 256, OWN_INSTANCE_ID },
	{ SET_RELATION, 2, OWN_STATUS },
	{ SET_RELATION, 3, OWN_PROBLEM },
	{ SET_RELATION, 8, OWN_PARENT },
	{ SET_RELATION, 9, OWN_CHILDREN },
	{ SET_RELATION, 10, OWN_SIBLINGS },
	{ SET_REPORTED, 4, OWN_REPORTED_NAME },
	{ SET_REPORTED, 5, OWN_PRESENT },
	{ SET_REPORTED, 6, OWN_HAS_PROBLEM },
	{ SET_NAME, 10, OWN_NAME },
};

static int devprop_set(struct devprop *value, uint32_t type, const void *data, size_t size)
{
	value->type = type;
	value->size = size;
	value->data = malloc(size + !size);
	if (!value->data)
		return -ENOMEM;
	memcpy(value->data, data, size);
	return 0;
}

static int devprop_set_boolean(struct devprop *value, bool is)
{
	uint8_t byte = is ? 0xff : 0;	/* DEVPROP_TRUE is -1 */

	return devprop_set(value, DEVPROP_TYPE_BOOLEAN, &byte, 1);
}

static int devprop_set_number(struct devprop *value, uint32_t number)
{
	return devprop_set(value, DEVPROP_TYPE_UINT32, &number, sizeof(number));
}

/* GUIDs are texts in the registry. */
static int devprop_convert(const struct property *property, bool is_guid, struct devprop *value)
{
	uint8_t guid[DEVICE_GUID_SIZE];

	if (property->type == REG_BINARY)
		return devprop_set(value, DEVPROP_TYPE_GUID, property->data, property->size);
	if (property->type == REG_DWORD)
		return devprop_set(value, DEVPROP_TYPE_UINT32, property->data, property->size);
	if (is_guid && guid_from_text(property->data, strlen(property->data), guid))
		return devprop_set(value, DEVPROP_TYPE_GUID, guid, sizeof(guid));

	value->type = property->type == REG_MULTI_SZ ? DEVPROP_TYPE_STRING_LIST :
						       DEVPROP_TYPE_STRING;
	value->size = property_copy(property, true, NULL, 0);
	value->data = malloc(value->size + !value->size);
	if (!value->data)
		return -ENOMEM;
	property_copy(property, true, value->data, value->size);
	return 0;
}

/* The children of PARENT, but for one. */
static int relatives_get(const struct device_list *list, const struct device *parent,
			 const struct device *but, struct property *property)
{
	int ret = -ENOENT;

	for (size_t i = 0; i < list->count; i++) {
		const struct device *other = list->devices[i];

		if (other->parent != parent || other == but)
			continue;
		ret = property_add_text(property, "%s", other->id);
		if (ret)
			break;
	}
	return ret;
}

static int own_text_get(const struct device_list *list, const struct device *device, enum own own,
			struct property *property)
{
	const char *name = *device->label ? device->label : device->product;
	int ret;

	switch (own) {
	case OWN_INSTANCE_ID:
		return property_set_text(property, "%s", device->id);
	case OWN_PARENT:
		return device->parent ? property_set_text(property, "%s", device->parent->id) :
					-ENOENT;
	case OWN_CHILDREN:
		return relatives_get(list, device, NULL, property);
	case OWN_SIBLINGS:
		return device->parent ? relatives_get(list, device->parent, device, property) :
					-ENOENT;
	case OWN_REPORTED_NAME:
		return *name ? property_set_text(property, "%s", name) : -ENOENT;
	case OWN_NAME:
		ret = property_get(list, device, SPDRP_FRIENDLYNAME, property);
		return ret == -ENOENT ? property_get(list, device, SPDRP_DEVICEDESC, property) :
					ret;
	default:
		return -ENOENT;
	}
}

static int own_get(const struct device_list *list, const struct device *device, enum own own,
		   struct devprop *value)
{
	struct property property = { 0 };
	uint32_t problem;
	int ret;

	switch (own) {
	case OWN_STATUS:
		return devprop_set_number(value, device_status(device, &problem));
	case OWN_PROBLEM:
		device_status(device, &problem);
		return devprop_set_number(value, problem);
	case OWN_PRESENT:
		return devprop_set_boolean(value, true);
	case OWN_HAS_PROBLEM:
		device_status(device, &problem);
		return devprop_set_boolean(value, problem);
	default:
		break;
	}
	ret = own_text_get(list, device, own, &property);
	ret = ret ?: devprop_convert(&property, false, value);
	property_free(&property);
	return ret;
}

int devprop_of_device(const struct device_list *list, const struct device *device,
		      const uint8_t fmtid[DEVICE_GUID_SIZE], uint32_t pid, struct devprop *value)
{
	memset(value, 0, sizeof(*value));
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct property property;
		unsigned int code = keys[i].code;
		int ret;

		if (keys[i].pid != pid || memcmp(keys[i].fmtid, fmtid, DEVICE_GUID_SIZE))
			continue;
		if (code >= OWN_INSTANCE_ID)
			return own_get(list, device, code, value);
		ret = property_get(list, device, code, &property);
		ret = ret ?: devprop_convert(&property, code == SPDRP_CLASSGUID ||
						     code == SPDRP_BASE_CONTAINERID, value);
		property_free(&property);
		return ret == -EINVAL ? -ENOENT : ret;
	}
	return -ENOENT;
}

int devprop_of_interface(const struct device_list *list, const struct device_interface *interface,
			 const uint8_t fmtid[DEVICE_GUID_SIZE], uint32_t pid, struct devprop *value)
{
	static const uint8_t set_interface[] = SET_INTERFACE, set_instance[] = SET_INSTANCE;
	static const uint8_t set_container[] = SET_CONTAINER;

	memset(value, 0, sizeof(*value));
	/* An interface has its devnode's id and container, and nothing else of it. */
	if ((pid == 256 && !memcmp(fmtid, set_instance, DEVICE_GUID_SIZE)) ||
	    (pid == 2 && !memcmp(fmtid, set_container, DEVICE_GUID_SIZE)))
		return devprop_of_device(list, interface->device, fmtid, pid, value);
	if (memcmp(fmtid, set_interface, DEVICE_GUID_SIZE))
		return -ENOENT;
	if (pid == 3)
		return devprop_set_boolean(value, interface->active);
	if (pid == 4)
		return devprop_set(value, DEVPROP_TYPE_GUID, interface->guid, DEVICE_GUID_SIZE);
	return -ENOENT;
}
