// SPDX-License-Identifier: MIT
/*
 * Isochronous streams in both directions. The reads are a ring of overlapped transfers, one slice
 * each of one registered buffer, and what comes is the sum of what the packets say. The writes
 * begin in a frame that is asked for, some time ahead of the current one, and each next one in the
 * frame after the one before. The device checks what it is sent, and tells.
 *
 *	isoch [TRANSFERS]
 */
#include <windows.h>
#include <initguid.h>
#include <cfgmgr32.h>
#include <winusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DEFINE_GUID(GUID_DEVINTERFACE_ISO_BOARD,
	    0x7c3f9a51, 0x64de, 0x4b0a, 0x9e, 0x21, 0x5f, 0x1d, 0x8c, 0x2b, 0x7a, 0x06);

#define SETTING		3	/* 512 bytes each millisecond, in and out */
#define RING		8
#define FRAMES		10	/* of a transfer */
#define LATENCY		200	/* frames; a machine that is less busy needs 5 */
#define GET_STATISTICS	0xb0

typedef struct {
	WINUSB_PIPE_INFORMATION_EX Pipe;
	WINUSB_ISOCH_BUFFER_HANDLE Handle;
	PUCHAR Buffer;
	ULONG Packets, TransferLength;
	OVERLAPPED Overlapped[RING];
	HANDLE Events[RING];
	PUSBD_ISO_PACKET_DESCRIPTOR Descriptors;
} STREAM;

#pragma pack(push, 1)
typedef struct {
	ULONG Good, Bad, Empty, Gaps, Missing, Duplicates, First, Next;
	ULONGLONG Bytes;
} STATISTICS;
#pragma pack(pop)

static HANDLE Device;
static WINUSB_INTERFACE_HANDLE Usb;
static ULONG Transfers = 50;

static BOOL Fail(const char *What)
{
	fprintf(stderr, "%s: error %lu\n", What, GetLastError());
	return FALSE;
}

static BOOL Open(void)
{
	GUID Guid = GUID_DEVINTERFACE_ISO_BOARD;
	ULONG Length = 0;
	char *List;

	if (CM_Get_Device_Interface_List_SizeA(&Length, &Guid, NULL,
					       CM_GET_DEVICE_INTERFACE_LIST_PRESENT) != CR_SUCCESS)
		return FALSE;
	List = (char *)calloc(Length + 1, 1);
	if (!List || CM_Get_Device_Interface_ListA(&Guid, NULL, List, Length,
						   CM_GET_DEVICE_INTERFACE_LIST_PRESENT) !=
			     CR_SUCCESS)
		return FALSE;
	Device = CreateFileA(List, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
			     NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
	free(List);
	if (Device == INVALID_HANDLE_VALUE)
		return Fail("CreateFile");
	if (!WinUsb_Initialize(Device, &Usb))
		return Fail("WinUsb_Initialize");
	if (!WinUsb_SetCurrentAlternateSetting(Usb, SETTING))
		return Fail("WinUsb_SetCurrentAlternateSetting");
	return TRUE;
}

/* How many packets there are in FRAMES frames: at high speed bInterval is a power of 2. */
static ULONG PacketsOfTransfer(const WINUSB_PIPE_INFORMATION_EX *Pipe)
{
	UCHAR Speed = 0;
	ULONG Length = sizeof(Speed);

	if (!WinUsb_QueryDeviceInformation(Usb, DEVICE_SPEED, &Length, &Speed))
		return 0;
	return Speed == HighSpeed ? FRAMES * 8 >> (Pipe->Interval - 1) : FRAMES;
}

static BOOL FindPipe(WINUSB_PIPE_INFORMATION_EX *Pipe, BOOL In)
{
	for (UCHAR i = 0; WinUsb_QueryPipeEx(Usb, SETTING, i, Pipe); i++)
		if (Pipe->PipeType == UsbdPipeTypeIsochronous &&
		    !USB_ENDPOINT_DIRECTION_IN(Pipe->PipeId) == !In)
			return TRUE;
	return Fail("WinUsb_QueryPipeEx");
}

static BOOL Prepare(STREAM *Stream, BOOL In)
{
	if (!FindPipe(&Stream->Pipe, In))
		return FALSE;
	Stream->Packets = PacketsOfTransfer(&Stream->Pipe);
	Stream->TransferLength = Stream->Packets * Stream->Pipe.MaximumBytesPerInterval;
	Stream->Buffer = (PUCHAR)calloc(RING, Stream->TransferLength);
	Stream->Descriptors = (PUSBD_ISO_PACKET_DESCRIPTOR)calloc(RING * Stream->Packets,
								   sizeof(*Stream->Descriptors));
	if (!Stream->Buffer || !Stream->Descriptors)
		return FALSE;
	for (int i = 0; i < RING; i++) {
		Stream->Events[i] = CreateEvent(NULL, TRUE, FALSE, NULL);
		Stream->Overlapped[i].hEvent = Stream->Events[i];
	}
	if (!WinUsb_RegisterIsochBuffer(Usb, Stream->Pipe.PipeId, Stream->Buffer,
					RING * Stream->TransferLength, &Stream->Handle))
		return Fail("WinUsb_RegisterIsochBuffer");
	return TRUE;
}

static BOOL End(STREAM *Stream)
{
	BOOL Good = WinUsb_AbortPipe(Usb, Stream->Pipe.PipeId) &&
		    WinUsb_UnregisterIsochBuffer(Stream->Handle);

	if (!Good)
		Fail("WinUsb_UnregisterIsochBuffer");
	for (int i = 0; i < RING; i++)
		CloseHandle(Stream->Events[i]);
	free(Stream->Descriptors);
	free(Stream->Buffer);
	return Good;
}

/* With ContinueStream if that is possible, otherwise a new stream, as after a gap. */
static BOOL SubmitRead(STREAM *Stream, ULONG Slot, BOOL Continue)
{
	PUSBD_ISO_PACKET_DESCRIPTOR Descriptors = Stream->Descriptors + Slot * Stream->Packets;

	if (WinUsb_ReadIsochPipeAsap(Stream->Handle, Slot * Stream->TransferLength,
				     Stream->TransferLength, Continue, Stream->Packets, Descriptors,
				     &Stream->Overlapped[Slot]) ||
	    GetLastError() == ERROR_IO_PENDING)
		return TRUE;
	if (Continue && GetLastError() == ERROR_INVALID_PARAMETER)
		return SubmitRead(Stream, Slot, FALSE);
	return Fail("WinUsb_ReadIsochPipeAsap");
}

/* The next transfer in the order of the ring. FALSE: it failed, but for a stream that had a gap. */
static BOOL TakeRead(STREAM *Stream, ULONG Slot, ULONG *Bytes, ULONG *Errors)
{
	PUSBD_ISO_PACKET_DESCRIPTOR Descriptors = Stream->Descriptors + Slot * Stream->Packets;
	DWORD Unused;

	if (WaitForSingleObject(Stream->Events[Slot], 10000) != WAIT_OBJECT_0)
		return Fail("WaitForSingleObject");
	if (!WinUsb_GetOverlappedResult(Usb, &Stream->Overlapped[Slot], &Unused, FALSE)) {
		if (GetLastError() != ERROR_INVALID_PARAMETER)
			return Fail("WinUsb_GetOverlappedResult");
		return TRUE;
	}
	for (ULONG i = 0; i < Stream->Packets; i++) {
		*Bytes += Descriptors[i].Length;
		if (!USBD_SUCCESS(Descriptors[i].Status))
			++*Errors;
	}
	return TRUE;
}

static BOOL Read(STREAM *Stream)
{
	ULONG Bytes = 0, Errors = 0;

	if (!Prepare(Stream, TRUE))
		return FALSE;
	for (ULONG i = 0; i < RING; i++)
		if (!SubmitRead(Stream, i, i > 0))
			return FALSE;
	for (ULONG i = 0; i < Transfers; i++)
		if (!TakeRead(Stream, i % RING, &Bytes, &Errors) ||
		    !SubmitRead(Stream, i % RING, TRUE))
			return FALSE;
	printf("Read: %lu bytes in %lu transfers, %lu packets in error\n", Bytes, Transfers, Errors);
	return Bytes > 0 && End(Stream);
}

/* A packet begins with its number. */
static void Fill(STREAM *Stream, ULONG Slot, ULONG Number)
{
	ULONG Length = Stream->Pipe.MaximumBytesPerInterval;

	for (ULONG i = 0; i < Stream->Packets; i++, Number++) {
		PUCHAR Packet = Stream->Buffer + Slot * Stream->TransferLength + i * Length;

		ZeroMemory(Packet, 8);
		memcpy(Packet, &Number, sizeof(Number));
		for (ULONG n = 8; n < Length; n++)
			Packet[n] = (UCHAR)(Number * 31 + n * 7 + (n >> 8));
	}
}

static BOOL SubmitWrite(STREAM *Stream, ULONG Slot, PULONG Frame)
{
	if (WinUsb_WriteIsochPipe(Stream->Handle, Slot * Stream->TransferLength,
				  Stream->TransferLength, Frame, &Stream->Overlapped[Slot]) ||
	    GetLastError() == ERROR_IO_PENDING)
		return TRUE;
	return Fail("WinUsb_WriteIsochPipe");
}

static BOOL TakeWrite(STREAM *Stream, ULONG Slot)
{
	DWORD Unused;

	if (WaitForSingleObject(Stream->Events[Slot], 10000) != WAIT_OBJECT_0)
		return Fail("WaitForSingleObject");
	if (!WinUsb_GetOverlappedResult(Usb, &Stream->Overlapped[Slot], &Unused, FALSE))
		return Fail("WinUsb_GetOverlappedResult");
	return TRUE;
}

/* A ring full, the first in a frame that is asked for and each in the one after the one before. */
static BOOL WriteRing(STREAM *Stream, ULONG First)
{
	LARGE_INTEGER TimeStamp;
	ULONG Frame, Begin;

	if (!WinUsb_GetCurrentFrameNumber(Usb, &Frame, &TimeStamp) ||
	    !WinUsb_GetAdjustedFrameNumber(&Frame, TimeStamp))
		return Fail("WinUsb_GetCurrentFrameNumber");
	Begin = Frame += LATENCY;
	for (ULONG i = 0; i < RING; i++) {
		Fill(Stream, i, First + i * Stream->Packets);
		if (!SubmitWrite(Stream, i, &Frame))
			return FALSE;
	}
	if (Frame != Begin + RING * FRAMES) {
		fprintf(stderr, "%d frames end in frame %lu after %lu\n", RING * FRAMES, Frame,
			Begin);
		return FALSE;
	}
	for (ULONG i = 0; i < RING; i++)
		if (!TakeWrite(Stream, i))
			return FALSE;
	return TRUE;
}

static BOOL Write(STREAM *Stream)
{
	WINUSB_SETUP_PACKET Setup = { 0xc0, GET_STATISTICS, 0, 0, sizeof(STATISTICS) };
	STATISTICS Statistics;
	ULONG Packets, Moved;

	if (!Prepare(Stream, FALSE))
		return FALSE;
	Packets = RING * Stream->Packets;
	for (ULONG i = 0; i < 2; i++)
		if (!WriteRing(Stream, i * Packets))
			return FALSE;
	if (!WinUsb_ControlTransfer(Usb, Setup, (PUCHAR)&Statistics, sizeof(Statistics), &Moved,
				    NULL))
		return Fail("WinUsb_ControlTransfer");
	printf("Write: %lu of %lu packets came, %lu of them spoilt, with %lu gaps\n",
	       Statistics.Good, 2 * Packets, Statistics.Bad, Statistics.Gaps);
	return Statistics.Good == 2 * Packets && !Statistics.Bad && !Statistics.Gaps && End(Stream);
}

int main(int argc, char **argv)
{
	static STREAM In, Out;
	BOOL Good;

	if (argc > 1)
		Transfers = strtoul(argv[1], NULL, 10);
	if (!Open())
		return 1;
	Good = Read(&In) && Write(&Out);
	WinUsb_Free(Usb);
	CloseHandle(Device);
	return Good ? 0 : 1;
}
