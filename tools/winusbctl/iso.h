/* SPDX-License-Identifier: MIT */
/* What the files of winusbctl iso share. */
#ifndef ISO_H
#define ISO_H

#include "winusbctl.h"

#define ISO_MICROFRAMES	8	/* in a frame, that is in a millisecond */
#define ISO_ERRORS	13	/* that a packet may have */

/* iso_count.c: what became of a stream. */
struct iso_count {
	uint64_t bytes;
	uint64_t transfers;
	uint64_t packets;		/* whose time came */
	uint64_t empty;			/* of them, without a byte and without an error */
	uint64_t errors[ISO_ERRORS];	/* by kind, see iso_error() */
	uint64_t gaps;			/* between transfers, and the frames that are in none */
	uint64_t gap_frames;
	bool timed;			/* is the next known? */
	int32_t ahead;			/* ms that the transfers reach into the future, at least */
};

/* One packet; false if it never had its turn. */
bool iso_count_packet(struct iso_count *count, const struct winusb_isoch_packet *packet);
/*
 * One transfer, and the frame that should have been its first; 0: not known. ANEW: frames began to
 * count anew meanwhile, so the gap has no length.
 */
void iso_count_frames(struct iso_count *count, uint32_t expected, uint32_t frame, bool anew);
/* How far the transfers reached when there was one to submit. */
void iso_count_ahead(struct iso_count *count, int32_t ms);
/* "crc" of WINUSB_PACKET_CRC. */
const char *iso_status_name(uint32_t status);
/* SINCE is an earlier count, of what is told of the last SECONDS only. */
void iso_line(FILE *out, const struct iso_count *count, double at,
	      const struct iso_count *since, double seconds);
void iso_summary(FILE *out, const struct iso_count *count, double seconds);
json_t *iso_json(const struct iso_count *count, double seconds);

/* iso_length.c: how long the packets are that go out. */
struct iso_lengths {
	uint32_t *list;			/* one after the other, and from the beginning */
	size_t count, next;
	unsigned long rate;		/* or samples a second of frame_bytes each; 0: not */
	unsigned long frame_bytes;
	uint64_t rest;			/* of a sample, in 8000th */
	uint32_t whole;			/* or all of them so */
	unsigned int period;		/* microframes from one packet to the next */
};

/* "192,192,180". False if it is no list of numbers, or all of them are 0. */
bool iso_lengths_parse(const char *text, struct iso_lengths *lengths);
uint32_t iso_lengths_longest(const struct iso_lengths *lengths);
uint32_t iso_lengths_next(struct iso_lengths *lengths);
/* Cuts packets down to LENGTH bytes in all; gives how many are needed, in whole frames of them. */
unsigned int iso_lengths_cut(struct winusb_isoch_packet *packets, unsigned int count,
			     uint32_t length, unsigned int whole);

/* Packets that are a whole number of frames, at least. */
unsigned int iso_packets_whole(unsigned int period);
/* Packets of about 10 ms. */
unsigned int iso_packets_usual(unsigned int period);

/* iso.c */
struct iso_options {
	struct session_options session;
	const char *node;
	const char *file;		/* where the data go to, or come from */
	FILE *output;			/* that; NULL: nowhere */
	int input;			/* that; -1: zeros */
	unsigned long pipe, count, depth, packets, frame;
	double seconds;
	bool in, has_pipe, has_frame, frame_is_ahead, copy, list, quiet;
	struct iso_lengths lengths;
};

/* iso_stream.c: the stream itself. */
int iso_stream(struct session *session, struct iso_options *options);

/* iso_pipe.c: finds the pipe in the current setting, or goes to the one that has it. */
int iso_pipe(struct session *session, const struct iso_options *options,
	     struct winusb_pipe_information *pipe);
/* Microframes from one packet to the next; 0 after it said what is wrong. */
unsigned int iso_period(struct session *session, const struct winusb_pipe_information *pipe,
			bool *fast);

#endif
