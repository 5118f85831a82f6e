// SPDX-License-Identifier: GPL-2.0-only
/*
 * Power: who may sleep, and when (winusb.md 3.1, 3.2). All must agree, and nobody can force it. How
 * each meets Linux:
 *
 *	DeviceIdleEnabled	without it the interface holds a PM reference; with it the driver
 *				allows autosuspend of the device, once
 *	the user's checkbox	power/control of the device; the PM core obeys it
 *	remote wake, or Device-	needs_remote_wakeup of the interface; usbcore obeys it
 *	  IdleIgnoreWakeEnable
 *	AUTO_SUSPEND		without it the interface holds a PM reference
 *	SUSPEND_DELAY		power/autosuspend_delay_ms of the device: the longest one of its
 *				functions
 *	system-wide setting	a negative delay, which is left as it is
 *
 * &winusb_device.power_lock makes a decision and what follows from it one thing. It is taken inside
 * the device lock and outside winusb_functions_lock; the PM core may suspend or resume the device
 * under it, which takes neither.
 */
#include <linux/lockdep.h>
#include <linux/pm_runtime.h>
#include <linux/sched/mm.h>
#include <linux/sysfs.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>
#include <linux/usb/quirks.h>

#include <uapi/linux/winusb.h>

#include "compat.h"
#include "device.h"
#include "file.h"
#include "function.h"
#include "handle.h"
#include "interface.h"
#include "power.h"
#include "property.h"

/**
 * winusb_power_auto_suspend - The policy AUTO_SUSPEND
 * @power: Of a function.
 *
 * Return: What a program has set, else what the properties say (winusb.md 8, row 1).
 */
bool winusb_power_auto_suspend(const struct winusb_power *power)
{
	if (power->has_auto_suspend)
		return power->auto_suspend;
	return power->idle_enabled && power->idle_state;
}
WINUSB_EXPORT_FOR_TESTS(winusb_power_auto_suspend);

/**
 * winusb_power_suspend_delay - The policy SUSPEND_DELAY
 * @power: Of a function.
 *
 * Return: What a program has set, else what the properties say; ms.
 */
u32 winusb_power_suspend_delay(const struct winusb_power *power)
{
	return power->has_delay ? power->delay : power->idle_timeout;
}
WINUSB_EXPORT_FOR_TESTS(winusb_power_suspend_delay);

/**
 * winusb_power_check - May a device sleep, as far as it is a matter of settings?
 * @power: What its function says.
 * @device: What the device and the system say.
 *
 * Return: The first rule that says no, or WINUSB_POWER_MAY_SLEEP.
 */
enum winusb_power_rule winusb_power_check(const struct winusb_power *power,
					  const struct winusb_power_device *device)
{
	if (!power->idle_enabled)
		return WINUSB_POWER_NOT_ENABLED;
	if (!device->user)
		return WINUSB_POWER_USER;
	if (!device->wake && !power->ignore_wake)
		return WINUSB_POWER_NO_WAKE;
	if (!winusb_power_auto_suspend(power))
		return power->has_auto_suspend ? WINUSB_POWER_PROGRAM : WINUSB_POWER_STATE;
	if (device->delay < 0)
		return WINUSB_POWER_SYSTEM;
	return WINUSB_POWER_MAY_SLEEP;
}
WINUSB_EXPORT_FOR_TESTS(winusb_power_check);

/* Can the device wake the host out of its own sleep? As usbcore sees it when it suspends one. */
static bool winusb_power_can_wake(struct usb_device *udev)
{
	if (!device_can_wakeup(&udev->dev))
		return false;
	return udev->parent != udev->bus->root_hub || !bus_to_hcd(udev->bus)->cant_recv_wakeups;
}

/* Let a bound interface keep the device awake, or not. */
static void winusb_power_hold(struct winusb_interface *wi, bool hold)
{
	lockdep_assert_held(&winusb_functions_lock);

	if (wi->held == hold)
		return;
	wi->held = hold;
	WRITE_ONCE(wi->may_sleep, !hold);
	if (hold) {
		usb_autopm_get_interface_no_resume(wi->intf);
		pm_request_resume(&wi->intf->dev);
	} else {
		usb_autopm_put_interface_async(wi->intf);
	}
}

static void winusb_power_set_delay(struct winusb_device *wd, int delay)
{
	struct device *dev = &wd->udev->dev;

	lockdep_assert_held(&wd->power_lock);

	if (delay == wd->power_delay)
		return;
	wd->power_delay = delay;
	if (winusb_pm_delay(dev) >= 0)
		pm_runtime_set_autosuspend_delay(dev, delay);
}

/* A function of the device has DeviceIdleEnabled. */
static void winusb_power_allow(struct winusb_device *wd, int delay)
{
	if (!wd->power_auto) {
		wd->power_auto = true;
		wd->power_allowed = winusb_pm_is_allowed(&wd->udev->dev);
		wd->power_old_delay = winusb_pm_delay(&wd->udev->dev);
		usb_enable_autosuspend(wd->udev);
	}
	winusb_power_set_delay(wd, delay);
}

/* None has it any more: what the driver has changed, and nobody since, is as it was. */
static void winusb_power_restore(struct winusb_device *wd)
{
	if (!wd->power_auto)
		return;
	wd->power_auto = false;
	if (!wd->power_allowed)
		usb_disable_autosuspend(wd->udev);
	if (winusb_pm_delay(&wd->udev->dev) == wd->power_delay)
		winusb_power_set_delay(wd, wd->power_old_delay);
	wd->power_delay = -1;
}

/* SystemWakeEnabled. The administrator has power/wakeup. */
static void winusb_power_set_wakeup(struct winusb_device *wd, bool enable)
{
	struct device *dev = &wd->udev->dev;

	if (enable == wd->power_wakeup || (enable && device_may_wakeup(dev)))
		return;
	wd->power_wakeup = !device_set_wakeup_enable(dev, enable) && enable;
}

static void winusb_power_settle_device(struct winusb_device *wd)
{
	struct winusb_function *fn = NULL;
	bool allow = false, wakeup = false;
	u32 delay = 0;

	lockdep_assert_held(&wd->power_lock);

	mutex_lock(&winusb_functions_lock);
	while ((fn = winusb_function_next(wd->udev, fn))) {
		wakeup |= fn->power.system_wake;
		if (!fn->power.idle_enabled)
			continue;
		allow = true;
		delay = max(delay, winusb_power_suspend_delay(&fn->power));
	}
	mutex_unlock(&winusb_functions_lock);
	if (allow)
		winusb_power_allow(wd, min_t(u32, delay, INT_MAX));
	else
		winusb_power_restore(wd);
	winusb_power_set_wakeup(wd, wakeup);
}

/**
 * winusb_power_settle - Do what follows from what a function wants
 * @fn: The function. Its interfaces may have left. The caller holds none of the locks but the
 *	device's.
 */
void winusb_power_settle(struct winusb_function *fn)
{
	unsigned int noio = memalloc_noio_save();	/* disconnect() takes the lock */
	struct winusb_device *wd = fn->device;
	struct winusb_interface *wi;
	bool hold;

	mutex_lock(&wd->power_lock);
	winusb_power_settle_device(wd);
	mutex_lock(&winusb_functions_lock);
	hold = !fn->power.idle_enabled || !winusb_power_auto_suspend(&fn->power);
	list_for_each_entry(wi, &fn->interfaces, sibling)
		winusb_power_hold(wi, hold);
	mutex_unlock(&winusb_functions_lock);
	mutex_unlock(&wd->power_lock);
	memalloc_noio_restore(noio);
}
WINUSB_EXPORT_FOR_TESTS(winusb_power_settle);

static bool winusb_power_property(struct winusb_function *fn, const char *name)
{
	u32 value;

	return winusb_property_get_number(fn, name, &value) && value;
}

static void winusb_power_read_properties(struct winusb_function *fn)
{
	struct winusb_power *power = &fn->power;

	lockdep_assert_held(&winusb_functions_lock);

	power->idle_enabled = winusb_power_property(fn, "DeviceIdleEnabled");
	power->idle_state = winusb_power_property(fn, "DefaultIdleState");
	power->ignore_wake = winusb_power_property(fn, "DeviceIdleIgnoreWakeEnable");
	power->system_wake = winusb_power_property(fn, "SystemWakeEnabled");
	if (!winusb_property_get_number(fn, "DefaultIdleTimeout", &power->idle_timeout))
		power->idle_timeout = WINUSB_SUSPEND_DELAY_MS;
}

static void winusb_power_update_locked(struct winusb_function *fn)
{
	bool reset = fn->udev->quirks & USB_QUIRK_RESET_RESUME;
	bool wake = winusb_power_can_wake(fn->udev);
	struct winusb_interface *wi;

	device_lock_assert(&fn->udev->dev);

	mutex_lock(&winusb_functions_lock);
	winusb_power_read_properties(fn);
	/* With this usbcore does not suspend a device that is reset when it wakes, either. */
	list_for_each_entry(wi, &fn->interfaces, sibling)
		wi->intf->needs_remote_wakeup = wake || !fn->power.ignore_wake || reset;
	mutex_unlock(&winusb_functions_lock);
	winusb_power_settle(fn);
	/* usbcore looks at that when it suspends a device, and not when it sleeps already. */
	if (!wake && !fn->power.ignore_wake)
		pm_request_resume(&fn->udev->dev);
}

/**
 * winusb_power_update - Properties of a function may have changed
 * @fn: The function. The caller holds a reference, and none of the locks.
 */
void winusb_power_update(struct winusb_function *fn)
{
	usb_lock_device(fn->udev);
	winusb_power_update_locked(fn);
	usb_unlock_device(fn->udev);
	/* Who was refused before may be allowed now, and nobody would ask. */
	pm_request_idle(&fn->udev->dev);
}

/**
 * winusb_power_join - An interface is bound
 * @wi: The interface, in its function. Its device is locked.
 *
 * The device stays awake until it is known what it says.
 */
void winusb_power_join(struct winusb_interface *wi)
{
	/* Its siblings see it already: one of them may be faster. */
	mutex_lock(&winusb_functions_lock);
	winusb_power_hold(wi, true);
	mutex_unlock(&winusb_functions_lock);
	winusb_power_update_locked(wi->fn);
}
WINUSB_EXPORT_FOR_TESTS(winusb_power_join);

/**
 * winusb_power_leave - An interface was unbound
 * @wi: The interface, not in its function any more. Its device is locked.
 */
void winusb_power_leave(struct winusb_interface *wi)
{
	WRITE_ONCE(wi->may_sleep, false);
	if (wi->held)
		usb_autopm_put_interface_no_suspend(wi->intf);
	wi->held = false;
	winusb_power_settle(wi->fn);
}

/**
 * winusb_power_forget - What a file has set ends with it
 * @fn: The function. The caller holds winusb_functions_lock.
 *
 * Return: true if there was something; then the caller calls winusb_power_settle() when it has
 * dropped the lock.
 */
bool winusb_power_forget(struct winusb_function *fn)
{
	struct winusb_power *power = &fn->power;
	bool changed = power->has_auto_suspend || power->has_delay;

	lockdep_assert_held(&winusb_functions_lock);

	power->has_auto_suspend = false;
	power->has_delay = false;
	return changed;
}

/* May this handle ask, and for this? The caller holds winusb_functions_lock. */
static int winusb_power_check_policy(struct winusb_handle *wh, u32 policy)
{
	struct winusb_interface *wi = wh->wf->wi;

	lockdep_assert_held(&winusb_functions_lock);

	if (policy != WINUSB_POWER_AUTO_SUSPEND && policy != WINUSB_POWER_SUSPEND_DELAY)
		return -EINVAL;
	if (wh->associated || !winusb_function_is_default(wi->fn, wi))
		return -EINVAL;
	return wh->wf->gone || list_empty(&wi->sibling) ? -ENODEV : 0;
}

/**
 * winusb_power_get_policy - Ask for a power policy (WinUsb_GetPowerPolicy)
 * @wh: A handle of the function's default interface.
 * @policy: WINUSB_POWER_ number.
 * @value: Where the value goes.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_power_get_policy(struct winusb_handle *wh, u32 policy, u32 *value)
{
	const struct winusb_power *power = &wh->wf->wi->fn->power;
	int ret;

	mutex_lock(&winusb_functions_lock);
	ret = winusb_power_check_policy(wh, policy);
	if (!ret)
		*value = policy == WINUSB_POWER_AUTO_SUSPEND ? winusb_power_auto_suspend(power) :
			winusb_power_suspend_delay(power);
	mutex_unlock(&winusb_functions_lock);
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_power_get_policy);

/**
 * winusb_power_set_policy - Set a power policy (WinUsb_SetPowerPolicy)
 * @wh: A handle of the function's default interface.
 * @policy: WINUSB_POWER_ number.
 * @value: The value.
 *
 * Return: 0 or an error of the contract.
 */
int winusb_power_set_policy(struct winusb_handle *wh, u32 policy, u32 value)
{
	struct winusb_function *fn = wh->wf->wi->fn;
	struct winusb_power *power = &fn->power;
	int ret;

	mutex_lock(&winusb_functions_lock);
	ret = winusb_power_check_policy(wh, policy);
	if (!ret && policy == WINUSB_POWER_AUTO_SUSPEND) {
		power->has_auto_suspend = true;
		power->auto_suspend = value;
	} else if (!ret) {
		power->has_delay = true;
		power->delay = value;
	}
	mutex_unlock(&winusb_functions_lock);
	if (!ret)
		winusb_power_settle(fn);
	return ret;
}
WINUSB_EXPORT_FOR_TESTS(winusb_power_set_policy);

/* Is there a transfer in the function that keeps the device awake? */
static bool winusb_power_is_busy(struct winusb_function *fn)
{
	struct winusb_interface *wi;
	unsigned long flags;
	bool busy = false;
	unsigned int i;

	lockdep_assert_held(&winusb_functions_lock);

	list_for_each_entry(wi, &fn->interfaces, sibling) {
		/* Whoever has it for long works on the device. */
		if (!down_read_trylock(&wi->gate)) {
			busy = true;
			continue;
		}
		for (i = 0; i <= wi->num_pipes; i++) {
			struct winusb_pipe *pipe = i < wi->num_pipes ? &wi->pipes[i] : &wi->control;

			spin_lock_irqsave(&pipe->lock, flags);
			busy |= winusb_pipe_is_powered(pipe);
			spin_unlock_irqrestore(&pipe->lock, flags);
		}
		up_read(&wi->gate);
	}
	return busy;
}

/* The same, of any function of the device. */
static enum winusb_power_rule winusb_power_check_transfers(struct winusb_function *fn)
{
	enum winusb_power_rule rule = WINUSB_POWER_MAY_SLEEP;
	struct winusb_function *other = NULL;

	lockdep_assert_held(&winusb_functions_lock);

	if (winusb_power_is_busy(fn))
		return WINUSB_POWER_TRANSFER;
	while ((other = winusb_function_next(fn->udev, other)))
		if (other != fn && winusb_power_is_busy(other))
			rule = WINUSB_POWER_INTERFACE;
	return rule;
}

/* What keeps the device of an interface awake? A moment later it may be something else. */
static enum winusb_power_rule winusb_power_blocked_by(struct winusb_interface *wi)
{
	struct usb_device *udev = wi->udev;
	struct winusb_power_device device = {
		.user = winusb_pm_is_allowed(&udev->dev),
		.wake = winusb_power_can_wake(udev),
		.delay = winusb_pm_delay(&udev->dev),
	};
	enum winusb_power_rule rule;

	if (pm_runtime_status_suspended(&udev->dev))
		return WINUSB_POWER_MAY_SLEEP;
	mutex_lock(&winusb_functions_lock);
	rule = winusb_power_check(&wi->fn->power, &device);
	if (rule == WINUSB_POWER_MAY_SLEEP)
		rule = winusb_power_check_transfers(wi->fn);
	mutex_unlock(&winusb_functions_lock);
	if (rule != WINUSB_POWER_MAY_SLEEP)
		return rule;
	if (winusb_pm_has_active_children(&udev->dev))
		return WINUSB_POWER_INTERFACE;
	if (udev->quirks & USB_QUIRK_RESET_RESUME)
		return WINUSB_POWER_KERNEL;
	if (!winusb_pm_is_active(&udev->dev))
		return WINUSB_POWER_MAY_SLEEP;	/* it is falling asleep, or waking up */
	return winusb_pm_waits(&udev->dev) ? WINUSB_POWER_DELAY : WINUSB_POWER_KERNEL;
}

static struct winusb_interface *winusb_power_from_dev(struct device *dev)
{
	return container_of(dev, struct winusb_interface, dev);
}

static const char * const winusb_power_names[] = {
	[WINUSB_POWER_MAY_SLEEP] = "none",
	[WINUSB_POWER_NOT_ENABLED] = "DeviceIdleEnabled",
	[WINUSB_POWER_USER] = "power/control",
	[WINUSB_POWER_NO_WAKE] = "DeviceIdleIgnoreWakeEnable",
	[WINUSB_POWER_PROGRAM] = "AUTO_SUSPEND",
	[WINUSB_POWER_STATE] = "DefaultIdleState",
	[WINUSB_POWER_SYSTEM] = "power/autosuspend_delay_ms",
	[WINUSB_POWER_INTERFACE] = "interface",
	[WINUSB_POWER_TRANSFER] = "transfer",
	[WINUSB_POWER_DELAY] = "SUSPEND_DELAY",
	[WINUSB_POWER_KERNEL] = "kernel",
};

static ssize_t winusb_blocked_by_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	enum winusb_power_rule rule = winusb_power_blocked_by(winusb_power_from_dev(dev));

	return sysfs_emit(buf, "%s\n", winusb_power_names[rule]);
}

static struct device_attribute winusb_attr_blocked_by =
	__ATTR(blocked_by, 0444, winusb_blocked_by_show, NULL);

static ssize_t winusb_auto_suspend_show(struct device *dev, struct device_attribute *attr,
					char *buf)
{
	struct winusb_function *fn = winusb_power_from_dev(dev)->fn;
	bool value;

	mutex_lock(&winusb_functions_lock);
	value = winusb_power_auto_suspend(&fn->power);
	mutex_unlock(&winusb_functions_lock);
	return sysfs_emit(buf, "%d\n", value);
}

static struct device_attribute winusb_attr_auto_suspend =
	__ATTR(auto_suspend, 0444, winusb_auto_suspend_show, NULL);

static ssize_t winusb_suspend_delay_show(struct device *dev, struct device_attribute *attr,
					 char *buf)
{
	struct winusb_function *fn = winusb_power_from_dev(dev)->fn;
	u32 value;

	mutex_lock(&winusb_functions_lock);
	value = winusb_power_suspend_delay(&fn->power);
	mutex_unlock(&winusb_functions_lock);
	return sysfs_emit(buf, "%u\n", value);
}

static struct device_attribute winusb_attr_suspend_delay =
	__ATTR(suspend_delay_ms, 0444, winusb_suspend_delay_show, NULL);

static struct attribute *winusb_power_attrs[] = {
	&winusb_attr_auto_suspend.attr,
	&winusb_attr_suspend_delay.attr,
	&winusb_attr_blocked_by.attr,
	NULL,
};

const struct attribute_group winusb_power_group = {
	.name = "power_policy",
	.attrs = winusb_power_attrs,
};
WINUSB_EXPORT_FOR_TESTS(winusb_power_group);
