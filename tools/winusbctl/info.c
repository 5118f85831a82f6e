// SPDX-License-Identifier: MIT
/*
 * winusbctl info: device, functions, interfaces, settings, pipes. Everything is asked of a
 * listener, so it works while another program has the interface open, and disturbs nothing.
 * One tree is built, as JSON; the text for people is printed from it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "binding.h"
#include "function.h"
#include "power.h"

static json_t *class_json(const uint8_t class[3])
{
	char text[12];

	snprintf(text, sizeof(text), "%02x/%02x/%02x", class[0], class[1], class[2]);
	return json_string(text);
}

static json_t *bcd_json(const uint8_t bcd[2])
{
	char text[8];

	snprintf(text, sizeof(text), "%x.%02x", bcd[1], bcd[0]);
	return json_string(text);
}

/* The pipes of one setting. 0 or a negative errno, also below. */
static int pipes_json(struct winusb *usb, unsigned int setting, json_t *pipes)
{
	static const char *const types[] = { "control", "isochronous", "bulk", "interrupt" };

	for (unsigned int i = 0; i < 32; i++) {
		struct winusb_pipe_information pipe;
		int result = winusb_pipe(usb, setting, i, &pipe);

		if (result)
			return result == -ENOENT ? 0 : result;
		json_array_append_new(pipes,
			json_pack("{s:i, s:s, s:s, s:i, s:i, s:I}",
				  "pipe", pipe.pipe,
				  "type", types[pipe.type & 3],
				  "direction", pipe.pipe & 0x80 ? "in" : "out",
				  "maximum_packet_size", pipe.packet_size,
				  "interval", pipe.interval,
				  "maximum_bytes_per_interval",
				  (json_int_t)pipe.bytes_per_interval));
	}
	return 0;
}

static int settings_json(struct winusb *usb, json_t *settings)
{
	int current = winusb_setting(usb);
	int result;

	if (current < 0)
		return current;

	for (unsigned int i = 0; i < 256; i++) {
		uint8_t descriptor[9];
		json_t *pipes;

		result = winusb_interface_descriptor(usb, i, descriptor);
		if (result)
			return result == -ENOENT ? 0 : result;

		pipes = json_array();
		result = pipes_json(usb, i, pipes);
		json_array_append_new(settings,
			json_pack("{s:i, s:b, s:o, s:o}",
				  "setting", descriptor[3],
				  "current", descriptor[3] == current,
				  "class", class_json(descriptor + 5),
				  "pipes", pipes));
		if (result)
			return result;
	}
	return 0;
}

static void holder_add(void *data, int pid, const char *command, const struct node *node)
{
	json_array_append_new(data, json_pack("{s:i, s:s, s:s}", "pid", pid, "command", command,
					      "node", node->name));
}

static json_t *interface_json(const struct node *node, int *code)
{
	json_t *settings = json_array();
	struct winusb *usb;
	json_t *value;
	int result;

	value = json_pack("{s:s, s:s, s:i, s:s, s:O}",
			  "name", node->name,
			  "path", node->path,
			  "interface", (int)node->number,
			  "string", node->label,
			  "settings", settings);

	result = winusb_open(&usb, node->path, WINUSB_OPEN_LISTENER);
	if (result) {
		/* A disabled function can't be asked, and says so itself. */
		if (result != -ENOENT || !function_is_disabled(node->name))
			*code = error_open(&(struct nodes) { 0 }, node, -result);
		json_decref(settings);
		return value;
	}
	result = settings_json(usb, settings);
	if (result)
		*code = error_say(-result, "%s", node->name);
	winusb_close(usb);
	json_decref(settings);
	return value;
}

static void device_descriptors_json(const struct node *node, json_t *value, int *code)
{
	uint8_t device[18] = { 0 }, configuration[9] = { 0 };
	int device_length, configuration_length;
	struct winusb *usb;

	/* The interface itself reports that; once is enough. */
	if (winusb_open(&usb, node->path, WINUSB_OPEN_LISTENER))
		return;

	device_length = winusb_descriptor(usb, 1, 0, 0, device, sizeof(device));
	configuration_length = winusb_descriptor(usb, 2, 0, 0, configuration,
						 sizeof(configuration));
	winusb_close(usb);
	if (device_length < (int)sizeof(device) ||
	    configuration_length < (int)sizeof(configuration)) {
		*code = error_say(device_length < 0 ? -device_length :
				  configuration_length < 0 ? -configuration_length : EIO,
				  "descriptors of %s", node->device);
		return;
	}

	json_object_set_new(value, "usb", bcd_json(device + 2));
	json_object_set_new(value, "release", bcd_json(device + 12));
	json_object_set_new(value, "class", class_json(device + 4));
	json_object_set_new(value, "configurations", json_integer(device[17]));
	json_object_set_new(value, "interfaces", json_integer(configuration[4]));
	json_object_set_new(value, "self_powered", json_boolean(configuration[7] & 0x40));
	json_object_set_new(value, "remote_wakeup", json_boolean(configuration[7] & 0x20));
	json_object_set_new(value, "maximum_power_ma",
			    json_integer(configuration[8] * (strtoul(node->speed, NULL, 10) >= 5000 ? 8 : 2)));
}

/* A function is asked by its node, or by the node of a sibling if that is not bound. */
static json_t *function_power_json(const struct node *node)
{
	struct usb_id id = { .interface = -1 };
	char text[24];

	id.vid = strtoul(node->vid, NULL, 16);
	id.pid = strtoul(node->pid, NULL, 16);
	if (function_is_part(node->name))
		id.interface = node->first;
	usb_id_spell(&id, text);
	return power_json(node->name, node->device, text);
}

static json_t *device_json(const struct nodes *nodes, const struct node *first, int *code)
{
	json_t *functions = json_array();
	json_t *value;
	char id[20];

	snprintf(id, sizeof(id), "%s:%s", first->vid, first->pid);
	value = json_pack("{s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:s}",
			  "device", first->device,
			  "id", id,
			  "bus", (int)first->bus,
			  "address", (int)first->address,
			  "speed", node_speed_text(first),
			  "manufacturer", first->manufacturer,
			  "product", first->product,
			  "serial", first->serial);
	device_descriptors_json(first, value, code);

	for (size_t i = 0; i < nodes->count; i++) {
		const struct node *node = &nodes->list[i];
		json_t *interfaces, *holders, *function;
		bool seen = false;

		if (!node->bound || strcmp(node->device, first->device))
			continue;
		/* The default interface need not be bound: the first one seen stands for it. */
		for (size_t j = 0; j < i; j++)
			if (nodes->list[j].bound && !strcmp(nodes->list[j].device, node->device) &&
			    !strcmp(nodes->list[j].function, node->function))
				seen = true;
		if (seen)
			continue;

		interfaces = json_array();
		holders = json_array();
		for (size_t j = i; j < nodes->count; j++)
			if (nodes->list[j].bound && !strcmp(nodes->list[j].device, node->device) &&
			    !strcmp(nodes->list[j].function, node->function))
				json_array_append_new(interfaces, interface_json(&nodes->list[j], code));
		holders_find(nodes, node, holder_add, holders);
		function = json_pack("{s:s, s:o, s:o}", "function", node->function,
				     "opened_by", holders, "interfaces", interfaces);
		function_describe(function, node->function, node->name);
		json_object_set_new(function, "power", function_power_json(node));
		json_array_append_new(functions, function);
	}
	json_object_set_new(value, "functions", functions);
	return value;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static int number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void interval_print(const json_t *pipe)
{
	int bytes = number_of(pipe, "maximum_bytes_per_interval");

	if (!number_of(pipe, "interval"))
		return;
	printf("  interval %d", number_of(pipe, "interval"));
	if (bytes > number_of(pipe, "maximum_packet_size"))
		printf(", %d bytes in it", bytes);
}

static void interface_print(const json_t *interface)
{
	const json_t *setting, *pipe;
	size_t i, j;

	printf("    Interface %d  %s%s%s%s\n", number_of(interface, "interface"),
	       text_of(interface, "path"), *text_of(interface, "string") ? "  \"" : "",
	       text_of(interface, "string"), *text_of(interface, "string") ? "\"" : "");

	json_array_foreach(json_object_get(interface, "settings"), i, setting) {
		const json_t *pipes = json_object_get(setting, "pipes");

		printf("      Setting %d  class %s%s%s\n", number_of(setting, "setting"),
		       text_of(setting, "class"),
		       json_is_true(json_object_get(setting, "current")) ? "  (current)" : "",
		       json_array_size(pipes) ? "" : "  no pipes");
		json_array_foreach(pipes, j, pipe) {
			printf("        Pipe 0x%02x  %-11s %-3s  %4d bytes", number_of(pipe, "pipe"),
			       text_of(pipe, "type"), text_of(pipe, "direction"),
			       number_of(pipe, "maximum_packet_size"));
			interval_print(pipe);
			putchar('\n');
		}
	}
}

static void device_print(const json_t *device)
{
	const json_t *function, *interface, *holder;
	size_t i, j;

	printf("Device %s  %s  %s speed  bus %d address %d\n", text_of(device, "device"),
	       text_of(device, "id"), text_of(device, "speed"), number_of(device, "bus"),
	       number_of(device, "address"));
	if (*text_of(device, "manufacturer") || *text_of(device, "product"))
		printf("  %s%s%s\n", text_of(device, "manufacturer"),
		       *text_of(device, "manufacturer") && *text_of(device, "product") ? " " : "",
		       text_of(device, "product"));
	if (*text_of(device, "serial"))
		printf("  Serial number %s\n", text_of(device, "serial"));
	if (json_object_get(device, "usb"))
		printf("  USB %s  release %s  class %s  %d interfaces  %d mA%s%s\n",
		       text_of(device, "usb"), text_of(device, "release"), text_of(device, "class"),
		       number_of(device, "interfaces"), number_of(device, "maximum_power_ma"),
		       json_is_true(json_object_get(device, "self_powered")) ? "  self-powered" : "",
		       json_is_true(json_object_get(device, "remote_wakeup")) ? "  remote wakeup" : "");

	json_array_foreach(json_object_get(device, "functions"), i, function) {
		printf("  Function %s\n", text_of(function, "function"));
		function_print(function);
		power_print(json_object_get(function, "power"));
		json_array_foreach(json_object_get(function, "opened_by"), j, holder)
			printf("    Opened by process %d (%s) through %s\n", number_of(holder, "pid"),
			       text_of(holder, "command"), text_of(holder, "node"));
		json_array_foreach(json_object_get(function, "interfaces"), j, interface)
			interface_print(interface);
	}
}

static error_t info_parse(int key, char *arg, struct argp_state *state)
{
	const char **node = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (*node)
		argp_error(state, "too many arguments");
	*node = arg;
	return 0;
}

int info_main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = info_parse,
		.children = ctl_common,
		.args_doc = "[NODE | VID:PID | DEVICE]",
		.doc = "Shows a device, that of NODE, or all: its functions with their GUIDs, "
		       "descriptors, properties and power, interfaces, alternate settings and pipes. "
		       "Works while another program has them open, and wakes no device.",
	};
	const struct node *only = NULL;
	const char *text = NULL;
	struct nodes nodes;
	json_t *devices, *device;
	int code;
	size_t i;

	argp_parse(&argp, argc, argv, 0, NULL, &text);
	code = nodes_load(&nodes);
	if (code)
		return code;
	if (text) {
		only = node_resolve_device(&nodes, text, &code);
		if (!only) {
			nodes_free(&nodes);
			return code;
		}
	}

	devices = json_array();
	for (i = 0; i < nodes.count; i++) {
		const struct node *node = &nodes.list[i];
		bool seen = false;

		if (!node->bound || (only && strcmp(only->device, node->device)))
			continue;
		for (size_t j = 0; j < i; j++)
			if (nodes.list[j].bound && !strcmp(nodes.list[j].device, node->device))
				seen = true;
		if (!seen)
			json_array_append_new(devices, device_json(&nodes, node, &code));
	}
	nodes_free(&nodes);

	if (!json_array_size(devices) && !code)
		code = driver_check();
	if (ctl_json) {
		json_print(json_pack("{s:o}", "devices", devices), true);
		return code;
	}
	json_array_foreach(devices, i, device) {
		if (i)
			putchar('\n');
		device_print(device);
	}
	if (!json_array_size(devices) && !code)
		fprintf(stderr, "No nodes. 'winusbctl bind VID:PID' gives a device to winusb.\n");
	json_decref(devices);
	return code;
}
