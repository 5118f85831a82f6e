// SPDX-License-Identifier: MIT
/*
 * Isochronous transfers and time synchronisation: the driver has neither yet. The functions
 * check what they are given, and say so. No buffer can be registered, so no buffer's handle is
 * valid.
 */
#include <winusb.h>

#include "error.h"
#include "interface.h"

#define MS_PER_S	1000

static BOOL isoch_refuse(WINUSB_INTERFACE_HANDLE handle, bool good)
{
	struct interface *interface = interface_get(handle);

	if (!interface)
		return FALSE;
	interface_put(interface);
	return error_fail(good ? ERROR_NOT_SUPPORTED : ERROR_INVALID_PARAMETER);
}

BOOL WINAPI WinUsb_RegisterIsochBuffer(WINUSB_INTERFACE_HANDLE handle, UCHAR pipe, PUCHAR buffer,
				       ULONG length, PWINUSB_ISOCH_BUFFER_HANDLE isoch)
{
	return isoch_refuse(handle, pipe & 0x0f && buffer && length && isoch);
}

static BOOL isoch_refuse_buffer(WINUSB_ISOCH_BUFFER_HANDLE isoch, bool good)
{
	if (!isoch)
		return error_fail(ERROR_INVALID_HANDLE);
	return error_fail(good ? ERROR_NOT_SUPPORTED : ERROR_INVALID_PARAMETER);
}

BOOL WINAPI WinUsb_UnregisterIsochBuffer(WINUSB_ISOCH_BUFFER_HANDLE isoch)
{
	return isoch_refuse_buffer(isoch, true);
}

BOOL WINAPI WinUsb_ReadIsochPipe(WINUSB_ISOCH_BUFFER_HANDLE isoch, ULONG offset, ULONG length,
				 PULONG frame, ULONG count, PUSBD_ISO_PACKET_DESCRIPTOR packets,
				 LPOVERLAPPED overlapped)
{
	(void)offset;
	(void)overlapped;
	return isoch_refuse_buffer(isoch, length && frame && count && packets);
}

BOOL WINAPI WinUsb_ReadIsochPipeAsap(WINUSB_ISOCH_BUFFER_HANDLE isoch, ULONG offset, ULONG length,
				     BOOL go_on, ULONG count, PUSBD_ISO_PACKET_DESCRIPTOR packets,
				     LPOVERLAPPED overlapped)
{
	(void)offset;
	(void)go_on;
	(void)overlapped;
	return isoch_refuse_buffer(isoch, length && count && packets);
}

BOOL WINAPI WinUsb_WriteIsochPipe(WINUSB_ISOCH_BUFFER_HANDLE isoch, ULONG offset, ULONG length,
				  PULONG frame, LPOVERLAPPED overlapped)
{
	(void)offset;
	(void)overlapped;
	return isoch_refuse_buffer(isoch, length && frame);
}

BOOL WINAPI WinUsb_WriteIsochPipeAsap(WINUSB_ISOCH_BUFFER_HANDLE isoch, ULONG offset, ULONG length,
				      BOOL go_on, LPOVERLAPPED overlapped)
{
	(void)offset;
	(void)go_on;
	(void)overlapped;
	return isoch_refuse_buffer(isoch, length);
}

BOOL WINAPI WinUsb_GetCurrentFrameNumber(WINUSB_INTERFACE_HANDLE handle, PULONG frame,
					 LARGE_INTEGER *time)
{
	return isoch_refuse(handle, frame && time);
}

/* The frame that the bus is in now, given the one that it was in at that time: frames take 1 ms. */
BOOL WINAPI WinUsb_GetAdjustedFrameNumber(PULONG frame, LARGE_INTEGER time)
{
	LARGE_INTEGER now, frequency;
	LONGLONG elapsed;

	if (!frame)
		return error_fail(ERROR_INVALID_PARAMETER);
	QueryPerformanceCounter(&now);
	QueryPerformanceFrequency(&frequency);
	elapsed = now.QuadPart - time.QuadPart;
	*frame += (ULONG)(elapsed / frequency.QuadPart * MS_PER_S +
			  elapsed % frequency.QuadPart * MS_PER_S / frequency.QuadPart);
	return TRUE;
}

/* These give INVALID_HANDLE for either pointer (winusb.md 1.8). */
static BOOL isoch_refuse_sync(WINUSB_INTERFACE_HANDLE handle, const void *information)
{
	if (!information)
		return error_fail(ERROR_INVALID_HANDLE);
	return isoch_refuse(handle, true);
}

BOOL WINAPI WinUsb_StartTrackingForTimeSync(
	WINUSB_INTERFACE_HANDLE handle, PUSB_START_TRACKING_FOR_TIME_SYNC_INFORMATION information)
{
	return isoch_refuse_sync(handle, information);
}

BOOL WINAPI WinUsb_GetCurrentFrameNumberAndQpc(
	WINUSB_INTERFACE_HANDLE handle,
	PUSB_FRAME_NUMBER_AND_QPC_FOR_TIME_SYNC_INFORMATION information)
{
	return isoch_refuse_sync(handle, information);
}

BOOL WINAPI WinUsb_StopTrackingForTimeSync(WINUSB_INTERFACE_HANDLE handle,
					   PUSB_STOP_TRACKING_FOR_TIME_SYNC_INFORMATION information)
{
	return isoch_refuse_sync(handle, information);
}
