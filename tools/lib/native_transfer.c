// SPDX-License-Identifier: MIT
/* The native face: transfers, with and without waiting. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>

#include "native.h"

#define DIRECTION_IN	0x80
#define BATCH		32	/* requests that are handed over at once */

/* What is only handed over had not begun when a signal came, and is handed over again. */
static int transfer_run(struct winusb *usb, struct winusb_transfer *arg)
{
	int result;

	do {
		result = native_try(usb, WINUSB_IOC_TRANSFER, arg);
	} while (result == -EINTR && arg->flags & WINUSB_TRANSFER_ASYNC);
	return result;
}

int native_transfer(struct winusb *usb, struct winusb_transfer *arg)
{
	int result = native_enter(usb);
	unsigned int number = (arg->pipe_id & 0x0f) | (arg->pipe_id & DIRECTION_IN) >> 3;

	if (result)
		return result;
	arg->size = sizeof(*arg);
	arg->handle = usb->handle;
	atomic_fetch_add(&usb->blocked[number], 1);
	/* Who closes has seen this thread, or this thread sees the close. */
	if (atomic_load(&usb->closing))
		result = -ECANCELED;
	else
		result = transfer_run(usb, arg);
	atomic_fetch_sub(&usb->blocked[number], 1);
	native_leave(usb);
	return result;
}

static int transfer_wait(struct winusb *usb, uint8_t pipe, const void *data, uint32_t length,
			 uint32_t *moved)
{
	struct winusb_transfer arg = {
		.pipe_id = pipe,
		.buffer = (uintptr_t)data,
		.length = length,
	};
	int result = native_transfer(usb, &arg);

	if (moved)
		*moved = arg.out_length;
	return result;
}

static int transfer_refuse(uint32_t *moved)
{
	if (moved)
		*moved = 0;
	return -EINVAL;
}

int winusb_read(struct winusb *usb, uint8_t pipe, void *buffer, uint32_t length, uint32_t *moved)
{
	if (!(pipe & DIRECTION_IN))
		return transfer_refuse(moved);
	return transfer_wait(usb, pipe, buffer, length, moved);
}

int winusb_write(struct winusb *usb, uint8_t pipe, const void *data, uint32_t length,
		 uint32_t *moved)
{
	if (!pipe || pipe & DIRECTION_IN)
		return transfer_refuse(moved);
	return transfer_wait(usb, pipe, data, length, moved);
}

/* As it goes over the bus. */
static void setup_fill(struct winusb_transfer *arg, const struct winusb_setup *setup,
		       const void *data)
{
	const uint8_t bytes[8] = {
		setup->request_type, setup->request, setup->value, setup->value >> 8,
		setup->index, setup->index >> 8, setup->length, setup->length >> 8,
	};

	memcpy(arg->setup, bytes, sizeof(bytes));
	arg->buffer = (uintptr_t)data;
	arg->length = setup->length;
}

int winusb_control(struct winusb *usb, const struct winusb_setup *setup, void *data,
		   uint32_t *moved)
{
	struct winusb_transfer arg = { 0 };
	int result;

	if (!setup)
		return transfer_refuse(moved);
	setup_fill(&arg, setup, data);
	result = native_transfer(usb, &arg);
	if (moved)
		*moved = arg.out_length;
	return result;
}

static int transfer_submit(struct winusb *usb, struct winusb_transfer *arg, uint64_t cookie)
{
	arg->flags = WINUSB_TRANSFER_ASYNC;
	arg->cookie = cookie;
	return native_transfer(usb, arg);
}

int winusb_submit_transfer(struct winusb *usb, uint8_t pipe, void *buffer, uint32_t length,
			   uint64_t cookie)
{
	struct winusb_transfer arg = {
		.pipe_id = pipe,
		.buffer = (uintptr_t)buffer,
		.length = length,
	};

	return pipe ? transfer_submit(usb, &arg, cookie) : -EINVAL;
}

int winusb_submit_control(struct winusb *usb, const struct winusb_setup *setup, void *data,
			  uint64_t cookie)
{
	struct winusb_transfer arg = { 0 };

	if (!setup)
		return -EINVAL;
	setup_fill(&arg, setup, data);
	return transfer_submit(usb, &arg, cookie);
}

/* At most BATCH requests; how many were started in *STARTED, also when it fails. */
static int batch_submit(struct winusb *usb, const struct winusb_request *requests,
			unsigned int count, unsigned int *started)
{
	struct winusb_transfer args[BATCH] = { 0 };
	struct winusb_submit submit = {
		.size = sizeof(submit),
		.count = count,
		.transfers = (uintptr_t)args,
		.transfer_size = sizeof(args[0]),
	};
	int result;

	for (unsigned int i = 0; i < count; i++) {
		if (!requests[i].pipe)
			setup_fill(&args[i], &requests[i].setup, NULL);
		args[i].size = sizeof(args[i]);
		args[i].handle = usb->handle;
		args[i].flags = WINUSB_TRANSFER_ASYNC;
		args[i].pipe_id = requests[i].pipe;
		args[i].buffer = (uintptr_t)requests[i].buffer;
		args[i].length = requests[i].length;
		args[i].cookie = requests[i].cookie;
	}
	result = ioctl(usb->file->fd, WINUSB_IOC_SUBMIT, &submit) ? -errno : 0;
	*started = submit.out_count;
	return result;
}

int winusb_submit_requests(struct winusb *usb, const struct winusb_request *requests,
			   unsigned int count)
{
	unsigned int done = 0, started;
	int result;

	if (!requests || !count || count > INT_MAX)
		return -EINVAL;
	result = native_enter(usb);
	if (result)
		return result;
	while (done < count) {
		unsigned int some = count - done < BATCH ? count - done : BATCH;

		result = batch_submit(usb, requests + done, some, &started);
		done += started;
		/* A signal, or a reset that is under way: those that are left have not begun. */
		if (result == -EAGAIN)
			native_pause();
		else if (result && result != -EINTR)
			break;
	}
	if (!done)
		result = native_answer(usb, result);
	native_leave(usb);
	return done ? (int)done : result;
}

int winusb_reap(struct winusb *usb, struct winusb_completion *records, unsigned int count,
		int timeout)
{
	struct timespec deadline;
	int result;

	if (!records || !count)
		return -EINVAL;
	result = native_enter(usb);
	if (result)
		return result;
	deadline = native_deadline(timeout);
	if (usb->file->listener)
		result = -EBADF;
	while (!result) {
		result = core_read(usb->file->fd, records, count);
		if (result == -EAGAIN || atomic_load(&usb->file->closed))
			result = native_wait(usb, timeout, &deadline);
		else if (!result)
			result = -ENODEV;
	}
	native_leave(usb);
	return result;
}

static int cancel(struct winusb *usb, uint32_t flags, uint64_t cookie)
{
	int result = native_enter(usb);

	if (result)
		return result;
	result = native_answer(usb, core_cancel(usb->file->fd, flags, cookie));
	native_leave(usb);
	return result;
}

int winusb_cancel_transfer(struct winusb *usb, uint64_t cookie)
{
	return cancel(usb, 0, cookie);
}

int winusb_cancel_all(struct winusb *usb)
{
	return cancel(usb, WINUSB_CANCEL_ALL, 0);
}

int winusb_use_eventfd(struct winusb *usb, int fd)
{
	struct winusb_set_eventfd arg = { .size = sizeof(arg), .fd = fd };

	return native_call(usb, WINUSB_IOC_SET_EVENTFD, &arg);
}
