// SPDX-License-Identifier: MIT
/*
 * winusb.md 9, the checklist, what the sections before do not show already: one test each, "9_" and
 * the number. At the end, whether every documented error was produced.
 */
#include "face.h"

TEST_OF(9_1, a_second_open_fails)
{
	begin(fx2);
	FAILS(open_path(path_of(fx2), FILE_FLAG_OVERLAPPED) != INVALID_HANDLE_VALUE,
	      ERROR_ACCESS_DENIED);
	file = open_path(path_of(composite), FILE_FLAG_OVERLAPPED);
	CHECK(file != INVALID_HANDLE_VALUE);
}

/* The board comes with packets of 64 bytes at full speed; with 512 the rule is the same. */
TEST_OF(9_2, the_rest_of_a_packet_is_given_before_any_io)
{
	UCHAR out[512];

	begin(fx2);
	fill(out, sizeof(out), 1);
	feed(out, 512);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 10, &moved, NULL));
	CHECK_EQ(moved, 10);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 502, &moved, NULL));
	CHECK_EQ(moved, 502);
	CHECK_MEM(data[0], out + 10, 502);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), 1);
	end();
}

TEST_OF(9_3, AUTO_FLUSH_makes_the_next_read_fresh_and_PARTIAL_off_fails)
{
	begin(fx2);
	OK(set_policy(FX2_BULK_IN, AUTO_FLUSH, 1));
	feed(data[1], 64);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 10, &moved, NULL));
	loopback_works();
	OK(set_policy(FX2_BULK_IN, ALLOW_PARTIAL_READS, 0));
	feed(data[1], 64);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 10, &moved, NULL), ERROR_GEN_FAILURE);
	end();
}

TEST_OF(9_4, IGNORE_SHORT_PACKETS_is_one_completion)
{
	OVERLAPPED overlapped = { 0 };

	begin(fx2);
	OK(set_policy(FX2_BULK_IN, IGNORE_SHORT_PACKETS, 1));
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped));
	feed(data[1], 100);
	test_sleep_ms(50);
	CHECK(!HasOverlappedIoCompleted(&overlapped));
	feed(data[1], 412);
	DONE(&overlapped, 512);
	end();
}

TEST_OF(9_5, RAW_IO_has_both_in_flight)
{
	OVERLAPPED overlapped[2] = { 0 };
	int i;

	begin(fx2);
	OK(set_policy(FX2_BULK_IN, RAW_IO, 1));
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 100, &moved, NULL),
	      ERROR_INVALID_FUNCTION);
	for (i = 0; i < 2; i++)
		PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[i], 1024, NULL, &overlapped[i]));
	board_wait_pending(fx2, FX2_BULK_IN, 2);
	OK(CancelIoEx(file, NULL));
	for (i = 0; i < 2; i++)
		DONE_FAILS(&overlapped[i], ERROR_OPERATION_ABORTED, 0);
	end();
}

TEST_OF(9_6, the_zero_length_packet_comes_before_the_completion)
{
	OVERLAPPED overlapped = { 0 };

	begin(fx2);
	OK(set_policy(FX2_BULK_OUT, SHORT_PACKET_TERMINATE, 1));
	board_set(fx2, "silent=0x06:always:1024");
	PENDING(WinUsb_WritePipe(usb, FX2_BULK_OUT, data[0], 1024, NULL, &overlapped));
	board_wait_counter(fx2, FX2_BULK_OUT, "bytes", 1024);
	test_sleep_ms(50);
	CHECK(!HasOverlappedIoCompleted(&overlapped));
	board_set(fx2, "silent=0x06:never");
	DONE(&overlapped, 1024);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "zlp"), 1);
	end();
}

TEST_OF(9_7, time_in_the_queue_does_not_count)
{
	OVERLAPPED first = { 0 }, second = { 0 };
	ULONG timeout = 200 * test_scale();
	uint64_t start;

	begin(fx2);
	OK(set_policy(FX2_BULK_IN, PIPE_TRANSFER_TIMEOUT, timeout));
	start = test_tick_ms();
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &first));
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[1], 512, NULL, &second));
	DONE_FAILS(&first, ERROR_SEM_TIMEOUT, 0);
	DONE_FAILS(&second, ERROR_SEM_TIMEOUT, 0);
	CHECK(test_tick_ms() - start >= 2 * timeout);
	end();
}

TEST_OF(9_8, reads_behind_a_stall_fail_until_the_reset)
{
	OVERLAPPED overlapped[3] = { 0 };
	int i;

	begin(fx2);
	board_set(fx2, "silent=0x88:always");
	for (i = 0; i < 3; i++)
		PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[i], 512, NULL, &overlapped[i]));
	board_set(fx2, "stall=0x88:1");
	board_set(fx2, "silent=0x88:never");
	for (i = 0; i < 3; i++)
		DONE_FAILS(&overlapped[i], ERROR_GEN_FAILURE, 0);
	OK(WinUsb_ResetPipe(usb, FX2_BULK_IN));
	loopback_works();
	end();
}

TEST_OF(9_9, an_abort_ends_all_and_returns_after)
{
	static OVERLAPPED overlapped[20];
	UCHAR out[512];
	int i;

	begin(fx2);
	for (i = 0; i < 20; i++)
		PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[i], 1024, NULL, &overlapped[i]));
	fill(out, sizeof(out), 4);
	feed(out, 512);
	board_wait_counter(fx2, FX2_BULK_IN, "bytes", 512);
	OK(WinUsb_AbortPipe(usb, FX2_BULK_IN));
	for (i = 0; i < 20; i++) {
		CHECK(HasOverlappedIoCompleted(&overlapped[i]));
		DONE_FAILS(&overlapped[i], ERROR_OPERATION_ABORTED, i ? 0 : 512);
	}
	CHECK_MEM(data[0], out, 512);
	end();
}

TEST_OF(9_10, the_control_timeout_is_5_seconds)
{
	WINUSB_SETUP_PACKET setup = { 0xc0, FX2_GET_BARGRAPH, 0, 0, 1 };
	uint64_t start;

	begin(fx2);
	board_set(fx2, "silent-request=0xd7");
	start = test_tick_ms();
	FAILS(WinUsb_ControlTransfer(usb, setup, data[0], 1, &moved, NULL), ERROR_SEM_TIMEOUT);
	start = test_tick_ms() - start;
	CHECK(start >= 5000 && start < 5000 + 3000 * test_scale());
	end();
}

TEST_OF(9_12, a_setting_does_not_change_under_a_read)
{
	OVERLAPPED overlapped = { 0 };
	UCHAR setting;

	begin(composite);
	usb = associated(SETTINGS);
	OK(WinUsb_SetCurrentAlternateSetting(usb, 1));
	PENDING(WinUsb_ReadPipe(usb, 0x84, data[0], 512, NULL, &overlapped));
	FAILS(WinUsb_SetCurrentAlternateSetting(usb, 2), ERROR_BUSY);
	CHECK(!HasOverlappedIoCompleted(&overlapped));
	OK(WinUsb_GetCurrentAlternateSetting(usb, &setting));
	CHECK_EQ(setting, 1);
	OK(WinUsb_WritePipe(usb, 0x04, data[1], 9, &moved, NULL));
	DONE(&overlapped, 9);
	OK(WinUsb_SetCurrentAlternateSetting(usb, 2));
	end();
}

TEST_OF(9_14, initialize_needs_the_flag_and_resets_policies)
{
	begin(fx2);
	OK(set_policy(FX2_BULK_IN, AUTO_FLUSH, 1));
	OK(WinUsb_Initialize(file, &usb));
	CHECK_EQ(get_policy(FX2_BULK_IN, AUTO_FLUSH), 0);
	end();
	file = open_path(path_of(fx2), 0);
	FAILS(WinUsb_Initialize(file, &usb), ERROR_INVALID_HANDLE);
	OK(CloseHandle(file));
}

TEST_OF(9_16, removal)
{
	OVERLAPPED overlapped = { 0 };
	WINUSB_INTERFACE_HANDLE old;

	begin(fx2);
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped));
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	board_unplug(fx2);
	DONE_FAILS(&overlapped, ERROR_DEVICE_NOT_CONNECTED, 0);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped),
	      ERROR_BAD_COMMAND);
	old = usb;
	board_plug(fx2);
	begin(fx2);
	FAILS(WinUsb_ReadPipe(old, FX2_BULK_IN, data[0], 512, NULL, &overlapped),
	      ERROR_BAD_COMMAND);
	OK(WinUsb_Free(old));
	end();
}
