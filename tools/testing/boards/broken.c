// SPDX-License-Identifier: MIT
/*
 * A board whose descriptors have one fault, chosen by fault=NAME. It starts
 * from a sound device of two vendor-specific interfaces (bulk 0x01/0x81 and
 * interrupt 0x82; bulk 0x03/0x83) and breaks it: by bytes (struct poke), by
 * a function that edits the block, or by answering a request wrongly.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "desc.h"

/* Offsets in the sound configuration. */
enum {
	AT_INTF0 = 9, AT_OUT0 = 18, AT_IN0 = 25, AT_IRQ0 = 32,
	AT_INTF1 = 39, AT_OUT1 = 48, AT_IN1 = 55, AT_END = 62,
};

/* Offsets in single descriptors. */
enum {
	LENGTH = 0, TOTAL = 2, INTERFACES = 4,
	NUMBER = 2, ALT = 3, ENDPOINTS = 4,
	ADDRESS = 2, ATTRIBUTES = 3, MPS = 4, MPS_HIGH = 5, INTERVAL = 6,
};

#define BROKEN_CONFIG(bulk, interval)					\
	CONFIG_DESC(2, 0x80),						\
	INTERFACE_DESC(0, 0, 3, 0xff, 0, 0, 4),				\
	ENDPOINT_DESC(0x01, XFER_BULK, bulk, 0),			\
	ENDPOINT_DESC(0x81, XFER_BULK, bulk, 0),			\
	ENDPOINT_DESC(0x82, XFER_INTERRUPT, 16, interval),		\
	INTERFACE_DESC(1, 0, 2, 0xff, 0, 0, 5),				\
	ENDPOINT_DESC(0x03, XFER_BULK, bulk, 0),			\
	ENDPOINT_DESC(0x83, XFER_BULK, bulk, 0)

static const uint8_t broken_device[18] = {
	DEVICE_DESC(0x0210, 0, 0, 0, 0x1209, 0x0002, 0x0100)
};

static const uint8_t broken_high[] = { BROKEN_CONFIG(512, 4) };
static const uint8_t broken_full[] = { BROKEN_CONFIG(64, 1) };

static const uint8_t broken_bos[] = {
	5, DT_BOS, LE16(12), 1,
	7, DT_CAPABILITY, 2, 0, 0, 0, 0,
};

struct poke {
	unsigned int offset;
	uint8_t value;
};

struct fault {
	const char *name;
	const char *help;
	struct poke poke[4];
	void (*edit)(struct descriptors *d);
	int (*answer)(const uint8_t *setup, uint8_t *data);
};

static void broken_insert(struct descriptors *d, size_t at,
			  const uint8_t *bytes, size_t len)
{
	memmove(d->config + at + len, d->config + at, d->config_len - at);
	memcpy(d->config + at, bytes, len);
	d->config_len += len;
}

static void broken_append(struct descriptors *d, const uint8_t *bytes,
			  size_t len)
{
	broken_insert(d, d->config_len, bytes, len);
}

static void broken_make_composite(struct descriptors *d)
{
	d->device[4] = 0xef;
	d->device[5] = 2;
	d->device[6] = 1;
}

static void edit_total_short(struct descriptors *d)
{
	put_le16(d->config + TOTAL, AT_IN1);
}

static void edit_total_long(struct descriptors *d)
{
	put_le16(d->config + TOTAL, AT_END + 40);
}

static void edit_total_huge(struct descriptors *d)
{
	put_le16(d->config + TOTAL, 0xffff);
}

static void edit_total_tiny(struct descriptors *d)
{
	put_le16(d->config + TOTAL, 4);
}

static void edit_total_header(struct descriptors *d)
{
	d->config_len = 9;
}

static void edit_cut(struct descriptors *d)
{
	d->config_len = AT_IN1 + 4;
}

static void edit_garbage(struct descriptors *d)
{
	size_t i;

	for (i = AT_INTF0; i < AT_END; i++)
		d->config[i] = 0x5a ^ (i * 37);
}

static void edit_endpoints_missing(struct descriptors *d)
{
	memmove(d->config + AT_OUT0, d->config + AT_INTF1, AT_END - AT_INTF1);
	d->config_len -= AT_INTF1 - AT_OUT0;
}

static void edit_endpoints_none(struct descriptors *d)
{
	edit_endpoints_missing(d);
	d->config[AT_INTF0 + ENDPOINTS] = 0;
}

static void edit_endpoint_long(struct descriptors *d)
{
	static const uint8_t tail[2] = { 0x11, 0x22 };

	broken_insert(d, AT_IN0 + 7, tail, sizeof(tail));
	d->config[AT_IN0 + LENGTH] = 9;
}

static void edit_no_interfaces(struct descriptors *d)
{
	d->config[INTERFACES] = 0;
	d->config_len = 9;
}

static void edit_interfaces_32(struct descriptors *d)
{
	unsigned int i;

	d->config[INTERFACES] = 32;
	for (i = 2; i < 32; i++) {
		const uint8_t one[] = {
			INTERFACE_DESC(i, 0, 0, 0xff, 0, 0, 0)
		};

		broken_append(d, one, sizeof(one));
	}
}

static void edit_interfaces_40(struct descriptors *d)
{
	unsigned int i;

	edit_interfaces_32(d);
	d->config[INTERFACES] = 40;
	for (i = 32; i < 40; i++) {
		const uint8_t one[] = {
			INTERFACE_DESC(i, 0, 0, 0xff, 0, 0, 0)
		};

		broken_append(d, one, sizeof(one));
	}
}

static void edit_settings_disorder(struct descriptors *d)
{
	static const uint8_t more[] = {
		INTERFACE_DESC(1, 2, 1, 0xff, 0, 0, 0),
		ENDPOINT_DESC(0x83, XFER_INTERRUPT, 8, 4),
		INTERFACE_DESC(1, 1, 1, 0xff, 0, 0, 0),
		ENDPOINT_DESC(0x83, XFER_INTERRUPT, 16, 4),
	};

	broken_insert(d, AT_INTF1, more, sizeof(more));
}

static void edit_settings_gap(struct descriptors *d)
{
	static const uint8_t more[] = {
		INTERFACE_DESC(1, 7, 1, 0xff, 0, 0, 0),
		ENDPOINT_DESC(0x83, XFER_INTERRUPT, 8, 4),
	};

	broken_append(d, more, sizeof(more));
}

static void edit_settings_scattered(struct descriptors *d)
{
	static const uint8_t more[] = {
		INTERFACE_DESC(0, 1, 1, 0xff, 0, 0, 0),
		ENDPOINT_DESC(0x82, XFER_INTERRUPT, 8, 4),
	};

	broken_append(d, more, sizeof(more));
}

static void edit_settings_many(struct descriptors *d)
{
	unsigned int i;

	for (i = 1; i < 200; i++) {
		const uint8_t one[] = {
			INTERFACE_DESC(1, i, 0, 0xff, 0, 0, 0)
		};

		broken_append(d, one, sizeof(one));
	}
}

static void edit_iad(struct descriptors *d, uint8_t first, uint8_t count)
{
	const uint8_t iad[] = { IAD_DESC(first, count, 0xff, 0, 0, 0) };

	broken_make_composite(d);
	broken_insert(d, AT_INTF0, iad, sizeof(iad));
}

static void edit_iad_past_end(struct descriptors *d)
{
	edit_iad(d, 1, 200);
}

static void edit_iad_empty(struct descriptors *d)
{
	edit_iad(d, 0, 0);
}

static void edit_iad_missing(struct descriptors *d)
{
	edit_iad(d, 7, 2);
}

static void edit_iad_wraps(struct descriptors *d)
{
	edit_iad(d, 255, 255);
}

static void edit_iad_overlap(struct descriptors *d)
{
	edit_iad(d, 0, 2);
	edit_iad(d, 1, 1);
}

static void edit_iad_same(struct descriptors *d)
{
	edit_iad(d, 0, 2);
	edit_iad(d, 0, 2);
}

static void edit_iad_short(struct descriptors *d)
{
	static const uint8_t iad[] = { 4, DT_IAD, 0, 2 };

	broken_make_composite(d);
	broken_insert(d, AT_INTF0, iad, sizeof(iad));
}

static void edit_iad_without_class(struct descriptors *d)
{
	edit_iad(d, 0, 2);
	memset(d->device + 4, 0, 3);
}

static void edit_iad_many(struct descriptors *d)
{
	unsigned int i;

	for (i = 0; i < 40; i++)
		edit_iad(d, i, 1);
}

static void edit_no_configurations(struct descriptors *d)
{
	d->device[17] = 0;
}

static void edit_many_configurations(struct descriptors *d)
{
	d->device[17] = 255;
}

static void edit_ep0_odd(struct descriptors *d)
{
	d->device[7] = 7;
}

static void edit_device_length(struct descriptors *d)
{
	d->device[0] = 0;
}

static void edit_device_type(struct descriptors *d)
{
	d->device[1] = 0x77;
}

static void edit_bos_long(struct descriptors *d)
{
	put_le16(d->bos + 2, 200);
}

static void edit_bos_short(struct descriptors *d)
{
	put_le16(d->bos + 2, 5);
	d->bos_len = 5;
}

static void edit_bos_zero_capability(struct descriptors *d)
{
	d->bos[5] = 0;
}

static int answer_device_short(const uint8_t *setup, uint8_t *data)
{
	if (setup[3] != DT_DEVICE)
		return -ENOENT;
	memcpy(data, broken_device, 8);
	return 8;
}

static int answer_config_stall(const uint8_t *setup, uint8_t *data)
{
	(void)data;
	return setup[3] == DT_CONFIG ? -EPIPE : -ENOENT;
}

static int answer_config_empty(const uint8_t *setup, uint8_t *data)
{
	(void)data;
	return setup[3] == DT_CONFIG ? 0 : -ENOENT;
}

static int answer_bos_stall(const uint8_t *setup, uint8_t *data)
{
	(void)data;
	return setup[3] == DT_BOS ? -EPIPE : -ENOENT;
}

static int answer_strings_stall(const uint8_t *setup, uint8_t *data)
{
	(void)data;
	return setup[3] == DT_STRING ? -EPIPE : -ENOENT;
}

static int answer_strings_silent(const uint8_t *setup, uint8_t *data)
{
	(void)data;
	return setup[3] == DT_STRING && setup[2] ? CONTROL_NAK : -ENOENT;
}

static int answer_no_languages(const uint8_t *setup, uint8_t *data)
{
	if (setup[3] != DT_STRING || setup[2])
		return -ENOENT;
	data[0] = 2;
	data[1] = DT_STRING;
	return 2;
}

/* A string that says @claimed bytes and gives @given. */
static int lying_string(const uint8_t *setup, uint8_t *data, uint8_t claimed,
			uint8_t type, int given)
{
	int i;

	if (setup[3] != DT_STRING || !setup[2])
		return -ENOENT;
	for (i = 0; i < given; i++)
		data[i] = i % 2 ? 0 : 'x';
	data[0] = claimed;
	data[1] = type;
	return given;
}

static int answer_string_cut(const uint8_t *setup, uint8_t *data)
{
	return lying_string(setup, data, 20, DT_STRING, 6);
}

static int answer_string_odd(const uint8_t *setup, uint8_t *data)
{
	return lying_string(setup, data, 9, DT_STRING, 9);
}

static int answer_string_zero(const uint8_t *setup, uint8_t *data)
{
	return lying_string(setup, data, 0, DT_STRING, 10);
}

static int answer_string_one(const uint8_t *setup, uint8_t *data)
{
	return lying_string(setup, data, 1, DT_STRING, 1);
}

static int answer_string_type(const uint8_t *setup, uint8_t *data)
{
	return lying_string(setup, data, 10, 0x77, 10);
}

static int answer_string_long(const uint8_t *setup, uint8_t *data)
{
	return lying_string(setup, data, 4, DT_STRING, 255);
}

/* Half of a surrogate pair, then a zero, then a character beyond Latin 1. */
static int answer_string_unicode(const uint8_t *setup, uint8_t *data)
{
	static const uint8_t text[] = { 8, DT_STRING, 0x00, 0xd8, 0, 0, 0x3b, 0x26 };

	if (setup[3] != DT_STRING || !setup[2])
		return -ENOENT;
	memcpy(data, text, sizeof(text));
	return sizeof(text);
}

static const struct fault faults[] = {
	{ .name = "none", .help = "a sound device, to compare with" },
	{ "device-short", "device descriptor of 8 bytes",
	  .answer = answer_device_short },
	{ "device-length-zero", "device descriptor says bLength 0",
	  .edit = edit_device_length },
	{ "device-type", "device descriptor of another type",
	  .edit = edit_device_type },
	{ "ep0-odd", "bMaxPacketSize0 is 7", .edit = edit_ep0_odd },
	{ "configurations-none", "bNumConfigurations 0",
	  .edit = edit_no_configurations },
	{ "configurations-many", "bNumConfigurations 255, there is one",
	  .edit = edit_many_configurations },
	{ "config-stall", "the configuration cannot be read",
	  .answer = answer_config_stall },
	{ "config-empty", "the configuration is an empty answer",
	  .answer = answer_config_empty },
	{ "config-cut", "the last descriptor ends in the middle",
	  .edit = edit_cut },
	{ "config-garbage", "noise after the configuration descriptor",
	  .edit = edit_garbage },
	{ "total-short", "wTotalLength leaves out the last endpoint",
	  .edit = edit_total_short },
	{ "total-long", "wTotalLength 40 bytes more than there are",
	  .edit = edit_total_long },
	{ "total-huge", "wTotalLength 65535", .edit = edit_total_huge },
	{ "total-tiny", "wTotalLength 4", .edit = edit_total_tiny },
	{ "total-header", "the configuration descriptor is all there is",
	  .edit = edit_total_header },
	{ "length-zero", "an endpoint descriptor with bLength 0",
	  .poke = { { AT_IN0 + LENGTH, 0 } } },
	{ "length-one", "an endpoint descriptor with bLength 1",
	  .poke = { { AT_IN0 + LENGTH, 1 } } },
	{ "length-past-end", "the last bLength runs past the end",
	  .poke = { { AT_IN1 + LENGTH, 200 } } },
	{ "interface-short", "an interface descriptor of 8 bytes",
	  .poke = { { AT_INTF1 + LENGTH, 8 } } },
	{ "endpoint-short", "an endpoint descriptor of 6 bytes",
	  .poke = { { AT_IN1 + LENGTH, 6 } } },
	{ "endpoint-long", "an endpoint descriptor of 9 bytes (legal)",
	  .edit = edit_endpoint_long },
	{ "endpoints-missing", "three endpoints promised, none there",
	  .edit = edit_endpoints_missing },
	{ "endpoints-none", "an interface without endpoints (legal)",
	  .edit = edit_endpoints_none },
	{ "endpoints-extra", "one endpoint promised, three there",
	  .poke = { { AT_INTF0 + ENDPOINTS, 1 } } },
	{ "endpoints-255", "255 endpoints promised",
	  .poke = { { AT_INTF0 + ENDPOINTS, 255 } } },
	{ "endpoint-zero", "endpoint address 0x80",
	  .poke = { { AT_IN0 + ADDRESS, 0x80 } } },
	{ "endpoint-duplicate", "0x01 twice in one interface",
	  .poke = { { AT_IN0 + ADDRESS, 0x01 } } },
	{ "endpoint-shared", "0x81 in two interfaces",
	  .poke = { { AT_IN1 + ADDRESS, 0x81 } } },
	{ "endpoint-reserved", "reserved bits in address and attributes",
	  .poke = { { AT_IN0 + ADDRESS, 0xf1 }, { AT_IN1 + ATTRIBUTES, 0xf2 } } },
	{ "endpoint-control", "an endpoint of type control",
	  .poke = { { AT_IRQ0 + ATTRIBUTES, 0 } } },
	{ "packet-zero", "bulk endpoints with a packet size of 0",
	  .poke = { { AT_OUT0 + MPS, 0 }, { AT_OUT0 + MPS_HIGH, 0 },
		    { AT_IN0 + MPS, 0 }, { AT_IN0 + MPS_HIGH, 0 } } },
	{ "packet-huge", "a bulk endpoint with a packet size of 2047",
	  .poke = { { AT_IN0 + MPS, 0xff }, { AT_IN0 + MPS_HIGH, 0x07 } } },
	{ "packet-one", "a bulk endpoint with a packet size of 1",
	  .poke = { { AT_IN0 + MPS, 1 }, { AT_IN0 + MPS_HIGH, 0 } } },
	{ "packet-reserved", "reserved bits in the packet size",
	  .poke = { { AT_IN0 + MPS_HIGH, 0xe2 } } },
	{ "interval-zero", "an interrupt endpoint with bInterval 0",
	  .poke = { { AT_IRQ0 + INTERVAL, 0 } } },
	{ "interval-huge", "an interrupt endpoint with bInterval 255",
	  .poke = { { AT_IRQ0 + INTERVAL, 255 } } },
	{ "interfaces-none", "no interface at all", .edit = edit_no_interfaces },
	{ "interfaces-32", "32 interfaces, as many as Linux knows",
	  .edit = edit_interfaces_32 },
	{ "interfaces-40", "40 interfaces", .edit = edit_interfaces_40 },
	{ "interfaces-fewer", "bNumInterfaces 1, there are two",
	  .poke = { { INTERFACES, 1 } } },
	{ "interfaces-more", "bNumInterfaces 5, there are two",
	  .poke = { { INTERFACES, 5 } } },
	{ "number-skips", "interfaces 0 and 5",
	  .poke = { { AT_INTF1 + NUMBER, 5 } } },
	{ "number-repeats", "interface 0 setting 0 twice",
	  .poke = { { AT_INTF1 + NUMBER, 0 } } },
	{ "number-255", "interfaces 0 and 255",
	  .poke = { { AT_INTF1 + NUMBER, 255 } } },
	{ "number-swapped", "interface 1 before interface 0 (legal)",
	  .poke = { { AT_INTF0 + NUMBER, 1 }, { AT_INTF1 + NUMBER, 0 } } },
	{ "settings-disorder", "alternate settings 2, 1, 0",
	  .edit = edit_settings_disorder },
	{ "settings-gap", "alternate settings 0 and 7",
	  .edit = edit_settings_gap },
	{ "settings-no-zero", "an interface with setting 1 only",
	  .poke = { { AT_INTF1 + ALT, 1 } } },
	{ "settings-scattered", "a setting of interface 0 after interface 1",
	  .edit = edit_settings_scattered },
	{ "settings-many", "200 alternate settings",
	  .edit = edit_settings_many },
	{ "iad-past-end", "association of interface 1 and 199 more",
	  .edit = edit_iad_past_end },
	{ "iad-empty", "association of no interfaces", .edit = edit_iad_empty },
	{ "iad-missing", "association of interfaces that do not exist",
	  .edit = edit_iad_missing },
	{ "iad-wraps", "association from 255 on, 255 interfaces",
	  .edit = edit_iad_wraps },
	{ "iad-overlap", "interface 1 in two associations",
	  .edit = edit_iad_overlap },
	{ "iad-same", "the same association twice", .edit = edit_iad_same },
	{ "iad-short", "an association descriptor of 4 bytes",
	  .edit = edit_iad_short },
	{ "iad-without-class", "an association, but not class EF/02/01",
	  .edit = edit_iad_without_class },
	{ "iad-many", "40 associations", .edit = edit_iad_many },
	{ "string-cut", "strings say 20 bytes and have 6",
	  .answer = answer_string_cut },
	{ "string-odd", "strings of 9 bytes", .answer = answer_string_odd },
	{ "string-length-zero", "strings say bLength 0",
	  .answer = answer_string_zero },
	{ "string-one", "strings of one byte", .answer = answer_string_one },
	{ "string-type", "strings of another type", .answer = answer_string_type },
	{ "string-long", "strings say 4 bytes and have 255",
	  .answer = answer_string_long },
	{ "string-unicode", "half a surrogate pair and a zero in strings",
	  .answer = answer_string_unicode },
	{ "strings-stall", "no string can be read",
	  .answer = answer_strings_stall },
	{ "strings-silent", "strings are never answered (5 s each to enumerate)",
	  .answer = answer_strings_silent },
	{ "languages-none", "string 0 lists no language",
	  .answer = answer_no_languages },
	{ "bos-stall", "no BOS in spite of bcdUSB 2.10",
	  .answer = answer_bos_stall },
	{ "bos-short", "BOS of its header, one capability promised",
	  .edit = edit_bos_short },
	{ "bos-long", "BOS says 200 bytes and has 12", .edit = edit_bos_long },
	{ "bos-capability-zero", "a capability with bLength 0",
	  .edit = edit_bos_zero_capability },
};

#define FAULTS ((long)ARRAY_SIZE(faults))

static int broken_parse_fault(const char *text, long *value)
{
	long i;

	for (i = 0; i < FAULTS; i++) {
		if (!strcmp(faults[i].name, text)) {
			*value = i;
			return 0;
		}
	}
	return -EINVAL;
}

static const struct board_option broken_options[] = {
	{ "fault", "what is wrong, from the next plug on:",
	  .parse = broken_parse_fault },
	{ }
};

/* The fault of this plug; the option may have been set since. */
struct broken_state {
	long fault;
};

static const struct fault *broken_fault(const struct board *b)
{
	const struct broken_state *state = b->state;

	return &faults[state->fault];
}

static void broken_plugged(struct board *b)
{
	struct broken_state *state = b->state;

	state->fault = b->now.value[0];
}

static void broken_describe(const struct board *b, bool high,
			    struct descriptors *d)
{
	const struct fault *fault = &faults[b->now.value[0]];
	unsigned int i;

	memcpy(d->device, broken_device, sizeof(broken_device));
	memcpy(d->config, high ? broken_high : broken_full, AT_END);
	d->config_len = AT_END;
	memcpy(d->bos, broken_bos, sizeof(broken_bos));
	d->bos_len = sizeof(broken_bos);
	d->strings[1] = "winusb for Linux";
	d->strings[2] = "Broken test board";
	d->strings[4] = "First";
	d->strings[5] = "Second";
	/* No fault needs offset 0, so it ends the list. */
	for (i = 0; i < 4 && fault->poke[i].offset; i++)
		d->config[fault->poke[i].offset] = fault->poke[i].value;
	if (fault->edit)
		fault->edit(d);
}

static int broken_descriptor(struct board *b, const uint8_t *setup,
			     uint8_t *data)
{
	const struct fault *fault = broken_fault(b);

	return fault->answer ? fault->answer(setup, data) : -ENOENT;
}

/* Enough of a device to show which requests reach it. */
static int broken_control(struct board *b, const uint8_t *setup, uint8_t *data)
{
	(void)b;
	if (!(setup[0] & 0x60))
		return -EPIPE;
	if (!(setup[0] & 0x80))
		return 0;
	memcpy(data, setup, 8);
	return 8;
}

static int broken_report(const struct board *b, char *text, size_t size)
{
	return snprintf(text, size, " fault=%s", broken_fault(b)->name);
}

static void broken_list(void)
{
	long i;

	for (i = 0; i < FAULTS; i++)
		printf("      %-20s %s\n", faults[i].name, faults[i].help);
}

/* One name a line, for tests that try them all. */
static void broken_names(void)
{
	long i;

	for (i = 0; i < FAULTS; i++)
		printf("%s\n", faults[i].name);
}

const struct board_type broken_board = {
	.name = "broken",
	.summary = "two interfaces, with one fault in the descriptors",
	.vid = 0x1209,
	.pid = 0x0002,
	.state_size = sizeof(struct broken_state),
	.options = broken_options,
	.describe = broken_describe,
	.descriptor = broken_descriptor,
	.control = broken_control,
	.plugged = broken_plugged,
	.report = broken_report,
	.list = broken_list,
	.faults = broken_names,
};
