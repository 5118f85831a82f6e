// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract in numbers: sizes and offsets of every structure, the command
 * numbers, the constants, and the table of errors. They are written out here,
 * so that a change of the header that breaks programs fails a test.
 */

#include <linux/stddef.h>

#include <uapi/linux/winusb.h>

#include "../driver/status.h"
#include "winusb_kunit.h"

struct winusb_layout {
	const char *name;
	size_t actual;
	size_t expected;
};

#define WINUSB_SIZE(type, bytes)					\
	{ #type, sizeof(struct winusb_##type), bytes }
#define WINUSB_OFFSET(type, member, bytes)				\
	{ #type "." #member, offsetof(struct winusb_##type, member), bytes }

static const struct winusb_layout winusb_layouts[] = {
	WINUSB_SIZE(query, 40),
	WINUSB_OFFSET(query, size, 0),
	WINUSB_OFFSET(query, out_version, 4),
	WINUSB_OFFSET(query, out_capabilities, 8),
	WINUSB_OFFSET(query, out_max_control_length, 16),
	WINUSB_OFFSET(query, out_max_handles, 20),
	WINUSB_OFFSET(query, out_busnum, 24),
	WINUSB_OFFSET(query, out_devnum, 28),
	WINUSB_OFFSET(query, out_interface, 32),
	WINUSB_OFFSET(query, out_default_interface, 33),
	WINUSB_OFFSET(query, out_interfaces, 34),
	WINUSB_SIZE(initialize, 8),
	WINUSB_OFFSET(initialize, size, 0),
	WINUSB_OFFSET(initialize, out_handle, 4),
	WINUSB_SIZE(get_associated_interface, 16),
	WINUSB_OFFSET(get_associated_interface, size, 0),
	WINUSB_OFFSET(get_associated_interface, handle, 4),
	WINUSB_OFFSET(get_associated_interface, index, 8),
	WINUSB_OFFSET(get_associated_interface, out_handle, 12),
	WINUSB_SIZE(free, 8),
	WINUSB_OFFSET(free, size, 0),
	WINUSB_OFFSET(free, handle, 4),
	WINUSB_SIZE(get_descriptor, 32),
	WINUSB_OFFSET(get_descriptor, size, 0),
	WINUSB_OFFSET(get_descriptor, handle, 4),
	WINUSB_OFFSET(get_descriptor, type, 8),
	WINUSB_OFFSET(get_descriptor, index, 9),
	WINUSB_OFFSET(get_descriptor, language_id, 10),
	WINUSB_OFFSET(get_descriptor, length, 12),
	WINUSB_OFFSET(get_descriptor, buffer, 16),
	WINUSB_OFFSET(get_descriptor, out_length, 24),
	WINUSB_SIZE(query_interface_settings, 24),
	WINUSB_OFFSET(query_interface_settings, size, 0),
	WINUSB_OFFSET(query_interface_settings, handle, 4),
	WINUSB_OFFSET(query_interface_settings, setting_index, 8),
	WINUSB_OFFSET(query_interface_settings, out_descriptor, 12),
	WINUSB_SIZE(query_device_information, 16),
	WINUSB_OFFSET(query_device_information, size, 0),
	WINUSB_OFFSET(query_device_information, handle, 4),
	WINUSB_OFFSET(query_device_information, information_type, 8),
	WINUSB_OFFSET(query_device_information, out_value, 12),
	WINUSB_SIZE(query_pipe, 24),
	WINUSB_OFFSET(query_pipe, size, 0),
	WINUSB_OFFSET(query_pipe, handle, 4),
	WINUSB_OFFSET(query_pipe, setting_index, 8),
	WINUSB_OFFSET(query_pipe, pipe_index, 9),
	WINUSB_OFFSET(query_pipe, out_type, 12),
	WINUSB_OFFSET(query_pipe, out_pipe_id, 13),
	WINUSB_OFFSET(query_pipe, out_interval, 14),
	WINUSB_OFFSET(query_pipe, out_maximum_packet_size, 16),
	WINUSB_OFFSET(query_pipe, out_maximum_bytes_per_interval, 20),
	WINUSB_SIZE(get_alternate_setting, 12),
	WINUSB_OFFSET(get_alternate_setting, size, 0),
	WINUSB_OFFSET(get_alternate_setting, handle, 4),
	WINUSB_OFFSET(get_alternate_setting, out_setting, 8),
	WINUSB_SIZE(set_alternate_setting, 12),
	WINUSB_OFFSET(set_alternate_setting, size, 0),
	WINUSB_OFFSET(set_alternate_setting, handle, 4),
	WINUSB_OFFSET(set_alternate_setting, setting, 8),
	WINUSB_SIZE(pipe_policy, 20),
	WINUSB_OFFSET(pipe_policy, size, 0),
	WINUSB_OFFSET(pipe_policy, handle, 4),
	WINUSB_OFFSET(pipe_policy, pipe_id, 8),
	WINUSB_OFFSET(pipe_policy, policy, 12),
	WINUSB_OFFSET(pipe_policy, value, 16),
	WINUSB_SIZE(transfer, 88),
	WINUSB_OFFSET(transfer, size, 0),
	WINUSB_OFFSET(transfer, handle, 4),
	WINUSB_OFFSET(transfer, flags, 8),
	WINUSB_OFFSET(transfer, pipe_id, 12),
	WINUSB_OFFSET(transfer, setup, 16),
	WINUSB_OFFSET(transfer, buffer, 24),
	WINUSB_OFFSET(transfer, length, 32),
	WINUSB_OFFSET(transfer, out_length, 36),
	WINUSB_OFFSET(transfer, cookie, 40),
	WINUSB_OFFSET(transfer, isoch_buffer, 48),
	WINUSB_OFFSET(transfer, isoch_offset, 52),
	WINUSB_OFFSET(transfer, isoch_start_frame, 56),
	WINUSB_OFFSET(transfer, isoch_packet_count, 60),
	WINUSB_OFFSET(transfer, isoch_packets, 64),
	WINUSB_OFFSET(transfer, stream_id, 72),
	WINUSB_OFFSET(transfer, out_isoch_frame, 80),
	WINUSB_SIZE(pipe_command, 12),
	WINUSB_OFFSET(pipe_command, size, 0),
	WINUSB_OFFSET(pipe_command, handle, 4),
	WINUSB_OFFSET(pipe_command, pipe_id, 8),
	WINUSB_SIZE(reset_device, 8),
	WINUSB_OFFSET(reset_device, size, 0),
	WINUSB_OFFSET(reset_device, handle, 4),
	WINUSB_SIZE(event, 64),
	WINUSB_OFFSET(event, type, 0),
	WINUSB_OFFSET(event, value, 4),
	WINUSB_OFFSET(event, sequence, 8),
	WINUSB_OFFSET(event, time_ns, 16),
	WINUSB_OFFSET(event, dropped, 24),
	WINUSB_OFFSET(event, guid, 32),
	WINUSB_OFFSET(event, data_length, 48),
	WINUSB_SIZE(set_interface_state, 16),
	WINUSB_OFFSET(set_interface_state, size, 0),
	WINUSB_OFFSET(set_interface_state, handle, 4),
	WINUSB_OFFSET(set_interface_state, enable, 8),
	WINUSB_SIZE(post_event, 40),
	WINUSB_OFFSET(post_event, size, 0),
	WINUSB_OFFSET(post_event, handle, 4),
	WINUSB_OFFSET(post_event, guid, 8),
	WINUSB_OFFSET(post_event, data, 24),
	WINUSB_OFFSET(post_event, length, 32),
	WINUSB_SIZE(listen, 16),
	WINUSB_OFFSET(listen, size, 0),
	WINUSB_OFFSET(listen, flags, 4),
	WINUSB_OFFSET(listen, out_length, 8),
	WINUSB_SIZE(power_policy, 16),
	WINUSB_OFFSET(power_policy, size, 0),
	WINUSB_OFFSET(power_policy, handle, 4),
	WINUSB_OFFSET(power_policy, policy, 8),
	WINUSB_OFFSET(power_policy, value, 12),
	WINUSB_SIZE(isoch_packet, 12),
	WINUSB_OFFSET(isoch_packet, offset, 0),
	WINUSB_OFFSET(isoch_packet, length, 4),
	WINUSB_OFFSET(isoch_packet, status, 8),
	WINUSB_SIZE(register_isoch_buffer, 40),
	WINUSB_OFFSET(register_isoch_buffer, size, 0),
	WINUSB_OFFSET(register_isoch_buffer, handle, 4),
	WINUSB_OFFSET(register_isoch_buffer, pipe_id, 8),
	WINUSB_OFFSET(register_isoch_buffer, flags, 12),
	WINUSB_OFFSET(register_isoch_buffer, buffer, 16),
	WINUSB_OFFSET(register_isoch_buffer, length, 24),
	WINUSB_OFFSET(register_isoch_buffer, out_isoch_buffer, 28),
	WINUSB_OFFSET(register_isoch_buffer, out_offset, 32),
	WINUSB_SIZE(unregister_isoch_buffer, 8),
	WINUSB_OFFSET(unregister_isoch_buffer, size, 0),
	WINUSB_OFFSET(unregister_isoch_buffer, isoch_buffer, 4),
	WINUSB_SIZE(get_frame, 48),
	WINUSB_OFFSET(get_frame, size, 0),
	WINUSB_OFFSET(get_frame, handle, 4),
	WINUSB_OFFSET(get_frame, flags, 8),
	WINUSB_OFFSET(get_frame, out_frame, 12),
	WINUSB_OFFSET(get_frame, out_microframe, 16),
	WINUSB_OFFSET(get_frame, out_hardware_frame, 20),
	WINUSB_OFFSET(get_frame, out_time_ns, 24),
	WINUSB_OFFSET(get_frame, out_start_ns, 32),
	WINUSB_OFFSET(get_frame, out_accuracy_ns, 40),
	WINUSB_OFFSET(get_frame, out_generation, 44),
	WINUSB_SIZE(reap, 64),
	WINUSB_OFFSET(reap, records, 8),
	WINUSB_OFFSET(reap, count, 16),
	WINUSB_OFFSET(reap, wakes, 20),
	WINUSB_OFFSET(reap, until_ns, 24),
	WINUSB_OFFSET(reap, transfers, 32),
	WINUSB_OFFSET(reap, submit_count, 40),
	WINUSB_OFFSET(reap, transfer_size, 44),
	WINUSB_OFFSET(reap, out_count, 48),
	WINUSB_OFFSET(reap, out_wakes, 52),
	WINUSB_OFFSET(reap, out_submitted, 56),
	WINUSB_SIZE(completion, 64),
	WINUSB_OFFSET(completion, isoch_frame, 28),
	WINUSB_OFFSET(completion, isoch_errors, 32),
	WINUSB_OFFSET(completion, isoch_next_frame, 36),
};

/* Layouts never change; structures only grow, and then a new row is added. */
static void winusb_test_layout_is_as_published(struct kunit *test)
{
	const struct winusb_layout *row;

	for (row = winusb_layouts;
	     row < winusb_layouts + ARRAY_SIZE(winusb_layouts); row++)
		KUNIT_EXPECT_EQ_MSG(test, row->actual, row->expected, "%s",
				    row->name);
}

#define WINUSB_NUMBER(name, value) { #name, name, value }

static const struct winusb_layout winusb_numbers[] = {
	WINUSB_NUMBER(WINUSB_IOC_QUERY, 0xdf00),
	WINUSB_NUMBER(WINUSB_IOC_INITIALIZE, 0xdf01),
	WINUSB_NUMBER(WINUSB_IOC_GET_ASSOCIATED_INTERFACE, 0xdf02),
	WINUSB_NUMBER(WINUSB_IOC_FREE, 0xdf03),
	WINUSB_NUMBER(WINUSB_IOC_GET_DESCRIPTOR, 0xdf04),
	WINUSB_NUMBER(WINUSB_IOC_QUERY_INTERFACE_SETTINGS, 0xdf05),
	WINUSB_NUMBER(WINUSB_IOC_QUERY_DEVICE_INFORMATION, 0xdf06),
	WINUSB_NUMBER(WINUSB_IOC_QUERY_PIPE, 0xdf07),
	WINUSB_NUMBER(WINUSB_IOC_GET_ALTERNATE_SETTING, 0xdf08),
	WINUSB_NUMBER(WINUSB_IOC_SET_ALTERNATE_SETTING, 0xdf09),
	WINUSB_NUMBER(WINUSB_IOC_GET_PIPE_POLICY, 0xdf0a),
	WINUSB_NUMBER(WINUSB_IOC_SET_PIPE_POLICY, 0xdf0b),
	WINUSB_NUMBER(WINUSB_IOC_TRANSFER, 0xdf0c),
	WINUSB_NUMBER(WINUSB_IOC_ABORT_PIPE, 0xdf0d),
	WINUSB_NUMBER(WINUSB_IOC_RESET_PIPE, 0xdf0e),
	WINUSB_NUMBER(WINUSB_IOC_FLUSH_PIPE, 0xdf0f),
	WINUSB_NUMBER(WINUSB_IOC_RESET_DEVICE, 0xdf10),
	WINUSB_NUMBER(WINUSB_IOC_SET_INTERFACE_STATE, 0xdf14),
	WINUSB_NUMBER(WINUSB_IOC_POST_EVENT, 0xdf15),
	WINUSB_NUMBER(WINUSB_IOC_LISTEN, 0xdf16),
	WINUSB_NUMBER(WINUSB_IOC_GET_POWER_POLICY, 0xdf17),
	WINUSB_NUMBER(WINUSB_IOC_SET_POWER_POLICY, 0xdf18),
	WINUSB_NUMBER(WINUSB_IOC_REGISTER_ISOCH_BUFFER, 0xdf19),
	WINUSB_NUMBER(WINUSB_IOC_UNREGISTER_ISOCH_BUFFER, 0xdf1a),
	WINUSB_NUMBER(WINUSB_IOC_GET_FRAME, 0xdf1b),
	WINUSB_NUMBER(WINUSB_IOC_REAP, 0xdf1c),
	WINUSB_NUMBER(WINUSB_REAP_WAKE, 1),
	WINUSB_NUMBER(WINUSB_CAP_REAP, 1024),
	WINUSB_NUMBER(WINUSB_CAP_CANCEL_BLOCKED, 2048),
	WINUSB_NUMBER(WINUSB_CANCEL_ALL, 1),
	WINUSB_NUMBER(WINUSB_CANCEL_BLOCKED, 2),
	WINUSB_NUMBER(WINUSB_URING_ISOCH, 0xdf40),
	WINUSB_NUMBER(WINUSB_TRANSFER_ASYNC, 1),
	WINUSB_NUMBER(WINUSB_TRANSFER_ISOCH_AT, 2),
	WINUSB_NUMBER(WINUSB_TRANSFER_ISOCH_CONTINUE, 4),
	WINUSB_NUMBER(WINUSB_TRANSFER_ISOCH_LENGTHS, 8),
	WINUSB_NUMBER(WINUSB_ISOCH_BUFFER_MAP, 1),
	WINUSB_NUMBER(WINUSB_FRAME_BOUNDARY, 1),
	WINUSB_NUMBER(WINUSB_MAX_CONTROL_LENGTH, 4096),
	WINUSB_NUMBER(WINUSB_MAX_HANDLES, 1024),
	WINUSB_NUMBER(WINUSB_CAP_TRANSFER, 1),
	WINUSB_NUMBER(WINUSB_CAP_EVENTS, 2),
	WINUSB_NUMBER(WINUSB_CAP_RESET_DEVICE, 4),
	WINUSB_NUMBER(WINUSB_CAP_INTERFACE_STATE, 64),
	WINUSB_NUMBER(WINUSB_CAP_CUSTOM_EVENTS, 128),
	WINUSB_NUMBER(WINUSB_CAP_POWER, 256),
	WINUSB_NUMBER(WINUSB_CAP_ISOCHRONOUS, 512),
	WINUSB_NUMBER(WINUSB_MAX_EVENT_DATA, 65499),
	WINUSB_NUMBER(WINUSB_LISTEN_CUSTOM, 1),
	WINUSB_NUMBER(WINUSB_EVENT_REMOVED, 1),
	WINUSB_NUMBER(WINUSB_EVENT_RESET, 2),
	WINUSB_NUMBER(WINUSB_EVENT_SETTING, 3),
	WINUSB_NUMBER(WINUSB_EVENT_OPENED, 4),
	WINUSB_NUMBER(WINUSB_EVENT_CLOSED, 5),
	WINUSB_NUMBER(WINUSB_EVENT_STATE, 6),
	WINUSB_NUMBER(WINUSB_EVENT_CUSTOM, 7),
};

/* Command numbers and constants are compiled into programs. */
static void winusb_test_numbers_are_as_published(struct kunit *test)
{
	const struct winusb_layout *row;

	for (row = winusb_numbers;
	     row < winusb_numbers + ARRAY_SIZE(winusb_numbers); row++)
		KUNIT_EXPECT_EQ_MSG(test, row->actual, row->expected, "%s",
				    row->name);
}

static const struct winusb_layout winusb_windows[] = {
	WINUSB_NUMBER(WINUSB_PIPE_CONTROL, 0),
	WINUSB_NUMBER(WINUSB_PIPE_ISOCHRONOUS, 1),
	WINUSB_NUMBER(WINUSB_PIPE_BULK, 2),
	WINUSB_NUMBER(WINUSB_PIPE_INTERRUPT, 3),
	WINUSB_NUMBER(WINUSB_DEVICE_SPEED, 1),
	WINUSB_NUMBER(WINUSB_SPEED_FULL, 1),
	WINUSB_NUMBER(WINUSB_SPEED_HIGH, 3),
	WINUSB_NUMBER(WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 3),
	WINUSB_NUMBER(WINUSB_POWER_AUTO_SUSPEND, 0x81),
	WINUSB_NUMBER(WINUSB_POWER_SUSPEND_DELAY, 0x83),
	WINUSB_NUMBER(WINUSB_MAX_ISOCH_PACKETS, 1024),
	WINUSB_NUMBER(WINUSB_MAX_ISOCH_AHEAD, 1024),
	WINUSB_NUMBER(WINUSB_PACKET_SUCCESS, 0),
	WINUSB_NUMBER(WINUSB_PACKET_CRC, 0xc0000001),
	WINUSB_NUMBER(WINUSB_PACKET_STALL, 0xc0000004),
	WINUSB_NUMBER(WINUSB_PACKET_NO_RESPONSE, 0xc0000005),
	WINUSB_NUMBER(WINUSB_PACKET_UNDERRUN, 0xc0000009),
	WINUSB_NUMBER(WINUSB_PACKET_BUFFER_OVERRUN, 0xc000000c),
	WINUSB_NUMBER(WINUSB_PACKET_BUFFER_UNDERRUN, 0xc000000d),
	WINUSB_NUMBER(WINUSB_PACKET_BUS_ERROR, 0xc0000011),
	WINUSB_NUMBER(WINUSB_PACKET_BABBLE, 0xc0000012),
	WINUSB_NUMBER(WINUSB_PACKET_GONE, 0xc0007000),
	WINUSB_NUMBER(WINUSB_PACKET_CANCELED, 0xc0010000),
	WINUSB_NUMBER(WINUSB_PACKET_NOT_SENT, 0xc0020000),
	WINUSB_NUMBER(WINUSB_PACKET_ERROR, 0xc0030000),
	WINUSB_NUMBER(WINUSB_PACKET_LATE, 0xc0050000),
};

/* 1.10, 2.1, 3.1: where Windows has a number, it is the same one. */
static void winusb_test_numbers_are_those_of_windows(struct kunit *test)
{
	const struct winusb_layout *row;

	for (row = winusb_windows;
	     row < winusb_windows + ARRAY_SIZE(winusb_windows); row++)
		KUNIT_EXPECT_EQ_MSG(test, row->actual, row->expected, "%s",
				    row->name);
}

/* The table of errors: what usbcore says, and what a program is told. */
static void winusb_test_codes_become_errors_of_the_contract(struct kunit *test)
{
	static const struct {
		int status;
		int error;
	} rows[] = {
		{ 0, 0 },
		{ -EPIPE, -EPIPE },
		{ -EPROTO, -EPROTO },
		{ -EILSEQ, -EILSEQ },
		{ -ETIME, -EPROTO },
		{ -EOVERFLOW, -EOVERFLOW },
		{ -ECOMM, -EIO },
		{ -ENOSR, -EIO },
		{ -EREMOTEIO, -EIO },
		{ -ESHUTDOWN, -ESHUTDOWN },
		{ -ENODEV, -ESHUTDOWN },
		{ -ENOENT, -ESHUTDOWN },
		{ -ECONNRESET, -ESHUTDOWN },
		{ -EPERM, -ESHUTDOWN },
		{ -EHOSTUNREACH, -EIO },
		{ -ENOMEM, -ENOMEM },
		/* Never given by usbcore for our URBs, never passed on. */
		{ -EINVAL, -EIO },
		{ -EXDEV, -EIO },
		{ -EMSGSIZE, -EIO },
		{ -EAGAIN, -ENOMEM },
		{ -12345, -EIO },
		{ 1, -EIO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test, winusb_status_to_errno(rows[i].status),
				    rows[i].error, "status %d", rows[i].status);
}

/* The same of isochronous packets. */
static void winusb_test_codes_become_packet_statuses(struct kunit *test)
{
	static const struct {
		int status;
		u32 packet;
	} rows[] = {
		{ 0, WINUSB_PACKET_SUCCESS },
		{ -EXDEV, WINUSB_PACKET_LATE },
		{ -EILSEQ, WINUSB_PACKET_CRC },
		{ -EPIPE, WINUSB_PACKET_STALL },
		{ -ETIME, WINUSB_PACKET_NO_RESPONSE },
		{ -EREMOTEIO, WINUSB_PACKET_UNDERRUN },
		{ -ECOMM, WINUSB_PACKET_BUFFER_OVERRUN },
		{ -ENOSR, WINUSB_PACKET_BUFFER_UNDERRUN },
		{ -EPROTO, WINUSB_PACKET_BUS_ERROR },
		{ -EOVERFLOW, WINUSB_PACKET_BABBLE },
		{ -ESHUTDOWN, WINUSB_PACKET_GONE },
		{ -ENOENT, WINUSB_PACKET_CANCELED },
		{ -ECONNRESET, WINUSB_PACKET_CANCELED },
		{ -EIO, WINUSB_PACKET_ERROR },
		{ -12345, WINUSB_PACKET_ERROR },
		{ 1, WINUSB_PACKET_ERROR },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    winusb_status_to_packet(rows[i].status),
				    rows[i].packet, "status %d",
				    rows[i].status);
}

static struct kunit_case winusb_uapi_cases[] = {
	WINUSB_CASE(layout_is_as_published),
	WINUSB_CASE(numbers_are_as_published),
	WINUSB_CASE_RULE(numbers_are_those_of_windows, 1_10),
	WINUSB_CASE(codes_become_errors_of_the_contract),
	WINUSB_CASE_RULE(codes_become_packet_statuses, 1_7),
	{ }
};

static struct kunit_suite winusb_uapi_suite = {
	.name = "winusb_uapi",
	.test_cases = winusb_uapi_cases,
};

kunit_test_suite(winusb_uapi_suite);
