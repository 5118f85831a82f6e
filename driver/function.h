/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_FUNCTION_H
#define WINUSB_FUNCTION_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/usb.h>

#include "descriptor.h"
#include "power.h"
#include "property.h"

struct winusb_device;
struct winusb_file;
struct winusb_interface;

/**
 * struct winusb_function - Interfaces that belong together
 * @ref: One for each interface object that was bound in it, until that object is freed.
 * @node: In the list of all functions, while an interface is bound.
 * @device: What its firmware says, held until this is freed. Constant.
 * @udev: The device; @device holds it. Constant.
 * @grouping: Its interfaces, bound or not; constant.
 * @whole: The grouping is the whole device; constant.
 * @interfaces: The bound interfaces (&winusb_interface.sibling). Under winusb_functions_lock.
 * @opener: The file on the default interface, which reserves all. Under winusb_functions_lock.
 * @enabled_by_file: @opener lets others open it. Written under winusb_functions_lock, true without
 *	@opener; a hint without it.
 * @enabled_by_admin: The administrator does. Likewise, and true at first.
 * @mute: The device did not answer when an interface was restored. Set with the device locked,
 *	cleared under winusb_functions_lock when a file is opened; a hint.
 * @announced: The last turn in which it was announced. Under winusb_functions_lock.
 * @power: Who wants it to sleep. Under winusb_functions_lock.
 * @num_guids: How many @guids there are. Under winusb_functions_lock.
 * @guids: Interface GUIDs written to interface_guids. Under winusb_functions_lock.
 */
struct winusb_function {
	struct kref ref;
	struct list_head node;
	struct winusb_device *device;
	struct usb_device *udev;
	struct winusb_grouping grouping;
	bool whole;
	struct list_head interfaces;
	struct winusb_file *opener;
	bool enabled_by_file;
	bool enabled_by_admin;
	bool mute;
	u64 announced;
	struct winusb_power power;
	unsigned int num_guids;
	char guids[WINUSB_GUIDS][WINUSB_MSOS_GUID_SIZE];
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

bool winusb_function_is_whole_device(const struct winusb_function *fn);
int winusb_function_scope(const struct winusb_function *fn);
bool winusb_function_is_complete(struct winusb_function *fn);
void winusb_function_announce(struct winusb_function *fn);
void winusb_function_announce_complete(struct winusb_function *fn);
void winusb_functions_announce(const struct winusb_device *wd);
void winusb_functions_announce_ids(u16 vendor, u16 product);
struct winusb_function *winusb_function_next(const struct usb_device *udev,
					     struct winusb_function *fn);

#endif /* WINUSB_FUNCTION_H */
