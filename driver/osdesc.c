// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads Microsoft OS descriptors from a device (winusb.md 4.2 to 4.6); msos.c understands them.
 *
 * A device that has OS 2.0 says so in its BOS, which usbcore read anyway, so no other device is
 * asked for them. Whether a device has OS 1.0 can only be found out by asking for a string that
 * others do not expect to be asked for. So that is done with care, see
 * winusb_osdesc_may_have_string() and autobind.c.
 *
 * Time is bounded: half a second for a request, two seconds for a device. No lock is held, and
 * usbcore lets each request fail when the device leaves.
 */
#include <linux/ctype.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/usb.h>

#include "compat.h"
#include "device.h"
#include "osdesc.h"

#define WINUSB_OSDESC_REQUEST_MS 500
#define WINUSB_OSDESC_ALL_MS 2000

/* A descriptor set that the device chose the length of is read up to what one request can move. */
#define WINUSB_OSDESC_MAX 65535

/* Devices that break when they are asked for the string. */
static const struct usb_device_id winusb_osdesc_silent[] = {
	{ USB_DEVICE(0x054c, 0x0084) },	/* Sony NetMD MZ-N505 resets itself */
	{ }
};

#define WINUSB_OSDESC_SKIPS 32

/* More of them, from the parameter. Not charp: the lock of parameters is outside the device's. */
static DEFINE_SPINLOCK(winusb_osdesc_lock);
static struct {
	u16 vendor;
	u16 product;
} winusb_osdesc_skips[WINUSB_OSDESC_SKIPS];
static unsigned int winusb_osdesc_num_skips;

static int winusb_osdesc_set_skips(const char *text, const struct kernel_param *param)
{
	typeof(winusb_osdesc_skips[0]) skips[WINUSB_OSDESC_SKIPS];
	unsigned int vendor, product, n = 0;
	int used;

	text = skip_spaces(text);
	while (*text) {
		if (n == ARRAY_SIZE(skips))
			return -ENOSPC;
		if (sscanf(text, "%4x:%4x%n", &vendor, &product, &used) != 2)
			return -EINVAL;
		skips[n].vendor = vendor;
		skips[n++].product = product;
		text += used;
		if (*text && *text != ',' && !isspace(*text))
			return -EINVAL;
		text += strspn(text, ",\n ");
	}
	spin_lock(&winusb_osdesc_lock);
	memcpy(winusb_osdesc_skips, skips, n * sizeof(skips[0]));
	winusb_osdesc_num_skips = n;
	spin_unlock(&winusb_osdesc_lock);
	return 0;
}

static int winusb_osdesc_get_skips(char *buffer, const struct kernel_param *param)
{
	unsigned int i;
	int length = 0;

	spin_lock(&winusb_osdesc_lock);
	for (i = 0; i < winusb_osdesc_num_skips; i++)
		length += sysfs_emit_at(buffer, length, "%s%04x:%04x", i ? "," : "",
					winusb_osdesc_skips[i].vendor,
					winusb_osdesc_skips[i].product);
	spin_unlock(&winusb_osdesc_lock);
	return length + sysfs_emit_at(buffer, length, "\n");
}

static const struct kernel_param_ops winusb_osdesc_skip_ops = {
	.set = winusb_osdesc_set_skips,
	.get = winusb_osdesc_get_skips,
};

module_param_cb(no_os_string, &winusb_osdesc_skip_ops, NULL, 0644);
MODULE_PARM_DESC(no_os_string, "Devices never to ask for string 0xEE: VID:PID,... in hexadecimal");

static bool winusb_osdesc_is_skipped(u16 vendor, u16 product)
{
	const struct usb_device_id *id;
	bool found = false;
	unsigned int i;

	for (id = winusb_osdesc_silent; id->match_flags; id++)
		if (id->idVendor == vendor && id->idProduct == product)
			return true;
	spin_lock(&winusb_osdesc_lock);
	for (i = 0; i < winusb_osdesc_num_skips; i++)
		if (winusb_osdesc_skips[i].vendor == vendor &&
		    winusb_osdesc_skips[i].product == product)
			found = true;
	spin_unlock(&winusb_osdesc_lock);
	return found;
}

/**
 * winusb_osdesc_may_have_string - May a device be asked for string 0xEE, for all that is known?
 * @wd: The device.
 *
 * Not before USB 2.0, where such devices don't exist and some break, and not if it is known to
 * break. That it is about one of its interfaces is for the caller to know.
 *
 * Return: true if so.
 */
bool winusb_osdesc_may_have_string(const struct winusb_device *wd)
{
	const struct usb_device_descriptor *desc = &wd->udev->descriptor;

	return le16_to_cpu(desc->bcdUSB) >= 0x0200 &&
		!winusb_osdesc_is_skipped(le16_to_cpu(desc->idVendor),
					  le16_to_cpu(desc->idProduct));
}

struct winusb_osdesc_reader {
	struct winusb_device *wd;
	unsigned long end;	/* jiffies */
	bool no_memory;
};

/*
 * Was a request lost because somebody resets the device? Endpoint 0 is switched off meanwhile, and
 * the device is at no address, or not configured.
 */
static bool winusb_osdesc_is_lost(struct usb_device *udev, int ret)
{
	return ret == -EPROTO || ret == -EILSEQ || ret == -ESHUTDOWN || ret == -ENOENT ||
		(ret < 0 && READ_ONCE(udev->state) < USB_STATE_CONFIGURED);
}

/*
 * Wait until who resets the device has done so, which is done under its lock. That takes none of
 * the time that the device has. Return: true if the device is still there.
 */
static bool winusb_osdesc_wait_reset(struct winusb_osdesc_reader *reader)
{
	struct usb_device *udev = reader->wd->udev;
	unsigned long begin = jiffies;
	bool there;

	usb_lock_device(udev);
	there = udev->state != USB_STATE_NOTATTACHED;
	usb_unlock_device(udev);
	reader->end += jiffies - begin;
	return there;
}

/* Return: bytes, or an error. */
static int winusb_osdesc_request(struct winusb_osdesc_reader *reader, u8 type, u8 request,
				 u16 value, u16 index, void *buffer, u16 length)
{
	struct usb_device *udev = reader->wd->udev;
	unsigned int tries = 3;
	long left;
	int ret;

	do {
		left = reader->end - jiffies;
		if (left <= 0)
			return -ETIMEDOUT;
		ret = usb_control_msg(udev, usb_rcvctrlpipe(udev, 0), request, USB_DIR_IN | type,
				      value, index, buffer, length,
				      min_t(unsigned int, jiffies_to_msecs(left),
					    WINUSB_OSDESC_REQUEST_MS));
	} while (winusb_osdesc_is_lost(udev, ret) && --tries && winusb_osdesc_wait_reset(reader));
	return ret;
}

/*
 * Reads what becomes part of the device's object. Return: bytes, or an error. What a device answers
 * beside what it said before is its affair: the parser gets what it answers.
 */
static int winusb_osdesc_read_blob(struct winusb_osdesc_reader *reader, u8 type, u8 request,
				   u16 value, u16 index, u16 length, const u8 **blob)
{
	struct winusb_device *wd = reader->wd;
	u8 *buffer, *fitting;
	int ret;

	if (wd->num_blobs >= ARRAY_SIZE(wd->blobs))
		return -ENOSPC;
	buffer = kmalloc(length, GFP_KERNEL | __GFP_NOWARN);
	if (!buffer) {
		reader->no_memory = true;
		return -ENOMEM;
	}
	ret = winusb_osdesc_request(reader, type, request, value, index, buffer, length);
	if (ret <= 0) {
		kfree(buffer);
		return ret ? ret : -ENODATA;
	}
	fitting = kmemdup(buffer, ret, GFP_KERNEL);
	kfree(buffer);
	if (!fitting) {
		reader->no_memory = true;
		return -ENOMEM;
	}
	wd->blobs[wd->num_blobs++] = fitting;
	*blob = fitting;
	return ret;
}

static void winusb_osdesc_read_20(struct winusb_osdesc_reader *reader)
{
	struct winusb_device *wd = reader->wd;
	const u8 *blob;
	int ret;

	ret = winusb_osdesc_read_blob(reader, USB_TYPE_VENDOR | USB_RECIP_DEVICE,
				      wd->set.vendor_code, 0, 7, wd->set.length, &blob);
	if (ret < 0) {
		wd->msos.fault = "the device does not give its descriptor set";
		return;
	}
	winusb_msos_parse_set(blob, ret, &wd->set, wd->configuration, &wd->msos);
	wd->msos.alt_enum_code = wd->set.alt_enum_code;
}

/* A feature descriptor: first its header, then all of it. Return: bytes, or an error. */
static int winusb_osdesc_read_feature(struct winusb_osdesc_reader *reader, u8 code, u8 recipient,
				      u16 value, u16 feature, u16 header_length, const u8 **blob)
{
	u32 length = 0;
	u8 *header;
	int ret;

	header = kmalloc(header_length, GFP_KERNEL);
	if (!header) {
		reader->no_memory = true;
		return -ENOMEM;
	}
	ret = winusb_osdesc_request(reader, USB_TYPE_VENDOR | recipient, code, value, feature,
				    header, header_length);
	if (ret >= 0)
		length = winusb_msos_feature_length(header, ret, feature);
	kfree(header);
	if (ret < 0)
		return ret;
	if (!length)
		return -ENODATA;
	return winusb_osdesc_read_blob(reader, USB_TYPE_VENDOR | recipient, code, value, feature,
				       min_t(u32, length, WINUSB_OSDESC_MAX), blob);
}

/*
 * The specification has the interface number in the high byte of wValue and the page, here always
 * 0, in the low one. Windows was seen to have them the other way round, and so have devices that
 * were tried with it, as Linux's own gadgets. Some want the device as the recipient. Who does not
 * know the request in one form stalls it.
 */
static int winusb_osdesc_read_properties(struct winusb_osdesc_reader *reader, u8 code,
					 u8 interface, const u8 **blob)
{
	u16 values[] = { interface, interface << 8 };
	int ret = -EPIPE;
	unsigned int i;

	for (i = 0; i < 4 && ret == -EPIPE; i++)
		if (interface || i % 2 == 0)
			ret = winusb_osdesc_read_feature(reader, code, i < 2 ? USB_RECIP_INTERFACE :
							 USB_RECIP_DEVICE, values[i % 2], 5, 10,
							 blob);
	return ret;
}

static void winusb_osdesc_read_10(struct winusb_osdesc_reader *reader)
{
	struct winusb_msos *msos = &reader->wd->msos;
	unsigned int i;
	const u8 *blob;
	u8 *string, code;
	bool valid;
	int ret;

	string = kmalloc(18, GFP_KERNEL);
	if (!string) {
		reader->no_memory = true;
		return;
	}
	ret = winusb_osdesc_request(reader, USB_RECIP_DEVICE, USB_REQ_GET_DESCRIPTOR,
				    USB_DT_STRING << 8 | 0xee, 0, string, 18);
	valid = ret > 0 && winusb_msos_parse_string(string, ret, &code);
	kfree(string);
	if (!valid)
		return;	/* as most devices: nothing is wrong */

	ret = winusb_osdesc_read_feature(reader, code, USB_RECIP_DEVICE, 0, 4, 16, &blob);
	if (ret < 0) {
		msos->fault = "the device does not give its compatible IDs";
		return;
	}
	winusb_msos_parse_compatible_ids(blob, ret, msos);
	for (i = 0; i < msos->num_functions; i++) {
		u8 first = msos->functions[i].first_interface;

		if (!winusb_msos_is_winusb(msos->functions[i].compatible_id))
			continue;
		ret = winusb_osdesc_read_properties(reader, code, first, &blob);
		if (ret > 0)
			winusb_msos_parse_properties(blob, ret, i, msos);
		else if (ret != -EPIPE && !msos->fault)	/* who has none stalls */
			msos->fault = "the device does not give its properties";
	}
}

/**
 * winusb_osdesc_read - Read the descriptors of a device
 * @wd: The device. Its msos and blobs are filled in.
 *
 * A device that has OS 2.0 is not asked for 1.0 (winusb.md 4.6). What is wrong costs one line in
 * the log. If the device is reset meanwhile by somebody else, that time comes on top.
 *
 * Return: false if there is no memory, or the device can't be woken up: nothing was read then.
 */
bool winusb_osdesc_read(struct winusb_device *wd)
{
	struct winusb_osdesc_reader reader = { .wd = wd };
	struct device *dev = &wd->udev->dev;

	if (pm_runtime_resume_and_get(dev) < 0)
		return false;
	reader.end = jiffies + msecs_to_jiffies(WINUSB_OSDESC_ALL_MS);
	if (wd->has_set)
		winusb_osdesc_read_20(&reader);
	else
		winusb_osdesc_read_10(&reader);
	pm_runtime_mark_last_busy(dev);
	pm_runtime_put_autosuspend(dev);
	if (reader.no_memory) {
		while (wd->num_blobs)
			kfree(wd->blobs[--wd->num_blobs]);
		memset(&wd->msos, 0, sizeof(wd->msos));
		return false;
	}
	if (wd->msos.fault && wd->udev->state != USB_STATE_NOTATTACHED)
		dev_notice(dev, "winusb: Microsoft OS descriptors: %s\n", wd->msos.fault);
	return true;
}

/**
 * winusb_osdesc_is_whole - Is a device one function, now that its descriptors are read?
 * @wd: The device.
 *
 * It is unless Windows would have its generic parent drive it (winusb.md 4.7), which the CCGP
 * feature asks for on any device. A compatible ID of the device itself (OS 2.0) outranks its
 * classes, so then the parent does not come into play.
 *
 * Return: true if so.
 */
bool winusb_osdesc_is_whole(const struct winusb_device *wd)
{
	if (wd->msos.version >= 0x0200 && wd->msos.ccgp)
		return false;
	if (!wd->composite)
		return true;
	return wd->msos.version >= 0x0200 && winusb_msos_is_winusb(wd->msos.compatible_id);
}
