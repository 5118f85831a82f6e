// SPDX-License-Identifier: MIT
/*
 * What a registration tells: the difference between what it knows and what is there, and what the
 * listener of its handle hears.
 */
#define WINUSB_W32_LIBC_STDIO
#include <errno.h>
#include <fcntl.h>
#include <linux/winusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "file.h"
#include "notify.h"
#include "wide.h"

#define TEXT_OFFSET(member)	offsetof(CM_NOTIFY_EVENT_DATA, u.member)

static bool is_wanted(const struct registration *registration, const struct known *known)
{
	if (known->is_devnode != (registration->type == CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE))
		return false;
	if (registration->all)
		return true;
	return known->is_devnode ? !strcasecmp(known->text, registration->id) :
	       !memcmp(known->guid, registration->guid, DEVICE_GUID_SIZE);
}

/* What happened is told, also if there is no memory for it now. */
static CM_NOTIFY_EVENT_DATA *data_new(size_t size)
{
	CM_NOTIFY_EVENT_DATA *data;

	for (;;) {
		data = calloc(1, size);
		if (data)
			return data;
		usleep(NOTIFY_PATIENCE);
	}
}

/* A path, or an instance id, with what goes before it. */
static void text_tell(struct registration *registration, CM_NOTIFY_ACTION action,
		      const struct known *known)
{
	size_t offset = known->is_devnode ? TEXT_OFFSET(DeviceInstance.InstanceId) :
			TEXT_OFFSET(DeviceInterface.SymbolicLink);
	size_t length = strlen(known->text) + 1;
	size_t size = offset + length * sizeof(WCHAR);
	CM_NOTIFY_EVENT_DATA *data;

	if (size < sizeof(*data))
		size = sizeof(*data);
	data = data_new(size);
	data->FilterType = registration->type;
	if (!known->is_devnode)
		memcpy(&data->u.DeviceInterface.ClassGuid, known->guid, DEVICE_GUID_SIZE);
	wide_from_utf8(known->text, length, (uint16_t *)((char *)data + offset), length, NULL);
	registration_tell(registration, action, data, size);
	free(data);
}

static void arrival_tell(struct registration *registration, const struct known *known)
{
	if (!known->is_devnode) {
		text_tell(registration, CM_NOTIFY_ACTION_DEVICEINTERFACEARRIVAL, known);
		return;
	}
	text_tell(registration, CM_NOTIFY_ACTION_DEVICEINSTANCEENUMERATED, known);
	text_tell(registration, CM_NOTIFY_ACTION_DEVICEINSTANCESTARTED, known);
}

static void removal_tell(struct registration *registration, const struct known *known)
{
	text_tell(registration, known->is_devnode ? CM_NOTIFY_ACTION_DEVICEINSTANCEREMOVED :
		  CM_NOTIFY_ACTION_DEVICEINTERFACEREMOVAL, known);
}

/* DATA of a handle's event; a GUID and data only with a custom one. */
static void handle_tell(struct registration *registration, CM_NOTIFY_ACTION action,
			const struct winusb_event *event, const uint8_t *bytes)
{
	size_t length = event ? event->data_length : 0;
	size_t size = TEXT_OFFSET(DeviceHandle.Data) + length;
	CM_NOTIFY_EVENT_DATA *data;

	if (size < sizeof(*data))
		size = sizeof(*data);
	data = data_new(size);
	data->FilterType = registration->type;
	data->u.DeviceHandle.NameOffset = -1;
	if (event) {
		memcpy(&data->u.DeviceHandle.EventGuid, event->guid, sizeof(event->guid));
		data->u.DeviceHandle.DataSize = length;
		memcpy((char *)data + TEXT_OFFSET(DeviceHandle.Data), bytes, length);
	}
	registration_tell(registration, action, data, size);
	free(data);
}

static void handle_tell_removed(struct registration *registration)
{
	if (registration->removed)
		return;
	registration->removed = true;
	handle_tell(registration, CM_NOTIFY_ACTION_DEVICEREMOVEPENDING, NULL, NULL);
	handle_tell(registration, CM_NOTIFY_ACTION_DEVICEREMOVECOMPLETE, NULL, NULL);
}

/* Everything that could be told; the caller frees it. */
static struct known *known_make(const struct device_list *list, const struct monitor *monitor,
				size_t *count)
{
	struct known *known = calloc(list->count + list->interface_count + 1, sizeof(*known));
	size_t made = 0;

	for (size_t i = 0; known && i < list->count; i++) {
		const struct device *device = list->devices[i];
		struct known *one = &known[made++];

		one->is_devnode = true;
		one->identity = device->identity;
		strcpy(one->text, device->id);
	}
	for (size_t i = 0; known && i < list->interface_count; i++) {
		const struct device_interface *interface = &list->interfaces[i];
		const struct device *device = interface->device;
		bool of_device = interface->identity == device->identity;
		struct known *one = &known[made];

		if (!interface->active ||
		    !monitor_is_ready(monitor, of_device ? "usb" : "winusb",
				      of_device ? device->name : device->node))
			continue;
		one->identity = interface->identity;
		memcpy(one->guid, interface->guid, DEVICE_GUID_SIZE);
		strcpy(one->text, interface->link);
		made++;
	}
	*count = made;
	return known;
}

/* The same thing, by whatever name: that of a device may change when another leaves. */
static struct known *known_find(struct known *known, size_t count, const struct known *one)
{
	for (size_t i = 0; i < count; i++)
		if (known[i].is_devnode == one->is_devnode && known[i].identity == one->identity &&
		    !memcmp(known[i].guid, one->guid, DEVICE_GUID_SIZE))
			return &known[i];
	return NULL;
}

static void known_drop_unwanted(const struct registration *registration, struct known *known,
				size_t *count)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++)
		if (is_wanted(registration, &known[i]))
			known[kept++] = known[i];
	*count = kept;
}

bool registration_begin(struct registration *registration, const struct device_list *list,
			const struct monitor *monitor)
{
	if (registration->type == CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE)
		return true;
	registration->known = known_make(list, monitor, &registration->known_count);
	if (!registration->known)
		return false;
	known_drop_unwanted(registration, registration->known, &registration->known_count);
	return true;
}

/* A file of a device that has no node hears of its end only. */
static void handle_compare(struct registration *registration, const struct device_list *list)
{
	if (registration->listener >= 0 || !registration->identity)
		return;
	for (size_t i = 0; i < list->count; i++)
		if (list->devices[i]->identity == registration->identity)
			return;
	handle_tell_removed(registration);
}

bool registration_compare(struct registration *registration, const struct device_list *list,
			  const struct monitor *monitor)
{
	struct known *now, *old = registration->known, *same;
	size_t count, old_count = registration->known_count;

	if (registration->type == CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE) {
		handle_compare(registration, list);
		return true;
	}
	now = known_make(list, monitor, &count);
	if (!now)
		return false;
	known_drop_unwanted(registration, now, &count);
	for (size_t i = 0; i < count; i++) {
		same = known_find(old, old_count, &now[i]);
		if (same) {
			same->seen = true;
			now[i].seen = true;
			strcpy(now[i].text, same->text);
		}
	}
	registration->known = now;
	registration->known_count = count;
	for (size_t i = 0; i < old_count; i++)
		if (!old[i].seen)
			removal_tell(registration, &old[i]);
	for (size_t i = 0; i < count; i++) {
		if (!now[i].seen)
			arrival_tell(registration, &now[i]);
		now[i].seen = false;
	}
	free(old);
	return true;
}

bool registration_listen(struct registration *registration)
{
	const struct winusb_event *event;
	ssize_t length;

	length = read(registration->listener, registration->buffer, registration->buffer_size);
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	for (ssize_t at = 0; at < length;
	     at += sizeof(*event) + (event->data_length + 7) / 8 * 8) {
		event = (const void *)(registration->buffer + at);
		if (event->type == WINUSB_EVENT_CUSTOM)
			handle_tell(registration, CM_NOTIFY_ACTION_DEVICECUSTOMEVENT, event,
				    registration->buffer + at + sizeof(*event));
		else if (event->type == WINUSB_EVENT_REMOVED)
			handle_tell_removed(registration);
	}
	if (length > 0)
		return true;
	handle_tell_removed(registration);
	return false;
}

/* A listener of our own: not by the node's name, which another device may have by now. */
static CONFIGRET listener_open(struct registration *registration, int fd)
{
	struct winusb_listen listen = { .size = sizeof(listen), .flags = WINUSB_LISTEN_CUSTOM };
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	registration->listener = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (registration->listener < 0)
		return errno == EACCES || errno == EPERM ? CR_ACCESS_DENIED :
		       errno == ENOMEM ? CR_OUT_OF_MEMORY : CR_DEVICE_NOT_THERE;
	if (ioctl(registration->listener, WINUSB_IOC_LISTEN, &listen))
		return CR_FAILURE;
	registration->buffer_size = listen.out_length;
	registration->buffer = malloc(registration->buffer_size);
	return registration->buffer ? CR_SUCCESS : CR_OUT_OF_MEMORY;
}

CONFIGRET registration_open_handle(struct registration *registration, HANDLE target)
{
	struct object *file = object_get(target, OBJECT_FILE);
	const struct device_interface *interface;
	CONFIGRET ret = CR_DEVICE_NOT_THERE;
	struct device_list *list;

	if (!file)
		return CR_INVALID_DATA;
	if (file_fd(file) >= 0) {
		ret = listener_open(registration, file_fd(file));
		object_put(file);
		return ret;
	}
	list = device_list_load();
	interface = list ? device_interface_find(list, file_path(file)) : NULL;
	if (interface) {
		registration->identity = interface->device->identity;
		ret = CR_SUCCESS;
	}
	if (!list)
		ret = CR_OUT_OF_MEMORY;
	device_list_put(list);
	object_put(file);
	return ret;
}
