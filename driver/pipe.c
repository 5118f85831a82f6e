// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pipe: an endpoint of the current setting with its policies, its queue of requests and the
 * bytes that a read left over. The objects are part of the interface and filled anew when the
 * setting changes, which happens only while no request is in them.
 */
#include <linux/slab.h>

#include <uapi/linux/winusb.h>

#include "compat.h"
#include "handle.h"
#include "interface.h"
#include "pipe.h"
#include "request.h"

/**
 * winusb_pipe_init - Prepare a pipe object, once
 * @pipe: The pipe.
 * @wi: The interface it is part of.
 */
void winusb_pipe_init(struct winusb_pipe *pipe, struct winusb_interface *wi)
{
	pipe->wi = wi;
	spin_lock_init(&pipe->lock);
	INIT_LIST_HEAD(&pipe->queue);
	init_waitqueue_head(&pipe->idle);
	winusb_pipe_set_defaults(pipe);
}

/**
 * winusb_pipe_setup - Make a pipe object stand for an endpoint
 * @pipe: The pipe; no request is in it.
 * @desc: The endpoint, or NULL for none.
 */
void winusb_pipe_setup(struct winusb_pipe *pipe, const struct usb_endpoint_descriptor *desc)
{
	winusb_pipe_destroy(pipe);
	pipe->address = desc ? desc->bEndpointAddress : 0;
	pipe->type = desc ? usb_endpoint_type(desc) : USB_ENDPOINT_XFER_CONTROL;
	pipe->maxp = desc ? usb_endpoint_maxp(desc) : 0;
	pipe->interval = desc ? desc->bInterval : 0;
	pipe->halted = false;
	winusb_pipe_set_defaults(pipe);
}

/**
 * winusb_pipe_destroy - Free what a pipe object holds
 * @pipe: The pipe; no request is in it.
 */
void winusb_pipe_destroy(struct winusb_pipe *pipe)
{
	pipe->saved_length = 0;
	kfree(pipe->saved);
	pipe->saved = NULL;
}

/**
 * winusb_pipe_find - The pipe of an address in the current setting
 * @wi: The interface; the caller is inside its gate.
 * @address: bEndpointAddress, not 0.
 *
 * Return: The pipe, or NULL.
 */
struct winusb_pipe *winusb_pipe_find(struct winusb_interface *wi, u8 address)
{
	unsigned int i;

	lockdep_assert_held(&wi->gate);

	for (i = 0; i < wi->num_pipes; i++)
		if (wi->pipes[i].address == address)
			return &wi->pipes[i];
	return NULL;
}
WINUSB_EXPORT_FOR_TESTS(winusb_pipe_find);

/**
 * winusb_pipe_set_defaults - Default policies, no saved data
 * @pipe: The pipe.
 */
void winusb_pipe_set_defaults(struct winusb_pipe *pipe)
{
	spin_lock(&pipe->lock);
	pipe->timeout_ms = pipe->address ? 0 : WINUSB_CONTROL_TIMEOUT_MS;
	pipe->saved_length = 0;
	spin_unlock(&pipe->lock);
}

/**
 * winusb_pipe_is_busy - Is a request outstanding, or a reset of the pipe under way?
 * @pipe: The pipe.
 *
 * Return: true if so.
 */
bool winusb_pipe_is_busy(struct winusb_pipe *pipe)
{
	bool busy;

	spin_lock(&pipe->lock);
	busy = !list_empty(&pipe->queue) || pipe->parked;
	spin_unlock(&pipe->lock);
	return busy;
}

/**
 * winusb_pipe_cancel - End all requests of a pipe
 * @pipe: The pipe.
 * @error: The error they end with, unless they have one already.
 *
 * Does not wait. A request that is entered later is not touched.
 */
void winusb_pipe_cancel(struct winusb_pipe *pipe, int error)
{
	struct winusb_request *req;
	LIST_HEAD(marked);

	spin_lock(&pipe->lock);
	list_for_each_entry(req, &pipe->queue, pipe_node)
		if (winusb_request_mark(req, error))
			list_add(&req->cancel_node, &marked);	/* newest first */
	spin_unlock(&pipe->lock);
	winusb_request_unlink(&marked);
}

/**
 * winusb_pipe_halt - The endpoint stalled
 * @pipe: The pipe. The control pipe clears itself and is left alone.
 * @resets: &winusb_pipe.resets when the transfer that stalled was handed over. If the halt was
 *	cleared since then, the stall is an old one.
 */
void winusb_pipe_halt(struct winusb_pipe *pipe, unsigned int resets)
{
	spin_lock(&pipe->lock);
	if (pipe->address && pipe->resets == resets)
		pipe->halted = true;
	spin_unlock(&pipe->lock);
}

/**
 * winusb_pipe_clear_halt - The endpoint was reset, alone or along with its setting or device
 * @pipe: The pipe.
 */
void winusb_pipe_clear_halt(struct winusb_pipe *pipe)
{
	spin_lock(&pipe->lock);
	pipe->halted = false;
	pipe->resets++;
	spin_unlock(&pipe->lock);
}

/**
 * winusb_pipe_prepare_saved - Make room for the bytes that a read may leave over
 * @pipe: The pipe; the caller's request owns it.
 *
 * Return: 0, or -ENOMEM. Nothing has moved yet, so nothing is lost.
 */
int winusb_pipe_prepare_saved(struct winusb_pipe *pipe)
{
	if (pipe->saved || pipe->maxp == 1)
		return 0;
	pipe->saved = kmalloc(pipe->maxp - 1, GFP_KERNEL_ACCOUNT);
	return pipe->saved ? 0 : -ENOMEM;
}

/**
 * winusb_pipe_take_saved - Take saved bytes, oldest first
 * @pipe: The pipe; the caller's request owns it.
 * @to: Room for maxp - 1 bytes.
 * @length: How many at most.
 *
 * Return: How many were taken.
 */
size_t winusb_pipe_take_saved(struct winusb_pipe *pipe, void *to, size_t length)
{
	size_t n;

	spin_lock(&pipe->lock);
	n = min_t(size_t, length, pipe->saved_length);
	if (n) {
		memcpy(to, pipe->saved, n);
		pipe->saved_length -= n;
		memmove(pipe->saved, pipe->saved + n, pipe->saved_length);
	}
	spin_unlock(&pipe->lock);
	return n;
}

/**
 * winusb_pipe_save - Keep what the device sent beyond the end of a read
 * @pipe: The pipe; the caller's request owns it and has emptied the saved data before.
 * @from: The bytes.
 * @length: How many, below maxp.
 */
void winusb_pipe_save(struct winusb_pipe *pipe, const void *from, size_t length)
{
	spin_lock(&pipe->lock);
	pipe->saved_length = min_t(size_t, length, pipe->maxp - 1);
	memcpy(pipe->saved, from, pipe->saved_length);
	spin_unlock(&pipe->lock);
}

/* No marked request has its URB at the host controller. */
static bool winusb_pipe_is_withdrawn(struct winusb_pipe *pipe)
{
	struct winusb_request *req;
	bool withdrawn = true;

	spin_lock(&pipe->lock);
	list_for_each_entry(req, &pipe->queue, pipe_node)
		if (req->in_stack && READ_ONCE(req->cancel))
			withdrawn = false;
	spin_unlock(&pipe->lock);
	return withdrawn;
}

/**
 * winusb_pipe_abort - End all requests of a pipe with -ECANCELED
 * @wh: A handle of the interface.
 * @address: bEndpointAddress, or 0 for the control pipe, where this does nothing.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Returns when the host controller has given them back. It does not wait for a thread that copies
 * data to user memory: that may take as long as user space likes.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_pipe_abort(struct winusb_handle *wh, u8 address, bool nonblock)
{
	struct winusb_pipe *pipe;
	int ret;

	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	if (!address) {
		winusb_handle_leave(wh);
		return 0;	/* winusb.md 8, row 5 */
	}
	pipe = winusb_pipe_find(wh->wi, address);
	if (pipe)
		winusb_pipe_cancel(pipe, -ECANCELED);
	winusb_handle_leave(wh);
	if (!pipe)
		return -EINVAL;

	return wait_event_killable(pipe->idle, winusb_pipe_is_withdrawn(pipe)) ? -EINTR : 0;
}
WINUSB_EXPORT_FOR_TESTS(winusb_pipe_abort);

/* Stop the pipe for a reset, unless a request is in it. */
static int winusb_pipe_park(struct winusb_pipe *pipe)
{
	int ret = -EBUSY;

	spin_lock(&pipe->lock);
	if (list_empty(&pipe->queue) && !pipe->parked) {
		pipe->parked = true;
		ret = 0;
	}
	spin_unlock(&pipe->lock);
	return ret;
}

static void winusb_pipe_unpark(struct winusb_pipe *pipe)
{
	struct winusb_request *req;

	spin_lock(&pipe->lock);
	pipe->parked = false;
	req = list_first_entry_or_null(&pipe->queue, struct winusb_request, pipe_node);
	if (req)
		wake_up(&req->wait);
	spin_unlock(&pipe->lock);
}

/* The device has cleared the halt; now the host's side, whatever has come up in between. */
static int winusb_pipe_reset_host(struct winusb_pipe *pipe)
{
	struct winusb_interface *wi = pipe->wi;
	int ret = 0;

	down_read(&wi->gate);
	if (wi->gone) {
		ret = -ENODEV;
	} else if (!wi->resetting) {	/* which does the same */
		usb_reset_endpoint(wi->udev, pipe->address);
		winusb_pipe_clear_halt(pipe);
	}
	up_read(&wi->gate);
	return ret;
}

/**
 * winusb_pipe_reset - Clear the halt of an endpoint, here and in the device
 * @wh: A handle of the interface.
 * @address: bEndpointAddress, or 0 for the control pipe, where this does nothing.
 * @nonblock: Give -EAGAIN instead of waiting for a reset of the device to end.
 *
 * Not usb_clear_halt(): that can't be interrupted by a removal or a signal. While the request is on
 * its way the pipe is parked, which also keeps the setting from changing.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_pipe_reset(struct winusb_handle *wh, u8 address, bool nonblock)
{
	struct winusb_interface *wi = wh->wi;
	struct usb_ctrlrequest setup = {
		.bRequestType = USB_DIR_OUT | USB_TYPE_STANDARD | USB_RECIP_ENDPOINT,
		.bRequest = USB_REQ_CLEAR_FEATURE,
		.wValue = cpu_to_le16(USB_ENDPOINT_HALT),
		.wIndex = cpu_to_le16(address),
	};
	struct winusb_pipe *pipe;
	size_t moved;
	int ret;

	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	if (!address) {
		winusb_handle_leave(wh);
		return 0;	/* winusb.md 8, row 5 */
	}
	pipe = winusb_pipe_find(wi, address);
	ret = pipe ? winusb_pipe_park(pipe) : -EINVAL;
	winusb_handle_leave(wh);
	if (ret)
		return ret;

	ret = winusb_request_control(wh, &setup, NULL, &moved, nonblock);
	if (!ret)
		ret = winusb_pipe_reset_host(pipe);
	winusb_pipe_unpark(pipe);
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_pipe_reset);

/**
 * winusb_pipe_flush - Drop the bytes saved from earlier reads
 * @wh: A handle of the interface.
 * @address: bEndpointAddress of an IN pipe.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: 0 or an error of the contract; -EINVAL for an OUT pipe (winusb.md 8, row 9).
 */
int winusb_pipe_flush(struct winusb_handle *wh, u8 address, bool nonblock)
{
	struct winusb_pipe *pipe;
	int ret;

	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	pipe = address ? winusb_pipe_find(wh->wi, address) : NULL;
	if (pipe && winusb_pipe_is_in(pipe)) {
		spin_lock(&pipe->lock);
		pipe->saved_length = 0;
		spin_unlock(&pipe->lock);
	} else {
		ret = -EINVAL;
	}
	winusb_handle_leave(wh);
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_pipe_flush);

/* The numbers of Windows' policies that are not built yet are known, but not supported. */
static int winusb_pipe_check_policy(u32 policy)
{
	if (policy == WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT)
		return 0;
	return policy >= 0x01 && policy <= 0x09 ? -EOPNOTSUPP : -EINVAL;
}

/* The pipe of an address, the control pipe included. */
static struct winusb_pipe *winusb_pipe_find_any(struct winusb_interface *wi, u8 address)
{
	return address ? winusb_pipe_find(wi, address) : &wi->control;
}

/**
 * winusb_pipe_get_policy - Ask for a policy
 * @wh: A handle of the interface.
 * @address: bEndpointAddress, or 0 for the control pipe.
 * @policy: WINUSB_POLICY_ number.
 * @value: Where the value goes.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_pipe_get_policy(struct winusb_handle *wh, u8 address, u32 policy, u32 *value,
			   bool nonblock)
{
	struct winusb_pipe *pipe;
	int ret;

	ret = winusb_pipe_check_policy(policy);
	if (ret)
		return ret;
	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	pipe = winusb_pipe_find_any(wh->wi, address);
	if (pipe)
		*value = READ_ONCE(pipe->timeout_ms);
	winusb_handle_leave(wh);
	return pipe ? 0 : -EINVAL;
}
WINUSB_EXPORT_FOR_TESTS(winusb_pipe_get_policy);

/**
 * winusb_pipe_set_policy - Set a policy
 * @wh: A handle of the interface.
 * @address: bEndpointAddress, or 0 for the control pipe.
 * @policy: WINUSB_POLICY_ number.
 * @value: The value.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_pipe_set_policy(struct winusb_handle *wh, u8 address, u32 policy, u32 value,
			   bool nonblock)
{
	struct winusb_pipe *pipe;
	int ret;

	ret = winusb_pipe_check_policy(policy);
	if (ret)
		return ret;
	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	pipe = winusb_pipe_find_any(wh->wi, address);
	if (pipe) {
		spin_lock(&pipe->lock);
		pipe->timeout_ms = value;
		spin_unlock(&pipe->lock);
	}
	winusb_handle_leave(wh);
	return pipe ? 0 : -EINVAL;
}
WINUSB_EXPORT_FOR_TESTS(winusb_pipe_set_policy);
