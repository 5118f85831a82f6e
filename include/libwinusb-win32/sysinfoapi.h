/* SPDX-License-Identifier: MIT */
/* Time */
#ifndef _LIBWINUSB_WIN32_SYSINFOAPI_H
#define _LIBWINUSB_WIN32_SYSINFOAPI_H

#include "minwinbase.h"
#include "winerror.h"

_WINUSB_W32_BEGIN

DWORD WINAPI GetTickCount(void);
ULONGLONG WINAPI GetTickCount64(void);
VOID WINAPI GetSystemTime(LPSYSTEMTIME lpSystemTime);
VOID WINAPI GetLocalTime(LPSYSTEMTIME lpSystemTime);
VOID WINAPI GetSystemTimePreciseAsFileTime(LPFILETIME lpSystemTimeAsFileTime);
VOID WINAPI GetSystemTimeAsFileTime(LPFILETIME lpSystemTimeAsFileTime);

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_SYSINFOAPI_H */
