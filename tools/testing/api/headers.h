/* SPDX-License-Identifier: MIT */
/* What is compared: these headers of ours and what they include, with mingw's of the same names. */
#define _WIN32_WINNT 0x0a00
#define NTDDI_VERSION 0x0a000000
#define STRSAFE_NO_DEPRECATE
#include <stdio.h>
#include <wchar.h>
#include <windows.h>
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
#include <devpropdef.h>
#include <devpkey.h>
#include <dbt.h>
#include <objbase.h>
#include <process.h>
#include <regstr.h>
#include <tchar.h>
#include <strsafe.h>
#include <winnls.h>
