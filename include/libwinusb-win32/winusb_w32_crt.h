/* SPDX-License-Identifier: MIT */
/*
 * What programs use of Microsoft's C library: names with an underscore, functions that end in _s.
 */
#ifndef _LIBWINUSB_WIN32_WINUSB_W32_CRT_H
#define _LIBWINUSB_WIN32_WINUSB_W32_CRT_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <wchar.h>
#include "winusb_w32_text.h"

_WINUSB_W32_BEGIN

/* Formatted output */
int _snprintf(char *to, size_t count, const char *format, ...) _WINUSB_W32_SYMBOL(_snprintf);
int _vsnprintf(char *to, size_t count, const char *format, va_list list)
	_WINUSB_W32_SYMBOL(_vsnprintf);
int _scprintf(const char *format, ...) _WINUSB_W32_SYMBOL(_scprintf);
int _vscprintf(const char *format, va_list list) _WINUSB_W32_SYMBOL(_vscprintf);
int sprintf_s(char *to, size_t room, const char *format, ...) _WINUSB_W32_SYMBOL(sprintf_s);
int vsprintf_s(char *to, size_t room, const char *format, va_list list)
	_WINUSB_W32_SYMBOL(vsprintf_s);
int _snprintf_s(char *to, size_t room, size_t count, const char *format, ...)
	_WINUSB_W32_SYMBOL(_snprintf_s);
int _vsnprintf_s(char *to, size_t room, size_t count, const char *format, va_list list)
	_WINUSB_W32_SYMBOL(_vsnprintf_s);
int _snwprintf(wchar_t *to, size_t count, const wchar_t *format, ...)
	_WINUSB_W32_SYMBOL(_snwprintf);
int _vsnwprintf(wchar_t *to, size_t count, const wchar_t *format, va_list list)
	_WINUSB_W32_SYMBOL(_vsnwprintf);
int _swprintf(wchar_t *to, const wchar_t *format, ...) _WINUSB_W32_SYMBOL(_swprintf);
int _scwprintf(const wchar_t *format, ...) _WINUSB_W32_SYMBOL(_scwprintf);
int _vscwprintf(const wchar_t *format, va_list list) _WINUSB_W32_SYMBOL(_vscwprintf);
int swprintf_s(wchar_t *to, size_t room, const wchar_t *format, ...) _WINUSB_W32_SYMBOL(swprintf_s);
int vswprintf_s(wchar_t *to, size_t room, const wchar_t *format, va_list list)
	_WINUSB_W32_SYMBOL(vswprintf_s);
int _snwprintf_s(wchar_t *to, size_t room, size_t count, const wchar_t *format, ...)
	_WINUSB_W32_SYMBOL(_snwprintf_s);
int _vsnwprintf_s(wchar_t *to, size_t room, size_t count, const wchar_t *format, va_list list)
	_WINUSB_W32_SYMBOL(_vsnwprintf_s);
int _putws(const wchar_t *text) _WINUSB_W32_SYMBOL(_putws);
#define printf_s printf
#define fprintf_s fprintf
#define wprintf_s wprintf
#define fwprintf_s fwprintf

/* Formatted input: behind the pointer of each text stands its size, an unsigned int */
int scanf_s(const char *format, ...) _WINUSB_W32_SYMBOL(scanf_s);
int fscanf_s(FILE *file, const char *format, ...) _WINUSB_W32_SYMBOL(fscanf_s);
int sscanf_s(const char *text, const char *format, ...) _WINUSB_W32_SYMBOL(sscanf_s);
int wscanf_s(const wchar_t *format, ...) _WINUSB_W32_SYMBOL(wscanf_s);
int fwscanf_s(FILE *file, const wchar_t *format, ...) _WINUSB_W32_SYMBOL(fwscanf_s);
int swscanf_s(const wchar_t *text, const wchar_t *format, ...) _WINUSB_W32_SYMBOL(swscanf_s);

/* Files, by names of either width */
FILE *_wfopen(const wchar_t *name, const wchar_t *mode) _WINUSB_W32_SYMBOL(_wfopen);
errno_t fopen_s(FILE **file, const char *name, const char *mode) _WINUSB_W32_SYMBOL(fopen_s);
errno_t _wfopen_s(FILE **file, const wchar_t *name, const wchar_t *mode)
	_WINUSB_W32_SYMBOL(_wfopen_s);
#ifdef __USE_LARGEFILE64
#define _fseeki64 fseeko64
#define _ftelli64 ftello64
#else
#define _fseeki64 fseeko
#define _ftelli64 ftello
#endif

/* Others */
errno_t localtime_s(struct tm *to, const time_t *time) _WINUSB_W32_SYMBOL(localtime_s);
errno_t gmtime_s(struct tm *to, const time_t *time) _WINUSB_W32_SYMBOL(gmtime_s);
errno_t strerror_s(char *to, rsize_t room, int error) _WINUSB_W32_SYMBOL(strerror_s);

/* wmain() becomes main(), which makes UTF-16 of the arguments. */
int winusb_w32_start(int argc, char **argv, int (*wide_main)(int, wchar_t **, wchar_t **));
#define wmain(...) \
	_winusb_w32_main(__VA_ARGS__); \
	int main(int argc, char **argv) \
	{ \
		return winusb_w32_start(argc, argv, \
			(int (*)(int, wchar_t **, wchar_t **))(void (*)(void))_winusb_w32_main); \
	} \
	int _winusb_w32_main(__VA_ARGS__)

_WINUSB_W32_END

#ifdef __cplusplus
/* The size of an array is known. */
extern "C++" {
#define _WINUSB_W32_ARRAY(type, name, with_list) \
	template <size_t room> inline int with_list(type (&to)[room], const type *format, va_list list) \
	{ return with_list(to, room, format, list); } \
	template <size_t room> inline int name(type (&to)[room], const type *format, ...) \
	{ \
		va_list list; \
		va_start(list, format); \
		int length = with_list(to, room, format, list); \
		va_end(list); \
		return length; \
	}
_WINUSB_W32_ARRAY(char, sprintf_s, vsprintf_s)
_WINUSB_W32_ARRAY(wchar_t, swprintf_s, vswprintf_s)
#undef _WINUSB_W32_ARRAY
#define _WINUSB_W32_ARRAY(type, name, with_list) \
	template <size_t room> inline int with_list(type (&to)[room], size_t count, \
						    const type *format, va_list list) \
	{ return with_list(to, room, count, format, list); } \
	template <size_t room> inline int name(type (&to)[room], size_t count, \
					       const type *format, ...) \
	{ \
		va_list list; \
		va_start(list, format); \
		int length = with_list(to, room, count, format, list); \
		va_end(list); \
		return length; \
	}
_WINUSB_W32_ARRAY(char, _snprintf_s, _vsnprintf_s)
_WINUSB_W32_ARRAY(wchar_t, _snwprintf_s, _vsnwprintf_s)
#undef _WINUSB_W32_ARRAY
}
#endif

#endif /* _LIBWINUSB_WIN32_WINUSB_W32_CRT_H */
