// SPDX-License-Identifier: MIT
/* Commands by their names, as `winusbctl` and its commands with parts have them. */

#include <stdlib.h>
#include <string.h>

#include "winusbctl.h"

struct choice {
	const struct commands *commands;
	const struct command *command;
	int index;			/* of its name in argv */
};

static error_t command_parse(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;
	const struct commands *commands = choice->commands;

	switch (key) {
	case ARGP_KEY_ARG:
		for (size_t i = 0; i < commands->count; i++)
			if (!strcmp(arg, commands->list[i].name))
				choice->command = &commands->list[i];
		if (!choice->command)
			argp_error(state, "no command '%s'; see '%s --help'", arg, commands->prefix);
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
	const struct choice *choice = input;
	char *list = NULL;
	size_t size;
	FILE *stream;

	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;

	stream = open_memstream(&list, &size);
	if (!stream)
		return (char *)text;
	fputs("Commands:\n", stream);
	for (size_t i = 0; i < choice->commands->count; i++)
		fprintf(stream, "  %-8s  %s\n", choice->commands->list[i].name,
			choice->commands->list[i].text);
	fputs(choice->commands->notes, stream);
	fclose(stream);
	return list;
}

int command_run(int argc, char **argv, const struct commands *commands)
{
	const struct argp argp = {
		.parser = command_parse,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = commands->doc,
		.children = ctl_common,
		.help_filter = help_filter,
	};
	struct choice choice = { .commands = commands };
	char name[64];

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &choice);

	/* argp calls the program by argv[0] in its messages. */
	snprintf(name, sizeof(name), "%s %s", commands->prefix, choice.command->name);
	argv += choice.index;
	argv[0] = name;
	return choice.command->main(argc - choice.index, argv);
}
