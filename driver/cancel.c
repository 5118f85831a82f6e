// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ending requests before they are done: marks, and what they lead to. See the top of request.c.
 */
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/usb.h>

#include "compat.h"
#include "isoch.h"
#include "pipe.h"
#include "request.h"
#include "stream.h"
#include "suspend.h"
#include "trace.h"

/**
 * winusb_request_mark - Decide that a request shall end
 * @req: The request. The caller holds the lock of its pipe.
 * @error: The error it ends with, unless it has one already.
 * @finish: Where it is entered if it is to be finished.
 * @unlink: Where it is entered if its URB is to be unlinked; newest first, so that the next in line
 *	is not handed over just to be taken back.
 */
void winusb_request_mark(struct winusb_request *req, int error, struct list_head *finish,
			 struct list_head *unlink)
{
	struct winusb_pipe *pipe = req->pipe;

	lockdep_assert_held(&pipe->lock);

	if (req->counted || req->state == WINUSB_REQUEST_DONE)
		return;
	req->counted = true;
	pipe->cancelled++;	/* winusb_request_finish() takes it back */
	trace_winusb_cancel(req, error);
	if (req->state == WINUSB_REQUEST_QUEUED) {
		if (req->isoch)
			winusb_stream_skip(req);
		list_del_init(&req->pipe_node);
		req->state = WINUSB_REQUEST_DONE;
		req->status = req->isoch ? winusb_isoch_cancel(req, error) : error;
		winusb_suspend_ask_again(pipe->wi);
		list_add_tail(&req->cancel_node, finish);
		return;
	}
	if (req->isoch && winusb_stream_end(req, error)) {
		req->state = WINUSB_REQUEST_DONE;
		req->status = winusb_isoch_status(req);
		winusb_suspend_ask_again(pipe->wi);
		if (pipe->asleep)
			wake_up_all(&pipe->idle);
		list_add_tail(&req->cancel_node, finish);
		return;
	}
	/* One whose pipe is being cleared keeps its error. */
	if (!req->cancel)
		WRITE_ONCE(req->cancel, error);
	winusb_request_get(req);	/* put in winusb_request_end_marked() */
	list_add(&req->cancel_node, unlink);
}

/**
 * winusb_request_unlink - Ask the host controller for what it has of a request
 * @req: The request. The caller has a reference.
 */
void winusb_request_unlink(struct winusb_request *req)
{
	if (req->isoch)
		winusb_isoch_unlink(req);
	else
		usb_unlink_urb(req->urb);	/* does nothing to a URB that is not in flight */
}

/**
 * winusb_request_end_marked - Do what the marks say
 * @finish: From winusb_request_mark(). Empty afterwards.
 * @unlink: From winusb_request_mark(). Empty afterwards.
 *
 * Does not wait. The caller holds no spinlock.
 */
void winusb_request_end_marked(struct list_head *finish, struct list_head *unlink)
{
	struct winusb_request *req, *next;

	list_for_each_entry_safe(req, next, unlink, cancel_node) {
		list_del_init(&req->cancel_node);
		winusb_request_unlink(req);
		winusb_request_put(req);
	}
	list_for_each_entry_safe(req, next, finish, cancel_node) {
		list_del_init(&req->cancel_node);
		winusb_request_finish(req, winusb_request_lock(req));
	}
}

/**
 * winusb_request_cancel - End one request
 * @req: The request; the caller has a reference, and it was started.
 * @error: The error it ends with, unless it has one already.
 */
void winusb_request_cancel(struct winusb_request *req, int error)
{
	LIST_HEAD(finish);
	LIST_HEAD(unlink);
	unsigned long flags;

	spin_lock_irqsave(&req->pipe->lock, flags);
	winusb_request_mark(req, error, &finish, &unlink);
	spin_unlock_irqrestore(&req->pipe->lock, flags);
	winusb_request_end_marked(&finish, &unlink);
}
