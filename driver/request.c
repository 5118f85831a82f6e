// SPDX-License-Identifier: GPL-2.0-only
/*
 * The request: one read, write or control transfer, run by the thread that asked for it.
 *
 * Requests of a pipe form a queue; the oldest owns the pipe and is the only one with a URB at the
 * host controller (winusb.md 1.5, 2.3). The thread waits for its turn and for its URB without a
 * lock, so a signal, the timeout policy, an abort, a close, a reset and the removal can always
 * reach it. User memory is touched outside the gate: a page fault may wait for user space, and
 * disconnect() must not wait for that.
 *
 * Ending early: whoever ends a request marks it with the reason (once, by cmpxchg) and then unlinks
 * its URB. The thread submits its URB and then looks at the mark. One of the two sees the other,
 * since both sides have a full barrier in between. The thread always waits for its URB to come
 * back: after an unlink that takes as long as the host controller needs. So a URB never outlives
 * its request, and what the URB did move counts, whatever the reason of its end.
 */
#include <linux/file.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "compat.h"
#include "file.h"
#include "handle.h"
#include "interface.h"
#include "pipe.h"
#include "request.h"
#include "status.h"
#include "trace.h"

/*
 * The most that one URB moves. A multiple of all packet sizes that are a power of two; for others
 * it is rounded down.
 */
#define WINUSB_CHUNK_LENGTH 65536

static void winusb_request_release(struct kref *ref)
{
	struct winusb_request *req = container_of(ref, struct winusb_request, ref);

	usb_free_urb(req->urb);
	kfree(req);
}

static void winusb_request_put(struct winusb_request *req)
{
	kref_put(&req->ref, winusb_request_release);
}

static struct winusb_request *winusb_request_alloc(struct winusb_handle *wh)
{
	struct winusb_request *req;

	req = kzalloc(sizeof(*req), GFP_KERNEL_ACCOUNT);
	if (!req)
		return NULL;

	req->urb = usb_alloc_urb(0, GFP_KERNEL);
	if (!req->urb) {
		kfree(req);
		return NULL;
	}
	kref_init(&req->ref);
	req->wh = wh;
	req->owner = current->files;
	INIT_LIST_HEAD(&req->pipe_node);
	INIT_LIST_HEAD(&req->file_node);
	init_completion(&req->complete);
	init_waitqueue_head(&req->wait);
	return req;
}

/**
 * winusb_request_mark - Decide that a request shall end
 * @req: The request. The caller holds the lock of a list that it is in.
 * @error: The error it ends with.
 *
 * The one whose mark it is owns cancel_node and a reference; winusb_request_unlink() takes both.
 *
 * Return: true if this call made the mark.
 */
bool winusb_request_mark(struct winusb_request *req, int error)
{
	if (cmpxchg(&req->cancel, 0, error) != 0)
		return false;
	kref_get(&req->ref);	/* put in winusb_request_unlink() */
	return true;
}

/**
 * winusb_request_unlink - Take marked requests back from the host controller
 * @marked: Requests, linked by cancel_node, each marked by the caller. Newest first, so that the
 *	next in line is not handed over just to be taken back. Empty afterwards.
 *
 * Does not wait. The caller holds no lock that a completion handler takes.
 */
void winusb_request_unlink(struct list_head *marked)
{
	struct winusb_request *req, *next;

	list_for_each_entry_safe(req, next, marked, cancel_node) {
		list_del(&req->cancel_node);
		usb_unlink_urb(req->urb);	/* does nothing to a URB that is not in flight */
		wake_up(&req->wait);
		winusb_request_put(req);
	}
}

static void winusb_request_cancel(struct winusb_request *req, int error)
{
	if (cmpxchg(&req->cancel, 0, error) == 0)
		usb_unlink_urb(req->urb);
}

/* Nothing after complete(): the thread that waits may free the request at once. */
static void winusb_request_completed(struct urb *urb)
{
	struct winusb_request *req = urb->context;

	complete(&req->complete);
}

static void winusb_request_leave_file(struct winusb_request *req)
{
	struct winusb_file *wf = req->wh->wf;

	spin_lock(&wf->requests_lock);
	list_del_init(&req->file_node);
	spin_unlock(&wf->requests_lock);
}

/* Enter the request into its file, unless the interface left or this process closed the file. */
static int winusb_request_enter_file(struct winusb_request *req)
{
	struct winusb_file *wf = req->wh->wf;
	bool flushed;
	int ret = 0;

	spin_lock(&wf->requests_lock);
	flushed = wf->flushed;
	if (wf->gone)
		ret = -ENODEV;
	else
		list_add_tail(&req->file_node, &wf->requests);
	spin_unlock(&wf->requests_lock);

	if (!ret && flushed && winusb_file_is_closed(wf)) {
		winusb_request_leave_file(req);
		ret = -ECANCELED;
	}
	return ret;
}

/*
 * Enter the request into its pipe and file, so that it can be found and ended. The caller is inside
 * the gate.
 */
static int winusb_request_enqueue(struct winusb_request *req, struct winusb_pipe *pipe)
{
	int ret;

	ret = winusb_request_enter_file(req);
	if (ret)
		return ret;

	req->pipe = pipe;
	spin_lock(&pipe->lock);
	list_add_tail(&req->pipe_node, &pipe->queue);
	spin_unlock(&pipe->lock);
	return 0;
}

/* The opposite; wakes whoever is next, and who waits for the pipe to be idle. */
static void winusb_request_dequeue(struct winusb_request *req)
{
	struct winusb_pipe *pipe = req->pipe;
	struct winusb_request *next;

	spin_lock(&pipe->lock);
	list_del_init(&req->pipe_node);
	next = list_first_entry_or_null(&pipe->queue, struct winusb_request, pipe_node);
	if (next)
		wake_up(&next->wait);
	wake_up_all(&pipe->idle);
	spin_unlock(&pipe->lock);

	winusb_request_leave_file(req);
}

static bool winusb_request_has_turn(struct winusb_request *req)
{
	struct winusb_pipe *pipe = req->pipe;
	bool turn;

	spin_lock(&pipe->lock);
	turn = list_first_entry(&pipe->queue, struct winusb_request, pipe_node) == req &&
	       !pipe->parked;
	spin_unlock(&pipe->lock);
	return turn;
}

/* Wait until the request owns its pipe. Time spent here is not the timeout policy's. */
static int winusb_request_wait_turn(struct winusb_request *req)
{
	int ret;

	ret = wait_event_interruptible(req->wait,
				       READ_ONCE(req->cancel) || winusb_request_has_turn(req));
	if (ret)
		return -EINTR;
	return READ_ONCE(req->cancel);
}

static void winusb_request_set_in_stack(struct winusb_request *req, bool in_stack)
{
	struct winusb_pipe *pipe = req->pipe;

	spin_lock(&pipe->lock);
	req->in_stack = in_stack;
	if (in_stack)
		req->resets = pipe->resets;
	else
		wake_up_all(&pipe->idle);
	spin_unlock(&pipe->lock);
}

/* Hand the filled URB to the host controller, if the interface, the pipe and the request live. */
static int winusb_request_submit(struct winusb_request *req)
{
	struct winusb_interface *wi = req->wh->wi;
	int ret;

	if (down_read_interruptible(&wi->gate))
		return -EINTR;
	ret = READ_ONCE(req->cancel);
	if (ret)
		goto out_up;
	if (wi->gone || wi->resetting) {
		/* The one who set it is about to mark this request. */
		ret = wi->gone ? -ESHUTDOWN : -ECONNRESET;
		goto out_up;
	}
	if (READ_ONCE(req->pipe->halted)) {
		ret = -EPIPE;
		goto out_up;
	}

	reinit_completion(&req->complete);
	winusb_request_set_in_stack(req, true);
	usb_anchor_urb(req->urb, &wi->anchor);
	trace_winusb_submit(req->pipe, req->urb->transfer_buffer_length);
	/* disconnect() and resets wait for the gate, and storage may be waiting for them. */
	ret = usb_submit_urb(req->urb, GFP_NOIO);
	if (ret) {
		usb_unanchor_urb(req->urb);
		winusb_request_set_in_stack(req, false);
		/* An endpoint is disabled though we stay: see winusb_interface_select(). */
		if (ret == -ENOENT && wi->intf->condition == USB_INTERFACE_BOUND)
			ret = -EIO;
		ret = winusb_status_to_errno(ret);
		goto out_up;
	}
	smp_mb();	/* pairs with the cmpxchg() before each usb_unlink_urb() of a request */
	if (READ_ONCE(req->cancel))
		usb_unlink_urb(req->urb);
out_up:
	up_read(&wi->gate);
	return ret;
}

/*
 * Submit the URB and wait until it is back. Its actual_length counts whatever the result; it is 0
 * if the URB was not taken.
 */
static int winusb_request_run_urb(struct winusb_request *req)
{
	u32 timeout_ms = READ_ONCE(req->pipe->timeout_ms);
	long timeout = timeout_ms ? (long)msecs_to_jiffies(timeout_ms) : MAX_SCHEDULE_TIMEOUT;
	int status, ret;
	long left;

	req->urb->actual_length = 0;
	ret = winusb_request_submit(req);
	if (ret)
		return ret;

	left = wait_for_completion_interruptible_timeout(&req->complete, timeout);
	if (left <= 0) {
		winusb_request_cancel(req, left ? -EINTR : -ETIMEDOUT);
		wait_for_completion(&req->complete);
	}

	status = req->urb->status;
	if ((status == -ENOENT || status == -ECONNRESET) && READ_ONCE(req->cancel))
		ret = READ_ONCE(req->cancel);	/* it was us, and we know why */
	else
		ret = winusb_status_to_errno(status);

	if (ret == -EPIPE)
		winusb_pipe_halt(req->pipe, req->resets);
	winusb_request_set_in_stack(req, false);
	trace_winusb_complete(req->pipe, req->urb->actual_length, ret);
	return ret;
}

static void winusb_request_fill(struct winusb_request *req, void *buffer, size_t length)
{
	struct winusb_pipe *pipe = req->pipe;
	struct usb_device *udev = req->wh->wi->udev;
	unsigned int number = pipe->address & USB_ENDPOINT_NUMBER_MASK;
	unsigned int urb_pipe;

	if (pipe->type == USB_ENDPOINT_XFER_INT) {
		urb_pipe = winusb_pipe_is_in(pipe) ? usb_rcvintpipe(udev, number) :
						     usb_sndintpipe(udev, number);
		usb_fill_int_urb(req->urb, udev, urb_pipe, buffer, length,
				 winusb_request_completed, req, pipe->interval);
	} else {
		urb_pipe = winusb_pipe_is_in(pipe) ? usb_rcvbulkpipe(udev, number) :
						     usb_sndbulkpipe(udev, number);
		usb_fill_bulk_urb(req->urb, udev, urb_pipe, buffer, length,
				  winusb_request_completed, req);
	}
}

/* The most that one URB of this request moves: whole packets, as many as its buffer holds. */
static size_t winusb_request_chunk_length(const struct winusb_request *req)
{
	return rounddown(req->room, req->pipe->maxp);
}

/*
 * The read state machine (winusb.md 2.3) with the default policies. The request owns its pipe.
 * Bytes are counted in @moved as they reach the caller.
 */
static int winusb_request_read(struct winusb_request *req, struct iov_iter *iter, u8 *buffer,
			       size_t *moved)
{
	struct winusb_pipe *pipe = req->pipe;
	size_t chunk, want, got, rest;
	int ret;

	/* Saved bytes go first; the rest is asked of the device (2.3, steps 3 and 4). */
	got = winusb_pipe_take_saved(pipe, buffer, iov_iter_count(iter));
	*moved = copy_to_iter(buffer, got, iter);
	if (*moved != got)
		return -EFAULT;

	while (iov_iter_count(iter)) {
		rest = iov_iter_count(iter);
		chunk = min(roundup(rest, pipe->maxp), winusb_request_chunk_length(req));
		if (fault_in_iov_iter_writeable(iter, min(rest, chunk)))
			return -EFAULT;

		winusb_request_fill(req, buffer, chunk);
		ret = winusb_request_run_urb(req);
		got = min_t(size_t, req->urb->actual_length, chunk);

		/* What was not asked for begins the next read (2.3, step 7). */
		want = min(got, rest);
		if (got > want)
			winusb_pipe_save(pipe, buffer + want, got - want);
		rest = copy_to_iter(buffer, want, iter);
		*moved += rest;
		if (ret)
			return ret;
		if (rest != want)
			return -EFAULT;
		if (got < chunk)
			break;	/* a short packet */
	}
	return 0;
}

/* @filled bytes of the first chunk are in @buffer already. */
static int winusb_request_write(struct winusb_request *req, struct iov_iter *iter, u8 *buffer,
				size_t filled, size_t *moved)
{
	int ret;

	for (;;) {
		winusb_request_fill(req, buffer, filled);
		ret = winusb_request_run_urb(req);
		*moved += min_t(size_t, req->urb->actual_length, filled);
		if (ret)
			return ret;
		if (req->urb->actual_length < filled)
			return -EIO;	/* a controller that does less than it says */
		if (!iov_iter_count(iter))
			return 0;

		filled = min(iov_iter_count(iter), winusb_request_chunk_length(req));
		if (copy_from_iter(buffer, filled, iter) != filled)
			return -EFAULT;
	}
}

/* Look the pipe up and enter the request, inside the gate. */
static int winusb_request_begin(struct winusb_request *req, u8 address, bool nonblock)
{
	struct winusb_handle *wh = req->wh;
	struct winusb_pipe *pipe;
	int ret;

	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	pipe = winusb_pipe_find(wh->wi, address);
	/* The setting may have changed since the size of the buffer was computed. */
	if (!pipe || pipe->type == USB_ENDPOINT_XFER_CONTROL || req->room < pipe->maxp)
		ret = -EINVAL;
	else if (pipe->type == USB_ENDPOINT_XFER_ISOC)
		ret = -EOPNOTSUPP;
	else
		ret = winusb_request_enqueue(req, pipe);
	winusb_handle_leave(wh);
	return ret;
}

/* Would this transfer be taken? Asked before anything is allocated or any user memory touched. */
static int winusb_request_check(struct winusb_handle *wh, u8 address, u16 *maxp, bool nonblock)
{
	struct winusb_pipe *pipe;
	int ret;

	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	pipe = winusb_pipe_find(wh->wi, address);
	if (!pipe || pipe->type == USB_ENDPOINT_XFER_CONTROL)
		ret = -EINVAL;
	else if (pipe->type == USB_ENDPOINT_XFER_ISOC)
		ret = -EOPNOTSUPP;
	else
		*maxp = pipe->maxp;
	winusb_handle_leave(wh);
	return ret;
}

static size_t winusb_request_room(size_t length, u16 maxp)
{
	return min_t(size_t, max_t(size_t, roundup(length, maxp), maxp),
		     rounddown(WINUSB_CHUNK_LENGTH, maxp));
}

/*
 * A buffer of whole packets, smaller than wanted if memory is fragmented. One for a read is zeroed:
 * what a host controller says it received is not always what it wrote.
 */
static u8 *winusb_request_buffer(size_t *room, u16 maxp, bool in)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN | (in ? __GFP_ZERO : 0);
	u8 *buffer;

	for (;;) {
		buffer = kmalloc(*room, *room > maxp ? gfp | __GFP_NORETRY : gfp);
		if (buffer || *room <= maxp)
			return buffer;
		*room = max_t(size_t, rounddown(*room / 2, maxp), maxp);
	}
}

/**
 * winusb_request_transfer - Read or write a bulk or interrupt pipe
 * @wh: A handle of the interface that has the pipe. The caller holds a reference.
 * @address: bEndpointAddress; bit 7 says whether this is a read.
 * @iter: The caller's memory, all of which is to be moved.
 * @moved: Where the number of bytes moved goes, also on failure.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_request_transfer(struct winusb_handle *wh, u8 address, struct iov_iter *iter,
			    size_t *moved, bool nonblock)
{
	bool in = address & USB_DIR_IN;
	size_t length = iov_iter_count(iter);
	struct winusb_request *req;
	size_t room, filled = 0;
	u8 *buffer;
	u16 maxp;
	int ret;

	*moved = 0;
	ret = winusb_request_check(wh, address, &maxp, nonblock);
	if (ret)
		return ret;
	if (in && !length)
		return 0;	/* winusb.md 2.3, step 2 */

	room = winusb_request_room(length, maxp);
	buffer = winusb_request_buffer(&room, maxp, in);
	if (!buffer)
		return -ENOMEM;
	req = winusb_request_alloc(wh);
	if (!req) {
		ret = -ENOMEM;
		goto err_free_buffer;
	}
	req->room = room;

	/* A bad buffer is refused before anything moves. */
	ret = -EFAULT;
	if (in) {
		if (fault_in_iov_iter_writeable(iter, min(length, room)))
			goto err_put_request;
	} else {
		filled = min(length, room);
		if (copy_from_iter(buffer, filled, iter) != filled)
			goto err_put_request;
	}

	ret = winusb_request_begin(req, address, nonblock);
	if (ret)
		goto err_put_request;
	ret = winusb_request_wait_turn(req);
	if (!ret && in)
		ret = winusb_pipe_prepare_saved(req->pipe);
	if (!ret)
		ret = in ? winusb_request_read(req, iter, buffer, moved) :
			   winusb_request_write(req, iter, buffer, filled, moved);
	winusb_request_dequeue(req);
err_put_request:
	winusb_request_put(req);
err_free_buffer:
	kfree(buffer);
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_request_transfer);

/**
 * winusb_request_control - A control transfer, as it stands
 * @wh: The handle whose interface's timeout counts. The caller holds a reference.
 * @setup: The setup packet; wLength bytes are moved.
 * @data: Kernel memory of wLength bytes that the controller may reach, or NULL if that is 0.
 * @moved: Where the number of bytes moved goes, also on failure.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * No rule about what may be asked is applied here, see control.c. Not usb_control_msg(): that can't
 * be interrupted and caps the timeout.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_request_control(struct winusb_handle *wh, const struct usb_ctrlrequest *setup,
			   void *data, size_t *moved, bool nonblock)
{
	struct winusb_interface *wi = wh->wi;
	struct winusb_request *req;
	/* Without a data stage the direction is OUT for usbcore, whatever the packet says. */
	bool in = (setup->bRequestType & USB_DIR_IN) && setup->wLength;
	u8 *packet;
	int ret;

	*moved = 0;
	packet = kmemdup(setup, sizeof(*setup), GFP_KERNEL);	/* DMA wants memory of its own */
	if (!packet)
		return -ENOMEM;
	req = winusb_request_alloc(wh);
	if (!req) {
		ret = -ENOMEM;
		goto err_free_packet;
	}

	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		goto err_put_request;
	ret = winusb_request_enqueue(req, &wi->control);
	winusb_handle_leave(wh);
	if (ret)
		goto err_put_request;

	usb_fill_control_urb(req->urb, wi->udev,
			     in ? usb_rcvctrlpipe(wi->udev, 0) : usb_sndctrlpipe(wi->udev, 0),
			     packet, data, le16_to_cpu(setup->wLength),
			     winusb_request_completed, req);
	ret = winusb_request_run_urb(req);
	*moved = min_t(size_t, req->urb->actual_length, le16_to_cpu(setup->wLength));
	winusb_request_dequeue(req);
err_put_request:
	winusb_request_put(req);
err_free_packet:
	kfree(packet);
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_request_control);
