// SPDX-License-Identifier: MIT
/* The files of the driver that say which devices are its, and with which properties. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "binding.h"

/* The module's init makes new_id a moment after udev hears of the driver. */
#define DRIVER_WAIT_MS	5000

int driver_write(const char *file, const char *text)
{
	char *path = path_make(CTL_DRIVER_DIR "/%s", file);
	int fd, err = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	free(path);
	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

bool driver_loaded(void)
{
	char *path = path_make("%s", CTL_DRIVER_DIR);
	bool loaded = !access(path, F_OK);

	free(path);
	return loaded;
}

int driver_check(void)
{
	if (driver_loaded())
		return CTL_OK;
	fprintf(stderr, "winusbctl: the winusb module is not loaded\n");
	hint_say("load it: modprobe winusb, or insmod winusb.ko");
	return CTL_ABSENT;
}

static bool driver_is_ready(void)
{
	char *path = path_make(CTL_DRIVER_DIR "/new_id");
	bool ready = !access(path, F_OK);

	free(path);
	return ready;
}

int driver_wait(void)
{
	const struct timespec step = { .tv_nsec = 10 * 1000 * 1000 };
	int code = driver_check();

	for (int ms = 0; !code && !driver_is_ready(); ms += 10) {
		if (ms == DRIVER_WAIT_MS) {
			fprintf(stderr, "winusbctl: the winusb module does not get ready\n");
			return CTL_TIMEOUT;
		}
		nanosleep(&step, NULL);
		code = driver_check();
	}
	return code;
}

int driver_error(const char *what, int err)
{
	int code = error_say(err, "%s", what);

	if (code == CTL_DENIED)
		hint_say("run it as root");
	return code;
}

/* The text that the driver's files want for this id. */
static void id_line(const struct usb_id *id, char text[32])
{
	if (id->interface < 0)
		snprintf(text, 32, "%04x %04x", id->vid, id->pid);
	else
		snprintf(text, 32, "%04x %04x %02x", id->vid, id->pid, (unsigned int)id->interface);
}

static void property_key(const struct usb_id *id, char text[32])
{
	id_line(id, text);
	if (id->interface < 0)
		strcat(text, " *");
}

bool driver_has_id(const struct usb_id *id)
{
	char *path = path_make(CTL_DRIVER_DIR "/%s", id->interface < 0 ? "new_id" : "function_id");
	char wanted[32], line[64];
	bool found = false;
	FILE *list = fopen(path, "re");

	free(path);
	if (!list)
		return false;
	id_line(id, wanted);
	while (!found && fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = 0;
		found = !strcmp(line, wanted);
	}
	fclose(list);
	return found;
}

static int property_give(const struct usb_id *id, const struct property *property)
{
	char key[32], spelled[24], *line = NULL;
	int err, code;

	property_key(id, key);
	if (asprintf(&line, "%s %s %s %s", key, property_type_word(property->type), property->name,
		     property->value) < 0)
		return error_say(ENOMEM, "%s", property->name);
	err = driver_write("function_property", line);
	free(line);
	if (!err)
		return CTL_OK;
	usb_id_spell(id, spelled);
	if (err == ENOENT) {
		fprintf(stderr,
			"winusbctl: the winusb module that is loaded has no function_property\n");
		hint_say("it is older than winusbctl: load the one that came with it");
		return CTL_FAILED;
	}
	code = error_say(err, "%s of %s", property->name, spelled);
	if (code == CTL_DENIED)
		hint_say("run it as root");
	if (err == ENOSPC)
		hint_say("the driver keeps 1024 properties; 'winusbctl unbind' forgets those of an id");
	return code;
}

/* The id is known, but someone unbound interfaces of it: take those that nobody has. */
static int bind_idle(const struct usb_id *id)
{
	struct nodes nodes;
	int code;

	code = nodes_load(&nodes);
	for (size_t i = 0; i < nodes.count && !code; i++) {
		const struct node *node = &nodes.list[i];
		int err;

		if (*node->driver || !node_has_id(node, id))
			continue;
		err = driver_write("bind", node->name);
		/* ENODEV: an interface that the id does not name. EBUSY: bound meanwhile. */
		if (err && err != ENODEV && err != EBUSY)
			code = driver_error(node->name, err);
	}
	nodes_free(&nodes);
	return code;
}

int driver_give(const struct binding *binding)
{
	char line[32], text[24];
	int code = CTL_OK, err;

	for (size_t i = 0; i < binding->count && !code; i++)
		code = property_give(&binding->id, &binding->properties[i]);
	if (code)
		return code;

	/* new_id takes an id as often as it is given, remove_id takes one away at a time. */
	if (driver_has_id(&binding->id))
		return bind_idle(&binding->id);
	id_line(&binding->id, line);
	err = driver_write(binding->id.interface < 0 ? "new_id" : "function_id", line);
	/* Another program was faster. */
	if (!err || err == EEXIST)
		return CTL_OK;
	usb_id_spell(&binding->id, text);
	return driver_error(text, err);
}

void driver_find(const struct usb_id *id, bool found[256])
{
	static const char *const files[] = { "function_id", "function_property" };

	for (size_t i = 0; i < 2; i++) {
		char *path = path_make(CTL_DRIVER_DIR "/%s", files[i]);
		FILE *list = fopen(path, "re");
		unsigned int vid, pid, number;
		char line[LINE_MAX_LENGTH + 2];

		free(path);
		while (list && fgets(line, sizeof(line), list))
			if (sscanf(line, "%4x %4x %2x", &vid, &pid, &number) == 3 &&
			    vid == id->vid && pid == id->pid)
				found[number] = true;
		if (list)
			fclose(list);
	}
}

int driver_forget_id(const struct usb_id *id, bool *known)
{
	const char *file = id->interface < 0 ? "remove_id" : "remove_function_id";
	char line[32], text[24];
	int err = 0;

	id_line(id, line);
	/* new_id may have it several times, remove_id takes one. */
	for (int i = 0; !err && driver_has_id(id); i++) {
		*known = true;
		err = i < 1000 ? driver_write(file, line) : EIO;
	}
	if (!err)
		return CTL_OK;
	usb_id_spell(id, text);
	return driver_error(text, err);
}

int driver_forget_properties(const struct usb_id *id, bool *known)
{
	char line[32], all[40], text[24];
	int err;

	property_key(id, line);
	snprintf(all, sizeof(all), "%s *", line);
	err = driver_write("remove_function_property", all);
	if (!err)
		*known = true;
	/* There were none, or the module is an older one. */
	if (!err || err == ENODEV || err == ENOENT)
		return CTL_OK;
	usb_id_spell(id, text);
	return driver_error(text, err);
}

int driver_forget(const struct usb_id *id, bool *known)
{
	int code = driver_forget_id(id, known);

	return code ? code : driver_forget_properties(id, known);
}
