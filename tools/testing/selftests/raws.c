// SPDX-License-Identifier: MIT
/* Cases of transfers with RAW_IO: winusb.md 2.2, 2.3 (step 10), 8 (rows 2, 32), 9.5. */
#include <stdlib.h>

#include "cases.h"

static void open_raw(uint8_t pipe)
{
	case_open_fx2();
	case_policy(pipe, WINUSB_POLICY_RAW_IO, 1);
}

CASE(raw_read_that_is_no_multiple_is_refused)
{
	static const uint32_t lengths[] = { 1, 100, 511, 513, 1000 };
	uint8_t *in = case_buffer(1024);
	size_t i;

	open_raw(FX2_BULK_IN);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		CHECK_ERR(door_move(FX2_BULK_IN, in, lengths[i], &case_moved), EMSGSIZE);
		CHECK_EQ(case_moved, 0);
	}
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "urbs"), 0);
}

CASE(raw_reads_are_in_flight_together)
{
	uint8_t out[4][PACKET];
	struct trip trips[4] = { 0 };
	int i;

	open_raw(FX2_BULK_IN);
	for (i = 0; i < 4; i++) {
		pattern(out[i], PACKET, 30 + i);
		trips[i].pipe = FX2_BULK_IN;
		trips[i].buffer = case_buffer(PACKET);
		trips[i].length = PACKET;
	}
	door_start_all(trips, 4);
	board_wait_pending(case_fx2, FX2_BULK_IN, 4);
	for (i = 0; i < 4; i++)
		case_feed(out[i], PACKET);
	for (i = 0; i < 4; i++) {
		case_check(&trips[i], 0, out[i], PACKET);
		CHECK(i == 0 || case_in_order(&trips[i - 1], &trips[i]));
	}
}

CASE(raw_writes_are_in_flight_together)
{
	uint8_t out[4][100];
	struct trip trips[4] = { 0 };
	int i;

	board_set(case_fx2, "silent=0x06:always");
	open_raw(FX2_BULK_OUT);
	for (i = 0; i < 4; i++) {
		pattern(out[i], 100, 34 + i);
		trips[i].pipe = FX2_BULK_OUT;
		trips[i].buffer = out[i];
		trips[i].length = 100;
	}
	door_start_all(trips, 4);
	board_wait_pending(case_fx2, FX2_BULK_OUT, 4);
	board_set(case_fx2, "silent=0x06:never");
	for (i = 0; i < 4; i++) {
		CHECK_OK(door_wait(&trips[i]));
		CHECK_EQ(trips[i].moved, 100);
	}
	for (i = 0; i < 4; i++)
		case_read(PACKET, 0, out[i], 100);
}

CASE(raw_read_ends_with_a_short_packet)
{
	open_raw(FX2_BULK_IN);
	case_feed_text("short");
	case_read_text(2 * PACKET, "short");
}

static uint32_t maximum(struct board *board, uint8_t pipe)
{
	uint32_t value;

	CHECK_OK(node_get_policy(case_fd, case_handle, pipe, WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE,
				 &value));
	CHECK(board == case_fx2 || value == FULL_MAXIMUM);
	return value;
}

CASE(raw_read_above_the_maximum_is_refused)
{
	uint32_t length;
	struct trip trip;

	board_set(case_full, "source=0x88");
	case_open(case_full, 0);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_RAW_IO, 1);
	length = maximum(case_full, FX2_BULK_IN);
	door_start_read(&trip, FX2_BULK_IN, case_buffer(length + FULL_PACKET),
			length + FULL_PACKET);
	CHECK_ERR(door_wait(&trip), EINVAL);
	CHECK_EQ(trip.moved, 0);
	CHECK_EQ(board_counter(case_full, FX2_BULK_IN, "urbs"), 0);
}

CASE(raw_read_of_the_maximum_is_one_piece)
{
	uint8_t *expected = malloc(FULL_MAXIMUM);
	struct trip trip;

	CHECK(expected);
	board_set(case_full, "source=0x88");
	case_open(case_full, 0);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_RAW_IO, 1);
	case_counting(expected, FULL_MAXIMUM, 0);
	door_start_read(&trip, FX2_BULK_IN, case_buffer(FULL_MAXIMUM), FULL_MAXIMUM);
	case_check(&trip, 0, expected, FULL_MAXIMUM);
	CHECK_EQ(board_counter(case_full, FX2_BULK_IN, "urbs"), 1);
	free(expected);
}

CASE(raw_write_above_the_maximum_is_refused)
{
	uint32_t length;
	uint8_t *out;

	case_open(case_full, 0);
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_RAW_IO, 1);
	length = maximum(case_full, FX2_BULK_OUT);
	out = case_buffer(length + 1);
	CHECK_ERR(door_move(FX2_BULK_OUT, out, length + 1, &case_moved), EINVAL);
	CHECK_EQ(case_moved, 0);
	CHECK_EQ(board_counter(case_full, FX2_BULK_OUT, "urbs"), 0);
	/* A write need not be a multiple of the packet size. */
	CHECK_OK(door_move(FX2_BULK_OUT, out, 65, &case_moved));
	CHECK_EQ(case_moved, 65);
	case_read(65, 0, out, 65);
}

CASE(raw_read_ignores_saved_data)
{
	case_open_fx2();
	case_feed_text("0123456789saved");
	case_read_text(10, "0123456789");
	case_policy(FX2_BULK_IN, WINUSB_POLICY_RAW_IO, 1);
	case_feed_text("fresh");
	case_read_text(PACKET, "fresh");
	/* Nobody has said that they may be dropped. */
	case_policy(FX2_BULK_IN, WINUSB_POLICY_RAW_IO, 0);
	case_read_text(5, "saved");
}

CASE(raw_read_of_zero_bytes_succeeds_without_the_bus)
{
	open_raw(FX2_BULK_IN);
	CHECK_OK(door_move(FX2_BULK_IN, NULL, 0, &case_moved));
	CHECK_EQ(case_moved, 0);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "urbs"), 0);
}

/* winusb.md 2.2: this policy is of writes, and not among what RAW_IO passes over. */
CASE(raw_write_with_SHORT_PACKET_TERMINATE_has_a_zero_length_packet)
{
	uint8_t out[PACKET];

	open_raw(FX2_BULK_OUT);
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	pattern(out, sizeof(out), 38);
	CHECK_OK(door_move(FX2_BULK_OUT, out, sizeof(out), &case_moved));
	CHECK_EQ(case_moved, sizeof(out));
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_OUT, "zlp"), 1);
	CHECK_OK(door_move(FX2_BULK_OUT, out, 100, &case_moved));
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_OUT, "zlp"), 1);
	case_read(PACKET + 1, 0, out, PACKET);
	case_read(PACKET, 0, out, 100);
}

CASE(raw_is_decided_when_a_transfer_is_submitted)
{
	struct trip raw[2], queued;

	open_raw(FX2_BULK_IN);
	door_start_read(&raw[0], FX2_BULK_IN, case_buffer(PACKET), PACKET);
	door_start_read(&raw[1], FX2_BULK_IN, case_buffer(PACKET), PACKET);
	board_wait_pending(case_fx2, FX2_BULK_IN, 2);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_RAW_IO, 0);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "pending"), 2);
	/* No multiple, so not raw. */
	door_start_read(&queued, FX2_BULK_IN, case_buffer(100), 100);
	CHECK(!door_done(&queued));
	case_feed_text("one");
	case_check(&raw[0], 0, "one", 3);
	case_feed_text("two");
	case_check(&raw[1], 0, "two", 3);
	case_feed_text("three");
	case_check(&queued, 0, "three", 5);
}

/* winusb.md 2.2: with RAW_IO the time behind others counts. */
CASE(raw_reads_time_out_together)
{
	unsigned int ms = 600 + 200 * test_scale();
	uint64_t start = test_tick_ms();
	struct trip trips[3] = { 0 };
	int i;

	open_raw(FX2_BULK_IN);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, ms);
	for (i = 0; i < 3; i++) {
		trips[i].pipe = FX2_BULK_IN;
		trips[i].buffer = case_buffer(PACKET);
		trips[i].length = PACKET;
	}
	door_start_all(trips, 3);
	for (i = 0; i < 3; i++) {
		CHECK_ERR(door_wait(&trips[i]), ETIMEDOUT);
		CHECK_EQ(trips[i].moved, 0);
	}
	CHECK(test_tick_ms() - start >= ms);
	/* One after the other would take three times as long. */
	CHECK(test_tick_ms() - start < 3 * ms);
}

CASE(raw_read_ignores_IGNORE_SHORT_PACKETS)
{
	open_raw(FX2_BULK_IN);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	case_feed_text("short");
	case_read_text(PACKET, "short");
}

CASE(raw_read_that_stalls_is_not_cleared)
{
	open_raw(FX2_BULK_IN);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	board_set(case_fx2, "stall=0x88:1");
	case_read(PACKET, -EPIPE, NULL, 0);
	case_read(PACKET, -EPIPE, NULL, 0);
	CHECK_OK(node_reset_pipe(case_fd, case_handle, FX2_BULK_IN));
	case_feed_text("again");
	case_read_text(PACKET, "again");
}

CASE(raw_reads_that_are_aborted_all_end)
{
	struct trip trips[8] = { 0 };
	int i;

	open_raw(FX2_BULK_IN);
	for (i = 0; i < 8; i++) {
		trips[i].pipe = FX2_BULK_IN;
		trips[i].buffer = case_buffer(PACKET);
		trips[i].length = PACKET;
	}
	door_start_all(trips, 8);
	board_wait_pending(case_fx2, FX2_BULK_IN, 8);
	CHECK_OK(node_abort(case_fd, case_handle, FX2_BULK_IN));
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "pending"), 0);
	for (i = 0; i < 8; i++)
		case_check(&trips[i], -ECANCELED, NULL, 0);
	case_feed_text("again");
	case_read_text(PACKET, "again");
}
