// SPDX-License-Identifier: MIT
/* winusb.md 5.3 and 5.4: how requests end, and what a removal does */
#include "face.h"

/* A timeout within which even a slow board has taken or given all that it will, ms. */
#define ENOUGH_TO_MOVE	2000

TEST_OF(5_3, a_stall_is_GEN_FAILURE_until_the_reset)
{
	OVERLAPPED overlapped = { 0 };

	begin(fx2);
	board_set(fx2, "stall=0x88:1");
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, &moved, NULL), ERROR_GEN_FAILURE);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, &moved, NULL), ERROR_GEN_FAILURE);
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped));
	DONE_FAILS(&overlapped, ERROR_GEN_FAILURE, 0);
	OK(WinUsb_ResetPipe(usb, FX2_BULK_IN));
	board_set(fx2, "stall=0x06:1");
	FAILS(WinUsb_WritePipe(usb, FX2_BULK_OUT, data[0], 8, &moved, NULL), ERROR_GEN_FAILURE);
	OK(WinUsb_ResetPipe(usb, FX2_BULK_OUT));
	loopback_works();
	end();
}

TEST_OF(5_3, a_stall_in_the_middle_counts_what_came)
{
	ULONG i;

	begin(fx2);
	board_set(fx2, "source=0x88");
	board_set(fx2, "stall=0x88:1:1024");
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 4096, &moved, NULL), ERROR_GEN_FAILURE);
	CHECK_EQ(moved, 1024);
	for (i = 0; i < moved; i++)
		CHECK_EQ(data[0][i], i % 251);
	end();
}

static const char *const bus_errors[] = { "EPROTO", "EILSEQ", "EOVERFLOW", "ETIME" };

TEST_OF(5_3, bus_errors_are_GEN_FAILURE)
{
	char option[64];
	unsigned int i;

	begin(fx2);
	for (i = 0; i < ARRAY_SIZE(bus_errors); i++) {
		snprintf(option, sizeof(option), "error=0x88:%s:1", bus_errors[i]);
		board_set(fx2, option);
		FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, &moved, NULL),
		      ERROR_GEN_FAILURE);
		OK(WinUsb_ResetPipe(usb, FX2_BULK_IN));
	}
	board_set(fx2, "error=0x88:never");
	loopback_works();
	end();
}

TEST_OF(5_3, a_read_that_times_out_delivers_what_came)
{
	UCHAR out[1024];

	begin(fx2);
	fill(out, sizeof(out), 8);
	feed(out, sizeof(out));
	OK(set_policy(FX2_BULK_IN, PIPE_TRANSFER_TIMEOUT, ENOUGH_TO_MOVE));
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 4096, &moved, NULL), ERROR_SEM_TIMEOUT);
	CHECK_EQ(moved, sizeof(out));
	CHECK_MEM(data[0], out, sizeof(out));
	end();
}

TEST_OF(5_3, a_write_that_times_out_counts_what_went)
{
	OVERLAPPED overlapped = { 0 };

	begin(fx2);
	board_set(fx2, "silent=0x06:always:1024");
	OK(set_policy(FX2_BULK_OUT, PIPE_TRANSFER_TIMEOUT, ENOUGH_TO_MOVE));
	FAILS(WinUsb_WritePipe(usb, FX2_BULK_OUT, data[0], 2048, &moved, NULL), ERROR_SEM_TIMEOUT);
	CHECK_EQ(moved, 1024);
	PENDING(WinUsb_WritePipe(usb, FX2_BULK_OUT, data[0], 2048, NULL, &overlapped));
	DONE_FAILS(&overlapped, ERROR_SEM_TIMEOUT, overlapped.InternalHigh);
	end();
}

TEST_OF(5_3, five_queued_reads_each_time_out)
{
	OVERLAPPED overlapped[5] = { 0 };
	int i;

	begin(fx2);
	OK(set_policy(FX2_BULK_IN, PIPE_TRANSFER_TIMEOUT, 10));
	for (i = 0; i < 5; i++)
		PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[i], 512, NULL, &overlapped[i]));
	for (i = 0; i < 5; i++)
		DONE_FAILS(&overlapped[i], ERROR_SEM_TIMEOUT, 0);
	end();
}

TEST_OF(5_3, an_abort_delivers_what_came)
{
	UCHAR out[1024];
	struct call call;

	begin(fx2);
	fill(out, sizeof(out), 2);
	call_start(&call, FX2_BULK_IN, data[0], 1536);
	feed(out, sizeof(out));
	board_wait_counter(fx2, FX2_BULK_IN, "bytes", sizeof(out));
	OK(WinUsb_AbortPipe(usb, FX2_BULK_IN));
	CHECK_EQ(call_wait(&call), ERROR_OPERATION_ABORTED);
	CHECK_EQ(call.moved, sizeof(out));
	CHECK_MEM(data[0], out, sizeof(out));
	end();
}

TEST_OF(5_3, an_abort_of_500_reads_is_done_at_once)
{
	static OVERLAPPED overlapped[500];
	ULONGLONG start;
	int i;

	begin(fx2);
	for (i = 0; i < 500; i++)
		PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped[i]));
	start = GetTickCount64();
	OK(WinUsb_AbortPipe(usb, FX2_BULK_IN));
	CHECK(GetTickCount64() - start < 5000 * test_scale());
	for (i = 0; i < 500; i++)
		DONE_FAILS(&overlapped[i], ERROR_OPERATION_ABORTED, 0);
	end();
}

TEST_OF(5_3, ReadFile_and_DeviceIoControl_are_not_for_programs)
{
	OVERLAPPED overlapped = { 0 };
	DWORD bytes;

	begin(fx2);
	FAILS(ReadFile(file, data[0], 512, &bytes, &overlapped), ERROR_INVALID_FUNCTION);
	FAILS(WriteFile(file, data[0], 512, &bytes, &overlapped), ERROR_INVALID_FUNCTION);
	FAILS(DeviceIoControl(file, 0x222000, NULL, 0, NULL, 0, &bytes, &overlapped),
	      ERROR_INVALID_FUNCTION);
	end();
}

TEST_OF(5_4, what_is_in_flight_is_DEVICE_NOT_CONNECTED)
{
	OVERLAPPED overlapped[3] = { { .hEvent = event_create(true) } };
	struct call call;
	int i;

	begin(fx2);
	for (i = 0; i < 3; i++)
		PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[i], 512, NULL, &overlapped[i]));
	call_start(&call, FX2_SWITCHES, data[5], 8);
	board_unplug(fx2);
	CHECK_EQ(WaitForSingleObject(overlapped[0].hEvent, 10000 * test_scale()), WAIT_OBJECT_0);
	for (i = 0; i < 3; i++)
		DONE_FAILS(&overlapped[i], ERROR_DEVICE_NOT_CONNECTED, 0);
	CHECK_EQ(call_wait(&call), ERROR_DEVICE_NOT_CONNECTED);
	end();
}

TEST_OF(5_4, what_is_submitted_later_is_BAD_COMMAND)
{
	WINUSB_SETUP_PACKET setup = { 0xc0, FX2_GET_BARGRAPH, 0, 0, 1 };
	WINUSB_INTERFACE_HANDLE handle;
	OVERLAPPED overlapped = { 0 };
	UCHAR byte;

	begin(fx2);
	board_unplug(fx2);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, &moved, NULL), ERROR_BAD_COMMAND);
	FAILS(WinUsb_WritePipe(usb, FX2_BULK_OUT, data[0], 512, &moved, NULL), ERROR_BAD_COMMAND);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped),
	      ERROR_BAD_COMMAND);
	FAILS(WinUsb_ControlTransfer(usb, setup, &byte, 1, &moved, NULL), ERROR_BAD_COMMAND);
	FAILS(WinUsb_Initialize(file, &handle), ERROR_BAD_COMMAND);
	FAILS(WinUsb_GetAssociatedInterface(usb, 0, &handle), ERROR_BAD_COMMAND);
	FAILS(WinUsb_SetCurrentAlternateSetting(usb, 0), ERROR_BAD_COMMAND);
	FAILS(WinUsb_ResetPipe(usb, FX2_BULK_IN), ERROR_BAD_COMMAND);
	end();
}

TEST_OF(5_4, cached_queries_and_free_go_on)
{
	USB_INTERFACE_DESCRIPTOR interface;
	WINUSB_PIPE_INFORMATION pipe;
	UCHAR speed, setting;
	ULONG n = 1;

	begin(fx2);
	board_unplug(fx2);
	OK(WinUsb_QueryInterfaceSettings(usb, 0, &interface));
	OK(WinUsb_QueryPipe(usb, 0, 0, &pipe));
	OK(WinUsb_QueryDeviceInformation(usb, DEVICE_SPEED, &n, &speed));
	OK(WinUsb_GetCurrentAlternateSetting(usb, &setting));
	FAILS(CancelIoEx(file, NULL), ERROR_NOT_FOUND);
	end();
}

TEST_OF(5_4, a_replug_does_not_revive_the_old_file)
{
	HANDLE old_file;
	WINUSB_INTERFACE_HANDLE old;

	begin(fx2);
	old = usb;
	old_file = file;
	board_unplug(fx2);
	board_plug(fx2);
	FAILS(WinUsb_ReadPipe(old, FX2_BULK_IN, data[0], 512, &moved, NULL), ERROR_BAD_COMMAND);
	begin(fx2);
	FAILS(WinUsb_ReadPipe(old, FX2_BULK_IN, data[0], 512, &moved, NULL), ERROR_BAD_COMMAND);
	loopback_works();
	OK(WinUsb_Free(old));
	OK(CloseHandle(old_file));
	end();
}

TEST_OF(5_4, a_port_is_told_of_the_removal)
{
	OVERLAPPED overlapped = { 0 };
	LPOVERLAPPED got;
	ULONG_PTR key;
	DWORD bytes;
	HANDLE port;

	begin(fx2);
	port = CreateIoCompletionPort(file, NULL, 1, 0);
	CHECK(port);
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped));
	board_unplug(fx2);
	FAILS(GetQueuedCompletionStatus(port, &bytes, &key, &got, 10000 * test_scale()),
	      ERROR_DEVICE_NOT_CONNECTED);
	CHECK(got == &overlapped);
	FAILS(GetQueuedCompletionStatus(port, &bytes, &key, &got, 20), WAIT_TIMEOUT);
	end();
	OK(CloseHandle(port));
}

TEST_OF(5_4, who_only_looks_sees_the_removal)
{
	OVERLAPPED overlapped = { 0 };
	int i;

	begin(fx2);
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped));
	board_unplug(fx2);
	for (i = 0; i < 5000 && internal(&overlapped) == 0x103; i++)
		Sleep(1);
	DONE_FAILS(&overlapped, ERROR_DEVICE_NOT_CONNECTED, 0);
	end();
}
