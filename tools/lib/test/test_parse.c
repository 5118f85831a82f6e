// SPDX-License-Identifier: MIT
#include <winusb.h>

#include "tap.h"

/* Two interfaces, the second with two settings; a class descriptor of type 0x41. */
static UCHAR blob[] = {
	9, 2, 9 + 9 + 7 + 9 + 5 + 9 + 7, 0, 2, 1, 0, 0x80, 50,
	9, 4, 0, 0, 1, 0xff, 1, 2, 0,			/* at 9 */
	7, 5, 0x81, 2, 0, 2, 0,				/* at 18 */
	9, 4, 1, 0, 0, 0xff, 3, 4, 0,			/* at 25 */
	5, 0x41, 1, 2, 3,				/* at 34 */
	9, 4, 1, 1, 1, 0xfe, 3, 5, 0,			/* at 39 */
	7, 5, 0x02, 2, 0, 2, 0,				/* at 48 */
};
#define CONFIGURATION	((PUSB_CONFIGURATION_DESCRIPTOR)blob)
#define FIND(start, ...) \
	((UCHAR *)WinUsb_ParseConfigurationDescriptor(CONFIGURATION, start, __VA_ARGS__))

TEST(interfaces_by_each_criterion)
{
	CHECK(FIND(blob, -1, -1, -1, -1, -1) == blob + 9);
	CHECK(FIND(blob, 1, -1, -1, -1, -1) == blob + 25);
	CHECK(FIND(blob, 1, 1, -1, -1, -1) == blob + 39);
	CHECK(FIND(blob, -1, -1, 0xfe, -1, -1) == blob + 39);
	CHECK(FIND(blob, -1, -1, -1, 3, -1) == blob + 25);
	CHECK(FIND(blob, -1, -1, -1, -1, 5) == blob + 39);
	CHECK(FIND(blob, 0, 0, 0xff, 1, 2) == blob + 9);
}

TEST(no_such_interface)
{
	SetLastError(0);
	CHECK(!FIND(blob, 2, -1, -1, -1, -1));
	CHECK_EQ(GetLastError(), ERROR_NO_MORE_ITEMS);
	CHECK(!FIND(blob, 0, 1, -1, -1, -1));
	CHECK(!FIND(blob, 0, -1, 0xfe, -1, -1));
	/* Only -1 means any. */
	CHECK(!FIND(blob, -2, -1, -1, -1, -1));
	CHECK(!FIND(blob, 256, -1, -1, -1, -1));
}

TEST(the_search_goes_on_behind_what_was_found)
{
	UCHAR *found = FIND(blob, -1, -1, -1, -1, -1);

	CHECK(found == blob + 9);
	found = FIND(found + *found, -1, -1, -1, -1, -1);
	CHECK(found == blob + 25);
	found = FIND(found + *found, -1, -1, -1, -1, -1);
	CHECK(found == blob + 39);
	CHECK(!FIND(found + *found, -1, -1, -1, -1, -1));
}

static UCHAR *find_type(ULONG length, UCHAR *start, LONG type)
{
	return (UCHAR *)WinUsb_ParseDescriptors(blob, length, start, type);
}

TEST(descriptors_of_any_type)
{
	CHECK(find_type(sizeof(blob), blob, 2) == blob);
	CHECK(find_type(sizeof(blob), blob, 5) == blob + 18);
	CHECK(find_type(sizeof(blob), blob + 25, 5) == blob + 48);
	CHECK(find_type(sizeof(blob), blob, 0x41) == blob + 34);
	CHECK(!find_type(sizeof(blob), blob, 0x24));
	CHECK_EQ(GetLastError(), ERROR_NO_MORE_ITEMS);
}

TEST(what_is_cut_is_not_found)
{
	CHECK(!find_type(54, blob + 39, 5));
	CHECK(find_type(55, blob + 39, 5) == blob + 48);
	CHECK(!find_type(49, blob + 39, 5));
	CHECK(!find_type(1, blob, 2));
	CHECK(!find_type(0, blob, 2));
}

TEST(bad_lengths_end_the_search)
{
	UCHAR bad[] = { 9, 2, 20, 0, 1, 1, 0, 0x80, 50, 0, 4, 0, 0, 9, 4, 0, 0, 0, 0, 0 };
	PUSB_CONFIGURATION_DESCRIPTOR configuration = (PUSB_CONFIGURATION_DESCRIPTOR)bad;

	CHECK(!WinUsb_ParseDescriptors(bad, sizeof(bad), bad, 4));
	CHECK(!WinUsb_ParseConfigurationDescriptor(configuration, bad, -1, -1, -1, -1, -1));
	bad[9] = 1;
	CHECK(!WinUsb_ParseDescriptors(bad, sizeof(bad), bad, 4));
	/* An interface descriptor that is too short is none, but is stepped over. */
	bad[9] = 4;
	CHECK(WinUsb_ParseDescriptors(bad, sizeof(bad), bad, 4) == (PVOID)(bad + 9));
	CHECK(!WinUsb_ParseConfigurationDescriptor(configuration, bad, -1, -1, -1, -1, -1));
}

TEST(bad_arguments)
{
	CHECK(!WinUsb_ParseDescriptors(NULL, 9, blob, 2));
	CHECK(!WinUsb_ParseDescriptors(blob, sizeof(blob), NULL, 2));
	CHECK(!find_type(20, blob + 25, 5));
	CHECK(!WinUsb_ParseDescriptors(blob + 9, 20, blob, 2));
	CHECK(!WinUsb_ParseConfigurationDescriptor(NULL, blob, -1, -1, -1, -1, -1));
	CHECK(!WinUsb_ParseConfigurationDescriptor(CONFIGURATION, NULL, -1, -1, -1, -1, -1));
}

TEST(frames_advance_by_milliseconds)
{
	LARGE_INTEGER now, frequency;
	ULONG frame = 1000;

	QueryPerformanceCounter(&now);
	QueryPerformanceFrequency(&frequency);
	now.QuadPart -= 3 * frequency.QuadPart + frequency.QuadPart / 2;
	CHECK(WinUsb_GetAdjustedFrameNumber(&frame, now));
	CHECK(frame >= 4500 && frame < 4700);
	CHECK(!WinUsb_GetAdjustedFrameNumber(NULL, now));
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
}
