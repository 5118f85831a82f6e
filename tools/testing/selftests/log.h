/* SPDX-License-Identifier: MIT */
/* What the driver says in the kernel's log about boards. */
#ifndef WINUSB_SELFTEST_LOG_H
#define WINUSB_SELFTEST_LOG_H

#include <stddef.h>

#include "board.h"

/* /dev/kmsg from its end on; a descriptor. */
int log_open(void);
/* Reads on; counts our lines about one of the boards in LINES[]. */
void log_count(int fd, struct board *const *boards, unsigned int *lines, size_t count);

#endif
