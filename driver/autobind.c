// SPDX-License-Identifier: GPL-2.0-only
/*
 * Automatic binding: which interfaces become this driver's without anybody saying so.
 *
 * On Windows the firmware says WINUSB, and the device works. Here most programs for such devices
 * use usbfs and do not detach kernel drivers, and some of the devices have a driver of their own.
 * So it is opted into, and then any other driver that matches wins: those that are loaded, and
 * those that kmod knows, which is asked as udev does it, by the modalias. Only then is bound.
 *
 * kmod is asked from the device's work item, with no lock held: the driver that it loads wants to
 * lock the device.
 */
#include <linux/kmod.h>
#include <linux/moduleparam.h>
#include <linux/rwsem.h>
#include <linux/string.h>
#include <linux/usb.h>

#include "autobind.h"
#include "compat.h"
#include "descriptor.h"
#include "device.h"
#include "id.h"
#include "osdesc.h"

enum winusb_autobind { WINUSB_AUTOBIND_OFF, WINUSB_AUTOBIND_LISTED, WINUSB_AUTOBIND_ON };

static const char * const winusb_autobind_names[] = { "off", "listed", "on" };

static int winusb_autobind = WINUSB_AUTOBIND_LISTED;
/*
 * Outside all others: interfaces probe under it. Who looks at the driver reads, so that work items
 * don't wait while a write to the parameter goes through all devices.
 */
static DECLARE_RWSEM(winusb_autobind_lock);
static struct device_driver *winusb_autobind_driver;	/* written under it */

/**
 * winusb_autobind_register - Make the driver known to the driver core and to what is here
 * @driver: The driver in the driver core.
 * @register_it: Registers it.
 *
 * It probes at once, but a work item has to wait until it is registered.
 *
 * Return: 0 or the error of @register_it.
 */
int winusb_autobind_register(struct device_driver *driver, int (*register_it)(void))
{
	int ret;

	down_write(&winusb_autobind_lock);
	WRITE_ONCE(winusb_autobind_driver, driver);
	ret = register_it();
	if (ret)
		WRITE_ONCE(winusb_autobind_driver, NULL);
	up_write(&winusb_autobind_lock);
	return ret;
}

/**
 * winusb_autobind_stop - The driver is about to go
 *
 * Afterwards no work item that begins binds anything.
 */
void winusb_autobind_stop(void)
{
	down_write(&winusb_autobind_lock);
	WRITE_ONCE(winusb_autobind_driver, NULL);
	up_write(&winusb_autobind_lock);
}

/* For work items: the registered driver, or NULL. */
static struct device_driver *winusb_autobind_get_driver(void)
{
	struct device_driver *driver;

	down_read(&winusb_autobind_lock);
	driver = winusb_autobind_driver;
	up_read(&winusb_autobind_lock);
	return driver;
}

static int winusb_autobind_consider_one(struct device *dev, void *data)
{
	struct device_driver *driver = data;

	if (READ_ONCE(dev->driver) || dev->bus->match(dev, driver) <= 0)
		return 0;
	/* It may not be ours after all, or have left. */
	return device_driver_attach(driver, dev) == -ENOMEM ? -ENOMEM : 0;
}

/**
 * winusb_autobind_consider - Bind those interfaces without a driver that are this driver's
 * @driver: The driver in the driver core. It is registered.
 *
 * driver_attach() would also wait for the lock of what has a driver, as hubs have, and theirs is
 * held while a device at one of their ports is enumerated.
 *
 * Return: 0 or -ENOMEM.
 */
int winusb_autobind_consider(struct device_driver *driver)
{
	return bus_for_each_dev(driver->bus, NULL, driver, winusb_autobind_consider_one);
}

static int winusb_autobind_set(const char *text, const struct kernel_param *param)
{
	int mode = sysfs_match_string(winusb_autobind_names, text);
	int ret = 0;

	if (mode < 0)
		return -EINVAL;
	WRITE_ONCE(winusb_autobind, mode);
	if (mode == WINUSB_AUTOBIND_OFF)
		return 0;
	down_read(&winusb_autobind_lock);
	if (winusb_autobind_driver)
		ret = winusb_autobind_consider(winusb_autobind_driver);
	up_read(&winusb_autobind_lock);
	return ret;
}

static int winusb_autobind_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%s\n", winusb_autobind_names[READ_ONCE(winusb_autobind)]);
}

static const struct kernel_param_ops winusb_autobind_ops = {
	.set = winusb_autobind_set,
	.get = winusb_autobind_get,
};

module_param_cb(autobind, &winusb_autobind_ops, NULL, 0644);
MODULE_PARM_DESC(autobind,
		 "What is bound: off (nothing), listed (what was named; default), on (also WINUSB)");

struct winusb_match {
	struct usb_interface *intf;
	struct device_driver *ours;
};

static int winusb_autobind_is_match(struct device_driver *driver, void *data)
{
	struct winusb_match *match = data;

	return driver != match->ours && match->intf->dev.bus->match(&match->intf->dev, driver) > 0;
}

/* Is there another driver for the interface, of those that are loaded? */
static bool winusb_autobind_is_others(struct usb_interface *intf)
{
	struct winusb_match match = { intf, READ_ONCE(winusb_autobind_driver) };

	return bus_for_each_drv(intf->dev.bus, NULL, &match, winusb_autobind_is_match);
}

/* The function of an interface: its interfaces, and what its firmware says. */
struct winusb_candidate {
	struct winusb_grouping grouping;
	bool whole;
	bool winusb;
};

static void winusb_autobind_look(const struct winusb_device *wd, u8 number,
				 struct winusb_candidate *candidate)
{
	int scope;

	candidate->whole = wd->whole;
	if (wd->whole)
		winusb_descriptor_group_all(wd->config, &candidate->grouping);
	else
		winusb_descriptor_group_iad(&wd->udev->descriptor, wd->config, number,
					    &candidate->grouping);
	scope = winusb_device_scope(wd, false, candidate->grouping.numbers[0]);
	candidate->winusb = candidate->grouping.count &&
		winusb_msos_is_winusb(winusb_device_compatible_id(wd, scope));
}

static u8 winusb_autobind_number(const struct usb_interface *intf)
{
	return intf->altsetting[0].desc.bInterfaceNumber;
}

static bool winusb_autobind_is_in(const struct winusb_candidate *candidate,
				  const struct usb_interface *intf)
{
	return winusb_descriptor_position(&candidate->grouping, winusb_autobind_number(intf)) >= 0;
}

/*
 * May all interfaces of the function be ours? The device is locked, or the interfaces are held and
 * the answer is a hint.
 */
static bool winusb_autobind_is_free(struct winusb_device *wd, struct usb_interface **intfs,
				    const struct winusb_candidate *candidate)
{
	struct device_driver *ours = READ_ONCE(winusb_autobind_driver);
	unsigned int i;

	for (i = 0; i < wd->config->desc.bNumInterfaces; i++) {
		struct device_driver *driver;

		if (!winusb_autobind_is_in(candidate, intfs[i]))
			continue;
		driver = READ_ONCE(intfs[i]->dev.driver);
		if ((driver && driver != ours) || winusb_autobind_is_others(intfs[i]))
			return false;
	}
	return true;
}

/* Was kmod asked about all interfaces of the function? */
static bool winusb_autobind_is_asked(const struct winusb_device *wd,
				     const struct winusb_candidate *candidate)
{
	u32 asked = smp_load_acquire(&wd->asked);	/* pairs with ask() */
	unsigned int i;

	for (i = 0; i < wd->config->desc.bNumInterfaces; i++)
		if (winusb_autobind_is_in(candidate, wd->config->interface[i]) &&
		    !(asked & BIT(i)))
			return false;
	return true;
}

/**
 * winusb_autobind_wants - Is an interface ours?
 * @intf: The interface that is being probed. usbcore holds its device locked.
 * @dynamic: usbcore's new_id names its device.
 * @whole: Set if the function is the whole device.
 *
 * If that is not known yet, or kmod has not been asked, it is found out, and the interface bound
 * later.
 *
 * Return: true if so.
 */
bool winusb_autobind_wants(struct usb_interface *intf, bool dynamic, bool *whole)
{
	struct usb_device *udev = interface_to_usbdev(intf);
	int mode = READ_ONCE(winusb_autobind);
	struct winusb_candidate candidate;
	struct winusb_device *wd;
	bool wants = false, read;
	unsigned int position;

	*whole = dynamic;
	if (mode == WINUSB_AUTOBIND_OFF)
		return false;
	if (dynamic || winusb_id_matches(intf))
		return true;
	if (mode != WINUSB_AUTOBIND_ON)
		return false;

	wd = winusb_device_get(udev);
	if (!wd)
		return false;
	position = winusb_device_position(wd, intf);
	read = winusb_device_is_read(wd);
	if (read) {
		winusb_autobind_look(wd, winusb_autobind_number(intf), &candidate);
		*whole = candidate.whole;
		if (!candidate.winusb)
			goto out_put;
	}
	/* The work item binds what it finds noted here, and so nothing that was unbound by hand. */
	set_bit(position, &wd->wanted);
	if (!read || !winusb_autobind_is_asked(wd, &candidate)) {
		winusb_device_start(wd);
		goto out_put;
	}
	wants = winusb_autobind_is_free(wd, udev->actconfig->interface, &candidate);
	if (!wants)
		goto out_put;
	clear_bit(position, &wd->wanted);
	/*
	 * Who gives interfaces back one after the other still had some when the first one was
	 * probed, and so that was only noted.
	 */
	if (READ_ONCE(wd->wanted) && READ_ONCE(wd->binder) != current)
		winusb_device_start(wd);
out_put:
	winusb_device_put(wd);
	return wants;
}

/* The interfaces of the device, held, or NULL. Return: false if it has others by now. */
static bool winusb_autobind_hold(struct winusb_device *wd, struct usb_interface **intfs)
{
	unsigned int i;
	bool held;

	usb_lock_device(wd->udev);
	held = wd->udev->state != USB_STATE_NOTATTACHED && wd->udev->actconfig == wd->config;
	for (i = 0; held && i < wd->config->desc.bNumInterfaces; i++)
		intfs[i] = usb_get_intf(wd->config->interface[i]);
	usb_unlock_device(wd->udev);
	return held;
}

static void winusb_autobind_put(struct usb_interface **intfs)
{
	unsigned int i;

	for (i = 0; i < USB_MAXINTERFACES; i++)
		usb_put_intf(intfs[i]);
}

/*
 * Have kmod load the drivers for an interface, as udev does it, and wait for it. Whether there was
 * one is seen afterwards.
 *
 * Return: false if it could not be asked now. A system without modprobe has no more drivers than
 * those that are there, and that is an answer, too.
 */
static bool winusb_autobind_ask(struct winusb_device *wd, struct usb_interface *intf,
				unsigned int i)
{
	const struct usb_host_interface *alt = READ_ONCE(intf->cur_altsetting);
	const struct usb_interface_descriptor *setting = &alt->desc;
	const struct usb_device_descriptor *desc = &wd->udev->descriptor;
	int ret;

	if (wd->asked & BIT(i))
		return true;
	ret = request_module("usb:v%04Xp%04Xd%04Xdc%02Xdsc%02Xdp%02Xic%02Xisc%02Xip%02Xin%02X",
			     le16_to_cpu(desc->idVendor), le16_to_cpu(desc->idProduct),
			     le16_to_cpu(desc->bcdDevice), desc->bDeviceClass,
			     desc->bDeviceSubClass, desc->bDeviceProtocol,
			     setting->bInterfaceClass, setting->bInterfaceSubClass,
			     setting->bInterfaceProtocol, setting->bInterfaceNumber);
	if (IS_ENABLED(CONFIG_MODULES) && ret < 0 &&
	    (ret != -ENOENT || system_state < SYSTEM_RUNNING))
		return false;
	/* Pairs with is_asked(): who sees it sees the drivers that were loaded, too. */
	smp_store_release(&wd->asked, wd->asked | BIT(i));
	return true;
}

/* Is there no other driver for the interface? */
static bool winusb_autobind_may_be_ours(struct winusb_device *wd, struct usb_interface *intf,
					unsigned int i, bool *retry)
{
	struct device_driver *driver, *ours = winusb_autobind_get_driver();
	bool free = false;

	/* What could not be asked once is not asked again in this run: each may take seconds. */
	if (READ_ONCE(winusb_autobind) == WINUSB_AUTOBIND_ON && !READ_ONCE(intf->dev.driver) &&
	    !*retry) {
		if (winusb_autobind_ask(wd, intf, i))
			free = !winusb_autobind_is_others(intf);
		else
			*retry = true;
	}
	/* Looked at only now: an administrator may have named it meanwhile. */
	driver = READ_ONCE(intf->dev.driver);
	return ours && (driver ? driver == ours : free);
}

/* May string 0xEE be about an interface, and nobody else's business? */
static bool winusb_autobind_may_ask_string(struct winusb_device *wd, struct usb_interface **intfs,
					   bool *retry)
{
	struct device_driver *ours = winusb_autobind_get_driver();
	u32 vendor = 0;
	unsigned int i;

	if (!winusb_osdesc_may_have_string(wd))
		return false;
	for (i = 0; i < wd->config->desc.bNumInterfaces; i++) {
		if (intfs[i]->altsetting[0].desc.bInterfaceClass != USB_CLASS_VENDOR_SPEC)
			continue;
		/* No need to ask kmod. */
		if (ours && READ_ONCE(intfs[i]->dev.driver) == ours)
			return true;
		vendor |= BIT(i);
	}
	for (i = 0; i < wd->config->desc.bNumInterfaces; i++)
		if (vendor & BIT(i) && winusb_autobind_may_be_ours(wd, intfs[i], i, retry))
			return true;
	return false;
}

/**
 * winusb_autobind_may_read - May the descriptors of a device be read now?
 * @wd: The device, from its work.
 * @retry: Set if kmod would have to be asked and could not.
 *
 * Those of a device that has OS 2.0 may. String 0xEE may be asked for if it has an interface of the
 * vendor's own class that is ours, or would be, as no other driver is for it. This waits until
 * usbcore has probed all interfaces of the device.
 *
 * Return: true if so.
 */
bool winusb_autobind_may_read(struct winusb_device *wd, bool *retry)
{
	struct usb_interface *intfs[USB_MAXINTERFACES] = { };
	bool may;

	if (!winusb_autobind_hold(wd, intfs))
		return false;
	may = wd->has_set || winusb_autobind_may_ask_string(wd, intfs, retry);
	winusb_autobind_put(intfs);
	return may;
}

/* Is there an interface of the function that somebody else has? */
static bool winusb_autobind_is_lost(struct winusb_device *wd, struct usb_interface **intfs,
				    const struct winusb_candidate *candidate,
				    const struct device_driver *ours)
{
	const struct device_driver *driver;
	unsigned int i;

	for (i = 0; i < wd->config->desc.bNumInterfaces; i++) {
		driver = READ_ONCE(intfs[i]->dev.driver);
		if (winusb_autobind_is_in(candidate, intfs[i]) && driver && driver != ours)
			return true;
	}
	return false;
}

/*
 * Bind the interfaces of one function that are noted, unless another driver is for one of them.
 * Return: false if kmod can't be asked now.
 */
static bool winusb_autobind_function(struct winusb_device *wd, struct usb_interface **intfs,
				     const struct winusb_candidate *candidate)
{
	struct device_driver *ours;
	unsigned int i;
	u32 bound = 0;

	for (i = 0; i < wd->config->desc.bNumInterfaces; i++)
		if (winusb_autobind_is_in(candidate, intfs[i]) &&
		    !winusb_autobind_ask(wd, intfs[i], i))
			return false;
	ours = winusb_autobind_get_driver();
	if (!ours || !winusb_autobind_is_free(wd, intfs, candidate))
		return true;
	/* Who was faster has it, and who left needs nothing. */
	WRITE_ONCE(wd->binder, current);
	for (i = 0; i < wd->config->desc.bNumInterfaces; i++)
		if (test_bit(i, &wd->wanted) && winusb_autobind_is_in(candidate, intfs[i]) &&
		    !READ_ONCE(intfs[i]->dev.driver) &&
		    !device_driver_attach(ours, &intfs[i]->dev))
			bound |= BIT(i);
	WRITE_ONCE(wd->binder, NULL);
	/* A part of a function is of no use to us, but may be to the other driver. */
	if (!winusb_autobind_is_lost(wd, intfs, candidate, ours))
		return true;
	for (i = 0; i < wd->config->desc.bNumInterfaces; i++)
		if (bound & BIT(i) && READ_ONCE(intfs[i]->dev.driver) == ours) {
			device_release_driver(&intfs[i]->dev);
			set_bit(i, &wd->wanted);
		}
	return true;
}

/**
 * winusb_autobind_device - Bind what the descriptors of a device are about
 * @wd: The device, from its work. They were read.
 * @retry: Set if kmod would have to be asked and could not.
 *
 * A note of an interface goes when it is bound, or its function does not say WINUSB. One that
 * somebody else has a part of keeps its notes until that is given back.
 */
void winusb_autobind_device(struct winusb_device *wd, bool *retry)
{
	struct usb_interface *intfs[USB_MAXINTERFACES] = { };
	struct winusb_candidate candidate;
	unsigned int i;

	if (READ_ONCE(winusb_autobind) != WINUSB_AUTOBIND_ON || !wd->msos.version ||
	    !winusb_autobind_hold(wd, intfs))
		return;
	for (i = 0; i < wd->config->desc.bNumInterfaces && !*retry; i++) {
		if (!test_bit(i, &wd->wanted))
			continue;
		winusb_autobind_look(wd, winusb_autobind_number(intfs[i]), &candidate);
		if (!candidate.winusb)
			clear_bit(i, &wd->wanted);
		else if (!winusb_autobind_function(wd, intfs, &candidate))
			*retry = true;
	}
	winusb_autobind_put(intfs);
}
