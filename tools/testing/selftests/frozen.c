// SPDX-License-Identifier: MIT
/*
 * Threads that wait in the driver are frozen: as the system goes to sleep, as that is given up, and
 * by a control group. They go on waiting afterwards and do not know; no call ends with EINTR, let
 * alone with a number that is for the kernel only. The sleep of the system ends where all threads
 * are frozen (pm_test), so no device takes part in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "async.h"
#include "board.h"
#include "boards.h"
#include "node.h"
#include "slow.h"
#include "sysfs.h"
#include "test.h"

#define GROUPS "/tmp/frozen-groups"

static struct board *fx2;
static int fd;
static uint32_t handle, moved;

void test_setup(void)
{
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

/* All threads are frozen in MS, and thawed at once. Gives what the system says of that. */
static int freeze_all(const char *ms)
{
	if (access("/sys/power/pm_test", W_OK))
		test_skip("this kernel cannot go to sleep, or has no pm_test");
	CHECK_OK(file_write("/sys/power/pm_freeze_timeout", ms));
	CHECK_OK(file_write("/sys/power/pm_test", "freezer"));
	return file_write("/sys/power/state", "freeze");
}

struct wait_case {
	const char *label;
	uint8_t pipe;
};

static const struct wait_case waits[] = {
	{ "read", FX2_BULK_IN }, { "write", FX2_BULK_OUT }, { "control", 0 },
};

/* A thread that waits for the device until let_go(), or, for control, some seconds. */
static void start_wait(struct job *job, const struct wait_case *row)
{
	static uint8_t buffer[512];

	memset(job, 0, sizeof(*job));
	job->fd = fd;
	job->handle = handle;
	job->pipe = row->pipe;
	job->buffer = buffer;
	job->length = row->pipe ? sizeof(buffer) : 1;
	if (row->pipe == FX2_BULK_OUT)
		board_set(fx2, "silent=0x06:always");
	if (!row->pipe) {
		CHECK_OK(node_set_policy(fd, handle, 0, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, 0));
		job->setup[0] = 0x40;
		job->setup[1] = FX2_SET_BARGRAPH;
		job->setup[6] = 1;
		board_set(fx2, "delay=0:4000");
	}
	job_start_blocked(job);
}

static void let_go(const struct wait_case *row)
{
	if (row->pipe == FX2_BULK_IN)
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "data", 4, &moved));
	else if (row->pipe)
		board_set(fx2, "silent=0x06:never");
}

TEST_EACH(a_thread_that_waits_is_frozen_and_goes_on, struct wait_case, row, waits)
{
	struct job job;

	open_fx2();
	start_wait(&job, row);
	CHECK_OK(freeze_all("10000"));
	test_sleep_ms(200);
	CHECK(!job_done(&job));
	let_go(row);
	CHECK_OK(job_wait(&job, 10));
}

/* A thread that waits for a page can't be frozen, so the system stays awake. */
TEST_EACH(a_thread_goes_on_when_the_system_stays_awake_after_all, struct wait_case, row, waits)
{
	struct job job, slow_job = { .pipe = FX2_SWITCHES, .length = 64 };

	slow_job.buffer = slow_open(SLOW_USERFAULTFD);
	open_fx2();
	start_wait(&job, row);
	slow_job.fd = fd;
	slow_job.handle = handle;
	job_start(&slow_job);
	slow_wait_fault();
	CHECK_ERR(freeze_all("1000"), EBUSY);
	slow_serve();
	test_sleep_ms(200);
	CHECK(!job_done(&job));
	let_go(row);
	CHECK_OK(job_wait(&job, 10));
	CHECK_OK(node_abort(fd, handle, FX2_SWITCHES));
	CHECK_ERR(job_wait(&slow_job, 10), ECANCELED);
}

static void *read_record(void *result)
{
	struct winusb_completion record;
	ssize_t n = read(fd, &record, sizeof(record));

	__atomic_store_n((int *)result, n < 0 ? -errno : (int)n, __ATOMIC_RELEASE);
	return NULL;
}

TEST(a_reader_of_records_is_frozen_and_goes_on)
{
	int result = 1;
	pthread_t reader;

	open_fx2();
	CHECK_EQ(pthread_create(&reader, NULL, read_record, &result), 0);
	test_sleep_ms(200);
	CHECK_OK(freeze_all("10000"));
	test_sleep_ms(200);
	CHECK_EQ(__atomic_load_n(&result, __ATOMIC_ACQUIRE), 1);
	CHECK_OK(async_start(fd, handle, FX2_BULK_OUT, "data", 4, 7));
	pthread_join(reader, NULL);
	CHECK_EQ(result, (int)sizeof(struct winusb_completion));
}

static struct winusb_reap reap;
static pid_t reaper_tid;

static void *submit_and_reap(void *result)
{
	static struct winusb_completion records[4];
	static struct winusb_transfer transfer;
	static uint8_t buffer[64];

	transfer = async_transfer(handle, FX2_BULK_IN, buffer, sizeof(buffer), 7);
	reap = (struct winusb_reap) {
		.size = sizeof(reap), .records = (uintptr_t)records, .count = 4,
		.until_ns = WINUSB_REAP_FOREVER, .transfers = (uintptr_t)&transfer,
		.submit_count = 1, .transfer_size = sizeof(transfer),
	};
	__atomic_store_n(&reaper_tid, gettid(), __ATOMIC_RELEASE);
	*(int *)result = node_ioctl(fd, WINUSB_IOC_REAP, &reap);
	return NULL;
}

/* The call can't be made again: it would submit a second time. */
TEST(what_REAP_has_submitted_is_submitted_once)
{
	uint32_t count = 0;
	pthread_t reaper;
	int result = 1;

	open_fx2();
	CHECK_EQ(pthread_create(&reaper, NULL, submit_and_reap, &result), 0);
	/* It has submitted, and waits. */
	board_wait_pending(fx2, FX2_BULK_IN, 1);
	wait_asleep(__atomic_load_n(&reaper_tid, __ATOMIC_ACQUIRE));
	CHECK_OK(freeze_all("10000"));
	pthread_join(reaper, NULL);
	CHECK_EQ(result, -EINTR);
	CHECK_EQ(reap.out_submitted, 1);
	CHECK_OK(async_cancel_all(fd, &count));
	CHECK_EQ(count, 1);
}

static uint8_t *page;

static void *read_record_slowly(void *result)
{
	ssize_t n = read(fd, page, sizeof(struct winusb_completion));

	*(int *)result = n < 0 ? -errno : (int)n;
	return NULL;
}

TEST(a_reader_that_waits_for_another_one_is_frozen_and_goes_on)
{
	int slow_result = 1, result = 1;
	pthread_t slow_reader, reader;
	char in[64];

	page = slow_open(SLOW_USERFAULTFD);
	open_fx2();
	CHECK_OK(async_start(fd, handle, FX2_BULK_OUT, "data", 4, 7));
	CHECK(async_ready(fd, 10000 * test_scale()));
	CHECK_EQ(pthread_create(&slow_reader, NULL, read_record_slowly, &slow_result), 0);
	slow_wait_fault();
	CHECK_EQ(pthread_create(&reader, NULL, read_record, &result), 0);
	test_sleep_ms(200);
	/* The page can't come while all are frozen: that ends it. */
	CHECK_ERR(freeze_all("1000"), EBUSY);
	test_sleep_ms(200);
	CHECK_EQ(__atomic_load_n(&result, __ATOMIC_ACQUIRE), 1);
	slow_serve();
	pthread_join(slow_reader, NULL);
	CHECK_EQ(slow_result, (int)sizeof(struct winusb_completion));
	CHECK_OK(async_start(fd, handle, FX2_BULK_IN, in, sizeof(in), 8));
	pthread_join(reader, NULL);
	CHECK_EQ(result, (int)sizeof(struct winusb_completion));
}

static void group_write(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), GROUPS "/frozen/%s", file);
	CHECK_OK(file_write(path, text));
}

struct group_case {
	const char *label;
	uint8_t pipe;
	bool signal;	/* one that is handled comes while it is frozen */
};

static const struct group_case groups[] = {
	{ "read", FX2_BULK_IN, false }, { "write", FX2_BULK_OUT, false },
	{ "read_that_a_signal_ends", FX2_BULK_IN, true },
};

static void on_signal(int number)
{
	(void)number;
}

/* A process that waits for the device; its exit status is the errno. */
static pid_t start_process(const struct group_case *row)
{
	pid_t pid;

	if (row->pipe == FX2_BULK_OUT)
		board_set(fx2, "silent=0x06:always");
	pid = fork();
	if (!pid) {
		struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
		uint8_t buffer[64] = { 0 };
		int error;

		sigaction(SIGUSR1, &action, NULL);
		error = node_transfer(fd, handle, row->pipe, buffer, sizeof(buffer), &moved);
		_exit(error ? -error : 0);
	}
	CHECK(pid > 0);
	board_wait_pending(fx2, row->pipe, 1);
	return pid;
}

/* systemd freezes the sessions of users with it before the system goes to sleep. */
TEST_EACH(a_process_that_its_control_group_freezes_goes_on, struct group_case, row, groups)
{
	char text[32];
	int status;
	pid_t pid;

	mkdir(GROUPS, 0700);
	if (mount("none", GROUPS, "cgroup2", 0, NULL) && errno != EBUSY)
		test_skip("no control groups of version 2: %s", strerror(errno));
	mkdir(GROUPS "/frozen", 0700);
	open_fx2();
	pid = start_process(row);
	snprintf(text, sizeof(text), "%d", (int)pid);
	group_write("cgroup.procs", text);
	group_write("cgroup.freeze", "1");
	test_sleep_ms(300);
	if (row->signal)
		CHECK_EQ(kill(pid, SIGUSR1), 0);
	group_write("cgroup.freeze", "0");
	test_sleep_ms(300);
	if (!row->signal) {
		CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
		if (row->pipe == FX2_BULK_OUT)
			board_set(fx2, "silent=0x06:never");
		else
			CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "data", 4, &moved));
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), row->signal ? EINTR : 0);
}
