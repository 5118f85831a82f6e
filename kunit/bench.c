// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bench on which the driver is tested: a scripted host controller with one
 * device that the driver is told to bind to as an administrator would, files
 * opened on its interfaces, and transfers that block in threads of their own.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include <uapi/linux/winusb.h>

#include "async.h"
#include "bench.h"

#define WINUSB_BENCH_WAIT	(10 * HZ)

static const struct usb_device_descriptor winusb_bench_device =
	WINUSB_DEVICE(0x0200, 64, WINUSB_BENCH_WHOLE);

static const u8 winusb_bench_config[] = {
	WINUSB_CONFIG(2),
	WINUSB_INTERFACE(0, 0, 3),
	WINUSB_BULK(WINUSB_BENCH_IN, 512),
	WINUSB_BULK(WINUSB_BENCH_OUT, 512),
	WINUSB_INT(WINUSB_BENCH_INT, 64, 4),
	WINUSB_INTERFACE(0, 1, 2),
	WINUSB_BULK(WINUSB_BENCH_IN, 512),
	WINUSB_ISOC(WINUSB_BENCH_ISOC, 512, 1),
	WINUSB_INTERFACE(1, 0, 2),
	WINUSB_BULK(WINUSB_BENCH_IN2, 512),
	WINUSB_BULK(WINUSB_BENCH_OUT2, 512),
};

/* The same endpoints at other speeds. */
static const u8 winusb_bench_full_config[] = {
	WINUSB_CONFIG(1),
	WINUSB_INTERFACE(0, 0, 4),
	WINUSB_BULK(WINUSB_BENCH_IN, 64),
	WINUSB_BULK(WINUSB_BENCH_OUT, 64),
	WINUSB_INT(WINUSB_BENCH_INT, 48, 4),
	WINUSB_INT(WINUSB_BENCH_OUT2, 48, 4),
};

static const struct usb_device_descriptor winusb_bench_super_device =
	WINUSB_DEVICE(0x0300, 9, WINUSB_BENCH_WHOLE);

static const u8 winusb_bench_super_config[] = {
	WINUSB_CONFIG(1),
	WINUSB_INTERFACE(0, 0, 2),
	WINUSB_BULK(WINUSB_BENCH_IN, 1024),
	WINUSB_COMPANION(3, 0, 0),
	WINUSB_BULK(WINUSB_BENCH_OUT, 1024),
	WINUSB_COMPANION(3, 0, 0),
};

static const u8 winusb_bench_super_bos[] = {
	5, USB_DT_BOS, 22, 0, 2,
	7, USB_DT_DEVICE_CAPABILITY, USB_CAP_TYPE_EXT, 0, 0, 0, 0,
	10, USB_DT_DEVICE_CAPABILITY, USB_SS_CAP_TYPE, 0, 0x0e, 0, 1, 10, 0xff,
	0x07,
};

static const char * const winusb_bench_strings[] = { "bench" };

/* One controller for all tests of a suite, and a device that one left. */
static struct winusb_hcd *winusb_bench_hc;
static struct winusb_hcd_dev *winusb_bench_spare;

/* Associations count with these three codes only. */
static const struct usb_device_descriptor winusb_bench_composite = {
	.bLength = USB_DT_DEVICE_SIZE,
	.bDescriptorType = USB_DT_DEVICE,
	.bcdUSB = cpu_to_le16(0x0200),
	.bDeviceClass = USB_CLASS_MISC,
	.bDeviceSubClass = 2,
	.bDeviceProtocol = 1,
	.bMaxPacketSize0 = 64,
	.idVendor = cpu_to_le16(WINUSB_TEST_VENDOR),
	.idProduct = cpu_to_le16(WINUSB_BENCH_COMPOSITE),
	.bNumConfigurations = 1,
};

static const u8 winusb_bench_composite_config[] = {
	WINUSB_CONFIG(5),
	WINUSB_INTERFACE(0, 0, 1),
	WINUSB_BULK(0x81, 512),
	WINUSB_IAD(1, 3),
	WINUSB_INTERFACE(1, 0, 1),
	WINUSB_BULK(0x82, 512),
	WINUSB_INTERFACE(2, 0, 1),
	WINUSB_BULK(0x83, 512),
	WINUSB_INTERFACE(3, 0, 1),
	WINUSB_BULK(0x84, 512),
	WINUSB_INTERFACE(4, 0, 1),
	WINUSB_BULK(0x85, 512),
};

/* Some other driver, that a test can give an interface to. */
static int winusb_bench_other_probe(struct usb_interface *intf,
				    const struct usb_device_id *id)
{
	return -ENODEV;
}

static void winusb_bench_other_disconnect(struct usb_interface *intf)
{
}

static const struct usb_device_id winusb_bench_other_ids[] = { { } };

struct usb_driver winusb_bench_other_driver = {
	.name = "winusb_bench",
	.probe = winusb_bench_other_probe,
	.disconnect = winusb_bench_other_disconnect,
	.id_table = winusb_bench_other_ids,
};

/* Writes to an attribute of the driver, as a program would in sysfs. */
static int winusb_bench_store(struct device_driver *driver, const char *name,
			      const char *text)
{
	const struct attribute_group *group;
	struct driver_attribute *driver_attr;
	const struct attribute *attr;
	unsigned int i, j;

	for (i = 0; driver->groups && driver->groups[i]; i++) {
		group = driver->groups[i];
		for (j = 0; group->attrs[j]; j++) {
			attr = group->attrs[j];
			if (strcmp(attr->name, name))
				continue;
			driver_attr = container_of(attr,
						   struct driver_attribute,
						   attr);
			return driver_attr->store(driver, text, strlen(text));
		}
	}
	return -ENOENT;
}

/*
 * Tells the driver which devices to bind. Ids cannot be taken back from here,
 * so they stay for the next suite.
 */
static int winusb_bench_add_ids(struct device_driver *driver)
{
	static bool added;
	char text[16];
	int ret;

	if (added)
		return 0;
	snprintf(text, sizeof(text), "%04x %04x", WINUSB_TEST_VENDOR,
		 WINUSB_BENCH_WHOLE);
	ret = usb_store_new_id(&to_usb_driver(driver)->dynids,
			       to_usb_driver(driver)->id_table, driver, text,
			       strlen(text));
	if (ret < 0)
		return ret;
	snprintf(text, sizeof(text), "%04x %04x 01", WINUSB_TEST_VENDOR,
		 WINUSB_BENCH_COMPOSITE);
	ret = winusb_bench_store(driver, "function_id", text);
	if (ret < 0 && ret != -EEXIST)
		return ret;
	added = true;
	return 0;
}

int winusb_bench_suite_init(struct kunit_suite *suite)
{
	struct device_driver *driver;
	int ret = -ENODEV;

	winusb_bench_hc = winusb_hcd_create(NULL);
	if (IS_ERR(winusb_bench_hc))
		return PTR_ERR(winusb_bench_hc);
	driver = driver_find("winusb",
			     winusb_hcd_bus(winusb_bench_hc)->root_hub->dev.bus);
	if (driver)
		ret = winusb_bench_add_ids(driver);
	if (!ret)
		ret = usb_register(&winusb_bench_other_driver);
	if (ret)
		winusb_hcd_destroy(winusb_bench_hc);
	return ret;
}

void winusb_bench_suite_exit(struct kunit_suite *suite)
{
	usb_deregister(&winusb_bench_other_driver);
	winusb_hcd_destroy(winusb_bench_hc);
	winusb_bench_spare = NULL;
}

int winusb_bench_init_empty(struct kunit *test)
{
	struct winusb_bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	if (!b)
		return -ENOMEM;
	test->priv = b;
	b->hc = winusb_bench_hc;
	INIT_LIST_HEAD(&b->asyncs);
	return 0;
}

/* The interfaces that winusb is bound to, a bit for each position. */
static u32 winusb_bench_bound(struct winusb_bench *b)
{
	const struct usb_host_config *config = b->udev->actconfig;
	const struct device_driver *driver;
	unsigned int i;
	u32 bound = 0;

	for (i = 0; config && i < config->desc.bNumInterfaces; i++) {
		driver = config->interface[i]->dev.driver;
		if (driver && !strcmp(driver->name, "winusb"))
			bound |= BIT(i);
	}
	return bound;
}

/* Waits until the plugged device is probed, and takes a reference. */
static void winusb_bench_take_udev(struct kunit *test)
{
	struct winusb_bench *b = test->priv;

	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_enumerated(b->dev), 0);
	b->udev = winusb_hcd_get_udev(b->dev);
	KUNIT_ASSERT_NOT_NULL(test, b->udev);
	winusb_devices_flush();	/* it has been asked for its OS descriptors */
	b->bound = winusb_bench_bound(b);
	winusb_hcd_stats_reset(b->dev);
}

/* Plugs the device in again. */
void winusb_bench_replug(struct kunit *test)
{
	struct winusb_bench *b = test->priv;

	usb_put_dev(b->udev);
	b->udev = NULL;
	KUNIT_ASSERT_EQ(test, winusb_hcd_plug(b->dev, 1), 0);
	winusb_bench_take_udev(test);
}

/* Plugs a device into port 1 and waits until drivers have probed it. */
void winusb_bench_plug(struct kunit *test,
		       const struct winusb_hcd_dev_info *info)
{
	struct winusb_bench *b = test->priv;

	b->dev = winusb_hcd_dev_create(b->hc, info);
	KUNIT_ASSERT_FALSE(test, IS_ERR(b->dev));
	winusb_bench_replug(test);
}

/*
 * Gives the test a controller of its own, with a device of the fastest speed
 * that it has. For tests that begin with winusb_bench_init_empty().
 */
void winusb_bench_controller(struct kunit *test,
			     const struct winusb_hcd_config *config)
{
	struct winusb_hcd_dev_info info = {
		.device = &winusb_bench_device,
		.config = winusb_bench_config,
		.config_length = sizeof(winusb_bench_config),
	};
	struct winusb_bench *b = test->priv;
	struct winusb_hcd *hc;

	if (config->speed == USB_SPEED_FULL) {
		info.config = winusb_bench_full_config;
		info.config_length = sizeof(winusb_bench_full_config);
	} else if (config->speed == USB_SPEED_SUPER) {
		info.device = &winusb_bench_super_device;
		info.config = winusb_bench_super_config;
		info.config_length = sizeof(winusb_bench_super_config);
		info.bos = winusb_bench_super_bos;
		info.bos_length = sizeof(winusb_bench_super_bos);
	}
	hc = winusb_hcd_create(config);
	KUNIT_ASSERT_FALSE(test, IS_ERR(hc));
	b->hc = hc;
	b->own_hc = true;
	winusb_bench_plug(test, &info);
}

/* Goes on with the device of the test before, if that left it as it was. */
static void winusb_bench_reuse(struct kunit *test,
			       const struct winusb_hcd_dev_info *info)
{
	struct winusb_bench *b = test->priv;

	b->reusable = true;
	if (!winusb_bench_spare) {
		winusb_bench_plug(test, info);
		return;
	}
	b->dev = winusb_bench_spare;
	winusb_bench_spare = NULL;
	winusb_bench_take_udev(test);
}

int winusb_bench_init(struct kunit *test)
{
	const struct winusb_hcd_dev_info info = {
		.device = &winusb_bench_device,
		.config = winusb_bench_config,
		.config_length = sizeof(winusb_bench_config),
		.strings = winusb_bench_strings,
		.nr_strings = ARRAY_SIZE(winusb_bench_strings),
	};
	int ret = winusb_bench_init_empty(test);

	if (!ret)
		winusb_bench_reuse(test, &info);
	return ret;
}

int winusb_bench_init_composite(struct kunit *test)
{
	const struct winusb_hcd_dev_info info = {
		.device = &winusb_bench_composite,
		.config = winusb_bench_composite_config,
		.config_length = sizeof(winusb_bench_composite_config),
	};
	int ret = winusb_bench_init_empty(test);

	if (!ret)
		winusb_bench_reuse(test, &info);
	return ret;
}

/* A test that failed may leave anything behind: then nothing is kept. */
static void winusb_bench_put_dev(struct kunit *test)
{
	struct winusb_bench *b = test->priv;
	bool fresh = false;

	if (IS_ERR_OR_NULL(b->dev))
		return;
	if (b->udev)
		fresh = winusb_hcd_tidy(b->dev) &&
			winusb_bench_bound(b) == b->bound;
	usb_put_dev(b->udev);
	if (fresh && b->reusable && test->status == KUNIT_SUCCESS)
		winusb_bench_spare = b->dev;
	else
		winusb_hcd_dev_destroy(b->dev);
}

void winusb_bench_exit(struct kunit *test)
{
	struct winusb_bench *b = test->priv;
	unsigned int i;

	if (!b)
		return;
	winusb_hcd_slow_unlink(b->hc, false);
	for (i = 0; i < b->nr_jobs; i++) {
		if (winusb_bench_is_running(b->jobs[i]))
			winusb_file_cancel(b->jobs[i]->wh->wf, NULL,
					   -ECANCELED);
		wait_for_completion(&b->jobs[i]->done);
		winusb_handle_put(b->jobs[i]->wh);
		put_task_struct(b->jobs[i]->task);
	}
	for (i = 0; i < WINUSB_BENCH_FILES; i++)
		if (b->files[i])
			winusb_file_close(b->files[i]);
	winusb_async_free_all(test);
	winusb_hcd_clock_reset(b->hc);
	winusb_bench_put_dev(test);
	if (b->own_hc)
		winusb_hcd_destroy(b->hc);
}

struct usb_interface *winusb_bench_intf(struct kunit *test, u8 number)
{
	struct winusb_bench *b = test->priv;
	struct usb_interface *intf = usb_ifnum_to_if(b->udev, number);

	KUNIT_ASSERT_NOT_NULL(test, intf);
	return intf;
}

struct winusb_interface *winusb_bench_wi(struct kunit *test, u8 number)
{
	struct usb_interface *intf = winusb_bench_intf(test, number);

	KUNIT_ASSERT_NOT_NULL(test, intf->dev.driver);
	KUNIT_ASSERT_STREQ(test, intf->dev.driver->name, "winusb");
	KUNIT_ASSERT_NOT_NULL(test, usb_get_intfdata(intf));
	return usb_get_intfdata(intf);
}

void winusb_bench_unbind(struct kunit *test, u8 number)
{
	struct winusb_bench *b = test->priv;

	usb_lock_device(b->udev);	/* as unbind in sysfs does */
	device_release_driver(&winusb_bench_intf(test, number)->dev);
	usb_unlock_device(b->udev);
}

void winusb_bench_bind(struct kunit *test, u8 number)
{
	struct winusb_bench *b = test->priv;
	int ret;

	usb_lock_device(b->udev);
	ret = device_attach(&winusb_bench_intf(test, number)->dev);
	usb_unlock_device(b->udev);
	KUNIT_ASSERT_EQ(test, ret, 1);
}

static struct winusb_file *winusb_bench_open_as(struct kunit *test, u8 number, bool listener)
{
	struct winusb_bench *b = test->priv;
	struct winusb_file *wf;
	unsigned int i;

	for (i = 0; i < WINUSB_BENCH_FILES && b->files[i]; i++)
		;
	KUNIT_ASSERT_LT(test, i, WINUSB_BENCH_FILES);
	wf = winusb_file_open(winusb_bench_wi(test, number), listener);
	if (!IS_ERR(wf))
		b->files[i] = wf;
	return wf;
}

/* Opens an interface's node for reading and writing; may be an error. */
struct winusb_file *winusb_bench_try_open(struct kunit *test, u8 number)
{
	return winusb_bench_open_as(test, number, false);
}

/* Opens it read-only; may be an error. */
struct winusb_file *winusb_bench_try_listen(struct kunit *test, u8 number)
{
	return winusb_bench_open_as(test, number, true);
}

struct winusb_file *winusb_bench_open(struct kunit *test, u8 number)
{
	struct winusb_file *wf = winusb_bench_try_open(test, number);

	KUNIT_ASSERT_EQ(test, PTR_ERR_OR_ZERO(wf), 0);
	return wf;
}

void winusb_bench_close(struct kunit *test, struct winusb_file *wf)
{
	struct winusb_bench *b = test->priv;
	unsigned int i;

	for (i = 0; i < WINUSB_BENCH_FILES; i++)
		if (b->files[i] == wf)
			b->files[i] = NULL;
	winusb_file_close(wf);
}

struct winusb_handle *winusb_bench_initialize(struct kunit *test,
					      struct winusb_file *wf)
{
	struct winusb_handle *wh = winusb_handle_initialize(wf);

	KUNIT_ASSERT_EQ(test, PTR_ERR_OR_ZERO(wh), 0);
	winusb_handle_publish(wh);
	return wh;
}

struct winusb_handle *winusb_bench_associate(struct winusb_handle *parent,
					     u8 index)
{
	struct winusb_handle *wh;

	wh = winusb_handle_get_associated(parent->wf, parent->number, index);
	if (!IS_ERR(wh))
		winusb_handle_publish(wh);
	return wh;
}

/* Opens an interface and initializes it. */
struct winusb_handle *winusb_bench_handle(struct kunit *test, u8 number)
{
	return winusb_bench_initialize(test, winusb_bench_open(test, number));
}

int winusb_bench_transfer(struct winusb_handle *wh, u8 address, void *buf,
			  size_t length, size_t *moved)
{
	struct kvec vec = { .iov_base = buf, .iov_len = length };
	struct iov_iter iter;

	iov_iter_kvec(&iter, address & USB_DIR_IN ? READ : WRITE, &vec, 1,
		      length);
	return winusb_request_transfer(wh, address, &iter, moved, false);
}

static int winusb_bench_run_control(struct winusb_handle *wh,
				    const struct usb_ctrlrequest *setup,
				    void *buf, size_t length, size_t *moved)
{
	struct kvec vec = { .iov_base = buf, .iov_len = length };
	struct iov_iter iter;

	iov_iter_kvec(&iter, setup->bRequestType & USB_DIR_IN ? READ : WRITE,
		      &vec, 1, length);
	return winusb_control_transfer(wh, setup, &iter, moved, false);
}

int winusb_bench_control(struct winusb_handle *wh, u8 type, u8 request,
			 u16 value, u16 index, void *buf, size_t length,
			 size_t *moved)
{
	struct usb_ctrlrequest setup = {
		.bRequestType = type,
		.bRequest = request,
		.wValue = cpu_to_le16(value),
		.wIndex = cpu_to_le16(index),
		.wLength = cpu_to_le16(length),
	};

	return winusb_bench_run_control(wh, &setup, buf, length, moved);
}

static int winusb_bench_run(void *data)
{
	struct winusb_bench_job *job = data;

	allow_signal(SIGUSR1);
	if (job->address)
		job->ret = winusb_bench_transfer(job->wh, job->address,
						 job->buf, job->length,
						 &job->moved);
	else
		job->ret = winusb_bench_run_control(job->wh, &job->setup,
						    job->buf, job->length,
						    &job->moved);
	complete_all(&job->done);
	return 0;
}

static struct winusb_bench_job *winusb_bench_job(struct kunit *test,
						 struct winusb_handle *wh,
						 size_t length)
{
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job;

	KUNIT_ASSERT_LT(test, b->nr_jobs, WINUSB_BENCH_JOBS);
	job = kunit_kzalloc(test, sizeof(*job), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, job);
	job->buf = kunit_kzalloc(test, max_t(size_t, length, 1), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, job->buf);
	job->length = length;
	init_completion(&job->done);
	return job;
}

/*
 * Until the job's thread, of which the caller has a reference, sleeps in what
 * it does, or is done. At three looks in a row: not just for a mutex.
 */
void winusb_bench_wait_asleep(struct winusb_bench_job *job)
{
	unsigned int asleep = 0, looks = 0;

	while (asleep < 3 && looks++ < 10000 && winusb_bench_is_running(job)) {
		usleep_range(1000, 2000);
		asleep = task_is_running(job->task) ? 0 : asleep + 1;
	}
}

static void winusb_bench_go(struct kunit *test, struct winusb_bench_job *job,
			    struct winusb_handle *wh)
{
	struct winusb_bench *b = test->priv;
	struct task_struct *task;

	task = kthread_create(winusb_bench_run, job, "winusb_bench");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	job->task = task;
	get_task_struct(task);	/* matches put in winusb_bench_exit() */
	kref_get(&wh->ref);	/* the same */
	job->wh = wh;
	b->jobs[b->nr_jobs++] = job;
	wake_up_process(task);
}

/*
 * Starts a transfer in a thread, which has to end before the test does. It may
 * not have begun yet.
 */
struct winusb_bench_job *winusb_bench_start_soon(struct kunit *test,
						 struct winusb_handle *wh,
						 u8 address, size_t length)
{
	struct winusb_bench_job *job = winusb_bench_job(test, wh, length);

	job->address = address;
	winusb_bench_go(test, job, wh);
	return job;
}

/* The same; it waits in the transfer, or has ended. */
struct winusb_bench_job *winusb_bench_start(struct kunit *test,
					    struct winusb_handle *wh,
					    u8 address, size_t length)
{
	struct winusb_bench_job *job;

	job = winusb_bench_start_soon(test, wh, address, length);
	winusb_bench_wait_asleep(job);
	return job;
}

struct winusb_bench_job *
winusb_bench_start_setup(struct kunit *test, struct winusb_handle *wh,
			 const struct usb_ctrlrequest *setup)
{
	struct winusb_bench_job *job;

	job = winusb_bench_job(test, wh, le16_to_cpu(setup->wLength));
	job->setup = *setup;
	winusb_bench_go(test, job, wh);
	winusb_bench_wait_asleep(job);
	return job;
}

struct winusb_bench_job *
winusb_bench_start_control(struct kunit *test, struct winusb_handle *wh,
			   u8 type, u8 request, size_t length)
{
	const struct usb_ctrlrequest setup = {
		.bRequestType = type, .bRequest = request, .wLength = cpu_to_le16(length),
	};

	return winusb_bench_start_setup(test, wh, &setup);
}

bool winusb_bench_is_running(struct winusb_bench_job *job)
{
	return !completion_done(&job->done);
}

void winusb_bench_expect(struct kunit *test, struct winusb_bench_job *job,
			 int ret, size_t moved)
{
	unsigned long left;

	left = wait_for_completion_timeout(&job->done, WINUSB_BENCH_WAIT);
	KUNIT_ASSERT_NE_MSG(test, left, 0UL, "the transfer did not end");
	KUNIT_EXPECT_EQ(test, job->ret, ret);
	KUNIT_EXPECT_EQ(test, job->moved, moved);
}

void winusb_bench_signal(struct winusb_bench_job *job)
{
	send_sig(SIGUSR1, job->task, 1);
}

void winusb_bench_rule(struct kunit *test, u8 address,
		       struct winusb_hcd_rule rule)
{
	struct winusb_bench *b = test->priv;

	KUNIT_ASSERT_EQ(test, winusb_hcd_script(b->dev, address, &rule, 1), 0);
}

void winusb_bench_timeout(struct kunit *test, struct winusb_handle *wh,
			  u8 address, u32 timeout_ms)
{
	KUNIT_ASSERT_EQ(test,
			winusb_pipe_set_policy(wh, address,
					       WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT,
					       timeout_ms, false), 0);
}

WINUSB_IMPORT_FOR_TESTS();
MODULE_DESCRIPTION("KUnit suites of the winusb driver");
MODULE_LICENSE("GPL");
