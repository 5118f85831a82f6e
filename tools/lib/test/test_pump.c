// SPDX-License-Identifier: MIT
/*
 * Waits that read a descriptor themselves. The device is a pipe: each byte that comes out of it is
 * the number of an event to set.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "tap.h"
#include "waiters.h"

#define EVENTS	16u

struct device {
	struct object object;
	struct wait_pump pump;
	int fds[2];
	struct object *events[EVENTS];
	HANDLE handles[EVENTS];
	struct wait_source sources[EVENTS];
	atomic_uint inside, reads, abandoned;
};

static atomic_uint devices;

static void device_destroy(struct object *object)
{
	struct device *device = list_entry(object, struct device, object);

	close(device->fds[0]);
	close(device->fds[1]);
	free(device);
	atomic_fetch_sub(&devices, 1);
}

static const struct object_type device_type = {
	.kind = OBJECT_OTHER,
	.destroy = device_destroy,
};

static bool device_readable(struct wait_pump *pump)
{
	struct device *device = list_entry(pump, struct device, pump);
	unsigned char byte;
	ssize_t got;

	CHECK_EQ(atomic_fetch_add(&device->inside, 1), 0);
	atomic_fetch_add(&device->reads, 1);
	while ((got = read(device->fds[0], &byte, 1)) == 1) {
		wait_lock_acquire();
		wait_source_remove_locked(&device->sources[byte]);
		object_signal_locked(device->events[byte], true);
		wait_lock_release();
	}
	atomic_fetch_sub(&device->inside, 1);
	return got;
}

static void device_abandoned(struct wait_pump *pump)
{
	atomic_fetch_add(&list_entry(pump, struct device, pump)->abandoned, 1);
}

static struct device *device_new(bool manual)
{
	struct device *device = calloc(1, sizeof(*device));
	unsigned int i;

	atomic_fetch_add(&devices, 1);
	object_init(&device->object, &device_type);
	CHECK(!pipe2(device->fds, O_NONBLOCK | O_CLOEXEC));
	wait_pump_init(&device->pump, device->fds[0], &device->object);
	device->pump.readable = device_readable;
	device->pump.abandoned = device_abandoned;
	for (i = 0; i < EVENTS; i++) {
		device->handles[i] = CreateEventA(NULL, manual, FALSE, NULL);
		device->events[i] = object_get(device->handles[i], OBJECT_EVENT);
		wait_source_init(&device->sources[i], &device->pump);
	}
	return device;
}

static void device_free(struct device *device)
{
	unsigned int i;

	wait_pump_stop(&device->pump);
	CHECK(!device->pump.leader);
	for (i = 0; i < EVENTS; i++) {
		wait_lock_acquire();
		wait_source_remove_locked(&device->sources[i]);
		wait_lock_release();
		object_put(device->events[i]);
		CHECK(CloseHandle(device->handles[i]));
	}
	CHECK(list_is_empty(&device->pump.followers));
	object_put(&device->object);
	CHECK_EQ(devices, 0);
}

static void submit(struct device *device, unsigned int i)
{
	wait_lock_acquire();
	object_signal_locked(device->events[i], false);
	wait_source_add_locked(&device->sources[i], device->events[i]);
	wait_lock_release();
}

static void complete(struct device *device, unsigned int i)
{
	unsigned char byte = (unsigned char)i;

	CHECK_EQ(write(device->fds[1], &byte, 1), 1);
}

static bool is_led(struct device *device)
{
	bool led;

	wait_lock_acquire();
	led = device->pump.leader;
	wait_lock_release();
	return led;
}

static void await_leader(struct device *device)
{
	while (!is_led(device))
		SwitchToThread();
	Sleep(10);
}

struct call {
	struct device *device;
	unsigned int event;
	DWORD ms;
	DWORD want;
};

static DWORD WINAPI call_wait(void *argument)
{
	struct call *call = argument;

	CHECK_EQ(WaitForSingleObject(call->device->handles[call->event], call->ms), call->want);
	return 0;
}

static HANDLE start(LPTHREAD_START_ROUTINE function, void *argument)
{
	HANDLE thread = CreateThread(NULL, 0, function, argument, 0, NULL);

	CHECK(thread);
	return thread;
}

static void join(HANDLE thread)
{
	CHECK_EQ(WaitForSingleObject(thread, 60000), WAIT_OBJECT_0);
	CHECK(CloseHandle(thread));
}

TEST(who_waits_reads)
{
	struct device *device = device_new(true);

	submit(device, 0);
	complete(device, 0);
	CHECK_EQ(WaitForSingleObject(device->handles[0], INFINITE), WAIT_OBJECT_0);
	CHECK_EQ(device->reads, 1);
	/* Nobody follows. */
	CHECK_EQ(device->abandoned, 1);
	CHECK(!is_led(device));
	device_free(device);
}

TEST(who_only_looks_reads)
{
	struct device *device = device_new(true);

	submit(device, 3);
	CHECK_EQ(WaitForSingleObject(device->handles[3], 0), WAIT_TIMEOUT);
	complete(device, 3);
	CHECK_EQ(WaitForSingleObject(device->handles[3], 0), WAIT_OBJECT_0);
	CHECK_EQ(device->reads, 1);
	/* There is no request any more, so nothing is read. */
	ResetEvent(device->handles[3]);
	complete(device, 3);
	CHECK_EQ(WaitForSingleObject(device->handles[3], 0), WAIT_TIMEOUT);
	CHECK_EQ(device->reads, 1);
	device_free(device);
}

static void alarm_rings(int signal)
{
	(void)signal;
}

/* And signals */
TEST(a_timeout_while_reading)
{
	struct itimerval interval = { { 0, 4000 }, { 0, 4000 } };
	struct device *device = device_new(true);
	uint64_t before = wait_now();

	submit(device, 0);
	submit(device, 1);
	complete(device, 1);
	signal(SIGALRM, alarm_rings);
	CHECK(!setitimer(ITIMER_REAL, &interval, NULL));
	CHECK_EQ(WaitForSingleObject(device->handles[0], 30), WAIT_TIMEOUT);
	CHECK(wait_now() - before >= 30000000);
	signal(SIGALRM, SIG_IGN);
	CHECK_EQ(WaitForMultipleObjects(2, device->handles, TRUE, 5), WAIT_TIMEOUT);
	CHECK_EQ(WaitForMultipleObjects(2, device->handles, FALSE, 5), WAIT_OBJECT_0 + 1);
	complete(device, 0);
	CHECK_EQ(WaitForMultipleObjects(2, device->handles, TRUE, INFINITE), WAIT_OBJECT_0);
	interval = (struct itimerval){ { 0, 0 }, { 0, 0 } };
	CHECK(!setitimer(ITIMER_REAL, &interval, NULL));
	device_free(device);
}

TEST(set_by_another_while_polling)
{
	struct device *device = device_new(true);
	struct call call = { device, 0, INFINITE, WAIT_OBJECT_0 };
	HANDLE thread;

	submit(device, 0);
	thread = start(call_wait, &call);
	await_leader(device);
	CHECK(SetEvent(device->handles[0]));
	join(thread);
	CHECK_EQ(device->reads, 0);
	device_free(device);
}

TEST(a_request_on_an_event_that_is_waited_for)
{
	struct device *device = device_new(false);
	struct call call = { device, 0, INFINITE, WAIT_OBJECT_0 };
	HANDLE thread = start(call_wait, &call);

	await_waiters_of(device->events[0], 1);
	CHECK(!is_led(device));
	submit(device, 0);
	complete(device, 0);
	join(thread);
	CHECK_EQ(device->reads, 1);
	device_free(device);
}

/* The request comes when two wait already, and the one that leads goes first. */
TEST(a_request_on_an_event_that_two_wait_for)
{
	struct device *device = device_new(true);
	struct call shorter = { device, 0, 3000, WAIT_TIMEOUT };
	struct call longer = { device, 0, INFINITE, WAIT_OBJECT_0 };
	HANDLE threads[2];

	threads[0] = start(call_wait, &shorter);
	await_waiters_of(device->events[0], 1);
	threads[1] = start(call_wait, &longer);
	await_waiters_of(device->events[0], 2);
	submit(device, 0);
	join(threads[0]);
	CHECK(is_led(device));
	complete(device, 0);
	join(threads[1]);
	device_free(device);
}

/* The same for one that waits for another event, while somebody leads. */
TEST(a_request_on_an_event_that_is_waited_for_beside_the_leader)
{
	struct device *device = device_new(true);
	struct call leads = { device, 0, INFINITE, WAIT_OBJECT_0 };
	struct call waits = { device, 1, INFINITE, WAIT_OBJECT_0 };
	HANDLE threads[2];

	submit(device, 0);
	threads[0] = start(call_wait, &leads);
	await_leader(device);
	threads[1] = start(call_wait, &waits);
	await_waiters_of(device->events[1], 1);
	submit(device, 1);
	complete(device, 0);
	join(threads[0]);
	CHECK(is_led(device));
	complete(device, 1);
	join(threads[1]);
	device_free(device);
}

TEST(the_leader_hands_on)
{
	struct device *device = device_new(true);
	struct call calls[EVENTS];
	HANDLE threads[EVENTS];
	unsigned int i;

	for (i = 0; i < EVENTS; i++) {
		calls[i] = (struct call){ device, i, INFINITE, WAIT_OBJECT_0 };
		submit(device, i);
		threads[i] = start(call_wait, &calls[i]);
	}
	for (i = 0; i < EVENTS; i++)
		await_waiters_of(device->events[i], 1);
	for (i = 0; i < EVENTS; i++) {
		complete(device, i);
		join(threads[i]);
		CHECK_EQ(is_led(device), i + 1 < EVENTS);
	}
	CHECK_EQ(device->abandoned, 1);
	device_free(device);
}

TEST(a_follower_that_gives_up)
{
	struct device *device = device_new(true);
	struct call first = { device, 0, INFINITE, WAIT_OBJECT_0 };
	struct call second = { device, 1, 20, WAIT_TIMEOUT };
	HANDLE thread;

	submit(device, 0);
	submit(device, 1);
	thread = start(call_wait, &first);
	await_leader(device);
	join(start(call_wait, &second));
	CHECK(is_led(device));
	complete(device, 0);
	join(thread);
	CHECK_EQ(device->abandoned, 1);
	device_free(device);
}

TEST(stopped_while_they_wait)
{
	struct device *device = device_new(true);
	struct call leader = { device, 0, INFINITE, WAIT_OBJECT_0 };
	struct call follower = { device, 1, INFINITE, WAIT_OBJECT_0 };
	HANDLE threads[2];

	submit(device, 0);
	submit(device, 1);
	threads[0] = start(call_wait, &leader);
	await_leader(device);
	threads[1] = start(call_wait, &follower);
	Sleep(20);
	wait_pump_stop(&device->pump);
	CHECK(!is_led(device));
	complete(device, 0);
	CHECK_EQ(WaitForSingleObject(threads[0], 20), WAIT_TIMEOUT);
	CHECK_EQ(device->reads, 0);
	SetEvent(device->handles[0]);
	SetEvent(device->handles[1]);
	join(threads[0]);
	join(threads[1]);
	/* Also a new wait does not poll it. */
	ResetEvent(device->handles[0]);
	CHECK_EQ(WaitForSingleObject(device->handles[0], 0), WAIT_TIMEOUT);
	CHECK_EQ(device->reads, 0);
	device_free(device);
}

TEST(the_end_of_the_file)
{
	struct device *device = device_new(true);

	submit(device, 0);
	close(device->fds[1]);
	device->fds[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	CHECK_EQ(WaitForSingleObject(device->handles[0], 20), WAIT_TIMEOUT);
	CHECK_EQ(device->reads, 1);
	CHECK_EQ(WaitForSingleObject(device->handles[0], 20), WAIT_TIMEOUT);
	CHECK_EQ(device->reads, 1);
	device_free(device);
}

TEST(several_devices_at_once)
{
	struct device *one = device_new(true), *two = device_new(false);
	HANDLE handles[3] = { CreateEventA(NULL, TRUE, FALSE, NULL), one->handles[0],
			      two->handles[0] };

	submit(one, 0);
	submit(two, 0);
	complete(two, 0);
	CHECK_EQ(WaitForMultipleObjects(3, handles, FALSE, INFINITE), WAIT_OBJECT_0 + 2);
	complete(one, 0);
	CHECK_EQ(WaitForMultipleObjects(3, handles, FALSE, INFINITE), WAIT_OBJECT_0 + 1);
	submit(two, 0);
	complete(two, 0);
	SetEvent(handles[0]);
	CHECK_EQ(WaitForMultipleObjects(3, handles, TRUE, INFINITE), WAIT_OBJECT_0);
	CloseHandle(handles[0]);
	atomic_fetch_sub(&devices, 1);
	device_free(one);
	atomic_fetch_add(&devices, 1);
	device_free(two);
	atomic_store(&devices, 0);
}

/* A queue, as a completion port is one: its consume hands a packet over. */

struct queue {
	struct object object;
	unsigned int packets[EVENTS * 64];
	unsigned int first, last;
	struct wait_source source;
};

static bool queue_is_signalled(const struct object *object, const struct waiter *who)
{
	struct queue *queue = list_entry(object, struct queue, object);

	(void)who;
	return queue->first < queue->last;
}

static void queue_consume(struct object *object, struct waiter *who)
{
	struct queue *queue = list_entry(object, struct queue, object);

	*(unsigned int *)waiter_context(who) = queue->packets[queue->first++];
}

static void queue_destroy(struct object *object)
{
	free(list_entry(object, struct queue, object));
}

static const struct object_type queue_type = {
	.kind = OBJECT_PORT,
	.destroy = queue_destroy,
	.is_signalled = queue_is_signalled,
	.consume = queue_consume,
};

static struct queue *queue;

static bool queue_readable(struct wait_pump *pump)
{
	struct device *device = list_entry(pump, struct device, pump);
	unsigned char byte;
	ssize_t got;

	CHECK_EQ(atomic_fetch_add(&device->inside, 1), 0);
	while ((got = read(device->fds[0], &byte, 1)) == 1) {
		wait_lock_acquire();
		queue->packets[queue->last++] = byte;
		object_changed_locked(&queue->object);
		wait_lock_release();
	}
	atomic_fetch_sub(&device->inside, 1);
	return got;
}

static atomic_uint sum;

static DWORD WINAPI queue_user(void *argument)
{
	unsigned int packet;

	(void)argument;
	for (;;) {
		CHECK_EQ(wait_for_object(&queue->object, INFINITE, &packet), WAIT_OBJECT_0);
		if (!packet)
			return 0;
		atomic_fetch_add(&sum, packet);
	}
}

TEST(a_queue_for_many)
{
	enum { USERS = 4, PACKETS = 900 };
	struct device *device = device_new(true);
	HANDLE threads[USERS];
	unsigned int i;

	queue = calloc(1, sizeof(*queue));
	object_init(&queue->object, &queue_type);
	device->pump.readable = queue_readable;
	wait_source_init(&queue->source, &device->pump);
	wait_lock_acquire();
	wait_source_add_locked(&queue->source, &queue->object);
	wait_lock_release();
	for (i = 0; i < USERS; i++)
		threads[i] = start(queue_user, NULL);
	for (i = 0; i < PACKETS; i++)
		complete(device, 1 + i % 3);
	for (i = 0; i < USERS; i++)
		complete(device, 0);
	for (i = 0; i < USERS; i++)
		join(threads[i]);
	CHECK_EQ(sum, PACKETS / 3 * (1 + 2 + 3));
	wait_lock_acquire();
	wait_source_remove_locked(&queue->source);
	wait_lock_release();
	object_put(&queue->object);
	device_free(device);
}

/* Each thread has a request under way on its event, again and again; a thread is the device. */

#define ROUNDS	1500u

static struct device *busy;
static int wire[2];

static DWORD WINAPI device_thread(void *argument)
{
	unsigned char bytes[EVENTS];
	ssize_t got, i;

	(void)argument;
	while ((got = read(wire[0], bytes, sizeof(bytes))) > 0)
		for (i = got - 1; i >= 0; i--)
			complete(busy, bytes[i]);
	return 0;
}

static DWORD WINAPI requester(void *argument)
{
	unsigned int event = (unsigned int)(uintptr_t)argument, i;
	unsigned char byte = (unsigned char)event;
	HANDLE handles[2] = { busy->handles[event], busy->handles[0] };
	DWORD result;

	for (i = 0; i < ROUNDS; i++) {
		submit(busy, event);
		CHECK_EQ(write(wire[1], &byte, 1), 1);
		do {
			/* One that only waits a little hands on in between. */
			result = i % 3 ? WaitForSingleObject(handles[0], INFINITE) :
					 WaitForMultipleObjects(2, handles, FALSE, i % 2);
		} while (result == WAIT_TIMEOUT);
		if (!CHECK_EQ(result, WAIT_OBJECT_0))
			break;
	}
	return 0;
}

TEST(many_requests_from_many_threads)
{
	enum { REQUESTERS = 6 };
	HANDLE threads[REQUESTERS], device;
	unsigned int i;

	busy = device_new(false);
	CHECK(!pipe(wire));
	device = start(device_thread, NULL);
	for (i = 0; i < REQUESTERS; i++)
		threads[i] = start(requester, (void *)(uintptr_t)(i + 1));
	for (i = 0; i < REQUESTERS; i++)
		join(threads[i]);
	close(wire[1]);
	join(device);
	close(wire[0]);
	CHECK(!is_led(busy));
	device_free(busy);
}

static DWORD WINAPI waits_for_either(void *argument)
{
	struct call *call = argument;
	HANDLE handles[2] = { call->device->handles[call->event], call->device->handles[0] };

	while (WaitForMultipleObjects(2, handles, FALSE, call->ms) == WAIT_TIMEOUT)
		;
	return 0;
}

TEST(stopped_again_and_again)
{
	enum { TIMES = 300, WAITERS = 4 };
	struct call calls[WAITERS];
	HANDLE threads[WAITERS];
	struct device *device;
	unsigned int time, i;

	for (time = 0; time < TIMES; time++) {
		device = device_new(true);
		for (i = 0; i < WAITERS; i++) {
			submit(device, i + 1);
			calls[i] = (struct call){ device, i + 1, i % 2 ? INFINITE : time % 3, 0 };
			threads[i] = start(waits_for_either, &calls[i]);
		}
		complete(device, 1 + time % WAITERS);
		for (i = 0; i < time % 7; i++)
			SwitchToThread();
		wait_pump_stop(&device->pump);
		CHECK(!is_led(device));
		CHECK(SetEvent(device->handles[0]));
		for (i = 0; i < WAITERS; i++)
			join(threads[i]);
		device_free(device);
	}
}

TEST(cost_of_a_request)
{
	enum { COUNT = 50000 };
	struct device *device = device_new(true);
	unsigned char byte = 0;
	struct pollfd fd = { .fd = device->fds[0], .events = POLLIN };
	uint64_t before = wait_now(), middle;
	unsigned int i;

	for (i = 0; i < COUNT; i++) {
		complete(device, 0);
		poll(&fd, 1, -1);
		CHECK_EQ(read(device->fds[0], &byte, 1), 1);
		CHECK_EQ(read(device->fds[0], &byte, 1), -1);
	}
	middle = wait_now();
	for (i = 0; i < COUNT; i++) {
		submit(device, 0);
		complete(device, 0);
		WaitForSingleObject(device->handles[0], INFINITE);
	}
	printf("# a request through a pipe: %u ns, by hand %u ns\n",
	       (unsigned int)((wait_now() - middle) / COUNT),
	       (unsigned int)((middle - before) / COUNT));
	device_free(device);
}

#define DESCRIPTORS	64

/* All that the process may have. */
static unsigned int take_descriptors(int fds[DESCRIPTORS], struct rlimit *limit)
{
	struct rlimit few;
	unsigned int n = 0;

	CHECK(!getrlimit(RLIMIT_NOFILE, limit));
	few = *limit;
	few.rlim_cur = DESCRIPTORS;
	CHECK(!setrlimit(RLIMIT_NOFILE, &few));
	while (n < DESCRIPTORS && (fds[n] = dup(STDOUT_FILENO)) >= 0)
		n++;
	CHECK_EQ(errno, EMFILE);
	return n;
}

static void give_descriptors(int fds[DESCRIPTORS], unsigned int n, const struct rlimit *limit)
{
	while (n)
		close(fds[--n]);
	CHECK(!setrlimit(RLIMIT_NOFILE, limit));
}

/* Neither what the device says nor what others do may be missed then. */
TEST(who_waits_reads_also_without_a_descriptor_of_his_own)
{
	struct device *device = device_new(true);
	struct call calls[2] = {
		{ device, 0, 20000, WAIT_OBJECT_0 },
		{ device, 1, 20000, WAIT_OBJECT_0 },
	};
	int fds[DESCRIPTORS];
	struct rlimit limit;
	HANDLE threads[2];
	unsigned int n;

	submit(device, 0);
	submit(device, 1);
	n = take_descriptors(fds, &limit);
	threads[0] = start(call_wait, &calls[0]);
	Sleep(20);
	threads[1] = start(call_wait, &calls[1]);
	Sleep(50);
	CHECK(SetEvent(device->handles[0]));
	join(threads[0]);
	complete(device, 1);
	join(threads[1]);
	give_descriptors(fds, n, &limit);
	device_free(device);
}
