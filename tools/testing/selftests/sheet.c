// SPDX-License-Identifier: MIT
/* The interaction cheat-sheet of winusb.md 2.3, row by row with all that it calls "any". */
#include "cases.h"

enum { ASK = 10 };

static void set_policies(uint32_t raw, uint32_t partial, uint32_t flush)
{
	case_policy(FX2_BULK_IN, WINUSB_POLICY_RAW_IO, raw);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_ALLOW_PARTIAL_READS, partial);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_AUTO_FLUSH, flush);
}

/* RAW_IO 0, PARTIAL 1, AUTO_FLUSH 0: N bytes, the rest is saved. */
CASE(sheet_by_default_the_rest_is_saved)
{
	case_open_fx2();
	set_policies(0, 1, 0);
	case_feed_text("0123456789the rest");
	case_read_text(ASK, "0123456789");
	case_read_text(8, "the rest");
}

/* RAW_IO 0, PARTIAL 1, AUTO_FLUSH 1: N bytes, the rest is lost, success. */
CASE(sheet_with_AUTO_FLUSH_the_rest_is_lost)
{
	case_open_fx2();
	set_policies(0, 1, 1);
	case_feed_text("0123456789the rest");
	case_read_text(ASK, "0123456789");
	case_feed_text("fresh");
	case_read_text(ASK, "fresh");
}

/* RAW_IO 0, PARTIAL 0, AUTO_FLUSH any: failure. */
CASE(sheet_without_ALLOW_PARTIAL_READS_it_fails)
{
	struct trip trip;
	uint32_t flush;

	case_open_fx2();
	for (flush = 0; flush < 2; flush++) {
		set_policies(0, 0, flush);
		case_feed_text("0123456789the rest");
		door_start_read(&trip, FX2_BULK_IN, case_buffer(ASK), ASK);
		CHECK_ERR(door_wait(&trip), EOVERFLOW);
		case_check(&trip, -EOVERFLOW, "0123456789", trip.moved);
		case_feed_text("fresh");
		case_read_text(ASK, "fresh");
	}
}

/* RAW_IO 1, any, any, N is no multiple: it fails at submission. */
CASE(sheet_with_RAW_IO_what_is_no_multiple_is_refused)
{
	uint32_t any;

	case_open_fx2();
	for (any = 0; any < 4; any++) {
		set_policies(1, any & 1, any >> 1);
		case_read(ASK, -EMSGSIZE, NULL, 0);
		case_read(PACKET + 1, -EMSGSIZE, NULL, 0);
	}
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "urbs"), 0);
}

/* RAW_IO 1, any, any, N is a multiple: excess is impossible, and babble an error. */
CASE(sheet_with_RAW_IO_there_is_no_excess)
{
	uint8_t out[2 * PACKET];
	uint32_t any;

	case_open_fx2();
	pattern(out, sizeof(out), 80);
	for (any = 0; any < 4; any++) {
		set_policies(1, any & 1, any >> 1);
		/* A packet more than was asked for stays in the device. */
		case_feed(out, sizeof(out));
		case_read(PACKET, 0, out, PACKET);
		case_read(PACKET, 0, out + PACKET, PACKET);
		board_set(case_fx2, "error=0x88:EOVERFLOW:1");
		case_read(PACKET, -EOVERFLOW, NULL, 0);
	}
	CHECK_EQ(board_requests(case_fx2), 0);
}

/* "Control pipe: only PIPE_TRANSFER_TIMEOUT has effect." */
CASE(sheet_of_pipe_0_only_the_timeout_has_an_effect)
{
	static const uint32_t switches[] = {
		WINUSB_POLICY_SHORT_PACKET_TERMINATE, WINUSB_POLICY_AUTO_CLEAR_STALL,
		WINUSB_POLICY_IGNORE_SHORT_PACKETS, WINUSB_POLICY_AUTO_FLUSH,
		WINUSB_POLICY_RAW_IO, WINUSB_POLICY_RESET_PIPE_ON_RESUME,
	};
	struct trip trip = { .setup = { 0xc0, 0xe1, 5, 0, 0, 0, 63, 0 }, .length = 63 };
	unsigned int before;
	uint8_t out[64];
	size_t i;

	case_open(case_composite, LOOPBACK);
	before = board_requests(case_composite);
	for (i = 0; i < ARRAY_SIZE(switches); i++)
		case_policy(0, switches[i], 1);
	case_policy(0, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	/* A short answer to a length that is no multiple of a packet. */
	trip.buffer = case_buffer(63);
	door_start(&trip);
	case_check(&trip, 0, "\0\1\2\3\4", 5);
	/* No data either way. */
	CHECK_OK(door_control(0, 0xc0, 0xe1, 0, 0, 0, NULL, 0, &case_moved));
	CHECK_OK(door_control(0, 0x40, 0xe5, 0, 0, 0, NULL, 0, &case_moved));
	/* Whole packets out. */
	pattern(out, sizeof(out), 81);
	CHECK_OK(door_control(0, 0x40, 0xe5, 0, 0, 64, out, 64, &case_moved));
	CHECK_EQ(case_moved, 64);
	/* A stall, which nothing clears because nothing has to. */
	CHECK_ERR(door_control(0, 0xc3, 0xe5, 0, 0, 8, out, 8, &case_moved), EPIPE);
	CHECK_EQ(board_requests(case_composite), before + 5);
	/* And the timeout. */
	board_set(case_composite, "silent-request=any");
	case_policy(0, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 50);
	CHECK_ERR(door_control(0, 0xc0, 0xe1, 5, 0, 5, out, 5, &case_moved), ETIMEDOUT);
}
