// SPDX-License-Identifier: MIT
/*
 * A device with Microsoft OS descriptors: 2.0, 1.0, both or none of them, in
 * one of five layouts, sound or with one fault. Every OUT endpoint loops back
 * to the IN endpoint of the same number; interface n has endpoint n + 1.
 *
 * Vendor requests with the codes 0x20 (2.0) and 0x21 (1.0) are for OS
 * descriptors alone and stall otherwise. Any other class or vendor request is
 * answered as the composite board does: IN with the setup bytes, OUT is taken.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "desc.h"
#include "msos.h"

enum {
	OPT_OS, OPT_LAYOUT, OPT_COMPAT, OPT_SUBCOMPAT, OPT_COMPAT2, OPT_GUID,
	OPT_GUID2, OPT_REVISION, OPT_ALT, OPT_PROPS, OPT_DELAY, OPT_CLASS,
	OPT_VID, OPT_PID, OPT_USB, OPT_REV, OPT_IDLE, OPT_FAULT,
};

/* No value: the fault decides, or what the other options say. */
#define AUTO (-1)

static int msos_parse_name(const char *text, const char *const *names, long *value)
{
	long i;

	for (i = 0; names[i]; i++) {
		if (!strcmp(names[i], text)) {
			*value = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int msos_parse_os(const char *text, long *value)
{
	static const char *const names[] = { "none", "1", "2", "both", NULL };

	return msos_parse_name(text, names, value);
}

static int msos_parse_layout(const char *text, long *value)
{
	const char *names[LAYOUTS + 1] = { NULL };
	unsigned int i;

	for (i = 0; i < LAYOUTS; i++)
		names[i] = msos_layouts[i].name;
	return msos_parse_name(text, names, value);
}

/* Names joined by "+": guid, singular, full, nasty; or none. */
static int msos_parse_props(const char *text, long *value)
{
	static const char *const names[] = {
		"guid", "singular", "full", "nasty", NULL
	};
	char copy[64], *rest = copy, *word;
	long bit, bits = 0;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	while (strcmp(text, "none") && (word = strsep(&rest, "+"))) {
		if (msos_parse_name(word, names, &bit))
			return -EINVAL;
		bits |= 1L << bit;
	}
	/* The GUIDs are there too, unless they are named in the other form. */
	if (bits && !(bits & PROPS_SINGULAR))
		bits |= PROPS_GUID;
	*value = bits;
	return 0;
}

/* Ids are written as everybody writes them: four digits without 0x. */
static int msos_parse_id(const char *text, long *value)
{
	char *end;

	if (strlen(text) != 4 || strspn(text, "0123456789abcdefABCDEF") != 4)
		return -EINVAL;
	*value = strtol(text, &end, 16);
	return 0;
}

static int msos_parse_16(const char *text, long *value)
{
	return parse_number(text, 0xffff, value);
}

static int msos_parse_8(const char *text, long *value)
{
	return parse_number(text, 0xff, value);
}

static int msos_parse_ms(const char *text, long *value)
{
	return parse_number(text, 60000, value);
}

static int msos_parse_idle(const char *text, long *value)
{
	if (strcmp(text, "off"))
		return parse_number(text, 0xffffffff, value);
	*value = AUTO;
	return 0;
}

static int msos_check_id(const char *text)
{
	return strlen(text) <= 8 ? 0 : -EINVAL;
}

/* {8-4-4-4-12}, several separated by ";", or nothing. */
static int msos_check_guids(const char *text)
{
	static const char form[] = "{hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh}";
	size_t i;

	while (*text) {
		for (i = 0; form[i]; i++, text++) {
			if (form[i] == 'h' ? !*text ||
			    !strchr("0123456789abcdefABCDEF", *text) :
			    *text != form[i])
				return -EINVAL;
		}
		if (*text && (*text++ != ';' || !*text))
			return -EINVAL;
	}
	return 0;
}

static const struct board_option msos_options[] = {
	[OPT_OS] = { "os", "none, 1, 2 or both: versions of the descriptors (2)",
		     .preset = AUTO, .parse = msos_parse_os },
	[OPT_LAYOUT] = { "layout", "single: one interface.\n"
		"      composite: EF/02/01; functions 0+1 (associated) and 3, and 2 without id.\n"
		"      whole: class FF, two interfaces, descriptors of the device.\n"
		"      ccgp: one interface, with a function subset; ccgp-many: class FF, two",
		.preset = AUTO, .parse = msos_parse_layout },
	[OPT_COMPAT] = { "compat", "compatible ID, up to 8 characters; empty: none",
			 .preset_text = "WINUSB", .check = msos_check_id },
	[OPT_SUBCOMPAT] = { "subcompat", "sub-compatible ID, as above",
			    .preset_text = "", .check = msos_check_id },
	[OPT_COMPAT2] = { "compat2", "compatible ID of interface 2 of composite",
			  .preset_text = "", .check = msos_check_id },
	[OPT_GUID] = { "guid", "interface GUIDs, as {...};{...}; empty: none",
		.preset_text = "{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a01}",
		.check = msos_check_guids },
	[OPT_GUID2] = { "guid2", "the same of the second function with a compatible ID",
		.preset_text = "{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a02}",
		.check = msos_check_guids },
	[OPT_REVISION] = { "revision", "vendor revision, 0: no such descriptor",
			   .parse = msos_parse_16 },
	[OPT_ALT] = { "alt", "bAltEnumCode", .parse = msos_parse_8 },
	[OPT_PROPS] = { "props", "none, or joined by '+': guid (DeviceInterfaceGUIDs), singular\n"
		"      (DeviceInterfaceGUID), full (every type, power), nasty (names and values)",
		.preset = PROPS_GUID, .parse = msos_parse_props },
	[OPT_DELAY] = { "os-delay", "milliseconds before each answer with OS descriptors,\n"
			"      at once; string 0xEE too",
			.parse = msos_parse_ms },
	[OPT_CLASS] = { "iclass", "bInterfaceClass of all interfaces (255)",
			.preset = 0xff, .parse = msos_parse_8 },
	[OPT_VID] = { "vid", "four hexadecimal digits", .preset = 0x1209,
		      .parse = msos_parse_id },
	[OPT_PID] = { "pid", "four hexadecimal digits", .preset = 0x0003,
		      .parse = msos_parse_id },
	[OPT_USB] = { "usb", "bcdUSB, four hexadecimal digits; 0210 with 2.0, else 0200",
		      .preset = AUTO, .parse = msos_parse_id },
	[OPT_REV] = { "rev", "bcdDevice, four hexadecimal digits",
		      .preset = 0x0100, .parse = msos_parse_id },
	[OPT_IDLE] = { "idle", "MS or off: DeviceIdleEnabled, DefaultIdleState and\n"
		"      SystemWakeEnabled are 1, and DefaultIdleTimeout is MS",
		.preset = AUTO, .parse = msos_parse_idle },
	[OPT_FAULT] = { "fault", "what is wrong; gives os and layout, unless they are given.\n"
			"      The options of msos hold from the next plug on. Faults, and the\n"
			"      interfaces that are WINUSB in spite of them, and GUIDs of the first:",
			.parse = msos_fault_parse },
	{ }
};

/* The options of this plug; they may have been set since. */
struct msos_state {
	long fault;
	struct msos msos;
};

static unsigned int msos_os(const struct board *b)
{
	long os = b->now.value[OPT_OS];

	return os == AUTO ? msos_fault_os(b->now.value[OPT_FAULT]) : os;
}

static const struct msos_layout *msos_layout(const struct board *b)
{
	long layout = b->now.value[OPT_LAYOUT];

	if (layout == AUTO)
		layout = msos_fault_layout(b->now.value[OPT_FAULT]);
	return &msos_layouts[layout];
}

static unsigned int msos_usb(const struct board *b)
{
	unsigned int usb = msos_fault_usb(b->now.value[OPT_FAULT]);

	if (b->now.value[OPT_USB] != AUTO)
		return b->now.value[OPT_USB];
	if (usb)
		return usb;
	return msos_os(b) & OS_2 ? 0x0210 : 0x0200;
}

static void msos_add(struct descriptors *d, const uint8_t *bytes, size_t len)
{
	memcpy(d->config + d->config_len, bytes, len);
	d->config_len += len;
}

static void msos_describe(const struct board *b, bool high, struct descriptors *d)
{
	static const char *const strings[] = {
		NULL, "winusb for Linux", "MS OS test board",
	};
	const struct msos_layout *layout = msos_layout(b);
	uint8_t class = b->now.value[OPT_CLASS];
	unsigned int i, mps = high ? 512 : 64;
	const uint8_t device[] = {
		DEVICE_DESC(msos_usb(b), layout->class[0], layout->class[1],
			    layout->class[2], b->now.value[OPT_VID],
			    b->now.value[OPT_PID], b->now.value[OPT_REV])
	};
	const uint8_t config[] = { CONFIG_DESC(layout->interfaces, 0xa0) };
	const uint8_t iad[] = { IAD_DESC(0, 2, class, 0, 0, 0) };

	memcpy(d->device, device, sizeof(device));
	memcpy(d->strings, strings, sizeof(strings));
	msos_add(d, config, sizeof(config));
	if (layout == &msos_layouts[LAYOUT_COMPOSITE])
		msos_add(d, iad, sizeof(iad));
	for (i = 0; i < layout->interfaces; i++) {
		const uint8_t interface[] = {
			INTERFACE_DESC(i, 0, 2, class, 0, 0, 0),
			ENDPOINT_DESC(1 + i, XFER_BULK, mps, 0),
			ENDPOINT_DESC(0x81 + i, XFER_BULK, mps, 0),
		};

		msos_add(d, interface, sizeof(interface));
	}
}

static void msos_plugged(struct board *b)
{
	const struct msos_layout *layout = msos_layout(b);
	struct msos_state *state = b->state;
	struct msos *m = &state->msos;
	struct msos_plan plan = {
		.os = msos_os(b),
		.layout = layout,
		.subcompat = b->now.text[OPT_SUBCOMPAT],
		.revision = b->now.value[OPT_REVISION],
		.alt = b->now.value[OPT_ALT],
		.props = b->now.value[OPT_PROPS],
		.idle = b->now.value[OPT_IDLE],
	};
	unsigned int i;

	state->fault = b->now.value[OPT_FAULT];
	for (i = 0; i < MSOS_FUNCTIONS; i++) {
		bool second = layout == &msos_layouts[LAYOUT_COMPOSITE] && i == 1;

		plan.compat[i] = b->now.text[second ? OPT_COMPAT2 : OPT_COMPAT];
		plan.guid[i] = second ? "" : b->now.text[i ? OPT_GUID2 : OPT_GUID];
	}
	msos_fault_plan(state->fault, &plan);
	msos_build(m, &plan);
	msos_fault_apply(state->fault, m);
	if (msos_usb(b) > 0x0200 || m->plan.os & OS_2) {
		memcpy(b->desc.bos, m->bos.data, m->bos.len);
		b->desc.bos_len = m->bos.len;
	}
}

static int msos_answer(struct board *b, enum msos_what what,
		       const uint8_t *setup, uint8_t *data)
{
	struct msos_state *state = b->state;
	struct msos *m = &state->msos;
	int ret;

	m->asked[what]++;
	ret = msos_fault_answer(state->fault, m, what, setup, data);
	if (ret != -ENOENT)
		return ret;
	return msos_reply(m, what, setup, data);
}

static int msos_descriptor(struct board *b, const uint8_t *setup, uint8_t *data)
{
	struct msos_state *state = b->state;

	if (msos_what(&state->msos, setup) != ASK_STRING)
		return -ENOENT;
	return msos_answer(b, ASK_STRING, setup, data);
}

static int msos_control(struct board *b, const uint8_t *setup, uint8_t *data)
{
	struct msos_state *state = b->state;
	enum msos_what what = msos_what(&state->msos, setup);

	if (what != ASK_NOTHING)
		return msos_answer(b, what, setup, data);
	if (!(setup[0] & 0x60))
		return -EPIPE;
	if (!(setup[0] & 0x80))
		return 0;
	memcpy(data, setup, 8);
	return 8;
}

static int64_t msos_delay(const struct board *b, const uint8_t *setup)
{
	const struct msos_state *state = b->state;
	enum msos_what what = msos_what(&state->msos, setup);
	unsigned int fault = msos_fault_delay(state->fault, what);

	if (what == ASK_NOTHING)
		return -1;
	return 1000LL * (fault ? fault : b->now.value[OPT_DELAY]);
}

static int msos_report(const struct board *b, char *text, size_t size)
{
	const struct msos_state *state = b->state;
	const unsigned int *asked = state->msos.asked;
	char expected[64];

	msos_fault_outcome(state->fault, expected, sizeof(expected));
	return snprintf(text, size,
			" fault=%s os_string=%u os_requests=%u os_set=%u os_ids=%u os_properties=%u os_alternate=%u",
			expected,
			asked[ASK_STRING],
			asked[ASK_SET] + asked[ASK_IDS] + asked[ASK_PROPERTIES] +
			asked[ASK_ALTERNATE] + asked[ASK_WRONG],
			asked[ASK_SET], asked[ASK_IDS], asked[ASK_PROPERTIES],
			asked[ASK_ALTERNATE]);
}

const struct board_type msos_board = {
	.name = "msos",
	.summary = "Microsoft OS descriptors 2.0 and 1.0, sound or with one fault",
	.vid = 0x1209,
	.pid = 0x0003,
	.state_size = sizeof(struct msos_state),
	.options = msos_options,
	.describe = msos_describe,
	.descriptor = msos_descriptor,
	.control = msos_control,
	.delay = msos_delay,
	.plugged = msos_plugged,
	.report = msos_report,
	.list = msos_fault_help,
	.faults = msos_fault_names,
};
