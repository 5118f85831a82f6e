// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripted host controller: in-memory devices, and waiting for what usbcore
 * does with them.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/* Longest time between two looks at a condition that nobody signals. */
#define WINUSB_HCD_LOOK_MS	10

static int winusb_hcd_copy_strings(struct winusb_hcd_dev *dev,
				   const struct winusb_hcd_dev_info *info)
{
	unsigned int i;

	dev->strings = kcalloc(info->nr_strings, sizeof(*dev->strings),
			       GFP_KERNEL);
	if (!dev->strings)
		return -ENOMEM;
	for (i = 0; i < info->nr_strings; i++) {
		dev->strings[i] = kstrdup(info->strings[i], GFP_KERNEL);
		if (!dev->strings[i])
			return -ENOMEM;
		dev->nr_strings++;
	}
	return 0;
}

static void winusb_hcd_dev_free(struct winusb_hcd_dev *dev)
{
	unsigned int i;

	for (i = 0; i < WINUSB_HCD_EPS; i++)
		kfree(dev->eps[i].capture);
	for (i = 0; i < dev->nr_strings; i++)
		kfree(dev->strings[i]);
	kfree(dev->strings);
	kfree(dev->bos);
	kfree(dev->config);
	kvfree(dev);
}

static enum winusb_hcd_mode winusb_hcd_first_mode(unsigned int i)
{
	return i > 15 ? WINUSB_HCD_NAK : WINUSB_HCD_SINK;
}

static void winusb_hcd_init_eps(struct winusb_hcd_dev *dev)
{
	struct winusb_hcd_ep *ep;
	unsigned int i;

	for (i = 0; i < WINUSB_HCD_EPS; i++) {
		ep = &dev->eps[i];
		ep->dev = dev;
		ep->address = (i & USB_ENDPOINT_NUMBER_MASK) |
			      (i > 15 ? USB_DIR_IN : 0);
		ep->mode = winusb_hcd_first_mode(i);
		INIT_LIST_HEAD(&ep->script);
		INIT_LIST_HEAD(&ep->queue);
	}
}

static bool winusb_hcd_speed_fits(const struct winusb_hcd *hc,
				  enum usb_device_speed speed)
{
	switch (speed) {
	case USB_SPEED_LOW:
	case USB_SPEED_FULL:
		return hc->speed <= USB_SPEED_HIGH;
	default:
		return hc->speed == speed;
	}
}

/**
 * winusb_hcd_dev_create - make a device for a controller
 * @hc: the controller
 * @info: what it is; copied
 *
 * The device is not plugged in yet: its scripts can be written first.
 *
 * Return: the device, or an error pointer: -EINVAL for a speed that does not
 * fit the root hub or a configuration that is no descriptor at all, -ENOMEM.
 */
struct winusb_hcd_dev *
winusb_hcd_dev_create(struct winusb_hcd *hc,
		      const struct winusb_hcd_dev_info *info)
{
	enum usb_device_speed speed = info->speed ? : hc->speed;
	struct winusb_hcd_dev *dev;
	unsigned long flags;
	int ret;

	if (!info->device || !info->config ||
	    info->config_length < USB_DT_CONFIG_SIZE ||
	    info->config_length > U16_MAX || !winusb_hcd_speed_fits(hc, speed))
		return ERR_PTR(-EINVAL);
	dev = kvzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	dev->hc = hc;
	dev->speed = speed;
	dev->device = *info->device;
	dev->control = info->control;
	dev->context = info->context;
	dev->config_length = info->config_length;
	winusb_hcd_init_eps(dev);

	ret = -ENOMEM;
	dev->config = kmemdup(info->config, info->config_length, GFP_KERNEL);
	if (!dev->config)
		goto err_free_dev;
	if (!dev->config[2] && !dev->config[3]) {
		dev->config[2] = info->config_length & 0xff;
		dev->config[3] = info->config_length >> 8;
	}
	if (info->bos) {
		dev->bos = kmemdup(info->bos, info->bos_length, GFP_KERNEL);
		if (!dev->bos)
			goto err_free_dev;
		dev->bos_length = info->bos_length;
	}
	if (info->nr_strings) {
		ret = winusb_hcd_copy_strings(dev, info);
		if (ret)
			goto err_free_dev;
	}

	spin_lock_irqsave(&hc->lock, flags);
	list_add_tail(&dev->node, &hc->devs);
	spin_unlock_irqrestore(&hc->lock, flags);
	return dev;

err_free_dev:
	winusb_hcd_dev_free(dev);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(winusb_hcd_dev_create);

/**
 * winusb_hcd_dev_destroy - unplug a device and free it
 * @dev: the device, or NULL
 *
 * Waits until usbcore has let go of it. May sleep.
 */
void winusb_hcd_dev_destroy(struct winusb_hcd_dev *dev)
{
	struct winusb_hcd *hc;
	unsigned long flags;
	unsigned int i;

	if (!dev)
		return;
	hc = dev->hc;
	winusb_hcd_unplug(dev, 0);
	WARN_ON(winusb_hcd_wait_gone(dev));

	/* Only a bug of usbcore or of a driver leaves URBs behind here. */
	spin_lock_irqsave(&hc->lock, flags);
	winusb_hcd_fail_all_locked(dev, -ESHUTDOWN);
	for (i = 0; i < WINUSB_HCD_EPS; i++)
		winusb_hcd_script_clear_locked(&dev->eps[i]);
	list_del(&dev->node);
	spin_unlock_irqrestore(&hc->lock, flags);
	winusb_hcd_kick(hc);
	winusb_hcd_dev_free(dev);
}
EXPORT_SYMBOL_GPL(winusb_hcd_dev_destroy);

/**
 * winusb_hcd_tidy - forget scripts, modes, captures and counters
 * @dev: the device
 *
 * For a test that leaves its device plugged in for the next one.
 *
 * Return: true if the device is as after enumeration: no URB in flight, no
 * endpoint halted, all settings 0. Otherwise it should be plugged in anew.
 */
bool winusb_hcd_tidy(struct winusb_hcd_dev *dev)
{
	struct winusb_hcd *hc = dev->hc;
	struct winusb_hcd_ep *ep;
	unsigned long flags;
	unsigned int i;
	bool clean;

	spin_lock_irqsave(&hc->lock, flags);
	clean = dev->port && dev->enumerated &&
		!memchr_inv(dev->alternate, 0, sizeof(dev->alternate));
	for (i = 0; i < WINUSB_HCD_EPS; i++) {
		ep = &dev->eps[i];
		winusb_hcd_script_clear_locked(ep);
		ep->mode = winusb_hcd_first_mode(i);
		ep->finish_first = false;
		ep->finish_unlinked = false;
		ep->capture_size = 0;
		ep->captured = 0;
		clean &= list_empty(&ep->queue) && !ep->halted;
	}
	spin_unlock_irqrestore(&hc->lock, flags);
	winusb_hcd_stats_reset(dev);
	return clean;
}
EXPORT_SYMBOL_GPL(winusb_hcd_tidy);

static struct usb_device *winusb_hcd_child(struct winusb_hcd *hc,
					   unsigned int port)
{
	return usb_hub_find_child(hc->hcd->self.root_hub, port);
}

/**
 * winusb_hcd_get_udev - the usb_device that stands for a device
 * @dev: the device
 *
 * Return: with a reference, for usb_put_dev(); NULL when the device is not
 * plugged in or not enumerated.
 */
struct usb_device *winusb_hcd_get_udev(struct winusb_hcd_dev *dev)
{
	unsigned int port = READ_ONCE(dev->port);
	struct usb_device *udev;

	if (!port || !READ_ONCE(dev->enumerated))
		return NULL;
	udev = winusb_hcd_child(dev->hc, port);
	return udev ? usb_get_dev(udev) : NULL;
}
EXPORT_SYMBOL_GPL(winusb_hcd_get_udev);

/**
 * winusb_hcd_reset_wait - reset the device, as another driver might
 * @dev: the device
 *
 * Takes the device lock. May sleep.
 *
 * Return: what usb_reset_device() said; -ENODEV when it is not enumerated.
 */
int winusb_hcd_reset_wait(struct winusb_hcd_dev *dev)
{
	struct usb_device *udev = winusb_hcd_get_udev(dev);
	int ret;

	if (!udev)
		return -ENODEV;
	usb_lock_device(udev);
	ret = usb_reset_device(udev);
	usb_unlock_device(udev);
	usb_put_dev(udev);
	return ret;
}
EXPORT_SYMBOL_GPL(winusb_hcd_reset_wait);

/**
 * winusb_hcd_resets - how often the device was reset
 * @dev: the device
 *
 * Enumeration counts: it resets a device once or twice.
 *
 * Return: port resets seen since the device was created.
 */
unsigned int winusb_hcd_resets(struct winusb_hcd_dev *dev)
{
	return READ_ONCE(dev->resets);
}
EXPORT_SYMBOL_GPL(winusb_hcd_resets);

/*
 * usbcore says DEVICE_ADD after the probes of a new device, and DEVICE_REMOVE
 * after the disconnects.
 */
int winusb_hcd_notify(struct notifier_block *nb, unsigned long action,
		      void *data)
{
	struct winusb_hcd *hc = container_of(nb, struct winusb_hcd, notifier);
	struct usb_device *udev = data;
	struct winusb_hcd_dev *dev;
	unsigned long flags;

	if (action != USB_DEVICE_ADD && action != USB_DEVICE_REMOVE)
		return NOTIFY_DONE;
	if (udev->bus != &hc->hcd->self || !udev->portnum ||
	    udev->portnum > hc->nr_ports)
		return NOTIFY_DONE;
	spin_lock_irqsave(&hc->lock, flags);
	dev = hc->ports[udev->portnum - 1].dev;
	if (dev && action == USB_DEVICE_REMOVE)
		dev->enumerated = false;
	else if (dev && dev->address == udev->devnum)
		dev->enumerated = true;
	spin_unlock_irqrestore(&hc->lock, flags);
	wake_up_all(&hc->wait);
	return NOTIFY_OK;
}

/* Waits for @condition, which is looked at again at least every few ms. */
#define winusb_hcd_wait(hc, condition) ({				\
	unsigned long __end = jiffies + msecs_to_jiffies(WINUSB_HCD_WAIT_MS); \
	int __ret = 0;							\
	while (!wait_event_timeout((hc)->wait, condition,		\
				   msecs_to_jiffies(WINUSB_HCD_LOOK_MS) ? : 1)) \
		if (time_after(jiffies, __end)) {			\
			__ret = -ETIMEDOUT;				\
			break;						\
		}							\
	__ret;								\
})

/**
 * winusb_hcd_wait_enumerated - wait until a plugged device is there
 * @dev: the device
 *
 * Return: 0 when usbcore has configured it and drivers have probed it;
 * -ETIMEDOUT.
 */
int winusb_hcd_wait_enumerated(struct winusb_hcd_dev *dev)
{
	return winusb_hcd_wait(dev->hc, READ_ONCE(dev->enumerated));
}
EXPORT_SYMBOL_GPL(winusb_hcd_wait_enumerated);

static bool winusb_hcd_is_gone(struct winusb_hcd_dev *dev)
{
	struct winusb_hcd *hc = dev->hc;
	struct winusb_hcd_ep *ep;
	unsigned long flags;
	bool idle = true;

	spin_lock_irqsave(&hc->lock, flags);
	for (ep = dev->eps; ep < dev->eps + WINUSB_HCD_EPS; ep++)
		idle &= list_empty(&ep->queue);
	idle &= list_empty(&hc->done);
	spin_unlock_irqrestore(&hc->lock, flags);
	return idle && !dev->port &&
	       !(dev->last_port && !hc->ports[dev->last_port - 1].dev &&
		 winusb_hcd_child(hc, dev->last_port));
}

/**
 * winusb_hcd_wait_gone - wait until usbcore has let go of an unplugged device
 * @dev: the device
 *
 * Return: 0 when drivers are disconnected and no URB is left; -ETIMEDOUT.
 */
int winusb_hcd_wait_gone(struct winusb_hcd_dev *dev)
{
	return winusb_hcd_wait(dev->hc, winusb_hcd_is_gone(dev));
}
EXPORT_SYMBOL_GPL(winusb_hcd_wait_gone);

static bool winusb_hcd_is_suspended(struct winusb_hcd_dev *dev, bool wanted)
{
	struct usb_device *udev = winusb_hcd_get_udev(dev);
	bool ret;

	if (!udev)
		return false;
	ret = (udev->state == USB_STATE_SUSPENDED) == wanted &&
	      udev->dev.power.runtime_status == (wanted ? RPM_SUSPENDED : RPM_ACTIVE);
	usb_put_dev(udev);
	return ret;
}

/**
 * winusb_hcd_wait_suspended - wait until a device sleeps or is awake
 * @dev: the device
 * @suspended: which of the two
 *
 * Return: 0 or -ETIMEDOUT.
 */
int winusb_hcd_wait_suspended(struct winusb_hcd_dev *dev, bool suspended)
{
	return winusb_hcd_wait(dev->hc, winusb_hcd_is_suspended(dev, suspended));
}
EXPORT_SYMBOL_GPL(winusb_hcd_wait_suspended);

/**
 * winusb_hcd_wait_in_flight - wait for a number of URBs in flight
 * @dev: the device
 * @address: endpoint address
 * @nr: exactly so many
 *
 * Return: 0 or -ETIMEDOUT.
 */
int winusb_hcd_wait_in_flight(struct winusb_hcd_dev *dev, u8 address,
			      unsigned int nr)
{
	return winusb_hcd_wait(dev->hc,
			       winusb_hcd_in_flight(dev, address) == nr);
}
EXPORT_SYMBOL_GPL(winusb_hcd_wait_in_flight);

static unsigned int winusb_hcd_submitted(struct winusb_hcd_dev *dev, u8 address)
{
	struct winusb_hcd_stats stats;

	winusb_hcd_stats(dev, address, &stats);
	return stats.submitted;
}

/**
 * winusb_hcd_wait_submitted - wait until URBs were submitted
 * @dev: the device
 * @address: endpoint address
 * @nr: at least so many since the counters were reset
 *
 * Return: 0 or -ETIMEDOUT.
 */
int winusb_hcd_wait_submitted(struct winusb_hcd_dev *dev, u8 address,
			      unsigned int nr)
{
	return winusb_hcd_wait(dev->hc,
			       winusb_hcd_submitted(dev, address) >= nr);
}
EXPORT_SYMBOL_GPL(winusb_hcd_wait_submitted);

/**
 * winusb_hcd_wait_setup - wait until a control request has arrived
 * @dev: the device
 * @request_type: its bRequestType
 * @request: its bRequest
 *
 * Return: 0 or -ETIMEDOUT.
 */
int winusb_hcd_wait_setup(struct winusb_hcd_dev *dev, u8 request_type,
			  u8 request)
{
	return winusb_hcd_wait(dev->hc,
			       winusb_hcd_find_setup(dev, request_type,
						     request, NULL));
}
EXPORT_SYMBOL_GPL(winusb_hcd_wait_setup);

static bool winusb_hcd_is_quiet(struct winusb_hcd *hc)
{
	unsigned long flags;
	bool quiet;

	spin_lock_irqsave(&hc->lock, flags);
	quiet = list_empty(&hc->done) && !hc->giving_back;
	spin_unlock_irqrestore(&hc->lock, flags);
	return quiet;
}

/**
 * winusb_hcd_advance_wait - let a manual clock go on, with completions in time
 * @hc: the controller, without WINUSB_HCD_F_BH
 * @microframes: how far
 *
 * As winusb_hcd_advance(), but stops where a URB ends and waits until its
 * completion has run, so that what that submits is in time.
 *
 * Return: 0 or -ETIMEDOUT.
 */
int winusb_hcd_advance_wait(struct winusb_hcd *hc, unsigned int microframes)
{
	u64 end = winusb_hcd_now(hc) + microframes;
	unsigned long flags;
	u64 now, due;
	int ret;

	for (;;) {
		ret = winusb_hcd_wait(hc, winusb_hcd_is_quiet(hc));
		now = winusb_hcd_now(hc);
		if (ret || now >= end)
			return ret;
		spin_lock_irqsave(&hc->lock, flags);
		due = winusb_hcd_isoc_due_locked(hc);
		spin_unlock_irqrestore(&hc->lock, flags);
		winusb_hcd_advance(hc, min(due, end) - now);
	}
}
EXPORT_SYMBOL_GPL(winusb_hcd_advance_wait);
