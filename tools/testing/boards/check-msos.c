// SPDX-License-Identifier: MIT
/*
 * The msos board: its descriptor sets byte for byte, options, who may ask for
 * what, and that every fault enumerates. Expected bytes are written here by
 * hand; where a GUID is, only its place and size are.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "desc.h"

#define CODE_2	0x20
#define CODE_1	0x21

/* "DeviceInterfaceGUIDs", wData length 80; the GUID follows. */
#define GUIDS_NAME							\
	'D', 0, 'e', 0, 'v', 0, 'i', 0, 'c', 0, 'e', 0, 'I', 0, 'n', 0,	\
	't', 0, 'e', 0, 'r', 0, 'f', 0, 'a', 0, 'c', 0, 'e', 0, 'G', 0,	\
	'U', 0, 'I', 0, 'D', 0, 's', 0, 0, 0
#define COMPAT_2							\
	0x14, 0, 3, 0, 'W', 'I', 'N', 'U', 'S', 'B', 0, 0,		\
	0, 0, 0, 0, 0, 0, 0, 0
#define GUIDS_2	0x84, 0, 4, 0, 7, 0, 42, 0, GUIDS_NAME, 80, 0

static const char guid1[] = "{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a01}";
static const char guid2[] = "{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a02}";

static int get_bos(struct cable *c, uint8_t *data)
{
	return cable_control(c, 0x80, 6, 0x0f00, 0, data, 512);
}

static int get_string(struct cable *c, uint8_t *data)
{
	return cable_control(c, 0x80, 6, 0x03ee, 0, data, 255);
}

static int get_set(struct cable *c, uint8_t *data)
{
	return cable_control(c, 0xc0, CODE_2, 0, 7, data, 65535);
}

/* REG_MULTI_SZ of one GUID: 80 bytes. */
static bool is_guid(const uint8_t *data, const char *guid)
{
	unsigned int i;

	for (i = 0; i < 40; i++)
		if (data[2 * i] != (i < 38 ? guid[i] : 0) || data[2 * i + 1])
			return false;
	return true;
}

/* Fixed bytes, followed by the 80 bytes of one GUID. */
struct piece {
	const uint8_t *bytes;
	size_t len;
	const char *guid;
};

static bool matches(const uint8_t *data, int len, const struct piece *pieces,
		    unsigned int count)
{
	size_t at = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (len < (int)(at + pieces[i].len + 80) ||
		    memcmp(data + at, pieces[i].bytes, pieces[i].len))
			return false;
		at += pieces[i].len;
		if (!is_guid(data + at, pieces[i].guid))
			return false;
		at += 80;
	}
	return (int)at == len;
}

static void check_single_2(struct cable *c)
{
	static const uint8_t bos[] = {
		5, 15, 40, 0, 2, 7, 16, 2, 0, 0, 0, 0,
		28, 16, 5, 0, 0xdf, 0x60, 0xdd, 0xd8, 0x89, 0x45, 0xc7, 0x4c,
		0x9c, 0xd2, 0x65, 0x9d, 0x9e, 0x64, 0x8a, 0x9f,
		0, 0, 3, 6, 162, 0, CODE_2, 0,
	};
	static const uint8_t set[] = {
		10, 0, 0, 0, 0, 0, 3, 6, 162, 0, COMPAT_2, GUIDS_2
	};
	const struct piece piece = { set, sizeof(set), guid1 };
	static uint8_t data[65536];

	ok(get_bos(c, data) == sizeof(bos) && !memcmp(data, bos, sizeof(bos)),
	   "msos single: platform capability");
	ok(matches(data, get_set(c, data), &piece, 1),
	   "msos single: descriptor set of 10 + 20 + 132 bytes");
	ok(cable_control(c, 0xc0, CODE_2, 0, 7, data, 10) == 10,
	   "msos single: its header alone");
	ok(get_string(c, data) == -EPIPE &&
	   cable_control(c, 0xc0, CODE_1, 0, 4, data, 64) == -EPIPE &&
	   cable_control(c, 0xc0, CODE_2, 0, 4, data, 64) == -EPIPE &&
	   cable_control(c, 0xc0, CODE_2, 0x100, 7, data, 64) == -EPIPE &&
	   cable_control(c, 0xc1, CODE_2, 0, 7, data, 64) == -EPIPE &&
	   cable_control(c, 0x40, CODE_2, 0x500, 8, NULL, 0) == -EPIPE,
	   "msos single: 1.0, and requests that are slightly wrong, stall");
	ok(told(1, "os_string", "info") == 1 && told(1, "os_set", "info") == 2 &&
	   told(1, "os_requests", "info") == 7,
	   "msos single: all of them were counted");
	ok(cable_control(c, 0xc1, 0x33, 0x1234, 0, data, 64) == 8 &&
	   !memcmp(data, "\xc1\x33\x34\x12\0\0\x40\0", 8) &&
	   told(1, "os_requests", "info") == 7,
	   "msos single: another vendor request is nobody's business");
}

static void check_single_1(struct cable *c)
{
	static const uint8_t string[] = {
		18, 3, 'M', 0, 'S', 0, 'F', 0, 'T', 0, '1', 0, '0', 0, '0', 0,
		CODE_1, 0,
	};
	static const uint8_t ids[] = {
		40, 0, 0, 0, 0, 1, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0,
		0, 1, 'W', 'I', 'N', 'U', 'S', 'B', 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	static const uint8_t properties[] = {
		146, 0, 0, 0, 0, 1, 5, 0, 1, 0,
		136, 0, 0, 0, 7, 0, 0, 0, 42, 0, GUIDS_NAME, 80, 0, 0, 0,
	};
	const struct piece piece = { properties, sizeof(properties), guid1 };
	static uint8_t data[65536];
	int len;

	ok(get_bos(c, data) == -EPIPE, "msos 1.0: no BOS");
	ok(get_string(c, data) == 18 && !memcmp(data, string, 18),
	   "msos 1.0: string 0xEE");
	ok(cable_control(c, 0xc0, CODE_1, 0, 4, data, 4096) == 40 &&
	   !memcmp(data, ids, 40), "msos 1.0: extended compat ID");
	len = cable_control(c, 0xc1, CODE_1, 0, 5, data, 4096);
	ok(matches(data, len, &piece, 1),
	   "msos 1.0: extended properties of 10 + 136 bytes");
	len = cable_control(c, 0xc0, CODE_1, 0, 5, data, 4096);
	ok(matches(data, len, &piece, 1), "msos 1.0: by device recipient, too");
	ok(cable_control(c, 0xc1, CODE_1, 1, 5, data, 64) == -EPIPE &&
	   cable_control(c, 0xc1, CODE_1, 0x100, 5, data, 64) == -EPIPE &&
	   cable_control(c, 0xc0, CODE_2, 0, 7, data, 64) == -EPIPE,
	   "msos 1.0: another page, another interface, 2.0 stall");
	ok(told(1, "os_string", "info") == 1 && told(1, "os_ids", "info") == 1 &&
	   told(1, "os_properties", "info") == 2 && !told(1, "os_set", "info"),
	   "msos 1.0: all of them were counted");
}

static void check_composite_2(struct cable *c)
{
	static const uint8_t first[] = {
		10, 0, 0, 0, 0, 0, 3, 6, 0x52, 1,
		8, 0, 1, 0, 0, 0, 0x48, 1,
		8, 0, 2, 0, 0, 0, 160, 0, COMPAT_2, GUIDS_2,
	};
	static const uint8_t second[] = {
		8, 0, 2, 0, 3, 0, 160, 0, COMPAT_2, GUIDS_2,
	};
	const struct piece pieces[] = {
		{ first, sizeof(first), guid1 }, { second, sizeof(second), guid2 },
	};
	static uint8_t data[65536];

	ok(get_bos(c, data) == 40 && get_le16(data + 36) == 338,
	   "msos composite: the platform capability has the set's length");
	ok(matches(data, get_set(c, data), pieces, 2),
	   "msos composite: set of 10 + 8 + 2 * (8 + 20 + 132) bytes");
}

static void check_composite_1(struct cable *c)
{
	static const uint8_t zero[16];
	static uint8_t data[65536];

	ok(cable_control(c, 0xc0, CODE_1, 0, 4, data, 4096) == 88 &&
	   get_le16(data) == 88 && data[8] == 3 && data[16] == 0 &&
	   !memcmp(data + 18, "WINUSB\0", 8) && data[40] == 2 &&
	   !memcmp(data + 42, "OTHER\0\0", 8) && data[64] == 3 &&
	   !memcmp(data + 66, "WINUSB\0", 8) && !memcmp(data + 74, zero, 14),
	   "msos composite 1.0: three sections");
	ok(cable_control(c, 0xc1, CODE_1, 0x300, 5, data, 4096) == 146 &&
	   is_guid(data + 66, guid2),
	   "msos composite 1.0: properties by interface");
	ok(cable_control(c, 0xc1, CODE_1, 0x100, 5, data, 4096) == 10 &&
	   get_le16(data) == 10 && !data[8],
	   "msos composite 1.0: an interface that has none says so");
	ok(get_set(c, data) == 10 + 8 + 160 + 28 + 160,
	   "msos composite: 2.0 and 1.0 at once");
}

/* Header, revision, CCGP, resume time, model; then what each property is. */
static void check_full(struct cable *c)
{
	static const uint8_t device[] = {
		6, 0, 8, 0, 7, 0, 4, 0, 7, 0, 6, 0, 5, 0, 10, 20,
		20, 0, 6, 0, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
		0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
		8, 0, 1, 0, 0, 0,
	};
	static const uint8_t types[] = { 1, 2, 3, 4, 4, 4, 5, 6, 7 };
	static uint8_t data[65536];
	unsigned int good = 0, at, i;
	int len = get_set(c, data);

	ok(len > 200 && get_le16(data + 8) == (unsigned int)len &&
	   !memcmp(data + 10, device, sizeof(device)) &&
	   data[10 + sizeof(device)] + data[11 + sizeof(device)] * 256 ==
	   len - 46, "msos full: features of the device");
	/* Configuration, function, revision, compat ID, two GUID properties. */
	at = 46 + 8 + 8;
	ok(data[at] == 6 && data[at + 4] == 7 && data[at + 6] == 20 &&
	   !memcmp(data + at + 10, "RNDIS\0\0\0005162001", 16),
	   "msos full: revision and both ids of the function");
	at += 26;
	ok(get_le16(data + at) == 10 + 42 + 158 && !is_guid(data + at + 52, guid1) &&
	   get_le16(data + at + 210 + 4) == 1 &&
	   get_le16(data + at + 210 + 6) == 40 &&
	   get_le16(data + at + 210 + 48) == 78,
	   "msos full: two GUIDs, and the first one as REG_SZ");
	at += 210 + 128;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		good += data[at + 2] == 4 && data[at + 4] == types[i];
		at += get_le16(data + at);
	}
	ok(good == 9 && (int)at == len, "msos full: a property of each type");
	ok(get_bos(c, data) == 40 && data[39] == 9, "msos full: bAltEnumCode");
	ok(!cable_control(c, 0x40, CODE_2, 0x900, 8, NULL, 0) &&
	   told(1, "os_alternate", "info") == 1,
	   "msos full: alternate enumeration is taken and counted");
}

/* The set stays well-formed: names and values are what is nasty. */
static void check_nasty(struct cable *c)
{
	static uint8_t data[65536];
	unsigned int at = 30, count = 0, evil = 0;
	int len = get_set(c, data);

	for (; (int)at + 10 < len && get_le16(data + at) > 10; count++) {
		const uint8_t *name = data + at + 8;

		evil += !memcmp(name, ".\0.\0/\0.\0.\0/\0e\0", 14);
		at += get_le16(data + at);
	}
	ok(count == 15 && evil == 1 && (int)at == len,
	   "msos nasty: 14 properties and the GUIDs");
}

/* A request that is not answered within 200 ms, but later if @late. */
static bool is_slow(struct cable *c, const char *setup, bool late)
{
	uint32_t seqnum = cable_submit_control(c, (const uint8_t *)setup, NULL);

	if (cable_reap(c, 200)->command != -1)
		return false;
	if (late)
		return cable_reap(c, 5000)->command == 3;
	cable_unlink(c, seqnum);
	return cable_reap(c, 5000)->command == 4;
}

#define ASK_SET		"\xc0\x20\0\0\7\0\x40\0"
#define ASK_STRING	"\x80\6\xee\3\0\0\x12\0"
#define ASK_IDS		"\xc0\x21\0\0\4\0\x10\0"
#define ASK_PROPERTIES	"\xc1\x21\0\0\5\0\x0a\0"

static void check_delay(struct cable *c)
{
	uint8_t data[255];

	ok(is_slow(c, ASK_SET, true) && is_slow(c, ASK_STRING, true) &&
	   is_slow(c, ASK_IDS, true) && is_slow(c, ASK_PROPERTIES, true),
	   "msos: os-delay holds for all OS descriptors");
	ok(cable_control(c, 0x80, 6, 0x0302, 0, data, 255) == 34 &&
	   cable_control(c, 0xc0, 0x33, 0, 0, data, 8) == 8,
	   "msos: and for nothing else");
	tell(1, "set os-delay=0");
	ok(get_string(c, data) == 18, "msos: until it is 0");
}

/* Plugs the board in with this fault. */
static void with_fault(struct cable *c, const char *fault)
{
	tell(1, "set fault=%s", fault);
	if (cable_attach(c, "1-1"))
		ok(false, "msos fault %s: attached", fault);
}

static void check_slow_faults(void)
{
	static const struct {
		const char *fault;
		const char *setup;
		bool late;
	} slow[] = {
		{ "set-silent", ASK_SET, false }, { "set-late", ASK_SET, true },
		{ "string-silent", ASK_STRING, false },
		{ "string-late", ASK_STRING, true },
		{ "ids-silent", ASK_IDS, false }, { "ids-late", ASK_IDS, true },
		{ "properties-silent", ASK_PROPERTIES, false },
		{ "properties-late", ASK_PROPERTIES, true },
	};
	unsigned int i;
	struct cable c;

	for (i = 0; i < ARRAY_SIZE(slow); i++) {
		with_fault(&c, slow[i].fault);
		ok(is_slow(&c, slow[i].setup, slow[i].late), "msos fault %s",
		   slow[i].fault);
		cable_cut(&c);
	}
}

/* What the answers of some faults are; the bytes that differ from "none". */
static void check_some_faults(void)
{
	static const struct {
		const char *fault;
		int len;
		unsigned int at;
		uint32_t value;	/* four bytes there */
	} some[] = {
		{ "none", 162, 8, 0x001400a2 },
		{ "set-stall", -EPIPE, 0, 0 }, { "set-code", -EPIPE, 0, 0 },
		{ "set-is-ids", 40, 4, 0x00040100 }, { "set-empty", 0, 0, 0 },
		{ "set-cut-header", 6, 2, 0 }, { "set-cut-compat", 22, 14, 0x554e4957 },
		{ "set-cut-last", 161, 8, 0x001400a2 },
		{ "set-cut-function", 198, 178, 0x00020008 },
		{ "total-small", 162, 8, 0x0014001e },
		{ "header-missing", 152, 0, 0x00030014 },
		{ "header-long", 164, 12, 0x00030014 },
		{ "header-twice", 172, 18, 0x001400a2 },
		{ "infos-many", 162, 8, 0x001400a2 },
		{ "length-zero", 162, 10, 0x00030000 },
		{ "unknown", 174, 10, 0x0077000c },
		{ "huge", 65535, 162, 0x007703e8 },
		{ "compat-first", 182, 14, 0x49444e52 },
		{ "compat-second", 182, 34, 0x49444e52 },
		{ "compat-lower", 162, 14, 0x756e6977 },
		{ "compat-short", 154, 10, 0x0003000c },
		{ "compat-long", 166, 34, 0x00040084 },
		{ "compat-missing", 142, 10, 0x00040084 },
		{ "compat-last", 162, 142, 0x00030014 },
		{ "name-odd", 161, 30, 0x00040083 },
		{ "name-unterminated", 160, 36, 0x00440028 },
		{ "name-empty", 120, 36, 0x00500000 },
		{ "name-case", 162, 38, 0x00450064 },
		{ "data-long", 162, 80, 0x007b0052 },
		{ "data-odd", 161, 80, 0x007b004f },
		{ "type-ffff", 162, 34, 0x002affff },
		{ "properties-after", 2362, 162, 0x00040016 },
		{ "properties-before", 2362, 30, 0x00040016 },
		{ "property-huge", 65535, 162, 0x0004ff5d },
		{ "guid-unterminated", 158, 80, 0x007b004c },
		{ "guid-double", 166, 80, 0x007b0054 },
		{ "guid-nonsense", 96, 80, 0x0068000e },
		{ "guid-surrogates", 162, 86, 0x0033d800 },
		{ "configuration-one", 338, 14, 0x01480001 },
		{ "configuration-two", 374, 14, 0x00240001 },
		{ "configuration-nested", 346, 22, 0x01480000 },
		{ "function-nested", 346, 30, 0x00a00000 },
		{ "function-first", 338, 170, 0x00010008 },
		{ "functions-bare", 330, 10, 0x00020008 },
		{ "function-absent", 366, 182, 0x001c004d },
		{ "functions-after", 2130, 14, 0x08480000 },
		{ "functions-before", 2130, 22, 0x001c0064 },
		{ "function-single", 170, 10, 0x00020008 },
		{ "device-on-composite", 162, 10, 0x00030014 },
	};
	static uint8_t data[65536];
	unsigned int i;
	struct cable c;
	int len;

	for (i = 0; i < ARRAY_SIZE(some); i++) {
		unsigned int at = some[i].at;

		with_fault(&c, some[i].fault);
		len = get_set(&c, data);
		ok(len == some[i].len &&
		   (len <= 0 || (get_le16(data + at) == (some[i].value & 0xffff) &&
				 get_le16(data + at + 2) == some[i].value >> 16)),
		   "msos fault %s", some[i].fault);
		cable_cut(&c);
	}
}

/* The second answer differs; one recipient is not answered. */
static void check_changing_faults(void)
{
	uint8_t data[512];
	struct cable c;

	with_fault(&c, "set-changes");
	ok(get_set(&c, data) == 162 && data[14] == 'W' &&
	   get_set(&c, data) == 162 && data[14] == 'R', "msos fault set-changes");
	cable_cut(&c);
	with_fault(&c, "ids-grow");
	ok(cable_control(&c, 0xc0, CODE_1, 0, 4, data, 16) == 16 && data[0] == 40 &&
	   cable_control(&c, 0xc0, CODE_1, 0, 4, data, 512) == 64 && data[8] == 2,
	   "msos fault ids-grow");
	cable_cut(&c);
	with_fault(&c, "ids-shrink");
	ok(cable_control(&c, 0xc0, CODE_1, 0, 4, data, 16) == 16 && data[0] == 40 &&
	   cable_control(&c, 0xc0, CODE_1, 0, 4, data, 512) == 16 && data[0] == 16,
	   "msos fault ids-shrink");
	cable_cut(&c);
	with_fault(&c, "properties-device");
	ok(cable_control(&c, 0xc0, CODE_1, 0, 5, data, 512) == 146 &&
	   cable_control(&c, 0xc1, CODE_1, 0, 5, data, 512) == -EPIPE,
	   "msos fault properties-device");
	cable_cut(&c);
	with_fault(&c, "properties-interface");
	ok(cable_control(&c, 0xc1, CODE_1, 0, 5, data, 512) == 146 &&
	   cable_control(&c, 0xc0, CODE_1, 0, 5, data, 512) == -EPIPE,
	   "msos fault properties-interface");
	cable_cut(&c);
	with_fault(&c, "bos-old");
	ok(cable_control(&c, 0x80, 6, 0x0100, 0, data, 18) == 18 &&
	   get_le16(data + 2) == 0x0200, "msos fault bos-old");
	cable_cut(&c);
	with_fault(&c, "capability-other");
	ok(get_bos(&c, data) == 64 && data[4] == 3 && data[16] == 0x38 &&
	   data[40] == 0xdf, "msos fault capability-other");
	cable_cut(&c);
}

/*
 * All faults by the list that other tests get: each is a device, differs from
 * "none" in some answer, and says in info what the list says.
 */
static void check_all_faults(void)
{
	char command[600], line[128], info[160];
	unsigned int count = 0, good = 0;
	uint8_t data[512];
	struct cable c;
	FILE *list;

	snprintf(command, sizeof(command), "%s --faults=msos", check_program());
	list = popen(command, "r");
	while (list && fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		snprintf(info, sizeof(info), " fault=%s ", line);
		count++;
		*strchr(line, ' ') = '\0';
		with_fault(&c, line);
		if (cable_control(&c, 0x80, 6, 0x0100, 0, data, 18) == 18 &&
		    cable_control(&c, 0x80, 6, 0x0200, 0, data, 512) > 31 &&
		    !cable_configure(&c) && strstr(tell(1, "info"), info))
			good++;
		else
			ok(false, "msos fault %s", line);
		cable_cut(&c);
	}
	ok(list && !pclose(list) && good == count && count > 40,
	   "msos: all %u faults enumerate and say what comes of them", count);
}

static void check_faults_and_options(void)
{
	static const char *const bad[] = {
		"fault=nonsense", "os=3", "layout=triple", "compat=NINECHARS",
		"subcompat=NINECHARS", "compat2=NINECHARS", "guid=hello",
		"guid={7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a0g}",
		"guid={7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a01};",
		"guid={7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a01", "guid2=x",
		"revision=65536", "idle=-1", "alt=256", "props=all", "props=guid+",
		"os-delay=x", "iclass=256", "vid=12345", "pid=0x12", "usb=2",
		"rev=12.3",
	};
	static const char *const same[] = {
		"os=both", "layout=composite", "compat=", "guid=",
		"guid={7C3F9A51-64DE-4B0A-9E21-5F1D8C2B7A01};{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a02}",
		"props=none", "idle=off", "alt=0xff", "iclass=3", "usb=0201", "rev=ffff",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ok(strstr(tell(1, "set %s", bad[i]), "result=error") != NULL,
		   "msos: refused: %s", bad[i]);
	for (i = 0; i < ARRAY_SIZE(same); i++)
		ok(strstr(tell(1, "set %s", same[i]), "result=ok") != NULL,
		   "msos: taken: %s", same[i]);
	tell(1, "defaults");
	check_all_faults();
	check_some_faults();
	check_changing_faults();
	check_slow_faults();
}

/* Options that change what is not an OS descriptor, and what they take away. */
static void check_bare(struct cable *c)
{
	uint8_t data[512];

	ok(cable_control(c, 0x80, 6, 0x0100, 0, data, 18) == 18 &&
	   !memcmp(data + 2, "\x01\x02\0\0\0\x40\x50\x1d\x6f\x60\x34\x12", 12),
	   "msos bare: bcdUSB, ids and bcdDevice");
	ok(cable_control(c, 0x80, 6, 0x0200, 0, data, 512) == 32 && data[14] == 3,
	   "msos bare: class of the interface");
	ok(get_bos(c, data) == 12 && get_string(c, data) == -EPIPE &&
	   get_set(c, data) == -EPIPE, "msos bare: no OS descriptors");
	ok(strstr(tell(1, "info"), " vid=1d50 pid=606f ") != NULL,
	   "msos bare: info has the ids of the device");
}

static void check_idle(struct cable *c)
{
	uint8_t data[512];
	int len = get_set(c, data);

	/* DefaultIdleTimeout is the last but one, SystemWakeEnabled the last. */
	ok(len == 162 + 200 && data[len - 4] == 1 && get_le16(data + len - 54) == 1234,
	   "msos idle: the properties that let it sleep");
}

static void with_board(const char *board, void (*check)(struct cable *c))
{
	struct cable c;

	server_start(board, NULL);
	ok(!cable_attach(&c, "1-1"), "%s: attached", board);
	check(&c);
	cable_cut(&c);
	server_stop();
}

void check_msos(void)
{
	with_board("msos", check_single_2);
	with_board("msos,os=1", check_single_1);
	with_board("msos,layout=composite", check_composite_2);
	with_board("msos,layout=composite,os=both,compat2=OTHER",
		   check_composite_1);
	with_board("msos,layout=ccgp,revision=7,props=guid+singular+full,compat=RNDIS,subcompat=5162001,alt=9,guid={7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a01};{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a02}",
		   check_full);
	with_board("msos,props=nasty", check_nasty);
	with_board("msos,idle=1234", check_idle);
	with_board("msos,os=both,os-delay=400", check_delay);
	with_board("msos,os=none,usb=0201,vid=1d50,pid=606F,rev=1234,iclass=3",
		   check_bare);
	server_start("msos", NULL);
	check_faults_and_options();
	server_stop();
}
