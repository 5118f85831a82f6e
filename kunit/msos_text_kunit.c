// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Microsoft OS descriptors say, as text: UTF-8 that can be printed, strings of properties,
 * GUIDs. "n.m" is a section of winusb.md.
 */

#include "msos_kunit.h"

struct winusb_conversion {
	const char *name;
	u8 utf16[16];
	u8 bytes;
	const char *text;
};

#define WINUSB_REPLACED "\xef\xbf\xbd"

static const struct winusb_conversion winusb_conversions[] = {
	{ "nothing", { }, 0, "" },
	{ "ascii", { 'a', 0, ' ', 0, '~', 0 }, 6, "a ~" },
	{ "ends_at_nul", { 'a', 0, 0, 0, 'b', 0 }, 6, "a" },
	{ "odd_byte_is_left_out", { 'a', 0, 'b' }, 3, "a" },
	{ "one_byte", { 'a' }, 1, "" },
	{ "two_bytes_of_utf8", { 0xe9, 0x00, 0xff, 0x07 }, 4, "\xc3\xa9\xdf\xbf" },
	{ "three_bytes_of_utf8", { 0x00, 0x08, 0xac, 0x20, 0xfd, 0xff }, 6,
	  "\xe0\xa0\x80\xe2\x82\xac" WINUSB_REPLACED },
	{ "pair_of_surrogates", { 0x3d, 0xd8, 0x00, 0xde }, 4, "\xf0\x9f\x98\x80" },
	{ "first_pair_of_surrogates", { 0x00, 0xd8, 0x00, 0xdc }, 4, "\xf0\x90\x80\x80" },
	{ "edges_of_surrogates_alone", { 0x00, 0xd8, 'a', 0, 0xff, 0xdf }, 6,
	  WINUSB_REPLACED "a" WINUSB_REPLACED },
	{ "two_low_surrogates", { 0x00, 0xdc, 0x00, 0xdc }, 4, WINUSB_REPLACED WINUSB_REPLACED },
	{ "last_character", { 0xff, 0xdb, 0xff, 0xdf }, 4, "\xf4\x8f\xbf\xbf" },
	{ "high_surrogate_alone", { 0x3d, 0xd8, 'a', 0 }, 4, WINUSB_REPLACED "a" },
	{ "high_surrogate_at_the_end", { 'a', 0, 0x3d, 0xd8 }, 4, "a" WINUSB_REPLACED },
	{ "low_surrogate_alone", { 0x00, 0xde, 'a', 0 }, 4, WINUSB_REPLACED "a" },
	{ "surrogates_in_wrong_order", { 0x00, 0xde, 0x3d, 0xd8 }, 4,
	  WINUSB_REPLACED WINUSB_REPLACED },
	{ "two_high_surrogates_and_a_low", { 0x3d, 0xd8, 0x3d, 0xd8, 0x00, 0xde }, 6,
	  WINUSB_REPLACED "\xf0\x9f\x98\x80" },
	{ "half_a_low_surrogate", { 0x3d, 0xd8, 0x00 }, 3, WINUSB_REPLACED },
	{ "new_line", { 'a', 0, '\n', 0, 'b', 0 }, 6, "a" WINUSB_REPLACED "b" },
	{ "escape", { 0x1b, 0, '[', 0 }, 4, WINUSB_REPLACED "[" },
	{ "delete", { 0x7f, 0 }, 2, WINUSB_REPLACED },
	{ "second_escape", { 0x9b, 0, 0xa0, 0 }, 4, WINUSB_REPLACED "\xc2\xa0" },
	{ "line_separators", { 0x28, 0x20, 0x29, 0x20, 0x2a, 0x20 }, 6,
	  WINUSB_REPLACED WINUSB_REPLACED "\xe2\x80\xaa" },
};

static void winusb_conversion_desc(const struct winusb_conversion *conversion, char *desc)
{
	strscpy(desc, conversion->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_conversion, winusb_conversions, winusb_conversion_desc);

static void winusb_test_text_can_be_shown(struct kunit *test)
{
	const struct winusb_conversion *conversion = test->param_value;
	u8 *exact = winusb_exact(test, conversion->utf16, conversion->bytes);
	size_t length = strlen(conversion->text), used, size;
	char text[20];

	KUNIT_EXPECT_EQ(test, winusb_msos_to_utf8(exact, conversion->bytes, text, sizeof(text)),
			length);
	KUNIT_EXPECT_STREQ(test, text, conversion->text);

	/* In a room that is too small, whole characters, and always an end. */
	for (size = 0; size <= length; size++) {
		memset(text, 'x', sizeof(text));
		used = winusb_msos_to_utf8(exact, conversion->bytes, text, size);
		KUNIT_EXPECT_EQ(test, text[size], 'x');
		if (!size) {
			KUNIT_EXPECT_EQ(test, used, (size_t)0);
			continue;
		}
		KUNIT_ASSERT_LT(test, used, size);
		KUNIT_EXPECT_EQ(test, text[used], '\0');
		WINUSB_EXPECT_MEMEQ(test, text, conversion->text, used);
		KUNIT_EXPECT_NE(test, conversion->text[used] & 0xc0, 0x80);
	}
}

/* Each character of strings is one letter. */
struct winusb_strings {
	const char *name;
	u8 type;
	const char *data;	/* "0" is a NUL, the others are themselves */
	bool odd;		/* one byte more */
	const char *found;	/* joined with commas */
};

static const struct winusb_strings winusb_string_rows[] = {
	{ "sz", WINUSB_MSOS_SZ, "ab0", false, "ab," },
	{ "sz_without_end", WINUSB_MSOS_SZ, "ab", false, "ab," },
	{ "sz_odd", WINUSB_MSOS_SZ, "ab", true, "ab," },
	{ "sz_empty", WINUSB_MSOS_SZ, "0", false, "," },
	{ "sz_without_data", WINUSB_MSOS_SZ, "", false, "," },
	{ "sz_is_one_string", WINUSB_MSOS_SZ, "a0b0", false, "a," },
	{ "expand_sz", WINUSB_MSOS_EXPAND_SZ, "ab0", false, "ab," },
	{ "multi_sz", WINUSB_MSOS_MULTI_SZ, "ab0c00", false, "ab,c," },
	{ "multi_sz_with_one_end", WINUSB_MSOS_MULTI_SZ, "ab0c0", false, "ab,c," },
	{ "multi_sz_without_end", WINUSB_MSOS_MULTI_SZ, "ab0c", false, "ab,c," },
	{ "multi_sz_odd", WINUSB_MSOS_MULTI_SZ, "ab0c", true, "ab,c," },
	{ "multi_sz_with_three_ends", WINUSB_MSOS_MULTI_SZ, "ab000", false, "ab," },
	{ "multi_sz_ends_at_the_empty_one", WINUSB_MSOS_MULTI_SZ, "a00b00", false, "a," },
	{ "multi_sz_empty", WINUSB_MSOS_MULTI_SZ, "00", false, "" },
	{ "multi_sz_without_data", WINUSB_MSOS_MULTI_SZ, "", false, "" },
	{ "multi_sz_of_one_byte", WINUSB_MSOS_MULTI_SZ, "", true, "" },
	{ "binary", WINUSB_MSOS_BINARY, "ab0", false, "" },
	{ "dword", WINUSB_MSOS_DWORD, "ab", false, "" },
	{ "dword_big_endian", WINUSB_MSOS_DWORD_BIG_ENDIAN, "ab", false, "" },
	{ "link", WINUSB_MSOS_LINK, "ab0", false, "" },
};

static void winusb_strings_desc(const struct winusb_strings *row, char *desc)
{
	strscpy(desc, row->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_strings, winusb_string_rows, winusb_strings_desc);

/* 4.1, 4.3 */
static void winusb_test_strings_of_a_property(struct kunit *test)
{
	const struct winusb_strings *row = test->param_value;
	size_t length = strlen(row->data), i, position = 0, bytes, used = 0;
	struct winusb_msos_property property = { .type = row->type };
	u8 wide[32] = { };
	const u8 *utf16;
	char found[32];

	for (i = 0; i < length; i++)
		wide[2 * i] = row->data[i] == '0' ? 0 : row->data[i];
	wide[2 * length] = 'x';
	property.data_length = 2 * length + row->odd;
	property.data = winusb_exact(test, wide, property.data_length);

	while (winusb_msos_next_string(&property, &position, &utf16, &bytes)) {
		KUNIT_ASSERT_LT(test, used, sizeof(found) / 2);
		KUNIT_ASSERT_TRUE(test, utf16 >= property.data && bytes % 2 == 0);
		KUNIT_ASSERT_TRUE(test, utf16 + bytes <= property.data + property.data_length);
		used += winusb_msos_to_utf8(utf16, bytes, found + used, sizeof(found) - used);
		found[used++] = ',';
	}
	found[used] = '\0';
	KUNIT_EXPECT_STREQ(test, found, row->found);
	KUNIT_EXPECT_FALSE(test, winusb_msos_next_string(&property, &position, &utf16, &bytes));
}

/* 4.1: 38 characters. */
static void winusb_test_guids_are_exact(struct kunit *test)
{
	static const char valid[] = "{01234567-89AB-cdef-0123-456789abcdEF}";
	char text[sizeof(valid)], guid[WINUSB_MSOS_GUID_SIZE];
	u8 wide[2 * sizeof(valid)] = { };
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, winusb_msos_guid_from_text(valid, 38, guid));
	KUNIT_EXPECT_STREQ(test, guid, "{01234567-89ab-cdef-0123-456789abcdef}");
	for (i = 0; i < 38; i++)
		wide[2 * i] = valid[i];
	memset(guid, 0, sizeof(guid));
	KUNIT_EXPECT_TRUE(test, winusb_msos_guid_from_utf16(winusb_exact(test, wide, 76), 76,
							    guid));
	KUNIT_EXPECT_STREQ(test, guid, "{01234567-89ab-cdef-0123-456789abcdef}");

	for (i = 0; i < 38; i++) {
		memcpy(text, valid, sizeof(text));
		text[i] = i == 0 || i == 37 ? '-' : '}';
		KUNIT_EXPECT_FALSE(test, winusb_msos_guid_from_text(text, 38, guid));
		text[i] = 'g';
		KUNIT_EXPECT_FALSE(test, winusb_msos_guid_from_text(text, 38, guid));
		text[i] = valid[i] | 0x80;
		KUNIT_EXPECT_FALSE(test, winusb_msos_guid_from_text(text, 38, guid));
		/* Not by its low byte alone. */
		wide[2 * i + 1] = 1;
		KUNIT_EXPECT_FALSE(test, winusb_msos_guid_from_utf16(wide, 76, guid));
		wide[2 * i + 1] = 0;
	}
	for (i = 0; i <= 78; i++) {
		KUNIT_EXPECT_EQ(test, winusb_msos_guid_from_utf16(wide, i, guid), i == 76);
		if (i < 39)
			KUNIT_EXPECT_EQ(test, winusb_msos_guid_from_text(valid, i, guid), i == 38);
	}
	KUNIT_EXPECT_FALSE(test, winusb_msos_guid_from_text(valid, 39, guid));
}

static void winusb_add(struct winusb_msos *msos, u8 function, u8 type, const u8 *name,
		       u16 name_length, const u8 *data, u32 data_length)
{
	msos->properties[msos->num_properties++] = (struct winusb_msos_property) {
		.name = name,
		.name_length = name_length,
		.data = data,
		.data_length = data_length,
		.type = type,
		.function = function,
	};
}

static const u8 winusb_guids_name[] = { WINUSB_GUID_NAME, 's', 0 };
static const u8 winusb_guid_name[] = { WINUSB_GUID_NAME };

/* 4.1: the plural first; those that are none and those that were there do not count. */
static void winusb_test_interface_guids_have_an_order(struct kunit *test)
{
	static const u8 plural[] = {
		WINUSB_GUID('2'), 0, 0, 'x', 0, 0, 0, WINUSB_GUID('1'), 0, 0,
		WINUSB_GUID('2'), 0, 0, 0, 0,
	};
	static const u8 singular[] = { WINUSB_GUID('3') };
	static const char * const expected[] = {
		WINUSB_GUID_TEXT("2"), WINUSB_GUID_TEXT("1"), WINUSB_GUID_TEXT("3"),
	};
	struct winusb_msos *msos = winusb_new_msos(test);
	char guid[WINUSB_MSOS_GUID_SIZE];
	unsigned int n;

	memset(msos, 0, sizeof(*msos));
	winusb_add(msos, 4, WINUSB_MSOS_SZ, winusb_guid_name, sizeof(winusb_guid_name),
		   singular, sizeof(singular));
	winusb_add(msos, 4, WINUSB_MSOS_MULTI_SZ, winusb_guids_name, sizeof(winusb_guids_name),
		   plural, sizeof(plural));
	for (n = 0; n < 3; n++) {
		KUNIT_ASSERT_TRUE(test, winusb_msos_interface_guid(msos, 4, n, guid));
		KUNIT_EXPECT_STREQ(test, guid, expected[n]);
	}
	KUNIT_EXPECT_FALSE(test, winusb_msos_interface_guid(msos, 4, 3, guid));
	KUNIT_EXPECT_FALSE(test, winusb_msos_interface_guid(msos, 4, ~0U, guid));
	KUNIT_EXPECT_FALSE(test, winusb_msos_interface_guid(msos, 0, 0, guid));
	KUNIT_EXPECT_FALSE(test, winusb_msos_interface_guid(msos, WINUSB_MSOS_DEVICE, 0, guid));
}

/* The types are often mixed up; a number is no GUID. */
static void winusb_test_interface_guids_of_both_types(struct kunit *test)
{
	static const u8 plural[] = { WINUSB_GUID('1'), 0, 0 };
	static const u8 singular[] = { WINUSB_GUID('2'), 0, 0, WINUSB_GUID('3'), 0, 0, 0, 0 };
	struct winusb_msos *msos = winusb_new_msos(test);
	char guid[WINUSB_MSOS_GUID_SIZE];

	memset(msos, 0, sizeof(*msos));
	winusb_add(msos, 0, WINUSB_MSOS_SZ, winusb_guids_name, sizeof(winusb_guids_name),
		   plural, sizeof(plural));
	winusb_add(msos, 0, WINUSB_MSOS_MULTI_SZ, winusb_guid_name, sizeof(winusb_guid_name),
		   singular, sizeof(singular));
	KUNIT_EXPECT_TRUE(test, winusb_msos_interface_guid(msos, 0, 2, guid));
	KUNIT_EXPECT_STREQ(test, guid, WINUSB_GUID_TEXT("3"));
	msos->properties[0].type = WINUSB_MSOS_BINARY;
	KUNIT_EXPECT_TRUE(test, winusb_msos_interface_guid(msos, 0, 0, guid));
	KUNIT_EXPECT_STREQ(test, guid, WINUSB_GUID_TEXT("2"));
}

static void winusb_test_interface_guids_are_bounded(struct kunit *test)
{
	static const u8 one[] = { WINUSB_GUID('0'), 0, 0 };
	struct winusb_msos *msos = winusb_new_msos(test);
	u8 *many = kunit_kmalloc(test, 9 * sizeof(one), GFP_KERNEL);
	char guid[WINUSB_MSOS_GUID_SIZE];
	unsigned int n;

	KUNIT_ASSERT_NOT_NULL(test, many);
	for (n = 0; n < 9; n++) {
		memcpy(many + n * sizeof(one), one, sizeof(one));
		many[n * sizeof(one) + 72] = '1' + n;
	}
	memset(msos, 0, sizeof(*msos));
	winusb_add(msos, 0, WINUSB_MSOS_MULTI_SZ, winusb_guids_name, sizeof(winusb_guids_name),
		   many, 9 * sizeof(one));
	KUNIT_EXPECT_TRUE(test, winusb_msos_interface_guid(msos, 0, WINUSB_MSOS_GUIDS - 1, guid));
	KUNIT_EXPECT_STREQ(test, guid, WINUSB_GUID_TEXT("8"));
	KUNIT_EXPECT_FALSE(test, winusb_msos_interface_guid(msos, 0, WINUSB_MSOS_GUIDS, guid));
}

/* Registry names: case does not matter, anything else does. */
static void winusb_test_properties_are_found_by_name(struct kunit *test)
{
	static const u8 name[] = { 'A', 0, 'b', 0, '_', 0, 0x41, 0x01 };
	struct winusb_msos *msos = winusb_new_msos(test);
	struct winusb_msos_property *property = msos->properties;

	memset(msos, 0, sizeof(*msos));
	winusb_add(msos, 1, WINUSB_MSOS_BINARY, winusb_exact(test, name, 6), 6, NULL, 0);
	KUNIT_EXPECT_PTR_EQ(test, winusb_msos_find_property(msos, 1, "Ab_"),
			    (const struct winusb_msos_property *)property);
	KUNIT_EXPECT_PTR_EQ(test, winusb_msos_find_property(msos, 1, "aB_"),
			    (const struct winusb_msos_property *)property);
	KUNIT_EXPECT_NULL(test, winusb_msos_find_property(msos, 1, "Ab"));
	KUNIT_EXPECT_NULL(test, winusb_msos_find_property(msos, 1, "Ab_c"));
	KUNIT_EXPECT_NULL(test, winusb_msos_find_property(msos, 1, "Ab\x7f"));
	KUNIT_EXPECT_NULL(test, winusb_msos_find_property(msos, 1, ""));
	KUNIT_EXPECT_NULL(test, winusb_msos_find_property(msos, 0, "Ab_"));
	/* A letter that has an ASCII one in its low byte. */
	property->name = winusb_exact(test, name, 8);
	property->name_length = 8;
	KUNIT_EXPECT_NULL(test, winusb_msos_find_property(msos, 1, "Ab_A"));
}

/* Of two names that differ in their case, the first counts. */
static void winusb_test_first_of_the_same_name_counts(struct kunit *test)
{
	u8 bytes[] = {
		WINUSB_SET(46),
		18, 0, 4, 0, 4, 0, 4, 0, 'X', 0, 0, 0, 4, 0, 1, 0, 0, 0,
		18, 0, 4, 0, 4, 0, 4, 0, 'x', 0, 0, 0, 4, 0, 2, 0, 0, 0,
	};
	struct winusb_msos *msos = winusb_parse(test, bytes, sizeof(bytes));

	KUNIT_EXPECT_STREQ(test, msos->fault, "a second property of the same name");
	KUNIT_ASSERT_EQ(test, msos->num_properties, 1U);
	KUNIT_EXPECT_EQ(test, winusb_msos_u32(msos->properties[0].data), 1U);
	bytes[36] = 'y';
	msos = winusb_parse(test, bytes, sizeof(bytes));
	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_EXPECT_EQ(test, msos->num_properties, 2U);
}

/* The whole name makes the difference. */
static void winusb_test_names_may_begin_alike(struct kunit *test)
{
	u8 bytes[] = {
		WINUSB_SET(42),
		16, 0, 4, 0, 3, 0, 6, 0, 'a', 0, 'b', 0, 0, 0, 0, 0,
		16, 0, 4, 0, 3, 0, 6, 0, 'A', 0, 'c', 0, 0, 0, 0, 0,
	};
	struct winusb_msos *msos = winusb_parse(test, bytes, sizeof(bytes));

	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_ASSERT_EQ(test, msos->num_properties, 2U);
	KUNIT_EXPECT_PTR_EQ(test, winusb_msos_find_property(msos, WINUSB_MSOS_DEVICE, "AC"),
			    (const struct winusb_msos_property *)&msos->properties[1]);
	bytes[36] = 'B';
	msos = winusb_parse(test, bytes, sizeof(bytes));
	KUNIT_EXPECT_STREQ(test, msos->fault, "a second property of the same name");
}

static void winusb_test_names_have_an_even_length(struct kunit *test)
{
	static const u8 bytes[] = {
		WINUSB_SET(25),
		15, 0, 4, 0, 3, 0, 5, 0, 'a', 0, 'b', 0, 0, 0, 0,
	};
	struct winusb_msos *msos = winusb_parse(test, bytes, sizeof(bytes));

	KUNIT_EXPECT_STREQ(test, msos->fault,
			   "a property whose name is empty or does not end in NUL");
	KUNIT_EXPECT_EQ(test, msos->num_properties, 0U);
}

/* A name ends at its first NUL, of which there may be more. */
static void winusb_test_names_end_at_the_first_nul(struct kunit *test)
{
	static const u8 bytes[] = {
		WINUSB_SET(30),
		20, 0, 4, 0, 3, 0, 8, 0, 'a', 0, 0, 0, 'b', 1, 0, 0, 2, 0, 1, 2,
	};
	struct winusb_msos *msos = winusb_parse(test, bytes, sizeof(bytes));

	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_ASSERT_EQ(test, msos->num_properties, 1U);
	KUNIT_EXPECT_EQ(test, msos->properties[0].name_length, 2);
	KUNIT_EXPECT_EQ(test, msos->properties[0].data_length, 2U);
	KUNIT_EXPECT_NOT_NULL(test, winusb_msos_find_property(msos, WINUSB_MSOS_DEVICE, "a"));
}

static void winusb_test_only_winusb_is_winusb(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, winusb_msos_is_winusb("WINUSB"));
	KUNIT_EXPECT_FALSE(test, winusb_msos_is_winusb("WINUSB2"));
	KUNIT_EXPECT_FALSE(test, winusb_msos_is_winusb("WINUS"));
	KUNIT_EXPECT_FALSE(test, winusb_msos_is_winusb(""));
}

static struct kunit_case winusb_msos_text_cases[] = {
	WINUSB_CASE_PARAM(text_can_be_shown, winusb_conversion),
	WINUSB_CASE_PARAM_RULE(strings_of_a_property, winusb_strings, 4_3),
	WINUSB_CASE_RULE(guids_are_exact, 4_1),
	WINUSB_CASE_RULE(interface_guids_have_an_order, 4_1),
	WINUSB_CASE(interface_guids_of_both_types),
	WINUSB_CASE(interface_guids_are_bounded),
	WINUSB_CASE(properties_are_found_by_name),
	WINUSB_CASE(first_of_the_same_name_counts),
	WINUSB_CASE(names_may_begin_alike),
	WINUSB_CASE(names_have_an_even_length),
	WINUSB_CASE(names_end_at_the_first_nul),
	WINUSB_CASE(only_winusb_is_winusb),
	{ }
};

static struct kunit_suite winusb_msos_text_suite = {
	.name = "winusb_msos_text",
	.test_cases = winusb_msos_text_cases,
};

kunit_test_suite(winusb_msos_text_suite);
