// SPDX-License-Identifier: MIT
/* Cases of writes without RAW_IO: winusb.md 1.5, 2.2, 9.6. */
#include <stdlib.h>

#include "cases.h"

static unsigned long long counter(struct board *board, const char *name)
{
	return board_counter(board, FX2_BULK_OUT, name);
}

/* What the board got comes back. */
static void loops_back(const void *data, uint32_t length)
{
	case_read(length + 1, 0, data, length);
}

CASE(write_goes_as_it_is)
{
	uint8_t out[700];

	case_open_fx2();
	pattern(out, sizeof(out), 20);
	case_write(out, sizeof(out));
	CHECK_EQ(counter(case_fx2, "packets"), 2);
	CHECK_EQ(counter(case_fx2, "bytes"), 700);
	loops_back(out, sizeof(out));
}

CASE(write_of_zero_bytes_is_a_zero_length_packet)
{
	case_open_fx2();
	CHECK_OK(door_move(FX2_BULK_OUT, NULL, 0, &case_moved));
	CHECK_EQ(case_moved, 0);
	CHECK_EQ(counter(case_fx2, "zlp"), 1);
	CHECK_EQ(counter(case_fx2, "packets"), 1);
	loops_back(NULL, 0);
}

CASE(write_longer_than_the_maximum_is_split)
{
	uint32_t length = 2 * FULL_MAXIMUM + 100;
	uint8_t *out = malloc(length);

	CHECK(out);
	board_set(case_full, "sink=0x06");
	case_open(case_full, 0);
	case_counting(out, length, 0);
	CHECK_OK(door_move(FX2_BULK_OUT, out, length, &case_moved));
	CHECK_EQ(case_moved, length);
	CHECK_EQ(counter(case_full, "bytes"), length);
	CHECK_EQ(counter(case_full, "bad"), 0);
	CHECK_EQ(counter(case_full, "zlp"), 0);
	CHECK_EQ(counter(case_full, "urbs"), 3);
	CHECK_EQ(counter(case_full, "max_pending"), 1);
	free(out);
}

CASE(write_waits_without_limit)
{
	char out[8] = "waiting";
	struct trip trip = { .pipe = FX2_BULK_OUT, .buffer = out, .length = 7 };

	board_set(case_fx2, "silent=0x06:always");
	case_open_fx2();
	door_start(&trip);
	board_wait_pending(case_fx2, FX2_BULK_OUT, 1);
	test_sleep_ms(100);
	CHECK(!door_done(&trip));
	board_set(case_fx2, "silent=0x06:never");
	CHECK_OK(door_wait(&trip));
	CHECK_EQ(trip.moved, 7);
	loops_back(out, 7);
}

CASE(writes_are_served_in_their_order_one_at_a_time)
{
	enum { WRITERS = 6 };
	struct trip trips[WRITERS] = { 0 };
	uint8_t out[WRITERS], i;

	board_set(case_fx2, "silent=0x06:always");
	case_open_fx2();
	for (i = 0; i < WRITERS; i++) {
		out[i] = i;
		trips[i].pipe = FX2_BULK_OUT;
		trips[i].buffer = &out[i];
		trips[i].length = 1;
	}
	door_start_all(trips, WRITERS);
	board_wait_pending(case_fx2, FX2_BULK_OUT, 1);
	board_set(case_fx2, "silent=0x06:never");
	for (i = 0; i < WRITERS; i++) {
		CHECK_OK(door_wait(&trips[i]));
		CHECK_EQ(trips[i].moved, 1);
	}
	for (i = 0; i < WRITERS; i++)
		case_read(64, 0, &i, 1);
	CHECK_EQ(counter(case_fx2, "max_pending"), 1);
}

CASE(write_of_whole_packets_has_no_zero_length_packet)
{
	uint8_t out[2 * FULL_PACKET];

	case_open(case_full, 0);
	pattern(out, sizeof(out), 21);
	case_write(out, sizeof(out));
	CHECK_EQ(counter(case_full, "packets"), 2);
	CHECK_EQ(counter(case_full, "zlp"), 0);
	case_read(sizeof(out), 0, out, sizeof(out));
}

CASE(write_of_whole_packets_with_SHORT_PACKET_TERMINATE_has_one)
{
	uint8_t out[2 * FULL_PACKET];

	case_open(case_full, 0);
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	pattern(out, sizeof(out), 22);
	case_write(out, sizeof(out));
	CHECK_EQ(counter(case_full, "packets"), 3);
	CHECK_EQ(counter(case_full, "zlp"), 1);
	CHECK_EQ(counter(case_full, "bytes"), sizeof(out));
	/* It ends the read that waits for more. */
	loops_back(out, sizeof(out));
}

CASE(write_of_one_packet_with_SHORT_PACKET_TERMINATE_has_one)
{
	uint8_t out[PACKET];

	case_open_fx2();
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	pattern(out, sizeof(out), 23);
	case_write(out, sizeof(out));
	CHECK_EQ(counter(case_fx2, "zlp"), 1);
	loops_back(out, sizeof(out));
}

CASE(write_that_ends_short_with_SHORT_PACKET_TERMINATE_has_none)
{
	uint8_t out[100];

	case_open(case_full, 0);
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	pattern(out, sizeof(out), 24);
	case_write(out, sizeof(out));
	CHECK_EQ(counter(case_full, "packets"), 2);
	CHECK_EQ(counter(case_full, "zlp"), 0);
	loops_back(out, sizeof(out));
}

CASE(write_of_zero_bytes_with_SHORT_PACKET_TERMINATE_is_one_packet)
{
	case_open_fx2();
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	CHECK_OK(door_move(FX2_BULK_OUT, NULL, 0, &case_moved));
	CHECK_EQ(case_moved, 0);
	CHECK_EQ(counter(case_fx2, "packets"), 1);
	CHECK_EQ(counter(case_fx2, "zlp"), 1);
	loops_back(NULL, 0);
}

CASE(write_completes_after_the_zero_length_packet)
{
	uint8_t out[PACKET];
	struct trip trip = { .pipe = FX2_BULK_OUT, .buffer = out, .length = sizeof(out) };

	/* The board takes one packet and nothing more, not even an empty one. */
	board_set(case_fx2, "silent=0x06:always:512");
	case_open_fx2();
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	pattern(out, sizeof(out), 25);
	door_start(&trip);
	board_wait_counter(case_fx2, FX2_BULK_OUT, "bytes", sizeof(out));
	test_sleep_ms(50);
	CHECK(!door_done(&trip));
	board_set(case_fx2, "silent=0x06:never");
	CHECK_OK(door_wait(&trip));
	CHECK_EQ(trip.moved, sizeof(out));
	CHECK_EQ(counter(case_fx2, "zlp"), 1);
	loops_back(out, sizeof(out));
}

/* All the data went, and the packet that ends them did not. */
CASE(write_whose_zero_length_packet_fails_fails)
{
	uint8_t out[PACKET];
	struct trip trip = { .pipe = FX2_BULK_OUT, .buffer = out, .length = sizeof(out) };

	board_set(case_fx2, "error=0x06:EPROTO:1:512");
	case_open_fx2();
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	pattern(out, sizeof(out), 26);
	door_start(&trip);
	CHECK_ERR(door_wait(&trip), EPROTO);
	CHECK_EQ(trip.moved, sizeof(out));
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 0);
	case_read(sizeof(out), 0, out, sizeof(out));
}

CASE(write_that_is_split_has_one_zero_length_packet_at_its_end)
{
	uint32_t length = 2 * FULL_MAXIMUM;
	uint8_t *out = malloc(length);

	CHECK(out);
	board_set(case_full, "sink=0x06");
	case_open(case_full, 0);
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	case_counting(out, length, 0);
	CHECK_OK(door_move(FX2_BULK_OUT, out, length, &case_moved));
	CHECK_EQ(case_moved, length);
	CHECK_EQ(counter(case_full, "zlp"), 1);
	CHECK_EQ(counter(case_full, "bad"), 0);
	CHECK_EQ(counter(case_full, "packets"), length / FULL_PACKET + 1);
	free(out);
}

CASE(writes_in_the_queue_follow_SHORT_PACKET_TERMINATE_as_it_is_when_they_go)
{
	struct trip trips[3] = { 0 };
	uint8_t out[3][PACKET];
	int i;

	board_set(case_fx2, "silent=0x06:always");
	case_open_fx2();
	for (i = 0; i < 3; i++) {
		pattern(out[i], PACKET, 27 + i);
		trips[i].pipe = FX2_BULK_OUT;
		trips[i].buffer = out[i];
		trips[i].length = PACKET;
	}
	door_start_all(trips, 3);
	board_wait_pending(case_fx2, FX2_BULK_OUT, 1);
	/* The first one is on its way; the others have not been handed down. */
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	board_set(case_fx2, "silent=0x06:never");
	for (i = 0; i < 3; i++)
		CHECK_OK(door_wait(&trips[i]));
	/* Whether the first has one depends on how the driver sends it. */
	CHECK(counter(case_fx2, "zlp") >= 2 && counter(case_fx2, "zlp") <= 3);
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 0);
	case_read(PACKET, 0, out[0], PACKET);
	if (counter(case_fx2, "zlp") == 3)
		case_read(64, 0, NULL, 0);
	for (i = 1; i < 3; i++)
		loops_back(out[i], PACKET);
}

/* winusb.md 2.1: effective on IN only; section 8, row 9: libusb sets all of them on every pipe. */
CASE(write_is_not_changed_by_the_policies_of_reads)
{
	uint8_t out[PACKET];

	case_open_fx2();
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_AUTO_FLUSH, 1);
	CHECK_OK(door_move(FX2_BULK_OUT, NULL, 0, &case_moved));
	CHECK_EQ(counter(case_fx2, "zlp"), 1);
	loops_back(NULL, 0);
	pattern(out, sizeof(out), 39);
	case_write(out, sizeof(out));
	CHECK_EQ(counter(case_fx2, "zlp"), 1);
	case_read(sizeof(out), 0, out, sizeof(out));
	case_write(out, 100);
	loops_back(out, 100);
}
