// SPDX-License-Identifier: MIT
/* winusbctl iso: isochronous streams, and the frames of the bus. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iso.h"

#define DEPTH		8
#define DEPTH_MAX	1024UL
#define SECONDS_MAX	1e8
#define SAMPLES_MAX	1000000000UL

enum { KEY_FRAME = 0x300, KEY_COPY, KEY_LENGTHS, KEY_RATE, KEY_FRAME_BYTES };

#define STREAM_OPTIONS								\
	{ .name = "count", .key = 'c', .arg = "N", .doc = "End after N transfers" },	\
	{ .name = "time", .key = 't', .arg = "SECONDS", .doc = "End after this time, as 1.5" },	\
	{ .name = "depth", .key = 'd', .arg = "N", .doc = "Keep N transfers under way (8)" },	\
	{ .name = "packets", .key = 'p', .arg = "N",				\
	  .doc = "Packets of a transfer, in whole frames (10 ms of them)" },	\
	{ .name = "frame", .key = KEY_FRAME, .arg = "[+]N",			\
	  .doc = "Begin in frame N of the bus; +N: N frames from now" },	\
	{ .name = "copy", .key = KEY_COPY,					\
	  .doc = "Use memory of the program, which the driver copies, not mapped memory" },	\
	{ .name = "list", .key = 'l', .doc = "A line for each packet in error" },	\
	{ .name = "quiet", .key = 'q', .doc = "Neither a running line nor a summary" }

static bool seconds_parse(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	return end != text && !*end && *seconds > 0 && *seconds <= SECONDS_MAX;
}

/* The options and arguments that both streams have. */
static error_t stream_parse(int key, char *arg, struct argp_state *state)
{
	struct iso_options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[1] = &options->session;
		return 0;
	case 'c':
		if (!number_parse(arg, UINT32_MAX, &options->count) || !options->count)
			argp_error(state, "--count: '%s' is no number from 1", arg);
		return 0;
	case 't':
		if (!seconds_parse(arg, &options->seconds))
			argp_error(state, "--time: '%s' is no time in seconds", arg);
		return 0;
	case 'd':
		if (!number_parse(arg, DEPTH_MAX, &options->depth) || !options->depth)
			argp_error(state, "--depth: '%s' is no number from 1 to %lu", arg, DEPTH_MAX);
		return 0;
	case 'p':
		if (!number_parse(arg, WINUSB_MAX_ISOCH_PACKETS, &options->packets) ||
		    !options->packets)
			argp_error(state, "--packets: '%s' is no number from 1 to %d", arg,
				   WINUSB_MAX_ISOCH_PACKETS);
		return 0;
	case KEY_FRAME:
		options->has_frame = true;
		options->frame_is_ahead = *arg == '+';
		if (!number_parse(arg + options->frame_is_ahead, UINT32_MAX, &options->frame))
			argp_error(state, "--frame: '%s' is no number of a frame", arg);
		return 0;
	case KEY_COPY:
		options->copy = true;
		return 0;
	case 'l':
		options->list = true;
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->has_pipe)
			argp_error(state, "too many arguments");
		if (!options->node) {
			options->node = arg;
			return 0;
		}
		options->pipe = pipe_argument(state, arg, options->in, "winusbctl iso");
		options->has_pipe = true;
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
	STREAM_OPTIONS,
	{ .name = "output", .key = 'o', .arg = "FILE",
	  .doc = "Where the data go; - is standard output, the default if that is no terminal and there is no --json" },
	{ 0 }
};

static error_t read_parse(int key, char *arg, struct argp_state *state)
{
	struct iso_options *options = state->input;

	switch (key) {
	case 'o':
		options->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (ctl_json && options->file && !strcmp(options->file, "-"))
			argp_error(state, "either --json or --output=-");
		return stream_parse(key, arg, state);
	default:
		return stream_parse(key, arg, state);
	}
}

static bool output_open(struct iso_options *options)
{
	const char *file = options->file;

	if (file && strcmp(file, "-")) {
		options->output = fopen(file, "we");
		if (!options->output)
			error_say(errno, "%s", file);
		return options->output;
	}
	if (!file && (ctl_json || isatty(STDOUT_FILENO)))
		return true;
	/* No lines here. */
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	options->output = stdout;
	return true;
}

static int iso_read_main(int argc, char **argv)
{
	const struct argp_child children[] = { ctl_common[0], { .argp = &interface_argp }, { 0 } };
	const struct argp argp = {
		.options = read_argp_options,
		.parser = read_parse,
		.children = children,
		.args_doc = "NODE PIPE",
		.doc = "Reads an isochronous stream until --count, --time or Ctrl-C, and writes what its "
		       "packets brought, one behind the other, into a file or pipe.\v"
		       "On a terminal a line tells twice a second how it goes: rate, packets, those that "
		       "were late or bad, gaps, which are frames in no transfer, and how far the "
		       "transfers under way reach. At the end there is one in any case, on standard "
		       "error; with --json an object on standard output, with --list others before it. "
		       "Example: winusbctl iso read 1-1:1.0 0x81 --setting=1 --time=10 -o stream.bin",
	};
	struct iso_options options = { .in = true, .depth = DEPTH };
	struct session session;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	signals_catch();

	code = session_open(&session, options.node, &options.session, options.pipe);
	if (code)
		return code;
	code = output_open(&options) ? iso_stream(&session, &options) : CTL_FAILED;
	if (options.output && options.output != stdout && fclose(options.output) && !code)
		code = error_say(errno, "%s", options.file);
	session_close(&session);
	return code;
}

static const struct argp_option write_argp_options[] = {
	STREAM_OPTIONS,
	{ .name = "input", .key = 'i', .arg = "FILE",
	  .doc = "Send this file; - is standard input (the default), zeros are zeros without end" },
	{ .name = "lengths", .key = KEY_LENGTHS, .arg = "N,N,...",
	  .doc = "The packets have these lengths, over and over (the most that they can have)" },
	{ .name = "rate", .key = KEY_RATE, .arg = "N",
	  .doc = "Or as many samples as give N in a second, as of audio" },
	{ .name = "frame-bytes", .key = KEY_FRAME_BYTES, .arg = "N",
	  .doc = "Bytes of a sample of all channels, for --rate (4)" },
	{ 0 }
};

static error_t write_parse(int key, char *arg, struct argp_state *state)
{
	struct iso_options *options = state->input;
	struct iso_lengths *lengths = &options->lengths;

	switch (key) {
	case 'i':
		options->file = arg;
		return 0;
	case KEY_LENGTHS:
		if (!iso_lengths_parse(arg, lengths))
			argp_error(state, "--lengths: '%s' is no list of lengths such as 192,188", arg);
		return 0;
	case KEY_RATE:
		if (!number_parse(arg, SAMPLES_MAX, &lengths->rate) || !lengths->rate)
			argp_error(state, "--rate: '%s' is no number from 1 to %lu", arg, SAMPLES_MAX);
		return 0;
	case KEY_FRAME_BYTES:
		if (!number_parse(arg, UINT16_MAX, &lengths->frame_bytes) || !lengths->frame_bytes)
			argp_error(state, "--frame-bytes: '%s' is no number from 1 to %d", arg,
				   UINT16_MAX);
		return 0;
	case ARGP_KEY_END:
		if (lengths->rate && lengths->count)
			argp_error(state, "either --lengths or --rate");
		if (lengths->frame_bytes && !lengths->rate)
			argp_error(state, "--frame-bytes goes with --rate");
		if (!lengths->frame_bytes)
			lengths->frame_bytes = 4;
		return stream_parse(key, arg, state);
	default:
		return stream_parse(key, arg, state);
	}
}

static int iso_write_main(int argc, char **argv)
{
	const struct argp_child children[] = { ctl_common[0], { .argp = &interface_argp }, { 0 } };
	const struct argp argp = {
		.options = write_argp_options,
		.parser = write_parse,
		.children = children,
		.args_doc = "NODE PIPE",
		.doc = "Writes standard input or a file as an isochronous stream, until its end, --count, "
		       "--time or Ctrl-C.\v"
		       "It tells how it goes as 'winusbctl iso read' does. "
		       "Example: winusbctl iso write 1-1:1.0 0x02 --setting=4 --rate=44100 --input=music.raw",
	};
	struct iso_options options = { .depth = DEPTH, .input = -1 };
	struct session session;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	signals_catch();

	if (!options.file || strcmp(options.file, "zeros")) {
		options.input = input_open(options.file);
		if (options.input < 0)
			return CTL_FAILED;
	}
	code = session_open(&session, options.node, &options.session, options.pipe);
	if (!code) {
		code = iso_stream(&session, &options);
		session_close(&session);
	}
	input_close(options.input);
	free(options.lengths.list);
	return code;
}

struct frame_options {
	struct session_options session;
	const char *node;
	bool boundary;
};

static const struct argp_option frame_argp_options[] = {
	{ .name = "boundary", .key = 'b', .doc = "Wait for the beginning of a frame, to be exact" },
	{ 0 }
};

static error_t frame_parse(int key, char *arg, struct argp_state *state)
{
	struct frame_options *options = state->input;

	switch (key) {
	case 'b':
		options->boundary = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->node)
			argp_error(state, "too many arguments");
		options->node = arg;
		return 0;
	case ARGP_KEY_END:
		if (!options->node)
			argp_error(state, "too few arguments");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void frame_print(const struct winusb_get_frame *frame)
{
	if (ctl_json) {
		json_print(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
				     "frame", (json_int_t)frame->out_frame,
				     "microframe", (json_int_t)frame->out_microframe,
				     "hardware_frame", (json_int_t)frame->out_hardware_frame,
				     "time_ns", (json_int_t)frame->out_time_ns,
				     "start_ns", (json_int_t)frame->out_start_ns,
				     "accuracy_ns", (json_int_t)frame->out_accuracy_ns,
				     "generation", (json_int_t)frame->out_generation), true);
		return;
	}
	printf("Frame %u  microframe %u  hardware frame %u\n", frame->out_frame,
	       frame->out_microframe, frame->out_hardware_frame);
	printf("Time  %.9f s, by CLOCK_MONOTONIC\n", frame->out_time_ns / 1e9);
	printf("Began %.9f s, exact to %.3f us\n", frame->out_start_ns / 1e9,
	       frame->out_accuracy_ns / 1e3);
}

static int frame_show(struct session *session, const struct frame_options *options)
{
	unsigned int flags = options->boundary ? WINUSB_FRAME_BOUNDARY : 0;
	struct winusb_get_frame frame;
	int result;

	result = winusb_frame(session->usb, flags, &frame);
	if (!result) {
		frame_print(&frame);
		return CTL_OK;
	}
	if (result != -EOPNOTSUPP)
		return error_transfer(session->node, "frame", -result);
	fprintf(stderr, "winusbctl: %s: its host controller does not tell the frame (EOPNOTSUPP)\n",
		session->node->name);
	hint_say("that of USB/IP does not; then the transfers that complete do, and a second longer: "
		 "winusbctl iso read %s PIPE --setting=N --count=10 -q >/dev/null && "
		 "winusbctl iso frame %s",
		 session->node->name, session->node->name);
	return CTL_FAILED;
}

static int iso_frame_main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = frame_argp_options,
		.parser = frame_parse,
		.children = ctl_common,
		.args_doc = "NODE",
		.doc = "Tells which frame and microframe the bus is in, when that was, when the frame "
		       "began, and how exact that is. A frame is a millisecond.",
	};
	struct frame_options options = { .session = { .associated = -1, .setting = -1 } };
	struct session session;
	int code;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	signals_catch();

	code = session_open(&session, options.node, &options.session, 0);
	if (code)
		return code;
	code = frame_show(&session, &options);
	session_close(&session);
	return code;
}

int iso_main(int argc, char **argv)
{
	static const struct command list[] = {
		{ "read", iso_read_main, "read a stream" },
		{ "write", iso_write_main, "write a stream" },
		{ "frame", iso_frame_main, "show the frame of the bus" },
	};
	static const struct commands commands = {
		.list = list,
		.count = sizeof(list) / sizeof(list[0]),
		.prefix = "winusbctl iso",
		.doc = "Moves the data of isochronous pipes.\v ",
		.notes = "\n'winusbctl iso COMMAND --help' tells more of each.\n",
	};

	return command_run(argc, argv, &commands);
}
