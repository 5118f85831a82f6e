/* SPDX-License-Identifier: MIT */
/* Names in the registry */
#ifndef _LIBWINUSB_WIN32_REGSTR_H
#define _LIBWINUSB_WIN32_REGSTR_H

#include "windows.h"

/* Values of a device's key */
#define REGSTR_VAL_DEVDESC TEXT("DeviceDesc")
#define REGSTR_VAL_HARDWAREID TEXT("HardwareID")
#define REGSTR_VAL_COMPATIBLEIDS TEXT("CompatibleIDs")
#define REGSTR_VAL_FRIENDLYNAME TEXT("FriendlyName")
#define REGSTR_VAL_SERVICE TEXT("Service")
#define REGSTR_VAL_CLASSGUID TEXT("ClassGUID")
#define REGSTR_VAL_MFG TEXT("Mfg")

#endif /* _LIBWINUSB_WIN32_REGSTR_H */
