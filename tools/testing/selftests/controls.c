// SPDX-License-Identifier: MIT
/*
 * Cases of control transfers, and of what is refused: winusb.md 1.6, 9.10, and the table of errors
 * in the uapi header.
 */
#include <stdlib.h>

#include "cases.h"

/* The composite board's requests; any other IN request is answered with its own setup packet. */
enum { ECHO_DATA = 0xe0, COUNT = 0xe1, MIRROR = 0xe5 };

static uint16_t mirrored_index(uint32_t handle, uint8_t type, uint16_t index)
{
	uint8_t setup[8];

	CHECK_OK(door_control(handle, type, MIRROR, 0x1234, index, 8, setup, 8, &case_moved));
	CHECK_EQ(case_moved, 8);
	CHECK_EQ(setup[0], type);
	CHECK_EQ(setup[1], MIRROR);
	CHECK_EQ(setup[2] | setup[3] << 8, 0x1234);
	return setup[4] | setup[5] << 8;
}

CASE(control_data_go_in_the_direction_of_bit_7)
{
	uint8_t value = 0x5a;

	case_open_fx2();
	CHECK_OK(door_control(0, 0x40, FX2_SET_BARGRAPH, 0, 0, 1, &value, 1, &case_moved));
	CHECK_EQ(case_moved, 1);
	CHECK_EQ(board_value(case_fx2, "bargraph"), 0x5a);
	value = 0;
	CHECK_OK(door_control(0, 0xc0, FX2_GET_BARGRAPH, 0, 0, 1, &value, 1, &case_moved));
	CHECK_EQ(case_moved, 1);
	CHECK_EQ(value, 0x5a);
}

CASE(control_of_4096_bytes_passes)
{
	uint8_t *data = malloc(8192), *expected = malloc(4096);
	struct trip trip = { .setup = { 0xc0, COUNT, 0, 0x10, 0, 0, 0, 0x10 }, .length = 4096 };

	CHECK(data && expected);
	case_open(case_composite, LOOPBACK);
	case_counting(expected, 4096, 0);
	trip.buffer = case_buffer(4096);
	door_start(&trip);
	case_check(&trip, 0, expected, 4096);
	pattern(data, 4096, 50);
	CHECK_OK(door_control(0, 0x40, MIRROR, 0, 0, 4096, data, 4096, &case_moved));
	CHECK_EQ(case_moved, 4096);
	CHECK_OK(door_control(0, 0xc0, ECHO_DATA, 0, 0, 4096, data + 4096, 4096, &case_moved));
	CHECK_EQ(case_moved, 4096);
	CHECK_MEM(data, data + 4096, 4096);
	free(data);
	free(expected);
}

CASE(control_of_4097_bytes_is_refused)
{
	uint8_t *data = case_buffer(65536);
	unsigned int before;

	case_open(case_composite, LOOPBACK);
	before = board_requests(case_composite);
	CHECK_ERR(door_control(0, 0xc0, COUNT, 4097, 0, 4097, data, 4097, &case_moved), EINVAL);
	CHECK_ERR(door_control(0, 0xc0, COUNT, 16, 0, 16, data, 4097, &case_moved), EINVAL);
	CHECK_ERR(door_control(0, 0x40, MIRROR, 0, 0, 65535, data, 65535, &case_moved), EINVAL);
	CHECK_EQ(case_moved, 0);
	CHECK_EQ(board_requests(case_composite), before);
}

CASE(control_uses_the_smaller_one_of_length_and_wLength)
{
	uint8_t expected[12], setup[8];
	struct trip trip = { .setup = { 0xc0, COUNT, 64, 0, 0, 0, 64, 0 }, .length = 10 };

	case_open(case_composite, LOOPBACK);
	case_counting(expected, sizeof(expected), 0);
	trip.buffer = case_buffer(64);
	door_start(&trip);
	case_check(&trip, 0, expected, 10);
	board_last_request(case_composite, setup);
	CHECK_EQ(setup[6] | setup[7] << 8, 10);

	trip.setup[6] = 12;
	trip.length = 64;
	trip.buffer = case_buffer(64);
	door_start(&trip);
	case_check(&trip, 0, expected, 12);
	board_last_request(case_composite, setup);
	CHECK_EQ(setup[6] | setup[7] << 8, 12);
}

CASE(control_OUT_uses_the_smaller_one_of_length_and_wLength)
{
	uint8_t out[] = "0123456789", in[16], setup[8];

	case_open(case_composite, LOOPBACK);
	CHECK_OK(door_control(0, 0x40, MIRROR, 0, 0, 10, out, 4, &case_moved));
	CHECK_EQ(case_moved, 4);
	board_last_request(case_composite, setup);
	CHECK_EQ(setup[6] | setup[7] << 8, 4);
	CHECK_OK(door_control(0, 0xc0, ECHO_DATA, 0, 0, 16, in, 16, &case_moved));
	CHECK_EQ(case_moved, 4);
	CHECK_OK(door_control(0, 0x40, MIRROR, 0, 0, 6, out, 10, &case_moved));
	CHECK_EQ(case_moved, 6);
	CHECK_OK(door_control(0, 0xc0, ECHO_DATA, 0, 0, 16, in, 16, &case_moved));
	CHECK_EQ(case_moved, 6);
	CHECK_MEM(in, out, 6);
}

CASE(control_with_a_short_answer_counts_it)
{
	struct trip trip = { .setup = { 0xc0, COUNT, 5, 0, 0, 0, 64, 0 }, .length = 64 };

	case_open(case_composite, LOOPBACK);
	trip.buffer = case_buffer(64);
	door_start(&trip);
	case_check(&trip, 0, "\0\1\2\3\4", 5);
}

CASE(control_without_data_needs_no_buffer)
{
	case_open(case_composite, LOOPBACK);
	CHECK_OK(door_control(0, 0x40, MIRROR, 0, 0, 0, NULL, 0, &case_moved));
	CHECK_EQ(case_moved, 0);
	CHECK_OK(door_control(0, 0xc0, COUNT, 0, 0, 0, NULL, 0, &case_moved));
	CHECK_EQ(case_moved, 0);
}

static const uint8_t to_an_interface[] = { 0xa1, 0xc1 };

CASE(control_to_an_interface_has_its_number_in_the_low_byte_of_wIndex)
{
	uint32_t events, settings;
	size_t i;

	case_open(case_composite, JOINED_DATA);
	CHECK_OK(node_associated(case_fd, case_handle, 0, &events));
	CHECK_OK(node_associated(case_fd, case_handle, 1, &settings));
	for (i = 0; i < ARRAY_SIZE(to_an_interface); i++) {
		CHECK_EQ(mirrored_index(case_handle, to_an_interface[i], 0x00ff), JOINED_DATA);
		CHECK_EQ(mirrored_index(events, to_an_interface[i], 0), JOINED_EVENTS);
		CHECK_EQ(mirrored_index(settings, to_an_interface[i], 3), SETTINGS);
	}
}

CASE(control_to_an_interface_keeps_the_high_byte_of_wIndex)
{
	size_t i;

	case_open(case_composite, LOOPBACK);
	for (i = 0; i < ARRAY_SIZE(to_an_interface); i++) {
		CHECK_EQ(mirrored_index(0, to_an_interface[i], 0xab00), 0xab00 | LOOPBACK);
		CHECK_EQ(mirrored_index(0, to_an_interface[i], 0xff7f), 0xff00 | LOOPBACK);
	}
}

CASE(control_OUT_to_an_interface_or_endpoint_is_treated_as_IN_is)
{
	static const uint8_t types[] = { 0x21, 0x41 };
	uint8_t value = 1, setup[8];
	size_t i;

	case_open(case_composite, SETTINGS);
	CHECK_OK(node_set_setting(case_fd, case_handle, 1));
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		CHECK_OK(door_control(0, types[i], MIRROR, 0, 0xab7f, 1, &value, 1, &case_moved));
		CHECK_EQ(case_moved, 1);
		board_last_request(case_composite, setup);
		CHECK_EQ(setup[0], types[i]);
		CHECK_EQ(setup[4] | setup[5] << 8, 0xab00 | SETTINGS);
	}
	CHECK_OK(door_control(0, 0x42, MIRROR, 0, 0xab84, 0, NULL, 0, &case_moved));
	board_last_request(case_composite, setup);
	CHECK_EQ(setup[4] | setup[5] << 8, 0xab84);
	CHECK_ERR(door_control(0, 0x42, MIRROR, 0, 0x87, 0, NULL, 0, &case_moved), EINVAL);
	CHECK_OK(door_control(0, 0x40, MIRROR, 0, 0xabcd, 0, NULL, 0, &case_moved));
	board_last_request(case_composite, setup);
	CHECK_EQ(setup[4] | setup[5] << 8, 0xabcd);
}

CASE(control_to_an_interface_is_rewritten_for_standard_requests_too)
{
	uint8_t value = 0xff, setup[8];

	case_open(case_composite, SETTINGS);
	CHECK_OK(node_set_setting(case_fd, case_handle, 2));
	CHECK_OK(door_control(0, 0x81, 10, 0, 0, 1, &value, 1, &case_moved));
	CHECK_EQ(value, 2);
	board_last_request(case_composite, setup);
	CHECK_EQ(setup[4], SETTINGS);
}

CASE(control_to_the_device_keeps_wIndex)
{
	case_open(case_composite, LOOPBACK);
	CHECK_EQ(mirrored_index(0, 0xa0, 0xabcd), 0xabcd);
	CHECK_EQ(mirrored_index(0, 0xc0, 0x0000), 0x0000);
}

/* The board stalls it, but saw it as it was. */
CASE(control_to_another_recipient_keeps_wIndex)
{
	uint8_t data[8], setup[8];

	case_open(case_composite, LOOPBACK);
	CHECK_ERR(door_control(0, 0xc3, MIRROR, 0, 0xabcd, 8, data, 8, &case_moved), EPIPE);
	board_last_request(case_composite, setup);
	CHECK_EQ(setup[0], 0xc3);
	CHECK_EQ(setup[4] | setup[5] << 8, 0xabcd);
}

CASE(control_to_an_endpoint_needs_one_of_the_interface)
{
	static const uint16_t strange[] = { 0x81, 0x01, 0x83, 0x84, 0x0f };
	uint8_t data[8];
	size_t i;

	case_open(case_composite, LOOPBACK);
	CHECK_EQ(mirrored_index(0, 0xa2, 0x0087), 0x0087);
	CHECK_EQ(mirrored_index(0, 0xc2, 0xab07), 0xab07);
	for (i = 0; i < ARRAY_SIZE(strange); i++) {
		CHECK_ERR(door_control(0, 0x82, 0, 0, strange[i], 2, data, 2, &case_moved),
			  EINVAL);
		CHECK_ERR(door_control(0, 0xc2, MIRROR, 0, strange[i], 8, data, 8, &case_moved),
			  EINVAL);
	}
}

CASE(control_that_stalls_fails_and_the_next_one_works)
{
	uint8_t value;

	case_open_fx2();
	CHECK_ERR(door_control(0, 0xc0, 0x77, 0, 0, 1, &value, 1, &case_moved), EPIPE);
	CHECK_EQ(case_moved, 0);
	CHECK_ERR(door_control(0, 0x40, 0x77, 0, 0, 0, NULL, 0, &case_moved), EPIPE);
	CHECK_OK(door_control(0, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &case_moved));
	CHECK_EQ(case_moved, 1);
}

CASE(control_that_is_forbidden_is_refused)
{
	unsigned int before;
	uint8_t data[2];

	case_open_fx2();
	before = board_requests(case_fx2);
	CHECK_ERR(door_control(0, 0x00, 9, 1, 0, 0, NULL, 0, &case_moved), EACCES);
	CHECK_ERR(door_control(0, 0x01, 11, 0, 0, 0, NULL, 0, &case_moved), EACCES);
	CHECK_ERR(door_control(0, 0x00, 3, 1, 0, 0, NULL, 0, &case_moved), EACCES);
	CHECK_EQ(board_requests(case_fx2), before);
	CHECK_OK(door_control(0, 0x80, 0, 0, 0, 2, data, 2, &case_moved));
}

CASE(control_that_clears_a_halt_is_RESET_PIPE)
{
	case_open_fx2();
	board_set(case_fx2, "stall=0x88:1");
	case_read(64, -EPIPE, NULL, 0);
	case_read(64, -EPIPE, NULL, 0);
	CHECK_OK(door_control(0, 0x02, 1, 0, FX2_BULK_IN, 0, NULL, 0, &case_moved));
	CHECK_EQ(case_moved, 0);
	case_works();
}

CASE(control_times_out_after_5000_ms_by_default)
{
	uint64_t start, passed;
	uint8_t value;

	board_set(case_fx2, "silent-request=any");
	case_open_fx2();
	start = test_tick_ms();
	CHECK_ERR(door_control(0, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &case_moved),
		  ETIMEDOUT);
	passed = test_tick_ms() - start;
	CHECK_EQ(case_moved, 0);
	CHECK(passed >= 5000);
	CHECK(passed < 5000 + 4000 * test_scale());
}

/* winusb.md 5.3: Windows calls the one without data a success, which is not to be copied. */
CASE(control_timeout_can_be_set)
{
	uint8_t value;

	board_set(case_fx2, "silent-request=any");
	case_open_fx2();
	case_policy(0, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 100);
	CHECK_ERR(door_control(0, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &case_moved),
		  ETIMEDOUT);
	CHECK_ERR(door_control(0, 0x40, FX2_SET_BARGRAPH, 0, 0, 0, NULL, 0, &case_moved),
		  ETIMEDOUT);
	board_set(case_fx2, "silent-request=off");
	case_policy(0, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 5000);
	CHECK_OK(door_control(0, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &case_moved));
}

/* Also longer than the timeout that was set before; 5000 ms and more are in KUnit. */
CASE(control_timeout_of_0_has_no_limit_and_removal_ends_it)
{
	struct trip trip = { .setup = { 0xc0, FX2_GET_SWITCHES, 0, 0, 0, 0, 1, 0 }, .length = 1 };

	board_set(case_fx2, "silent-request=any");
	case_open_fx2();
	case_policy(0, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 100);
	case_policy(0, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 0);
	trip.buffer = case_buffer(1);
	door_start(&trip);
	test_sleep_ms(300);
	CHECK(!door_done(&trip));
	board_unplug(case_fx2);
	case_check(&trip, -ESHUTDOWN, NULL, 0);
}

/* "Shared by all interface handles of the file": each gets its own answer. */
CASE(control_of_two_handles_each_has_its_own_answer)
{
	enum { REQUESTS = 6 };
	struct trip trips[REQUESTS] = { 0 };
	uint8_t expected[REQUESTS];
	uint32_t settings;
	int i;

	board_set(case_composite, "delay=0:20");
	case_open(case_composite, JOINED_DATA);
	CHECK_OK(node_associated(case_fd, case_handle, 1, &settings));
	case_counting(expected, sizeof(expected), 0);
	for (i = 0; i < REQUESTS; i++) {
		trips[i].handle = i % 2 ? settings : case_handle;
		node_setup(trips[i].setup, 0xc0, COUNT, i + 1, 0, 64);
		trips[i].buffer = case_buffer(64);
		trips[i].length = 64;
	}
	door_start_all(trips, REQUESTS);
	for (i = 0; i < REQUESTS; i++)
		case_check(&trips[i], 0, expected, i + 1);
}

CASE(control_does_not_wait_for_a_read)
{
	struct trip trip;
	uint8_t value;

	case_open_fx2();
	door_start_read(&trip, FX2_BULK_IN, case_buffer(16), 16);
	CHECK_OK(door_control(0, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &value, 1, &case_moved));
	CHECK(!door_done(&trip));
	case_feed_text("end");
	case_check(&trip, 0, "end", 3);
}

CASE(refused_pipe_that_is_not_there)
{
	static const uint8_t pipes[] = { 0x83, 0x08, 0x86, 0x80, 0x0f, 0x98, 0x10 };
	uint8_t data[64];
	size_t i;

	case_open_fx2();
	for (i = 0; i < ARRAY_SIZE(pipes); i++) {
		CHECK_ERR(door_move(pipes[i], data, sizeof(data), &case_moved), EINVAL);
		CHECK_EQ(case_moved, 0);
	}
	case_works();
}

CASE(refused_pipe_of_another_interface)
{
	uint8_t data[64];

	case_open(case_composite, JOINED_DATA);
	CHECK_ERR(door_move(0x82, data, sizeof(data), &case_moved), EINVAL);
	CHECK_ERR(door_move(0x07, data, sizeof(data), &case_moved), EINVAL);
	CHECK_EQ(board_counter(case_composite, 0x07, "urbs"), 0);
}

CASE(refused_pipe_of_another_setting)
{
	static const uint8_t others[] = { 0x85, 0x06, 0x86 };
	uint8_t data[64];
	size_t i;

	case_open(case_composite, SETTINGS);
	CHECK_ERR(door_move(0x84, data, sizeof(data), &case_moved), EINVAL);
	CHECK_OK(node_set_setting(case_fd, case_handle, 2));
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		CHECK_ERR(door_move(others[i], data, sizeof(data), &case_moved), EINVAL);
		CHECK_EQ(case_moved, 0);
	}
}

CASE(refused_isochronous_pipe)
{
	uint8_t data[192];

	case_open(case_composite, SETTINGS);
	CHECK_OK(node_set_setting(case_fd, case_handle, 3));
	CHECK_ERR(door_move(0x06, data, sizeof(data), &case_moved), EINVAL);
	CHECK_ERR(door_move(0x86, data, sizeof(data), &case_moved), EINVAL);
	CHECK_EQ(case_moved, 0);
}

CASE(refused_setup_packet_for_a_data_pipe)
{
	struct trip trip = { .pipe = FX2_BULK_IN, .setup = { 1 }, .length = 64 };

	case_open_fx2();
	trip.buffer = case_buffer(64);
	door_start(&trip);
	case_check(&trip, -EOPNOTSUPP, NULL, 0);
	CHECK_EQ(board_counter(case_fx2, FX2_BULK_IN, "urbs"), 0);
}

CASE(refused_handle_that_was_freed)
{
	struct trip trip = { .pipe = FX2_BULK_IN, .length = 64 };
	uint32_t second;

	case_open_fx2();
	CHECK_OK(node_initialize(case_fd, &second));
	CHECK_OK(node_free(case_fd, second));
	trip.buffer = case_buffer(64);
	trip.handle = second;
	door_start(&trip);
	case_check(&trip, -EBADF, NULL, 0);
	trip.handle = UINT32_MAX;
	door_start(&trip);
	case_check(&trip, -EBADF, NULL, 0);
	case_works();
}
