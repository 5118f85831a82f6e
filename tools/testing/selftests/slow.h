/* SPDX-License-Identifier: MIT */
/* Memory whose pages come when the test says so. One at a time for a process. */
#ifndef WINUSB_SELFTEST_SLOW_H
#define WINUSB_SELFTEST_SLOW_H

#include <stdint.h>

enum slow_kind {
	SLOW_USERFAULTFD,	/* anonymous memory */
	SLOW_FUSE,		/* a private mapping of a file */
};

enum { SLOW_LENGTH = 64 * 1024 };

/* SLOW_LENGTH bytes, none of which is there. Skips the test if this kernel cannot do it. */
uint8_t *slow_open(enum slow_kind kind);
/* Returns when somebody waits for a page. */
void slow_wait_fault(void);
/* Gives all pages, full of zeros, and lets those who wait go on. */
void slow_serve(void);
/* Takes them away again. */
void slow_forget(void);

#endif
