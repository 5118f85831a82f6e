// SPDX-License-Identifier: GPL-2.0-only
/*
 * The request: one read, write or control transfer, from the call that asks for it to the one that
 * collects it. How it gets through its pipe is in queue.c.
 *
 *	create		memory is found and pinned or copied; nobody else knows the request
 *	start		inside the gate: it enters its file and its pipe, and runs
 *	finish		in any context, once: it is out of its pipe, and its door is told
 *	collect		data to the program, memory and handle given back
 *
 * User memory is touched by create and collect only, outside the gate and with nothing held: a page
 * fault may wait for user space, and disconnect() must not wait for that.
 *
 * Ending early (cancel.c): whoever ends a request marks it under the pipe's lock. One that waits is
 * taken out of its pipe and finished at once. One that runs is told why it shall end, and its URB
 * is unlinked; the one that runs it looks after each submission whether that has happened, so one
 * of the two unlinks. A request is over when its URB is back, so a URB never outlives its request,
 * and what it did move counts, whatever the reason of the end.
 */
#include <linux/file.h>
#include <linux/slab.h>

#include <uapi/linux/winusb.h>

#include "compat.h"
#include "file.h"
#include "handle.h"
#include "interface.h"
#include "isoch.h"
#include "isoch_buffer.h"
#include "pipe.h"
#include "queue.h"
#include "record.h"
#include "request.h"
#include "stream.h"
#include "suspend.h"
#include "trace.h"
#include "uring.h"

static void winusb_request_timed_out(struct timer_list *timer)
{
	struct winusb_request *req = container_of(timer, struct winusb_request, timer);
	struct winusb_pipe *pipe = req->pipe;	/* collect waits for this function */
	unsigned long flags;
	bool due;

	spin_lock_irqsave(&pipe->lock, flags);
	/* The URB that it was for may be back, and another one be there. */
	due = READ_ONCE(req->in_stack) && !req->cancel && time_after_eq(jiffies, req->deadline);
	if (due) {
		WRITE_ONCE(req->cancel, -ETIMEDOUT);
		trace_winusb_cancel(req, -ETIMEDOUT);
	}
	spin_unlock_irqrestore(&pipe->lock, flags);
	if (due)
		usb_unlink_urb(req->urb);
}

static struct winusb_request *winusb_request_alloc(void)
{
	struct winusb_request *req;

	req = kzalloc(sizeof(*req), GFP_KERNEL_ACCOUNT);
	if (!req)
		return NULL;
	req->urb = usb_alloc_urb(0, GFP_KERNEL_ACCOUNT);
	if (!req->urb) {
		kfree(req);
		return NULL;
	}
	INIT_LIST_HEAD(&req->pipe_node);
	INIT_LIST_HEAD(&req->file_node);
	INIT_LIST_HEAD(&req->cancel_node);
	INIT_LIST_HEAD(&req->withdraw_node);
	timer_setup(&req->timer, winusb_request_timed_out, 0);
	init_completion(&req->complete);
	return req;
}

/**
 * winusb_request_destroy - Free a request that nobody uses
 * @req: The request.
 */
void winusb_request_destroy(struct winusb_request *req)
{
	winusb_isoch_destroy(req);
	winusb_buffer_destroy(&req->buffer, req->wf);
	winusb_file_uncharge(req->wf, WINUSB_REQUEST_COST);
	usb_free_urb(req->urb);
	kfree(req->setup);
	kfree(req);
}

static void winusb_request_release(struct kref *ref)
{
	struct winusb_request *req = container_of(ref, struct winusb_request, ref);

	winusb_file_keep(req->wf, req);
}

/**
 * winusb_request_get - Take a reference to a request
 * @req: The request.
 */
void winusb_request_get(struct winusb_request *req)
{
	kref_get(&req->ref);
}

/**
 * winusb_request_put - Drop a reference to a request
 * @req: The request.
 *
 * In any context. The last one comes after winusb_request_collect().
 */
void winusb_request_put(struct winusb_request *req)
{
	kref_put(&req->ref, winusb_request_release);
}
WINUSB_EXPORT_FOR_TESTS(winusb_request_put);

/*
 * Memory for a request, and what is to be paid for that. Those that a thread waits for are few, and
 * the kernel's own are among them: the cap keeps none of them from beginning.
 */
static struct winusb_request *winusb_request_new(struct winusb_file *wf, enum winusb_door door)
{
	struct winusb_request *req;

	if (winusb_file_charge(wf, WINUSB_REQUEST_COST)) {
		if (door != WINUSB_DOOR_BLOCKING)
			return NULL;
		winusb_file_charge_anyway(wf, WINUSB_REQUEST_COST);
	}
	req = winusb_request_alloc();
	if (!req) {
		winusb_file_uncharge(wf, WINUSB_REQUEST_COST);
		return NULL;
	}
	req->wf = wf;
	winusb_file_count(wf);
	return req;
}

/**
 * winusb_request_make - A request as new, one that the file has kept if there is one
 * @wh: The handle. The caller holds a reference.
 * @door: How it comes in.
 *
 * Return: The request, or -ENOMEM.
 */
struct winusb_request *winusb_request_make(struct winusb_handle *wh, enum winusb_door door)
{
	struct winusb_request *req;

	req = winusb_file_take_idle(wh->wf);
	if (!req)
		req = winusb_request_new(wh->wf, door);
	if (!req)
		return ERR_PTR(-ENOMEM);
	kref_init(&req->ref);	/* the collector's */
	req->wh = wh;
	req->number = wh->number;
	req->door = door;
	if (door == WINUSB_DOOR_BLOCKING) {
		/* The kernel's own threads have a table too, but it says nothing of the file. */
		req->owner = current->flags & (PF_KTHREAD | PF_IO_WORKER) ? NULL : current->files;
		req->waiter = current;
		req->finished = false;
		reinit_completion(&req->complete);
	} else {
		kref_get(&wh->ref);	/* put when collected */
		req->owner = NULL;
	}
	req->address = 0;
	req->raw = false;
	req->command = false;
	req->cookie = 0;
	req->state = WINUSB_REQUEST_NEW;
	req->cancel = 0;
	req->in_stack = false;
	req->withdrawn = false;
	req->begun = false;
	req->left = 0;
	req->failed = false;
	req->collected = false;
	req->counted = false;
	req->timed = false;
	req->status = 0;
	req->moved = 0;
	req->timeout_ms = 0;
	req->submitted_ns = 0;
	req->isoch = NULL;
	req->next_frame = NULL;
	req->buffer.length = 0;
	return req;
}

/* What is to be known of the pipe before memory is prepared. */
struct winusb_request_plan {
	struct winusb_dma dma;
	bool raw;
	bool bounce;
};

/* Would this transfer be taken? Asked before anything is allocated or any user memory touched. */
static int winusb_request_check(struct winusb_pipe *pipe, size_t length, bool raw)
{
	if (!pipe || pipe->type == USB_ENDPOINT_XFER_CONTROL)
		return -EINVAL;
	if (pipe->type == USB_ENDPOINT_XFER_ISOC)
		return -EINVAL;	/* needs a registered buffer, see winusb_isoch_create() */
	if (winusb_pipe_is_in(pipe) && !length)	/* winusb.md 2.3, step 2; 8, row 25 */
		return winusb_policy(&pipe->policies, WINUSB_POLICY_ALLOW_PARTIAL_READS) ?
		       0 : -EINVAL;
	if (raw && winusb_pipe_is_in(pipe) && length % pipe->dma.maxp)
		return -EMSGSIZE;
	if (raw && length > pipe->dma.max_transfer)
		return -EINVAL;
	return 0;
}

static int winusb_request_plan_for(struct winusb_pipe *pipe, size_t length,
				   struct winusb_request_plan *plan)
{
	plan->raw = false;
	if (pipe) {
		plan->dma = pipe->dma;
		plan->raw = winusb_policy(&pipe->policies, WINUSB_POLICY_RAW_IO);
		plan->bounce = !plan->raw && length && !READ_ONCE(pipe->bounce) &&
			       (winusb_pipe_is_in(pipe) || length > plan->dma.max_transfer);
	}
	return winusb_request_check(pipe, length, plan->raw);
}

/*
 * Nearly always the pipes are not being changed, and the answer is good without the gate. A refusal
 * is given inside it only.
 */
static int winusb_request_plan(struct winusb_handle *wh, u8 address, size_t length,
			       struct winusb_request_plan *plan, bool nonblock)
{
	struct winusb_interface *wi = wh->wi;
	unsigned int change;
	int ret;

	if (winusb_interface_begin_look(wi, &change)) {
		ret = winusb_request_plan_for(winusb_pipe_look(wi, address), length, plan);
		if (winusb_interface_end_look(wi, change) && !ret)
			return 0;
	}
	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	ret = winusb_request_plan_for(winusb_pipe_find(wi, address), length, plan);
	winusb_handle_leave(wh);
	return ret;
}

/* A list that one URB can't take is no use for a raw request. */
static bool winusb_request_is_one_urb(const struct winusb_request *req,
				      const struct winusb_dma *dma)
{
	return req->buffer.kind != WINUSB_MEMORY_PAGES || req->buffer.nents == 1 ||
	       req->buffer.nents <= dma->max_segments;
}

/**
 * winusb_request_create - Prepare a bulk or interrupt transfer
 * @wh: A handle of the interface that has the pipe. The caller holds a reference.
 * @door: How it comes in.
 * @address: bEndpointAddress; bit 7 says whether this is a read.
 * @iter: The caller's memory, all of which is to be moved.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: The request, to be started or discarded, or an error of the contract.
 */
struct winusb_request *winusb_request_create(struct winusb_handle *wh, enum winusb_door door,
					     u8 address, const struct iov_iter *iter,
					     bool nonblock)
{
	struct winusb_request_plan plan = { };
	struct winusb_request *req;
	u8 *bounce = NULL;
	int ret;

	ret = winusb_request_plan(wh, address, iov_iter_count(iter), &plan, nonblock);
	if (ret)
		return ERR_PTR(ret);
	if (plan.bounce) {
		bounce = winusb_pipe_alloc_bounce(plan.dma.maxp);
		if (!bounce)
			return ERR_PTR(-ENOMEM);
	}
	req = winusb_request_make(wh, door);
	if (IS_ERR(req)) {
		kfree(bounce);
		return req;
	}
	req->address = address;
	req->in = address & USB_DIR_IN;
	req->raw = plan.raw;
	req->dma = plan.dma;
	if (unlikely(bounce))
		ret = winusb_pipe_give_bounce(wh, address, plan.dma.maxp, bounce, nonblock);
	if (!ret)
		ret = winusb_buffer_prepare(&req->buffer, req->wf, iter, req->in,
					    door != WINUSB_DOOR_BLOCKING, &plan.dma);
	if (!ret && req->raw && !winusb_request_is_one_urb(req, &plan.dma))
		ret = -ENOMEM;
	if (ret) {
		winusb_request_discard(req);
		return ERR_PTR(ret);
	}
	return req;
}
WINUSB_EXPORT_FOR_TESTS(winusb_request_create);

/**
 * winusb_request_create_control - Prepare a control transfer, as it stands
 * @wh: The handle whose interface's timeout counts. The caller holds a reference.
 * @door: How it comes in.
 * @setup: The setup packet; wLength bytes are moved.
 * @iter: The caller's memory, at least as much.
 *
 * No rule about what may be asked is applied here, see control.c. Not usb_control_msg(): that can't
 * be interrupted and caps the timeout.
 *
 * Return: The request, to be started or discarded, or an error of the contract.
 */
struct winusb_request *winusb_request_create_control(struct winusb_handle *wh,
						     enum winusb_door door,
						     const struct usb_ctrlrequest *setup,
						     const struct iov_iter *iter)
{
	struct winusb_request *req;
	int ret = -ENOMEM;

	req = winusb_request_make(wh, door);
	if (IS_ERR(req))
		return req;
	/* Without a data stage the direction is OUT for usbcore, whatever the packet says. */
	req->in = (setup->bRequestType & USB_DIR_IN) && setup->wLength;
	req->raw = true;
	if (!req->setup)
		req->setup = kmalloc(sizeof(*req->setup), GFP_KERNEL_ACCOUNT);
	if (req->setup) {
		*req->setup = *setup;
		ret = winusb_buffer_prepare_control(&req->buffer, req->wf, iter,
						    le16_to_cpu(setup->wLength), req->in,
						    door != WINUSB_DOOR_BLOCKING);
	}
	if (ret) {
		winusb_request_discard(req);
		return ERR_PTR(ret);
	}
	return req;
}

/**
 * winusb_request_create_done - Stand for something that was done already
 * @wh: The handle it was done with. The caller holds a reference.
 * @door: How it came in.
 *
 * Return: The request, to be started, which completes it; or an error of the contract.
 */
struct winusb_request *winusb_request_create_done(struct winusb_handle *wh, enum winusb_door door)
{
	struct winusb_request *req = winusb_request_make(wh, door);

	if (!IS_ERR(req)) {
		req->in = false;
		req->state = WINUSB_REQUEST_DONE;
	}
	return req;
}

/*
 * Enter the request into its file and its pipe, so that it can be found and ended, and let it go
 * on. The caller is inside the gate, so the pipe stays what it is.
 */
static int winusb_request_enter(struct winusb_request *req, struct winusb_pipe *pipe)
{
	struct winusb_file *wf = req->wf;
	unsigned long flags;
	int ret;

	req->pipe = pipe;
	if (trace_winusb_complete_enabled())
		req->submitted_ns = ktime_get_ns();
	flags = winusb_request_lock(req);
	ret = winusb_file_admit(wf, req->door == WINUSB_DOOR_BLOCKING);
	if (ret) {
		spin_unlock_irqrestore(&wf->requests_lock, flags);
		return ret;
	}
	trace_winusb_submit(req);
	winusb_suspend_mark_busy(pipe->wi);
	list_add_tail(&req->file_node, &wf->requests);
	if (req->state == WINUSB_REQUEST_DONE) {
		winusb_request_finish(req, flags);
		return 0;
	}
	ret = winusb_queue_enter(req);
	spin_unlock_irqrestore(&wf->requests_lock, flags);

	/* A thread that comes while another one of its process closes the file, see there. */
	if (READ_ONCE(wf->flushed) && req->owner && winusb_file_is_closed(wf))
		winusb_request_cancel(req, -ECANCELED);
	if (ret == WINUSB_QUEUE_WAITS && READ_ONCE(pipe->asleep))
		winusb_suspend_wake(pipe->wi);
	winusb_queue_start(req, ret);
	return 0;
}

/* May an isochronous one be started? To know which frame it is, the device has to be awake. */
static int winusb_isoch_check_start(struct winusb_request *req, struct winusb_pipe *pipe)
{
	struct winusb_interface *wi = req->wh->wi;
	int ret;

	if (!winusb_isoch_buffer_fits(req->isoch->buffer, pipe))
		return -EINVAL;
	if (!req->isoch->placed)
		return winusb_stream_check(pipe, req);
	ret = winusb_interface_wake(wi);
	if (ret)
		return ret;
	ret = winusb_stream_check(pipe, req);
	usb_autopm_put_interface_async(wi->intf);
	return ret;
}

/**
 * winusb_request_start - Let a request run
 * @req: The request. Unless this fails it belongs to its door from now on.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: 0, or an error of the contract, and then the request never began.
 */
int winusb_request_start(struct winusb_request *req, bool nonblock)
{
	struct winusb_interface *wi = req->wh->wi;
	struct winusb_pipe *pipe = &wi->control;
	int ret;

	ret = winusb_handle_enter(req->wh, nonblock);
	if (ret)
		return ret;
	if (req->isoch) {
		pipe = winusb_pipe_find(wi, req->address);
		ret = winusb_isoch_check_start(req, pipe);
	} else if (req->address) {
		pipe = winusb_pipe_find(wi, req->address);
		ret = winusb_request_check(pipe, req->buffer.length, req->raw);
		/* The setting may have changed since the memory was prepared. */
		if (!ret && req->buffer.length && !winusb_pipe_takes(pipe, req))
			ret = -EINVAL;
		if (!ret && req->in && !req->buffer.length)
			req->state = WINUSB_REQUEST_DONE;
	}
	if (!ret) {
		/* Whoever reads its record may be quicker than this thread. */
		bool record = req->door == WINUSB_DOOR_RECORD;

		if (record)
			winusb_request_get(req);
		ret = winusb_request_enter(req, pipe);
		if (!ret && req->next_frame)
			*req->next_frame = winusb_stream_planned(req);
		if (record)
			winusb_request_put(req);
	}
	winusb_interface_leave(wi);
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_request_start);

/**
 * winusb_request_lock - Lock the list that a request is in
 * @req: The request.
 *
 * Return: For winusb_request_finish().
 */
unsigned long winusb_request_lock(struct winusb_request *req)
{
	unsigned long flags;

	spin_lock_irqsave(&req->wf->requests_lock, flags);
	return flags;
}

/* Its thread may go on at once, and the request be gone. */
static void winusb_request_wake(struct winusb_request *req)
{
	if (req->waiter == current && in_task())
		req->finished = true;	/* it was quick: we are that thread */
	else
		complete(&req->complete);
}

/**
 * winusb_request_finish - Tell the door of a request that it is done
 * @req: The request; its state is done, and it is in no list of its pipe. Belongs to the door
 *	afterwards.
 * @flags: From winusb_request_lock(). Is unlocked.
 *
 * In any context.
 */
void winusb_request_finish(struct winusb_request *req, unsigned long flags)
{
	struct winusb_file *wf = req->wf;
	enum winusb_door door = req->door;

	trace_winusb_complete(req);
	/* One that a thread waits for needs its buffer until that has what was read. */
	if (req->isoch && door != WINUSB_DOOR_BLOCKING)
		winusb_isoch_finish(req);
	winusb_suspend_mark_busy(req->pipe->wi);
	wf->num_running--;
	if (door == WINUSB_DOOR_RECORD) {
		list_move_tail(&req->file_node, &wf->done);
		winusb_records_ready(wf);
	} else {
		list_del_init(&req->file_node);
		if (wf->closed || wf->gone)
			wake_up(&wf->wait);
	}
	if (req->counted)
		winusb_pipe_uncount(req->pipe);
	spin_unlock_irqrestore(&wf->requests_lock, flags);

	if (door == WINUSB_DOOR_BLOCKING)
		winusb_request_wake(req);
	else if (door == WINUSB_DOOR_URING)
		winusb_uring_finished(req);
}

static void winusb_request_give_back(struct winusb_request *req)
{
	if (req->timed)
		timer_delete_sync(&req->timer);
	if (req->isoch)
		winusb_isoch_release(req);
	/* A host controller that was stopped may have written more than it says. */
	winusb_buffer_release(&req->buffer, req->wf, req->state != WINUSB_REQUEST_NEW);
	req->collected = true;
}

/* The last one may restore the interface: the caller holds nothing that others need. */
static void winusb_request_put_handle(struct winusb_request *req)
{
	struct winusb_handle *wh = req->wh;

	req->wh = NULL;
	if (wh && req->door != WINUSB_DOOR_BLOCKING)
		winusb_handle_put(wh);
}

/**
 * winusb_request_collect_data - Deliver the data of a request that is done
 * @req: The request. Its status and count are final afterwards; it holds its handle still.
 *
 * Touches user memory; the caller is outside the gates.
 */
void winusb_request_collect_data(struct winusb_request *req)
{
	int ret;

	if (req->collected)
		return;
	ret = req->isoch ? winusb_isoch_deliver(req) :
	      winusb_buffer_deliver(&req->buffer, &req->moved);
	if (ret && !req->status)
		req->status = ret;
	winusb_request_give_back(req);
}

/**
 * winusb_request_collect - Deliver the data of a request that is done, and give all back
 * @req: The request. As above, but it holds nothing any more.
 */
void winusb_request_collect(struct winusb_request *req)
{
	winusb_request_collect_data(req);
	winusb_request_put_handle(req);
}
WINUSB_EXPORT_FOR_TESTS(winusb_request_collect);

/**
 * winusb_request_discard - Drop a request: not started, not to be collected, or collected
 * @req: The request.
 */
void winusb_request_discard(struct winusb_request *req)
{
	if (!req->collected)
		winusb_request_give_back(req);
	winusb_request_put_handle(req);
	winusb_request_put(req);
}
WINUSB_EXPORT_FOR_TESTS(winusb_request_discard);

/**
 * winusb_request_run - Start a blocking request, wait for it and collect it
 * @req: The request, or an error, which is given back. Is gone afterwards.
 * @moved: Where the number of bytes moved goes, also on failure.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_request_run(struct winusb_request *req, size_t *moved, bool nonblock)
{
	int ret;

	*moved = 0;
	if (IS_ERR(req))
		return PTR_ERR(req);
	ret = winusb_request_start(req, nonblock);
	if (ret) {
		winusb_request_discard(req);
		return ret;
	}
	return winusb_request_wait(req, moved);
}
WINUSB_EXPORT_FOR_TESTS(winusb_request_run);

/**
 * winusb_request_transfer - Read or write a bulk or interrupt pipe, and wait
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
	return winusb_request_run(winusb_request_create(wh, WINUSB_DOOR_BLOCKING, address, iter,
							nonblock), moved, nonblock);
}
WINUSB_EXPORT_FOR_TESTS(winusb_request_transfer);

/**
 * winusb_request_control - A control transfer of the kernel's own, as it stands
 * @wh: The handle whose interface's timeout counts. The caller holds a reference.
 * @setup: The setup packet; wLength bytes are moved.
 * @data: Kernel memory of wLength bytes, or NULL if that is 0.
 * @moved: Where the number of bytes moved goes, also on failure.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_request_control(struct winusb_handle *wh, const struct usb_ctrlrequest *setup,
			   void *data, size_t *moved, bool nonblock)
{
	struct kvec kvec = { .iov_base = data, .iov_len = le16_to_cpu(setup->wLength) };
	struct iov_iter iter;

	iov_iter_kvec(&iter, setup->bRequestType & USB_DIR_IN ? READ : WRITE, &kvec, 1,
		      kvec.iov_len);
	return winusb_request_run(winusb_request_create_control(wh, WINUSB_DOOR_BLOCKING, setup,
								&iter), moved, nonblock);
}
WINUSB_EXPORT_FOR_TESTS(winusb_request_control);

/**
 * winusb_request_command - A control transfer of the kernel's own, without data
 * @wh: The handle whose interface's timeout counts. The caller holds a reference.
 * @setup: The setup packet; wLength is 0.
 * @timeout_ms: In place of the timeout policy, or 0.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_request_command(struct winusb_handle *wh, const struct usb_ctrlrequest *setup,
			   u32 timeout_ms, bool nonblock)
{
	struct winusb_request *req;
	struct iov_iter iter;
	size_t moved;

	iov_iter_kvec(&iter, WRITE, NULL, 0, 0);
	req = winusb_request_create_control(wh, WINUSB_DOOR_BLOCKING, setup, &iter);
	if (!IS_ERR(req)) {
		req->command = true;
		req->timeout_ms = timeout_ms;
	}
	return winusb_request_run(req, &moved, nonblock);
}
