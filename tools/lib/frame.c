// SPDX-License-Identifier: MIT
/*
 * Frames of the bus and the time (winusb.md 1.7, 1.8). The driver says when a frame began, by the
 * clock that QueryPerformanceCounter is; all others are milliseconds away from it. So tracking is
 * nothing that goes on, and its handle stands only for the permission to ask.
 */
#include <stdlib.h>

#include <winusb.h>

#include "core.h"
#include "error.h"
#include "interface.h"

#define MS_PER_S	1000
#define NS_PER_S	1000000000LL
#define NS_PER_FRAME	1000000LL
#define NS_PER_MICRO	125000LL
#define MICROFRAMES	8
#define DRIFT		2000	/* a bus may lose 1 in so many (USB 2.0, 7.1.12), as may a clock */

struct tracking {
	struct object object;
	struct file *file;	/* a reference */
};

static LONGLONG frame_ticks(int64_t ns)
{
	LARGE_INTEGER frequency;

	QueryPerformanceFrequency(&frequency);
	return ns / (NS_PER_S / frequency.QuadPart);
}

BOOL WINAPI WinUsb_GetCurrentFrameNumber(WINUSB_INTERFACE_HANDLE handle, PULONG frame,
					 LARGE_INTEGER *time)
{
	struct interface *interface = interface_get(handle);
	struct winusb_get_frame arg = { 0 };
	int result = -EINVAL;

	if (!interface)
		return FALSE;
	if (frame && time)
		result = interface_try(interface, GET_FRAME, &arg);
	if (!result) {
		*frame = arg.out_frame;
		time->QuadPart = frame_ticks(arg.out_time_ns);
	}
	interface_put(interface);
	return error_result(result, ERROR_AT_COMMAND);
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

static void tracking_destroy(struct object *object)
{
	struct tracking *tracking = (struct tracking *)object;

	file_put(tracking->file);
	free(tracking);
}

static const struct object_type tracking_type = {
	.kind = OBJECT_TRACKING,
	.destroy = tracking_destroy,
};

static HANDLE tracking_open(struct file *file)
{
	struct tracking *tracking = malloc(sizeof(*tracking));

	if (!tracking)
		return NULL;
	object_init(&tracking->object, &tracking_type);
	object_ref(&file->object);
	tracking->file = file;
	return object_open(&tracking->object);
}

/* Is it one of this file? The interface is good, so what is wrong is a parameter. */
static bool tracking_is_of(HANDLE handle, const struct file *file)
{
	struct tracking *tracking = (struct tracking *)object_get(handle, OBJECT_TRACKING);
	bool good = tracking && tracking->file == file;

	if (tracking)
		object_put(&tracking->object);
	return good;
}

/* The time sync functions give INVALID_HANDLE for either pointer (winusb.md 1.8). */
static struct interface *tracking_enter(WINUSB_INTERFACE_HANDLE handle, const void *information)
{
	if (information)
		return interface_get(handle);
	SetLastError(ERROR_INVALID_HANDLE);
	return NULL;
}

BOOL WINAPI WinUsb_StartTrackingForTimeSync(
	WINUSB_INTERFACE_HANDLE handle, PUSB_START_TRACKING_FOR_TIME_SYNC_INFORMATION information)
{
	struct interface *interface = tracking_enter(handle, information);
	struct winusb_get_frame arg = { 0 };
	HANDLE tracking;
	int result;

	if (!interface)
		return FALSE;
	/* Either one is said to be right (winusb.md 8, row 22). */
	tracking = information->TimeTrackingHandle;
	result = -EINVAL;
	if (!information->IsStartupDelayTolerable)
		arg.flags = WINUSB_FRAME_BOUNDARY;
	if (!tracking || tracking == INVALID_HANDLE_VALUE)
		result = interface_try(interface, GET_FRAME, &arg);
	if (!result) {
		tracking = tracking_open(interface->file);
		if (tracking)
			information->TimeTrackingHandle = tracking;
		else
			result = -ENOMEM;
	}
	interface_put(interface);
	return error_result(result, ERROR_AT_COMMAND);
}

static void frame_tell(const struct winusb_get_frame *arg,
		       PUSB_FRAME_NUMBER_AND_QPC_FOR_TIME_SYNC_INFORMATION information)
{
	int32_t frames = (int32_t)(information->InputFrameNumber - arg->out_frame);
	int64_t away = frames * NS_PER_FRAME + information->InputMicroFrameNumber * NS_PER_MICRO;
	uint64_t off = arg->out_accuracy_ns, ticks = 0;

	/* Both are 0 where the program does not want to know. */
	if (information->InputFrameNumber || information->InputMicroFrameNumber) {
		ticks = frame_ticks((int64_t)arg->out_start_ns + away);
		off += (uint64_t)llabs(away) / DRIFT;
	}
	information->QueryPerformanceCounterAtInputFrameOrMicroFrame.QuadPart = ticks;
	information->QueryPerformanceCounterFrequency.QuadPart = frame_ticks(NS_PER_S);
	information->PredictedAccuracyInMicroSeconds = (ULONG)((off + 999) / 1000);
	information->CurrentGenerationID = arg->out_generation;
	information->CurrentQueryPerformanceCounter.QuadPart = frame_ticks(arg->out_time_ns);
	information->CurrentHardwareFrameNumber = arg->out_hardware_frame;
	information->CurrentHardwareMicroFrameNumber = arg->out_microframe;
	information->CurrentUSBFrameNumber = arg->out_frame;
}

BOOL WINAPI WinUsb_GetCurrentFrameNumberAndQpc(
	WINUSB_INTERFACE_HANDLE handle,
	PUSB_FRAME_NUMBER_AND_QPC_FOR_TIME_SYNC_INFORMATION information)
{
	struct interface *interface = tracking_enter(handle, information);
	struct winusb_get_frame arg = { 0 };
	int result = -EINVAL;

	if (!interface)
		return FALSE;
	if (tracking_is_of(information->TimeTrackingHandle, interface->file) &&
	    information->InputMicroFrameNumber < MICROFRAMES)
		result = interface_try(interface, GET_FRAME, &arg);
	if (!result)
		frame_tell(&arg, information);
	interface_put(interface);
	return error_result(result, ERROR_AT_COMMAND);
}

BOOL WINAPI WinUsb_StopTrackingForTimeSync(WINUSB_INTERFACE_HANDLE handle,
					   PUSB_STOP_TRACKING_FOR_TIME_SYNC_INFORMATION information)
{
	struct interface *interface = tracking_enter(handle, information);
	bool done;

	if (!interface)
		return FALSE;
	done = tracking_is_of(information->TimeTrackingHandle, interface->file) &&
	       object_close(information->TimeTrackingHandle, OBJECT_TRACKING);
	interface_put(interface);
	return done ? TRUE : error_fail(ERROR_INVALID_PARAMETER);
}
