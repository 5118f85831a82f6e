// SPDX-License-Identifier: GPL-2.0-only
/*
 * The USB device, as far as this driver has to know it beside usbcore: what its firmware says in
 * Microsoft OS descriptors (winusb.md 4). One object for each device that was asked about, from the
 * first question until usbcore says that the device left.
 *
 * Nothing is read in probe, which runs in the hub's worker. A work item reads and then binds the
 * interfaces that the descriptors are about, see autobind.c. It is started again when there may be
 * more for it to do: an interface was bound, or is asked about.
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

/* The caller holds winusb_devices_lock. A work item that runs does not queue itself again. */
static void winusb_device_unlist(struct winusb_device *wd)
{
	list_del_init(&wd->node);
	if (cancel_delayed_work(&wd->work))
		winusb_device_put(wd);
	winusb_device_put(wd);
}

static void winusb_device_queue(struct winusb_device *wd, unsigned long delay)
{
	mutex_lock(&winusb_devices_lock);
	if (!list_empty(&wd->node)) {
		kref_get(&wd->ref);	/* put by the work */
		if (mod_delayed_work(winusb_devices_workqueue, &wd->work, delay))
			winusb_device_put(wd);	/* it was queued already */
	}
	mutex_unlock(&winusb_devices_lock);
}

/*
 * kmod could not be asked, as the system boots, goes to sleep or wakes up, or has too much to do;
 * or there was no memory to read. This goes on until it is done, or the device leaves.
 */
static void winusb_device_retry(struct winusb_device *wd)
{
	mutex_lock(&winusb_devices_lock);
	if (!list_empty(&wd->node)) {
		kref_get(&wd->ref);	/* put by the work */
		/* Not mod_delayed_work(): it may be queued already, and for now. */
		if (!queue_delayed_work(winusb_devices_workqueue, &wd->work,
					HZ << min(wd->tries, 5U)))
			winusb_device_put(wd);
	}
	mutex_unlock(&winusb_devices_lock);
	if (wd->tries++ == 5)
		dev_notice(&wd->udev->dev, "winusb: kmod can't be asked, or there is no memory; trying on\n");
}

/* Read, tell, bind. */
static void winusb_device_work(struct work_struct *work)
{
	struct winusb_device *wd = container_of(to_delayed_work(work), struct winusb_device, work);
	bool known, retry = false;
	unsigned int wishes;

	mutex_lock(&winusb_devices_lock);
	known = winusb_device_is_known(wd);
	wishes = wd->wishes;
	mutex_unlock(&winusb_devices_lock);

	if (!wd->read && winusb_autobind_may_read(wd, &retry)) {
		if (winusb_osdesc_read(wd)) {
			wd->whole = winusb_osdesc_is_whole(wd);
			smp_store_release(&wd->read, true);	/* pairs with is_read() */
			known = false;
		} else {
			retry = true;
		}
	}
	/* Unless somebody wants to know since, and this runs once more. */
	mutex_lock(&winusb_devices_lock);
	if (wishes == wd->wishes)
		WRITE_ONCE(wd->settled, true);
	mutex_unlock(&winusb_devices_lock);
	if (!known)
		winusb_functions_announce(wd);
	if (wd->read)
		winusb_autobind_device(wd, &retry);
	if (retry)
		winusb_device_retry(wd);
	else
		wd->tries = 0;
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
	mutex_init(&wd->power_lock);
	winusb_frames_init(&wd->frames, udev);
	wd->power_delay = -1;
	INIT_DELAYED_WORK(&wd->work, winusb_device_work);
	/* usbcore reads the BOS from USB 2.01 on, and keeps it while we have the device locked. */
	if (udev->bos)
		wd->has_set = winusb_msos_find_set((const u8 *)udev->bos->desc,
						   le16_to_cpu(udev->bos->desc->wTotalLength),
						   &wd->set);
	wd->settled = !wd->has_set && !winusb_osdesc_may_have_string(wd);
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
 * winusb_device_is_read - Were the descriptors read?
 * @wd: The device.
 *
 * Return: true if so, and then what they say is valid.
 */
bool winusb_device_is_read(const struct winusb_device *wd)
{
	return smp_load_acquire(&wd->read);	/* pairs with the work */
}

/**
 * winusb_device_is_known - Is there nothing to wait for?
 * @wd: The device.
 *
 * Return: true if its descriptors were read, or are not going to be as things are.
 */
bool winusb_device_is_known(const struct winusb_device *wd)
{
	return winusb_device_is_read(wd) || READ_ONCE(wd->settled);
}

/**
 * winusb_device_start_reading - Have descriptors read, as an interface of the device is ours
 * @wd: The device.
 *
 * Until then it is not known what they say, whatever was so before.
 */
void winusb_device_start_reading(struct winusb_device *wd)
{
	bool may = wd->has_set || winusb_osdesc_may_have_string(wd);

	if (winusb_device_is_read(wd))
		return;
	mutex_lock(&winusb_devices_lock);
	wd->wishes++;
	WRITE_ONCE(wd->settled, !may);
	mutex_unlock(&winusb_devices_lock);
	if (may)
		winusb_device_queue(wd, 0);
}

/**
 * winusb_device_start - Have the work item look at a device, which may have more to do by now
 * @wd: The device.
 */
void winusb_device_start(struct winusb_device *wd)
{
	if (winusb_device_is_read(wd) || wd->has_set || winusb_osdesc_may_have_string(wd))
		winusb_device_queue(wd, 0);
}

/**
 * winusb_device_position - Where an interface stands in the configuration
 * @wd: The device; it has its active configuration, and is locked.
 * @intf: The interface.
 *
 * Return: Index in its interfaces.
 */
unsigned int winusb_device_position(const struct winusb_device *wd,
				    const struct usb_interface *intf)
{
	unsigned int i = 0;

	while (wd->config->interface[i] != intf)
		i++;
	return i;
}

/**
 * winusb_device_forget_wanted - An interface is bound, so the work item has not to do it
 * @wd: Its device, locked.
 * @intf: The interface.
 */
void winusb_device_forget_wanted(struct winusb_device *wd, const struct usb_interface *intf)
{
	clear_bit(winusb_device_position(wd, intf), &wd->wanted);
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
	if (!winusb_device_is_read(wd) || !wd->msos.version)
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
	/*
	 * Unbound and many: a device that does not answer holds up nobody else. But not so many
	 * that all modprobes that may run at one time are ours.
	 */
	winusb_devices_workqueue = alloc_workqueue("winusb-devices", WQ_UNBOUND | WQ_FREEZABLE, 24);
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
	mutex_lock(&winusb_devices_lock);
	list_for_each_entry_safe(wd, next, &winusb_devices, node)
		winusb_device_unlist(wd);
	mutex_unlock(&winusb_devices_lock);
	destroy_workqueue(winusb_devices_workqueue);
}
