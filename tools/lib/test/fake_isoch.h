/* SPDX-License-Identifier: MIT */
/* Isochronous buffers, transfers and frames of devices that are none. */
#ifndef FAKE_ISOCH_H
#define FAKE_ISOCH_H

#include <stdatomic.h>

#include "fake_driver.h"

#define PIPE_OUT	0x02
#define LENGTH		4096
#define MS		1000000LL	/* ns */

static UCHAR memory[LENGTH];

/* What the driver has. */
static struct {
	unsigned int registered;
	atomic_uint unregistering, unregistered;
	struct winusb_register_isoch_buffer last;
	struct winusb_get_frame frame;
	uint32_t frame_flags;
	int frame_result;
	int register_result;
} driver;

static bool is_used(uint32_t buffer)
{
	unsigned int i;

	for (i = 0; i < device.count; i++)
		if (device.requests[i].isoch_buffer == buffer)
			return true;
	return false;
}

static int unregister(const struct winusb_unregister_isoch_buffer *arg)
{
	if (arg->size != sizeof(*arg))
		return -EINVAL;
	driver.unregistering++;
	while (is_used(arg->isoch_buffer)) {
		pthread_mutex_unlock(&device.lock);
		usleep(1000);
		pthread_mutex_lock(&device.lock);
	}
	driver.unregistered++;
	return 0;
}

static int driver_command(int fd, unsigned long command, void *argument)
{
	struct winusb_register_isoch_buffer *buffer = argument;
	struct winusb_get_frame *frame = argument;

	(void)fd;
	switch (command) {
	case WINUSB_IOC_REGISTER_ISOCH_BUFFER:
		driver.last = *buffer;
		buffer->out_isoch_buffer = driver.registered + 100;
		driver.registered += !driver.register_result;
		return driver.register_result;
	case WINUSB_IOC_UNREGISTER_ISOCH_BUFFER:
		return unregister(argument);
	case WINUSB_IOC_GET_FRAME:
		driver.frame_flags = frame->flags;
		*frame = driver.frame;
		return driver.frame_result;
	case WINUSB_IOC_ABORT_PIPE:
		return 0;
	default:
		return -ENOTTY;
	}
}

static void start(void)
{
	memset(&driver, 0, sizeof(driver));
	memset(&device.last, 0, sizeof(device.last));
	device.command = driver_command;
	device.next_frame = 0;
	begin();
}

static int transfer_done(struct winusb_transfer *transfer)
{
	transfer->out_length = transfer->length;
	return 0;
}

static void set_frame(uint32_t frame, uint64_t start_ns)
{
	driver.frame.out_frame = frame;
	driver.frame.out_hardware_frame = frame & 0x7ff;
	driver.frame.out_microframe = 3;
	driver.frame.out_start_ns = start_ns;
	driver.frame.out_time_ns = start_ns + 400000;
	driver.frame.out_accuracy_ns = 1500;
	driver.frame.out_generation = 4;
}

#endif
