// SPDX-License-Identifier: MIT
/*
 * The functions of winusb.h, those that block, against real devices, in a guest:
 *
 *	make -C tools/lib guest_winusb
 *	scripts/lab run --board=fx2 --board=composite -- tools/lib/build/native/guest_winusb
 */
#include <signal.h>
#include <unistd.h>

#include "guest.h"

TEST(opening)
{
	WINUSB_INTERFACE_HANDLE other;
	HANDLE plain;

	begin(FX2);
	CHECK(open_node(FX2, FILE_FLAG_OVERLAPPED) == INVALID_HANDLE_VALUE);
	CHECK_EQ(GetLastError(), ERROR_ACCESS_DENIED);
	CHECK(WinUsb_Initialize(file, &other));
	CHECK(other != handle);
	CHECK(WinUsb_Free(other));
	end();
	CHECK_FAILS(CloseHandle(file), ERROR_INVALID_HANDLE);
	plain = open_node(FX2, 0);
	CHECK(plain != INVALID_HANDLE_VALUE);
	CHECK_FAILS(WinUsb_Initialize(plain, &other), ERROR_INVALID_HANDLE);
	CHECK(CloseHandle(plain));
	/* Either order (winusb.md 8, row 11). */
	begin(FX2);
	CHECK(CloseHandle(file));
	CHECK_FAILS(WinUsb_ResetPipe(handle, IN), ERROR_INVALID_HANDLE);
	CHECK(WinUsb_Free(handle));
	CHECK(WinUsb_Free(handle));
}

TEST(wide_names)
{
	HANDLE wide = CreateFileW(L"/dev/winusb/1-1:1.0", GENERIC_READ | GENERIC_WRITE, 0, NULL,
				  OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);

	CHECK(wide != INVALID_HANDLE_VALUE);
	CHECK(CloseHandle(wide));
}

TEST(descriptors)
{
	static UCHAR buffer[70000];
	UCHAR speed = 0;
	WINUSB_PIPE_INFORMATION_EX more;
	WINUSB_PIPE_INFORMATION pipe;
	USB_INTERFACE_DESCRIPTOR interface;
	ULONG n = 77;

	begin(FX2);
	CHECK(WinUsb_GetDescriptor(handle, 1, 0, 0, buffer, 18, &n));
	CHECK(n == 18 && buffer[0] == 18 && buffer[8] == 0x47 && buffer[9] == 0x05);
	CHECK(WinUsb_GetDescriptor(handle, 2, 0, 0, buffer, 9, &n));
	CHECK(n == 9 && buffer[1] == 2);
	CHECK(WinUsb_GetDescriptor(handle, 2, 0, 0, buffer, sizeof(buffer), &n));
	CHECK_EQ(n, buffer[2]);
	CHECK(WinUsb_GetDescriptor(handle, 3, 1, 0x409, buffer, sizeof(buffer), &n));
	CHECK_EQ(n, buffer[0]);
	CHECK_FAILS(WinUsb_GetDescriptor(handle, 3, 77, 0x409, buffer, 255, &n), ERROR_GEN_FAILURE);
	CHECK_FAILS(WinUsb_GetDescriptor(handle, 1, 0, 0, buffer, 18, NULL),
		    ERROR_INVALID_PARAMETER);
	CHECK(WinUsb_QueryInterfaceSettings(handle, 0, &interface));
	CHECK(interface.bNumEndpoints == 3 && interface.bLength == 9);
	CHECK_FAILS(WinUsb_QueryInterfaceSettings(handle, 1, &interface), ERROR_NO_MORE_ITEMS);
	n = 1;
	CHECK(WinUsb_QueryDeviceInformation(handle, DEVICE_SPEED, &n, &speed));
	CHECK(n == 1 && speed == 3);
	n = 8;
	CHECK(WinUsb_QueryDeviceInformation(handle, DEVICE_SPEED, &n, buffer));
	CHECK_EQ(n, 1);
	n = 0;
	CHECK_FAILS(WinUsb_QueryDeviceInformation(handle, DEVICE_SPEED, &n, &speed), 1784);
	n = 1;
	CHECK_FAILS(WinUsb_QueryDeviceInformation(handle, 2, &n, &speed), ERROR_INVALID_PARAMETER);
	CHECK(WinUsb_QueryPipe(handle, 0, 0, &pipe));
	CHECK(pipe.PipeType == UsbdPipeTypeInterrupt && pipe.PipeId == SWITCHES);
	CHECK(WinUsb_QueryPipeEx(handle, 0, 2, &more));
	CHECK(more.PipeType == UsbdPipeTypeBulk && more.MaximumPacketSize == 512);
	CHECK_EQ(more.MaximumBytesPerInterval, 512);
	CHECK_FAILS(WinUsb_QueryPipe(handle, 0, 3, &pipe), ERROR_NO_MORE_ITEMS);
	CHECK_FAILS(WinUsb_QueryPipe(handle, 1, 0, &pipe), ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_QueryPipe(handle, 0, 0, NULL), ERROR_INVALID_PARAMETER);
	end();
}

TEST(policies)
{
	ULONG number = 5, length = 8;
	UCHAR bytes[8] = { 0 };

	begin(FX2);
	/* Smaller is refused, larger is taken (row 29). */
	CHECK_FAILS(WinUsb_SetPipePolicy(handle, IN, AUTO_FLUSH, 0, bytes),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_SetPipePolicy(handle, IN, PIPE_TRANSFER_TIMEOUT, 3, &number),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_SetPipePolicy(handle, IN, AUTO_FLUSH, 1, NULL), ERROR_INVALID_PARAMETER);
	CHECK(WinUsb_SetPipePolicy(handle, IN, AUTO_FLUSH, 4, &number));
	CHECK(WinUsb_GetPipePolicy(handle, IN, AUTO_FLUSH, &length, bytes));
	CHECK(length == 1 && bytes[0] == 1 && !bytes[1]);
	number = 1234;
	CHECK(WinUsb_SetPipePolicy(handle, IN, PIPE_TRANSFER_TIMEOUT, 8, (ULONG[]){ 1234, 99 }));
	length = 4, number = 0;
	CHECK(WinUsb_GetPipePolicy(handle, IN, PIPE_TRANSFER_TIMEOUT, &length, &number));
	CHECK(length == 4 && number == 1234);
	length = 3;
	CHECK_FAILS(WinUsb_GetPipePolicy(handle, IN, PIPE_TRANSFER_TIMEOUT, &length, &number),
		    1784);
	CHECK_FAILS(WinUsb_GetPipePolicy(handle, IN, AUTO_FLUSH, NULL, bytes), 1784);
	length = 4;
	CHECK_FAILS(WinUsb_GetPipePolicy(handle, IN, 0x55, &length, &number),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_GetPipePolicy(handle, 0x99, AUTO_FLUSH, &length, &number),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(set_number(IN, MAXIMUM_TRANSFER_SIZE, 4096), ERROR_INVALID_PARAMETER);
	CHECK(WinUsb_GetPipePolicy(handle, 0, PIPE_TRANSFER_TIMEOUT, &length, &number));
	CHECK_EQ(number, 5000);
	length = 1;
	CHECK(WinUsb_GetPowerPolicy(handle, AUTO_SUSPEND, &length, bytes));
	CHECK_EQ(length, 1);
	length = 4;
	CHECK(WinUsb_GetPowerPolicy(handle, SUSPEND_DELAY, &length, &number));
	CHECK(length == 4 && number == 5000);
	number = 700;
	CHECK(WinUsb_SetPowerPolicy(handle, SUSPEND_DELAY, 4, &number));
	CHECK_FAILS(WinUsb_SetPowerPolicy(handle, SUSPEND_DELAY, 2, &number),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_SetPowerPolicy(handle, 0x82, 4, &number), ERROR_INVALID_PARAMETER);
	/* Initialize sets the defaults. */
	CHECK(WinUsb_Initialize(file, &handle));
	CHECK(WinUsb_GetPipePolicy(handle, IN, PIPE_TRANSFER_TIMEOUT, &length, &number));
	CHECK_EQ(number, 0);
	end();
}

TEST(control_transfers)
{
	WINUSB_SETUP_PACKET set = { 0x40, 0xd8, 0, 0, 1 }, get = { 0xc0, 0xd7, 0, 0, 1 };
	WINUSB_SETUP_PACKET bad = { 0xc0, 0x01, 0, 0, 1 }, configuration = { 0x00, 9, 1, 0, 0 };
	OVERLAPPED overlapped = { 0 };
	UCHAR lamps = 0x5a, big[5000];
	ULONG n = 0;

	begin(FX2);
	CHECK(WinUsb_ControlTransfer(handle, set, &lamps, 1, &n, NULL) && n == 1);
	lamps = 0;
	CHECK(WinUsb_ControlTransfer(handle, get, &lamps, 1, &n, NULL) && n == 1 && lamps == 0x5a);
	lamps = 0;
	PENDING(WinUsb_ControlTransfer(handle, get, &lamps, 1, NULL, &overlapped));
	CHECK(WinUsb_GetOverlappedResult(handle, &overlapped, &n, TRUE) && n == 1 && lamps == 0x5a);
	CHECK_FAILS(WinUsb_ControlTransfer(handle, bad, &lamps, 1, &n, NULL), ERROR_GEN_FAILURE);
	CHECK_EQ(n, 0);
	CHECK_FAILS(WinUsb_ControlTransfer(handle, get, big, 4097, &n, NULL),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_ControlTransfer(handle, get, &lamps, 1, NULL, NULL),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_ControlTransfer(handle, configuration, NULL, 0, NULL, NULL),
		    ERROR_ACCESS_DENIED);
	CHECK_FAILS(WinUsb_ControlTransfer(handle, set, NULL, 1, &n, NULL), ERROR_NOACCESS);
	board("set silent-request=0xd7");
	CHECK(set_number(0, PIPE_TRANSFER_TIMEOUT, 50));
	CHECK_FAILS(WinUsb_ControlTransfer(handle, get, &lamps, 1, &n, NULL), ERROR_SEM_TIMEOUT);
	board("set silent-request=off");
	end();
}

static LONG interruptions;
static HANDLE interrupted;

static BOOL WINAPI goes_on(DWORD event)
{
	if (event == CTRL_C_EVENT)
		InterlockedIncrement(&interruptions);
	SetEvent(interrupted);
	return TRUE;
}

/* Once the test's own thread is in its transfer. */
static DWORD WINAPI interrupts(LPVOID unused)
{
	(void)unused;
	tap_await_asleep(getpid());
	kill(getpid(), SIGINT);
	return WaitForSingleObject(interrupted, 5000);
}

/* On Windows the handlers run in a thread of the system, and transfers do not notice. */
TEST(a_handler_of_Ctrl_C_does_not_end_transfers)
{
	WINUSB_SETUP_PACKET get = { 0xc0, 0xd7, 0, 0, 1 };
	UCHAR lamps;
	HANDLE thread;
	DWORD waited;
	ULONG n;

	begin(FX2);
	signal(SIGINT, SIG_DFL);	/* what started us may have ignored it */
	interrupted = CreateEventA(NULL, FALSE, FALSE, NULL);
	CHECK(SetConsoleCtrlHandler(goes_on, TRUE));
	board("set silent-request=0xd7");
	CHECK(set_number(0, PIPE_TRANSFER_TIMEOUT, 600));
	thread = CreateThread(NULL, 0, interrupts, NULL, 0, NULL);
	CHECK_FAILS(WinUsb_ControlTransfer(handle, get, &lamps, 1, &n, NULL), ERROR_SEM_TIMEOUT);
	CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
	CHECK(GetExitCodeThread(thread, &waited) && waited == WAIT_OBJECT_0);
	CHECK_EQ(interruptions, 1);
	CHECK(CloseHandle(thread));
	board("set silent-request=off");
	/* Nothing of that is left, and the thread itself hears signals as before. */
	CHECK(SetConsoleCtrlHandler(goes_on, FALSE));
	CHECK(SetConsoleCtrlHandler(goes_on, TRUE));
	raise(SIGINT);
	CHECK_EQ(WaitForSingleObject(interrupted, 5000), WAIT_OBJECT_0);
	CHECK_EQ(interruptions, 2);
	CHECK(SetConsoleCtrlHandler(goes_on, FALSE));
	CHECK(CloseHandle(interrupted));
	end();
}

TEST(reads_and_writes)
{
	UCHAR *buffer = data[0];
	ULONG n = 0;

	begin(FX2);
	feed("hello");
	CHECK(WinUsb_ReadPipe(handle, IN, buffer, 512, &n, NULL) && n == 5);
	CHECK(!memcmp(buffer, "hello", 5));
	/* What is not asked for is saved. */
	feed("0123456789");
	CHECK(WinUsb_ReadPipe(handle, IN, buffer, 4, &n, NULL) && n == 4);
	CHECK(WinUsb_ReadPipe(handle, IN, buffer, 6, &n, NULL) && n == 6);
	CHECK(!memcmp(buffer, "456789", 6));
	feed("0123456789");
	CHECK(WinUsb_ReadPipe(handle, IN, buffer, 4, &n, NULL) && n == 4);
	CHECK(WinUsb_FlushPipe(handle, IN));
	feed("next");
	CHECK(WinUsb_ReadPipe(handle, IN, buffer, 512, &n, NULL) && n == 4);
	CHECK_FAILS(WinUsb_FlushPipe(handle, OUT), ERROR_INVALID_PARAMETER);
	CHECK(WinUsb_ReadPipe(handle, IN, NULL, 0, &n, NULL) && n == 0);
	CHECK(WinUsb_WritePipe(handle, OUT, NULL, 0, &n, NULL) && n == 0);
	CHECK(WinUsb_ReadPipe(handle, IN, buffer, 512, &n, NULL) && n == 0);
	CHECK_FAILS(WinUsb_ReadPipe(handle, OUT, buffer, 512, &n, NULL), ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_WritePipe(handle, IN, buffer, 512, &n, NULL), ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_WritePipe(handle, 0, buffer, 8, &n, NULL), ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_ReadPipe(handle, 0x80, buffer, 8, &n, NULL), ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_ReadPipe(handle, 0x85, buffer, 8, &n, NULL), ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_ReadPipe(handle, IN, buffer, 8, NULL, NULL), ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_ReadPipe(handle, IN, (PUCHAR)16, 512, &n, NULL), ERROR_NOACCESS);
	CHECK(set_number(IN, PIPE_TRANSFER_TIMEOUT, 50));
	CHECK_FAILS(WinUsb_ReadPipe(handle, IN, buffer, 512, &n, NULL), ERROR_SEM_TIMEOUT);
	CHECK(set_number(IN, PIPE_TRANSFER_TIMEOUT, 0));
	CHECK(set_switch(IN, RAW_IO, 1));
	CHECK_FAILS(WinUsb_ReadPipe(handle, IN, buffer, 100, &n, NULL), ERROR_INVALID_FUNCTION);
	CHECK(set_switch(IN, RAW_IO, 0));
	CHECK(set_switch(IN, ALLOW_PARTIAL_READS, 0));
	feed("0123456789");
	CHECK_FAILS(WinUsb_ReadPipe(handle, IN, buffer, 4, &n, NULL), ERROR_GEN_FAILURE);
	end();
}

TEST(stalls)
{
	ULONG n;

	begin(FX2);
	board("set stall=0x88");
	CHECK_FAILS(WinUsb_ReadPipe(handle, IN, data[0], 512, &n, NULL), ERROR_GEN_FAILURE);
	CHECK_FAILS(WinUsb_ReadPipe(handle, IN, data[0], 512, &n, NULL), ERROR_GEN_FAILURE);
	CHECK(WinUsb_ResetPipe(handle, IN));
	feed("again");
	CHECK(WinUsb_ReadPipe(handle, IN, data[0], 512, &n, NULL) && n == 5);
	CHECK(WinUsb_ResetPipe(handle, 0));
	CHECK(WinUsb_AbortPipe(handle, 0));
	CHECK_FAILS(WinUsb_FlushPipe(handle, 0), ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_ResetPipe(handle, 0x99), ERROR_INVALID_PARAMETER);
	end();
}

TEST(associated_interfaces)
{
	WINUSB_INTERFACE_HANDLE second, again;
	WINUSB_SETUP_PACKET echo = { 0xc1, 0x55, 0x1234, 0xaa77, 8 };
	WINUSB_PIPE_INFORMATION pipe;
	UCHAR setup[8];
	ULONG n;

	begin(JOINED);
	/* The lab binds the whole device, so the function has all four. */
	CHECK_FAILS(WinUsb_GetAssociatedInterface(handle, 3, &second), ERROR_NO_MORE_ITEMS);
	CHECK_FAILS(WinUsb_GetAssociatedInterface(handle, 255, &second), ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_GetAssociatedInterface(handle, 0, NULL), ERROR_INVALID_PARAMETER);
	CHECK(WinUsb_GetAssociatedInterface(handle, 0, &second));
	CHECK_FAILS(WinUsb_GetAssociatedInterface(handle, 0, &again), ERROR_ALREADY_EXISTS);
	CHECK_FAILS(WinUsb_GetAssociatedInterface(second, 0, &again), ERROR_INVALID_PARAMETER);
	CHECK(WinUsb_QueryPipe(second, 0, 0, &pipe));
	CHECK_EQ(pipe.PipeId & 0x0f, 2);
	/* The low byte of wIndex is the interface's, the high byte the caller's. */
	CHECK(WinUsb_ControlTransfer(second, echo, setup, 8, &n, NULL) && n == 8);
	CHECK(setup[4] == 1 && setup[5] == 0xaa);
	CHECK(WinUsb_ControlTransfer(handle, echo, setup, 8, &n, NULL) && setup[4] == 0);
	CHECK_FAILS(WinUsb_WritePipe(handle, 2, setup, 8, &n, NULL), ERROR_INVALID_PARAMETER);
	CHECK(WinUsb_WritePipe(second, 2, setup, 8, &n, NULL));
	CHECK(WinUsb_ReadPipe(second, 0x82, data[0], 512, &n, NULL) && n == 8);
	CHECK(WinUsb_Free(second));
	CHECK_FAILS(WinUsb_ResetPipe(second, 2), ERROR_INVALID_HANDLE);
	CHECK(WinUsb_GetAssociatedInterface(handle, 0, &second));
	/* The default handle goes first. */
	CHECK(WinUsb_Free(handle));
	CHECK(WinUsb_WritePipe(second, 2, setup, 8, &n, NULL));
	CHECK(WinUsb_Free(second));
	CHECK(CloseHandle(file));
}

TEST(alternate_settings)
{
	OVERLAPPED overlapped = { 0 };
	WINUSB_PIPE_INFORMATION pipe;
	UCHAR setting = 9;
	ULONG n;

	begin(SETTINGS);
	CHECK(WinUsb_GetCurrentAlternateSetting(handle, &setting) && !setting);
	CHECK_FAILS(WinUsb_QueryPipe(handle, 0, 0, &pipe), ERROR_NO_MORE_ITEMS);
	CHECK(WinUsb_QueryPipe(handle, 1, 0, &pipe));
	CHECK_FAILS(WinUsb_SetCurrentAlternateSetting(handle, 9), ERROR_NOT_FOUND);
	CHECK_FAILS(WinUsb_ReadPipe(handle, 0x84, data[0], 512, &n, NULL), ERROR_INVALID_PARAMETER);
	CHECK(WinUsb_SetCurrentAlternateSetting(handle, 1));
	PENDING(WinUsb_ReadPipe(handle, 0x84, data[0], 512, NULL, &overlapped));
	CHECK_FAILS(WinUsb_SetCurrentAlternateSetting(handle, 2), ERROR_BUSY);
	CHECK_FAILS(WinUsb_ResetPipe(handle, 0x84), ERROR_BUSY);
	CHECK(!HasOverlappedIoCompleted(&overlapped));
	CHECK(WinUsb_AbortPipe(handle, 0x84));
	CHECK(HasOverlappedIoCompleted(&overlapped));
	CHECK(WinUsb_SetCurrentAlternateSetting(handle, 3));
	CHECK_FAILS(WinUsb_ReadPipe(handle, 0x86, data[0], 512, &n, NULL), ERROR_INVALID_PARAMETER);
	end();
	begin(SETTINGS);
	CHECK(WinUsb_GetCurrentAlternateSetting(handle, &setting) && !setting);
	end();
}
