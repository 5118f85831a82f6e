/* SPDX-License-Identifier: MIT */
/* Formats as Windows has them. */
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

/* What stands in front of a conversion, also of scanf(). */
enum size {
	SIZE_INT, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_64, SIZE_POINTER, SIZE_WIDE,
	SIZE_LONG_DOUBLE,
};

/* Reads it; behind it is the result. */
const char *format_size(const char *at, enum size *size);
/*
 * Is this text or character of 16-bit units? %s is the function's own width, which WIDE says, %S
 * the other.
 */
bool format_is_wide(enum size size, char conversion, bool wide);

/* int NAME(PARAMETERS, ...) on top of what takes a list */
#define VARIADIC(name, last, parameters, call) \
int name parameters \
{ \
	va_list list; \
	int length; \
 \
	va_start(list, last); \
	length = call; \
	va_end(list); \
	return length; \
}

#endif
