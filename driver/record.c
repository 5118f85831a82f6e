// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records: how the completions of asynchronous transfers are read, and how a program hears of them.
 * A request that is done waits in &winusb_file.done. Whoever reads its record collects it first:
 * its data goes to the memory of the process that submitted it, then the record to the reader.
 */
#include <linux/eventfd.h>
#include <linux/freezer.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include <uapi/linux/winusb.h>

#include "compat.h"
#include "file.h"
#include "isoch.h"
#include "record.h"
#include "request.h"

static_assert(sizeof(struct winusb_completion) == 64);	/* part of the contract */

#define WINUSB_READ_BATCH 64	/* records that are taken from the list at once */

/**
 * winusb_records_ready - A request was entered into the done list
 * @wf: The file. The caller holds its requests_lock, which keeps the file.
 */
void winusb_records_ready(struct winusb_file *wf)
{
	lockdep_assert_held(&wf->requests_lock);

	/* Who waits looks at the list under the lock after it has begun to wait. */
	if (waitqueue_active(&wf->wait))
		wake_up_poll(&wf->wait, EPOLLIN | EPOLLRDNORM);
	if (wf->eventfd)
		winusb_eventfd_signal(wf->eventfd);
}

/**
 * winusb_records_end - The interface left, so there may be an end of the file to be read
 * @wf: The file.
 */
void winusb_records_end(struct winusb_file *wf)
{
	spin_lock_irq(&wf->requests_lock);
	wake_up_poll(&wf->wait, EPOLLHUP | EPOLLERR);
	if (wf->eventfd)
		winusb_eventfd_signal(wf->eventfd);
	spin_unlock_irq(&wf->requests_lock);
}

/**
 * winusb_records_pending - Would a read give a record?
 * @wf: The file.
 *
 * Return: true if so.
 */
bool winusb_records_pending(struct winusb_file *wf)
{
	bool pending;

	spin_lock_irq(&wf->requests_lock);
	pending = !list_empty(&wf->done);
	spin_unlock_irq(&wf->requests_lock);
	return pending;
}

/* The interface left, nothing is under way, and all is read. */
static bool winusb_records_ended(struct winusb_file *wf)
{
	bool ended;

	spin_lock_irq(&wf->requests_lock);
	ended = wf->gone && list_empty(&wf->requests) && list_empty(&wf->done);
	spin_unlock_irq(&wf->requests_lock);
	return ended;
}

/* Another thread closes the last descriptor that this process has. */
static bool winusb_records_closed(struct winusb_file *wf)
{
	return READ_ONCE(wf->flushed) && winusb_file_is_closed(wf);
}

/**
 * winusb_records_set_eventfd - Tell this eventfd from now on
 * @wf: The file.
 * @eventfd: The eventfd, which belongs to the file afterwards, or NULL.
 */
void winusb_records_set_eventfd(struct winusb_file *wf, struct eventfd_ctx *eventfd)
{
	spin_lock_irq(&wf->requests_lock);
	swap(wf->eventfd, eventfd);
	/* Who only waits for it must hear of what there is already. */
	if (wf->eventfd && (wf->gone || !list_empty(&wf->done)))
		winusb_eventfd_signal(wf->eventfd);
	spin_unlock_irq(&wf->requests_lock);
	if (eventfd)
		eventfd_ctx_put(eventfd);
}

static void winusb_records_take(struct winusb_file *wf, struct list_head *list, size_t most)
{
	struct list_head *last;

	spin_lock_irq(&wf->requests_lock);
	last = &wf->done;
	while (most-- && last->next != &wf->done)
		last = last->next;
	list_cut_position(list, &wf->done, last);
	spin_unlock_irq(&wf->requests_lock);
}

static void winusb_records_put_back(struct winusb_file *wf, struct list_head *list)
{
	spin_lock_irq(&wf->requests_lock);
	list_splice(list, &wf->done);
	wake_up_poll(&wf->wait, EPOLLIN | EPOLLRDNORM);	/* who has looked saw nothing */
	spin_unlock_irq(&wf->requests_lock);
}

/**
 * winusb_records_deliver - Give what was read into a buffer that is being unregistered
 * @wf: The file. The caller holds no lock.
 * @buffer: The buffer; none of its requests is under way.
 *
 * Its memory belongs to the program afterwards; records are read later.
 *
 * Return: 0 or -EINTR.
 */
int winusb_records_deliver(struct winusb_file *wf, const struct winusb_isoch_buffer *buffer)
{
	struct winusb_request *req;
	LIST_HEAD(list);

	if (mutex_lock_killable(&wf->read_lock))
		return -EINTR;
	winusb_records_take(wf, &list, SIZE_MAX);
	list_for_each_entry(req, &list, file_node)
		if (req->isoch && req->isoch->buffer == buffer)
			winusb_request_collect_data(req);
	winusb_records_put_back(wf, &list);
	mutex_unlock(&wf->read_lock);
	return 0;
}

static int winusb_records_give(struct winusb_request *req, char __user *buffer)
{
	struct winusb_completion record = { };

	winusb_request_collect(req);
	record.cookie = req->cookie;
	record.status = req->status;
	record.length = req->moved;
	record.handle = req->number;
	record.pipe_id = req->address;
	if (req->status == -ECONNRESET)
		record.flags |= WINUSB_COMPLETION_RESET;
	if (req->isoch) {
		record.isoch_frame = req->isoch->frame;
		record.isoch_errors = req->isoch->errors;
		record.isoch_next_frame = req->isoch->next_frame;
	}
	return copy_to_user(buffer, &record, sizeof(record)) ? -EFAULT : 0;
}

/* As many as there are and fit; not more than a batch. */
static ssize_t winusb_records_read_ready(struct winusb_file *wf, char __user *buffer, size_t length)
{
	size_t most = min_t(size_t, length / sizeof(struct winusb_completion), WINUSB_READ_BATCH);
	struct winusb_request *req, *next;
	ssize_t done = 0;
	LIST_HEAD(list);
	int ret;

	winusb_records_take(wf, &list, most);
	list_for_each_entry_safe(req, next, &list, file_node) {
		ret = winusb_records_give(req, buffer + done);
		if (ret) {
			winusb_records_put_back(wf, &list);
			return done ? done : ret;
		}
		list_del_init(&req->file_node);
		winusb_request_put(req);
		done += sizeof(struct winusb_completion);
	}
	return done;
}

static ssize_t winusb_records_read_all(struct winusb_file *wf, char __user *buffer, size_t length)
{
	ssize_t done = 0, ret;

	do {
		ret = winusb_records_read_ready(wf, buffer + done, length - done);
		if (ret > 0)
			done += ret;
	} while (ret == (ssize_t)(WINUSB_READ_BATCH * sizeof(struct winusb_completion)) &&
		 length - done >= sizeof(struct winusb_completion) && !task_sigpending(current));
	return done ? done : ret;
}

/**
 * winusb_records_read - read(2) of a read-write file
 * @wf: The file.
 * @buffer: Where whole records go.
 * @length: Room there, bytes.
 * @nonblock: Give -EAGAIN instead of waiting for a record.
 *
 * Return: Bytes read, 0 at the end, or an error.
 */
ssize_t winusb_records_read(struct winusb_file *wf, char __user *buffer, size_t length,
			    bool nonblock)
{
	ssize_t done;
	bool ended;

	if (length < sizeof(struct winusb_completion))
		return -EINVAL;
	length = min_t(size_t, length, INT_MAX);

	for (;;) {
		if (mutex_lock_interruptible(&wf->read_lock))
			return winusb_interrupted();
		done = winusb_records_read_all(wf, buffer, length);
		ended = !done && winusb_records_ended(wf);	/* no other has the last one */
		mutex_unlock(&wf->read_lock);
		if (done || ended)
			return done;
		if (nonblock)
			return -EAGAIN;
		if (winusb_records_closed(wf))
			return -ECANCELED;
		if (wait_event_freezable(wf->wait, winusb_records_pending(wf) ||
					 winusb_records_ended(wf) ||
					 winusb_records_closed(wf)))
			return winusb_interrupted();
	}
}

/**
 * winusb_records_wake - Let those go that wait for records with winusb_records_reap()
 * @wf: The file.
 *
 * Return: How often this was done, now.
 */
u32 winusb_records_wake(struct winusb_file *wf)
{
	u32 wakes;

	spin_lock_irq(&wf->requests_lock);
	wakes = wf->wakes + 1;
	WRITE_ONCE(wf->wakes, wakes);
	spin_unlock_irq(&wf->requests_lock);
	wake_up_all(&wf->wait);
	return wakes;
}

/* Wait for a record, or for something else that ends winusb_records_reap(). */
static int winusb_records_wait(struct winusb_file *wf, u32 wakes, u64 until)
{
	ktime_t left = KTIME_MAX;
	s64 ns;
	int ret;

	if (until != WINUSB_REAP_FOREVER) {
		ns = until - ktime_get_ns();
		if (until > S64_MAX)
			ns = S64_MAX;
		if (ns <= 0)
			return -ETIMEDOUT;
		left = ns_to_ktime(ns);
	}
	ret = wait_event_interruptible_hrtimeout(wf->wait, winusb_records_pending(wf) ||
						 winusb_records_ended(wf) ||
						 winusb_records_closed(wf) ||
						 READ_ONCE(wf->wakes) != wakes, left);
	if (ret == -ETIME)
		return -ETIMEDOUT;
	return ret ? winusb_interrupted() : 0;
}

/**
 * winusb_records_reap - Read records until a time, or until somebody wakes us
 * @wf: The file.
 * @buffer: Where whole records go.
 * @count: How many fit.
 * @wakes: How often it was woken, as far as the caller knows.
 * @until: CLOCK_MONOTONIC, ns; WINUSB_REAP_FOREVER, or 0.
 * @out_count: Where the number of records goes.
 *
 * Return: 0, or an error of the contract.
 */
int winusb_records_reap(struct winusb_file *wf, char __user *buffer, u32 count, u32 wakes,
			u64 until, u32 *out_count)
{
	size_t length = (size_t)count * sizeof(struct winusb_completion);
	ssize_t done;
	int ret;

	for (;;) {
		done = winusb_records_read(wf, buffer, length, true);
		if (done > 0)
			*out_count = done / sizeof(struct winusb_completion);
		if (done != -EAGAIN)
			return done > 0 ? 0 : done ? done : -ENODEV;
		if (READ_ONCE(wf->wakes) != wakes)
			return 0;
		if (winusb_records_closed(wf))
			return -ECANCELED;
		ret = winusb_records_wait(wf, wakes, until);
		if (ret)
			return ret;
	}
}
