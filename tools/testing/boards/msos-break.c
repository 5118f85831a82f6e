// SPDX-License-Identifier: MIT
/*
 * Faults of the msos board that are more than a few bytes. They work on what
 * msos_build() made, before the BOS is built. With options under which the
 * part that they break is not there, nothing happens.
 */
#include <errno.h>
#include <string.h>

#include "board.h"
#include "desc.h"
#include "msos.h"
#include "msos-break.h"

#define RNDIS_2								\
	20, 0, MSOS_COMPATIBLE_ID, 0, 'R', 'N', 'D', 'I', 'S', 0, 0, 0,	\
	0, 0, 0, 0, 0, 0, 0, 0

static void add16(uint8_t *p, int delta)
{
	put_le16(p, get_le16(p) + delta);
}

static void shift(size_t *mark, size_t at, int delta)
{
	if (*mark && *mark >= at)
		*mark += delta;
}

/* Replaces bytes of the set. Whatever they are inside of grows or shrinks. */
static void replace(struct msos *m, size_t at, size_t remove, const void *bytes,
		    size_t add)
{
	int delta = (int)add - (int)remove;
	struct msos_marks *mark = &m->at;
	uint8_t *data = m->set.data;
	unsigned int i;

	if (m->set.len + delta > m->set.room)
		return;
	if (mark->config && mark->config < at &&
	    at <= mark->config + get_le16(data + mark->config + 6))
		add16(data + mark->config + 6, delta);
	for (i = 0; i < MSOS_FUNCTIONS; i++) {
		size_t function = mark->function[i];

		if (function && function < at &&
		    at < function + get_le16(data + function + 6))
			add16(data + function + 6, delta);
	}
	memmove(data + at + add, data + at + remove, m->set.len - at - remove);
	memcpy(data + at, bytes, add);
	m->set.len += delta;
	add16(data + 8, delta);
	m->infos[0].length += delta;
	shift(&mark->config, at, delta);
	for (i = 0; i < MSOS_FUNCTIONS; i++) {
		shift(&mark->function[i], at, delta);
		shift(&mark->compat[i], at, delta);
		shift(&mark->guid[i], at, delta);
	}
}

static void insert(struct msos *m, size_t at, const void *bytes, size_t len)
{
	if (at)
		replace(m, at, 0, bytes, len);
}

static void cut_out(struct msos *m, size_t at, size_t len)
{
	if (at)
		replace(m, at, len, "", 0);
}

/* Takes away @remove bytes of the GUID property, @at bytes inside of it. */
static void shrink_guid(struct msos *m, size_t at, size_t remove)
{
	size_t guid = m->at.guid[0];

	if (!guid)
		return;
	cut_out(m, guid + at, remove);
	add16(m->set.data + guid, -(int)remove);
}

void break_header_missing(struct msos *m)
{
	memmove(m->set.data, m->set.data + 10, m->set.len - 10);
	m->set.len -= 10;
}

void break_header_long(struct msos *m)
{
	insert(m, 10, "\0\0", 2);
	put_le16(m->set.data, 12);
}

void break_header_twice(struct msos *m)
{
	uint8_t header[10];

	memcpy(header, m->set.data, sizeof(header));
	insert(m, 10, header, sizeof(header));
}

void break_code_2(struct msos *m)
{
	m->code2 = MSOS_CODE_2 + 2;
}

void break_code_1(struct msos *m)
{
	m->code1 = MSOS_CODE_1 + 2;
}

void break_infos_many(struct msos *m)
{
	m->infos[1] = m->infos[0];
	m->infos[2] = m->infos[0];
	m->infos[0].windows = 0x0c000000;
	m->infos[0].code = 0x30;
	m->infos[1].windows = WINDOWS_10;
	m->infos[2].code = 0x31;
	m->info_count = 3;
}

void break_infos_none(struct msos *m)
{
	m->info_count = 0;
}

void break_unknown(struct msos *m)
{
	static const uint8_t unknown[12] = { 12, 0, 0x77 };

	insert(m, m->at.compat[0], unknown, sizeof(unknown));
}

void break_compat_first(struct msos *m)
{
	static const uint8_t rndis[] = { RNDIS_2 };

	insert(m, m->at.compat[0], rndis, sizeof(rndis));
}

void break_compat_second(struct msos *m)
{
	static const uint8_t rndis[] = { RNDIS_2 };

	insert(m, m->at.guid[0], rndis, sizeof(rndis));
}

void break_compat_missing(struct msos *m)
{
	cut_out(m, m->at.compat[0], 20);
}

void break_compat_last(struct msos *m)
{
	size_t at = m->at.compat[0];
	uint8_t copy[20];

	if (!at)
		return;
	memcpy(copy, m->set.data + at, sizeof(copy));
	insert(m, m->set.len, copy, sizeof(copy));
	cut_out(m, at, sizeof(copy));
}

void break_compat_short(struct msos *m)
{
	size_t at = m->at.compat[0];

	if (!at)
		return;
	cut_out(m, at + 12, 8);
	put_le16(m->set.data + at, 12);
}

void break_compat_long(struct msos *m)
{
	size_t at = m->at.compat[0];

	if (!at)
		return;
	insert(m, at + 20, "\0\0\0", 4);
	put_le16(m->set.data + at, 24);
}

void break_name_odd(struct msos *m)
{
	shrink_guid(m, 8 + 41, 1);
}

void break_name_unterminated(struct msos *m)
{
	shrink_guid(m, 8 + 40, 2);
}

void break_name_empty(struct msos *m)
{
	shrink_guid(m, 8, 42);
}

void break_name_case(struct msos *m)
{
	uint8_t *name = m->set.data + m->at.guid[0] + 8;
	unsigned int i;

	for (i = 0; m->at.guid[0] && i < 40; i += 2)
		name[i] ^= 'a' - 'A';
}

/* Two characters where one should be. */
void break_guid_ascii(struct msos *m)
{
	uint8_t *data = m->set.data + m->at.guid[0] + 52;
	unsigned int i;

	for (i = 0; m->at.guid[0] && i < 38; i++)
		data[i] = data[2 * i];
}

void break_data_odd(struct msos *m)
{
	shrink_guid(m, 52 + 79, 1);
}

void break_data_unterminated(struct msos *m)
{
	shrink_guid(m, 52 + 76, 4);
}

void break_data_double(struct msos *m)
{
	size_t at = m->at.guid[0];

	if (!at)
		return;
	insert(m, at + 132, "\0\0\0", 4);
	add16(m->set.data + at, 4);
	add16(m->set.data + at + 50, 4);
}

static void add_numbers(struct msos *m, size_t at, unsigned int count)
{
	uint8_t number[] = {
		22, 0, MSOS_PROPERTY, 0, REG_DWORD, 0, 8, 0,
		'P', 0, '0', 0, '0', 0, 0, 0, 4, 0, 1, 0, 0, 0,
	};

	while (count--) {
		number[10] = '0' + count / 10;
		number[12] = '0' + count % 10;
		insert(m, at, number, sizeof(number));
	}
}

void break_properties_after(struct msos *m)
{
	add_numbers(m, m->set.len, 100);
}

void break_properties_before(struct msos *m)
{
	add_numbers(m, m->at.guid[0], 100);
}

void break_property_twice(struct msos *m)
{
	size_t at = m->at.guid[0];
	uint8_t copy[132];

	if (!at)
		return;
	memcpy(copy, m->set.data + at, sizeof(copy));
	copy[54] = '0';
	insert(m, at + 132, copy, sizeof(copy));
}

void break_huge(struct msos *m)
{
	static uint8_t unknown[1000] = { LE16(1000), 0x77 };
	size_t left;

	while ((left = m->set.room - m->set.len) >= 4) {
		if (left > 1000)
			left = 1000;
		put_le16(unknown, left);
		insert(m, m->set.len, unknown, left);
	}
}

void break_property_huge(struct msos *m)
{
	static uint8_t big[65536] = { 0, 0, MSOS_PROPERTY, 0, REG_BINARY, 0, 8, 0,
				      'B', 0, 'i', 0, 'g', 0, 0, 0 };
	size_t left = m->set.room - m->set.len;

	put_le16(big, left);
	put_le16(big + 16, left - 18);
	insert(m, m->set.len, big, left);
}

void break_resume_time(struct msos *m)
{
	insert(m, 10, "\6\0\5\0\310", 6);
}

void break_revision_zero(struct msos *m)
{
	insert(m, 10, "\6\0\10\0\0", 6);
}

void break_function_single(struct msos *m)
{
	const uint8_t header[] = {
		8, 0, MSOS_FUNCTION, 0, 0, 0, LE16(m->set.len - 10 + 8)
	};

	insert(m, 10, header, sizeof(header));
}

void break_ccgp_in_function(struct msos *m)
{
	insert(m, m->at.compat[0], "\4\0\7", 4);
}

void break_configuration_two(struct msos *m)
{
	static const uint8_t other[] = {
		8, 0, MSOS_CONFIGURATION, 0, 1, 0, 36, 0,
		8, 0, MSOS_FUNCTION, 0, 0, 0, 28, 0, RNDIS_2
	};

	insert(m, m->at.config, other, sizeof(other));
}

void break_configuration_nested(struct msos *m)
{
	const uint8_t header[] = {
		8, 0, MSOS_CONFIGURATION, 0, 0, 0, LE16(m->set.len - 18 + 8)
	};

	insert(m, m->at.function[0], header, sizeof(header));
}

void break_function_nested(struct msos *m)
{
	const uint8_t header[] = { 8, 0, MSOS_FUNCTION, 0, 0, 0, 160, 0 };

	insert(m, m->at.function[0] ? m->at.function[0] + 8 : 0, header,
	       sizeof(header));
}

/* The first function comes before the configuration subset that has it. */
void break_function_first(struct msos *m)
{
	size_t from = m->at.function[0], len;
	uint8_t config[8];

	if (!from)
		return;
	memcpy(config, m->set.data + m->at.config, sizeof(config));
	len = get_le16(m->set.data + from + 6);
	memmove(m->set.data + m->at.config, m->set.data + from, len);
	add16(config + 6, -(int)len);
	memcpy(m->set.data + m->at.config + len, config, sizeof(config));
}

void break_functions_bare(struct msos *m)
{
	size_t at = m->at.config;

	m->at.config = 0;
	cut_out(m, at, 8);
}

/* A function subset with nothing but an ID. */
static void add_function(struct msos *m, size_t at, uint8_t interface)
{
	const uint8_t function[] = {
		8, 0, MSOS_FUNCTION, 0, interface, 0, 28, 0, RNDIS_2
	};

	insert(m, at, function, sizeof(function));
}

void break_function_twice(struct msos *m)
{
	add_function(m, m->at.function[2], 0);
}

void break_function_absent(struct msos *m)
{
	add_function(m, m->at.function[2], 77);
}

void break_functions_after(struct msos *m)
{
	unsigned int i;

	for (i = 0; i < 64; i++)
		add_function(m, m->set.len, 100 + i);
}

void break_functions_before(struct msos *m)
{
	unsigned int i;

	for (i = 0; i < 64; i++)
		add_function(m, m->at.function[0], 100 + i);
}

/* The features of the first function are those of the device. */
void break_device_on_composite(struct msos *m)
{
	size_t end = m->at.function[2];

	if (!end)
		return;
	cut_out(m, end, m->set.len - end);
	memset(m->at.function, 0, sizeof(m->at.function));
	break_functions_bare(m);
	cut_out(m, 10, 8);
}

void break_ids_twice(struct msos *m)
{
	static const uint8_t section[24] = { 0, 1, 'R', 'N', 'D', 'I', 'S' };

	if (!(m->plan.os & OS_1))
		return;
	block_add(&m->ids, section, sizeof(section));
	m->ids.data[8]++;
	put_le32(m->ids.data, m->ids.len);
}

/* A platform capability of somebody else comes first. */
void break_capability_other(struct msos *m)
{
	static const uint8_t webusb[] = {
		24, DT_CAPABILITY, 5, 0,
		0x38, 0xb6, 0x08, 0x34, 0xa9, 0x09, 0xa0, 0x47,
		0x8b, 0xfd, 0xa0, 0x76, 0x88, 0x15, 0xb6, 0x65,
		0x00, 0x01, 0x44, 0x01,
	};
	struct block *bos = &m->bos;
	uint8_t rest[64];
	size_t len = bos->len - 12;

	memcpy(rest, bos->data + 12, len);
	bos->len = 12;
	block_add(bos, webusb, sizeof(webusb));
	block_add(bos, rest, len);
	bos->data[4]++;
	put_le16(bos->data + 2, bos->len);
}

/* Two bytes that are no whole set information. */
void break_capability_odd(struct msos *m)
{
	if (!(m->plan.os & OS_2))
		return;
	block_add(&m->bos, "\0\0\3", 2);
	m->bos.data[12] += 2;
	put_le16(m->bos.data + 2, m->bos.len);
}

int answer_set_changes(struct msos *m, enum msos_what what,
		       const uint8_t *setup, uint8_t *data)
{
	(void)setup;
	if (what != ASK_SET || m->asked[what] == 1)
		return -ENOENT;
	memcpy(data, m->set.data, m->set.len);
	memcpy(data + m->at.compat[0] + 4, "RNDIS", 6);
	return (int)m->set.len;
}

/* What the code of 1.0 has, for the request of 2.0. */
int answer_set_is_ids(struct msos *m, enum msos_what what,
		      const uint8_t *setup, uint8_t *data)
{
	(void)setup;
	if (what != ASK_SET)
		return -ENOENT;
	memcpy(data, m->ids.data, m->ids.len);
	return (int)m->ids.len;
}

/* One section more than the header said when it was read alone. */
int answer_ids_grow(struct msos *m, enum msos_what what, const uint8_t *setup,
		    uint8_t *data)
{
	(void)setup;
	(void)data;
	if (what == ASK_IDS && m->asked[what] == 2)
		break_ids_twice(m);
	return -ENOENT;
}

/* Nothing but a header that says so, when all is read. */
int answer_ids_shrink(struct msos *m, enum msos_what what, const uint8_t *setup,
		      uint8_t *data)
{
	(void)setup;
	if (what != ASK_IDS || m->asked[what] == 1)
		return -ENOENT;
	memcpy(data, m->ids.data, 16);
	put_le32(data, 16);
	data[8] = 0;
	return 16;
}

int answer_properties_device(struct msos *m, enum msos_what what,
			     const uint8_t *setup, uint8_t *data)
{
	(void)m;
	(void)data;
	return what == ASK_PROPERTIES && setup[0] != 0xc0 ? -EPIPE : -ENOENT;
}

int answer_properties_interface(struct msos *m, enum msos_what what,
				const uint8_t *setup, uint8_t *data)
{
	(void)m;
	(void)data;
	return what == ASK_PROPERTIES && setup[0] != 0xc1 ? -EPIPE : -ENOENT;
}
