// SPDX-License-Identifier: GPL-2.0-only
/*
 * winusb_steady: devices on dummy_hcd keep their connection while the system sleeps.
 *
 * The controllers of dummy_hcd's device side pull their cables out when they are put to sleep, so
 * that each sleep of the system ends with a reset-resume at best. While this module is loaded, they
 * are left alone by it, and devices see an ordinary suspend and resume.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/string.h>

static int winusb_steady_set(struct device *dev, void *on)
{
	if (str_has_prefix(dev_name(dev), "dummy_udc."))
		dev_pm_syscore_device(dev, !!on);
	return 0;
}

static int __init winusb_steady_init(void)
{
	return bus_for_each_dev(&platform_bus_type, NULL, THIS_MODULE, winusb_steady_set);
}
module_init(winusb_steady_init);

static void __exit winusb_steady_exit(void)
{
	bus_for_each_dev(&platform_bus_type, NULL, NULL, winusb_steady_set);
}
module_exit(winusb_steady_exit);

MODULE_DESCRIPTION("dummy_hcd that keeps its connections over system sleep, for tests of winusb");
MODULE_LICENSE("GPL");
