/* SPDX-License-Identifier: MIT */
/* io_uring by its system calls, as far as the tests need it. Results are 0 or a negative errno. */
#ifndef WINUSB_SELFTEST_RING_H
#define WINUSB_SELFTEST_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/io_uring.h>
#include <linux/winusb.h>

struct ring {
	int fd;
	unsigned int flags;	/* IORING_SETUP_ */
	void *memory;		/* both queues */
	size_t memory_size;
	struct io_uring_sqe *sqes;
	size_t sqes_size;
	unsigned int *sq_head, *sq_tail, sq_mask, *sq_array;
	unsigned int *cq_head, *cq_tail, cq_mask;
	struct io_uring_cqe *cqes;
	unsigned int unsubmitted;
};

struct ring_result {
	uint64_t user_data;
	int32_t res;
	uint64_t extra;		/* big_cqe[0] with IORING_SETUP_CQE32 */
};

/* Number of entries of the submission queue; the completion queue has twice as many. */
#define RING_ENTRIES	1024

int ring_init(struct ring *ring, unsigned int flags);
void ring_exit(struct ring *ring);
/* The next submission, all zero. */
struct io_uring_sqe *ring_sqe(struct ring *ring);
/* A transfer as a submission, without handing it in. */
struct io_uring_sqe *ring_transfer(struct ring *ring, int fd, uint32_t handle, uint8_t pipe,
				   void *buffer, uint32_t length, uint64_t user_data);
/* WINUSB_URING_CANCEL of a cookie. */
struct io_uring_sqe *ring_cancel(struct ring *ring, int fd, uint64_t cookie, uint64_t user_data);
/* Hands all submissions in; gives their number. */
int ring_submit(struct ring *ring);
/* Takes one result if there is one. */
bool ring_peek(struct ring *ring, struct ring_result *result);
/* Waits for one; -ETIME after MS milliseconds, -EINTR. */
int ring_wait(struct ring *ring, struct ring_result *result, unsigned int ms);
/* A table of COUNT empty slots for registered buffers. */
int ring_register_slots(struct ring *ring, unsigned int count);
int ring_register(struct ring *ring, unsigned int slot, void *buffer, size_t length);

#endif
