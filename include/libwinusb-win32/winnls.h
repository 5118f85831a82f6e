/* SPDX-License-Identifier: MIT */
#ifndef _LIBWINUSB_WIN32_WINNLS_H
#define _LIBWINUSB_WIN32_WINNLS_H

#include "stringapiset.h"

#endif /* _LIBWINUSB_WIN32_WINNLS_H */
