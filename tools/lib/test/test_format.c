// SPDX-License-Identifier: MIT
/* printf(), scanf() and relatives: a format means what it means on Windows. */
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-overflow"
#include <dlfcn.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <windows.h>

#include "tap.h"
#include "wide.h"

/* What a format makes, narrow and wide: the same here. */
#define MAKES(expected, format, ...)							\
	do {										\
		char narrow_[300], *back_;						\
		wchar_t wide_[300];							\
											\
		CHECK_EQ(snprintf(narrow_, 300, format, ##__VA_ARGS__), strlen(expected));	\
		CHECK_STR(narrow_, expected);						\
		swprintf(wide_, 300, L"" format, ##__VA_ARGS__);			\
		back_ = utf8_of_wide(wide_);						\
		CHECK_STR(back_, expected);						\
		free(back_);								\
	} while (0)

TEST(integers)
{
	MAKES("5 -5 5", "%d %i %u", 5, -5, 5);
	MAKES("00FF ff 377", "%04X %x %o", 255, 255, 255);
	MAKES("  7|7  |+7| 7|007", "%3d|%-3d|%+d|% d|%.3d", 7, 7, 7, 7, 7);
	MAKES("0x1f", "%#x", 31);
	MAKES("   12", "%*d", 5, 12);
	MAKES("12   |", "%*d|", -5, 12);
	MAKES("012", "%.*d", 3, 12);
	MAKES("12", "%.*d", -1, 12);
	MAKES("-1 255", "%hhd %hhu", 255, 255);
	MAKES("-1 65535", "%hd %hu", 65535, 65535);
}

/* A DWORD is what %lu and %lx are for. */
TEST(long_has_32_bits)
{
	DWORD error = 0xffffffff;
	LONG status = (LONG)0xc0000001;

	MAKES("4294967295 ffffffff -1", "%lu %lx %ld", error, error, error);
	MAKES("0xC0000001", "0x%08lX", status);
	/* On the stack the upper half of an argument of 32 bits is anything. */
	MAKES("1 2 3 4 5 6 7 8 9", "%lu %lu %lu %lu %lu %lu %lu %lu %lu", (DWORD)1, (DWORD)2,
	      (DWORD)3, (DWORD)4, (DWORD)5, (DWORD)6, (DWORD)7, (DWORD)8, (DWORD)9);
}

TEST(long_integers)
{
	MAKES("18446744073709551615", "%I64u", ULLONG_MAX);
	MAKES("ffffffffffffffff -1", "%llx %lld", ULLONG_MAX, -1LL);
	MAKES("12345678", "%I32x", 0x12345678);
	MAKES("7 8", "%zu %Iu", (size_t)7, (size_t)8);
	MAKES("-3 9", "%td %jd", (ptrdiff_t)-3, (intmax_t)9);
	MAKES("0000000000000001", "%016I64X", 1ULL);
}

TEST(pointers)
{
	void *pointer = (void *)(uintptr_t)0x12ab;

	if (sizeof(void *) == 8)
		MAKES("00000000000012AB", "%p", pointer);
	else
		MAKES("000012AB", "%p", pointer);
}

TEST(floating)
{
	MAKES("1.500000 1.5 1.50e+00", "%f %g %.2e", 1.5, 1.5, 1.5);
	MAKES("  3.1", "%5.1f", 3.14);
	MAKES("2.5", "%.1Lf", 2.5L);
}

TEST(characters)
{
	char narrow[20];
	wchar_t wide[20];

	MAKES("a   b|", "%c%4c|", 'a', 'b');
	MAKES("%", "%%");
	snprintf(narrow, 20, "%C|%lc|%hc", 0xe4, 0x20ac, 'x');
	CHECK_STR(narrow, "\xc3\xa4|\xe2\x82\xac|x");
	swprintf(wide, 20, L"%c|%C|%hc", 0x20ac, 'y', 'z');
	CHECK_EQ(wcscmp(wide, L"\x20ac|y|z"), 0);
	/* The halves of a pair */
	swprintf(wide, 20, L"%c%c", 0xd83d, 0xde00);
	CHECK_EQ(wcscmp(wide, L"\xd83d\xde00"), 0);
	CHECK_EQ(swprintf(wide, 20, L"a%cb", 0), 3);
	CHECK_EQ(wide[2], 'b');
}

TEST(narrow_with_text)
{
	char to[40];

	snprintf(to, 40, "%s %S %ls %ws %hs", "a", L"b\xe4", L"c", L"d", "e");
	CHECK_STR(to, "a b\xc3\xa4 c d e");
	snprintf(to, 40, "[%5s|%-5s|%.2s|%5.1s]", "abc", "abc", "abc", "abc");
	CHECK_STR(to, "[  abc|abc  |ab|    a]");
	snprintf(to, 40, "%s %S", NULL, NULL);
	CHECK_STR(to, "(null) (null)");
	/* Bytes count, and a character is not torn. */
	snprintf(to, 40, "%.2S|%.3S", L"\xe4\xe4", L"\xe4\xe4");
	CHECK_STR(to, "\xc3\xa4|\xc3\xa4");
	/* Not UTF-8: passed on */
	snprintf(to, 40, "%s", "\xff\xfe");
	CHECK_STR(to, "\xff\xfe");
}

/* A text with a precision needs no end, whatever lies behind it. */
TEST(texts_without_an_end)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *text = page + 4096 - 9, to[40];
	wchar_t wide[40];

	CHECK(page != MAP_FAILED);
	CHECK_EQ(mprotect(page + 4096, 4096, PROT_NONE), 0);
	memcpy(text, "message 3", 9);
	CHECK_EQ(swprintf(wide, 40, L"%.*hs|%.9S|", 9, text, text), 20);
	CHECK_EQ(wcscmp(wide, L"message 3|message 3|"), 0);
	CHECK_EQ(snprintf(to, 40, "%.*s|%.9hs|", 9, text, text), 20);
	/* It counts bytes, in whole characters. */
	memcpy(text, "messa\xc3\xa4" "3x", 9);
	CHECK_EQ(swprintf(wide, 40, L"%.*hs|%.6hs|%.7hs", 9, text, text, text), 21);
	CHECK_EQ(wcscmp(wide, L"messa\xe4" L"3x|messa|messa\xe4"), 0);
	CHECK_EQ(swprintf(wide, 40, L"%-8.5hs|%6S", "\xf0\x9f\x98\x80" "abcd", "\xf0\x9f\x98\x80"), 15);
	CHECK_EQ(wcscmp(wide, L"\xd83d\xde00" L"a     |    \xd83d\xde00"), 0);
	/* What is no UTF-8 may seem to begin a character at the end. */
	memcpy(text, "Latin\xdf\xe4\x80\xf0", 9);
	CHECK_EQ(swprintf(wide, 40, L"%.*hs", 9, text), 7);
	CHECK_EQ(wcscmp(wide, L"Latin\xfffd\xfffd"), 0);
	CHECK_EQ(munmap(page, 8192), 0);
}

/* %lu has 32 bits, so the macros for 64 are not that. */
TEST(macros_of_inttypes)
{
	uint64_t number = 0;
	uintptr_t pointer = 0;
	char to[80];

	snprintf(to, 80, "%" PRIu64 " %" PRIX64 " %" PRId64 " %" PRIu32 " %" PRIuPTR " %" PRIdMAX " %" PRIuFAST16,
		 (uint64_t)5 << 40, (uint64_t)5 << 40, -((int64_t)5 << 40), (uint32_t)7, (uintptr_t)8,
		 -((intmax_t)5 << 40), (uint_fast16_t)9);
	CHECK_STR(to, "5497558138880 50000000000 -5497558138880 7 8 -5497558138880 9");
	CHECK_EQ(sscanf("5497558138880 12", "%" SCNu64 " %" SCNuPTR, &number, &pointer), 2);
	CHECK_EQ(number >> 40, 5);
	CHECK_EQ(pointer, 12);
}

TEST(wide_with_text)
{
	wchar_t to[40];

	swprintf(to, 40, L"%s %S %hs %ls %ws", L"a\x20ac", "b\xc3\xa4", "c", L"d", L"e");
	CHECK_EQ(wcscmp(to, L"a\x20ac b\xe4 c d e"), 0);
	swprintf(to, 40, L"[%5s|%-5s|%.2s]", L"\xe4" L"bc", L"\xe4" L"bc", L"\xe4" L"bc");
	CHECK_EQ(wcscmp(to, L"[  \xe4" L"bc|\xe4" L"bc  |\xe4" L"b]"), 0);
	swprintf(to, 40, L"%.2S|%s", "\xc3\xa4z", NULL);
	CHECK_EQ(wcscmp(to, L"\xe4|(null)"), 0);
	swprintf(to, 40, L"\xd800 %d", 1);
	CHECK_EQ(wcscmp(to, L"\xd800 1"), 0);
	swprintf(to, 40, L"\xe4%d\x20ac", 1);
	CHECK_EQ(wcscmp(to, L"\xe4" L"1\x20ac"), 0);
}

/* A precision bounds what is read. */
TEST(text_without_end)
{
	char *narrow = malloc(3), to[8];
	wchar_t *wide = malloc(3 * sizeof(*wide)), wide_to[8];

	memcpy(narrow, "abc", 3);
	wmemcpy(wide, L"abc", 3);
	CHECK_EQ(snprintf(to, 8, "%.3s", narrow), 3);
	CHECK_EQ(snprintf(to, 8, "%.3S", wide), 3);
	CHECK_EQ(swprintf(wide_to, 8, L"%.3s", wide), 3);
	CHECK_EQ(swprintf(wide_to, 8, L"%.1S", narrow), 1);
	free(narrow);
	free(wide);
}

TEST(strange_formats)
{
	int kept = 5;
	char to[16];

	MAKES("y", "%y");
	MAKES("a", "a%");
	MAKES("a", "a%-5");
	snprintf(to, 16, "a%nb", &kept);
	CHECK_STR(to, "ab");
	CHECK_EQ(kept, 5);
	CHECK_EQ(snprintf(to, 16, "%2147483647d%2147483647d", 1, 1), -1);
	CHECK_EQ(snprintf(to, 16, "%99999999999999999999d", 1), -1);
	/* Many flags, each several times */
	CHECK_EQ(snprintf(to, 16, "%-+ 0#-+ 0#5d|", 7), 6);
	CHECK_STR(to, "+7   |");
	CHECK_EQ(snprintf(to, 16, "%+ 0#*d|", -5, 7), 6);
}

TEST(endings_of_snprintf)
{
	char to[5], *nothing = NULL;

	CHECK_EQ(snprintf(to, 5, "%s", "abcdef"), 6);
	CHECK_STR(to, "abcd");
	CHECK_EQ(snprintf(NULL, 0, "%d", 1234), 4);
	CHECK_EQ(sprintf(to, "%d", 12), 2);
	CHECK_EQ(_scprintf("%s!", "abc"), 4);
	/* The old one has no zero if there is no room for it. */
	memset(to, 'x', 5);
	CHECK_EQ(_snprintf(to, 4, "%s", "abcd"), 4);
	CHECK_EQ(memcmp(to, "abcdx", 5), 0);
	CHECK_EQ(_snprintf(to, 3, "%s", "wxyz"), -1);
	CHECK_EQ(memcmp(to, "wxydx", 5), 0);
	CHECK_EQ(_snprintf(to, 4, "%s", "abc"), 3);
	CHECK_STR(to, "abc");
	CHECK_EQ(_snprintf(NULL, 0, "%s", "abc"), 3);
	CHECK_EQ(_snprintf(to, 0, "%s", "abc"), -1);
	CHECK_STR(to, "abc");
	/* Room where there is nothing */
	errno = 0;
	CHECK_EQ(_snprintf(nothing, 5, "%s", "abc"), -1);
	CHECK_EQ(errno, EINVAL);
}

TEST(endings_of_wide_ones)
{
	wchar_t to[5], *nothing = NULL;

	CHECK_EQ(swprintf(to, 5, L"%s", L"abcdef"), -1);
	CHECK_EQ(wcscmp(to, L"abcd"), 0);
	CHECK_EQ(swprintf(to, 5, L"%s", L"abcd"), 4);
	CHECK_EQ(_swprintf(to, L"%d", 12), 2);
	CHECK_EQ(wcscmp(to, L"12"), 0);
	CHECK_EQ(_scwprintf(L"%d", 123), 3);
	wmemset(to, 'x', 5);
	CHECK_EQ(_snwprintf(to, 4, L"%s", L"abcd"), 4);
	CHECK_EQ(wmemcmp(to, L"abcdx", 5), 0);
	CHECK_EQ(_snwprintf(to, 3, L"%s", L"wxyz"), -1);
	/* How much it would be */
	CHECK_EQ(swprintf(NULL, 0, L"%d", 12345), 5);
	CHECK_EQ(_snwprintf(NULL, 0, L"%d", 12345), 5);
	errno = 0;
	CHECK_EQ(swprintf(nothing, 5, L"%d", 12345), -1);
	CHECK_EQ(errno, EINVAL);
}

TEST(secure_ones)
{
	char to[5];
	wchar_t wide[5];

	CHECK_EQ(sprintf_s(to, 5, "%s", "abcd"), 4);
	CHECK_EQ(sprintf_s(to, 5, "%s", "abcde"), -1);
	CHECK_STR(to, "");
	CHECK_EQ(sprintf_s(NULL, 5, "x"), -1);
	CHECK_EQ(_snprintf_s(to, 5, _TRUNCATE, "%s", "abcdef"), -1);
	CHECK_STR(to, "abcd");
	CHECK_EQ(_snprintf_s(to, 5, 2, "%s", "abcdef"), -1);
	CHECK_STR(to, "ab");
	CHECK_EQ(_snprintf_s(to, 5, 4, "%s", "abcd"), 4);
	CHECK_EQ(_snprintf_s(to, 5, 5, "%s", "abcde"), -1);
	CHECK_STR(to, "");
	CHECK_EQ(swprintf_s(wide, 5, L"%s", L"abcd"), 4);
	CHECK_EQ(swprintf_s(wide, 5, L"%s", L"abcde"), -1);
	CHECK_EQ(wide[0], 0);
	CHECK_EQ(_snwprintf_s(wide, 5, _TRUNCATE, L"%s", L"abcdef"), -1);
	CHECK_EQ(wcscmp(wide, L"abcd"), 0);
	CHECK_EQ(_snprintf_s(NULL, 0, 0, "x"), 0);
	CHECK_EQ(_snprintf_s(NULL, 0, _TRUNCATE, "x"), -1);
	CHECK_EQ(_snwprintf_s(NULL, 5, 0, L"x"), -1);
}

static char written[200];

static const char *contents(FILE *file)
{
	size_t length;

	rewind(file);
	length = fread(written, 1, sizeof(written) - 1, file);
	written[length] = 0;
	fclose(file);
	return written;
}

TEST(files)
{
	FILE *file = tmpfile();

	CHECK_EQ(fprintf(file, "%S %lu\n", L"\xe4", (DWORD)5), 5);
	CHECK_EQ(fwprintf(file, L"%s\n", L"\x20ac"), 2);
	CHECK_EQ(fputws(L"\xe4\n", file), 0);
	CHECK_EQ(fputwc('z', file), 'z');
	CHECK_STR(contents(file), "\xc3\xa4 5\n\xe2\x82\xac\n\xc3\xa4\nz");
}

TEST(lines)
{
	FILE *file = tmpfile();
	wchar_t line[4];

	fputs("a\xc3\xa4\nlong line", file);
	rewind(file);
	CHECK(fgetws(line, 4, file) == line);
	/* Four bytes: "a", the character and the end of line do not fit into three. */
	CHECK_EQ(wcscmp(line, L"a\xe4"), 0);
	CHECK(fgetws(line, 4, file) == line);
	CHECK_EQ(wcscmp(line, L"\n"), 0);
	CHECK(fgetws(line, 4, file) == line);
	CHECK_EQ(wcscmp(line, L"lon"), 0);
	while (fgetws(line, 4, file))
		;
	CHECK(feof(file));
	CHECK(fgetws(line, 0, file) == NULL);
	fclose(file);
}

TEST(files_by_name)
{
	char name[] = "/tmp/winusb-format-XXXXXX";
	wchar_t *wide;
	FILE *file;

	close(mkstemp(name));
	wide = wide_of_utf8(name);
	file = _wfopen(wide, L"w+");
	CHECK(file != NULL);
	if (file)
		fclose(file);
	CHECK_EQ(_wfopen_s(&file, wide, L"r"), 0);
	fclose(file);
	CHECK_EQ(fopen_s(&file, name, "r"), 0);
	fclose(file);
	remove(name);
	CHECK_EQ(fopen_s(&file, name, "r"), ENOENT);
	CHECK(file == NULL);
	CHECK(_wfopen(wide, L"r") == NULL);
	CHECK_EQ(fopen_s(NULL, name, "r"), EINVAL);
	free(wide);
}

TEST(scanning)
{
	struct {
		DWORD value, guard;
	} dword = { 0, 0x12345678 };
	unsigned long long large = 0;
	short small = 0;
	char word[8] = "";
	wchar_t wide[8];

	/* %lx is 32 bits wide: what comes behind the DWORD stays. */
	CHECK_EQ(sscanf("ffffffff", "%lx", &dword.value), 1);
	CHECK_EQ(dword.value, 0xffffffffU);
	CHECK_EQ(dword.guard, 0x12345678);
	CHECK_EQ(sscanf("0x0547:12", "%hx:%I64u", &small, &large), 2);
	CHECK_EQ(small, 0x547);
	CHECK_EQ(large, 12);
	CHECK_EQ(sscanf("ab]c d", "%*2[ab]%[]c]", word), 1);
	CHECK_STR(word, "]c");
	CHECK_EQ(sscanf("100%", "%lu%%", &dword.value), 1);
	CHECK_EQ(dword.value, 100);
	CHECK_EQ(sscanf(" \xc3\xa4z q", "%S", wide), 1);
	CHECK_EQ(wcscmp(wide, L"\xe4z"), 0);
	CHECK_EQ(sscanf("ab", "%ls", wide), 1);
	CHECK_EQ(wcscmp(wide, L"ab"), 0);
	CHECK_EQ(sscanf("<\xe2\x82\xac" "x", "<%lc%c", wide, word), 2);
	CHECK_EQ(wide[0], 0x20ac);
	CHECK_EQ(word[0], 'x');
	CHECK_EQ(sscanf("x", "%hs", word), 1);
	CHECK_STR(word, "x");
	CHECK_EQ(sscanf("12", "%", word), 0);
}

TEST(wide_scanning)
{
	DWORD one = 0, other = 0;
	wchar_t word[4];

	CHECK_EQ(swscanf(L"045e:12", L"%lx:%u", &one, &other), 2);
	CHECK_EQ(one, 0x45e);
	CHECK_EQ(other, 12);
	CHECK_EQ(swscanf(L"abc", L"%s", word), 1);
	CHECK_EQ(wcscmp(word, L"abc"), 0);
	CHECK_EQ(swscanf(L"12,cabd", L"%u,%3[a-c]", &one, word), 2);
	CHECK_EQ(wcscmp(word, L"cab"), 0);
	CHECK_EQ(swscanf(L"\xe4\xd83d\xde00", L"%3c", word), 1);
	CHECK_EQ(wmemcmp(word, L"\xe4\xd83d\xde00", 3), 0);
	CHECK_EQ(swscanf(L"\xd83d\xde00x", L"%1c", word), 1);
	CHECK_EQ(word[0], 0xd83d);
	CHECK_EQ(swscanf(L"ab", L"%S", (char *)word), 1);
	CHECK_STR((char *)word, "ab");
}

/* What ends a scan, and what it is worth */
TEST(ends_of_scanning)
{
	int one = 0, other = 0, taken = -1;
	char word[8];

	CHECK_EQ(sscanf("", "%d", &one), EOF);
	CHECK_EQ(sscanf("5", "%d%d", &one, &other), 1);
	CHECK_EQ(sscanf("5 x", "%d%d", &one, &other), 1);
	CHECK_EQ(sscanf("x", "%d", &one), 0);
	CHECK_EQ(sscanf("a5", "b%d", &one), 0);
	CHECK_EQ(sscanf("", "a"), EOF);
	CHECK_EQ(sscanf("1 2 3", "%*d %d%n %*d", &one, &taken), 1);
	CHECK_EQ(one, 2);
	CHECK_EQ(taken, 3);
	taken = -1;
	CHECK_EQ(sscanf("1;", "%d,%n", &one, &taken), 1);
	CHECK_EQ(taken, -1);
	CHECK_EQ(sscanf("50% 7", "%d%% %d", &one, &other), 2);
	CHECK_EQ(other, 7);
	CHECK_EQ(sscanf("ab", "%*s%s", word), EOF);
	CHECK_EQ(sscanf("xy 3", "%2c%d", word, &one), 2);
	CHECK_EQ(one, 3);
}

TEST(scanning_with_sizes)
{
	wchar_t wide[4] = L"xxx";
	DWORD number = 0;
	char word[4] = "xxx", letter = 0;

	CHECK_EQ(sscanf_s("12 abc q", "%lu%s %c", &number, word, 4u, &letter, 1u), 3);
	CHECK_EQ(number, 12);
	CHECK_STR(word, "abc");
	CHECK_EQ(letter, 'q');
	/* What does not fit is nothing. */
	CHECK_EQ(sscanf_s("abcd 5", "%s%lu", word, 4u, &number), 0);
	CHECK_STR(word, "");
	CHECK_EQ(sscanf_s("ab5", "%[a-c]%lu", word, 4u, &number), 2);
	CHECK_STR(word, "ab");
	CHECK_EQ(number, 5);
	CHECK_EQ(sscanf_s("abcd", "%3s", word, 4u), 1);
	CHECK_STR(word, "abc");
	CHECK_EQ(sscanf_s("abcd", "%4c", word, 4u), 1);
	CHECK_EQ(memcmp(word, "abcd", 4), 0);
	CHECK_EQ(sscanf_s("abcde", "%5c", word, 4u), 0);
	CHECK_EQ(swscanf_s(L"0x1F \xe4" L"bc", L"%x%s", &number, wide, 4u), 2);
	CHECK_EQ(number, 0x1f);
	CHECK_EQ(wcscmp(wide, L"\xe4" L"bc"), 0);
	CHECK_EQ(swscanf_s(L"abcd", L"%s", wide, 4u), 0);
	CHECK_EQ(wide[0], 0);
	CHECK_EQ(swscanf_s(L"abc", L"%S", word, 4u), 1);
	CHECK_STR(word, "abc");
}

TEST(scanning_files)
{
	FILE *file = tmpfile();
	DWORD one = 0, other = 0;
	wchar_t wide[8];
	char word[8];

	fputs("12 0x34\n\xc3\xa4" "b c\n", file);
	rewind(file);
	CHECK_EQ(fscanf(file, "%lu %lx", &one, &other), 2);
	CHECK_EQ(one, 12);
	CHECK_EQ(other, 0x34);
	CHECK_EQ(fwscanf(file, L"%s", wide), 1);
	CHECK_EQ(wcscmp(wide, L"\xe4" L"b"), 0);
	CHECK_EQ(fscanf_s(file, "%s", word, 8u), 1);
	CHECK_STR(word, "c");
	CHECK_EQ(fscanf(file, "%s", word), EOF);
	fclose(file);
}

/* Where the formats mean the same, the results are the C library's. */
TEST(as_the_c_library)
{
	static const char *const flags[] = { "", "-", "0", "+", " ", "#", "-#", "+0", " 0", "-+ 0#" };
	static const char *const sizes[] = { "", "1", "7", ".0", ".3", "7.3", "3.7", ".", "20.10" };
	static const char conversions[] = "diuxXoeEfFgGaA";
	static const int numbers[] = { 0, 1, -1, 255, INT_MAX, INT_MIN };
	int (*libc)(char *, size_t, const char *, ...) =
		(int (*)(char *, size_t, const char *, ...))dlsym(RTLD_DEFAULT, "snprintf");
	char format[32], want[400], got[400];

	for (size_t f = 0; f < ARRAYSIZE(flags); f++)
	for (size_t s = 0; s < ARRAYSIZE(sizes); s++)
	for (const char *c = conversions; *c; c++)
	for (size_t n = 0; n < ARRAYSIZE(numbers); n++) {
		sprintf(format, "<%%%s%s%c>", flags[f], sizes[s], *c);
		if (strchr("diuxXo", *c)) {
			libc(want, sizeof(want), format, numbers[n]);
			snprintf(got, sizeof(got), format, numbers[n]);
		} else {
			libc(want, sizeof(want), format, numbers[n] / 3.0);
			snprintf(got, sizeof(got), format, numbers[n] / 3.0);
		}
		if (strcmp(want, got)) {
			tap_fail(__FILE__, __LINE__, "%s: expected %s, got %s", format, want, got);
			return;
		}
	}
}
