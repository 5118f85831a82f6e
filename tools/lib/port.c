// SPDX-License-Identifier: MIT
/*
 * Completion ports. Who waits for a packet reads the records of the port's files himself: each
 * file's pump is a source of the port.
 */
#include <stdlib.h>

#include <windows.h>

#include "error.h"
#include "overlapped.h"

struct port {
	struct object object;
	/* under wait_lock */
	struct packet *first;
	struct packet **last;
	bool closed;
};

/* What a waiter is given. */
struct port_result {
	struct packet *packet;	/* NULL: the port was closed */
};

static struct packet *port_take_locked(struct port *port)
{
	struct packet *packet = port->first;

	if (!packet)
		return NULL;
	port->first = packet->next;
	if (!port->first)
		port->last = &port->first;
	return packet;
}

static bool port_is_signalled(const struct object *object, const struct waiter *who)
{
	const struct port *port = (const struct port *)object;

	(void)who;
	return port->first || port->closed;
}

static void port_consume(struct object *object, struct waiter *who)
{
	struct port_result *result = waiter_context(who);

	if (result)
		result->packet = port_take_locked((struct port *)object);
}

/* Who waits is told, and what nobody got is dropped: it would hold the port. */
static void port_closed(struct object *object)
{
	struct port *port = (struct port *)object;
	struct packet *packet, *next;

	wait_lock_acquire();
	packet = port->first;
	port->first = NULL;
	port->last = &port->first;
	port->closed = true;
	object_changed_locked(object);
	wait_lock_release();
	for (; packet; packet = next) {
		next = packet->next;
		packet->free(packet);
	}
}

static void port_destroy(struct object *object)
{
	free(object);
}

static const struct object_type port_type = {
	.kind = OBJECT_PORT,
	.waitable = false,
	.closed = port_closed,
	.destroy = port_destroy,
	.is_signalled = port_is_signalled,
	.consume = port_consume,
};

bool port_add_locked(struct port *port, struct packet *packet)
{
	if (port->closed)
		return false;
	packet->next = NULL;
	*port->last = packet;
	port->last = &packet->next;
	object_changed_locked(&port->object);
	return true;
}

static struct port *port_get(HANDLE handle)
{
	return (struct port *)object_get(handle, OBJECT_PORT);
}

void port_forget(struct file *file)
{
	struct port *port;

	wait_lock_acquire();
	wait_source_remove_locked(&file->in_port);
	port = file->port;
	file->port = NULL;
	wait_lock_release();
	if (port)
		object_put(&port->object);
}

/* The file gets a reference to the port. */
static DWORD port_associate(struct port *port, HANDLE handle, ULONG_PTR key)
{
	struct file *file = file_get(handle);
	DWORD error = ERROR_SUCCESS;

	if (!file)
		return ERROR_INVALID_HANDLE;
	wait_lock_acquire();
	if (!file->overlapped || file->port) {
		error = ERROR_INVALID_PARAMETER;
	} else if (atomic_load(&file->closing)) {
		error = ERROR_INVALID_HANDLE;
	} else {
		object_ref(&port->object);
		file->key = key;
		file->port = port;
		if (file->fd >= 0)
			wait_source_add_locked(&file->in_port, &port->object);
	}
	wait_lock_release();
	file_put(file);
	return error;
}

static HANDLE port_fail(DWORD error)
{
	SetLastError(error);
	return NULL;
}

static HANDLE port_create(HANDLE handle, ULONG_PTR key)
{
	struct port *port = calloc(1, sizeof(*port));
	DWORD error;

	if (!port)
		return port_fail(ERROR_NOT_ENOUGH_MEMORY);
	object_init(&port->object, &port_type);
	port->last = &port->first;
	if (handle != INVALID_HANDLE_VALUE) {
		error = port_associate(port, handle, key);
		if (error) {
			object_put(&port->object);
			return port_fail(error);
		}
	}
	return object_open(&port->object);
}

/* How many threads may run at once is not limited. */
HANDLE WINAPI CreateIoCompletionPort(HANDLE file, HANDLE existing, ULONG_PTR key, DWORD threads)
{
	struct port *port;
	DWORD error;

	(void)threads;
	if (!existing)
		return port_create(file, key);
	if (file == INVALID_HANDLE_VALUE)
		return port_fail(ERROR_INVALID_PARAMETER);
	port = port_get(existing);
	if (!port)
		return NULL;
	error = port_associate(port, file, key);
	object_put(&port->object);
	return error ? port_fail(error) : existing;
}

/* One packet, or NULL and the reason. */
static struct packet *port_wait(struct port *port, DWORD ms)
{
	struct port_result result = { NULL };
	DWORD waited = wait_for_object(&port->object, ms, &result);

	if (waited == WAIT_TIMEOUT)
		SetLastError(WAIT_TIMEOUT);
	else if (waited == WAIT_OBJECT_0 && !result.packet)
		SetLastError(ERROR_ABANDONED_WAIT_0);
	return result.packet;
}

BOOL WINAPI GetQueuedCompletionStatus(HANDLE handle, LPDWORD bytes, PULONG_PTR key,
				      LPOVERLAPPED *overlapped, DWORD ms)
{
	struct packet *packet;
	struct port *port;
	DWORD error;

	if (!bytes || !key || !overlapped)
		return error_fail(ERROR_INVALID_PARAMETER);
	*overlapped = NULL;
	port = port_get(handle);
	if (!port)
		return FALSE;
	packet = port_wait(port, ms);
	object_put(&port->object);
	if (!packet)
		return FALSE;
	*bytes = packet->bytes;
	*key = packet->key;
	*overlapped = packet->overlapped;
	error = (LONG)packet->status < 0 ? error_from_status(packet->status) : ERROR_SUCCESS;
	packet->free(packet);
	return error ? error_fail(error) : TRUE;
}

static ULONG port_take_more(struct port *port, struct packet **packets, ULONG count)
{
	ULONG n = 0;

	wait_lock_acquire();
	while (n < count && (packets[n] = port_take_locked(port)))
		n++;
	wait_lock_release();
	return n;
}

#define PORT_BATCH	64

static ULONG port_give(OVERLAPPED_ENTRY *entries, struct packet **packets, ULONG count)
{
	ULONG i;

	for (i = 0; i < count; i++) {
		entries[i].lpCompletionKey = packets[i]->key;
		entries[i].lpOverlapped = packets[i]->overlapped;
		entries[i].Internal = packets[i]->status;
		entries[i].dwNumberOfBytesTransferred = packets[i]->bytes;
		packets[i]->free(packets[i]);
	}
	return count;
}

BOOL WINAPI GetQueuedCompletionStatusEx(HANDLE handle, LPOVERLAPPED_ENTRY entries, ULONG count,
					PULONG removed, DWORD ms, BOOL alertable)
{
	struct packet *packets[PORT_BATCH];
	struct port *port;
	ULONG n = 0, more;

	(void)alertable;
	if (!entries || !count || !removed)
		return error_fail(ERROR_INVALID_PARAMETER);
	*removed = 0;
	port = port_get(handle);
	if (!port)
		return FALSE;
	packets[0] = port_wait(port, ms);
	if (packets[0])
		n = port_give(entries, packets, 1);
	while (n && n < count) {
		more = port_take_more(port, packets,
				      count - n < PORT_BATCH ? count - n : PORT_BATCH);
		if (!more)
			break;
		n += port_give(entries + n, packets, more);
	}
	object_put(&port->object);
	*removed = n;
	return n ? TRUE : FALSE;
}

static void port_free_posted(struct packet *packet)
{
	free(packet);
}

BOOL WINAPI PostQueuedCompletionStatus(HANDLE handle, DWORD bytes, ULONG_PTR key,
				       LPOVERLAPPED overlapped)
{
	struct port *port = port_get(handle);
	struct packet *packet;
	bool added;

	if (!port)
		return FALSE;
	packet = calloc(1, sizeof(*packet));
	if (!packet) {
		object_put(&port->object);
		return error_fail(ERROR_NOT_ENOUGH_MEMORY);
	}
	packet->overlapped = overlapped;
	packet->key = key;
	packet->bytes = bytes;
	packet->free = port_free_posted;
	wait_lock_acquire();
	added = port_add_locked(port, packet);
	wait_lock_release();
	object_put(&port->object);
	if (!added)
		free(packet);
	return added ? TRUE : error_fail(ERROR_INVALID_HANDLE);
}

BOOL WINAPI SetFileCompletionNotificationModes(HANDLE handle, UCHAR modes)
{
	struct file *file;

	if (modes & ~(FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE))
		return error_fail(ERROR_INVALID_PARAMETER);
	file = file_get(handle);
	if (!file)
		return FALSE;
	/* They can only be added. No request ends at once, so the first one changes nothing. */
	atomic_fetch_or(&file->modes, modes);
	file_put(file);
	return TRUE;
}
