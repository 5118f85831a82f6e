// SPDX-License-Identifier: MIT
/* Completion ports, and results of overlapped requests, without a device. */
#include <pthread.h>

#include <windows.h>

#include "tap.h"
#include "waiters.h"

static HANDLE port_new(void)
{
	return CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 0);
}

TEST(packets_come_in_their_order)
{
	HANDLE port = port_new();
	OVERLAPPED first, second, *got;
	ULONG_PTR key;
	DWORD bytes;

	CHECK(port);
	CHECK(PostQueuedCompletionStatus(port, 1, 2, &first));
	CHECK(PostQueuedCompletionStatus(port, 3, 4, &second));
	CHECK(PostQueuedCompletionStatus(port, 5, 6, NULL));
	CHECK(GetQueuedCompletionStatus(port, &bytes, &key, &got, 0));
	CHECK(bytes == 1 && key == 2 && got == &first);
	CHECK(GetQueuedCompletionStatus(port, &bytes, &key, &got, INFINITE));
	CHECK(bytes == 3 && key == 4 && got == &second);
	CHECK(GetQueuedCompletionStatus(port, &bytes, &key, &got, 0));
	CHECK(bytes == 5 && key == 6 && !got);
	CHECK(CloseHandle(port));
}

TEST(no_packet_in_time)
{
	HANDLE port = port_new();
	OVERLAPPED *got = (OVERLAPPED *)8;
	OVERLAPPED_ENTRY entry;
	ULONG count = 7;
	ULONG_PTR key;
	DWORD bytes;

	CHECK(!GetQueuedCompletionStatus(port, &bytes, &key, &got, 0));
	CHECK_EQ(GetLastError(), WAIT_TIMEOUT);
	CHECK(!got);
	CHECK(!GetQueuedCompletionStatus(port, &bytes, &key, &got, 20));
	CHECK_EQ(GetLastError(), WAIT_TIMEOUT);
	CHECK(!GetQueuedCompletionStatusEx(port, &entry, 1, &count, 5, FALSE));
	CHECK_EQ(GetLastError(), WAIT_TIMEOUT);
	CHECK_EQ(count, 0);
	CHECK(CloseHandle(port));
}

TEST(many_packets_at_once)
{
	OVERLAPPED_ENTRY entries[100];
	HANDLE port = port_new();
	ULONG count, i;

	for (i = 0; i < 150; i++)
		CHECK(PostQueuedCompletionStatus(port, i, i + 1, (OVERLAPPED *)(ULONG_PTR)(8 * i)));
	CHECK(GetQueuedCompletionStatusEx(port, entries, 100, &count, INFINITE, FALSE));
	CHECK_EQ(count, 100);
	for (i = 0; i < 100; i++)
		CHECK(entries[i].dwNumberOfBytesTransferred == i &&
		      entries[i].lpCompletionKey == i + 1 &&
		      entries[i].lpOverlapped == (OVERLAPPED *)(ULONG_PTR)(8 * i) &&
		      !entries[i].Internal);
	CHECK(GetQueuedCompletionStatusEx(port, entries, 100, &count, INFINITE, FALSE));
	CHECK_EQ(count, 50);
	CHECK(CloseHandle(port));
}

static void *wait_for_packet(void *port)
{
	OVERLAPPED *got;
	ULONG_PTR key;
	DWORD bytes;

	if (GetQueuedCompletionStatus(port, &bytes, &key, &got, 10000))
		return (void *)key;
	return (void *)(ULONG_PTR)(got ? 0 : GetLastError());
}

TEST(post_wakes_who_waits)
{
	HANDLE port = port_new();
	pthread_t threads[3];
	ULONG_PTR sum = 0;
	void *result;
	int i;

	for (i = 0; i < 3; i++)
		CHECK(!pthread_create(&threads[i], NULL, wait_for_packet, port));
	Sleep(20);
	for (i = 0; i < 3; i++)
		CHECK(PostQueuedCompletionStatus(port, 0, 1 << i, NULL));
	for (i = 0; i < 3; i++) {
		pthread_join(threads[i], &result);
		sum += (ULONG_PTR)result;
	}
	CHECK_EQ(sum, 7);
	CHECK(CloseHandle(port));
}

TEST(close_wakes_who_waits)
{
	HANDLE port = port_new();
	pthread_t threads[3];
	void *result;
	int i;

	for (i = 0; i < 3; i++)
		CHECK(!pthread_create(&threads[i], NULL, wait_for_packet, port));
	await_waiters(port, 3);
	CHECK(CloseHandle(port));
	for (i = 0; i < 3; i++) {
		pthread_join(threads[i], &result);
		CHECK_EQ((ULONG_PTR)result, ERROR_ABANDONED_WAIT_0);
	}
}

TEST(packets_left_at_close_are_freed)
{
	HANDLE port = port_new();

	CHECK(PostQueuedCompletionStatus(port, 0, 0, NULL));
	CHECK(CloseHandle(port));
	CHECK(!PostQueuedCompletionStatus(port, 0, 0, NULL));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
}

TEST(bad_ports)
{
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), port = port_new();
	OVERLAPPED_ENTRY entry;
	OVERLAPPED *got;
	ULONG_PTR key;
	ULONG count;
	DWORD bytes;

	CHECK(!GetQueuedCompletionStatus(NULL, &bytes, &key, &got, 0));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(!GetQueuedCompletionStatus(event, &bytes, &key, &got, 0));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(!GetQueuedCompletionStatusEx(port, &entry, 0, &count, 0, FALSE));
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK(!CreateIoCompletionPort(INVALID_HANDLE_VALUE, port, 0, 0));
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK(!CreateIoCompletionPort(event, port, 0, 0));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(!CreateIoCompletionPort(NULL, NULL, 0, 0));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(!CreateIoCompletionPort(event, event, 0, 0));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(CloseHandle(event));
	CHECK(CloseHandle(port));
}

/* What is in an OVERLAPPED is all there is when nothing is pending: a file is not looked at. */
TEST(results_of_what_is_done)
{
	OVERLAPPED overlapped = { .Internal = 0, .InternalHigh = 12 };
	DWORD bytes = 0;

	CHECK(GetOverlappedResult(NULL, &overlapped, &bytes, TRUE));
	CHECK_EQ(bytes, 12);
	overlapped.Internal = (ULONG_PTR)(LONG)0xc0000120;
	overlapped.InternalHigh = 3;
	CHECK(!GetOverlappedResult(NULL, &overlapped, &bytes, FALSE));
	CHECK_EQ(GetLastError(), ERROR_OPERATION_ABORTED);
	CHECK_EQ(bytes, 3);
	CHECK(!GetOverlappedResult(NULL, NULL, &bytes, FALSE));
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK(HasOverlappedIoCompleted(&overlapped));
}

/* Pending, but no request of ours: Windows waits for the event, and then looks once more. */
TEST(results_of_what_is_not_ours)
{
	OVERLAPPED overlapped = { .Internal = 0x103 };
	DWORD bytes;

	CHECK(!HasOverlappedIoCompleted(&overlapped));
	CHECK(!GetOverlappedResult(NULL, &overlapped, &bytes, FALSE));
	CHECK_EQ(GetLastError(), ERROR_IO_INCOMPLETE);
	overlapped.hEvent = CreateEventA(NULL, FALSE, FALSE, NULL);
	CHECK(!GetOverlappedResultEx(NULL, &overlapped, &bytes, 10, FALSE));
	CHECK_EQ(GetLastError(), WAIT_TIMEOUT);
	SetEvent(overlapped.hEvent);
	CHECK(!GetOverlappedResult(NULL, &overlapped, &bytes, TRUE));
	CHECK_EQ(GetLastError(), ERROR_IO_INCOMPLETE);
	CloseHandle(overlapped.hEvent);
	/* There is nothing to wait for. */
	CHECK(!GetOverlappedResult(NULL, &overlapped, &bytes, TRUE));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	overlapped.hEvent = NULL;
	CHECK(!GetOverlappedResultEx(NULL, &overlapped, &bytes, 10, FALSE));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
}
