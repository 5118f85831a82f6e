// SPDX-License-Identifier: GPL-2.0-only
/*
 * Microsoft OS descriptors that are broken, one fault in each: what is left of them, and what the
 * log says. The bytes are at the end of their memory. "n.m" is a section of winusb.md.
 */

#include "msos_kunit.h"

/* A composite device with two functions; the comments are offsets. */
static const u8 winusb_pair[] = {
	/* 0 */ WINUSB_SET(212),
	/* 10 */ WINUSB_CONFIG_SUBSET(0, 202),
	/* 18 */ WINUSB_FUNCTION_SUBSET(0, 160),
	/* 26 */ WINUSB_COMPATIBLE(WINUSB_ID_WINUSB, WINUSB_NO_ID),
	/* 46 */ WINUSB_GUIDS_PROPERTY,
	/* 178 */ WINUSB_FUNCTION_SUBSET(2, 34),
	/* 186 */ WINUSB_COMPATIBLE(WINUSB_ID_RNDIS, WINUSB_ID_5162001),
	/* 206 */ WINUSB_REVISION(3),
};

/* A device that is not composite, with everything. */
static const u8 winusb_whole[] = {
	/* 0 */ WINUSB_SET(68),
	/* 10 */ WINUSB_COMPATIBLE(WINUSB_ID_WINUSB, WINUSB_NO_ID),
	/* 30 */ WINUSB_RESUME_TIME(5, 10),
	/* 36 */ WINUSB_MODEL_ID,
	/* 56 */ WINUSB_REVISION(1),
	/* 62 */ WINUSB_REVISION(2),
};

/* OS 1.0 */
static const u8 winusb_two_ids[] = {
	/* 0 */ WINUSB_IDS(64, 2),
	/* 16 */ WINUSB_IDS_SECTION(0, WINUSB_ID_WINUSB, WINUSB_NO_ID),
	/* 40 */ WINUSB_IDS_SECTION(2, WINUSB_ID_RNDIS, WINUSB_ID_5162001),
};

static const u8 winusb_two_properties[] = {
	/* 0 */ WINUSB_PROPERTIES(164, 2),
	/* 10 */ 22, 0, 0, 0, 4, 0, 0, 0, 4, 0, 'x', 0, 0, 0,
	/* 24 */ 4, 0, 0, 0, 1, 2, 3, 4,
	/* 32 */ WINUSB_GUID_SECTION,
};

static const u8 winusb_two_capabilities[] = {
	/* 0 */ WINUSB_BOS(40, 2),
	/* 5 */ 7, 0x10, 0x02, 2, 0, 0, 0,
	/* 12 */ WINUSB_PLATFORM(1),
	/* 32 */ WINUSB_SET_INFO(0x06030000, 212, 0x20, 0),
};

/* What is written over the bytes: little-endian, two of them. */
struct winusb_put {
	u16 offset;
	u16 value;
	bool used;
};

#define WINUSB_PUT(offset, value)	{ (offset), (value), true }
#define WINUSB_ALL			0xffff

struct winusb_broken {
	const char *name;
	u16 length;		/* bytes that come, WINUSB_ALL for all */
	u16 bos;		/* what the BOS says, if not the true length */
	struct winusb_put puts[3];
	/* What is left. */
	u16 version;
	const char *device;
	u8 num_functions;
	const char *first;
	const char *second;
	u8 num_properties;
	const char *fault;
};

#define WINUSB_LEFT(...)	0x0200, __VA_ARGS__
#define WINUSB_REFUSED(fault)	0, "", 0, "", "", 0, fault
#define WINUSB_NOTHING(fault)	0x0200, "", 0, "", "", 0, fault

#define WINUSB_NO_HEADER	"no set header at the beginning"
#define WINUSB_TWO_LENGTHS	"two different lengths of the set"
#define WINUSB_FEWER		"fewer bytes than the set should have"
#define WINUSB_SHORT_HEAD	"a descriptor that is shorter than its head"
#define WINUSB_PAST_SET		"a descriptor that reaches past the end of the set"
#define WINUSB_PAST_SUBSET	"a descriptor that reaches past its subset"
#define WINUSB_SHORT_HEADER	"a subset header that is too short"
#define WINUSB_SHORT_SUBSET	"a subset that is shorter than its header"
#define WINUSB_LONG_SUBSET	"a subset that is longer than what it is in"
#define WINUSB_SUBSET_INSIDE	"a subset that ends inside a descriptor"
#define WINUSB_NESTED		"a function subset inside another one"
#define WINUSB_NESTED_CONFIG	"a configuration subset inside another subset"
#define WINUSB_SHORT_FEATURE	"a feature that is too short"
#define WINUSB_WRONG_SCOPE	"a feature of the device inside a function subset"
#define WINUSB_LONG_NAME	"a property whose name is longer than itself"
#define WINUSB_LONG_DATA	"a property whose data are longer than itself"
#define WINUSB_BAD_NAME		"a property whose name is empty or does not end in NUL"
#define WINUSB_BAD_TYPE		"a property of an unknown type"
#define WINUSB_BAD_DWORD	"a REG_DWORD property that has not 4 bytes"
#define WINUSB_TWICE		"a function that is there twice"
#define WINUSB_BAD_ID		"a compatible ID with other characters than A-Z, 0-9 and _"
#define WINUSB_BAD_SUB_ID	"a sub-compatible ID with other characters than A-Z, 0-9 and _"
#define WINUSB_LONELY_SUB_ID	"a sub-compatible ID without a compatible ID"
#define WINUSB_NO_FEATURE	"no header of a feature descriptor"
#define WINUSB_FEWER_FEATURE	"fewer bytes than the descriptor should have"
#define WINUSB_BAD_COUNT	"a count of sections that is not their number"
#define WINUSB_BAD_SECTION	"a section with an impossible size"

/* Of winusb_pair. */
static const struct winusb_broken winusb_broken_sets[] = {
	{ "nothing_is_wrong", WINUSB_ALL, 0, { },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, NULL) },

	{ "nothing_came", 0, 0, { }, WINUSB_REFUSED(WINUSB_NO_HEADER) },
	{ "header_cut", 9, 0, { }, WINUSB_REFUSED(WINUSB_NO_HEADER) },
	{ "header_of_another_type", WINUSB_ALL, 0, { WINUSB_PUT(2, 3) },
	  WINUSB_REFUSED(WINUSB_NO_HEADER) },
	{ "header_length_zero", WINUSB_ALL, 0, { WINUSB_PUT(0, 0) },
	  WINUSB_REFUSED(WINUSB_NO_HEADER) },
	{ "header_too_short", WINUSB_ALL, 0, { WINUSB_PUT(0, 9) },
	  WINUSB_REFUSED(WINUSB_NO_HEADER) },
	{ "header_longer_than_the_set", WINUSB_ALL, 0, { WINUSB_PUT(0, 213) },
	  WINUSB_REFUSED(WINUSB_NO_HEADER) },
	{ "header_too_long", WINUSB_ALL, 0, { WINUSB_PUT(0, 12) },
	  WINUSB_NOTHING(WINUSB_SHORT_HEAD) },
	{ "total_zero", WINUSB_ALL, 0, { WINUSB_PUT(8, 0) }, WINUSB_REFUSED(WINUSB_NO_HEADER) },
	{ "total_shorter_than_header", WINUSB_ALL, 0, { WINUSB_PUT(8, 9) },
	  WINUSB_REFUSED(WINUSB_NO_HEADER) },
	{ "total_larger_than_bos", WINUSB_ALL, 0, { WINUSB_PUT(8, 213) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_TWO_LENGTHS) },
	{ "total_smaller_than_bos", WINUSB_ALL, 0, { WINUSB_PUT(8, 178) },
	  WINUSB_LEFT("", 1, "WINUSB", "", 1, WINUSB_TWO_LENGTHS) },
	{ "bos_smaller_than_total", WINUSB_ALL, 178, { },
	  WINUSB_LEFT("", 1, "WINUSB", "", 1, WINUSB_TWO_LENGTHS) },
	{ "bos_larger_than_total", WINUSB_ALL, 0xffff, { },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_TWO_LENGTHS) },
	{ "fewer_bytes_than_both_say", WINUSB_ALL, 0xffff, { WINUSB_PUT(8, 0xffff) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_FEWER) },

	{ "cut_after_header", 10, 0, { }, WINUSB_NOTHING(WINUSB_FEWER) },
	{ "cut_in_configuration", 17, 0, { }, WINUSB_NOTHING(WINUSB_FEWER) },
	{ "cut_in_function", 25, 0, { }, WINUSB_NOTHING(WINUSB_FEWER) },
	{ "cut_after_function", 26, 0, { }, WINUSB_LEFT("", 1, "", "", 0, WINUSB_FEWER) },
	{ "cut_in_property", 177, 0, { }, WINUSB_LEFT("", 1, "WINUSB", "", 0, WINUSB_FEWER) },
	{ "cut_after_property", 178, 0, { }, WINUSB_LEFT("", 1, "WINUSB", "", 1, WINUSB_FEWER) },
	{ "cut_in_second_function", 205, 0, { },
	  WINUSB_LEFT("", 2, "WINUSB", "", 1, WINUSB_FEWER) },
	{ "bytes_at_the_end", 208, 208,
	  { WINUSB_PUT(8, 208), WINUSB_PUT(16, 198), WINUSB_PUT(184, 30) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, "bytes after the last descriptor") },

	{ "configuration_length_zero", WINUSB_ALL, 0, { WINUSB_PUT(10, 0) },
	  WINUSB_NOTHING(WINUSB_SHORT_HEAD) },
	{ "configuration_length_3", WINUSB_ALL, 0, { WINUSB_PUT(10, 3) },
	  WINUSB_NOTHING(WINUSB_SHORT_HEAD) },
	{ "configuration_header_too_short", WINUSB_ALL, 0, { WINUSB_PUT(10, 7) },
	  WINUSB_NOTHING(WINUSB_SHORT_HEADER) },
	{ "configuration_total_zero", WINUSB_ALL, 0, { WINUSB_PUT(16, 0) },
	  WINUSB_NOTHING(WINUSB_SHORT_SUBSET) },
	{ "configuration_total_7", WINUSB_ALL, 0, { WINUSB_PUT(16, 7) },
	  WINUSB_NOTHING(WINUSB_SHORT_SUBSET) },
	{ "configuration_too_long", WINUSB_ALL, 0, { WINUSB_PUT(16, 0xffff) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_LONG_SUBSET) },
	/* Then the functions are directly in the set, which is allowed. */
	{ "configuration_is_empty", WINUSB_ALL, 0, { WINUSB_PUT(16, 8) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, NULL) },
	{ "configuration_ends_in_function_header", WINUSB_ALL, 0, { WINUSB_PUT(16, 12) },
	  WINUSB_NOTHING(WINUSB_PAST_SUBSET) },
	{ "configuration_ends_in_property", WINUSB_ALL, 0, { WINUSB_PUT(16, 100) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_LONG_SUBSET) },
	{ "configuration_of_another_index", WINUSB_ALL, 0, { WINUSB_PUT(14, 5) },
	  WINUSB_NOTHING(NULL) },
	{ "other_configuration_is_broken", WINUSB_ALL, 0,
	  { WINUSB_PUT(14, 5), WINUSB_PUT(26, 0) }, WINUSB_NOTHING(WINUSB_SHORT_HEAD) },
	{ "configuration_instead_of_function", WINUSB_ALL, 0, { WINUSB_PUT(20, 1) },
	  WINUSB_LEFT("WINUSB", 1, "RNDIS", "", 1, WINUSB_NESTED_CONFIG) },
	/* It ends the function, too: what follows is the device's, or another configuration's. */
	{ "configuration_instead_of_second_function", WINUSB_ALL, 0,
	  { WINUSB_PUT(24, 194), WINUSB_PUT(180, 1), WINUSB_PUT(182, 0) },
	  WINUSB_LEFT("RNDIS", 1, "WINUSB", "", 1, WINUSB_NESTED_CONFIG) },
	{ "broken_configuration_inside_function", WINUSB_ALL, 0, { WINUSB_PUT(48, 1) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_SHORT_SUBSET) },
	{ "configuration_inside_function", WINUSB_ALL, 0,
	  { WINUSB_PUT(48, 1), WINUSB_PUT(50, 0), WINUSB_PUT(52, 166) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_NESTED_CONFIG) },
	{ "other_configuration_inside_function", WINUSB_ALL, 0,
	  { WINUSB_PUT(48, 1), WINUSB_PUT(52, 166) },
	  WINUSB_LEFT("", 1, "WINUSB", "", 0, WINUSB_NESTED_CONFIG) },

	{ "function_length_zero", WINUSB_ALL, 0, { WINUSB_PUT(18, 0) },
	  WINUSB_NOTHING(WINUSB_SHORT_HEAD) },
	{ "function_header_too_short", WINUSB_ALL, 0, { WINUSB_PUT(18, 7) },
	  WINUSB_NOTHING(WINUSB_SHORT_HEADER) },
	{ "function_total_zero", WINUSB_ALL, 0, { WINUSB_PUT(24, 0) },
	  WINUSB_NOTHING(WINUSB_SHORT_SUBSET) },
	{ "function_total_7", WINUSB_ALL, 0, { WINUSB_PUT(24, 7) },
	  WINUSB_NOTHING(WINUSB_SHORT_SUBSET) },
	{ "second_function_total_zero", WINUSB_ALL, 0, { WINUSB_PUT(184, 0) },
	  WINUSB_LEFT("", 1, "WINUSB", "", 1, WINUSB_SHORT_SUBSET) },
	{ "function_too_long", WINUSB_ALL, 0, { WINUSB_PUT(24, 0xffff) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_LONG_SUBSET) },
	{ "function_6_bytes_too_long", WINUSB_ALL, 0, { WINUSB_PUT(24, 200) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_LONG_SUBSET) },
	{ "function_covers_the_next", WINUSB_ALL, 0, { WINUSB_PUT(24, 194) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_NESTED) },
	{ "function_covers_the_next_header", WINUSB_ALL, 0, { WINUSB_PUT(24, 168) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_NESTED) },
	{ "function_total_without_header", WINUSB_ALL, 0, { WINUSB_PUT(24, 152) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_SUBSET_INSIDE) },
	{ "second_function_total_without_header", WINUSB_ALL, 0, { WINUSB_PUT(184, 26) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_SUBSET_INSIDE) },
	{ "function_ends_in_compatible_id", WINUSB_ALL, 0, { WINUSB_PUT(24, 20) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_SUBSET_INSIDE) },
	{ "function_is_there_twice", WINUSB_ALL, 0, { WINUSB_PUT(182, 0) },
	  WINUSB_LEFT("", 1, "WINUSB", "", 1, WINUSB_TWICE) },

	{ "feature_length_zero", WINUSB_ALL, 0, { WINUSB_PUT(26, 0) },
	  WINUSB_LEFT("", 2, "", "RNDIS", 0, WINUSB_SHORT_HEAD) },
	{ "feature_length_3", WINUSB_ALL, 0, { WINUSB_PUT(26, 3) },
	  WINUSB_LEFT("", 2, "", "RNDIS", 0, WINUSB_SHORT_HEAD) },
	{ "feature_too_short", WINUSB_ALL, 0, { WINUSB_PUT(26, 19) },
	  WINUSB_LEFT("", 2, "", "RNDIS", 0, WINUSB_SHORT_FEATURE) },
	{ "feature_without_body", WINUSB_ALL, 0, { WINUSB_PUT(206, 4) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_SHORT_FEATURE) },
	{ "feature_past_the_set", WINUSB_ALL, 0, { WINUSB_PUT(26, 0xffff) },
	  WINUSB_LEFT("", 2, "", "RNDIS", 0, WINUSB_PAST_SET) },
	{ "feature_past_its_function", WINUSB_ALL, 0, { WINUSB_PUT(26, 160) },
	  WINUSB_LEFT("", 2, "", "RNDIS", 0, WINUSB_PAST_SUBSET) },
	{ "property_past_its_function", WINUSB_ALL, 0, { WINUSB_PUT(46, 134) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_PAST_SUBSET) },
	{ "feature_longer_than_needed", WINUSB_ALL, 0, { WINUSB_PUT(26, 152) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, NULL) },
	{ "type_of_the_future_past_its_function", WINUSB_ALL, 0,
	  { WINUSB_PUT(46, 134), WINUSB_PUT(48, 9) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_PAST_SUBSET) },
	{ "set_header_inside", WINUSB_ALL, 0, { WINUSB_PUT(28, 0) },
	  WINUSB_LEFT("", 2, "", "RNDIS", 1, "a second set header") },
	{ "resume_time_of_a_function", WINUSB_ALL, 0, { WINUSB_PUT(48, 5) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_WRONG_SCOPE) },
	{ "model_id_of_a_function", WINUSB_ALL, 0, { WINUSB_PUT(48, 6) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_WRONG_SCOPE) },
	{ "ccgp_of_a_function", WINUSB_ALL, 0, { WINUSB_PUT(48, 7) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_WRONG_SCOPE) },
	{ "revision_zero", WINUSB_ALL, 0, { WINUSB_PUT(210, 0) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, "a vendor revision of 0") },

	{ "id_in_lower_case", WINUSB_ALL, 0, { WINUSB_PUT(30, 0x4977) },
	  WINUSB_LEFT("", 2, "", "RNDIS", 1, WINUSB_BAD_ID) },
	{ "id_with_a_gap", WINUSB_ALL, 0, { WINUSB_PUT(32, 0) },
	  WINUSB_LEFT("", 2, "", "RNDIS", 1, WINUSB_BAD_ID) },
	{ "id_begins_with_nul", WINUSB_ALL, 0, { WINUSB_PUT(30, 0) },
	  WINUSB_LEFT("", 2, "", "RNDIS", 1, WINUSB_BAD_ID) },
	{ "id_padded_with_spaces", WINUSB_ALL, 0, { WINUSB_PUT(36, 0x2020) },
	  WINUSB_LEFT("", 2, "", "RNDIS", 1, WINUSB_BAD_ID) },
	{ "id_with_a_slash", WINUSB_ALL, 0, { WINUSB_PUT(32, 0x2f2e) },
	  WINUSB_LEFT("", 2, "", "RNDIS", 1, WINUSB_BAD_ID) },
	{ "sub_id_in_lower_case", WINUSB_ALL, 0, { WINUSB_PUT(198, 0x3178) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, WINUSB_BAD_SUB_ID) },
	{ "sub_id_alone", WINUSB_ALL, 0,
	  { WINUSB_PUT(190, 0), WINUSB_PUT(192, 0), WINUSB_PUT(194, 0) },
	  WINUSB_LEFT("", 2, "WINUSB", "", 1, WINUSB_LONELY_SUB_ID) },
	{ "id_is_there_twice", WINUSB_ALL, 0, { WINUSB_PUT(48, 3) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, "a second compatible ID") },

	{ "property_name_too_long", WINUSB_ALL, 0, { WINUSB_PUT(52, 0xffff) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_LONG_NAME) },
	{ "property_name_one_too_long", WINUSB_ALL, 0, { WINUSB_PUT(52, 123) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_LONG_NAME) },
	{ "property_data_too_long", WINUSB_ALL, 0, { WINUSB_PUT(96, 0xffff) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_LONG_DATA) },
	{ "property_data_one_too_long", WINUSB_ALL, 0, { WINUSB_PUT(96, 81) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_LONG_DATA) },
	{ "property_data_too_short", WINUSB_ALL, 0, { WINUSB_PUT(96, 78) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 1, NULL) },
	{ "property_without_body", WINUSB_ALL, 0, { WINUSB_PUT(46, 9) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_SHORT_FEATURE) },
	{ "property_type_zero", WINUSB_ALL, 0, { WINUSB_PUT(50, 0) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_BAD_TYPE) },
	{ "property_type_8", WINUSB_ALL, 0, { WINUSB_PUT(50, 8) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_BAD_TYPE) },
	{ "property_type_0x107", WINUSB_ALL, 0, { WINUSB_PUT(50, 0x107) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_BAD_TYPE) },
	{ "property_dword_of_80_bytes", WINUSB_ALL, 0, { WINUSB_PUT(50, 4) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_BAD_DWORD) },
	{ "property_name_begins_with_nul", WINUSB_ALL, 0, { WINUSB_PUT(54, 0) },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_BAD_NAME) },
	{ "property_name_without_nul", WINUSB_ALL, 0, { WINUSB_PUT(94, 'x') },
	  WINUSB_LEFT("", 2, "WINUSB", "RNDIS", 0, WINUSB_BAD_NAME) },
};

/* Of winusb_whole, which has two revisions. */
static const struct winusb_broken winusb_broken_devices[] = {
	{ "revision_is_there_twice", WINUSB_ALL, 0, { },
	  WINUSB_LEFT("WINUSB", 0, "", "", 0, "a second vendor revision") },
	{ "resume_time_out_of_range", WINUSB_ALL, 0, { WINUSB_PUT(34, 0x0a0b) },
	  WINUSB_LEFT("WINUSB", 0, "", "", 0, "a resume time that is out of range") },
	{ "resume_time_is_there_twice", WINUSB_ALL, 0,
	  { WINUSB_PUT(58, 5), WINUSB_PUT(60, 0x0101) },
	  WINUSB_LEFT("WINUSB", 0, "", "", 0, "a second resume time") },
	{ "model_id_is_there_twice", WINUSB_ALL, 0,
	  { WINUSB_PUT(12, 6), WINUSB_PUT(56, 12), WINUSB_PUT(58, 0x10) },
	  WINUSB_LEFT("", 0, "", "", 0, "a second model ID") },
	{ "model_id_too_short", WINUSB_ALL, 0, { WINUSB_PUT(36, 19) },
	  WINUSB_LEFT("WINUSB", 0, "", "", 0, WINUSB_SHORT_FEATURE) },
	{ "feature_length_zero", WINUSB_ALL, 0, { WINUSB_PUT(30, 0) },
	  WINUSB_LEFT("WINUSB", 0, "", "", 0, WINUSB_SHORT_HEAD) },
};

/* Of winusb_two_ids. */
static const struct winusb_broken winusb_broken_ids[] = {
	{ "nothing_is_wrong", WINUSB_ALL, 0, { }, 0x0100, "", 2, "WINUSB", "RNDIS", 0, NULL },
	{ "nothing_came", 0, 0, { }, WINUSB_REFUSED(WINUSB_NO_FEATURE) },
	{ "header_cut", 15, 0, { }, WINUSB_REFUSED(WINUSB_NO_FEATURE) },
	{ "other_version", WINUSB_ALL, 0, { WINUSB_PUT(4, 0x0200) },
	  WINUSB_REFUSED(WINUSB_NO_FEATURE) },
	{ "other_feature", WINUSB_ALL, 0, { WINUSB_PUT(6, 5) },
	  WINUSB_REFUSED(WINUSB_NO_FEATURE) },
	{ "length_zero", WINUSB_ALL, 0, { WINUSB_PUT(0, 0) }, WINUSB_REFUSED(WINUSB_NO_FEATURE) },
	{ "length_shorter_than_header", WINUSB_ALL, 0, { WINUSB_PUT(0, 15) },
	  WINUSB_REFUSED(WINUSB_NO_FEATURE) },
	{ "length_of_header", WINUSB_ALL, 0, { WINUSB_PUT(0, 16) },
	  0x0100, "", 0, "", "", 0, WINUSB_BAD_COUNT },
	{ "length_of_one_section", WINUSB_ALL, 0, { WINUSB_PUT(0, 40) },
	  0x0100, "", 1, "WINUSB", "", 0, WINUSB_BAD_COUNT },
	{ "length_too_large", WINUSB_ALL, 0, { WINUSB_PUT(2, 0xffff) },
	  0x0100, "", 2, "WINUSB", "RNDIS", 0, WINUSB_FEWER_FEATURE },
	{ "section_cut", 63, 0, { }, 0x0100, "", 1, "WINUSB", "", 0, WINUSB_FEWER_FEATURE },
	{ "count_zero", WINUSB_ALL, 0, { WINUSB_PUT(8, 0) },
	  0x0100, "", 0, "", "", 0, WINUSB_BAD_COUNT },
	{ "count_too_small", WINUSB_ALL, 0, { WINUSB_PUT(8, 1) },
	  0x0100, "", 1, "WINUSB", "", 0, WINUSB_BAD_COUNT },
	{ "count_too_large", WINUSB_ALL, 0, { WINUSB_PUT(8, 255) },
	  0x0100, "", 2, "WINUSB", "RNDIS", 0, WINUSB_BAD_COUNT },
	{ "function_is_there_twice", WINUSB_ALL, 0, { WINUSB_PUT(40, 0) },
	  0x0100, "", 1, "WINUSB", "", 0, WINUSB_TWICE },
	{ "id_in_lower_case", WINUSB_ALL, 0, { WINUSB_PUT(18, 0x4977) },
	  0x0100, "", 2, "", "RNDIS", 0, WINUSB_BAD_ID },
};

/* Of winusb_two_properties. */
static const struct winusb_broken winusb_broken_properties[] = {
	{ "nothing_is_wrong", WINUSB_ALL, 0, { }, 0, "", 0, "", "", 2, NULL },
	{ "nothing_came", 0, 0, { }, WINUSB_REFUSED(WINUSB_NO_FEATURE) },
	{ "header_cut", 9, 0, { }, WINUSB_REFUSED(WINUSB_NO_FEATURE) },
	{ "other_feature", WINUSB_ALL, 0, { WINUSB_PUT(6, 4) },
	  WINUSB_REFUSED(WINUSB_NO_FEATURE) },
	{ "length_shorter_than_header", WINUSB_ALL, 0, { WINUSB_PUT(0, 9) },
	  WINUSB_REFUSED(WINUSB_NO_FEATURE) },
	{ "length_too_large", WINUSB_ALL, 0, { WINUSB_PUT(0, 165) },
	  0, "", 0, "", "", 2, WINUSB_FEWER_FEATURE },
	{ "length_too_small", WINUSB_ALL, 0, { WINUSB_PUT(0, 163) },
	  0, "", 0, "", "", 1, WINUSB_BAD_SECTION },
	{ "section_cut", 100, 0, { }, 0, "", 0, "", "", 1, WINUSB_FEWER_FEATURE },
	{ "count_zero", WINUSB_ALL, 0, { WINUSB_PUT(8, 0) },
	  0, "", 0, "", "", 0, WINUSB_BAD_COUNT },
	{ "count_too_small", WINUSB_ALL, 0, { WINUSB_PUT(8, 1) },
	  0, "", 0, "", "", 1, WINUSB_BAD_COUNT },
	{ "count_too_large", WINUSB_ALL, 0, { WINUSB_PUT(8, 0xffff) },
	  0, "", 0, "", "", 2, WINUSB_BAD_COUNT },
	{ "section_size_zero", WINUSB_ALL, 0, { WINUSB_PUT(10, 0) },
	  0, "", 0, "", "", 0, WINUSB_BAD_SECTION },
	{ "section_size_13", WINUSB_ALL, 0, { WINUSB_PUT(10, 13) },
	  0, "", 0, "", "", 0, WINUSB_BAD_SECTION },
	{ "section_past_the_end", WINUSB_ALL, 0, { WINUSB_PUT(10, 155) },
	  0, "", 0, "", "", 0, WINUSB_BAD_SECTION },
	{ "section_past_4_gigabytes", WINUSB_ALL, 0,
	  { WINUSB_PUT(10, 0xffff), WINUSB_PUT(12, 0xffff) },
	  0, "", 0, "", "", 0, WINUSB_BAD_SECTION },
	{ "section_covers_the_next", WINUSB_ALL, 0, { WINUSB_PUT(10, 154) },
	  0, "", 0, "", "", 1, WINUSB_BAD_COUNT },
	{ "name_too_long", WINUSB_ALL, 0, { WINUSB_PUT(18, 9) },
	  0, "", 0, "", "", 1, WINUSB_LONG_NAME },
	{ "name_odd", WINUSB_ALL, 0, { WINUSB_PUT(18, 3), WINUSB_PUT(22, 0x0400),
				       WINUSB_PUT(24, 0) },
	  0, "", 0, "", "", 1, WINUSB_BAD_NAME },
	{ "name_without_nul", WINUSB_ALL, 0, { WINUSB_PUT(22, 'y') },
	  0, "", 0, "", "", 1, WINUSB_BAD_NAME },
	{ "data_too_long", WINUSB_ALL, 0, { WINUSB_PUT(24, 5) },
	  0, "", 0, "", "", 1, WINUSB_LONG_DATA },
	{ "data_past_4_gigabytes", WINUSB_ALL, 0,
	  { WINUSB_PUT(24, 0xffff), WINUSB_PUT(26, 0xffff) },
	  0, "", 0, "", "", 1, WINUSB_LONG_DATA },
	{ "dword_of_3_bytes", WINUSB_ALL, 0, { WINUSB_PUT(24, 3) },
	  0, "", 0, "", "", 1, WINUSB_BAD_DWORD },
	{ "type_above_16_bits", WINUSB_ALL, 0, { WINUSB_PUT(16, 1) },
	  0, "", 0, "", "", 1, WINUSB_BAD_TYPE },
};

/* Of winusb_two_capabilities; the version says whether there is a set. */
static const struct winusb_broken winusb_broken_bos[] = {
	{ .name = "nothing_is_wrong", .length = WINUSB_ALL, .version = 1 },
	{ .name = "nothing_came", .length = 0 },
	{ .name = "header_cut", .length = 4 },
	{ .name = "header_alone", .length = 5 },
	{ .name = "capability_cut", .length = 39 },
	{ "header_too_short", WINUSB_ALL, 0, { WINUSB_PUT(0, 0x0f04) } },
	{ "header_too_long", WINUSB_ALL, 0, { WINUSB_PUT(0, 0x0fff) } },
	{ "header_of_another_type", WINUSB_ALL, 0, { WINUSB_PUT(0, 0x0205) } },
	{ "total_zero", WINUSB_ALL, 0, { WINUSB_PUT(2, 0) } },
	{ "total_too_small", WINUSB_ALL, 0, { WINUSB_PUT(2, 39) } },
	{ "total_too_large", WINUSB_ALL, 0, { WINUSB_PUT(2, 0xffff) }, .version = 1 },
	{ "count_zero", WINUSB_ALL, 0, { WINUSB_PUT(4, 0x0700) } },
	{ "count_too_small", WINUSB_ALL, 0, { WINUSB_PUT(4, 0x0701) } },
	{ "count_too_large", WINUSB_ALL, 0, { WINUSB_PUT(4, 0x07ff) }, .version = 1 },
	{ "other_capability_of_length_zero", WINUSB_ALL, 0, { WINUSB_PUT(5, 0x1000) } },
	{ "other_capability_of_length_2", WINUSB_ALL, 0, { WINUSB_PUT(5, 0x1002) } },
	{ "other_capability_too_long", WINUSB_ALL, 0, { WINUSB_PUT(5, 0x10ff) } },
	{ "capability_of_length_zero", WINUSB_ALL, 0, { WINUSB_PUT(12, 0x1000) } },
	{ "capability_without_a_set", WINUSB_ALL, 0, { WINUSB_PUT(12, 0x1014) } },
	{ "capability_with_part_of_a_set", WINUSB_ALL, 0, { WINUSB_PUT(12, 0x101b) } },
	{ "capability_too_long", WINUSB_ALL, 0, { WINUSB_PUT(12, 0x101d) } },
	{ "no_capability", WINUSB_ALL, 0, { WINUSB_PUT(12, 0x111c) } },
	{ "other_platform", WINUSB_ALL, 0, { WINUSB_PUT(16, 0xdf61) } },
	{ "no_platform", WINUSB_ALL, 0, { WINUSB_PUT(14, 0x0006) } },
	{ "reserved_byte", WINUSB_ALL, 0, { WINUSB_PUT(14, 0xff05) }, .version = 1 },
	{ "set_of_9_bytes", WINUSB_ALL, 0, { WINUSB_PUT(36, 9) } },
	{ "set_of_the_future", WINUSB_ALL, 0, { WINUSB_PUT(34, 0x0b00) } },
};

static void winusb_broken_desc(const struct winusb_broken *broken, char *desc)
{
	strscpy(desc, broken->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(winusb_broken_set, winusb_broken_sets, winusb_broken_desc);
KUNIT_ARRAY_PARAM(winusb_broken_device, winusb_broken_devices, winusb_broken_desc);
KUNIT_ARRAY_PARAM(winusb_broken_id, winusb_broken_ids, winusb_broken_desc);
KUNIT_ARRAY_PARAM(winusb_broken_property, winusb_broken_properties, winusb_broken_desc);
KUNIT_ARRAY_PARAM(winusb_broken_bos, winusb_broken_bos, winusb_broken_desc);

/* The bytes as the row has them, and how many. */
static u8 *winusb_break(struct kunit *test, const u8 *base, size_t *length)
{
	const struct winusb_broken *broken = test->param_value;
	u8 *whole = winusb_exact(test, base, *length);
	const struct winusb_put *put;

	for (put = broken->puts; put < broken->puts + ARRAY_SIZE(broken->puts); put++) {
		if (put->used) {
			whole[put->offset] = put->value & 0xff;
			whole[put->offset + 1] = put->value >> 8;
		}
	}
	if (broken->length != WINUSB_ALL)
		*length = broken->length;
	return winusb_exact(test, whole, *length);
}

/* Whatever came in, this holds. */
static void winusb_expect_sound(struct kunit *test, const struct winusb_msos *msos,
				const u8 *data, size_t length)
{
	const struct winusb_msos_property *property;
	unsigned int i;

	KUNIT_ASSERT_LE(test, msos->num_functions, (unsigned int)WINUSB_MSOS_FUNCTIONS);
	KUNIT_ASSERT_LE(test, msos->num_properties, (unsigned int)WINUSB_MSOS_PROPERTIES);
	for (i = 0; i < msos->num_properties; i++) {
		property = &msos->properties[i];
		KUNIT_EXPECT_TRUE(test, property->name >= data);
		KUNIT_EXPECT_TRUE(test, property->name + property->name_length <= data + length);
		KUNIT_EXPECT_TRUE(test, property->data >= data);
		KUNIT_EXPECT_TRUE(test, property->data + property->data_length <= data + length);
		KUNIT_EXPECT_TRUE(test, property->name_length && property->name_length % 2 == 0);
		KUNIT_EXPECT_TRUE(test, property->function == WINUSB_MSOS_DEVICE ||
				  property->function < msos->num_functions);
	}
}

static void winusb_expect_left(struct kunit *test, const struct winusb_msos *msos,
			       const u8 *data, size_t length)
{
	const struct winusb_broken *broken = test->param_value;

	winusb_expect_sound(test, msos, data, length);
	KUNIT_EXPECT_STREQ(test, msos->fault ?: "", broken->fault ?: "");
	KUNIT_EXPECT_EQ(test, msos->version, broken->version);
	KUNIT_EXPECT_STREQ(test, msos->compatible_id, broken->device);
	KUNIT_EXPECT_EQ(test, msos->num_functions, broken->num_functions);
	KUNIT_EXPECT_STREQ(test, msos->functions[0].compatible_id, broken->first);
	KUNIT_EXPECT_STREQ(test, msos->functions[1].compatible_id, broken->second);
	KUNIT_EXPECT_EQ(test, msos->num_properties, broken->num_properties);
	KUNIT_EXPECT_FALSE(test, msos->ccgp);
}

static void winusb_test_set_is_served_as_far_as_valid(struct kunit *test)
{
	const struct winusb_broken *broken = test->param_value;
	size_t length = sizeof(winusb_pair);
	u8 *data = winusb_break(test, winusb_pair, &length);
	const struct winusb_msos_set set = { .length = broken->bos ?: sizeof(winusb_pair) };
	struct winusb_msos *msos = winusb_new_msos(test);

	winusb_msos_parse_set(data, length, &set, 0, msos);
	winusb_expect_left(test, msos, data, length);
	/* A function of the device's is never another one's. */
	KUNIT_EXPECT_EQ(test, msos->functions[0].sub_compatible_id[0] != 0,
			!strcmp(msos->functions[0].compatible_id, "RNDIS"));
}

static void winusb_test_device_is_served_as_far_as_valid(struct kunit *test)
{
	size_t length = sizeof(winusb_whole);
	u8 *data = winusb_break(test, winusb_whole, &length);
	const struct winusb_msos_set set = { .length = sizeof(winusb_whole) };
	struct winusb_msos *msos = winusb_new_msos(test);

	BUILD_BUG_ON(sizeof(winusb_whole) != 68);
	winusb_msos_parse_set(data, length, &set, 0, msos);
	winusb_expect_left(test, msos, data, length);
	KUNIT_EXPECT_LE(test, msos->vendor_revision, 2);
	KUNIT_EXPECT_LE(test, msos->resume_recovery_ms, 5);
}

static void winusb_test_compatible_ids_are_served_as_far_as_valid(struct kunit *test)
{
	size_t length = sizeof(winusb_two_ids);
	u8 *data = winusb_break(test, winusb_two_ids, &length);
	struct winusb_msos *msos = winusb_new_msos(test);

	winusb_msos_parse_compatible_ids(data, length, msos);
	winusb_expect_left(test, msos, data, length);
}

static void winusb_test_properties_are_served_as_far_as_valid(struct kunit *test)
{
	size_t length = sizeof(winusb_two_properties);
	u8 *data = winusb_break(test, winusb_two_properties, &length);
	struct winusb_msos *msos = winusb_new_msos(test);

	memset(msos, 0, sizeof(*msos));
	winusb_msos_parse_properties(data, length, WINUSB_MSOS_DEVICE, msos);
	winusb_expect_left(test, msos, data, length);
}

static void winusb_test_broken_bos_offers_no_set(struct kunit *test)
{
	const struct winusb_broken *broken = test->param_value;
	size_t length = sizeof(winusb_two_capabilities);
	u8 *data = winusb_break(test, winusb_two_capabilities, &length);
	struct winusb_msos_set set = { };

	KUNIT_EXPECT_EQ(test, winusb_msos_find_set(data, length, &set), broken->version == 1);
	KUNIT_EXPECT_EQ(test, set.length, broken->version ? 212 : 0);
}

/* All that is parsed from one buffer, with whatever it holds. */
static void winusb_parse_all(struct kunit *test, struct winusb_msos *msos, const u8 *data,
			     size_t length)
{
	const struct winusb_msos_set set = { .length = 0xffff };
	struct winusb_msos_set found;
	u8 code;

	winusb_msos_find_set(data, length, &found);
	winusb_msos_parse_string(data, length, &code);
	winusb_msos_parse_set(data, length, &set, 0, msos);
	winusb_expect_sound(test, msos, data, length);
	winusb_msos_parse_compatible_ids(data, length, msos);
	winusb_msos_parse_properties(data, length, WINUSB_MSOS_DEVICE, msos);
	winusb_expect_sound(test, msos, data, length);
}

/* Every length and every byte replaced by what lengths like least. */
static void winusb_sweep(struct kunit *test, const u8 *base, size_t length)
{
	static const u8 values[] = { 0x00, 0x01, 0x07, 0x7f, 0x80, 0xff };
	struct winusb_msos *msos = winusb_new_msos(test);
	u8 *data;
	size_t i;
	int v;

	for (i = 0; i <= length; i++) {
		/* Not kept until the test ends: there are many. */
		data = kmemdup(base, i, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, data);
		winusb_parse_all(test, msos, data, i);
		kfree(data);
	}
	data = winusb_exact(test, base, length);
	for (i = 0; i < length; i++) {
		for (v = 0; v < ARRAY_SIZE(values); v++) {
			data[i] = values[v];
			winusb_parse_all(test, msos, data, length);
		}
		data[i] = base[i];
	}
}

static void winusb_test_nothing_is_read_past_the_end(struct kunit *test)
{
	winusb_sweep(test, winusb_pair, sizeof(winusb_pair));
	winusb_sweep(test, winusb_whole, sizeof(winusb_whole));
	winusb_sweep(test, winusb_two_ids, sizeof(winusb_two_ids));
	winusb_sweep(test, winusb_two_properties, sizeof(winusb_two_properties));
	winusb_sweep(test, winusb_two_capabilities, sizeof(winusb_two_capabilities));
}

/* The most headers that fit into 64 KiB: one step for each, however they overlap. */
static void winusb_test_largest_set_takes_no_time(struct kunit *test)
{
	static const u8 head[] = { WINUSB_SET(0xffff) };
	static const u8 configuration[] = { WINUSB_CONFIG_SUBSET(0, 0xffff) };
	static const u8 function[] = { WINUSB_FUNCTION_SUBSET(0, 0xffff) };
	const struct winusb_msos_set set = { .length = 0xffff };
	struct winusb_msos *msos = winusb_new_msos(test);
	u8 *data = kunit_kmalloc(test, 0xffff, GFP_KERNEL);
	size_t at;

	KUNIT_ASSERT_NOT_NULL(test, data);
	memset(data, 0, 0xffff);
	memcpy(data, head, sizeof(head));
	for (at = sizeof(head); at + 8 <= 0xffff; at += 8) {
		memcpy(data + at, at / 8 % 3 ? function : configuration, 8);
		data[at + 4] = at / 8 % 3 ? at / 8 : 0;
	}
	winusb_msos_parse_set(data, 0xffff, &set, 0, msos);
	KUNIT_EXPECT_EQ(test, msos->num_functions, (unsigned int)WINUSB_MSOS_FUNCTIONS);
	winusb_expect_sound(test, msos, data, 0xffff);
}

static struct kunit_case winusb_msos_broken_cases[] = {
	WINUSB_CASE_PARAM(set_is_served_as_far_as_valid, winusb_broken_set),
	WINUSB_CASE_PARAM(device_is_served_as_far_as_valid, winusb_broken_device),
	WINUSB_CASE_PARAM(compatible_ids_are_served_as_far_as_valid, winusb_broken_id),
	WINUSB_CASE_PARAM(properties_are_served_as_far_as_valid, winusb_broken_property),
	WINUSB_CASE_PARAM(broken_bos_offers_no_set, winusb_broken_bos),
	WINUSB_CASE(nothing_is_read_past_the_end),
	WINUSB_CASE(largest_set_takes_no_time),
	{ }
};

static struct kunit_suite winusb_msos_broken_suite = {
	.name = "winusb_msos_broken",
	.test_cases = winusb_msos_broken_cases,
};

kunit_test_suite(winusb_msos_broken_suite);
