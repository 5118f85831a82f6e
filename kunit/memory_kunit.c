// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program's memory and what host controllers can take: any memory on any
 * controller, every byte looked at. Memory in pages stands for registered
 * buffers of io_uring. "n.m" is a section of winusb.md.
 */

#include <linux/delay.h>
#include <linux/slab.h>

#include <uapi/linux/winusb.h>

#include "async.h"

#define WINUSB_MEMORY_QUEUE	300	/* more than the stack would hold as a recursion */

struct winusb_controller {
	const char *name;
	struct winusb_hcd_config config;
	u32 max_transfer;
	unsigned int max_segments;
};

static const struct winusb_controller winusb_controllers[] = {
	{ "high", { }, 0x1fec00, UINT_MAX },
	{ "full", { .speed = USB_SPEED_FULL }, 0x40000, UINT_MAX },
	{ "inline", { .flags = WINUSB_HCD_F_INLINE }, 0x1fec00, UINT_MAX },
	{ "nested", { .flags = WINUSB_HCD_F_NESTED }, 0x1fec00, UINT_MAX },
	{ "bh_dma", { .flags = WINUSB_HCD_F_BH | WINUSB_HCD_F_DMA }, 0x1fec00, UINT_MAX },
	{ "no_sg", { .flags = WINUSB_HCD_F_NO_SG }, 65536, 0 },
	{ "few_segments", { .sg_tablesize = 31 }, 65536, 0 },
	{ "whole_packets_32", { .sg_tablesize = 32 }, 0x1fec00, 32 },
	{ "whole_packets_64", { .speed = USB_SPEED_FULL, .sg_tablesize = 64 }, 0x40000, 64 },
	{ "whole_packets_super", { .speed = USB_SPEED_SUPER, .sg_tablesize = 128 }, 0x1fec00, 128 },
};

static void winusb_controller_desc(const struct winusb_controller *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_controller, winusb_controllers, winusb_controller_desc);

/* Those that take any list, and complete in different places. */
static const struct winusb_controller winusb_free_controllers[] = {
	{ "high", { }, 0x1fec00, UINT_MAX },
	{ "full", { .speed = USB_SPEED_FULL }, 0x40000, UINT_MAX },
	{ "inline", { .flags = WINUSB_HCD_F_INLINE }, 0x1fec00, UINT_MAX },
	{ "nested", { .flags = WINUSB_HCD_F_NESTED }, 0x1fec00, UINT_MAX },
};

KUNIT_ARRAY_PARAM(winusb_free_controller, winusb_free_controllers, winusb_controller_desc);

/* NULL is memory of the kernel, in one piece. */
static const struct winusb_layout winusb_layouts[] = {
	{ "pages", 0, 0, 0, 0 },
	{ "pages_512", 0, 512, 0, 0 },
	{ "pages_aligned", 0, 1028, 0, 0 },
	{ "pages_odd", 0, 1027, 0, 0 },
	{ "pages_passed", 0, 100, 0, 412 },
	{ "pages_passed_far", 0, 0, 0, 3 * PAGE_SIZE + 512 },
	{ "huge", 5, 0, 0, 0 },
	{ "huge_aligned", 5, PAGE_SIZE - 4, 0, 0 },
	{ "huge_odd", 5, 3 * PAGE_SIZE + 1, 0, 0 },
	{ "huge_passed", 5, 512, 0, 2 * PAGE_SIZE },
	{ "pieces_of_1024", 0, 512, 1024, 0 },
	{ "pieces_of_1000", 0, 4, 1000, 0 },
	{ "pieces_of_513", 0, 1, 513, 0 },
};

static const size_t winusb_memory_lengths[] = {
	1, 64, 65, 512, 513, 1000, 1024, 4097, 16384, 16385, 40001, 65536, 65537,
};

static struct winusb_async *winusb_memory_new(struct kunit *test, u8 address, size_t length,
					      unsigned int layout)
{
	if (layout == ARRAY_SIZE(winusb_layouts))
		return winusb_async_new(test, address, length);
	return winusb_async_new_bvec(test, address, length, &winusb_layouts[layout]);
}

/* Says which it was; the first one is enough. */
static bool winusb_memory_failed(struct kunit *test, unsigned int layout, size_t length)
{
	if (test->status != KUNIT_FAILURE)
		return false;
	kunit_info(test, "memory \"%s\", %zu bytes", layout < ARRAY_SIZE(winusb_layouts) ?
		   winusb_layouts[layout].name : "of the kernel", length);
	return true;
}

static struct winusb_handle *winusb_memory_handle(struct kunit *test)
{
	const struct winusb_controller *c = test->param_value;

	winusb_bench_controller(test, &c->config);
	return winusb_bench_handle(test, 0);
}

static void winusb_memory_check_urbs(struct kunit *test, u8 address)
{
	const struct winusb_controller *c = test->param_value;
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	int urb;
	unsigned int i;

	winusb_hcd_stats(b->dev, address, &stats);
	KUNIT_EXPECT_EQ(test, stats.max_in_flight, 1U);
	KUNIT_EXPECT_LE(test, stats.max_segments, c->max_segments);
	for (i = 0; i < stats.submitted && i < WINUSB_HCD_LOG; i++) {
		urb = winusb_hcd_submitted_length(b->dev, address, i);
		KUNIT_EXPECT_LE(test, urb, (int)c->max_transfer);
	}
}

/* RAW_IO: one URB for each, whatever the memory. */
static void winusb_memory_read_raw(struct kunit *test, struct winusb_handle *wh, size_t length,
				   unsigned int layout)
{
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	winusb_hcd_stats_reset(b->dev);
	a = winusb_memory_new(test, WINUSB_BENCH_IN, length, layout);
	KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
	winusb_async_expect(test, a, 0, length);
	winusb_expect_pattern(test, a->buf, 0, length);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, (int)length);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 0);
}

/* 2.3 step 5: each read by itself; what it did not ask for is dropped. */
static void winusb_test_reads_into_any_memory(struct kunit *test)
{
	const struct winusb_controller *c = test->param_value;
	struct winusb_handle *wh = winusb_memory_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;
	unsigned int i, l;
	size_t length;
	u32 value = 0;

	/* 2.1: by speed, and by what the controller takes. */
	KUNIT_EXPECT_EQ(test, winusb_pipe_get_policy(wh, WINUSB_BENCH_IN,
						     WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE, &value,
						     false), 0);
	KUNIT_EXPECT_EQ(test, value, c->max_transfer);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_FLUSH, 1);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_IN, WINUSB_HCD_SOURCE, 0);
	for (l = 0; l <= ARRAY_SIZE(winusb_layouts); l++) {
		for (i = 0; i < ARRAY_SIZE(winusb_memory_lengths); i++) {
			length = winusb_memory_lengths[i];
			winusb_hcd_stats_reset(b->dev);
			a = winusb_memory_new(test, WINUSB_BENCH_IN, length, l);
			KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
			winusb_async_expect(test, a, 0, length);
			winusb_expect_pattern(test, a->buf, 0, length);
			winusb_memory_check_urbs(test, WINUSB_BENCH_IN);
			if (length % 1024 == 0 && length <= 65536)
				winusb_memory_read_raw(test, wh, length, l);
			if (winusb_memory_failed(test, l, length))
				return;
		}
	}
	winusb_async_expect_quiet(test, wh->wf);
}

/* 1.5, 2.3: reads of all lengths one after the other are one stream, and no byte of it is lost. */
static void winusb_test_reads_are_one_stream(struct kunit *test)
{
	struct winusb_handle *wh = winusb_memory_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;
	unsigned int i, l = 0;
	size_t length;
	u64 at = 0;

	winusb_hcd_mode(b->dev, WINUSB_BENCH_IN, WINUSB_HCD_SOURCE, 0);
	for (i = 0; i < 100; i++, at += length) {
		length = winusb_memory_lengths[i * 7 % ARRAY_SIZE(winusb_memory_lengths)];
		l = (l + 5) % (ARRAY_SIZE(winusb_layouts) + 1);
		a = winusb_memory_new(test, WINUSB_BENCH_IN, length, l);
		KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
		winusb_async_expect(test, a, 0, length);
		winusb_expect_pattern(test, a->buf, at, length);
		if (winusb_memory_failed(test, l, length))
			return;
	}
	winusb_async_expect_quiet(test, wh->wf);
}

/* 1.5: a write is sent as it is, wherever its bytes are. */
static void winusb_test_writes_from_any_memory(struct kunit *test)
{
	struct winusb_handle *wh = winusb_memory_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;
	unsigned int i, l;
	size_t length, most;
	u8 *got;

	most = winusb_memory_lengths[ARRAY_SIZE(winusb_memory_lengths) - 1];
	got = winusb_async_new(test, WINUSB_BENCH_IN, most)->buf;
	KUNIT_ASSERT_EQ(test, winusb_hcd_capture(b->dev, WINUSB_BENCH_OUT, most), 0);
	for (l = 0; l <= ARRAY_SIZE(winusb_layouts); l++) {
		for (i = 0; i < ARRAY_SIZE(winusb_memory_lengths); i++) {
			length = winusb_memory_lengths[i];
			winusb_hcd_stats_reset(b->dev);
			a = winusb_memory_new(test, WINUSB_BENCH_OUT, length, l);
			KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
			winusb_async_expect(test, a, 0, length);
			KUNIT_EXPECT_EQ(test, winusb_hcd_captured(b->dev, WINUSB_BENCH_OUT, got,
								  most), length);
			WINUSB_EXPECT_MEMEQ(test, got, a->buf, length);
			winusb_memory_check_urbs(test, WINUSB_BENCH_OUT);
			if (winusb_memory_failed(test, l, length))
				return;
		}
	}
	winusb_async_expect_quiet(test, wh->wf);
}

/* Splitting at the maximum, from and to pages: chunk lengths are those of 1.5. */
static void winusb_test_split_transfers_of_pages(struct kunit *test)
{
	static const unsigned int layouts[] = { 0, 6, ARRAY_SIZE(winusb_layouts) };
	const struct winusb_controller *c = test->param_value;
	struct winusb_handle *wh = winusb_memory_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	struct winusb_async *a;
	unsigned int i, maxp;

	maxp = usb_maxpacket(b->udev, usb_rcvbulkpipe(b->udev, 1));
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_FLUSH, 1);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_IN, WINUSB_HCD_SOURCE, 0);
	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		winusb_hcd_stats_reset(b->dev);
		a = winusb_memory_new(test, WINUSB_BENCH_IN, c->max_transfer + maxp + 1,
				      layouts[i]);
		KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
		winusb_async_expect(test, a, 0, a->length);
		winusb_expect_pattern(test, a->buf, 0, a->length);
		WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, (int)c->max_transfer, (int)maxp * 2);
		winusb_hcd_stats(b->dev, WINUSB_BENCH_IN, &stats);
		KUNIT_EXPECT_EQ(test, stats.max_in_flight, 1U);
	}
}

/* The queue runs in the thread that lets it go; a controller may complete inside submission. */
static void winusb_test_long_queue_does_not_recurse(struct kunit *test)
{
	const struct winusb_hcd_rule hold = { .action = WINUSB_HCD_HOLD };
	const struct usb_ctrlrequest clear = {
		.bRequestType = USB_RECIP_ENDPOINT, .bRequest = USB_REQ_CLEAR_FEATURE,
		.wIndex = cpu_to_le16(WINUSB_BENCH_IN),
	};
	struct winusb_handle *wh = winusb_memory_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *resetter;
	struct winusb_async **a;
	unsigned int i;

	a = kunit_kcalloc(test, WINUSB_MEMORY_QUEUE, sizeof(*a), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_IN, WINUSB_HCD_SOURCE, 0);
	/* CLEAR_FEATURE(ENDPOINT_HALT) by a program is a reset of the pipe, which it parks. */
	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, USB_RECIP_ENDPOINT,
							USB_REQ_CLEAR_FEATURE, &hold), 0);
	resetter = winusb_bench_start_setup(test, wh, &clear);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_setup(b->dev, USB_RECIP_ENDPOINT,
						    USB_REQ_CLEAR_FEATURE), 0);
	for (i = 0; i < WINUSB_MEMORY_QUEUE; i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	winusb_async_expect_none(test, wh->wf);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 0U);
	KUNIT_EXPECT_TRUE(test, winusb_hcd_release(b->dev, 0));
	for (i = 0; i < WINUSB_MEMORY_QUEUE; i++) {
		winusb_async_expect(test, a[i], 0, 1024);
		winusb_expect_pattern(test, a[i]->buf, i * 1024, 1024);
	}
	winusb_bench_expect(test, resetter, 0, 0);
	winusb_async_expect_quiet(test, wh->wf);
}

/* Packets whose size is no power of two: an interrupt pipe of 48 bytes. */
static void winusb_test_packets_of_48_bytes(struct kunit *test)
{
	static const struct winusb_controller full = {
		.config = { .speed = USB_SPEED_FULL },
	};
	static const size_t lengths[] = { 1, 47, 48, 49, 1000, 16385, 65520, 65521, 131072 };
	struct winusb_bench *b = test->priv;
	struct winusb_handle *wh;
	struct winusb_async *a;
	unsigned int i, l;
	u8 *got;
	u64 at = 0;

	winusb_bench_controller(test, &full.config);
	wh = winusb_bench_handle(test, 0);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_INT, WINUSB_HCD_SOURCE, 0);
	got = winusb_async_new(test, WINUSB_BENCH_INT, 131072)->buf;
	KUNIT_ASSERT_EQ(test, winusb_hcd_capture(b->dev, WINUSB_BENCH_OUT2, 131072), 0);
	for (l = 0; l <= ARRAY_SIZE(winusb_layouts); l++) {
		for (i = 0; i < ARRAY_SIZE(lengths); i++, at += a->length) {
			a = winusb_memory_new(test, WINUSB_BENCH_OUT2, lengths[i], l);
			KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
			winusb_async_expect(test, a, 0, lengths[i]);
			KUNIT_EXPECT_EQ(test, winusb_hcd_captured(b->dev, WINUSB_BENCH_OUT2, got,
								  lengths[i]), lengths[i]);
			WINUSB_EXPECT_MEMEQ(test, got, a->buf, lengths[i]);
			KUNIT_ASSERT_EQ(test, winusb_hcd_capture(b->dev, WINUSB_BENCH_OUT2,
								 131072), 0);

			a = winusb_memory_new(test, WINUSB_BENCH_INT, lengths[i], l);
			KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
			winusb_async_expect(test, a, 0, lengths[i]);
			winusb_expect_pattern(test, a->buf, at, lengths[i]);
			if (winusb_memory_failed(test, l, lengths[i]))
				return;
		}
	}
	winusb_async_expect_quiet(test, wh->wf);
}

static struct kunit_case winusb_memory_cases[] = {
	WINUSB_CASE_PARAM_RULE(reads_into_any_memory, winusb_controller, 2_3_step5),
	WINUSB_CASE_PARAM_RULE(reads_are_one_stream, winusb_controller, 1_5),
	WINUSB_CASE_PARAM_RULE(writes_from_any_memory, winusb_controller, 1_5),
	WINUSB_CASE_PARAM_RULE(split_transfers_of_pages, winusb_free_controller, 1_5),
	WINUSB_CASE_PARAM(long_queue_does_not_recurse, winusb_free_controller),
	WINUSB_CASE(packets_of_48_bytes),
	{ }
};

static struct kunit_suite winusb_memory_suite =
	WINUSB_BENCH_SUITE("winusb_memory", winusb_bench_init_empty, winusb_memory_cases);

kunit_test_suite(winusb_memory_suite);
