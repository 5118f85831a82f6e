/* SPDX-License-Identifier: MIT */
/* The C library's, but clock() is the time that passed, in milliseconds, as on Windows. */
#ifndef _LIBWINUSB_WIN32_TIME_H
#pragma GCC system_header	/* include_next */
#define _LIBWINUSB_WIN32_TIME_H

#define clock _winusb_libc_clock
#include_next <time.h>
#undef clock

#include "winusb_w32_macros.h"

_WINUSB_W32_BEGIN
/* Since the program began. */
clock_t clock(void) _WINUSB_W32_SYMBOL(clock);
_WINUSB_W32_END

#undef CLOCKS_PER_SEC
#define CLOCKS_PER_SEC ((clock_t)1000)
#define CLK_TCK CLOCKS_PER_SEC

#endif /* _LIBWINUSB_WIN32_TIME_H */
