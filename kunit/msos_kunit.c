// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser of Microsoft OS descriptors: sets made by hand from winusb.md, byte for byte, and the
 * rules, a test for each. What is broken is in msos_broken_kunit.c, text in msos_text_kunit.c.
 * "n.m" is a section of winusb.md.
 */

#include "msos_kunit.h"

/* 4.5: the typical composite set, 10 + 8 + (8 + 20 + 132). */
static const u8 winusb_composite[] = {
	WINUSB_SET(0xb2),
	WINUSB_CONFIG_SUBSET(0, 0xa8),
	WINUSB_FUNCTION_SUBSET(2, 0xa0),
	WINUSB_COMPATIBLE(WINUSB_ID_WINUSB, WINUSB_NO_ID),
	WINUSB_GUIDS_PROPERTY,
};

/* 4.5: the same for a device that is not composite. */
static const u8 winusb_single[] = {
	WINUSB_SET(0xa2),
	WINUSB_COMPATIBLE(WINUSB_ID_WINUSB, WINUSB_NO_ID),
	WINUSB_GUIDS_PROPERTY,
};

/* 4.3: one section. */
static const u8 winusb_ids[] = {
	WINUSB_IDS(0x28, 1),
	WINUSB_IDS_SECTION(0, WINUSB_ID_WINUSB, WINUSB_NO_ID),
};

/* 4.3: DeviceInterfaceGUID alone. */
static const u8 winusb_properties[] = {
	WINUSB_PROPERTIES(0x8e, 1),
	WINUSB_GUID_SECTION,
};

static void winusb_expect_guids(struct kunit *test, const struct winusb_msos *msos, u8 function)
{
	char guid[WINUSB_MSOS_GUID_SIZE];

	KUNIT_ASSERT_TRUE(test, winusb_msos_interface_guid(msos, function, 0, guid));
	KUNIT_EXPECT_STREQ(test, guid, WINUSB_GUID_TEXT("f"));
	KUNIT_EXPECT_FALSE(test, winusb_msos_interface_guid(msos, function, 1, guid));
}

static void winusb_test_composite_set(struct kunit *test)
{
	struct winusb_msos *msos;

	BUILD_BUG_ON(sizeof(winusb_composite) != 178);
	msos = winusb_parse(test, winusb_composite, sizeof(winusb_composite));
	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_EXPECT_EQ(test, msos->version, 0x0200);
	KUNIT_EXPECT_STREQ(test, msos->compatible_id, "");
	KUNIT_ASSERT_EQ(test, msos->num_functions, 1U);
	KUNIT_EXPECT_EQ(test, msos->functions[0].first_interface, 2);
	KUNIT_EXPECT_EQ(test, msos->functions[0].vendor_revision, 0);
	KUNIT_EXPECT_STREQ(test, msos->functions[0].compatible_id, "WINUSB");
	KUNIT_EXPECT_STREQ(test, msos->functions[0].sub_compatible_id, "");
	KUNIT_EXPECT_TRUE(test, winusb_msos_is_winusb(msos->functions[0].compatible_id));
	KUNIT_ASSERT_EQ(test, msos->num_properties, 1U);
	KUNIT_EXPECT_EQ(test, msos->properties[0].type, WINUSB_MSOS_MULTI_SZ);
	KUNIT_EXPECT_EQ(test, msos->properties[0].function, 0);
	KUNIT_EXPECT_EQ(test, msos->properties[0].name_length, 40);
	KUNIT_EXPECT_EQ(test, msos->properties[0].data_length, 80U);
	winusb_expect_guids(test, msos, 0);
}

static void winusb_test_single_set(struct kunit *test)
{
	struct winusb_msos *msos;

	BUILD_BUG_ON(sizeof(winusb_single) != 162);
	msos = winusb_parse(test, winusb_single, sizeof(winusb_single));
	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_EXPECT_EQ(test, msos->version, 0x0200);
	KUNIT_EXPECT_STREQ(test, msos->compatible_id, "WINUSB");
	KUNIT_EXPECT_STREQ(test, msos->sub_compatible_id, "");
	KUNIT_EXPECT_EQ(test, msos->num_functions, 0U);
	winusb_expect_guids(test, msos, WINUSB_MSOS_DEVICE);
}

/* Everything that a device can say of itself. */
static void winusb_test_features_of_the_device(struct kunit *test)
{
	static const u8 bytes[] = {
		WINUSB_SET(66),
		WINUSB_COMPATIBLE(WINUSB_ID_RNDIS, WINUSB_ID_5162001),
		WINUSB_RESUME_TIME(10, 1),
		WINUSB_MODEL_ID,
		WINUSB_REVISION(0x0102),
		WINUSB_CCGP,
	};
	struct winusb_msos *msos = winusb_parse(test, bytes, sizeof(bytes));
	unsigned int i;

	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_EXPECT_STREQ(test, msos->compatible_id, "RNDIS");
	KUNIT_EXPECT_STREQ(test, msos->sub_compatible_id, "5162001");
	KUNIT_EXPECT_EQ(test, msos->resume_recovery_ms, 10);
	KUNIT_EXPECT_EQ(test, msos->resume_signaling_ms, 1);
	KUNIT_EXPECT_TRUE(test, msos->has_model_id);
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, msos->model_id[i], i + 1);
	KUNIT_EXPECT_TRUE(test, msos->ccgp);
	KUNIT_EXPECT_EQ(test, msos->vendor_revision, 0x0102);
}

static void winusb_test_first_of_a_feature_counts(struct kunit *test)
{
	u8 bytes[] = {
		WINUSB_SET(74),
		WINUSB_RESUME_TIME(1, 2), WINUSB_MODEL_ID, WINUSB_REVISION(3),
		WINUSB_RESUME_TIME(4, 5), WINUSB_MODEL_ID, WINUSB_REVISION(6),
	};
	struct winusb_msos *msos;

	bytes[20] = 0xaa;
	msos = winusb_parse(test, bytes, sizeof(bytes));
	KUNIT_EXPECT_STREQ(test, msos->fault, "a second resume time");
	KUNIT_EXPECT_EQ(test, msos->resume_recovery_ms, 1);
	KUNIT_EXPECT_EQ(test, msos->resume_signaling_ms, 2);
	KUNIT_EXPECT_EQ(test, msos->model_id[0], 0xaa);
	KUNIT_EXPECT_EQ(test, msos->vendor_revision, 3);
}

static void winusb_test_nothing_is_made_up(struct kunit *test)
{
	static const u8 bytes[] = { WINUSB_SET(10) };
	struct winusb_msos *msos = winusb_parse(test, bytes, sizeof(bytes));

	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_EXPECT_EQ(test, msos->version, 0x0200);
	KUNIT_EXPECT_EQ(test, msos->alt_enum_code, 0);
	KUNIT_EXPECT_FALSE(test, msos->ccgp);
	KUNIT_EXPECT_EQ(test, msos->resume_recovery_ms, 0);
	KUNIT_EXPECT_EQ(test, msos->resume_signaling_ms, 0);
	KUNIT_EXPECT_FALSE(test, msos->has_model_id);
	KUNIT_EXPECT_EQ(test, msos->vendor_revision, 0);
	KUNIT_EXPECT_STREQ(test, msos->compatible_id, "");
	KUNIT_EXPECT_STREQ(test, msos->sub_compatible_id, "");
	KUNIT_EXPECT_EQ(test, msos->num_functions, 0U);
	KUNIT_EXPECT_EQ(test, msos->num_properties, 0U);
}

/* 4.5: each function has its own, and the device's revision is another one. */
static void winusb_test_functions_are_told_apart(struct kunit *test)
{
	static const u8 bytes[] = {
		WINUSB_SET(108),
		WINUSB_REVISION(1),
		WINUSB_CONFIG_SUBSET(0, 92),
		WINUSB_FUNCTION_SUBSET(0, 34),
		WINUSB_COMPATIBLE(WINUSB_ID_WINUSB, WINUSB_NO_ID),
		WINUSB_REVISION(2),
		WINUSB_FUNCTION_SUBSET(3, 42),
		WINUSB_COMPATIBLE(WINUSB_ID_RNDIS, WINUSB_ID_5162001),
		14, 0, 4, 0, 4, 0, 4, 0, 'x', 0, 0, 0, 0, 0, /* no DWORD: 0 bytes */
		WINUSB_FUNCTION_SUBSET(5, 8),
	};
	struct winusb_msos *msos = winusb_parse(test, bytes, sizeof(bytes));

	KUNIT_ASSERT_EQ(test, msos->num_functions, 3U);
	KUNIT_EXPECT_EQ(test, msos->vendor_revision, 1);
	KUNIT_EXPECT_EQ(test, msos->functions[0].vendor_revision, 2);
	KUNIT_EXPECT_STREQ(test, msos->functions[0].compatible_id, "WINUSB");
	KUNIT_EXPECT_EQ(test, msos->functions[1].vendor_revision, 0);
	KUNIT_EXPECT_STREQ(test, msos->functions[1].compatible_id, "RNDIS");
	KUNIT_EXPECT_STREQ(test, msos->functions[1].sub_compatible_id, "5162001");
	KUNIT_EXPECT_STREQ(test, msos->functions[2].compatible_id, "");
	KUNIT_EXPECT_EQ(test, winusb_msos_find_function(msos, 3), 1);
	KUNIT_EXPECT_EQ(test, winusb_msos_find_function(msos, 5), 2);
	KUNIT_EXPECT_EQ(test, winusb_msos_find_function(msos, 1), -1);
	KUNIT_EXPECT_STREQ(test, msos->fault, "a REG_DWORD property that has not 4 bytes");
}

/* Many devices leave the configuration subset out: it counts for each configuration. */
static void winusb_test_function_subset_directly_in_the_set(struct kunit *test)
{
	static const u8 bytes[] = {
		WINUSB_SET(66),
		WINUSB_FUNCTION_SUBSET(0, 28),
		WINUSB_COMPATIBLE(WINUSB_ID_WINUSB, WINUSB_NO_ID),
		WINUSB_FUNCTION_SUBSET(1, 28),
		WINUSB_COMPATIBLE(WINUSB_ID_RNDIS, WINUSB_NO_ID),
	};
	const struct winusb_msos_set set = { .length = sizeof(bytes) };
	struct winusb_msos *msos = winusb_new_msos(test);

	winusb_msos_parse_set(winusb_exact(test, bytes, sizeof(bytes)), sizeof(bytes), &set, 1,
			      msos);
	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_ASSERT_EQ(test, msos->num_functions, 2U);
	KUNIT_EXPECT_STREQ(test, msos->functions[0].compatible_id, "WINUSB");
	KUNIT_EXPECT_STREQ(test, msos->functions[1].compatible_id, "RNDIS");
}

/* Features directly in a configuration subset are the device's, in this configuration. */
static void winusb_test_features_of_a_configuration(struct kunit *test)
{
	static const u8 bytes[] = {
		WINUSB_SET(38),
		WINUSB_CONFIG_SUBSET(0, 28),
		WINUSB_COMPATIBLE(WINUSB_ID_WINUSB, WINUSB_NO_ID),
	};
	struct winusb_msos *msos = winusb_parse(test, bytes, sizeof(bytes));

	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_EXPECT_STREQ(test, msos->compatible_id, "WINUSB");
}

/* 4.5, 8 row 19: bConfigurationValue is an index, and only that configuration counts. */
static void winusb_test_configuration_value_is_an_index(struct kunit *test)
{
	static const u8 bytes[] = {
		WINUSB_SET(108),
		WINUSB_CONFIG_SUBSET(1, 36),
		WINUSB_FUNCTION_SUBSET(0, 28),
		WINUSB_COMPATIBLE(WINUSB_ID_RNDIS, WINUSB_NO_ID),
		WINUSB_CONFIG_SUBSET(0, 36),
		WINUSB_FUNCTION_SUBSET(1, 28),
		WINUSB_COMPATIBLE(WINUSB_ID_WINUSB, WINUSB_NO_ID),
		WINUSB_MODEL_ID,
		WINUSB_REVISION(1),
	};
	static const char * const ids[] = { "WINUSB", "RNDIS" };
	const struct winusb_msos_set set = { .length = sizeof(bytes) };
	struct winusb_msos *msos = winusb_new_msos(test);
	u8 *exact = winusb_exact(test, bytes, sizeof(bytes));
	u8 configuration;

	for (configuration = 0; configuration < 2; configuration++) {
		winusb_msos_parse_set(exact, sizeof(bytes), &set, configuration, msos);
		KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
		KUNIT_ASSERT_EQ(test, msos->num_functions, 1U);
		KUNIT_EXPECT_STREQ(test, msos->functions[0].compatible_id, ids[configuration]);
		KUNIT_EXPECT_EQ(test, msos->functions[0].first_interface, !configuration);
		/* What follows the subsets is the device's. */
		KUNIT_EXPECT_TRUE(test, msos->has_model_id);
	}
	winusb_msos_parse_set(exact, sizeof(bytes), &set, 2, msos);
	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_EXPECT_EQ(test, msos->num_functions, 0U);
}

/* The trap itself: the value of the first configuration, where its index should be. */
static void winusb_test_configuration_value_instead_of_index(struct kunit *test)
{
	static const u8 bytes[] = {
		WINUSB_SET(46),
		WINUSB_CONFIG_SUBSET(1, 36),
		WINUSB_FUNCTION_SUBSET(0, 28),
		WINUSB_COMPATIBLE(WINUSB_ID_WINUSB, WINUSB_NO_ID),
	};
	struct winusb_msos *msos = winusb_parse(test, bytes, sizeof(bytes));

	KUNIT_EXPECT_EQ(test, msos->num_functions, 0U);
	KUNIT_EXPECT_STREQ(test, msos->compatible_id, "");
	KUNIT_EXPECT_STREQ(test, msos->fault,
			   "a configuration subset for the value, where Windows has the index");
}

static void winusb_test_unknown_types_are_skipped(struct kunit *test)
{
	static const u8 bytes[] = {
		WINUSB_SET(0x2a),
		4, 0, 9, 0,
		8, 0, 0xff, 0xff, 1, 2, 3, 4,
		WINUSB_COMPATIBLE(WINUSB_ID_WINUSB, WINUSB_NO_ID),
	};
	struct winusb_msos *msos = winusb_parse(test, bytes, sizeof(bytes));

	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_EXPECT_STREQ(test, msos->compatible_id, "WINUSB");
}

/* 4.5: recovery 0 to 10, signaling 1 to 20. */
static void winusb_test_resume_times_have_ranges(struct kunit *test)
{
	u8 bytes[] = { WINUSB_SET(16), WINUSB_RESUME_TIME(0, 0) };
	unsigned int recovery, signaling;

	for (recovery = 0; recovery < 13; recovery++) {
		for (signaling = 0; signaling < 23; signaling++) {
			bool valid = recovery <= 10 && signaling >= 1 && signaling <= 20;
			struct winusb_msos *msos;

			bytes[14] = recovery;
			bytes[15] = signaling;
			msos = winusb_parse(test, bytes, sizeof(bytes));
			KUNIT_EXPECT_EQ(test, !msos->fault, valid);
			KUNIT_EXPECT_EQ(test, msos->resume_recovery_ms, valid ? recovery : 0);
			KUNIT_EXPECT_EQ(test, msos->resume_signaling_ms, valid ? signaling : 0);
		}
	}
}

/* 4.3: A-Z, 0-9, _, and NULs behind. */
static void winusb_test_ids_have_few_characters(struct kunit *test)
{
	u8 bytes[] = { WINUSB_SET(30), WINUSB_COMPATIBLE(WINUSB_ID_WINUSB, WINUSB_NO_ID) };
	unsigned int c;

	for (c = 1; c < 256; c++) {
		bool valid = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
		const char expected[] = { 'W', 'I', 'N', 'U', 'S', 'B', c, 0 };
		struct winusb_msos *msos;

		bytes[20] = c;
		msos = winusb_parse(test, bytes, sizeof(bytes));
		KUNIT_EXPECT_STREQ(test, msos->compatible_id, valid ? expected : "");
		KUNIT_EXPECT_EQ(test, !msos->fault, valid);
		KUNIT_EXPECT_FALSE(test, winusb_msos_is_winusb(msos->compatible_id));
	}
}

/* All eight bytes may be used; then there is no NUL. */
static void winusb_test_ids_may_have_eight_characters(struct kunit *test)
{
	static const u8 bytes[] = {
		WINUSB_SET(30),
		WINUSB_COMPATIBLE('A', 'B', 'C', 'D', 'E', 'F', 'G', 'H',
				  '1', '2', '3', '4', '5', '6', '7', '8'),
	};
	struct winusb_msos *msos = winusb_parse(test, bytes, sizeof(bytes));

	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_EXPECT_STREQ(test, msos->compatible_id, "ABCDEFGH");
	KUNIT_EXPECT_STREQ(test, msos->sub_compatible_id, "12345678");
}

static void winusb_test_ids_may_have_one_character(struct kunit *test)
{
	u8 bytes[] = {
		WINUSB_SET(50),
		WINUSB_COMPATIBLE('A', 0, 0, 0, 0, 0, 0, 0, 'B', 0, 0, 0, 0, 0, 0, 0),
		WINUSB_COMPATIBLE('C', 0, 0, 0, 0, 0, 0, 0, 'D', 0, 0, 0, 0, 0, 0, 0),
	};
	struct winusb_msos *msos = winusb_parse(test, bytes, sizeof(bytes));

	KUNIT_EXPECT_STREQ(test, msos->compatible_id, "A");
	KUNIT_EXPECT_STREQ(test, msos->sub_compatible_id, "B");
	KUNIT_EXPECT_STREQ(test, msos->fault, "a second compatible ID");
	/* An empty one does not keep the second from counting. */
	bytes[14] = 0;
	msos = winusb_parse(test, bytes, sizeof(bytes));
	KUNIT_EXPECT_STREQ(test, msos->compatible_id, "C");
	KUNIT_EXPECT_STREQ(test, msos->sub_compatible_id, "D");
	KUNIT_EXPECT_STREQ(test, msos->fault, "a sub-compatible ID without a compatible ID");
}

/* 4.3: seven types; the others are reserved. */
static void winusb_test_property_types_are_1_to_7(struct kunit *test)
{
	u8 bytes[] = {
		WINUSB_SET(28),
		18, 0, 4, 0, 0, 0, 4, 0, 'x', 0, 0, 0, 4, 0, 1, 2, 3, 4,
	};
	unsigned int type;

	for (type = 0; type < 0x200; type++) {
		bool valid = type >= 1 && type <= 7;
		struct winusb_msos *msos;

		bytes[14] = type & 0xff;
		bytes[15] = type >> 8;
		msos = winusb_parse(test, bytes, sizeof(bytes));
		KUNIT_EXPECT_EQ(test, msos->num_properties, valid ? 1U : 0U);
		KUNIT_EXPECT_EQ(test, !msos->fault, valid);
		if (valid)
			KUNIT_EXPECT_EQ(test, msos->properties[0].type, type);
	}
}

/* What is said about a function that found no room is nobody else's. */
static void winusb_test_functions_are_bounded(struct kunit *test)
{
	static const u8 function[] = {
		WINUSB_FUNCTION_SUBSET(0, 36),
		18, 0, 4, 0, 4, 0, 4, 0, 'x', 0, 0, 0, 4, 0, 0, 0, 0, 0,
		10, 0, 8, 0, 7, 0, 0, 0, 0, 0,	/* a revision that is longer than needed */
	};
	static const u8 head[] = { WINUSB_SET(10 + 40 * 36 + 4) }, tail[] = { WINUSB_CCGP };
	u8 *bytes = kunit_kmalloc(test, 10 + 40 * 36 + 4, GFP_KERNEL), *at;
	struct winusb_msos *msos;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	memcpy(bytes, head, sizeof(head));
	for (i = 0, at = bytes + 10; i < 40; i++, at += 36) {
		memcpy(at, function, 36);
		at[4] = i;
	}
	memcpy(at, tail, sizeof(tail));
	msos = winusb_parse(test, bytes, 10 + 40 * 36 + 4);
	KUNIT_EXPECT_STREQ(test, msos->fault, "more than 32 functions");
	KUNIT_ASSERT_EQ(test, msos->num_functions, 32U);
	KUNIT_ASSERT_EQ(test, msos->num_properties, 32U);
	for (i = 0; i < 32; i++) {
		KUNIT_EXPECT_EQ(test, msos->functions[i].first_interface, i);
		KUNIT_EXPECT_EQ(test, msos->functions[i].vendor_revision, 7);
		KUNIT_EXPECT_EQ(test, msos->properties[i].function, i);
	}
	KUNIT_EXPECT_EQ(test, msos->vendor_revision, 0);
	/* What follows them is the device's again. */
	KUNIT_EXPECT_TRUE(test, msos->ccgp);
}

static void winusb_test_properties_are_bounded(struct kunit *test)
{
	static const u8 property[] = {
		18, 0, 4, 0, 4, 0, 4, 0, 'x', 0, 0, 0, 4, 0, 0, 0, 0, 0,
	};
	static const u8 head[] = { WINUSB_SET(10 + 66 * 18) };
	u8 *bytes = kunit_kmalloc(test, 10 + 66 * 18, GFP_KERNEL), *at;
	struct winusb_msos *msos;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	memcpy(bytes, head, sizeof(head));
	for (i = 0, at = bytes + 10; i < 66; i++, at += 18) {
		memcpy(at, property, 18);
		at[9] = 1 + i;
		at[14] = i;
	}
	msos = winusb_parse(test, bytes, 10 + 66 * 18);
	KUNIT_EXPECT_STREQ(test, msos->fault, "more than 64 properties");
	KUNIT_ASSERT_EQ(test, msos->num_properties, 64U);
	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_EQ(test, winusb_msos_u32(msos->properties[i].data), i);
}

/* Firmware exists that leaves the header out of the subset's length. */
static void winusb_test_exact_feature_may_leave_its_subset(struct kunit *test)
{
	u8 bytes[] = {
		WINUSB_SET(52),
		WINUSB_FUNCTION_SUBSET(0, 34),
		WINUSB_COMPATIBLE(WINUSB_ID_WINUSB, WINUSB_NO_ID),
		14, 0, 4, 0, 3, 0, 4, 0, 'x', 0, 0, 0, 0, 0,
	};
	struct winusb_msos *msos = winusb_parse(test, bytes, sizeof(bytes));

	KUNIT_EXPECT_STREQ(test, msos->fault, "a subset that ends inside a descriptor");
	KUNIT_EXPECT_EQ(test, msos->num_properties, 1U);
	KUNIT_EXPECT_EQ(test, msos->properties[0].function, 0);
	/* Not exact: the name is too long, by one and by far. */
	bytes[44] = 5;
	msos = winusb_parse(test, bytes, sizeof(bytes));
	KUNIT_EXPECT_STREQ(test, msos->fault, "a descriptor that reaches past its subset");
	bytes[44] = 20;
	msos = winusb_parse(test, bytes, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, msos->num_properties, 0U);
}

/* 4.4: which of several sets is asked for. */
struct winusb_offer {
	const char *name;
	u32 versions[3];
	u16 lengths[3];
	u32 chosen;		/* version, 0 if none */
};

static const struct winusb_offer winusb_offers[] = {
	{ "one", { 0x06030000 }, { 178 }, 0x06030000 },
	{ "newest", { 0x06030000, 0x0a000000 }, { 20, 30 }, 0x0a000000 },
	{ "newest_first", { 0x0a000005, 0x06030000 }, { 20, 30 }, 0x0a000005 },
	{ "newest_windows_10", { 0x0a000000, 0x0affffff }, { 20, 30 }, 0x0affffff },
	{ "first_of_equals", { 0x0a000000, 0x0a000000 }, { 20, 0xffff }, 0x0a000000 },
	{ "not_of_the_future", { 0x0b000000, 0x06030000, 0xffffffff }, { 20, 30, 40 },
	  0x06030000 },
	{ "not_too_short", { 0x06030000, 0x0a000000 }, { 10, 9 }, 0x06030000 },
	{ "none_is_valid", { 0x06030000, 0x0a000000, 0x0c000000 }, { 0, 9, 100 }, 0 },
};

static void winusb_offer_desc(const struct winusb_offer *offer, char *desc)
{
	strscpy(desc, offer->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_offer, winusb_offers, winusb_offer_desc);

static void winusb_test_best_set_is_chosen(struct kunit *test)
{
	static const u8 head[] = { WINUSB_BOS(49, 1), WINUSB_PLATFORM(3) };
	const struct winusb_offer *offer = test->param_value;
	struct winusb_msos_set set = { };
	u8 bytes[49];
	bool found;
	int i;

	memcpy(bytes, head, sizeof(head));
	for (i = 0; i < 3; i++) {
		const u8 info[] = {
			WINUSB_SET_INFO(offer->versions[i], offer->lengths[i], i, 7),
		};

		memcpy(bytes + sizeof(head) + 8 * i, info, sizeof(info));
	}
	found = winusb_msos_find_set(winusb_exact(test, bytes, sizeof(bytes)), sizeof(bytes), &set);
	KUNIT_EXPECT_EQ(test, found, offer->chosen != 0);
	KUNIT_EXPECT_EQ(test, set.windows_version, offer->chosen);
	if (found) {
		KUNIT_EXPECT_NE(test, set.length, 0xffff);
		KUNIT_EXPECT_EQ(test, offer->versions[set.vendor_code], offer->chosen);
		KUNIT_EXPECT_EQ(test, offer->lengths[set.vendor_code], set.length);
		KUNIT_EXPECT_EQ(test, set.alt_enum_code, 7);
	}
}

/* 4.4: among other capabilities. */
static void winusb_test_capability_is_found(struct kunit *test)
{
	static const u8 bytes[] = {
		WINUSB_BOS(67, 5),
		7, 0x10, 0x02, 2, 0, 0, 0,	/* USB 2.0 extension */
		20, 0x10, 0x05, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
		4, 0x30, 0x05, 0,		/* no capability */
		3, 0x10, 0x0b,			/* precision time measurement */
		WINUSB_PLATFORM(1),
		WINUSB_SET_INFO(0x06030000, 0xb2, 0x20, 0),
	};
	struct winusb_msos_set set;

	BUILD_BUG_ON(sizeof(bytes) != 67);
	KUNIT_ASSERT_TRUE(test, winusb_msos_find_set(winusb_exact(test, bytes, 67), 67, &set));
	KUNIT_EXPECT_EQ(test, set.windows_version, 0x06030000U);
	KUNIT_EXPECT_EQ(test, set.length, 0xb2);
	KUNIT_EXPECT_EQ(test, set.vendor_code, 0x20);
	KUNIT_EXPECT_EQ(test, set.alt_enum_code, 0);
}

/* 4.2 */
static void winusb_test_string_of_1_0(struct kunit *test)
{
	static const u8 bytes[] = {
		0x12, 0x03, 0x4d, 0x00, 0x53, 0x00, 0x46, 0x00, 0x54, 0x00, 0x31, 0x00, 0x30, 0x00,
		0x30, 0x00, 0x21, 0x00,
	};
	unsigned int i;
	u8 code = 0;

	KUNIT_EXPECT_TRUE(test, winusb_msos_parse_string(winusb_exact(test, bytes, 18), 18, &code));
	KUNIT_EXPECT_EQ(test, code, 0x21);
	for (i = 0; i < 18; i++) {
		u8 *exact = winusb_exact(test, bytes, 18);

		/* A vendor code and flags may be anything, the rest not. */
		exact[i] ^= 0x40;
		KUNIT_EXPECT_EQ(test, winusb_msos_parse_string(exact, 18, &code), i >= 16);
		exact = winusb_exact(test, bytes, i);
		KUNIT_EXPECT_FALSE(test, winusb_msos_parse_string(exact, i, &code));
	}
}

/* 4.3: for each feature, its header has to be there. */
static void winusb_test_feature_lengths(struct kunit *test)
{
	u8 *exact;

	KUNIT_EXPECT_EQ(test, winusb_msos_feature_length(winusb_ids, 16, 4), 0x28U);
	KUNIT_EXPECT_EQ(test, winusb_msos_feature_length(winusb_properties, 10, 5), 0x8eU);
	KUNIT_EXPECT_EQ(test, winusb_msos_feature_length(winusb_ids, 15, 4), 0U);
	KUNIT_EXPECT_EQ(test, winusb_msos_feature_length(winusb_properties, 9, 5), 0U);
	KUNIT_EXPECT_EQ(test, winusb_msos_feature_length(winusb_ids, 16, 5), 0U);
	KUNIT_EXPECT_EQ(test, winusb_msos_feature_length(winusb_properties, 16, 4), 0U);

	exact = winusb_exact(test, winusb_properties, 10);
	exact[2] = 1;
	KUNIT_EXPECT_EQ(test, winusb_msos_feature_length(exact, 10, 5), 0xffffU);
	exact[2] = 0;
	exact[0] = 9;
	KUNIT_EXPECT_EQ(test, winusb_msos_feature_length(exact, 10, 5), 0U);
	exact[0] = 10;
	KUNIT_EXPECT_EQ(test, winusb_msos_feature_length(exact, 10, 5), 10U);
	exact[4] = 1;
	KUNIT_EXPECT_EQ(test, winusb_msos_feature_length(exact, 10, 5), 0U);
}

/* 4.3: 0x28 and 0x8e bytes. */
static void winusb_test_features_of_1_0(struct kunit *test)
{
	struct winusb_msos *msos = winusb_new_msos(test);

	BUILD_BUG_ON(sizeof(winusb_ids) != 0x28);
	BUILD_BUG_ON(sizeof(winusb_properties) != 0x8e);
	winusb_msos_parse_compatible_ids(winusb_exact(test, winusb_ids, 0x28), 0x28, msos);
	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_EXPECT_EQ(test, msos->version, 0x0100);
	KUNIT_ASSERT_EQ(test, msos->num_functions, 1U);
	KUNIT_EXPECT_EQ(test, msos->functions[0].first_interface, 0);
	KUNIT_EXPECT_STREQ(test, msos->functions[0].compatible_id, "WINUSB");
	KUNIT_EXPECT_EQ(test, msos->num_properties, 0U);

	winusb_msos_parse_properties(winusb_exact(test, winusb_properties, 0x8e), 0x8e, 0, msos);
	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_EXPECT_EQ(test, msos->version, 0x0100);
	KUNIT_ASSERT_EQ(test, msos->num_properties, 1U);
	KUNIT_EXPECT_EQ(test, msos->properties[0].type, WINUSB_MSOS_SZ);
	KUNIT_EXPECT_EQ(test, msos->properties[0].name_length, 38);
	KUNIT_EXPECT_EQ(test, msos->properties[0].data_length, 78U);
	winusb_expect_guids(test, msos, 0);
}

/* 4.3: functions without an ID have a section, too, and reserved bytes may be anything. */
static void winusb_test_composite_ids_of_1_0(struct kunit *test)
{
	u8 bytes[] = {
		WINUSB_IDS(88, 3),
		WINUSB_IDS_SECTION(0, WINUSB_NO_ID, WINUSB_NO_ID),
		WINUSB_IDS_SECTION(1, WINUSB_ID_RNDIS, WINUSB_ID_5162001),
		WINUSB_IDS_SECTION(3, WINUSB_ID_WINUSB, WINUSB_NO_ID),
	};
	struct winusb_msos *msos = winusb_new_msos(test);

	memset(bytes + 9, 0xee, 7);
	bytes[17] = 0;
	memset(bytes + 34, 0xee, 6);
	winusb_msos_parse_compatible_ids(winusb_exact(test, bytes, 88), 88, msos);
	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_ASSERT_EQ(test, msos->num_functions, 3U);
	KUNIT_EXPECT_STREQ(test, msos->functions[0].compatible_id, "");
	KUNIT_EXPECT_STREQ(test, msos->functions[1].compatible_id, "RNDIS");
	KUNIT_EXPECT_STREQ(test, msos->functions[1].sub_compatible_id, "5162001");
	KUNIT_EXPECT_EQ(test, msos->functions[2].first_interface, 3);
	KUNIT_EXPECT_STREQ(test, msos->functions[2].compatible_id, "WINUSB");
}

/* Several descriptors, each with its function; the device can be asked, too. */
static void winusb_test_properties_of_1_0_are_added(struct kunit *test)
{
	static const u8 idle[] = {	/* 4.3: the name has 36 bytes */
		WINUSB_PROPERTIES(64, 1),
		54, 0, 0, 0, 4, 0, 0, 0, 36, 0,
		'D', 0, 'e', 0, 'v', 0, 'i', 0, 'c', 0, 'e', 0, 'I', 0, 'd', 0, 'l', 0, 'e', 0,
		'E', 0, 'n', 0, 'a', 0, 'b', 0, 'l', 0, 'e', 0, 'd', 0, 0, 0,
		4, 0, 0, 0, 1, 0, 0, 0,
	};
	struct winusb_msos *msos = winusb_new_msos(test);
	const struct winusb_msos_property *property;

	BUILD_BUG_ON(sizeof(idle) != 64);
	memset(msos, 0, sizeof(*msos));
	winusb_msos_parse_properties(winusb_properties, 0x8e, 0, msos);
	winusb_msos_parse_properties(winusb_exact(test, idle, 64), 64, 0, msos);
	winusb_msos_parse_properties(winusb_properties, 0x8e, 1, msos);
	winusb_msos_parse_properties(winusb_properties, 0x8e, WINUSB_MSOS_DEVICE, msos);
	KUNIT_EXPECT_PTR_EQ(test, msos->fault, NULL);
	KUNIT_EXPECT_EQ(test, msos->num_properties, 4U);
	property = winusb_msos_find_property(msos, 0, "deviceidleenabled");
	KUNIT_ASSERT_NOT_NULL(test, property);
	KUNIT_EXPECT_EQ(test, property->type, WINUSB_MSOS_DWORD);
	KUNIT_EXPECT_EQ(test, winusb_msos_u32(property->data), 1U);
	KUNIT_EXPECT_PTR_EQ(test, winusb_msos_find_property(msos, 1, "DeviceIdleEnabled"), NULL);
	winusb_expect_guids(test, msos, 1);
	winusb_expect_guids(test, msos, WINUSB_MSOS_DEVICE);
}

static struct kunit_case winusb_msos_cases[] = {
	WINUSB_CASE_RULE(composite_set, 4_5),
	WINUSB_CASE_RULE(single_set, 4_5),
	WINUSB_CASE_RULE(features_of_the_device, 4_5),
	WINUSB_CASE(first_of_a_feature_counts),
	WINUSB_CASE(nothing_is_made_up),
	WINUSB_CASE_RULE(functions_are_told_apart, 4_5),
	WINUSB_CASE(function_subset_directly_in_the_set),
	WINUSB_CASE_RULE(features_of_a_configuration, 4_5),
	WINUSB_CASE_RULE(configuration_value_is_an_index, 8_row19),
	WINUSB_CASE_RULE(configuration_value_instead_of_index, 8_row19),
	WINUSB_CASE(unknown_types_are_skipped),
	WINUSB_CASE_RULE(resume_times_have_ranges, 4_5),
	WINUSB_CASE_RULE(ids_have_few_characters, 4_3),
	WINUSB_CASE_RULE(ids_may_have_eight_characters, 4_3),
	WINUSB_CASE(ids_may_have_one_character),
	WINUSB_CASE_RULE(property_types_are_1_to_7, 4_3),
	WINUSB_CASE(functions_are_bounded),
	WINUSB_CASE(properties_are_bounded),
	WINUSB_CASE(exact_feature_may_leave_its_subset),
	WINUSB_CASE_PARAM_RULE(best_set_is_chosen, winusb_offer, 4_4),
	WINUSB_CASE_RULE(capability_is_found, 4_4),
	WINUSB_CASE_RULE(string_of_1_0, 4_2),
	WINUSB_CASE_RULE(feature_lengths, 4_3),
	WINUSB_CASE_RULE(features_of_1_0, 4_3),
	WINUSB_CASE_RULE(composite_ids_of_1_0, 4_3),
	WINUSB_CASE_RULE(properties_of_1_0_are_added, 4_3),
	{ }
};

static struct kunit_suite winusb_msos_suite = {
	.name = "winusb_msos",
	.test_cases = winusb_msos_cases,
};

kunit_test_suite(winusb_msos_suite);
