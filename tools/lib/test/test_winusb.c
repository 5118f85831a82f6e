// SPDX-License-Identifier: MIT
/* Opening, and functions of winusb.h, with what is no device. */
#include <pthread.h>

#include <winusb.h>

#include "fails.h"
#include "interface.h"

#define NO_DEVICE "\\\\?\\usb#vid_0000&pid_0000#no#{00000000-0000-0000-0000-000000000000}"

static HANDLE open_a(const char *path, DWORD share, DWORD disposition)
{
	return CreateFileA(path, GENERIC_READ | GENERIC_WRITE, share, NULL, disposition,
			   FILE_FLAG_OVERLAPPED, NULL);
}

#define CHECK_NOT_OPEN(handle, error)					\
	do {								\
		CHECK((handle) == INVALID_HANDLE_VALUE);		\
		CHECK_EQ(GetLastError(), error);			\
	} while (0)

TEST(paths_that_lead_nowhere)
{
	CHECK_NOT_OPEN(open_a(NULL, 0, OPEN_EXISTING), ERROR_PATH_NOT_FOUND);
	CHECK_NOT_OPEN(open_a("", 0, OPEN_EXISTING), ERROR_PATH_NOT_FOUND);
	CHECK_NOT_OPEN(open_a("/dev/winusb/none", 0, OPEN_EXISTING), ERROR_FILE_NOT_FOUND);
	CHECK_NOT_OPEN(open_a("/dev/null", 0, OPEN_EXISTING), ERROR_FILE_NOT_FOUND);
	CHECK_NOT_OPEN(open_a("C:\\file", 0, OPEN_EXISTING), ERROR_FILE_NOT_FOUND);
	CHECK_NOT_OPEN(open_a(NO_DEVICE, 0, OPEN_EXISTING), ERROR_FILE_NOT_FOUND);
	CHECK_NOT_OPEN(CreateFileW(NULL, 0, 0, NULL, OPEN_EXISTING, 0, NULL), ERROR_PATH_NOT_FOUND);
	CHECK_NOT_OPEN(CreateFileW(L"/dev/winusb/none \x2603\xd83d\xde00\xd800", 0, 0, NULL,
				   OPEN_EXISTING, 0, NULL), ERROR_FILE_NOT_FOUND);
}

TEST(ways_to_open_that_there_are_not)
{
	CHECK_NOT_OPEN(open_a("/dev/winusb/x", 8, OPEN_EXISTING), ERROR_INVALID_PARAMETER);
	CHECK_NOT_OPEN(open_a("/dev/winusb/x", 7, 0), ERROR_INVALID_PARAMETER);
	CHECK_NOT_OPEN(open_a("/dev/winusb/x", 7, 6), ERROR_INVALID_PARAMETER);
	CHECK_NOT_OPEN(
		CreateFileA("/dev/winusb/x", GENERIC_READ, 0, NULL, TRUNCATE_EXISTING, 0, NULL),
		ERROR_INVALID_PARAMETER);
}

static void check_bad_handle(WINUSB_INTERFACE_HANDLE handle)
{
	WINUSB_INTERFACE_HANDLE other;
	WINUSB_ISOCH_BUFFER_HANDLE isoch;
	WINUSB_PIPE_INFORMATION_EX more;
	USB_INTERFACE_DESCRIPTOR descriptor;
	WINUSB_PIPE_INFORMATION pipe;
	WINUSB_SETUP_PACKET setup = { 0 };
	OVERLAPPED overlapped = { 0 };
	UCHAR buffer[8] = { 0 };
	LARGE_INTEGER time;
	ULONG n = 8;

	CHECK_FAILS(WinUsb_GetAssociatedInterface(handle, 0, &other), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_GetDescriptor(handle, 1, 0, 0, buffer, 8, &n), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_QueryInterfaceSettings(handle, 0, &descriptor), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_QueryDeviceInformation(handle, 1, &n, buffer), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_SetCurrentAlternateSetting(handle, 0), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_GetCurrentAlternateSetting(handle, buffer), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_QueryPipe(handle, 0, 0, &pipe), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_QueryPipeEx(handle, 0, 0, &more), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_SetPipePolicy(handle, 0x81, 1, 1, buffer), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_GetPipePolicy(handle, 0x81, 1, &n, buffer), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_SetPowerPolicy(handle, 0x81, 1, buffer), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_GetPowerPolicy(handle, 0x81, &n, buffer), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_ReadPipe(handle, 0x81, buffer, 8, &n, NULL), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_WritePipe(handle, 1, buffer, 8, NULL, &overlapped),
		    ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_ControlTransfer(handle, setup, NULL, 0, NULL, NULL),
		    ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_ResetPipe(handle, 0x81), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_AbortPipe(handle, 0x81), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_FlushPipe(handle, 0x81), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_GetOverlappedResult(handle, &overlapped, &n, TRUE),
		    ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_RegisterIsochBuffer(handle, 0x81, buffer, 8, &isoch),
		    ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_GetCurrentFrameNumber(handle, &n, &time), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_StopTrackingForTimeSync(handle, (void *)buffer), ERROR_INVALID_HANDLE);
	CHECK(WinUsb_Free(handle));
}

TEST(handles_that_are_none)
{
	static const ULONG_PTR wild[] = {
		0, 1, 4, 0xffff, 0x10000, 0x10004, 0x7fff0000, 0xfffffffc, (ULONG_PTR)-1,
		(ULONG_PTR)-4, (ULONG_PTR)0x7fff12345678,
	};
	unsigned int i;

	for (i = 0; i < sizeof(wild) / sizeof(wild[0]); i++)
		check_bad_handle((WINUSB_INTERFACE_HANDLE)wild[i]);
}

TEST(files_that_are_none)
{
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
	WINUSB_INTERFACE_HANDLE handle;
	OVERLAPPED overlapped = { 0 };
	HANDLE bad[] = { NULL, INVALID_HANDLE_VALUE, event, (HANDLE)0x1234 };
	unsigned int i;
	char byte = 0;
	DWORD n;

	for (i = 0; i < 4; i++) {
		CHECK_FAILS(WinUsb_Initialize(bad[i], &handle), ERROR_INVALID_HANDLE);
		CHECK_FAILS(CancelIo(bad[i]), ERROR_INVALID_HANDLE);
		CHECK_FAILS(CancelIoEx(bad[i], NULL), ERROR_INVALID_HANDLE);
		CHECK_FAILS(SetFileCompletionNotificationModes(bad[i], 1), ERROR_INVALID_HANDLE);
		CHECK_FAILS(ReadFile(bad[i], &byte, 1, &n, &overlapped), ERROR_INVALID_HANDLE);
		CHECK_FAILS(WriteFile(bad[i], &byte, 1, &n, NULL), ERROR_INVALID_HANDLE);
		CHECK_FAILS(DeviceIoControl(bad[i], 0, NULL, 0, NULL, 0, &n, NULL),
			    ERROR_INVALID_HANDLE);
	}
	CHECK_FAILS(SetFileCompletionNotificationModes(event, 4), ERROR_INVALID_PARAMETER);
	CloseHandle(event);
}

/* A file without a node, as of a USB device that is not WinUSB's. */
static HANDLE file_without_node(struct file **file, DWORD flags)
{
	*file = file_create("nothing", -1, flags);
	object_ref(&(*file)->object);
	return object_open(&(*file)->object);
}

TEST(files_without_a_node)
{
	WINUSB_INTERFACE_HANDLE handle;
	struct file *file;
	HANDLE open = file_without_node(&file, FILE_FLAG_OVERLAPPED), port;
	OVERLAPPED overlapped = { 0 };
	char byte;
	DWORD n;

	CHECK_FAILS(WinUsb_Initialize(open, &handle), ERROR_INVALID_HANDLE);
	CHECK_FAILS(WinUsb_Initialize(open, NULL), ERROR_INVALID_PARAMETER);
	CHECK_FAILS(CancelIoEx(open, NULL), ERROR_NOT_FOUND);
	CHECK(CancelIo(open));
	CHECK_FAILS(ReadFile(open, &byte, 1, &n, NULL), ERROR_INVALID_PARAMETER);
	CHECK_FAILS(ReadFile(open, &byte, 1, &n, &overlapped), ERROR_INVALID_FUNCTION);
	CHECK_FAILS(DeviceIoControl(open, 0x220000, NULL, 0, NULL, 0, &n, NULL),
		    ERROR_INVALID_FUNCTION);
	port = CreateIoCompletionPort(open, NULL, 1, 0);
	CHECK(port);
	CHECK_FAILS(CreateIoCompletionPort(open, NULL, 1, 0), ERROR_INVALID_PARAMETER);
	CHECK(CloseHandle(open));
	CHECK(CloseHandle(port));
	CHECK_FAILS(WinUsb_Initialize(open, &handle), ERROR_INVALID_HANDLE);
	file_put(file);

	open = file_without_node(&file, 0);
	CHECK_FAILS(CreateIoCompletionPort(open, NULL, 1, 0), ERROR_INVALID_PARAMETER);
	CHECK(CloseHandle(open));
	file_put(file);
}

TEST(freed_handles_are_known)
{
	WINUSB_INTERFACE_HANDLE handles[600];
	struct file *file;
	HANDLE open = file_without_node(&file, FILE_FLAG_OVERLAPPED);
	struct interface *interface;
	unsigned int i;

	for (i = 0; i < 600; i++)
		handles[i] = interface_open(file, i);
	for (i = 0; i < 600; i++) {
		interface = interface_get(handles[i]);
		CHECK(interface && interface->number == i);
		if (interface)
			interface_put(interface);
	}
	interface = interface_get(handles[5]);
	for (i = 0; i < 600; i++)
		CHECK(interface_close(handles[i]));
	CHECK(!interface_close(handles[5]));
	check_bad_handle(handles[5]);
	CHECK_EQ(interface->number, 5);		/* who works with it still has it */
	interface_put(interface);
	check_bad_handle(handles[599]);
	/* The same place again is another handle. */
	for (i = 0; i < 2000; i++) {
		WINUSB_INTERFACE_HANDLE handle = interface_open(file, i);

		CHECK(handle && handle != handles[5] && handle != handles[599]);
		interface_close(handle);
	}
	check_bad_handle(handles[5]);
	CloseHandle(open);
	file_put(file);
}

static struct file *race_file;
static WINUSB_INTERFACE_HANDLE _Atomic race_handle;
static atomic_bool race_over;

static void *race_use(void *unused)
{
	UCHAR setting;

	(void)unused;
	while (!race_over) {
		WINUSB_INTERFACE_HANDLE handle = race_handle;

		CHECK(!WinUsb_GetCurrentAlternateSetting(handle, &setting));
		CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
		WinUsb_Free(handle);
	}
	return NULL;
}

TEST(handles_used_while_they_are_freed)
{
	HANDLE open = file_without_node(&race_file, FILE_FLAG_OVERLAPPED);
	pthread_t threads[3];
	int i;

	for (i = 0; i < 3; i++)
		CHECK(!pthread_create(&threads[i], NULL, race_use, NULL));
	for (i = 0; i < 20000; i++) {
		WINUSB_INTERFACE_HANDLE handle = interface_open(race_file, 1);

		race_handle = handle;
		WinUsb_Free(handle);
	}
	race_over = true;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CloseHandle(open);
	file_put(race_file);
}
