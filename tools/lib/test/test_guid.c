// SPDX-License-Identifier: MIT
#include <initguid.h>
#include <windows.h>
#include <usbiodef.h>

#include "tap.h"

static const wchar_t text[] = L"{A5DCBF10-6530-11D2-901F-00C04FB951ED}";

TEST(parse)
{
	GUID guid;

	CHECK_EQ(CLSIDFromString(text, &guid), S_OK);
	CHECK(IsEqualGUID(&guid, &GUID_DEVINTERFACE_USB_DEVICE));
	CHECK_EQ(IIDFromString(L"{a5dcbf10-6530-11d2-901f-00c04fb951ed}", &guid), S_OK);
	CHECK(IsEqualIID(&guid, &GUID_DEVINTERFACE_USB_DEVICE));
	CHECK_EQ(guid.Data1, 0xa5dcbf10);
	CHECK_EQ(guid.Data2, 0x6530);
	CHECK_EQ(guid.Data3, 0x11d2);
	CHECK_EQ(guid.Data4[0], 0x90);
	CHECK_EQ(guid.Data4[7], 0xed);
}

TEST(print)
{
	wchar_t to[39];

	CHECK_EQ(StringFromGUID2(&GUID_DEVINTERFACE_USB_DEVICE, to, 39), 39);
	CHECK_EQ(wcscmp(to, text), 0);
	CHECK_EQ(StringFromGUID2(&GUID_DEVINTERFACE_USB_DEVICE, to, 38), 0);
	CHECK_EQ(StringFromGUID2(&GUID_NULL, to, 39), 39);
	CHECK_EQ(wcscmp(to, L"{00000000-0000-0000-0000-000000000000}"), 0);
}

TEST(bad_texts)
{
	static const wchar_t *const bad[] = {
		L"", L"{", L"A5DCBF10-6530-11D2-901F-00C04FB951ED",
			L"{A5DCBF10-6530-11D2-901F-00C04FB951ED",
		L"{A5DCBF10-6530-11D2-901F-00C04FB951ED} ",
			L"{A5DCBF10-6530-11D2-901F00C04FB951ED0-}",
		L"{G5DCBF10-6530-11D2-901F-00C04FB951ED}",
			L"{A5DCBF10 6530-11D2-901F-00C04FB951ED}",
		L"{A5DCBF10-6530-11D2-901F-00C04FB951E\xff11}",
			L"(A5DCBF10-6530-11D2-901F-00C04FB951ED)",
	};
	GUID guid;

	for (size_t i = 0; i < ARRAYSIZE(bad); i++) {
		memset(&guid, 0xff, sizeof(guid));
		CHECK_EQ(CLSIDFromString(bad[i], &guid), CO_E_CLASSSTRING);
		CHECK(IsEqualGUID(&guid, &GUID_NULL));
		CHECK_EQ(IIDFromString(bad[i], &guid), wcslen(bad[i]) == 38 ? CO_E_IIDSTRING :
			 E_INVALIDARG);
	}
	CHECK_EQ(CLSIDFromString(NULL, &guid), S_OK);
	CHECK(IsEqualGUID(&guid, &GUID_NULL));
	CHECK_EQ(CLSIDFromString(text, NULL), E_INVALIDARG);
	CHECK_EQ(IIDFromString(text, NULL), E_INVALIDARG);
}

TEST(allocated_text)
{
	static const GUID guid = { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } };
	LPOLESTR text = NULL, more;

	CHECK_EQ(StringFromCLSID(&guid, &text), S_OK);
	CHECK_EQ(wcscmp(text, L"{00000001-0002-0003-0405-060708090A0B}"), 0);
	more = CoTaskMemRealloc(text, 200);
	CHECK(more && !wcsncmp(more, L"{00000001", 9));
	CoTaskMemFree(more);
	CoTaskMemFree(NULL);
	CHECK_EQ(StringFromIID(&guid, NULL), E_INVALIDARG);
	text = CoTaskMemRealloc(NULL, 10);
	CHECK(text != NULL);
	CHECK(CoTaskMemRealloc(text, 0) == NULL);
}
