// SPDX-License-Identifier: MIT
/*
 * winusbctl watch --guid: functions that an interface GUID finds, as they come and go. The order is
 * what matters: first listen, then look who is there, then hear. What comes in between is seen twice
 * and told once; nothing is missed. When the kernel had more to say than the socket holds, look again.
 */

#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <string.h>

#include "function.h"
#include "watch.h"

/* Room for the events of some thousand devices that come at once. */
#define SOCKET_BYTES	(8 * 1024 * 1024)

struct arrivals {
	const struct watch_options *options;
	char (*names)[64];	/* those that are there */
	size_t count;
	unsigned long lines;
	unsigned long long looked;	/* the kernel's number of the last event before looking */
};

static size_t arrival_find(const struct arrivals *arrivals, const char *name)
{
	size_t i = 0;

	while (i < arrivals->count && strcmp(arrivals->names[i], name))
		i++;
	return i;
}

static bool is_enough(const struct arrivals *arrivals)
{
	return arrivals->options->count && arrivals->lines >= arrivals->options->count;
}

static void arrival_print(struct arrivals *arrivals, const char *event, const char *name)
{
	char path[80];

	arrivals->lines++;
	snprintf(path, sizeof(path), CTL_NODE_DIR "/%.60s", name);
	if (ctl_json) {
		json_print(json_pack("{s:s, s:s, s:s, s:s}", "event", event, "name", name, "path", path,
				     "guid", arrivals->options->guid), false);
		return;
	}
	watch_time_print();
	printf("%-7s  %s\n", event, path);
}

/* It is there, or it is not: what was not known is told. */
static void arrival_note(struct arrivals *arrivals, const char *name, bool there,
			 const char *event)
{
	size_t i = arrival_find(arrivals, name);

	if (is_enough(arrivals) || there == (i < arrivals->count) ||
	    strlen(name) >= sizeof(arrivals->names[0]))
		return;
	if (there) {
		arrivals->names = xrealloc(arrivals->names,
					   (arrivals->count + 1) * sizeof(*arrivals->names));
		strcpy(arrivals->names[arrivals->count++], name);
	} else {
		memcpy(arrivals->names[i], arrivals->names[--arrivals->count],
		       sizeof(arrivals->names[i]));
	}
	arrival_print(arrivals, event, name);
}

static unsigned long long event_number(void)
{
	FILE *file = fopen("/sys/kernel/uevent_seqnum", "re");
	unsigned long long number = 0;

	if (file) {
		if (fscanf(file, "%llu", &number) != 1)
			number = 0;
		fclose(file);
	}
	return number;
}

/* Until udev's rules are done with a node, it is not there for who waits for udev. */
static bool is_ready(const struct watch_options *options, const char *name)
{
	struct udev_device *device = NULL;
	struct udev *udev;
	bool ready;

	if (strcmp(options->source, "udev"))
		return true;
	udev = udev_new();
	if (udev)
		device = udev_device_new_from_subsystem_sysname(udev, "winusb", name);
	ready = device && udev_device_get_is_initialized(device);
	udev_device_unref(device);
	udev_unref(udev);
	return ready;
}

static bool found_in(const struct winusb_list *list, const char *name, const char *guid)
{
	const struct winusb_device *device = NULL;

	while ((device = winusb_device_next(list, device)))
		if (!strcmp(device->name, name))
			return device_is_found_by(device, guid);
	return false;
}

/* Looks who is there. EVENT is what it is called to be there and not known. */
static int arrivals_look(struct arrivals *arrivals, const char *event)
{
	const struct winusb_device *device = NULL;
	struct winusb_list *list;
	int result;

	arrivals->looked = event_number();
	result = winusb_device_list(&list);
	if (result < 0)
		return error_say(-result, "list of nodes");
	for (size_t i = arrivals->count; i--;)
		if (!found_in(list, arrivals->names[i], arrivals->options->guid)) {
			char name[64];

			strcpy(name, arrivals->names[i]);
			arrival_note(arrivals, name, false, "remove");
		}
	while ((device = winusb_device_next(list, device)))
		if (device_is_found_by(device, arrivals->options->guid) &&
		    is_ready(arrivals->options, device->name))
			arrival_note(arrivals, device->name, true, event);
	winusb_device_list_free(list);
	return CTL_OK;
}

static bool event_has_guid(struct udev_device *device, const char *guid)
{
	for (int i = 0; i < 8; i++) {
		const char *value;
		char name[24];

		snprintf(name, sizeof(name), "WINUSB_GUID_%d", i);
		value = udev_device_get_property_value(device, name);
		if (value && !strcmp(value, guid))
			return true;
	}
	return false;
}

/* An event says how it was then: "change" too, when a function gets complete, or loses a GUID. */
static void event_note(struct arrivals *arrivals, struct udev_device *device)
{
	const char *action = udev_device_get_action(device);
	const char *name = udev_device_get_sysname(device);
	bool there = strcmp(action, "remove") &&
		     event_has_guid(device, arrivals->options->guid);

	/* What was seen by looking is newer than what the event says. A removal is told, then done. */
	if (strcmp(action, "remove") && udev_device_get_seqnum(device) <= arrivals->looked &&
	    arrival_find(arrivals, name) < arrivals->count)
		return;
	arrival_note(arrivals, name, there, there ? "add" : "remove");
}

int arrivals_watch(const struct watch_options *options, struct udev_monitor *monitor)
{
	struct arrivals arrivals = { .options = options };
	int code;

	/* Only root gets all of it; the rest is in looking again. */
	udev_monitor_set_receive_buffer_size(monitor, SOCKET_BYTES);
	if (udev_monitor_enable_receiving(monitor) < 0)
		return error_say(errno, "monitor of the kernel's device events");
	code = arrivals_look(&arrivals, "present");
	watch_begin(options, options->guid);

	while (!code && !is_enough(&arrivals)) {
		struct udev_device *device;

		if (watch_wait(options, udev_monitor_get_fd(monitor), &code))
			break;
		errno = 0;
		device = udev_monitor_receive_device(monitor);
		if (device) {
			event_note(&arrivals, device);
			udev_device_unref(device);
		} else if (errno == ENOBUFS) {
			code = arrivals_look(&arrivals, "add");
		}
	}
	free(arrivals.names);
	return code;
}
