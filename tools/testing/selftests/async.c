// SPDX-License-Identifier: MIT
/* Asynchronous transfers and their records. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "async.h"
#include "test.h"

struct winusb_transfer async_transfer(uint32_t handle, uint8_t pipe, void *buffer,
				      uint32_t length, uint64_t cookie)
{
	struct winusb_transfer arg = {
		.size = sizeof(arg), .handle = handle, .pipe_id = pipe,
		.buffer = (uintptr_t)buffer, .length = length, .cookie = cookie,
	};

	return arg;
}

int async_start(int fd, uint32_t handle, uint8_t pipe, void *buffer, uint32_t length,
		uint64_t cookie)
{
	struct winusb_transfer arg = async_transfer(handle, pipe, buffer, length, cookie);

	arg.flags = WINUSB_TRANSFER_ASYNC;
	return node_ioctl(fd, WINUSB_IOC_TRANSFER, &arg);
}

int async_submit(int fd, const struct winusb_transfer *transfers, unsigned int count,
		 uint32_t *out_count)
{
	struct winusb_submit arg = {
		.size = sizeof(arg), .count = count, .transfers = (uintptr_t)transfers,
		.transfer_size = sizeof(*transfers), .out_count = ~0u,
	};
	int result = node_ioctl(fd, WINUSB_IOC_SUBMIT, &arg);

	if (out_count)
		*out_count = arg.out_count;
	return result;
}

static int cancel(int fd, uint32_t flags, uint64_t cookie, uint32_t *out_count)
{
	struct winusb_cancel arg = {
		.size = sizeof(arg), .flags = flags, .cookie = cookie, .out_count = ~0u,
	};
	int result = node_ioctl(fd, WINUSB_IOC_CANCEL, &arg);

	if (out_count)
		*out_count = arg.out_count;
	return result;
}

int async_cancel(int fd, uint64_t cookie, uint32_t *out_count)
{
	return cancel(fd, 0, cookie, out_count);
}

int async_cancel_all(int fd, uint32_t *out_count)
{
	return cancel(fd, WINUSB_CANCEL_ALL, 0, out_count);
}

int async_cancel_blocked(int fd, uint32_t *out_count)
{
	return cancel(fd, WINUSB_CANCEL_ALL | WINUSB_CANCEL_BLOCKED, 0, out_count);
}

int async_eventfd(int fd, int eventfd)
{
	struct winusb_set_eventfd arg = { .size = sizeof(arg), .fd = eventfd };

	return node_ioctl(fd, WINUSB_IOC_SET_EVENTFD, &arg);
}

bool async_ready(int fd, unsigned int ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int n;

	do {
		n = poll(&poll_fd, 1, ms);
	} while (n < 0 && errno == EINTR);
	CHECK(n >= 0);
	return poll_fd.revents & POLLIN;
}

struct winusb_completion async_wait(int fd)
{
	uint64_t end = test_now_ms() + 10000 * test_scale();
	struct winusb_completion record;
	ssize_t n;

	/* POLLHUP without POLLIN returns at once. */
	while (!async_ready(fd, 100)) {
		if (test_now_ms() > end)
			FAIL("no transfer was completed in %u s", 10 * test_scale());
		test_sleep_ms(1);
	}
	n = read(fd, &record, sizeof(record));
	if (n != sizeof(record))
		FAIL("read of a record: %s", n < 0 ? test_errno(-errno) : "short");
	return record;
}

void async_expect(int fd, uint64_t cookie, int status, uint32_t length)
{
	struct winusb_completion record = async_wait(fd);

	if (record.cookie != cookie || record.status != status || record.length != length)
		FAIL("the record is of cookie 0x%llx, %s, %u bytes; expected 0x%llx, %s, %u",
		     (unsigned long long)record.cookie, test_errno(record.status), record.length,
		     (unsigned long long)cookie, test_errno(status), length);
}

void async_expect_none(int fd)
{
	CHECK(!async_ready(fd, 0));
}
