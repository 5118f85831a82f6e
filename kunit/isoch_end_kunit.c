// SPDX-License-Identifier: GPL-2.0-only
/*
 * How isochronous transfers end before their time: abort, cancel, removal,
 * reset, close; and what registered buffers have to do with it.
 */

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>

#include "../driver/frame.h"
#include "../driver/queue.h"
#include "../driver/suspend.h"
#include "isoch.h"

#define WINUSB_END_TRANSFERS	4

/* Some of them, of ten frames, after five frames of the first. */
static struct winusb_handle *winusb_isoch_in_the_middle(struct kunit *test, u32 *id,
							struct winusb_request **req)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	unsigned int i;

	*id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	for (i = 0; i < WINUSB_END_TRANSFERS; i++)
		req[i] = winusb_isoch_start(test, wh, *id, WINUSB_ISOCH_IN, 80);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 40);
	return wh;
}

/* All have ended so; the first one has what had come. */
static void winusb_isoch_expect_ended(struct kunit *test, struct winusb_handle *wh, int status,
				      u32 packet)
{
	unsigned int i, n, ok;

	for (n = 0; n < WINUSB_END_TRANSFERS; n++) {
		struct winusb_request *req = winusb_async_take(test, wh->wf);

		winusb_request_collect(req);
		KUNIT_EXPECT_EQ(test, req->status, status);
		for (i = 0, ok = 0; i < 80; i++) {
			if (req->isoch->packets[i].status == WINUSB_PACKET_SUCCESS)
				ok++;
			else
				KUNIT_EXPECT_EQ(test, req->isoch->packets[i].status, packet);
		}
		KUNIT_EXPECT_EQ(test, req->isoch->errors, 80 - ok);
		KUNIT_EXPECT_EQ(test, req->moved, (size_t)ok * 192);
		KUNIT_EXPECT_LE(test, ok, 40U);
		winusb_request_put(req);
	}
}

/* 1.5, 1.7: AbortPipe ends all, and returns when the host controller has none. */
static void winusb_test_abort_ends_all(struct kunit *test)
{
	struct winusb_request *req[WINUSB_END_TRANSFERS];
	struct winusb_bench *b = test->priv;
	struct winusb_handle *wh;
	u32 id;

	wh = winusb_isoch_in_the_middle(test, &id, req);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_ISOCH_IN, false), 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_ISOCH_IN), 0U);
	winusb_isoch_expect_ended(test, wh, -ECANCELED, WINUSB_PACKET_CANCELED);
	/* And a new stream can begin. */
	req[0] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 80);
	winusb_isoch_expect(test, req[0], 0, 80 * 192, 0);
}

/* A single one is cancelled; those before and behind it go on. */
static void winusb_test_cancel_ends_one(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	struct winusb_request *req[3];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct winusb_isoch_ask ask = {
			.buffer = id, .address = WINUSB_ISOCH_IN, .length = 80 * 192,
			.cookie = 100 + i,
		};

		KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req[i]), 0);
	}
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_cookie(wh->wf, 101), 1U);
	winusb_isoch_expect(test, req[1], -ECANCELED, 0, 80);
	winusb_isoch_expect_packets(test, req[1], WINUSB_PACKET_CANCELED, 0);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 80);
	winusb_isoch_expect(test, req[0], 0, 80 * 192, 0);
	winusb_isoch_advance(test, 160);
	winusb_isoch_expect(test, req[2], 0, 80 * 192, 0);
}

/* One that waits for its frame can be cancelled, too. */
static void winusb_test_cancel_ends_one_that_waits(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	struct winusb_isoch_ask ask = {
		.address = WINUSB_ISOCH_IN, .length = 80 * 192, .start = 1000 + 900,
		.flags = WINUSB_TRANSFER_ISOCH_AT, .cookie = 7,
	};
	struct winusb_request *req;

	ask.buffer = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req), 0);
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_cookie(wh->wf, 7), 1U);
	winusb_isoch_expect(test, req, -ECANCELED, 0, 80);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_ISOCH_IN), 0U);
}

/* Those that are behind it do not wait for its frame then. */
static void winusb_test_cancel_lets_others_begin(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	struct winusb_isoch_ask ask = {
		.address = WINUSB_ISOCH_IN, .length = 80 * 192, .start = 1000 + 1000,
		.flags = WINUSB_TRANSFER_ISOCH_AT, .cookie = 7,
	};
	struct winusb_request *req, *next;
	struct winusb_bench *b = test->priv;
	u64 before;

	ask.buffer = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	before = ktime_get_ns();
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req), 0);
	next = winusb_isoch_start(test, wh, ask.buffer, WINUSB_ISOCH_IN, 80);
	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, WINUSB_ISOCH_IN), 0U);
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_cookie(wh->wf, 7), 1U);
	winusb_isoch_expect(test, req, -ECANCELED, 0, 80);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_ISOCH_IN, 1), 0);
	KUNIT_EXPECT_LT(test, ktime_get_ns() - before, 900ULL * NSEC_PER_MSEC);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 80);
	winusb_isoch_expect(test, next, 0, 80 * 192, 0);
}

/* Its frames are free again. */
static void winusb_test_cancel_frees_the_frames(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	struct winusb_isoch_ask ask = {
		.address = WINUSB_ISOCH_IN, .length = 80 * 192, .start = 1000 + 500,
		.flags = WINUSB_TRANSFER_ISOCH_AT, .cookie = 7,
	};
	struct winusb_request *first, *req;

	ask.buffer = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	first = winusb_isoch_start(test, wh, ask.buffer, WINUSB_ISOCH_IN, 80);
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req), 0);
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_cookie(wh->wf, 7), 1U);
	winusb_isoch_expect(test, req, -ECANCELED, 0, 80);
	ask.start = 1000 + 300;
	KUNIT_EXPECT_EQ(test, winusb_isoch_try(wh, &ask, &req), 0);
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_cookie(wh->wf, 7), 1U);
	winusb_isoch_expect(test, req, -ECANCELED, 0, 80);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 80);
	winusb_isoch_expect(test, first, 0, 80 * 192, 0);
}

/* 5.4: the device leaves. */
static void winusb_test_removal_ends_all(struct kunit *test)
{
	struct winusb_request *req[WINUSB_END_TRANSFERS];
	struct winusb_bench *b = test->priv;
	struct winusb_isoch_ask ask = { .address = WINUSB_ISOCH_IN, .length = 80 * 192 };
	struct winusb_handle *wh;

	wh = winusb_isoch_in_the_middle(test, &ask.buffer, req);
	winusb_hcd_unplug(b->dev, 0);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_gone(b->dev), 0);
	winusb_isoch_expect_ended(test, wh, -ESHUTDOWN, WINUSB_PACKET_GONE);
	KUNIT_EXPECT_EQ(test, winusb_isoch_try(wh, &ask, &req[0]), -ENODEV);
	KUNIT_EXPECT_EQ(test, winusb_isoch_buffer_unregister(wh->wf, ask.buffer), 0);
}

/* The driver is unbound. */
static void winusb_test_unbind_ends_all(struct kunit *test)
{
	struct winusb_request *req[WINUSB_END_TRANSFERS];
	struct winusb_handle *wh;
	u32 id;

	wh = winusb_isoch_in_the_middle(test, &id, req);
	winusb_bench_unbind(test, 0);
	winusb_isoch_expect_ended(test, wh, -ESHUTDOWN, WINUSB_PACKET_GONE);
}

/* The device is reset underneath. */
static void winusb_test_reset_ends_all(struct kunit *test)
{
	struct winusb_request *req[WINUSB_END_TRANSFERS];
	struct winusb_bench *b = test->priv;
	struct winusb_handle *wh;
	u32 id, generation;
	struct winusb_frame now;

	wh = winusb_isoch_in_the_middle(test, &id, req);
	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &now, false), 0);
	generation = now.generation;
	KUNIT_EXPECT_EQ(test, winusb_hcd_reset_wait(b->dev), 0);
	winusb_isoch_expect_ended(test, wh, -ECONNRESET, WINUSB_PACKET_CANCELED);
	/* The setting is the same, so the buffer is good. */
	req[0] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 80);
	winusb_isoch_expect(test, req[0], 0, 80 * 192, 0);
	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &now, false), 0);
	KUNIT_EXPECT_NE(test, now.generation, generation);
}

/* The file is closed; nothing is left, of whatever is pending. */
static void winusb_test_close_ends_all(struct kunit *test)
{
	struct winusb_request *req[WINUSB_END_TRANSFERS];
	struct winusb_bench *b = test->priv;
	struct winusb_handle *wh;
	u32 id;

	wh = winusb_isoch_in_the_middle(test, &id, req);
	winusb_bench_close(test, wh->wf);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_ISOCH_IN), 0U);
}

/* 1.3: the setting is not changed while transfers are outstanding. */
static void winusb_test_setting_waits_for_none(struct kunit *test)
{
	struct winusb_request *req[WINUSB_END_TRANSFERS];
	struct winusb_isoch_ask ask = { .address = WINUSB_ISOCH_IN, .length = 80 * 192 };
	struct winusb_isoch_buffer *buffer;
	struct winusb_handle *wh;

	wh = winusb_isoch_in_the_middle(test, &ask.buffer, req);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 0, false), -EBUSY);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_ISOCH_IN, false), 0);
	winusb_isoch_expect_ended(test, wh, -ECANCELED, WINUSB_PACKET_CANCELED);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, 0, false), 0);
	/* The pipe is not there, then it is another one; and then it is there again. */
	KUNIT_EXPECT_EQ(test, winusb_isoch_try(wh, &ask, &req[0]), -EINVAL);
	buffer = winusb_isoch_buffer_create(wh, WINUSB_ISOCH_IN, true, 0, 192, false);
	KUNIT_EXPECT_PTR_EQ(test, buffer, ERR_PTR(-EINVAL));
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, WINUSB_ISOCH_LARGE, false), 0);
	KUNIT_EXPECT_EQ(test, winusb_isoch_try(wh, &ask, &req[0]), -EINVAL);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, WINUSB_ISOCH_SMALL, false), 0);
	KUNIT_EXPECT_EQ(test, winusb_isoch_try(wh, &ask, &req[0]), 0);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 80);
	winusb_isoch_expect(test, req[0], 0, 80 * 192, 0);
}

struct winusb_isoch_unregister {
	struct winusb_file *wf;
	u32 id;
	int ret;
	struct completion done;
};

static int winusb_isoch_unregister_thread(void *data)
{
	struct winusb_isoch_unregister *job = data;

	job->ret = winusb_isoch_buffer_unregister(job->wf, job->id);
	complete(&job->done);
	return 0;
}

/* 1.7: UnregisterIsochBuffer waits until all transfers of the buffer are finished. */
static void winusb_test_unregister_waits(struct kunit *test)
{
	struct winusb_isoch_unregister job = { .ret = 1 };
	struct winusb_request *req[WINUSB_END_TRANSFERS];
	struct winusb_isoch_ask ask = { .address = WINUSB_ISOCH_IN, .length = 80 * 192 };
	struct winusb_isoch_ask empty = { .address = WINUSB_ISOCH_IN };
	struct winusb_request *bad;
	struct winusb_handle *wh;
	struct task_struct *task;
	unsigned int i, looks = 0;

	wh = winusb_isoch_in_the_middle(test, &ask.buffer, req);
	empty.buffer = ask.buffer;
	job.wf = wh->wf;
	job.id = ask.buffer;
	init_completion(&job.done);
	task = kthread_run(winusb_isoch_unregister_thread, &job, "unregister");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	while (winusb_isoch_try(wh, &empty, &bad) == -EINVAL && looks++ < 10000)
		usleep_range(1000, 2000);
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &empty, &bad), -EBADF);
	KUNIT_EXPECT_FALSE(test, completion_done(&job.done));
	/* The number is gone, for another one who unregisters, too. */
	KUNIT_EXPECT_EQ(test, winusb_isoch_buffer_unregister(wh->wf, ask.buffer), -EBADF);
	KUNIT_EXPECT_EQ(test, winusb_isoch_try(wh, &ask, &bad), -EBADF);
	for (i = 0; i < WINUSB_END_TRANSFERS; i++) {
		KUNIT_EXPECT_FALSE(test, completion_done(&job.done));
		winusb_isoch_advance(test, 80);
	}
	/* That they are not collected yet does not matter. */
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&job.done, 10 * HZ), 0UL);
	KUNIT_EXPECT_EQ(test, job.ret, 0);
	for (i = 0; i < WINUSB_END_TRANSFERS; i++)
		winusb_isoch_expect(test, req[i], 0, 80 * 192, 0);
	winusb_async_expect_quiet(test, wh->wf);
}

/* Many buffers: numbers are not reused at once, and there is an end to them. */
static void winusb_test_buffers_have_numbers(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	struct winusb_isoch_buffer *buffer;
	u32 first, id = 0, i;

	first = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 1);
	KUNIT_EXPECT_NE(test, first, 0U);
	KUNIT_EXPECT_EQ(test, winusb_isoch_buffer_unregister(wh->wf, first), 0);
	KUNIT_EXPECT_NE(test, winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 1), first);
	for (i = 1; i < WINUSB_MAX_ISOCH_BUFFERS; i++)
		winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 1);
	buffer = winusb_isoch_buffer_create(wh, WINUSB_ISOCH_IN, true, 0, 1, false);
	KUNIT_ASSERT_FALSE(test, IS_ERR(buffer));
	KUNIT_EXPECT_EQ(test, winusb_isoch_buffer_publish(buffer, &id), -ENOMEM);
	winusb_isoch_buffer_put(buffer);
	/* So is there to their bytes. */
	buffer = winusb_isoch_buffer_create(wh, WINUSB_ISOCH_IN, true, 0, 0x7ffff000, false);
	KUNIT_EXPECT_PTR_EQ(test, buffer, ERR_PTR(-ENOMEM));
	buffer = winusb_isoch_buffer_create(wh, WINUSB_ISOCH_IN, true, 0, U32_MAX, false);
	KUNIT_EXPECT_PTR_EQ(test, buffer, ERR_PTR(-EINVAL));
}

/* A device may say anything of its packets; no bus has such long ones. */
static void winusb_test_packets_have_an_end(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	struct winusb_interface *wi = winusb_bench_wi(test, 0);
	struct winusb_isoch_buffer *buffer;
	struct winusb_pipe *pipe;

	KUNIT_ASSERT_EQ(test, winusb_interface_enter(wi, false), 0);
	pipe = winusb_pipe_find(wi, WINUSB_ISOCH_IN);
	winusb_interface_leave(wi);
	pipe->stream.maximum_bytes = 16 << 20;
	buffer = winusb_isoch_buffer_create(wh, WINUSB_ISOCH_IN, true, 0, 32 << 20, false);
	KUNIT_EXPECT_PTR_EQ(test, buffer, ERR_PTR(-EINVAL));
	if (!IS_ERR(buffer))
		winusb_isoch_buffer_put(buffer);
}

/* A transfer whose packets all failed has failed; one packet is enough. */
static void winusb_test_all_packets_failed(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 8 * 192);
	struct winusb_request *req;

	winusb_bench_rule(test, WINUSB_ISOCH_IN, (struct winusb_hcd_rule){
		.action = WINUSB_HCD_ERROR, .status = -EPROTO });
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 8);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 8);
	winusb_isoch_expect(test, req, -EIO, 0, 8);
	winusb_isoch_expect_packets(test, req, WINUSB_PACKET_BUS_ERROR, 0);
}

/* Completions are in order, also that of one that the host controller did not take. */
static void winusb_test_failures_keep_their_place(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req[3];

	req[0] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_hcd_flags(b->hc, WINUSB_HCD_F_NO_MEMORY, true);
	req[1] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_hcd_flags(b->hc, WINUSB_HCD_F_NO_MEMORY, false);
	req[2] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_async_expect_none(test, wh->wf);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 80);
	winusb_isoch_expect(test, req[0], 0, 80 * 192, 0);
	winusb_isoch_expect(test, req[1], -ENOMEM, 0, 80);
	winusb_isoch_advance(test, 80);
	winusb_isoch_expect(test, req[2], 0, 80 * 192, 0);
}

/* One that is ended by the program does not wait for those before it. */
static void winusb_test_cancel_of_a_failure(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	struct winusb_isoch_ask ask = {
		.buffer = id, .address = WINUSB_ISOCH_IN, .length = 80 * 192, .cookie = 9,
	};
	struct winusb_bench *b = test->priv;
	struct winusb_request *req[2];

	req[0] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_hcd_flags(b->hc, WINUSB_HCD_F_NO_MEMORY, true);
	KUNIT_ASSERT_EQ(test, winusb_isoch_try(wh, &ask, &req[1]), 0);
	KUNIT_EXPECT_EQ(test, winusb_file_cancel_cookie(wh->wf, 9), 1U);
	winusb_isoch_expect(test, req[1], -ECANCELED, 0, 80);
	winusb_hcd_flags(b->hc, WINUSB_HCD_F_NO_MEMORY, false);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 80);
	winusb_isoch_expect(test, req[0], 0, 80 * 192, 0);
}

/* The bus has no bandwidth left, which some host controllers say with the first URB. */
static void winusb_test_no_bandwidth(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 8 * 192);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req;

	winusb_hcd_flags(b->hc, WINUSB_HCD_F_LATE_NOSPC, true);
	winusb_hcd_bandwidth(b->hc, 100);
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 8);
	winusb_isoch_expect(test, req, -ENOSPC, 0, 8);
	winusb_isoch_expect_packets(test, req, WINUSB_PACKET_NOT_SENT, 0);
	winusb_hcd_bandwidth(b->hc, 0);
}

/* Others say so when the setting is selected; the old one stays, and works. */
static void winusb_test_no_bandwidth_for_a_setting(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 8 * 192);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req;

	winusb_hcd_bandwidth(b->hc, 2 * 192);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, WINUSB_ISOCH_LARGE, false), -ENOSPC);
	KUNIT_EXPECT_EQ(test, winusb_interface_get_setting(wh->wi), WINUSB_ISOCH_SMALL);
	req = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 8);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 8);
	winusb_isoch_expect(test, req, 0, 8 * 192, 0);
	winusb_hcd_bandwidth(b->hc, 0);
	KUNIT_EXPECT_EQ(test, winusb_handle_set_setting(wh, WINUSB_ISOCH_LARGE, false), 0);
}

/* 3.3: isochronous is not idle. */
static void winusb_test_pending_is_not_idle(struct kunit *test)
{
	struct winusb_request *req[WINUSB_END_TRANSFERS];
	struct winusb_interface *wi;
	struct winusb_handle *wh;
	u32 id;

	wh = winusb_isoch_in_the_middle(test, &id, req);
	wi = winusb_bench_wi(test, 0);
	KUNIT_EXPECT_EQ(test, winusb_suspend(wi, true), -EBUSY);
	winusb_isoch_advance(test, 40);
	winusb_isoch_expect(test, req[0], 0, 80 * 192, 0);
	KUNIT_EXPECT_EQ(test, winusb_pipe_abort(wh, WINUSB_ISOCH_IN, false), 0);
	while (winusb_async_ready(wh->wf))
		winusb_request_discard(winusb_async_take(test, wh->wf));
}

/* A transfer by the blocking door, in a thread of its own. */
struct winusb_isoch_wait {
	struct winusb_handle *wh;
	struct winusb_transfer transfer;
	u32 next_frame;
	size_t moved;
	int ret;
	struct task_struct *task;
	struct completion done;
};

static int winusb_isoch_wait_thread(void *data)
{
	struct winusb_isoch_wait *job = data;
	struct winusb_request *req;

	allow_signal(SIGUSR1);
	req = winusb_isoch_create(job->wh, WINUSB_DOOR_BLOCKING, &job->transfer);
	if (!IS_ERR(req))
		req->next_frame = &job->next_frame;
	job->ret = winusb_request_run(req, &job->moved, false);
	complete(&job->done);
	return 0;
}

/* Of 80 packets. Has to be waited for. */
static void winusb_isoch_wait_start(struct kunit *test, struct winusb_isoch_wait *job,
				    struct winusb_handle *wh)
{
	job->wh = wh;
	job->transfer.pipe_id = WINUSB_ISOCH_IN;
	job->transfer.length = 80 * 192;
	job->transfer.isoch_buffer = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	init_completion(&job->done);
	job->task = kthread_create(winusb_isoch_wait_thread, job, "winusb_isoch");
	KUNIT_ASSERT_FALSE(test, IS_ERR(job->task));
	get_task_struct(job->task);
	wake_up_process(job->task);
}

static void winusb_isoch_wait_end(struct kunit *test, struct winusb_isoch_wait *job)
{
	wait_for_completion(&job->done);
	put_task_struct(job->task);
}

/* 1.7: the frame after a transfer is the one after where it was, not where it was to be. */
static void winusb_test_blocking_tells_where_it_was(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_bench(test, USB_SPEED_HIGH, WINUSB_ISOCH_SMALL,
						      WINUSB_HCD_REAL, WINUSB_HCD_XHCI);
	struct winusb_isoch_wait job = { };
	struct winusb_frame now;
	u64 slot;

	KUNIT_ASSERT_EQ(test, winusb_frames_get(wh, false, &now, false), 0);
	job.transfer.flags = WINUSB_TRANSFER_ISOCH_AT;
	job.transfer.isoch_start_frame = now.frame + 900;
	winusb_isoch_wait_start(test, &job, wh);
	winusb_isoch_wait_end(test, &job);
	KUNIT_ASSERT_EQ(test, job.ret, 0);
	KUNIT_EXPECT_EQ(test, job.moved, (size_t)80 * 192);
	slot = winusb_isoch_slot(test, WINUSB_ISOCH_IN, 0);
	KUNIT_EXPECT_EQ(test, (u8)job.next_frame, (u8)(slot / 8 + 10));
	/* Nobody knew yet how early it must be handed over. */
	KUNIT_EXPECT_NE(test, job.next_frame, job.transfer.isoch_start_frame + 10);
}

/*
 * Who hands URBs over does so for all that wait on the pipe, also for completions that come
 * meanwhile. So he is not stopped in the middle.
 */
static void winusb_test_handed_over_without_a_break(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 80 * 192);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req[2];

	req[0] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	req[1] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 80);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 160);
	winusb_isoch_expect(test, req[0], 0, 80 * 192, 0);
	winusb_isoch_expect(test, req[1], 0, 80 * 192, 0);
	KUNIT_EXPECT_EQ(test, winusb_hcd_isoc_preemptible(b->hc), 0U);
}

/* A blocking one is not made again by itself: its packets were told, and its time is over. */
static void winusb_test_blocking_is_not_made_again(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	struct winusb_bench *b = test->priv;
	struct winusb_isoch_wait job = { };

	winusb_isoch_wait_start(test, &job, wh);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_ISOCH_IN, 1), 0);
	/* As a signal does that another thread was quicker to take. */
	winusb_file_cancel(wh->wf, NULL, -EINTR);
	winusb_isoch_wait_end(test, &job);
	KUNIT_EXPECT_EQ(test, job.ret, -EINTR);
}

/*
 * Sleep of the system: of a transfer that is handed over in parts the first ones end, and the
 * others may not begin. When half a second is over it ends with what there is.
 */
static void winusb_test_system_sleep_ends_what_is_in_parts(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_bench(test, USB_SPEED_HIGH, WINUSB_ISOCH_FRAMES,
						      WINUSB_HCD_REAL, WINUSB_HCD_XHCI);
	u32 id = winusb_isoch_register(test, wh, WINUSB_ISOCH_IN, 1024 * 64);
	struct winusb_interface *wi = winusb_bench_wi(test, 0);
	struct winusb_bench *b = test->priv;
	struct winusb_request *req[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(req); i++)
		req[i] = winusb_isoch_start(test, wh, id, WINUSB_ISOCH_IN, 512);
	KUNIT_ASSERT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_ISOCH_IN, 2), 0);
	usb_lock_device(b->udev);
	KUNIT_EXPECT_EQ(test, winusb_suspend(wi, false), 0);
	winusb_suspend_resume(wi);
	usb_unlock_device(b->udev);
	/* Two parts of 128 packets. */
	winusb_isoch_expect(test, req[0], -EIO, 256 * 64, 256);
	winusb_isoch_expect(test, req[1], 0, 512 * 64, 0);
}

/* What io_uring wants of the thread is no signal: the transfer has an end of its own. */
static void winusb_test_task_work_does_not_end_blocking(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	struct winusb_bench *b = test->priv;
	struct winusb_isoch_wait job = { };

	winusb_isoch_wait_start(test, &job, wh);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_ISOCH_IN, 1), 0);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 40);
	set_tsk_thread_flag(job.task, TIF_NOTIFY_SIGNAL);
	wake_up_process(job.task);
	msleep(300);
	KUNIT_EXPECT_FALSE(test, completion_done(&job.done));
	winusb_isoch_advance(test, 40);
	winusb_isoch_wait_end(test, &job);
	KUNIT_EXPECT_EQ(test, job.ret, 0);
	KUNIT_EXPECT_EQ(test, job.moved, (size_t)80 * 192);
}

/* A signal ends it; what has come has come. */
static void winusb_test_signal_ends_blocking(struct kunit *test)
{
	struct winusb_handle *wh = winusb_isoch_handle(test, WINUSB_ISOCH_SMALL);
	struct winusb_bench *b = test->priv;
	struct winusb_isoch_wait job = { };

	winusb_isoch_wait_start(test, &job, wh);
	KUNIT_EXPECT_EQ(test, winusb_hcd_wait_in_flight(b->dev, WINUSB_ISOCH_IN, 1), 0);
	winusb_isoch_advance(test, WINUSB_ISOCH_LATENCY + 40);
	KUNIT_EXPECT_FALSE(test, completion_done(&job.done));
	send_sig(SIGUSR1, job.task, 1);
	winusb_isoch_wait_end(test, &job);
	KUNIT_EXPECT_EQ(test, job.ret, -EINTR);
	KUNIT_EXPECT_EQ(test, job.moved, (size_t)40 * 192);
	KUNIT_EXPECT_EQ(test, winusb_hcd_in_flight(b->dev, WINUSB_ISOCH_IN), 0U);
	KUNIT_EXPECT_EQ(test, winusb_isoch_buffer_unregister(wh->wf, job.transfer.isoch_buffer),
			0);
}

static struct kunit_case winusb_isoch_end_cases[] = {
	WINUSB_CASE_RULE(abort_ends_all, 1_5),
	WINUSB_CASE(cancel_ends_one),
	WINUSB_CASE(cancel_ends_one_that_waits),
	WINUSB_CASE(cancel_lets_others_begin),
	WINUSB_CASE(cancel_frees_the_frames),
	WINUSB_CASE_RULE(removal_ends_all, 5_4),
	WINUSB_CASE(unbind_ends_all),
	WINUSB_CASE(reset_ends_all),
	WINUSB_CASE(close_ends_all),
	WINUSB_CASE_RULE(setting_waits_for_none, 1_3),
	WINUSB_CASE_RULE(unregister_waits, 1_7),
	WINUSB_CASE(buffers_have_numbers),
	WINUSB_CASE(packets_have_an_end),
	WINUSB_CASE(all_packets_failed),
	WINUSB_CASE(no_bandwidth),
	WINUSB_CASE(no_bandwidth_for_a_setting),
	WINUSB_CASE_RULE(failures_keep_their_place, 1_7),
	WINUSB_CASE(cancel_of_a_failure),
	WINUSB_CASE_RULE(pending_is_not_idle, 3_3),
	WINUSB_CASE_RULE(blocking_tells_where_it_was, 1_7),
	WINUSB_CASE(handed_over_without_a_break),
	WINUSB_CASE(blocking_is_not_made_again),
	WINUSB_CASE(system_sleep_ends_what_is_in_parts),
	WINUSB_CASE(task_work_does_not_end_blocking),
	WINUSB_CASE(signal_ends_blocking),
	{ }
};

static struct kunit_suite winusb_isoch_end_suite =
	WINUSB_BENCH_SUITE("winusb_isoch_end", winusb_bench_init_empty, winusb_isoch_end_cases);

kunit_test_suite(winusb_isoch_end_suite);
