// SPDX-License-Identifier: MIT
/*
 * Data: the fx2's requests and switches, loopback with its packet
 * boundaries, zero-length packets, sources and sinks, isochronous packets.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "check.h"
#include "desc.h"

static void fill(uint8_t *data, size_t len, unsigned int seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = seed + i * 13 + (i >> 8);
}

static int vendor_out(struct cable *c, uint8_t request, uint8_t byte)
{
	return cable_control(c, 0x40, request, 0, 0, &byte, 1);
}

static int vendor_in(struct cable *c, uint8_t request)
{
	uint8_t byte;
	int ret = cable_control(c, 0xc0, request, 0, 0, &byte, 1);

	return ret == 1 ? byte : -EIO;
}

static void check_fx2_requests(struct cable *c, bool high)
{
	uint8_t none[4];

	ok(vendor_out(c, 0xd8, 0xa5) == 1 && vendor_in(c, 0xd7) == 0xa5,
	   "fx2: bar graph set and read");
	ok(vendor_out(c, 0xdb, 0x76) == 1 && vendor_in(c, 0xd4) == 0x76,
	   "fx2: seven segments set and read");
	ok(vendor_in(c, 0xd6) == 0x3c, "fx2: switches read");
	ok(vendor_in(c, 0xd9) == high, "fx2: high speed query");
	ok(cable_control(c, 0x40, 0xd8, 0, 0, none, 0) == -EPIPE,
	   "fx2: bar graph without data stalls");
	ok(cable_control(c, 0xc0, 0x11, 0, 0, none, 4) == -EPIPE &&
	   cable_control(c, 0x40, 0x11, 0, 0, none, 4) == -EPIPE,
	   "fx2: unknown requests stall");
	ok(told(1, "bargraph", "info") == 0xa5 &&
	   told(1, "segments", "info") == 0x76,
	   "fx2: the control channel sees the lights");
}

static void check_fx2_switches(struct cable *c)
{
	uint32_t seq = cable_submit(c, 0x81, NULL, 64, 0);
	struct answer *a = cable_reap(c, 100);
	uint8_t byte[64];

	ok(a->command == -1, "fx2: no change, no interrupt");
	tell(1, "set switches=0x81");
	a = cable_reap(c, 2000);
	ok(a->seqnum == seq && a->actual == 1 && a->data[0] == 0x81,
	   "fx2: a change of the switches is one byte");
	seq = cable_submit(c, 0x81, NULL, 64, 0);
	tell(1, "set switches=0x81");
	a = cable_reap(c, 100);
	ok(a->command == -1, "fx2: the same state again is no change");
	tell(1, "push 0x81 0102");
	a = cable_reap(c, 2000);
	ok(a->actual == 2 && a->data[1] == 2, "fx2: push sends any bytes");
	tell(1, "push 0x81");
	ok(cable_transfer(c, 0x81, byte, 64) == 0, "fx2: or no byte at all");
	ok(vendor_in(c, 0xd6) == 0x81, "fx2: switches read their new state");
}

static void check_fx2_loopback(struct cable *c, unsigned int mps)
{
	const unsigned int lengths[] = {
		1, 2, 3, mps - 1, mps, mps + 1, 2 * mps, 2 * mps + 1,
	};
	uint8_t out[4096], in[4096];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		unsigned int len = lengths[i];

		fill(out, len, i);
		memset(in, 0, sizeof(in));
		/* Full packets end a read only when it is full too. */
		ok(cable_transfer(c, 6, out, len) == (int)len &&
		   cable_transfer(c, 0x88, in, len % mps ? 4096 : len) ==
		   (int)len && !memcmp(in, out, len),
		   "fx2: loopback of %u bytes, packets of %u", len, mps);
	}
	fill(out, 50, 1);
	cable_transfer(c, 6, out, 30);
	cable_transfer(c, 6, out + 30, 20);
	ok(cable_transfer(c, 0x88, in, 4096) == 30 &&
	   cable_transfer(c, 0x88, in + 30, 4096) == 20 &&
	   !memcmp(in, out, 50), "fx2: two writes stay two transfers");
	cable_transfer(c, 6, out, mps);
	ok(cable_transfer(c, 0x88, in, 10) == -EOVERFLOW,
	   "fx2: a packet larger than the transfer is babble");
}

static void check_zlp(struct cable *c, unsigned int mps)
{
	uint8_t out[1024], in[4096];
	uint32_t seq;

	fill(out, sizeof(out), 3);
	tell(1, "reset-counters");
	cable_transfer(c, 6, out, 0);
	ok(cable_transfer(c, 0x88, in, 512) == 0 &&
	   told(1, "zlp", "counters 0x06") == 1 &&
	   told(1, "zlp", "counters 0x88") == 1,
	   "fx2: a zero-length packet is looped back");
	seq = cable_submit(c, 6, out, mps, URB_ZERO_PACKET);
	ok(cable_reap(c, 2000)->seqnum == seq &&
	   cable_transfer(c, 0x88, in, 4096) == (int)mps &&
	   told(1, "zlp", "counters 0x06") == 2,
	   "fx2: URB_ZERO_PACKET ends a full packet with an empty one");
	seq = cable_submit(c, 6, out, mps - 1, URB_ZERO_PACKET);
	ok(cable_reap(c, 2000)->seqnum == seq &&
	   cable_transfer(c, 0x88, in, 4096) == (int)mps - 1 &&
	   told(1, "zlp", "counters 0x06") == 2,
	   "fx2: URB_ZERO_PACKET adds nothing to a short packet");
	cable_transfer(c, 6, out, mps);
	seq = cable_submit(c, 0x88, NULL, 4096, 0);
	ok(cable_reap(c, 50)->command == -1,
	   "fx2: a full packet alone does not end a longer read");
	cable_transfer(c, 6, out, 0);
}

static void check_short_not_ok(struct cable *c)
{
	struct answer *a;
	uint8_t out[8] = { 1 };

	cable_transfer(c, 6, out, 8);
	cable_submit(c, 0x88, NULL, 512, URB_SHORT_NOT_OK);
	a = cable_reap(c, 2000);
	ok(a->status == -EREMOTEIO && a->actual == 8,
	   "URB_SHORT_NOT_OK makes a short answer an error");
}

static bool is_pattern(const uint8_t *data, size_t len, uint64_t position)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (data[i] != (position + i) % 251)
			return false;
	return true;
}

static void check_source_sink(struct cable *c)
{
	uint8_t data[8192];
	unsigned int i;

	tell(1, "set source=0x87");
	ok(cable_transfer(c, 0x87, data, 1024) == 1024 &&
	   is_pattern(data, 1024, 0), "source: counting bytes");
	ok(cable_transfer(c, 0x87, data, 4096) == 4096 &&
	   is_pattern(data, 4096, 1024), "source: they go on in the next read");
	ok(cable_transfer(c, 0x87, data, 100) == -EOVERFLOW &&
	   is_pattern(data, 100, 5120), "source: it sends full packets only");
	tell(1, "set short=0x87:700");
	ok(cable_transfer(c, 0x87, data, 4096) == 700, "short: 700 bytes");
	tell(1, "set short=0x87:512");
	ok(cable_transfer(c, 0x87, data, 4096) == 512, "short: one full packet");
	tell(1, "set short=0x87:0");
	ok(cable_transfer(c, 0x87, data, 4096) == 0, "short: nothing");
	tell(1, "set short=0x87:off");
	tell(1, "set normal=0x87");
	tell(1, "set sink=0x07");
	tell(1, "reset-counters");
	for (i = 0; i < sizeof(data); i++)
		data[i] = i % 251;
	cable_transfer(c, 7, data, sizeof(data));
	ok(!told(1, "bad", "counters 0x07") &&
	   told(1, "bytes", "counters 0x07") == 8192, "sink: good data");
	data[5] ^= 1;
	cable_transfer(c, 7, data, 512);
	ok(told(1, "bad", "counters 0x07") > 0, "sink: bad data is counted");
}

static void check_settings(struct cable *c)
{
	uint8_t data[64] = { 1, 2, 3 };

	ok(cable_transfer(c, 4, data, 8) == -EPROTO,
	   "composite: an endpoint of another setting does not answer");
	cable_control(c, 1, 11, 2, 2, NULL, 0);
	ok(cable_transfer(c, 4, data, 3) == 3 &&
	   cable_transfer(c, 0x84, data, 64) == 3,
	   "composite: interrupt loopback in setting 2");
	cable_transfer(c, 4, data, 3);
	cable_control(c, 1, 11, 1, 2, NULL, 0);
	ok(!told(1, "queued", "counters 0x84"),
	   "composite: a new setting drops the old data");
	ok(cable_transfer(c, 4, data, 3) == 3 &&
	   cable_transfer(c, 0x84, data, 512) == 3,
	   "composite: bulk loopback in setting 1");
}

static void check_iso_loopback(struct cable *c)
{
	uint8_t out[8 * 192];
	struct answer *a;
	bool same = true;
	int i;

	fill(out, sizeof(out), 9);
	cable_control(c, 1, 11, 3, 2, NULL, 0);
	cable_submit_iso(c, 6, out, 8, 192);
	a = cable_reap(c, 2000);
	ok(!a->status && a->actual == 8 * 192 && a->iso_packets == 8,
	   "composite: eight isochronous packets out");
	cable_submit_iso(c, 0x86, NULL, 10, 192);
	a = cable_reap(c, 2000);
	for (i = 0; i < 10; i++)
		same &= a->iso_actual[i] == (i < 8 ? 192 : 0);
	ok(a->actual == 8 * 192 && same && !memcmp(a->data, out, 8 * 192),
	   "composite: they come back, then empty packets");
	tell(1, "set source=0x86");
	cable_submit_iso(c, 0x86, NULL, 4, 200);
	a = cable_reap(c, 2000);
	ok(a->actual == 4 * 192 && is_pattern(a->data, 4 * 192, 0),
	   "composite: isochronous source");
}

static void check_pairs(struct cable *c)
{
	static const uint8_t numbers[] = { 1, 2, 7 };
	uint8_t data[2048], back[2048];
	unsigned int i;

	for (i = 0; i < sizeof(numbers); i++) {
		fill(data, 1500, i);
		ok(cable_transfer(c, numbers[i], data, 1500) == 1500 &&
		   cable_transfer(c, 0x80 | numbers[i], back, 2048) == 1500 &&
		   !memcmp(data, back, 1500),
		   "composite: loopback 0x%02x", numbers[i]);
	}
}

void check_data(void)
{
	struct cable c;

	server_start("fx2,switches=0x3c", "fx2,speed=full", NULL);
	cable_attach(&c, "1-1");
	cable_configure(&c);
	check_fx2_requests(&c, true);
	check_fx2_switches(&c);
	check_fx2_loopback(&c, 512);
	check_short_not_ok(&c);
	check_zlp(&c, 512);
	cable_cut(&c);
	cable_attach(&c, "1-2");
	cable_configure(&c);
	check_fx2_loopback(&c, 64);
	cable_cut(&c);
	server_stop();

	server_start("composite", NULL);
	cable_attach(&c, "1-1");
	cable_configure(&c);
	check_pairs(&c);
	check_source_sink(&c);
	check_settings(&c);
	check_iso_loopback(&c);
	cable_cut(&c);
	server_stop();
}
