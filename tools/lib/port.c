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
	struct packet *packet;	/* to be freed without the lock, or NULL */
	bool taken;		/* false: the port was closed */
	OVERLAPPED_ENTRY entry;
};

static bool port_take_locked(struct port *port, struct port_result *result)
{
	struct packet *packet = port->first;

	if (!packet)
		return false;
	port->first = packet->next;
	if (!port->first)
		port->last = &port->first;
	result->taken = true;
	result->entry.lpCompletionKey = packet->key;
	result->entry.lpOverlapped = packet->overlapped;
	result->entry.Internal = packet->status;
	result->entry.dwNumberOfBytesTransferred = packet->bytes;
	result->packet = packet->release && packet->release(packet) ? NULL : packet;
	return true;
}

static void port_result_free(struct port_result *result)
{
	if (result->packet)
		result->packet->free(result->packet);
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
		port_take_locked((struct port *)object, result);
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

/* The handle first: a file can not leave its port again. */
static HANDLE port_create(HANDLE file, ULONG_PTR key)
{
	struct port *port = calloc(1, sizeof(*port));
	DWORD error = ERROR_SUCCESS;
	HANDLE handle;

	if (!port)
		return error_null(ERROR_NOT_ENOUGH_MEMORY);
	object_init(&port->object, &port_type);
	port->last = &port->first;
	object_ref(&port->object);
	handle = object_open(&port->object);
	if (handle && file != INVALID_HANDLE_VALUE)
		error = port_associate(port, file, key);
	object_put(&port->object);
	if (!error)
		return handle;
	CloseHandle(handle);
	return error_null(error);
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
		return error_null(ERROR_INVALID_PARAMETER);
	port = port_get(existing);
	if (!port)
		return NULL;
	error = port_associate(port, file, key);
	object_put(&port->object);
	return error ? error_null(error) : existing;
}

/* One packet; false and the reason. */
static bool port_wait(struct port *port, DWORD ms, struct port_result *result)
{
	DWORD waited = WAIT_OBJECT_0;

	result->packet = NULL;
	result->taken = false;
	wait_lock_acquire();
	if (port_take_locked(port, result))
		wait_lock_release();
	else
		waited = wait_for_object_locked(&port->object, ms, result);
	port_result_free(result);
	if (waited == WAIT_TIMEOUT)
		SetLastError(WAIT_TIMEOUT);
	else if (waited == WAIT_OBJECT_0 && !result->taken)
		SetLastError(ERROR_ABANDONED_WAIT_0);
	return result->taken;
}

BOOL WINAPI GetQueuedCompletionStatus(HANDLE handle, LPDWORD bytes, PULONG_PTR key,
				      LPOVERLAPPED *overlapped, DWORD ms)
{
	struct port_result result;
	struct port *port;

	if (!bytes || !key || !overlapped)
		return error_fail(ERROR_INVALID_PARAMETER);
	*overlapped = NULL;
	port = port_get(handle);
	if (!port)
		return FALSE;
	port_wait(port, ms, &result);
	object_put(&port->object);
	if (!result.taken)
		return FALSE;
	*bytes = result.entry.dwNumberOfBytesTransferred;
	*key = result.entry.lpCompletionKey;
	*overlapped = result.entry.lpOverlapped;
	if ((LONG)result.entry.Internal >= 0)
		return TRUE;
	return error_fail(error_from_status(result.entry.Internal));
}

/* What there is, without waiting; and what is to be freed. */
static ULONG port_take_more(struct port *port, OVERLAPPED_ENTRY *entries, ULONG count,
			    struct packet **left)
{
	struct port_result result;
	ULONG n = 0;

	wait_lock_acquire();
	for (; n < count && port_take_locked(port, &result); n++) {
		entries[n] = result.entry;
		if (!result.packet)
			continue;
		result.packet->next = *left;
		*left = result.packet;
	}
	wait_lock_release();
	return n;
}

BOOL WINAPI GetQueuedCompletionStatusEx(HANDLE handle, LPOVERLAPPED_ENTRY entries, ULONG count,
					PULONG removed, DWORD ms, BOOL alertable)
{
	struct packet *left = NULL, *packet;
	struct port_result result;
	struct port *port;

	(void)alertable;
	if (!entries || !count || !removed)
		return error_fail(ERROR_INVALID_PARAMETER);
	*removed = 0;
	port = port_get(handle);
	if (!port)
		return FALSE;
	if (port_wait(port, ms, &result)) {
		entries[0] = result.entry;
		*removed = 1;
		if (count > 1)
			*removed += port_take_more(port, entries + 1, count - 1, &left);
	}
	object_put(&port->object);
	while ((packet = left)) {
		left = packet->next;
		packet->free(packet);
	}
	return *removed ? TRUE : FALSE;
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
