// SPDX-License-Identifier: MIT
/*
 * What can be wrong with the descriptors of the msos board.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "desc.h"
#include "msos.h"
#include "msos-break.h"

/* Parts of the descriptors that a poke names. */
enum place {
	NOWHERE, SET, CONFIG, FUNCTION, FUNCTION3, COMPAT, GUID, CAPABILITY,
	BOS, STRING, IDS, PROPERTIES,
};

/* @size bytes of @value at @offset in @place. */
struct poke {
	enum place place;
	unsigned int offset;
	unsigned int size;
	uint32_t value;
};

#define PUT8(place, offset, value)	{ place, offset, 1, value }
#define PUT16(place, offset, value)	{ place, offset, 2, value }
#define PUT32(place, offset, value)	{ place, offset, 4, value }

/**
 * struct fault - one thing that is wrong
 * @name: of the option "fault"
 * @os: versions that the board has, unless the option says otherwise
 * @binds: the interfaces that still belong to a WINUSB function, one bit each
 * @guids: interface GUIDs that the first function then has
 * @usb: bcdUSB, 0: as the versions need
 * @guid: what the first function has for its GUIDs
 * @compat: of the first function; both before anything is built
 * @poke: bytes that are changed
 * @cut: the answer that has this place ends @at bytes behind its beginning
 * @edit: changes more than bytes; @edit_bos: of the BOS. Both before the pokes
 * @answer: what is answered instead; -ENOENT: as usual
 * @what: answers that are late, or end with @result
 * @late: milliseconds
 */
struct fault {
	const char *name;
	const char *help;
	uint8_t os;
	uint8_t layout;
	uint8_t binds;
	uint8_t guids;
	uint16_t usb;
	const char *guid;
	const char *compat;
	struct poke poke[3];
	enum place cut;
	unsigned int at;
	void (*edit)(struct msos *m);
	void (*edit_bos)(struct msos *m);
	int (*answer)(struct msos *m, enum msos_what what, const uint8_t *setup,
		      uint8_t *data);
	enum msos_what what;
	int result;
	unsigned int late;
};

#define SINGLE_2	.os = OS_2, .layout = LAYOUT_SINGLE
#define SINGLE_1	.os = OS_1, .layout = LAYOUT_SINGLE
#define SINGLE_BOTH	.os = OS_BOTH, .layout = LAYOUT_SINGLE
#define COMPOSITE_2	.os = OS_2, .layout = LAYOUT_COMPOSITE

/* Interfaces of WINUSB functions, GUIDs of the first function. */
#define NOT		.binds = 0
#define BINDS(i, g)	.binds = i, .guids = g

/* Longer than a driver waits for an answer; much shorter. */
#define LATE		900
#define SLOW		150

/*
 * What comes of each, and why. Three rules decide: what is wrong is left out
 * and the rest counts; Windows' reading of a field is the reading; and a set,
 * once announced, is what the device says, so there is no falling back from
 * 2.0 to 1.0.
 *
 * In a property of 2.0 the name is at 8, the length of the data at 50, and
 * the data at 52.
 */
static const struct fault faults[] = {
	{ "none", "sound descriptors, to compare with", SINGLE_2, BINDS(1, 1) },

	/* Without a set there is nothing that says WINUSB. */
	{ "set-stall", "the set is stalled", SINGLE_2, NOT,
	  .what = ASK_SET, .result = -EPIPE },
	{ "set-silent", "the set is never answered", SINGLE_2, NOT,
	  .what = ASK_SET, .result = CONTROL_NAK },
	{ "set-late", "the set comes after 900 ms", SINGLE_2, NOT,
	  .what = ASK_SET, .late = LATE },
	{ "set-slow", "the set comes after 150 ms", SINGLE_2, BINDS(1, 1),
	  .what = ASK_SET, .late = SLOW },
	{ "set-code", "the set is stalled at the code that the BOS names",
	  SINGLE_2, NOT, .edit = break_code_2 },
	{ "set-is-ids", "what another code has (1.0) instead of the set",
	  SINGLE_BOTH, NOT, .answer = answer_set_is_ids },
	{ "set-empty", "a set of no bytes", SINGLE_2, NOT, .cut = SET },
	{ "set-garbage", "the ends of the header are noise", SINGLE_2, NOT,
	  .poke = { PUT32(SET, 0, 0xa5c3781e), PUT32(SET, 6, 0x5e8f9a11) } },

	/* What came whole counts. */
	{ "set-cut-header", "6 bytes of the header", SINGLE_2, NOT,
	  .cut = SET, .at = 6 },
	{ "set-cut-compat", "the set ends in the compatible ID", SINGLE_2, NOT,
	  .cut = COMPAT, .at = 12 },
	{ "set-cut-compat-end", "the set ends with the compatible ID", SINGLE_2,
	  BINDS(1, 0), .cut = COMPAT, .at = 20 },
	{ "set-cut-name", "the set ends in the name of a property", SINGLE_2,
	  BINDS(1, 0), .cut = GUID, .at = 30 },
	{ "set-cut-data", "the set ends in the data of a property", SINGLE_2,
	  BINDS(1, 0), .cut = GUID, .at = 90 },
	{ "set-cut-last", "the last byte is missing", SINGLE_2, BINDS(1, 0),
	  .cut = GUID, .at = 131 },
	{ "set-cut-head", "two bytes of the head of the last descriptor",
	  SINGLE_2, BINDS(1, 0), .cut = GUID, .at = 2 },
	{ "set-cut-function", "composite, cut in the second function",
	  COMPOSITE_2, BINDS(3, 1), .cut = FUNCTION3, .at = 20 },
	{ "set-changes", "RNDIS from the second reading on", SINGLE_2,
	  BINDS(1, 1), .answer = answer_set_changes },

	/* The smallest of several lengths is what all of them agree on. */
	{ "total-small", "the header's total leaves out the property", SINGLE_2,
	  BINDS(1, 0), .poke = { PUT16(SET, 8, 30) } },
	{ "total-tiny", "the header's total is 4, less than itself", SINGLE_2,
	  NOT, .poke = { PUT16(SET, 8, 4) } },
	{ "total-zero", "the header's total is 0", SINGLE_2, NOT,
	  .poke = { PUT16(SET, 8, 0) } },
	{ "total-large", "the header's total is 500, there are 162 bytes",
	  SINGLE_2, BINDS(1, 1), .poke = { PUT16(SET, 8, 500) } },
	{ "info-small", "the BOS says 30 bytes, the header 162", SINGLE_2,
	  BINDS(1, 0), .poke = { PUT16(CAPABILITY, 24, 30) } },
	{ "info-zero", "the BOS says 0 bytes", SINGLE_2, NOT,
	  .poke = { PUT16(CAPABILITY, 24, 0) } },
	{ "info-five", "the BOS says 5 bytes", SINGLE_2, NOT,
	  .poke = { PUT16(CAPABILITY, 24, 5) } },
	{ "info-large", "the BOS says 400 bytes, there are 162", SINGLE_2,
	  BINDS(1, 1), .poke = { PUT16(CAPABILITY, 24, 400) } },
	{ "info-huge", "the BOS says 65535 bytes, there are 162", SINGLE_2,
	  BINDS(1, 1), .poke = { PUT16(CAPABILITY, 24, 65535) } },

	/* A set is one that begins with its header. */
	{ "header-missing", "no set header", SINGLE_2, NOT,
	  .edit = break_header_missing },
	{ "header-short", "a set header of 8 bytes", SINGLE_2, NOT,
	  .poke = { PUT16(SET, 0, 8) } },
	{ "header-zero", "a set header of length 0", SINGLE_2, NOT,
	  .poke = { PUT16(SET, 0, 0) } },
	{ "header-long", "a set header of 12 bytes (of the future)", SINGLE_2,
	  BINDS(1, 1), .edit = break_header_long },
	{ "header-type", "the set header has another type", SINGLE_2, NOT,
	  .poke = { PUT16(SET, 2, 0x55) } },
	{ "header-twice", "two set headers", SINGLE_2, BINDS(1, 1),
	  .edit = break_header_twice },
	{ "header-windows", "another Windows than in the BOS", SINGLE_2,
	  BINDS(1, 1), .poke = { PUT32(SET, 4, 0x12345678) } },

	/* Windows takes the highest version up to its own, 10 or 11. */
	{ "infos-many", "sets for 8.1 (stalls), 10 (good), later (stalls)",
	  SINGLE_2, BINDS(1, 1), .edit = break_infos_many },
	{ "infos-none", "a platform capability without a set", SINGLE_2, NOT,
	  .edit = break_infos_none },
	{ "info-future", "a set for a later Windows only", SINGLE_2, NOT,
	  .poke = { PUT32(CAPABILITY, 20, 0x0c000000) } },

	/* usbcore gives up such a BOS, or its capabilities from there on. */
	{ "capability-uuid", "the UUID is another one", SINGLE_2, NOT,
	  .poke = { PUT8(CAPABILITY, 4, 0) } },
	{ "capability-cut", "half a set information", SINGLE_2, NOT,
	  .cut = CAPABILITY, .at = 24,
	  .poke = { PUT8(CAPABILITY, 0, 24), PUT16(BOS, 2, 36) } },
	{ "capability-odd", "two bytes behind the set information", SINGLE_2,
	  BINDS(1, 1), .edit_bos = break_capability_odd },
	{ "capability-long", "bLength 255", SINGLE_2, NOT,
	  .poke = { PUT8(CAPABILITY, 0, 255) } },
	{ "capability-zero", "bLength 0", SINGLE_2, NOT,
	  .poke = { PUT8(CAPABILITY, 0, 0) } },
	{ "capability-type", "not a device capability descriptor", SINGLE_2, NOT,
	  .poke = { PUT8(CAPABILITY, 1, 0x41) } },
	{ "capability-reserved", "the reserved byte is 0xff", SINGLE_2,
	  BINDS(1, 1), .poke = { PUT8(CAPABILITY, 3, 0xff) } },
	{ "capability-other", "WebUSB's comes first (legal)", SINGLE_2,
	  BINDS(1, 1), .edit_bos = break_capability_other },
	{ "bos-long", "wTotalLength 200", SINGLE_2, NOT,
	  .poke = { PUT16(BOS, 2, 200) } },
	{ "bos-short", "wTotalLength ends in the capability", SINGLE_2, NOT,
	  .poke = { PUT16(BOS, 2, 22) } },
	{ "bos-count", "bNumDeviceCaps leaves the capability out", SINGLE_2, NOT,
	  .poke = { PUT8(BOS, 4, 1) } },
	{ "bos-count-many", "bNumDeviceCaps 200, there are two", SINGLE_2,
	  BINDS(1, 1), .poke = { PUT8(BOS, 4, 200) } },
	{ "bos-old", "bcdUSB 2.00, with which the BOS is not read", SINGLE_2, NOT,
	  .usb = 0x0200 },

	/* Behind an impossible length nobody knows where the next one is. */
	{ "length-zero", "the compatible ID has length 0", SINGLE_2, NOT,
	  .poke = { PUT16(COMPAT, 0, 0) } },
	{ "length-one", "the compatible ID has length 1", SINGLE_2, NOT,
	  .poke = { PUT16(COMPAT, 0, 1) } },
	{ "length-three", "the compatible ID has length 3", SINGLE_2, NOT,
	  .poke = { PUT16(COMPAT, 0, 3) } },
	{ "length-past-end", "the compatible ID is longer than the set",
	  SINGLE_2, NOT, .poke = { PUT16(COMPAT, 0, 0xffff) } },
	{ "length-zero-last", "the property has length 0", SINGLE_2,
	  BINDS(1, 0), .poke = { PUT16(GUID, 0, 0) } },
	{ "length-past-end-last", "the property is longer than the set",
	  SINGLE_2, BINDS(1, 0), .poke = { PUT16(GUID, 0, 133) } },
	{ "unknown", "a descriptor of unknown type comes first (future)",
	  SINGLE_2, BINDS(1, 1), .edit = break_unknown },
	{ "huge", "65535 bytes, most of them of unknown type", SINGLE_2,
	  BINDS(1, 1), .edit = break_huge },
	{ "resume-time", "200 ms, 0 ms: out of range", SINGLE_2, BINDS(1, 1),
	  .edit = break_resume_time },
	{ "revision-zero", "vendor revision 0", SINGLE_2, BINDS(1, 1),
	  .edit = break_revision_zero },

	/* The ID is eight bytes: A-Z, 0-9, _, then NULs. The first counts. */
	{ "compat-second", "WINUSB, then RNDIS", SINGLE_2, BINDS(1, 1),
	  .edit = break_compat_second },
	{ "compat-first", "RNDIS, then WINUSB", SINGLE_2, NOT,
	  .edit = break_compat_first },
	{ "compat-lower", "winusb", SINGLE_2, NOT, .compat = "winusb" },
	{ "compat-spaces", "padded with spaces", SINGLE_2, NOT,
	  .compat = "WINUSB  " },
	{ "compat-eight", "WINUSBXY", SINGLE_2, NOT, .compat = "WINUSBXY" },
	{ "compat-path", "WINUSB/.", SINGLE_2, NOT, .compat = "WINUSB/." },
	{ "compat-line", "WINUSB with a newline", SINGLE_2, NOT,
	  .compat = "WINUSB\n" },
	{ "compat-behind", "not NUL behind the NUL", SINGLE_2, NOT,
	  .poke = { PUT8(COMPAT, 11, 'Z') } },
	{ "compat-nul", "nothing but NULs", SINGLE_2, NOT,
	  .poke = { PUT32(COMPAT, 4, 0), PUT32(COMPAT, 8, 0) } },
	{ "compat-short", "without the sub-compatible ID", SINGLE_2, NOT,
	  .edit = break_compat_short },
	{ "compat-long", "4 bytes behind it (future)", SINGLE_2, BINDS(1, 1),
	  .edit = break_compat_long },
	{ "compat-missing", "properties alone", SINGLE_2, NOT,
	  .edit = break_compat_missing },
	{ "compat-last", "behind the property (legal)", SINGLE_2, BINDS(1, 1),
	  .edit = break_compat_last },
	{ "subcompat-bad", "control characters in the sub-compatible ID",
	  SINGLE_2, BINDS(1, 1), .poke = { PUT32(COMPAT, 12, 0x0a41091b) } },

	/* A property that is wrong is left out; nothing else is. */
	{ "name-odd", "a name of 41 bytes", SINGLE_2, BINDS(1, 0),
	  .edit = break_name_odd, .poke = { PUT16(GUID, 6, 41) } },
	{ "name-unterminated", "a name without NUL", SINGLE_2, BINDS(1, 0),
	  .edit = break_name_unterminated, .poke = { PUT16(GUID, 6, 40) } },
	{ "name-empty", "a name of no bytes", SINGLE_2, BINDS(1, 0),
	  .edit = break_name_empty, .poke = { PUT16(GUID, 6, 0) } },
	{ "name-cut", "a NUL within the name", SINGLE_2, BINDS(1, 0),
	  .poke = { PUT16(GUID, 8 + 12, 0) } },
	{ "name-long", "the name is longer than the property", SINGLE_2,
	  BINDS(1, 0), .poke = { PUT16(GUID, 6, 0xfffe) } },
	{ "name-longer", "the name goes on into the data", SINGLE_2,
	  BINDS(1, 0), .poke = { PUT16(GUID, 6, 60) } },
	{ "name-case", "dEVICEiNTERFACEguidS (legal: registry names)", SINGLE_2,
	  BINDS(1, 1), .edit = break_name_case },
	{ "name-surrogate", "a lone surrogate in the name", SINGLE_2,
	  BINDS(1, 0), .poke = { PUT16(GUID, 8 + 12, 0xdc00) } },
	{ "data-long", "the data are longer than the property", SINGLE_2,
	  BINDS(1, 0), .poke = { PUT16(GUID, 50, 82) } },
	{ "data-huge", "65535 bytes of data, there are 80", SINGLE_2,
	  BINDS(1, 0), .poke = { PUT16(GUID, 50, 0xffff) } },
	{ "data-short", "78 bytes of data, there are 80", SINGLE_2, BINDS(1, 1),
	  .poke = { PUT16(GUID, 50, 78) } },
	{ "data-none", "0 bytes of data, there are 80", SINGLE_2, BINDS(1, 0),
	  .poke = { PUT16(GUID, 50, 0) } },
	{ "data-odd", "79 bytes of data", SINGLE_2, BINDS(1, 1),
	  .edit = break_data_odd, .poke = { PUT16(GUID, 50, 79) } },
	{ "type-zero", "a property of type 0", SINGLE_2, BINDS(1, 0),
	  .poke = { PUT16(GUID, 4, 0) } },
	{ "type-eight", "a property of type 8", SINGLE_2, BINDS(1, 0),
	  .poke = { PUT16(GUID, 4, 8) } },
	{ "type-ffff", "a property of type 65535", SINGLE_2, BINDS(1, 0),
	  .poke = { PUT16(GUID, 4, 0xffff) } },
	{ "type-dword", "a REG_DWORD of 80 bytes", SINGLE_2, BINDS(1, 0),
	  .poke = { PUT16(GUID, 4, REG_DWORD) } },
	{ "properties-after", "100 more properties", SINGLE_2, BINDS(1, 1),
	  .edit = break_properties_after },
	{ "properties-before", "the GUIDs come behind 100 properties", SINGLE_2,
	  BINDS(1, 0), .edit = break_properties_before },
	{ "property-twice", "the same name twice; the first counts", SINGLE_2,
	  BINDS(1, 1), .edit = break_property_twice },
	{ "property-huge", "a property that fills the set up to 65535", SINGLE_2,
	  BINDS(1, 1), .edit = break_property_huge },

	/* GUIDs are text, and firmware is careless with the ends of texts. */
	{ "guid-sz", "DeviceInterfaceGUIDs is REG_SZ", SINGLE_2, BINDS(1, 1),
	  .poke = { PUT16(GUID, 4, REG_SZ) } },
	{ "guid-binary", "DeviceInterfaceGUIDs is REG_BINARY", SINGLE_2,
	  BINDS(1, 0), .poke = { PUT16(GUID, 4, REG_BINARY) } },
	{ "guid-unterminated", "REG_MULTI_SZ without any NUL", SINGLE_2,
	  BINDS(1, 1), .edit = break_data_unterminated,
	  .poke = { PUT16(GUID, 50, 76) } },
	{ "guid-double", "four NULs behind it", SINGLE_2, BINDS(1, 1),
	  .edit = break_data_double },
	{ "guid-nonsense", "hello", SINGLE_2, BINDS(1, 0), .guid = "hello" },
	{ "guid-braces", "a GUID without braces", SINGLE_2, BINDS(1, 0),
	  .guid = "7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a01" },
	{ "guid-digit", "a digit that is none", SINGLE_2, BINDS(1, 0),
	  .guid = "{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a0g}" },
	{ "guid-trailing", "a character behind it", SINGLE_2, BINDS(1, 0),
	  .guid = "{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a01}x" },
	{ "guid-path", "a path and a newline", SINGLE_2, BINDS(1, 0),
	  .guid = "{../../../../etc/passwd\n\"$(x)-5f1d8c2}" },
	{ "guid-surrogates", "lone surrogates for some characters", SINGLE_2,
	  BINDS(1, 0), .poke = { PUT16(GUID, 56, 0xd800),
				 PUT16(GUID, 60, 0xdc00) } },
	{ "guid-ascii", "characters of one byte", SINGLE_2, BINDS(1, 0),
	  .edit = break_guid_ascii },
	{ "guid-one-good", "nonsense, then a GUID", SINGLE_2, BINDS(1, 1),
	  .guid = "nonsense;{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a01}" },
	{ "guid-twice", "the same in capital letters", SINGLE_2, BINDS(1, 1),
	  .guid = "{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a01};{7C3F9A51-64DE-4B0A-9E21-5F1D8C2B7A01}" },
	{ "guid-many", "ten of them, of which eight count", SINGLE_2,
	  BINDS(1, 8), .guid = "{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a01};"
		"{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a02};{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a03};"
		"{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a04};{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a05};"
		"{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a06};{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a07};"
		"{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a08};{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a09};"
		"{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a0a}" },

	/* bConfigurationValue is an index for Windows: 1 is the second one. */
	{ "configuration-one", "bConfigurationValue 1, as its name says",
	  COMPOSITE_2, NOT, .poke = { PUT8(CONFIG, 4, 1) } },
	{ "configuration-two", "a subset of another configuration comes first",
	  COMPOSITE_2, BINDS(0x0b, 1), .edit = break_configuration_two },
	{ "configuration-long", "the configuration is longer than the set",
	  COMPOSITE_2, BINDS(0x0b, 1), .poke = { PUT16(CONFIG, 6, 1000) } },
	{ "configuration-short", "ends with the first function, one follows",
	  COMPOSITE_2, BINDS(0x0b, 1), .poke = { PUT16(CONFIG, 6, 168) } },
	{ "configuration-zero", "the configuration has length 0", COMPOSITE_2,
	  NOT, .poke = { PUT16(CONFIG, 6, 0) } },
	{ "configuration-empty", "has only its header, functions follow it",
	  COMPOSITE_2, BINDS(0x0b, 1), .poke = { PUT16(CONFIG, 6, 8) } },
	{ "configuration-nested", "the configuration contains itself",
	  COMPOSITE_2, BINDS(0x0b, 1), .edit = break_configuration_nested },
	{ "configuration-header", "a header of 6 bytes", COMPOSITE_2, NOT,
	  .poke = { PUT16(CONFIG, 0, 6) } },
	{ "functions-bare", "functions without a configuration", COMPOSITE_2,
	  BINDS(0x0b, 1), .edit = break_functions_bare },
	{ "function-first", "a function comes before the configuration",
	  COMPOSITE_2, BINDS(0x0b, 1), .edit = break_function_first },
	{ "function-long", "a function is longer than the configuration",
	  COMPOSITE_2, BINDS(0x0b, 1), .poke = { PUT16(FUNCTION, 6, 1000) } },
	{ "function-short", "a function ends 8 bytes before its last property",
	  COMPOSITE_2, BINDS(0x0b, 1), .poke = { PUT16(FUNCTION, 6, 152) } },
	{ "function-zero", "a function of length 0", COMPOSITE_2, NOT,
	  .poke = { PUT16(FUNCTION, 6, 0) } },
	{ "function-nested", "a function that contains itself", COMPOSITE_2,
	  BINDS(0x0b, 1), .edit = break_function_nested },
	{ "function-twice", "WINUSB, then RNDIS for the same function",
	  COMPOSITE_2, BINDS(0x0b, 1), .edit = break_function_twice },
	{ "function-second", "named by its second interface", COMPOSITE_2,
	  BINDS(8, 0), .poke = { PUT8(FUNCTION, 4, 1) } },
	{ "function-absent", "a subset for interface 77, too", COMPOSITE_2,
	  BINDS(0x0b, 1), .edit = break_function_absent },
	{ "functions-after", "64 more functions that are not there",
	  COMPOSITE_2, BINDS(0x0b, 1), .edit = break_functions_after },
	{ "functions-before", "the same 64 come first", COMPOSITE_2, NOT,
	  .edit = break_functions_before },
	{ "ccgp-in-function", "a feature of the device in a function",
	  COMPOSITE_2, BINDS(0x0b, 1), .edit = break_ccgp_in_function },
	/* Only generic parents have functions; the device has no ID here. */
	{ "function-single", "a function subset, but not a composite device",
	  SINGLE_2, NOT, .edit = break_function_single },
	/* The ID of the device beats its class (4.6). */
	{ "device-on-composite", "a composite device that is WINUSB itself",
	  COMPOSITE_2, BINDS(0x0f, 1), .edit = break_device_on_composite },

	/* 1.0: no string, nothing. What is in the string has to be exact. */
	{ "string-silent", "string 0xEE is never answered", SINGLE_1, NOT,
	  .what = ASK_STRING, .result = CONTROL_NAK },
	{ "string-late", "string 0xEE comes after 900 ms", SINGLE_1, NOT,
	  .what = ASK_STRING, .late = LATE },
	{ "string-slow", "string 0xEE comes after 150 ms", SINGLE_1,
	  BINDS(1, 1), .what = ASK_STRING, .late = SLOW },
	{ "string-empty", "string 0xEE has no bytes", SINGLE_1, NOT,
	  .cut = STRING },
	{ "string-cut", "string 0xEE ends in the signature", SINGLE_1, NOT,
	  .cut = STRING, .at = 10 },
	{ "string-signature", "MSFT101", SINGLE_1, NOT,
	  .poke = { PUT8(STRING, 14, '1') } },
	{ "string-length", "string 0xEE says bLength 4", SINGLE_1, NOT,
	  .poke = { PUT8(STRING, 0, 4) } },
	{ "string-type", "string 0xEE of another type", SINGLE_1, NOT,
	  .poke = { PUT8(STRING, 1, 4) } },
	{ "string-flags", "string 0xEE has flags (legal: container ID)",
	  SINGLE_1, BINDS(1, 1), .poke = { PUT8(STRING, 17, 0xff) } },
	{ "string-code", "1.0 stalls at the code that the string names",
	  SINGLE_1, NOT, .edit = break_code_1 },

	/* Extended compat IDs: header of 16, sections of 24. */
	{ "ids-stall", "compat IDs are stalled", SINGLE_1, NOT,
	  .what = ASK_IDS, .result = -EPIPE },
	{ "ids-silent", "compat IDs are never answered", SINGLE_1, NOT,
	  .what = ASK_IDS, .result = CONTROL_NAK },
	{ "ids-late", "compat IDs come after 900 ms", SINGLE_1, NOT,
	  .what = ASK_IDS, .late = LATE },
	{ "ids-empty", "compat IDs have no bytes", SINGLE_1, NOT, .cut = IDS },
	{ "ids-cut-header", "8 bytes of the header", SINGLE_1, NOT,
	  .cut = IDS, .at = 8 },
	{ "ids-cut-section", "the section ends early", SINGLE_1, NOT,
	  .cut = IDS, .at = 30 },
	{ "ids-length-zero", "dwLength 0", SINGLE_1, NOT,
	  .poke = { PUT32(IDS, 0, 0) } },
	{ "ids-length-header", "dwLength leaves out the section", SINGLE_1, NOT,
	  .poke = { PUT32(IDS, 0, 16) } },
	{ "ids-length-long", "dwLength 64, there are 40 bytes", SINGLE_1,
	  BINDS(1, 1), .poke = { PUT32(IDS, 0, 64) } },
	{ "ids-length-huge", "dwLength 0xffffffff", SINGLE_1, BINDS(1, 1),
	  .poke = { PUT32(IDS, 0, 0xffffffff) } },
	{ "ids-count-zero", "no sections, there is one", SINGLE_1, NOT,
	  .poke = { PUT8(IDS, 8, 0) } },
	{ "ids-count-many", "200 sections, there is one", SINGLE_1, BINDS(1, 1),
	  .poke = { PUT8(IDS, 8, 200) } },
	{ "ids-version", "bcdVersion 2.00: another format", SINGLE_1, NOT,
	  .poke = { PUT16(IDS, 4, 0x0200) } },
	{ "ids-index", "wIndex says properties", SINGLE_1, NOT,
	  .poke = { PUT16(IDS, 6, 5) } },
	{ "ids-reserved", "reserved bytes are 0xff", SINGLE_1, BINDS(1, 1),
	  .poke = { PUT8(IDS, 17, 0xff), PUT32(IDS, 9, 0xffffffff),
		    PUT32(IDS, 34, 0xffffffff) } },
	{ "ids-twice", "sections overlap: WINUSB, then RNDIS", SINGLE_1,
	  BINDS(1, 1), .edit = break_ids_twice },
	{ "ids-absent", "for interface 7, which is not there", SINGLE_1, NOT,
	  .poke = { PUT8(IDS, 16, 7) } },
	{ "ids-lower", "winusb", SINGLE_1, NOT, .compat = "winusb" },
	{ "ids-grow", "one section more from the second reading on", SINGLE_1,
	  BINDS(1, 1), .answer = answer_ids_grow },
	{ "ids-shrink", "no section from the second reading on", SINGLE_1, NOT,
	  .answer = answer_ids_shrink },

	/* Extended properties: header of 10, section of 136, data at 66. */
	{ "properties-stall", "properties are stalled (legal)", SINGLE_1,
	  BINDS(1, 0), .what = ASK_PROPERTIES, .result = -EPIPE },
	{ "properties-silent", "properties are never answered", SINGLE_1,
	  BINDS(1, 0), .what = ASK_PROPERTIES, .result = CONTROL_NAK },
	{ "properties-late", "properties come after 900 ms", SINGLE_1,
	  BINDS(1, 0), .what = ASK_PROPERTIES, .late = LATE },
	{ "properties-device", "only by recipient device (0xC0)", SINGLE_1,
	  BINDS(1, 1), .answer = answer_properties_device },
	{ "properties-interface", "only by recipient interface (legal)",
	  SINGLE_1, BINDS(1, 1), .answer = answer_properties_interface },
	{ "properties-empty", "properties have no bytes", SINGLE_1, BINDS(1, 0),
	  .cut = PROPERTIES },
	{ "properties-cut", "properties end in the GUID", SINGLE_1, BINDS(1, 0),
	  .cut = PROPERTIES, .at = 100 },
	{ "properties-length-zero", "dwLength 0", SINGLE_1, BINDS(1, 0),
	  .poke = { PUT32(PROPERTIES, 0, 0) } },
	{ "properties-length-short", "dwLength ends in the section", SINGLE_1,
	  BINDS(1, 0), .poke = { PUT32(PROPERTIES, 0, 90) } },
	{ "properties-length-huge", "dwLength 0xffffffff", SINGLE_1,
	  BINDS(1, 1), .poke = { PUT32(PROPERTIES, 0, 0xffffffff) } },
	{ "properties-index", "wIndex says compat IDs", SINGLE_1, BINDS(1, 0),
	  .poke = { PUT16(PROPERTIES, 6, 4) } },
	{ "properties-count-zero", "no properties, there is one", SINGLE_1,
	  BINDS(1, 0), .poke = { PUT16(PROPERTIES, 8, 0) } },
	{ "properties-count-many", "1000 properties, there is one", SINGLE_1,
	  BINDS(1, 1), .poke = { PUT16(PROPERTIES, 8, 1000) } },
	{ "section-zero", "dwSize 0", SINGLE_1, BINDS(1, 0),
	  .poke = { PUT32(PROPERTIES, 10, 0) } },
	{ "section-short", "dwSize 20", SINGLE_1, BINDS(1, 0),
	  .poke = { PUT32(PROPERTIES, 10, 20) } },
	{ "section-long", "dwSize 137, there are 136", SINGLE_1, BINDS(1, 0),
	  .poke = { PUT32(PROPERTIES, 10, 137) } },
	{ "section-huge", "dwSize 0xffffffff", SINGLE_1, BINDS(1, 0),
	  .poke = { PUT32(PROPERTIES, 10, 0xffffffff) } },
	{ "section-type", "a property of type 8", SINGLE_1, BINDS(1, 0),
	  .poke = { PUT32(PROPERTIES, 14, 8) } },
	{ "section-type-high", "a property of type 0x10007", SINGLE_1,
	  BINDS(1, 0), .poke = { PUT32(PROPERTIES, 14, 0x10007) } },
	{ "section-name", "a name of 65535 bytes", SINGLE_1, BINDS(1, 0),
	  .poke = { PUT16(PROPERTIES, 18, 0xffff) } },
	{ "section-data", "data of 0xfffffff0 bytes", SINGLE_1, BINDS(1, 0),
	  .poke = { PUT32(PROPERTIES, 62, 0xfffffff0) } },
	{ "section-data-long", "data of 84 bytes, there are 80", SINGLE_1,
	  BINDS(1, 0), .poke = { PUT32(PROPERTIES, 62, 84) } },

	/* A BOS without the capability is none: then 1.0 counts. */
	{ "both-stall", "2.0 is stalled, 1.0 is good", SINGLE_BOTH, NOT,
	  .what = ASK_SET, .result = -EPIPE },
	{ "both-differ", "2.0 says RNDIS, 1.0 WINUSB", SINGLE_BOTH, NOT,
	  .poke = { PUT32(COMPAT, 4, 0x49444e52), PUT16(COMPAT, 8, 'S') } },
	{ "both-uuid", "the UUID is another one, 1.0 is good", SINGLE_BOTH,
	  BINDS(1, 1), .poke = { PUT8(CAPABILITY, 4, 0) } },
	{ "both-bos", "the BOS is cut short, 1.0 is good", SINGLE_BOTH,
	  BINDS(1, 1), .poke = { PUT16(BOS, 2, 200) } },
};

#define FAULTS ((long)ARRAY_SIZE(faults))

int msos_fault_parse(const char *text, long *value)
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

unsigned int msos_fault_os(long fault)
{
	return faults[fault].os;
}

enum layout msos_fault_layout(long fault)
{
	return faults[fault].layout;
}

unsigned int msos_fault_usb(long fault)
{
	return faults[fault].usb;
}

/* The block that has @place, and where there; NULL: these options lack it. */
static struct block *place_find(struct msos *m, enum place place, size_t *at)
{
	struct block *block = &m->set;

	*at = 0;
	switch (place) {
	case NOWHERE:
		return NULL;
	case SET:
		break;
	case CONFIG:
		*at = m->at.config;
		break;
	case FUNCTION:
		*at = m->at.function[0];
		break;
	case FUNCTION3:
		*at = m->at.function[2];
		break;
	case COMPAT:
		*at = m->at.compat[0];
		break;
	case GUID:
		*at = m->at.guid[0];
		break;
	case CAPABILITY:
		*at = 12;
		return m->plan.os & OS_2 ? &m->bos : NULL;
	case BOS:
		return &m->bos;
	case STRING:
		return m->plan.os & OS_1 ? &m->string : NULL;
	case IDS:
		return m->plan.os & OS_1 ? &m->ids : NULL;
	case PROPERTIES:
		return m->plan.os & OS_1 ? &m->properties[0] : NULL;
	}
	return m->plan.os & OS_2 && (*at || place == SET) ? block : NULL;
}

static void poke_apply(struct msos *m, const struct poke *poke)
{
	struct block *block;
	unsigned int i;
	size_t at;

	block = place_find(m, poke->place, &at);
	for (i = 0; block && i < poke->size; i++)
		if (at + poke->offset + i < block->len)
			block->data[at + poke->offset + i] = poke->value >> 8 * i;
}

/* Before anything is built. */
void msos_fault_plan(long fault, struct msos_plan *plan)
{
	if (faults[fault].guid)
		plan->guid[0] = faults[fault].guid;
	if (faults[fault].compat)
		plan->compat[0] = faults[fault].compat;
}

/* Afterwards; the BOS is built here. */
void msos_fault_apply(long fault, struct msos *m)
{
	const struct fault *f = &faults[fault];
	struct block *block;
	unsigned int i;
	size_t at;

	if (f->edit)
		f->edit(m);
	msos_build_bos(m);
	if (f->edit_bos)
		f->edit_bos(m);
	for (i = 0; i < ARRAY_SIZE(f->poke); i++)
		poke_apply(m, &f->poke[i]);
	block = place_find(m, f->cut, &at);
	if (block && at + f->at < block->len)
		block->len = at + f->at;
}

int msos_fault_answer(long fault, struct msos *m, enum msos_what what,
		      const uint8_t *setup, uint8_t *data)
{
	const struct fault *f = &faults[fault];

	if (what == f->what && f->result)
		return f->result;
	return f->answer ? f->answer(m, what, setup, data) : -ENOENT;
}

unsigned int msos_fault_delay(long fault, enum msos_what what)
{
	return what == faults[fault].what ? faults[fault].late : 0;
}

/* "NAME binds=MASK guids=N" */
int msos_fault_outcome(long fault, char *text, size_t size)
{
	const struct fault *f = &faults[fault];

	return snprintf(text, size, "%s binds=0x%02x guids=%u", f->name,
			f->binds, f->guids);
}

/* For people. */
void msos_fault_help(void)
{
	long i, j;

	for (i = 0; i < FAULTS; i++) {
		const struct fault *f = &faults[i];
		char who[16] = "";

		for (j = 0; j < MSOS_INTERFACES; j++)
			if (f->binds & 1 << j)
				sprintf(who + strlen(who), "%s%ld", *who ? "," : "", j);
		printf("      %-24s %-6s %u  %s\n", f->name, *who ? who : "-",
		       f->guids, f->help);
	}
}

/* For tests that try them all. */
void msos_fault_names(void)
{
	char text[128];
	long i;

	for (i = 0; i < FAULTS; i++) {
		msos_fault_outcome(i, text, sizeof(text));
		puts(text);
	}
}
