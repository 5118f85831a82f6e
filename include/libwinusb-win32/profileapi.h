/* SPDX-License-Identifier: MIT */
/* The performance counter */
#ifndef _LIBWINUSB_WIN32_PROFILEAPI_H
#define _LIBWINUSB_WIN32_PROFILEAPI_H

#include "minwinbase.h"
#include "winerror.h"

_WINUSB_W32_BEGIN

BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *lpPerformanceCount);
BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *lpFrequency);

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_PROFILEAPI_H */
