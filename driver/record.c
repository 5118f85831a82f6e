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
