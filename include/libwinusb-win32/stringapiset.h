/* SPDX-License-Identifier: MIT */
/* UTF-8 and UTF-16 */
#ifndef _LIBWINUSB_WIN32_STRINGAPISET_H
#define _LIBWINUSB_WIN32_STRINGAPISET_H

#include "minwinbase.h"
#include "winerror.h"

_WINUSB_W32_BEGIN

#define CP_ACP 0
#define CP_OEMCP 1
#define CP_THREAD_ACP 3
#define CP_UTF8 65001
#define MB_PRECOMPOSED 0x00000001
#define MB_COMPOSITE 0x00000002
#define MB_USEGLYPHCHARS 0x00000004
#define MB_ERR_INVALID_CHARS 0x00000008
#define WC_DISCARDNS 0x00000010
#define WC_SEPCHARS 0x00000020
#define WC_DEFAULTCHAR 0x00000040
#define WC_ERR_INVALID_CHARS 0x00000080
#define WC_COMPOSITECHECK 0x00000200
#define WC_NO_BEST_FIT_CHARS 0x00000400

int WINAPI MultiByteToWideChar(UINT CodePage, DWORD dwFlags, LPCCH lpMultiByteStr, int cbMultiByte,
			       LPWSTR lpWideCharStr, int cchWideChar);
int WINAPI WideCharToMultiByte(UINT CodePage, DWORD dwFlags, LPCWCH lpWideCharStr, int cchWideChar,
			       LPSTR lpMultiByteStr, int cbMultiByte, LPCCH lpDefaultChar,
			       LPBOOL lpUsedDefaultChar);

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_STRINGAPISET_H */
