// SPDX-License-Identifier: GPL-2.0-only
/*
 * Delivery: how the bytes of a read that were copied get to the program, see buffer.c. Whoever
 * collects the request calls this; it may be another process than the one whose memory it is.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "buffer.h"
#include "compat.h"

/**
 * winusb_is_writable - Can memory of the program that calls be written?
 * @first: Where it is.
 * @length: How much, not 0.
 *
 * A byte of each page is written as it was read: until the transfer is collected what is there is
 * undefined, so nobody may mind, and it is a hundred times quicker than to ask mm.
 *
 * Return: true if so.
 */
bool winusb_is_writable(u8 __user *first, size_t length)
{
	u8 __user *last = first + length - 1, *p;
	u8 byte;

	for (p = first; p <= last; p = (u8 __user *)PAGE_ALIGN((unsigned long)p + 1)) {
		if (get_user(byte, p) || put_user(byte, p))
			return false;
	}
	return true;
}

/**
 * winusb_buffer_is_writable - Can the memory of a buffer be written?
 * @buffer: The buffer of a read that is being prepared.
 *
 * Return: true if so.
 */
bool winusb_buffer_is_writable(struct winusb_buffer *buffer)
{
	if (!iter_is_ubuf(&buffer->target) || buffer->length > WINUSB_COPY_LENGTH) {
		struct iov_iter iter = buffer->target;

		return !fault_in_iov_iter_writeable(&iter, buffer->length);
	}
	return winusb_is_writable(buffer->target.ubuf + buffer->target.iov_offset, buffer->length);
}

/* Copy to the memory of another process. */
static size_t winusb_buffer_deliver_remote(struct mm_struct *mm, unsigned long address,
					   const u8 *from, size_t length)
{
	size_t done = 0;

	while (done < length) {
		size_t offset = offset_in_page(address + done);
		size_t piece = min(length - done, PAGE_SIZE - offset);
		struct page *page;
		void *to;

		if (mmap_read_lock_killable(mm))
			break;
		if (winusb_pin_remote(mm, address + done - offset, &page) != 1) {
			mmap_read_unlock(mm);
			break;
		}
		mmap_read_unlock(mm);
		to = kmap_local_page(page);
		memcpy(to + offset, from + done, piece);
		flush_dcache_page(page);
		kunmap_local(to);
		unpin_user_pages_dirty_lock(&page, 1, true);
		done += piece;
	}
	return done;
}

/**
 * winusb_deliver - Copy to the memory of a program, whoever calls
 * @mm: Whose memory it is; NULL for the caller's.
 * @address: Where.
 * @from: The bytes.
 * @length: How many.
 *
 * Return: How many were copied: fewer if the memory can't be written, or the process has ended.
 */
size_t winusb_deliver(struct mm_struct *mm, unsigned long address, const void *from, size_t length)
{
	size_t done;

	if (!mm || mm == current->mm)
		return length - copy_to_user((void __user *)address, from, length);
	if (!mmget_not_zero(mm))
		return 0;
	done = winusb_buffer_deliver_remote(mm, address, from, length);
	mmput(mm);
	return done;
}

static size_t winusb_buffer_deliver_piece(struct winusb_buffer *buffer, const void *from,
					  size_t length)
{
	unsigned long address;
	size_t done;

	if (!buffer->mm || buffer->mm == current->mm)
		return copy_to_iter(from, length, &buffer->target);
	address = (unsigned long)buffer->target.ubuf + buffer->target.iov_offset;
	done = winusb_deliver(buffer->mm, address, from, length);
	iov_iter_advance(&buffer->target, done);
	return done;
}

static size_t winusb_buffer_deliver_pages(struct winusb_buffer *buffer, size_t length)
{
	size_t done = 0, piece, arrived;
	unsigned int i;

	for (i = 0; i < buffer->nents && done < length; i++) {
		piece = min_t(size_t, buffer->sgl[i].length, length - done);
		arrived = winusb_buffer_deliver_piece(buffer, sg_virt(&buffer->sgl[i]), piece);
		done += arrived;
		if (arrived != piece)
			break;
	}
	return done;
}

/* The bytes are in the program's pages, but is there still a program? */
static bool winusb_buffer_has_owner(struct winusb_buffer *buffer)
{
	if (!buffer->mm || buffer->mm == current->mm)
		return true;
	if (!mmget_not_zero(buffer->mm))
		return false;
	mmput(buffer->mm);
	return true;
}

/**
 * winusb_buffer_deliver - Give the program what the device sent
 * @buffer: The buffer of a finished transfer.
 * @length: Bytes that it moved; how many of them arrived.
 *
 * Return: 0, or -EFAULT if some did not.
 */
int winusb_buffer_deliver(struct winusb_buffer *buffer, size_t *length)
{
	size_t moved = *length;

	if (!buffer->in || !moved)
		return 0;
	switch (buffer->kind) {
	case WINUSB_MEMORY_LINEAR:
		*length = winusb_buffer_deliver_piece(buffer, buffer->linear, moved);
		break;
	case WINUSB_MEMORY_PAGES:
		*length = winusb_buffer_deliver_pages(buffer, moved);
		break;
	default:
		*length = winusb_buffer_has_owner(buffer) ? moved : 0;
	}
	return *length == moved ? 0 : -EFAULT;
}
WINUSB_EXPORT_FOR_TESTS(winusb_buffer_deliver);
