// SPDX-License-Identifier: MIT
/* winusb.md 1.7 and 1.8: the frames of the bus, and the time */
#include "stream.h"

#define MARGIN		500	/* frames; Microsoft's sample has 5, on machines that are faster */
#define MOST_MARGIN	900	/* RING transfers from there on are less than 1024 ahead still */
#define TICKS_PER_FRAME	10000	/* QueryPerformanceCounter counts 100 ns */

static ULONG margin(void)
{
	return min(MARGIN * test_scale(), MOST_MARGIN);
}

ULONG frame_soon(WINUSB_ISOCH_BUFFER_HANDLE isoch)
{
	LARGE_INTEGER time;
	ULONG frame;

	/* Where no host controller counts, a stream tells. */
	OK(WinUsb_ReadIsochPipeAsap(isoch, 0, SLICE_BYTES, FALSE, SLICE, ring[0].packets, NULL));
	OK(WinUsb_GetCurrentFrameNumber(usb, &frame, &time));
	OK(WinUsb_GetAdjustedFrameNumber(&frame, time));
	return frame + margin();
}

TEST_OF(1_7, an_adjusted_frame_number_counts_milliseconds)
{
	LARGE_INTEGER time;
	ULONG frame = 1000;

	OK(QueryPerformanceCounter(&time));
	Sleep(50);
	OK(WinUsb_GetAdjustedFrameNumber(&frame, time));
	CHECK(frame >= 1049 && frame < 1050 + 5000 * test_scale());
}

TEST_OF(1_7, without_a_counter_and_a_stream_frames_are_NOT_SUPPORTED)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch;
	LARGE_INTEGER time;
	ULONG frame = 1;

	Sleep(1100);		/* what the last test knew is forgotten */
	isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	FAILS(WinUsb_GetCurrentFrameNumber(usb, &frame, &time), ERROR_NOT_SUPPORTED);
	FAILS(WinUsb_ReadIsochPipe(isoch, 0, SLICE_BYTES, &frame, SLICE, ring[0].packets, NULL),
	      ERROR_NOT_SUPPORTED);
	CHECK_EQ(frame, 1);
	frame_soon(isoch);
	stream_end(isoch);
}

TEST_OF(1_7, the_current_frame_comes_with_its_time)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	LARGE_INTEGER before, time, after, later;
	ULONG frame, second;

	frame_soon(isoch);
	QueryPerformanceCounter(&before);
	OK(WinUsb_GetCurrentFrameNumber(usb, &frame, &time));
	QueryPerformanceCounter(&after);
	CHECK(before.QuadPart <= time.QuadPart && time.QuadPart <= after.QuadPart);
	Sleep(50);
	OK(WinUsb_GetCurrentFrameNumber(usb, &second, &later));
	OK(WinUsb_GetAdjustedFrameNumber(&frame, time));
	/* The one that was told, and the one that was calculated some time after it. */
	CHECK(second - frame + 5 < 10 || frame - second < 5000 * test_scale());
	CHECK((later.QuadPart - time.QuadPart) / TICKS_PER_FRAME >= 50);
	FAILS(WinUsb_GetCurrentFrameNumber(usb, NULL, &time), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_GetCurrentFrameNumber(usb, &frame, NULL), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_GetCurrentFrameNumber(NULL, &frame, &time), ERROR_INVALID_HANDLE);
	stream_end(isoch);
}

/* And the frame after the last one is where the next transfer may begin. */
TEST_OF(1_7, a_read_begins_in_the_frame_that_is_asked_for)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	ULONG asked = frame_soon(isoch), frame = asked;
	unsigned int i;

	for (i = 0; i < RING; i++) {
		PENDING(WinUsb_ReadIsochPipe(isoch, i * SLICE_BYTES, SLICE_BYTES, &frame, SLICE,
					     ring[i].packets, &ring[i].overlapped));
		CHECK_EQ(frame, asked + (i + 1) * SLICE);
	}
	for (i = 0; i < RING; i++) {
		DONE(&ring[i].overlapped, 0);
		slice_check(i, (i + 1) * SLICE);
	}
	/* Waited for: where it really was. */
	asked = frame = frame_soon(isoch);
	OK(WinUsb_ReadIsochPipe(isoch, 0, SLICE_BYTES, &frame, SLICE, ring[0].packets, NULL));
	CHECK(frame - asked - SLICE < 5000);
	stream_end(isoch);
}

TEST_OF(1_7, a_write_begins_in_the_frame_that_is_asked_for)
{
	WINUSB_ISOCH_BUFFER_HANDLE in = stream_begin(ISO_ALT_MS, ISO_IN), out;
	ULONG asked, frame;

	OK(WinUsb_RegisterIsochBuffer(usb, ISO_OUT, memory, sizeof(memory), &out));
	asked = frame = frame_soon(in);
	slice_fill(1, 0);
	slice_fill(2, SLICE);
	PENDING(WinUsb_WriteIsochPipe(out, SLICE_BYTES, SLICE_BYTES, &frame, &ring[1].overlapped));
	PENDING(WinUsb_WriteIsochPipe(out, 2 * SLICE_BYTES, SLICE_BYTES, &frame,
				      &ring[2].overlapped));
	CHECK_EQ(frame, asked + 2 * SLICE);
	DONE(&ring[1].overlapped, 0);
	DONE(&ring[2].overlapped, 0);
	CHECK_EQ(board_value(iso, "good"), 2 * SLICE);
	CHECK_EQ(board_value(iso, "gaps"), 0);
	OK(WinUsb_UnregisterIsochBuffer(out));
	stream_end(in);
}

TEST_OF(7_3, a_start_frame_is_ahead_and_less_than_1024_away)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	ULONG now = frame_soon(isoch) - margin();
	static const int wrong[] = { -1, -100, -100000, 20000, 100000, 0x7fffffff };
	OVERLAPPED overlapped = { 0 };
	unsigned int i;
	ULONG frame;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		frame = now + wrong[i];
		FAILS(WinUsb_ReadIsochPipe(isoch, 0, SLICE_BYTES, &frame, SLICE, ring[0].packets,
					   &overlapped), ERROR_INVALID_PARAMETER);
		CHECK_EQ(frame, now + wrong[i]);
	}
	FAILS(WinUsb_ReadIsochPipe(isoch, 0, SLICE_BYTES, NULL, SLICE, ring[0].packets, NULL),
	      ERROR_INVALID_PARAMETER);
	stream_end(isoch);
}

TEST_OF(1_7, a_frame_that_is_another_transfers_is_refused)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	ULONG asked = frame_soon(isoch), frame = asked, again = asked + SLICE - 1;

	PENDING(WinUsb_ReadIsochPipe(isoch, 0, SLICE_BYTES, &frame, SLICE, ring[0].packets,
				     &ring[0].overlapped));
	FAILS(WinUsb_ReadIsochPipe(isoch, SLICE_BYTES, SLICE_BYTES, &again, SLICE,
				   ring[1].packets, &ring[1].overlapped), ERROR_INVALID_PARAMETER);
	DONE(&ring[0].overlapped, 0);
	stream_end(isoch);
}

static HANDLE tracking_start(HANDLE in, BOOLEAN tolerable)
{
	USB_START_TRACKING_FOR_TIME_SYNC_INFORMATION information = { in, tolerable };

	OK(WinUsb_StartTrackingForTimeSync(usb, &information));
	CHECK(information.TimeTrackingHandle && information.TimeTrackingHandle != in);
	return information.TimeTrackingHandle;
}

static void tracking_stop(HANDLE tracking)
{
	USB_STOP_TRACKING_FOR_TIME_SYNC_INFORMATION information = { tracking };

	OK(WinUsb_StopTrackingForTimeSync(usb, &information));
}

TEST_OF(1_8, frames_are_told_with_the_time_of_their_beginning)
{
	USB_FRAME_NUMBER_AND_QPC_FOR_TIME_SYNC_INFORMATION frame = { 0 }, next;
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	LARGE_INTEGER frequency, before, after;
	LONGLONG first, away;

	frame_soon(isoch);
	frame.TimeTrackingHandle = tracking_start(INVALID_HANDLE_VALUE, FALSE);
	QueryPerformanceFrequency(&frequency);
	QueryPerformanceCounter(&before);
	OK(WinUsb_GetCurrentFrameNumberAndQpc(usb, &frame));
	QueryPerformanceCounter(&after);
	CHECK_EQ(frame.QueryPerformanceCounterFrequency.QuadPart, frequency.QuadPart);
	CHECK(frame.CurrentQueryPerformanceCounter.QuadPart >= before.QuadPart);
	CHECK(frame.CurrentQueryPerformanceCounter.QuadPart <= after.QuadPart);
	CHECK_EQ(frame.CurrentHardwareFrameNumber, frame.CurrentUSBFrameNumber & 0x7ff);
	CHECK(frame.CurrentHardwareMicroFrameNumber < 8);
	/* Nothing was asked for. */
	CHECK_EQ(frame.QueryPerformanceCounterAtInputFrameOrMicroFrame.QuadPart, 0);
	/* The current frame has begun, less than a frame and what is not known ago. */
	next = frame;
	next.InputFrameNumber = frame.CurrentUSBFrameNumber;
	OK(WinUsb_GetCurrentFrameNumberAndQpc(usb, &next));
	first = next.QueryPerformanceCounterAtInputFrameOrMicroFrame.QuadPart;
	away = frame.CurrentQueryPerformanceCounter.QuadPart - first;
	CHECK(away > -2 * TICKS_PER_FRAME && away < 3 * TICKS_PER_FRAME);
	/* Others are whole milliseconds away from it, and microframes an eighth. */
	next.InputFrameNumber += 100;
	next.InputMicroFrameNumber = 4;
	OK(WinUsb_GetCurrentFrameNumberAndQpc(usb, &next));
	away = next.QueryPerformanceCounterAtInputFrameOrMicroFrame.QuadPart - first;
	CHECK(llabs(away - 100 * TICKS_PER_FRAME - TICKS_PER_FRAME / 2) < TICKS_PER_FRAME);
	CHECK(next.PredictedAccuracyInMicroSeconds >= frame.PredictedAccuracyInMicroSeconds ||
	      frame.InputFrameNumber == 0);
	CHECK_EQ(next.CurrentGenerationID, frame.CurrentGenerationID);
	next.InputMicroFrameNumber = 8;
	FAILS(WinUsb_GetCurrentFrameNumberAndQpc(usb, &next), ERROR_INVALID_PARAMETER);
	tracking_stop(frame.TimeTrackingHandle);
	stream_end(isoch);
}

TEST_OF(1_8, tracking_handles_are_checked)
{
	USB_FRAME_NUMBER_AND_QPC_FOR_TIME_SYNC_INFORMATION frame = { 0 };
	WINUSB_ISOCH_BUFFER_HANDLE isoch = stream_begin(ISO_ALT_MS, ISO_IN);
	USB_START_TRACKING_FOR_TIME_SYNC_INFORMATION start = { file, TRUE };
	USB_STOP_TRACKING_FOR_TIME_SYNC_INFORMATION stop = { 0 };
	HANDLE wrong[] = { NULL, INVALID_HANDLE_VALUE, file, isoch, usb, NULL };
	unsigned int i;

	frame_soon(isoch);
	/* Both ways to begin (winusb.md 8, row 22) */
	tracking_stop(tracking_start(NULL, TRUE));
	wrong[5] = tracking_start(INVALID_HANDLE_VALUE, TRUE);
	tracking_stop(wrong[5]);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		frame.TimeTrackingHandle = stop.TimeTrackingHandle = wrong[i];
		FAILS(WinUsb_GetCurrentFrameNumberAndQpc(usb, &frame), ERROR_INVALID_PARAMETER);
		FAILS(WinUsb_StopTrackingForTimeSync(usb, &stop), ERROR_INVALID_PARAMETER);
	}
	FAILS(WinUsb_StartTrackingForTimeSync(usb, &start), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_StartTrackingForTimeSync(usb, NULL), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_GetCurrentFrameNumberAndQpc(usb, NULL), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_StopTrackingForTimeSync(usb, NULL), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_StartTrackingForTimeSync(NULL, &start), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_GetCurrentFrameNumberAndQpc(NULL, &frame), ERROR_INVALID_HANDLE);
	FAILS(WinUsb_StopTrackingForTimeSync(NULL, &stop), ERROR_INVALID_HANDLE);
	stream_end(isoch);
}

TEST_OF(1_8, without_a_counter_and_a_stream_tracking_is_NOT_SUPPORTED)
{
	USB_START_TRACKING_FOR_TIME_SYNC_INFORMATION start = { INVALID_HANDLE_VALUE, FALSE };

	begin(fx2);
	FAILS(WinUsb_StartTrackingForTimeSync(usb, &start), ERROR_NOT_SUPPORTED);
	CHECK(start.TimeTrackingHandle == INVALID_HANDLE_VALUE);
	end();
}
