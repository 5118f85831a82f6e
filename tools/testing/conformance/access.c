// SPDX-License-Identifier: MIT
/* winusb.md 5.1 and 5.2: opening, lifetime and order */
#include <ctype.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "face.h"

TEST_OF(5_1, a_second_open_is_ACCESS_DENIED)
{
	static const DWORD shares[] = { 0, FILE_SHARE_READ, FILE_SHARE_READ | FILE_SHARE_WRITE };
	char path[300];
	unsigned int i;

	begin(fx2);
	snprintf(path, sizeof(path), "%s", path_of(fx2));
	for (i = 0; i < ARRAY_SIZE(shares); i++)
		FAILS(CreateFileA(path, GENERIC_READ | GENERIC_WRITE, shares[i], NULL,
				  OPEN_EXISTING,
				  FILE_FLAG_OVERLAPPED, NULL) != INVALID_HANDLE_VALUE, ERROR_ACCESS_DENIED);
	FAILS(open_path(path, 0) != INVALID_HANDLE_VALUE, ERROR_ACCESS_DENIED);
	end();
	file = open_path(path, FILE_FLAG_OVERLAPPED);
	CHECK(file != INVALID_HANDLE_VALUE);
	OK(CloseHandle(file));
}

TEST_OF(5_1, the_open_counts_for_other_processes)
{
	int opened[2], status;
	char path[300], byte;
	pid_t pid;

	snprintf(path, sizeof(path), "%s", path_of(fx2));
	fflush(stdout);
	CHECK_OK(pipe(opened));
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		begin(fx2);
		CHECK_EQ(write(opened[1], "", 1), 1);
		pause();
	}
	/* Not before it has it open: to try earlier could take the device from it. */
	close(opened[1]);
	CHECK_EQ(read(opened[0], &byte, 1), 1);
	close(opened[0]);
	FAILS(open_path(path, FILE_FLAG_OVERLAPPED) != INVALID_HANDLE_VALUE, ERROR_ACCESS_DENIED);
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, &status, 0) == pid);
	begin(fx2);
	loopback_works();
	end();
}

static HANDLE open_node(unsigned int interface)
{
	char path[100];

	snprintf(path, sizeof(path), "/dev/winusb/%s", board_node(composite, interface));
	return open_path(path, FILE_FLAG_OVERLAPPED);
}

TEST_OF(5_1, functions_of_a_device_are_opened_separately)
{
	HANDLE first, third;

	board_unplug(composite);
	board_functions(composite, true);
	board_plug(composite);
	first = open_node(JOINED);
	CHECK(first != INVALID_HANDLE_VALUE);
	FAILS(open_node(JOINED) != INVALID_HANDLE_VALUE, ERROR_ACCESS_DENIED);
	/* Its sibling belongs to what is open. */
	FAILS(open_node(EVENTS) != INVALID_HANDLE_VALUE, ERROR_ACCESS_DENIED);
	third = open_node(SETTINGS);
	CHECK(third != INVALID_HANDLE_VALUE);
	OK(CloseHandle(third));
	OK(CloseHandle(first));
}

TEST_OF(5_1, an_absent_device_is_FILE_NOT_FOUND)
{
	static const char *const absent[] = {
		"\\\\?\\usb#vid_ffff&pid_0001#1#{a5dcbf10-6530-11d2-901f-00c04fb951ed}",
		"\\\\.\\usb#vid_ffff&pid_0001#1#{a5dcbf10-6530-11d2-901f-00c04fb951ed}",
		"/dev/winusb/9-9:1.0",
	};
	char path[300];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(absent); i++)
		FAILS(open_path(absent[i], FILE_FLAG_OVERLAPPED) != INVALID_HANDLE_VALUE,
		      ERROR_FILE_NOT_FOUND);
	snprintf(path, sizeof(path), "%s", path_of(fx2));
	board_unplug(fx2);
	FAILS(open_path(path, FILE_FLAG_OVERLAPPED) != INVALID_HANDLE_VALUE, ERROR_FILE_NOT_FOUND);
}

TEST_OF(5_1, nonsense_is_refused)
{
	char path[300], *at;

	FAILS(open_path(NULL, 0) != INVALID_HANDLE_VALUE, ERROR_PATH_NOT_FOUND);
	FAILS(open_path("", 0) != INVALID_HANDLE_VALUE, ERROR_PATH_NOT_FOUND);
	FAILS(CreateFileW(NULL, 0, 0, NULL, OPEN_EXISTING, 0, NULL) != INVALID_HANDLE_VALUE,
	      ERROR_PATH_NOT_FOUND);
	/* Something that is there, but no device of ours */
	CHECK(open_path("/dev/null", FILE_FLAG_OVERLAPPED) == INVALID_HANDLE_VALUE);
	CHECK(open_path("/etc/passwd", FILE_FLAG_OVERLAPPED) == INVALID_HANDLE_VALUE);
	snprintf(path, sizeof(path), "%s", path_of(fx2));
	at = strchr(path, '{');
	at[1] ^= 1;	/* another class */
	FAILS(open_path(path, FILE_FLAG_OVERLAPPED) != INVALID_HANDLE_VALUE, ERROR_FILE_NOT_FOUND);
}

TEST_OF(5_1, paths_have_no_case)
{
	char path[300], *at;

	snprintf(path, sizeof(path), "%s", path_of(fx2));
	for (at = path; *at; at++)
		*at = (char)toupper(*at);
	file = open_path(path, FILE_FLAG_OVERLAPPED);
	if (file == INVALID_HANDLE_VALUE)
		FAIL("%s: error %u", path, GetLastError());
	OK(CloseHandle(file));
}

TEST_OF(5_1, wide_paths_open)
{
	WCHAR path[300];

	CHECK(MultiByteToWideChar(CP_UTF8, 0, path_of(fx2), -1, path, 300));
	file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
			   FILE_FLAG_OVERLAPPED, NULL);
	CHECK(file != INVALID_HANDLE_VALUE);
	OK(WinUsb_Initialize(file, &usb));
	loopback_works();
	end();
}

TEST_OF(5_1, a_device_that_is_not_winusbs_opens_and_is_no_interface)
{
	char path[300];

	board_unplug(composite);
	board_functions(composite, true);
	board_plug(composite);
	snprintf(path, sizeof(path), "%s", path_of(composite));
	file = open_path(path, FILE_FLAG_OVERLAPPED);
	if (file == INVALID_HANDLE_VALUE)
		FAIL("%s: error %u", path, GetLastError());
	FAILS(WinUsb_Initialize(file, &usb), ERROR_INVALID_HANDLE);
	FAILS(CancelIoEx(file, NULL), ERROR_NOT_FOUND);
	OK(CancelIo(file));
	OK(CloseHandle(file));
}

TEST_OF(5_2, handles_and_file_are_freed_in_either_order)
{
	WINUSB_INTERFACE_HANDLE second;

	begin(composite);
	second = associated(EVENTS);
	OK(WinUsb_Free(second));
	OK(WinUsb_Free(usb));
	OK(CloseHandle(file));

	begin(composite);
	second = associated(EVENTS);
	OK(CloseHandle(file));
	FAILS(WinUsb_ResetPipe(second, 0x82), ERROR_INVALID_HANDLE);
	OK(WinUsb_Free(usb));
	OK(WinUsb_Free(second));

	begin(composite);
	second = associated(EVENTS);
	OK(WinUsb_Free(usb));
	/* Works on without the default one. */
	OK(WinUsb_WritePipe(second, 0x02, data[0], 4, &moved, NULL));
	OK(WinUsb_ReadPipe(second, 0x82, data[0], 512, &moved, NULL));
	OK(WinUsb_Free(second));
	OK(CloseHandle(file));
	FAILS(CloseHandle(file), ERROR_INVALID_HANDLE);
}

TEST_OF(5_2, free_does_not_cancel)
{
	OVERLAPPED overlapped = { 0 };
	WINUSB_INTERFACE_HANDLE old;

	begin(fx2);
	PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped));
	old = usb;
	OK(WinUsb_Initialize(file, &usb));
	OK(WinUsb_Free(old));
	CHECK(!HasOverlappedIoCompleted(&overlapped));
	feed("abc", 3);
	DONE(&overlapped, 3);
	end();
}

TEST_OF(5_2, closing_ends_overlapped_requests_before_it_returns)
{
	OVERLAPPED overlapped[8] = { { .hEvent = event_create(true) } };
	DWORD bytes;
	int i;

	begin(fx2);
	for (i = 0; i < 8; i++)
		PENDING(WinUsb_ReadPipe(usb, i & 1 ? FX2_BULK_IN : FX2_SWITCHES, data[i], 512, NULL,
					&overlapped[i]));
	OK(CloseHandle(file));
	CHECK_EQ(WaitForSingleObject(overlapped[0].hEvent, 0), WAIT_OBJECT_0);
	for (i = 0; i < 8; i++) {
		CHECK(HasOverlappedIoCompleted(&overlapped[i]));
		FAILS(GetOverlappedResult(file, &overlapped[i], &bytes, TRUE),
		      ERROR_OPERATION_ABORTED);
	}
	OK(WinUsb_Free(usb));
}

TEST_OF(5_2, closing_ends_what_other_threads_are_blocked_in)
{
	struct call reads, switches, writes;

	begin(fx2);
	board_set(fx2, "silent=0x06:always");
	call_start(&reads, FX2_BULK_IN, data[0], 512);
	call_start(&switches, FX2_SWITCHES, data[1], 8);
	call_start(&writes, FX2_BULK_OUT, data[2], 512);
	OK(CloseHandle(file));
	CHECK_EQ(call_wait(&reads), ERROR_OPERATION_ABORTED);
	CHECK_EQ(call_wait(&switches), ERROR_OPERATION_ABORTED);
	CHECK_EQ(call_wait(&writes), ERROR_OPERATION_ABORTED);
	OK(WinUsb_Free(usb));
}

struct waiter {
	OVERLAPPED overlapped;
	DWORD error;
	HANDLE thread;
};

static DWORD WINAPI wait_for_result(LPVOID argument)
{
	struct waiter *waiter = argument;
	DWORD bytes;

	waiter->error = GetOverlappedResult(file, &waiter->overlapped, &bytes,
					    TRUE) ? 0 : GetLastError();
	return 0;
}

TEST_OF(5_2, closing_wakes_who_waits_for_a_result)
{
	struct waiter waiters[4] = { 0 };
	int i;

	begin(fx2);
	for (i = 0; i < 4; i++) {
		if (i & 1)
			waiters[i].overlapped.hEvent = event_create(true);
		PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[i], 512, NULL,
					&waiters[i].overlapped));
		waiters[i].thread = CreateThread(NULL, 0, wait_for_result, &waiters[i], 0, NULL);
	}
	test_sleep_ms(50 * test_scale());
	OK(CloseHandle(file));
	for (i = 0; i < 4; i++) {
		CHECK_EQ(WaitForSingleObject(waiters[i].thread, 10000 * test_scale()),
			 WAIT_OBJECT_0);
		CHECK_EQ(waiters[i].error, ERROR_OPERATION_ABORTED);
	}
	OK(WinUsb_Free(usb));
}

TEST_OF(5_2, closing_restores_setting_0_and_defaults)
{
	UCHAR setting;

	begin(composite);
	usb = associated(SETTINGS);
	OK(WinUsb_SetCurrentAlternateSetting(usb, 2));
	OK(CloseHandle(file));
	begin(composite);
	usb = associated(SETTINGS);
	OK(WinUsb_GetCurrentAlternateSetting(usb, &setting));
	CHECK_EQ(setting, 0);
	end();
}

TEST_OF(5_2, the_end_of_the_process_closes)
{
	OVERLAPPED overlapped = { 0 };
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		begin(fx2);
		PENDING(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, NULL, &overlapped));
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_EQ(status, 0);
	begin(fx2);
	loopback_works();
	end();
}

TEST_OF(5_2, a_duplicate_keeps_the_file_open)
{
	HANDLE again;

	begin(fx2);
	OK(DuplicateHandle(GetCurrentProcess(), file, GetCurrentProcess(), &again, 0, FALSE,
			   DUPLICATE_SAME_ACCESS));
	OK(CloseHandle(file));
	loopback_works();
	OK(CloseHandle(again));
	FAILS(WinUsb_ReadPipe(usb, FX2_BULK_IN, data[0], 512, &moved, NULL), ERROR_INVALID_HANDLE);
	OK(WinUsb_Free(usb));
}
