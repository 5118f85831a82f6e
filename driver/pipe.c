// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pipe: an endpoint of the current setting with its policies, its queue of requests and the
 * bytes that a read left over. The objects are part of the interface and filled anew when the
 * setting changes, which happens only while no request is in them.
 */
#include <linux/log2.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include <uapi/linux/winusb.h>

#include "compat.h"
#include "device.h"
#include "function.h"
#include "handle.h"
#include "interface.h"
#include "pipe.h"
#include "queue.h"
#include "request.h"
#include "stream.h"
#include "suspend.h"

#define WINUSB_BOUNCE_LENGTH 16384	/* bytes of a pipe's own memory, about */
#define WINUSB_DRAIN_TIMEOUT_MS 100
#define WINUSB_LIST_SEGMENTS 32		/* that hold any URB of ours; fewer are as good as none */

static struct workqueue_struct *winusb_pipe_workqueue;

/**
 * winusb_pipe_create_workqueue - Prepare for pipes
 *
 * Return: 0, or -ENOMEM.
 */
int winusb_pipe_create_workqueue(void)
{
	/* Disks may be waiting for the reset of a device that waits for this. */
	winusb_pipe_workqueue = alloc_workqueue("winusb", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return winusb_pipe_workqueue ? 0 : -ENOMEM;
}

/**
 * winusb_pipe_destroy_workqueue - The opposite; there are no interfaces any more
 */
void winusb_pipe_destroy_workqueue(void)
{
	destroy_workqueue(winusb_pipe_workqueue);
}

/**
 * winusb_pipe_queue_work - Have something done that requests wait for
 * @work: The work item.
 */
void winusb_pipe_queue_work(struct work_struct *work)
{
	queue_work(winusb_pipe_workqueue, work);
}

/**
 * winusb_pipe_queue_delayed_work - The same, later
 * @work: The work item. If it is queued already it is as if it were not.
 * @delay: In jiffies.
 */
void winusb_pipe_queue_delayed_work(struct delayed_work *work, unsigned long delay)
{
	mod_delayed_work(winusb_pipe_workqueue, work, delay);
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

/*
 * Clear the halt in the device and here; the pipe is parked, which also keeps the setting from
 * changing. Not usb_clear_halt(): that can't be interrupted by a removal or a signal.
 */
static int winusb_pipe_clear(struct winusb_pipe *pipe, struct winusb_handle *wh, u32 timeout_ms,
			     bool nonblock)
{
	struct usb_ctrlrequest setup = {
		.bRequestType = USB_DIR_OUT | USB_TYPE_STANDARD | USB_RECIP_ENDPOINT,
		.bRequest = USB_REQ_CLEAR_FEATURE,
		.wValue = cpu_to_le16(USB_ENDPOINT_HALT),
		.wIndex = cpu_to_le16(pipe->address),
	};
	int ret;

	ret = winusb_request_command(wh, &setup, timeout_ms, nonblock);
	return ret ? ret : winusb_pipe_reset_host(pipe);
}

/*
 * Let those run that came while the pipe was parked. A reset and a removal end them. No signal may
 * end this.
 */
static void winusb_pipe_run(struct winusb_pipe *pipe)
{
	struct winusb_interface *wi = pipe->wi;

	down_read(&wi->gate);
	if (!wi->gone)
		winusb_suspend_ask_again(wi);	/* a pipe that is reset keeps the device awake */
	if (!wi->gone && !wi->resetting)
		winusb_queue_run(pipe);
	else
		winusb_queue_forget(pipe);
	up_read(&wi->gate);
}

/* Waits for whoever has the gate for a moment. */
static bool winusb_pipe_is_resetting(struct winusb_pipe *pipe)
{
	bool resetting;

	down_read(&pipe->wi->gate);
	resetting = pipe->wi->resetting;
	up_read(&pipe->wi->gate);
	return resetting;
}

/* Not to wait for a reset of the device: that waits for us, and clears all halts. */
static void winusb_pipe_clear_for(struct winusb_pipe *pipe, struct winusb_handle *wh)
{
	int ret;

	do {
		/* The system does not wait that long to go to sleep. */
		ret = winusb_pipe_clear(pipe, wh, READ_ONCE(pipe->wi->fn->device->draining) ?
					WINUSB_DRAIN_TIMEOUT_MS : WINUSB_CONTROL_TIMEOUT_MS, true);
		/* Until a writer that was woken has run, readers pass it by, and tries fail. */
		if (ret == -EAGAIN)
			cond_resched();
	} while (ret == -EAGAIN && !winusb_pipe_is_resetting(pipe));
}

/* Reset the pipe for the request that failed, complete that, let the others go on. */
static void winusb_pipe_clear_work(struct work_struct *work)
{
	struct winusb_pipe *pipe = container_of(work, struct winusb_pipe, clear_work);
	unsigned int noio = memalloc_noio_save();	/* disconnect() waits for this */

	/* It holds its handle until it is completed. A pipe that can't be reset fails again. */
	winusb_pipe_clear_for(pipe, pipe->active->wh);
	memalloc_noio_restore(noio);
	winusb_queue_cleared(pipe);
	winusb_pipe_run(pipe);
}

/**
 * winusb_pipe_schedule_clear - Have the pipe reset
 * @pipe: The pipe; parked, and the request that owns it is set aside for this.
 */
void winusb_pipe_schedule_clear(struct winusb_pipe *pipe)
{
	winusb_pipe_queue_work(&pipe->clear_work);
}

/**
 * winusb_pipe_init - Prepare a pipe object, once
 * @pipe: The pipe.
 * @wi: The interface it is part of.
 */
void winusb_pipe_init(struct winusb_pipe *pipe, struct winusb_interface *wi)
{
	pipe->wi = wi;
	mutex_init(&pipe->run_lock);
	spin_lock_init(&pipe->lock);
	INIT_LIST_HEAD(&pipe->queue);
	INIT_LIST_HEAD(&pipe->raw);
	INIT_LIST_HEAD(&pipe->raw_queue);
	init_waitqueue_head(&pipe->idle);
	INIT_WORK(&pipe->clear_work, winusb_pipe_clear_work);
	winusb_stream_init(pipe);
	pipe->policies.value[WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE] = WINUSB_MAX_CONTROL_LENGTH;
	winusb_pipe_set_defaults(pipe);
}

/* What the host controller takes for an endpoint. */
static void winusb_pipe_setup_dma(struct winusb_pipe *pipe)
{
	struct usb_device *udev = pipe->wi->udev;
	struct usb_bus *bus = udev->bus;
	struct winusb_dma *dma = &pipe->dma;

	/* With other packets the pages of memory would not be whole packets. */
	dma->max_segments = pipe->type == USB_ENDPOINT_XFER_BULK && is_power_of_2(dma->maxp) &&
			    dma->maxp <= PAGE_SIZE && bus->sg_tablesize >= WINUSB_LIST_SEGMENTS ?
			    bus->sg_tablesize : 0;
	dma->whole_packets = !bus->no_sg_constraint;
	dma->max_transfer = winusb_policy_transfer_size(udev->speed, dma->maxp, dma->max_segments);
	pipe->policies.value[WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE] = dma->max_transfer;
}

/**
 * winusb_pipe_setup - Make a pipe object stand for an endpoint
 * @pipe: The pipe; no request is in it.
 * @ep: The endpoint.
 */
void winusb_pipe_setup(struct winusb_pipe *pipe, const struct usb_host_endpoint *ep)
{
	const struct usb_endpoint_descriptor *desc = &ep->desc;

	winusb_pipe_destroy(pipe);
	pipe->address = desc->bEndpointAddress;
	pipe->type = usb_endpoint_type(desc);
	pipe->dma.maxp = usb_endpoint_maxp(desc);
	pipe->interval = desc->bInterval;
	pipe->halted = false;
	pipe->asleep = false;
	winusb_pipe_setup_dma(pipe);
	winusb_stream_setup(pipe, ep);
	winusb_pipe_set_defaults(pipe);
}

/**
 * winusb_pipe_destroy - Free what a pipe object holds
 * @pipe: The pipe; no request is in it.
 */
void winusb_pipe_destroy(struct winusb_pipe *pipe)
{
	winusb_stream_stop(pipe);
	pipe->saved_length = 0;
	pipe->saved = NULL;
	kfree(pipe->bounce);
	pipe->bounce = NULL;
}

/**
 * winusb_pipe_look - The pipe of an address, as it seems
 * @wi: The interface; the caller is between winusb_interface_begin_look() and _end_look().
 * @address: bEndpointAddress, not 0.
 *
 * Return: The pipe, or NULL.
 */
struct winusb_pipe *winusb_pipe_look(struct winusb_interface *wi, u8 address)
{
	unsigned int i, n = smp_load_acquire(&wi->num_pipes);	/* they are filled */

	for (i = 0; i < n; i++)
		if (READ_ONCE(wi->pipes[i].address) == address)
			return &wi->pipes[i];
	return NULL;
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
	lockdep_assert_held(&wi->gate);

	return winusb_pipe_look(wi, address);
}
WINUSB_EXPORT_FOR_TESTS(winusb_pipe_find);

/**
 * winusb_pipe_set_defaults - Default policies, no saved data
 * @pipe: The pipe.
 */
void winusb_pipe_set_defaults(struct winusb_pipe *pipe)
{
	unsigned long flags;

	spin_lock_irqsave(&pipe->lock, flags);
	winusb_policy_set_defaults(&pipe->policies, !pipe->address);
	pipe->saved_length = 0;
	spin_unlock_irqrestore(&pipe->lock, flags);
}

static bool winusb_pipe_is_occupied(const struct winusb_pipe *pipe)
{
	lockdep_assert_held(&pipe->lock);

	return pipe->active || !list_empty(&pipe->queue) || !list_empty(&pipe->raw) ||
	       !list_empty(&pipe->raw_queue) || pipe->parked;
}

/**
 * winusb_pipe_is_powered - Is there something in it that keeps the device awake (winusb.md 3.3)?
 * @pipe: The pipe. The caller holds its lock.
 *
 * Return: true for a control transfer, a write, an isochronous transfer, or a reset of the pipe.
 */
bool winusb_pipe_is_powered(const struct winusb_pipe *pipe)
{
	return winusb_pipe_is_in(pipe) && pipe->type != USB_ENDPOINT_XFER_ISOC ?
	       pipe->parked : winusb_pipe_is_occupied(pipe);
}

/**
 * winusb_pipe_is_busy - Is a request outstanding, or a reset of the pipe under way?
 * @pipe: The pipe.
 *
 * Return: true if so.
 */
bool winusb_pipe_is_busy(struct winusb_pipe *pipe)
{
	unsigned long flags;
	bool busy;

	spin_lock_irqsave(&pipe->lock, flags);
	busy = winusb_pipe_is_occupied(pipe);
	spin_unlock_irqrestore(&pipe->lock, flags);
	return busy;
}

/**
 * winusb_pipe_takes - Is the memory of a request right for this pipe?
 * @pipe: The pipe; the caller is inside the gate.
 * @req: The request, which was prepared for the pipe that had this address before.
 *
 * Return: true if so.
 */
bool winusb_pipe_takes(struct winusb_pipe *pipe, const struct winusb_request *req)
{
	return pipe->dma.maxp == req->dma.maxp &&
	       pipe->dma.max_transfer == req->dma.max_transfer &&
	       pipe->dma.max_segments == req->dma.max_segments &&
	       (req->raw || !req->in || READ_ONCE(pipe->bounce));
}

/**
 * winusb_pipe_halt - The endpoint stalled
 * @pipe: The pipe. The control pipe clears itself and is left alone.
 * @resets: &winusb_pipe.resets when the transfer that stalled was handed over. If the halt was
 *	cleared since then, the stall is an old one.
 */
void winusb_pipe_halt(struct winusb_pipe *pipe, unsigned int resets)
{
	unsigned long flags;

	spin_lock_irqsave(&pipe->lock, flags);
	if (pipe->address && pipe->resets == resets)
		pipe->halted = true;
	spin_unlock_irqrestore(&pipe->lock, flags);
}

/**
 * winusb_pipe_clear_halt - The endpoint was reset, alone or along with its setting or device
 * @pipe: The pipe.
 */
void winusb_pipe_clear_halt(struct winusb_pipe *pipe)
{
	unsigned long flags;

	spin_lock_irqsave(&pipe->lock, flags);
	pipe->halted = false;
	pipe->resets++;
	spin_unlock_irqrestore(&pipe->lock, flags);
}

/**
 * winusb_pipe_bounce_size - How much memory of its own a pipe has
 * @maxp: Bytes of a packet.
 *
 * Return: Bytes, whole packets.
 */
size_t winusb_pipe_bounce_size(u16 maxp)
{
	return rounddown(WINUSB_BOUNCE_LENGTH - maxp, maxp);
}

/**
 * winusb_pipe_alloc_bounce - Allocate memory for a pipe
 * @maxp: Bytes of a packet.
 *
 * Return: The memory, or NULL.
 */
u8 *winusb_pipe_alloc_bounce(u16 maxp)
{
	return kzalloc(winusb_pipe_bounce_size(maxp) + maxp, GFP_KERNEL_ACCOUNT);
}

/**
 * winusb_pipe_give_bounce - Give a pipe memory of its own, if it has none
 * @wh: A handle of its interface.
 * @address: bEndpointAddress.
 * @maxp: What the memory was allocated for.
 * @bounce: The memory. Is the pipe's afterwards, or freed.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_pipe_give_bounce(struct winusb_handle *wh, u8 address, u16 maxp, u8 *bounce,
			    bool nonblock)
{
	struct winusb_pipe *pipe;
	unsigned long flags;
	int ret;

	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		goto out_free;
	pipe = winusb_pipe_find(wh->wi, address);
	if (pipe && pipe->dma.maxp == maxp) {
		spin_lock_irqsave(&pipe->lock, flags);
		if (!pipe->bounce) {
			pipe->saved = bounce + winusb_pipe_bounce_size(maxp);
			smp_store_release(&pipe->bounce, bounce);	/* after @saved */
			bounce = NULL;
		}
		spin_unlock_irqrestore(&pipe->lock, flags);
	}
	winusb_handle_leave(wh);
out_free:
	kfree(bounce);
	return ret;
}

/**
 * winusb_pipe_wait_idle - Wait until all requests that were ended are done
 * @pipe: The pipe. Nothing new can come in.
 *
 * As long as the host controller needs to give their URBs back.
 */
void winusb_pipe_wait_idle(struct winusb_pipe *pipe)
{
	wait_event(pipe->idle, !READ_ONCE(pipe->cancelled));
	winusb_stream_stop(pipe);
}

/**
 * winusb_pipe_uncount - A request that somebody has ended is done
 * @pipe: The pipe. The caller holds the file's lock, and the request is where its door finds it.
 */
void winusb_pipe_uncount(struct winusb_pipe *pipe)
{
	spin_lock(&pipe->lock);	/* interrupts are off */
	if (!--pipe->cancelled)
		wake_up_all(&pipe->idle);
	spin_unlock(&pipe->lock);
}

/**
 * winusb_pipe_take_saved - Put saved bytes at the head of a read, oldest first
 * @pipe: The pipe. The caller holds its lock, and its request owns it.
 * @buffer: The request's buffer, empty so far.
 *
 * What the read does not take stays, unless AUTO_FLUSH was set meanwhile (winusb.md 2.3, step 3).
 *
 * Return: How many were taken.
 */
size_t winusb_pipe_take_saved(struct winusb_pipe *pipe, struct winusb_buffer *buffer)
{
	size_t n = min_t(size_t, buffer->length, pipe->saved_length);

	lockdep_assert_held(&pipe->lock);

	winusb_buffer_write(buffer, 0, pipe->saved, n);
	pipe->saved_length -= n;
	memmove(pipe->saved, pipe->saved + n, pipe->saved_length);
	if (winusb_policy(&pipe->policies, WINUSB_POLICY_AUTO_FLUSH))
		pipe->saved_length = 0;
	return n;
}

/**
 * winusb_pipe_save - Keep what the device sent beyond the end of a read
 * @pipe: The pipe; the caller's request owns it and has emptied the saved data before.
 * @from: The bytes.
 * @length: How many, below a packet.
 */
void winusb_pipe_save(struct winusb_pipe *pipe, const void *from, size_t length)
{
	unsigned long flags;

	spin_lock_irqsave(&pipe->lock, flags);
	pipe->saved_length = min_t(size_t, length, pipe->dma.maxp);
	memcpy(pipe->saved, from, pipe->saved_length);
	spin_unlock_irqrestore(&pipe->lock, flags);
}

/**
 * winusb_pipe_save_from - As winusb_pipe_save(), from beyond the end of a buffer
 * @pipe: The pipe.
 * @buffer: The buffer of the request.
 * @offset: Where the bytes are.
 * @length: How many, below a packet.
 */
void winusb_pipe_save_from(struct winusb_pipe *pipe, struct winusb_buffer *buffer, size_t offset,
			   size_t length)
{
	unsigned long flags;

	spin_lock_irqsave(&pipe->lock, flags);
	pipe->saved_length = min_t(size_t, length, pipe->dma.maxp);
	winusb_buffer_read(buffer, offset, pipe->saved, pipe->saved_length);
	spin_unlock_irqrestore(&pipe->lock, flags);
}

/**
 * winusb_pipe_abort - End all requests of a pipe with -ECANCELED
 * @wh: A handle of the interface.
 * @address: bEndpointAddress, or 0 for the control pipe, where this does nothing.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Returns when they are done: when the host controller has given them all back. It does not wait
 * until they are collected: that may take as long as user space likes.
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
		winusb_queue_cancel(pipe, -ECANCELED);
	winusb_handle_leave(wh);
	if (!pipe)
		return -EINVAL;

	return wait_event_killable(pipe->idle, !READ_ONCE(pipe->cancelled)) ? -EINTR : 0;
}
WINUSB_EXPORT_FOR_TESTS(winusb_pipe_abort);

/* Stop the pipe for a reset, unless a request is in it. */
static int winusb_pipe_park(struct winusb_pipe *pipe)
{
	unsigned long flags;
	int ret = -EBUSY;

	spin_lock_irqsave(&pipe->lock, flags);
	if (!winusb_pipe_is_occupied(pipe)) {
		pipe->parked = true;
		ret = 0;
	}
	spin_unlock_irqrestore(&pipe->lock, flags);
	return ret;
}

static void winusb_pipe_unpark(struct winusb_pipe *pipe)
{
	unsigned long flags;

	spin_lock_irqsave(&pipe->lock, flags);
	pipe->parked = false;
	spin_unlock_irqrestore(&pipe->lock, flags);
	winusb_pipe_run(pipe);
}

/**
 * winusb_pipe_reset - Clear the halt of an endpoint, here and in the device
 * @wh: A handle of the interface.
 * @address: bEndpointAddress, or 0 for the control pipe, where this does nothing.
 * @nonblock: Give -EAGAIN instead of waiting for a reset of the device to end.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_pipe_reset(struct winusb_handle *wh, u8 address, bool nonblock)
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
	ret = pipe ? winusb_pipe_park(pipe) : -EINVAL;
	winusb_handle_leave(wh);
	if (ret)
		return ret;

	ret = winusb_pipe_clear(pipe, wh, 0, nonblock);
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
	unsigned long flags;
	int ret;

	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	pipe = address ? winusb_pipe_find(wh->wi, address) : NULL;
	if (pipe && winusb_pipe_is_in(pipe)) {
		spin_lock_irqsave(&pipe->lock, flags);
		pipe->saved_length = 0;
		spin_unlock_irqrestore(&pipe->lock, flags);
	} else {
		ret = -EINVAL;
	}
	winusb_handle_leave(wh);
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_pipe_flush);

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

	ret = winusb_policy_check(policy, false);
	if (ret)
		return ret;
	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	pipe = winusb_pipe_find_any(wh->wi, address);
	ret = pipe ? winusb_policy_get(&pipe->policies, policy, value) : -EINVAL;
	winusb_handle_leave(wh);
	return ret;
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
	unsigned long flags;
	int ret;

	ret = winusb_policy_check(policy, true);
	if (ret)
		return ret;
	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	pipe = winusb_pipe_find_any(wh->wi, address);
	if (pipe) {
		spin_lock_irqsave(&pipe->lock, flags);
		ret = winusb_policy_set(&pipe->policies, policy, value);
		spin_unlock_irqrestore(&pipe->lock, flags);
	} else {
		ret = -EINVAL;
	}
	winusb_handle_leave(wh);
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_pipe_set_policy);
