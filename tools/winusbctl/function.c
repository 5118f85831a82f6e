// SPDX-License-Identifier: MIT
/*
 * Functions as the driver's files in sysfs show them: interface GUIDs, what the firmware says to
 * Windows, properties.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binding.h"
#include "function.h"

#define FILE_MAX	(64 * 1024)

char *sysfs_text(char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got = 1;
	char *text;

	free(path);
	if (fd < 0)
		return NULL;
	text = xcalloc(FILE_MAX + 1, 1);
	while (got > 0 && length < FILE_MAX) {
		got = read(fd, text + length, FILE_MAX - length);
		if (got > 0)
			length += got;
	}
	close(fd);
	if (got < 0) {
		free(text);
		return NULL;
	}
	if (length && text[length - 1] == '\n')
		text[--length] = 0;
	return xrealloc(text, length + 1);
}

static char *file_text(const char *node, const char *directory, const char *name)
{
	return sysfs_text(path_make(CTL_CLASS_DIR "/%s/%s%s", node, directory, name));
}

static bool file_is(const char *node, const char *name, const char *expected)
{
	char *text = file_text(node, "", name);
	bool same = text && !strcmp(text, expected);

	free(text);
	return same;
}

/* Calls back for each line. */
static void lines_each(const char *text, void (*fn)(void *data, const char *line, size_t length),
		       void *data)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		fn(data, text, length);
		text += length + !!text[length];
	}
}

static void line_append(void *data, const char *line, size_t length)
{
	/* The driver writes UTF-8; what is not is left out. */
	json_t *value = json_stringn(line, length);

	if (value)
		json_array_append_new(data, value);
}

static json_t *function_guids(const char *node)
{
	char *text = file_text(node, "", "interface_guids");
	json_t *guids = json_array();

	if (text)
		lines_each(text, line_append, guids);
	free(text);
	return guids;
}

/* interface_enabled came later than GUIDs: without it, it is. */
bool function_is_disabled(const char *node)
{
	return file_is(node, "interface_enabled", "0");
}

bool function_says_winusb(const char *node)
{
	return file_is(node, "compatible_id", "WINUSB");
}

bool function_is_part(const char *node)
{
	return file_is(node, "whole_device", "0");
}

/* The type is on the first line, the value on the next ones. */
static json_t *property_json(const char *node, const char *name)
{
	char *text = file_text(node, "properties/", name);
	const char *value;
	json_t *json;
	char *end;

	if (!text)
		return NULL;
	end = strchrnul(text, '\n');
	value = *end ? end + 1 : end;
	*end = 0;
	if (!strcmp(text, "REG_MULTI_SZ")) {
		json = json_array();
		lines_each(value, line_append, json);
	} else if (!strncmp(text, "REG_DWORD", 9)) {
		json = json_integer(strtoul(value, NULL, 10));
	} else {
		json = json_string(value);
	}
	json = json_pack("{s:s, s:o}", "type", text, "value", json ? json : json_null());
	free(text);
	return json;
}

static json_t *function_properties(const char *node)
{
	char *path = path_make(CTL_CLASS_DIR "/%s/properties", node);
	json_t *object = json_object();
	struct dirent **entries;
	int count;

	count = scandir(path, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		json_t *value = NULL;

		if (entries[i]->d_name[0] != '.')
			value = property_json(node, entries[i]->d_name);
		if (value)
			json_object_set_new(object, entries[i]->d_name, value);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	free(path);
	return object;
}

static void member_add(json_t *object, const char *node, const char *name)
{
	char *text = file_text(node, "", name);
	json_t *value = text ? json_string(text) : NULL;

	json_object_set_new(object, name, value ? value : json_null());
	free(text);
}

static void flag_add(json_t *object, const char *node, const char *name)
{
	char *text = file_text(node, "", name);

	json_object_set_new(object, name, text ? json_boolean(*text == '1') : json_null());
	free(text);
}

void function_describe(json_t *object, const char *function, const char *node)
{
	char *text = file_text(function, "", "function");

	if (text)
		node = function;
	free(text);
	text = file_text(node, "", "vendor_revision");
	flag_add(object, node, "whole_device");
	flag_add(object, node, "function_complete");
	flag_add(object, node, "interface_enabled");
	json_object_set_new(object, "interface_guids", function_guids(node));
	member_add(object, node, "os_descriptors");
	member_add(object, node, "compatible_id");
	member_add(object, node, "sub_compatible_id");
	json_object_set_new(object, "vendor_revision",
			    text ? json_integer(strtoul(text, NULL, 10)) : json_null());
	member_add(object, node, "alternate_enumeration");
	json_object_set_new(object, "properties", function_properties(node));
	free(text);
}

/* The firmware may have anything in a text; a terminal must not obey it. */
static void text_print(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void property_print(const char *name, const json_t *property)
{
	const json_t *value = json_object_get(property, "value"), *entry;
	const char *separator = "";
	size_t i;

	printf("    Property %s  %s  ", name, text_of(property, "type"));
	if (json_is_integer(value))
		printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_string(value))
		text_print(json_string_value(value));
	json_array_foreach(value, i, entry) {
		fputs(separator, stdout);
		text_print(json_string_value(entry));
		separator = " | ";
	}
	putchar('\n');
}

void function_print(const json_t *function)
{
	const char *source = text_of(function, "os_descriptors");
	const json_t *value;
	const char *name;
	size_t i;

	if (json_is_false(json_object_get(function, "function_complete")))
		puts("    Not complete: interfaces of it are not bound, or its descriptors are being read");
	if (json_is_false(json_object_get(function, "interface_enabled")))
		puts("    Disabled: it can't be opened, and its GUIDs find nothing");
	json_array_foreach(json_object_get(function, "interface_guids"), i, value)
		printf("    GUID %s\n", json_string_value(value));
	if (*source && strcmp(source, "none")) {
		printf("    OS descriptors %s", source);
		if (*text_of(function, "compatible_id")) {
			fputs("  compatible ID ", stdout);
			text_print(text_of(function, "compatible_id"));
		}
		if (*text_of(function, "sub_compatible_id")) {
			fputs("  sub-compatible ID ", stdout);
			text_print(text_of(function, "sub_compatible_id"));
		}
		if (json_integer_value(json_object_get(function, "vendor_revision")))
			printf("  vendor revision %" JSON_INTEGER_FORMAT,
			       json_integer_value(json_object_get(function, "vendor_revision")));
		if (strcmp(text_of(function, "alternate_enumeration"), "00"))
			printf("  alternate enumeration 0x%s (not sent)",
			       text_of(function, "alternate_enumeration"));
		putchar('\n');
	}
	json_object_foreach((json_t *)json_object_get(function, "properties"), name, value)
		property_print(name, value);
}
