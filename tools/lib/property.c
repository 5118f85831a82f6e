// SPDX-License-Identifier: MIT
/* SPDRP_ and CM_DRP_: what Windows keeps of a device in its registry, made of what sysfs says. */
#define WINUSB_W32_LIBC_STDIO
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>
#include <setupapi.h>

#include "property.h"
#include "wide.h"

#define CLASS_USB		"{36fc9e60-c465-11cf-8056-444553540000}"
#define CLASS_USBDEVICE		"{88bae032-5a81-49f0-bc3d-a4ff138216d6}"
#define BUS_TYPE_USB		"{9d7debbc-c85d-11d1-9eb4-006008c3a19a}"

#define CAPABILITY_REMOVABLE		0x04
#define CAPABILITY_UNIQUE_ID		0x10
#define CAPABILITY_SURPRISE_REMOVAL	0x80

#define INTERFACE_TYPE_PNP_BUS		15
#define REMOVAL_SURPRISE		3	/* CM_REMOVAL_POLICY_EXPECT_SURPRISE_REMOVAL */

int property_set(struct property *property, uint32_t type, const void *data, size_t size)
{
	property->type = type;
	property->size = size;
	property->data = malloc(size + !size);
	if (!property->data)
		return -ENOMEM;
	if (size)
		memcpy(property->data, data, size);
	return 0;
}

int property_set_number(struct property *property, uint32_t number)
{
	return property_set(property, REG_DWORD, &number, sizeof(number));
}

int property_set_text(struct property *property, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&property->data, format, arguments);
	va_end(arguments);
	if (length < 0) {
		property->data = NULL;
		return -ENOMEM;
	}
	property->type = REG_SZ;
	property->size = length + 1;
	return 0;
}

/* Behind the last text and before the zero that ends the list. */
int property_add_text(struct property *property, const char *format, ...)
{
	va_list arguments;
	char *text, *data;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return -ENOMEM;
	data = realloc(property->data, property->size + length + 2);
	if (!data) {
		free(text);
		return -ENOMEM;
	}
	property->data = data;
	property->size -= property->size ? 1 : 0;
	memcpy(data + property->size, text, length + 1);
	property->size += length + 1;
	data[property->size++] = 0;
	property->type = REG_MULTI_SZ;
	free(text);
	return 0;
}

void property_free(struct property *property)
{
	free(property->data);
	memset(property, 0, sizeof(*property));
}

bool property_is_text(const struct property *property)
{
	return property->type == REG_SZ || property->type == REG_MULTI_SZ ||
	       property->type == REG_EXPAND_SZ;
}

size_t property_copy(const struct property *property, bool wide, void *to, size_t room)
{
	if (wide && property_is_text(property))
		return 2 * wide_from_utf8(property->data, property->size, to, room / 2, NULL);
	if (room)
		memcpy(to, property->data, property->size < room ? property->size : room);
	return property->size;
}

const char *device_setup_class(const struct device *device)
{
	if (device->winusb)
		return CLASS_USBDEVICE;
	if (device->kind == DEVICE_WHOLE || device->kind == DEVICE_FUNCTION)
		return NULL;
	return CLASS_USB;
}

static bool is_hub(const struct device *device)
{
	return device->kind == DEVICE_HUB || device->kind == DEVICE_ROOT_HUB;
}

static int description_get(const struct device *device, struct property *property)
{
	if (device->winusb)
		return property_set_text(property, "WinUsb Device");
	switch (device->kind) {
	case DEVICE_ROOT_HUB:
		return property_set_text(property, "USB Root Hub");
	case DEVICE_HUB:
		return property_set_text(property, "Generic USB Hub");
	case DEVICE_COMPOSITE:
		return property_set_text(property, "USB Composite Device");
	case DEVICE_FUNCTION:
		if (*device->label)
			return property_set_text(property, "%s", device->label);
		break;
	default:
		break;
	}
	return property_set_text(property, "%s", *device->product ? device->product : "USB Device");
}

static int hardware_get(const struct device *device, struct property *property)
{
	char interface[16] = "", ids[32];
	int ret;

	if (device->kind == DEVICE_ROOT_HUB) {
		/* "USB\ROOT_HUB30\..." */
		snprintf(ids, sizeof(ids), "%.*s", (int)strcspn(device->id + 4, "\\"),
			 device->id + 4);
		ret = property_add_text(property, "USB\\%s&VID%04X&PID%04X&REV%04X", ids,
					device->vid, device->pid, device->revision);
		ret = ret ?: property_add_text(property, "USB\\%s&VID%04X&PID%04X",
					       ids, device->vid, device->pid);
		return ret ?: property_add_text(property, "USB\\%s", ids);
	}
	if (device->kind == DEVICE_FUNCTION)
		snprintf(interface, sizeof(interface), "&MI_%02X", device->interface);
	ret = property_add_text(property, "USB\\VID_%04X&PID_%04X&REV_%04X%s", device->vid,
				device->pid, device->revision, interface);
	return ret ?: property_add_text(property, "USB\\VID_%04X&PID_%04X%s",
					device->vid, device->pid, interface);
}

static int compatible_get(const struct device *device, struct property *property)
{
	const char *prefix = device->kind == DEVICE_COMPOSITE ? "Dev" : "";
	const unsigned int *class = device->class;
	int ret = 0;

	if (device->kind == DEVICE_ROOT_HUB)
		return -ENOENT;
	if (*device->compatible && *device->subcompatible)
		ret = property_add_text(property, "USB\\MS_COMP_%s&MS_SUBCOMP_%s",
					device->compatible, device->subcompatible);
	if (*device->compatible)
		ret = ret ?: property_add_text(property, "USB\\MS_COMP_%s", device->compatible);
	ret = ret ?: property_add_text(property, "USB\\%sClass_%02X&SubClass_%02X&Prot_%02X",
				       prefix, class[0], class[1], class[2]);
	ret = ret ?: property_add_text(property, "USB\\%sClass_%02X&SubClass_%02X",
				       prefix, class[0], class[1]);
	ret = ret ?: property_add_text(property, "USB\\%sClass_%02X", prefix, class[0]);
	if (device->kind == DEVICE_COMPOSITE)
		ret = ret ?: property_add_text(property, "USB\\COMPOSITE");
	return ret;
}

static int service_get(const struct device *device, struct property *property)
{
	if (device->winusb)
		return property_set_text(property, "WinUSB");
	if (is_hub(device))
		return property_set_text(property, "usbhub");
	if (device->kind == DEVICE_COMPOSITE)
		return property_set_text(property, "usbccgp");
	return *device->driver ? property_set_text(property, "%s", device->driver) : -ENOENT;
}

/* The setup class, and which of its devices this is. */
static int driver_get(const struct device_list *list, const struct device *device,
		      struct property *property)
{
	const char *class = device_setup_class(device);
	unsigned int number = 0;

	if (!class)
		return -ENOENT;
	for (size_t i = 0; list->devices[i] != device; i++) {
		const char *other = device_setup_class(list->devices[i]);

		number += other && !strcmp(other, class);
	}
	return property_set_text(property, "%s\\%04u", class, number);
}

static int friendly_get(const struct device *device, struct property *property)
{
	const char *name = *device->label ? device->label : device->product;

	return device->winusb && *name ? property_set_text(property, "%s", name) : -ENOENT;
}

static unsigned int hub_number(const struct device_list *list, const struct device *hub)
{
	unsigned int number = 0;

	for (size_t i = 0; i < list->count; i++) {
		number += is_hub(list->devices[i]);
		if (list->devices[i] == hub)
			break;
	}
	return number;
}

static int pdo_name_get(const struct device *device, struct property *property)
{
	unsigned int number = 128 * device->bus + device->address;

	if (device->kind == DEVICE_FUNCTION)
		return property_set_text(property, "\\Device\\USBPDO-%u-%u", number,
					 device->interface);
	return property_set_text(property, "\\Device\\USBPDO-%u", number);
}

/* "Port_#0002.Hub_#0003"; of a function the ports to its device, as on Windows. */
static int location_get(const struct device_list *list, const struct device *device,
			struct property *property)
{
	char text[80];
	const char *at = device->ports;
	size_t length;

	if (device->kind == DEVICE_ROOT_HUB)
		return -ENOENT;
	if (device->kind != DEVICE_FUNCTION)
		return property_set_text(property, "Port_#%04u.Hub_#%04u", device->port,
					 hub_number(list, device->parent));
	length = snprintf(text, sizeof(text), "%04x.0000.0000", device->bus);
	for (int i = 0; i < 6; i++) {
		unsigned int port = *at ? strtoul(at, (char **)&at, 10) : 0;

		at += *at == '.';
		length += snprintf(text + length, sizeof(text) - length, ".%03u", port % 1000);
	}
	return property_set_text(property, "%s", text);
}

static int location_paths_get(const struct device *device, struct property *property)
{
	char text[160];
	const char *at = device->kind == DEVICE_ROOT_HUB ? "" : device->ports;
	size_t length = snprintf(text, sizeof(text), "USBROOT(%u)", device->bus);

	while (*at && length < sizeof(text) - 40) {
		unsigned int port = strtoul(at, (char **)&at, 10);

		at += *at == '.';
		length += snprintf(text + length, sizeof(text) - length, "#USB(%u)", port);
	}
	if (device->kind == DEVICE_FUNCTION)
		snprintf(text + length, sizeof(text) - length, "#USBMI(%u)", device->interface);
	return property_add_text(property, "%s", text);
}

/* The same for all of a device's functions; of one that can't be told from others, by its place. */
static int container_get(const struct device *device, struct property *property)
{
	const char *id = device->parent && device->kind == DEVICE_FUNCTION ? device->parent->id :
			 device->id;
	uint64_t hash[2] = { 0xcbf29ce484222325u, 0x84222325cbf29ce4u };
	char text[DEVICE_GUID_TEXT];

	for (; *id; id++)
		for (int i = 0; i < 2; i++)
			hash[i] = (hash[i] ^ (unsigned char)*id) *
				  (i ? 0x100000001b5u : 0x100000001b3u);
	/* A name-based GUID's version and variant. */
	((uint8_t *)hash)[7] = (((uint8_t *)hash)[7] & 0x0f) | 0x50;
	((uint8_t *)hash)[8] = (((uint8_t *)hash)[8] & 0x3f) | 0x80;
	guid_to_text((const uint8_t *)hash, text);
	return property_set_text(property, "%s", text);
}

static int bus_type_get(struct property *property)
{
	uint8_t guid[DEVICE_GUID_SIZE];

	guid_from_text(BUS_TYPE_USB, strlen(BUS_TYPE_USB), guid);
	return property_set(property, REG_BINARY, guid, sizeof(guid));
}

static uint32_t capabilities(const struct device *device)
{
	if (device->kind == DEVICE_ROOT_HUB)
		return 0;
	return CAPABILITY_SURPRISE_REMOVAL |
	       (device->kind == DEVICE_FUNCTION ? 0 : CAPABILITY_REMOVABLE) |
	       (device->has_serial_id ? CAPABILITY_UNIQUE_ID : 0);
}

int property_get(const struct device_list *list, const struct device *device, unsigned int code,
		 struct property *property)
{
	const char *class = device_setup_class(device);

	memset(property, 0, sizeof(*property));
	switch (code) {
	case SPDRP_DEVICEDESC:
		return description_get(device, property);
	case SPDRP_HARDWAREID:
		return hardware_get(device, property);
	case SPDRP_COMPATIBLEIDS:
		return compatible_get(device, property);
	case SPDRP_SERVICE:
		return service_get(device, property);
	case SPDRP_CLASS:
		if (!class)
			return -ENOENT;
		return property_set_text(property, "%s",
					 strcmp(class, CLASS_USB) ? "USBDevice" : "USB");
	case SPDRP_CLASSGUID:
		return class ? property_set_text(property, "%s", class) : -ENOENT;
	case SPDRP_DRIVER:
		return driver_get(list, device, property);
	case SPDRP_CONFIGFLAGS:
		return property_set_number(property, 0);
	case SPDRP_MFG:
		return *device->manufacturer ?
			       property_set_text(property, "%s", device->manufacturer) :
			       -ENOENT;
	case SPDRP_FRIENDLYNAME:
		return friendly_get(device, property);
	case SPDRP_LOCATION_INFORMATION:
		return location_get(list, device, property);
	case SPDRP_PHYSICAL_DEVICE_OBJECT_NAME:
		return pdo_name_get(device, property);
	case SPDRP_CAPABILITIES:
		return property_set_number(property, capabilities(device));
	case SPDRP_BUSTYPEGUID:
		return bus_type_get(property);
	case SPDRP_LEGACYBUSTYPE:
		return property_set_number(property, INTERFACE_TYPE_PNP_BUS);
	case SPDRP_BUSNUMBER:
		return property_set_number(property, device->bus);
	case SPDRP_ENUMERATOR_NAME:
		return property_set_text(property, "USB");
	case SPDRP_ADDRESS:
		return property_set_number(property, device->kind == DEVICE_FUNCTION ?
						     device->interface : device->port);
	case SPDRP_REMOVAL_POLICY:
	case SPDRP_REMOVAL_POLICY_HW_DEFAULT:
		return property_set_number(property, REMOVAL_SURPRISE);
	case SPDRP_INSTALL_STATE:
		return property_set_number(property, 0);
	case SPDRP_LOCATION_PATHS:
		return location_paths_get(device, property);
	case SPDRP_BASE_CONTAINERID:
		return container_get(device, property);
	default:
		return code < SPDRP_MAXIMUM_PROPERTY ? -ENOENT : -EINVAL;
	}
}
