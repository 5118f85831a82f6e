// SPDX-License-Identifier: MIT
/* The ways to ask for a transfer, as one interface. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "door.h"
#include "ring.h"
#include "test.h"

/* Registered buffers; more trips than this at once would share a slot. */
enum { SLOTS = 1024 };

static enum door current;
static int fd = -1;
static uint32_t handle;
static struct ring ring;
static bool have_ring;
static unsigned int next_slot;
static uint64_t ended;

static const char *const names[DOORS] = {
	[DOOR_BLOCKING] = "the blocking ioctl", [DOOR_ASYNC] = "TRANSFER_ASYNC and records",
	[DOOR_SUBMIT] = "SUBMIT and records", [DOOR_URING] = "io_uring",
	[DOOR_FIXED] = "io_uring with registered buffers",
};

const char *door_name(enum door door)
{
	return names[door];
}

static bool has_records(void)
{
	return current == DOOR_ASYNC || current == DOOR_SUBMIT;
}

void door_enter(enum door door, int file, uint32_t of)
{
	struct winusb_query query;
	int result;

	CHECK_OK(node_query(file, &query));
	if ((door == DOOR_ASYNC || door == DOOR_SUBMIT) &&
	    !(query.out_capabilities & WINUSB_CAP_ASYNC))
		test_skip("the driver has no asynchronous transfers (WINUSB_CAP_ASYNC is clear)");
	if (door >= DOOR_URING && !(query.out_capabilities & WINUSB_CAP_URING))
		test_skip("this kernel cannot cancel io_uring commands");
	door_leave();
	current = door;
	fd = file;
	handle = of;
	if (door < DOOR_URING)
		return;
	result = ring_init(&ring, IORING_SETUP_CQE32);
	if (result == -ENOSYS || result == -EPERM)
		test_skip("this kernel has no io_uring: %s", test_errno(result));
	CHECK_OK(result);
	have_ring = true;
	if (door == DOOR_FIXED)
		CHECK_OK(ring_register_slots(&ring, SLOTS));
}

void door_leave(void)
{
	if (have_ring)
		ring_exit(&ring);
	have_ring = false;
	fd = -1;
	next_slot = 0;
}

/* Nor is the descriptor of its ring known any more, which the next row may get for another file. */
void test_row_leave(void)
{
	door_leave();
}

static void finish(struct trip *trip, int status, uint32_t moved, uint32_t flags)
{
	if (trip->done)
		FAIL("a transfer on pipe 0x%02x was completed twice", trip->pipe);
	if (moved > trip->length)
		FAIL("%u of %u bytes moved", moved, trip->length);
	trip->status = status;
	trip->moved = moved;
	trip->flags = flags;
	trip->order = ++ended;
	trip->ended_ms = test_now_ms();
	trip->done = true;
}

static void take_records(void)
{
	struct winusb_completion records[16];
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct trip *trip;
	ssize_t n, i;

	while (poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLIN) {
		n = read(fd, records, sizeof(records));
		if (n < 0)
			FAIL("read of records: %s", test_errno(-errno));
		CHECK_EQ(n % sizeof(records[0]), 0);
		for (i = 0; i < n / (ssize_t)sizeof(records[0]); i++) {
			trip = (struct trip *)(uintptr_t)records[i].cookie;
			CHECK_EQ(records[i].pipe_id, trip->pipe);
			CHECK_EQ(records[i].handle, trip->handle ? trip->handle : handle);
			CHECK_EQ(records[i].isoch_frame, 0);
			CHECK_EQ(records[i].isoch_errors, 0);
			CHECK(records[i].status <= 0);
			finish(trip, records[i].status, records[i].length, records[i].flags);
		}
	}
}

static void take_result(const struct ring_result *result)
{
	struct trip *trip = (struct trip *)(uintptr_t)result->user_data;
	uint32_t moved = result->extra;

	if (result->res >= 0)
		CHECK_EQ(moved, result->res);
	finish(trip, result->res < 0 ? result->res : 0, moved, result->extra >> 32);
}

static void take_results(void)
{
	struct ring_result result;

	while (ring_peek(&ring, &result))
		take_result(&result);
}

static void fill(struct winusb_transfer *arg, struct trip *trip)
{
	memset(arg, 0, sizeof(*arg));
	arg->size = sizeof(*arg);
	arg->handle = trip->handle ? trip->handle : handle;
	arg->pipe_id = trip->pipe;
	memcpy(arg->setup, trip->setup, sizeof(arg->setup));
	arg->buffer = (uintptr_t)trip->buffer;
	arg->length = trip->length;
	if (has_records())
		arg->cookie = (uintptr_t)trip;
}

static void start_blocking(struct trip *trip)
{
	memset(&trip->job, 0, sizeof(trip->job));
	trip->job.fd = fd;
	trip->job.handle = trip->handle ? trip->handle : handle;
	trip->job.pipe = trip->pipe;
	memcpy(trip->job.setup, trip->setup, sizeof(trip->setup));
	trip->job.buffer = trip->buffer;
	trip->job.length = trip->length;
	job_start_blocked(&trip->job);
}

static void start_async(struct trip *trip)
{
	struct winusb_transfer arg;
	int result;

	fill(&arg, trip);
	arg.flags = WINUSB_TRANSFER_ASYNC;
	arg.out_length = 99;
	result = node_ioctl(fd, WINUSB_IOC_TRANSFER, &arg);
	if (!result)
		CHECK_EQ(arg.out_length, 0);
	if (result)
		finish(trip, result, 0, 0);
}

/* As many as are taken at once; one that is refused ends its call, and those behind it go on. */
static void start_submit(struct trip *trips, unsigned int count)
{
	struct winusb_transfer *args = calloc(count, sizeof(*args));
	struct winusb_submit submit = { .size = sizeof(submit), .transfer_size = sizeof(*args) };
	unsigned int i;
	int result;

	CHECK(args);
	for (i = 0; i < count; i++)
		fill(&args[i], &trips[i]);
	for (i = 0; i < count; i += submit.out_count) {
		submit.count = count - i < WINUSB_MAX_SUBMIT ? count - i : WINUSB_MAX_SUBMIT;
		submit.transfers = (uintptr_t)&args[i];
		submit.out_count = ~0u;
		result = node_ioctl(fd, WINUSB_IOC_SUBMIT, &submit);
		CHECK(submit.out_count <= submit.count);
		if (!result)
			CHECK_EQ(submit.out_count, submit.count);
		if (result)
			finish(&trips[i + submit.out_count++], result, 0, 0);
	}
	free(args);
}

/* The slot has all pages that the buffer touches, so that the transfer begins somewhere inside. */
static void use_slot(struct io_uring_sqe *sqe, struct trip *trip)
{
	static char nothing[4096] __attribute__((aligned(4096)));
	uintptr_t first = (uintptr_t)trip->buffer & ~4095ul;
	uintptr_t end = ((uintptr_t)trip->buffer + trip->length + 4095) & ~4095ul;
	unsigned int slot = next_slot++ % SLOTS;

	if (!trip->length) {
		first = (uintptr_t)nothing;
		end = first + sizeof(nothing);
		sqe->addr = first;
	}
	CHECK_OK(ring_register(&ring, slot, (void *)first, end - first));
	sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;
	sqe->buf_index = slot;
}

static void start_uring(struct trip *trips, unsigned int count)
{
	struct winusb_uring_cmd *cmd;
	struct io_uring_sqe *sqe;
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct trip *trip = &trips[i];

		sqe = ring_transfer(&ring, fd, trip->handle ? trip->handle : handle, trip->pipe,
				    trip->buffer, trip->length, (uintptr_t)trip);
		cmd = (struct winusb_uring_cmd *)sqe->cmd;
		memcpy(cmd->setup, trip->setup, sizeof(trip->setup));
		if (current == DOOR_FIXED)
			use_slot(sqe, trip);
	}
	CHECK_EQ(ring_submit(&ring), count);
	take_results();
}

void door_start_all(struct trip *trips, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		trips[i].started = true;
		trips[i].done = false;
	}
	switch (current) {
	case DOOR_BLOCKING:
		for (i = 0; i < count; i++)
			start_blocking(&trips[i]);
		break;
	case DOOR_ASYNC:
		for (i = 0; i < count; i++)
			start_async(&trips[i]);
		break;
	case DOOR_SUBMIT:
		start_submit(trips, count);
		break;
	default:
		start_uring(trips, count);
	}
}

void door_start(struct trip *trip)
{
	door_start_all(trip, 1);
}

void door_start_read(struct trip *trip, uint8_t pipe, void *buffer, uint32_t length)
{
	memset(trip, 0, sizeof(*trip));
	trip->pipe = pipe;
	trip->buffer = buffer;
	trip->length = length;
	door_start(trip);
}

static void look(struct trip *trip)
{
	if (trip->done)
		return;
	if (current == DOOR_BLOCKING) {
		if (!job_done(&trip->job))
			return;
		job_wait(&trip->job, 1);
		finish(trip, trip->job.result, trip->job.moved, 0);
		trip->order = trip->job.order;
		trip->ended_ms = trip->job.ended_ms;
	} else if (has_records()) {
		take_records();
	} else {
		take_results();
	}
}

bool door_done(struct trip *trip)
{
	look(trip);
	return trip->done;
}

int door_wait(struct trip *trip)
{
	uint64_t end = test_now_ms() + 10000 * test_scale();
	struct ring_result result;

	if (!trip->started)
		FAIL("the transfer was not started");
	while (!door_done(trip)) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

		if (test_now_ms() > end)
			FAIL("a transfer on pipe 0x%02x did not end in %u s through %s",
			     trip->pipe, 10 * test_scale(), names[current]);
		if (current == DOOR_BLOCKING)
			test_sleep_ms(1);
		else if (has_records())
			poll(&poll_fd, 1, 100);
		else if (!ring_wait(&ring, &result, 100))
			take_result(&result);
	}
	return trip->status;
}

static int whole(struct trip *trip, uint32_t *moved)
{
	door_start(trip);
	door_wait(trip);
	if (moved)
		*moved = trip->moved;
	return trip->status;
}

int door_move(uint8_t pipe, void *buffer, uint32_t length, uint32_t *moved)
{
	struct trip trip = { .pipe = pipe, .buffer = buffer, .length = length };

	if (current == DOOR_BLOCKING)
		return node_transfer(fd, handle, pipe, buffer, length, moved);
	return whole(&trip, moved);
}

int door_control(uint32_t of, uint8_t type, uint8_t request, uint16_t value, uint16_t index,
		 uint16_t setup_length, void *buffer, uint32_t length, uint32_t *moved)
{
	struct trip trip = { .handle = of, .buffer = buffer, .length = length };

	node_setup(trip.setup, type, request, value, index, setup_length);
	if (current == DOOR_BLOCKING)
		return node_control(fd, of ? of : handle, type, request, value, index,
				    setup_length, buffer, length, moved);
	return whole(&trip, moved);
}
