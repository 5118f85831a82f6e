// SPDX-License-Identifier: MIT
/*
 * Overlapped requests, cancelling, ports, closing and removal, against real devices, in a guest:
 *
 *	make -C tools/lib guest_overlapped
 *	scripts/lab run --board=fx2 --board=composite -- tools/lib/build/native/guest_overlapped
 */
#include <unistd.h>

#include "guest.h"

TEST(events_manual_and_automatic)
{
	OVERLAPPED overlapped = { 0 };
	DWORD n;
	int automatic;

	begin(FX2);
	for (automatic = 0; automatic < 2; automatic++) {
		overlapped.hEvent = CreateEventA(NULL, !automatic, TRUE, NULL);
		PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &overlapped));
		CHECK_EQ(overlapped.Internal, 0x103);
		CHECK_EQ(WaitForSingleObject(overlapped.hEvent, 0), WAIT_TIMEOUT);
		CHECK_FAILS(WinUsb_GetOverlappedResult(handle, &overlapped, &n, FALSE),
			    ERROR_IO_INCOMPLETE);
		CHECK_FAILS(GetOverlappedResultEx(file, &overlapped, &n, 20, FALSE), WAIT_TIMEOUT);
		/* Still under way: refused, and the first one is not disturbed. */
		CHECK_FAILS(WinUsb_ReadPipe(handle, SWITCHES, data[1], 1, NULL, &overlapped),
			    ERROR_INVALID_PARAMETER);
		feed("abc");
		CHECK(WinUsb_GetOverlappedResult(handle, &overlapped, &n, TRUE) && n == 3);
		if (!automatic)
			CHECK_EQ(WaitForSingleObject(overlapped.hEvent, 0), WAIT_OBJECT_0);
		/* Waited for by its event. */
		PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &overlapped));
		feed("abcd");
		CHECK_EQ(WaitForSingleObject(overlapped.hEvent, 5000), WAIT_OBJECT_0);
		CHECK(HasOverlappedIoCompleted(&overlapped));
		CHECK(GetOverlappedResult(file, &overlapped, &n, TRUE) && n == 4);
		CloseHandle(overlapped.hEvent);
	}
	CHECK_FAILS(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &overlapped),
		    ERROR_INVALID_HANDLE);
	overlapped.hEvent = file;
	CHECK_FAILS(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &overlapped),
		    ERROR_INVALID_HANDLE);
	end();
}

TEST(the_file_is_signalled_without_event)
{
	OVERLAPPED overlapped;
	DWORD n;

	memset(&overlapped, 0x5a, sizeof(overlapped));	/* need not be zero for bulk */
	overlapped.hEvent = NULL;
	begin(FX2);
	PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, &n, &overlapped));
	CHECK_EQ(WaitForSingleObject(file, 10), WAIT_TIMEOUT);
	feed("abc");
	CHECK_EQ(WaitForSingleObject(file, 5000), WAIT_OBJECT_0);
	CHECK(GetOverlappedResult(file, &overlapped, &n, FALSE) && n == 3);
	CHECK(SetFileCompletionNotificationModes(file, FILE_SKIP_SET_EVENT_ON_HANDLE));
	PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, &n, &overlapped));
	feed("abc");
	CHECK_EQ(WaitForSingleObject(file, 100), WAIT_TIMEOUT);
	CHECK(GetOverlappedResult(file, &overlapped, &n, TRUE) && n == 3);
	end();
}

static ULONG_PTR internal(const OVERLAPPED *overlapped)
{
	return __atomic_load_n(&overlapped->Internal, __ATOMIC_ACQUIRE);
}

TEST(who_only_looks_sees_it_complete)
{
	OVERLAPPED overlapped = { 0 };
	int i, round;

	begin(FX2);
	for (round = 0; round < 10; round++) {
		PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &overlapped));
		feed("abc");
		for (i = 0; i < 2000 && internal(&overlapped) == 0x103; i++)
			Sleep(1);
		CHECK_EQ(overlapped.Internal, 0);
		CHECK_EQ(overlapped.InternalHigh, 3);
		PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &overlapped));
		feed("abcd");
		for (i = 0; i < 2000 && !HasOverlappedIoCompleted(&overlapped); i++)
			Sleep(1);
		CHECK_EQ(overlapped.InternalHigh, 4);
	}
	end();
}

static DWORD WINAPI wait_event(void *event)
{
	return WaitForSingleObject(event, 5000);
}

TEST(an_event_that_is_waited_for_already)
{
	OVERLAPPED overlapped = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	HANDLE thread = CreateThread(NULL, 0, wait_event, overlapped.hEvent, 0, NULL);
	DWORD result;

	begin(FX2);
	tap_await_asleep(GetThreadId(thread));
	PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &overlapped));
	feed("abc");
	CHECK_EQ(WaitForSingleObject(thread, 5000), WAIT_OBJECT_0);
	CHECK(GetExitCodeThread(thread, &result) && result == WAIT_OBJECT_0);
	CHECK_EQ(overlapped.InternalHigh, 3);
	CloseHandle(thread);
	end();
	CloseHandle(overlapped.hEvent);
}

struct waiter {
	OVERLAPPED overlapped;
	HANDLE thread;
	DWORD bytes;
	DWORD error;
};

static DWORD WINAPI wait_result(void *argument)
{
	struct waiter *waiter = argument;

	waiter->error = GetOverlappedResult(file, &waiter->overlapped, &waiter->bytes, TRUE) ?
			0 : GetLastError();
	return 0;
}

/* Who waited for the result has waited for the event. */
TEST(a_wait_consumes_an_automatic_event)
{
	HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL);
	struct waiter waiter = { .overlapped = { .hEvent = event } };

	begin(FX2);
	PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &waiter.overlapped));
	waiter.thread = CreateThread(NULL, 0, wait_result, &waiter, 0, NULL);
	tap_await_asleep(GetThreadId(waiter.thread));
	feed("abc");
	CHECK_EQ(WaitForSingleObject(waiter.thread, 5000), WAIT_OBJECT_0);
	CHECK(!waiter.error && waiter.bytes == 3);
	CHECK_EQ(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
	CloseHandle(waiter.thread);
	end();
	CloseHandle(event);
}

TEST(many_threads_wait_for_one_file)
{
	struct waiter waiters[8] = { 0 };
	int i;

	begin(FX2);
	for (i = 0; i < 8; i++) {
		PENDING(WinUsb_ReadPipe(handle, IN, data[i], 512, NULL, &waiters[i].overlapped));
		waiters[i].thread = CreateThread(NULL, 0, wait_result, &waiters[i], 0, NULL);
	}
	for (i = 0; i < 8; i++)
		tap_await_asleep(GetThreadId(waiters[i].thread));
	for (i = 0; i < 4; i++)
		feed("abc");
	for (i = 0; i < 4; i++)
		CHECK_EQ(WaitForSingleObject(waiters[i].thread, 5000), WAIT_OBJECT_0);
	CHECK(WinUsb_AbortPipe(handle, IN));
	for (i = 4; i < 8; i++)
		CHECK_EQ(WaitForSingleObject(waiters[i].thread, 5000), WAIT_OBJECT_0);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(waiters[i].error, i < 4 ? 0 : ERROR_OPERATION_ABORTED);
		CHECK_EQ(waiters[i].bytes, i < 4 ? 3 : 0);
		CloseHandle(waiters[i].thread);
	}
	end();
}

#define MANY	500

TEST(five_hundred_reads)
{
	OVERLAPPED *many = calloc(MANY, sizeof(*many));
	DWORD n;
	int i;

	begin(FX2);
	for (i = 0; i < MANY; i++)
		PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &many[i]));
	for (i = 0; i < 100; i++)
		feed("ab");
	for (i = 99; i >= 0; i--)
		CHECK(GetOverlappedResult(file, &many[i], &n, TRUE) && n == 2);
	CHECK(CancelIoEx(file, &many[MANY - 1]));
	CHECK_FAILS(GetOverlappedResult(file, &many[MANY - 1], &n, TRUE), ERROR_OPERATION_ABORTED);
	CHECK(WinUsb_AbortPipe(handle, IN));
	for (i = 100; i < MANY; i++)
		CHECK_FAILS(GetOverlappedResult(file, &many[i], &n, FALSE),
			    ERROR_OPERATION_ABORTED);
	end();
	free(many);
}

static DWORD WINAPI read_here(void *overlapped)
{
	PENDING(WinUsb_ReadPipe(handle, IN, data[1], 512, NULL, overlapped));
	return 0;
}

TEST(cancelling)
{
	OVERLAPPED mine = { 0 }, theirs = { 0 }, unused = { 0 };
	HANDLE thread;
	DWORD n;

	begin(FX2);
	CHECK_FAILS(CancelIoEx(file, NULL), ERROR_NOT_FOUND);
	CHECK_FAILS(CancelIoEx(file, &unused), ERROR_NOT_FOUND);
	CHECK(CancelIo(file));
	PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &mine));
	thread = CreateThread(NULL, 0, read_here, &theirs, 0, NULL);
	CHECK_EQ(WaitForSingleObject(thread, 5000), WAIT_OBJECT_0);
	CloseHandle(thread);
	CHECK(CancelIo(file));		/* of this thread only */
	CHECK_FAILS(GetOverlappedResult(file, &mine, &n, TRUE), ERROR_OPERATION_ABORTED);
	CHECK(!HasOverlappedIoCompleted(&theirs));
	CHECK(CancelIoEx(file, &theirs));
	CHECK_FAILS(GetOverlappedResult(file, &theirs, &n, TRUE), ERROR_OPERATION_ABORTED);
	CHECK_FAILS(CancelIoEx(file, &theirs), ERROR_NOT_FOUND);
	PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &mine));
	PENDING(WinUsb_ReadPipe(handle, SWITCHES, data[1], 1, NULL, &theirs));
	CHECK(CancelIoEx(file, NULL));
	CHECK_FAILS(GetOverlappedResult(file, &mine, &n, TRUE), ERROR_OPERATION_ABORTED);
	CHECK_FAILS(GetOverlappedResult(file, &theirs, &n, TRUE), ERROR_OPERATION_ABORTED);
	end();
}

static DWORD WINAPI read_and_wait(void *pipe)
{
	ULONG n;

	return WinUsb_ReadPipe(handle, *(UCHAR *)pipe, data[2], 512, &n, NULL) ? 0 : GetLastError();
}

static void check_exit(HANDLE thread, DWORD expected)
{
	DWORD code = 0;

	CHECK_EQ(WaitForSingleObject(thread, 5000), WAIT_OBJECT_0);
	CHECK(GetExitCodeThread(thread, &code));
	CHECK_EQ(code, expected);
	CloseHandle(thread);
}

TEST(a_synchronous_read_is_cancelled_with_the_others)
{
	UCHAR pipe = IN;
	HANDLE thread;

	begin(FX2);
	thread = CreateThread(NULL, 0, read_and_wait, &pipe, 0, NULL);
	tap_await_asleep(GetThreadId(thread));
	CHECK(CancelIoEx(file, NULL));
	check_exit(thread, ERROR_OPERATION_ABORTED);
	end();
}

static DWORD WINAPI wait_packet(void *port)
{
	OVERLAPPED *overlapped;
	ULONG_PTR key;
	DWORD n;

	return GetQueuedCompletionStatus(port, &n, &key, &overlapped, 5000) ? 0 : GetLastError();
}

TEST(closing_ends_all_that_waits)
{
	UCHAR pipe = IN, switches = SWITCHES;
	struct waiter waiter = { 0 };
	HANDLE threads[4], port;
	OVERLAPPED event = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	ULONGLONG start;
	int round, i;

	for (round = 0; round < 4; round++) {
		begin(FX2);
		port = CreateIoCompletionPort(file, NULL, 1, 0);
		memset(&waiter, 0, sizeof(waiter));
		waiter.overlapped.hEvent = (HANDLE)1;
		event.hEvent = (HANDLE)((ULONG_PTR)event.hEvent | 1);
		threads[0] = CreateThread(NULL, 0, read_and_wait, &pipe, 0, NULL);
		threads[1] = CreateThread(NULL, 0, read_and_wait, &switches, 0, NULL);
		PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &event));
		threads[2] = CreateThread(NULL, 0, wait_event, event.hEvent, 0, NULL);
		PENDING(WinUsb_ReadPipe(handle, IN, data[1], 512, NULL, &waiter.overlapped));
		waiter.thread = CreateThread(NULL, 0, wait_result, &waiter, 0, NULL);
		threads[3] = CreateThread(NULL, 0, wait_packet, port, 0, NULL);
		/* All of them are there. */
		for (i = 0; round && i < 4; i++)
			tap_await_asleep(GetThreadId(threads[i]));
		if (round)
			tap_await_asleep(GetThreadId(waiter.thread));
		start = GetTickCount64();
		CHECK(CloseHandle(file));
		CHECK(GetTickCount64() - start < 4000);
		CHECK(HasOverlappedIoCompleted(&event));
		CHECK(HasOverlappedIoCompleted(&waiter.overlapped));
		CHECK_EQ((DWORD)event.Internal, 0xc0000120);
		check_exit(threads[2], WAIT_OBJECT_0);
		CHECK_EQ(WaitForSingleObject(waiter.thread, 5000), WAIT_OBJECT_0);
		CHECK_EQ(waiter.error, ERROR_OPERATION_ABORTED);
		CloseHandle(waiter.thread);
		if (round) {
			check_exit(threads[0], ERROR_OPERATION_ABORTED);
			check_exit(threads[1], ERROR_OPERATION_ABORTED);
		} else {
			CHECK_EQ(WaitForMultipleObjects(2, threads, TRUE, 5000), WAIT_OBJECT_0);
		}
		CHECK(CloseHandle(port));
		CHECK_EQ(WaitForSingleObject(threads[3], 5000), WAIT_OBJECT_0);
		CHECK(WinUsb_Free(handle));
	}
}

TEST(completion_ports)
{
	OVERLAPPED overlapped[8] = { 0 }, *got;
	OVERLAPPED_ENTRY entries[8];
	HANDLE port, other;
	ULONG_PTR key;
	ULONG count;
	DWORD n;
	int i;

	begin(FX2);
	port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
	/* What is under way already has a packet, too. */
	PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &overlapped[0]));
	CHECK(CreateIoCompletionPort(file, port, 77, 0) == port);
	feed("early");
	CHECK(GetQueuedCompletionStatus(port, &n, &key, &got, 5000));
	CHECK(n == 5 && key == 77 && got == &overlapped[0]);
	CHECK_FAILS(CreateIoCompletionPort(file, port, 78, 0), ERROR_INVALID_PARAMETER);
	for (i = 0; i < 8; i++)
		PENDING(WinUsb_ReadPipe(handle, IN, data[i], 512, NULL, &overlapped[i]));
	feed("a");
	CHECK(GetQueuedCompletionStatus(port, &n, &key, &got, 5000));
	CHECK(n == 1 && key == 77 && got == &overlapped[0]);
	CHECK(GetOverlappedResult(file, got, &n, FALSE) && n == 1);
	for (i = 1; i < 5; i++)
		feed("ab");
	for (i = 1; i < 5; i += count) {
		CHECK(GetQueuedCompletionStatusEx(port, entries, 8, &count, 5000, FALSE));
		CHECK(entries[0].lpOverlapped == &overlapped[i] && !entries[0].Internal);
	}
	CHECK(!GetQueuedCompletionStatus(port, &n, &key, &got, 20) && !got);
	CHECK(WinUsb_AbortPipe(handle, IN));
	for (i = 5; i < 8; i++) {
		CHECK_FAILS(GetQueuedCompletionStatus(port, &n, &key, &got, 5000),
			    ERROR_OPERATION_ABORTED);
		/* They end in no particular order. */
		CHECK(got >= &overlapped[5] && got < &overlapped[8] && key == 77 && !n);
	}
	/* No packet for an event with its lowest bit set, nor for what is refused at once. */
	overlapped[0].hEvent = (HANDLE)((ULONG_PTR)CreateEventA(NULL, TRUE, FALSE, NULL) | 1);
	PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &overlapped[0]));
	feed("abc");
	CHECK(GetOverlappedResult(file, &overlapped[0], &n, TRUE) && n == 3);
	CHECK_FAILS(WinUsb_ReadPipe(handle, 0x99, data[0], 512, NULL, &overlapped[1]),
		    ERROR_INVALID_PARAMETER);
	CHECK_FAILS(GetQueuedCompletionStatus(port, &n, &key, &got, 10), WAIT_TIMEOUT);
	CloseHandle((HANDLE)((ULONG_PTR)overlapped[0].hEvent & ~(ULONG_PTR)1));
	/* The port goes first, with a request under way. */
	PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &overlapped[2]));
	CHECK(CloseHandle(port));
	feed("abc");
	CHECK(GetOverlappedResult(file, &overlapped[2], &n, TRUE) && n == 3);
	end();
	begin(FX2);
	other = CreateIoCompletionPort(file, NULL, 5, 0);
	CHECK(other);
	end();
	CHECK(CloseHandle(other));
}

static _Atomic bool storm_over;
static _Atomic WINUSB_INTERFACE_HANDLE storm_handle;
static _Atomic HANDLE storm_file;

static DWORD WINAPI storm(void *unused)
{
	OVERLAPPED overlapped = { 0 };
	UCHAR setting, buffer[512];
	unsigned int round = 0;
	DWORD n;

	(void)unused;
	while (!storm_over) {
		WINUSB_INTERFACE_HANDLE use = storm_handle;

		WinUsb_GetCurrentAlternateSetting(use, &setting);
		if (!WinUsb_ReadPipe(use, IN, buffer, 512, NULL, &overlapped) &&
		    GetLastError() == ERROR_IO_PENDING) {
			if (++round & 1)
				CancelIoEx(storm_file, &overlapped);
			GetOverlappedResult(storm_file, &overlapped, &n, TRUE);
		}
	}
	return 0;
}

TEST(used_while_freed_and_closed)
{
	HANDLE threads[4];
	OVERLAPPED none;
	int i;

	begin(FX2);
	storm_handle = handle;
	storm_file = file;
	storm_over = false;
	for (i = 0; i < 4; i++)
		threads[i] = CreateThread(NULL, 0, storm, NULL, 0, NULL);
	for (i = 0; i < 30; i++) {
		Sleep(5);
		if (i % 3)
			WinUsb_Free(handle);
		CloseHandle(file);
		begin(FX2);
		storm_handle = handle;
		storm_file = file;
		CancelIoEx(file, &none);
	}
	storm_over = true;
	CloseHandle(file);
	CHECK_EQ(WaitForMultipleObjects(4, threads, TRUE, 10000), WAIT_OBJECT_0);
	for (i = 0; i < 4; i++)
		CloseHandle(threads[i]);
}

TEST(z_removal)
{
	OVERLAPPED second = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	OVERLAPPED overlapped = { 0 };
	WINUSB_INTERFACE_HANDLE other;
	HANDLE thread;
	UCHAR pipe = IN, speed;
	ULONG n = 1;
	DWORD moved;
	int i;

	begin(FX2);
	PENDING(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &overlapped));
	PENDING(WinUsb_ReadPipe(handle, SWITCHES, data[1], 1, NULL, &second));
	thread = CreateThread(NULL, 0, read_and_wait, &pipe, 0, NULL);
	tap_await_asleep(GetThreadId(thread));
	board("unplug");
	CHECK_EQ(WaitForSingleObject(second.hEvent, 5000), WAIT_OBJECT_0);
	CHECK_FAILS(GetOverlappedResult(file, &second, &moved, TRUE), ERROR_DEVICE_NOT_CONNECTED);
	CHECK_FAILS(GetOverlappedResult(file, &overlapped, &moved, TRUE),
		    ERROR_DEVICE_NOT_CONNECTED);
	check_exit(thread, ERROR_DEVICE_NOT_CONNECTED);
	/* The node goes a moment before the driver refuses, the device after that. */
	for (i = 0; i < 2000 && !access("/sys/bus/usb/devices/1-1", F_OK); i++)
		Sleep(10);
	CHECK_EQ(access("/sys/bus/usb/devices/1-1", F_OK), -1);
	CHECK_FAILS(WinUsb_ReadPipe(handle, IN, data[0], 512, &n, NULL), ERROR_BAD_COMMAND);
	CHECK_FAILS(WinUsb_ReadPipe(handle, IN, data[0], 512, NULL, &overlapped),
		    ERROR_BAD_COMMAND);
	CHECK_FAILS(WinUsb_Initialize(file, &other), ERROR_BAD_COMMAND);
	CHECK_FAILS(WinUsb_SetCurrentAlternateSetting(handle, 0), ERROR_BAD_COMMAND);
	n = 1;
	CHECK(WinUsb_QueryDeviceInformation(handle, DEVICE_SPEED, &n, &speed));
	CHECK_EQ(WaitForSingleObject(second.hEvent, 0), WAIT_OBJECT_0);
	CHECK(open_node(FX2, FILE_FLAG_OVERLAPPED) == INVALID_HANDLE_VALUE);
	CHECK_EQ(GetLastError(), ERROR_FILE_NOT_FOUND);
	end();
}
