// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interface: one bound usb_interface with its node, from probe to disconnect.
 *
 * Lifetime: the embedded device is the one counter. Files and handles hold it; it holds the USB
 * interface, the USB device, the function and its minor number, and lets them go when it is
 * released, which may be long after disconnect.
 *
 * Lock order, outermost first:
 *
 *	device lock		usbcore holds it around bind, unbind and reset; a change of the
 *				setting takes it, since usbcore's removal would race with it
 *	attributes_lock		files and uevents of the class device
 *	winusb_functions_lock	who belongs together, who has what open, what is enabled
 *	gate			is the device there, which pipes are there
 *	run_lock		of a pipe: who lets those run that waited for its reset
 *	requests_lock		the requests of a file
 *	pipe lock		the requests of a pipe
 *	events_lock		the queues of listeners; by itself
 *
 * Two gates are never held together. Whoever waits for the device lock holds none of the others and
 * no request, so unbind and reset wait for nobody who waits for them. Nothing waits for user space
 * inside a gate. The reset of an endpoint waits there for the host controller; the only wait for
 * the device is that of a change of the setting. usbcore gives each of its requests five seconds:
 * SET_INTERFACE, a second one for the old setting if the first failed, and with each of them those
 * that switch link power management at SuperSpeed. And it may wait for the bandwidth_mutex of the
 * controller, under which it does the same for another device.
 * What allocates inside a gate or under winusb_functions_lock does so without I/O: storage of the
 * same device may be waiting for the reset that waits for us.
 *
 * Removal, in this order: the node goes; the gate is shut (gone), so that nothing new comes in; all
 * requests are marked and unlinked, newest first, and then waited for; what an open file had
 * acquired is released. Between the threads and disconnect() there are only the host controller's
 * waits.
 */
#include <linux/idr.h>
#include <linux/lockdep.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "attribute.h"
#include "chardev.h"
#include "compat.h"
#include "descriptor.h"
#include "device.h"
#include "event.h"
#include "file.h"
#include "function.h"
#include "interface.h"
#include "power.h"
#include "queue.h"
#include "request.h"
#include "suspend.h"
#include "trace.h"

static DEFINE_IDA(winusb_minors);
static struct class *winusb_class;
static dev_t winusb_first_dev;
static atomic_t winusb_num_interfaces;	/* objects that are not freed yet */

/**
 * winusb_interface_number - The number of an interface
 * @wi: The interface.
 *
 * Return: bInterfaceNumber.
 */
u8 winusb_interface_number(const struct winusb_interface *wi)
{
	return wi->intf->altsetting[0].desc.bInterfaceNumber;
}
WINUSB_EXPORT_FOR_TESTS(winusb_interface_number);

/**
 * winusb_interface_enter - Go through the gate
 * @wi: The interface.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Between this and winusb_interface_leave() the interface stays bound, and its setting stays.
 *
 * Return: 0 with the gate held; -ENODEV after removal, -EAGAIN, or -EINTR.
 */
int winusb_interface_enter(struct winusb_interface *wi, bool nonblock)
{
	for (;;) {
		if (nonblock ? !down_read_trylock(&wi->gate) : down_read_killable(&wi->gate))
			return nonblock ? -EAGAIN : -EINTR;
		if (wi->gone) {
			up_read(&wi->gate);
			return -ENODEV;
		}
		if (!wi->resetting)
			return 0;
		up_read(&wi->gate);
		if (nonblock)
			return -EAGAIN;
		if (wait_event_killable(wi->wait, READ_ONCE(wi->gone) ||
					!READ_ONCE(wi->resetting)))
			return -EINTR;
	}
}
WINUSB_EXPORT_FOR_TESTS(winusb_interface_enter);

/**
 * winusb_interface_leave - The counterpart of winusb_interface_enter()
 * @wi: The interface.
 */
void winusb_interface_leave(struct winusb_interface *wi)
{
	up_read(&wi->gate);
}
WINUSB_EXPORT_FOR_TESTS(winusb_interface_leave);

/* Fill the pipes from the current setting. No request is in any, and none can come. */
static void winusb_interface_setup_pipes(struct winusb_interface *wi)
{
	const struct usb_host_interface *setting = wi->intf->cur_altsetting;
	unsigned int i, n = 0;

	WRITE_ONCE(wi->change, wi->change + 1);
	smp_wmb();	/* pairs with the looks: who sees what follows sees that, too */
	for (i = 0; i < setting->desc.bNumEndpoints && n < ARRAY_SIZE(wi->pipes); i++) {
		const struct usb_host_endpoint *ep = &setting->endpoint[i];

		/* Moves no data. usbcore has said so, and isochronous ones use it on purpose. */
		if (!usb_endpoint_maxp(&ep->desc))
			continue;
		winusb_pipe_setup(&wi->pipes[n++], ep);
	}
	smp_store_release(&wi->num_pipes, n);	/* pairs with winusb_pipe_look() */
	smp_store_release(&wi->change, wi->change + 1);	/* pairs with the looks */
}

static bool winusb_interface_is_busy(struct winusb_interface *wi)
{
	unsigned int i;

	for (i = 0; i < wi->num_pipes; i++)
		if (winusb_pipe_is_busy(&wi->pipes[i]))
			return true;
	return false;
}

/**
 * winusb_interface_get_setting - The current setting
 * @wi: The interface. May have left.
 *
 * Return: bAlternateSetting.
 */
u8 winusb_interface_get_setting(struct winusb_interface *wi)
{
	u8 setting;

	down_read(&wi->gate);
	setting = wi->intf->cur_altsetting->desc.bAlternateSetting;
	up_read(&wi->gate);
	return setting;
}
WINUSB_EXPORT_FOR_TESTS(winusb_interface_get_setting);

/*
 * The gate is held for writing: nobody is looking at a pipe, and there is no request in any. The
 * device is locked: usb_set_interface() replaces the children of the interface in sysfs, which
 * usbcore's removal takes away before it calls us.
 */
static int winusb_interface_select(struct winusb_interface *wi, u8 alternate)
{
	u8 number = winusb_interface_number(wi);
	unsigned int i, noio;
	int ret;

	device_lock_assert(&wi->udev->dev);
	lockdep_assert_held_write(&wi->gate);

	noio = memalloc_noio_save();
	ret = usb_set_interface(wi->udev, number, alternate);
	if (!ret) {
		winusb_interface_setup_pipes(wi);
	} else if (ret != -ENODEV) {
		/* It disabled the old endpoints before it asked the device. Enable them again. */
		if (!usb_set_interface(wi->udev, number,
				       wi->intf->cur_altsetting->desc.bAlternateSetting))
			for (i = 0; i < wi->num_pipes; i++)
				winusb_pipe_clear_halt(&wi->pipes[i]);
	}
	memalloc_noio_restore(noio);
	if (!ret)
		winusb_events_post(wi, WINUSB_EVENT_SETTING, alternate);
	return ret;
}

/* usb_set_interface() has errors of its own beside those of its control transfer. */
static int winusb_interface_select_error(int error)
{
	switch (error) {
	case 0:
	case -EPIPE:
	case -ENOMEM:
	case -ENOSPC:	/* the controller reserves bandwidth here, and not with the first URB */
		return error;
	case -ENODEV:
	case -ESHUTDOWN:
		return -ENODEV;
	default:
		return -EIO;
	}
}

/**
 * winusb_interface_wake - Have the device awake until usb_autopm_put_interface_async()
 * @wi: The interface; bound, and stays so.
 *
 * Return: 0, -EIO if it can't be woken, or -ENODEV if that is as it leaves.
 */
int winusb_interface_wake(struct winusb_interface *wi)
{
	winusb_suspend_mark_busy(wi);
	if (!usb_autopm_get_interface(wi->intf))
		return 0;
	return wi->udev->state == USB_STATE_NOTATTACHED ? -ENODEV : -EIO;
}

/**
 * winusb_interface_enter_write - As winusb_interface_enter(), alone, and with the device locked
 * @wi: The interface.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: 0 with the device lock held, the gate for writing, and the device awake; -ENODEV after
 * removal, -EIO if it can't be woken, -EAGAIN, or -EINTR.
 */
int winusb_interface_enter_write(struct winusb_interface *wi, bool nonblock)
{
	int ret;

	if (winusb_interface_is_gone(wi))
		return -ENODEV;
	if (nonblock && READ_ONCE(wi->resetting))
		return -EAGAIN;
	/* Who resets the device holds its lock from the one end to the other. */
	if (device_lock_interruptible(&wi->udev->dev))
		return winusb_interrupted();
	/* Under the device lock an interface stays bound, or gone. */
	ret = -ENODEV;
	if (winusb_interface_is_gone(wi))
		goto err_unlock;
	ret = winusb_interface_wake(wi);
	if (ret)
		goto err_unlock;
	ret = -EINTR;
	if (!down_write_killable(&wi->gate))
		return 0;
	usb_autopm_put_interface_async(wi->intf);
err_unlock:
	device_unlock(&wi->udev->dev);
	return ret;
}

/**
 * winusb_interface_leave_write - The counterpart of winusb_interface_enter_write()
 * @wi: The interface.
 */
void winusb_interface_leave_write(struct winusb_interface *wi)
{
	up_write(&wi->gate);
	usb_autopm_put_interface_async(wi->intf);
	device_unlock(&wi->udev->dev);
}

/**
 * winusb_interface_set_setting - Change the setting
 * @wi: The interface; the caller is inside winusb_interface_enter_write().
 * @alternate: bAlternateSetting.
 *
 * Return: 0 or an error of the contract, and then nothing has changed.
 */
int winusb_interface_set_setting(struct winusb_interface *wi, u8 alternate)
{
	if (!winusb_descriptor_alternate(wi->intf, alternate))
		return -ENOENT;
	if (winusb_interface_is_busy(wi))
		return -EBUSY;
	return winusb_interface_select_error(winusb_interface_select(wi, alternate));
}

/**
 * winusb_interface_set_defaults - Default policies for all pipes, no saved data
 * @wi: The interface.
 */
void winusb_interface_set_defaults(struct winusb_interface *wi)
{
	unsigned int i;

	down_read(&wi->gate);
	for (i = 0; i < wi->num_pipes; i++)
		winusb_pipe_set_defaults(&wi->pipes[i]);
	winusb_pipe_set_defaults(&wi->control);
	up_read(&wi->gate);
}

/*
 * The device is locked, so nobody is resetting it: usbcore unbinds nothing of ours in a reset. On
 * the way to system sleep no children may come, see usb_unbind_interface(): this interface is about
 * to be unbound as well, and usbcore selects setting 0 when it binds it again.
 */
static void winusb_interface_restore_setting(struct winusb_interface *wi)
{
	device_lock_assert(&wi->udev->dev);

	if (winusb_interface_is_gone(wi) || winusb_interface_wake(wi))
		return;
	down_write(&wi->gate);
	if (wi->udev->state == USB_STATE_CONFIGURED &&
	    !wi->intf->dev.power.is_prepared && !READ_ONCE(wi->fn->mute) &&
	    wi->intf->cur_altsetting->desc.bAlternateSetting && !winusb_interface_is_busy(wi) &&
	    winusb_descriptor_alternate(wi->intf, 0) &&
	    winusb_interface_select(wi, 0) == -ETIMEDOUT)
		WRITE_ONCE(wi->fn->mute, true);
	up_write(&wi->gate);
	usb_autopm_put_interface_async(wi->intf);
}

/**
 * winusb_interface_restore - Make an interface as it was before it was opened
 * @wi: The interface. May have left, and then there is nothing to do.
 * @locked: The caller holds the device lock. Otherwise it is outside all locks.
 *
 * Setting 0, default policies, no saved data (winusb.md 5.2). If the device refuses the setting,
 * the next one who opens it finds the one that it has. If the device does not answer at all, the
 * other interfaces of the function are not tried.
 *
 * Nobody but the caller can change the setting. If it is 0 the device lock is not needed. Otherwise
 * the wait for it can't be interrupted, as this is the end of a file: it takes as long as whoever
 * has it, which is usbcore at work on the device, whose transfers have timeouts.
 */
void winusb_interface_restore(struct winusb_interface *wi, bool locked)
{
	if (!winusb_interface_is_gone(wi) && winusb_interface_get_setting(wi)) {
		if (!locked)
			usb_lock_device(wi->udev);
		winusb_interface_restore_setting(wi);
		if (!locked)
			usb_unlock_device(wi->udev);
	}
	winusb_interface_set_defaults(wi);
}

/**
 * winusb_interface_flush_work - Wait until no work item of the interface runs
 * @wi: The interface. Requests that such work is for have been ended.
 */
void winusb_interface_flush_work(struct winusb_interface *wi)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wi->pipes); i++)
		flush_work(&wi->pipes[i].clear_work);
}

/* End all requests with an error, and wait until the host controller has none of them. */
static void winusb_interface_withdraw(struct winusb_interface *wi, int error)
{
	unsigned int i;

	for (i = 0; i < wi->num_pipes; i++)
		winusb_queue_cancel(&wi->pipes[i], error);
	winusb_queue_cancel(&wi->control, error);
	for (i = 0; i < wi->num_pipes; i++)
		winusb_pipe_wait_idle(&wi->pipes[i]);
	winusb_pipe_wait_idle(&wi->control);
}

/**
 * winusb_interface_pre_reset - The device is about to be reset, by whomever
 * @wi: The interface.
 *
 * The gate is not held until winusb_interface_post_reset(), because usbcore does this to all
 * interfaces of the device before it goes on, and two gates are never held together. A flag stands
 * in for it.
 */
void winusb_interface_pre_reset(struct winusb_interface *wi)
{
	down_write(&wi->gate);
	WRITE_ONCE(wi->resetting, true);
	up_write(&wi->gate);
	winusb_frames_moved(&wi->fn->device->frames);
	winusb_interface_withdraw(wi, -ECONNRESET);
}

/**
 * winusb_interface_post_reset - The reset is over
 * @wi: The interface. usbcore has restored its setting.
 */
void winusb_interface_post_reset(struct winusb_interface *wi)
{
	unsigned int i;

	down_write(&wi->gate);
	for (i = 0; i < wi->num_pipes; i++)
		winusb_pipe_clear_halt(&wi->pipes[i]);
	WRITE_ONCE(wi->resetting, false);
	up_write(&wi->gate);
	wake_up_all(&wi->wait);
	winusb_suspend_was_reset(wi);
	winusb_events_post(wi, WINUSB_EVENT_RESET, 0);
	trace_winusb_reset(wi);
}

static struct winusb_interface *winusb_interface_from_dev(struct device *dev)
{
	return container_of(dev, struct winusb_interface, dev);
}

static void winusb_interface_release(struct device *dev)
{
	struct winusb_interface *wi = winusb_interface_from_dev(dev);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wi->pipes); i++)
		winusb_pipe_destroy(&wi->pipes[i]);
	winusb_attributes_free(wi);
	if (wi->fn)
		winusb_function_put(wi->fn);
	if (wi->dev.devt)
		ida_free(&winusb_minors, MINOR(wi->dev.devt) - MINOR(winusb_first_dev));
	usb_put_intf(wi->intf);
	usb_put_dev(wi->udev);
	kfree(wi);
	/* From here on the module may go, see the end of this file. */
	if (atomic_dec_and_test(&winusb_num_interfaces))
		wake_up_var(&winusb_num_interfaces);
}

static struct winusb_interface *winusb_interface_alloc(struct usb_interface *intf)
{
	struct winusb_interface *wi;
	unsigned int i;
	int minor, ret;

	wi = kzalloc(sizeof(*wi), GFP_KERNEL);
	if (!wi)
		return ERR_PTR(-ENOMEM);

	atomic_inc(&winusb_num_interfaces);
	device_initialize(&wi->dev);	/* from here on put_device() undoes */
	wi->dev.class = winusb_class;
	wi->dev.parent = &intf->dev;
	wi->dev.release = winusb_interface_release;
	wi->intf = usb_get_intf(intf);
	wi->udev = usb_get_dev(interface_to_usbdev(intf));
	wi->busnum = wi->udev->bus->busnum;
	wi->devnum = wi->udev->devnum;
	INIT_LIST_HEAD(&wi->sibling);
	init_rwsem(&wi->gate);
	init_waitqueue_head(&wi->wait);
	for (i = 0; i < ARRAY_SIZE(wi->pipes); i++)
		winusb_pipe_init(&wi->pipes[i], wi);
	winusb_pipe_init(&wi->control, wi);
	spin_lock_init(&wi->events_lock);
	INIT_LIST_HEAD(&wi->listeners);
	winusb_attributes_init(wi);
	winusb_suspend_init(wi);

	ret = dev_set_name(&wi->dev, "%s", dev_name(&intf->dev));
	if (ret)
		goto err_put;
	minor = ida_alloc_max(&winusb_minors, WINUSB_MINORS - 1, GFP_KERNEL);
	if (minor < 0) {
		ret = minor;
		goto err_put;
	}
	wi->dev.devt = MKDEV(MAJOR(winusb_first_dev), MINOR(winusb_first_dev) + minor);
	winusb_chardev_init(&wi->cdev);
	return wi;

err_put:
	winusb_interface_put(wi);
	return ERR_PTR(ret);
}

/* Let nothing new in, end what is there, and take the interface from the file that has it. */
static void winusb_interface_shut(struct winusb_interface *wi)
{
	/* First: whoever sees the interface gone finds the last record, see winusb_poll(). */
	winusb_events_post(wi, WINUSB_EVENT_REMOVED, 0);
	down_write(&wi->gate);
	smp_store_release(&wi->gone, true);	/* pairs with winusb_interface_is_gone() */
	WRITE_ONCE(wi->resetting, false);
	up_write(&wi->gate);
	wake_up_all(&wi->wait);

	winusb_interface_withdraw(wi, -ESHUTDOWN);
	winusb_interface_flush_work(wi);
	winusb_suspend_exit(wi);
	winusb_file_orphan(wi);
	winusb_power_leave(wi);
	usb_set_intfdata(wi->intf, NULL);
	/* Where the device is gone the others say it themselves, in a moment. */
	if (wi->was_complete && wi->udev->state != USB_STATE_NOTATTACHED)
		winusb_function_announce(wi->fn);
}

/**
 * winusb_interface_bind - Make the object and the node of an interface
 * @intf: The interface. usbcore holds its device locked.
 * @whole: Its function is the whole device.
 *
 * No traffic to the device; its OS descriptors are read later, if it may have any.
 *
 * Return: 0 or an error.
 */
int winusb_interface_bind(struct usb_interface *intf, bool whole)
{
	struct winusb_interface *wi;
	int ret;

	wi = winusb_interface_alloc(intf);
	if (IS_ERR(wi))
		return PTR_ERR(wi);

	winusb_interface_setup_pipes(wi);
	ret = winusb_function_join(wi, whole);
	if (ret)
		goto err_put;
	usb_set_intfdata(intf, wi);
	winusb_power_join(wi);
	winusb_device_forget_wanted(wi->fn->device, intf);
	/* The work item waits until usbcore has probed all interfaces of the device. */
	winusb_device_start_reading(wi->fn->device);

	ret = cdev_device_add(&wi->cdev, &wi->dev);
	if (ret)
		goto err_shut;
	winusb_attributes_show(wi);
	trace_winusb_bind(wi);
	winusb_function_announce_complete(wi->fn);
	return 0;

err_shut:
	winusb_interface_shut(wi);	/* somebody may have opened the node in the meantime */
err_put:
	winusb_interface_put(wi);
	return ret;
}

/**
 * winusb_interface_unbind - The interface leaves: unplugged, unbound, or the module goes
 * @wi: The interface. Its device is locked.
 *
 * See the top of this file for the order. Afterwards nothing here touches the device any more.
 */
void winusb_interface_unbind(struct winusb_interface *wi)
{
	trace_winusb_unbind(wi);
	winusb_attributes_hide(wi);
	cdev_device_del(&wi->cdev, &wi->dev);
	winusb_interface_shut(wi);
	winusb_interface_put(wi);
}

static char *winusb_interface_devnode(WINUSB_CLASS_CONST struct device *dev, umode_t *mode)
{
	if (mode)
		*mode = 0600;
	return kasprintf(GFP_KERNEL, "winusb/%s", dev_name(dev));
}

/**
 * winusb_interface_register_class - Prepare for interfaces to be bound
 *
 * Return: 0 or an error.
 */
int winusb_interface_register_class(void)
{
	int ret;

	ret = alloc_chrdev_region(&winusb_first_dev, 0, WINUSB_MINORS, "winusb");
	if (ret)
		return ret;
	winusb_class = winusb_class_create("winusb");
	if (IS_ERR(winusb_class)) {
		unregister_chrdev_region(winusb_first_dev, WINUSB_MINORS);
		return PTR_ERR(winusb_class);
	}
	winusb_class->devnode = winusb_interface_devnode;
	winusb_class->dev_uevent = winusb_attributes_uevent;
	winusb_class->dev_groups = winusb_interface_groups;
	return 0;
}

/**
 * winusb_interface_unregister_class - The opposite; all interfaces are unbound
 *
 * No file is open, or the module would not go. What the driver core still holds, it lets go soon.
 */
void winusb_interface_unregister_class(void)
{
	wait_var_event(&winusb_num_interfaces, !atomic_read(&winusb_num_interfaces));
	class_destroy(winusb_class);
	unregister_chrdev_region(winusb_first_dev, WINUSB_MINORS);
	ida_destroy(&winusb_minors);
	/*
	 * A task may still be in the last instructions of winusb_interface_release(), or of a
	 * completion that has ended its request, and have been preempted there.
	 */
	synchronize_rcu_tasks();
}
