// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue: how requests get through a pipe (winusb.md 1.5, 2.2, 2.3).
 *
 * Without RAW_IO the oldest request owns the pipe (&winusb_pipe.active) and is the only one with a
 * URB at the host controller. It goes on in steps: begin, and then each time its URB is back, until
 * it ends and the next one begins. A request has one that steps it: the thread that submits, the
 * completion of its URB, the work item that has cleared a stall. &winusb_request.flow passes it
 * from one to the other: whoever has handed the URB over lets go of the request, unless the URB is
 * back by then; a completion that comes before that leaves at once. So a host controller may
 * complete a URB inside usb_submit_urb(), and completions may run on any CPU.
 *
 * Raw requests, and those of the control pipe, are not queued: each has its URB at the host
 * controller from the start, and ends when that is back.
 *
 * A completion takes no gate and does not sleep. It may submit the next URB. Whoever wants the
 * requests of a pipe to end marks them under the pipe's lock and waits until none of those is left:
 * a URB is submitted only for a request that is not marked, or is unlinked right after. Threads and
 * work items step inside the gate, which disconnect() and resets shut first. A completion touches
 * nothing of the interface after it has finished the last request.
 *
 * While the device sleeps (&winusb_pipe.asleep) no URB is submitted. Before it does, those of reads
 * are unlinked (winusb_suspend_withdraw()); a request whose URB is back goes to where it was in
 * line, with what it has got, and on from there when the device is awake
 * (winusb_suspend_release()).
 *
 * All of this runs for every transfer, so locks are few: one critical section to enter, one when
 * the URB is back, one to end and to let the next one begin.
 */
#include <linux/slab.h>
#include <linux/usb.h>

#include "chunk.h"
#include "compat.h"
#include "file.h"
#include "handle.h"
#include "interface.h"
#include "pipe.h"
#include "queue.h"
#include "request.h"
#include "status.h"
#include "stream.h"
#include "suspend.h"
#include "trace.h"

enum winusb_flow {
	WINUSB_FLOW_STEPPED,	/* somebody steps it */
	WINUSB_FLOW_AWAY,	/* its URB is away, and nobody steps it */
	WINUSB_FLOW_BACK,	/* its URB came back while somebody still stepped it */
};

/*
 * From now on the URB may be at the host controller. The caller holds the pipe's lock. Gives 1, or
 * why the request can't go on.
 */
static int winusb_queue_enter_stack(struct winusb_request *req)
{
	struct winusb_pipe *pipe = req->pipe;

	lockdep_assert_held(&pipe->lock);

	if (req->cancel)
		return req->cancel;
	if (pipe->halted) {
		req->failed = true;	/* by what made the device stall before */
		return -EPIPE;
	}
	req->in_stack = true;
	WRITE_ONCE(req->withdrawn, false);
	if (!req->begun)
		req->turn = ++pipe->turn;
	req->resets = pipe->resets;
	req->until_ms = req->timeout_ms;
	if (!req->until_ms)
		req->until_ms = winusb_policy(&pipe->policies,
					      WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT);
	/* A timer that is left from the URB before finds here that it is late. */
	req->deadline = jiffies + (!req->until_ms ? MAX_JIFFY_OFFSET :
				   req->left ? req->left : msecs_to_jiffies(req->until_ms) + 1);
	req->left = 0;
	return 1;
}

/*
 * Its URB was withdrawn, or is not to be submitted: it waits until the device is awake, and so does
 * its timer. The caller holds the pipe's lock, and does not touch the request any more.
 */
static void winusb_queue_put_back(struct winusb_request *req)
{
	struct winusb_pipe *pipe = req->pipe;

	lockdep_assert_held(&pipe->lock);

	if (req->withdrawn && req->until_ms)
		req->left = max_t(long, req->deadline - jiffies, 1);
	req->in_stack = false;
	req->begun = true;
	req->state = WINUSB_REQUEST_QUEUED;
	if (!req->raw) {
		pipe->active = NULL;
		list_add(&req->pipe_node, &pipe->queue);
	}
	wake_up_all(&pipe->idle);
}

/*
 * The turn of a request has come: saved bytes go first (winusb.md 2.3, steps 3, 4). The caller
 * holds the pipe's lock. Gives 1 for a URB, 0 if there is nothing left to do, or an error.
 */
static int winusb_queue_begin(struct winusb_request *req)
{
	struct winusb_pipe *pipe = req->pipe;

	req->state = WINUSB_REQUEST_RUNNING;
	pipe->active = req;
	atomic_set(&req->flow, WINUSB_FLOW_STEPPED);
	if (req->in && pipe->saved_length && !req->moved) {
		req->moved = winusb_pipe_take_saved(pipe, &req->buffer);
		if (req->moved == req->buffer.length)
			return 0;
	}
	return winusb_queue_enter_stack(req);
}

static int winusb_queue_begin_raw(struct winusb_request *req)
{
	list_move_tail(&req->pipe_node, &req->pipe->raw);
	req->state = WINUSB_REQUEST_RUNNING;
	return winusb_queue_enter_stack(req);
}

/* The next in line begins, if there is one and it may. The caller holds the pipe's lock. */
static struct winusb_request *winusb_queue_next(struct winusb_pipe *pipe, int *ret)
{
	struct winusb_request *req;

	if (pipe->active || winusb_pipe_waits(pipe))
		return NULL;
	req = list_first_entry_or_null(&pipe->queue, struct winusb_request, pipe_node);
	if (req) {
		list_del_init(&req->pipe_node);
		*ret = winusb_queue_begin(req);
	}
	return req;
}

/* It is over. The caller holds the pipe's lock, and finishes it. */
static void winusb_queue_set_done(struct winusb_request *req, int status)
{
	struct winusb_pipe *pipe = req->pipe;

	lockdep_assert_held(&pipe->lock);

	if (req->raw)
		list_del_init(&req->pipe_node);
	else
		pipe->active = NULL;
	req->in_stack = false;
	req->state = WINUSB_REQUEST_DONE;
	req->status = status;
	winusb_suspend_ask_again(pipe->wi);
	if (pipe->asleep)
		wake_up_all(&pipe->idle);
}

/**
 * winusb_queue_raw_done - A raw request, or an isochronous one, is over
 * @req: The request. Nobody else finishes it.
 * @status: How it ended.
 */
void winusb_queue_raw_done(struct winusb_request *req, int status)
{
	unsigned long flags = winusb_request_lock(req);

	spin_lock(&req->pipe->lock);
	winusb_queue_set_done(req, status);
	spin_unlock(&req->pipe->lock);
	winusb_request_finish(req, flags);
}

/*
 * Does its failure reset the pipe (winusb.md 2.2, AUTO_CLEAR_STALL)? Not if it was ended by us, or
 * by the removal.
 */
static bool winusb_queue_must_clear(const struct winusb_request *req, int status)
{
	return status && req->in && req->failed && !READ_ONCE(req->cancel) &&
	       status != -ESHUTDOWN &&
	       winusb_policy(&req->pipe->policies, WINUSB_POLICY_AUTO_CLEAR_STALL);
}

/*
 * Set the request that owns the pipe aside until the pipe is reset. Nobody steps then. Not under
 * raw requests that run.
 */
static bool winusb_queue_clear(struct winusb_request *req, int status)
{
	struct winusb_pipe *pipe = req->pipe;
	unsigned long flags;
	bool clear;

	spin_lock_irqsave(&pipe->lock, flags);
	clear = list_empty(&pipe->raw);
	if (clear) {
		req->state = WINUSB_REQUEST_CLEARING;
		req->status = status;
		pipe->parked = true;
		if (pipe->asleep)
			wake_up_all(&pipe->idle);
	}
	spin_unlock_irqrestore(&pipe->lock, flags);
	if (clear)
		winusb_pipe_schedule_clear(pipe);
	return clear;
}

/* The request that owns the pipe ends. The next one begins, if there is one, and is given back. */
static struct winusb_request *winusb_queue_end(struct winusb_request *req, int status, int *ret)
{
	struct winusb_pipe *pipe = req->pipe;
	struct winusb_request *next;
	unsigned long flags;

	if (winusb_queue_must_clear(req, status) && winusb_queue_clear(req, status))
		return NULL;
	flags = winusb_request_lock(req);
	spin_lock(&pipe->lock);
	winusb_queue_set_done(req, status);
	next = winusb_queue_next(pipe, ret);
	spin_unlock(&pipe->lock);
	winusb_request_finish(req, flags);
	return next;
}

/**
 * winusb_queue_cleared - The pipe was reset for the request that failed: complete that
 * @pipe: The pipe, parked by winusb_queue_end().
 *
 * The caller runs the queue afterwards.
 */
void winusb_queue_cleared(struct winusb_pipe *pipe)
{
	struct winusb_request *req = pipe->active;	/* until here it is ours */
	unsigned long flags = winusb_request_lock(req);

	spin_lock(&pipe->lock);
	winusb_queue_set_done(req, req->status);
	pipe->parked = false;
	spin_unlock(&pipe->lock);
	winusb_request_finish(req, flags);
}

static void winusb_queue_completed(struct urb *urb);

/*
 * Hand the next chunk to the host controller. The URB is marked as being there. Afterwards it may
 * be back at any time: the caller steps the queue, or has a reference to the request.
 */
static int winusb_queue_submit(struct winusb_request *req, gfp_t gfp)
{
	struct winusb_interface *wi = req->wh->wi;
	struct urb *urb = req->urb;
	int ret;

	ret = winusb_chunk_fill(req);
	if (ret)
		return ret;
	urb->complete = winusb_queue_completed;
	if (req->until_ms) {
		req->timed = true;
		mod_timer(&req->timer, req->deadline);
	}
	trace_winusb_urb(req);
	ret = usb_submit_urb(urb, gfp);
	if (ret) {
		if (READ_ONCE(req->cancel))
			return req->cancel;	/* that is why it was not taken */
		/* An endpoint is disabled though we stay: see winusb_interface_select(). */
		if (ret == -ENOENT && wi->intf->condition == USB_INTERFACE_BOUND)
			ret = -EIO;
		return winusb_status_to_errno(ret);
	}
	smp_mb();	/* pairs with the lock between the mark and the unlink of it */
	if (READ_ONCE(req->cancel) || READ_ONCE(req->withdrawn))
		usb_unlink_urb(urb);	/* does nothing to a URB that is back */
	return 0;
}

/* Why did the URB come back? */
static int winusb_queue_status(struct winusb_request *req)
{
	int status = req->urb->status;

	/* Set before the URB was unlinked. */
	if (status == -ENOENT || status == -ECONNRESET) {
		if (READ_ONCE(req->cancel))
			return READ_ONCE(req->cancel);	/* it was us, and we know why */
		if (READ_ONCE(req->withdrawn))
			return WINUSB_QUEUE_WITHDRAWN;
	}
	status = winusb_status_to_errno(status);
	if (status)
		req->failed = true;
	if (status == -EPIPE)
		winusb_pipe_halt(req->pipe, req->resets);
	return status;
}

/*
 * A URB that we have unlinked says so even if all of it had moved before, or the short packet had
 * come that ends it. Then the request is complete: a program that repeats a write which it believes
 * cancelled would send it twice. That goes by what the host controller counts: most count packets
 * that were acknowledged. Not so a control transfer, whose status stage tells.
 */
static bool winusb_queue_is_complete(const struct winusb_request *req, size_t got)
{
	if (!req->address || !(READ_ONCE(req->cancel) || READ_ONCE(req->withdrawn)) ||
	    req->failed || !req->buffer.length)
		return false;
	if (req->moved == req->buffer.length)
		return !(req->urb->transfer_flags & URB_ZERO_PACKET);
	/* A scatter list may have been stopped between two segments, in the middle of a packet. */
	return req->in && got % req->pipe->dma.maxp &&
	       (req->buffer.kind == WINUSB_MEMORY_LINEAR || req->bounced == req->chunk) &&
	       (req->raw ||
		!winusb_policy(&req->pipe->policies, WINUSB_POLICY_IGNORE_SHORT_PACKETS));
}

/* Go on after a chunk came back: an error, 0 at the end, 1 for more. */
static int winusb_queue_go_on(struct winusb_request *req)
{
	size_t got = min_t(size_t, req->urb->actual_length, req->chunk);
	struct winusb_policies *policies = &req->pipe->policies;
	int status = winusb_queue_status(req);
	bool excess = false;

	if (req->in)
		excess = winusb_chunk_take(req, got);
	else
		req->moved += got;
	if (status && !winusb_queue_is_complete(req, got)) {
		if (status != WINUSB_QUEUE_WITHDRAWN)
			return status;
		/* In the middle of a packet: that is the end of a short one. */
		return got % req->pipe->dma.maxp &&
		       !winusb_policy(policies, WINUSB_POLICY_IGNORE_SHORT_PACKETS) ? 0 : 1;
	}
	if (excess && !winusb_policy(policies, WINUSB_POLICY_ALLOW_PARTIAL_READS))
		return -EOVERFLOW;
	if (req->moved == req->buffer.length)
		return 0;
	if (got == req->chunk)
		return 1;
	if (!req->in)
		return -EIO;	/* a controller that does less than it says */
	return winusb_policy(policies, WINUSB_POLICY_IGNORE_SHORT_PACKETS) ? 1 : 0;
}

/* One more chunk, unless somebody wants the request to end, or to wait. */
static int winusb_queue_again(struct winusb_request *req)
{
	struct winusb_pipe *pipe = req->pipe;
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&pipe->lock, flags);
	if (pipe->asleep && !req->cancel && !pipe->halted) {
		winusb_queue_put_back(req);
		ret = WINUSB_QUEUE_WAITS;
	} else {
		ret = winusb_queue_enter_stack(req);
	}
	spin_unlock_irqrestore(&pipe->lock, flags);
	return ret;
}

/* Let go of the request while its URB is away, unless it came back meanwhile. */
static bool winusb_queue_let_go(struct winusb_request *req)
{
	if (atomic_cmpxchg(&req->flow, WINUSB_FLOW_STEPPED, WINUSB_FLOW_AWAY) ==
	    WINUSB_FLOW_STEPPED)
		return true;
	atomic_set(&req->flow, WINUSB_FLOW_STEPPED);
	return false;
}

/*
 * Take steps, beginning with this request, which owns the pipe: @ret is 1 if it is to go to the
 * host controller, or how it ends. The caller is the one that steps it.
 */
static void winusb_queue_step(struct winusb_request *req, int ret, gfp_t gfp)
{
	while (req && ret != WINUSB_QUEUE_WAITS) {
		if (ret == 1) {
			ret = winusb_queue_submit(req, gfp);
			if (!ret) {
				if (winusb_queue_let_go(req))
					return;
				ret = winusb_queue_go_on(req);
			}
			if (ret == 1)
				ret = winusb_queue_again(req);
		} else {
			req = winusb_queue_end(req, ret, &ret);
		}
	}
}

/* Raw requests wait only while the pipe is parked. The caller has a reference. */
static void winusb_queue_step_raw(struct winusb_request *req, int ret)
{
	if (ret > 0)
		ret = winusb_queue_submit(req, GFP_NOIO);
	if (ret)
		winusb_queue_raw_done(req, ret);
}

/*
 * The first in line if it had begun before the device fell asleep, and before this raw one did. The
 * caller holds the pipe's lock.
 */
static bool winusb_queue_is_first(struct winusb_pipe *pipe, const struct winusb_request *raw)
{
	struct winusb_request *head;

	head = list_first_entry_or_null(&pipe->queue, struct winusb_request, pipe_node);
	return head && head->begun && !pipe->active &&
	       (!raw || !raw->begun || head->turn < raw->turn);
}

/* The next of those that waited. Once there is none and it may run, none need wait any more. */
static bool winusb_queue_run_raw(struct winusb_pipe *pipe)
{
	struct winusb_request *req;
	unsigned long flags;
	int ret = 0;

	spin_lock_irqsave(&pipe->lock, flags);
	req = list_first_entry_or_null(&pipe->raw_queue, struct winusb_request, pipe_node);
	if (winusb_pipe_waits(pipe)) {
		req = NULL;
	} else if (winusb_queue_is_first(pipe, req)) {
		req = winusb_queue_next(pipe, &ret);
		spin_unlock_irqrestore(&pipe->lock, flags);
		winusb_queue_step(req, ret, GFP_NOIO);
		return true;
	} else if (req) {
		winusb_request_get(req);
		ret = winusb_queue_begin_raw(req);
	} else {
		pipe->held = false;
	}
	spin_unlock_irqrestore(&pipe->lock, flags);
	if (!req)
		return false;
	winusb_queue_step_raw(req, ret);
	winusb_request_put(req);
	return true;
}

/**
 * winusb_queue_run - Let the requests that waited while the pipe was parked go on
 * @pipe: The pipe. The caller is inside the gate.
 */
void winusb_queue_run(struct winusb_pipe *pipe)
{
	struct winusb_request *req;
	unsigned long flags;
	int ret = 0;

	if (pipe->type == USB_ENDPOINT_XFER_ISOC) {
		winusb_stream_run(pipe);
		return;
	}
	mutex_lock(&pipe->run_lock);	/* two would overtake each other */
	while (winusb_queue_run_raw(pipe))
		;
	mutex_unlock(&pipe->run_lock);
	spin_lock_irqsave(&pipe->lock, flags);
	req = winusb_queue_next(pipe, &ret);
	spin_unlock_irqrestore(&pipe->lock, flags);
	if (req)
		winusb_queue_step(req, ret, GFP_NOIO);
}
WINUSB_EXPORT_FOR_TESTS(winusb_queue_run);

/**
 * winusb_queue_forget - The opposite: whoever shut the gate ends those that waited
 * @pipe: The pipe. The caller is inside the gate, and nobody else gets in.
 */
void winusb_queue_forget(struct winusb_pipe *pipe)
{
	unsigned long flags;

	spin_lock_irqsave(&pipe->lock, flags);
	pipe->held = false;
	spin_unlock_irqrestore(&pipe->lock, flags);
}

/* The URB of a raw read was withdrawn. The request keeps its place among the others. */
static void winusb_queue_put_back_raw(struct winusb_request *req)
{
	unsigned long flags = winusb_request_lock(req);
	bool done;

	spin_lock(&req->pipe->lock);
	done = req->cancel;
	if (done)
		winusb_queue_set_done(req, req->cancel);
	else
		winusb_queue_put_back(req);
	spin_unlock(&req->pipe->lock);
	if (done)
		winusb_request_finish(req, flags);
	else
		spin_unlock_irqrestore(&req->wf->requests_lock, flags);
}

/* The URB of a raw request is back. */
static void winusb_queue_completed_raw(struct winusb_request *req)
{
	size_t got = min_t(size_t, req->urb->actual_length, req->chunk);
	int status = winusb_queue_status(req);

	req->moved += got;
	/* In the middle of a packet it can't go on; that is the end of a short one. */
	if (winusb_queue_is_complete(req, got) ||
	    (status == WINUSB_QUEUE_WITHDRAWN && got % req->pipe->dma.maxp))
		status = 0;
	if (status == WINUSB_QUEUE_WITHDRAWN) {
		winusb_queue_put_back_raw(req);
		return;
	}
	if (!status && !req->in && got < req->chunk)
		status = -EIO;	/* a controller that does less than it says */
	winusb_queue_raw_done(req, status);
}

/* A URB is back. In any context, also inside usb_submit_urb(). */
static void winusb_queue_completed(struct urb *urb)
{
	struct winusb_request *req = urb->context;
	int ret;

	if (req->raw) {
		winusb_queue_completed_raw(req);
		return;
	}
	WRITE_ONCE(req->in_stack, false);
	/* Whoever has just handed it over finds that it is back, and goes on. */
	if (atomic_xchg(&req->flow, WINUSB_FLOW_BACK) == WINUSB_FLOW_STEPPED)
		return;
	atomic_set(&req->flow, WINUSB_FLOW_STEPPED);
	ret = winusb_queue_go_on(req);
	if (ret == 1)
		ret = winusb_queue_again(req);
	winusb_queue_step(req, ret, GFP_ATOMIC);
}

/**
 * winusb_queue_enter - Enter a request into its pipe
 * @req: The request. It can be ended from now on.
 *
 * The caller holds the file's lock, is inside the gate, and calls winusb_queue_start() with the
 * result afterwards.
 *
 * Return: 1 if the request is to go to the host controller, how it ends, or WINUSB_QUEUE_WAITS.
 */
int winusb_queue_enter(struct winusb_request *req)
{
	struct winusb_pipe *pipe = req->pipe;
	int ret;

	spin_lock(&pipe->lock);	/* interrupts are off */
	if (req->isoch) {
		winusb_stream_enter(req);
		ret = WINUSB_QUEUE_WAITS;
	} else if (req->raw && (winusb_pipe_waits(pipe) || pipe->held)) {
		req->state = WINUSB_REQUEST_QUEUED;
		list_add_tail(&req->pipe_node, &pipe->raw_queue);
		pipe->held = true;
		ret = WINUSB_QUEUE_WAITS;
	} else if (req->raw) {
		ret = winusb_queue_begin_raw(req);
	} else if (pipe->active || winusb_pipe_waits(pipe) || !list_empty(&pipe->queue)) {
		req->state = WINUSB_REQUEST_QUEUED;
		list_add_tail(&req->pipe_node, &pipe->queue);
		ret = WINUSB_QUEUE_WAITS;
	} else {
		ret = winusb_queue_begin(req);
	}
	spin_unlock(&pipe->lock);
	return ret;
}

/**
 * winusb_queue_start - Let a request that was entered go on
 * @req: The request; the caller is inside the gate and has a reference.
 * @ret: What winusb_queue_enter() gave.
 */
void winusb_queue_start(struct winusb_request *req, int ret)
{
	if (req->isoch)
		winusb_stream_run(req->pipe);
	else if (ret == WINUSB_QUEUE_WAITS)
		return;
	else if (req->raw)
		winusb_queue_step_raw(req, ret);
	else
		winusb_queue_step(req, ret, GFP_NOIO);
}

/**
 * winusb_queue_cancel - End all requests of a pipe
 * @pipe: The pipe.
 * @error: The error they end with, unless they have one already.
 *
 * Does not wait. A request that is entered later is not touched.
 */
void winusb_queue_cancel(struct winusb_pipe *pipe, int error)
{
	struct winusb_request *req, *next;
	LIST_HEAD(finish);
	LIST_HEAD(unlink);
	unsigned long flags;

	spin_lock_irqsave(&pipe->lock, flags);
	if (pipe->active)
		winusb_request_mark(pipe->active, error, &finish, &unlink);
	list_for_each_entry_safe(req, next, &pipe->raw, pipe_node)
		winusb_request_mark(req, error, &finish, &unlink);
	list_for_each_entry_safe(req, next, &pipe->raw_queue, pipe_node)
		winusb_request_mark(req, error, &finish, &unlink);
	list_for_each_entry_safe(req, next, &pipe->queue, pipe_node)
		winusb_request_mark(req, error, &finish, &unlink);
	spin_unlock_irqrestore(&pipe->lock, flags);
	winusb_request_end_marked(&finish, &unlink);
}
