// SPDX-License-Identifier: GPL-2.0-only
/*
 * The function: the interfaces of a device that belong together (winusb.md 4.7). Each of them is
 * bound by its own probe, in any order and at any time; the function exists while one of them is
 * bound and knows the others by number.
 *
 * winusb_functions_lock guards the list of functions, their members, and who has what open. It is
 * taken inside the device lock and outside the gates. Nothing waits for a device under it.
 */
#include <linux/lockdep.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "attribute.h"
#include "compat.h"
#include "device.h"
#include "event.h"
#include "function.h"
#include "interface.h"

DEFINE_MUTEX(winusb_functions_lock);	/* see above */
WINUSB_EXPORT_FOR_TESTS(winusb_functions_lock);

static LIST_HEAD(winusb_functions);	/* under winusb_functions_lock */
static u64 winusb_functions_turn;	/* of announcing, under winusb_functions_lock */

static void winusb_function_release(struct kref *ref)
{
	struct winusb_function *fn = container_of(ref, struct winusb_function, ref);

	winusb_device_put(fn->device);
	kfree(fn);
}

/**
 * winusb_function_put - Drop a reference to a function
 * @fn: The function.
 */
void winusb_function_put(struct winusb_function *fn)
{
	kref_put(&fn->ref, winusb_function_release);
}

static u8 winusb_function_number(const struct winusb_interface *wi)
{
	return wi->intf->altsetting[0].desc.bInterfaceNumber;
}

/* The function of this device that the interface is part of, if an interface of it is bound. */
static struct winusb_function *winusb_function_lookup(struct usb_device *udev, u8 number)
{
	struct winusb_function *fn;

	list_for_each_entry(fn, &winusb_functions, node)
		if (fn->udev == udev && winusb_descriptor_position(&fn->grouping, number) >= 0)
			return fn;
	return NULL;
}

/* A device is grouped in one way at a time: the first interface that is bound decides. */
static bool winusb_function_is_split(struct usb_device *udev)
{
	struct winusb_function *fn;

	list_for_each_entry(fn, &winusb_functions, node)
		if (fn->udev == udev && !fn->whole)
			return true;
	return false;
}

static struct winusb_function *winusb_function_create(struct winusb_interface *wi, bool whole)
{
	struct winusb_function *fn;

	fn = kzalloc(sizeof(*fn), GFP_KERNEL);
	if (!fn)
		return ERR_PTR(-ENOMEM);

	fn->device = winusb_device_get(wi->udev);
	if (!fn->device) {
		kfree(fn);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&fn->ref);
	INIT_LIST_HEAD(&fn->interfaces);
	fn->udev = wi->udev;
	fn->enabled_by_file = true;
	fn->enabled_by_admin = true;
	fn->whole = whole && !winusb_function_is_split(wi->udev);
	if (fn->whole)
		winusb_descriptor_group_all(wi->udev->actconfig, &fn->grouping);
	else
		winusb_descriptor_group_iad(&wi->udev->descriptor, wi->udev->actconfig,
					    winusb_function_number(wi), &fn->grouping);
	list_add_tail(&fn->node, &winusb_functions);
	return fn;
}

/**
 * winusb_function_join - Enter an interface that is being bound into its function
 * @wi: The interface. Its device is locked by usbcore.
 * @whole: The function is the whole device, unless an interface of the device was bound otherwise
 *	   before; else the one that the association descriptors make.
 *
 * Return: 0, or -ENOMEM.
 */
int winusb_function_join(struct winusb_interface *wi, bool whole)
{
	unsigned int noio = memalloc_noio_save();	/* disconnect() takes the lock */
	struct winusb_function *fn;
	int ret = 0;

	mutex_lock(&winusb_functions_lock);
	fn = winusb_function_lookup(wi->udev, winusb_function_number(wi));
	if (fn) {
		kref_get(&fn->ref);
	} else {
		fn = winusb_function_create(wi, whole);
		if (IS_ERR(fn)) {
			ret = PTR_ERR(fn);
			goto out_unlock;
		}
	}
	wi->fn = fn;	/* put when @wi is freed */
	list_add_tail(&wi->sibling, &fn->interfaces);
out_unlock:
	mutex_unlock(&winusb_functions_lock);
	memalloc_noio_restore(noio);
	return ret;
}

/**
 * winusb_function_leave - Take an interface that is being unbound out of its function
 * @wi: The interface.
 *
 * It can't be opened or associated from then on. &winusb_interface.was_complete is set. The caller
 * holds winusb_functions_lock.
 */
void winusb_function_leave(struct winusb_interface *wi)
{
	lockdep_assert_held(&winusb_functions_lock);

	wi->was_complete = winusb_function_is_complete(wi->fn);
	list_del_init(&wi->sibling);
	if (list_empty(&wi->fn->interfaces))
		list_del_init(&wi->fn->node);
}

/**
 * winusb_function_find - A bound interface of a function
 * @fn: The function.
 * @number: bInterfaceNumber.
 *
 * The caller holds winusb_functions_lock, and the result is good until it drops it.
 *
 * Return: The interface, or NULL if it is not bound.
 */
struct winusb_interface *winusb_function_find(struct winusb_function *fn, u8 number)
{
	struct winusb_interface *wi;

	lockdep_assert_held(&winusb_functions_lock);

	list_for_each_entry(wi, &fn->interfaces, sibling)
		if (winusb_function_number(wi) == number)
			return wi;
	return NULL;
}
WINUSB_EXPORT_FOR_TESTS(winusb_function_find);

/**
 * winusb_function_is_default - Is this the interface whose open reserves the function?
 * @fn: The function.
 * @wi: One of its interfaces.
 *
 * Return: true for the first interface of the function in the descriptors.
 */
bool winusb_function_is_default(const struct winusb_function *fn,
				const struct winusb_interface *wi)
{
	return winusb_function_number(wi) == fn->grouping.numbers[0];
}
WINUSB_EXPORT_FOR_TESTS(winusb_function_is_default);

/**
 * winusb_function_is_enabled - May its nodes be opened?
 * @fn: The function.
 *
 * Return: true if so; a hint outside winusb_functions_lock.
 */
bool winusb_function_is_enabled(const struct winusb_function *fn)
{
	return READ_ONCE(fn->enabled_by_file) && READ_ONCE(fn->enabled_by_admin);
}
WINUSB_EXPORT_FOR_TESTS(winusb_function_is_enabled);

/* @by is one of the two who have a say. Listeners hear of it here, before the next open. */
static bool winusb_function_enable(struct winusb_function *fn, bool *by, bool enable)
{
	bool before = winusb_function_is_enabled(fn);
	struct winusb_interface *wi;

	lockdep_assert_held(&winusb_functions_lock);

	WRITE_ONCE(*by, enable);
	if (winusb_function_is_enabled(fn) == before)
		return false;
	list_for_each_entry(wi, &fn->interfaces, sibling)
		winusb_events_post(wi, WINUSB_EVENT_STATE, !before);
	return true;
}

/**
 * winusb_function_enable_by_file - The file that has the function lets others open it, or not
 * @fn: The function.
 * @enable: Which of the two.
 *
 * The caller holds winusb_functions_lock. If the state changes, it calls winusb_function_announce()
 * when it has dropped that.
 *
 * Return: true if the state changes.
 */
bool winusb_function_enable_by_file(struct winusb_function *fn, bool enable)
{
	return winusb_function_enable(fn, &fn->enabled_by_file, enable);
}

/**
 * winusb_function_set_enabled - The administrator lets others open it, or not
 * @fn: The function.
 * @enable: Which of the two.
 */
void winusb_function_set_enabled(struct winusb_function *fn, bool enable)
{
	bool changed;

	mutex_lock(&winusb_functions_lock);
	changed = winusb_function_enable(fn, &fn->enabled_by_admin, enable);
	mutex_unlock(&winusb_functions_lock);
	if (changed)
		winusb_function_announce(fn);
}
WINUSB_EXPORT_FOR_TESTS(winusb_function_set_enabled);

/**
 * winusb_function_is_whole_device - Has a function all interfaces of its device?
 * @fn: The function; one of its interfaces is bound, or was and is held.
 *
 * Return: true if so.
 */
bool winusb_function_is_whole_device(const struct winusb_function *fn)
{
	return fn->grouping.count == fn->device->config->desc.bNumInterfaces;
}

/**
 * winusb_function_scope - Whose descriptors are the function's?
 * @fn: The function.
 *
 * Return: As winusb_device_scope().
 */
int winusb_function_scope(const struct winusb_function *fn)
{
	const struct usb_host_config *config = fn->device->config;
	int scope = winusb_device_scope(fn->device, fn->whole, fn->grouping.numbers[0]);

	/* Where somebody has made functions of what is one, the first of them has what it says. */
	if (scope == WINUSB_MSOS_DEVICE &&
	    winusb_descriptor_position(&fn->grouping, config->intf_cache[0]->altsetting[0]
				       .desc.bInterfaceNumber) < 0)
		return -1;
	return scope;
}

/**
 * winusb_function_is_complete - Are all interfaces bound, and is it known what they are?
 * @fn: The function. The caller holds winusb_functions_lock.
 *
 * Return: true if so.
 */
bool winusb_function_is_complete(struct winusb_function *fn)
{
	unsigned int i;

	lockdep_assert_held(&winusb_functions_lock);

	for (i = 0; i < fn->grouping.count; i++)
		if (!winusb_function_find(fn, fn->grouping.numbers[i]))
			return false;
	return winusb_device_is_known(fn->device);
}

/**
 * winusb_function_announce - Tell user space that a function has changed
 * @fn: The function. The caller holds a reference, and none of the locks but the device's.
 */
void winusb_function_announce(struct winusb_function *fn)
{
	struct winusb_interface *list[USB_MAXINTERFACES], *wi;
	unsigned int n = 0, i;

	/* The default interface comes first: the others look at it. */
	mutex_lock(&winusb_functions_lock);
	for (i = 0; i < fn->grouping.count; i++) {
		wi = winusb_function_find(fn, fn->grouping.numbers[i]);
		if (wi) {
			winusb_interface_get(wi);
			list[n++] = wi;
		}
	}
	mutex_unlock(&winusb_functions_lock);
	for (i = 0; i < n; i++) {
		winusb_attributes_publish(list[i]);
		winusb_interface_put(list[i]);
	}
}

/**
 * winusb_function_announce_complete - Tell user space of a function if it is complete now
 * @fn: As winusb_function_announce().
 */
void winusb_function_announce_complete(struct winusb_function *fn)
{
	bool complete;

	mutex_lock(&winusb_functions_lock);
	complete = winusb_function_is_complete(fn);
	mutex_unlock(&winusb_functions_lock);
	if (complete)
		winusb_function_announce(fn);
}

/**
 * winusb_function_next - Go through the functions of a device
 * @udev: The device.
 * @fn: The last one, NULL for the first.
 *
 * The caller holds winusb_functions_lock.
 *
 * Return: The function, or NULL.
 */
struct winusb_function *winusb_function_next(const struct usb_device *udev,
					     struct winusb_function *fn)
{
	lockdep_assert_held(&winusb_functions_lock);

	fn = fn ? fn : list_entry(&winusb_functions, struct winusb_function, node);
	list_for_each_entry_continue(fn, &winusb_functions, node)
		if (fn->udev == udev)
			return fn;
	return NULL;
}

/* Announce the functions that a test is true for. */
static void winusb_functions_announce_some(bool (*test)(const struct winusb_function *fn,
							const void *data), const void *data)
{
	struct winusb_function *fn, *found;
	u64 turn = 0;

	do {
		found = NULL;
		mutex_lock(&winusb_functions_lock);
		turn = turn ? turn : ++winusb_functions_turn;
		list_for_each_entry(fn, &winusb_functions, node) {
			/* One that got a later turn was announced by somebody else since. */
			if (!test(fn, data) || fn->announced >= turn)
				continue;
			fn->announced = turn;
			kref_get(&fn->ref);
			found = fn;
			break;
		}
		mutex_unlock(&winusb_functions_lock);
		if (found) {
			winusb_power_update(found);
			winusb_function_announce(found);
			winusb_function_put(found);
		}
	} while (found);
}

static bool winusb_function_is_of(const struct winusb_function *fn, const void *device)
{
	return fn->device == device;
}

/**
 * winusb_functions_announce - Tell user space that the functions of a device have changed
 * @wd: The device. The caller holds none of the locks.
 */
void winusb_functions_announce(const struct winusb_device *wd)
{
	winusb_functions_announce_some(winusb_function_is_of, wd);
}

static bool winusb_function_has_ids(const struct winusb_function *fn, const void *ids)
{
	const u16 *id = ids;

	return le16_to_cpu(fn->udev->descriptor.idVendor) == id[0] &&
		le16_to_cpu(fn->udev->descriptor.idProduct) == id[1];
}

/**
 * winusb_functions_announce_ids - Tell user space that all functions with these ids have changed
 * @vendor: idVendor.
 * @product: idProduct.
 *
 * The caller holds none of the locks.
 */
void winusb_functions_announce_ids(u16 vendor, u16 product)
{
	u16 ids[] = { vendor, product };

	winusb_functions_announce_some(winusb_function_has_ids, ids);
}
