// SPDX-License-Identifier: MIT
/*
 * Completion against everything that ends a transfer early, at full speed in several threads:
 * each transfer completes once, and no byte is lost or comes twice.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "ring.h"
#include "test.h"

/* Reads under way, each with a buffer that it comes back to. */
enum { DEPTH = 16, ASK = 300 };

static struct board *fx2;
static int fd;
static uint32_t handle;

static uint8_t in[DEPTH][512];
static bool pending[DEPTH];
static bool stop;
static unsigned long long ended, cancelled;

void test_setup(void)
{
	/* It cuts the connection, and then waits for them for ever. */
	if (!test_own_kernel())
		test_skip_all("vhci_hcd of this kernel loses URBs whose unlink meets their end");
	fx2 = board_add("fx2");
	boards_start();
	board_plug(fx2);
	boards_keep();
}

static void open_fx2(void)
{
	fd = node_open(board_node(fx2, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

static bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_RELAXED);
}

static void start_one(unsigned int slot, uint32_t length)
{
	CHECK(!pending[slot]);
	pending[slot] = true;
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[slot], length, slot));
}

/* Position in the stream of counting bytes that the board sends. */
static uint64_t position;

/* The board sends counting bytes; the reads got them in the order of their completion. */
static void check_stream(const uint8_t *data, uint32_t length)
{
	uint32_t i;

	for (i = 0; i < length; i++, position++)
		if (data[i] != position % 251)
			FAIL("byte %llu of the stream is %u", (unsigned long long)position,
			     data[i]);
}

static void take_one(const struct winusb_completion *record)
{
	unsigned int slot = record->cookie;

	CHECK(slot < DEPTH);
	if (!pending[slot])
		FAIL("transfer %u was completed twice", slot);
	pending[slot] = false;
	ended++;
	if (record->status == -ECANCELED)
		cancelled++;
	else if (record->status)
		FAIL("transfer %u ended with %s", slot, test_errno(record->status));
	check_stream(in[slot], record->length);
}

static void *abort_main(void *unused)
{
	while (!stopped()) {
		CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
		usleep(rand() % 300);
	}
	return unused;
}

static void *cancel_main(void *unused)
{
	unsigned int seed = gettid();
	int result;

	while (!stopped()) {
		result = async_cancel(fd, rand_r(&seed) % DEPTH, NULL);
		CHECK(result == 0 || result == -ENOENT);
		if (rand_r(&seed) % 8 == 0)
			usleep(rand_r(&seed) % 200);
	}
	return unused;
}

static void *cancel_all_main(void *unused)
{
	int result;

	while (!stopped()) {
		result = async_cancel_all(fd, NULL);
		CHECK(result == 0 || result == -ENOENT);
		usleep(rand() % 300);
	}
	return unused;
}

/* Until its time is over; on a slow machine until enough was done, but not for ever. */
static bool goes_on(uint64_t end, bool enough)
{
	uint64_t now = test_now_ms();

	return now < end || (!enough && now < end + 10000 * test_scale());
}

/* What the driver saved from a packet stays in order too, so the stream has no gap anywhere. */
static void run(void *(*main)(void *), int threads, uint32_t length)
{
	struct winusb_completion records[DEPTH];
	unsigned int slot, left;
	pthread_t thread[2];
	uint64_t end;
	ssize_t n, i;

	board_set(fx2, "source=0x88");
	for (slot = 0; slot < DEPTH; slot++)
		start_one(slot, length);
	for (i = 0; i < threads; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, main, NULL), 0);
	end = test_now_ms() + 1500;
	while (goes_on(end, ended > DEPTH && cancelled)) {
		n = read(fd, records, sizeof(records));
		CHECK(n > 0);
		for (i = 0; i < n / (ssize_t)sizeof(records[0]); i++) {
			take_one(&records[i]);
			start_one(records[i].cookie, length);
		}
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	for (left = DEPTH; left; left--) {
		struct winusb_completion record = async_wait(fd);

		take_one(&record);
	}
	async_expect_none(fd);
	test_note("%llu transfers, %llu of them cancelled, %llu bytes", ended, cancelled,
		  (unsigned long long)position);
	CHECK(ended > DEPTH);
	CHECK(cancelled > 0);
}

TEST(abort_against_completion_loses_no_byte)
{
	open_fx2();
	run(abort_main, 1, ASK);
}

TEST(abort_in_two_threads_against_completion_loses_no_byte)
{
	open_fx2();
	run(abort_main, 2, ASK);
}

TEST(cancel_in_two_threads_against_completion_loses_no_byte)
{
	open_fx2();
	run(cancel_main, 2, ASK);
}

TEST(CANCEL_ALL_in_two_threads_against_completion_loses_no_byte)
{
	open_fx2();
	run(cancel_all_main, 2, ASK);
}

/* With RAW_IO transfers are with the host controller together, and end in their order. */
TEST(cancel_of_raw_reads_against_completion_loses_no_byte)
{
	open_fx2();
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_IN, WINUSB_POLICY_RAW_IO, 1));
	run(cancel_main, 2, 512);
}

static void *timeout_main(void *unused)
{
	uint32_t ms;

	while (!stopped()) {
		ms = rand() % 40;
		CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, ms));
		usleep(rand() % 5000);
	}
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 0));
	return unused;
}

/* The board hesitates about as long as the timeout is. */
TEST(timeouts_against_completion_lose_no_byte)
{
	unsigned long long timeouts = 0, whole = 0;
	uint64_t end;
	uint32_t moved;
	pthread_t thread;
	uint8_t data[ASK];
	int result;

	open_fx2();
	board_set(fx2, "source=0x88");
	board_set(fx2, "delay=0x88:25");
	CHECK_EQ(pthread_create(&thread, NULL, timeout_main, NULL), 0);
	end = test_now_ms() + 1500;
	while (goes_on(end, whole)) {
		result = node_transfer(fd, handle, FX2_BULK_IN, data, sizeof(data), &moved);
		CHECK(result == 0 || result == -ETIMEDOUT);
		timeouts += result < 0;
		whole += result == 0;
		check_stream(data, moved);
	}
	stop = true;
	pthread_join(thread, NULL);
	test_note("%llu transfers, %llu timeouts", timeouts + whole, timeouts);
	CHECK(whole > 0);
}

static void *policy_main(void *unused)
{
	static const uint32_t policies[] = {
		WINUSB_POLICY_SHORT_PACKET_TERMINATE, WINUSB_POLICY_AUTO_CLEAR_STALL,
		WINUSB_POLICY_IGNORE_SHORT_PACKETS, WINUSB_POLICY_RESET_PIPE_ON_RESUME,
	};
	unsigned int seed = gettid();

	while (!stopped()) {
		CHECK_OK(node_set_policy(fd, handle, FX2_BULK_IN,
					 policies[rand_r(&seed) % ARRAY_SIZE(policies)],
					 rand_r(&seed) % 2));
		if (rand_r(&seed) % 16 == 0)
			usleep(rand_r(&seed) % 100);
	}
	return unused;
}

TEST(policies_changed_with_reads_queued_lose_no_byte)
{
	struct winusb_completion records[DEPTH];
	uint64_t end;
	pthread_t threads[2];
	unsigned int slot;
	ssize_t n, i;

	open_fx2();
	board_set(fx2, "source=0x88");
	for (i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, policy_main, NULL), 0);
	for (slot = 0; slot < DEPTH; slot++)
		start_one(slot, ASK);
	end = test_now_ms() + 1500;
	while (goes_on(end, ended > DEPTH)) {
		n = read(fd, records, sizeof(records));
		CHECK(n > 0);
		for (i = 0; i < n / (ssize_t)sizeof(records[0]); i++) {
			CHECK_EQ(records[i].length, ASK);
			take_one(&records[i]);
			start_one(records[i].cookie, ASK);
		}
	}
	stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	CHECK(ended > DEPTH);
}

/* The same with all policies: transfers fail then, but each once, and the pipe goes on. */

static const uint32_t all_policies[] = {
	WINUSB_POLICY_SHORT_PACKET_TERMINATE, WINUSB_POLICY_AUTO_CLEAR_STALL,
	WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, WINUSB_POLICY_IGNORE_SHORT_PACKETS,
	WINUSB_POLICY_ALLOW_PARTIAL_READS, WINUSB_POLICY_AUTO_FLUSH, WINUSB_POLICY_RAW_IO,
	WINUSB_POLICY_RESET_PIPE_ON_RESUME,
};

static void *all_policies_main(void *unused)
{
	static const uint8_t pipes[] = { FX2_BULK_IN, FX2_BULK_OUT };
	unsigned int seed = gettid();

	while (!stopped()) {
		CHECK_OK(node_set_policy(fd, handle, pipes[rand_r(&seed) % 2],
					 all_policies[rand_r(&seed) % ARRAY_SIZE(all_policies)],
					 rand_r(&seed) % 2 * 20));
		if (rand_r(&seed) % 16 == 0)
			usleep(rand_r(&seed) % 100);
	}
	return unused;
}

static void *write_any_main(void *unused)
{
	static uint8_t out[1000];
	unsigned int seed = gettid();
	uint32_t moved, length;
	int result;

	while (!stopped()) {
		length = rand_r(&seed) % 2 ? 512 : rand_r(&seed) % sizeof(out);
		result = node_transfer(fd, handle, FX2_BULK_OUT, out, length, &moved);
		if (result && result != -ETIMEDOUT)
			FAIL("a write of %u bytes: %s", length, test_errno(result));
		CHECK(result ? moved <= length : moved == length);
	}
	return unused;
}

/* With RAW_IO a length that is no multiple is refused; without it is not. */
static unsigned int start_any(unsigned int slot)
{
	static const uint32_t lengths[] = { ASK, 512 };
	int result;

	result = async_start(fd, handle, FX2_BULK_IN, in[slot], lengths[slot % 2], slot);
	pending[slot] = !result;
	CHECK(!result || (result == -EMSGSIZE && slot % 2 == 0));
	return !result;
}

static unsigned int take_any(void)
{
	struct winusb_completion records[DEPTH];
	ssize_t n, i;

	n = read(fd, records, sizeof(records));
	CHECK(n > 0);
	n /= sizeof(records[0]);
	for (i = 0; i < n; i++) {
		CHECK(records[i].cookie < DEPTH && pending[records[i].cookie]);
		pending[records[i].cookie] = false;
		if (records[i].status && records[i].status != -EOVERFLOW &&
		    records[i].status != -ETIMEDOUT && records[i].status != -ECANCELED)
			FAIL("a read ended with %s", test_errno(records[i].status));
		CHECK(records[i].length <= (records[i].cookie % 2 ? 512 : ASK));
	}
	ended += n;
	return n;
}

TEST(every_policy_changed_with_transfers_queued_ends_each_once)
{
	uint64_t end;
	unsigned int slot, left = 0, i;
	pthread_t threads[3];
	uint32_t second, got;
	uint8_t data[1024];

	open_fx2();
	board_set(fx2, "source=0x88");
	CHECK_EQ(pthread_create(&threads[0], NULL, all_policies_main, NULL), 0);
	CHECK_EQ(pthread_create(&threads[1], NULL, all_policies_main, NULL), 0);
	CHECK_EQ(pthread_create(&threads[2], NULL, write_any_main, NULL), 0);
	board_set(fx2, "sink=0x06");
	end = test_now_ms() + 1500;
	while (goes_on(end, ended > DEPTH)) {
		for (slot = 0; slot < DEPTH; slot++)
			if (!pending[slot])
				left += start_any(slot);
		if (left)
			left -= take_any();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CHECK_OK(node_abort(fd, handle, FX2_BULK_IN));
	while (left)
		left -= take_any();
	async_expect_none(fd);
	test_note("%llu transfers", ended);
	CHECK(ended > DEPTH);
	/* With the defaults again the stream goes on without a gap. */
	CHECK_OK(node_initialize(fd, &second));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, data, sizeof(data), &got));
	CHECK_EQ(got, sizeof(data));
	position = data[0];
	check_stream(data, sizeof(data));
}

/* Two threads that write and read one pipe each: each byte comes once. */

static unsigned int counts[256];

static bool by_ring;
static __thread struct ring ring;

/* One byte; each thread has a ring of its own. */
static void move_byte(uint8_t pipe, uint8_t *value)
{
	struct ring_result result;
	uint32_t moved;

	if (!by_ring) {
		CHECK_OK(node_transfer(fd, handle, pipe, value, 1, &moved));
		CHECK_EQ(moved, 1);
		return;
	}
	ring_transfer(&ring, fd, handle, pipe, value, 1, 1);
	CHECK_EQ(ring_submit(&ring), 1);
	CHECK_OK(ring_wait(&ring, &result, 10000 * test_scale()));
	CHECK_EQ(result.res, 1);
}

static void *write_main(void *first)
{
	uint8_t value = (uintptr_t)first;

	if (by_ring)
		CHECK_OK(ring_init(&ring, 0));
	for (; value < 200; value += 2)
		move_byte(FX2_BULK_OUT, &value);
	return NULL;
}

static void *read_main(void *unused)
{
	uint8_t value;
	int i;

	if (by_ring)
		CHECK_OK(ring_init(&ring, 0));
	for (i = 0; i < 100; i++) {
		move_byte(FX2_BULK_IN, &value);
		__atomic_add_fetch(&counts[value], 1, __ATOMIC_RELAXED);
	}
	return unused;
}

static void two_threads_on_each_pipe(void)
{
	pthread_t threads[4];
	int i;

	for (i = 0; i < 2; i++) {
		CHECK_EQ(pthread_create(&threads[i], NULL, write_main, (void *)(uintptr_t)i), 0);
		CHECK_EQ(pthread_create(&threads[2 + i], NULL, read_main, NULL), 0);
	}
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 200; i++)
		CHECK_EQ(counts[i], 1);
}

TEST(two_threads_on_each_pipe_get_each_byte_once)
{
	open_fx2();
	two_threads_on_each_pipe();
}

TEST(two_rings_on_each_pipe_get_each_byte_once)
{
	struct winusb_query query;

	open_fx2();
	CHECK_OK(node_query(fd, &query));
	if (!(query.out_capabilities & WINUSB_CAP_URING))
		test_skip("this kernel cannot cancel io_uring commands");
	by_ring = true;
	two_threads_on_each_pipe();
}

/* Both threads submit and collect, so that each gets records of the other's transfers. */

static uint8_t shared_in[200];

static void *record_main(void *first)
{
	struct winusb_completion record;
	int i;

	for (i = (uintptr_t)first; i < 200; i += 2) {
		CHECK_OK(async_start(fd, handle, FX2_BULK_IN, &shared_in[i], 1, i));
		record = async_wait(fd);
		CHECK_EQ(record.status, 0);
		CHECK_EQ(record.length, 1);
		__atomic_add_fetch(&counts[shared_in[record.cookie]], 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

TEST(two_threads_that_share_a_queue_of_records_get_each_byte_once)
{
	pthread_t threads[4];
	int i;

	open_fx2();
	for (i = 0; i < 2; i++) {
		CHECK_EQ(pthread_create(&threads[i], NULL, write_main, (void *)(uintptr_t)i), 0);
		CHECK_EQ(pthread_create(&threads[2 + i], NULL, record_main,
					(void *)(uintptr_t)i), 0);
	}
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	async_expect_none(fd);
	for (i = 0; i < 200; i++)
		CHECK_EQ(counts[i], 1);
}
