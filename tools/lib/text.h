/* SPDX-License-Identifier: MIT */
/* UTF-8 inside, UTF-16 outside: what the device functions need of it. */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * LENGTH bytes of UTF-8, zeros among them, to UTF-16. Gives how many units that makes, and writes those
 * that fit into ROOM. What is no UTF-8 becomes U+FFFD.
 */
size_t text_widen(const char *text, size_t length, uint16_t *wide, size_t room);

/* A UTF-16 text to UTF-8; the caller frees it. NULL: no memory. */
char *text_narrow(const uint16_t *wide);

#endif
