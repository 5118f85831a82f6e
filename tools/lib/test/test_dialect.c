// SPDX-License-Identifier: MIT
/* What programs for Microsoft's compiler and library write besides calls has to compile and to do. */
#include <basetyps.h>
#include <wtypes.h>
#include <windows.h>
#include <fcntl.h>
#include <io.h>
#include <malloc.h>
#include <stdint.h>
#include <tchar.h>

#include "tap.h"

/* As the template of Visual Studio for WinUSB has it */
static HRESULT path_retrieve(_Out_bytecap_(BufLen) LPTSTR DevicePath, _In_ ULONG BufLen,
			     _Out_opt_ PBOOL FailureDeviceNotFound)
{
	if (FailureDeviceNotFound)
		*FailureDeviceNotFound = TRUE;
	if (BufLen < sizeof(*DevicePath))
		return E_INVALIDARG;
	*DevicePath = 0;
	return HRESULT_FROM_WIN32(ERROR_NOT_FOUND);
}

static _Success_(return) BOOL bytes_sum(_In_count_(count) const BYTE *bytes, ULONG count,
					_Out_writes_(1) _Post_z_ PULONG sum)
{
	for (*sum = 0; count; count--)
		*sum += *bytes++;
	return TRUE;
}

TEST(annotations)
{
	BYTE bytes[] = { 1, 2, 3 };
	TCHAR path[4] = _T("abc");
	BOOL missing = FALSE;
	ULONG sum = 0;

	CHECK_EQ(path_retrieve(path, sizeof(path), &missing), HRESULT_FROM_WIN32(ERROR_NOT_FOUND));
	CHECK_EQ(missing, TRUE);
	CHECK_EQ(path[0], 0);
	CHECK(bytes_sum(bytes, 3, &sum) && sum == 6);
}

/* As in the samples of the driver kit */
#define NEVER __pragma(warning(suppress:4127)) (0)

TEST(words_of_the_compiler)
{
	char text[] = "aB";

	while (NEVER)
		;
	CHECK_STR(strupr(text), "AB");
	CHECK_STR(strlwr(text), "ab");
}

static __forceinline int forced(int number)
{
	return number + 1;
}

FORCEINLINE int forced_too(int number)
{
	return number + 2;
}

TEST(words_that_are_combined)
{
	HRESULT result = HRESULT_FROM_WIN32(ERROR_TIMEOUT);
	static const HRESULT results[] = { HRESULT_FROM_WIN32(ERROR_NOT_FOUND), S_OK };
	int seen = 0;

	_Static_assert(HRESULT_FROM_WIN32(2) == (HRESULT)0x80070002, "a constant");
	_Static_assert(__HRESULT_FROM_WIN32(0) == S_OK, "a constant");
	switch (result) {
	case HRESULT_FROM_WIN32(ERROR_TIMEOUT):
		seen = forced(1) + forced_too(1);
	}
	CHECK_EQ(seen, 5);
	CHECK_EQ(results[0], (HRESULT)0x80070490);
	CHECK_EQ(HRESULT_FROM_WIN32(results[0]), results[0]);
}

TEST(clock_is_the_time_that_passed)
{
	clock_t before = clock(), passed;

	CHECK(before >= 0);
	Sleep(200);
	passed = clock() - before;
	CHECK_EQ(CLOCKS_PER_SEC, 1000);
	if (passed < 199 || passed > 5000)
		tap_fail(__FILE__, __LINE__, "%ld ticks have passed", (long)passed);
}

TEST(bytes_and_digits)
{
	char text[40];

	CHECK_EQ(_byteswap_ushort(0x1234), 0x3412);
	CHECK_EQ(_byteswap_ulong(0x12345678), 0x78563412);
	CHECK_EQ(_byteswap_uint64(0x0102030405060708ull), 0x0807060504030201ull);
	CHECK_STR(_itoa(-2147483647 - 1, text, 10), "-2147483648");
	CHECK_STR(_itoa(-1, text, 16), "ffffffff");
	CHECK_STR(_itoa(0, text, 2), "0");
	CHECK_EQ(_itoa_s(123, text, 4, 10), 0);
	CHECK_STR(text, "123");
	CHECK_EQ(_itoa_s(1234, text, 4, 10), ERANGE);
	CHECK_STR(text, "");
	CHECK_EQ(_itoa_s(1, text, 4, 37), EINVAL);
	CHECK_EQ(_itoa_s(1, NULL, 4, 10), EINVAL);
}

TEST(conversions_with_sizes)
{
	WCHAR wide[4];
	char text[4];
	size_t done = 9;

	CHECK_EQ(mbstowcs_s(&done, wide, 4, "abc", 3), 0);
	CHECK(done == 4 && !wcscmp(wide, L"abc"));
	CHECK_EQ(mbstowcs_s(&done, wide, 4, "abcd", 2), 0);
	CHECK(done == 3 && !wcscmp(wide, L"ab"));
	CHECK_EQ(mbstowcs_s(&done, wide, 4, "abcd", 10), ERANGE);
	CHECK(done == 0 && !*wide);
	CHECK_EQ(mbstowcs_s(&done, wide, 4, "abcd", _TRUNCATE), STRUNCATE);
	CHECK(done == 4 && !wcscmp(wide, L"abc"));
	CHECK_EQ(mbstowcs_s(&done, NULL, 0, "abcd", 0), 0);
	CHECK_EQ(done, 5);
	CHECK_EQ(mbstowcs_s(&done, wide, 4, "\xff", 1), EILSEQ);
	CHECK_EQ(mbstowcs_s(&done, wide, 4, NULL, 1), EINVAL);
	CHECK_EQ(mbstowcs_s(NULL, NULL, 4, "a", 1), EINVAL);
	CHECK_EQ(wcstombs_s(&done, text, 4, L"abc", _TRUNCATE), 0);
	CHECK(done == 4 && !strcmp(text, "abc"));
	CHECK_EQ(wcstombs_s(&done, text, 4, L"abcd", 10), ERANGE);
	CHECK(done == 0 && !*text);
	CHECK_EQ(wcstombs_s(&done, NULL, 0, L"abcd", 0), 0);
	CHECK_EQ(done, 5);
	CHECK_EQ(wcstombs_s(&done, text, 4, L"abcd", _TRUNCATE), STRUNCATE);
	CHECK_STR(text, "abc");
	/* Characters are whole, or not there; what is behind COUNT does not matter. */
	memset(text, 'x', sizeof(text));
	CHECK_EQ(wcstombs_s(&done, text, 3, L"a\xe9", _TRUNCATE), STRUNCATE);
	CHECK(done == 2 && !strcmp(text, "a"));
	CHECK_EQ(wcstombs_s(&done, text, 4, L"a\xe9", 2), 0);
	CHECK(done == 2 && !strcmp(text, "a"));
	CHECK_EQ(wcstombs_s(&done, text, 4, L"a\xe9", _TRUNCATE), 0);
	CHECK(done == 4 && !strcmp(text, "a\xc3\xa9"));
	CHECK_EQ(mbstowcs_s(&done, wide, 3, "a\xf0\x9f\x98\x80", _TRUNCATE), STRUNCATE);
	CHECK(done == 2 && !wcscmp(wide, L"a"));
	CHECK_EQ(mbstowcs_s(&done, wide, 4, "a\xf0\x9f\x98\x80", _TRUNCATE), 0);
	CHECK(done == 4 && wide[1] == 0xd83d && wide[2] == 0xde00 && !wide[3]);
	CHECK_EQ(mbstowcs_s(&done, wide, 4, "ab\xff", 2), 0);
	CHECK(done == 3 && !wcscmp(wide, L"ab"));
	CHECK_EQ(mbstowcs_s(&done, wide, 4, "a\xc3", _TRUNCATE), EILSEQ);
	CHECK(done == 0 && !*wide);
}

TEST(memory_with_alignment)
{
	char *memory = _aligned_malloc(100, 4096);

	CHECK(memory != NULL);
	CHECK_EQ((uintptr_t)memory % 4096, 0);
	_aligned_free(memory);
	memory = _aligned_malloc(3, 1);
	CHECK(memory != NULL);
	_aligned_free(memory);
	errno = 0;
	CHECK(_aligned_malloc(100, 24) == NULL);
	CHECK_EQ(errno, EINVAL);
	_aligned_free(NULL);
}

TEST(modes)
{
	CHECK_EQ(_setmode(_fileno(stderr), _O_U16TEXT), _O_BINARY);
	CHECK_EQ(_setmode(_fileno(stderr), 5), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(_setmode(-1, _O_BINARY), -1);
	CHECK_EQ(errno, EBADF);
}

TEST(times_and_errors)
{
	time_t time = 86400;
	char text[8];
	struct tm tm;

	CHECK_EQ(gmtime_s(&tm, &time), 0);
	CHECK_EQ(tm.tm_mday, 2);
	CHECK_EQ(localtime_s(&tm, &time), 0);
	CHECK_EQ(localtime_s(NULL, &time), EINVAL);
	CHECK_EQ(gmtime_s(&tm, NULL), EINVAL);
	CHECK_EQ(strerror_s(text, sizeof(text), ENOENT), 0);
	CHECK_STR(text, "No such");
	CHECK_EQ(strerror_s(text, 0, ENOENT), EINVAL);
}
