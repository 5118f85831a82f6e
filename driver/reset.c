// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reset of the whole device on request of a program. Resets by others arrive the same way, at
 * winusb_interface_pre_reset().
 */
#include <linux/capability.h>
#include <linux/pm_runtime.h>
#include <linux/usb.h>

#include "compat.h"
#include "file.h"
#include "function.h"
#include "handle.h"
#include "interface.h"
#include "reset.h"
#include "suspend.h"

/* Is the interface one that this file has? The caller holds winusb_functions_lock. */
static bool winusb_reset_owns(struct winusb_file *wf, struct usb_interface *intf)
{
	struct winusb_interface *wi = wf->wi;
	u8 number = intf->altsetting[0].desc.bInterfaceNumber;
	struct winusb_interface *other;

	if (intf == wi->intf)
		return true;
	other = winusb_function_find(wi->fn, number);
	if (other && other->associated && other->associated->wf == wf)
		return true;
	return wi->fn->opener == wf && winusb_descriptor_position(&wi->fn->grouping, number) >= 0 &&
	       intf->dev.driver == wi->intf->dev.driver;
}

/* Has anybody else an interface of the device? The caller holds the device lock. */
static bool winusb_reset_disturbs(struct winusb_file *wf)
{
	struct usb_host_config *config = wf->wi->udev->actconfig;
	bool disturbs = false;
	unsigned int i;

	mutex_lock(&winusb_functions_lock);
	for (i = 0; config && i < config->desc.bNumInterfaces; i++) {
		struct usb_interface *intf = config->interface[i];

		if (intf && intf->dev.driver && !winusb_reset_owns(wf, intf))
			disturbs = true;
	}
	mutex_unlock(&winusb_functions_lock);
	return disturbs;
}

/**
 * winusb_reset_device - Reset the device of a handle
 * @wh: The handle. The caller holds a reference and is outside the gates.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_reset_device(struct winusb_handle *wh)
{
	struct winusb_file *wf = wh->wf;
	struct usb_device *udev = wf->wi->udev;
	int ret;

	if (READ_ONCE(wf->gone) || winusb_interface_is_gone(wf->wi))
		return -ENODEV;
	/* A device that sleeps is not locked for a reset. The gate keeps it bound for the get. */
	ret = winusb_handle_enter(wh, false);
	if (ret)
		return ret;
	usb_autopm_get_interface_no_resume(wh->wi->intf);
	winusb_suspend_mark_busy(wh->wi);
	winusb_handle_leave(wh);
	if (pm_runtime_resume(&wh->wi->intf->dev) < 0) {
		usb_autopm_put_interface_async(wh->wi->intf);
		return winusb_interface_is_gone(wh->wi) ? -ENODEV : -EIO;
	}
	/* Gives up with -EINTR if the interface is being unbound by the one who holds the lock. */
	ret = usb_lock_device_for_reset(udev, wf->wi->intf);
	if (ret == -EINTR)
		ret = -ENODEV;
	if (ret) {	/* -EBUSY: somebody had the lock for a second */
		usb_autopm_put_interface_async(wh->wi->intf);
		return ret == -ENODEV || ret == -EBUSY ? ret : -EIO;
	}

	if (winusb_interface_is_gone(wf->wi))
		ret = -ENODEV;
	else if (winusb_reset_disturbs(wf) && !capable(CAP_SYS_ADMIN))
		ret = -EACCES;
	else
		ret = usb_reset_device(udev);
	usb_unlock_device(udev);
	usb_autopm_put_interface_async(wh->wi->intf);
	return ret && ret != -EACCES && ret != -ENODEV ? -EIO : ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_reset_device);
