/* SPDX-License-Identifier: MIT */
/* Keys of devices, for reading. */
#ifndef LIB_REGISTRY_H
#define LIB_REGISTRY_H

#include <windows.h>

#include "device.h"

/* The key "Device Parameters" of a devnode, as it is now. An error of Windows; ERROR_SUCCESS. */
LONG registry_open(const struct device_list *list, const struct device *device, REGSAM access,
		   HKEY *key);

#endif
