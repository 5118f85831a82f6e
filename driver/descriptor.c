// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pure questions to the descriptors that usbcore parsed: which interfaces form a function, which
 * settings an interface has, what a pipe is. No I/O, no locks, no allocation: usbcore keeps what
 * is read here as long as the interface is held (usb_get_intf()).
 */
#include <linux/nospec.h>
#include <linux/string.h>
#include <linux/usb.h>

#include "compat.h"
#include "descriptor.h"

static u8 winusb_descriptor_number(const struct usb_host_config *config, unsigned int i)
{
	return config->intf_cache[i]->altsetting[0].desc.bInterfaceNumber;
}

/**
 * winusb_descriptor_group_all - The whole device as one function
 * @config: The active configuration.
 * @grouping: Where the result goes.
 *
 * What Windows does when a driver is installed for the device itself (winusb.md 4.7).
 */
void winusb_descriptor_group_all(const struct usb_host_config *config,
				 struct winusb_grouping *grouping)
{
	unsigned int i;

	memset(grouping, 0, sizeof(*grouping));
	for (i = 0; i < config->desc.bNumInterfaces && i < USB_MAXINTERFACES; i++)
		grouping->numbers[grouping->count++] = winusb_descriptor_number(config, i);
}
WINUSB_EXPORT_FOR_TESTS(winusb_descriptor_group_all);

/* The first association that covers the interface, as usbcore chooses it. */
static const struct usb_interface_assoc_descriptor *
winusb_descriptor_association(const struct usb_device_descriptor *device,
			      const struct usb_host_config *config, u8 number)
{
	const struct usb_interface_assoc_descriptor *iad;
	unsigned int i;

	/* Without these three an association does not count (winusb.md 4.7). */
	if (device->bDeviceClass != USB_CLASS_MISC || device->bDeviceSubClass != 2 ||
	    device->bDeviceProtocol != 1)
		return NULL;

	for (i = 0; i < USB_MAXIADS; i++) {
		iad = config->intf_assoc[i];
		if (!iad)
			break;
		if (number >= iad->bFirstInterface &&
		    number < iad->bFirstInterface + iad->bInterfaceCount)
			return iad;
	}
	return NULL;
}

/**
 * winusb_descriptor_group_iad - The function that an interface belongs to on a composite device
 * @device: The device descriptor.
 * @config: The active configuration.
 * @number: bInterfaceNumber of any interface of the function.
 * @grouping: Where the result goes; count is 0 if there is no such interface.
 *
 * The interfaces of one association form a function, any other interface is a function of its own
 * (winusb.md 4.7). Of an association that names interfaces which do not exist, those count that do.
 */
void winusb_descriptor_group_iad(const struct usb_device_descriptor *device,
				 const struct usb_host_config *config, u8 number,
				 struct winusb_grouping *grouping)
{
	const struct usb_interface_assoc_descriptor *iad =
		winusb_descriptor_association(device, config, number);
	unsigned int i;

	memset(grouping, 0, sizeof(*grouping));
	for (i = 0; i < config->desc.bNumInterfaces && i < USB_MAXINTERFACES; i++) {
		u8 n = winusb_descriptor_number(config, i);

		if (n == number ||
		    (iad && winusb_descriptor_association(device, config, n) == iad))
			grouping->numbers[grouping->count++] = n;
	}
	/* Others of the association exist, but not the interface that was asked for. */
	if (winusb_descriptor_position(grouping, number) < 0)
		grouping->count = 0;
}
WINUSB_EXPORT_FOR_TESTS(winusb_descriptor_group_iad);

/**
 * winusb_descriptor_is_composite - Would Windows have its generic parent drive a device?
 * @udev: The device, with an active configuration.
 *
 * Then each function has a driver of its own (winusb.md 4.7, the composite test).
 *
 * Return: true if so.
 */
bool winusb_descriptor_is_composite(const struct usb_device *udev)
{
	const struct usb_device_descriptor *device = &udev->descriptor;
	const struct usb_host_config *config = udev->actconfig;

	if (device->bNumConfigurations != 1 || config->desc.bNumInterfaces < 2)
		return false;
	if (device->bDeviceClass == USB_CLASS_PER_INTERFACE)
		return true;
	return device->bDeviceClass == USB_CLASS_MISC && device->bDeviceSubClass == 2 &&
		device->bDeviceProtocol == 1 && config->intf_assoc[0];
}
WINUSB_EXPORT_FOR_TESTS(winusb_descriptor_is_composite);

/**
 * winusb_descriptor_position - Where an interface stands in its function
 * @grouping: The function.
 * @number: bInterfaceNumber.
 *
 * Return: The position, 0 for the default interface, or -ENOENT.
 */
int winusb_descriptor_position(const struct winusb_grouping *grouping, u8 number)
{
	int i;

	for (i = 0; i < grouping->count; i++)
		if (grouping->numbers[i] == number)
			return i;
	return -ENOENT;
}
WINUSB_EXPORT_FOR_TESTS(winusb_descriptor_position);

/**
 * winusb_descriptor_setting - A setting of an interface by its position
 * @intf: The interface.
 * @index: 0 for the first setting in the descriptors.
 *
 * Return: The setting, or NULL past the last one.
 */
const struct usb_host_interface *
winusb_descriptor_setting(const struct usb_interface *intf, unsigned int index)
{
	if (index >= intf->num_altsetting)
		return NULL;
	return &intf->altsetting[array_index_nospec(index, intf->num_altsetting)];
}
WINUSB_EXPORT_FOR_TESTS(winusb_descriptor_setting);

/**
 * winusb_descriptor_alternate - A setting of an interface by its bAlternateSetting
 * @intf: The interface.
 * @alternate: bAlternateSetting.
 *
 * Return: The setting, or NULL if there is none.
 */
const struct usb_host_interface *
winusb_descriptor_alternate(const struct usb_interface *intf, u8 alternate)
{
	unsigned int i;

	for (i = 0; i < intf->num_altsetting; i++)
		if (intf->altsetting[i].desc.bAlternateSetting == alternate)
			return &intf->altsetting[i];
	return NULL;
}
WINUSB_EXPORT_FOR_TESTS(winusb_descriptor_alternate);

/**
 * winusb_descriptor_interval_bytes - What a pipe can move in one service interval (winusb.md 1.10)
 * @ep: The endpoint.
 * @speed: The speed of the device.
 *
 * Return: Bytes.
 */
u32 winusb_descriptor_interval_bytes(const struct usb_host_endpoint *ep,
				     enum usb_device_speed speed)
{
	const struct usb_endpoint_descriptor *desc = &ep->desc;
	u32 bytes = usb_endpoint_maxp(desc);

	if (speed >= USB_SPEED_SUPER) {
		const struct usb_ss_ep_comp_descriptor *comp = &ep->ss_ep_comp;

		/* There the other companion has a 1. */
		if (speed >= USB_SPEED_SUPER_PLUS && usb_endpoint_xfer_isoc(desc) &&
		    USB_SS_SSP_ISOC_COMP(comp->bmAttributes))
			return le32_to_cpu(ep->ssp_isoc_ep_comp.dwBytesPerInterval);
		if (usb_endpoint_xfer_int(desc) || usb_endpoint_xfer_isoc(desc))
			return le16_to_cpu(comp->wBytesPerInterval);
		return bytes * (comp->bMaxBurst + 1U);
	}
	if (speed == USB_SPEED_HIGH &&
	    (usb_endpoint_xfer_int(desc) || usb_endpoint_xfer_isoc(desc)))
		return bytes * usb_endpoint_maxp_mult(desc);
	return bytes;
}

/**
 * winusb_descriptor_pipe - Describe an endpoint as WinUSB does
 * @ep: The endpoint, of any setting.
 * @speed: The speed of the device.
 * @pipe: Where the out_ fields go.
 *
 * bInterval is reported raw (winusb.md 8, row 15); the packet size is that of one transaction (row
 * 28), the bytes per interval have all of them.
 */
void winusb_descriptor_pipe(const struct usb_host_endpoint *ep, enum usb_device_speed speed,
			    struct winusb_query_pipe *pipe)
{
	pipe->out_type = usb_endpoint_type(&ep->desc);	/* USBD_PIPE_TYPE has the same numbers */
	pipe->out_pipe_id = ep->desc.bEndpointAddress;
	pipe->out_interval = ep->desc.bInterval;
	pipe->out_maximum_packet_size = usb_endpoint_maxp(&ep->desc);
	pipe->out_maximum_bytes_per_interval = winusb_descriptor_interval_bytes(ep, speed);
}
WINUSB_EXPORT_FOR_TESTS(winusb_descriptor_pipe);

/**
 * winusb_descriptor_speed - The speed as WinUsb_QueryDeviceInformation() tells it
 * @speed: The speed of the device.
 *
 * Return: WINUSB_SPEED_HIGH for high speed and above, else WINUSB_SPEED_FULL (winusb.md 8, row 16).
 */
u32 winusb_descriptor_speed(enum usb_device_speed speed)
{
	return speed >= USB_SPEED_HIGH ? WINUSB_SPEED_HIGH : WINUSB_SPEED_FULL;
}
WINUSB_EXPORT_FOR_TESTS(winusb_descriptor_speed);
