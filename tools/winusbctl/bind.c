// SPDX-License-Identifier: MIT
/* winusbctl bind, unbind and load: which devices are winusb's. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binding.h"
#include "function.h"

bool node_has_id(const struct node *node, const struct usb_id *id)
{
	return strtoul(node->vid, NULL, 16) == id->vid && strtoul(node->pid, NULL, 16) == id->pid;
}

/*
 * Is the node in the function that the id names? With an interface number that is the function
 * that begins with this interface, as the driver itself grouped it.
 */
static bool node_in_function(const struct node *node, const struct usb_id *id)
{
	const char *number = node->bound ? strrchr(node->function, '.') : NULL;
	unsigned int first = number ? strtoul(number + 1, NULL, 10) : node->first;

	return node_has_id(node, id) && (id->interface < 0 || (int)first == id->interface);
}

static void names_print(const char *word, json_t *names)
{
	const char *separator = "";
	json_t *name;
	size_t i;

	printf("%s", word);
	json_array_foreach(names, i, name) {
		printf("%s %s", separator, json_string_value(name));
		separator = ",";
	}
	putchar('\n');
}

/* The names of what an id has bound, and word of what other drivers have. */
static int bound_collect(const struct usb_id *id, json_t *names, bool *foreign)
{
	struct nodes nodes;
	int code;

	code = nodes_load(&nodes);
	for (size_t i = 0; i < nodes.count; i++) {
		const struct node *node = &nodes.list[i];

		if (!node_in_function(node, id))
			continue;
		if (node->bound) {
			json_array_append_new(names, json_string(node->name));
		} else if (*node->driver && strcmp(node->driver, "winusb")) {
			fprintf(stderr, "winusbctl: %s stays with the driver %s\n", node->name,
				node->driver);
			hint_say("take it away: echo %s > /sys/bus/usb/drivers/%s/unbind",
				 node->name,
				 node->driver);
			hint_say("and then: echo %s > " CTL_DRIVER_DIR "/bind", node->name);
			*foreign = true;
		}
	}
	nodes_free(&nodes);
	return code;
}

/* Is the node bound in a function that is not the one that the id means? */
static bool node_is_otherwise(const struct nodes *nodes, const struct node *node,
			      const struct usb_id *id)
{
	if (!node->bound || !node_has_id(node, id))
		return false;
	if (id->interface < 0)
		return function_is_part(node->name);
	if ((int)node->first != id->interface)
		return false;
	for (size_t i = 0; i < nodes->count; i++) {
		const struct node *other = &nodes->list[i];

		if (other->bound && (int)other->first != id->interface &&
		    !strcmp(other->device, node->device) && !strcmp(other->function, node->function))
			return true;
	}
	return false;
}

int binding_check(const struct usb_id *id)
{
	struct nodes nodes;
	int code;

	code = nodes_load(&nodes);
	for (size_t i = 0; i < nodes.count && code != CTL_USAGE; i++) {
		const struct node *node = &nodes.list[i];

		if (node_has_id(node, id) && (int)node->number == id->interface &&
		    node->first != node->number) {
			fprintf(stderr,
				"winusbctl: %s is in the function that begins with interface %u\n",
				node->name, node->first);
			hint_say("bind that: winusbctl bind %s:%s:%u", node->vid, node->pid,
				 node->first);
			code = CTL_USAGE;
		} else if (node_is_otherwise(&nodes, node, id)) {
			fprintf(stderr, "winusbctl: %s is bound in the function %s, %s\n",
				node->name, node->function,
				id->interface < 0 ? "which is only a part of the device" :
						    "which has other interfaces, too");
			code = CTL_DENIED;
		}
	}
	nodes_free(&nodes);
	if (code == CTL_DENIED)
		hint_say("take the device back, then do this again: winusbctl unbind %04x:%04x",
			 id->vid, id->pid);
	return code;
}

/* A property that is not what it was meant to be is taken all the same. */
static void properties_note(const struct binding *binding)
{
	for (size_t i = 0; i < binding->count; i++) {
		const struct property *property = &binding->properties[i];

		if (property_is_power(property->name) && property->type != TYPE_DWORD)
			fprintf(stderr,
				"winusbctl: %s has an effect only as a number, NAME=dword:N\n",
				property->name);
		if (!property_is_nearly_power(property->name))
			continue;
		fprintf(stderr, "winusbctl: note: %s is no property of power, and has no effect\n",
			property->name);
		hint_say("those are DeviceIdleEnabled, DefaultIdleState, DefaultIdleTimeout, "
			 "DeviceIdleIgnoreWakeEnable, UserSetDeviceIdleEnabled, SystemWakeEnabled");
	}
}

int binding_keep(const struct binding *binding, bool persist, json_t *bound, bool *foreign)
{
	bool loaded = driver_loaded();
	int code;

	code = loaded ? driver_give(binding) : persist ? CTL_OK : driver_check();
	if (!code && persist)
		code = conf_write(binding);
	if (!code)
		properties_note(binding);
	if (code || !loaded)
		return code;
	code = bound_collect(&binding->id, bound, foreign);
	/* With autobind=off the driver takes nothing, and does not say so. */
	if (!code && !json_array_size(bound) && !*foreign && autobind_is("off")) {
		fprintf(stderr, "winusbctl: autobind is off, so nothing is bound\n");
		hint_say("what is named is bound after: winusbctl autobind listed");
		*foreign = true;
	}
	return code;
}

struct bind_options {
	const char *target;
	struct binding binding;
	bool has_guid;
	bool persist;
};

enum { KEY_GUID = 0x200, KEY_PERSIST };

static const struct argp_option bind_argp_options[] = {
	{ .name = "guid", .key = KEY_GUID, .arg = "GUID",
	  .doc = "Interface GUID by which programs find it; may be given 8 times. All of them are one "
		 "property: those of a later bind take the place of these" },
	{ .name = "property", .key = 'p', .arg = "NAME=VALUE",
	  .doc = "Property, as an INF or the firmware may set it. VALUE is dword:1, sz:TEXT, "
		 "multi:WORD WORD, hex:00ff; without such a word a number is a dword, all else a text. "
		 "DeviceIdleEnabled=1 and DefaultIdleState=1 let an idle device sleep" },
	{ .name = "persist", .key = KEY_PERSIST,
	  .doc = "Keep it over replug, reload and restart: a file in " CONF_DIR " and a udev rule" },
	{ 0 }
};

static error_t bind_parse(int key, char *arg, struct argp_state *state)
{
	struct bind_options *options = state->input;
	const char *wrong = NULL;

	switch (key) {
	case KEY_GUID:
		if (!options->has_guid && property_find(&options->binding, "DeviceInterfaceGUIDs"))
			argp_error(state, "either --guid or --property DeviceInterfaceGUIDs");
		options->has_guid = true;
		wrong = property_add_guid(&options->binding, arg);
		if (wrong)
			argp_error(state, "--guid: '%s': %s", arg, wrong);
		return 0;
	case 'p':
		if (options->has_guid && !strncasecmp(arg, "DeviceInterfaceGUIDs=", 21))
			argp_error(state, "either --guid or --property DeviceInterfaceGUIDs");
		wrong = property_parse(&options->binding, arg);
		if (wrong)
			argp_error(state, "--property: '%s': %s", arg, wrong);
		return 0;
	case KEY_PERSIST:
		options->persist = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->target)
			argp_error(state, "too many arguments");
		options->target = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->target)
			argp_error(state, "too few arguments");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void bind_report(const struct bind_options *options, json_t *bound, bool foreign)
{
	bool complete = !options->persist || conf_check();
	char name[32];

	conf_name(&options->binding.id, name);
	if (ctl_json) {
		json_t *value = json_pack("{s:O}", "bound", bound);

		if (options->persist)
			json_object_set_new(value, "file", json_sprintf(CONF_DIR "/%s", name));
		json_print(value, false);
		return;
	}
	if (json_array_size(bound))
		names_print("bound", bound);
	else if (!foreign && driver_loaded())
		printf("no such device is plugged in; one that comes will be bound (%s)\n",
		       options->target);
	else if (!foreign)
		printf("the module is not loaded%s (%s)\n",
		       complete ? "; it will be when such a device comes" : "", options->target);
	if (options->persist)
		printf("kept in " CONF_DIR "/%s\n", name);
}

int bind_main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = bind_argp_options,
		.parser = bind_parse,
		.children = ctl_common,
		.args_doc = "VID:PID[:INTERFACE]",
		.doc = "Gives devices to winusb, those plugged in and those to come, until unbind or the "
		       "module's unloading; with --persist, for good. Without INTERFACE the whole device is "
		       "one function; with one, only the function whose first interface has this number.\v"
		       "Of a composite device whose firmware says WINUSB of its functions, bind the functions: as a "
		       "whole it has nothing of what is said of them, and no GUIDs. "
		       "VID and PID are four hex digits; INTERFACE is a number as in C, 0x10 is 16. "
		       "Properties add to those that the id has; the same name again replaces. "
		       "Example: winusbctl bind 0547:1002 --guid {9f543223-cede-4fa3-b376-a25ce9a30e74}",
	};
	struct bind_options options = { 0 };
	struct binding kept = { 0 };
	bool found = false, foreign = false;
	const char *wrong;
	json_t *bound;
	int code = CTL_OK;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	if (!usb_id_parse(options.target, &options.binding.id))
		code = usage_say("bind", "'%s' is no VID:PID[:INTERFACE] such as 0547:1002",
				 options.target);
	else
		code = binding_check(&options.binding.id);
	/* What the file has goes on to hold. */
	if (!code && options.persist)
		code = conf_read(&options.binding.id, &kept, &found);
	if (!code && found) {
		wrong = property_merge(&kept, &options.binding);
		if (wrong)
			code = usage_say("bind", "%s", wrong);
	}
	if (!code) {
		bound = json_array();
		code = binding_keep(found ? &kept : &options.binding, options.persist, bound,
				    &foreign);
		if (!code)
			bind_report(&options, bound, foreign);
		if (!code && foreign)
			code = CTL_DENIED;
		json_decref(bound);
	}
	binding_free(&kept);
	binding_free(&options.binding);
	return code;
}

/* Unbinds those that WANTED says; adds their names. */
static int unbind_nodes(const struct nodes *nodes, const bool *wanted, json_t *names)
{
	bool again = false;
	int code = CTL_OK;

	for (size_t i = 0; i < nodes->count; i++) {
		int err;

		if (!wanted[i])
			continue;
		again |= function_says_winusb(nodes->list[i].name);
		err = driver_write("unbind", nodes->list[i].name);
		/* ENODEV: it left by itself meanwhile. */
		if (err && err != ENODEV)
			code = driver_error(nodes->list[i].name, err);
		else
			json_array_append_new(names, json_string(nodes->list[i].name));
	}
	if (again && !code && autobind_is("on")) {
		fprintf(stderr, "winusbctl: its firmware says WINUSB and autobind is on: it is bound "
			"again when it is plugged in\n");
		hint_say("only what is named is bound after: winusbctl autobind listed");
	}
	return code;
}

/* Forgets all of the ids, and adds to the names of what is unbound and of what was known. */
static int ids_forget(const struct usb_id *ids, size_t count, json_t *unbound, json_t *forgotten)
{
	bool loaded = driver_loaded();
	struct nodes nodes = { 0 };
	bool *wanted, *known;
	int code = CTL_OK, next;

	if (loaded) {
		code = nodes_load(&nodes);
		if (code)
			return code;
	}
	/* Whose function a node is in is known only while the default interface is bound. */
	wanted = xcalloc(nodes.count, sizeof(*wanted));
	for (size_t i = 0; i < nodes.count; i++)
		for (size_t j = 0; j < count; j++)
			wanted[i] |= !strcmp(nodes.list[i].driver, "winusb") &&
				     node_in_function(&nodes.list[i], &ids[j]);

	/* First files and ids, so that nothing is bound again behind our back. */
	known = xcalloc(count, sizeof(*known));
	for (size_t i = 0; i < count && !code; i++) {
		code = conf_remove(&ids[i], &known[i]);
		if (!code && loaded)
			code = driver_forget_id(&ids[i], &known[i]);
	}
	if (!code && loaded) {
		code = unbind_nodes(&nodes, wanted, unbound);
		/* Without them the function would be another one, and say so to who looks for it. */
		for (size_t i = 0; i < count; i++) {
			next = driver_forget_properties(&ids[i], &known[i]);
			code = code ? code : next;
		}
	}
	for (size_t i = 0; i < count; i++) {
		char text[24];

		usb_id_spell(&ids[i], text);
		if (known[i])
			json_array_append_new(forgotten, json_string(text));
	}
	free(known);
	free(wanted);
	nodes_free(&nodes);
	return code;
}

int binding_forget(const struct usb_id *id, json_t *unbound, bool *known)
{
	json_t *forgotten = json_array();
	int code = ids_forget(id, 1, unbound, forgotten);

	if (json_array_size(forgotten) || json_array_size(unbound))
		*known = true;
	json_decref(forgotten);
	return code;
}

/* Of a whole device also the ids of its functions: with one of them it would be bound again. */
static int device_forget(const struct usb_id *id, json_t *unbound, json_t *forgotten)
{
	struct usb_id ids[257] = { *id };
	bool found[256] = { 0 };
	size_t count = 1;
	int code;

	code = conf_find(id, found);
	if (code)
		return code;
	driver_find(id, found);
	for (int i = 0; i < 256; i++)
		if (found[i])
			ids[count++] = (struct usb_id) { id->vid, id->pid, i };
	return ids_forget(ids, count, unbound, forgotten);
}

static int unbind_function(const char *target, json_t *names)
{
	const struct node *node;
	struct nodes nodes;
	bool *wanted;
	int code;

	code = driver_check();
	if (code)
		return code;
	code = nodes_load(&nodes);
	if (code)
		return code;
	node = node_resolve(&nodes, target, &code);
	if (node) {
		wanted = xcalloc(nodes.count, sizeof(*wanted));
		for (size_t i = 0; i < nodes.count; i++)
			wanted[i] = !strcmp(nodes.list[i].driver, "winusb") &&
				    !strcmp(nodes.list[i].device, node->device) &&
				    !strcmp(nodes.list[i].function, node->function);
		code = unbind_nodes(&nodes, wanted, names);
		free(wanted);
	}
	nodes_free(&nodes);
	return code;
}

error_t target_parse(int key, char *arg, struct argp_state *state)
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

int unbind_main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = target_parse,
		.children = ctl_common,
		.args_doc = "NODE\nVID:PID[:INTERFACE]",
		.doc = "Takes devices back from winusb. With VID:PID its id, those of its functions, their "
		       "properties and what --persist kept are forgotten and all such devices are "
		       "unbound; with INTERFACE only that function. With NODE the function of that "
		       "node is unbound, and comes back when the device is plugged in again.",
	};
	const char *target = NULL;
	json_t *names = json_array(), *forgotten = json_array();
	struct usb_id id;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &target);
	if (usb_id_parse(target, &id)) {
		code = id.interface < 0 ? device_forget(&id, names, forgotten) :
					  ids_forget(&id, 1, names, forgotten);
		if (!code && !json_array_size(names) && !json_array_size(forgotten)) {
			code = driver_check();
			if (!code)
				fprintf(stderr, "winusbctl: %s was not given to winusb\n", target);
			code = CTL_ABSENT;
		}
	} else {
		code = unbind_function(target, names);
	}

	if (ctl_json && (!code || json_array_size(names))) {
		json_print(json_pack("{s:O, s:O}", "unbound", names, "forgotten", forgotten), false);
	} else {
		if (json_array_size(names))
			names_print("unbound", names);
		if (json_array_size(forgotten))
			names_print("forgotten:", forgotten);
	}
	json_decref(names);
	json_decref(forgotten);
	return code;
}

static error_t none_parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	if (key == ARGP_KEY_ARG)
		argp_error(state, "too many arguments");
	return key == ARGP_KEY_ARG ? 0 : ARGP_ERR_UNKNOWN;
}

int load_main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = none_parse,
		.children = ctl_common,
		.doc = "Gives the driver what 'bind --persist' and 'install' kept in " CONF_DIR ". udev does it "
		       "when the module comes; without udev, do it after modprobe. To do it again does no harm.",
	};
	json_t *ids = json_array();
	struct bindings bindings;
	int code, next;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	code = driver_wait();
	if (code) {
		json_decref(ids);
		return code;
	}
	/* One that fails does not keep the others from their drivers. */
	code = conf_read_all(&bindings);
	/* Devices first: once a function of it is bound, a device is not one any more. */
	for (size_t i = 0; i < 2 * bindings.count; i++) {
		const struct binding *binding = &bindings.list[i % bindings.count];
		char text[24];

		if ((i < bindings.count) != (binding->id.interface < 0))
			continue;
		usb_id_spell(&binding->id, text);
		next = driver_give(binding);
		if (next)
			code = next;
		else
			json_array_append_new(ids, json_string(text));
	}
	bindings_free(&bindings);

	if (ctl_json)
		json_print(json_pack("{s:O}", "loaded", ids), false);
	else if (json_array_size(ids))
		names_print("loaded", ids);
	else if (!code)
		printf("nothing is kept in " CONF_DIR "\n");
	json_decref(ids);
	return code;
}
