/* SPDX-License-Identifier: MIT */
/* Keys of the terminal */
#ifndef _LIBWINUSB_WIN32_CONIO_H
#define _LIBWINUSB_WIN32_CONIO_H

#include "winusb_w32_crt.h"

_WINUSB_W32_BEGIN

int _getch(void) _WINUSB_W32_SYMBOL(_getch);
int _getche(void) _WINUSB_W32_SYMBOL(_getche);
int _kbhit(void) _WINUSB_W32_SYMBOL(_kbhit);
int _putch(int key) _WINUSB_W32_SYMBOL(_putch);
int getch(void) _WINUSB_W32_SYMBOL(_getch);
int getche(void) _WINUSB_W32_SYMBOL(_getche);
int kbhit(void) _WINUSB_W32_SYMBOL(_kbhit);
int putch(int key) _WINUSB_W32_SYMBOL(_putch);

_WINUSB_W32_END

#endif /* _LIBWINUSB_WIN32_CONIO_H */
