// SPDX-License-Identifier: MIT
/* FormatMessage: texts of errors (message_text.c), and formats with numbered inserts. */
#include "format.h"
#include "message.h"
#include "wide.h"

#include <stdint.h>

#define MOST_INSERTS 99

/* Inserts are words of a pointer's size, taken from a list or an array as they are needed. */
struct inserts {
	bool ignored, wide;
	va_list *list;
	const uintptr_t *array;
	unsigned int fetched;
	uintptr_t values[MOST_INSERTS];
};

struct expansion {
	FILE *out;
	struct inserts inserts;
	unsigned int width;	/* 0: line ends are kept; 255: none but %n; else longest line */
	unsigned int column;
	DWORD error;
};

const char *message_find(uint32_t number)
{
	size_t low = 0, high = message_count;

	/* The HRESULT of a Win32 error */
	if (number >> 16 == 0x8007)
		number &= 0xffff;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (messages[middle].number == number)
			return messages[middle].text;
		if (messages[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void put(struct expansion *to, const char *text, size_t count)
{
	if (fwrite(text, 1, count, to->out) < count)
		to->error = ERROR_NOT_ENOUGH_MEMORY;
	to->column += (unsigned int)count;
}

static void put_line_end(struct expansion *to)
{
	put(to, "\r\n", 2);
	to->column = 0;
}

/* Inserts */

static bool insert_value(struct expansion *to, unsigned int number, uintptr_t *value)
{
	struct inserts *inserts = &to->inserts;

	if (!number || number > MOST_INSERTS || (!inserts->list && !inserts->array)) {
		to->error = ERROR_INVALID_PARAMETER;
		return false;
	}
	if (inserts->array) {
		*value = inserts->array[number - 1];
		return true;
	}
	while (inserts->fetched < number)
		inserts->values[inserts->fetched++] = va_arg(*inserts->list, uintptr_t);
	*value = inserts->values[number - 1];
	return true;
}

static int narrow_printf(char **text, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = format_narrow(text, format, list);
	va_end(list);
	return length;
}

static int wide_printf(wchar_t **text, const wchar_t *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = format_wide(text, format, list);
	va_end(list);
	return length;
}

/*
 * FORMAT has one conversion and at most two stars in front of it: numbers are of int's size, and
 * each of the words that stands for one holds it, whatever the size that is asked for.
 */
static int put_formatted(struct expansion *to, const char *format, const uintptr_t *values,
			 unsigned int stars)
{
	wchar_t *wide_format = to->inserts.wide ? wide_of_utf8(format) : NULL, *wide = NULL;
	char *text = NULL;
	int length = -1;

#define CALL(function, spec, target) \
	(stars == 0 ? function(target, spec, values[0]) : \
	 stars == 1 ? function(target, spec, (int)values[0], values[1]) : \
		      function(target, spec, (int)values[0], (int)values[1], values[2]))
	if (!to->inserts.wide) {
		length = CALL(narrow_printf, format, &text);
	} else if (wide_format) {
		length = CALL(wide_printf, wide_format, &wide);
		if (length >= 0)
			text = utf8_of_wide(wide);
		length = text ? (int)strlen(text) : -1;
	}
#undef CALL
	if (length >= 0)
		put(to, text, (size_t)length);
	free(wide_format);
	free(wide);
	free(text);
	return length;
}

/* AT is behind the percent sign, at the number; the end of the insert is the result. */
static const char *put_insert(struct expansion *to, const char *at)
{
	char format[32] = "%s";
	uintptr_t values[3];
	unsigned int number = (unsigned int)(*at++ - '0'), stars = 0, i;

	if (*at >= '0' && *at <= '9')
		number = number * 10 + (unsigned int)(*at++ - '0');
	if (*at == '!') {
		const char *end = strchr(++at, '!');
		size_t length = end ? (size_t)(end - at) : 0;

		if (!end || !length || length > sizeof(format) - 2) {
			to->error = ERROR_INVALID_PARAMETER;
			return at;
		}
		memcpy(format + 1, at, length);
		format[length + 1] = 0;
		for (i = 1; i <= length; i++)
			stars += format[i] == '*';
		at = end + 1;
	}
	if (stars > 2 || strchr(format + 1, '%') || strchr(format, 'n')) {
		to->error = ERROR_INVALID_PARAMETER;
		return at;
	}
	for (i = 0; i <= stars; i++)
		if (!insert_value(to, number + i, &values[i]))
			return at;
	if (put_formatted(to, format, values, stars) < 0)
		to->error = ERROR_NOT_ENOUGH_MEMORY;
	return at;
}

/* What a percent sign begins. NULL: the text ends here. */
static const char *put_escape(struct expansion *to, const char *at)
{
	if (*at >= '1' && *at <= '9') {
		if (!to->inserts.ignored)
			return put_insert(to, at);
		put(to, "%", 1);
		return at;
	}
	switch (*at) {
	case 0:		/* a single percent sign is an error of the text's author */
		to->error = ERROR_INVALID_PARAMETER;
		return NULL;
	case '0':
		return NULL;
	case 'n':
		put_line_end(to);
		break;
	case 'r':
		put(to, "\r", 1);
		break;
	case 't':
		put(to, "\t", 1);
		break;
	default:
		put(to, at, 1);
	}
	return at + 1;
}

/*
 * With a width, the text's own line ends are spaces, and lines are broken where one would be too
 * long.
 */
static const char *put_space(struct expansion *to, const char *at)
{
	size_t word;

	if (*at == '\r' && at[1] == '\n')
		at++;
	at++;
	word = strcspn(at, " \r\n%");
	if (to->width < 255 && word && to->column + 1 + word > to->width)
		put_line_end(to);
	else
		put(to, " ", 1);
	return at;
}

static void expand(struct expansion *to, const char *at)
{
	while (at && *at && !to->error) {
		size_t plain = strcspn(at, to->width ? "% \r\n" : "%\r\n");

		put(to, at, plain);
		at += plain;
		if (*at == '%') {
			at = put_escape(to, at + 1);
		} else if (*at && to->width) {
			at = put_space(to, at);
		} else if (*at) {	/* any kind of line end is CR and LF */
			at += at[0] == '\r' && at[1] == '\n' ? 2 : 1;
			put_line_end(to);
		}
	}
}

/* The source as UTF-8, to be freed */
static char *source_text(DWORD flags, LPCVOID source, DWORD number, DWORD language, bool wide,
			 DWORD *error)
{
	const char *found;
	char *text = NULL;

	if (flags & FORMAT_MESSAGE_FROM_STRING) {
		*error = source ? ERROR_NOT_ENOUGH_MEMORY : ERROR_INVALID_PARAMETER;
		return !source ? NULL : wide ? utf8_of_wide(source) : strdup(source);
	}
	if (!(flags & FORMAT_MESSAGE_FROM_SYSTEM)) {
		/* A module here has no texts of its own. */
		*error = flags & FORMAT_MESSAGE_FROM_HMODULE ? ERROR_RESOURCE_TYPE_NOT_FOUND :
			ERROR_INVALID_PARAMETER;
		return NULL;
	}
	if (PRIMARYLANGID(language) != LANG_NEUTRAL && PRIMARYLANGID(language) != LANG_ENGLISH) {
		*error = ERROR_RESOURCE_LANG_NOT_FOUND;
		return NULL;
	}
	found = message_find(number);
	*error = found ? ERROR_NOT_ENOUGH_MEMORY : ERROR_MR_MID_NOT_FOUND;
	if (found && asprintf(&text, "%s\r\n", found) < 0)
		text = NULL;
	return text;
}

static char *message_make(DWORD flags, const char *source, bool wide, va_list *arguments,
			  DWORD *error)
{
	struct expansion to = {
		.width = flags & FORMAT_MESSAGE_MAX_WIDTH_MASK,
		.inserts = { .ignored = flags & FORMAT_MESSAGE_IGNORE_INSERTS, .wide = wide },
	};
	char *text = NULL;
	size_t length;

	if (flags & FORMAT_MESSAGE_ARGUMENT_ARRAY)
		to.inserts.array = (const uintptr_t *)arguments;
	else
		to.inserts.list = arguments;
	*error = ERROR_NOT_ENOUGH_MEMORY;
	to.out = open_memstream(&text, &length);
	if (!to.out)
		return NULL;
	expand(&to, source);
	if (fclose(to.out) || to.error || !text) {
		if (to.error)
			*error = to.error;
		free(text);
		text = NULL;
	} else if (!length) {
		*error = ERROR_NO_WORK_DONE;
		free(text);
		text = NULL;
	}
	return text;
}

/*
 * Hands TEXT over as the caller wants it: into his buffer, or a new one whose address his buffer
 * gets.
 */
static DWORD deliver(DWORD flags, const void *text, size_t length, size_t unit, void *buffer,
		     DWORD size)
{
	char *to = buffer;

	if (flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) {
		to = LocalAlloc(LMEM_FIXED, (length < size ? size : length + 1) * unit);
		if (!to)
			return 0;
		*(void **)buffer = to;
	} else if (length >= size) {
		if (size) {
			memcpy(to, text, (size - 1) * unit);
			memset(to + (size - 1) * unit, 0, unit);
		}
		SetLastError(ERROR_INSUFFICIENT_BUFFER);
		return 0;
	}
	memcpy(to, text, (length + 1) * unit);
	return (DWORD)length;
}

static DWORD deliver_wide(DWORD flags, const char *text, LPWSTR buffer, DWORD size)
{
	WCHAR *wide = wide_of_utf8(text);
	DWORD length;

	if (!wide) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return 0;
	}
	length = deliver(flags, wide, wcslen(wide), sizeof(*wide), buffer, size);
	free(wide);
	return length;
}

static DWORD format_message(DWORD flags, LPCVOID source, DWORD number, DWORD language, void *buffer,
			    DWORD size, va_list *arguments, bool wide)
{
	DWORD error = ERROR_INVALID_PARAMETER, length = 0;
	char *format, *text = NULL;

	if (!buffer) {
		SetLastError(flags & FORMAT_MESSAGE_ALLOCATE_BUFFER ?
			     ERROR_NOT_ENOUGH_MEMORY : error);
		return 0;
	}
	if (flags & FORMAT_MESSAGE_ALLOCATE_BUFFER)
		*(void **)buffer = NULL;
	format = source_text(flags, source, number, language, wide, &error);
	if (format)
		text = message_make(flags, format, wide, arguments, &error);
	if (!text)
		SetLastError(error);
	else if (wide)
		length = deliver_wide(flags, text, buffer, size);
	else
		length = deliver(flags, text, strlen(text), 1, buffer, size);
	free(text);
	free(format);
	return length;
}

DWORD WINAPI FormatMessageA(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId, DWORD dwLanguageId,
			    LPSTR lpBuffer, DWORD nSize, va_list *Arguments)
{
	return format_message(dwFlags, lpSource, dwMessageId, dwLanguageId, lpBuffer, nSize,
			      Arguments, false);
}

DWORD WINAPI FormatMessageW(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId, DWORD dwLanguageId,
			    LPWSTR lpBuffer, DWORD nSize, va_list *Arguments)
{
	return format_message(dwFlags, lpSource, dwMessageId, dwLanguageId, lpBuffer, nSize,
			      Arguments, true);
}
