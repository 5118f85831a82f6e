// SPDX-License-Identifier: MIT
/* Overlapped requests: see overlapped.h. The cookie of a request is its address. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include <windows.h>

#include "core.h"
#include "error.h"
#include "overlapped.h"
#include "thread.h"

#define OVERLAPPED_PENDING	0x103
#define OVERLAPPED_BUCKETS	256

/* Those that are pending, by OVERLAPPED. Under wait_lock. */
static struct request *overlapped_table[OVERLAPPED_BUCKETS];

/* Tells threads apart, also from those that ended. */
static unsigned int overlapped_thread(void)
{
	static __thread unsigned int mine __attribute__((tls_model("initial-exec")));
	static atomic_uint last;

	if (!mine)
		mine = atomic_fetch_add(&last, 1) + 1;
	return mine;
}

static inline struct request **overlapped_bucket(const OVERLAPPED *overlapped)
{
	uintptr_t address = (uintptr_t)overlapped;

	return &overlapped_table[(address >> 4 ^ address >> 12) % OVERLAPPED_BUCKETS];
}

static inline struct request *overlapped_find_locked(const OVERLAPPED *overlapped)
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
 * A thread that waits for a request, when no other waits for the file: it just reaps, or polls the
 * descriptor. Whoever reads the record ends the wait.
 */
struct direct {
	struct request *request;	/* NULL: done */
	unsigned int thread;
	int eventfd;			/* the thread's */
	bool reaps;			/* or else it polls; under wait_lock */
	atomic_uint done;		/* DIRECT_; then there is the result */
	ULONG_PTR status;
	DWORD bytes;
};

enum { DIRECT_WAITS, DIRECT_DONE, DIRECT_DONE_BY_OTHER };

static void direct_end_locked(struct request *request)
{
	struct direct *direct = request->file->direct;
	struct object *event = request->event;

	direct->request = NULL;
	/* It has waited for the event, too: an automatic one has let it through. */
	if (event && event->signalled && event->type->consume)
		event->type->consume(event, NULL);
	direct->status = request->packet.status;
	direct->bytes = request->packet.bytes;
	if (direct->thread == overlapped_thread()) {
		request->file->direct = NULL;
		atomic_store(&direct->done, DIRECT_DONE);
		return;
	}
	/* It is there until it has had the lock. */
	atomic_store(&direct->done, DIRECT_DONE_BY_OTHER);
	if (direct->reaps)
		core_reap_wake(request->file->fd);
	else
		eventfd_write(direct->eventfd, 1);
}

/*
 * Once Internal is written, the program may do with OVERLAPPED what it likes. Under the lock,
 * so that a new request with the same event resets it after this one has set it. True: a port has
 * the reference of what was under way.
 */
static bool request_end_locked(struct request *request, int error, uint32_t bytes)
{
	OVERLAPPED *overlapped = request->packet.overlapped;
	struct object *signals = request_signals(request);
	struct file *file = request->file;
	DWORD status = error ? error_status(error_win32(error, ERROR_AT_TRANSFER)) : 0;

	if (request->users)
		bytes = 0;	/* the packets tell (winusb.md 1.7) */
	overlapped_unlink_locked(request);
	request->packet.bytes = bytes;
	request->packet.status = status;
	overlapped->InternalHigh = bytes;
	__atomic_store_n(&overlapped->Internal, request->packet.status, __ATOMIC_RELEASE);
	object_signal_locked(&request->object, true);
	if (signals)
		object_signal_locked(signals, true);
	if (file->direct && file->direct->request == request)
		direct_end_locked(request);
	if (request->users)
		atomic_fetch_sub(request->users, 1);
	if (!request->packet_wanted || !file->port)
		return false;
	request->packet.key = file->key;
	return port_add_locked(file->port, &request->packet);
}

void overlapped_dispatch(struct file *file, const struct winusb_completion *records, int count)
{
	struct request *request, *shared = NULL;
	unsigned int kept = 0;
	int i;

	wait_lock_acquire();
	for (i = 0; i < count; i++) {
		request = (struct request *)(uintptr_t)records[i].cookie;
		if (request_end_locked(request, records[i].status, records[i].length))
			continue;
		/* Nobody finds it any more, so it stays at one. */
		if (atomic_load(&request->object.references) == 1 && request_keep_locked(request)) {
			kept++;
			continue;
		}
		request->next = shared;
		shared = request;
	}
	atomic_fetch_sub(&file->pending, count);
	if (kept)
		atomic_fetch_sub(&file->object.references, kept);
	wait_lock_release();
	while ((request = shared)) {
		shared = request->next;
		object_put(&request->object);
	}
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

/* Without waiting: reads what there is. */
static void overlapped_look(const OVERLAPPED *overlapped)
{
	struct request *request = overlapped_get(overlapped);

	if (!request)
		return;
	overlapped_pump(request->file);
	object_put(&request->object);
}

/* The next free one had the same event the last time, and that is still what its handle means. */
static bool request_is_ready_locked(const struct file *file, const OVERLAPPED *overlapped)
{
	const struct request *request = file->spare;

	return request && request->handle == overlapped->hEvent &&
	       (!request->event || object_is_open(request->handle));
}

static inline void request_begin_locked(struct request *request, OVERLAPPED *overlapped,
					atomic_uint *users)
{
	struct request **bucket = overlapped_bucket(overlapped);
	struct object *signals = request_signals(request);
	struct file *file = request->file;

	object_ref(&file->object);
	atomic_fetch_add(&file->pending, 1);
	atomic_store_explicit(&request->object.references, 1, memory_order_relaxed);
	request->object.signalled = false;
	request->packet_wanted = !((ULONG_PTR)overlapped->hEvent & NO_PACKET);
	request->packet.overlapped = overlapped;
	request->thread = overlapped_thread();
	request->users = users;
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
static bool request_begin(struct request *request, OVERLAPPED *overlapped, atomic_uint *users)
{
	bool used, kept;

	wait_lock_acquire();
	used = overlapped_find_locked(overlapped);
	if (!used)
		request_begin_locked(request, overlapped, users);
	kept = used && request_keep_locked(request);
	wait_lock_release();
	if (used && !kept)
		request_free(request);
	return !used;
}

/* With what is at hand. NULL: it takes more than that. */
static struct request *request_begin_ready(struct file *file, OVERLAPPED *overlapped,
					   atomic_uint *users)
{
	struct request *request = NULL;

	wait_lock_acquire();
	if (request_is_ready_locked(file, overlapped) && !overlapped_find_locked(overlapped)) {
		request = request_take_locked(file);
		request_begin_locked(request, overlapped, users);
	}
	wait_lock_release();
	return request;
}

static struct request *request_begin_new(struct file *file, OVERLAPPED *overlapped,
					 atomic_uint *users)
{
	struct request *request = request_prepare(file, overlapped);

	if (!request || request_begin(request, overlapped, users))
		return request;
	/* It may be done, and just unread. */
	overlapped_look(overlapped);
	request = request_prepare(file, overlapped);
	if (!request || request_begin(request, overlapped, users))
		return request;
	SetLastError(ERROR_INVALID_PARAMETER);
	return NULL;
}

/* It was refused: nobody is told but the caller. */
static void request_undo(struct request *request, DWORD error)
{
	OVERLAPPED *overlapped = request->packet.overlapped;
	struct file *file = request->file;

	wait_lock_acquire();
	overlapped_unlink_locked(request);
	request->packet.bytes = 0;
	request->packet.status = error_status(error);
	__atomic_store_n(&overlapped->Internal, request->packet.status, __ATOMIC_RELEASE);
	object_signal_locked(&request->object, true);
	if (file->direct && file->direct->request == request)
		direct_end_locked(request);
	atomic_fetch_sub(&file->pending, 1);
	wait_lock_release();
	object_put(&request->object);
}

DWORD overlapped_start(struct file *file, OVERLAPPED *overlapped, struct winusb_transfer *transfer,
		       atomic_uint *users)
{
	struct request *request = request_begin_ready(file, overlapped, users);
	DWORD error = ERROR_IO_PENDING;
	int result;

	if (!request)
		request = request_begin_new(file, overlapped, users);
	if (!request)
		return GetLastError();
	transfer->cookie = (uintptr_t)request;
	result = file_submit(file, transfer);
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
		core_cancel(file->fd, WINUSB_CANCEL_ALL, 0);
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

static bool overlapped_is_pending(const OVERLAPPED *overlapped)
{
	return __atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE) == OVERLAPPED_PENDING;
}

/* It has just ended, or it is none of ours: what Windows does. */
static DWORD overlapped_wait_for_other(HANDLE file, const OVERLAPPED *overlapped, DWORD ms)
{
	HANDLE event = overlapped->hEvent;

	if (!overlapped_is_pending(overlapped))
		return WAIT_OBJECT_0;
	return WaitForSingleObject((ULONG_PTR)event > NO_PACKET ? event : file, ms);
}

/* As long as nobody is in the way. */
static void direct_reap(struct file *file, struct direct *direct)
{
	unsigned int wakes;

	do {
		/* Who ends the wait after this look is too late for WAKES. */
		wakes = atomic_load(&file->pump.wakes);
		if (atomic_load(&direct->done))
			return;
	} while (overlapped_reap(&file->pump, NULL, wakes, UINT64_MAX) > 0);
	wait_lock_acquire();
	direct->reaps = false;
	wait_lock_release();
}

/* Entered with wait_lock, which is released. */
static void direct_wait(struct file *file, struct direct *direct)
{
	struct pollfd fds[2] = {
		{ .fd = direct->eventfd, .events = POLLIN },
		{ .fd = file->fd, .events = POLLIN },
	};
	eventfd_t count;
	bool early;

	early = wait_pump_is_early_locked(&file->pump);
	direct->reaps = wait_pump_may_reap(&file->pump);
	file->direct = direct;
	object_ref(&file->object);
	wait_lock_release();
	if (early) {
		overlapped_early(&file->pump);
		wait_pump_was_early(&file->pump, atomic_load(&direct->done));
	}
	if (direct->reaps)
		direct_reap(file, direct);
	while (!atomic_load(&direct->done)) {
		if (poll(fds, 2, -1) <= 0)
			continue;
		if (fds[0].revents)
			(void)!eventfd_read(direct->eventfd, &count);
		if (fds[1].revents)
			overlapped_serve(file);
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
	direct->thread = overlapped_thread();
	direct->eventfd = thread->eventfd;
	atomic_init(&direct->done, DIRECT_WAITS);
	return thread->eventfd >= 0;
}

/* Entered with wait_lock, which is released. There is a result if it is WAIT_OBJECT_0. */
static DWORD request_wait(struct request *request, DWORD ms, ULONG_PTR *status, DWORD *bytes)
{
	struct direct direct;
	DWORD waited;

	if (direct_prepare(&direct, request, ms)) {
		direct_wait(request->file, &direct);
		*status = direct.status;
		*bytes = direct.bytes;
		return WAIT_OBJECT_0;
	}
	object_ref(&request->object);
	if (list_is_empty(&request->signals_self.link))
		wait_source_add_locked(&request->signals_self, &request->object);
	waited = wait_for_object_locked(&request->object, ms, NULL);
	if (waited == WAIT_OBJECT_0) {
		request_consume(request);
		*status = request->packet.status;
		*bytes = request->packet.bytes;
	}
	object_put(&request->object);
	return waited;
}

/* Waits for a request and gives its result, if WAIT_OBJECT_0. */
static DWORD overlapped_wait(HANDLE file, const OVERLAPPED *overlapped, DWORD ms, ULONG_PTR *status,
			     DWORD *bytes)
{
	struct request *request;
	DWORD waited;

	wait_lock_acquire();
	request = overlapped_find_locked(overlapped);
	if (!request) {
		wait_lock_release();
		waited = overlapped_wait_for_other(file, overlapped, ms);
		*status = __atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE);
		*bytes = overlapped->InternalHigh;
		return waited;
	}
	return request_wait(request, ms, status, bytes);
}

/* What HasOverlappedIoCompleted is. */
BOOL WINAPI winusb_w32_has_completed(const OVERLAPPED *overlapped)
{
	if (overlapped_is_pending(overlapped))
		overlapped_look(overlapped);
	return !overlapped_is_pending(overlapped);
}

static inline BOOL overlapped_result(HANDLE file, OVERLAPPED *overlapped, DWORD *bytes, DWORD ms)
{
	ULONG_PTR status = OVERLAPPED_PENDING;
	DWORD waited;

	if (!overlapped || !bytes)
		return error_fail(ERROR_INVALID_PARAMETER);
	if (ms && overlapped_is_pending(overlapped)) {
		waited = overlapped_wait(file, overlapped, ms, &status, bytes);
		if (waited == WAIT_FAILED)
			return FALSE;
		if (waited == WAIT_TIMEOUT)
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

BOOL WINAPI GetOverlappedResultEx(HANDLE file, LPOVERLAPPED overlapped, LPDWORD bytes, DWORD ms,
				  BOOL alertable)
{
	(void)alertable;
	return overlapped_result(file, overlapped, bytes, ms);
}

BOOL WINAPI GetOverlappedResult(HANDLE file, LPOVERLAPPED overlapped, LPDWORD bytes, BOOL wait)
{
	return overlapped_result(file, overlapped, bytes, wait ? INFINITE : 0);
}

/* Of this thread, those of the file. */
static unsigned int overlapped_mine(struct file *file, struct request **list, unsigned int most)
{
	unsigned int mine = overlapped_thread(), i, n = 0;
	struct request *request;

	wait_lock_acquire();
	for (i = 0; i < OVERLAPPED_BUCKETS; i++)
		for (request = overlapped_table[i]; request; request = request->next) {
			if (request->file != file || request->thread != mine)
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
		file_cancel(file, 0, (uintptr_t)list[i]);
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
		count = file_cancel(file, 0, (uintptr_t)request);
	object_put(&request->object);
	if (!count)
		overlapped_pump(file);	/* its record is there: who looks sees that it is done */
	return count > 0;
}

BOOL WINAPI CancelIoEx(HANDLE handle, LPOVERLAPPED overlapped)
{
	struct file *file = file_get(handle);
	bool any;
	int n;

	if (!file)
		return FALSE;
	if (file->fd < 0) {
		any = false;
	} else if (overlapped) {
		any = overlapped_cancel_one(file, overlapped);
	} else {
		n = file_cancel(file, WINUSB_CANCEL_ALL | WINUSB_CANCEL_BLOCKED, 0);
		if (n == -EOPNOTSUPP)	/* a driver without WINUSB_CAP_CANCEL_BLOCKED */
			n = file_cancel(file, WINUSB_CANCEL_ALL, 0);
		any = n > 0;
		if (!any)
			overlapped_pump(file);	/* as with one */
	}
	file_put(file);
	return any ? TRUE : error_fail(ERROR_NOT_FOUND);
}
