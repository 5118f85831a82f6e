// SPDX-License-Identifier: MIT
/*
 * Every allocation and every copy that a sequence of calls makes fails once, by the kernel's fault
 * injection (/proc/self/fail-nth): the calls give an error of the contract or succeed, nothing is
 * lost, and afterwards all works. On a kernel with fault injection only.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "isoch_io.h"
#include "node.h"
#include "ring.h"
#include "test.h"

static struct board *fx2, *composite, *iso;
static int fail_fd = -1;

static void attribute(const char *capability, const char *name, const char *value)
{
	char path[128];
	int result;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", capability, name);
	result = file_write(path, value);
	if (result)
		test_bail("write %s to %s: %s", value, path, test_errno(result));
}

/*
 * vhci_hcd loses a transfer for which it has no memory, and whoever waits for it waits for ever.
 * So no failure where its functions are on the stack.
 */
static void spare_vhci(const char *capability)
{
	char modules[8192], value[32];
	unsigned long long start;
	unsigned long size;
	const char *p;

	file_read("/proc/modules", modules, sizeof(modules));
	p = strstr(modules, "vhci_hcd ");
	if (!p || sscanf(p, "%*s %lu %*s %*s %*s %llx", &size, &start) != 2 || !start)
		test_bail("cannot tell where vhci_hcd is from /proc/modules");
	snprintf(value, sizeof(value), "0x%llx", start);
	attribute(capability, "reject-start", value);
	snprintf(value, sizeof(value), "0x%llx", start + size);
	attribute(capability, "reject-end", value);
	attribute(capability, "verbose", "0");
}

void test_setup(void)
{
	if (access("/proc/self/fail-nth", W_OK))
		test_skip_all("this kernel has no fault injection (uml-debug has)");
	fx2 = board_add("fx2");
	composite = board_add("composite");
	iso = board_add("iso");
	boards_start();
	board_plug(fx2);
	board_plug(composite);
	board_plug(iso);
	boards_keep();
	spare_vhci("failslab");
	spare_vhci("fail_page_alloc");
	spare_vhci("fail_usercopy");
	/* All else may fail, also what may sleep. */
	attribute("failslab", "ignore-gfp-wait", "N");
	attribute("fail_page_alloc", "ignore-gfp-wait", "N");
	attribute("fail_page_alloc", "min-order", "0");
}

/* These calls copy too, so while something is armed they may be what fails. */
static void arm(int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", nth), tries;

	for (tries = 0; tries < 3; tries++) {
		if (pwrite(fail_fd, text, n, 0) == n)
			return;
		if (errno != EFAULT)
			break;
	}
	FAIL("fail-nth: %s", strerror(errno));
}

/* True if the failure hit the calls before this one. Nothing is armed afterwards. */
static bool disarm(void)
{
	char text[16] = "";
	ssize_t n = pread(fail_fd, text, sizeof(text) - 1, 0);
	bool used = n > 0 && atoi(text) == 0;

	if (n < 0 && errno != EFAULT)
		FAIL("fail-nth: %s", strerror(errno));
	arm(0);
	return used;
}

/* io_uring itself says -EAGAIN where it has no memory. */
static bool is_allowed(int result)
{
	return result >= 0 || result == -ENOMEM || result == -EFAULT || result == -EAGAIN;
}

struct sequence {
	const char *label;
	int (*run)(void);
	bool source;		/* it reads what the board makes up */
	void (*begin)(void);	/* without failures, before each run */
	void (*end)(void);	/* the same, afterwards */
};

static int open_and_close(void)
{
	int fd = node_open(board_node(fx2, 0), O_RDWR);

	if (fd >= 0)
		close(fd);
	return fd;
}

static int listen_and_close(void)
{
	int fd = node_open(board_node(fx2, 0), O_RDONLY);

	if (fd >= 0)
		close(fd);
	return fd;
}

/* The file and the handle that the sequences work on. */
static int fd;
static uint32_t handle;

static int initialize_and_free(void)
{
	uint32_t out;
	int result = node_initialize(fd, &out);

	return result ? result : node_free(fd, out);
}

static int associate_and_free(void)
{
	uint32_t out;
	int result = node_associated(fd, handle, 0, &out);

	return result ? result : node_free(fd, out);
}

static int read_descriptor(void)
{
	uint8_t data[255];

	return node_descriptor(fd, handle, 3, 1, 0x0409, data, sizeof(data), NULL);
}

static int control(void)
{
	uint8_t data[64];

	return node_control(fd, handle, 0xc1, 0xe5, 0, 0, 8, data, 8, NULL);
}

static int write_pipe(void)
{
	uint8_t data[700] = { 1 };

	return node_transfer(fd, handle, 0x01, data, sizeof(data), NULL);
}

static int read_pipe(void)
{
	uint8_t data[100];

	return node_transfer(fd, handle, 0x81, data, sizeof(data), NULL);
}

static int reset_pipe(void)
{
	return node_reset_pipe(fd, handle, 0x81);
}

static int policy(void)
{
	return node_timeout(fd, handle, 0x81, 5000 * test_scale());
}

static int flush_and_abort(void)
{
	int result = node_flush(fd, handle, 0x81);

	return result ? result : node_abort(fd, handle, 0x81);
}

static int set_setting(void)
{
	return node_set_setting(fd, handle, 0);
}

/* Long enough for pages that are pinned, and at an odd place for pages that are copied. */
enum { LONG = 40000 };

static uint8_t data[LONG + 8] __attribute__((aligned(4096)));

static int write_long(void)
{
	return node_transfer(fd, handle, 0x01, data, LONG, NULL);
}

static int read_long(void)
{
	return node_transfer(fd, handle, 0x81, data, LONG, NULL);
}

static int read_long_and_odd(void)
{
	return node_transfer(fd, handle, 0x81, data + 1, LONG, NULL);
}

/* Asynchronous ones */

/* The next record's status, or why it could not be read. */
static int take_record(void)
{
	struct winusb_completion record;

	if (read(fd, &record, sizeof(record)) < 0)
		return -errno;
	return record.status;
}

/* Whatever a run left behind: without failures, so it ends. */
static void take_all(void)
{
	while (!async_cancel_all(fd, NULL))
		test_sleep_ms(1);
	while (async_ready(fd, 0))
		take_record();
}

static int async_one(uint8_t pipe, void *buffer, uint32_t length)
{
	int result = async_start(fd, handle, pipe, buffer, length, 1);

	return result ? result : take_record();
}

static int async_write(void)
{
	return async_one(0x01, data, 700);
}

static int async_read(void)
{
	return async_one(0x81, data, 100);
}

static int async_read_long(void)
{
	return async_one(0x81, data, LONG);
}

static int async_write_long(void)
{
	return async_one(0x01, data, LONG);
}

static int async_read_long_and_odd(void)
{
	return async_one(0x81, data + 1, LONG);
}

static int async_control(void)
{
	struct winusb_transfer arg = async_transfer(handle, 0, data, 8, 1);
	int result;

	node_setup(arg.setup, 0xc1, 0xe5, 0, 0, 8);
	result = async_submit(fd, &arg, 1, NULL);
	return result ? result : take_record();
}

static int submit_three(void)
{
	struct winusb_transfer args[] = {
		async_transfer(handle, 0x01, data, 100, 1),
		async_transfer(handle, 0x01, data, 0, 2),
		async_transfer(handle, 0x81, data + 512, 100, 3),
	};
	int result = async_submit(fd, args, 3, NULL), i;

	for (i = 0; !result && i < 3; i++)
		result = take_record();
	return result;
}

static int cancel(void)
{
	int result = async_start(fd, handle, 0x81, data, 64, 1);

	if (!result)
		result = async_cancel(fd, 1, NULL);
	if (!result)
		result = take_record();
	return result == -ECANCELED ? 0 : result;
}

static int abort_pipe(void)
{
	int result = async_start(fd, handle, 0x81, data, 64, 1);

	if (!result)
		result = node_abort(fd, handle, 0x81);
	if (!result)
		result = take_record();
	return result == -ECANCELED ? 0 : result;
}

static int events = -1;

static void make_eventfd(void)
{
	events = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	CHECK(events >= 0);
}

static void drop_eventfd(void)
{
	take_all();
	async_eventfd(fd, -1);
	close(events);
}

static int set_eventfd(void)
{
	int result = async_eventfd(fd, events);

	if (!result)
		result = async_read();
	return result ? result : async_eventfd(fd, -1);
}

/* Custom events, and the interface's state */

static int listener = -1;

static void make_listener(void)
{
	listener = node_open(board_node(composite, 1), O_RDONLY | O_NONBLOCK);
	CHECK_OK(listener);
	CHECK_OK(node_listen(listener, WINUSB_LISTEN_CUSTOM));
}

/* A read that failed took nothing. */
static void drop_listener(void)
{
	static uint8_t buffer[2 * (64 + 5000)];
	ssize_t n = read(listener, buffer, sizeof(buffer));

	CHECK(n == 64 + 5000 || (n < 0 && errno == EAGAIN));
	if (n > 0)
		CHECK_MEM(buffer + 64, data, 5000);
	close(listener);
}

static int post_event(void)
{
	static const uint8_t guid[16] = { 1 };

	return node_post(fd, handle, guid, data, 5000);
}

static int post_and_read(void)
{
	static uint8_t buffer[64 + 5000];
	int result = post_event();

	if (!result && read(listener, buffer, sizeof(buffer)) < 0)
		result = -errno;
	return result;
}

static int listen_again(void)
{
	return node_listen(listener, WINUSB_LISTEN_CUSTOM);
}

static int disable_and_enable(void)
{
	int result = node_set_enabled(fd, handle, 0);

	return result ? result : node_set_enabled(fd, handle, 1);
}

/* io_uring */

static struct ring ring;

static void make_ring(void)
{
	struct winusb_query query;

	CHECK_OK(node_query(fd, &query));
	if (!(query.out_capabilities & WINUSB_CAP_URING))
		test_skip("this kernel cannot cancel io_uring commands");
	CHECK_OK(ring_init(&ring, IORING_SETUP_CQE32));
	CHECK_OK(ring_register_slots(&ring, 1));
	CHECK_OK(ring_register(&ring, 0, data, sizeof(data)));
}

static void drop_ring(void)
{
	take_all();
	ring_exit(&ring);
}

/* Waits for COUNT completions; the first error among them. */
static int take_results(int count)
{
	struct ring_result taken;
	int result = ring_submit(&ring), first = 0;

	if (result < 0)
		return result;
	/* io_uring may take fewer: then those are all there is to wait for. */
	for (count = result; count; count--) {
		do {
			result = ring_wait(&ring, &taken, 10000 * test_scale());
		} while (result == -EINTR || result == -EFAULT);
		if (result)
			return result;
		if (taken.res < 0 && !first)
			first = taken.res;
	}
	return first;
}

static int uring_write(void)
{
	ring_transfer(&ring, fd, handle, 0x01, data, 700, 1);
	return take_results(1);
}

static int uring_read(void)
{
	ring_transfer(&ring, fd, handle, 0x81, data, 100, 1);
	return take_results(1);
}

static int uring_read_long(void)
{
	ring_transfer(&ring, fd, handle, 0x81, data, LONG, 1);
	return take_results(1);
}

static int fixed(uint8_t pipe, void *buffer, uint32_t length)
{
	struct io_uring_sqe *sqe = ring_transfer(&ring, fd, handle, pipe, buffer, length, 1);

	sqe->uring_cmd_flags = IORING_URING_CMD_FIXED;
	return take_results(1);
}

static int fixed_write(void)
{
	return fixed(0x01, data + 4, 700);
}

static int fixed_read(void)
{
	return fixed(0x81, data + 4, 100);
}

static int fixed_read_long(void)
{
	return fixed(0x81, data + 4, LONG);
}

static int uring_cancel(void)
{
	int result;

	ring_transfer(&ring, fd, handle, 0x81, data, 64, 1);
	ring_cancel(&ring, fd, 1, 2);
	result = ring_submit(&ring);
	if (result < 2)
		return result < 0 ? result : -EAGAIN;
	ring.unsubmitted = 0;
	/* If the cancel failed, the end cancels. */
	return 0;
}

/* Isochronous transfers, in a file of their own. */

static struct winusb_isoch_packet packets[80];
static int stream_fd;
static uint32_t stream_handle;

static void make_stream(void)
{
	stream_fd = node_open(board_node(iso, 0), O_RDWR);
	CHECK_OK(stream_fd);
	CHECK_OK(node_initialize(stream_fd, &stream_handle));
	CHECK_OK(node_set_setting(stream_fd, stream_handle, ISO_ALT_SMALL));
}

static void drop_stream(void)
{
	CHECK_EQ(close(stream_fd), 0);
}

static int move_packets(uint8_t pipe, uint32_t flags)
{
	struct winusb_completion record;
	struct winusb_transfer transfer;
	int result, error;
	uint32_t id;

	result = isoch_register(stream_fd, stream_handle, pipe, data, 80 * 192, &id);
	if (result)
		return result;
	transfer = isoch_transfer(stream_handle, pipe, id, 0, 80 * 192, packets, 80, 1);
	transfer.flags = flags;
	result = isoch_start(stream_fd, &transfer, NULL);
	if (!result && read(stream_fd, &record, sizeof(record)) < 0)
		result = -errno;
	else if (!result)
		result = record.status;
	error = isoch_unregister(stream_fd, id);
	return result ? result : error;
}

static int read_packets(void)
{
	return move_packets(ISO_IN, 0);
}

static int write_packets(void)
{
	return move_packets(ISO_OUT, 0);
}

static int write_odd_packets(void)
{
	int i;

	for (i = 0; i < 80; i++)
		packets[i].length = 192;
	return move_packets(ISO_OUT, WINUSB_TRANSFER_ISOCH_LENGTHS);
}

static int map_buffer(void)
{
	struct winusb_register_isoch_buffer arg = {
		.size = sizeof(arg), .handle = stream_handle, .pipe_id = ISO_IN,
		.flags = WINUSB_ISOCH_BUFFER_MAP, .length = 3 << 20,
	};
	int result = node_ioctl(stream_fd, WINUSB_IOC_REGISTER_ISOCH_BUFFER, &arg), error;
	void *memory;

	if (result)
		return result;
	memory = mmap(NULL, arg.length, PROT_READ, MAP_SHARED, stream_fd, arg.out_offset);
	if (memory == MAP_FAILED)
		result = -errno;
	else
		munmap(memory, arg.length);
	error = isoch_unregister(stream_fd, arg.out_isoch_buffer);
	return result ? result : error;
}

static const struct sequence sequences[] = {
	{ "open", open_and_close, false, NULL, NULL },
	{ "listen", listen_and_close, false, NULL, NULL },
	{ "INITIALIZE", initialize_and_free, false, NULL, NULL },
	{ "GET_ASSOCIATED_INTERFACE", associate_and_free, false, NULL, NULL },
	{ "GET_DESCRIPTOR", read_descriptor, false, NULL, NULL },
	{ "TRANSFER_control", control, false, NULL, NULL },
	{ "TRANSFER_write", write_pipe, false, NULL, NULL },
	{ "TRANSFER_read", read_pipe, true, NULL, NULL },
	{ "TRANSFER_long_write", write_long, false, NULL, NULL },
	{ "TRANSFER_long_read", read_long, true, NULL, NULL },
	{ "TRANSFER_long_and_odd_read", read_long_and_odd, true, NULL, NULL },
	{ "RESET_PIPE", reset_pipe, false, NULL, NULL },
	{ "FLUSH_PIPE_and_ABORT_PIPE", flush_and_abort, false, NULL, NULL },
	{ "SET_ALTERNATE_SETTING", set_setting, false, NULL, NULL },
	{ "SET_PIPE_POLICY", policy, false, NULL, NULL },
	{ "ASYNC_write", async_write, false, NULL, take_all },
	{ "ASYNC_read", async_read, true, NULL, take_all },
	{ "ASYNC_long_write", async_write_long, false, NULL, take_all },
	{ "ASYNC_long_read", async_read_long, true, NULL, take_all },
	{ "ASYNC_long_and_odd_read", async_read_long_and_odd, true, NULL, take_all },
	{ "ASYNC_control", async_control, false, NULL, take_all },
	{ "SUBMIT", submit_three, true, NULL, take_all },
	{ "CANCEL", cancel, false, NULL, take_all },
	{ "ABORT_PIPE", abort_pipe, false, NULL, take_all },
	{ "SET_EVENTFD", set_eventfd, true, make_eventfd, drop_eventfd },
	{ "POST_EVENT", post_event, false, make_listener, drop_listener },
	{ "POST_EVENT_and_read", post_and_read, false, make_listener, drop_listener },
	{ "LISTEN", listen_again, false, make_listener, drop_listener },
	{ "SET_INTERFACE_STATE", disable_and_enable, false, NULL, NULL },
	{ "io_uring_write", uring_write, false, make_ring, drop_ring },
	{ "io_uring_read", uring_read, true, make_ring, drop_ring },
	{ "io_uring_long_read", uring_read_long, true, make_ring, drop_ring },
	{ "io_uring_cancel", uring_cancel, false, make_ring, drop_ring },
	{ "registered_buffer_write", fixed_write, false, make_ring, drop_ring },
	{ "registered_buffer_read", fixed_read, true, make_ring, drop_ring },
	{ "registered_buffer_long_read", fixed_read_long, true, make_ring, drop_ring },
	{ "isochronous_read", read_packets, false, make_stream, drop_stream },
	{ "isochronous_write", write_packets, false, make_stream, drop_stream },
	{ "isochronous_write_of_own_lengths", write_odd_packets, false, make_stream, drop_stream },
	{ "isochronous_map", map_buffer, false, make_stream, drop_stream },
};

static void works(void)
{
	uint8_t out[32], in[32];
	uint32_t moved;

	pattern(out, sizeof(out), 3);
	CHECK_OK(node_transfer(fd, handle, 0x01, out, sizeof(out), &moved));
	CHECK_EQ(moved, sizeof(out));
	CHECK_OK(node_transfer(fd, handle, 0x81, in, sizeof(in), &moved));
	CHECK_EQ(moved, sizeof(in));
	CHECK_MEM(in, out, sizeof(in));
}

static void drain(void)
{
	uint8_t data[4096];

	CHECK_OK(node_timeout(fd, handle, 0x81, 50 * test_scale()));
	while (node_transfer(fd, handle, 0x81, data, sizeof(data), NULL) == 0)
		;
	node_reset_pipe(fd, handle, 0x81);
	CHECK_OK(node_timeout(fd, handle, 0x81, 0));
}

TEST_EACH(each_failure_in_turn_is_survived, struct sequence, sequence, sequences)
{
	int nth, result = 0, failed = 0;
	bool hit;

	fail_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	CHECK(fail_fd >= 0);
	fd = node_open(board_node(composite, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	/* What a read of the sequence finds. */
	if (sequence->source)
		board_set(composite, "source=0x81");
	for (nth = 1; nth < 400; nth++) {
		if (sequence->begin)
			sequence->begin();
		arm(nth);
		result = sequence->run();
		hit = disarm();
		if (sequence->end)
			sequence->end();
		if (!hit)
			break;
		if (!is_allowed(result))
			FAIL("failure %d gave %s", nth, test_errno(result));
		failed += result < 0;
		/* A FREE that was not reached, or that failed, leaves a handle: begin anew. */
		if (sequence->run == associate_and_free || sequence->run == initialize_and_free) {
			close(fd);
			fd = node_open(board_node(composite, 0), O_RDWR);
			CHECK_OK(fd);
			CHECK_OK(node_initialize(fd, &handle));
		}
	}
	CHECK_OK(result);
	CHECK(nth < 400);
	test_note("%s: %d failures were injected, %d of them ended the call", sequence->label,
		  nth - 1, failed);
	if (sequence->source)
		board_set(composite, "normal=0x81");
	drain();
	works();
	close(fd);
	close(fail_fd);
}
