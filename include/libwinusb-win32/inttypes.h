/* SPDX-License-Identifier: MIT */
/*
 * The C library's, but the macros for formats are those of Windows, where %lu and %lx have 32 bits.
 * Define WINUSB_W32_LIBC_STDIO to have the C library's.
 */
#ifndef _LIBWINUSB_WIN32_INTTYPES_H
#pragma GCC system_header	/* include_next */
#define _LIBWINUSB_WIN32_INTTYPES_H

#include_next <inttypes.h>
#include "winusb_w32_macros.h"

/* What PRId64, SCNuPTR and their like begin with */
#if !defined(WINUSB_W32_LIBC_STDIO) && __SIZEOF_POINTER__ == 8
#undef __PRI64_PREFIX
#define __PRI64_PREFIX "ll"
#undef __PRIPTR_PREFIX
#define __PRIPTR_PREFIX "ll"
#endif

#ifdef __cplusplus
extern "C" {
#endif
_WINUSB_W32_NOT_HERE(wcstoimax)
_WINUSB_W32_NOT_HERE(wcstoumax)
#ifdef __cplusplus
}
#endif

#endif /* _LIBWINUSB_WIN32_INTTYPES_H */
