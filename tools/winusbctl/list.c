// SPDX-License-Identifier: MIT
/* winusbctl list: one line for each node, or for each USB interface. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binding.h"
#include "function.h"

struct list_options {
	const char *filter;
	bool all;
	bool by_guid;
	char guid[GUID_TEXT];
};

enum { KEY_GUID = 0x200 };

static const struct argp_option list_argp_options[] = {
	{ .name = "all", .key = 'a', .doc = "Every USB interface, with the driver that has it" },
	{ .name = "guid", .key = KEY_GUID, .arg = "GUID",
	  .doc = "Only nodes that this interface GUID finds: default interfaces of functions that have "
		 "it, and are complete and enabled" },
	{ 0 }
};

static error_t list_parse(int key, char *arg, struct argp_state *state)
{
	struct list_options *options = state->input;

	switch (key) {
	case 'a':
		options->all = true;
		return 0;
	case KEY_GUID:
		options->by_guid = true;
		if (!guid_parse(arg, options->guid))
			argp_error(state, "--guid: '%s' is no GUID, {8-4-4-4-12} hex digits", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (options->filter)
			argp_error(state, "too many arguments");
		options->filter = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool list_wants(const struct list_options *options, const struct node *node)
{
	struct usb_id id;

	if (!node->bound && !options->all)
		return false;
	if (options->by_guid && (!node->bound || !device_is_found_by(node->winusb, options->guid)))
		return false;
	if (!options->filter || node_matches(node, options->filter) ||
	    !strcmp(node->device, options->filter))
		return true;
	return usb_id_parse(options->filter, &id) && id.interface < 0 &&
	       strtoul(node->vid, NULL, 16) == id.vid && strtoul(node->pid, NULL, 16) == id.pid;
}

static bool is_disabled(const struct node *node)
{
	return node->bound && !node->winusb->enabled;
}

static json_t *guids_json(const struct node *node)
{
	json_t *guids = json_array();

	if (node->bound)
		for (const char *const *guid = node->winusb->guids; *guid; guid++)
			json_array_append_new(guids, json_string(*guid));
	return guids;
}

static json_t *list_json(const struct node *node)
{
	char id[20], class[12];

	snprintf(id, sizeof(id), "%s:%s", node->vid, node->pid);
	snprintf(class, sizeof(class), "%02x/%02x/%02x", node->class[0] & 0xff, node->class[1] & 0xff,
		 node->class[2] & 0xff);
	return json_pack("{s:s, s:o, s:s, s:s, s:i, s:i, s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:s, s:s}",
			 "name", node->name,
			 "path", node->bound ? json_string(node->path) : json_null(),
			 "id", id,
			 "device", node->device,
			 "interface", (int)node->number,
			 "bus", (int)node->bus,
			 "address", (int)node->address,
			 "class", class,
			 "speed", node_speed_text(node),
			 "driver", *node->driver ? json_string(node->driver) : json_null(),
			 "function", node->bound ? json_string(node->function) : json_null(),
			 "interface_enabled",
			 node->bound ? json_boolean(!is_disabled(node)) : json_null(),
			 "guids", guids_json(node),
			 "manufacturer", node->manufacturer,
			 "product", node->product,
			 "serial", node->serial);
}

/* Says which functions have the GUID and are disabled: it does not find them. */
static bool list_say_disabled(const struct nodes *nodes, const char *guid)
{
	bool any = false;

	for (size_t i = 0; i < nodes->count; i++) {
		const struct node *node = &nodes->list[i];

		if (!node_is_default(node) || !is_disabled(node) ||
		    !device_has_guid(node->winusb, guid))
			continue;
		fprintf(stderr, "winusbctl: %s has the GUID %s, but is disabled\n", node->name, guid);
		disabled_hint(node->name);
		any = true;
	}
	return any;
}

int list_main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = list_argp_options,
		.parser = list_parse,
		.children = ctl_common,
		.args_doc = "[NODE | VID:PID | DEVICE]",
		.doc = "Shows the nodes of winusb, in the order of their names. FUNCTION is the default "
		       "interface of the node's function, the one to open.",
	};
	struct list_options options = { 0 };
	struct nodes nodes;
	json_t *array = NULL;
	bool disabled = false;
	size_t shown = 0;
	int width = 10;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	code = nodes_load(&nodes);
	if (code)
		return code;

	if (ctl_json)
		array = json_array();
	for (size_t i = 0; i < nodes.count; i++) {
		const struct node *node = &nodes.list[i];

		if (list_wants(&options, node) && (int)strlen(node->name) > width)
			width = strlen(node->name);
	}

	for (size_t i = 0; i < nodes.count; i++) {
		const struct node *node = &nodes.list[i];

		if (!list_wants(&options, node))
			continue;
		if (array) {
			json_array_append_new(array, list_json(node));
		} else {
			if (!shown)
				printf("%-*s  %-9s  %-5s  %-*s  %-8s  %s\n", width,
				       options.all ? "INTERFACE" : "NODE", "ID", "SPEED", width,
				       options.all ? "DRIVER" : "FUNCTION", "CLASS", "PRODUCT");
			printf("%-*s  %s:%s  %-5s  %-*s  %02x/%02x/%02x  %s%s%s%s\n", width,
			       node->name,
			       node->vid, node->pid, node_speed_text(node), width,
			       !options.all ? node->function : *node->driver ? node->driver : "-",
			       node->class[0], node->class[1], node->class[2],
			       is_disabled(node) ? "(disabled) " : "",
			       node->manufacturer,
			       *node->manufacturer && *node->product ? " " : "", node->product);
		}
		shown++;
	}
	if (!shown && options.by_guid)
		disabled = list_say_disabled(&nodes, options.guid);
	nodes_free(&nodes);

	if (array)
		json_print(json_pack("{s:o}", "nodes", array), true);
	if (shown)
		return CTL_OK;

	if (disabled)
		return CTL_ABSENT;
	if (access(CTL_DRIVER_DIR, F_OK) && !options.all) {
		fprintf(stderr, "winusbctl: the winusb module is not loaded\n");
		hint_say("load it: modprobe winusb, or insmod winusb.ko");
		return CTL_ABSENT;
	}
	if (options.filter) {
		fprintf(stderr, "winusbctl: nothing fits '%s'\n", options.filter);
		return CTL_ABSENT;
	}
	if (options.by_guid) {
		fprintf(stderr, "winusbctl: nothing has the GUID %s\n", options.guid);
		return CTL_ABSENT;
	}
	if (!ctl_json)
		fprintf(stderr, "No %s. 'winusbctl bind VID:PID' gives a device to winusb; "
			"'winusbctl list --all' shows every USB interface.\n",
			options.all ? "USB interfaces" : "nodes");
	return CTL_OK;
}
