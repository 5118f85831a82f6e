// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripted host controller: scripts applied to bulk and interrupt URBs.
 *
 * Everything here runs under the controller's lock on the URB at the head of
 * an endpoint's queue. Isochronous ones use some of it.
 */

#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "internal.h"

#define WINUSB_HCD_LOOP_MAX	64	/* transfers that a loopback buffers */

static u32 winusb_hcd_room(const struct winusb_hcd_xfer *xfer)
{
	return xfer->urb->transfer_buffer_length - xfer->moved;
}

/* Appends to the data of an IN URB; the caller has checked the room. */
void winusb_hcd_put_bytes(struct winusb_hcd_xfer *xfer, const void *data,
			  size_t n)
{
	struct urb *urb = xfer->urb;

	if (urb->num_sgs)
		sg_pcopy_from_buffer(urb->sg, urb->num_sgs, data, n,
				     xfer->moved);
	else if (n)
		memcpy(urb->transfer_buffer + xfer->moved, data, n);
	xfer->moved += n;
}

void winusb_hcd_put_pattern(struct winusb_hcd_xfer *xfer, u64 position,
			    size_t n)
{
	u8 buf[256];
	size_t i, part;

	for (; n; n -= part, position += part) {
		part = min(n, sizeof(buf));
		for (i = 0; i < part; i++)
			buf[i] = winusb_hcd_pattern(position + i);
		winusb_hcd_put_bytes(xfer, buf, part);
	}
}

/* Takes the next bytes of an OUT URB; @data may be NULL to drop them. */
void winusb_hcd_get_bytes(struct winusb_hcd_xfer *xfer, void *data, size_t n)
{
	struct urb *urb = xfer->urb;

	if (data && urb->num_sgs)
		sg_pcopy_to_buffer(urb->sg, urb->num_sgs, data, n,
				   xfer->moved);
	else if (data && n)
		memcpy(data, urb->transfer_buffer + xfer->moved, n);
	xfer->moved += n;
}

/* Takes @n bytes of an OUT URB into the endpoint's capture buffer. */
void winusb_hcd_take(struct winusb_hcd_ep *ep, struct winusb_hcd_xfer *xfer,
		     size_t n)
{
	size_t kept = min(n, ep->capture_size - ep->captured);

	if (kept) {
		winusb_hcd_get_bytes(xfer, ep->capture + ep->captured, kept);
		ep->captured += kept;
	}
	winusb_hcd_get_bytes(xfer, NULL, n - kept);
}

enum winusb_hcd_progress
winusb_hcd_done(struct winusb_hcd_ep *ep, struct winusb_hcd_xfer *xfer,
		int status)
{
	struct urb *urb = xfer->urb;
	u32 length = urb->transfer_buffer_length;

	if (!status && usb_pipeout(urb->pipe) &&
	    (!length || ((urb->transfer_flags & URB_ZERO_PACKET) &&
			 length % usb_endpoint_maxp(&urb->ep->desc) == 0)))
		ep->stats.zero_packets++;
	winusb_hcd_finish_locked(ep->dev->hc, xfer, status);
	return WINUSB_HCD_FINISHED;
}

static void winusb_hcd_put_step(struct winusb_hcd_xfer *xfer,
				const struct winusb_hcd_step *step, size_t n)
{
	if (step->rule.data)
		winusb_hcd_put_bytes(xfer, step->data + step->done, n);
	else
		winusb_hcd_put_pattern(xfer, step->done, n);
}

/* IN: sends packets of the rule until the URB ends or the rule is used up. */
static enum winusb_hcd_progress
winusb_hcd_send(struct winusb_hcd_ep *ep, struct winusb_hcd_xfer *xfer,
		struct winusb_hcd_step *step)
{
	size_t mps = max(usb_endpoint_maxp(&xfer->urb->ep->desc), 1);
	size_t packet, room;

	for (;;) {
		room = winusb_hcd_room(xfer);
		packet = min(step->rule.length - step->done, mps);
		winusb_hcd_put_step(xfer, step, min(packet, room));
		step->done += packet;
		if (packet < mps) {
			winusb_hcd_step_used_locked(step);
			return winusb_hcd_done(ep, xfer,
					       packet > room ? -EOVERFLOW : 0);
		}
		if (step->done == step->rule.length &&
		    !(step->rule.flags & WINUSB_HCD_RULE_ZLP)) {
			winusb_hcd_step_used_locked(step);
			step = NULL;
		}
		if (packet >= room)
			return winusb_hcd_done(ep, xfer,
					       packet > room ? -EOVERFLOW : 0);
		if (!step)
			return WINUSB_HCD_AGAIN;
	}
}

/* OUT: takes what the rule allows of the URB. */
static enum winusb_hcd_progress
winusb_hcd_receive(struct winusb_hcd_ep *ep, struct winusb_hcd_xfer *xfer,
		   struct winusb_hcd_step *step)
{
	size_t n = winusb_hcd_room(xfer);

	if (step->rule.length)
		n = min(n, step->rule.length - step->done);
	winusb_hcd_take(ep, xfer, n);
	step->done += n;
	if (!step->rule.length || step->done == step->rule.length)
		winusb_hcd_step_used_locked(step);
	if (winusb_hcd_room(xfer))
		return WINUSB_HCD_AGAIN;
	return winusb_hcd_done(ep, xfer, 0);
}

/* Queues an OUT URB's data as a rule of the IN endpoint that sends it back. */
static enum winusb_hcd_progress
winusb_hcd_loop(struct winusb_hcd_ep *ep, struct winusb_hcd_xfer *xfer)
{
	struct winusb_hcd_ep *peer = winusb_hcd_ep(ep->dev, ep->peer);
	u32 length = winusb_hcd_room(xfer);
	struct winusb_hcd_step *step;
	unsigned int nr = 0;

	list_for_each_entry(step, &peer->script, node)
		nr++;
	if (nr >= WINUSB_HCD_LOOP_MAX)
		return WINUSB_HCD_WAIT;
	step = kzalloc(sizeof(*step) + length, GFP_ATOMIC);
	if (!step)
		return WINUSB_HCD_WAIT;
	step->rule.action = WINUSB_HCD_DATA;
	step->rule.repeat = 1;
	step->rule.length = length;
	step->rule.data = step->data;
	if (xfer->urb->transfer_flags & URB_ZERO_PACKET)
		step->rule.flags = WINUSB_HCD_RULE_ZLP;
	winusb_hcd_get_bytes(xfer, step->data, length);
	list_add_tail(&step->node, &peer->script);
	return winusb_hcd_done(ep, xfer, 0);
}

static enum winusb_hcd_progress
winusb_hcd_by_mode(struct winusb_hcd_ep *ep, struct winusb_hcd_xfer *xfer)
{
	u32 room = winusb_hcd_room(xfer);
	bool in = usb_pipein(xfer->urb->pipe);

	if (ep->mode == WINUSB_HCD_SERVE) {
		ep->serve(ep->context, xfer->urb);
		xfer->moved += room;
		return winusb_hcd_done(ep, xfer, 0);
	}
	if (in && ep->mode == WINUSB_HCD_SOURCE) {
		winusb_hcd_put_pattern(xfer, ep->stream, room);
		ep->stream += room;
		return winusb_hcd_done(ep, xfer, 0);
	}
	if (!in && ep->mode == WINUSB_HCD_SINK) {
		winusb_hcd_take(ep, xfer, room);
		return winusb_hcd_done(ep, xfer, 0);
	}
	if (!in && ep->mode == WINUSB_HCD_LOOPBACK)
		return winusb_hcd_loop(ep, xfer);
	return WINUSB_HCD_WAIT;
}

/* Moves up to @n bytes of a URB that is going to fail. */
static void winusb_hcd_move(struct winusb_hcd_ep *ep,
			    struct winusb_hcd_xfer *xfer,
			    const struct winusb_hcd_step *step, size_t n)
{
	n = min_t(size_t, n, winusb_hcd_room(xfer));
	if (usb_pipeout(xfer->urb->pipe))
		winusb_hcd_take(ep, xfer, n);
	else if (n <= step->rule.length)
		winusb_hcd_put_step(xfer, step, n);
	else
		winusb_hcd_put_pattern(xfer, 0, n);
}

enum winusb_hcd_progress
winusb_hcd_vanish(struct winusb_hcd_ep *ep, struct winusb_hcd_xfer *xfer,
		  struct winusb_hcd_step *step)
{
	int status = step->rule.status;

	winusb_hcd_step_used_locked(step);
	winusb_hcd_vanish_locked(ep->dev, 0);
	if (!status)
		return WINUSB_HCD_WAIT;
	return winusb_hcd_done(ep, xfer, status);
}

enum winusb_hcd_progress
winusb_hcd_transfer_locked(struct winusb_hcd_ep *ep,
			   struct winusb_hcd_xfer *xfer)
{
	struct winusb_hcd_step *step = winusb_hcd_step_first_locked(ep);
	int status;

	if (ep->halted)
		return winusb_hcd_done(ep, xfer, -EPIPE);
	if (!step)
		return winusb_hcd_by_mode(ep, xfer);

	switch (step->rule.action) {
	case WINUSB_HCD_HOLD:
		return WINUSB_HCD_WAIT;
	case WINUSB_HCD_DATA:
		if (usb_pipein(xfer->urb->pipe))
			return winusb_hcd_send(ep, xfer, step);
		return winusb_hcd_receive(ep, xfer, step);
	case WINUSB_HCD_VANISH:
		return winusb_hcd_vanish(ep, xfer, step);
	case WINUSB_HCD_STALL:
		ep->halted = true;
		status = -EPIPE;
		break;
	case WINUSB_HCD_BABBLE:
		winusb_hcd_move(ep, xfer, step, winusb_hcd_room(xfer));
		status = -EOVERFLOW;
		break;
	case WINUSB_HCD_ERROR:
	default:
		winusb_hcd_move(ep, xfer, step, step->rule.length);
		status = step->rule.status;
		break;
	}
	winusb_hcd_step_used_locked(step);
	return winusb_hcd_done(ep, xfer, status);
}
