// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue of a pipe without RAW_IO, as the host controller sees it: how many
 * URBs there are, in which order, and how long they are. "n.m" is a section of
 * winusb.md, "checklist" its section 9. What ends requests early is in
 * end_kunit.c, stalls are in stall_kunit.c.
 */

#include <linux/delay.h>

#include <uapi/linux/winusb.h>

#include "async.h"

#define WINUSB_QUEUE_MAX	0x1fec00	/* MAXIMUM_TRANSFER_SIZE */
#define WINUSB_QUEUE_LONG	200		/* more than the stack would hold as a recursion */

static const struct winusb_layout winusb_queue_pages = { "pages", 0, 0, 0, 0 };
static const struct winusb_layout winusb_queue_pieces = { "pieces", 0, 4, 1000, 0 };

/* 2.1: the default is the one of current Windows. */
static void winusb_test_maximum_transfer_size_is_told(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	u32 value = 0;

	KUNIT_EXPECT_EQ(test, winusb_pipe_get_policy(wh, WINUSB_BENCH_IN,
						     WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE, &value,
						     false), 0);
	KUNIT_EXPECT_EQ(test, value, (u32)WINUSB_QUEUE_MAX);
}

/* 1.5, 2.3 step 1: one transfer at a time, FIFO; each completion hands over the next. */
static void winusb_test_one_urb_at_a_time_in_order(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a[8];
	struct winusb_hcd_stats stats;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512 * (i + 1));
	winusb_async_expect_none(test, wh->wf);
	for (i = 0; i < ARRAY_SIZE(a); i++) {
		KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), i + 1);
		KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight_length(b->dev, WINUSB_BENCH_IN, 0),
				(int)(512 * (i + 1)));
		winusb_send(test, NULL, i + 1);
		/* Nobody has taken the record when the next one is handed over. */
		KUNIT_EXPECT_EQ(test, winusb_hcd_wait_submitted(b->dev, WINUSB_BENCH_IN,
								min_t(unsigned int, i + 2, 8)), 0);
		winusb_async_expect(test, a[i], 0, i + 1);
	}
	winusb_hcd_stats(b->dev, WINUSB_BENCH_IN, &stats);
	KUNIT_EXPECT_EQ(test, stats.max_in_flight, 1U);
	winusb_async_expect_quiet(test, wh->wf);
}

/* 1.5: the same for writes. */
static void winusb_test_writes_run_one_at_a_time(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	struct winusb_async *a[4];
	unsigned int i;

	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 100 + i);
	winusb_async_expect_none(test, wh->wf);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_OUT), 1U);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_SINK, 0);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		winusb_async_expect(test, a[i], 0, 100 + i);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_OUT, 100, 101, 102, 103);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_OUT, &stats);
	KUNIT_EXPECT_EQ(test, stats.max_in_flight, 1U);
}

/* 1.5: a write of nothing goes out, in its turn. */
static void winusb_test_write_of_nothing_waits_its_turn(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *first, *nothing;
	struct winusb_hcd_stats stats;

	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	first = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512);
	nothing = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 0);
	winusb_async_expect_none(test, wh->wf);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_SINK, 0);
	winusb_async_expect(test, first, 0, 512);
	winusb_async_expect(test, nothing, 0, 0);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_OUT, 512, 0);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_OUT, &stats);
	KUNIT_EXPECT_EQ(test, stats.zero_packets, 1U);
}

/* 2.3 step 2: a read of nothing does not wait behind others. */
static void winusb_test_read_of_nothing_is_done_at_once(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *waits, *nothing;

	waits = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	nothing = winusb_async_start(test, wh, WINUSB_BENCH_IN, 0);
	winusb_async_expect(test, nothing, 0, 0);
	winusb_async_expect_none(test, wh->wf);
	winusb_send(test, "x", 1);
	winusb_async_expect(test, waits, 0, 1);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 1U);
	winusb_async_expect_quiet(test, wh->wf);
}

/* 8 row 25: without ALLOW_PARTIAL_READS a read of nothing is refused, without URB. */
static void winusb_test_read_of_nothing_needs_partial_reads(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a = winusb_async_new(test, WINUSB_BENCH_IN, 0);

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	KUNIT_EXPECT_EQ(test, winusb_async_try(wh, a), -EINVAL);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 0U);
	winusb_async_expect_quiet(test, wh->wf);
}

static void winusb_queue_split_read(struct kunit *test, struct winusb_handle *wh,
				    struct winusb_async *a)
{
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;

	winusb_hcd_mode(b->dev, WINUSB_BENCH_IN, WINUSB_HCD_SOURCE, 0);
	KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
	winusb_async_expect(test, a, 0, a->length);
	winusb_expect_pattern(test, a->buf, 0, a->length);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_IN, &stats);
	KUNIT_EXPECT_EQ(test, stats.max_in_flight, 1U);
}

/* 1.5, 2.3 step 5: chunks of MAXIMUM_TRANSFER_SIZE, the last in whole packets. */
static void winusb_test_read_is_split_at_the_maximum(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);

	winusb_queue_split_read(test, wh, winusb_async_new(test, WINUSB_BENCH_IN,
							   WINUSB_QUEUE_MAX + 700));
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, WINUSB_QUEUE_MAX, 1024);
}

/* 2.3 step 5: the same into the program's pages; the tail goes by way of a packet of ours. */
static void winusb_test_read_into_pages_is_split_the_same(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);

	winusb_queue_split_read(test, wh,
				winusb_async_new_bvec(test, WINUSB_BENCH_IN, WINUSB_QUEUE_MAX + 700,
						      &winusb_queue_pages));
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, WINUSB_QUEUE_MAX, 1024);
}

/* 1.5: one that just fits is not split, one byte more is. */
static void winusb_test_maximum_itself_is_one_urb(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_OUT, WINUSB_QUEUE_MAX);
	winusb_async_expect(test, a, 0, WINUSB_QUEUE_MAX);
	a = winusb_async_start(test, wh, WINUSB_BENCH_OUT, WINUSB_QUEUE_MAX + 1);
	winusb_async_expect(test, a, 0, WINUSB_QUEUE_MAX + 1);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_OUT, WINUSB_QUEUE_MAX, WINUSB_QUEUE_MAX, 1);
}

/* 1.5: chunks of a write, its last one as short as it is, and one result. */
static void winusb_test_write_is_split_at_the_maximum(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	size_t length = WINUSB_QUEUE_MAX + 700;
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	struct winusb_async *a;
	u8 *got;

	got = winusb_async_new(test, WINUSB_BENCH_IN, length)->buf;
	KUNIT_ASSERT_EQ(test, winusb_hcd_capture(b->dev, WINUSB_BENCH_OUT, length), 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_OUT, length);
	winusb_async_expect(test, a, 0, length);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_OUT, WINUSB_QUEUE_MAX, 700);
	KUNIT_EXPECT_EQ(test, winusb_hcd_captured(b->dev, WINUSB_BENCH_OUT, got, length), length);
	WINUSB_EXPECT_MEMEQ(test, got, a->buf, length);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_OUT, &stats);
	KUNIT_EXPECT_EQ(test, stats.max_in_flight, 1U);
}

/* 2.3 step 6: a short chunk ends the read, also when more would follow. */
static void winusb_test_short_chunk_ends_a_split_read(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, WINUSB_QUEUE_MAX * 2);
	winusb_send(test, NULL, 1000);
	winusb_async_expect(test, a, 0, 1000);
	winusb_expect_pattern(test, a->buf, 0, 1000);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, WINUSB_QUEUE_MAX);
}

/* A split transfer owns the pipe to its end: the next one is not in between. */
static void winusb_test_nobody_gets_between_two_chunks(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *large, *next;

	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	large = winusb_async_start(test, wh, WINUSB_BENCH_OUT, WINUSB_QUEUE_MAX + 512);
	next = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 7);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_SINK, 0);
	winusb_async_expect(test, large, 0, large->length);
	winusb_async_expect(test, next, 0, 7);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_OUT, WINUSB_QUEUE_MAX, 512, 7);
}

/* 2.2, checklist 4: 100 and 412 bytes are one read of 512. */
static void winusb_test_ignored_short_packets_are_joined(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, NULL, 100);
	winusb_async_expect_none(test, wh->wf);
	winusb_send(test, NULL, 412);
	winusb_async_expect(test, a, 0, 512);
	winusb_expect_pattern(test, a->buf, 0, 100);
	winusb_expect_pattern(test, a->buf + 100, 0, 412);
	/* The remainder is rounded up, too. */
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, 512, 512);
}

/* 2.2: a zero-length packet is a short packet, too; lengths are odd. */
static void winusb_test_ignored_short_packets_may_be_odd_or_empty(struct kunit *test)
{
	static const size_t sent[] = { 1, 0, 513, 2, 0, 0, 511, 3 };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a[2];
	size_t total = 0, at;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(sent); i++)
		total += sent[i];
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	a[0] = winusb_async_new(test, WINUSB_BENCH_IN, total);
	a[1] = winusb_async_new_bvec(test, WINUSB_BENCH_IN, total, &winusb_queue_pieces);
	for (j = 0; j < ARRAY_SIZE(a); j++) {
		KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a[j]), 0);
		for (i = 0; i < ARRAY_SIZE(sent); i++)
			winusb_send(test, NULL, sent[i]);
		winusb_async_expect(test, a[j], 0, total);
		for (at = 0, i = 0; i < ARRAY_SIZE(sent); at += sent[i++])
			winusb_expect_pattern(test, a[j]->buf + at, 0, sent[i]);
	}
}

/* 2.2: with IGNORE_SHORT_PACKETS excess is saved as always. */
static void winusb_test_ignored_short_packets_and_excess(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 101);
	winusb_send(test, "a", 1);
	winusb_send(test, NULL, 300);
	winusb_async_expect(test, a, 0, 101);
	winusb_expect_pattern(test, a->buf + 1, 0, 100);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 200);
	winusb_async_expect(test, a, 0, 200);
	winusb_expect_pattern(test, a->buf, 100, 200);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, 512, 512);
}

/* 2.2, checklist 3: AUTO_FLUSH drops the excess, without an error. */
static void winusb_test_auto_flush_drops_excess(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_FLUSH, 1);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 10);
	winusb_send(test, NULL, 512);
	winusb_async_expect(test, a, 0, 10);
	winusb_expect_pattern(test, a->buf, 0, 10);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 10);
	winusb_send(test, "fresh", 5);
	winusb_async_expect(test, a, 0, 5);
	WINUSB_EXPECT_MEMEQ(test, a->buf, "fresh", 5);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, 512, 512);
}

/* 2.2, 8 row 6: without ALLOW_PARTIAL_READS excess is an error, and nothing of it is kept. */
static void winusb_test_excess_is_an_error_without_partial_reads(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 10);
	winusb_send(test, NULL, 11);
	winusb_async_expect(test, a, -EOVERFLOW, 10);
	winusb_expect_pattern(test, a->buf, 0, 10);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 10);
	winusb_send(test, "fresh", 5);
	winusb_async_expect(test, a, 0, 5);
	WINUSB_EXPECT_MEMEQ(test, a->buf, "fresh", 5);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, 512, 512);
}

/* 8 row 6: only when it really arrives; a read below a packet is fine. */
static void winusb_test_no_excess_no_error(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 10);
	winusb_send(test, NULL, 10);
	winusb_async_expect(test, a, 0, 10);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 10);
	winusb_send(test, NULL, 9);
	winusb_async_expect(test, a, 0, 9);
}

/* 2.3 step 3: AUTO_FLUSH set while there is saved data: what a read does not take is dropped. */
static void winusb_test_auto_flush_drops_what_was_saved(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 10);
	winusb_send(test, NULL, 300);
	winusb_async_expect(test, a, 0, 10);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_FLUSH, 1);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 20);
	winusb_async_expect(test, a, 0, 20);
	winusb_expect_pattern(test, a->buf, 10, 20);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 1U);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 20);
	winusb_send(test, "fresh", 5);
	winusb_async_expect(test, a, 0, 5);
	WINUSB_EXPECT_MEMEQ(test, a->buf, "fresh", 5);
}

/* 2.3 step 4: saved data and then the remainder, which is rounded and split anew. */
static void winusb_test_remainder_after_saved_data(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 100);
	winusb_send(test, NULL, 512);
	winusb_async_expect(test, a, 0, 100);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 412 + 513);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
	winusb_async_expect_none(test, wh->wf);
	winusb_send(test, NULL, 1024);
	winusb_async_expect(test, a, 0, 925);
	winusb_expect_pattern(test, a->buf, 100, 412);
	winusb_expect_pattern(test, a->buf + 412, 0, 513);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, 512, 1024);

	/* And the excess of that one is saved again. */
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 511);
	winusb_async_expect(test, a, 0, 511);
	winusb_expect_pattern(test, a->buf, 513, 511);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 2U);
}

/* ... in one piece also when the pages are the program's own. */
static void winusb_test_remainder_in_pages(struct kunit *test)
{
	static const struct winusb_layout pages = { "pages", 0, 0, 0, 0 };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 412);
	winusb_send(test, NULL, 512);
	winusb_async_expect(test, a, 0, 412);
	a = winusb_async_new_bvec(test, WINUSB_BENCH_IN, 20480, &pages);
	KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
	winusb_send(test, NULL, 20480);
	winusb_async_expect(test, a, 0, 20480);
	winusb_expect_pattern(test, a->buf, 412, 100);
	winusb_expect_pattern(test, a->buf + 100, 0, 20380);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, 512, 20480);
}

/* 2.3 step 9, WINUSB_IOC_ABORT_PIPE and _RESET_PIPE: saved data stays. */
static void winusb_test_saved_data_stays_over_abort_and_reset(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1);
	winusb_send(test, "saved", 5);
	winusb_async_expect(test, a, 0, 1);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 4);
	winusb_async_expect(test, a, 0, 4);
	WINUSB_EXPECT_MEMEQ(test, a->buf, "aved", 4);
}

/* 2.3 step 2: a read of nothing leaves saved data alone. */
static void winusb_test_read_of_nothing_keeps_saved_data(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1);
	winusb_send(test, "saved", 5);
	winusb_async_expect(test, a, 0, 1);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_FLUSH, 1);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 0);
	winusb_async_expect(test, a, 0, 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 4);
	winusb_async_expect(test, a, 0, 4);
	WINUSB_EXPECT_MEMEQ(test, a->buf, "aved", 4);
}

/* 2.3 step 9, checklist 14: INITIALIZE drops saved data. */
static void winusb_test_initialize_drops_saved_data(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1);
	winusb_send(test, "saved", 5);
	winusb_async_expect(test, a, 0, 1);
	winusb_bench_initialize(test, wh->wf);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 5);
	winusb_send(test, "fresh", 5);
	winusb_async_expect(test, a, 0, 5);
	WINUSB_EXPECT_MEMEQ(test, a->buf, "fresh", 5);
}

/* 2.1, checklist 14: INITIALIZE resets the policies; what is queued goes on, with those. */
static void winusb_test_initialize_while_requests_are_queued(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a[3];
	unsigned int i;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, NULL, 100);
	winusb_async_expect_none(test, wh->wf);
	winusb_bench_initialize(test, wh->wf);
	winusb_async_expect_none(test, wh->wf);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		winusb_send(test, NULL, 10 + i);
	winusb_async_expect(test, a[0], 0, 110);
	winusb_async_expect(test, a[1], 0, 11);
	winusb_async_expect(test, a[2], 0, 12);
	winusb_async_expect_quiet(test, wh->wf);
}

/* 2.1: policies count when a request is processed, not when it was submitted. */
static void winusb_test_read_policies_count_when_processed(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a[2];

	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	a[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 10);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	winusb_send(test, NULL, 1);
	winusb_async_expect(test, a[0], 0, 1);
	winusb_send(test, NULL, 20);
	winusb_async_expect(test, a[1], -EOVERFLOW, 10);
}

struct winusb_zlp {
	const char *name;
	size_t length;
	unsigned int on;	/* zero-length packets with SHORT_PACKET_TERMINATE */
	unsigned int off;
	unsigned int urbs;
};

static const struct winusb_zlp winusb_zlps[] = {
	{ "nothing", 0, 1, 1, 1 },
	{ "one_byte", 1, 0, 0, 1 },
	{ "below_a_packet", 511, 0, 0, 1 },
	{ "a_packet", 512, 1, 0, 1 },
	{ "more_than_a_packet", 513, 0, 0, 1 },
	{ "64_packets", 512 * 64, 1, 0, 1 },
	{ "64_packets_and_1", 512 * 64 + 1, 0, 0, 1 },
	{ "maximum", WINUSB_QUEUE_MAX, 1, 0, 1 },
	{ "split", WINUSB_QUEUE_MAX + 512, 1, 0, 2 },
	{ "split_and_1", WINUSB_QUEUE_MAX + 1, 0, 0, 2 },
};

static void winusb_zlp_desc(const struct winusb_zlp *zlp, char *desc)
{
	strscpy(desc, zlp->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_zlp, winusb_zlps, winusb_zlp_desc);

/* 2.2, checklist 6: SHORT_PACKET_TERMINATE, after the last chunk, not counted. */
static void winusb_test_terminating_packets(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	const struct winusb_zlp *zlp = test->param_value;
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	unsigned int on;

	for (on = 0; on < 2; on++) {
		winusb_hcd_stats_reset(b->dev);
		winusb_set(test, wh, WINUSB_BENCH_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, on);
		winusb_async_expect(test, winusb_async_start(test, wh, WINUSB_BENCH_OUT,
							     zlp->length), 0, zlp->length);
		winusb_hcd_stats(b->dev, WINUSB_BENCH_OUT, &stats);
		KUNIT_EXPECT_EQ(test, stats.zero_packets, on ? zlp->on : zlp->off);
		KUNIT_EXPECT_EQ(test, stats.submitted, zlp->urbs);
	}
}

/* 2.1: setting it changes the writes that are queued, but not the one under way. */
static void winusb_test_terminating_packets_count_when_processed(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	struct winusb_async *a[3];
	unsigned int i;

	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512);
	winusb_set(test, wh, WINUSB_BENCH_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_SINK, 0);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		winusb_async_expect(test, a[i], 0, 512);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_OUT, &stats);
	KUNIT_EXPECT_EQ(test, stats.zero_packets, 2U);
}

/* 2.1: a policy of the other direction is accepted, and does nothing. */
static void winusb_test_policies_of_the_other_direction_do_nothing(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	struct winusb_async *a;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	winusb_set(test, wh, WINUSB_BENCH_OUT, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	winusb_set(test, wh, WINUSB_BENCH_OUT, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	winusb_set(test, wh, WINUSB_BENCH_OUT, WINUSB_POLICY_AUTO_FLUSH, 1);
	a = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 0);
	winusb_async_expect(test, a, 0, 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_OUT, 1000);
	winusb_async_expect(test, a, 0, 1000);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, NULL, 512);
	winusb_async_expect(test, a, 0, 512);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_OUT, &stats);
	KUNIT_EXPECT_EQ(test, stats.zero_packets, 1U);
}

/* 1.5: a queue that has piled up runs in order, one URB at a time. */
static void winusb_test_queue_that_piled_up_runs_in_order(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async **a;
	struct winusb_hcd_stats stats;
	unsigned int i;

	a = kunit_kcalloc(test, WINUSB_QUEUE_LONG, sizeof(*a), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a);
	for (i = 0; i < WINUSB_QUEUE_LONG; i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_async_expect_none(test, wh->wf);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_IN, WINUSB_HCD_SOURCE, 0);
	for (i = 0; i < WINUSB_QUEUE_LONG; i++) {
		winusb_async_expect(test, a[i], 0, 512);
		winusb_expect_pattern(test, a[i]->buf, i * 512, 512);
	}
	winusb_hcd_stats(b->dev, WINUSB_BENCH_IN, &stats);
	KUNIT_EXPECT_EQ(test, stats.submitted, (unsigned int)WINUSB_QUEUE_LONG);
	KUNIT_EXPECT_EQ(test, stats.max_in_flight, 1U);
	winusb_async_expect_quiet(test, wh->wf);
}

static struct kunit_case winusb_queue_cases[] = {
	WINUSB_CASE_RULE(maximum_transfer_size_is_told, 2_1),
	WINUSB_CASE_RULE(one_urb_at_a_time_in_order, 2_3_step1),
	WINUSB_CASE_RULE(writes_run_one_at_a_time, 1_5),
	WINUSB_CASE_RULE(write_of_nothing_waits_its_turn, 1_5),
	WINUSB_CASE_RULE(read_of_nothing_is_done_at_once, 2_3_step2),
	WINUSB_CASE_RULE(read_of_nothing_needs_partial_reads, 8_row25),
	WINUSB_CASE_RULE(read_is_split_at_the_maximum, 2_3_step5),
	WINUSB_CASE_RULE(read_into_pages_is_split_the_same, 2_3_step5),
	WINUSB_CASE_RULE(maximum_itself_is_one_urb, 1_5),
	WINUSB_CASE_RULE(write_is_split_at_the_maximum, 1_5),
	WINUSB_CASE_RULE(short_chunk_ends_a_split_read, 2_3_step6),
	WINUSB_CASE(nobody_gets_between_two_chunks),
	WINUSB_CASE_RULE(ignored_short_packets_are_joined, 9_4),
	WINUSB_CASE_RULE(ignored_short_packets_may_be_odd_or_empty, 2_2),
	WINUSB_CASE_RULE(ignored_short_packets_and_excess, 2_2),
	WINUSB_CASE_RULE(auto_flush_drops_excess, 9_3),
	WINUSB_CASE_RULE(excess_is_an_error_without_partial_reads, 9_3),
	WINUSB_CASE_RULE(no_excess_no_error, 8_row6),
	WINUSB_CASE_RULE(auto_flush_drops_what_was_saved, 2_3_step3),
	WINUSB_CASE_RULE(remainder_after_saved_data, 2_3_step4),
	WINUSB_CASE_RULE(remainder_in_pages, 2_3_step4),
	WINUSB_CASE_RULE(saved_data_stays_over_abort_and_reset, 2_3_step9),
	WINUSB_CASE_RULE(read_of_nothing_keeps_saved_data, 2_3_step2),
	WINUSB_CASE_RULE(initialize_drops_saved_data, 2_3_step9),
	WINUSB_CASE_RULE(initialize_while_requests_are_queued, 9_14),
	WINUSB_CASE_RULE(read_policies_count_when_processed, 2_1),
	WINUSB_CASE_PARAM_RULE(terminating_packets, winusb_zlp, 9_6),
	WINUSB_CASE_RULE(terminating_packets_count_when_processed, 2_1),
	WINUSB_CASE_RULE(policies_of_the_other_direction_do_nothing, 2_1),
	WINUSB_CASE_RULE(queue_that_piled_up_runs_in_order, 1_5),
	{ }
};

static struct kunit_suite winusb_queue_suite =
	WINUSB_BENCH_SUITE("winusb_queue", winusb_bench_init, winusb_queue_cases);

kunit_test_suite(winusb_queue_suite);
