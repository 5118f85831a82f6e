/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_ISOCH_H
#define WINUSB_ISOCH_H

#include <linux/types.h>
#include <linux/usb.h>

#include <uapi/linux/winusb.h>

#include "request.h"

struct mm_struct;
struct winusb_isoch_buffer;

#define WINUSB_PART_BYTES 245760	/* 10 ms of the fastest high speed; what swiotlb can take */

/**
 * struct winusb_isoch_part - What one URB of an isochronous request moves
 * @req: The request.
 * @urb: The URB.
 * @room: Packets that it can have.
 * @first: The first packet.
 * @count: How many.
 * @bounce: Memory for a packet that lies on both sides of a gap, or NULL; kept.
 * @bounce_size: Bytes of that.
 * @bounced: The packet goes through that.
 * @fresh: A stream begins with it.
 * @at: Microframes between the beginning of the stream and its own.
 * @back: The host controller has given it back.
 */
struct winusb_isoch_part {
	struct winusb_request *req;
	struct urb *urb;
	unsigned int room;
	unsigned int first;
	unsigned int count;
	u8 *bounce;
	u32 bounce_size;
	bool bounced;
	bool fresh;
	u64 at;
	bool back;
};

/**
 * struct winusb_isoch - What an isochronous request has beside other requests
 * @charged: Bytes charged to the file for this.
 * @buffer: The registered buffer; NULL when the request is collected.
 * @pending: It counts as pending there.
 * @offset: Where the bytes are in the buffer.
 * @length: How many.
 * @equal: Its packets are as long as they can be.
 * @placed: It is to begin in the frame @start.
 * @follow: It is to follow the one before without a gap.
 * @start: See @placed.
 * @start_ns: When that begins, CLOCK_MONOTONIC.
 * @num_packets: Packets.
 * @packets: What they are, and what became of them.
 * @max_packets: How many fit there.
 * @user: The program's array, or 0.
 * @mm: The process whose array that is.
 * @num_parts: URBs.
 * @parts: What they are.
 * @max_parts: How many fit there.
 * @sent: How many were handed over. Under the pipe's lock.
 * @back: And how many of them are back. Under the pipe's lock.
 * @failed: Why the others are not handed over.
 * @broken: An error of a URB as a whole.
 * @planned: The microframe after its last one as it was entered, 0 if that was not known.
 * @known: @begin is what the host controller says.
 * @begin: The microframe it begins in, or is to.
 * @frame: The frame it began in, when it is over; 0 if that is not known.
 * @next_frame: The one after its last, likewise.
 * @errors: Packets in error, likewise.
 *
 * What is not said to be under a lock is of the one that runs the request.
 */
struct winusb_isoch {
	size_t charged;
	struct winusb_isoch_buffer *buffer;
	bool pending;
	u32 offset;
	u32 length;
	bool equal;
	bool placed;
	bool follow;
	u32 start;
	u64 start_ns;
	unsigned int num_packets;
	struct winusb_isoch_packet *packets;
	unsigned int max_packets;
	u64 user;
	struct mm_struct *mm;
	unsigned int num_parts;
	struct winusb_isoch_part *parts;
	unsigned int max_parts;
	unsigned int sent;
	unsigned int back;
	int failed;
	int broken;
	u64 planned;
	bool known;
	u64 begin;
	u32 frame;
	u32 next_frame;
	unsigned int errors;
};

struct winusb_request *winusb_isoch_create(struct winusb_handle *wh, enum winusb_door door,
					   const struct winusb_transfer *arg);
u64 winusb_isoch_span(const struct winusb_isoch *isoch);
u64 winusb_isoch_part_span(const struct winusb_isoch_part *part);
void winusb_isoch_fill(struct winusb_request *req, struct winusb_isoch_part *part,
		       usb_complete_t complete);
void winusb_isoch_take(struct winusb_request *req, struct winusb_isoch_part *part);
int winusb_isoch_status(struct winusb_request *req);
int winusb_isoch_cancel(struct winusb_request *req, int error);
void winusb_isoch_unlink(struct winusb_request *req);
void winusb_isoch_finish(struct winusb_request *req);
int winusb_isoch_deliver(struct winusb_request *req);
void winusb_isoch_release(struct winusb_request *req);
void winusb_isoch_destroy(struct winusb_request *req);

#endif /* WINUSB_ISOCH_H */
