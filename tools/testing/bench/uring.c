// SPDX-License-Identifier: MIT
/*
 * winusb: io_uring commands, with plain and with registered buffers. The file is registered in both,
 * as in any program that has one file.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <linux/winusb.h>

#include "bench.h"

/* Newer than the liburing of Debian 12. */
#ifndef IORING_URING_CMD_FIXED
#define IORING_URING_CMD_FIXED (1U << 0)
#endif

struct uring {
	struct io_uring ring;
	bool fixed;
};

static int ring_open(struct uring *state, unsigned int depth)
{
	/* One thread submits and collects: completions wait until it asks for them. */
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	};

	return io_uring_queue_init_params(depth, &state->ring, &params);
}

static int open_any(struct run *run, bool fixed, char *why, size_t why_size)
{
	const struct cell *cell = run->cell;
	struct iovec *vectors;
	struct uring *state;
	unsigned int i;
	int result, fd = winusb_fd();

	if (!(winusb_capabilities() & WINUSB_CAP_URING)) {
		snprintf(why, why_size, "this kernel's winusb.ko has no io_uring commands "
			 "(WINUSB_CAP_URING is clear; Linux 6.8 or newer)");
		return -EOPNOTSUPP;
	}
	if (winusb_raw_io(cell, why, why_size))
		return -EOPNOTSUPP;
	state = calloc(1, sizeof(*state));
	state->fixed = fixed;
	result = ring_open(state, cell->depth);
	if (result) {
		snprintf(why, why_size, "no io_uring: %s", strerror(-result));
		free(state);
		return result;
	}
	result = io_uring_register_files(&state->ring, &fd, 1);
	if (!result && fixed) {
		vectors = calloc(cell->depth, sizeof(*vectors));
		for (i = 0; i < cell->depth; i++) {
			vectors[i].iov_base = run->buffers[i];
			vectors[i].iov_len = cell->size;
		}
		result = io_uring_register_buffers(&state->ring, vectors, cell->depth);
		free(vectors);
	}
	if (result) {
		snprintf(why, why_size, "io_uring cannot register %s: %s", fixed ? "buffers" : "the file",
			 strerror(-result));
		io_uring_queue_exit(&state->ring);
		free(state);
		return result;
	}
	run->state = state;
	return 0;
}

static int plain_open(struct run *run, char *why, size_t why_size)
{
	return open_any(run, false, why, why_size);
}

static int fixed_open(struct run *run, char *why, size_t why_size)
{
	return open_any(run, true, why, why_size);
}

static void uring_close(struct run *run)
{
	struct uring *state = run->state;

	io_uring_queue_exit(&state->ring);
	free(state);
}

static void uring_add(struct run *run, unsigned int slot)
{
	struct uring *state = run->state;
	struct io_uring_sqe *sqe = io_uring_get_sqe(&state->ring);
	struct winusb_uring_cmd cmd = {
		.handle = winusb_handle(),
		.pipe_id = run->cell->pipe.address,
	};

	if (!sqe)
		fail("io_uring has no room for %u commands", run->cell->depth);
	run_prepare(run, slot);
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->flags = IOSQE_FIXED_FILE;
	sqe->fd = 0;
	sqe->off = WINUSB_URING_TRANSFER;	/* cmd_op */
	sqe->addr = (uintptr_t)run->buffers[slot];
	sqe->len = run->cell->size;
	sqe->user_data = slot;
	if (state->fixed) {
		sqe->rw_flags = IORING_URING_CMD_FIXED;		/* uring_cmd_flags */
		sqe->buf_index = slot;
	}
	memcpy((uint8_t *)sqe + offsetof(struct io_uring_sqe, addr3), &cmd, sizeof(cmd));
}

static int uring_go(struct run *run, uint64_t count)
{
	struct uring *state = run->state;
	struct io_uring *ring = &state->ring;
	uint64_t submitted, done = 0;
	struct io_uring_cqe *cqe;
	unsigned int head, nr;
	int result;

	winusb_nonblock(false);
	for (submitted = 0; submitted < run->cell->depth && submitted < count; submitted++)
		uring_add(run, submitted);
	while (done < count) {
		run->calls++;
		result = io_uring_submit_and_wait(ring, 1);
		if (result < 0 && result != -EINTR)
			return result;
		nr = 0;
		io_uring_for_each_cqe(ring, head, cqe) {
			unsigned int slot = cqe->user_data;

			nr++;
			result = cqe->res < 0 ? cqe->res : run_finish(run, slot, cqe->res);
			if (result)
				return result;
			if (submitted < count) {
				uring_add(run, slot);
				submitted++;
			}
		}
		io_uring_cq_advance(ring, nr);
		done += nr;
	}
	return 0;
}

const struct method winusb_uring = {
	.name = "winusb-uring",
	.title = "winusb io_uring",
	.counterpart = "usbfs-async",
	.winusb = true,
	.open = plain_open,
	.go = uring_go,
	.close = uring_close,
};

const struct method winusb_fixed = {
	.name = "winusb-fixed",
	.title = "winusb io_uring, fixed buffers",
	.counterpart = "usbfs-mmap",
	.winusb = true,
	.open = fixed_open,
	.go = uring_go,
	.close = uring_close,
};
