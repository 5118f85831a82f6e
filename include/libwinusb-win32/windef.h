/* SPDX-License-Identifier: MIT */
#ifndef _LIBWINUSB_WIN32_WINDEF_H
#define _LIBWINUSB_WIN32_WINDEF_H

#include "minwindef.h"
#include "winnt.h"

#endif /* _LIBWINUSB_WIN32_WINDEF_H */
