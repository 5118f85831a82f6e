// SPDX-License-Identifier: MIT
/* Isochronous transfers on the iso board. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "board.h"
#include "isoch_io.h"
#include "test.h"

int isoch_open(struct board *board, uint8_t setting, uint32_t *handle)
{
	int fd = node_open(board_node(board, 0), O_RDWR);

	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, handle));
	CHECK_OK(node_set_setting(fd, *handle, setting));
	return fd;
}

int isoch_register(int fd, uint32_t handle, uint8_t pipe, void *memory, uint32_t length,
		   uint32_t *id)
{
	struct winusb_register_isoch_buffer arg = {
		.size = sizeof(arg), .handle = handle, .pipe_id = pipe,
		.buffer = (uintptr_t)memory, .length = length,
	};
	int result = node_ioctl(fd, WINUSB_IOC_REGISTER_ISOCH_BUFFER, &arg);

	if (!result)
		CHECK(arg.out_isoch_buffer);
	if (id)
		*id = arg.out_isoch_buffer;
	return result;
}

uint8_t *isoch_map(int fd, uint32_t handle, uint8_t pipe, uint32_t length, uint32_t *id)
{
	struct winusb_register_isoch_buffer arg = {
		.size = sizeof(arg), .handle = handle, .pipe_id = pipe,
		.flags = WINUSB_ISOCH_BUFFER_MAP, .length = length,
	};
	void *memory;

	CHECK_OK(node_ioctl(fd, WINUSB_IOC_REGISTER_ISOCH_BUFFER, &arg));
	*id = arg.out_isoch_buffer;
	memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, arg.out_offset);
	if (memory == MAP_FAILED)
		FAIL("mmap: %s", test_errno(-errno));
	return memory;
}

uint8_t *isoch_buffer(int fd, uint32_t handle, bool map, uint8_t pipe, uint32_t length,
		      uint32_t *id)
{
	uint8_t *memory;

	if (map)
		return isoch_map(fd, handle, pipe, length, id);
	memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	CHECK_OK(isoch_register(fd, handle, pipe, memory, length, id));
	return memory;
}

int isoch_unregister(int fd, uint32_t id)
{
	struct winusb_unregister_isoch_buffer arg = { .size = sizeof(arg), .isoch_buffer = id };

	return node_ioctl(fd, WINUSB_IOC_UNREGISTER_ISOCH_BUFFER, &arg);
}

int isoch_frame(int fd, uint32_t handle, uint32_t flags, struct winusb_get_frame *frame)
{
	memset(frame, 0, sizeof(*frame));
	frame->size = sizeof(*frame);
	frame->handle = handle;
	frame->flags = flags;
	return node_ioctl(fd, WINUSB_IOC_GET_FRAME, frame);
}

struct winusb_transfer isoch_transfer(uint32_t handle, uint8_t pipe, uint32_t id, uint32_t offset,
				      uint32_t length, struct winusb_isoch_packet *packets,
				      uint32_t count, uint64_t cookie)
{
	struct winusb_transfer arg = {
		.size = sizeof(arg), .handle = handle, .pipe_id = pipe, .length = length,
		.cookie = cookie, .isoch_buffer = id, .isoch_offset = offset,
		.isoch_packet_count = count, .isoch_packets = (uintptr_t)packets,
	};

	return arg;
}

int isoch_start(int fd, struct winusb_transfer *transfer, uint32_t *next)
{
	int result;

	transfer->flags |= WINUSB_TRANSFER_ASYNC;
	result = node_ioctl(fd, WINUSB_IOC_TRANSFER, transfer);
	if (next)
		*next = transfer->out_isoch_frame;
	return result;
}

static enum isoch_way current;
static int file = -1;
static struct ring ring;
static bool have_ring;
static struct isoch_result blocked;

void isoch_leave(void)
{
	if (have_ring)
		ring_exit(&ring);
	have_ring = false;
	file = -1;
}

void isoch_enter(enum isoch_way way, int fd)
{
	struct winusb_query query;
	int result;

	isoch_leave();
	CHECK_OK(node_query(fd, &query));
	CHECK(query.out_capabilities & WINUSB_CAP_ISOCHRONOUS);
	current = way;
	file = fd;
	if (way != ISOCH_URING)
		return;
	if (!(query.out_capabilities & WINUSB_CAP_URING))
		test_skip("this kernel cannot cancel io_uring commands");
	result = ring_init(&ring, IORING_SETUP_CQE32);
	if (result == -ENOSYS || result == -EPERM)
		test_skip("this kernel has no io_uring: %s", test_errno(result));
	CHECK_OK(result);
	have_ring = true;
}

static int go_blocking(struct winusb_transfer *transfer)
{
	blocked.cookie = transfer->cookie;
	transfer->cookie = 0;
	blocked.status = node_ioctl(file, WINUSB_IOC_TRANSFER, transfer);
	blocked.length = transfer->out_length;
	blocked.next_frame = transfer->out_isoch_frame;
	blocked.frame = 0;
	blocked.errors = 0;
	transfer->cookie = blocked.cookie;
	return blocked.status;
}

static int go_uring(struct winusb_transfer *transfer)
{
	struct io_uring_sqe *sqe = ring_sqe(&ring);
	uint64_t cookie = transfer->cookie;

	transfer->cookie = 0;
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = file;
	sqe->cmd_op = WINUSB_URING_ISOCH;
	sqe->addr = (uintptr_t)transfer;
	sqe->len = sizeof(*transfer);
	sqe->user_data = cookie;
	CHECK_EQ(ring_submit(&ring), 1);
	/* It was read, so that it may be used for something else. */
	transfer->cookie = cookie;
	return 0;
}

int isoch_go(struct winusb_transfer *transfer)
{
	switch (current) {
	case ISOCH_BLOCKING:
		return go_blocking(transfer);
	case ISOCH_ASYNC:
		return isoch_start(file, transfer, NULL);
	case ISOCH_SUBMIT:
		return async_submit(file, transfer, 1, NULL);
	default:
		return go_uring(transfer);
	}
}

static struct isoch_result from_record(void)
{
	struct winusb_completion record = async_wait(file);
	struct isoch_result result = {
		.cookie = record.cookie, .status = record.status, .length = record.length,
		.frame = record.isoch_frame, .next_frame = record.isoch_next_frame,
		.errors = record.isoch_errors,
	};

	return result;
}

static struct isoch_result from_ring(void)
{
	struct isoch_result result = { };
	struct ring_result cqe;

	CHECK_OK(ring_wait(&ring, &cqe, 10000 * test_scale()));
	result.cookie = cqe.user_data;
	result.status = cqe.res < 0 ? cqe.res : 0;
	result.length = cqe.res < 0 ? 0 : cqe.res;
	result.next_frame = cqe.extra;
	result.errors = cqe.extra >> 32;
	return result;
}

struct isoch_result isoch_done(void)
{
	switch (current) {
	case ISOCH_BLOCKING:
		return blocked;
	case ISOCH_URING:
		return from_ring();
	default:
		return from_record();
	}
}

void isoch_stats(int fd, uint32_t handle, struct iso_stats *stats)
{
	uint32_t moved;

	CHECK_OK(node_control(fd, handle, 0xc0, ISO_GET_STATS, 0, 0, sizeof(*stats), stats,
			      sizeof(*stats), &moved));
	CHECK_EQ(moved, sizeof(*stats));
}

void isoch_reset_stats(int fd, uint32_t handle)
{
	CHECK_OK(node_control(fd, handle, 0x40, ISO_RESET_STATS, 0, 0, 0, NULL, 0, NULL));
}

void isoch_fill(uint8_t *data, unsigned int count, uint32_t length, uint32_t *counter)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		iso_fill(data + i * length, length, (*counter)++, 0);
}

unsigned int isoch_check(const uint8_t *data, const struct winusb_isoch_packet *packets,
			 unsigned int count, uint32_t length, uint32_t *counter)
{
	unsigned int i, got = 0;
	struct iso_header header;

	for (i = 0; i < count; i++) {
		if (packets[i].offset != i * length || packets[i].length > length)
			FAIL("packet %u is at %u and has %u bytes", i, packets[i].offset,
			     packets[i].length);
		if (packets[i].status || !packets[i].length)
			continue;
		if (!iso_check(data + packets[i].offset, packets[i].length, &header))
			FAIL("packet %u of %u bytes is not what was sent", i, packets[i].length);
		if (header.counter != *counter)
			FAIL("packet %u is number %u, expected %u", i, header.counter, *counter);
		(*counter)++;
		got++;
	}
	return got;
}
