// SPDX-License-Identifier: MIT
/* winusbctl watch NODE and events: what happens to one node, and what programs post to it. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
		guid_format(event->guid, guid);
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
		guid_format(event->guid, guid);
		hex = hex_text(data, event->data_length);
		printf(" %s%s%s", guid, *hex ? " " : "", hex);
		free(hex);
	}
	if (event->dropped)
		printf("  (%llu events lost so far)", (unsigned long long)event->dropped);
	putchar('\n');
}

/* Prints the events that a read gave; the number of lines. */
static unsigned long events_print(const uint8_t *buffer, size_t length, bool custom,
				  unsigned long limit)
{
	const struct winusb_event *event;
	unsigned long lines = 0;

	for (size_t at = 0; at < length && lines < limit;
	     at += sizeof(*event) + (event->data_length + 7) / 8 * 8) {
		event = (const void *)(buffer + at);
		if (custom && event->type != WINUSB_EVENT_CUSTOM)
			continue;
		event_print(event, buffer + at + sizeof(*event));
		lines++;
	}
	return lines;
}

static int events_read(const struct watch_options *options, const struct node *node, int fd,
		       bool custom)
{
	struct winusb_listen listen = { .size = sizeof(listen), .flags = WINUSB_LISTEN_CUSTOM };
	unsigned long lines = 0;
	size_t room = sizeof(struct winusb_event);
	int code = CTL_OK;
	uint8_t *buffer;

	if (custom) {
		if (ioctl(fd, WINUSB_IOC_LISTEN, &listen))
			return error_say(errno, "%s: custom events", node->name);
		room = listen.out_length;
	}
	buffer = xcalloc(1, room);
	fprintf(stderr, "Watching %s; Ctrl-C ends it.\n", node->name);

	while (!options->count || lines < options->count) {
		ssize_t length;

		if (watch_wait(options, fd, &code))
			break;
		length = read(fd, buffer, room);
		if (length > 0) {
			lines += events_print(buffer, length, custom,
					      options->count ? options->count - lines : ~0UL);
		} else if (!length) {
			/* It left; nothing more will come. */
			code = options->count ? CTL_ABSENT : CTL_OK;
			break;
		} else if (errno != EAGAIN && errno != EINTR) {
			code = error_say(errno, "%s", node->name);
			break;
		}
	}
	free(buffer);
	return code;
}

int events_watch(const struct watch_options *options, bool custom)
{
	const struct node *node;
	struct nodes nodes;
	int code, fd;

	code = nodes_load(&nodes);
	if (code)
		return code;
	node = node_resolve(&nodes, options->node, &code);
	if (!node)
		goto out;
	fd = open(node->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		code = error_open(&nodes, node, errno);
		goto out;
	}
	code = events_read(options, node, fd, custom);
	close(fd);
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
