// SPDX-License-Identifier: MIT
/*
 * Streams in both directions, and whatever ends them: unplug, unbind, reset, close, unregister,
 * abort, cancel, in any order and at any time. CYCLES says how often (20). And a stream of SECONDS
 * (10) beside a hog of the processor, in which each packet is accounted for.
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
#include "sysfs.h"
#include "test.h"

enum { BYTES = 192, PACKETS = 80, LENGTH = BYTES * PACKETS, DEPTH = 8 };

static struct board *iso;
static int fd;
static uint32_t handle;
static struct winusb_isoch_packet packets[2 * DEPTH][PACKETS];

void test_setup(void)
{
	iso = board_add("iso");
	boards_start();
	board_plug(iso);
	boards_keep();
}

static unsigned int number_of(const char *name, unsigned int usual)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : usual;
}

static void open_iso(void)
{
	fd = node_open(board_node(iso, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	CHECK_OK(node_set_setting(fd, handle, ISO_ALT_SMALL));
}

/* One direction: a buffer, and DEPTH transfers, each with its slice. */
struct flow {
	uint8_t pipe;
	bool map;
	uint8_t *memory;
	uint32_t id;
	uint32_t counter;		/* of the next packet */
	unsigned long long moved, late, failed;	/* packets */
	bool pending[DEPTH];
};

static void flow_open(struct flow *flow, uint8_t pipe, bool map)
{
	memset(flow, 0, sizeof(*flow));
	flow->pipe = pipe;
	flow->map = map;
	if (map) {
		flow->memory = isoch_map(fd, handle, pipe, DEPTH * LENGTH, &flow->id);
		return;
	}
	flow->memory = mmap(NULL, DEPTH * LENGTH, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(flow->memory != MAP_FAILED);
	CHECK_OK(isoch_register(fd, handle, pipe, flow->memory, DEPTH * LENGTH, &flow->id));
}

static bool flow_is_in(const struct flow *flow)
{
	return flow->pipe & 0x80;
}

/* Cookies: the slot, and DEPTH for OUT. */
static struct winusb_isoch_packet *flow_packets(const struct flow *flow, unsigned int slot)
{
	return packets[slot + (flow_is_in(flow) ? 0 : DEPTH)];
}

static int flow_start(struct flow *flow, unsigned int slot)
{
	uint8_t *data = flow->memory + slot * LENGTH;
	struct winusb_transfer transfer;
	uint32_t counter = flow->counter;
	int result;

	if (!flow_is_in(flow))
		isoch_fill(data, PACKETS, BYTES, &counter);
	transfer = isoch_transfer(handle, flow->pipe, flow->id, slot * LENGTH, LENGTH,
				  flow_packets(flow, slot), PACKETS,
				  slot + (flow_is_in(flow) ? 0 : DEPTH));
	result = isoch_start(fd, &transfer, NULL);
	if (result)
		return result;
	if (!flow_is_in(flow))
		flow->counter = counter;
	flow->pending[slot] = true;
	return 0;
}

/* The board begins to count anew after a reset, and what was cancelled is lost. */
static bool storming;

static void flow_resume(struct flow *flow, unsigned int slot)
{
	const struct winusb_isoch_packet *packet = flow_packets(flow, slot);
	struct iso_header header;
	unsigned int i;

	for (i = 0; i < PACKETS && (packet[i].status || !packet[i].length); i++)
		;
	if (i < PACKETS &&
	    iso_check(flow->memory + slot * LENGTH + packet[i].offset, packet[i].length, &header))
		flow->counter = header.counter;
}

static void flow_take(struct flow *flow, const struct winusb_completion *record)
{
	unsigned int slot = record->cookie % DEPTH, i;
	const struct winusb_isoch_packet *packet = flow_packets(flow, slot);
	unsigned int errors = 0;
	uint32_t length = 0;

	if (!flow->pending[slot])
		FAIL("transfer %u of pipe 0x%02x is done twice", slot, flow->pipe);
	flow->pending[slot] = false;
	for (i = 0; i < PACKETS; i++) {
		length += packet[i].length;
		if (!packet[i].status)
			flow->moved++;
		else if (packet[i].status == WINUSB_PACKET_LATE)
			flow->late++;
		else
			flow->failed++;
		errors += !!packet[i].status;
	}
	CHECK_EQ(record->isoch_errors, errors);
	CHECK_EQ(record->length, length);
	if (!flow_is_in(flow))
		return;
	if (storming)
		flow_resume(flow, slot);
	isoch_check(flow->memory + slot * LENGTH, packet, PACKETS, BYTES, &flow->counter);
}

static struct flow in, out;

static void take(const struct winusb_completion *record)
{
	CHECK(record->cookie < 2 * DEPTH);
	flow_take(record->cookie < DEPTH ? &in : &out, record);
}

static bool anything_pending(void)
{
	unsigned int i;

	for (i = 0; i < DEPTH; i++)
		if (in.pending[i] || out.pending[i])
			return true;
	return false;
}

/* Storm */

static void do_unplug(void)
{
	board_pull(iso);
}

static void do_unbind(void)
{
	CHECK_OK(interface_unbind(board_node(iso, 0)));
	interface_changed();
}

static void do_reset(void)
{
	int result = node_reset_device(fd, handle);

	CHECK(result == 0 || result == -EBUSY || result == -EIO || result == -ENODEV);
}

static void do_close(void)
{
}

static void do_unregister(void)
{
	CHECK_OK(node_abort(fd, handle, ISO_IN));
	CHECK_OK(isoch_unregister(fd, in.id));
	CHECK_OK(node_abort(fd, handle, ISO_OUT));
	CHECK_OK(isoch_unregister(fd, out.id));
}

static void do_abort(void)
{
	CHECK_OK(node_abort(fd, handle, rand() % 2 ? ISO_IN : ISO_OUT));
}

static void do_cancel(void)
{
	async_cancel(fd, rand() % (2 * DEPTH), NULL);
	async_cancel_all(fd, NULL);
}

static void do_setting(void)
{
	int result = node_set_setting(fd, handle, ISO_ALT_LARGE);

	CHECK(result == 0 || result == -EBUSY);
}

static const struct {
	const char *name;
	void (*run)(void);
	bool leaves;	/* the board, or we, are gone afterwards */
} enders[] = {
	{ "unplug", do_unplug, true }, { "unbind", do_unbind, true }, { "reset", do_reset, false },
	{ "close", do_close, true }, { "unregister", do_unregister, true },
	{ "abort", do_abort, false }, { "cancel", do_cancel, false },
	{ "setting", do_setting, false },
};

static bool keep_feeding, refused;

/* Takes what is done and starts it again, until there is nothing to be started. */
static void *feed_main(void *unused)
{
	struct winusb_completion record;
	ssize_t n;

	for (;;) {
		n = read(fd, &record, sizeof(record));
		if (n != sizeof(record))
			break;
		take(&record);
		if (!__atomic_load_n(&keep_feeding, __ATOMIC_RELAXED) && !anything_pending())
			break;
		if (!__atomic_load_n(&keep_feeding, __ATOMIC_RELAXED) || refused)
			continue;
		if (flow_start(record.cookie < DEPTH ? &in : &out, record.cookie % DEPTH)) {
			refused = true;
			if (!anything_pending())
				break;
		}
	}
	return unused;
}

static void one_cycle(unsigned int cycle)
{
	unsigned int which = rand() % ARRAY_SIZE(enders), i;
	bool map = rand() % 2;
	pthread_t feeder;

	if (!board_configured(iso) || node_open(board_node(iso, 0), O_RDONLY) < 0)
		board_plug(iso);
	open_iso();
	flow_open(&in, ISO_IN, map);
	flow_open(&out, ISO_OUT, map);
	refused = false;
	__atomic_store_n(&keep_feeding, true, __ATOMIC_RELAXED);
	for (i = 0; i < DEPTH; i++) {
		CHECK_OK(flow_start(&in, i));
		CHECK_OK(flow_start(&out, i));
	}
	CHECK_EQ(pthread_create(&feeder, NULL, feed_main, NULL), 0);
	usleep(rand() % 60000);
	enders[which].run();
	if (!enders[which].leaves)
		usleep(rand() % 30000);
	__atomic_store_n(&keep_feeding, false, __ATOMIC_RELAXED);
	if (which == 0)
		board_wait_gone(iso);
	/* All that is left ends by itself, or with the close. */
	if (enders[which].run == do_close || rand() % 4 == 0) {
		pthread_cancel(feeder);
		CHECK_EQ(pthread_join(feeder, NULL), 0);
	} else {
		node_abort(fd, handle, ISO_IN);
		node_abort(fd, handle, ISO_OUT);
		if (anything_pending())
			async_cancel_all(fd, NULL);
		for (i = 0; i < 1000 * test_scale() && anything_pending(); i++)
			test_sleep_ms(10);
		if (anything_pending())
			FAIL("cycle %u: after %s something is pending for ever", cycle,
			     enders[which].name);
		pthread_cancel(feeder);
		CHECK_EQ(pthread_join(feeder, NULL), 0);
	}
	if (in.map) {
		CHECK_EQ(munmap(in.memory, DEPTH * LENGTH), 0);
		CHECK_EQ(munmap(out.memory, DEPTH * LENGTH), 0);
	}
	CHECK_EQ(close(fd), 0);
	if (which == 1)
		CHECK_OK(interface_bind(board_node(iso, 0), "winusb"));
}

TEST_LIMIT(streams_end_in_any_way, 1800)
{
	unsigned int cycles = number_of("CYCLES", 20), seed = number_of("SEED", getpid()), i;

	if (!test_own_kernel())
		test_skip("vhci_hcd of this kernel loses URBs whose unlink meets their end");
	srand(seed);
	storming = true;
	test_note("SEED=%u CYCLES=%u", seed, cycles);
	for (i = 0; i < cycles; i++) {
		one_cycle(i);
		if (i % 50 == 49)
			test_note("%u cycles", i + 1);
	}
}

/* Soak */

static pid_t hog(void)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		alarm(3600);
		for (;;)
			__asm__ volatile("");
	}
	return pid;
}

/*
 * IN: the board counts the packets that it sent, so a lost one would be missing. OUT: the board
 * counts what came, so each packet that we believe sent has arrived, once.
 */
TEST_LIMIT(every_packet_is_accounted_for, 1800)
{
	unsigned int seconds = number_of("SECONDS", 10), i;
	struct winusb_completion record;
	unsigned long long taken = 0;
	uint64_t end, next_note;
	struct iso_stats stats;
	int status;
	pid_t pid;

	open_iso();
	flow_open(&in, ISO_IN, false);
	flow_open(&out, ISO_OUT, true);
	pid = hog();
	for (i = 0; i < DEPTH; i++) {
		CHECK_OK(flow_start(&in, i));
		CHECK_OK(flow_start(&out, i));
	}
	end = test_now_ms() + seconds * 1000;
	next_note = test_now_ms() + 10000;
	while (anything_pending()) {
		record = async_wait(fd);
		if (record.status && record.status != -EIO)
			FAIL("a transfer ended with %s", test_errno(record.status));
		take(&record);
		taken++;
		if (test_now_ms() < end)
			CHECK_OK(flow_start(record.cookie < DEPTH ? &in : &out,
					    record.cookie % DEPTH));
		if (test_now_ms() > next_note) {
			test_note("%llu transfers, %u s to go", taken,
				  (unsigned int)(end > test_now_ms() ?
						 (end - test_now_ms()) / 1000 : 0));
			next_note += 10000;
		}
	}
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	isoch_stats(fd, handle, &stats);
	test_note("in: %llu packets, %llu late; out: %llu packets, %llu late, %u arrived",
		  in.moved, in.late, out.moved, out.late, stats.good);
	CHECK_EQ(in.failed, 0);
	CHECK_EQ(out.failed, 0);
	CHECK_EQ(in.counter, in.moved);		/* each was delivered, once */
	CHECK_EQ(stats.bad, 0);
	CHECK_EQ(stats.duplicates, 0);
	CHECK_EQ(stats.good, out.moved);
	CHECK_EQ(stats.missing, out.late);
	CHECK(in.moved > seconds * 1000);
}
