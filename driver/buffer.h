/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_BUFFER_H
#define WINUSB_BUFFER_H

#include <linux/scatterlist.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

struct winusb_file;

#define WINUSB_COPY_LENGTH 16384	/* up to here copying is cheaper than pinning */
#define WINUSB_SEGMENT 65536	/* bytes of the longest segment of a scatter list */

/**
 * struct winusb_dma - What a host controller can take for a pipe
 * @maxp: Bytes of a packet.
 * @max_transfer: Bytes of the largest URB, a multiple of @maxp.
 * @max_segments: Segments of the longest scatter list, 0 for none.
 * @whole_packets: All segments but the last must be whole packets.
 */
struct winusb_dma {
	u16 maxp;
	u32 max_transfer;
	unsigned int max_segments;
	bool whole_packets;
};

/**
 * enum winusb_memory - Where the bytes of a transfer are while it runs
 * @WINUSB_MEMORY_NONE: There are none.
 * @WINUSB_MEMORY_LINEAR: In &winusb_buffer.linear, and copied.
 * @WINUSB_MEMORY_PAGES: In pages of the kernel, and copied.
 * @WINUSB_MEMORY_PINNED: In the pages of the program, which are pinned.
 * @WINUSB_MEMORY_FIXED: In a registered buffer of io_uring, which has pinned it.
 */
enum winusb_memory {
	WINUSB_MEMORY_NONE,
	WINUSB_MEMORY_LINEAR,
	WINUSB_MEMORY_PAGES,
	WINUSB_MEMORY_PINNED,
	WINUSB_MEMORY_FIXED,
};

/**
 * struct winusb_buffer - The memory of a request
 * @kind: Where the bytes are.
 * @in: They come from the device.
 * @length: Bytes of the transfer.
 * @room: Bytes that the host controller may write, at least @length. More, to a whole packet, only
 *	where that memory is our own.
 * @linear: Our own memory, kept for the next transfer.
 * @linear_size: Its size, bytes, which the file pays as long as it is there.
 * @sgl: The segments, for all but WINUSB_MEMORY_NONE and LINEAR. The array is kept.
 * @nents: How many.
 * @sgl_size: How many fit.
 * @seek: A segment that was looked up, and
 * @seek_offset: the bytes before it. Of the one that runs the request.
 * @part: Another list, to show a host controller a part of @sgl; kept.
 * @part_size: How many segments fit there.
 * @target: The caller's memory, as far as bytes are copied.
 * @mm: Whose memory that is, or who pays for the pins; NULL if nobody needs to know.
 * @mm_held: It is counted, so that it is not another's when it has ended.
 * @pins: Pages charged to it.
 * @charged: Bytes charged to the file, without @linear_size.
 */
struct winusb_buffer {
	enum winusb_memory kind;
	bool in;
	size_t length;
	size_t room;
	u8 *linear;
	size_t linear_size;
	struct scatterlist *sgl;
	unsigned int nents;
	unsigned int sgl_size;
	unsigned int seek;
	size_t seek_offset;
	struct scatterlist *part;
	unsigned int part_size;
	struct iov_iter target;
	struct mm_struct *mm;
	bool mm_held;
	unsigned long pins;
	size_t charged;
};

/* The caller's memory as it is named in a structure: 0, or -EFAULT if there can't be any there. */
static inline int winusb_buffer_iter(struct iov_iter *iter, bool in, u64 address, size_t length)
{
	void __user *user = u64_to_user_ptr(address);

	if (address != (unsigned long)address || !access_ok(user, length))
		return -EFAULT;
	iov_iter_ubuf(iter, in ? READ : WRITE, user, length);
	return 0;
}

int winusb_buffer_prepare(struct winusb_buffer *buffer, struct winusb_file *wf,
			  const struct iov_iter *iter, bool in, bool stays,
			  const struct winusb_dma *dma);
int winusb_buffer_prepare_control(struct winusb_buffer *buffer, struct winusb_file *wf,
				  const struct iov_iter *iter, size_t length, bool in, bool stays);
bool winusb_is_writable(u8 __user *first, size_t length);
bool winusb_buffer_is_writable(struct winusb_buffer *buffer);
size_t winusb_deliver(struct mm_struct *mm, unsigned long address, const void *from, size_t length);
int winusb_buffer_deliver(struct winusb_buffer *buffer, size_t *length);
void winusb_buffer_release(struct winusb_buffer *buffer, struct winusb_file *wf, bool dirty);
void winusb_buffer_destroy(struct winusb_buffer *buffer, struct winusb_file *wf);

void winusb_buffer_write(struct winusb_buffer *buffer, size_t offset, const void *from,
			 size_t length);
void winusb_buffer_read(struct winusb_buffer *buffer, size_t offset, void *to, size_t length);
void *winusb_buffer_address(struct winusb_buffer *buffer, size_t offset, size_t length,
			    size_t *piece);
unsigned int winusb_buffer_list(struct winusb_buffer *buffer, size_t offset, size_t *length,
				const struct winusb_dma *dma, void *tail,
				struct scatterlist **list);

#endif /* WINUSB_BUFFER_H */
