// SPDX-License-Identifier: MIT
/*
 * Windows and the C library here differ in what a format says: %l is 32 bits there, %I64 exists,
 * %s means the function's own width and %S the other one, %p is all digits. Numbers themselves are
 * left to the C library. A wide format is worked on as UTF-8 in which half a surrogate pair may
 * occur (wide.h).
 */
#define WINUSB_W32_LIBC_STDIO
#include "format.h"
#include "wide.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct out {
	char *text;
	size_t length, room;
	bool failed;
	bool wide;	/* lengths count units of UTF-16, not bytes */
};

struct spec {
	char flags[6];		/* as written, each once */
	int width, precision;	/* precision < 0: none */
	enum size size;
	char conversion;
};

/* va_list can't be handed on by address when it is an array, unless it is in a structure. */
struct arguments {
	va_list list;
};

static char *out_reserve(struct out *out, size_t more)
{
	size_t room = out->room ? out->room : 128;
	char *text;

	if (out->failed || more > INT_MAX || out->length + more > INT_MAX) {
		out->failed = true;
		return NULL;
	}
	while (room < out->length + more)
		room *= 2;
	if (room != out->room) {
		text = realloc(out->text, room);
		if (!text) {
			out->failed = true;
			return NULL;
		}
		out->text = text;
		out->room = room;
	}
	return out->text + out->length;
}

static void out_bytes(struct out *out, const char *bytes, size_t count)
{
	char *at = out_reserve(out, count + 1);

	if (at && count) {
		memcpy(at, bytes, count);
		out->length += count;
	}
}

static void out_fill(struct out *out, char byte, size_t count)
{
	char *at = out_reserve(out, count + 1);

	if (at) {
		memset(at, byte, count);
		out->length += count;
	}
}

/*
 * How many bytes of a text fit into a precision, whole characters only if they are counted in
 * units.
 */
static size_t cut(const struct out *out, const char *text, size_t bytes, int precision,
		  size_t *units)
{
	size_t used = 0, i = 0, more = 1, taken = 1;

	for (; i < bytes; i += taken) {
		if (out->wide)
			taken = wtf8_character(text + i, bytes - i, &more);
		more = more ? more : 1;
		if (precision >= 0 && used + more > (size_t)precision)
			break;
		used += more;
	}
	*units = used;
	return i;
}

static bool has(const struct spec *spec, char flag)
{
	return strchr(spec->flags, flag) != NULL;
}

static void put_text(struct out *out, const struct spec *spec, const char *text, size_t bytes)
{
	size_t units, fill;

	bytes = cut(out, text, bytes, spec->precision, &units);
	fill = spec->width > 0 && (size_t)spec->width > units ? (size_t)spec->width - units : 0;
	if (!has(spec, '-'))
		out_fill(out, has(spec, '0') ? '0' : ' ', fill);
	out_bytes(out, text, bytes);
	if (has(spec, '-'))
		out_fill(out, ' ', fill);
}

static void put_wide_units(struct out *out, const struct spec *spec, const WCHAR *text,
			   size_t count)
{
	size_t bytes = wtf8_from_wide(text, count, NULL, 0);
	struct spec bare = *spec;
	char *narrow = malloc(bytes + 1);

	if (!narrow) {
		out->failed = true;
		return;
	}
	if (out->wide)
		wtf8_from_wide(text, count, narrow, bytes);
	else
		utf8_from_wide(text, count, narrow, bytes, NULL);
	/* A narrow function counts bytes and never tears a character. */
	if (!out->wide && spec->precision >= 0 && (size_t)spec->precision < bytes) {
		bytes = (size_t)spec->precision;
		while (bytes && ((unsigned char)narrow[bytes] & 0xc0) == 0x80)
			bytes--;
		bare.precision = -1;
	}
	put_text(out, &bare, narrow, bytes);
	free(narrow);
}

bool format_is_wide(enum size size, char conversion, bool wide)
{
	if (size == SIZE_SHORT)
		return false;
	if (size == SIZE_LONG || size == SIZE_WIDE)
		return true;
	return wide != (conversion == 'S' || conversion == 'C');
}

static bool is_wide(const struct out *out, const struct spec *spec)
{
	return format_is_wide(spec->size, spec->conversion, out->wide);
}

/*
 * The bytes of a narrow text that has no end but that, or MOST bytes: programs give the length of
 * what a device sent. A character that is cut by it is left out.
 */
static size_t narrow_length(const char *text, size_t most)
{
	size_t i = 0, taken, units;

	while (i < most && text[i]) {
		taken = wtf8_character(text + i, most - i, &units);
		if (!units)
			break;
		i += taken;
	}
	return i;
}

static void put_string(struct out *out, const struct spec *spec, struct arguments *arguments)
{
	size_t most = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;
	const void *text = va_arg(arguments->list, const void *);

	if (!text)
		put_text(out, spec, "(null)", 6);
	else if (is_wide(out, spec))
		put_wide_units(out, spec, text, wcsnlen(text, most));
	else
		put_text(out, spec, text,
			 out->wide ? narrow_length(text, most) : strnlen(text, most));
}

static void put_character(struct out *out, struct spec *spec, struct arguments *arguments)
{
	int value = va_arg(arguments->list, int);

	spec->precision = -1;
	if (is_wide(out, spec))
		put_wide_units(out, spec, &(WCHAR){ (WCHAR)value }, 1);
	else
		put_text(out, spec, &(char){ (char)value }, 1);
}

/* Nobody has to pad two gigabytes to know that it is too long. */
static bool fits(const struct out *out, int width, int precision)
{
	size_t least = (size_t)(width > precision ? width : precision < 0 ? 0 : precision);

	return least + out->length < INT_MAX;
}

/* Once to measure, once to write. */
#define PUT_NUMBER(out, format, width, precision, value) \
	do { \
		int length_ = fits(out, width, precision) ? \
			snprintf(NULL, 0, format, width, precision, value) : -1; \
		char *at_ = length_ < 0 ? NULL : out_reserve(out, (size_t)length_ + 1); \
 \
		if (at_) { \
			snprintf(at_, (size_t)length_ + 1, format, width, precision, value); \
			(out)->length += (size_t)length_; \
		} else { \
			(out)->failed = true; \
		} \
	} while (0)

static void number_format(char *format, const struct spec *spec, const char *size)
{
	snprintf(format, 24, "%%%s*.*%s%c", spec->flags, size, spec->conversion);
}

static unsigned long long unsigned_argument(enum size size, struct arguments *arguments)
{
	switch (size) {
	case SIZE_CHAR:
		return (unsigned char)va_arg(arguments->list, int);
	case SIZE_SHORT:
		return (unsigned short)va_arg(arguments->list, int);
	case SIZE_64:
		return va_arg(arguments->list, unsigned long long);
	case SIZE_POINTER:
		return va_arg(arguments->list, size_t);
	default:
		return va_arg(arguments->list, unsigned int);
	}
}

static long long signed_argument(enum size size, struct arguments *arguments)
{
	unsigned long long value = unsigned_argument(size, arguments);

	switch (size) {
	case SIZE_CHAR:
		return (signed char)value;
	case SIZE_SHORT:
		return (short)value;
	case SIZE_64:
		return (long long)value;
	case SIZE_POINTER:
		return (intptr_t)value;
	default:
		return (int)value;
	}
}

/* The formats of numbers are made here, from known parts. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void put_integer(struct out *out, struct spec *spec, struct arguments *arguments)
{
	bool is_signed = spec->conversion == 'd' || spec->conversion == 'i';
	unsigned long long value = is_signed ?
		(unsigned long long)signed_argument(spec->size, arguments) :
		unsigned_argument(spec->size, arguments);
	char format[24];

	number_format(format, spec, "ll");
	PUT_NUMBER(out, format, spec->width, spec->precision, value);
}

static void put_pointer(struct out *out, struct spec *spec, struct arguments *arguments)
{
	unsigned long long value = (uintptr_t)va_arg(arguments->list, void *);
	char format[24];

	spec->conversion = 'X';
	spec->precision = 2 * sizeof(void *);
	number_format(format, spec, "ll");
	PUT_NUMBER(out, format, spec->width, spec->precision, value);
}

static void put_floating(struct out *out, struct spec *spec, struct arguments *arguments)
{
	char format[24];

	if (spec->size == SIZE_LONG_DOUBLE) {
		long double value = va_arg(arguments->list, long double);

		number_format(format, spec, "L");
		PUT_NUMBER(out, format, spec->width, spec->precision, value);
	} else {
		double value = va_arg(arguments->list, double);

		number_format(format, spec, "");
		PUT_NUMBER(out, format, spec->width, spec->precision, value);
	}
}

/* Reading a format */

static const char *read_flags(const char *at, struct spec *spec)
{
	size_t count = 0;

	for (; *at && strchr("-+ 0#", *at); at++)
		if (!memchr(spec->flags, *at, count))
			spec->flags[count++] = *at;
	spec->flags[count] = 0;
	return at;
}

static const char *read_number(const char *at, int *number, struct arguments *arguments)
{
	long long value = 0;

	if (*at == '*') {
		*number = va_arg(arguments->list, int);
		return at + 1;
	}
	for (; *at >= '0' && *at <= '9'; at++)
		if (value < INT_MAX)
			value = value * 10 + *at - '0';
	*number = value < INT_MAX ? (int)value : INT_MAX;	/* fails as too long */
	return at;
}

const char *format_size(const char *at, enum size *size)
{
	static const struct {
		const char *text;
		enum size size;
	} sizes[] = {
		{ "hh", SIZE_CHAR }, { "h", SIZE_SHORT }, { "ll", SIZE_64 }, { "l", SIZE_LONG },
		{ "I64", SIZE_64 }, { "I32", SIZE_LONG }, { "I", SIZE_POINTER }, { "j", SIZE_64 },
		{ "z", SIZE_POINTER }, { "t", SIZE_POINTER }, { "w", SIZE_WIDE },
		{ "L", SIZE_LONG_DOUBLE },
	};

	*size = SIZE_INT;
	for (size_t i = 0; i < ARRAYSIZE(sizes); i++) {
		size_t length = strlen(sizes[i].text);

		if (!strncmp(at, sizes[i].text, length)) {
			*size = sizes[i].size;
			return at + length;
		}
	}
	return at;
}

static const char *read_spec(const char *at, struct spec *spec, struct arguments *arguments)
{
	at = read_flags(at, spec);
	at = read_number(at, &spec->width, arguments);
	if (spec->width < 0) {
		if (!has(spec, '-'))
			strcat(spec->flags, "-");
		spec->width = spec->width == INT_MIN ? INT_MAX : -spec->width;
	}
	spec->precision = -1;
	if (*at == '.')
		at = read_number(at + 1, &spec->precision, arguments);
	at = format_size(at, &spec->size);
	spec->conversion = *at;
	return *at ? at + 1 : at;
}

static void put(struct out *out, struct spec *spec, struct arguments *arguments)
{
	switch (spec->conversion) {
	case 'd': case 'i': case 'u': case 'o': case 'x': case 'X':
		put_integer(out, spec, arguments);
		break;
	case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': case 'a': case 'A':
		put_floating(out, spec, arguments);
		break;
	case 's': case 'S':
		put_string(out, spec, arguments);
		break;
	case 'c': case 'C':
		put_character(out, spec, arguments);
		break;
	case 'p':
		put_pointer(out, spec, arguments);
		break;
	case 'n':	/* off by default on Windows too: nothing is written */
		(void)va_arg(arguments->list, void *);
		break;
	case 0:
		break;
	default:	/* no conversion: the character itself */
		out_bytes(out, &spec->conversion, 1);
	}
}

static void format_all(struct out *out, const char *format, size_t count, va_list list)
{
	const char *at = format, *end = format + count;
	struct arguments arguments;

	va_copy(arguments.list, list);
	while (at < end && !out->failed) {
		const char *percent = memchr(at, '%', (size_t)(end - at));
		struct spec spec;

		out_bytes(out, at, (size_t)((percent ? percent : end) - at));
		if (!percent)
			break;
		at = read_spec(percent + 1, &spec, &arguments);
		put(out, &spec, &arguments);
	}
	va_end(arguments.list);
	out_fill(out, 0, 0);
	if (out->failed) {
		free(out->text);
		out->text = NULL;
	} else {
		out->text[out->length] = 0;
	}
}

int format_narrow(char **text, const char *format, va_list list)
{
	struct out out = { 0 };

	format_all(&out, format, strlen(format), list);
	*text = out.text;
	return out.failed ? -1 : (int)out.length;
}

int format_wide(wchar_t **text, const wchar_t *format, va_list list)
{
	size_t count = wcslen(format), bytes = wtf8_from_wide(format, count, NULL, 0), length;
	struct out out = { .wide = true };
	char *narrow = malloc(bytes + 1);

	*text = NULL;
	if (!narrow)
		return -1;
	wtf8_from_wide(format, count, narrow, bytes);
	narrow[bytes] = 0;
	format_all(&out, narrow, bytes, list);
	free(narrow);
	if (out.failed)
		return -1;
	length = wide_from_wtf8(out.text, out.length, NULL, 0);
	*text = malloc((length + 1) * sizeof(**text));
	if (*text) {
		wide_from_wtf8(out.text, out.length, *text, length);
		(*text)[length] = 0;
	}
	free(out.text);
	return *text ? (int)length : -1;
}
