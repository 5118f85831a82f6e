// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripted host controller: how much of the bus isochronous endpoints may use.
 *
 * An alternate setting reserves what its endpoints need, as with an xHCI; or
 * the URBs of an endpoint do while there are any, as with an EHCI. The fullest
 * microframe counts, so an interval makes an endpoint no cheaper.
 */

#include <linux/export.h>

#include "internal.h"

static unsigned int winusb_hcd_ep_bytes(const struct usb_device *udev,
					const struct usb_host_endpoint *host_ep)
{
	unsigned int bytes = usb_endpoint_maxp(&host_ep->desc);

	if (!usb_endpoint_xfer_isoc(&host_ep->desc))
		return 0;
	if (udev->speed >= USB_SPEED_SUPER)
		return le16_to_cpu(host_ep->ss_ep_comp.wBytesPerInterval);
	if (udev->speed == USB_SPEED_HIGH)
		return bytes * usb_endpoint_maxp_mult(&host_ep->desc);
	return DIV_ROUND_UP(bytes, 8);
}

int winusb_hcd_add_endpoint(struct usb_hcd *hcd, struct usb_device *udev,
			    struct usb_host_endpoint *host_ep)
{
	winusb_hcd_of(hcd)->wanted += winusb_hcd_ep_bytes(udev, host_ep);
	return 0;
}

int winusb_hcd_drop_endpoint(struct usb_hcd *hcd, struct usb_device *udev,
			     struct usb_host_endpoint *host_ep)
{
	winusb_hcd_of(hcd)->wanted -= winusb_hcd_ep_bytes(udev, host_ep);
	return 0;
}

int winusb_hcd_check_bandwidth(struct usb_hcd *hcd, struct usb_device *udev)
{
	struct winusb_hcd *hc = winusb_hcd_of(hcd);
	unsigned int limit = READ_ONCE(hc->bandwidth);

	/* What only gives room back succeeds, also beyond the limit. */
	if (limit && hc->wanted > 0 && hc->reserved + hc->wanted > limit &&
	    !(READ_ONCE(hc->flags) & WINUSB_HCD_F_LATE_NOSPC))
		return -ENOSPC;
	hc->reserved += hc->wanted;
	hc->wanted = 0;
	return 0;
}

void winusb_hcd_reset_bandwidth(struct usb_hcd *hcd, struct usb_device *udev)
{
	winusb_hcd_of(hcd)->wanted = 0;
}

static unsigned int winusb_hcd_used_locked(struct winusb_hcd *hc)
{
	struct winusb_hcd_dev *dev;
	struct winusb_hcd_ep *ep;
	unsigned int used = 0;

	list_for_each_entry(dev, &hc->devs, node)
		for (ep = dev->eps; ep < dev->eps + WINUSB_HCD_EPS; ep++)
			if (!list_empty(&ep->queue) && ep->isoc)
				used += ep->isoc_bytes;
	return used;
}

/* Is there room for an isochronous URB, not queued yet? */
int winusb_hcd_reserve_locked(struct winusb_hcd_ep *ep, const struct urb *urb)
{
	struct winusb_hcd *hc = ep->dev->hc;

	lockdep_assert_held(&hc->lock);
	if (!list_empty(&ep->queue))
		return 0;
	ep->isoc_bytes = winusb_hcd_ep_bytes(urb->dev, urb->ep);
	if (!hc->bandwidth || !(hc->flags & WINUSB_HCD_F_LATE_NOSPC))
		return 0;
	if (winusb_hcd_used_locked(hc) + ep->isoc_bytes > hc->bandwidth)
		return -ENOSPC;
	return 0;
}

/**
 * winusb_hcd_bandwidth - limit what isochronous endpoints may use of the bus
 * @hc: the controller
 * @bytes: of one microframe; 0: no limit
 *
 * Beyond it usb_set_interface() and usb_set_configuration() fail with -ENOSPC;
 * with WINUSB_HCD_F_LATE_NOSPC they succeed, and URBs are refused so.
 */
void winusb_hcd_bandwidth(struct winusb_hcd *hc, unsigned int bytes)
{
	unsigned long flags;

	spin_lock_irqsave(&hc->lock, flags);
	hc->bandwidth = bytes;
	spin_unlock_irqrestore(&hc->lock, flags);
}
EXPORT_SYMBOL_GPL(winusb_hcd_bandwidth);
