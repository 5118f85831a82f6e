// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripted host controller: the default pipe.
 *
 * A request is recorded, then answered by the first control rule that is for
 * it, else by the device's callback, else as a standard request. Everything
 * nobody answers is stalled, as a device does.
 */

#include <linux/string.h>

#include "internal.h"

/* What a device answers; longer than any descriptor set of a test. */
struct winusb_hcd_reply {
	const void *data;
	size_t length;
	u8 buf[256];
};

static void winusb_hcd_halts_clear(struct winusb_hcd_dev *dev)
{
	unsigned int i;

	for (i = 0; i < WINUSB_HCD_EPS; i++)
		dev->eps[i].halted = false;
}

/* The device saw a bus reset, or was just plugged in. */
void winusb_hcd_dev_reset_locked(struct winusb_hcd_dev *dev)
{
	dev->address = 0;
	dev->configuration = 0;
	dev->remote_wake = false;
	dev->u1_enabled = false;
	dev->u2_enabled = false;
	memset(dev->alternate, 0, sizeof(dev->alternate));
	winusb_hcd_halts_clear(dev);
}

/*
 * Walks the configuration for an interface setting; clears the halts of its
 * endpoints when found.
 */
static bool winusb_hcd_select(struct winusb_hcd_dev *dev, u8 interface,
			      u8 setting)
{
	const struct usb_descriptor_header *header;
	const struct usb_interface_descriptor *intf;
	const struct usb_endpoint_descriptor *ep;
	bool found = false, inside = false;
	size_t at;

	for (at = 0; at + sizeof(*header) <= dev->config_length;
	     at += header->bLength) {
		header = (void *)(dev->config + at);
		if (header->bLength < sizeof(*header) ||
		    at + header->bLength > dev->config_length)
			break;
		if (header->bDescriptorType == USB_DT_INTERFACE &&
		    header->bLength >= USB_DT_INTERFACE_SIZE) {
			intf = (void *)header;
			inside = intf->bInterfaceNumber == interface &&
				 intf->bAlternateSetting == setting;
			found |= inside;
		} else if (inside && header->bLength >= USB_DT_ENDPOINT_SIZE &&
			   header->bDescriptorType == USB_DT_ENDPOINT) {
			ep = (void *)header;
			winusb_hcd_ep(dev, ep->bEndpointAddress)->halted = false;
		}
	}
	return found;
}

static int winusb_hcd_string(struct winusb_hcd_dev *dev, u8 index,
			     struct winusb_hcd_reply *reply)
{
	const char *s;
	size_t i, n;

	reply->data = reply->buf;
	if (!dev->nr_strings)
		return -EPIPE;
	if (index == 0) {
		reply->buf[2] = 0x09;	/* English, United States */
		reply->buf[3] = 0x04;
		n = 1;
	} else if (index <= dev->nr_strings) {
		s = dev->strings[index - 1];
		n = min_t(size_t, strlen(s), 126);
		for (i = 0; i < n; i++) {
			reply->buf[2 + 2 * i] = s[i];
			reply->buf[3 + 2 * i] = 0;
		}
	} else {
		return -EPIPE;
	}
	reply->length = 2 + 2 * n;
	reply->buf[0] = reply->length;
	reply->buf[1] = USB_DT_STRING;
	return 0;
}

static int winusb_hcd_qualifier(struct winusb_hcd_dev *dev,
				struct winusb_hcd_reply *reply)
{
	struct usb_qualifier_descriptor *q = (void *)reply->buf;

	if (dev->speed != USB_SPEED_HIGH)
		return -EPIPE;
	q->bLength = sizeof(*q);
	q->bDescriptorType = USB_DT_DEVICE_QUALIFIER;
	q->bcdUSB = dev->device.bcdUSB;
	q->bDeviceClass = dev->device.bDeviceClass;
	q->bDeviceSubClass = dev->device.bDeviceSubClass;
	q->bDeviceProtocol = dev->device.bDeviceProtocol;
	q->bMaxPacketSize0 = 64;
	q->bNumConfigurations = 1;
	q->bRESERVED = 0;
	reply->data = q;
	reply->length = sizeof(*q);
	return 0;
}

static int winusb_hcd_descriptor(struct winusb_hcd_dev *dev,
				 const struct usb_ctrlrequest *setup,
				 struct winusb_hcd_reply *reply)
{
	u16 value = le16_to_cpu(setup->wValue);

	switch (value >> 8) {
	case USB_DT_DEVICE:
		reply->data = &dev->device;
		reply->length = sizeof(dev->device);
		return 0;
	case USB_DT_CONFIG:
		if (value & 0xff)
			return -EPIPE;
		reply->data = dev->config;
		reply->length = dev->config_length;
		return 0;
	case USB_DT_BOS:
		if (!dev->bos)
			return -EPIPE;
		reply->data = dev->bos;
		reply->length = dev->bos_length;
		return 0;
	case USB_DT_STRING:
		return winusb_hcd_string(dev, value & 0xff, reply);
	case USB_DT_DEVICE_QUALIFIER:
		return winusb_hcd_qualifier(dev, reply);
	default:
		return -EPIPE;
	}
}

static int winusb_hcd_status(struct winusb_hcd_dev *dev,
			     const struct usb_ctrlrequest *setup,
			     struct winusb_hcd_reply *reply)
{
	struct winusb_hcd_ep *ep;

	reply->data = reply->buf;
	reply->length = 2;
	reply->buf[0] = 0;
	reply->buf[1] = 0;
	switch (setup->bRequestType & USB_RECIP_MASK) {
	case USB_RECIP_DEVICE:
		if (dev->config[7] & USB_CONFIG_ATT_SELFPOWER)
			reply->buf[0] |= BIT(USB_DEVICE_SELF_POWERED);
		if (dev->remote_wake)
			reply->buf[0] |= BIT(USB_DEVICE_REMOTE_WAKEUP);
		if (dev->u1_enabled)
			reply->buf[0] |= BIT(USB_DEV_STAT_U1_ENABLED);
		if (dev->u2_enabled)
			reply->buf[0] |= BIT(USB_DEV_STAT_U2_ENABLED);
		return 0;
	case USB_RECIP_INTERFACE:
		if (dev->speed >= USB_SPEED_SUPER && dev->remote_wake)
			reply->buf[0] = USB_INTRF_STAT_FUNC_RW_CAP |
					USB_INTRF_STAT_FUNC_RW;
		return 0;
	case USB_RECIP_ENDPOINT:
		ep = winusb_hcd_ep(dev, le16_to_cpu(setup->wIndex));
		reply->buf[0] = ep->halted;
		return 0;
	default:
		return -EPIPE;
	}
}

static int winusb_hcd_feature(struct winusb_hcd_dev *dev,
			      const struct usb_ctrlrequest *setup)
{
	bool set = setup->bRequest == USB_REQ_SET_FEATURE;
	u16 feature = le16_to_cpu(setup->wValue);
	u16 index = le16_to_cpu(setup->wIndex);
	struct winusb_hcd_ep *ep;

	switch (setup->bRequestType & USB_RECIP_MASK) {
	case USB_RECIP_DEVICE:
		if (feature == USB_DEVICE_REMOTE_WAKEUP &&
		    (dev->config[7] & USB_CONFIG_ATT_WAKEUP))
			dev->remote_wake = set;
		else if (feature == USB_DEVICE_U1_ENABLE)
			dev->u1_enabled = set;
		else if (feature == USB_DEVICE_U2_ENABLE)
			dev->u2_enabled = set;
		else if (feature != USB_DEVICE_LTM_ENABLE)
			return -EPIPE;
		return 0;
	case USB_RECIP_INTERFACE:
		if (feature != USB_INTRF_FUNC_SUSPEND ||
		    dev->speed < USB_SPEED_SUPER)
			return -EPIPE;
		dev->remote_wake = set && (index & USB_INTRF_FUNC_SUSPEND_RW);
		return 0;
	case USB_RECIP_ENDPOINT:
		if (feature != USB_ENDPOINT_HALT)
			return -EPIPE;
		ep = winusb_hcd_ep(dev, index);
		ep->halted = set;
		if (!set)
			ep->stats.halt_clears++;
		/* Of the default pipe this very request is at the head. */
		if (ep->address)
			winusb_hcd_go_on_locked(ep);
		return 0;
	default:
		return -EPIPE;
	}
}

static int winusb_hcd_set(struct winusb_hcd_dev *dev,
			  const struct usb_ctrlrequest *setup)
{
	u16 value = le16_to_cpu(setup->wValue);
	u16 index = le16_to_cpu(setup->wIndex);

	switch (setup->bRequest) {
	case USB_REQ_SET_ADDRESS:
		dev->address = value;
		return 0;
	case USB_REQ_SET_CONFIGURATION:
		if (value && value != dev->config[5])
			return -EPIPE;
		dev->configuration = value;
		memset(dev->alternate, 0, sizeof(dev->alternate));
		winusb_hcd_halts_clear(dev);
		return 0;
	case USB_REQ_SET_INTERFACE:
		if (value > U8_MAX || index > U8_MAX ||
		    !winusb_hcd_select(dev, index, value))
			return -EPIPE;
		dev->alternate[index] = value;
		return 0;
	case USB_REQ_SET_SEL:
	case USB_REQ_SET_ISOCH_DELAY:
		return 0;
	default:
		return -EPIPE;
	}
}

static int winusb_hcd_standard(struct winusb_hcd_dev *dev,
			       const struct usb_ctrlrequest *setup,
			       struct winusb_hcd_reply *reply)
{
	reply->data = reply->buf;
	reply->length = 0;
	if ((setup->bRequestType & USB_TYPE_MASK) != USB_TYPE_STANDARD)
		return -EPIPE;
	switch (setup->bRequest) {
	case USB_REQ_GET_DESCRIPTOR:
		if ((setup->bRequestType & USB_RECIP_MASK) != USB_RECIP_DEVICE)
			return -EPIPE;
		return winusb_hcd_descriptor(dev, setup, reply);
	case USB_REQ_GET_STATUS:
		return winusb_hcd_status(dev, setup, reply);
	case USB_REQ_GET_CONFIGURATION:
		reply->buf[0] = dev->configuration;
		reply->length = 1;
		return 0;
	case USB_REQ_GET_INTERFACE:
		reply->buf[0] =
			dev->alternate[le16_to_cpu(setup->wIndex) & U8_MAX];
		reply->length = 1;
		return 0;
	case USB_REQ_SET_FEATURE:
	case USB_REQ_CLEAR_FEATURE:
		return winusb_hcd_feature(dev, setup);
	default:
		return winusb_hcd_set(dev, setup);
	}
}

static void winusb_hcd_record(struct winusb_hcd_dev *dev,
			      struct winusb_hcd_xfer *xfer,
			      const struct usb_ctrlrequest *setup)
{
	struct winusb_hcd_setup *s;

	s = &dev->setups[dev->nr_setups++ % WINUSB_HCD_LOG];
	s->setup = *setup;
	s->length = 0;
	if (setup->bRequestType & USB_DIR_IN)
		return;
	s->length = min_t(size_t, xfer->urb->transfer_buffer_length,
			  sizeof(s->data));
	if (s->length)
		memcpy(s->data, xfer->urb->transfer_buffer, s->length);
}

/* Answers by a rule; returns the status of the URB, or 1 to wait. */
static int winusb_hcd_by_rule(struct winusb_hcd_dev *dev,
			      struct winusb_hcd_xfer *xfer,
			      struct winusb_hcd_step *step, bool in)
{
	size_t size = xfer->urb->transfer_buffer_length;
	size_t n = min(size, step->rule.length);
	int status = 0;

	switch (step->rule.action) {
	case WINUSB_HCD_HOLD:
		return 1;
	case WINUSB_HCD_DATA:
		n = in ? n : size;
		break;
	case WINUSB_HCD_STALL:
		n = 0;
		status = -EPIPE;
		break;
	case WINUSB_HCD_BABBLE:
		status = -EOVERFLOW;
		break;
	case WINUSB_HCD_VANISH:
		status = step->rule.status ? : 1;
		n = 0;
		break;
	case WINUSB_HCD_ERROR:
	default:
		status = step->rule.status;
		break;
	}
	if (!in)
		xfer->moved = n;
	else if (step->rule.data)
		winusb_hcd_put_bytes(xfer, step->data, n);
	else
		winusb_hcd_put_pattern(xfer, 0, n);
	if (step->rule.action == WINUSB_HCD_VANISH)
		winusb_hcd_vanish_locked(dev, 0);
	winusb_hcd_step_used_locked(step);
	return status;
}

/* Answers by the device itself; returns the status of the URB. */
static int winusb_hcd_by_device(struct winusb_hcd_dev *dev,
				struct winusb_hcd_xfer *xfer,
				const struct usb_ctrlrequest *setup)
{
	size_t size = xfer->urb->transfer_buffer_length;
	bool in = setup->bRequestType & USB_DIR_IN;
	struct winusb_hcd_reply reply;
	int ret = -EOPNOTSUPP;

	if (dev->control)
		ret = dev->control(dev->context, setup,
				   xfer->urb->transfer_buffer, size);
	if (ret >= 0) {
		xfer->moved = in ? min_t(size_t, ret, size) : size;
		return 0;
	}
	if (ret != -EOPNOTSUPP)
		return ret;
	ret = winusb_hcd_standard(dev, setup, &reply);
	if (ret)
		return ret;
	if (in)
		winusb_hcd_put_bytes(xfer, reply.data,
				     min(reply.length, size));
	else
		xfer->moved = size;
	return 0;
}

enum winusb_hcd_progress
winusb_hcd_control_locked(struct winusb_hcd_ep *ep,
			  struct winusb_hcd_xfer *xfer)
{
	const struct usb_ctrlrequest *setup = (void *)xfer->urb->setup_packet;
	struct winusb_hcd_dev *dev = ep->dev;
	struct winusb_hcd_step *step;
	int status;

	if (!xfer->recorded) {
		xfer->recorded = true;
		winusb_hcd_record(dev, xfer, setup);
	}
	step = winusb_hcd_step_control_locked(ep, setup);
	if (step)
		status = winusb_hcd_by_rule(dev, xfer, step,
					    setup->bRequestType & USB_DIR_IN);
	else
		status = winusb_hcd_by_device(dev, xfer, setup);
	if (status > 0)
		return WINUSB_HCD_WAIT;
	winusb_hcd_finish_locked(dev->hc, xfer, status);
	return WINUSB_HCD_FINISHED;
}
