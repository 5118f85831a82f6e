/* SPDX-License-Identifier: MIT */
/* What a program that talks to WinUSB devices needs of Windows: no more, but that as there. */
#ifndef _LIBWINUSB_WIN32_WINDOWS_H
#define _LIBWINUSB_WIN32_WINDOWS_H

#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <ctype.h>

#include "sdkddkver.h"
#include "minwindef.h"
#include "winnt.h"
#include "guiddef.h"
#include "winerror.h"
#include "minwinbase.h"
#include "handleapi.h"
#include "errhandlingapi.h"
#include "debugapi.h"
#include "fileapi.h"
#include "ioapiset.h"
#include "synchapi.h"
#include "processthreadsapi.h"
#include "sysinfoapi.h"
#include "profileapi.h"
#include "heapapi.h"
#include "libloaderapi.h"
#include "stringapiset.h"
#include "winbase.h"
#include "winreg.h"
#include "wincon.h"
#include "winusb_w32_crt.h"
#ifndef WIN32_LEAN_AND_MEAN
#include "combaseapi.h"
#endif

#endif /* _LIBWINUSB_WIN32_WINDOWS_H */
