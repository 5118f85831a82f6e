// SPDX-License-Identifier: MIT
/* The module is unloaded and loaded, with nodes open, in use and being opened. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "board.h"
#include "node.h"
#include "pm.h"
#include "test.h"

static struct board *fx2, *composite;

static int unload(void)
{
	return syscall(SYS_delete_module, "winusb", O_NONBLOCK) ? -errno : 0;
}

static int load(void)
{
	const char *folder = getenv("WINUSB_LAB_MODULES");
	char path[512];
	int file, result;

	snprintf(path, sizeof(path), "%s/winusb.ko", folder ? folder : ".");
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	result = syscall(SYS_finit_module, file, "", 0) ? -errno : 0;
	close(file);
	return result;
}

void test_setup(void)
{
	if (!getenv("WINUSB_LAB_MODULES"))
		test_skip_all("WINUSB_LAB_MODULES does not say where winusb.ko is (use the lab)");
	/*
	 * Loading a module a second time gives a false KASAN report there, with KASAN_VMALLOC
	 * off.
	 */
	if (test_debug_kernel())
		test_skip_all("the debug kernel cannot load a module twice");
	fx2 = board_add("fx2");
	composite = board_add("composite");
	boards_start();
	board_plug(fx2);
	board_plug(composite);
	boards_keep();
}

/* The ids went with the module: plug in anew, which gives them to it. */
static void plug_again(void)
{
	board_unplug(fx2);
	board_plug(fx2);
}

static void works(void)
{
	int fd = node_open(board_node(fx2, 0), O_RDWR);
	uint32_t handle, moved;
	char in[64];

	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_OUT, "works", 5, &moved));
	CHECK_OK(node_transfer(fd, handle, FX2_BULK_IN, in, sizeof(in), &moved));
	CHECK_EQ(moved, 5);
	close(fd);
}

TEST(the_module_stays_while_a_file_is_open)
{
	int fd = node_open(board_node(fx2, 0), O_RDWR);

	CHECK_OK(fd);
	CHECK_ERR(unload(), EWOULDBLOCK);
	close(fd);
	works();
}

TEST(the_module_stays_while_a_listener_is_open)
{
	int fd = node_open(board_node(fx2, 0), O_RDONLY);

	CHECK_OK(fd);
	CHECK_ERR(unload(), EWOULDBLOCK);
	close(fd);
	works();
}

TEST(the_module_stays_while_the_file_of_a_device_that_left_is_open)
{
	int fd = node_open(board_node(fx2, 0), O_RDWR);

	CHECK_OK(fd);
	board_unplug(fx2);
	CHECK_ERR(unload(), EWOULDBLOCK);
	close(fd);
}

TEST(the_module_unloads_with_boards_plugged_in_and_takes_the_nodes_along)
{
	char driver[32];

	CHECK_OK(unload());
	CHECK(access(node_path(board_node(fx2, 0)), F_OK) != 0);
	CHECK(access(node_path(board_node(composite, 3)), F_OK) != 0);
	interface_driver(board_node(fx2, 0), driver, sizeof(driver));
	CHECK_EQ(driver[0], 0);
	CHECK_OK(load());
	plug_again();
	works();
}

TEST(the_module_unloads_while_a_device_sleeps_and_puts_its_files_back)
{
	pm_allow(fx2, WHOLE, 20);
	WAIT_ASLEEP(fx2);
	CHECK_FILE(fx2, "power/control", "auto");
	CHECK_OK(unload());
	CHECK_FILE(fx2, "power/control", "on");
	CHECK_FILE(fx2, "power/autosuspend_delay_ms", "2000");
	CHECK_FILE(fx2, "power/runtime_status", "active");
	CHECK_OK(load());
	plug_again();
	works();
}

TEST(the_module_forgets_its_ids_when_it_is_unloaded)
{
	char ids[256];

	CHECK_OK(unload());
	CHECK_OK(load());
	file_read("/sys/bus/usb/drivers/winusb/new_id", ids, sizeof(ids));
	CHECK_EQ(ids[0], 0);
	file_read("/sys/bus/usb/drivers/winusb/function_id", ids, sizeof(ids));
	CHECK_EQ(ids[0], 0);
}

TEST_LIMIT(the_module_unloads_and_loads_many_times, 60)
{
	int i;

	for (i = 0; i < 20; i++) {
		CHECK_OK(unload());
		CHECK_OK(load());
	}
	plug_again();
	works();
}

static bool stop;
static unsigned int opened, refused;

static void *open_and_close(void *data)
{
	const char *node = data;
	uint32_t handle;
	int fd;

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		fd = node_open(node, O_RDWR);
		if (fd < 0) {
			if (fd != -ENOENT && fd != -EBUSY && fd != -ENXIO && fd != -ENODEV)
				FAIL("open: %s", test_errno(fd));
			__atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
			sched_yield();
			continue;
		}
		__atomic_add_fetch(&opened, 1, __ATOMIC_RELAXED);
		node_initialize(fd, &handle);
		close(fd);
		/* A chance for the other side, also on one CPU. */
		test_sleep_ms(1);
	}
	return NULL;
}

TEST_LIMIT(unloading_races_with_open_close_and_probe, 120)
{
	enum { THREADS = 4 };
	int i, result, unloaded = 0;
	pthread_t threads[THREADS];
	char nodes[2][64];
	uint64_t end;

	snprintf(nodes[0], sizeof(nodes[0]), "%s", board_node(fx2, 0));
	snprintf(nodes[1], sizeof(nodes[1]), "%s", board_node(composite, 0));
	for (i = 0; i < THREADS; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, open_and_close, nodes[i & 1]), 0);
	end = test_now_ms() + 4000 * test_scale();
	while (test_now_ms() < end) {
		result = unload();
		if (result) {
			CHECK_ERR(result, EWOULDBLOCK);
			continue;
		}
		unloaded++;
		CHECK_OK(load());
		/* The ids make the driver probe, while the threads try to open. */
		file_write("/sys/bus/usb/drivers/winusb/new_id", "0547 1002");
		file_write("/sys/bus/usb/drivers/winusb/new_id", "1209 0001");
		test_sleep_ms(20);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	test_note("%d unloads, %u opens, %u refused", unloaded, opened, refused);
	CHECK(unloaded > 3);
	CHECK(opened > 3);
	works();
}
