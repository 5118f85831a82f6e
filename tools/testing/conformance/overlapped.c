// SPDX-License-Identifier: MIT
/* winusb.md 1.5, WinUsb_GetOverlappedResult: overlapped requests, their events, and cancelling them */
#include <unistd.h>

#include "face.h"

#define STATUS_PENDING_	0x103

static void read_into(unsigned int i, OVERLAPPED *overlapped)
{
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[i], 512, NULL, overlapped));
}

TEST_OF(1_5, overlapped_is_IO_PENDING_and_then_has_a_result)
{
	OVERLAPPED overlapped = { .hEvent = event_create(true) };
	DWORD bytes = 77;

	begin(fx2);
	read_into(0, &overlapped);
	CHECK_EQ(internal(&overlapped), STATUS_PENDING_);
	CHECK(!HasOverlappedIoCompleted(&overlapped));
	FAILS(WinUsb_GetOverlappedResult(usb, &overlapped, &bytes, FALSE), ERROR_IO_INCOMPLETE);
	feed("abc", 3);
	OK(WinUsb_GetOverlappedResult(usb, &overlapped, &bytes, TRUE));
	CHECK_EQ(bytes, 3);
	CHECK_MEM(data[0], "abc", 3);
	CHECK_EQ(overlapped.Internal, 0);
	CHECK_EQ(overlapped.InternalHigh, 3);
	/* Again, as often as one likes */
	OK(WinUsb_GetOverlappedResult(usb, &overlapped, &bytes, FALSE));
	OK(GetOverlappedResult(file, &overlapped, &bytes, TRUE));
	end();
}

TEST_OF(1_5, overlapped_clears_a_manual_reset_event_and_sets_it)
{
	OVERLAPPED overlapped = { .hEvent = event_create(true) };

	begin(fx2);
	SetEvent(overlapped.hEvent);
	read_into(0, &overlapped);
	CHECK_EQ(WaitForSingleObject(overlapped.hEvent, 0), WAIT_TIMEOUT);
	CHECK_EQ(WaitForSingleObject(overlapped.hEvent, 20), WAIT_TIMEOUT);
	feed("abc", 3);
	CHECK_EQ(WaitForSingleObject(overlapped.hEvent, 5000 * test_scale()), WAIT_OBJECT_0);
	CHECK_EQ(WaitForSingleObject(overlapped.hEvent, 0), WAIT_OBJECT_0);
	DONE(&overlapped, 3);
	CHECK_EQ(WaitForSingleObject(overlapped.hEvent, 0), WAIT_OBJECT_0);
	end();
}

static DWORD WINAPI feed_later(LPVOID unused)
{
	(void)unused;
	wait_asleep(getpid());	/* so that the test's own thread waits for the event */
	feed("abcd", 4);
	return 0;
}

TEST_OF(1_5, overlapped_sets_an_auto_reset_event_for_one_wait)
{
	OVERLAPPED overlapped = { .hEvent = event_create(false) };
	HANDLE thread;

	begin(fx2);
	read_into(0, &overlapped);
	feed("abc", 3);
	CHECK_EQ(WaitForSingleObject(overlapped.hEvent, 5000 * test_scale()), WAIT_OBJECT_0);
	CHECK_EQ(WaitForSingleObject(overlapped.hEvent, 0), WAIT_TIMEOUT);
	/* It has ended, so nothing is waited for. */
	DONE(&overlapped, 3);
	/* GetOverlappedResult takes it too, if it has to wait. */
	read_into(0, &overlapped);
	thread = CreateThread(NULL, 0, feed_later, NULL, 0, NULL);
	DONE(&overlapped, 4);
	CHECK_EQ(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
	CHECK_EQ(WaitForSingleObject(overlapped.hEvent, 0), WAIT_TIMEOUT);
	end();
}

TEST_OF(1_5, overlapped_without_event_signals_the_file)
{
	OVERLAPPED overlapped = { 0 };

	begin(fx2);
	read_into(0, &overlapped);
	CHECK_EQ(WaitForSingleObject(file, 20), WAIT_TIMEOUT);
	feed("abc", 3);
	CHECK_EQ(WaitForSingleObject(file, 5000 * test_scale()), WAIT_OBJECT_0);
	DONE(&overlapped, 3);
	end();
}

TEST_OF(1_5, overlapped_need_not_be_zero)
{
	OVERLAPPED overlapped;

	memset(&overlapped, 0xa5, sizeof(overlapped));
	overlapped.hEvent = NULL;
	begin(fx2);
	/* Not even "pending" in it is believed. */
	overlapped.Internal = STATUS_PENDING_;
	read_into(0, &overlapped);
	feed("abc", 3);
	DONE(&overlapped, 3);
	end();
}

TEST_OF(1_5, overlapped_with_a_bad_event_is_INVALID_HANDLE)
{
	OVERLAPPED overlapped = { .hEvent = event_create(true) };

	begin(fx2);
	CloseHandle(overlapped.hEvent);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped),
	      ERROR_INVALID_HANDLE);
	overlapped.hEvent = file;
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped),
	      ERROR_INVALID_HANDLE);
	overlapped.hEvent = INVALID_HANDLE_VALUE;
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped),
	      ERROR_INVALID_HANDLE);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), 0);
	end();
}

TEST_OF(1_5, overlapped_that_is_refused_leaves_nothing_behind)
{
	OVERLAPPED overlapped = { .hEvent = event_create(true) };

	begin(fx2);
	FAILS(WinUsb_ReadPipe(usb, 0x99, data[0], 512, NULL, &overlapped), ERROR_INVALID_PARAMETER);
	CHECK(HasOverlappedIoCompleted(&overlapped));
	FAILS(CancelIoEx(file, &overlapped), ERROR_NOT_FOUND);
	read_into(0, &overlapped);
	feed("abc", 3);
	DONE(&overlapped, 3);
	end();
}

TEST_OF(1_5, overlapped_in_use_is_refused_and_the_first_goes_on)
{
	OVERLAPPED overlapped = { .hEvent = event_create(true) };

	begin(fx2);
	read_into(0, &overlapped);
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[1], 512, NULL, &overlapped),
	      ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_ReadPipe(usb, FX2_SWITCHES, data[1], 8, NULL, &overlapped),
	      ERROR_INVALID_PARAMETER);
	CHECK_EQ(internal(&overlapped), STATUS_PENDING_);
	feed("abc", 3);
	DONE(&overlapped, 3);
	end();
}

TEST_OF(1_5, overlapped_results_of_nothing_are_refused)
{
	OVERLAPPED overlapped = { 0 };
	DWORD bytes;

	begin(fx2);
	FAILS(WinUsb_GetOverlappedResult(usb, NULL, &bytes, FALSE), ERROR_INVALID_PARAMETER);
	FAILS(WinUsb_GetOverlappedResult(usb, &overlapped, NULL, FALSE), ERROR_INVALID_PARAMETER);
	FAILS(GetOverlappedResult(file, NULL, &bytes, FALSE), ERROR_INVALID_PARAMETER);
	end();
}

TEST_OF(1_5, overlapped_waits_have_timeouts)
{
	OVERLAPPED overlapped = { .hEvent = event_create(true) };
	ULONGLONG start = GetTickCount64();
	DWORD bytes;

	begin(fx2);
	read_into(0, &overlapped);
	FAILS(GetOverlappedResultEx(file, &overlapped, &bytes, 50, FALSE), WAIT_TIMEOUT);
	CHECK(GetTickCount64() - start >= 49);
	FAILS(GetOverlappedResultEx(file, &overlapped, &bytes, 0, FALSE), ERROR_IO_INCOMPLETE);
	feed("abc", 3);
	OK(GetOverlappedResultEx(file, &overlapped, &bytes, 5000 * test_scale(), FALSE));
	CHECK_EQ(bytes, 3);
	end();
}

TEST_OF(1_5, any_handle_of_the_file_gives_the_result)
{
	WINUSB_INTERFACE_HANDLE second;
	OVERLAPPED overlapped = { 0 };
	DWORD bytes;

	begin(composite);
	second = associated(EVENTS);
	PENDING(WinUsb_WritePipe(usb, 0x01, data[0], 7, NULL, &overlapped));
	OK(WinUsb_GetOverlappedResult(second, &overlapped, &bytes, TRUE));
	CHECK_EQ(bytes, 7);
	end();
}

TEST_OF(1_5, wait_for_any_and_for_all_of_many)
{
	OVERLAPPED overlapped[16] = { 0 };
	HANDLE events[16];
	unsigned int i;

	begin(fx2);
	for (i = 0; i < 16; i++) {
		events[i] = overlapped[i].hEvent = event_create(true);
		read_into(i, &overlapped[i]);
	}
	CHECK_EQ(WaitForMultipleObjects(16, events, FALSE, 20), WAIT_TIMEOUT);
	feed("a", 1);
	CHECK_EQ(WaitForMultipleObjects(16, events, FALSE, 5000 * test_scale()), WAIT_OBJECT_0);
	CHECK_EQ(WaitForMultipleObjects(16, events, TRUE, 20), WAIT_TIMEOUT);
	for (i = 1; i < 16; i++)
		feed("ab", 2);
	CHECK_EQ(WaitForMultipleObjects(16, events, TRUE, 5000 * test_scale()), WAIT_OBJECT_0);
	for (i = 0; i < 16; i++)
		DONE(&overlapped[i], i ? 2 : 1);
	end();
}

TEST_OF(1_5, who_only_looks_sees_it_complete)
{
	OVERLAPPED overlapped = { 0 };
	int i;

	begin(fx2);
	read_into(0, &overlapped);
	feed("abc", 3);
	for (i = 0; i < 5000 && !HasOverlappedIoCompleted(&overlapped); i++)
		Sleep(1);
	DONE(&overlapped, 3);
	read_into(0, &overlapped);
	feed("abcd", 4);
	for (i = 0; i < 5000 && internal(&overlapped) == STATUS_PENDING_; i++)
		Sleep(1);
	CHECK_EQ(overlapped.InternalHigh, 4);
	end();
}

static DWORD WINAPI wait_for_event(LPVOID event)
{
	return WaitForSingleObject(event, 10000 * test_scale());
}

TEST_OF(1_5, who_waited_before_the_request_began_is_woken)
{
	OVERLAPPED overlapped = { .hEvent = event_create(false) };
	HANDLE thread = CreateThread(NULL, 0, wait_for_event, overlapped.hEvent, 0, NULL);
	DWORD code;

	begin(fx2);
	test_sleep_ms(50);
	read_into(0, &overlapped);
	feed("abc", 3);
	CHECK_EQ(WaitForSingleObject(thread, 10000 * test_scale()), WAIT_OBJECT_0);
	OK(GetExitCodeThread(thread, &code));
	CHECK_EQ(code, WAIT_OBJECT_0);
	DONE(&overlapped, 3);
	end();
}

TEST_OF(1_5, requests_of_a_pipe_complete_in_their_order)
{
	static OVERLAPPED overlapped[64];
	UCHAR out[64] = { 0 };
	unsigned int i;

	begin(fx2);
	for (i = 0; i < 64; i++)
		read_into(i, &overlapped[i]);
	for (i = 0; i < 64; i++) {
		out[0] = i;
		feed(out, 1 + i);
	}
	for (i = 0; i < 64; i++) {
		DONE(&overlapped[i], 1 + i);
		CHECK_EQ(data[i][0], i);
	}
	end();
}

static DWORD WINAPI start_read(LPVOID overlapped)
{
	read_into(1, overlapped);
	return 0;
}

TEST_OF(1_5, CancelIo_ends_the_requests_of_its_thread)
{
	OVERLAPPED mine = { 0 }, theirs = { 0 };
	HANDLE thread;

	begin(fx2);
	OK(CancelIo(file));
	read_into(0, &mine);
	thread = CreateThread(NULL, 0, start_read, &theirs, 0, NULL);
	CHECK_EQ(WaitForSingleObject(thread, 10000 * test_scale()), WAIT_OBJECT_0);
	OK(CancelIo(file));
	DONE_FAILS(&mine, ERROR_OPERATION_ABORTED, 0);
	CHECK(!HasOverlappedIoCompleted(&theirs));
	OK(CancelIoEx(file, NULL));
	DONE_FAILS(&theirs, ERROR_OPERATION_ABORTED, 0);
	FAILS(CancelIo(NULL), ERROR_INVALID_HANDLE);
	FAILS(CancelIo(usb), ERROR_INVALID_HANDLE);
	end();
}

TEST_OF(1_5, CancelIoEx_ends_one_or_all)
{
	OVERLAPPED overlapped[4] = { 0 }, none = { 0 };
	unsigned int i;

	begin(fx2);
	FAILS(CancelIoEx(file, NULL), ERROR_NOT_FOUND);
	FAILS(CancelIoEx(file, &none), ERROR_NOT_FOUND);
	for (i = 0; i < 4; i++)
		read_into(i, &overlapped[i]);
	OK(CancelIoEx(file, &overlapped[2]));
	DONE_FAILS(&overlapped[2], ERROR_OPERATION_ABORTED, 0);
	FAILS(CancelIoEx(file, &overlapped[2]), ERROR_NOT_FOUND);
	CHECK(!HasOverlappedIoCompleted(&overlapped[0]));
	feed("abc", 3);
	DONE(&overlapped[0], 3);
	FAILS(CancelIoEx(file, &overlapped[0]), ERROR_NOT_FOUND);
	OK(CancelIoEx(file, NULL));
	DONE_FAILS(&overlapped[1], ERROR_OPERATION_ABORTED, 0);
	DONE_FAILS(&overlapped[3], ERROR_OPERATION_ABORTED, 0);
	FAILS(CancelIoEx(NULL, NULL), ERROR_INVALID_HANDLE);
	loopback_works();
	end();
}

TEST_OF(1_5, CancelIoEx_ends_what_other_threads_are_blocked_in)
{
	struct call call;

	begin(fx2);
	call_start(&call, FX2_BULK_IN, data[0], 512);
	OK(CancelIoEx(file, NULL));
	CHECK_EQ(call_wait(&call), ERROR_OPERATION_ABORTED);
	end();
}

TEST_OF(1_5, CancelSynchronousIo_ends_the_call_of_that_thread_alone)
{
	struct call first, second;
	OVERLAPPED third = { 0 };
	UCHAR out[1024];

	begin(fx2);
	fill(out, sizeof(out), 3);
	call_start(&first, FX2_BULK_IN, data[0], 512);
	call_start_queued(&second, FX2_BULK_IN, data[1], 1536);
	read_into(2, &third);
	FAILS(CancelSynchronousIo(GetCurrentThread()), ERROR_NOT_FOUND);
	feed("abc", 3);
	feed(out, sizeof(out));
	CHECK_EQ(call_wait(&first), 0);
	CHECK_EQ(first.moved, 3);
	board_wait_counter(fx2, FX2_BULK_IN, "bytes", 3 + sizeof(out));
	OK(CancelSynchronousIo(second.thread));
	CHECK_EQ(call_wait(&second), ERROR_OPERATION_ABORTED);
	CHECK_EQ(second.moved, sizeof(out));
	CHECK_MEM(data[1], out, sizeof(out));
	feed("abcd", 4);
	DONE(&third, 4);
	end();
}

TEST_OF(1_5, CancelSynchronousIo_ends_a_write_and_counts_what_went)
{
	struct call call;

	begin(fx2);
	board_set(fx2, "silent=0x06:always:1024");
	call_start(&call, FX2_BULK_OUT, data[0], 2048);
	OK(CancelSynchronousIo(call.thread));
	CHECK_EQ(call_wait(&call), ERROR_OPERATION_ABORTED);
	CHECK_EQ(call.moved, 1024);
	end();
}

static DWORD WINAPI ask(LPVOID error)
{
	WINUSB_SETUP_PACKET setup = { .RequestType = 0xc0, .Request = 0xd7, .Length = 8 };

	if (!WinUsb_ControlTransfer(usb, setup, data[0], 8, &moved, NULL))
		*(DWORD *)error = GetLastError();
	return 0;
}

TEST_OF(1_6, CancelSynchronousIo_ends_a_control_transfer)
{
	DWORD error = 0;
	HANDLE thread;

	begin(fx2);
	board_set(fx2, "silent-request=0xd7");
	OK(set_policy(0, PIPE_TRANSFER_TIMEOUT, 0));
	thread = CreateThread(NULL, 0, ask, &error, 0, NULL);
	while (!CancelSynchronousIo(thread)) {
		CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
		CHECK_EQ(WaitForSingleObject(thread, 1), WAIT_TIMEOUT);
	}
	CHECK_EQ(WaitForSingleObject(thread, 10000 * test_scale()), WAIT_OBJECT_0);
	CHECK_EQ(error, ERROR_OPERATION_ABORTED);
	FAILS(CancelSynchronousIo(thread), ERROR_NOT_FOUND);
	loopback_works();
	end();
}

TEST_OF(1_5, a_cancelled_request_counts_what_came)
{
	OVERLAPPED overlapped = { 0 };
	UCHAR out[1024];

	begin(fx2);
	fill(out, sizeof(out), 3);
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 1536, NULL, &overlapped));
	feed(out, sizeof(out));
	board_wait_counter(fx2, FX2_BULK_IN, "bytes", sizeof(out));
	OK(CancelIoEx(file, &overlapped));
	DONE_FAILS(&overlapped, ERROR_OPERATION_ABORTED, sizeof(out));
	CHECK_MEM(data[0], out, sizeof(out));
	end();
}

TEST_OF(1_5, hundreds_are_in_flight_and_too_many_are_refused)
{
	enum { MANY = 20000 };
	OVERLAPPED *overlapped = calloc(MANY, sizeof(*overlapped));
	DWORD bytes, error = ERROR_IO_PENDING;
	unsigned int n, i;

	begin(fx2);
	CHECK(overlapped);
	for (n = 0; n < MANY && error == ERROR_IO_PENDING; n++) {
		CHECK(!WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped[n]));
		error = GetLastError();
	}
	CHECK_EQ(error, ERROR_NOT_ENOUGH_MEMORY);
	n--;
	CHECK(n >= 500);
	for (i = 0; i < 100; i++)
		feed("a", 1);
	for (i = 0; i < 100; i++)
		DONE(&overlapped[i], 1);
	OK(WinUsb_AbortPipe(usb, FX2_BULK_IN));
	for (; i < n; i++)
		FAILS(GetOverlappedResult(file, &overlapped[i], &bytes, FALSE),
		      ERROR_OPERATION_ABORTED);
	end();
}
