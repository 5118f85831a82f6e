// SPDX-License-Identifier: MIT
/*
 * StringCch* and StringCb*. As on Windows: a size of zero or beyond STRSAFE_MAX_CCH is an invalid
 * parameter and nothing is written; what does not fit is cut off, ends with a zero, and is
 * reported.
 */
#include "format.h"
#include "wide.h"

#include <strsafe.h>

static bool size_bad(size_t size)
{
	return !size || size > STRSAFE_MAX_CCH;
}

/* Both kinds of unit. Cb is Cch of the number of whole units. */
#define STRSAFE(unit, in, suffix, length_of, format_to) \
static HRESULT copy_##suffix(unit *to, size_t room, in from, size_t most) \
{ \
	size_t length = length_of(from, most < room ? most : room); \
	bool fits = length < room; \
 \
	if (!fits) \
		length = room - 1; \
	memcpy(to, from, length * sizeof(unit)); \
	to[length] = 0; \
	return fits ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER; \
} \
HRESULT WINAPI StringCchCopyN##suffix(unit *pszDest, size_t cchDest, in pszSrc, size_t cchToCopy) \
{ \
	if (size_bad(cchDest)) \
		return STRSAFE_E_INVALID_PARAMETER; \
	if (cchToCopy > STRSAFE_MAX_LENGTH) { \
		pszDest[0] = 0; \
		return STRSAFE_E_INVALID_PARAMETER; \
	} \
	return copy_##suffix(pszDest, cchDest, pszSrc, cchToCopy); \
} \
HRESULT WINAPI StringCchCopy##suffix(unit *pszDest, size_t cchDest, in pszSrc) \
{ \
	if (size_bad(cchDest)) \
		return STRSAFE_E_INVALID_PARAMETER; \
	return copy_##suffix(pszDest, cchDest, pszSrc, STRSAFE_MAX_LENGTH); \
} \
HRESULT WINAPI StringCchCatN##suffix(unit *pszDest, size_t cchDest, in pszSrc, size_t cchToAppend) \
{ \
	size_t used; \
 \
	if (size_bad(cchDest) || cchToAppend > STRSAFE_MAX_LENGTH) \
		return STRSAFE_E_INVALID_PARAMETER; \
	used = length_of(pszDest, cchDest); \
	if (used == cchDest) \
		return STRSAFE_E_INVALID_PARAMETER; \
	return copy_##suffix(pszDest + used, cchDest - used, pszSrc, cchToAppend); \
} \
HRESULT WINAPI StringCchCat##suffix(unit *pszDest, size_t cchDest, in pszSrc) \
{ \
	return StringCchCatN##suffix(pszDest, cchDest, pszSrc, STRSAFE_MAX_LENGTH); \
} \
HRESULT WINAPI StringCchVPrintf##suffix(unit *pszDest, size_t cchDest, in pszFormat, \
					va_list argList) \
{ \
	unit *text; \
	HRESULT result; \
	int length; \
 \
	if (size_bad(cchDest)) \
		return STRSAFE_E_INVALID_PARAMETER; \
	length = format_to(&text, pszFormat, argList); \
	if (length < 0) { \
		pszDest[0] = 0; \
		return STRSAFE_E_INSUFFICIENT_BUFFER; \
	} \
	result = (size_t)length < cchDest ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER; \
	if (result) \
		length = (int)cchDest - 1; \
	memcpy(pszDest, text, (size_t)length * sizeof(unit)); \
	pszDest[length] = 0; \
	free(text); \
	return result; \
} \
HRESULT WINAPI StringCchPrintf##suffix(unit *pszDest, size_t cchDest, in pszFormat, ...) \
{ \
	va_list list; \
	HRESULT result; \
 \
	va_start(list, pszFormat); \
	result = StringCchVPrintf##suffix(pszDest, cchDest, pszFormat, list); \
	va_end(list); \
	return result; \
} \
HRESULT WINAPI StringCchLength##suffix(in psz, size_t cchMax, size_t *pcchLength) \
{ \
	size_t length = 0; \
	HRESULT result = STRSAFE_E_INVALID_PARAMETER; \
 \
	if (psz && cchMax <= STRSAFE_MAX_CCH) { \
		length = length_of(psz, cchMax); \
		if (length < cchMax) \
			result = S_OK; \
	} \
	if (pcchLength) \
		*pcchLength = result ? 0 : length; \
	return result; \
} \
 \
HRESULT WINAPI StringCbCopy##suffix(unit *pszDest, size_t cbDest, in pszSrc) \
{ \
	return StringCchCopy##suffix(pszDest, cbDest / sizeof(unit), pszSrc); \
} \
HRESULT WINAPI StringCbCopyN##suffix(unit *pszDest, size_t cbDest, in pszSrc, size_t cbToCopy) \
{ \
	return StringCchCopyN##suffix(pszDest, cbDest / sizeof(unit), pszSrc, \
				      cbToCopy / sizeof(unit)); \
} \
HRESULT WINAPI StringCbCat##suffix(unit *pszDest, size_t cbDest, in pszSrc) \
{ \
	return StringCchCat##suffix(pszDest, cbDest / sizeof(unit), pszSrc); \
} \
HRESULT WINAPI StringCbCatN##suffix(unit *pszDest, size_t cbDest, in pszSrc, size_t cbToAppend) \
{ \
	return StringCchCatN##suffix(pszDest, cbDest / sizeof(unit), pszSrc, \
				     cbToAppend / sizeof(unit)); \
} \
HRESULT WINAPI StringCbVPrintf##suffix(unit *pszDest, size_t cbDest, in pszFormat, \
				       va_list argList) \
{ \
	return StringCchVPrintf##suffix(pszDest, cbDest / sizeof(unit), pszFormat, argList); \
} \
HRESULT WINAPI StringCbPrintf##suffix(unit *pszDest, size_t cbDest, in pszFormat, ...) \
{ \
	va_list list; \
	HRESULT result; \
 \
	va_start(list, pszFormat); \
	result = StringCbVPrintf##suffix(pszDest, cbDest, pszFormat, list); \
	va_end(list); \
	return result; \
} \
HRESULT WINAPI StringCbLength##suffix(in psz, size_t cbMax, size_t *pcbLength) \
{ \
	HRESULT result = StringCchLength##suffix(psz, cbMax / sizeof(unit), pcbLength); \
 \
	if (pcbLength) \
		*pcbLength *= sizeof(unit); \
	return result; \
}

STRSAFE(char, STRSAFE_LPCSTR, A, strnlen, format_narrow)
STRSAFE(wchar_t, STRSAFE_LPCWSTR, W, wcsnlen, format_wide)
