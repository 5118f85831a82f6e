// SPDX-License-Identifier: MIT
/* winusb.md 1.6: control transfers */
#include "face.h"

#define ECHO	0xe0
#define COUNT	0xe1
#define MIRROR	0x55	/* the composite board answers with the setup packet */

static WINUSB_SETUP_PACKET packet(UCHAR type, UCHAR request, USHORT value, USHORT index,
				  USHORT length)
{
	WINUSB_SETUP_PACKET setup = { type, request, value, index, length };

	return setup;
}

#define CONTROL(handle, type, request, value, index, buffer, length)				\
	WinUsb_ControlTransfer(handle, packet(type, request, value, index, length), buffer, length, \
			       &moved, NULL)

TEST_OF(1_6, data_goes_both_ways)
{
	static UCHAR out[1000], in[1000];

	begin(composite);
	fill(out, sizeof(out), 1);
	OK(CONTROL(usb, 0x40, 1, 0, 0, out, sizeof(out)));
	CHECK_EQ(moved, sizeof(out));
	OK(CONTROL(usb, 0xc0, ECHO, 0, 0, in, sizeof(in)));
	CHECK_EQ(moved, sizeof(in));
	CHECK_MEM(in, out, sizeof(in));
	OK(CONTROL(usb, 0xc0, COUNT, 5, 0, in, sizeof(in)));
	CHECK_EQ(moved, 5);
	end();
}

TEST_OF(1_6, without_a_data_stage_LengthTransferred_may_be_NULL)
{
	begin(composite);
	OK(WinUsb_ControlTransfer(usb, packet(0x40, 1, 0, 0, 0), NULL, 0, NULL, NULL));
	FAILS(WinUsb_ControlTransfer(usb, packet(0xc0, MIRROR, 0, 0, 8), data[0], 8, NULL, NULL),
	      ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_6, the_smaller_of_the_two_lengths_counts)
{
	begin(composite);
	OK(WinUsb_ControlTransfer(usb, packet(0xc0, COUNT, 100, 0, 100), data[0], 10, &moved,
				  NULL));
	CHECK_EQ(moved, 10);
	OK(WinUsb_ControlTransfer(usb, packet(0xc0, COUNT, 100, 0, 10), data[0], 100, &moved,
				  NULL));
	CHECK_EQ(moved, 10);
	end();
}

TEST_OF(1_6, the_limit_is_4096_bytes)
{
	static UCHAR buffer[4097];

	begin(composite);
	OK(CONTROL(usb, 0xc0, COUNT, 4096, 0, buffer, 4096));
	CHECK_EQ(moved, 4096);
	FAILS(CONTROL(usb, 0xc0, COUNT, 4097, 0, buffer, 4097), ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_6, the_device_recipient_keeps_its_index)
{
	UCHAR setup[8];

	begin(composite);
	OK(CONTROL(usb, 0xc0, MIRROR, 0x1234, 0xaabb, setup, 8));
	CHECK_MEM(setup, "\xc0\x55\x34\x12\xbb\xaa\x08\x00", 8);
	end();
}

TEST_OF(1_6, the_interface_recipient_gets_the_low_byte_of_the_index_from_the_handle)
{
	static const UCHAR types[] = { 0xa1, 0xc1 };	/* class, vendor */
	WINUSB_INTERFACE_HANDLE handles[4];
	UCHAR setup[8];
	unsigned int i, j;

	begin(composite);
	handles[0] = usb;
	for (i = 1; i < 4; i++)
		handles[i] = associated(i);
	for (i = 0; i < 4; i++)
		for (j = 0; j < 2; j++) {
			OK(CONTROL(handles[i], types[j], MIRROR, 0, 0xaa77, setup, 8));
			CHECK_EQ(setup[4], i);
			CHECK_EQ(setup[5], 0xaa);
		}
	end();
}

TEST_OF(1_6, the_endpoint_recipient_needs_an_endpoint_of_the_handle)
{
	UCHAR setup[8];

	begin(composite);
	OK(CONTROL(usb, 0xc2, MIRROR, 0, 0x0081, setup, 8));
	CHECK_EQ(setup[4], 0x81);
	FAILS(CONTROL(usb, 0xc2, MIRROR, 0, 0x0082, setup, 8), ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_6, a_stall_is_GEN_FAILURE_and_the_pipe_goes_on)
{
	UCHAR bar = 1;

	begin(fx2);
	moved = 99;
	FAILS(CONTROL(usb, 0xc0, 0x01, 0, 0, data[0], 1), ERROR_GEN_FAILURE);
	CHECK_EQ(moved, 0);
	OK(CONTROL(usb, 0x40, FX2_SET_BARGRAPH, 0, 0, &bar, 1));
	CHECK_EQ(board_value(fx2, "bargraph"), 1);
	end();
}

TEST_OF(1_6, the_policy_of_pipe_0_times_out)
{
	uint64_t start;
	UCHAR bar = 1;

	begin(fx2);
	OK(set_policy(0, PIPE_TRANSFER_TIMEOUT, 100));
	board_set(fx2, "silent-request=0xd7");
	start = test_tick_ms();
	FAILS(CONTROL(usb, 0xc0, FX2_GET_BARGRAPH, 0, 0, &bar, 1), ERROR_SEM_TIMEOUT);
	CHECK_EQ(moved, 0);
	CHECK(test_tick_ms() - start >= 100);
	board_set(fx2, "silent-request=0xd8");
	FAILS(CONTROL(usb, 0x40, FX2_SET_BARGRAPH, 0, 0, &bar, 1), ERROR_SEM_TIMEOUT);
	CHECK_EQ(moved, 0);
	/* Windows calls this a success; a defect, not copied (5.3). */
	board_set(fx2, "silent-request=0xda");
	FAILS(CONTROL(usb, 0x40, FX2_REENUMERATE, 0, 0, NULL, 0), ERROR_SEM_TIMEOUT);
	end();
}

TEST_OF(1_6, overlapped)
{
	OVERLAPPED overlapped = { .hEvent = event_create(true) };
	UCHAR setup[8];

	begin(composite);
	PENDING(WinUsb_ControlTransfer(usb, packet(0xc0, MIRROR, 1, 2, 8), setup, 8, NULL,
				       &overlapped));
	DONE(&overlapped, 8);
	CHECK_EQ(setup[2], 1);
	PENDING(WinUsb_ControlTransfer(usb, packet(0x40, 1, 0, 0, 0), NULL, 0, NULL, &overlapped));
	CHECK_EQ(WaitForSingleObject(overlapped.hEvent, 5000 * test_scale()), WAIT_OBJECT_0);
	DONE(&overlapped, 0);
	end();
}

TEST_OF(1_6, an_overlapped_request_is_cancelled)
{
	OVERLAPPED overlapped = { 0 };

	begin(fx2);
	board_set(fx2, "silent-request=0xd7");
	PENDING(WinUsb_ControlTransfer(usb, packet(0xc0, FX2_GET_BARGRAPH, 0, 0, 1), data[0], 1,
				       NULL,
				       &overlapped));
	OK(CancelIoEx(file, &overlapped));
	DONE_FAILS(&overlapped, ERROR_OPERATION_ABORTED, 0);
	end();
}

static DWORD WINAPI ask_in_vain(void *unused)
{
	(void)unused;
	return CONTROL(usb, 0xc0, FX2_GET_BARGRAPH, 0, 0, data[0], 1) ? 0 : GetLastError();
}

/* Who waits has a request like any other, as on Windows. */
TEST_OF(1_6, a_request_that_a_thread_waits_for_is_cancelled_with_the_file)
{
	ULONGLONG limit = GetTickCount64() + 10000 * test_scale();
	HANDLE thread;
	DWORD result;

	begin(fx2);
	board_set(fx2, "silent-request=0xd7");
	thread = CreateThread(NULL, 0, ask_in_vain, NULL, 0, NULL);
	while (!CancelIoEx(file, NULL)) {
		CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
		CHECK(GetTickCount64() < limit);
		Sleep(1);
	}
	CHECK_EQ(WaitForSingleObject(thread, 10000 * test_scale()), WAIT_OBJECT_0);
	OK(GetExitCodeThread(thread, &result));
	CHECK_EQ(result, ERROR_OPERATION_ABORTED);
	CloseHandle(thread);
	end();
}

TEST_OF(1_6, requests_that_would_change_the_drivers_state_are_ACCESS_DENIED)
{
	static const UCHAR forbidden[][2] = {
		{ 0x00, 9 }, { 0x00, 5 }, { 0x01, 11 }, { 0x00, 7 }, { 0x00, 3 }, { 0x00, 1 }, { 0x00, 48 },
		{ 0x00, 49 },
	};
	unsigned int i, before;

	begin(fx2);
	before = board_requests(fx2);
	for (i = 0; i < ARRAY_SIZE(forbidden); i++)
		FAILS(CONTROL(usb, forbidden[i][0], forbidden[i][1], 1, 0, NULL, 0),
		      ERROR_ACCESS_DENIED);
	CHECK_EQ(board_requests(fx2), before);
	end();
}

TEST_OF(1_6, clear_feature_of_a_halt_is_a_reset_of_the_pipe)
{
	begin(fx2);
	board_set(fx2, "stall=0x88:1");
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, &moved, NULL), ERROR_GEN_FAILURE);
	OK(CONTROL(usb, 0x02, 1, 0, FX2_BULK_IN, NULL, 0));
	loopback_works();
	end();
}

TEST_OF(1_6, standard_requests_pass)
{
	begin(fx2);
	OK(CONTROL(usb, 0x80, 6, 0x0100, 0, data[0], 18));
	CHECK_EQ(moved, 18);
	CHECK_EQ(data[0][1], 1);
	OK(CONTROL(usb, 0x80, 0, 0, 0, data[0], 2));
	CHECK_EQ(moved, 2);
	end();
}
