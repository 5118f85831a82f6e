/* SPDX-License-Identifier: MIT */
/*
 * Numbers of I/O controls. No device here has any, but programs make such numbers in their
 * headers.
 */
#ifndef _LIBWINUSB_WIN32_WINIOCTL_H
#define _LIBWINUSB_WIN32_WINIOCTL_H

#include "windows.h"

#define CTL_CODE(device, function, method, access) \
	(((device) << 16) | ((access) << 14) | ((function) << 2) | (method))
#define DEVICE_TYPE_FROM_CTL_CODE(code) (((DWORD)((code) & 0xffff0000)) >> 16)
#define METHOD_FROM_CTL_CODE(code) ((DWORD)((code) & 3))

#define METHOD_BUFFERED 0
#define METHOD_IN_DIRECT 1
#define METHOD_OUT_DIRECT 2
#define METHOD_NEITHER 3
#define FILE_ANY_ACCESS 0
#define FILE_SPECIAL_ACCESS FILE_ANY_ACCESS
#define FILE_READ_ACCESS 0x0001
#define FILE_WRITE_ACCESS 0x0002
#define FILE_DEVICE_UNKNOWN 0x00000022

#endif
