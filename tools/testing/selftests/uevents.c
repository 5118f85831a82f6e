// SPDX-License-Identifier: MIT
/*
 * Uevents of the class winusb: what they say, and that who registers first and then enumerates never
 * misses a function.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "pnp.h"
#include "test.h"
#include "uevent.h"

enum { BOARDS = 8 };

static struct board *boards[BOARDS];

void test_setup(void)
{
	unsigned int i;

	for (i = 0; i < BOARDS; i++)
		boards[i] = pnp_board(0x0100 + i);
	boards_start();
}

static bool is_one(const struct uevent *event, const char *name, const char *value)
{
	return !strcmp(uevent_text(event, name), value);
}

/* The next uevent of a winusb interface; false if there is none within this time. */
static bool next_event(int fd, struct uevent *event, unsigned int ms)
{
	uint64_t now, end = test_now_ms() + ms;

	do {
		now = test_now_ms();
		if (!uevent_next(fd, event, now < end ? end - now : 0))
			return false;
	} while (!uevent_is(event, "winusb", NULL));
	return true;
}

/* The next one about an interface; others are passed over. */
static void wait_event(int fd, struct uevent *event, const char *action, const char *interface)
{
	uint64_t end = test_now_ms() + 5000 * test_scale();

	while (test_now_ms() < end)
		if (next_event(fd, event, 100) && is_one(event, "ACTION", action) &&
		    !strcmp(uevent_name(event), interface))
			return;
	FAIL("no \"%s\" of %s", action, interface);
}

/* The same until VARIABLE is VALUE in it. */
static void wait_event_with(int fd, struct uevent *event, const char *action,
			    const char *interface, const char *name, const char *value)
{
	do {
		wait_event(fd, event, action, interface);
	} while (!is_one(event, name, value));
}

static void expect(const struct uevent *event, const char *name, const char *value)
{
	const char *is = uevent_get(event, name);

	if (!is != !value || (is && strcmp(is, value)))
		FAIL("%s %s: %s is %s, expected %s", uevent_get(event, "ACTION"),
		     uevent_name(event), name, is ? is : "absent", value ? value : "absent");
}

/* These GUIDs, separated by commas, and no others. */
static void expect_guids(const struct uevent *event, const char *guids)
{
	char copy[512], name[32], *rest = copy, *guid;
	unsigned int n = 0;

	snprintf(copy, sizeof(copy), "%s", guids);
	while ((guid = strsep(&rest, ",")) && *guid) {
		snprintf(name, sizeof(name), "WINUSB_GUID_%u", n++);
		expect(event, name, guid);
	}
	snprintf(name, sizeof(name), "WINUSB_GUID_%u", n);
	expect(event, name, NULL);
}

/* No variable of ours that nobody has written down. */
static void expect_known_names(const struct uevent *event)
{
	static const char *const names[] = {
		"VID=", "PID=", "REVISION=", "INTERFACE=", "SERIAL=", "FUNCTION=", "DEFAULT=",
		"WHOLE=", "COMPATIBLE_ID=", "SUB_COMPATIBLE_ID=", "COMPLETE=", "ENABLED=", "GUID_",
	};
	const char *p;
	size_t i;

	for (p = event->text; p < event->text + event->length; p += strlen(p) + 1) {
		if (strncmp(p, "WINUSB_", 7))
			continue;
		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (!strncmp(p + 7, names[i], strlen(names[i])))
				break;
		if (i == ARRAY_SIZE(names))
			FAIL("there is a variable %s", p);
	}
}

/* What all events of an interface of boards[0] say. */
static void expect_ids(const struct uevent *event, unsigned int interface)
{
	char number[8];

	snprintf(number, sizeof(number), "%02x", interface);
	expect(event, "WINUSB_VID", "1209");
	expect(event, "WINUSB_PID", "0100");
	expect(event, "WINUSB_REVISION", "0a5b");
	expect(event, "WINUSB_INTERFACE", number);
	expect(event, "WINUSB_ENABLED", "1");
	expect_known_names(event);
}

static const char *node_name(unsigned int interface)
{
	static char name[64];

	snprintf(name, sizeof(name), "winusb/%s", board_node(boards[0], interface));
	return name;
}

TEST(events_say_what_the_function_is)
{
	int fd = uevent_open();
	struct uevent event;

	configure(boards[0], "layout=composite,os=2,rev=0a5b,subcompat=SUB,"
		  "guid=" GUID_1 ";" GUID_2);
	autobind("on");
	plug_in(boards, 1);
	wait_event(fd, &event, "add", board_node(boards[0], 0));
	expect_ids(&event, 0);
	expect(&event, "DEVNAME", node_name(0));
	expect(&event, "WINUSB_FUNCTION", board_node(boards[0], 0));
	expect(&event, "WINUSB_DEFAULT", "1");
	expect(&event, "WINUSB_WHOLE", "0");
	expect(&event, "WINUSB_COMPATIBLE_ID", "WINUSB");
	expect(&event, "WINUSB_SUB_COMPATIBLE_ID", "SUB");
	/* The other interface is bound after it. */
	expect(&event, "WINUSB_COMPLETE", "0");
	expect_guids(&event, "");
	wait_event_with(fd, &event, "change", board_node(boards[0], 0), "WINUSB_COMPLETE", "1");
	expect_ids(&event, 0);
	expect_guids(&event, GUID_1 "," GUID_2);
	wait_event(fd, &event, "add", board_node(boards[0], 3));
	expect_ids(&event, 3);
	expect(&event, "WINUSB_FUNCTION", board_node(boards[0], 3));
	expect(&event, "WINUSB_DEFAULT", "1");
}

TEST(a_sibling_points_to_the_default_interface_and_has_no_GUIDs)
{
	int fd = uevent_open();
	struct uevent event;

	configure(boards[0], "layout=composite,os=2,rev=0a5b");
	autobind("on");
	plug_in(boards, 1);
	wait_event(fd, &event, "add", board_node(boards[0], 1));
	expect_ids(&event, 1);
	expect(&event, "DEVNAME", node_name(1));
	expect(&event, "WINUSB_FUNCTION", board_node(boards[0], 0));
	expect(&event, "WINUSB_DEFAULT", "0");
	expect(&event, "WINUSB_COMPATIBLE_ID", "WINUSB");
	expect_guids(&event, "");
}

TEST(a_function_of_the_whole_device_says_so)
{
	int fd = uevent_open();
	struct uevent event;

	configure(boards[0], "layout=whole,os=2,rev=0a5b");
	autobind("on");
	plug_in(boards, 1);
	wait_event_with(fd, &event, "change", board_node(boards[0], 0), "WINUSB_COMPLETE", "1");
	expect_ids(&event, 0);
	expect(&event, "WINUSB_WHOLE", "1");
	expect_guids(&event, GUID_1);
	expect(&event, "WINUSB_SUB_COMPATIBLE_ID", NULL);
}

TEST(a_function_without_IDs_says_none)
{
	int fd = uevent_open();
	struct uevent event;

	configure(boards[0], "os=none,rev=0a5b");
	plug_in(boards, 1);
	name_function(boards[0], 0);
	wait_event_with(fd, &event, "change", board_node(boards[0], 0), "WINUSB_COMPLETE", "1");
	expect_ids(&event, 0);
	expect(&event, "WINUSB_COMPATIBLE_ID", NULL);
	expect(&event, "WINUSB_SUB_COMPATIBLE_ID", NULL);
	expect_guids(&event, "");
}

TEST(a_change_follows_when_the_last_interface_is_bound_and_when_one_leaves)
{
	int fd = uevent_open();
	struct uevent event;

	configure(boards[0], "layout=composite,os=2,rev=0a5b");
	autobind("on");
	plug_in(boards, 1);
	wait_event_with(fd, &event, "change", board_node(boards[0], 0), "WINUSB_COMPLETE", "1");
	wait_bound(boards[0], 0xb);
	CHECK_OK(interface_unbind(board_node(boards[0], 1)));
	wait_event(fd, &event, "remove", board_node(boards[0], 1));
	wait_event(fd, &event, "change", board_node(boards[0], 0));
	expect_ids(&event, 0);
	expect(&event, "WINUSB_COMPLETE", "0");
	expect_guids(&event, "");
	CHECK_OK(interface_bind(board_node(boards[0], 1), "winusb"));
	wait_event(fd, &event, "change", board_node(boards[0], 0));
	expect(&event, "WINUSB_COMPLETE", "1");
	expect_guids(&event, GUID_1);
}

TEST(a_sibling_hears_as_well_that_the_function_is_complete)
{
	int fd = uevent_open();
	struct uevent event;
	char first[64];

	configure(boards[0], "layout=composite,os=2");
	autobind("on");
	plug_in(boards, 1);
	wait_event_with(fd, &event, "change", board_node(boards[0], 1), "WINUSB_COMPLETE", "1");
	snprintf(first, sizeof(first), "%s", board_node(boards[0], 0));
	CHECK_OK(interface_unbind(first));
	wait_event_with(fd, &event, "change", board_node(boards[0], 1), "WINUSB_COMPLETE", "0");
	CHECK_OK(interface_bind(first, "winusb"));
	wait_event_with(fd, &event, "change", board_node(boards[0], 1), "WINUSB_COMPLETE", "1");
}

TEST(a_change_follows_what_an_administrator_writes)
{
	static const char mine[] = "{00112233-4455-6677-8899-aabbccddeeff}";
	int fd = uevent_open();
	struct uevent event;

	configure(boards[0], "os=2,rev=0a5b");
	autobind("on");
	plug_in(boards, 1);
	wait_event_with(fd, &event, "change", board_node(boards[0], 0), "WINUSB_COMPLETE", "1");
	wait_known(boards[0]);
	CHECK_OK(set_attribute(boards[0], 0, "interface_guids",
			       "{00112233-4455-6677-8899-AABBCCDDEEFF}"));
	wait_event_with(fd, &event, "change", board_node(boards[0], 0), "WINUSB_GUID_0", mine);
	expect_guids(&event, mine);
	CHECK_OK(set_attribute(boards[0], 0, "interface_guids", "\n"));
	wait_event(fd, &event, "change", board_node(boards[0], 0));
	expect_guids(&event, GUID_1);
	CHECK_OK(file_write(DRIVER "/function_property",
			    "1209 0100 00 REG_SZ DeviceInterfaceGUID " GUID_2));
	wait_event(fd, &event, "change", board_node(boards[0], 0));
	expect_guids(&event, GUID_2);
	CHECK_OK(file_write(DRIVER "/remove_function_property", "1209 0100 00 *"));
	wait_event(fd, &event, "change", board_node(boards[0], 0));
	expect_guids(&event, GUID_1);
	/* One each. */
	CHECK(!next_event(fd, &event, 50 * test_scale()));
}

TEST(a_remove_carries_the_GUIDs)
{
	int fd = uevent_open();
	struct uevent event;

	configure(boards[0], "layout=composite,os=2,rev=0a5b");
	autobind("on");
	plug_in(boards, 1);
	wait_bound(boards[0], 0xb);
	board_unplug(boards[0]);
	wait_event(fd, &event, "remove", board_node(boards[0], 0));
	expect_ids(&event, 0);
	expect(&event, "DEVNAME", node_name(0));
	expect(&event, "WINUSB_DEFAULT", "1");
	expect(&event, "WINUSB_COMPATIBLE_ID", "WINUSB");
	expect_guids(&event, GUID_1);
	wait_event(fd, &event, "remove", board_node(boards[0], 3));
	expect_guids(&event, GUID_2);
}

struct serial {
	const char *label;
	const char *serial;
	const char *shown;
};

static const struct serial serials[] = {
	{ "plain", "A-7", "A-7" },
	{ "all_that_is_let_through", "aZ09#+.:=@_-", "aZ09#+.:=@_-" },
	{ "spaces_and_slashes", "../ x/../../etc", "..__x_.._.._etc" },
	{ "for_a_shell", "$(x)`y`;z&|<>'\\", "__x__y__z______" },
	{ "percent", "%s%n%41", "_s_n_41" },
};

TEST_EACH(a_serial_number_is_sanitised, struct serial, row, serials)
{
	int fd = uevent_open();
	char option[128];
	struct uevent event;

	snprintf(option, sizeof(option), "serial=%s", row->serial);
	configure(boards[0], "os=2");
	board_set(boards[0], option);
	autobind("on");
	plug_in(boards, 1);
	wait_event(fd, &event, "add", board_node(boards[0], 0));
	expect(&event, "WINUSB_SERIAL", row->shown);
	expect_known_names(&event);
}

/*
 * Register first, then enumerate. Each port has a process that plugs its board in, with a GUID of
 * its own, and registers at any time around the arrival.
 */
struct plugs {
	unsigned int begun;
	unsigned int enumerated, heard, unanswered;
};

static struct plugs *plugs;

static const char *const port_guids[] = {
	"{00000000-0000-0000-0000-000000000000}", "{00000000-0000-0000-0000-000000000001}",
	"{00000000-0000-0000-0000-000000000002}", "{00000000-0000-0000-0000-000000000003}",
	"{00000000-0000-0000-0000-000000000004}", "{00000000-0000-0000-0000-000000000005}",
	"{00000000-0000-0000-0000-000000000006}", "{00000000-0000-0000-0000-000000000007}",
};

static bool file_is(const char *interface, const char *name, const char *value)
{
	char path[160], text[512];

	snprintf(path, sizeof(path), "/sys/class/winusb/%.60s/%s", interface, name);
	return file_read(path, text, sizeof(text)) > 0 &&
		!strncmp(text, value, strlen(value)) && text[strlen(value)] == '\n';
}

/* Is a function with this GUID there? As a program finds it: there, complete, and not disabled. */
static bool enumerate(const char *guid)
{
	DIR *dir = opendir("/sys/class/winusb");
	struct dirent *entry;
	bool found = false;

	CHECK(dir);
	while (!found && (entry = readdir(dir)))
		found = entry->d_name[0] != '.' && file_is(entry->d_name, "interface_guids", guid) &&
			file_is(entry->d_name, "function_complete", "1") &&
			file_is(entry->d_name, "interface_enabled", "1");
	closedir(dir);
	return found;
}

enum arrival { FOUND, HEARD, UNANSWERED };

/* Registers after this time; says how it was found. */
static enum arrival expect_arrival(struct board *board, const char *guid, unsigned int us)
{
	uint64_t start = test_now_ms(), now;
	struct uevent event;
	int fd;

	usleep(us);
	fd = uevent_open();
	if (enumerate(guid)) {
		__atomic_add_fetch(&plugs->enumerated, 1, __ATOMIC_RELAXED);
		close(fd);
		return FOUND;
	}
	/*
	 * Who registers right after an event finds the function then, or hears of it once more:
	 * so go on until it is found.
	 */
	do {
		now = test_now_ms();
		if (now > start + 5000 * test_scale() && !enumerate(guid) && board_given_up(board)) {
			close(fd);
			return UNANSWERED;
		}
		if (now > start + 20000 * test_scale())
			FAIL("%s arrived %s and was missed; the board: %s", guid,
			     enumerate(guid) ? "meanwhile" : "never", board_do(board, "info"));
	} while (!next_event(fd, &event, 100) || is_one(&event, "ACTION", "remove") ||
		 !is_one(&event, "WINUSB_GUID_0", guid) || !enumerate(guid));
	__atomic_add_fetch(&plugs->heard, 1, __ATOMIC_RELAXED);
	close(fd);
	return HEARD;
}

static void expect_removal(struct board *board, const char *guid)
{
	uint64_t end = test_now_ms() + 20000 * test_scale();
	struct uevent event;
	int fd;

	board_pull(board);
	usleep(rand() % 4000);
	fd = uevent_open();
	if (enumerate(guid)) {
		do {
			if (test_now_ms() > end)
				FAIL("%s left and was missed", guid);
		} while (!next_event(fd, &event, 100) || !is_one(&event, "ACTION", "remove") ||
			 !is_one(&event, "WINUSB_GUID_0", guid));
	}
	close(fd);
	board_wait_gone(board);
}

static void port_main(unsigned int port, unsigned int count)
{
	static const char *const layouts[] = { "single", "whole" };
	const char *guid = port_guids[port];
	/* At first so that some come before the arrival, and some after. */
	unsigned int us = 100000 * test_scale() * (port + 1), step = us / 4, number, tries;
	enum arrival arrival;
	bool found, last = false;
	char options[128];

	srand(port + 1);
	while ((number = __atomic_fetch_add(&plugs->begun, 1, __ATOMIC_SEQ_CST)) < count) {
		snprintf(options, sizeof(options), "os=2,layout=%s,guid=%s",
			 layouts[number / BOARDS % 2], guid);
		configure(boards[port], options);
		for (tries = 0; ; tries++) {
			board_do(boards[port], "reset-counters");
			board_attach(boards[port]);
			arrival = expect_arrival(boards[port], guid, us);
			if (arrival != UNANSWERED)
				break;
			/* The driver did not get its GUID, on a machine that stood still. */
			__atomic_add_fetch(&plugs->unanswered, 1, __ATOMIC_RELAXED);
			if (tries == 4)
				FAIL("%s did not answer in time, each of 5 times", guid);
			board_wait_configured(boards[port]);
			board_pull(boards[port]);
			board_wait_gone(boards[port]);
		}
		found = arrival == FOUND;
		/* Closer to the time of the arrival, from both sides. */
		if (found != last && step > 500)
			step /= 2;
		last = found;
		us += found ? -(us > step ? step : us) : step;
		board_wait_configured(boards[port]);
		expect_removal(boards[port], guid);
	}
}

/* 1,000 of them by request: PLUGS=1000. */
static unsigned int wanted(void)
{
	const char *text = getenv("PLUGS");

	if (text)
		return strtoul(text, NULL, 10);
	return test_own_kernel() ? 100 : 40;
}

TEST_LIMIT(who_registers_and_then_enumerates_misses_none, 3600)
{
	unsigned int i, count = wanted(), failures = 0, ports = BOARDS;
	pid_t pids[BOARDS];
	int status;

	plugs = mmap(NULL, sizeof(*plugs), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	CHECK(plugs != MAP_FAILED);
	/* The ports of one controller are enumerated one after the other. */
	if (boards_controllers() == 1)
		ports = 3;
	autobind("on");
	for (i = 0; i < ports; i++) {
		pids[i] = fork();
		CHECK(pids[i] >= 0);
		if (!pids[i]) {
			port_main(i, count);
			_exit(0);
		}
	}
	for (i = 0; i < ports; i++) {
		CHECK_EQ(waitpid(pids[i], &status, 0), pids[i]);
		failures += status != 0;
	}
	test_note("%u plugs at %u controllers: %u found by enumeration, %u heard of, %u late answers",
		  count, boards_controllers(), plugs->enumerated, plugs->heard, plugs->unanswered);
	CHECK_EQ(failures, 0);
	CHECK_EQ(plugs->enumerated + plugs->heard, count);
}
