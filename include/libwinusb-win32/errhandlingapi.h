/* SPDX-License-Identifier: MIT */
/* The last error of a thread */
#ifndef _LIBWINUSB_WIN32_ERRHANDLINGAPI_H
#define _LIBWINUSB_WIN32_ERRHANDLINGAPI_H

#include "minwinbase.h"
#include "winerror.h"

_WINUSB_W32_BEGIN

DWORD WINAPI GetLastError(void);
VOID WINAPI SetLastError(DWORD dwErrCode);

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_ERRHANDLINGAPI_H */
