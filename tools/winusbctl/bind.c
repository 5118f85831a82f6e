// SPDX-License-Identifier: MIT
/* winusbctl bind and unbind: which devices are winusb's. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "winusbctl.h"

static error_t target_parse(int key, char *arg, struct argp_state *state)
{
	const char **target = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*target)
			argp_error(state, "too many arguments");
		*target = arg;
		return 0;
	case ARGP_KEY_END:
		if (!*target)
			argp_error(state, "too few arguments");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Writes TEXT to a file of the driver; 0 or an errno. */
static int driver_write(const char *file, const char *text)
{
	char path[128];
	int fd, err = 0;

	snprintf(path, sizeof(path), CTL_DRIVER_DIR "/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

/*
 * Is this id in the driver's list? new_id takes an id as often as it is given, remove_id takes
 * one away at a time; so look before each.
 */
static bool driver_has_id(const char *file, const char *id)
{
	char path[128], line[64];
	bool found = false;
	FILE *list;

	snprintf(path, sizeof(path), CTL_DRIVER_DIR "/%s", file);
	list = fopen(path, "re");
	if (!list)
		return false;
	while (!found && fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = 0;
		found = !strcmp(line, id);
	}
	fclose(list);
	return found;
}

static int driver_check(void)
{
	if (!access(CTL_DRIVER_DIR, F_OK))
		return CTL_OK;
	fprintf(stderr, "winusbctl: the winusb module is not loaded\n");
	hint_say("load it: modprobe winusb, or insmod winusb.ko");
	return CTL_ABSENT;
}

static int driver_error(const char *what, int err)
{
	int code = error_say(err, "%s", what);

	if (code == CTL_DENIED)
		hint_say("run it as root");
	return code;
}

static bool node_has_id(const struct node *node, const struct usb_id *id)
{
	return strtoul(node->vid, NULL, 16) == id->vid && strtoul(node->pid, NULL, 16) == id->pid;
}

/*
 * Is the node in the function that the id names? With an interface number that is the function
 * of that interface, as the driver itself grouped it.
 */
static bool node_in_function(const struct nodes *nodes, const struct node *node,
			     const struct usb_id *id)
{
	if (!node_has_id(node, id))
		return false;
	if (id->interface < 0 || (int)node->number == id->interface)
		return true;
	if (!node->bound)
		return false;
	for (size_t i = 0; i < nodes->count; i++) {
		const struct node *other = &nodes->list[i];

		if (other->bound && (int)other->number == id->interface &&
		    !strcmp(other->device, node->device) && !strcmp(other->function, node->function))
			return true;
	}
	return false;
}

static void names_print(const char *key, const char *word, json_t *names)
{
	const char *separator = "";
	json_t *name;
	size_t i;

	if (ctl_json) {
		json_print(json_pack("{s:O}", key, names), false);
		return;
	}
	printf("%s", word);
	json_array_foreach(names, i, name) {
		printf("%s %s", separator, json_string_value(name));
		separator = ",";
	}
	putchar('\n');
}

static int bind_report(const struct usb_id *id, const char *text)
{
	json_t *names = json_array();
	struct nodes nodes;
	int code;

	code = nodes_load(&nodes);
	if (code) {
		json_decref(names);
		return code;
	}

	for (size_t i = 0; i < nodes.count; i++) {
		const struct node *node = &nodes.list[i];

		if (!node_in_function(&nodes, node, id))
			continue;
		if (node->bound) {
			json_array_append_new(names, json_string(node->name));
		} else if (*node->driver && strcmp(node->driver, "winusb")) {
			fprintf(stderr, "winusbctl: %s stays with the driver %s\n", node->name, node->driver);
			hint_say("take it away: echo %s > /sys/bus/usb/drivers/%s/unbind", node->name,
				 node->driver);
			hint_say("and then: echo %s > " CTL_DRIVER_DIR "/bind", node->name);
			code = CTL_DENIED;
		}
	}
	nodes_free(&nodes);

	if (ctl_json || json_array_size(names))
		names_print("bound", "bound", names);
	else if (!code)
		printf("no such device is plugged in; one that comes will be bound (%s)\n", text);
	json_decref(names);
	return code;
}

/* The text that the driver's file wants for this id. */
static void id_spell(const struct usb_id *id, char *text, size_t size)
{
	if (id->interface < 0)
		snprintf(text, size, "%04x %04x", id->vid, id->pid);
	else
		snprintf(text, size, "%04x %04x %02x", id->vid, id->pid, (unsigned int)id->interface);
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

int bind_main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = target_parse,
		.children = ctl_common,
		.args_doc = "VID:PID[:INTERFACE]",
		.doc = "Gives devices to winusb, those plugged in and those to come, until unbind or the "
		       "module's unloading. Without INTERFACE the whole device is one function; with one, "
		       "only the function whose first interface has this number.\v"
		       "VID and PID are four hex digits; INTERFACE is a number as in C, 0x10 is 16. "
		       "Example: winusbctl bind 0547:1002",
	};
	const char *target = NULL;
	const char *file;
	struct usb_id id;
	char text[32];
	int code, err;

	argp_parse(&argp, argc, argv, 0, NULL, &target);
	if (!usb_id_parse(target, &id))
		return usage_say("bind", "'%s' is no VID:PID[:INTERFACE] such as 0547:1002", target);
	code = driver_check();
	if (code)
		return code;

	id_spell(&id, text, sizeof(text));
	file = id.interface < 0 ? "new_id" : "function_id";
	if (driver_has_id(file, text)) {
		code = bind_idle(&id);
	} else {
		err = driver_write(file, text);
		if (err)
			code = driver_error(target, err);
	}
	return code ? code : bind_report(&id, target);
}

/* Unbinds those that WANTED says; adds their names. */
static int unbind_nodes(const struct nodes *nodes, const bool *wanted, json_t *names)
{
	int code = CTL_OK;

	for (size_t i = 0; i < nodes->count; i++) {
		int err;

		if (!wanted[i])
			continue;
		err = driver_write("unbind", nodes->list[i].name);
		/* ENODEV: it left by itself meanwhile. */
		if (err && err != ENODEV)
			code = driver_error(nodes->list[i].name, err);
		else
			json_array_append_new(names, json_string(nodes->list[i].name));
	}
	return code;
}

int unbind_main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = target_parse,
		.children = ctl_common,
		.args_doc = "NODE\nVID:PID[:INTERFACE]",
		.doc = "Takes devices back from winusb. With VID:PID its id is forgotten and all such "
		       "devices are unbound; with INTERFACE only that function. With NODE the function of "
		       "that node is unbound, and comes back when the device is plugged in again.",
	};
	const struct node *node = NULL;
	const char *target = NULL;
	struct nodes nodes;
	json_t *names;
	struct usb_id id;
	bool by_id, known = true, *wanted;
	const char *file;
	char text[32];
	int code, err = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &target);
	code = driver_check();
	if (code)
		return code;
	code = nodes_load(&nodes);
	if (code)
		return code;

	by_id = usb_id_parse(target, &id);
	if (!by_id) {
		node = node_resolve(&nodes, target, &code);
		if (!node) {
			nodes_free(&nodes);
			return code;
		}
	}

	wanted = xcalloc(nodes.count, sizeof(*wanted));
	for (size_t i = 0; i < nodes.count; i++) {
		const struct node *other = &nodes.list[i];

		if (strcmp(other->driver, "winusb"))
			continue;
		wanted[i] = by_id ? node_in_function(&nodes, other, &id) :
			!strcmp(other->device, node->device) &&
			!strcmp(other->function, node->function);
	}

	/* First the id, so that nothing is bound again behind our back. */
	if (by_id) {
		id_spell(&id, text, sizeof(text));
		file = id.interface < 0 ? "new_id" : "function_id";
		known = driver_has_id(file, text);
		while (!err && driver_has_id(file, text))
			err = driver_write(id.interface < 0 ? "remove_id" : "remove_function_id", text);
	}
	names = json_array();
	code = err ? driver_error(target, err) : unbind_nodes(&nodes, wanted, names);

	if (!code && !json_array_size(names) && !known) {
		fprintf(stderr, "winusbctl: %s was not given to winusb\n", target);
		code = CTL_ABSENT;
	} else if (ctl_json || json_array_size(names)) {
		names_print("unbound", "unbound", names);
	} else if (!code) {
		printf("forgotten: %s\n", target);
	}
	json_decref(names);
	free(wanted);
	nodes_free(&nodes);
	return code;
}
