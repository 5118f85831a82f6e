// SPDX-License-Identifier: MIT
/*
 * Behaviour from text: option=value, on the command line and at run time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "desc.h"

static const struct {
	const char *name;
	int status;
} statuses[] = {
	{ "EPIPE", -EPIPE }, { "EPROTO", -EPROTO }, { "EILSEQ", -EILSEQ },
	{ "EOVERFLOW", -EOVERFLOW }, { "ETIME", -ETIME }, { "ENOSR", -ENOSR },
	{ "ECOMM", -ECOMM }, { "EIO", -EIO }, { "EXDEV", -EXDEV },
	{ "EREMOTEIO", -EREMOTEIO }, { "ESHUTDOWN", -ESHUTDOWN },
	{ "ENODEV", -ENODEV }, { "ECONNRESET", -ECONNRESET },
};

/* Decimal, or hexadecimal with 0x; 0 to @max. */
int parse_number(const char *text, long max, long *value)
{
	char *end;
	long v;

	if (!text || text[0] < '0' || text[0] > '9')
		return -EINVAL;
	errno = 0;
	v = strtol(text, &end, text[1] == 'x' ? 16 : 10);
	if (*end || errno || v < 0 || v > max)
		return -EINVAL;
	*value = v;
	return 0;
}

/* Endpoint address in any interface: 0, 0x01 to 0x0f, 0x81 to 0x8f. The slot, or -EINVAL. */
int parse_slot(const char *text)
{
	long v;

	if (parse_number(text, 0x8f, &v) || (v & 0x70) || v == 0x80)
		return -EINVAL;
	return (int)ep_slot(v);
}

static int parse_count(const char *text, uint64_t *count)
{
	long v;

	if (!strcmp(text, "always")) {
		*count = ALWAYS;
		return 0;
	}
	if (!strcmp(text, "never")) {
		*count = 0;
		return 0;
	}
	if (parse_number(text, 1000000000, &v))
		return -EINVAL;
	*count = v;
	return 0;
}

int parse_status(const char *text, int *status)
{
	unsigned int i;

	for (i = 0; text && i < ARRAY_SIZE(statuses); i++) {
		if (!strcmp(text, statuses[i].name)) {
			*status = statuses[i].status;
			return 0;
		}
	}
	return -EINVAL;
}

/* EP[:STATUS][:COUNT[:AFTER]]; STATUS for errors only. */
static int set_rule(struct board *b, char *value, enum rule_kind kind)
{
	struct rule rule = { kind == RULE_STALL ? 1 : ALWAYS, 0, 0 };
	int slot = parse_slot(strsep(&value, ":"));
	char *word;
	long after;

	if (slot < 0)
		return slot;
	word = strsep(&value, ":");
	if (kind == RULE_ERROR) {
		if (word && !strcmp(word, "never"))
			rule.count = 0;
		else if (parse_status(word, &rule.status))
			return -EINVAL;
		word = strsep(&value, ":");
	}
	if (word && parse_count(word, &rule.count))
		return -EINVAL;
	word = strsep(&value, ":");
	if (word) {
		if (parse_number(word, 1L << 30, &after))
			return -EINVAL;
		rule.after = after;
	}
	if (value)
		return -EINVAL;
	b->now.ep[slot].rule[kind] = rule;
	board_arm(b, slot, kind);
	return 0;
}

static int set_stall(struct board *b, char *value)
{
	return set_rule(b, value, RULE_STALL);
}

static int set_error(struct board *b, char *value)
{
	return set_rule(b, value, RULE_ERROR);
}

static int set_silent(struct board *b, char *value)
{
	return set_rule(b, value, RULE_SILENT);
}

/* [EP:]NUMBER; @slot is -1 without an endpoint. "off" gives -1. */
static int parse_ep_number(char *value, int *slot, long max, long *number)
{
	char *last = strchr(value, ':');

	*slot = -1;
	if (last) {
		*last++ = '\0';
		*slot = parse_slot(value);
		if (*slot < 0)
			return -EINVAL;
		value = last;
	}
	if (!strcmp(value, "off")) {
		*number = -1;
		return 0;
	}
	return parse_number(value, max, number);
}

static int set_delay(struct board *b, char *value)
{
	long ms;
	int slot;

	if (parse_ep_number(value, &slot, 3600000, &ms))
		return -EINVAL;
	if (slot >= 0)
		b->now.ep[slot].delay = ms < 0 ? -1 : ms * 1000;
	else
		b->now.delay = ms < 0 ? 0 : ms * 1000;
	return 0;
}

static int set_short(struct board *b, char *value)
{
	long bytes;
	int slot;

	if (parse_ep_number(value, &slot, 1L << 30, &bytes))
		return -EINVAL;
	if (slot == 0)
		b->now.control_limit = bytes;
	else if (slot > 0)
		b->now.ep[slot].limit = bytes;
	else
		b->now.limit = bytes;
	return 0;
}

static int set_mode(struct board *b, const char *value, enum mode mode)
{
	int slot = parse_slot(value);

	if (slot <= 0 || (mode == MODE_SOURCE && slot < 16) ||
	    (mode == MODE_SINK && slot > 16))
		return -EINVAL;
	b->now.ep[slot].mode = mode;
	b->ep[slot].position = 0;
	return 0;
}

static int set_source(struct board *b, char *value)
{
	return set_mode(b, value, MODE_SOURCE);
}

static int set_sink(struct board *b, char *value)
{
	return set_mode(b, value, MODE_SINK);
}

static int set_normal(struct board *b, char *value)
{
	return set_mode(b, value, MODE_BOARD);
}

static int set_speed(struct board *b, char *value)
{
	if (!strcmp(value, "high"))
		b->now.speed = SPEED_HIGH;
	else if (!strcmp(value, "full"))
		b->now.speed = SPEED_FULL;
	else
		return -EINVAL;
	return 0;
}

static int set_serial(struct board *b, char *value)
{
	if (strlen(value) >= sizeof(b->now.serial))
		return -EINVAL;
	strcpy(b->now.serial, value);
	return 0;
}

static int parse_request(const char *value, int *request)
{
	long v;

	if (!strcmp(value, "off")) {
		*request = REQUEST_NONE;
		return 0;
	}
	if (!strcmp(value, "any")) {
		*request = REQUEST_ANY;
		return 0;
	}
	if (parse_number(value, 255, &v))
		return -EINVAL;
	*request = (int)v;
	return 0;
}

static int set_stall_request(struct board *b, char *value)
{
	return parse_request(value, &b->now.stall_request);
}

static int set_silent_request(struct board *b, char *value)
{
	return parse_request(value, &b->now.silent_request);
}

static int set_vanish_request(struct board *b, char *value)
{
	return parse_request(value, &b->now.vanish_request);
}

/* bmRequestType and bRequest as one number, and how often. */
static int parse_standard(char *value, struct standard_rule *out)
{
	struct standard_rule rule = { 0, ALWAYS };
	char *word = strsep(&value, ":");
	long request;

	if (!strcmp(word, "off") && !value) {
		out->count = 0;
		return 0;
	}
	if (parse_number(word, 0xffff, &request) || request & 0x6000 ||
	    (value && parse_count(value, &rule.count)))
		return -EINVAL;
	rule.request = request;
	*out = rule;
	return 0;
}

static int set_stall_standard(struct board *b, char *value)
{
	return parse_standard(value, &b->now.stall_standard);
}

static int set_silent_standard(struct board *b, char *value)
{
	return parse_standard(value, &b->now.silent_standard);
}

static int set_wake(struct board *b, char *value)
{
	long v;

	if (parse_number(value, 1, &v))
		return -EINVAL;
	b->now.wake = (int)v;
	return 0;
}

static int set_extra(struct board *b, char *value)
{
	long v;

	if (parse_number(value, 1024, &v))
		return -EINVAL;
	b->now.extra = v;
	return 0;
}

static int set_fifo(struct board *b, char *value)
{
	long v;

	if (parse_number(value, 1000000, &v))
		return -EINVAL;
	b->now.fifo = v;
	return 0;
}

static int set_vanish(struct board *b, char *value)
{
	long v;

	if (parse_number(value, 1L << 30, &v))
		return -EINVAL;
	b->now.vanish = v;
	b->moved = 0;
	return 0;
}

static int set_lie(struct board *b, char *value)
{
	long v;

	if (parse_number(value, 1L << 30, &v))
		return -EINVAL;
	b->now.lie = v;
	return 0;
}

static int set_hidden(struct board *b, char *value)
{
	long v;

	if (parse_number(value, 1, &v))
		return -EINVAL;
	b->now.hidden = v;
	return 0;
}

static const struct {
	const char *name;
	const char *form;
	const char *help;
	int (*set)(struct board *b, char *value);
} options[] = {
	{ "speed", "high|full", "from the next plug on", set_speed },
	{ "serial", "STRING", "serial number, 63 characters at most",
	  set_serial },
	{ "delay", "[EP:]MS|off",
	  "wait before serving a transfer; endpoint 0: class and vendor requests",
	  set_delay },
	{ "short", "[EP:]N|off",
	  "answer an IN transfer with N bytes at most; endpoint 0 as above",
	  set_short },
	{ "extra", "N", "add N bytes (0xee) to every short IN packet",
	  set_extra },
	{ "fifo", "N", "packets a loopback holds before OUT NAKs", set_fifo },
	{ "source", "EP", "IN: endless counting bytes (position modulo 251)",
	  set_source },
	{ "sink", "EP", "OUT: check that pattern, count what is bad, drop it",
	  set_sink },
	{ "normal", "EP", "end source or sink", set_normal },
	{ "stall", "EP[:COUNT|always|never[:AFTER]]",
	  "halt at the next transfer, after AFTER bytes; default once",
	  set_stall },
	{ "error", "EP:STATUS|never[:COUNT|always[:AFTER]]",
	  "end transfers with STATUS (EPROTO, EILSEQ, EOVERFLOW, ETIME, ...)",
	  set_error },
	{ "silent", "EP[:always|never[:AFTER]]", "NAK for ever", set_silent },
	{ "stall-request", "REQUEST|any|off",
	  "stall this class or vendor request", set_stall_request },
	{ "silent-request", "REQUEST|any|off",
	  "never answer this class or vendor request", set_silent_request },
	{ "stall-standard", "0xTTRR[:COUNT|always|never]|off",
	  "stall the standard request with this bmRequestType and bRequest",
	  set_stall_standard },
	{ "silent-standard", "0xTTRR[:COUNT|always|never]|off",
	  "never answer that request", set_silent_standard },
	{ "wake", "0|1",
	  "bmAttributes says remote wake; from the next plug on", set_wake },
	{ "vanish", "N", "gone after N bytes on data endpoints; 0: stay",
	  set_vanish },
	{ "vanish-in-control", "REQUEST|any|off",
	  "gone at this class or vendor request", set_vanish_request },
	{ "lie", "N",
	  "claim N bytes more than an IN transfer has, and be gone; 0: never",
	  set_lie },
	{ "hidden", "0|1", "refuse to be attached", set_hidden },
};

#define OPTIONS ARRAY_SIZE(options)

void behaviour_init(struct behaviour *bh, const struct board_type *type)
{
	unsigned int i;

	memset(bh, 0, sizeof(*bh));
	bh->speed = SPEED_HIGH;
	bh->limit = -1;
	bh->control_limit = -1;
	bh->fifo = 4096;
	bh->stall_request = REQUEST_NONE;
	bh->silent_request = REQUEST_NONE;
	bh->vanish_request = REQUEST_NONE;
	bh->wake = -1;
	for (i = 0; i < BOARD_SLOTS; i++) {
		bh->ep[i].delay = -1;
		bh->ep[i].limit = -1;
	}
	for (i = 0; type->options && type->options[i].name; i++) {
		bh->value[i] = type->options[i].preset;
		if (type->options[i].preset_text)
			strcpy(bh->text[i], type->options[i].preset_text);
	}
}

static int set_own(struct board *b, const char *name, const char *value)
{
	const struct board_option *own = b->type->options;
	unsigned int i;
	long v;

	for (i = 0; own && own[i].name; i++) {
		if (strcmp(own[i].name, name))
			continue;
		if (own[i].check) {
			if (strlen(value) >= BOARD_TEXT || own[i].check(value))
				return -EINVAL;
			strcpy(b->now.text[i], value);
		} else {
			if (own[i].parse(value, &v))
				return -EINVAL;
			b->now.value[i] = v;
		}
		if (b->host && b->type->changed)
			b->type->changed(b, i);
		return 0;
	}
	return -ENOENT;
}

/* @text is name=value. On an error nothing changed, the reason in @error. */
int behaviour_set(struct board *b, const char *text, char *error, size_t size)
{
	char *copy = strdup(text), *value, *name = copy;
	int ret = -ENOENT;
	unsigned int i;

	if (!copy) {
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}
	value = strchr(copy, '=');
	if (!value) {
		snprintf(error, size, "'%s' is not option=value", text);
		free(copy);
		return -EINVAL;
	}
	*value++ = '\0';
	for (i = 0; i < OPTIONS; i++) {
		if (strcmp(options[i].name, name))
			continue;
		ret = options[i].set(b, value);
		if (ret)
			snprintf(error, size, "bad value in '%s': wanted %s=%s",
				 text, name, options[i].form);
		break;
	}
	if (ret == -ENOENT) {
		ret = set_own(b, name, value);
		if (ret == -ENOENT)
			snprintf(error, size, "board %s has no option '%s'",
				 b->type->name, name);
		else if (ret)
			snprintf(error, size, "bad value in '%s'", text);
	}
	free(copy);
	if (!ret && b->host)
		endpoint_run_all(b);
	return ret;
}

void options_list(void)
{
	unsigned int i;

	printf("options of every board (EP is an endpoint address, as 0x81):\n");
	for (i = 0; i < OPTIONS; i++)
		printf("  %s=%s\n      %s\n", options[i].name, options[i].form,
		       options[i].help);
}
