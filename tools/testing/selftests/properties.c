// SPDX-License-Identifier: MIT
/*
 * Properties of functions: what an administrator writes, what the firmware says, and the files that
 * show both. Interface GUIDs are such a property.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "board.h"
#include "pnp.h"
#include "test.h"

#define ADD DRIVER "/function_property"
#define REMOVE DRIVER "/remove_function_property"

#define GUID_3 "{00112233-4455-6677-8899-aabbccddeeff}"

static struct board *board;

void test_setup(void)
{
	board = pnp_board(0x0100);
	boards_start();
}

/* A REG_MULTI_SZ of the GUID that ends with each of these numbers. */
static const char *many_guids(unsigned int from, unsigned int count, const char *between)
{
	static char text[512];
	size_t length = 0;

	text[0] = 0;
	for (; count--; from++)
		length += snprintf(text + length, sizeof(text) - length,
				   "%s{00000000-0000-0000-0000-0000000000%02x}",
				   length ? between : "", from);
	return text;
}

struct text {
	const char *label;
	const char *text;
};

#define KEY "1209 0100 00 "
#define NAME_64 "n123456789n123456789n123456789n123456789n123456789n123456789n123"

static const struct text bad_lines[] = {
	{ "nothing", "\n" }, { "spaces", "   " }, { "a_word", "fx2" },
	{ "one_number", "1209" }, { "two_numbers", "1209 0100" }, { "a_key_alone", KEY },
	{ "no_name", KEY "REG_SZ" }, { "no_value", KEY "REG_SZ Name" },
	{ "a_vendor_too_large", "11209 0100 00 REG_SZ Name x" },
	{ "a_vendor_that_is_none", "120g 0100 00 REG_SZ Name x" },
	{ "a_product_too_large", "1209 10100 00 REG_SZ Name x" },
	{ "an_interface_too_large", "1209 0100 100 REG_SZ Name x" },
	{ "a_negative_interface", "1209 0100 -1 REG_SZ Name x" },
	{ "two_stars", "1209 0100 ** REG_SZ Name x" },
	{ "a_type_in_lower_case", KEY "reg_sz Name x" },
	{ "a_type_that_is_none", KEY "REG_QWORD Name 1" },
	{ "a_type_that_nobody_gives", KEY "REG_LINK Name 00" },
	{ "a_number_for_a_type", KEY "1 Name x" },
	{ "a_name_with_a_dot_first", KEY "REG_SZ .Name x" },
	{ "a_name_of_dots", KEY "REG_SZ .. x" },
	{ "a_name_with_a_slash", KEY "REG_SZ a/b x" },
	{ "a_name_with_a_dollar", KEY "REG_SZ a$b x" },
	{ "a_name_with_a_letter_past_ASCII", KEY "REG_SZ N\303\244me x" },
	{ "a_name_of_65", KEY "REG_SZ " NAME_64 "4 x" },
	{ "a_DWORD_that_is_none", KEY "REG_DWORD Name x" },
	{ "a_DWORD_of_nothing", KEY "REG_DWORD Name " },
	{ "a_DWORD_too_large", KEY "REG_DWORD Name 4294967296" },
	{ "a_negative_DWORD", KEY "REG_DWORD Name -1" },
	{ "two_DWORDs", KEY "REG_DWORD Name 1 2" },
	{ "half_a_byte", KEY "REG_BINARY Name 001" },
	{ "a_byte_that_is_none", KEY "REG_BINARY Name 0g" },
	{ "bytes_with_spaces", KEY "REG_BINARY Name 00 11" },
	{ "a_tab", KEY "REG_SZ Name a\tb" }, { "an_escape", KEY "REG_SZ Name a\033[2Jb" },
	{ "two_lines", KEY "REG_SZ Name x\n" KEY "REG_SZ Name y" },
	{ "a_letter_past_ASCII", KEY "REG_SZ Name Gr\303\274\303\237e" },
	{ "a_GUID_that_is_none", KEY "REG_SZ DeviceInterfaceGUID hello" },
	{ "a_GUID_without_braces",
	  KEY "REG_SZ DeviceInterfaceGUID 00112233-4455-6677-8899-aabbccddeeff" },
	{ "two_GUIDs_for_one", KEY "REG_SZ deviceinterfaceguid " GUID_1 " " GUID_2 },
	{ "one_of_two_GUIDs", KEY "REG_MULTI_SZ DeviceInterfaceGUIDs " GUID_1 " x" },
	{ "no_GUIDs", KEY "REG_MULTI_SZ DeviceInterfaceGUIDs " },
	{ "a_GUID_of_another_type", KEY "REG_MULTI_SZ DeviceInterfaceGUID " GUID_1 },
	{ "GUIDs_of_another_type", KEY "REG_SZ DeviceInterfaceGUIDs " GUID_1 },
};

TEST_EACH(a_bad_property_is_EINVAL, struct text, row, bad_lines)
{
	char text[64];

	CHECK_OK(file_write(ADD, KEY "REG_DWORD There 1"));
	CHECK_ERR(file_write(ADD, row->text), EINVAL);
	CHECK_OK(file_read(ADD, text, sizeof(text)));
	CHECK_TEXT(text, KEY "REG_DWORD There 1\n");
}

struct line {
	const char *label;
	const char *written;
	const char *read;
};

static const struct line good_lines[] = {
	{ "a_string", KEY "REG_SZ Name some text", KEY "REG_SZ Name some text\n" },
	{ "an_empty_string", KEY "REG_SZ Name ", KEY "REG_SZ Name \n" },
	{ "signs", KEY "REG_SZ Name $(x)`'\"\\;&|<>%s", KEY "REG_SZ Name $(x)`'\"\\;&|<>%s\n" },
	{ "with_its_newline", KEY "REG_SZ Name x\n", KEY "REG_SZ Name x\n" },
	{ "strings", KEY "REG_MULTI_SZ Name one  two three", KEY "REG_MULTI_SZ Name one two three\n" },
	{ "a_decimal_number", KEY "REG_DWORD Name 4294967295", KEY "REG_DWORD Name 4294967295\n" },
	{ "a_hexadecimal_number", KEY "REG_DWORD Name 0xfF", KEY "REG_DWORD Name 255\n" },
	{ "bytes", KEY "REG_BINARY Name 00FFab", KEY "REG_BINARY Name 00ffab\n" },
	{ "short_numbers", "9 1 a REG_SZ Name x", "0009 0001 0a REG_SZ Name x\n" },
	{ "the_whole_device", "1209 0100 * REG_SZ Name x", "1209 0100 * REG_SZ Name x\n" },
	{ "a_name_of_64", KEY "REG_SZ " NAME_64 " x", KEY "REG_SZ " NAME_64 " x\n" },
	{ "all_characters_of_a_name", KEY "REG_SZ _aZ09.- x", KEY "REG_SZ _aZ09.- x\n" },
	{ "a_GUID", KEY "REG_SZ DeviceInterfaceGUID " GUID_1,
	  KEY "REG_SZ DeviceInterfaceGUID " GUID_1 "\n" },
};

TEST_EACH(a_property_is_kept_and_shown, struct line, row, good_lines)
{
	char text[256];

	CHECK_OK(file_write(ADD, row->written));
	CHECK_OK(file_read(ADD, text, sizeof(text)));
	CHECK_TEXT(text, row->read);
}

TEST(a_line_may_have_512_bytes)
{
	char line[600], text[1024];

	memset(line, 'x', sizeof(line));
	memcpy(line, KEY "REG_SZ Name ", strlen(KEY "REG_SZ Name "));
	line[513] = 0;
	CHECK_ERR(file_write(ADD, line), EINVAL);
	line[512] = 0;
	CHECK_OK(file_write(ADD, line));
	CHECK_EQ(file_read(ADD, text, sizeof(text)), 513);
	CHECK_MEM(text, line, 512);
}

TEST(a_property_of_the_same_name_in_any_case_replaces)
{
	char text[256];

	CHECK_OK(file_write(ADD, KEY "REG_SZ Name one"));
	CHECK_OK(file_write(ADD, KEY "REG_SZ Other x"));
	CHECK_OK(file_write(ADD, KEY "REG_DWORD NAME 2"));
	CHECK_OK(file_write(ADD, "1209 0100 01 REG_SZ Name y"));
	CHECK_OK(file_read(ADD, text, sizeof(text)));
	CHECK_TEXT(text, KEY "REG_DWORD NAME 2\n" KEY "REG_SZ Other x\n"
		   "1209 0100 01 REG_SZ Name y\n");
	CHECK_OK(file_write(REMOVE, KEY "name"));
	CHECK_OK(file_read(ADD, text, sizeof(text)));
	CHECK_TEXT(text, KEY "REG_SZ Other x\n1209 0100 01 REG_SZ Name y\n");
}

static const struct text bad_removals[] = {
	{ "nothing", "\n" }, { "a_word", "fx2" }, { "two_numbers", "1209 0100" },
	{ "a_key_alone", "1209 0100 00" }, { "two_names", KEY "There Other" },
	{ "a_vendor_too_large", "11209 0100 00 There" }, { "a_line_too_many", KEY "There\nx" },
};

TEST_EACH(a_bad_removal_is_EINVAL, struct text, row, bad_removals)
{
	char text[64];

	CHECK_OK(file_write(ADD, KEY "REG_DWORD There 1"));
	CHECK_ERR(file_write(REMOVE, row->text), EINVAL);
	CHECK_OK(file_read(ADD, text, sizeof(text)));
	CHECK_TEXT(text, KEY "REG_DWORD There 1\n");
}

TEST(removing_takes_what_was_named_and_is_ENODEV_if_there_is_none)
{
	char text[256];

	CHECK_OK(file_write(ADD, KEY "REG_SZ One 1"));
	CHECK_OK(file_write(ADD, KEY "REG_SZ Two 2"));
	CHECK_OK(file_write(ADD, "1209 0100 * REG_SZ One 1"));
	CHECK_ERR(file_write(REMOVE, KEY "Three"), ENODEV);
	CHECK_ERR(file_write(REMOVE, "1209 0101 00 One"), ENODEV);
	CHECK_ERR(file_write(REMOVE, "1209 0100 01 *"), ENODEV);
	CHECK_ERR(file_write(REMOVE, "1209 0100 * Two"), ENODEV);
	CHECK_OK(file_write(REMOVE, KEY "*"));
	CHECK_OK(file_read(ADD, text, sizeof(text)));
	CHECK_TEXT(text, "1209 0100 * REG_SZ One 1\n");
	CHECK_ERR(file_write(REMOVE, KEY "*"), ENODEV);
	CHECK_OK(file_write(REMOVE, "1209 0100 * ONE"));
	CHECK_EQ(file_read(ADD, text, sizeof(text)), 0);
}

TEST_LIMIT(there_are_1024_at_most_and_a_page_of_them_is_shown, 60)
{
	char line[64], text[8192];
	int i, n, result = 0;

	for (n = 0; n < 2000 && !result; n++) {
		snprintf(line, sizeof(line), "1209 %04x 00 REG_DWORD N%d 1", n / 512, n);
		result = file_write(ADD, line);
	}
	CHECK_ERR(result, ENOSPC);
	CHECK_EQ(n - 1, 1024);
	/* One takes the place of another. */
	CHECK_OK(file_write(ADD, "1209 0001 00 REG_DWORD n1000 2"));
	n = file_read(ADD, text, sizeof(text));
	CHECK(n > 3900 && n <= 4096);
	CHECK_EQ(text[n - 1], '\n');
	for (i = 0; i < 2; i++) {
		snprintf(line, sizeof(line), "1209 %04x 00 *", i);
		CHECK_OK(file_write(REMOVE, line));
	}
	CHECK_EQ(file_read(ADD, text, sizeof(text)), 0);
}

/* The names in properties/, each with a space behind, in alphabetical order. */
static const char *property_names(unsigned int interface)
{
	static char names[4096];
	struct dirent **entries;
	char path[128];
	int i, n;

	snprintf(path, sizeof(path), "/sys/class/winusb/%s/properties",
		 board_node(board, interface));
	names[0] = 0;
	n = scandir(path, &entries, NULL, alphasort);
	for (i = 0; i < n; i++) {
		if (strcmp(entries[i]->d_name, ".") && strcmp(entries[i]->d_name, ".."))
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%.255s ",
				 entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return names;
}

/* Plugs the board in, all functions that say WINUSB bound. */
static void plug(const char *options, unsigned int mask)
{
	configure(board, options);
	autobind("on");
	plug_in(&board, 1);
	wait_bound(board, mask);
}

struct version {
	const char *label;
	const char *options;
};

static const struct version versions[] = {
	{ "1_0", "os=1,props=full" },
	{ "2_0", "os=2,props=full" },
};

TEST_EACH(firmwares_properties_of_every_type_are_files, struct version, row, versions)
{
	static const char link[] = "\\Registry\\Machine\\Software";
	char text[256];
	int length;
	size_t i;

	plug(row->options, 0x1);
	length = snprintf(text, sizeof(text), "REG_LINK\n");
	for (i = 0; i < sizeof(link); i++)
		length += snprintf(text + length, sizeof(text) - length, "%02x00", link[i]);
	CHECK_TEXT(property_names(0),
		   "BigEndian Blob DefaultIdleTimeout DeviceIdleEnabled DeviceInterfaceGUIDs "
		   "Icons Label Link Names SystemWakeEnabled ");
	CHECK_ATTRIBUTE(board, 0, "properties/BigEndian", "REG_DWORD_BIG_ENDIAN\n16909060");
	CHECK_ATTRIBUTE(board, 0, "properties/Blob", "REG_BINARY\n00017f80ff");
	CHECK_ATTRIBUTE(board, 0, "properties/DefaultIdleTimeout", "REG_DWORD\n5000");
	CHECK_ATTRIBUTE(board, 0, "properties/DeviceIdleEnabled", "REG_DWORD\n1");
	CHECK_ATTRIBUTE(board, 0, "properties/DeviceInterfaceGUIDs", "REG_MULTI_SZ\n" GUID_1);
	CHECK_ATTRIBUTE(board, 0, "properties/Icons",
			"REG_EXPAND_SZ\n%SystemRoot%\\system32\\icon.dll,-1");
	CHECK_ATTRIBUTE(board, 0, "properties/Label",
			"REG_SZ\nGr\303\274\303\237e \360\237\230\200");
	CHECK_ATTRIBUTE(board, 0, "properties/Link", text);
	CHECK_ATTRIBUTE(board, 0, "properties/Names", "REG_MULTI_SZ\none\ntwo");
	CHECK_ATTRIBUTE(board, 0, "properties/SystemWakeEnabled", "REG_DWORD\n0");
}

static const struct version nasty_versions[] = {
	{ "1_0", "os=1,props=nasty" },
	{ "2_0", "os=2,props=nasty" },
};

TEST_EACH(names_that_are_no_file_names_are_not_there, struct version, row, nasty_versions)
{
	plug(row->options, 0x1);
	CHECK_TEXT(property_names(0), "DeviceInterfaceGUIDs Value Values ");
	/* Nor can a value be more than a line. */
	CHECK_ATTRIBUTE(board, 0, "properties/Value",
			"REG_SZ\na\357\277\275E: WINUSB_GUID_0=x\357\277\275\"'`$(x);&|\\");
	CHECK_ATTRIBUTE(board, 0, "properties/Values",
			"REG_MULTI_SZ\na\357\277\275b\n../../evil\n$(x)");
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_1);
}

TEST(a_value_is_shown_up_to_a_page)
{
	char path[160], names[4096], text[8192], *rest = names, *name;
	unsigned int long_ones = 0;
	int n;

	plug("fault=property-huge", 0x1);
	snprintf(names, sizeof(names), "%s", property_names(0));
	while ((name = strsep(&rest, " ")) && *name) {
		snprintf(path, sizeof(path), "/sys/class/winusb/%s/properties/%.60s",
			 board_node(board, 0), name);
		n = file_read(path, text, sizeof(text));
		CHECK(n > 0 && n <= 4096);
		long_ones += n > 4000;
	}
	CHECK_EQ(long_ones, 1);
}

TEST(an_administrators_property_wins_over_the_firmwares_and_is_taken_back)
{
	plug("os=2,props=full", 0x1);
	CHECK_OK(file_write(ADD, KEY "REG_SZ defaultIDLEtimeout soon"));
	CHECK_ATTRIBUTE(board, 0, "properties/defaultIDLEtimeout", "REG_SZ\nsoon");
	CHECK(!strstr(property_names(0), "DefaultIdleTimeout"));
	CHECK_OK(file_write(ADD, KEY "REG_DWORD DefaultIdleTimeout 7"));
	CHECK_ATTRIBUTE(board, 0, "properties/DefaultIdleTimeout", "REG_DWORD\n7");
	CHECK_OK(file_write(REMOVE, KEY "DEFAULTIDLETIMEOUT"));
	CHECK_ATTRIBUTE(board, 0, "properties/DefaultIdleTimeout", "REG_DWORD\n5000");
	CHECK(!strstr(property_names(0), "IDLE"));
}

TEST(a_property_is_for_functions_bound_now_and_later)
{
	plug("os=2", 0x1);
	CHECK_OK(file_write(ADD, KEY "REG_MULTI_SZ Mine one two"));
	CHECK_OK(file_write(ADD, KEY "REG_BINARY Bytes 0aFF"));
	CHECK_OK(file_write(ADD, "1209 0101 00 REG_SZ Others x"));
	CHECK_ATTRIBUTE(board, 0, "properties/Mine", "REG_MULTI_SZ\none\ntwo");
	CHECK_ATTRIBUTE(board, 0, "properties/Bytes", "REG_BINARY\n0aff");
	board_unplug(board);
	plug("os=none", 0);
	name_function(board, 0);
	wait_bound(board, 0x1);
	CHECK_TEXT(property_names(0), "Bytes Mine ");
	CHECK_ATTRIBUTE(board, 0, "properties/Mine", "REG_MULTI_SZ\none\ntwo");
	CHECK_OK(file_write(REMOVE, KEY "*"));
	CHECK_TEXT(property_names(0), "");
}

TEST(a_property_is_for_the_function_with_its_number)
{
	plug("os=2,layout=composite", 0xb);
	CHECK_OK(file_write(ADD, "1209 0100 00 REG_SZ Zero x"));
	CHECK_OK(file_write(ADD, "1209 0100 01 REG_SZ One x"));
	CHECK_OK(file_write(ADD, "1209 0100 03 REG_SZ Three x"));
	CHECK_OK(file_write(ADD, "1209 0100 * REG_SZ All x"));
	CHECK_TEXT(property_names(0), "DeviceInterfaceGUIDs Zero ");
	CHECK_TEXT(property_names(1), "");
	CHECK_TEXT(property_names(3), "DeviceInterfaceGUIDs Three ");
}

TEST(a_property_with_a_star_is_for_the_whole_device)
{
	plug("os=2,layout=whole", 0x3);
	CHECK_OK(file_write(ADD, "1209 0100 01 REG_SZ One x"));
	CHECK_OK(file_write(ADD, "1209 0100 * REG_SZ All x"));
	CHECK_OK(file_write(ADD, "1209 0100 * REG_SZ DeviceInterfaceGUID " GUID_3));
	CHECK_TEXT(property_names(0), "All DeviceInterfaceGUID DeviceInterfaceGUIDs ");
	CHECK_TEXT(property_names(1), "");
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_3);
}

TEST(an_administrators_GUIDs_win_over_the_firmwares_and_the_plural_over_the_singular)
{
	plug("os=2", 0x1);
	CHECK_OK(file_write(ADD, KEY "REG_SZ DEVICEinterfaceguid {00112233-4455-6677-8899-"
			    "AABBCCDDEEFF}"));
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_3);
	CHECK_OK(file_write(ADD, KEY "REG_MULTI_SZ DeviceInterfaceGUIDs " GUID_2 " " GUID_1));
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_2 "\n" GUID_1);
	CHECK_OK(file_write(REMOVE, KEY "DeviceInterfaceGUIDs"));
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_3);
	CHECK_OK(file_write(REMOVE, KEY "*"));
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_1);
}

TEST(interface_guids_can_be_written_and_taken_back)
{
	plug("os=2,layout=composite", 0xb);
	CHECK_OK(set_attribute(board, 0, "interface_guids", GUID_3));
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_3);
	/* In lower case, with white space of any kind between, each once, in their order. */
	CHECK_OK(set_attribute(board, 0, "interface_guids", " " GUID_2 "\t \n"
			       "{7C3F9A51-64DE-4B0A-9E21-5F1D8C2B7A01}\n" GUID_2 "\n"));
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_2 "\n" GUID_1);
	CHECK_ATTRIBUTE(board, 3, "interface_guids", GUID_2);
	/* An administrator's property does not count then, but again when it is taken back. */
	CHECK_OK(file_write(ADD, KEY "REG_SZ DeviceInterfaceGUID " GUID_3));
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_2 "\n" GUID_1);
	CHECK_OK(set_attribute(board, 0, "interface_guids", "\n"));
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_3);
	CHECK_OK(set_attribute(board, 0, "interface_guids", many_guids(1, 8, "\n")));
	CHECK_ATTRIBUTE(board, 0, "interface_guids", many_guids(1, 8, "\n"));
}

TEST(bad_interface_guids_are_EINVAL_and_change_nothing)
{
	static const char *const bad[] = {
		"hello", GUID_1 "x", "{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a0}", GUID_2 " hello",
		"7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a01", GUID_2 "," GUID_3, "{}", "0",
		"{7c3f9a51-64de-4b0a-9e21-5f1d8c2b7a0g}", "{7c3f9a5164de-4b0a--9e21-5f1d8c2b7a01}",
	};
	size_t i;

	plug("os=2,layout=composite", 0xb);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_ERR(set_attribute(board, 0, "interface_guids", bad[i]), EINVAL);
	CHECK_ERR(set_attribute(board, 0, "interface_guids", many_guids(1, 9, " ")), EINVAL);
	/* Only the default interface has any. */
	CHECK_ERR(set_attribute(board, 1, "interface_guids", GUID_2), EINVAL);
	CHECK_ERR(set_attribute(board, 1, "interface_guids", "\n"), EINVAL);
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_1);
	CHECK_ATTRIBUTE(board, 1, "interface_guids", "");
}

TEST(interface_guids_that_were_written_end_with_the_binding)
{
	plug("os=2", 0x1);
	CHECK_OK(set_attribute(board, 0, "interface_guids", GUID_3));
	CHECK_OK(interface_unbind(board_node(board, 0)));
	CHECK_OK(interface_bind(board_node(board, 0), "winusb"));
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_1);
}

TEST(firmwares_GUIDs_come_from_either_name)
{
	plug("os=2,props=singular", 0x1);
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_1);
	CHECK_TEXT(property_names(0), "DeviceInterfaceGUID ");
	CHECK_ATTRIBUTE(board, 0, "properties/DeviceInterfaceGUID", "REG_SZ\n" GUID_1);
	board_unplug(board);
	plug("os=2,props=none", 0x1);
	CHECK_ATTRIBUTE(board, 0, "interface_guids", "");
	CHECK_TEXT(property_names(0), "");
}

TEST(alternate_enumeration_and_vendor_revision_are_shown_and_nothing_is_sent)
{
	plug("os=2,alt=165,revision=4660", 0x1);
	CHECK_ATTRIBUTE(board, 0, "alternate_enumeration", "a5");
	CHECK_ATTRIBUTE(board, 0, "vendor_revision", "4660");
	CHECK_EQ(board_value(board, "os_alternate"), 0);
	CHECK_EQ(board_value(board, "os_requests"), 1);
}

static void expect_mode(const char *path, unsigned int mode)
{
	struct stat status;

	if (stat(path, &status))
		FAIL("%s: %s", path, strerror(errno));
	if ((status.st_mode & 07777) != mode)
		FAIL("%s has mode %04o, expected %04o", path, status.st_mode & 07777, mode);
}

TEST(files_can_be_read_by_all_and_written_by_root)
{
	static const struct {
		const char *name;
		unsigned int mode;
	} files[] = {
		{ "function", 0444 }, { "whole_device", 0444 }, { "function_complete", 0444 },
		{ "os_descriptors", 0444 }, { "compatible_id", 0444 },
		{ "sub_compatible_id", 0444 }, { "vendor_revision", 0444 },
		{ "alternate_enumeration", 0444 }, { "interface_guids", 0644 },
		{ "interface_enabled", 0644 }, { "properties", 0755 },
		{ "properties/DeviceInterfaceGUIDs", 0444 },
	};
	char path[160];
	size_t i;

	expect_mode(ADD, 0644);
	expect_mode(REMOVE, 0200);
	expect_mode(PARAMETERS "/autobind", 0644);
	expect_mode(PARAMETERS "/no_os_string", 0644);
	plug("os=2", 0x1);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/sys/class/winusb/%s/%s", board_node(board, 0),
			 files[i].name);
		expect_mode(path, files[i].mode);
	}
}
