// SPDX-License-Identifier: MIT
/* The driver, as functions: see core.h. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "call.h"
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

/*
 * What a signal interrupted begins again, and with it the driver's clock. So that signals that keep
 * coming do not keep it going, the time limit of its pipe is kept here, too.
 */
struct core_patience {
	bool known;
	uint64_t begun;		/* ms of CLOCK_MONOTONIC: when it was first interrupted */
	uint32_t limit;		/* ms; 0: none */
};

static uint64_t core_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

static bool core_is_late(struct core_patience *patience, int fd, uint32_t handle, uint8_t pipe)
{
	struct winusb_pipe_policy policy = {
		.size = sizeof(policy),
		.handle = handle,
		.pipe_id = pipe,
		.policy = WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT,
	};

	if (patience->known)
		return patience->limit && core_now() - patience->begun >= patience->limit;
	patience->begun = core_now();
	while (ioctl(fd, WINUSB_IOC_GET_PIPE_POLICY, &policy))
		if (errno != EINTR)
			return false;
	patience->limit = policy.value;
	patience->known = true;
	return false;
}

int core_call(int fd, unsigned long command, void *argument)
{
	struct core_patience patience = { 0 };

	while (ioctl(fd, command, argument)) {
		if (errno == EAGAIN && command != WINUSB_IOC_GET_ASSOCIATED_INTERFACE)
			core_pause();
		else if (errno != EINTR)
			return -errno;
		else if (command == WINUSB_IOC_GET_DESCRIPTOR &&
			 core_is_late(&patience, fd,
				      ((struct winusb_get_descriptor *)argument)->handle, 0))
			return -ETIMEDOUT;
	}
	return 0;
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

/* What a read has got so far are whole packets, and none of them was short. */
static int core_go_on(int fd, struct winusb_transfer *transfer)
{
	uint32_t moved = transfer->out_length, length = transfer->length;
	uint64_t buffer = transfer->buffer;
	struct core_patience patience = { 0 };
	int result = -EINTR;

	while (result == -EINTR && moved < length) {
		if (core_is_late(&patience, fd, transfer->handle, transfer->pipe_id)) {
			result = -ETIMEDOUT;
			break;
		}
		transfer->buffer = buffer + moved;
		transfer->length = length - moved;
		transfer->out_length = 0;
		result = core_start(fd, transfer);
		moved += transfer->out_length;
		/* It was under way when the file was closed. */
		if (result == -ENOTTY)
			result = -ECANCELED;
	}
	transfer->out_length = moved;
	return result == -EINTR ? 0 : result;
}

static _Atomic(const sigset_t *) core_others;

void core_leave_to_others(const sigset_t *signals)
{
	atomic_store(&core_others, signals);
}

int core_transfer(int fd, struct winusb_transfer *transfer)
{
	const sigset_t *others = atomic_load(&core_others);
	sigset_t before;
	int result;

	if (others)
		pthread_sigmask(SIG_BLOCK, others, &before);
	call_begin(&transfer->size);
	result = core_start(fd, transfer);
	/* A stream that was interrupted has a gap: that is for the program to see. */
	if (result == -EINTR && transfer->pipe_id & 0x80 && !transfer->isoch_buffer)
		result = core_go_on(fd, transfer);
	result = call_end(result);
	if (others)
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

int core_submit_again(int fd, struct winusb_transfer *transfer)
{
	int result = -errno;

	while (result == -EINTR || result == -EAGAIN) {
		if (result == -EAGAIN)
			core_pause();
		result = core_start(fd, transfer);
	}
	return result;
}

int core_cancel(int fd, uint32_t flags, uint64_t cookie)
{
	struct winusb_cancel cancel = { .size = sizeof(cancel), .flags = flags, .cookie = cookie };
	int result = core_call(fd, WINUSB_IOC_CANCEL, &cancel);

	if (result == -ENOENT)
		return 0;
	return result ? result : (int)cancel.out_count;
}

int core_read(int fd, struct winusb_completion *records, unsigned int count)
{
	ssize_t length;

	do {
		/* No point where threads are cancelled, which costs, and loses what was read. */
		length = syscall(SYS_read, fd, records, count * sizeof(*records));
	} while (length < 0 && errno == EINTR);
	return length < 0 ? -errno : (int)(length / sizeof(*records));
}

int core_reap(int fd, struct winusb_completion *records, unsigned int count, uint64_t until,
	      uint32_t wakes, uint32_t *out_wakes)
{
	struct winusb_reap reap = {
		.size = sizeof(reap),
		.records = (uintptr_t)records,
		.count = count,
		.wakes = wakes,
		.until_ns = until,
		.out_wakes = wakes,
	};
	int saved = errno, error = 0;

	while (ioctl(fd, WINUSB_IOC_REAP, &reap)) {
		error = errno;
		if (error != EINTR)
			break;
		error = 0;
	}
	errno = saved;
	*out_wakes = reap.out_wakes;
	if (error == ENODEV)
		return 0;
	if (error && error != ETIMEDOUT)
		return -error;
	return reap.out_count ? (int)reap.out_count : -EAGAIN;
}

void core_reap_wake(int fd)
{
	struct winusb_reap reap = { .size = sizeof(reap), .flags = WINUSB_REAP_WAKE };
	int saved = errno;

	/* It fails where the file was closed, and nobody waits any more. */
	(void)ioctl(fd, WINUSB_IOC_REAP, &reap);
	errno = saved;
}
