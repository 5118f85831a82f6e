/* SPDX-License-Identifier: MIT */
#ifndef _LIBWINUSB_WIN32_OBJBASE_H
#define _LIBWINUSB_WIN32_OBJBASE_H

#include "windows.h"
#include "combaseapi.h"

#endif /* _LIBWINUSB_WIN32_OBJBASE_H */
