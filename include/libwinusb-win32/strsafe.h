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
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007a)
#define STRSAFE_E_INVALID_PARAMETER ((HRESULT)0x80070057)
#define STRSAFE_E_END_OF_FILE ((HRESULT)0x80070026)

typedef char *STRSAFE_LPSTR;
typedef const char *STRSAFE_LPCSTR;
typedef wchar_t *STRSAFE_LPWSTR;
typedef const wchar_t *STRSAFE_LPCWSTR;

_WINUSB_W32_BEGIN

#define _WINUSB_W32_STRSAFE(unit, suffix, in) \
	HRESULT WINAPI StringCchCopy##suffix(unit *pszDest, size_t cchDest, in pszSrc); \
	HRESULT WINAPI StringCbCopy##suffix(unit *pszDest, size_t cbDest, in pszSrc); \
	HRESULT WINAPI StringCchCopyN##suffix(unit *pszDest, size_t cchDest, in pszSrc, \
					      size_t cchToCopy); \
	HRESULT WINAPI StringCbCopyN##suffix(unit *pszDest, size_t cbDest, in pszSrc, \
					     size_t cbToCopy); \
	HRESULT WINAPI StringCchCat##suffix(unit *pszDest, size_t cchDest, in pszSrc); \
	HRESULT WINAPI StringCbCat##suffix(unit *pszDest, size_t cbDest, in pszSrc); \
	HRESULT WINAPI StringCchCatN##suffix(unit *pszDest, size_t cchDest, in pszSrc, \
					     size_t cchToAppend); \
	HRESULT WINAPI StringCbCatN##suffix(unit *pszDest, size_t cbDest, in pszSrc, \
					    size_t cbToAppend); \
	HRESULT WINAPI StringCchPrintf##suffix(unit *pszDest, size_t cchDest, in pszFormat, ...); \
	HRESULT WINAPI StringCbPrintf##suffix(unit *pszDest, size_t cbDest, in pszFormat, ...); \
	HRESULT WINAPI StringCchVPrintf##suffix(unit *pszDest, size_t cchDest, in pszFormat, \
						va_list argList); \
	HRESULT WINAPI StringCbVPrintf##suffix(unit *pszDest, size_t cbDest, in pszFormat, \
					       va_list argList); \
	HRESULT WINAPI StringCchLength##suffix(in psz, size_t cchMax, size_t *pcchLength); \
	HRESULT WINAPI StringCbLength##suffix(in psz, size_t cbMax, size_t *pcbLength);
_WINUSB_W32_STRSAFE(char, A, STRSAFE_LPCSTR)
_WINUSB_W32_STRSAFE(wchar_t, W, STRSAFE_LPCWSTR)
#undef _WINUSB_W32_STRSAFE

_WINUSB_W32_END

#define StringCchCopy _WINUSB_W32_AW(StringCchCopy)
#define StringCbCopy _WINUSB_W32_AW(StringCbCopy)
#define StringCchCopyN _WINUSB_W32_AW(StringCchCopyN)
#define StringCbCopyN _WINUSB_W32_AW(StringCbCopyN)
#define StringCchCat _WINUSB_W32_AW(StringCchCat)
#define StringCbCat _WINUSB_W32_AW(StringCbCat)
#define StringCchCatN _WINUSB_W32_AW(StringCchCatN)
#define StringCbCatN _WINUSB_W32_AW(StringCbCatN)
#define StringCchPrintf _WINUSB_W32_AW(StringCchPrintf)
#define StringCbPrintf _WINUSB_W32_AW(StringCbPrintf)
#define StringCchVPrintf _WINUSB_W32_AW(StringCchVPrintf)
#define StringCbVPrintf _WINUSB_W32_AW(StringCbVPrintf)
#define StringCchLength _WINUSB_W32_AW(StringCchLength)
#define StringCbLength _WINUSB_W32_AW(StringCbLength)

#endif /* _LIBWINUSB_WIN32_STRSAFE_H */
