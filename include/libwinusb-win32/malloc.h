/* SPDX-License-Identifier: MIT */
/* The C library's, and memory that is aligned */
#ifndef _LIBWINUSB_WIN32_MALLOC_H
#pragma GCC system_header	/* include_next */
#define _LIBWINUSB_WIN32_MALLOC_H

#include_next <malloc.h>
#include <alloca.h>
#include "winusb_w32_crt.h"

#define _alloca alloca

_WINUSB_W32_BEGIN
void *_aligned_malloc(size_t size, size_t alignment) _WINUSB_W32_SYMBOL(_aligned_malloc);
void _aligned_free(void *memory) _WINUSB_W32_SYMBOL(_aligned_free);
_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_MALLOC_H */
