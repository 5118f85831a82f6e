// SPDX-License-Identifier: MIT
/* winusbctl: looks at, talks to and binds the devices of winusb.ko. The table of commands. */

#include <stdlib.h>
#include <string.h>

#include "binding.h"

bool ctl_json;

const char *argp_program_version = "winusbctl 1";

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *text;
} commands[] = {
	{ "list", list_main, "show the nodes" },
	{ "info", info_main, "show devices, functions, interfaces, settings, pipes" },
	{ "control", control_main, "make a control transfer" },
	{ "read", read_main, "read from a pipe" },
	{ "write", write_main, "write to a pipe" },
	{ "watch", watch_main, "report arrival and removal, or the events of one node" },
	{ "events", events_main, "report what programs post" },
	{ "post", post_main, "post an event" },
	{ "bind", bind_main, "give devices to winusb" },
	{ "unbind", unbind_main, "take devices back from winusb" },
	{ "install", install_main, "do what an INF file does on Windows" },
	{ "remove", remove_main, "undo install or bind --persist" },
	{ "load", load_main, "give the driver what is kept over restarts" },
	{ "autobind", autobind_main, "show or set what is bound without being named" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

enum { KEY_JSON = 0x100 };

static error_t common_parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	(void)state;
	if (key != KEY_JSON)
		return ARGP_ERR_UNKNOWN;
	ctl_json = true;
	return 0;
}

static const struct argp_option common_options[] = {
	{ .name = "json", .key = KEY_JSON, .doc = "Print JSON", .group = -1 },
	{ 0 }
};

static const struct argp common_argp = { .options = common_options, .parser = common_parse };

const struct argp_child ctl_common[] = {
	{ .argp = &common_argp },
	{ 0 }
};

struct choice {
	const struct command *command;
	int index;			/* of its name in argv */
};

static error_t main_parse(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		for (size_t i = 0; i < COMMANDS; i++)
			if (!strcmp(arg, commands[i].name))
				choice->command = &commands[i];
		if (!choice->command)
			argp_error(state, "no command '%s'; see 'winusbctl --help'", arg);
		choice->index = state->next - 1;
		/* The rest is the command's. */
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *help_filter(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t size;
	FILE *stream;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;

	stream = open_memstream(&list, &size);
	if (!stream)
		return (char *)text;
	fputs("Commands:\n", stream);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stream, "  %-8s  %s\n", commands[i].name, commands[i].text);
	fputs("\nA NODE is 1-1:1.0, /dev/winusb/1-1:1.0, or VID:PID[:INTERFACE] or a device such as "
	      "1-1 if only one function fits. 'winusbctl COMMAND --help' tells more of each.\n\n"
	      "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not there, 4 in use or not "
	      "permitted, 5 timed out, 130 interrupted.\n", stream);
	fclose(stream);
	return list;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = main_parse,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = "Looks at, talks to and binds USB devices of the winusb driver.\v ",
		.children = ctl_common,
		.help_filter = help_filter,
	};
	struct choice choice = { 0 };
	char name[64];
	int code;

	/* For tests: a tree that stands for /sys and /etc. */
	if (getenv("WINUSBCTL_ROOT"))
		ctl_root = getenv("WINUSBCTL_ROOT");
	argp_err_exit_status = CTL_USAGE;
	/* Whole lines, also into a pipe: others follow what `watch` prints. */
	setvbuf(stdout, NULL, _IOLBF, 0);

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice);

	/* argp calls the program by argv[0] in its messages. */
	snprintf(name, sizeof(name), "winusbctl %s", choice.command->name);
	argv += choice.index;
	argv[0] = name;
	code = choice.command->main(argc - choice.index, argv);
	if (output_finish() && code == CTL_OK)
		code = CTL_FAILED;
	return code;
}
