// SPDX-License-Identifier: GPL-2.0-only
/*
 * winusb: the generic driver for USB interfaces that programs drive themselves, with the semantics
 * of Winusb.sys. This file ties it to usbcore and to the module loader.
 */
#include <linux/module.h>
#include <linux/usb.h>

#include "autobind.h"
#include "compat.h"
#include "device.h"
#include "id.h"
#include "interface.h"
#include "property.h"
#include "suspend.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * usbcore asks about every interface that nobody has, and winusb_probe() refuses those that are not
 * ours. Not MODULE_DEVICE_TABLE(): nothing loads this module by itself.
 */
static const struct usb_device_id winusb_id_table[] = {
	{ .driver_info = 1 },
	{ }
};

static int winusb_probe(struct usb_interface *intf, const struct usb_device_id *id)
{
	bool whole;

	/* Another id came from new_id. */
	if (!winusb_autobind_wants(intf, id != &winusb_id_table[0], &whole))
		return -ENODEV;
	return winusb_interface_bind(intf, whole);
}

static void winusb_disconnect(struct usb_interface *intf)
{
	winusb_interface_unbind(usb_get_intfdata(intf));
}

static int winusb_pre_reset(struct usb_interface *intf)
{
	winusb_interface_pre_reset(usb_get_intfdata(intf));
	return 0;
}

static int winusb_post_reset(struct usb_interface *intf)
{
	winusb_interface_post_reset(usb_get_intfdata(intf));
	return 0;
}

static int winusb_driver_suspend(struct usb_interface *intf, pm_message_t message)
{
	return winusb_suspend(usb_get_intfdata(intf), PMSG_IS_AUTO(message));
}

static int winusb_driver_resume(struct usb_interface *intf)
{
	winusb_suspend_resume(usb_get_intfdata(intf));
	return 0;
}

static int winusb_driver_reset_resume(struct usb_interface *intf)
{
	winusb_suspend_reset_resume(usb_get_intfdata(intf));
	return 0;
}

static const struct attribute_group *winusb_driver_groups[] = {
	&winusb_id_group,
	&winusb_property_group,
	NULL,
};

static struct usb_driver winusb_driver = {
	.name = "winusb",
	.id_table = winusb_id_table,
	.probe = winusb_probe,
	.disconnect = winusb_disconnect,
	.pre_reset = winusb_pre_reset,
	.post_reset = winusb_post_reset,
	.suspend = winusb_driver_suspend,
	.resume = winusb_driver_resume,
	.reset_resume = winusb_driver_reset_resume,
	.supports_autosuspend = 1,
	.WINUSB_CORE_DRIVER.groups = winusb_driver_groups,
};

static int winusb_register(void)
{
	return usb_register(&winusb_driver);
}

static int __init winusb_init(void)
{
	int ret;

	ret = winusb_pipe_create_workqueue();
	if (ret)
		return ret;
	ret = winusb_devices_init();
	if (ret)
		goto err_workqueue;
	ret = winusb_interface_register_class();
	if (ret)
		goto err_devices;
	ret = winusb_autobind_register(&winusb_driver.WINUSB_CORE_DRIVER, winusb_register);
	if (ret)
		goto err_class;
	return 0;

err_class:
	winusb_interface_unregister_class();
err_devices:
	winusb_devices_exit();
err_workqueue:
	winusb_pipe_destroy_workqueue();
	return ret;
}
module_init(winusb_init);

static void __exit winusb_exit(void)
{
	winusb_autobind_stop();
	winusb_devices_flush();
	usb_deregister(&winusb_driver);
	winusb_devices_exit();
	winusb_id_forget_all();
	winusb_properties_forget_all();
	winusb_interface_unregister_class();
	winusb_pipe_destroy_workqueue();
}
module_exit(winusb_exit);

MODULE_DESCRIPTION("WinUSB semantics for USB devices without a driver of their own");
MODULE_AUTHOR("The winusb for Linux authors");
MODULE_LICENSE("GPL");
