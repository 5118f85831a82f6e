/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_INTERFACE_H
#define WINUSB_INTERFACE_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/usb.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "pipe.h"

#define WINUSB_MINORS 4096	/* interfaces bound at one time, in all */

struct winusb_file;
struct winusb_function;
struct winusb_handle;
struct winusb_property_files;

/**
 * struct winusb_interface - One bound USB interface and its node
 * @dev: The class device, and the one counter of this object.
 * @cdev: The node. Its owner is this module, so that an open file holds the module.
 * @intf: The USB interface, held until @dev is released.
 * @udev: Its device, held until @dev is released.
 * @busnum: Number of its bus. Constant.
 * @devnum: Its address, kept since usbcore forgets it at removal. Constant.
 * @fn: Its function, held until @dev is released. Constant once bound.
 * @sibling: In &winusb_function.interfaces, empty after unbind. Under winusb_functions_lock.
 * @was_complete: So was the function when it left it. Of the one who unbinds it.
 * @opener: The file on this interface's own node. Under winusb_functions_lock.
 * @associated: The live associated handle of this interface. Under winusb_functions_lock.
 * @gate: Is the device still there? Readers look up a pipe and hand a transfer to it. Writers,
 *	briefly: disconnect, a change of the setting, the two ends of a reset.
 * @gone: The interface was unbound. Written under @gate; a hint without it.
 * @resetting: Between pre_reset and post_reset. Written under @gate.
 * @wait: Woken when @gone or @resetting changes.
 * @pipes: The pipes of the current setting: @num_pipes of them. Changed under @gate for writing
 *	while no request is in them; a request in a pipe keeps it as it is.
 * @num_pipes: How many of @pipes are in use. As @pipes.
 * @change: Odd while @pipes is being changed, and another number afterwards.
 * @control: The default control pipe, as this interface uses it. Constant.
 * @held: It has a PM reference of its own, since its function may not sleep. Under
 *	winusb_functions_lock while it is in its function.
 * @may_sleep: The opposite; a hint without the lock.
 * @asleep: Between suspend and resume. A hint.
 * @refused: It was not idle when it was to be suspended, and nobody has said since that it is.
 * @seen_refusals: &winusb_device.refusals at the last resume. Of resume.
 * @slept: When it was suspended, jiffies. Of suspend and resume.
 * @seen_transfers: &winusb_device.transfers at the last resume that was not for nothing. Of resume.
 * @restless: How many were for nothing since. Of resume.
 * @told_restless: The log says so. Of resume.
 * @wake_work: Has the device resumed.
 * @settle_work: Looks what became of a try to sleep.
 * @rest_work: While it is queued it has a PM reference.
 * @events_lock: Guards @listeners and their queues.
 * @listeners: Files opened read-only.
 * @ended: The removal was posted, and nothing is after it. Under @events_lock.
 * @attributes_lock: Guards what is below, and is held while a uevent is made.
 * @shown: The class device is in sysfs.
 * @ready: @properties was made when it was known what the firmware says. Read without the lock.
 * @changed: It is not what the last uevent said.
 * @told: When that was, in jiffies.
 * @tell_work: Sends the next one.
 * @properties: Its folder properties/, or NULL.
 * @properties_version: Of what that shows.
 */
struct winusb_interface {
	struct device dev;
	struct cdev cdev;
	struct usb_interface *intf;
	struct usb_device *udev;
	int busnum;
	int devnum;
	struct winusb_function *fn;
	struct list_head sibling;
	bool was_complete;
	struct winusb_file *opener;
	struct winusb_handle *associated;

	struct rw_semaphore gate;
	bool gone;
	bool resetting;
	wait_queue_head_t wait;
	struct winusb_pipe pipes[USB_MAXENDPOINTS];
	unsigned int num_pipes;
	unsigned int change;
	struct winusb_pipe control;

	bool held;
	bool may_sleep;
	bool asleep;
	int refused;
	unsigned int seen_refusals;
	unsigned long slept;
	unsigned int seen_transfers;
	unsigned int restless;
	bool told_restless;
	struct work_struct wake_work;
	struct delayed_work settle_work;
	struct delayed_work rest_work;

	spinlock_t events_lock;
	struct list_head listeners;
	bool ended;

	struct mutex attributes_lock;
	bool shown;
	bool ready;
	bool changed;
	unsigned long told;
	struct delayed_work tell_work;
	struct winusb_property_files *properties;
	unsigned long properties_version;
};

int winusb_interface_register_class(void);
void winusb_interface_unregister_class(void);

int winusb_interface_bind(struct usb_interface *intf, bool whole);
void winusb_interface_unbind(struct winusb_interface *wi);
void winusb_interface_pre_reset(struct winusb_interface *wi);
void winusb_interface_post_reset(struct winusb_interface *wi);

int winusb_interface_enter(struct winusb_interface *wi, bool nonblock);
void winusb_interface_leave(struct winusb_interface *wi);
u8 winusb_interface_number(const struct winusb_interface *wi);
u8 winusb_interface_get_setting(struct winusb_interface *wi);
int winusb_interface_wake(struct winusb_interface *wi);
int winusb_interface_enter_write(struct winusb_interface *wi, bool nonblock);
void winusb_interface_leave_write(struct winusb_interface *wi);
int winusb_interface_set_setting(struct winusb_interface *wi, u8 alternate);
void winusb_interface_set_defaults(struct winusb_interface *wi);
void winusb_interface_flush_work(struct winusb_interface *wi);
void winusb_interface_restore(struct winusb_interface *wi, bool locked);

static inline void winusb_interface_get(struct winusb_interface *wi)
{
	get_device(&wi->dev);
}

static inline void winusb_interface_put(struct winusb_interface *wi)
{
	put_device(&wi->dev);
}

/*
 * A look at the pipes outside the gate. It is good if none was being changed from begin to end, but
 * may be old afterwards.
 */
static inline bool winusb_interface_begin_look(const struct winusb_interface *wi,
					       unsigned int *change)
{
	/* Pairs with winusb_interface_setup_pipes(). */
	*change = smp_load_acquire(&wi->change);
	return !(*change & 1);
}

static inline bool winusb_interface_end_look(const struct winusb_interface *wi, unsigned int change)
{
	smp_rmb();	/* pairs with winusb_interface_setup_pipes() */
	return READ_ONCE(wi->change) == change;
}

/* True once the interface was unbound; a false answer is a hint, and true only inside the gate. */
static inline bool winusb_interface_is_gone(const struct winusb_interface *wi)
{
	return smp_load_acquire(&wi->gone);	/* pairs with winusb_interface_shut() */
}

#endif /* WINUSB_INTERFACE_H */
