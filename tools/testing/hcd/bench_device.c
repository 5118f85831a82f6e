// SPDX-License-Identifier: GPL-2.0-only
/*
 * winusb_bench: what winusb-bench measures with, and no KUnit.
 *
 * A scripted host controller that completes each URB inside urb_enqueue(), if
 * the submitter may sleep, so that all the time goes to software. Two devices
 * of one kind are plugged in, so that winusb can have one and usbfs the other
 * at the same time. Each has sources and sinks, and an endpoint that never
 * answers. Some are interrupt endpoints with large packets: usbfs submits bulk
 * URBs under a spinlock, so they can't complete inside urb_enqueue().
 *
 * A URB's data begins with a stamp, the number of the URB since the counters
 * were reset, eight bytes, little-endian; a pattern follows. The sums of the
 * stamps tell whether each URB was delivered once. In debugfs, folder
 * winusb_bench:
 *
 *	devices		a line for each: role, name, bus and device number
 *	data		what sources send and sinks expect, see bench.h
 *	unlink_us	delay from the unlink of a URB to its give-back
 *	counters	of each source and sink; writing anything resets them
 *	idle_us, soak	see bench_idle.c
 *	isoch		see bench_isoch.c: alternate setting 1, in real time
 *	pace		or so many times as fast
 *	floor		see bench_floor.c
 */

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "bench.h"
#include "winusb_hcd.h"

#define WINUSB_BENCH_DEVICES	2
#define WINUSB_BENCH_PACKET	64	/* of the interrupt endpoints */
#define WINUSB_BENCH_CONTROL	4096

/* usbtest's requests: keep the data, send it back. */
#define WINUSB_BENCH_WRITE	0x5b
#define WINUSB_BENCH_READ	0x5c

#define WINUSB_BENCH_PERIOD	251	/* as of winusb_hcd_pattern() */
#define WINUSB_BENCH_PIECE	16384	/* bytes copied or compared at once */

static bool controller = true;
module_param(controller, bool, 0444);
MODULE_PARM_DESC(controller, "make the controller and its devices (default true)");

static bool dma = true;
module_param(dma, bool, 0444);
MODULE_PARM_DESC(dma, "let usbcore map buffers for DMA, as for hardware (default true)");

static const char * const winusb_bench_data_names[] = {
	[WINUSB_BENCH_STAMPED] = "stamped",
	[WINUSB_BENCH_CHECKED] = "checked",
	[WINUSB_BENCH_BARE] = "bare",
	[WINUSB_BENCH_MOD63] = "mod63",
};

/*
 * A source or sink. Changed under the controller's lock; the numbers are read
 * and reset only when nothing is in flight.
 */
struct winusb_bench_ep {
	u8 address;
	u64 urbs;
	u64 bytes;
	u64 stamps;		/* sum of the stamps */
	u64 errors;		/* pieces of a sink's data that were not the pattern */
};

struct winusb_bench_device {
	struct winusb_hcd_dev *dev;
	struct winusb_bench_ep eps[6];
	u8 control[WINUSB_BENCH_CONTROL];
	size_t control_length;
};

static const u8 winusb_bench_addresses[] = {
	0x81, 0x01, 0x82, 0x02, 0x84, 0x04
};

static const char * const winusb_bench_roles[] = { "winusb", "usbfs" };

/* The second is bound by usbtest, because it behaves as "gadget zero" does. */
static const u16 winusb_bench_ids[][2] = {
	{ 0x1209, 0xbe01 },
	{ 0x0525, 0xa4a0 },
};

static struct winusb_hcd *winusb_bench_hc;
static struct winusb_bench_device *winusb_bench_devices;
static struct dentry *winusb_bench_folder;
enum winusb_bench_data winusb_bench_data;
static u8 *winusb_bench_pattern;
static u8 *winusb_bench_sunk;	/* what a sink read last */
static u32 winusb_bench_unlink_us;
static unsigned int winusb_bench_pace = 1;

static const u8 winusb_bench_config[] = {
	9, USB_DT_CONFIG, 0, 0, 1, 1, 0, 0x80, 50,
	9, USB_DT_INTERFACE, 0, 0, 7, 0xff, 0, 0, 0,
	7, USB_DT_ENDPOINT, 0x81, USB_ENDPOINT_XFER_BULK, 0, 2, 0,
	7, USB_DT_ENDPOINT, 0x01, USB_ENDPOINT_XFER_BULK, 0, 2, 0,
	7, USB_DT_ENDPOINT, 0x82, USB_ENDPOINT_XFER_INT, WINUSB_BENCH_PACKET, 0, 4,
	7, USB_DT_ENDPOINT, 0x02, USB_ENDPOINT_XFER_INT, WINUSB_BENCH_PACKET, 0, 4,
	7, USB_DT_ENDPOINT, 0x83, USB_ENDPOINT_XFER_BULK, 0, 2, 0,
	7, USB_DT_ENDPOINT, 0x84, USB_ENDPOINT_XFER_INT, 0, 2, 4,
	7, USB_DT_ENDPOINT, 0x04, USB_ENDPOINT_XFER_INT, 0, 2, 4,
	9, USB_DT_INTERFACE, 0, 1, 2, 0xff, 0, 0, 0,
	7, USB_DT_ENDPOINT, WINUSB_ISOCH_IN, USB_ENDPOINT_XFER_ISOC, 0, 0x14, 1,
	7, USB_DT_ENDPOINT, WINUSB_ISOCH_OUT, USB_ENDPOINT_XFER_ISOC, 0, 0x14, 1,
};

/* The pattern's bytes from @position on; at most WINUSB_BENCH_PIECE of them. */
static const u8 *winusb_bench_at(size_t position)
{
	return winusb_bench_pattern + position % WINUSB_BENCH_PERIOD;
}

static u8 winusb_bench_mod63(const struct urb *urb, size_t position)
{
	return position % usb_endpoint_maxp(&urb->ep->desc) % 63;
}

static void winusb_bench_piece(struct winusb_bench_ep *ep,
			       const struct urb *urb, u8 *data, size_t position,
			       size_t n)
{
	bool in = ep->address & USB_DIR_IN;
	size_t i;

	if (winusb_bench_data == WINUSB_BENCH_MOD63) {
		for (i = 0; i < n; i++)
			if (in)
				data[i] = winusb_bench_mod63(urb, position + i);
			else if (data[i] != winusb_bench_mod63(urb, position + i))
				ep->errors++;
	} else if (in) {
		memcpy(data, winusb_bench_at(position), n);
	} else if (winusb_bench_data == WINUSB_BENCH_STAMPED) {
		memcpy(winusb_bench_sunk, data, n);
	} else if (memcmp(data, winusb_bench_at(position), n)) {
		ep->errors++;
	}
}

/* A stretch of memory of a URB's buffer. */
static void winusb_bench_stretch(struct winusb_bench_ep *ep,
				 const struct urb *urb, u8 *data,
				 size_t position, size_t length)
{
	size_t n, stamp = 0;
	__le64 number;

	if (!position && winusb_bench_data != WINUSB_BENCH_MOD63 &&
	    length >= sizeof(u64)) {
		stamp = sizeof(number);
		number = cpu_to_le64(ep->urbs);
		if (ep->address & USB_DIR_IN)
			memcpy(data, &number, stamp);
		else
			memcpy(&number, data, stamp);
		ep->stamps += le64_to_cpu(number);
	}
	if (winusb_bench_data == WINUSB_BENCH_BARE)
		return;
	for (data += stamp, position += stamp, length -= stamp; length;
	     data += n, position += n, length -= n) {
		n = min_t(size_t, length, WINUSB_BENCH_PIECE);
		winusb_bench_piece(ep, urb, data, position, n);
	}
}

/* What the controller calls for each URB of a source or sink. */
static void winusb_bench_serve(void *context, struct urb *urb)
{
	struct winusb_bench_ep *ep = context;
	size_t length = urb->transfer_buffer_length;
	size_t n, position = 0;
	struct scatterlist *sg;
	int i;

	if (!urb->num_sgs && length)
		winusb_bench_stretch(ep, urb, urb->transfer_buffer, 0, length);
	for_each_sg(urb->sg, sg, urb->num_sgs, i) {
		n = min_t(size_t, sg->length, length - position);
		winusb_bench_stretch(ep, urb, sg_virt(sg), position, n);
		position += n;
	}
	ep->urbs++;
	ep->bytes += length;
}

/* What a high speed device would be at full speed: usbtest asks. */
static int winusb_bench_other_speed(u8 *buf, size_t size)
{
	u8 config[sizeof(winusb_bench_config)];
	size_t i;

	memcpy(config, winusb_bench_config, sizeof(config));
	config[1] = USB_DT_OTHER_SPEED_CONFIG;
	config[2] = sizeof(config);
	for (i = 0; i < sizeof(config); i += config[i]) {
		if (config[i + 1] != USB_DT_ENDPOINT)
			continue;
		config[i + 4] = WINUSB_BENCH_PACKET;
		config[i + 5] = 0;
	}
	size = min(size, sizeof(config));
	memcpy(buf, config, size);
	return size;
}

static int winusb_bench_control(void *context,
				const struct usb_ctrlrequest *setup, void *buf,
				size_t size)
{
	struct winusb_bench_device *device = context;

	if (setup->bRequestType == USB_DIR_IN &&
	    setup->bRequest == USB_REQ_GET_DESCRIPTOR &&
	    setup->wValue == cpu_to_le16(USB_DT_OTHER_SPEED_CONFIG << 8))
		return winusb_bench_other_speed(buf, size);
	if ((setup->bRequestType & USB_TYPE_MASK) != USB_TYPE_VENDOR)
		return -EOPNOTSUPP;
	if (size > WINUSB_BENCH_CONTROL)
		return -EPIPE;
	switch (setup->bRequest) {
	case WINUSB_BENCH_WRITE:
		device->control_length = size;
		if (size)
			memcpy(device->control, buf, size);
		return size;
	case WINUSB_BENCH_READ:
		size = min(size, device->control_length);
		if (size)
			memcpy(buf, device->control, size);
		return size;
	default:
		return -EPIPE;
	}
}

static int winusb_bench_plug(struct winusb_bench_device *device,
			     unsigned int index)
{
	const struct usb_device_descriptor descriptor = {
		.bLength = USB_DT_DEVICE_SIZE,
		.bDescriptorType = USB_DT_DEVICE,
		.bcdUSB = cpu_to_le16(0x0200),
		.bMaxPacketSize0 = 64,
		.idVendor = cpu_to_le16(winusb_bench_ids[index][0]),
		.idProduct = cpu_to_le16(winusb_bench_ids[index][1]),
		.bNumConfigurations = 1,
	};
	const struct winusb_hcd_dev_info info = {
		.speed = USB_SPEED_HIGH,
		.device = &descriptor,
		.config = winusb_bench_config,
		.config_length = sizeof(winusb_bench_config),
		.control = winusb_bench_control,
		.context = device,
	};
	unsigned int i;
	int ret;

	device->dev = winusb_hcd_dev_create(winusb_bench_hc, &info);
	if (IS_ERR(device->dev))
		return PTR_ERR(device->dev);
	for (i = 0; i < ARRAY_SIZE(winusb_bench_addresses); i++) {
		device->eps[i].address = winusb_bench_addresses[i];
		winusb_hcd_serve(device->dev, winusb_bench_addresses[i],
				 winusb_bench_serve, &device->eps[i]);
	}
	winusb_isoch_add(device->dev, winusb_bench_roles[index]);
	ret = winusb_hcd_plug(device->dev, index + 1);
	if (ret)
		return ret;
	return winusb_hcd_wait_enumerated(device->dev);
}

static int winusb_bench_devices_show(struct seq_file *file, void *unused)
{
	struct usb_device *udev;
	unsigned int i;

	for (i = 0; winusb_bench_devices && i < WINUSB_BENCH_DEVICES; i++) {
		udev = winusb_hcd_get_udev(winusb_bench_devices[i].dev);
		if (!udev)
			continue;
		seq_printf(file, "%s %s %d %d\n", winusb_bench_roles[i],
			   dev_name(&udev->dev), udev->bus->busnum,
			   udev->devnum);
		usb_put_dev(udev);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(winusb_bench_devices);

static int winusb_bench_counters_show(struct seq_file *file, void *unused)
{
	const struct winusb_bench_ep *ep;
	unsigned int i, j;

	for (i = 0; winusb_bench_devices && i < WINUSB_BENCH_DEVICES; i++)
		for (j = 0; j < ARRAY_SIZE(winusb_bench_addresses); j++) {
			ep = &winusb_bench_devices[i].eps[j];
			seq_printf(file, "%s 0x%02x urbs=%llu bytes=%llu stamps=%llu errors=%llu\n",
				   winusb_bench_roles[i], ep->address, ep->urbs,
				   ep->bytes, ep->stamps, ep->errors);
		}
	return 0;
}

static ssize_t winusb_bench_counters_write(struct file *file,
					   const char __user *text,
					   size_t length, loff_t *position)
{
	struct winusb_bench_ep *ep;
	unsigned int i, j;

	for (i = 0; winusb_bench_devices && i < WINUSB_BENCH_DEVICES; i++)
		for (j = 0; j < ARRAY_SIZE(winusb_bench_addresses); j++) {
			ep = &winusb_bench_devices[i].eps[j];
			ep->urbs = 0;
			ep->bytes = 0;
			ep->stamps = 0;
			ep->errors = 0;
		}
	return length;
}

static int winusb_bench_counters_open(struct inode *inode, struct file *file)
{
	return single_open(file, winusb_bench_counters_show, NULL);
}

static const struct file_operations winusb_bench_counters_fops = {
	.owner = THIS_MODULE,
	.open = winusb_bench_counters_open,
	.read = seq_read,
	.write = winusb_bench_counters_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int winusb_bench_data_show(struct seq_file *file, void *unused)
{
	seq_printf(file, "%s\n", winusb_bench_data_names[winusb_bench_data]);
	return 0;
}

static ssize_t winusb_bench_data_write(struct file *file,
				       const char __user *text, size_t length,
				       loff_t *position)
{
	char name[16];
	int ret;

	if (length >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, text, length))
		return -EFAULT;
	name[length] = 0;
	ret = sysfs_match_string(winusb_bench_data_names, name);
	if (ret < 0)
		return ret;
	winusb_bench_data = ret;
	return length;
}

static int winusb_bench_data_open(struct inode *inode, struct file *file)
{
	return single_open(file, winusb_bench_data_show, NULL);
}

static const struct file_operations winusb_bench_data_fops = {
	.owner = THIS_MODULE,
	.open = winusb_bench_data_open,
	.read = seq_read,
	.write = winusb_bench_data_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int winusb_bench_unlink_get(void *unused, u64 *us)
{
	*us = winusb_bench_unlink_us;
	return 0;
}

static int winusb_bench_unlink_set(void *unused, u64 us)
{
	if (us > USEC_PER_SEC)
		return -EINVAL;
	if (!winusb_bench_hc)
		return -ENODEV;
	winusb_bench_unlink_us = us;
	winusb_hcd_unlink_delay(winusb_bench_hc, us);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(winusb_bench_unlink_fops, winusb_bench_unlink_get,
			 winusb_bench_unlink_set, "%llu\n");

static int winusb_bench_pace_get(void *unused, u64 *pace)
{
	*pace = winusb_bench_pace;
	return 0;
}

/* Between streams only. */
static int winusb_bench_pace_set(void *unused, u64 pace)
{
	if (!pace || pace > WINUSB_HCD_PACE_MAX)
		return -EINVAL;
	if (!winusb_bench_hc)
		return -ENODEV;
	winusb_bench_pace = pace;
	winusb_hcd_pace(winusb_bench_hc, pace);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(winusb_bench_pace_fops, winusb_bench_pace_get,
			 winusb_bench_pace_set, "%llu\n");

static void winusb_bench_remove(void)
{
	debugfs_remove_recursive(winusb_bench_folder);
	winusb_hcd_destroy(winusb_bench_hc);
	kvfree(winusb_bench_devices);
	kfree(winusb_bench_pattern);
	kfree(winusb_bench_sunk);
}

static int winusb_bench_create(void)
{
	const struct winusb_hcd_config config = {
		.speed = USB_SPEED_HIGH,
		.flags = WINUSB_HCD_F_INLINE | (dma ? WINUSB_HCD_F_DMA : 0),
	};
	struct winusb_hcd *hc;
	unsigned int i;
	int ret;

	winusb_bench_pattern = kmalloc(WINUSB_BENCH_PERIOD + WINUSB_BENCH_PIECE,
				       GFP_KERNEL);
	winusb_bench_sunk = kmalloc(WINUSB_BENCH_PIECE, GFP_KERNEL);
	winusb_bench_devices = kvcalloc(WINUSB_BENCH_DEVICES,
					sizeof(*winusb_bench_devices),
					GFP_KERNEL);
	if (!winusb_bench_pattern || !winusb_bench_sunk || !winusb_bench_devices)
		return -ENOMEM;
	for (i = 0; i < WINUSB_BENCH_PERIOD + WINUSB_BENCH_PIECE; i++)
		winusb_bench_pattern[i] = winusb_hcd_pattern(i);
	hc = winusb_hcd_create(&config);
	if (IS_ERR(hc))
		return PTR_ERR(hc);
	winusb_bench_hc = hc;
	winusb_hcd_clock(hc, WINUSB_HCD_REAL);
	for (i = 0; i < WINUSB_BENCH_DEVICES; i++) {
		ret = winusb_bench_plug(&winusb_bench_devices[i], i);
		if (ret)
			return ret;
	}
	return 0;
}

static int __init winusb_bench_init(void)
{
	int ret = controller ? winusb_bench_create() : 0;

	if (ret) {
		winusb_bench_remove();
		return ret;
	}
	winusb_bench_folder = debugfs_create_dir("winusb_bench", NULL);
	debugfs_create_file("devices", 0400, winusb_bench_folder, NULL,
			    &winusb_bench_devices_fops);
	debugfs_create_file("data", 0600, winusb_bench_folder, NULL,
			    &winusb_bench_data_fops);
	debugfs_create_file("counters", 0600, winusb_bench_folder, NULL,
			    &winusb_bench_counters_fops);
	debugfs_create_file_unsafe("unlink_us", 0600, winusb_bench_folder, NULL,
				   &winusb_bench_unlink_fops);
	debugfs_create_file_unsafe("pace", 0600, winusb_bench_folder, NULL,
				   &winusb_bench_pace_fops);
	winusb_idle_init(winusb_bench_folder);
	winusb_isoch_init(winusb_bench_hc, winusb_bench_folder);
	winusb_floor_init(winusb_bench_folder);
	return 0;
}
module_init(winusb_bench_init);

static void __exit winusb_bench_exit(void)
{
	winusb_bench_remove();
	winusb_idle_exit();
}
module_exit(winusb_bench_exit);

MODULE_DESCRIPTION("Devices and URB loop for benchmarks of winusb");
MODULE_LICENSE("GPL");
