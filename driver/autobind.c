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
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/usb.h>

#include "autobind.h"
#include "compat.h"
#include "descriptor.h"
#include "device.h"
#include "id.h"

enum winusb_autobind { WINUSB_AUTOBIND_OFF, WINUSB_AUTOBIND_LISTED, WINUSB_AUTOBIND_ON };

static const char * const winusb_autobind_names[] = { "off", "listed", "on" };

static int winusb_autobind = WINUSB_AUTOBIND_LISTED;
static DEFINE_MUTEX(winusb_autobind_lock);	/* outside all others: interfaces probe under it */
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

	mutex_lock(&winusb_autobind_lock);
	WRITE_ONCE(winusb_autobind_driver, driver);
	ret = register_it();
	if (ret)
		WRITE_ONCE(winusb_autobind_driver, NULL);
	mutex_unlock(&winusb_autobind_lock);
	return ret;
}

/**
 * winusb_autobind_stop - The driver is about to go
 *
 * Afterwards no work item that begins binds anything.
 */
void winusb_autobind_stop(void)
{
	mutex_lock(&winusb_autobind_lock);
	WRITE_ONCE(winusb_autobind_driver, NULL);
	mutex_unlock(&winusb_autobind_lock);
}

/* For work items: the registered driver, or NULL. */
static struct device_driver *winusb_autobind_get_driver(void)
{
	struct device_driver *driver;

	mutex_lock(&winusb_autobind_lock);
	driver = winusb_autobind_driver;
	mutex_unlock(&winusb_autobind_lock);
	return driver;
}

static int winusb_autobind_set(const char *text, const struct kernel_param *param)
{
	int mode = sysfs_match_string(winusb_autobind_names, text);
	int ret = 0;

	if (mode < 0)
		return -EINVAL;
	WRITE_ONCE(winusb_autobind, mode);
	mutex_lock(&winusb_autobind_lock);
	if (winusb_autobind_driver)
		ret = driver_attach(winusb_autobind_driver);
	mutex_unlock(&winusb_autobind_lock);
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

		if (!intfs[i] || !winusb_autobind_is_in(candidate, intfs[i]))
			continue;
		driver = READ_ONCE(intfs[i]->dev.driver);
		if ((driver && driver != ours) || winusb_autobind_is_others(intfs[i]))
			return false;
	}
	return true;
}

static unsigned int winusb_autobind_position(const struct winusb_device *wd,
					     const struct usb_interface *intf)
{
	unsigned int i = 0;

	while (wd->config->interface[i] != intf)
		i++;
	return i;
}

/* Was kmod asked about all interfaces of the function? */
static bool winusb_autobind_is_asked(const struct winusb_device *wd,
				     const struct winusb_candidate *candidate)
{
	u32 asked = READ_ONCE(wd->asked);
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
	bool wants = false;

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
	if (!winusb_device_is_known(wd)) {
		winusb_device_want(wd, winusb_autobind_position(wd, intf));
		goto out_put;
	}
	winusb_autobind_look(wd, winusb_autobind_number(intf), &candidate);
	*whole = candidate.whole;
	if (!candidate.winusb)
		goto out_put;
	if (winusb_autobind_is_asked(wd, &candidate))
		wants = winusb_autobind_is_free(wd, udev->actconfig->interface, &candidate);
	else
		winusb_device_want(wd, winusb_autobind_position(wd, intf));
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
	held = wd->udev->state == USB_STATE_CONFIGURED && wd->udev->actconfig == wd->config;
	for (i = 0; held && i < wd->config->desc.bNumInterfaces; i++)
		intfs[i] = usb_get_intf(wd->config->interface[i]);
	usb_unlock_device(wd->udev);
	return held;
}

static void winusb_autobind_put(struct winusb_device *wd, struct usb_interface **intfs)
{
	unsigned int i;

	for (i = 0; i < USB_MAXINTERFACES; i++)
		usb_put_intf(intfs[i]);
}

/* Have kmod load the drivers for an interface, as udev does it, and wait for it. */
static void winusb_autobind_ask(struct winusb_device *wd, struct usb_interface *intf,
				unsigned int i)
{
	const struct usb_device_descriptor *desc = &wd->udev->descriptor;
	const struct usb_interface_descriptor *setting = &intf->altsetting[0].desc;

	if (wd->asked & BIT(i))
		return;
	/* There may be no such module, and that is the answer. */
	request_module("usb:v%04Xp%04Xd%04Xdc%02Xdsc%02Xdp%02Xic%02Xisc%02Xip%02Xin%02X",
		       le16_to_cpu(desc->idVendor), le16_to_cpu(desc->idProduct),
		       le16_to_cpu(desc->bcdDevice), desc->bDeviceClass, desc->bDeviceSubClass,
		       desc->bDeviceProtocol, setting->bInterfaceClass,
		       setting->bInterfaceSubClass, setting->bInterfaceProtocol,
		       setting->bInterfaceNumber);
	WRITE_ONCE(wd->asked, wd->asked | BIT(i));	/* probe() looks */
}

/**
 * winusb_autobind_may_ask_string - Has a device an interface that string 0xEE may be about?
 * @wd: The device, from its work.
 *
 * One of the vendor's own class that is ours, or would be, as no other driver is for it.
 *
 * Return: 1 if so, 0 if not, -EBUSY if not and no interface of the device is ours.
 */
int winusb_autobind_may_ask_string(struct winusb_device *wd)
{
	struct usb_interface *intfs[USB_MAXINTERFACES] = { };
	struct device_driver *driver, *ours = winusb_autobind_get_driver();
	bool on = READ_ONCE(winusb_autobind) == WINUSB_AUTOBIND_ON;
	int ret = -EBUSY;
	unsigned int i;

	if (wd->has_set || !winusb_autobind_hold(wd, intfs))
		return 0;
	for (i = 0; ours && i < ARRAY_SIZE(intfs) && ret <= 0; i++) {
		struct usb_interface *intf = intfs[i];
		bool vendor = intf &&
			intf->altsetting[0].desc.bInterfaceClass == USB_CLASS_VENDOR_SPEC;
		bool would = false;

		if (!intf)
			continue;
		if (vendor && on && !READ_ONCE(intf->dev.driver)) {
			winusb_autobind_ask(wd, intf, i);
			would = !winusb_autobind_is_others(intf);
		}
		/* Looked at only now: an administrator may have named it meanwhile. */
		driver = READ_ONCE(intf->dev.driver);
		if (driver == ours || (!driver && would))
			ret = vendor;
	}
	winusb_autobind_put(wd, intfs);
	return ret;
}

/* Bind the interfaces of one function, unless another driver is for one of them. */
static void winusb_autobind_function(struct winusb_device *wd, struct usb_interface **intfs,
				     const struct winusb_candidate *candidate)
{
	struct device_driver *ours;
	unsigned int i;

	for (i = 0; i < wd->config->desc.bNumInterfaces; i++)
		if (winusb_autobind_is_in(candidate, intfs[i]))
			winusb_autobind_ask(wd, intfs[i], i);
	ours = winusb_autobind_get_driver();
	if (!ours || !winusb_autobind_is_free(wd, intfs, candidate))
		return;
	for (i = 0; i < wd->config->desc.bNumInterfaces; i++)
		if (!READ_ONCE(intfs[i]->dev.driver) && winusb_autobind_is_in(candidate, intfs[i]))
			/* Who was faster has it; who left needs nothing. */
			if (device_driver_attach(ours, &intfs[i]->dev))
				continue;
}

/**
 * winusb_autobind_device - Bind what the descriptors of a device are about
 * @wd: The device, from its work. It is known.
 */
void winusb_autobind_device(struct winusb_device *wd)
{
	struct usb_interface *intfs[USB_MAXINTERFACES] = { };
	struct winusb_candidate candidate;
	unsigned int i, j;
	u32 wanted;

	if (READ_ONCE(winusb_autobind) != WINUSB_AUTOBIND_ON || !wd->msos.version ||
	    !winusb_autobind_hold(wd, intfs))
		return;
	/* Now that the device was locked, usbcore has probed them all. */
	wanted = winusb_device_take_wanted(wd);
	for (i = 0; i < wd->config->desc.bNumInterfaces; i++) {
		u8 number = winusb_autobind_number(intfs[i]);

		winusb_autobind_look(wd, number, &candidate);
		if (!candidate.winusb || candidate.grouping.numbers[0] != number)
			continue;
		for (j = 0; j < wd->config->desc.bNumInterfaces; j++)
			if (wanted & BIT(j) && winusb_autobind_is_in(&candidate, intfs[j]))
				break;
		if (j < wd->config->desc.bNumInterfaces)
			winusb_autobind_function(wd, intfs, &candidate);
	}
	winusb_autobind_put(wd, intfs);
}
