// SPDX-License-Identifier: MIT
#include <strsafe.h>

#include "tap.h"

TEST(copy)
{
	char to[4] = "xyz";
	wchar_t wide[4];

	CHECK_EQ(StringCchCopyA(to, 4, "abc"), S_OK);
	CHECK_STR(to, "abc");
	CHECK_EQ(StringCchCopyA(to, 4, "abcd"), STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_STR(to, "abc");
	CHECK_EQ(StringCchCopyA(to, 0, "z"), STRSAFE_E_INVALID_PARAMETER);
	CHECK_EQ(StringCchCopyA(to, (size_t)STRSAFE_MAX_CCH + 1, "z"), STRSAFE_E_INVALID_PARAMETER);
	CHECK_STR(to, "abc");
	CHECK_EQ(StringCchCopyA(to, 1, "z"), STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_STR(to, "");
	CHECK_EQ(StringCchCopyNA(to, 4, "abcdef", 2), S_OK);
	CHECK_STR(to, "ab");
	CHECK_EQ(StringCchCopyNA(to, 4, "abcdef", 4), STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_STR(to, "abc");
	CHECK_EQ(StringCbCopyW(wide, sizeof(wide), L"abc"), S_OK);
	CHECK_EQ(wcscmp(wide, L"abc"), 0);
	CHECK_EQ(StringCbCopyW(wide, 7, L"xyz"), STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_EQ(wcscmp(wide, L"xy"), 0);
	CHECK_EQ(StringCbCopyW(wide, 1, L"q"), STRSAFE_E_INVALID_PARAMETER);
	CHECK_EQ(StringCbCopyNW(wide, sizeof(wide), L"abcdef", 4), S_OK);
	CHECK_EQ(wcscmp(wide, L"ab"), 0);
}

TEST(cat)
{
	char to[6] = "ab";
	wchar_t wide[4] = L"a";

	CHECK_EQ(StringCchCatA(to, 6, "cd"), S_OK);
	CHECK_STR(to, "abcd");
	CHECK_EQ(StringCchCatA(to, 6, "efg"), STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_STR(to, "abcde");
	CHECK_EQ(StringCchCatA(to, 6, ""), S_OK);
	CHECK_EQ(StringCchCatA(to, 6, "x"), STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_EQ(StringCchCatA(to, 3, "x"), STRSAFE_E_INVALID_PARAMETER);
	CHECK_STR(to, "abcde");
	to[1] = 0;
	CHECK_EQ(StringCchCatNA(to, 6, "xyz", 2), S_OK);
	CHECK_STR(to, "axy");
	CHECK_EQ(StringCbCatW(wide, sizeof(wide), L"bc"), S_OK);
	CHECK_EQ(wcscmp(wide, L"abc"), 0);
	CHECK_EQ(StringCbCatNW(wide, sizeof(wide), L"d", 2), STRSAFE_E_INSUFFICIENT_BUFFER);
}

TEST(formatted)
{
	char to[6];
	wchar_t wide[6];

	CHECK_EQ(StringCchPrintfA(to, 6, "%lu %s", (DWORD)12, "ab"), S_OK);
	CHECK_STR(to, "12 ab");
	CHECK_EQ(StringCchPrintfA(to, 6, "%s", "abcdefgh"), STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_STR(to, "abcde");
	CHECK_EQ(StringCchPrintfA(to, 0, "x"), STRSAFE_E_INVALID_PARAMETER);
	CHECK_EQ(StringCbPrintfW(wide, sizeof(wide), L"%s", L"12345"), S_OK);
	CHECK_EQ(wcscmp(wide, L"12345"), 0);
	CHECK_EQ(StringCbPrintfW(wide, 4, L"%d", 12), STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_EQ(wcscmp(wide, L"1"), 0);
}

TEST(length)
{
	size_t length = 99;

	CHECK_EQ(StringCchLengthA("abc", 10, &length), S_OK);
	CHECK_EQ(length, 3);
	CHECK_EQ(StringCchLengthA("abc", 3, &length), STRSAFE_E_INVALID_PARAMETER);
	CHECK_EQ(length, 0);
	CHECK_EQ(StringCchLengthA(NULL, 3, &length), STRSAFE_E_INVALID_PARAMETER);
	CHECK_EQ(StringCchLengthA("abc", 10, NULL), S_OK);
	CHECK_EQ(StringCchLengthA("abc", (size_t)STRSAFE_MAX_CCH + 1, NULL),
		 STRSAFE_E_INVALID_PARAMETER);
	CHECK_EQ(StringCbLengthW(L"abc", 8, &length), S_OK);
	CHECK_EQ(length, 6);
	CHECK_EQ(StringCbLengthW(L"abc", 7, &length), STRSAFE_E_INVALID_PARAMETER);
}

TEST(macros_choose)
{
	TCHAR to[4];

	CHECK_EQ(StringCchCopy(to, 4, TEXT("ab")), S_OK);
	CHECK_EQ(StringCchPrintf(to, 4, TEXT("%d"), 1), S_OK);
}

TEST(ex_says_where_it_ends)
{
	char to[8], *end = NULL;
	wchar_t wide[4], *wide_end = NULL;
	size_t left = 0;

	CHECK_EQ(StringCchCopyExA(to, 8, "abc", &end, &left, 0), S_OK);
	CHECK(end == to + 3);
	CHECK_EQ(left, 5);
	CHECK_EQ(StringCchCatExA(end, left, "de", &end, &left, 0), S_OK);
	CHECK_STR(to, "abcde");
	CHECK(end == to + 5);
	CHECK_EQ(left, 3);
	CHECK_EQ(StringCchPrintfExA(end, left, &end, &left, 0, "%d", 7), S_OK);
	CHECK_EQ(left, 2);
	CHECK_EQ(StringCchPrintfExA(end, left, &end, &left, 0, "%d", 789),
		 STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_STR(to, "abcde77");
	CHECK(end == to + 7);
	CHECK_EQ(left, 1);
	CHECK_EQ(StringCchCopyNExA(to, 8, "abc", 2, &end, &left, 0), S_OK);
	CHECK_STR(to, "ab");
	CHECK_EQ(left, 6);
	CHECK_EQ(StringCchCatNExA(to, 8, "xyz", 1, NULL, NULL, 0), S_OK);
	CHECK_STR(to, "abx");
	/* Bytes, and half a unit that nothing can be in */
	CHECK_EQ(StringCbCopyExW(wide, 7, L"a", &wide_end, &left, 0), S_OK);
	CHECK(wide_end == wide + 1);
	CHECK_EQ(left, 5);
	CHECK_EQ(StringCbCatExW(wide, 7, L"bc", &wide_end, &left, 0),
		 STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_EQ(wcscmp(wide, L"ab"), 0);
	CHECK_EQ(left, 3);
	/* Not told when an argument is bad */
	left = 99;
	CHECK_EQ(StringCchCopyExA(to, 0, "a", &end, &left, 0), STRSAFE_E_INVALID_PARAMETER);
	CHECK_EQ(StringCchCopyExA(to, 8, "a", &end, &left, 0x2000), STRSAFE_E_INVALID_PARAMETER);
	CHECK_EQ(left, 99);
	CHECK_STR(to, "");
}

TEST(ex_fills)
{
	char to[6];
	wchar_t wide[4];

	CHECK_EQ(StringCchCopyExA(to, 6, "ab", NULL, NULL, STRSAFE_FILL_BYTE('x')), S_OK);
	CHECK_EQ(memcmp(to, "ab\0xxx", 6), 0);
	CHECK_EQ(StringCchCopyExA(to, 6, "abcde", NULL, NULL, STRSAFE_FILL_BYTE('x')), S_OK);
	CHECK_EQ(memcmp(to, "abcde", 6), 0);
	memset(wide, 1, sizeof(wide));
	CHECK_EQ(StringCbCopyExW(wide, 7, L"a", NULL, NULL, STRSAFE_FILL_BYTE(0xee)), S_OK);
	CHECK_EQ(memcmp(wide, "a\0\0\0\xee\xee\xee\1", 8), 0);
}

TEST(ex_fails_as_wanted)
{
	char to[4], *end = NULL;
	size_t left = 0;

	CHECK_EQ(StringCchCopyExA(to, 4, "abcd", &end, &left, STRSAFE_NULL_ON_FAILURE),
		 STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_STR(to, "");
	CHECK(end == to);
	CHECK_EQ(left, 4);
	CHECK_EQ(StringCchCopyExA(to, 4, "abcd", &end, &left, STRSAFE_FAILURE_BYTE('z')),
		 STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_EQ(memcmp(to, "zzz", 4), 0);
	CHECK_EQ(left, 1);
	CHECK_EQ(StringCchCopyExA(to, 4, "abcd", &end, &left, STRSAFE_FAILURE_BYTE(0)),
		 STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_EQ(memcmp(to, "\0\0\0", 4), 0);
	CHECK_EQ(left, 4);
	/* What was there stays. */
	strcpy(to, "ab");
	CHECK_EQ(StringCchCatExA(to, 4, "cd", &end, &left, STRSAFE_NO_TRUNCATION),
		 STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_STR(to, "ab");
	CHECK(end == to + 2);
	CHECK_EQ(left, 2);
	CHECK_EQ(StringCchPrintfExA(to, 4, NULL, NULL, STRSAFE_NO_TRUNCATION, "%d", 12345),
		 STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_STR(to, "");
}

TEST(ex_ignores_nulls)
{
	char to[4] = "abc", *end = to;
	size_t left = 1;

	CHECK_EQ(StringCchCopyExA(to, 4, NULL, &end, &left, STRSAFE_IGNORE_NULLS), S_OK);
	CHECK_STR(to, "");
	CHECK_EQ(left, 4);
	CHECK_EQ(StringCchCopyExA(NULL, 0, NULL, &end, &left, STRSAFE_IGNORE_NULLS), S_OK);
	CHECK(end == NULL);
	CHECK_EQ(left, 0);
	CHECK_EQ(StringCchCatExA(NULL, 0, "a", NULL, NULL, STRSAFE_IGNORE_NULLS),
		 STRSAFE_E_INVALID_PARAMETER);
	CHECK_EQ(StringCchCopyExA(to, 0, "a", NULL, NULL, STRSAFE_IGNORE_NULLS),
		 STRSAFE_E_INSUFFICIENT_BUFFER);
	CHECK_EQ(StringCchCopyExA(NULL, 4, "a", NULL, NULL, STRSAFE_IGNORE_NULLS),
		 STRSAFE_E_INVALID_PARAMETER);
	CHECK_EQ(StringCchPrintfExA(to, 4, NULL, NULL, STRSAFE_IGNORE_NULLS, NULL), S_OK);
	CHECK_STR(to, "");
}
