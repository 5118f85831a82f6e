/* SPDX-License-Identifier: MIT */
/*
 * The basic types. ULONG, DWORD and LONG have 32 bits, as on Windows, so they are not C's long
 * here.
 */
#ifndef _LIBWINUSB_WIN32_MINWINDEF_H
#define _LIBWINUSB_WIN32_MINWINDEF_H

#include <stddef.h>

#if !defined(__SIZEOF_WCHAR_T__) || __SIZEOF_WCHAR_T__ != 2
#error "WCHAR has 16 bits: compile with -fshort-wchar (pkg-config --cflags libwinusb-win32 says it)"
#endif

#include "sal.h"

#ifdef __cplusplus
#define EXTERN_C extern "C"
#define EXTERN_C_START extern "C" {
#define EXTERN_C_END }
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#endif

/* Calling conventions: there is only one here. */
#define WINAPI
#define WINAPIV
#define APIENTRY
#define CALLBACK
#define NTAPI
#define APIPRIVATE
#define PASCAL
#define WINBASEAPI
#define WINUSERAPI
#define WINADVAPI
#define WINSETUPAPI
#define CMAPI
#ifndef __cdecl
#define __cdecl
#endif
#define _cdecl
#define __stdcall
#define _stdcall
#define __fastcall
#define __vectorcall
#define __thiscall
#define __pascal
#define __clrcall

/* Words of Microsoft's compiler */
#ifndef __int64
#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long long
#endif
#define __forceinline __inline__ __attribute__((__always_inline__))
#define FORCEINLINE __forceinline
#define __unaligned
#define UNALIGNED
#define __ptr32
#define __ptr64
#define __w64
#define __pragma(what)
#ifndef __declspec
#define __declspec(what) _WINUSB_W32_DECLSPEC_##what
#define _WINUSB_W32_DECLSPEC_dllexport __attribute__((__visibility__("default")))
#define _WINUSB_W32_DECLSPEC_dllimport
#define _WINUSB_W32_DECLSPEC_thread __thread
#define _WINUSB_W32_DECLSPEC_align(bytes) __attribute__((__aligned__(bytes)))
#define _WINUSB_W32_DECLSPEC_noreturn __attribute__((__noreturn__))
#define _WINUSB_W32_DECLSPEC_noinline __attribute__((__noinline__))
#define _WINUSB_W32_DECLSPEC_nothrow __attribute__((__nothrow__))
#define _WINUSB_W32_DECLSPEC_selectany __attribute__((__weak__))
#define _WINUSB_W32_DECLSPEC_deprecated __attribute__((__deprecated__))
#define _WINUSB_W32_DECLSPEC_restrict
#define _WINUSB_W32_DECLSPEC_noalias
#define _WINUSB_W32_DECLSPEC_novtable
#define _WINUSB_W32_DECLSPEC_naked
#endif
#define DECLSPEC_IMPORT
#define DECLSPEC_NORETURN __attribute__((__noreturn__))
#define DECLSPEC_NOINLINE __attribute__((__noinline__))
#define DECLSPEC_SELECTANY __attribute__((__weak__))
#define DECLSPEC_ALIGN(bytes) __attribute__((__aligned__(bytes)))

#ifndef VOID
#define VOID void
#endif
#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif
#ifndef CONST
#define CONST const
#endif
#define IN
#define OUT
#define OPTIONAL
#define FAR
#define NEAR

typedef char CHAR, *PCHAR, *LPCH, *PCH, *NPSTR, *LPSTR, *PSTR;
typedef const char *LPCCH, *PCCH, *LPCSTR, *PCSTR;
typedef unsigned char UCHAR, *PUCHAR;
typedef short SHORT, *PSHORT;
typedef unsigned short USHORT, *PUSHORT;
typedef int INT, *PINT, *LPINT;
typedef unsigned int UINT, *PUINT, *LPUINT;
typedef int LONG, *PLONG, *LPLONG;
typedef unsigned int ULONG, *PULONG;
typedef unsigned char BYTE, *PBYTE, *LPBYTE;
typedef unsigned short WORD, *PWORD, *LPWORD;
typedef unsigned int DWORD, *PDWORD, *LPDWORD;
typedef int BOOL, *PBOOL, *LPBOOL;
typedef int WINBOOL;
typedef BYTE BOOLEAN, *PBOOLEAN;
typedef float FLOAT, *PFLOAT;
typedef double DOUBLE;
typedef void *PVOID, *LPVOID;
typedef const void *LPCVOID, *PCVOID;

#include "basetsd.h"

typedef signed long long LONGLONG _WINUSB_W32_ALIGN8, *PLONGLONG;
typedef unsigned long long ULONGLONG _WINUSB_W32_ALIGN8, *PULONGLONG;
typedef unsigned long long DWORDLONG _WINUSB_W32_ALIGN8, *PDWORDLONG;

/* 16 bits; a wide literal has them because of -fshort-wchar. */
typedef wchar_t WCHAR, *PWCHAR, *LPWCH, *PWCH, *NWPSTR, *LPWSTR, *PWSTR;
typedef const wchar_t *LPCWCH, *PCWCH, *LPCWSTR, *PCWSTR;
typedef WCHAR *PZZWSTR;
typedef const WCHAR *PCZZWSTR;
typedef CHAR *PZZSTR;
typedef const CHAR *PCZZSTR;

/* TCHAR, and TEXT(), choose by UNICODE. */
#ifdef UNICODE
typedef WCHAR TCHAR, *PTCHAR;
typedef WCHAR TBYTE, *PTBYTE;
typedef LPWSTR LPTSTR, PTSTR, LPTCH, PTCH;
typedef LPCWSTR LPCTSTR, PCTSTR;
#define _WINUSB_W32_TEXT(quoted) L##quoted
#define _WINUSB_W32_AW(name) name##W
#else
typedef char TCHAR, *PTCHAR;
typedef unsigned char TBYTE, *PTBYTE;
typedef LPSTR LPTSTR, PTSTR, LPTCH, PTCH;
typedef LPCSTR LPCTSTR, PCTSTR;
#define _WINUSB_W32_TEXT(quoted) quoted
#define _WINUSB_W32_AW(name) name##A
#endif
#define __TEXT(quoted) _WINUSB_W32_TEXT(quoted)
#define TEXT(quoted) _WINUSB_W32_TEXT(quoted)

typedef void *HANDLE, **PHANDLE, **LPHANDLE;
typedef HANDLE HGLOBAL, HLOCAL, GLOBALHANDLE, LOCALHANDLE;
#define DECLARE_HANDLE(name) typedef struct name##__ { int unused; } *name
DECLARE_HANDLE(HINSTANCE);
typedef HINSTANCE HMODULE;
DECLARE_HANDLE(HKEY);
typedef HKEY *PHKEY;
DECLARE_HANDLE(HWND);
typedef WORD ATOM;
typedef UINT_PTR WPARAM;
typedef LONG_PTR LPARAM, LRESULT;
typedef LONG HRESULT;
typedef LONG NTSTATUS, *PNTSTATUS;
typedef INT_PTR (WINAPI *FARPROC)(void);
typedef INT_PTR (WINAPI *NEARPROC)(void);
typedef INT_PTR (WINAPI *PROC)(void);

typedef struct _FILETIME {
	DWORD dwLowDateTime;
	DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

#define MAX_PATH 260

#define MAKEWORD(low, high) \
	((WORD)(((BYTE)((DWORD_PTR)(low) & 0xff)) | \
		((WORD)((BYTE)((DWORD_PTR)(high) & 0xff))) << 8))
#define MAKELONG(low, high) \
	((LONG)(((WORD)((DWORD_PTR)(low) & 0xffff)) | \
		((DWORD)((WORD)((DWORD_PTR)(high) & 0xffff))) << 16))
#define LOWORD(value) ((WORD)((DWORD_PTR)(value) & 0xffff))
#define HIWORD(value) ((WORD)(((DWORD_PTR)(value) >> 16) & 0xffff))
#define LOBYTE(value) ((BYTE)((DWORD_PTR)(value) & 0xff))
#define HIBYTE(value) ((BYTE)(((DWORD_PTR)(value) >> 8) & 0xff))

#ifndef NOMINMAX
#ifndef __cplusplus
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#elif __cplusplus >= 201103L
/* Macros would break the C++ library's. Of two types, as those; of one type std::min goes before. */
#define _WINUSB_W32_COMMON decltype(0 ? A() : B())
extern "C++" {
template <class A, class B>
constexpr _WINUSB_W32_COMMON (max)(A a, B b)
{
	return static_cast<_WINUSB_W32_COMMON>(a) > static_cast<_WINUSB_W32_COMMON>(b) ?
		static_cast<_WINUSB_W32_COMMON>(a) : static_cast<_WINUSB_W32_COMMON>(b);
}
template <class A, class B>
constexpr _WINUSB_W32_COMMON (min)(A a, B b)
{
	return static_cast<_WINUSB_W32_COMMON>(a) < static_cast<_WINUSB_W32_COMMON>(b) ?
		static_cast<_WINUSB_W32_COMMON>(a) : static_cast<_WINUSB_W32_COMMON>(b);
}
}
#undef _WINUSB_W32_COMMON
#endif
#endif

#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define DBG_UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(variable) ((void)(variable))

#endif /* _LIBWINUSB_WIN32_MINWINDEF_H */
