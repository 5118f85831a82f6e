// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripted host controller: the life of a URB.
 *
 * A URB is linked to its endpoint when it arrives, waits in its endpoint's
 * queue until the script finishes it, and moves to the controller's list of
 * finished URBs. From there a tasklet gives it back, so that completions run in
 * a real softirq. URBs of one endpoint are given back in the order in which
 * they finished: only one context gives back at a time.
 */

#include <linux/delay.h>
#include <linux/slab.h>
#include <linux/sched/mm.h>

#include "internal.h"

/* Moves a URB to the finished ones; @status is what its completion will see. */
void winusb_hcd_finish_locked(struct winusb_hcd *hc,
			      struct winusb_hcd_xfer *xfer, int status)
{
	struct winusb_hcd_ep *ep = xfer->ep;

	lockdep_assert_held(&hc->lock);
	if (status == 0 && xfer->moved < xfer->urb->transfer_buffer_length &&
	    (xfer->urb->transfer_flags & URB_SHORT_NOT_OK) &&
	    usb_pipein(xfer->urb->pipe))
		status = -EREMOTEIO;
	xfer->status = status;
	xfer->finished = true;
	xfer->urb->actual_length = xfer->moved;
	if (ep) {
		if (!xfer->unlinked)
			ep->stats.in_flight--;
		ep->stats.bytes += xfer->moved;
	}
	list_move_tail(&xfer->node, &hc->done);
}

void winusb_hcd_fail_all_locked(struct winusb_hcd_dev *dev, int status)
{
	struct winusb_hcd_xfer *xfer, *next;
	unsigned int i;

	for (i = 0; i < WINUSB_HCD_EPS; i++)
		list_for_each_entry_safe(xfer, next, &dev->eps[i].queue, node)
			winusb_hcd_finish_locked(dev->hc, xfer, status);
}

/* Applies the script to the queue; true if anything moved. */
static bool winusb_hcd_run_locked(struct winusb_hcd_ep *ep)
{
	enum winusb_hcd_progress progress;
	struct winusb_hcd_xfer *xfer;
	bool moved = false;

	for (;;) {
		xfer = list_first_entry_or_null(&ep->queue,
						struct winusb_hcd_xfer, node);
		if (!xfer || xfer->unlinked || !ep->dev->port)
			return moved;
		if (usb_pipecontrol(xfer->urb->pipe))
			progress = winusb_hcd_control_locked(ep, xfer);
		else if (usb_pipeisoc(xfer->urb->pipe))
			progress = winusb_hcd_isoc_locked(ep, xfer);
		else
			progress = winusb_hcd_transfer_locked(ep, xfer);
		if (progress == WINUSB_HCD_WAIT)
			return moved;
		if (progress == WINUSB_HCD_FINISHED)
			ep->stats.completed++;
		moved = true;
	}
}

/* The other end of a loopback. */
static struct winusb_hcd_ep *winusb_hcd_partner(struct winusb_hcd_ep *ep)
{
	struct winusb_hcd_ep *out;

	if (ep->mode == WINUSB_HCD_LOOPBACK)
		return winusb_hcd_ep(ep->dev, ep->peer);
	for (out = &ep->dev->eps[1]; out < &ep->dev->eps[16]; out++)
		if (out->mode == WINUSB_HCD_LOOPBACK &&
		    out->peer == ep->address)
			return out;
	return NULL;
}

/* Applies the script until nothing more can happen. */
void winusb_hcd_go_on_locked(struct winusb_hcd_ep *ep)
{
	struct winusb_hcd_ep *partner = winusb_hcd_partner(ep);

	lockdep_assert_held(&ep->dev->hc->lock);
	while (winusb_hcd_run_locked(ep) && partner)
		if (!winusb_hcd_run_locked(partner))
			break;
	if (ep->isoc)
		winusb_hcd_arm_locked(ep->dev->hc);
}

/*
 * Routes by port and by address: a stale usb_device must not reach the device
 * that was plugged into its port later.
 */
static struct winusb_hcd_dev *winusb_hcd_route_locked(struct winusb_hcd *hc,
						      struct urb *urb)
{
	unsigned int port = urb->dev->portnum;
	struct winusb_hcd_dev *dev;

	if (!port || port > hc->nr_ports)
		return NULL;
	dev = hc->ports[port - 1].dev;
	if (!dev || dev->address != usb_pipedevice(urb->pipe))
		return NULL;
	if (!(hc->ports[port - 1].status & USB_PORT_STAT_ENABLE))
		return NULL;
	return dev;
}

static void winusb_hcd_queue_locked(struct winusb_hcd_ep *ep,
				    struct winusb_hcd_xfer *xfer)
{
	struct winusb_hcd_stats *stats = &ep->stats;

	xfer->ep = ep;
	list_add_tail(&xfer->node, &ep->queue);
	ep->lengths[stats->submitted++ % WINUSB_HCD_LOG] =
		xfer->urb->transfer_buffer_length;
	if (++stats->in_flight > stats->max_in_flight)
		stats->max_in_flight = stats->in_flight;
	if (xfer->urb->num_sgs > stats->max_segments)
		stats->max_segments = xfer->urb->num_sgs;
	ep->isoc = usb_pipeisoc(xfer->urb->pipe);
	if (ep->isoc)
		winusb_hcd_isoc_queued_locked(ep, xfer);
	winusb_hcd_go_on_locked(ep);
}

/*
 * At most so many at once: URBs that submit themselves again on an endpoint
 * that answers at once would never end, and nobody could unlink them.
 */
#define WINUSB_HCD_BUDGET	512

/* Gives a URB back that is in no list any more. */
static void winusb_hcd_give_back_one_locked(struct winusb_hcd *hc,
					    struct winusb_hcd_xfer *xfer)
{
	const struct usb_host_endpoint *completing = hc->completing;

	lockdep_assert_held(&hc->lock);
	xfer->urb->hcpriv = NULL;
	hc->completing = xfer->urb->ep;
	spin_unlock(&hc->lock);
	usb_hcd_giveback_urb(hc->hcd, xfer->urb, xfer->status);
	kfree(xfer);
	spin_lock(&hc->lock);
	hc->completing = completing;
}

static void winusb_hcd_give_back(struct winusb_hcd *hc)
{
	unsigned int budget = WINUSB_HCD_BUDGET;
	struct winusb_hcd_xfer *xfer;
	unsigned long flags;

	spin_lock_irqsave(&hc->lock, flags);
	if (hc->giving_back)
		goto out_unlock;
	hc->giving_back = true;
	while (!list_empty(&hc->done) && budget--) {
		xfer = list_first_entry(&hc->done, struct winusb_hcd_xfer,
					node);
		list_del(&xfer->node);
		if (!xfer->won)
			usb_hcd_unlink_urb_from_ep(hc->hcd, xfer->urb);
		winusb_hcd_give_back_one_locked(hc, xfer);
	}
	hc->giving_back = false;
	if (!list_empty(&hc->done))
		tasklet_schedule(&hc->tasklet);
out_unlock:
	spin_unlock_irqrestore(&hc->lock, flags);
	if (wq_has_sleeper(&hc->wait))
		wake_up_all(&hc->wait);
}

void winusb_hcd_tasklet(struct tasklet_struct *tasklet)
{
	struct winusb_hcd *hc = from_tasklet(hc, tasklet, tasklet);
	unsigned long flags;
	bool changed;

	spin_lock_irqsave(&hc->lock, flags);
	changed = hc->port_changed;
	hc->port_changed = false;
	winusb_hcd_tick_locked(hc);
	spin_unlock_irqrestore(&hc->lock, flags);

	winusb_hcd_give_back(hc);
	if (changed)
		usb_hcd_poll_rh_status(hc->hcd);
}

/*
 * After the lock is dropped: sees to what was finished or changed under it.
 * Does nothing that it need not do, because benchmarks count it. Who gives back
 * looks at the list once more under the lock before it says that it is done.
 */
void winusb_hcd_kick(struct winusb_hcd *hc)
{
	if (READ_ONCE(hc->port_changed) ||
	    (!READ_ONCE(hc->giving_back) && !list_empty(&hc->done)))
		tasklet_schedule(&hc->tasklet);
	if (wq_has_sleeper(&hc->wait))
		wake_up_all(&hc->wait);
}

/* Gives back a URB that is finished, in the middle of its submission. */
static void winusb_hcd_give_back_nested_locked(struct winusb_hcd *hc,
					       struct winusb_hcd_xfer *xfer)
{
	lockdep_assert_held(&hc->lock);
	list_del(&xfer->node);
	usb_hcd_unlink_urb_from_ep(hc->hcd, xfer->urb);
	winusb_hcd_give_back_one_locked(hc, xfer);
}

int winusb_hcd_urb_enqueue(struct usb_hcd *hcd, struct urb *urb, gfp_t mem_flags)
{
	struct winusb_hcd *hc = winusb_hcd_of(hcd);
	struct winusb_hcd_ep *ep = NULL;
	struct winusb_hcd_xfer *xfer;
	struct winusb_hcd_dev *dev;
	unsigned long flags;
	bool inline_ok;
	u8 address;
	int ret;

	inline_ok = (hc->flags & WINUSB_HCD_F_INLINE) &&
		    gfpflags_allow_blocking(mem_flags);
	if (READ_ONCE(hc->flags) & WINUSB_HCD_F_SLOW)
		mdelay(10);
	if (usb_pipeisoc(urb->pipe)) {
		if (!in_softirq() && !irqs_disabled())
			atomic_inc(&hc->isoc_preemptible);
		ret = winusb_hcd_isoc_check(urb);
		if (ret)
			return ret;
	}
	xfer = kzalloc(sizeof(*xfer), mem_flags);
	if (!xfer)
		return -ENOMEM;
	INIT_LIST_HEAD(&xfer->node);
	xfer->urb = urb;

	spin_lock_irqsave(&hc->lock, flags);
	dev = winusb_hcd_route_locked(hc, urb);
	if (dev) {
		address = usb_pipeendpoint(urb->pipe) |
			  (usb_pipein(urb->pipe) ? USB_DIR_IN : 0);
		ep = winusb_hcd_ep(dev, address);
	}
	ret = 0;
	if (ep && usb_pipeisoc(urb->pipe))
		ret = winusb_hcd_reserve_locked(ep, urb);
	if (!ret && ep && usb_pipeisoc(urb->pipe))
		ret = winusb_hcd_isoc_refuse_locked(ep, urb);
	if (!ret)
		ret = usb_hcd_link_urb_to_ep(hcd, urb);
	if (ret) {
		spin_unlock_irqrestore(&hc->lock, flags);
		kfree(xfer);
		winusb_hcd_give_back(hc);
		return ret;
	}
	urb->hcpriv = xfer;
	if (ep) {
		winusb_hcd_queue_locked(ep, xfer);
	} else {
		/* Nobody answers: what a bus reports after three tries. */
		winusb_hcd_finish_locked(hc, xfer, -EPROTO);
	}
	if ((hc->flags & WINUSB_HCD_F_NESTED) && xfer->finished)
		winusb_hcd_give_back_nested_locked(hc, xfer);
	spin_unlock_irqrestore(&hc->lock, flags);

	if (inline_ok)
		winusb_hcd_give_back(hc);
	winusb_hcd_kick(hc);
	return 0;
}

/* Release a URB that a hold rule keeps, and tell whether that has finished it. */
static bool winusb_hcd_finish_held_locked(struct winusb_hcd_xfer *xfer)
{
	struct winusb_hcd_step *step;

	step = winusb_hcd_step_first_locked(xfer->ep);
	if (step && step->rule.action == WINUSB_HCD_HOLD)
		winusb_hcd_step_used_locked(step);
	winusb_hcd_go_on_locked(xfer->ep);
	return xfer->finished;
}

/*
 * The script may win against the unlink: with winusb_hcd_finish_first() a held
 * URB gets its data now and completes as if nobody had asked it back. It has
 * to leave usbcore's list at once, or usbcore would replace its status.
 */
static bool winusb_hcd_wins_locked(struct winusb_hcd *hc, struct urb *urb)
{
	struct winusb_hcd_xfer *xfer = urb->hcpriv;

	if (!xfer || xfer->finished || !xfer->ep || !xfer->ep->finish_first)
		return false;
	if (!winusb_hcd_finish_held_locked(xfer))
		return false;
	xfer->won = true;
	usb_hcd_unlink_urb_from_ep(hc->hcd, urb);
	return true;
}

int winusb_hcd_urb_dequeue(struct usb_hcd *hcd, struct urb *urb, int status)
{
	struct winusb_hcd *hc = winusb_hcd_of(hcd);
	struct winusb_hcd_xfer *xfer;
	struct winusb_hcd_ep *ep;
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&hc->lock, flags);
	if (winusb_hcd_wins_locked(hc, urb)) {
		ret = -EIDRM;
		goto out_unlock;
	}
	ret = usb_hcd_check_unlink_urb(hcd, urb, status);
	if (ret)
		goto out_unlock;
	xfer = urb->hcpriv;
	if (!xfer || xfer->finished || xfer->unlinked)
		goto out_unlock;
	ep = xfer->ep;
	ep->stats.unlinked++;
	if (ep->finish_unlinked && winusb_hcd_finish_held_locked(xfer))
		goto out_unlock;
	if (hc->slow_unlink || hc->unlink_us) {
		xfer->unlinked = true;
		xfer->status = status;
		xfer->due = ktime_add_us(ktime_get(), hc->unlink_us);
		ep->stats.in_flight--;
		if (!hc->slow_unlink)
			schedule_work(&hc->unlink_work);
	} else {
		winusb_hcd_finish_locked(hc, xfer, status);
		winusb_hcd_go_on_locked(ep);
	}
out_unlock:
	spin_unlock_irqrestore(&hc->lock, flags);
	winusb_hcd_kick(hc);
	return ret;
}

/*
 * Finishes the kept URBs that are due at @now. Returns when the next one is, or
 * KTIME_MAX.
 */
static ktime_t winusb_hcd_end_unlinks_locked(struct winusb_hcd *hc, ktime_t now)
{
	struct winusb_hcd_xfer *xfer, *next;
	struct winusb_hcd_dev *dev;
	struct winusb_hcd_ep *ep;
	ktime_t first = KTIME_MAX;

	list_for_each_entry(dev, &hc->devs, node) {
		for (ep = dev->eps; ep < dev->eps + WINUSB_HCD_EPS; ep++) {
			list_for_each_entry_safe(xfer, next, &ep->queue, node) {
				if (!xfer->unlinked)
					continue;
				if (ktime_after(xfer->due, now))
					first = min(first, xfer->due);
				else
					winusb_hcd_finish_locked(hc, xfer,
								 xfer->status);
			}
			winusb_hcd_go_on_locked(ep);
		}
	}
	return first;
}

/*
 * Gives kept URBs back when they are due. A work item that sleeps, because a
 * timer is set up differently in each kernel, and a tick is too long.
 */
void winusb_hcd_unlink_work(struct work_struct *work)
{
	struct winusb_hcd *hc = container_of(work, struct winusb_hcd,
					     unlink_work);
	ktime_t first, now;
	unsigned long flags;
	s64 us;

	for (;;) {
		spin_lock_irqsave(&hc->lock, flags);
		now = ktime_get();
		first = hc->slow_unlink ? KTIME_MAX :
			winusb_hcd_end_unlinks_locked(hc, now);
		spin_unlock_irqrestore(&hc->lock, flags);
		winusb_hcd_kick(hc);
		if (first == KTIME_MAX)
			return;
		us = ktime_us_delta(first, now) + 1;
		usleep_range(us, us + 1);
	}
}

/**
 * winusb_hcd_unlink_delay - give back late what is asked back
 * @hc: the controller
 * @us: microseconds from the unlink of a URB until it is given back; 0: at once
 *
 * Each URB has its own delay, counted from its own unlink, as with a controller
 * that has to stop the endpoint first: those unlinked together come back
 * together. What is kept already comes back when it was due.
 */
void winusb_hcd_unlink_delay(struct winusb_hcd *hc, unsigned int us)
{
	unsigned long flags;

	spin_lock_irqsave(&hc->lock, flags);
	hc->unlink_us = us;
	spin_unlock_irqrestore(&hc->lock, flags);
}
EXPORT_SYMBOL_GPL(winusb_hcd_unlink_delay);

/**
 * winusb_hcd_slow_unlink - keep URBs that are asked back
 * @hc: the controller
 * @on: true: cancelled URBs stay with the controller, as with hardware that
 *	takes its time; false: those kept are given back now
 */
void winusb_hcd_slow_unlink(struct winusb_hcd *hc, bool on)
{
	unsigned long flags;

	spin_lock_irqsave(&hc->lock, flags);
	hc->slow_unlink = on;
	if (on)
		goto out_unlock;
	winusb_hcd_end_unlinks_locked(hc, KTIME_MAX);
out_unlock:
	spin_unlock_irqrestore(&hc->lock, flags);
	winusb_hcd_kick(hc);
}
EXPORT_SYMBOL_GPL(winusb_hcd_slow_unlink);
