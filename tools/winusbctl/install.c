// SPDX-License-Identifier: MIT
/* winusbctl install and remove: what an INF file does on Windows. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inf.h"

struct install_options {
	const char *file;
	bool dry_run;
};

static const struct argp_option install_argp_options[] = {
	{ .name = "dry-run", .key = 'n', .doc = "Only show what would be done" },
	{ 0 }
};

static error_t install_parse(int key, char *arg, struct argp_state *state)
{
	struct install_options *options = state->input;

	switch (key) {
	case 'n':
		options->dry_run = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->file)
			argp_error(state, "too many arguments");
		options->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->file)
			argp_error(state, "too few arguments");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* One byte more than an INF may have is enough to refuse it. */
static int file_read(const char *path, uint8_t **data, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 1;
	int code = CTL_OK;

	*size = 0;
	*data = xcalloc(INF_BYTES_MAX + 1, 1);
	while (fd >= 0 && got > 0 && *size <= INF_BYTES_MAX) {
		got = read(fd, *data + *size, INF_BYTES_MAX + 1 - *size);
		if (got > 0)
			*size += got;
	}
	if (fd < 0 || got < 0) {
		code = error_say(errno, "%s", path);
		/* A file that is missing is no missing device. */
		if (code == CTL_ABSENT)
			code = CTL_FAILED;
	}
	if (fd >= 0)
		close(fd);
	return code;
}

static void messages_say(const struct inf *inf, const char *file)
{
	fflush(stdout);
	for (size_t i = 0; i < inf->message_count; i++) {
		const struct inf_message *message = &inf->messages[i];

		fprintf(stderr, "%s:", file);
		if (message->line)
			fprintf(stderr, "%u:", message->line);
		fprintf(stderr, " %s: %s\n", message->error ? "error" : "note", message->text);
	}
}

static json_t *messages_json(const struct inf *inf)
{
	json_t *array = json_array();

	for (size_t i = 0; i < inf->message_count; i++)
		json_array_append_new(array, json_pack("{s:i, s:b, s:s}", "line",
						       (int)inf->messages[i].line, "error",
						       inf->messages[i].error, "text",
						       inf->messages[i].text));
	return array;
}

static void binding_print(const struct binding *binding, json_t *bound)
{
	char id[24], name[32];
	json_t *node;
	size_t i;

	usb_id_spell(&binding->id, id);
	conf_name(&binding->id, name);
	printf("%s  " CONF_DIR "/%s\n", id, name);
	for (i = 0; i < binding->count; i++) {
		char *value = property_spell(&binding->properties[i]);

		printf("  %s=%s\n", binding->properties[i].name, value);
		free(value);
	}
	json_array_foreach(bound, i, node)
		printf("  bound %s\n", json_string_value(node));
}

static json_t *binding_json(const struct binding *binding, json_t *bound)
{
	char id[24], name[32];

	usb_id_spell(&binding->id, id);
	conf_name(&binding->id, name);
	return json_pack("{s:s, s:o, s:o, s:O}", "id", id, "file", json_sprintf(CONF_DIR "/%s", name),
			 "properties", properties_json(binding), "bound", bound);
}

static bool bindings_have(const struct bindings *bindings, const struct usb_id *id)
{
	for (size_t i = 0; i < bindings->count; i++)
		if (usb_id_same(&bindings->list[i].id, id))
			return true;
	return false;
}

/*
 * Ids that another INF was installed for stay its: only one of them could be removed again. So do
 * those that bind --persist keeps, with properties that nobody else has.
 */
static int owners_check(const struct bindings *bindings, const struct bindings *kept,
			const char *name)
{
	int code = CTL_OK;

	for (size_t i = 0; i < kept->count; i++) {
		const struct binding *old = &kept->list[i];
		char id[24];

		if (!strcmp(old->inf, name) || !bindings_have(bindings, &old->id))
			continue;
		usb_id_spell(&old->id, id);
		fprintf(stderr, "winusbctl: %s was %s%s\n", id,
			*old->inf ? "installed by " : "bound by winusbctl bind --persist", old->inf);
		hint_say("take that away first: winusbctl remove '%s'", *old->inf ? old->inf : id);
		code = CTL_DENIED;
	}
	return code;
}

/* All or none: what was done before something failed is undone. */
static int bindings_install(const struct bindings *bindings, const struct bindings *kept,
			    const char *name, json_t **bound, bool *done)
{
	json_t *unbound = json_array();
	bool known, foreign = false;
	int code = CTL_OK;
	size_t i;

	/* A new edition of the INF: what it says holds, and nothing of the old one. */
	for (i = 0; i < kept->count && !code; i++)
		if (bindings_have(bindings, &kept->list[i].id))
			code = driver_loaded() ? driver_forget(&kept->list[i].id, &known) : CTL_OK;
		else if (!strcmp(kept->list[i].inf, name))
			code = binding_forget(&kept->list[i].id, unbound, &known);

	for (i = 0; i < bindings->count && !code; i++)
		code = binding_keep(&bindings->list[i], true, bound[i], &foreign);
	*done = !code;
	if (code) {
		fprintf(stderr, "winusbctl: nothing of %s stays installed\n", name);
		while (i--)
			binding_forget(&bindings->list[i].id, unbound, &known);
	}
	json_decref(unbound);
	/* Another driver has a device: a matter of that device, not of the installation. */
	return code ? code : foreign ? CTL_DENIED : CTL_OK;
}

static void install_report(const struct inf *inf, const char *name, json_t **bound, bool dry_run)
{
	const struct bindings *bindings = &inf->bindings;
	json_t *array;

	if (ctl_json) {
		array = json_array();
		for (size_t i = 0; i < bindings->count && !inf->error_count; i++)
			json_array_append_new(array, binding_json(&bindings->list[i], bound[i]));
		json_print(json_pack("{s:s, s:b, s:o, s:o}", "inf", name, "dry_run", dry_run,
				     "installed", array, "messages", messages_json(inf)), true);
		return;
	}
	if (inf->error_count) {
		fprintf(stderr, "winusbctl: nothing of %s is installed\n", name);
		return;
	}
	printf("%s %s\n", dry_run ? "would install" : "installed", name);
	for (size_t i = 0; i < bindings->count; i++)
		binding_print(&bindings->list[i], bound[i]);
}

int install_main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = install_argp_options,
		.parser = install_parse,
		.children = ctl_common,
		.args_doc = "FILE.inf",
		.doc = "Does what a WinUSB INF file does on Windows: its devices are winusb's from now on, with its "
		       "interface GUIDs and registry values, over replug and restart. It is remembered by the "
		       "file's name.\v"
		       "What the INF wants and can't have is told with its line. Notes are about what Windows alone "
		       "needs. Errors are about what would change how the device works: other drivers, filters, "
		       "co-installers, ids with a revision. With an error nothing is installed.",
	};
	struct install_options options = { 0 };
	struct bindings kept = { 0 };
	char name[INF_NAME_SIZE];
	struct inf inf = { 0 };
	json_t **bound;
	uint8_t *data;
	size_t size;
	bool done;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (!inf_name_parse(options.file, name))
		return usage_say("install",
				 "the name of the file does not end in .inf, or is not made of "
				 "letters, digits, blanks and '_.-+()'");
	code = file_read(options.file, &data, &size);
	if (code) {
		free(data);
		return code;
	}
	inf_parse(&inf, name, data, size);
	free(data);

	if (!ctl_json)
		messages_say(&inf, options.file);
	bound = xcalloc(inf.bindings.count, sizeof(*bound));
	for (size_t i = 0; i < inf.bindings.count; i++)
		bound[i] = json_array();
	code = inf.error_count ? CTL_FAILED : conf_read_all(&kept);
	if (!code)
		code = owners_check(&inf.bindings, &kept, name);
	for (size_t i = 0; i < inf.bindings.count && !code; i++)
		if (!bindings_have(&kept, &inf.bindings.list[i].id))
			code = binding_check(&inf.bindings.list[i].id);
	if (!code && !options.dry_run)
		code = etc_check(CONF_DIR);
	done = !code;
	if (!code && !options.dry_run)
		code = bindings_install(&inf.bindings, &kept, name, bound, &done);
	if (done || inf.error_count)
		install_report(&inf, name, bound, options.dry_run);
	if (done && !options.dry_run)
		conf_check();

	for (size_t i = 0; i < inf.bindings.count; i++)
		json_decref(bound[i]);
	free(bound);
	bindings_free(&kept);
	inf_free(&inf);
	return code;
}

int remove_main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = target_parse,
		.children = ctl_common,
		.args_doc = "NAME.inf\nVID:PID[:INTERFACE]",
		.doc = "Undoes install or bind --persist: the ids are forgotten, the files in "
		       CONF_DIR " go, and the devices are unbound.",
	};
	json_t *ids = json_array(), *unbound = json_array();
	const char *target = NULL;
	char name[INF_NAME_SIZE] = "";
	struct bindings kept;
	struct usb_id id;
	bool by_id, known;
	int code, next;

	argp_parse(&argp, argc, argv, 0, NULL, &target);
	by_id = usb_id_parse(target, &id);
	if (!by_id && !inf_name_parse(target, name)) {
		json_decref(ids);
		json_decref(unbound);
		return usage_say("remove", "'%s' is neither NAME.inf nor VID:PID[:INTERFACE]",
				 target);
	}

	/* Files that can't be read were reported; they may not keep the others here. */
	code = conf_read_all(&kept);
	for (size_t i = 0; i < kept.count; i++) {
		const struct binding *binding = &kept.list[i];
		char text[24];

		if (by_id ? !usb_id_same(&binding->id, &id) : strcmp(binding->inf, name))
			continue;
		next = binding_forget(&binding->id, unbound, &known);
		if (next)
			code = next;
		usb_id_spell(&binding->id, text);
		json_array_append_new(ids, json_string(text));
	}
	bindings_free(&kept);

	if (!code && !json_array_size(ids)) {
		fprintf(stderr, "winusbctl: %s is not installed\n", by_id ? target : name);
		code = CTL_ABSENT;
	} else if (ctl_json) {
		json_print(json_pack("{s:O, s:O}", "removed", ids, "unbound", unbound), false);
	} else {
		json_t *value;
		size_t i;

		json_array_foreach(ids, i, value)
			printf("removed %s\n", json_string_value(value));
		json_array_foreach(unbound, i, value)
			printf("unbound %s\n", json_string_value(value));
	}
	json_decref(ids);
	json_decref(unbound);
	return code;
}
