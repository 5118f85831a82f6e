// SPDX-License-Identifier: MIT
/*
 * Wide strings, and what Microsoft's C library adds for both kinds. The names of the C library in
 * this file are symbols winusb_w32_ of the library: wchar.h says so. Case means ASCII's, as in the
 * "C" locale.
 */
#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <windows.h>

size_t wcslen(const wchar_t *text)
{
	const wchar_t *end = text;

	while (*end)
		end++;
	return (size_t)(end - text);
}

size_t wcsnlen(const wchar_t *text, size_t room)
{
	size_t length = 0;

	while (length < room && text[length])
		length++;
	return length;
}

wchar_t *wcscpy(wchar_t *to, const wchar_t *from)
{
	return memcpy(to, from, (wcslen(from) + 1) * sizeof(*to));
}

wchar_t *wcsncpy(wchar_t *to, const wchar_t *from, size_t count)
{
	size_t length = wcsnlen(from, count);

	memcpy(to, from, length * sizeof(*to));
	memset(to + length, 0, (count - length) * sizeof(*to));
	return to;
}

wchar_t *wcscat(wchar_t *to, const wchar_t *from)
{
	wcscpy(to + wcslen(to), from);
	return to;
}

wchar_t *wcsncat(wchar_t *to, const wchar_t *from, size_t count)
{
	wchar_t *end = to + wcslen(to);
	size_t length = wcsnlen(from, count);

	memcpy(end, from, length * sizeof(*to));
	end[length] = 0;
	return to;
}

int wcsncmp(const wchar_t *one, const wchar_t *other, size_t count)
{
	for (; count; count--, one++, other++) {
		if (*one != *other)
			return *one < *other ? -1 : 1;
		if (!*one)
			break;
	}
	return 0;
}

int wcscmp(const wchar_t *one, const wchar_t *other)
{
	return wcsncmp(one, other, SIZE_MAX);
}

wchar_t *wcschr(const wchar_t *text, wchar_t unit)
{
	for (; *text != unit; text++)
		if (!*text)
			return NULL;
	return (wchar_t *)text;
}

wchar_t *wcsrchr(const wchar_t *text, wchar_t unit)
{
	const wchar_t *found = NULL;

	do {
		if (*text == unit)
			found = text;
	} while (*text++);
	return (wchar_t *)found;
}

wchar_t *wcsstr(const wchar_t *text, const wchar_t *part)
{
	size_t length = wcslen(part);

	for (;; text++) {
		if (!wcsncmp(text, part, length))
			return (wchar_t *)text;
		if (!*text)
			return NULL;
	}
}

static size_t span(const wchar_t *text, const wchar_t *set, bool in)
{
	size_t length = 0;

	while (text[length] && (wcschr(set, text[length]) != NULL) == in)
		length++;
	return length;
}

size_t wcsspn(const wchar_t *text, const wchar_t *set)
{
	return span(text, set, true);
}

size_t wcscspn(const wchar_t *text, const wchar_t *set)
{
	return span(text, set, false);
}

wchar_t *wcspbrk(const wchar_t *text, const wchar_t *set)
{
	text += wcscspn(text, set);
	return *text ? (wchar_t *)text : NULL;
}

wchar_t *wcstok(wchar_t *text, const wchar_t *set, wchar_t **rest)
{
	static __thread wchar_t *mine __attribute__((tls_model("initial-exec")));
	wchar_t *end;

	if (!rest)
		rest = &mine;
	if (!text)
		text = *rest;
	if (!text)
		return NULL;
	text += wcsspn(text, set);
	end = text + wcscspn(text, set);
	if (end == text) {
		*rest = end;
		return NULL;
	}
	if (*end)
		*end++ = 0;
	*rest = end;
	return text;
}

wchar_t *_wcstok(wchar_t *text, const wchar_t *set)
{
	return wcstok(text, set, NULL);
}

wchar_t *wmemcpy(wchar_t *to, const wchar_t *from, size_t count)
{
	return memcpy(to, from, count * sizeof(*to));
}

wchar_t *wmemmove(wchar_t *to, const wchar_t *from, size_t count)
{
	return memmove(to, from, count * sizeof(*to));
}

wchar_t *wmemset(wchar_t *to, wchar_t unit, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = unit;
	return to;
}

int wmemcmp(const wchar_t *one, const wchar_t *other, size_t count)
{
	for (; count; count--, one++, other++)
		if (*one != *other)
			return *one < *other ? -1 : 1;
	return 0;
}

wchar_t *wmemchr(const wchar_t *text, wchar_t unit, size_t count)
{
	for (; count; count--, text++)
		if (*text == unit)
			return (wchar_t *)text;
	return NULL;
}

/* Numbers */

/* The number's part as ASCII: what is no ASCII ends it. */
static size_t ascii_of(const wchar_t *text, char *ascii, size_t room)
{
	size_t length = 0;

	for (; length + 1 < room && text[length] && text[length] < 0x80; length++)
		ascii[length] = (char)text[length];
	ascii[length] = 0;
	return length;
}

#define NUMBER_ROOM 512	/* no number needs more, white space in front included */

#define NUMBER(type, name, convert) \
type name(const wchar_t *text, wchar_t **end, int base) \
{ \
	char ascii[NUMBER_ROOM], *stop; \
	type value; \
 \
	ascii_of(text, ascii, sizeof(ascii)); \
	value = convert(ascii, &stop, base); \
	if (end) \
		*end = (wchar_t *)text + (stop - ascii); \
	return value; \
}

/* Newer C libraries have others by these names, which know 0b. */
extern long long libc_strtoll(const char *text, char **end, int base) __asm__("strtoll");
extern unsigned long long libc_strtoull(const char *text, char **end, int base) __asm__("strtoull");

static long strtol32(const char *text, char **end, int base)
{
	long long value = libc_strtoll(text, end, base);

	if (value >= INT_MIN && value <= INT_MAX)
		return (long)value;
	errno = ERANGE;
	return value < 0 ? INT_MIN : INT_MAX;
}

static unsigned long strtoul32(const char *text, char **end, int base)
{
	int saved = errno;
	unsigned long long value;

	errno = 0;
	value = libc_strtoull(text, end, base);
	if (errno != ERANGE && ((value <= UINT_MAX) || (0 - value <= UINT_MAX))) {
		errno = errno ? errno : saved;
		return (unsigned int)value;
	}
	errno = ERANGE;
	return UINT_MAX;
}

NUMBER(long, wcstol, strtol32)
NUMBER(unsigned long, wcstoul, strtoul32)
NUMBER(long long, wcstoll, libc_strtoll)
NUMBER(unsigned long long, wcstoull, libc_strtoull)

double wcstod(const wchar_t *text, wchar_t **end)
{
	char ascii[NUMBER_ROOM], *stop;
	double value;

	ascii_of(text, ascii, sizeof(ascii));
	value = strtod(ascii, &stop);
	if (end)
		*end = (wchar_t *)text + (stop - ascii);
	return value;
}

float wcstof(const wchar_t *text, wchar_t **end)
{
	char ascii[NUMBER_ROOM], *stop;
	float value;

	ascii_of(text, ascii, sizeof(ascii));
	value = strtof(ascii, &stop);
	if (end)
		*end = (wchar_t *)text + (stop - ascii);
	return value;
}

long strtol(const char *text, char **end, int base)
{
	return strtol32(text, end, base);
}

unsigned long strtoul(const char *text, char **end, int base)
{
	return strtoul32(text, end, base);
}

long atol(const char *text)
{
	return strtol32(text, NULL, 10);
}

int atoi(const char *text)
{
	return (int)strtol32(text, NULL, 10);
}

long _wtol(const wchar_t *text)
{
	return wcstol(text, NULL, 10);
}

int _wtoi(const wchar_t *text)
{
	return (int)wcstol(text, NULL, 10);
}

/* Case */

static unsigned int lower(unsigned int unit)
{
	return unit - 'A' < 26 ? unit + 'a' - 'A' : unit;
}

static unsigned int upper(unsigned int unit)
{
	return unit - 'a' < 26 ? unit - ('a' - 'A') : unit;
}

#define CASE(unit, of, compare_n, compare, to_lower, to_upper) \
int compare_n(const unit *one, const unit *other, size_t count) \
{ \
	for (; count; count--, one++, other++) { \
		unsigned int a = lower((of)*one), b = lower((of)*other); \
 \
		if (a != b) \
			return (int)a - (int)b; \
		if (!a) \
			break; \
	} \
	return 0; \
} \
int compare(const unit *one, const unit *other) \
{ \
	return compare_n(one, other, SIZE_MAX); \
} \
unit *to_lower(unit *text) \
{ \
	for (unit *at = text; *at; at++) \
		*at = (unit)lower((of)*at); \
	return text; \
} \
unit *to_upper(unit *text) \
{ \
	for (unit *at = text; *at; at++) \
		*at = (unit)upper((of)*at); \
	return text; \
}

CASE(char, unsigned char, _strnicmp, _stricmp, _strlwr, _strupr)
CASE(wchar_t, wchar_t, _wcsnicmp, _wcsicmp, _wcslwr, _wcsupr)

wchar_t *_wcsdup(const wchar_t *text)
{
	size_t size = (wcslen(text) + 1) * sizeof(*text);
	wchar_t *copy = malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}

/*
 * Functions with a size. Where Windows calls the handler of invalid parameters, which ends the
 * program, these empty the target and give the error: what a program with a handler of its own
 * sees.
 */

#define SECURE(unit, length_of, copy_s, copy_n_s, cat_s, cat_n_s, length_s) \
size_t length_s(const unit *text, size_t room) \
{ \
	return text ? length_of(text, room) : 0; \
} \
errno_t copy_n_s(unit *to, rsize_t room, const unit *from, rsize_t count) \
{ \
	size_t length; \
 \
	if (!count && !to && !room) \
		return 0; \
	if (!to || !room) \
		return errno = EINVAL; \
	to[0] = 0; \
	if (!count) \
		return 0; \
	if (!from) \
		return errno = EINVAL; \
	length = length_of(from, count < room ? count : room); \
	if (length == room && count != _TRUNCATE) \
		return errno = ERANGE; \
	if (length == room) \
		length--; \
	memcpy(to, from, length * sizeof(unit)); \
	to[length] = 0; \
	return count == _TRUNCATE && from[length] ? STRUNCATE : 0; \
} \
errno_t copy_s(unit *to, rsize_t room, const unit *from) \
{ \
	return copy_n_s(to, room, from, SIZE_MAX - 1); \
} \
errno_t cat_n_s(unit *to, rsize_t room, const unit *from, rsize_t count) \
{ \
	size_t used; \
	errno_t error; \
 \
	if (!count && !to && !room) \
		return 0; \
	if (!to || !room) \
		return errno = EINVAL; \
	used = length_of(to, room); \
	if (used == room || (!from && count)) { \
		to[0] = 0; \
		return errno = EINVAL; \
	} \
	error = copy_n_s(to + used, room - used, from, count); \
	if (error && error != STRUNCATE) \
		to[0] = 0; \
	return error; \
} \
errno_t cat_s(unit *to, rsize_t room, const unit *from) \
{ \
	return cat_n_s(to, room, from, SIZE_MAX - 1); \
}

SECURE(char, strnlen, strcpy_s, strncpy_s, strcat_s, strncat_s, strnlen_s)
SECURE(wchar_t, wcsnlen, wcscpy_s, wcsncpy_s, wcscat_s, wcsncat_s, wcsnlen_s)

errno_t memmove_s(void *to, rsize_t room, const void *from, rsize_t count)
{
	if (!count)
		return 0;
	if (!to || !from)
		return errno = EINVAL;
	if (count > room)
		return errno = ERANGE;
	memmove(to, from, count);
	return 0;
}

errno_t memcpy_s(void *to, rsize_t room, const void *from, rsize_t count)
{
	errno_t error = memmove_s(to, room, from, count);

	if (error && to)
		memset(to, 0, room);
	return error;
}

/* lstr...: as above, but NULL is told apart. */

int WINAPI lstrlenA(LPCSTR lpString)
{
	return lpString ? (int)strlen(lpString) : 0;
}

int WINAPI lstrlenW(LPCWSTR lpString)
{
	return lpString ? (int)wcslen(lpString) : 0;
}

/* The order of words: letters before case, and a small letter before its capital. */
#define LSTRCMP(in, suffix, ignoring_case, plain) \
int WINAPI lstrcmpi##suffix(in lpString1, in lpString2) \
{ \
	int order; \
 \
	if (!lpString1 || !lpString2) \
		return (lpString1 != NULL) - (lpString2 != NULL); \
	order = ignoring_case(lpString1, lpString2); \
	return (order > 0) - (order < 0); \
} \
int WINAPI lstrcmp##suffix(in lpString1, in lpString2) \
{ \
	int order = lstrcmpi##suffix(lpString1, lpString2); \
 \
	if (order || !lpString1 || !lpString2) \
		return order; \
	order = plain(lpString2, lpString1); \
	return (order > 0) - (order < 0); \
}
LSTRCMP(LPCSTR, A, _stricmp, strcmp)
LSTRCMP(LPCWSTR, W, _wcsicmp, wcscmp)

#define LSTRCPY(out, in, suffix, copy, cat, length_of) \
out WINAPI lstrcpy##suffix(out lpString1, in lpString2) \
{ \
	return lpString1 && lpString2 ? copy(lpString1, lpString2) : NULL; \
} \
out WINAPI lstrcat##suffix(out lpString1, in lpString2) \
{ \
	return lpString1 && lpString2 ? cat(lpString1, lpString2) : NULL; \
} \
out WINAPI lstrcpyn##suffix(out lpString1, in lpString2, int iMaxLength) \
{ \
	size_t length; \
 \
	if (!lpString1 || !lpString2 || iMaxLength <= 0) \
		return NULL; \
	length = length_of(lpString2, (size_t)iMaxLength - 1); \
	memcpy(lpString1, lpString2, length * sizeof(*lpString1)); \
	lpString1[length] = 0; \
	return lpString1; \
}
LSTRCPY(LPSTR, LPCSTR, A, strcpy, strcat, strnlen)
LSTRCPY(LPWSTR, LPCWSTR, W, wcscpy, wcscat, wcsnlen)
