// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program may ask of the default control pipe, and of whom (winusb.md 1.6): requests to an
 * interface go to the handle's interface, requests to an endpoint to one of its endpoints, and
 * requests that would change what usbcore keeps track of are refused.
 */
#include <linux/usb.h>

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

/* CLEAR_FEATURE(ENDPOINT_HALT) is done at once, and then stands for a request that is done. */
static struct winusb_request *winusb_control_clear_halt(struct winusb_handle *wh,
							enum winusb_door door, u8 address,
							bool nonblock)
{
	struct winusb_request *req;
	int ret;

	if (door == WINUSB_DOOR_URING && nonblock)
		return ERR_PTR(-EAGAIN);	/* once more, where it can wait */
	req = winusb_request_create_done(wh, door);
	if (IS_ERR(req))
		return req;
	ret = winusb_pipe_reset(wh, address & ~USB_DIR_IN ? address : 0, nonblock);
	if (ret) {
		winusb_request_discard(req);
		return ERR_PTR(ret);
	}
	return req;
}

/**
 * winusb_control_create - Prepare a control transfer as a program asks for it
 * @wh: The handle. The caller holds a reference.
 * @door: How it comes in.
 * @setup: The setup packet.
 * @iter: The caller's memory. The data stage is as long as this, or as wLength if that is less.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: The request, to be started or discarded, or an error of the contract.
 */
struct winusb_request *winusb_control_create(struct winusb_handle *wh, enum winusb_door door,
					     const struct usb_ctrlrequest *setup,
					     const struct iov_iter *iter, bool nonblock)
{
	struct usb_ctrlrequest request = *setup;
	u16 index = le16_to_cpu(setup->wIndex);
	int ret;

	if (iov_iter_count(iter) > WINUSB_MAX_CONTROL_LENGTH)
		return ERR_PTR(-EINVAL);
	if (winusb_interface_is_gone(wh->wi))
		return ERR_PTR(-ENODEV);
	if (winusb_control_is_forbidden(setup))
		return ERR_PTR(-EACCES);
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
			return ERR_PTR(ret);
		if (winusb_control_is_clear_halt(&request))
			return winusb_control_clear_halt(wh, door, index & 0xff, nonblock);
		break;
	}
	return winusb_request_create_control(wh, door, &request, iter);
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
	return winusb_request_run(winusb_control_create(wh, WINUSB_DOOR_BLOCKING, setup, iter,
							nonblock), moved, nonblock);
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
	return winusb_request_run(winusb_request_create_control(wh, WINUSB_DOOR_BLOCKING, &setup,
								iter), moved, nonblock);
}
WINUSB_EXPORT_FOR_TESTS(winusb_control_get_descriptor);
