// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands of transfers: their arguments are checked here, and the engine in request.c is
 * called.
 */
#include <linux/eventfd.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/usb.h>

#include "buffer.h"
#include "call.h"
#include "control.h"
#include "file.h"
#include "record.h"
#include "request.h"
#include "transfer.h"

static bool winusb_transfer_is_clean(const struct winusb_transfer *arg)
{
	u64 setup;

	memcpy(&setup, arg->setup, sizeof(setup));
	return !((arg->flags & ~WINUSB_TRANSFER_ASYNC) | arg->__reserved[0] | arg->__reserved[1] |
		 arg->__reserved[2] | arg->isoch_buffer | arg->isoch_offset |
		 arg->isoch_start_frame | arg->isoch_packet_count | arg->isoch_packets |
		 arg->stream_id | arg->__reserved2 | (arg->pipe_id ? setup : 0) |
		 (arg->flags & WINUSB_TRANSFER_ASYNC ? 0 : arg->cookie));
}

static struct winusb_request *winusb_transfer_create(struct winusb_handle *wh,
						     enum winusb_door door,
						     const struct winusb_transfer *arg,
						     bool nonblock)
{
	struct usb_ctrlrequest setup;
	struct iov_iter iter;
	bool in;
	int ret;

	memcpy(&setup, arg->setup, sizeof(setup));
	in = (arg->pipe_id ? arg->pipe_id : setup.bRequestType) & USB_DIR_IN;
	ret = winusb_buffer_iter(&iter, in, arg->buffer, arg->length);
	if (ret)
		return ERR_PTR(ret);
	if (arg->pipe_id)
		return winusb_request_create(wh, door, arg->pipe_id, &iter, nonblock);
	return winusb_control_create(wh, door, &setup, &iter, nonblock);
}

/* Start a transfer whose completion is read as a record. */
static int winusb_transfer_submit(struct winusb_handle *wh, const struct winusb_transfer *arg,
				  bool nonblock)
{
	struct winusb_request *req;
	int ret;

	req = winusb_transfer_create(wh, WINUSB_DOOR_RECORD, arg, nonblock);
	if (IS_ERR(req))
		return PTR_ERR(req);
	req->cookie = arg->cookie;
	ret = winusb_request_start(req, nonblock);
	if (ret)
		winusb_request_discard(req);
	return ret;
}

int winusb_ioctl_transfer(struct winusb_call *call)
{
	struct winusb_transfer *arg = &call->arg.transfer;
	struct winusb_handle *wh;
	size_t moved = 0;
	int ret;

	arg->out_length = 0;
	if (!winusb_transfer_is_clean(arg))
		return -EOPNOTSUPP;

	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	if (arg->flags & WINUSB_TRANSFER_ASYNC)
		ret = winusb_transfer_submit(wh, arg, call->nonblock);
	else
		ret = winusb_request_run(winusb_transfer_create(wh, WINUSB_DOOR_BLOCKING, arg,
								call->nonblock),
					 &moved, call->nonblock);
	arg->out_length = moved;
	winusb_handle_put(wh);
	return ret;
}

/* Copy one element in, under the rules for structures. */
static int winusb_submit_copy(struct winusb_transfer *transfer, void __user *user, u32 size)
{
	u32 said;
	int ret;

	ret = copy_struct_from_user(transfer, sizeof(*transfer), user, size);
	if (ret)
		return ret;
	said = transfer->size;
	if (said != size)
		return -EINVAL;
	transfer->flags |= WINUSB_TRANSFER_ASYNC;	/* goes without saying */
	return winusb_transfer_is_clean(transfer) ? 0 : -EOPNOTSUPP;
}

/* The handle of an element, which is nearly always that of the one before. */
static int winusb_submit_handle(struct winusb_file *wf, u32 number, struct winusb_handle **wh)
{
	struct winusb_handle *found;

	if (*wh && (*wh)->number == number)
		return 0;
	if (*wh)
		winusb_handle_put(*wh);
	found = winusb_handle_get(wf, number);
	*wh = IS_ERR(found) ? NULL : found;
	return PTR_ERR_OR_ZERO(found);
}

static int winusb_submit_all(struct winusb_call *call, struct winusb_handle **wh)
{
	struct winusb_submit *arg = &call->arg.submit;
	struct winusb_transfer transfer;
	u32 i, count = arg->count;
	void __user *user;
	int ret;

	for (i = 0; i < count; i++) {
		user = u64_to_user_ptr(arg->transfers) + (size_t)i * arg->transfer_size;
		ret = winusb_submit_copy(&transfer, user, arg->transfer_size);
		if (!ret)
			ret = winusb_submit_handle(call->wf, transfer.handle, wh);
		if (!ret)
			ret = winusb_transfer_submit(*wh, &transfer, call->nonblock);
		if (ret)
			return ret;
		arg->out_count++;
		if (i + 1 < count && task_sigpending(current))
			return -EINTR;
	}
	return 0;
}

int winusb_ioctl_submit(struct winusb_call *call)
{
	struct winusb_submit *arg = &call->arg.submit;
	struct winusb_handle *wh = NULL;
	int ret;

	arg->out_count = 0;
	if (!arg->count || arg->count > WINUSB_MAX_SUBMIT ||
	    arg->transfer_size < WINUSB_TRANSFER_SHORTEST)
		return -EINVAL;
	if (arg->transfer_size > WINUSB_ARGUMENT_MAX)
		return -E2BIG;
	if (arg->transfers != (unsigned long)arg->transfers)
		return -EFAULT;
	ret = winusb_submit_all(call, &wh);
	if (wh)
		winusb_handle_put(wh);
	return ret;
}

int winusb_ioctl_cancel(struct winusb_call *call)
{
	struct winusb_cancel *arg = &call->arg.cancel;
	bool all = arg->flags & WINUSB_CANCEL_ALL;

	arg->out_count = 0;
	if (arg->flags & ~WINUSB_CANCEL_ALL || arg->__reserved || (all && arg->cookie))
		return -EOPNOTSUPP;
	arg->out_count = winusb_file_cancel_cookie(call->wf, all, arg->cookie);
	return arg->out_count ? 0 : -ENOENT;
}

int winusb_ioctl_set_eventfd(struct winusb_call *call)
{
	struct winusb_set_eventfd *arg = &call->arg.eventfd;
	struct eventfd_ctx *eventfd = NULL;

	if (arg->fd < -1)
		return -EBADF;
	if (arg->fd >= 0) {
		eventfd = eventfd_ctx_fdget(arg->fd);
		if (IS_ERR(eventfd))
			return PTR_ERR(eventfd);
	}
	winusb_records_set_eventfd(call->wf, eventfd);
	return 0;
}
