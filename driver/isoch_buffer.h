/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_ISOCH_BUFFER_H
#define WINUSB_ISOCH_BUFFER_H

#include <linux/kref.h>
#include <linux/types.h>
#include <linux/wait.h>

struct file;
struct mm_struct;
struct vm_area_struct;
struct winusb_file;
struct winusb_handle;
struct winusb_interface;
struct winusb_pipe;

/**
 * struct winusb_isoch_chunk - Memory without gaps
 * @address: Where it is.
 * @offset: The bytes before it in its buffer.
 * @length: Bytes, whole pages.
 */
struct winusb_isoch_chunk {
	u8 *address;
	u32 offset;
	u32 length;
};

/**
 * struct winusb_isoch_buffer - A registered buffer
 * @ref: One for the table, one for each request and each mapping.
 * @wf: The file that pays for it. Outlives it.
 * @wi: The interface, held.
 * @address: bEndpointAddress of its pipe.
 * @setting: bAlternateSetting that the pipe is of.
 * @maximum_bytes: Of the pipe, in an interval.
 * @interval: Of the pipe, as URBs have it.
 * @microframes: And in microframes.
 * @fast: The device works at high speed or above.
 * @mm: The process whose memory it stands for; NULL if it is mapped.
 * @user: Where that is.
 * @length: Bytes.
 * @chunks: The memory that the host controller uses.
 * @num_chunks: How many.
 * @pending: Requests that are made and not done. Under the lock of @done.
 * @done: Woken when @pending becomes 0.
 *
 * All but @ref, @pending and @done is constant.
 */
struct winusb_isoch_buffer {
	struct kref ref;
	struct winusb_file *wf;
	struct winusb_interface *wi;
	u8 address;
	u8 setting;
	u32 maximum_bytes;
	u32 interval;
	u32 microframes;
	bool fast;
	struct mm_struct *mm;
	unsigned long user;
	u32 length;
	struct winusb_isoch_chunk *chunks;
	unsigned int num_chunks;
	unsigned int pending;
	wait_queue_head_t done;
};

struct winusb_isoch_buffer *winusb_isoch_buffer_create(struct winusb_handle *wh, u8 address,
						       bool map, u64 user, u32 length,
						       bool nonblock);
int winusb_isoch_buffer_publish(struct winusb_isoch_buffer *buffer, u32 *number);
int winusb_isoch_buffer_unregister(struct winusb_file *wf, u32 number);
void winusb_isoch_buffer_unregister_all(struct winusb_file *wf);
struct winusb_isoch_buffer *winusb_isoch_buffer_get(struct winusb_file *wf, u32 number);
void winusb_isoch_buffer_done(struct winusb_isoch_buffer *buffer);
void winusb_isoch_buffer_put(struct winusb_isoch_buffer *buffer);
bool winusb_isoch_buffer_fits(const struct winusb_isoch_buffer *buffer,
			      const struct winusb_pipe *pipe);
u8 *winusb_isoch_buffer_address(const struct winusb_isoch_buffer *buffer, u32 offset, u32 *length);
void winusb_isoch_buffer_write(struct winusb_isoch_buffer *buffer, u32 offset, const u8 *from,
			       u32 length);
void winusb_isoch_buffer_read(struct winusb_isoch_buffer *buffer, u32 offset, u8 *to, u32 length);
int winusb_isoch_buffer_fetch(struct winusb_isoch_buffer *buffer, u32 offset, u32 length);
int winusb_isoch_buffer_deliver(struct winusb_isoch_buffer *buffer, u32 offset, u32 length);
int winusb_isoch_buffer_mmap(struct file *file, struct vm_area_struct *vma);

#endif /* WINUSB_ISOCH_BUFFER_H */
