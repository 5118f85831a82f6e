// SPDX-License-Identifier: MIT
/*
 * A ring of overlapped reads, each with an event of its own, as programs do that must not lose
 * data: a thread writes numbered blocks into the FX2's loopback, this one takes them in order, and
 * waits for a stop event at the same time. The switches are read beside it.
 *
 *	ring [BLOCKS]
 */
#include <windows.h>
#include <initguid.h>
#include <setupapi.h>
#include <winusb.h>
#include <process.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DEFINE_GUID(GUID_DEVINTERFACE_OSRUSBFX2,
	    0x573e8c73, 0x0cb4, 0x4471, 0xa1, 0xbf, 0xfa, 0xb2, 0x6c, 0x31, 0xd3, 0x84);

#define BULK_IN		0x88
#define BULK_OUT	0x06
#define INTERRUPT_IN	0x81
#define RING		8
#define BLOCK		512

typedef struct {
	OVERLAPPED Overlapped;
	UCHAR Buffer[BLOCK];
} SLOT;

static HANDLE DeviceHandle, StopEvent;
static WINUSB_INTERFACE_HANDLE UsbHandle;
static SLOT Ring[RING];
static volatile LONG Written;
static LONG Blocks = 500;

static HANDLE OpenFirst(const GUID *Guid)
{
	HDEVINFO List = SetupDiGetClassDevsA(Guid, NULL, NULL,
					     DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	SP_DEVICE_INTERFACE_DATA Interface = { sizeof(Interface) };
	PSP_DEVICE_INTERFACE_DETAIL_DATA_A Detail;
	HANDLE Device = INVALID_HANDLE_VALUE;
	DWORD Size = 0;

	if (List == INVALID_HANDLE_VALUE)
		return INVALID_HANDLE_VALUE;
	if (SetupDiEnumDeviceInterfaces(List, NULL, Guid, 0, &Interface)) {
		SetupDiGetDeviceInterfaceDetailA(List, &Interface, NULL, 0, &Size, NULL);
		Detail = (PSP_DEVICE_INTERFACE_DETAIL_DATA_A)HeapAlloc(GetProcessHeap(),
								       HEAP_ZERO_MEMORY,
								       Size);
		Detail->cbSize = sizeof(*Detail);
		if (SetupDiGetDeviceInterfaceDetailA(List, &Interface, Detail, Size, NULL, NULL))
			Device = CreateFileA(Detail->DevicePath, GENERIC_READ | GENERIC_WRITE,
					     FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
					     FILE_FLAG_OVERLAPPED, NULL);
		HeapFree(GetProcessHeap(), 0, Detail);
	}
	SetupDiDestroyDeviceInfoList(List);
	return Device;
}

/* Block N is N, then as many bytes as it takes to be between 4 and 512 long. */
static ULONG BlockLength(LONG Number)
{
	return 4 + (ULONG)Number * 37 % (BLOCK - 3);
}

static unsigned __stdcall Writer(void *Unused)
{
	UCHAR Block[BLOCK];
	ULONG Length, Sent;

	(void)Unused;
	SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_ABOVE_NORMAL);
	for (LONG i = 0; i < Blocks; i++) {
		Length = BlockLength(i);
		memset(Block, (int)i & 0xff, sizeof(Block));
		memcpy(Block, &i, sizeof(i));
		if (!WinUsb_WritePipe(UsbHandle, BULK_OUT, Block, Length, &Sent, NULL) ||
		    Sent != Length) {
			fprintf(stderr, "WinUsb_WritePipe: error %lu\n", GetLastError());
			SetEvent(StopEvent);
			return 1;
		}
		InterlockedIncrement(&Written);
	}
	return 0;
}

static BOOL Submit(SLOT *Slot)
{
	if (WinUsb_ReadPipe(UsbHandle, BULK_IN, Slot->Buffer, sizeof(Slot->Buffer), NULL,
			    &Slot->Overlapped))
		return TRUE;
	if (GetLastError() == ERROR_IO_PENDING)
		return TRUE;
	fprintf(stderr, "WinUsb_ReadPipe: error %lu\n", GetLastError());
	return FALSE;
}

static BOOL Take(SLOT *Slot, LONG Expected)
{
	DWORD Received;
	LONG Number;

	if (!WinUsb_GetOverlappedResult(UsbHandle, &Slot->Overlapped, &Received, FALSE)) {
		fprintf(stderr, "WinUsb_GetOverlappedResult: error %lu\n", GetLastError());
		return FALSE;
	}
	memcpy(&Number, Slot->Buffer, sizeof(Number));
	if (Number != Expected || Received != BlockLength(Expected)) {
		fprintf(stderr, "block %ld of %lu bytes came instead of block %ld\n", (long)Number,
			Received,
			(long)Expected);
		return FALSE;
	}
	return TRUE;
}

/* Two events at a time: the oldest read, and stop. */
static BOOL Reader(void)
{
	HANDLE Events[2];

	for (LONG i = 0; i < Blocks; i++) {
		SLOT *Slot = &Ring[i % RING];

		Events[0] = StopEvent;
		Events[1] = Slot->Overlapped.hEvent;
		switch (WaitForMultipleObjects(2, Events, FALSE, 10000)) {
		case WAIT_OBJECT_0:
			fprintf(stderr, "stopped\n");
			return FALSE;
		case WAIT_OBJECT_0 + 1:
			if (!Take(Slot, i) || !Submit(Slot))
				return FALSE;
			break;
		case WAIT_TIMEOUT:
			fprintf(stderr, "block %ld does not come\n", (long)i);
			return FALSE;
		default:
			fprintf(stderr, "WaitForMultipleObjects: error %lu\n", GetLastError());
			return FALSE;
		}
	}
	return TRUE;
}

/* What is still under way is cancelled, and each read ends with the error for that. */
static BOOL Cancel(void)
{
	HANDLE Events[RING];
	DWORD Received;
	BOOL Good = TRUE;

	for (int i = 0; i < RING; i++)
		Events[i] = Ring[i].Overlapped.hEvent;
	if (!WinUsb_AbortPipe(UsbHandle, BULK_IN)) {
		fprintf(stderr, "WinUsb_AbortPipe: error %lu\n", GetLastError());
		return FALSE;
	}
	if (WaitForMultipleObjects(RING, Events, TRUE, 5000) >= WAIT_OBJECT_0 + RING) {
		fprintf(stderr, "aborted reads do not end\n");
		return FALSE;
	}
	for (int i = 0; i < RING; i++)
		if (WinUsb_GetOverlappedResult(UsbHandle, &Ring[i].Overlapped, &Received, TRUE) ||
		    GetLastError() != ERROR_OPERATION_ABORTED)
			Good = FALSE;
	if (!Good)
		fprintf(stderr, "an aborted read ended in another way\n");
	return Good;
}

static BOOL Switches(void)
{
	OVERLAPPED Overlapped;
	UCHAR State[8];
	DWORD Received;
	BOOL Good;

	ZeroMemory(&Overlapped, sizeof(Overlapped));
	Overlapped.hEvent = CreateEvent(NULL, TRUE, FALSE, NULL);
	Good = !WinUsb_ReadPipe(UsbHandle, INTERRUPT_IN, State, sizeof(State), NULL, &Overlapped) &&
	       GetLastError() == ERROR_IO_PENDING;
	if (Good && WaitForSingleObject(Overlapped.hEvent, 20) == WAIT_TIMEOUT) {
		Good = !WinUsb_GetOverlappedResult(UsbHandle, &Overlapped, &Received, FALSE) &&
		       GetLastError() == ERROR_IO_INCOMPLETE && CancelIoEx(DeviceHandle, &Overlapped) &&
		       !WinUsb_GetOverlappedResult(UsbHandle, &Overlapped, &Received, TRUE) &&
		       GetLastError() == ERROR_OPERATION_ABORTED;
	}
	CloseHandle(Overlapped.hEvent);
	printf("Switches: %s\n", Good ? "asked, and cancelled" : "error");
	return Good;
}

int main(int argc, char **argv)
{
	HANDLE Thread;
	DWORD ExitCode = 1;
	BOOL Good = TRUE;

	if (argc > 1)
		Blocks = atol(argv[1]);
	DeviceHandle = OpenFirst(&GUID_DEVINTERFACE_OSRUSBFX2);
	if (DeviceHandle == INVALID_HANDLE_VALUE || !WinUsb_Initialize(DeviceHandle, &UsbHandle)) {
		fprintf(stderr, "cannot open the device: error %lu\n", GetLastError());
		return 1;
	}
	StopEvent = CreateEvent(NULL, TRUE, FALSE, NULL);
	for (int i = 0; i < RING && Good; i++) {
		Ring[i].Overlapped.hEvent = CreateEvent(NULL, TRUE, FALSE, NULL);
		Good = Submit(&Ring[i]);
	}
	Thread = (HANDLE)_beginthreadex(NULL, 0, Writer, NULL, 0, NULL);
	if (!Thread)
		return 1;
	Good = Good && Reader();
	if (!Good)
		WinUsb_AbortPipe(UsbHandle, BULK_OUT);
	WaitForSingleObject(Thread, INFINITE);
	GetExitCodeThread(Thread, &ExitCode);
	CloseHandle(Thread);
	printf("Ring: %ld of %ld blocks written, %s\n", (long)Written, (long)Blocks,
	       Good ? "all came in order" : "not all came");
	Good = Cancel() && Good && ExitCode == 0 && Switches();
	for (int i = 0; i < RING; i++)
		CloseHandle(Ring[i].Overlapped.hEvent);
	CloseHandle(StopEvent);
	WinUsb_Free(UsbHandle);
	CloseHandle(DeviceHandle);
	return Good ? 0 : 1;
}
