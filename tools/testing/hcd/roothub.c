// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripted host controller: the ports of the root hub.
 *
 * Port status is kept as the hub driver reads it: wPortStatus in the lower
 * half, wPortChange in the upper. Resets and resumes are over at once; the hub
 * driver waits the time that the specification asks for by itself.
 */

#include <linux/export.h>
#include <linux/log2.h>
#include <linux/string.h>

#include "internal.h"

#define WINUSB_HCD_CHANGES	0xffff0000U

static const struct {
	struct usb_bos_descriptor bos;
	struct usb_ss_cap_descriptor ss;
} __packed winusb_hcd_hub_bos = {
	.bos = {
		.bLength = USB_DT_BOS_SIZE,
		.bDescriptorType = USB_DT_BOS,
		.wTotalLength = cpu_to_le16(sizeof(winusb_hcd_hub_bos)),
		.bNumDeviceCaps = 1,
	},
	.ss = {
		.bLength = USB_DT_USB_SS_CAP_SIZE,
		.bDescriptorType = USB_DT_DEVICE_CAPABILITY,
		.bDevCapabilityType = USB_SS_CAP_TYPE,
		.wSpeedSupported = cpu_to_le16(USB_5GBPS_OPERATION),
		.bFunctionalitySupport = ilog2(USB_5GBPS_OPERATION),
	},
};

/* The header of put_unaligned_le32() has moved between kernels. */
static void winusb_hcd_put_status(char *buf, u32 status)
{
	__le32 raw = cpu_to_le32(status);

	memcpy(buf, &raw, sizeof(raw));
}

static bool winusb_hcd_is_super(const struct winusb_hcd *hc)
{
	return hc->speed == USB_SPEED_SUPER;
}

static void winusb_hcd_change(struct winusb_hcd *hc,
			      struct winusb_hcd_port *port, u32 change)
{
	port->status |= change << 16;
	hc->port_changed = true;
}

static void winusb_hcd_set_link(struct winusb_hcd_port *port, u32 state)
{
	port->status &= ~USB_PORT_STAT_LINK_STATE;
	port->status |= state;
}

static bool winusb_hcd_powered(const struct winusb_hcd *hc,
			       const struct winusb_hcd_port *port)
{
	return port->status & (winusb_hcd_is_super(hc) ? USB_SS_PORT_STAT_POWER :
							 USB_PORT_STAT_POWER);
}

/* Makes the status of a port follow whether there is a device in it. */
void winusb_hcd_port_connect_locked(struct winusb_hcd *hc, unsigned int nr)
{
	struct winusb_hcd_port *port = &hc->ports[nr - 1];
	bool connected = port->status & USB_PORT_STAT_CONNECTION;
	bool wanted = port->dev && winusb_hcd_powered(hc, port);

	lockdep_assert_held(&hc->lock);
	if (connected == wanted)
		return;
	if (!wanted) {
		port->status &= ~(USB_PORT_STAT_CONNECTION |
				  USB_PORT_STAT_ENABLE);
		if (winusb_hcd_is_super(hc))
			winusb_hcd_set_link(port, USB_SS_PORT_LS_RX_DETECT);
		else
			port->status &= ~(USB_PORT_STAT_SUSPEND |
					  USB_PORT_STAT_LOW_SPEED |
					  USB_PORT_STAT_HIGH_SPEED);
	} else {
		port->status |= USB_PORT_STAT_CONNECTION;
		if (winusb_hcd_is_super(hc)) {
			port->status |= USB_PORT_STAT_ENABLE;
			winusb_hcd_set_link(port, USB_SS_PORT_LS_U0);
		} else if (port->dev->speed == USB_SPEED_LOW) {
			port->status |= USB_PORT_STAT_LOW_SPEED;
		}
		winusb_hcd_dev_reset_locked(port->dev);
	}
	winusb_hcd_change(hc, port, USB_PORT_STAT_C_CONNECTION);
}

/* Pulls a device out; URBs in flight fail with @status unless that is 0. */
void winusb_hcd_vanish_locked(struct winusb_hcd_dev *dev, int status)
{
	struct winusb_hcd *hc = dev->hc;
	unsigned int nr = dev->port;

	lockdep_assert_held(&hc->lock);
	if (!nr)
		return;
	dev->port = 0;
	dev->enumerated = false;
	hc->ports[nr - 1].dev = NULL;
	if (status)
		winusb_hcd_fail_all_locked(dev, status);
	winusb_hcd_port_connect_locked(hc, nr);
}

/**
 * winusb_hcd_plug - plug a device in
 * @dev: the device
 * @port: port of its controller, counted from 1
 *
 * Return: 0; -EINVAL: no such port, or a speed that does not fit; -EBUSY: the
 * port is taken, or the device is plugged in already.
 */
int winusb_hcd_plug(struct winusb_hcd_dev *dev, unsigned int port)
{
	struct winusb_hcd *hc = dev->hc;
	unsigned long flags;
	int ret = -EBUSY;

	if (!port || port > hc->nr_ports)
		return -EINVAL;
	spin_lock_irqsave(&hc->lock, flags);
	if (!dev->port && !hc->ports[port - 1].dev) {
		dev->port = port;
		dev->last_port = port;
		hc->ports[port - 1].dev = dev;
		winusb_hcd_port_connect_locked(hc, port);
		ret = 0;
	}
	spin_unlock_irqrestore(&hc->lock, flags);
	winusb_hcd_kick(hc);
	return ret;
}
EXPORT_SYMBOL_GPL(winusb_hcd_plug);

/**
 * winusb_hcd_unplug - pull a device out of its port
 * @dev: the device; nothing happens if it is not plugged in
 * @status: what URBs in flight fail with at once, as hardware may do; 0 leaves
 *	them to usbcore, which cancels them when it has noticed
 */
void winusb_hcd_unplug(struct winusb_hcd_dev *dev, int status)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->hc->lock, flags);
	winusb_hcd_vanish_locked(dev, status);
	spin_unlock_irqrestore(&dev->hc->lock, flags);
	winusb_hcd_kick(dev->hc);
}
EXPORT_SYMBOL_GPL(winusb_hcd_unplug);

static bool winusb_hcd_suspended(const struct winusb_hcd *hc,
				 const struct winusb_hcd_port *port)
{
	if (winusb_hcd_is_super(hc))
		return (port->status & USB_PORT_STAT_LINK_STATE) ==
		       USB_SS_PORT_LS_U3;
	return port->status & USB_PORT_STAT_SUSPEND;
}

static void winusb_hcd_port_resume(struct winusb_hcd *hc,
				   struct winusb_hcd_port *port)
{
	if (!winusb_hcd_suspended(hc, port))
		return;
	if (winusb_hcd_is_super(hc)) {
		winusb_hcd_set_link(port, USB_SS_PORT_LS_U0);
		winusb_hcd_change(hc, port, USB_PORT_STAT_C_LINK_STATE);
	} else {
		port->status &= ~USB_PORT_STAT_SUSPEND;
		winusb_hcd_change(hc, port, USB_PORT_STAT_C_SUSPEND);
	}
}

/**
 * winusb_hcd_wake - the device signals remote wake
 * @dev: the device
 *
 * Return: 0; -ENODEV: not plugged in; -EALREADY: not suspended; -EPERM: the
 * host has not armed it.
 */
int winusb_hcd_wake(struct winusb_hcd_dev *dev)
{
	struct winusb_hcd *hc = dev->hc;
	struct winusb_hcd_port *port;
	unsigned long flags;
	int ret = 0;

	spin_lock_irqsave(&hc->lock, flags);
	port = dev->port ? &hc->ports[dev->port - 1] : NULL;
	if (!port)
		ret = -ENODEV;
	else if (!winusb_hcd_suspended(hc, port))
		ret = -EALREADY;
	else if (!dev->remote_wake)
		ret = -EPERM;
	else
		winusb_hcd_port_resume(hc, port);
	spin_unlock_irqrestore(&hc->lock, flags);
	winusb_hcd_kick(hc);
	return ret;
}
EXPORT_SYMBOL_GPL(winusb_hcd_wake);

/* Called in any context; wakes a sleeping bus if a port has news. */
int winusb_hcd_hub_status_data(struct usb_hcd *hcd, char *buf)
{
	struct winusb_hcd *hc = winusb_hcd_of(hcd);
	unsigned long flags;
	unsigned int i;
	u8 changed = 0;
	bool asleep;

	if (!HCD_HW_ACCESSIBLE(hcd))
		return 0;
	spin_lock_irqsave(&hc->lock, flags);
	for (i = 0; i < hc->nr_ports; i++)
		if (hc->ports[i].status & WINUSB_HCD_CHANGES)
			changed |= BIT(i + 1);
	asleep = hcd->state == HC_STATE_SUSPENDED;
	spin_unlock_irqrestore(&hc->lock, flags);
	if (!changed)
		return 0;
	if (asleep)
		usb_hcd_resume_root_hub(hcd);
	*buf = changed;
	return 1;
}

static void winusb_hcd_hub_descriptor(struct winusb_hcd *hc, void *buf)
{
	struct usb_hub_descriptor *desc = buf;

	memset(desc, 0, sizeof(*desc));
	desc->wHubCharacteristics = cpu_to_le16(HUB_CHAR_INDV_PORT_LPSM |
						HUB_CHAR_NO_OCPM);
	desc->bNbrPorts = hc->nr_ports;
	if (winusb_hcd_is_super(hc)) {
		desc->bDescriptorType = USB_DT_SS_HUB;
		desc->bDescLength = USB_DT_SS_HUB_SIZE;
		desc->u.ss.bHubHdrDecLat = 0x04;
	} else {
		desc->bDescriptorType = USB_DT_HUB;
		desc->bDescLength = USB_DT_HUB_NONVAR_SIZE + 2;
		desc->u.hs.DeviceRemovable[1] = 0xff;
	}
}

static void winusb_hcd_port_reset(struct winusb_hcd *hc,
				  struct winusb_hcd_port *port, bool warm)
{
	if (!port->dev || !(port->status & USB_PORT_STAT_CONNECTION))
		return;
	port->status |= USB_PORT_STAT_ENABLE;
	if (winusb_hcd_is_super(hc)) {
		winusb_hcd_set_link(port, USB_SS_PORT_LS_U0);
	} else {
		port->status &= ~USB_PORT_STAT_SUSPEND;
		if (port->dev->speed == USB_SPEED_HIGH)
			port->status |= USB_PORT_STAT_HIGH_SPEED;
	}
	winusb_hcd_dev_reset_locked(port->dev);
	port->dev->resets++;
	winusb_hcd_change(hc, port, USB_PORT_STAT_C_RESET |
				    (warm ? USB_PORT_STAT_C_BH_RESET : 0));
}

static int winusb_hcd_set_port_feature(struct winusb_hcd *hc,
				       struct winusb_hcd_port *port,
				       u16 feature, u16 index)
{
	bool super = winusb_hcd_is_super(hc);
	u32 link = (index & 0xff00) >> 3;

	switch (feature) {
	case USB_PORT_FEAT_POWER:
		port->status |= super ? USB_SS_PORT_STAT_POWER :
					USB_PORT_STAT_POWER;
		winusb_hcd_port_connect_locked(hc, port - hc->ports + 1);
		return 0;
	case USB_PORT_FEAT_RESET:
		winusb_hcd_port_reset(hc, port, false);
		return 0;
	case USB_PORT_FEAT_BH_PORT_RESET:
		if (!super)
			return -EPIPE;
		winusb_hcd_port_reset(hc, port, true);
		return 0;
	case USB_PORT_FEAT_SUSPEND:
		if (super || !(port->status & USB_PORT_STAT_ENABLE))
			return -EPIPE;
		port->status |= USB_PORT_STAT_SUSPEND;
		return 0;
	case USB_PORT_FEAT_LINK_STATE:
		if (!super)
			return -EPIPE;
		if (link == USB_SS_PORT_LS_U0)
			winusb_hcd_port_resume(hc, port);
		else if (link == USB_SS_PORT_LS_U3 && port->dev)
			winusb_hcd_set_link(port, link);
		return 0;
	case USB_PORT_FEAT_U1_TIMEOUT:
	case USB_PORT_FEAT_U2_TIMEOUT:
	case USB_PORT_FEAT_REMOTE_WAKE_MASK:
		return super ? 0 : -EPIPE;
	default:
		return -EPIPE;
	}
}

static int winusb_hcd_clear_port_feature(struct winusb_hcd *hc,
					 struct winusb_hcd_port *port,
					 u16 feature)
{
	switch (feature) {
	case USB_PORT_FEAT_POWER:
		port->status &= winusb_hcd_is_super(hc) ?
				~USB_SS_PORT_STAT_POWER : ~USB_PORT_STAT_POWER;
		winusb_hcd_port_connect_locked(hc, port - hc->ports + 1);
		return 0;
	case USB_PORT_FEAT_ENABLE:
		port->status &= ~USB_PORT_STAT_ENABLE;
		return 0;
	case USB_PORT_FEAT_SUSPEND:
		winusb_hcd_port_resume(hc, port);
		return 0;
	case USB_PORT_FEAT_C_CONNECTION:
	case USB_PORT_FEAT_C_ENABLE:
	case USB_PORT_FEAT_C_SUSPEND:
	case USB_PORT_FEAT_C_OVER_CURRENT:
	case USB_PORT_FEAT_C_RESET:
		port->status &= ~BIT(feature);
		return 0;
	case USB_PORT_FEAT_C_BH_PORT_RESET:
		port->status &= ~(USB_PORT_STAT_C_BH_RESET << 16);
		return 0;
	case USB_PORT_FEAT_C_PORT_LINK_STATE:
		port->status &= ~(USB_PORT_STAT_C_LINK_STATE << 16);
		return 0;
	case USB_PORT_FEAT_C_PORT_CONFIG_ERROR:
		port->status &= ~(USB_PORT_STAT_C_CONFIG_ERROR << 16);
		return 0;
	default:
		return -EPIPE;
	}
}

static int winusb_hcd_port_request(struct winusb_hcd *hc, u16 request,
				   u16 value, u16 index, char *buf)
{
	unsigned int nr = index & 0xff;
	struct winusb_hcd_port *port;

	if (!nr || nr > hc->nr_ports)
		return -EPIPE;
	port = &hc->ports[nr - 1];
	switch (request) {
	case GetPortStatus:
		winusb_hcd_put_status(buf, port->status);
		return 0;
	case SetPortFeature:
		return winusb_hcd_set_port_feature(hc, port, value, index);
	case ClearPortFeature:
		return winusb_hcd_clear_port_feature(hc, port, value);
	default:
		return -EPIPE;
	}
}

static int winusb_hcd_hub_request(struct winusb_hcd *hc, u16 request,
				  u16 value, char *buf, u16 length)
{
	bool super = winusb_hcd_is_super(hc);

	switch (request) {
	case GetHubDescriptor:
		if (super && (length < USB_DT_SS_HUB_SIZE ||
			      value != USB_DT_SS_HUB << 8))
			return -EPIPE;
		winusb_hcd_hub_descriptor(hc, buf);
		return 0;
	case DeviceRequest | USB_REQ_GET_DESCRIPTOR:
		/* The buffer has room for a hub descriptor at least. */
		BUILD_BUG_ON(sizeof(winusb_hcd_hub_bos) >
			     sizeof(struct usb_hub_descriptor));
		if (!super || value >> 8 != USB_DT_BOS)
			return -EPIPE;
		memcpy(buf, &winusb_hcd_hub_bos, sizeof(winusb_hcd_hub_bos));
		return sizeof(winusb_hcd_hub_bos);
	case GetHubStatus:
		winusb_hcd_put_status(buf, 0);
		return 0;
	case SetHubDepth:
		return super ? 0 : -EPIPE;
	case ClearHubFeature:
	case SetHubFeature:
		return 0;
	default:
		return -EPIPE;
	}
}

int winusb_hcd_hub_control(struct usb_hcd *hcd, u16 request, u16 value,
			   u16 index, char *buf, u16 length)
{
	struct winusb_hcd *hc = winusb_hcd_of(hcd);
	unsigned long flags;
	int ret;

	if (!HCD_HW_ACCESSIBLE(hcd))
		return -ETIMEDOUT;
	spin_lock_irqsave(&hc->lock, flags);
	switch (request) {
	case GetPortStatus:
	case SetPortFeature:
	case ClearPortFeature:
		ret = winusb_hcd_port_request(hc, request, value, index, buf);
		break;
	default:
		ret = winusb_hcd_hub_request(hc, request, value, buf, length);
		break;
	}
	spin_unlock_irqrestore(&hc->lock, flags);
	winusb_hcd_kick(hc);
	return ret;
}

int winusb_hcd_bus_suspend(struct usb_hcd *hcd)
{
	struct winusb_hcd *hc = winusb_hcd_of(hcd);
	unsigned long flags;
	unsigned int i;
	int ret = 0;

	spin_lock_irqsave(&hc->lock, flags);
	for (i = 0; i < hc->nr_ports; i++)
		if (hc->ports[i].status & WINUSB_HCD_CHANGES)
			ret = -EBUSY;	/* the hub is to hear of it first */
	if (!ret)
		hcd->state = HC_STATE_SUSPENDED;
	spin_unlock_irqrestore(&hc->lock, flags);
	return ret;
}

int winusb_hcd_bus_resume(struct usb_hcd *hcd)
{
	struct winusb_hcd *hc = winusb_hcd_of(hcd);
	unsigned long flags;
	int ret = 0;

	spin_lock_irqsave(&hc->lock, flags);
	if (HCD_HW_ACCESSIBLE(hcd))
		hcd->state = HC_STATE_RUNNING;
	else
		ret = -ESHUTDOWN;
	spin_unlock_irqrestore(&hc->lock, flags);
	return ret;
}
