/* SPDX-License-Identifier: MIT */
/* Versions: all that is here is there for every value of _WIN32_WINNT. */
#ifndef _LIBWINUSB_WIN32_SDKDDKVER_H
#define _LIBWINUSB_WIN32_SDKDDKVER_H

#define _WIN32_WINNT_WIN2K 0x0500
#define _WIN32_WINNT_WINXP 0x0501
#define _WIN32_WINNT_WS03 0x0502
#define _WIN32_WINNT_VISTA 0x0600
#define _WIN32_WINNT_WIN7 0x0601
#define _WIN32_WINNT_WIN8 0x0602
#define _WIN32_WINNT_WINBLUE 0x0603
#define _WIN32_WINNT_WIN10 0x0a00

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0a00
#endif
#ifndef WINVER
#define WINVER _WIN32_WINNT
#endif

#endif /* _LIBWINUSB_WIN32_SDKDDKVER_H */
