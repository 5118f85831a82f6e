/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_RESET_H
#define WINUSB_RESET_H

struct winusb_handle;

int winusb_reset_device(struct winusb_handle *wh);

#endif /* WINUSB_RESET_H */
