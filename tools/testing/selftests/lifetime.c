// SPDX-License-Identifier: MIT
/*
 * Who has what for how long, and what a command leaves behind that fails: a test for each bug of
 * this kind that the driver had.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/usbdevice_fs.h>

#include "board.h"
#include "node.h"
#include "test.h"

/* Interfaces of the composite board, in its order; the whole device is one function. */
enum { JOINED_DATA, JOINED_EVENTS, SETTINGS, LOOPBACK };

static struct board *composite, *fx2;
static int fd;
static uint32_t handle, moved;

void test_setup(void)
{
	fx2 = board_add("fx2");
	composite = board_add("composite");
	boards_start();
	board_plug(fx2);
	board_plug(composite);
	boards_keep();
}

static void open_node(struct board *board, unsigned int interface)
{
	fd = node_open(board_node(board, interface), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
}

static void start_read(struct job *job, uint32_t on, uint8_t pipe)
{
	static char data[8][64];
	static int used;

	memset(job, 0, sizeof(*job));
	job->fd = fd;
	job->handle = on;
	job->pipe = pipe;
	job->buffer = data[used++];
	job->length = 64;
	job_start_blocked(job);
}

static void pipe_works(uint32_t on, uint8_t out, uint8_t in_pipe)
{
	char in[64];

	CHECK_OK(node_transfer(fd, on, out, "works", 5, &moved));
	CHECK_EQ(moved, 5);
	CHECK_OK(node_transfer(fd, on, in_pipe, in, sizeof(in), &moved));
	CHECK_EQ(moved, 5);
	CHECK_MEM(in, "works", 5);
}

static int open_usbfs(void)
{
	struct winusb_query query;
	char path[64];
	int usbfs;

	CHECK_OK(node_query(fd, &query));
	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", query.out_busnum, query.out_devnum);
	usbfs = open(path, O_RDWR | O_CLOEXEC);
	CHECK(usbfs >= 0);
	return usbfs;
}

/* Another party's reset, in a thread. */
static void *reset_main(void *usbfs)
{
	int result = ioctl(*(int *)usbfs, USBDEVFS_RESET, NULL);

	if (result)
		FAIL("USBDEVFS_RESET: %s", strerror(errno));
	return NULL;
}

static pthread_t start_reset(int *usbfs)
{
	pthread_t thread;

	*usbfs = open_usbfs();
	if (pthread_create(&thread, NULL, reset_main, usbfs))
		FAIL("pthread_create");
	return thread;
}

/* Associated interfaces */

static void settings_is_free_and_at_setting_0(void)
{
	uint8_t setting;

	open_node(composite, SETTINGS);
	CHECK_OK(node_get_setting(fd, handle, &setting));
	CHECK_EQ(setting, 0);
	CHECK_OK(node_set_setting(fd, handle, 1));
	pipe_works(handle, 0x04, 0x84);
}

/* A read that is still on its way out when the default leaves: with several CPUs. */
TEST(an_orphaned_sibling_is_restored_and_free_though_a_read_was_blocked)
{
	struct job job;
	uint32_t out;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 1, &out));
	CHECK_OK(node_set_setting(fd, out, 1));
	start_read(&job, out, 0x84);
	CHECK_OK(interface_unbind(board_node(composite, JOINED_DATA)));
	CHECK_ERR(job_wait(&job, 5), ESHUTDOWN);
	settings_is_free_and_at_setting_0();
}

TEST(an_orphaned_sibling_is_restored_and_free_at_once_without_a_transfer)
{
	uint32_t out;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 1, &out));
	CHECK_OK(node_set_setting(fd, out, 1));
	CHECK_OK(interface_unbind(board_node(composite, JOINED_DATA)));
	settings_is_free_and_at_setting_0();
}

static uint32_t sibling_file_at_setting_1(void)
{
	uint32_t out;

	open_node(composite, JOINED_EVENTS);
	CHECK_OK(node_associated(fd, handle, 0, &out));
	CHECK_OK(node_set_setting(fd, out, 1));
	return out;
}

TEST(close_of_a_siblings_file_restores_its_associated_interface)
{
	sibling_file_at_setting_1();
	close(fd);
	settings_is_free_and_at_setting_0();
}

TEST(free_in_a_siblings_file_restores_the_associated_interface)
{
	CHECK_OK(node_free(fd, sibling_file_at_setting_1()));
	settings_is_free_and_at_setting_0();
}

TEST(free_in_a_siblings_file_with_a_read_outstanding_restores_when_it_ended)
{
	uint32_t out = sibling_file_at_setting_1();
	struct job job;

	start_read(&job, out, 0x84);
	CHECK_OK(node_free(fd, out));
	CHECK_ERR(node_open(board_node(composite, SETTINGS), O_RDWR), EBUSY);
	board_do(composite, "push 0x84 41");
	CHECK_OK(job_wait(&job, 5));
	CHECK_EQ(job.moved, 1);
	settings_is_free_and_at_setting_0();
}

TEST(free_in_the_defaults_file_keeps_the_setting_until_close)
{
	uint8_t setting;
	uint32_t out;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 1, &out));
	CHECK_OK(node_set_setting(fd, out, 1));
	CHECK_OK(node_free(fd, out));
	CHECK_OK(node_associated(fd, handle, 1, &out));
	CHECK_OK(node_get_setting(fd, out, &setting));
	CHECK_EQ(setting, 1);
	close(fd);
	settings_is_free_and_at_setting_0();
}

/* FREE left the setting to the close; the leaving of the default interface comes first. */
TEST(a_sibling_freed_before_the_default_left_is_restored)
{
	uint32_t out;

	open_node(composite, JOINED_DATA);
	CHECK_OK(node_associated(fd, handle, 1, &out));
	CHECK_OK(node_set_setting(fd, out, 1));
	CHECK_OK(node_free(fd, out));
	CHECK_OK(interface_unbind(board_node(composite, JOINED_DATA)));
	settings_is_free_and_at_setting_0();
}

/* Close and resets */

TEST(close_ends_a_read_that_waits_for_a_reset)
{
	struct job before, during;
	pthread_t resetter;
	int usbfs, i;

	for (i = 0; i < 3; i++) {
		open_node(fx2, 0);
		start_read(&before, handle, FX2_BULK_IN);
		resetter = start_reset(&usbfs);
		/* It ends when the reset begins, which then takes a while. */
		CHECK_ERR(job_wait(&before, 10), ECONNRESET);
		start_read(&during, handle, FX2_BULK_IN);
		close(fd);
		CHECK_ERR(job_wait(&during, 10), ECANCELED);
		pthread_join(resetter, NULL);
		close(usbfs);
	}
	open_node(fx2, 0);
	pipe_works(handle, FX2_BULK_OUT, FX2_BULK_IN);
}

enum { CPUS_MAX = 16 };

static pthread_t spinners[CPUS_MAX];
static int cpus;
static bool spin;

static void *spin_main(void *unused)
{
	while (__atomic_load_n(&spin, __ATOMIC_RELAXED))
		;
	return unused;
}

/* From here to spin_end() a thread of SCHED_IDLE hardly runs: each CPU has something better to do. */
static void spin_begin(void)
{
	cpu_set_t set;
	int i;

	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (cpus > CPUS_MAX)
		test_skip("more than %d CPUs", CPUS_MAX);
	spin = true;
	for (i = 0; i < cpus; i++) {
		CHECK_EQ(pthread_create(&spinners[i], NULL, spin_main, NULL), 0);
		CPU_ZERO(&set);
		CPU_SET(i, &set);
		CHECK_EQ(pthread_setaffinity_np(spinners[i], sizeof(set), &set), 0);
	}
}

static void spin_end(void)
{
	int i;

	__atomic_store_n(&spin, false, __ATOMIC_RELAXED);
	for (i = 0; i < cpus; i++)
		pthread_join(spinners[i], NULL);
}

static void be_idle(pid_t tid)
{
	const struct sched_param parameter = { 0 };

	CHECK_EQ(sched_setscheduler(tid, SCHED_IDLE, &parameter), 0);
}

/* The thread learns of its stall when the reset is over. */
TEST(a_stall_older_than_a_reset_does_not_halt_the_pipe)
{
	pthread_t resetter;
	uint8_t switches;
	struct job job;
	int usbfs;

	open_node(fx2, 0);
	start_read(&job, handle, FX2_BULK_IN);
	be_idle(job.tid);
	spin_begin();
	board_do(fx2, "stall 0x88");
	/* What the board says of this comes behind its word of the stall. */
	CHECK_OK(node_control(fd, handle, 0xc0, FX2_GET_SWITCHES, 0, 0, 1, &switches, 1, &moved));
	resetter = start_reset(&usbfs);
	pthread_join(resetter, NULL);
	close(usbfs);
	spin_end();
	CHECK_ERR(job_wait(&job, 10), EPIPE);
	pipe_works(handle, FX2_BULK_OUT, FX2_BULK_IN);
}

static void *reset_pipe_main(void *result)
{
	be_idle(0);
	*(int *)result = node_reset_pipe(fd, handle, FX2_BULK_IN);
	return NULL;
}

TEST(a_reset_during_RESET_PIPE_ends_it_and_the_halt)
{
	pthread_t resetter, thread;
	int usbfs, result;
	char in[64];

	open_node(fx2, 0);
	board_set(fx2, "stall=0x88:1");
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), EPIPE);
	board_set(fx2, "silent=0");
	CHECK_EQ(pthread_create(&thread, NULL, reset_pipe_main, &result), 0);
	board_wait_pending(fx2, 0, 1);
	spin_begin();
	resetter = start_reset(&usbfs);
	board_wait_counter(fx2, 0, "unlinked", 1);
	/* The requests of the reset come later. */
	board_set(fx2, "silent=0:never");
	pthread_join(resetter, NULL);
	close(usbfs);
	spin_end();
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_ERR(result, ECONNRESET);
	pipe_works(handle, FX2_BULK_OUT, FX2_BULK_IN);
}

/* RESET_PIPE and halts */

static void halt_the_pipe(void)
{
	char in[64];

	open_node(fx2, 0);
	board_set(fx2, "stall=0x88:1");
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), EPIPE);
}

TEST(a_RESET_PIPE_that_the_device_refuses_leaves_the_pipe_halted)
{
	unsigned long long urbs;
	char in[64];

	halt_the_pipe();
	board_set(fx2, "stall=0:1");
	CHECK_ERR(node_reset_pipe(fd, handle, FX2_BULK_IN), EPIPE);
	urbs = board_counter(fx2, FX2_BULK_IN, "urbs");
	CHECK_ERR(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved), EPIPE);
	CHECK_EQ(board_counter(fx2, FX2_BULK_IN, "urbs"), urbs);
	CHECK_OK(node_reset_pipe(fd, handle, FX2_BULK_IN));
	pipe_works(handle, FX2_BULK_OUT, FX2_BULK_IN);
}

TEST(RESET_PIPE_of_a_pipe_that_is_not_halted_works)
{
	open_node(fx2, 0);
	pipe_works(handle, FX2_BULK_OUT, FX2_BULK_IN);
	CHECK_OK(node_reset_pipe(fd, handle, FX2_BULK_IN));
	CHECK_OK(node_reset_pipe(fd, handle, FX2_BULK_OUT));
	pipe_works(handle, FX2_BULK_OUT, FX2_BULK_IN);
}

struct disguise {
	const char *label;
	uint8_t type;
	uint16_t length;
};

static const struct disguise disguises[] = {
	{ "as_it_should_be", 0x02, 0 },
	{ "with_a_length", 0x02, 2 },
	{ "with_the_IN_bit", 0x82, 0 },
	{ "with_the_IN_bit_and_a_length", 0x82, 2 },
};

TEST_EACH(CLEAR_FEATURE_of_a_halt_is_RESET_PIPE, struct disguise, row, disguises)
{
	static const uint8_t plain[8] = { 0x02, 1, 0, 0, FX2_BULK_IN, 0, 0, 0 };
	uint8_t data[2] = { 0 }, setup[8];

	halt_the_pipe();
	CHECK_OK(node_control(fd, handle, row->type, 1, 0, FX2_BULK_IN, row->length, data,
			      row->length, &moved));
	CHECK_EQ(moved, 0);
	board_last_request(fx2, setup);
	CHECK_MEM(setup, plain, 8);
	pipe_works(handle, FX2_BULK_OUT, FX2_BULK_IN);
}

struct address {
	const char *label;
	uint16_t index;
};

static const struct address no_endpoints[] = {
	{ "0x10", 0x10 }, { "0x20", 0x20 }, { "0x30", 0x30 }, { "0x40", 0x40 }, { "0x50", 0x50 },
	{ "0x60", 0x60 }, { "0x70", 0x70 }, { "0x90", 0x90 }, { "0xf0", 0xf0 },
};

TEST_EACH(an_endpoint_request_to_what_is_no_endpoint_is_EINVAL, struct address, row, no_endpoints)
{
	unsigned int requests;
	uint8_t status[2];

	open_node(fx2, 0);
	requests = board_requests(fx2);
	CHECK_ERR(node_control(fd, handle, 0x82, 0, 0, row->index, 2, status, 2, &moved), EINVAL);
	CHECK_ERR(node_control(fd, handle, 0x02, 1, 0, row->index, 0, NULL, 0, &moved), EINVAL);
	CHECK_ERR(node_control(fd, handle, 0x42, 0, 0, row->index, 2, status, 2, &moved), EINVAL);
	CHECK_EQ(board_requests(fx2), requests);
}

/* A setting that the device refuses */

TEST(a_refused_setting_clears_the_halts_of_the_old_one)
{
	uint8_t setting;
	char in[64];

	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 1));
	board_set(composite, "stall=0x84:1");
	CHECK_ERR(node_transfer(fd, handle, 0x84, in, sizeof(in), &moved), EPIPE);
	board_set(composite, "stall=0:1");
	CHECK_ERR(node_set_setting(fd, handle, 2), EPIPE);
	CHECK_OK(node_get_setting(fd, handle, &setting));
	CHECK_EQ(setting, 1);
	pipe_works(handle, 0x04, 0x84);
}

TEST(a_device_that_refuses_every_setting_makes_transfers_fail_with_EIO)
{
	char in[64];

	open_node(composite, SETTINGS);
	CHECK_OK(node_set_setting(fd, handle, 1));
	board_set(composite, "stall=0:2");
	CHECK_ERR(node_set_setting(fd, handle, 2), EPIPE);
	CHECK_ERR(node_transfer(fd, handle, 0x84, in, sizeof(in), &moved), EIO);
	/* Until it takes one. */
	CHECK_OK(node_set_setting(fd, handle, 1));
	pipe_works(handle, 0x04, 0x84);
}

/* Structures in memory that can't be written */

static void *read_only(const void *argument, size_t size)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	memcpy(page, argument, size);
	CHECK_EQ(mprotect(page, 4096, PROT_READ), 0);
	return page;
}

#define READ_ONLY(type_, ...) \
	read_only(&(struct type_){ .size = sizeof(struct type_), __VA_ARGS__ }, sizeof(struct type_))

TEST(commands_without_results_work_with_a_read_only_structure)
{
	uint32_t value;
	uint8_t setting;
	void *pipe;

	open_node(composite, SETTINGS);
	CHECK_OK(node_ioctl(fd, WINUSB_IOC_SET_ALTERNATE_SETTING,
			    READ_ONLY(winusb_set_alternate_setting, .handle = handle,
				      .setting = 1)));
	CHECK_OK(node_get_setting(fd, handle, &setting));
	CHECK_EQ(setting, 1);
	CHECK_OK(node_ioctl(fd, WINUSB_IOC_SET_PIPE_POLICY,
			    READ_ONLY(winusb_pipe_policy, .handle = handle, .pipe_id = 0x84,
				      .policy = WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT,
				      .value = 1234)));
	CHECK_OK(node_get_policy(fd, handle, 0x84, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT, &value));
	CHECK_EQ(value, 1234);
	pipe = READ_ONLY(winusb_pipe_command, .handle = handle, .pipe_id = 0x84);
	CHECK_OK(node_ioctl(fd, WINUSB_IOC_ABORT_PIPE, pipe));
	CHECK_OK(node_ioctl(fd, WINUSB_IOC_RESET_PIPE, pipe));
	CHECK_OK(node_ioctl(fd, WINUSB_IOC_FLUSH_PIPE, pipe));
	CHECK_OK(node_ioctl(fd, WINUSB_IOC_RESET_DEVICE,
			    READ_ONLY(winusb_reset_device, .handle = handle)));
	CHECK_OK(node_ioctl(fd, WINUSB_IOC_FREE, READ_ONLY(winusb_free, .handle = handle)));
	CHECK_ERR(node_free(fd, handle), EBADF);
}

TEST(initialize_with_a_read_only_structure_changes_nothing)
{
	char out[64] = "the first ten and the rest", in[64];
	uint32_t value;

	open_node(fx2, 0);
	CHECK_OK(node_timeout(fd, handle, FX2_BULK_IN, 1234));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, out, 26, NULL));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, 10, &moved));
	CHECK_EQ(moved, 10);
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_INITIALIZE, READ_ONLY(winusb_initialize)), EFAULT);
	CHECK_OK(node_get_policy(fd, handle, FX2_BULK_IN, WINUSB_POLICY_PIPE_TRANSFER_TIMEOUT,
				 &value));
	CHECK_EQ(value, 1234);
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, 16, &moved));
	CHECK_EQ(moved, 16);
	CHECK_MEM(in, out + 10, 16);
}

TEST(get_associated_interface_with_a_read_only_structure_changes_nothing)
{
	uint32_t out;

	open_node(composite, JOINED_DATA);
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_GET_ASSOCIATED_INTERFACE,
			     READ_ONLY(winusb_get_associated_interface, .handle = handle)), EFAULT);
	CHECK_OK(node_associated(fd, handle, 0, &out));
}

TEST(a_transfer_with_a_read_only_structure_moves_nothing)
{
	char data[4] = "abc";

	open_node(fx2, 0);
	CHECK_ERR(node_ioctl(fd, WINUSB_IOC_TRANSFER,
			     READ_ONLY(winusb_transfer, .handle = handle, .pipe_id = FX2_BULK_OUT,
				       .buffer = (uintptr_t)data, .length = 3)), EFAULT);
	CHECK_EQ(board_counter(fx2, FX2_BULK_OUT, "urbs"), 0);
	pipe_works(handle, FX2_BULK_OUT, FX2_BULK_IN);
}

/* After removal */

TEST(query_after_removal_keeps_the_bus_address)
{
	struct winusb_query before, after;

	open_node(fx2, 0);
	CHECK_OK(node_query(fd, &before));
	CHECK(before.out_busnum && before.out_devnum);
	board_unplug(fx2);
	CHECK_OK(node_query(fd, &after));
	CHECK_EQ(after.out_busnum, before.out_busnum);
	CHECK_EQ(after.out_devnum, before.out_devnum);
}

static bool opening;

/* Opens and closes the node as long as it is there, so that there are always events under way. */
static void *open_main(void *name)
{
	int file;

	while (__atomic_load_n(&opening, __ATOMIC_RELAXED)) {
		file = node_open(name, O_RDWR);
		if (file >= 0)
			close(file);
	}
	return NULL;
}

/* Reads until the end of the file; gives the number of records after and the number of REMOVED. */
static void read_to_the_end(int listener, int *later, int *removed)
{
	struct winusb_event events[64];
	ssize_t n;
	size_t i;

	*later = 0;
	*removed = 0;
	while ((n = read(listener, events, sizeof(events))) > 0) {
		for (i = 0; i < n / sizeof(events[0]); i++) {
			if (events[i].type == WINUSB_EVENT_REMOVED)
				++*removed;
			else if (*removed)
				++*later;
		}
	}
	CHECK_EQ(n, 0);
}

TEST(removed_is_the_last_event_and_none_goes_without)
{
	int i, listeners[2], later, removed, n = test_debug_kernel() ? 3 : 200;
	pthread_t opener;
	char name[64];

	snprintf(name, sizeof(name), "%s", board_node(fx2, 0));
	for (i = 0; i < n; i++) {
		listeners[0] = node_open(name, O_RDONLY);
		CHECK_OK(listeners[0]);
		opening = true;
		CHECK_EQ(pthread_create(&opener, NULL, open_main, name), 0);
		test_sleep_ms(i % 4);
		listeners[1] = node_open(name, O_RDONLY);
		CHECK_OK(listeners[1]);
		CHECK_OK(interface_unbind(name));
		opening = false;
		pthread_join(opener, NULL);
		read_to_the_end(listeners[0], &later, &removed);
		CHECK_EQ(removed, 1);
		CHECK_EQ(later, 0);
		read_to_the_end(listeners[1], &later, &removed);
		CHECK_EQ(removed, 1);
		CHECK_EQ(later, 0);
		close(listeners[0]);
		close(listeners[1]);
		CHECK_OK(interface_bind(name, "winusb"));
	}
}

/* RESET_DEVICE */

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	CHECK_EQ(syscall(SYS_capset, &header, data), 0);
}

/* The file of SETTINGS, with only LOOPBACK beside it in the device. */
static void open_with_one_neighbour(void)
{
	CHECK_OK(interface_unbind(board_node(composite, JOINED_DATA)));
	CHECK_OK(interface_unbind(board_node(composite, JOINED_EVENTS)));
	open_node(composite, SETTINGS);
}

TEST(an_associated_interface_of_a_siblings_file_is_its_own_for_RESET_DEVICE)
{
	uint32_t out;

	open_with_one_neighbour();
	CHECK_OK(node_associated(fd, handle, 0, &out));
	drop_capabilities();
	CHECK_OK(node_reset_device(fd, handle));
	pipe_works(out, 0x07, 0x87);
}

TEST(a_neighbour_that_is_bound_makes_RESET_DEVICE_privileged)
{
	open_with_one_neighbour();
	drop_capabilities();
	CHECK_ERR(node_reset_device(fd, handle), EACCES);
}

/* What the host controller counts is not always what it wrote */

enum { CLAIMED = 4096, SENT = 16 };

struct past {
	const char *label;
	uint32_t length;	/* of the read */
};

static const struct past reads[] = {
	{ "in_one_read", CLAIMED },
	{ "in_what_is_saved_for_the_next", SENT / 2 },
};

TEST_EACH(bytes_that_the_device_never_sent_are_zero, struct past, row, reads)
{
	static uint8_t in[CLAIMED], secret[CLAIMED];
	int result, i;

	open_node(fx2, 0);
	memset(secret, 'S', sizeof(secret));
	/* Transfers leave their bytes in the memory that buffers come from. */
	for (i = 0; i < 8; i++) {
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, secret, sizeof(secret), &moved));
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
		CHECK_EQ(moved, sizeof(in));
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, secret, 512, &moved));
		CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, 512, &moved));
	}
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, secret, SENT, &moved));
	memset(in, 0, sizeof(in));
	board_set(fx2, "lie=4080");
	result = node_transfer(fd, handle, FX2_BULK_IN, in, row->length, &moved);
	CHECK(result < 0);
	CHECK(moved <= row->length);
	for (i = SENT; i < (int)sizeof(in); i++)
		if (in[i])
			FAIL("byte %d is 0x%02x, and %u moved", i, in[i], moved);
	/* It may serve what it saved, though the board has left. */
	memset(in, 0, sizeof(in));
	node_transfer(fd, handle, FX2_BULK_IN, in, 400, &moved);
	CHECK(moved <= 400);
	for (i = SENT - row->length % SENT; i < (int)sizeof(in); i++)
		if (in[i])
			FAIL("later byte %d is 0x%02x, and %u moved", i, in[i], moved);
}
