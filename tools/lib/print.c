// SPDX-License-Identifier: MIT
/*
 * printf() and its relatives, narrow and wide. Their symbols have winusb_w32_ in front: stdio.h
 * and wchar.h say so.
 */
#undef WINUSB_W32_LIBC_STDIO	/* here the names mean ours */
#include "format.h"
#include "wide.h"

#include <limits.h>
#include <stdint.h>
#include <unistd.h>

enum rule {
	RULE_C99,	/* cut off, with a zero; the whole length is the result */
	RULE_CUT,	/* cut off, with a zero; -1 is the result */
	RULE_OLD,	/* cut off, with a zero only if there is room for it; -1 if it is cut */
	RULE_SECURE,	/* nothing, if it does not fit */
};

static int invalid(void)
{
	errno = EINVAL;
	return -1;
}

/* The size is the caller's promise. */
#define NO_LIMIT INT_MAX

/*
 * Into memory: what narrow and wide functions have in common. INTO() is behind all of them; with
 * neither memory nor room it only measures.
 */
#define FAMILY(unit, format_to, into, measure, measure_list, old, old_list, secure, secure_list, \
	       most, most_list) \
int measure_list(const unit *format, va_list list) \
{ \
	unit *text; \
	int length = format_to(&text, format, list); \
 \
	free(text); \
	return length; \
} \
VARIADIC(measure, format, (const unit *format, ...), measure_list(format, list)) \
 \
__attribute__((noinline)) \
static int into(unit *to, size_t room, const unit *format, va_list list, enum rule rule) \
{ \
	unit *text; \
	size_t need; \
	int length; \
 \
	if (!to) \
		return room ? invalid() : measure_list(format, list); \
	length = format_to(&text, format, list); \
	need = (size_t)length + 1; \
	if (length < 0) { \
		if (room) \
			to[0] = 0; \
		return -1; \
	} \
	if (need <= room) { \
		memcpy(to, text, need * sizeof(unit)); \
	} else if (rule == RULE_SECURE) { \
		to[0] = 0; \
		errno = ERANGE; \
		length = -1; \
	} else if (rule == RULE_OLD) { \
		memcpy(to, text, (need - 1 < room ? need - 1 : room) * sizeof(unit)); \
		length = need - 1 <= room ? length : -1; \
	} else { \
		if (room) { \
			memcpy(to, text, (room - 1) * sizeof(unit)); \
			to[room - 1] = 0; \
		} \
		length = rule == RULE_C99 ? length : -1; \
	} \
	free(text); \
	return length; \
} \
 \
int old_list(unit *to, size_t count, const unit *format, va_list list) \
{ \
	return into(to, count, format, list, RULE_OLD); \
} \
VARIADIC(old, format, (unit *to, size_t count, const unit *format, ...), \
	 old_list(to, count, format, list)) \
 \
int secure_list(unit *to, size_t room, const unit *format, va_list list) \
{ \
	return to && room && format ? into(to, room, format, list, RULE_SECURE) : invalid(); \
} \
VARIADIC(secure, format, (unit *to, size_t room, const unit *format, ...), \
	 secure_list(to, room, format, list)) \
 \
int most_list(unit *to, size_t room, size_t count, const unit *format, va_list list) \
{ \
	if (format && !to && !room && !count) \
		return 0; \
	if (!to || !room || (count >= room && count != _TRUNCATE)) \
		return secure_list(to, room, format, list); \
	return format ? into(to, count < room ? count + 1 : room, format, list, RULE_CUT) : \
	       invalid(); \
} \
VARIADIC(most, format, (unit *to, size_t room, size_t count, const unit *format, ...), \
	 most_list(to, room, count, format, list))

FAMILY(char, format_narrow, narrow_into, _scprintf, _vscprintf, _snprintf, _vsnprintf, sprintf_s,
       vsprintf_s, _snprintf_s, _vsnprintf_s)
FAMILY(wchar_t, format_wide, wide_into, _scwprintf, _vscwprintf, _snwprintf, _vsnwprintf,
       swprintf_s, vswprintf_s, _snwprintf_s, _vsnwprintf_s)

/* And where they differ */

int vsnprintf(char *to, size_t room, const char *format, va_list list)
{
	return narrow_into(to, room, format, list, RULE_C99);
}
VARIADIC(winusb_w32_snprintf, format, (char *to, size_t room, const char *format, ...),
	 vsnprintf(to, room, format, list))

int vsprintf(char *to, const char *format, va_list list)
{
	return vsnprintf(to, NO_LIMIT, format, list);
}
VARIADIC(winusb_w32_sprintf, format, (char *to, const char *format, ...),
	 vsprintf(to, format, list))

int vswprintf(wchar_t *to, size_t room, const wchar_t *format, va_list list)
{
	return wide_into(to, room, format, list, RULE_CUT);
}
VARIADIC(swprintf, format, (wchar_t *to, size_t room, const wchar_t *format, ...),
	 vswprintf(to, room, format, list))
VARIADIC(_swprintf, format, (wchar_t *to, const wchar_t *format, ...),
	 wide_into(to, NO_LIMIT, format, list, RULE_C99))

/* Into files: always UTF-8, so narrow and wide output mix as they do on Windows. */

static int write_bytes(FILE *file, const char *text, size_t count)
{
	return fwrite(text, 1, count, file) == count ? (int)count : -1;
}

static int write_units(FILE *file, const wchar_t *text, size_t count)
{
	size_t bytes = utf8_from_wide(text, count, NULL, 0, NULL);
	char *utf8 = malloc(bytes + 1);
	int result;

	if (!utf8)
		return -1;
	utf8_from_wide(text, count, utf8, bytes, NULL);
	result = write_bytes(file, utf8, bytes) < 0 ? -1 : (int)count;
	free(utf8);
	return result;
}

#define FILES(unit, format_to, write_to, file, file_list, out, out_list) \
int file_list(FILE *to, const unit *format, va_list list) \
{ \
	unit *text; \
	int length = format_to(&text, format, list); \
 \
	if (length >= 0) \
		length = write_to(to, text, (size_t)length); \
	free(text); \
	return length; \
} \
VARIADIC(file, format, (FILE *to, const unit *format, ...), file_list(to, format, list)) \
int out_list(const unit *format, va_list list) \
{ \
	return file_list(stdout, format, list); \
} \
VARIADIC(out, format, (const unit *format, ...), out_list(format, list))

FILES(char, format_narrow, write_bytes, winusb_w32_fprintf, vfprintf, winusb_w32_printf, vprintf)
FILES(wchar_t, format_wide, write_units, fwprintf, vfwprintf, wprintf, vwprintf)

int fputws(const wchar_t *text, FILE *file)
{
	return write_units(file, text, wcslen(text)) < 0 ? EOF : 0;
}

int _putws(const wchar_t *text)
{
	return fputws(text, stdout) < 0 || putchar('\n') < 0 ? EOF : 0;
}

/* Half of a pair cannot be written alone: it comes out as U+FFFD. */
wint_t fputwc(wchar_t unit, FILE *file)
{
	return write_units(file, &unit, 1) < 0 ? WEOF : unit;
}

wint_t putwchar(wchar_t unit)
{
	return fputwc(unit, stdout);
}

/* A byte of UTF-8 makes at most one unit, so ROOM - 1 bytes always fit; a character is not torn. */
wchar_t *fgetws(wchar_t *to, int room, FILE *file)
{
	int most = room - 1, count = 0, byte = 0;
	char *line = most > 0 ? malloc((size_t)most) : NULL;

	if (!line)
		return NULL;
	while (count < most && byte != '\n') {
		byte = getc(file);
		if (byte == EOF)
			break;
		if (byte >= 0xc0 && most - count < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) &&
		    count) {
			ungetc(byte, file);
			break;
		}
		line[count++] = (char)byte;
	}
	if (count) {
		size_t length = wide_from_utf8(line, (size_t)count, to, (size_t)most, NULL);

		to[length] = 0;
	}
	free(line);
	return count ? to : NULL;
}

/* Files by name */

errno_t fopen_s(FILE **file, const char *name, const char *mode)
{
	if (!file || !name || !mode)
		return errno = EINVAL;
	*file = fopen(name, mode);
	return *file ? 0 : errno;
}

FILE *_wfopen(const wchar_t *name, const wchar_t *mode)
{
	char *narrow_name = utf8_of_wide(name), *narrow_mode = utf8_of_wide(mode);
	FILE *file = narrow_name && narrow_mode ? fopen(narrow_name, narrow_mode) : NULL;
	int error = errno;

	free(narrow_name);
	free(narrow_mode);
	errno = error;
	return file;
}

errno_t _wfopen_s(FILE **file, const wchar_t *name, const wchar_t *mode)
{
	if (!file || !name || !mode)
		return errno = EINVAL;
	*file = _wfopen(name, mode);
	return *file ? 0 : errno;
}

/* wmain() */

static wchar_t **wide_arguments(char **narrow)
{
	size_t count = 0;
	wchar_t **wide;

	while (narrow[count])
		count++;
	wide = calloc(count + 1, sizeof(*wide));
	for (size_t i = 0; wide && i < count; i++) {
		wide[i] = wide_of_utf8(narrow[i]);
		if (!wide[i])
			abort();
	}
	if (!wide)
		abort();
	return wide;
}

static void free_arguments(wchar_t **wide)
{
	for (wchar_t **at = wide; *at; at++)
		free(*at);
	free(wide);
}

int winusb_w32_start(int argc, char **argv, int (*wide_main)(int, wchar_t **, wchar_t **))
{
	wchar_t **arguments = wide_arguments(argv), **environment = wide_arguments(environ);
	int status = wide_main(argc, arguments, environment);

	free_arguments(arguments);
	free_arguments(environment);
	return status;
}
