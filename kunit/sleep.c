// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that sleeps when it is idle, for the suites about that.
 */

#include <linux/delay.h>
#include <linux/pm_runtime.h>

#include "../driver/power.h"
#include "async.h"
#include "sleep.h"

static const struct usb_device_descriptor winusb_sleep_device =
	WINUSB_DEVICE(0x0200, 64, WINUSB_BENCH_WHOLE);

static const u8 winusb_sleep_config[] = {
	WINUSB_CONFIG_WAKE(2),
	WINUSB_INTERFACE(0, 0, 3),
	WINUSB_BULK(WINUSB_BENCH_IN, 512),
	WINUSB_BULK(WINUSB_BENCH_OUT, 512),
	WINUSB_INT(WINUSB_BENCH_INT, 64, 4),
	WINUSB_INTERFACE(0, 1, 1),
	WINUSB_BULK(WINUSB_BENCH_IN, 512),
	WINUSB_INTERFACE(1, 0, 2),
	WINUSB_BULK(WINUSB_BENCH_IN2, 512),
	WINUSB_BULK(WINUSB_BENCH_OUT2, 512),
};

int winusb_sleep_plug(struct kunit *test)
{
	const struct winusb_hcd_dev_info info = {
		.device = &winusb_sleep_device,
		.config = winusb_sleep_config,
		.config_length = sizeof(winusb_sleep_config),
	};
	int ret = winusb_bench_init_empty(test);

	if (!ret)
		winusb_bench_plug(test, &info);
	return ret;
}

static void winusb_sleep_allow_function(struct winusb_function *fn, u32 delay)
{
	mutex_lock(&winusb_functions_lock);
	fn->power.idle_enabled = true;
	fn->power.idle_state = true;
	fn->power.idle_timeout = delay;
	mutex_unlock(&winusb_functions_lock);
	winusb_power_settle(fn);
}

void winusb_sleep_allow(struct winusb_handle *wh, u32 delay)
{
	winusb_sleep_allow_function(wh->wi->fn, delay);
}

/* From now on, unless the test has a delay of its own. */
static void winusb_sleep_allow_now(struct kunit *test)
{
	struct winusb_function *fn = winusb_bench_wi(test, 0)->fn;

	if (fn->power.idle_timeout == WINUSB_SLEEP_LATER)
		winusb_sleep_allow_function(fn, WINUSB_SLEEP_MS);
}

/* A handle of a device that sleeps when it is idle, as soon as a test looks whether it does. */
struct winusb_handle *winusb_sleep_handle(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);

	winusb_sleep_allow(wh, WINUSB_SLEEP_LATER);
	return wh;
}

void winusb_sleep_begins(struct kunit *test)
{
	struct winusb_bench *b = test->priv;

	winusb_sleep_allow_now(test);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_suspended(b->dev, true), 0);
}

void winusb_sleep_ends(struct kunit *test)
{
	struct winusb_bench *b = test->priv;

	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_suspended(b->dev, false), 0);
}

/* The device wakes its host. A hub that just goes to sleep itself may miss that. */
void winusb_sleep_wake(struct kunit *test)
{
	struct winusb_bench *b = test->priv;
	unsigned int again;
	int ret;

	for (again = 0; again < 3; again++) {
		ret = winusb_hcd_wake(b->dev);
		if (ret)
			KUNIT_EXPECT_TRUE(test, again && ret == -EALREADY);
		if (!winusb_hcd_wait_suspended(b->dev, false))
			return;
	}
	KUNIT_FAIL(test, "the device woke its host three times, which sleeps on");
}

/* It does not sleep, though it had every chance. */
void winusb_sleep_never(struct kunit *test)
{
	struct winusb_bench *b = test->priv;
	unsigned int i;

	winusb_sleep_allow_now(test);
	for (i = 0; i < 10; i++) {
		msleep(WINUSB_SLEEP_MS);
		/* It may just be asked, and refuse. */
		KUNIT_EXPECT_FALSE(test, pm_runtime_status_suspended(&b->udev->dev));
	}
}

/* The device wakes the host, and stays awake for what the test has to do. */
void winusb_sleep_remote_wake(struct kunit *test, struct winusb_handle *wh)
{
	struct winusb_bench *b = test->priv;

	winusb_sleep_allow(wh, WINUSB_SLEEP_LATER);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wake(b->dev), 0);
	winusb_sleep_ends(test);
}

unsigned int winusb_sleep_in_flight(struct kunit *test, u8 address)
{
	struct winusb_bench *b = test->priv;

	return winusb_hcd_in_flight(b->dev, address);
}
