/* SPDX-License-Identifier: MIT */
/*
 * The C library's, but formatted input and output read a format as Windows does: %lu and %lx are
 * 32 bits (a DWORD), %I64u and %llu are 64, %S, %ls and %ws are text of 16-bit units, %p has all
 * its digits. Define WINUSB_W32_LIBC_STDIO to have the C library's.
 */
#ifndef _LIBWINUSB_WIN32_STDIO_H
#pragma GCC system_header	/* include_next */
#define _LIBWINUSB_WIN32_STDIO_H

#ifdef WINUSB_W32_LIBC_STDIO
#define _WINUSB_W32_LIBC_STDIO
#include_next <stdio.h>
#else
#define fprintf _winusb_libc_fprintf
#define fscanf _winusb_libc_fscanf
#define printf _winusb_libc_printf
#define scanf _winusb_libc_scanf
#define snprintf _winusb_libc_snprintf
#define sprintf _winusb_libc_sprintf
#define sscanf _winusb_libc_sscanf
#define vfprintf _winusb_libc_vfprintf
#define vfscanf _winusb_libc_vfscanf
#define vprintf _winusb_libc_vprintf
#define vscanf _winusb_libc_vscanf
#define vsnprintf _winusb_libc_vsnprintf
#define vsprintf _winusb_libc_vsprintf
#define vsscanf _winusb_libc_vsscanf
#include_next <stdio.h>
#undef fprintf
#undef fscanf
#undef printf
#undef scanf
#undef snprintf
#undef sprintf
#undef sscanf
#undef vfprintf
#undef vfscanf
#undef vprintf
#undef vscanf
#undef vsnprintf
#undef vsprintf
#undef vsscanf

#include <stdarg.h>
#include "winusb_w32_macros.h"

_WINUSB_W32_BEGIN
#ifdef __clang__
#define _WINUSB_W32_PRINTF(name, parameters, arguments) \
	int name parameters __asm__("winusb_w32_" #name);
#else
/*
 * Inline, since gcc knows the names and would work out constant results as the C library has them.
 */
#define _WINUSB_W32_PRINTF(name, parameters, arguments) \
	int winusb_w32_##name parameters; \
	int name parameters __asm__("winusb_w32_" #name); \
	extern __inline__ __attribute__((__always_inline__, __gnu_inline__, __artificial__)) \
	int name parameters \
	{ \
		return winusb_w32_##name arguments; \
	}
#endif
_WINUSB_W32_PRINTF(printf, (const char *format, ...), (format, __builtin_va_arg_pack()))
_WINUSB_W32_PRINTF(fprintf, (FILE *file, const char *format, ...),
		   (file, format, __builtin_va_arg_pack()))
_WINUSB_W32_PRINTF(sprintf, (char *to, const char *format, ...),
		   (to, format, __builtin_va_arg_pack()))
_WINUSB_W32_PRINTF(snprintf, (char *to, size_t room, const char *format, ...),
		   (to, room, format, __builtin_va_arg_pack()))
#undef _WINUSB_W32_PRINTF
int vprintf(const char *format, va_list list) __asm__("winusb_w32_vprintf");
int vfprintf(FILE *file, const char *format, va_list list) __asm__("winusb_w32_vfprintf");
int vsprintf(char *to, const char *format, va_list list) __asm__("winusb_w32_vsprintf");
int vsnprintf(char *to, size_t room, const char *format, va_list list)
	__asm__("winusb_w32_vsnprintf");
int scanf(const char *format, ...) __asm__("winusb_w32_scanf");
int fscanf(FILE *file, const char *format, ...) __asm__("winusb_w32_fscanf");
int sscanf(const char *text, const char *format, ...) __asm__("winusb_w32_sscanf");
int vscanf(const char *format, va_list list) __asm__("winusb_w32_vscanf");
int vfscanf(FILE *file, const char *format, va_list list) __asm__("winusb_w32_vfscanf");
int vsscanf(const char *text, const char *format, va_list list) __asm__("winusb_w32_vsscanf");
_WINUSB_W32_END
#endif

#include "winusb_w32_crt.h"

#elif defined(WINUSB_W32_LIBC_STDIO) && !defined(_WINUSB_W32_LIBC_STDIO)
#error Define WINUSB_W32_LIBC_STDIO before the first header is included: others need <stdio.h>, too.
#endif /* _LIBWINUSB_WIN32_STDIO_H */
