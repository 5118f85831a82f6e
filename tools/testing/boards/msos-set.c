// SPDX-License-Identifier: MIT
/*
 * Microsoft OS descriptors of the msos board when nothing is wrong with them:
 * 2.0 (platform capability and descriptor set) and 1.0 (string 0xEE, extended
 * compat IDs and properties), from what the options say.
 */
#include <stdlib.h>
#include <string.h>

#include "desc.h"
#include "msos.h"

const struct msos_layout msos_layouts[LAYOUTS] = {
	[LAYOUT_SINGLE] = {
		.name = "single", .interfaces = 1, .functions = 1,
	},
	[LAYOUT_COMPOSITE] = {
		.name = "composite", .class = { 0xef, 2, 1 }, .interfaces = 4,
		.functions = 3, .first = { 0, 2, 3 }, .subsets = true,
	},
	[LAYOUT_WHOLE] = {
		.name = "whole", .class = { 0xff, 0, 0 }, .interfaces = 2,
		.functions = 1,
	},
	[LAYOUT_CCGP] = {
		.name = "ccgp", .interfaces = 1, .functions = 1,
		.subsets = true, .ccgp = true,
	},
	[LAYOUT_CCGP_MANY] = {
		.name = "ccgp-many", .class = { 0xff, 0, 0 }, .interfaces = 2,
		.functions = 2, .first = { 0, 1 }, .subsets = true,
		.ccgp = true,
	},
};

/* Nothing here is larger than its room: a mistake must not go unnoticed. */
void block_add(struct block *block, const void *data, size_t len)
{
	if (len > block->room - block->len)
		abort();
	memcpy(block->data + block->len, data, len);
	block->len += len;
}

void block_add16(struct block *block, unsigned int value)
{
	const uint8_t bytes[] = { LE16(value) };

	block_add(block, bytes, sizeof(bytes));
}

void put_le32(uint8_t *p, uint32_t v)
{
	put_le16(p, v & 0xffff);
	put_le16(p + 2, v >> 16);
}

uint32_t get_le32(const uint8_t *p)
{
	return get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

void block_add32(struct block *block, uint32_t value)
{
	block_add16(block, value & 0xffff);
	block_add16(block, value >> 16);
}

static void add_text(struct block *block, const char16_t *text, size_t units)
{
	while (units--)
		block_add16(block, *text++);
}

/* One property in the dress of both versions. @name ends with a NUL. */
static void add_property(struct msos *m, unsigned int function,
			 unsigned int type, const char16_t *name,
			 const struct block *data)
{
	struct block *to = &m->properties[m->plan.layout->first[function]];
	size_t units = 1;

	while (name[units - 1])
		units++;
	if (m->plan.os & OS_2) {
		block_add16(&m->set, 10 + 2 * units + data->len);
		block_add16(&m->set, MSOS_PROPERTY);
		block_add16(&m->set, type);
		block_add16(&m->set, 2 * units);
		add_text(&m->set, name, units);
		block_add16(&m->set, data->len);
		block_add(&m->set, data->data, data->len);
	}
	if (m->plan.os & OS_1) {
		block_add32(to, 14 + 2 * units + data->len);
		block_add32(to, type);
		block_add16(to, 2 * units);
		add_text(to, name, units);
		block_add32(to, data->len);
		block_add(to, data->data, data->len);
		put_le16(to->data + 8, get_le16(to->data + 8) + 1);
	}
}

static void add_bytes(struct msos *m, unsigned int function, unsigned int type,
		      const char16_t *name, const void *bytes, size_t len)
{
	struct block data = { len, (uint8_t *)bytes, len };

	add_property(m, function, type, name, &data);
}

/* @text with all its NULs, the one that the compiler adds too. */
#define add_string(m, function, type, name, text)			\
	add_units(m, function, type, name, text, ARRAY_SIZE(text))

static void add_units(struct msos *m, unsigned int function, unsigned int type,
		      const char16_t *name, const char16_t *text, size_t units)
{
	uint8_t room[512];
	struct block data = { 0, room, sizeof(room) };

	add_text(&data, text, units);
	add_property(m, function, type, name, &data);
}

static void add_dword(struct msos *m, unsigned int function,
		      const char16_t *name, uint32_t value)
{
	uint8_t bytes[4];

	put_le32(bytes, value);
	add_bytes(m, function, REG_DWORD, name, bytes, sizeof(bytes));
}

/* All GUIDs as REG_MULTI_SZ, or the first one as REG_SZ. */
static void add_guids(struct msos *m, unsigned int function, bool all)
{
	const char *guid = m->plan.guid[function];
	uint8_t room[2 * 520];
	struct block data = { 0, room, sizeof(room) };

	if (!*guid)
		return;
	for (; *guid && (all || *guid != ';'); guid++)
		block_add16(&data, *guid == ';' ? 0 : *guid);
	block_add16(&data, 0);
	if (all)
		block_add16(&data, 0);
	if (all)
		m->at.guid[function] = m->set.len;
	add_property(m, function, all ? REG_MULTI_SZ : REG_SZ,
		     all ? u"DeviceInterfaceGUIDs" : u"DeviceInterfaceGUID",
		     &data);
}

/* Every type of the registry, the values of power, characters past ASCII. */
static void add_full(struct msos *m, unsigned int function)
{
	static const uint8_t blob[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	static const uint8_t big[] = { 0x01, 0x02, 0x03, 0x04 };

	add_string(m, function, REG_SZ, u"Label", u"Gr\u00fc\u00dfe \U0001f600");
	add_string(m, function, REG_EXPAND_SZ, u"Icons",
		   u"%SystemRoot%\\system32\\icon.dll,-1");
	add_bytes(m, function, REG_BINARY, u"Blob", blob, sizeof(blob));
	add_dword(m, function, u"DeviceIdleEnabled", 1);
	add_dword(m, function, u"DefaultIdleTimeout", 5000);
	add_dword(m, function, u"SystemWakeEnabled", 0);
	add_bytes(m, function, REG_DWORD_BE, u"BigEndian", big, sizeof(big));
	add_string(m, function, REG_LINK, u"Link",
		   u"\\Registry\\Machine\\Software");
	add_string(m, function, REG_MULTI_SZ, u"Names", u"one\0two\0");
}

/* What makes WinUSB let an idle device sleep, and wake the system. */
static void add_idle(struct msos *m, unsigned int function)
{
	add_dword(m, function, u"DeviceIdleEnabled", 1);
	add_dword(m, function, u"DefaultIdleState", 1);
	add_dword(m, function, u"DefaultIdleTimeout", m->plan.idle);
	add_dword(m, function, u"SystemWakeEnabled", 1);
}

/* Names and values that must not get out of where they are shown. */
static void add_nasty(struct msos *m, unsigned int function)
{
	static const char16_t surrogate[] = { 'x', 0xd800, 'y', 0 };
	static const char16_t text[] = u"a\nE: WINUSB_GUID_0=x\n\"'`$(x);&|\\";
	char16_t many[301];
	unsigned int i;

	add_string(m, function, REG_SZ, u"../../evil", text);
	add_string(m, function, REG_SZ, u"line\nbreak", text);
	add_string(m, function, REG_SZ, u"quote\"'", text);
	add_string(m, function, REG_SZ, u"$(x)`x`", text);
	add_string(m, function, REG_SZ, u".hidden", text);
	add_string(m, function, REG_SZ, u"..", text);
	add_string(m, function, REG_SZ, u"/etc/passwd", text);
	add_string(m, function, REG_SZ, u"%s%n", text);
	add_string(m, function, REG_SZ, u"\u202egnp", text);
	add_string(m, function, REG_SZ, u"", text);
	add_string(m, function, REG_SZ, surrogate, text);
	for (i = 0; i < ARRAY_SIZE(many) - 1; i++)
		many[i] = 'n';
	many[i] = 0;
	add_string(m, function, REG_SZ, many, text);
	add_string(m, function, REG_SZ, u"Value", text);
	add_string(m, function, REG_MULTI_SZ, u"Values",
		   u"a\nb\0../../evil\0$(x)\0");
}

static void add_revision(struct msos *m)
{
	if (!m->plan.revision || !(m->plan.os & OS_2))
		return;
	block_add16(&m->set, 6);
	block_add16(&m->set, MSOS_REVISION);
	block_add16(&m->set, m->plan.revision);
}

/* Compatible ID and properties of one function. */
static void add_features(struct msos *m, unsigned int function)
{
	const struct msos_plan *plan = &m->plan;
	uint8_t ids[16] = { 0 };

	memcpy(ids, plan->compat[function], strlen(plan->compat[function]));
	memcpy(ids + 8, plan->subcompat, strlen(plan->subcompat));
	if (plan->os & OS_2) {
		m->at.compat[function] = m->set.len;
		block_add16(&m->set, 20);
		block_add16(&m->set, MSOS_COMPATIBLE_ID);
		block_add(&m->set, ids, sizeof(ids));
	}
	if (plan->os & OS_1) {
		const uint8_t head[] = { plan->layout->first[function], 1 };

		block_add(&m->ids, head, sizeof(head));
		block_add(&m->ids, ids, sizeof(ids));
		block_add(&m->ids, "\0\0\0\0\0", 6);
		m->ids.data[8]++;
	}
	if (plan->props & PROPS_GUID)
		add_guids(m, function, true);
	if (plan->props & PROPS_SINGULAR)
		add_guids(m, function, false);
	if (plan->props & PROPS_FULL)
		add_full(m, function);
	if (plan->idle >= 0)
		add_idle(m, function);
	if (plan->props & PROPS_NASTY)
		add_nasty(m, function);
}

static void begin_subset(struct msos *m, size_t *at, unsigned int type,
			 unsigned int number)
{
	*at = m->set.len;
	if (!(m->plan.os & OS_2))
		return;
	block_add16(&m->set, 8);
	block_add16(&m->set, type);
	block_add16(&m->set, number);
	block_add16(&m->set, 0);
}

static void end_subset(struct msos *m, size_t at)
{
	if (m->plan.os & OS_2)
		put_le16(m->set.data + at + 6, m->set.len - at);
}

static void add_functions(struct msos *m)
{
	const struct msos_layout *layout = m->plan.layout;
	unsigned int i;

	for (i = 0; i < layout->functions; i++) {
		if (!*m->plan.compat[i])
			continue;
		if (layout->subsets)
			begin_subset(m, &m->at.function[i], MSOS_FUNCTION,
				     layout->first[i]);
		if (layout->subsets)
			add_revision(m);
		add_features(m, i);
		if (layout->subsets)
			end_subset(m, m->at.function[i]);
	}
}

/* Features of the device itself that a full set has. */
static void add_device(struct msos *m)
{
	const struct msos_plan *plan = &m->plan;
	unsigned int i;

	if (!(plan->os & OS_2))
		return;
	add_revision(m);
	if (plan->layout->ccgp) {
		block_add16(&m->set, 4);
		block_add16(&m->set, MSOS_CCGP);
	}
	if (!(plan->props & PROPS_FULL))
		return;
	block_add(&m->set, "\6\0\5\0\12\24", 6);
	block_add16(&m->set, 20);
	block_add16(&m->set, MSOS_MODEL_ID);
	for (i = 0; i < 16; i++) {
		const uint8_t byte = 0x10 + i;

		block_add(&m->set, &byte, 1);
	}
}

static void add_string_ee(struct msos *m)
{
	block_add(&m->string, "\22\3M\0S\0F\0T\0001\0000\0000\0", 16);
	block_add(&m->string, (const uint8_t[]) { m->code1, 0 }, 2);
}

static void begin(struct msos *m)
{
	unsigned int i;

	m->set = (struct block) { 0, m->set_room, sizeof(m->set_room) - 1 };
	m->bos = (struct block) { 0, m->bos_room, sizeof(m->bos_room) };
	m->string = (struct block) { 0, m->string_room, sizeof(m->string_room) };
	m->ids = (struct block) { 0, m->ids_room, sizeof(m->ids_room) };
	for (i = 0; i < MSOS_INTERFACES; i++) {
		struct block *b = &m->properties[i];

		*b = (struct block) {
			0, m->properties_room[i], sizeof(m->properties_room[i])
		};
		block_add(b, "\0\0\0\0\0\1\5\0\0", 10);
	}
	block_add(&m->ids, "\0\0\0\0\0\1\4\0\0\0\0\0\0\0\0", 16);
}

static void end(struct msos *m)
{
	unsigned int i;

	put_le32(m->ids.data, m->ids.len);
	for (i = 0; i < MSOS_INTERFACES; i++)
		put_le32(m->properties[i].data, m->properties[i].len);
	if (m->plan.os & OS_1)
		add_string_ee(m);
	if (!(m->plan.os & OS_2))
		return;
	put_le16(m->set.data + 8, m->set.len);
	m->infos[0] = (struct msos_info) {
		WINDOWS_8_1, m->set.len, m->code2, m->plan.alt
	};
	m->info_count = 1;
}

/* Everything but the BOS. @m is zero. */
void msos_build(struct msos *m, const struct msos_plan *plan)
{
	m->plan = *plan;
	m->code1 = MSOS_CODE_1;
	m->code2 = MSOS_CODE_2;
	begin(m);
	if (plan->os & OS_2) {
		block_add16(&m->set, 10);
		block_add16(&m->set, MSOS_SET_HEADER);
		block_add32(&m->set, WINDOWS_8_1);
		block_add16(&m->set, 0);
	}
	add_device(m);
	if (plan->layout->subsets)
		begin_subset(m, &m->at.config, MSOS_CONFIGURATION, 0);
	add_functions(m);
	if (plan->layout->subsets)
		end_subset(m, m->at.config);
	end(m);
}

/* USB 2.0 extension without link power management, and the sets. */
void msos_build_bos(struct msos *m)
{
	static const uint8_t uuid[16] = {
		0xdf, 0x60, 0xdd, 0xd8, 0x89, 0x45, 0xc7, 0x4c,
		0x9c, 0xd2, 0x65, 0x9d, 0x9e, 0x64, 0x8a, 0x9f,
	};
	struct block *bos = &m->bos;
	unsigned int i;

	block_add(bos, (const uint8_t[]) { 5, DT_BOS, 0, 0, 1 }, 5);
	block_add(bos, (const uint8_t[]) { 7, DT_CAPABILITY, 2, 0, 0, 0, 0 }, 7);
	if (m->plan.os & OS_2) {
		const uint8_t head[] = {
			20 + 8 * m->info_count, DT_CAPABILITY, 5, 0
		};

		bos->data[4] = 2;
		block_add(bos, head, sizeof(head));
		block_add(bos, uuid, sizeof(uuid));
		for (i = 0; i < m->info_count; i++) {
			const struct msos_info *info = &m->infos[i];

			block_add32(bos, info->windows);
			block_add16(bos, info->length);
			block_add(bos, &info->code, 1);
			block_add(bos, &info->alt, 1);
		}
	}
	put_le16(bos->data + 2, bos->len);
}
