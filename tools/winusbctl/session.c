// SPDX-License-Identifier: MIT
/* A node opened read-write, its handle, and the transfers made with it. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

static const struct argp_option session_argp_options[] = {
	{ .name = "timeout", .key = 't', .arg = "MS", .doc = "Give up after this many milliseconds; 0 is never. "
	  "The device is kept awake meanwhile" },
	{ .name = "associated", .key = 'a', .arg = "INDEX",
	  .doc = "Use the associated interface of this index, not the node's own" },
	{ .name = "setting", .key = KEY_SETTING, .arg = "N",
	  .doc = "Select alternate setting N first; 0 comes back at the end" },
	{ .name = "reset", .key = KEY_RESET, .doc = "Reset the pipe first (clears a halt)" },
	{ 0 }
};

static error_t session_parse(int key, char *arg, struct argp_state *state)
{
	struct session_options *options = state->input;
	unsigned long value;

	switch (key) {
	case ARGP_KEY_INIT:
		options->associated = -1;
		options->setting = -1;
		return 0;
	case 't':
		if (!milliseconds_parse(arg, &options->timeout_ms))
			argp_error(state, "'%s' is no number of milliseconds", arg);
		options->has_timeout = true;
		return 0;
	case 'a':
	case KEY_SETTING:
		if (!number_parse(arg, 255, &value))
			argp_error(state, "'%s' is no number from 0 to 255", arg);
		*(key == 'a' ? &options->associated : &options->setting) = value;
		return 0;
	case KEY_RESET:
		options->reset = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp session_argp = { .options = session_argp_options, .parser = session_parse };

/*
 * A pipe's timeout stands still while the device sleeps, and somebody wants an answer in time. Older
 * drivers have no such policy, nor has the node of a sibling; then it takes as long as it takes.
 */
static void session_stay_awake(struct session *session)
{
	struct winusb_power_policy policy = {
		.size = sizeof(policy),
		.handle = session->handle,
		.policy = WINUSB_POWER_AUTO_SUSPEND,
		.value = 0,
	};

	ioctl(session->fd, WINUSB_IOC_SET_POWER_POLICY, &policy);
}

static int session_set_up(struct session *session, const struct session_options *options,
			  unsigned int pipe)
{
	struct winusb_initialize initialize = { .size = sizeof(initialize) };

	if (ioctl(session->fd, WINUSB_IOC_INITIALIZE, &initialize))
		return error_transfer(session->node, "initialize", errno);
	session->handle = initialize.out_handle;
	if (options->has_timeout && options->timeout_ms)
		session_stay_awake(session);

	if (options->associated >= 0) {
		struct winusb_get_associated_interface associated = {
			.size = sizeof(associated),
			.handle = session->handle,
			.index = options->associated,
		};

		if (ioctl(session->fd, WINUSB_IOC_GET_ASSOCIATED_INTERFACE, &associated)) {
			if (errno == ENOENT || errno == EINVAL)
				return usage_say("--associated", "%s has no associated interface of index %d",
						 session->node->name, options->associated);
			return error_transfer(session->node, "associated interface", errno);
		}
		session->handle = associated.out_handle;
	}

	if (options->setting >= 0) {
		struct winusb_set_alternate_setting setting = {
			.size = sizeof(setting),
			.handle = session->handle,
			.setting = options->setting,
		};

		if (ioctl(session->fd, WINUSB_IOC_SET_ALTERNATE_SETTING, &setting)) {
			if (errno == ENOENT)
				return usage_say("--setting", "%s has no alternate setting %d",
						 session->node->name, options->setting);
			return error_transfer(session->node, "alternate setting", errno);
		}
	}

	if (options->has_timeout) {
		struct winusb_pipe_policy policy = {
			.size = sizeof(policy),
			.handle = session->handle,
			.pipe_id = pipe,
			.policy = WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT,
			.value = options->timeout_ms,
		};

		/* An unknown pipe is reported, better, by who uses it. */
		if (ioctl(session->fd, WINUSB_IOC_SET_PIPE_POLICY, &policy) && errno != EINVAL)
			return error_transfer(session->node, "timeout", errno);
	}

	if (options->reset) {
		struct winusb_pipe_command command = {
			.size = sizeof(command),
			.handle = session->handle,
			.pipe_id = pipe,
		};

		if (ioctl(session->fd, WINUSB_IOC_RESET_PIPE, &command) && errno != EINVAL)
			return error_transfer(session->node, "reset of the pipe", errno);
	}
	return CTL_OK;
}

int session_open(struct session *session, const char *node_text,
		 const struct session_options *options, unsigned int pipe)
{
	int code;

	session->fd = -1;
	code = nodes_load(&session->nodes);
	if (code)
		return code;
	session->node = node_resolve(&session->nodes, node_text, &code);
	if (!session->node) {
		nodes_free(&session->nodes);
		return code;
	}

	session->fd = open(session->node->path, O_RDWR | O_CLOEXEC);
	if (session->fd < 0)
		code = error_open(&session->nodes, session->node, errno);
	else
		code = session_set_up(session, options, pipe);
	if (code)
		session_close(session);
	return code;
}

void session_close(struct session *session)
{
	if (session->fd >= 0)
		close(session->fd);
	nodes_free(&session->nodes);
}

/* Index of the current alternate setting among those of the interface. */
static int setting_index(struct session *session, unsigned int *index)
{
	struct winusb_get_alternate_setting current = {
		.size = sizeof(current),
		.handle = session->handle,
	};

	if (ioctl(session->fd, WINUSB_IOC_GET_ALTERNATE_SETTING, &current))
		return errno;

	for (*index = 0; *index < 256; ++*index) {
		struct winusb_query_interface_settings settings = {
			.size = sizeof(settings),
			.handle = session->handle,
			.setting_index = *index,
		};

		if (ioctl(session->fd, WINUSB_IOC_QUERY_INTERFACE_SETTINGS, &settings))
			return errno;
		if (settings.out_descriptor[3] == current.out_setting)
			return 0;
	}
	return ENOENT;
}

int session_pipe(struct session *session, unsigned int pipe, struct winusb_query_pipe *found)
{
	unsigned int index = 0;
	char known[160] = "";
	int err;

	err = setting_index(session, &index);
	if (err)
		return error_transfer(session->node, "current setting", err);

	for (unsigned int i = 0; i < 32; i++) {
		size_t length = strlen(known);

		*found = (struct winusb_query_pipe) {
			.size = sizeof(*found),
			.handle = session->handle,
			.setting_index = index,
			.pipe_index = i,
		};
		if (ioctl(session->fd, WINUSB_IOC_QUERY_PIPE, found)) {
			if (errno == ENOENT)
				break;
			return error_transfer(session->node, "pipes", errno);
		}
		if (found->out_pipe_id == pipe)
			return CTL_OK;
		snprintf(known + length, sizeof(known) - length, " 0x%02x", found->out_pipe_id);
	}

	fprintf(stderr, "winusbctl: %s: no pipe 0x%02x in the current setting\n",
		session->node->name, pipe);
	if (*known)
		hint_say("its pipes are%s", known);
	else
		hint_say("it has no pipes; another setting may have some: --setting");
	return CTL_USAGE;
}

int session_transfer(struct session *session, unsigned int pipe, const uint8_t setup[8],
		     void *data, size_t length, size_t *moved)
{
	struct winusb_transfer transfer = {
		.size = sizeof(transfer),
		.handle = session->handle,
		.pipe_id = pipe,
		.buffer = (uintptr_t)data,
		.length = length,
	};
	int err = 0;

	if (setup)
		memcpy(transfer.setup, setup, sizeof(transfer.setup));
	if (ioctl(session->fd, WINUSB_IOC_TRANSFER, &transfer))
		err = errno;
	*moved = transfer.out_length;
	return err;
}
