/* SPDX-License-Identifier: MIT */
/* How the headers declare things. Nothing in here has a name that a program could have. */
#ifndef _LIBWINUSB_WIN32_WINUSB_W32_MACROS_H
#define _LIBWINUSB_WIN32_WINUSB_W32_MACROS_H

/* Around prototypes: the library itself is compiled with hidden names. */
#ifdef __cplusplus
#define _WINUSB_W32_BEGIN extern "C" { _Pragma("GCC visibility push(default)")
#define _WINUSB_W32_END _Pragma("GCC visibility pop") }
#else
#define _WINUSB_W32_BEGIN _Pragma("GCC visibility push(default)")
#define _WINUSB_W32_END _Pragma("GCC visibility pop")
#endif

/* The symbol that a function of libwinusb has whose name is the C library's, too */
#define _WINUSB_W32_SYMBOL(name) __asm__("winusb_w32_" #name)

/* Functions of the C library that are for wchar_t of 32 bits: calling one is an error of the compiler. */
#ifdef __clang__
#define _WINUSB_W32_ERROR __unavailable__
#else
#define _WINUSB_W32_ERROR __error__
#endif
#define _WINUSB_W32_NOT_HERE(name) \
	extern __typeof__(name) name __attribute__(( \
		_WINUSB_W32_ERROR("libwinusb has no " #name " for wchar_t of 16 bits")));

#endif /* _LIBWINUSB_WIN32_WINUSB_W32_MACROS_H */
