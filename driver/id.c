// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ids of functions: what an administrator names with an interface number.
 *
 * usbcore's new_id takes a vendor and a product, and makes the whole device one function. It can't
 * take an interface number, and could not know which further interfaces belong to it. So the driver
 * keeps a list of its own, in the file function_id beside new_id: "VID PID NN", all hexadecimal,
 * where NN is bInterfaceNumber of the function's default interface (the MI_NN of Windows, winusb.md
 * 4.7).
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "autobind.h"
#include "compat.h"
#include "descriptor.h"
#include "id.h"

#define WINUSB_IDS_MAX 300	/* so that function_id shows all of them in one page */

struct winusb_id {
	struct list_head node;
	u16 vendor;
	u16 product;
	u8 number;
};

static DEFINE_MUTEX(winusb_ids_lock);	/* innermost */
static LIST_HEAD(winusb_ids);
static unsigned int winusb_num_ids;

static struct winusb_id *winusb_id_find(u16 vendor, u16 product, u8 number)
{
	struct winusb_id *id;

	list_for_each_entry(id, &winusb_ids, node)
		if (id->vendor == vendor && id->product == product && id->number == number)
			return id;
	return NULL;
}

/**
 * winusb_id_matches - Did the administrator name the function that an interface belongs to?
 * @intf: The interface. usbcore holds its device locked.
 *
 * Return: true if so.
 */
bool winusb_id_matches(struct usb_interface *intf)
{
	struct usb_device *udev = interface_to_usbdev(intf);
	struct winusb_grouping grouping;
	bool matches;

	winusb_descriptor_group_iad(&udev->descriptor, udev->actconfig,
				    intf->altsetting[0].desc.bInterfaceNumber, &grouping);
	if (!grouping.count)
		return false;
	mutex_lock(&winusb_ids_lock);
	matches = winusb_id_find(le16_to_cpu(udev->descriptor.idVendor),
				 le16_to_cpu(udev->descriptor.idProduct), grouping.numbers[0]);
	mutex_unlock(&winusb_ids_lock);
	return matches;
}

/**
 * winusb_id_forget_all - Forget all ids, when the module goes
 */
void winusb_id_forget_all(void)
{
	struct winusb_id *id, *next;

	mutex_lock(&winusb_ids_lock);
	list_for_each_entry_safe(id, next, &winusb_ids, node) {
		list_del(&id->node);
		kfree(id);
	}
	winusb_num_ids = 0;
	mutex_unlock(&winusb_ids_lock);
}

static int winusb_id_parse(const char *buf, u16 *vendor, u16 *product, u8 *number)
{
	unsigned int v, p, n;
	char rest;

	if (sscanf(buf, "%x %x %x %c", &v, &p, &n, &rest) != 3 || v > U16_MAX || p > U16_MAX ||
	    n > U8_MAX)
		return -EINVAL;
	*vendor = v;
	*product = p;
	*number = n;
	return 0;
}

static int winusb_id_add(u16 vendor, u16 product, u8 number)
{
	struct winusb_id *id;
	int ret = 0;

	/* Before the lock, which probe() in a reset takes. */
	id = kzalloc(sizeof(*id), GFP_KERNEL);
	if (!id)
		return -ENOMEM;
	id->vendor = vendor;
	id->product = product;
	id->number = number;

	mutex_lock(&winusb_ids_lock);
	if (winusb_id_find(vendor, product, number)) {
		ret = -EEXIST;
	} else if (winusb_num_ids >= WINUSB_IDS_MAX) {
		ret = -ENOSPC;
	} else {
		list_add_tail(&id->node, &winusb_ids);
		winusb_num_ids++;
	}
	mutex_unlock(&winusb_ids_lock);
	if (ret)
		kfree(id);
	return ret;
}

static ssize_t winusb_function_id_store(struct device_driver *driver, const char *buf, size_t count)
{
	u16 vendor, product;
	u8 number;
	int ret;

	ret = winusb_id_parse(buf, &vendor, &product, &number);
	if (!ret)
		ret = winusb_id_add(vendor, product, number);
	if (!ret)
		ret = winusb_autobind_consider(driver);
	return ret ? ret : count;
}

static ssize_t winusb_function_id_show(struct device_driver *driver, char *buf)
{
	struct winusb_id *id;
	ssize_t length = 0;

	mutex_lock(&winusb_ids_lock);
	list_for_each_entry(id, &winusb_ids, node)
		length += sysfs_emit_at(buf, length, "%04x %04x %02x\n", id->vendor, id->product,
					id->number);
	mutex_unlock(&winusb_ids_lock);
	return length;
}

static ssize_t winusb_remove_function_id_store(struct device_driver *driver, const char *buf,
					       size_t count)
{
	struct winusb_id *id;
	u16 vendor, product;
	u8 number;
	int ret;

	ret = winusb_id_parse(buf, &vendor, &product, &number);
	if (ret)
		return ret;
	mutex_lock(&winusb_ids_lock);
	id = winusb_id_find(vendor, product, number);
	if (id) {
		list_del(&id->node);
		winusb_num_ids--;
		kfree(id);
	}
	mutex_unlock(&winusb_ids_lock);
	return id ? count : -ENODEV;
}

static struct driver_attribute winusb_attr_function_id =
	__ATTR(function_id, 0644, winusb_function_id_show, winusb_function_id_store);
static struct driver_attribute winusb_attr_remove_function_id =
	__ATTR(remove_function_id, 0200, NULL, winusb_remove_function_id_store);

static struct attribute *winusb_id_attrs[] = {
	&winusb_attr_function_id.attr,
	&winusb_attr_remove_function_id.attr,
	NULL,
};

const struct attribute_group winusb_id_group = {
	.attrs = winusb_id_attrs,
};
