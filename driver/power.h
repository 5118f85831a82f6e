/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_POWER_H
#define WINUSB_POWER_H

#include <linux/types.h>

struct attribute_group;
struct winusb_device;
struct winusb_file;
struct winusb_function;
struct winusb_handle;
struct winusb_interface;

#define WINUSB_SUSPEND_DELAY_MS 5000	/* without DefaultIdleTimeout (winusb.md 3.2) */

/**
 * struct winusb_power - Who wants a function to sleep, and when (winusb.md 3.2)
 * @idle_enabled: DeviceIdleEnabled.
 * @idle_state: DefaultIdleState.
 * @idle_timeout: DefaultIdleTimeout, ms.
 * @ignore_wake: DeviceIdleIgnoreWakeEnable.
 * @system_wake: SystemWakeEnabled.
 * @has_auto_suspend: The file on the default interface has set AUTO_SUSPEND.
 * @auto_suspend: To this.
 * @has_delay: It has set SUSPEND_DELAY.
 * @delay: To this, ms.
 */
struct winusb_power {
	bool idle_enabled;
	bool idle_state;
	u32 idle_timeout;
	bool ignore_wake;
	bool system_wake;
	bool has_auto_suspend;
	bool auto_suspend;
	bool has_delay;
	u32 delay;
};

/**
 * enum winusb_power_rule - Which rule keeps a device awake, the first that does
 * @WINUSB_POWER_MAY_SLEEP: None.
 * @WINUSB_POWER_NOT_ENABLED: The function has no DeviceIdleEnabled.
 * @WINUSB_POWER_USER: The administrator does not allow it, or nobody has yet: power/control.
 * @WINUSB_POWER_NO_WAKE: The device can't wake the host, and DeviceIdleIgnoreWakeEnable is not set.
 * @WINUSB_POWER_PROGRAM: A program has switched AUTO_SUSPEND off.
 * @WINUSB_POWER_STATE: DefaultIdleState is not set, and no program has switched AUTO_SUSPEND on.
 * @WINUSB_POWER_SYSTEM: The delay is negative: the system, or the administrator, wants no suspend.
 * @WINUSB_POWER_INTERFACE: Another interface of the device is in use.
 * @WINUSB_POWER_TRANSFER: A control transfer or a write is pending.
 * @WINUSB_POWER_DELAY: It was not idle for long enough.
 * @WINUSB_POWER_KERNEL: Something else in the kernel.
 */
enum winusb_power_rule {
	WINUSB_POWER_MAY_SLEEP,
	WINUSB_POWER_NOT_ENABLED,
	WINUSB_POWER_USER,
	WINUSB_POWER_NO_WAKE,
	WINUSB_POWER_PROGRAM,
	WINUSB_POWER_STATE,
	WINUSB_POWER_SYSTEM,
	WINUSB_POWER_INTERFACE,
	WINUSB_POWER_TRANSFER,
	WINUSB_POWER_DELAY,
	WINUSB_POWER_KERNEL,
};

/**
 * struct winusb_power_device - What the device and the system have to say about it
 * @user: The administrator allows it.
 * @wake: The device can wake the host.
 * @delay: The delay that is in force, ms.
 */
struct winusb_power_device {
	bool user;
	bool wake;
	int delay;
};

extern const struct attribute_group winusb_power_group;

bool winusb_power_auto_suspend(const struct winusb_power *power);
u32 winusb_power_suspend_delay(const struct winusb_power *power);
enum winusb_power_rule winusb_power_check(const struct winusb_power *power,
					  const struct winusb_power_device *device);

void winusb_power_join(struct winusb_interface *wi);
void winusb_power_leave(struct winusb_interface *wi);
void winusb_power_update(struct winusb_function *fn);
bool winusb_power_forget(struct winusb_function *fn);
void winusb_power_settle(struct winusb_function *fn);
int winusb_power_get_policy(struct winusb_handle *wh, u32 policy, u32 *value);
int winusb_power_set_policy(struct winusb_handle *wh, u32 policy, u32 value);

#endif /* WINUSB_POWER_H */
