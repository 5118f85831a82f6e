/* SPDX-License-Identifier: MIT */
/* What Microsoft's C library has for texts and numbers: it comes with <string.h> and <stdlib.h>. */
#ifndef _LIBWINUSB_WIN32_WINUSB_W32_TEXT_H
#define _LIBWINUSB_WIN32_WINUSB_W32_TEXT_H

#include <stddef.h>
#include "winusb_w32_macros.h"

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
#define strlwr _strlwr
#define strupr _strupr
#define strtok_s strtok_r
#define _strtoui64 strtoull
#define _strtoi64 strtoll
#define _atoi64 atoll
char *_itoa(int number, char *to, int base) _WINUSB_W32_SYMBOL(_itoa);
errno_t _itoa_s(int number, char *to, rsize_t room, int base) _WINUSB_W32_SYMBOL(_itoa_s);
#define itoa _itoa
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
long _wtol(const wchar_t *text) _WINUSB_W32_SYMBOL(_wtol);
/* The rest is the calling thread's, as it is for wcstok without a place for it. */
wchar_t *_wcstok(wchar_t *text, const wchar_t *set) _WINUSB_W32_SYMBOL(_wcstok);
#define wcsicmp _wcsicmp
#define wcsnicmp _wcsnicmp
#define wcslwr _wcslwr
#define wcsupr _wcsupr
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
errno_t mbstowcs_s(size_t *done, wchar_t *to, size_t room, const char *from, size_t count)
	_WINUSB_W32_SYMBOL(mbstowcs_s);
errno_t wcstombs_s(size_t *done, char *to, size_t room, const wchar_t *from, size_t count)
	_WINUSB_W32_SYMBOL(wcstombs_s);

/* Bytes */
#define _byteswap_ushort(value) __builtin_bswap16(value)
#define _byteswap_ulong(value) __builtin_bswap32(value)
#define _byteswap_uint64(value) ((unsigned long long)__builtin_bswap64(value))

_WINUSB_W32_END

#ifdef __cplusplus
/* The size of an array is known. */
extern "C++" {
#define _WINUSB_W32_ARRAY(type, name) \
	template <size_t room> inline errno_t name(type (&to)[room], const type *from) \
	{ return name(to, room, from); }
_WINUSB_W32_ARRAY(char, strcpy_s)
_WINUSB_W32_ARRAY(char, strcat_s)
_WINUSB_W32_ARRAY(wchar_t, wcscpy_s)
_WINUSB_W32_ARRAY(wchar_t, wcscat_s)
#undef _WINUSB_W32_ARRAY
#define _WINUSB_W32_ARRAY(type, name) \
	template <size_t room> inline errno_t name(type (&to)[room], const type *from, rsize_t count) \
	{ return name(to, room, from, count); }
_WINUSB_W32_ARRAY(char, strncpy_s)
_WINUSB_W32_ARRAY(char, strncat_s)
_WINUSB_W32_ARRAY(wchar_t, wcsncpy_s)
_WINUSB_W32_ARRAY(wchar_t, wcsncat_s)
#undef _WINUSB_W32_ARRAY
}
#endif

#endif /* _LIBWINUSB_WIN32_WINUSB_W32_TEXT_H */
