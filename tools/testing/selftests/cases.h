/* SPDX-License-Identifier: MIT */
/*
 * What the behaviour cases of doors.c share. A case is a function that goes through the door of the
 * row; the files of cases are one for each kind: reads, writes, raw, interrupt pipes, endings,
 * commands, controls, the cheat-sheet.
 */
#ifndef WINUSB_SELFTEST_CASES_H
#define WINUSB_SELFTEST_CASES_H

#include <string.h>

#include "board.h"
#include "door.h"
#include "test.h"

/* Packets of the high-speed and the full-speed fx2 board. */
enum { PACKET = 512, FULL_PACKET = 64 };
/* MAXIMUM_TRANSFER_SIZE of the full-speed board. */
enum { FULL_MAXIMUM = 262144 };
/* Interfaces of the composite board. */
enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK };

extern struct board *case_fx2, *case_full, *case_composite;
/* The open file, its first handle, and the count of the last transfer. */
extern int case_fd;
extern uint32_t case_handle, case_moved;

/* Before a case: the door that case_open() is to use. */
void case_begin(enum door door);
/* Opens an interface and puts that door in front of it. */
void case_open(struct board *board, unsigned int interface);
void case_open_fx2(void);
void case_policy(uint8_t pipe, uint32_t policy, uint32_t value);

/* Data that the fx2 board will send, as one write that it loops back. */
void case_feed(const void *data, uint32_t length);
void case_feed_text(const char *text);
/* The same through another pipe. */
void case_feed_pipe(uint8_t pipe, const void *data, uint32_t length);

/*
 * Reads ASK bytes from FX2_BULK_IN through the door: the status, what came, and that not a byte
 * around it changed.
 */
void case_read(uint32_t ask, int status, const void *expected, uint32_t length);
void case_read_text(uint32_t ask, const char *expected);
/* The same for a trip whose buffer came from case_buffer(). */
void case_check(struct trip *trip, int status, const void *expected, uint32_t length);
/*
 * The second ended after the first, as far as the door can tell: threads that block learn of it in
 * any order.
 */
bool case_in_order(const struct trip *first, const struct trip *second);
/* Memory whose every byte says that nobody wrote there. Valid until the end of the case. */
void *case_buffer(uint32_t length);
/* Writes text to FX2_BULK_OUT through the door. */
void case_write(const void *data, uint32_t length);
/* Counting bytes, as a board's "source" sends them. */
void case_counting(uint8_t *data, uint32_t length, uint32_t from);
/* Data move both ways, through the door. */
void case_works(void);

/* The cases, by the file that has them. */
#define CASE(name) void name(void)

/* reads.c */
CASE(read_ends_when_full);
CASE(read_ends_with_a_short_packet);
CASE(read_ends_with_a_zero_length_packet);
CASE(read_of_two_packets_waits_for_both);
CASE(read_is_rounded_up_to_whole_packets);
CASE(read_of_an_interrupt_pipe_is_rounded_up_too);
CASE(read_longer_than_the_maximum_is_split);
CASE(read_that_is_split_ends_with_a_short_packet);
CASE(read_that_is_split_goes_on_with_IGNORE_SHORT_PACKETS);
CASE(read_of_zero_bytes_succeeds_without_the_bus);
CASE(read_of_zero_bytes_without_partial_reads_is_refused);
CASE(read_of_zero_bytes_does_not_wait_behind_others);
CASE(read_of_zero_bytes_leaves_the_saved_data);
CASE(read_waits_without_limit);
CASE(reads_are_served_in_their_order_one_at_a_time);
CASE(read_takes_the_saved_data_first_and_needs_no_bus);
CASE(read_with_AUTO_FLUSH_set_meanwhile_drops_what_it_leaves);
CASE(read_that_saved_data_do_not_fill_asks_the_device);
CASE(read_that_saved_data_do_not_fill_saves_anew);
CASE(read_with_IGNORE_SHORT_PACKETS_goes_on_after_the_saved_data);
CASE(read_puts_whole_packets_and_the_tail_where_they_belong);
CASE(read_of_10_leaves_54_of_a_64_byte_packet);
CASE(read_with_AUTO_FLUSH_drops_the_excess);
CASE(read_without_partial_reads_fails_when_there_is_excess);
CASE(read_without_partial_reads_fails_also_with_AUTO_FLUSH);
CASE(read_without_partial_reads_succeeds_when_there_is_no_excess);
CASE(read_with_excess_of_the_device_saves_it);
CASE(read_with_IGNORE_SHORT_PACKETS_takes_100_and_412_as_512);
CASE(read_with_IGNORE_SHORT_PACKETS_saves_what_is_too_much);
CASE(read_with_IGNORE_SHORT_PACKETS_ignores_a_zero_length_packet);
CASE(read_with_IGNORE_SHORT_PACKETS_ends_by_the_timeout);
CASE(read_with_IGNORE_SHORT_PACKETS_ends_by_an_error);
CASE(read_after_flush_is_fresh);
CASE(read_after_INITIALIZE_is_fresh);
CASE(read_after_another_setting_is_fresh);
CASE(read_after_close_is_fresh);
CASE(read_after_abort_and_reset_has_the_saved_data);
CASE(read_that_fails_delivers_what_came_before);
CASE(read_gets_saved_data_and_then_the_error);
CASE(read_is_not_changed_by_SHORT_PACKET_TERMINATE);
CASE(reads_in_the_queue_follow_the_policies_as_they_are_when_they_run);

/* writes.c */
CASE(write_goes_as_it_is);
CASE(write_of_zero_bytes_is_a_zero_length_packet);
CASE(write_longer_than_the_maximum_is_split);
CASE(write_waits_without_limit);
CASE(writes_are_served_in_their_order_one_at_a_time);
CASE(write_of_whole_packets_has_no_zero_length_packet);
CASE(write_of_whole_packets_with_SHORT_PACKET_TERMINATE_has_one);
CASE(write_of_one_packet_with_SHORT_PACKET_TERMINATE_has_one);
CASE(write_that_ends_short_with_SHORT_PACKET_TERMINATE_has_none);
CASE(write_of_zero_bytes_with_SHORT_PACKET_TERMINATE_is_one_packet);
CASE(write_completes_after_the_zero_length_packet);
CASE(write_whose_zero_length_packet_fails_fails);
CASE(write_that_is_split_has_one_zero_length_packet_at_its_end);
CASE(writes_in_the_queue_follow_SHORT_PACKET_TERMINATE_as_it_is_when_they_go);
CASE(write_is_not_changed_by_the_policies_of_reads);

/* raws.c */
CASE(raw_read_that_is_no_multiple_is_refused);
CASE(raw_reads_are_in_flight_together);
CASE(raw_writes_are_in_flight_together);
CASE(raw_read_ends_with_a_short_packet);
CASE(raw_read_above_the_maximum_is_refused);
CASE(raw_read_of_the_maximum_is_one_piece);
CASE(raw_write_above_the_maximum_is_refused);
CASE(raw_read_ignores_saved_data);
CASE(raw_read_of_zero_bytes_succeeds_without_the_bus);
CASE(raw_write_with_SHORT_PACKET_TERMINATE_has_a_zero_length_packet);
CASE(raw_is_decided_when_a_transfer_is_submitted);
CASE(raw_reads_time_out_together);
CASE(raw_read_ignores_IGNORE_SHORT_PACKETS);
CASE(raw_read_that_stalls_is_not_cleared);
CASE(raw_reads_that_are_aborted_all_end);

/* endings.c */
CASE(timed_out_read_delivers_what_came);
CASE(timed_out_read_of_nothing_counts_nothing);
CASE(timed_out_interrupt_read_counts_nothing);
CASE(timed_out_write_counts_what_went);
CASE(timeout_of_a_queued_read_starts_when_it_is_handed_down);
CASE(timeout_has_the_value_of_when_the_read_is_handed_down);
CASE(timeout_is_one_for_each_piece_of_a_read_that_is_split);
CASE(timeout_ends_each_of_five_queued_reads);
CASE(stall_fails_all_queued_reads_until_RESET_PIPE);
CASE(stall_with_AUTO_CLEAR_STALL_fails_the_first_read_only);
CASE(stall_with_AUTO_CLEAR_STALL_delivers_what_came_before);
CASE(stall_of_a_read_delivers_what_came_before);
CASE(bus_error_with_AUTO_CLEAR_STALL_resets_the_pipe_too);
CASE(stall_of_a_write_is_not_cleared_by_AUTO_CLEAR_STALL);
CASE(stall_is_not_cleared_after_a_cancelled_read);
CASE(errors_of_reads_have_their_errno);
CASE(errors_of_writes_have_their_errno);
CASE(error_of_a_write_counts_what_went);
CASE(abort_ends_all_reads_and_delivers_what_came);
CASE(abort_ends_a_write_and_counts_what_went);
CASE(abort_keeps_the_halt);
CASE(abort_with_IGNORE_SHORT_PACKETS_delivers_what_came);
CASE(removal_ends_all_and_later_ones_are_refused);
CASE(removal_delivers_what_came);
CASE(reset_by_RESET_DEVICE_ends_all);

/* controls.c */
CASE(control_data_go_in_the_direction_of_bit_7);
CASE(control_of_4096_bytes_passes);
CASE(control_of_4097_bytes_is_refused);
CASE(control_uses_the_smaller_one_of_length_and_wLength);
CASE(control_OUT_uses_the_smaller_one_of_length_and_wLength);
CASE(control_with_a_short_answer_counts_it);
CASE(control_without_data_needs_no_buffer);
CASE(control_to_an_interface_has_its_number_in_the_low_byte_of_wIndex);
CASE(control_to_an_interface_keeps_the_high_byte_of_wIndex);
CASE(control_OUT_to_an_interface_or_endpoint_is_treated_as_IN_is);
CASE(control_to_an_interface_is_rewritten_for_standard_requests_too);
CASE(control_to_the_device_keeps_wIndex);
CASE(control_to_another_recipient_keeps_wIndex);
CASE(control_to_an_endpoint_needs_one_of_the_interface);
CASE(control_that_stalls_fails_and_the_next_one_works);
CASE(control_that_is_forbidden_is_refused);
CASE(control_that_clears_a_halt_is_RESET_PIPE);
CASE(control_times_out_after_5000_ms_by_default);
CASE(control_timeout_can_be_set);
CASE(control_timeout_of_0_has_no_limit_and_removal_ends_it);
CASE(control_of_two_handles_each_has_its_own_answer);
CASE(control_does_not_wait_for_a_read);
CASE(refused_pipe_that_is_not_there);
CASE(refused_pipe_of_another_interface);
CASE(refused_pipe_of_another_setting);
CASE(refused_isochronous_pipe);
CASE(refused_setup_packet_for_a_data_pipe);
CASE(refused_handle_that_was_freed);

/* interrupts.c */
CASE(interrupt_write_of_whole_packets_has_a_zero_length_packet_if_asked);
CASE(interrupt_stall_with_AUTO_CLEAR_STALL_fails_one_read_only);
CASE(interrupt_write_that_times_out_counts_what_went);
CASE(interrupt_read_with_IGNORE_SHORT_PACKETS_takes_100_and_156_as_256);
CASE(interrupt_read_without_ALLOW_PARTIAL_READS_fails_when_there_is_excess);
CASE(interrupt_read_with_AUTO_FLUSH_drops_the_excess);
CASE(interrupt_transfers_with_RAW_IO_are_in_flight_together);
CASE(interrupt_read_longer_than_the_maximum_is_split);

/* commands.c */
CASE(flush_leaves_pending_reads_and_the_device_alone);
CASE(flush_drops_what_was_saved_and_not_what_comes);
CASE(flush_of_what_saves_nothing_is_refused);
CASE(reset_is_refused_while_a_read_is_pending_which_goes_on);
CASE(reset_sends_one_CLEAR_FEATURE_and_ends_the_halt);
CASE(abort_ends_only_its_pipe);
CASE(abort_of_the_control_pipe_ends_nothing);
CASE(pipes_do_not_wait_for_each_other);
CASE(setting_is_refused_while_a_read_is_pending_which_goes_on);

/* sheet.c */
CASE(sheet_by_default_the_rest_is_saved);
CASE(sheet_with_AUTO_FLUSH_the_rest_is_lost);
CASE(sheet_without_ALLOW_PARTIAL_READS_it_fails);
CASE(sheet_with_RAW_IO_what_is_no_multiple_is_refused);
CASE(sheet_with_RAW_IO_there_is_no_excess);
CASE(sheet_of_pipe_0_only_the_timeout_has_an_effect);

#endif
