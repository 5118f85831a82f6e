/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_AUTOBIND_H
#define WINUSB_AUTOBIND_H

#include <linux/types.h>

struct device_driver;
struct usb_interface;
struct winusb_device;

int winusb_autobind_register(struct device_driver *driver, int (*register_it)(void));
void winusb_autobind_stop(void);
int winusb_autobind_consider(struct device_driver *driver);
bool winusb_autobind_wants(struct usb_interface *intf, bool dynamic, bool *whole);
bool winusb_autobind_may_read(struct winusb_device *wd, bool *retry);
void winusb_autobind_device(struct winusb_device *wd, bool *retry);

#endif /* WINUSB_AUTOBIND_H */
