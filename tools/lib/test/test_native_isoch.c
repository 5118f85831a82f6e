// SPDX-License-Identifier: MIT
/* The native face's isochronous buffers, transfers and frames, of devices that are none. */
#include "fake_isoch.h"
#include "native.h"

static struct winusb *native_start(void)
{
	struct winusb *usb = NULL;

	start();
	CHECK(!winusb_open(&usb, path_of(0), 0));
	return usb;
}

TEST(native_buffers)
{
	struct winusb_isoch_buffer *buffer, *other = NULL;
	struct winusb *usb = native_start();

	CHECK(!winusb_isoch_register(usb, PIPE_IN, memory, LENGTH, &buffer));
	CHECK_EQ(driver.last.handle, 1);
	CHECK_EQ(driver.last.pipe_id, PIPE_IN);
	CHECK_EQ(driver.last.buffer, (uintptr_t)memory);
	CHECK_EQ(driver.last.length, LENGTH);
	CHECK_EQ(driver.last.flags, 0);
	CHECK(winusb_isoch_memory(buffer) == memory);
	CHECK(!winusb_isoch_memory(NULL));
	CHECK_EQ(winusb_isoch_register(usb, PIPE_IN, memory, LENGTH, NULL), -EINVAL);
	CHECK_EQ(winusb_isoch_register(NULL, PIPE_IN, memory, LENGTH, &other), -EINVAL);
	CHECK_EQ(winusb_isoch_alloc(usb, PIPE_IN, LENGTH, NULL), -EINVAL);
	/* A pipe can't be mapped, and then nothing stays registered. */
	CHECK_EQ(winusb_isoch_alloc(usb, PIPE_OUT, LENGTH, &other), -ENODEV);
	CHECK_EQ(driver.last.flags, WINUSB_ISOCH_BUFFER_MAP);
	CHECK_EQ(driver.last.buffer, 0);
	CHECK_EQ(driver.unregistered, 1);
	driver.register_result = -EINVAL;
	CHECK_EQ(winusb_isoch_register(usb, PIPE_IN, memory, LENGTH, &other), -EINVAL);
	CHECK(!other);
	winusb_isoch_free(NULL);
	winusb_isoch_free(buffer);
	CHECK_EQ(driver.unregistered, 2);
	device.command = NULL;
	CHECK_EQ(winusb_isoch_register(usb, PIPE_IN, memory, LENGTH, &other), -EOPNOTSUPP);
	winusb_close(usb);
	end();
}

TEST(native_transfers)
{
	struct winusb_isoch_packet lengths[2] = { { .length = 10 }, { .length = 20 } };
	struct winusb_isoch_buffer *buffer;
	struct winusb_isoch what = { .offset = 64, .length = 30, .packets = lengths };
	struct winusb *usb = native_start(), *other;
	uint32_t next = 0;

	device.transfer = transfer_done;
	device.next_frame = 99;
	CHECK(!winusb_isoch_register(usb, PIPE_OUT, memory, LENGTH, &buffer));
	CHECK_EQ(winusb_isoch_transfer(usb, &what, &next), -EINVAL);
	CHECK_EQ(winusb_isoch_transfer(usb, NULL, &next), -EINVAL);
	what.buffer = buffer;
	what.packet_count = 2;
	what.frame = 88;
	what.flags = WINUSB_TRANSFER_ISOCH_AT | WINUSB_TRANSFER_ISOCH_LENGTHS;
	CHECK(!winusb_isoch_transfer(usb, &what, &next));
	CHECK_EQ(next, 99);
	CHECK_EQ(device.last.handle, 1);
	CHECK_EQ(device.last.flags, what.flags);
	CHECK_EQ(device.last.pipe_id, PIPE_OUT);
	CHECK_EQ(device.last.isoch_buffer, 100);
	CHECK_EQ(device.last.isoch_offset, 64);
	CHECK_EQ(device.last.length, 30);
	CHECK_EQ(device.last.isoch_start_frame, 88);
	CHECK_EQ(device.last.isoch_packets, (uintptr_t)lengths);
	CHECK_EQ(device.last.isoch_packet_count, 2);
	CHECK(!winusb_isoch_transfer(usb, &what, NULL));
	CHECK(!winusb_submit_isoch(usb, &what, 4711, NULL));
	CHECK_EQ(device.last.flags, what.flags | WINUSB_TRANSFER_ASYNC);
	CHECK_EQ(device.last.cookie, 4711);
	complete_first(0, 30);
	device.refuse = -ENOSPC;
	CHECK_EQ(winusb_submit_isoch(usb, &what, 1, &next), -ENOSPC);
	what.flags = WINUSB_TRANSFER_ASYNC;
	CHECK_EQ(winusb_submit_isoch(usb, &what, 1, &next), -EOPNOTSUPP);
	CHECK_EQ(winusb_isoch_transfer(usb, &what, &next), -EOPNOTSUPP);
	/* The number may be another buffer's in another file. */
	what.flags = 0;
	CHECK(!winusb_open(&other, path_of(0), 0));
	CHECK_EQ(winusb_submit_isoch(other, &what, 1, &next), -EINVAL);
	winusb_close(other);
	winusb_close(usb);
	CHECK_EQ(driver.unregistered, 0);
	/* By the close */
	winusb_isoch_free(buffer);
	CHECK_EQ(driver.unregistered, 0);
	end();
}

TEST(native_frames)
{
	struct winusb *usb = native_start();
	struct winusb_get_frame frame;

	set_frame(77, 5000 * MS);
	CHECK(!winusb_frame(usb, WINUSB_FRAME_BOUNDARY, &frame));
	CHECK_EQ(frame.out_frame, 77);
	CHECK_EQ(frame.out_start_ns, 5000 * MS);
	CHECK_EQ(driver.frame_flags, WINUSB_FRAME_BOUNDARY);
	CHECK_EQ(winusb_frame(usb, 0, NULL), -EINVAL);
	driver.frame_result = -EOPNOTSUPP;
	CHECK_EQ(winusb_frame(usb, 0, &frame), -EOPNOTSUPP);
	device.command = NULL;
	CHECK_EQ(winusb_frame(usb, 0, &frame), -EOPNOTSUPP);
	winusb_close(usb);
	end();
}
