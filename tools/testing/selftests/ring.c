// SPDX-License-Identifier: MIT
/* io_uring by its system calls: no library, because the ones that are shipped know too little. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "ring.h"
#include "test.h"

static int enter(struct ring *ring, unsigned int submit, unsigned int wait, unsigned int flags,
		 void *argument, size_t size)
{
	int n = syscall(SYS_io_uring_enter, ring->fd, submit, wait, flags, argument, size);

	return n < 0 ? -errno : n;
}

static size_t sqe_size(const struct ring *ring)
{
	return ring->flags & IORING_SETUP_SQE128 ? 128 : 64;
}

static void place_queues(struct ring *ring, const struct io_uring_params *p)
{
	char *base = ring->memory;

	ring->sq_head = (unsigned int *)(base + p->sq_off.head);
	ring->sq_tail = (unsigned int *)(base + p->sq_off.tail);
	ring->sq_mask = *(unsigned int *)(base + p->sq_off.ring_mask);
	ring->sq_array = (unsigned int *)(base + p->sq_off.array);
	ring->cq_head = (unsigned int *)(base + p->cq_off.head);
	ring->cq_tail = (unsigned int *)(base + p->cq_off.tail);
	ring->cq_mask = *(unsigned int *)(base + p->cq_off.ring_mask);
	ring->cqes = (struct io_uring_cqe *)(base + p->cq_off.cqes);
}

int ring_init(struct ring *ring, unsigned int flags)
{
	struct io_uring_params p = { .flags = flags };
	size_t sq, cq;

	memset(ring, 0, sizeof(*ring));
	ring->flags = flags;
	ring->fd = syscall(SYS_io_uring_setup, RING_ENTRIES, &p);
	if (ring->fd < 0)
		return -errno;
	sq = p.sq_off.array + p.sq_entries * sizeof(unsigned int);
	cq = p.cq_off.cqes + p.cq_entries * (flags & IORING_SETUP_CQE32 ? 32 : 16);
	ring->memory_size = sq > cq ? sq : cq;
	ring->memory = mmap(NULL, ring->memory_size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQ_RING);
	ring->sqes_size = p.sq_entries * sqe_size(ring);
	ring->sqes = mmap(NULL, ring->sqes_size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
	if (ring->memory == MAP_FAILED || ring->sqes == MAP_FAILED)
		FAIL("mmap of a ring: %s", strerror(errno));
	/* A child does not need them, and user-mode Linux counts their pages wrongly in a fork. */
	madvise(ring->memory, ring->memory_size, MADV_DONTFORK);
	madvise(ring->sqes, ring->sqes_size, MADV_DONTFORK);
	place_queues(ring, &p);
	return 0;
}

void ring_exit(struct ring *ring)
{
	munmap(ring->sqes, ring->sqes_size);
	munmap(ring->memory, ring->memory_size);
	close(ring->fd);
}

struct io_uring_sqe *ring_sqe(struct ring *ring)
{
	unsigned int tail = *ring->sq_tail, slot = tail & ring->sq_mask;
	struct io_uring_sqe *sqe = (void *)((char *)ring->sqes + slot * sqe_size(ring));

	if (tail - __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE) > ring->sq_mask)
		FAIL("the submission queue is full");
	memset(sqe, 0, sqe_size(ring));
	ring->sq_array[slot] = slot;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	ring->unsubmitted++;
	return sqe;
}

struct io_uring_sqe *ring_transfer(struct ring *ring, int fd, uint32_t handle, uint8_t pipe,
				   void *buffer, uint32_t length, uint64_t user_data)
{
	struct winusb_uring_cmd cmd = { .handle = handle, .pipe_id = pipe };
	struct io_uring_sqe *sqe = ring_sqe(ring);

	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = WINUSB_URING_TRANSFER;
	sqe->addr = (uintptr_t)buffer;
	sqe->len = length;
	sqe->user_data = user_data;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
	return sqe;
}

struct io_uring_sqe *ring_cancel(struct ring *ring, int fd, uint64_t cookie, uint64_t user_data)
{
	struct io_uring_sqe *sqe = ring_sqe(ring);

	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = WINUSB_URING_CANCEL;
	sqe->addr = cookie;
	sqe->user_data = user_data;
	return sqe;
}

int ring_submit(struct ring *ring)
{
	unsigned int n = ring->unsubmitted;
	int result;

	do {
		result = enter(ring, n, 0, 0, NULL, 0);
	} while (result == -EINTR);
	if (result > 0)
		ring->unsubmitted -= result;
	return result;
}

static bool take(struct ring *ring, struct ring_result *result)
{
	unsigned int head = *ring->cq_head, step = ring->flags & IORING_SETUP_CQE32 ? 2 : 1;
	const struct io_uring_cqe *cqe = ring->cqes + (head & ring->cq_mask) * step;

	if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	result->user_data = cqe->user_data;
	result->res = cqe->res;
	result->extra = 0;
	if (step == 2)
		memcpy(&result->extra, cqe + 1, sizeof(result->extra));
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

bool ring_peek(struct ring *ring, struct ring_result *result)
{
	if (take(ring, result))
		return true;
	/* Lets the kernel do what it has put off. */
	enter(ring, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
	return take(ring, result);
}

int ring_wait(struct ring *ring, struct ring_result *result, unsigned int ms)
{
	struct __kernel_timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	struct io_uring_getevents_arg argument = { .ts = (uintptr_t)&time };
	int n;

	while (!take(ring, result)) {
		n = enter(ring, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument,
			  sizeof(argument));
		if (n < 0)
			return take(ring, result) ? 0 : n;
	}
	return 0;
}

int ring_register_slots(struct ring *ring, unsigned int count)
{
	struct io_uring_rsrc_register slots = {
		.nr = count, .flags = IORING_RSRC_REGISTER_SPARSE,
	};
	int n = syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS2, &slots,
			sizeof(slots));

	return n < 0 ? -errno : 0;
}

int ring_register(struct ring *ring, unsigned int slot, void *buffer, size_t length)
{
	struct iovec vector = { .iov_base = buffer, .iov_len = length };
	struct io_uring_rsrc_update2 update = {
		.offset = slot, .data = (uintptr_t)&vector, .nr = 1,
	};
	int n = syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS_UPDATE, &update,
			sizeof(update));

	return n < 0 ? -errno : 0;
}
