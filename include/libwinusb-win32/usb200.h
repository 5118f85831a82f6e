/* SPDX-License-Identifier: MIT */
#ifndef _LIBWINUSB_WIN32_USB200_H
#define _LIBWINUSB_WIN32_USB200_H

#include "usbspec.h"

#endif /* _LIBWINUSB_WIN32_USB200_H */
