// SPDX-License-Identifier: GPL-2.0-only
/*
 * The buffer: where the bytes of a request are while it runs, and how they get from and to the
 * program. Large transfers go straight to the program's pages, which are pinned, or are pinned
 * already in a registered buffer of io_uring. Small ones are copied, which is cheaper, and so are
 * those whose pages the host controller can't take or the program may not pin: RLIMIT_MEMLOCK
 * bounds its pins, and a cap for each file (max_buffer_mb) what the kernel lends instead.
 *
 * winusb_buffer_prepare(), _deliver() (deliver.c) and _release() touch user memory or sleep: they
 * are called outside the gate, since a page fault may wait for user space and disconnect() must
 * not. The rest is for the thread or completion that runs the request.
 *
 * Bytes that are copied to the program are delivered when its transfer is collected. Another
 * process may do that; then the pages of the one that submitted it are pinned for the moment.
 */
#include <linux/bvec.h>
#include <linux/capability.h>
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "buffer.h"
#include "compat.h"
#include "file.h"

#define WINUSB_PIN_BATCH 32		/* pages; on the stack */
#define WINUSB_KEPT_SEGMENTS 520	/* of a list that is kept: one URB of single pages */
#define WINUSB_ALIGNMENT 4		/* that the DMA of all host controllers can do */

static unsigned int winusb_buffer_alignment(void)
{
	return max_t(unsigned int, WINUSB_ALIGNMENT, dma_get_cache_alignment());
}

static bool winusb_buffer_has_list(const struct winusb_buffer *buffer)
{
	return buffer->kind >= WINUSB_MEMORY_PAGES;
}

static int winusb_buffer_grow(struct scatterlist **list, unsigned int *size, unsigned int wanted)
{
	struct scatterlist *grown;

	if (*size >= wanted)
		return 0;
	grown = kvmalloc_array(wanted, sizeof(*grown), GFP_KERNEL_ACCOUNT);
	if (!grown)
		return -ENOMEM;
	kvfree(*list);
	*list = grown;
	*size = wanted;
	return 0;
}

static int winusb_buffer_start_list(struct winusb_buffer *buffer, unsigned int segments)
{
	int ret = winusb_buffer_grow(&buffer->sgl, &buffer->sgl_size, segments);

	buffer->nents = 0;
	if (!ret)
		sg_init_table(buffer->sgl, segments);
	return ret;
}

/* Append a piece of memory, of at most one segment. There is room for it. */
static void winusb_buffer_append(struct winusb_buffer *buffer, struct page *page,
				 unsigned int offset, unsigned int length)
{
	struct scatterlist *last = buffer->nents ? &buffer->sgl[buffer->nents - 1] : NULL;
	phys_addr_t start = page_to_phys(page) + offset;

	page += offset / PAGE_SIZE;
	offset %= PAGE_SIZE;
	/* Not across 4 GiB, which some controllers can't. */
	if (last && last->length + length <= WINUSB_SEGMENT && lower_32_bits(start) &&
	    page_to_phys(sg_page(last)) + last->offset + last->length == start) {
		last->length += length;
		return;
	}
	sg_set_page(&buffer->sgl[buffer->nents++], page, length, offset);
}

/* Give the list its end. sg_init_table() has marked the last place of the array. */
static void winusb_buffer_end_list(struct winusb_buffer *buffer, unsigned int segments)
{
	sg_unmark_end(&buffer->sgl[segments - 1]);
	sg_mark_end(&buffer->sgl[buffer->nents - 1]);
}

/* Are there so few segments that every chunk is one URB, and no smaller one (winusb.md 1.5)? */
static bool winusb_buffer_is_compact(const struct winusb_buffer *buffer,
				     const struct winusb_dma *dma, unsigned int tail)
{
	unsigned int i, n = tail;
	size_t length = 0;

	for (i = 0; i < buffer->nents; i++) {
		if (++n > dma->max_segments)
			return false;
		length += buffer->sgl[i].length;
		if (length >= dma->max_transfer) {
			length -= dma->max_transfer;
			n = tail + !!length;	/* its rest begins the next one */
		}
	}
	return true;
}

/* Can the host controller take the segments as they are? */
static bool winusb_buffer_fits(const struct winusb_buffer *buffer, const struct winusb_dma *dma)
{
	unsigned int tail = buffer->in && buffer->length % dma->maxp ? 1 : 0;
	unsigned int cache = dma_get_cache_alignment();
	size_t end = buffer->sgl[0].offset + buffer->length;
	unsigned int i;

	if (buffer->sgl[0].offset % winusb_buffer_alignment() ||
	    (buffer->in && cache > 1 && end % cache))
		return false;
	if (buffer->nents + tail == 1)
		return dma->max_segments || !PageHighMem(sg_page(buffer->sgl));
	if (dma->max_segments < 2 || !winusb_buffer_is_compact(buffer, dma, tail))
		return false;
	for (i = 0; dma->whole_packets && i + 1 < buffer->nents; i++)
		if (buffer->sgl[i].length % dma->maxp)
			return false;
	return true;
}

/* Memory for the list of a part, where a URB does not cover all segments and nothing else. */
static int winusb_buffer_prepare_part(struct winusb_buffer *buffer, const struct winusb_dma *dma)
{
	size_t most = min_t(size_t, buffer->length, dma->max_transfer);
	unsigned int segments;

	/* Such a write takes the list as it is. A read may begin behind saved bytes. */
	if (buffer->length <= dma->max_transfer && !buffer->in)
		return 0;
	segments = min3((unsigned int)(most / PAGE_SIZE + 3), buffer->nents + 1,
			dma->max_segments);
	if (!segments)
		return 0;
	return winusb_buffer_grow(&buffer->part, &buffer->part_size, segments);
}

/* Charge pages to the program's RLIMIT_MEMLOCK. */
static int winusb_buffer_charge(struct winusb_buffer *buffer, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	unsigned long pinned = atomic64_add_return(pages, &buffer->mm->pinned_vm);

	/* Without an entry in the audit log: it is no attempt at anything. */
	if (pinned > limit && !ns_capable_noaudit(&init_user_ns, CAP_IPC_LOCK)) {
		atomic64_sub(pages, &buffer->mm->pinned_vm);
		return -ENOMEM;
	}
	buffer->pins = pages;
	return 0;
}

static void winusb_buffer_unpin(struct winusb_buffer *buffer, bool dirty)
{
	unsigned int i;

	for (i = 0; i < buffer->nents; i++) {
		struct scatterlist *segment = &buffer->sgl[i];

		unpin_user_page_range_dirty_lock(sg_page(segment),
						 DIV_ROUND_UP(segment->offset + segment->length,
							      PAGE_SIZE),
						 dirty && buffer->in);
	}
	buffer->nents = 0;
	atomic64_sub(buffer->pins, &buffer->mm->pinned_vm);
	buffer->pins = 0;
}

static int winusb_buffer_pin_pages(struct winusb_buffer *buffer, unsigned long address)
{
	unsigned int flags = FOLL_LONGTERM | (buffer->in ? FOLL_WRITE : 0);
	struct page *pages[WINUSB_PIN_BATCH];
	size_t left = buffer->length;
	int i, got;

	while (left) {
		size_t offset = offset_in_page(address);
		size_t wanted = DIV_ROUND_UP(offset + left, PAGE_SIZE);

		got = pin_user_pages_fast(address - offset, min_t(size_t, wanted, WINUSB_PIN_BATCH),
					  flags, pages);
		if (got <= 0)
			return got ? got : -EFAULT;
		for (i = 0; i < got; i++) {
			size_t length = min(left, PAGE_SIZE - offset);

			winusb_buffer_append(buffer, pages[i], offset, length);
			address += length;
			left -= length;
			offset = 0;
		}
	}
	return 0;
}

/* Use the program's pages. Any failure means that the bytes are to be copied. */
static int winusb_buffer_pin(struct winusb_buffer *buffer, const struct winusb_dma *dma)
{
	unsigned long address = (unsigned long)buffer->target.ubuf + buffer->target.iov_offset;
	unsigned long pages = DIV_ROUND_UP(offset_in_page(address) + buffer->length, PAGE_SIZE);
	int ret;

	if (!buffer->mm || dma->max_segments < 2 || address % winusb_buffer_alignment())
		return -EINVAL;
	buffer->nents = 0;
	ret = winusb_buffer_charge(buffer, pages);
	if (ret)
		return ret;
	ret = winusb_buffer_start_list(buffer, pages);
	if (!ret)
		ret = winusb_buffer_pin_pages(buffer, address);
	if (ret)
		goto err_unpin;
	winusb_buffer_end_list(buffer, pages);
	buffer->kind = WINUSB_MEMORY_PINNED;
	buffer->room = buffer->length;
	ret = winusb_buffer_fits(buffer, dma) ? winusb_buffer_prepare_part(buffer, dma) : -EINVAL;
	if (ret)
		goto err_unpin;
	return 0;

err_unpin:
	winusb_buffer_unpin(buffer, false);
	buffer->kind = WINUSB_MEMORY_NONE;
	return ret;
}

/* Use the pages of a registered buffer. As above. */
static int winusb_buffer_map(struct winusb_buffer *buffer, const struct winusb_dma *dma)
{
	const struct bio_vec *bvec = buffer->target.bvec;
	size_t left = buffer->length, skip = buffer->target.iov_offset;
	unsigned int segments = 0;
	size_t length, piece;
	int ret;

	for (length = left + skip; length; length -= min_t(size_t, length, bvec->bv_len), bvec++)
		segments += bvec->bv_len / WINUSB_SEGMENT + 1;
	ret = winusb_buffer_start_list(buffer, segments);
	if (ret)
		return ret;
	for (bvec = buffer->target.bvec; left; bvec++, skip = 0) {
		for (; left && skip < bvec->bv_len; skip += piece, left -= piece) {
			piece = min3(left, bvec->bv_len - skip, (size_t)WINUSB_SEGMENT);
			winusb_buffer_append(buffer, bvec->bv_page, bvec->bv_offset + skip, piece);
		}
	}
	winusb_buffer_end_list(buffer, segments);
	buffer->kind = WINUSB_MEMORY_FIXED;
	buffer->room = buffer->length;
	ret = winusb_buffer_fits(buffer, dma) ? winusb_buffer_prepare_part(buffer, dma) : -EINVAL;
	if (ret) {
		buffer->nents = 0;
		buffer->kind = WINUSB_MEMORY_NONE;
	}
	return ret;
}

static void winusb_buffer_free_linear(struct winusb_buffer *buffer, struct winusb_file *wf)
{
	kfree(buffer->linear);
	buffer->linear = NULL;
	if (buffer->linear_size)
		winusb_file_uncharge(wf, buffer->linear_size);
	buffer->linear_size = 0;
}

static int winusb_buffer_grow_linear(struct winusb_buffer *buffer, struct winusb_file *wf)
{
	/* A small one will do for most that come later. */
	size_t size = max_t(size_t, buffer->room, 512);
	int ret;

	winusb_buffer_free_linear(buffer, wf);
	ret = winusb_file_charge(wf, size);
	if (ret)
		return ret;
	buffer->linear_size = size;
	buffer->linear = kmalloc(size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (buffer->linear)
		return 0;
	winusb_buffer_free_linear(buffer, wf);
	return -ENOMEM;
}

static int winusb_buffer_alloc_linear(struct winusb_buffer *buffer, struct winusb_file *wf)
{
	int ret = buffer->linear_size < buffer->room ? winusb_buffer_grow_linear(buffer, wf) : 0;

	if (!ret)
		buffer->kind = WINUSB_MEMORY_LINEAR;
	return ret;
}

static void winusb_buffer_free_pages(struct winusb_buffer *buffer)
{
	unsigned int i;

	for (i = 0; i < buffer->nents; i++)
		__free_pages(sg_page(&buffer->sgl[i]), get_order(buffer->sgl[i].length));
	buffer->nents = 0;
}

/* Blocks as large as there are, so that few segments do. */
static int winusb_buffer_alloc_pages(struct winusb_buffer *buffer, const struct winusb_dma *dma)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN | (buffer->in ? __GFP_ZERO : 0);
	unsigned int most = DIV_ROUND_UP(buffer->room, PAGE_SIZE), order;
	size_t left = PAGE_ALIGN(buffer->room);
	struct page *page;
	int ret;

	ret = winusb_buffer_start_list(buffer, most);
	if (ret)
		return ret;
	buffer->kind = WINUSB_MEMORY_PAGES;
	order = get_order(WINUSB_SEGMENT);
	while (left) {
		while (order && PAGE_SIZE << order > left)
			order--;
		page = alloc_pages(order ? gfp | __GFP_NORETRY : gfp, order);
		if (!page && order) {
			order--;
			continue;
		}
		if (!page || fatal_signal_pending(current)) {
			if (page)
				__free_pages(page, order);
			goto err_free;
		}
		/* Not merged: each is freed as it was allocated. */
		sg_set_page(&buffer->sgl[buffer->nents++], page, PAGE_SIZE << order, 0);
		left -= PAGE_SIZE << order;
	}
	winusb_buffer_end_list(buffer, most);
	buffer->room = PAGE_ALIGN(buffer->room);
	ret = winusb_buffer_grow(&buffer->part, &buffer->part_size,
				 min3(buffer->nents + 1, dma->max_segments,
				      (unsigned int)WINUSB_KEPT_SEGMENTS));
	if (!ret)
		return 0;
err_free:
	winusb_buffer_free_pages(buffer);
	buffer->kind = WINUSB_MEMORY_NONE;
	return -ENOMEM;
}

static size_t winusb_buffer_fill(struct winusb_buffer *buffer)
{
	struct iov_iter iter = buffer->target;
	size_t filled = 0, piece;
	unsigned int i;

	if (buffer->kind == WINUSB_MEMORY_LINEAR)
		return copy_from_iter(buffer->linear, buffer->length, &iter);
	for (i = 0; i < buffer->nents && filled < buffer->length; i++) {
		piece = min_t(size_t, buffer->sgl[i].length, buffer->length - filled);
		if (copy_from_iter(sg_virt(&buffer->sgl[i]), piece, &iter) != piece)
			break;
		filled += piece;
	}
	return filled;
}

/* Use memory of our own. @linear_max bytes are taken in one piece. */
static int winusb_buffer_copy(struct winusb_buffer *buffer, struct winusb_file *wf,
			      const struct winusb_dma *dma, size_t linear_max)
{
	int ret;

	if (buffer->room <= linear_max) {
		ret = winusb_buffer_alloc_linear(buffer, wf);
	} else {
		ret = winusb_file_charge(wf, buffer->room);
		if (ret)
			return ret;
		buffer->charged = buffer->room;
		/* Before there is all that memory for nothing. */
		if (buffer->in && !winusb_buffer_is_writable(buffer))
			return -EFAULT;
		ret = winusb_buffer_alloc_pages(buffer, dma);
	}
	if (ret)
		return ret;
	/* A bad buffer is refused before anything moves. */
	if (!buffer->in)
		return winusb_buffer_fill(buffer) == buffer->length ? 0 : -EFAULT;
	if (buffer->kind == WINUSB_MEMORY_LINEAR) {
		if (!winusb_buffer_is_writable(buffer))
			return -EFAULT;
		/* What a host controller says it received is not always what it wrote. */
		memset(buffer->linear, 0, buffer->room);
	}
	return 0;
}

/* Bytes that are copied later, and pins, are somebody's. */
static void winusb_buffer_set_owner(struct winusb_buffer *buffer, bool stays)
{
	if (!iter_is_ubuf(&buffer->target) || !current->mm)
		return;
	buffer->mm = current->mm;
	buffer->mm_held = stays;
	if (stays)
		mmgrab(buffer->mm);
}

static void winusb_buffer_begin(struct winusb_buffer *buffer, const struct iov_iter *iter, bool in)
{
	buffer->kind = WINUSB_MEMORY_NONE;
	buffer->in = in;
	buffer->length = iov_iter_count(iter);
	buffer->room = buffer->length;
	buffer->target = *iter;
	buffer->seek = 0;
	buffer->seek_offset = 0;
}

/**
 * winusb_buffer_prepare - Get the memory of a bulk or interrupt transfer
 * @buffer: The buffer. winusb_buffer_release() is called, also after failure.
 * @wf: The file that pays.
 * @iter: The caller's memory: of user space, of io_uring, or the kernel's.
 * @in: It is to be written.
 * @stays: This thread will not wait for the end.
 * @dma: What the host controller takes.
 *
 * The bytes of a write are taken here, unless their pages are used.
 *
 * Return: 0, -EFAULT for a bad pointer, or -ENOMEM.
 */
int winusb_buffer_prepare(struct winusb_buffer *buffer, struct winusb_file *wf,
			  const struct iov_iter *iter, bool in, bool stays,
			  const struct winusb_dma *dma)
{
	size_t linear_max = dma->max_segments ? WINUSB_COPY_LENGTH : WINUSB_SEGMENT;

	winusb_buffer_begin(buffer, iter, in);
	if (!buffer->length)
		return 0;
	if (in || buffer->length > WINUSB_COPY_LENGTH)
		winusb_buffer_set_owner(buffer, stays);
	if (iov_iter_is_bvec(iter)) {
		if (!winusb_buffer_map(buffer, dma))
			return 0;
	} else if (buffer->length > WINUSB_COPY_LENGTH && iter_is_ubuf(iter)) {
		if (!winusb_buffer_pin(buffer, dma))
			return 0;
	}
	buffer->room = in ? roundup(buffer->length, dma->maxp) : buffer->length;
	return winusb_buffer_copy(buffer, wf, dma, linear_max);
}
WINUSB_EXPORT_FOR_TESTS(winusb_buffer_prepare);

/**
 * winusb_buffer_prepare_control - Get the memory of a control transfer
 * @buffer: The buffer. As above.
 * @wf: The file that pays.
 * @iter: The caller's memory.
 * @length: Bytes of it that are used, at most 65535.
 * @in: It is to be written.
 * @stays: This thread will not wait for the end.
 *
 * Return: As above.
 */
int winusb_buffer_prepare_control(struct winusb_buffer *buffer, struct winusb_file *wf,
				  const struct iov_iter *iter, size_t length, bool in, bool stays)
{
	winusb_buffer_begin(buffer, iter, in);
	if (in)
		winusb_buffer_set_owner(buffer, stays);
	buffer->length = length;
	buffer->room = length;
	iov_iter_truncate(&buffer->target, length);
	return length ? winusb_buffer_copy(buffer, wf, NULL, length) : 0;
}

/**
 * winusb_buffer_release - Give the memory of a transfer back
 * @buffer: The buffer. What is worth it is kept for the next transfer.
 * @wf: The file that paid.
 * @dirty: The device has written to it.
 */
void winusb_buffer_release(struct winusb_buffer *buffer, struct winusb_file *wf, bool dirty)
{
	if (buffer->kind == WINUSB_MEMORY_PINNED)
		winusb_buffer_unpin(buffer, dirty);
	else if (buffer->kind == WINUSB_MEMORY_PAGES)
		winusb_buffer_free_pages(buffer);
	buffer->kind = WINUSB_MEMORY_NONE;
	if (buffer->charged)
		winusb_file_uncharge(wf, buffer->charged);
	buffer->charged = 0;
	if (buffer->mm_held)
		mmdrop(buffer->mm);
	buffer->mm_held = false;
	buffer->mm = NULL;

	if (buffer->linear_size > WINUSB_COPY_LENGTH)
		winusb_buffer_free_linear(buffer, wf);
	/* The last reference may be dropped where vfree() can't be. */
	if (buffer->part_size && is_vmalloc_addr(buffer->part)) {
		kvfree(buffer->part);
		buffer->part = NULL;
		buffer->part_size = 0;
	}
	if (buffer->sgl_size > WINUSB_KEPT_SEGMENTS || is_vmalloc_addr(buffer->sgl)) {
		kvfree(buffer->sgl);
		buffer->sgl = NULL;
		buffer->sgl_size = 0;
	}
}
WINUSB_EXPORT_FOR_TESTS(winusb_buffer_release);

/**
 * winusb_buffer_destroy - Free what was kept
 * @buffer: The buffer, released.
 * @wf: The file that paid.
 */
void winusb_buffer_destroy(struct winusb_buffer *buffer, struct winusb_file *wf)
{
	winusb_buffer_free_linear(buffer, wf);
	kvfree(buffer->sgl);
	kvfree(buffer->part);
}
WINUSB_EXPORT_FOR_TESTS(winusb_buffer_destroy);

/*
 * The segment that an offset is in, and how far in. Chunks go forward, so the search goes on where
 * the last one ended. One at a time: by whoever runs the request.
 */
static struct scatterlist *winusb_buffer_seek(struct winusb_buffer *buffer, size_t offset,
					      size_t *skip)
{
	if (offset < buffer->seek_offset) {
		buffer->seek = 0;
		buffer->seek_offset = 0;
	}
	while (buffer->seek < buffer->nents &&
	       offset - buffer->seek_offset >= buffer->sgl[buffer->seek].length)
		buffer->seek_offset += buffer->sgl[buffer->seek++].length;
	*skip = offset - buffer->seek_offset;
	return buffer->seek < buffer->nents ? &buffer->sgl[buffer->seek] : NULL;
}

/**
 * winusb_buffer_write - Copy bytes of a read into the buffer
 * @buffer: The buffer.
 * @offset: Where they go.
 * @from: The bytes.
 * @length: How many; they fit.
 */
void winusb_buffer_write(struct winusb_buffer *buffer, size_t offset, const void *from,
			 size_t length)
{
	struct scatterlist *segment;
	size_t skip;

	if (buffer->kind == WINUSB_MEMORY_LINEAR) {
		memcpy(buffer->linear + offset, from, length);
	} else if (winusb_buffer_has_list(buffer) && length) {
		segment = winusb_buffer_seek(buffer, offset, &skip);
		sg_pcopy_from_buffer(segment, buffer->nents - buffer->seek, from, length, skip);
	}
}
WINUSB_EXPORT_FOR_TESTS(winusb_buffer_write);

/**
 * winusb_buffer_read - Copy bytes out of the buffer
 * @buffer: The buffer.
 * @offset: Where they are.
 * @to: Where they go.
 * @length: How many.
 */
void winusb_buffer_read(struct winusb_buffer *buffer, size_t offset, void *to, size_t length)
{
	struct scatterlist *segment;
	size_t skip;

	if (buffer->kind == WINUSB_MEMORY_LINEAR) {
		memcpy(to, buffer->linear + offset, length);
	} else if (winusb_buffer_has_list(buffer) && length) {
		segment = winusb_buffer_seek(buffer, offset, &skip);
		sg_pcopy_to_buffer(segment, buffer->nents - buffer->seek, to, length, skip);
	}
}
WINUSB_EXPORT_FOR_TESTS(winusb_buffer_read);

/**
 * winusb_buffer_address - Show a part of the buffer as one piece of memory
 * @buffer: The buffer.
 * @offset: Where it begins.
 * @length: Bytes.
 * @piece: Where it is said how many bytes are in one piece there.
 *
 * Return: Its address, which a host controller can use, or NULL if it is not in one piece.
 */
void *winusb_buffer_address(struct winusb_buffer *buffer, size_t offset, size_t length,
			    size_t *piece)
{
	struct scatterlist *segment;

	*piece = 0;
	if (offset >= buffer->room || offset % winusb_buffer_alignment())
		return NULL;
	if (buffer->kind == WINUSB_MEMORY_LINEAR) {
		*piece = buffer->room - offset;
		return *piece >= length ? buffer->linear + offset : NULL;
	}
	if (!winusb_buffer_has_list(buffer))
		return NULL;
	segment = winusb_buffer_seek(buffer, offset, &offset);
	if (!segment || PageHighMem(sg_page(segment)))
		return NULL;
	*piece = segment->length - offset;
	return *piece >= length ? sg_virt(segment) + offset : NULL;
}
WINUSB_EXPORT_FOR_TESTS(winusb_buffer_address);

/**
 * winusb_buffer_list - Show a part of the buffer as a scatter list
 * @buffer: The buffer.
 * @offset: Where it begins.
 * @length: Bytes wanted, in whole packets unless they are the last. What was covered.
 * @dma: What the host controller takes.
 * @tail: A packet of memory that is to follow, or NULL. It does if all of @length was covered.
 * @list: Where the list goes. Good until the next call.
 *
 * Return: The number of segments, 0 if there is no way.
 */
unsigned int winusb_buffer_list(struct winusb_buffer *buffer, size_t offset, size_t *length,
				const struct winusb_dma *dma, void *tail,
				struct scatterlist **list)
{
	unsigned int most = min(buffer->part_size, dma->max_segments), n = 0;
	size_t left = *length, total = 0;
	struct scatterlist *segment;

	if (!winusb_buffer_has_list(buffer) || offset % winusb_buffer_alignment())
		return 0;
	if (!offset && !tail && *length == buffer->length && buffer->length == buffer->room &&
	    buffer->nents <= dma->max_segments) {
		*list = buffer->sgl;
		return buffer->nents;
	}
	if (!most)
		return 0;
	sg_init_table(buffer->part, buffer->part_size);
	segment = winusb_buffer_seek(buffer, offset, &offset);
	for (; segment && left && n < most; segment++) {
		size_t piece;

		piece = min_t(size_t, segment->length - offset, left);
		if (dma->whole_packets && piece % dma->maxp && (tail || piece < left))
			break;
		sg_set_page(&buffer->part[n++], sg_page(segment), piece, segment->offset + offset);
		offset = 0;
		left -= piece;
		total += piece;
		if (segment == &buffer->sgl[buffer->nents - 1])
			break;
	}
	if (left) {
		/* Cut short: back to a whole packet. */
		while (n && total % dma->maxp) {
			size_t excess = min_t(size_t, total % dma->maxp,
					      buffer->part[n - 1].length);

			buffer->part[n - 1].length -= excess;
			total -= excess;
			if (!buffer->part[n - 1].length)
				n--;
		}
	} else if (tail) {
		if (n == most)	/* never the only one: there is a packet to put off */
			return 0;
		sg_set_buf(&buffer->part[n++], tail, dma->maxp);
	}
	if (!n)
		return 0;
	sg_unmark_end(&buffer->part[buffer->part_size - 1]);
	sg_mark_end(&buffer->part[n - 1]);
	*length = total;
	*list = buffer->part;
	return n;
}
WINUSB_EXPORT_FOR_TESTS(winusb_buffer_list);
