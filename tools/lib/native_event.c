// SPDX-License-Identifier: MIT
/* The native face: events. A read gives several of them, and the rest is kept for later. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "native.h"

/* What any event with its data fits in. */
#define EVENTS_ROOM	(sizeof(struct winusb_event) + (WINUSB_MAX_EVENT_DATA + 7) / 8 * 8)

void native_events_free(struct native_file *file)
{
	free(file->events);
}

/* A later driver's may be longer. Under the lock. */
static int events_reserve(struct native_file *file, size_t room)
{
	char *events;

	if (room <= file->events_room)
		return 0;
	events = realloc(file->events, room);
	if (!events)
		return -ENOMEM;
	file->events = events;
	file->events_room = room;
	return 0;
}

int winusb_hear_posts(struct winusb *usb, bool hear)
{
	struct winusb_listen arg = { .size = sizeof(arg) };
	int result;

	if (hear)
		arg.flags = WINUSB_LISTEN_CUSTOM;
	result = native_enter(usb);
	if (result)
		return result;
	result = native_run(usb, WINUSB_IOC_LISTEN, &arg);
	if (!result) {
		pthread_mutex_lock(&usb->file->events_lock);
		result = events_reserve(usb->file, arg.out_length);
		pthread_mutex_unlock(&usb->file->events_lock);
	}
	native_leave(usb);
	return result;
}

/* How many bytes were read, 0 at the end. Under the lock. */
static ssize_t events_read(struct native_file *file)
{
	ssize_t length = events_reserve(file, EVENTS_ROOM);

	if (length)
		return length;
	do {
		length = read(file->fd, file->events, file->events_room);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	file->events_at = 0;
	file->events_end = length;
	return length;
}

static int events_take(struct native_file *file, struct winusb_event *event, void *data,
		       size_t size)
{
	size_t length;

	if (file->events_at == file->events_end) {
		ssize_t got = events_read(file);

		if (got <= 0)
			return got ? got : -ENODEV;
	}
	if (file->events_end - file->events_at < sizeof(*event)) {
		file->events_at = file->events_end;
		return -EIO;
	}
	memcpy(event, file->events + file->events_at, sizeof(*event));
	file->events_at += sizeof(*event);
	length = event->data_length;
	if (length > file->events_end - file->events_at)
		length = file->events_end - file->events_at;
	if (size && length)
		memcpy(data, file->events + file->events_at, length < size ? length : size);
	length = (length + 7) / 8 * 8;
	if (length > file->events_end - file->events_at)
		length = file->events_end - file->events_at;
	file->events_at += length;
	return 0;
}

int winusb_next_event(struct winusb *usb, struct winusb_event *event, void *data, size_t size,
		      int timeout)
{
	struct native_file *file;
	struct timespec deadline;
	int result;

	if (!event || (!data && size))
		return -EINVAL;
	result = native_enter(usb);
	if (result)
		return result;
	file = usb->file;
	deadline = native_deadline(timeout);
	for (;;) {
		pthread_mutex_lock(&file->events_lock);
		result = file->listener ? events_take(file, event, data, size) : -EBADF;
		pthread_mutex_unlock(&file->events_lock);
		if (result != -EAGAIN && !(result && atomic_load(&file->closed)))
			break;
		result = native_wait(usb, timeout, &deadline);
		if (result)
			break;
	}
	native_leave(usb);
	return result;
}

int winusb_post(struct winusb *usb, const uint8_t guid[16], const void *data, uint32_t length)
{
	struct winusb_post_event arg = { .data = (uintptr_t)data, .length = length };

	if (!guid)
		return -EINVAL;
	memcpy(arg.guid, guid, sizeof(arg.guid));
	return native_command(usb, POST_EVENT, &arg);
}
