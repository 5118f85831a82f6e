// SPDX-License-Identifier: MIT
/* Requests, and what others do with their file, without a device. */
#include <sys/resource.h>

#include "fake_driver.h"
#include "native.h"
#include "overlapped.h"

/* Nothing is found to cancel: then nothing is pending either, for who looks. */
TEST(CancelIoEx_of_all_sees_what_is_done)
{
	OVERLAPPED overlapped = { 0 };

	begin();
	start_read(&overlapped);
	complete_first(0, 9);
	CHECK_FAILS(CancelIoEx(device.file, NULL), ERROR_NOT_FOUND);
	CHECK_EQ(overlapped.Internal, 0);
	CHECK_EQ(overlapped.InternalHigh, 9);
	end();
}

TEST(a_request_and_its_result)
{
	OVERLAPPED overlapped = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	DWORD bytes;

	begin();
	start_read(&overlapped);
	CHECK(!HasOverlappedIoCompleted(&overlapped));
	complete_first(0, 7);
	CHECK_EQ(WaitForSingleObject(overlapped.hEvent, INFINITE), WAIT_OBJECT_0);
	CHECK(GetOverlappedResult(device.file, &overlapped, &bytes, TRUE));
	CHECK_EQ(bytes, 7);
	end();
	CHECK(CloseHandle(overlapped.hEvent));
}

/* A status has 32 bits, also where the place for it has 64. */
TEST(what_Internal_says_of_a_failure)
{
	OVERLAPPED overlapped = { 0 };
	OVERLAPPED_ENTRY entry;
	HANDLE port;
	ULONG count;

	begin();
	port = CreateIoCompletionPort(device.file, NULL, 1, 0);
	CHECK(port);
	start_read(&overlapped);
	complete_first(-ECANCELED, 0);
	CHECK(GetQueuedCompletionStatusEx(port, &entry, 1, &count, INFINITE, FALSE));
	CHECK_EQ(entry.Internal, 0xc0000120u);
	CHECK_EQ(overlapped.Internal, 0xc0000120u);
	end();
	CHECK(CloseHandle(port));
}

/* Who knows by other means that it is done need not ask. */
TEST(an_OVERLAPPED_is_used_again_before_anybody_has_looked)
{
	OVERLAPPED overlapped = { 0 };
	DWORD bytes;

	begin();
	start_read(&overlapped);
	complete_first(0, 1);
	start_read(&overlapped);
	CHECK(!HasOverlappedIoCompleted(&overlapped));
	read_fails(&overlapped, ERROR_INVALID_PARAMETER);
	complete_first(0, 2);
	CHECK(GetOverlappedResult(device.file, &overlapped, &bytes, TRUE));
	CHECK_EQ(bytes, 2);
	end();
}

static void *start_in_thread(void *overlapped)
{
	start_read(overlapped);
	return NULL;
}

static void *cancel_in_thread(void *unused)
{
	(void)unused;
	CHECK(CancelIo(device.file));
	return NULL;
}

static void run(void *(*function)(void *), void *argument)
{
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, function, argument));
	pthread_join(thread, NULL);
}

/* The C library gives a new thread the memory of one that ended. */
TEST(CancelIo_leaves_alone_what_threads_started_that_ended)
{
	OVERLAPPED overlapped = { 0 };

	begin();
	run(start_in_thread, &overlapped);
	run(cancel_in_thread, NULL);
	CHECK_EQ(device.cancelled, 0);
	CHECK(!HasOverlappedIoCompleted(&overlapped));
	end();
	CHECK_EQ(device.cancelled, 1);
	CHECK(HasOverlappedIoCompleted(&overlapped));
}

static struct rlimit descriptors;

/* To those below FD. */
static void limit_descriptors(int fd)
{
	struct rlimit few;

	CHECK(!getrlimit(RLIMIT_NOFILE, &descriptors));
	few = descriptors;
	few.rlim_cur = fd;
	CHECK(!setrlimit(RLIMIT_NOFILE, &few));
}

static void unlimit_descriptors(void)
{
	CHECK(!setrlimit(RLIMIT_NOFILE, &descriptors));
}

/* An interface that is not freed keeps the descriptor's number. */
TEST(what_takes_the_place_of_a_closed_descriptor_is_not_inherited_either)
{
	struct object *object;
	int fd;

	begin();
	object = object_get(device.file, OBJECT_FILE);
	fd = file_fd(object);
	object_put(object);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK(CloseHandle(device.file));
	CHECK(!is_pipe(fd));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK(WinUsb_Free(device.usb));
	CHECK_EQ(fcntl(fd, F_GETFD), -1);
	fake_end();
}

/* Then nothing can take its place. */
TEST(a_file_is_closed_whose_number_the_program_may_not_have_any_more)
{
	struct object *object;
	int fd, number;

	begin();
	object = object_get(device.file, OBJECT_FILE);
	fd = file_fd(object);
	object_put(object);
	limit_descriptors(fd);
	CHECK(CloseHandle(device.file));
	CHECK(!is_pipe(fd));
	unlimit_descriptors();
	/* Somebody else has it now, and keeps it. */
	number = dup(STDOUT_FILENO);
	CHECK_EQ(number, fd);
	CHECK(WinUsb_Free(device.usb));
	CHECK(fcntl(fd, F_GETFD) >= 0);
	close(number);
	fake_end();
}

TEST(such_a_one_of_the_native_face_is_closed)
{
	struct winusb *usb, *other;
	int fd;

	begin();
	CHECK(!winusb_open(&usb, path_of(0), 0));
	CHECK(!winusb_associated(usb, 0, &other));
	fd = winusb_fd(usb);
	limit_descriptors(fd);
	winusb_close(usb);
	CHECK(!is_pipe(fd));
	CHECK_EQ(winusb_setting(other), -EBADF);
	unlimit_descriptors();
	winusb_close(other);
	end();
}

TEST(that_is_so_in_the_native_face)
{
	struct winusb *usb, *other;

	begin();
	CHECK(!winusb_open(&usb, path_of(0), 0));
	CHECK(!winusb_associated(usb, 0, &other));
	CHECK_EQ(fcntl(winusb_fd(other), F_GETFD), FD_CLOEXEC);
	winusb_close(usb);
	CHECK(!is_pipe(winusb_fd(other)));
	CHECK_EQ(fcntl(winusb_fd(other), F_GETFD), FD_CLOEXEC);
	winusb_close(other);
	end();
}

/* A file can have one port only, so it must not be one that nobody has. */
TEST(a_port_for_which_there_is_no_handle_is_not_the_files)
{
	enum { MOST = 600000 };
	HANDLE self = GetCurrentProcess(), *handles = calloc(MOST, sizeof(*handles)), port;
	unsigned int n = 0;

	begin();
	while (n < MOST && DuplicateHandle(self, device.file, self, &handles[n], 0, FALSE,
					   DUPLICATE_SAME_ACCESS))
		n++;
	CHECK(n && n < MOST);
	CHECK(!CreateIoCompletionPort(device.file, NULL, 1, 0));
	CHECK_EQ(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
	while (n)
		CloseHandle(handles[--n]);
	port = CreateIoCompletionPort(device.file, NULL, 1, 0);
	CHECK(port);
	CHECK(CloseHandle(port));
	free(handles);
	end();
}

/* Who looks at OVERLAPPED itself relies on the thread in the background. */
TEST(many_devices_are_read_in_the_background)
{
	enum { MANY = 100 };
	static OVERLAPPED overlapped[MANY];
	WINUSB_INTERFACE_HANDLE usb[MANY];
	HANDLE files[MANY];
	unsigned int i, n;

	begin();
	for (i = 0; i < MANY; i++) {
		static UCHAR byte;

		files[i] = open_device(1 + i);
		CHECK(WinUsb_Initialize(files[i], &usb[i]));
		CHECK(!WinUsb_ReadPipe(usb[i], PIPE_IN, &byte, 1, NULL, &overlapped[i]));
		CHECK_EQ(GetLastError(), ERROR_IO_PENDING);
	}
	Sleep(200);
	for (i = 0; i < MANY; i++)
		complete_first(0, 1);
	for (i = n = 0; i < 5000 && n < MANY; i++) {
		Sleep(1);
		while (n < MANY && !__atomic_load_n(&overlapped[n].Internal, __ATOMIC_ACQUIRE))
			n++;
	}
	CHECK_EQ(n, MANY);
	for (i = 0; i < MANY; i++) {
		CHECK(CloseHandle(files[i]));
		CHECK(WinUsb_Free(usb[i]));
	}
	end();
}

#define THREADS	6

static atomic_bool closed;
static atomic_uint finished;

static unsigned int chance(unsigned int *seed, unsigned int of)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % of;
}

/* How a request ended that began. */
static DWORD wait_somehow(OVERLAPPED *overlapped, unsigned int *seed)
{
	DWORD bytes;

	switch (chance(seed, 5)) {
	case 0:
		CHECK_EQ(WaitForSingleObject(overlapped->hEvent, 60000), WAIT_OBJECT_0);
		break;
	case 1:
		while (!HasOverlappedIoCompleted(overlapped))
			SwitchToThread();
		break;
	case 2:
		CancelIoEx(device.file, overlapped);
		break;
	case 3:
		CancelIo(device.file);
		break;
	}
	if (GetOverlappedResult(device.file, overlapped, &bytes, TRUE))
		return CHECK_EQ(bytes, 9) ? ERROR_SUCCESS : ERROR_GEN_FAILURE;
	return GetLastError();
}

static DWORD WINAPI crowd_run(void *number)
{
	OVERLAPPED overlapped = { .hEvent = CreateEventA(NULL, TRUE, FALSE, NULL) };
	unsigned int seed = (unsigned int)(ULONG_PTR)number;
	UCHAR byte;
	DWORD error;

	do {
		CHECK(!WinUsb_ReadPipe(device.usb, PIPE_IN, &byte, 1, NULL, &overlapped));
		error = GetLastError();
		if (error != ERROR_IO_PENDING)
			break;
		error = wait_somehow(&overlapped, &seed);
		CHECK(!error || error == ERROR_OPERATION_ABORTED);
		atomic_fetch_add(&finished, 1);
	} while (!error || error == ERROR_OPERATION_ABORTED);
	CHECK(atomic_load(&closed));
	CHECK_EQ(error, ERROR_INVALID_HANDLE);
	CHECK(CloseHandle(overlapped.hEvent));
	return 0;
}

static DWORD WINAPI take_packets(void *port)
{
	OVERLAPPED *overlapped;
	unsigned int n = 0;
	ULONG_PTR key;
	DWORD bytes;

	for (;; n++) {
		overlapped = NULL;
		if (!GetQueuedCompletionStatus(port, &bytes, &key, &overlapped, INFINITE) &&
		    !overlapped)
			break;
		if (!overlapped)
			break;
	}
	return n;
}

static DWORD WINAPI device_run(void *unused)
{
	unsigned int seed = 7;

	(void)unused;
	while (!atomic_load(&closed)) {
		pthread_mutex_lock(&device.lock);
		while (device.count && chance(&seed, 4))
			device_complete(chance(&seed, device.count), 0, 9);
		pthread_mutex_unlock(&device.lock);
		SwitchToThread();
	}
	return 0;
}

/* Each request ends once, whoever waits for it and however, and the close ends all of them. */
TEST(a_crowd_works_with_a_file_that_is_closed)
{
	HANDLE threads[THREADS], worker, port, taker;
	DWORD packets;
	unsigned int i;

	begin();
	atomic_store(&closed, false);
	atomic_store(&finished, 0);
	port = CreateIoCompletionPort(device.file, NULL, 1, 0);
	taker = CreateThread(NULL, 0, take_packets, port, 0, NULL);
	worker = CreateThread(NULL, 0, device_run, NULL, 0, NULL);
	for (i = 0; i < THREADS; i++)
		threads[i] = CreateThread(NULL, 0, crowd_run, (void *)(ULONG_PTR)i, 0, NULL);
	while (atomic_load(&finished) < 3000)
		Sleep(1);
	atomic_store(&closed, true);
	CHECK(CloseHandle(device.file));
	CHECK_EQ(WaitForMultipleObjects(THREADS, threads, TRUE, 60000), WAIT_OBJECT_0);
	for (i = 0; i < THREADS; i++)
		CHECK(CloseHandle(threads[i]));
	CHECK_EQ(WaitForSingleObject(worker, 60000), WAIT_OBJECT_0);
	CHECK(CloseHandle(worker));
	CHECK(PostQueuedCompletionStatus(port, 0, 0, NULL));
	CHECK_EQ(WaitForSingleObject(taker, 60000), WAIT_OBJECT_0);
	CHECK(GetExitCodeThread(taker, &packets));
	CHECK_EQ(packets, atomic_load(&finished));
	CHECK(CloseHandle(taker));
	CHECK(CloseHandle(port));
	CHECK_EQ(device.count, 0);
	CHECK(WinUsb_Free(device.usb));
	fake_end();
}

/* A signal comes when half of it has moved, and then somebody else closes the file. */
static int transfer_interrupted(struct winusb_transfer *transfer)
{
	static bool again;

	again = !again;
	if (!again)
		return -ENOTTY;
	transfer->out_length = transfer->length / 2;
	return -EINTR;
}

TEST(a_read_that_is_interrupted_and_then_closed_counts_once_what_it_moved)
{
	UCHAR buffer[64];
	ULONG moved = 0;

	begin();
	device.transfer = transfer_interrupted;
	CHECK(!WinUsb_ReadPipe(device.usb, PIPE_IN, buffer, sizeof(buffer), &moved, NULL));
	CHECK_EQ(GetLastError(), ERROR_OPERATION_ABORTED);
	CHECK_EQ(moved, 32);
	end();
}
