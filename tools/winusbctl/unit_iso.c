// SPDX-License-Identifier: MIT
/* Unit tests of the lengths of isochronous packets, and of what is told of a stream. */

#include <stdlib.h>
#include <string.h>

#include "iso.h"
#include "unit.h"

static bool lengths_are(struct iso_lengths lengths, const uint32_t *expected, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t length = iso_lengths_next(&lengths);

		if (length == expected[i])
			continue;
		printf("# packet %zu: %u, not %u\n", i, length, expected[i]);
		return false;
	}
	return true;
}

#define LENGTHS_ARE(lengths, ...)						\
	lengths_are(lengths, (const uint32_t[]) { __VA_ARGS__ },			\
		    sizeof((const uint32_t[]) { __VA_ARGS__ }) / sizeof(uint32_t))

/* Bytes of a number of packets. */
static uint64_t sum_of(struct iso_lengths lengths, unsigned int packets)
{
	uint64_t sum = 0;

	while (packets--)
		sum += iso_lengths_next(&lengths);
	return sum;
}

/* Does every packet have SHORT or one sample more, with the longest as promised? */
static bool even(struct iso_lengths lengths, uint32_t shortest)
{
	uint32_t longest = iso_lengths_longest(&lengths), seen = 0;

	for (unsigned int i = 0; i < 8000; i++) {
		uint32_t length = iso_lengths_next(&lengths);

		if (length < shortest || length > shortest + lengths.frame_bytes)
			return false;
		if (length > seen)
			seen = length;
	}
	return seen == longest;
}

static void test_rates(void)
{
	struct iso_lengths audio = { .rate = 44100, .frame_bytes = 4, .period = 8 };
	struct iso_lengths odd = { .rate = 44101, .frame_bytes = 6, .period = 1 };
	struct iso_lengths slow = { .rate = 3, .frame_bytes = 1, .period = 1 };

	ok(LENGTHS_ARE(audio, 176, 176, 176, 176, 176, 176, 176, 176, 176, 180, 176),
	   "lengths: 44100 a second in milliseconds are nine times 44 samples and once 45");
	ok(iso_lengths_longest(&audio) == 180 && sum_of(audio, 1000) == 44100 * 4,
	   "lengths: a second of 44100 has all of them");
	ok(even(odd, 5 * 6) && sum_of(odd, 8000) == 44101 * 6 && sum_of(odd, 80000) == 441010 * 6,
	   "lengths: a rate that divides by nothing has no drift");
	ok(iso_lengths_longest(&slow) == 1 && sum_of(slow, 8000) == 3,
	   "lengths: a rate below that of the packets");
	audio.rate = 48000;
	ok(LENGTHS_ARE(audio, 192, 192, 192) && iso_lengths_longest(&audio) == 192,
	   "lengths: 48000 a second are equal");
	audio.period = 1 << 15;
	audio.rate = 1000000000;
	audio.frame_bytes = UINT16_MAX;
	ok(iso_lengths_longest(&audio) == UINT32_MAX, "lengths: what is too long stays so");
}

static bool list_refused(const char *text)
{
	struct iso_lengths lengths = { 0 };
	bool good = iso_lengths_parse(text, &lengths);

	free(lengths.list);
	return !good;
}

static bool cut_is(uint32_t length, unsigned int whole, const uint32_t *expected,
		   unsigned int count)
{
	struct winusb_isoch_packet packets[6];

	for (unsigned int i = 0; i < 6; i++)
		packets[i].length = i == 2 ? 0 : 10;
	if (iso_lengths_cut(packets, 6, length, whole) != count)
		return false;
	for (unsigned int i = 0; i < count; i++)
		if (packets[i].length != expected[i])
			return false;
	return true;
}

static void test_lists(void)
{
	struct iso_lengths lengths = { .whole = 512 };

	ok(LENGTHS_ARE(lengths, 512, 512) && iso_lengths_longest(&lengths) == 512,
	   "lengths: without options the packets are full");
	ok(iso_lengths_parse("192,0,0xb4", &lengths) && iso_lengths_longest(&lengths) == 192 &&
	   LENGTHS_ARE(lengths, 192, 0, 180, 192, 0, 180, 192), "lengths: a list, over and over");
	ok(iso_lengths_parse("7", &lengths) && LENGTHS_ARE(lengths, 7, 7), "lengths: a list of one");
	free(lengths.list);
	ok(list_refused("") && list_refused("1,") && list_refused(",1") && list_refused("1;2") &&
	   list_refused("-1") && list_refused("4294967296"), "lengths: what is no list is refused");
	ok(list_refused("0,0"), "lengths: a list that never moves a byte is refused");

	ok(cut_is(50, 1, (const uint32_t[]) { 10, 10, 0, 10, 10, 10 }, 6),
	   "cut: a transfer that is full");
	ok(cut_is(25, 1, (const uint32_t[]) { 10, 10, 0, 5 }, 4), "cut: the last packet is short");
	ok(cut_is(20, 1, (const uint32_t[]) { 10, 10 }, 2), "cut: what is empty at the end goes");
	ok(cut_is(11, 3, (const uint32_t[]) { 10, 1, 0 }, 3), "cut: the packets are whole frames");
	ok(cut_is(25, 3, (const uint32_t[]) { 10, 10, 0, 5, 0, 0 }, 6),
	   "cut: a frame ends with empty packets");
	ok(cut_is(0, 3, NULL, 0), "cut: nothing is left");

	ok(iso_packets_whole(1) == 8 && iso_packets_whole(4) == 2 && iso_packets_whole(8) == 1 &&
	   iso_packets_whole(128) == 1, "packets: of a frame");
	ok(iso_packets_usual(1) == 80 && iso_packets_usual(4) == 20 && iso_packets_usual(8) == 10 &&
	   iso_packets_usual(32) == 2 && iso_packets_usual(128) == 1, "packets: of ten milliseconds");
}

static bool text_is(char *text, const char *expected)
{
	bool same = !strcmp(text, expected);

	if (!same)
		printf("# %s\n# not\n# %s\n", text, expected);
	free(text);
	return same;
}

static bool summary_is(const struct iso_count *count, double seconds, const char *expected)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	iso_summary(stream, count, seconds);
	fclose(stream);
	return text_is(text, expected);
}

static bool line_is(const struct iso_count *count, const struct iso_count *since,
		    const char *expected)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	iso_line(stream, count, 12.34, since, 0.5);
	fclose(stream);
	return text_is(text, expected);
}

static void count_status(struct iso_count *count, uint32_t status, unsigned int times)
{
	const struct winusb_isoch_packet packet = { .length = 100, .status = status };

	while (times--)
		iso_count_packet(count, &packet);
}

static void test_counts(void)
{
	const struct iso_count none = { 0 };
	struct iso_count count = { .bytes = 1500000 }, other;
	json_t *value;
	char *text;

	ok(summary_is(&none, 0, "0 bytes in 0.000 s, 0.000 MB/s; 0 packets, 0 late, 0 bad; 0 gaps\n"),
	   "count: a stream of nothing");
	count_status(&count, WINUSB_PACKET_SUCCESS, 90);
	iso_count_ahead(&count, 71);
	ok(line_is(&count, &none, "12.3 s  3.000 MB/s  90 packets, 0 late, 0 bad, 0 gaps, 71 ms ahead"),
	   "count: the line of a good stream");

	other = count;
	count.bytes += 250000;
	count_status(&count, WINUSB_PACKET_LATE, 4);
	count_status(&count, WINUSB_PACKET_BABBLE, 1);
	count_status(&count, WINUSB_PACKET_CRC, 2);
	count_status(&count, 0xc0001234, 1);
	count_status(&count, WINUSB_PACKET_CANCELED, 5);
	count_status(&count, WINUSB_PACKET_GONE, 5);
	iso_count_packet(&count, &(struct winusb_isoch_packet) { 0 });
	iso_count_frames(&count, 1000, 1000, false);
	iso_count_frames(&count, 0, 1000, false);
	iso_count_frames(&count, 0xffffffff, 2, false);
	iso_count_frames(&count, 12, 10, false);
	iso_count_ahead(&count, -5);
	iso_count_ahead(&count, 80);
	ok(line_is(&count, &other, "12.3 s  0.500 MB/s  99 packets, 4 late, "
		   "4 bad (2 crc, 1 babble, 1 error), 1 gap of 3 frames, 5 ms behind"),
	   "count: the line of a bad stream has the rate of now");
	ok(summary_is(&count, 2, "1750000 bytes in 2.000 s, 0.875 MB/s; 99 packets, 4 late, "
		      "4 bad (2 crc, 1 babble, 1 error), 1 empty; 1 gap of 3 frames, 5 ms behind\n"),
	   "count: the summary of a bad stream");
	iso_count_frames(&count, 2, 8, false);
	ok(count.ahead == -6, "count: a gap says how late it was");
	count.ahead = 7;
	iso_count_frames(&count, 5000, 5100, true);
	iso_count_frames(&count, 5000, 100, false);
	ok(summary_is(&count, 2, "1750000 bytes in 2.000 s, 0.875 MB/s; 99 packets, 4 late, "
		      "4 bad (2 crc, 1 babble, 1 error), 1 empty; 4 gaps of 9 frames, "
		      "at least 7 ms ahead\n"), "count: how far it was ahead at least");

	value = iso_json(&count, 2);
	text = json_dumps(value, JSON_COMPACT);
	ok(text_is(text, "{\"length\":1750000,\"seconds\":2.0,\"transfers\":0,\"packets\":99,"
		   "\"empty\":1,\"late\":4,\"bad\":{\"crc\":2,\"babble\":1,\"error\":1},\"gaps\":4,"
		   "\"gap_frames\":9,\"ahead_ms\":7}"), "count: as JSON");
	json_decref(value);
	ok(!strcmp(iso_status_name(WINUSB_PACKET_LATE), "late") &&
	   !strcmp(iso_status_name(WINUSB_PACKET_ERROR), "error") &&
	   !strcmp(iso_status_name(0xc0001234), "error") &&
	   !strcmp(iso_status_name(WINUSB_PACKET_SUCCESS), "success"), "count: names");
}

void test_isos(void)
{
	test_rates();
	test_lists();
	test_counts();
}
