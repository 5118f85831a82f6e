// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program may ask of the default control pipe, and of whom (winusb.md 1.6): requests to an
 * interface go to the handle's interface, requests to an endpoint to one of its endpoints, and
 * requests that would change what usbcore keeps track of are refused.
 */
#include <linux/slab.h>

#include <uapi/linux/winusb.h>

#include "compat.h"
#include "control.h"
#include "handle.h"
#include "interface.h"
#include "pipe.h"
#include "request.h"

/* Standard requests that belong to usbcore, whoever they are sent to. */
static bool winusb_control_is_forbidden(const struct usb_ctrlrequest *setup)
{
	unsigned int recipient = setup->bRequestType & USB_RECIP_MASK;

	if ((setup->bRequestType & USB_TYPE_MASK) != USB_TYPE_STANDARD)
		return false;

	switch (setup->bRequest) {
	case USB_REQ_SET_ADDRESS:
	case USB_REQ_SET_DESCRIPTOR:
	case USB_REQ_SET_CONFIGURATION:
	case USB_REQ_SET_INTERFACE:
	case USB_REQ_SET_SEL:
	case USB_REQ_SET_ISOCH_DELAY:
		return true;
	case USB_REQ_CLEAR_FEATURE:
	case USB_REQ_SET_FEATURE:
		return recipient != USB_RECIP_INTERFACE && recipient != USB_RECIP_ENDPOINT;
	default:
		return false;
	}
}

/* Whatever direction and length it pretends to have: devices look at less. */
static bool winusb_control_is_clear_halt(const struct usb_ctrlrequest *setup)
{
	return (setup->bRequestType & ~USB_DIR_IN) == (USB_TYPE_STANDARD | USB_RECIP_ENDPOINT) &&
	       setup->bRequest == USB_REQ_CLEAR_FEATURE &&
	       setup->wValue == cpu_to_le16(USB_ENDPOINT_HALT);
}

/* Does the endpoint belong to the handle's interface? The control pipe belongs to all. */
static int winusb_control_check_endpoint(struct winusb_handle *wh, u8 address, bool nonblock)
{
	int ret;

	if (!(address & ~USB_DIR_IN))
		return 0;
	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	if (!winusb_pipe_find(wh->wi, address))
		ret = -EINVAL;
	winusb_handle_leave(wh);
	return ret;
}

/* Run the request, moving its data between kernel memory and the caller's. */
static int winusb_control_run(struct winusb_handle *wh, const struct usb_ctrlrequest *setup,
			      struct iov_iter *iter, size_t *moved, bool nonblock)
{
	size_t length = le16_to_cpu(setup->wLength);
	bool in = setup->bRequestType & USB_DIR_IN;
	void *data = NULL;
	int ret = -EFAULT;

	if (length) {
		data = kzalloc(length, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
		if (!data)
			return -ENOMEM;
		/* A bad buffer is refused before anything moves. */
		if (in ? fault_in_iov_iter_writeable(iter, length) :
			 copy_from_iter(data, length, iter) != length)
			goto out_free;
	}
	ret = winusb_request_control(wh, setup, data, moved, nonblock);
	if (in && *moved) {
		size_t copied = copy_to_iter(data, *moved, iter);

		if (copied != *moved && !ret)
			ret = -EFAULT;
		*moved = copied;
	}
out_free:
	kfree(data);
	return ret;
}

/**
 * winusb_control_transfer - A control transfer as a program asks for it (WinUsb_ControlTransfer)
 * @wh: The handle. The caller holds a reference.
 * @setup: The setup packet.
 * @iter: The caller's memory. The data stage is as long as this, or as wLength if that is less.
 * @moved: Where the number of bytes moved goes, also on failure.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_control_transfer(struct winusb_handle *wh, const struct usb_ctrlrequest *setup,
			    struct iov_iter *iter, size_t *moved, bool nonblock)
{
	struct usb_ctrlrequest request = *setup;
	u16 index = le16_to_cpu(setup->wIndex);
	int ret;

	*moved = 0;
	if (iov_iter_count(iter) > WINUSB_MAX_CONTROL_LENGTH)
		return -EINVAL;
	if (winusb_interface_is_gone(wh->wi))
		return -ENODEV;
	if (winusb_control_is_forbidden(setup))
		return -EACCES;
	request.wLength = cpu_to_le16(min_t(size_t, le16_to_cpu(setup->wLength),
					    iov_iter_count(iter)));

	switch (setup->bRequestType & USB_RECIP_MASK) {
	case USB_RECIP_INTERFACE:
		/* Standard, class and vendor requests alike; the high byte is the caller's. */
		request.wIndex = cpu_to_le16((index & 0xff00) | winusb_interface_number(wh->wi));
		break;
	case USB_RECIP_ENDPOINT:
		ret = winusb_control_check_endpoint(wh, index & 0xff, nonblock);
		if (ret)
			return ret;
		if (winusb_control_is_clear_halt(&request))
			return winusb_pipe_reset(wh, index & ~USB_DIR_IN & 0xff ? index & 0xff : 0,
						 nonblock);
		break;
	}
	return winusb_control_run(wh, &request, iter, moved, nonblock);
}
WINUSB_EXPORT_FOR_TESTS(winusb_control_transfer);

static int winusb_control_copy_cached(const void *from, size_t length, struct iov_iter *iter,
				      size_t *moved)
{
	length = min(length, iov_iter_count(iter));
	*moved = copy_to_iter(from, length, iter);
	return *moved == length ? 0 : -EFAULT;
}

/**
 * winusb_control_get_descriptor - Read a descriptor (WinUsb_GetDescriptor)
 * @wh: Any handle. The caller holds a reference.
 * @type: bDescriptorType.
 * @index: Index among those of this type.
 * @language: Language of a string, otherwise 0.
 * @iter: The caller's memory, at most 65535 bytes.
 * @moved: Where the number of bytes copied goes.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * The device and the first configuration descriptor come from usbcore's copy, the others from the
 * device. Too little room truncates (winusb.md 8, row 4).
 *
 * Return: 0 or an error of the contract.
 */
int winusb_control_get_descriptor(struct winusb_handle *wh, u8 type, u8 index, u16 language,
				  struct iov_iter *iter, size_t *moved, bool nonblock)
{
	struct usb_device *udev = wh->wi->udev;
	struct usb_ctrlrequest setup = {
		.bRequestType = USB_DIR_IN | USB_TYPE_STANDARD | USB_RECIP_DEVICE,
		.bRequest = USB_REQ_GET_DESCRIPTOR,
		.wValue = cpu_to_le16(type << 8 | index),
		.wIndex = cpu_to_le16(language),
		.wLength = cpu_to_le16(iov_iter_count(iter)),
	};

	*moved = 0;
	if (type == USB_DT_DEVICE && !index)
		return winusb_control_copy_cached(&udev->descriptor, sizeof(udev->descriptor),
						  iter, moved);
	if (type == USB_DT_CONFIG && !index)
		return winusb_control_copy_cached(udev->rawdescriptors[0],
						  le16_to_cpu(udev->config[0].desc.wTotalLength),
						  iter, moved);
	return winusb_control_run(wh, &setup, iter, moved, nonblock);
}
WINUSB_EXPORT_FOR_TESTS(winusb_control_get_descriptor);
