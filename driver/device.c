// SPDX-License-Identifier: GPL-2.0-only
/*
 * The USB device, as far as this driver has to know it beside usbcore: what its firmware says in
 * Microsoft OS descriptors (winusb.md 4). One object for each device that was asked about, from the
 * first question until usbcore says that the device left.
 *
 * Nothing is read in probe, which runs in the hub's worker. A work item reads and then binds the
 * interfaces that the descriptors are about, see autobind.c.
 */
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "autobind.h"
#include "compat.h"
#include "descriptor.h"
#include "device.h"
#include "function.h"
#include "osdesc.h"

static DEFINE_MUTEX(winusb_devices_lock);	/* innermost, like winusb_ids_lock */
static LIST_HEAD(winusb_devices);
static struct workqueue_struct *winusb_devices_workqueue;

static void winusb_device_release(struct kref *ref)
{
	struct winusb_device *wd = container_of(ref, struct winusb_device, ref);
	unsigned int i;

	for (i = 0; i < wd->num_blobs; i++)
		kfree(wd->blobs[i]);
	usb_put_dev(wd->udev);
	kfree(wd);
}

/**
 * winusb_device_put - Drop a reference
 * @wd: The device.
 */
void winusb_device_put(struct winusb_device *wd)
{
	kref_put(&wd->ref, winusb_device_release);
}

/* The caller holds winusb_devices_lock. */
static void winusb_device_unlist(struct winusb_device *wd)
{
	list_del_init(&wd->node);
	winusb_device_put(wd);
}

/*
 * Is the device to be read now? If no interface of it is ours, nor free for us, it is not known
 * what it says: who binds one later asks again.
 */
static bool winusb_device_may_read(struct winusb_device *wd, bool *may_ask_string)
{
	bool again;
	int ret;

	do {
		ret = winusb_autobind_may_ask_string(wd);
		*may_ask_string = ret > 0;
		if (wd->has_set || ret >= 0)
			return true;
		mutex_lock(&winusb_devices_lock);
		again = wd->again;
		wd->again = false;
		if (!again)
			wd->state = WINUSB_DEVICE_NEW;
		mutex_unlock(&winusb_devices_lock);
	} while (again);
	return false;
}

/* Read, bind, tell. */
static void winusb_device_work(struct work_struct *work)
{
	struct winusb_device *wd = container_of(work, struct winusb_device, work);
	bool may_ask_string;

	if (winusb_device_is_known(wd))
		goto out_bind;
	if (!winusb_device_may_read(wd, &may_ask_string))
		goto out_put;
	winusb_osdesc_read(wd, may_ask_string);
	wd->whole = winusb_osdesc_is_whole(wd);
	mutex_lock(&winusb_devices_lock);
	smp_store_release(&wd->state, WINUSB_DEVICE_KNOWN);	/* pairs with is_known() */
	mutex_unlock(&winusb_devices_lock);

	winusb_functions_announce(wd);
	WRITE_ONCE(wd->told, true);
out_bind:
	winusb_autobind_device(wd);
out_put:
	winusb_device_put(wd);
}

static struct winusb_device *winusb_device_create(struct usb_device *udev)
{
	struct winusb_device *wd;

	wd = kzalloc(sizeof(*wd), GFP_KERNEL);
	if (!wd)
		return NULL;
	kref_init(&wd->ref);
	wd->udev = usb_get_dev(udev);
	wd->config = udev->actconfig;
	wd->configuration = udev->actconfig - udev->config;
	wd->composite = winusb_descriptor_is_composite(udev);
	wd->whole = !wd->composite;
	INIT_WORK(&wd->work, winusb_device_work);
	/* usbcore read the BOS, and keeps it while we have the device locked. */
	if (udev->bos && le16_to_cpu(udev->descriptor.bcdUSB) >= 0x0201)
		wd->has_set = winusb_msos_find_set((const u8 *)udev->bos->desc,
						   le16_to_cpu(udev->bos->desc->wTotalLength),
						   &wd->set);
	if (!wd->has_set && !winusb_osdesc_may_have_string(udev)) {
		wd->state = WINUSB_DEVICE_KNOWN;
		wd->told = true;
	}
	return wd;
}

/**
 * winusb_device_get - The object of a device, made if there is none
 * @udev: The device. It is locked, and has an active configuration.
 *
 * Return: The object, referenced, or NULL if there is no memory.
 */
struct winusb_device *winusb_device_get(struct usb_device *udev)
{
	unsigned int noio = memalloc_noio_save();	/* probe() in a reset takes the lock */
	struct winusb_device *wd, *found = NULL;

	device_lock_assert(&udev->dev);

	mutex_lock(&winusb_devices_lock);
	list_for_each_entry(wd, &winusb_devices, node)
		if (wd->udev == udev)
			found = wd;
	if (found && found->config != udev->actconfig) {
		winusb_device_unlist(found);
		found = NULL;
	}
	if (!found) {
		found = winusb_device_create(udev);
		if (found)
			list_add_tail(&found->node, &winusb_devices);
	}
	if (found)
		kref_get(&found->ref);
	mutex_unlock(&winusb_devices_lock);
	memalloc_noio_restore(noio);
	return found;
}

/**
 * winusb_device_is_known - Is it known what the descriptors say?
 * @wd: The device.
 *
 * Return: true if so, and then it does not change any more.
 */
bool winusb_device_is_known(const struct winusb_device *wd)
{
	return smp_load_acquire(&wd->state) == WINUSB_DEVICE_KNOWN;	/* pairs with the work */
}

/* The caller holds winusb_devices_lock. */
static void winusb_device_queue(struct winusb_device *wd)
{
	kref_get(&wd->ref);	/* put by the work */
	if (!queue_work(winusb_devices_workqueue, &wd->work))
		winusb_device_put(wd);
}

/* The caller holds winusb_devices_lock. */
static void winusb_device_read_once(struct winusb_device *wd)
{
	if (wd->state == WINUSB_DEVICE_NEW) {
		wd->state = WINUSB_DEVICE_READING;
		winusb_device_queue(wd);
	} else {
		wd->again = true;
	}
}

/**
 * winusb_device_start_reading - Have the descriptors read, once
 * @wd: The device.
 */
void winusb_device_start_reading(struct winusb_device *wd)
{
	mutex_lock(&winusb_devices_lock);
	winusb_device_read_once(wd);
	mutex_unlock(&winusb_devices_lock);
}

/**
 * winusb_device_want - Have an interface bound if the descriptors and kmod say so
 * @wd: The device.
 * @i: Position of the interface in the configuration.
 */
void winusb_device_want(struct winusb_device *wd, unsigned int i)
{
	mutex_lock(&winusb_devices_lock);
	wd->wanted |= BIT(i);
	if (wd->state == WINUSB_DEVICE_KNOWN)
		winusb_device_queue(wd);
	else
		winusb_device_read_once(wd);
	mutex_unlock(&winusb_devices_lock);
}

/**
 * winusb_device_take_wanted - Which interfaces are to be bound?
 * @wd: The device, from its work.
 *
 * Each of them is told once: who unbinds an interface does not get it back by this.
 *
 * Return: A bit for each position in the configuration.
 */
u32 winusb_device_take_wanted(struct winusb_device *wd)
{
	u32 wanted;

	mutex_lock(&winusb_devices_lock);
	wanted = wd->wanted;
	wd->wanted = 0;
	mutex_unlock(&winusb_devices_lock);
	return wanted;
}

/**
 * winusb_device_scope - Whose descriptors are those of a function?
 * @wd: The device.
 * @whole: An administrator made the device one function.
 * @first: bInterfaceNumber of the function's default interface.
 *
 * A composite device has a subset (OS 2.0) or a section (1.0) for each function. On any other
 * device OS 2.0 has the features in the set itself and 1.0 a section for its first interface.
 *
 * Return: Index in &winusb_msos.functions, WINUSB_MSOS_DEVICE, or -1 if there are none (yet).
 */
int winusb_device_scope(const struct winusb_device *wd, bool whole, u8 first)
{
	if (!winusb_device_is_known(wd) || !wd->msos.version)
		return -1;
	if ((wd->whole || whole) && wd->msos.version >= 0x0200)
		return WINUSB_MSOS_DEVICE;
	return winusb_msos_find_function(&wd->msos, first);
}

/**
 * winusb_device_compatible_id - The compatible ID of a function
 * @wd: The device.
 * @scope: From winusb_device_scope().
 *
 * Return: Text, maybe empty.
 */
const char *winusb_device_compatible_id(const struct winusb_device *wd, int scope)
{
	if (scope < 0)
		return "";
	return scope == WINUSB_MSOS_DEVICE ? wd->msos.compatible_id :
		wd->msos.functions[scope].compatible_id;
}

/**
 * winusb_device_sub_compatible_id - The sub-compatible ID of a function
 * @wd: The device.
 * @scope: From winusb_device_scope().
 *
 * Return: Text, maybe empty.
 */
const char *winusb_device_sub_compatible_id(const struct winusb_device *wd, int scope)
{
	if (scope < 0)
		return "";
	return scope == WINUSB_MSOS_DEVICE ? wd->msos.sub_compatible_id :
		wd->msos.functions[scope].sub_compatible_id;
}

/* The device lock is held by usbcore. */
static int winusb_device_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	struct winusb_device *wd, *next;

	if (action != USB_DEVICE_REMOVE)
		return NOTIFY_DONE;
	mutex_lock(&winusb_devices_lock);
	list_for_each_entry_safe(wd, next, &winusb_devices, node)
		if (wd->udev == data)
			winusb_device_unlist(wd);
	mutex_unlock(&winusb_devices_lock);
	return NOTIFY_OK;
}

static struct notifier_block winusb_device_notifier = { .notifier_call = winusb_device_notify };

/**
 * winusb_devices_init - Prepare, before there is a driver
 *
 * Return: 0 or -ENOMEM.
 */
int winusb_devices_init(void)
{
	/* Unbound and many: a device that does not answer holds up nobody else. */
	winusb_devices_workqueue = alloc_workqueue("winusb-devices", WQ_UNBOUND | WQ_FREEZABLE, 0);
	if (!winusb_devices_workqueue)
		return -ENOMEM;
	usb_register_notify(&winusb_device_notifier);
	return 0;
}

/**
 * winusb_devices_flush - Wait for the work items that there are
 *
 * Two seconds at most for what is being read, and for modprobe where it was asked.
 */
void winusb_devices_flush(void)
{
	flush_workqueue(winusb_devices_workqueue);
}
WINUSB_EXPORT_FOR_TESTS(winusb_devices_flush);

/**
 * winusb_devices_exit - The opposite of winusb_devices_init(); the driver is gone
 */
void winusb_devices_exit(void)
{
	struct winusb_device *wd, *next;

	usb_unregister_notify(&winusb_device_notifier);
	destroy_workqueue(winusb_devices_workqueue);
	list_for_each_entry_safe(wd, next, &winusb_devices, node)
		winusb_device_unlist(wd);
}
