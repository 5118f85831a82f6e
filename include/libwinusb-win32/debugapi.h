/* SPDX-License-Identifier: MIT */
/* What a debugger is told */
#ifndef _LIBWINUSB_WIN32_DEBUGAPI_H
#define _LIBWINUSB_WIN32_DEBUGAPI_H

#include "minwinbase.h"

_WINUSB_W32_BEGIN

BOOL WINAPI IsDebuggerPresent(VOID);
VOID WINAPI OutputDebugStringA(LPCSTR lpOutputString);
VOID WINAPI OutputDebugStringW(LPCWSTR lpOutputString);
#define OutputDebugString _WINUSB_W32_AW(OutputDebugString)

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_DEBUGAPI_H */
