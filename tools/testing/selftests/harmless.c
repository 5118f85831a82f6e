// SPDX-License-Identifier: MIT
/*
 * Binding does no harm: programs that use usbfs go on as they did, and what another driver is for,
 * loaded or not, is left to it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>

#include "board.h"
#include "pnp.h"
#include "test.h"

#define TRACING "/sys/kernel/tracing"
#define MODPROBE "/proc/sys/kernel/modprobe"

static char real_modprobe[256];

static struct board *board, *other;

void test_setup(void)
{
	board = pnp_board(0x0100);
	other = pnp_board(0x0190);
	boards_start();
	if (file_read(MODPROBE, real_modprobe, sizeof(real_modprobe)) < 0)
		test_bail("%s can't be read", MODPROBE);
}

static void use_modprobe(const char *path)
{
	CHECK_OK(file_write(MODPROBE, path));
}

static int usbfs_open(struct board *one)
{
	char path[128], text[16];
	int number, fd;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/devnum", board_name(one));
	CHECK_OK(file_read(path, text, sizeof(text)));
	number = atoi(text);
	snprintf(path, sizeof(path), "/dev/bus/usb/%03d/%03d", atoi(board_name(one)), number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		FAIL("%s: %s", path, strerror(errno));
	return fd;
}

static int usbfs_claim(int fd, unsigned int interface)
{
	return ioctl(fd, USBDEVFS_CLAIMINTERFACE, &interface) ? -errno : 0;
}

static int usbfs_release(int fd, unsigned int interface)
{
	return ioctl(fd, USBDEVFS_RELEASEINTERFACE, &interface) ? -errno : 0;
}

/* libusb_detach_kernel_driver() and libusb_attach_kernel_driver(). */
static int usbfs_driver(int fd, unsigned int interface, int command)
{
	struct usbdevfs_ioctl request = { .ifno = interface, .ioctl_code = command };
	int result = ioctl(fd, USBDEVFS_IOCTL, &request);

	return result < 0 ? -errno : result;
}

static void usbfs_write(int fd)
{
	struct usbdevfs_bulktransfer transfer = {
		.ep = 0x01, .len = 5, .timeout = 5000, .data = (void *)"works",
	};

	CHECK_EQ(ioctl(fd, USBDEVFS_BULK, &transfer), 5);
}

TEST(a_program_that_does_not_detach_drivers_works_unless_autobind_is_on)
{
	int fd;

	configure(board, "os=2");
	plug_in(&board, 1);
	fd = usbfs_open(board);
	CHECK_OK(usbfs_claim(fd, 0));
	usbfs_write(fd);
	/* It keeps what it has, ... */
	autobind("on");
	wait_bound(board, 0);
	usbfs_write(fd);
	CHECK_OK(usbfs_release(fd, 0));
	/* ... and the driver gets it when asked again. */
	autobind("on");
	wait_bound(board, 1);
	CHECK_ERR(usbfs_claim(fd, 0), EBUSY);
	close(fd);
}

TEST(a_program_that_detaches_the_driver_gives_it_back_at_once_by_attaching)
{
	unsigned int round;
	int fd;

	configure(board, "os=2");
	autobind("on");
	plug_in(&board, 1);
	wait_bound(board, 1);
	fd = usbfs_open(board);
	for (round = 0; round < 3; round++) {
		CHECK_EQ(usbfs_driver(fd, 0, USBDEVFS_DISCONNECT), 0);
		CHECK_EQ(bound(board), 0);
		CHECK_OK(usbfs_claim(fd, 0));
		usbfs_write(fd);
		CHECK_OK(usbfs_release(fd, 0));
		CHECK_EQ(usbfs_driver(fd, 0, USBDEVFS_CONNECT), 1);
		CHECK_EQ(bound(board), 1);
		CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_1);
	}
	CHECK_ERR(usbfs_driver(fd, 0, USBDEVFS_CONNECT), EBUSY);
	close(fd);
}

/* As libusb does it by itself, each interface in turn: the last one brings back the others. */
TEST(a_program_that_gives_back_one_interface_after_the_other_gives_back_the_function)
{
	unsigned int interface;
	int fd;

	configure(board, "layout=composite,os=2");
	autobind("on");
	plug_in(&board, 1);
	wait_bound(board, 0xb);
	fd = usbfs_open(board);
	for (interface = 0; interface < 2; interface++) {
		CHECK_EQ(usbfs_driver(fd, interface, USBDEVFS_DISCONNECT), 0);
		CHECK_OK(usbfs_claim(fd, interface));
	}
	CHECK_OK(usbfs_release(fd, 0));
	CHECK_EQ(usbfs_driver(fd, 0, USBDEVFS_CONNECT), 0);
	CHECK_OK(usbfs_release(fd, 1));
	CHECK_EQ(usbfs_driver(fd, 1, USBDEVFS_CONNECT), 1);
	wait_bound(board, 0xb);
	CHECK_ATTRIBUTE(board, 0, "interface_guids", GUID_1);
	close(fd);
}

/* The work item that binds them runs beside the program that gives them back. */
TEST_LIMIT(functions_are_given_back_again_and_again, 60)
{
	static const unsigned int interfaces[] = { 0, 1, 3 };
	unsigned int round, i;
	int fd;

	configure(board, "layout=composite,os=2");
	autobind("on");
	plug_in(&board, 1);
	wait_bound(board, 0xb);
	fd = usbfs_open(board);
	for (round = 0; round < (test_debug_kernel() ? 10 : 100); round++) {
		for (i = 0; i < ARRAY_SIZE(interfaces); i++) {
			CHECK_EQ(usbfs_driver(fd, interfaces[i], USBDEVFS_DISCONNECT), 0);
			CHECK_OK(usbfs_claim(fd, interfaces[i]));
		}
		for (i = 0; i < ARRAY_SIZE(interfaces); i++) {
			CHECK_OK(usbfs_release(fd, interfaces[i]));
			CHECK(usbfs_driver(fd, interfaces[i], USBDEVFS_CONNECT) >= 0);
		}
		wait_bound(board, 0xb);
	}
	close(fd);
}

TEST(attaching_does_not_bind_what_is_not_to_be_bound)
{
	int fd;

	configure(board, "os=2");
	plug_in(&board, 1);
	fd = usbfs_open(board);
	CHECK_EQ(usbfs_driver(fd, 0, USBDEVFS_CONNECT), 0);
	CHECK_EQ(bound(board), 0);
	name_function(board, 0);
	wait_bound(board, 1);
	autobind("off");
	CHECK_EQ(usbfs_driver(fd, 0, USBDEVFS_DISCONNECT), 0);
	CHECK_EQ(usbfs_driver(fd, 0, USBDEVFS_CONNECT), 0);
	CHECK_EQ(bound(board), 0);
	close(fd);
}

TEST(a_function_of_which_somebody_has_an_interface_is_left_alone)
{
	int fd;

	configure(board, "layout=composite,os=2");
	plug_in(&board, 1);
	fd = usbfs_open(board);
	CHECK_OK(usbfs_claim(fd, 1));
	autobind("on");
	wait_bound(board, 0x8);
	CHECK_OK(usbfs_release(fd, 1));
	autobind("on");
	wait_bound(board, 0xb);
	close(fd);
}

static void expect_driver(struct board *one, const char *name)
{
	char driver[32];

	interface_driver(board_node(one, 0), driver, sizeof(driver));
	CHECK_TEXT(driver, name);
}

/* usbtest is for all devices, and takes those whose ids its parameters name. */
TEST_LIMIT(a_function_that_another_driver_is_for_is_left_to_it_in_any_order_of_loading, 60)
{
	configure(board, "os=2");
	configure(other, "os=1");
	autobind("on");
	plug_in(&board, 1);
	wait_bound(board, 1);
	autobind("off");
	plug_in(&other, 1);
	if (system("modprobe usbtest vendor=0x1209 product=0x0190"))
		test_skip("this kernel has no usbtest");
	/* It has come after both devices: what was bound stays, what was free is its own. */
	expect_driver(board, "winusb");
	expect_driver(other, "usbtest");
	autobind("on");
	expect_driver(other, "usbtest");
	/* It is there before the device, which is not asked for the string then. */
	board_unplug(other);
	plug_in(&other, 1);
	expect_driver(other, "usbtest");
	test_sleep_ms(50 * test_scale());
	CHECK_EQ(board_value(other, "os_string"), 0);
	/* It is for the device also when it does not have it, as one whose probe refuses. */
	CHECK_OK(file_write("/sys/bus/usb/drivers/usbtest/unbind", board_node(other, 0)));
	autobind("on");
	test_sleep_ms(300 * test_scale());
	expect_driver(other, "");
	CHECK_EQ(board_value(other, "os_string"), 0);
	CHECK_EQ(syscall(SYS_delete_module, "usbtest", O_NONBLOCK), 0);
	/* When it has gone the function is free. */
	autobind("on");
	wait_bound(other, 1);
	CHECK_ATTRIBUTE(other, 0, "interface_guids", GUID_1);
}

/* A trace of what the kernel asks kmod for, and of what the driver binds. */
static void trace_begin(void)
{
	int file;

	if (access(TRACING "/trace", F_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	if (access(TRACING "/events/winusb", F_OK) ||
	    access(TRACING "/events/module/module_request", F_OK))
		test_skip("this kernel has no tracefs, or no events of winusb in it");
	/* To be opened for truncation is what empties it. */
	file = open(TRACING "/trace", O_WRONLY | O_TRUNC | O_CLOEXEC);
	CHECK(file >= 0);
	close(file);
	CHECK_OK(file_write(TRACING "/events/module/module_request/enable", "1"));
	CHECK_OK(file_write(TRACING "/events/winusb/winusb_bind/enable", "1"));
}

static const char *trace_end(void)
{
	static char text[65536];

	CHECK_OK(file_write(TRACING "/events/module/module_request/enable", "0"));
	CHECK_OK(file_write(TRACING "/events/winusb/winusb_bind/enable", "0"));
	CHECK_OK(file_read(TRACING "/trace", text, sizeof(text)));
	return text;
}

/* Where kmod was asked for the drivers of an interface; NULL: nowhere. */
static const char *kmod_asked(const char *trace, unsigned int interface)
{
	char path[128], modalias[128];

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/modalias",
		 board_node(board, interface));
	CHECK_OK(file_read(path, modalias, sizeof(modalias)));
	modalias[strcspn(modalias, "\n")] = 0;
	return strstr(trace, modalias);
}

static void expect_bound_when_asked(const char *trace)
{
	const char *asked[2], *was_bound;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		asked[i] = kmod_asked(trace, i);
		if (!asked[i])
			FAIL("kmod was not asked about interface %u", i);
	}
	/* The whole function is left to another driver that is for one of its interfaces. */
	was_bound = strstr(trace, "winusb_bind: ");
	CHECK(was_bound > asked[0] && was_bound > asked[1]);
}

TEST(kmod_is_asked_about_all_interfaces_of_a_function_before_one_is_bound)
{
	unsigned int round;
	const char *trace;

	configure(board, "layout=composite,os=2");
	for (round = 0; round < 4; round++) {
		trace_begin();
		autobind("on");
		plug_in(&board, 1);
		wait_bound(board, 0xb);
		trace = trace_end();
		expect_bound_when_asked(trace);
		/* Nobody wants to know about what says nothing. */
		CHECK(!kmod_asked(trace, 2));
		board_unplug(board);
	}
}

TEST(kmod_is_asked_as_well_when_the_descriptors_are_known_from_a_named_function)
{
	const char *trace;

	configure(board, "layout=composite,os=2");
	trace_begin();
	plug_in(&board, 1);
	name_function(board, 3);
	wait_bound(board, 0x8);
	wait_read(board, 0x8);
	trace = trace_end();
	CHECK(!strstr(trace, "module_request: usb:"));
	trace_begin();
	autobind("on");
	wait_bound(board, 0xb);
	expect_bound_when_asked(trace_end());
}

/* Around a system sleep, for example, no program can be started. */
TEST(while_kmod_can_not_be_asked_nothing_is_bound_and_then_it_is_asked_again)
{
	use_modprobe("/proc/version");	/* which nobody may execute */
	configure(board, "os=2");
	autobind("on");
	plug_in(&board, 1);
	test_sleep_ms(700);
	CHECK_EQ(bound(board), 0);
	use_modprobe(real_modprobe);
	wait_bound(board, 1);
}

/* It has no drivers but those that are loaded. */
TEST(a_system_without_modprobe_binds_what_no_loaded_driver_is_for)
{
	use_modprobe("/nowhere/modprobe");
	configure(board, "os=2");
	autobind("on");
	plug_in(&board, 1);
	wait_bound(board, 1);
	use_modprobe(real_modprobe);
}

/* Somebody names the function while it waits for kmod: then there is nothing to bind any more. */
TEST(what_was_bound_by_name_meanwhile_and_unbound_by_hand_stays_unbound)
{
	use_modprobe("/proc/version");
	configure(board, "os=2");
	autobind("on");
	plug_in(&board, 1);
	CHECK_EQ(bound(board), 0);
	name_function(board, 0);
	CHECK_EQ(bound(board), 1);
	use_modprobe(real_modprobe);
	CHECK_OK(interface_unbind(board_node(board, 0)));
	/* It asks again after a second. */
	test_sleep_ms(2000);
	CHECK_EQ(bound(board), 0);
}

/* The other interface of the function was given back while a program had this one. */
TEST(giving_back_one_interface_does_not_bind_another_that_was_unbound_by_hand)
{
	int fd;

	configure(board, "layout=composite,os=2");
	autobind("on");
	plug_in(&board, 1);
	wait_bound(board, 0xb);
	CHECK_OK(interface_unbind(board_node(board, 1)));
	fd = usbfs_open(board);
	CHECK_OK(usbfs_claim(fd, 1));
	CHECK_EQ(usbfs_driver(fd, 0, USBDEVFS_DISCONNECT), 0);
	CHECK_EQ(usbfs_driver(fd, 0, USBDEVFS_CONNECT), 0);
	CHECK_OK(usbfs_release(fd, 1));
	CHECK_EQ(bound(board), 0x8);
	/* Any interface of the device that is bound has the work item look. */
	CHECK_EQ(usbfs_driver(fd, 3, USBDEVFS_DISCONNECT), 0);
	CHECK_EQ(usbfs_driver(fd, 3, USBDEVFS_CONNECT), 1);
	wait_bound(board, 0x9);
	test_sleep_ms(200 * test_scale());
	CHECK_EQ(bound(board), 0x9);
	close(fd);
}
