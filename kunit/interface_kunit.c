// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of an interface: binding, settings, resets by others, unplugging,
 * unbinding, and devices whose descriptors are broken. "n.m" is a section of
 * winusb.md.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include <uapi/linux/winusb.h>

#include "bench.h"

/* 4.7: named as a whole, a device is one function of all its interfaces. */
static void winusb_test_whole_device_is_one_function(struct kunit *test)
{
	struct winusb_interface *wi = winusb_bench_wi(test, 0);

	KUNIT_EXPECT_PTR_EQ(test, wi->fn, winusb_bench_wi(test, 1)->fn);
	KUNIT_EXPECT_EQ(test, wi->fn->grouping.count, 2);
	KUNIT_EXPECT_TRUE(test, winusb_function_is_default(wi->fn, wi));
	KUNIT_EXPECT_FALSE(test,
			   winusb_function_is_default(wi->fn,
						      winusb_bench_wi(test, 1)));
	KUNIT_EXPECT_EQ(test, wi->num_pipes, 3U);
}

/* Probing asks the device for nothing: there is nothing to hang on. */
static void winusb_test_probe_makes_no_traffic(struct kunit *test)
{
	struct winusb_bench *b = test->priv;

	winusb_bench_unbind(test, 1);
	/* usbcore itself puts an unbound interface back to setting 0. */
	winusb_hcd_stats_reset(b->dev);
	winusb_bench_bind(test, 1);
	winusb_bench_wi(test, 1);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
}

/* Unplugged: what runs and what waits ends, later requests are refused. */
static void winusb_test_unplug_ends_transfers(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_handle *other = winusb_bench_associate(wh, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job[4];
	unsigned int i;
	size_t moved;
	u8 buf[8];

	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	for (i = 0; i < 3; i++) {
		job[i] = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 1024);
		msleep(20);
	}
	job[3] = winusb_bench_start(test, other, WINUSB_BENCH_IN2, 512);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN2, 1),
			0);
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 512 });
	winusb_hcd_unplug(b->dev, 0);
	winusb_bench_expect(test, job[0], -ESHUTDOWN, 512);
	for (i = 1; i < 4; i++)
		winusb_bench_expect(test, job[i], -ESHUTDOWN, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_OUT, buf, 8,
					      &moved), -ENODEV);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_control(wh, 0xc0, 0x42, 0, 0, buf, 8,
					     &moved), -ENODEV);
}

/* A controller that fails the transfers itself: a bus error, then nothing. */
static void winusb_test_unplug_may_look_like_a_bus_error(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job;
	size_t moved;
	int ret;
	u8 buf[8];

	job = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1),
			0);
	winusb_hcd_unplug(b->dev, -EPROTO);
	winusb_bench_expect(test, job, -EPROTO, 0);
	ret = winusb_bench_transfer(wh, WINUSB_BENCH_OUT, buf, 8, &moved);
	KUNIT_EXPECT_TRUE(test, ret == -EPROTO || ret == -ESHUTDOWN || ret == -ENODEV);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_OUT, buf, 8,
					      &moved), -ENODEV);
}

/* Unbinding one interface ends its transfers, not those of its sibling. */
static void winusb_test_unbind_ends_transfers(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_handle *other = winusb_bench_associate(wh, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *mine, *its;
	size_t moved;
	u8 buf[8];

	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	mine = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	its = winusb_bench_start(test, other, WINUSB_BENCH_IN2, 512);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1),
			0);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN2, 1),
			0);
	winusb_bench_unbind(test, 1);
	winusb_bench_expect(test, its, -ESHUTDOWN, 0);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(mine));
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(other, WINUSB_BENCH_OUT2, buf, 8,
					      &moved), -ENODEV);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_OUT, buf, 8,
					      &moved), 0);

	/* Bound again it is a new object, that the old handle never reaches. */
	winusb_bench_bind(test, 1);
	KUNIT_EXPECT_PTR_NE(test, winusb_bench_wi(test, 1), other->wi);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(other, WINUSB_BENCH_OUT2, buf, 8,
					      &moved), -ENODEV);
}

/* A control request that the device holds does not hold the unbinding up. */
static void winusb_test_unbind_ends_control_transfers(struct kunit *test)
{
	struct winusb_hcd_rule hold = { .action = WINUSB_HCD_HOLD };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job;

	winusb_hcd_script_control(b->dev, 0x40, 0x42, &hold);
	job = winusb_bench_start_control(test, wh, 0x40, 0x42, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_setup(b->dev, 0x40, 0x42), 0);
	winusb_bench_unbind(test, 0);
	winusb_bench_expect(test, job, -ESHUTDOWN, 0);
}

/* A replugged device is a new node and revives no old file (checklist 16). */
static void winusb_test_replug_revives_nothing(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	size_t moved;
	u8 buf[8];

	winusb_hcd_unplug(b->dev, 0);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	winusb_bench_replug(test);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_OUT, buf, 8,
					      &moved), -ENODEV);
	/* The old file does not keep the new device from being opened. */
	wh = winusb_bench_handle(test, 0);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_OUT, buf, 8,
					      &moved), 0);
}

/* Reset by another party, with several interfaces in use, loses no lock. */
static void winusb_test_reset_by_another_party(struct kunit *test)
{
	struct winusb_hcd_rule hold = { .action = WINUSB_HCD_HOLD };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_handle *other = winusb_bench_associate(wh, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job[4];
	size_t moved;
	u32 value;
	u8 buf[8];

	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	KUNIT_ASSERT_EQ(test, winusb_handle_set_setting(wh, 1, false), 0);
	winusb_bench_timeout(test, other, WINUSB_BENCH_OUT2, 4321);
	job[0] = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1),
			0);
	job[1] = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	job[2] = winusb_bench_start(test, other, WINUSB_BENCH_IN2, 512);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN2, 1),
			0);
	winusb_hcd_script_control(b->dev, 0x40, 0x42, &hold);
	job[3] = winusb_bench_start_control(test, wh, 0x40, 0x42, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_setup(b->dev, 0x40, 0x42), 0);
	msleep(20);
	KUNIT_EXPECT_EQ(test, winusb_hcd_reset_wait(b->dev), 0);
	winusb_bench_expect(test, job[0], -ECONNRESET, 0);
	winusb_bench_expect(test, job[1], -ECONNRESET, 0);
	winusb_bench_expect(test, job[2], -ECONNRESET, 0);
	winusb_bench_expect(test, job[3], -ECONNRESET, 0);

	/* Setting, policies and handles are as before. */
	KUNIT_EXPECT_EQ(test, winusb_interface_get_setting(wh->wi), 1);
	KUNIT_EXPECT_EQ(test,
			winusb_pipe_get_policy(other, WINUSB_BENCH_OUT2,
					       WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT,
					       &value, false), 0);
	KUNIT_EXPECT_EQ(test, value, 4321U);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(other, WINUSB_BENCH_OUT2, buf, 8,
					      &moved), 0);
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 2 });
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_IN, buf, 8,
					      &moved), 0);
}

static int winusb_reset_thread(void *data)
{
	struct winusb_bench_job *job = data;

	job->ret = winusb_hcd_reset_wait(job->dev);
	complete(&job->done);
	return 0;
}

/* Between the two ends of a reset nothing is submitted: who comes waits. */
static void winusb_test_submitters_wait_for_a_reset(struct kunit *test)
{
	struct winusb_hcd_rule hold = { .action = WINUSB_HCD_HOLD };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_handle *other = winusb_bench_associate(wh, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job resetter = { .dev = b->dev };
	struct winusb_bench_job *job[2];
	struct iov_iter iter;
	struct kvec vec;
	size_t moved;
	u8 buf[8];

	KUNIT_ASSERT_FALSE(test, IS_ERR(other));
	winusb_hcd_script_control(b->dev, 0x80, USB_REQ_GET_DESCRIPTOR, &hold);
	init_completion(&resetter.done);
	kthread_run(winusb_reset_thread, &resetter, "winusb_reset");
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_setup(b->dev, 0x80,
					      USB_REQ_GET_DESCRIPTOR), 0);
	job[0] = winusb_bench_start(test, wh, WINUSB_BENCH_OUT, 8);
	job[1] = winusb_bench_start(test, other, WINUSB_BENCH_OUT2, 8);
	msleep(50);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(job[0]));
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(job[1]));
	vec.iov_base = buf;
	vec.iov_len = sizeof(buf);
	iov_iter_kvec(&iter, WRITE, &vec, 1, sizeof(buf));
	KUNIT_EXPECT_EQ(test,
			winusb_request_transfer(wh, WINUSB_BENCH_OUT, &iter,
						&moved, true), -EAGAIN);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, true), -EAGAIN);

	KUNIT_EXPECT_TRUE(test, winusb_hcd_release(b->dev, 0));
	wait_for_completion(&resetter.done);
	KUNIT_EXPECT_EQ(test, resetter.ret, 0);
	winusb_bench_expect(test, job[0], 0, 8);
	winusb_bench_expect(test, job[1], 0, 8);
}

/* A reset ends a halt, here as in the device. */
static void winusb_test_reset_ends_a_halt(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	size_t moved;
	u8 buf[512];

	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .action = WINUSB_HCD_STALL });
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 1 });
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_IN, buf, 512,
					      &moved), -EPIPE);
	KUNIT_EXPECT_EQ(test, winusb_hcd_reset_wait(b->dev), 0);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_IN, buf, 512,
					      &moved), 0);
}

/* 1.3, checklist 12: no new setting while a transfer is outstanding. */
static void winusb_test_setting_is_busy_with_a_read(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job;

	job = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1),
			0);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 0, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
	KUNIT_EXPECT_EQ(test, winusb_interface_get_setting(wh->wi), 0);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(job));
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 4 });
	winusb_bench_expect(test, job, 0, 4);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, false), 0);
}

/* 1.3: the pipes are those of the new setting, with default policies. */
static void winusb_test_setting_changes_the_pipes(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_setup setup;
	size_t moved;
	u32 value;
	u8 buf[512];

	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 99);
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 100 });
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_IN, buf, 1,
					      &moved), 0);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, false), 0);
	winusb_hcd_setup(b->dev, 0, &setup);
	KUNIT_EXPECT_EQ(test, setup.setup.bRequest, USB_REQ_SET_INTERFACE);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wValue), 1);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wIndex), 0);

	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_OUT, buf, 1,
					      &moved), -EINVAL);
	KUNIT_EXPECT_EQ(test,
			winusb_pipe_get_policy(wh, WINUSB_BENCH_IN,
					       WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT,
					       &value, false), 0);
	KUNIT_EXPECT_EQ(test, value, 0U);
	/* What was saved went with the old setting. */
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .data = "x", .length = 1 });
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_IN, buf, 512,
					      &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)1);
}

/* A setting that is not there, or that the device refuses, changes nothing. */
static void winusb_test_refused_setting_changes_nothing(struct kunit *test)
{
	struct winusb_hcd_rule stall = { .action = WINUSB_HCD_STALL };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	size_t moved;
	u8 buf[8];

	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 2, false), -ENOENT);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 255, false),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
	winusb_hcd_script_control(b->dev, 0x01, USB_REQ_SET_INTERFACE, &stall);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, false), -EPIPE);
	KUNIT_EXPECT_EQ(test, winusb_interface_get_setting(wh->wi), 0);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_OUT, buf, 8,
					      &moved), 0);
}

static int winusb_setting_thread(void *data)
{
	struct winusb_bench_job *job = data;

	allow_signal(SIGUSR1);
	job->ret = winusb_handle_set_setting(job->wh, 1, false);
	complete(&job->done);
	return 0;
}

static int winusb_close_thread(void *data)
{
	struct winusb_bench_job *job = data;

	winusb_file_close(job->wh->wf);
	complete(&job->done);
	return 0;
}

static void winusb_wait_locked(struct winusb_bench_job *job)
{
	wait_for_completion(&job->done);
	put_task_struct(job->task);
}

/* Starts a thread that will sleep on the device lock, which the test has. */
static void winusb_start_locked(struct kunit *test,
				struct winusb_bench_job *job,
				int (*run)(void *data))
{
	init_completion(&job->done);
	job->task = kthread_create(run, job, "winusb_locked");
	KUNIT_ASSERT_FALSE(test, IS_ERR(job->task));
	get_task_struct(job->task);
	wake_up_process(job->task);
	winusb_bench_wait_asleep(job);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(job));
}

/*
 * usb_set_interface() wants the device lock, or it races with the removal. The
 * wait for it ends with a signal.
 */
static void winusb_test_setting_needs_the_device_lock(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench_job job = { .wh = wh };
	struct winusb_bench *b = test->priv;

	usb_lock_device(b->udev);
	winusb_start_locked(test, &job, winusb_setting_thread);
	winusb_bench_signal(&job);
	winusb_wait_locked(&job);
	KUNIT_EXPECT_EQ(test, job.ret, -EINTR);
	winusb_start_locked(test, &job, winusb_setting_thread);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
	usb_unlock_device(b->udev);
	winusb_wait_locked(&job);
	KUNIT_EXPECT_EQ(test, job.ret, 0);
	KUNIT_EXPECT_EQ(test, winusb_interface_get_setting(wh->wi), 1);
}

/* A reset does not wait for long, and says that it was not tried. */
static void winusb_test_reset_of_a_locked_device_is_busy(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	unsigned int resets = winusb_hcd_resets(b->dev);

	usb_lock_device(b->udev);
	KUNIT_EXPECT_EQ(test, winusb_reset_device(wh), -EBUSY);
	usb_unlock_device(b->udev);
	KUNIT_EXPECT_EQ(test, winusb_hcd_resets(b->dev), resets);
	KUNIT_EXPECT_EQ(test, winusb_reset_device(wh), 0);
	KUNIT_EXPECT_GT(test, winusb_hcd_resets(b->dev), resets);
}

/* Whoever unbinds has the lock, and does not wait for who waits for it. */
static void winusb_test_unbind_before_a_setting(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench_job job = { .wh = wh };
	struct winusb_bench *b = test->priv;

	usb_lock_device(b->udev);
	winusb_start_locked(test, &job, winusb_setting_thread);
	device_release_driver(&winusb_bench_intf(test, 0)->dev);
	usb_unlock_device(b->udev);
	winusb_wait_locked(&job);
	KUNIT_EXPECT_EQ(test, job.ret, -ENODEV);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
}

/* A close takes the lock too, but only if there is a setting to restore. */
static void winusb_test_close_needs_the_device_lock(struct kunit *test)
{
	struct winusb_interface *wi = winusb_bench_wi(test, 0);
	struct winusb_file *wf = winusb_file_open(wi, false);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job job = { };

	KUNIT_ASSERT_FALSE(test, IS_ERR(wf));
	usb_lock_device(b->udev);
	winusb_file_close(wf);
	usb_unlock_device(b->udev);

	wf = winusb_file_open(wi, false);
	KUNIT_ASSERT_FALSE(test, IS_ERR(wf));
	job.wh = winusb_bench_initialize(test, wf);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(job.wh, 1, false), 0);
	usb_lock_device(b->udev);
	winusb_start_locked(test, &job, winusb_close_thread);
	KUNIT_EXPECT_EQ(test,
			PTR_ERR_OR_ZERO(winusb_bench_try_open(test, 0)),
			-EBUSY);
	usb_unlock_device(b->udev);
	winusb_wait_locked(&job);
	KUNIT_EXPECT_EQ(test, winusb_interface_get_setting(wi), 0);
	winusb_bench_open(test, 0);
}

/* On the way to system sleep an interface may get no new endpoints. */
static void winusb_test_nothing_is_restored_for_system_sleep(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_interface *wi = wh->wi;
	struct winusb_bench *b = test->priv;

	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, false), 0);
	wi->intf->dev.power.is_prepared = true;
	winusb_hcd_stats_reset(b->dev);
	winusb_bench_close(test, wh->wf);
	wi->intf->dev.power.is_prepared = false;
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
	KUNIT_EXPECT_EQ(test, winusb_interface_get_setting(wi), 1);
	winusb_bench_unbind(test, 0);	/* usbcore restores it then */
	winusb_bench_bind(test, 0);
	KUNIT_EXPECT_EQ(test,
			winusb_interface_get_setting(winusb_bench_wi(test, 0)),
			0);
}

/* Removal while threads come and go; nothing is left in flight. */
static void winusb_test_unplug_again_and_again(struct kunit *test)
{
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job;
	struct winusb_handle *wh;
	unsigned int i;

	for (i = 0; i < WINUSB_BENCH_JOBS; i++) {
		wh = winusb_bench_handle(test, 0);
		job = winusb_bench_start_soon(test, wh, WINUSB_BENCH_IN, 512);
		if (i & 1)
			KUNIT_EXPECT_EQ(test,
					winusb_hcd_wait_in_flight(b->dev,
								  WINUSB_BENCH_IN,
								  1), 0);
		winusb_hcd_unplug(b->dev, i & 2 ? -EPROTO : 0);
		KUNIT_ASSERT_NE(test,
				wait_for_completion_timeout(&job->done, 5 * HZ),
				0UL);
		KUNIT_EXPECT_LT(test, job->ret, 0);
		KUNIT_ASSERT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
		if (i + 1 < WINUSB_BENCH_JOBS)
			winusb_bench_replug(test);
	}
}

static struct kunit_case winusb_interface_cases[] = {
	WINUSB_CASE_RULE(whole_device_is_one_function, 4_7),
	WINUSB_CASE(probe_makes_no_traffic),
	WINUSB_CASE(unplug_ends_transfers),
	WINUSB_CASE(unplug_may_look_like_a_bus_error),
	WINUSB_CASE(unbind_ends_transfers),
	WINUSB_CASE(unbind_ends_control_transfers),
	WINUSB_CASE_RULE(replug_revives_nothing, 9_16),
	WINUSB_CASE(reset_by_another_party),
	WINUSB_CASE(submitters_wait_for_a_reset),
	WINUSB_CASE(reset_ends_a_halt),
	WINUSB_CASE_RULE(setting_is_busy_with_a_read, 9_12),
	WINUSB_CASE_RULE(setting_changes_the_pipes, 1_3),
	WINUSB_CASE(refused_setting_changes_nothing),
	WINUSB_CASE(setting_needs_the_device_lock),
	WINUSB_CASE(reset_of_a_locked_device_is_busy),
	WINUSB_CASE(unbind_before_a_setting),
	WINUSB_CASE(close_needs_the_device_lock),
	WINUSB_CASE(nothing_is_restored_for_system_sleep),
	WINUSB_CASE(unplug_again_and_again),
	{ }
};

static struct kunit_suite winusb_interface_suite =
	WINUSB_BENCH_SUITE("winusb_interface", winusb_bench_init,
			   winusb_interface_cases);

kunit_test_suite(winusb_interface_suite);
