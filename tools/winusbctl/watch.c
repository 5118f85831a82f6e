// SPDX-License-Identifier: MIT
/* winusbctl watch: nodes that come and go, or what happens to one node. */

#include <errno.h>
#include <libudev.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "binding.h"
#include "watch.h"

enum { KEY_GUID = 0x200, KEY_SOURCE };

static const struct argp_option watch_argp_options[] = {
	WATCH_LIMITS,
	{ .name = "guid", .key = KEY_GUID, .arg = "GUID",
	  .doc = "Functions that this interface GUID finds: those that are there, then as they come and "
		 "go. A function comes when it is complete and enabled" },
	{ .name = "source", .key = KEY_SOURCE, .arg = "udev|kernel",
	  .doc = "Whose word to wait for: udev's, when its rules are done and links and permissions are "
		 "there (if udev runs), or the kernel's" },
	{ 0 }
};

error_t watch_parse_limit(int key, char *arg, struct argp_state *state)
{
	struct watch_options *options = state->input;

	switch (key) {
	case 'c':
		if (!number_parse(arg, UINT32_MAX, &options->count) || !options->count)
			argp_error(state, "--count: '%s' is no number from 1", arg);
		return 0;
	case 't':
		if (!milliseconds_parse(arg, &options->timeout_ms))
			argp_error(state, "'%s' is no number of milliseconds", arg);
		options->has_timeout = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t watch_parse(int key, char *arg, struct argp_state *state)
{
	struct watch_options *options = state->input;

	switch (key) {
	case KEY_GUID:
		if (!guid_parse(arg, options->guid))
			argp_error(state, "--guid: '%s' is no GUID, {8-4-4-4-12} hex digits", arg);
		return 0;
	case KEY_SOURCE:
		if (strcmp(arg, "udev") && strcmp(arg, "kernel"))
			argp_error(state, "--source: '%s' is neither udev nor kernel", arg);
		options->source = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (options->node)
			argp_error(state, "too many arguments");
		options->node = arg;
		return 0;
	case ARGP_KEY_END:
		if (options->node && (*options->guid || options->source))
			argp_error(state, "a NODE needs no --guid and no --source");
		return 0;
	default:
		return watch_parse_limit(key, arg, state);
	}
}

void watch_time_print(void)
{
	struct timespec now;
	struct tm local;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	printf("%02d:%02d:%02d.%03ld  ", local.tm_hour, local.tm_min, local.tm_sec,
	       now.tv_nsec / 1000000);
}

void watch_begin(const struct watch_options *options, const char *what)
{
	fprintf(stderr, "Watching%s%s, by %s events; Ctrl-C ends it.\n", what ? " " : "",
		what ? what : "", strcmp(options->source, "udev") ? "the kernel's" : "udev's");
}

int watch_wait(const struct watch_options *options, int fd, int *code)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct timespec now, left = { 0 }, *limit = NULL;
	sigset_t none;
	int ready;

	if (options->has_timeout) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		left.tv_sec = options->end.tv_sec - now.tv_sec;
		left.tv_nsec = options->end.tv_nsec - now.tv_nsec;
		if (left.tv_nsec < 0) {
			left.tv_sec--;
			left.tv_nsec += 1000000000;
		}
		if (left.tv_sec < 0)
			left = (struct timespec) { 0 };
		limit = &left;
	}

	/* Signals are blocked but here, so that none is missed. */
	sigemptyset(&none);
	ready = ppoll(&poll_fd, 1, limit, &none);
	if (ready > 0)
		return 0;
	if (!ready)
		*code = options->count ? CTL_TIMEOUT : CTL_OK;
	else if (errno == EINTR)
		*code = CTL_OK;
	else
		*code = error_say(errno, "poll");
	return 1;
}

static void change_print(struct udev_device *device)
{
	const char *action = udev_device_get_action(device);
	const char *name = udev_device_get_sysname(device);
	struct nodes nodes = { 0 };
	const struct node *node = NULL;
	json_t *value;

	/* What is known of it, if it is still there. */
	if (!strcmp(action, "add") && !nodes_load(&nodes))
		for (size_t i = 0; i < nodes.count; i++)
			if (nodes.list[i].bound && !strcmp(nodes.list[i].name, name))
				node = &nodes.list[i];

	if (ctl_json) {
		value = json_pack("{s:s, s:s}", "event", action, "name", name);
		if (node) {
			char id[20];

			snprintf(id, sizeof(id), "%s:%s", node->vid, node->pid);
			json_object_set_new(value, "path", json_string(node->path));
			json_object_set_new(value, "id", json_string(id));
			json_object_set_new(value, "function", json_string(node->function));
			json_object_set_new(value, "product", json_string(node->product));
		}
		json_print(value, false);
	} else {
		watch_time_print();
		printf("%-6s  %s", action, name);
		if (node)
			printf("  %s:%s  %s%s%s", node->vid, node->pid, node->manufacturer,
			       *node->manufacturer && *node->product ? " " : "", node->product);
		putchar('\n');
	}
	nodes_free(&nodes);
}

static int watch_nodes(const struct watch_options *options)
{
	struct udev_monitor *monitor = NULL;
	struct udev *udev = udev_new();
	unsigned long lines = 0;
	int code = CTL_OK;

	if (udev)
		monitor = udev_monitor_new_from_netlink(udev, options->source);
	if (!monitor ||
	    udev_monitor_filter_add_match_subsystem_devtype(monitor, "winusb", NULL) < 0) {
		code = error_say(errno ? errno : ENOMEM, "monitor of the kernel's device events");
		goto out;
	}
	if (*options->guid) {
		code = arrivals_watch(options, monitor);
		goto out;
	}
	if (udev_monitor_enable_receiving(monitor) < 0) {
		code = error_say(errno, "monitor of the kernel's device events");
		goto out;
	}
	watch_begin(options, NULL);

	while (!options->count || lines < options->count) {
		struct udev_device *device;

		if (watch_wait(options, udev_monitor_get_fd(monitor), &code))
			break;
		device = udev_monitor_receive_device(monitor);
		if (!device)
			continue;
		if (!strcmp(udev_device_get_action(device), "add") ||
		    !strcmp(udev_device_get_action(device), "remove")) {
			change_print(device);
			lines++;
		}
		udev_device_unref(device);
	}
out:
	udev_monitor_unref(monitor);
	udev_unref(udev);
	return code;
}

void watch_prepare(struct watch_options *options)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signals_catch();

	if (options->has_timeout) {
		clock_gettime(CLOCK_MONOTONIC, &options->end);
		options->end.tv_sec += options->timeout_ms / 1000;
		options->end.tv_nsec += options->timeout_ms % 1000 * 1000000L;
		if (options->end.tv_nsec >= 1000000000) {
			options->end.tv_sec++;
			options->end.tv_nsec -= 1000000000;
		}
	}
}

int watch_main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = watch_argp_options,
		.parser = watch_parse,
		.children = ctl_common,
		.args_doc = "[NODE]",
		.doc = "Reports nodes that arrive and leave; with --guid, functions by their interface GUID; with "
		       "NODE, what happens to that interface: "
		       "opened, closed, setting, state, reset, removed. With --json one object a line.",
	};
	struct watch_options options = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	/* Without udevd nobody passes the kernel's messages on; then hear them first-hand. */
	if (!options.source)
		options.source = access("/run/udev/control", F_OK) ? "kernel" : "udev";
	watch_prepare(&options);
	return options.node ? events_watch(&options, false) : watch_nodes(&options);
}
