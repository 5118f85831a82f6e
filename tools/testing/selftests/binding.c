// SPDX-License-Identifier: MIT
/* The driver's files of ids: what they take, what they refuse, and who is bound then. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "test.h"

#define DRIVER "/sys/bus/usb/drivers/winusb"
#define ADD DRIVER "/function_id"
#define REMOVE DRIVER "/remove_function_id"

enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK, INTERFACES };

static struct board *composite;

void test_setup(void)
{
	composite = board_add("composite");
	boards_start();
}

/* Which interfaces of the board are bound to us, one bit each. */
static unsigned int bound(void)
{
	char driver[32];
	unsigned int mask = 0, i;

	for (i = 0; i < INTERFACES; i++) {
		interface_driver(board_node(composite, i), driver, sizeof(driver));
		if (!strcmp(driver, "winusb"))
			mask |= 1u << i;
	}
	return mask;
}

/* Ids that other tests left would bind the board. */
static void plug_without_ids(void)
{
	char id[32];
	unsigned int i;

	/* Neither in new_id, which a split board drops, ... */
	board_functions(composite, true);
	for (i = 0; i < INTERFACES; i++) {
		int result;

		/* ... nor in function_id. */
		snprintf(id, sizeof(id), "1209 0001 %02x", i);
		result = file_write(REMOVE, id);
		CHECK(result == 0 || result == -ENODEV);
	}
	board_plug_unbound(composite);
	CHECK_EQ(bound(), 0);
}

struct text {
	const char *label;
	const char *text;
};

static const struct text bad_ids[] = {
	{ "nothing", "\n" }, { "a_word", "fx2" }, { "one_number", "1209" },
	{ "two_numbers", "1209 0001" }, { "four_numbers", "1209 0001 00 00" },
	{ "a_vendor_too_large", "11209 0001 00" }, { "a_product_too_large", "1209 10001 00" },
	{ "an_interface_too_large", "1209 0001 100" }, { "trailing_letters", "1209 0001 00 x" },
	{ "a_negative_interface", "1209 0001 -1" },
};

TEST_EACH(a_bad_function_id_is_EINVAL, struct text, row, bad_ids)
{
	char before[4096], after[4096];

	file_read(ADD, before, sizeof(before));
	CHECK_ERR(file_write(ADD, row->text), EINVAL);
	CHECK_ERR(file_write(REMOVE, row->text), EINVAL);
	file_read(ADD, after, sizeof(after));
	CHECK(!strcmp(before, after));
}

TEST(a_function_id_that_is_there_is_EEXIST)
{
	CHECK_OK(file_write(ADD, "ffff 0001 07"));
	CHECK_ERR(file_write(ADD, "ffff 0001 07"), EEXIST);
	CHECK_OK(file_write(ADD, "ffff 0001 08"));
	CHECK_OK(file_write(REMOVE, "ffff 0001 07"));
	CHECK_OK(file_write(REMOVE, "ffff 0001 08"));
}

TEST(a_function_id_that_is_not_there_is_ENODEV)
{
	CHECK_ERR(file_write(REMOVE, "ffff 0002 00"), ENODEV);
}

TEST(too_many_function_ids_are_ENOSPC)
{
	char id[32];
	int i, n, result = 0;

	for (n = 0; n <= 4096; n++) {
		snprintf(id, sizeof(id), "fff0 %04x 00", n);
		result = file_write(ADD, id);
		if (result)
			break;
	}
	CHECK_ERR(result, ENOSPC);
	CHECK(n >= 256);
	for (i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "fff0 %04x 00", i);
		CHECK_OK(file_write(REMOVE, id));
	}
}

TEST(a_function_id_binds_the_functions_interfaces_and_no_other)
{
	plug_without_ids();
	CHECK_OK(file_write(ADD, "1209 0001 00"));
	CHECK_EQ(bound(), 1 << JOINED_DATA | 1 << JOINED_EVENTS);
	CHECK_OK(file_write(ADD, "1209 0001 03"));
	CHECK_EQ(bound(), 1 << JOINED_DATA | 1 << JOINED_EVENTS | 1 << LOOPBACK);
}

TEST(a_function_id_in_the_middle_of_a_function_binds_nothing)
{
	plug_without_ids();
	CHECK_OK(file_write(ADD, "1209 0001 01"));
	CHECK_EQ(bound(), 0);
	CHECK_OK(file_write(REMOVE, "1209 0001 01"));
}

TEST(removing_an_id_does_not_unbind)
{
	plug_without_ids();
	CHECK_OK(file_write(ADD, "1209 0001 03"));
	CHECK_OK(file_write(REMOVE, "1209 0001 03"));
	CHECK_EQ(bound(), 1 << LOOPBACK);
}

TEST(an_interface_that_nobody_named_is_not_bound_by_hand)
{
	int result;

	plug_without_ids();
	result = interface_bind(board_node(composite, LOOPBACK), "winusb");
	CHECK_ERR(result, ENODEV);
	CHECK_EQ(bound(), 0);
}

TEST(a_new_id_binds_the_whole_device)
{
	board_plug(composite);
	CHECK_EQ(bound(), (1 << INTERFACES) - 1);
}
