/* SPDX-License-Identifier: MIT */
/* What the two halves of the board helper, server and plugging, share. */
#ifndef WINUSB_SELFTEST_BOARDS_H
#define WINUSB_SELFTEST_BOARDS_H

#include <stdbool.h>
#include <stddef.h>

#define BOARDS_MAX 128

/* In memory that the tests' processes share with the parent, which cleans up after them. */
struct board {
	unsigned int index;	/* at the server, from 1 */
	char spec[128];
	char name[32];		/* at our bus, "1-1" */
	char serial[64];	/* tells it from another board that took the port after it */
	bool plugged;
	bool spread;		/* at a controller of its own, as far as there are enough */
	bool used;		/* by the test that runs */
	bool touched;		/* what is bound was changed, or a test failed */
	bool configured;	/* its behaviour was changed */
	bool split;		/* bound function by function */
	bool keep;		/* plugged in by test_setup(), and so again before each test */
};

const char *board_id(struct board *board);
void plug_fast(void);
/* Where the program is that serves the boards. */
void board_server_path(char *out, size_t size);

#endif
