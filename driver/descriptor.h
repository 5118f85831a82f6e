/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_DESCRIPTOR_H
#define WINUSB_DESCRIPTOR_H

#include <linux/types.h>
#include <linux/usb.h>

#include <uapi/linux/winusb.h>

/**
 * struct winusb_grouping - The interfaces of one function, in the order of the descriptors
 * @count: How many, 0 if there is no such function.
 * @numbers: Their bInterfaceNumber; the first one is the default interface's.
 */
struct winusb_grouping {
	u8 count;
	u8 numbers[USB_MAXINTERFACES];
};

void winusb_descriptor_group_all(const struct usb_host_config *config,
				 struct winusb_grouping *grouping);
void winusb_descriptor_group_iad(const struct usb_device_descriptor *device,
				 const struct usb_host_config *config, u8 number,
				 struct winusb_grouping *grouping);
bool winusb_descriptor_is_composite(const struct usb_device *udev);
int winusb_descriptor_position(const struct winusb_grouping *grouping, u8 number);
const struct usb_host_interface *
winusb_descriptor_setting(const struct usb_interface *intf, unsigned int index);
const struct usb_host_interface *
winusb_descriptor_alternate(const struct usb_interface *intf, u8 alternate);
u32 winusb_descriptor_interval_bytes(const struct usb_host_endpoint *ep,
				     enum usb_device_speed speed);
void winusb_descriptor_pipe(const struct usb_host_endpoint *ep, enum usb_device_speed speed,
			    struct winusb_query_pipe *pipe);
u32 winusb_descriptor_speed(enum usb_device_speed speed);

#endif /* WINUSB_DESCRIPTOR_H */
