// SPDX-License-Identifier: MIT
/* UTF-8 to UTF-16 and back. */
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define REPLACEMENT	0xfffdu

/* One character from at most LEFT bytes; how many it took. */
static size_t character_read(const unsigned char *text, size_t left, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = *text < 0x80 ? 1 : *text < 0xc2 ? 0 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 :
			*text < 0xf5 ? 4 : 0;
	uint32_t value;

	*character = REPLACEMENT;
	if (!length || length > left)
		return 1;
	value = length == 1 ? *text : *text & (0x7f >> length);
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (text[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 1;
	*character = value;
	return length;
}

size_t text_widen(const char *text, size_t length, uint16_t *wide, size_t room)
{
	const unsigned char *at = (const void *)text, *end = at + length;
	uint32_t character;
	size_t units = 0;

	while (at < end) {
		at += character_read(at, end - at, &character);
		if (character > 0xffff) {
			if (units < room)
				wide[units] = 0xd800 + ((character - 0x10000) >> 10);
			units++;
			character = 0xdc00 + (character & 0x3ff);
		}
		if (units < room)
			wide[units] = character;
		units++;
	}
	return units;
}

static size_t character_write(char *to, uint32_t character)
{
	if (character < 0x80) {
		to[0] = character;
		return 1;
	}
	if (character < 0x800) {
		to[0] = 0xc0 | character >> 6;
		to[1] = 0x80 | (character & 0x3f);
		return 2;
	}
	if (character < 0x10000) {
		to[0] = 0xe0 | character >> 12;
		to[1] = 0x80 | (character >> 6 & 0x3f);
		to[2] = 0x80 | (character & 0x3f);
		return 3;
	}
	to[0] = 0xf0 | character >> 18;
	to[1] = 0x80 | (character >> 12 & 0x3f);
	to[2] = 0x80 | (character >> 6 & 0x3f);
	to[3] = 0x80 | (character & 0x3f);
	return 4;
}

char *text_narrow(const uint16_t *wide)
{
	size_t length = 0, at = 0;
	char *text;

	while (wide[length])
		length++;
	text = malloc(3 * length + 1);
	if (!text)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		uint32_t character = wide[i];

		if (character >= 0xd800 && character < 0xdc00 && wide[i + 1] >= 0xdc00 &&
		    wide[i + 1] < 0xe000)
			character = 0x10000 + ((character & 0x3ff) << 10) + (wide[++i] & 0x3ff);
		else if (character >= 0xd800 && character < 0xe000)
			character = REPLACEMENT;
		at += character_write(text + at, character);
	}
	text[at] = 0;
	return text;
}
