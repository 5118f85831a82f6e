/* SPDX-License-Identifier: MIT */
/* The C library's, and what Microsoft's has besides. */
#ifndef _LIBWINUSB_WIN32_STRING_H
#pragma GCC system_header	/* include_next */
#define _LIBWINUSB_WIN32_STRING_H

#include_next <string.h>
#include "winusb_w32_text.h"

#endif /* _LIBWINUSB_WIN32_STRING_H */
