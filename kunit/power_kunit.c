// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may sleep: the rules of winusb.md 3.1 and 3.2 by themselves, without a
 * device. What follows from them is in suspend_kunit.c.
 */

#include <uapi/linux/winusb.h>

#include "../driver/compat.h"
#include "../driver/power.h"
#include "winusb_kunit.h"

enum {
	WINUSB_POWER_HAS_IDLE_ENABLED = BIT(0),
	WINUSB_POWER_HAS_USER = BIT(1),
	WINUSB_POWER_HAS_WAKE = BIT(2),
	WINUSB_POWER_HAS_IGNORE_WAKE = BIT(3),
	WINUSB_POWER_HAS_IDLE_STATE = BIT(4),
	WINUSB_POWER_HAS_PROGRAM = BIT(5),
	WINUSB_POWER_HAS_AUTO_SUSPEND = BIT(6),
	WINUSB_POWER_HAS_SYSTEM = BIT(7),
	WINUSB_POWER_COMBINATIONS = BIT(8),
};

static enum winusb_power_rule winusb_power_combine(unsigned int has)
{
	const struct winusb_power power = {
		.idle_enabled = has & WINUSB_POWER_HAS_IDLE_ENABLED,
		.idle_state = has & WINUSB_POWER_HAS_IDLE_STATE,
		.ignore_wake = has & WINUSB_POWER_HAS_IGNORE_WAKE,
		.has_auto_suspend = has & WINUSB_POWER_HAS_PROGRAM,
		.auto_suspend = has & WINUSB_POWER_HAS_AUTO_SUSPEND,
	};
	const struct winusb_power_device device = {
		.user = has & WINUSB_POWER_HAS_USER,
		.wake = has & WINUSB_POWER_HAS_WAKE,
		.delay = has & WINUSB_POWER_HAS_SYSTEM ? 0 : -1,
	};

	return winusb_power_check(&power, &device);
}

/* 3.2, precedence: all must allow. */
static void winusb_test_all_must_allow(struct kunit *test)
{
	unsigned int has, sleeping = 0;

	for (has = 0; has < WINUSB_POWER_COMBINATIONS; has++) {
		unsigned int wish = has & WINUSB_POWER_HAS_PROGRAM ?
			WINUSB_POWER_HAS_AUTO_SUSPEND : WINUSB_POWER_HAS_IDLE_STATE;
		bool may = (has & WINUSB_POWER_HAS_IDLE_ENABLED) && (has & WINUSB_POWER_HAS_USER) &&
			   (has & (WINUSB_POWER_HAS_WAKE | WINUSB_POWER_HAS_IGNORE_WAKE)) &&
			   (has & wish) && (has & WINUSB_POWER_HAS_SYSTEM);

		KUNIT_EXPECT_EQ_MSG(test, winusb_power_combine(has) == WINUSB_POWER_MAY_SLEEP, may,
				    "combination %#x", has);
		sleeping += may;
	}
	/* With one of three kinds of wake, and one of four kinds of wish. */
	KUNIT_EXPECT_EQ(test, sleeping, 3U * 4U);
}

/* 3.2: any single one disables, none can force. */
static void winusb_test_any_one_forbids(struct kunit *test)
{
	static const struct {
		unsigned int missing;
		enum winusb_power_rule rule;
	} rows[] = {
		{ WINUSB_POWER_HAS_IDLE_ENABLED, WINUSB_POWER_NOT_ENABLED },
		{ WINUSB_POWER_HAS_USER, WINUSB_POWER_USER },
		{ WINUSB_POWER_HAS_WAKE | WINUSB_POWER_HAS_IGNORE_WAKE, WINUSB_POWER_NO_WAKE },
		{ WINUSB_POWER_HAS_AUTO_SUSPEND, WINUSB_POWER_PROGRAM },
		{ WINUSB_POWER_HAS_PROGRAM | WINUSB_POWER_HAS_IDLE_STATE, WINUSB_POWER_STATE },
		{ WINUSB_POWER_HAS_SYSTEM, WINUSB_POWER_SYSTEM },
	};
	const unsigned int all = WINUSB_POWER_COMBINATIONS - 1;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, (int)winusb_power_combine(all), (int)WINUSB_POWER_MAY_SLEEP);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, (int)winusb_power_combine(all & ~rows[i].missing),
				    (int)rows[i].rule, "row %u", i);
}

/* 3.2: what is more than one rule's fault is told of the first. */
static void winusb_test_the_first_rule_is_told(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, (int)winusb_power_combine(0), (int)WINUSB_POWER_NOT_ENABLED);
	KUNIT_EXPECT_EQ(test, (int)winusb_power_combine(WINUSB_POWER_HAS_IDLE_ENABLED),
			(int)WINUSB_POWER_USER);
	KUNIT_EXPECT_EQ(test, (int)winusb_power_combine(WINUSB_POWER_HAS_IDLE_ENABLED |
							WINUSB_POWER_HAS_USER),
			(int)WINUSB_POWER_NO_WAKE);
}

/* 3.1, 8 row 1: AUTO_SUSPEND is DefaultIdleState at first, and off without DeviceIdleEnabled. */
static void winusb_test_auto_suspend_begins_as_the_properties_say(struct kunit *test)
{
	struct winusb_power power = { };

	KUNIT_EXPECT_FALSE(test, winusb_power_auto_suspend(&power));
	power.idle_state = true;
	KUNIT_EXPECT_FALSE(test, winusb_power_auto_suspend(&power));
	power.idle_enabled = true;
	KUNIT_EXPECT_TRUE(test, winusb_power_auto_suspend(&power));
	power.has_auto_suspend = true;
	KUNIT_EXPECT_FALSE(test, winusb_power_auto_suspend(&power));
	power.auto_suspend = true;
	power.idle_state = false;
	KUNIT_EXPECT_TRUE(test, winusb_power_auto_suspend(&power));
}

/* 3.1: SUSPEND_DELAY is DefaultIdleTimeout at first. */
static void winusb_test_delay_begins_as_the_properties_say(struct kunit *test)
{
	struct winusb_power power = { .idle_timeout = 1234 };

	KUNIT_EXPECT_EQ(test, winusb_power_suspend_delay(&power), 1234U);
	power.has_delay = true;
	KUNIT_EXPECT_EQ(test, winusb_power_suspend_delay(&power), 0U);
	power.delay = U32_MAX;
	KUNIT_EXPECT_EQ(test, winusb_power_suspend_delay(&power), U32_MAX);
}

static struct kunit_case winusb_power_cases[] = {
	WINUSB_CASE_RULE(all_must_allow, 3_2),
	WINUSB_CASE_RULE(any_one_forbids, 3_2),
	WINUSB_CASE_RULE(the_first_rule_is_told, 3_2),
	WINUSB_CASE_RULE(auto_suspend_begins_as_the_properties_say, 3_1),
	WINUSB_CASE_RULE(delay_begins_as_the_properties_say, 3_1),
	{ }
};

static struct kunit_suite winusb_power_suite = {
	.name = "winusb_power",
	.test_cases = winusb_power_cases,
};

kunit_test_suite(winusb_power_suite);
