/* SPDX-License-Identifier: MIT */
#ifndef _LIBWINUSB_WIN32_WINAPIFAMILY_H
#define _LIBWINUSB_WIN32_WINAPIFAMILY_H

/* Everything here is for the desktop. */
#define WINAPI_FAMILY_PARTITION(partition) 1
#define WINAPI_PARTITION_DESKTOP 1
#define WINAPI_PARTITION_APP 1

#endif /* _LIBWINUSB_WIN32_WINAPIFAMILY_H */
