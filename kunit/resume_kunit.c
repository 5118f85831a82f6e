// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleep, where something comes in between: a suspend that is refused, or fails,
 * in the middle; transfers that end just then; pipes that are being reset. What
 * is plain is in suspend_kunit.c.
 */

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/pm_runtime.h>
#include <linux/usb/quirks.h>

#include <uapi/linux/winusb.h>

#include "../driver/power.h"
#include "../driver/suspend.h"
#include "async.h"
#include "sleep.h"

/* The sibling has no transfers; its device wakes up for something all the same. */
static void winusb_test_sibling_without_transfers_is_not_restless(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	unsigned int i;

	for (i = 0; i < 40; i++) {
		winusb_sleep_begins(test);
		winusb_async_expect(test, winusb_async_start(test, wh, WINUSB_BENCH_OUT, 100), 0,
				    100);
	}
	KUNIT_EXPECT_FALSE(test, winusb_bench_wi(test, 0)->told_restless);
	KUNIT_EXPECT_FALSE(test, winusb_bench_wi(test, 1)->told_restless);
}

/* A queued read that was first is the first after sleep, too, whatever came raw behind it. */
static void winusb_test_raw_and_queued_reads_keep_their_order(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[3];

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 0);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 2048);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	a[2] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_sleep_begins(test);
	winusb_sleep_remote_wake(test, wh);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 3), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight_length(b->dev, WINUSB_BENCH_IN, 0), 1024);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight_length(b->dev, WINUSB_BENCH_IN, 1), 2048);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight_length(b->dev, WINUSB_BENCH_IN, 2), 512);
	winusb_send(test, NULL, 1);
	winusb_async_expect(test, a[0], 0, 1);
	winusb_send(test, NULL, 2);
	winusb_async_expect(test, a[1], 0, 2);
	winusb_send(test, NULL, 3);
	winusb_async_expect(test, a[2], 0, 3);
}

/* usbcore resumes nobody when a device that it suspends does not answer. Reads go on anyway. */
static void winusb_test_reads_go_on_when_a_suspend_fails(struct kunit *test)
{
	const struct winusb_hcd_rule stall = { .action = WINUSB_HCD_STALL };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, 0, USB_REQ_SET_FEATURE, &stall),
			0);
	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, USB_DIR_IN, USB_REQ_GET_STATUS,
							&stall), 0);
	winusb_sleep_allow(wh, WINUSB_SLEEP_MS);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_setup(b->dev, USB_DIR_IN, USB_REQ_GET_STATUS), 0);
	winusb_sleep_allow(wh, WINUSB_SLEEP_LATER);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
	KUNIT_EXPECT_FALSE(test, wh->wi->asleep);
	winusb_send(test, NULL, 3);
	winusb_async_expect(test, a, 0, 3);
	/* And it may sleep another time. */
	winusb_sleep_allow(wh, WINUSB_SLEEP_MS);
	winusb_sleep_begins(test);
}

/* Without a delay nobody asks again by himself: not after the reset of a pipe, ... */
static void winusb_test_it_sleeps_after_a_reset_of_a_pipe_without_delay(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	unsigned int i;

	winusb_sleep_allow(wh, 0);
	for (i = 0; i < 10; i++) {
		winusb_sleep_begins(test);
		KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), 0);
	}
	winusb_sleep_begins(test);
}

/* ... and not if the transfer ends while the device is still on its way back. */
static void winusb_test_it_sleeps_when_a_write_ends_in_a_refusal(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test), *wh2;
	struct winusb_bench *b = test->priv;
	struct winusb_async *read, *write;

	wh2 = winusb_bench_associate(wh, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(wh2));
	winusb_sleep_allow(wh, WINUSB_SLEEP_LATER);
	/* The controller takes its time to give this one back. */
	read = winusb_async_start(test, wh2, WINUSB_BENCH_IN2, 512);
	winusb_hcd_unlink_delay(b->hc, 200000);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	write = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512);
	winusb_sleep_allow(wh, 0);
	msleep(100);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_SINK, 0);
	winusb_async_expect(test, write, 0, 512);
	winusb_sleep_begins(test);
	winusb_hcd_unlink_delay(b->hc, 0);
	winusb_sleep_remote_wake(test, wh);
	winusb_bench_rule(test, WINUSB_BENCH_IN2, (struct winusb_hcd_rule){ .length = 4 });
	winusb_async_expect(test, read, 0, 4);
}

/* What is left of a suspend that failed does not get in the way of a reset. */
static void winusb_test_reset_after_a_suspend_that_failed(struct kunit *test)
{
	const struct winusb_hcd_rule stall = { .action = WINUSB_HCD_STALL };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RESET_PIPE_ON_RESUME, 1);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, 0, USB_REQ_SET_FEATURE, &stall),
			0);
	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, USB_DIR_IN, USB_REQ_GET_STATUS,
							&stall), 0);
	winusb_sleep_allow(wh, WINUSB_SLEEP_MS);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_setup(b->dev, USB_DIR_IN, USB_REQ_GET_STATUS), 0);
	winusb_sleep_allow(wh, WINUSB_SLEEP_LATER);
	msleep(60);
	KUNIT_EXPECT_EQ(test, winusb_reset_device(wh), 0);
	winusb_async_expect(test, a, -ECONNRESET, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN), 0U);
	KUNIT_EXPECT_FALSE(test, wh->wi->asleep);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	winusb_send(test, NULL, 3);
	winusb_async_expect(test, a, 0, 3);
}

/* In a sleep of the system nobody can be woken, and what waits goes on waiting. */
static void winusb_test_wake_in_a_sleep_of_the_system_ends_nothing(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_async *a[2];

	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_sleep_begins(test);
	pm_runtime_disable(&wh->wi->intf->dev);	/* as the PM core does then */
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_async_expect_none(test, wh->wf);
	pm_runtime_enable(&wh->wi->intf->dev);
	winusb_sleep_remote_wake(test, wh);
	winusb_send(test, NULL, 1);
	winusb_async_expect(test, a[0], 0, 1);
	winusb_send(test, NULL, 2);
	winusb_async_expect(test, a[1], 0, 2);
}

/* While one interface has a write pending, the other is not asked to sleep for ever anew. */
static void winusb_test_sibling_is_not_asked_again_and_again(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test), *wh2;
	struct winusb_bench *b = test->priv;
	struct winusb_async *read, *write;

	wh2 = winusb_bench_associate(wh, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(wh2));
	winusb_sleep_allow(wh, WINUSB_SLEEP_LATER);
	read = winusb_async_start(test, wh2, WINUSB_BENCH_IN2, 512);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	write = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512);
	winusb_sleep_allow(wh, 0);
	msleep(2000);
	KUNIT_EXPECT_LT(test, winusb_count_urbs(test, WINUSB_BENCH_IN2), 5U);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_SINK, 0);
	winusb_async_expect(test, write, 0, 512);
	winusb_sleep_begins(test);
	winusb_sleep_remote_wake(test, wh);
	winusb_bench_rule(test, WINUSB_BENCH_IN2, (struct winusb_hcd_rule){ .length = 4 });
	winusb_async_expect(test, read, 0, 4);
}

/* A pipe that is being reset does not hold up the sleep of the system. */
static void winusb_test_system_sleep_does_not_wait_for_a_device(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;
	unsigned long start;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	winusb_hold_clear(test);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_act(test, WINUSB_HCD_STALL);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_setup(b->dev, USB_RECIP_ENDPOINT,
						    USB_REQ_CLEAR_FEATURE), 0);
	start = jiffies;
	usb_lock_device(b->udev);
	KUNIT_EXPECT_EQ(test, winusb_suspend(wh->wi, false), 0);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start), 2000U);
	winusb_suspend_resume(wh->wi);
	usb_unlock_device(b->udev);
	winusb_async_expect(test, a, -EPIPE, 0);
}

/* All interfaces of a device have the same half second. */
static void winusb_test_system_sleep_waits_once_for_a_device(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0), *wh2;
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];
	unsigned long start, least = ULONG_MAX;
	unsigned int i;

	wh2 = winusb_bench_associate(wh, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(wh2));
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT2, WINUSB_HCD_NAK, 0);
	/* More than once, as the machine may stand still in one of them. */
	for (i = 0; i < 3; i++) {
		a[0] = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512);
		a[1] = winusb_async_start(test, wh2, WINUSB_BENCH_OUT2, 512);
		usb_lock_device(b->udev);
		winusb_suspend(wh2->wi, false);
		start = jiffies;
		winusb_suspend(wh->wi, false);
		least = min(least, jiffies - start);
		winusb_suspend_resume(wh->wi);
		winusb_suspend_resume(wh2->wi);
		usb_unlock_device(b->udev);
		winusb_async_expect(test, a[1], -EIO, 0);
		winusb_async_expect(test, a[0], -EIO, 0);
	}
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(least), 400U);
}

struct winusb_resume_releaser {
	struct winusb_hcd_dev *dev;
	struct winusb_interface *wi;
	struct completion done;
};

/* Once the interface is about to sleep, and waits for its write. */
static int winusb_resume_release(void *data)
{
	struct winusb_resume_releaser *releaser = data;
	unsigned int looks = 0;

	while (!READ_ONCE(releaser->wi->asleep) && looks++ < 10000)
		usleep_range(1000, 2000);
	usleep_range(5000, 6000);
	winusb_hcd_release(releaser->dev, WINUSB_BENCH_OUT);
	complete(&releaser->done);
	return 0;
}

/* Another interface has used up that half second; a write that has just begun gets a moment. */
static void winusb_test_system_sleep_gives_each_write_a_moment(struct kunit *test)
{
	const struct winusb_hcd_rule hold = { .action = WINUSB_HCD_HOLD };
	struct winusb_handle *wh = winusb_bench_handle(test, 0), *wh2;
	struct winusb_bench *b = test->priv;
	struct winusb_resume_releaser releaser = { .dev = b->dev, .wi = wh->wi };
	struct winusb_async *a[2];
	struct task_struct *task;

	wh2 = winusb_bench_associate(wh, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(wh2));
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT2, WINUSB_HCD_NAK, 0);
	winusb_bench_rule(test, WINUSB_BENCH_OUT, hold);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512);
	a[1] = winusb_async_start(test, wh2, WINUSB_BENCH_OUT2, 512);
	usb_lock_device(b->udev);
	winusb_suspend(wh2->wi, false);
	init_completion(&releaser.done);
	task = kthread_run(winusb_resume_release, &releaser, "winusb_release");
	KUNIT_EXPECT_FALSE(test, IS_ERR(task));
	KUNIT_EXPECT_EQ(test, winusb_suspend(wh->wi, false), 0);
	if (!IS_ERR(task))
		wait_for_completion(&releaser.done);
	winusb_suspend_resume(wh->wi);
	winusb_suspend_resume(wh2->wi);
	usb_unlock_device(b->udev);
	winusb_async_expect(test, a[1], -EIO, 0);
	winusb_async_expect(test, a[0], 0, 512);
}

static int winusb_resume_select(void *data)
{
	winusb_handle_set_setting(data, 1, false);
	return 0;
}

static int winusb_resume_show(void *data)
{
	struct attribute *attr = winusb_power_group.attrs[2];
	struct winusb_interface *wi = data;
	char *buf = (char *)get_zeroed_page(GFP_KERNEL);

	if (buf)
		container_of(attr, struct device_attribute, attr)->show(&wi->dev, NULL, buf);
	free_page((unsigned long)buf);
	return 0;
}

/* Who reads blocked_by while the device does not answer holds up nobody else. */
static void winusb_test_blocked_by_does_not_wait_for_the_device(struct kunit *test)
{
	const struct winusb_hcd_rule hold = { .action = WINUSB_HCD_HOLD };
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct task_struct *select, *show;
	bool free = false;
	unsigned int i;

	winusb_sleep_allow(wh, WINUSB_SLEEP_LATER);
	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, USB_RECIP_INTERFACE,
							USB_REQ_SET_INTERFACE, &hold), 0);
	select = kthread_run(winusb_resume_select, wh, "winusb_select");
	KUNIT_ASSERT_FALSE(test, IS_ERR(select));
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_setup(b->dev, USB_RECIP_INTERFACE,
						    USB_REQ_SET_INTERFACE), 0);
	show = kthread_run(winusb_resume_show, wh->wi, "winusb_show");
	KUNIT_ASSERT_FALSE(test, IS_ERR(show));
	msleep(100);
	for (i = 0; i < 20 && !free; i++) {
		free = mutex_trylock(&winusb_functions_lock);
		if (free)
			mutex_unlock(&winusb_functions_lock);
		else
			msleep(50);
	}
	KUNIT_EXPECT_TRUE(test, free);
	winusb_hcd_release(b->dev, 0);
	/* Nobody can change the setting until that thread is done. */
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 0, false), 0);
	msleep(100);
}

/* A device that has to be reset whenever it wakes does not sleep when it is idle. */
static void winusb_test_device_that_wakes_by_reset_stays_awake(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;

	winusb_sleep_begins(test);
	winusb_sleep_allow(wh, WINUSB_SLEEP_LATER);
	winusb_async_expect(test, winusb_async_start(test, wh, WINUSB_BENCH_OUT, 100), 0, 100);
	b->udev->quirks |= USB_QUIRK_RESET_RESUME;
	winusb_sleep_never(test);
	winusb_async_expect(test, winusb_async_start(test, wh, WINUSB_BENCH_OUT, 100), 0, 100);
}

/* 2.2: pipes are reset after sleep, not after a try. */
static void winusb_test_refused_suspend_resets_no_pipes(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test), *wh2;
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	wh2 = winusb_bench_associate(wh, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(wh2));
	winusb_set(test, wh2, WINUSB_BENCH_IN2, WINUSB_POLICY_RESET_PIPE_ON_RESUME, 1);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512);
	winusb_sleep_never(test);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN2), 0U);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_SINK, 0);
	winusb_async_expect(test, a, 0, 512);
	winusb_sleep_begins(test);
	winusb_sleep_remote_wake(test, wh);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN2), 1U);
}

/* A short packet that comes just as the URB is taken back ends the read. */
static void winusb_resume_short_packet(struct kunit *test, struct winusb_async *a)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;

	winusb_sleep_allow(wh, WINUSB_SLEEP_LATER);
	winusb_hcd_finish_unlinked(b->dev, WINUSB_BENCH_IN, true);
	winusb_act(test, WINUSB_HCD_HOLD);
	winusb_send(test, NULL, 100);
	KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
	winusb_sleep_allow(wh, WINUSB_SLEEP_MS);
	winusb_sleep_begins(test);
	KUNIT_EXPECT_EQ(test, winusb_async_ready(wh->wf), 1U);
	winusb_sleep_remote_wake(test, wh);
	winusb_hcd_finish_unlinked(b->dev, WINUSB_BENCH_IN, false);
	winusb_send(test, NULL, 50);
	winusb_async_expect(test, a, 0, 100);
}

static void winusb_test_short_packet_ends_a_read_that_is_withdrawn(struct kunit *test)
{
	winusb_resume_short_packet(test, winusb_async_new(test, WINUSB_BENCH_IN, 1024));
}

static void winusb_test_short_packet_ends_one_of_many_pages(struct kunit *test)
{
	static const struct winusb_layout pages = { "pages", 0, 0, 0, 0 };

	winusb_resume_short_packet(test, winusb_async_new_bvec(test, WINUSB_BENCH_IN, 20480,
							       &pages));
}

static struct kunit_case winusb_resume_cases[] = {
	WINUSB_CASE(sibling_without_transfers_is_not_restless),
	WINUSB_CASE_RULE(raw_and_queued_reads_keep_their_order, 3_3),
	WINUSB_CASE_RULE(reads_go_on_when_a_suspend_fails, 3_3),
	WINUSB_CASE(it_sleeps_after_a_reset_of_a_pipe_without_delay),
	WINUSB_CASE(it_sleeps_when_a_write_ends_in_a_refusal),
	WINUSB_CASE(reset_after_a_suspend_that_failed),
	WINUSB_CASE(wake_in_a_sleep_of_the_system_ends_nothing),
	WINUSB_CASE(sibling_is_not_asked_again_and_again),
	WINUSB_CASE(system_sleep_does_not_wait_for_a_device),
	WINUSB_CASE(system_sleep_waits_once_for_a_device),
	WINUSB_CASE(system_sleep_gives_each_write_a_moment),
	WINUSB_CASE(blocked_by_does_not_wait_for_the_device),
	WINUSB_CASE(device_that_wakes_by_reset_stays_awake),
	WINUSB_CASE_RULE(refused_suspend_resets_no_pipes, 2_2),
	WINUSB_CASE_RULE(short_packet_ends_a_read_that_is_withdrawn, 3_3),
	WINUSB_CASE_RULE(short_packet_ends_one_of_many_pages, 3_3),
	{ }
};

static struct kunit_suite winusb_resume_suite =
	WINUSB_BENCH_SUITE("winusb_resume", winusb_sleep_plug, winusb_resume_cases);

kunit_test_suite(winusb_resume_suite);
