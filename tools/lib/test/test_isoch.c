// SPDX-License-Identifier: MIT
/* Isochronous buffers and transfers, frames and time, of devices that are none. */
#include "fake_isoch.h"

#include "overlapped.h"

static USBD_ISO_PACKET_DESCRIPTOR packets[8];

static WINUSB_ISOCH_BUFFER_HANDLE register_pipe(UCHAR pipe)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = NULL;

	CHECK(WinUsb_RegisterIsochBuffer(device.usb, pipe, memory, LENGTH, &isoch));
	CHECK(isoch);
	return isoch;
}

static BOOL read_asap(WINUSB_ISOCH_BUFFER_HANDLE isoch, OVERLAPPED *overlapped)
{
	return WinUsb_ReadIsochPipeAsap(isoch, 0, 1536, FALSE, 8, packets, overlapped);
}

static void isoch_read(WINUSB_ISOCH_BUFFER_HANDLE isoch, OVERLAPPED *overlapped)
{
	CHECK_FAILS(read_asap(isoch, overlapped), ERROR_IO_PENDING);
}

static int transfer_fails(struct winusb_transfer *transfer)
{
	transfer->out_length = 192;
	return -EIO;
}

TEST(a_buffer_is_registered_and_unregistered)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch;

	start();
	isoch = register_pipe(PIPE_IN);
	CHECK_EQ(driver.last.handle, 1);
	CHECK_EQ(driver.last.pipe_id, PIPE_IN);
	CHECK_EQ(driver.last.flags, 0);
	CHECK_EQ(driver.last.buffer, (uintptr_t)memory);
	CHECK_EQ(driver.last.length, LENGTH);
	CHECK(WinUsb_UnregisterIsochBuffer(isoch));
	CHECK_EQ(driver.unregistered, 1);
	end();
}

TEST(what_may_not_be_registered)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch = NULL;

	start();
	CHECK_FAILS(WinUsb_RegisterIsochBuffer(NULL, PIPE_IN, memory, 8, &isoch), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_RegisterIsochBuffer(device.usb, PIPE_IN, NULL, 8, &isoch),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_RegisterIsochBuffer(device.usb, PIPE_IN, memory, 8, NULL),
		    ERROR_INVALID_PARAMETER);
	CHECK_EQ(driver.last.size, 0);
	driver.register_result = -EFAULT;
	CHECK_FAILS(WinUsb_RegisterIsochBuffer(device.usb, PIPE_IN, memory, 8, &isoch), ERROR_NOACCESS);
	driver.register_result = -EINVAL;
	CHECK_FAILS(WinUsb_RegisterIsochBuffer(device.usb, PIPE_IN, memory, 8, &isoch),
		    ERROR_INVALID_PARAMETER);
	device.command = NULL;		/* a driver that is older */
	CHECK_FAILS(WinUsb_RegisterIsochBuffer(device.usb, PIPE_IN, memory, 8, &isoch),
		    ERROR_NOT_SUPPORTED);
	CHECK(!isoch);
	end();
}

static void check_asked(UCHAR pipe, uint32_t flags, uint32_t frame, uint32_t count)
{
	CHECK_EQ(device.last.handle, 1);
	CHECK_EQ(device.last.pipe_id, pipe);
	CHECK_EQ(device.last.flags, flags);
	CHECK_EQ(device.last.buffer, 0);
	CHECK_EQ(device.last.isoch_offset, 1024);
	CHECK_EQ(device.last.length, 1536);
	CHECK_EQ(device.last.isoch_start_frame, frame);
	CHECK_EQ(device.last.isoch_packet_count, count);
	CHECK_EQ(device.last.isoch_packets, count ? (uintptr_t)packets : 0);
}

TEST(what_the_driver_is_asked)
{
	WINUSB_ISOCH_BUFFER_HANDLE in, out;
	ULONG frame = 5000;

	start();
	device.transfer = transfer_done;
	device.next_frame = 5010;
	in = register_pipe(PIPE_IN);
	out = register_pipe(PIPE_OUT);
	CHECK(WinUsb_ReadIsochPipe(in, 1024, 1536, &frame, 8, packets, NULL));
	check_asked(PIPE_IN, WINUSB_TRANSFER_ISOCH_AT, 5000, 8);
	CHECK_EQ(device.last.isoch_buffer, 100);
	CHECK_EQ(frame, 5010);
	CHECK(WinUsb_WriteIsochPipe(out, 1024, 1536, &frame, NULL));
	check_asked(PIPE_OUT, WINUSB_TRANSFER_ISOCH_AT, 5010, 0);
	CHECK_EQ(device.last.isoch_buffer, 101);
	CHECK(WinUsb_ReadIsochPipeAsap(in, 1024, 1536, FALSE, 8, packets, NULL));
	check_asked(PIPE_IN, 0, 0, 8);
	CHECK(WinUsb_ReadIsochPipeAsap(in, 1024, 1536, TRUE, 8, packets, NULL));
	check_asked(PIPE_IN, WINUSB_TRANSFER_ISOCH_CONTINUE, 0, 8);
	CHECK(WinUsb_WriteIsochPipeAsap(out, 1024, 1536, FALSE, NULL));
	check_asked(PIPE_OUT, 0, 0, 0);
	CHECK(WinUsb_WriteIsochPipeAsap(out, 1024, 1536, 7, NULL));
	check_asked(PIPE_OUT, WINUSB_TRANSFER_ISOCH_CONTINUE, 0, 0);
	CHECK(WinUsb_UnregisterIsochBuffer(in));
	CHECK(WinUsb_UnregisterIsochBuffer(out));
	end();
}

TEST(the_frame_after_the_last_one)
{
	OVERLAPPED overlapped = { 0 };
	WINUSB_ISOCH_BUFFER_HANDLE isoch;
	ULONG frame = 7;

	start();
	isoch = register_pipe(PIPE_OUT);
	device.next_frame = 17;
	CHECK_FAILS(WinUsb_WriteIsochPipe(isoch, 0, 192, &frame, &overlapped), ERROR_IO_PENDING);
	CHECK_EQ(frame, 17);
	complete_first(0, 192);
	CHECK(HasOverlappedIoCompleted(&overlapped));
	/* One that was refused tells nothing. */
	device.next_frame = 27;
	device.refuse = -EINVAL;
	CHECK_FAILS(WinUsb_WriteIsochPipe(isoch, 0, 192, &frame, &overlapped),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_WriteIsochPipe(isoch, 0, 192, &frame, NULL), ERROR_INVALID_PARAMETER);
	CHECK_EQ(frame, 17);
	CHECK(WinUsb_UnregisterIsochBuffer(isoch));
	end();
}

TEST(no_bytes_are_counted)
{
	OVERLAPPED overlapped = { 0 }, bulk = { 0 }, *done;
	WINUSB_ISOCH_BUFFER_HANDLE isoch;
	ULONG_PTR key;
	HANDLE port;
	DWORD bytes = 9;

	start();
	isoch = register_pipe(PIPE_IN);
	isoch_read(isoch, &overlapped);
	complete_first(0, 1536);
	CHECK(WinUsb_GetOverlappedResult(device.usb, &overlapped, &bytes, TRUE));
	CHECK_EQ(bytes, 0);
	CHECK_EQ(overlapped.InternalHigh, 0);
	/* The same OVERLAPPED again, as it is. */
	isoch_read(isoch, &overlapped);
	complete_first(-EIO, 0);
	CHECK_FAILS(WinUsb_GetOverlappedResult(device.usb, &overlapped, &bytes, TRUE),
		    ERROR_GEN_FAILURE);
	/* What a request is used for next has its count. */
	CHECK_FAILS(WinUsb_ReadPipe(device.usb, 0x84, memory, 8, NULL, &bulk), ERROR_IO_PENDING);
	complete_first(0, 8);
	CHECK(WinUsb_GetOverlappedResult(device.usb, &bulk, &bytes, TRUE) && bytes == 8);
	port = CreateIoCompletionPort(device.file, NULL, 11, 0);
	isoch_read(isoch, &overlapped);
	complete_first(0, 1536);
	CHECK(GetQueuedCompletionStatus(port, &bytes, &key, &done, 5000));
	CHECK_EQ(bytes, 0);
	CHECK_EQ(key, 11);
	CHECK(done == &overlapped);
	CHECK(WinUsb_UnregisterIsochBuffer(isoch));
	end();
	CHECK(CloseHandle(port));
}

TEST(an_OVERLAPPED_must_be_zero)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch;
	OVERLAPPED overlapped;

	start();
	isoch = register_pipe(PIPE_IN);
	memset(&overlapped, 0x5a, sizeof(overlapped));
	overlapped.hEvent = NULL;
	CHECK_FAILS(read_asap(isoch, &overlapped), ERROR_INVALID_PARAMETER);
	overlapped.Offset = 0;
	CHECK_FAILS(read_asap(isoch, &overlapped), ERROR_INVALID_PARAMETER);
	CHECK_EQ(device.last.size, 0);
	overlapped.OffsetHigh = 0;
	isoch_read(isoch, &overlapped);
	/* And is the first one's as long as that is pending. */
	CHECK_FAILS(read_asap(isoch, &overlapped), ERROR_INVALID_PARAMETER);
	complete_first(0, 0);
	CHECK(WinUsb_UnregisterIsochBuffer(isoch));
	end();
}

TEST(arguments_that_make_no_sense)
{
	WINUSB_ISOCH_BUFFER_HANDLE in, out;
	ULONG frame = 1;

	start();
	device.transfer = transfer_done;
	in = register_pipe(PIPE_IN);
	out = register_pipe(PIPE_OUT);
	CHECK_FAILS(WinUsb_ReadIsochPipe(in, 0, 192, NULL, 1, packets, NULL),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_ReadIsochPipe(in, 0, 192, &frame, 1, NULL, NULL),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_ReadIsochPipe(out, 0, 192, &frame, 1, packets, NULL),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_ReadIsochPipeAsap(in, 0, 192, FALSE, 1, NULL, NULL),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_ReadIsochPipeAsap(out, 0, 192, FALSE, 1, packets, NULL),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_WriteIsochPipe(out, 0, 192, NULL, NULL), ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_WriteIsochPipe(in, 0, 192, &frame, NULL), ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_WriteIsochPipeAsap(in, 0, 192, FALSE, NULL), ERROR_INVALID_PARAMETER);
	CHECK_EQ(device.last.size, 0);
	CHECK(WinUsb_UnregisterIsochBuffer(in));
	CHECK(WinUsb_UnregisterIsochBuffer(out));
	end();
}

static void check_no_buffer(WINUSB_ISOCH_BUFFER_HANDLE isoch)
{
	OVERLAPPED overlapped = { 0 };
	ULONG frame = 1;

	CHECK_FAILS(WinUsb_UnregisterIsochBuffer(isoch), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_ReadIsochPipe(isoch, 0, 8, &frame, 1, packets, &overlapped),
		    ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_ReadIsochPipeAsap(isoch, 0, 8, TRUE, 1, packets, NULL),
		    ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_WriteIsochPipe(isoch, 0, 8, &frame, NULL), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_WriteIsochPipeAsap(isoch, 0, 8, FALSE, &overlapped),
		    ERROR_INVALID_HANDLE);
}

TEST(handles_of_buffers_that_are_none)
{
	static const ULONG_PTR wild[] = { 0, 1, 4, 0x10004, 0x7ffffffc, (ULONG_PTR)-1 };
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
	WINUSB_ISOCH_BUFFER_HANDLE isoch, other;
	unsigned int i;

	start();
	for (i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
		check_no_buffer((WINUSB_ISOCH_BUFFER_HANDLE)wild[i]);
	check_no_buffer(memory);
	check_no_buffer(event);
	check_no_buffer(device.file);
	check_no_buffer(device.usb);
	isoch = register_pipe(PIPE_IN);
	CHECK(WinUsb_UnregisterIsochBuffer(isoch));
	check_no_buffer(isoch);
	other = register_pipe(PIPE_IN);
	CHECK(other != isoch);
	check_no_buffer(isoch);
	CHECK(WinUsb_UnregisterIsochBuffer(other));
	CHECK_EQ(driver.unregistered, 2);
	end();
	CHECK(CloseHandle(event));
}

TEST(the_file_is_closed_before_its_buffers)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch, left;
	OVERLAPPED overlapped = { 0 };

	start();
	isoch = register_pipe(PIPE_IN);
	left = register_pipe(PIPE_IN);
	isoch_read(isoch, &overlapped);
	CHECK(CloseHandle(device.file));
	CHECK_EQ((DWORD)overlapped.Internal, 0xc0000120);
	CHECK_FAILS(read_asap(left, NULL), ERROR_INVALID_HANDLE);
	CHECK_FAILS(read_asap(left, &overlapped), ERROR_INVALID_HANDLE);
	/* It is unregistered by the close, and the handle is gone nevertheless. */
	CHECK_FAILS(WinUsb_UnregisterIsochBuffer(isoch), ERROR_INVALID_HANDLE);
	check_no_buffer(isoch);
	CHECK(WinUsb_Free(device.usb));
	check_no_buffer(left);
	fake_end();
}

static void *unregister_in_thread(void *isoch)
{
	return (void *)(uintptr_t)(WinUsb_UnregisterIsochBuffer(isoch) ? 0 : GetLastError());
}

TEST(it_is_unregistered_when_its_transfers_have_ended)
{
	OVERLAPPED overlapped = { 0 };
	WINUSB_ISOCH_BUFFER_HANDLE isoch;
	pthread_t thread;
	void *error;

	start();
	isoch = register_pipe(PIPE_IN);
	isoch_read(isoch, &overlapped);
	CHECK(!pthread_create(&thread, NULL, unregister_in_thread, isoch));
	while (!driver.unregistering)
		usleep(1000);
	CHECK_EQ(driver.unregistered, 0);
	check_no_buffer(isoch);
	/* Nobody looks for the record but who waits. */
	complete_first(0, 1536);
	pthread_join(thread, &error);
	CHECK(!error);
	CHECK_EQ(driver.unregistered, 1);
	CHECK_EQ(overlapped.Internal, 0);
	end();
}

static pthread_barrier_t together;

static void *race_to_unregister(void *isoch)
{
	pthread_barrier_wait(&together);
	return unregister_in_thread(isoch);
}

TEST(two_threads_unregister)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch;
	pthread_t threads[2];
	void *errors[2];
	unsigned int i, j;

	start();
	pthread_barrier_init(&together, NULL, 2);
	for (i = 0; i < 200; i++) {
		isoch = register_pipe(PIPE_IN);
		for (j = 0; j < 2; j++)
			CHECK(!pthread_create(&threads[j], NULL, race_to_unregister, isoch));
		for (j = 0; j < 2; j++)
			pthread_join(threads[j], &errors[j]);
		CHECK(!errors[0] != !errors[1]);
		CHECK_EQ((uintptr_t)errors[0] + (uintptr_t)errors[1], ERROR_INVALID_HANDLE);
	}
	CHECK_EQ(driver.unregistered, 200);
	pthread_barrier_destroy(&together);
	end();
}

static atomic_bool blocked, released;

static int transfer_blocks(struct winusb_transfer *transfer)
{
	atomic_store(&blocked, true);
	while (!atomic_load(&released))
		usleep(1000);
	return transfer_done(transfer);
}

static void *read_in_thread(void *isoch)
{
	CHECK(read_asap(isoch, NULL));
	return NULL;
}

/* The driver may be done with it, and the data still be on their way to the memory. */
TEST(it_is_unregistered_when_calls_have_returned)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch;
	pthread_t reader, thread;
	void *error;

	start();
	device.transfer = transfer_blocks;
	isoch = register_pipe(PIPE_IN);
	CHECK(!pthread_create(&reader, NULL, read_in_thread, isoch));
	while (!atomic_load(&blocked))
		usleep(1000);
	CHECK(!pthread_create(&thread, NULL, unregister_in_thread, isoch));
	while (!driver.unregistered)
		usleep(1000);
	usleep(20000);
	CHECK(pthread_tryjoin_np(thread, NULL) == EBUSY);
	atomic_store(&released, true);
	pthread_join(reader, NULL);
	pthread_join(thread, &error);
	CHECK(!error);
	end();
}

TEST(how_transfers_fail)
{
	static const struct {
		int error;
		DWORD win32;
	} rows[] = {
		{ -EINVAL, ERROR_INVALID_PARAMETER }, { -ENOSPC, ERROR_NO_SYSTEM_RESOURCES },
		{ -EOPNOTSUPP, ERROR_NOT_SUPPORTED }, { -EFAULT, ERROR_NOACCESS },
		{ -EBADF, ERROR_INVALID_HANDLE }, { -ENODEV, ERROR_BAD_COMMAND },
	};
	OVERLAPPED overlapped = { 0 };
	WINUSB_ISOCH_BUFFER_HANDLE isoch;
	unsigned int i;
	DWORD bytes;

	start();
	isoch = register_pipe(PIPE_IN);
	device.transfer = transfer_fails;
	CHECK_FAILS(read_asap(isoch, NULL), ERROR_GEN_FAILURE);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		device.refuse = rows[i].error;
		CHECK_FAILS(read_asap(isoch, NULL), rows[i].win32);
		CHECK_FAILS(read_asap(isoch, &overlapped), rows[i].win32);
	}
	/* A stream that was broken, told late. */
	device.refuse = 0;
	isoch_read(isoch, &overlapped);
	complete_first(-EINVAL, 0);
	CHECK_FAILS(GetOverlappedResult(device.file, &overlapped, &bytes, TRUE),
		    ERROR_INVALID_PARAMETER);
	CHECK(WinUsb_UnregisterIsochBuffer(isoch));
	end();
}

static int interrupted;

static int transfer_interrupted(struct winusb_transfer *transfer)
{
	interrupted++;
	transfer->out_length = 192;
	return -EINTR;
}

/* A bulk read would go on with the rest. */
TEST(a_read_that_is_interrupted_does_not_go_on)
{
	WINUSB_ISOCH_BUFFER_HANDLE isoch;

	start();
	device.transfer = transfer_interrupted;
	isoch = register_pipe(PIPE_IN);
	CHECK_FAILS(read_asap(isoch, NULL), ERROR_OPERATION_ABORTED);
	CHECK_EQ(interrupted, 1);
	CHECK(WinUsb_UnregisterIsochBuffer(isoch));
	end();
}

TEST(the_current_frame_and_its_time)
{
	LARGE_INTEGER time;
	ULONG frame = 5;

	start();
	set_frame(0x12345678, 9000000000);
	CHECK(WinUsb_GetCurrentFrameNumber(device.usb, &frame, &time));
	CHECK_EQ(frame, 0x12345678);
	CHECK_EQ(time.QuadPart, 90004000);
	CHECK_EQ(driver.frame_flags, 0);
	CHECK_FAILS(WinUsb_GetCurrentFrameNumber(device.usb, NULL, &time),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_GetCurrentFrameNumber(device.usb, &frame, NULL),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_GetCurrentFrameNumber(NULL, &frame, &time), ERROR_INVALID_HANDLE);
	driver.frame_result = -EOPNOTSUPP;
	CHECK_FAILS(WinUsb_GetCurrentFrameNumber(device.usb, &frame, &time), ERROR_NOT_SUPPORTED);
	device.command = NULL;
	CHECK_FAILS(WinUsb_GetCurrentFrameNumber(device.usb, &frame, &time), ERROR_NOT_SUPPORTED);
	end();
}

static HANDLE tracking_start(HANDLE in)
{
	USB_START_TRACKING_FOR_TIME_SYNC_INFORMATION information = { in, TRUE };

	CHECK(WinUsb_StartTrackingForTimeSync(device.usb, &information));
	CHECK(information.TimeTrackingHandle && information.TimeTrackingHandle != in);
	return information.TimeTrackingHandle;
}

static void tracking_stop(HANDLE tracking)
{
	USB_STOP_TRACKING_FOR_TIME_SYNC_INFORMATION information = { tracking };

	CHECK(WinUsb_StopTrackingForTimeSync(device.usb, &information));
}

TEST(tracking_begins)
{
	USB_START_TRACKING_FOR_TIME_SYNC_INFORMATION information = { INVALID_HANDLE_VALUE, FALSE };
	HANDLE tracking;

	start();
	tracking_stop(tracking_start(INVALID_HANDLE_VALUE));
	CHECK_EQ(driver.frame_flags, 0);
	tracking_stop(tracking_start(NULL));
	CHECK(WinUsb_StartTrackingForTimeSync(device.usb, &information));
	CHECK_EQ(driver.frame_flags, WINUSB_FRAME_BOUNDARY);
	tracking = information.TimeTrackingHandle;
	CHECK_FAILS(WinUsb_StartTrackingForTimeSync(device.usb, &information),
		    ERROR_INVALID_PARAMETER);
	CHECK(information.TimeTrackingHandle == tracking);
	tracking_stop(tracking);
	information.TimeTrackingHandle = INVALID_HANDLE_VALUE;
	driver.frame_result = -EOPNOTSUPP;
	CHECK_FAILS(WinUsb_StartTrackingForTimeSync(device.usb, &information), ERROR_NOT_SUPPORTED);
	device.command = NULL;
	CHECK_FAILS(WinUsb_StartTrackingForTimeSync(device.usb, &information), ERROR_NOT_SUPPORTED);
	CHECK(information.TimeTrackingHandle == INVALID_HANDLE_VALUE);
	end();
}

TEST(when_frames_begin)
{
	static const struct {
		uint32_t now, frame, microframe;
		LONGLONG ns;
		ULONG accuracy;
	} rows[] = {
		{ 1000, 1000, 0, 0, 2 },
		{ 1000, 1000, 7, 875000, 2 },
		{ 1000, 1010, 1, 10 * MS + 125000, 7 },
		{ 1000, 900, 0, -100 * MS, 52 },
		{ 0xffffffff, 1, 0, 2 * MS, 3 },
		{ 1, 0xffffffff, 0, -2 * MS, 3 },
		{ 0x80000000, 0, 1, -0x80000000LL * MS + 125000, 1073741826 },
	};
	USB_FRAME_NUMBER_AND_QPC_FOR_TIME_SYNC_INFORMATION frame = { 0 };
	unsigned int i;

	start();
	frame.TimeTrackingHandle = tracking_start(NULL);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_frame(rows[i].now, 5000 * MS);
		frame.InputFrameNumber = rows[i].frame;
		frame.InputMicroFrameNumber = rows[i].microframe;
		CHECK(WinUsb_GetCurrentFrameNumberAndQpc(device.usb, &frame));
		CHECK_EQ(frame.QueryPerformanceCounterAtInputFrameOrMicroFrame.QuadPart,
			 (5000 * MS + rows[i].ns) / 100);
		CHECK_EQ(frame.PredictedAccuracyInMicroSeconds, rows[i].accuracy);
		CHECK_EQ(frame.CurrentUSBFrameNumber, rows[i].now);
		CHECK_EQ(frame.CurrentHardwareFrameNumber, rows[i].now & 0x7ff);
	}
	CHECK_EQ(frame.QueryPerformanceCounterFrequency.QuadPart, 10000000);
	CHECK_EQ(frame.CurrentQueryPerformanceCounter.QuadPart, 50004000);
	CHECK_EQ(frame.CurrentHardwareMicroFrameNumber, 3);
	CHECK_EQ(frame.CurrentGenerationID, 4);
	/* No frame at all; the first one can't be asked for. */
	set_frame(1000, 5000 * MS);
	frame.InputFrameNumber = 0;
	frame.InputMicroFrameNumber = 0;
	CHECK(WinUsb_GetCurrentFrameNumberAndQpc(device.usb, &frame));
	CHECK_EQ(frame.QueryPerformanceCounterAtInputFrameOrMicroFrame.QuadPart, 0);
	CHECK_EQ(frame.PredictedAccuracyInMicroSeconds, rows[0].accuracy);
	CHECK_EQ(frame.CurrentUSBFrameNumber, 1000);
	frame.InputMicroFrameNumber = 8;
	CHECK_FAILS(WinUsb_GetCurrentFrameNumberAndQpc(device.usb, &frame),
		    ERROR_INVALID_PARAMETER);
	driver.frame_result = -EOPNOTSUPP;
	frame.InputMicroFrameNumber = 0;
	CHECK_FAILS(WinUsb_GetCurrentFrameNumberAndQpc(device.usb, &frame), ERROR_NOT_SUPPORTED);
	tracking_stop(frame.TimeTrackingHandle);
	end();
}

static void check_no_tracking(HANDLE tracking)
{
	USB_FRAME_NUMBER_AND_QPC_FOR_TIME_SYNC_INFORMATION frame = { .TimeTrackingHandle = tracking };
	USB_STOP_TRACKING_FOR_TIME_SYNC_INFORMATION stop = { tracking };

	CHECK_FAILS(WinUsb_GetCurrentFrameNumberAndQpc(device.usb, &frame),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(WinUsb_StopTrackingForTimeSync(device.usb, &stop), ERROR_INVALID_PARAMETER);
}

TEST(handles_of_tracking_that_are_none)
{
	USB_START_TRACKING_FOR_TIME_SYNC_INFORMATION begin = { NULL, TRUE };
	USB_FRAME_NUMBER_AND_QPC_FOR_TIME_SYNC_INFORMATION frame = { 0 };
	USB_STOP_TRACKING_FOR_TIME_SYNC_INFORMATION stop = { 0 };
	WINUSB_ISOCH_BUFFER_HANDLE isoch;
	WINUSB_INTERFACE_HANDLE usb;
	HANDLE tracking, other;

	start();
	CHECK_FAILS(WinUsb_StartTrackingForTimeSync(NULL, &begin), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_StartTrackingForTimeSync(device.usb, NULL), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_GetCurrentFrameNumberAndQpc(NULL, &frame), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_GetCurrentFrameNumberAndQpc(device.usb, NULL), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_StopTrackingForTimeSync(NULL, &stop), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_StopTrackingForTimeSync(device.usb, NULL), ERROR_INVALID_HANDLE);
	check_no_tracking(NULL);
	check_no_tracking(INVALID_HANDLE_VALUE);
	check_no_tracking(device.file);
	isoch = register_pipe(PIPE_IN);
	check_no_tracking(isoch);
	CHECK(WinUsb_UnregisterIsochBuffer(isoch));
	tracking = tracking_start(NULL);
	check_no_buffer(tracking);
	tracking_stop(tracking);
	check_no_tracking(tracking);
	/* One of another device */
	other = open_device(1);
	CHECK(WinUsb_Initialize(other, &usb));
	CHECK(WinUsb_StartTrackingForTimeSync(usb, &begin));
	check_no_tracking(begin.TimeTrackingHandle);
	stop.TimeTrackingHandle = begin.TimeTrackingHandle;
	CHECK(WinUsb_StopTrackingForTimeSync(usb, &stop));
	CHECK(WinUsb_Free(usb));
	CHECK(CloseHandle(other));
	end();
}
