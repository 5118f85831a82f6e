// SPDX-License-Identifier: MIT
/*
 * Which interfaces the driver takes: what an administrator named, and with autobind=on the functions
 * whose firmware says WINUSB; and not at the price of a request that a device may not bear. Whom it
 * leaves alone is in harmless.c.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "pnp.h"
#include "test.h"

struct function {
	unsigned int first;
	unsigned int mask;
	const char *guid;
};

/* A layout of the msos board with some versions of the descriptors, and what comes of it. */
struct device {
	const char *options;
	const char *version;
	struct function functions[2];	/* those that say WINUSB */
	bool whole;			/* one function has all interfaces */
	unsigned int strings, sets;	/* how often 0xEE and the set of 2.0 are asked for */
};

/* One function of one interface, of both, and a function and another one. */
#define SINGLE	{ { 0, 0x1, GUID_1 } }, true
#define WHOLE	{ { 0, 0x3, GUID_1 } }, true
#define PARTS	{ { 0, 0x3, GUID_1 }, { 3, 0x8, GUID_2 } }, false
#define MANY	{ { 0, 0x1, GUID_1 }, { 1, 0x2, GUID_2 } }, false

static const struct device devices[] = {
	{ "layout=single,os=none", "none", { { 0 } }, true, 1, 0 },
	{ "layout=single,os=1", "1.0", SINGLE, 1, 0 },
	{ "layout=single,os=2", "2.0", SINGLE, 0, 1 },
	{ "layout=single,os=both", "2.0", SINGLE, 0, 1 },
	{ "layout=composite,os=none", "none", { { 0 } }, false, 1, 0 },
	{ "layout=composite,os=1", "1.0", PARTS, 1, 0 },
	{ "layout=composite,os=2", "2.0", PARTS, 0, 1 },
	{ "layout=composite,os=both", "2.0", PARTS, 0, 1 },
	{ "layout=whole,os=none", "none", { { 0 } }, true, 1, 0 },
	{ "layout=whole,os=1", "1.0", WHOLE, 1, 0 },
	{ "layout=whole,os=2", "2.0", WHOLE, 0, 1 },
	{ "layout=whole,os=both", "2.0", WHOLE, 0, 1 },
	{ "layout=ccgp,os=none", "none", { { 0 } }, true, 1, 0 },
	{ "layout=ccgp,os=1", "1.0", SINGLE, 1, 0 },
	{ "layout=ccgp,os=2", "2.0", SINGLE, 0, 1 },
	{ "layout=ccgp,os=both", "2.0", SINGLE, 0, 1 },
	{ "layout=ccgp-many,os=none", "none", { { 0 } }, true, 1, 0 },
	{ "layout=ccgp-many,os=1", "1.0", WHOLE, 1, 0 },
	{ "layout=ccgp-many,os=2", "2.0", MANY, 0, 1 },
	{ "layout=ccgp-many,os=both", "2.0", MANY, 0, 1 },
};

enum { BOARDS = 8 };

static struct board *boards[BOARDS], *fx2, *composite;

void test_setup(void)
{
	unsigned int i;

	for (i = 0; i < BOARDS; i++)
		boards[i] = pnp_board(0x0100 + i);
	fx2 = board_add("fx2");
	composite = board_add("composite");
	boards_start();
}

static unsigned int says_winusb(const struct device *device)
{
	return device->functions[0].mask | device->functions[1].mask;
}

/* Plugs all devices in, some at a time, and looks at each. */
static void each_device(const char *mode, void (*look)(struct board *board,
						       const struct device *device))
{
	size_t i, j, n;

	for (i = 0; i < ARRAY_SIZE(devices); i += n) {
		n = ARRAY_SIZE(devices) - i < BOARDS ? ARRAY_SIZE(devices) - i : BOARDS;
		for (j = 0; j < n; j++)
			configure(boards[j], devices[i + j].options);
		autobind(mode);
		plug_in(boards, n);
		for (j = 0; j < n; j++)
			look(boards[j], &devices[i + j]);
		board_cleanup();
		for (j = 0; j < n; j++)
			board_pull(boards[j]);
		for (j = 0; j < n; j++)
			board_wait_gone(boards[j]);
	}
}

static void expect_bound(struct board *board, const struct device *device, unsigned int mask)
{
	unsigned int now = bound(board);

	if (now != mask)
		FAIL("%s: interfaces 0x%x are bound, expected 0x%x", device->options, now, mask);
}

static void expect_asked(struct board *board, const struct device *device, unsigned int strings,
			 unsigned int sets)
{
	unsigned long long asked_strings = board_value(board, "os_string");
	unsigned long long asked_sets = board_value(board, "os_set"), others;

	if (asked_strings != strings || asked_sets != sets)
		FAIL("%s: string 0xEE was asked for %llu times, expected %u; the set %llu times, expected %u",
		     device->options, asked_strings, strings, asked_sets, sets);
	/* Nothing of 2.0 is asked of who has 1.0, and nothing at all of who has neither. */
	others = board_value(board, "os_requests") - asked_sets;
	if (!strings || !strcmp(device->version, "none"))
		CHECK_EQ(others, 0);
	else
		/* The properties of the second function are first asked for as Windows does it. */
		CHECK(others - board_value(board, "os_ids") - board_value(board, "os_properties") <= 1);
	CHECK_EQ(board_value(board, "os_alternate"), 0);
}

static void expect_function(struct board *board, const struct device *device,
			    const struct function *function, bool whole)
{
	unsigned int i;

	wait_read(board, function->mask);
	for (i = 0; i < 4; i++) {
		if (!(function->mask & 1u << i))
			continue;
		CHECK_ATTRIBUTE(board, i, "function", board_node(board, function->first));
		CHECK_ATTRIBUTE(board, i, "whole_device", whole ? "1" : "0");
		CHECK_ATTRIBUTE(board, i, "function_complete", "1");
		CHECK_ATTRIBUTE(board, i, "os_descriptors", device->version);
		CHECK_ATTRIBUTE(board, i, "compatible_id", "WINUSB");
		CHECK_ATTRIBUTE(board, i, "interface_guids",
				i == function->first ? function->guid : "");
	}
}

static void off(struct board *board, const struct device *device)
{
	unsigned int i;

	expect_bound(board, device, 0);
	for (i = 0; i < board_interfaces(board); i++)
		name_function(board, i);
	expect_bound(board, device, 0);
	name_device(board);
	expect_bound(board, device, 0);
	expect_asked(board, device, 0, 0);
}

TEST_LIMIT(off_binds_nothing_not_even_what_is_named, 60)
{
	each_device("off", off);
}

static void listed(struct board *board, const struct device *device)
{
	unsigned int first = device->functions[device->functions[1].mask ? 1 : 0].first;

	expect_bound(board, device, 0);
	expect_asked(board, device, 0, 0);
	name_function(board, first);
	/* Only associations, which composite has, make a function of a named one. */
	wait_bound(board, board_interfaces(board) == 4 && !first ? 0x3 : 1u << first);
}

TEST_LIMIT(listed_binds_what_is_named_and_nothing_else, 60)
{
	each_device("listed", listed);
}

static void on(struct board *board, const struct device *device)
{
	unsigned int i, mask = says_winusb(device);

	wait_bound(board, mask);
	for (i = 0; i < 2; i++)
		if (device->functions[i].mask)
			expect_function(board, device, &device->functions[i], device->whole);
	/* What is not bound would have been, if it had said WINUSB. */
	wait_known(board);
	CHECK_ATTRIBUTE(board, 0, "os_descriptors", device->version);
	for (i = 0; i < board_interfaces(board); i++)
		if (!(mask & 1u << i))
			CHECK_ATTRIBUTE(board, i, "compatible_id", "");
	expect_asked(board, device, device->strings, device->sets);
}

TEST_LIMIT(on_binds_each_function_that_says_WINUSB_and_nothing_else, 60)
{
	each_device("on", on);
}

TEST_LIMIT(switching_to_on_binds_what_is_plugged_in_and_to_off_unbinds_nothing, 60)
{
	configure(boards[0], "layout=single,os=2");
	configure(boards[1], "layout=composite,os=1");
	autobind("off");
	plug_in(boards, 2);
	autobind("listed");
	CHECK_EQ(bound(boards[0]), 0);
	CHECK_EQ(bound(boards[1]), 0);
	autobind("on");
	wait_bound(boards[0], 0x1);
	wait_bound(boards[1], 0xb);
	autobind("off");
	CHECK_EQ(bound(boards[0]), 0x1);
	CHECK_EQ(bound(boards[1]), 0xb);
}

TEST(switching_to_listed_binds_what_was_named_meanwhile)
{
	configure(boards[0], "layout=composite,os=none");
	autobind("off");
	plug_in(boards, 1);
	name_function(boards[0], 0);
	CHECK_EQ(bound(boards[0]), 0);
	autobind("listed");
	CHECK_EQ(bound(boards[0]), 0x3);
}

struct text {
	const char *label;
	const char *text;
};

static const struct text bad_modes[] = {
	{ "nothing", "\n" }, { "a_number", "1" }, { "capitals", "ON" }, { "yes", "yes" },
	{ "two_words", "on off" }, { "a_part", "liste" }, { "more", "listed1" },
};

TEST_EACH(a_bad_autobind_is_EINVAL, struct text, row, bad_modes)
{
	char text[32];

	CHECK_ERR(file_write(PARAMETERS "/autobind", row->text), EINVAL);
	CHECK_OK(file_read(PARAMETERS "/autobind", text, sizeof(text)));
	CHECK_TEXT(text, "listed\n");
}

TEST(autobind_says_what_it_is)
{
	static const char *const modes[] = { "off", "on", "listed" };
	char text[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		autobind(modes[i]);
		CHECK_OK(file_read(PARAMETERS "/autobind", text, sizeof(text)));
		CHECK_EQ(strlen(text), strlen(modes[i]) + 1);
		CHECK(!strncmp(text, modes[i], strlen(modes[i])));
	}
}

TEST(a_named_function_has_the_GUID_and_the_properties_of_its_firmware)
{
	configure(boards[0], "layout=composite,os=2,props=full,subcompat=SUB1,revision=7");
	configure(boards[1], "layout=composite,os=1,props=full,subcompat=SUB1");
	plug_in(boards, 2);
	name_function(boards[0], 0);
	wait_bound(boards[0], 0x3);
	wait_known(boards[0]);
	CHECK_ATTRIBUTE(boards[0], 0, "interface_guids", GUID_1);
	CHECK_ATTRIBUTE(boards[0], 0, "compatible_id", "WINUSB");
	CHECK_ATTRIBUTE(boards[0], 0, "sub_compatible_id", "SUB1");
	CHECK_ATTRIBUTE(boards[0], 0, "vendor_revision", "7");
	CHECK_ATTRIBUTE(boards[0], 0, "properties/DefaultIdleTimeout", "REG_DWORD\n5000");
	CHECK_ATTRIBUTE(boards[0], 3, "interface_guids", GUID_2);
	CHECK_ATTRIBUTE(boards[0], 2, "interface_guids", "");
	name_function(boards[1], 3);
	wait_bound(boards[1], 0x8);
	wait_known(boards[1]);
	CHECK_ATTRIBUTE(boards[1], 3, "interface_guids", GUID_2);
	CHECK_ATTRIBUTE(boards[1], 3, "sub_compatible_id", "SUB1");
	CHECK_ATTRIBUTE(boards[1], 3, "vendor_revision", "0");
	CHECK_ATTRIBUTE(boards[1], 3, "properties/DefaultIdleTimeout", "REG_DWORD\n5000");
}

TEST(a_new_id_makes_the_device_one_function_with_the_properties_of_the_device)
{
	configure(boards[0], "layout=whole,os=2");
	configure(boards[1], "layout=composite,os=2");
	plug_in(boards, 2);
	name_device(boards[0]);
	name_device(boards[1]);
	wait_bound(boards[0], 0x3);
	wait_bound(boards[1], 0xf);
	wait_read(boards[0], 0x3);
	wait_read(boards[1], 0xf);
	CHECK_ATTRIBUTE(boards[0], 1, "function", board_node(boards[0], 0));
	CHECK_ATTRIBUTE(boards[0], 0, "whole_device", "1");
	CHECK_ATTRIBUTE(boards[0], 0, "interface_guids", GUID_1);
	/* Here they are those of its functions, none of which this is. */
	CHECK_ATTRIBUTE(boards[1], 3, "function", board_node(boards[1], 0));
	CHECK_ATTRIBUTE(boards[1], 3, "whole_device", "1");
	CHECK_ATTRIBUTE(boards[1], 0, "interface_guids", "");
	CHECK_ATTRIBUTE(boards[1], 0, "compatible_id", "");
}

TEST(the_number_of_a_configuration_in_2_0_is_its_index)
{
	autobind("on");
	/* Index 0 in the one, 1 in the other; both have one configuration, bConfigurationValue 1. */
	configure(boards[0], "fault=none,layout=composite");
	configure(boards[1], "fault=configuration-one,layout=composite");
	plug_in(boards, 2);
	wait_bound(boards[0], 0xb);
	wait_known(boards[1]);
	CHECK_ATTRIBUTE(boards[1], 0, "compatible_id", "");
	CHECK_ATTRIBUTE(boards[1], 3, "compatible_id", "");
}

TEST(descriptors_2_0_outrank_1_0)
{
	autobind("on");
	configure(boards[0], "fault=both-differ");
	configure(boards[1], "fault=both-stall");
	plug_in(boards, 2);
	wait_known(boards[0]);
	CHECK_ATTRIBUTE(boards[0], 0, "os_descriptors", "2.0");
	CHECK_ATTRIBUTE(boards[0], 0, "compatible_id", "RNDIS");
	CHECK_EQ(board_value(boards[0], "os_string"), 0);
	wait_known(boards[1]);
	CHECK_ATTRIBUTE(boards[1], 0, "os_descriptors", "none");
	CHECK_EQ(board_value(boards[1], "os_string"), 0);
}

TEST(string_0xEE_is_asked_only_of_devices_that_can_bear_it)
{
	static const char *const options[] = {
		"os=1",				/* to compare with */
		"os=1,iclass=254",		/* no interface of the vendor's own class */
		"os=1,usb=0110",		/* older than USB 2.0 */
		"os=1,pid=0183",		/* the administrator's list */
		"os=1,vid=054c,pid=0084",	/* the driver's own list */
		"os=2,usb=0200",		/* no BOS: nor are there signs of 2.0 */
	};
	size_t i;

	CHECK_OK(file_write(PARAMETERS "/no_os_string", "1209:0183,1209:0184"));
	for (i = 0; i < ARRAY_SIZE(options); i++)
		configure(boards[i], options[i]);
	autobind("on");
	plug_in(boards, ARRAY_SIZE(options));
	wait_bound(boards[0], 0x1);
	for (i = 0; i < ARRAY_SIZE(options); i++) {
		/* Nor when its functions are named. */
		wait_known(boards[i]);
		if (board_value(boards[i], "os_string") != (i == 0 || i == 5))
			FAIL("%s: string 0xEE was asked for %llu times", options[i],
			     board_value(boards[i], "os_string"));
		CHECK_EQ(board_value(boards[i], "os_set"), 0);
		CHECK_ATTRIBUTE(boards[i], 0, "os_descriptors", i ? "none" : "1.0");
		CHECK_ATTRIBUTE(boards[i], 0, "compatible_id", i ? "" : "WINUSB");
	}
}

static const struct text bad_lists[] = {
	{ "a_word", "fx2" }, { "one_number", "1209" }, { "a_letter", "1209:000g" },
	{ "five_digits", "1209:00030" }, { "something_behind", "1209:0003;1209:0004" },
	{ "a_space_for_the_colon", "1209 0003" },
};

TEST_EACH(a_bad_no_os_string_is_EINVAL, struct text, row, bad_lists)
{
	char text[64];

	CHECK_OK(file_write(PARAMETERS "/no_os_string", "1209:0003, 1d50:606f\n"));
	CHECK_ERR(file_write(PARAMETERS "/no_os_string", row->text), EINVAL);
	CHECK_OK(file_read(PARAMETERS "/no_os_string", text, sizeof(text)));
	CHECK_TEXT(text, "1209:0003,1d50:606f\n");
}

TEST(string_0xEE_is_asked_for_once)
{
	configure(boards[0], "layout=composite,os=none");
	configure(boards[1], "layout=composite,os=1");
	autobind("on");
	plug_in(boards, 2);
	wait_bound(boards[1], 0xb);
	wait_known(boards[0]);
	wait_known(boards[1]);
	CHECK_OK(interface_unbind(board_node(boards[0], 3)));
	CHECK_OK(interface_unbind(board_node(boards[1], 3)));
	autobind("listed");
	autobind("on");
	wait_bound(boards[0], 0xf);
	wait_bound(boards[1], 0xf);
	CHECK_EQ(board_value(boards[0], "os_string"), 1);
	CHECK_EQ(board_value(boards[1], "os_string"), 1);
	/* One that is stalled is not asked for again. */
	CHECK_EQ(board_value(boards[0], "os_requests"), 0);
}

TEST(a_function_that_is_named_while_kmod_is_asked_is_read_all_the_same)
{
	unsigned int round;

	configure(boards[0], "os=1");
	for (round = 0; round < 4; round++) {
		autobind("on");
		plug_in(boards, 1);
		wait_known(boards[0]);
		CHECK_ATTRIBUTE(boards[0], 0, "os_descriptors", "1.0");
		CHECK_ATTRIBUTE(boards[0], 0, "interface_guids", GUID_1);
		board_unplug(boards[0]);
		board_cleanup();
	}
}

/* How often a board without OS descriptors was asked for them. */
static void expect_a_stalled_string(struct board *board, unsigned int strings)
{
	const char *answer, *p;
	unsigned int n = 0;

	if (strstr(board_do(board, "requests 1 vendor"), " 0="))
		FAIL("%s got a vendor request", board_name(board));
	answer = board_do(board, "requests 64 standard");
	for (p = answer; (p = strstr(p, "=8006ee03")); p++, n++)
		CHECK(strstr(p, ".result=-32"));
	if (n > strings)
		FAIL("%s was asked for string 0xEE %u times", board_name(board), n);
}

TEST(a_device_without_OS_descriptors_sees_one_stalled_string_request_at_most)
{
	struct board *const others[] = { fx2, composite };
	size_t i;

	autobind("off");
	plug_in(others, 2);
	autobind("listed");
	for (i = 0; i < 2; i++)
		expect_a_stalled_string(others[i], 0);
	autobind("on");
	for (i = 0; i < 2; i++) {
		CHECK_EQ(bound(others[i]), 0);
		wait_known(others[i]);
		CHECK_ATTRIBUTE(others[i], 0, "os_descriptors", "none");
		expect_a_stalled_string(others[i], 1);
	}
}

TEST(an_interface_that_was_unbound_by_hand_is_bound_by_hand)
{
	configure(boards[0], "layout=composite,os=2");
	autobind("on");
	plug_in(boards, 1);
	wait_bound(boards[0], 0xb);
	CHECK_OK(interface_unbind(board_node(boards[0], 0)));
	CHECK_EQ(bound(boards[0]), 0xa);
	CHECK_ATTRIBUTE(boards[0], 1, "function_complete", "0");
	CHECK_OK(interface_bind(board_node(boards[0], 0), "winusb"));
	CHECK_EQ(bound(boards[0]), 0xb);
	CHECK_ATTRIBUTE(boards[0], 1, "function_complete", "1");
	CHECK_ATTRIBUTE(boards[0], 0, "interface_guids", GUID_1);
	CHECK_ERR(interface_bind(board_node(boards[0], 2), "winusb"), ENODEV);
	CHECK_OK(interface_unbind(board_node(boards[0], 3)));
	autobind("listed");
	CHECK_ERR(interface_bind(board_node(boards[0], 3), "winusb"), ENODEV);
	CHECK_EQ(bound(boards[0]), 0x3);
	CHECK(node_works(boards[0], 0));
}

TEST(a_device_that_comes_back_is_a_new_one_that_is_bound_in_the_same_way)
{
	static const char mine[] = "{00000000-0000-0000-0000-000000000001}";

	configure(boards[0], "layout=composite,os=2");
	autobind("on");
	plug_in(boards, 1);
	wait_bound(boards[0], 0xb);
	CHECK_OK(set_attribute(boards[0], 0, "interface_guids", mine));
	CHECK_ATTRIBUTE(boards[0], 0, "interface_guids", mine);
	board_unplug(boards[0]);
	plug_in(boards, 1);
	wait_bound(boards[0], 0xb);
	CHECK_ATTRIBUTE(boards[0], 0, "interface_guids", GUID_1);
	CHECK_EQ(board_value(boards[0], "os_set"), 1);
	CHECK(node_works(boards[0], 3));
}
