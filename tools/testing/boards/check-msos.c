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

#define SET	0x20
#define V1	0x21

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
	return cable_control(c, 0xc0, SET, 0, 7, data, 65535);
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

/* @parts: pieces of fixed bytes, each followed by the GUID of 80 bytes. */
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
		0, 0, 3, 6, 162, 0, SET, 0,
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
	ok(cable_control(c, 0xc0, SET, 0, 7, data, 10) == 10,
	   "msos single: its header alone");
	ok(get_string(c, data) == -EPIPE &&
	   cable_control(c, 0xc0, V1, 0, 4, data, 64) == -EPIPE &&
	   cable_control(c, 0xc0, SET, 0, 4, data, 64) == -EPIPE &&
	   cable_control(c, 0xc0, SET, 0x100, 7, data, 64) == -EPIPE &&
	   cable_control(c, 0xc1, SET, 0, 7, data, 64) == -EPIPE &&
	   cable_control(c, 0x40, SET, 0x500, 8, NULL, 0) == -EPIPE,
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
		V1, 0,
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
	ok(cable_control(c, 0xc0, V1, 0, 4, data, 4096) == 40 &&
	   !memcmp(data, ids, 40), "msos 1.0: extended compat ID");
	len = cable_control(c, 0xc1, V1, 0, 5, data, 4096);
	ok(matches(data, len, &piece, 1),
	   "msos 1.0: extended properties of 10 + 136 bytes");
	len = cable_control(c, 0xc0, V1, 0, 5, data, 4096);
	ok(matches(data, len, &piece, 1), "msos 1.0: by device recipient, too");
	ok(cable_control(c, 0xc1, V1, 1, 5, data, 64) == -EPIPE &&
	   cable_control(c, 0xc1, V1, 0x100, 5, data, 64) == -EPIPE &&
	   cable_control(c, 0xc0, SET, 0, 7, data, 64) == -EPIPE,
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

	ok(cable_control(c, 0xc0, V1, 0, 4, data, 4096) == 88 &&
	   get_le16(data) == 88 && data[8] == 3 && data[16] == 0 &&
	   !memcmp(data + 18, "WINUSB\0", 8) && data[40] == 2 &&
	   !memcmp(data + 42, "OTHER\0\0", 8) && data[64] == 3 &&
	   !memcmp(data + 66, "WINUSB\0", 8) && !memcmp(data + 74, zero, 14),
	   "msos composite 1.0: three sections");
	ok(cable_control(c, 0xc1, V1, 0x300, 5, data, 4096) == 146 &&
	   is_guid(data + 66, guid2),
	   "msos composite 1.0: properties by interface");
	ok(cable_control(c, 0xc1, V1, 0x100, 5, data, 4096) == 10 &&
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
	ok(!cable_control(c, 0x40, SET, 0x900, 8, NULL, 0) &&
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
}
