// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transfers that no thread waits for, see async.h, and what suites of them ask
 * the scripted host controller.
 */

#include <linux/bvec.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../driver/isoch.h"
#include "async.h"

#define WINUSB_ASYNC_WAIT	(10 * HZ)
#define WINUSB_ASYNC_PERIOD	251	/* of winusb_hcd_pattern() */

static int winusb_async_direction(const struct winusb_async *a)
{
	return a->address & USB_DIR_IN ? READ : WRITE;
}

/* The memory is the buffer itself. */
struct winusb_async *winusb_async_new(struct kunit *test, u8 address, size_t length)
{
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;
	unsigned int byte = 0;
	size_t i;

	a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a);
	a->address = address;
	a->cookie = (uintptr_t)a;
	a->length = length;
	a->buf = kvzalloc(length + WINUSB_ASYNC_GUARD, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a->buf);
	list_add_tail(&a->node, &b->asyncs);
	memset(a->buf, WINUSB_ASYNC_FILL, length + WINUSB_ASYNC_GUARD);
	for (i = 0; i < length && !(address & USB_DIR_IN); i++, byte = (byte + 7) % 251)
		a->buf[i] = byte;
	a->vec.iov_base = a->buf;
	a->vec.iov_len = length;
	iov_iter_kvec(&a->iter, winusb_async_direction(a), &a->vec, 1, length);
	return a;
}

static size_t winusb_async_block(const struct winusb_async *a)
{
	return PAGE_SIZE << a->layout->order;
}

/* Bytes of piece @n, if there is no end to them. */
static size_t winusb_async_piece(const struct winusb_async *a, unsigned int n, size_t *offset)
{
	const struct winusb_layout *layout = a->layout;

	*offset = layout->piece || !n ? layout->offset : 0;
	return layout->piece ? layout->piece : winusb_async_block(a) - *offset;
}

/* Not the one that follows the last one in memory by chance: the two would be one piece. */
static struct page *winusb_async_new_block(const struct winusb_async *a)
{
	unsigned int order = a->layout->order;
	struct page *page, *other;

	page = alloc_pages(GFP_KERNEL | __GFP_COMP, order);
	if (!page || !a->nr ||
	    page_to_pfn(page) != page_to_pfn(a->bvec[a->nr - 1].bv_page) + BIT(order))
		return page;
	other = alloc_pages(GFP_KERNEL | __GFP_COMP, order);
	__free_pages(page, order);
	return other;
}

static bool winusb_async_add_block(struct winusb_async *a, size_t left)
{
	size_t offset, piece = winusb_async_piece(a, a->nr, &offset);
	struct page *page = winusb_async_new_block(a);

	if (!page)
		return false;
	memset(page_address(page), WINUSB_ASYNC_FILL, winusb_async_block(a));
	a->bvec[a->nr].bv_page = page;
	a->bvec[a->nr].bv_offset = offset;
	a->bvec[a->nr].bv_len = min(piece, left);
	a->nr++;
	return true;
}

static void winusb_async_iterate(struct winusb_async *a, struct iov_iter *iter, int direction)
{
	iov_iter_bvec(iter, direction, a->bvec, a->nr, a->length + a->layout->skip);
	iov_iter_advance(iter, a->layout->skip);
}

/* The memory is pages somewhere, as those of a registered buffer of io_uring. */
struct winusb_async *winusb_async_new_bvec(struct kunit *test, u8 address, size_t length,
					   const struct winusb_layout *layout)
{
	struct winusb_async *a = winusb_async_new(test, address, length);
	size_t left = length + layout->skip, most;
	struct iov_iter iter;

	a->layout = layout;
	most = layout->piece ? layout->piece : winusb_async_block(a);
	a->bvec = kvcalloc(left / most + 2, sizeof(*a->bvec), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a->bvec);
	for (; left; left -= a->bvec[a->nr - 1].bv_len)
		KUNIT_ASSERT_TRUE(test, winusb_async_add_block(a, left));
	winusb_async_iterate(a, &a->iter, winusb_async_direction(a));
	if (!(address & USB_DIR_IN)) {
		winusb_async_iterate(a, &iter, READ);
		KUNIT_ASSERT_EQ(test, copy_to_iter(a->buf, length, &iter), length);
	}
	return a;
}

/* Brings what is in the pages to the buffer. */
void winusb_async_gather(struct winusb_async *a)
{
	struct iov_iter iter;

	if (!a->bvec || !(a->address & USB_DIR_IN))
		return;
	winusb_async_iterate(a, &iter, WRITE);
	WARN_ON(copy_from_iter(a->buf, a->length, &iter) != a->length);
}

static bool winusb_async_is_untouched(const void *from, size_t length)
{
	return !memchr_inv(from, WINUSB_ASYNC_FILL, length);
}

/* What is around the memory must be as it was. */
void winusb_async_check_guards(struct kunit *test, struct winusb_async *a)
{
	struct bio_vec *bvec;
	size_t begin, end, skip;
	u8 *block;

	KUNIT_EXPECT_TRUE(test, winusb_async_is_untouched(a->buf + a->length,
							  WINUSB_ASYNC_GUARD));
	skip = a->layout ? a->layout->skip : 0;
	for (bvec = a->bvec; a->bvec && bvec < a->bvec + a->nr; bvec++) {
		block = page_address(bvec->bv_page);
		begin = bvec->bv_offset + min_t(size_t, skip, bvec->bv_len);
		end = bvec->bv_offset + bvec->bv_len;
		skip -= begin - bvec->bv_offset;
		KUNIT_EXPECT_TRUE(test, winusb_async_is_untouched(block, begin));
		KUNIT_EXPECT_TRUE(test, winusb_async_is_untouched(block + end,
								  winusb_async_block(a) - end));
	}
}

/* After the files are closed. */
void winusb_async_free_all(struct kunit *test)
{
	struct winusb_bench *b = test->priv;
	struct winusb_async *a;
	unsigned int i;

	list_for_each_entry(a, &b->asyncs, node) {
		for (i = 0; i < a->nr; i++)
			__free_pages(a->bvec[i].bv_page, a->layout->order);
		kvfree(a->bvec);
		kvfree(a->buf);
	}
	INIT_LIST_HEAD(&b->asyncs);
}

/* Hands it to the driver. Gives what the driver says. */
int winusb_async_try(struct winusb_handle *wh, struct winusb_async *a)
{
	struct winusb_request *req;
	int ret;

	a->wf = wh->wf;
	req = winusb_request_create(wh, WINUSB_DOOR_RECORD, a->address, &a->iter, false);
	if (IS_ERR(req))
		return PTR_ERR(req);
	req->cookie = a->cookie;
	a->req = req;
	ret = winusb_request_start(req, false);
	if (ret) {
		a->req = NULL;
		winusb_request_discard(req);
	}
	return ret;
}

struct winusb_async *winusb_async_start(struct kunit *test, struct winusb_handle *wh, u8 address,
					size_t length)
{
	struct winusb_async *a = winusb_async_new(test, address, length);

	KUNIT_ASSERT_EQ(test, winusb_async_try(wh, a), 0);
	return a;
}

/* How many are done and not taken. */
unsigned int winusb_async_ready(struct winusb_file *wf)
{
	struct winusb_request *req;
	unsigned int n = 0;

	spin_lock_irq(&wf->requests_lock);
	list_for_each_entry(req, &wf->done, file_node)
		n++;
	spin_unlock_irq(&wf->requests_lock);
	return n;
}

/* The one that was done first. */
struct winusb_request *winusb_async_take(struct kunit *test, struct winusb_file *wf)
{
	struct winusb_request *req;
	unsigned long left;

	left = wait_event_timeout(wf->wait, winusb_async_ready(wf), WINUSB_ASYNC_WAIT);
	KUNIT_ASSERT_NE_MSG(test, left, 0UL, "no transfer ended");
	spin_lock_irq(&wf->requests_lock);
	req = list_first_entry(&wf->done, struct winusb_request, file_node);
	list_del_init(&req->file_node);
	spin_unlock_irq(&wf->requests_lock);
	return req;
}

static void winusb_async_collect(struct kunit *test, struct winusb_async *a,
				 struct winusb_request *req, int status, size_t moved)
{
	KUNIT_EXPECT_EQ(test, req->cookie, a->cookie);
	winusb_request_collect(req);
	KUNIT_EXPECT_EQ(test, req->status, status);
	KUNIT_EXPECT_EQ(test, req->moved, moved);
	winusb_request_put(req);
	a->req = NULL;
	winusb_async_gather(a);
	winusb_async_check_guards(test, a);
}

/* Takes the one that was done first, which has to be this one. */
void winusb_async_expect(struct kunit *test, struct winusb_async *a, int status, size_t moved)
{
	struct winusb_request *req = winusb_async_take(test, a->wf);

	KUNIT_EXPECT_PTR_EQ_MSG(test, req, a->req, "another one was done first");
	winusb_async_collect(test, a, req, status, moved);
}

/* Takes these, in whatever order they were done: timers of one tick have none. */
void winusb_async_expect_all(struct kunit *test, struct winusb_async **a, unsigned int nr,
			     int status, size_t moved)
{
	struct winusb_request *req;
	unsigned int i, n;

	for (n = 0; n < nr; n++) {
		req = winusb_async_take(test, a[0]->wf);
		for (i = 0; i < nr && a[i]->req != req; i++)
			;
		KUNIT_EXPECT_LT_MSG(test, i, nr, "this one was not expected");
		winusb_async_collect(test, a[i < nr ? i : 0], req, status, moved);
	}
}

/* Nothing is done, and without the device nothing will be. */
void winusb_async_expect_none(struct kunit *test, struct winusb_file *wf)
{
	msleep(50);
	KUNIT_EXPECT_EQ(test, winusb_async_ready(wf), 0U);
}

/* What a request costs that is kept for the next transfer. */
static long winusb_async_kept(const struct winusb_request *req)
{
	if (!req)
		return 0;
	return WINUSB_REQUEST_COST + req->buffer.linear_size +
	       (req->isoch_kept ? req->isoch_kept->charged : 0);
}

/* Nothing is under way, all is collected, and only what is kept is paid for. */
void winusb_async_expect_quiet(struct kunit *test, struct winusb_file *wf)
{
	struct winusb_request *req;
	unsigned int kept = 0;
	long cost = 0;

	KUNIT_EXPECT_EQ(test, winusb_async_ready(wf), 0U);
	spin_lock_irq(&wf->requests_lock);
	list_for_each_entry(req, &wf->idle, file_node) {
		cost += winusb_async_kept(req);
		kept++;
	}
	cost += winusb_async_kept(wf->spare);
	kept += !!wf->spare;
	KUNIT_EXPECT_TRUE(test, list_empty(&wf->requests));
	KUNIT_EXPECT_EQ(test, wf->num_running, 0U);
	KUNIT_EXPECT_EQ(test, wf->num_requests, kept);
	spin_unlock_irq(&wf->requests_lock);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&wf->charged), cost);
}

void winusb_expect_pattern(struct kunit *test, const u8 *buf, u64 position, size_t length)
{
	u8 expected = winusb_hcd_pattern(position);
	u8 first = winusb_hcd_pattern(0);
	size_t i;

	/* Not asked for each byte: this loop is most of the time that the suites take. */
	for (i = 0; i < length && buf[i] == expected; i++)
		expected = expected == WINUSB_ASYNC_PERIOD - 1 ? first : expected + 1;
	KUNIT_EXPECT_EQ_MSG(test, i, length, "the data is wrong from byte %zu on", i);
}

void winusb_expect_lengths(struct kunit *test, u8 address, const int *lengths, unsigned int nr)
{
	struct winusb_bench *b = test->priv;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, winusb_count_urbs(test, address), nr);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ_MSG(test, winusb_hcd_submitted_length(b->dev, address, i),
				    lengths[i], "URB %u", i);
}

/* How often the device was told to clear the halt of an endpoint. */
unsigned int winusb_count_clears(struct kunit *test, u8 address)
{
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;

	winusb_hcd_stats(b->dev, address, &stats);
	return stats.halt_clears;
}

unsigned int winusb_count_urbs(struct kunit *test, u8 address)
{
	struct winusb_bench *b = test->priv;
	struct winusb_hcd_stats stats;

	winusb_hcd_stats(b->dev, address, &stats);
	return stats.submitted;
}

void winusb_set(struct kunit *test, struct winusb_handle *wh, u8 address, u32 policy, u32 value)
{
	KUNIT_ASSERT_EQ(test, winusb_pipe_set_policy(wh, address, policy, value, false), 0);
}

/* The IN endpoint sends this, or the pattern. */
void winusb_send(struct kunit *test, const void *data, size_t length)
{
	winusb_bench_rule(test, WINUSB_BENCH_IN, (struct winusb_hcd_rule){
		.data = data, .length = length });
}

/* What the IN endpoint does next. */
void winusb_act(struct kunit *test, enum winusb_hcd_action action)
{
	winusb_bench_rule(test, WINUSB_BENCH_IN, (struct winusb_hcd_rule){ .action = action });
}

/* The device takes its time to clear a halt: until winusb_hcd_release(dev, 0). */
void winusb_hold_clear(struct kunit *test)
{
	const struct winusb_hcd_rule hold = { .action = WINUSB_HCD_HOLD };
	struct winusb_bench *b = test->priv;

	KUNIT_ASSERT_EQ(test, winusb_hcd_script_control(b->dev, USB_RECIP_ENDPOINT,
							USB_REQ_CLEAR_FEATURE, &hold), 0);
}
