// SPDX-License-Identifier: MIT
/*
 * The same as first.c by libwinusb: lights the bar graph of an OSR USB-FX2 board and sends five
 * bytes round its loopback. And then with a read under way while it writes.
 *
 *	library [0547:1002 | /dev/winusb/1-1:1.0 | {GUID}]
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <libwinusb.h>

#define OUT	0x06
#define IN	0x88

static struct winusb *board;

static void must(int result, const char *what)
{
	if (result < 0)
		errx(1, "%s: %s", what, strerror(-result));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "0547:1002", *later = "without waiting";
	struct winusb_setup lights = { .request_type = 0x40, .request = 0xd8, .length = 1 };
	struct winusb_completion record;
	struct pollfd ready;
	char lamps = 0x1f, text[512];
	uint32_t moved;

	must(winusb_open(&board, what, 0), what);
	must(winusb_control(board, &lights, &lamps, NULL), "bar graph");
	must(winusb_write(board, OUT, "hello", 5, NULL), "write");
	must(winusb_read(board, IN, text, sizeof(text), &moved), "read");
	printf("%.*s\n", (int)moved, text);

	must(winusb_submit_transfer(board, IN, text, sizeof(text), 1), "submit");
	must(winusb_write(board, OUT, later, strlen(later), NULL), "write");
	ready = (struct pollfd){ .fd = winusb_fd(board), .events = POLLIN };
	if (poll(&ready, 1, -1) != 1)
		err(1, "poll");
	must(winusb_reap(board, &record, 1, 0), "reap");
	must(record.status, "read");
	printf("%.*s\n", (int)record.length, text);

	winusb_close(board);
	return 0;
}
