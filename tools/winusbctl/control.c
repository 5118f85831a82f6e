// SPDX-License-Identifier: MIT
/* winusbctl control: one control transfer, spelled as people say it. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "winusbctl.h"

struct control_options {
	struct session_options session;
	const char *node;
	struct winusb_setup setup;
	size_t length;
	uint8_t *data;
	unsigned int arguments;
	bool hex;
};

static const struct argp_option control_argp_options[] = {
	{ .name = "hex", .key = 'x', .doc = "Print a hex dump also when standard output is no terminal" },
	{ 0 }
};

static int word_find(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

static void control_field(struct control_options *options, unsigned int field, const char *arg,
			  struct argp_state *state)
{
	static const char *const names[] = { "REQUEST", "VALUE", "INDEX" };
	unsigned long max = field ? 0xffff : 0xff;
	unsigned long value;

	if (!number_parse(arg, max, &value))
		argp_error(state, "%s: '%s' is no number from 0 to %lu", names[field], arg, max);
	if (!field)
		options->setup.request = value;
	else if (field == 1)
		options->setup.value = value;
	else
		options->setup.index = value;
}

static void control_argument(struct control_options *options, const char *arg,
			     struct argp_state *state)
{
	static const char *const directions[] = { "out", "in" };
	static const char *const types[] = { "standard", "class", "vendor" };
	static const char *const recipients[] = { "device", "interface", "endpoint", "other" };
	unsigned long value;
	int word;

	switch (options->arguments++) {
	case 0:
		options->node = arg;
		return;
	case 1:
		word = word_find(directions, 2, arg);
		if (word < 0)
			argp_error(state, "'%s' is neither 'in' nor 'out'", arg);
		options->setup.request_type |= word << 7;
		return;
	case 2:
		word = word_find(types, 3, arg);
		if (word < 0)
			argp_error(state, "'%s' is none of standard, class, vendor", arg);
		options->setup.request_type |= word << 5;
		return;
	case 3:
		word = word_find(recipients, 4, arg);
		if (word < 0)
			argp_error(state, "'%s' is none of device, interface, endpoint, other", arg);
		options->setup.request_type |= word;
		return;
	case 4:
	case 5:
	case 6:
		control_field(options, options->arguments - 5, arg, state);
		return;
	}

	if (!(options->setup.request_type & 0x80)) {
		if (!hex_parse(arg, &options->data, &options->length))
			argp_error(state, "'%s' is no data in hex", arg);
		if (options->length > WINUSB_MAX_CONTROL_LENGTH)
			argp_error(state, "more than %u bytes", WINUSB_MAX_CONTROL_LENGTH);
		return;
	}
	if (options->arguments > 8)
		argp_error(state, "too many arguments");
	if (!number_parse(arg, WINUSB_MAX_CONTROL_LENGTH, &value))
		argp_error(state, "LENGTH: '%s' is no number from 0 to %u", arg,
			   WINUSB_MAX_CONTROL_LENGTH);
	options->length = value;
	options->data = xcalloc(value, 1);
}

static error_t control_parse(int key, char *arg, struct argp_state *state)
{
	struct control_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[1] = &options->session;
		return 0;
	case 'x':
		options->hex = true;
		return 0;
	case ARGP_KEY_ARG:
		control_argument(options, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (options->arguments < 7)
			argp_error(state, "too few arguments");
		if (options->arguments < 8 && options->setup.request_type & 0x80)
			argp_error(state, "LENGTH is missing");
		options->setup.length = options->length;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void control_print(const struct control_options *options, uint32_t moved)
{
	bool in = options->setup.request_type & 0x80;
	json_t *value;

	if (ctl_json) {
		value = json_pack("{s:s, s:I}", "direction", in ? "in" : "out", "length", (json_int_t)moved);
		if (in)
			json_object_set_new(value, "data", json_hex(options->data, moved));
		json_print(value, false);
	} else if (!in) {
		printf("%u bytes sent\n", moved);
	} else if (options->hex || isatty(STDOUT_FILENO)) {
		hexdump(stdout, options->data, moved, 0);
	} else {
		fwrite(options->data, 1, moved, stdout);
	}
}

int control_main(int argc, char **argv)
{
	const struct argp_child children[] = { ctl_common[0], { .argp = &session_argp }, { 0 } };
	const struct argp argp = {
		.options = control_argp_options,
		.parser = control_parse,
		.children = children,
		.args_doc = "NODE in TYPE RECIPIENT REQUEST VALUE INDEX LENGTH\n"
			    "NODE out TYPE RECIPIENT REQUEST VALUE INDEX [HEX...]",
		.doc = "Makes a control transfer. TYPE is standard, class or vendor; RECIPIENT is device, "
		       "interface, endpoint or other.\v"
		       "For an interface the driver puts the interface's number into the low byte of INDEX. "
		       "Example: winusbctl control 1-1:1.0 out vendor device 0xd8 0 0 1f",
	};
	struct control_options options = { 0 };
	struct session session;
	uint32_t moved;
	int code, result;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	signals_catch();

	code = session_open(&session, options.node, &options.session, 0);
	if (!code) {
		result = winusb_control(session.usb, &options.setup, options.data, &moved);
		if (!result || moved)
			control_print(&options, moved);
		if (result)
			code = error_transfer(session.node, "control transfer", -result);
		session_close(&session);
	}
	free(options.data);
	return code;
}
