// SPDX-License-Identifier: MIT
/* winusbctl: looks at, talks to and binds the devices of winusb.ko. The table of commands. */

#include <stdlib.h>

#include "binding.h"

bool ctl_json;

const char *argp_program_version = "winusbctl 1";

static const struct command main_commands[] = {
	{ "list", list_main, "show the nodes" },
	{ "info", info_main, "show devices, functions, interfaces, settings, pipes" },
	{ "control", control_main, "make a control transfer" },
	{ "read", read_main, "read from a pipe" },
	{ "write", write_main, "write to a pipe" },
	{ "iso", iso_main, "read or write an isochronous stream, show the bus frame" },
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

static const struct commands commands = {
	.list = main_commands,
	.count = sizeof(main_commands) / sizeof(main_commands[0]),
	.prefix = "winusbctl",
	.doc = "Looks at, talks to and binds USB devices of the winusb driver.\v ",
	.notes = "\nA NODE is 1-1:1.0, /dev/winusb/1-1:1.0, or VID:PID[:INTERFACE] or a device such "
		 "as 1-1 if only one function fits. 'winusbctl COMMAND --help' tells more of each.\n\n"
		 "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not there, 4 in use or not "
		 "permitted, 5 timed out, 130 interrupted.\n",
};

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

int main(int argc, char **argv)
{
	int code;

	/* For tests: a tree that stands for /sys and /etc. */
	if (getenv("WINUSBCTL_ROOT"))
		ctl_root = getenv("WINUSBCTL_ROOT");
	argp_err_exit_status = CTL_USAGE;
	/* Whole lines, also into a pipe: others follow what `watch` prints. */
	setvbuf(stdout, NULL, _IOLBF, 0);

	code = command_run(argc, argv, &commands);
	if (output_finish() && code == CTL_OK)
		code = CTL_FAILED;
	return code;
}
