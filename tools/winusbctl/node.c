// SPDX-License-Identifier: MIT
/*
 * The USB interfaces of this machine as sysfs shows them, and the names a person may give them.
 * libudev is asked only for what sysfs itself knows, so it works without udevd too. Which of them
 * are nodes of winusb, and of which function, is libwinusb's to say.
 */

#include <ctype.h>
#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "winusbctl.h"

static void text_copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

/* A descriptor string may hold anything; a terminal must not obey it. */
static void text_copy_printable(char *to, size_t size, const char *from)
{
	text_copy(to, size, from);
	for (; *to; to++)
		if ((unsigned char)*to < ' ' || *to == 0x7f)
			*to = '?';
}

static unsigned int attribute_number(struct udev_device *device, const char *name, int base)
{
	const char *value = udev_device_get_sysattr_value(device, name);

	return value ? strtoul(value, NULL, base) : 0;
}

static void node_fill(struct node *node, struct udev_device *interface,
		      struct udev_device *device)
{
	*node = (struct node) { .path = "", .function = "" };
	text_copy(node->name, sizeof(node->name), udev_device_get_sysname(interface));
	text_copy(node->device, sizeof(node->device), udev_device_get_sysname(device));
	text_copy(node->driver, sizeof(node->driver), udev_device_get_driver(interface));
	text_copy(node->vid, sizeof(node->vid), udev_device_get_sysattr_value(device, "idVendor"));
	text_copy(node->pid, sizeof(node->pid), udev_device_get_sysattr_value(device, "idProduct"));
	text_copy(node->speed, sizeof(node->speed), udev_device_get_sysattr_value(device, "speed"));
	text_copy_printable(node->manufacturer, sizeof(node->manufacturer),
			    udev_device_get_sysattr_value(device, "manufacturer"));
	text_copy_printable(node->product, sizeof(node->product),
			    udev_device_get_sysattr_value(device, "product"));
	text_copy_printable(node->serial, sizeof(node->serial),
			    udev_device_get_sysattr_value(device, "serial"));
	text_copy_printable(node->label, sizeof(node->label),
			    udev_device_get_sysattr_value(interface, "interface"));
	node->number = attribute_number(interface, "bInterfaceNumber", 16);
	node->first = node->number;
	if (udev_device_get_sysattr_value(interface, "iad_bFirstInterface"))
		node->first = attribute_number(interface, "iad_bFirstInterface", 16);
	node->class[0] = attribute_number(interface, "bInterfaceClass", 16);
	node->class[1] = attribute_number(interface, "bInterfaceSubClass", 16);
	node->class[2] = attribute_number(interface, "bInterfaceProtocol", 16);
	node->device_class[0] = attribute_number(device, "bDeviceClass", 16);
	node->device_class[1] = attribute_number(device, "bDeviceSubClass", 16);
	node->device_class[2] = attribute_number(device, "bDeviceProtocol", 16);
	node->bus = attribute_number(device, "busnum", 10);
	node->address = attribute_number(device, "devnum", 10);
}

static int node_compare(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return strverscmp(x->name, y->name);
}

static int node_compare_name(const void *name, const void *node)
{
	return strverscmp(name, ((const struct node *)node)->name);
}

/* Finds the nodes of winusb among the interfaces. */
static int nodes_join(struct nodes *nodes)
{
	const struct winusb_device *device = NULL;
	int result = winusb_device_list(&nodes->ours);
	struct node *node;

	if (result < 0)
		return error_say(-result, "list of nodes");
	while ((device = winusb_device_next(nodes->ours, device))) {
		node = nodes->count ? bsearch(device->name, nodes->list, nodes->count,
					      sizeof(*nodes->list), node_compare_name) : NULL;
		/* It may have come since. */
		if (!node)
			continue;
		node->winusb = device;
		node->path = device->node;
		node->function = device->function;
		node->bound = true;
	}
	return CTL_OK;
}

int nodes_load(struct nodes *nodes)
{
	struct udev_enumerate *enumerate = NULL;
	struct udev_list_entry *entry;
	struct udev *udev;
	int ret;

	*nodes = (struct nodes) { 0 };

	udev = udev_new();
	if (udev)
		enumerate = udev_enumerate_new(udev);
	if (!enumerate) {
		udev_unref(udev);
		return error_say(ENOMEM, "list of USB devices");
	}

	ret = udev_enumerate_add_match_subsystem(enumerate, "usb");
	if (ret >= 0)
		ret = udev_enumerate_scan_devices(enumerate);
	if (ret < 0) {
		udev_enumerate_unref(enumerate);
		udev_unref(udev);
		return error_say(-ret, "list of USB devices");
	}

	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(enumerate)) {
		struct udev_device *interface, *device;
		const char *type;

		interface = udev_device_new_from_syspath(udev, udev_list_entry_get_name(entry));
		/* It may have left since the directory was read. */
		if (!interface)
			continue;
		type = udev_device_get_devtype(interface);
		device = udev_device_get_parent(interface);
		if (type && !strcmp(type, "usb_interface") && device) {
			nodes->list = xrealloc(nodes->list, (nodes->count + 1) * sizeof(*nodes->list));
			node_fill(&nodes->list[nodes->count++], interface, device);
		}
		udev_device_unref(interface);
	}

	udev_enumerate_unref(enumerate);
	udev_unref(udev);
	if (nodes->count)
		qsort(nodes->list, nodes->count, sizeof(*nodes->list), node_compare);
	ret = nodes_join(nodes);
	if (ret)
		nodes_free(nodes);
	return ret;
}

void nodes_free(struct nodes *nodes)
{
	free(nodes->list);
	winusb_device_list_free(nodes->ours);
	*nodes = (struct nodes) { 0 };
}

bool node_is_default(const struct node *node)
{
	return node->bound && !strcmp(node->name, node->function);
}

bool device_has_guid(const struct winusb_device *device, const char *guid)
{
	for (const char *const *own = device->guids; *own; own++)
		if (!strcmp(*own, guid))
			return true;
	return false;
}

bool device_is_found_by(const struct winusb_device *device, const char *guid)
{
	return device->is_default && device->complete && device->enabled &&
	       device_has_guid(device, guid);
}

const char *node_speed_text(const struct node *node)
{
	static const struct {
		const char *rate, *text;
	} speeds[] = {
		{ "1.5", "low" }, { "12", "full" }, { "480", "high" }, { "5000", "super" },
		{ "10000", "super+" }, { "20000", "super+ x2" },
	};

	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (!strcmp(node->speed, speeds[i].rate))
			return speeds[i].text;
	return node->speed;
}

bool usb_id_parse(const char *text, struct usb_id *id)
{
	unsigned int digits[2] = { 0 }, value[2];
	unsigned long interface;

	for (int i = 0; i < 2; i++) {
		value[i] = 0;
		for (; isxdigit((unsigned char)*text); text++, digits[i]++) {
			char digit[2] = { *text, 0 };

			value[i] = value[i] << 4 | (unsigned int)strtoul(digit, NULL, 16);
		}
		if (digits[i] != 4)
			return false;
		if (!i && *text++ != ':')
			return false;
	}

	id->vid = value[0];
	id->pid = value[1];
	id->interface = -1;
	if (!*text)
		return true;
	if (*text != ':' || !number_parse(text + 1, 255, &interface))
		return false;
	id->interface = interface;
	return true;
}

bool node_matches(const struct node *node, const char *text)
{
	struct usb_id id;

	if (!strncmp(text, CTL_NODE_DIR "/", strlen(CTL_NODE_DIR "/")))
		return !strcmp(node->name, text + strlen(CTL_NODE_DIR "/"));
	if (!strcmp(node->name, text))
		return true;
	/* The other forms mean a function, so its default interface. */
	if (usb_id_parse(text, &id)) {
		if (strtoul(node->vid, NULL, 16) != id.vid || strtoul(node->pid, NULL, 16) != id.pid)
			return false;
		return id.interface < 0 ? node_is_default(node) :
			(int)node->number == id.interface;
	}
	return node_is_default(node) && !strcmp(node->device, text);
}

const struct node *node_resolve_device(const struct nodes *nodes, const char *text, int *code)
{
	const struct node *found = NULL;

	for (size_t i = 0; i < nodes->count; i++) {
		const struct node *node = &nodes->list[i];

		if (!node->bound || (!node_matches(node, text) && strcmp(node->device, text)))
			continue;
		if (found && strcmp(found->device, node->device))
			return node_resolve(nodes, text, code);
		found = node;
	}
	return found ? found : node_resolve(nodes, text, code);
}

const struct node *node_resolve(const struct nodes *nodes, const char *text, int *code)
{
	const struct node *found = NULL, *foreign = NULL;
	unsigned int matches = 0;
	struct usb_id id;

	for (size_t i = 0; i < nodes->count; i++) {
		const struct node *node = &nodes->list[i];

		if (node->bound && node_matches(node, text)) {
			found = node;
			matches++;
		}
		if (!node->bound && (!strcmp(node->name, text) || !strcmp(node->device, text) ||
				     (usb_id_parse(text, &id) &&
				      strtoul(node->vid, NULL, 16) == id.vid &&
				      strtoul(node->pid, NULL, 16) == id.pid)))
			foreign = node;
	}

	if (matches == 1) {
		*code = CTL_OK;
		return found;
	}

	*code = CTL_ABSENT;
	if (matches) {
		fprintf(stderr, "winusbctl: '%s' fits %u nodes; name one of them:\n", text, matches);
		for (size_t i = 0; i < nodes->count; i++)
			if (nodes->list[i].bound && node_matches(&nodes->list[i], text))
				fprintf(stderr, "  %s\n", nodes->list[i].name);
		*code = CTL_USAGE;
	} else if (access(CTL_DRIVER_DIR, F_OK)) {
		fprintf(stderr, "winusbctl: %s: the winusb module is not loaded\n", text);
		hint_say("load it: modprobe winusb, or insmod winusb.ko");
	} else if (foreign) {
		fprintf(stderr, "winusbctl: %s is there, but %s%s has it\n", text,
			*foreign->driver ? "the driver " : "no driver",
			foreign->driver);
		hint_say("give it to winusb: winusbctl bind %s:%s", foreign->vid, foreign->pid);
	} else {
		fprintf(stderr, "winusbctl: %s: no such node\n", text);
		hint_say("'winusbctl list' shows the nodes, 'winusbctl list --all' every USB interface");
	}
	return NULL;
}
