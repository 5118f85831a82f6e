// SPDX-License-Identifier: GPL-2.0-only
/*
 * The chunk: what one URB of a request moves, and through which memory.
 */
#include <linux/usb.h>

#include "chunk.h"
#include "compat.h"
#include "handle.h"
#include "interface.h"
#include "pipe.h"
#include "request.h"

static unsigned int winusb_chunk_urb_pipe(const struct winusb_request *req)
{
	struct usb_device *udev = req->wh->wi->udev;
	unsigned int number = req->address & USB_ENDPOINT_NUMBER_MASK;

	switch (req->pipe->type) {
	case USB_ENDPOINT_XFER_CONTROL:
		return req->in ? usb_rcvctrlpipe(udev, 0) : usb_sndctrlpipe(udev, 0);
	case USB_ENDPOINT_XFER_INT:
		return req->in ? usb_rcvintpipe(udev, number) : usb_sndintpipe(udev, number);
	default:
		return req->in ? usb_rcvbulkpipe(udev, number) : usb_sndbulkpipe(udev, number);
	}
}

/* Fill the URB for one piece of memory. */
static void winusb_chunk_fill_piece(struct winusb_request *req, void *address, size_t length)
{
	struct usb_device *udev = req->wh->wi->udev;
	unsigned int urb_pipe = winusb_chunk_urb_pipe(req);
	struct urb *urb = req->urb;

	urb->transfer_flags = 0;
	urb->sg = NULL;
	urb->num_sgs = 0;
	req->chunk = length;
	req->bounced = 0;
	if (req->pipe->type == USB_ENDPOINT_XFER_CONTROL)
		usb_fill_control_urb(urb, udev, urb_pipe, (u8 *)req->setup, address, length, NULL,
				     req);
	else if (req->pipe->type == USB_ENDPOINT_XFER_INT)
		usb_fill_int_urb(urb, udev, urb_pipe, address, length, NULL, req,
				 req->pipe->interval);
	else
		usb_fill_bulk_urb(urb, udev, urb_pipe, address, length, NULL, req);
}

/* Memory of the pipe's own, where the request's is of no use to the host controller. */
static int winusb_chunk_fill_bounce(struct winusb_request *req, size_t length)
{
	struct winusb_pipe *pipe = req->pipe;

	if (!pipe->bounce)
		return -EIO;
	length = min(length, winusb_pipe_bounce_size(pipe->dma.maxp));
	if (req->in)
		memset(pipe->bounce, 0, length);
	else
		winusb_buffer_read(&req->buffer, req->moved, pipe->bounce, length);
	winusb_chunk_fill_piece(req, pipe->bounce, length);
	req->bounced = length;
	return 0;
}

/*
 * A scatter list. If the memory ends in the middle of a packet, that one goes to the pipe's own
 * memory (winusb.md 2.3, step 5).
 */
static bool winusb_chunk_fill_list(struct winusb_request *req, size_t length)
{
	struct winusb_pipe *pipe = req->pipe;
	struct winusb_buffer *buffer = &req->buffer;
	size_t direct = length, wanted;
	struct scatterlist *list;
	unsigned int nents;
	u8 *tail = NULL;

	if (req->moved + length > buffer->room) {
		direct = rounddown(min(length, buffer->length - req->moved), pipe->dma.maxp);
		tail = pipe->bounce;
		if (!direct || !tail)
			return false;
	}
	wanted = direct;
	nents = winusb_buffer_list(buffer, req->moved, &direct, &pipe->dma, tail, &list);
	if (!nents)
		return false;
	if (direct != wanted)
		tail = NULL;
	if (tail)
		memset(tail, 0, pipe->dma.maxp);
	winusb_chunk_fill_piece(req, NULL, direct + (tail ? pipe->dma.maxp : 0));
	req->bounced = tail ? pipe->dma.maxp : 0;
	req->urb->sg = list;
	req->urb->num_sgs = nents;
	return true;
}

static int winusb_chunk_fill_memory(struct winusb_request *req)
{
	struct winusb_pipe *pipe = req->pipe;
	struct winusb_buffer *buffer = &req->buffer;
	size_t rest = buffer->length - req->moved, length, piece;
	u16 maxp = pipe->dma.maxp;
	void *address;

	if (pipe->type == USB_ENDPOINT_XFER_CONTROL) {
		winusb_chunk_fill_piece(req, buffer->linear, buffer->length);
		return 0;
	}
	length = min_t(size_t, req->in ? roundup(rest, maxp) : rest, pipe->dma.max_transfer);
	if (!length) {
		winusb_chunk_fill_piece(req, NULL, 0);
		return 0;
	}
	address = winusb_buffer_address(buffer, req->moved, length, &piece);
	if (!address && pipe->dma.max_segments > 1 && winusb_chunk_fill_list(req, length))
		return 0;
	/* A chunk is cut short only where it must be: it has a timeout of its own. */
	if (!address && length > winusb_pipe_bounce_size(maxp) && piece >= maxp) {
		length = rounddown(piece, maxp);
		address = winusb_buffer_address(buffer, req->moved, length, &piece);
	}
	if (!address)
		return winusb_chunk_fill_bounce(req, length);
	winusb_chunk_fill_piece(req, address, length);
	return 0;
}

/* The zero-length packet after the last chunk (winusb.md 2.2, SHORT_PACKET_TERMINATE). */
static void winusb_chunk_terminate(struct winusb_request *req)
{
	size_t length = req->buffer.length;

	if (!req->in && req->pipe->type != USB_ENDPOINT_XFER_CONTROL && length &&
	    !(length % req->pipe->dma.maxp) && req->moved + req->chunk == length &&
	    winusb_policy(&req->pipe->policies, WINUSB_POLICY_SHORT_PACKET_TERMINATE))
		req->urb->transfer_flags |= URB_ZERO_PACKET;
}

/**
 * winusb_chunk_fill - Fill the URB of a request with its next chunk
 * @req: The request. The caller steps it, and sets who completes the URB.
 *
 * Whole packets for a read (winusb.md 1.5, 2.3 step 5).
 *
 * Return: 0, or -EIO.
 */
int winusb_chunk_fill(struct winusb_request *req)
{
	int ret = winusb_chunk_fill_memory(req);

	if (!ret)
		winusb_chunk_terminate(req);
	return ret;
}

/**
 * winusb_chunk_take - A read's chunk is back
 * @req: The request. The caller steps it.
 * @got: How many bytes came.
 *
 * Moves what came through the pipe's memory to where it belongs, keeps what was not asked for
 * (winusb.md 2.3, steps 5 and 7).
 *
 * Return: true if there was more than asked for.
 */
bool winusb_chunk_take(struct winusb_request *req, size_t got)
{
	struct winusb_pipe *pipe = req->pipe;
	struct winusb_buffer *buffer = &req->buffer;
	size_t direct = req->chunk - req->bounced;
	size_t wanted = min(got, buffer->length - req->moved);
	size_t excess = got - wanted;

	if (req->bounced && wanted > direct)
		winusb_buffer_write(buffer, req->moved + direct, pipe->bounce, wanted - direct);
	if (excess && winusb_policy(&pipe->policies, WINUSB_POLICY_ALLOW_PARTIAL_READS) &&
	    !winusb_policy(&pipe->policies, WINUSB_POLICY_AUTO_FLUSH)) {
		if (req->bounced)
			winusb_pipe_save(pipe, pipe->bounce + wanted - min(direct, wanted), excess);
		else
			winusb_pipe_save_from(pipe, buffer, req->moved + wanted, excess);
	}
	req->moved += wanted;
	return excess;
}
