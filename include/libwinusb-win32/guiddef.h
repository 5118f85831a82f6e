/* SPDX-License-Identifier: MIT */
/* GUID, and the macro that declares or defines one. */
#ifndef _LIBWINUSB_WIN32_GUIDDEF_H
#define _LIBWINUSB_WIN32_GUIDDEF_H

#include <string.h>
#include "minwindef.h"

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
	unsigned int Data1;
	unsigned short Data2;
	unsigned short Data3;
	unsigned char Data4[8];
} GUID;
#endif

typedef GUID *LPGUID;
typedef const GUID *LPCGUID;
typedef GUID IID, *LPIID;
typedef GUID CLSID, *LPCLSID;
typedef GUID FMTID, *LPFMTID;
typedef GUID UUID;

#ifdef __cplusplus
#define REFGUID const GUID &
#define REFIID const IID &
#define REFCLSID const CLSID &
#define REFFMTID const FMTID &

inline int InlineIsEqualGUID(REFGUID one, REFGUID other)
{
	return !memcmp(&one, &other, sizeof(GUID));
}

inline int IsEqualGUID(REFGUID one, REFGUID other)
{
	return !memcmp(&one, &other, sizeof(GUID));
}

inline bool operator==(REFGUID one, REFGUID other)
{
	return !memcmp(&one, &other, sizeof(GUID));
}

inline bool operator!=(REFGUID one, REFGUID other)
{
	return !(one == other);
}
#else
#define REFGUID const GUID *
#define REFIID const IID *
#define REFCLSID const CLSID *
#define REFFMTID const FMTID *
#define InlineIsEqualGUID(one, other) (!memcmp(one, other, sizeof(GUID)))
#define IsEqualGUID(one, other) (!memcmp(one, other, sizeof(GUID)))
#endif

#define IsEqualIID(one, other) IsEqualGUID(one, other)
#define IsEqualCLSID(one, other) IsEqualGUID(one, other)
#define IsEqualFMTID(one, other) IsEqualGUID(one, other)

#ifndef GUID_NULL
_WINUSB_W32_BEGIN
extern const GUID GUID_NULL;
_WINUSB_W32_END
#define IID_NULL GUID_NULL
#define CLSID_NULL GUID_NULL
#endif

#endif /* _LIBWINUSB_WIN32_GUIDDEF_H */

/*
 * Outside the guard: initguid.h includes this again, with INITGUID. A definition may occur in
 * several files.
 */
#undef DEFINE_GUID
#ifdef INITGUID
#ifdef __cplusplus
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
	EXTERN_C const GUID DECLSPEC_SELECTANY name = \
		{ l, w1, w2, { b1, b2, b3, b4, b5, b6, b7, b8 } }
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
	const GUID DECLSPEC_SELECTANY name = \
		{ l, w1, w2, { b1, b2, b3, b4, b5, b6, b7, b8 } }
#endif
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) EXTERN_C const GUID name
#endif
