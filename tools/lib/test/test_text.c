// SPDX-License-Identifier: MIT
/* Wide strings, what Microsoft's C library adds, UTF-8 and UTF-16. */
#include <stdlib.h>
#include <windows.h>
#include <tchar.h>

#include "tap.h"
#include "wide.h"

#define CHECK_WIDE(actual, expected)						\
	__extension__ ({							\
		const WCHAR *got_w = (actual), *want_w = (expected);		\
		bool same_w = got_w && !wcscmp(got_w, want_w);			\
										\
		if (!same_w) {							\
			char *got_n = got_w ? utf8_of_wide(got_w) : NULL;	\
			char *want_n = utf8_of_wide(want_w);			\
										\
			tap_fail(__FILE__, __LINE__, \
				 "%s: expected \"%s\", got \"%s\"", #actual, \
				 want_n, got_n ? got_n : "NULL");		\
			free(got_n);						\
			free(want_n);						\
		}								\
		same_w;								\
	})

TEST(wide_literals_have_16_bits)
{
	CHECK_EQ(sizeof(WCHAR), 2);
	CHECK_EQ(sizeof(L"ab"), 6);
	CHECK_EQ(wcslen(L"\U0001F600"), 2);
}

TEST(lengths)
{
	WCHAR open[3] = { 'a', 'b', 'c' };

	CHECK_EQ(wcslen(L""), 0);
	CHECK_EQ(wcslen(L"abc"), 3);
	CHECK_EQ(wcsnlen(open, 3), 3);
	CHECK_EQ(wcsnlen(L"ab", 10), 2);
	CHECK_EQ(wcsnlen_s(NULL, 5), 0);
	CHECK_EQ(strnlen_s("abc", 2), 2);
}

TEST(copies)
{
	WCHAR to[8] = L"xxxxxxx";

	CHECK(wcscpy(to, L"abc") == to);
	CHECK_WIDE(to, L"abc");
	wcscat(to, L"de");
	CHECK_WIDE(to, L"abcde");
	wcsncat(to, L"fgh", 1);
	CHECK_WIDE(to, L"abcdef");
	wcsncpy(to, L"z", 7);
	CHECK_WIDE(to, L"z");
	CHECK_EQ(to[6], 0);
	wcsncpy(to, L"12345678", 3);
	CHECK_EQ(to[2], '3');
	CHECK_EQ(to[3], 0);
	wmemset(to, 'q', 3);
	CHECK_EQ(wmemcmp(to, L"qqq", 3), 0);
	wmemmove(to + 1, to, 3);
	CHECK(wmemchr(L"abc", 'c', 2) == NULL);
	CHECK_EQ(wmemchr(L"abc", 'c', 3)[0], 'c');
}

TEST(comparisons)
{
	CHECK_EQ(wcscmp(L"a", L"a"), 0);
	CHECK(wcscmp(L"a", L"b") < 0);
	CHECK(wcscmp(L"ab", L"a") > 0);
	CHECK(wcscmp(L"\x0100", L"\x00ff") > 0);
	CHECK(wcscmp(L"\xffff", L"a") > 0);
	CHECK_EQ(wcsncmp(L"abc", L"abd", 2), 0);
	CHECK_EQ(wcsncmp(L"abc", L"xyz", 0), 0);
	CHECK_EQ(_wcsicmp(L"VID_045E", L"vid_045e"), 0);
	CHECK(_wcsicmp(L"a", L"B") < 0);
	/* '_' is between capitals and small letters: small ones are compared. */
	CHECK(_wcsicmp(L"A", L"_") > 0);
	CHECK_EQ(_wcsnicmp(L"ABx", L"aby", 2), 0);
	CHECK_EQ(_stricmp("Hello", "hELLO"), 0);
	CHECK(_stricmp("a\xe4", "a\xc4") != 0);
	CHECK(_strnicmp("abc", "ABD", 3) < 0);
}

TEST(searches)
{
	const WCHAR *text = L"\\\\?\\usb#vid_0547";

	CHECK(wcschr(text, '#') == text + 7);
	CHECK(wcschr(text, 'Z') == NULL);
	CHECK(wcschr(text, 0) == text + 16);
	CHECK(wcsrchr(text, '\\') == text + 3);
	CHECK(wcsrchr(text, 0) == text + 16);
	CHECK(wcsstr(text, L"vid_") == text + 8);
	CHECK(wcsstr(text, L"") == text);
	CHECK(wcsstr(text, L"pid") == NULL);
	CHECK(wcsstr(L"ab", L"abc") == NULL);
	CHECK(wcspbrk(text, L"?#") == text + 2);
	CHECK(wcspbrk(text, L"!") == NULL);
	CHECK_EQ(wcsspn(L"aabc", L"ab"), 3);
	CHECK_EQ(wcscspn(L"xyz", L"z"), 2);
}

TEST(tokens)
{
	WCHAR text[] = L"a&&b", *rest;

	CHECK_WIDE(wcstok(text, L"&", &rest), L"a");
	CHECK_WIDE(wcstok(NULL, L"&", &rest), L"b");
	CHECK(wcstok(NULL, L"&", &rest) == NULL);
}

TEST(numbers)
{
	WCHAR *end;

	CHECK_EQ(wcstoul(L"0x0547", &end, 0), 0x547);
	CHECK_EQ(*end, 0);
	CHECK_EQ(wcstoul(L"045Ez", &end, 16), 0x45e);
	CHECK_EQ(*end, 'z');
	CHECK_EQ(wcstol(L"  -12", NULL, 10), -12);
	errno = 0;
	CHECK_EQ(wcstoul(L"4294967295", NULL, 10), 4294967295U);
	CHECK_EQ(errno, 0);
	/* long has 32 bits on Windows. */
	CHECK_EQ(wcstoul(L"4294967296", NULL, 10), 4294967295U);
	CHECK_EQ(errno, ERANGE);
	CHECK_EQ(wcstol(L"2147483648", NULL, 10), 2147483647);
	CHECK_EQ(wcstol(L"-2147483649", NULL, 10), -2147483647 - 1);
	CHECK_EQ(wcstoul(L"-1", NULL, 10), 4294967295U);
	CHECK_EQ(wcstoull(L"18446744073709551615", NULL, 10) == 18446744073709551615ULL, 1);
	CHECK_EQ(wcstoll(L"-5", &end, 10), -5);
	CHECK_EQ(_wtoi(L"42abc"), 42);
	CHECK_EQ(_wtol(L"4294967295"), 2147483647);
	CHECK(wcstod(L"1.5x", &end) == 1.5);
	CHECK_EQ(*end, 'x');
	CHECK(wcstof(L"0.25", NULL) == 0.25f);
	CHECK_EQ(wcstoul(L"\x0660", &end, 10), 0);
	CHECK_EQ(*end, 0x660);
}

/* The same for text of bytes. */
TEST(narrow_numbers)
{
	char *end;

	CHECK_EQ(strtoul("0x0547z", &end, 0), 0x547);
	CHECK_EQ(*end, 'z');
	errno = 0;
	CHECK_EQ(strtoul("4294967295", NULL, 10), 4294967295U);
	CHECK_EQ(strtoul("-1", NULL, 10), 4294967295U);
	CHECK_EQ(strtol("-2147483648", NULL, 10), -2147483647 - 1);
	CHECK_EQ(errno, 0);
	CHECK_EQ(strtoul("0x100000000", NULL, 16), 4294967295U);
	CHECK_EQ(errno, ERANGE);
	errno = 0;
	CHECK_EQ(strtol("4294967295", NULL, 10), 2147483647);
	CHECK_EQ(errno, ERANGE);
	CHECK_EQ(atol("-4294967295"), -2147483647 - 1);
	CHECK_EQ(atoi("4294967295"), 2147483647);
	CHECK_EQ(atoi(" -42z"), -42);
	CHECK_EQ(strtoul("0b101", &end, 0), 0);
	CHECK_EQ(*end, 'b');
}

/* Without a place for the rest each thread has one. */
TEST(tokens_of_a_thread)
{
	WCHAR text[] = L",a,,b", *rest;

	CHECK_WIDE(_wcstok(text, L","), L"a");
	CHECK_WIDE(_wcstok(NULL, L","), L"b");
	CHECK(!_wcstok(NULL, L","));
	CHECK(!_wcstok(NULL, L","));
	wcscpy(text, L"c,d");
	CHECK_WIDE(wcstok(text, L",", NULL), L"c");
	CHECK_WIDE(_wcstok(NULL, L","), L"d");
	rest = NULL;
	CHECK(!wcstok(NULL, L",", &rest));
	wcscpy(text, L"c d");
	CHECK_WIDE(wcstok(text, L" ", &rest), L"c");
	CHECK_WIDE(rest, L"d");
}

TEST(case_is_ascii)
{
	WCHAR text[] = L"Abc\xc4";
	char narrow[] = "Abc";

	CHECK_WIDE(_wcsupr(text), L"ABC\xc4");
	CHECK_WIDE(_wcslwr(text), L"abc\xc4");
	CHECK_STR(_strupr(narrow), "ABC");
	CHECK_STR(_strlwr(narrow), "abc");
}

TEST(duplicate)
{
	WCHAR *copy = _wcsdup(L"copy");

	CHECK_WIDE(copy, L"copy");
	free(copy);
}

TEST(secure_copies)
{
	char to[4] = "xyz";
	WCHAR wide[4] = L"xyz";

	CHECK_EQ(strcpy_s(to, 4, "abc"), 0);
	CHECK_STR(to, "abc");
	CHECK_EQ(strcpy_s(to, 4, "abcd"), ERANGE);
	CHECK_STR(to, "");
	CHECK_EQ(strcpy_s(NULL, 4, "a"), EINVAL);
	CHECK_EQ(strcpy_s(to, 0, "a"), EINVAL);
	CHECK_EQ(strcpy_s(to, 4, NULL), EINVAL);
	CHECK_EQ(strncpy_s(to, 4, "abcdef", 3), 0);
	CHECK_STR(to, "abc");
	CHECK_EQ(strncpy_s(to, 4, "abcdef", 4), ERANGE);
	CHECK_EQ(strncpy_s(to, 4, "abcdef", _TRUNCATE), STRUNCATE);
	CHECK_STR(to, "abc");
	CHECK_EQ(strncpy_s(to, 4, "ab", _TRUNCATE), 0);
	CHECK_EQ(strcat_s(to, 4, "c"), 0);
	CHECK_STR(to, "abc");
	CHECK_EQ(strcat_s(to, 4, "d"), ERANGE);
	CHECK_STR(to, "");
	CHECK_EQ(strncat_s(to, 4, "abcdef", _TRUNCATE), STRUNCATE);
	CHECK_STR(to, "abc");
	memcpy(to, "full", 4);
	CHECK_EQ(strcat_s(to, 4, "x"), EINVAL);
	CHECK_EQ(wcscpy_s(wide, 4, L"abc"), 0);
	CHECK_WIDE(wide, L"abc");
	CHECK_EQ(wcscat_s(wide, 4, L"d"), ERANGE);
	CHECK_EQ(wcsncpy_s(wide, 4, L"abcdef", _TRUNCATE), STRUNCATE);
	CHECK_WIDE(wide, L"abc");
	CHECK_EQ(wcsncat_s(wide, 4, L"", 0), 0);
}

TEST(secure_memory)
{
	char to[4] = "abc";

	CHECK_EQ(memcpy_s(to, 4, "xyz", 3), 0);
	CHECK_STR(to, "xyz");
	CHECK_EQ(memcpy_s(to, 2, "123", 3), ERANGE);
	CHECK_EQ(to[0], 0);
	CHECK_EQ(to[2], 'z');
	CHECK_EQ(memmove_s(to, 4, NULL, 1), EINVAL);
	CHECK_EQ(memmove_s(to, 4, NULL, 0), 0);
	memcpy(to, "abc", 4);
	CHECK_EQ(memmove_s(to + 1, 3, to, 2), 0);
	CHECK_STR(to, "aab");
}

TEST(lstr)
{
	char to[8];
	WCHAR wide[8];

	CHECK_EQ(lstrlenA(NULL), 0);
	CHECK_EQ(lstrlenW(L"abc"), 3);
	CHECK_EQ(lstrcmpiA("usb", "USB"), 0);
	CHECK_EQ(lstrcmpiW(L"usb", L"USC"), -1);
	CHECK_EQ(lstrcmpA("a", "A"), -1);
	CHECK_EQ(lstrcmpA("B", "a"), 1);
	CHECK_EQ(lstrcmpW(L"a", L"a"), 0);
	CHECK_EQ(lstrcmpA(NULL, "a"), -1);
	CHECK_EQ(lstrcmpA(NULL, NULL), 0);
	CHECK_STR(lstrcpyA(to, "ab"), "ab");
	CHECK_STR(lstrcatA(to, "cd"), "abcd");
	CHECK_STR(lstrcpynA(to, "abcdef", 4), "abc");
	CHECK(lstrcpynA(to, NULL, 4) == NULL);
	CHECK_WIDE(lstrcpynW(wide, L"abcdef", 4), L"abc");
	CHECK_WIDE(lstrcatW(wide, L"d"), L"abcd");
	CHECK_WIDE(lstrcpyW(wide, L"z"), L"z");
	CHECK(lstrcpyW(NULL, L"z") == NULL);
}

/* UTF-8 to UTF-16 */

static int widen(const char *text, int count, WCHAR *to, int room, DWORD flags)
{
	SetLastError(0);
	return MultiByteToWideChar(CP_UTF8, flags, text, count, to, room);
}

TEST(to_wide)
{
	WCHAR to[16];

	CHECK_EQ(widen("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", -1, to, 16, 0), 6);
	CHECK_WIDE(to, L"a\xe4\x20ac\xd83d\xde00");
	CHECK_EQ(widen("abc", 2, to, 16, 0), 2);
	CHECK_EQ(widen("abc", -1, NULL, 0, 0), 4);
	CHECK_EQ(widen("", -1, to, 16, 0), 1);
	CHECK_EQ(MultiByteToWideChar(CP_ACP, MB_PRECOMPOSED, "\xc3\xa4", 2, to, 16), 1);
	CHECK_EQ(MultiByteToWideChar(CP_ACP, MB_USEGLYPHCHARS, "\xc3\xa4", 2, to, 16), 1);
	CHECK_EQ(to[0], 0xe4);
	CHECK_EQ(MultiByteToWideChar(CP_OEMCP, 0, "x", 1, to, 16), 1);
}

TEST(to_wide_refuses)
{
	WCHAR to[4];

	CHECK_EQ(widen("abcd", -1, to, 4, 0), 0);
	CHECK_EQ(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
	CHECK_EQ(widen(NULL, 1, to, 4, 0), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK_EQ(widen("a", 0, to, 4, 0), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK_EQ(widen("a", -2, to, 4, 0), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK_EQ(widen("a", 1, NULL, 4, 0), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK_EQ(widen("a", 1, to, -1, 0), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK_EQ(widen("a", 1, to, 4, MB_PRECOMPOSED), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_FLAGS);
	CHECK_EQ(MultiByteToWideChar(1252, 0, "a", 1, to, 4), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
}

TEST(not_utf8)
{
	static const struct {
		const char *bytes;
		int units;	/* each bad part is one U+FFFD */
	} bad[] = {
		{ "\x80", 1 }, { "\xc3", 1 }, { "\xc0\xaf", 2 }, { "\xe2\x82", 1 }, { "\xe2\x82z",
		2 }, { "\xed\xa0\x80", 3 }, { "\xf4\x90\x80\x80", 4 }, { "\xf0\x9f\x98", 1 },
		{ "\xe0\x80\x80", 3 }, { "\xff", 1 }, { "\xf0\x9f\x98\x80\x80", 3 },
	};
	WCHAR to[8];

	for (size_t i = 0; i < ARRAYSIZE(bad); i++) {
		int count = (int)strlen(bad[i].bytes);

		if (!CHECK_EQ(widen(bad[i].bytes, count, to, 8, 0), bad[i].units))
			printf("# row %d\n", (int)i);
		CHECK_EQ(widen(bad[i].bytes, count, to, 8, MB_ERR_INVALID_CHARS), 0);
		CHECK_EQ(GetLastError(), ERROR_NO_UNICODE_TRANSLATION);
	}
	CHECK_EQ(widen("\xe2\x82z", 3, to, 8, 0), 2);
	CHECK_EQ(to[0], 0xfffd);
	CHECK_EQ(to[1], 'z');
}

/* UTF-16 to UTF-8 */

static int narrow(const WCHAR *text, int count, char *to, int room, DWORD flags)
{
	SetLastError(0);
	return WideCharToMultiByte(CP_UTF8, flags, text, count, to, room, NULL, NULL);
}

TEST(to_narrow)
{
	char to[16];
	BOOL used = 5;

	CHECK_EQ(narrow(L"a\xe4\x20ac\xd83d\xde00", -1, to, 16, 0), 11);
	CHECK_STR(to, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	CHECK_EQ(narrow(L"abc", -1, NULL, 0, 0), 4);
	CHECK_EQ(narrow(L"abc", -1, to, 3, 0), 0);
	CHECK_EQ(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
	CHECK_EQ(narrow(L"\xd800", 1, to, 16, 0), 3);
	CHECK_EQ(memcmp(to, "\xef\xbf\xbd", 3), 0);
	CHECK_EQ(narrow(L"\xde00\xd83d", 2, to, 16, 0), 6);
	CHECK_EQ(narrow(L"\xd800", 1, to, 16, WC_ERR_INVALID_CHARS), 0);
	CHECK_EQ(GetLastError(), ERROR_NO_UNICODE_TRANSLATION);
	CHECK_EQ(narrow(L"a", 1, to, 16, WC_NO_BEST_FIT_CHARS), 0);
	CHECK_EQ(WideCharToMultiByte(CP_ACP, WC_COMPOSITECHECK | WC_SEPCHARS, L"\xe4", 1, to, 16,
				     NULL, NULL), 2);
	CHECK_EQ(GetLastError(), ERROR_INVALID_FLAGS);
	CHECK_EQ(WideCharToMultiByte(CP_UTF8, 0, L"a", 1, to, 16, NULL, &used), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK_EQ(WideCharToMultiByte(CP_ACP, 0, L"a", 1, to, 16, "?", &used), 1);
	CHECK_EQ(used, FALSE);
	CHECK_EQ(WideCharToMultiByte(CP_ACP, 0, L"\xdc00", 1, to, 16, "?", &used), 3);
	CHECK_EQ(used, TRUE);
	CHECK_EQ(narrow(NULL, 1, to, 16, 0), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
}

/* There and back, every code */
TEST(all_codes)
{
	WCHAR wide[2], back[2];
	char bytes[4];

	for (unsigned int code = 1; code < 0x110000; code++) {
		int units = code > 0xffff ? 2 : 1, length;

		if (code >= 0xd800 && code < 0xe000)
			continue;
		wide[0] = (WCHAR)(units == 1 ? code : 0xd7c0 + (code >> 10));
		wide[1] = (WCHAR)(0xdc00 | (code & 0x3ff));
		length = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, units, bytes, 4,
					     NULL, NULL);
		if (length < 1 || MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, bytes, length,
						      back, 2) !=
		    units || memcmp(wide, back, (size_t)units * 2)) {
			tap_fail(__FILE__, __LINE__, "code %x does not come back", code);
			return;
		}
	}
}

TEST(half_pairs_survive_inside)
{
	WCHAR text[] = { 0xd800, 'a', 0xdc00 }, back[3];
	char bytes[8];

	CHECK_EQ(wtf8_from_wide(text, 3, bytes, sizeof(bytes)), 7);
	CHECK_EQ(wide_from_wtf8(bytes, 7, back, 3), 3);
	CHECK_EQ(memcmp(text, back, sizeof(text)), 0);
}

TEST(multibyte_of_stdlib)
{
	WCHAR wide[4];
	char to[8];

	CHECK_EQ(mbstowcs(wide, "\xc3\xa4z", 4), 2);
	CHECK_WIDE(wide, L"\xe4z");
	CHECK_EQ(mbstowcs(NULL, "abc", 0), 3);
	CHECK_EQ(mbstowcs(wide, "abcdef", 4), 4);
	CHECK_EQ((int)mbstowcs(wide, "\xff", 4), -1);
	CHECK_EQ(wcstombs(to, L"\xe4", 8), 2);
	CHECK_STR(to, "\xc3\xa4");
	CHECK_EQ(wcstombs(NULL, L"\x20ac", 0), 3);
}

static int wide_main(int argc, wchar_t **argv, wchar_t **environment)
{
	CHECK_EQ(argc, 2);
	CHECK_WIDE(argv[0], L"program");
	CHECK_WIDE(argv[1], L"\xe4");
	CHECK(argv[2] == NULL);
	CHECK(environment != NULL);
	return 7;
}

TEST(start_of_wmain)
{
	char *arguments[] = { "program", "\xc3\xa4", NULL };

	CHECK_EQ(winusb_w32_start(2, arguments, wide_main), 7);
}

TEST(tchar_is_narrow_here)
{
	TCHAR text[8];

	_tcscpy(text, _T("abc"));
	CHECK_EQ(_tcslen(text), 3);
	CHECK_EQ(sizeof(TCHAR), 1);
	CHECK_EQ(_tcsicmp(text, TEXT("ABC")), 0);
}
