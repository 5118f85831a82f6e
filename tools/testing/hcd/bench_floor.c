// SPDX-License-Identifier: GPL-2.0-only
/*
 * winusb_bench: the floor, a loop of URBs inside the kernel.
 *
 * What no interface to user space can be faster than: URBs that submit
 * themselves again from their completion, with buffers that are allocated once.
 * Write "BUS DEVICE ENDPOINT SIZE DEPTH COUNT DATA" to the file floor: COUNT URBs
 * of SIZE bytes are moved, DEPTH of them in flight, and the write returns when
 * all are done. DATA is 1 for a sink of bench_device.c, 0 for one that wants
 * zeros. On an isochronous endpoint SIZE is in full packets. Then read "URBS
 * NANOSECONDS BYTES IDLE" of it, the last one in microseconds of all CPUs, or -1
 * if that is not known: the buffers are made before that.
 */

#include <linux/atomic.h>
#include <linux/bottom_half.h>
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/usb.h>

#include "bench.h"
#include "winusb_hcd.h"

#define WINUSB_FLOOR_DEPTH	512
#define WINUSB_FLOOR_SIZE	SZ_4M
#define WINUSB_FLOOR_WAIT_S	30

/**
 * struct winusb_floor - a loop
 * @udev: the device
 * @endpoint: its endpoint
 * @size: bytes of a URB
 * @depth: URBs in flight
 * @count: URBs to move
 * @data: OUT URBs carry stamp and pattern
 * @urbs: the @depth URBs
 * @started: URBs submitted
 * @ended: URBs completed; completions of one endpoint come one at a time
 * @bytes: bytes moved
 * @status: of the first URB that failed
 * @done: the last one completed
 */
struct winusb_floor {
	struct usb_device *udev;
	struct usb_host_endpoint *endpoint;
	u32 size;
	u32 depth;
	u32 count;
	unsigned int data;
	struct urb **urbs;
	atomic_t started;
	u32 ended;
	u64 bytes;
	int status;
	struct completion done;
};

static DEFINE_MUTEX(winusb_floor_lock);	/* guards the last result, one loop at a time */
static u64 winusb_floor_urbs, winusb_floor_ns, winusb_floor_bytes;
static s64 winusb_floor_idle;

/* Submits a URB as the next one; false when there is none left to submit. */
static bool winusb_floor_next(struct winusb_floor *floor, struct urb *urb)
{
	__le64 number;
	int ret;

	if (!atomic_add_unless(&floor->started, 1, floor->count))
		return false;
	if (usb_urb_dir_out(urb) && floor->data && floor->size >= sizeof(number)) {
		number = cpu_to_le64(atomic_read(&floor->started) - 1);
		memcpy(urb->transfer_buffer, &number, sizeof(number));
	}
	ret = usb_submit_urb(urb, GFP_ATOMIC);
	if (ret) {
		floor->status = ret;
		complete(&floor->done);
	}
	return !ret;
}

static void winusb_floor_complete(struct urb *urb)
{
	struct winusb_floor *floor = urb->context;

	floor->bytes += urb->actual_length;
	if (urb->status && !floor->status)
		floor->status = urb->status;
	if (!floor->status)
		winusb_floor_next(floor, urb);
	if (++floor->ended == floor->count || floor->status)
		complete(&floor->done);
}

/* Bytes of an isochronous endpoint in an interval; no SuperSpeed here. */
static u32 winusb_floor_packet(const struct winusb_floor *floor)
{
	return usb_endpoint_maxp(&floor->endpoint->desc) *
	       usb_endpoint_maxp_mult(&floor->endpoint->desc);
}

/* Packets of a URB, 0 for a size that is not in full ones. */
static u32 winusb_floor_packets(const struct winusb_floor *floor)
{
	u32 packet = winusb_floor_packet(floor);

	return packet && floor->size % packet == 0 ? floor->size / packet : 0;
}

static void winusb_floor_fill_isoc(struct winusb_floor *floor, struct urb *urb,
				   void *buffer)
{
	const struct usb_endpoint_descriptor *desc = &floor->endpoint->desc;
	u32 packet = winusb_floor_packet(floor);
	unsigned int nr = usb_endpoint_num(desc);
	int i;

	urb->dev = floor->udev;
	urb->pipe = usb_endpoint_dir_in(desc) ?
		usb_rcvisocpipe(floor->udev, nr) :
		usb_sndisocpipe(floor->udev, nr);
	urb->transfer_flags = URB_ISO_ASAP;
	urb->transfer_buffer = buffer;
	urb->transfer_buffer_length = floor->size;
	urb->interval = 1 << (desc->bInterval - 1);
	urb->number_of_packets = winusb_floor_packets(floor);
	urb->complete = winusb_floor_complete;
	urb->context = floor;
	for (i = 0; i < urb->number_of_packets; i++) {
		urb->iso_frame_desc[i].offset = i * packet;
		urb->iso_frame_desc[i].length = packet;
	}
}

static void winusb_floor_fill(struct winusb_floor *floor, struct urb *urb,
			      void *buffer)
{
	const struct usb_endpoint_descriptor *desc = &floor->endpoint->desc;
	unsigned int nr = usb_endpoint_num(desc);
	unsigned int pipe;
	u32 i;

	for (i = 0; i < floor->size; i++)
		((u8 *)buffer)[i] = floor->data ? winusb_hcd_pattern(i) : 0;
	if (usb_endpoint_xfer_isoc(desc)) {
		winusb_floor_fill_isoc(floor, urb, buffer);
	} else if (usb_endpoint_xfer_int(desc)) {
		pipe = usb_endpoint_dir_in(desc) ?
			usb_rcvintpipe(floor->udev, nr) :
			usb_sndintpipe(floor->udev, nr);
		usb_fill_int_urb(urb, floor->udev, pipe, buffer, floor->size,
				 winusb_floor_complete, floor, desc->bInterval);
	} else {
		pipe = usb_endpoint_dir_in(desc) ?
			usb_rcvbulkpipe(floor->udev, nr) :
			usb_sndbulkpipe(floor->udev, nr);
		usb_fill_bulk_urb(urb, floor->udev, pipe, buffer, floor->size,
				  winusb_floor_complete, floor);
	}
	urb->transfer_flags |= URB_FREE_BUFFER;
}

static int winusb_floor_alloc(struct winusb_floor *floor)
{
	u32 i, packets = 0;
	void *buffer;

	if (usb_endpoint_xfer_isoc(&floor->endpoint->desc)) {
		packets = winusb_floor_packets(floor);
		if (!packets)
			return -EINVAL;
	}
	floor->urbs = kcalloc(floor->depth, sizeof(*floor->urbs), GFP_KERNEL);
	if (!floor->urbs)
		return -ENOMEM;
	for (i = 0; i < floor->depth; i++) {
		floor->urbs[i] = usb_alloc_urb(packets, GFP_KERNEL);
		buffer = kmalloc(floor->size, GFP_KERNEL | __GFP_NOWARN);
		if (!floor->urbs[i] || !buffer) {
			kfree(buffer);
			return -ENOMEM;
		}
		winusb_floor_fill(floor, floor->urbs[i], buffer);
	}
	return 0;
}

static void winusb_floor_free(struct winusb_floor *floor)
{
	u32 i;

	for (i = 0; floor->urbs && i < floor->depth; i++)
		usb_free_urb(floor->urbs[i]);
	kfree(floor->urbs);
}

static int winusb_floor_run(struct winusb_floor *floor)
{
	u64 idle, idle_end;
	bool idle_known;
	ktime_t start;
	long left;
	u32 i;
	int ret;

	ret = winusb_floor_alloc(floor);
	if (ret)
		goto out_free;
	idle_known = !winusb_idle_get(&idle);
	start = ktime_get();
	/*
	 * With bottom halves off the URBs collect in the controller's queue, so
	 * that all of them are in flight when the first one completes.
	 */
	local_bh_disable();
	for (i = 0; i < floor->depth; i++)
		if (!winusb_floor_next(floor, floor->urbs[i]))
			break;
	local_bh_enable();
	/* Task work of io_uring interrupts, and then the call would begin anew. */
	left = wait_for_completion_killable_timeout(&floor->done,
						    WINUSB_FLOOR_WAIT_S * HZ);
	winusb_floor_ns = ktime_to_ns(ktime_sub(ktime_get(), start));
	idle_known = idle_known && !winusb_idle_get(&idle_end);
	winusb_floor_idle = idle_known ? (s64)(idle_end - idle) : -1;
	for (i = 0; i < floor->depth; i++)
		usb_poison_urb(floor->urbs[i]);
	ret = floor->status;
	if (left <= 0)
		ret = left ? : -ETIMEDOUT;
	winusb_floor_urbs = floor->ended;
	winusb_floor_bytes = floor->bytes;
out_free:
	winusb_floor_free(floor);
	return ret;
}

struct winusb_floor_wanted {
	unsigned int bus;
	unsigned int device;
	struct usb_device *udev;
};

static int winusb_floor_match(struct usb_device *udev, void *data)
{
	struct winusb_floor_wanted *wanted = data;

	if (udev->bus->busnum != wanted->bus || udev->devnum != wanted->device)
		return 0;
	wanted->udev = usb_get_dev(udev);
	return 1;
}

static int winusb_floor_start(struct winusb_floor *floor,
			      struct winusb_floor_wanted *wanted, u8 address)
{
	unsigned int nr = address & USB_ENDPOINT_NUMBER_MASK;
	int ret;

	usb_for_each_dev(wanted, winusb_floor_match);
	if (!wanted->udev)
		return -ENODEV;
	floor->udev = wanted->udev;
	/* No other setting or configuration meanwhile. */
	usb_lock_device(floor->udev);
	floor->endpoint = address & USB_DIR_IN ? floor->udev->ep_in[nr] :
						 floor->udev->ep_out[nr];
	ret = -ENOENT;
	if (nr && floor->endpoint &&
	    !usb_endpoint_xfer_control(&floor->endpoint->desc))
		ret = winusb_floor_run(floor);
	usb_unlock_device(floor->udev);
	usb_put_dev(floor->udev);
	return ret;
}

static ssize_t winusb_floor_write(struct file *file, const char __user *text,
				  size_t length, loff_t *position)
{
	struct winusb_floor_wanted wanted = { };
	struct winusb_floor floor = { };
	unsigned int address;
	char line[96];
	int ret;

	if (length >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, text, length))
		return -EFAULT;
	line[length] = 0;
	if (sscanf(line, "%u %u %i %u %u %u %u", &wanted.bus, &wanted.device,
		   &address, &floor.size, &floor.depth, &floor.count,
		   &floor.data) != 7)
		return -EINVAL;
	if (!floor.depth || floor.depth > WINUSB_FLOOR_DEPTH || !floor.size ||
	    floor.size > WINUSB_FLOOR_SIZE || !floor.count || address > 0xff)
		return -EINVAL;
	init_completion(&floor.done);
	mutex_lock(&winusb_floor_lock);
	ret = winusb_floor_start(&floor, &wanted, address);
	mutex_unlock(&winusb_floor_lock);
	return ret ? : length;
}

static int winusb_floor_show(struct seq_file *file, void *unused)
{
	mutex_lock(&winusb_floor_lock);
	seq_printf(file, "%llu %llu %llu %lld\n", winusb_floor_urbs,
		   winusb_floor_ns, winusb_floor_bytes, winusb_floor_idle);
	mutex_unlock(&winusb_floor_lock);
	return 0;
}

static int winusb_floor_open(struct inode *inode, struct file *file)
{
	return single_open(file, winusb_floor_show, NULL);
}

static const struct file_operations winusb_floor_fops = {
	.owner = THIS_MODULE,
	.open = winusb_floor_open,
	.read = seq_read,
	.write = winusb_floor_write,
	.llseek = seq_lseek,
	.release = single_release,
};

void winusb_floor_init(struct dentry *folder)
{
	debugfs_create_file("floor", 0600, folder, NULL, &winusb_floor_fops);
}
