// SPDX-License-Identifier: MIT
/* winusbctl post: an event for whoever listens. */

#include <stdlib.h>

#include "winusbctl.h"

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
			if (winusb_guid_parse(arg, options->guid))
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
	char guid[GUID_TEXT];
	int result;

	result = winusb_post(session->usb, options->guid, options->data, options->length);
	if (result)
		return error_transfer(session->node, "event", -result);
	winusb_guid_format(options->guid, guid);
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
