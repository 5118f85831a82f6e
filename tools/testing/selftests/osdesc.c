// SPDX-License-Identifier: MIT
/*
 * Reading OS descriptors takes bounded time, holds up nobody else, and ends when the device or the
 * module leaves. What a device says wrong is in osfaults.c.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "pnp.h"
#include "test.h"

static struct board *board, *neighbour;

void test_setup(void)
{
	/* At one controller: its hub's worker enumerates one after the other. */
	board = board_add("msos,pid=0101");
	neighbour = board_add("msos,pid=0102");
	boards_start();
}

/*
 * Before another try. A machine that stood still for a moment spoils one: an answer is late, or a
 * moment is missed. A wrong driver spoils all of them.
 */
static void again(unsigned int *tries, const char *why)
{
	if (++*tries == 5)
		FAIL("%s, each of %u times", why, *tries);
	test_note("once more: %s", why);
	board_unplug(board);
	board_cleanup();
}

/* The same where it was a matter of time. */
static void again_after(unsigned int *tries, unsigned int ms)
{
	char why[32];

	snprintf(why, sizeof(why), "it took %u ms", ms);
	again(tries, why);
}

/*
 * From when the device was configured until these interfaces are bound. It ends after the time in
 * which the driver reads or gives up.
 */
static unsigned int ms_until_bound(struct board *one, unsigned int mask)
{
	uint64_t start = test_now_ms(), end = start + 3000 * test_scale();

	while (bound(one) != mask && test_now_ms() < end)
		test_sleep_ms(2 * test_scale());
	return test_now_ms() - start;
}

/* The same until its descriptors are known; it gives the driver time to decide first. */
static unsigned int ms_until_known(struct board *one)
{
	uint64_t start = test_now_ms();

	test_sleep_ms(50 * test_scale());
	CHECK_EQ(bound(one), 0);
	wait_known(one);
	return test_now_ms() - start;
}

struct silence {
	const char *label;
	const char *options;
	bool binds;
};

static const struct silence silences[] = {
	{ "the_set", "fault=set-silent", false },
	{ "the_string", "fault=string-silent", false },
	{ "the_compatible_IDs", "fault=ids-silent", false },
	{ "the_properties", "fault=properties-silent", true },
};

TEST_EACH(a_device_that_does_not_answer_is_given_up_after_500_ms, struct silence, row, silences)
{
	unsigned int ms, tries = 0;

	for (;;) {
		configure(board, row->options);
		autobind("on");
		plug_in(&board, 1);
		ms = row->binds ? ms_until_bound(board, 0x1) : ms_until_known(board);
		if (ms >= 400 && ms <= 500 + slack(700) && bound(board) == 0x1)
			break;
		again_after(&tries, ms);
	}
	CHECK(node_works(board, 0));
}

TEST(a_device_that_answers_slowly_is_read_for_two_seconds)
{
	unsigned int ms, tries = 0;

	/*
	 * String, twice the IDs, twice the properties of one function, and then it is enough. Each
	 * answer has to come within 500 ms, on a busy machine too.
	 */
	for (;;) {
		configure(board, "os=1,layout=composite,os-delay=300");
		autobind("on");
		plug_in(&board, 1);
		ms = ms_until_bound(board, 0xb);
		if (ms >= 1800 && ms <= 2000 + slack(600) && bound(board) == 0xb)
			break;
		again_after(&tries, ms);
	}
	CHECK_ATTRIBUTE(board, 0, "compatible_id", "WINUSB");
	CHECK_ATTRIBUTE(board, 3, "interface_guids", "");
	CHECK(node_works(board, 3));
}

/* The neighbour's enumeration waits for the hub's worker, not for the driver. */
static void expect_quick_neighbour(void)
{
	unsigned int ms;

	autobind("on");
	plug_in(&board, 1);
	plug_in(&neighbour, 1);
	ms = ms_until_bound(neighbour, 0x1);
	if (ms > slack(1000))
		FAIL("the neighbour took %u ms", ms);
	CHECK_EQ(bound(neighbour), 0x1);
	CHECK(node_works(neighbour, 0));
}

TEST_LIMIT(a_slow_device_does_not_hold_up_another_one_on_its_hub, 60)
{
	unsigned int tries = 0;

	for (;;) {
		board_do(board, "reset-counters");
		/* Far from the 500 ms that an answer may take, for busy machines. */
		configure(board, "os=1,layout=composite,os-delay=250");
		expect_quick_neighbour();
		/* It was meanwhile. Where plugging in takes seconds it was not. */
		if (!test_debug_kernel() && test_own_kernel())
			CHECK_EQ(bound(board), 0);
		ms_until_bound(board, 0xb);
		if (bound(board) == 0xb)
			break;
		/* Its answers were late. */
		CHECK(board_given_up(board));
		board_unplug(neighbour);
		again(&tries, "it is not bound");
	}
}

TEST(a_silent_device_does_not_hold_up_another_one_on_its_hub)
{
	configure(board, "fault=set-silent");
	expect_quick_neighbour();
	wait_known(board);
	CHECK_ATTRIBUTE(board, 0, "os_descriptors", "none");
}

struct question {
	const char *label;
	const char *options;
};

static const struct question questions[] = {
	{ "the_set", "fault=set-silent" },
	{ "the_string", "fault=string-silent" },
	{ "the_properties", "fault=properties-silent" },
	{ "slowly", "os=1,os-delay=300" },
};

TEST_EACH(a_device_that_leaves_while_it_is_read_is_let_go_of, struct question, row, questions)
{
	unsigned int tries = 0;
	uint64_t start;

	for (;;) {
		configure(board, row->options);
		autobind("on");
		plug_in(&board, 1);
		/* Longer than one is. */
		if (!strncmp(board_ask(board, "wait 0x00.pending =1 %u", 1000 * test_scale()),
			     "result=ok", 9))
			break;
		again(&tries, "no request is pending");
	}
	start = test_now_ms();
	board_unplug(board);
	CHECK(test_now_ms() - start < slack(1500));
	/* Who comes to the port after it has nothing to do with it. */
	configure(board, "fault=none,os=2,os-delay=0");
	plug_in(&board, 1);
	wait_bound(board, 0x1);
	CHECK(node_works(board, 0));
}

TEST(a_named_function_is_bound_and_of_use_while_it_is_read)
{
	bool incomplete, none, pending;
	unsigned int tries = 0;

	for (;;) {
		board_do(board, "reset-counters");
		configure(board, "os=2,os-delay=300");
		plug_in(&board, 1);
		name_function(board, 0);
		CHECK_EQ(bound(board), 0x1);
		incomplete = !strcmp(attribute(board, 0, "function_complete"), "0");
		none = !strcmp(attribute(board, 0, "interface_guids"), "");
		/* Now, and so before that. */
		pending = !strcmp(attribute(board, 0, "os_descriptors"), "pending");
		CHECK(!pending || incomplete);
		CHECK(!pending || none);
		CHECK(node_works(board, 0));
		wait_known(board);
		/* On an own kernel that runs alone this takes some milliseconds. */
		if (!pending && !test_debug_kernel() && test_own_kernel()) {
			again(&tries, "it was read already");
		} else if (!strcmp(attribute(board, 0, "os_descriptors"), "none")) {
			CHECK(board_given_up(board));
			again(&tries, "its answer was late");
		} else {
			break;
		}
	}
	CHECK_ATTRIBUTE(board, 0, "os_descriptors", "2.0");
	CHECK_ATTRIBUTE(board, 0, "function_complete", "1");
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_1);
}

static const struct question versions[] = { { "1_0", "os=1" }, { "2_0", "os=2" } };

TEST_EACH(a_function_that_is_unbound_while_it_is_read_is_read_for_the_next_time, struct question,
	  row, versions)
{
	unsigned long long before;
	unsigned int round, tries = 0;

	configure(board, row->options);
	for (round = 0; round < 2; ) {
		/* Before it is asked, and while it thinks about the answer. */
		configure(board, round ? "os-delay=200" : "os-delay=0");
		plug_in(&board, 1);
		name_function(board, 0);
		test_sleep_ms(round * 50);
		CHECK_OK(interface_unbind(board_node(board, 0)));
		CHECK_EQ(bound(board), 0);
		test_sleep_ms(50);
		before = board_given_up(board);
		CHECK_OK(interface_bind(board_node(board, 0), "winusb"));
		wait_known(board);
		if (strcmp(attribute(board, 0, "interface_guids"), GUID_1)) {
			CHECK(board_given_up(board) > before);
			again(&tries, "not all was read");
			continue;
		}
		board_unplug(board);
		board_cleanup();
		round++;
	}
}

static int unload(void)
{
	return syscall(SYS_delete_module, "winusb", O_NONBLOCK) ? -errno : 0;
}

static int load(const char *parameters)
{
	char path[512];
	int file, result;

	snprintf(path, sizeof(path), "%s/winusb.ko", getenv("WINUSB_LAB_MODULES"));
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	result = syscall(SYS_finit_module, file, parameters, 0) ? -errno : 0;
	close(file);
	return result;
}

static void need_reload(void)
{
	if (!getenv("WINUSB_LAB_MODULES"))
		test_skip("WINUSB_LAB_MODULES does not say where winusb.ko is (use the lab)");
	/* A false KASAN report there, with KASAN_VMALLOC off. */
	if (test_debug_kernel())
		test_skip("the debug kernel cannot load a module twice");
}

TEST(the_module_unloads_while_a_device_is_read)
{
	/* More of the last, where an answer was late. */
	static const unsigned int delays[] = { 0, 20, 420, 420, 420, 420 };
	unsigned long long before;
	uint64_t start, ms;
	size_t i;

	need_reload();
	/* Twice 300 ms, and again from the beginning for the module that comes next. */
	configure(board, "os=1,os-delay=300");
	autobind("on");
	plug_in(&board, 1);
	for (i = 0; i < ARRAY_SIZE(delays); i++) {
		test_sleep_ms(delays[i]);
		start = test_now_ms();
		CHECK_OK(unload());
		ms = test_now_ms() - start;
		if (ms > 2000 + slack(700))
			FAIL("unloading took %llu ms", (unsigned long long)ms);
		CHECK(access(node_path(board_node(board, 0)), F_OK) != 0);
		before = board_given_up(board);
		CHECK_OK(load("autobind=on"));
		if (i < 2)
			continue;
		ms_until_bound(board, 0x1);
		if (bound(board) == 0x1)
			break;
		CHECK(board_given_up(board) > before);
		test_note("once more: an answer was late");
	}
	CHECK_EQ(bound(board), 0x1);
	CHECK(node_works(board, 0));
}

TEST(autobind_is_a_parameter_of_the_module_too)
{
	char text[16];

	need_reload();
	configure(board, "os=2");
	plug_in(&board, 1);
	CHECK_OK(unload());
	CHECK_ERR(load("autobind=yes"), EINVAL);
	CHECK_OK(load("autobind=on no_os_string=1209:0102"));
	CHECK_OK(file_read(PARAMETERS "/autobind", text, sizeof(text)));
	CHECK_TEXT(text, "on\n");
	CHECK_OK(file_read(PARAMETERS "/no_os_string", text, sizeof(text)));
	CHECK_TEXT(text, "1209:0102\n");
	wait_bound(board, 0x1);
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_1);
}
