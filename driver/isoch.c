// SPDX-License-Identifier: GPL-2.0-only
/*
 * The isochronous request: its packets, and the URBs that move them (winusb.md 1.7). How requests
 * of a pipe follow each other is in stream.c.
 *
 * A request is cut into parts, one for each URB: as many packets as have memory without a gap, and
 * not more than all host controllers take. A packet on both sides of a gap has a part, and memory,
 * of its own. What the request needs for that is kept with it for the next one.
 */
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "buffer.h"
#include "compat.h"
#include "file.h"
#include "frame.h"
#include "handle.h"
#include "interface.h"
#include "isoch.h"
#include "isoch_buffer.h"
#include "pipe.h"
#include "request.h"
#include "status.h"

#define WINUSB_PART_PACKETS 128		/* of a URB; more than usual programs have */
#define WINUSB_PART_MICROFRAMES 1024	/* a URB that lasts longer is not taken by all */
#define WINUSB_FULL_SPEED_PACKETS 255

static_assert(sizeof(struct winusb_isoch_packet) == 12);	/* part of the contract */

/* What a request has grown by, charged to its file as long as the request is there. */
static int winusb_isoch_charge(struct winusb_request *req, size_t before, size_t after)
{
	int ret = winusb_file_charge(req->wf, after - before);

	if (!ret)
		req->isoch_kept->charged += after - before;
	return ret;
}

static int winusb_isoch_grow_packets(struct winusb_request *req, unsigned int count)
{
	struct winusb_isoch *isoch = req->isoch_kept;
	struct winusb_isoch_packet *packets;
	int ret;

	if (count <= isoch->max_packets)
		return 0;
	packets = kvmalloc_array(count, sizeof(*packets), GFP_KERNEL_ACCOUNT);
	if (!packets)
		return -ENOMEM;
	ret = winusb_isoch_charge(req, isoch->max_packets * sizeof(*packets),
				  count * sizeof(*packets));
	if (ret) {
		kvfree(packets);
		return ret;
	}
	kvfree(isoch->packets);
	isoch->packets = packets;
	isoch->max_packets = count;
	return 0;
}

/* One more part, and room for some that may follow. */
static int winusb_isoch_grow_parts(struct winusb_request *req)
{
	struct winusb_isoch *isoch = req->isoch;
	unsigned int count = max(4U, 2 * isoch->max_parts);
	struct winusb_isoch_part *parts;
	int ret;

	if (isoch->num_parts < isoch->max_parts)
		return 0;
	parts = kvcalloc(count, sizeof(*parts), GFP_KERNEL_ACCOUNT);
	if (!parts)
		return -ENOMEM;
	ret = winusb_isoch_charge(req, isoch->max_parts * sizeof(*parts),
				  count * sizeof(*parts));
	if (ret) {
		kvfree(parts);
		return ret;
	}
	memcpy(parts, isoch->parts, isoch->max_parts * sizeof(*parts));
	kvfree(isoch->parts);
	isoch->parts = parts;
	isoch->max_parts = count;
	return 0;
}

static int winusb_isoch_make_urb(struct winusb_request *req, struct winusb_isoch_part *part)
{
	unsigned int room = min_t(unsigned int, roundup_pow_of_two(part->count),
				  WINUSB_PART_PACKETS);
	struct urb *urb;
	int ret;

	part->req = req;
	if (part->count <= part->room)
		return 0;
	urb = usb_alloc_urb(room, GFP_KERNEL_ACCOUNT);
	if (!urb)
		return -ENOMEM;
	ret = winusb_isoch_charge(req, part->urb ? struct_size(urb, iso_frame_desc, part->room) : 0,
				  struct_size(urb, iso_frame_desc, room));
	if (ret) {
		usb_free_urb(urb);
		return ret;
	}
	usb_free_urb(part->urb);
	part->urb = urb;
	part->room = room;
	return 0;
}

static int winusb_isoch_make_bounce(struct winusb_request *req, struct winusb_isoch_part *part,
				    u32 length)
{
	u8 *bounce;
	int ret;

	if (length <= part->bounce_size)
		return 0;
	bounce = kzalloc(length, GFP_KERNEL_ACCOUNT);
	if (!bounce)
		return -ENOMEM;
	ret = winusb_isoch_charge(req, part->bounce_size, length);
	if (ret) {
		kfree(bounce);
		return ret;
	}
	kfree(part->bounce);
	part->bounce = bounce;
	part->bounce_size = length;
	return 0;
}

/**
 * winusb_isoch_destroy - Free what is kept with a request for isochronous transfers
 * @req: The request, which nobody uses.
 */
void winusb_isoch_destroy(struct winusb_request *req)
{
	struct winusb_isoch *isoch = req->isoch_kept;
	unsigned int i;

	if (!isoch)
		return;
	for (i = 0; i < isoch->max_parts; i++) {
		usb_free_urb(isoch->parts[i].urb);
		kfree(isoch->parts[i].bounce);
	}
	kvfree(isoch->parts);
	kvfree(isoch->packets);
	winusb_file_uncharge(req->wf, isoch->charged);
	kfree(isoch);
	req->isoch_kept = NULL;
}

/* The lengths that the program wants, and whether they make sense. */
static int winusb_isoch_lengths(struct winusb_isoch *isoch, const struct winusb_transfer *arg)
{
	u32 most = isoch->buffer->maximum_bytes, offset = 0;
	unsigned int i;

	if (copy_from_user(isoch->packets, u64_to_user_ptr(arg->isoch_packets),
			   isoch->num_packets * sizeof(*isoch->packets)))
		return -EFAULT;
	for (i = 0; i < isoch->num_packets; i++) {
		struct winusb_isoch_packet *packet = &isoch->packets[i];

		if (packet->length > most || packet->length > arg->length - offset)
			return -EINVAL;
		packet->offset = offset;
		offset += packet->length;
	}
	return offset == arg->length ? 0 : -EINVAL;
}

static void winusb_isoch_equal_lengths(struct winusb_isoch *isoch)
{
	u32 length = isoch->buffer->maximum_bytes;
	unsigned int i;

	for (i = 0; i < isoch->num_packets; i++) {
		isoch->packets[i].offset = i * length;
		isoch->packets[i].length = length;
	}
}

/*
 * How many packets from the one at @first on can be in one URB, if @gap bytes are left up to the
 * next gap: 0 if that one lies on both sides of it.
 */
static unsigned int winusb_isoch_fit(const struct winusb_isoch *isoch, unsigned int first, u32 gap)
{
	unsigned int most = WINUSB_PART_MICROFRAMES / isoch->buffer->microframes, count;
	u32 bytes = 0;

	most = clamp(most, 1U, min_t(unsigned int, isoch->num_packets - first,
				     WINUSB_PART_PACKETS));
	gap = min_t(u32, gap, WINUSB_PART_BYTES);
	if (isoch->equal)
		return min(most, gap / isoch->buffer->maximum_bytes);
	for (count = 0; count < most; count++) {
		bytes += isoch->packets[first + count].length;
		if (bytes > gap)
			break;
	}
	return count;
}

/* Cut the request into parts. */
static int winusb_isoch_cut(struct winusb_request *req)
{
	struct winusb_isoch *isoch = req->isoch;
	struct winusb_isoch_part *part;
	unsigned int i, fit;
	u32 offset, gap;
	int ret;

	isoch->num_parts = 0;
	for (i = 0; i < isoch->num_packets; i += part->count) {
		ret = winusb_isoch_grow_parts(req);
		if (ret)
			return ret;
		/* One without bytes may be at the very end. */
		offset = min(isoch->offset + isoch->packets[i].offset, isoch->buffer->length - 1);
		winusb_isoch_buffer_address(isoch->buffer, offset, &gap);
		fit = winusb_isoch_fit(isoch, i, gap);
		part = &isoch->parts[isoch->num_parts++];
		part->first = i;
		part->count = max(fit, 1U);
		part->bounced = !fit;
		part->back = false;
		if (part->bounced)
			ret = winusb_isoch_make_bounce(req, part, isoch->packets[i].length);
		if (!ret)
			ret = winusb_isoch_make_urb(req, part);
		if (ret)
			return ret;
	}
	return 0;
}

/* Does the transfer make sense by itself (winusb.md 1.7, 7.3)? Gives the number of packets. */
static int winusb_isoch_count(const struct winusb_isoch_buffer *buffer,
			      const struct winusb_transfer *arg)
{
	bool lengths = arg->flags & WINUSB_TRANSFER_ISOCH_LENGTHS;
	bool in = arg->pipe_id & USB_DIR_IN;
	u32 most = buffer->fast ? WINUSB_MAX_ISOCH_PACKETS : WINUSB_FULL_SPEED_PACKETS, count;

	if (arg->isoch_offset > buffer->length ||
	    arg->length > buffer->length - arg->isoch_offset)
		return -EINVAL;
	if (lengths) {
		if (in || !arg->isoch_packets)
			return -EINVAL;
		count = arg->isoch_packet_count;
	} else {
		if (arg->length % buffer->maximum_bytes)
			return -EINVAL;
		count = arg->length / buffer->maximum_bytes;
		if (arg->isoch_packet_count != (arg->isoch_packets ? count : 0))
			return -EINVAL;
	}
	if (!count || count > most || count * buffer->microframes % WINUSB_MICROFRAMES)
		return -EINVAL;
	return count;
}

static int winusb_isoch_check(struct winusb_handle *wh, const struct winusb_isoch_buffer *buffer,
			      const struct winusb_transfer *arg)
{
	if (buffer->wi != wh->wi || buffer->address != arg->pipe_id || arg->buffer)
		return -EINVAL;
	if ((arg->flags & WINUSB_TRANSFER_ISOCH_AT) ?
	    (arg->flags & WINUSB_TRANSFER_ISOCH_CONTINUE) : arg->isoch_start_frame)
		return -EINVAL;
	if (buffer->mm && buffer->mm != current->mm)
		return -EFAULT;
	return winusb_isoch_count(buffer, arg);
}

/* The array of the program, which must be able to take what becomes of the packets. */
static int winusb_isoch_name_packets(struct winusb_isoch *isoch, const struct winusb_transfer *arg)
{
	size_t bytes = isoch->num_packets * sizeof(*isoch->packets);
	struct iov_iter iter;

	isoch->user = arg->isoch_packets;
	if (!isoch->user)
		return 0;
	if (winusb_buffer_iter(&iter, true, isoch->user, bytes) ||
	    !winusb_is_writable(u64_to_user_ptr(isoch->user), bytes))
		return -EFAULT;
	isoch->mm = current->mm;
	if (isoch->mm)
		mmgrab(isoch->mm);	/* dropped in winusb_isoch_release() */
	return 0;
}

static int winusb_isoch_prepare(struct winusb_request *req, const struct winusb_transfer *arg)
{
	struct winusb_isoch *isoch = req->isoch;
	int ret;

	isoch->offset = arg->isoch_offset;
	isoch->length = arg->length;
	isoch->placed = arg->flags & WINUSB_TRANSFER_ISOCH_AT;
	isoch->follow = arg->flags & WINUSB_TRANSFER_ISOCH_CONTINUE;
	isoch->start = arg->isoch_start_frame;
	isoch->sent = 0;
	isoch->back = 0;
	isoch->failed = 0;
	isoch->broken = 0;
	isoch->planned = 0;
	isoch->known = false;
	isoch->begin = 0;
	isoch->frame = 0;
	isoch->next_frame = 0;
	isoch->errors = 0;
	ret = winusb_isoch_grow_packets(req, isoch->num_packets);
	if (ret)
		return ret;
	isoch->equal = !(arg->flags & WINUSB_TRANSFER_ISOCH_LENGTHS);
	if (isoch->equal)
		winusb_isoch_equal_lengths(isoch);
	else
		ret = winusb_isoch_lengths(isoch, arg);
	if (!ret)
		ret = winusb_isoch_name_packets(isoch, arg);
	if (!ret)
		ret = winusb_isoch_cut(req);
	if (!ret && !req->in && isoch->buffer->mm)
		ret = winusb_isoch_buffer_fetch(isoch->buffer, isoch->offset, isoch->length);
	return ret;
}

/**
 * winusb_isoch_create - Prepare an isochronous transfer
 * @wh: A handle of the interface that has the pipe. The caller holds a reference.
 * @door: How it comes in.
 * @arg: What is asked for; its reserved fields were looked at.
 *
 * Return: The request, to be started or discarded, or an error of the contract.
 */
struct winusb_request *winusb_isoch_create(struct winusb_handle *wh, enum winusb_door door,
					   const struct winusb_transfer *arg)
{
	struct winusb_isoch_buffer *buffer;
	struct winusb_request *req;
	int count, ret;

	buffer = winusb_isoch_buffer_get(wh->wf, arg->isoch_buffer);
	if (!buffer)
		return ERR_PTR(-EBADF);
	count = winusb_isoch_check(wh, buffer, arg);
	req = count < 0 ? ERR_PTR(count) : winusb_request_make(wh, door);
	if (!IS_ERR(req) && !req->isoch_kept) {
		req->isoch_kept = kzalloc(sizeof(*req->isoch_kept), GFP_KERNEL_ACCOUNT);
		if (!req->isoch_kept) {
			winusb_request_discard(req);
			req = ERR_PTR(-ENOMEM);
		}
	}
	if (IS_ERR(req)) {
		winusb_isoch_buffer_done(buffer);
		winusb_isoch_buffer_put(buffer);
		return req;
	}
	req->isoch = req->isoch_kept;
	req->isoch->buffer = buffer;
	req->isoch->pending = true;
	req->isoch->num_packets = count;
	req->address = arg->pipe_id;
	req->in = arg->pipe_id & USB_DIR_IN;
	req->raw = true;	/* the host controller has it beside those before it */
	req->buffer.length = arg->length;
	ret = winusb_isoch_prepare(req, arg);
	if (ret) {
		winusb_request_discard(req);
		return ERR_PTR(ret);
	}
	return req;
}
WINUSB_EXPORT_FOR_TESTS(winusb_isoch_create);

/**
 * winusb_isoch_span - How long a request takes
 * @isoch: Of the request.
 *
 * Return: Microframes.
 */
u64 winusb_isoch_span(const struct winusb_isoch *isoch)
{
	return (u64)isoch->num_packets * isoch->buffer->microframes;
}

/**
 * winusb_isoch_part_span - How long a part takes
 * @part: The part.
 *
 * Return: Microframes.
 */
u64 winusb_isoch_part_span(const struct winusb_isoch_part *part)
{
	return (u64)part->count * part->req->isoch->buffer->microframes;
}

/**
 * winusb_isoch_fill - Fill the URB of a part
 * @req: The request.
 * @part: The part.
 * @complete: Who completes it.
 */
void winusb_isoch_fill(struct winusb_request *req, struct winusb_isoch_part *part,
		       usb_complete_t complete)
{
	struct winusb_isoch *isoch = req->isoch;
	const struct winusb_isoch_packet *packet = &isoch->packets[part->first];
	struct usb_device *udev = req->wh->wi->udev;
	unsigned int number = req->address & USB_ENDPOINT_NUMBER_MASK;
	u32 start = packet->offset, gap;
	struct urb *urb = part->urb;
	unsigned int i;

	urb->dev = udev;
	urb->pipe = req->in ? usb_rcvisocpipe(udev, number) : usb_sndisocpipe(udev, number);
	/* One that is late is told so; only the first of a stream may begin when it likes. */
	urb->transfer_flags = part->fresh ? URB_ISO_ASAP : 0;
	urb->interval = isoch->buffer->interval;
	urb->start_frame = -1;	/* not all host controllers tell it */
	urb->number_of_packets = part->count;
	urb->transfer_buffer_length = 0;
	urb->complete = complete;
	urb->context = part;
	for (i = 0; i < part->count; i++, packet++) {
		urb->iso_frame_desc[i].offset = packet->offset - start;
		urb->iso_frame_desc[i].length = packet->length;
		urb->transfer_buffer_length += packet->length;
	}
	if (part->bounced)
		urb->transfer_buffer = part->bounce;
	else
		urb->transfer_buffer =
			winusb_isoch_buffer_address(isoch->buffer,
						    min(isoch->offset + start,
							isoch->buffer->length - 1), &gap);
	if (part->bounced && !req->in)
		winusb_isoch_buffer_read(isoch->buffer, isoch->offset + start, part->bounce,
					 urb->transfer_buffer_length);
}

/* What became of a packet whose URB was ended before its turn? */
static u32 winusb_isoch_missed(int status)
{
	return status == -ESHUTDOWN || status == -ENODEV ? WINUSB_PACKET_GONE :
	       WINUSB_PACKET_CANCELED;
}

/**
 * winusb_isoch_take - A part is back
 * @req: The request.
 * @part: The part.
 */
void winusb_isoch_take(struct winusb_request *req, struct winusb_isoch_part *part)
{
	struct winusb_isoch *isoch = req->isoch;
	struct winusb_isoch_packet *packet = &isoch->packets[part->first];
	const struct usb_iso_packet_descriptor *desc = part->urb->iso_frame_desc;
	unsigned int i, errors = 0, moved = 0;
	int status = part->urb->status;

	if (status)
		isoch->broken = status;
	for (i = 0; i < part->count; i++, packet++, desc++) {
		packet->length = min(packet->length, desc->actual_length);
		if (likely(!desc->status)) {
			packet->status = WINUSB_PACKET_SUCCESS;
			moved += packet->length;
			continue;
		}
		packet->status = status && desc->status == -EXDEV ? winusb_isoch_missed(status) :
				 winusb_status_to_packet(desc->status);
		if (packet->status == WINUSB_PACKET_CANCELED ||
		    packet->status == WINUSB_PACKET_GONE)
			packet->length = 0;
		if (packet->status)
			errors++;
		moved += packet->length;
	}
	isoch->errors += errors;
	req->moved += moved;
	part->back = true;
}

/* The packets that the host controller was not given. */
static void winusb_isoch_give_up(struct winusb_request *req)
{
	struct winusb_isoch *isoch = req->isoch;
	unsigned int i = isoch->sent < isoch->num_parts ? isoch->parts[isoch->sent].first :
			 isoch->num_packets;
	u32 status = isoch->failed ? WINUSB_PACKET_NOT_SENT : WINUSB_PACKET_CANCELED;

	if (isoch->broken == -ESHUTDOWN)
		status = WINUSB_PACKET_GONE;
	for (; i < isoch->num_packets; i++) {
		isoch->packets[i].length = 0;
		isoch->packets[i].status = status;
		isoch->errors++;
	}
}

/**
 * winusb_isoch_status - A request is over: how did it end?
 * @req: The request. Its URBs are back, or never went away.
 *
 * Return: 0, or an error of the contract.
 */
int winusb_isoch_status(struct winusb_request *req)
{
	struct winusb_isoch *isoch = req->isoch;

	winusb_isoch_give_up(req);
	if (isoch->known) {
		isoch->frame = isoch->begin / WINUSB_MICROFRAMES;
		isoch->next_frame = (isoch->begin + winusb_isoch_span(isoch)) / WINUSB_MICROFRAMES;
	}
	/* What has moved has moved, though somebody wanted to end it. */
	if (isoch->sent == isoch->num_parts && !isoch->broken && !isoch->failed)
		return isoch->errors == isoch->num_packets ? -EIO : 0;
	if (READ_ONCE(req->cancel))
		return READ_ONCE(req->cancel);
	if (isoch->failed)
		return isoch->failed;
	return winusb_status_to_errno(isoch->broken);
}

/**
 * winusb_isoch_unlink - Ask the host controller for all URBs of a request, newest first
 * @req: The request. The caller has a reference.
 */
void winusb_isoch_unlink(struct winusb_request *req)
{
	struct winusb_isoch *isoch = req->isoch;
	unsigned int i;

	for (i = isoch->num_parts; i--;)
		usb_unlink_urb(isoch->parts[i].urb);	/* nothing to one that is not in flight */
}

/**
 * winusb_isoch_cancel - A request ends without the host controller
 * @req: The request. None of its URBs is away, and no more will be.
 * @error: The error it ends with, unless it has one already.
 *
 * Return: How it ends.
 */
int winusb_isoch_cancel(struct winusb_request *req, int error)
{
	if (!req->cancel)
		WRITE_ONCE(req->cancel, error);
	return winusb_isoch_status(req);
}

/**
 * winusb_isoch_finish - A request is done: its buffer can be unregistered
 * @req: The request.
 *
 * In any context, once.
 */
void winusb_isoch_finish(struct winusb_request *req)
{
	struct winusb_isoch *isoch = req->isoch;

	if (isoch->pending)
		winusb_isoch_buffer_done(isoch->buffer);
	isoch->pending = false;
}

/* Packets that came whole lie side by side, and are copied together. */
static int winusb_isoch_deliver_data(struct winusb_request *req)
{
	struct winusb_isoch *isoch = req->isoch;
	u32 start = 0, length = 0;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < isoch->num_packets && !ret; i++) {
		const struct winusb_isoch_packet *packet = &isoch->packets[i];

		if (length && start + length != packet->offset) {
			ret = winusb_isoch_buffer_deliver(isoch->buffer, isoch->offset + start,
							  length);
			length = 0;
		}
		if (!length)
			start = packet->offset;
		length += packet->length;
	}
	if (length && !ret)
		ret = winusb_isoch_buffer_deliver(isoch->buffer, isoch->offset + start, length);
	return ret;
}

/* From memory of its own to where it belongs. */
static void winusb_isoch_unbounce(struct winusb_request *req, struct winusb_isoch_part *part)
{
	struct winusb_isoch_packet *packet = &req->isoch->packets[part->first];

	winusb_isoch_buffer_write(req->isoch->buffer, req->isoch->offset + packet->offset,
				  part->bounce, packet->length);
}

/**
 * winusb_isoch_deliver - Give the program what the device sent, and what became of the packets
 * @req: The request, done.
 *
 * Return: 0, or -EFAULT.
 */
int winusb_isoch_deliver(struct winusb_request *req)
{
	struct winusb_isoch *isoch = req->isoch;
	size_t bytes = isoch->num_packets * sizeof(*isoch->packets);
	unsigned int i;
	int ret = 0;

	for (i = 0; req->in && i < isoch->num_parts; i++)
		if (isoch->parts[i].bounced && isoch->parts[i].back)
			winusb_isoch_unbounce(req, &isoch->parts[i]);
	if (req->in && isoch->buffer->mm)
		ret = winusb_isoch_deliver_data(req);
	if (!ret && isoch->user &&
	    winusb_deliver(isoch->mm, isoch->user, isoch->packets, bytes) != bytes)
		ret = -EFAULT;
	return ret;
}

/**
 * winusb_isoch_release - Give back what an isochronous request used
 * @req: The request, delivered or never started.
 */
void winusb_isoch_release(struct winusb_request *req)
{
	struct winusb_isoch *isoch = req->isoch;

	winusb_isoch_finish(req);
	winusb_isoch_buffer_put(isoch->buffer);
	isoch->buffer = NULL;
	if (isoch->mm)
		mmdrop(isoch->mm);
	isoch->mm = NULL;
}
