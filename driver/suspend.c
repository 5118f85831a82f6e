// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend and resume of an interface (winusb.md 3.3): its pipes stop, and go on. Who may sleep at
 * all, and when, is decided in power.c.
 *
 *	awake		pipe->asleep is false, requests go to the host controller
 *	   | suspend()	hold: nothing new goes there; withdraw: URBs of reads come back
 *	asleep		requests wait in their pipes, in order, with what they have got; a new one
 *	   |		has the wake work resume the device
 *	   | resume()	endpoints are reset where RESET_PIPE_ON_RESUME says so; release: all go on
 *	awake
 *
 * usbcore calls suspend() and resume() from any thread, with the device locked or not, but never
 * while it binds, unbinds or resets, and never two at one time. So neither takes the gate: that
 * could wait for a thread that waits for the device to be resumed. Nothing that changes the pipes
 * runs meanwhile, since it has a PM reference and the device lock (winusb_interface_enter_write()).
 *
 * Requests take no PM reference. A write or a control transfer keeps the device awake as suspend()
 * refuses while there is one, and usbcore tries again when the device was idle for its delay.
 */
#include <linux/lockdep.h>
#include <linux/pm_runtime.h>
#include <linux/sched/mm.h>
#include <linux/usb.h>

#include "compat.h"
#include "device.h"
#include "event.h"
#include "frame.h"
#include "function.h"
#include "interface.h"
#include "pipe.h"
#include "queue.h"
#include "request.h"
#include "suspend.h"
#include "trace.h"

#define WINUSB_DRAIN (HZ / 2)		/* what a transfer may take when the system goes to sleep */
#define WINUSB_DRAIN_LEAST (HZ / 20)	/* also if others have taken all of that */
#define WINUSB_SETTLE (HZ / 10)		/* when it is looked whether it sleeps */
#define WINUSB_RESTLESS 16		/* awakenings for nothing, one after the other */
#define WINUSB_RESTLESS_REST (10 * HZ)	/* and then the device stays awake for so long */
#define WINUSB_RESTLESS_NAP HZ		/* what is no awakening for nothing */

/* Has the host controller none of the pipe's URBs, and will it get none? */
static bool winusb_suspend_is_quiet(struct winusb_pipe *pipe)
{
	struct winusb_request *req;
	unsigned long flags;
	bool quiet;

	spin_lock_irqsave(&pipe->lock, flags);
	quiet = !pipe->active || pipe->active->state == WINUSB_REQUEST_CLEARING;
	list_for_each_entry(req, &pipe->raw, pipe_node)
		if (req->state == WINUSB_REQUEST_RUNNING)
			quiet = false;
	spin_unlock_irqrestore(&pipe->lock, flags);
	return quiet;
}

/*
 * Let no more URBs go to the host controller until winusb_suspend_release(). With @only_idle not if
 * there is something that keeps the device awake. Gives whether that is so now.
 */
static bool winusb_suspend_hold(struct winusb_pipe *pipe, bool only_idle)
{
	unsigned long flags;
	bool hold;

	spin_lock_irqsave(&pipe->lock, flags);
	hold = !only_idle || !winusb_pipe_is_powered(pipe);
	if (hold)
		WRITE_ONCE(pipe->asleep, true);
	spin_unlock_irqrestore(&pipe->lock, flags);
	return hold;
}

/* The URB of a request is to come back. The caller holds the pipe's lock. Newest first. */
static void winusb_suspend_withdraw_one(struct winusb_request *req, struct list_head *unlink)
{
	if (req->state != WINUSB_REQUEST_RUNNING)
		return;
	WRITE_ONCE(req->withdrawn, true);
	winusb_request_get(req);	/* put in winusb_suspend_withdraw() */
	list_add(&req->withdraw_node, unlink);
}

/*
 * Take all URBs of an IN pipe that is held back from the host controller. Returns when they are
 * back, and gives how many there were. Their requests wait.
 */
static unsigned int winusb_suspend_withdraw(struct winusb_pipe *pipe)
{
	struct winusb_request *req, *next;
	unsigned int count = 0;
	unsigned long flags;
	LIST_HEAD(unlink);

	spin_lock_irqsave(&pipe->lock, flags);
	if (pipe->active)
		winusb_suspend_withdraw_one(pipe->active, &unlink);
	list_for_each_entry(req, &pipe->raw, pipe_node)
		winusb_suspend_withdraw_one(req, &unlink);
	spin_unlock_irqrestore(&pipe->lock, flags);
	list_for_each_entry_safe(req, next, &unlink, withdraw_node) {
		list_del_init(&req->withdraw_node);
		usb_unlink_urb(req->urb);	/* does nothing to a URB that is not in flight */
		winusb_request_put(req);
		count++;
	}
	wait_event(pipe->idle, winusb_suspend_is_quiet(pipe));
	return count;
}

/*
 * Wait for what the host controller has of a pipe that is held, and end with -EIO what takes longer
 * than that. Requests that have not begun wait.
 */
static void winusb_suspend_drain(struct winusb_pipe *pipe, unsigned long until)
{
	struct winusb_request *req, *next;
	unsigned long flags;
	LIST_HEAD(finish);
	LIST_HEAD(unlink);

	if (wait_event_timeout(pipe->idle, winusb_suspend_is_quiet(pipe),
			       max_t(long, until - jiffies, WINUSB_DRAIN_LEAST)))
		return;
	spin_lock_irqsave(&pipe->lock, flags);
	if (pipe->active && pipe->active->state == WINUSB_REQUEST_RUNNING)
		winusb_request_mark(pipe->active, -EIO, &finish, &unlink);
	/* An isochronous one of which all is back that was handed over leaves the list by this. */
	list_for_each_entry_safe(req, next, &pipe->raw, pipe_node)
		if (req->state == WINUSB_REQUEST_RUNNING)
			winusb_request_mark(req, -EIO, &finish, &unlink);
	spin_unlock_irqrestore(&pipe->lock, flags);
	winusb_request_end_marked(&finish, &unlink);
	wait_event(pipe->idle, winusb_suspend_is_quiet(pipe));
}

/* Let the requests go on that wait since winusb_suspend_hold(). */
static void winusb_suspend_release(struct winusb_pipe *pipe)
{
	struct winusb_request *req, *next;
	unsigned long flags;

	spin_lock_irqsave(&pipe->lock, flags);
	/* Those that were withdrawn are older than those that came since. */
	list_for_each_entry_safe_reverse(req, next, &pipe->raw, pipe_node)
		if (req->state == WINUSB_REQUEST_QUEUED)
			list_move(&req->pipe_node, &pipe->raw_queue);
	if (!list_empty(&pipe->raw_queue))
		pipe->held = true;
	WRITE_ONCE(pipe->asleep, false);
	spin_unlock_irqrestore(&pipe->lock, flags);
	winusb_queue_run(pipe);
}

static unsigned int winusb_suspend_num_pipes(const struct winusb_interface *wi)
{
	return wi->num_pipes + 1;
}

/* The pipes of the current setting, and then the control pipe. */
static struct winusb_pipe *winusb_suspend_pipe(struct winusb_interface *wi, unsigned int i)
{
	return i < wi->num_pipes ? &wi->pipes[i] : &wi->control;
}

static void winusb_suspend_release_all(struct winusb_interface *wi)
{
	unsigned int i;

	WRITE_ONCE(wi->asleep, false);
	/* Afterwards no request believes that it has to wake the device. */
	for (i = 0; i < winusb_suspend_num_pipes(wi); i++)
		winusb_suspend_release(winusb_suspend_pipe(wi, i));
}

static unsigned int winusb_suspend_withdraw_all(struct winusb_interface *wi)
{
	unsigned int count = 0, i;

	for (i = 0; i < wi->num_pipes; i++)
		if (winusb_pipe_is_in(&wi->pipes[i]) &&
		    wi->pipes[i].type != USB_ENDPOINT_XFER_ISOC)
			count += winusb_suspend_withdraw(&wi->pipes[i]);
	return count;
}

static void winusb_suspend_settle_soon(struct winusb_interface *wi, unsigned long delay)
{
	winusb_pipe_queue_delayed_work(&wi->settle_work, delay);
}

/* The device is idle: unless it is not. */
static int winusb_suspend_idle(struct winusb_interface *wi)
{
	unsigned int count, i;

	/* Whoever ends what we find in a pipe has its lock later, and sees this. */
	WRITE_ONCE(wi->refused, 1);
	for (i = 0; i < winusb_suspend_num_pipes(wi); i++)
		if (!winusb_suspend_hold(winusb_suspend_pipe(wi, i), true))
			goto refuse;
	WRITE_ONCE(wi->refused, 0);
	WRITE_ONCE(wi->asleep, true);
	wi->slept = jiffies;
	count = winusb_suspend_withdraw_all(wi);
	trace_winusb_suspend(wi, true, count);
	winusb_suspend_settle_soon(wi, WINUSB_SETTLE);
	return 0;

refuse:
	winusb_suspend_release_all(wi);
	wi->fn->device->refusals++;	/* usbcore suspends one interface at a time */
	trace_winusb_suspend_refused(wi, "transfer");
	return -EBUSY;
}

/*
 * The system sleeps, whatever there is: what does not end soon is ended. Resets of pipes that are
 * under way need the control pipe, which stops last.
 */
static void winusb_suspend_system(struct winusb_interface *wi)
{
	struct winusb_device *wd = wi->fn->device;
	unsigned int count, i;
	unsigned long until;

	/* All interfaces of a device have the same time. */
	if (!wd->draining)
		wd->drained = jiffies + WINUSB_DRAIN;
	wd->draining = true;
	until = wd->drained;
	/* Nor does anybody ask again for a sleep, or wake up now what has slept before. */
	WRITE_ONCE(wi->refused, 0);
	cancel_delayed_work_sync(&wi->settle_work);
	flush_work(&wi->wake_work);
	WRITE_ONCE(wi->asleep, true);
	wi->slept = jiffies - WINUSB_RESTLESS_NAP;
	for (i = 0; i < wi->num_pipes; i++)
		winusb_suspend_hold(&wi->pipes[i], false);
	count = winusb_suspend_withdraw_all(wi);
	for (i = 0; i < wi->num_pipes; i++)
		winusb_suspend_drain(&wi->pipes[i], until);
	winusb_suspend_drain(&wi->control, until);	/* that is what such a reset waits for */
	winusb_interface_flush_work(wi);
	winusb_suspend_hold(&wi->control, false);
	winusb_suspend_drain(&wi->control, until);
	trace_winusb_suspend(wi, false, count);
}

/**
 * winusb_suspend - The device is about to be suspended
 * @wi: The interface.
 * @automatic: As it is idle, otherwise as the system goes to sleep.
 *
 * Return: 0, or -EBUSY if it is not idle.
 */
int winusb_suspend(struct winusb_interface *wi, bool automatic)
{
	if (automatic)
		return winusb_suspend_idle(wi);
	winusb_suspend_system(wi);
	return 0;
}
WINUSB_EXPORT_FOR_TESTS(winusb_suspend);

/* RESET_PIPE_ON_RESUME (winusb.md 2.2). A device that does not answer is asked once. */
static void winusb_suspend_reset_pipes(struct winusb_interface *wi)
{
	unsigned int noio = memalloc_noio_save();
	unsigned int i;
	int ret = 0;

	for (i = 0; i < wi->num_pipes && ret != -ETIMEDOUT; i++) {
		struct winusb_pipe *pipe = &wi->pipes[i];

		if (!winusb_policy(&pipe->policies, WINUSB_POLICY_RESET_PIPE_ON_RESUME))
			continue;
		ret = usb_control_msg_send(wi->udev, 0, USB_REQ_CLEAR_FEATURE, USB_RECIP_ENDPOINT,
					   USB_ENDPOINT_HALT, pipe->address, NULL, 0,
					   USB_CTRL_SET_TIMEOUT, GFP_NOIO);
		if (ret)
			continue;
		usb_reset_endpoint(wi->udev, pipe->address);
		winusb_pipe_clear_halt(pipe);
	}
	memalloc_noio_restore(noio);
}

/*
 * A device that wakes as soon as it sleeps, or does not go to sleep after all, each time and for no
 * transfer, is left awake for a while.
 */
static void winusb_suspend_watch_restless(struct winusb_interface *wi)
{
	unsigned int transfers = READ_ONCE(wi->fn->device->transfers);

	if (transfers != wi->seen_transfers ||
	    time_after_eq(jiffies, wi->slept + WINUSB_RESTLESS_NAP)) {
		wi->seen_transfers = transfers;
		wi->restless = 0;
		return;
	}
	if (++wi->restless < WINUSB_RESTLESS)
		return;
	wi->restless = 0;
	/* The work item has a PM reference from here on. */
	usb_autopm_get_interface_no_resume(wi->intf);
	if (!schedule_delayed_work(&wi->rest_work, WINUSB_RESTLESS_REST))
		usb_autopm_put_interface_async(wi->intf);
	if (!wi->told_restless)
		dev_notice(&wi->intf->dev, "the device does not stay asleep; left awake for ten seconds each time\n");
	wi->told_restless = true;
}

static void winusb_suspend_rest_work(struct work_struct *work)
{
	struct winusb_interface *wi =
		container_of(to_delayed_work(work), struct winusb_interface, rest_work);

	usb_autopm_put_interface_async(wi->intf);
	/* The interface itself was never active for that, so its parent does not hear of it. */
	pm_request_idle(&wi->udev->dev);
}

/* Was it another interface of ours that kept the device from sleep? */
static bool winusb_suspend_was_refused(struct winusb_interface *wi)
{
	unsigned int refusals = wi->fn->device->refusals;
	bool refused = refusals != wi->seen_refusals;

	wi->seen_refusals = refusals;
	return refused;
}

/**
 * winusb_suspend_resume - The device is awake, or was not suspended after all
 * @wi: The interface.
 */
void winusb_suspend_resume(struct winusb_interface *wi)
{
	bool refused = winusb_suspend_was_refused(wi);

	wi->fn->device->draining = false;
	if (!winusb_pm_is_suspending(&wi->udev->dev)) {
		winusb_suspend_reset_pipes(wi);
	} else {
		/* It was not suspended. The PM core tries again; if the delay is 0, we do. */
		usb_mark_last_busy(wi->udev);
		if (refused)
			cancel_delayed_work(&wi->settle_work);	/* that one asks again */
		else
			winusb_suspend_settle_soon(wi, WINUSB_SETTLE);
	}
	winusb_frames_moved(&wi->fn->device->frames);
	trace_winusb_resume(wi, false);
	if (!refused)
		winusb_suspend_watch_restless(wi);
	winusb_suspend_release_all(wi);
}
WINUSB_EXPORT_FOR_TESTS(winusb_suspend_resume);

/**
 * winusb_suspend_reset_resume - The device is awake, and was reset for that
 * @wi: The interface. usbcore has restored its setting.
 */
void winusb_suspend_reset_resume(struct winusb_interface *wi)
{
	unsigned int i;

	wi->fn->device->draining = false;
	winusb_frames_moved(&wi->fn->device->frames);
	for (i = 0; i < winusb_suspend_num_pipes(wi); i++)
		winusb_queue_cancel(winusb_suspend_pipe(wi, i), -ECONNRESET);
	for (i = 0; i < wi->num_pipes; i++)
		winusb_pipe_clear_halt(&wi->pipes[i]);
	winusb_events_post(wi, WINUSB_EVENT_RESET, 0);
	trace_winusb_resume(wi, true);
	trace_winusb_reset(wi);
	winusb_suspend_release_all(wi);
}
WINUSB_EXPORT_FOR_TESTS(winusb_suspend_reset_resume);

/* It could not be woken, and usbcore keeps it: end what waits for that. */
static void winusb_suspend_give_up(struct winusb_interface *wi)
{
	unsigned int i;

	down_read(&wi->gate);
	if (!wi->gone && READ_ONCE(wi->asleep) && wi->udev->state != USB_STATE_NOTATTACHED)
		for (i = 0; i < winusb_suspend_num_pipes(wi); i++)
			winusb_queue_cancel(winusb_suspend_pipe(wi, i), -EIO);
	up_read(&wi->gate);
}

/*
 * The device is awake. If it did not answer when it was to be suspended, usbcore has not called
 * resume(). Nobody suspends it now: there is a PM reference, and a sleep of the system waits for
 * this.
 */
static void winusb_suspend_repair(struct winusb_interface *wi)
{
	down_read(&wi->gate);
	if (wi->gone || wi->resetting || !READ_ONCE(wi->asleep)) {
		/* The end of the reset does it. */
	} else if (wi->intf->dev.power.is_prepared) {
		winusb_suspend_settle_soon(wi, WINUSB_SETTLE);
	} else {
		winusb_suspend_watch_restless(wi);
		winusb_suspend_release_all(wi);
	}
	up_read(&wi->gate);
}

/**
 * winusb_suspend_was_reset - The device is awake, whatever was before
 * @wi: The interface, at the end of a reset. There are no requests but those that came since.
 */
void winusb_suspend_was_reset(struct winusb_interface *wi)
{
	if (READ_ONCE(wi->asleep))
		winusb_suspend_release_all(wi);
}

static void winusb_suspend_wake_work(struct work_struct *work)
{
	struct winusb_interface *wi = container_of(work, struct winusb_interface, wake_work);
	unsigned int noio = memalloc_noio_save();	/* disconnect() waits for this */
	int ret;

	ret = usb_autopm_get_interface(wi->intf);
	trace_winusb_wake(wi, ret);
	if (!ret) {
		winusb_suspend_repair(wi);
		usb_autopm_put_interface(wi->intf);
	} else if (ret != -EACCES) {	/* the system sleeps, and its end resumes the device */
		winusb_suspend_give_up(wi);
	}
	memalloc_noio_restore(noio);
}

/**
 * winusb_suspend_wake - Have the device resumed, as a request waits for that
 * @wi: The interface. The caller is inside the gate.
 *
 * Does not wait. In a sleep of the system nothing can be done, and its end resumes the device.
 */
void winusb_suspend_wake(struct winusb_interface *wi)
{
	winusb_pipe_queue_work(&wi->wake_work);
}

/**
 * winusb_suspend_ask_again - What kept the device awake has ended
 * @wi: The interface. In any context. The caller holds the lock of the pipe that it was in, or is
 *	inside the gate: so it is before winusb_suspend_exit().
 *
 * If the delay is 0, nobody else tries again.
 */
void winusb_suspend_ask_again(struct winusb_interface *wi)
{
	if (READ_ONCE(wi->refused) && xchg(&wi->refused, 0))
		winusb_suspend_settle_soon(wi, 0);
}

/*
 * What became of the last try to sleep? As long as that is not over, the PM core does not listen.
 */
static void winusb_suspend_settle_work(struct work_struct *work)
{
	struct winusb_interface *wi =
		container_of(to_delayed_work(work), struct winusb_interface, settle_work);

	if (pm_runtime_status_suspended(&wi->udev->dev))
		return;
	if (!winusb_pm_is_active(&wi->udev->dev))
		winusb_suspend_settle_soon(wi, WINUSB_SETTLE);
	else if (READ_ONCE(wi->asleep))
		winusb_suspend_wake(wi);
	else
		pm_request_idle(&wi->udev->dev);
}

/**
 * winusb_suspend_init - Prepare an interface that is being made
 * @wi: The interface.
 */
void winusb_suspend_init(struct winusb_interface *wi)
{
	INIT_WORK(&wi->wake_work, winusb_suspend_wake_work);
	INIT_DELAYED_WORK(&wi->settle_work, winusb_suspend_settle_work);
	INIT_DELAYED_WORK(&wi->rest_work, winusb_suspend_rest_work);
}

/**
 * winusb_suspend_exit - It has left, and there are no requests any more
 * @wi: The interface; gone. Its device is locked, and usbcore does not suspend or resume it.
 */
void winusb_suspend_exit(struct winusb_interface *wi)
{
	cancel_delayed_work_sync(&wi->settle_work);
	cancel_work_sync(&wi->wake_work);
	if (cancel_delayed_work_sync(&wi->rest_work))
		usb_autopm_put_interface_no_suspend(wi->intf);
}
