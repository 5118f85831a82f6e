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
