// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripted host controller: the schedule of isochronous URBs, and scripts
 * applied to them.
 */

#include <linux/align.h>
#include <linux/export.h>
#include <linux/string.h>

#include "internal.h"

/* Microframes of what urb->interval and urb->start_frame count. */
static unsigned int winusb_hcd_unit(const struct urb *urb)
{
	return urb->dev->speed < USB_SPEED_HIGH ? 8 : 1;
}

/* Microframes between packets: a power of two, which usbcore sees to. */
static u64 winusb_hcd_period(const struct urb *urb)
{
	return (u64)urb->interval * winusb_hcd_unit(urb);
}

static u64 winusb_hcd_slot(const struct winusb_hcd_xfer *xfer, int packet)
{
	return xfer->slot + packet * winusb_hcd_period(xfer->urb);
}

/* When a packet is over. */
static u64 winusb_hcd_slot_end(const struct winusb_hcd_xfer *xfer, int packet)
{
	return winusb_hcd_slot(xfer, packet) + winusb_hcd_unit(xfer->urb);
}

/* What no hardware takes, or would write outside the buffer for. */
int winusb_hcd_isoc_check(const struct urb *urb)
{
	const struct usb_iso_packet_descriptor *packet;
	int i;

	if (urb->num_sgs)
		return -EINVAL;
	for (i = 0; i < urb->number_of_packets; i++) {
		packet = &urb->iso_frame_desc[i];
		if (packet->offset > urb->transfer_buffer_length ||
		    packet->length >
		    urb->transfer_buffer_length - packet->offset)
			return -EINVAL;
	}
	return 0;
}

/* The driver of an endpoint that has a completion to run is not idle yet. */
static bool winusb_hcd_isoc_completing(struct winusb_hcd *hc,
				       struct usb_host_endpoint *ep)
{
	struct winusb_hcd_xfer *xfer;

	list_for_each_entry(xfer, &hc->done, node)
		if (xfer->urb->ep == ep)
			return true;
	return hc->completing == ep ||
	       hcd_periodic_completion_in_progress(hc->hcd, ep);
}

/* Does the URB, in the queue already, follow the one before it? */
static bool winusb_hcd_isoc_follows(struct winusb_hcd_ep *ep,
				    const struct urb *urb, u64 now)
{
	struct winusb_hcd *hc = ep->dev->hc;
	bool alone = list_is_singular(&ep->queue);

	if (hc->clock == WINUSB_HCD_FREE)
		return ep->next_slot > now;
	if (hc->kind == WINUSB_HCD_EHCI)
		alone = alone && !winusb_hcd_isoc_completing(hc, urb->ep);
	if (alone)
		return false;
	if (hc->kind == WINUSB_HCD_EHCI &&
	    !(urb->transfer_flags & URB_ISO_ASAP))
		return true;
	return ep->next_slot > now;
}

/*
 * Is there no memory, or would it end beyond what there is room for? With
 * WINUSB_HCD_F_FULL_LATE all that made it so has ended by then.
 */
int winusb_hcd_isoc_refuse_locked(struct winusb_hcd_ep *ep,
				  const struct urb *urb)
{
	u64 now = winusb_hcd_now_locked(ep->dev->hc), start = ep->next_slot;
	struct winusb_hcd *hc = ep->dev->hc;

	if (hc->flags & WINUSB_HCD_F_NO_MEMORY)
		return -ENOMEM;
	if (list_empty(&ep->queue))
		start = ALIGN(now + hc->latency, winusb_hcd_period(urb));
	if (!hc->horizon ||
	    start + urb->number_of_packets * winusb_hcd_period(urb) <=
	    now + hc->horizon)
		return 0;
	if (hc->flags & WINUSB_HCD_F_FULL_LATE &&
	    !WARN_ON(hc->clock != WINUSB_HCD_MANUAL)) {
		hc->base = max(hc->base, ep->next_slot);
		winusb_hcd_isoc_run_locked(hc);
	}
	return -EFBIG;
}

/* Packets that can't be moved any more. */
static void winusb_hcd_isoc_skip_late(struct winusb_hcd_ep *ep,
				      struct winusb_hcd_xfer *xfer, u64 now)
{
	struct urb *urb = xfer->urb;

	for (; xfer->packet < urb->number_of_packets &&
	     winusb_hcd_slot(xfer, xfer->packet) <= now; xfer->packet++) {
		urb->iso_frame_desc[xfer->packet].status = -EXDEV;
		urb->iso_frame_desc[xfer->packet].actual_length = 0;
		urb->error_count++;
		ep->stats.late++;
	}
}

/* Gives a URB its place in the schedule when it is queued. */
void winusb_hcd_isoc_queued_locked(struct winusb_hcd_ep *ep,
				   struct winusb_hcd_xfer *xfer)
{
	struct winusb_hcd *hc = ep->dev->hc;
	u64 now = winusb_hcd_now_locked(hc);
	struct urb *urb = xfer->urb;
	u32 wrapped;

	urb->error_count = 0;
	if (winusb_hcd_isoc_follows(ep, urb, now))
		xfer->slot = ep->next_slot;
	else
		xfer->slot = ALIGN(now + hc->latency, winusb_hcd_period(urb));
	if (ep->stats.submitted > 1 && xfer->slot > ep->next_slot)
		ep->stats.gaps += xfer->slot - ep->next_slot;
	ep->starts[(ep->stats.submitted - 1) % WINUSB_HCD_LOG] = xfer->slot;
	ep->next_slot = winusb_hcd_slot(xfer, urb->number_of_packets);
	wrapped = xfer->slot & (BIT_ULL(hc->frame_bits + 3) - 1);
	urb->start_frame = wrapped / winusb_hcd_unit(urb);
	if (hc->clock != WINUSB_HCD_FREE)
		winusb_hcd_isoc_skip_late(ep, xfer, now);
}

/* Moves one packet; @step is the rule for it, or NULL. */
static void winusb_hcd_isoc_packet(struct winusb_hcd_ep *ep,
				   struct winusb_hcd_xfer *xfer,
				   struct usb_iso_packet_descriptor *packet,
				   const struct winusb_hcd_step *step)
{
	bool in = usb_pipein(xfer->urb->pipe);
	u32 end = xfer->moved;
	u32 n = packet->length;
	u32 served;

	packet->status = 0;
	if (step && step->rule.action == WINUSB_HCD_ERROR)
		packet->status = step->rule.status;
	else if (step && (step->rule.action == WINUSB_HCD_BABBLE ||
			  (in && step->rule.length > n)))
		packet->status = -EOVERFLOW;
	if (step && in)
		n = min_t(size_t, n, step->rule.length);
	if (packet->status && !in)
		n = 0;
	if (packet->status)
		xfer->urb->error_count++;

	xfer->moved = packet->offset;
	if (!step && ep->mode == WINUSB_HCD_SERVE && ep->serve_packet) {
		served = ep->serve_packet(ep->context,
					  winusb_hcd_slot(xfer, xfer->packet),
					  xfer->urb->transfer_buffer +
					  packet->offset, n);
		n = in ? min(served, n) : n;
	} else if (!in) {
		winusb_hcd_take(ep, xfer, n);
	} else if (step && step->rule.data) {
		winusb_hcd_put_bytes(xfer, step->data, n);
	} else {
		winusb_hcd_put_pattern(xfer, ep->stream, n);
		ep->stream += n;
	}
	xfer->moved = end + n;
	packet->actual_length = n;
	if (in && (ep->dev->hc->flags & WINUSB_HCD_F_SCRIBBLE))
		memset(xfer->urb->transfer_buffer + packet->offset + n,
		       WINUSB_HCD_SCRIBBLE, packet->length - n);
}

/*
 * The next packet of a URB. A rule without WINUSB_HCD_RULE_PACKET is for all
 * packets of one URB; rules with it are used up one by one as their packets
 * come, several in one URB.
 */
static enum winusb_hcd_progress
winusb_hcd_isoc_next(struct winusb_hcd_ep *ep, struct winusb_hcd_xfer *xfer)
{
	struct winusb_hcd_step *step = winusb_hcd_step_first_locked(ep);
	bool whole = step && !(step->rule.flags & WINUSB_HCD_RULE_PACKET);

	if (!xfer->begun && !step && ep->mode == WINUSB_HCD_NAK)
		return WINUSB_HCD_WAIT;
	if (step && (whole ? xfer->begun && !xfer->whole :
			     step->rule.packet != xfer->packet))
		step = NULL;
	if (step && step->rule.action == WINUSB_HCD_HOLD)
		return WINUSB_HCD_WAIT;
	if (step && step->rule.action == WINUSB_HCD_VANISH)
		return winusb_hcd_vanish(ep, xfer, step);
	if (!xfer->begun)
		xfer->whole = whole;
	xfer->begun = true;

	winusb_hcd_isoc_packet(ep, xfer,
			       &xfer->urb->iso_frame_desc[xfer->packet], step);
	xfer->packet++;
	if (step &&
	    (!whole || xfer->packet == xfer->urb->number_of_packets))
		winusb_hcd_step_used_locked(step);
	return WINUSB_HCD_AGAIN;
}

/* Moves the packets that are over. */
enum winusb_hcd_progress
winusb_hcd_isoc_locked(struct winusb_hcd_ep *ep, struct winusb_hcd_xfer *xfer)
{
	bool paced = ep->dev->hc->clock != WINUSB_HCD_FREE;
	u64 now = winusb_hcd_now_locked(ep->dev->hc);
	enum winusb_hcd_progress progress;

	xfer->held = false;
	while (xfer->packet < xfer->urb->number_of_packets) {
		if (paced && winusb_hcd_slot_end(xfer, xfer->packet) > now)
			return WINUSB_HCD_WAIT;
		progress = winusb_hcd_isoc_next(ep, xfer);
		if (progress != WINUSB_HCD_AGAIN) {
			xfer->held = progress == WINUSB_HCD_WAIT;
			return progress;
		}
	}
	return winusb_hcd_done(ep, xfer, 0);
}

static struct winusb_hcd_xfer *winusb_hcd_isoc_head(struct winusb_hcd_ep *ep)
{
	struct winusb_hcd_xfer *xfer;

	xfer = list_first_entry_or_null(&ep->queue, struct winusb_hcd_xfer,
					node);
	return xfer && usb_pipeisoc(xfer->urb->pipe) ? xfer : NULL;
}

/* The clock has gone on. */
void winusb_hcd_isoc_run_locked(struct winusb_hcd *hc)
{
	struct winusb_hcd_dev *dev;
	struct winusb_hcd_ep *ep;

	lockdep_assert_held(&hc->lock);
	list_for_each_entry(dev, &hc->devs, node)
		for (ep = dev->eps; ep < dev->eps + WINUSB_HCD_EPS; ep++)
			if (winusb_hcd_isoc_head(ep))
				winusb_hcd_go_on_locked(ep);
	winusb_hcd_arm_locked(hc);
}

/*
 * When the next URB at the head of a queue ends, or U64_MAX. That may be over:
 * a real clock goes on after it was looked at.
 */
u64 winusb_hcd_isoc_due_locked(struct winusb_hcd *hc)
{
	u64 due = U64_MAX;
	struct winusb_hcd_xfer *xfer;
	struct winusb_hcd_dev *dev;
	struct winusb_hcd_ep *ep;
	int last;

	list_for_each_entry(dev, &hc->devs, node)
		for (ep = dev->eps; ep < dev->eps + WINUSB_HCD_EPS; ep++) {
			xfer = winusb_hcd_isoc_head(ep);
			if (!xfer || xfer->held || xfer->unlinked || !dev->port)
				continue;
			last = xfer->urb->number_of_packets - 1;
			due = min(due, winusb_hcd_slot_end(xfer, last));
		}
	return due;
}

/**
 * winusb_hcd_schedule - choose how isochronous URBs are scheduled
 * @hc: the controller
 * @kind: see enum winusb_hcd_kind
 * @latency: microframes from now to the slot of a URB that follows none, at
 *	least; 1 unless set otherwise
 */
void winusb_hcd_schedule(struct winusb_hcd *hc, enum winusb_hcd_kind kind,
			 unsigned int latency)
{
	unsigned long flags;

	spin_lock_irqsave(&hc->lock, flags);
	hc->kind = kind;
	hc->latency = latency;
	spin_unlock_irqrestore(&hc->lock, flags);
}
EXPORT_SYMBOL_GPL(winusb_hcd_schedule);

/**
 * winusb_hcd_horizon - limit how far ahead isochronous URBs may end
 * @hc: the controller
 * @microframes: from now; 0: no limit
 *
 * Those that would end later are refused with -EFBIG.
 */
void winusb_hcd_horizon(struct winusb_hcd *hc, unsigned int microframes)
{
	unsigned long flags;

	spin_lock_irqsave(&hc->lock, flags);
	hc->horizon = microframes;
	spin_unlock_irqrestore(&hc->lock, flags);
}
EXPORT_SYMBOL_GPL(winusb_hcd_horizon);
