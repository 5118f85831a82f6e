// SPDX-License-Identifier: MIT
/* winusb.md 1.1 and 1.2: handles */
#include <linux/winusb.h>

#include "face.h"

TEST_OF(1_1, a_NULL_interface_handle_is_INVALID_HANDLE_everywhere)
{
	WINUSB_SETUP_PACKET setup = { 0 };
	USB_INTERFACE_DESCRIPTOR interface;
	WINUSB_PIPE_INFORMATION_EX more;
	WINUSB_PIPE_INFORMATION pipe;
	WINUSB_INTERFACE_HANDLE handle;
	OVERLAPPED overlapped = { 0 };
	UCHAR byte = 0;
	ULONG n = 1;
	LARGE_INTEGER time;

	FAILS(WinUsb_GetAssociatedInterface(NULL, 0, &handle), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_GetDescriptor(NULL, 1, 0, 0, data[0], 18, &n), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_QueryInterfaceSettings(NULL, 0, &interface), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_QueryDeviceInformation(NULL, DEVICE_SPEED, &n, &byte), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_SetCurrentAlternateSetting(NULL, 0), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_GetCurrentAlternateSetting(NULL, &byte), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_QueryPipe(NULL, 0, 0, &pipe), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_QueryPipeEx(NULL, 0, 0, &more), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_SetPipePolicy(NULL, 0x88, RAW_IO, 1, &byte), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_GetPipePolicy(NULL, 0x88, RAW_IO, &n, &byte), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_SetPowerPolicy(NULL, AUTO_SUSPEND, 1, &byte), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_GetPowerPolicy(NULL, AUTO_SUSPEND, &n, &byte), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_ReadPipe(NULL, 0x88, data[0], 1, &n, NULL), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_WritePipe(NULL, 0x06, data[0], 1, &n, NULL), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_ReadPipe(NULL, 0x88, data[0], 1, &n, &overlapped), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_ControlTransfer(NULL, setup, NULL, 0, &n, NULL), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_ResetPipe(NULL, 0x88), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_AbortPipe(NULL, 0x88), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_FlushPipe(NULL, 0x88), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_GetOverlappedResult(NULL, &overlapped, &n, FALSE), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_GetCurrentFrameNumber(NULL, &n, &time), ERROR_INVALID_HANDLE);
	OK(WinUsb_Free(NULL));
}

TEST_OF(1_2, initialize_gives_the_handle_of_the_default_interface)
{
	USB_INTERFACE_DESCRIPTOR interface;

	begin(composite);
	CHECK(usb && usb != INVALID_HANDLE_VALUE);
	OK(WinUsb_QueryInterfaceSettings(usb, 0, &interface));
	CHECK_EQ(interface.bInterfaceNumber, 0);
	end();
}

TEST_OF(1_2, initialize_without_the_overlapped_flag_is_INVALID_HANDLE)
{
	HANDLE plain = open_path(path_of(fx2), FILE_ATTRIBUTE_NORMAL);

	CHECK(plain != INVALID_HANDLE_VALUE);
	FAILS(WinUsb_Initialize(plain, &usb), ERROR_INVALID_HANDLE);
	OK(CloseHandle(plain));
}

TEST_OF(1_2, initialize_of_no_file_is_INVALID_HANDLE)
{
	HANDLE event = event_create(true);

	FAILS(WinUsb_Initialize(NULL, &usb), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_Initialize(INVALID_HANDLE_VALUE, &usb), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_Initialize((HANDLE)0x12345678, &usb), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_Initialize(event, &usb), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_Initialize(GetCurrentThread(), &usb), ERROR_INVALID_HANDLE);
	begin(fx2);
	FAILS(WinUsb_Initialize(file, NULL), ERROR_INVALID_PARAMETER);
	end();
	FAILS(WinUsb_Initialize(file, &usb), ERROR_INVALID_HANDLE);
	OK(CloseHandle(event));
}

TEST_OF(1_2, initialize_resets_the_policies)
{
	WINUSB_INTERFACE_HANDLE first;

	begin(fx2);
	first = usb;
	OK(set_policy(FX2_BULK_IN, PIPE_TRANSFER_TIMEOUT, 77));
	OK(set_policy(FX2_BULK_IN, RAW_IO, 1));
	OK(WinUsb_Initialize(file, &usb));
	CHECK(usb != first);
	CHECK_EQ(get_policy(FX2_BULK_IN, PIPE_TRANSFER_TIMEOUT), 0);
	CHECK_EQ(get_policy(FX2_BULK_IN, RAW_IO), 0);
	OK(WinUsb_Free(first));
	loopback_works();
	end();
}

TEST_OF(1_2, free_does_not_close_the_file)
{
	begin(fx2);
	OK(WinUsb_Free(usb));
	OK(WinUsb_Initialize(file, &usb));
	loopback_works();
	end();
}

TEST_OF(1_2, free_is_always_TRUE)
{
	begin(fx2);
	OK(WinUsb_Free(usb));
	OK(WinUsb_Free(usb));
	OK(WinUsb_Free((WINUSB_INTERFACE_HANDLE)0x1234));
	OK(WinUsb_Free(INVALID_HANDLE_VALUE));
	OK(CloseHandle(file));
	OK(WinUsb_Free(usb));
}

TEST_OF(1_2, a_freed_handle_is_INVALID_HANDLE)
{
	UCHAR setting;

	begin(fx2);
	OK(WinUsb_Free(usb));
	FAILS(WinUsb_GetCurrentAlternateSetting(usb, &setting), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, &moved, NULL), ERROR_INVALID_HANDLE);
	OK(CloseHandle(file));
}

TEST_OF(1_2, associated_interfaces_are_counted_behind_the_default_one)
{
	WINUSB_INTERFACE_HANDLE handle;
	USB_INTERFACE_DESCRIPTOR interface;
	unsigned int i;

	begin(composite);
	for (i = 0; WinUsb_GetAssociatedInterface(usb, i, &handle); i++) {
		OK(WinUsb_QueryInterfaceSettings(handle, 0, &interface));
		CHECK_EQ(interface.bInterfaceNumber, i + 1);
		OK(WinUsb_Free(handle));
	}
	CHECK_EQ(GetLastError(), ERROR_NO_MORE_ITEMS);
	error_seen(ERROR_NO_MORE_ITEMS);
	CHECK_EQ(i, 3);
	end();
}

TEST_OF(1_2, a_second_handle_of_an_interface_is_ALREADY_EXISTS_until_the_first_is_freed)
{
	WINUSB_INTERFACE_HANDLE first, second;

	begin(composite);
	first = associated(EVENTS);
	FAILS(WinUsb_GetAssociatedInterface(usb, EVENTS - 1, &second), ERROR_ALREADY_EXISTS);
	OK(WinUsb_Free(first));
	OK(WinUsb_GetAssociatedInterface(usb, EVENTS - 1, &second));
	end();
}

TEST_OF(1_2, associated_interfaces_refuse_what_makes_no_sense)
{
	WINUSB_INTERFACE_HANDLE first, handle;

	begin(composite);
	first = associated(EVENTS);
	FAILS(WinUsb_GetAssociatedInterface(usb, 0xff, &handle), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_GetAssociatedInterface(usb, 0xfe, &handle), ERROR_NO_MORE_ITEMS);
	FAILS(WinUsb_GetAssociatedInterface(first, 0, &handle), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_GetAssociatedInterface(usb, 1, NULL), ERROR_INVALID_PARAMETER);
	OK(WinUsb_GetAssociatedInterface(usb, 1, &handle));
	end();
}

TEST_OF(1_2, an_interface_that_is_not_bound_is_NOT_READY)
{
	WINUSB_INTERFACE_HANDLE handle;
	char name[64];

	begin(composite);
	snprintf(name, sizeof(name), "%s", board_node(composite, LOOPBACK));
	CHECK_OK(interface_unbind(name));
	interface_changed();
	FAILS(WinUsb_GetAssociatedInterface(usb, LOOPBACK - 1, &handle), ERROR_NOT_READY);
	end();
}

TEST_OF(1_2, too_many_handles_are_NOT_ENOUGH_MEMORY)
{
	WINUSB_INTERFACE_HANDLE last = NULL, handle;
	unsigned int n = 0;

	begin(fx2);
	while (WinUsb_Initialize(file, &handle)) {
		last = handle;
		CHECK(++n <= WINUSB_MAX_HANDLES);
	}
	CHECK_EQ(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
	error_seen(ERROR_NOT_ENOUGH_MEMORY);
	OK(WinUsb_Free(last));
	OK(WinUsb_Initialize(file, &handle));
	loopback_works();
	end();
}

TEST_OF(1_2, the_error_is_the_threads_own)
{
	struct call call;

	begin(fx2);
	SetLastError(4711);
	call_start_queued(&call, 0x99, data[0], 1);
	CHECK_EQ(call_wait(&call), ERROR_INVALID_PARAMETER);
	CHECK_EQ(GetLastError(), 4711);
	end();
}
