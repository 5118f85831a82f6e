// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device falls asleep and wakes up (winusb.md 3.3), as the host controller
 * sees it: which URBs come back, and which are handed over again. usbcore and
 * the PM core are the real ones. The sleep of the system is called for by hand.
 */

#include <linux/delay.h>
#include <linux/pm_runtime.h>

#include <uapi/linux/winusb.h>

#include "../driver/power.h"
#include "../driver/suspend.h"
#include "async.h"
#include "sleep.h"

#define WINUSB_SUSPEND_MANY	8

/* Reads wait while it sleeps, keep their order, and get their data. */
static void winusb_test_reads_go_on_in_order(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_async *a[WINUSB_SUSPEND_MANY];
	struct winusb_bench *b = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512 * (i + 1));
	winusb_sleep_begins(test);
	KUNIT_EXPECT_EQ(test, winusb_sleep_in_flight(test, WINUSB_BENCH_IN), 0U);
	winusb_async_expect_none(test, wh->wf);
	winusb_sleep_remote_wake(test, wh);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
	for (i = 0; i < ARRAY_SIZE(a); i++) {
		KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight_length(b->dev, WINUSB_BENCH_IN, 0),
				(int)(512 * (i + 1)));
		winusb_send(test, NULL, i + 1);
		winusb_async_expect(test, a[i], 0, i + 1);
	}
	winusb_async_expect_quiet(test, wh->wf);
}

/* Raw ones are withdrawn together, and handed over again together. */
static void winusb_test_raw_reads_go_on_in_order(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_async *a[WINUSB_SUSPEND_MANY];
	struct winusb_bench *b = test->priv;
	unsigned int i;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	for (i = 0; i < ARRAY_SIZE(a) - 1; i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512 * (i + 1));
	winusb_sleep_begins(test);
	KUNIT_EXPECT_EQ(test, winusb_sleep_in_flight(test, WINUSB_BENCH_IN), 0U);
	/* One more comes while it sleeps, and wakes it. */
	winusb_sleep_allow(wh, WINUSB_SLEEP_LATER);
	a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512 * (i + 1));
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN,
							ARRAY_SIZE(a)), 0);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight_length(b->dev, WINUSB_BENCH_IN, i),
				(int)(512 * (i + 1)));
	for (i = 0; i < ARRAY_SIZE(a); i++) {
		winusb_send(test, NULL, i + 1);
		winusb_async_expect(test, a[i], 0, i + 1);
	}
	winusb_async_expect_quiet(test, wh->wf);
}

/* Those of an interrupt pipe, and of the other interface, too. */
static void winusb_test_all_reads_are_withdrawn(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test), *wh2;
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	wh2 = winusb_bench_associate(wh, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(wh2));
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_INT, 64);
	a[1] = winusb_async_start(test, wh2, WINUSB_BENCH_IN2, 512);
	winusb_sleep_begins(test);
	KUNIT_EXPECT_EQ(test, winusb_sleep_in_flight(test, WINUSB_BENCH_INT), 0U);
	KUNIT_EXPECT_EQ(test, winusb_sleep_in_flight(test, WINUSB_BENCH_IN2), 0U);
	winusb_sleep_remote_wake(test, wh);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_INT, 1), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN2, 1), 0);
	winusb_bench_rule(test, WINUSB_BENCH_INT, (struct winusb_hcd_rule){ .length = 9 });
	winusb_bench_rule(test, WINUSB_BENCH_IN2, (struct winusb_hcd_rule){ .length = 10 });
	winusb_async_expect(test, a[0], 0, 9);
	winusb_async_expect(test, a[1], 0, 10);
}

/* What a read has got stays in it, and the URB is for the rest. */
static void winusb_suspend_test_rest(struct kunit *test, u32 policy)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	if (policy)
		winusb_set(test, wh, WINUSB_BENCH_IN, policy, 1);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 2048);
	winusb_send(test, NULL, 512);
	winusb_sleep_begins(test);
	winusb_async_expect_none(test, wh->wf);
	winusb_sleep_remote_wake(test, wh);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, 2048, 1536);
	winusb_send(test, NULL, 1536);
	winusb_async_expect(test, a, 0, 2048);
	winusb_expect_pattern(test, a->buf, 0, 512);
	winusb_expect_pattern(test, a->buf + 512, 0, 1536);
}

static void winusb_test_bytes_of_a_withdrawn_read_stay_in_it(struct kunit *test)
{
	winusb_suspend_test_rest(test, 0);
}

static void winusb_test_so_with_ignore_short_packets(struct kunit *test)
{
	winusb_suspend_test_rest(test, WINUSB_POLICY_IGNORE_SHORT_PACKETS);
}

static void winusb_test_so_with_raw_io(struct kunit *test)
{
	winusb_suspend_test_rest(test, WINUSB_POLICY_RAW_IO);
}

/* A read ends with a short packet, however often the device has slept in it. */
static void winusb_test_short_packet_ends_a_read_after_sleep(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;
	unsigned int i;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 4096);
	for (i = 0; i < 3; i++) {
		winusb_send(test, NULL, 512);
		winusb_sleep_begins(test);
		winusb_sleep_remote_wake(test, wh);
		KUNIT_ASSERT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
	}
	winusb_send(test, NULL, 100);
	winusb_async_expect(test, a, 0, 3 * 512 + 100);
}

/* The host controller may have had the end of the read already when it is stopped. */
static void winusb_test_read_that_was_complete_ends(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	winusb_hcd_finish_unlinked(b->dev, WINUSB_BENCH_IN, true);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	winusb_send(test, NULL, 512);
	winusb_sleep_begins(test);
	winusb_send(test, NULL, 512);
	winusb_sleep_remote_wake(test, wh);
	winusb_async_expect(test, a, 0, 1024);
}

/* 3.3: a write that is pending keeps the device awake. */
static void winusb_test_write_keeps_it_awake(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512);
	winusb_sleep_never(test);
	KUNIT_EXPECT_EQ(test, winusb_sleep_in_flight(test, WINUSB_BENCH_OUT), 1U);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_SINK, 0);
	winusb_async_expect(test, a, 0, 512);
	winusb_sleep_begins(test);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_OUT, 512);
}

/* So does a control transfer. */
static void winusb_test_control_transfer_keeps_it_awake(struct kunit *test)
{
	const struct winusb_hcd_rule hold = { .action = WINUSB_HCD_HOLD };
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job;

	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, USB_DIR_IN | USB_TYPE_STANDARD,
							USB_REQ_GET_STATUS, &hold), 0);
	job = winusb_bench_start_control(test, wh, USB_DIR_IN | USB_TYPE_STANDARD,
					 USB_REQ_GET_STATUS, 2);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_setup(b->dev, USB_DIR_IN | USB_TYPE_STANDARD,
						    USB_REQ_GET_STATUS), 0);
	winusb_sleep_never(test);
	winusb_hcd_release(b->dev, 0);
	winusb_bench_expect(test, job, 0, 2);
	winusb_sleep_begins(test);
}

/* The reset of a pipe is one. */
static void winusb_test_reset_of_a_pipe_keeps_it_awake(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	winusb_hold_clear(test);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_act(test, WINUSB_HCD_STALL);
	winusb_sleep_never(test);
	winusb_hcd_release(b->dev, 0);
	winusb_async_expect(test, a, -EPIPE, 0);
	winusb_sleep_begins(test);
}

/* With a delay of 0 nobody tries again by himself. */
static void winusb_test_it_sleeps_after_a_write_without_delay(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512);
	winusb_sleep_allow(wh, 0);
	winusb_sleep_never(test);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_SINK, 0);
	winusb_async_expect(test, a, 0, 512);
	winusb_sleep_begins(test);
}

/* 3.3: a read that is asked for wakes it; the one that waited is still the first. */
static void winusb_test_read_wakes_it(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_sleep_begins(test);
	winusb_sleep_allow(wh, WINUSB_SLEEP_LATER);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight_length(b->dev, WINUSB_BENCH_IN, 0), 512);
	winusb_send(test, NULL, 1);
	winusb_async_expect(test, a[0], 0, 1);
	winusb_send(test, NULL, 2);
	winusb_async_expect(test, a[1], 0, 2);
}

/* 3.3: so does a write, and a control transfer. The caller sees that it takes longer. */
static void winusb_test_write_and_control_transfer_wake_it(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	size_t moved = 0;
	u8 status[2];

	winusb_sleep_begins(test);
	winusb_async_expect(test, winusb_async_start(test, wh, WINUSB_BENCH_OUT, 100), 0, 100);
	winusb_sleep_begins(test);
	KUNIT_EXPECT_EQ(test, winusb_bench_control(wh, USB_DIR_IN, USB_REQ_GET_STATUS, 0, 0, status,
						   2, &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)2);
	winusb_sleep_begins(test);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), 0);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN), 1U);
}

/* And a change of the setting, and a reset. */
static void winusb_test_setting_and_reset_wake_it(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);

	winusb_sleep_begins(test);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, false), 0);
	winusb_sleep_begins(test);
	KUNIT_EXPECT_EQ(test, winusb_reset_device(wh), 0);
	winusb_sleep_begins(test);
	/* The end of the file gives it setting 0 again. */
	winusb_bench_close(test, wh->wf);
	winusb_sleep_begins(test);
}

/* Ending what waits does not wake it. */
static void winusb_test_abort_does_not_wake_it(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_async *a[2];

	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, NULL, 512);
	winusb_sleep_begins(test);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
	winusb_async_expect(test, a[0], -ECANCELED, 512);
	winusb_async_expect(test, a[1], -ECANCELED, 0);
	winusb_async_expect_quiet(test, wh->wf);
	winusb_sleep_begins(test);
}

/* The same for one of several raw reads. */
static void winusb_test_raw_read_is_cancelled_asleep(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_async *a[3];
	unsigned int i;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	for (i = 0; i < 3; i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_sleep_begins(test);
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_cookie(wh->wf, a[1]->cookie), 1U);
	winusb_async_expect(test, a[1], -ECANCELED, 0);
	winusb_sleep_remote_wake(test, wh);
	winusb_send(test, NULL, 1);
	winusb_async_expect(test, a[0], 0, 1);
	winusb_send(test, NULL, 2);
	winusb_async_expect(test, a[2], 0, 2);
}

/* The timer stands still in between; the rest of the time counts. */
static void winusb_test_timeout_stands_still(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_async *a;
	unsigned long woken;

	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 3000);
	winusb_sleep_allow(wh, 1000);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_sleep_begins(test);
	msleep(4000);
	KUNIT_EXPECT_EQ(test, winusb_async_ready(wh->wf), 0U);
	woken = jiffies;
	winusb_sleep_remote_wake(test, wh);
	msleep(100);
	KUNIT_EXPECT_EQ(test, winusb_async_ready(wh->wf), 0U);
	/* Some two seconds are left, not three. */
	winusb_async_expect(test, a, -ETIMEDOUT, 0);
	KUNIT_EXPECT_LT(test, jiffies - woken, msecs_to_jiffies(2900));
}

/* 2.3 step 9: saved data is not dropped. */
static void winusb_test_saved_data_stays(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 10);
	winusb_send(test, NULL, 30);
	winusb_async_expect(test, a, 0, 10);
	winusb_sleep_begins(test);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 20);
	winusb_async_expect(test, a, 0, 20);
	winusb_expect_pattern(test, a->buf, 10, 20);
}

/* 2.2: RESET_PIPE_ON_RESUME; the reset comes before the URB. */
static void winusb_test_pipes_are_reset_on_resume(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RESET_PIPE_ON_RESUME, 1);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_sleep_begins(test);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN), 0U);
	winusb_hold_clear(test);
	winusb_sleep_allow(wh, WINUSB_SLEEP_LATER);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wake(b->dev), 0);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_setup(b->dev, USB_RECIP_ENDPOINT,
						    USB_REQ_CLEAR_FEATURE), 0);
	msleep(100);
	KUNIT_EXPECT_EQ(test, winusb_sleep_in_flight(test, WINUSB_BENCH_IN), 0U);
	winusb_hcd_release(b->dev, 0);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN), 1U);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_OUT), 0U);
	winusb_send(test, NULL, 1);
	winusb_async_expect(test, a, 0, 1);
}

/* A device that does not answer is asked for one pipe, and no longer than usbcore asks anything. */
static void winusb_test_device_that_does_not_answer_is_asked_once(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RESET_PIPE_ON_RESUME, 1);
	winusb_set(test, wh, WINUSB_BENCH_OUT, WINUSB_POLICY_RESET_PIPE_ON_RESUME, 1);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_sleep_begins(test);
	winusb_hold_clear(test);
	winusb_sleep_remote_wake(test, wh);
	msleep(7000);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_OUT), 0U);
	KUNIT_EXPECT_EQ(test, winusb_sleep_in_flight(test, WINUSB_BENCH_IN), 1U);
	winusb_send(test, NULL, 1);
	winusb_async_expect(test, a, 0, 1);
	KUNIT_EXPECT_FALSE(test, winusb_hcd_release(b->dev, 0));
}

/* 5.4: gone while asleep is gone. */
static void winusb_test_unplugged_asleep(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];

	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, NULL, 512);
	winusb_sleep_begins(test);
	winusb_hcd_unplug(b->dev, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	winusb_async_expect(test, a[0], -ESHUTDOWN, 512);
	winusb_async_expect(test, a[1], -ESHUTDOWN, 0);
	winusb_async_expect_quiet(test, wh->wf);
}

/* Unbound by hand: usbcore wakes it for that. */
static void winusb_test_unbound_asleep(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_sleep_begins(test);
	winusb_bench_unbind(test, 0);
	winusb_async_expect(test, a, -ESHUTDOWN, 0);
	winusb_bench_unbind(test, 1);
	/* Nothing is left of what the driver had asked for. */
	KUNIT_EXPECT_FALSE(test, winusb_pm_is_allowed(&b->udev->dev));
	KUNIT_EXPECT_NE(test, winusb_pm_delay(&b->udev->dev), WINUSB_SLEEP_MS);
	KUNIT_EXPECT_EQ(test, atomic_read(&winusb_bench_intf(test, 0)->dev.power.usage_count), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&winusb_bench_intf(test, 1)->dev.power.usage_count), 0);
}

/* A sibling asks that it be kept awake before that is done at its bind: once is enough. */
static void winusb_test_bound_is_held_once(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_interface *wi = wh->wi;
	atomic_t *usage = &wi->intf->dev.power.usage_count;
	int before;

	KUNIT_ASSERT_FALSE(test, wi->held);
	before = atomic_read(usage);
	wi->fn->power.idle_enabled = false;
	winusb_power_settle(wi->fn);
	KUNIT_EXPECT_TRUE(test, wi->held);
	KUNIT_EXPECT_EQ(test, atomic_read(usage), before + 1);
	usb_lock_device(b->udev);
	winusb_power_join(wi);
	usb_unlock_device(b->udev);
	KUNIT_EXPECT_TRUE(test, wi->held);
	KUNIT_EXPECT_EQ(test, atomic_read(usage), before + 1);
}

/* 3.1: a program that sets AUTO_SUSPEND to FALSE wakes it; the end of its file lets it sleep. */
static void winusb_test_policy_ends_with_its_file(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_bench *b = test->priv;
	u32 value = 7;

	winusb_sleep_begins(test);
	KUNIT_EXPECT_EQ(test, winusb_power_set_policy(wh, WINUSB_POWER_AUTO_SUSPEND, 0), 0);
	winusb_sleep_ends(test);
	winusb_sleep_never(test);
	KUNIT_EXPECT_EQ(test, winusb_power_get_policy(wh, WINUSB_POWER_AUTO_SUSPEND, &value), 0);
	KUNIT_EXPECT_EQ(test, value, 0U);
	KUNIT_EXPECT_EQ(test, winusb_power_set_policy(wh, WINUSB_POWER_SUSPEND_DELAY, 77), 0);
	KUNIT_EXPECT_EQ(test, winusb_pm_delay(&b->udev->dev), 77);
	winusb_bench_close(test, wh->wf);
	KUNIT_EXPECT_EQ(test, winusb_pm_delay(&b->udev->dev), WINUSB_SLEEP_MS);
	winusb_sleep_begins(test);
}

/* False when it is left awake, or does not fall asleep in ten seconds. */
static bool winusb_suspend_sleeps_again(struct winusb_bench *b, struct winusb_interface *wi)
{
	unsigned int i;

	for (i = 0; i < 1000 && !READ_ONCE(wi->told_restless); i++) {
		if (pm_runtime_status_suspended(&b->udev->dev))
			return !winusb_hcd_wait_suspended(b->dev, true);
		usleep_range(10000, 11000);
	}
	return false;
}

/* A device that wakes at once, for ever, is left alone after a while. */
static void winusb_test_restless_device_is_left_awake(struct kunit *test)
{
	struct winusb_handle *wh = winusb_sleep_handle(test);
	struct winusb_interface *wi = winusb_bench_wi(test, 0);
	struct winusb_bench *b = test->priv;
	unsigned int wakes = 0, i;

	winusb_sleep_allow(wh, WINUSB_SLEEP_MS);
	while (winusb_suspend_sleeps_again(b, wi)) {
		winusb_sleep_wake(test);
		/* A machine that stands still for a second seems to have a device that sleeps. */
		KUNIT_ASSERT_LT(test, ++wakes, 200U);
	}
	KUNIT_EXPECT_TRUE(test, wi->told_restless);
	KUNIT_EXPECT_GE(test, wakes, 10U);
	for (i = 0; i < 20; i++) {
		msleep(100);
		KUNIT_EXPECT_FALSE(test, pm_runtime_status_suspended(&b->udev->dev));
	}
	/* It gets another chance. */
	msleep(9000);
	winusb_sleep_begins(test);
	winusb_async_expect(test, winusb_async_start(test, wh, WINUSB_BENCH_OUT, 100), 0, 100);
}

/* System sleep: reads wait; a write that does not end in half a second fails, with its count. */
static void winusb_test_system_sleep_ends_what_takes_too_long(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *read, *write[2];

	read = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	write[0] = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 1024);
	write[1] = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512);
	winusb_bench_rule(test, WINUSB_BENCH_OUT, (struct winusb_hcd_rule){ .length = 512 });
	usb_lock_device(b->udev);
	KUNIT_EXPECT_EQ(test, winusb_suspend(wh->wi, false), 0);
	winusb_async_expect(test, write[0], -EIO, 512);
	winusb_async_expect_none(test, wh->wf);
	KUNIT_EXPECT_EQ(test, winusb_sleep_in_flight(test, WINUSB_BENCH_IN), 0U);
	KUNIT_EXPECT_EQ(test, winusb_sleep_in_flight(test, WINUSB_BENCH_OUT), 0U);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_SINK, 0);
	winusb_suspend_resume(wh->wi);
	usb_unlock_device(b->udev);
	/* What had not begun is sent, and what has failed is not sent again. */
	winusb_async_expect(test, write[1], 0, 512);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_OUT, 1024, 512);
	winusb_send(test, NULL, 3);
	winusb_async_expect(test, read, 0, 3);
}

/* What ends in time is not touched. */
static void winusb_test_system_sleep_waits_for_a_moment(struct kunit *test)
{
	const struct winusb_hcd_rule hold = { .action = WINUSB_HCD_HOLD };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *write;
	struct winusb_bench_job *job;

	write = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512);
	winusb_async_expect(test, write, 0, 512);
	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, USB_DIR_IN | USB_TYPE_STANDARD,
							USB_REQ_GET_STATUS, &hold), 0);
	job = winusb_bench_start_control(test, wh, USB_DIR_IN | USB_TYPE_STANDARD,
					 USB_REQ_GET_STATUS, 2);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_setup(b->dev, USB_DIR_IN | USB_TYPE_STANDARD,
						    USB_REQ_GET_STATUS), 0);
	usb_lock_device(b->udev);
	KUNIT_EXPECT_EQ(test, winusb_suspend(wh->wi, false), 0);
	winusb_bench_expect(test, job, -EIO, 0);
	winusb_suspend_resume(wh->wi);
	usb_unlock_device(b->udev);
}

/* Awake after a reset: what was pending ends, what comes after it runs. */
static void winusb_test_reset_resume_ends_what_was_pending(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];
	u32 value = 0;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	winusb_send(test, NULL, 512);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	usb_lock_device(b->udev);
	KUNIT_EXPECT_EQ(test, winusb_suspend(wh->wi, false), 0);
	winusb_suspend_reset_resume(wh->wi);
	usb_unlock_device(b->udev);
	winusb_async_expect(test, a[0], -ECONNRESET, 512);
	winusb_async_expect(test, a[1], -ECONNRESET, 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_get_policy(wh, WINUSB_BENCH_IN,
						     WINUSB_POLICY_IGNORE_SHORT_PACKETS, &value,
						     false), 0);
	KUNIT_EXPECT_EQ(test, value, 1U);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, NULL, 512);
	winusb_async_expect(test, a[0], 0, 512);
}

static struct kunit_case winusb_suspend_cases[] = {
	WINUSB_CASE_RULE(reads_go_on_in_order, 3_3),
	WINUSB_CASE_RULE(raw_reads_go_on_in_order, 3_3),
	WINUSB_CASE_RULE(all_reads_are_withdrawn, 3_3),
	WINUSB_CASE_RULE(bytes_of_a_withdrawn_read_stay_in_it, 3_3),
	WINUSB_CASE_RULE(so_with_ignore_short_packets, 3_3),
	WINUSB_CASE_RULE(so_with_raw_io, 3_3),
	WINUSB_CASE_RULE(short_packet_ends_a_read_after_sleep, 3_3),
	WINUSB_CASE_RULE(read_that_was_complete_ends, 3_3),
	WINUSB_CASE_RULE(write_keeps_it_awake, 3_3),
	WINUSB_CASE_RULE(control_transfer_keeps_it_awake, 3_3),
	WINUSB_CASE_RULE(reset_of_a_pipe_keeps_it_awake, 3_3),
	WINUSB_CASE(it_sleeps_after_a_write_without_delay),
	WINUSB_CASE_RULE(read_wakes_it, 3_3),
	WINUSB_CASE_RULE(write_and_control_transfer_wake_it, 3_3),
	WINUSB_CASE_RULE(setting_and_reset_wake_it, 3_3),
	WINUSB_CASE(abort_does_not_wake_it),
	WINUSB_CASE(raw_read_is_cancelled_asleep),
	WINUSB_CASE(timeout_stands_still),
	WINUSB_CASE_RULE(saved_data_stays, 3_3),
	WINUSB_CASE_RULE(pipes_are_reset_on_resume, 3_3),
	WINUSB_CASE(device_that_does_not_answer_is_asked_once),
	WINUSB_CASE_RULE(unplugged_asleep, 5_4),
	WINUSB_CASE(unbound_asleep),
	WINUSB_CASE(bound_is_held_once),
	WINUSB_CASE_RULE(policy_ends_with_its_file, 3_1),
	WINUSB_CASE(restless_device_is_left_awake),
	WINUSB_CASE(system_sleep_ends_what_takes_too_long),
	WINUSB_CASE(system_sleep_waits_for_a_moment),
	WINUSB_CASE(reset_resume_ends_what_was_pending),
	{ }
};

static struct kunit_suite winusb_suspend_suite =
	WINUSB_BENCH_SUITE("winusb_suspend", winusb_sleep_plug, winusb_suspend_cases);

kunit_test_suite(winusb_suspend_suite);
