// SPDX-License-Identifier: MIT
/* Requests that are not under way: new ones, and those that a file keeps for the next time. */
#include <stdlib.h>

#include <windows.h>

#include "overlapped.h"

void request_free(struct request *request)
{
	object_put(request->event);
	free(request);
}

void overlapped_free_spare(struct file *file)
{
	struct request *request;

	while ((request = file->spare)) {
		file->spare = request->next;
		request_free(request);
	}
}

static void request_destroy(struct object *object)
{
	struct request *request = (struct request *)object;
	struct file *file = request->file;
	bool kept;

	wait_lock_acquire();
	kept = request_keep_locked(request);
	wait_lock_release();
	if (!kept)
		request_free(request);
	file_put(file);
}

static const struct object_type request_type = {
	.kind = OBJECT_REQUEST,
	.waitable = true,
	.destroy = request_destroy,
};

static void request_free_packet(struct packet *packet)
{
	object_put(&list_entry(packet, struct request, packet)->object);
}

/* If nobody else has it, and if the file can do with a reference less. */
static bool request_release_packet(struct packet *packet)
{
	struct request *request = list_entry(packet, struct request, packet);
	struct file *file = request->file;

	if (atomic_load(&request->object.references) != 1 || file->spare_count == SPARE_MOST ||
	    !object_put_unless_last(&file->object))
		return false;
	return request_keep_locked(request);
}

/* The event that is to be set, with a reference, in *EVENT. False: it is none. */
static bool request_get_event(const OVERLAPPED *overlapped, struct object **event)
{
	*event = NULL;
	if ((ULONG_PTR)overlapped->hEvent <= NO_PACKET)
		return true;
	*event = object_get(overlapped->hEvent, OBJECT_EVENT);
	return *event;
}

static struct request *request_create(struct file *file)
{
	struct request *request = malloc(sizeof(*request));

	if (!request)
		return NULL;
	object_init(&request->object, &request_type);
	request->file = file;
	request->event = NULL;
	request->packet.free = request_free_packet;
	request->packet.release = request_release_packet;
	wait_source_init(&request->signals, &file->pump);
	wait_source_init(&request->signals_self, &file->pump);
	return request;
}

struct request *request_prepare(struct file *file, const OVERLAPPED *overlapped)
{
	struct object *event, *old;
	struct request *request;

	if (!request_get_event(overlapped, &event))
		return NULL;
	wait_lock_acquire();
	request = request_take_locked(file);
	wait_lock_release();
	if (!request)
		request = request_create(file);
	if (!request) {
		object_put(event);
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	old = request->event;
	request->event = event;
	request->handle = overlapped->hEvent;
	object_put(old);
	return request;
}
