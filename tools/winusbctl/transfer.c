// SPDX-License-Identifier: MIT
/* winusbctl read and write: the data of bulk and interrupt pipes. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "winusbctl.h"

#define LENGTH_MAX	(64UL << 20)
#define WRITE_CHUNK	(64UL << 10)

struct transfer_options {
	struct session_options session;
	const char *node, *file;
	unsigned long pipe, length, count;
	bool has_pipe, has_length, has_data, hex;
	uint8_t *data;
	size_t data_length;
};

/* The arguments that both commands share. */
static error_t transfer_parse(int key, char *arg, struct argp_state *state, bool in)
{
	struct transfer_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[1] = &options->session;
		return 0;
	case ARGP_KEY_ARG:
		if (!options->node) {
			options->node = arg;
		} else if (!options->has_pipe) {
			options->pipe = pipe_argument(state, arg, in, "winusbctl");
			options->has_pipe = true;
		} else {
			argp_error(state, "too many arguments");
		}
		return 0;
	case ARGP_KEY_END:
		if (!options->has_pipe)
			argp_error(state, "too few arguments");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option read_argp_options[] = {
	{ .name = "bytes", .key = 'n', .arg = "N", .doc = "Ask for N bytes (the pipe's maximum packet size)" },
	{ .name = "count", .key = 'c', .arg = "N", .doc = "Read N times (1); 0 is until an error or a signal" },
	{ .name = "hex", .key = 'x', .doc = "Print a hex dump also when standard output is no terminal" },
	{ 0 }
};

static error_t read_parse(int key, char *arg, struct argp_state *state)
{
	struct transfer_options *options = state->input;

	switch (key) {
	case 'n':
		if (!number_parse(arg, LENGTH_MAX, &options->length))
			argp_error(state, "--bytes: '%s' is no number from 0 to %lu", arg, LENGTH_MAX);
		options->has_length = true;
		return 0;
	case 'c':
		if (!number_parse(arg, UINT32_MAX, &options->count))
			argp_error(state, "--count: '%s' is no number", arg);
		return 0;
	case 'x':
		options->hex = true;
		return 0;
	default:
		return transfer_parse(key, arg, state, true);
	}
}

/* Finds a pipe of the kind that these commands are for. */
static int transfer_pipe(struct session *session, const struct transfer_options *options,
			 struct winusb_pipe_information *pipe)
{
	int code = session_pipe(session, options->pipe, pipe);

	if (code || pipe->type != WINUSB_PIPE_ISOCHRONOUS)
		return code;
	fprintf(stderr, "winusbctl: %s: pipe 0x%02lx is isochronous\n", session->node->name,
		options->pipe);
	hint_say("'winusbctl iso %s' is for it", options->pipe & 0x80 ? "read" : "write");
	return CTL_USAGE;
}

static void read_print(const struct transfer_options *options, const uint8_t *data, size_t length,
		       uint64_t offset)
{
	if (ctl_json)
		json_print(json_pack("{s:I, s:I, s:o}", "pipe", (json_int_t)options->pipe,
				     "length", (json_int_t)length, "data", json_hex(data, length)), false);
	else if (options->hex || isatty(STDOUT_FILENO))
		hexdump(stdout, data, length, offset);
	else
		fwrite(data, 1, length, stdout);
	fflush(stdout);
}

static int read_loop(struct session *session, struct transfer_options *options)
{
	struct winusb_pipe_information pipe;
	uint64_t offset = 0;
	uint8_t *data;
	int code, result = 0;
	char what[32];

	code = transfer_pipe(session, options, &pipe);
	if (code)
		return code;
	if (!options->has_length)
		options->length = pipe.packet_size;

	data = xcalloc(options->length, 1);
	for (unsigned long i = 0; !result && !ferror(stdout) && (!options->count || i < options->count); i++) {
		uint32_t moved = 0;

		result = ctl_interrupted ? -EINTR :
			winusb_read(session->usb, options->pipe, data, options->length, &moved);
		if (!result || moved)
			read_print(options, data, moved, offset);
		offset += moved;
	}
	free(data);

	if (!result)
		return CTL_OK;
	snprintf(what, sizeof(what), "read of pipe 0x%02lx", options->pipe);
	return error_transfer(session->node, what, -result);
}

int read_main(int argc, char **argv)
{
	const struct argp_child children[] = { ctl_common[0], { .argp = &session_argp }, { 0 } };
	const struct argp argp = {
		.options = read_argp_options,
		.parser = read_parse,
		.children = children,
		.args_doc = "NODE PIPE",
		.doc = "Reads from a bulk or interrupt pipe and prints a hex dump on a terminal, the bytes "
		       "themselves into a file or pipe, with --json one object for each read.\v"
		       "What arrived before an error or Ctrl-C is printed too. "
		       "Example: winusbctl read 1-1:1.0 0x88 -n 64 --timeout 1000",
	};
	struct transfer_options options = { .count = 1 };
	struct session session;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	signals_catch();

	code = session_open(&session, options.node, &options.session, options.pipe);
	if (code)
		return code;
	code = read_loop(&session, &options);
	session_close(&session);
	return code;
}

static const struct argp_option write_argp_options[] = {
	{ .name = "data", .key = 'd', .arg = "HEX", .doc = "Send these bytes; \"\" sends a packet of length 0" },
	{ .name = "file", .key = 'f', .arg = "FILE", .doc = "Send this file, - is standard input (the default)" },
	{ .name = "bytes", .key = 'n', .arg = "N", .doc = "At most N bytes a transfer (65536)" },
	{ 0 }
};

static error_t write_parse(int key, char *arg, struct argp_state *state)
{
	struct transfer_options *options = state->input;

	switch (key) {
	case 'd':
		if (!hex_parse(arg, &options->data, &options->data_length))
			argp_error(state, "--data: '%s' is no data in hex", arg);
		options->has_data = true;
		return 0;
	case 'f':
		options->file = arg;
		return 0;
	case 'n':
		if (!number_parse(arg, LENGTH_MAX, &options->length) || !options->length)
			argp_error(state, "--bytes: '%s' is no number from 1 to %lu", arg, LENGTH_MAX);
		return 0;
	case ARGP_KEY_END:
		if (options->has_data && options->file)
			argp_error(state, "either --data or --file");
		return transfer_parse(key, arg, state, false);
	default:
		return transfer_parse(key, arg, state, false);
	}
}

ssize_t input_fill(int fd, uint8_t *data, size_t size)
{
	size_t filled = 0;

	while (filled < size) {
		ssize_t got = read(fd, data + filled, size - filled);

		if (got < 0)
			return -1;
		if (!got)
			break;
		filled += got;
	}
	return filled;
}

int input_open(const char *file)
{
	int fd = STDIN_FILENO;

	if (file && strcmp(file, "-")) {
		fd = open(file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			error_say(errno, "%s", file);
	}
	return fd;
}

void input_close(int fd)
{
	if (fd > STDIN_FILENO)
		close(fd);
}

static int write_piece(struct session *session, const struct transfer_options *options,
		       uint8_t *data, size_t length, uint64_t *total)
{
	char what[32];
	uint32_t moved;
	int result;

	result = winusb_write(session->usb, options->pipe, data, length, &moved);
	*total += moved;
	if (!result)
		return CTL_OK;
	snprintf(what, sizeof(what), "write to pipe 0x%02lx", options->pipe);
	return error_transfer(session->node, what, -result);
}

static int write_file(struct session *session, const struct transfer_options *options,
		      int fd, uint64_t *total)
{
	uint8_t *data = xcalloc(options->length, 1);
	int code = CTL_OK;
	ssize_t length;

	while (!code) {
		length = input_fill(fd, data, options->length);
		if (length < 0)
			code = error_say(errno, "%s", options->file ? options->file : "standard input");
		else if (length)
			code = write_piece(session, options, data, length, total);
		else
			break;
	}
	free(data);
	return code;
}

static int write_data(struct session *session, const struct transfer_options *options,
		      uint64_t *total)
{
	size_t offset = 0;
	int code;

	do {
		size_t left = options->data_length - offset;
		size_t length = left < options->length ? left : options->length;

		code = write_piece(session, options, options->data + offset, length, total);
		offset += length;
	} while (!code && offset < options->data_length);
	return code;
}

int write_main(int argc, char **argv)
{
	const struct argp_child children[] = { ctl_common[0], { .argp = &session_argp }, { 0 } };
	const struct argp argp = {
		.options = write_argp_options,
		.parser = write_parse,
		.children = children,
		.args_doc = "NODE PIPE",
		.doc = "Writes standard input, a file, or --data to a bulk or interrupt pipe.\v"
		       "Example: winusbctl write 1-1:1.0 0x06 --data 'de ad be ef'",
	};
	struct transfer_options options = { .length = WRITE_CHUNK };
	struct winusb_pipe_information pipe;
	struct session session;
	uint64_t total = 0;
	int code, fd;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	signals_catch();

	fd = input_open(options.file);
	if (fd < 0)
		return CTL_FAILED;

	code = session_open(&session, options.node, &options.session, options.pipe);
	if (!code) {
		code = transfer_pipe(&session, &options, &pipe);
		if (!code && options.has_data)
			code = write_data(&session, &options, &total);
		else if (!code)
			code = write_file(&session, &options, fd, &total);
		session_close(&session);

		if (ctl_json)
			json_print(json_pack("{s:I, s:I}", "pipe", (json_int_t)options.pipe,
					     "length", (json_int_t)total), false);
		else if (!code || total)
			printf("%llu bytes written to pipe 0x%02lx\n", (unsigned long long)total,
			       options.pipe);
	}
	input_close(fd);
	free(options.data);
	return code;
}
