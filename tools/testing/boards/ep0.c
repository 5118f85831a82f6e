// SPDX-License-Identifier: MIT
/*
 * Endpoint 0: the requests of USB 2.0 chapter 9, answered from the board's
 * descriptors and state; class and vendor requests go to the board.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "desc.h"

enum {
	REQ_GET_STATUS = 0, REQ_CLEAR_FEATURE = 1, REQ_SET_FEATURE = 3,
	REQ_SET_ADDRESS = 5, REQ_GET_DESCRIPTOR = 6, REQ_GET_CONFIG = 8,
	REQ_SET_CONFIG = 9, REQ_GET_INTERFACE = 10, REQ_SET_INTERFACE = 11,
};

enum { TO_DEVICE, TO_INTERFACE, TO_ENDPOINT };

static int give(uint8_t *data, const void *from, size_t len)
{
	memcpy(data, from, len);
	return (int)len;
}

static int string_descriptor(struct board *b, unsigned int index, uint8_t *data)
{
	const char *text = NULL;
	size_t i, len;

	if (!index) {
		static const uint8_t english[4] = { 4, DT_STRING, 0x09, 0x04 };

		return give(data, english, sizeof(english));
	}
	if (index == 3)
		text = b->now.serial;
	else if (index < BOARD_STRINGS)
		text = b->desc.strings[index];
	if (!text)
		return -EPIPE;
	len = strlen(text);
	if (len > 126)
		len = 126;
	data[0] = 2 + 2 * len;
	data[1] = DT_STRING;
	for (i = 0; i < len; i++) {
		data[2 + 2 * i] = text[i];
		data[3 + 2 * i] = 0;
	}
	return data[0];
}

static int qualifier(struct board *b, uint8_t *data)
{
	const uint8_t *dev = b->desc.device;

	if (get_le16(dev + 2) < 0x0200)
		return -EPIPE;
	data[0] = 10;
	data[1] = DT_QUALIFIER;
	memcpy(data + 2, dev + 2, 6);
	data[8] = dev[17];
	data[9] = 0;
	return 10;
}

static int other_speed(struct board *b, uint8_t *data)
{
	struct descriptors *d = malloc(sizeof(*d));
	int ret;

	if (!d)
		return -EPIPE;
	board_describe(b, b->speed != SPEED_HIGH, d);
	ret = give(data, d->config, d->config_len);
	data[1] = DT_OTHER_SPEED;
	free(d);
	return ret;
}

/* A class-specific descriptor, found where the configuration has it. */
static int class_descriptor(struct board *b, const uint8_t *setup, uint8_t *data)
{
	bool by_interface = (setup[0] & 0x1f) == TO_INTERFACE;
	unsigned int index = setup[2];
	const uint8_t *d;
	int interface = -1;

	for_each_desc(d, b->desc.config, b->desc.config_len) {
		if (d[1] == DT_INTERFACE && d[0] >= 9)
			interface = d[2];
		if (d[1] != setup[3] || interface < 0)
			continue;
		if (by_interface && interface != setup[4])
			continue;
		if (index--)
			continue;
		return give(data, d, d[0]);
	}
	return -EPIPE;
}

static int get_descriptor(struct board *b, const uint8_t *setup, uint8_t *data)
{
	int ret;

	if (b->type->descriptor) {
		ret = b->type->descriptor(b, setup, data);
		if (ret != -ENOENT)
			return ret;
	}
	switch (setup[3]) {
	case DT_DEVICE:
		return give(data, b->desc.device, sizeof(b->desc.device));
	case DT_CONFIG:
		if (setup[2])
			return -EPIPE;
		return give(data, b->desc.config, b->desc.config_len);
	case DT_STRING:
		return string_descriptor(b, setup[2], data);
	case DT_QUALIFIER:
		return qualifier(b, data);
	case DT_OTHER_SPEED:
		return setup[2] ? -EPIPE : other_speed(b, data);
	case DT_BOS:
		if (!b->desc.bos_len)
			return -EPIPE;
		return give(data, b->desc.bos, b->desc.bos_len);
	case DT_INTERFACE:
	case DT_ENDPOINT:
		return -EPIPE;
	default:
		return class_descriptor(b, setup, data);
	}
}

static bool has_interface(const struct board *b, uint8_t number)
{
	const uint8_t *d;

	for_each_desc(d, b->desc.config, b->desc.config_len)
		if (d[1] == DT_INTERFACE && d[0] >= 9 && d[2] == number)
			return true;
	return false;
}

/* The endpoint that wIndex names, or NULL. */
static struct endpoint *index_endpoint(struct board *b, const uint8_t *setup)
{
	struct endpoint *ep = &b->ep[ep_slot(setup[4])];

	if (!(setup[4] & 0x0f))
		return ep;
	return ep->active ? ep : NULL;
}

static int get_status(struct board *b, const uint8_t *setup, uint8_t *data)
{
	struct endpoint *ep;

	data[0] = 0;
	data[1] = 0;
	switch (setup[0] & 0x1f) {
	case TO_DEVICE:
		if (b->desc.config[7] & 0x40)
			data[0] |= 1;
		if (b->remote_wakeup)
			data[0] |= 2;
		return 2;
	case TO_INTERFACE:
		return b->config && has_interface(b, setup[4]) ? 2 : -EPIPE;
	case TO_ENDPOINT:
		ep = index_endpoint(b, setup);
		if (!ep)
			return -EPIPE;
		data[0] = ep->halted;
		return 2;
	}
	return -EPIPE;
}

static int feature(struct board *b, const uint8_t *setup, bool on)
{
	unsigned int selector = get_le16(setup + 2);
	struct endpoint *ep;

	switch (setup[0] & 0x1f) {
	case TO_DEVICE:
		if (selector != 1 || !(b->desc.config[7] & 0x20))
			return -EPIPE;
		b->remote_wakeup = on;
		return 0;
	case TO_ENDPOINT:
		ep = index_endpoint(b, setup);
		if (!ep || selector || ep->type == XFER_ISO)
			return -EPIPE;
		if (setup[4] & 0x0f)
			endpoint_halt(ep, on);
		return 0;
	}
	return -EPIPE;
}

static bool standard_strikes(struct standard_rule *rule, const uint8_t *setup)
{
	if (!rule->count || rule->request != (setup[0] * 256u + setup[1]))
		return false;
	if (rule->count != ALWAYS)
		rule->count--;
	return true;
}

static void count_standard(struct board *b, const uint8_t *setup)
{
	if (setup[0] == TO_ENDPOINT && setup[1] == REQ_CLEAR_FEATURE)
		b->ep[ep_slot(setup[4] & 0x8f)].count.clears++;
	if (setup[0] == TO_INTERFACE && setup[1] == REQ_SET_INTERFACE)
		b->settings++;
	if (setup[0] == (0x80 | TO_DEVICE) && setup[1] == REQ_GET_STATUS)
		b->statuses++;
}

static int standard(struct board *b, const uint8_t *setup, uint8_t *data)
{
	count_standard(b, setup);
	if (standard_strikes(&b->now.silent_standard, setup))
		return CONTROL_NAK;
	if (standard_strikes(&b->now.stall_standard, setup))
		return -EPIPE;
	switch (setup[1]) {
	case REQ_GET_STATUS:
		return get_status(b, setup, data);
	case REQ_CLEAR_FEATURE:
		return feature(b, setup, false);
	case REQ_SET_FEATURE:
		return feature(b, setup, true);
	case REQ_SET_ADDRESS:
		return 0;
	case REQ_GET_DESCRIPTOR:
		return get_descriptor(b, setup, data);
	case REQ_GET_CONFIG:
		data[0] = b->config;
		return 1;
	case REQ_SET_CONFIG:
		if (setup[2] && setup[2] != b->desc.config[5])
			return -EPIPE;
		board_set_config(b, setup[2]);
		return 0;
	case REQ_GET_INTERFACE:
		if (!b->config || !has_interface(b, setup[4]))
			return -EPIPE;
		data[0] = b->alt[setup[4]];
		return 1;
	case REQ_SET_INTERFACE:
		if (!b->config)
			return -EPIPE;
		return board_set_interface(b, setup[4], setup[2]);
	}
	return b->type->control ? b->type->control(b, setup, data) : -EPIPE;
}

static bool wanted(int request, uint8_t have)
{
	return request == REQUEST_ANY || request == have;
}

/* Class and vendor requests obey the behaviour options first. */
static int other(struct board *b, const uint8_t *setup, uint8_t *data)
{
	const struct behaviour *now = &b->now;

	if (wanted(now->vanish_request, setup[1]))
		return CONTROL_GONE;
	if (wanted(now->silent_request, setup[1]))
		return CONTROL_NAK;
	if (wanted(now->stall_request, setup[1]) || !b->type->control)
		return -EPIPE;
	return b->type->control(b, setup, data);
}

static void remember(struct board *b, const uint8_t *setup, int result)
{
	struct seen *seen = &b->seen[b->seen_count++ % BOARD_SEEN];

	memcpy(seen->setup, setup, 8);
	seen->result = result;
}

static int answer_in(struct board *b, struct urb *urb, int len)
{
	uint32_t most = get_le16(urb->setup + 6);

	if (most > urb->length)
		most = urb->length;
	if ((urb->setup[0] & 0x60) && b->now.control_limit >= 0 &&
	    most > b->now.control_limit)
		most = b->now.control_limit;
	if ((uint32_t)len < most)
		most = len;
	if (most) {
		urb->data = malloc(urb->length);
		if (!urb->data)
			return -ENOMEM;
		memcpy(urb->data, b->control, most);
	}
	urb->actual = most;
	return 0;
}

/* The rules "stall" and "error" of endpoint 0; 0 if the request is served. */
static int ep0_trouble(struct endpoint *ep)
{
	unsigned int kind;

	for (kind = RULE_STALL; kind <= RULE_ERROR; kind++) {
		struct rule *r = &ep->rule[kind];

		if (!r->count)
			continue;
		if (r->count != ALWAYS)
			r->count--;
		return kind == RULE_STALL ? -EPIPE : r->status;
	}
	return 0;
}

/* Returns 0 when the request is done, -EAGAIN when it is not answered. */
int ep0_serve(struct board *b, struct urb *urb)
{
	const uint8_t *setup = urb->setup;
	struct endpoint *ep = &b->ep[0];
	bool in = setup[0] & 0x80;
	int ret;

	/* Not answered once is not answered ever: it was remembered then. */
	if (urb->served)
		return -EAGAIN;
	urb->served = true;
	if (urb->length && in != !!(urb->address & 0x80)) {
		ret = -EPIPE;
	} else if (!in && get_le16(setup + 6) > urb->length) {
		ret = -EPIPE;
	} else {
		if (!in && urb->length)
			memcpy(b->control, urb->data, get_le16(setup + 6));
		ret = ep->rule[RULE_SILENT].count ? CONTROL_NAK :
		      ep0_trouble(ep);
		if (!ret)
			ret = setup[0] & 0x60 ? other(b, setup, b->control) :
			      standard(b, setup, b->control);
	}
	remember(b, setup, ret);
	if (ret == CONTROL_GONE) {
		board_unplug(b);
		return 0;
	}
	if (ret == CONTROL_NAK)
		return -EAGAIN;
	ep->count.packets++;
	if (ret < 0)
		urb->status = ret;
	else if (in)
		urb->status = answer_in(b, urb, ret);
	else
		urb->actual = get_le16(setup + 6);
	ep->count.bytes += urb->actual;
	return 0;
}
