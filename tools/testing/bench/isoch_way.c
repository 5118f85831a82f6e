// SPDX-License-Identifier: MIT
/*
 * Isochronous streams: how programs keep one going, by usbfs and by winusb. Each is used at its
 * best: what is done is waited for and collected in one call, and winusb submits all at once.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>
#include <linux/winusb.h>

#include "isoch.h"

#define MEMORY (ISOCH_REQUESTS * ISOCH_REQUEST)

static uint8_t address;
static uint8_t *memory;

static uint8_t *own_memory(void)
{
	void *area = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (area == MAP_FAILED)
		fail("no memory for %d requests: %s", ISOCH_REQUESTS, strerror(errno));
	return area;
}

/* usbfs: a URB for each request */

static struct usbdevfs_urb *urbs[ISOCH_REQUESTS];

static void usbfs_free(void)
{
	unsigned int i;

	for (i = 0; i < ISOCH_REQUESTS && urbs[i]; i++) {
		if (!memory)
			munmap(urbs[i]->buffer, ISOCH_REQUEST);
		free(urbs[i]);
		urbs[i] = NULL;
	}
	if (memory)
		munmap(memory, MEMORY);
	memory = NULL;
}

static void usbfs_make(unsigned int slot, uint8_t *data)
{
	struct usbdevfs_urb *urb;
	unsigned int i;

	urb = calloc(1, sizeof(*urb) + ISOCH_PACKETS * sizeof(*urb->iso_frame_desc));
	urb->type = USBDEVFS_URB_TYPE_ISO;
	urb->endpoint = address;
	urb->flags = USBDEVFS_URB_ISO_ASAP;
	urb->buffer = data;
	urb->buffer_length = ISOCH_REQUEST;
	urb->number_of_packets = ISOCH_PACKETS;
	for (i = 0; i < ISOCH_PACKETS; i++)
		urb->iso_frame_desc[i].length = ISOCH_PACKET;
	urbs[slot] = urb;
}

static int usbfs_begin(const struct isoch_way *way, bool in, uint8_t **requests, char *why,
		       size_t why_size)
{
	unsigned int i;
	int error;

	address = in ? ISOCH_IN : ISOCH_OUT;
	memory = way->map ? NULL : own_memory();
	for (i = 0; i < ISOCH_REQUESTS; i++) {
		if (memory)
			requests[i] = memory + i * ISOCH_REQUEST;
		else
			requests[i] = mmap(NULL, ISOCH_REQUEST, PROT_READ | PROT_WRITE, MAP_SHARED,
					   usbfs_fd(), 0);
		if (requests[i] == MAP_FAILED) {
			error = errno;
			snprintf(why, why_size, "usbfs gives %u of %u contiguous buffers: %s", i,
				 ISOCH_REQUESTS, strerror(error));
			usbfs_free();
			return -error;
		}
		usbfs_make(i, requests[i]);
	}
	return 0;
}

static int usbfs_submit(const unsigned int *slots, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (ioctl(usbfs_fd(), USBDEVFS_SUBMITURB, urbs[slots[i]]))
			return -errno;
	return 0;
}

static int usbfs_wait(unsigned int *slots)
{
	struct usbdevfs_urb *urb;
	unsigned int i = 0;

	if (ioctl(usbfs_fd(), USBDEVFS_REAPURB, &urb))
		return -errno;
	while (urbs[i] != urb)
		i++;
	*slots = i;
	return urb->status ? urb->status : 1;
}

static struct isoch_packet usbfs_packet(unsigned int slot, unsigned int i)
{
	const struct usbdevfs_iso_packet_desc *desc = &urbs[slot]->iso_frame_desc[i];

	if (!(address & 0x80))
		return (struct isoch_packet) { ISOCH_PACKET, !urbs[slot]->error_count };
	return (struct isoch_packet) { desc->actual_length, !desc->status };
}

/* winusb: a registered buffer for all requests */

static uint32_t buffer;
static struct winusb_isoch_packet packets[ISOCH_REQUESTS][ISOCH_PACKETS];
static uint32_t moved[ISOCH_REQUESTS];		/* bytes of each */
static struct io_uring ring;

static int winusb_register(bool map, char *why, size_t why_size)
{
	struct winusb_register_isoch_buffer arg = {
		.size = sizeof(arg),
		.handle = winusb_handle(),
		.pipe_id = address,
		.flags = map ? WINUSB_ISOCH_BUFFER_MAP : 0,
		.length = MEMORY,
	};
	int error;

	memory = map ? NULL : own_memory();
	arg.buffer = (uintptr_t)memory;
	if (ioctl(winusb_fd(), WINUSB_IOC_REGISTER_ISOCH_BUFFER, &arg)) {
		error = errno;
		snprintf(why, why_size, "winusb takes no buffer of %u bytes: %s", MEMORY,
			 strerror(error));
		if (!map)
			munmap(memory, MEMORY);
		memory = NULL;
		return -error;
	}
	buffer = arg.out_isoch_buffer;
	if (map)
		memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, winusb_fd(),
			      arg.out_offset);
	if (memory == MAP_FAILED)
		fail("winusb's buffer cannot be mapped: %s", strerror(errno));
	return 0;
}

static int winusb_begin(const struct isoch_way *way, bool in, uint8_t **requests, char *why,
			size_t why_size)
{
	unsigned int i;
	int result;

	address = in ? ISOCH_IN : ISOCH_OUT;
	result = winusb_register(way->map, why, why_size);
	for (i = 0; !result && i < ISOCH_REQUESTS; i++)
		requests[i] = memory + i * ISOCH_REQUEST;
	return result;
}

static void winusb_end(void)
{
	struct winusb_unregister_isoch_buffer arg = {
		.size = sizeof(arg),
		.isoch_buffer = buffer,
	};

	if (ioctl(winusb_fd(), WINUSB_IOC_UNREGISTER_ISOCH_BUFFER, &arg))
		fail("winusb's buffer cannot be unregistered: %s", strerror(errno));
	munmap(memory, MEMORY);
	memory = NULL;
}

/* A write is whole if all of its bytes have moved: as on Windows, nobody asks for its packets. */
static struct winusb_transfer winusb_request(unsigned int slot)
{
	bool in = address & 0x80;

	return (struct winusb_transfer) {
		.size = sizeof(struct winusb_transfer),
		.handle = winusb_handle(),
		.pipe_id = address,
		.length = ISOCH_REQUEST,
		.isoch_buffer = buffer,
		.isoch_offset = slot * ISOCH_REQUEST,
		.isoch_packet_count = in ? ISOCH_PACKETS : 0,
		.isoch_packets = in ? (uintptr_t)packets[slot] : 0,
	};
}

static struct isoch_packet winusb_packet(unsigned int slot, unsigned int i)
{
	const struct winusb_isoch_packet *packet = &packets[slot][i];

	if (!(address & 0x80))
		return (struct isoch_packet) { ISOCH_PACKET, moved[slot] == ISOCH_REQUEST };
	return (struct isoch_packet) { packet->length, packet->status == WINUSB_PACKET_SUCCESS };
}

/* They go along with the call that waits for others. */
static struct winusb_transfer transfers[ISOCH_REQUESTS];
static unsigned int num_transfers;

static int records_submit(const unsigned int *slots, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		transfers[i] = winusb_request(slots[i]);
		transfers[i].flags = WINUSB_TRANSFER_ASYNC;
		transfers[i].cookie = slots[i];
	}
	num_transfers = nr;
	return 0;
}

static int records_wait(unsigned int *slots)
{
	struct winusb_completion records[ISOCH_REQUESTS];
	struct winusb_reap reap = {
		.size = sizeof(reap),
		.records = (uintptr_t)records,
		.count = ISOCH_REQUESTS,
		.until_ns = WINUSB_REAP_FOREVER,
		.transfers = num_transfers ? (uintptr_t)transfers : 0,
		.submit_count = num_transfers,
		.transfer_size = num_transfers ? sizeof(*transfers) : 0,
	};
	unsigned int i;

	if (ioctl(winusb_fd(), WINUSB_IOC_REAP, &reap))
		return -errno;
	num_transfers = 0;
	for (i = 0; i < reap.out_count; i++) {
		if (records[i].status)
			return records[i].status;
		slots[i] = records[i].cookie;
		moved[slots[i]] = records[i].length;
	}
	return reap.out_count;
}

static int uring_begin(const struct isoch_way *way, bool in, uint8_t **requests, char *why,
		       size_t why_size)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	};
	int result, fd = winusb_fd();

	if (!(winusb_capabilities() & WINUSB_CAP_URING)) {
		snprintf(why, why_size, "this kernel's winusb.ko has no io_uring commands "
			 "(WINUSB_CAP_URING is clear; Linux 6.8 or newer)");
		return -EOPNOTSUPP;
	}
	result = io_uring_queue_init_params(ISOCH_REQUESTS, &ring, &params);
	if (!result)
		result = io_uring_register_files(&ring, &fd, 1);
	if (result) {
		snprintf(why, why_size, "no io_uring: %s", strerror(-result));
		return result;
	}
	return winusb_begin(way, in, requests, why, why_size);
}

static void uring_end(void)
{
	io_uring_queue_exit(&ring);
	winusb_end();
}

/* The kernel reads the transfers when the ring is entered, which is in uring_wait(). */
static struct winusb_transfer ring_transfers[ISOCH_REQUESTS];

static int uring_submit(const unsigned int *slots, unsigned int nr)
{
	struct io_uring_sqe *sqe;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		sqe = io_uring_get_sqe(&ring);
		if (!sqe)
			return -ENOSPC;
		ring_transfers[slots[i]] = winusb_request(slots[i]);
		memset(sqe, 0, sizeof(*sqe));
		sqe->opcode = IORING_OP_URING_CMD;
		sqe->flags = IOSQE_FIXED_FILE;
		sqe->off = WINUSB_URING_ISOCH;		/* cmd_op */
		sqe->addr = (uintptr_t)&ring_transfers[slots[i]];
		sqe->len = sizeof(*ring_transfers);
		sqe->user_data = slots[i];
	}
	return 0;
}

static int uring_wait(unsigned int *slots)
{
	struct io_uring_cqe *cqe;
	unsigned int head, nr = 0;
	int result;

	result = io_uring_submit_and_wait(&ring, 1);
	if (result < 0)
		return result;
	io_uring_for_each_cqe(&ring, head, cqe) {
		if (cqe->res < 0)
			return cqe->res;
		slots[nr++] = cqe->user_data;
		moved[cqe->user_data] = cqe->res;
	}
	io_uring_cq_advance(&ring, nr);
	return nr;
}

#define USBFS_WAY .open = usbfs_begin, .submit = usbfs_submit, .wait = usbfs_wait, \
		  .packet = usbfs_packet, .close = usbfs_free
#define RECORDS_WAY .winusb = true, .open = winusb_begin, .submit = records_submit, \
		    .wait = records_wait, .packet = winusb_packet, .close = winusb_end
#define URING_WAY .winusb = true, .open = uring_begin, .submit = uring_submit, \
		  .wait = uring_wait, .packet = winusb_packet, .close = uring_end

const struct isoch_way isoch_ways[MAX_ISOCH_WAYS] = {
	{ .name = "usbfs", .title = "usbfs SUBMITURB/REAPURB", USBFS_WAY },
	{ .name = "usbfs-mmap", .title = "usbfs URBs, mmap buffers", .map = true, USBFS_WAY },
	{ .name = "winusb-records", .title = "winusb records", RECORDS_WAY },
	{ .name = "winusb-uring", .title = "winusb io_uring", URING_WAY },
	{ .name = "winusb-records-map", .title = "winusb records, mapped", .map = true,
	  .counterpart = "usbfs-mmap", RECORDS_WAY },
	{ .name = "winusb-uring-map", .title = "winusb io_uring, mapped", .map = true,
	  .counterpart = "usbfs-mmap", URING_WAY },
	{ .name = "kernel", .title = "loop inside the kernel" },
};
