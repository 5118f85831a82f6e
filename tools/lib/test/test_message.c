// SPDX-License-Identifier: MIT
/* FormatMessage. */
#include <stdarg.h>
#include <windows.h>
#include <setupapi.h>

#include "error.h"
#include "message.h"
#include "tap.h"

#define SYSTEM (FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS)

static char text[256];

static DWORD system_text(DWORD number, DWORD flags)
{
	memset(text, 'x', sizeof(text) - 1);
	SetLastError(0);
	return FormatMessageA(SYSTEM | flags, NULL, number, 0, text, sizeof(text), NULL);
}

TEST(texts_are_windows)
{
	CHECK_EQ(system_text(ERROR_ACCESS_DENIED, 0), 19);
	CHECK_STR(text, "Access is denied.\r\n");
	system_text(ERROR_SEM_TIMEOUT, 0);
	CHECK_STR(text, "The semaphore timeout period has expired.\r\n");
	system_text(ERROR_GEN_FAILURE, 0);
	CHECK_STR(text, "A device attached to the system is not functioning.\r\n");
	system_text(ERROR_OPERATION_ABORTED, 0);
	CHECK_STR(text,
		  "The I/O operation has been aborted because of either a thread exit or an "
		  "application request.\r\n");
	system_text(ERROR_SUCCESS, 0);
	CHECK_STR(text, "The operation completed successfully.\r\n");
	system_text((DWORD)E_ACCESSDENIED, 0);
	CHECK_STR(text, "Access is denied.\r\n");
	system_text((DWORD)HRESULT_FROM_SETUPAPI(ERROR_NO_SUCH_DEVINST), 0);
	CHECK_STR(text, "The device instance does not exist in the hardware tree.\r\n");
}

TEST(unknown_numbers)
{
	CHECK_EQ(system_text(0x12345678, 0), 0);
	CHECK_EQ(GetLastError(), ERROR_MR_MID_NOT_FOUND);
	/* As on Windows: only the HRESULT of an error of setup has a text. */
	CHECK_EQ(system_text(ERROR_NO_SUCH_DEVINST, 0), 0);
	CHECK_EQ(GetLastError(), ERROR_MR_MID_NOT_FOUND);
}

TEST(in_order)
{
	for (size_t i = 1; i < message_count; i++)
		if (messages[i].number <= messages[i - 1].number)
			tap_fail(__FILE__, __LINE__, "%u is behind %u", messages[i].number,
				 messages[i - 1].number);
	for (size_t i = 0; i < message_count; i++)
		CHECK(message_find(messages[i].number) == messages[i].text);
}

/* What the error table can give has a text. */
TEST(error_table_has_texts)
{
	for (const struct error_row *row = error_rows; row->error; row++)
		if (!message_find(row->win32))
			tap_fail(__FILE__, __LINE__, "%u has no text", row->win32);
}

TEST(allocated)
{
	char *narrow = NULL;
	WCHAR *wide = NULL;
	DWORD length;

	length = FormatMessageA(SYSTEM | FORMAT_MESSAGE_ALLOCATE_BUFFER, NULL, 6, 0, (LPSTR)&narrow,
				0, NULL);
	CHECK_EQ(length, 24);
	CHECK_STR(narrow, "The handle is invalid.\r\n");
	CHECK(LocalFree(narrow) == NULL);
	length = FormatMessageW(SYSTEM | FORMAT_MESSAGE_ALLOCATE_BUFFER, NULL, 6,
				MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT), (LPWSTR)&wide, 100,
					NULL);
	CHECK_EQ(length, 24);
	CHECK_EQ(wcscmp(wide, L"The handle is invalid.\r\n"), 0);
	CHECK(LocalSize(wide) >= 200);
	LocalFree(wide);
	narrow = text;
	CHECK_EQ(FormatMessageA(SYSTEM | FORMAT_MESSAGE_ALLOCATE_BUFFER, NULL, 0xffff, 0,
				(LPSTR)&narrow, 0, NULL), 0);
	CHECK(narrow == NULL);
}

TEST(refused)
{
	WCHAR wide[25];

	CHECK_EQ(FormatMessageA(SYSTEM, NULL, 5, 0, text, 19, NULL), 0);
	CHECK_EQ(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
	CHECK_EQ(FormatMessageA(SYSTEM, NULL, 5, 0, text, 0, NULL), 0);
	CHECK_EQ(FormatMessageA(SYSTEM, NULL, 5, 0, NULL, 10, NULL), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK_EQ(FormatMessageA(0, NULL, 5, 0, text, 10, NULL), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK_EQ(FormatMessageA(SYSTEM, NULL, 5, MAKELANGID(LANG_GERMAN, 1), text, 99, NULL), 0);
	CHECK_EQ(GetLastError(), ERROR_RESOURCE_LANG_NOT_FOUND);
	CHECK_EQ(FormatMessageA(SYSTEM, NULL, 5, MAKELANGID(LANG_ENGLISH, SUBLANG_ENGLISH_US), text,
				99, NULL), 19);
	CHECK_EQ(FormatMessageA(FORMAT_MESSAGE_FROM_HMODULE, NULL, 5, 0, text, 99, NULL), 0);
	CHECK_EQ(GetLastError(), ERROR_RESOURCE_TYPE_NOT_FOUND);
	/* The system is asked next. */
	CHECK_EQ(FormatMessageA(SYSTEM | FORMAT_MESSAGE_FROM_HMODULE, NULL, 5, 0, text, 99, NULL),
		 19);
	CHECK_EQ(FormatMessageW(SYSTEM, NULL, 6, 0, wide, 25, NULL), 24);
	CHECK_EQ(FormatMessageW(SYSTEM, NULL, 6, 0, wide, 24, NULL), 0);
}

static DWORD from_string(const char *format, DWORD flags, ...)
{
	va_list list;
	DWORD length;

	va_start(list, flags);
	SetLastError(0);
	length = FormatMessageA(FORMAT_MESSAGE_FROM_STRING | flags, format, 0, 0, text,
				sizeof(text), &list);
	va_end(list);
	return length;
}

TEST(inserts)
{
	CHECK_EQ(from_string("%1 of %2!d!: %3!04X!", 0, "a", 7, 0xab), 12);
	CHECK_STR(text, "a of 7: 00AB");
	from_string("%2 %1 %2", 0, "a", "b");
	CHECK_STR(text, "b a b");
	from_string("[%1!*.*s!]", 0, 5, 2, "abc");
	CHECK_STR(text, "[   ab]");
	from_string("%1!S! %2!lu!", 0, L"wide", (DWORD)5);
	CHECK_STR(text, "wide 5");
	from_string("%1", FORMAT_MESSAGE_IGNORE_INSERTS);
	CHECK_STR(text, "%1");
	from_string("%10", 0, "1", "2", "3", "4", "5", "6", "7", "8", "9", "ten");
	CHECK_STR(text, "ten");
}

TEST(inserts_of_an_array)
{
	ULONG_PTR values[] = { (ULONG_PTR)"first", 42 };
	ULONG_PTR wide_values[] = { (ULONG_PTR)L"first", 42 };
	WCHAR wide[32];

	CHECK_EQ(FormatMessageA(FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_ARGUMENT_ARRAY,
				"%2!u! %1", 0, 0, text, sizeof(text), (va_list *)values), 8);
	CHECK_STR(text, "42 first");
	CHECK_EQ(FormatMessageW(FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_ARGUMENT_ARRAY,
				L"%2!u! %1\x20ac", 0, 0, wide, 32, (va_list *)wide_values), 9);
	CHECK_EQ(wcscmp(wide, L"42 first\x20ac"), 0);
}

TEST(escapes)
{
	from_string("100%% sure%! %.%n%tz%r", 0);
	CHECK_STR(text, "100% sure! .\r\n\tz\r");
	from_string("no end%0 of line\n", 0);
	CHECK_STR(text, "no end");
	from_string("a\nb\r\nc", 0);
	CHECK_STR(text, "a\r\nb\r\nc");
	CHECK_EQ(from_string("", 0), 0);
	CHECK_EQ(GetLastError(), ERROR_NO_WORK_DONE);
}

TEST(bad_formats)
{
	static const char *const bad[] = { "%", "%1!", "%1!!", "%1!%d!", "%1!n!", "%1!***d!",
		"%1!0123456789012345678901234567890123d!" };

	for (size_t i = 0; i < ARRAYSIZE(bad); i++) {
		CHECK_EQ(from_string(bad[i], 0, "a", "b", "c", "d"), 0);
		CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	}
	SetLastError(0);
	CHECK_EQ(FormatMessageA(FORMAT_MESSAGE_FROM_STRING, "%1", 0, 0, text, 99, NULL), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK_EQ(FormatMessageA(FORMAT_MESSAGE_FROM_STRING, NULL, 0, 0, text, 99, NULL), 0);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
}

TEST(width)
{
	CHECK_EQ(system_text(ERROR_ACCESS_DENIED, FORMAT_MESSAGE_MAX_WIDTH_MASK), 18);
	CHECK_STR(text, "Access is denied. ");
	from_string("one\ntwo %n three", FORMAT_MESSAGE_MAX_WIDTH_MASK);
	CHECK_STR(text, "one two \r\n three");
	from_string("aa bb cc", 5);
	CHECK_STR(text, "aa bb\r\ncc");
}
