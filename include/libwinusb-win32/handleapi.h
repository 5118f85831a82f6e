/* SPDX-License-Identifier: MIT */
/* Handles */
#ifndef _LIBWINUSB_WIN32_HANDLEAPI_H
#define _LIBWINUSB_WIN32_HANDLEAPI_H

#include "minwinbase.h"
#include "winerror.h"

_WINUSB_W32_BEGIN

#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)

#define HANDLE_FLAG_INHERIT 0x1
#define HANDLE_FLAG_PROTECT_FROM_CLOSE 0x2

BOOL WINAPI CloseHandle(HANDLE hObject);
BOOL WINAPI DuplicateHandle(HANDLE hSourceProcessHandle, HANDLE hSourceHandle,
			    HANDLE hTargetProcessHandle, LPHANDLE lpTargetHandle,
			    DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwOptions);
BOOL WINAPI GetHandleInformation(HANDLE hObject, LPDWORD lpdwFlags);
BOOL WINAPI SetHandleInformation(HANDLE hObject, DWORD dwMask, DWORD dwFlags);

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_HANDLEAPI_H */
