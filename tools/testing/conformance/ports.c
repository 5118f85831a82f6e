// SPDX-License-Identifier: MIT
/* winusb.md 1.1: completion ports of the file */
#include "face.h"

static HANDLE port;
static LPOVERLAPPED got;
static ULONG_PTR key;
static DWORD bytes;

static void begin_port(void)
{
	begin(fx2);
	port = CreateIoCompletionPort(file, NULL, 77, 0);
	CHECK(port);
}

static void end_port(void)
{
	end();
	OK(CloseHandle(port));
}

static BOOL take(DWORD ms)
{
	return GetQueuedCompletionStatus(port, &bytes, &key, &got, ms);
}

static void read_into(unsigned int i, OVERLAPPED *overlapped)
{
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[i], 512, NULL, overlapped));
}

TEST_OF(1_1, ports_give_completions_with_key_bytes_and_overlapped)
{
	OVERLAPPED overlapped = { 0 };

	begin_port();
	read_into(0, &overlapped);
	feed("abc", 3);
	OK(take(5000 * test_scale()));
	CHECK_EQ(bytes, 3);
	CHECK_EQ(key, 77);
	CHECK(got == &overlapped);
	DONE(&overlapped, 3);
	end_port();
}

TEST_OF(1_1, ports_time_out_with_NULL)
{
	begin_port();
	got = (LPOVERLAPPED)1;
	FAILS(take(20), WAIT_TIMEOUT);
	CHECK(!got);
	FAILS(take(0), WAIT_TIMEOUT);
	end_port();
}

TEST_OF(1_1, ports_report_failures_with_their_error)
{
	OVERLAPPED overlapped = { 0 };

	begin_port();
	read_into(0, &overlapped);
	OK(WinUsb_AbortPipe(usb, FX2_BULK_IN));
	FAILS(take(5000 * test_scale()), ERROR_OPERATION_ABORTED);
	CHECK(got == &overlapped);
	CHECK_EQ(key, 77);
	board_set(fx2, "stall=0x88:1");
	read_into(0, &overlapped);
	FAILS(take(5000 * test_scale()), ERROR_GEN_FAILURE);
	CHECK(got == &overlapped);
	end_port();
}

TEST_OF(1_1, ports_have_one_file_each_once)
{
	HANDLE other;

	begin_port();
	FAILS(CreateIoCompletionPort(file, port, 78, 0), ERROR_INVALID_PARAMETER);
	other = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
	CHECK(other);
	FAILS(CreateIoCompletionPort(file, other, 78, 0), ERROR_INVALID_PARAMETER);
	FAILS(CreateIoCompletionPort(INVALID_HANDLE_VALUE, other, 0, 0), ERROR_INVALID_PARAMETER);
	FAILS(CreateIoCompletionPort((HANDLE)0x1230, NULL, 0, 0), ERROR_INVALID_HANDLE);
	FAILS(CreateIoCompletionPort(file, file, 0, 0), ERROR_INVALID_HANDLE);
	OK(CloseHandle(other));
	end_port();
}

TEST_OF(1_1, ports_take_no_file_without_the_overlapped_flag)
{
	HANDLE plain = open_path(path_of(fx2), 0);

	CHECK(plain != INVALID_HANDLE_VALUE);
	FAILS(CreateIoCompletionPort(plain, NULL, 0, 0), ERROR_INVALID_PARAMETER);
	OK(CloseHandle(plain));
}

TEST_OF(1_1, ports_pass_posted_packets_in_their_order)
{
	OVERLAPPED overlapped = { 0 };
	OVERLAPPED_ENTRY entries[8];
	ULONG n = 99, i;

	port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
	for (i = 0; i < 5; i++)
		OK(PostQueuedCompletionStatus(port, i, 100 + i, i & 1 ? &overlapped : NULL));
	OK(take(0));
	CHECK_EQ(bytes, 0);
	CHECK_EQ(key, 100);
	CHECK(!got);
	OK(GetQueuedCompletionStatusEx(port, entries, 3, &n, 0, FALSE));
	CHECK_EQ(n, 3);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(entries[i].dwNumberOfBytesTransferred, i + 1);
		CHECK_EQ(entries[i].lpCompletionKey, 101 + i);
		CHECK(entries[i].lpOverlapped == (i & 1 ? NULL : &overlapped));
	}
	OK(GetQueuedCompletionStatusEx(port, entries, 8, &n, 0, FALSE));
	CHECK_EQ(n, 1);
	FAILS(GetQueuedCompletionStatusEx(port, entries, 8, &n, 10, FALSE), WAIT_TIMEOUT);
	CHECK_EQ(n, 0);
	OK(CloseHandle(port));
	FAILS(PostQueuedCompletionStatus(port, 0, 0, NULL), ERROR_INVALID_HANDLE);
	FAILS(take(0), ERROR_INVALID_HANDLE);
}

TEST_OF(1_1, ports_say_nothing_of_an_event_with_its_low_bit_set)
{
	HANDLE event = event_create(true);
	OVERLAPPED overlapped = { .hEvent = (HANDLE)((ULONG_PTR)event | 1) };

	begin_port();
	read_into(0, &overlapped);
	feed("abc", 3);
	CHECK_EQ(WaitForSingleObject(event, 5000 * test_scale()), WAIT_OBJECT_0);
	DONE(&overlapped, 3);
	FAILS(take(20), WAIT_TIMEOUT);
	end_port();
}

TEST_OF(1_1, ports_say_nothing_of_what_was_refused)
{
	OVERLAPPED overlapped = { 0 };

	begin_port();
	FAILS(WinUsb_ReadPipe(usb, 0x99, data[0], 512, NULL, &overlapped), ERROR_INVALID_PARAMETER);
	FAILS(take(20), WAIT_TIMEOUT);
	end_port();
}

TEST_OF(1_1, ports_say_nothing_of_calls_that_block)
{
	begin_port();
	loopback_works();
	FAILS(take(20), WAIT_TIMEOUT);
	end_port();
}

TEST_OF(1_1, ports_are_told_when_the_file_is_closed)
{
	OVERLAPPED overlapped = { 0 };

	begin_port();
	read_into(0, &overlapped);
	OK(CloseHandle(file));
	FAILS(take(5000 * test_scale()), ERROR_OPERATION_ABORTED);
	CHECK(got == &overlapped);
	OK(WinUsb_Free(usb));
	OK(CloseHandle(port));
}

TEST_OF(1_1, ports_may_be_closed_before_the_file)
{
	OVERLAPPED overlapped = { 0 };

	begin_port();
	read_into(0, &overlapped);
	OK(CloseHandle(port));
	feed("abc", 3);
	DONE(&overlapped, 3);
	end();
}

static DWORD WINAPI serve(LPVOID counter)
{
	LPOVERLAPPED overlapped;
	ULONG_PTR of;
	DWORD n;

	while (GetQueuedCompletionStatus(port, &n, &of, &overlapped, INFINITE) && overlapped)
		InterlockedIncrement(counter);
	return GetLastError();
}

TEST_OF(1_1, ports_serve_many_threads_each_packet_once)
{
	static OVERLAPPED overlapped[60];
	HANDLE threads[4];
	LONG count = 0;
	unsigned int i;

	begin_port();
	for (i = 0; i < 4; i++)
		threads[i] = CreateThread(NULL, 0, serve, &count, 0, NULL);
	for (i = 0; i < 60; i++)
		read_into(i, &overlapped[i]);
	for (i = 0; i < 60; i++)
		feed("abc", 3);
	for (i = 0; i < 60; i++)
		DONE(&overlapped[i], 3);
	for (i = 0; i < 4; i++)
		OK(PostQueuedCompletionStatus(port, 0, 0, NULL));
	CHECK_EQ(WaitForMultipleObjects(4, threads, TRUE, 10000 * test_scale()), WAIT_OBJECT_0);
	CHECK_EQ(count, 60);
	end_port();
}

TEST_OF(1_1, ports_that_are_closed_abandon_their_waiters)
{
	LONG count = 0;
	HANDLE thread;
	DWORD code;

	port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
	thread = CreateThread(NULL, 0, serve, &count, 0, NULL);
	wait_asleep(GetThreadId(thread));
	OK(CloseHandle(port));
	CHECK_EQ(WaitForSingleObject(thread, 10000 * test_scale()), WAIT_OBJECT_0);
	OK(GetExitCodeThread(thread, &code));
	CHECK_EQ(code, ERROR_ABANDONED_WAIT_0);
}
