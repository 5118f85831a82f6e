// SPDX-License-Identifier: MIT
/* Bytes as people and as programs want to see them. */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "winusbctl.h"

void *xcalloc(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size ? size : 1);

	if (!memory) {
		error_say(ENOMEM, "%zu bytes", count * size);
		exit(CTL_FAILED);
	}
	return memory;
}

void *xrealloc(void *memory, size_t size)
{
	memory = realloc(memory, size ? size : 1);
	if (!memory) {
		error_say(ENOMEM, "%zu bytes", size);
		exit(CTL_FAILED);
	}
	return memory;
}

void hexdump(FILE *out, const uint8_t *data, size_t length, uint64_t offset)
{
	for (size_t line = 0; line < length; line += 16) {
		size_t left = length - line < 16 ? length - line : 16;

		fprintf(out, "%08llx ", (unsigned long long)(offset + line));
		for (size_t i = 0; i < 16; i++) {
			if (i < left)
				fprintf(out, "%s %02x", i == 8 ? " " : "", data[line + i]);
			else
				fprintf(out, "%s   ", i == 8 ? " " : "");
		}
		fputs("  |", out);
		for (size_t i = 0; i < left; i++)
			fputc(data[line + i] >= ' ' && data[line + i] < 0x7f ? data[line + i] : '.', out);
		fputs("|\n", out);
	}
}

char *hex_text(const uint8_t *data, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	char *text = xcalloc(2 * length + 1, 1);

	for (size_t i = 0; i < length; i++) {
		text[2 * i] = digits[data[i] >> 4];
		text[2 * i + 1] = digits[data[i] & 15];
	}
	return text;
}

bool hex_parse(const char *text, uint8_t **data, size_t *length)
{
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;

	while (*text) {
		char pair[3] = { text[0], text[1], 0 };

		if (*text == ' ' || *text == ':' || *text == ',' || *text == '\t' || *text == '\n') {
			text++;
			continue;
		}
		if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]))
			return false;
		*data = xrealloc(*data, *length + 1);
		(*data)[(*length)++] = strtoul(pair, NULL, 16);
		text += 2;
	}
	return true;
}

void json_print(json_t *value, bool pretty)
{
	if (!value || json_dumpf(value, stdout, JSON_ENSURE_ASCII | (pretty ? JSON_INDENT(2) : JSON_COMPACT))) {
		error_say(ENOMEM, "JSON");
		exit(CTL_FAILED);
	}
	putchar('\n');
	json_decref(value);
}

json_t *json_hex(const uint8_t *data, size_t length)
{
	char *text = hex_text(data, length);
	json_t *value = json_string(text);

	free(text);
	return value;
}

int output_finish(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return CTL_OK;
	fprintf(stderr, "winusbctl: standard output could not be written\n");
	hint_say("is the disk full, or the reader of the pipe gone?");
	return CTL_FAILED;
}
