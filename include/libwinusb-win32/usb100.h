/* SPDX-License-Identifier: MIT */
#ifndef _LIBWINUSB_WIN32_USB100_H
#define _LIBWINUSB_WIN32_USB100_H

#include "usbspec.h"

#endif /* _LIBWINUSB_WIN32_USB100_H */
