/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_ID_H
#define WINUSB_ID_H

#include <linux/device.h>
#include <linux/usb.h>

extern const struct attribute_group winusb_id_group;

bool winusb_id_matches(struct usb_interface *intf);
void winusb_id_forget_all(void);

#endif /* WINUSB_ID_H */
