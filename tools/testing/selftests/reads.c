// SPDX-License-Identifier: MIT
/* Cases of reads without RAW_IO: winusb.md 1.5, 2.2, 2.3, 9.2 to 9.4. */
#include <stdlib.h>
#include <unistd.h>

#include "cases.h"

CASE(read_ends_when_full)
{
	uint8_t out[1024];

	case_open_fx2();
	pattern(out, sizeof(out), 1);
	case_feed(out, sizeof(out));
	case_read(512, 0, out, 512);
	case_read(512, 0, out + 512, 512);
}

CASE(read_ends_with_a_short_packet)
{
	case_open_fx2();
	case_feed_text("first");
	case_feed_text("second");
	case_read_text(4000, "first");
	case_read_text(4000, "second");
}

CASE(read_ends_with_a_zero_length_packet)
{
	uint8_t out[PACKET];

	case_open_fx2();
	pattern(out, sizeof(out), 2);
	case_feed(out, sizeof(out));
	case_feed(NULL, 0);
	case_read(2048, 0, out, sizeof(out));
}

CASE(read_of_two_packets_waits_for_both)
{
	uint8_t out[2 * PACKET];
	struct trip trip;

	case_open_fx2();
	pattern(out, sizeof(out), 3);
	door_start_read(&trip, FX2_BULK_IN, case_buffer(sizeof(out)), sizeof(out));
	case_feed(out, PACKET);
	board_wait_counter(case_fx2, FX2_BULK_IN, "bytes", PACKET);
	CHECK(!door_done(&trip));
	case_feed(out + PACKET, PACKET);
	case_check(&trip, 0, out, sizeof(out));
}

CASE(read_is_rounded_up_to_whole_packets)
{
	uint8_t out[2 * PACKET];

	case_open_fx2();
	pattern(out, sizeof(out), 4);
	case_feed(out, sizeof(out));
	case_read(10, 0, out, 10);
	/* The second packet is still in the device. */
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "bytes"), PACKET);
	case_read(2 * PACKET - 10, 0, out + 10, 2 * PACKET - 10);
}

CASE(read_of_an_interrupt_pipe_is_rounded_up_too)
{
	uint8_t in[10] = { 0 };

	case_open(case_composite, JOINED_EVENTS);
	board_do(case_composite, "push 0x83 000102030405060708090a0b0c0d0e0f");
	CHECK_OK(door_move(0x83, in, sizeof(in), &case_moved));
	CHECK_EQ(case_moved, 10);
	CHECK_EQ(in[9], 9);
	CHECK_OK(door_move(0x83, in, 6, &case_moved));
	CHECK_EQ(case_moved, 6);
	CHECK_EQ(in[0], 10);
	CHECK_EQ(in[5], 15);
	CHECK_EQ(board_counter(case_composite, 0x83, "urbs"), 1);
}

CASE(read_longer_than_the_maximum_is_split)
{
	uint32_t length = 2 * FULL_MAXIMUM + 100;
	uint8_t *expected = malloc(length);
	struct trip trip;

	CHECK(expected);
	board_set(case_full, "source=0x88");
	case_open(case_full, 0);
	case_counting(expected, length, 0);
	door_start_read(&trip, FX2_BULK_IN, case_buffer(length), length);
	case_check(&trip, 0, expected, length);
	CHECK_EQ(board_counter(case_full, FX2_BULK_IN, "urbs"), 3);
	/* One after the other. */
	CHECK_EQ(board_counter(case_full, FX2_BULK_IN, "max_pending"), 1);
	/* The last packet had 64 bytes, of which the read wanted 36. */
	case_counting(expected, 28, length);
	case_read(28, 0, expected, 28);
	CHECK_EQ(board_counter(case_full, FX2_BULK_IN, "urbs"), 3);
	free(expected);
}

CASE(read_that_is_split_ends_with_a_short_packet)
{
	struct trip trip;

	case_open(case_full, 0);
	case_feed_text("short");
	door_start_read(&trip, FX2_BULK_IN, case_buffer(FULL_MAXIMUM + 100), FULL_MAXIMUM + 100);
	case_check(&trip, 0, "short", 5);
	CHECK_EQ(board_counter(case_full, FX2_BULK_IN, "urbs"), 1);
}

CASE(read_that_is_split_goes_on_with_IGNORE_SHORT_PACKETS)
{
	uint32_t length = FULL_MAXIMUM + 100;
	uint8_t *out = malloc(length);
	struct trip trip;

	CHECK(out);
	case_open(case_full, 0);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	pattern(out, length, 12);
	door_start_read(&trip, FX2_BULK_IN, case_buffer(length), length);
	case_feed(out, 5);
	board_wait_counter(case_full, FX2_BULK_IN, "bytes", 5);
	CHECK(!door_done(&trip));
	case_feed(out + 5, length - 5);
	case_check(&trip, 0, out, length);
	/* The short piece and at least two more: what goes to an odd place goes in smaller ones. */
	CHECK(board_counter(case_full, FX2_BULK_IN, "urbs") >= 3);
	CHECK_EQ(board_counter(case_full, FX2_BULK_IN, "max_pending"), 1);
	free(out);
}

CASE(read_of_zero_bytes_succeeds_without_the_bus)
{
	case_open_fx2();
	CHECK_OK(door_move(FX2_BULK_IN, NULL, 0, &case_moved));
	CHECK_EQ(case_moved, 0);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "urbs"), 0);
}

CASE(read_of_zero_bytes_without_partial_reads_is_refused)
{
	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	CHECK_ERR(door_move(FX2_BULK_IN, NULL, 0, &case_moved), EINVAL);
	CHECK_EQ(case_moved, 0);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "urbs"), 0);
	case_works();
}

/* winusb.md 2.3, step 2: "no I/O", so there is nothing to wait for. */
CASE(read_of_zero_bytes_does_not_wait_behind_others)
{
	struct trip trip;

	case_open_fx2();
	door_start_read(&trip, FX2_BULK_IN, case_buffer(16), 16);
	board_wait_pending(case_fx2, FX2_BULK_IN, 1);
	CHECK_OK(door_move(FX2_BULK_IN, NULL, 0, &case_moved));
	CHECK_EQ(case_moved, 0);
	CHECK(!door_done(&trip));
	case_feed_text("data");
	case_check(&trip, 0, "data", 4);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "urbs"), 1);
}

CASE(read_of_zero_bytes_leaves_the_saved_data)
{
	case_open_fx2();
	case_feed_text("0123456789saved");
	case_read_text(10, "0123456789");
	CHECK_OK(door_move(FX2_BULK_IN, NULL, 0, &case_moved));
	CHECK_EQ(case_moved, 0);
	case_read_text(5, "saved");
}

CASE(read_waits_without_limit)
{
	struct trip trip;

	case_open_fx2();
	door_start_read(&trip, FX2_BULK_IN, case_buffer(16), 16);
	board_wait_pending(case_fx2, FX2_BULK_IN, 1);
	test_sleep_ms(100);
	CHECK(!door_done(&trip));
	case_feed_text("at last");
	case_check(&trip, 0, "at last", 7);
}

CASE(reads_are_served_in_their_order_one_at_a_time)
{
	enum { READERS = 6 };
	struct trip trips[READERS] = { 0 };
	uint8_t i;

	case_open_fx2();
	for (i = 0; i < READERS; i++) {
		trips[i].pipe = FX2_BULK_IN;
		trips[i].length = 64;
		trips[i].buffer = case_buffer(64);
	}
	door_start_all(trips, READERS);
	board_wait_pending(case_fx2, FX2_BULK_IN, 1);
	for (i = 0; i < READERS; i++)
		case_feed(&i, 1);
	for (i = 0; i < READERS; i++) {
		case_check(&trips[i], 0, &i, 1);
		CHECK(i == 0 || case_in_order(&trips[i - 1], &trips[i]));
	}
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "max_pending"), 1);
}

CASE(read_takes_the_saved_data_first_and_needs_no_bus)
{
	case_open_fx2();
	case_feed_text("0123456789the rest");
	case_read_text(10, "0123456789");
	case_read_text(4, "the ");
	case_read_text(4, "rest");
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "urbs"), 1);
}

CASE(read_with_AUTO_FLUSH_set_meanwhile_drops_what_it_leaves)
{
	case_open_fx2();
	case_feed_text("0123456789the rest");
	case_read_text(10, "0123456789");
	case_policy(FX2_BULK_IN, WINUSB_POLICY_AUTO_FLUSH, 1);
	case_read_text(4, "the ");
	case_feed_text("fresh");
	case_read_text(100, "fresh");
}

CASE(read_that_saved_data_do_not_fill_asks_the_device)
{
	struct trip trip;

	case_open_fx2();
	case_feed_text("0123456789saved");
	case_read_text(10, "0123456789");
	door_start_read(&trip, FX2_BULK_IN, case_buffer(20), 20);
	board_wait_pending(case_fx2, FX2_BULK_IN, 1);
	CHECK(!door_done(&trip));
	case_feed_text(" and new");
	case_check(&trip, 0, "saved and new", 13);
}

CASE(read_that_saved_data_do_not_fill_saves_anew)
{
	case_open_fx2();
	case_feed_text("0123456789saved");
	case_feed_text(" and new and more");
	case_read_text(10, "0123456789");
	case_read_text(13, "saved and new");
	case_read_text(9, " and more");
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "urbs"), 2);
}

CASE(read_with_IGNORE_SHORT_PACKETS_goes_on_after_the_saved_data)
{
	struct trip trip;

	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	case_feed_text("0123456789saved");
	case_read_text(10, "0123456789");
	door_start_read(&trip, FX2_BULK_IN, case_buffer(12), 12);
	case_feed_text(" a");
	board_wait_counter(case_fx2, FX2_BULK_IN, "bytes", 17);
	CHECK(!door_done(&trip));
	case_feed_text(" bcde");
	case_check(&trip, 0, "saved a bcde", 12);
}

CASE(read_puts_whole_packets_and_the_tail_where_they_belong)
{
	uint8_t out[2 * PACKET];

	case_open_fx2();
	pattern(out, sizeof(out), 5);
	case_feed(out, sizeof(out));
	case_read(700, 0, out, 700);
	case_read(324, 0, out + 700, 324);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "urbs"), 1);
}

CASE(read_of_10_leaves_54_of_a_64_byte_packet)
{
	uint8_t out[FULL_PACKET];

	case_open(case_full, 0);
	pattern(out, sizeof(out), 6);
	case_feed(out, sizeof(out));
	case_read(10, 0, out, 10);
	case_read(30, 0, out + 10, 30);
	case_read(24, 0, out + 40, 24);
	CHECK_EQ(board_counter(case_full, FX2_BULK_IN, "urbs"), 1);
}

CASE(read_with_AUTO_FLUSH_drops_the_excess)
{
	uint8_t out[FULL_PACKET];

	case_open(case_full, 0);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_AUTO_FLUSH, 1);
	pattern(out, sizeof(out), 7);
	case_feed(out, sizeof(out));
	case_read(10, 0, out, 10);
	case_feed_text("fresh");
	case_read_text(100, "fresh");
}

/* What was asked for may be there or not; what counts is true, and nothing is kept. */
static void overflows(uint32_t ask)
{
	uint8_t out[FULL_PACKET];
	struct trip trip;

	pattern(out, sizeof(out), 8);
	case_feed(out, sizeof(out));
	door_start_read(&trip, FX2_BULK_IN, case_buffer(ask), ask);
	CHECK_ERR(door_wait(&trip), EOVERFLOW);
	case_check(&trip, -EOVERFLOW, out, trip.moved);
	case_feed_text("fresh");
	case_read_text(100, "fresh");
}

CASE(read_without_partial_reads_fails_when_there_is_excess)
{
	case_open(case_full, 0);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	overflows(10);
	overflows(63);
	case_works();
}

CASE(read_without_partial_reads_fails_also_with_AUTO_FLUSH)
{
	case_open(case_full, 0);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_AUTO_FLUSH, 1);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	overflows(10);
}

CASE(read_without_partial_reads_succeeds_when_there_is_no_excess)
{
	uint8_t out[FULL_PACKET];

	case_open(case_full, 0);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	pattern(out, sizeof(out), 9);
	case_feed_text("ten bytes.");
	case_read_text(10, "ten bytes.");
	case_feed_text("four");
	case_read_text(10, "four");
	case_feed(out, sizeof(out));
	case_read(FULL_PACKET, 0, out, sizeof(out));
}

CASE(read_with_excess_of_the_device_saves_it)
{
	board_set(case_fx2, "extra=6");
	case_open_fx2();
	case_feed_text("ten bytes.");
	case_read_text(10, "ten bytes.");
	case_read_text(6, "\xee\xee\xee\xee\xee\xee");
}

CASE(read_with_IGNORE_SHORT_PACKETS_takes_100_and_412_as_512)
{
	uint8_t out[PACKET];
	struct trip trip;

	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	pattern(out, sizeof(out), 10);
	door_start_read(&trip, FX2_BULK_IN, case_buffer(sizeof(out)), sizeof(out));
	case_feed(out, 100);
	board_wait_counter(case_fx2, FX2_BULK_IN, "bytes", 100);
	CHECK(!door_done(&trip));
	case_feed(out + 100, 412);
	case_check(&trip, 0, out, sizeof(out));
}

CASE(read_with_IGNORE_SHORT_PACKETS_saves_what_is_too_much)
{
	uint8_t out[600];

	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	pattern(out, sizeof(out), 11);
	case_feed(out, 300);
	case_feed(out + 300, 300);
	case_read(512, 0, out, 512);
	case_read(88, 0, out + 512, 88);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "bytes"), 600);
}

CASE(read_with_IGNORE_SHORT_PACKETS_ignores_a_zero_length_packet)
{
	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	case_feed_text("be");
	case_feed(NULL, 0);
	case_feed_text("hind");
	case_read_text(6, "behind");
}

CASE(read_with_IGNORE_SHORT_PACKETS_ends_by_the_timeout)
{
	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 100 * test_scale());
	case_feed_text("some");
	case_read(100, -ETIMEDOUT, "some", 4);
}

CASE(read_with_IGNORE_SHORT_PACKETS_ends_by_an_error)
{
	struct trip trip;

	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	door_start_read(&trip, FX2_BULK_IN, case_buffer(100), 100);
	case_feed_text("some");
	board_wait_counter(case_fx2, FX2_BULK_IN, "urbs", 2);
	board_set(case_fx2, "error=0x88:EPROTO:1");
	case_feed_text("lost or not");
	case_check(&trip, -EPROTO, "some", 4);
}

CASE(read_after_flush_is_fresh)
{
	case_open_fx2();
	case_feed_text("0123456789saved");
	case_read_text(10, "0123456789");
	CHECK_OK(node_flush(case_fd, case_handle, FX2_BULK_IN));
	case_feed_text("fresh");
	case_read_text(100, "fresh");
}

CASE(read_after_INITIALIZE_is_fresh)
{
	uint32_t second;

	case_open_fx2();
	case_feed_text("0123456789saved");
	case_read_text(10, "0123456789");
	CHECK_OK(node_initialize(case_fd, &second));
	case_feed_text("fresh");
	case_read_text(100, "fresh");
}

CASE(read_after_another_setting_is_fresh)
{
	uint8_t in[64];

	case_open(case_composite, SETTINGS);
	CHECK_OK(node_set_setting(case_fd, case_handle, 1));
	case_feed_pipe(0x04, "0123456789saved", 15);
	CHECK_OK(door_move(0x84, in, 10, &case_moved));
	CHECK_EQ(case_moved, 10);
	CHECK_OK(node_set_setting(case_fd, case_handle, 1));
	case_feed_pipe(0x04, "fresh", 5);
	CHECK_OK(door_move(0x84, in, sizeof(in), &case_moved));
	CHECK_EQ(case_moved, 5);
	CHECK_MEM(in, "fresh", 5);
}

CASE(read_after_close_is_fresh)
{
	case_open_fx2();
	case_feed_text("0123456789saved");
	case_read_text(10, "0123456789");
	door_leave();
	close(case_fd);
	case_open_fx2();
	case_feed_text("fresh");
	case_read_text(100, "fresh");
}

CASE(read_after_abort_and_reset_has_the_saved_data)
{
	case_open_fx2();
	case_feed_text("0123456789saved");
	case_read_text(10, "0123456789");
	CHECK_OK(node_abort(case_fd, case_handle, FX2_BULK_IN));
	CHECK_OK(node_reset_pipe(case_fd, case_handle, FX2_BULK_IN));
	case_read_text(5, "saved");
}

CASE(read_that_fails_delivers_what_came_before)
{
	uint8_t expected[1024];

	board_set(case_fx2, "source=0x88");
	board_set(case_fx2, "error=0x88:EPROTO:1:1024");
	case_open_fx2();
	case_counting(expected, sizeof(expected), 0);
	case_read(4096, -EPROTO, expected, sizeof(expected));
}

CASE(read_gets_saved_data_and_then_the_error)
{
	case_open_fx2();
	case_feed_text("0123456789saved");
	case_read_text(10, "0123456789");
	board_set(case_fx2, "error=0x88:EPROTO:1");
	case_read(100, -EPROTO, "saved", 5);
	case_works();
}

/* winusb.md 2.1: effective on OUT only. */
CASE(read_is_not_changed_by_SHORT_PACKET_TERMINATE)
{
	uint8_t out[2 * PACKET];

	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	pattern(out, sizeof(out), 13);
	case_feed(out, sizeof(out));
	case_read(sizeof(out), 0, out, sizeof(out));
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "urbs"), 1);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_OUT, "zlp"), 0);
	case_works();
}

/* winusb.md 2.1: "evaluated when the request is processed, not when submitted". */
CASE(reads_in_the_queue_follow_the_policies_as_they_are_when_they_run)
{
	struct trip trips[4] = { 0 };
	int i;

	case_open_fx2();
	for (i = 0; i < 4; i++) {
		trips[i].pipe = FX2_BULK_IN;
		trips[i].buffer = case_buffer(10);
		trips[i].length = 10;
	}
	door_start_all(trips, 4);
	board_wait_pending(case_fx2, FX2_BULK_IN, 1);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_AUTO_FLUSH, 1);
	case_feed_text("0123456789dropped");
	case_check(&trips[0], 0, "0123456789", 10);
	board_wait_pending(case_fx2, FX2_BULK_IN, 1);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	case_feed_text("0123456789dropped");
	CHECK_ERR(door_wait(&trips[1]), EOVERFLOW);
	board_wait_pending(case_fx2, FX2_BULK_IN, 1);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	case_feed_text("01234");
	board_wait_counter(case_fx2, FX2_BULK_IN, "urbs", 4);
	CHECK(!door_done(&trips[2]));
	case_feed_text("56789");
	case_check(&trips[2], 0, "0123456789", 10);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 0);
	case_feed_text("short");
	case_check(&trips[3], 0, "short", 5);
}
