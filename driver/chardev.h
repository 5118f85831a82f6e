/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_CHARDEV_H
#define WINUSB_CHARDEV_H

#include <linux/cdev.h>
#include <linux/fs.h>

void winusb_chardev_init(struct cdev *cdev);
long winusb_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* WINUSB_CHARDEV_H */
