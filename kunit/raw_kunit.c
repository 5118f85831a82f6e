// SPDX-License-Identifier: GPL-2.0-only
/*
 * RAW_IO: transfers go to the host controller as they are, many at once. "n.m"
 * is a section of winusb.md, "checklist" its section 9.
 */

#include <linux/delay.h>

#include <uapi/linux/winusb.h>

#include "async.h"

#define WINUSB_RAW_MAX	0x1fec00	/* MAXIMUM_TRANSFER_SIZE */
#define WINUSB_RAW_MANY	32

static struct winusb_handle *winusb_raw_handle(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	winusb_set(test, wh, WINUSB_BENCH_OUT, WINUSB_POLICY_RAW_IO, 1);
	return wh;
}

/* 2.2, checklist 5: all are in flight together, and complete in order. */
static void winusb_test_reads_are_in_flight_together(struct kunit *test)
{
	struct winusb_handle *wh = winusb_raw_handle(test);
	struct winusb_async *a[WINUSB_RAW_MANY];
	struct winusb_bench *b = test->priv;
	unsigned int i;
	u64 at = 0;

	for (i = 0; i < WINUSB_RAW_MANY; i++) {
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512 * (1 + i % 4));
		KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_BENCH_IN), i + 1);
		KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight_length(b->dev, WINUSB_BENCH_IN, i),
				(int)a[i]->length);
	}
	winusb_async_expect_none(test, wh->wf);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_IN, WINUSB_HCD_SOURCE, 0);
	for (i = 0; i < WINUSB_RAW_MANY; at += a[i++]->length) {
		winusb_async_expect(test, a[i], 0, a[i]->length);
		winusb_expect_pattern(test, a[i]->buf, at, a[i]->length);
	}
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN),
			(unsigned int)WINUSB_RAW_MANY);
	winusb_async_expect_quiet(test, wh->wf);
}

/* 8 row 2, WINUSB_POLICY_RAW_IO: writes, too; any length up to the maximum. */
static void winusb_test_writes_are_in_flight_together(struct kunit *test)
{
	static const int lengths[] = { 1, 0, 511, 512, 513, 100 };
	struct winusb_handle *wh = winusb_raw_handle(test);
	struct winusb_async *a[ARRAY_SIZE(lengths)];
	struct winusb_bench *b = test->priv;
	unsigned int i;

	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_NAK, 0);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_OUT, lengths[i]);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_BENCH_OUT),
			(unsigned int)ARRAY_SIZE(a));
	winusb_hcd_mode(b->dev, WINUSB_BENCH_OUT, WINUSB_HCD_SINK, 0);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		winusb_async_expect(test, a[i], 0, lengths[i]);
	winusb_expect_lengths(test, WINUSB_BENCH_OUT, lengths, ARRAY_SIZE(lengths));
}

struct winusb_raw_length {
	const char *name;
	u8 address;
	size_t length;
	int error;
};

/* 8 row 32: first the multiple, then the maximum. */
static const struct winusb_raw_length winusb_raw_lengths[] = {
	{ "read_1", WINUSB_BENCH_IN, 1, -EMSGSIZE },
	{ "read_100", WINUSB_BENCH_IN, 100, -EMSGSIZE },
	{ "read_511", WINUSB_BENCH_IN, 511, -EMSGSIZE },
	{ "read_513", WINUSB_BENCH_IN, 513, -EMSGSIZE },
	{ "read_maximum_and_1", WINUSB_BENCH_IN, WINUSB_RAW_MAX + 1, -EMSGSIZE },
	{ "read_maximum_and_a_packet", WINUSB_BENCH_IN, WINUSB_RAW_MAX + 512, -EINVAL },
	{ "write_maximum_and_1", WINUSB_BENCH_OUT, WINUSB_RAW_MAX + 1, -EINVAL },
};

static void winusb_raw_length_desc(const struct winusb_raw_length *l, char *desc)
{
	strscpy(desc, l->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_raw_length, winusb_raw_lengths, winusb_raw_length_desc);

/* 2.2, checklist 5: such a length is refused at once; the others are not disturbed. */
static void winusb_test_bad_lengths_are_refused(struct kunit *test)
{
	const struct winusb_raw_length *l = test->param_value;
	struct winusb_handle *wh = winusb_raw_handle(test);
	struct winusb_async *good, *bad;

	good = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	bad = winusb_async_new(test, l->address, l->length);
	KUNIT_EXPECT_EQ(test, winusb_async_try(wh, bad), l->error);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_OUT), 0U);
	winusb_send(test, "x", 1);
	winusb_async_expect(test, good, 0, 1);
	winusb_async_expect_quiet(test, wh->wf);
}

/* 2.2: the maximum itself is one URB. */
static void winusb_test_maximum_is_one_urb(struct kunit *test)
{
	struct winusb_handle *wh = winusb_raw_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;

	winusb_hcd_mode(b->dev, WINUSB_BENCH_IN, WINUSB_HCD_SOURCE, 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, WINUSB_RAW_MAX);
	winusb_async_expect(test, a, 0, WINUSB_RAW_MAX);
	winusb_expect_pattern(test, a->buf, 0, WINUSB_RAW_MAX);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, WINUSB_RAW_MAX);
	a = winusb_async_start(test, wh, WINUSB_BENCH_OUT, WINUSB_RAW_MAX);
	winusb_async_expect(test, a, 0, WINUSB_RAW_MAX);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_OUT, WINUSB_RAW_MAX);
}

/* 2.2: a short packet ends a raw read, IGNORE_SHORT_PACKETS or not. */
static void winusb_test_short_packets_are_not_joined(struct kunit *test)
{
	struct winusb_handle *wh = winusb_raw_handle(test);
	struct winusb_async *a[3];
	unsigned int i;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	winusb_send(test, NULL, 100);
	winusb_send(test, NULL, 0);
	winusb_send(test, NULL, 600);
	winusb_async_expect(test, a[0], 0, 100);
	winusb_async_expect(test, a[1], 0, 0);
	winusb_async_expect(test, a[2], 0, 600);
	winusb_expect_pattern(test, a[2]->buf, 0, 600);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 3U);
}

/* 2.3 step 10: raw reads ignore saved data, which is there when RAW_IO is off again. */
static void winusb_test_raw_reads_ignore_saved_data(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1);
	winusb_send(test, "saved", 5);
	winusb_async_expect(test, a, 0, 1);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, "raw", 3);
	winusb_async_expect(test, a, 0, 3);
	WINUSB_EXPECT_MEMEQ(test, a->buf, "raw", 3);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 0);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 4);
	winusb_async_expect(test, a, 0, 4);
	WINUSB_EXPECT_MEMEQ(test, a->buf, "aved", 4);
}

/* 2.3, cheat-sheet: excess is impossible; it is the bus that says babble. */
static void winusb_test_excess_is_babble(struct kunit *test)
{
	struct winusb_handle *wh = winusb_raw_handle(test);
	struct winusb_async *a;

	winusb_act(test, WINUSB_HCD_BABBLE);
	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_async_expect(test, a, -EOVERFLOW, 512);
	winusb_expect_pattern(test, a->buf, 0, 512);
}

/* 2.2: after a stall those in flight fail, and later ones without a URB. */
static void winusb_test_stall_ends_all_in_flight(struct kunit *test)
{
	struct winusb_handle *wh = winusb_raw_handle(test);
	struct winusb_async *a[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_act(test, WINUSB_HCD_STALL);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		winusb_async_expect(test, a[i], -EPIPE, 0);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_async_expect(test, a[0], -EPIPE, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 4U);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), 0);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_send(test, "good", 4);
	winusb_async_expect(test, a[0], 0, 4);
}

/* 2.2: the time of all runs from their submission, since none of them waits here. */
static void winusb_test_time_in_flight_behind_others_counts(struct kunit *test)
{
	struct winusb_handle *wh = winusb_raw_handle(test);
	unsigned long begin = jiffies;
	struct winusb_async *a[4];
	unsigned int i;

	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 1000);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_async_expect_all(test, a, ARRAY_SIZE(a), -ETIMEDOUT, 0);
	KUNIT_EXPECT_GE(test, jiffies - begin, msecs_to_jiffies(1000));
	KUNIT_EXPECT_LT(test, jiffies - begin, msecs_to_jiffies(3500));
}

/* Decided at submission: those that are queued stay queued. */
static void winusb_test_switch_does_not_change_what_is_queued(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *queued[2], *raw[2];

	queued[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 100);
	queued[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 101);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	raw[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1024);
	raw[1] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 1536);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_BENCH_IN), 3U);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 0);
	winusb_send(test, NULL, 10);
	winusb_send(test, NULL, 11);
	winusb_send(test, NULL, 12);
	winusb_send(test, NULL, 13);
	winusb_async_expect(test, queued[0], 0, 10);
	winusb_async_expect(test, raw[0], 0, 11);
	winusb_async_expect(test, raw[1], 0, 12);
	winusb_async_expect(test, queued[1], 0, 13);
	WINUSB_EXPECT_LENGTHS(test, WINUSB_BENCH_IN, 512, 1024, 1536, 512);
}

/* 2.2: SHORT_PACKET_TERMINATE is not among what RAW_IO passes over. */
static void winusb_test_raw_writes_are_terminated(struct kunit *test)
{
	struct winusb_handle *wh = winusb_raw_handle(test);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;

	winusb_set(test, wh, WINUSB_BENCH_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	winusb_async_expect(test, winusb_async_start(test, wh, WINUSB_BENCH_OUT, 512), 0, 512);
	winusb_async_expect(test, winusb_async_start(test, wh, WINUSB_BENCH_OUT, 513), 0, 513);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_OUT, &stats);
	KUNIT_EXPECT_EQ(test, stats.zero_packets, 1U);
}

/* 2.3 step 2: a read of nothing does nothing here, too. */
static void winusb_test_raw_read_of_nothing(struct kunit *test)
{
	struct winusb_handle *wh = winusb_raw_handle(test);

	winusb_async_expect(test, winusb_async_start(test, wh, WINUSB_BENCH_IN, 0), 0, 0);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_BENCH_IN), 0U);
}

/* The pipe is in use as long as one is in flight. */
static void winusb_test_pipe_is_in_use(struct kunit *test)
{
	struct winusb_handle *wh = winusb_raw_handle(test);
	struct winusb_async *a;

	a = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, false), -EBUSY);
	winusb_send(test, "x", 1);
	winusb_async_expect(test, a, 0, 1);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 1, false), 0);
}

/* A read that stalled and whose pipe is being reset; raw ones that come now wait. */
static struct winusb_async *winusb_raw_behind_a_stall(struct kunit *test, struct winusb_handle *wh)
{
	struct winusb_bench *b = test->priv;
	struct winusb_async *stalled;

	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	stalled = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	winusb_hold_clear(test);
	winusb_act(test, WINUSB_HCD_STALL);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_setup(b->dev, USB_RECIP_ENDPOINT,
						    USB_REQ_CLEAR_FEATURE), 0);
	winusb_set(test, wh, WINUSB_BENCH_IN, WINUSB_POLICY_RAW_IO, 1);
	return stalled;
}

/*
 * 5.2: those that came while the pipe was being reset go in their order, and others behind them,
 * also in the moment in which the pipe is free but they are not under way yet.
 */
static void winusb_test_order_after_a_reset(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *stalled, *a[6];
	struct winusb_pipe *pipe;
	unsigned int i;

	down_read(&wh->wi->gate);
	pipe = winusb_pipe_find(wh->wi, WINUSB_BENCH_IN);
	up_read(&wh->wi->gate);
	stalled = winusb_raw_behind_a_stall(test, wh);
	for (i = 0; i < ARRAY_SIZE(a); i++) {
		if (i == ARRAY_SIZE(a) / 2) {
			spin_lock_irq(&pipe->lock);
			pipe->parked = false;	/* as if the reset was just over */
			spin_unlock_irq(&pipe->lock);
		}
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512 * (i + 1));
	}
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_BENCH_IN), 0U);
	KUNIT_EXPECT_TRUE(test, winusb_hcd_release(b->dev, 0));
	winusb_async_expect(test, stalled, -EPIPE, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, ARRAY_SIZE(a)), 0);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight_length(b->dev, WINUSB_BENCH_IN, i),
				(int)(512 * (i + 1)));
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
	winusb_async_expect_all(test, a, ARRAY_SIZE(a), -ECANCELED, 0);
	/* Nothing is held up any more. */
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
	winusb_send(test, "x", 1);
	winusb_async_expect(test, a[0], 0, 1);
}

/* ... and what ends them while they wait leaves nothing that later ones would wait for. */
static void winusb_test_abort_of_those_that_wait_for_a_reset(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_async *stalled, *a[3];
	unsigned int i;

	stalled = winusb_raw_behind_a_stall(test, wh);
	for (i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_cookie(wh->wf, a[1]->cookie), 1U);
	winusb_async_expect(test, a[1], -ECANCELED, 0);
	/* A reset of the device ends the others, and the one that is being cleared. */
	KUNIT_EXPECT_EQ(test, winusb_hcd_reset_wait(b->dev), 0);
	winusb_async_expect(test, a[0], -ECONNRESET, 0);
	winusb_async_expect(test, a[2], -ECONNRESET, 0);
	winusb_async_expect(test, stalled, -EPIPE, 0);
	a[0] = winusb_async_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1), 0);
	winusb_send(test, "x", 1);
	winusb_async_expect(test, a[0], 0, 1);
}

static struct kunit_case winusb_raw_cases[] = {
	WINUSB_CASE_RULE(reads_are_in_flight_together, 9_5),
	WINUSB_CASE_RULE(writes_are_in_flight_together, 8_row2),
	WINUSB_CASE_PARAM_RULE(bad_lengths_are_refused, winusb_raw_length, 9_5),
	WINUSB_CASE_RULE(maximum_is_one_urb, 2_2),
	WINUSB_CASE_RULE(short_packets_are_not_joined, 2_2),
	WINUSB_CASE_RULE(raw_reads_ignore_saved_data, 2_3_step10),
	WINUSB_CASE_RULE(excess_is_babble, 2_3),
	WINUSB_CASE_RULE(stall_ends_all_in_flight, 2_2),
	WINUSB_CASE_RULE(time_in_flight_behind_others_counts, 2_2),
	WINUSB_CASE(switch_does_not_change_what_is_queued),
	WINUSB_CASE_RULE(raw_writes_are_terminated, 2_2),
	WINUSB_CASE_RULE(raw_read_of_nothing, 2_3_step2),
	WINUSB_CASE(pipe_is_in_use),
	WINUSB_CASE_RULE(order_after_a_reset, 5_2),
	WINUSB_CASE(abort_of_those_that_wait_for_a_reset),
	{ }
};

static struct kunit_suite winusb_raw_suite =
	WINUSB_BENCH_SUITE("winusb_raw", winusb_bench_init, winusb_raw_cases);

kunit_test_suite(winusb_raw_suite);
