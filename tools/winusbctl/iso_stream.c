// SPDX-License-Identifier: MIT
/*
 * An isochronous stream: a ring of transfers, of which each is submitted again when it is done, and
 * what became of their packets.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "iso.h"

#define TICK_NS		500000000LL
#define SECOND_NS	1000000000LL
#define FRAME_NS	1000000LL
#define RECORDS		16

struct stream {
	struct session *session;
	struct iso_options *options;
	struct winusb_pipe_information pipe;
	unsigned int period;		/* microframes from one packet to the next */
	unsigned int whole;		/* packets come in multiples of that */
	uint32_t frames;		/* of a transfer */

	struct winusb_isoch_buffer *buffer;
	void *memory;			/* with --copy */
	struct winusb_isoch *transfers;
	struct winusb_isoch_packet *packets;

	unsigned long started, pending;
	bool ending;			/* submit no more */
	bool aborted;
	int code;
	uint32_t next_frame;		/* that is in no completed transfer; 0: not known */

	/* When a frame began, by the driver; 0: not known. */
	int64_t frame_ns;
	uint32_t frame;
	bool timed;			/* it was known once, in this generation */
	uint32_t generation;

	struct iso_count count, last;
	int64_t begin, tick, end;	/* end: of --time, or 0 */
	bool terminal;
	int shown;			/* characters of the running line */
};

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND_NS + time.tv_nsec;
}

static void line_show(struct stream *stream, const char *text, int length)
{
	fprintf(stderr, "\r%.*s%*s\r", length, text,
		stream->shown > length ? stream->shown - length : 0, "");
	fprintf(stderr, "%.*s", length, text);
	stream->shown = length;
}

static void line_clear(struct stream *stream)
{
	if (stream->shown)
		line_show(stream, "", 0);
}

static void line_print(struct stream *stream, int64_t time)
{
	struct winsize window = { 0 };
	char *text = NULL;
	size_t length;
	FILE *memory;

	memory = open_memstream(&text, &length);
	if (!memory)
		return;
	iso_line(memory, &stream->count, (double)(time - stream->begin) / SECOND_NS, &stream->last,
		 (double)(time - stream->tick) / SECOND_NS);
	fclose(memory);
	if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &window) && window.ws_col &&
	    length >= window.ws_col)
		length = window.ws_col - 1;
	line_show(stream, text, length);
	free(text);
}

/* What is lost from now on does not count: stop, and give the transfers back. */
static void stream_abort(struct stream *stream)
{
	stream->ending = true;
	if (!stream->aborted)
		winusb_abort_pipe(stream->session->usb, stream->pipe.pipe);
	stream->aborted = true;
}

static void stream_fail(struct stream *stream, int code)
{
	if (!stream->code)
		stream->code = code;
	stream_abort(stream);
}

static void stream_error(struct stream *stream, const char *what, int result)
{
	char text[48];

	if (stream->code)
		return;
	line_clear(stream);
	snprintf(text, sizeof(text), "%s pipe 0x%02x", what, stream->pipe.pipe);
	stream_fail(stream, error_transfer(stream->session->node, text, -result));
}

/* The data of the next transfer. False at their end. */
static bool stream_fill(struct stream *stream, struct winusb_isoch *what)
{
	uint8_t *data = (uint8_t *)winusb_isoch_memory(stream->buffer) + what->offset;
	ssize_t length;

	what->length = 0;
	what->packet_count = stream->options->packets;
	for (unsigned int i = 0; i < what->packet_count; i++) {
		what->packets[i].length = iso_lengths_next(&stream->options->lengths);
		what->length += what->packets[i].length;
	}
	if (stream->options->input < 0)
		return true;

	length = input_fill(stream->options->input, data, what->length);
	if (length < 0 && !ctl_interrupted) {
		line_clear(stream);
		stream_fail(stream, error_say(errno, "%s", stream->options->file ?
					      stream->options->file : "standard input"));
	}
	if (length < 0)
		return false;
	if ((uint32_t)length == what->length)
		return true;
	what->packet_count = iso_lengths_cut(what->packets, what->packet_count, length,
					     stream->whole);
	what->length = length;
	stream->ending = true;
	return length > 0;
}

/* Where --frame wants the stream to begin. */
static int first_frame(struct stream *stream, struct winusb_isoch *what)
{
	struct winusb_get_frame frame;
	int result = 0;

	what->flags |= WINUSB_TRANSFER_ISOCH_AT;
	what->frame = stream->options->frame;
	if (stream->options->frame_is_ahead) {
		result = winusb_frame(stream->session->usb, 0, &frame);
		what->frame += frame.out_frame;
	}
	return result;
}

static void first_frame_hint(struct stream *stream, int result)
{
	struct winusb_get_frame frame;

	if (result == -EOPNOTSUPP)
		hint_say("see 'winusbctl iso frame %s'", stream->session->node->name);
	else if (result == -EINVAL && !winusb_frame(stream->session->usb, 0, &frame))
		hint_say("it is frame %u; --frame can be one of the next 1024, as --frame=+100",
			 frame.out_frame);
}

/* Submits the next transfer, if there is one. */
static void stream_next(struct stream *stream, unsigned int slot)
{
	struct winusb_isoch *what = &stream->transfers[slot];
	bool first = !stream->started;
	int result = 0;

	if (stream->options->count && stream->started >= stream->options->count)
		stream->ending = true;
	if (stream->ending || ctl_interrupted)
		return;
	if (!stream->options->in && !stream_fill(stream, what)) {
		stream->ending = true;
		return;
	}

	what->flags = stream->options->in ? 0 : WINUSB_TRANSFER_ISOCH_LENGTHS;
	what->frame = 0;
	if (first && stream->options->has_frame)
		result = first_frame(stream, what);
	if (!result)
		result = winusb_submit_isoch(stream->session->usb, what, slot, NULL);
	if (result) {
		stream_error(stream, stream->options->in ? "read of" : "write to", result);
		if (first && stream->options->has_frame)
			first_frame_hint(stream, result);
		return;
	}
	stream->started++;
	stream->pending++;
}

static void packet_list(struct stream *stream, const struct winusb_completion *record,
			unsigned int index, uint32_t status)
{
	uint64_t microframe = (uint64_t)index * stream->period;
	uint32_t frame = record->isoch_frame + microframe / ISO_MICROFRAMES;
	const char *name = iso_status_name(status);

	microframe %= ISO_MICROFRAMES;
	if (ctl_json) {
		json_print(json_pack("{s:I, s:I, s:I, s:s}", "packet",
				     (json_int_t)stream->count.packets - 1, "frame",
				     (json_int_t)frame, "microframe", (json_int_t)microframe,
				     "status", name), false);
		return;
	}
	line_clear(stream);
	fprintf(stderr, "packet %llu  frame %u  microframe %u  %s\n",
		(unsigned long long)stream->count.packets - 1, frame, (unsigned int)microframe,
		name);
}

static void stream_packets(struct stream *stream, const struct winusb_completion *record,
			   const struct winusb_isoch *what)
{
	const uint8_t *data = (uint8_t *)winusb_isoch_memory(stream->buffer) + what->offset;
	FILE *output = stream->options->output;

	for (unsigned int i = 0; i < what->packet_count; i++) {
		const struct winusb_isoch_packet *packet = &what->packets[i];
		bool counts = iso_count_packet(&stream->count, packet);

		if (counts && packet->status && stream->options->list)
			packet_list(stream, record, i, packet->status);
		if (output)
			fwrite(data + packet->offset, 1, packet->length, output);
	}
	if (!output || (!fflush(output) && !ferror(output)) || ctl_interrupted || stream->code)
		return;
	line_clear(stream);
	/* Of standard output output_finish() says it. */
	if (output != stdout)
		error_say(errno, "%s", stream->options->file);
	stream_fail(stream, CTL_FAILED);
}

/* A transfer that failed whole and never came to the bus, so that the next one would neither. */
static bool transfer_is_refused(const struct winusb_isoch *what)
{
	for (unsigned int i = 0; i < what->packet_count; i++)
		if (what->packets[i].status != WINUSB_PACKET_NOT_SENT)
			return false;
	return true;
}

static void stream_clock(struct stream *stream)
{
	struct winusb_get_frame frame;

	stream->frame_ns = 0;
	if (winusb_frame(stream->session->usb, 0, &frame))
		return;
	stream->frame_ns = frame.out_start_ns;
	stream->frame = frame.out_frame;
	stream->generation = frame.out_generation;
	stream->timed = true;
}

/* Is there a gap before this transfer, over which frames began to count anew? */
static bool stream_is_anew(struct stream *stream, const struct winusb_completion *record)
{
	uint32_t generation = stream->generation;

	if (!stream->timed || !stream->next_frame || record->isoch_frame == stream->next_frame)
		return false;
	stream_clock(stream);
	return stream->generation != generation;
}

/* How many frames from now on are in transfers? The next one is not submitted yet. */
static void stream_ahead(struct stream *stream, int64_t time)
{
	uint32_t current;

	if (!stream->frame_ns)
		stream_clock(stream);
	if (!stream->frame_ns || !stream->next_frame || stream->ending)
		return;
	current = stream->frame + (uint32_t)((time - stream->frame_ns) / FRAME_NS);
	iso_count_ahead(&stream->count, (int32_t)(stream->next_frame +
						  stream->pending * stream->frames - current));
}

static void stream_done(struct stream *stream, const struct winusb_completion *record)
{
	const struct winusb_isoch *what = &stream->transfers[record->cookie];

	stream->pending--;
	stream->count.transfers++;
	stream->count.bytes += record->length;
	/* What is canceled comes in any order. */
	if (record->isoch_next_frame && !stream->aborted &&
	    (!record->status || record->status == -EIO)) {
		iso_count_frames(&stream->count, stream->next_frame, record->isoch_frame,
				 stream_is_anew(stream, record));
		stream->next_frame = record->isoch_next_frame;
	}
	stream_packets(stream, record, what);

	if (record->status == -EIO ? transfer_is_refused(what) : record->status)
		if (!stream->aborted)
			stream_error(stream, stream->options->in ? "read of" : "write to",
				     record->status);
	stream_ahead(stream, now());
	stream_next(stream, record->cookie);
}

/* What is due by the clock. */
static void stream_tick(struct stream *stream)
{
	int64_t time = now(), grace = (int64_t)stream->options->depth * stream->frames * FRAME_NS;

	if (ctl_interrupted)
		stream_abort(stream);
	if (stream->end && time >= stream->end)
		stream->ending = true;
	/* A device from which nothing comes. */
	if (stream->end && time >= stream->end + grace + SECOND_NS)
		stream_abort(stream);
	if (time - stream->tick < TICK_NS)
		return;
	stream_clock(stream);
	if (stream->terminal && !stream->ending)
		line_print(stream, time);
	stream->last = stream->count;
	stream->tick = time;
}

static void stream_run(struct stream *stream)
{
	struct winusb_completion records[RECORDS];
	int64_t left;
	int result;

	stream->begin = stream->tick = now();
	if (stream->options->seconds > 0)
		stream->end = stream->begin + (int64_t)(stream->options->seconds * SECOND_NS);
	for (unsigned int i = 0; i < stream->options->depth && !stream->ending; i++)
		stream_next(stream, i);

	while (stream->pending) {
		left = stream->end - now();
		if (left < 0 || left > TICK_NS)
			left = TICK_NS;
		/* A signal that comes between is heard at the next tick. */
		result = ctl_interrupted && !stream->aborted ? -EINTR :
			winusb_reap(stream->session->usb, records, RECORDS, left / FRAME_NS + 1);
		for (int i = 0; i < result; i++)
			stream_done(stream, &records[i]);
		if (result < 0 && result != -EAGAIN && result != -EINTR) {
			stream_error(stream, "records of", result);
			break;
		}
		stream_tick(stream);
	}
	if (!stream->code && ctl_interrupted)
		stream->code = CTL_INTERRUPTED;
}

static int stream_memory(struct stream *stream)
{
	struct iso_options *options = stream->options;
	struct winusb *usb = stream->session->usb;
	uint64_t length = (uint64_t)options->packets * stream->pipe.bytes_per_interval;
	int result;

	if (length * options->depth > INT32_MAX)
		return usage_say(options->in ? "iso read" : "iso write",
				 "--depth and --packets: more than 2 GiB of memory");
	if (options->copy) {
		stream->memory = xcalloc(options->depth, length);
		result = winusb_isoch_register(usb, stream->pipe.pipe, stream->memory,
					       length * options->depth, &stream->buffer);
	} else {
		result = winusb_isoch_alloc(usb, stream->pipe.pipe, length * options->depth,
					    &stream->buffer);
	}
	if (result) {
		error_transfer(stream->session->node, "isochronous buffer", -result);
		if (result == -ENOMEM)
			hint_say("--depth times --packets times %u bytes; the module's max_buffer_mb is "
				 "the limit", stream->pipe.bytes_per_interval);
		else if (result == -EOPNOTSUPP)
			hint_say("the driver is older than winusbctl");
		return error_code(-result);
	}

	stream->transfers = xcalloc(options->depth, sizeof(*stream->transfers));
	stream->packets = xcalloc(options->depth * options->packets, sizeof(*stream->packets));
	for (unsigned int i = 0; i < options->depth; i++)
		stream->transfers[i] = (struct winusb_isoch) {
			.buffer = stream->buffer,
			.offset = i * length,
			.length = length,
			.packets = stream->packets + i * options->packets,
			.packet_count = options->packets,
		};
	return CTL_OK;
}

static int stream_lengths(struct stream *stream)
{
	struct iso_lengths *lengths = &stream->options->lengths;
	uint32_t most = stream->pipe.bytes_per_interval;

	lengths->whole = most;
	lengths->period = stream->period;
	if (iso_lengths_longest(lengths) <= most)
		return CTL_OK;
	return usage_say("iso write", "packets of up to %u bytes; pipe 0x%02x can have %u in each",
			 iso_lengths_longest(lengths), stream->pipe.pipe, most);
}

static int stream_prepare(struct stream *stream)
{
	struct iso_options *options = stream->options;
	unsigned int most = WINUSB_MAX_ISOCH_PACKETS;
	bool fast = false;
	int code;

	code = iso_pipe(stream->session, options, &stream->pipe);
	if (code)
		return code;
	stream->period = iso_period(stream->session, &stream->pipe, &fast);
	if (!stream->period)
		return CTL_FAILED;
	if (!fast)
		most = 255;
	stream->whole = iso_packets_whole(stream->period);
	if (!options->packets)
		options->packets = iso_packets_usual(stream->period);
	if (options->packets > most || options->packets % stream->whole)
		return usage_say(options->in ? "iso read" : "iso write",
				 stream->whole > 1 ? "--packets: pipe 0x%02x takes a multiple of %u up to %u" :
				 "--packets: pipe 0x%02x takes a number from %u to %u",
				 stream->pipe.pipe, stream->whole, most);
	stream->frames = options->packets * stream->period / ISO_MICROFRAMES;
	code = options->in ? CTL_OK : stream_lengths(stream);
	return code ? code : stream_memory(stream);
}

static void stream_report(struct stream *stream)
{
	double seconds = (double)(now() - stream->begin) / SECOND_NS;
	json_t *value;

	line_clear(stream);
	if (ctl_json) {
		value = json_pack("{s:I, s:I}", "pipe", (json_int_t)stream->pipe.pipe, "setting",
				  (json_int_t)winusb_setting(stream->session->usb));
		json_object_update_new(value, iso_json(&stream->count, seconds));
		json_print(value, false);
	} else if (!stream->options->quiet) {
		fprintf(stderr, "pipe 0x%02x: ", stream->pipe.pipe);
		iso_summary(stderr, &stream->count, seconds);
	}
}

int iso_stream(struct session *session, struct iso_options *options)
{
	struct stream stream = { .session = session, .options = options };

	stream.terminal = !options->quiet && isatty(STDERR_FILENO);
	stream.code = stream_prepare(&stream);
	if (!stream.code) {
		stream_run(&stream);
		if (stream.started || !stream.code)
			stream_report(&stream);
	}
	winusb_isoch_free(stream.buffer);
	free(stream.memory);
	free(stream.transfers);
	free(stream.packets);
	return stream.code;
}
