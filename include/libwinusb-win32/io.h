/* SPDX-License-Identifier: MIT */
/* Descriptors of files: the C library's, by Microsoft's names */
#ifndef _LIBWINUSB_WIN32_IO_H
#define _LIBWINUSB_WIN32_IO_H

#include <fcntl.h>
#include <unistd.h>
#include "winusb_w32_crt.h"

#define _O_TEXT 0x4000
#define _O_BINARY 0x8000
#define _O_WTEXT 0x10000
#define _O_U16TEXT 0x20000
#define _O_U8TEXT 0x40000

#define _access access
#define _dup dup
#define _dup2 dup2
#define _fileno fileno
#define _isatty isatty
#define _unlink unlink

_WINUSB_W32_BEGIN
int _setmode(int file, int mode) _WINUSB_W32_SYMBOL(_setmode);
_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_IO_H */
