// SPDX-License-Identifier: MIT
/*
 * What wakes a device and what does not, and what comes first when it is awake again. Part of the
 * program sleeping.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sleeping.h"
#include "test.h"

/* Of the composite board, which is one function here. */
static uint32_t settings, loopback;
static uint8_t data[512];

static void do_write(void)
{
	CHECK_OK(node_transfer(fd, handle, 0x01, "x", 1, NULL));
}

static void do_write_nothing(void)
{
	CHECK_OK(node_transfer(fd, handle, 0x01, NULL, 0, NULL));
}

static void do_write_elsewhere(void)
{
	CHECK_OK(node_transfer(fd, loopback, 0x07, "x", 1, NULL));
}

static void do_read(void)
{
	CHECK_OK(async_start(fd, handle, 0x81, data, 64, 1));
}

static void do_raw_read(void)
{
	CHECK_OK(node_set_policy(fd, handle, 0x81, WINUSB_POLICY_RAW_IO, 1));
	CHECK_OK(async_start(fd, handle, 0x81, data, 512, 1));
}

static void do_control_in(void)
{
	CHECK_OK(node_control(fd, handle, 0xc0, 0xe1, 5, 0, 64, data, 64, NULL));
}

static void do_control_out(void)
{
	CHECK_OK(node_control(fd, handle, 0x40, 0xe5, 0, 0, 1, data, 1, NULL));
}

static void do_string(void)
{
	CHECK_OK(node_descriptor(fd, handle, 3, 1, 0x0409, data, 255, NULL));
}

static void do_string_of_a_listener(void)
{
	int listener = node_open(board_node(composite, 0), O_RDONLY);

	CHECK_OK(listener);
	CHECK_OK(node_descriptor(listener, 0, 3, 1, 0x0409, data, 255, NULL));
	close(listener);
}

static void do_setting(void)
{
	CHECK_OK(node_set_setting(fd, settings, 1));
}

static void do_reset_pipe(void)
{
	CHECK_OK(node_reset_pipe(fd, handle, 0x81));
}

static void do_clear_feature(void)
{
	CHECK_OK(node_control(fd, handle, 0x02, 1, 0, 0x81, 0, NULL, 0, NULL));
}

static void do_reset_device(void)
{
	CHECK_OK(node_reset_device(fd, handle));
}

struct action {
	const char *label;
	void (*run)(void);
};

static const struct action wakers[] = {
	{ "write", do_write }, { "write_of_0_bytes", do_write_nothing },
	{ "write_by_an_associated_handle", do_write_elsewhere },
	{ "read", do_read }, { "RAW_IO_read", do_raw_read },
	{ "control_IN", do_control_in }, { "control_OUT", do_control_out },
	{ "string_descriptor", do_string },
	{ "descriptor_for_a_listener", do_string_of_a_listener },
	{ "SET_ALTERNATE_SETTING", do_setting }, { "RESET_PIPE", do_reset_pipe },
	{ "CLEAR_FEATURE", do_clear_feature }, { "RESET_DEVICE", do_reset_device },
};

static void open_composite(void)
{
	open_board(composite);
	CHECK_OK(node_associated(fd, handle, 1, &settings));
	CHECK_OK(node_associated(fd, handle, 2, &loopback));
}

/* What only begins when it is given returns before the device is awake. */
static void wait_resumed(unsigned long long before)
{
	board_do(composite, "wait statuses %llu %u", before + 1, 2000 * test_scale());
}

TEST_EACH(wake_3_3_it_is_resumed_and_then_it_is_done, struct action, row, wakers)
{
	unsigned long long resumes;

	open_composite();
	WAIT_ASLEEP(composite);
	resumes = pm_resumes(composite);
	row->run();
	wait_resumed(resumes);
	WAIT_ASLEEP(composite);
	CHECK_EQ(pm_resumes(composite), resumes + 1);
}

/* What needs nothing from the device works, and leaves it asleep. */

static void do_abort(void)
{
	CHECK_OK(node_abort(fd, handle, 0x81));
	async_expect(fd, 1, -ECANCELED, 0);
}

static void do_cancel(void)
{
	uint32_t count;

	CHECK_OK(async_cancel(fd, 1, &count));
	CHECK_EQ(count, 1);
	async_expect(fd, 1, -ECANCELED, 0);
}

static void do_cancel_all(void)
{
	CHECK_OK(async_cancel_all(fd, NULL));
	async_expect(fd, 1, -ECANCELED, 0);
}

static void do_flush(void)
{
	CHECK_OK(node_flush(fd, handle, 0x81));
	CHECK_OK(node_flush(fd, loopback, 0x87));
}

static void do_pipe_policy(void)
{
	uint32_t value;

	CHECK_OK(node_set_policy(fd, handle, 0x81, WINUSB_POLICY_AUTO_FLUSH, 1));
	CHECK_OK(node_get_policy(fd, handle, 0x81, WINUSB_POLICY_AUTO_FLUSH, &value));
	CHECK_EQ(value, 1);
	CHECK_OK(node_timeout(fd, handle, 0x81, 60000));
}

static void do_power_policy(void)
{
	uint32_t value;

	CHECK_OK(node_set_power(fd, handle, WINUSB_POWER_AUTO_SUSPEND, 1));
	CHECK_OK(node_set_power(fd, handle, WINUSB_POWER_SUSPEND_DELAY, 60));
	CHECK_OK(node_get_power(fd, handle, WINUSB_POWER_SUSPEND_DELAY, &value));
	CHECK_EQ(value, 60);
}

static void do_query(void)
{
	struct winusb_query_pipe pipe;
	struct winusb_query query;
	uint8_t setting;
	uint32_t speed;

	CHECK_OK(node_query(fd, &query));
	CHECK_OK(node_query_pipe(fd, settings, 1, 0, &pipe));
	CHECK_OK(node_settings(fd, settings, 1, data));
	CHECK_OK(node_get_setting(fd, settings, &setting));
	CHECK_OK(node_speed(fd, handle, &speed));
}

static void do_cached_descriptor(void)
{
	CHECK_OK(node_descriptor(fd, handle, 1, 0, 0, data, 18, NULL));
	CHECK_OK(node_descriptor(fd, handle, 2, 0, 0, data, sizeof(data), NULL));
}

static void do_handles(void)
{
	uint32_t other;

	CHECK_OK(node_initialize(fd, &other));
	CHECK_OK(node_free(fd, other));
	CHECK_OK(node_free(fd, settings));
	CHECK_OK(node_associated(fd, handle, 1, &settings));
}

static void do_state(void)
{
	static const uint8_t guid[16] = { 1 };
	int events = eventfd(0, EFD_CLOEXEC);

	CHECK_OK(async_eventfd(fd, events));
	CHECK_OK(node_set_enabled(fd, handle, 0));
	CHECK_OK(node_set_enabled(fd, handle, 1));
	CHECK_OK(node_post(fd, handle, guid, data, 5));
}

static void do_listener(void)
{
	int listener = node_open(board_node(composite, 0), O_RDONLY);

	CHECK_OK(listener);
	CHECK_OK(node_listen(listener, WINUSB_LISTEN_CUSTOM));
	CHECK_OK(node_descriptor(listener, 0, 1, 0, 0, data, 18, NULL));
	close(listener);
}

static void do_read_of_0_bytes(void)
{
	CHECK_OK(node_transfer(fd, loopback, 0x87, NULL, 0, &moved));
	CHECK_EQ(moved, 0);
}

static void do_refused(void)
{
	CHECK_ERR(node_transfer(fd, handle, 0x87, data, 64, &moved), EINVAL);
	CHECK_ERR(node_transfer(fd, handle, 0x0f, data, 64, &moved), EINVAL);
	CHECK_ERR(node_transfer(fd, handle, 0x01, NULL, 64, &moved), EFAULT);
	CHECK_ERR(node_control(fd, handle, 0x00, 9, 1, 0, 0, NULL, 0, NULL), EACCES);
}

static void do_queued_read(void)
{
	unsigned long long resumes = pm_resumes(composite);

	CHECK_OK(async_start(fd, handle, 0x81, data + 256, 64, 2));
	wait_resumed(resumes);
	WAIT_ASLEEP(composite);
}

static const struct action sleepers[] = {
	{ "ABORT_PIPE", do_abort }, { "CANCEL", do_cancel }, { "CANCEL_ALL", do_cancel_all },
	{ "FLUSH_PIPE", do_flush }, { "pipe_policy", do_pipe_policy },
	{ "power_policy", do_power_policy }, { "queries", do_query },
	{ "cached_descriptors", do_cached_descriptor }, { "handles", do_handles },
	{ "state_events_and_eventfd", do_state }, { "a_listener", do_listener },
	{ "a_read_of_0_bytes", do_read_of_0_bytes }, { "transfers_that_are_refused", do_refused },
};

TEST_EACH(wake_3_3_what_needs_nothing_from_the_device_leaves_it_asleep, struct action, row,
	  sleepers)
{
	open_composite();
	CHECK_OK(async_start(fd, handle, 0x81, data, 64, 1));
	wait_withdrawn(composite, 0x81);
	board_do(composite, "reset-counters");
	row->run();
	STAYS_ASLEEP(composite, 150);
	CHECK_EQ(board_requests(composite), 0);
}

TEST(wake_3_3_a_read_behind_others_wakes_it_and_it_sleeps_again)
{
	open_composite();
	CHECK_OK(async_start(fd, handle, 0x81, data, 64, 1));
	wait_withdrawn(composite, 0x81);
	do_queued_read();
	CHECK_OK(node_transfer(fd, handle, 0x01, "first", 5, NULL));
	CHECK_OK(node_transfer(fd, handle, 0x01, "second", 6, NULL));
	async_expect(fd, 1, 0, 5);
	async_expect(fd, 2, 0, 6);
	CHECK_MEM(data + 256, "second", 6);
}

TEST(wake_open_and_close_leave_it_asleep)
{
	unsigned long long resumes;

	board_value(composite, "plugged");
	WAIT_ASLEEP(composite);
	resumes = pm_resumes(composite);
	fd = node_open(board_node(composite, 0), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	close(fd);
	CHECK_EQ(pm_resumes(composite), resumes);
	STAYS_ASLEEP(composite, 100);
}

/* winusb.md 2.2, RESET_PIPE_ON_RESUME: before anything else */

static void reset_on_resume(uint8_t pipe, uint32_t value)
{
	CHECK_OK(node_set_policy(fd, handle, pipe, WINUSB_POLICY_RESET_PIPE_ON_RESUME, value));
}

TEST(wake_2_2_RESET_PIPE_ON_RESUME_comes_before_any_transfer)
{
	const char *story;

	open_board(fx2);
	reset_on_resume(FX2_BULK_IN, 1);
	reset_on_resume(FX2_BULK_OUT, 1);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data, 64, 1));
	CHECK_OK(async_start(fd, handle, FX2_SWITCHES, data + 256, 64, 2));
	wait_withdrawn(fx2, FX2_BULK_IN);
	board_do(fx2, "reset-counters");
	feed("first");
	async_expect(fd, 1, 0, 5);
	story = journal(fx2);
	CHECK(place_of(story, "request:0201000088000000") < place_of(story, "urb:"));
	CHECK(place_of(story, "request:0201000006000000") < place_of(story, "urb:"));
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "clears"), 1);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "clears"), 1);
	CHECK_EQ(board_counter(fx2, FX2_SWITCHES, "clears"), 0);
}

TEST(wake_2_2_RESET_PIPE_ON_RESUME_ends_a_halt)
{
	open_board(fx2);
	reset_on_resume(FX2_BULK_IN, 1);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data, 64, 1));
	wait_withdrawn(fx2, FX2_BULK_IN);
	board_do(fx2, "stall 0x88");
	feed("cleared");
	async_expect(fd, 1, 0, 7);
	CHECK_MEM(data, "cleared", 7);
	/* Without it the halt is there. */
	reset_on_resume(FX2_BULK_IN, 0);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data, 64, 2));
	wait_withdrawn(fx2, FX2_BULK_IN);
	board_do(fx2, "stall 0x88");
	wake();
	async_expect(fd, 2, -EPIPE, 0);
}

TEST(wake_2_2_without_RESET_PIPE_ON_RESUME_nothing_is_reset)
{
	open_board(fx2);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data, 64, 1));
	wait_withdrawn(fx2, FX2_BULK_IN);
	feed("first");
	async_expect(fd, 1, 0, 5);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "clears"), 0);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "clears"), 0);
}

TEST(wake_2_2_RESET_PIPE_ON_RESUME_is_for_pipes_of_every_interface)
{
	open_composite();
	CHECK_OK(node_set_policy(fd, loopback, 0x87, WINUSB_POLICY_RESET_PIPE_ON_RESUME, 1));
	WAIT_ASLEEP(composite);
	board_do(composite, "reset-counters");
	do_write_elsewhere();
	CHECK_EQ(board_counter(composite, 0x87, "clears"), 1);
	CHECK_EQ(board_counter(composite, 0x81, "clears"), 0);
}

/* A bad device */

struct bad {
	const char *label;
	const char *option;
	unsigned int seconds;	/* the wake takes at most */
};

static const struct bad bad_clears[] = {
	{ "is_stalled", "stall-standard=0x0201", 4 },
	{ "is_not_answered_once", "silent-standard=0x0201:1", 8 },
	{ "is_never_answered", "silent-standard=0x0201", 8 },
};

TEST_EACH(wake_bad_CLEAR_FEATURE_at_resume, struct bad, row, bad_clears)
{
	struct winusb_completion record;
	uint64_t start;

	open_board(fx2);
	reset_on_resume(FX2_BULK_IN, 1);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data, 64, 1));
	wait_withdrawn(fx2, FX2_BULK_IN);
	board_set(fx2, row->option);
	start = test_now_ms();
	feed("hello");
	if (test_now_ms() > start + row->seconds * 1000 * test_scale())
		FAIL("the write took %llu ms", (unsigned long long)(test_now_ms() - start));
	/* The read goes on, or it says what went wrong. */
	record = async_wait(fd);
	test_note("%llu ms, and the read: %s, %u bytes",
		  (unsigned long long)(test_now_ms() - start), test_errno(record.status),
		  record.length);
	CHECK(!record.status || record.status == -EPIPE || record.status == -EIO ||
	      record.status == -ETIMEDOUT);
	if (!record.status)
		CHECK_MEM(data, "hello", 5);
	board_set(fx2, "stall-standard=off");
	board_set(fx2, "silent-standard=off");
	CHECK_OK(node_reset_pipe(fd, handle, FX2_BULK_IN));
	if (record.status)
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, data, 64, &moved));
	feed("again");
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, data, 64, &moved));
	CHECK_MEM(data, "again", 5);
}

TEST(wake_a_device_that_forgot_its_setting_fails_until_it_is_set_again)
{
	open_composite();
	CHECK_OK(node_set_setting(fd, settings, 1));
	CHECK_OK(async_start(fd, settings, 0x84, data, 64, 1));
	wait_withdrawn(composite, 0x84);
	board_do(composite, "forget");
	CHECK_ERR(node_transfer(fd, settings, 0x04, "x", 1, NULL), EPROTO);
	async_expect(fd, 1, -EPROTO, 0);
	CHECK_OK(node_set_setting(fd, settings, 1));
	CHECK_OK(node_transfer(fd, settings, 0x04, "works", 5, NULL));
	CHECK_OK(node_transfer(fd, settings, 0x84, data, 64, &moved));
	CHECK_EQ(moved, 5);
}

/* SUSPEND_DELAY 0 */

TEST_LIMIT(wake_SUSPEND_DELAY_0_with_constant_traffic_is_bounded, 30)
{
	unsigned long long before, resumes;
	unsigned int trips = 0;
	char out[32];
	uint64_t end;

	open_board(fx2);
	CHECK_OK(node_set_power(fd, handle, WINUSB_POWER_SUSPEND_DELAY, 0));
	before = pm_resumes(fx2);
	for (end = test_now_ms() + 3000; test_now_ms() < end; trips++) {
		snprintf(out, sizeof(out), "trip %u", trips);
		feed(out);
		CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data, 64, trips));
		/* The board may have the answer and cannot wake its host: other traffic does. */
		while (!async_ready(fd, 20))
			wake();
		async_expect(fd, trips, 0, strlen(out));
		CHECK_MEM(data, out, strlen(out));
	}
	resumes = pm_resumes(fx2) - before;
	test_note("%u round trips and %llu sleeps in 3 s", trips, resumes);
	/* A resume has a pause of 40 ms by the standard. */
	CHECK(resumes <= 3 * 25);
	CHECK(trips > 2);	/* 40 or so, where nothing else runs */
}

TEST(wake_SUSPEND_DELAY_0_with_a_pending_read_does_not_flap)
{
	open_board(fx2);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data, 64, 1));
	CHECK_OK(node_set_power(fd, handle, WINUSB_POWER_SUSPEND_DELAY, 0));
	wait_withdrawn(fx2, FX2_BULK_IN);
	STAYS_ASLEEP(fx2, 1000);
	async_expect_none(fd);
}

TEST(wake_the_device_is_said_to_be_blocked_by_none_while_it_sleeps)
{
	long long slept;

	open_board(fx2);
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, data, 64, 1));
	wait_withdrawn(fx2, FX2_BULK_IN);
	CHECK_BLOCKED(fx2, 0, "none");
	slept = pm_value(fx2, "power/runtime_suspended_time");
	test_sleep_ms(300);
	CHECK(pm_value(fx2, "power/runtime_suspended_time") >= slept + 200);
	CHECK(pm_asleep(fx2));
}

/* It is not one that wakes for nothing, which is left awake for ten seconds. */

static void wake_often(void (*run)(void))
{
	unsigned int i;

	open_composite();
	for (i = 0; i < 20; i++) {
		WAIT_ASLEEP(composite);
		run();
	}
	WAIT_ASLEEP(composite);
}

static void do_write_and_read_elsewhere(void)
{
	CHECK_OK(node_transfer(fd, loopback, 0x07, "x", 1, NULL));
	CHECK_OK(node_transfer(fd, loopback, 0x87, data, 64, NULL));
}

TEST_LIMIT(wake_20_times_for_transfers_of_one_interface_and_it_sleeps_each_time, 40)
{
	wake_often(do_write_and_read_elsewhere);
}

TEST_LIMIT(wake_20_times_for_commands_and_it_sleeps_each_time, 40)
{
	wake_often(do_reset_pipe);
}
