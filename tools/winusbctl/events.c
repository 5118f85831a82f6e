// SPDX-License-Identifier: MIT
/* winusbctl watch NODE and events: what happens to one node, and what programs post to it. */

#include <errno.h>
#include <stdlib.h>

#include "watch.h"

static const char *event_name(const struct winusb_event *event)
{
	static const char *const names[] = {
		[WINUSB_EVENT_REMOVED] = "removed",
		[WINUSB_EVENT_RESET] = "reset",
		[WINUSB_EVENT_SETTING] = "setting",
		[WINUSB_EVENT_OPENED] = "opened",
		[WINUSB_EVENT_CLOSED] = "closed",
		[WINUSB_EVENT_STATE] = "state",
		[WINUSB_EVENT_CUSTOM] = "custom",
	};
	const char *name = NULL;

	if (event->type < sizeof(names) / sizeof(names[0]))
		name = names[event->type];
	return name ? name : "unknown";
}

static void event_print_json(const struct winusb_event *event, const uint8_t *data)
{
	json_t *value;
	char guid[GUID_TEXT];

	value = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "event", event_name(event),
			  "type", (json_int_t)event->type,
			  "value", (json_int_t)event->value,
			  "sequence", (json_int_t)event->sequence,
			  "time_ns", (json_int_t)event->time_ns,
			  "dropped", (json_int_t)event->dropped);
	if (event->type == WINUSB_EVENT_CUSTOM) {
		winusb_guid_format(event->guid, guid);
		json_object_set_new(value, "guid", json_string(guid));
		json_object_set_new(value, "data", json_hex(data, event->data_length));
	}
	json_print(value, false);
}

static void event_print(const struct winusb_event *event, const uint8_t *data)
{
	char guid[GUID_TEXT], *hex;

	if (ctl_json) {
		event_print_json(event, data);
		return;
	}
	watch_time_print();
	printf("%s", event_name(event));
	if (event->type == WINUSB_EVENT_SETTING || event->type == WINUSB_EVENT_STATE)
		printf(" %u", event->value);
	if (event->type == WINUSB_EVENT_CUSTOM) {
		winusb_guid_format(event->guid, guid);
		hex = hex_text(data, event->data_length);
		printf(" %s%s%s", guid, *hex ? " " : "", hex);
		free(hex);
	}
	if (event->dropped)
		printf("  (%llu events lost so far)", (unsigned long long)event->dropped);
	putchar('\n');
}

static int events_read(const struct watch_options *options, const struct node *node,
		       struct winusb *usb, bool custom)
{
	static uint8_t data[WINUSB_MAX_EVENT_DATA];
	struct winusb_event event;
	unsigned long lines = 0;
	int code = CTL_OK;
	int result;

	if (custom) {
		result = winusb_hear_posts(usb, true);
		if (result)
			return error_say(-result, "%s: custom events", node->name);
	}
	fprintf(stderr, "Watching %s; Ctrl-C ends it.\n", node->name);

	while (!options->count || lines < options->count) {
		result = winusb_next_event(usb, &event, data, sizeof(data), 0);
		if (result == -EAGAIN) {
			if (watch_wait(options, winusb_fd(usb), &code))
				break;
		} else if (result == -ENODEV) {
			/* It left; nothing more will come. */
			code = options->count ? CTL_ABSENT : CTL_OK;
			break;
		} else if (result) {
			code = error_say(-result, "%s", node->name);
			break;
		} else if (!custom || event.type == WINUSB_EVENT_CUSTOM) {
			event_print(&event, data);
			lines++;
		}
	}
	return code;
}

int events_watch(const struct watch_options *options, bool custom)
{
	const struct node *node;
	struct winusb *usb;
	struct nodes nodes;
	int code, result;

	code = nodes_load(&nodes);
	if (code)
		return code;
	node = node_resolve(&nodes, options->node, &code);
	if (!node)
		goto out;
	result = winusb_open(&usb, node->path, WINUSB_OPEN_LISTENER);
	if (result) {
		code = error_open(&nodes, node, -result);
		goto out;
	}
	code = events_read(options, node, usb, custom);
	winusb_close(usb);
out:
	nodes_free(&nodes);
	return code;
}

static const struct argp_option events_argp_options[] = {
	WATCH_LIMITS,
	{ 0 }
};

static error_t events_parse(int key, char *arg, struct argp_state *state)
{
	struct watch_options *options = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (options->node)
			argp_error(state, "too many arguments");
		options->node = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->node)
			argp_error(state, "too few arguments");
		return 0;
	default:
		return watch_parse_limit(key, arg, state);
	}
}

int events_main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = events_argp_options,
		.parser = events_parse,
		.children = ctl_common,
		.args_doc = "NODE",
		.doc = "Reports what programs post to the function of a node ('winusbctl post'): a GUID, and "
		       "data in hex. With --json one object a line.",
	};
	struct watch_options options = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	watch_prepare(&options);
	return events_watch(&options, true);
}
