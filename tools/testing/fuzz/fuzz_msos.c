// SPDX-License-Identifier: MIT
/*
 * Fuzz target of the parser of Microsoft OS descriptors (driver/msos*.c). An input is four bytes
 * that choose what is called, and the bytes that the device sends:
 *
 *   0     what: 0 set, 1 BOS, 2 string 0xee, 3 compatible IDs, 4 properties, 5 text
 *   1     set: index of the configuration; properties: function; text: type of the property
 *   2, 3  set: its length as the BOS says it, properties: where a second descriptor begins;
 *         little-endian, 0 for the length that there is
 *
 * Whatever comes in, what comes out has to be sound: check() and its helpers say what that means.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../../driver/msos.h"
#include "fuzz.h"

enum { SET, BOS, STRING, IDS, PROPERTIES, TEXT, KINDS };

#define CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: not so: %s\n",		\
				__FILE__, __LINE__, #condition);	\
			abort();					\
		}							\
	} while (0)

/* UTF-8 without anything that ends a line or controls a terminal; ends where it should. */
static void check_text(const char *text, size_t length)
{
	size_t i = 0, n;

	CHECK(strlen(text) == length);
	while (i < length) {
		unsigned char first = text[i];
		uint32_t c;

		n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
		CHECK(first < 0x80 || (first >= 0xc2 && first <= 0xf4));
		c = n == 1 ? first : first & (0xff >> (n + 1));
		for (i++; --n; i++) {
			CHECK(((unsigned char)text[i] & 0xc0) == 0x80);
			c = c << 6 | ((unsigned char)text[i] & 0x3f);
		}
		CHECK(c >= 0x20 && (c < 0x7f || c >= 0xa0) && c <= 0x10ffff);
		CHECK((c < 0xd800 || c > 0xdfff) && c != 0x2028 && c != 0x2029);
	}
}

/* In rooms of several sizes; a smaller one holds the beginning. */
static void check_utf16(const u8 *utf16, size_t bytes)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 4, 7, 38, 64 };
	size_t room = 3 * (bytes / 2) + 1, length, used, i;
	char *whole = malloc(room), *part;

	length = winusb_msos_to_utf8(utf16, bytes, whole, room);
	CHECK(length < room);
	check_text(whole, length);
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		part = malloc(sizes[i] ? sizes[i] : 1);
		*part = 'x';
		used = winusb_msos_to_utf8(utf16, bytes, part, sizes[i]);
		if (sizes[i]) {
			CHECK(used < sizes[i] && used <= length);
			check_text(part, used);
			CHECK(!memcmp(part, whole, used));
			CHECK(used == length || used + 4 >= sizes[i]);
		} else {
			CHECK(!used && *part == 'x');
		}
		free(part);
	}
	free(whole);
}

static void check_guid(const char *guid)
{
	static const char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
	char again[WINUSB_MSOS_GUID_SIZE];
	size_t i;

	CHECK(strlen(guid) == 38);
	for (i = 0; i < 38; i++)
		CHECK(form[i] == 'x' ? !!strchr("0123456789abcdef", guid[i]) : guid[i] == form[i]);
	CHECK(winusb_msos_guid_from_text(guid, 38, again));
	CHECK(!strcmp(guid, again));
}

static void check_strings(const struct winusb_msos_property *property)
{
	size_t position = 0, before, bytes, count = 0;
	char guid[WINUSB_MSOS_GUID_SIZE];
	const u8 *utf16;

	for (;;) {
		before = position;
		if (!winusb_msos_next_string(property, &position, &utf16, &bytes))
			break;
		CHECK(position > before);
		CHECK(utf16 >= property->data && bytes % 2 == 0);
		CHECK(utf16 + bytes <= property->data + property->data_length);
		if (count++ < 4) {
			check_utf16(utf16, bytes);
			if (winusb_msos_guid_from_utf16(utf16, bytes, guid))
				check_guid(guid);
		}
	}
	CHECK(count <= property->data_length / 2 + 1);
	CHECK(property->type == WINUSB_MSOS_MULTI_SZ || count <= 1);
}

static bool is_inside(const u8 *bytes, size_t length, const u8 *data, size_t size)
{
	return bytes >= data && bytes <= data + size && length <= size - (bytes - data);
}

/* The name in ASCII, false if it is none. */
static bool get_name(const struct winusb_msos_property *property, char *name, size_t size)
{
	size_t i;

	if (property->name_length / 2u >= size)
		return false;
	for (i = 0; i < property->name_length / 2u; i++) {
		u16 c = winusb_msos_u16(property->name + 2 * i);

		if (c >= 0x80)
			return false;
		name[i] = c;
	}
	name[i] = '\0';
	return true;
}

static void check_property(const struct winusb_msos *msos,
			   const struct winusb_msos_property *property, const u8 *data,
			   size_t size)
{
	char name[256];
	size_t i;

	CHECK(property->type >= 1 && property->type <= 7);
	CHECK(is_inside(property->name, property->name_length, data, size));
	CHECK(is_inside(property->data, property->data_length, data, size));
	CHECK(property->name_length >= 2 && property->name_length % 2 == 0);
	for (i = 0; i < property->name_length; i += 2)
		CHECK(winusb_msos_u16(property->name + i));
	if (property->type == WINUSB_MSOS_DWORD || property->type == WINUSB_MSOS_DWORD_BIG_ENDIAN)
		CHECK(property->data_length == 4);
	if (get_name(property, name, sizeof(name))) {
		/* No two have the same name. */
		CHECK(winusb_msos_find_property(msos, property->function, name) == property);
		for (i = 0; name[i]; i++)
			if (name[i] >= 'a' && name[i] <= 'z')
				name[i] -= 'a' - 'A';
		CHECK(winusb_msos_find_property(msos, property->function, name) == property);
	}
	check_utf16(property->name, property->name_length);
	check_strings(property);
}

static void check_ids(const char *compatible_id, const char *sub_compatible_id)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	size_t length = strnlen(compatible_id, WINUSB_MSOS_ID_SIZE);
	size_t sub_length = strnlen(sub_compatible_id, WINUSB_MSOS_ID_SIZE);

	CHECK(length < WINUSB_MSOS_ID_SIZE && sub_length < WINUSB_MSOS_ID_SIZE);
	CHECK(strspn(compatible_id, allowed) == length);
	CHECK(strspn(sub_compatible_id, allowed) == sub_length);
	CHECK(length || !sub_length);
	CHECK(winusb_msos_is_winusb(compatible_id) == !strcmp(compatible_id, "WINUSB"));
}

static void check_guids(const struct winusb_msos *msos, u8 function)
{
	char guids[WINUSB_MSOS_GUIDS + 1][WINUSB_MSOS_GUID_SIZE];
	unsigned int n, i;

	for (n = 0; winusb_msos_interface_guid(msos, function, n, guids[n]); n++) {
		CHECK(n < WINUSB_MSOS_GUIDS);
		check_guid(guids[n]);
		for (i = 0; i < n; i++)
			CHECK(strcmp(guids[i], guids[n]));
	}
	CHECK(!winusb_msos_interface_guid(msos, function, n + 1, guids[n]));
}

static void check(const struct winusb_msos *msos, const u8 *data, size_t size)
{
	unsigned int i;

	CHECK(msos->num_functions <= WINUSB_MSOS_FUNCTIONS);
	CHECK(msos->num_properties <= WINUSB_MSOS_PROPERTIES);
	CHECK(!msos->alt_enum_code);
	CHECK(msos->resume_recovery_ms <= 10 && msos->resume_signaling_ms <= 20);
	CHECK(msos->resume_signaling_ms || !msos->resume_recovery_ms);
	CHECK(!msos->fault || *msos->fault);
	check_ids(msos->compatible_id, msos->sub_compatible_id);
	for (i = 0; i < msos->num_functions; i++) {
		const struct winusb_msos_function *function = &msos->functions[i];

		/* No two have the same number. */
		CHECK(winusb_msos_find_function(msos, function->first_interface) == (int)i);
		check_ids(function->compatible_id, function->sub_compatible_id);
		check_guids(msos, i);
	}
	check_guids(msos, WINUSB_MSOS_DEVICE);
	for (i = 0; i < msos->num_properties; i++)
		check_property(msos, &msos->properties[i], data, size);
}

/* Nothing but a complaint. */
static void check_refused(const struct winusb_msos *msos)
{
	struct winusb_msos empty;

	memset(&empty, 0, sizeof(empty));
	empty.fault = msos->fault;
	CHECK(msos->fault);
	CHECK(!memcmp(msos, &empty, sizeof(empty)));
}

static void fuzz_set(const u8 *data, size_t size, u8 configuration, u16 length)
{
	struct winusb_msos_set set = { .length = length ? length : size > 0xffff ? 0xffff : size };
	struct winusb_msos msos, again;
	size_t end = size;
	u8 *copy;
	unsigned int i;

	/* No set is shorter than its header: winusb_msos_find_set() sees to that. */
	if (set.length < 10)
		set.length = 10;
	memset(&msos, 0xa5, sizeof(msos));
	winusb_msos_parse_set(data, size, &set, configuration, &msos);
	CHECK(msos.version == 0 || msos.version == 0x0200);
	if (!msos.version) {
		check_refused(&msos);
		return;
	}
	check(&msos, data, size);
	for (i = 0; i < msos.num_properties; i++)
		CHECK(msos.properties[i].function == WINUSB_MSOS_DEVICE ||
		      msos.properties[i].function < msos.num_functions);

	/* What is behind the smallest of the lengths makes no difference. */
	if (end > set.length)
		end = set.length;
	if (end > winusb_msos_u16(data + 8))
		end = winusb_msos_u16(data + 8);
	copy = malloc(end);
	memcpy(copy, data, end);
	memset(&again, 0x5a, sizeof(again));
	winusb_msos_parse_set(copy, end, &set, configuration, &again);
	check(&again, copy, end);
	CHECK(again.num_properties == msos.num_properties);
	for (i = 0; i < msos.num_properties; i++) {
		again.properties[i].name += data - copy;
		again.properties[i].data += data - copy;
	}
	CHECK(end != size || again.fault == msos.fault);
	again.fault = msos.fault;
	CHECK(!memcmp(&again, &msos, sizeof(msos)));
	free(copy);
}

static void fuzz_bos(const u8 *data, size_t size)
{
	struct winusb_msos_set set = { };

	if (winusb_msos_find_set(data, size, &set)) {
		CHECK(set.length >= 10);
		CHECK(set.windows_version < 0x0b000000);
	} else {
		CHECK(!set.length && !set.windows_version && !set.vendor_code);
	}
}

static void fuzz_string(const u8 *data, size_t size)
{
	u8 code;

	if (winusb_msos_parse_string(data, size, &code))
		CHECK(size >= 18 && code == data[16]);
}

static void fuzz_ids(const u8 *data, size_t size)
{
	u32 length = winusb_msos_feature_length(data, size, 4);
	struct winusb_msos msos;

	CHECK(!length || (length >= 16 && length <= 0xffff));
	memset(&msos, 0xa5, sizeof(msos));
	winusb_msos_parse_compatible_ids(data, size, &msos);
	CHECK(msos.version == (length ? 0x0100 : 0));
	CHECK(!msos.num_properties);
	if (length)
		check(&msos, data, size);
	else
		check_refused(&msos);
}

/* Two descriptors, one after the other, of one function or of two. */
static void fuzz_properties(const u8 *data, size_t size, u8 function, u16 split)
{
	u32 length = winusb_msos_feature_length(data, size, 5);
	struct winusb_msos msos;
	unsigned int i;

	CHECK(!length || (length >= 10 && length <= 0xffff));
	if (!split || split > size)
		split = size > 0xffff ? 0xffff : size;
	memset(&msos, 0, sizeof(msos));
	winusb_msos_parse_properties(data, split, function, &msos);
	check(&msos, data, split);
	if (!length)
		check_refused(&msos);
	winusb_msos_parse_properties(data + split, size - split, function / 2, &msos);
	check(&msos, data, size);
	CHECK(!msos.version && !msos.num_functions);
	for (i = 0; i < msos.num_properties; i++)
		CHECK(msos.properties[i].function == function ||
		      msos.properties[i].function == function / 2);
}

static void fuzz_text(const u8 *data, size_t size, u8 type)
{
	struct winusb_msos_property property = {
		.data = data,
		.data_length = size,
		.type = type % 8,
	};
	char guid[WINUSB_MSOS_GUID_SIZE];

	check_strings(&property);
	check_utf16(data, size);
	if (winusb_msos_guid_from_text((const char *)data, size, guid))
		check_guid(guid);
	if (winusb_msos_guid_from_utf16(data, size, guid))
		check_guid(guid);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length)
{
	size_t size = length - 4;
	u16 number;
	u8 *data;

	if (length < 4)
		return 0;
	number = winusb_msos_u16(input + 2);
	/* In memory of its own: the sanitizer sees each byte that is read outside. */
	data = malloc(size);
	memcpy(data, input + 4, size);
	switch (input[0] % KINDS) {
	case SET:
		fuzz_set(data, size, input[1], number);
		break;
	case BOS:
		fuzz_bos(data, size);
		break;
	case STRING:
		fuzz_string(data, size);
		break;
	case IDS:
		fuzz_ids(data, size);
		break;
	case PROPERTIES:
		fuzz_properties(data, size, input[1], number);
		break;
	case TEXT:
		fuzz_text(data, size, input[1]);
		break;
	}
	free(data);
	return 0;
}
