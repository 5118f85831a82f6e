// SPDX-License-Identifier: MIT
/* What became of an isochronous stream, in numbers and in words. */

#include <stdlib.h>

#include "iso.h"

#define ISO_EXACT	16	/* frames */

static const struct {
	uint32_t status;
	const char *name;
} errors[ISO_ERRORS] = {
	/* The first is told apart from the others. */
	{ WINUSB_PACKET_LATE, "late" },
	{ WINUSB_PACKET_CRC, "crc" },
	{ WINUSB_PACKET_NO_RESPONSE, "no response" },
	{ WINUSB_PACKET_STALL, "stall" },
	{ WINUSB_PACKET_BABBLE, "babble" },
	{ WINUSB_PACKET_UNDERRUN, "underrun" },
	{ WINUSB_PACKET_BUFFER_OVERRUN, "buffer overrun" },
	{ WINUSB_PACKET_BUFFER_UNDERRUN, "buffer underrun" },
	{ WINUSB_PACKET_BUS_ERROR, "bus error" },
	{ WINUSB_PACKET_NOT_SENT, "not sent" },
	{ WINUSB_PACKET_CANCELED, "canceled" },
	{ WINUSB_PACKET_GONE, "gone" },
	/* And what a newer driver may say. */
	{ WINUSB_PACKET_ERROR, "error" },
};

static unsigned int error_find(uint32_t status)
{
	for (unsigned int i = 0; i < ISO_ERRORS; i++)
		if (errors[i].status == status)
			return i;
	return ISO_ERRORS - 1;
}

const char *iso_status_name(uint32_t status)
{
	return status ? errors[error_find(status)].name : "success";
}

bool iso_count_packet(struct iso_count *count, const struct winusb_isoch_packet *packet)
{
	if (packet->status == WINUSB_PACKET_CANCELED || packet->status == WINUSB_PACKET_GONE)
		return false;
	count->packets++;
	if (packet->status)
		count->errors[error_find(packet->status)]++;
	else if (!packet->length)
		count->empty++;
	return true;
}

void iso_count_ahead(struct iso_count *count, int32_t ms)
{
	if (!count->timed || ms < count->ahead)
		count->ahead = ms;
	count->timed = true;
}

void iso_count_frames(struct iso_count *count, uint32_t expected, uint32_t frame, bool anew)
{
	int32_t missing = (int32_t)(frame - expected);

	/* A little back is how exact it is known. */
	anew = anew || missing < -ISO_EXACT;
	if (!expected || (!anew && missing <= 0))
		return;
	count->gaps++;
	if (anew)
		return;
	count->gap_frames += missing;
	/* So late was the transfer, though perhaps there was no clock then to tell. */
	iso_count_ahead(count, -missing);
}

static uint64_t errors_sum(const struct iso_count *count)
{
	uint64_t sum = 0;

	for (unsigned int i = 1; i < ISO_ERRORS; i++)
		sum += count->errors[i];
	return sum;
}

static void errors_print(FILE *out, const struct iso_count *count)
{
	uint64_t sum = errors_sum(count);
	const char *between = " (";

	fprintf(out, "%llu late, %llu bad", (unsigned long long)count->errors[0],
		(unsigned long long)sum);
	for (unsigned int i = 1; i < ISO_ERRORS; i++) {
		if (!count->errors[i])
			continue;
		fprintf(out, "%s%llu %s", between, (unsigned long long)count->errors[i],
			errors[i].name);
		between = ", ";
	}
	if (sum)
		fputc(')', out);
}

static void gaps_print(FILE *out, const struct iso_count *count)
{
	fprintf(out, "%llu gap%s", (unsigned long long)count->gaps, count->gaps == 1 ? "" : "s");
	if (count->gaps)
		fprintf(out, " of %llu frame%s", (unsigned long long)count->gap_frames,
			count->gap_frames == 1 ? "" : "s");
}

static void ahead_print(FILE *out, const struct iso_count *count, const char *least)
{
	if (!count->timed)
		return;
	if (count->ahead < 0)
		fprintf(out, ", %d ms behind", -count->ahead);
	else
		fprintf(out, ", %s%d ms ahead", least, count->ahead);
}

static double rate(uint64_t bytes, double seconds)
{
	return seconds > 0 ? bytes / seconds / 1e6 : 0;
}

void iso_line(FILE *out, const struct iso_count *count, double at,
	      const struct iso_count *since, double seconds)
{
	fprintf(out, "%.1f s  %.3f MB/s  %llu packets, ", at,
		rate(count->bytes - since->bytes, seconds), (unsigned long long)count->packets);
	errors_print(out, count);
	fputs(", ", out);
	gaps_print(out, count);
	ahead_print(out, count, "");
}

void iso_summary(FILE *out, const struct iso_count *count, double seconds)
{
	fprintf(out, "%llu bytes in %.3f s, %.3f MB/s; %llu packets, ",
		(unsigned long long)count->bytes, seconds, rate(count->bytes, seconds),
		(unsigned long long)count->packets);
	errors_print(out, count);
	if (count->empty)
		fprintf(out, ", %llu empty", (unsigned long long)count->empty);
	fputs("; ", out);
	gaps_print(out, count);
	ahead_print(out, count, "at least ");
	fputc('\n', out);
}

json_t *iso_json(const struct iso_count *count, double seconds)
{
	json_t *value, *bad = json_object();

	for (unsigned int i = 1; i < ISO_ERRORS; i++)
		if (count->errors[i])
			json_object_set_new(bad, errors[i].name, json_integer(count->errors[i]));
	value = json_pack("{s:I, s:f, s:I, s:I, s:I, s:I, s:o, s:I, s:I}",
			  "length", (json_int_t)count->bytes, "seconds", seconds,
			  "transfers", (json_int_t)count->transfers,
			  "packets", (json_int_t)count->packets,
			  "empty", (json_int_t)count->empty,
			  "late", (json_int_t)count->errors[0], "bad", bad,
			  "gaps", (json_int_t)count->gaps,
			  "gap_frames", (json_int_t)count->gap_frames);
	json_object_set_new(value, "ahead_ms",
			    count->timed ? json_integer(count->ahead) : json_null());
	return value;
}
