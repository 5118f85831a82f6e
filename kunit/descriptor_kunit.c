// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which interfaces form a function, which settings there are, what a pipe is:
 * pure questions, asked of descriptors made here as usbcore keeps them. "n.m"
 * is a section of winusb.md.
 */

#include <linux/slab.h>
#include <linux/usb.h>

#include <uapi/linux/winusb.h>

#include "../driver/descriptor.h"
#include "winusb_kunit.h"

/* A configuration whose interfaces have these numbers, in this order. */
static struct usb_host_config *winusb_config(struct kunit *test,
					     const u8 *numbers, u8 count)
{
	struct usb_interface_cache *cache;
	struct usb_host_config *config;
	unsigned int i;

	config = kunit_kzalloc(test, sizeof(*config), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, config);
	config->desc.bNumInterfaces = count;
	for (i = 0; i < count; i++) {
		cache = kunit_kzalloc(test, sizeof(*cache) +
				      sizeof(cache->altsetting[0]), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, cache);
		cache->num_altsetting = 1;
		cache->altsetting[0].desc.bInterfaceNumber = numbers[i];
		config->intf_cache[i] = cache;
	}
	return config;
}

/* 4.7: a driver for the whole device has all its interfaces, in order. */
static void winusb_test_whole_device_has_all_interfaces(struct kunit *test)
{
	static const u8 numbers[] = { 0, 1, 7, 3 };
	struct usb_host_config *config = winusb_config(test, numbers, 4);
	struct winusb_grouping grouping;

	winusb_descriptor_group_all(config, &grouping);
	KUNIT_EXPECT_EQ(test, grouping.count, 4);
	WINUSB_EXPECT_MEMEQ(test, grouping.numbers, numbers, 4);
	KUNIT_EXPECT_EQ(test, winusb_descriptor_position(&grouping, 0), 0);
	KUNIT_EXPECT_EQ(test, winusb_descriptor_position(&grouping, 7), 2);
	KUNIT_EXPECT_EQ(test, winusb_descriptor_position(&grouping, 2),
			-ENOENT);
}

/* The most interfaces that usbcore keeps, and none at all. */
static void winusb_test_counts_are_bounded(struct kunit *test)
{
	struct winusb_grouping grouping;
	struct usb_host_config *config;
	u8 numbers[USB_MAXINTERFACES];
	unsigned int i;

	for (i = 0; i < USB_MAXINTERFACES; i++)
		numbers[i] = i;
	config = winusb_config(test, numbers, USB_MAXINTERFACES);
	winusb_descriptor_group_all(config, &grouping);
	KUNIT_EXPECT_EQ(test, grouping.count, USB_MAXINTERFACES);
	KUNIT_EXPECT_EQ(test, winusb_descriptor_position(&grouping, 31), 31);

	config = winusb_config(test, numbers, 0);
	winusb_descriptor_group_all(config, &grouping);
	KUNIT_EXPECT_EQ(test, grouping.count, 0);
	KUNIT_EXPECT_EQ(test, winusb_descriptor_position(&grouping, 0),
			-ENOENT);
}

struct winusb_grouping_row {
	const char *name;
	u8 class, subclass, protocol;
	struct { u8 first, count; } iad[3];
	u8 asked;
	u8 count;
	u8 numbers[4];
};

/* Interfaces 0 to 4 in all rows. Misc class, subclass 2, protocol 1: IADs. */
static const struct winusb_grouping_row winusb_grouping_rows[] = {
	{ "association", 0xef, 2, 1, { { 1, 2 } }, 1, 2, { 1, 2 } },
	{ "asked_by_its_second", 0xef, 2, 1, { { 1, 2 } }, 2, 2, { 1, 2 } },
	{ "outside", 0xef, 2, 1, { { 1, 2 } }, 3, 1, { 3 } },
	{ "before", 0xef, 2, 1, { { 1, 2 } }, 0, 1, { 0 } },
	{ "two_associations", 0xef, 2, 1, { { 0, 2 }, { 2, 3 } }, 4, 3,
	  { 2, 3, 4 } },
	{ "no_association", 0xef, 2, 1, { }, 2, 1, { 2 } },
	{ "wrong_class", 0xff, 2, 1, { { 1, 2 } }, 1, 1, { 1 } },
	{ "class_of_interfaces", 0x00, 0, 0, { { 1, 2 } }, 2, 1, { 2 } },
	{ "wrong_subclass", 0xef, 0, 1, { { 1, 2 } }, 1, 1, { 1 } },
	{ "wrong_protocol", 0xef, 2, 0, { { 1, 2 } }, 1, 1, { 1 } },
	{ "of_one", 0xef, 2, 1, { { 1, 1 } }, 1, 1, { 1 } },
	{ "of_none", 0xef, 2, 1, { { 1, 0 } }, 1, 1, { 1 } },
	{ "past_the_last", 0xef, 2, 1, { { 3, 200 } }, 3, 2, { 3, 4 } },
	{ "wholly_past", 0xef, 2, 1, { { 9, 2 } }, 4, 1, { 4 } },
	{ "does_not_wrap", 0xef, 2, 1, { { 255, 3 } }, 0, 1, { 0 } },
	{ "overlap_first_wins", 0xef, 2, 1, { { 0, 2 }, { 1, 2 } }, 1, 2,
	  { 0, 1 } },
	{ "overlap_rest", 0xef, 2, 1, { { 0, 2 }, { 1, 2 } }, 2, 1, { 2 } },
	{ "unknown_interface", 0xef, 2, 1, { { 1, 2 } }, 9, 0 },
	{ "unknown_in_association", 0xef, 2, 1, { { 4, 3 } }, 5, 0 },
};

static void winusb_grouping_desc(const struct winusb_grouping_row *row,
				 char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_grouping, winusb_grouping_rows, winusb_grouping_desc);

/* 4.7: associations group interfaces; broken ones as far as they are valid. */
static void winusb_test_associations_group_interfaces(struct kunit *test)
{
	static const u8 numbers[] = { 0, 1, 2, 3, 4 };
	const struct winusb_grouping_row *row = test->param_value;
	struct usb_host_config *config = winusb_config(test, numbers, 5);
	struct usb_device_descriptor device = {
		.bDeviceClass = row->class,
		.bDeviceSubClass = row->subclass,
		.bDeviceProtocol = row->protocol,
	};
	struct usb_interface_assoc_descriptor iad[3] = { };
	struct winusb_grouping grouping;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (!row->iad[i].first && !row->iad[i].count)
			break;
		iad[i].bFirstInterface = row->iad[i].first;
		iad[i].bInterfaceCount = row->iad[i].count;
		config->intf_assoc[i] = &iad[i];
	}
	winusb_descriptor_group_iad(&device, config, row->asked, &grouping);
	KUNIT_EXPECT_EQ(test, grouping.count, row->count);
	WINUSB_EXPECT_MEMEQ(test, grouping.numbers, row->numbers, row->count);
}

/* 1.3: settings are found by position, and by number, which may differ. */
static void winusb_test_settings_are_found(struct kunit *test)
{
	struct usb_host_interface settings[3] = { };
	struct usb_interface intf = {
		.altsetting = settings, .num_altsetting = 3,
	};

	settings[1].desc.bAlternateSetting = 5;
	settings[2].desc.bAlternateSetting = 1;
	KUNIT_EXPECT_PTR_EQ(test, winusb_descriptor_setting(&intf, 1),
			    (const struct usb_host_interface *)&settings[1]);
	KUNIT_EXPECT_NULL(test, winusb_descriptor_setting(&intf, 3));
	KUNIT_EXPECT_NULL(test, winusb_descriptor_setting(&intf, UINT_MAX));
	KUNIT_EXPECT_PTR_EQ(test, winusb_descriptor_alternate(&intf, 5),
			    (const struct usb_host_interface *)&settings[1]);
	KUNIT_EXPECT_PTR_EQ(test, winusb_descriptor_alternate(&intf, 1),
			    (const struct usb_host_interface *)&settings[2]);
	KUNIT_EXPECT_NULL(test, winusb_descriptor_alternate(&intf, 2));
}

struct winusb_pipe_row {
	const char *name;
	enum usb_device_speed speed;
	u8 type;
	u16 size;		/* wMaxPacketSize */
	u8 interval;
	u8 burst;		/* SuperSpeed companion */
	u16 companion_bytes;
	u16 packet;
	u32 bytes;
	u32 plus_bytes;		/* SuperSpeedPlus companion */
};

#define WINUSB_BULK_TYPE	USB_ENDPOINT_XFER_BULK
#define WINUSB_INT_TYPE		USB_ENDPOINT_XFER_INT
#define WINUSB_ISOC_TYPE	USB_ENDPOINT_XFER_ISOC

static const struct winusb_pipe_row winusb_pipe_rows[] = {
	{ "fs_bulk", USB_SPEED_FULL, WINUSB_BULK_TYPE, 64, 0, 0, 0, 64, 64 },
	{ "fs_int", USB_SPEED_FULL, WINUSB_INT_TYPE, 8, 10, 0, 0, 8, 8 },
	{ "fs_isoc", USB_SPEED_FULL, WINUSB_ISOC_TYPE, 1023, 1, 0, 0,
	  1023, 1023 },
	{ "ls_int", USB_SPEED_LOW, WINUSB_INT_TYPE, 8, 255, 0, 0, 8, 8 },
	{ "hs_bulk", USB_SPEED_HIGH, WINUSB_BULK_TYPE, 512, 0, 0, 0, 512, 512 },
	{ "hs_int", USB_SPEED_HIGH, WINUSB_INT_TYPE, 64, 4, 0, 0, 64, 64 },
	{ "hs_int_2", USB_SPEED_HIGH, WINUSB_INT_TYPE, 1024 | 1 << 11, 1, 0, 0,
	  1024, 2048 },
	{ "hs_isoc", USB_SPEED_HIGH, WINUSB_ISOC_TYPE, 1024, 1, 0, 0,
	  1024, 1024 },
	{ "hs_isoc_3", USB_SPEED_HIGH, WINUSB_ISOC_TYPE, 1024 | 2 << 11, 1, 0,
	  0, 1024, 3072 },
	{ "fs_ignores_mult", USB_SPEED_FULL, WINUSB_INT_TYPE, 8 | 2 << 11, 1, 0,
	  0, 8, 8 },
	{ "ss_bulk", USB_SPEED_SUPER, WINUSB_BULK_TYPE, 1024, 0, 15, 0,
	  1024, 16384 },
	{ "ss_bulk_no_burst", USB_SPEED_SUPER, WINUSB_BULK_TYPE, 1024, 0, 0, 0,
	  1024, 1024 },
	{ "ss_int", USB_SPEED_SUPER, WINUSB_INT_TYPE, 1024, 1, 2, 3072,
	  1024, 3072 },
	{ "ss_isoc", USB_SPEED_SUPER, WINUSB_ISOC_TYPE, 1024, 1, 15, 49152,
	  1024, 49152 },
	{ "ssp_isoc", USB_SPEED_SUPER_PLUS, WINUSB_ISOC_TYPE, 1024, 1, 15, 49152,
	  1024, 49152 },
	{ "ssp_isoc_plus", USB_SPEED_SUPER_PLUS, WINUSB_ISOC_TYPE, 1024, 1, 15, 1,
	  1024, 98304, 98304 },
	{ "ss_isoc_not_plus", USB_SPEED_SUPER, WINUSB_ISOC_TYPE, 1024, 1, 15, 49152,
	  1024, 49152, 98304 },
	{ "ssp_int_has_none", USB_SPEED_SUPER_PLUS, WINUSB_INT_TYPE, 1024, 1, 2, 3072,
	  1024, 3072, 98304 },
	{ "zero_packet", USB_SPEED_HIGH, WINUSB_ISOC_TYPE, 0, 1, 0, 0, 0, 0 },
};

static void winusb_pipe_desc(const struct winusb_pipe_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_pipe, winusb_pipe_rows, winusb_pipe_desc);

/* 1.10, 8 rows 15 and 28: raw interval, one packet, all bytes per interval. */
static void winusb_test_pipes_are_described(struct kunit *test)
{
	const struct winusb_pipe_row *row = test->param_value;
	struct usb_host_endpoint ep = {
		.desc = {
			.bEndpointAddress = 0x83,
			.bmAttributes = row->type | 0x04,
			.wMaxPacketSize = cpu_to_le16(row->size),
			.bInterval = row->interval,
		},
		.ss_ep_comp = {
			.bMaxBurst = row->burst,
			.bmAttributes = row->plus_bytes ? 0x80 : 0,
			.wBytesPerInterval = cpu_to_le16(row->companion_bytes),
		},
		.ssp_isoc_ep_comp.dwBytesPerInterval = cpu_to_le32(row->plus_bytes),
	};
	struct winusb_query_pipe pipe = { };

	winusb_descriptor_pipe(&ep, row->speed, &pipe);
	KUNIT_EXPECT_EQ(test, pipe.out_type, row->type);
	KUNIT_EXPECT_EQ(test, pipe.out_pipe_id, 0x83);
	KUNIT_EXPECT_EQ(test, pipe.out_interval, row->interval);
	KUNIT_EXPECT_EQ(test, pipe.out_maximum_packet_size, row->packet);
	KUNIT_EXPECT_EQ(test, pipe.out_maximum_bytes_per_interval, row->bytes);
}

/* 8 row 16: 1 up to full speed, 3 from high speed. */
static void winusb_test_speed_is_one_or_three(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, winusb_descriptor_speed(USB_SPEED_LOW), 1U);
	KUNIT_EXPECT_EQ(test, winusb_descriptor_speed(USB_SPEED_FULL), 1U);
	KUNIT_EXPECT_EQ(test, winusb_descriptor_speed(USB_SPEED_HIGH), 3U);
	KUNIT_EXPECT_EQ(test, winusb_descriptor_speed(USB_SPEED_SUPER), 3U);
	KUNIT_EXPECT_EQ(test, winusb_descriptor_speed(USB_SPEED_SUPER_PLUS),
			3U);
}

static struct kunit_case winusb_descriptor_cases[] = {
	WINUSB_CASE_RULE(whole_device_has_all_interfaces, 4_7),
	WINUSB_CASE(counts_are_bounded),
	WINUSB_CASE_PARAM_RULE(associations_group_interfaces, winusb_grouping, 4_7),
	WINUSB_CASE_RULE(settings_are_found, 1_3),
	WINUSB_CASE_PARAM_RULE(pipes_are_described, winusb_pipe, 8_row15),
	WINUSB_CASE_RULE(speed_is_one_or_three, 8_row16),
	{ }
};

static struct kunit_suite winusb_descriptor_suite = {
	.name = "winusb_descriptor",
	.test_cases = winusb_descriptor_cases,
};

kunit_test_suite(winusb_descriptor_suite);
