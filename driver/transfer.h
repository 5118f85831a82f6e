/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_TRANSFER_H
#define WINUSB_TRANSFER_H

struct winusb_call;
struct winusb_transfer;

#define WINUSB_TRANSFER_SHORTEST 80	/* a literal, see winusb_commands */

int winusb_ioctl_transfer(struct winusb_call *call);
int winusb_ioctl_submit(struct winusb_call *call);
int winusb_ioctl_cancel(struct winusb_call *call);
int winusb_ioctl_reap(struct winusb_call *call);
int winusb_ioctl_set_eventfd(struct winusb_call *call);
int winusb_ioctl_register_isoch_buffer(struct winusb_call *call);
int winusb_ioctl_unregister_isoch_buffer(struct winusb_call *call);
int winusb_ioctl_get_frame(struct winusb_call *call);

bool winusb_transfer_is_clean(const struct winusb_transfer *arg);

#endif /* WINUSB_TRANSFER_H */
