/* SPDX-License-Identifier: MIT */
/* What is compared: these headers of ours and what they include, with mingw's of the same names. */
#define _WIN32_WINNT 0x0a00
#define NTDDI_VERSION 0x0a000000
#define STRSAFE_NO_DEPRECATE
/* As programs do that want all of ntstatus.h. */
#define WIN32_NO_STATUS
#include <stdio.h>
#include <time.h>
#include <wchar.h>
#include <windows.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
#include <initguid.h>
/* Before winusb.h: mingw's has a field LowSpeed, which winusbio.h makes a number of. */
#include <usbioctl.h>
#include <winioctl.h>
#include <winusb.h>
#include <winusbio.h>
#include <usb.h>
#include <usb100.h>
#include <usb200.h>
#include <usbspec.h>
#include <usbiodef.h>
#include <setupapi.h>
#include <cfgmgr32.h>
#include <cfg.h>
#include <devguid.h>
#include <devpropdef.h>
#include <devpkey.h>
#include <dbt.h>
#include <objbase.h>
#include <process.h>
#include <conio.h>
#include <fcntl.h>
#include <io.h>
#include <malloc.h>
#include <regstr.h>
#include <tchar.h>
#include <strsafe.h>
#include <winnls.h>
