// SPDX-License-Identifier: MIT
/*
 * Who waits in WINUSB_IOC_REAP: what ends that, and when. What matters happens at one point of a
 * call, so each test hooks in there.
 */
#include "fake_driver.h"
#include "overlapped.h"

#define LONG_MS		20000
#define SHORT_MS	50
#define TIMES		2000

static OVERLAPPED overlapped, second;
static HANDLE events[3];	/* of both, and another one */
static atomic_uint hooked;

static void begin_reap(void)
{
	unsigned int i;

	begin();
	atomic_store(&hooked, 0);
	memset(&overlapped, 0, sizeof(overlapped));
	memset(&second, 0, sizeof(second));
	for (i = 0; i < 3; i++)
		events[i] = CreateEventA(NULL, TRUE, FALSE, NULL);
	overlapped.hEvent = events[0];
	second.hEvent = events[1];
}

static void end_reap(void)
{
	unsigned int i;

	device.before = NULL;
	device.waking = NULL;
	device.reaped = NULL;
	end();
	for (i = 0; i < 3; i++)
		CHECK(CloseHandle(events[i]));
}

static struct file *the_file(void)
{
	struct file *file = (struct file *)object_get(device.file, OBJECT_FILE);

	object_put(&file->object);
	return file;
}

/* The first is a request's. Who has to wait until the time is up was not woken. */
static DWORD wait_for_either(DWORD ms)
{
	HANDLE handles[2] = { events[0], events[2] };
	uint64_t before = wait_now();
	DWORD result = WaitForMultipleObjects(2, handles, FALSE, ms);

	CHECK(ms != LONG_MS || wait_now() - before < LONG_MS * 500000ull);
	return result;
}

static DWORD WINAPI wait_first(void *ms)
{
	return WaitForSingleObject(events[0], (DWORD)(ULONG_PTR)ms);
}

static DWORD WINAPI wait_second(void *ms)
{
	return WaitForSingleObject(events[1], (DWORD)(ULONG_PTR)ms);
}

static DWORD WINAPI wait_either(void *ms)
{
	return wait_for_either((DWORD)(ULONG_PTR)ms);
}

static HANDLE start(LPTHREAD_START_ROUTINE function, DWORD ms)
{
	HANDLE thread = CreateThread(NULL, 0, function, (void *)(ULONG_PTR)ms, 0, NULL);

	CHECK(thread);
	return thread;
}

static DWORD join(HANDLE thread)
{
	DWORD code = 77;

	CHECK_EQ(WaitForSingleObject(thread, LONG_MS), WAIT_OBJECT_0);
	CHECK(GetExitCodeThread(thread, &code));
	CHECK(CloseHandle(thread));
	return code;
}

static void await_reaps(unsigned int count)
{
	while (atomic_load(&device.reaps) < count)
		Sleep(1);
}

/* Another thread waits, too, and leaves it to the one that reaps. */
static void await_follower(void)
{
	bool follows;

	do {
		Sleep(1);
		wait_lock_acquire();
		follows = !list_is_empty(&the_file()->pump.followers);
		wait_lock_release();
	} while (!follows);
}

TEST(the_time_is_up_neither_early_nor_with_another_call)
{
	uint64_t before;

	begin_reap();
	start_read(&overlapped);
	before = wait_now();
	CHECK_EQ(wait_for_either(SHORT_MS), WAIT_TIMEOUT);
	CHECK(wait_now() - before >= SHORT_MS * 1000000ull);
	CHECK_EQ(atomic_load(&device.reaps), 1);
	CHECK_EQ(wait_for_either(0), WAIT_TIMEOUT);
	complete_first(0, 9);
	CHECK_EQ(wait_for_either(0), WAIT_OBJECT_0);
	end_reap();
}

static int interrupt_reap(unsigned long command)
{
	return command == WINUSB_IOC_REAP && atomic_fetch_add(&hooked, 1) < 3 ? -EINTR : 0;
}

TEST(a_signal_does_not_end_it)
{
	uint64_t before = wait_now();

	begin_reap();
	start_read(&overlapped);
	device.before = interrupt_reap;
	CHECK_EQ(wait_for_either(SHORT_MS), WAIT_TIMEOUT);
	CHECK(wait_now() - before >= SHORT_MS * 1000000ull);
	CHECK_EQ(atomic_load(&hooked), 4);
	end_reap();
}

static int set_before_reap(unsigned long command)
{
	if (command == WINUSB_IOC_REAP && !atomic_fetch_add(&hooked, 1))
		CHECK(SetEvent(events[2]));
	return 0;
}

TEST(a_wake_before_the_wait_is_not_lost)
{
	begin_reap();
	start_read(&overlapped);
	device.before = set_before_reap;
	CHECK_EQ(wait_for_either(LONG_MS), WAIT_OBJECT_0 + 1);
	CHECK_EQ(atomic_load(&hooked), 2);	/* and the wake */
	end_reap();
}

/* Between the start of the wait and the call the event is set, and another one sees that wake. */
static int reap_after_others(struct wait_pump *pump, struct waiter *waiter, unsigned int wakes,
			     uint64_t until)
{
	struct winusb_completion record;
	uint32_t out_wakes;

	if (!atomic_fetch_add(&hooked, 1)) {
		CHECK(SetEvent(events[2]));
		CHECK_EQ(core_reap(pump->fd, &record, 1, UINT64_MAX, wakes, &out_wakes), -EAGAIN);
		CHECK_EQ(out_wakes, wakes + 1);
		atomic_store(&pump->wakes, out_wakes);
	}
	return overlapped_reap(pump, waiter, wakes, until);
}

TEST(a_wake_that_another_has_seen_is_not_lost)
{
	begin_reap();
	the_file()->pump.reap = reap_after_others;
	start_read(&overlapped);
	CHECK_EQ(wait_for_either(LONG_MS), WAIT_OBJECT_0 + 1);
	CHECK_EQ(atomic_load(&hooked), 1);
	end_reap();
}

static bool is_done(const OVERLAPPED *of)
{
	return __atomic_load_n(&of->Internal, __ATOMIC_ACQUIRE) != STATUS_PENDING;
}

/* Who set the event is on his way when a record ends the call. */
static void complete_before_wake(void)
{
	if (atomic_fetch_add(&hooked, 1))
		return;
	complete_first(0, 9);
	while (!is_done(&overlapped))
		Sleep(1);
	Sleep(SHORT_MS);
}

TEST(a_wake_that_comes_late_ends_no_other_wait)
{
	HANDLE thread;

	begin_reap();
	start_read(&overlapped);
	thread = start(wait_either, LONG_MS);
	await_reaps(1);
	device.waking = complete_before_wake;
	CHECK(SetEvent(events[2]));
	CHECK_EQ(join(thread), WAIT_OBJECT_0 + 1);
	CHECK_EQ(atomic_load(&hooked), 1);
	CHECK(ResetEvent(events[2]));
	start_read(&overlapped);
	CHECK_EQ(wait_for_either(SHORT_MS), WAIT_TIMEOUT);
	/* It came back once, and knows of the wake now. */
	CHECK_EQ(atomic_load(&device.reaps), 3);
	CHECK_EQ(wait_for_either(SHORT_MS), WAIT_TIMEOUT);
	CHECK_EQ(atomic_load(&device.reaps), 4);
	end_reap();
}

static void count_wake(void)
{
	atomic_fetch_add(&hooked, 1);
}

TEST(who_needs_no_wake_gets_none)
{
	begin_reap();
	device.waking = count_wake;
	CHECK(SetEvent(events[2]));
	CHECK(ResetEvent(events[2]));
	start_read(&overlapped);
	CHECK_EQ(wait_for_either(0), WAIT_TIMEOUT);
	CHECK(SetEvent(events[2]));
	CHECK_EQ(wait_for_either(LONG_MS), WAIT_OBJECT_0 + 1);
	device.waking = NULL;
	CHECK_EQ(atomic_load(&hooked), 0);
	end_reap();
}

/* Not even who reads what he himself waits for. */
TEST(who_reads_does_not_wake_himself)
{
	HANDLE thread;

	begin_reap();
	device.waking = count_wake;
	start_read(&overlapped);
	thread = start(wait_first, LONG_MS);
	await_reaps(1);
	complete_first(0, 9);
	CHECK_EQ(join(thread), WAIT_OBJECT_0);
	device.waking = NULL;
	CHECK_EQ(atomic_load(&hooked), 0);
	end_reap();
}

/* The leader was woken, and what comes now is left for the next one. */
static void complete_after_wake(unsigned int count)
{
	if (count || atomic_fetch_add(&hooked, 1))
		return;
	pthread_mutex_lock(&device.lock);
	device_complete(1, 0, 9);
	pthread_mutex_unlock(&device.lock);
}

TEST(a_leader_leaves_with_records_unread)
{
	HANDLE threads[2];

	begin_reap();
	start_read(&overlapped);
	start_read(&second);
	threads[0] = start(wait_either, LONG_MS);
	await_reaps(1);
	threads[1] = start(wait_second, LONG_MS);
	await_follower();
	device.reaped = complete_after_wake;
	CHECK(SetEvent(events[2]));
	CHECK_EQ(join(threads[0]), WAIT_OBJECT_0 + 1);
	CHECK_EQ(join(threads[1]), WAIT_OBJECT_0);
	CHECK_EQ(atomic_load(&device.reaps), 2);
	end_reap();
}

static DWORD WINAPI look(void *unused)
{
	(void)unused;
	return HasOverlappedIoCompleted(&overlapped);
}

static HANDLE looker;

/* The leader has the record, and has told nobody yet. */
static void look_after_reap(unsigned int count)
{
	struct file *file = the_file();
	unsigned int i;

	if (!count || atomic_fetch_add(&hooked, 1))
		return;
	looker = start(look, 0);
	for (i = 0; i < 1000 && !atomic_load(&file->reading_wanted); i++)
		Sleep(1);
	CHECK(atomic_load(&file->reading_wanted));
}

TEST(who_looks_while_another_has_the_record_waits_for_him)
{
	HANDLE thread;

	begin_reap();
	start_read(&overlapped);
	device.reaped = look_after_reap;
	thread = start(wait_second, LONG_MS);
	start_read(&second);
	await_reaps(1);
	complete_first(0, 9);
	complete_first(0, 9);
	CHECK_EQ(join(thread), WAIT_OBJECT_0);
	CHECK_EQ(atomic_load(&hooked), 1);
	CHECK_EQ(join(looker), TRUE);
	end_reap();
}

/* He is let in, and after that they poll for a while: it would happen again. */
TEST(who_looks_while_another_sleeps_is_let_in)
{
	HANDLE thread;
	unsigned int i;

	begin_reap();
	start_read(&overlapped);
	thread = start(wait_first, LONG_MS);
	await_reaps(1);
	for (i = 0; i < 10; i++)
		CHECK(!HasOverlappedIoCompleted(&overlapped));
	CHECK_EQ(atomic_load(&device.reaps), 1);
	complete_first(0, 9);
	CHECK_EQ(join(thread), WAIT_OBJECT_0);
	end_reap();
}

static DWORD WINAPI get_result(void *of)
{
	DWORD bytes = 0;

	return GetOverlappedResult(device.file, of, &bytes, TRUE) ? bytes : -GetLastError();
}

static HANDLE start_result(OVERLAPPED *of)
{
	return CreateThread(NULL, 0, get_result, of, 0, NULL);
}

static HANDLE result_thread;

/* Another thread waits for what is about to be refused. */
static int refuse_when_waited_for(unsigned long command)
{
	if (command != WINUSB_IOC_TRANSFER)
		return 0;
	result_thread = start_result(&overlapped);
	await_reaps(1);
	return -ENODEV;
}

TEST(a_request_is_refused_that_another_waits_for)
{
	begin_reap();
	device.before = refuse_when_waited_for;
	read_fails(&overlapped, ERROR_BAD_COMMAND);
	device.before = NULL;
	CHECK_EQ((LONG)join(result_thread), -ERROR_BAD_COMMAND);
	end_reap();
}

TEST(two_wait_for_results)
{
	HANDLE threads[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		begin_reap();
		start_read(&overlapped);
		start_read(&second);
		threads[0] = start_result(&overlapped);
		await_reaps(1);
		threads[1] = start_result(&second);
		Sleep(SHORT_MS);
		pthread_mutex_lock(&device.lock);
		device_complete(i, 0, 9);
		pthread_mutex_unlock(&device.lock);
		CHECK_EQ(join(threads[i]), 9);
		complete_first(0, 8);
		CHECK_EQ(join(threads[!i]), 8);
		end_reap();
	}
}

/* Who waits for a result holds up nobody who has less time, nor is he disturbed. */
TEST(another_waits_for_a_shorter_time)
{
	HANDLE thread;

	begin_reap();
	start_read(&overlapped);
	start_read(&second);
	thread = start_result(&overlapped);
	await_reaps(1);
	device.waking = count_wake;
	CHECK_EQ(WaitForSingleObject(events[1], SHORT_MS), WAIT_TIMEOUT);
	CHECK_EQ(atomic_load(&hooked), 0);
	CHECK_EQ(atomic_load(&device.reaps), 1);
	complete_first(0, 9);
	CHECK_EQ(join(thread), 9);
	end_reap();
}

TEST(who_leads_two_devices_polls)
{
	HANDLE file;
	WINUSB_INTERFACE_HANDLE usb;
	OVERLAPPED other = { 0 };
	UCHAR byte;

	begin_reap();
	file = open_device(1);
	CHECK(WinUsb_Initialize(file, &usb));
	other.hEvent = events[2];
	start_read(&overlapped);
	CHECK_FAILS(WinUsb_ReadPipe(usb, PIPE_IN, &byte, 1, NULL, &other), ERROR_IO_PENDING);
	CHECK_EQ(wait_for_either(SHORT_MS), WAIT_TIMEOUT);
	CHECK_EQ(atomic_load(&device.reaps), 0);
	complete_first(0, 9);
	complete_first(0, 9);
	CHECK_EQ(wait_for_either(LONG_MS), WAIT_OBJECT_0);
	CHECK_EQ(WaitForSingleObject(events[2], LONG_MS), WAIT_OBJECT_0);
	CHECK(CloseHandle(file));
	CHECK(WinUsb_Free(usb));
	end_reap();
}

static HANDLE port;

static DWORD WINAPI take_packet(void *ms)
{
	OVERLAPPED *taken;
	ULONG_PTR key = 0;
	DWORD bytes;

	if (!GetQueuedCompletionStatus(port, &bytes, &key, &taken, (DWORD)(ULONG_PTR)ms))
		return -GetLastError();
	return key;
}

/* Who waits at the port goes on without the device. */
static void leave_port(void (*leave)(void))
{
	HANDLE thread;

	begin_reap();
	port = CreateIoCompletionPort(device.file, NULL, 1, 0);
	CHECK(port);
	thread = start(take_packet, LONG_MS);
	await_reaps(1);
	leave();
	CHECK_EQ(WaitForSingleObject(thread, SHORT_MS), WAIT_TIMEOUT);
	CHECK(PostQueuedCompletionStatus(port, 0, 5, NULL));
	CHECK_EQ(join(thread), 5);
	CHECK_EQ(atomic_load(&device.reaps), 1);
	CHECK(CloseHandle(port));
}

static void leave_by_removal(void)
{
	pthread_mutex_lock(&device.lock);
	device.gone = true;
	pthread_mutex_unlock(&device.lock);
	device_tell();
}

TEST(the_device_is_removed)
{
	leave_port(leave_by_removal);
	end_reap();
}

static void leave_by_close(void)
{
	CHECK(CloseHandle(device.file));
}

TEST(the_file_is_closed)
{
	unsigned int i;

	leave_port(leave_by_close);
	CHECK(WinUsb_Free(device.usb));
	fake_end();
	for (i = 0; i < 3; i++)
		CHECK(CloseHandle(events[i]));
}

TEST(the_file_is_closed_with_a_request)
{
	HANDLE thread;
	unsigned int i;

	begin_reap();
	start_read(&overlapped);
	thread = start(wait_either, LONG_MS);
	await_reaps(1);
	CHECK(CloseHandle(device.file));
	CHECK_EQ(join(thread), WAIT_OBJECT_0);
	CHECK(WinUsb_Free(device.usb));
	fake_end();
	for (i = 0; i < 3; i++)
		CHECK(CloseHandle(events[i]));
}

TEST(a_request_is_cancelled)
{
	HANDLE thread;

	begin_reap();
	start_read(&overlapped);
	thread = start_result(&overlapped);
	await_reaps(1);
	CHECK(CancelIoEx(device.file, &overlapped));
	CHECK_EQ((LONG)join(thread), -ERROR_OPERATION_ABORTED);
	end_reap();
}

static atomic_bool over;

static void *complete_and_set(void *unused)
{
	unsigned int seed = 3;

	(void)unused;
	while (!atomic_load(&over)) {
		seed = seed * 1103515245 + 12345;
		if (seed >> 20 & 1)
			SetEvent(events[2]);
		pthread_mutex_lock(&device.lock);
		if (device.count && seed >> 21 & 1)
			device_complete((seed >> 16) % device.count, 0, 9);
		pthread_mutex_unlock(&device.lock);
		sched_yield();
	}
	return NULL;
}

/* One waits for a request or an event, over and over, another for a request of its own. */
static DWORD WINAPI run_second(void *unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < TIMES; i++) {
		start_read(&second);
		if (i & 1)
			CHECK_EQ(wait_second((void *)(ULONG_PTR)LONG_MS), WAIT_OBJECT_0);
		CHECK_EQ(get_result(&second), 9);
	}
	return 0;
}

TEST(wakes_and_records_at_any_time)
{
	unsigned int requests = 0;
	pthread_t thread;
	HANDLE other;

	begin_reap();
	atomic_store(&over, false);
	CHECK(!pthread_create(&thread, NULL, complete_and_set, NULL));
	other = start(run_second, 0);
	start_read(&overlapped);
	while (requests < TIMES) {
		DWORD result = wait_for_either(LONG_MS);

		if (!CHECK(result <= WAIT_OBJECT_0 + 1))
			break;
		if (result) {
			CHECK(ResetEvent(events[2]));
			continue;
		}
		requests++;
		start_read(&overlapped);
	}
	CHECK_EQ(join(other), 0);
	CancelIoEx(device.file, &overlapped);
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	end_reap();
}
