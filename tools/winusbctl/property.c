// SPDX-License-Identifier: MIT
/*
 * Properties of a function as an administrator writes them, and as the driver wants them. All
 * that comes from a command line, a file or an INF passes property_set(): nothing but printable
 * ASCII gets through, so that no text can leave its line, and no name its folder.
 */

#include <stdlib.h>
#include <string.h>

#include "binding.h"

static const struct {
	unsigned int type;
	const char *word;		/* before the colon of a value */
	const char *driver_word;	/* in the driver's line */
} types[] = {
	{ TYPE_SZ, "sz", "REG_SZ" },
	{ TYPE_BINARY, "hex", "REG_BINARY" },
	{ TYPE_DWORD, "dword", "REG_DWORD" },
	{ TYPE_MULTI, "multi", "REG_MULTI_SZ" },
};

#define TYPES (sizeof(types) / sizeof(types[0]))

void binding_free(struct binding *binding)
{
	for (size_t i = 0; i < binding->count; i++)
		free(binding->properties[i].value);
	free(binding->properties);
	memset(binding, 0, sizeof(*binding));
}

void usb_id_spell(const struct usb_id *id, char text[24])
{
	int length = snprintf(text, 24, "%04x:%04x", id->vid & 0xffff, id->pid & 0xffff);

	if (id->interface >= 0)
		snprintf(text + length, 24 - length, ":%u", (unsigned int)id->interface & 0xff);
}

bool usb_id_same(const struct usb_id *one, const struct usb_id *other)
{
	return one->vid == other->vid && one->pid == other->pid &&
	       one->interface == other->interface;
}

const char *property_type_word(unsigned int type)
{
	for (size_t i = 0; i < TYPES; i++)
		if (types[i].type == type)
			return types[i].driver_word;
	return "REG_NONE";
}

bool property_is_power(const char *name)
{
	static const char *const names[] = {
		"DeviceIdleEnabled", "DeviceIdleIgnoreWakeEnable", "UserSetDeviceIdleEnabled",
		"DefaultIdleState", "DefaultIdleTimeout", "SystemWakeEnabled",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcasecmp(names[i], name))
			return true;
	return false;
}

bool property_is_nearly_power(const char *name)
{
	static const char *const words[] = {
		"DeviceIdle", "DefaultIdle", "SystemWake", "UserSetDeviceIdle",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncasecmp(words[i], name, strlen(words[i])))
			return !property_is_power(name);
	return false;
}

const char *property_name_check(const char *name)
{
	size_t length = strlen(name);

	if (!length || length > NAME_MAX_LENGTH)
		return "a name has 1 to 64 characters";
	if (*name == '.')
		return "a name does not begin with a dot";
	if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") != length)
		return "a name is made of letters, digits, '_', '.' and '-'";
	return NULL;
}

bool guid_parse(const char *text, char guid[GUID_TEXT])
{
	uint8_t bytes[16];

	if (winusb_guid_parse(text, bytes))
		return false;
	winusb_guid_format(bytes, guid);
	return true;
}

/* Words separated by single blanks. */
static char *words_normalise(const char *text)
{
	char *to = xcalloc(strlen(text) + 1, 1);
	size_t length = 0;

	for (; *text; text++) {
		if (*text != ' ')
			to[length++] = *text;
		else if (length && text[1] && text[1] != ' ')
			to[length++] = ' ';
	}
	return to;
}

static const char *value_normalise(unsigned int type, const char *text, char **value)
{
	unsigned long number;
	size_t length = 0;
	uint8_t *data = NULL;

	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return "a value is printable ASCII text";

	switch (type) {
	case TYPE_SZ:
		if (*text == ' ' || (*text && text[strlen(text) - 1] == ' '))
			return "a text does not begin or end with a blank";
		*value = xcalloc(strlen(text) + 1, 1);
		memcpy(*value, text, strlen(text));
		break;
	case TYPE_MULTI:
		*value = words_normalise(text);
		break;
	case TYPE_DWORD:
		if (!number_parse(text, UINT32_MAX, &number))
			return "a dword is a number from 0 to 4294967295, 0x.. in hexadecimal";
		*value = xcalloc(16, 1);
		snprintf(*value, 16, "%lu", number);
		break;
	case TYPE_BINARY:
		if (!hex_parse(text, &data, &length)) {
			free(data);
			return "hex data is pairs of hex digits";
		}
		*value = hex_text(data, length);
		free(data);
		break;
	default:
		return "values of this type can't be set";
	}
	return NULL;
}

/* The names that mean interface GUIDs are checked here, and spelled in one way. */
static const char *guids_normalise(const char *name, unsigned int type, char *value)
{
	bool many = !strcasecmp(name, "DeviceInterfaceGUIDs");
	char guid[GUID_TEXT], word[GUID_TEXT];
	unsigned int count = 0;
	char *to = value;

	if (!many && strcasecmp(name, "DeviceInterfaceGUID"))
		return NULL;
	if (!*value)
		return "a GUID is {8-4-4-4-12} hex digits";
	if (type != (many ? TYPE_MULTI : TYPE_SZ))
		return many ? "DeviceInterfaceGUIDs is a multi value" :
			      "DeviceInterfaceGUID is a text";

	for (const char *text = value; *text; text += strspn(text, " ")) {
		size_t length = strcspn(text, " ");

		if (length != (GUID_TEXT - 1) || *text != '{')
			return "a GUID is {8-4-4-4-12} hex digits";
		memcpy(word, text, length);
		word[length] = 0;
		if (!guid_parse(word, guid))
			return "a GUID is {8-4-4-4-12} hex digits";
		if (++count > GUIDS_MAX)
			return "a function has at most 8 interface GUIDs";
		text += length;
		if (to != value)
			*to++ = ' ';
		memcpy(to, guid, (GUID_TEXT - 1));
		to += (GUID_TEXT - 1);
	}
	*to = 0;
	return NULL;
}

const struct property *property_find(const struct binding *binding, const char *name)
{
	for (size_t i = 0; i < binding->count; i++)
		if (!strcasecmp(binding->properties[i].name, name))
			return &binding->properties[i];
	return NULL;
}

const char *property_set(struct binding *binding, const char *name, unsigned int type,
			 const char *value)
{
	struct property *property;
	const char *wrong;
	char *text = NULL;

	wrong = property_name_check(name);
	if (wrong)
		return wrong;
	wrong = value_normalise(type, value, &text);
	if (wrong)
		return wrong;
	wrong = guids_normalise(name, type, text);
	/* "VID PID NN TYPE NAME VALUE" and the end of the line. */
	if (!wrong && strlen("0000 0000 00   \n") + strlen(property_type_word(type)) +
		      strlen(name) + strlen(text) > LINE_MAX_LENGTH)
		wrong = "name and value are too long; the driver takes lines of 512 bytes";
	property = (struct property *)property_find(binding, name);
	if (!wrong && !property && binding->count == PROPERTIES_MAX)
		wrong = "an id has at most 64 properties";
	if (wrong) {
		free(text);
		return wrong;
	}

	if (!property) {
		binding->properties = xrealloc(binding->properties,
					       (binding->count + 1) * sizeof(*property));
		property = &binding->properties[binding->count++];
		property->value = NULL;
	}
	free(property->value);
	property->value = text;
	property->type = type;
	snprintf(property->name, sizeof(property->name), "%s", name);
	return NULL;
}

const char *property_parse(struct binding *binding, const char *text)
{
	const char *value = strchr(text, '=');
	char name[NAME_MAX_LENGTH + 2];
	unsigned long number;
	unsigned int type;

	if (!value)
		return "a property is NAME=VALUE";
	snprintf(name, sizeof(name), "%.*s", (int)(value - text), text);
	value++;

	for (size_t i = 0; i < TYPES; i++) {
		size_t length = strlen(types[i].word);

		if (!strncmp(value, types[i].word, length) && value[length] == ':')
			return property_set(binding, name, types[i].type, value + length + 1);
	}
	/* "sz:" says it if it is meant. */
	if (!*value)
		return "a property is NAME=VALUE";
	type = number_parse(value, UINT32_MAX, &number) ? TYPE_DWORD : TYPE_SZ;
	return property_set(binding, name, type, value);
}

const char *property_merge(struct binding *to, const struct binding *from)
{
	const char *wrong = NULL;

	for (size_t i = 0; i < from->count && !wrong; i++)
		wrong = property_set(to, from->properties[i].name, from->properties[i].type,
				     from->properties[i].value);
	return wrong;
}

char *property_spell(const struct property *property)
{
	const char *word = "sz";
	char *text;

	for (size_t i = 0; i < TYPES; i++)
		if (types[i].type == property->type)
			word = types[i].word;
	text = xcalloc(strlen(word) + strlen(property->value) + 2, 1);
	sprintf(text, "%s:%s", word, property->value);
	return text;
}

const char *property_add_guid(struct binding *binding, const char *text)
{
	const struct property *property = property_find(binding, "DeviceInterfaceGUIDs");
	char guid[GUID_TEXT];
	const char *wrong;
	char *value;

	if (!guid_parse(text, guid))
		return "a GUID is {8-4-4-4-12} hex digits";
	if (property && strstr(property->value, guid))
		return NULL;
	value = xcalloc((property ? strlen(property->value) + 1 : 0) + sizeof(guid), 1);
	sprintf(value, "%s%s%s", property ? property->value : "", property ? " " : "", guid);
	wrong = property_set(binding, "DeviceInterfaceGUIDs", TYPE_MULTI, value);
	free(value);
	return wrong;
}

/* NAME: {"type", "value"}, values as in `info`. */
json_t *properties_json(const struct binding *binding)
{
	json_t *object = json_object();

	for (size_t i = 0; i < binding->count; i++) {
		const struct property *property = &binding->properties[i];
		json_t *value;

		if (property->type == TYPE_DWORD) {
			value = json_integer(strtoul(property->value, NULL, 10));
		} else if (property->type == TYPE_MULTI) {
			value = json_array();
			for (const char *text = property->value; *text; text += strspn(text, " ")) {
				size_t length = strcspn(text, " ");

				json_array_append_new(value, json_stringn(text, length));
				text += length;
			}
		} else {
			value = json_string(property->value);
		}
		json_object_set_new(object, property->name,
				    json_pack("{s:s, s:o}", "type",
					      property_type_word(property->type), "value", value));
	}
	return object;
}
