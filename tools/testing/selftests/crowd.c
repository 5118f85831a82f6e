// SPDX-License-Identifier: MIT
/*
 * A hundred boards at once, at all controllers: each is bound by what its firmware says, has its own
 * GUID and moves its own data; and nothing of them is left when they have gone.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "ledger.h"
#include "node.h"
#include "test.h"
#include "uevent.h"

enum { CROWD = 100, SECONDS = 120 };

static struct board *boards[CROWD];
static char guids[CROWD][LEDGER_GUID];
static struct ledger *ledger;
static int uevents;

/* As many high-speed boards as can be plugged in. */
static unsigned int ports(void)
{
	char text[32];

	file_read("/sys/devices/platform/vhci_hcd.0/nports", text, sizeof(text));
	return atoi(text) / 2;
}

void test_setup(void)
{
	char spec[128], serial[32];
	unsigned int i;

	for (i = 0; i < CROWD; i++) {
		ledger_serial(serial, sizeof(serial), i);
		ledger_guid(guids[i], LEDGER_FIRMWARE, 0, i);
		/* Both versions of the descriptors, and devices of two interfaces among them. */
		snprintf(spec, sizeof(spec), "msos,os=%u,layout=%s,serial=%s,guid=%s", 1 + i % 2,
			 i % 3 ? "single" : "whole", serial, guids[i]);
		boards[i] = board_add(spec);
		board_spread(boards[i]);
	}
	boards_start();
	if (ports() < CROWD)
		test_skip_all("this kernel has %u ports for boards", ports());
	ledger = ledger_create(CROWD);
}

static unsigned int interfaces(unsigned int i)
{
	return i % 3 ? 1 : 2;
}

static void autobind(const char *mode)
{
	CHECK_OK(file_write("/sys/module/winusb/parameters/autobind", mode));
}

static void plug_all(void)
{
	unsigned int i;

	memset(ledger->plugs, 0, CROWD * sizeof(ledger->plugs[0]));
	ledger->events = ledger->first = ledger->last = 0;
	uevents = uevent_open();
	for (i = 0; i < CROWD; i++)
		board_attach(boards[i]);
}

/* All that was told until now, and nothing is missing. */
static void check_told(unsigned int adds, unsigned int removes)
{
	unsigned int i, n;

	ledger->stop = true;
	ledger_main(ledger, uevents);
	for (i = 0; i < CROWD; i++)
		for (n = 0; n < LEDGER_INTERFACES; n++) {
			CHECK_EQ(ledger->plugs[i].adds[n], n < interfaces(i) ? adds : 0);
			CHECK_EQ(ledger->plugs[i].removes[n], n < interfaces(i) ? removes : 0);
		}
}

static bool has_guid(unsigned int i)
{
	char path[128], text[512];
	int n;

	snprintf(path, sizeof(path), "/sys/class/winusb/%s/function_complete",
		 board_node(boards[i], 0));
	if (file_read(path, text, sizeof(text)) <= 0 || text[0] != '1')
		return false;
	snprintf(path, sizeof(path), "/sys/class/winusb/%s/interface_guids",
		 board_node(boards[i], 0));
	n = file_read(path, text, sizeof(text));
	if (n <= 0)
		return false;
	text[n - 1] = 0;
	if (strcmp(text, guids[i]))
		FAIL("%s has the GUID %s instead of %s", board_name(boards[i]), text, guids[i]);
	return true;
}

static void wait_all_bound(void)
{
	uint64_t end = test_now_ms() + SECONDS * 1000ull * test_scale();
	unsigned int i, bound;

	do {
		for (i = bound = 0; i < CROWD; i++)
			bound += has_guid(i);
		if (test_now_ms() > end)
			FAIL("%u of %u boards are bound", bound, CROWD);
		test_sleep_ms(20);
	} while (bound < CROWD);
}

static void unplug_all(void)
{
	unsigned int i;

	for (i = 0; i < CROWD; i++)
		board_pull(boards[i]);
	for (i = 0; i < CROWD; i++)
		board_wait_gone(boards[i]);
}

static void check_nothing_is_left(void)
{
	CHECK_EQ(folder_entries("/sys/class/winusb"), 0);
	CHECK_EQ(folder_entries("/dev/winusb"), 0);
}

static void open_all(int fds[CROWD], uint32_t handles[CROWD])
{
	unsigned int i;

	for (i = 0; i < CROWD; i++) {
		fds[i] = node_open(board_node(boards[i], 0), O_RDWR);
		CHECK_OK(fds[i]);
		CHECK_OK(node_initialize(fds[i], &handles[i]));
	}
}

TEST_LIMIT(a_hundred_boards_are_bound_each_with_its_own_guid_and_data, 2 * SECONDS)
{
	static uint8_t out[512], in[512];
	uint32_t handles[CROWD], moved;
	int fds[CROWD], i;

	autobind("on");
	plug_all();
	wait_all_bound();
	check_told(1, 0);
	open_all(fds, handles);
	for (i = 0; i < CROWD; i++) {
		pattern(out, sizeof(out), i);
		CHECK_OK(node_transfer(fds[i], handles[i], 0x01, out, sizeof(out), &moved));
		CHECK_EQ(moved, sizeof(out));
	}
	for (i = 0; i < CROWD; i++) {
		pattern(out, sizeof(out), i);
		CHECK_OK(node_transfer(fds[i], handles[i], 0x81, in, sizeof(in), &moved));
		CHECK_EQ(moved, sizeof(in));
		CHECK_MEM(in, out, sizeof(in));
		close(fds[i]);
	}
	unplug_all();
	check_told(1, 1);
	check_nothing_is_left();
	autobind("listed");
}

TEST_LIMIT(a_hundred_boards_that_are_there_are_bound_when_autobind_is_switched_on, 2 * SECONDS)
{
	static struct job jobs[CROWD];
	uint32_t handles[CROWD];
	int fds[CROWD], i;
	char in[64];

	autobind("off");
	plug_all();
	for (i = 0; i < CROWD; i++)
		while (!board_configured(boards[i]))
			test_sleep_ms(2);
	check_nothing_is_left();
	autobind("on");
	wait_all_bound();
	check_told(1, 0);
	/* And all are pulled out while somebody reads. */
	open_all(fds, handles);
	for (i = 0; i < CROWD; i++) {
		jobs[i] = (struct job){
			.fd = fds[i], .handle = handles[i], .pipe = 0x81, .buffer = in,
			.length = sizeof(in),
		};
		job_start(&jobs[i]);
	}
	for (i = 0; i < CROWD; i++)
		board_wait_pending(boards[i], 0x81, 1);
	unplug_all();
	for (i = 0; i < CROWD; i++) {
		CHECK_ERR(job_wait(&jobs[i], 10), ESHUTDOWN);
		close(fds[i]);
	}
	check_told(1, 1);
	check_nothing_is_left();
	autobind("listed");
}
