/* SPDX-License-Identifier: MIT */
#ifndef _LIBWINUSB_WIN32_SPECSTRINGS_H
#define _LIBWINUSB_WIN32_SPECSTRINGS_H

#include "winnt.h"

#endif /* _LIBWINUSB_WIN32_SPECSTRINGS_H */
