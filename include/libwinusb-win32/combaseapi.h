/* SPDX-License-Identifier: MIT */
/* GUIDs as text */
#ifndef _LIBWINUSB_WIN32_COMBASEAPI_H
#define _LIBWINUSB_WIN32_COMBASEAPI_H

#include "minwinbase.h"
#include "winerror.h"

_WINUSB_W32_BEGIN

typedef WCHAR OLECHAR;
typedef OLECHAR *LPOLESTR;
typedef const OLECHAR *LPCOLESTR;
#define OLESTR(quoted) L##quoted

HRESULT WINAPI CLSIDFromString(LPCOLESTR lpsz, LPCLSID pclsid);
HRESULT WINAPI IIDFromString(LPCOLESTR lpsz, LPIID lpiid);
int WINAPI StringFromGUID2(REFGUID rguid, LPOLESTR lpsz, int cchMax);

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_COMBASEAPI_H */
