// SPDX-License-Identifier: MIT
/* How long the packets of an isochronous stream are, and how many a transfer has. */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "iso.h"

#define MICROFRAMES_A_SECOND	8000
#define USUAL_MICROFRAMES	80

bool iso_lengths_parse(const char *text, struct iso_lengths *lengths)
{
	bool some = false;
	char *end;

	lengths->count = 0;
	do {
		unsigned long length;

		if (!isdigit((unsigned char)*text))
			return false;
		errno = 0;
		length = strtoul(text, &end, 0);
		if (errno || length > UINT32_MAX || (*end && *end != ','))
			return false;
		lengths->list = xrealloc(lengths->list,
					 (lengths->count + 1) * sizeof(*lengths->list));
		lengths->list[lengths->count++] = length;
		some |= length;
		text = end + 1;
	} while (*end);
	return some;
}

/* Samples of one packet, and what is left over in 8000th of a sample. */
static uint64_t samples_next(const struct iso_lengths *lengths, uint64_t *rest)
{
	uint64_t sum = *rest + (uint64_t)lengths->period * lengths->rate;

	*rest = sum % MICROFRAMES_A_SECOND;
	return sum / MICROFRAMES_A_SECOND;
}

uint32_t iso_lengths_longest(const struct iso_lengths *lengths)
{
	uint64_t rest = MICROFRAMES_A_SECOND - 1, longest = lengths->whole;

	if (lengths->rate) {
		longest = samples_next(lengths, &rest) * lengths->frame_bytes;
	} else if (lengths->count) {
		longest = 0;
		for (size_t i = 0; i < lengths->count; i++)
			if (lengths->list[i] > longest)
				longest = lengths->list[i];
	}
	return longest < UINT32_MAX ? longest : UINT32_MAX;
}

uint32_t iso_lengths_next(struct iso_lengths *lengths)
{
	if (lengths->rate)
		return samples_next(lengths, &lengths->rest) * lengths->frame_bytes;
	if (lengths->count)
		return lengths->list[lengths->next++ % lengths->count];
	return lengths->whole;
}

unsigned int iso_lengths_cut(struct winusb_isoch_packet *packets, unsigned int count,
			     uint32_t length, unsigned int whole)
{
	unsigned int used = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (packets[i].length > length)
			packets[i].length = length;
		length -= packets[i].length;
		if (packets[i].length)
			used = i + 1;
	}
	return (used + whole - 1) / whole * whole;
}

unsigned int iso_packets_whole(unsigned int period)
{
	return period < ISO_MICROFRAMES ? ISO_MICROFRAMES / period : 1;
}

unsigned int iso_packets_usual(unsigned int period)
{
	unsigned int usual = USUAL_MICROFRAMES / period;

	return usual ? usual : 1;
}
