// SPDX-License-Identifier: MIT
/*
 * Life of a board: made from a command line argument, plugged in by a host,
 * configured, unplugged, plugged in again with fresh state.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "desc.h"

#define BOARD_MAX 128
#define REPLUG_US 200000

struct board *boards[BOARD_MAX];
unsigned int board_count;

const struct board_type *const board_types[] = {
	&fx2_board, &composite_board, &broken_board, &msos_board,
	&iso_board, NULL
};

const struct board_type *board_find_type(const char *name)
{
	unsigned int i;

	for (i = 0; board_types[i]; i++)
		if (!strcmp(board_types[i]->name, name))
			return board_types[i];
	return NULL;
}

static void timer_fired(struct timer *t)
{
	struct endpoint *ep;

	ep = (struct endpoint *)((char *)t - offsetof(struct endpoint, timer));
	endpoint_run_all(ep->board);
}

static struct board *board_alloc(const struct board_type *type)
{
	struct board *b = calloc(1, sizeof(*b));
	unsigned int i;

	if (!b)
		return NULL;
	b->type = type;
	b->state = calloc(1, type->state_size ? type->state_size : 1);
	b->control = malloc(CONTROL_ROOM);
	if (!b->state || !b->control) {
		board_destroy(b);
		return NULL;
	}
	for (i = 0; i < BOARD_SLOTS; i++) {
		struct endpoint *ep = &b->ep[i];

		ep->board = b;
		ep->address = i < 16 ? i : 0x80 | (i & 15);
		ep->timer.fire = timer_fired;
		TAILQ_INIT(&ep->queue);
		TAILQ_INIT(&ep->packets);
	}
	return b;
}

/*
 * @spec is NAME[,option=value]... Returns NULL with the reason in @error.
 * The caller destroys the board.
 */
struct board *board_create(const char *spec, char *error, size_t size)
{
	char *copy = strdup(spec), *rest = copy, *word;
	const struct board_type *type;
	struct board *b = NULL;

	word = copy ? strsep(&rest, ",") : NULL;
	type = word ? board_find_type(word) : NULL;
	if (!type) {
		snprintf(error, size, "no board named '%s'; --list shows them",
			 word ? word : spec);
		goto out;
	}
	if (board_count == BOARD_MAX) {
		snprintf(error, size, "more than %d boards", BOARD_MAX);
		goto out;
	}
	b = board_alloc(type);
	if (!b) {
		snprintf(error, size, "out of memory");
		goto out;
	}
	b->index = board_count + 1;
	snprintf(b->busid, sizeof(b->busid), "1-%u", b->index);
	behaviour_init(&b->now, type);
	snprintf(b->now.serial, sizeof(b->now.serial), "%s-%u", type->name,
		 b->index);
	while ((word = strsep(&rest, ","))) {
		if (behaviour_set(b, word, error, size)) {
			board_destroy(b);
			b = NULL;
			goto out;
		}
	}
	b->first = b->now;
	boards[board_count++] = b;
out:
	free(copy);
	return b;
}

void board_destroy(struct board *b)
{
	unsigned int i;

	for (i = 0; b->state && b->control && i < BOARD_SLOTS; i++)
		endpoint_forget(&b->ep[i]);
	timer_cancel(&b->again);
	free(b->state);
	free(b->control);
	free(b);
}

/* The rule strikes again as the behaviour says, from now on. */
void board_arm(struct board *b, unsigned int slot, enum rule_kind kind)
{
	b->ep[slot].rule[kind] = b->now.ep[slot].rule[kind];
}

void board_clear_counters(struct board *b)
{
	unsigned int i;

	for (i = 0; i < BOARD_SLOTS; i++) {
		memset(&b->ep[i].count, 0, sizeof(b->ep[i].count));
		b->ep[i].count.max_pending = b->ep[i].pending;
	}
	b->seen_count = 0;
	b->journal_count = 0;
	b->settings = 0;
	b->statuses = 0;
	b->unlinked_late = 0;
	b->moved = 0;
}

/* What the board shows at this speed, with what the options change of it. */
void board_describe(const struct board *b, bool high, struct descriptors *d)
{
	memset(d, 0, sizeof(*d));
	b->type->describe(b, high, d);
	if (!get_le16(d->config + 2))
		put_le16(d->config + 2, d->config_len);
	if (b->now.wake == 0)
		d->config[7] &= ~0x20;
	else if (b->now.wake > 0)
		d->config[7] |= 0x20;
}

void board_plug(struct board *b, struct host *host)
{
	unsigned int i, kind;

	b->host = host;
	b->speed = b->now.speed;
	b->replug = false;
	b->local = false;
	b->remote_wakeup = false;
	b->plugs++;
	memset(b->state, 0, b->type->state_size);
	board_describe(b, b->speed == SPEED_HIGH, &b->desc);
	for (i = 0; i < BOARD_SLOTS; i++)
		for (kind = 0; kind < RULES; kind++)
			board_arm(b, i, kind);
	board_clear_counters(b);
	board_set_config(b, 0);
	if (b->type->plugged)
		b->type->plugged(b);
}

/* The host let go: forget what it wanted. */
void board_detached(struct board *b)
{
	unsigned int i;

	b->host = NULL;
	b->gone = loop_now();
	b->replug = false;
	for (i = 0; i < BOARD_SLOTS; i++)
		endpoint_forget(&b->ep[i]);
}

/* The board leaves the bus. */
void board_unplug(struct board *b)
{
	struct host *host = b->host;

	if (!host)
		return;
	board_detached(b);
	host->unplug(host);
}

/*
 * Leaves and comes back. A board that a remote host attached can only be
 * offered again.
 */
void board_replug(struct board *b)
{
	bool local = b->local;

	board_unplug(b);
	if (local)
		timer_arm(&b->again, loop_now() + REPLUG_US);
}

static unsigned int period_us(const struct board *b, const uint8_t *d)
{
	unsigned int interval = d[6], frame = b->speed == SPEED_HIGH ? 125 : 1000;

	return interval < 1 || interval > 16 ? frame : frame << (interval - 1);
}

static void activate(struct board *b, const uint8_t *d, uint8_t interface)
{
	struct endpoint *ep = &b->ep[ep_slot(d[2])], *peer;
	unsigned int size = get_le16(d + 4);
	uint8_t back;

	if (!(d[2] & 0x0f))
		return;
	ep->active = true;
	ep->type = d[3] & 3;
	ep->interface = interface;
	ep->mps = size & 0x7ff;
	ep->burst = ep->mps * (1 + (size >> 11 & 3));
	ep->period = period_us(b, d);
	ep->peer = NULL;
	if (d[2] & 0x80)
		return;
	back = b->type->peer ? b->type->peer(b, d[2]) : d[2] | 0x80;
	peer = &b->ep[ep_slot(back)];
	ep->peer = back ? peer : NULL;
}

/* Makes the endpoints of the current settings the active ones. */
static void refresh_endpoints(struct board *b)
{
	int interface = -1, alt = -1;
	const uint8_t *d;
	unsigned int i;

	for (i = 1; i < BOARD_SLOTS; i++)
		b->ep[i].active = false;
	b->ep[0].active = true;
	b->ep[0].mps = 64;
	if (!b->config)
		return;
	for_each_desc(d, b->desc.config, b->desc.config_len) {
		if (d[1] == DT_INTERFACE && d[0] >= 9) {
			interface = d[2];
			alt = d[3];
		} else if (d[1] == DT_ENDPOINT && d[0] >= 7 &&
			   interface >= 0 && b->alt[interface] == alt) {
			activate(b, d, interface);
		}
	}
}

static void fresh_endpoint(struct endpoint *ep)
{
	ep->halted = false;
	ep->position = 0;
	ep->iso_next = 0;
	endpoint_flush(ep);
}

void board_set_config(struct board *b, uint8_t value)
{
	unsigned int i;

	b->config = value;
	memset(b->alt, 0, sizeof(b->alt));
	for (i = 1; i < BOARD_SLOTS; i++)
		fresh_endpoint(&b->ep[i]);
	refresh_endpoints(b);
	if (b->type->setting)
		b->type->setting(b, -1);
}

static bool has_setting(const struct board *b, uint8_t number, uint8_t alt)
{
	const uint8_t *d;

	for_each_desc(d, b->desc.config, b->desc.config_len)
		if (d[1] == DT_INTERFACE && d[0] >= 9 && d[2] == number &&
		    d[3] == alt)
			return true;
	return false;
}

/* Clears halts and data of the interface's endpoints, old and new. */
int board_set_interface(struct board *b, uint8_t number, uint8_t alt)
{
	unsigned int i;

	if (!has_setting(b, number, alt))
		return -EPIPE;
	for (i = 1; i < BOARD_SLOTS; i++)
		if (b->ep[i].active && b->ep[i].interface == number)
			fresh_endpoint(&b->ep[i]);
	b->alt[number] = alt;
	refresh_endpoints(b);
	for (i = 1; i < BOARD_SLOTS; i++)
		if (b->ep[i].active && b->ep[i].interface == number)
			fresh_endpoint(&b->ep[i]);
	if (b->type->setting)
		b->type->setting(b, number);
	endpoint_run_all(b);
	return 0;
}
