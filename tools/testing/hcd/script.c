// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripted host controller: scripts, and what endpoints have seen.
 */

#include <linux/export.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/**
 * winusb_hcd_pattern - the byte at a position of the pattern
 * @position: in the stream of an endpoint, or in a rule without data
 *
 * The period is prime, so lost or repeated packets show.
 *
 * Return: the byte.
 */
u8 winusb_hcd_pattern(u64 position)
{
	return (u32)position % 251;
}
EXPORT_SYMBOL_GPL(winusb_hcd_pattern);

struct winusb_hcd_step *winusb_hcd_step_new(const struct winusb_hcd_rule *rule,
					    gfp_t flags)
{
	size_t size = rule->data ? rule->length : 0;
	struct winusb_hcd_step *step;

	step = kzalloc(sizeof(*step) + size, flags);
	if (!step)
		return NULL;
	step->rule = *rule;
	if (!step->rule.repeat)
		step->rule.repeat = 1;
	if (size) {
		memcpy(step->data, rule->data, size);
		step->rule.data = step->data;
	}
	return step;
}

struct winusb_hcd_step *winusb_hcd_step_first_locked(struct winusb_hcd_ep *ep)
{
	struct winusb_hcd_xfer *xfer;

	if (ep->address == 0) {
		xfer = list_first_entry_or_null(&ep->queue,
						struct winusb_hcd_xfer, node);
		if (!xfer)
			return NULL;
		return winusb_hcd_step_control_locked(ep,
			(struct usb_ctrlrequest *)xfer->urb->setup_packet);
	}
	return list_first_entry_or_null(&ep->script, struct winusb_hcd_step,
					node);
}

struct winusb_hcd_step *
winusb_hcd_step_control_locked(struct winusb_hcd_ep *ep,
			       const struct usb_ctrlrequest *setup)
{
	struct winusb_hcd_step *step;

	list_for_each_entry(step, &ep->script, node)
		if (step->request_type == setup->bRequestType &&
		    step->request == setup->bRequest)
			return step;
	return NULL;
}

/* One use of the rule is over. */
void winusb_hcd_step_used_locked(struct winusb_hcd_step *step)
{
	step->done = 0;
	if (step->rule.repeat == WINUSB_HCD_FOREVER || --step->rule.repeat)
		return;
	list_del(&step->node);
	kfree(step);
}

void winusb_hcd_script_clear_locked(struct winusb_hcd_ep *ep)
{
	struct winusb_hcd_step *step, *next;

	list_for_each_entry_safe(step, next, &ep->script, node) {
		list_del(&step->node);
		kfree(step);
	}
}

static void winusb_hcd_append(struct winusb_hcd_ep *ep, struct list_head *steps)
{
	struct winusb_hcd *hc = ep->dev->hc;
	unsigned long flags;

	spin_lock_irqsave(&hc->lock, flags);
	list_splice_tail_init(steps, &ep->script);
	winusb_hcd_go_on_locked(ep);
	spin_unlock_irqrestore(&hc->lock, flags);
	winusb_hcd_kick(hc);
}

/**
 * winusb_hcd_script - append rules to the script of an endpoint
 * @dev: the device
 * @address: endpoint address, not the default pipe
 * @rules: the rules, copied with their data
 * @nr: how many
 *
 * URBs in flight that the new rules apply to move on at once.
 *
 * Return: 0, -EINVAL for the default pipe, -ENOMEM; then nothing is appended.
 */
int winusb_hcd_script(struct winusb_hcd_dev *dev, u8 address,
		      const struct winusb_hcd_rule *rules, unsigned int nr)
{
	struct winusb_hcd_step *step, *next;
	LIST_HEAD(steps);
	unsigned int i;

	if (!(address & USB_ENDPOINT_NUMBER_MASK))
		return -EINVAL;
	for (i = 0; i < nr; i++) {
		step = winusb_hcd_step_new(&rules[i], GFP_ATOMIC);
		if (!step)
			goto err_free_steps;
		list_add_tail(&step->node, &steps);
	}
	winusb_hcd_append(winusb_hcd_ep(dev, address), &steps);
	return 0;

err_free_steps:
	list_for_each_entry_safe(step, next, &steps, node)
		kfree(step);
	return -ENOMEM;
}
EXPORT_SYMBOL_GPL(winusb_hcd_script);

/**
 * winusb_hcd_script_control - append a rule for one kind of control request
 * @dev: the device
 * @request_type: bRequestType that it is for
 * @request: bRequest that it is for
 * @rule: the rule, copied with its data
 *
 * It comes before the device's control callback and the standard requests.
 *
 * Return: 0 or -ENOMEM.
 */
int winusb_hcd_script_control(struct winusb_hcd_dev *dev, u8 request_type,
			      u8 request, const struct winusb_hcd_rule *rule)
{
	struct winusb_hcd_step *step = winusb_hcd_step_new(rule, GFP_ATOMIC);
	LIST_HEAD(steps);

	if (!step)
		return -ENOMEM;
	step->control = true;
	step->request_type = request_type;
	step->request = request;
	list_add_tail(&step->node, &steps);
	winusb_hcd_append(&dev->eps[0], &steps);
	return 0;
}
EXPORT_SYMBOL_GPL(winusb_hcd_script_control);

/**
 * winusb_hcd_script_clear - drop all rules of an endpoint
 * @dev: the device
 * @address: endpoint address; 0 drops the control rules
 *
 * URBs in flight go on by the endpoint's mode. A halt stays.
 */
void winusb_hcd_script_clear(struct winusb_hcd_dev *dev, u8 address)
{
	struct winusb_hcd_ep *ep = winusb_hcd_ep(dev, address);
	struct winusb_hcd *hc = dev->hc;
	unsigned long flags;

	spin_lock_irqsave(&hc->lock, flags);
	winusb_hcd_script_clear_locked(ep);
	winusb_hcd_go_on_locked(ep);
	spin_unlock_irqrestore(&hc->lock, flags);
	winusb_hcd_kick(hc);
}
EXPORT_SYMBOL_GPL(winusb_hcd_script_clear);

/**
 * winusb_hcd_script_left - how many rules of an endpoint are not used up
 * @dev: the device
 * @address: endpoint address; 0 counts the control rules
 *
 * Return: their number.
 */
unsigned int winusb_hcd_script_left(struct winusb_hcd_dev *dev, u8 address)
{
	struct winusb_hcd_ep *ep = winusb_hcd_ep(dev, address);
	struct winusb_hcd_step *step;
	unsigned long flags;
	unsigned int nr = 0;

	spin_lock_irqsave(&dev->hc->lock, flags);
	list_for_each_entry(step, &ep->script, node)
		nr++;
	spin_unlock_irqrestore(&dev->hc->lock, flags);
	return nr;
}
EXPORT_SYMBOL_GPL(winusb_hcd_script_left);

/**
 * winusb_hcd_release - let the URB go that a hold rule keeps
 * @dev: the device
 * @address: endpoint address; 0 for a held control request
 *
 * The hold rule is used once; the URB then follows the next rule.
 *
 * Return: true if a hold rule was there.
 */
bool winusb_hcd_release(struct winusb_hcd_dev *dev, u8 address)
{
	struct winusb_hcd_ep *ep = winusb_hcd_ep(dev, address);
	struct winusb_hcd *hc = dev->hc;
	struct winusb_hcd_step *step;
	unsigned long flags;
	bool held;

	spin_lock_irqsave(&hc->lock, flags);
	step = winusb_hcd_step_first_locked(ep);
	held = step && step->rule.action == WINUSB_HCD_HOLD;
	if (held) {
		winusb_hcd_step_used_locked(step);
		winusb_hcd_go_on_locked(ep);
	}
	spin_unlock_irqrestore(&hc->lock, flags);
	winusb_hcd_kick(hc);
	return held;
}
EXPORT_SYMBOL_GPL(winusb_hcd_release);

/**
 * winusb_hcd_mode - what an endpoint does without a rule
 * @dev: the device
 * @address: endpoint address
 * @mode: see enum winusb_hcd_mode
 * @peer: WINUSB_HCD_LOOPBACK: the IN endpoint that sends what @address takes
 */
void winusb_hcd_mode(struct winusb_hcd_dev *dev, u8 address,
		     enum winusb_hcd_mode mode, u8 peer)
{
	struct winusb_hcd_ep *ep = winusb_hcd_ep(dev, address);
	struct winusb_hcd *hc = dev->hc;
	unsigned long flags;

	spin_lock_irqsave(&hc->lock, flags);
	ep->mode = mode;
	ep->peer = peer;
	ep->stream = 0;
	winusb_hcd_go_on_locked(ep);
	spin_unlock_irqrestore(&hc->lock, flags);
	winusb_hcd_kick(hc);
}
EXPORT_SYMBOL_GPL(winusb_hcd_mode);

/**
 * winusb_hcd_serve - let a function move the data of an endpoint
 * @dev: the device
 * @address: endpoint address, bulk or interrupt
 * @serve: fills an IN URB's whole buffer, or takes an OUT URB's; all of it
 *	counts as moved
 * @context: for @serve
 *
 * For rates at which modes and rules would be what is measured.
 */
void winusb_hcd_serve(struct winusb_hcd_dev *dev, u8 address,
		      winusb_hcd_serve_fn serve, void *context)
{
	struct winusb_hcd_ep *ep = winusb_hcd_ep(dev, address);
	unsigned long flags;

	spin_lock_irqsave(&dev->hc->lock, flags);
	ep->serve = serve;
	ep->context = context;
	spin_unlock_irqrestore(&dev->hc->lock, flags);
	winusb_hcd_mode(dev, address, WINUSB_HCD_SERVE, 0);
}
EXPORT_SYMBOL_GPL(winusb_hcd_serve);

/**
 * winusb_hcd_serve_packets - let a function move the data of an endpoint
 * @dev: the device
 * @address: endpoint address, isochronous
 * @serve: fills or takes each packet; not called for one that a rule is for
 * @context: for @serve
 */
void winusb_hcd_serve_packets(struct winusb_hcd_dev *dev, u8 address,
			      winusb_hcd_packet_fn serve, void *context)
{
	struct winusb_hcd_ep *ep = winusb_hcd_ep(dev, address);
	unsigned long flags;

	spin_lock_irqsave(&dev->hc->lock, flags);
	ep->serve_packet = serve;
	ep->context = context;
	spin_unlock_irqrestore(&dev->hc->lock, flags);
	winusb_hcd_mode(dev, address, WINUSB_HCD_SERVE, 0);
}
EXPORT_SYMBOL_GPL(winusb_hcd_serve_packets);

/**
 * winusb_hcd_finish_first - let the script win against an unlink
 * @dev: the device
 * @address: endpoint address
 * @on: true: a URB that is asked back while a hold rule keeps it is released
 *	first, so that it completes by the next rule although it was unlinked
 */
void winusb_hcd_finish_first(struct winusb_hcd_dev *dev, u8 address, bool on)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->hc->lock, flags);
	winusb_hcd_ep(dev, address)->finish_first = on;
	spin_unlock_irqrestore(&dev->hc->lock, flags);
}
EXPORT_SYMBOL_GPL(winusb_hcd_finish_first);

/**
 * winusb_hcd_finish_unlinked - let the data win against an unlink, but not the status
 * @dev: the device
 * @address: endpoint address
 * @on: true: as winusb_hcd_finish_first(), but usbcore has taken note of the
 *	unlink before, as with most controllers, and says so in place of the
 *	status
 */
void winusb_hcd_finish_unlinked(struct winusb_hcd_dev *dev, u8 address, bool on)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->hc->lock, flags);
	winusb_hcd_ep(dev, address)->finish_unlinked = on;
	spin_unlock_irqrestore(&dev->hc->lock, flags);
}
EXPORT_SYMBOL_GPL(winusb_hcd_finish_unlinked);

/**
 * winusb_hcd_stats - the counters of an endpoint
 * @dev: the device
 * @address: endpoint address
 * @stats: filled in
 */
void winusb_hcd_stats(struct winusb_hcd_dev *dev, u8 address,
		      struct winusb_hcd_stats *stats)
{
	struct winusb_hcd_ep *ep = winusb_hcd_ep(dev, address);
	unsigned long flags;

	spin_lock_irqsave(&dev->hc->lock, flags);
	*stats = ep->stats;
	stats->halted = ep->halted;
	stats->next_slot = ep->next_slot;
	spin_unlock_irqrestore(&dev->hc->lock, flags);
}
EXPORT_SYMBOL_GPL(winusb_hcd_stats);

/**
 * winusb_hcd_stats_reset - start counting anew
 * @dev: the device
 *
 * Clears the counters of all endpoints but what is in flight, the recorded
 * control requests, and what OUT endpoints captured.
 */
void winusb_hcd_stats_reset(struct winusb_hcd_dev *dev)
{
	struct winusb_hcd_ep *ep;
	unsigned int in_flight;
	unsigned long flags;

	spin_lock_irqsave(&dev->hc->lock, flags);
	for (ep = dev->eps; ep < dev->eps + WINUSB_HCD_EPS; ep++) {
		in_flight = ep->stats.in_flight;
		memset(&ep->stats, 0, sizeof(ep->stats));
		ep->stats.in_flight = in_flight;
		ep->stats.max_in_flight = in_flight;
		ep->captured = 0;
		ep->stream = 0;
	}
	dev->nr_setups = 0;
	spin_unlock_irqrestore(&dev->hc->lock, flags);
}
EXPORT_SYMBOL_GPL(winusb_hcd_stats_reset);

/**
 * winusb_hcd_in_flight - URBs of an endpoint that are with the controller
 * @dev: the device
 * @address: endpoint address
 *
 * Return: their number, without those being cancelled.
 */
unsigned int winusb_hcd_in_flight(struct winusb_hcd_dev *dev, u8 address)
{
	struct winusb_hcd_stats stats;

	winusb_hcd_stats(dev, address, &stats);
	return stats.in_flight;
}
EXPORT_SYMBOL_GPL(winusb_hcd_in_flight);

/**
 * winusb_hcd_in_flight_length - buffer length of a URB in flight
 * @dev: the device
 * @address: endpoint address
 * @index: 0 is the oldest
 *
 * Return: transfer_buffer_length, or -ENOENT if there are not so many.
 */
int winusb_hcd_in_flight_length(struct winusb_hcd_dev *dev, u8 address,
				unsigned int index)
{
	struct winusb_hcd_ep *ep = winusb_hcd_ep(dev, address);
	struct winusb_hcd_xfer *xfer;
	unsigned long flags;
	int ret = -ENOENT;

	spin_lock_irqsave(&dev->hc->lock, flags);
	list_for_each_entry(xfer, &ep->queue, node) {
		if (xfer->unlinked || index--)
			continue;
		ret = xfer->urb->transfer_buffer_length;
		break;
	}
	spin_unlock_irqrestore(&dev->hc->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(winusb_hcd_in_flight_length);

/**
 * winusb_hcd_submitted_length - buffer length of a URB submitted earlier
 * @dev: the device
 * @address: endpoint address
 * @index: 0 is the first since the counters were reset
 *
 * Return: transfer_buffer_length, -ENOENT if there were not so many or only
 * newer ones are kept (the last WINUSB_HCD_LOG).
 */
int winusb_hcd_submitted_length(struct winusb_hcd_dev *dev, u8 address,
				unsigned int index)
{
	struct winusb_hcd_ep *ep = winusb_hcd_ep(dev, address);
	unsigned long flags;
	int ret = -ENOENT;

	spin_lock_irqsave(&dev->hc->lock, flags);
	if (index < ep->stats.submitted &&
	    ep->stats.submitted - index <= WINUSB_HCD_LOG)
		ret = ep->lengths[index % WINUSB_HCD_LOG];
	spin_unlock_irqrestore(&dev->hc->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(winusb_hcd_submitted_length);

/**
 * winusb_hcd_started - where an isochronous URB is in the schedule
 * @dev: the device
 * @address: endpoint address
 * @index: 0 is the first since the counters were reset
 * @slot: set to the microframe of its first packet, not wrapped
 *
 * Return: 0, -ENOENT if there were not so many or only newer ones are kept (the
 * last WINUSB_HCD_LOG).
 */
int winusb_hcd_started(struct winusb_hcd_dev *dev, u8 address,
		       unsigned int index, u64 *slot)
{
	struct winusb_hcd_ep *ep = winusb_hcd_ep(dev, address);
	unsigned long flags;
	int ret = -ENOENT;

	spin_lock_irqsave(&dev->hc->lock, flags);
	if (index < ep->stats.submitted &&
	    ep->stats.submitted - index <= WINUSB_HCD_LOG) {
		*slot = ep->starts[index % WINUSB_HCD_LOG];
		ret = 0;
	}
	spin_unlock_irqrestore(&dev->hc->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(winusb_hcd_started);

/**
 * winusb_hcd_capture - keep what an OUT endpoint takes
 * @dev: the device
 * @address: endpoint address
 * @size: how many bytes to keep; 0 stops
 *
 * Return: 0 or -ENOMEM.
 */
int winusb_hcd_capture(struct winusb_hcd_dev *dev, u8 address, size_t size)
{
	struct winusb_hcd_ep *ep = winusb_hcd_ep(dev, address);
	u8 *buf = NULL, *old;
	unsigned long flags;

	if (size) {
		buf = kzalloc(size, GFP_ATOMIC);
		if (!buf)
			return -ENOMEM;
	}
	spin_lock_irqsave(&dev->hc->lock, flags);
	old = ep->capture;
	ep->capture = buf;
	ep->capture_size = size;
	ep->captured = 0;
	spin_unlock_irqrestore(&dev->hc->lock, flags);
	kfree(old);
	return 0;
}
EXPORT_SYMBOL_GPL(winusb_hcd_capture);

/**
 * winusb_hcd_captured - look at what an OUT endpoint took
 * @dev: the device
 * @address: endpoint address
 * @buf: where to copy it; may be NULL when @size is 0
 * @size: bytes of @buf
 *
 * Return: bytes captured since the counters were reset, also if that is more
 * than @size.
 */
size_t winusb_hcd_captured(struct winusb_hcd_dev *dev, u8 address, void *buf,
			   size_t size)
{
	struct winusb_hcd_ep *ep = winusb_hcd_ep(dev, address);
	unsigned long flags;
	size_t n;

	spin_lock_irqsave(&dev->hc->lock, flags);
	n = ep->captured;
	if (size && n)
		memcpy(buf, ep->capture, min(n, size));
	spin_unlock_irqrestore(&dev->hc->lock, flags);
	return n;
}
EXPORT_SYMBOL_GPL(winusb_hcd_captured);

/**
 * winusb_hcd_setups - control requests recorded since the counters were reset
 * @dev: the device
 *
 * Return: their number; only the last WINUSB_HCD_LOG are kept.
 */
unsigned int winusb_hcd_setups(struct winusb_hcd_dev *dev)
{
	return READ_ONCE(dev->nr_setups);
}
EXPORT_SYMBOL_GPL(winusb_hcd_setups);

/**
 * winusb_hcd_setup - a recorded control request
 * @dev: the device
 * @index: 0 is the first since the counters were reset
 * @setup: filled in
 *
 * Return: 0, or -ENOENT if it never was or is not kept any more.
 */
int winusb_hcd_setup(struct winusb_hcd_dev *dev, unsigned int index,
		     struct winusb_hcd_setup *setup)
{
	unsigned long flags;
	int ret = -ENOENT;

	spin_lock_irqsave(&dev->hc->lock, flags);
	if (index < dev->nr_setups && dev->nr_setups - index <= WINUSB_HCD_LOG) {
		*setup = dev->setups[index % WINUSB_HCD_LOG];
		ret = 0;
	}
	spin_unlock_irqrestore(&dev->hc->lock, flags);
	return ret;
}
EXPORT_SYMBOL_GPL(winusb_hcd_setup);

/**
 * winusb_hcd_find_setup - the newest recorded request of a kind
 * @dev: the device
 * @request_type: its bRequestType
 * @request: its bRequest
 * @setup: filled in; may be NULL
 *
 * Return: how many of the kind are kept; 0 leaves @setup alone.
 */
int winusb_hcd_find_setup(struct winusb_hcd_dev *dev, u8 request_type,
			  u8 request, struct winusb_hcd_setup *setup)
{
	unsigned int i, nr, found = 0;
	struct winusb_hcd_setup *s;
	unsigned long flags;

	spin_lock_irqsave(&dev->hc->lock, flags);
	nr = dev->nr_setups;
	i = nr > WINUSB_HCD_LOG ? nr - WINUSB_HCD_LOG : 0;
	for (; i < nr; i++) {
		s = &dev->setups[i % WINUSB_HCD_LOG];
		if (s->setup.bRequestType != request_type ||
		    s->setup.bRequest != request)
			continue;
		found++;
		if (setup)
			*setup = *s;
	}
	spin_unlock_irqrestore(&dev->hc->lock, flags);
	return found;
}
EXPORT_SYMBOL_GPL(winusb_hcd_find_setup);
