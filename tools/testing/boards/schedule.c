// SPDX-License-Identifier: MIT
/*
 * Isochronous transfers: each packet has its own time, data or not.
 *
 * The bus clock is CLOCK_MONOTONIC: frame n begins n milliseconds, and at high
 * speed microframe n begins n times 125 microseconds after its zero. A service
 * interval begins at a multiple of the endpoint's period, and its packet moves
 * within the (micro)frame there.
 *
 * A transfer is given its intervals when it comes: those behind the last one
 * that is queued, or the next one, if nothing is queued and that time is over.
 * It is completed when the (micro)frame of its last packet is over. A server
 * that gets to run late completes late, but moves every packet in its order,
 * and the journal says so.
 */
#include <errno.h>
#include <string.h>

#include "desc.h"
#include "endpoint.h"

#define LATE_US		1000
/* The most that wMaxPacketSize can say, sound or not. */
#define PACKET_ROOM	(4 * 2047)

/* (Micro)frames are counted in 32 bits, by the host in 11 (14) bits. */
static unsigned int frame_us(const struct board *b)
{
	return b->speed == SPEED_HIGH ? 125 : 1000;
}

static uint32_t frame_at(const struct board *b, int64_t time)
{
	return (uint32_t)(time / frame_us(b));
}

uint32_t bus_frame(const struct board *b)
{
	return frame_at(b, loop_now());
}

static uint32_t host_frame(const struct board *b, int64_t time)
{
	return frame_at(b, time) % (b->speed == SPEED_HIGH ? 8 * 2048 : 2048);
}

/* A transfer that cannot be one of this endpoint; 0: it can. */
static int refuse(const struct endpoint *ep, const struct urb *urb)
{
	unsigned int i;

	if (!ep->active)
		return -EPROTO;
	if (ep->type != XFER_ISO)
		return -EINVAL;
	for (i = 0; !(urb->address & 0x80) && i < urb->iso_count; i++)
		if (urb->iso[i].length > ep->burst)
			return -EMSGSIZE;
	return 0;
}

/* Before the transfer is queued: which intervals are its own? */
void iso_schedule(struct endpoint *ep, struct urb *urb)
{
	const struct behaviour *now = &ep->board->now;
	int64_t delay = now->ep[ep_slot(ep->address)].delay, first;

	urb->status = refuse(ep, urb);
	if (urb->status)
		return;
	if (delay < 0)
		delay = now->delay;
	first = (loop_round() + delay) / ep->period * ep->period + ep->period;
	if (TAILQ_EMPTY(&ep->queue) && ep->iso_next < first) {
		ep->iso_next = first;
		ep->count.starts++;
	}
	urb->period = ep->period;
	urb->slot = ep->iso_next;
	urb->start_frame = host_frame(ep->board, urb->slot);
	ep->iso_next += (int64_t)urb->iso_count * ep->period;
}

/* When the (micro)frame of packet @i is over; @i is not served yet. */
static int64_t packet_end(const struct endpoint *ep, const struct urb *urb,
			  unsigned int i)
{
	return urb->slot + (int64_t)(i - urb->iso_served) * urb->period +
	       frame_us(ep->board);
}

/* What a board without a packet callback does. */
static int default_packet(struct endpoint *ep, uint8_t *data, unsigned int *len)
{
	int got;

	if (!(ep->address & 0x80))
		return endpoint_take_packet(ep, data, *len) ? 0 : -EXDEV;
	got = endpoint_next_packet(ep, data, UINT64_MAX);
	*len = got < 0 ? 0 : got;
	return 0;
}

/* One packet moves; its status, or PACKET_NEVER. */
static int move_packet(struct endpoint *ep, struct urb *urb,
		       struct iso_packet *p)
{
	struct board *b = ep->board;
	bool in = urb->address & 0x80;
	uint8_t room[PACKET_ROOM];
	uint8_t *data = in ? room : urb->data + p->offset;
	unsigned int len = in ? 0 : p->length;
	int status;

	if (b->type->packet)
		status = b->type->packet(b, ep, frame_at(b, urb->slot), data, &len);
	else
		status = default_packet(ep, data, &len);
	if (status == PACKET_NEVER)
		return status;
	if (status && status != -EOVERFLOW)
		len = 0;
	if (len > p->length) {
		status = -EOVERFLOW;
		len = p->length;
	}
	if (in && len)
		memcpy(urb->data + urb->actual, room, len);
	p->status = status;
	p->actual = len;
	urb->actual += len;
	return status;
}

/* The packet at the head of the transfer, whose time is over. */
static enum serve serve_packet(struct endpoint *ep, struct urb *urb)
{
	struct iso_packet *p = &urb->iso[urb->iso_served];
	enum serve verdict;

	if (endpoint_trouble(ep, urb, &verdict))
		return verdict;
	if (move_packet(ep, urb, p) == PACKET_NEVER)
		return SERVE_WAIT;
	urb->iso_served++;
	urb->slot += urb->period;
	if (endpoint_account(ep, urb, p->actual))
		return SERVE_GONE;
	return SERVE_DONE;
}

static void note_late(struct endpoint *ep, const struct urb *urb, int64_t end)
{
	int64_t late = loop_now() - end;

	if (late > 0 && (uint64_t)late > ep->count.max_late)
		ep->count.max_late = late;
	if (late <= LATE_US)
		return;
	ep->count.late++;
	journal_late(ep->board, urb, late);
}

enum serve iso_serve(struct endpoint *ep, struct urb *urb)
{
	int64_t end;
	enum serve ret;

	if (urb->status)
		return SERVE_DONE;
	if (urb_room(urb)) {
		urb->status = -ENOMEM;
		return SERVE_DONE;
	}
	end = packet_end(ep, urb, urb->iso_count - 1);
	while (urb->iso_served < urb->iso_count) {
		if (packet_end(ep, urb, urb->iso_served) > loop_now()) {
			timer_arm(&ep->timer, end);
			return SERVE_WAIT;
		}
		ret = serve_packet(ep, urb);
		if (ret != SERVE_DONE || urb->status)
			return ret;
	}
	note_late(ep, urb, end);
	return SERVE_DONE;
}

/*
 * Before a transfer is unlinked. The intervals of what is behind it stay as
 * they are; if nothing is, its own are free again.
 */
void iso_release(struct endpoint *ep, struct urb *urb)
{
	if (!TAILQ_NEXT(urb, link))
		ep->iso_next = urb->slot;
	if (!TAILQ_NEXT(urb, link) && TAILQ_FIRST(&ep->queue) == urb)
		ep->iso_next = 0;
}
