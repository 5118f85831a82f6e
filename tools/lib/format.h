/* SPDX-License-Identifier: MIT */
/* Formatted output as Windows has it. */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What a format and its arguments make, in a new buffer with a zero at the end, to be freed. The
 * result is the length without it, or -1: no memory, or longer than an int can say.
 */
int format_narrow(char **text, const char *format, va_list list);
int format_wide(wchar_t **text, const wchar_t *format, va_list list);

/*
 * A format of scanf() in the C library's terms, to be freed; NULL and errno: it asks for wide text.
 * WIDE: %s itself means that.
 */
char *format_for_scan(const char *format, bool wide);

#endif
