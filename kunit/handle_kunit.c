// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles, associated interfaces, and who may open what. "n.m" is a section of
 * winusb.md; the rules of opening are those of the uapi header.
 */

#include <linux/delay.h>
#include <linux/err.h>

#include <uapi/linux/winusb.h>

#include "bench.h"

static bool winusb_is_handle(struct winusb_file *wf, u32 number)
{
	struct winusb_handle *wh = winusb_handle_get(wf, number);

	if (IS_ERR_OR_NULL(wh))
		return false;
	winusb_handle_put(wh);
	return true;
}

/* 1.2: a second INITIALIZE succeeds and gives another number. */
static void winusb_test_initialize_twice_gives_two(struct kunit *test)
{
	struct winusb_file *wf = winusb_bench_open(test, 0);
	struct winusb_handle *first = winusb_bench_initialize(test, wf);
	struct winusb_handle *second = winusb_bench_initialize(test, wf);

	KUNIT_EXPECT_NE(test, first->number, 0U);
	KUNIT_EXPECT_NE(test, first->number, second->number);
	KUNIT_EXPECT_PTR_EQ(test, first->wi, second->wi);
}

/* 1.2, checklist 14: INITIALIZE sets the policies to their defaults. */
static void winusb_test_initialize_resets_policies(struct kunit *test)
{
	struct winusb_file *wf = winusb_bench_open(test, 0);
	struct winusb_handle *wh = winusb_bench_initialize(test, wf);
	u32 value;

	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 7);
	winusb_bench_timeout(test, wh, 0, 8);
	winusb_bench_initialize(test, wf);
	KUNIT_EXPECT_EQ(test,
			winusb_pipe_get_policy(wh, WINUSB_BENCH_IN,
					       WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT,
					       &value, false), 0);
	KUNIT_EXPECT_EQ(test, value, 0U);
	KUNIT_EXPECT_EQ(test,
			winusb_pipe_get_policy(wh, 0,
					       WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT,
					       &value, false), 0);
	KUNIT_EXPECT_EQ(test, value, 5000U);
}

/* A number that was never given, or was freed, is no handle. */
static void winusb_test_unknown_handles_are_refused(struct kunit *test)
{
	struct winusb_file *wf = winusb_bench_open(test, 0);
	struct winusb_handle *wh = winusb_bench_initialize(test, wf);
	u32 number = wh->number;

	KUNIT_EXPECT_TRUE(test, winusb_is_handle(wf, number));
	KUNIT_EXPECT_FALSE(test, winusb_is_handle(wf, 0));
	KUNIT_EXPECT_FALSE(test, winusb_is_handle(wf, number + 1));
	KUNIT_EXPECT_FALSE(test, winusb_is_handle(wf, U32_MAX));
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wf, number + 1), -EBADF);
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wf, 0), -EBADF);
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wf, number), 0);
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wf, number), -EBADF);
	KUNIT_EXPECT_FALSE(test, winusb_is_handle(wf, number));
	KUNIT_EXPECT_EQ(test,
			PTR_ERR_OR_ZERO(winusb_handle_get_associated(wf, number,
								     0)),
			-EBADF);
}

/* A handle that was not published is not known, and can be given up. */
static void winusb_test_unpublished_handle_is_unknown(struct kunit *test)
{
	struct winusb_file *wf = winusb_bench_open(test, 0);
	struct winusb_handle *wh = winusb_handle_initialize(wf);
	u32 number;

	KUNIT_ASSERT_FALSE(test, IS_ERR(wh));
	number = wh->number;
	KUNIT_EXPECT_FALSE(test, winusb_is_handle(wf, number));
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wf, number), -EBADF);
	winusb_handle_discard(wh);
	KUNIT_EXPECT_FALSE(test, winusb_is_handle(wf, number));
}

/* Handles are freed in any order; the parent may go before the associated. */
static void winusb_test_handles_are_freed_in_any_order(struct kunit *test)
{
	struct winusb_file *wf = winusb_bench_open(test, 0);
	struct winusb_handle *parent = winusb_bench_initialize(test, wf);
	struct winusb_handle *child = winusb_bench_associate(parent, 0);
	size_t moved;
	u8 byte = 0;

	KUNIT_ASSERT_FALSE(test, IS_ERR(child));
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wf, parent->number), 0);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(child, WINUSB_BENCH_OUT2, &byte,
					      1, &moved), 0);
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wf, child->number), 0);
}

/* More than WINUSB_MAX_HANDLES of a file are not to be had. */
static void winusb_test_handles_are_limited(struct kunit *test)
{
	struct winusb_file *wf = winusb_bench_open(test, 0);
	struct winusb_handle *wh = NULL;
	unsigned int i;

	for (i = 0; i < WINUSB_MAX_HANDLES; i++)
		wh = winusb_bench_initialize(test, wf);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(winusb_handle_initialize(wf)),
			-ENOMEM);
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wf, wh->number), 0);
	winusb_bench_initialize(test, wf);
}

/* 1.2: the index counts from the interface after the default one. */
static void winusb_test_index_counts_in_the_function(struct kunit *test)
{
	static const struct {
		u8 index;
		int error;
		u8 number;
	} rows[] = {
		{ 0, 0, 2 }, { 1, 0, 3 }, { 2, -ENOENT }, { 3, -ENOENT },
		{ 127, -ENOENT }, { 254, -ENOENT }, { 255, -EINVAL },
	};
	struct winusb_handle *parent = winusb_bench_handle(test, 1);
	struct winusb_handle *wh;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		wh = winusb_bench_associate(parent, rows[i].index);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(wh), rows[i].error,
				    "index %u", rows[i].index);
		if (!IS_ERR(wh))
			KUNIT_EXPECT_EQ(test, winusb_interface_number(wh->wi),
					rows[i].number);
	}
}

/* From a sibling's file, the interfaces after it can be had, not before. */
static void winusb_test_index_counts_from_the_file(struct kunit *test)
{
	struct winusb_handle *parent = winusb_bench_handle(test, 2);
	struct winusb_handle *wh = winusb_bench_associate(parent, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(wh));
	KUNIT_EXPECT_EQ(test, winusb_interface_number(wh->wi), 3);
	KUNIT_EXPECT_EQ(test,
			PTR_ERR_OR_ZERO(winusb_bench_associate(parent, 1)),
			-ENOENT);
}

/* 1.2: only a handle of INITIALIZE has associated interfaces. */
static void winusb_test_associated_handle_is_no_parent(struct kunit *test)
{
	struct winusb_handle *parent = winusb_bench_handle(test, 1);
	struct winusb_handle *wh = winusb_bench_associate(parent, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(wh));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(winusb_bench_associate(wh, 0)),
			-EINVAL);
}

/* 1.2, checklist 11: one live handle of an associated interface. */
static void winusb_test_second_associated_handle_is_refused(struct kunit *test)
{
	struct winusb_handle *parent = winusb_bench_handle(test, 1);
	struct winusb_handle *wh = winusb_bench_associate(parent, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(wh));
	KUNIT_EXPECT_EQ(test,
			PTR_ERR_OR_ZERO(winusb_bench_associate(parent, 0)),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wh->wf, wh->number), 0);
	KUNIT_EXPECT_EQ(test,
			PTR_ERR_OR_ZERO(winusb_bench_associate(parent, 0)), 0);
}

/* FREE does not cancel: the interface stays acquired until they are done. */
static void winusb_test_running_transfer_keeps_interface(struct kunit *test)
{
	struct winusb_handle *parent = winusb_bench_handle(test, 1);
	struct winusb_handle *wh = winusb_bench_associate(parent, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job;
	struct winusb_handle *again;

	KUNIT_ASSERT_FALSE(test, IS_ERR(wh));
	job = winusb_bench_start(test, wh, 0x83, 512);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, 0x83, 1), 0);
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wh->wf, wh->number), 0);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(job));
	KUNIT_EXPECT_EQ(test,
			PTR_ERR_OR_ZERO(winusb_bench_associate(parent, 0)),
			-EEXIST);
	winusb_bench_rule(test, 0x83, (struct winusb_hcd_rule){ .length = 5 });
	winusb_bench_expect(test, job, 0, 5);
	/* The job's own reference is the last one, and only the bench has it. */
	winusb_handle_put(job->wh);
	again = winusb_bench_associate(parent, 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(again), 0);
	job->wh = parent;
	kref_get(&parent->ref);
}

/* A sibling that is not bound yet may come, one of another driver does not. */
static void winusb_test_unbound_sibling_is_told_apart(struct kunit *test)
{
	struct winusb_handle *parent = winusb_bench_handle(test, 1);
	struct usb_interface *intf = winusb_bench_intf(test, 2);
	struct winusb_bench *b = test->priv;
	struct winusb_handle *wh;

	winusb_bench_unbind(test, 2);
	KUNIT_EXPECT_EQ(test,
			PTR_ERR_OR_ZERO(winusb_bench_associate(parent, 0)),
			-EAGAIN);
	/* Positions are the descriptors', whatever is bound. */
	wh = winusb_bench_associate(parent, 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(wh));
	KUNIT_EXPECT_EQ(test, winusb_interface_number(wh->wi), 3);

	usb_lock_device(b->udev);
	KUNIT_EXPECT_EQ(test,
			usb_driver_claim_interface(&winusb_bench_other_driver,
						   intf, NULL), 0);
	usb_unlock_device(b->udev);
	KUNIT_EXPECT_EQ(test,
			PTR_ERR_OR_ZERO(winusb_bench_associate(parent, 0)),
			-EBUSY);
	usb_lock_device(b->udev);
	usb_driver_release_interface(&winusb_bench_other_driver, intf);
	usb_unlock_device(b->udev);

	winusb_bench_bind(test, 2);
	KUNIT_EXPECT_EQ(test,
			PTR_ERR_OR_ZERO(winusb_bench_associate(parent, 0)), 0);
}

/* The file on the default interface reserves the function (checklist 1). */
static void winusb_test_default_reserves_the_function(struct kunit *test)
{
	struct winusb_file *wf = winusb_bench_open(test, 1);
	u8 number;

	for (number = 1; number <= 3; number++)
		KUNIT_EXPECT_EQ(test,
				PTR_ERR_OR_ZERO(winusb_bench_try_open(test,
								      number)),
				-EBUSY);
	winusb_bench_close(test, wf);
	for (number = 2; number <= 3; number++)
		winusb_bench_open(test, number);
}

/* A sibling's file has this interface only, and shuts the default out. */
static void winusb_test_sibling_opens_alone(struct kunit *test)
{
	struct winusb_file *wf = winusb_bench_open(test, 2);

	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(winusb_bench_try_open(test, 2)),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(winusb_bench_try_open(test, 1)),
			-EBUSY);
	winusb_bench_open(test, 3);
	winusb_bench_close(test, wf);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(winusb_bench_try_open(test, 1)),
			-EBUSY);
}

/* What one file has associated, no other can open or associate. */
static void winusb_test_associated_interface_is_taken(struct kunit *test)
{
	struct winusb_handle *first = winusb_bench_handle(test, 2);
	struct winusb_handle *wh = winusb_bench_associate(first, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(wh));
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(winusb_bench_try_open(test, 3)),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wh->wf, wh->number), 0);
	winusb_bench_open(test, 3);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(winusb_bench_associate(first, 0)),
			-EBUSY);
}

/* Listeners are never exclusive and reserve nothing. */
static void winusb_test_listeners_are_not_exclusive(struct kunit *test)
{
	struct winusb_interface *wi = winusb_bench_wi(test, 1);
	struct winusb_file *listener[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		listener[i] = winusb_file_open(wi, true);
		KUNIT_ASSERT_FALSE(test, IS_ERR(listener[i]));
	}
	winusb_bench_open(test, 1);
	KUNIT_EXPECT_TRUE(test, winusb_is_handle(listener[0], 0));
	KUNIT_EXPECT_FALSE(test, winusb_is_handle(listener[0], 1));
	for (i = 0; i < 2; i++)
		winusb_file_close(listener[i]);
}

/* 5.2: closing restores alternate setting 0 and drops what was saved. */
static void winusb_test_close_restores_the_interface(struct kunit *test)
{
	struct winusb_bench *b = test->priv;
	struct winusb_handle *wh;
	struct winusb_hcd_setup setup;
	size_t moved;
	u8 buf[512];

	wh = winusb_bench_handle(test, 0);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, false), 0);
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 100 });
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_IN, buf, 10,
					      &moved), 0);
	winusb_bench_close(test, wh->wf);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_find_setup(b->dev, 0x01,
					      USB_REQ_SET_INTERFACE, &setup),
			2);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(setup.setup.wValue), 0);

	wh = winusb_bench_handle(test, 0);
	KUNIT_EXPECT_EQ(test, winusb_interface_get_setting(wh->wi), 0);
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .data = "new", .length = 3 });
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_IN, buf, 512,
					      &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)3);
	WINUSB_EXPECT_MEMEQ(test, buf, "new", 3);
}

/* A transfer as a program asks for it: by the number of the handle. */
static int winusb_transfer_by_number(struct winusb_file *wf, u32 number,
				     u8 address)
{
	struct winusb_handle *wh = winusb_handle_get(wf, number);
	size_t moved;
	u8 buf[512];
	int ret;

	if (IS_ERR_OR_NULL(wh))
		return wh ? PTR_ERR(wh) : -EBADF;
	ret = winusb_bench_transfer(wh, address, buf, sizeof(buf), &moved);
	winusb_handle_put(wh);
	return ret;
}

/* After removal handles stay valid numbers that can do nothing. */
static void winusb_test_handles_outlive_the_device(struct kunit *test)
{
	struct winusb_handle *parent = winusb_bench_handle(test, 1);
	struct winusb_handle *wh = winusb_bench_associate(parent, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_file *wf = parent->wf;
	u32 number, own = parent->number;

	KUNIT_ASSERT_FALSE(test, IS_ERR(wh));
	number = wh->number;
	winusb_hcd_unplug(b->dev, 0);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	KUNIT_EXPECT_EQ(test, winusb_transfer_by_number(wf, number, 0x83),
			-ENODEV);
	KUNIT_EXPECT_EQ(test, winusb_transfer_by_number(wf, own, 0x82),
			-ENODEV);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(winusb_handle_initialize(wf)),
			-ENODEV);
	KUNIT_EXPECT_EQ(test,
			PTR_ERR_OR_ZERO(winusb_bench_associate(parent, 1)),
			-ENODEV);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(parent, 0x82, false), -ENODEV);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(parent, 0x82, false), -ENODEV);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(parent, 0, false),
			-ENODEV);
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wf, number), 0);
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wf, number), -EBADF);
	KUNIT_EXPECT_EQ(test, winusb_handle_free(wf, own), 0);
}

static struct kunit_case winusb_handle_cases[] = {
	WINUSB_CASE_RULE(index_counts_in_the_function, 1_2),
	WINUSB_CASE(index_counts_from_the_file),
	WINUSB_CASE_RULE(associated_handle_is_no_parent, 1_2),
	WINUSB_CASE_RULE(second_associated_handle_is_refused, 9_11),
	WINUSB_CASE(running_transfer_keeps_interface),
	WINUSB_CASE(unbound_sibling_is_told_apart),
	WINUSB_CASE_RULE(default_reserves_the_function, 9_1),
	WINUSB_CASE(sibling_opens_alone),
	WINUSB_CASE(associated_interface_is_taken),
	WINUSB_CASE(listeners_are_not_exclusive),
	WINUSB_CASE(handles_outlive_the_device),
	{ }
};

static struct kunit_suite winusb_associated_suite =
	WINUSB_BENCH_SUITE("winusb_associated", winusb_bench_init_composite,
			   winusb_handle_cases);

kunit_test_suite(winusb_associated_suite);

static struct kunit_case winusb_plain_handle_cases[] = {
	WINUSB_CASE_RULE(initialize_twice_gives_two, 1_2),
	WINUSB_CASE_RULE(initialize_resets_policies, 9_14),
	WINUSB_CASE(unknown_handles_are_refused),
	WINUSB_CASE(unpublished_handle_is_unknown),
	WINUSB_CASE(handles_are_freed_in_any_order),
	WINUSB_CASE(handles_are_limited),
	WINUSB_CASE_RULE(close_restores_the_interface, 5_2),
	{ }
};

static struct kunit_suite winusb_handle_suite =
	WINUSB_BENCH_SUITE("winusb_handle", winusb_bench_init,
			   winusb_plain_handle_cases);

kunit_test_suite(winusb_handle_suite);
