// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file: one open of a node, who may open what, and what closing means (winusb.md 5.1, 5.2).
 *
 * Exclusivity is decided under winusb_functions_lock: the file on the default interface reserves
 * the function; a file on a sibling has this one interface and keeps the default from being opened.
 */
#include <linux/fdtable.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "compat.h"
#include "event.h"
#include "file.h"
#include "function.h"
#include "handle.h"
#include "interface.h"
#include "isoch_buffer.h"
#include "pipe.h"
#include "record.h"
#include "request.h"
#include "trace.h"

static unsigned int winusb_max_buffer_mb = 128;
module_param_named(max_buffer_mb, winusb_max_buffer_mb, uint, 0644);
MODULE_PARM_DESC(max_buffer_mb, "MiB of kernel memory that the transfers of one open file may use");

/*
 * Reserve the function, or the one interface of it. The caller holds winusb_functions_lock. A
 * device that was mute gets another chance.
 */
static int winusb_file_acquire(struct winusb_file *wf)
{
	struct winusb_interface *wi = wf->wi, *sibling;
	struct winusb_function *fn = wi->fn;

	lockdep_assert_held(&winusb_functions_lock);

	if (fn->opener)
		return -EBUSY;
	if (!winusb_function_is_default(fn, wi)) {
		if (wi->opener || wi->associated)
			return -EBUSY;
		wi->opener = wf;
		WRITE_ONCE(fn->mute, false);
		return 0;
	}
	list_for_each_entry(sibling, &fn->interfaces, sibling)
		if (sibling->opener || sibling->associated)
			return -EBUSY;
	fn->opener = wf;
	WRITE_ONCE(fn->mute, false);
	return 0;
}

static void winusb_file_release(struct winusb_file *wf)
{
	struct winusb_interface *wi = wf->wi;
	bool changed = false, settle = false;

	mutex_lock(&winusb_functions_lock);
	if (wi->fn->opener == wf) {
		wi->fn->opener = NULL;
		changed = winusb_function_enable_by_file(wi->fn, true);
		settle = winusb_power_forget(wi->fn);
	}
	if (wi->opener == wf)
		wi->opener = NULL;
	mutex_unlock(&winusb_functions_lock);
	if (settle)
		winusb_power_settle(wi->fn);
	if (changed)
		winusb_function_announce(wi->fn);
}

/**
 * winusb_file_set_enabled - Let others open the function of a file, or not
 * @wf: The file.
 * @enable: Which of the two, until the file ends.
 *
 * Return: 0; -EACCES if the file does not have the function; -ENODEV after removal.
 */
int winusb_file_set_enabled(struct winusb_file *wf, bool enable)
{
	struct winusb_function *fn = wf->wi->fn;
	bool changed = false;
	int ret = 0;

	mutex_lock(&winusb_functions_lock);
	if (wf->gone || list_empty(&wf->wi->sibling))
		ret = -ENODEV;
	else if (fn->opener != wf)
		ret = -EACCES;
	else
		changed = winusb_function_enable_by_file(fn, enable);
	mutex_unlock(&winusb_functions_lock);
	if (changed)
		winusb_function_announce(fn);
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_file_set_enabled);

static int winusb_file_listen(struct winusb_file *wf)
{
	struct winusb_events *events;
	struct winusb_handle *self;

	self = kzalloc(sizeof(*self), GFP_KERNEL_ACCOUNT);
	if (!self)
		return -ENOMEM;
	kref_init(&self->ref);
	self->wf = wf;
	self->wi = wf->wi;
	winusb_interface_get(self->wi);
	wf->self = self;

	events = winusb_events_create(wf->wi);
	if (IS_ERR(events))
		return PTR_ERR(events);
	wf->events = events;
	return 0;
}

static void winusb_file_free(struct kref *ref)
{
	struct winusb_file *wf = container_of(ref, struct winusb_file, ref);

	xa_destroy(&wf->handles);
	winusb_interface_put(wf->wi);
	kfree(wf);
}

/**
 * winusb_file_open - Open an interface
 * @wi: The interface. The caller holds a reference.
 * @listener: Read-only: take part in the events, reserve nothing.
 *
 * Return: The file, or an error: -ENOENT if the interface left or is disabled, -EBUSY if it or its
 * function is in use, -ENOMEM.
 */
struct winusb_file *winusb_file_open(struct winusb_interface *wi, bool listener)
{
	struct winusb_file *wf;
	int ret = 0;

	wf = kzalloc(sizeof(*wf), GFP_KERNEL_ACCOUNT);
	if (!wf)
		return ERR_PTR(-ENOMEM);
	kref_init(&wf->ref);
	winusb_interface_get(wi);
	wf->wi = wi;
	wf->listener = listener;
	xa_init_flags(&wf->handles, XA_FLAGS_ALLOC);
	xa_init_flags(&wf->isoch_buffers, XA_FLAGS_ALLOC1);
	spin_lock_init(&wf->requests_lock);
	INIT_LIST_HEAD(&wf->requests);
	INIT_LIST_HEAD(&wf->done);
	INIT_LIST_HEAD(&wf->idle);
	init_waitqueue_head(&wf->wait);
	mutex_init(&wf->read_lock);

	if (listener)
		ret = winusb_file_listen(wf);
	if (ret)
		goto err_close;

	mutex_lock(&winusb_functions_lock);
	if (list_empty(&wi->sibling) || winusb_interface_is_gone(wi) ||
	    !winusb_function_is_enabled(wi->fn))
		ret = -ENOENT;
	else if (!listener)
		ret = winusb_file_acquire(wf);
	mutex_unlock(&winusb_functions_lock);
	if (ret)
		goto err_close;

	if (!listener)
		winusb_events_post(wi, WINUSB_EVENT_OPENED, 0);
	trace_winusb_open(wi, listener);
	return wf;

err_close:
	winusb_file_close(wf);
	return ERR_PTR(ret);
}
WINUSB_EXPORT_FOR_TESTS(winusb_file_open);

/*
 * The interfaces that are to be restored at the end of a file: its own, or those of the function
 * that no handle has. The end is its close or the leaving of its interface; the first of the two to
 * come here does it, and gives the interfaces up. References are taken. The caller holds
 * winusb_functions_lock.
 */
static unsigned int winusb_file_take(struct winusb_file *wf, struct winusb_interface **list)
{
	struct winusb_interface *wi;
	unsigned int n = 0;

	lockdep_assert_held(&winusb_functions_lock);

	if (wf->restoring)
		return 0;
	wf->restoring = true;
	if (wf->wi->opener == wf) {
		winusb_interface_get(wf->wi);
		list[n++] = wf->wi;
	} else if (wf->wi->fn->opener == wf) {
		list_for_each_entry(wi, &wf->wi->fn->interfaces, sibling) {
			if (wi->associated)
				continue;	/* the end of that handle does it */
			winusb_interface_get(wi);
			list[n++] = wi;
		}
	}
	return n;
}

static void winusb_file_restore(struct winusb_interface **list, unsigned int n, bool locked)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		winusb_interface_restore(list[i], locked);
		winusb_interface_put(list[i]);
	}
}

static bool winusb_file_is_quiet(struct winusb_file *wf, bool all)
{
	unsigned long flags;
	bool quiet;

	spin_lock_irqsave(&wf->requests_lock, flags);
	quiet = list_empty(&wf->requests) &&
		(!all || wf->num_requests == wf->num_idle + !!READ_ONCE(wf->spare));
	spin_unlock_irqrestore(&wf->requests_lock, flags);
	return quiet;
}

/* End what is under way, drop what was not collected, and wait until nobody uses a request. */
static void winusb_file_end_requests(struct winusb_file *wf)
{
	struct winusb_request *req, *next;
	LIST_HEAD(list);

	spin_lock_irq(&wf->requests_lock);
	wf->closed = true;
	spin_unlock_irq(&wf->requests_lock);
	winusb_file_cancel(wf, NULL, -ECANCELED);
	/* As long as the host controllers need. */
	wait_event(wf->wait, winusb_file_is_quiet(wf, false));

	spin_lock_irq(&wf->requests_lock);
	list_splice_init(&wf->done, &list);
	spin_unlock_irq(&wf->requests_lock);
	list_for_each_entry_safe(req, next, &list, file_node) {
		list_del_init(&req->file_node);
		winusb_request_discard(req);
	}
	/* Whoever gives the last one back as the spare does not look whether somebody waits. */
	while (!wait_event_timeout(wf->wait, winusb_file_is_quiet(wf, true), HZ / 50))
		;
	list_for_each_entry_safe(req, next, &wf->idle, file_node)
		winusb_request_destroy(req);
	if (wf->spare)
		winusb_request_destroy(wf->spare);
	winusb_records_set_eventfd(wf, NULL);
}

/**
 * winusb_file_close - Close a file
 * @wf: The file; no call is running on it. The caller's reference is gone afterwards.
 *
 * The device is as at its first open when another file can open it: setting 0, no saved data. If
 * the setting is another, this waits for the device lock, see winusb_interface_restore().
 */
void winusb_file_close(struct winusb_file *wf)
{
	struct winusb_interface *list[USB_MAXINTERFACES];
	unsigned int n;
	bool ours;

	winusb_file_end_requests(wf);
	winusb_isoch_buffer_unregister_all(wf);
	winusb_handle_free_all(wf);
	mutex_lock(&winusb_functions_lock);
	ours = !wf->restoring;
	n = winusb_file_take(wf, list);
	mutex_unlock(&winusb_functions_lock);
	winusb_file_restore(list, n, false);
	if (n) {	/* before anybody else can open it, so that their event comes later */
		winusb_events_post(wf->wi, WINUSB_EVENT_CLOSED, 0);
		trace_winusb_close(wf->wi);
	}
	if (ours)
		winusb_file_release(wf);

	if (wf->events)
		winusb_events_destroy(wf->events, wf->wi);
	if (wf->self)
		winusb_handle_put(wf->self);
	kref_put(&wf->ref, winusb_file_free);
}
WINUSB_EXPORT_FOR_TESTS(winusb_file_close);

static void winusb_file_mark(struct winusb_request *req, int error, struct list_head *finish,
			     struct list_head *unlink)
{
	spin_lock(&req->pipe->lock);	/* interrupts are off */
	winusb_request_mark(req, error, finish, unlink);
	spin_unlock(&req->pipe->lock);
}

static unsigned int winusb_file_cancel_some(struct winusb_file *wf, bool all, u64 cookie,
					    const void *owner)
{
	struct winusb_request *req;
	unsigned int count = 0;
	LIST_HEAD(finish);
	LIST_HEAD(unlink);
	unsigned long flags;

	spin_lock_irqsave(&wf->requests_lock, flags);
	list_for_each_entry(req, &wf->requests, file_node) {
		if (req->door == WINUSB_DOOR_BLOCKING ?
		    !owner || req->owner != owner || req->command : !all && req->cookie != cookie)
			continue;
		winusb_file_mark(req, -ECANCELED, &finish, &unlink);
		count++;
	}
	spin_unlock_irqrestore(&wf->requests_lock, flags);
	winusb_request_end_marked(&finish, &unlink);
	return count;
}

/**
 * winusb_file_cancel_cookie - End requests that nobody is blocked in (WINUSB_IOC_CANCEL)
 * @wf: The file.
 * @cookie: Those with this cookie.
 *
 * Does not wait.
 *
 * Return: How many there were.
 */
unsigned int winusb_file_cancel_cookie(struct winusb_file *wf, u64 cookie)
{
	return winusb_file_cancel_some(wf, false, cookie, NULL);
}
WINUSB_EXPORT_FOR_TESTS(winusb_file_cancel_cookie);

/**
 * winusb_file_cancel_all - End all requests that nobody is blocked in (WINUSB_CANCEL_ALL)
 * @wf: The file.
 * @owner: And those that threads with these files are blocked in, or NULL.
 *
 * Does not wait.
 *
 * Return: How many there were.
 */
unsigned int winusb_file_cancel_all(struct winusb_file *wf, const void *owner)
{
	return winusb_file_cancel_some(wf, true, 0, owner);
}
WINUSB_EXPORT_FOR_TESTS(winusb_file_cancel_all);

/* Free the requests that are kept: there is better use for what they cost. */
static bool winusb_file_drop_idle(struct winusb_file *wf)
{
	struct winusb_request *req, *next;
	unsigned long flags;
	LIST_HEAD(list);

	spin_lock_irqsave(&wf->requests_lock, flags);
	list_splice_init(&wf->idle, &list);
	wf->num_requests -= wf->num_idle;
	wf->num_idle = 0;
	spin_unlock_irqrestore(&wf->requests_lock, flags);
	if (list_empty(&list))
		return false;
	list_for_each_entry_safe(req, next, &list, file_node)
		winusb_request_destroy(req);
	return true;
}

/**
 * winusb_file_charge - Account for kernel memory of a request
 * @wf: The file.
 * @bytes: How much.
 *
 * Return: 0, or -ENOMEM beyond the cap.
 */
int winusb_file_charge(struct winusb_file *wf, size_t bytes)
{
	long most = min_t(long, READ_ONCE(winusb_max_buffer_mb), INT_MAX >> 20) << 20;
	long charged = atomic_long_read(&wf->charged);

	for (;;) {
		if (charged > most || bytes > (size_t)(most - charged)) {
			if (!winusb_file_drop_idle(wf))
				return -ENOMEM;
			charged = atomic_long_read(&wf->charged);
		} else if (atomic_long_try_cmpxchg(&wf->charged, &charged, charged + bytes)) {
			return 0;
		}
	}
}
WINUSB_EXPORT_FOR_TESTS(winusb_file_charge);

/**
 * winusb_file_charge_anyway - Account for what must be, cap or not
 * @wf: The file.
 * @bytes: How much.
 */
void winusb_file_charge_anyway(struct winusb_file *wf, size_t bytes)
{
	atomic_long_add(bytes, &wf->charged);
}

/**
 * winusb_file_admit - May one more request run?
 * @wf: The file. The caller holds its requests_lock, and enters the request if so.
 * @waits: A thread waits for it. Those are few, and the kernel's own are among them.
 *
 * Return: 0, -ENODEV, or -ENOMEM if there are very many.
 */
int winusb_file_admit(struct winusb_file *wf, bool waits)
{
	lockdep_assert_held(&wf->requests_lock);

	if (wf->gone || wf->closed)
		return -ENODEV;
	if (wf->num_running >= WINUSB_MAX_TRANSFERS && !waits)
		return -ENOMEM;
	wf->num_running++;
	return 0;
}

/**
 * winusb_file_uncharge - The opposite
 * @wf: The file.
 * @bytes: How much.
 */
void winusb_file_uncharge(struct winusb_file *wf, size_t bytes)
{
	atomic_long_sub(bytes, &wf->charged);
}
WINUSB_EXPORT_FOR_TESTS(winusb_file_uncharge);

/**
 * winusb_file_take_idle - Take a request that was kept
 * @wf: The file.
 *
 * Return: The request, or NULL.
 */
struct winusb_request *winusb_file_take_idle(struct winusb_file *wf)
{
	struct winusb_request *req = NULL;
	unsigned long flags;

	if (READ_ONCE(wf->spare))
		req = xchg(&wf->spare, NULL);
	if (req || list_empty_careful(&wf->idle))
		return req;
	spin_lock_irqsave(&wf->requests_lock, flags);
	req = list_first_entry_or_null(&wf->idle, struct winusb_request, file_node);
	if (req) {
		list_del_init(&req->file_node);
		wf->num_idle--;
	}
	spin_unlock_irqrestore(&wf->requests_lock, flags);
	return req;
}

/**
 * winusb_file_count - A request was made for a file
 * @wf: The file.
 */
void winusb_file_count(struct winusb_file *wf)
{
	unsigned long flags;

	spin_lock_irqsave(&wf->requests_lock, flags);
	wf->num_requests++;
	spin_unlock_irqrestore(&wf->requests_lock, flags);
}

/**
 * winusb_file_keep - Keep a request that nobody uses any more, or free it
 * @wf: The file. It may be gone afterwards.
 * @req: The request.
 */
void winusb_file_keep(struct winusb_file *wf, struct winusb_request *req)
{
	unsigned long flags;
	bool keep;

	if (!READ_ONCE(wf->closed) && !READ_ONCE(wf->spare) && !cmpxchg(&wf->spare, NULL, req))
		return;
	spin_lock_irqsave(&wf->requests_lock, flags);
	keep = wf->num_idle < WINUSB_IDLE_REQUESTS || wf->closed;
	if (keep) {
		list_add(&req->file_node, &wf->idle);
		wf->num_idle++;
		if (wf->closed)
			wake_up(&wf->wait);
	}
	spin_unlock_irqrestore(&wf->requests_lock, flags);
	if (keep)
		return;
	/* The file waits for it until it is counted no more. */
	winusb_request_destroy(req);
	spin_lock_irqsave(&wf->requests_lock, flags);
	wf->num_requests--;
	if (wf->closed)
		wake_up(&wf->wait);
	spin_unlock_irqrestore(&wf->requests_lock, flags);
}

/**
 * winusb_file_cancel - End requests of a file
 * @wf: The file.
 * @owner: Only those submitted from this open file table; NULL for all.
 * @error: The error they end with, unless they have one already.
 *
 * Does not wait.
 */
void winusb_file_cancel(struct winusb_file *wf, const void *owner, int error)
{
	struct winusb_request *req;
	LIST_HEAD(finish);
	LIST_HEAD(unlink);
	unsigned long flags;

	spin_lock_irqsave(&wf->requests_lock, flags);
	list_for_each_entry(req, &wf->requests, file_node)
		if (!owner || req->owner == owner)
			winusb_file_mark(req, error, &finish, &unlink);
	spin_unlock_irqrestore(&wf->requests_lock, flags);
	winusb_request_end_marked(&finish, &unlink);
}
WINUSB_EXPORT_FOR_TESTS(winusb_file_cancel);

static int winusb_file_is_same(const void *wanted, struct file *file, unsigned int fd)
{
	return file == wanted;
}

/**
 * winusb_file_is_closed - Has this process closed its last descriptor of the file?
 * @wf: The file, which a call of this process holds.
 *
 * Return: true if so. Never for the kernel's own threads, and those of io_uring.
 */
bool winusb_file_is_closed(struct winusb_file *wf)
{
	return current->files && !(current->flags & (PF_KTHREAD | PF_IO_WORKER)) &&
	       !iterate_fd(current->files, 0, winusb_file_is_same, wf->file);
}

/**
 * winusb_file_flush - A descriptor of the file is being closed
 * @wf: The file.
 * @owner: The open file table that the descriptor was in.
 *
 * When a process closes its last descriptor of the file while other threads of it are blocked in
 * transfers, or in reading records or events, these end with -ECANCELED. They hold the file, so the
 * last close comes after them and could not end them. Transfers of another process that inherited
 * the file go on, and so do all while the process has another descriptor of it, and those that
 * nobody is blocked in. A transfer that is just about to be entered sees the flag and asks for
 * itself.
 */
void winusb_file_flush(struct winusb_file *wf, fl_owner_t owner)
{
	/* At exit there is no table; and with nobody else in it, nobody is in a call. */
	if (owner != current->files || atomic_read(&current->files->count) == 1 ||
	    !winusb_file_is_closed(wf))
		return;
	spin_lock_irq(&wf->requests_lock);
	WRITE_ONCE(wf->flushed, true);
	spin_unlock_irq(&wf->requests_lock);
	winusb_file_cancel(wf, owner, -ECANCELED);
	wake_up_all(&wf->wait);
	if (wf->events)
		wake_up_interruptible(&wf->events->wait);
}

/**
 * winusb_file_orphan - Take away what the file on an interface that left had acquired
 * @wi: The interface; gone, and its requests ended. Its device is locked.
 *
 * Associated handles of the file are on interfaces that may stay. Their requests end, and then they
 * can be opened again, while the file lives on as an empty shell.
 */
void winusb_file_orphan(struct winusb_interface *wi)
{
	struct winusb_interface *list[USB_MAXINTERFACES];
	struct winusb_function *fn = wi->fn;
	struct winusb_file *wf;
	unsigned int n = 0;
	bool ours = false;

	mutex_lock(&winusb_functions_lock);
	winusb_function_leave(wi);
	wi->associated = NULL;
	wf = winusb_function_is_default(fn, wi) ? fn->opener : wi->opener;
	if (wf) {
		spin_lock_irq(&wf->requests_lock);
		wf->gone = true;
		spin_unlock_irq(&wf->requests_lock);
		winusb_file_cancel(wf, NULL, -ESHUTDOWN);
		winusb_records_end(wf);
		kref_get(&wf->ref);	/* it may be closed from now on */
		ours = !wf->restoring;
		n = winusb_file_take(wf, list);
	}
	mutex_unlock(&winusb_functions_lock);
	if (!wf)
		return;

	/* The function stays reserved until all of it is as it was. */
	winusb_handle_kill_associated(wf);
	winusb_file_restore(list, n, true);
	if (ours)
		winusb_file_release(wf);
	kref_put(&wf->ref, winusb_file_free);
}
