// SPDX-License-Identifier: MIT
/* The pipe of an isochronous stream, and the alternate setting that has it. */

#include <errno.h>

#include "iso.h"

static bool pipe_is_good(const struct winusb_pipe_information *pipe)
{
	return pipe->type == WINUSB_PIPE_ISOCHRONOUS && pipe->bytes_per_interval;
}

static int pipe_refuse(const struct session *session, const struct winusb_pipe_information *pipe)
{
	fprintf(stderr, "winusbctl: %s: pipe 0x%02x ", session->node->name, pipe->pipe);
	if (pipe->type == WINUSB_PIPE_ISOCHRONOUS) {
		fputs("has no bandwidth in this setting\n", stderr);
		hint_say("another setting may give it some: --setting");
	} else {
		fputs("is not isochronous\n", stderr);
		hint_say("'winusbctl %s' is for it", pipe->pipe & 0x80 ? "read" : "write");
	}
	return CTL_USAGE;
}

/* Does the setting of this index have the pipe? 1, 0 or a negative errno; -ENOENT: none such. */
static int setting_has(struct session *session, unsigned int index, unsigned int pipe,
		       struct winusb_pipe_information *found, unsigned int *setting)
{
	uint8_t descriptor[9];
	int result;

	result = winusb_interface_descriptor(session->usb, index, descriptor);
	if (result)
		return result;
	*setting = descriptor[3];
	result = session_find_pipe(session, index, pipe, found);
	if (result == -ESRCH)
		return 0;
	return result ? result : pipe_is_good(found);
}

static void settings_say(struct session *session, unsigned int pipe)
{
	struct winusb_pipe_information found;
	unsigned int setting;
	int result = 0;
	bool fast;

	fprintf(stderr, "winusbctl: %s: several alternate settings have pipe 0x%02x\n",
		session->node->name, pipe);
	for (unsigned int i = 0; result >= 0 && i < 256; i++) {
		result = setting_has(session, i, pipe, &found, &setting);
		if (result > 0)
			hint_say("--setting=%u: packets of %u bytes, each %.3f ms", setting,
				 found.bytes_per_interval,
				 (double)iso_period(session, &found, &fast) / ISO_MICROFRAMES);
	}
}

int iso_pipe(struct session *session, const struct iso_options *options,
	     struct winusb_pipe_information *pipe)
{
	int current = winusb_setting_index(session->usb), result;
	unsigned int setting, only = 0, count = 0;

	if (current < 0)
		return error_transfer(session->node, "current setting", -current);
	result = session_find_pipe(session, current, options->pipe, pipe);
	if (!result)
		return pipe_is_good(pipe) ? CTL_OK : pipe_refuse(session, pipe);
	if (result != -ESRCH)
		return error_transfer(session->node, "pipes", -result);
	if (options->session.setting >= 0)
		return session_pipe(session, options->pipe, pipe);

	for (unsigned int i = 0; i < 256; i++) {
		result = setting_has(session, i, options->pipe, pipe, &setting);
		if (result == -ENOENT)
			break;
		if (result < 0)
			return error_transfer(session->node, "alternate settings", -result);
		if (result && !count++)
			only = setting;
	}
	if (!count) {
		fprintf(stderr, "winusbctl: %s: no alternate setting has an isochronous pipe 0x%02lx\n",
			session->node->name, options->pipe);
		hint_say("'winusbctl info %s' shows the pipes", session->node->name);
		return CTL_USAGE;
	}
	if (count > 1) {
		settings_say(session, options->pipe);
		return CTL_USAGE;
	}
	result = session_setting(session, only);
	return result ? result : session_pipe(session, options->pipe, pipe);
}

unsigned int iso_period(struct session *session, const struct winusb_pipe_information *pipe,
			bool *fast)
{
	int speed = winusb_speed(session->usb);

	if (speed < 0) {
		error_transfer(session->node, "speed", -speed);
		return 0;
	}
	if (!pipe->interval || pipe->interval > 16) {
		fprintf(stderr, "winusbctl: %s: pipe 0x%02x has interval %u, which is none\n",
			session->node->name, pipe->pipe, pipe->interval);
		return 0;
	}
	*fast = speed == WINUSB_SPEED_HIGH;
	return (*fast ? 1U : ISO_MICROFRAMES) << (pipe->interval - 1);
}
