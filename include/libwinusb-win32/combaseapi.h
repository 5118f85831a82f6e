/* SPDX-License-Identifier: MIT */
/* GUIDs as text, and the memory of such texts */
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
HRESULT WINAPI StringFromCLSID(REFCLSID rclsid, LPOLESTR *lplpsz);
HRESULT WINAPI StringFromIID(REFIID rclsid, LPOLESTR *lplpsz);
int WINAPI StringFromGUID2(REFGUID rguid, LPOLESTR lpsz, int cchMax);

LPVOID WINAPI CoTaskMemAlloc(SIZE_T cb);
LPVOID WINAPI CoTaskMemRealloc(LPVOID pv, SIZE_T cb);
void WINAPI CoTaskMemFree(LPVOID pv);

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_COMBASEAPI_H */
