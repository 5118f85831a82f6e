// SPDX-License-Identifier: MIT
/* What the tests share: boards, paths, threads, and the errors that were seen. */
#include <sys/mman.h>

#include "face.h"

#define ERRORS	2048

struct board *fx2, *composite, *iso, *slow, *slow_iso;
HANDLE file;
WINUSB_INTERFACE_HANDLE usb;
UCHAR data[64][4096];
ULONG moved;

/* A test's process ends without asking the sanitizer for its verdict. */
const char *__tsan_default_options(void);

const char *__tsan_default_options(void)
{
	return "halt_on_error=1";
}

static unsigned char *seen;	/* shared by the processes of all tests */
static volatile LONG order;

void test_setup(void)
{
	seen = mmap(NULL, ERRORS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		test_bail("mmap: no memory");
	fx2 = board_add("fx2");
	composite = board_add("composite");
	iso = board_add("iso");
	slow = board_add("fx2,speed=full");
	slow_iso = board_add("iso,speed=full");
	boards_start();
	board_plug(fx2);
	board_plug(composite);
	board_plug(iso);
	boards_keep();
}

void error_seen(DWORD error)
{
	if (error < ERRORS)
		seen[error] = 1;
}

bool error_was_seen(DWORD error)
{
	return seen[error];
}

/* The serial number is in the path of a whole device; it tells boards of one kind apart. */
const char *path_of_class(struct board *board, const GUID *guid)
{
	static char list[8192];
	GUID class = *guid;
	char wanted[32], serial[64], *at;
	const char *info = board_do(board, "info");

	snprintf(wanted, sizeof(wanted), "vid_%.4s&pid_%.4s", strstr(info, " vid=") + 5,
		 strstr(info, " pid=") + 5);
	at = strstr(info, " serial=\"") + 9;
	snprintf(serial, sizeof(serial), "#%.*s#", (int)strcspn(at, "\""), at);
	CHECK_EQ(CM_Get_Device_Interface_ListA(&class, NULL, list, sizeof(list),
					       CM_GET_DEVICE_INTERFACE_LIST_PRESENT), CR_SUCCESS);
	for (at = list; *at; at += strlen(at) + 1)
		if (strcasestr(at, wanted) && strcasestr(at, serial))
			return at;
	FAIL("no path of %s%s", wanted, serial);
}

const char *path_of(struct board *board)
{
	return path_of_class(board, &GUID_DEVINTERFACE_USB_DEVICE);
}

HANDLE open_path(const char *path, DWORD flags)
{
	return CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
			   NULL,
			   OPEN_EXISTING, flags, NULL);
}

void begin(struct board *board)
{
	const char *path = path_of(board);

	file = open_path(path, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OVERLAPPED);
	if (file == INVALID_HANDLE_VALUE)
		FAIL("CreateFile(%s): error %u", path, GetLastError());
	OK(WinUsb_Initialize(file, &usb));
}

void end(void)
{
	OK(WinUsb_Free(usb));
	OK(CloseHandle(file));
}

WINUSB_INTERFACE_HANDLE associated(unsigned int n)
{
	WINUSB_INTERFACE_HANDLE handle = NULL;

	OK(WinUsb_GetAssociatedInterface(usb, n - 1, &handle));
	return handle;
}

void fill(void *buffer, size_t length, unsigned int seed)
{
	unsigned char *bytes = buffer;
	size_t i;

	for (i = 0; i < length; i++)
		bytes[i] = (unsigned char)((i ^ i >> 8) * 7 + seed * 31);
}

void feed(const void *bytes, ULONG length)
{
	ULONG n = 0;

	OK(WinUsb_WritePipe(usb, FX2_BULK_OUT, (PUCHAR)bytes, length, &n, NULL));
	CHECK_EQ(n, length);
}

void loopback_works(void)
{
	UCHAR in[512];

	feed("works", 5);
	OK(WinUsb_ReadPipe(usb, FX2_BULK_IN, in, sizeof(in), &moved, NULL));
	CHECK_EQ(moved, 5);
	CHECK_MEM(in, "works", 5);
}

BOOL set_policy(UCHAR pipe, ULONG policy, ULONG value)
{
	UCHAR byte = value;

	if (policy == PIPE_TRANSFER_TIMEOUT || policy == MAXIMUM_TRANSFER_SIZE)
		return WinUsb_SetPipePolicy(usb, pipe, policy, sizeof(value), &value);
	return WinUsb_SetPipePolicy(usb, pipe, policy, sizeof(byte), &byte);
}

ULONG get_policy(UCHAR pipe, ULONG policy)
{
	bool number = policy == PIPE_TRANSFER_TIMEOUT || policy == MAXIMUM_TRANSFER_SIZE;
	ULONG value = 0, length = sizeof(value);

	OK(WinUsb_GetPipePolicy(usb, pipe, policy, &length, &value));
	CHECK_EQ(length, number ? sizeof(ULONG) : sizeof(UCHAR));
	return number ? value : *(UCHAR *)&value;
}

static DWORD WINAPI call_run(LPVOID argument)
{
	struct call *call = argument;
	BOOL done;

	if (call->pipe & 0x80)
		done = WinUsb_ReadPipe(call->usb, call->pipe, call->buffer, call->length,
				       &call->moved, NULL);
	else
		done = WinUsb_WritePipe(call->usb, call->pipe, call->buffer, call->length,
					&call->moved,
					NULL);
	call->error = done ? 0 : GetLastError();
	call->order = InterlockedIncrement(&order);
	return 0;
}

void call_start_queued(struct call *call, UCHAR pipe, void *buffer, ULONG length)
{
	memset(call, 0, sizeof(*call));
	call->usb = usb;
	call->pipe = pipe;
	call->buffer = buffer;
	call->length = length;
	call->thread = CreateThread(NULL, 0, call_run, call, 0, NULL);
	CHECK(call->thread);
	wait_asleep(GetThreadId(call->thread));
}

void call_start(struct call *call, UCHAR pipe, void *buffer, ULONG length)
{
	call_start_queued(call, pipe, buffer, length);
	board_wait_pending(fx2, pipe, 1);
}

bool call_done(struct call *call)
{
	return WaitForSingleObject(call->thread, 0) == WAIT_OBJECT_0;
}

DWORD call_wait(struct call *call)
{
	if (WaitForSingleObject(call->thread, 10000 * test_scale()) != WAIT_OBJECT_0)
		FAIL("a call of pipe 0x%02x does not end", call->pipe);
	CloseHandle(call->thread);
	error_seen(call->error);
	return call->error;
}

HANDLE event_create(bool manual)
{
	HANDLE event = CreateEventA(NULL, manual, FALSE, NULL);

	CHECK(event);
	return event;
}
