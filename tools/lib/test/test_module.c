// SPDX-License-Identifier: MIT
/* LoadLibrary and GetProcAddress. */
#include <windows.h>
#include <process.h>
#include <winusb.h>
#include <objbase.h>
#include <setupapi.h>

#include "tap.h"

#define FARPROC_OF(function) ((FARPROC)(void (*)(void))(function))

TEST(names)
{
	HMODULE winusb = LoadLibraryA("winusb.dll");

	CHECK(winusb != NULL);
	CHECK(LoadLibraryA("WINUSB") == winusb);
	CHECK(LoadLibraryW(L"WinUsb.DLL") == winusb);
	CHECK(LoadLibraryExA("winusb.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32) == winusb);
	CHECK(LoadLibraryExW(L"C:\\Windows\\System32\\winusb.dll", NULL, 0) == winusb);
	CHECK(GetModuleHandleA("winusb") == winusb);
	CHECK(GetModuleHandleW(L"winusb.dll") == winusb);
	CHECK(LoadLibraryA("setupapi.dll") != NULL);
	CHECK(LoadLibraryA("setupapi.dll") != winusb);
	CHECK(LoadLibraryA("cfgmgr32.dll") != NULL);
	CHECK(GetModuleHandleA("kernel32.dll") != NULL);
	CHECK(GetModuleHandleA(NULL) != NULL);
	CHECK(LoadLibraryA("api-ms-win-core-synch-l1-2-0.dll") != NULL);
	CHECK_EQ(FreeLibrary(winusb), TRUE);
}

TEST(unknown)
{
	SetLastError(0);
	CHECK(LoadLibraryA("nothing.dll") == NULL);
	CHECK_EQ(GetLastError(), ERROR_MOD_NOT_FOUND);
	CHECK(LoadLibraryW(L"winusb2.dll") == NULL);
	CHECK(LoadLibraryA("") == NULL);
	CHECK(LoadLibraryA(NULL) == NULL);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK(GetModuleHandleA("nothing") == NULL);
	CHECK_EQ(GetLastError(), ERROR_MOD_NOT_FOUND);
	CHECK_EQ(FreeLibrary((HMODULE)&GetLastError), FALSE);
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK_EQ(FreeLibrary(NULL), FALSE);
}

TEST(functions)
{
	HMODULE winusb = LoadLibraryA("winusb.dll"), kernel = LoadLibraryA("kernel32.dll");

	/* An archive's symbols are only found in a program linked with -rdynamic. */
	if (!GetProcAddress(kernel, "GetProcAddress")) {
		tap_skip("the program does not export its symbols");
		return;
	}
	CHECK(GetProcAddress(winusb, "WinUsb_Initialize") == FARPROC_OF(WinUsb_Initialize));
	CHECK(GetProcAddress(kernel, "CloseHandle") == FARPROC_OF(CloseHandle));
	CHECK(GetProcAddress(LoadLibraryA("setupapi.dll"), "SetupDiGetClassDevsW") ==
	      FARPROC_OF(SetupDiGetClassDevsW));
	CHECK(GetProcAddress(LoadLibraryA("setupapi.dll"),
			     "CM_Get_Parent") == FARPROC_OF(CM_Get_Parent));
	CHECK(GetProcAddress(LoadLibraryA("cfgmgr32.dll"),
			     "CM_Get_Parent") == FARPROC_OF(CM_Get_Parent));
	CHECK(GetProcAddress(LoadLibraryA("advapi32.dll"),
			     "RegCloseKey") == FARPROC_OF(RegCloseKey));
	CHECK(GetProcAddress(LoadLibraryA("ole32.dll"),
			     "CLSIDFromString") == FARPROC_OF(CLSIDFromString));
	CHECK(GetProcAddress(LoadLibraryA("combase.dll"),
			     "CoTaskMemFree") == FARPROC_OF(CoTaskMemFree));
	CHECK(GetProcAddress(LoadLibraryA("msvcrt.dll"), "_wcsicmp") == FARPROC_OF(_wcsicmp));
	CHECK(GetProcAddress(LoadLibraryA("msvcrt.dll"), "vprintf") == FARPROC_OF(vprintf));
	CHECK(GetProcAddress(LoadLibraryA("ucrtbase.dll"), "fopen_s") == FARPROC_OF(fopen_s));
	CHECK(GetProcAddress(LoadLibraryA("msvcrt.dll"),
			     "_beginthreadex") == FARPROC_OF(_beginthreadex));
}

/* Each library has its own, and nothing that is not Windows'. */
TEST(no_functions)
{
	static const struct {
		const char *library, *function;
	} none[] = {
		{ "winusb", "CloseHandle" }, { "winusb", "WinUsb_Nothing" }, { "winusb",
		"winusb_open" },
		{ "kernel32", "WinUsb_Initialize" }, { "kernel32", "malloc" }, { "kernel32",
		"printf" },
		{ "kernel32", "CM_Get_Parent" }, { "kernel32", "winusb_w32_printf" },
		{ "setupapi", "RegCloseKey" }, { "kernel32", "" },
		{ "kernel32", "StringCchCopyW" }, { "kernel32", "GUID_NULL" },
		{ "msvcrt", "CloseHandle" }, { "msvcrt", "malloc" },
		{ "kernel32", "AFunctionWhoseNameIsLongerThanAnyThatThereIsOnWindowsOrWillEverBe" },
	};

	for (size_t i = 0; i < ARRAYSIZE(none); i++) {
		SetLastError(0);
		CHECK(GetProcAddress(LoadLibraryA(none[i].library), none[i].function) == NULL);
		CHECK_EQ(GetLastError(), ERROR_PROC_NOT_FOUND);
	}
	CHECK(GetProcAddress(LoadLibraryA("winusb"), (LPCSTR)(ULONG_PTR)1) == NULL);
	CHECK_EQ(GetLastError(), ERROR_PROC_NOT_FOUND);
	CHECK(GetProcAddress((HMODULE)&GetLastError, "CloseHandle") == NULL);
	CHECK_EQ(GetLastError(), ERROR_MOD_NOT_FOUND);
}
