/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_DEVICE_H
#define WINUSB_DEVICE_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/usb.h>
#include <linux/workqueue.h>

#include "msos.h"

#define WINUSB_BLOBS 34	/* a descriptor set, or the IDs and the properties of each function */

enum winusb_device_state {
	WINUSB_DEVICE_NEW,	/* nobody has asked for its descriptors yet */
	WINUSB_DEVICE_READING,
	WINUSB_DEVICE_KNOWN,
};

/**
 * struct winusb_device - What the firmware of a USB device says to Windows
 * @ref: One for the list, one for each function, one for the work while it is queued or runs.
 * @node: In the list of all, until usbcore says that the device left or it has another
 *	configuration.
 * @udev: The device, held until this is freed.
 * @config: Its active configuration. Only compared.
 * @configuration: Index of @config. Constant.
 * @composite: Windows would have its generic parent drive it, one driver for each function, unless
 *	the descriptors say something else. Constant.
 * @has_set: The BOS has the platform capability, and @set says what to ask for. Constant.
 * @set: See @has_set.
 * @state: Under winusb_devices_lock, and what the work has written is valid when it is
 *	WINUSB_DEVICE_KNOWN, which it stays, and which may be seen without it.
 * @again: Somebody wants to know since the work began. Under winusb_devices_lock.
 * @wanted: Interfaces that nobody has, a bit for each position in @config. Under
 *	winusb_devices_lock.
 * @told: It is known, and the functions that were bound have been announced since.
 * @whole: The device is one function. Written by the work.
 * @asked: kmod was asked about these interfaces, a bit for each position in @config. Written by the
 *	work, read by probe too.
 * @work: Reads the descriptors and binds what they are about.
 * @msos: What they say. Written by the work, constant afterwards. Points into @blobs.
 * @blobs: What was read, freed with this. Written by the work.
 * @num_blobs: How many. Written by the work.
 */
struct winusb_device {
	struct kref ref;
	struct list_head node;
	struct usb_device *udev;
	const struct usb_host_config *config;
	u8 configuration;
	bool composite;
	bool has_set;
	struct winusb_msos_set set;
	enum winusb_device_state state;
	bool again;
	u32 wanted;
	bool told;
	bool whole;
	u32 asked;
	struct work_struct work;
	struct winusb_msos msos;
	u8 *blobs[WINUSB_BLOBS];
	unsigned int num_blobs;
};

int winusb_devices_init(void);
void winusb_devices_flush(void);
void winusb_devices_exit(void);

struct winusb_device *winusb_device_get(struct usb_device *udev);
void winusb_device_put(struct winusb_device *wd);
bool winusb_device_is_known(const struct winusb_device *wd);
void winusb_device_start_reading(struct winusb_device *wd);
void winusb_device_want(struct winusb_device *wd, unsigned int i);
u32 winusb_device_take_wanted(struct winusb_device *wd);
int winusb_device_scope(const struct winusb_device *wd, bool whole, u8 first);
const char *winusb_device_compatible_id(const struct winusb_device *wd, int scope);
const char *winusb_device_sub_compatible_id(const struct winusb_device *wd, int scope);

#endif /* WINUSB_DEVICE_H */
