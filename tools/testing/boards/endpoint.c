// SPDX-License-Identifier: MIT
/*
 * Endpoints: every transfer waits in its endpoint's queue and is served
 * packet by packet, in order, as the device's side of a real bus would.
 * What cannot move now NAKs: it stays at the head until data, room, time or
 * an unlink comes. A transfer that is unlinked after some packets moved is
 * completed with -ECONNRESET and its count, which the USB/IP unlink answer
 * could not carry.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "desc.h"
#include "endpoint.h"

#define PATTERN 251

void urb_free(struct urb *urb)
{
	free(urb->data);
	free(urb->iso);
	free(urb);
}

/* What the option "lie" adds to the count of an answer, never past the end. */
uint32_t urb_lie(const struct board *b, const struct urb *urb)
{
	uint32_t rest = urb->length - urb->actual;

	if (!(urb->address & 0x0f) || !(urb->address & 0x80) || urb->status ||
	    urb->iso_count)
		return 0;
	return b->now.lie < rest ? b->now.lie : rest;
}

/* The data ends here: host and board both see it as complete. */
static void urb_done(struct endpoint *ep, struct urb *urb)
{
	struct board *b = ep->board;

	TAILQ_REMOVE(&ep->queue, urb, link);
	ep->pending--;
	ep->count.done++;
	if (urb->status)
		ep->count.errors++;
	b->host->complete(b->host, urb);
	urb_free(urb);
}

static struct endpoint *urb_endpoint(struct board *b, const struct urb *urb)
{
	return &b->ep[ep_slot(urb->address)];
}

void endpoint_submit(struct board *b, struct urb *urb)
{
	struct endpoint *ep = urb_endpoint(b, urb);

	if (urb->iso_count)
		iso_schedule(ep, urb);
	TAILQ_INSERT_TAIL(&ep->queue, urb, link);
	journal_add(b, ep->address ? EVENT_URB : EVENT_REQUEST, urb);
	ep->count.urbs++;
	if (++ep->pending > ep->count.max_pending)
		ep->count.max_pending = ep->pending;
	endpoint_run_all(b);
}

static struct urb *urb_find(struct board *b, uint32_t seqnum)
{
	struct urb *urb;
	unsigned int i;

	for (i = 0; i < BOARD_SLOTS; i++)
		TAILQ_FOREACH(urb, &b->ep[i].queue, link)
			if (urb->seqnum == seqnum)
				return urb;
	return NULL;
}

/*
 * Returns -ECONNRESET when the transfer was pending and is now forgotten, 0
 * when it is finished: long ago, or by this call because it moved data.
 */
int endpoint_unlink(struct board *b, uint32_t seqnum)
{
	struct urb *urb = urb_find(b, seqnum);
	struct endpoint *ep;
	int ret = -ECONNRESET;

	if (urb && urb->iso_count) {
		/* What had its time moves first, and that may be all. */
		endpoint_run_all(b);
		urb = urb_find(b, seqnum);
	}
	if (!urb) {
		b->unlinked_late++;
		return 0;
	}
	ep = urb_endpoint(b, urb);
	ep->count.unlinked++;
	if (urb->iso_count)
		iso_release(ep, urb);
	journal_add(b, EVENT_UNLINK, urb);
	if (TAILQ_FIRST(&ep->queue) == urb)
		timer_cancel(&ep->timer);
	if (urb->actual || urb->iso_served) {
		urb->status = -ECONNRESET;
		urb_done(ep, urb);
		ret = 0;
	} else {
		TAILQ_REMOVE(&ep->queue, urb, link);
		ep->pending--;
		urb_free(urb);
	}
	endpoint_run_all(b);
	return ret;
}

/* Drops the packets that wait for the host. */
void endpoint_flush(struct endpoint *ep)
{
	struct packet *p;

	while ((p = TAILQ_FIRST(&ep->packets))) {
		TAILQ_REMOVE(&ep->packets, p, link);
		free(p);
	}
	ep->packet_count = 0;
}

/* Drops the transfers too, without a word to the host: it is gone. */
void endpoint_forget(struct endpoint *ep)
{
	struct urb *urb;

	while ((urb = TAILQ_FIRST(&ep->queue))) {
		TAILQ_REMOVE(&ep->queue, urb, link);
		urb_free(urb);
	}
	ep->pending = 0;
	endpoint_flush(ep);
	timer_cancel(&ep->timer);
}

void endpoint_halt(struct endpoint *ep, bool halted)
{
	ep->halted = halted;
	if (ep->board->host)
		endpoint_run_all(ep->board);
}

static int queue_packet(struct endpoint *ep, const uint8_t *data, size_t len)
{
	struct packet *p = malloc(sizeof(*p) + len);

	if (!p)
		return -ENOMEM;
	p->off = 0;
	p->len = len;
	if (len)
		memcpy(p->data, data, len);
	TAILQ_INSERT_TAIL(&ep->packets, p, link);
	ep->packet_count++;
	return 0;
}

/* Data that the device has for the host, cut into packets; none: a ZLP. */
int endpoint_push(struct endpoint *ep, const uint8_t *data, size_t len)
{
	unsigned int mps = ep->mps ? ep->mps : 64;
	size_t n;
	int ret;

	do {
		n = len < mps ? len : mps;
		ret = queue_packet(ep, data, n);
		if (ret)
			return ret;
		data += n;
		len -= n;
	} while (len);
	if (ep->board->host)
		endpoint_run_all(ep->board);
	return 0;
}

int urb_room(struct urb *urb)
{
	if (urb->data || !urb->length)
		return 0;
	urb->data = malloc(urb->length);
	return urb->data ? 0 : -ENOMEM;
}

/* A transfer moved @len more bytes; true when the board vanishes of it. */
bool endpoint_account(struct endpoint *ep, struct urb *urb, size_t len)
{
	struct board *b = ep->board;
	unsigned int i;

	urb->served = true;
	b->progress = true;
	ep->count.packets++;
	ep->count.bytes += len;
	if (!len)
		ep->count.zlp++;
	for (i = 0; i < RULES; i++) {
		if (ep->rule[i].after > len)
			ep->rule[i].after -= len;
		else
			ep->rule[i].after = 0;
	}
	b->moved += len;
	if (!b->now.vanish || b->moved < b->now.vanish)
		return false;
	board_unplug(b);
	return true;
}

static bool rule_strikes(struct endpoint *ep, enum rule_kind kind)
{
	struct rule *r = &ep->rule[kind];

	if (!r->count || r->after)
		return false;
	if (r->count != ALWAYS)
		r->count--;
	return true;
}

/* What goes wrong before the next packet, if anything. */
bool endpoint_trouble(struct endpoint *ep, struct urb *urb, enum serve *verdict)
{
	*verdict = SERVE_DONE;
	if (ep->rule[RULE_SILENT].count && !ep->rule[RULE_SILENT].after) {
		*verdict = SERVE_WAIT;
		return true;
	}
	if (!ep->active) {
		urb->status = -EPROTO;
		return true;
	}
	if (ep->halted || rule_strikes(ep, RULE_STALL)) {
		ep->halted = true;
		urb->status = -EPIPE;
		return true;
	}
	if (rule_strikes(ep, RULE_ERROR)) {
		urb->status = ep->rule[RULE_ERROR].status;
		return true;
	}
	return false;
}

static void pattern_fill(struct endpoint *ep, uint8_t *to, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		to[i] = ep->position++ % PATTERN;
}

static void pattern_check(struct endpoint *ep, const uint8_t *from, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (from[i] != ep->position++ % PATTERN)
			ep->count.bad++;
}

static uint64_t in_limit(const struct endpoint *ep)
{
	const struct behaviour *now = &ep->board->now;
	int64_t limit = now->ep[ep_slot(ep->address)].limit;

	if (limit < 0)
		limit = now->limit;
	return limit < 0 ? UINT64_MAX : (uint64_t)limit;
}

/* A device that says more than it was asked: see the option "extra". */
static unsigned int pad_packet(struct endpoint *ep, uint8_t *to,
			       unsigned int len, uint64_t most)
{
	unsigned int add = ep->board->now.extra;

	if (len >= ep->mps || !add)
		return len;
	if (add > ep->mps - len)
		add = ep->mps - len;
	if (add > most - len)
		add = most - len;
	memset(to + len, 0xee, add);
	return len + add;
}

/*
 * One IN packet into @to, which has room for the largest packet. Returns its
 * length, or -EAGAIN when there is none. @most cuts it, the rest stays.
 */
int endpoint_next_packet(struct endpoint *ep, uint8_t *to, uint64_t most)
{
	struct packet *p;
	unsigned int len;

	if (ep->board->now.ep[ep_slot(ep->address)].mode == MODE_SOURCE) {
		len = most < ep->mps ? most : ep->mps;
		pattern_fill(ep, to, len);
		return len;
	}
	p = TAILQ_FIRST(&ep->packets);
	if (!p)
		return -EAGAIN;
	len = p->len - p->off;
	if (len > most) {
		memcpy(to, p->data + p->off, most);
		p->off += most;
		return most;
	}
	memcpy(to, p->data + p->off, len);
	TAILQ_REMOVE(&ep->packets, p, link);
	ep->packet_count--;
	free(p);
	return pad_packet(ep, to, len, most);
}

static enum serve serve_in(struct endpoint *ep, struct urb *urb)
{
	uint64_t limit = in_limit(ep);
	uint8_t buf[2048];
	enum serve verdict;
	uint32_t room;
	int len;

	for (;;) {
		if (urb->served && (urb->actual == urb->length ||
				    urb->actual >= limit))
			return SERVE_DONE;
		if (endpoint_trouble(ep, urb, &verdict))
			return verdict;
		if (urb_room(urb)) {
			urb->status = -ENOMEM;
			return SERVE_DONE;
		}
		len = endpoint_next_packet(ep, buf, limit - urb->actual);
		if (len < 0)
			return SERVE_WAIT;
		room = urb->length - urb->actual;
		if ((uint32_t)len > room)
			urb->status = -EOVERFLOW;
		if ((uint32_t)len < room)
			room = len;
		if (room)
			memcpy(urb->data + urb->actual, buf, room);
		urb->actual += room;
		if (endpoint_account(ep, urb, len))
			return SERVE_GONE;
		if (urb->status || (unsigned int)len < ep->mps)
			return SERVE_DONE;
	}
}

/* Returns false when the device has no room now. */
bool endpoint_take_packet(struct endpoint *ep, const uint8_t *data, size_t len)
{
	struct behaviour *now = &ep->board->now;

	if (now->ep[ep_slot(ep->address)].mode == MODE_SINK) {
		pattern_check(ep, data, len);
		return true;
	}
	if (!ep->peer || !ep->peer->active)
		return true;
	if (ep->peer->packet_count >= now->fifo)
		return false;
	return queue_packet(ep->peer, data, len) == 0;
}

static enum serve serve_out(struct endpoint *ep, struct urb *urb)
{
	bool zlp = (urb->flags & URB_ZERO_PACKET) && urb->length && ep->mps &&
		   urb->length % ep->mps == 0;
	enum serve verdict;
	uint32_t len;

	/* urb->served with nothing left means that only the ZLP is due. */
	for (;;) {
		len = urb->length - urb->actual;
		if (urb->served && !len && !zlp)
			return SERVE_DONE;
		if (endpoint_trouble(ep, urb, &verdict))
			return verdict;
		if (len > ep->mps)
			len = ep->mps;
		if (!ep->mps && urb->length) {
			urb->status = -EPROTO;
			return SERVE_DONE;
		}
		if (!endpoint_take_packet(ep, len ? urb->data + urb->actual : NULL, len))
			return SERVE_WAIT;
		if (!len)
			zlp = false;
		urb->actual += len;
		if (endpoint_account(ep, urb, len))
			return SERVE_GONE;
	}
}

/* Sets when the transfer at the head may be served; false: not yet. */
static bool due(struct endpoint *ep, struct urb *urb)
{
	const struct behaviour *now = &ep->board->now;
	const struct board_type *type = ep->board->type;
	int64_t delay = now->ep[ep_slot(ep->address)].delay;
	int64_t own = -1;

	if (!urb->began) {
		urb->began = true;
		if (delay < 0)
			delay = now->delay;
		if (ep->address == 0 && !(urb->setup[0] & 0x60))
			delay = 0;
		if (ep->address == 0 && type->delay)
			own = type->delay(ep->board, urb->setup);
		if (own >= 0)
			delay = own;
		urb->ready = delay ? loop_now() + delay : 0;
	}
	if (!urb->ready || urb->ready <= loop_now())
		return true;
	timer_arm(&ep->timer, urb->ready);
	return false;
}

static enum serve serve(struct endpoint *ep, struct urb *urb)
{
	int ret;

	if (urb->iso_count)
		return iso_serve(ep, urb);
	if (!due(ep, urb))
		return SERVE_WAIT;
	if (ep->address == 0) {
		ret = ep0_serve(ep->board, urb);
		if (!ep->board->host)
			return SERVE_GONE;
		return ret == -EAGAIN ? SERVE_WAIT : SERVE_DONE;
	}
	if (ep->active && ep->type == XFER_ISO) {
		urb->status = -EINVAL;
		return SERVE_DONE;
	}
	if (urb->address & 0x80)
		return serve_in(ep, urb);
	return serve_out(ep, urb);
}

static bool run_queue(struct endpoint *ep)
{
	struct urb *urb;

	while ((urb = TAILQ_FIRST(&ep->queue))) {
		switch (serve(ep, urb)) {
		case SERVE_GONE:
			return false;
		case SERVE_WAIT:
			return true;
		case SERVE_DONE:
			break;
		}
		if (!urb->status && (urb->flags & URB_SHORT_NOT_OK) &&
		    (urb->address & 0x80) && urb->actual < urb->length)
			urb->status = -EREMOTEIO;
		ep->board->progress = true;
		urb_done(ep, urb);
		if (ep->board->replug) {
			board_replug(ep->board);
			return false;
		}
	}
	return true;
}

/*
 * Serves what can be served. Moving data at one endpoint may free or feed
 * another one, so go round until nothing moves. Requests come last: they may
 * ask for what just had its time. Calls from inside (a request that pushes
 * data) only ask for another round.
 */
void endpoint_run_all(struct board *b)
{
	unsigned int i;

	b->progress = true;
	if (b->running)
		return;
	b->running = true;
	while (b->host && b->progress) {
		b->progress = false;
		for (i = 1; i <= BOARD_SLOTS; i++)
			if (!run_queue(&b->ep[i % BOARD_SLOTS]))
				break;
	}
	b->running = false;
}
