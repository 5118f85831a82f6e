// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a transfer, without a device: whatever memory there is, and
 * whatever a host controller can take, the pieces that it is shown make up the
 * whole, in order, and nothing is left charged. User memory is for the
 * selftests.
 */

#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "async.h"

#define WINUSB_BUFFER_CAP	(128 * SZ_1M)	/* the default of max_buffer_mb */
#define WINUSB_BUFFER_BOUNCE	16384		/* what goes by the pipe's memory at a time */

/* What the suite needs in place of a file and a pipe. */
struct winusb_buffer_fixture {
	struct winusb_file *wf;
	struct winusb_buffer *buffer;
	u8 *tail;
	u8 *got;
	unsigned int fallbacks;		/* chunks that could not be shown */
};

static const struct winusb_layout winusb_shapes[] = {
	{ "kernel" },
	{ "pages", 0, 0, 0, 0 },
	{ "pages_512", 0, 512, 0, 0 },
	{ "pages_aligned", 0, 1028, 0, 0 },
	{ "pages_odd", 0, 1027, 0, 0 },
	{ "pages_passed", 0, 100, 0, 412 },
	{ "pages_passed_far", 0, 0, 0, 3 * PAGE_SIZE + 512 },
	{ "huge", 5, 0, 0, 0 },
	{ "huge_aligned", 5, PAGE_SIZE - 4, 0, 0 },
	{ "huge_passed", 5, 512, 0, 2 * PAGE_SIZE },
	{ "pieces_of_1024", 0, 512, 1024, 0 },
	{ "pieces_of_1000", 0, 4, 1000, 0 },
	{ "pieces_of_100", 0, 4, 100, 0 },
	{ "pieces_of_513", 0, 1, 513, 0 },
};

#define WINUSB_SHAPE_CRUMBS 12	/* packets are made of several; no registered buffer is like that */

static const size_t winusb_buffer_lengths[] = {
	1, 4, 511, 512, 513, 1000, 4096, 16384, 16385, 65537, 100001,
};

struct winusb_dma_row {
	const char *name;
	struct winusb_dma dma;
};

static const struct winusb_dma_row winusb_dma_rows[] = {
	{ "no_lists", { 512, 65536, 0, false } },
	{ "no_lists_48", { 48, 65520, 0, false } },
	{ "any_list", { 512, 0x1fec00, UINT_MAX, false } },
	{ "any_list_64", { 64, 0x40000, UINT_MAX, false } },
	{ "any_list_split", { 512, 8192, UINT_MAX, false } },
	{ "32_segments", { 512, 0x1fec00, 32, false } },
	{ "2_segments", { 512, 65536, 2, false } },
	{ "3_segments_split", { 512, 16384, 3, false } },
	{ "whole_packets", { 512, 0x1fec00, UINT_MAX, true } },
	{ "whole_packets_1024", { 1024, 0x1fec00, 64, true } },
	{ "whole_packets_split", { 512, 8192, 4, true } },
};

static void winusb_dma_row_desc(const struct winusb_dma_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_dma_row, winusb_dma_rows, winusb_dma_row_desc);

static struct winusb_async *winusb_shape_new(struct kunit *test, u8 address, size_t length,
					     unsigned int shape)
{
	if (!shape)
		return winusb_async_new(test, address, length);
	return winusb_async_new_bvec(test, address, length, &winusb_shapes[shape]);
}

static struct winusb_buffer_fixture *winusb_buffer_fixture(struct kunit *test)
{
	struct winusb_buffer_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->wf = kunit_kzalloc(test, sizeof(*f->wf), GFP_KERNEL);
	f->buffer = kunit_kzalloc(test, sizeof(*f->buffer), GFP_KERNEL);
	f->tail = kunit_kzalloc(test, 1024, GFP_KERNEL);
	f->got = winusb_async_new(test, USB_DIR_IN, 200000)->buf;
	KUNIT_ASSERT_NOT_NULL(test, f->wf);
	KUNIT_ASSERT_NOT_NULL(test, f->buffer);
	KUNIT_ASSERT_NOT_NULL(test, f->tail);
	spin_lock_init(&f->wf->requests_lock);
	INIT_LIST_HEAD(&f->wf->idle);
	return f;
}

static int winusb_buffer_get(struct winusb_buffer_fixture *f, struct winusb_async *a,
			     const struct winusb_dma *dma)
{
	return winusb_buffer_prepare(f->buffer, f->wf, &a->iter, a->address & USB_DIR_IN, false,
				     dma);
}

/* Bytes in @got are those of the whole from @offset on. */
static void winusb_buffer_compare(struct kunit *test, struct winusb_buffer_fixture *f,
				  const u8 *whole, size_t offset, size_t length)
{
	WINUSB_EXPECT_MEMEQ(test, f->got, whole + offset, length);
}

static void winusb_buffer_check_list(struct kunit *test, struct scatterlist *list,
				     unsigned int nents, size_t length,
				     const struct winusb_dma *dma)
{
	struct scatterlist *segment;
	size_t total = 0;
	unsigned int i;

	KUNIT_EXPECT_LE(test, nents, dma->max_segments);
	KUNIT_EXPECT_EQ(test, sg_nents(list), (int)nents);
	for_each_sg(list, segment, nents, i) {
		KUNIT_EXPECT_NE(test, segment->length, 0U);
		KUNIT_EXPECT_LE(test, segment->length, (unsigned int)WINUSB_SEGMENT);
		if (dma->whole_packets && i + 1 < nents)
			KUNIT_EXPECT_EQ(test, segment->length % dma->maxp, 0U);
		total += segment->length;
	}
	KUNIT_EXPECT_EQ(test, total, length);
}

/*
 * One chunk as winusb_queue_fill() asks for it. Gives how many bytes of the
 * buffer were shown; fewer than wanted must be whole packets.
 */
static size_t winusb_buffer_show(struct kunit *test, struct winusb_buffer_fixture *f,
				 const struct winusb_dma *dma, const u8 *whole, size_t offset)
{
	struct winusb_buffer *buffer = f->buffer;
	size_t rest = buffer->length - offset, length, direct, wanted, piece;
	struct scatterlist *list;
	unsigned int nents;
	u8 *tail = NULL;
	void *address;

	length = min_t(size_t, buffer->in ? roundup(rest, dma->maxp) : rest, dma->max_transfer);
	address = winusb_buffer_address(buffer, offset, length, &piece);
	if (address) {
		KUNIT_EXPECT_GE(test, piece, length);
		memcpy(f->got, address, min(length, rest));
		winusb_buffer_compare(test, f, whole, offset, min(length, rest));
		return min(length, rest);
	}
	direct = length;
	if (offset + length > buffer->room) {
		direct = rounddown(min(length, rest), dma->maxp);
		tail = f->tail;
	}
	wanted = direct;
	nents = dma->max_segments > 1 && direct ?
		winusb_buffer_list(buffer, offset, &direct, dma, tail, &list) : 0;
	if (nents) {
		KUNIT_EXPECT_GT(test, direct, (size_t)0);
		KUNIT_EXPECT_LE(test, direct, wanted);
		if (direct < wanted)
			KUNIT_EXPECT_EQ(test, direct % dma->maxp, (size_t)0);
		winusb_buffer_check_list(test, list, nents,
					 direct + (tail && direct == wanted ? dma->maxp : 0), dma);
		direct = min(direct, rest);
		KUNIT_EXPECT_EQ(test, sg_pcopy_to_buffer(list, nents, f->got, direct, 0), direct);
		winusb_buffer_compare(test, f, whole, offset, direct);
		/* What comes behind the whole packets is in the tail, and copied from there. */
		return tail && direct == wanted ? min(length, rest) : direct;
	}
	/* By way of memory of the pipe. */
	f->fallbacks++;
	direct = min3(length, rest, rounddown((size_t)WINUSB_BUFFER_BOUNCE, dma->maxp));
	winusb_buffer_read(buffer, offset, f->got, direct);
	winusb_buffer_compare(test, f, whole, offset, direct);
	return direct;
}

/* What is kept is paid for as long as it is there. */
static void winusb_buffer_check_charge(struct kunit *test, struct winusb_buffer_fixture *f)
{
	KUNIT_EXPECT_EQ(test, atomic_long_read(&f->wf->charged),
			(long)(f->buffer->charged + f->buffer->linear_size));
}

/* Walks a buffer whose bytes are known, then delivers and releases it. */
static void winusb_buffer_walk(struct kunit *test, struct winusb_buffer_fixture *f,
			       const struct winusb_dma *dma, struct winusb_async *a,
			       const u8 *whole)
{
	struct winusb_buffer *buffer = f->buffer;
	bool in = a->address & USB_DIR_IN;
	size_t offset, moved = a->length;

	KUNIT_ASSERT_EQ(test, winusb_buffer_get(f, a, dma), 0);
	KUNIT_EXPECT_EQ(test, buffer->length, a->length);
	KUNIT_EXPECT_GE(test, buffer->room, a->length);
	if (in)
		winusb_buffer_write(buffer, 0, whole, a->length);
	else
		whole = a->buf;
	if (buffer->kind == WINUSB_MEMORY_PAGES)
		KUNIT_EXPECT_GE(test, buffer->charged, a->length);
	else
		KUNIT_EXPECT_EQ(test, buffer->charged, (size_t)0);
	winusb_buffer_check_charge(test, f);

	for (offset = 0; offset < a->length;)
		offset += winusb_buffer_show(test, f, dma, whole, offset);
	KUNIT_EXPECT_EQ(test, offset, a->length);

	KUNIT_EXPECT_EQ(test, winusb_buffer_deliver(buffer, &moved), 0);
	KUNIT_EXPECT_EQ(test, moved, a->length);
	winusb_buffer_release(buffer, f->wf, true);
	KUNIT_EXPECT_EQ(test, buffer->charged, (size_t)0);
	winusb_buffer_check_charge(test, f);
	if (in) {
		winusb_async_gather(a);
		WINUSB_EXPECT_MEMEQ(test, a->buf, whole, a->length);
	}
	winusb_async_check_guards(test, a);
}

/* All shapes, lengths and directions; the same object each time, as a kept request has it. */
static void winusb_test_pieces_make_up_the_whole(struct kunit *test)
{
	const struct winusb_dma_row *row = test->param_value;
	struct winusb_buffer_fixture *f = winusb_buffer_fixture(test);
	struct winusb_async *a;
	unsigned int i, shape, in;
	const u8 *whole;

	whole = winusb_async_new(test, 0, 200000)->buf;
	for (shape = 0; shape < ARRAY_SIZE(winusb_shapes); shape++) {
		for (i = 0; i < ARRAY_SIZE(winusb_buffer_lengths) * 2; i++) {
			in = i % 2 ? USB_DIR_IN : 0;
			a = winusb_shape_new(test, in, winusb_buffer_lengths[i / 2], shape);
			winusb_buffer_walk(test, f, &row->dma, a, whole);
			if (test->status == KUNIT_FAILURE) {
				kunit_info(test, "%s, %zu bytes, %s", winusb_shapes[shape].name,
					   a->length, in ? "in" : "out");
				goto out_destroy;
			}
		}
	}
out_destroy:
	winusb_buffer_destroy(f->buffer, f->wf);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&f->wf->charged), 0L);
}

struct winusb_kind_row {
	const char *name;
	unsigned int shape;		/* of winusb_shapes */
	size_t length;
	bool in;
	struct winusb_dma dma;
	enum winusb_memory kind;
	size_t room;
	size_t charged;
};

#define WINUSB_ANY_LIST		{ 512, 0x1fec00, UINT_MAX, false }
#define WINUSB_NO_LIST		{ 512, 65536, 0, false }
#define WINUSB_64_SEGMENTS	{ 512, 0x1fec00, 64, false }
#define WINUSB_WHOLE_PACKETS	{ 512, 0x1fec00, 64, true }

/* No copy where the controller can take the pages; whole packets for reads into our own memory. */
static const struct winusb_kind_row winusb_kind_rows[] = {
	{ "nothing", 0, 0, true, WINUSB_ANY_LIST, WINUSB_MEMORY_NONE, 0, 0 },
	{ "small_read", 0, 10, true, WINUSB_ANY_LIST, WINUSB_MEMORY_LINEAR, 512, 512 },
	{ "small_write", 0, 10, false, WINUSB_ANY_LIST, WINUSB_MEMORY_LINEAR, 10, 512 },
	{ "16k_read", 0, 16384, true, WINUSB_ANY_LIST, WINUSB_MEMORY_LINEAR, 16384, 16384 },
	{ "above_16k", 0, 16385, true, WINUSB_ANY_LIST, WINUSB_MEMORY_PAGES, 20480, 16896 },
	{ "64k_no_list", 0, 65536, true, WINUSB_NO_LIST, WINUSB_MEMORY_LINEAR, 65536, 65536 },
	{ "above_64k_no_list", 0, 65537, false, WINUSB_NO_LIST, WINUSB_MEMORY_PAGES, 69632, 65537 },
	{ "pages_read", 1, 1000, true, WINUSB_ANY_LIST, WINUSB_MEMORY_FIXED, 1000, 0 },
	{ "pages_write", 1, 70000, false, WINUSB_ANY_LIST, WINUSB_MEMORY_FIXED, 70000, 0 },
	{ "pages_no_list", 1, 70000, true, WINUSB_NO_LIST, WINUSB_MEMORY_PAGES, 73728, 70144 },
	{ "one_page_no_list", 1, 512, true, WINUSB_NO_LIST, WINUSB_MEMORY_FIXED, 512, 0 },
	{ "pages_odd", 4, 1000, true, WINUSB_ANY_LIST, WINUSB_MEMORY_LINEAR, 1024, 1024 },
	{ "whole_packets", 2, 8000, true, WINUSB_WHOLE_PACKETS, WINUSB_MEMORY_FIXED, 8000, 0 },
	{ "no_whole_packets", 3, 8000, true, WINUSB_WHOLE_PACKETS, WINUSB_MEMORY_LINEAR, 8192,
	  8192 },
	{ "pieces_of_1024", 10, 8000, true, WINUSB_WHOLE_PACKETS, WINUSB_MEMORY_FIXED, 8000, 0 },
	{ "pieces_of_1000", 11, 8000, true, WINUSB_WHOLE_PACKETS, WINUSB_MEMORY_LINEAR, 8192,
	  8192 },
	{ "64_pieces", WINUSB_SHAPE_CRUMBS, 6400, false, WINUSB_64_SEGMENTS, WINUSB_MEMORY_FIXED,
	  6400, 0 },
	{ "too_many_pieces", WINUSB_SHAPE_CRUMBS, 6500, false, WINUSB_64_SEGMENTS,
	  WINUSB_MEMORY_LINEAR, 6500, 6500 },
	{ "too_many_with_tail", WINUSB_SHAPE_CRUMBS, 6400, true, WINUSB_64_SEGMENTS,
	  WINUSB_MEMORY_LINEAR, 6656, 6656 },
	{ "41_pieces_in_a_chunk", WINUSB_SHAPE_CRUMBS, 12000, false, { 512, 4096, 42, false },
	  WINUSB_MEMORY_FIXED, 12000, 0 },
	{ "too_many_in_a_chunk", WINUSB_SHAPE_CRUMBS, 12000, false, { 512, 4096, 40, false },
	  WINUSB_MEMORY_LINEAR, 12000, 12000 },
};

static void winusb_kind_row_desc(const struct winusb_kind_row *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_kind_row, winusb_kind_rows, winusb_kind_row_desc);

static void winusb_test_kind_of_memory(struct kunit *test)
{
	const struct winusb_kind_row *row = test->param_value;
	struct winusb_buffer_fixture *f = winusb_buffer_fixture(test);
	struct winusb_async *a;

	a = winusb_shape_new(test, row->in ? USB_DIR_IN : 0, row->length, row->shape);
	KUNIT_EXPECT_EQ(test, winusb_buffer_get(f, a, &row->dma), 0);
	KUNIT_EXPECT_EQ(test, f->buffer->kind, row->kind);
	KUNIT_EXPECT_EQ(test, f->buffer->length, row->length);
	KUNIT_EXPECT_EQ(test, f->buffer->room, row->room);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&f->wf->charged), (long)row->charged);
	winusb_buffer_release(f->buffer, f->wf, false);
	KUNIT_EXPECT_EQ(test, f->buffer->kind, WINUSB_MEMORY_NONE);
	KUNIT_EXPECT_LE(test, f->buffer->linear_size, (size_t)16384);
	winusb_buffer_check_charge(test, f);
	winusb_buffer_destroy(f->buffer, f->wf);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&f->wf->charged), 0L);
}

/* A list is shown as it is where the controller can take all of it. */
static void winusb_test_nothing_is_bounced_without_need(struct kunit *test)
{
	static const struct winusb_dma dma = WINUSB_ANY_LIST;
	static const size_t lengths[] = { 512, 1000, 4096, 65537, 100001 };
	struct winusb_buffer_fixture *f = winusb_buffer_fixture(test);
	struct winusb_async *a;
	unsigned int i, shape;
	const u8 *whole;

	whole = winusb_async_new(test, 0, 200000)->buf;
	for (shape = 0; shape < ARRAY_SIZE(winusb_shapes); shape++) {
		if (shape == WINUSB_SHAPE_CRUMBS)
			continue;
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			a = winusb_shape_new(test, USB_DIR_IN, lengths[i], shape);
			winusb_buffer_walk(test, f, &dma, a, whole);
		}
	}
	KUNIT_EXPECT_EQ(test, f->fallbacks, 0U);
	winusb_buffer_destroy(f->buffer, f->wf);
}

/* Bytes at any place, over the borders of pieces, and no others. */
static void winusb_test_write_and_read_anywhere(struct kunit *test)
{
	static const struct winusb_dma dma = WINUSB_ANY_LIST;
	struct winusb_buffer_fixture *f = winusb_buffer_fixture(test);
	size_t offset, length, moved, total = 20000, i;
	struct winusb_async *a;
	unsigned int shape;
	u8 *model;

	model = winusb_async_new(test, USB_DIR_IN, total)->buf;
	for (shape = 0; shape < ARRAY_SIZE(winusb_shapes); shape++) {
		a = winusb_shape_new(test, USB_DIR_IN, total, shape);
		KUNIT_ASSERT_EQ(test, winusb_buffer_get(f, a, &dma), 0);
		memset(model, 0, total);
		winusb_buffer_write(f->buffer, 0, model, total);
		for (i = 0; i < 200; i++) {
			offset = i * 7919 % total;
			length = min(i * 104729 % 1500, total - offset);
			memset(f->got, i + 1, length);
			memset(model + offset, i + 1, length);
			winusb_buffer_write(f->buffer, offset, f->got, length);
			offset = i * 4099 % total;
			length = min(i * 1299709 % 5000, total - offset);
			winusb_buffer_read(f->buffer, offset, f->got, length);
			WINUSB_EXPECT_MEMEQ(test, f->got, model + offset, length);
		}
		moved = total;
		KUNIT_EXPECT_EQ(test, winusb_buffer_deliver(f->buffer, &moved), 0);
		winusb_buffer_release(f->buffer, f->wf, true);
		winusb_async_gather(a);
		WINUSB_EXPECT_MEMEQ(test, a->buf, model, total);
		winusb_async_check_guards(test, a);
	}
	winusb_buffer_destroy(f->buffer, f->wf);
}

/* Only what was moved is delivered. */
static void winusb_test_only_what_was_moved_is_delivered(struct kunit *test)
{
	static const struct winusb_dma dma = WINUSB_ANY_LIST;
	static const size_t lengths[] = { 1000, 100001 };
	static const size_t moves[] = { 0, 1, 100, 999, 65536, 65537, 100000 };
	struct winusb_buffer_fixture *f = winusb_buffer_fixture(test);
	struct winusb_async *a;
	unsigned int i, j;
	size_t moved;

	memset(f->got, 0x11, 200000);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (j = 0; j < ARRAY_SIZE(moves) && moves[j] < lengths[i]; j++) {
			a = winusb_async_new(test, USB_DIR_IN, lengths[i]);
			KUNIT_ASSERT_EQ(test, winusb_buffer_get(f, a, &dma), 0);
			winusb_buffer_write(f->buffer, 0, f->got, lengths[i]);
			moved = moves[j];
			KUNIT_EXPECT_EQ(test, winusb_buffer_deliver(f->buffer, &moved), 0);
			KUNIT_EXPECT_EQ(test, moved, moves[j]);
			winusb_buffer_release(f->buffer, f->wf, true);
			KUNIT_EXPECT_PTR_EQ(test, memchr_inv(a->buf, 0x11, lengths[i]),
					    (void *)a->buf + moves[j]);
			KUNIT_EXPECT_PTR_EQ(test, memchr_inv(a->buf + moves[j], WINUSB_ASYNC_FILL,
							     lengths[i] - moves[j]), NULL);
		}
	}
	winusb_buffer_destroy(f->buffer, f->wf);
}

/* What a kept buffer had from another transfer is not shown: IN memory of ours begins as zeroes. */
static void winusb_test_old_bytes_are_not_shown(struct kunit *test)
{
	static const struct winusb_dma dma = WINUSB_ANY_LIST;
	static const size_t lengths[] = { 512, 100, 16384, 513, 20000, 65537 };
	struct winusb_buffer_fixture *f = winusb_buffer_fixture(test);
	struct winusb_async *a;
	unsigned int i;

	for (i = 0; i < 3 * ARRAY_SIZE(lengths); i++) {
		a = winusb_async_new(test, USB_DIR_IN, lengths[i % ARRAY_SIZE(lengths)]);
		KUNIT_ASSERT_EQ(test, winusb_buffer_get(f, a, &dma), 0);
		memset(f->got, 1, f->buffer->room);
		winusb_buffer_read(f->buffer, 0, f->got, f->buffer->room);
		KUNIT_EXPECT_PTR_EQ(test, memchr_inv(f->got, 0, f->buffer->room), NULL);
		memset(f->got, 0x5a, f->buffer->room);
		winusb_buffer_write(f->buffer, 0, f->got, f->buffer->room);
		winusb_buffer_release(f->buffer, f->wf, false);
	}
	winusb_buffer_destroy(f->buffer, f->wf);
}

/* max_buffer_mb: to the byte, and nothing is charged by what was refused. */
static void winusb_test_cap_of_a_file(struct kunit *test)
{
	static const struct winusb_dma dma = WINUSB_ANY_LIST;
	static const struct winusb_layout pages = { "pages", 0, 0, 0, 0 };
	struct winusb_buffer_fixture *f = winusb_buffer_fixture(test);
	struct winusb_async *a;

	KUNIT_EXPECT_EQ(test, winusb_file_charge(f->wf, WINUSB_BUFFER_CAP + 1), -ENOMEM);
	KUNIT_EXPECT_EQ(test, winusb_file_charge(f->wf, SIZE_MAX), -ENOMEM);
	KUNIT_EXPECT_EQ(test, winusb_file_charge(f->wf, SIZE_MAX / 2 + 1), -ENOMEM);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&f->wf->charged), 0L);
	KUNIT_EXPECT_EQ(test, winusb_file_charge(f->wf, WINUSB_BUFFER_CAP - 1023), 0);

	a = winusb_async_new(test, USB_DIR_IN, 513);	/* two packets */
	KUNIT_EXPECT_EQ(test, winusb_buffer_get(f, a, &dma), -ENOMEM);
	winusb_buffer_release(f->buffer, f->wf, false);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&f->wf->charged), WINUSB_BUFFER_CAP - 1023L);
	a = winusb_async_new(test, 0, 1023);
	KUNIT_EXPECT_EQ(test, winusb_buffer_get(f, a, &dma), 0);
	KUNIT_EXPECT_EQ(test, winusb_file_charge(f->wf, 1), -ENOMEM);
	winusb_buffer_release(f->buffer, f->wf, false);
	winusb_buffer_destroy(f->buffer, f->wf);
	memset(f->buffer, 0, sizeof(*f->buffer));

	/* Registered memory is not the kernel's, and free. */
	KUNIT_EXPECT_EQ(test, winusb_file_charge(f->wf, 1023), 0);
	a = winusb_async_new_bvec(test, USB_DIR_IN, 100000, &pages);
	KUNIT_EXPECT_EQ(test, winusb_buffer_get(f, a, &dma), 0);
	winusb_buffer_release(f->buffer, f->wf, false);
	winusb_file_uncharge(f->wf, WINUSB_BUFFER_CAP);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&f->wf->charged), 0L);
	winusb_buffer_destroy(f->buffer, f->wf);
}

/* An address is good for the controller: aligned, and inside. */
static void winusb_test_addresses(struct kunit *test)
{
	static const struct winusb_dma dma = WINUSB_ANY_LIST;
	struct winusb_buffer_fixture *f = winusb_buffer_fixture(test);
	struct winusb_async *a = winusb_async_new(test, USB_DIR_IN, 1000);
	size_t piece;

	KUNIT_ASSERT_EQ(test, winusb_buffer_get(f, a, &dma), 0);
	KUNIT_EXPECT_PTR_EQ(test, winusb_buffer_address(f->buffer, 0, 1024, &piece),
			    (void *)f->buffer->linear);
	KUNIT_EXPECT_EQ(test, piece, (size_t)1024);
	KUNIT_EXPECT_PTR_EQ(test, winusb_buffer_address(f->buffer, 0, 1025, &piece), NULL);
	KUNIT_EXPECT_EQ(test, piece, (size_t)1024);
	KUNIT_EXPECT_PTR_EQ(test, winusb_buffer_address(f->buffer, 512, 512, &piece),
			    (void *)f->buffer->linear + 512);
	KUNIT_EXPECT_PTR_EQ(test, winusb_buffer_address(f->buffer, 1, 1, &piece), NULL);
	KUNIT_EXPECT_EQ(test, piece, (size_t)0);
	KUNIT_EXPECT_PTR_EQ(test, winusb_buffer_address(f->buffer, 1024, 0, &piece), NULL);
	winusb_buffer_release(f->buffer, f->wf, false);
	winusb_buffer_destroy(f->buffer, f->wf);
}

static void winusb_buffer_test_exit(struct kunit *test)
{
	winusb_async_free_all(test);
}

static struct kunit_case winusb_buffer_cases[] = {
	WINUSB_CASE_PARAM(pieces_make_up_the_whole, winusb_dma_row),
	WINUSB_CASE_PARAM(kind_of_memory, winusb_kind_row),
	WINUSB_CASE(nothing_is_bounced_without_need),
	WINUSB_CASE(write_and_read_anywhere),
	WINUSB_CASE(only_what_was_moved_is_delivered),
	WINUSB_CASE(old_bytes_are_not_shown),
	WINUSB_CASE(cap_of_a_file),
	WINUSB_CASE(addresses),
	{ }
};

static struct kunit_suite winusb_buffer_suite = {
	.name = "winusb_buffer",
	.init = winusb_bench_init_empty,
	.exit = winusb_buffer_test_exit,
	.test_cases = winusb_buffer_cases,
};

kunit_test_suite(winusb_buffer_suite);
