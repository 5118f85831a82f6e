// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asynchronous transfers as the file sees them: the order of their records,
 * what is kept for the next ones, what they cost, and that nothing is left.
 */

#include <linux/delay.h>
#include <linux/sizes.h>

#include <uapi/linux/winusb.h>

#include "async.h"

#define WINUSB_RECORD_CAP	(128 * SZ_1M)	/* the default of max_buffer_mb */
#define WINUSB_RECORD_MANY	200

static struct winusb_async **winusb_record_many(struct kunit *test)
{
	struct winusb_async **a;

	a = kunit_kcalloc(test, WINUSB_RECORD_MANY, sizeof(*a), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a);
	return a;
}

/* struct winusb_completion: records are in the order of completion, over all pipes. */
static void winusb_test_records_are_in_order_of_completion(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *in[2], *out, *interrupt;

	in[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	in[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	interrupt = winusb_async_start(test, wh, WINUSB_BENCH_INT, 64);
	out = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 3);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_OUT, 1), 0);
	msleep(20);
	winusb_bench_rule(test, WINUSB_BENCH_INT, (struct winusb_hcd_rule){ .length = 2 });
	msleep(20);
	winusb_send(test, NULL, 3);
	winusb_send(test, NULL, 4);
	msleep(20);
	KUNIT_EXPECT_EQ(test, winusb_async_ready(wh->wf), 4U);
	winusb_async_expect(test, out, 0, 3);
	winusb_async_expect(test, interrupt, 0, 2);
	winusb_async_expect(test, in[0], 0, 3);
	winusb_async_expect(test, in[1], 0, 4);
	winusb_async_expect_quiet(test, wh->wf);
}

/* What is known of a record without its memory. */
static void winusb_test_record_says_whose_it_is(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a = winusb_async_new(test, WINUSB_BENCH_IN, 10);

	a->cookie = 0xfedcba9876543210;
	KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
	KUNIT_EXPECT_EQ(test, a->req->cookie, 0xfedcba9876543210);
	KUNIT_EXPECT_EQ(test, a->req->number, wh->number);
	KUNIT_EXPECT_EQ(test, a->req->address, WINUSB_BENCH_IN);
	winusb_send(test, NULL, 4);
	winusb_async_expect(test, a, 0, 4);
}

/* A request that was collected serves the next transfer, of whatever kind. */
static void winusb_test_requests_are_used_again(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	static const size_t lengths[] = { 100, 20000, 1, 70000, 0, 512 };
	struct winusb_request *req = NULL;
	struct winusb_async *a;
	unsigned int i;

	for (i = 0; i < 4 * ARRAY_SIZE(lengths); i++) {
		a = winusb_async_new(test, i % 2 ? WINUSB_BENCH_IN : WINUSB_BENCH_OUT,
				     lengths[i % ARRAY_SIZE(lengths)]);
		KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
		if (req)
			KUNIT_EXPECT_PTR_EQ(test, a->req, req);
		req = a->req;
		if (i % 2)
			winusb_send(test, NULL, a->length);
		winusb_async_expect(test, a, 0, a->length);
		if (i % 2)
			winusb_expect_pattern(test, a->buf, 0, a->length);
	}
	KUNIT_EXPECT_EQ(test, wh->wf->num_requests, 1U);
	winusb_async_expect_quiet(test, wh->wf);
}

/* A transfer that failed leaves nothing in its request for the next one. */
static void winusb_test_nothing_is_left_in_a_request(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;
	struct winusb_request *req;

	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 20);
	winusb_send(test, NULL, 512);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	req = a->req;
	winusb_async_expect(test, a, -ETIMEDOUT, 512);
	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 0);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	KUNIT_EXPECT_PTR_EQ(test, a->req, req);
	winusb_act(test, WINUSB_HCD_STALL);
	winusb_async_expect(test, a, -EPIPE, 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), 0);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 10);
	winusb_send(test, NULL, 10);
	winusb_async_expect(test, a, 0, 10);
	winusb_expect_pattern(test, a->buf, 0, 10);
}

/* Some are kept, not as many as there ever were. */
static void winusb_test_only_some_requests_are_kept(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async **a = winusb_record_many(test);
	unsigned int i;

	for (i = 0; i < WINUSB_RECORD_MANY; i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test, wh->wf->num_requests, (unsigned int)WINUSB_RECORD_MANY);
	winusb_bench_rule(test, WINUSB_BENCH_IN, (struct winusb_hcd_rule){
		.length = 1, .repeat = WINUSB_HCD_FOREVER });
	for (i = 0; i < WINUSB_RECORD_MANY; i++)
		winusb_async_expect(test, a[i], 0, 1);
	winusb_async_expect_quiet(test, wh->wf);
	KUNIT_EXPECT_EQ(test, wh->wf->num_idle, (unsigned int)WINUSB_IDLE_REQUESTS);
}

/* Close drops records that nobody has read, with all that hangs on them. */
static void winusb_test_close_drops_records(struct kunit *test)
{
	static const struct winusb_layout pages = { "pages", 0, 4, 0, 0 };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;
	unsigned int i;

	winusb_hcd_mode(b->dev, WINUSB_BENCH_IN, WINUSB_HCD_SOURCE, 0);
	for (i = 0; i < 100; i++) {
		if (i % 3)
			a = winusb_async_new(test, WINUSB_BENCH_IN, i * 500 + 1);
		else
			a = winusb_async_new_bvec(test, WINUSB_BENCH_IN, i * 500 + 1, &pages);
		KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
	}
	while (winusb_async_ready(wh->wf) < 90)
		msleep(20);
	winusb_bench_close(test, wh->wf);

	/* And it is a new file with nothing in it. */
	wh = winusb_bench_handle(test, 0);
	winusb_async_expect_quiet(test, wh->wf);
	KUNIT_EXPECT_EQ(test, wh->wf->num_requests, 0U);
}

/* FREE does not cancel: the handle lives on in its requests, and the record has its number. */
static void winusb_test_handle_lives_on_in_its_requests(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a[2];
	u32 number = wh->number;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test, winusb_handle_free(a[0]->wf, number), 0);
	winusb_async_expect_none(test, a[0]->wf);
	for (i = 0; i < ARRAY_SIZE(a); i++) {
		winusb_send(test, NULL, i + 1);
		KUNIT_EXPECT_EQ(test, a[i]->req->number, number);
		winusb_async_expect(test, a[i], 0, i + 1);
	}
	winusb_async_expect_quiet(test, a[0]->wf);
}

/* max_buffer_mb: submissions that nobody collects end with -ENOMEM; collecting one helps. */
static void winusb_test_uncollected_records_cost(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	size_t most = WINUSB_RECORD_CAP - 2 * WINUSB_REQUEST_COST;
	struct winusb_async *a[2], *over;

	KUNIT_ASSERT_EQ(test, winusb_file_charge(wh->wf, most), 0);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 0);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 0);
	over = winusb_async_new(test, WINUSB_BENCH_OUT, 0);
	KUNIT_EXPECT_EQ(test, winusb_async_try(wh, over), -ENOMEM);
	winusb_async_expect(test, a[0], 0, 0);
	KUNIT_EXPECT_EQ(test, winusb_async_try(wh, over), 0);
	winusb_async_expect(test, a[1], 0, 0);
	winusb_async_expect(test, over, 0, 0);
	winusb_file_uncharge(wh->wf, most);
	winusb_async_expect_quiet(test, wh->wf);
}

/* ... and the bytes that are copied; a write takes its bytes when it is submitted. */
static void winusb_test_copied_bytes_cost(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	size_t most = WINUSB_RECORD_CAP - 100000;
	struct winusb_bench *b = test->priv;
	struct winusb_async *a, *over;
	u8 first;

	KUNIT_ASSERT_EQ(test, winusb_file_charge(wh->wf, most), 0);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	KUNIT_ASSERT_EQ(test, winusb_hcd_capture(b->dev, WINUSB_BENCH_OUT, 1), 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 60000);
	a->buf[0] ^= 0xff;
	over = winusb_async_new(test, WINUSB_BENCH_IN, 60000);
	KUNIT_EXPECT_EQ(test, winusb_async_try(wh, over), -ENOMEM);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 0U);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_SINK, 0);
	winusb_async_expect(test, a, 0, 60000);
	KUNIT_EXPECT_EQ(test, winusb_hcd_captured(b->dev, WINUSB_BENCH_OUT, &first, 1), (size_t)1);
	KUNIT_EXPECT_EQ(test, first, (u8)(a->buf[0] ^ 0xff));
	winusb_send(test, NULL, 60000);
	KUNIT_EXPECT_EQ(test, winusb_async_try(wh, over), 0);
	winusb_async_expect(test, over, 0, 60000);
	winusb_file_uncharge(wh->wf, most);
	winusb_async_expect_quiet(test, wh->wf);
}

/* The cap is for what nobody waits for: a thread that does can always go on. */
static void winusb_test_blocking_transfers_begin_beyond_the_cap(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *over = winusb_async_new(test, WINUSB_BENCH_OUT, 0);
	size_t moved;
	u8 byte = 0;

	KUNIT_ASSERT_EQ(test, winusb_file_charge(wh->wf, WINUSB_RECORD_CAP), 0);
	KUNIT_EXPECT_EQ(test, winusb_async_try(wh, over), -ENOMEM);
	KUNIT_EXPECT_EQ(test, winusb_bench_transfer(wh, WINUSB_BENCH_OUT, &byte, 0, &moved), 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_OUT, false), 0);
	winusb_file_uncharge(wh->wf, WINUSB_RECORD_CAP);
	winusb_async_expect_quiet(test, wh->wf);
}

/* WINUSB_MAX_TRANSFERS under way, and one more. */
static void winusb_test_transfers_under_way_are_bounded(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_file *wf = wh->wf;
	struct winusb_async *a, *over;

	spin_lock_irq(&wf->requests_lock);
	wf->num_running += WINUSB_MAX_TRANSFERS - 1;	/* as if there were so many */
	spin_unlock_irq(&wf->requests_lock);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	over = winusb_async_new(test, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test, winusb_async_try(wh, over), -ENOMEM);
	/* Those that a thread waits for do not count: a pipe can be reset all the same. */
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_OUT, false), 0);
	winusb_send(test, "x", 1);
	winusb_async_expect(test, a, 0, 1);
	KUNIT_EXPECT_EQ(test, winusb_async_try(wh, over), 0);
	winusb_send(test, "y", 1);
	winusb_async_expect(test, over, 0, 1);
	spin_lock_irq(&wf->requests_lock);
	wf->num_running -= WINUSB_MAX_TRANSFERS - 1;
	spin_unlock_irq(&wf->requests_lock);
	winusb_async_expect_quiet(test, wf);
}

/* What is refused at submission leaves no record, and nothing else. */
static void winusb_test_refused_transfers_leave_nothing(struct kunit *test)
{
	static const u8 addresses[] = {
		WINUSB_BENCH_IN2, WINUSB_BENCH_OUT2, WINUSB_BENCH_ISOC, 0x01, 0x82, 0x80, 0x0f,
	};
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		a = winusb_async_new(test, addresses[i], 512);
		KUNIT_EXPECT_EQ_MSG(test, winusb_async_try(wh, a), -EINVAL, "pipe %02x",
				    addresses[i]);
	}
	KUNIT_EXPECT_EQ(test, wh->wf->num_requests, 0U);
	winusb_async_expect_quiet(test, wh->wf);
	KUNIT_ASSERT_EQ(test, winusb_handle_set_setting(wh, 1, false), 0);
	a = winusb_async_new(test, WINUSB_BENCH_ISOC, 512);
	KUNIT_EXPECT_EQ(test, winusb_async_try(wh, a), -EINVAL);
	winusb_async_expect_quiet(test, wh->wf);
}

/* A control transfer by this door: pipe 0, 1.6. */
static int winusb_record_control(struct winusb_handle *wh, struct winusb_async *a, u8 type,
				 u8 request, u16 value, u16 index)
{
	struct usb_ctrlrequest setup = {
		.bRequestType = type,
		.bRequest = request,
		.wValue = cpu_to_le16(value),
		.wIndex = cpu_to_le16(index),
		.wLength = cpu_to_le16(a->length),
	};
	struct winusb_request *req;
	int ret;

	a->wf = wh->wf;
	req = winusb_control_create(wh, WINUSB_DOOR_RECORD, &setup, &a->iter, false);
	if (IS_ERR(req))
		return PTR_ERR(req);
	req->cookie = a->cookie;
	a->req = req;
	ret = winusb_request_start(req, false);
	if (ret)
		winusb_request_discard(req);
	return ret;
}

/* 1.6: control transfers do not wait for each other here, nor for other pipes. */
static void winusb_test_control_transfers_have_records(struct kunit *test)
{
	const struct winusb_hcd_rule hold = { .action = WINUSB_HCD_HOLD };
	const struct winusb_hcd_rule answer = { .data = "hello", .length = 5 };
	const u8 type = USB_DIR_IN | USB_TYPE_VENDOR | USB_RECIP_DEVICE;
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[2];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, type, 7, &hold), 0);
	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, type, 7, &answer), 0);
	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, type, 7, &answer), 0);
	for (i = 0; i < ARRAY_SIZE(a); i++) {
		a[i] = winusb_async_new(test, USB_DIR_IN, 64);
		KUNIT_ASSERT_EQ(test, winusb_record_control(wh, a[i], type, 7, 0, 0), 0);
	}
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, 0, 2), 0);
	winusb_async_expect_none(test, wh->wf);
	KUNIT_EXPECT_TRUE(test, winusb_hcd_release(b->dev, 0));
	for (i = 0; i < ARRAY_SIZE(a); i++) {
		winusb_async_expect(test, a[i], 0, 5);
		WINUSB_EXPECT_MEMEQ(test, a[i]->buf, "hello", 5);
	}
	winusb_async_expect_quiet(test, wh->wf);
}

/* 2.1: PIPE_TRANSFER_TIMEOUT of pipe 0 is 5000 ms. */
static void winusb_test_control_transfers_have_a_timeout(struct kunit *test)
{
	const struct winusb_hcd_rule hold = { .action = WINUSB_HCD_HOLD };
	const u8 type = USB_DIR_IN | USB_TYPE_VENDOR | USB_RECIP_DEVICE;
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a = winusb_async_new(test, USB_DIR_IN, 8);
	struct winusb_bench *b = test->priv;
	unsigned long begin = jiffies;

	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, type, 7, &hold), 0);
	KUNIT_ASSERT_EQ(test, winusb_record_control(wh, a, type, 7, 0, 0), 0);
	winusb_async_expect(test, a, -ETIMEDOUT, 0);
	KUNIT_EXPECT_GE(test, jiffies - begin, msecs_to_jiffies(5000));
	KUNIT_EXPECT_LT(test, jiffies - begin, msecs_to_jiffies(8000));
}

/* WINUSB_IOC_CANCEL finds control transfers, too. */
static void winusb_test_control_transfers_are_cancelled(struct kunit *test)
{
	const struct winusb_hcd_rule hold = { .action = WINUSB_HCD_HOLD };
	const u8 type = USB_DIR_OUT | USB_TYPE_VENDOR | USB_RECIP_DEVICE;
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a = winusb_async_new(test, 0, 8);
	struct winusb_bench *b = test->priv;

	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, type, 7, &hold), 0);
	KUNIT_ASSERT_EQ(test, winusb_record_control(wh, a, type, 7, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, 0, 1), 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, 0, false), 0);
	winusb_async_expect_none(test, wh->wf);
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_cookie(wh->wf, a->cookie), 1U);
	winusb_async_expect(test, a, -ECANCELED, 0);
}

/* Design 3: CLEAR_FEATURE(ENDPOINT_HALT) is a reset of the pipe, and has a record as well. */
static void winusb_test_clear_halt_has_a_record(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_act(test, WINUSB_HCD_STALL);
	winusb_async_expect(test, a, -EPIPE, 0);
	a = winusb_async_new(test, 0, 0);
	KUNIT_ASSERT_EQ(test, winusb_record_control(wh, a, USB_RECIP_ENDPOINT,
						    USB_REQ_CLEAR_FEATURE, USB_ENDPOINT_HALT,
						    WINUSB_BENCH_IN), 0);
	winusb_async_expect(test, a, 0, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_clears(test, WINUSB_BENCH_IN), 1U);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, "good", 4);
	winusb_async_expect(test, a, 0, 4);
	winusb_async_expect_quiet(test, wh->wf);
}

static struct kunit_case winusb_record_cases[] = {
	WINUSB_CASE(records_are_in_order_of_completion),
	WINUSB_CASE(record_says_whose_it_is),
	WINUSB_CASE(requests_are_used_again),
	WINUSB_CASE(nothing_is_left_in_a_request),
	WINUSB_CASE(only_some_requests_are_kept),
	WINUSB_CASE(close_drops_records),
	WINUSB_CASE(handle_lives_on_in_its_requests),
	WINUSB_CASE(uncollected_records_cost),
	WINUSB_CASE(copied_bytes_cost),
	WINUSB_CASE(blocking_transfers_begin_beyond_the_cap),
	WINUSB_CASE(transfers_under_way_are_bounded),
	WINUSB_CASE(refused_transfers_leave_nothing),
	WINUSB_CASE_RULE(control_transfers_have_records, 1_6),
	WINUSB_CASE_RULE(control_transfers_have_a_timeout, 2_1),
	WINUSB_CASE(control_transfers_are_cancelled),
	WINUSB_CASE(clear_halt_has_a_record),
	{ }
};

static struct kunit_suite winusb_record_suite =
	WINUSB_BENCH_SUITE("winusb_record", winusb_bench_init, winusb_record_cases);

kunit_test_suite(winusb_record_suite);
