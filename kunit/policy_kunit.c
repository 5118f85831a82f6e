// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of pipe policies: what there is, what it is at first, and what may
 * be set. "n.m" is a section of winusb.md. No device.
 */

#include <uapi/linux/winusb.h>

#include "../driver/compat.h"
#include "../driver/policy.h"
#include "winusb_kunit.h"

#define WINUSB_POLICY_GARBAGE	0x5a5a5a5a

struct winusb_policy_row {
	const char *name;
	u32 policy;
	u32 number;
	u32 first;		/* of a data pipe */
	u32 first_control;
	bool sw;		/* on or off */
	bool constant;
};

/* 2.1, row by row. */
static const struct winusb_policy_row winusb_policy_rows[] = {
	{ "short_packet_terminate", WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1, 0, 0, true },
	{ "auto_clear_stall", WINUSB_POLICY_AUTO_CLEAR_STALL, 2, 0, 0, true },
	{ "pipe_transfer_timeout", WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 3, 0, 5000 },
	{ "ignore_short_packets", WINUSB_POLICY_IGNORE_SHORT_PACKETS, 4, 0, 0, true },
	{ "allow_partial_reads", WINUSB_POLICY_ALLOW_PARTIAL_READS, 5, 1, 1, true },
	{ "auto_flush", WINUSB_POLICY_AUTO_FLUSH, 6, 0, 0, true },
	{ "raw_io", WINUSB_POLICY_RAW_IO, 7, 0, 0, true },
	{ "maximum_transfer_size", WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE, 8,
	  WINUSB_POLICY_GARBAGE, WINUSB_POLICY_GARBAGE, false, true },
	{ "reset_pipe_on_resume", WINUSB_POLICY_RESET_PIPE_ON_RESUME, 9, 0, 0, true },
};

static void winusb_policy_row_desc(const struct winusb_policy_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_policy_row, winusb_policy_rows, winusb_policy_row_desc);

static void winusb_policy_spoil(struct winusb_policies *policies)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policies->value); i++)
		policies->value[i] = WINUSB_POLICY_GARBAGE;
}

/* 2.1: the numbers are those of Windows. */
static void winusb_test_numbers_are_those_of_windows(struct kunit *test)
{
	const struct winusb_policy_row *row = test->param_value;

	KUNIT_EXPECT_EQ(test, row->policy, row->number);
	KUNIT_EXPECT_EQ(test, winusb_policy_check(row->policy, false), 0);
}

/* 2.1, column "default"; the computed one is left alone. */
static void winusb_test_defaults(struct kunit *test)
{
	const struct winusb_policy_row *row = test->param_value;
	struct winusb_policies policies;
	u32 value = 1;

	winusb_policy_spoil(&policies);
	winusb_policy_set_defaults(&policies, false);
	KUNIT_EXPECT_EQ(test, winusb_policy_get(&policies, row->policy, &value), 0);
	KUNIT_EXPECT_EQ(test, value, row->first);

	winusb_policy_spoil(&policies);
	winusb_policy_set_defaults(&policies, true);
	KUNIT_EXPECT_EQ(test, winusb_policy_get(&policies, row->policy, &value), 0);
	KUNIT_EXPECT_EQ(test, value, row->first_control);
}

/* 2.1: "0 = FALSE, any nonzero = TRUE", and what is read back is 1. */
static void winusb_test_values_are_read_back(struct kunit *test)
{
	static const u32 values[] = { 0, 1, 2, 0xff, 0x100, 5000, 0x80000000, U32_MAX };
	const struct winusb_policy_row *row = test->param_value;
	struct winusb_policies policies = { };
	unsigned int i;
	u32 value;
	int ret;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		winusb_policy_spoil(&policies);
		ret = winusb_policy_set(&policies, row->policy, values[i]);
		KUNIT_EXPECT_EQ(test, ret, row->constant ? -EINVAL : 0);
		KUNIT_EXPECT_EQ(test, winusb_policy_get(&policies, row->policy, &value), 0);
		if (row->constant)
			KUNIT_EXPECT_EQ(test, value, WINUSB_POLICY_GARBAGE);
		else
			KUNIT_EXPECT_EQ(test, value, row->sw ? !!values[i] : values[i]);
	}
}

/* Each has a place of its own. */
static void winusb_test_policies_do_not_disturb_each_other(struct kunit *test)
{
	const struct winusb_policy_row *row = test->param_value;
	struct winusb_policies policies;
	u32 other, value;

	winusb_policy_spoil(&policies);
	winusb_policy_set(&policies, row->policy, 0);
	for (other = 1; other <= 9; other++) {
		KUNIT_EXPECT_EQ(test, winusb_policy_get(&policies, other, &value), 0);
		if (other != row->policy)
			KUNIT_EXPECT_EQ_MSG(test, value, WINUSB_POLICY_GARBAGE, "policy %u", other);
	}
}

/* 2.1: there are nine. */
static void winusb_test_unknown_policies_are_refused(struct kunit *test)
{
	static const u32 unknown[] = { 0, 10, 11, 0x100, 0x101, 0x80000001, U32_MAX };
	struct winusb_policies policies, before;
	unsigned int i;
	u32 value = 77;

	winusb_policy_spoil(&policies);
	before = policies;
	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		KUNIT_EXPECT_EQ(test, winusb_policy_check(unknown[i], false), -EINVAL);
		KUNIT_EXPECT_EQ(test, winusb_policy_check(unknown[i], true), -EINVAL);
		KUNIT_EXPECT_EQ(test, winusb_policy_get(&policies, unknown[i], &value), -EINVAL);
		KUNIT_EXPECT_EQ(test, winusb_policy_set(&policies, unknown[i], 1), -EINVAL);
	}
	KUNIT_EXPECT_EQ(test, value, 77U);
	WINUSB_EXPECT_MEMEQ(test, &policies, &before, sizeof(before));
}

/* 2.1: read-only is one, not writable but there. */
static void winusb_test_only_the_size_is_read_only(struct kunit *test)
{
	u32 policy;

	for (policy = 1; policy <= 9; policy++) {
		KUNIT_EXPECT_EQ(test, winusb_policy_check(policy, false), 0);
		KUNIT_EXPECT_EQ(test, winusb_policy_check(policy, true), policy == 8 ? -EINVAL : 0);
	}
}

struct winusb_size_row {
	const char *name;
	enum usb_device_speed speed;
	u16 maxp;
	bool lists;
	u32 size;
};

/* 2.2: 0x1fec00 at high and super speed, about 256 KB below; in whole packets. */
static const struct winusb_size_row winusb_size_rows[] = {
	{ "high_512", USB_SPEED_HIGH, 512, true, 0x1fec00 },
	{ "high_1024", USB_SPEED_HIGH, 1024, true, 0x1fec00 },
	{ "high_64", USB_SPEED_HIGH, 64, true, 0x1fec00 },
	{ "super_1024", USB_SPEED_SUPER, 1024, true, 0x1fec00 },
	{ "super_plus_1024", USB_SPEED_SUPER_PLUS, 1024, true, 0x1fec00 },
	{ "full_64", USB_SPEED_FULL, 64, true, 0x40000 },
	{ "full_8", USB_SPEED_FULL, 8, true, 0x40000 },
	{ "low_8", USB_SPEED_LOW, 8, true, 0x40000 },
	{ "full_48", USB_SPEED_FULL, 48, true, 0x3fff0 },
	{ "full_1", USB_SPEED_FULL, 1, true, 0x40000 },
	{ "high_1000", USB_SPEED_HIGH, 1000, true, 2092000 },
	{ "high_512_one_piece", USB_SPEED_HIGH, 512, false, 65536 },
	{ "super_1024_one_piece", USB_SPEED_SUPER, 1024, false, 65536 },
	{ "full_64_one_piece", USB_SPEED_FULL, 64, false, 65536 },
	{ "full_48_one_piece", USB_SPEED_FULL, 48, false, 65520 },
	{ "high_3072_one_piece", USB_SPEED_HIGH, 3072, false, 64512 },
};

static void winusb_size_row_desc(const struct winusb_size_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_size_row, winusb_size_rows, winusb_size_row_desc);

static void winusb_test_maximum_transfer_size(struct kunit *test)
{
	const struct winusb_size_row *row = test->param_value;
	u32 size = winusb_policy_transfer_size(row->speed, row->maxp, row->lists);

	KUNIT_EXPECT_EQ(test, size, row->size);
	KUNIT_EXPECT_EQ(test, size % row->maxp, 0U);
}

static struct kunit_case winusb_policy_cases[] = {
	WINUSB_CASE_PARAM_RULE(numbers_are_those_of_windows, winusb_policy_row, 2_1),
	WINUSB_CASE_PARAM_RULE(defaults, winusb_policy_row, 2_1),
	WINUSB_CASE_PARAM_RULE(values_are_read_back, winusb_policy_row, 2_1),
	WINUSB_CASE_PARAM(policies_do_not_disturb_each_other, winusb_policy_row),
	WINUSB_CASE_RULE(unknown_policies_are_refused, 2_1),
	WINUSB_CASE_RULE(only_the_size_is_read_only, 2_1),
	WINUSB_CASE_PARAM(maximum_transfer_size, winusb_size_row),
	{ }
};

static struct kunit_suite winusb_policy_suite = {
	.name = "winusb_policy",
	.test_cases = winusb_policy_cases,
};

kunit_test_suite(winusb_policy_suite);
