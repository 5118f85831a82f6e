// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of control transfers, seen from the device. "n.m" is a section of
 * winusb.md.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include <uapi/linux/winusb.h>

#include "bench.h"

#define WINUSB_CONTROL_REQUEST	0x42	/* means nothing to usbcore */

/* Answers every class and vendor request: IN with a count, OUT with success. */
static void winusb_control_answer(struct kunit *test, u8 type, u8 request)
{
	struct winusb_hcd_rule rule = { .length = 4096 };
	struct winusb_bench *b = test->priv;

	KUNIT_ASSERT_EQ(test,
			winusb_hcd_script_control(b->dev, type, request, &rule),
			0);
}

struct winusb_recipient {
	const char *name;
	u8 interface;
	u8 type;
	u16 sent;
	u16 seen;
	int error;
};

static const struct winusb_recipient winusb_recipients[] = {
	{ "vendor_device", 0, USB_TYPE_VENDOR | USB_RECIP_DEVICE,
	  0x1234, 0x1234, 0 },
	{ "class_device", 0, USB_TYPE_CLASS | USB_RECIP_DEVICE,
	  0x00ff, 0x00ff, 0 },
	{ "vendor_interface_0", 0, USB_TYPE_VENDOR | USB_RECIP_INTERFACE,
	  0x1234, 0x1200, 0 },
	{ "vendor_interface_1", 1, USB_TYPE_VENDOR | USB_RECIP_INTERFACE,
	  0x1234, 0x1201, 0 },
	{ "class_interface_1", 1, USB_TYPE_CLASS | USB_RECIP_INTERFACE,
	  0xffff, 0xff01, 0 },
	{ "standard_interface_1", 1, USB_TYPE_STANDARD | USB_RECIP_INTERFACE,
	  0x0000, 0x0001, 0 },
	{ "vendor_other", 1, USB_TYPE_VENDOR | USB_RECIP_OTHER,
	  0x1234, 0x1234, 0 },
	{ "class_endpoint", 0, USB_TYPE_CLASS | USB_RECIP_ENDPOINT,
	  0x1281, 0x1281, 0 },
	{ "vendor_endpoint", 1, USB_TYPE_VENDOR | USB_RECIP_ENDPOINT,
	  0x0005, 0x0005, 0 },
	{ "endpoint_zero", 1, USB_TYPE_VENDOR | USB_RECIP_ENDPOINT,
	  0x0000, 0x0000, 0 },
	{ "foreign_endpoint", 0, USB_TYPE_CLASS | USB_RECIP_ENDPOINT,
	  0x0084, 0, -EINVAL },
	{ "foreign_vendor_endpoint", 1, USB_TYPE_VENDOR | USB_RECIP_ENDPOINT,
	  0x0081, 0, -EINVAL },
	{ "unknown_endpoint", 0, USB_TYPE_STANDARD | USB_RECIP_ENDPOINT,
	  0x000f, 0, -EINVAL },
	{ "endpoint_of_other_setting", 0, USB_TYPE_CLASS | USB_RECIP_ENDPOINT,
	  0x0086, 0, -EINVAL },
};

static void winusb_recipient_desc(const struct winusb_recipient *r, char *desc)
{
	strscpy(desc, r->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_recipient, winusb_recipients, winusb_recipient_desc);

/*
 * 1.6: the low byte of wIndex becomes the number of the handle's interface, an
 * endpoint has to be one of its own, all else stays. Checklist 10.
 */
static void winusb_test_recipient_decides_index(struct kunit *test)
{
	const struct winusb_recipient *r = test->param_value;
	struct winusb_handle *parent = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_handle *wh = parent;
	struct winusb_hcd_setup setup;
	size_t moved = 1;
	u8 buf[4];

	if (r->interface) {
		wh = winusb_bench_associate(parent, r->interface - 1);
		KUNIT_ASSERT_FALSE(test, IS_ERR(wh));
	}
	winusb_control_answer(test, USB_DIR_IN | r->type,
			      WINUSB_CONTROL_REQUEST);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_control(wh, USB_DIR_IN | r->type,
					     WINUSB_CONTROL_REQUEST, 0x5678,
					     r->sent, buf, sizeof(buf), &moved),
			r->error);
	KUNIT_EXPECT_EQ(test, moved, r->error ? (size_t)0 : sizeof(buf));
	KUNIT_ASSERT_EQ(test, winusb_hcd_setups(b->dev), r->error ? 0U : 1U);
	if (r->error)
		return;
	KUNIT_ASSERT_EQ(test, winusb_hcd_setup(b->dev, 0, &setup), 0);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wIndex), r->seen);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wValue), 0x5678);
	KUNIT_EXPECT_EQ(test, setup.setup.bRequestType, USB_DIR_IN | r->type);
	KUNIT_EXPECT_EQ(test, setup.setup.bRequest, WINUSB_CONTROL_REQUEST);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wLength),
			(int)sizeof(buf));
}

struct winusb_refusal {
	const char *name;
	u8 type;
	u8 request;
	u16 value;
};

static const struct winusb_refusal winusb_refusals[] = {
	{ "set_configuration", 0x00, USB_REQ_SET_CONFIGURATION, 1 },
	{ "set_address", 0x00, USB_REQ_SET_ADDRESS, 9 },
	{ "set_interface", 0x01, USB_REQ_SET_INTERFACE, 1 },
	{ "set_interface_of_device", 0x00, USB_REQ_SET_INTERFACE, 1 },
	{ "set_descriptor", 0x00, USB_REQ_SET_DESCRIPTOR, 0x0100 },
	{ "set_sel", 0x00, USB_REQ_SET_SEL, 0 },
	{ "set_isoch_delay", 0x00, USB_REQ_SET_ISOCH_DELAY, 1 },
	{ "remote_wakeup_on", 0x00, USB_REQ_SET_FEATURE,
	  USB_DEVICE_REMOTE_WAKEUP },
	{ "remote_wakeup_off", 0x00, USB_REQ_CLEAR_FEATURE,
	  USB_DEVICE_REMOTE_WAKEUP },
	{ "test_mode", 0x00, USB_REQ_SET_FEATURE, USB_DEVICE_TEST_MODE },
	{ "u1_enable", 0x00, USB_REQ_SET_FEATURE, USB_DEVICE_U1_ENABLE },
	{ "u2_enable", 0x00, USB_REQ_SET_FEATURE, USB_DEVICE_U2_ENABLE },
	{ "as_if_it_were_read", 0x80, USB_REQ_SET_CONFIGURATION, 1 },
	{ "to_a_recipient_of_no_meaning", 0x1f, USB_REQ_SET_CONFIGURATION, 1 },
};

static void winusb_refusal_desc(const struct winusb_refusal *r, char *desc)
{
	strscpy(desc, r->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_refusal, winusb_refusals, winusb_refusal_desc);

/* 1.6: what would change usbcore's state is refused, and reaches no device. */
static void winusb_test_dangerous_requests_are_refused(struct kunit *test)
{
	const struct winusb_refusal *r = test->param_value;
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	size_t moved;

	KUNIT_EXPECT_EQ(test,
			winusb_bench_control(wh, r->type, r->request, r->value,
					     0, NULL, 0, &moved), -EACCES);
	KUNIT_EXPECT_EQ(test, moved, (size_t)0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
}

/* The same numbers as class or vendor requests mean something else, and pass. */
static void winusb_test_vendor_requests_pass(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	size_t moved;

	winusb_control_answer(test, USB_TYPE_VENDOR, USB_REQ_SET_CONFIGURATION);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_control(wh, USB_TYPE_VENDOR,
					     USB_REQ_SET_CONFIGURATION, 1, 0,
					     NULL, 0, &moved), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 1U);
}

/* CLEAR_FEATURE(ENDPOINT_HALT) is carried out as a reset of the pipe. */
static void winusb_test_clear_halt_resets_the_pipe(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	size_t moved;
	u8 buf[512];

	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .action = WINUSB_HCD_STALL });
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 1 });
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_IN, buf, 512,
					      &moved), -EPIPE);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_control(wh, USB_RECIP_ENDPOINT,
					     USB_REQ_CLEAR_FEATURE,
					     USB_ENDPOINT_HALT, WINUSB_BENCH_IN,
					     NULL, 0, &moved), 0);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_IN, &stats);
	KUNIT_EXPECT_EQ(test, stats.halt_clears, 1U);
	/* The driver's own idea of the halt went with it. */
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_IN, buf, 512,
					      &moved), 0);
}

/* 1.6: at most 4096 bytes; the smaller of buffer and wLength is used. */
static void winusb_test_length_is_bounded(struct kunit *test)
{
	struct usb_ctrlrequest setup = {
		.bRequestType = USB_DIR_IN | USB_TYPE_VENDOR,
		.bRequest = WINUSB_CONTROL_REQUEST,
		.wLength = cpu_to_le16(10),
	};
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	u8 *buf = kunit_kzalloc(test, 4097, GFP_KERNEL);
	struct winusb_hcd_setup seen;
	struct iov_iter iter;
	struct kvec vec = { .iov_base = buf, .iov_len = 4 };
	size_t moved;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_control(wh, setup.bRequestType,
					     setup.bRequest, 0, 0, buf, 4097,
					     &moved), -EINVAL);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);

	winusb_control_answer(test, setup.bRequestType, setup.bRequest);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_control(wh, setup.bRequestType,
					     setup.bRequest, 0, 0, buf, 4096,
					     &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)4096);
	KUNIT_EXPECT_EQ(test, buf[4095], winusb_hcd_pattern(4095));

	winusb_control_answer(test, setup.bRequestType, setup.bRequest);
	iov_iter_kvec(&iter, READ, &vec, 1, 4);
	KUNIT_EXPECT_EQ(test,
			winusb_control_transfer(wh, &setup, &iter, &moved,
						false), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)4);
	winusb_hcd_setup(b->dev, 1, &seen);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(seen.setup.wLength), 4);
}

/* A device may answer with less; OUT data arrives as it was given. */
static void winusb_test_data_stage_is_carried(struct kunit *test)
{
	const u8 type = USB_TYPE_VENDOR | USB_RECIP_DEVICE;
	struct winusb_hcd_rule rule = { .data = "answer", .length = 6 };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_setup setup;
	u8 buf[32] = "question";
	size_t moved;

	winusb_control_answer(test, type, WINUSB_CONTROL_REQUEST);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_control(wh, type, WINUSB_CONTROL_REQUEST,
					     0, 0, buf, 8, &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)8);
	winusb_hcd_setup(b->dev, 0, &setup);
	KUNIT_EXPECT_EQ(test, setup.length, (size_t)8);
	WINUSB_EXPECT_MEMEQ(test, setup.data, "question", 8);

	winusb_hcd_script_control(b->dev, USB_DIR_IN | type,
				  WINUSB_CONTROL_REQUEST, &rule);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_control(wh, USB_DIR_IN | type,
					     WINUSB_CONTROL_REQUEST, 0, 0, buf,
					     sizeof(buf), &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)6);
	WINUSB_EXPECT_MEMEQ(test, buf, "answer", 6);
}

/* 1.6: a stall fails this request only. */
static void winusb_test_stall_fails_one_request(struct kunit *test)
{
	const u8 type = USB_DIR_IN | USB_TYPE_VENDOR;
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	size_t moved;
	u8 buf[4];

	KUNIT_EXPECT_EQ(test,
			winusb_bench_control(wh, type, WINUSB_CONTROL_REQUEST,
					     0, 0, buf, 4, &moved), -EPIPE);
	winusb_control_answer(test, type, WINUSB_CONTROL_REQUEST);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_control(wh, type, WINUSB_CONTROL_REQUEST,
					     0, 0, buf, 4, &moved), 0);
}

/* 2.1: five seconds unless another time is set; 0 waits for ever. */
static void winusb_test_control_has_a_timeout(struct kunit *test)
{
	const u8 type = USB_TYPE_VENDOR;
	struct winusb_hcd_rule hold = {
		.action = WINUSB_HCD_HOLD, .repeat = WINUSB_HCD_FOREVER,
	};
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job;
	ktime_t start = ktime_get();
	u32 timeout_ms;
	s64 passed_ms;

	KUNIT_EXPECT_EQ(test,
			winusb_pipe_get_policy(wh, 0,
					       WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT,
					       &timeout_ms, false), 0);
	KUNIT_EXPECT_EQ(test, timeout_ms, 5000U);
	winusb_hcd_script_control(b->dev, type, WINUSB_CONTROL_REQUEST, &hold);
	job = winusb_bench_start_control(test, wh, type, WINUSB_CONTROL_REQUEST,
					 0);
	winusb_bench_expect(test, job, -ETIMEDOUT, 0);
	passed_ms = ktime_ms_delta(ktime_get(), start);
	KUNIT_EXPECT_GE(test, passed_ms, 4900);
	KUNIT_EXPECT_LE(test, passed_ms, 9000);

	winusb_bench_timeout(test, wh, 0, 0);
	job = winusb_bench_start_control(test, wh, type, WINUSB_CONTROL_REQUEST,
					 0);
	msleep(6000);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(job));
	winusb_bench_signal(job);
	winusb_bench_expect(test, job, -EINTR, 0);
}

static int winusb_get_descriptor(struct winusb_handle *wh, u8 type, u8 index,
				 u16 language, void *buf, size_t length,
				 size_t *moved)
{
	struct kvec vec = { .iov_base = buf, .iov_len = length };
	struct iov_iter iter;

	iov_iter_kvec(&iter, READ, &vec, 1, length);
	return winusb_control_get_descriptor(wh, type, index, language, &iter,
					     moved, false);
}

/* 1.3: device and configuration come from memory, cut to the buffer (8 row 4). */
static void winusb_test_descriptors_come_from_memory(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	u8 buf[256] = { };
	size_t moved;

	KUNIT_EXPECT_EQ(test,
			winusb_get_descriptor(wh, USB_DT_DEVICE, 0, 0, buf,
					      sizeof(buf), &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)USB_DT_DEVICE_SIZE);
	KUNIT_EXPECT_EQ(test, buf[1], USB_DT_DEVICE);
	KUNIT_EXPECT_EQ(test,
			winusb_get_descriptor(wh, USB_DT_CONFIG, 0, 0, buf, 9,
					      &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)9);
	KUNIT_EXPECT_EQ(test,
			winusb_get_descriptor(wh, USB_DT_CONFIG, 0, 0, buf,
					      sizeof(buf), &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)(buf[2] | buf[3] << 8));
	KUNIT_EXPECT_EQ(test,
			winusb_get_descriptor(wh, USB_DT_CONFIG, 0, 0, NULL, 0,
					      &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
}

/* 1.3: all other descriptors are asked of the device. */
static void winusb_test_strings_come_from_the_device(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_setup setup;
	size_t moved;
	u8 buf[64];

	KUNIT_EXPECT_EQ(test,
			winusb_get_descriptor(wh, USB_DT_STRING, 1, 0x0409, buf,
					      sizeof(buf), &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)12);
	WINUSB_EXPECT_MEMEQ(test, buf, "\14\3b\0e\0n\0c\0h", 12);
	winusb_hcd_setup(b->dev, 0, &setup);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wIndex), 0x0409);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wValue), 0x0301);
	KUNIT_EXPECT_EQ(test,
			winusb_get_descriptor(wh, USB_DT_STRING, 9, 0x0409, buf,
					      sizeof(buf), &moved), -EPIPE);
	KUNIT_EXPECT_EQ(test,
			winusb_get_descriptor(wh, USB_DT_CONFIG, 1, 0, buf,
					      sizeof(buf), &moved), -EPIPE);
}

static struct kunit_case winusb_control_cases[] = {
	WINUSB_CASE_PARAM_RULE(recipient_decides_index, winusb_recipient, 9_10),
	WINUSB_CASE_PARAM_RULE(dangerous_requests_are_refused, winusb_refusal, 1_6),
	WINUSB_CASE(vendor_requests_pass),
	WINUSB_CASE(clear_halt_resets_the_pipe),
	WINUSB_CASE_RULE(length_is_bounded, 9_10),
	WINUSB_CASE(data_stage_is_carried),
	WINUSB_CASE_RULE(stall_fails_one_request, 1_6),
	WINUSB_CASE_RULE(control_has_a_timeout, 9_10),
	WINUSB_CASE_RULE(descriptors_come_from_memory, 8_row4),
	WINUSB_CASE_RULE(strings_come_from_the_device, 1_3),
	{ }
};

static struct kunit_suite winusb_control_suite =
	WINUSB_BENCH_SUITE("winusb_control", winusb_bench_init,
			   winusb_control_cases);

kunit_test_suite(winusb_control_suite);
