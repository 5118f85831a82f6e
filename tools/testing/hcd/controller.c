// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scripted host controller: making and removing controllers.
 *
 * Each controller is a usb_hcd on a platform device of its own. The hc_driver
 * structures live as long as the module, because usbcore may look at one after
 * the controller is gone.
 */

#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "internal.h"

#define WINUSB_HCD_NAME		"winusb_hcd"
#define WINUSB_HCD_PORTS	4

static int winusb_hcd_setup_hcd(struct usb_hcd *hcd)
{
	struct winusb_hcd *hc = winusb_hcd_of(hcd);

	if (!(hc->flags & WINUSB_HCD_F_NO_SG)) {
		hcd->self.sg_tablesize = hc->sg_tablesize ? : ~0U;
		hcd->self.no_sg_constraint = !hc->sg_tablesize;
	}
	return 0;
}

static int winusb_hcd_start(struct usb_hcd *hcd)
{
	hcd->state = HC_STATE_RUNNING;
	hcd->uses_new_polling = 1;
	return 0;
}

static void winusb_hcd_stop(struct usb_hcd *hcd)
{
	hcd->state = HC_STATE_HALT;
}

static const struct hc_driver winusb_hcd_template = {
	.description = WINUSB_HCD_NAME,
	.product_desc = "Scripted host controller",
	.hcd_priv_size = sizeof(struct winusb_hcd *),
	.reset = winusb_hcd_setup_hcd,
	.start = winusb_hcd_start,
	.stop = winusb_hcd_stop,
	.urb_enqueue = winusb_hcd_urb_enqueue,
	.urb_dequeue = winusb_hcd_urb_dequeue,
	.get_frame_number = winusb_hcd_frame_number,
	.add_endpoint = winusb_hcd_add_endpoint,
	.drop_endpoint = winusb_hcd_drop_endpoint,
	.check_bandwidth = winusb_hcd_check_bandwidth,
	.reset_bandwidth = winusb_hcd_reset_bandwidth,
	.hub_status_data = winusb_hcd_hub_status_data,
	.hub_control = winusb_hcd_hub_control,
	.bus_suspend = winusb_hcd_bus_suspend,
	.bus_resume = winusb_hcd_bus_resume,
};

/* By speed, WINUSB_HCD_F_BH and WINUSB_HCD_F_DMA. */
static struct hc_driver winusb_hcd_drivers[3][2][2];

static void winusb_hcd_init_drivers(void)
{
	static const int speeds[3] = { HCD_USB11, HCD_USB2, HCD_USB3 };
	struct hc_driver *driver;
	unsigned int s, bh, dma;

	for (s = 0; s < 3; s++)
		for (bh = 0; bh < 2; bh++)
			for (dma = 0; dma < 2; dma++) {
				driver = &winusb_hcd_drivers[s][bh][dma];
				*driver = winusb_hcd_template;
				driver->flags = speeds[s] |
						(bh ? HCD_BH : 0) |
						(dma ? HCD_DMA : 0);
			}
}

static const struct hc_driver *winusb_hcd_driver(const struct winusb_hcd *hc)
{
	unsigned int s = hc->speed == USB_SPEED_SUPER ? 2 :
			 hc->speed == USB_SPEED_HIGH ? 1 : 0;

	return &winusb_hcd_drivers[s][!!(hc->flags & WINUSB_HCD_F_BH)]
				  [!!(hc->flags & WINUSB_HCD_F_DMA)];
}

static int winusb_hcd_configure(struct winusb_hcd *hc,
				const struct winusb_hcd_config *config)
{
	hc->speed = config->speed ? : USB_SPEED_HIGH;
	hc->flags = config->flags;
	hc->sg_tablesize = config->sg_tablesize;
	hc->nr_ports = config->ports ? : WINUSB_HCD_PORTS;
	if (hc->nr_ports > WINUSB_HCD_MAX_PORTS)
		return -EINVAL;
	switch (hc->speed) {
	case USB_SPEED_FULL:
	case USB_SPEED_HIGH:
	case USB_SPEED_SUPER:
		return 0;
	default:
		return -EINVAL;
	}
}

/* The core looks at dev->driver->name of a controller: it has to be bound. */
static struct platform_device *winusb_hcd_pdev_new(struct winusb_hcd *hc)
{
	struct platform_device *pdev;
	int ret;

	pdev = platform_device_register_simple(WINUSB_HCD_NAME,
					       PLATFORM_DEVID_AUTO, NULL, 0);
	if (IS_ERR(pdev))
		return pdev;
	ret = pdev->dev.driver ? 0 : -ENODEV;
	if (!ret && (hc->flags & WINUSB_HCD_F_DMA))
		ret = dma_coerce_mask_and_coherent(&pdev->dev,
						   DMA_BIT_MASK(64));
	if (ret) {
		platform_device_unregister(pdev);
		return ERR_PTR(ret);
	}
	return pdev;
}

static int winusb_hcd_add(struct winusb_hcd *hc)
{
	struct usb_hcd *hcd;
	int ret;

	hcd = usb_create_hcd(winusb_hcd_driver(hc), &hc->pdev->dev,
			     dev_name(&hc->pdev->dev));
	if (!hcd)
		return -ENOMEM;
	*(struct winusb_hcd **)hcd->hcd_priv = hc;
	hc->hcd = hcd;
	hcd->has_tt = hc->speed == USB_SPEED_HIGH;
	hcd->skip_phy_initialization = 1;
	usb_register_notify(&hc->notifier);
	ret = usb_add_hcd(hcd, 0, 0);
	if (ret) {
		usb_unregister_notify(&hc->notifier);
		usb_put_hcd(hcd);
	}
	return ret;
}

/**
 * winusb_hcd_create - make a controller with its root hub
 * @config: what kind; NULL for a high speed one with four ports
 *
 * May sleep.
 *
 * Return: the controller, or an error pointer: -EINVAL for an unknown speed or
 * too many ports, or what the driver core and usbcore said.
 */
struct winusb_hcd *winusb_hcd_create(const struct winusb_hcd_config *config)
{
	static const struct winusb_hcd_config plain;
	struct winusb_hcd *hc;
	int ret;

	hc = kzalloc(sizeof(*hc), GFP_KERNEL);
	if (!hc)
		return ERR_PTR(-ENOMEM);
	spin_lock_init(&hc->lock);
	init_waitqueue_head(&hc->wait);
	INIT_LIST_HEAD(&hc->devs);
	INIT_LIST_HEAD(&hc->done);
	tasklet_setup(&hc->tasklet, winusb_hcd_tasklet);
	INIT_WORK(&hc->unlink_work, winusb_hcd_unlink_work);
	winusb_hcd_clock_init(hc);
	hc->notifier.notifier_call = winusb_hcd_notify;

	ret = winusb_hcd_configure(hc, config ? : &plain);
	if (ret)
		goto err_free_hc;
	hc->pdev = winusb_hcd_pdev_new(hc);
	if (IS_ERR(hc->pdev)) {
		ret = PTR_ERR(hc->pdev);
		goto err_free_hc;
	}
	ret = winusb_hcd_add(hc);
	if (ret)
		goto err_unregister_pdev;
	return hc;

err_unregister_pdev:
	tasklet_kill(&hc->tasklet);
	platform_device_unregister(hc->pdev);
err_free_hc:
	kfree(hc);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(winusb_hcd_create);

/**
 * winusb_hcd_destroy - unplug everything and remove a controller
 * @hc: the controller, or NULL; its devices are freed with it
 *
 * May sleep.
 */
void winusb_hcd_destroy(struct winusb_hcd *hc)
{
	struct winusb_hcd_dev *dev, *next;

	if (!hc)
		return;
	winusb_hcd_unlink_delay(hc, 0);
	winusb_hcd_slow_unlink(hc, false);
	list_for_each_entry_safe(dev, next, &hc->devs, node)
		winusb_hcd_dev_destroy(dev);
	usb_remove_hcd(hc->hcd);
	usb_unregister_notify(&hc->notifier);
	cancel_work_sync(&hc->unlink_work);
	winusb_hcd_clock_exit(hc);
	tasklet_kill(&hc->tasklet);
	usb_put_hcd(hc->hcd);
	platform_device_unregister(hc->pdev);
	kfree(hc);
}
EXPORT_SYMBOL_GPL(winusb_hcd_destroy);

/**
 * winusb_hcd_bus - the bus of a controller
 * @hc: the controller
 *
 * Return: the bus; its root_hub is the root hub.
 */
struct usb_bus *winusb_hcd_bus(struct winusb_hcd *hc)
{
	return &hc->hcd->self;
}
EXPORT_SYMBOL_GPL(winusb_hcd_bus);

/**
 * winusb_hcd_flags - change flags of a controller
 * @hc: the controller
 * @flags: of WINUSB_HCD_F_SWITCHES
 * @on: set or clear them
 */
void winusb_hcd_flags(struct winusb_hcd *hc, unsigned int flags, bool on)
{
	unsigned long irq;

	if (WARN_ON(flags & ~WINUSB_HCD_F_SWITCHES))
		return;
	spin_lock_irqsave(&hc->lock, irq);
	if (on)
		hc->flags |= flags;
	else
		hc->flags &= ~flags;
	spin_unlock_irqrestore(&hc->lock, irq);
}
EXPORT_SYMBOL_GPL(winusb_hcd_flags);

static int winusb_hcd_probe(struct platform_device *pdev)
{
	return 0;
}

static struct platform_driver winusb_hcd_platform_driver = {
	.probe = winusb_hcd_probe,
	.driver = {
		.name = WINUSB_HCD_NAME,
		.suppress_bind_attrs = true,
	},
};

static int __init winusb_hcd_init(void)
{
	if (usb_disabled())
		return -ENODEV;
	winusb_hcd_init_drivers();
	return platform_driver_register(&winusb_hcd_platform_driver);
}
module_init(winusb_hcd_init);

static void __exit winusb_hcd_exit(void)
{
	platform_driver_unregister(&winusb_hcd_platform_driver);
}
module_exit(winusb_hcd_exit);

MODULE_DESCRIPTION("Scripted USB host controller for tests");
MODULE_LICENSE("GPL");
