/* SPDX-License-Identifier: MIT */
/* Registry: a device's parameters can be read */
#ifndef _LIBWINUSB_WIN32_WINREG_H
#define _LIBWINUSB_WIN32_WINREG_H

#include "minwinbase.h"
#include "winerror.h"

_WINUSB_W32_BEGIN

typedef LONG LSTATUS;

LSTATUS WINAPI RegQueryValueExA(HKEY hKey, LPCSTR lpValueName, LPDWORD lpReserved, LPDWORD lpType,
				LPBYTE lpData, LPDWORD lpcbData);
LSTATUS WINAPI RegQueryValueExW(HKEY hKey, LPCWSTR lpValueName, LPDWORD lpReserved, LPDWORD lpType,
				LPBYTE lpData, LPDWORD lpcbData);
LSTATUS WINAPI RegCloseKey(HKEY hKey);
#define RegQueryValueEx _WINUSB_W32_AW(RegQueryValueEx)

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_WINREG_H */
