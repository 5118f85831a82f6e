/* SPDX-License-Identifier: MIT */
/*
 * Strings with a size: Cch counts characters, Cb bytes; what does not fit is cut off and reported.
 */
#ifndef _LIBWINUSB_WIN32_STRSAFE_H
#define _LIBWINUSB_WIN32_STRSAFE_H

#include <stdarg.h>
#include "windows.h"

#define STRSAFE_MAX_CCH 2147483647
#define STRSAFE_MAX_LENGTH (STRSAFE_MAX_CCH - 1)
/* Of Ex functions; the byte to fill with is the lowest. */
#define STRSAFE_IGNORE_NULLS 0x00000100
#define STRSAFE_FILL_BEHIND_NULL 0x00000200
#define STRSAFE_FILL_ON_FAILURE 0x00000400
#define STRSAFE_NULL_ON_FAILURE 0x00000800
#define STRSAFE_NO_TRUNCATION 0x00001000
#define STRSAFE_VALID_FLAGS 0x00001fff
#define STRSAFE_FILL_BYTE(byte) ((DWORD)(((byte) & 0xff) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(byte) ((DWORD)(((byte) & 0xff) | STRSAFE_FILL_ON_FAILURE))
#define STRSAFE_GET_FILL_PATTERN(flags) ((int)((flags) & 0xff))
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007a)
#define STRSAFE_E_INVALID_PARAMETER ((HRESULT)0x80070057)
#define STRSAFE_E_END_OF_FILE ((HRESULT)0x80070026)

typedef char *STRSAFE_LPSTR;
typedef const char *STRSAFE_LPCSTR;
typedef wchar_t *STRSAFE_LPWSTR;
typedef const wchar_t *STRSAFE_LPCWSTR;

_WINUSB_W32_BEGIN

#define _WINUSB_W32_COPY(name, unit, in, suffix) \
	HRESULT WINAPI name##suffix(unit *pszDest, size_t size, in pszSrc); \
	HRESULT WINAPI name##Ex##suffix(unit *pszDest, size_t size, in pszSrc, \
					unit **ppszDestEnd, size_t *remaining, DWORD dwFlags); \
	HRESULT WINAPI name##N##suffix(unit *pszDest, size_t size, in pszSrc, size_t count); \
	HRESULT WINAPI name##NEx##suffix(unit *pszDest, size_t size, in pszSrc, size_t count, \
					 unit **ppszDestEnd, size_t *remaining, DWORD dwFlags);
#define _WINUSB_W32_STRSAFE(kind, unit, suffix, in) \
	_WINUSB_W32_COPY(String##kind##Copy, unit, in, suffix) \
	_WINUSB_W32_COPY(String##kind##Cat, unit, in, suffix) \
	HRESULT WINAPI String##kind##Printf##suffix(unit *pszDest, size_t size, in pszFormat, \
						    ...); \
	HRESULT WINAPI String##kind##PrintfEx##suffix(unit *pszDest, size_t size, \
						      unit **ppszDestEnd, size_t *remaining, \
						      DWORD dwFlags, in pszFormat, ...); \
	HRESULT WINAPI String##kind##VPrintf##suffix(unit *pszDest, size_t size, in pszFormat, \
						     va_list argList); \
	HRESULT WINAPI String##kind##VPrintfEx##suffix(unit *pszDest, size_t size, \
						       unit **ppszDestEnd, size_t *remaining, \
						       DWORD dwFlags, in pszFormat, \
						       va_list argList); \
	HRESULT WINAPI String##kind##Length##suffix(in psz, size_t max, size_t *length);
_WINUSB_W32_STRSAFE(Cch, char, A, STRSAFE_LPCSTR)
_WINUSB_W32_STRSAFE(Cb, char, A, STRSAFE_LPCSTR)
_WINUSB_W32_STRSAFE(Cch, wchar_t, W, STRSAFE_LPCWSTR)
_WINUSB_W32_STRSAFE(Cb, wchar_t, W, STRSAFE_LPCWSTR)
#undef _WINUSB_W32_STRSAFE
#undef _WINUSB_W32_COPY

_WINUSB_W32_END

#define StringCchCopy _WINUSB_W32_AW(StringCchCopy)
#define StringCbCopy _WINUSB_W32_AW(StringCbCopy)
#define StringCchCopyEx _WINUSB_W32_AW(StringCchCopyEx)
#define StringCbCopyEx _WINUSB_W32_AW(StringCbCopyEx)
#define StringCchCopyN _WINUSB_W32_AW(StringCchCopyN)
#define StringCbCopyN _WINUSB_W32_AW(StringCbCopyN)
#define StringCchCopyNEx _WINUSB_W32_AW(StringCchCopyNEx)
#define StringCbCopyNEx _WINUSB_W32_AW(StringCbCopyNEx)
#define StringCchCat _WINUSB_W32_AW(StringCchCat)
#define StringCbCat _WINUSB_W32_AW(StringCbCat)
#define StringCchCatEx _WINUSB_W32_AW(StringCchCatEx)
#define StringCbCatEx _WINUSB_W32_AW(StringCbCatEx)
#define StringCchCatN _WINUSB_W32_AW(StringCchCatN)
#define StringCbCatN _WINUSB_W32_AW(StringCbCatN)
#define StringCchCatNEx _WINUSB_W32_AW(StringCchCatNEx)
#define StringCbCatNEx _WINUSB_W32_AW(StringCbCatNEx)
#define StringCchPrintf _WINUSB_W32_AW(StringCchPrintf)
#define StringCbPrintf _WINUSB_W32_AW(StringCbPrintf)
#define StringCchPrintfEx _WINUSB_W32_AW(StringCchPrintfEx)
#define StringCbPrintfEx _WINUSB_W32_AW(StringCbPrintfEx)
#define StringCchVPrintf _WINUSB_W32_AW(StringCchVPrintf)
#define StringCbVPrintf _WINUSB_W32_AW(StringCbVPrintf)
#define StringCchVPrintfEx _WINUSB_W32_AW(StringCchVPrintfEx)
#define StringCbVPrintfEx _WINUSB_W32_AW(StringCbVPrintfEx)
#define StringCchLength _WINUSB_W32_AW(StringCchLength)
#define StringCbLength _WINUSB_W32_AW(StringCbLength)

#endif /* _LIBWINUSB_WIN32_STRSAFE_H */
