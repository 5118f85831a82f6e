// SPDX-License-Identifier: MIT
/*
 * What an INF asks for. A WinUSB installation is a few entries in well-known places; they become
 * bindings. Everything else is Windows' own: what does not change how the device works is a note,
 * what does is an error, because a device that is installed by half is worse than one that isn't.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "inf.h"

/* An install section, with all its parts and decorations, read once. */
struct install {
	char *name;
	bool winusb;
	struct binding properties;
};

/* An id with a revision, judged when all ids are known. */
struct revision {
	struct usb_id id;
	unsigned int line;
};

struct reader {
	struct inf *inf;
	const char *name;
	struct install *installs;
	size_t install_count;
	struct revision *revisions;
	size_t revision_count;
};

bool inf_name_parse(const char *path, char name[INF_NAME_SIZE])
{
	size_t length;

	for (const char *c = path; *c; c++)
		if (*c == '/' || *c == '\\')
			path = c + 1;
	length = strlen(path);
	if (length < 5 || length >= INF_NAME_SIZE || strcasecmp(path + length - 4, ".inf") ||
	    !isalnum((unsigned char)*path))
		return false;
	for (size_t i = 0; i <= length; i++) {
		if (path[i] && !isalnum((unsigned char)path[i]) && !strchr("_.-+() ", path[i]))
			return false;
		name[i] = tolower((unsigned char)path[i]);
	}
	return true;
}

/* False when it is time to stop: too much was read, or too much is wrong. */
bool inf_go_on(struct inf *inf, const struct inf_line *line)
{
	if (++inf->work == INF_WORK_MAX)
		inf_error(inf, line->number, "this file is too much work: sections that use each "
			"other again and again");
	return inf->work < INF_WORK_MAX && inf->error_count < 100 &&
	       inf->message_count < INF_MESSAGES_MAX;
}

/* Entries of install sections */

static void registry_sections(struct inf *inf, struct binding *to, enum inf_part part,
			      const struct inf_line *line)
{
	char name[INF_TEXT_MAX];

	for (size_t i = 0; i < line->count && inf_go_on(inf, line); i++) {
		struct inf_section *section;

		if (!inf_field(inf, line, i, name))
			return;
		section = inf_section(inf, name);
		if (!section) {
			inf_error(inf, line->number, "there is no section [%s]", name);
			return;
		}
		for (size_t j = 0; j < section->count && inf_go_on(inf, &section->lines[j]); j++)
			inf_registry_line(inf, to, part, &section->lines[j]);
	}
}

static bool text_ends(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && inf_text_is(text + strlen(text) - strlen(end), end);
}

/* Drivers are what is between a program and the device; other files only stand beside. */
static void file_judge(struct inf *inf, const struct inf_line *line, const char *name)
{
	if (text_ends(name, ".sys") && !inf_text_is(name, "winusb.sys") && !inf_text_begins(name, "wdf"))
		inf_error(inf, line->number,
			  "the file %s is a Windows driver; it can't run here", name);
}

static void files_judge(struct inf *inf, const struct inf_line *line)
{
	char name[INF_TEXT_MAX];

	inf_note(inf, line->number, "CopyFiles: no files are copied; they are for Windows");
	for (size_t i = 0; i < line->count && inf_go_on(inf, line); i++) {
		struct inf_section *section;

		if (!inf_field(inf, line, i, name))
			return;
		if (*name == '@') {
			file_judge(inf, line, name + 1);
			continue;
		}
		section = inf_section(inf, name);
		for (size_t j = 0; section && j < section->count && inf_go_on(inf, &section->lines[j]); j++)
			if (inf_field(inf, &section->lines[j], 0, name))
				file_judge(inf, &section->lines[j], name);
	}
}

static void needs_judge(struct inf *inf, struct install *install, const struct inf_line *line)
{
	char name[INF_TEXT_MAX];

	for (size_t i = 0; i < line->count; i++) {
		if (!inf_field(inf, line, i, name))
			return;
		if (inf_text_is(name, "WINUSB.NT") || inf_text_is(name, "WINUSB.NT.Services"))
			install->winusb = true;
		else if (!inf_text_begins(name, "WINUSB.NT."))
			inf_error(inf, line->number,
				  "Needs=%s: only WINUSB.NT of winusb.inf is known here", name);
	}
}

static void service_judge(struct inf *inf, struct install *install, const struct inf_line *line)
{
	char name[INF_TEXT_MAX];

	if (!inf_field(inf, line, 0, name))
		return;
	if (inf_text_is(name, "WinUSB"))
		install->winusb = true;
	else if (inf_text_is(name, "WUDFRd"))
		inf_error(inf, line->number,
			  "AddService=%s: a user-mode driver (UMDF) of Windows; it can't "
			  "run here", name);
	else
		inf_error(inf, line->number,
			  "AddService=%s: a Windows driver; it can't run here", name);
}

static void framework_judge(struct inf *inf, struct install *install, const struct inf_line *line,
			    const char *key)
{
	char name[INF_TEXT_MAX];

	if (!inf_field(inf, line, 0, name))
		return;
	if (inf_text_begins(key, "Umdf"))
		inf_error(inf, line->number,
			  "%s: a user-mode driver (UMDF) of Windows; it can't run here", key);
	else if (inf_text_is(key, "KmdfService") && inf_text_is(name, "WINUSB"))
		install->winusb = true;
	else if (inf_text_is(key, "KmdfService"))
		inf_error(inf, line->number,
			  "KmdfService=%s: a Windows driver; it can't run here", name);
	else
		inf_note(inf, line->number, "%s is left out: it is for Windows", key);
}

static void install_line(struct inf *inf, struct install *install, enum inf_part part,
			 const struct inf_line *line)
{
	char key[INF_TEXT_MAX];

	if (!line->has_key) {
		inf_error(inf, line->number, "an entry of an install section is NAME=VALUE");
		return;
	}
	if (!inf_text(inf, line, &line->key, key))
		return;

	if (inf_text_is(key, "Include"))
		return;			/* Needs says what of it is wanted. */
	if (inf_text_is(key, "Needs"))
		needs_judge(inf, install, line);
	else if (inf_text_is(key, "AddReg"))
		registry_sections(inf, &install->properties, part, line);
	else if (inf_text_is(key, "CopyFiles"))
		files_judge(inf, line);
	else if (part == PART_SERVICES && inf_text_is(key, "AddService"))
		service_judge(inf, install, line);
	else if (part == PART_WDF)
		framework_judge(inf, install, line, key);
	else if (part == PART_FILTERS)
		inf_error(inf, line->number,
			  "%s: filter drivers are Windows drivers; they can't run here", key);
	else
		inf_note(inf, line->number, "%s is left out: it is for Windows", key);
}

/* Which part of the install section NAME the section is; false if it is none of it. */
static bool part_of(const char *section, const char *name, enum inf_part *part)
{
	static const struct {
		const char *name;
		enum inf_part part;
	} parts[] = {
		{ "", PART_INSTALL }, { ".HW", PART_HW }, { ".Services", PART_SERVICES },
		{ ".CoInstallers", PART_COINSTALLERS }, { ".Wdf", PART_WDF },
		{ ".Filters", PART_FILTERS }, { ".Interfaces", PART_OTHER },
		{ ".Components", PART_OTHER }, { ".Software", PART_OTHER }, { ".Events", PART_OTHER },
		{ ".WMI", PART_OTHER }, { ".LogConfigOverride", PART_OTHER }, { ".FactDef", PART_OTHER },
	};
	const char *rest = section + strlen(name);

	if (!inf_text_begins(section, name) || (*rest && *rest != '.'))
		return false;
	if (inf_text_begins(rest, ".NT"))
		rest += 1 + strcspn(rest + 1, ".");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		*part = parts[i].part;
		if (inf_text_is(rest, parts[i].name))
			return true;
	}
	return false;
}

static struct install *install_read(struct reader *reader, const char *name,
				    const struct inf_line *line)
{
	struct inf *inf = reader->inf;
	struct install *install;
	bool found = false;

	for (size_t i = 0; i < reader->install_count; i++)
		if (inf_text_is(reader->installs[i].name, name))
			return &reader->installs[i];

	reader->installs = xrealloc(reader->installs,
				    (reader->install_count + 1) * sizeof(*reader->installs));
	install = &reader->installs[reader->install_count++];
	memset(install, 0, sizeof(*install));
	install->name = strcpy(xcalloc(strlen(name) + 1, 1), name);

	for (size_t i = 0; i < inf->count; i++) {
		struct inf_section *section = &inf->sections[i];
		enum inf_part part;

		if (!*name || !part_of(section->name, name, &part))
			continue;
		found |= part == PART_INSTALL;
		if (part == PART_OTHER) {
			inf_note(inf, section->number,
				 "[%s] is left out: it is for Windows", section->name);
			continue;
		}
		for (size_t j = 0; j < section->count && inf_go_on(inf, &section->lines[j]); j++)
			install_line(inf, install, part, &section->lines[j]);
	}
	if (!found)
		inf_error(inf, line->number, "there is no section [%s]", name);
	else if (!install->winusb)
		inf_error(inf, line->number,
			  "[%s] does not install WinUSB: neither Needs=WINUSB.NT nor "
			  "AddService=WinUSB", name);
	return install;
}

/* Models */

static bool hex_take(const char **text, const char *word, unsigned int digits, unsigned int *value)
{
	const char *start = *text;

	if (!inf_text_begins(start, word))
		return false;
	start += strlen(word);
	*value = 0;
	for (unsigned int i = 0; i < digits; i++, start++) {
		if (!isxdigit((unsigned char)*start))
			return false;
		*value = *value << 4 | (isdigit((unsigned char)*start) ? *start - '0' :
					tolower((unsigned char)*start) - 'a' + 10);
	}
	*text = start;
	return true;
}

/* NULL, or why this is no id that can be bound. */
static const char *hardware_id_parse(const char *text, struct usb_id *id, bool *revision)
{
	unsigned int value;

	*revision = false;
	id->interface = -1;
	if (inf_text_begins(text, "USB\\MS_COMP_"))
		return "means every device whose firmware says so: see winusbctl autobind";
	if (inf_text_begins(text, "USB\\Class_") || inf_text_begins(text, "USB\\DevClass_"))
		return "means every device of a class; only ids can be bound";
	if (!inf_text_begins(text, "USB\\"))
		return "is no id of a USB device";
	text += 4;
	if (!hex_take(&text, "VID_", 4, &id->vid) || !hex_take(&text, "&PID_", 4, &id->pid))
		return "is not USB\\VID_xxxx&PID_xxxx";
	*revision = hex_take(&text, "&REV_", 4, &value);
	if (hex_take(&text, "&MI_", 2, &value))
		id->interface = value;
	return *text ? "is not USB\\VID_xxxx&PID_xxxx[&REV_xxxx][&MI_xx]" : NULL;
}

static struct binding *binding_find(struct bindings *bindings, const struct usb_id *id)
{
	for (size_t i = 0; i < bindings->count; i++)
		if (usb_id_same(&bindings->list[i].id, id))
			return &bindings->list[i];
	return NULL;
}

static void binding_add(struct reader *reader, const struct usb_id *id,
			const struct install *install, const struct inf_line *line)
{
	struct bindings *bindings = &reader->inf->bindings;
	struct binding *binding = binding_find(bindings, id);
	const char *wrong;

	if (!binding) {
		if (bindings->count == INF_BINDINGS_MAX) {
			inf_error(reader->inf, line->number, "more than %d ids", INF_BINDINGS_MAX);
			return;
		}
		bindings->list = xrealloc(bindings->list, (bindings->count + 1) * sizeof(*bindings->list));
		binding = &bindings->list[bindings->count++];
		memset(binding, 0, sizeof(*binding));
		binding->id = *id;
		snprintf(binding->inf, sizeof(binding->inf), "%s", reader->name);
	}
	/* Models for several kinds of processors say the same; if not, the later ones hold. */
	for (size_t i = 0; i < install->properties.count; i++) {
		const struct property *new = &install->properties.properties[i];
		const struct property *old = property_find(binding, new->name);

		if (old && (old->type != new->type || strcmp(old->value, new->value)))
			inf_note(reader->inf, line->number,
				 "%s differs from what an earlier section says; this "
				 "one holds", new->name);
	}
	wrong = property_merge(binding, &install->properties);
	if (wrong)
		inf_error(reader->inf, line->number, "%s", wrong);
}

static void model_line(struct reader *reader, const struct inf_line *line)
{
	char name[INF_TEXT_MAX], text[INF_TEXT_MAX];
	struct inf *inf = reader->inf;
	struct install *install;

	if (!line->has_key || line->count < 2) {
		inf_error(inf, line->number, "a model is NAME = SECTION, HARDWARE ID");
		return;
	}
	if (!inf_field(inf, line, 0, name))
		return;
	install = install_read(reader, name, line);

	for (size_t i = 1; i < line->count && inf_go_on(inf, line); i++) {
		struct usb_id id;
		const char *wrong;
		bool revision;

		if (!inf_field(inf, line, i, text))
			return;
		wrong = hardware_id_parse(text, &id, &revision);
		if (wrong) {
			inf_error(inf, line->number, "'%s' %s", text, wrong);
		} else if (revision) {
			reader->revisions = xrealloc(reader->revisions, (reader->revision_count + 1) *
						     sizeof(*reader->revisions));
			reader->revisions[reader->revision_count++] = (struct revision) { id, line->number };
		} else {
			binding_add(reader, &id, install, line);
		}
	}
}

static void models_read(struct reader *reader, const char *name, bool *found)
{
	struct inf_section *section = inf_section(reader->inf, name);

	if (!section)
		return;
	*found = true;
	if (section->done)
		return;
	section->done = true;
	for (size_t i = 0; i < section->count && inf_go_on(reader->inf, &section->lines[i]); i++)
		model_line(reader, &section->lines[i]);
}

/* %Name% = Models, NTx86, NTamd64, ...: the models of all that are there. */
static void manufacturer_line(struct reader *reader, const struct inf_line *line)
{
	char name[INF_TEXT_MAX], text[INF_TEXT_MAX], *models = NULL;
	struct inf *inf = reader->inf;
	bool found = false;

	if (!inf_field(inf, line, 0, name))
		return;
	models_read(reader, name, &found);
	for (size_t i = 1; i < line->count && inf_go_on(inf, line); i++) {
		if (!inf_field(inf, line, i, text))
			return;
		if (asprintf(&models, "%s.%s", name, text) < 0)
			return;
		models_read(reader, models, &found);
		free(models);
	}
	if (!found)
		inf_error(inf, line->number, "there is no section [%s] of models", name);
}

/* A device of another revision is not what the INF is for, and ids here have no revision. */
static void revisions_judge(struct reader *reader)
{
	for (size_t i = 0; i < reader->revision_count; i++) {
		const struct revision *revision = &reader->revisions[i];

		if (binding_find(&reader->inf->bindings, &revision->id))
			inf_note(reader->inf, revision->line,
				 "an id with &REV_ is left out: the same id without it "
				 "is there, and covers it");
		else
			inf_error(reader->inf, revision->line,
				  "&REV_: revisions are not told apart here, and all "
				  "would be bound; name the device by 'winusbctl bind' if that is right");
	}
}

static void version_check(struct inf *inf)
{
	const struct inf_section *section = inf_section(inf, "Version");
	char text[INF_TEXT_MAX];

	for (size_t i = 0; section && i < section->count; i++) {
		const struct inf_line *line = &section->lines[i];

		if (!line->has_key || !inf_text_is(line->key.text, "Signature"))
			continue;
		if (!inf_field(inf, line, 0, text))
			return;
		if (!inf_text_is(text, "$Windows NT$") && !inf_text_is(text, "$Chicago$"))
			inf_error(inf, line->number,
				  "the signature '%s' is not that of an INF file", text);
		return;
	}
	inf_error(inf, section ? section->number : 0,
		  "this is no INF file: no [Version] with a Signature");
}

/* Sections that stand alone and do something on Windows. */
static void other_sections_judge(struct inf *inf)
{
	struct install class = { 0 };

	for (size_t i = 0; i < inf->count; i++) {
		struct inf_section *section = &inf->sections[i];

		if (inf_text_begins(section->name, "ClassInstall32")) {
			inf_note(inf, section->number,
				 "[%s] is left out: device classes are Windows'",
				 section->name);
			for (size_t j = 0; j < section->count && inf_go_on(inf, &section->lines[j]); j++)
				if (section->lines[j].has_key && inf_text_is(section->lines[j].key.text, "AddReg"))
					registry_sections(inf, &class.properties, PART_CLASS, &section->lines[j]);
		} else if (inf_text_begins(section->name, "DefaultInstall") ||
			   inf_text_begins(section->name, "DefaultUninstall") ||
			   inf_text_begins(section->name, "InterfaceInstall32")) {
			inf_note(inf, section->number,
				 "[%s] is left out: it is for Windows", section->name);
		}
	}
	binding_free(&class.properties);
}

static int message_compare(const void *a, const void *b)
{
	const struct inf_message *one = a, *other = b;

	return one->line < other->line ? -1 : one->line > other->line;
}

static void content_read(struct reader *reader)
{
	struct inf_section *section;
	struct inf *inf = reader->inf;

	version_check(inf);
	if (inf->error_count)
		return;
	other_sections_judge(inf);
	section = inf_section(inf, "Manufacturer");
	if (!section) {
		inf_error(inf, 0, "there is no section [Manufacturer], so no device");
		return;
	}
	for (size_t i = 0; i < section->count && inf_go_on(inf, &section->lines[i]); i++)
		manufacturer_line(reader, &section->lines[i]);
	revisions_judge(reader);

	for (size_t i = 0; i < inf->bindings.count && !inf->error_count; i++) {
		const struct binding *binding = &inf->bindings.list[i];
		char id[24];

		usb_id_spell(&binding->id, id);
		if (!property_find(binding, "DeviceInterfaceGUIDs") &&
		    !property_find(binding, "DeviceInterfaceGUID"))
			inf_note(inf, 0,
				 "%s gets no DeviceInterfaceGUIDs; programs find it by its id only", id);
	}
	if (!inf->bindings.count && !inf->error_count)
		inf_error(inf, section->number, "no device is named");
}

void inf_parse(struct inf *inf, const char *name, const uint8_t *data, size_t size)
{
	struct reader reader = { .inf = inf, .name = name };
	char *text;

	memset(inf, 0, sizeof(*inf));
	text = inf_decode(inf, data, size);
	if (text && inf_cut(inf, text))
		content_read(&reader);
	free(text);

	for (size_t i = 0; i < reader.install_count; i++) {
		binding_free(&reader.installs[i].properties);
		free(reader.installs[i].name);
	}
	free(reader.installs);
	free(reader.revisions);
	if (inf->message_count)
		qsort(inf->messages, inf->message_count, sizeof(*inf->messages), message_compare);
}
