// SPDX-License-Identifier: MIT
/* winusb.md 2.2 and 2.3: what policies do */
#include "face.h"

static unsigned long long packets(UCHAR pipe)
{
	return board_counter(fx2, pipe, "packets");
}

TEST_OF(2_2, SHORT_PACKET_TERMINATE_adds_a_zero_length_packet)
{
	begin(fx2);
	feed(data[0], 1024);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "zlp"), 0);
	OK(set_policy(FX2_BULK_OUT, SHORT_PACKET_TERMINATE, 1));
	feed(data[0], 1024);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "zlp"), 1);
	feed(data[0], 1000);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "zlp"), 1);
	end();
}

TEST_OF(2_2, AUTO_CLEAR_STALL_resets_the_pipe_and_the_queue_goes_on)
{
	OVERLAPPED first = { 0 }, second = { 0 };

	begin(fx2);
	OK(set_policy(FX2_BULK_IN, AUTO_CLEAR_STALL, 1));
	board_set(fx2, "stall=0x88:1");
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &first));
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[1], 512, NULL, &second));
	DONE_FAILS(&first, ERROR_GEN_FAILURE, 0);
	feed("abc", 3);
	DONE(&second, 3);
	end();
}

TEST_OF(2_2, PIPE_TRANSFER_TIMEOUT_is_SEM_TIMEOUT)
{
	OVERLAPPED overlapped = { 0 };
	uint64_t start;

	begin(fx2);
	OK(set_policy(FX2_BULK_IN, PIPE_TRANSFER_TIMEOUT, 100));
	start = test_tick_ms();
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, &moved, NULL), ERROR_SEM_TIMEOUT);
	CHECK_EQ(moved, 0);
	CHECK(test_tick_ms() - start >= 100);
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped));
	DONE_FAILS(&overlapped, ERROR_SEM_TIMEOUT, 0);
	OK(set_policy(FX2_BULK_IN, PIPE_TRANSFER_TIMEOUT, 0));
	loopback_works();
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped));
	test_sleep_ms(200);
	CHECK(!HasOverlappedIoCompleted(&overlapped));
	OK(CancelIo(file));
	DONE_FAILS(&overlapped, ERROR_OPERATION_ABORTED, 0);
	end();
}

TEST_OF(2_2, IGNORE_SHORT_PACKETS_reads_on)
{
	UCHAR out[512];
	struct call call;

	begin(fx2);
	fill(out, sizeof(out), 5);
	OK(set_policy(FX2_BULK_IN, IGNORE_SHORT_PACKETS, 1));
	call_start(&call, FX2_BULK_IN, data[0], 512);
	feed(out, 100);
	test_sleep_ms(100);
	CHECK(!call_done(&call));
	feed(out + 100, 412);
	CHECK_EQ(call_wait(&call), 0);
	CHECK_EQ(call.moved, 512);
	CHECK_MEM(data[0], out, 512);
	end();
}

TEST_OF(2_2, ALLOW_PARTIAL_READS_off_makes_excess_GEN_FAILURE)
{
	begin(fx2);
	OK(set_policy(FX2_BULK_IN, ALLOW_PARTIAL_READS, 0));
	feed("0123456789", 10);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 4, &moved, NULL), ERROR_GEN_FAILURE);
	/* Nothing is kept. */
	loopback_works();
	/* And what fits is fine. */
	feed("0123", 4);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 4, &moved, NULL));
	CHECK_EQ(moved, 4);
	end();
}

TEST_OF(2_2, AUTO_FLUSH_drops_the_excess)
{
	begin(fx2);
	OK(set_policy(FX2_BULK_IN, AUTO_FLUSH, 1));
	feed("0123456789", 10);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 4, &moved, NULL));
	CHECK_EQ(moved, 4);
	loopback_works();
	end();
}

TEST_OF(2_2, RAW_IO_has_rules_for_lengths)
{
	OVERLAPPED overlapped = { 0 };
	ULONG maximum, big;
	UCHAR *buffer;

	begin(fx2);
	OK(set_policy(FX2_BULK_IN, RAW_IO, 1));
	maximum = get_policy(FX2_BULK_IN, MAXIMUM_TRANSFER_SIZE);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 100, &moved, NULL),
	      ERROR_INVALID_FUNCTION);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 100, NULL, &overlapped),
	      ERROR_INVALID_FUNCTION);
	big = (maximum / 512 + 1) * 512;
	buffer = malloc(big);
	CHECK(buffer);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, buffer, big, &moved, NULL),
	      ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, buffer, big, NULL, &overlapped),
	      ERROR_INVALID_PARAMETER);
	free(buffer);
	loopback_works();
	end();
}

TEST_OF(2_2, RAW_IO_has_many_in_the_stack)
{
	OVERLAPPED overlapped[3] = { 0 };
	int i;

	begin(fx2);
	OK(set_policy(FX2_BULK_IN, RAW_IO, 1));
	for (i = 0; i < 3; i++)
		PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[i], 512, NULL, &overlapped[i]));
	board_wait_pending(fx2, FX2_BULK_IN, 3);
	for (i = 0; i < 3; i++)
		feed(&i, 1);
	for (i = 0; i < 3; i++) {
		DONE(&overlapped[i], 1);
		CHECK_EQ(data[i][0], i);
	}
	end();
}

TEST_OF(2_2, policies_count_when_a_request_is_processed)
{
	OVERLAPPED first = { 0 }, second = { 0 };

	begin(fx2);
	board_set(fx2, "silent=0x06:always");
	PENDING(WinUsb_WritePipe(usb, FX2_BULK_OUT, data[0], 1, NULL, &first));
	PENDING(WinUsb_WritePipe(usb, FX2_BULK_OUT, data[0], 512, NULL, &second));
	OK(set_policy(FX2_BULK_OUT, SHORT_PACKET_TERMINATE, 1));
	board_set(fx2, "silent=0x06:never");
	DONE(&first, 1);
	DONE(&second, 512);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "zlp"), 1);
	end();
}

TEST_OF(2_2, RESET_PIPE_ON_RESUME_can_be_set)
{
	begin(fx2);
	OK(set_policy(FX2_BULK_IN, RESET_PIPE_ON_RESUME, 1));
	CHECK_EQ(get_policy(FX2_BULK_IN, RESET_PIPE_ON_RESUME), 1);
	loopback_works();
	end();
}

TEST_OF(2_3, excess_is_saved_for_the_next_reads)
{
	UCHAR out[64];
	ULONG at = 0, n;

	begin(fx2);
	fill(out, sizeof(out), 9);
	feed(out, sizeof(out));
	for (n = 10; at < 64; at += n) {
		n = 64 - at < 10 ? 64 - at : 10;
		OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], n, &moved, NULL));
		CHECK_EQ(moved, n);
		CHECK_MEM(data[0], out + at, n);
	}
	CHECK_EQ(packets(FX2_BULK_IN), 1);
	end();
}

TEST_OF(2_3, saved_data_goes_first_and_the_rest_is_read)
{
	struct call call;

	begin(fx2);
	feed("0123456789", 10);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 4, &moved, NULL));
	call_start(&call, FX2_BULK_IN, data[0], 20);
	CHECK(!call_done(&call));
	feed("abc", 3);
	CHECK_EQ(call_wait(&call), 0);
	CHECK_EQ(call.moved, 9);
	CHECK_MEM(data[0], "456789abc", 9);
	end();
}

TEST_OF(2_3, a_read_of_nothing_leaves_saved_data)
{
	begin(fx2);
	feed("0123456789", 10);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 4, &moved, NULL));
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, NULL, 0, &moved, NULL));
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 6, &moved, NULL));
	CHECK_MEM(data[0], "456789", 6);
	end();
}

TEST_OF(2_3, saved_data_is_gone_after_the_close)
{
	begin(fx2);
	feed("0123456789", 10);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 4, &moved, NULL));
	end();
	begin(fx2);
	loopback_works();
	end();
}
