/* SPDX-License-Identifier: MIT */
#ifndef _LIBWINUSB_WIN32_WINCON_H
#define _LIBWINUSB_WIN32_WINCON_H

#include "consoleapi.h"

#endif /* _LIBWINUSB_WIN32_WINCON_H */
