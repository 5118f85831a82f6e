// SPDX-License-Identifier: MIT
/* A node that is open, as the options of a command want it. */

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "winusbctl.h"

volatile bool ctl_interrupted;

static void signal_note(int signal)
{
	(void)signal;
	ctl_interrupted = true;
}

void signals_catch(void)
{
	/* No SA_RESTART: a blocked transfer returns with what it has moved. */
	struct sigaction action = { .sa_handler = signal_note };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

enum { KEY_SETTING = 0x200, KEY_RESET };

static const struct argp_option interface_argp_options[] = {
	{ .name = "associated", .key = 'a', .arg = "INDEX",
	  .doc = "Use the associated interface of this index, not the node's own" },
	{ .name = "setting", .key = KEY_SETTING, .arg = "N",
	  .doc = "Select alternate setting N first; 0 comes back at the end" },
	{ 0 }
};

static const struct argp_option session_argp_options[] = {
	{ .name = "timeout", .key = 't', .arg = "MS", .doc = "Give up after this many milliseconds; 0 is never. "
	  "The device is kept awake meanwhile" },
	{ .name = "reset", .key = KEY_RESET, .doc = "Reset the pipe first (clears a halt)" },
	{ 0 }
};

static error_t interface_parse(int key, char *arg, struct argp_state *state)
{
	struct session_options *options = state->input;
	unsigned long value;

	switch (key) {
	case ARGP_KEY_INIT:
		options->associated = -1;
		options->setting = -1;
		return 0;
	case 'a':
	case KEY_SETTING:
		if (!number_parse(arg, 255, &value))
			argp_error(state, "'%s' is no number from 0 to 255", arg);
		*(key == 'a' ? &options->associated : &options->setting) = value;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp interface_argp = { .options = interface_argp_options, .parser = interface_parse };

static error_t session_parse(int key, char *arg, struct argp_state *state)
{
	struct session_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = options;
		return 0;
	case 't':
		if (!milliseconds_parse(arg, &options->timeout_ms))
			argp_error(state, "'%s' is no number of milliseconds", arg);
		options->has_timeout = true;
		return 0;
	case KEY_RESET:
		options->reset = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child session_children[] = {
	{ .argp = &interface_argp },
	{ 0 }
};

const struct argp session_argp = {
	.options = session_argp_options,
	.parser = session_parse,
	.children = session_children,
};

unsigned long pipe_argument(struct argp_state *state, const char *arg, bool in, const char *prefix)
{
	unsigned long pipe;

	if (!number_parse(arg, 0xff, &pipe) || !(pipe & 0x0f) || pipe & 0x70)
		argp_error(state, "'%s' is no pipe such as %s", arg, in ? "0x88" : "0x06");
	if (!(pipe & 0x80) == in)
		argp_error(state, "pipe 0x%02lx is an %s pipe; '%s %s' is for it", pipe,
			   in ? "OUT" : "IN", prefix, in ? "write" : "read");
	return pipe;
}

static int missing_say(const struct session *session, const char *what, unsigned int number)
{
	fflush(stdout);
	fprintf(stderr, "winusbctl: %s: no %s %u\n", session->node->name, what, number);
	hint_say("'winusbctl info %s' shows what it has", session->node->name);
	return CTL_USAGE;
}

int session_setting(struct session *session, unsigned int setting)
{
	int result = winusb_set_setting(session->usb, setting);

	if (result == -ENOENT)
		return missing_say(session, "alternate setting", setting);
	return result ? error_transfer(session->node, "alternate setting", -result) : CTL_OK;
}

static int session_set_up(struct session *session, const struct session_options *options,
			  unsigned int pipe)
{
	int result;

	/*
	 * A pipe's timeout stands still while the device sleeps, and somebody wants an answer in
	 * time. Older drivers have no such policy, nor has the node of a sibling; then it takes as
	 * long as it takes.
	 */
	if (options->has_timeout && options->timeout_ms)
		winusb_set_power(session->opened, WINUSB_POWER_AUTO_SUSPEND, 0);

	if (options->associated >= 0) {
		result = winusb_associated(session->opened, options->associated, &session->usb);
		if (result == -ENOENT || result == -EINVAL)
			return missing_say(session, "associated interface of index",
					   options->associated);
		if (result)
			return error_transfer(session->node, "associated interface", -result);
	}

	if (options->setting >= 0) {
		result = session_setting(session, options->setting);
		if (result)
			return result;
	}

	/* An unknown pipe is reported, better, by who uses it. */
	if (options->has_timeout) {
		result = winusb_set_policy(session->usb, pipe, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT,
					   options->timeout_ms);
		if (result && result != -EINVAL)
			return error_transfer(session->node, "timeout", -result);
	}

	if (options->reset) {
		result = winusb_reset_pipe(session->usb, pipe);
		if (result && result != -EINVAL)
			return error_transfer(session->node, "reset of the pipe", -result);
	}

	/* Of all these a signal ended none. */
	return ctl_interrupted ? error_transfer(session->node, "preparation", EINTR) : CTL_OK;
}

int session_open(struct session *session, const char *node_text,
		 const struct session_options *options, unsigned int pipe)
{
	int code, result;

	session->opened = NULL;
	session->usb = NULL;
	code = nodes_load(&session->nodes);
	if (code)
		return code;
	session->node = node_resolve(&session->nodes, node_text, &code);
	if (!session->node) {
		nodes_free(&session->nodes);
		return code;
	}

	result = winusb_open(&session->opened, session->node->path, 0);
	session->usb = session->opened;
	if (result)
		code = error_open(&session->nodes, session->node, -result);
	else
		code = session_set_up(session, options, pipe);
	if (code)
		session_close(session);
	return code;
}

void session_close(struct session *session)
{
	if (session->usb != session->opened)
		winusb_close(session->usb);
	winusb_close(session->opened);
	nodes_free(&session->nodes);
}

int session_find_pipe(struct session *session, unsigned int setting_index, unsigned int pipe,
		      struct winusb_pipe_information *found)
{
	int result;

	for (unsigned int i = 0; ; i++) {
		result = winusb_pipe(session->usb, setting_index, i, found);
		if (result)
			return result == -ENOENT ? -ESRCH : result;
		if (found->pipe == pipe)
			return 0;
	}
}

int session_pipe(struct session *session, unsigned int pipe,
		 struct winusb_pipe_information *found)
{
	int setting = winusb_setting_index(session->usb), result;
	char known[160] = "";

	if (setting < 0)
		return error_transfer(session->node, "current setting", -setting);

	result = session_find_pipe(session, setting, pipe, found);
	if (result && result != -ESRCH)
		return error_transfer(session->node, "pipes", -result);
	if (!result)
		return CTL_OK;

	for (unsigned int i = 0; !winusb_pipe(session->usb, setting, i, found); i++) {
		size_t length = strlen(known);

		snprintf(known + length, sizeof(known) - length, " 0x%02x", found->pipe);
	}

	fprintf(stderr, "winusbctl: %s: no pipe 0x%02x in the current setting\n",
		session->node->name, pipe);
	if (*known)
		hint_say("its pipes are%s", known);
	else
		hint_say("it has no pipes; another setting may have some: --setting");
	return CTL_USAGE;
}
