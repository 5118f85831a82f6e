// SPDX-License-Identifier: MIT
/* Registry entries of an INF: which become properties, which are Windows' own. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "inf.h"

#define FLAG_BINARY	0x00000001
#define FLAG_NOCLOBBER	0x00000002
#define FLAG_DELETE	0x00000004
#define FLAG_APPEND	0x00000008
#define FLAG_KEY_ONLY	0x00000010
#define FLAG_OVERWRITE	0x00000020
#define FLAG_DELREG	0x00008000
#define FLAG_TYPE	0xffff0001
#define FLAG_MULTI_SZ	0x00010000
#define FLAG_DWORD	0x00010001
#define FLAG_EXPAND_SZ	0x00020000

/* Bytes in hex, a field each. */
static bool bytes_text(struct inf *inf, const struct inf_line *line, char out[INF_TEXT_MAX])
{
	char text[INF_TEXT_MAX];
	size_t length = 0;

	*out = 0;
	for (size_t i = 4; i < line->count; i++) {
		unsigned long byte;
		char *end;

		if (!inf_field(inf, line, i, text))
			return false;
		byte = strtoul(text, &end, 16);
		if (!isxdigit((unsigned char)*text) || *end || byte > 0xff || length + 3 > INF_TEXT_MAX) {
			inf_error(inf, line->number,
				  "binary data is bytes in hex, with commas between");
			return false;
		}
		length += snprintf(out + length, 3, "%02lx", byte);
	}
	return true;
}

/* Strings of a REG_MULTI_SZ. The driver's line separates them by blanks. */
static bool strings_text(struct inf *inf, const struct inf_line *line, const char *old,
			 char out[INF_TEXT_MAX])
{
	char text[INF_TEXT_MAX];
	size_t length;

	length = snprintf(out, INF_TEXT_MAX, "%s", old);
	for (size_t i = 4; i < line->count; i++) {
		if (!inf_field(inf, line, i, text))
			return false;
		if (strchr(text, ' ')) {
			inf_error(inf, line->number,
				  "a string with a blank in a REG_MULTI_SZ can't be kept "
				  "here: '%s'", text);
			return false;
		}
		length += snprintf(out + length, INF_TEXT_MAX - length, "%s%s", length ? " " : "", text);
		if (length >= INF_TEXT_MAX) {
			inf_error(inf, line->number, "the strings are too long");
			return false;
		}
	}
	return true;
}

/* A number, or as INFs may have it, its four bytes. */
static bool dword_text(struct inf *inf, const struct inf_line *line, char out[INF_TEXT_MAX])
{
	char bytes[INF_TEXT_MAX];

	if (line->count != 8)
		return inf_field(inf, line, 4, out);
	if (!bytes_text(inf, line, bytes))
		return false;
	snprintf(out, INF_TEXT_MAX, "0x%.2s%.2s%.2s%.2s", bytes + 6, bytes + 4, bytes + 2, bytes);
	return true;
}

static void value_set(struct inf *inf, struct binding *to, const struct inf_line *line,
		      const char *name, unsigned long flags)
{
	const struct property *old = property_find(to, name);
	char text[INF_TEXT_MAX];
	unsigned int type;
	const char *wrong;
	bool good;

	if ((flags & FLAG_NOCLOBBER) && old)
		return;
	switch (flags & FLAG_TYPE) {
	case 0:
		type = TYPE_SZ;
		good = inf_field(inf, line, 4, text);
		if (good && line->count > 5) {
			inf_error(inf, line->number, "%s: a REG_SZ is one text", name);
			return;
		}
		break;
	case FLAG_BINARY:
		type = TYPE_BINARY;
		good = bytes_text(inf, line, text);
		break;
	case FLAG_DWORD:
		type = TYPE_DWORD;
		good = dword_text(inf, line, text);
		break;
	case FLAG_MULTI_SZ:
		type = TYPE_MULTI;
		good = strings_text(inf, line, (flags & FLAG_APPEND) && old && old->type == TYPE_MULTI ?
				    old->value : "", text);
		break;
	default:
		inf_error(inf, line->number,
			  "%s: values of type 0x%08lx can't be set here (REG_SZ, "
			  "REG_MULTI_SZ, REG_DWORD and REG_BINARY can)", name, flags & FLAG_TYPE);
		return;
	}
	if (!good)
		return;

	/* Common mistakes, which Windows' users got away with. */
	if (inf_text_is(name, "DeviceInterfaceGUIDs") && type == TYPE_SZ) {
		inf_note(inf, line->number, "%s is a REG_MULTI_SZ; taken as one", name);
		type = TYPE_MULTI;
	}
	if (inf_text_is(name, "DeviceInterfaceGUID") && type == TYPE_MULTI) {
		inf_note(inf, line->number, "%s is a REG_SZ; taken as DeviceInterfaceGUIDs", name);
		name = "DeviceInterfaceGUIDs";
	}
	wrong = property_set(to, name, type, text);
	if (wrong)
		inf_error(inf, line->number, "%s: %s", name, wrong);
}

static void coinstallers_judge(struct inf *inf, const struct inf_line *line)
{
	char text[INF_TEXT_MAX];

	for (size_t i = 4; i < line->count; i++) {
		if (!inf_field(inf, line, i, text))
			return;
		if (inf_text_begins(text, "WdfCoInstaller") || inf_text_begins(text, "WinUSBCoInstaller") ||
		    inf_text_begins(text, "WUDFUpdate"))
			inf_note(inf, line->number,
				 "the co-installer '%s' only brings WinUSB to old "
				 "Windows; not needed", text);
		else
			inf_error(inf, line->number,
				  "the co-installer '%s' is a Windows program; it can't "
				  "run here", text);
	}
}

static bool filters_judge(struct inf *inf, const struct inf_line *line, const char *name)
{
	if (!inf_text_is(name, "UpperFilters") && !inf_text_is(name, "LowerFilters"))
		return false;
	inf_error(inf, line->number,
		  "%s: filter drivers are Windows drivers; they can't run here", name);
	return true;
}

/* A value that is for Windows itself. True if it was one, and was judged. */
static bool value_is_windows(struct inf *inf, const struct inf_line *line, const char *name)
{
	static const struct {
		const char *name, *why;
	} notes[] = {
		{ "Security", "who may open the node is said by udev rules here" },
		{ "Exclusive", "a node that is open read-write is exclusive anyway" },
		{ "DeviceType", "means something to Windows only" },
		{ "DeviceCharacteristics", "means something to Windows only" },
		{ "EnumPropPages32", "pages of Windows' Device Manager" },
		{ "DevLoader", "means something to Windows only" },
		{ "NTMPDriver", "means something to Windows only" },
		{ "Icons", "means something to Windows only" },
	};

	if (filters_judge(inf, line, name))
		return true;
	if (inf_text_is(name, "CoInstallers32")) {
		coinstallers_judge(inf, line);
		return true;
	}
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		if (!inf_text_is(name, notes[i].name))
			continue;
		inf_note(inf, line->number, "%s is left out: %s", name, notes[i].why);
		return true;
	}
	return false;
}

/* A value of the hardware key: what a function's properties are. */
static void hardware_value(struct inf *inf, struct binding *to, const struct inf_line *line,
			   const char *name)
{
	char text[INF_TEXT_MAX];
	unsigned long flags = 0;

	if (!inf_field(inf, line, 1, text))
		return;
	if (*text) {
		inf_error(inf, line->number,
			  "HKR,%s: keys below the device's own can't be kept here", text);
		return;
	}
	if (!inf_field(inf, line, 3, text))
		return;
	if (*text && !number_parse(text, UINT32_MAX, &flags)) {
		inf_error(inf, line->number, "%s: the flags '%s' are no number", name, text);
		return;
	}
	if (flags & (FLAG_DELETE | FLAG_KEY_ONLY | FLAG_OVERWRITE | FLAG_DELREG)) {
		inf_note(inf, line->number,
			 "%s is left out: it changes a value that is not there", name);
		return;
	}
	value_set(inf, to, line, name, flags);
}

void inf_registry_line(struct inf *inf, struct binding *to, enum inf_part part,
			  const struct inf_line *line)
{
	char root[INF_TEXT_MAX], name[INF_TEXT_MAX], key[INF_TEXT_MAX];

	if (!inf_field(inf, line, 0, root) || !inf_field(inf, line, 1, key) ||
	    !inf_field(inf, line, 2, name))
		return;
	if (line->has_key ||
	    (!inf_text_is(root, "HKR") && !inf_text_is(root, "HKLM") &&
	     !inf_text_is(root, "HKCU") && !inf_text_is(root, "HKCR") &&
	     !inf_text_is(root, "HKU"))) {
		inf_error(inf, line->number,
			  "this is no registry entry: HKR,[subkey],[name],[flags],[value]");
	} else if (!inf_text_is(root, "HKR")) {
		/* There the system's and other drivers' settings are; elsewhere programs'. */
		bool system = inf_text_begins(key, "SYSTEM\\");

		inf_say(inf, line->number, system, "%s,%s: there is no registry here%s", root, key,
			system ? ", and this changes how Windows treats devices" : "; left out");
	} else if (part == PART_CLASS) {
		if (inf_text_is(name, "Installer32"))
			inf_error(inf, line->number,
				  "a class installer is a Windows program; it can't run here");
		else
			filters_judge(inf, line, name);
	} else if (value_is_windows(inf, line, name)) {
		return;
	} else if (part != PART_HW) {
		inf_note(inf, line->number,
			 "%s is left out: HKR is the hardware key in a section that the "
			 ".HW section names only", *name ? name : "this value");
	} else if (!*name) {
		inf_note(inf, line->number, "a value without a name is left out");
	} else {
		hardware_value(inf, to, line, name);
	}
}
