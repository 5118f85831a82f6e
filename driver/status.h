/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_STATUS_H
#define WINUSB_STATUS_H

int winusb_status_to_errno(int status);
u32 winusb_status_to_packet(int status);

#endif /* WINUSB_STATUS_H */
