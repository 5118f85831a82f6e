// SPDX-License-Identifier: MIT
#include "wide.h"

#include <stdint.h>
#include <stdlib.h>

#define IS_HIGH(unit) (((unit) & 0xfc00) == 0xd800)
#define IS_LOW(unit) (((unit) & 0xfc00) == 0xdc00)

/* How many bytes that follow a first one, and the least code that needs so many. */
static unsigned int follow(unsigned char first, uint32_t *code, uint32_t *least)
{
	if (first >= 0xc2 && first < 0xe0) {
		*code = first & 0x1f;
		*least = 0x80;
		return 1;
	}
	if (first >= 0xe0 && first < 0xf0) {
		*code = first & 0x0f;
		*least = 0x800;
		return 2;
	}
	if (first >= 0xf0 && first < 0xf5) {
		*code = first & 0x07;
		*least = 0x10000;
		return 3;
	}
	return 0;
}

/* Could CODE, of which LEFT bytes of six bits are still to come, become a valid one? */
static bool possible(uint32_t code, unsigned int left, uint32_t least, bool surrogates)
{
	uint32_t low = code << 6 * left, high = low | ((1U << 6 * left) - 1);

	if (high < least || low > 0x10ffff)
		return false;
	return surrogates || low < 0xd800 || high > 0xdfff;
}

/*
 * Takes one character off the text and gives how many bytes it has. What is not valid is taken off
 * up to the byte that makes it so, and *CODE is WIDE_BAD.
 */
static size_t utf8_take(const char *text, size_t count, bool surrogates, uint32_t *code, bool *bad)
{
	const unsigned char *byte = (const unsigned char *)text;
	uint32_t value = byte[0], least;
	unsigned int left;
	size_t taken = 1;

	*code = value;
	if (value < 0x80)
		return 1;
	left = follow(byte[0], &value, &least);
	if (left) {
		for (; left && taken < count && (byte[taken] & 0xc0) == 0x80; taken++) {
			uint32_t next = value << 6 | (byte[taken] & 0x3f);

			if (!possible(next, left - 1, least, surrogates))
				break;
			value = next;
			left--;
		}
		*code = value;
		if (!left)
			return taken;
	}
	*code = WIDE_BAD;
	if (bad)
		*bad = true;
	return taken;
}

static size_t widen(const char *from, size_t count, WCHAR *to, size_t room, bool surrogates,
		    bool *bad)
{
	size_t length = 0;
	uint32_t code;

	while (count) {
		size_t taken = utf8_take(from, count, surrogates, &code, bad);
		size_t units = code > 0xffff ? 2 : 1;

		from += taken;
		count -= taken;
		if (length + units > room)
			room = 0;
		else if (units == 1)
			to[length] = (WCHAR)code;
		else {
			to[length] = (WCHAR)(0xd7c0 + (code >> 10));
			to[length + 1] = (WCHAR)(0xdc00 + (code & 0x3ff));
		}
		length += units;
	}
	return length;
}

static size_t utf8_bytes(uint32_t code)
{
	return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static void utf8_put(uint32_t code, size_t bytes, char *to)
{
	static const unsigned char mark[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = bytes - 1; i; i--, code >>= 6)
		to[i] = (char)(0x80 | (code & 0x3f));
	to[0] = (char)(mark[bytes] | code);
}

static size_t narrow(const WCHAR *from, size_t count, char *to, size_t room, bool surrogates,
		     bool *bad)
{
	size_t length = 0;

	while (count) {
		uint32_t code = *from++;
		size_t bytes;

		count--;
		if (IS_HIGH(code) && count && IS_LOW(*from)) {
			code = (code - 0xd7c0) << 10 | (*from++ & 0x3ff);
			count--;
		} else if ((IS_HIGH(code) || IS_LOW(code)) && !surrogates) {
			code = WIDE_BAD;
			if (bad)
				*bad = true;
		}
		bytes = utf8_bytes(code);
		if (length + bytes > room)
			room = 0;
		else
			utf8_put(code, bytes, to + length);
		length += bytes;
	}
	return length;
}

size_t wtf8_character(const char *text, size_t count, size_t *units)
{
	uint32_t code;
	bool bad = false;
	size_t taken = utf8_take(text, count, true, &code, &bad), whole;
	uint32_t least;

	*units = code > 0xffff ? 2 : 1;
	if (!bad || taken < count)
		return taken;
	whole = 1 + follow(*text, &code, &least);
	if (taken < whole)
		*units = 0;
	return taken;
}

size_t wide_from_utf8(const char *from, size_t count, WCHAR *to, size_t room, bool *bad)
{
	return widen(from, count, to, room, false, bad);
}

size_t utf8_from_wide(const WCHAR *from, size_t count, char *to, size_t room, bool *bad)
{
	return narrow(from, count, to, room, false, bad);
}

size_t wide_from_wtf8(const char *from, size_t count, WCHAR *to, size_t room)
{
	return widen(from, count, to, room, true, NULL);
}

size_t wtf8_from_wide(const WCHAR *from, size_t count, char *to, size_t room)
{
	return narrow(from, count, to, room, true, NULL);
}

WCHAR *wide_of_utf8(const char *text)
{
	size_t count = strlen(text) + 1;
	size_t length = wide_from_utf8(text, count, NULL, 0, NULL);
	WCHAR *wide = malloc(length * sizeof(*wide));

	if (wide)
		wide_from_utf8(text, count, wide, length, NULL);
	return wide;
}

char *utf8_of_wide(const WCHAR *text)
{
	size_t count = wcslen(text) + 1;
	size_t length = utf8_from_wide(text, count, NULL, 0, NULL);
	char *utf8 = malloc(length);

	if (utf8)
		utf8_from_wide(text, count, utf8, length, NULL);
	return utf8;
}

static int fail(DWORD error)
{
	SetLastError(error);
	return 0;
}

/* All of these are UTF-8 here. */
static bool codepage_ok(UINT codepage)
{
	return codepage == CP_UTF8 || codepage == CP_ACP || codepage == CP_OEMCP ||
		codepage == CP_THREAD_ACP;
}

/* Flags of code pages that are no UTF-8: programs set them with CP_ACP, and they change nothing. */
#define MB_ONLY_ANSI (MB_PRECOMPOSED | MB_COMPOSITE | MB_USEGLYPHCHARS)
#define WC_ONLY_ANSI (WC_COMPOSITECHECK | WC_DISCARDNS | WC_SEPCHARS | WC_DEFAULTCHAR | \
		      WC_NO_BEST_FIT_CHARS)

/* What both directions refuse, and how they end. */
static DWORD conversion_check(UINT codepage, const void *from, int count, const void *to, int room)
{
	if (!codepage_ok(codepage) || !from || !count || count < -1 || room < 0)
		return ERROR_INVALID_PARAMETER;
	if (room && (!to || to == from))
		return ERROR_INVALID_PARAMETER;
	return ERROR_SUCCESS;
}

static int conversion_end(size_t length, int room)
{
	if (length > INT32_MAX)
		return fail(ERROR_INVALID_PARAMETER);
	if (room && length > (size_t)room)
		return fail(ERROR_INSUFFICIENT_BUFFER);
	return (int)length;
}

int WINAPI MultiByteToWideChar(UINT CodePage, DWORD dwFlags, LPCCH lpMultiByteStr, int cbMultiByte,
			       LPWSTR lpWideCharStr, int cchWideChar)
{
	DWORD known = MB_ERR_INVALID_CHARS | (CodePage == CP_UTF8 ? 0 : MB_ONLY_ANSI);
	DWORD error = conversion_check(CodePage, lpMultiByteStr, cbMultiByte, lpWideCharStr,
				       cchWideChar);
	bool bad = false;
	size_t length;

	if (error)
		return fail(error);
	if (dwFlags & ~known)
		return fail(ERROR_INVALID_FLAGS);
	length = cbMultiByte < 0 ? strlen(lpMultiByteStr) + 1 : (size_t)cbMultiByte;
	length = wide_from_utf8(lpMultiByteStr, length, lpWideCharStr, (size_t)cchWideChar, &bad);
	if (bad && (dwFlags & MB_ERR_INVALID_CHARS))
		return fail(ERROR_NO_UNICODE_TRANSLATION);
	return conversion_end(length, cchWideChar);
}

int WINAPI WideCharToMultiByte(UINT CodePage, DWORD dwFlags, LPCWCH lpWideCharStr, int cchWideChar,
			       LPSTR lpMultiByteStr, int cbMultiByte, LPCCH lpDefaultChar,
			       LPBOOL lpUsedDefaultChar)
{
	DWORD known = CodePage == CP_UTF8 ? WC_ERR_INVALID_CHARS : WC_ONLY_ANSI;
	DWORD error = conversion_check(CodePage, lpWideCharStr, cchWideChar, lpMultiByteStr,
				       cbMultiByte);
	bool bad = false;
	size_t length;

	if (error)
		return fail(error);
	if (dwFlags & ~known)
		return fail(ERROR_INVALID_FLAGS);
	if (CodePage == CP_UTF8 && (lpDefaultChar || lpUsedDefaultChar))
		return fail(ERROR_INVALID_PARAMETER);
	length = cchWideChar < 0 ? wcslen(lpWideCharStr) + 1 : (size_t)cchWideChar;
	length = utf8_from_wide(lpWideCharStr, length, lpMultiByteStr, (size_t)cbMultiByte, &bad);
	if (bad && (dwFlags & WC_ERR_INVALID_CHARS))
		return fail(ERROR_NO_UNICODE_TRANSLATION);
	if (lpUsedDefaultChar)
		*lpUsedDefaultChar = bad;
	return conversion_end(length, cbMultiByte);
}

size_t winusb_w32_mbstowcs(wchar_t *to, const char *from, size_t room)
{
	size_t count = strlen(from), length;
	bool bad = false;

	length = wide_from_utf8(from, count, to, to ? room : 0, &bad);
	if (bad)
		return (size_t)-1;
	if (to && length < room)
		to[length] = 0;
	return to && length > room ? room : length;
}

size_t winusb_w32_wcstombs(char *to, const wchar_t *from, size_t room)
{
	size_t count = wcslen(from), length;
	bool bad = false;

	length = utf8_from_wide(from, count, to, to ? room : 0, &bad);
	if (bad)
		return (size_t)-1;
	if (to && length < room)
		to[length] = 0;
	return to && length > room ? room : length;
}

/* Bytes of whole characters that give at most LIMIT units; *UNITS: how many they give. */
static size_t wide_fit(const char *from, size_t limit, size_t *units)
{
	size_t at = 0, bytes, each;

	for (*units = 0; from[at]; at += bytes, *units += each) {
		unsigned char first = from[at];

		bytes = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
		bytes = strnlen(from + at, bytes);
		each = bytes == 4 ? 2 : 1;
		if (each > limit - *units)
			break;
	}
	return at;
}

/* Units of whole characters that give at most LIMIT bytes; *BYTES: how many they give. */
static size_t narrow_fit(const wchar_t *from, size_t limit, size_t *bytes)
{
	size_t at = 0, units, each;

	for (*bytes = 0; from[at]; at += units, *bytes += each) {
		units = IS_HIGH(from[at]) && IS_LOW(from[at + 1]) ? 2 : 1;
		each = units == 2 ? 4 : utf8_bytes(from[at]);
		if (each > limit - *bytes)
			break;
	}
	return at;
}

/* WHOLE: all of the text was taken. */
static errno_t conversion_s_result(bool bad, bool whole, size_t room, size_t count)
{
	if (bad)
		return errno = EILSEQ;
	if (whole)
		return 0;
	if (count == _TRUNCATE)
		return STRUNCATE;
	return count < room ? 0 : (errno = ERANGE);
}

static size_t conversion_s_limit(const void *to, size_t room, size_t count)
{
	if (!to)
		return SIZE_MAX;
	return count < room ? count : room - 1;
}

errno_t mbstowcs_s(size_t *done, wchar_t *to, size_t room, const char *from, size_t count)
{
	size_t units, used;
	errno_t result;
	bool bad = false;

	if (done)
		*done = 0;
	if (to && room)
		*to = 0;
	if (!from || !to != !room)
		return errno = EINVAL;
	used = wide_fit(from, conversion_s_limit(to, room, count), &units);
	wide_from_utf8(from, used, to, to ? units : 0, &bad);
	result = conversion_s_result(bad, !from[used], room, count);
	if (to)
		to[result && result != STRUNCATE ? 0 : units] = 0;
	if (done && (!result || result == STRUNCATE))
		*done = units + 1;
	return result;
}

errno_t wcstombs_s(size_t *done, char *to, size_t room, const wchar_t *from, size_t count)
{
	size_t bytes, used;
	errno_t result;
	bool bad = false;

	if (done)
		*done = 0;
	if (to && room)
		*to = 0;
	if (!from || !to != !room)
		return errno = EINVAL;
	used = narrow_fit(from, conversion_s_limit(to, room, count), &bytes);
	utf8_from_wide(from, used, to, to ? bytes : 0, &bad);
	result = conversion_s_result(bad, !from[used], room, count);
	if (to)
		to[result && result != STRUNCATE ? 0 : bytes] = 0;
	if (done && (!result || result == STRUNCATE))
		*done = bytes + 1;
	return result;
}
