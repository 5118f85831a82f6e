/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_KUNIT_BENCH_H
#define WINUSB_KUNIT_BENCH_H

#include <linux/completion.h>
#include <linux/usb.h>
#include <linux/usb/ch9.h>

#include "../driver/compat.h"
#include "../driver/control.h"
#include "../driver/device.h"
#include "../driver/file.h"
#include "../driver/function.h"
#include "../driver/handle.h"
#include "../driver/interface.h"
#include "../driver/pipe.h"
#include "../driver/request.h"
#include "../driver/reset.h"
#include "../tools/testing/hcd/winusb_hcd.h"
#include "winusb_kunit.h"

/* Endpoints of the plain device, all of 512-byte packets but the interrupt. */
#define WINUSB_BENCH_IN		0x81	/* interface 0, settings 0 and 1 */
#define WINUSB_BENCH_OUT	0x02	/* interface 0, setting 0 */
#define WINUSB_BENCH_INT	0x83	/* interface 0, setting 0; 64 bytes */
#define WINUSB_BENCH_ISOC	0x86	/* interface 0, setting 1 */
#define WINUSB_BENCH_IN2	0x84	/* interface 1 */
#define WINUSB_BENCH_OUT2	0x05	/* interface 1 */
#define WINUSB_BENCH_PACKET	512

#define WINUSB_BENCH_FILES	8
#define WINUSB_BENCH_JOBS	8

/* Product numbers, by how winusb is told to bind. */
#define WINUSB_BENCH_WHOLE	0x0001	/* the device is one function */
#define WINUSB_BENCH_COMPOSITE	0x0003	/* the function of interface 1 only */

/* A transfer that runs in a thread of its own. */
struct winusb_bench_job {
	struct task_struct *task;
	struct winusb_handle *wh;
	struct winusb_hcd_dev *dev;	/* for jobs that are no transfers */
	u8 address;
	struct usb_ctrlrequest setup;
	u8 *buf;
	size_t length;
	size_t moved;
	int ret;
	struct completion done;
};

/* A controller with a device on port 1 that winusb is bound to. */
struct winusb_bench {
	struct winusb_hcd *hc;
	struct winusb_hcd_dev *dev;
	struct usb_device *udev;
	struct winusb_file *files[WINUSB_BENCH_FILES];
	struct winusb_bench_job *jobs[WINUSB_BENCH_JOBS];
	unsigned int nr_jobs;
	u32 bound;		/* interfaces that winusb is bound to at first */
	bool reusable;		/* the next test may go on with @dev */
	bool own_hc;		/* @hc is for this test only */
	struct list_head asyncs;	/* see async.h */
};

extern struct usb_driver winusb_bench_other_driver;

int winusb_bench_suite_init(struct kunit_suite *suite);
void winusb_bench_suite_exit(struct kunit_suite *suite);
int winusb_bench_init(struct kunit *test);
int winusb_bench_init_composite(struct kunit *test);
int winusb_bench_init_empty(struct kunit *test);
void winusb_bench_exit(struct kunit *test);

void winusb_bench_plug(struct kunit *test,
		       const struct winusb_hcd_dev_info *info);
void winusb_bench_controller(struct kunit *test,
			     const struct winusb_hcd_config *config);
void winusb_bench_replug(struct kunit *test);
struct usb_interface *winusb_bench_intf(struct kunit *test, u8 number);
struct winusb_interface *winusb_bench_wi(struct kunit *test, u8 number);
void winusb_bench_unbind(struct kunit *test, u8 number);
void winusb_bench_bind(struct kunit *test, u8 number);

struct winusb_file *winusb_bench_try_open(struct kunit *test, u8 number);
struct winusb_file *winusb_bench_try_listen(struct kunit *test, u8 number);
struct winusb_file *winusb_bench_open(struct kunit *test, u8 number);
void winusb_bench_close(struct kunit *test, struct winusb_file *wf);
struct winusb_handle *winusb_bench_initialize(struct kunit *test,
					      struct winusb_file *wf);
struct winusb_handle *winusb_bench_associate(struct winusb_handle *parent,
					     u8 index);
struct winusb_handle *winusb_bench_handle(struct kunit *test, u8 number);

int winusb_bench_transfer(struct winusb_handle *wh, u8 address, void *buf,
			  size_t length, size_t *moved);
int winusb_bench_control(struct winusb_handle *wh, u8 type, u8 request,
			 u16 value, u16 index, void *buf, size_t length,
			 size_t *moved);
struct winusb_bench_job *winusb_bench_start_soon(struct kunit *test,
						 struct winusb_handle *wh,
						 u8 address, size_t length);
struct winusb_bench_job *winusb_bench_start(struct kunit *test,
					    struct winusb_handle *wh,
					    u8 address, size_t length);
struct winusb_bench_job *
winusb_bench_start_control(struct kunit *test, struct winusb_handle *wh,
			   u8 type, u8 request, size_t length);
struct winusb_bench_job *
winusb_bench_start_setup(struct kunit *test, struct winusb_handle *wh,
			 const struct usb_ctrlrequest *setup);
bool winusb_bench_is_running(struct winusb_bench_job *job);
void winusb_bench_wait_asleep(struct winusb_bench_job *job);
void winusb_bench_expect(struct kunit *test, struct winusb_bench_job *job,
			 int ret, size_t moved);
void winusb_bench_signal(struct winusb_bench_job *job);
void winusb_bench_rule(struct kunit *test, u8 address,
		       struct winusb_hcd_rule rule);
void winusb_bench_timeout(struct kunit *test, struct winusb_handle *wh,
			  u8 address, u32 timeout_ms);

#define WINUSB_BENCH_SUITE(suite_name, init_function, cases) {		\
	.name = suite_name,						\
	.suite_init = winusb_bench_suite_init,				\
	.suite_exit = winusb_bench_suite_exit,				\
	.init = init_function,						\
	.exit = winusb_bench_exit,					\
	.test_cases = cases,						\
}

#endif
