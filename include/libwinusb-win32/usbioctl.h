/* SPDX-License-Identifier: MIT */
/* Structures of time synchronisation */
#ifndef _LIBWINUSB_WIN32_USBIOCTL_H
#define _LIBWINUSB_WIN32_USBIOCTL_H

#include "usb.h"
#include "usbiodef.h"

#pragma pack(push, 1)

typedef struct _USB_START_TRACKING_FOR_TIME_SYNC_INFORMATION {
	HANDLE TimeTrackingHandle;
	BOOLEAN IsStartupDelayTolerable;
} USB_START_TRACKING_FOR_TIME_SYNC_INFORMATION, *PUSB_START_TRACKING_FOR_TIME_SYNC_INFORMATION;

typedef struct _USB_STOP_TRACKING_FOR_TIME_SYNC_INFORMATION {
	HANDLE TimeTrackingHandle;
} USB_STOP_TRACKING_FOR_TIME_SYNC_INFORMATION, *PUSB_STOP_TRACKING_FOR_TIME_SYNC_INFORMATION;

typedef struct _USB_FRAME_NUMBER_AND_QPC_FOR_TIME_SYNC_INFORMATION {
	HANDLE TimeTrackingHandle;
	ULONG InputFrameNumber;
	ULONG InputMicroFrameNumber;
	LARGE_INTEGER QueryPerformanceCounterAtInputFrameOrMicroFrame;
	LARGE_INTEGER QueryPerformanceCounterFrequency;
	ULONG PredictedAccuracyInMicroSeconds;
	ULONG CurrentGenerationID;
	LARGE_INTEGER CurrentQueryPerformanceCounter;
	ULONG CurrentHardwareFrameNumber;
	ULONG CurrentHardwareMicroFrameNumber;
	ULONG CurrentUSBFrameNumber;
} USB_FRAME_NUMBER_AND_QPC_FOR_TIME_SYNC_INFORMATION,
	*PUSB_FRAME_NUMBER_AND_QPC_FOR_TIME_SYNC_INFORMATION;

#pragma pack(pop)

#endif /* _LIBWINUSB_WIN32_USBIOCTL_H */
