// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the scripted host controller: devices, ports, requests, sleep. What
 * the other suites take for granted is shown here.
 */

#include <linux/err.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>

#include "hcd_bench.h"

KUNIT_ARRAY_PARAM(winusb_hcd_variant, winusb_hcd_variants,
		  winusb_hcd_variant_desc);

KUNIT_ARRAY_PARAM(winusb_hcd_speed, winusb_hcd_speeds,
		  winusb_hcd_variant_desc);

/* usbcore enumerates a device at each speed and reads what it is. */
static void winusb_test_device_enumerates(struct kunit *test)
{
	const struct winusb_hcd_variant *variant = test->param_value;
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_setup setup;

	KUNIT_EXPECT_EQ(test, fix->udev->speed, variant->speed);
	KUNIT_ASSERT_NOT_NULL(test, fix->udev->actconfig);
	KUNIT_EXPECT_EQ(test,
			le16_to_cpu(fix->udev->descriptor.idVendor),
			WINUSB_TEST_VENDOR);
	KUNIT_EXPECT_NOT_NULL(test, fix->udev->ep_in[1]);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setup(fix->dev, 0, &setup), -ENOENT);
	KUNIT_EXPECT_GE(test, winusb_hcd_resets(fix->dev), 1U);
}

/* A string descriptor is served as UTF-16, an unknown one stalls. */
static void winusb_test_strings_are_served(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	char buf[16];

	KUNIT_EXPECT_EQ(test, usb_string(fix->udev, 2, buf, sizeof(buf)), 5);
	KUNIT_EXPECT_STREQ(test, buf, "thing");
	KUNIT_EXPECT_EQ(test, usb_string(fix->udev, 3, buf, sizeof(buf)),
			-EPIPE);
}

/* Pulling the device out: usbcore cancels what is in flight. */
static void winusb_test_unplug_returns_urbs(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_test_urb *tu[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		tu[i] = winusb_hcd_submit(test, 0x81, 512);
	winusb_hcd_unplug(fix->dev, 0);
	for (i = 0; i < 3; i++)
		winusb_hcd_expect(test, tu[i], -ESHUTDOWN, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(fix->dev), 0);
	KUNIT_EXPECT_EQ(test, usb_submit_urb(tu[0]->urb, GFP_KERNEL), -ENODEV);
}

/* A device may vanish in the middle of a transfer, with a bus error. */
static void winusb_test_device_vanishes_in_a_transfer(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_test_urb *tu;

	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){ .length = 512 });
	winusb_hcd_rule1(test, 0x81, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_VANISH, .status = -EPROTO });
	tu = winusb_hcd_submit(test, 0x81, 1024);
	winusb_hcd_expect(test, tu, -EPROTO, 512);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(fix->dev), 0);
}

/* A device may vanish while usbcore enumerates it; the port stays usable. */
static void winusb_test_device_vanishes_in_enumeration(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_own_dev(test);
	struct winusb_hcd_rule rule = {
		.action = WINUSB_HCD_VANISH, .status = -EPROTO,
	};

	KUNIT_ASSERT_EQ(test,
			winusb_hcd_script_control(fix->dev, 0x00,
						  USB_REQ_SET_CONFIGURATION,
						  &rule), 0);
	KUNIT_ASSERT_EQ(test, winusb_hcd_plug(fix->dev, 1), 0);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_setup(fix->dev, 0x00,
					      USB_REQ_SET_CONFIGURATION), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(fix->dev), 0);
	KUNIT_EXPECT_NULL(test, winusb_hcd_get_udev(fix->dev));
	winusb_hcd_plugged(test);
}

/* A device plugged in again is a new one; the stale one reaches nothing. */
static void winusb_test_replug_is_a_new_device(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct usb_device *stale = fix->udev;

	winusb_hcd_unplug(fix->dev, 0);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_gone(fix->dev), 0);
	fix->udev = NULL;
	winusb_hcd_plugged(test);
	KUNIT_EXPECT_PTR_NE(test, fix->udev, stale);
	KUNIT_EXPECT_EQ(test,
			usb_control_msg(stale, usb_sndctrlpipe(stale, 0), 9,
					0, 1, 0, NULL, 0, 1000), -ENODEV);
	usb_put_dev(stale);
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x02, 512), 0, 512);
}

/* Four devices on four ports do not see each other's traffic. */
static void winusb_test_ports_are_independent(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_own_dev(test);
	struct winusb_hcd_dev *dev[4] = { fix->dev };
	struct winusb_hcd_stats stats;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (i) {
			dev[i] = winusb_hcd_test_dev(fix->hc, USB_SPEED_UNKNOWN);
			KUNIT_ASSERT_FALSE(test, IS_ERR(dev[i]));
			fix->others[i - 1] = dev[i];
		}
		KUNIT_ASSERT_EQ(test, winusb_hcd_plug(dev[i], i + 1), 0);
	}
	KUNIT_EXPECT_EQ(test, winusb_hcd_plug(dev[0], 2), -EBUSY);
	KUNIT_EXPECT_EQ(test, winusb_hcd_plug(dev[0], 5), -EINVAL);
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, winusb_hcd_wait_enumerated(dev[i]), 0);
	fix->udev = winusb_hcd_get_udev(dev[2]);
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x02, 512), 0, 512);
	for (i = 0; i < 4; i++) {
		winusb_hcd_stats(dev[i], 0x02, &stats);
		KUNIT_EXPECT_EQ(test, stats.submitted, i == 2 ? 1U : 0U);
	}
	winusb_hcd_unplug(dev[0], 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(dev[0]), 0);
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x02, 512), 0, 512);
}

/* A reset brings the device back to its configuration. */
static void winusb_test_reset_restores_configuration(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	unsigned int resets = winusb_hcd_resets(fix->dev);

	KUNIT_EXPECT_EQ(test, winusb_hcd_reset_wait(fix->dev), 0);
	KUNIT_EXPECT_GT(test, winusb_hcd_resets(fix->dev), resets);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_find_setup(fix->dev, 0x00,
					      USB_REQ_SET_CONFIGURATION, NULL),
			1);
	winusb_hcd_expect(test, winusb_hcd_submit(test, 0x02, 512), 0, 512);
}

/* Requests are recorded as they were on the wire; unknown ones stall. */
static void winusb_test_requests_are_recorded(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_setup setup;
	struct winusb_hcd_rule rule = { };
	u8 *buf = kunit_kzalloc(test, 16, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memcpy(buf, "abc", 3);
	KUNIT_EXPECT_EQ(test,
			usb_control_msg(fix->udev,
					usb_sndctrlpipe(fix->udev, 0), 0x42,
					0x40, 0x1234, 0x5678, buf, 3, 1000),
			-EPIPE);
	winusb_hcd_script_control(fix->dev, 0x40, 0x42, &rule);
	KUNIT_EXPECT_EQ(test,
			usb_control_msg(fix->udev,
					usb_sndctrlpipe(fix->udev, 0), 0x42,
					0x40, 0x1234, 0x5678, buf, 3, 1000),
			3);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_find_setup(fix->dev, 0x40, 0x42, &setup),
			2);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wValue), 0x1234);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wIndex), 0x5678);
	KUNIT_EXPECT_EQ(test, setup.length, (size_t)3);
	WINUSB_EXPECT_MEMEQ(test, setup.data, "abc", 3);

	rule.data = "xy";
	rule.length = 2;
	winusb_hcd_script_control(fix->dev, 0xc0, 0x43, &rule);
	KUNIT_EXPECT_EQ(test,
			usb_control_msg(fix->udev,
					usb_rcvctrlpipe(fix->udev, 0), 0x43,
					0xc0, 0, 0, buf, 16, 1000), 2);
	WINUSB_EXPECT_MEMEQ(test, buf, "xy", 2);
}

/* A device may take its time with a request. */
static void winusb_test_request_can_be_held(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_rule rule = { .action = WINUSB_HCD_HOLD };

	winusb_hcd_script_control(fix->dev, 0x40, 0x43, &rule);
	KUNIT_EXPECT_EQ(test,
			usb_control_msg(fix->udev,
					usb_sndctrlpipe(fix->udev, 0), 0x43,
					0x40, 0, 0, NULL, 0, 50), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(fix->dev, 0), 0U);
	KUNIT_EXPECT_EQ(test, winusb_hcd_script_left(fix->dev, 0), 1U);
	winusb_hcd_script_clear(fix->dev, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_script_left(fix->dev, 0), 0U);
}

/* An idle device sleeps, wakes when used, and wakes the bus by itself. */
static void winusb_test_device_sleeps_and_wakes(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);
	struct winusb_hcd_setup setup;
	int remote;

	fix->spoilt = true;
	KUNIT_EXPECT_EQ(test, winusb_hcd_wake(fix->dev), -EALREADY);
	for (remote = 0; remote < 2; remote++) {
		pm_runtime_set_autosuspend_delay(&fix->udev->dev, 0);
		usb_enable_autosuspend(fix->udev);
		KUNIT_ASSERT_EQ(test,
				winusb_hcd_wait_suspended(fix->dev, true), 0);
		KUNIT_EXPECT_EQ(test,
				winusb_hcd_find_setup(fix->dev, 0x00,
						      USB_REQ_SET_FEATURE,
						      &setup), remote + 1);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wValue),
				USB_DEVICE_REMOTE_WAKEUP);
		pm_runtime_set_autosuspend_delay(&fix->udev->dev, 10000);
		if (remote) {
			KUNIT_EXPECT_EQ(test, winusb_hcd_wake(fix->dev), 0);
		} else {
			KUNIT_EXPECT_GE(test,
					pm_runtime_get_sync(&fix->udev->dev),
					0);
			pm_runtime_put_autosuspend(&fix->udev->dev);
		}
		KUNIT_ASSERT_EQ(test,
				winusb_hcd_wait_suspended(fix->dev, false), 0);
		winusb_hcd_expect(test, winusb_hcd_submit(test, 0x02, 512), 0,
				  512);
	}
}

/* Without a driver that wants it, remote wake is not armed. */
static void winusb_test_unarmed_wake_is_refused(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_plugged(test);

	fix->spoilt = true;
	usb_ifnum_to_if(fix->udev, 0)->needs_remote_wakeup = 0;
	pm_runtime_set_autosuspend_delay(&fix->udev->dev, 0);
	usb_enable_autosuspend(fix->udev);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_suspended(fix->dev, true), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wake(fix->dev), -EPERM);
}

/* A controller that is asked for something it cannot be says so. */
static void winusb_test_bad_arguments_are_refused(struct kunit *test)
{
	struct winusb_hcd_fixture *fix = winusb_hcd_own_dev(test);
	static const struct usb_device_descriptor device =
		WINUSB_DEVICE(0x0200, 64, WINUSB_HCD_PRODUCT);
	static const u8 bytes[] = { WINUSB_CONFIG(0) };
	struct winusb_hcd_config config = { .ports = 8 };
	struct winusb_hcd_dev_info info = {
		.device = &device,
		.config = bytes,
		.config_length = sizeof(bytes) - 1,
	};
	struct winusb_hcd_rule rule = { };

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(winusb_hcd_create(&config)),
			-EINVAL);
	config.ports = 1;
	config.speed = USB_SPEED_LOW;
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(winusb_hcd_create(&config)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test,
			PTR_ERR_OR_ZERO(winusb_hcd_dev_create(fix->hc, &info)),
			-EINVAL);
	info.config_length = sizeof(bytes);
	info.speed = USB_SPEED_SUPER;
	KUNIT_EXPECT_EQ(test,
			PTR_ERR_OR_ZERO(winusb_hcd_dev_create(fix->hc, &info)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, winusb_hcd_script(fix->dev, 0x80, &rule, 1),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wake(fix->dev), -ENODEV);
}

static struct kunit_case winusb_hcd_device_cases[] = {
	WINUSB_CASE_PARAM(device_enumerates, winusb_hcd_speed),
	WINUSB_CASE(strings_are_served),
	WINUSB_HCD_CASE(unplug_returns_urbs),
	WINUSB_HCD_CASE(device_vanishes_in_a_transfer),
	WINUSB_CASE(device_vanishes_in_enumeration),
	WINUSB_CASE(replug_is_a_new_device),
	WINUSB_CASE(ports_are_independent),
	WINUSB_HCD_CASE(reset_restores_configuration),
	WINUSB_HCD_CASE(requests_are_recorded),
	WINUSB_CASE(request_can_be_held),
	WINUSB_HCD_CASE(device_sleeps_and_wakes),
	WINUSB_CASE(unarmed_wake_is_refused),
	WINUSB_CASE(bad_arguments_are_refused),
	{ }
};

static struct kunit_suite winusb_hcd_device_suite = {
	.name = "winusb_hcd_device",
	.suite_init = winusb_hcd_suite_init,
	.suite_exit = winusb_hcd_suite_exit,
	.init = winusb_hcd_test_init,
	.exit = winusb_hcd_test_exit,
	.test_cases = winusb_hcd_device_cases,
};

kunit_test_suite(winusb_hcd_device_suite);

MODULE_DESCRIPTION("KUnit suites of the scripted host controller");
MODULE_LICENSE("GPL");
