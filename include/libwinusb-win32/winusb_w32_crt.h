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
#include <wchar.h>
#include "minwindef.h"

#ifndef _TRUNCATE
#define _TRUNCATE ((size_t)-1)
#endif
#ifndef STRUNCATE
#define STRUNCATE 80
#endif
typedef int errno_t;
typedef size_t rsize_t;

_WINUSB_W32_BEGIN

/* Narrow strings */
int _stricmp(const char *one, const char *other) _WINUSB_W32_SYMBOL(_stricmp);
int _strnicmp(const char *one, const char *other, size_t count) _WINUSB_W32_SYMBOL(_strnicmp);
char *_strlwr(char *text) _WINUSB_W32_SYMBOL(_strlwr);
char *_strupr(char *text) _WINUSB_W32_SYMBOL(_strupr);
#define _strdup strdup
#define stricmp _stricmp
#define strnicmp _strnicmp
#define strcmpi _stricmp
#define strtok_s strtok_r
#define _strtoui64 strtoull
#define _strtoi64 strtoll
#define _atoi64 atoll
errno_t strcpy_s(char *to, rsize_t room, const char *from) _WINUSB_W32_SYMBOL(strcpy_s);
errno_t strcat_s(char *to, rsize_t room, const char *from) _WINUSB_W32_SYMBOL(strcat_s);
errno_t strncpy_s(char *to, rsize_t room, const char *from, rsize_t count)
	_WINUSB_W32_SYMBOL(strncpy_s);
errno_t strncat_s(char *to, rsize_t room, const char *from, rsize_t count)
	_WINUSB_W32_SYMBOL(strncat_s);
size_t strnlen_s(const char *text, size_t room) _WINUSB_W32_SYMBOL(strnlen_s);
errno_t memcpy_s(void *to, rsize_t room, const void *from, rsize_t count)
	_WINUSB_W32_SYMBOL(memcpy_s);
errno_t memmove_s(void *to, rsize_t room, const void *from, rsize_t count)
	_WINUSB_W32_SYMBOL(memmove_s);

/* Wide strings */
int _wcsicmp(const wchar_t *one, const wchar_t *other) _WINUSB_W32_SYMBOL(_wcsicmp);
int _wcsnicmp(const wchar_t *one, const wchar_t *other, size_t count) _WINUSB_W32_SYMBOL(_wcsnicmp);
wchar_t *_wcslwr(wchar_t *text) _WINUSB_W32_SYMBOL(_wcslwr);
wchar_t *_wcsupr(wchar_t *text) _WINUSB_W32_SYMBOL(_wcsupr);
wchar_t *_wcsdup(const wchar_t *text) _WINUSB_W32_SYMBOL(_wcsdup);
int _wtoi(const wchar_t *text) _WINUSB_W32_SYMBOL(_wtoi);
#define wcsicmp _wcsicmp
#define wcsnicmp _wcsnicmp
#define wcstok_s wcstok
#define _wcstoui64 wcstoull
#define _wcstoi64 wcstoll
errno_t wcscpy_s(wchar_t *to, rsize_t room, const wchar_t *from) _WINUSB_W32_SYMBOL(wcscpy_s);
errno_t wcscat_s(wchar_t *to, rsize_t room, const wchar_t *from) _WINUSB_W32_SYMBOL(wcscat_s);
errno_t wcsncpy_s(wchar_t *to, rsize_t room, const wchar_t *from, rsize_t count)
	_WINUSB_W32_SYMBOL(wcsncpy_s);
errno_t wcsncat_s(wchar_t *to, rsize_t room, const wchar_t *from, rsize_t count)
	_WINUSB_W32_SYMBOL(wcsncat_s);
size_t wcsnlen_s(const wchar_t *text, size_t room) _WINUSB_W32_SYMBOL(wcsnlen_s);

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

/* Files, by names of either width */
FILE *_wfopen(const wchar_t *name, const wchar_t *mode) _WINUSB_W32_SYMBOL(_wfopen);
errno_t fopen_s(FILE **file, const char *name, const char *mode) _WINUSB_W32_SYMBOL(fopen_s);
errno_t _wfopen_s(FILE **file, const wchar_t *name, const wchar_t *mode)
	_WINUSB_W32_SYMBOL(_wfopen_s);

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
#define _WINUSB_W32_ARRAY(type, name) \
	template <size_t room> inline errno_t name(type (&to)[room], const type *from) \
	{ return name(to, room, from); }
_WINUSB_W32_ARRAY(char, strcpy_s)
_WINUSB_W32_ARRAY(char, strcat_s)
_WINUSB_W32_ARRAY(wchar_t, wcscpy_s)
_WINUSB_W32_ARRAY(wchar_t, wcscat_s)
#undef _WINUSB_W32_ARRAY
#define _WINUSB_W32_ARRAY(type, name, with_list) \
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
#endif

#endif /* _LIBWINUSB_WIN32_WINUSB_W32_CRT_H */
