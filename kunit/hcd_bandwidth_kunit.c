// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the scripted host controller: a bus that has only so much room for
 * isochronous endpoints.
 */

#include "hcd_bench.h"

KUNIT_ARRAY_PARAM(winusb_hcd_speed, winusb_hcd_speeds,
		  winusb_hcd_variant_desc);

/* A setting that needs too much is refused, and takes nothing then. */
static void winusb_test_setting_needs_bandwidth(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	unsigned int need = 2 * WINUSB_HCD_PACKET;

	if (fix->speed == USB_SPEED_FULL)
		need /= 8;
	winusb_hcd_bandwidth(fix->hc, need - 1);
	KUNIT_EXPECT_EQ(test, usb_set_interface(fix->udev, 1, 1), -ENOSPC);
	KUNIT_EXPECT_EQ(test, usb_set_interface(fix->udev, 1, 1), -ENOSPC);
	winusb_hcd_bandwidth(fix->hc, need);
	KUNIT_EXPECT_EQ(test, usb_set_interface(fix->udev, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, usb_set_interface(fix->udev, 1, 1), 0);
	winusb_hcd_bandwidth(fix->hc, 1);
	KUNIT_EXPECT_EQ(test, usb_set_interface(fix->udev, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, usb_set_interface(fix->udev, 1, 1), -ENOSPC);
}

/* What a device had reserved is free when it is gone. */
static void winusb_test_bandwidth_goes_with_the_device(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	unsigned int i;

	winusb_hcd_bandwidth(fix->hc, 2 * WINUSB_HCD_PACKET);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, usb_set_interface(fix->udev, 1, 1), 0);
		usb_put_dev(fix->udev);
		fix->udev = NULL;
		winusb_hcd_own_dev(test);
		winusb_hcd_plugged(test);
	}
	KUNIT_EXPECT_EQ(test, winusb_hcd_reset_wait(fix->dev), 0);
	KUNIT_EXPECT_EQ(test, usb_set_interface(fix->udev, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_reset_wait(fix->dev), 0);
	winusb_hcd_bandwidth(fix->hc, 2 * WINUSB_HCD_PACKET - 1);
	KUNIT_EXPECT_EQ(test, usb_set_interface(fix->udev, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, usb_set_interface(fix->udev, 1, 1), -ENOSPC);
}

/* Or the first URB of an endpoint is refused, as on an EHCI. */
static void winusb_test_urb_needs_bandwidth(struct kunit *test)
{
	struct winusb_hcd_fixture *fix =
		winusb_hcd_isoc_bench(test, WINUSB_HCD_EHCI);
	struct winusb_hcd_test_urb *tu[3];

	KUNIT_EXPECT_EQ(test, usb_set_interface(fix->udev, 1, 0), 0);
	winusb_hcd_flags(fix->hc, WINUSB_HCD_F_LATE_NOSPC, true);
	winusb_hcd_bandwidth(fix->hc, WINUSB_HCD_PACKET);
	KUNIT_EXPECT_EQ(test, usb_set_interface(fix->udev, 1, 1), 0);
	tu[0] = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 8, 0);
	tu[1] = winusb_hcd_isoc_submit(test, WINUSB_HCD_IN, 8, 0);
	tu[2] = winusb_hcd_isoc_urb(test, WINUSB_HCD_OUT, 1);
	KUNIT_EXPECT_EQ(test, usb_submit_urb(tu[2]->urb, GFP_KERNEL), -ENOSPC);
	usb_kill_urb(tu[0]->urb);
	KUNIT_EXPECT_EQ(test, usb_submit_urb(tu[2]->urb, GFP_KERNEL), -ENOSPC);
	usb_kill_urb(tu[1]->urb);
	KUNIT_EXPECT_EQ(test, usb_submit_urb(tu[2]->urb, GFP_KERNEL), 0);
	winusb_hcd_advance(fix->hc, 5);
	winusb_hcd_expect(test, tu[2], 0, WINUSB_HCD_PACKET);
}

static struct kunit_case winusb_hcd_bandwidth_cases[] = {
	WINUSB_CASE_PARAM(setting_needs_bandwidth, winusb_hcd_speed),
	WINUSB_CASE(bandwidth_goes_with_the_device),
	WINUSB_CASE(urb_needs_bandwidth),
	{ }
};

static struct kunit_suite winusb_hcd_bandwidth_suite = {
	.name = "winusb_hcd_bandwidth",
	.suite_init = winusb_hcd_suite_init,
	.suite_exit = winusb_hcd_suite_exit,
	.init = winusb_hcd_test_init,
	.exit = winusb_hcd_test_exit,
	.test_cases = winusb_hcd_bandwidth_cases,
};

kunit_test_suite(winusb_hcd_bandwidth_suite);
