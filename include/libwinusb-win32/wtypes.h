/* SPDX-License-Identifier: MIT */
#ifndef _LIBWINUSB_WIN32_WTYPES_H
#define _LIBWINUSB_WIN32_WTYPES_H

#include "windows.h"

#endif /* _LIBWINUSB_WIN32_WTYPES_H */
