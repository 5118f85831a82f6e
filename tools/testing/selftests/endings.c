// SPDX-License-Identifier: MIT
/*
 * Cases of what ends a transfer early: timeouts, stalls, aborts, removal (winusb.md 2.2, 5.3, 9.7
 * to 9.9, 9.16).
 */
#include <stdio.h>
#include <stdlib.h>

#include "cases.h"

/* Reads of 64 bytes that wait for one another. */
static void start_reads(struct trip *trips, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		memset(&trips[i], 0, sizeof(trips[i]));
		trips[i].pipe = FX2_BULK_IN;
		trips[i].buffer = case_buffer(64);
		trips[i].length = 64;
	}
	door_start_all(trips, count);
}

static void timeout(uint8_t pipe, unsigned int ms)
{
	case_policy(pipe, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, ms);
}

CASE(timed_out_read_delivers_what_came)
{
	uint8_t out[1024];

	case_open_fx2();
	pattern(out, sizeof(out), 40);
	case_feed(out, sizeof(out));
	timeout(FX2_BULK_IN, 100 * test_scale());
	case_read(4096, -ETIMEDOUT, out, sizeof(out));
	timeout(FX2_BULK_IN, 0);
	case_works();
}

CASE(timed_out_read_of_nothing_counts_nothing)
{
	uint64_t start;

	case_open_fx2();
	timeout(FX2_BULK_IN, 100);
	start = test_tick_ms();
	case_read(64, -ETIMEDOUT, NULL, 0);
	CHECK(test_tick_ms() - start >= 100);
	timeout(FX2_BULK_IN, 0);
	case_works();
}

CASE(timed_out_interrupt_read_counts_nothing)
{
	struct trip trip;

	case_open_fx2();
	timeout(FX2_SWITCHES, 50);
	door_start_read(&trip, FX2_SWITCHES, case_buffer(8), 8);
	case_check(&trip, -ETIMEDOUT, NULL, 0);
}

/* winusb.md 5.3: two of three packets went */
CASE(timed_out_write_counts_what_went)
{
	uint8_t out[3 * PACKET];

	board_set(case_fx2, "silent=0x06:always:1024");
	case_open_fx2();
	pattern(out, sizeof(out), 41);
	timeout(FX2_BULK_OUT, 100 * test_scale());
	CHECK_ERR(door_move(FX2_BULK_OUT, out, sizeof(out), &case_moved), ETIMEDOUT);
	CHECK_EQ(case_moved, 2 * PACKET);
	case_read(2 * PACKET, 0, out, 2 * PACKET);
}

/* winusb.md 9.7 */
CASE(timeout_of_a_queued_read_starts_when_it_is_handed_down)
{
	unsigned int ms = 100 * test_scale();
	uint64_t start = test_tick_ms();
	struct trip trips[3];

	case_open_fx2();
	timeout(FX2_BULK_IN, ms);
	start_reads(trips, 3);
	case_check(&trips[0], -ETIMEDOUT, NULL, 0);
	case_check(&trips[1], -ETIMEDOUT, NULL, 0);
	case_check(&trips[2], -ETIMEDOUT, NULL, 0);
	CHECK(test_tick_ms() - start >= 3 * ms);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "max_pending"), 1);
}

CASE(timeout_has_the_value_of_when_the_read_is_handed_down)
{
	struct trip trips[2];

	case_open_fx2();
	start_reads(trips, 2);
	board_wait_pending(case_fx2, FX2_BULK_IN, 1);
	timeout(FX2_BULK_IN, 100);
	/* The first one has no limit, because it had none when it went. */
	test_sleep_ms(250);
	CHECK(!door_done(&trips[0]));
	case_feed_text("first");
	case_check(&trips[0], 0, "first", 5);
	case_check(&trips[1], -ETIMEDOUT, NULL, 0);
}

/* winusb.md 2.2 */
CASE(timeout_is_one_for_each_piece_of_a_read_that_is_split)
{
	unsigned int ms = 400 * test_scale(), most = 4 * ms;
	uint32_t length = 2 * FULL_MAXIMUM;
	uint8_t *expected = malloc(length);
	struct trip trip;
	char option[32];

	CHECK(expected);
	case_open(case_full, 0);
	case_counting(expected, length, 0);
	for (;; ms *= 2) {
		board_set(case_full, "source=0x88");
		snprintf(option, sizeof(option), "delay=0x88:%u", ms);
		board_set(case_full, option);
		/* Either piece takes more than half of this. */
		timeout(FX2_BULK_IN, ms * 3 / 2 + ms / 3);
		door_start_read(&trip, FX2_BULK_IN, case_buffer(length), length);
		/* Where the machine stood still for a moment: again, with more time. */
		if (door_wait(&trip) != -ETIMEDOUT || ms == most)
			break;
	}
	case_check(&trip, 0, expected, length);
	free(expected);
}

CASE(timeout_ends_each_of_five_queued_reads)
{
	struct trip trips[5];
	int i;

	case_open_fx2();
	timeout(FX2_BULK_IN, 10);
	start_reads(trips, 5);
	for (i = 0; i < 5; i++)
		case_check(&trips[i], -ETIMEDOUT, NULL, 0);
}

/* Reads that find a stall which came when all of them were queued. */
static void stall_reads(struct trip *trips, int count)
{
	board_set(case_fx2, "silent=0x88:always");
	start_reads(trips, count);
	board_wait_pending(case_fx2, FX2_BULK_IN, 1);
	board_set(case_fx2, "stall=0x88:1");
	board_set(case_fx2, "silent=0x88:never");
}

/* winusb.md 9.8 */
CASE(stall_fails_all_queued_reads_until_RESET_PIPE)
{
	struct trip trips[3];
	int i;

	case_open_fx2();
	stall_reads(trips, 3);
	for (i = 0; i < 3; i++)
		case_check(&trips[i], -EPIPE, NULL, 0);
	case_read(64, -EPIPE, NULL, 0);
	CHECK_OK(node_reset_pipe(case_fd, case_handle, FX2_BULK_IN));
	case_works();
}

CASE(stall_with_AUTO_CLEAR_STALL_fails_the_first_read_only)
{
	static const uint8_t clear[8] = { 0x02, 1, 0, 0, FX2_BULK_IN, 0, 0, 0 };
	struct trip trips[3];
	uint8_t setup[8];

	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	stall_reads(trips, 3);
	case_check(&trips[0], -EPIPE, NULL, 0);
	/* The pipe was reset before the read was completed. */
	board_last_request(case_fx2, setup);
	CHECK_MEM(setup, clear, sizeof(setup));
	case_feed_text("second");
	case_check(&trips[1], 0, "second", 6);
	case_feed_text("third");
	case_check(&trips[2], 0, "third", 5);
	CHECK_EQ(board_requests(case_fx2), 1);
}

CASE(stall_with_AUTO_CLEAR_STALL_delivers_what_came_before)
{
	uint8_t expected[1024];

	board_set(case_fx2, "source=0x88");
	board_set(case_fx2, "stall=0x88:1:1024");
	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	case_counting(expected, sizeof(expected), 0);
	case_read(4096, -EPIPE, expected, sizeof(expected));
	board_set(case_fx2, "normal=0x88");
	case_works();
}

CASE(stall_of_a_read_delivers_what_came_before)
{
	uint8_t expected[1024];

	board_set(case_fx2, "source=0x88");
	board_set(case_fx2, "stall=0x88:1:1024");
	case_open_fx2();
	case_counting(expected, sizeof(expected), 0);
	case_read(4096, -EPIPE, expected, sizeof(expected));
	CHECK_OK(node_reset_pipe(case_fd, case_handle, FX2_BULK_IN));
	board_set(case_fx2, "normal=0x88");
	case_works();
}

/* winusb.md 2.2: "with a status other than cancelled or disconnected" */
CASE(bus_error_with_AUTO_CLEAR_STALL_resets_the_pipe_too)
{
	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	board_set(case_fx2, "error=0x88:EPROTO:1");
	case_read(64, -EPROTO, NULL, 0);
	CHECK_EQ(board_requests(case_fx2), 1);
	case_works();
}

CASE(stall_of_a_write_is_not_cleared_by_AUTO_CLEAR_STALL)
{
	char out[] = "lost";

	case_open_fx2();
	case_policy(FX2_BULK_OUT, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	board_set(case_fx2, "stall=0x06:1");
	CHECK_ERR(door_move(FX2_BULK_OUT, out, 4, &case_moved), EPIPE);
	CHECK_EQ(case_moved, 0);
	CHECK_ERR(door_move(FX2_BULK_OUT, out, 4, &case_moved), EPIPE);
	CHECK_EQ(board_requests(case_fx2), 0);
	CHECK_OK(node_reset_pipe(case_fd, case_handle, FX2_BULK_OUT));
	case_works();
}

/* winusb.md 2.2: not after "cancelled", whether by abort or by the timeout. */
CASE(stall_is_not_cleared_after_a_cancelled_read)
{
	struct trip trip;

	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	door_start_read(&trip, FX2_BULK_IN, case_buffer(64), 64);
	board_wait_pending(case_fx2, FX2_BULK_IN, 1);
	CHECK_OK(node_abort(case_fd, case_handle, FX2_BULK_IN));
	case_check(&trip, -ECANCELED, NULL, 0);
	timeout(FX2_BULK_IN, 50);
	case_read(64, -ETIMEDOUT, NULL, 0);
	timeout(FX2_BULK_IN, 0);
	case_works();
	CHECK_EQ(board_requests(case_fx2), 0);
}

struct bus_error {
	const char *status;
	int error;
};

static const struct bus_error bus_errors[] = {
	{ "EPROTO", EPROTO }, { "EILSEQ", EILSEQ }, { "ETIME", EPROTO },
	{ "EOVERFLOW", EOVERFLOW }, { "ENOSR", EIO }, { "ECOMM", EIO },
};

/* winusb.md 1.5: "any transfer error", and only the transfer that had it. */
CASE(errors_of_reads_have_their_errno)
{
	char option[64];
	size_t i;

	case_open_fx2();
	for (i = 0; i < ARRAY_SIZE(bus_errors); i++) {
		snprintf(option, sizeof(option), "error=0x88:%s:1", bus_errors[i].status);
		board_set(case_fx2, option);
		case_read(64, -bus_errors[i].error, NULL, 0);
		case_works();
	}
}

CASE(errors_of_writes_have_their_errno)
{
	char option[64], out[] = "lost";
	size_t i;

	case_open_fx2();
	for (i = 0; i < ARRAY_SIZE(bus_errors); i++) {
		snprintf(option, sizeof(option), "error=0x06:%s:1", bus_errors[i].status);
		board_set(case_fx2, option);
		CHECK_ERR(door_move(FX2_BULK_OUT, out, 4, &case_moved), bus_errors[i].error);
		CHECK_EQ(case_moved, 0);
		case_works();
	}
}

CASE(error_of_a_write_counts_what_went)
{
	uint8_t out[3 * PACKET];

	board_set(case_fx2, "error=0x06:EPROTO:1:1024");
	case_open_fx2();
	pattern(out, sizeof(out), 44);
	CHECK_ERR(door_move(FX2_BULK_OUT, out, sizeof(out), &case_moved), EPROTO);
	CHECK_EQ(case_moved, 2 * PACKET);
	case_read(2 * PACKET, 0, out, 2 * PACKET);
}

/* winusb.md 9.9, and 5.3: two of three packets came */
CASE(abort_ends_all_reads_and_delivers_what_came)
{
	uint8_t out[2 * PACKET];
	struct trip trips[4] = { { .pipe = FX2_BULK_IN, .length = 3 * PACKET } };
	int i;

	case_open_fx2();
	pattern(out, sizeof(out), 42);
	trips[0].buffer = case_buffer(3 * PACKET);
	door_start(&trips[0]);
	start_reads(&trips[1], 3);
	case_feed(out, sizeof(out));
	board_wait_counter(case_fx2, FX2_BULK_IN, "bytes", sizeof(out));
	CHECK_OK(node_abort(case_fd, case_handle, FX2_BULK_IN));
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "pending"), 0);
	case_check(&trips[0], -ECANCELED, out, sizeof(out));
	for (i = 1; i < 4; i++)
		case_check(&trips[i], -ECANCELED, NULL, 0);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "urbs"), 1);
	case_works();
}

CASE(abort_ends_a_write_and_counts_what_went)
{
	uint8_t out[3 * PACKET];
	struct trip trip = { .pipe = FX2_BULK_OUT, .buffer = out, .length = sizeof(out) };

	board_set(case_fx2, "silent=0x06:always:512");
	case_open_fx2();
	pattern(out, sizeof(out), 43);
	door_start(&trip);
	board_wait_counter(case_fx2, FX2_BULK_OUT, "bytes", PACKET);
	CHECK_OK(node_abort(case_fd, case_handle, FX2_BULK_OUT));
	CHECK_ERR(door_wait(&trip), ECANCELED);
	CHECK_EQ(trip.moved, PACKET);
	case_read(PACKET, 0, out, PACKET);
}

CASE(abort_keeps_the_halt)
{
	case_open_fx2();
	board_set(case_fx2, "stall=0x88:1");
	case_read(64, -EPIPE, NULL, 0);
	CHECK_OK(node_abort(case_fd, case_handle, FX2_BULK_IN));
	case_read(64, -EPIPE, NULL, 0);
	CHECK_OK(node_reset_pipe(case_fd, case_handle, FX2_BULK_IN));
	case_works();
}

CASE(abort_with_IGNORE_SHORT_PACKETS_delivers_what_came)
{
	struct trip trip;

	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	door_start_read(&trip, FX2_BULK_IN, case_buffer(100), 100);
	case_feed_text("some");
	case_feed_text(" more");
	board_wait_counter(case_fx2, FX2_BULK_IN, "bytes", 9);
	board_wait_counter(case_fx2, FX2_BULK_IN, "urbs", 3);
	CHECK_OK(node_abort(case_fd, case_handle, FX2_BULK_IN));
	case_check(&trip, -ECANCELED, "some more", 9);
	case_policy(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 0);
	case_works();
}

/* winusb.md 5.4, 9.16 */
CASE(removal_ends_all_and_later_ones_are_refused)
{
	struct trip trips[3];
	char out[] = "late";
	int i;

	case_open_fx2();
	start_reads(trips, 3);
	board_wait_pending(case_fx2, FX2_BULK_IN, 1);
	board_unplug(case_fx2);
	for (i = 0; i < 3; i++)
		case_check(&trips[i], -ESHUTDOWN, NULL, 0);
	case_read(64, -ENODEV, NULL, 0);
	CHECK_ERR(door_move(FX2_BULK_OUT, out, 4, &case_moved), ENODEV);
	CHECK_EQ(case_moved, 0);
	CHECK_ERR(door_control(0, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, out, 1, &case_moved), ENODEV);
}

/* winusb.md 5.3: what arrived before the cable was cut is there */
CASE(removal_delivers_what_came)
{
	struct trip trip;

	case_open_fx2();
	case_policy(FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	door_start_read(&trip, FX2_BULK_IN, case_buffer(100), 100);
	case_feed_text("some");
	board_wait_counter(case_fx2, FX2_BULK_IN, "urbs", 2);
	board_unplug(case_fx2);
	case_check(&trip, -ESHUTDOWN, "some", 4);
}

CASE(reset_by_RESET_DEVICE_ends_all)
{
	struct trip trips[3];
	int i;

	case_open_fx2();
	start_reads(trips, 3);
	board_wait_pending(case_fx2, FX2_BULK_IN, 1);
	CHECK_OK(node_reset_device(case_fd, case_handle));
	for (i = 0; i < 3; i++)
		case_check(&trips[i], -ECONNRESET, NULL, 0);
	case_works();
}
