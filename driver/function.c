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

#include "compat.h"
#include "event.h"
#include "function.h"
#include "interface.h"

DEFINE_MUTEX(winusb_functions_lock);	/* see above */
WINUSB_EXPORT_FOR_TESTS(winusb_functions_lock);

static LIST_HEAD(winusb_functions);	/* under winusb_functions_lock */

static void winusb_function_release(struct kref *ref)
{
	kfree(container_of(ref, struct winusb_function, ref));
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
 * It can't be opened or associated from then on. The caller holds winusb_functions_lock.
 */
void winusb_function_leave(struct winusb_interface *wi)
{
	lockdep_assert_held(&winusb_functions_lock);

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
 * The caller holds winusb_functions_lock. If the state changes, it calls winusb_function_changed()
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
		winusb_function_changed(fn);
}
WINUSB_EXPORT_FOR_TESTS(winusb_function_set_enabled);

/**
 * winusb_function_changed - Tell user space that the function is not what it was
 * @fn: The function. The caller is outside winusb_functions_lock.
 *
 * By a uevent of its default interface, if that is bound.
 */
void winusb_function_changed(struct winusb_function *fn)
{
	struct winusb_interface *wi;

	mutex_lock(&winusb_functions_lock);
	wi = winusb_function_find(fn, fn->grouping.numbers[0]);
	if (wi)
		winusb_interface_get(wi);
	mutex_unlock(&winusb_functions_lock);
	if (!wi)
		return;
	winusb_interface_changed(wi);
	winusb_interface_put(wi);
}
