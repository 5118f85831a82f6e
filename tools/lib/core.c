// SPDX-License-Identifier: MIT
/* The driver, as functions: see core.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "core.h"

int core_open(const char *node, bool listener)
{
	int fd;

	do {
		fd = open(node, (listener ? O_RDONLY : O_RDWR) | O_NONBLOCK | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

/* While the device is reset, or its setting changes, non-blocking mode is refused. */
static void core_pause(void)
{
	struct timespec pause = { .tv_nsec = 500000 };

	nanosleep(&pause, NULL);
}

int core_call(int fd, unsigned long command, void *argument)
{
	while (ioctl(fd, command, argument)) {
		if (errno == EAGAIN && command != WINUSB_IOC_GET_ASSOCIATED_INTERFACE)
			core_pause();
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static void core_prepare(struct winusb_transfer *transfer, uint32_t handle, uint8_t pipe,
			 const void *setup, void *buffer, uint32_t length)
{
	memset(transfer, 0, sizeof(*transfer));
	transfer->size = sizeof(*transfer);
	transfer->handle = handle;
	transfer->pipe_id = pipe;
	if (setup)
		memcpy(transfer->setup, setup, sizeof(transfer->setup));
	transfer->buffer = (uintptr_t)buffer;
	transfer->length = length;
}

static int core_start(int fd, struct winusb_transfer *transfer)
{
	while (ioctl(fd, WINUSB_IOC_TRANSFER, transfer)) {
		if (errno != EAGAIN)
			return -errno;
		core_pause();
	}
	return 0;
}

int core_transfer(int fd, uint32_t handle, uint8_t pipe, const void *setup, void *buffer,
		  uint32_t length, uint32_t *moved)
{
	struct winusb_transfer transfer;
	int result;

	core_prepare(&transfer, handle, pipe, setup, buffer, length);
	result = core_start(fd, &transfer);
	*moved = transfer.out_length;
	/* What a read has got so far are whole packets, and none of them was short. */
	while (result == -EINTR && pipe & 0x80 && *moved < length) {
		transfer.buffer = (uintptr_t)buffer + *moved;
		transfer.length = length - *moved;
		result = core_start(fd, &transfer);
		*moved += transfer.out_length;
	}
	if (result == -EINTR && pipe & 0x80)
		result = 0;
	return result;
}

int core_submit(int fd, uint32_t handle, uint8_t pipe, const void *setup, void *buffer,
		uint32_t length, uint64_t cookie)
{
	struct winusb_transfer transfer;
	int result;

	core_prepare(&transfer, handle, pipe, setup, buffer, length);
	transfer.flags = WINUSB_TRANSFER_ASYNC;
	transfer.cookie = cookie;
	do {
		result = core_start(fd, &transfer);
	} while (result == -EINTR);
	return result;
}

int core_cancel(int fd, bool all, uint64_t cookie)
{
	struct winusb_cancel cancel = {
		.size = sizeof(cancel),
		.flags = all ? WINUSB_CANCEL_ALL : 0,
		.cookie = all ? 0 : cookie,
	};
	int result = core_call(fd, WINUSB_IOC_CANCEL, &cancel);

	if (result == -ENOENT)
		return 0;
	return result ? result : (int)cancel.out_count;
}

int core_read(int fd, struct winusb_completion *records, unsigned int count)
{
	ssize_t length;

	do {
		length = read(fd, records, count * sizeof(*records));
	} while (length < 0 && errno == EINTR);
	return length < 0 ? -errno : (int)(length / sizeof(*records));
}
