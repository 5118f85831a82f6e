/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_DEVICE_H
#define WINUSB_DEVICE_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/usb.h>
#include <linux/workqueue.h>

#include "frame.h"
#include "msos.h"

#define WINUSB_BLOBS 34	/* a descriptor set, or the IDs and the properties of each function */

/**
 * struct winusb_device - What the firmware of a USB device says to Windows
 * @ref: One for the list, one for each function, one for the work while it is queued or runs.
 * @node: In the list of all, until usbcore says that the device left or it has another
 *	configuration. Under winusb_devices_lock.
 * @udev: The device, held until this is freed.
 * @config: Its active configuration. Followed only while @udev is held, which keeps it.
 * @configuration: Index of @config. Constant.
 * @composite: Windows would have its generic parent drive it, one driver for each function, unless
 *	the descriptors say something else. Constant.
 * @has_set: The BOS has the platform capability, and @set says what to ask for. Constant.
 * @set: See @has_set.
 * @work: Reads the descriptors and binds what they are about. Queued under winusb_devices_lock, and
 *	only while this is in the list.
 * @read: The descriptors were read, once, and what is below is valid and constant.
 * @settled: Nobody needs them as things are, as no interface is ours, or free for us, that string
 *	0xEE could be about. Written under winusb_devices_lock.
 * @wishes: How often it was asked for them. Under winusb_devices_lock.
 * @asked: kmod was asked about these interfaces, a bit for each position in @config. Written by the
 *	work, read by probe too.
 * @wanted: Interfaces that were probed and not bound, likewise. All use bit operations.
 * @binder: The task in which the work binds, whose probes are its own. Only compared.
 * @tries: How often kmod could not be asked. The work's.
 * @refusals: How often an interface of it was not idle when it was to be suspended.
 * @draining: The system goes to sleep; of suspend and resume, under the device lock.
 * @drained: And this is how long transfers have, jiffies.
 * @transfers: Counts what its functions want of it while they may sleep, more or less: transfers
 *	that begin or end, and commands.
 * @power_lock: Guards the power_ fields. Outside winusb_functions_lock.
 * @power_auto: The driver has allowed autosuspend, as a function asks for it.
 * @power_allowed: It was allowed before.
 * @power_delay: The delay that the driver has set, ms; -1 for none.
 * @power_old_delay: The one before.
 * @power_wakeup: The driver has enabled wakeup of the system.
 * @frames: The frames of its bus.
 * @whole: The device is one function.
 * @msos: What they say. Points into @blobs.
 * @blobs: What was read, freed with this.
 * @num_blobs: How many.
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
	struct delayed_work work;
	bool read;
	bool settled;
	unsigned int wishes;
	u32 asked;
	unsigned long wanted;
	struct task_struct *binder;
	unsigned int tries;
	unsigned int refusals;
	bool draining;
	unsigned long drained;
	unsigned int transfers;
	struct mutex power_lock;
	bool power_auto;
	bool power_allowed;
	int power_delay;
	int power_old_delay;
	bool power_wakeup;
	struct winusb_frames frames;
	bool whole;
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
bool winusb_device_is_read(const struct winusb_device *wd);
void winusb_device_start_reading(struct winusb_device *wd);
void winusb_device_start(struct winusb_device *wd);
unsigned int winusb_device_position(const struct winusb_device *wd,
				    const struct usb_interface *intf);
void winusb_device_forget_wanted(struct winusb_device *wd, const struct usb_interface *intf);
int winusb_device_scope(const struct winusb_device *wd, bool whole, u8 first);
const char *winusb_device_compatible_id(const struct winusb_device *wd, int scope);
const char *winusb_device_sub_compatible_id(const struct winusb_device *wd, int scope);

#endif /* WINUSB_DEVICE_H */
