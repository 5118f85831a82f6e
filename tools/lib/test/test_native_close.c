// SPDX-License-Identifier: MIT
/*
 * Calls of the native face that need more than one command, and another thread that closes
 * meanwhile: it waits for the whole call.
 */
#include <sched.h>

#include "fake_driver.h"
#include "native.h"

static struct winusb *usb;
static unsigned long closing_command;	/* comes first after the close has begun */
static int closing_result;
static pthread_t closer;

static void *close_run(void *unused)
{
	(void)unused;
	winusb_close(usb);
	return NULL;
}

static int close_before(unsigned long command)
{
	if (command != closing_command)
		return 0;
	closing_command = 0;
	CHECK(!pthread_create(&closer, NULL, close_run, NULL));
	while (is_pipe(winusb_fd(usb)))
		sched_yield();
	return closing_result;
}

static void begin_close(unsigned long command, int result)
{
	begin();
	CHECK(!winusb_open(&usb, path_of(0), 0));
	closing_command = command;
	closing_result = result;
	device.before = close_before;
}

static void end_close(void)
{
	pthread_join(closer, NULL);
	device.before = NULL;
	end();
}

TEST(a_string_and_its_language)
{
	char text[8] = "";

	begin();
	CHECK(!winusb_open(&usb, path_of(0), 0));
	CHECK_EQ(winusb_string(usb, 1, 0, text, sizeof(text)), 1);
	CHECK_STR(text, "A");
	winusb_close(usb);
	end();
}

TEST(a_close_waits_for_a_string_and_its_language)
{
	char text[8];

	begin_close(WINUSB_IOC_GET_DESCRIPTOR, 0);
	CHECK_EQ(winusb_string(usb, 1, 0, text, sizeof(text)), -ECANCELED);
	end_close();
}

TEST(a_close_waits_for_what_is_handed_over_again_after_a_signal)
{
	char byte;

	begin_close(WINUSB_IOC_TRANSFER, -EINTR);
	CHECK_EQ(winusb_submit_transfer(usb, PIPE_IN, &byte, 1, 0), -ECANCELED);
	end_close();
}

static atomic_bool closed;

static void *close_all(void *unused)
{
	(void)unused;
	winusb_close(usb);
	atomic_store(&closed, true);
	return NULL;
}

/* As if the driver were busy with it for a while. */
static int close_while_one_is_freed(unsigned long command)
{
	if (command != WINUSB_IOC_FREE)
		return 0;
	device.before = NULL;
	CHECK(!pthread_create(&closer, NULL, close_all, NULL));
	while (is_pipe(winusb_fd(usb)))
		sched_yield();
	usleep(50000);
	CHECK(!atomic_load(&closed));
	return 0;
}

TEST(a_close_waits_for_the_close_of_an_associated_interface)
{
	struct winusb *other = NULL;

	begin();
	atomic_store(&closed, false);
	CHECK(!winusb_open(&usb, path_of(0), 0));
	CHECK(!winusb_associated(usb, 0, &other));
	device.before = close_while_one_is_freed;
	winusb_close(other);
	pthread_join(closer, NULL);
	CHECK(atomic_load(&closed));
	end();
}

TEST(a_close_waits_for_an_associated_interface_that_is_opened)
{
	struct winusb *other = NULL;

	begin_close(WINUSB_IOC_GET_ASSOCIATED_INTERFACE, 0);
	CHECK(!winusb_associated(usb, 0, &other));
	pthread_join(closer, NULL);
	CHECK_EQ(winusb_setting(other), -EBADF);
	winusb_close(other);
	device.before = NULL;
	end();
}
