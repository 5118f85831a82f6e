// SPDX-License-Identifier: MIT
/*
 * CYCLES times asleep and awake again, with traffic in both directions and random operations
 * before, during and after it. Every byte that the device hands out or takes is accounted for: what
 * it had for the host is what reads got, in order, whatever became of them. What a reset or a close
 * is allowed to lose is counted apart. SEED makes the same choices again.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "async.h"
#include "ring.h"
#include "sleeper.h"
#include "test.h"

enum { REQUESTS = 24, LONGEST = 8192, ERRORS = 160 };

/* A transfer of this program. */
struct request {
	bool pending, used, uring;
	enum gadget_pipe pipe;
	uint32_t length, moved;
	int status;
	uint8_t data[LONGEST];
};

static struct request requests[REQUESTS];
/* Of each pipe, in the order of their submission, which is that of their bytes. */
static struct request *queues[GADGET_PIPES][REQUESTS];
static unsigned int queued[GADGET_PIPES];
/* How far each stream has come here, in this epoch. */
static uint64_t places[GADGET_PIPES];

static int fd;
static uint32_t handle;
static struct ring ring;
static bool have_ring;
static bool raw;	/* RAW_IO is on, of the bulk IN pipe */
static unsigned int seed;
static unsigned long long bytes[GADGET_PIPES], lost, ended_with[ERRORS], operations;
static unsigned int resets, changes, closes, remote_wakes, host_wakes;

void test_setup(void)
{
	sleeper_setup();
}

static unsigned int roll(unsigned int n)
{
	return (unsigned int)rand_r(&seed) % n;
}

static unsigned int number(const char *variable, unsigned int otherwise)
{
	const char *text = getenv(variable);

	return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

/* What came of transfers */

/* Takes those at the head of the queue that have ended into account. */
static void settle(enum gadget_pipe pipe)
{
	struct request *request;

	while (queued[pipe] && !queues[pipe][0]->pending) {
		request = queues[pipe][0];
		if (pipe != GADGET_OUT)
			gadget_check(pipe, gadget_epoch(), places[pipe], request->data,
				     request->moved);
		places[pipe] += request->moved;
		bytes[pipe] += request->moved;
		request->used = false;
		queued[pipe]--;
		memmove(queues[pipe], queues[pipe] + 1, queued[pipe] * sizeof(queues[0][0]));
	}
}

static void ended(struct request *request, int status, uint32_t moved, uint32_t flags)
{
	CHECK(request >= requests && request < requests + REQUESTS);
	CHECK(request->pending);
	CHECK(moved <= request->length);
	if (status && status != -ECANCELED && status != -ETIMEDOUT && status != -ECONNRESET)
		FAIL("a transfer on pipe 0x%02x: %s", gadget_address(request->pipe),
		     test_errno(status));
	CHECK_EQ(!!(flags & WINUSB_COMPLETION_RESET), status == -ECONNRESET);
	if (!status && request->pipe == GADGET_OUT)
		CHECK_EQ(moved, request->length);
	request->pending = false;
	request->status = status;
	request->moved = moved;
	ended_with[-status % ERRORS]++;
	settle(request->pipe);
}

static void take(void)
{
	struct winusb_completion record;
	struct ring_result result;

	while (async_ready(fd, 0)) {
		CHECK_EQ(read(fd, &record, sizeof(record)), sizeof(record));
		ended((struct request *)(uintptr_t)record.cookie, record.status, record.length,
		      record.flags);
	}
	while (have_ring && ring_peek(&ring, &result))
		if (result.user_data)
			ended((struct request *)(uintptr_t)result.user_data,
			      result.res < 0 ? result.res : 0, result.extra, result.extra >> 32);
}

static bool any_pending(void)
{
	return queued[GADGET_IN] || queued[GADGET_OUT] || queued[GADGET_INT];
}

/* The device takes what is written to it. */
static void feed_out(void)
{
	while (gadget_pending(GADGET_OUT) < 32)
		gadget_take(GADGET_PACKET);
}

static void drain_writes(void)
{
	uint64_t end = test_now_ms() + 20000 * test_scale();

	while (queued[GADGET_OUT]) {
		feed_out();
		take();
		if (test_now_ms() > end)
			FAIL("a write does not end; blocked by %s", power_policy("blocked_by"));
		usleep(200);
	}
}

static void drain(void)
{
	uint64_t end = test_now_ms() + 20000 * test_scale();

	while (any_pending()) {
		take();
		if (test_now_ms() > end)
			FAIL("%u, %u and %u transfers do not end", queued[0], queued[1], queued[2]);
		usleep(200);
	}
}

static void cancel_all(void)
{
	int result = async_cancel_all(fd, NULL);

	CHECK(result == 0 || result == -ENOENT);
	drain();
}

/* Operations */

static struct request *new_request(enum gadget_pipe pipe, uint32_t length)
{
	unsigned int i;

	for (i = 0; i < REQUESTS; i++) {
		if (requests[i].used)
			continue;
		requests[i].used = true;
		requests[i].pipe = pipe;
		requests[i].length = length;
		return &requests[i];
	}
	return NULL;
}

static void submit(struct request *request)
{
	request->pending = true;
	queues[request->pipe][queued[request->pipe]++] = request;
	request->uring = have_ring && roll(2);
	if (!request->uring) {
		CHECK_OK(async_start(fd, handle, gadget_address(request->pipe), request->data,
				     request->length, (uintptr_t)request));
		return;
	}
	ring_transfer(&ring, fd, handle, gadget_address(request->pipe), request->data,
		      request->length, (uintptr_t)request);
	CHECK_EQ(ring_submit(&ring), 1);
}

static void start_read(enum gadget_pipe pipe)
{
	static const uint32_t lengths[] = { 1, 64, 100, 512, 513, 1024, 4096, LONGEST };
	struct request *request;

	if (queued[pipe] >= 8)
		return;
	request = new_request(pipe, raw && pipe == GADGET_IN ? 512 * (roll(8) + 1) :
			      lengths[roll(ARRAY_SIZE(lengths))]);
	if (!request)
		return;
	memset(request->data, 0xa5, request->length);
	submit(request);
}

/* One at a time, because what the next one says depends on what became of this one. */
static void start_write(void)
{
	struct request *request;

	if (queued[GADGET_OUT])
		return;
	request = new_request(GADGET_OUT, roll(4) ? roll(LONGEST) + 1 : 512 * (roll(16) + 1));
	if (!request)
		return;
	gadget_fill(GADGET_OUT, gadget_epoch(), places[GADGET_OUT], request->data, request->length);
	submit(request);
}

/*
 * What is shorter than this waits in dummy_hcd, which tells the device at once that the host has had
 * it: then it could not be told from what a close drops.
 */
#define FIFO_SIZE 64

static void give(enum gadget_pipe pipe)
{
	if (gadget_pending(pipe) < 16)
		gadget_give(pipe, pipe == GADGET_INT ? roll(GADGET_EVENT) + 1 :
			    roll(3) ? FIFO_SIZE + 1 + roll(2000) : 512 * (roll(8) + 1));
}

static void cancel_one(void)
{
	struct request *request = &requests[roll(REQUESTS)];
	int result;

	if (request->uring && roll(2)) {
		ring_cancel(&ring, fd, (uintptr_t)request, 0);
		CHECK_EQ(ring_submit(&ring), 1);
		return;
	}
	result = async_cancel(fd, (uintptr_t)request, NULL);
	CHECK(result == 0 || result == -ENOENT);
}

static void set_policy(void)
{
	enum gadget_pipe pipe = roll(GADGET_PIPES);
	uint8_t address = gadget_address(pipe);

	switch (roll(5)) {
	case 0:
		CHECK_OK(node_timeout(fd, handle, address, roll(2) ? 0 : roll(60) + 1));
		break;
	case 1:
		CHECK_OK(node_set_policy(fd, handle, address, WINUSB_POLICY_IGNORE_SHORT_PACKETS,
					 roll(2)));
		break;
	case 2:
		CHECK_OK(node_set_policy(fd, handle, address, WINUSB_POLICY_RESET_PIPE_ON_RESUME,
					 roll(2)));
		break;
	case 3:
		/* Off and on again: that wakes the device, or forbids it to sleep. */
		CHECK_OK(power_set(fd, handle, WINUSB_POWER_AUTO_SUSPEND, 0));
		CHECK_OK(power_set(fd, handle, WINUSB_POWER_AUTO_SUSPEND, 1));
		break;
	default:
		CHECK_OK(power_set(fd, handle, WINUSB_POWER_SUSPEND_DELAY, roll(20)));
	}
}

static void control(void)
{
	uint8_t data[64];
	uint32_t moved;
	int result;

	result = node_control(fd, handle, 0xc1, roll(256), roll(65536), 0, sizeof(data), data,
			      sizeof(data), &moved);
	CHECK_OK(result);
	CHECK_EQ(moved, sizeof(data));
	CHECK_EQ(data[0], 0xc1);
}

/* What the device lost with its requests; all that it says to have handed out must be here. */
static void next_epoch(void)
{
	enum gadget_pipe pipe;
	uint64_t given, offered;

	drain();
	for (pipe = 0; pipe < GADGET_PIPES; pipe++) {
		given = gadget_given(pipe);
		offered = gadget_offered(pipe);
		if (pipe == GADGET_OUT) {
			CHECK(given <= places[pipe]);
			continue;
		}
		/* Less than a packet may have been saved for the next read. */
		if (places[pipe] + GADGET_PACKET <= given || places[pipe] > offered)
			FAIL("pipe 0x%02x: the host has %llu bytes, the device %llu of %llu",
			     gadget_address(pipe), (unsigned long long)places[pipe],
			     (unsigned long long)given, (unsigned long long)offered);
		lost += offered - places[pipe];
		CHECK_OK(node_flush(fd, handle, gadget_address(pipe)));
	}
	gadget_next_epoch();
	memset(places, 0, sizeof(places));
}

static void reset(void)
{
	CHECK_OK(node_reset_device(fd, handle));
	resets++;
	next_epoch();
}

static void change_setting(void)
{
	int result;

	take();
	result = node_set_setting(fd, handle, 0);
	if (result == -EBUSY && any_pending())
		return;
	CHECK_OK(result);
	changes++;
	next_epoch();
	CHECK_OK(node_set_policy(fd, handle, gadget_address(GADGET_IN), WINUSB_POLICY_RAW_IO, raw));
}

/* Not while there is saved data, which RAW_IO would leave for later. */
static void set_raw(void)
{
	uint8_t address = gadget_address(GADGET_IN);

	take();
	if (queued[GADGET_IN] || gadget_pending(GADGET_IN))
		return;
	CHECK_OK(node_flush(fd, handle, address));
	lost += gadget_given(GADGET_IN) - places[GADGET_IN];
	places[GADGET_IN] = gadget_given(GADGET_IN);
	raw = !raw;
	CHECK_OK(node_set_policy(fd, handle, address, WINUSB_POLICY_RAW_IO, raw));
}

static void reset_pipe(void)
{
	enum gadget_pipe pipe = roll(GADGET_PIPES);
	int result = node_reset_pipe(fd, handle, gadget_address(pipe));

	CHECK(result == 0 || (result == -EBUSY && queued[pipe]));
}

static void open_node(void)
{
	struct winusb_query query;
	uint64_t end = test_now_ms() + 10000 * test_scale();

	/* A ring that ended lets go of the file a little later. */
	while ((fd = node_open(gadget_interface(), O_RDWR)) == -EBUSY && test_now_ms() < end)
		test_sleep_ms(1);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	raw = false;
	CHECK_OK(power_set(fd, handle, WINUSB_POWER_SUSPEND_DELAY, roll(20)));
	CHECK_OK(node_query(fd, &query));
	have_ring = query.out_capabilities & WINUSB_CAP_URING;
	if (have_ring)
		CHECK_OK(ring_init(&ring, IORING_SETUP_CQE32));
}

/* Reads that wait when the file is closed take with them what they have got. */
static void close_and_open(void)
{
	enum gadget_pipe pipe;
	unsigned int tries;

	for (tries = 0; tries < 20; tries++) {
		start_read(gadget_pending(GADGET_IN) ? GADGET_IN : GADGET_INT);
		test_sleep_ms(1);
		take();
	}
	/* What the device still has, or is taking, could not be told from what is lost. */
	if (queued[GADGET_OUT] || gadget_pending(GADGET_IN) || gadget_pending(GADGET_INT) ||
	    gadget_given(GADGET_INT) != places[GADGET_INT])
		return;
	if (roll(2))
		cancel_all();
	/* Nobody else has the file now, so that this ends all. */
	if (have_ring)
		ring_exit(&ring);
	close(fd);
	memset(queued, 0, sizeof(queued));
	memset(requests, 0, sizeof(requests));
	for (pipe = 0; pipe < GADGET_PIPES; pipe++) {
		if (pipe == GADGET_OUT)
			continue;
		lost += gadget_given(pipe) - places[pipe];
		places[pipe] = gadget_given(pipe);
	}
	closes++;
	open_node();
}

static void operate(void)
{
	operations++;
	switch (roll(40)) {
	case 0 ... 13:
		start_read(roll(4) ? GADGET_IN : GADGET_INT);
		break;
	case 14 ... 20:
		give(roll(4) ? GADGET_IN : GADGET_INT);
		break;
	case 21 ... 25:
		start_write();
		break;
	case 26:
		feed_out();
		break;
	case 27 ... 29:
		cancel_one();
		break;
	case 30 ... 31:
		CHECK_OK(node_abort(fd, handle, gadget_address(roll(GADGET_PIPES))));
		break;
	case 32 ... 33:
		set_policy();
		break;
	case 34:
		control();
		break;
	case 35:
		if (roll(2))
			reset_pipe();
		else
			set_raw();
		break;
	case 36:
		close_and_open();
		break;
	case 37:
		if (!roll(4))
			reset();
		break;
	case 38:
		if (!roll(2))
			change_setting();
		break;
	default:
		usleep(roll(30000));
	}
	take();
}

/* Others who have to do with it */

static bool over;
/*
 * A signal that comes while the host is resuming the port makes dummy_hcd start the time of the
 * resume anew, and the host, finding the port suspended after it, thinks that the device is gone.
 * So there are signals only while the host has no reason to resume.
 */
static pthread_mutex_t signals = PTHREAD_MUTEX_INITIALIZER;
static bool may_signal;
static unsigned int early_wakes;

/* Signals as soon as the device is asleep, or before it quite is, and looks around. */
static void *disturb_main(void *unused)
{
	static const char *const files[] = { "blocked_by", "auto_suspend", "suspend_delay_ms" };
	unsigned int mine = seed ^ 0x5eed;

	while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
		usleep(rand_r(&mine) % 20000);
		pthread_mutex_lock(&signals);
		if (may_signal && rand_r(&mine) % 2)
			early_wakes += gadget_wake();
		pthread_mutex_unlock(&signals);
		power_policy(files[rand_r(&mine) % ARRAY_SIZE(files)]);
		power_file("runtime_status");
	}
	return unused;
}

static void allow_signals(bool allow)
{
	pthread_mutex_lock(&signals);
	may_signal = allow;
	pthread_mutex_unlock(&signals);
}

static void wait_asleep_once(void)
{
	uint64_t end = test_now_ms() + 20000 * test_scale();
	unsigned int before = gadget_suspends();

	allow_signals(true);
	while (gadget_suspends() == before) {
		take();
		if (test_now_ms() > end)
			FAIL("the device does not fall asleep: it is %s, blocked by %s",
			     power_file("runtime_status"), power_policy("blocked_by"));
		usleep(500);
	}
	allow_signals(false);
}

static void cycle(void)
{
	unsigned int n;

	for (n = roll(8); n; n--)
		operate();
	drain_writes();
	feed_out();
	/* Awake, and nothing is left that would wake it. */
	control();
	wait_asleep_once();
	give(GADGET_IN);
	usleep(roll(20000));
	if (roll(2)) {
		gadget_wake();
		remote_wakes++;
		return;
	}
	for (n = roll(4); n; n--)
		operate();
	control();
	host_wakes++;
}

/* All that the device has offered is here in the end. */
static void finish(void)
{
	uint64_t end = test_now_ms() + 60000 * test_scale();
	enum gadget_pipe pipe;

	cancel_all();
	/* Asleep it sends nothing, and it does not signal here: with a short delay no read would end. */
	CHECK_OK(node_set_power(fd, handle, WINUSB_POWER_AUTO_SUSPEND, 0));
	for (pipe = 0; pipe < GADGET_PIPES; pipe++) {
		CHECK_OK(node_timeout(fd, handle, gadget_address(pipe), 0));
		CHECK_OK(node_set_policy(fd, handle, gadget_address(pipe),
					 WINUSB_POLICY_IGNORE_SHORT_PACKETS, 0));
		while (pipe != GADGET_OUT && places[pipe] < gadget_offered(pipe)) {
			start_read(pipe);
			test_sleep_ms(1);
			take();
			/* A read that waits has what it has got. */
			if (gadget_given(pipe) == gadget_offered(pipe))
				cancel_all();
			if (test_now_ms() > end)
				FAIL("pipe 0x%02x: the host has %llu bytes of %llu",
				     gadget_address(pipe), (unsigned long long)places[pipe],
				     (unsigned long long)gadget_offered(pipe));
		}
		gadget_wait_given(pipe, places[pipe]);
		CHECK_EQ(gadget_given(pipe), places[pipe]);
	}
	cancel_all();
}

/* Without a limit of its own to speak of: the lab has one. */
TEST_LIMIT(every_byte_is_accounted_for_over_suspends, 7200)
{
	unsigned int i, cycles = number("CYCLES", test_debug_kernel() ? 20 : 100);
	uint64_t start = test_now_ms();
	pthread_t disturber;

	seed = number("SEED", start & 0xffffff);
	test_note("SEED=%u CYCLES=%u", seed, cycles);
	sleeper_plug(0, "DeviceIdleEnabled=1,DefaultIdleState=1,DefaultIdleTimeout=20");
	open_node();
	CHECK_EQ(pthread_create(&disturber, NULL, disturb_main, NULL), 0);
	for (i = 1; i <= cycles; i++) {
		cycle();
		if (i % 100 == 0)
			test_note("%u cycles in %llu s", i,
				  (unsigned long long)(test_now_ms() - start) / 1000);
	}
	finish();
	__atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
	pthread_join(disturber, NULL);
	test_note("%u times asleep, %llu ms; %u remote wakes, %u by the host", gadget_suspends(),
		  (unsigned long long)power_suspended_ms(), remote_wakes, host_wakes);
	test_note("%llu operations, %u resets, %u settings, %u closes", operations, resets, changes,
		  closes);
	test_note("%llu bytes in, %llu of interrupts, %llu out; %llu that a reset or a close took",
		  bytes[GADGET_IN], bytes[GADGET_INT], bytes[GADGET_OUT], lost);
	for (i = 0; i < ERRORS; i++)
		if (ended_with[i])
			test_note("%llu transfers: %s", ended_with[i], test_errno(-(int)i));
	CHECK(gadget_suspends() >= cycles);
}
