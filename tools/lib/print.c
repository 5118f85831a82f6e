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

/* The last part of all that print into memory; TEXT is freed. */
#define FINISH(unit, name) \
__attribute__((noinline)) \
static int name(unit *to, size_t room, unit *text, int length, enum rule rule) \
{ \
	size_t need = (size_t)length + 1; \
 \
	if (length < 0) { \
		if (room && to) \
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
}
FINISH(char, finish_narrow)
FINISH(wchar_t, finish_wide)

#define INTO(unit, format_to, finish, name, rule) \
static int name(unit *to, size_t room, const unit *format, va_list list) \
{ \
	unit *text; \
	int length = format_to(&text, format, list); \
 \
	return finish(to, room, text, length, rule); \
}
INTO(char, format_narrow, finish_narrow, narrow_c99, RULE_C99)
INTO(char, format_narrow, finish_narrow, narrow_cut, RULE_CUT)
INTO(char, format_narrow, finish_narrow, narrow_old, RULE_OLD)
INTO(char, format_narrow, finish_narrow, narrow_secure, RULE_SECURE)
INTO(wchar_t, format_wide, finish_wide, wide_c99, RULE_C99)
INTO(wchar_t, format_wide, finish_wide, wide_cut, RULE_CUT)
INTO(wchar_t, format_wide, finish_wide, wide_old, RULE_OLD)
INTO(wchar_t, format_wide, finish_wide, wide_secure, RULE_SECURE)

static int invalid(void)
{
	errno = EINVAL;
	return -1;
}

/* The size is the caller's promise. */
#define NO_LIMIT INT_MAX

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

/* Into memory: narrow */

int vsnprintf(char *to, size_t room, const char *format, va_list list)
{
	return narrow_c99(to, room, format, list);
}
VARIADIC(winusb_w32_snprintf, format, (char *to, size_t room, const char *format, ...),
	 narrow_c99(to, room, format, list))

int vsprintf(char *to, const char *format, va_list list)
{
	return narrow_c99(to, NO_LIMIT, format, list);
}
VARIADIC(winusb_w32_sprintf, format, (char *to, const char *format, ...),
	 narrow_c99(to, NO_LIMIT, format, list))

int _vscprintf(const char *format, va_list list)
{
	char *text;
	int length = format_narrow(&text, format, list);

	free(text);
	return length;
}
VARIADIC(_scprintf, format, (const char *format, ...), _vscprintf(format, list))

int _vsnprintf(char *to, size_t count, const char *format, va_list list)
{
	return to || count ? narrow_old(to, count, format, list) : _vscprintf(format, list);
}
VARIADIC(_snprintf, format, (char *to, size_t count, const char *format, ...),
	 _vsnprintf(to, count, format, list))

int vsprintf_s(char *to, size_t room, const char *format, va_list list)
{
	return to && room && format ? narrow_secure(to, room, format, list) : invalid();
}
VARIADIC(sprintf_s, format, (char *to, size_t room, const char *format, ...),
	 vsprintf_s(to, room, format, list))

int _vsnprintf_s(char *to, size_t room, size_t count, const char *format, va_list list)
{
	if (!to || !room || !format)
		return invalid();
	if (count >= room && count != _TRUNCATE)
		return narrow_secure(to, room, format, list);
	return narrow_cut(to, count < room ? count + 1 : room, format, list);
}
VARIADIC(_snprintf_s, format, (char *to, size_t room, size_t count, const char *format, ...),
	 _vsnprintf_s(to, room, count, format, list))

/* Into memory: wide */

int vswprintf(wchar_t *to, size_t room, const wchar_t *format, va_list list)
{
	return wide_cut(to, room, format, list);
}
VARIADIC(swprintf, format, (wchar_t *to, size_t room, const wchar_t *format, ...),
	 wide_cut(to, room, format, list))
VARIADIC(_swprintf, format, (wchar_t *to, const wchar_t *format, ...),
	 wide_c99(to, NO_LIMIT, format, list))

int _vscwprintf(const wchar_t *format, va_list list)
{
	wchar_t *text;
	int length = format_wide(&text, format, list);

	free(text);
	return length;
}
VARIADIC(_scwprintf, format, (const wchar_t *format, ...), _vscwprintf(format, list))

int _vsnwprintf(wchar_t *to, size_t count, const wchar_t *format, va_list list)
{
	return to || count ? wide_old(to, count, format, list) : _vscwprintf(format, list);
}
VARIADIC(_snwprintf, format, (wchar_t *to, size_t count, const wchar_t *format, ...),
	 _vsnwprintf(to, count, format, list))

int vswprintf_s(wchar_t *to, size_t room, const wchar_t *format, va_list list)
{
	return to && room && format ? wide_secure(to, room, format, list) : invalid();
}
VARIADIC(swprintf_s, format, (wchar_t *to, size_t room, const wchar_t *format, ...),
	 vswprintf_s(to, room, format, list))

int _vsnwprintf_s(wchar_t *to, size_t room, size_t count, const wchar_t *format, va_list list)
{
	if (!to || !room || !format)
		return invalid();
	if (count >= room && count != _TRUNCATE)
		return wide_secure(to, room, format, list);
	return wide_cut(to, count < room ? count + 1 : room, format, list);
}
VARIADIC(_snwprintf_s, format, (wchar_t *to, size_t room, size_t count, const wchar_t *format, ...),
	 _vsnwprintf_s(to, room, count, format, list))

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

int vfprintf(FILE *file, const char *format, va_list list)
{
	char *text;
	int length = format_narrow(&text, format, list);

	if (length >= 0)
		length = write_bytes(file, text, (size_t)length);
	free(text);
	return length;
}
VARIADIC(winusb_w32_fprintf, format, (FILE *file, const char *format, ...),
	 vfprintf(file, format, list))
VARIADIC(winusb_w32_printf, format, (const char *format, ...), vfprintf(stdout, format, list))

int vprintf(const char *format, va_list list)
{
	return vfprintf(stdout, format, list);
}

int vfwprintf(FILE *file, const wchar_t *format, va_list list)
{
	wchar_t *text;
	int length = format_wide(&text, format, list);

	if (length >= 0)
		length = write_units(file, text, (size_t)length);
	free(text);
	return length;
}
VARIADIC(fwprintf, format, (FILE *file, const wchar_t *format, ...), vfwprintf(file, format, list))
VARIADIC(wprintf, format, (const wchar_t *format, ...), vfwprintf(stdout, format, list))

int vwprintf(const wchar_t *format, va_list list)
{
	return vfwprintf(stdout, format, list);
}

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

/* Input: only the format differs. */

#define SCAN(from, call) \
	char *plain = format_for_scan(format, false); \
	int count = plain ? call(from, plain, list) : EOF; \
 \
	free(plain); \
	return count

extern __typeof__(vfscanf) libc_vfscanf __asm__("__isoc99_vfscanf");
extern __typeof__(vsscanf) libc_vsscanf __asm__("__isoc99_vsscanf");

int vfscanf(FILE *file, const char *format, va_list list)
{
	SCAN(file, libc_vfscanf);
}

int vsscanf(const char *text, const char *format, va_list list)
{
	SCAN(text, libc_vsscanf);
}

int vscanf(const char *format, va_list list)
{
	return vfscanf(stdin, format, list);
}
VARIADIC(scanf, format, (const char *format, ...), vfscanf(stdin, format, list))
VARIADIC(fscanf, format, (FILE *file, const char *format, ...), vfscanf(file, format, list))
VARIADIC(sscanf, format, (const char *text, const char *format, ...), vsscanf(text, format, list))

int vswscanf(const wchar_t *text, const wchar_t *format, va_list list)
{
	char *narrow = utf8_of_wide(text), *narrow_format = utf8_of_wide(format);
	char *plain = narrow_format ? format_for_scan(narrow_format, true) : NULL;
	int count = narrow && plain ? libc_vsscanf(narrow, plain, list) : EOF;

	free(plain);
	free(narrow_format);
	free(narrow);
	return count;
}
VARIADIC(swscanf, format, (const wchar_t *text, const wchar_t *format, ...),
	 vswscanf(text, format, list))

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
