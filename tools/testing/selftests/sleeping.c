// SPDX-License-Identifier: MIT
/*
 * Sleep that no program notices: winusb.md 3.3. Reads that wait do not keep the device awake, are
 * withdrawn, and go on where they were; nothing is lost, doubled, or out of its order.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "sleeping.h"
#include "test.h"

struct board *fx2, *composite;
int fd;
uint32_t handle, moved;

const struct way ways[WAYS] = {
	{ "blocking", DOOR_BLOCKING }, { "async", DOOR_ASYNC }, { "submit", DOOR_SUBMIT },
	{ "uring", DOOR_URING }, { "uring_fixed", DOOR_FIXED },
};

static uint8_t in[16][4096];
static struct trip trips[16];

void test_setup(void)
{
	fx2 = board_add("fx2");
	composite = board_add("composite");
	board_spread(fx2);
	board_spread(composite);
	boards_start();
	pm_allow(fx2, WHOLE, IDLE);
	pm_allow(composite, WHOLE, IDLE);
	board_plug(fx2);
	pm_require(fx2);
	board_plug(composite);
	boards_keep();
}

void open_board(struct board *board)
{
	fd = node_open(board_node(board, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	wake();
}

void feed_bytes(const void *data, uint32_t length)
{
	int result;

	/* What a ring that this thread had has still to do ends a write that does not end soon. */
	do {
		result = node_transfer(fd, handle, FX2_BULK_OUT, (void *)(uintptr_t)data, length,
				       &moved);
	} while (result == -EINTR && !moved);
	CHECK_OK(result);
	CHECK_EQ(moved, length);
}

void feed(const char *text)
{
	feed_bytes(text, strlen(text));
}

void wake(void)
{
	uint8_t byte;

	/* A request that both boards know. */
	CHECK_OK(node_control(fd, handle, 0x80, 8, 0, 0, 1, &byte, 1, NULL));
}

void wait_withdrawn(struct board *board, uint8_t pipe)
{
	/* It may have been asleep when it got them, and not be awake yet. */
	wake();
	WAIT_ASLEEP(board);
	CHECK_EQ(board_counter(board, pipe, "pending"), 0);
}

const char *journal(struct board *board)
{
	return board_do(board, "journal 128");
}

long place_of(const char *text, const char *what)
{
	const char *place = strstr(text, what);

	if (!place)
		FAIL("no %s in what the board saw: %s", what, text);
	return place - text;
}

static void expect_text(struct trip *trip, const char *text)
{
	CHECK_OK(door_wait(trip));
	CHECK_EQ(trip->moved, strlen(text));
	CHECK_MEM(trip->buffer, text, strlen(text));
}

static void enter(enum door door)
{
	open_board(fx2);
	door_enter(door, fd, handle);
}

TEST_EACH(sleep_3_3_a_pending_read_does_not_keep_the_device_awake, struct way, way, ways)
{
	enter(way->door);
	door_start_read(&trips[0], FX2_BULK_IN, in[0], 64);
	wait_withdrawn(fx2, FX2_BULK_IN);
	STAYS_ASLEEP(fx2, 200);
	CHECK(!door_done(&trips[0]));
	feed("hello");
	expect_text(&trips[0], "hello");
	WAIT_ASLEEP(fx2);
}

TEST_EACH(sleep_3_3_queued_reads_go_on_in_their_order, struct way, way, ways)
{
	static const char *const texts[] = {
		"zero", "one", "two", "three", "four", "five", "six", "seven",
	};
	unsigned int i;

	enter(way->door);
	for (i = 0; i < 8; i++)
		door_start_read(&trips[i], FX2_BULK_IN, in[i], 64);
	for (i = 0; i < 8; i++) {
		/* Asleep before every second of them. */
		if (!(i & 1))
			wait_withdrawn(fx2, FX2_BULK_IN);
		feed(texts[i]);
		if (i & 1) {
			expect_text(&trips[i - 1], texts[i - 1]);
			expect_text(&trips[i], texts[i]);
		}
	}
}

TEST_EACH(sleep_3_3_RAW_IO_reads_go_on_in_their_order, struct way, way, ways)
{
	char text[32], urb[32];
	long place, last = -1;
	const char *story;
	unsigned int i;

	enter(way->door);
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_IN, WINUSB_POLICY_RAW_IO, 1));
	for (i = 0; i < 8; i++)
		door_start_read(&trips[i], FX2_BULK_IN, in[i], 512 * (i + 1));
	wait_withdrawn(fx2, FX2_BULK_IN);
	board_do(fx2, "reset-counters");
	wake();
	board_wait_counter(fx2, FX2_BULK_IN, "urbs", 8);
	story = journal(fx2);
	for (i = 0; i < 8; i++) {
		snprintf(urb, sizeof(urb), "urb:0x88:%u", 512 * (i + 1));
		place = place_of(story, urb);
		CHECK(place > last);
		last = place;
	}
	for (i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "raw read %u", i);
		feed(text);
		expect_text(&trips[i], text);
	}
}

TEST_EACH(sleep_3_3_an_interrupt_read_goes_on, struct way, way, ways)
{
	enter(way->door);
	door_start_read(&trips[0], FX2_SWITCHES, in[0], 64);
	wait_withdrawn(fx2, FX2_SWITCHES);
	/* The board has something, and cannot say so: its host is woken by other traffic. */
	board_do(fx2, "push 0x81 5a");
	STAYS_ASLEEP(fx2, 200);
	wake();
	CHECK_OK(door_wait(&trips[0]));
	CHECK_EQ(trips[0].moved, 1);
	CHECK_EQ(in[0][0], 0x5a);
}

TEST_EACH(sleep_3_3_a_write_that_wakes_is_sent_once, struct way, way, ways)
{
	char out[] = "written while asleep";

	enter(way->door);
	WAIT_ASLEEP(fx2);
	CHECK_OK(door_move(FX2_BULK_OUT, out, strlen(out), &moved));
	CHECK_EQ(moved, strlen(out));
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "urbs"), 1);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "bytes"), strlen(out));
	WAIT_ASLEEP(fx2);
	CHECK_OK(door_move(FX2_BULK_IN, in[0], 64, &moved));
	CHECK_EQ(moved, strlen(out));
	CHECK_MEM(in[0], out, strlen(out));
}

TEST_EACH(sleep_3_3_a_pending_write_keeps_it_awake, struct way, way, ways)
{
	struct trip trip = { .pipe = FX2_BULK_OUT, .buffer = in[0], .length = 2048 };

	/* A part of it moves, and then nothing for longer than the delay. */
	board_set(fx2, "silent=0x06:always:1024");
	enter(way->door);
	door_start(&trip);
	board_wait_pending(fx2, FX2_BULK_OUT, 1);
	STAYS_AWAKE(fx2, 6 * IDLE);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "unlinked"), 0);
	board_set(fx2, "silent=0x06:never");
	CHECK_OK(door_wait(&trip));
	CHECK_EQ(trip.moved, 2048);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "bytes"), 2048);
	WAIT_ASLEEP(fx2);
}

TEST_EACH(sleep_3_3_a_pending_control_transfer_keeps_it_awake, struct way, way, ways)
{
	struct trip trip = { .buffer = in[0], .length = 1 };

	enter(way->door);
	board_set(fx2, "delay=0:1000");
	node_setup(trip.setup, 0xc0, FX2_GET_7SEG, 0, 0, 1);
	door_start(&trip);
	STAYS_AWAKE(fx2, 200);
	CHECK_OK(door_wait(&trip));
	WAIT_ASLEEP(fx2);
}

/* The idle clock starts at the last transfer. */
TEST(sleep_3_3_writes_and_control_transfers_start_the_clock_anew)
{
	uint64_t end;
	unsigned int i = 0;

	open_board(fx2);
	CHECK_OK(node_set_power(fd, handle, WINUSB_POWER_SUSPEND_DELAY, 2000));
	wake();
	for (end = test_now_ms() + 2500; test_now_ms() < end; i++) {
		if (i & 1)
			wake();
		else
			feed("x");
		STAYS_AWAKE(fx2, 100);
	}
	/* And not before it is over. */
	STAYS_AWAKE(fx2, 600);
	WAIT_ASLEEP(fx2);
}

/* Bytes that a read has when it is withdrawn stay in it. */

struct part {
	const char *label;
	bool ignore_short, raw;
	uint32_t length;	/* asked for */
	uint32_t pieces[6];	/* arrive with a sleep in between */
	uint32_t moved;
};

static const struct part parts[] = {
	{ "IGNORE_SHORT_PACKETS_off", false, false, 4000, { 512, 512, 1024, 7 }, 2055 },
	{ "IGNORE_SHORT_PACKETS_off_and_full", false, false, 1536, { 512, 512, 512 }, 1536 },
	{ "IGNORE_SHORT_PACKETS_on", true, false, 1000, { 100, 512, 1, 287, 100 }, 1000 },
	{ "IGNORE_SHORT_PACKETS_on_full_packets", true, false, 2048, { 512, 1024, 512 }, 2048 },
	{ "RAW_IO", false, true, 2048, { 512, 1024, 9 }, 1545 },
	{ "RAW_IO_and_full", false, true, 1536, { 1024, 512 }, 1536 },
	{ "a_length_that_is_rounded_up", false, false, 1000, { 512, 488 }, 1000 },
};

TEST_EACH(sleep_3_3_what_a_withdrawn_read_has_stays_in_it, struct part, row, parts)
{
	static uint8_t out[4096];
	uint32_t sent = 0;
	unsigned int i;

	pattern(out, sizeof(out), 11);
	open_board(fx2);
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_IN, WINUSB_POLICY_IGNORE_SHORT_PACKETS,
				 row->ignore_short));
	CHECK_OK(node_set_policy(fd, handle, FX2_BULK_IN, WINUSB_POLICY_RAW_IO, row->raw));
	memset(in[0], 0, sizeof(in[0]));
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[0], row->length, 1));
	/* The one behind it gets what comes then. */
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[1], row->raw ? 512 : 6, 2));
	for (i = 0; i < 6 && row->pieces[i]; i++) {
		wait_withdrawn(fx2, FX2_BULK_IN);
		async_expect_none(fd);
		feed_bytes(out + sent, row->pieces[i]);
		sent += row->pieces[i];
	}
	async_expect(fd, 1, 0, row->moved);
	CHECK_MEM(in[0], out, row->moved);
	wait_withdrawn(fx2, FX2_BULK_IN);
	feed("behind");
	async_expect(fd, 2, 0, 6);
	CHECK_MEM(in[1], "behind", 6);
}

TEST(sleep_3_3_a_withdrawn_read_that_is_cancelled_has_its_bytes)
{
	static uint8_t out[512];

	pattern(out, sizeof(out), 12);
	open_board(fx2);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[0], 2048, 1));
	wait_withdrawn(fx2, FX2_BULK_IN);
	feed_bytes(out, sizeof(out));
	wait_withdrawn(fx2, FX2_BULK_IN);
	CHECK_OK(async_cancel(fd, 1, NULL));
	async_expect(fd, 1, -ECANCELED, sizeof(out));
	CHECK_MEM(in[0], out, sizeof(out));
	STAYS_ASLEEP(fx2, 100);
}

TEST(sleep_3_3_saved_data_stays)
{
	open_board(fx2);
	feed("saved data");
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in[0], 2, &moved));
	WAIT_ASLEEP(fx2);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in[0], 3, &moved));
	CHECK_MEM(in[0], "ved", 3);
	/* The rest of it is the head of a read that sleeps. */
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[0], 8, 1));
	wait_withdrawn(fx2, FX2_BULK_IN);
	async_expect_none(fd);
	feed("1234567");
	async_expect(fd, 1, 0, 8);
	CHECK_MEM(in[0], " data123", 8);
	WAIT_ASLEEP(fx2);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in[0], 4, &moved));
	CHECK_MEM(in[0], "4567", 4);
}

/* A timeout stands still while the read is withdrawn; the rest of it counts on. */

TEST_EACH(sleep_a_timeout_stands_still_while_the_read_is_withdrawn, struct way, way, ways)
{
	uint64_t woken;

	enter(way->door);
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 1000));
	door_start_read(&trips[0], FX2_BULK_IN, in[0], 64);
	wait_withdrawn(fx2, FX2_BULK_IN);
	STAYS_ASLEEP(fx2, 1500);
	CHECK(!door_done(&trips[0]));
	woken = test_now_ms();
	CHECK_OK(node_set_power(fd, handle, WINUSB_POWER_AUTO_SUSPEND, 0));
	WAIT_AWAKE(fx2);
	CHECK_ERR(door_wait(&trips[0]), ETIMEDOUT);
	if (test_own_kernel() && !test_debug_kernel()) {
		/* It was under way for some 50 ms before it slept. */
		CHECK(trips[0].ended_ms >= woken + 100);
		CHECK(trips[0].ended_ms <= woken + 4000);
	}
}

TEST(sleep_a_timeout_counts_on_over_several_sleeps)
{
	unsigned long long urbs;
	unsigned int sleeps = 0;

	open_board(fx2);
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 8 * IDLE));
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in[0], 64, 1));
	while (!async_ready(fd, 0)) {
		WAIT_ASLEEP(fx2);
		if (async_ready(fd, 0))
			break;
		urbs = board_counter(fx2, FX2_BULK_IN, "urbs");
		wake();
		if (++sleeps > 100)
			FAIL("no timeout in %u times of some %d ms", sleeps, IDLE);
		board_wait_counter(fx2, FX2_BULK_IN, "urbs", urbs + 1);
		while (!async_ready(fd, 0) && !pm_asleep(fx2))
			test_sleep_ms(1);
	}
	async_expect(fd, 1, -ETIMEDOUT, 0);
	test_note("%u sleeps", sleeps);
	CHECK(sleeps >= 2);
}

static void on_alarm(int number)
{
	(void)number;
}

TEST(sleep_a_signal_ends_a_blocking_read_and_does_not_wake_the_device)
{
	struct sigaction action = { .sa_handler = on_alarm };
	/* More than one: it may come before the read waits. */
	struct itimerval timer = { { 0, 900000 }, { 0, 900000 } };
	unsigned long long resumes;

	open_board(fx2);
	WAIT_ASLEEP(fx2);
	/* The read wakes it, and it falls asleep again before the signal comes. */
	resumes = pm_resumes(fx2);
	CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
	CHECK_EQ(setitimer(ITIMER_REAL, &timer, NULL), 0);
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in[0], 64, &moved), EINTR);
	timer = (struct itimerval){ 0 };
	CHECK_EQ(setitimer(ITIMER_REAL, &timer, NULL), 0);
	if (!test_own_kernel() || test_debug_kernel())
		return;
	CHECK(pm_asleep(fx2));
	CHECK_EQ(pm_resumes(fx2), resumes + 1);
}

TEST(sleep_3_3_alternate_settings_and_handles_stay)
{
	uint32_t settings, loopback;
	uint8_t setting;

	open_board(composite);
	CHECK_OK(node_associated(fd, handle, 1, &settings));
	CHECK_OK(node_associated(fd, handle, 2, &loopback));
	CHECK_OK(node_set_setting(fd, settings, 1));
	CHECK_OK(node_set_policy(fd, settings, 0x84, WINUSB_POLICY_IGNORE_SHORT_PACKETS, 1));
	CHECK_OK(async_start(fd, settings, 0x84, in[0], 10, 1));
	CHECK_OK(async_start(fd, loopback, 0x87, in[1], 10, 2));
	WAIT_ASLEEP(composite);
	CHECK_EQ(board_value(composite, "settings"), 1);
	CHECK_OK(node_transfer(fd, settings, 0x04, "12345", 5, NULL));
	WAIT_ASLEEP(composite);
	CHECK_OK(node_get_setting(fd, settings, &setting));
	CHECK_EQ(setting, 1);
	CHECK_OK(node_transfer(fd, loopback, 0x07, "other", 5, NULL));
	async_expect(fd, 2, 0, 5);
	WAIT_ASLEEP(composite);
	CHECK_OK(node_transfer(fd, settings, 0x04, "67890", 5, NULL));
	async_expect(fd, 1, 0, 10);
	CHECK_MEM(in[0], "1234567890", 10);
	CHECK_EQ(board_value(composite, "settings"), 1);
}

TEST(sleep_3_3_a_write_of_one_interface_keeps_the_others_awake_too)
{
	uint32_t loopback;

	board_set(composite, "silent=0x07:always");
	open_board(composite);
	CHECK_OK(node_associated(fd, handle, 2, &loopback));
	CHECK_OK(async_start(fd, loopback, 0x07, in[1], 64, 2));
	board_wait_pending(composite, 0x07, 1);
	CHECK_OK(async_start(fd, handle, 0x81, in[0], 64, 1));
	board_wait_pending(composite, 0x81, 1);
	STAYS_AWAKE(composite, 6 * IDLE);
	CHECK_EQ(board_counter(composite, 0x81, "unlinked"), 0);
	board_set(composite, "silent=0x07:never");
	async_expect(fd, 2, 0, 64);
	wait_withdrawn(composite, 0x81);
}
