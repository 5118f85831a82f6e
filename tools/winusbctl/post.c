// SPDX-License-Identifier: MIT
/* winusbctl post: an event for whoever listens. And GUIDs, as Windows has them in memory. */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "winusbctl.h"

/* Where each byte of the text stands: the first three parts are numbers, little-endian. */
static const uint8_t guid_order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

void guid_format(const uint8_t guid[16], char text[GUID_TEXT])
{
	char *at = text;

	*at++ = '{';
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		at += sprintf(at, "%02x", guid[guid_order[i]]);
	}
	*at++ = '}';
	*at = 0;
}

bool guid_scan(const char *text, uint8_t guid[16])
{
	bool braces = *text == '{';

	text += braces;
	for (int i = 0; i < 16; i++) {
		char pair[3] = { 0 };

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return false;
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			return false;
		memcpy(pair, text, 2);
		guid[guid_order[i]] = strtoul(pair, NULL, 16);
		text += 2;
	}
	return !strcmp(text, braces ? "}" : "");
}

struct post_options {
	const char *node;
	bool has_guid;
	uint8_t guid[16];
	uint8_t *data;
	size_t length;
};

static error_t post_parse(int key, char *arg, struct argp_state *state)
{
	struct post_options *options = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (!options->node) {
			options->node = arg;
		} else if (!options->has_guid) {
			if (!guid_scan(arg, options->guid))
				argp_error(state, "'%s' is no GUID, {8-4-4-4-12} hex digits", arg);
			options->has_guid = true;
		} else if (!hex_parse(arg, &options->data, &options->length)) {
			argp_error(state, "'%s' is no data in hex", arg);
		}
		return 0;
	case ARGP_KEY_END:
		if (!options->has_guid)
			argp_error(state, "too few arguments");
		if (options->length > WINUSB_MAX_EVENT_DATA)
			argp_error(state, "%zu bytes of data; an event has %d at most", options->length,
				   WINUSB_MAX_EVENT_DATA);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int post_send(struct session *session, const struct post_options *options)
{
	struct winusb_post_event post = {
		.size = sizeof(post),
		.handle = session->handle,
		.data = (uintptr_t)options->data,
		.length = options->length,
	};
	char guid[GUID_TEXT];

	memcpy(post.guid, options->guid, sizeof(post.guid));
	if (ioctl(session->fd, WINUSB_IOC_POST_EVENT, &post))
		return error_transfer(session->node, "event", errno);
	guid_format(options->guid, guid);
	if (ctl_json)
		json_print(json_pack("{s:s, s:I}", "guid", guid, "length",
				     (json_int_t)options->length), true);
	else
		printf("%zu bytes posted with %s\n", options->length, guid);
	return CTL_OK;
}

int post_main(int argc, char **argv)
{
	static const struct session_options session_options = { .associated = -1, .setting = -1 };
	static const struct argp argp = {
		.parser = post_parse,
		.children = ctl_common,
		.args_doc = "NODE GUID [HEX...]",
		.doc = "Posts an event with these data to all who listen to the function of the node "
		       "('winusbctl events'). That nobody does is no error.",
	};
	struct post_options options = { 0 };
	struct session session;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	code = session_open(&session, options.node, &session_options, 0);
	if (!code) {
		code = post_send(&session, &options);
		session_close(&session);
	}
	free(options.data);
	return code;
}
