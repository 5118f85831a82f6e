// SPDX-License-Identifier: MIT
/* Overlapped requests: see overlapped.h. The cookie of a request is its address. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>

#include <windows.h>

#include "core.h"
#include "error.h"
#include "overlapped.h"
#include "thread.h"

#define OVERLAPPED_PENDING	0x103
#define OVERLAPPED_BUCKETS	256
#define OVERLAPPED_BATCH	16
#define NO_PACKET		1	/* the lowest bit of hEvent: nothing for the port */

/* Those that are pending, by OVERLAPPED. Under wait_lock. */
static struct request *overlapped_table[OVERLAPPED_BUCKETS];

/* Its address tells threads apart. */
static _Thread_local char overlapped_thread;

/* The file keeps one for the next time. */
static void request_destroy(struct object *object)
{
	struct request *request = (struct request *)object, *none = NULL;
	struct file *file = request->file;

	if (request->event)
		object_put(request->event);
	if (!atomic_compare_exchange_strong(&file->spare, &none, request))
		free(request);
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

static struct request **overlapped_bucket(const OVERLAPPED *overlapped)
{
	uintptr_t address = (uintptr_t)overlapped;

	return &overlapped_table[(address >> 4 ^ address >> 12) % OVERLAPPED_BUCKETS];
}

static struct request *overlapped_find_locked(const OVERLAPPED *overlapped)
{
	struct request *request = *overlapped_bucket(overlapped);

	while (request && request->packet.overlapped != overlapped)
		request = request->next;
	return request;
}

static void overlapped_unlink_locked(struct request *request)
{
	struct request **at = overlapped_bucket(request->packet.overlapped);

	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	wait_source_remove_locked(&request->signals);
	wait_source_remove_locked(&request->signals_self);
}

/* The file is signalled by requests that have no event, unless the program does not want that. */
static struct object *request_signals(struct request *request)
{
	if (request->event)
		return request->event;
	if (atomic_load(&request->file->modes) & FILE_SKIP_SET_EVENT_ON_HANDLE)
		return NULL;
	return &request->file->object;
}

/*
 * A thread that waits for a request, when no other waits for the file: it just polls the
 * descriptor. Whoever reads the record ends the wait.
 */
struct direct {
	struct request *request;	/* NULL: done */
	const void *thread;
	int eventfd;			/* the thread's */
	atomic_uint done;		/* DIRECT_ */
};

enum { DIRECT_WAITS, DIRECT_DONE, DIRECT_DONE_BY_OTHER };

static void direct_end_locked(struct request *request)
{
	struct direct *direct = request->file->direct;
	struct object *event = request->event;

	if (!direct || direct->request != request)
		return;
	direct->request = NULL;
	/* It has waited for the event, too: an automatic one has let it through. */
	if (event && event->signalled && event->type->consume)
		event->type->consume(event, NULL);
	object_ref(&request->object);	/* the waiter's */
	if (direct->thread == &overlapped_thread) {
		request->file->direct = NULL;
		atomic_store(&direct->done, DIRECT_DONE);
		return;
	}
	/* It is there until it has had the lock. */
	atomic_store(&direct->done, DIRECT_DONE_BY_OTHER);
	eventfd_write(direct->eventfd, 1);
}

/*
 * Once Internal is written, the program may do with OVERLAPPED what it likes. Under the lock,
 * so that a new request with the same event resets it after this one has set it.
 */
static void request_end_locked(struct request *request, int error, uint32_t bytes)
{
	OVERLAPPED *overlapped = request->packet.overlapped;
	struct object *signals = request_signals(request);
	struct file *file = request->file;

	overlapped_unlink_locked(request);
	request->packet.bytes = bytes;
	request->packet.status = (ULONG_PTR)error_status(error_win32(error, ERROR_AT_TRANSFER));
	overlapped->InternalHigh = bytes;
	__atomic_store_n(&overlapped->Internal, request->packet.status, __ATOMIC_RELEASE);
	object_signal_locked(&request->object, true);
	if (signals)
		object_signal_locked(signals, true);
	request->packet.key = file->key;
	if (request->packet_wanted && file->port && port_add_locked(file->port, &request->packet))
		object_ref(&request->object);	/* the packet's */
	direct_end_locked(request);
	atomic_fetch_sub(&file->pending, 1);
}

static void overlapped_dispatch(const struct winusb_completion *records, int count)
{
	struct request *request;
	int i;

	wait_lock_acquire();
	for (i = 0; i < count; i++) {
		request = (struct request *)(uintptr_t)records[i].cookie;
		request_end_locked(request, records[i].status, records[i].length);
	}
	wait_lock_release();
	for (i = 0; i < count; i++)
		object_put(&((struct request *)(uintptr_t)records[i].cookie)->object);
}

static int overlapped_pump_locked(struct file *file)
{
	struct winusb_completion records[OVERLAPPED_BATCH];
	int count, all = 0;

	do {
		count = core_read(file->fd, records, OVERLAPPED_BATCH);
		if (count <= 0)
			return all ? all : count;
		overlapped_dispatch(records, count);
		all += count;
	} while (count == OVERLAPPED_BATCH);
	return all;
}

/* Between the leaving of a device and the last record of it, poll goes on to say so. */
static void overlapped_slow_down(struct file *file)
{
	struct pollfd left = { .fd = file->fd };
	struct timespec pause = { .tv_nsec = 200000 };

	if (poll(&left, 1, 0) > 0 && left.revents & POLLHUP)
		nanosleep(&pause, NULL);
}

bool overlapped_pump(struct file *file)
{
	int count = 0;

	pthread_mutex_lock(&file->reading);
	/* Otherwise the descriptor may be something else. */
	if (!atomic_load(&file->closing) || atomic_load(&file->pending)) {
		count = overlapped_pump_locked(file);
		if (count == -EAGAIN)
			overlapped_slow_down(file);
	}
	pthread_mutex_unlock(&file->reading);
	if (count > 0)
		atomic_fetch_add_explicit(&file->activity, 1, memory_order_relaxed);
	return count > 0 || count == -EAGAIN;
}

bool overlapped_readable(struct wait_pump *pump)
{
	return overlapped_pump((struct file *)pump->owner);
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

static struct request *request_create(struct file *file, OVERLAPPED *overlapped)
{
	struct request *request;
	struct object *event;

	if (!request_get_event(overlapped, &event))
		return NULL;
	request = atomic_exchange(&file->spare, NULL);
	if (!request)
		request = malloc(sizeof(*request));
	if (!request) {
		object_put(event);
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	object_init(&request->object, &request_type);
	object_ref(&file->object);
	request->file = file;
	request->event = event;
	request->packet_wanted = !((ULONG_PTR)overlapped->hEvent & NO_PACKET);
	request->packet.overlapped = overlapped;
	request->packet.free = request_free_packet;
	request->thread = &overlapped_thread;
	wait_source_init(&request->signals, &file->pump);
	wait_source_init(&request->signals_self, &file->pump);
	return request;
}

static void request_begin_locked(struct request *request)
{
	OVERLAPPED *overlapped = request->packet.overlapped;
	struct request **bucket = overlapped_bucket(overlapped);
	struct object *signals = request_signals(request);
	struct file *file = request->file;

	request->next = *bucket;
	*bucket = request;
	overlapped->InternalHigh = 0;
	__atomic_store_n(&overlapped->Internal, OVERLAPPED_PENDING, __ATOMIC_RELEASE);
	if (file->object.signalled)
		object_signal_locked(&file->object, false);
	if (request->event)
		object_signal_locked(request->event, false);
	if (signals)
		wait_source_add_locked(&request->signals, signals);
}

/* Enters it into the table; false if its OVERLAPPED is in use. */
static bool request_begin(struct request *request)
{
	bool used;

	wait_lock_acquire();
	used = overlapped_find_locked(request->packet.overlapped);
	if (!used)
		request_begin_locked(request);
	wait_lock_release();
	return !used;
}

/* It was refused: nobody is told but the caller. */
static void request_undo(struct request *request, DWORD error)
{
	OVERLAPPED *overlapped = request->packet.overlapped;

	wait_lock_acquire();
	overlapped_unlink_locked(request);
	request->packet.bytes = 0;
	request->packet.status = (ULONG_PTR)error_status(error);
	__atomic_store_n(&overlapped->Internal, request->packet.status, __ATOMIC_RELEASE);
	object_signal_locked(&request->object, true);
	direct_end_locked(request);
	atomic_fetch_sub(&request->file->pending, 1);
	wait_lock_release();
	object_put(&request->object);
}

DWORD overlapped_start(struct file *file, OVERLAPPED *overlapped, uint32_t handle, uint8_t pipe,
		       const void *setup, void *buffer, uint32_t length)
{
	struct request *request = request_create(file, overlapped);
	DWORD error = ERROR_IO_PENDING;
	int result;

	if (!request)
		return GetLastError();
	if (!request_begin(request)) {
		object_put(&request->object);
		return ERROR_INVALID_PARAMETER;
	}
	atomic_fetch_add(&file->pending, 1);
	result = file_submit(file, handle, pipe, setup, buffer, length, (uintptr_t)request);
	if (result) {
		error = error_win32(result, ERROR_AT_TRANSFER);
		request_undo(request, error);
	}
	background_kick();
	return error;
}

/* All requests with a record end; one that is being started while the first cancel runs is next. */
void overlapped_drain(struct file *file)
{
	struct pollfd records = { .fd = file->fd, .events = POLLIN };

	while (atomic_load(&file->pending)) {
		core_cancel(file->fd, true, 0);
		poll(&records, 1, 2);
		overlapped_pump(file);
	}
}

/* What was waited for is done: an automatic event has let somebody through. */
static void request_consume(struct request *request)
{
	struct object *event = request->event;

	if (!event || !event->type->consume)
		return;
	wait_lock_acquire();
	if (event->signalled)
		event->type->consume(event, NULL);
	wait_lock_release();
}

/* The request of an OVERLAPPED, with a reference. */
static struct request *overlapped_get(const OVERLAPPED *overlapped)
{
	struct request *request;

	wait_lock_acquire();
	request = overlapped_find_locked(overlapped);
	if (request)
		object_ref(&request->object);
	wait_lock_release();
	return request;
}

static bool overlapped_is_pending(const OVERLAPPED *overlapped)
{
	return __atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE) == OVERLAPPED_PENDING;
}

/* It has just ended, or it is none of ours: what Windows does. */
static bool overlapped_wait_for_other(HANDLE file, const OVERLAPPED *overlapped, DWORD ms)
{
	HANDLE event = overlapped->hEvent;

	if (!overlapped_is_pending(overlapped))
		return true;
	return WaitForSingleObject((ULONG_PTR)event > NO_PACKET ? event : file, ms) ==
	       WAIT_OBJECT_0;
}

/* Entered with wait_lock, which is released. */
static void direct_wait(struct file *file, struct direct *direct)
{
	struct pollfd fds[2] = {
		{ .fd = direct->eventfd, .events = POLLIN },
		{ .fd = file->fd, .events = POLLIN },
	};
	eventfd_t count;

	file->direct = direct;
	object_ref(&file->object);
	wait_lock_release();
	while (!atomic_load(&direct->done)) {
		if (poll(fds, 2, -1) <= 0)
			continue;
		if (fds[0].revents)
			(void)!eventfd_read(direct->eventfd, &count);
		if (fds[1].revents)
			overlapped_pump(file);
	}
	if (atomic_load(&direct->done) == DIRECT_DONE_BY_OTHER) {
		wait_lock_acquire();
		file->direct = NULL;
		wait_lock_release();
	}
	file_put(file);
}

/* Under wait_lock: may it wait so? */
static bool direct_prepare(struct direct *direct, struct request *request, DWORD ms)
{
	struct thread *thread;

	if (ms != INFINITE || request->file->direct || request->file->pump.leader)
		return false;
	thread = thread_self();
	if (!thread)
		return false;
	if (thread->eventfd < 0)
		thread->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	direct->request = request;
	direct->thread = &overlapped_thread;
	direct->eventfd = thread->eventfd;
	atomic_init(&direct->done, DIRECT_WAITS);
	return thread->eventfd >= 0;
}

/* Entered with wait_lock, which is released. A reference to the request is the caller's if true. */
static bool request_wait(struct request *request, DWORD ms)
{
	struct direct direct;

	if (direct_prepare(&direct, request, ms)) {
		direct_wait(request->file, &direct);
		return true;
	}
	object_ref(&request->object);
	if (list_is_empty(&request->signals_self.link))
		wait_source_add_locked(&request->signals_self, &request->object);
	if (wait_for_object_locked(&request->object, ms, NULL) != WAIT_OBJECT_0) {
		object_put(&request->object);
		return false;
	}
	request_consume(request);
	return true;
}

/* Waits for a request and gives its result, if it is one. False: the time has passed. */
static bool overlapped_wait(HANDLE file, const OVERLAPPED *overlapped, DWORD ms, ULONG_PTR *status,
			    DWORD *bytes)
{
	struct request *request;

	wait_lock_acquire();
	request = overlapped_find_locked(overlapped);
	if (!request) {
		wait_lock_release();
		if (!overlapped_wait_for_other(file, overlapped, ms))
			return false;
		*status = __atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE);
		*bytes = overlapped->InternalHigh;
		return true;
	}
	if (!request_wait(request, ms))
		return false;
	*status = request->packet.status;
	*bytes = request->packet.bytes;
	object_put(&request->object);
	return true;
}

/* Without waiting: reads what there is. */
static void overlapped_look(const OVERLAPPED *overlapped)
{
	struct request *request = overlapped_get(overlapped);

	if (!request)
		return;
	overlapped_pump(request->file);
	object_put(&request->object);
}

/* What HasOverlappedIoCompleted is. */
BOOL WINAPI winusb_w32_has_completed(const OVERLAPPED *overlapped)
{
	if (overlapped_is_pending(overlapped))
		overlapped_look(overlapped);
	return !overlapped_is_pending(overlapped);
}

BOOL WINAPI GetOverlappedResultEx(HANDLE file, LPOVERLAPPED overlapped, LPDWORD bytes, DWORD ms,
				  BOOL alertable)
{
	ULONG_PTR status;

	(void)alertable;
	if (!overlapped || !bytes)
		return error_fail(ERROR_INVALID_PARAMETER);
	if (ms && overlapped_is_pending(overlapped)) {
		if (!overlapped_wait(file, overlapped, ms, &status, bytes))
			return error_fail(WAIT_TIMEOUT);
	} else {
		if (overlapped_is_pending(overlapped))
			overlapped_look(overlapped);
		status = __atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE);
		if (status != OVERLAPPED_PENDING)
			*bytes = overlapped->InternalHigh;
	}
	if (status == OVERLAPPED_PENDING)
		return error_fail(ERROR_IO_INCOMPLETE);
	return (LONG)status >= 0 ? TRUE : error_fail(error_from_status(status));
}

BOOL WINAPI GetOverlappedResult(HANDLE file, LPOVERLAPPED overlapped, LPDWORD bytes, BOOL wait)
{
	return GetOverlappedResultEx(file, overlapped, bytes, wait ? INFINITE : 0, FALSE);
}

/* Of this thread, those of the file. */
static unsigned int overlapped_mine(struct file *file, struct request **list, unsigned int most)
{
	struct request *request;
	unsigned int i, n = 0;

	wait_lock_acquire();
	for (i = 0; i < OVERLAPPED_BUCKETS; i++)
		for (request = overlapped_table[i]; request; request = request->next) {
			if (request->file != file || request->thread != &overlapped_thread)
				continue;
			if (n < most) {
				object_ref(&request->object);
				list[n] = request;
			}
			n++;
		}
	wait_lock_release();
	return n < most ? n : most;
}

BOOL WINAPI CancelIo(HANDLE handle)
{
	struct file *file = file_get(handle);
	unsigned int i, n, most;
	struct request **list;

	if (!file)
		return FALSE;
	most = atomic_load(&file->pending) + 1;	/* only this thread itself could add to its own */
	list = calloc(most, sizeof(*list));
	if (!list) {
		file_put(file);
		return error_fail(ERROR_NOT_ENOUGH_MEMORY);
	}
	n = overlapped_mine(file, list, most);
	for (i = 0; i < n; i++) {
		file_cancel(file, false, (uintptr_t)list[i]);
		object_put(&list[i]->object);
	}
	free(list);
	file_put(file);
	return TRUE;
}

static bool overlapped_cancel_one(struct file *file, const OVERLAPPED *overlapped)
{
	struct request *request = overlapped_get(overlapped);
	int count = 0;

	if (!request)
		return false;
	if (request->file == file)
		count = file_cancel(file, false, (uintptr_t)request);
	object_put(&request->object);
	if (!count)
		overlapped_pump(file);	/* its record is there: who looks sees that it is done */
	return count > 0;
}

BOOL WINAPI CancelIoEx(HANDLE handle, LPOVERLAPPED overlapped)
{
	struct file *file = file_get(handle);
	bool any;

	if (!file)
		return FALSE;
	if (file->fd < 0) {
		any = false;
	} else if (overlapped) {
		any = overlapped_cancel_one(file, overlapped);
	} else {
		any = file_cancel(file, true, 0) > 0;
		any |= file_abort_blocked(file);
	}
	file_put(file);
	return any ? TRUE : error_fail(ERROR_NOT_FOUND);
}
