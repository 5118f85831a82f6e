// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bench on which the scripted host controller is tested: a controller with
 * one device, and URBs that note how they completed. usbcore alone is above.
 */

#include <linux/err.h>
#include <linux/hardirq.h>
#include <linux/slab.h>

#include "hcd_bench.h"

static const struct usb_device_descriptor winusb_hcd_test_device =
	WINUSB_DEVICE(0x0200, 64, WINUSB_HCD_PRODUCT);

static const struct usb_device_descriptor winusb_hcd_test_ss_device =
	WINUSB_DEVICE(0x0300, 9, WINUSB_HCD_PRODUCT);

static const u8 winusb_hcd_test_config[] = {
	WINUSB_CONFIG_WAKE(2),
	WINUSB_INTERFACE(0, 0, 3),
	WINUSB_BULK(0x81, 512),
	WINUSB_BULK(0x02, 512),
	WINUSB_INT(0x83, 64, 4),
	WINUSB_INTERFACE(1, 0, 0),
	WINUSB_INTERFACE(1, 1, 2),
	WINUSB_ISOC(0x84, 512, 1),
	WINUSB_ISOC(0x05, 512, 1),
	WINUSB_INTERFACE(1, 2, 2),
	WINUSB_ISOC(0x84, 512, 3),
	WINUSB_ISOC(0x05, 512, 3),
};

static const u8 winusb_hcd_test_fs_config[] = {
	WINUSB_CONFIG_WAKE(2),
	WINUSB_INTERFACE(0, 0, 3),
	WINUSB_BULK(0x81, 64),
	WINUSB_BULK(0x02, 64),
	WINUSB_INT(0x83, 8, 10),
	WINUSB_INTERFACE(1, 0, 0),
	WINUSB_INTERFACE(1, 1, 2),
	WINUSB_ISOC(0x84, 512, 1),
	WINUSB_ISOC(0x05, 512, 1),
};

static const u8 winusb_hcd_test_ss_config[] = {
	WINUSB_CONFIG_WAKE(2),
	WINUSB_INTERFACE(0, 0, 3),
	WINUSB_BULK(0x81, 1024),
	WINUSB_COMPANION(3, 0, 0),
	WINUSB_BULK(0x02, 1024),
	WINUSB_COMPANION(3, 0, 0),
	WINUSB_INT(0x83, 64, 4),
	WINUSB_COMPANION(0, 0, 64),
	WINUSB_INTERFACE(1, 0, 0),
	WINUSB_INTERFACE(1, 1, 2),
	WINUSB_ISOC(0x84, 512, 1),
	WINUSB_COMPANION(0, 0, 512),
	WINUSB_ISOC(0x05, 512, 1),
	WINUSB_COMPANION(0, 0, 512),
};

static const u8 winusb_hcd_test_bos[] = {
	5, USB_DT_BOS, 22, 0, 2,
	7, USB_DT_DEVICE_CAPABILITY, USB_CAP_TYPE_EXT, 0, 0, 0, 0,
	10, USB_DT_DEVICE_CAPABILITY, USB_SS_CAP_TYPE, 0, 0x0e, 0, 1, 10, 0xff,
	0x07,
};

static const char * const winusb_hcd_test_strings[] = { "maker", "thing" };

const struct winusb_hcd_variant winusb_hcd_variants[WINUSB_HCD_VARIANTS] = {
	{ "plain", 0 },
	{ "bh_dma", WINUSB_HCD_F_BH | WINUSB_HCD_F_DMA },
	{ "inline", WINUSB_HCD_F_INLINE },
};

const struct winusb_hcd_variant winusb_hcd_speeds[WINUSB_HCD_SPEEDS] = {
	{ "full", 0, USB_SPEED_FULL },
	{ "high", 0, USB_SPEED_HIGH },
	{ "super", 0, USB_SPEED_SUPER },
	{ "super_bh_dma", WINUSB_HCD_F_BH | WINUSB_HCD_F_DMA,
	  USB_SPEED_SUPER },
};

void winusb_hcd_variant_desc(const struct winusb_hcd_variant *v, char *desc)
{
	strscpy(desc, v->name, KUNIT_PARAM_DESC_SIZE);
}

struct winusb_hcd_dev *winusb_hcd_test_dev(struct winusb_hcd *hc,
					   enum usb_device_speed speed)
{
	struct winusb_hcd_dev_info info = {
		.speed = speed,
		.device = &winusb_hcd_test_device,
		.config = winusb_hcd_test_config,
		.config_length = sizeof(winusb_hcd_test_config),
		.strings = winusb_hcd_test_strings,
		.nr_strings = ARRAY_SIZE(winusb_hcd_test_strings),
	};

	if (speed == USB_SPEED_FULL) {
		info.config = winusb_hcd_test_fs_config;
		info.config_length = sizeof(winusb_hcd_test_fs_config);
	} else if (speed == USB_SPEED_SUPER) {
		info.device = &winusb_hcd_test_ss_device;
		info.config = winusb_hcd_test_ss_config;
		info.config_length = sizeof(winusb_hcd_test_ss_config);
		info.bos = winusb_hcd_test_bos;
		info.bos_length = sizeof(winusb_hcd_test_bos);
	}
	return winusb_hcd_dev_create(hc, &info);
}

/* One controller of each kind for a suite, with a device that a test left. */
static struct {
	struct winusb_hcd *hc;
	struct winusb_hcd_dev *spare;
} winusb_hcd_benches[USB_SPEED_SUPER + 1][WINUSB_HCD_KINDS];

int winusb_hcd_test_init(struct kunit *test)
{
	const struct winusb_hcd_variant *variant = test->param_value;
	struct winusb_hcd_config config = { };
	struct winusb_hcd_fixture *fix;

	fix = kunit_kzalloc(test, sizeof(*fix), GFP_KERNEL);
	if (!fix)
		return -ENOMEM;
	test->priv = fix;
	if (variant) {
		config.flags = variant->flags;
		config.speed = variant->speed;
	}
	fix->speed = config.speed;
	fix->spare = &winusb_hcd_benches[config.speed][config.flags].spare;
	fix->hc = winusb_hcd_benches[config.speed][config.flags].hc;
	if (!fix->hc)
		fix->hc = winusb_hcd_create(&config);
	if (IS_ERR(fix->hc))
		return PTR_ERR(fix->hc);
	winusb_hcd_benches[config.speed][config.flags].hc = fix->hc;
	fix->dev = *fix->spare ? : winusb_hcd_test_dev(fix->hc, fix->speed);
	*fix->spare = NULL;
	return PTR_ERR_OR_ZERO(fix->dev);
}

/* A device that is as after its enumeration is kept for the next test. */
static void winusb_hcd_test_put_dev(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = test->priv;

	if (!fix->spoilt && winusb_hcd_tidy(fix->dev) &&
	    test->status == KUNIT_SUCCESS)
		*fix->spare = fix->dev;
	else
		winusb_hcd_dev_destroy(fix->dev);
}

void winusb_hcd_test_exit(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = test->priv;
	unsigned int i;

	if (!fix || IS_ERR_OR_NULL(fix->hc))
		return;
	winusb_hcd_slow_unlink(fix->hc, false);
	for (i = 0; i < fix->nr_urbs; i++)
		usb_kill_urb(fix->urbs[i].urb);
	winusb_hcd_clock_reset(fix->hc);
	usb_put_dev(fix->udev);
	for (i = 0; i < ARRAY_SIZE(fix->others); i++)
		winusb_hcd_dev_destroy(fix->others[i]);
	if (!IS_ERR(fix->dev))
		winusb_hcd_test_put_dev(test);
	for (i = 0; i < fix->nr_urbs; i++) {
		usb_free_urb(fix->urbs[i].urb);
		kfree(fix->urbs[i].buf);
	}
}

static void winusb_hcd_destroy_benches(void)
{
	unsigned int speed, kind;

	for (speed = 0; speed <= USB_SPEED_SUPER; speed++)
		for (kind = 0; kind < WINUSB_HCD_KINDS; kind++) {
			winusb_hcd_destroy(winusb_hcd_benches[speed][kind].hc);
			winusb_hcd_benches[speed][kind].hc = NULL;
			winusb_hcd_benches[speed][kind].spare = NULL;
		}
}

/* For a test that wants an unplugged device, or spoils the one it has. */
struct winusb_hcd_fixture *winusb_hcd_own_dev(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = test->priv;

	fix->spoilt = true;
	winusb_hcd_dev_destroy(fix->dev);
	fix->dev = winusb_hcd_test_dev(fix->hc, fix->speed);
	KUNIT_ASSERT_FALSE(test, IS_ERR(fix->dev));
	return fix;
}

/* Plugs the device in, unless it is, and waits until it is configured. */
struct winusb_hcd_fixture *winusb_hcd_plugged(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = test->priv;
	int ret = winusb_hcd_plug(fix->dev, 1);

	KUNIT_ASSERT_TRUE(test, ret == 0 || ret == -EBUSY);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_enumerated(fix->dev), 0);
	fix->udev = winusb_hcd_get_udev(fix->dev);
	KUNIT_ASSERT_NOT_NULL(test, fix->udev);
	winusb_hcd_stats_reset(fix->dev);
	return fix;
}

static void winusb_hcd_test_complete(struct urb *urb)
{
	struct winusb_hcd_test_urb *tu = urb->context;

	tu->order = ++tu->fix->completions;
	tu->in_softirq = in_serving_softirq();
	complete(&tu->done);
}

struct winusb_hcd_test_urb *winusb_hcd_test_urb(struct kunit *test, u8 address,
						size_t length)
{
	struct winusb_hcd_fixture *fix = test->priv;
	unsigned int nr = address & USB_ENDPOINT_NUMBER_MASK;
	struct winusb_hcd_test_urb *tu;
	unsigned int pipe;

	KUNIT_ASSERT_LT(test, fix->nr_urbs, WINUSB_HCD_URBS);
	KUNIT_ASSERT_LE(test, length, (size_t)WINUSB_HCD_BUF);
	tu = &fix->urbs[fix->nr_urbs];
	tu->fix = fix;
	tu->urb = usb_alloc_urb(WINUSB_HCD_PACKETS, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tu->urb);
	fix->nr_urbs++;
	tu->buf = kzalloc(WINUSB_HCD_BUF, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tu->buf);
	init_completion(&tu->done);
	pipe = address & USB_DIR_IN ? usb_rcvbulkpipe(fix->udev, nr) :
				      usb_sndbulkpipe(fix->udev, nr);
	usb_fill_bulk_urb(tu->urb, fix->udev, pipe, tu->buf, length,
			  winusb_hcd_test_complete, tu);
	return tu;
}

struct winusb_hcd_test_urb *winusb_hcd_submit(struct kunit *test, u8 address,
					      size_t length)
{
	struct winusb_hcd_test_urb *tu;

	tu = winusb_hcd_test_urb(test, address, length);
	KUNIT_ASSERT_EQ(test, usb_submit_urb(tu->urb, GFP_KERNEL), 0);
	return tu;
}

/* Of an isochronous endpoint, one packet each interval. */
struct winusb_hcd_test_urb *winusb_hcd_isoc_urb(struct kunit *test, u8 address,
						unsigned int packets)
{
	struct winusb_hcd_fixture *fix = test->priv;
	unsigned int nr = address & USB_ENDPOINT_NUMBER_MASK;
	struct usb_host_endpoint *ep;
	struct winusb_hcd_test_urb *tu;
	unsigned int i;

	KUNIT_ASSERT_LE(test, packets, (unsigned int)WINUSB_HCD_PACKETS);
	tu = winusb_hcd_test_urb(test, address, packets * WINUSB_HCD_PACKET);
	tu->urb->pipe = address & USB_DIR_IN ?
			usb_rcvisocpipe(fix->udev, nr) :
			usb_sndisocpipe(fix->udev, nr);
	ep = usb_pipe_endpoint(fix->udev, tu->urb->pipe);
	KUNIT_ASSERT_NOT_NULL(test, ep);
	tu->urb->transfer_flags = URB_ISO_ASAP;
	tu->urb->interval = 1 << (ep->desc.bInterval - 1);
	tu->urb->number_of_packets = packets;
	for (i = 0; i < packets; i++) {
		tu->urb->iso_frame_desc[i].offset = i * WINUSB_HCD_PACKET;
		tu->urb->iso_frame_desc[i].length = WINUSB_HCD_PACKET;
	}
	return tu;
}

/* A plugged device with its isochronous endpoints, under a clock that stands. */
struct winusb_hcd_fixture *winusb_hcd_isoc_bench(struct kunit *test,
						 enum winusb_hcd_kind kind)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);

	KUNIT_ASSERT_EQ(test, usb_set_interface(fix->udev, 1, 1), 0);
	winusb_hcd_mode(fix->dev, WINUSB_HCD_IN, WINUSB_HCD_SOURCE, 0);
	winusb_hcd_clock(fix->hc, WINUSB_HCD_MANUAL);
	winusb_hcd_set_now(fix->hc, WINUSB_HCD_START);
	winusb_hcd_schedule(fix->hc, kind, 4);
	return fix;
}

struct winusb_hcd_test_urb *winusb_hcd_isoc_submit(struct kunit *test,
						   u8 address,
						   unsigned int packets,
						   unsigned int flags)
{
	struct winusb_hcd_test_urb *tu;

	tu = winusb_hcd_isoc_urb(test, address, packets);
	memset(tu->buf, 0xee, WINUSB_HCD_BUF);
	tu->urb->transfer_flags = flags;
	KUNIT_ASSERT_EQ(test, usb_submit_urb(tu->urb, GFP_KERNEL), 0);
	return tu;
}

void winusb_hcd_expect(struct kunit *test, struct winusb_hcd_test_urb *tu,
		       int status, u32 length)
{
	unsigned long left;

	left = wait_for_completion_timeout(&tu->done, 5 * HZ);
	KUNIT_ASSERT_NE_MSG(test, left, 0UL, "the URB did not complete");
	KUNIT_EXPECT_EQ(test, tu->urb->status, status);
	KUNIT_EXPECT_EQ(test, tu->urb->actual_length, length);
}

void winusb_hcd_rule1(struct kunit *test, u8 address,
		      struct winusb_hcd_rule rule)
{
	struct winusb_hcd_fixture *fix = test->priv;

	KUNIT_ASSERT_EQ(test, winusb_hcd_script(fix->dev, address, &rule, 1),
			0);
}

/* A driver that wants remote wake, and nothing else. */
static int winusb_hcd_test_probe(struct usb_interface *intf,
				 const struct usb_device_id *id)
{
	intf->needs_remote_wakeup = 1;
	return 0;
}

static void winusb_hcd_test_disconnect(struct usb_interface *intf)
{
}

static int winusb_hcd_test_suspend(struct usb_interface *intf,
				   pm_message_t message)
{
	return 0;
}

static int winusb_hcd_test_resume(struct usb_interface *intf)
{
	return 0;
}

static const struct usb_device_id winusb_hcd_test_ids[] = {
	{ USB_DEVICE_INTERFACE_NUMBER(WINUSB_TEST_VENDOR, WINUSB_HCD_PRODUCT,
				      0) },
	{ }
};

static struct usb_driver winusb_hcd_test_driver = {
	.name = "winusb_hcd_kunit",
	.probe = winusb_hcd_test_probe,
	.disconnect = winusb_hcd_test_disconnect,
	.suspend = winusb_hcd_test_suspend,
	.resume = winusb_hcd_test_resume,
	.reset_resume = winusb_hcd_test_resume,
	.id_table = winusb_hcd_test_ids,
	.supports_autosuspend = 1,
};

int winusb_hcd_suite_init(struct kunit_suite *suite)
{
	return usb_register(&winusb_hcd_test_driver);
}

void winusb_hcd_suite_exit(struct kunit_suite *suite)
{
	winusb_hcd_destroy_benches();
	usb_deregister(&winusb_hcd_test_driver);
}
