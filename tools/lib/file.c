// SPDX-License-Identifier: MIT
/*
 * Open devices: CreateFile, and what closing means.
 *
 * While the file is open others may be in calls on its descriptor. So the descriptor's number stays
 * taken until nobody has a reference: closing puts another file in its place, atomically, by dup3.
 * The driver sees a close, which ends the transfers that threads are blocked in, and who comes late
 * finds an eventfd, which knows no commands.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <windows.h>

#include "call.h"
#include "core.h"
#include "device.h"
#include "error.h"
#include "file.h"
#include "overlapped.h"

#define FILE_PATH_MAX	1024

static pthread_once_t file_once = PTHREAD_ONCE_INIT;
static int file_nothing = -1;	/* takes the place of what was closed */

static void file_prepare(void)
{
	file_nothing = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/* Who is in a call has the node open until he is back from the driver. */
static bool file_is_used(struct file *file)
{
	bool used;

	wait_lock_acquire();
	used = file->direct;
	wait_lock_release();
	return used || atomic_load(&file->calls);
}

/* Until nobody is in a call; CANCEL: the driver has not seen a close that would end them. */
static void file_await_calls(struct file *file, bool cancel)
{
	struct timespec pause = { .tv_nsec = 200000 };

	while (file_is_used(file)) {
		if (cancel)
			core_cancel(file->fd, WINUSB_CANCEL_ALL | WINUSB_CANCEL_BLOCKED, 0);
		nanosleep(&pause, NULL);
	}
}

static void file_closed(struct object *object)
{
	struct file *file = (struct file *)object;
	bool replaced;

	atomic_store(&file->closing, true);
	if (file->fd >= 0) {
		overlapped_drain(file);
		background_remove(file);
		wait_pump_stop(&file->pump);
		overlapped_lock(file);
		/* The program may have lowered RLIMIT_NOFILE below the number. */
		replaced = dup3(file_nothing, file->fd, O_CLOEXEC) >= 0;
		futex_unlock(&file->reading);
		file_await_calls(file, !replaced);
		if (!replaced) {
			close(file->fd);
			file->fd = -1;
		}
	}
	port_forget(file);
}

static void file_destroy(struct object *object)
{
	struct file *file = (struct file *)object;

	if (file->fd >= 0)
		close(file->fd);
	overlapped_free_spare(file);
	free(file);
}

static const struct object_type file_type = {
	.kind = OBJECT_FILE,
	.waitable = true,
	.closed = file_closed,
	.destroy = file_destroy,
};

struct file *file_create(const char *path, int fd, DWORD flags)
{
	struct file *file = calloc(1, sizeof(*file) + strlen(path) + 1);

	if (!file)
		return NULL;
	object_init(&file->object, &file_type);
	file->object.signalled = true;
	file->fd = fd;
	file->overlapped = flags & FILE_FLAG_OVERLAPPED;
	file->spare_end = &file->spare;
	wait_pump_init(&file->pump, fd, &file->object);
	file->pump.readable = overlapped_readable;
	file->pump.early = overlapped_early;
	wait_source_init(&file->in_port, &file->pump);
	list_init(&file->in_background);
	strcpy(file->path, path);
	return file;
}

/* A descriptor of the node, or an errno; what the driver can do. */
static int file_open_node(const char *node, uint64_t *capabilities)
{
	struct winusb_query query = { 0 };
	int fd, result;

	pthread_once(&file_once, file_prepare);
	if (file_nothing < 0)
		return -EMFILE;
	fd = core_open(node, false);
	if (fd < 0)
		return fd;
	result = core_command(fd, QUERY, &query);
	*capabilities = query.out_capabilities;
	if (!result)
		return fd;
	close(fd);
	return -ENOENT;		/* something else */
}

static HANDLE file_fail(DWORD error)
{
	SetLastError(error);
	return INVALID_HANDLE_VALUE;
}

static HANDLE file_open(const char *path, DWORD flags)
{
	char node[FILE_PATH_MAX];
	uint64_t capabilities = 0;
	struct file *file;
	HANDLE handle;
	int fd = -1, found;

	found = path_to_node(path, node, sizeof(node));
	if (found < 0)
		return file_fail(error_win32(found, ERROR_AT_OPEN));
	if (!found) {
		fd = file_open_node(node, &capabilities);
		if (fd < 0)
			return file_fail(error_win32(fd, ERROR_AT_OPEN));
	}
	file = file_create(path, fd, flags);
	if (!file) {
		if (fd >= 0)
			close(fd);
		return file_fail(ERROR_NOT_ENOUGH_MEMORY);
	}
	if (capabilities & WINUSB_CAP_REAP) {
		file->pump.reap = overlapped_reap;
		file->pump.wake = overlapped_wake;
	}
	if (fd >= 0)
		background_add(file);
	handle = object_open(&file->object);
	return handle ? handle : INVALID_HANDLE_VALUE;
}

#define FILE_SHARE_ALL	(FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/*
 * Access and share say nothing here, nor does an existing file's treatment: a device can be opened
 * once, for everything. But they must make sense.
 */
static DWORD file_check(const char *path, DWORD access, DWORD share, DWORD disposition)
{
	if (!path || !*path)
		return ERROR_PATH_NOT_FOUND;
	if (share & ~FILE_SHARE_ALL || disposition < CREATE_NEW || disposition > TRUNCATE_EXISTING)
		return ERROR_INVALID_PARAMETER;
	if (disposition == TRUNCATE_EXISTING && !(access & (GENERIC_WRITE | GENERIC_ALL)))
		return ERROR_INVALID_PARAMETER;
	return ERROR_SUCCESS;
}

HANDLE WINAPI CreateFileA(LPCSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security,
			  DWORD disposition, DWORD flags, HANDLE template)
{
	DWORD error = file_check(name, access, share, disposition);

	(void)security;
	(void)template;
	if (error)
		return file_fail(error);
	return file_open(name, flags);
}

static char *file_utf8(const WCHAR *wide)
{
	int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
	char *text = size > 0 ? malloc(size) : NULL;

	if (text)
		WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
	return text;
}

HANDLE WINAPI CreateFileW(LPCWSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security,
			  DWORD disposition, DWORD flags, HANDLE template)
{
	char *text = name ? file_utf8(name) : NULL;
	HANDLE handle;

	if (name && !text)
		return file_fail(ERROR_NOT_ENOUGH_MEMORY);
	handle = CreateFileA(text, access, share, security, disposition, flags, template);
	free(text);
	return handle;
}

struct file *file_get(HANDLE handle)
{
	struct file *file = (struct file *)object_get(handle, OBJECT_FILE);

	if (file && atomic_load(&file->closing)) {
		file_put(file);
		SetLastError(ERROR_INVALID_HANDLE);
		return NULL;
	}
	return file;
}

void file_put(struct file *file)
{
	object_put(&file->object);
}

int file_fd(struct object *object)
{
	return ((struct file *)object)->fd;
}

const char *file_path(struct object *object)
{
	return ((struct file *)object)->path;
}

/* After the close the descriptor is another file, which doesn't know the command. */
static int file_answer(struct file *file, int result)
{
	return result == -ENOTTY && atomic_load(&file->closing) ? -EBADF : result;
}

/* Who asks for CLOSING after he is counted is waited for, or sees it. */
static bool file_is_open(struct file *file)
{
	return file->fd >= 0 && !atomic_load(&file->closing);
}

static bool file_enter(struct file *file)
{
	atomic_fetch_add(&file->calls, 1);
	return file_is_open(file);
}

static void file_leave(struct file *file)
{
	atomic_fetch_sub(&file->calls, 1);
}

int file_call(struct file *file, unsigned long command, void *argument)
{
	bool free = command == WINUSB_IOC_FREE || command == WINUSB_IOC_UNREGISTER_ISOCH_BUFFER;
	int result = -EBADF;

	/* What is freed is gone, whatever comes between. */
	if (!free)
		call_begin(argument);
	if (file_enter(file))
		result = core_call(file->fd, command, argument);
	file_leave(file);
	if (!free)
		result = call_end(result);
	return file_answer(file, result);
}

int file_submit(struct file *file, struct winusb_transfer *transfer)
{
	int result = -EBADF;

	if (file_enter(file))
		result = core_submit(file->fd, transfer);
	file_leave(file);
	return result;
}

int file_cancel(struct file *file, uint32_t flags, uint64_t cookie)
{
	int count = 0;

	if (file_enter(file))
		count = core_cancel(file->fd, flags, cookie);
	file_leave(file);
	return count;
}

int file_transfer(struct file *file, struct winusb_transfer *transfer)
{
	int result = -EBADF;

	if (file_enter(file))
		result = core_transfer(file->fd, transfer);
	file_leave(file);
	return file_answer(file, result);
}

/*
 * What winusb.sys has no function for (ReadFile and WriteFile), or has none that programs may call
 * (DeviceIoControl): the framework refuses it at once, and then neither event nor port hear of it.
 */
static BOOL file_refuse(HANDLE handle, bool positioned, OVERLAPPED *overlapped)
{
	struct file *file = file_get(handle);
	DWORD error = ERROR_INVALID_FUNCTION;

	if (!file)
		return FALSE;
	if (positioned && file->overlapped && !overlapped)
		error = ERROR_INVALID_PARAMETER;
	file_put(file);
	return error_fail(error);
}

BOOL WINAPI ReadFile(HANDLE handle, LPVOID buffer, DWORD length, LPDWORD done,
		     LPOVERLAPPED overlapped)
{
	(void)buffer;
	(void)length;
	if (done)
		*done = 0;
	return file_refuse(handle, true, overlapped);
}

BOOL WINAPI WriteFile(HANDLE handle, LPCVOID buffer, DWORD length, LPDWORD done,
		      LPOVERLAPPED overlapped)
{
	(void)buffer;
	(void)length;
	if (done)
		*done = 0;
	return file_refuse(handle, true, overlapped);
}

BOOL WINAPI DeviceIoControl(HANDLE handle, DWORD code, LPVOID in, DWORD in_length, LPVOID out,
			    DWORD out_length, LPDWORD returned, LPOVERLAPPED overlapped)
{
	(void)code;
	(void)in;
	(void)in_length;
	(void)out;
	(void)out_length;
	if (returned)
		*returned = 0;
	return file_refuse(handle, false, overlapped);
}
