// SPDX-License-Identifier: MIT
/*
 * What the library costs: CPU time for each operation through the Windows face, compared with the
 * driver's commands. The two take turns, round by round, so that what else happens on the machine
 * meets both alike. Printed are the median and the quartiles of the ratios of all rounds, and what
 * is left where least else happened: the tenth percentile of each.
 *
 *	scripts/lab run --kernel=6.12 --board=fx2 -- tools/testing/conformance/cost [NODE IN OUT]
 *
 * Exit status: 1 if both the median ratio and that of the tenth percentiles are above an aim.
 */
#define WINUSB_W32_LIBC_STDIO
#include <windows.h>
#include <winusb.h>

#include <fcntl.h>
#include <linux/winusb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS		21
#define WARM_UP		200	/* the library's background thread needs some time to become calm */
#define OPERATIONS	800
#define DEPTH		8
#define LENGTH		512
#define SYNC_AIM	1.05
#define OVERLAPPED_AIM	1.10

static const char *node = "/dev/winusb/1-1:1.0";
static UCHAR pipe_in = 0x88, pipe_out = 0x06;
static UCHAR buffers[DEPTH][LENGTH];

static int fd;
static unsigned int raw_handle;
static HANDLE file, events[DEPTH];
static WINUSB_INTERFACE_HANDLE usb;
static OVERLAPPED overlapped[DEPTH];

static void die(const char *what)
{
	fprintf(stderr, "cost: %s failed, error %u\n", what, GetLastError());
	exit(1);
}

static void raw_open(void)
{
	struct winusb_initialize initialize = { .size = sizeof(initialize) };

	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, WINUSB_IOC_INITIALIZE, &initialize)) {
		perror(node);
		exit(1);
	}
	raw_handle = initialize.out_handle;
}

static void raw_close(void)
{
	close(fd);
}

static void raw_transfer(UCHAR pipe, unsigned int i, unsigned int flags)
{
	struct winusb_transfer transfer = {
		.size = sizeof(transfer), .handle = raw_handle, .pipe_id = pipe, .length = LENGTH,
		.buffer = (uintptr_t)buffers[i], .flags = flags, .cookie = flags ? i : 0,
	};

	if (ioctl(fd, WINUSB_IOC_TRANSFER, &transfer)) {
		perror("WINUSB_IOC_TRANSFER");
		exit(1);
	}
}

static void raw_collect(int n)
{
	struct winusb_completion records[DEPTH];
	ssize_t length;

	while (n > 0) {
		length = read(fd, records, sizeof(records));
		if (length <= 0) {
			perror("read");
			exit(1);
		}
		n -= length / sizeof(records[0]);
	}
}

/* As a program does that has other things to wait for. */
static int raw_poll(void)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	raw_transfer(pipe_out, 0, WINUSB_TRANSFER_ASYNC);
	poll(&ready, 1, -1);
	raw_collect(1);
	raw_transfer(pipe_in, 0, WINUSB_TRANSFER_ASYNC);
	poll(&ready, 1, -1);
	raw_collect(1);
	return 2;
}

static void lib_open(void)
{
	file = CreateFileA(node, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
			   FILE_FLAG_OVERLAPPED, NULL);
	if (file == INVALID_HANDLE_VALUE || !WinUsb_Initialize(file, &usb))
		die("CreateFile, WinUsb_Initialize");
}

static void lib_close(void)
{
	WinUsb_Free(usb);
	CloseHandle(file);
}

/* Each gives the number of operations that it did. */

static int raw_sync(void)
{
	raw_transfer(pipe_out, 0, 0);
	raw_transfer(pipe_in, 0, 0);
	return 2;
}

static int lib_sync(void)
{
	ULONG n;

	if (!WinUsb_WritePipe(usb, pipe_out, buffers[0], LENGTH, &n, NULL) ||
	    !WinUsb_ReadPipe(usb, pipe_in, buffers[0], LENGTH, &n, NULL))
		die("a transfer");
	return 2;
}

static int raw_single(void)
{
	raw_transfer(pipe_out, 0, WINUSB_TRANSFER_ASYNC);
	raw_collect(1);
	raw_transfer(pipe_in, 0, WINUSB_TRANSFER_ASYNC);
	raw_collect(1);
	return 2;
}

static void lib_finish(int i, bool wait_for_event)
{
	DWORD n;

	if (wait_for_event && WaitForSingleObject(events[i], INFINITE) != WAIT_OBJECT_0)
		die("WaitForSingleObject");
	if (!WinUsb_GetOverlappedResult(usb, &overlapped[i], &n, !wait_for_event))
		die("WinUsb_GetOverlappedResult");
}

static void lib_start(UCHAR pipe, int i)
{
	overlapped[i].hEvent = events[i];
	if (pipe & 0x80)
		WinUsb_ReadPipe(usb, pipe, buffers[i], LENGTH, NULL, &overlapped[i]);
	else
		WinUsb_WritePipe(usb, pipe, buffers[i], LENGTH, NULL, &overlapped[i]);
	if (GetLastError() != ERROR_IO_PENDING)
		die("an overlapped transfer");
}

static int lib_single(void)
{
	lib_start(pipe_out, 0);
	lib_finish(0, false);
	lib_start(pipe_in, 0);
	lib_finish(0, false);
	return 2;
}

static int lib_event(void)
{
	lib_start(pipe_out, 0);
	lib_finish(0, true);
	lib_start(pipe_in, 0);
	lib_finish(0, true);
	return 2;
}

static int raw_ring(void)
{
	int i;

	for (i = 0; i < DEPTH; i++)
		raw_transfer(pipe_in, i, WINUSB_TRANSFER_ASYNC);
	for (i = 0; i < DEPTH; i++)
		raw_transfer(pipe_out, i, 0);
	raw_collect(DEPTH);
	return 2 * DEPTH;
}

static int lib_ring(void)
{
	ULONG n;
	int i;

	for (i = 0; i < DEPTH; i++)
		lib_start(pipe_in, i);
	for (i = 0; i < DEPTH; i++)
		if (!WinUsb_WritePipe(usb, pipe_out, buffers[i], LENGTH, &n, NULL))
			die("WinUsb_WritePipe");
	for (i = 0; i < DEPTH; i++)
		lib_finish(i, true);
	return 2 * DEPTH;
}

static double cpu_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

/* CPU time of one operation, microseconds. */
static double measure(int (*operate)(void))
{
	int n = 0;
	double start;

	while (n < WARM_UP)
		n += operate();
	n = 0;
	start = cpu_us();
	while (n < OPERATIONS)
		n += operate();
	return (cpu_us() - start) / n;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static bool compare(const char *name, int (*raw)(void), int (*lib)(void), double aim)
{
	double raws[ROUNDS], libs[ROUNDS], ratios[ROUNDS], quiet;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		raw_open();
		raws[i] = measure(raw);
		raw_close();
		lib_open();
		libs[i] = measure(lib);
		lib_close();
		ratios[i] = libs[i] / raws[i];
	}
	qsort(raws, ROUNDS, sizeof(double), by_value);
	qsort(libs, ROUNDS, sizeof(double), by_value);
	qsort(ratios, ROUNDS, sizeof(double), by_value);
	if (!raws[ROUNDS / 10]) {
		fprintf(stderr,
			"cost: this kernel does not count CPU time exactly; a stock one does\n");
		exit(2);
	}
	quiet = libs[ROUNDS / 10] / raws[ROUNDS / 10];
	printf("%-31s driver %7.2f us, library %7.2f us: %.3f; ratios %.3f (%.3f to %.3f); aim %.2f\n",
	       name, raws[ROUNDS / 10], libs[ROUNDS / 10], quiet, ratios[ROUNDS / 2],
	       ratios[ROUNDS / 4], ratios[3 * ROUNDS / 4], aim);
	fflush(stdout);
	return ratios[ROUNDS / 2] <= aim || quiet <= aim;
}

int main(int argc, char **argv)
{
	bool good = true;
	int i;

	if (argc != 1 && argc != 4) {
		fprintf(stderr, "usage: cost [NODE IN OUT]\n");
		return 2;
	}
	if (argc == 4) {
		node = argv[1];
		pipe_in = strtoul(argv[2], NULL, 0);
		pipe_out = strtoul(argv[3], NULL, 0);
	}
	for (i = 0; i < DEPTH; i++)
		events[i] = CreateEventA(NULL, TRUE, FALSE, NULL);
	good &= compare("blocking", raw_sync, lib_sync, SYNC_AIM);
	good &= compare("overlapped, result", raw_single, lib_single, OVERLAPPED_AIM);
	good &= compare("overlapped, event", raw_single, lib_event, OVERLAPPED_AIM);
	/* Beside the aims: what is left when the driver's records are polled for, too. */
	compare("overlapped, result; poll", raw_poll, lib_single, 0);
	compare("overlapped, event; poll", raw_poll, lib_event, 0);
	good &= compare("overlapped, ring of 8, events", raw_ring, lib_ring, OVERLAPPED_AIM);
	return good ? 0 : 1;
}
