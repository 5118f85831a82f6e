/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all suites share: cases named as sentences, and descriptor blobs.
 *
 * A test function is winusb_test_NAME, so that a trace says whose it is; the
 * case that kunit.py prints is NAME, or RULE_NAME where it proves a row of
 * winusb.md: 2_3_step5 is step 5 of its section 2.3, 9_4 point 4 of its
 * checklist, 8_row6 a doubtful point of its section 8.
 */
#ifndef WINUSB_KUNIT_H
#define WINUSB_KUNIT_H

#include <kunit/test.h>
#include <linux/string.h>
#include <linux/usb/ch9.h>

#define WINUSB_CASE(test_name) {					\
	.run_case = winusb_test_##test_name,				\
	.name = #test_name,						\
}

#define WINUSB_CASE_PARAM(test_name, params) {				\
	.run_case = winusb_test_##test_name,				\
	.name = #test_name,						\
	.generate_params = params##_gen_params,				\
}

#define WINUSB_CASE_RULE(test_name, rule) {				\
	.run_case = winusb_test_##test_name,				\
	.name = #rule "_" #test_name,					\
}

#define WINUSB_CASE_PARAM_RULE(test_name, params, rule) {		\
	.run_case = winusb_test_##test_name,				\
	.name = #rule "_" #test_name,					\
	.generate_params = params##_gen_params,				\
}

/* 6.1 has no KUNIT_EXPECT_MEMEQ(). */
#define WINUSB_EXPECT_MEMEQ(test, a, b, n)				\
	KUNIT_EXPECT_EQ(test, memcmp(a, b, n), 0)

/* Descriptor bytes. A wTotalLength of 0 is filled in by the controller. */
#define WINUSB_CONFIG(interfaces)					\
	9, USB_DT_CONFIG, 0, 0, (interfaces), 1, 0, 0x80, 50
#define WINUSB_CONFIG_WAKE(interfaces)					\
	9, USB_DT_CONFIG, 0, 0, (interfaces), 1, 0, 0xa0, 50
#define WINUSB_INTERFACE(number, setting, endpoints)			\
	9, USB_DT_INTERFACE, (number), (setting), (endpoints), 0xff, 0, 0, 0
#define WINUSB_ENDPOINT(address, type, size, interval)			\
	7, USB_DT_ENDPOINT, (address), (type), (size) & 0xff,		\
	(size) >> 8, (interval)
#define WINUSB_BULK(address, size)					\
	WINUSB_ENDPOINT(address, USB_ENDPOINT_XFER_BULK, size, 0)
#define WINUSB_INT(address, size, interval)				\
	WINUSB_ENDPOINT(address, USB_ENDPOINT_XFER_INT, size, interval)
#define WINUSB_ISOC(address, size, interval)				\
	WINUSB_ENDPOINT(address, USB_ENDPOINT_XFER_ISOC | 0x04, size, interval)
#define WINUSB_COMPANION(burst, attributes, bytes)			\
	6, USB_DT_SS_ENDPOINT_COMP, (burst), (attributes),		\
	(bytes) & 0xff, (bytes) >> 8
#define WINUSB_IAD(first, count)					\
	8, USB_DT_INTERFACE_ASSOCIATION, (first), (count), 0xff, 0, 0, 0

#define WINUSB_TEST_VENDOR	0x1209	/* pid.codes, for open projects */
#define WINUSB_TEST_PRODUCT	0x0001	/* its number for tests */

#define WINUSB_DEVICE(version, packet0, product) {			\
	.bLength = USB_DT_DEVICE_SIZE,					\
	.bDescriptorType = USB_DT_DEVICE,				\
	.bcdUSB = cpu_to_le16(version),					\
	.bMaxPacketSize0 = (packet0),					\
	.idVendor = cpu_to_le16(WINUSB_TEST_VENDOR),			\
	.idProduct = cpu_to_le16(product),				\
	.bcdDevice = cpu_to_le16(0x0100),				\
	.bNumConfigurations = 1,					\
}

#endif
