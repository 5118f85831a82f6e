/* SPDX-License-Identifier: MIT */
/*
 * Devices that are pipes in a folder of ours: ioctl() is ours, too, and what goes into a pipe, and
 * comes out of it, are the driver's records.
 */
#ifndef FAKE_DRIVER_H
#define FAKE_DRIVER_H

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "fake_sysfs.h"

#include <winusb.h>

#include "core.h"
#include "fails.h"
#include "wait.h"

#define REQUESTS	128
#define PIPE_IN		0x81
#define FDS		64

static struct {
	pthread_mutex_t lock;
	HANDLE file;
	WINUSB_INTERFACE_HANDLE usb;
	struct {
		int fd;
		uint64_t cookie;
		uint32_t isoch_buffer;
	} requests[REQUESTS];
	unsigned int count;
	unsigned int cancelled;
	/* Requests are done when they begin. */
	bool quick;
	/* What a transfer that blocks does */
	int (*transfer)(struct winusb_transfer *transfer);
	/* What happens before any command; the result if it is not 0. May be NULL. */
	int (*before)(unsigned long command);
	/* Commands that only some tests need; NULL: there are none. */
	int (*command)(int fd, unsigned long command, void *argument);
	struct winusb_transfer last;
	int refuse;			/* what transfers are refused with */
	uint32_t next_frame;
	uint64_t capabilities;
	/* Changes when who sleeps in WINUSB_IOC_REAP has to look again. */
	atomic_uint news;
	uint32_t wakes[FDS];
	atomic_uint reaps;		/* how often it was called to read */
	bool gone;
	/* What happens before a wake, and when a call to read has COUNT records. May be NULL. */
	void (*waking)(void);
	void (*reaped)(unsigned int count);
} device = { .lock = PTHREAD_MUTEX_INITIALIZER, .capabilities = WINUSB_CAP_REAP };

static void device_tell(void)
{
	atomic_fetch_add(&device.news, 1);
	wait_futex_wake(&device.news, INT_MAX);
}

/* Under the lock, as what follows. */
static void device_complete(unsigned int i, int status, uint32_t length)
{
	struct winusb_completion record = {
		.cookie = device.requests[i].cookie, .status = status, .length = length,
	};
	int fd = device.requests[i].fd;

	device.requests[i] = device.requests[--device.count];
	CHECK_EQ(write(fd, &record, sizeof(record)), sizeof(record));
	device_tell();
}

static int device_submit(int fd, const struct winusb_transfer *transfer)
{
	if (device.count == REQUESTS)
		return -ENOMEM;
	device.requests[device.count].fd = fd;
	device.requests[device.count].isoch_buffer = transfer->isoch_buffer;
	device.requests[device.count++].cookie = transfer->cookie;
	if (device.quick)
		device_complete(device.count - 1, 0, 9);
	return 0;
}

static int device_cancel(int fd, struct winusb_cancel *cancel)
{
	unsigned int i = device.count;

	cancel->out_count = 0;
	while (i--) {
		if (device.requests[i].fd != fd || !(cancel->flags & WINUSB_CANCEL_ALL ||
						     device.requests[i].cookie == cancel->cookie))
			continue;
		device_complete(i, -ECANCELED, 0);
		cancel->out_count++;
	}
	device.cancelled += cancel->out_count;
	return cancel->out_count ? 0 : -ENOENT;
}

static int device_transfer(int fd, struct winusb_transfer *transfer)
{
	int result;

	device.last = *transfer;
	if (transfer->isoch_buffer)
		transfer->out_isoch_frame = device.next_frame;
	if (device.refuse)
		return device.refuse;
	if (transfer->flags & WINUSB_TRANSFER_ASYNC)
		return device_submit(fd, transfer);
	pthread_mutex_unlock(&device.lock);
	result = device.transfer(transfer);
	pthread_mutex_lock(&device.lock);
	return result;
}

/* One letter, or one language. */
static int device_descriptor(struct winusb_get_descriptor *get)
{
	static const uint8_t text[] = { 4, 3, 'A', 0 };

	get->out_length = get->length < sizeof(text) ? get->length : sizeof(text);
	memcpy((void *)(uintptr_t)get->buffer, text, get->out_length);
	return 0;
}

/* Without the lock. */
static int device_wake(int fd, struct winusb_reap *reap)
{
	CHECK(!(reap->records | reap->count | reap->wakes | reap->until_ns));
	if (device.waking)
		device.waking();
	pthread_mutex_lock(&device.lock);
	reap->out_wakes = ++device.wakes[fd];
	pthread_mutex_unlock(&device.lock);
	device_tell();
	return 0;
}

/* 0: there is no end yet. */
static int device_reap_once(int fd, struct winusb_reap *reap)
{
	struct winusb_completion *records = (void *)(uintptr_t)reap->records;
	ssize_t length;
	int result = 0;

	pthread_mutex_lock(&device.lock);
	length = read(fd, records, reap->count * sizeof(*records));
	reap->out_wakes = device.wakes[fd];
	if (length > 0) {
		reap->out_count = length / sizeof(*records);
		result = 1;
	} else if (device.gone && !device.count) {
		result = -ENODEV;
	} else if (reap->out_wakes != reap->wakes) {
		result = 1;
	} else if (reap->until_ns <= wait_now()) {
		result = -ETIMEDOUT;
	}
	pthread_mutex_unlock(&device.lock);
	return result;
}

/* Without the lock. */
static int device_reap(int fd, struct winusb_reap *reap)
{
	unsigned int news;
	int result;

	CHECK(fd < FDS);
	reap->out_count = 0;
	if (reap->flags & WINUSB_REAP_WAKE)
		return device_wake(fd, reap);
	atomic_fetch_add(&device.reaps, 1);
	do {
		news = atomic_load(&device.news);
		result = device_reap_once(fd, reap);
	} while (!result && (wait_futex(&device.news, news, reap->until_ns) || true));
	if (device.reaped)
		device.reaped(reap->out_count);
	return result < 0 ? result : 0;
}

static int device_command(int fd, unsigned long command, void *argument)
{
	switch (command) {
	case WINUSB_IOC_INITIALIZE:
		((struct winusb_initialize *)argument)->out_handle = 1;
		return 0;
	case WINUSB_IOC_GET_ASSOCIATED_INTERFACE:
		((struct winusb_get_associated_interface *)argument)->out_handle = 2;
		return 0;
	case WINUSB_IOC_GET_DESCRIPTOR:
		return device_descriptor(argument);
	case WINUSB_IOC_QUERY:
		((struct winusb_query *)argument)->out_capabilities = device.capabilities;
		return 0;
	case WINUSB_IOC_FREE:
		return 0;
	case WINUSB_IOC_TRANSFER:
		return device_transfer(fd, argument);
	case WINUSB_IOC_CANCEL:
		return device_cancel(fd, argument);
	default:
		return device.command ? device.command(fd, command, argument) : -ENOTTY;
	}
}

static bool is_pipe(int fd)
{
	struct stat status;

	return !fstat(fd, &status) && S_ISFIFO(status.st_mode);
}

/* Instead of the C library's */
int ioctl(int fd, unsigned long command, ...)
{
	void *argument;
	va_list list;
	int result;

	va_start(list, command);
	argument = va_arg(list, void *);
	va_end(list);
	if (_IOC_TYPE(command) != WINUSB_IOC_TYPE || !is_pipe(fd))
		return (int)syscall(SYS_ioctl, fd, command, argument);
	result = device.before ? device.before(command) : 0;
	if (!result && command == WINUSB_IOC_REAP) {
		result = device_reap(fd, argument);
	} else if (!result) {
		pthread_mutex_lock(&device.lock);
		result = device_command(fd, command, argument);
		pthread_mutex_unlock(&device.lock);
	}
	if (!result)
		return 0;
	errno = -result;
	return -1;
}

static const char *path_of(unsigned int i)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/winusb/%u", fake_dev, i);
	return path;
}

static HANDLE open_device(unsigned int i)
{
	HANDLE file;

	CHECK(!mkfifo(path_of(i), 0600));
	file = CreateFileA(path_of(i), GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
			   FILE_FLAG_OVERLAPPED, NULL);
	CHECK(file != INVALID_HANDLE_VALUE);
	return file;
}

static void begin(void)
{
	fake_begin();
	device.count = device.cancelled = 0;
	device.quick = false;
	device.refuse = 0;
	device.gone = false;
	atomic_store(&device.reaps, 0);
	memset(device.wakes, 0, sizeof(device.wakes));
	device.file = open_device(0);
	CHECK(WinUsb_Initialize(device.file, &device.usb));
}

static void end(void)
{
	CHECK(CloseHandle(device.file));
	CHECK(WinUsb_Free(device.usb));
	fake_end();
}

static __attribute__((unused)) void read_fails(OVERLAPPED *overlapped, DWORD error)
{
	static UCHAR buffer[64];

	CHECK(!WinUsb_ReadPipe(device.usb, PIPE_IN, buffer, sizeof(buffer), NULL, overlapped));
	CHECK_EQ(GetLastError(), error);
}

static __attribute__((unused)) void start_read(OVERLAPPED *overlapped)
{
	read_fails(overlapped, ERROR_IO_PENDING);
}

static __attribute__((unused)) void complete_first(int status, uint32_t length)
{
	pthread_mutex_lock(&device.lock);
	device_complete(0, status, length);
	pthread_mutex_unlock(&device.lock);
}

#endif
