/* SPDX-License-Identifier: MIT */
#ifndef _LIBWINUSB_WIN32_BASETYPS_H
#define _LIBWINUSB_WIN32_BASETYPS_H

#include "windows.h"

#endif /* _LIBWINUSB_WIN32_BASETYPS_H */
