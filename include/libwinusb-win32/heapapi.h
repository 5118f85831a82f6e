/* SPDX-License-Identifier: MIT */
/* Heaps */
#ifndef _LIBWINUSB_WIN32_HEAPAPI_H
#define _LIBWINUSB_WIN32_HEAPAPI_H

#include "minwinbase.h"
#include "winerror.h"

_WINUSB_W32_BEGIN

HANDLE WINAPI GetProcessHeap(void);
HANDLE WINAPI HeapCreate(DWORD flOptions, SIZE_T dwInitialSize, SIZE_T dwMaximumSize);
BOOL WINAPI HeapDestroy(HANDLE hHeap);
LPVOID WINAPI HeapAlloc(HANDLE hHeap, DWORD dwFlags, SIZE_T dwBytes);
LPVOID WINAPI HeapReAlloc(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem, SIZE_T dwBytes);
BOOL WINAPI HeapFree(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem);
SIZE_T WINAPI HeapSize(HANDLE hHeap, DWORD dwFlags, LPCVOID lpMem);

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_HEAPAPI_H */
