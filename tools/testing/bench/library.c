// SPDX-License-Identifier: MIT
/*
 * libwinusb's Windows face, as a program for Windows uses it. The library opens the node for all
 * methods, because that can be done once only; the driver's own commands go to its descriptor.
 */
#define WINUSB_W32_LIBC_STDIO
#include <windows.h>
#include <winusb.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define PORT_BATCH 64

static HANDLE file = INVALID_HANDLE_VALUE, port;
static WINUSB_INTERFACE_HANDLE usb;

static int descriptor_of(const char *path)
{
	char name[PATH_MAX], target[PATH_MAX];
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	ssize_t length;
	int fd = -1;

	while (dir && fd < 0 && (entry = readdir(dir))) {
		snprintf(name, sizeof(name), "/proc/self/fd/%s", entry->d_name);
		length = readlink(name, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = 0;
		if (!strcmp(target, path))
			fd = atoi(entry->d_name);
	}
	if (dir)
		closedir(dir);
	return fd;
}

/* A descriptor of the node; the library keeps it. */
int library_open(const char *path)
{
	file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
			   FILE_FLAG_OVERLAPPED, NULL);
	if (file == INVALID_HANDLE_VALUE)
		fail("%s: %s", path, GetLastError() == ERROR_ACCESS_DENIED ?
		     "another program has it open: end that first" : "cannot be opened");
	port = CreateIoCompletionPort(file, NULL, 0, 1);
	if (!WinUsb_Initialize(file, &usb) || !port)
		fail("%s: libwinusb says error %u", path, GetLastError());
	return descriptor_of(path);
}

void library_close(void)
{
	if (file == INVALID_HANDLE_VALUE)
		return;
	WinUsb_Free(usb);
	CloseHandle(file);
	CloseHandle(port);
	file = INVALID_HANDLE_VALUE;
}

static int blocking_open(struct run *run, char *why, size_t why_size)
{
	return winusb_raw_io(run->cell, why, why_size);
}

static int blocking_go(struct run *run, uint64_t count)
{
	const struct cell *cell = run->cell;
	UCHAR pipe = cell->pipe.address;
	ULONG moved;
	int result;

	winusb_nonblock(true);
	while (count--) {
		run_prepare(run, 0);
		if (!(cell->in ? WinUsb_ReadPipe : WinUsb_WritePipe)(usb, pipe, run->buffers[0],
								      cell->size, &moved, NULL))
			return -EIO;
		result = run_finish(run, 0, moved);
		if (result)
			return result;
	}
	return 0;
}

static void nothing_to_close(struct run *run)
{
	(void)run;
}

const struct method library_blocking = {
	.name = "libwinusb-blocking",
	.title = "libwinusb blocking",
	.counterpart = "winusb-blocking",
	.winusb = true,
	.library = true,
	.one = true,
	.open = blocking_open,
	.go = blocking_go,
	.close = nothing_to_close,
};

struct overlapped {
	OVERLAPPED *overlapped;
	HANDLE *events;		/* NULL: none */
	bool packets;
};

static int overlapped_open(struct run *run, bool events, bool packets, char *why, size_t why_size)
{
	unsigned int i, depth = run->cell->depth;
	struct overlapped *state;

	if (winusb_raw_io(run->cell, why, why_size))
		return -EOPNOTSUPP;
	state = calloc(1, sizeof(*state));
	state->overlapped = calloc(depth, sizeof(*state->overlapped));
	state->packets = packets;
	run->state = state;
	if (!events)
		return 0;
	state->events = calloc(depth, sizeof(*state->events));
	for (i = 0; i < depth; i++)
		state->events[i] = CreateEventA(NULL, TRUE, FALSE, NULL);
	return 0;
}

static void overlapped_close(struct run *run)
{
	struct overlapped *state = run->state;
	unsigned int i;

	for (i = 0; state->events && i < run->cell->depth; i++)
		CloseHandle(state->events[i]);
	free(state->events);
	free(state->overlapped);
	free(state);
}

/* The file has a port for good: without the lowest bit each request would become its packet. */
static int overlapped_start(struct run *run, unsigned int slot)
{
	struct overlapped *state = run->state;
	OVERLAPPED *overlapped = &state->overlapped[slot];
	const struct cell *cell = run->cell;

	run_prepare(run, slot);
	memset(overlapped, 0, sizeof(*overlapped));
	if (state->events)
		overlapped->hEvent = state->events[slot];
	if (!state->packets)
		overlapped->hEvent = (HANDLE)((ULONG_PTR)overlapped->hEvent | 1);
	(cell->in ? WinUsb_ReadPipe : WinUsb_WritePipe)(usb, cell->pipe.address, run->buffers[slot],
							 cell->size, NULL, overlapped);
	return GetLastError() == ERROR_IO_PENDING ? 0 : -EIO;
}

static int overlapped_start_all(struct run *run, uint64_t count)
{
	unsigned int i;
	int result = 0;

	winusb_nonblock(true);
	for (i = 0; !result && i < run->cell->depth && i < count; i++)
		result = overlapped_start(run, i);
	return result;
}

/* A ring: the oldest one is waited for, used, and started again. */
static int ring_go(struct run *run, uint64_t count)
{
	struct overlapped *state = run->state;
	unsigned int slot, depth = run->cell->depth;
	uint64_t done;
	DWORD moved;
	int result = overlapped_start_all(run, count);

	for (done = 0; !result && done < count; done++) {
		slot = done % depth;
		if (state->events && WaitForSingleObject(state->events[slot], INFINITE))
			return -EIO;
		if (!WinUsb_GetOverlappedResult(usb, &state->overlapped[slot], &moved,
						!state->events))
			return -EIO;
		result = run_finish(run, slot, moved);
		if (!result && done + depth < count)
			result = overlapped_start(run, slot);
	}
	return result;
}

static int result_open(struct run *run, char *why, size_t why_size)
{
	return overlapped_open(run, false, false, why, why_size);
}

const struct method library_result = {
	.name = "libwinusb-result",
	.title = "libwinusb GetOverlappedResult",
	.counterpart = "winusb-single",
	.winusb = true,
	.library = true,
	.open = result_open,
	.go = ring_go,
	.close = overlapped_close,
};

static int event_open(struct run *run, char *why, size_t why_size)
{
	return overlapped_open(run, true, false, why, why_size);
}

const struct method library_event = {
	.name = "libwinusb-event",
	.title = "libwinusb WaitForSingleObject",
	.counterpart = "winusb-single",
	.winusb = true,
	.library = true,
	.open = event_open,
	.go = ring_go,
	.close = overlapped_close,
};

static int port_open(struct run *run, char *why, size_t why_size)
{
	return overlapped_open(run, false, true, why, why_size);
}

static int port_go(struct run *run, uint64_t count)
{
	struct overlapped *state = run->state;
	unsigned int slot, depth = run->cell->depth;
	int result = overlapped_start_all(run, count);
	OVERLAPPED *overlapped;
	ULONG_PTR key;
	uint64_t done;
	DWORD moved;

	for (done = 0; !result && done < count; done++) {
		if (!GetQueuedCompletionStatus(port, &moved, &key, &overlapped, INFINITE))
			return -EIO;
		slot = overlapped - state->overlapped;
		result = run_finish(run, slot, moved);
		if (!result && done + depth < count)
			result = overlapped_start(run, slot);
	}
	return result;
}

const struct method library_port = {
	.name = "libwinusb-port",
	.title = "libwinusb completion port",
	.counterpart = "winusb-single",
	.winusb = true,
	.library = true,
	.open = port_open,
	.go = port_go,
	.close = overlapped_close,
};

static int port_ex_go(struct run *run, uint64_t count)
{
	struct overlapped *state = run->state;
	unsigned int slot, depth = run->cell->depth;
	int result = overlapped_start_all(run, count);
	OVERLAPPED_ENTRY entries[PORT_BATCH];
	uint64_t done = 0;
	ULONG i, n;

	while (!result && done < count) {
		if (!GetQueuedCompletionStatusEx(port, entries, PORT_BATCH, &n, INFINITE, FALSE))
			return -EIO;
		for (i = 0; !result && i < n; i++, done++) {
			slot = entries[i].lpOverlapped - state->overlapped;
			result = run_finish(run, slot, entries[i].dwNumberOfBytesTransferred);
			if (!result && done + depth < count)
				result = overlapped_start(run, slot);
		}
	}
	return result;
}

const struct method library_port_ex = {
	.name = "libwinusb-port-ex",
	.title = "libwinusb completion port, Ex",
	.counterpart = "winusb-single",
	.winusb = true,
	.library = true,
	.open = port_open,
	.go = port_ex_go,
	.close = overlapped_close,
};
