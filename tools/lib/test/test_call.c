// SPDX-License-Identifier: MIT
/* CancelSynchronousIo, without a device. */
#include <signal.h>
#include <stdatomic.h>

#include "fake_driver.h"

/* As the driver: until a signal comes, and not at all with a size that it does not know. */
static atomic_uint blocked;

static int transfer_blocked(struct winusb_transfer *transfer)
{
	volatile uint32_t *size = &transfer->size;
	struct timespec pause = { .tv_nsec = 1000000 };
	int result = 0;

	atomic_fetch_add(&blocked, 1);
	while (!result)
		if (!*size)
			result = -EINVAL;
		else if (nanosleep(&pause, NULL))
			result = -EINTR;
		else if (!atomic_load(&blocked))
			break;
	transfer->out_length = result == -EINTR && transfer->pipe_id ? 5 : 0;
	return result;
}

struct transfer {
	UCHAR pipe;
	DWORD error;
	ULONG moved;
};

static DWORD WINAPI transfer_run(void *argument)
{
	WINUSB_SETUP_PACKET setup = { .Length = 64 };
	struct transfer *transfer = argument;
	UCHAR buffer[64] = { 0 };
	BOOL done;

	if (!transfer->pipe)
		done = WinUsb_ControlTransfer(device.usb, setup, buffer, 64, &transfer->moved, NULL);
	else if (transfer->pipe & 0x80)
		done = WinUsb_ReadPipe(device.usb, transfer->pipe, buffer, 64, &transfer->moved,
				       NULL);
	else
		done = WinUsb_WritePipe(device.usb, transfer->pipe, buffer, 64, &transfer->moved,
					NULL);
	transfer->error = done ? ERROR_SUCCESS : GetLastError();
	return 0;
}

static HANDLE transfer_begin(struct transfer *transfer)
{
	HANDLE thread;

	atomic_store(&blocked, 0);
	device.transfer = transfer_blocked;
	thread = CreateThread(NULL, 0, transfer_run, transfer, 0, NULL);
	CHECK(thread);
	while (!atomic_load(&blocked))
		Sleep(1);
	return thread;
}

static void transfer_end(HANDLE thread)
{
	CHECK_EQ(WaitForSingleObject(thread, 60000), WAIT_OBJECT_0);
	CHECK(!CancelSynchronousIo(thread));
	CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
	CHECK(CloseHandle(thread));
}

/* A signal each 10 ms, and a device that says nothing. */
static atomic_uint interruptions;

static int transfer_interrupted(struct winusb_transfer *transfer)
{
	struct timespec pause = { .tv_nsec = 10000000 };

	(void)transfer;
	nanosleep(&pause, NULL);
	return atomic_fetch_add(&interruptions, 1) < 500 ? -EINTR : 0;
}

static int descriptor_interrupted(unsigned long command)
{
	return command == WINUSB_IOC_GET_DESCRIPTOR ? transfer_interrupted(NULL) : 0;
}

static int policy_of_100_ms(int fd, unsigned long command, void *argument)
{
	(void)fd;
	if (command != WINUSB_IOC_GET_PIPE_POLICY)
		return -ENOTTY;
	((struct winusb_pipe_policy *)argument)->value = 100;
	return 0;
}

TEST(signals_that_keep_coming_do_not_stop_the_clock)
{
	ULONGLONG start;
	UCHAR buffer[64];
	ULONG n;

	begin();
	device.command = policy_of_100_ms;
	device.transfer = transfer_interrupted;
	atomic_store(&interruptions, 0);
	start = GetTickCount64();
	CHECK_FAILS(WinUsb_ReadPipe(device.usb, PIPE_IN, buffer, 64, &n, NULL), ERROR_SEM_TIMEOUT);
	CHECK(GetTickCount64() - start >= 100);
	CHECK(atomic_load(&interruptions) < 400);
	device.before = descriptor_interrupted;
	atomic_store(&interruptions, 0);
	start = GetTickCount64();
	CHECK_FAILS(WinUsb_GetDescriptor(device.usb, 3, 1, 0, buffer, 64, &n), ERROR_SEM_TIMEOUT);
	CHECK(GetTickCount64() - start >= 100);
	CHECK(atomic_load(&interruptions) < 400);
	device.before = NULL;
	device.command = NULL;
	end();
}

TEST(CancelSynchronousIo_ends_what_a_thread_is_blocked_in)
{
	static const UCHAR pipes[] = { PIPE_IN, 0x02, 0 };
	unsigned int i;

	begin();
	for (i = 0; i < sizeof(pipes); i++) {
		struct transfer transfer = { .pipe = pipes[i] };
		HANDLE thread = transfer_begin(&transfer);

		CHECK(CancelSynchronousIo(thread));
		transfer_end(thread);
		CHECK_EQ(transfer.error, ERROR_OPERATION_ABORTED);
		CHECK(!transfer.moved || (pipes[i] && transfer.moved == 5));
	}
	end();
}

TEST(CancelSynchronousIo_of_what_is_not_blocked)
{
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);

	CHECK(!CancelSynchronousIo(GetCurrentThread()));
	CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
	CHECK(!CancelSynchronousIo(event));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(!CancelSynchronousIo(NULL));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(CloseHandle(event));
}

TEST(CancelSynchronousIo_does_not_reach_who_has_signals_blocked)
{
	struct transfer transfer = { .pipe = PIPE_IN };
	sigset_t all, old;
	HANDLE thread;

	begin();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	thread = transfer_begin(&transfer);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	CHECK(!CancelSynchronousIo(thread));
	CHECK_EQ(GetLastError(), ERROR_NOT_SUPPORTED);
	atomic_store(&blocked, 0);
	transfer_end(thread);
	CHECK_EQ(transfer.error, ERROR_SUCCESS);
	end();
}

TEST(CancelSynchronousIo_leaves_alone_the_signals_of_the_program)
{
	struct transfer transfer = { .pipe = 0x02 };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old, now;
	HANDLE thread;

	begin();
	CHECK(!sigaction(SIGRTMAX, &ignore, &old));
	thread = transfer_begin(&transfer);
	CHECK(CancelSynchronousIo(thread));
	transfer_end(thread);
	CHECK_EQ(transfer.error, ERROR_OPERATION_ABORTED);
	CHECK(!sigaction(SIGRTMAX, &old, &now));
	CHECK(now.sa_handler == SIG_IGN);
	end();
}

/* Most calls end at once. A signal that comes in another one is not that one's. */
static int transfer_short(struct winusb_transfer *transfer)
{
	volatile uint32_t *size = &transfer->size;
	struct timespec pause = { .tv_nsec = 20000 };
	static unsigned int calls;

	if (!*size)
		return -EINVAL;
	if (++calls % 4 || !nanosleep(&pause, NULL))
		return 0;
	CHECK(!*size);
	return -EINTR;
}

static atomic_bool storm_over;
static atomic_uint storm_calls, storm_cancelled;

static DWORD WINAPI storm_run(void *unused)
{
	struct transfer transfer = { .pipe = 0x02 };

	(void)unused;
	while (!atomic_load(&storm_over)) {
		transfer_run(&transfer);
		if (transfer.error)
			atomic_fetch_add(&storm_cancelled, 1);
		CHECK(!transfer.error || transfer.error == ERROR_OPERATION_ABORTED);
		atomic_fetch_add(&storm_calls, 1);
	}
	return 0;
}

/* One that was cancelled is one at most, never the next as well. */
TEST(CancelSynchronousIo_hits_the_call_that_it_is_for)
{
	ULONGLONG end_at = GetTickCount64() + 20000;
	unsigned int cancels = 0, call;
	HANDLE thread;

	begin();
	device.transfer = transfer_short;
	thread = CreateThread(NULL, 0, storm_run, NULL, 0, NULL);
	while (atomic_load(&storm_cancelled) < 100 && GetTickCount64() < end_at) {
		if (!CancelSynchronousIo(thread)) {
			CHECK_EQ(GetLastError(), ERROR_NOT_FOUND);
			continue;
		}
		cancels++;
		call = atomic_load(&storm_calls);
		while (atomic_load(&storm_calls) - call < 2)
			SwitchToThread();
	}
	atomic_store(&storm_over, true);
	CHECK_EQ(WaitForSingleObject(thread, 60000), WAIT_OBJECT_0);
	/* How many depends on the machine. */
	CHECK(storm_cancelled && storm_cancelled <= cancels);
	CHECK(CloseHandle(thread));
	end();
}
