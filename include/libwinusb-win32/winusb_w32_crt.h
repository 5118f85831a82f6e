/* SPDX-License-Identifier: MIT */
/* Microsoft's C library: narrow and wide strings, formatted output. */
#ifndef _LIBWINUSB_WIN32_WINUSB_W32_CRT_H
#define _LIBWINUSB_WIN32_WINUSB_W32_CRT_H

#include "minwindef.h"

#endif
