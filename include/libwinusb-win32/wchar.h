/* SPDX-License-Identifier: MIT */
/*
 * Wide strings of 16 bits. The C library's own functions are for wchar_t of 32 bits, so the names
 * lead to functions of libwinusb: first the C library's declarations are put out of the way, then
 * ours come, with the symbol that they have in the library. Names that Windows lacks are left as
 * they are.
 */
#ifndef _LIBWINUSB_WIN32_WCHAR_H
#pragma GCC system_header	/* include_next */
#define _LIBWINUSB_WIN32_WCHAR_H

#define fgetws _winusb_libc_fgetws
#define fputwc _winusb_libc_fputwc
#define fputws _winusb_libc_fputws
#define fwprintf _winusb_libc_fwprintf
#define fwscanf _winusb_libc_fwscanf
#define putwc _winusb_libc_putwc
#define putwchar _winusb_libc_putwchar
#define swprintf _winusb_libc_swprintf
#define vfwprintf _winusb_libc_vfwprintf
#define vfwscanf _winusb_libc_vfwscanf
#define vswprintf _winusb_libc_vswprintf
#define vwprintf _winusb_libc_vwprintf
#define vwscanf _winusb_libc_vwscanf
#define wcscat _winusb_libc_wcscat
#define wcschr _winusb_libc_wcschr
#define wcscmp _winusb_libc_wcscmp
#define wcscoll _winusb_libc_wcscoll
#define wcscpy _winusb_libc_wcscpy
#define wcscspn _winusb_libc_wcscspn
#define wcslen _winusb_libc_wcslen
#define wcsncat _winusb_libc_wcsncat
#define wcsncmp _winusb_libc_wcsncmp
#define wcsncpy _winusb_libc_wcsncpy
#define wcsnlen _winusb_libc_wcsnlen
#define wcspbrk _winusb_libc_wcspbrk
#define wcsrchr _winusb_libc_wcsrchr
#define wcsspn _winusb_libc_wcsspn
#define wcsstr _winusb_libc_wcsstr
#define wcstod _winusb_libc_wcstod
#define wcstok _winusb_libc_wcstok
#define wcstol _winusb_libc_wcstol
#define wcstold _winusb_libc_wcstold
#define wcstoll _winusb_libc_wcstoll
#define wcstoul _winusb_libc_wcstoul
#define wcstoull _winusb_libc_wcstoull
#define wmemchr _winusb_libc_wmemchr
#define wmemcmp _winusb_libc_wmemcmp
#define wmemcpy _winusb_libc_wmemcpy
#define wmemmove _winusb_libc_wmemmove
#define wmemset _winusb_libc_wmemset
#define wprintf _winusb_libc_wprintf
#define wscanf _winusb_libc_wscanf
#define swscanf _winusb_libc_swscanf
#define vswscanf _winusb_libc_vswscanf
#define wcsdup _winusb_libc_wcsdup
#define wcstof _winusb_libc_wcstof
#include_next <wchar.h>
#undef fgetws
#undef fputwc
#undef fputws
#undef fwprintf
#undef fwscanf
#undef putwc
#undef putwchar
#undef swprintf
#undef vfwprintf
#undef vfwscanf
#undef vswprintf
#undef vwprintf
#undef vwscanf
#undef wcscat
#undef wcschr
#undef wcscmp
#undef wcscoll
#undef wcscpy
#undef wcscspn
#undef wcslen
#undef wcsncat
#undef wcsncmp
#undef wcsncpy
#undef wcsnlen
#undef wcspbrk
#undef wcsrchr
#undef wcsspn
#undef wcsstr
#undef wcstod
#undef wcstok
#undef wcstol
#undef wcstold
#undef wcstoll
#undef wcstoul
#undef wcstoull
#undef wmemchr
#undef wmemcmp
#undef wmemcpy
#undef wmemmove
#undef wmemset
#undef wprintf
#undef wscanf
#undef wcstof
#undef wcsdup
#undef vswscanf
#undef swscanf

#include <stdarg.h>
#include <stdio.h>
#include <wctype.h>
#include "winusb_w32_macros.h"

/*
 * libstdc++.so has std::wstring for wchar_t of 32 bits: a program makes its own. <string> comes by
 * here first.
 */
#if defined(__cplusplus) && defined(_GLIBCXX_EXTERN_TEMPLATE)
#undef _GLIBCXX_EXTERN_TEMPLATE
#define _GLIBCXX_EXTERN_TEMPLATE -1
#include "winusb_w32_streams.h"
#endif

_WINUSB_W32_BEGIN

size_t wcslen(const wchar_t *text) _WINUSB_W32_SYMBOL(wcslen);
size_t wcsnlen(const wchar_t *text, size_t room) _WINUSB_W32_SYMBOL(wcsnlen);
wchar_t *wcscpy(wchar_t *to, const wchar_t *from) _WINUSB_W32_SYMBOL(wcscpy);
wchar_t *wcsncpy(wchar_t *to, const wchar_t *from, size_t count) _WINUSB_W32_SYMBOL(wcsncpy);
wchar_t *wcscat(wchar_t *to, const wchar_t *from) _WINUSB_W32_SYMBOL(wcscat);
wchar_t *wcsncat(wchar_t *to, const wchar_t *from, size_t count) _WINUSB_W32_SYMBOL(wcsncat);
int wcscmp(const wchar_t *one, const wchar_t *other) _WINUSB_W32_SYMBOL(wcscmp);
int wcsncmp(const wchar_t *one, const wchar_t *other, size_t count) _WINUSB_W32_SYMBOL(wcsncmp);
int wcscoll(const wchar_t *one, const wchar_t *other) _WINUSB_W32_SYMBOL(wcscmp);
size_t wcsspn(const wchar_t *text, const wchar_t *set) _WINUSB_W32_SYMBOL(wcsspn);
size_t wcscspn(const wchar_t *text, const wchar_t *set) _WINUSB_W32_SYMBOL(wcscspn);
wchar_t *wcstok(wchar_t *text, const wchar_t *set, wchar_t **rest) _WINUSB_W32_SYMBOL(wcstok);
/* long has 32 bits on Windows: what does not fit into them is ERANGE there and here. */
long wcstol(const wchar_t *text, wchar_t **end, int base) _WINUSB_W32_SYMBOL(wcstol);
unsigned long wcstoul(const wchar_t *text, wchar_t **end, int base) _WINUSB_W32_SYMBOL(wcstoul);
long long wcstoll(const wchar_t *text, wchar_t **end, int base) _WINUSB_W32_SYMBOL(wcstoll);
unsigned long long wcstoull(const wchar_t *text, wchar_t **end, int base)
	_WINUSB_W32_SYMBOL(wcstoull);
double wcstod(const wchar_t *text, wchar_t **end) _WINUSB_W32_SYMBOL(wcstod);
float wcstof(const wchar_t *text, wchar_t **end) _WINUSB_W32_SYMBOL(wcstof);
/* A long double has the range and precision of a double on Windows. */
static __inline__ long double wcstold(const wchar_t *text, wchar_t **end)
{
	return wcstod(text, end);
}
wchar_t *wcsdup(const wchar_t *text) _WINUSB_W32_SYMBOL(_wcsdup);
wchar_t *wmemcpy(wchar_t *to, const wchar_t *from, size_t count) _WINUSB_W32_SYMBOL(wmemcpy);
wchar_t *wmemmove(wchar_t *to, const wchar_t *from, size_t count) _WINUSB_W32_SYMBOL(wmemmove);
wchar_t *wmemset(wchar_t *to, wchar_t unit, size_t count) _WINUSB_W32_SYMBOL(wmemset);
int wmemcmp(const wchar_t *one, const wchar_t *other, size_t count) _WINUSB_W32_SYMBOL(wmemcmp);

int swprintf(wchar_t *to, size_t room, const wchar_t *format, ...) _WINUSB_W32_SYMBOL(swprintf);
int vswprintf(wchar_t *to, size_t room, const wchar_t *format, va_list list)
	_WINUSB_W32_SYMBOL(vswprintf);
int wprintf(const wchar_t *format, ...) _WINUSB_W32_SYMBOL(wprintf);
int fwprintf(FILE *file, const wchar_t *format, ...) _WINUSB_W32_SYMBOL(fwprintf);
int vwprintf(const wchar_t *format, va_list list) _WINUSB_W32_SYMBOL(vwprintf);
int vfwprintf(FILE *file, const wchar_t *format, va_list list) _WINUSB_W32_SYMBOL(vfwprintf);
int swscanf(const wchar_t *text, const wchar_t *format, ...) _WINUSB_W32_SYMBOL(swscanf);
int vswscanf(const wchar_t *text, const wchar_t *format, va_list list)
	_WINUSB_W32_SYMBOL(vswscanf);
int wscanf(const wchar_t *format, ...) _WINUSB_W32_SYMBOL(wscanf);
int vwscanf(const wchar_t *format, va_list list) _WINUSB_W32_SYMBOL(vwscanf);
int fwscanf(FILE *file, const wchar_t *format, ...) _WINUSB_W32_SYMBOL(fwscanf);
int vfwscanf(FILE *file, const wchar_t *format, va_list list) _WINUSB_W32_SYMBOL(vfwscanf);
int fputws(const wchar_t *text, FILE *file) _WINUSB_W32_SYMBOL(fputws);
wchar_t *fgetws(wchar_t *to, int room, FILE *file) _WINUSB_W32_SYMBOL(fgetws);
wint_t fputwc(wchar_t unit, FILE *file) _WINUSB_W32_SYMBOL(fputwc);
wint_t putwc(wchar_t unit, FILE *file) _WINUSB_W32_SYMBOL(fputwc);
wint_t putwchar(wchar_t unit) _WINUSB_W32_SYMBOL(putwchar);

#ifdef __cplusplus
/* To <cwchar>: the overloads for const are here. */
#ifndef __CORRECT_ISO_CPP_WCHAR_H_PROTO
#define __CORRECT_ISO_CPP_WCHAR_H_PROTO
#endif
#define _WINUSB_W32_SEARCH(name, parameter) \
	extern "C++" { \
	wchar_t *name(wchar_t *, parameter) _WINUSB_W32_SYMBOL(name); \
	const wchar_t *name(const wchar_t *, parameter) _WINUSB_W32_SYMBOL(name); }
_WINUSB_W32_SEARCH(wcschr, wchar_t)
_WINUSB_W32_SEARCH(wcsrchr, wchar_t)
_WINUSB_W32_SEARCH(wcsstr, const wchar_t *)
_WINUSB_W32_SEARCH(wcspbrk, const wchar_t *)
#undef _WINUSB_W32_SEARCH
extern "C++" {
wchar_t *wmemchr(wchar_t *, wchar_t, size_t) _WINUSB_W32_SYMBOL(wmemchr);
const wchar_t *wmemchr(const wchar_t *, wchar_t, size_t) _WINUSB_W32_SYMBOL(wmemchr);
/* Without the size, as Microsoft's compiler has it too */
int swprintf(wchar_t *to, const wchar_t *format, ...) _WINUSB_W32_SYMBOL(_swprintf);
}
#else
wchar_t *wcschr(const wchar_t *text, wchar_t unit) _WINUSB_W32_SYMBOL(wcschr);
wchar_t *wcsrchr(const wchar_t *text, wchar_t unit) _WINUSB_W32_SYMBOL(wcsrchr);
wchar_t *wcsstr(const wchar_t *text, const wchar_t *part) _WINUSB_W32_SYMBOL(wcsstr);
wchar_t *wcspbrk(const wchar_t *text, const wchar_t *set) _WINUSB_W32_SYMBOL(wcspbrk);
wchar_t *wmemchr(const wchar_t *text, wchar_t unit, size_t count) _WINUSB_W32_SYMBOL(wmemchr);
#endif

_WINUSB_W32_END

/* What is left of the C library's */
#ifdef __cplusplus
extern "C" {
#endif
_WINUSB_W32_NOT_HERE(fgetwc)
_WINUSB_W32_NOT_HERE(getwc)
_WINUSB_W32_NOT_HERE(getwchar)
_WINUSB_W32_NOT_HERE(mbrtowc)
_WINUSB_W32_NOT_HERE(mbsrtowcs)
_WINUSB_W32_NOT_HERE(ungetwc)
_WINUSB_W32_NOT_HERE(wcrtomb)
_WINUSB_W32_NOT_HERE(wcsftime)
_WINUSB_W32_NOT_HERE(wcsrtombs)
_WINUSB_W32_NOT_HERE(wcsxfrm)
#ifdef __USE_XOPEN2K8
_WINUSB_W32_NOT_HERE(wcscasecmp)
_WINUSB_W32_NOT_HERE(wcsncasecmp)
#endif
#ifdef __cplusplus
}
#endif
#endif /* _LIBWINUSB_WIN32_WCHAR_H */
