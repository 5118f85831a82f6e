// SPDX-License-Identifier: MIT
/*
 * Isochronous transfers on the iso board: bad input, how transfers end before their time, and memory
 * that leaves. Names begin with the section of winusb.md that they prove, where there is one.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"
#include "isoch_io.h"
#include "test.h"

enum { BYTES = 192, PACKETS = 80, LENGTH = BYTES * PACKETS, DEPTH = 4 };

static struct board *iso;
static int fd;
static uint32_t handle;
static struct winusb_isoch_packet packets[DEPTH][1024];

void test_setup(void)
{
	iso = board_add("iso");
	boards_start();
	board_plug(iso);
	boards_keep();
}

static void open_iso(uint8_t setting)
{
	fd = isoch_open(iso, setting, &handle);
}

/* Bad input: it has its error, and nothing happens. */

static void expect_register(uint8_t pipe, void *memory, uint32_t length, int error)
{
	CHECK_ERR(isoch_register(fd, handle, pipe, memory, length, NULL), error);
}

TEST(bad_registrations)
{
	struct winusb_register_isoch_buffer arg = {
		.size = sizeof(arg), .handle = 0, .pipe_id = ISO_IN, .length = LENGTH,
	};
	static uint8_t memory[LENGTH];
	void *constant = mmap(NULL, LENGTH, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	open_iso(ISO_ALT_NONE);
	expect_register(ISO_IN, memory, LENGTH, EINVAL);	/* no bandwidth, no pipe */
	CHECK_OK(node_set_setting(fd, handle, ISO_ALT_MIXED));
	expect_register(ISO_BULK_IN, memory, LENGTH, EINVAL);
	expect_register(0, memory, LENGTH, EINVAL);
	expect_register(0x8f, memory, LENGTH, EINVAL);
	expect_register(ISO_IN, memory, 0, EINVAL);
	expect_register(ISO_IN, memory, 0x80000000, EINVAL);
	expect_register(ISO_IN, NULL, LENGTH, EFAULT);
	expect_register(ISO_IN, (void *)-4096l, LENGTH, EFAULT);
	expect_register(ISO_IN, constant, LENGTH, EFAULT);
	expect_register(ISO_IN, memory, 0x7ffff000, ENOMEM);	/* more than a file may have */
	arg.handle = handle + 77;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_REGISTER_ISOCH_BUFFER, &arg), EBADF);
	arg.handle = handle;
	arg.flags = 2;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_REGISTER_ISOCH_BUFFER, &arg), EOPNOTSUPP);
	arg.flags = WINUSB_ISOCH_BUFFER_MAP;
	arg.buffer = (uintptr_t)memory;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_REGISTER_ISOCH_BUFFER, &arg), EOPNOTSUPP);
	arg.buffer = 0;
	arg.length = 0x7ffff000;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_REGISTER_ISOCH_BUFFER, &arg), ENOMEM);
	arg.size = 39;
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_REGISTER_ISOCH_BUFFER, &arg), EINVAL);
	CHECK_ERR(isoch_unregister(fd, 0), EBADF);
	CHECK_ERR(isoch_unregister(fd, 12345), EBADF);
}

/* In bad_transfers: as the good one, but for this. */
#define BAD(field, value, error) do {							\
	bad = good;									\
	bad.field = (value);								\
	CHECK_ERR(isoch_start(fd, &bad, NULL), error);					\
} while (0)

TEST(bad_transfers)
{
	static uint8_t memory[LENGTH], other[LENGTH];
	struct winusb_transfer good, bad;
	uint32_t in, out;

	open_iso(ISO_ALT_SMALL);
	CHECK_OK(isoch_register(fd, handle, ISO_IN, memory, LENGTH, &in));
	CHECK_OK(isoch_register(fd, handle, ISO_OUT, other, LENGTH, &out));
	good = isoch_transfer(handle, ISO_IN, in, 0, LENGTH, packets[0], PACKETS, 1);
	BAD(isoch_buffer, 12345, EBADF);
	BAD(isoch_buffer, out, EINVAL);
	BAD(pipe_id, ISO_OUT, EINVAL);
	BAD(pipe_id, 0, EINVAL);
	BAD(length, LENGTH - 1, EINVAL);
	BAD(length, LENGTH - BYTES, EINVAL);		/* no whole frames */
	BAD(length, LENGTH + 8 * BYTES, EINVAL);
	BAD(length, 0, EINVAL);
	BAD(isoch_offset, 1, EINVAL);
	BAD(isoch_offset, ~0u, EINVAL);
	BAD(isoch_packet_count, PACKETS - 1, EINVAL);
	BAD(isoch_packet_count, PACKETS + 1, EINVAL);
	BAD(isoch_packet_count, ~0u, EINVAL);
	BAD(isoch_packets, 0, EINVAL);
	BAD(isoch_packets, (uintptr_t)-4096l, EFAULT);
	BAD(isoch_packets, 8, EFAULT);
	BAD(isoch_start_frame, 5, EINVAL);
	BAD(buffer, (uintptr_t)memory, EINVAL);
	BAD(flags, WINUSB_TRANSFER_ISOCH_AT | WINUSB_TRANSFER_ISOCH_CONTINUE, EINVAL);
	BAD(flags, 0x10, EOPNOTSUPP);
	BAD(stream_id, 1, EOPNOTSUPP);
	BAD(__reserved2, 1, EOPNOTSUPP);
	BAD(__reserved3, 1, EOPNOTSUPP);
	BAD(flags, WINUSB_TRANSFER_ISOCH_CONTINUE, EINVAL);	/* nothing is pending */
	BAD(flags, WINUSB_TRANSFER_ISOCH_LENGTHS, EINVAL);	/* a read has none */
	/* The fields are for isochronous transfers only, and these need a buffer. */
	BAD(isoch_buffer, 0, EOPNOTSUPP);
	bad = isoch_transfer(handle, ISO_IN, 0, 0, LENGTH, NULL, 0, 1);
	bad.buffer = (uintptr_t)memory;
	CHECK_ERR(isoch_start(fd, &bad, NULL), EINVAL);
	/* Lengths of their own that make no sense. */
	good = isoch_transfer(handle, ISO_OUT, out, 0, 8 * 100, packets[1], 8, 1);
	good.flags = WINUSB_TRANSFER_ISOCH_LENGTHS;
	for (int i = 0; i < 8; i++)
		packets[1][i].length = 100;
	bad = good;
	bad.isoch_packets = 0;
	bad.isoch_packet_count = 0;
	CHECK_ERR(isoch_start(fd, &bad, NULL), EINVAL);
	BAD(length, 8 * 100 - 1, EINVAL);
	BAD(length, 8 * 100 + 1, EINVAL);
	BAD(isoch_packet_count, 0, EINVAL);
	BAD(isoch_packet_count, 7, EINVAL);
	BAD(isoch_packet_count, 1025, EINVAL);
	packets[1][3].length = BYTES + 1;
	BAD(length, 7 * 100 + BYTES + 1, EINVAL);
	packets[1][3].length = ~0u;
	BAD(length, 7 * 100 - 1, EINVAL);
	async_expect_none(fd);
	CHECK_OK(isoch_unregister(fd, in));
	CHECK_OK(isoch_unregister(fd, out));
	CHECK_ERR(isoch_unregister(fd, out), EBADF);
}

/* Transfers that are under way, one behind the other; cookies 0 to DEPTH - 1. */
static uint8_t *start_some(bool map, uint32_t *id)
{
	uint8_t *memory = isoch_buffer(fd, handle, map, ISO_IN, LENGTH, id);
	struct winusb_transfer transfer;
	unsigned int i;

	isoch_enter(ISOCH_ASYNC, fd);
	for (i = 0; i < DEPTH; i++) {
		transfer = isoch_transfer(handle, ISO_IN, *id, 0, LENGTH, packets[i], PACKETS, i);
		CHECK_OK(isoch_go(&transfer));
	}
	return memory;
}

/* They end so, and none is forgotten; those that were over before succeeded. */
static void expect_ends(int status)
{
	struct isoch_result done;
	unsigned int i, seen = 0, ended = 0;

	for (i = 0; i < DEPTH; i++) {
		done = isoch_done();
		CHECK(done.cookie < DEPTH && !(seen & 1u << done.cookie));
		seen |= 1u << done.cookie;
		if (done.status != status && done.status)
			FAIL("transfer %u ended with %s", i, test_errno(done.status));
		ended += done.status == status;
	}
	CHECK(ended);
	async_expect_none(fd);
}

static void endless(void)
{
	board_set(iso, "stop-after=0x81:100");
}

struct form {
	const char *label;
	bool map;
};

static const struct form buffer_forms[] = {
	{ "memory_of_the_program", false },
	{ "mapped", true },
};

TEST_EACH(rule_1_7_unregister_waits_for_transfers, struct form, form, buffer_forms)
{
	static const uint8_t zeros[LENGTH];
	struct isoch_result done;
	uint8_t *memory;
	unsigned int i;
	uint32_t id;

	open_iso(ISO_ALT_SMALL);
	memset(packets, 0, sizeof(packets));
	memory = start_some(form->map, &id);
	CHECK_OK(isoch_unregister(fd, id));
	/* What was read is there, and the memory is the program's again: of packets, too. */
	CHECK(memcmp(memory, zeros, LENGTH));
	for (i = 0; i < DEPTH * PACKETS; i++)
		CHECK(packets[i / PACKETS][i % PACKETS].length);
	if (!form->map)
		memset(memory, 0xa5, LENGTH);
	memset(packets, 0xa5, sizeof(packets));
	for (i = 0; i < DEPTH; i++) {
		CHECK(async_ready(fd, 0));
		done = isoch_done();
		CHECK_EQ(done.cookie, i);
		CHECK_EQ(done.status, 0);
	}
	for (i = 0; i < LENGTH; i++)
		CHECK(form->map || memory[i] == 0xa5);
	for (i = 0; i < sizeof(packets); i++)
		CHECK_EQ(((uint8_t *)packets)[i], 0xa5);
}

static void *unregister_main(void *id)
{
	return (void *)(long)isoch_unregister(fd, *(uint32_t *)id);
}

/* Two threads unregister one buffer: one of them waits, the other one finds nothing. */
TEST(unregister_by_two_threads)
{
	pthread_t one, two;
	void *first, *second;
	uint32_t id;

	open_iso(ISO_ALT_SMALL);
	endless();
	start_some(false, &id);
	CHECK_EQ(pthread_create(&one, NULL, unregister_main, &id), 0);
	CHECK_EQ(pthread_create(&two, NULL, unregister_main, &id), 0);
	test_sleep_ms(100);
	CHECK_OK(node_abort(fd, handle, ISO_IN));
	CHECK_EQ(pthread_join(one, &first), 0);
	CHECK_EQ(pthread_join(two, &second), 0);
	CHECK_EQ((long)first + (long)second, -EBADF);
	expect_ends(-ECANCELED);
}

/* A process that waits can be killed. */
TEST(unregister_can_be_killed)
{
	uint32_t id;
	int status;
	pid_t pid;

	open_iso(ISO_ALT_SMALL);
	endless();
	start_some(true, &id);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		isoch_unregister(fd, id);
		_exit(0);
	}
	wait_asleep(pid);
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));
	CHECK_OK(node_abort(fd, handle, ISO_IN));
	expect_ends(-ECANCELED);
}

TEST(rule_1_5_abort_ends_a_stream)
{
	uint32_t id;

	open_iso(ISO_ALT_SMALL);
	endless();
	start_some(false, &id);
	CHECK_OK(node_abort(fd, handle, ISO_IN));
	expect_ends(-ECANCELED);
	CHECK_OK(isoch_unregister(fd, id));
}

TEST(rule_5_4_removal_ends_a_stream)
{
	struct winusb_transfer transfer;
	uint32_t id;

	open_iso(ISO_ALT_SMALL);
	endless();
	start_some(false, &id);
	board_unplug(iso);
	expect_ends(-ESHUTDOWN);
	transfer = isoch_transfer(handle, ISO_IN, id, 0, LENGTH, packets[0], PACKETS, 0);
	CHECK_ERR(isoch_go(&transfer), ENODEV);
	CHECK_OK(isoch_unregister(fd, id));
}

TEST(a_reset_ends_a_stream)
{
	struct winusb_transfer transfer;
	struct isoch_result done;
	uint32_t id;

	open_iso(ISO_ALT_SMALL);
	endless();
	start_some(false, &id);
	CHECK_OK(node_reset_device(fd, handle));
	expect_ends(-ECONNRESET);
	/* The setting is the same: the buffer is good, and the stream begins anew. */
	board_set(iso, "stop-after=0");
	transfer = isoch_transfer(handle, ISO_IN, id, 0, LENGTH, packets[0], PACKETS, 0);
	CHECK_OK(isoch_go(&transfer));
	done = isoch_done();
	CHECK_EQ(done.status, 0);
}

TEST(a_close_ends_a_stream)
{
	uint8_t *memory;
	uint32_t id;

	open_iso(ISO_ALT_SMALL);
	endless();
	memory = start_some(true, &id);
	/* The mapping holds the file. */
	CHECK_EQ(munmap(memory, LENGTH), 0);
	isoch_leave();
	CHECK_EQ(close(fd), 0);
	/* All of it is over: the board can be opened, and its setting is the first one. */
	open_iso(ISO_ALT_SMALL);
}

TEST(rule_1_3_the_setting_is_busy)
{
	struct winusb_transfer transfer;
	uint32_t id;

	open_iso(ISO_ALT_SMALL);
	endless();
	start_some(false, &id);
	CHECK_ERR(node_set_setting(fd, handle, ISO_ALT_LARGE), EBUSY);
	CHECK_OK(node_abort(fd, handle, ISO_IN));
	expect_ends(-ECANCELED);
	CHECK_OK(node_set_setting(fd, handle, ISO_ALT_LARGE));
	transfer = isoch_transfer(handle, ISO_IN, id, 0, LENGTH, packets[0], PACKETS, 0);
	CHECK_ERR(isoch_go(&transfer), EINVAL);
	CHECK_OK(isoch_unregister(fd, id));
}

/* Memory */

TEST(memory_that_is_gone)
{
	struct isoch_result done;
	uint8_t *memory;
	unsigned int i;
	uint32_t id;

	open_iso(ISO_ALT_SMALL);
	memory = start_some(false, &id);
	CHECK_EQ(munmap(memory, LENGTH), 0);
	for (i = 0; i < DEPTH; i++) {
		done = isoch_done();
		CHECK_EQ(done.cookie, i);
		CHECK_EQ(done.status, -EFAULT);
	}
	CHECK_OK(isoch_unregister(fd, id));
}

/* Two registrations of the same memory do not disturb each other. */
TEST(memory_that_is_registered_twice)
{
	static uint8_t memory[LENGTH];
	struct winusb_transfer transfer;
	struct isoch_result done;
	uint32_t id[2], counter = 0, i;

	open_iso(ISO_ALT_SMALL);
	for (i = 0; i < 2; i++)
		CHECK_OK(isoch_register(fd, handle, ISO_IN, memory, LENGTH, &id[i]));
	CHECK(id[0] != id[1]);
	CHECK_OK(isoch_unregister(fd, id[0]));
	isoch_enter(ISOCH_ASYNC, fd);
	transfer = isoch_transfer(handle, ISO_IN, id[1], 0, LENGTH, packets[0], PACKETS, 0);
	CHECK_OK(isoch_go(&transfer));
	done = isoch_done();
	CHECK_EQ(done.status, 0);
	CHECK_EQ(isoch_check(memory, packets[0], PACKETS, BYTES, &counter), PACKETS);
}

TEST(a_mapping_outlives_its_buffer)
{
	uint8_t *memory, *second;
	uint32_t id;

	open_iso(ISO_ALT_SMALL);
	memory = isoch_map(fd, handle, ISO_IN, 3 * 4096, &id);
	CHECK_EQ(memory[0] | memory[3 * 4096 - 1], 0);
	second = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)id * 4096);
	CHECK(second != MAP_FAILED);
	CHECK_OK(isoch_unregister(fd, id));
	memset(memory, 0x5a, 3 * 4096);
	CHECK_EQ(second[0], 0x5a);
	CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)id * 4096) == MAP_FAILED);
	CHECK_EQ(errno, EINVAL);
}

static void bad_mapping(size_t length, int flags, off_t offset)
{
	CHECK(mmap(NULL, length, PROT_READ, flags, fd, offset) == MAP_FAILED);
	CHECK_EQ(errno, EINVAL);
}

TEST(bad_mappings)
{
	static uint8_t memory[4096];
	uint32_t mapped, copied;

	open_iso(ISO_ALT_SMALL);
	isoch_map(fd, handle, ISO_IN, 5000, &mapped);
	CHECK_OK(isoch_register(fd, handle, ISO_IN, memory, sizeof(memory), &copied));
	bad_mapping(4096, MAP_SHARED, 0);
	bad_mapping(4096, MAP_SHARED, (off_t)(mapped + 100) * 4096);
	bad_mapping(4096, MAP_SHARED, (off_t)copied * 4096);
	bad_mapping(4096, MAP_PRIVATE, (off_t)mapped * 4096);
	bad_mapping(3 * 4096, MAP_SHARED, (off_t)mapped * 4096);
	fd = node_open(board_node(iso, 0), O_RDONLY);
	CHECK_OK(fd);
	bad_mapping(4096, MAP_SHARED, (off_t)mapped * 4096);
}

/* A buffer is for the process that registered it, unless it is mapped. */
TEST(memory_of_another_process)
{
	struct winusb_transfer transfer;
	uint32_t copied, mapped;
	static uint8_t memory[LENGTH];
	int status;
	pid_t pid;

	open_iso(ISO_ALT_SMALL);
	CHECK_OK(isoch_register(fd, handle, ISO_IN, memory, LENGTH, &copied));
	isoch_map(fd, handle, ISO_IN, LENGTH, &mapped);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		transfer = isoch_transfer(handle, ISO_IN, copied, 0, LENGTH, packets[0], PACKETS,
					  0);
		if (isoch_start(fd, &transfer, NULL) != -EFAULT)
			_exit(1);
		transfer = isoch_transfer(handle, ISO_IN, mapped, 0, LENGTH, packets[0], PACKETS,
					  0);
		if (isoch_start(fd, &transfer, NULL))
			_exit(2);
		_exit(async_wait(fd).status ? 3 : 0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

/* Another process collects: the data are in the memory of the one that submitted. */
TEST(another_process_collects)
{
	uint32_t id, counter = 0;
	struct winusb_transfer transfer;
	uint8_t *memory;
	int status;
	pid_t pid;

	open_iso(ISO_ALT_SMALL);
	memory = isoch_buffer(fd, handle, false, ISO_IN, LENGTH, &id);
	transfer = isoch_transfer(handle, ISO_IN, id, 0, LENGTH, packets[0], PACKETS, 0);
	CHECK_OK(isoch_start(fd, &transfer, NULL));
	pid = fork();
	CHECK(pid >= 0);
	if (!pid)
		_exit(async_wait(fd).status ? 3 : 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(isoch_check(memory, packets[0], PACKETS, BYTES, &counter), PACKETS);
}
