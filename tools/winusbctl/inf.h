/* SPDX-License-Identifier: MIT */
/*
 * INF files. inf_text.c makes sections and lines of the bytes; inf.c knows what a WinUSB
 * installation is, and says line by line what of it can't be had here.
 */
#ifndef INF_H
#define INF_H

#include <string.h>

#include "binding.h"

/* A file beyond these is refused. They bound the time and memory that any file can take. */
#define INF_BYTES_MAX		(1024 * 1024)
#define INF_LINES_MAX		20000
#define INF_SECTIONS_MAX	1024
#define INF_TEXT_MAX		4096	/* of one value, after substitution */
#define INF_BINDINGS_MAX	256
#define INF_MESSAGES_MAX	1000
#define INF_WORK_MAX		200000	/* entries read, those of shared sections again each time */

struct inf_field {
	char *text;		/* quotes taken off, %names% still in it */
};

struct inf_line {
	unsigned int number;
	bool has_key;
	struct inf_field key;
	struct inf_field *fields;
	size_t count;
};

struct inf_section {
	unsigned int number;	/* line where it first begins */
	bool done;		/* inf.c has been through it */
	char *name;
	struct inf_line *lines;
	size_t count;
};

/* What is to be said: a note tells what is left out, an error that the INF can't be had. */
struct inf_message {
	unsigned int line;	/* 0: the file as a whole */
	bool error;
	char *text;
};

struct inf {
	struct inf_section *sections;
	size_t count;
	struct inf_line **strings;	/* of [Strings], sorted by key */
	size_t string_count;
	struct inf_message *messages;
	size_t message_count;
	size_t error_count;
	size_t work;
	struct bindings bindings;
};

/* The part of PATH after the last / or \, lower case, if it may be the name of an INF. */
bool inf_name_parse(const char *path, char name[INF_NAME_SIZE]);

/* Everything that a file says; wrong ones have errors. NAME is kept in the bindings. */
void inf_parse(struct inf *inf, const char *name, const uint8_t *data, size_t size);
void inf_free(struct inf *inf);

/* inf_text.c, for inf.c */
void inf_say(struct inf *inf, unsigned int line, bool error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
#define inf_error(inf, line, ...)	inf_say(inf, line, true, __VA_ARGS__)
#define inf_note(inf, line, ...)	inf_say(inf, line, false, __VA_ARGS__)
/* UTF-8 without BOM or NUL, or NULL after saying why not. To be freed. */
char *inf_decode(struct inf *inf, const uint8_t *data, size_t size);
/* Cuts TEXT into sections and lines. False after saying why not. */
bool inf_cut(struct inf *inf, const char *text);
struct inf_section *inf_section(const struct inf *inf, const char *name);
/* A field with %names% replaced, in OUT. False after saying why not. */
bool inf_text(struct inf *inf, const struct inf_line *line, const struct inf_field *field,
	      char out[INF_TEXT_MAX]);

/* False when it is time to stop: too much was read, or too much is wrong. */
bool inf_go_on(struct inf *inf, const struct inf_line *line);

/* The text of field INDEX; empty if there is none. */
static inline bool inf_field(struct inf *inf, const struct inf_line *line, size_t index,
			     char text[INF_TEXT_MAX])
{
	*text = 0;
	return index >= line->count || inf_text(inf, line, &line->fields[index], text);
}

/* Nothing in an INF minds upper and lower case. */
static inline bool inf_text_is(const char *text, const char *other)
{
	return !strcasecmp(text, other);
}

static inline bool inf_text_begins(const char *text, const char *start)
{
	return !strncasecmp(text, start, strlen(start));
}

/* inf_registry.c. Which part of an install section an entry stands in, or of a class's section. */
enum inf_part {
	PART_INSTALL,
	PART_HW,
	PART_SERVICES,
	PART_COINSTALLERS,
	PART_WDF,
	PART_FILTERS,
	PART_CLASS,
	PART_OTHER,
};

/* One entry of an AddReg section; values of the hardware key become properties. */
void inf_registry_line(struct inf *inf, struct binding *to, enum inf_part part,
		       const struct inf_line *line);

#endif
