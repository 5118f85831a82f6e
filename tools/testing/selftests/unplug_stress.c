// SPDX-License-Identifier: MIT
/*
 * Boards are pulled out under load, several ports at once: every pipe has readers or writers, some
 * files are closed at the same time, some are kept open over the next plug. Nothing may hang, every
 * result must be one that the contract allows, and at the end the module unloads.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "test.h"

enum { PORTS = 10, PORTS_OF_ONE = 7, INTERFACES = 4, LOADS = 10 };

static struct board *ports[PORTS];
static unsigned int num_ports;

/* Unplugs so far, shared by the ports' processes. */
static struct {
	unsigned int begun;
	unsigned int done;
} *unplugs;

static unsigned int wanted(void)
{
	const char *text = getenv("UNPLUGS");
	int n = text ? atoi(text) : 0;

	return n > 0 ? n : 100;
}

/* Of each kind, and also of the two that share a controller when there are eight. */
static bool is_fx2(int port)
{
	return (port + port / 8) % 2;
}

/*
 * The ports of one controller are enumerated one after the other, those of different ones in
 * parallel. Ten ports make eight controllers busy and let two of them have two ports.
 */
void test_setup(void)
{
	int i;

	for (i = 0; i < PORTS; i++) {
		ports[i] = board_add(is_fx2(i) ? "fx2" : "composite");
		board_spread(ports[i]);
	}
	boards_start();
	num_ports = boards_controllers() > 1 ? PORTS : PORTS_OF_ONE;
	unplugs = mmap(NULL, sizeof(*unplugs), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (unplugs == MAP_FAILED)
		test_bail("mmap: %s", strerror(errno));
}

/* A thread that moves data on one pipe until it gets an error. */
struct load {
	pthread_t thread;
	int fd;
	uint32_t handle;
	uint8_t pipe;
	uint32_t length;
	int result;
	bool started;
};

static void *load_main(void *data)
{
	struct load *load = data;
	uint8_t *buffer = calloc(1, load->length);
	uint32_t moved;

	if (!buffer)
		FAIL("no memory");
	do {
		load->result = node_transfer(load->fd, load->handle, load->pipe, buffer, load->length,
					     &moved);
		if (moved > load->length)
			FAIL("%u of %u bytes moved", moved, load->length);
		/* All boards share one server: without a pause it would do nothing but copy. */
		if (!load->result)
			test_sleep_ms(2);
	} while (!load->result);
	free(buffer);
	return NULL;
}

static void load_start(struct load *load, int fd, uint32_t handle, uint8_t pipe, uint32_t length)
{
	memset(load, 0, sizeof(*load));
	load->fd = fd;
	load->handle = handle;
	load->pipe = pipe;
	load->length = length;
	if (pthread_create(&load->thread, NULL, load_main, load))
		FAIL("pthread_create");
	load->started = true;
}

static void load_join(struct load *load)
{
	static const int allowed[] = {
		ESHUTDOWN, ENODEV, ECANCELED, EBADF, EPROTO, EILSEQ, EPIPE, EIO,
	};
	size_t i;

	pthread_join(load->thread, NULL);
	for (i = 0; i < ARRAY_SIZE(allowed); i++)
		if (load->result == -allowed[i])
			return;
	FAIL("a transfer on pipe 0x%02x ended with %s", load->pipe, test_errno(load->result));
}

/* Opens the board and loads all its pipes. Gives the number of threads, 0 if it has left already. */
static int load_board(struct board *board, bool fx2, struct load *loads, int *fd)
{
	static const uint8_t in[INTERFACES] = { 0x81, 0x82, 0x84, 0x87 };
	static const uint8_t out[INTERFACES] = { 0x01, 0x02, 0x04, 0x07 };
	uint32_t handle, next;
	int n = 0, i;

	*fd = node_open(board_node(board, 0), O_RDWR);
	if (*fd < 0)
		FAIL("open %s: %s", board_node(board, 0), test_errno(*fd));
	CHECK_OK(node_initialize(*fd, &handle));
	if (fx2) {
		load_start(&loads[n++], *fd, handle, FX2_BULK_OUT, 4000);
		load_start(&loads[n++], *fd, handle, FX2_BULK_OUT, 700);
		load_start(&loads[n++], *fd, handle, FX2_BULK_IN, 4096);
		load_start(&loads[n++], *fd, handle, FX2_BULK_IN, 100);
		load_start(&loads[n++], *fd, handle, FX2_SWITCHES, 64);
		return n;
	}
	for (i = 0; i < INTERFACES; i++) {
		next = handle;
		if (i > 0)
			CHECK_OK(node_associated(*fd, handle, i - 1, &next));
		if (i == 2)
			CHECK_OK(node_set_setting(*fd, next, 1));
		load_start(&loads[n++], *fd, next, out[i], 3000);
		load_start(&loads[n++], *fd, next, in[i], 4096);
	}
	load_start(&loads[n++], *fd, handle, in[0], 512);
	return n;
}

/* Posts to a listener that does not read, until the board has left or the file is closed. */
static void *post_main(void *data)
{
	static const uint8_t guid[16], text[4000];
	struct load *load = data;

	do {
		load->result = node_post(load->fd, load->handle, guid, text, sizeof(text));
		test_sleep_ms(1);
	} while (!load->result);
	return NULL;
}

static void post_start(struct load *load, const struct load *same)
{
	load->fd = same->fd;
	load->handle = same->handle;
	CHECK_EQ(pthread_create(&load->thread, NULL, post_main, load), 0);
}

/* What the listener did not read is all there, and the removal is behind it. */
static void read_posts(int listener)
{
	static uint8_t buffer[64 * (64 + 4000)];
	struct winusb_event event = { 0 };
	ssize_t n, at;

	n = read(listener, buffer, sizeof(buffer));
	CHECK(n > 0);
	for (at = 0; at < n; at += sizeof(event) + event.data_length)
		memcpy(&event, buffer + at, sizeof(event));
	CHECK_EQ(at, n);
	CHECK_EQ(event.type, WINUSB_EVENT_REMOVED);
	CHECK_EQ(read(listener, buffer, sizeof(buffer)), 0);
}

static void one_unplug(struct board *board, bool fx2, unsigned int *seed)
{
	struct load loads[LOADS] = { 0 }, post = { 0 };
	int fd, old = -1, n, i, listener;
	bool close_early;

	board_plug(board);
	listener = node_open(board_node(board, 0), O_RDONLY | O_NONBLOCK);
	if (listener >= 0)
		CHECK_OK(node_listen(listener, WINUSB_LISTEN_CUSTOM));
	n = load_board(board, fx2, loads, &fd);
	post_start(&post, &loads[0]);
	test_sleep_ms(rand_r(seed) % 30);
	close_early = rand_r(seed) % 4 == 0;
	if (rand_r(seed) % 8 == 0) {
		/* The driver is taken away just before. */
		interface_unbind(board_node(board, 0));
	}
	board_pull(board);
	if (close_early)
		close(fd);
	for (i = 0; i < n; i++)
		load_join(&loads[i]);
	load_join(&post);
	board_wait_gone(board);
	if (!close_early) {
		struct pollfd poll_fd = { .fd = fd };

		CHECK_EQ(poll(&poll_fd, 1, 0), 1);
		CHECK_EQ(poll_fd.revents, POLLHUP | POLLERR);
		old = fd;
	}
	if (listener >= 0) {
		read_posts(listener);
		close(listener);
	}
	if (old >= 0)
		close(old);
}

static uint64_t round_began;

/* No round takes a minute. Says where the threads are if one does, and ends the port. */
static void *watch_main(void *data)
{
	struct board *board = data;
	struct dirent *entry;
	char folder[64];
	DIR *dir;

	do {
		test_sleep_ms(1000);
	} while (test_now_ms() < __atomic_load_n(&round_began, __ATOMIC_RELAXED) +
				 60000 * test_scale());
	test_note("%s is stuck", board_name(board));
	dir = opendir("/proc/self/task");
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(folder, sizeof(folder), "/proc/self/task/%.16s", entry->d_name);
		test_describe(folder);
	}
	/* The kernel's own threads, for the kernel's log. */
	if (file_write("/proc/sysrq-trigger", "w"))
		test_note("no /proc/sysrq-trigger: blocked threads of the kernel are not shown");
	FAIL("a round took more than %u s", 60 * test_scale());
}

/* A port that is quicker does more of them. */
static void port_main(int port, unsigned int count)
{
	unsigned int seed = port + 1, done;
	pthread_t watch;

	round_began = test_now_ms();
	CHECK_EQ(pthread_create(&watch, NULL, watch_main, ports[port]), 0);
	while (__atomic_fetch_add(&unplugs->begun, 1, __ATOMIC_SEQ_CST) < count) {
		__atomic_store_n(&round_began, test_now_ms(), __ATOMIC_RELAXED);
		one_unplug(ports[port], is_fx2(port), &seed);
		done = __atomic_add_fetch(&unplugs->done, 1, __ATOMIC_SEQ_CST);
		if (done % 50 == 0)
			test_note("%u unplugs", done);
	}
}

/* Without a limit of its own to speak of: the lab has one. */
TEST_LIMIT(boards_are_pulled_out_under_load, 7200)
{
	unsigned int i, count = wanted();
	uint64_t start = test_now_ms();
	int status, failures = 0;
	pid_t pids[PORTS];

	for (i = 0; i < num_ports; i++) {
		pids[i] = fork();
		CHECK(pids[i] >= 0);
		if (!pids[i]) {
			port_main(i, count);
			_exit(0);
		}
	}
	for (i = 0; i < num_ports; i++) {
		CHECK_EQ(waitpid(pids[i], &status, 0), pids[i]);
		if (status) {
			test_note("port %u: status 0x%x", i, status);
			failures++;
		}
	}
	test_note("%u unplugs at %u ports of %u controllers in %llu s", unplugs->done, num_ports,
		  boards_controllers(), (unsigned long long)(test_now_ms() - start) / 1000);
	CHECK_EQ(failures, 0);
	CHECK_EQ(unplugs->done, count);
}
