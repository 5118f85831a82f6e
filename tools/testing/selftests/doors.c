// SPDX-License-Identifier: MIT
/*
 * One table of behaviour, and every door: the same request gives the same result whichever way it
 * takes. A row is named by what it says in winusb.md: read_2_3_step7 is step 7 of its section 2.3,
 * write_9_6 point 6 of its checklist, raw_8_row32 a doubtful point of section 8.
 */
#include "cases.h"

struct behaviour {
	const char *label;
	void (*run)(void);
};

static const struct behaviour behaviours[] = {
	{ "read_1_5_ends_when_the_buffer_is_full", read_ends_when_full },
	{ "read_1_5_ends_with_a_short_packet", read_ends_with_a_short_packet },
	{ "read_1_5_ends_with_a_zero_length_packet", read_ends_with_a_zero_length_packet },
	{ "read_5_3_of_two_packets_waits_for_both", read_of_two_packets_waits_for_both },
	{ "read_1_5_is_rounded_up_to_whole_packets_and_no_further",
	  read_is_rounded_up_to_whole_packets },
	{ "read_1_5_of_an_interrupt_pipe_is_rounded_up_too",
	  read_of_an_interrupt_pipe_is_rounded_up_too },
	{ "read_1_5_longer_than_MAXIMUM_TRANSFER_SIZE_is_split_one_after_the_other",
	  read_longer_than_the_maximum_is_split },
	{ "read_1_5_of_zero_bytes_succeeds_without_the_bus",
	  read_of_zero_bytes_succeeds_without_the_bus },
	{ "read_1_5_of_zero_bytes_without_ALLOW_PARTIAL_READS_is_EINVAL",
	  read_of_zero_bytes_without_partial_reads_is_refused },
	{ "read_1_5_waits_without_limit", read_waits_without_limit },
	{ "read_1_5_and_other_pipes_do_not_wait_for_each_other", pipes_do_not_wait_for_each_other },
	{ "read_2_3_step1_served_in_their_order_one_at_a_time",
	  reads_are_served_in_their_order_one_at_a_time },
	{ "read_2_3_step2_zero_bytes_leave_the_saved_data",
	  read_of_zero_bytes_leaves_the_saved_data },
	{ "read_2_3_step2_zero_bytes_do_not_wait_behind_others",
	  read_of_zero_bytes_does_not_wait_behind_others },
	{ "read_2_3_step3_takes_the_saved_data_first_and_needs_no_bus",
	  read_takes_the_saved_data_first_and_needs_no_bus },
	{ "read_2_3_step3_with_AUTO_FLUSH_set_meanwhile_drops_what_it_leaves",
	  read_with_AUTO_FLUSH_set_meanwhile_drops_what_it_leaves },
	{ "read_2_3_step4_that_saved_data_do_not_fill_asks_the_device",
	  read_that_saved_data_do_not_fill_asks_the_device },
	{ "read_2_3_step4_that_saved_data_do_not_fill_saves_anew",
	  read_that_saved_data_do_not_fill_saves_anew },
	{ "read_2_3_step4_with_IGNORE_SHORT_PACKETS_goes_on_after_the_saved_data",
	  read_with_IGNORE_SHORT_PACKETS_goes_on_after_the_saved_data },
	{ "read_2_3_step5_puts_whole_packets_and_the_tail_where_they_belong",
	  read_puts_whole_packets_and_the_tail_where_they_belong },
	{ "read_2_3_step6_that_is_split_ends_with_a_short_piece",
	  read_that_is_split_ends_with_a_short_packet },
	{ "read_2_3_step6_that_is_split_goes_on_with_IGNORE_SHORT_PACKETS",
	  read_that_is_split_goes_on_with_IGNORE_SHORT_PACKETS },
	{ "read_2_3_step7_excess_is_saved_for_the_next_read",
	  read_with_excess_of_the_device_saves_it },
	{ "read_9_2_of_10_leaves_54_of_a_64_byte_packet",
	  read_of_10_leaves_54_of_a_64_byte_packet },
	{ "read_9_3_with_AUTO_FLUSH_drops_the_excess", read_with_AUTO_FLUSH_drops_the_excess },
	{ "read_9_3_without_ALLOW_PARTIAL_READS_excess_is_EOVERFLOW",
	  read_without_partial_reads_fails_when_there_is_excess },
	{ "read_2_2_without_ALLOW_PARTIAL_READS_AUTO_FLUSH_is_not_considered",
	  read_without_partial_reads_fails_also_with_AUTO_FLUSH },
	{ "read_8_row6_without_ALLOW_PARTIAL_READS_succeeds_without_excess",
	  read_without_partial_reads_succeeds_when_there_is_no_excess },
	{ "read_9_4_with_IGNORE_SHORT_PACKETS_takes_100_and_412_as_512",
	  read_with_IGNORE_SHORT_PACKETS_takes_100_and_412_as_512 },
	{ "read_2_2_with_IGNORE_SHORT_PACKETS_saves_what_is_too_much",
	  read_with_IGNORE_SHORT_PACKETS_saves_what_is_too_much },
	{ "read_2_2_with_IGNORE_SHORT_PACKETS_ignores_a_zero_length_packet",
	  read_with_IGNORE_SHORT_PACKETS_ignores_a_zero_length_packet },
	{ "read_2_2_with_IGNORE_SHORT_PACKETS_ends_by_the_timeout",
	  read_with_IGNORE_SHORT_PACKETS_ends_by_the_timeout },
	{ "read_2_2_with_IGNORE_SHORT_PACKETS_ends_by_an_error",
	  read_with_IGNORE_SHORT_PACKETS_ends_by_an_error },
	{ "read_2_3_step9_after_flush_is_fresh", read_after_flush_is_fresh },
	{ "read_2_3_step9_after_INITIALIZE_is_fresh", read_after_INITIALIZE_is_fresh },
	{ "read_2_3_step9_after_another_setting_is_fresh", read_after_another_setting_is_fresh },
	{ "read_2_3_step9_after_close_is_fresh", read_after_close_is_fresh },
	{ "read_2_3_step9_after_abort_and_reset_has_the_saved_data",
	  read_after_abort_and_reset_has_the_saved_data },
	{ "read_2_3_step8_that_fails_delivers_what_came_before",
	  read_that_fails_delivers_what_came_before },
	{ "read_2_3_step8_gets_saved_data_and_then_the_error",
	  read_gets_saved_data_and_then_the_error },
	{ "cheat_sheet_2_3_row1_by_default_the_rest_is_saved", sheet_by_default_the_rest_is_saved },
	{ "cheat_sheet_2_3_row2_with_AUTO_FLUSH_the_rest_is_lost",
	  sheet_with_AUTO_FLUSH_the_rest_is_lost },
	{ "cheat_sheet_2_3_row3_without_ALLOW_PARTIAL_READS_it_is_EOVERFLOW",
	  sheet_without_ALLOW_PARTIAL_READS_it_fails },
	{ "cheat_sheet_2_3_row4_with_RAW_IO_what_is_no_multiple_is_EMSGSIZE",
	  sheet_with_RAW_IO_what_is_no_multiple_is_refused },
	{ "cheat_sheet_2_3_row5_with_RAW_IO_there_is_no_excess",
	  sheet_with_RAW_IO_there_is_no_excess },
	{ "cheat_sheet_2_3_pipe_0_has_only_the_timeout",
	  sheet_of_pipe_0_only_the_timeout_has_an_effect },
	{ "write_1_5_goes_as_it_is", write_goes_as_it_is },
	{ "write_9_6_of_zero_bytes_is_a_zero_length_packet",
	  write_of_zero_bytes_is_a_zero_length_packet },
	{ "write_1_5_longer_than_MAXIMUM_TRANSFER_SIZE_is_split",
	  write_longer_than_the_maximum_is_split },
	{ "write_1_5_waits_without_limit", write_waits_without_limit },
	{ "write_1_5_served_in_their_order_one_at_a_time",
	  writes_are_served_in_their_order_one_at_a_time },
	{ "write_9_6_of_128_has_no_zero_length_packet",
	  write_of_whole_packets_has_no_zero_length_packet },
	{ "write_9_6_of_128_with_SHORT_PACKET_TERMINATE_has_one",
	  write_of_whole_packets_with_SHORT_PACKET_TERMINATE_has_one },
	{ "write_2_2_of_one_packet_with_SHORT_PACKET_TERMINATE_has_one",
	  write_of_one_packet_with_SHORT_PACKET_TERMINATE_has_one },
	{ "write_9_6_of_100_with_SHORT_PACKET_TERMINATE_has_none",
	  write_that_ends_short_with_SHORT_PACKET_TERMINATE_has_none },
	{ "write_2_2_of_zero_bytes_with_SHORT_PACKET_TERMINATE_is_one_packet",
	  write_of_zero_bytes_with_SHORT_PACKET_TERMINATE_is_one_packet },
	{ "write_9_6_completes_after_the_zero_length_packet",
	  write_completes_after_the_zero_length_packet },
	{ "write_2_2_whose_zero_length_packet_fails_fails",
	  write_whose_zero_length_packet_fails_fails },
	{ "write_2_2_that_is_split_has_one_zero_length_packet_at_its_end",
	  write_that_is_split_has_one_zero_length_packet_at_its_end },
	{ "write_2_1_in_the_queue_follows_the_policy_of_when_it_goes",
	  writes_in_the_queue_follow_SHORT_PACKET_TERMINATE_as_it_is_when_they_go },
	{ "raw_9_5_read_of_100_is_EMSGSIZE", raw_read_that_is_no_multiple_is_refused },
	{ "raw_9_5_reads_are_in_flight_together", raw_reads_are_in_flight_together },
	{ "raw_8_row2_writes_are_in_flight_together", raw_writes_are_in_flight_together },
	{ "raw_2_2_read_ends_with_a_short_packet", raw_read_ends_with_a_short_packet },
	{ "raw_8_row32_read_above_MAXIMUM_TRANSFER_SIZE_is_EINVAL",
	  raw_read_above_the_maximum_is_refused },
	{ "raw_2_2_read_of_MAXIMUM_TRANSFER_SIZE_is_one_piece",
	  raw_read_of_the_maximum_is_one_piece },
	{ "raw_8_row2_write_above_MAXIMUM_TRANSFER_SIZE_is_EINVAL",
	  raw_write_above_the_maximum_is_refused },
	{ "raw_2_3_step10_read_ignores_saved_data", raw_read_ignores_saved_data },
	{ "raw_2_3_step2_read_of_zero_bytes_succeeds_without_the_bus",
	  raw_read_of_zero_bytes_succeeds_without_the_bus },
	{ "raw_2_2_write_with_SHORT_PACKET_TERMINATE_has_a_zero_length_packet",
	  raw_write_with_SHORT_PACKET_TERMINATE_has_a_zero_length_packet },
	{ "raw_2_1_is_decided_when_a_transfer_is_submitted",
	  raw_is_decided_when_a_transfer_is_submitted },
	{ "raw_2_2_reads_time_out_together", raw_reads_time_out_together },
	{ "raw_2_2_read_ignores_IGNORE_SHORT_PACKETS", raw_read_ignores_IGNORE_SHORT_PACKETS },
	{ "raw_2_2_read_that_stalls_is_not_cleared", raw_read_that_stalls_is_not_cleared },
	{ "raw_9_9_reads_that_are_aborted_all_end", raw_reads_that_are_aborted_all_end },
	{ "interrupt_2_1_SHORT_PACKET_TERMINATE",
	  interrupt_write_of_whole_packets_has_a_zero_length_packet_if_asked },
	{ "interrupt_2_1_AUTO_CLEAR_STALL",
	  interrupt_stall_with_AUTO_CLEAR_STALL_fails_one_read_only },
	{ "interrupt_2_1_PIPE_TRANSFER_TIMEOUT_of_a_write",
	  interrupt_write_that_times_out_counts_what_went },
	{ "interrupt_2_1_IGNORE_SHORT_PACKETS",
	  interrupt_read_with_IGNORE_SHORT_PACKETS_takes_100_and_156_as_256 },
	{ "interrupt_2_1_ALLOW_PARTIAL_READS",
	  interrupt_read_without_ALLOW_PARTIAL_READS_fails_when_there_is_excess },
	{ "interrupt_2_1_AUTO_FLUSH", interrupt_read_with_AUTO_FLUSH_drops_the_excess },
	{ "interrupt_2_1_RAW_IO", interrupt_transfers_with_RAW_IO_are_in_flight_together },
	{ "interrupt_2_1_MAXIMUM_TRANSFER_SIZE", interrupt_read_longer_than_the_maximum_is_split },
	{ "timeout_5_3_of_a_read_delivers_what_came", timed_out_read_delivers_what_came },
	{ "timeout_2_2_of_a_read_of_nothing_counts_nothing",
	  timed_out_read_of_nothing_counts_nothing },
	{ "timeout_2_1_of_an_interrupt_read", timed_out_interrupt_read_counts_nothing },
	{ "timeout_5_3_of_a_write_counts_what_went", timed_out_write_counts_what_went },
	{ "timeout_9_7_of_a_queued_read_starts_when_it_is_handed_down",
	  timeout_of_a_queued_read_starts_when_it_is_handed_down },
	{ "timeout_2_2_has_the_value_of_when_the_read_is_handed_down",
	  timeout_has_the_value_of_when_the_read_is_handed_down },
	{ "timeout_2_2_is_one_for_each_piece_of_a_read_that_is_split",
	  timeout_is_one_for_each_piece_of_a_read_that_is_split },
	{ "timeout_5_3_ends_each_of_five_queued_reads", timeout_ends_each_of_five_queued_reads },
	{ "stall_9_8_fails_all_queued_reads_until_RESET_PIPE",
	  stall_fails_all_queued_reads_until_RESET_PIPE },
	{ "stall_9_8_with_AUTO_CLEAR_STALL_fails_the_first_read_only",
	  stall_with_AUTO_CLEAR_STALL_fails_the_first_read_only },
	{ "stall_2_2_with_AUTO_CLEAR_STALL_delivers_what_came_before",
	  stall_with_AUTO_CLEAR_STALL_delivers_what_came_before },
	{ "stall_2_3_step8_delivers_what_came_before", stall_of_a_read_delivers_what_came_before },
	{ "stall_2_2_a_bus_error_with_AUTO_CLEAR_STALL_resets_the_pipe_too",
	  bus_error_with_AUTO_CLEAR_STALL_resets_the_pipe_too },
	{ "stall_2_1_of_a_write_is_not_cleared_by_AUTO_CLEAR_STALL",
	  stall_of_a_write_is_not_cleared_by_AUTO_CLEAR_STALL },
	{ "stall_2_2_with_AUTO_CLEAR_STALL_a_cancelled_read_clears_nothing",
	  stall_is_not_cleared_after_a_cancelled_read },
	{ "error_1_5_of_a_read_has_its_errno", errors_of_reads_have_their_errno },
	{ "error_1_5_of_a_write_has_its_errno", errors_of_writes_have_their_errno },
	{ "error_1_5_of_a_write_counts_what_went", error_of_a_write_counts_what_went },
	{ "abort_9_9_ends_all_reads_and_delivers_what_came",
	  abort_ends_all_reads_and_delivers_what_came },
	{ "abort_5_3_ends_a_write_and_counts_what_went", abort_ends_a_write_and_counts_what_went },
	{ "abort_1_5_keeps_the_halt", abort_keeps_the_halt },
	{ "abort_1_5_ends_only_its_pipe", abort_ends_only_its_pipe },
	{ "abort_1_5_of_the_control_pipe_ends_nothing", abort_of_the_control_pipe_ends_nothing },
	{ "flush_1_5_leaves_pending_reads_and_the_device_alone",
	  flush_leaves_pending_reads_and_the_device_alone },
	{ "flush_1_5_drops_what_was_saved_and_not_what_comes",
	  flush_drops_what_was_saved_and_not_what_comes },
	{ "flush_1_5_of_an_OUT_pipe_or_the_control_pipe_is_EINVAL",
	  flush_of_what_saves_nothing_is_refused },
	{ "reset_1_5_is_EBUSY_while_a_read_is_pending_which_goes_on",
	  reset_is_refused_while_a_read_is_pending_which_goes_on },
	{ "reset_1_5_sends_one_CLEAR_FEATURE_and_ends_the_halt",
	  reset_sends_one_CLEAR_FEATURE_and_ends_the_halt },
	{ "setting_9_12_is_EBUSY_while_a_read_is_pending_which_goes_on",
	  setting_is_refused_while_a_read_is_pending_which_goes_on },
	{ "abort_5_3_with_IGNORE_SHORT_PACKETS_delivers_what_came",
	  abort_with_IGNORE_SHORT_PACKETS_delivers_what_came },
	{ "removal_9_16_ends_all_and_later_ones_are_refused",
	  removal_ends_all_and_later_ones_are_refused },
	{ "removal_5_4_delivers_what_came", removal_delivers_what_came },
	{ "reset_ends_all_transfers", reset_by_RESET_DEVICE_ends_all },
	{ "control_1_6_data_go_in_the_direction_of_bit_7",
	  control_data_go_in_the_direction_of_bit_7 },
	{ "control_9_10_of_4096_bytes_passes", control_of_4096_bytes_passes },
	{ "control_9_10_of_4097_bytes_is_EINVAL", control_of_4097_bytes_is_refused },
	{ "control_8_row24_uses_the_smaller_one_of_length_and_wLength",
	  control_uses_the_smaller_one_of_length_and_wLength },
	{ "control_8_row24_OUT_uses_the_smaller_one_too",
	  control_OUT_uses_the_smaller_one_of_length_and_wLength },
	{ "control_1_6_with_a_short_answer_counts_it", control_with_a_short_answer_counts_it },
	{ "control_1_6_without_data_needs_no_buffer", control_without_data_needs_no_buffer },
	{ "control_9_10_to_an_interface_has_its_number_in_the_low_byte_of_wIndex",
	  control_to_an_interface_has_its_number_in_the_low_byte_of_wIndex },
	{ "control_9_10_to_an_interface_keeps_the_high_byte_of_wIndex",
	  control_to_an_interface_keeps_the_high_byte_of_wIndex },
	{ "control_9_10_OUT_has_its_wIndex_treated_as_IN_has",
	  control_OUT_to_an_interface_or_endpoint_is_treated_as_IN_is },
	{ "control_1_6_to_an_interface_is_rewritten_for_standard_requests_too",
	  control_to_an_interface_is_rewritten_for_standard_requests_too },
	{ "control_1_6_to_the_device_keeps_wIndex", control_to_the_device_keeps_wIndex },
	{ "control_1_6_to_another_recipient_keeps_wIndex",
	  control_to_another_recipient_keeps_wIndex },
	{ "control_1_6_to_an_endpoint_needs_one_of_the_interface",
	  control_to_an_endpoint_needs_one_of_the_interface },
	{ "control_1_6_that_stalls_fails_and_the_next_one_works",
	  control_that_stalls_fails_and_the_next_one_works },
	{ "control_1_6_that_is_forbidden_is_EACCES", control_that_is_forbidden_is_refused },
	{ "control_1_6_that_clears_a_halt_is_RESET_PIPE",
	  control_that_clears_a_halt_is_RESET_PIPE },
	{ "control_9_10_times_out_after_5000_ms_by_default",
	  control_times_out_after_5000_ms_by_default },
	{ "control_2_1_timeout_can_be_set", control_timeout_can_be_set },
	{ "control_1_6_timeout_of_0_has_no_limit_and_removal_is_ESHUTDOWN",
	  control_timeout_of_0_has_no_limit_and_removal_ends_it },
	{ "control_1_6_of_two_handles_each_has_its_own_answer",
	  control_of_two_handles_each_has_its_own_answer },
	{ "control_1_6_does_not_wait_for_a_read", control_does_not_wait_for_a_read },
	{ "refused_1_5_a_pipe_that_is_not_there_is_EINVAL", refused_pipe_that_is_not_there },
	{ "refused_1_1_a_pipe_of_another_interface_is_EINVAL", refused_pipe_of_another_interface },
	{ "refused_1_5_a_pipe_of_another_setting_is_EINVAL", refused_pipe_of_another_setting },
	{ "refused_an_isochronous_pipe_is_EOPNOTSUPP", refused_isochronous_pipe },
	{ "refused_a_setup_packet_for_a_data_pipe_is_EOPNOTSUPP",
	  refused_setup_packet_for_a_data_pipe },
	{ "refused_1_1_a_handle_that_was_freed_is_EBADF", refused_handle_that_was_freed },
};

void test_setup(void)
{
	case_fx2 = board_add("fx2");
	case_full = board_add("fx2,speed=full");
	case_composite = board_add("composite");
	boards_start();
	board_plug(case_fx2);
	board_plug(case_full);
	board_plug(case_composite);
	boards_keep();
}

static void run(const struct behaviour *row, enum door door)
{
	case_begin(door);
	row->run();
	door_leave();
}

TEST_EACH(through_the_blocking_ioctl, struct behaviour, row, behaviours)
{
	run(row, DOOR_BLOCKING);
}

TEST_EACH(through_ASYNC_and_records, struct behaviour, row, behaviours)
{
	run(row, DOOR_ASYNC);
}

TEST_EACH(through_SUBMIT_and_records, struct behaviour, row, behaviours)
{
	run(row, DOOR_SUBMIT);
}

TEST_EACH(through_io_uring, struct behaviour, row, behaviours)
{
	run(row, DOOR_URING);
}

TEST_EACH(through_io_uring_with_registered_buffers, struct behaviour, row, behaviours)
{
	run(row, DOOR_FIXED);
}
