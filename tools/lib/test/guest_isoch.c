// SPDX-License-Identifier: MIT
/*
 * Isochronous transfers through the native face against a device, in a guest:
 *
 *	make -C tools/lib guest_isoch
 *	scripts/lab run --board=iso -- tools/lib/build/native/guest_isoch
 */
#define WINUSB_W32_LIBC_STDIO
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <libwinusb.h>

#include "../../testing/boards/iso.h"
#include "tap.h"

#define ISO	"/dev/winusb/1-1:1.0"
#define PACKET	512		/* of ISO_ALT_MS, one each millisecond */
#define COUNT	10
#define LENGTH	(COUNT * PACKET)
#define RING	4

static struct winusb *usb;
static struct winusb_isoch_buffer *buffer;
static struct winusb_isoch_packet packets[RING][COUNT];

/* With memory of ours, or with the driver's. */
static uint8_t *begin(uint8_t pipe, bool mapped)
{
	static uint8_t memory[RING * LENGTH];

	memset(memory, 0, sizeof(memory));
	buffer = NULL;
	CHECK_EQ(winusb_open(&usb, ISO, 0), 0);
	CHECK_EQ(winusb_set_setting(usb, ISO_ALT_MS), 0);
	if (mapped)
		CHECK_EQ(winusb_isoch_alloc(usb, pipe, sizeof(memory), &buffer), 0);
	else
		CHECK_EQ(winusb_isoch_register(usb, pipe, memory, sizeof(memory), &buffer), 0);
	CHECK(!!mapped == (winusb_isoch_memory(buffer) != memory));
	return winusb_isoch_memory(buffer);
}

static void end(void)
{
	winusb_isoch_free(buffer);
	winusb_close(usb);
}

static struct winusb_isoch slice(unsigned int n)
{
	struct winusb_isoch what = {
		.buffer = buffer,
		.offset = n * LENGTH,
		.length = LENGTH,
		.packets = packets[n],
		.packet_count = COUNT,
	};

	return what;
}

static void check_slice(const uint8_t *memory, unsigned int n, uint32_t counter)
{
	struct iso_header header;
	unsigned int i;

	for (i = 0; i < COUNT; i++) {
		CHECK_EQ(packets[n][i].status, WINUSB_PACKET_SUCCESS);
		CHECK_EQ(packets[n][i].offset, i * PACKET);
		CHECK_EQ(packets[n][i].length, PACKET);
		CHECK(iso_check(memory + n * LENGTH + i * PACKET, PACKET, &header));
		CHECK_EQ(header.counter, counter + i);
	}
}

static void take(uint64_t cookie, int status, uint32_t length)
{
	struct winusb_completion record = { 0 };

	CHECK_EQ(winusb_reap(usb, &record, 1, 10000), 1);
	CHECK_EQ(record.cookie, cookie);
	CHECK_EQ(record.status, status);
	CHECK_EQ(record.length, length);
}

static void read_ring(bool mapped)
{
	uint8_t *memory = begin(ISO_IN, mapped);
	struct winusb_isoch what;
	unsigned int i;

	for (i = 0; i < RING; i++) {
		what = slice(i);
		CHECK_EQ(winusb_submit_isoch(usb, &what, i, NULL), 0);
	}
	for (i = 0; i < 5 * RING; i++) {
		take(i % RING, 0, LENGTH);
		check_slice(memory, i % RING, i * COUNT);
		what = slice(i % RING);
		CHECK_EQ(winusb_submit_isoch(usb, &what, i % RING, NULL), 0);
	}
	CHECK_EQ(winusb_abort_pipe(usb, ISO_IN), 0);
	end();
}

TEST(a_ring_of_reads_into_memory_of_the_program)
{
	read_ring(false);
}

TEST(a_ring_of_reads_without_a_copy)
{
	read_ring(true);
}

TEST(a_read_without_an_array_tells_the_sum)
{
	uint8_t *memory = begin(ISO_IN, true);
	struct winusb_isoch what = slice(0);
	struct iso_header header;

	what.packets = NULL;
	CHECK_EQ(winusb_submit_isoch(usb, &what, 1, NULL), -EINVAL);
	what.packet_count = 0;
	CHECK_EQ(winusb_submit_isoch(usb, &what, 1, NULL), 0);
	take(1, 0, LENGTH);
	CHECK(iso_check(memory, PACKET, &header));
	end();
}

static struct iso_stats stats(void)
{
	static const struct winusb_setup get = { 0xc0, ISO_GET_STATS, 0, 0,
						 sizeof(struct iso_stats) };
	struct iso_stats got = { 0 };

	CHECK_EQ(winusb_control(usb, &get, &got, NULL), 0);
	return got;
}

static void write_all(bool mapped)
{
	uint8_t *memory = begin(ISO_OUT, mapped);
	struct winusb_isoch what;
	unsigned int i;

	for (i = 0; i < RING * COUNT; i++)
		iso_fill(memory + i * PACKET, PACKET, i, 0);
	for (i = 0; i < RING; i++) {
		what = slice(i);
		what.packets = NULL;
		what.packet_count = 0;
		CHECK_EQ(winusb_submit_isoch(usb, &what, i, NULL), 0);
	}
	for (i = 0; i < RING; i++)
		take(i, 0, LENGTH);
	CHECK_EQ(stats().good, RING * COUNT);
	CHECK_EQ(stats().bad + stats().gaps, 0);
	end();
}

TEST(writes_from_memory_of_the_program)
{
	write_all(false);
}

TEST(writes_without_a_copy)
{
	write_all(true);
}

/* As audio at 44.1 kHz has them. */
TEST(packets_with_lengths_of_their_own)
{
	uint8_t *memory = begin(ISO_OUT, true);
	struct winusb_isoch what = slice(0);
	uint32_t i, at = 0;

	for (i = 0; i < COUNT; i++) {
		packets[0][i].length = 100 + i % 3;
		iso_fill(memory + at, packets[0][i].length, i, 0);
		at += packets[0][i].length;
	}
	what.length = at;
	what.flags = WINUSB_TRANSFER_ISOCH_LENGTHS;
	CHECK_EQ(winusb_isoch_transfer(usb, &what, NULL), 0);
	CHECK_EQ(stats().good, COUNT);
	CHECK_EQ(stats().bytes, at);
	what.length++;
	CHECK_EQ(winusb_isoch_transfer(usb, &what, NULL), -EINVAL);
	end();
}

TEST(frames_and_their_time)
{
	struct winusb_get_frame frame, later;
	uint8_t *memory = begin(ISO_IN, false);
	struct winusb_isoch what = slice(0);
	struct winusb_completion record;
	uint32_t next = 0;

	CHECK_EQ(winusb_isoch_transfer(usb, &what, &next), 0);
	CHECK(next);
	CHECK_EQ(winusb_frame(usb, 0, &frame), 0);
	usleep(20000);
	CHECK_EQ(winusb_frame(usb, WINUSB_FRAME_BOUNDARY, &later), 0);
	CHECK(later.out_time_ns - frame.out_time_ns >= 20000000);
	CHECK(later.out_frame - frame.out_frame >= 18);
	CHECK_EQ(winusb_frame(usb, 0x80, &frame), -EOPNOTSUPP);
	what.flags = WINUSB_TRANSFER_ISOCH_AT;
	what.frame = later.out_frame + 900;
	CHECK_EQ(winusb_submit_isoch(usb, &what, 5, &next), 0);
	CHECK_EQ(next, what.frame + COUNT);
	CHECK_EQ(winusb_reap(usb, &record, 1, 10000), 1);
	CHECK_EQ(record.status, 0);
	CHECK(record.isoch_frame - what.frame < 5000);
	CHECK_EQ(record.isoch_next_frame, record.isoch_frame + COUNT);
	CHECK_EQ(record.isoch_errors, 0);
	check_slice(memory, 0, COUNT);
	what.frame = later.out_frame;
	CHECK_EQ(winusb_submit_isoch(usb, &what, 5, &next), -EINVAL);
	end();
}

TEST(what_is_refused)
{
	struct winusb_isoch_buffer *none = NULL;
	struct winusb_isoch what;

	begin(ISO_IN, false);
	CHECK_EQ(winusb_isoch_alloc(usb, 0x88, 100, &none), -EINVAL);
	CHECK_EQ(winusb_isoch_alloc(usb, ISO_OUT, 0, &none), -EINVAL);
	CHECK_EQ(winusb_isoch_register(usb, ISO_IN, (void *)16, 100, &none), -EFAULT);
	CHECK(!none);
	what = slice(RING);
	CHECK_EQ(winusb_submit_isoch(usb, &what, 1, NULL), -EINVAL);
	what = slice(0);
	what.flags = WINUSB_TRANSFER_ISOCH_CONTINUE;
	CHECK_EQ(winusb_submit_isoch(usb, &what, 1, NULL), -EINVAL);
	what.flags = 0;
	what.packet_count--;
	CHECK_EQ(winusb_submit_isoch(usb, &what, 1, NULL), -EINVAL);
	end();
}

/* The buffer outlives the interface that it was made with, and a mapping keeps the node open. */
TEST(closed_before_it_is_freed)
{
	uint8_t *memory = begin(ISO_IN, true);
	struct winusb_isoch what = slice(0);
	struct winusb *other;

	CHECK_EQ(winusb_isoch_transfer(usb, &what, NULL), 0);
	CHECK_EQ(winusb_submit_isoch(usb, &what, 1, NULL), 0);
	winusb_close(usb);
	memory[0] = memory[RING * LENGTH - 1] = 1;
	CHECK_EQ(winusb_open(&other, ISO, 0), -EBUSY);
	winusb_isoch_free(buffer);
	begin(ISO_IN, false);
	what = slice(0);
	CHECK_EQ(winusb_submit_isoch(usb, &what, 1, NULL), 0);
	winusb_close(usb);
	CHECK_EQ(winusb_open(&other, ISO, 0), 0);
	winusb_close(other);
	winusb_isoch_free(buffer);
}

static void *free_in_thread(void *unused)
{
	(void)unused;
	winusb_isoch_free(buffer);
	return NULL;
}

TEST(free_waits_for_transfers)
{
	struct winusb_isoch what;
	pthread_t thread;

	begin(ISO_IN, true);
	what = slice(0);
	CHECK_EQ(winusb_submit_isoch(usb, &what, 1, NULL), 0);
	CHECK(!pthread_create(&thread, NULL, free_in_thread, NULL));
	pthread_join(thread, NULL);
	take(1, 0, LENGTH);
	/* And a close ends them. */
	CHECK_EQ(winusb_isoch_alloc(usb, ISO_IN, RING * LENGTH, &buffer), 0);
	what = slice(0);
	CHECK_EQ(winusb_submit_isoch(usb, &what, 1, NULL), 0);
	CHECK(!pthread_create(&thread, NULL, free_in_thread, NULL));
	winusb_close(usb);
	pthread_join(thread, NULL);
}
