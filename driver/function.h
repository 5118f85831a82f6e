/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_FUNCTION_H
#define WINUSB_FUNCTION_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/usb.h>

#include "descriptor.h"

struct winusb_file;
struct winusb_interface;

/**
 * struct winusb_function - Interfaces that belong together
 * @ref: One for each interface object that was bound in it, until that object is freed.
 * @node: In the list of all functions, while an interface is bound.
 * @udev: The device. Only compared, never followed, so not counted.
 * @grouping: Its interfaces, bound or not; constant.
 * @whole: The grouping is the whole device; constant.
 * @interfaces: The bound interfaces (&winusb_interface.sibling). Under winusb_functions_lock.
 * @opener: The file on the default interface, which reserves all. Under winusb_functions_lock.
 * @enabled_by_file: @opener lets others open it. Written under winusb_functions_lock, true without
 *	@opener; a hint without it.
 * @enabled_by_admin: The administrator does. Likewise, and true at first.
 * @mute: The device did not answer when an interface was restored. Set with the device locked,
 *	cleared under winusb_functions_lock when a file is opened; a hint.
 */
struct winusb_function {
	struct kref ref;
	struct list_head node;
	struct usb_device *udev;
	struct winusb_grouping grouping;
	bool whole;
	struct list_head interfaces;
	struct winusb_file *opener;
	bool enabled_by_file;
	bool enabled_by_admin;
	bool mute;
};

extern struct mutex winusb_functions_lock;

int winusb_function_join(struct winusb_interface *wi, bool whole);
void winusb_function_leave(struct winusb_interface *wi);
void winusb_function_put(struct winusb_function *fn);
struct winusb_interface *winusb_function_find(struct winusb_function *fn, u8 number);
bool winusb_function_is_default(const struct winusb_function *fn,
				const struct winusb_interface *wi);
bool winusb_function_is_enabled(const struct winusb_function *fn);
bool winusb_function_enable_by_file(struct winusb_function *fn, bool enable);
void winusb_function_set_enabled(struct winusb_function *fn, bool enable);
void winusb_function_changed(struct winusb_function *fn);

#endif /* WINUSB_FUNCTION_H */
