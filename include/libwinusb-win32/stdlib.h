/* SPDX-License-Identifier: MIT */
/*
 * The C library's, except for what converts to and from wchar_t of 32 bits, and numbers of type long:
 * that has 32 bits on Windows, and what does not fit into them is the nearest one there and here.
 */
#ifndef _LIBWINUSB_WIN32_STDLIB_H
#pragma GCC system_header	/* include_next */
#define _LIBWINUSB_WIN32_STDLIB_H

#include_next <stdlib.h>
#include "winusb_w32_macros.h"

_WINUSB_W32_BEGIN
size_t winusb_w32_mbstowcs(wchar_t *to, const char *from, size_t room);
size_t winusb_w32_wcstombs(char *to, const wchar_t *from, size_t room);
long winusb_w32_strtol(const char *text, char **end, int base);
unsigned long winusb_w32_strtoul(const char *text, char **end, int base);
long winusb_w32_atol(const char *text);
int winusb_w32_atoi(const char *text);
_WINUSB_W32_END

/* Macros: libstdc++ includes the C library's header past this one. */
#define mbstowcs winusb_w32_mbstowcs
#define wcstombs winusb_w32_wcstombs
#define strtol winusb_w32_strtol
#define strtoul winusb_w32_strtoul
#define atol winusb_w32_atol
#define atoi winusb_w32_atoi

#ifdef __cplusplus
extern "C++" {
namespace std {
using ::winusb_w32_mbstowcs;
using ::winusb_w32_wcstombs;
using ::winusb_w32_strtol;
using ::winusb_w32_strtoul;
using ::winusb_w32_atol;
using ::winusb_w32_atoi;
}
}
extern "C" {
#endif
_WINUSB_W32_NOT_HERE(mbtowc)
_WINUSB_W32_NOT_HERE(wctomb)
#ifdef __cplusplus
}
#endif

#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#define _MAX_PATH 260

#include "winusb_w32_text.h"

#endif /* _LIBWINUSB_WIN32_STDLIB_H */
