// SPDX-License-Identifier: MIT
/*
 * Who reads the records of requests: at once, after polling, by WINUSB_IOC_REAP, and while others
 * do so, too.
 */
#include <poll.h>

#include "fake_driver.h"
#include "overlapped.h"

#define RING		8
#define THREADS		4
#define TIMES		2000

static __thread unsigned int polls;	/* of this thread */
static atomic_uint polling;		/* of all */

/* Instead of the C library's */
int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *time, const sigset_t *mask)
{
	struct timespec left = time ? *time : (struct timespec){ 0 };

	CHECK(!mask);
	polls++;
	atomic_fetch_add(&polling, 1);
	return (int)syscall(SYS_ppoll, fds, count, time ? &left : NULL, NULL, 0);
}

int poll(struct pollfd *fds, nfds_t count, int ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	return ppoll(fds, count, ms < 0 ? NULL : &time, NULL);
}

static HANDLE port;

/* Waits for a request in one of several ways. */
static void await(unsigned int way, OVERLAPPED *overlapped)
{
	OVERLAPPED *ended;
	ULONG_PTR key;
	DWORD bytes;

	if (way == 1)
		CHECK_EQ(WaitForSingleObject(overlapped->hEvent, INFINITE), WAIT_OBJECT_0);
	if (way == 2) {
		CHECK(GetQueuedCompletionStatus(port, &bytes, &key, &ended, INFINITE));
		CHECK(ended == overlapped);
	}
	CHECK(GetOverlappedResult(device.file, overlapped, &bytes, !way));
	CHECK_EQ(bytes, 9);
}

static void await_quick(unsigned int way, OVERLAPPED *overlapped, unsigned int times)
{
	device.quick = true;
	while (times--) {
		start_read(overlapped);
		await(way, overlapped);
	}
	device.quick = false;
}

static atomic_bool over;

static unsigned int sleeps(void)
{
	return atomic_load(&polling) + atomic_load(&device.reaps);
}

/* A slow device: a request is done when somebody has slept for it, or begins to. */
static void *complete_after_sleeps(void *unused)
{
	unsigned int seen = sleeps(), now;

	(void)unused;
	while (!atomic_load(&over)) {
		now = sleeps();
		if (now == seen) {
			sched_yield();
			continue;
		}
		seen = now;
		pthread_mutex_lock(&device.lock);
		if (device.count)
			device_complete(0, 0, 9);
		pthread_mutex_unlock(&device.lock);
	}
	return NULL;
}

static unsigned int skipped(void)
{
	struct file *file = (struct file *)object_get(device.file, OBJECT_FILE);
	unsigned int skipped = atomic_load(&file->pump.skipped);

	object_put(&file->object);
	return skipped;
}

static void await_slow(unsigned int way, OVERLAPPED *overlapped, unsigned int times)
{
	pthread_t thread;

	atomic_store(&over, false);
	CHECK(!pthread_create(&thread, NULL, complete_after_sleeps, NULL));
	while (times--) {
		start_read(overlapped);
		await(way, overlapped);
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
}

/*
 * What is there is not slept for; where nothing is, reading in vain becomes rare, for a while. One
 * WINUSB_IOC_REAP is as good as a poll and a read.
 */
static void read_or_sleep(unsigned int way, uint64_t capabilities)
{
	OVERLAPPED overlapped = { 0 };
	unsigned int tries = 0;

	device.capabilities = capabilities;
	begin();
	device.capabilities = WINUSB_CAP_REAP;
	port = CreateIoCompletionPort(device.file, NULL, 1, 0);
	if (way == 1)
		overlapped.hEvent = CreateEventA(NULL, FALSE, FALSE, NULL);
	/* Two ends of the same request are not waited for. */
	if (way != 2)
		overlapped.hEvent = (HANDLE)((ULONG_PTR)overlapped.hEvent | 1);
	polls = 0;
	await_quick(way, &overlapped, 100);
	CHECK_EQ(polls + atomic_load(&device.reaps), 0);
	/* Once more where the machine lets it wait so long that the background reads. */
	do {
		polls = 0;
		atomic_store(&device.reaps, 0);
		await_slow(way, &overlapped, 200);
	} while (skipped() != 63 && ++tries < 5);
	/* Some are for who has begun to wait just now, and not for the record. */
	if (capabilities)
		CHECK(atomic_load(&device.reaps) >= 180 && atomic_load(&device.reaps) <= 220);
	else
		CHECK_EQ(atomic_load(&device.reaps), 0);
	CHECK(capabilities ? !polls : polls >= 180);
	CHECK_EQ(skipped(), 63);
	await_quick(way, &overlapped, 64);
	CHECK_EQ(skipped(), 0);
	polls = 0;
	atomic_store(&device.reaps, 0);
	await_quick(way, &overlapped, 100);
	CHECK_EQ(polls + atomic_load(&device.reaps), 0);
	end();
	CHECK(CloseHandle(port));
	if (way == 1)
		CHECK(CloseHandle(overlapped.hEvent));
}

TEST(GetOverlappedResult_reads_what_is_there_and_sleeps_otherwise)
{
	read_or_sleep(0, WINUSB_CAP_REAP);
}

TEST(GetOverlappedResult_without_the_capability)
{
	read_or_sleep(0, 0);
}

TEST(WaitForSingleObject_reads_what_is_there_and_sleeps_otherwise)
{
	read_or_sleep(1, WINUSB_CAP_REAP);
}

TEST(WaitForSingleObject_without_the_capability)
{
	read_or_sleep(1, 0);
}

TEST(a_port_reads_what_is_there_and_sleeps_otherwise)
{
	read_or_sleep(2, WINUSB_CAP_REAP);
}

TEST(a_port_without_the_capability)
{
	read_or_sleep(2, 0);
}

/* The device is quick for some and slow for others, so that records are read by whomever. */
static void *complete_at_random(void *unused)
{
	unsigned int seed = 1;

	(void)unused;
	while (!atomic_load(&over)) {
		pthread_mutex_lock(&device.lock);
		seed = seed * 1103515245 + 12345;
		device.quick = seed >> 20 & 1;
		while (device.count && (seed = seed * 1103515245 + 12345) >> 20 & 3)
			device_complete((seed >> 16) % device.count, 0, 9);
		pthread_mutex_unlock(&device.lock);
		sched_yield();
	}
	return NULL;
}

static DWORD WINAPI read_many(void *number)
{
	OVERLAPPED overlapped = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	unsigned int i, way = (unsigned int)(ULONG_PTR)number;
	DWORD bytes;

	for (i = 0; i < TIMES; i++, way++) {
		start_read(&overlapped);
		if (way % 4 == 1)
			CHECK_EQ(WaitForSingleObject(overlapped.hEvent, INFINITE), WAIT_OBJECT_0);
		if (way % 4 == 2)
			while (WaitForSingleObject(overlapped.hEvent, 1) == WAIT_TIMEOUT)
				;
		while (way % 4 == 3 && !HasOverlappedIoCompleted(&overlapped))
			sched_yield();
		CHECK(GetOverlappedResult(device.file, &overlapped, &bytes, TRUE));
		CHECK_EQ(bytes, 9);
	}
	CHECK(CloseHandle(overlapped.hEvent));
	return 0;
}

static void join(HANDLE *threads, unsigned int n)
{
	unsigned int i;

	CHECK_EQ(WaitForMultipleObjects(n, threads, TRUE, 60000), WAIT_OBJECT_0);
	for (i = 0; i < n; i++)
		CHECK(CloseHandle(threads[i]));
}

/* Nobody is left waiting when the one who reads has what he wanted, and leaves. */
TEST(who_reads_and_leaves_loses_no_record_of_others)
{
	HANDLE threads[THREADS];
	pthread_t completer;
	unsigned int i;

	begin();
	atomic_store(&over, false);
	CHECK(!pthread_create(&completer, NULL, complete_at_random, NULL));
	for (i = 0; i < THREADS; i++)
		threads[i] = CreateThread(NULL, 0, read_many, (void *)(ULONG_PTR)i, 0, NULL);
	join(threads, THREADS);
	atomic_store(&over, true);
	pthread_join(completer, NULL);
	end();
}

static DWORD WINAPI wait_event(void *event)
{
	CHECK_EQ(WaitForSingleObject(event, INFINITE), WAIT_OBJECT_0);
	return 0;
}

/* Each end of a request lets one of them through, whichever of them reads it. */
TEST(two_who_wait_for_the_event_of_two_requests)
{
	HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL), threads[2];
	OVERLAPPED first = { .hEvent = event }, second = { .hEvent = event };
	unsigned int i;

	begin();
	for (i = 0; i < TIMES / 10; i++) {
		start_read(&first);
		start_read(&second);
		threads[0] = CreateThread(NULL, 0, wait_event, event, 0, NULL);
		threads[1] = CreateThread(NULL, 0, wait_event, event, 0, NULL);
		complete_first(0, 9);
		/* Another end while it is set would be lost, as it is on Windows. */
		CHECK(WaitForMultipleObjects(2, threads, FALSE, 60000) < 2);
		complete_first(0, 9);
		join(threads, 2);
	}
	end();
	CHECK(CloseHandle(event));
}

static atomic_uint done;

static DWORD WINAPI read_until_closed(void *by_event)
{
	OVERLAPPED overlapped = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	UCHAR byte;
	DWORD bytes, error = ERROR_SUCCESS;

	while (!error || error == ERROR_OPERATION_ABORTED) {
		CHECK(!WinUsb_ReadPipe(device.usb, PIPE_IN, &byte, 1, NULL, &overlapped));
		error = GetLastError();
		if (error != ERROR_IO_PENDING)
			break;
		if (by_event)
			CHECK_EQ(WaitForSingleObject(overlapped.hEvent, INFINITE), WAIT_OBJECT_0);
		error = GetOverlappedResult(device.file, &overlapped, &bytes, TRUE) ?
			ERROR_SUCCESS : GetLastError();
		atomic_fetch_add(&done, 1);
	}
	CHECK_EQ(error, ERROR_INVALID_HANDLE);
	CHECK(CloseHandle(overlapped.hEvent));
	return 0;
}

TEST(a_file_is_closed_while_others_read)
{
	HANDLE threads[2];
	unsigned int i;

	for (i = 0; i < 50; i++) {
		begin();
		device.quick = i & 1;
		atomic_store(&done, 0);
		threads[0] = CreateThread(NULL, 0, read_until_closed, NULL, 0, NULL);
		threads[1] = CreateThread(NULL, 0, read_until_closed, threads, 0, NULL);
		while (i & 1 && atomic_load(&done) < 100)
			sched_yield();
		CHECK(CloseHandle(device.file));
		join(threads, 2);
		CHECK(WinUsb_Free(device.usb));
		fake_end();
	}
}

static uint64_t ring_run(OVERLAPPED *ring)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < RING; i++)
		start_read(&ring[i]);
	for (i = 0; i < RING; i++) {
		sum += device.requests[0].cookie;
		complete_first(0, 9);
	}
	for (i = 0; i < RING; i++)
		await(1, &ring[i]);
	return sum;
}

/* A ring goes on with the requests that it had. */
TEST(free_requests_are_used_again)
{
	OVERLAPPED ring[RING] = { 0 };
	struct file *file;
	unsigned int i;
	uint64_t sum;

	begin();
	for (i = 0; i < RING; i++)
		ring[i].hEvent = CreateEventA(NULL, TRUE, FALSE, NULL);
	sum = ring_run(ring);
	for (i = 0; i < 10; i++)
		CHECK_EQ(ring_run(ring), sum);
	file = (struct file *)object_get(device.file, OBJECT_FILE);
	CHECK_EQ(file->spare_count, RING);
	object_put(&file->object);
	for (i = 0; i < RING; i++)
		CHECK(CloseHandle(ring[i].hEvent));
	end();
}

/* A free request knows the event that it had, but not longer than there is a handle for it. */
TEST(an_event_that_was_closed_is_not_used_again)
{
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), other;
	OVERLAPPED overlapped = { .hEvent = event };

	begin();
	await_quick(1, &overlapped, 2);
	other = CreateEventA(NULL, TRUE, FALSE, NULL);
	overlapped.hEvent = other;
	await_quick(1, &overlapped, 2);
	CHECK_EQ(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
	CHECK(ResetEvent(event));
	await_quick(1, &overlapped, 2);
	CHECK_EQ(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
	CHECK(CloseHandle(other));
	read_fails(&overlapped, ERROR_INVALID_HANDLE);
	CHECK_EQ(device.count, 0);
	overlapped.hEvent = event;
	await_quick(1, &overlapped, 2);
	CHECK(CloseHandle(event));
	end();
}
