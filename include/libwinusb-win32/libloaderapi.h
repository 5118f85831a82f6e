/* SPDX-License-Identifier: MIT */
/* LoadLibrary: the libraries of the functions that are here, by their Windows names */
#ifndef _LIBWINUSB_WIN32_LIBLOADERAPI_H
#define _LIBWINUSB_WIN32_LIBLOADERAPI_H

#include "minwinbase.h"
#include "winerror.h"

_WINUSB_W32_BEGIN

#define DONT_RESOLVE_DLL_REFERENCES 0x00000001
#define LOAD_LIBRARY_AS_DATAFILE 0x00000002
#define LOAD_WITH_ALTERED_SEARCH_PATH 0x00000008
#define LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR 0x00000100
#define LOAD_LIBRARY_SEARCH_APPLICATION_DIR 0x00000200
#define LOAD_LIBRARY_SEARCH_USER_DIRS 0x00000400
#define LOAD_LIBRARY_SEARCH_SYSTEM32 0x00000800
#define LOAD_LIBRARY_SEARCH_DEFAULT_DIRS 0x00001000

HMODULE WINAPI LoadLibraryA(LPCSTR lpLibFileName);
HMODULE WINAPI LoadLibraryW(LPCWSTR lpLibFileName);
HMODULE WINAPI LoadLibraryExA(LPCSTR lpLibFileName, HANDLE hFile, DWORD dwFlags);
HMODULE WINAPI LoadLibraryExW(LPCWSTR lpLibFileName, HANDLE hFile, DWORD dwFlags);
HMODULE WINAPI GetModuleHandleA(LPCSTR lpModuleName);
HMODULE WINAPI GetModuleHandleW(LPCWSTR lpModuleName);
FARPROC WINAPI GetProcAddress(HMODULE hModule, LPCSTR lpProcName);
BOOL WINAPI FreeLibrary(HMODULE hLibModule);
#define LoadLibrary _WINUSB_W32_AW(LoadLibrary)
#define LoadLibraryEx _WINUSB_W32_AW(LoadLibraryEx)
#define GetModuleHandle _WINUSB_W32_AW(GetModuleHandle)

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_LIBLOADERAPI_H */
