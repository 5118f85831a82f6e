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
#include "frame.h"
#include "isoch.h"
#include "isoch_buffer.h"
#include "record.h"
#include "request.h"
#include "transfer.h"

#define WINUSB_TRANSFER_ISOCH_FLAGS (WINUSB_TRANSFER_ISOCH_AT | WINUSB_TRANSFER_ISOCH_CONTINUE | \
				     WINUSB_TRANSFER_ISOCH_LENGTHS)

/**
 * winusb_transfer_is_clean - Is all zero that must be?
 * @arg: The transfer.
 *
 * Return: true if so.
 */
bool winusb_transfer_is_clean(const struct winusb_transfer *arg)
{
	bool isoch = arg->isoch_buffer;
	u64 setup;

	memcpy(&setup, arg->setup, sizeof(setup));
	return !((arg->flags & ~(WINUSB_TRANSFER_ASYNC |
				 (isoch ? WINUSB_TRANSFER_ISOCH_FLAGS : 0))) |
		 arg->__reserved[0] | arg->__reserved[1] | arg->__reserved[2] |
		 (isoch ? 0 : arg->isoch_offset | arg->isoch_start_frame |
		  arg->isoch_packet_count | arg->isoch_packets) |
		 arg->stream_id | arg->__reserved2 | arg->__reserved3 |
		 (arg->pipe_id ? setup : 0) |
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

	if (arg->isoch_buffer)
		return winusb_isoch_create(wh, door, arg);
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
static int winusb_transfer_submit(struct winusb_handle *wh, struct winusb_transfer *arg,
				  bool nonblock)
{
	struct winusb_request *req;
	int ret;

	req = winusb_transfer_create(wh, WINUSB_DOOR_RECORD, arg, nonblock);
	if (IS_ERR(req))
		return PTR_ERR(req);
	req->cookie = arg->cookie;
	if (req->isoch)
		req->next_frame = &arg->out_isoch_frame;
	ret = winusb_request_start(req, nonblock);
	if (ret)
		winusb_request_discard(req);
	return ret;
}

static int winusb_transfer_run(struct winusb_handle *wh, struct winusb_transfer *arg, size_t *moved,
			       bool nonblock)
{
	struct winusb_request *req = winusb_transfer_create(wh, WINUSB_DOOR_BLOCKING, arg,
							    nonblock);

	if (!IS_ERR(req) && req->isoch)
		req->next_frame = &arg->out_isoch_frame;
	return winusb_request_run(req, moved, nonblock);
}

int winusb_ioctl_transfer(struct winusb_call *call)
{
	struct winusb_transfer *arg = &call->arg.transfer;
	struct winusb_handle *wh;
	size_t moved = 0;
	int ret;

	arg->out_length = 0;
	arg->out_isoch_frame = 0;
	if (arg->isoch_buffer)
		call->reply_end = offsetofend(struct winusb_transfer, out_isoch_frame);
	if (!winusb_transfer_is_clean(arg))
		return -EOPNOTSUPP;

	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	if (arg->flags & WINUSB_TRANSFER_ASYNC)
		ret = winusb_transfer_submit(wh, arg, call->nonblock);
	else
		ret = winusb_transfer_run(wh, arg, &moved, call->nonblock);
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

static int winusb_submit_some(struct winusb_call *call, u64 transfers, u32 size, u32 count,
			      struct winusb_handle **wh, u32 *done)
{
	struct winusb_transfer transfer;
	int ret;

	for (*done = 0; *done < count; ) {
		ret = winusb_submit_copy(&transfer,
					 u64_to_user_ptr(transfers) + (size_t)*done * size, size);
		if (!ret)
			ret = winusb_submit_handle(call->wf, transfer.handle, wh);
		if (!ret)
			ret = winusb_transfer_submit(*wh, &transfer, call->nonblock);
		if (ret)
			return ret;
		if (++*done < count && task_sigpending(current))
			return -EINTR;
	}
	return 0;
}

/* Submit transfers in order; @done is how many there were before one was refused. */
static int winusb_submit_all(struct winusb_call *call, u64 transfers, u32 size, u32 count,
			     u32 *done)
{
	struct winusb_handle *wh = NULL;
	int ret;

	*done = 0;
	if (!count || count > WINUSB_MAX_SUBMIT || size < WINUSB_TRANSFER_SHORTEST)
		return -EINVAL;
	if (size > WINUSB_ARGUMENT_MAX)
		return -E2BIG;
	if (transfers != (unsigned long)transfers)
		return -EFAULT;
	ret = winusb_submit_some(call, transfers, size, count, &wh, done);
	if (wh)
		winusb_handle_put(wh);
	return ret;
}

int winusb_ioctl_submit(struct winusb_call *call)
{
	struct winusb_submit *arg = &call->arg.submit;

	return winusb_submit_all(call, arg->transfers, arg->transfer_size, arg->count,
				 &arg->out_count);
}

int winusb_ioctl_cancel(struct winusb_call *call)
{
	struct winusb_cancel *arg = &call->arg.cancel;
	bool all = arg->flags & WINUSB_CANCEL_ALL, blocked = arg->flags & WINUSB_CANCEL_BLOCKED;

	arg->out_count = 0;
	if (arg->flags & ~(WINUSB_CANCEL_ALL | WINUSB_CANCEL_BLOCKED) || arg->__reserved ||
	    (all ? arg->cookie : blocked))
		return -EOPNOTSUPP;
	arg->out_count = all ? winusb_file_cancel_all(call->wf, blocked ? current->files : NULL) :
			 winusb_file_cancel_cookie(call->wf, arg->cookie);
	return arg->out_count ? 0 : -ENOENT;
}

int winusb_ioctl_reap(struct winusb_call *call)
{
	struct winusb_reap *arg = &call->arg.reap;
	bool wake = arg->flags & WINUSB_REAP_WAKE;
	int ret = 0;

	arg->out_count = 0;
	arg->out_submitted = 0;
	arg->out_wakes = READ_ONCE(call->wf->wakes);
	if (arg->flags & ~WINUSB_REAP_WAKE || arg->__reserved ||
	    (wake && (arg->records | arg->count | arg->wakes | arg->until_ns)) ||
	    ((wake || !arg->submit_count) &&
	     (arg->transfers | arg->submit_count | arg->transfer_size)))
		return -EOPNOTSUPP;
	if (wake) {
		arg->out_wakes = winusb_records_wake(call->wf);
		return 0;
	}
	if (!arg->count || arg->count > INT_MAX / sizeof(struct winusb_completion))
		return -EINVAL;
	if (arg->records != (unsigned long)arg->records)
		return -EFAULT;
	if (arg->submit_count)
		ret = winusb_submit_all(call, arg->transfers, arg->transfer_size,
					arg->submit_count, &arg->out_submitted);
	if (ret)
		return ret;
	ret = winusb_records_reap(call->wf, u64_to_user_ptr(arg->records), arg->count, arg->wakes,
				  arg->until_ns, &arg->out_count);
	arg->out_wakes = READ_ONCE(call->wf->wakes);
	/* Not to be made again after a sleep of the system: that would submit them twice. */
	return ret == -ERESTARTNOHAND && arg->out_submitted ? -EINTR : ret;
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

int winusb_ioctl_register_isoch_buffer(struct winusb_call *call)
{
	struct winusb_register_isoch_buffer *arg = &call->arg.register_buffer;
	bool map = arg->flags & WINUSB_ISOCH_BUFFER_MAP;
	struct winusb_isoch_buffer *buffer;
	struct winusb_handle *wh;
	u32 number;
	int ret;

	if (!WINUSB_IS_ZERO(arg->__reserved) || arg->flags & ~WINUSB_ISOCH_BUFFER_MAP ||
	    (map && arg->buffer))
		return -EOPNOTSUPP;
	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	buffer = winusb_isoch_buffer_create(wh, arg->pipe_id, map, arg->buffer, arg->length,
					    call->nonblock);
	winusb_handle_put(wh);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);
	ret = winusb_isoch_buffer_publish(buffer, &number);
	if (ret) {
		winusb_isoch_buffer_put(buffer);
		return ret;
	}
	arg->out_isoch_buffer = number;
	arg->out_offset = map ? (u64)number << PAGE_SHIFT : 0;
	return 0;
}

int winusb_ioctl_unregister_isoch_buffer(struct winusb_call *call)
{
	return winusb_isoch_buffer_unregister(call->wf, call->arg.unregister_buffer.isoch_buffer);
}

int winusb_ioctl_get_frame(struct winusb_call *call)
{
	struct winusb_get_frame *arg = &call->arg.frame;
	struct winusb_frame moment = { };
	struct winusb_handle *wh;
	int ret;

	if (arg->flags & ~WINUSB_FRAME_BOUNDARY)
		return -EOPNOTSUPP;
	wh = winusb_call_handle(call);
	if (IS_ERR(wh))
		return PTR_ERR(wh);
	ret = winusb_frames_get(wh, arg->flags & WINUSB_FRAME_BOUNDARY, &moment, call->nonblock);
	arg->out_frame = moment.frame;
	arg->out_microframe = moment.microframe;
	arg->out_hardware_frame = arg->out_frame & 0x7ff;
	arg->out_time_ns = moment.now;
	arg->out_start_ns = moment.start;
	arg->out_accuracy_ns = moment.accuracy;
	arg->out_generation = moment.generation;
	winusb_handle_put(wh);
	return ret;
}
