/* SPDX-License-Identifier: MIT */
/* Integers that have the size of a pointer, and those with their size in the name. */
#ifndef _LIBWINUSB_WIN32_BASETSD_H
#define _LIBWINUSB_WIN32_BASETSD_H

#ifdef __LP64__
#define __int3264 __int64
typedef long INT_PTR, *PINT_PTR;
typedef unsigned long UINT_PTR, *PUINT_PTR;
typedef long LONG_PTR, *PLONG_PTR;
typedef unsigned long ULONG_PTR, *PULONG_PTR;
#else
typedef int INT_PTR, *PINT_PTR;
typedef unsigned int UINT_PTR, *PUINT_PTR;
typedef int LONG_PTR, *PLONG_PTR;
typedef unsigned int ULONG_PTR, *PULONG_PTR;
#endif

typedef ULONG_PTR DWORD_PTR, *PDWORD_PTR;
typedef ULONG_PTR SIZE_T, *PSIZE_T;
typedef LONG_PTR SSIZE_T, *PSSIZE_T;

typedef signed char INT8, *PINT8;
typedef signed short INT16, *PINT16;
typedef signed int INT32, *PINT32;
typedef unsigned char UINT8, *PUINT8;
typedef unsigned short UINT16, *PUINT16;
typedef unsigned int UINT32, *PUINT32;
typedef signed int LONG32, *PLONG32;
typedef unsigned int ULONG32, *PULONG32;
typedef unsigned int DWORD32, *PDWORD32;

/* Windows aligns them to eight bytes also where Linux for 32 bit aligns them to four. */
#define _WINUSB_W32_ALIGN8 __attribute__((__aligned__(8)))
typedef signed long long INT64 _WINUSB_W32_ALIGN8, *PINT64;
typedef unsigned long long UINT64 _WINUSB_W32_ALIGN8, *PUINT64;
typedef signed long long LONG64 _WINUSB_W32_ALIGN8, *PLONG64;
typedef unsigned long long ULONG64 _WINUSB_W32_ALIGN8, *PULONG64;
typedef unsigned long long DWORD64 _WINUSB_W32_ALIGN8, *PDWORD64;

#define HandleToULong(handle) ((ULONG)(ULONG_PTR)(handle))
#define HandleToLong(handle) ((LONG)(LONG_PTR)(handle))
#define ULongToHandle(value) ((HANDLE)(ULONG_PTR)(value))
#define LongToHandle(value) ((HANDLE)(LONG_PTR)(value))
#define PtrToUlong(pointer) ((ULONG)(ULONG_PTR)(pointer))
#define PtrToLong(pointer) ((LONG)(LONG_PTR)(pointer))
#define UlongToPtr(value) ((PVOID)(ULONG_PTR)(unsigned int)(value))
#define LongToPtr(value) ((PVOID)(LONG_PTR)(int)(value))

#endif /* _LIBWINUSB_WIN32_BASETSD_H */
