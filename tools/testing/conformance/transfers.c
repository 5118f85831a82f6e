// SPDX-License-Identifier: MIT
/* winusb.md 1.5: bulk and interrupt transfers that block; reset, abort, flush */
#include "face.h"

TEST_OF(1_5, data_goes_out_and_comes_in)
{
	static UCHAR out[4096], in[4096];
	static const ULONG lengths[] = { 1, 63, 64, 511, 512, 513, 1024, 4095 };
	unsigned int i;

	begin(fx2);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		fill(out, sizeof(out), i);
		memset(in, 0xcc, sizeof(in));
		feed(out, lengths[i]);
		OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, in, lengths[i], &moved, NULL));
		CHECK_EQ(moved, lengths[i]);
		CHECK_MEM(in, out, lengths[i]);
		CHECK(lengths[i] == sizeof(in) || in[lengths[i]] == 0xcc);
	}
	end();
}

TEST_OF(1_5, an_interrupt_pipe_is_read)
{
	struct call call;

	begin(fx2);
	call_start(&call, FX2_SWITCHES, data[0], 8);
	board_set(fx2, "switches=0x5a");
	CHECK_EQ(call_wait(&call), 0);
	CHECK_EQ(call.moved, 1);
	CHECK_EQ(data[0][0], 0x5a);
	end();
}

TEST_OF(1_5, a_short_packet_completes_a_read)
{
	begin(fx2);
	feed("abc", 3);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 4096, &moved, NULL));
	CHECK_EQ(moved, 3);
	feed("", 0);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 4096, &moved, NULL));
	CHECK_EQ(moved, 0);
	end();
}

TEST_OF(1_5, a_read_of_nothing_completes_at_once)
{
	begin(fx2);
	moved = 99;
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, NULL, 0, &moved, NULL));
	CHECK_EQ(moved, 0);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), 0);
	end();
}

TEST_OF(1_5, a_write_of_nothing_is_a_zero_length_packet)
{
	begin(fx2);
	OK(WinUsb_WritePipe(usb, FX2_BULK_OUT, NULL, 0, &moved, NULL));
	CHECK_EQ(moved, 0);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "zlp"), 1);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, &moved, NULL));
	end();
}

TEST_OF(1_5, LengthTransferred_is_needed_unless_it_is_overlapped)
{
	OVERLAPPED overlapped = { 0 };

	begin(fx2);
	FAILS(WinUsb_WritePipe(usb, FX2_BULK_OUT, data[0], 1, NULL, NULL), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 1, NULL, NULL), ERROR_INVALID_PARAMETER);
	PENDING(WinUsb_WritePipe(usb, FX2_BULK_OUT, data[0], 1, NULL, &overlapped));
	DONE(&overlapped, 1);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 1, &moved, NULL));
	end();
}

TEST_OF(1_5, the_wrong_pipe_is_INVALID_PARAMETER)
{
	static const UCHAR wrong[] = { 0, 0x80, 0x01, 0x85, 0x08, 0x86, 0x0f, 0x8f, 0x46, 0xff };
	unsigned int i;

	begin(fx2);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		FAILS(WinUsb_ReadPipe(usb, wrong[i], data[0], 8, &moved, NULL),
		      ERROR_INVALID_PARAMETER);
		FAILS(WinUsb_WritePipe(usb, wrong[i], data[0], 8, &moved, NULL),
		      ERROR_INVALID_PARAMETER);
	}
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_OUT, data[0], 8, &moved, NULL),
	      ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_WritePipe(usb, FX2_BULK_IN, data[0], 8, &moved, NULL),
	      ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_5, a_pipe_of_another_interface_or_setting_is_INVALID_PARAMETER)
{
	WINUSB_INTERFACE_HANDLE second;

	begin(composite);
	FAILS(WinUsb_WritePipe(usb, 0x02, data[0], 8, &moved, NULL), ERROR_INVALID_PARAMETER);
	second = associated(EVENTS);
	FAILS(WinUsb_WritePipe(second, 0x01, data[0], 8, &moved, NULL), ERROR_INVALID_PARAMETER);
	OK(WinUsb_WritePipe(second, 0x02, data[0], 8, &moved, NULL));
	OK(WinUsb_ReadPipe(second, 0x82, data[0], 512, &moved, NULL));
	second = associated(SETTINGS);
	FAILS(WinUsb_WritePipe(second, 0x04, data[0], 8, &moved, NULL), ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_5, a_bad_buffer_is_NOACCESS)
{
	begin(fx2);
	FAILS(WinUsb_WritePipe(usb, FX2_BULK_OUT, NULL, 8, &moved, NULL), ERROR_NOACCESS);
	FAILS(WinUsb_WritePipe(usb, FX2_BULK_OUT, (PUCHAR)16, 8, &moved, NULL), ERROR_NOACCESS);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, (PUCHAR)16, 512, &moved, NULL), ERROR_NOACCESS);
	loopback_works();
	end();
}

TEST_OF(1_5, reads_larger_than_the_maximum_transfer_size_are_split)
{
	ULONG maximum, length, i;
	UCHAR *buffer;

	begin(fx2);
	maximum = get_policy(FX2_BULK_IN, MAXIMUM_TRANSFER_SIZE);
	length = maximum / 512 * 512 + 8192;
	buffer = malloc(length);
	CHECK(buffer);
	board_set(fx2, "source=0x88");
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, buffer, length, &moved, NULL));
	CHECK_EQ(moved, length);
	for (i = 0; i < length; i++)
		if (buffer[i] != i % 251)
			FAIL("byte %u is %u", i, buffer[i]);
	free(buffer);
	end();
}

TEST_OF(1_5, one_transfer_of_a_pipe_is_in_the_stack_at_a_time)
{
	OVERLAPPED overlapped[4] = { 0 };
	int i;

	begin(fx2);
	for (i = 0; i < 4; i++)
		PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[i], 512, NULL, &overlapped[i]));
	for (i = 0; i < 4; i++)
		feed((UCHAR[]){ i }, 1);
	for (i = 0; i < 4; i++) {
		DONE(&overlapped[i], 1);
		CHECK_EQ(data[i][0], i);
	}
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "max_pending"), 1);
	end();
}

TEST_OF(1_5, pipes_do_not_wait_for_each_other)
{
	struct call call;

	begin(fx2);
	call_start(&call, FX2_SWITCHES, data[0], 8);
	loopback_works();
	CHECK(!call_done(&call));
	OK(WinUsb_AbortPipe(usb, FX2_SWITCHES));
	CHECK_EQ(call_wait(&call), ERROR_OPERATION_ABORTED);
	end();
}

TEST_OF(1_5, reset_pipe_clears_the_halt)
{
	UCHAR setup[8];

	begin(fx2);
	OK(WinUsb_ResetPipe(usb, FX2_BULK_IN));
	board_last_request(fx2, setup);
	CHECK_MEM(setup, "\x02\x01\x00\x00\x88\x00\x00\x00", 8);
	OK(WinUsb_ResetPipe(usb, 0));
	FAILS(WinUsb_ResetPipe(usb, 0x99), ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_5, reset_pipe_does_not_take_away_requests)
{
	struct call call;

	begin(fx2);
	call_start(&call, FX2_BULK_IN, data[0], 512);
	FAILS(WinUsb_ResetPipe(usb, FX2_BULK_IN), ERROR_BUSY);
	CHECK(!call_done(&call));
	feed("x", 1);
	CHECK_EQ(call_wait(&call), 0);
	end();
}

TEST_OF(1_5, abort_pipe_ends_all_requests_of_the_pipe_before_it_returns)
{
	OVERLAPPED overlapped[8] = { 0 }, other = { 0 };
	int i;

	begin(fx2);
	PENDING(WinUsb_ReadPipe(usb, FX2_SWITCHES, data[9], 8, NULL, &other));
	for (i = 0; i < 8; i++)
		PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[i], 512, NULL, &overlapped[i]));
	OK(WinUsb_AbortPipe(usb, FX2_BULK_IN));
	for (i = 0; i < 8; i++) {
		CHECK(HasOverlappedIoCompleted(&overlapped[i]));
		DONE_FAILS(&overlapped[i], ERROR_OPERATION_ABORTED, 0);
	}
	CHECK(!HasOverlappedIoCompleted(&other));
	OK(WinUsb_AbortPipe(usb, FX2_BULK_IN));
	OK(WinUsb_AbortPipe(usb, 0));
	FAILS(WinUsb_AbortPipe(usb, 0x99), ERROR_INVALID_PARAMETER);
	loopback_works();
	OK(WinUsb_AbortPipe(usb, FX2_SWITCHES));
	DONE_FAILS(&other, ERROR_OPERATION_ABORTED, 0);
	end();
}

TEST_OF(1_5, abort_pipe_leaves_the_saved_data)
{
	begin(fx2);
	feed("0123456789", 10);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 4, &moved, NULL));
	OK(WinUsb_AbortPipe(usb, FX2_BULK_IN));
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 6, &moved, NULL));
	CHECK_MEM(data[0], "456789", 6);
	end();
}

TEST_OF(1_5, flush_pipe_drops_the_saved_data)
{
	begin(fx2);
	feed("0123456789", 10);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 4, &moved, NULL));
	OK(WinUsb_FlushPipe(usb, FX2_BULK_IN));
	loopback_works();
	FAILS(WinUsb_FlushPipe(usb, FX2_BULK_OUT), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_FlushPipe(usb, 0), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_FlushPipe(usb, 0x99), ERROR_INVALID_PARAMETER);
	OK(WinUsb_FlushPipe(usb, FX2_BULK_IN));
	end();
}
