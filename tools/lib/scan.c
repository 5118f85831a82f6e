// SPDX-License-Identifier: MIT
/*
 * scanf() and its relatives. A format is gone through up to each conversion that assigns something;
 * such a piece is the C library's to work on, but for where texts go: 16-bit units are converted,
 * and functions with _s have a size behind the pointer of each text.
 */
#undef WINUSB_W32_LIBC_STDIO	/* here the names mean ours */
#include "format.h"
#include "wide.h"

extern int libc_fscanf(FILE *file, const char *format, ...) __asm__("__isoc99_fscanf");
extern int libc_sscanf(const char *text, const char *format, ...) __asm__("__isoc99_sscanf");

struct source {
	FILE *file;		/* or */
	const char *text;
	int taken;
	bool wide, secure;	/* the function is */
};

struct piece {
	char *format;		/* in the C library's terms, and %n */
	char conversion;	/* 0: none that assigns */
	bool to_wide;
	size_t width;		/* 0: none */
};

/* The end of [...], which may begin with ] or ^]. */
static const char *set_end(const char *at)
{
	if (*at == '^')
		at++;
	if (*at == ']')
		at++;
	while (*at && *at != ']')
		at++;
	return *at ? at + 1 : at;
}

static const char *libc_size(enum size size, char conversion)
{
	bool integer = strchr("diouxX", conversion) != NULL;

	switch (size) {
	case SIZE_CHAR:
		return "hh";
	case SIZE_SHORT:
		return integer ? "h" : "";
	case SIZE_LONG:
		return integer ? "" : "l";
	case SIZE_64:
		return "ll";
	case SIZE_POINTER:
		return "z";
	case SIZE_LONG_DOUBLE:
		return "L";
	default:
		return "";
	}
}

/* Has the C library allocate the text? A character's target is big enough, or that is looked at. */
static bool is_allocated(const struct source *source, const struct piece *piece)
{
	return strchr("s[", piece->conversion) && (piece->to_wide || source->secure);
}

/* Behind the percent sign. TO has room. NULL: the format ends in it. */
static const char *conversion_read(const struct source *source, const char *at, struct piece *piece,
				   char **to)
{
	bool skipped = *at == '*', text;
	const char *width, *start;
	enum size size;

	if (skipped)
		*(*to)++ = *at++;
	width = at;
	at += strspn(at, "0123456789");
	piece->width = strtoul(width, NULL, 10);
	start = at;
	at = format_size(at, &size);
	piece->conversion = *at == 'S' ? 's' : *at == 'C' ? 'c' : *at;
	text = *at && strchr("sc[", piece->conversion);
	piece->to_wide = text && format_is_wide(size, *at, source->wide);
	/* So many units are as many bytes or more: they are counted one by one. */
	if (piece->conversion != 'c' || !piece->to_wide || skipped)
		*to = mempcpy(*to, width, (size_t)(start - width));
	if (!*at)
		return NULL;
	if (!text)
		*to = stpcpy(*to, libc_size(size, *at));
	else if (!skipped && is_allocated(source, piece))
		*(*to)++ = 'm';
	*(*to)++ = piece->conversion;
	start = ++at;
	if (piece->conversion == '[')
		at = set_end(at);
	*to = mempcpy(*to, start, (size_t)(at - start));
	if (skipped || piece->conversion == '%')
		piece->conversion = 0;
	return at;
}

/* The end of the piece is the result. */
static const char *piece_read(const struct source *source, const char *format, struct piece *piece)
{
	char *to = piece->format, *percent;
	const char *end;

	piece->conversion = 0;
	while (*format && !piece->conversion) {
		percent = to;
		*to++ = *format;
		if (*format++ != '%')
			continue;
		end = conversion_read(source, format, piece, &to);
		/* What was taken so far is known without the C library. */
		if (!end || piece->conversion == 'n')
			to = percent;
		format = end ? end : format + strlen(format);
	}
	strcpy(to, "%n");
	return format;
}

/* The formats are made here, from known parts. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* What the C library's function gives. TO is NULL if the format assigns nothing: 1 if it matches. */
static int libc_scan(struct source *source, const char *format, void *to)
{
	int taken = -1, count;

	if (source->file)
		count = to ? libc_fscanf(source->file, format, to, &taken) :
			     libc_fscanf(source->file, format, &taken);
	else
		count = to ? libc_sscanf(source->text, format, to, &taken) :
			     libc_sscanf(source->text, format, &taken);
	if (taken >= 0) {
		source->taken += taken;
		source->text += source->file ? 0 : taken;
	}
	return to || count == EOF ? count : taken >= 0;
}

/* COUNT units of whole characters: their bytes are read one by one. */
static int characters_scan(struct source *source, const struct piece *piece, wchar_t *to,
			   size_t room)
{
	size_t count = piece->width ? piece->width : 1, units = 0;
	const char *format = piece->format;

	if (source->secure && count > room)
		return 0;
	while (units < count) {
		char bytes[4];
		wchar_t all[4];
		size_t length = 0, more = 0, n;

		do {
			int got = libc_scan(source, length || units ? "%c%n" : format,
					    bytes + length);
			unsigned char first = bytes[0];

			if (got != 1)
				return got;
			if (!length++)
				more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0;
		} while (length <= more);
		/* A pair of which one has room, or what is no UTF-8: what is left is lost. */
		n = wide_from_utf8(bytes, length, all, 4, NULL);
		n = n < count - units ? n : count - units;
		memcpy(to + units, all, n * sizeof(*to));
		units += n;
	}
	return 1;
}

/* A text that the C library allocated, in units of the target's width. */
static int text_scan(struct source *source, const struct piece *piece, void *to, size_t room)
{
	char *text = NULL;
	int got = libc_scan(source, piece->format, &text);
	size_t length;

	if (got != 1)
		return got;
	length = strlen(text) + 1;
	if (piece->to_wide)
		length = wide_from_utf8(text, length, NULL, 0, NULL);
	if (source->secure && length > room) {
		if (room)
			memset(to, 0, piece->to_wide ? sizeof(wchar_t) : 1);
		got = 0;
	} else if (piece->to_wide) {
		wide_from_utf8(text, strlen(text) + 1, to, length, NULL);
	} else {
		memcpy(to, text, length);
	}
	free(text);
	return got;
}

/* 1, 0, EOF: as of a scanf() with this piece only. */
static int piece_scan(struct source *source, const struct piece *piece, void *to, size_t room)
{
	if (piece->conversion == 'c' && piece->to_wide)
		return characters_scan(source, piece, to, room);
	if (is_allocated(source, piece))
		return text_scan(source, piece, to, room);
	if (piece->conversion == 'c' && source->secure && (piece->width ? piece->width : 1) > room)
		return 0;
	return libc_scan(source, piece->format, to);
}

/* Its list is the caller's last one, so that it may be used up. */
struct arguments {
	va_list list;
};

static int scan_all(struct source *source, const char *format, struct arguments *arguments)
{
	struct piece piece = { .format = malloc(2 * strlen(format) + 8) };
	int count = 0, got = 1;

	if (!piece.format)
		return EOF;
	while (*format && got == 1) {
		size_t room = 0;
		void *to = NULL;

		format = piece_read(source, format, &piece);
		if (piece.conversion && piece.conversion != 'n')
			to = va_arg(arguments->list, void *);
		if (to && source->secure && strchr("sc[", piece.conversion))
			room = va_arg(arguments->list, unsigned int);
		got = to ? piece_scan(source, &piece, to, room) :
			   libc_scan(source, piece.format, NULL);
		if (to)
			count += got == 1;
		else if (got == 1 && piece.conversion)	/* %n, which is not counted */
			*va_arg(arguments->list, int *) = source->taken;
	}
	free(piece.format);
	return got == EOF && !count ? EOF : count;
}

static int scan(struct source source, const char *format, va_list list)
{
	struct arguments arguments;
	int count;

	va_copy(arguments.list, list);
	if (source.file)
		flockfile(source.file);
	count = scan_all(&source, format, &arguments);
	if (source.file)
		funlockfile(source.file);
	va_end(arguments.list);
	return count;
}

static int scan_wide(struct source source, const wchar_t *format, va_list list)
{
	char *narrow = utf8_of_wide(format);
	int count = EOF;

	source.wide = true;
	if (narrow)
		count = scan(source, narrow, list);
	free(narrow);
	return count;
}

static int scan_wide_text(const wchar_t *text, const wchar_t *format, va_list list, bool secure)
{
	char *narrow = utf8_of_wide(text);
	int count = EOF;

	if (narrow)
		count = scan_wide((struct source) { .text = narrow, .secure = secure }, format,
				  list);
	free(narrow);
	return count;
}

int vfscanf(FILE *file, const char *format, va_list list)
{
	return scan((struct source) { .file = file }, format, list);
}
VARIADIC(fscanf, format, (FILE *file, const char *format, ...), vfscanf(file, format, list))
VARIADIC(scanf, format, (const char *format, ...), vfscanf(stdin, format, list))

int vscanf(const char *format, va_list list)
{
	return vfscanf(stdin, format, list);
}

int vsscanf(const char *text, const char *format, va_list list)
{
	return scan((struct source) { .text = text }, format, list);
}
VARIADIC(sscanf, format, (const char *text, const char *format, ...), vsscanf(text, format, list))

int vfwscanf(FILE *file, const wchar_t *format, va_list list)
{
	return scan_wide((struct source) { .file = file }, format, list);
}
VARIADIC(fwscanf, format, (FILE *file, const wchar_t *format, ...), vfwscanf(file, format, list))
VARIADIC(wscanf, format, (const wchar_t *format, ...), vfwscanf(stdin, format, list))

int vwscanf(const wchar_t *format, va_list list)
{
	return vfwscanf(stdin, format, list);
}

int vswscanf(const wchar_t *text, const wchar_t *format, va_list list)
{
	return scan_wide_text(text, format, list, false);
}
VARIADIC(swscanf, format, (const wchar_t *text, const wchar_t *format, ...),
	 vswscanf(text, format, list))

/* With sizes */

#define SECURE(from) ((struct source) { from, .secure = true })

VARIADIC(fscanf_s, format, (FILE *file, const char *format, ...),
	 scan(SECURE(.file = file), format, list))
VARIADIC(scanf_s, format, (const char *format, ...),
	 scan(SECURE(.file = stdin), format, list))
VARIADIC(sscanf_s, format, (const char *text, const char *format, ...),
	 scan(SECURE(.text = text), format, list))
VARIADIC(fwscanf_s, format, (FILE *file, const wchar_t *format, ...),
	 scan_wide(SECURE(.file = file), format, list))
VARIADIC(wscanf_s, format, (const wchar_t *format, ...),
	 scan_wide(SECURE(.file = stdin), format, list))
VARIADIC(swscanf_s, format, (const wchar_t *text, const wchar_t *format, ...),
	 scan_wide_text(text, format, list, true))
