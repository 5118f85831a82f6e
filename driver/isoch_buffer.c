// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registered buffers: the memory of isochronous transfers (winusb.md 1.7).
 *
 * No host controller takes a scatter list for isochronous transfers, and the memory of a program is
 * seldom without gaps for more than a page. So a buffer has memory of the kernel's in chunks as
 * large as there are, and stays: transfers allocate nothing and map no page tables. It stands for
 * memory of the program, from and to which each packet is copied once, or the program maps it and
 * nothing is copied. In neither case a page of the program is pinned: copies are made by the thread
 * that submits, and by the one that collects, as for other transfers whose memory is copied.
 *
 * Transfers find a buffer by its number, until it is unregistered; that waits for those that are
 * under way. Afterwards it is kept by what is not collected yet, and by mappings.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/usb.h>
#include <linux/xarray.h>

#include <uapi/linux/winusb.h>

#include "buffer.h"
#include "compat.h"
#include "file.h"
#include "handle.h"
#include "interface.h"
#include "isoch.h"
#include "isoch_buffer.h"
#include "pipe.h"
#include "record.h"

#define WINUSB_CHUNK_ORDER 10	/* of the largest chunk; each gap costs two more URBs */

static void winusb_isoch_chunk_free(struct winusb_isoch_chunk *chunk)
{
	u32 done;

	for (done = 0; done < chunk->length; done += PAGE_SIZE)
		__free_page(virt_to_page(chunk->address + done));
}

/* Pages of their own, so that each can be mapped, one behind the other. */
static bool winusb_isoch_chunk_alloc(struct winusb_isoch_chunk *chunk, u32 length)
{
	unsigned int order = min_t(unsigned int, get_order(length), WINUSB_CHUNK_ORDER);
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN;
	struct page *page;
	u32 done;

	do {
		page = alloc_pages(order ? gfp | __GFP_NORETRY : gfp, order);
	} while (!page && order--);
	if (!page)
		return false;
	split_page(page, order);
	chunk->address = page_address(page);
	chunk->length = min_t(u32, length, PAGE_SIZE << order);
	for (done = chunk->length; done < PAGE_SIZE << order; done += PAGE_SIZE)
		__free_page(virt_to_page(chunk->address + done));
	return true;
}

static int winusb_isoch_buffer_alloc(struct winusb_isoch_buffer *buffer)
{
	u32 pages = DIV_ROUND_UP(buffer->length, PAGE_SIZE), done = 0, size = 0, more;
	struct winusb_isoch_chunk *chunks;

	while (done < pages) {
		if (buffer->num_chunks == size) {
			more = max(16U, 2 * size);
			chunks = kvmalloc_array(more, sizeof(*chunks), GFP_KERNEL_ACCOUNT);
			if (!chunks)
				return -ENOMEM;
			memcpy(chunks, buffer->chunks, size * sizeof(*chunks));
			kvfree(buffer->chunks);
			buffer->chunks = chunks;
			size = more;
		}
		chunks = &buffer->chunks[buffer->num_chunks];
		chunks->offset = done * PAGE_SIZE;
		if (!winusb_isoch_chunk_alloc(chunks, (pages - done) * PAGE_SIZE))
			return -ENOMEM;
		done += chunks->length / PAGE_SIZE;
		buffer->num_chunks++;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static void winusb_isoch_buffer_release(struct kref *ref)
{
	struct winusb_isoch_buffer *buffer =
		container_of(ref, struct winusb_isoch_buffer, ref);
	unsigned int i;

	for (i = 0; i < buffer->num_chunks; i++)
		winusb_isoch_chunk_free(&buffer->chunks[i]);
	kvfree(buffer->chunks);
	winusb_file_uncharge(buffer->wf, PAGE_ALIGN(buffer->length));
	if (buffer->mm)
		mmdrop(buffer->mm);
	winusb_interface_put(buffer->wi);
	kfree(buffer);
}

/**
 * winusb_isoch_buffer_put - Drop a reference to a buffer
 * @buffer: The buffer. The caller is outside all locks, and holds the file.
 */
void winusb_isoch_buffer_put(struct winusb_isoch_buffer *buffer)
{
	kref_put(&buffer->ref, winusb_isoch_buffer_release);
}
WINUSB_EXPORT_FOR_TESTS(winusb_isoch_buffer_put);

/* What is to be known of the pipe. */
static int winusb_isoch_buffer_bind(struct winusb_isoch_buffer *buffer, struct winusb_handle *wh,
				    u8 address, bool nonblock)
{
	struct winusb_interface *wi = wh->wi;
	struct winusb_pipe *pipe;
	int ret;

	ret = winusb_handle_enter(wh, nonblock);
	if (ret)
		return ret;
	pipe = address ? winusb_pipe_find(wi, address) : NULL;
	if (pipe && pipe->type == USB_ENDPOINT_XFER_ISOC && pipe->stream.maximum_bytes &&
	    pipe->stream.maximum_bytes <= WINUSB_PART_BYTES) {
		buffer->address = address;
		buffer->setting = wi->intf->cur_altsetting->desc.bAlternateSetting;
		buffer->maximum_bytes = pipe->stream.maximum_bytes;
		buffer->interval = pipe->stream.interval;
		buffer->microframes = pipe->stream.microframes;
		buffer->fast = wi->udev->speed >= USB_SPEED_HIGH;
	} else {
		ret = -EINVAL;
	}
	winusb_handle_leave(wh);
	return ret;
}

/* The memory of the program, which must be able to take what is read. */
static int winusb_isoch_buffer_name(struct winusb_isoch_buffer *buffer, u64 user)
{
	struct iov_iter iter;

	if (winusb_buffer_iter(&iter, buffer->address & USB_DIR_IN, user, buffer->length))
		return -EFAULT;
	if (buffer->address & USB_DIR_IN ?
	    fault_in_iov_iter_writeable(&iter, buffer->length) :
	    fault_in_iov_iter_readable(&iter, buffer->length))
		return -EFAULT;
	buffer->user = user;
	buffer->mm = current->mm;
	mmgrab(buffer->mm);
	return 0;
}

/**
 * winusb_isoch_buffer_create - Make a buffer
 * @wh: A handle of the interface that has the pipe. The caller holds a reference.
 * @address: bEndpointAddress.
 * @map: The program is to map it.
 * @user: Otherwise the address of its memory.
 * @length: Bytes.
 * @nonblock: Give -EAGAIN instead of waiting for a reset to end.
 *
 * Return: The buffer, to be published or put, or an error of the contract.
 */
struct winusb_isoch_buffer *winusb_isoch_buffer_create(struct winusb_handle *wh, u8 address,
						       bool map, u64 user, u32 length,
						       bool nonblock)
{
	struct winusb_isoch_buffer *buffer;
	int ret;

	if (!length || length > INT_MAX)
		return ERR_PTR(-EINVAL);
	buffer = kzalloc(sizeof(*buffer), GFP_KERNEL_ACCOUNT);
	if (!buffer)
		return ERR_PTR(-ENOMEM);
	kref_init(&buffer->ref);
	init_waitqueue_head(&buffer->done);
	buffer->length = length;
	ret = winusb_isoch_buffer_bind(buffer, wh, address, nonblock);
	if (!ret)
		ret = winusb_file_charge(wh->wf, PAGE_ALIGN(length));
	if (ret) {
		kfree(buffer);
		return ERR_PTR(ret);
	}
	buffer->wf = wh->wf;
	buffer->wi = wh->wi;
	winusb_interface_get(buffer->wi);
	if (!map)
		ret = winusb_isoch_buffer_name(buffer, user);
	if (!ret)
		ret = winusb_isoch_buffer_alloc(buffer);
	if (ret) {
		winusb_isoch_buffer_put(buffer);
		return ERR_PTR(ret);
	}
	return buffer;
}
WINUSB_EXPORT_FOR_TESTS(winusb_isoch_buffer_create);

/**
 * winusb_isoch_buffer_publish - Give a buffer its number
 * @buffer: The buffer. It belongs to the table of its file afterwards.
 * @number: Where the number goes.
 *
 * Return: 0, or -ENOMEM, and then the buffer is still the caller's.
 */
int winusb_isoch_buffer_publish(struct winusb_isoch_buffer *buffer, u32 *number)
{
	struct winusb_file *wf = buffer->wf;
	int ret;

	if (atomic_inc_return(&wf->num_isoch_buffers) > WINUSB_MAX_ISOCH_BUFFERS)
		ret = -ENOMEM;
	else
		ret = xa_alloc_cyclic(&wf->isoch_buffers, number, buffer, XA_LIMIT(1, INT_MAX),
				      &wf->next_isoch_buffer, GFP_KERNEL_ACCOUNT);
	if (ret >= 0)
		return 0;
	atomic_dec(&wf->num_isoch_buffers);
	return -ENOMEM;
}
WINUSB_EXPORT_FOR_TESTS(winusb_isoch_buffer_publish);

/**
 * winusb_isoch_buffer_get - The buffer of a number, for a request
 * @wf: The file.
 * @number: The number.
 *
 * Return: The buffer, referenced, and pending until winusb_isoch_buffer_done(); or NULL.
 */
struct winusb_isoch_buffer *winusb_isoch_buffer_get(struct winusb_file *wf, u32 number)
{
	struct winusb_isoch_buffer *buffer;

	xa_lock(&wf->isoch_buffers);
	buffer = xa_load(&wf->isoch_buffers, number);
	if (buffer) {
		kref_get(&buffer->ref);
		spin_lock_irq(&buffer->done.lock);
		buffer->pending++;
		spin_unlock_irq(&buffer->done.lock);
	}
	xa_unlock(&wf->isoch_buffers);
	return buffer;
}
WINUSB_EXPORT_FOR_TESTS(winusb_isoch_buffer_get);

/**
 * winusb_isoch_buffer_done - A request of a buffer is done
 * @buffer: The buffer. The request has its reference still.
 *
 * In any context.
 */
void winusb_isoch_buffer_done(struct winusb_isoch_buffer *buffer)
{
	unsigned long flags;

	spin_lock_irqsave(&buffer->done.lock, flags);
	if (!--buffer->pending)
		wake_up_all_locked(&buffer->done);
	spin_unlock_irqrestore(&buffer->done.lock, flags);
}
WINUSB_EXPORT_FOR_TESTS(winusb_isoch_buffer_done);

static bool winusb_isoch_buffer_is_free(struct winusb_isoch_buffer *buffer)
{
	bool free;

	spin_lock_irq(&buffer->done.lock);
	free = !buffer->pending;
	spin_unlock_irq(&buffer->done.lock);
	return free;
}

/**
 * winusb_isoch_buffer_unregister - Take a buffer away, and wait for its requests
 * @wf: The file.
 * @number: Its number, which nobody finds any more.
 *
 * Return: 0, -EBADF, or -EINTR.
 */
int winusb_isoch_buffer_unregister(struct winusb_file *wf, u32 number)
{
	struct winusb_isoch_buffer *buffer = xa_erase(&wf->isoch_buffers, number);
	int ret;

	if (!buffer)
		return -EBADF;
	atomic_dec(&wf->num_isoch_buffers);
	ret = wait_event_killable(buffer->done, winusb_isoch_buffer_is_free(buffer));
	if (!ret)
		ret = winusb_records_deliver(wf, buffer);
	winusb_isoch_buffer_put(buffer);
	return ret ? -EINTR : 0;
}
WINUSB_EXPORT_FOR_TESTS(winusb_isoch_buffer_unregister);

/**
 * winusb_isoch_buffer_unregister_all - The file is being closed, and has no requests any more
 * @wf: The file.
 */
void winusb_isoch_buffer_unregister_all(struct winusb_file *wf)
{
	struct winusb_isoch_buffer *buffer;
	unsigned long number;

	xa_for_each(&wf->isoch_buffers, number, buffer) {
		xa_erase(&wf->isoch_buffers, number);
		winusb_isoch_buffer_put(buffer);
	}
	xa_destroy(&wf->isoch_buffers);
}

/**
 * winusb_isoch_buffer_fits - Is the buffer for this pipe, as it is now?
 * @buffer: The buffer.
 * @pipe: The pipe, or NULL. The caller is inside the gate.
 *
 * Return: true if so.
 */
bool winusb_isoch_buffer_fits(const struct winusb_isoch_buffer *buffer,
			      const struct winusb_pipe *pipe)
{
	return pipe && pipe->wi == buffer->wi && pipe->address == buffer->address &&
	       pipe->type == USB_ENDPOINT_XFER_ISOC &&
	       pipe->wi->intf->cur_altsetting->desc.bAlternateSetting == buffer->setting;
}

/* The chunk that has a byte, which there is. */
static const struct winusb_isoch_chunk *
winusb_isoch_buffer_find(const struct winusb_isoch_buffer *buffer, u32 offset)
{
	unsigned int low = 0, high = buffer->num_chunks, middle;

	while (high - low > 1) {
		middle = (low + high) / 2;
		if (buffer->chunks[middle].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return &buffer->chunks[low];
}

/**
 * winusb_isoch_buffer_address - The memory at an offset
 * @buffer: The buffer.
 * @offset: The offset, which is in it.
 * @length: Where the bytes up to the next gap go.
 *
 * Return: The address.
 */
u8 *winusb_isoch_buffer_address(const struct winusb_isoch_buffer *buffer, u32 offset, u32 *length)
{
	const struct winusb_isoch_chunk *chunk = winusb_isoch_buffer_find(buffer, offset);

	*length = chunk->length - (offset - chunk->offset);
	return chunk->address + (offset - chunk->offset);
}

/**
 * winusb_isoch_buffer_write - Put bytes into a buffer
 * @buffer: The buffer.
 * @offset: Where they go.
 * @from: The bytes.
 * @length: How many.
 */
void winusb_isoch_buffer_write(struct winusb_isoch_buffer *buffer, u32 offset, const u8 *from,
			       u32 length)
{
	u32 piece;
	u8 *to;

	for (; length; offset += piece, from += piece, length -= piece) {
		to = winusb_isoch_buffer_address(buffer, offset, &piece);
		piece = min(piece, length);
		memcpy(to, from, piece);
	}
}
WINUSB_EXPORT_FOR_TESTS(winusb_isoch_buffer_write);

/**
 * winusb_isoch_buffer_read - Take bytes out of a buffer
 * @buffer: The buffer.
 * @offset: Where they are.
 * @to: Where they go.
 * @length: How many.
 */
void winusb_isoch_buffer_read(struct winusb_isoch_buffer *buffer, u32 offset, u8 *to, u32 length)
{
	const u8 *from;
	u32 piece;

	for (; length; offset += piece, to += piece, length -= piece) {
		from = winusb_isoch_buffer_address(buffer, offset, &piece);
		piece = min(piece, length);
		memcpy(to, from, piece);
	}
}
WINUSB_EXPORT_FOR_TESTS(winusb_isoch_buffer_read);

/**
 * winusb_isoch_buffer_fetch - Copy what is to be written from the program
 * @buffer: The buffer, of the caller's process.
 * @offset: Where it is.
 * @length: How much.
 *
 * Return: 0, or -EFAULT.
 */
int winusb_isoch_buffer_fetch(struct winusb_isoch_buffer *buffer, u32 offset, u32 length)
{
	u32 piece;
	u8 *to;

	for (; length; offset += piece, length -= piece) {
		to = winusb_isoch_buffer_address(buffer, offset, &piece);
		piece = min(piece, length);
		if (copy_from_user(to, (void __user *)(buffer->user + offset), piece))
			return -EFAULT;
	}
	return 0;
}

/**
 * winusb_isoch_buffer_deliver - Copy what was read to the program, whoever calls
 * @buffer: The buffer.
 * @offset: Where it is.
 * @length: How much.
 *
 * Return: 0, or -EFAULT.
 */
int winusb_isoch_buffer_deliver(struct winusb_isoch_buffer *buffer, u32 offset, u32 length)
{
	const u8 *from;
	u32 piece;

	for (; length; offset += piece, length -= piece) {
		from = winusb_isoch_buffer_address(buffer, offset, &piece);
		piece = min(piece, length);
		if (winusb_deliver(buffer->mm, buffer->user + offset, from, piece) != piece)
			return -EFAULT;
	}
	return 0;
}

static void winusb_isoch_vma_open(struct vm_area_struct *vma)
{
	struct winusb_isoch_buffer *buffer = vma->vm_private_data;

	kref_get(&buffer->ref);
}

static void winusb_isoch_vma_close(struct vm_area_struct *vma)
{
	winusb_isoch_buffer_put(vma->vm_private_data);	/* the mapping holds the file */
}

static const struct vm_operations_struct winusb_isoch_vma_operations = {
	.open = winusb_isoch_vma_open,
	.close = winusb_isoch_vma_close,
};

static int winusb_isoch_buffer_insert(struct winusb_isoch_buffer *buffer,
				      struct vm_area_struct *vma)
{
	unsigned long address;
	u32 offset = 0, length;
	struct page *page;
	int ret = 0;

	for (address = vma->vm_start; !ret && address < vma->vm_end; address += PAGE_SIZE) {
		page = virt_to_page(winusb_isoch_buffer_address(buffer, offset, &length));
		ret = vm_insert_page(vma, address, page);
		offset += PAGE_SIZE;
	}
	return ret;
}

/**
 * winusb_isoch_buffer_mmap - Map a buffer
 * @file: The open node.
 * @vma: Where to, and by its offset which one.
 *
 * Return: 0, or -EINVAL if there is none, it is not to be mapped, or is shorter; -ENOMEM.
 */
int winusb_isoch_buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct winusb_file *wf = file->private_data;
	struct winusb_isoch_buffer *buffer;
	int ret = -EINVAL;

	if (wf->listener || vma->vm_pgoff > U32_MAX || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	buffer = winusb_isoch_buffer_get(wf, vma->vm_pgoff);
	if (!buffer)
		return -EINVAL;
	if (!buffer->mm && vma->vm_end - vma->vm_start <= PAGE_ALIGN(buffer->length)) {
		winusb_vm_flags_set(vma, VM_DONTEXPAND);
		ret = winusb_isoch_buffer_insert(buffer, vma);
	}
	winusb_isoch_buffer_done(buffer);
	if (ret) {
		winusb_isoch_buffer_put(buffer);
		return ret;
	}
	vma->vm_private_data = buffer;	/* with its reference */
	vma->vm_ops = &winusb_isoch_vma_operations;
	return 0;
}
