/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_SUSPEND_H
#define WINUSB_SUSPEND_H

#include <linux/usb.h>

#include "device.h"
#include "function.h"
#include "interface.h"

int winusb_suspend(struct winusb_interface *wi, bool automatic);
void winusb_suspend_resume(struct winusb_interface *wi);
void winusb_suspend_reset_resume(struct winusb_interface *wi);
void winusb_suspend_wake(struct winusb_interface *wi);
void winusb_suspend_was_reset(struct winusb_interface *wi);
void winusb_suspend_ask_again(struct winusb_interface *wi);
void winusb_suspend_init(struct winusb_interface *wi);
void winusb_suspend_exit(struct winusb_interface *wi);

/* A transfer begins or ends, or a command needs the device: the clock of idleness starts anew. */
static inline void winusb_suspend_mark_busy(struct winusb_interface *wi)
{
	if (READ_ONCE(wi->may_sleep)) {
		struct winusb_device *wd = wi->fn->device;

		WRITE_ONCE(wd->transfers, wd->transfers + 1);
		usb_mark_last_busy(wi->udev);
	}
}

#endif /* WINUSB_SUSPEND_H */
