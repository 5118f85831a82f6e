/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_CONTROL_H
#define WINUSB_CONTROL_H

#include <linux/types.h>
#include <linux/uio.h>
#include <linux/usb.h>

#include "request.h"

struct winusb_handle;

struct winusb_request *winusb_control_create(struct winusb_handle *wh, enum winusb_door door,
					     const struct usb_ctrlrequest *setup,
					     const struct iov_iter *iter, bool nonblock);
int winusb_control_transfer(struct winusb_handle *wh, const struct usb_ctrlrequest *setup,
			    struct iov_iter *iter, size_t *moved, bool nonblock);
int winusb_control_get_descriptor(struct winusb_handle *wh, u8 type, u8 index, u16 language,
				  struct iov_iter *iter, size_t *moved, bool nonblock);

#endif /* WINUSB_CONTROL_H */
