// SPDX-License-Identifier: MIT
/*
 * Cases of what the commands do to transfers that are under way, and of pipes that have nothing to
 * do with each other: winusb.md 1.5, 1.6, 9.12.
 */
#include "cases.h"

static void start_read(struct trip *trip, uint8_t pipe, uint32_t length)
{
	door_start_read(trip, pipe, case_buffer(length), length);
	board_wait_pending(case_fx2, pipe, 1);
}

/* "Does not touch pending requests nor the device." */
CASE(flush_leaves_pending_reads_and_the_device_alone)
{
	struct trip trips[2];

	case_open_fx2();
	start_read(&trips[0], FX2_BULK_IN, 64);
	door_start_read(&trips[1], FX2_BULK_IN, case_buffer(64), 64);
	CHECK_OK(node_flush(case_fd, case_handle, FX2_BULK_IN));
	CHECK(!door_done(&trips[0]));
	CHECK(!door_done(&trips[1]));
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "pending"), 1);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "unlinked"), 0);
	CHECK_EQ(board_requests(case_fx2), 0);
	case_feed_text("first");
	case_check(&trips[0], 0, "first", 5);
	case_feed_text("second");
	case_check(&trips[1], 0, "second", 6);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "urbs"), 2);
}

/* What a queued read of a flushed pipe gets is not what was saved before the flush. */
CASE(flush_drops_what_was_saved_and_not_what_comes)
{
	case_open_fx2();
	case_feed_text("0123456789saved");
	case_feed_text("next");
	case_read_text(10, "0123456789");
	CHECK_OK(node_flush(case_fd, case_handle, FX2_BULK_IN));
	case_read_text(100, "next");
}

CASE(flush_of_what_saves_nothing_is_refused)
{
	case_open_fx2();
	CHECK_ERR(node_flush(case_fd, case_handle, FX2_BULK_OUT), EINVAL);
	CHECK_ERR(node_flush(case_fd, case_handle, 0), EINVAL);
	case_works();
}

/* "Does not cancel queued requests by itself." */
CASE(reset_is_refused_while_a_read_is_pending_which_goes_on)
{
	struct trip trips[2];

	case_open_fx2();
	start_read(&trips[0], FX2_BULK_IN, 64);
	door_start_read(&trips[1], FX2_BULK_IN, case_buffer(64), 64);
	CHECK_ERR(node_reset_pipe(case_fd, case_handle, FX2_BULK_IN), EBUSY);
	CHECK_EQ(board_requests(case_fx2), 0);
	/* Another pipe is none of its business. */
	CHECK_OK(node_reset_pipe(case_fd, case_handle, FX2_BULK_OUT));
	CHECK(!door_done(&trips[0]));
	case_feed_text("first");
	case_check(&trips[0], 0, "first", 5);
	case_feed_text("second");
	case_check(&trips[1], 0, "second", 6);
	CHECK_OK(node_reset_pipe(case_fd, case_handle, FX2_BULK_IN));
	case_works();
}

CASE(reset_sends_one_CLEAR_FEATURE_and_ends_the_halt)
{
	static const uint8_t clear[8] = { 0x02, 1, 0, 0, FX2_BULK_OUT, 0, 0, 0 };
	char out[] = "lost";
	uint8_t setup[8];

	case_open_fx2();
	board_set(case_fx2, "stall=0x06:1");
	CHECK_ERR(door_move(FX2_BULK_OUT, out, 4, &case_moved), EPIPE);
	CHECK_ERR(door_move(FX2_BULK_OUT, out, 4, &case_moved), EPIPE);
	CHECK_EQ(board_requests(case_fx2), 0);
	CHECK_OK(node_reset_pipe(case_fd, case_handle, FX2_BULK_OUT));
	CHECK_EQ(board_requests(case_fx2), 1);
	board_last_request(case_fx2, setup);
	CHECK_MEM(setup, clear, sizeof(setup));
	case_works();
}

CASE(abort_ends_only_its_pipe)
{
	struct trip bulk, switches;
	uint8_t value;

	case_open_fx2();
	start_read(&bulk, FX2_BULK_IN, 64);
	start_read(&switches, FX2_SWITCHES, 8);
	CHECK_OK(node_abort(case_fd, case_handle, FX2_SWITCHES));
	case_check(&switches, -ECANCELED, NULL, 0);
	CHECK(!door_done(&bulk));
	CHECK_OK(node_abort(case_fd, case_handle, FX2_BULK_OUT));
	CHECK(!door_done(&bulk));
	CHECK_OK(door_control(0, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &case_moved));
	case_feed_text("bulk");
	case_check(&bulk, 0, "bulk", 4);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "unlinked"), 0);
}

/* "Abort of the control pipe has no useful effect." */
CASE(abort_of_the_control_pipe_ends_nothing)
{
	struct trip trip = { .setup = { 0xc0, FX2_GET_SWITCHES, 0, 0, 0, 0, 1, 0 }, .length = 1 };

	board_set(case_fx2, "silent-request=any");
	case_open_fx2();
	case_policy(0, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 600 + 400 * test_scale());
	trip.buffer = case_buffer(1);
	door_start(&trip);
	CHECK_OK(node_abort(case_fd, case_handle, 0));
	CHECK_OK(node_reset_pipe(case_fd, case_handle, 0));
	CHECK(!door_done(&trip));
	case_check(&trip, -ETIMEDOUT, NULL, 0);
}

CASE(pipes_do_not_wait_for_each_other)
{
	struct trip bulk, switches;
	char out[] = "bulk";

	case_open_fx2();
	start_read(&bulk, FX2_BULK_IN, 64);
	start_read(&switches, FX2_SWITCHES, 8);
	board_set(case_fx2, "switches=0x3c");
	case_check(&switches, 0, "\x3c", 1);
	CHECK(!door_done(&bulk));
	CHECK_OK(door_move(FX2_BULK_OUT, out, 4, &case_moved));
	CHECK_EQ(case_moved, 4);
	case_check(&bulk, 0, out, 4);
}

/* winusb.md 9.12 */
CASE(setting_is_refused_while_a_read_is_pending_which_goes_on)
{
	struct trip trip;
	uint8_t setting;

	case_open(case_composite, SETTINGS);
	CHECK_OK(node_set_setting(case_fd, case_handle, 1));
	door_start_read(&trip, 0x84, case_buffer(64), 64);
	board_wait_pending(case_composite, 0x84, 1);
	CHECK_ERR(node_set_setting(case_fd, case_handle, 2), EBUSY);
	CHECK_ERR(node_set_setting(case_fd, case_handle, 1), EBUSY);
	CHECK(!door_done(&trip));
	CHECK_EQ(board_counter(case_composite, 0x84, "unlinked"), 0);
	CHECK_OK(node_get_setting(case_fd, case_handle, &setting));
	CHECK_EQ(setting, 1);
	case_feed_pipe(0x04, "goes on", 7);
	case_check(&trip, 0, "goes on", 7);
	CHECK_OK(node_set_setting(case_fd, case_handle, 2));
}
