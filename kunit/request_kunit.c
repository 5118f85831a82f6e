// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of reads and writes, seen from the host controller: how long its
 * URBs are, how many there are at once, and what becomes of their data. "n.m"
 * is a section of winusb.md, "checklist" its section 9.
 */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>

#include <uapi/linux/winusb.h>

#include "bench.h"

#define WINUSB_REQUEST_MAX	0x1fec00	/* MAXIMUM_TRANSFER_SIZE */
#define WINUSB_REQUEST_BIG	(WINUSB_REQUEST_MAX + 1000)	/* two URBs */

static int winusb_read(struct kunit *test, struct winusb_handle *wh, void *buf,
		       size_t length, size_t expected)
{
	size_t moved = 0;
	int ret;

	ret = winusb_bench_transfer(wh, WINUSB_BENCH_IN, buf, length, &moved);
	KUNIT_EXPECT_EQ(test, moved, expected);
	return ret;
}

static unsigned int winusb_submitted(struct kunit *test, u8 address)
{
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;

	winusb_hcd_stats(b->dev, address, &stats);
	return stats.submitted;
}

/* 1.5: a read is rounded up to whole packets, the excess begins the next. */
static void winusb_test_excess_begins_next_read(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	u8 buf[400];

	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 512 });
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 10, 10), 0);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_submitted_length(b->dev, WINUSB_BENCH_IN, 0),
			512);
	KUNIT_EXPECT_EQ(test, buf[9], winusb_hcd_pattern(9));

	/* Both from what was saved: no bus I/O (checklist 2). */
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 102, 102), 0);
	KUNIT_EXPECT_EQ(test, buf[0], winusb_hcd_pattern(10));
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 400, 400), 0);
	KUNIT_EXPECT_EQ(test, buf[399], winusb_hcd_pattern(511));
	KUNIT_EXPECT_EQ(test, winusb_submitted(test, WINUSB_BENCH_IN), 1U);
}

/* 2.3 step 4: what saved data does not fill is asked of the device. */
static void winusb_test_saved_data_comes_first(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job;
	u8 buf[8];

	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .data = "saved", .length = 5 });
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 2, 2), 0);
	job = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 600);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1),
			0);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_in_flight_length(b->dev, WINUSB_BENCH_IN, 0),
			1024);
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .data = "more", .length = 4 });
	winusb_bench_expect(test, job, 0, 7);
	WINUSB_EXPECT_MEMEQ(test, job->buf, "vedmore", 7);
}

/* 2.3 step 6: a short packet ends the read, also one of no bytes. */
static void winusb_test_short_packet_ends_read(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	u8 *buf = kunit_kzalloc(test, 4096, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 700 });
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 4096, 700), 0);
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 0 });
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 4096, 0), 0);
	winusb_bench_rule(test, WINUSB_BENCH_IN, (struct winusb_hcd_rule){
		.length = 1024, .flags = WINUSB_HCD_RULE_ZLP });
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 4096, 1024), 0);
}

/* 2.3 step 2: a read of nothing succeeds at once, without the device. */
static void winusb_test_read_of_nothing_does_nothing(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	u8 byte;

	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, &byte, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, winusb_submitted(test, WINUSB_BENCH_IN), 0U);
}

/* 1.5, checklist 6: a write is sent as it is, and never gets a ZLP by itself. */
static void winusb_test_write_is_sent_as_it_is(struct kunit *test)
{
	static const size_t lengths[] = { 0, 1, 100, 511, 512, 513, 1024 };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	size_t moved;
	u8 *buf = kunit_kzalloc(test, 1024, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		KUNIT_EXPECT_EQ(test,
				winusb_bench_transfer(wh, WINUSB_BENCH_OUT, buf,
						      lengths[i], &moved), 0);
		KUNIT_EXPECT_EQ(test, moved, lengths[i]);
		KUNIT_EXPECT_EQ(test,
				winusb_hcd_submitted_length(b->dev,
							    WINUSB_BENCH_OUT,
							    i),
				(int)lengths[i]);
	}
	/* The only one is the write of no bytes. */
	winusb_hcd_stats(b->dev, WINUSB_BENCH_OUT, &stats);
	KUNIT_EXPECT_EQ(test, stats.zero_packets, 1U);
	KUNIT_EXPECT_EQ(test, stats.submitted, (unsigned int)ARRAY_SIZE(lengths));
}

/* 1.5: a large transfer is split, its parts run one after the other. */
static void winusb_test_large_read_is_split(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	u8 *buf = kunit_kzalloc(test, WINUSB_REQUEST_BIG, GFP_KERNEL);
	size_t n;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	winusb_hcd_mode(b->dev, WINUSB_BENCH_IN, WINUSB_HCD_SOURCE, 0);
	KUNIT_EXPECT_EQ(test,
			winusb_read(test, wh, buf, WINUSB_REQUEST_BIG,
				    WINUSB_REQUEST_BIG), 0);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_IN, &stats);
	KUNIT_EXPECT_EQ(test, stats.submitted, 2U);
	KUNIT_EXPECT_EQ(test, stats.max_in_flight, 1U);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_submitted_length(b->dev, WINUSB_BENCH_IN, 0),
			WINUSB_REQUEST_MAX);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_submitted_length(b->dev, WINUSB_BENCH_IN, 1),
			1024);
	for (n = 0; n < WINUSB_REQUEST_BIG; n++)
		if (buf[n] != winusb_hcd_pattern(n))
			break;
	KUNIT_EXPECT_EQ(test, n, (size_t)WINUSB_REQUEST_BIG);
}

static void winusb_test_large_write_is_split(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;
	size_t moved = 0, i;
	u8 *out, *back;

	out = kunit_kzalloc(test, WINUSB_REQUEST_BIG, GFP_KERNEL);
	back = kunit_kzalloc(test, WINUSB_REQUEST_BIG, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, out);
	KUNIT_ASSERT_NOT_NULL(test, back);
	for (i = 0; i < WINUSB_REQUEST_BIG; i++)
		out[i] = winusb_hcd_pattern(i * 7);
	KUNIT_ASSERT_EQ(test,
			winusb_hcd_capture(b->dev, WINUSB_BENCH_OUT,
					   WINUSB_REQUEST_BIG), 0);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_OUT, out,
					      WINUSB_REQUEST_BIG, &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)WINUSB_REQUEST_BIG);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_OUT, &stats);
	KUNIT_EXPECT_EQ(test, stats.submitted, 2U);
	KUNIT_EXPECT_EQ(test, stats.max_in_flight, 1U);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_captured(b->dev, WINUSB_BENCH_OUT, back,
					    WINUSB_REQUEST_BIG),
			(size_t)WINUSB_REQUEST_BIG);
	WINUSB_EXPECT_MEMEQ(test, back, out, WINUSB_REQUEST_BIG);
}

/* 1.5, 2.3 step 1: one transfer of a pipe at a time, in order. */
static void winusb_test_reads_queue_in_order(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		job[i] = winusb_bench_start(test, wh, WINUSB_BENCH_IN,
					    512 * (i + 1));
		msleep(20);
		KUNIT_EXPECT_EQ(test,
				winusb_hcd_in_flight(b->dev, WINUSB_BENCH_IN),
				1U);
	}
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test,
				winusb_hcd_wait_submitted(b->dev,
							  WINUSB_BENCH_IN,
							  i + 1), 0);
		KUNIT_EXPECT_EQ(test,
				winusb_hcd_submitted_length(b->dev,
							    WINUSB_BENCH_IN, i),
				(int)(512 * (i + 1)));
		winusb_bench_rule(test, WINUSB_BENCH_IN,
				  (struct winusb_hcd_rule){ .length = i + 1 });
		winusb_bench_expect(test, job[i], 0, i + 1);
	}
	KUNIT_EXPECT_EQ(test, winusb_submitted(test, WINUSB_BENCH_IN), 3U);
}

/* 1.5: pipes do not wait for each other. */
static void winusb_test_pipes_are_independent(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *blocked;
	size_t moved;
	u8 buf[64];

	blocked = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1),
			0);
	winusb_bench_rule(test, WINUSB_BENCH_INT,
			  (struct winusb_hcd_rule){ .data = "i", .length = 1 });
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_INT, buf, 64,
					      &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, (size_t)1);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_OUT, buf, 64,
					      &moved), 0);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(blocked));
}

/* 2.2: on expiry the transfer ends, and what moved is counted (1.5). */
static void winusb_test_timeout_reports_what_moved(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	u8 *buf = kunit_kzalloc(test, 2048, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 50);
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 1024 });
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 2048, 1024),
			-ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, buf[1023], winusb_hcd_pattern(1023));
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 2048, 0), -ETIMEDOUT);
}

/* 2.2, checklist 7: time in the queue is not the timeout policy's. */
static void winusb_test_timeout_counts_from_submission(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *first, *second;

	first = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1),
			0);
	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 50);
	second = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	msleep(300);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(first));
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(second));
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 1 });
	winusb_bench_expect(test, first, 0, 1);
	winusb_bench_expect(test, second, -ETIMEDOUT, 0);
}

/* What the controller finished before the unlink reached it is a success. */
static void winusb_test_data_may_win_against_timeout(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	u8 buf[512];

	winusb_hcd_finish_first(b->dev, WINUSB_BENCH_IN, true);
	winusb_bench_timeout(test, wh, WINUSB_BENCH_IN, 50);
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .action = WINUSB_HCD_HOLD });
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 7 });
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 512, 7), 0);
}

struct winusb_failure {
	const char *name;
	struct winusb_hcd_rule rule;
	int error;
	size_t moved;
};

static const struct winusb_failure winusb_failures[] = {
	{ "protocol", { .action = WINUSB_HCD_ERROR, .status = -EPROTO,
			.length = 100 }, -EPROTO, 100 },
	{ "checksum", { .action = WINUSB_HCD_ERROR, .status = -EILSEQ },
	  -EILSEQ, 0 },
	{ "no_response", { .action = WINUSB_HCD_ERROR, .status = -ETIME },
	  -EPROTO, 0 },
	{ "babble", { .action = WINUSB_HCD_BABBLE }, -EOVERFLOW, 512 },
	{ "overrun", { .action = WINUSB_HCD_ERROR, .status = -ECOMM }, -EIO, 0 },
	{ "stall", { .action = WINUSB_HCD_STALL }, -EPIPE, 0 },
};

static void winusb_failure_desc(const struct winusb_failure *f, char *desc)
{
	strscpy(desc, f->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_failure, winusb_failures, winusb_failure_desc);

/* Bus errors become the errors of the contract; what moved is counted (1.5). */
static void winusb_test_errors_carry_a_count(struct kunit *test)
{
	const struct winusb_failure *f = test->param_value;
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	u8 buf[512];

	winusb_bench_rule(test, WINUSB_BENCH_IN, f->rule);
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 512, f->moved),
			f->error);
}

/* 2.2, checklist 8: after a stall all transfers fail until the pipe is reset. */
static void winusb_test_stall_lasts_until_reset(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job[2];
	struct winusb_hcd_stats stats;
	u8 buf[512];

	job[0] = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1),
			0);
	job[1] = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	msleep(20);
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .action = WINUSB_HCD_STALL });
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 3 });
	winusb_bench_expect(test, job[0], -EPIPE, 0);
	winusb_bench_expect(test, job[1], -EPIPE, 0);
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 512, 0), -EPIPE);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false), 0);
	winusb_hcd_stats(b->dev, WINUSB_BENCH_IN, &stats);
	KUNIT_EXPECT_EQ(test, stats.halt_clears, 1U);
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 512, 3), 0);
}

/* 1.5: the data toggle is reset in use; a running transfer forbids it. */
static void winusb_test_reset_needs_an_idle_pipe(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job;

	job = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1),
			0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_IN, false),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(job));
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, WINUSB_BENCH_OUT, false),
			0);
}

/* 1.5, checklist 9: abort ends all transfers of the pipe, with their counts. */
static void winusb_test_abort_ends_all(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job[3], *other;
	unsigned int i;
	u8 buf[512];

	other = winusb_bench_start(test, wh, WINUSB_BENCH_INT, 64);
	for (i = 0; i < 3; i++) {
		job[i] = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 1024);
		msleep(20);
	}
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 512 });
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_BENCH_IN, false), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_BENCH_IN),
			0U);
	winusb_bench_expect(test, job[0], -ECANCELED, 512);
	winusb_bench_expect(test, job[1], -ECANCELED, 0);
	winusb_bench_expect(test, job[2], -ECANCELED, 0);
	KUNIT_EXPECT_EQ(test, winusb_submitted(test, WINUSB_BENCH_IN), 1U);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(other));

	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 9 });
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 512, 9), 0);
}

static int winusb_abort_thread(void *data)
{
	struct winusb_bench_job *job = data;

	job->ret = winusb_pipe_abort(job->wh, job->address, false);
	complete(&job->done);
	return 0;
}

/* 1.5: abort returns after the cancellations, however long they take. */
static void winusb_test_abort_waits_for_the_controller(struct kunit *test)
{
	struct winusb_bench_job aborter = { .address = WINUSB_BENCH_IN };
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *job;

	job = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 512);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1),
			0);
	winusb_hcd_slow_unlink(b->hc, true);
	aborter.wh = wh;
	init_completion(&aborter.done);
	kthread_run(winusb_abort_thread, &aborter, "winusb_abort");
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 0),
			0);
	msleep(50);
	KUNIT_EXPECT_FALSE(test, completion_done(&aborter.done));
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(job));
	winusb_hcd_slow_unlink(b->hc, false);
	wait_for_completion(&aborter.done);
	KUNIT_EXPECT_EQ(test, aborter.ret, 0);
	winusb_bench_expect(test, job, -ECANCELED, 0);
}

/* A signal ends a transfer, running or waiting, and what moved is counted. */
static void winusb_test_signal_ends_transfer(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_bench_job *running, *waiting;

	running = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 1024);
	KUNIT_EXPECT_EQ(test,
			winusb_hcd_wait_in_flight(b->dev, WINUSB_BENCH_IN, 1),
			0);
	waiting = winusb_bench_start(test, wh, WINUSB_BENCH_IN, 1024);
	msleep(20);
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 512 });
	winusb_bench_signal(waiting);
	winusb_bench_expect(test, waiting, -EINTR, 0);
	KUNIT_EXPECT_TRUE(test, winusb_bench_is_running(running));
	winusb_bench_signal(running);
	winusb_bench_expect(test, running, -EINTR, 512);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_BENCH_IN),
			0U);
}

/* 1.5, 8 row 9: flush drops what was saved, and only an IN pipe has that. */
static void winusb_test_flush_drops_saved_data(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	u8 buf[512];

	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .length = 300 });
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 10, 10), 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_flush(wh, WINUSB_BENCH_IN, false), 0);
	winusb_bench_rule(test, WINUSB_BENCH_IN,
			  (struct winusb_hcd_rule){ .data = "new", .length = 3 });
	KUNIT_EXPECT_EQ(test, winusb_read(test, wh, buf, 512, 3), 0);
	WINUSB_EXPECT_MEMEQ(test, buf, "new", 3);
	KUNIT_EXPECT_EQ(test, winusb_pipe_flush(wh, WINUSB_BENCH_OUT, false),
			-EINVAL);
}

/* 8 row 5: on pipe 0 abort and reset do nothing, flush is an error. */
static void winusb_test_control_pipe_has_no_queue(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;

	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, 0, false), 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_reset(wh, 0, false), 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_flush(wh, 0, false), -EINVAL);
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
}

/* 1.1: a pipe is used through the handle of the interface that owns it. */
static void winusb_test_foreign_pipes_are_refused(struct kunit *test)
{
	static const u8 addresses[] = {
		WINUSB_BENCH_IN2, WINUSB_BENCH_OUT2, WINUSB_BENCH_ISOC,
		0x01, 0x82, 0x0f, 0x80, 0x41,
	};
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	struct winusb_bench *b = test->priv;
	size_t moved = 1;
	unsigned int i;
	u8 buf[8];

	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		KUNIT_EXPECT_EQ_MSG(test,
				    winusb_bench_transfer(wh, addresses[i], buf,
							  8, &moved),
				    -EINVAL, "pipe %02x", addresses[i]);
		KUNIT_EXPECT_EQ(test, moved, (size_t)0);
		if (addresses[i] == 0x80)
			continue;
		KUNIT_EXPECT_EQ(test,
				winusb_pipe_abort(wh, addresses[i], false),
				-EINVAL);
		KUNIT_EXPECT_EQ(test,
				winusb_pipe_reset(wh, addresses[i], false),
				-EINVAL);
	}
	KUNIT_EXPECT_EQ(test, winusb_hcd_setups(b->dev), 0U);
}

/* Isochronous pipes move nothing without a registered buffer. */
static void winusb_test_isochronous_needs_a_buffer(struct kunit *test)
{
	struct winusb_handle *wh = winusb_bench_handle(test, 0);
	size_t moved;
	u8 buf[8];

	KUNIT_ASSERT_EQ(test, winusb_handle_set_setting(wh, 1, false), 0);
	KUNIT_EXPECT_EQ(test,
			winusb_bench_transfer(wh, WINUSB_BENCH_ISOC, buf, 8,
					      &moved), -EINVAL);
}

static struct kunit_case winusb_request_cases[] = {
	WINUSB_CASE_RULE(excess_begins_next_read, 9_2),
	WINUSB_CASE_RULE(saved_data_comes_first, 2_3_step4),
	WINUSB_CASE_RULE(short_packet_ends_read, 2_3_step6),
	WINUSB_CASE_RULE(read_of_nothing_does_nothing, 2_3_step2),
	WINUSB_CASE_RULE(write_is_sent_as_it_is, 9_6),
	WINUSB_CASE_RULE(large_read_is_split, 1_5),
	WINUSB_CASE(large_write_is_split),
	WINUSB_CASE_RULE(reads_queue_in_order, 2_3_step1),
	WINUSB_CASE_RULE(pipes_are_independent, 1_5),
	WINUSB_CASE_RULE(timeout_reports_what_moved, 2_2),
	WINUSB_CASE_RULE(timeout_counts_from_submission, 9_7),
	WINUSB_CASE(data_may_win_against_timeout),
	WINUSB_CASE_PARAM_RULE(errors_carry_a_count, winusb_failure, 1_5),
	WINUSB_CASE_RULE(stall_lasts_until_reset, 9_8),
	WINUSB_CASE_RULE(reset_needs_an_idle_pipe, 1_5),
	WINUSB_CASE_RULE(abort_ends_all, 9_9),
	WINUSB_CASE_RULE(abort_waits_for_the_controller, 1_5),
	WINUSB_CASE(signal_ends_transfer),
	WINUSB_CASE_RULE(flush_drops_saved_data, 1_5),
	WINUSB_CASE_RULE(control_pipe_has_no_queue, 8_row5),
	WINUSB_CASE_RULE(foreign_pipes_are_refused, 1_1),
	WINUSB_CASE_RULE(isochronous_needs_a_buffer, 1_7),
	{ }
};

static struct kunit_suite winusb_request_suite =
	WINUSB_BENCH_SUITE("winusb_request", winusb_bench_init,
			   winusb_request_cases);

kunit_test_suite(winusb_request_suite);
