// SPDX-License-Identifier: MIT
/* Listeners: the events that read(2) gives, and poll(2). */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "test.h"

enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK };

static struct board *fx2, *composite;

void test_setup(void)
{
	fx2 = board_add("fx2");
	composite = board_add("composite");
	boards_start();
	board_plug(fx2);
	board_plug(composite);
	boards_keep();
}

static int listen_to(struct board *board, unsigned int interface, int flags)
{
	int fd = node_open(board_node(board, interface), O_RDONLY | flags);

	CHECK_OK(fd);
	return fd;
}

static int open_node(struct board *board, unsigned int interface)
{
	int fd = node_open(board_node(board, interface), O_RDWR);

	CHECK_OK(fd);
	return fd;
}

static void expect_event(int fd, uint32_t type, uint32_t value)
{
	struct winusb_event event;

	CHECK_EQ(read(fd, &event, sizeof(event)), sizeof(event));
	CHECK_EQ(event.type, type);
	CHECK_EQ(event.value, value);
}

static int revents(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	CHECK(poll(&poll_fd, 1, 0) >= 0);
	return poll_fd.revents;
}

TEST(open_and_close_are_events)
{
	int listener = listen_to(fx2, 0, O_NONBLOCK);

	close(open_node(fx2, 0));
	expect_event(listener, WINUSB_EVENT_OPENED, 0);
	expect_event(listener, WINUSB_EVENT_CLOSED, 0);
}

static int finished;

static void *open_and_close(void *unused)
{
	int i, opened;

	for (i = 0; i < 300; i++) {
		while ((opened = node_open(board_node(fx2, 0), O_RDWR)) == -EBUSY)
			sched_yield();
		CHECK_OK(opened);
		close(opened);
	}
	__atomic_add_fetch(&finished, 1, __ATOMIC_RELEASE);
	return unused;
}

/* With several CPUs, one file is opened as soon as the other lets it. */
TEST(a_file_is_closed_before_the_next_one_is_opened)
{
	int listener = listen_to(fx2, 0, O_NONBLOCK), i, got = 0;
	struct winusb_event event;
	pthread_t threads[2];
	bool done;

	for (i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, open_and_close, NULL), 0);
	/* Once more when both are done: they may have been the only ones to run. */
	do {
		done = __atomic_load_n(&finished, __ATOMIC_ACQUIRE) == 2;
		while (read(listener, &event, sizeof(event)) == sizeof(event)) {
			/* Some may be lost, if we are slow. */
			CHECK_EQ(event.type, event.sequence % 2 ? WINUSB_EVENT_OPENED :
								  WINUSB_EVENT_CLOSED);
			got++;
		}
		sched_yield();
	} while (!done);
	CHECK(got);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

TEST(a_new_setting_is_an_event_with_its_number)
{
	int listener = listen_to(composite, SETTINGS, O_NONBLOCK);
	int fd = open_node(composite, SETTINGS);
	uint32_t handle;

	CHECK_OK(node_initialize(fd, &handle));
	CHECK_OK(node_set_setting(fd, handle, 2));
	expect_event(listener, WINUSB_EVENT_OPENED, 0);
	expect_event(listener, WINUSB_EVENT_SETTING, 2);
}

TEST(events_are_numbered_from_1_and_have_a_time)
{
	int listener = listen_to(fx2, 0, O_NONBLOCK), i;
	struct winusb_event events[4];
	struct timespec now;
	uint64_t before, after, last;

	clock_gettime(CLOCK_MONOTONIC, &now);
	before = now.tv_sec * 1000000000ull + now.tv_nsec;
	close(open_node(fx2, 0));
	close(open_node(fx2, 0));
	clock_gettime(CLOCK_MONOTONIC, &now);
	after = now.tv_sec * 1000000000ull + now.tv_nsec;
	CHECK_EQ(read(listener, events, sizeof(events)), sizeof(events));
	for (i = 0, last = before; i < 4; i++) {
		CHECK_EQ(events[i].sequence, i + 1);
		CHECK_EQ(events[i].dropped, 0);
		CHECK(events[i].time_ns >= last && events[i].time_ns <= after);
		last = events[i].time_ns;
	}
}

TEST(each_listener_gets_every_event)
{
	int first = listen_to(fx2, 0, O_NONBLOCK), second;
	struct winusb_event event;

	close(open_node(fx2, 0));
	second = listen_to(fx2, 0, O_NONBLOCK);
	close(open_node(fx2, 0));
	expect_event(first, WINUSB_EVENT_OPENED, 0);
	expect_event(first, WINUSB_EVENT_CLOSED, 0);
	expect_event(first, WINUSB_EVENT_OPENED, 0);
	expect_event(first, WINUSB_EVENT_CLOSED, 0);
	CHECK_EQ(read(second, &event, sizeof(event)), sizeof(event));
	CHECK_EQ(event.sequence, 1);
	expect_event(second, WINUSB_EVENT_CLOSED, 0);
	CHECK_EQ(read(second, &event, sizeof(event)), -1);
	CHECK_EQ(errno, EAGAIN);
}

TEST(nothing_to_read_in_non_blocking_mode_is_EAGAIN)
{
	int listener = listen_to(fx2, 0, O_NONBLOCK);
	struct winusb_event event;

	CHECK_EQ(read(listener, &event, sizeof(event)), -1);
	CHECK_EQ(errno, EAGAIN);
}

TEST(a_buffer_shorter_than_a_record_is_EINVAL)
{
	int listener = listen_to(fx2, 0, O_NONBLOCK);
	struct winusb_event event;

	close(open_node(fx2, 0));
	CHECK_EQ(read(listener, &event, sizeof(event) - 1), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(read(listener, &event, 0), -1);
	CHECK_EQ(errno, EINVAL);
	expect_event(listener, WINUSB_EVENT_OPENED, 0);
}

TEST(a_bad_buffer_of_read_is_EFAULT_and_loses_no_event)
{
	int listener = listen_to(fx2, 0, O_NONBLOCK);
	void *volatile nowhere = (void *)8;

	close(open_node(fx2, 0));
	CHECK_EQ(read(listener, nowhere, sizeof(struct winusb_event)), -1);
	CHECK_EQ(errno, EFAULT);
	expect_event(listener, WINUSB_EVENT_OPENED, 0);
}

TEST(only_whole_records_are_read)
{
	int listener = listen_to(fx2, 0, O_NONBLOCK);
	struct winusb_event events[3];

	close(open_node(fx2, 0));
	close(open_node(fx2, 0));
	CHECK_EQ(read(listener, events, 2 * sizeof(events[0]) + 63), 2 * sizeof(events[0]));
	CHECK_EQ(read(listener, events, sizeof(events)), 2 * sizeof(events[0]));
}

TEST(a_full_queue_drops_and_counts)
{
	int listener = listen_to(fx2, 0, O_NONBLOCK), i;
	struct winusb_event event;
	uint64_t sequence = 0, last = 0;
	int got = 0;

	for (i = 0; i < 50; i++)
		close(open_node(fx2, 0));
	while (read(listener, &event, sizeof(event)) == sizeof(event)) {
		CHECK(event.sequence > sequence);
		sequence = event.sequence;
		got++;
	}
	CHECK_EQ(errno, EAGAIN);
	CHECK(got >= 63 && got <= 64);
	close(open_node(fx2, 0));
	CHECK_EQ(read(listener, &event, sizeof(event)), sizeof(event));
	last = event.sequence;
	CHECK_EQ(last, 101);
	CHECK_EQ(event.dropped, 100 - got);
}

struct reader {
	pthread_t thread;
	int fd;
	ssize_t result;
	int error;
	struct winusb_event event;
	pid_t tid;
};

static void *read_event(void *data)
{
	struct reader *reader = data;

	__atomic_store_n(&reader->tid, gettid(), __ATOMIC_RELEASE);
	reader->result = read(reader->fd, &reader->event, sizeof(reader->event));
	reader->error = errno;
	return NULL;
}

static void start_reader(struct reader *reader, int fd)
{
	memset(reader, 0, sizeof(*reader));
	reader->fd = fd;
	CHECK_EQ(pthread_create(&reader->thread, NULL, read_event, reader), 0);
	while (!__atomic_load_n(&reader->tid, __ATOMIC_ACQUIRE))
		test_sleep_ms(1);
	wait_asleep(reader->tid);
}

TEST(a_blocking_read_waits_for_an_event)
{
	struct reader reader;

	start_reader(&reader, listen_to(fx2, 0, 0));
	close(open_node(fx2, 0));
	pthread_join(reader.thread, NULL);
	CHECK_EQ(reader.result, sizeof(reader.event));
	CHECK_EQ(reader.event.type, WINUSB_EVENT_OPENED);
}

static void on_signal(int number)
{
	(void)number;
}

TEST(a_signal_ends_a_blocking_read_with_EINTR)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct reader reader;

	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	start_reader(&reader, listen_to(fx2, 0, 0));
	pthread_kill(reader.thread, SIGUSR1);
	pthread_join(reader.thread, NULL);
	CHECK_EQ(reader.result, -1);
	CHECK_EQ(reader.error, EINTR);
}

TEST(close_ends_a_blocking_read_of_another_thread_with_ECANCELED)
{
	struct reader reader;
	int listener = listen_to(fx2, 0, 0);

	start_reader(&reader, listener);
	close(listener);
	pthread_join(reader.thread, NULL);
	CHECK_EQ(reader.result, -1);
	CHECK_EQ(reader.error, ECANCELED);
}

TEST(close_of_one_of_two_descriptors_lets_a_blocking_read_wait)
{
	struct reader reader;
	int listener = listen_to(fx2, 0, 0), other = dup(listener);
	pid_t child;
	int status;

	start_reader(&reader, listener);
	child = fork();
	if (!child)
		_exit(close(listener) || close(other));
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	close(other);
	wait_asleep(reader.tid);
	close(open_node(fx2, 0));
	pthread_join(reader.thread, NULL);
	CHECK_EQ(reader.result, sizeof(reader.event));
	CHECK_EQ(reader.event.type, WINUSB_EVENT_OPENED);
}

TEST(poll_says_POLLIN_while_there_are_records)
{
	int listener = listen_to(fx2, 0, 0);

	CHECK_EQ(revents(listener), 0);
	close(open_node(fx2, 0));
	CHECK_EQ(revents(listener), POLLIN);
	expect_event(listener, WINUSB_EVENT_OPENED, 0);
	CHECK_EQ(revents(listener), POLLIN);
	expect_event(listener, WINUSB_EVENT_CLOSED, 0);
	CHECK_EQ(revents(listener), 0);
}

TEST(removal_is_the_last_event_and_then_comes_the_end)
{
	int listener = listen_to(fx2, 0, 0);
	struct winusb_event event;

	board_unplug(fx2);
	expect_event(listener, WINUSB_EVENT_REMOVED, 0);
	CHECK_EQ(read(listener, &event, sizeof(event)), 0);
	CHECK_EQ(read(listener, &event, sizeof(event)), 0);
}

TEST(removal_wakes_a_blocked_listener)
{
	struct reader reader;

	start_reader(&reader, listen_to(fx2, 0, 0));
	board_unplug(fx2);
	pthread_join(reader.thread, NULL);
	CHECK_EQ(reader.result, sizeof(reader.event));
	CHECK_EQ(reader.event.type, WINUSB_EVENT_REMOVED);
}

TEST(removal_reaches_a_listener_whose_queue_is_full)
{
	int listener = listen_to(fx2, 0, 0), i;
	struct winusb_event event;
	uint32_t last = 0;

	for (i = 0; i < 50; i++)
		close(open_node(fx2, 0));
	board_unplug(fx2);
	while (read(listener, &event, sizeof(event)) == sizeof(event))
		last = event.type;
	CHECK_EQ(last, WINUSB_EVENT_REMOVED);
}

TEST(poll_of_a_listener_says_POLLHUP_after_removal_and_POLLIN_while_records_are_left)
{
	int listener = listen_to(fx2, 0, 0);

	board_unplug(fx2);
	CHECK_EQ(revents(listener), POLLIN | POLLHUP | POLLERR);
	expect_event(listener, WINUSB_EVENT_REMOVED, 0);
	CHECK_EQ(revents(listener), POLLHUP | POLLERR);
}

TEST(a_listener_goes_on_to_answer_queries_after_removal)
{
	int listener = listen_to(fx2, 0, 0);
	struct winusb_query_pipe pipe;
	struct winusb_query query;
	uint8_t descriptor[18];
	uint32_t length;

	board_unplug(fx2);
	CHECK_OK(node_query(listener, &query));
	CHECK_EQ(query.out_interfaces, 1);
	CHECK_OK(node_query_pipe(listener, 0, 0, 0, &pipe));
	CHECK_EQ(pipe.out_pipe_id, FX2_SWITCHES);
	CHECK_OK(node_descriptor(listener, 0, 1, 0, 0, descriptor, 18, &length));
	CHECK_EQ(length, 18);
}
