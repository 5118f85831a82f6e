/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transfers that no thread waits for: they come in by the door of records, any
 * number of them, from memory of any shape, and a test takes them in the order
 * in which they are done.
 */
#ifndef WINUSB_KUNIT_ASYNC_H
#define WINUSB_KUNIT_ASYNC_H

#include "bench.h"

#define WINUSB_ASYNC_GUARD	64	/* bytes after a buffer that nobody may touch */
#define WINUSB_ASYNC_FILL	0xa5

/**
 * struct winusb_layout - How memory is cut into pieces
 * @name: for the test's description
 * @order: each piece lies in a block of so many pages, a power of two; the
 *	blocks are anywhere
 * @offset: where the first piece begins in its block
 * @piece: bytes of each piece, then all begin at @offset; 0 to fill the blocks
 * @skip: bytes in front of the buffer that an iterator has passed already
 */
struct winusb_layout {
	const char *name;
	unsigned int order;
	unsigned int offset;
	unsigned int piece;
	unsigned int skip;
};

/**
 * struct winusb_async - A transfer
 * @node: in &winusb_bench.asyncs
 * @wf: the file
 * @req: the request, from the start until it is taken
 * @address: endpoint
 * @cookie: may be set before the start; its own address at first
 * @buf: the bytes, in one piece: to be written, or read
 * @length: how many
 * @iter: the memory that the driver gets
 * @vec: ... is this, of @buf,
 * @bvec: ... or these
 * @nr: how many
 * @layout: where @bvec is from; stays until the test ends
 */
struct winusb_async {
	struct list_head node;
	struct winusb_file *wf;
	struct winusb_request *req;
	u8 address;
	u64 cookie;
	u8 *buf;
	size_t length;
	struct iov_iter iter;
	struct kvec vec;
	struct bio_vec *bvec;
	unsigned int nr;
	const struct winusb_layout *layout;
};

struct winusb_async *winusb_async_new(struct kunit *test, u8 address, size_t length);
struct winusb_async *winusb_async_new_bvec(struct kunit *test, u8 address, size_t length,
					   const struct winusb_layout *layout);
void winusb_async_gather(struct winusb_async *a);
void winusb_async_check_guards(struct kunit *test, struct winusb_async *a);
void winusb_async_free_all(struct kunit *test);

int winusb_async_try(struct winusb_handle *wh, struct winusb_async *a);
struct winusb_async *winusb_async_start(struct kunit *test, struct winusb_handle *wh, u8 address,
					size_t length);
unsigned int winusb_async_ready(struct winusb_file *wf);
struct winusb_request *winusb_async_take(struct kunit *test, struct winusb_file *wf);
void winusb_async_expect(struct kunit *test, struct winusb_async *a, int status, size_t moved);
void winusb_async_expect_all(struct kunit *test, struct winusb_async **a, unsigned int nr,
			     int status, size_t moved);
void winusb_async_expect_none(struct kunit *test, struct winusb_file *wf);
void winusb_async_expect_quiet(struct kunit *test, struct winusb_file *wf);

void winusb_expect_pattern(struct kunit *test, const u8 *buf, u64 position, size_t length);
void winusb_expect_lengths(struct kunit *test, u8 address, const int *lengths, unsigned int nr);
unsigned int winusb_count_clears(struct kunit *test, u8 address);
unsigned int winusb_count_urbs(struct kunit *test, u8 address);
void winusb_set(struct kunit *test, struct winusb_handle *wh, u8 address, u32 policy, u32 value);
void winusb_send(struct kunit *test, const void *data, size_t length);
void winusb_act(struct kunit *test, enum winusb_hcd_action action);
void winusb_hold_clear(struct kunit *test);

/* The lengths of all URBs that an endpoint has got, in order. */
#define WINUSB_EXPECT_LENGTHS(test, address, ...)					\
	winusb_expect_lengths(test, address, (const int[]){ __VA_ARGS__ },		\
			      ARRAY_SIZE(((const int[]){ __VA_ARGS__ })))

#endif
