// SPDX-License-Identifier: MIT
/* A session of random operations on one node. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async.h"
#include "ring.h"
#include "session.h"
#include "test.h"

enum { SLOTS = 24, ROOM = 96 * 1024, GUARD = 4096, UNTOUCHED = 0xff, GUARDED = 0xfe };
enum { SLOT_SIZE = GUARD + ROOM + GUARD };

/* One transfer that may be under way, with memory of its own between guards. */
struct slot {
	bool pending;
	bool uring;
	bool in;
	uint8_t pipe;
	uint8_t *buffer;
	uint32_t length;
};

static struct slot slots[SLOTS];
static uint8_t *arena;
static struct ring ring;
static bool have_ring;
static int fd;
static uint32_t handles[4];
static unsigned int num_handles;
static struct soak *soak;
static unsigned int *seed;

static unsigned int roll(unsigned int n)
{
	return (unsigned int)rand_r(seed) % n;
}

static void count(unsigned long long *counter, unsigned long long n)
{
	__atomic_add_fetch(counter, n, __ATOMIC_RELAXED);
}

/* The pipes that a session tries; those of another interface or setting are refused. */
static const uint8_t composite_pipes[] = {
	0x81, 0x01, 0x82, 0x02, 0x83, 0x84, 0x04, 0x85, 0x87, 0x07,
};
static const uint8_t own_pipes[4][2] = { { 0x81, 0x01 }, { 0x82, 0x02 }, { 0x84, 0x04 },
					 { 0x87, 0x07 } };
static int composite_interface;		/* -1: another board */

static uint8_t any_pipe(void)
{
	if (!roll(50))
		return roll(256);
	if (composite_interface < 0)
		return roll(8) ? roll(2) ? FX2_BULK_IN : FX2_BULK_OUT : FX2_SWITCHES;
	if (num_handles < 2 || roll(2))
		return own_pipes[composite_interface][roll(2)];
	return composite_pipes[roll(ARRAY_SIZE(composite_pipes))];
}

static uint32_t any_handle(void)
{
	return num_handles ? handles[roll(num_handles)] : 0;
}

/* Every error that a transfer or command may have (the table in the uapi header). */
static bool is_allowed(int status)
{
	static const int errors[] = {
		EINVAL, EMSGSIZE, EOPNOTSUPP, EBADF, ENOENT, EEXIST, EBUSY, EACCES, EAGAIN, EINTR,
		ETIMEDOUT, ECANCELED, EPIPE, EPROTO, EILSEQ, EOVERFLOW, EIO, ECONNRESET, ESHUTDOWN,
		ENODEV, ENOMEM,
	};
	size_t i;

	if (!status)
		return true;
	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (status == -errors[i])
			return true;
	return false;
}

/* Bytes that were written to a board, in pieces that may come in any order. */
static void check_data(const uint8_t *data, uint32_t length, uint8_t pipe)
{
	uint32_t i, breaks = 0;

	for (i = 0; i < length; i++) {
		if (data[i] >= 251)
			FAIL("pipe 0x%02x: byte %u of %u is 0x%02x", pipe, i, length, data[i]);
		if (i && data[i] != (data[i - 1] + 1) % 251)
			breaks++;
	}
	if (breaks > length / SOAK_PIECE + 2)
		FAIL("pipe 0x%02x: %u bytes with %u breaks", pipe, length, breaks);
}

static void check_guard(const struct slot *slot)
{
	unsigned int index = slot - slots;
	const uint8_t *begin = arena + (size_t)index * SLOT_SIZE;
	const uint8_t *end = begin + SLOT_SIZE, *p;

	for (p = slot->buffer - 64; p < slot->buffer; p++)
		if (*p != GUARDED)
			FAIL("pipe 0x%02x: a byte before the buffer is 0x%02x", slot->pipe, *p);
	for (p = slot->buffer + slot->length; p < slot->buffer + slot->length + 64; p++)
		if (*p != GUARDED)
			FAIL("pipe 0x%02x: a byte behind the buffer is 0x%02x", slot->pipe, *p);
	CHECK(slot->buffer >= begin && slot->buffer + slot->length <= end);
}

/* Pipes whose data we know: what is written to OUT n comes back on IN n, or on 0x88 from 0x06. */
static bool is_loopback(uint8_t pipe)
{
	if (composite_interface < 0)
		return pipe == FX2_BULK_IN;
	return pipe == 0x81 || pipe == 0x82 || pipe == 0x84 || pipe == 0x87;
}

static void ended(struct slot *slot, int status, uint32_t moved)
{
	if (slot < slots || slot >= slots + SLOTS)
		FAIL("a completion of nothing that was submitted");
	if (!slot->pending)
		FAIL("pipe 0x%02x: a transfer was completed twice", slot->pipe);
	slot->pending = false;
	if (!is_allowed(status))
		FAIL("pipe 0x%02x: a transfer ended with %s", slot->pipe, test_errno(status));
	if (moved > slot->length)
		FAIL("pipe 0x%02x: %u of %u bytes moved", slot->pipe, moved, slot->length);
	check_guard(slot);
	if (slot->in && is_loopback(slot->pipe))
		check_data(slot->buffer, moved, slot->pipe);
	count(&soak->transfers, 1);
	count(&soak->good, !status);
	count(&soak->bytes, moved);
	count(&soak->ended[-status % SOAK_ERRORS], 1);
}

static struct slot *free_slot(void)
{
	unsigned int first = roll(SLOTS), i;

	for (i = 0; i < SLOTS; i++)
		if (!slots[(first + i) % SLOTS].pending)
			return &slots[(first + i) % SLOTS];
	return NULL;
}

static uint32_t any_length(bool in)
{
	static const uint32_t lengths[] = { 64, 512, 512, 1024, 4096, 16384, 20480, 65536, 90112 };
	uint32_t length = lengths[roll(ARRAY_SIZE(lengths))];

	/* The last packet of a write has at least a piece. */
	if (in && roll(2))
		length = roll(length) + 1;
	else if (!in && roll(2))
		length += 32 + roll(2) * 8;
	return length;
}

/* Makes the memory of a transfer: counting bytes to write, or none to be read. */
static void prepare(struct slot *slot, uint8_t pipe)
{
	unsigned int index = slot - slots, i;
	uint8_t first = roll(251);

	slot->pipe = pipe;
	slot->in = pipe & 0x80;
	slot->length = any_length(slot->in);
	slot->buffer = arena + (size_t)index * SLOT_SIZE + GUARD + roll(3) * roll(64);
	memset(slot->buffer - 64, GUARDED, 64);
	memset(slot->buffer + slot->length, GUARDED, 64);
	if (slot->in)
		memset(slot->buffer, UNTOUCHED, slot->length);
	for (i = 0; !slot->in && i < slot->length; i++)
		slot->buffer[i] = (first + i) % 251;
}

static void accepted(struct slot *slot, bool uring)
{
	slot->pending = true;
	slot->uring = uring;
}

static void refused(int result)
{
	if (!is_allowed(result))
		FAIL("a submission was refused with %s", test_errno(result));
}

static void start_async(void)
{
	struct slot *slot = free_slot();
	int result;

	if (!slot)
		return;
	prepare(slot, any_pipe());
	result = async_start(fd, any_handle(), slot->pipe, slot->buffer, slot->length,
			     (uintptr_t)slot);
	if (result)
		refused(result);
	else
		accepted(slot, false);
}

static void start_submit(void)
{
	struct winusb_transfer args[8];
	struct slot *taken[8];
	uint8_t pipe = any_pipe();
	unsigned int n = roll(8) + 1, i, k;
	uint32_t out;
	int result;

	for (i = 0; i < n; i++) {
		taken[i] = free_slot();
		if (!taken[i])
			break;
		prepare(taken[i], pipe);
		args[i] = async_transfer(any_handle(), pipe, taken[i]->buffer, taken[i]->length,
					 (uintptr_t)taken[i]);
		accepted(taken[i], false);
	}
	if (!i)
		return;
	result = async_submit(fd, args, i, &out);
	CHECK(out <= i && (result || out == i));
	for (k = out; k < i; k++)
		taken[k]->pending = false;
	if (result)
		refused(result);
}

static void start_uring(void)
{
	unsigned int n = roll(6) + 1, i;

	for (i = 0; have_ring && i < n; i++) {
		struct slot *slot = free_slot();
		struct io_uring_sqe *sqe;

		if (!slot)
			break;
		prepare(slot, any_pipe());
		sqe = ring_transfer(&ring, fd, any_handle(), slot->pipe, slot->buffer, slot->length,
				    (uintptr_t)slot);
		if (roll(2)) {
			sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;
			sqe->buf_index = 0;
		}
		if (!roll(16))
			sqe->flags = IOSQE_ASYNC;
		accepted(slot, true);
	}
	if (have_ring)
		CHECK_OK(ring_submit(&ring));
}

static void take_records(void)
{
	struct winusb_completion records[8];
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	ssize_t n, i;

	if (poll(&poll_fd, 1, 0) != 1 || !(poll_fd.revents & POLLIN))
		return;
	n = read(fd, records, sizeof(records[0]) * (roll(8) + 1));
	if (n < 0) {
		CHECK(errno == EINTR || errno == EAGAIN);
		return;
	}
	CHECK_EQ(n % sizeof(records[0]), 0);
	for (i = 0; i < n / (ssize_t)sizeof(records[0]); i++)
		ended((struct slot *)(uintptr_t)records[i].cookie, records[i].status,
		      records[i].length);
}

static void take_results(void)
{
	struct ring_result result;

	while (have_ring && ring_peek(&ring, &result)) {
		if (!result.user_data)
			continue;	/* of a cancel */
		if (result.res >= 0)
			CHECK_EQ((uint32_t)result.extra, result.res);
		ended((struct slot *)(uintptr_t)result.user_data, result.res < 0 ? result.res : 0,
		      result.extra);
	}
}

/* A signal comes every now and then, so this ends. */
static void blocking(void)
{
	struct slot *slot = free_slot();
	uint32_t moved;
	int result;

	if (!slot)
		return;
	prepare(slot, any_pipe());
	slot->pending = true;
	result = node_transfer(fd, any_handle(), slot->pipe, slot->buffer, slot->length, &moved);
	ended(slot, result, moved);
}

static void control(void)
{
	uint8_t data[256];
	uint32_t moved;
	int result;

	if (roll(2))
		result = node_control(fd, any_handle(), 0xc0, roll(256), roll(65536), 0,
				      sizeof(data), data, roll(256), &moved);
	else
		result = node_control(fd, any_handle(), 0x41, 0xe5, 0, 0, sizeof(data), data,
				      roll(256), &moved);
	if (!is_allowed(result))
		FAIL("a control transfer ended with %s", test_errno(result));
}

static void cancel_some(void)
{
	struct slot *slot = &slots[roll(SLOTS)];
	int result;

	if (have_ring && roll(3) == 0) {
		ring_cancel(&ring, fd, (uintptr_t)slot, 0);
		CHECK_OK(ring_submit(&ring));
		return;
	}
	result = roll(4) ? async_cancel(fd, (uintptr_t)slot, NULL) : async_cancel_all(fd, NULL);
	CHECK(result == 0 || result == -ENOENT);
}

static void pipe_command(void)
{
	int result;

	switch (roll(4)) {
	case 0:
		result = node_reset_pipe(fd, any_handle(), any_pipe());
		break;
	case 1:
		result = node_flush(fd, any_handle(), any_pipe());
		break;
	default:
		result = node_abort(fd, any_handle(), any_pipe());
	}
	if (!is_allowed(result))
		FAIL("a command for a pipe: %s", test_errno(result));
}

static void policy(void)
{
	uint32_t number = roll(11), value;
	uint8_t pipe = roll(8) ? any_pipe() : 0;
	int result;

	if (number == WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT)
		result = node_timeout(fd, any_handle(), pipe, roll(100));
	else if (roll(4))
		result = node_set_policy(fd, any_handle(), pipe, number, roll(2));
	else
		result = node_get_policy(fd, any_handle(), pipe, number, &value);
	if (!is_allowed(result))
		FAIL("a policy: %s", test_errno(result));
}

/* What the device does about it is up to the others, too; and it gets the time to do it. */
static void power(void)
{
	uint32_t value;
	int result;

	switch (roll(4)) {
	case 0:
		result = node_set_power(fd, any_handle(), WINUSB_POWER_SUSPEND_DELAY, roll(30));
		break;
	case 1:
		result = node_set_power(fd, any_handle(), WINUSB_POWER_AUTO_SUSPEND, roll(4));
		break;
	case 2:
		result = node_get_power(fd, any_handle(), 0x80 + roll(4), &value);
		break;
	default:
		result = 0;
		test_sleep_ms(roll(roll(4) ? 20 : 150));
	}
	if (!is_allowed(result))
		FAIL("a power policy: %s", test_errno(result));
}

/* Handles come and go; settings change. */
static void manage(void)
{
	uint32_t handle;
	int result;

	switch (roll(6)) {
	case 0:
		result = node_initialize(fd, &handle);
		if (!result && num_handles < ARRAY_SIZE(handles))
			handles[num_handles++] = handle;
		else if (!result)
			CHECK_OK(node_free(fd, handle));
		break;
	case 1:
	case 2:
		result = node_associated(fd, any_handle(), roll(4), &handle);
		if (!result && num_handles < ARRAY_SIZE(handles))
			handles[num_handles++] = handle;
		else if (!result)
			CHECK_OK(node_free(fd, handle));
		break;
	case 3:
		if (num_handles < 2)
			return;
		result = node_free(fd, handles[--num_handles]);
		break;
	case 4:
		result = roll(20) ? 0 : node_reset_device(fd, any_handle());
		break;
	default:
		result = node_set_setting(fd, any_handle(), roll(3));
	}
	if (!is_allowed(result))
		FAIL("a command for a handle: %s", test_errno(result));
}

static void look(void)
{
	struct winusb_query query;
	int copy, events_fd;
	char byte;

	CHECK_OK(node_query(fd, &query));
	switch (roll(3)) {
	case 0:
		events_fd = eventfd(0, EFD_CLOEXEC);
		CHECK_OK(async_eventfd(fd, events_fd));
		close(events_fd);
		break;
	case 1:
		CHECK_OK(async_eventfd(fd, -1));
		break;
	default:
		copy = dup(fd);
		CHECK(read(copy, &byte, 1) <= 0);
		close(copy);
	}
}

/* A copy of the process that has the file, for a while. */
static void copy_process(void)
{
	unsigned int how = roll(3);
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		if (how)
			close(fd);
		if (how == 2)
			memset(arena, 0, SLOT_SIZE);
		_exit(0);
	}
	while (waitpid(pid, NULL, 0) < 0)
		CHECK_EQ(errno, EINTR);
}

static void operate(void)
{
	switch (roll(24)) {
	case 0 ... 4:
		start_async();
		break;
	case 5 ... 7:
		start_submit();
		break;
	case 8 ... 11:
		start_uring();
		break;
	case 12 ... 13:
		blocking();
		break;
	case 14:
		control();
		break;
	case 15:
		cancel_some();
		break;
	case 16:
		pipe_command();
		break;
	case 17:
		policy();
		break;
	case 18:
		manage();
		break;
	case 19:
		look();
		break;
	case 20:
		if (!roll(4))
			power();
		if (!roll(40))
			copy_process();
		break;
	default:
		take_records();
		take_results();
	}
	count(&soak->operations, 1);
}

static bool any_pending(void)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (slots[i].pending)
			return true;
	return false;
}

/* All that was submitted is completed, whatever happened. */
static void drain(void)
{
	uint64_t end = test_now_ms() + 20000 * test_scale();
	unsigned int i;

	async_cancel_all(fd, NULL);
	while (any_pending()) {
		take_records();
		take_results();
		if (test_now_ms() > end)
			for (i = 0; i < SLOTS; i++)
				if (slots[i].pending)
					FAIL("pipe 0x%02x: a transfer was never completed",
					     slots[i].pipe);
		usleep(100);
	}
}

static void on_alarm(int number)
{
	(void)number;
}

/* Signals come all the time, so that nothing waits for ever, and everything is interrupted. */
static void start_alarms(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = { { 0, 70000 }, { 0, 70000 } };

	CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
	CHECK_EQ(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static void stop_alarms(void)
{
	struct itimerval timer = { 0 };

	CHECK_EQ(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static void open_ring(void)
{
	struct winusb_query query;

	CHECK_OK(node_query(fd, &query));
	have_ring = query.out_capabilities & WINUSB_CAP_URING && roll(4);
	if (!have_ring)
		return;
	CHECK_OK(ring_init(&ring, IORING_SETUP_CQE32));
	CHECK_OK(ring_register_slots(&ring, 1));
	CHECK_OK(ring_register(&ring, 0, arena, (size_t)SLOTS * SLOT_SIZE));
}

/* In any order, and what is under way may be so still. */
static void end_session(void)
{
	bool clean = roll(3);

	if (clean)
		drain();
	if (roll(2))
		close(fd);
	if (have_ring)
		ring_exit(&ring);
	close(fd);
	/* What a ring had under way may come to its memory still: then that is nobody else's. */
	if (clean || !have_ring)
		munmap(arena, (size_t)SLOTS * SLOT_SIZE);
	else
		madvise(arena, (size_t)SLOTS * SLOT_SIZE, MADV_DONTNEED);
	have_ring = false;
	memset(slots, 0, sizeof(slots));
	num_handles = 0;
}

void session(struct soak *shared, unsigned int worker, struct board *board, unsigned int interface,
	     unsigned int *seed_of)
{
	unsigned int n;

	soak = shared;
	composite_interface = board_interfaces(board) > 1 ? (int)interface : -1;
	seed = seed_of;
	fd = node_open(board_node(board, interface), O_RDWR);
	if (fd < 0) {
		CHECK(fd == -EBUSY || fd == -ENOENT || fd == -ENXIO || fd == -ENODEV);
		return;
	}
	arena = mmap(NULL, (size_t)SLOTS * SLOT_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(arena != MAP_FAILED);
	num_handles = node_initialize(fd, &handles[0]) ? 0 : 1;
	if (num_handles && interface == 2)
		node_set_setting(fd, handles[0], 1);
	open_ring();
	start_alarms();
	for (n = roll(400) + 20; n && test_now_ms() < soak->end_ms; n--) {
		operate();
		__atomic_store_n(&soak->alive_ms[worker], test_now_ms(), __ATOMIC_RELAXED);
	}
	stop_alarms();
	end_session();
	count(&soak->sessions, 1);
}
