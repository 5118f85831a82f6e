// SPDX-License-Identifier: MIT
/*
 * Cases of the policies on interrupt pipes: winusb.md 2.1 says "bulk/interrupt" of each, and
 * what they do is what they do on bulk pipes.
 */
#include <stdlib.h>

#include "cases.h"

/* Of the composite board's interface SETTINGS in setting 2: OUT loops back to IN. */
enum { INT_OUT = 0x04, INT_IN = 0x84, INT_PACKET = 256, INT_MAXIMUM = 65536 };

static void open_interrupt_pipes(void)
{
	case_open(case_composite, SETTINGS);
	CHECK_OK(node_set_setting(case_fd, case_handle, 2));
}

static unsigned long long counter(uint8_t pipe, const char *name)
{
	return board_counter(case_composite, pipe, name);
}

static void feed(const void *data, uint32_t length)
{
	case_feed_pipe(INT_OUT, data, length);
}

static void gets(uint32_t ask, int status, const void *expected, uint32_t length)
{
	struct trip trip;

	door_start_read(&trip, INT_IN, case_buffer(ask), ask);
	case_check(&trip, status, expected, length);
}

CASE(interrupt_write_of_whole_packets_has_a_zero_length_packet_if_asked)
{
	uint8_t out[2 * INT_PACKET];

	open_interrupt_pipes();
	pattern(out, sizeof(out), 70);
	CHECK_OK(door_move(INT_OUT, out, sizeof(out), &case_moved));
	CHECK_EQ(counter(INT_OUT, "zlp"), 0);
	gets(sizeof(out), 0, out, sizeof(out));
	case_policy(INT_OUT, WINUSB_POLICY_SHORT_PACKET_TERMINATE, 1);
	CHECK_OK(door_move(INT_OUT, out, sizeof(out), &case_moved));
	CHECK_EQ(case_moved, sizeof(out));
	CHECK_EQ(counter(INT_OUT, "zlp"), 1);
	gets(sizeof(out) + 1, 0, out, sizeof(out));
	CHECK_OK(door_move(INT_OUT, out, 100, &case_moved));
	CHECK_EQ(counter(INT_OUT, "zlp"), 1);
	gets(101, 0, out, 100);
}

CASE(interrupt_stall_with_AUTO_CLEAR_STALL_fails_one_read_only)
{
	static const uint8_t clear[8] = { 0x02, 1, 0, 0, INT_IN, 0, 0, 0 };
	unsigned int before;
	uint8_t setup[8];

	open_interrupt_pipes();
	before = board_requests(case_composite);
	board_set(case_composite, "stall=0x84:1");
	gets(64, -EPIPE, NULL, 0);
	gets(64, -EPIPE, NULL, 0);
	CHECK_EQ(board_requests(case_composite), before);
	CHECK_OK(node_reset_pipe(case_fd, case_handle, INT_IN));
	case_policy(INT_IN, WINUSB_POLICY_AUTO_CLEAR_STALL, 1);
	board_set(case_composite, "stall=0x84:1");
	gets(64, -EPIPE, NULL, 0);
	board_last_request(case_composite, setup);
	CHECK_MEM(setup, clear, sizeof(setup));
	feed("cleared", 7);
	gets(64, 0, "cleared", 7);
	CHECK_EQ(board_requests(case_composite), before + 2);
}

CASE(interrupt_write_that_times_out_counts_what_went)
{
	uint8_t out[3 * INT_PACKET];

	board_set(case_composite, "silent=0x04:always:512");
	open_interrupt_pipes();
	pattern(out, sizeof(out), 71);
	case_policy(INT_OUT, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 100 * test_scale());
	CHECK_ERR(door_move(INT_OUT, out, sizeof(out), &case_moved), ETIMEDOUT);
	CHECK_EQ(case_moved, 2 * INT_PACKET);
	gets(2 * INT_PACKET, 0, out, 2 * INT_PACKET);
}

CASE(interrupt_read_with_IGNORE_SHORT_PACKETS_takes_100_and_156_as_256)
{
	uint8_t out[INT_PACKET];
	struct trip trip;

	open_interrupt_pipes();
	case_policy(INT_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1);
	pattern(out, sizeof(out), 72);
	door_start_read(&trip, INT_IN, case_buffer(sizeof(out)), sizeof(out));
	feed(out, 100);
	board_wait_counter(case_composite, INT_IN, "bytes", 100);
	CHECK(!door_done(&trip));
	feed(out + 100, 156);
	case_check(&trip, 0, out, sizeof(out));
}

CASE(interrupt_read_without_ALLOW_PARTIAL_READS_fails_when_there_is_excess)
{
	struct trip trip;

	open_interrupt_pipes();
	case_policy(INT_IN, WINUSB_POLICY_ALLOW_PARTIAL_READS, 0);
	feed("more than ten", 13);
	door_start_read(&trip, INT_IN, case_buffer(10), 10);
	CHECK_ERR(door_wait(&trip), EOVERFLOW);
	case_check(&trip, -EOVERFLOW, "more than ten", trip.moved);
	feed("fresh", 5);
	gets(10, 0, "fresh", 5);
}

CASE(interrupt_read_with_AUTO_FLUSH_drops_the_excess)
{
	open_interrupt_pipes();
	case_policy(INT_IN, WINUSB_POLICY_AUTO_FLUSH, 1);
	feed("0123456789dropped", 17);
	gets(10, 0, "0123456789", 10);
	feed("fresh", 5);
	gets(100, 0, "fresh", 5);
}

CASE(interrupt_transfers_with_RAW_IO_are_in_flight_together)
{
	uint8_t out[4][INT_PACKET];
	struct trip trips[4] = { 0 };
	int i;

	open_interrupt_pipes();
	case_policy(INT_IN, WINUSB_POLICY_RAW_IO, 1);
	gets(100, -EMSGSIZE, NULL, 0);
	gets(INT_MAXIMUM + INT_PACKET, -EINVAL, NULL, 0);
	CHECK_EQ(counter(INT_IN, "urbs"), 0);
	for (i = 0; i < 4; i++) {
		pattern(out[i], INT_PACKET, 73 + i);
		trips[i].pipe = INT_IN;
		trips[i].buffer = case_buffer(INT_PACKET);
		trips[i].length = INT_PACKET;
	}
	door_start_all(trips, 4);
	board_wait_pending(case_composite, INT_IN, 4);
	for (i = 0; i < 4; i++)
		feed(out[i], INT_PACKET);
	for (i = 0; i < 4; i++)
		case_check(&trips[i], 0, out[i], INT_PACKET);
}

/* winusb.md 2.1: MAXIMUM_TRANSFER_SIZE */
CASE(interrupt_read_longer_than_the_maximum_is_split)
{
	uint32_t length = INT_MAXIMUM + 100, value;
	uint8_t *expected = malloc(length);
	struct trip trip;

	CHECK(expected);
	board_set(case_composite, "source=0x84");
	open_interrupt_pipes();
	CHECK_OK(node_get_policy(case_fd, case_handle, INT_IN,
				 WINUSB_POLICY_MAXIMUM_TRANSFER_SIZE, &value));
	CHECK_EQ(value, INT_MAXIMUM);
	case_counting(expected, length, 0);
	door_start_read(&trip, INT_IN, case_buffer(length), length);
	case_check(&trip, 0, expected, length);
	CHECK_EQ(counter(INT_IN, "urbs"), 2);
	CHECK_EQ(counter(INT_IN, "max_pending"), 1);
	free(expected);
}
