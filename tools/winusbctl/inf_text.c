// SPDX-License-Identifier: MIT
/*
 * The text of an INF: encodings, sections, lines, quotes, continued lines, %strings%. Nothing here
 * knows what an entry means.
 */

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "inf.h"

/* The file's own words are quoted in messages; a terminal must not obey them. */
static void text_tame(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

void inf_say(struct inf *inf, unsigned int line, bool error, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_tame(text);
	/* Sections that several others use are read several times. */
	for (size_t i = 0; i < inf->message_count; i++)
		if (inf->messages[i].line == line && !strcmp(inf->messages[i].text, text))
			return;
	if (inf->message_count == INF_MESSAGES_MAX) {
		inf->error_count++;
		return;
	}
	inf->messages = xrealloc(inf->messages, (inf->message_count + 1) * sizeof(*inf->messages));
	inf->messages[inf->message_count++] = (struct inf_message) {
		.line = line,
		.error = error,
		.text = strcpy(xcalloc(strlen(text) + 1, 1), text),
	};
	inf->error_count += error;
}

/* Appends one character as UTF-8. */
static size_t utf8_put(char *to, unsigned int c)
{
	if (c < 0x80) {
		to[0] = c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = 0xc0 | c >> 6;
		to[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	if (c < 0x10000) {
		to[0] = 0xe0 | c >> 12;
		to[1] = 0x80 | (c >> 6 & 0x3f);
		to[2] = 0x80 | (c & 0x3f);
		return 3;
	}
	to[0] = 0xf0 | c >> 18;
	to[1] = 0x80 | (c >> 12 & 0x3f);
	to[2] = 0x80 | (c >> 6 & 0x3f);
	to[3] = 0x80 | (c & 0x3f);
	return 4;
}

/* Bytes of the character at DATA, 0 if it is none. */
static size_t utf8_length(const uint8_t *data, size_t size)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = *data < 0x80 ? 1 : *data < 0xc2 ? 0 : *data < 0xe0 ? 2 : *data < 0xf0 ? 3 :
			*data < 0xf5 ? 4 : 0;
	unsigned int c;

	if (length < 2 || length > size)
		return length > size ? 0 : length;
	c = *data & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (data[i] & 0x3f);
	}
	return c < least[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : length;
}

static size_t decode_utf16(const uint8_t *data, size_t size, bool big, char *to)
{
	size_t length = 0;

	for (size_t i = 0; i + 1 < size; i += 2) {
		unsigned int c = data[i + !big] << 8 | data[i + big], low;

		if (c >= 0xd800 && c < 0xe000) {
			low = 0;
			if (c < 0xdc00 && i + 3 < size)
				low = data[i + 2 + !big] << 8 | data[i + 2 + big];
			if (low >= 0xdc00 && low < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				i += 2;
			} else {
				c = 0xfffd;
			}
		}
		length += utf8_put(to + length, c);
	}
	return length;
}

/* What is no UTF-8 is a character of some code page: no value that matters may have one. */
static size_t decode_utf8(const uint8_t *data, size_t size, char *to, bool *foreign)
{
	size_t length = 0;

	while (size) {
		size_t step = utf8_length(data, size);

		if (step) {
			memcpy(to + length, data, step);
			length += step;
		} else {
			length += utf8_put(to + length, 0xfffd);
			step = 1;
			*foreign = true;
		}
		data += step;
		size -= step;
	}
	return length;
}

char *inf_decode(struct inf *inf, const uint8_t *data, size_t size)
{
	bool foreign = false;
	unsigned int line = 1;
	size_t length;
	char *text;

	if (size > INF_BYTES_MAX) {
		inf_error(inf, 0, "the file has more than 1 MiB");
		return NULL;
	}
	text = xcalloc(3 * size + 1, 1);
	if (size >= 2 && ((data[0] == 0xff && data[1] == 0xfe) || (data[0] == 0xfe && data[1] == 0xff))) {
		if (size & 1)
			inf_error(inf, 0, "UTF-16 with an odd number of bytes");
		length = decode_utf16(data + 2, size - 2, data[0] == 0xfe, text);
	} else {
		size_t skip = size >= 3 && !memcmp(data, "\xef\xbb\xbf", 3) ? 3 : 0;

		length = decode_utf8(data + skip, size - skip, text, &foreign);
	}

	for (size_t i = 0; i < length && !inf->error_count; i++) {
		unsigned char c = text[i];

		if (!c)
			inf_error(inf, line,
				  "a NUL byte: this is no text, or UTF-16 without its byte "
				  "order mark");
		else if ((c < ' ' && !strchr("\t\n\r\f", c)) || c == 0x7f)
			inf_error(inf, line, "a control character (0x%02x): this is no text", c);
		line += c == '\n';
	}
	if (foreign && !inf->error_count)
		inf_note(inf, 0, "not all of it is UTF-8; other characters are read as '?'");
	if (inf->error_count) {
		free(text);
		return NULL;
	}
	return text;
}

/* One entry while it is read. Continued lines go on in the same one. */
struct entry {
	char *text;		/* of the current field */
	size_t length;
	size_t solid;		/* characters that are not blanks at its end */
	bool any;		/* something but blanks was there */
	struct inf_line line;
};

static void field_put(struct entry *entry, char c, bool solid)
{
	entry->text[entry->length++] = c;
	if (solid)
		entry->solid = entry->length;
}

static struct inf_field field_take(struct entry *entry)
{
	struct inf_field field = { xcalloc(entry->solid + 1, 1) };

	memcpy(field.text, entry->text, entry->solid);
	entry->length = 0;
	entry->solid = 0;
	return field;
}

static void field_end(struct entry *entry)
{
	struct inf_line *line = &entry->line;

	line->fields = xrealloc(line->fields, (line->count + 1) * sizeof(*line->fields));
	line->fields[line->count++] = field_take(entry);
}

static void line_free(struct inf_line *line)
{
	for (size_t i = 0; i < line->count; i++)
		free(line->fields[i].text);
	free(line->fields);
	free(line->key.text);
	memset(line, 0, sizeof(*line));
}

/* Is this the \ at a line's end? What follows it may be blanks and a comment. */
static bool is_continuation(const char *text)
{
	text += 1 + strspn(text + 1, " \t\f");
	return !*text || *text == '\n' || *text == '\r' || *text == ';';
}

static const char *line_end(const char *text)
{
	return text + strcspn(text, "\r\n");
}

static const char *line_next(const char *text)
{
	text = line_end(text);
	if (text[0] == '\r' && text[1] == '\n')
		return text + 2;
	return *text ? text + 1 : text;
}

/* Reads what stands between quotes; TEXT is after the first. NULL if they don't end. */
static const char *quotes_read(struct entry *entry, const char *text)
{
	for (; *text && *text != '\r' && *text != '\n'; text++) {
		if (*text == '"') {
			if (text[1] != '"')
				return text + 1;
			text++;
		}
		field_put(entry, *text, true);
	}
	return NULL;
}

/* Reads an entry from TEXT, and returns where the next line begins; NULL after an error. */
static const char *entry_read(struct inf *inf, struct entry *entry, const char *text,
			      unsigned int *number)
{
	entry->line.number = *number;
	entry->any = false;
	for (;;) {
		switch (*text) {
		case 0:
		case '\r':
		case '\n':
		case ';':
			if (entry->any)
				field_end(entry);
			return line_next(text);
		case '\\':
			if (is_continuation(text)) {
				text = line_next(text);
				(*number)++;
				continue;
			}
			field_put(entry, *text, true);
			break;
		case '"':
			text = quotes_read(entry, text + 1);
			if (!text) {
				inf_error(inf, *number, "a quote that does not end on its line");
				return NULL;
			}
			entry->any = true;
			continue;
		case ',':
			entry->any = true;
			field_end(entry);
			text++;
			/* Blanks before a field are none of its. */
			text += strspn(text, " \t\f");
			continue;
		case '=':
			if (!entry->line.has_key && !entry->line.count) {
				entry->line.has_key = true;
				entry->line.key = field_take(entry);
				text++;
				text += strspn(text, " \t\f");
				entry->any = true;
				continue;
			}
			field_put(entry, *text, true);
			break;
		case ' ':
		case '\t':
		case '\f':
			if (entry->length)
				field_put(entry, ' ', false);
			text++;
			continue;
		default:
			field_put(entry, *text, true);
		}
		entry->any = true;
		text++;
	}
}

static struct inf_section *section_begin(struct inf *inf, const char *text, unsigned int number)
{
	const char *end = line_end(text), *close = memchr(text, ']', end - text);
	struct inf_section *section;
	char *name;

	if (!close || close == text) {
		inf_error(inf, number, "a section is [name]");
		return NULL;
	}
	end = close + 1 + strspn(close + 1, " \t\f");
	if (*end && *end != '\r' && *end != '\n' && *end != ';') {
		inf_error(inf, number, "nothing stands after a section's name");
		return NULL;
	}
	name = xcalloc(close - text + 1, 1);
	memcpy(name, text, close - text);

	/* The same name again goes on with that section. */
	section = inf_section(inf, name);
	if (section) {
		free(name);
		return section;
	}
	if (inf->count == INF_SECTIONS_MAX) {
		free(name);
		inf_error(inf, number, "more than %d sections", INF_SECTIONS_MAX);
		return NULL;
	}
	inf->sections = xrealloc(inf->sections, (inf->count + 1) * sizeof(*inf->sections));
	section = &inf->sections[inf->count++];
	*section = (struct inf_section) { .name = name, .number = number };
	return section;
}

bool inf_cut(struct inf *inf, const char *text)
{
	struct entry entry = { .text = xcalloc(strlen(text) + 1, 1) };
	struct inf_section *section = NULL;
	unsigned int lines = 0;

	for (unsigned int number = 1; *text && !inf->error_count; number++) {
		const char *start = text + strspn(text, " \t\f");

		if (*start == '[') {
			section = section_begin(inf, start + 1, number);
			text = line_next(text);
			continue;
		}
		text = entry_read(inf, &entry, start, &number);
		if (!text)
			break;
		if (entry.line.count || entry.line.has_key) {
			if (!section)
				inf_error(inf, entry.line.number,
					  "an entry before the first section");
			else if (++lines > INF_LINES_MAX)
				inf_error(inf, number, "more than %d entries", INF_LINES_MAX);
		}
		if (section && !inf->error_count && (entry.line.count || entry.line.has_key)) {
			section->lines = xrealloc(section->lines,
						  (section->count + 1) * sizeof(*section->lines));
			section->lines[section->count++] = entry.line;
			memset(&entry.line, 0, sizeof(entry.line));
		} else {
			line_free(&entry.line);
		}
		entry.length = 0;
		entry.solid = 0;
	}
	line_free(&entry.line);
	free(entry.text);
	return !inf->error_count;
}

struct inf_section *inf_section(const struct inf *inf, const char *name)
{
	for (size_t i = 0; i < inf->count; i++)
		if (!strcasecmp(inf->sections[i].name, name))
			return &inf->sections[i];
	return NULL;
}

static int string_compare(const void *a, const void *b)
{
	struct inf_line *const *one = a, *const *other = b;

	return strcasecmp((*one)->key.text, (*other)->key.text);
}

/* The table of %names%: [Strings], and what only a section for one language has. */
static void strings_collect(struct inf *inf)
{
	size_t total = 0;

	for (size_t i = 0; i < inf->count; i++)
		total += inf->sections[i].count;
	inf->strings = xcalloc(total + 1, sizeof(*inf->strings));
	for (int language = 0; language < 2; language++) {
		size_t known = inf->string_count;

		for (size_t i = 0; i < inf->count; i++) {
			struct inf_section *section = &inf->sections[i];

			if (language ? strncasecmp(section->name, "Strings.", 8) :
				       strcasecmp(section->name, "Strings"))
				continue;
			for (size_t j = 0; j < section->count; j++) {
				struct inf_line *line = &section->lines[j];

				if (line->has_key &&
				    !(language && bsearch(&line, inf->strings, known, sizeof(line),
							  string_compare)))
					inf->strings[inf->string_count++] = line;
			}
		}
		qsort(inf->strings, inf->string_count, sizeof(*inf->strings), string_compare);
	}
}

/* The value of %NAME%, NULL if there is none. Windows leaves such a name as it is; so it is here. */
static const char *string_find(struct inf *inf, const char *name)
{
	struct inf_line line = { .key.text = (char *)name }, *key = &line, **found;

	if (!inf->strings)
		strings_collect(inf);
	found = bsearch(&key, inf->strings, inf->string_count, sizeof(key), string_compare);
	if (!found)
		return NULL;
	return (*found)->count ? (*found)->fields[0].text : "";
}

bool inf_text(struct inf *inf, const struct inf_line *line, const struct inf_field *field,
	      char out[INF_TEXT_MAX])
{
	const char *text = field->text;
	size_t length = 0, size;
	char name[256];

	while (*text) {
		const char *value = text, *end;

		size = 1;
		if (*text == '%') {
			end = strchr(text + 1, '%');
			if (text[1] == '%') {
				text++;
			} else if (end && end - text - 1 < (long)sizeof(name)) {
				memcpy(name, text + 1, end - text - 1);
				name[end - text - 1] = 0;
				value = string_find(inf, name);
				size = value ? strlen(value) : 1;
				if (value)
					text = end;
				else
					value = text;
			}
		}
		if (length + size >= INF_TEXT_MAX) {
			inf_error(inf, line->number, "a text of more than %d characters",
				INF_TEXT_MAX - 1);
			return false;
		}
		memcpy(out + length, value, size);
		length += size;
		text++;
	}
	out[length] = 0;
	return true;
}

void inf_free(struct inf *inf)
{
	for (size_t i = 0; i < inf->count; i++) {
		for (size_t j = 0; j < inf->sections[i].count; j++)
			line_free(&inf->sections[i].lines[j]);
		free(inf->sections[i].lines);
		free(inf->sections[i].name);
	}
	for (size_t i = 0; i < inf->message_count; i++)
		free(inf->messages[i].text);
	free(inf->messages);
	free(inf->sections);
	free(inf->strings);
	bindings_free(&inf->bindings);
	memset(inf, 0, sizeof(*inf));
}
