/* SPDX-License-Identifier: MIT */
/* Ctrl+C and what else ends a program of a console */
#ifndef _LIBWINUSB_WIN32_CONSOLEAPI_H
#define _LIBWINUSB_WIN32_CONSOLEAPI_H

#include "minwinbase.h"
#include "winerror.h"

_WINUSB_W32_BEGIN

#define CTRL_C_EVENT 0
#define CTRL_BREAK_EVENT 1
#define CTRL_CLOSE_EVENT 2
#define CTRL_LOGOFF_EVENT 5
#define CTRL_SHUTDOWN_EVENT 6

typedef BOOL (WINAPI *PHANDLER_ROUTINE)(DWORD CtrlType);
BOOL WINAPI SetConsoleCtrlHandler(PHANDLER_ROUTINE HandlerRoutine, BOOL Add);

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_CONSOLEAPI_H */
