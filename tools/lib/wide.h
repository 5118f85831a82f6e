/* SPDX-License-Identifier: MIT */
/* UTF-8 and UTF-16: Windows' rules for what is neither. */
#ifndef LIB_WIDE_H
#define LIB_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <windows.h>

#define WIDE_BAD 0xfffd	/* stands for what cannot be converted */

/*
 * Both give how many units or bytes the whole makes and write those that fit into ROOM, whole
 * characters only. TO may be NULL when ROOM is 0. No zero is added. *BAD, if not NULL, becomes
 * true when something was replaced by U+FFFD; otherwise it is left alone.
 */
size_t wide_from_utf8(const char *from, size_t count, WCHAR *to, size_t room, bool *bad);
size_t utf8_from_wide(const WCHAR *from, size_t count, char *to, size_t room, bool *bad);

/* As utf8_from_wide() and back, but half a surrogate pair survives (as three bytes). */
size_t wtf8_from_wide(const WCHAR *from, size_t count, char *to, size_t room);
size_t wide_from_wtf8(const char *from, size_t count, WCHAR *to, size_t room);
/*
 * The bytes of the first character, of at most COUNT, as that takes it, and the UNITS it becomes: 0
 * if COUNT ends in the middle of it.
 */
size_t wtf8_character(const char *text, size_t count, size_t *units);

/* With a zero at the end, to be freed; NULL: no memory. */
WCHAR *wide_of_utf8(const char *text);
char *utf8_of_wide(const WCHAR *text);

#endif
