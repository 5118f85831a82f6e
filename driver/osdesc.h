/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_OSDESC_H
#define WINUSB_OSDESC_H

#include <linux/types.h>

struct winusb_device;

bool winusb_osdesc_may_have_string(const struct winusb_device *wd);
bool winusb_osdesc_is_whole(const struct winusb_device *wd);
bool winusb_osdesc_read(struct winusb_device *wd);

#endif /* WINUSB_OSDESC_H */
