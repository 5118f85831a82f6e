// SPDX-License-Identifier: GPL-2.0-only
/*
 * The face of a bound interface in sysfs and in uevents: what Windows keeps as the properties and
 * device interfaces of a device (winusb.md 6.1). Documentation/ABI has a text for each file.
 *
 * &winusb_interface.attributes_lock makes a change of the files and the uevent about it one thing,
 * and keeps both inside the time that the class device is in sysfs. It is taken inside the device
 * lock and outside winusb_functions_lock. No reader of a file is waited for under that one.
 */
#include <linux/ctype.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/usb.h>
#include <linux/workqueue.h>

#include "attribute.h"
#include "device.h"
#include "function.h"
#include "interface.h"
#include "power.h"
#include "property.h"

#define WINUSB_PROPERTY_FILES 128	/* of one interface */
#define WINUSB_UEVENT_DISTANCE (HZ / 10)

/**
 * struct winusb_property_file - A file in properties/
 * @attr: The attribute.
 * @name: Its name.
 * @text: What it has.
 */
struct winusb_property_file {
	struct device_attribute attr;
	char name[WINUSB_PROPERTY_NAME_MAX + 1];
	char text[];
};

/**
 * struct winusb_property_files - The folder properties/ of an interface
 * @group: What sysfs knows of it.
 * @attrs: The files, up to a NULL. Each is part of a &struct winusb_property_file.
 */
struct winusb_property_files {
	struct attribute_group group;
	struct attribute *attrs[WINUSB_PROPERTY_FILES + 1];
};

struct winusb_property_collector {
	struct winusb_property_visitor visitor;
	struct winusb_property_files *files;
	unsigned int num;
};

static struct winusb_interface *winusb_attributes_from_dev(const struct device *dev)
{
	return container_of(dev, struct winusb_interface, dev);
}

static bool winusb_attributes_is_default(const struct winusb_interface *wi)
{
	return winusb_function_is_default(wi->fn, wi);
}

/*
 * Is the function complete, and do the files of its default interface say all about it? The caller
 * holds winusb_functions_lock.
 */
static bool winusb_attributes_is_ready(struct winusb_function *fn)
{
	return winusb_function_is_complete(fn) &&
		READ_ONCE(winusb_function_find(fn, fn->grouping.numbers[0])->ready);
}

/* The GUIDs that an interface has now: none while its function is not to be found by them. */
static unsigned int winusb_attributes_get_guids(struct winusb_interface *wi, bool ready,
						char guids[WINUSB_GUIDS][WINUSB_MSOS_GUID_SIZE])
{
	unsigned int n = 0;

	mutex_lock(&winusb_functions_lock);
	if (winusb_attributes_is_default(wi) &&
	    (!ready || (winusb_attributes_is_ready(wi->fn) &&
			winusb_function_is_enabled(wi->fn))))
		n = winusb_property_get_guids(wi->fn, guids);
	mutex_unlock(&winusb_functions_lock);
	return n;
}

static bool winusb_attributes_is_complete(struct winusb_interface *wi)
{
	bool complete;

	mutex_lock(&winusb_functions_lock);
	complete = winusb_attributes_is_ready(wi->fn);
	mutex_unlock(&winusb_functions_lock);
	return complete;
}

static ssize_t winusb_function_show(struct device *dev, struct device_attribute *attr,
				    char *buf)
{
	struct winusb_interface *wi = winusb_attributes_from_dev(dev);

	return sysfs_emit(buf, "%s:%u.%u\n", dev_name(&wi->udev->dev),
			  wi->fn->device->config->desc.bConfigurationValue,
			  wi->fn->grouping.numbers[0]);
}

static struct device_attribute winusb_attr_function =
	__ATTR(function, 0444, winusb_function_show, NULL);

static ssize_t winusb_whole_device_show(struct device *dev, struct device_attribute *attr,
					char *buf)
{
	struct winusb_interface *wi = winusb_attributes_from_dev(dev);

	return sysfs_emit(buf, "%d\n", winusb_function_is_whole_device(wi->fn));
}

static struct device_attribute winusb_attr_whole_device =
	__ATTR(whole_device, 0444, winusb_whole_device_show, NULL);

/* Who sees 1 here finds properties/ as well; who sees 0 hears of it when that changes. */
static ssize_t winusb_function_complete_show(struct device *dev, struct device_attribute *attr,
					     char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  winusb_attributes_is_complete(winusb_attributes_from_dev(dev)));
}

static struct device_attribute winusb_attr_function_complete =
	__ATTR(function_complete, 0444, winusb_function_complete_show, NULL);

static ssize_t winusb_os_descriptors_show(struct device *dev, struct device_attribute *attr,
					  char *buf)
{
	struct winusb_interface *wi = winusb_attributes_from_dev(dev);
	struct winusb_device *wd = wi->fn->device;

	if (!READ_ONCE(wi->ready))
		return sysfs_emit(buf, "pending\n");
	if (!winusb_device_is_read(wd) || !wd->msos.version)
		return sysfs_emit(buf, "none\n");
	return sysfs_emit(buf, "%u.%u\n", wd->msos.version >> 8, wd->msos.version >> 4 & 0xf);
}

static struct device_attribute winusb_attr_os_descriptors =
	__ATTR(os_descriptors, 0444, winusb_os_descriptors_show, NULL);

static ssize_t winusb_compatible_id_show(struct device *dev, struct device_attribute *attr,
					 char *buf)
{
	struct winusb_function *fn = winusb_attributes_from_dev(dev)->fn;

	return sysfs_emit(buf, "%s\n",
			  winusb_device_compatible_id(fn->device, winusb_function_scope(fn)));
}

static struct device_attribute winusb_attr_compatible_id =
	__ATTR(compatible_id, 0444, winusb_compatible_id_show, NULL);

static ssize_t winusb_sub_compatible_id_show(struct device *dev, struct device_attribute *attr,
					     char *buf)
{
	struct winusb_function *fn = winusb_attributes_from_dev(dev)->fn;

	return sysfs_emit(buf, "%s\n",
			  winusb_device_sub_compatible_id(fn->device, winusb_function_scope(fn)));
}

static struct device_attribute winusb_attr_sub_compatible_id =
	__ATTR(sub_compatible_id, 0444, winusb_sub_compatible_id_show, NULL);

static ssize_t winusb_vendor_revision_show(struct device *dev, struct device_attribute *attr,
					   char *buf)
{
	struct winusb_function *fn = winusb_attributes_from_dev(dev)->fn;
	int scope = winusb_function_scope(fn);
	unsigned int revision = 0;

	if (scope == WINUSB_MSOS_DEVICE)
		revision = fn->device->msos.vendor_revision;
	else if (scope >= 0)
		revision = fn->device->msos.functions[scope].vendor_revision;
	return sysfs_emit(buf, "%u\n", revision);
}

static struct device_attribute winusb_attr_vendor_revision =
	__ATTR(vendor_revision, 0444, winusb_vendor_revision_show, NULL);

static ssize_t winusb_alternate_enumeration_show(struct device *dev, struct device_attribute *attr,
						 char *buf)
{
	struct winusb_device *wd = winusb_attributes_from_dev(dev)->fn->device;

	return sysfs_emit(buf, "%02x\n", wd->has_set ? wd->set.alt_enum_code : 0);
}

static struct device_attribute winusb_attr_alternate_enumeration =
	__ATTR(alternate_enumeration, 0444, winusb_alternate_enumeration_show, NULL);

static ssize_t winusb_interface_guids_show(struct device *dev, struct device_attribute *attr,
					   char *buf)
{
	char guids[WINUSB_GUIDS][WINUSB_MSOS_GUID_SIZE];
	unsigned int i, n;
	ssize_t length = 0;

	n = winusb_attributes_get_guids(winusb_attributes_from_dev(dev), false, guids);
	for (i = 0; i < n; i++)
		length += sysfs_emit_at(buf, length, "%s\n", guids[i]);
	return length;
}

static ssize_t winusb_interface_guids_store(struct device *dev, struct device_attribute *attr,
					    const char *buf, size_t count)
{
	struct winusb_interface *wi = winusb_attributes_from_dev(dev);
	char guids[WINUSB_GUIDS][WINUSB_MSOS_GUID_SIZE];
	int n;

	if (!winusb_attributes_is_default(wi))
		return -EINVAL;
	n = winusb_property_parse_guids(buf, guids);
	if (n < 0)
		return n;
	mutex_lock(&winusb_functions_lock);
	memcpy(wi->fn->guids, guids, n * sizeof(guids[0]));
	wi->fn->num_guids = n;
	mutex_unlock(&winusb_functions_lock);
	winusb_attributes_publish(wi);
	return count;
}

static struct device_attribute winusb_attr_interface_guids =
	__ATTR(interface_guids, 0644, winusb_interface_guids_show, winusb_interface_guids_store);

static ssize_t winusb_interface_enabled_show(struct device *dev, struct device_attribute *attr,
					     char *buf)
{
	struct winusb_interface *wi = winusb_attributes_from_dev(dev);

	return sysfs_emit(buf, "%d\n", winusb_function_is_enabled(wi->fn));
}

static ssize_t winusb_interface_enabled_store(struct device *dev, struct device_attribute *attr,
					      const char *buf, size_t count)
{
	u8 enable;

	/* Not kstrtobool(), which takes other words in other kernels. */
	if (kstrtou8(buf, 10, &enable) || enable > 1)
		return -EINVAL;
	winusb_function_set_enabled(winusb_attributes_from_dev(dev)->fn, enable);
	return count;
}

static struct device_attribute winusb_attr_interface_enabled =
	__ATTR(interface_enabled, 0644, winusb_interface_enabled_show,
	       winusb_interface_enabled_store);

static struct attribute *winusb_interface_attrs[] = {
	&winusb_attr_function.attr,
	&winusb_attr_whole_device.attr,
	&winusb_attr_function_complete.attr,
	&winusb_attr_os_descriptors.attr,
	&winusb_attr_compatible_id.attr,
	&winusb_attr_sub_compatible_id.attr,
	&winusb_attr_vendor_revision.attr,
	&winusb_attr_alternate_enumeration.attr,
	&winusb_attr_interface_guids.attr,
	&winusb_attr_interface_enabled.attr,
	NULL,
};

static const struct attribute_group winusb_interface_group = {
	.attrs = winusb_interface_attrs,
};

const struct attribute_group *winusb_interface_groups[] = {
	&winusb_interface_group,
	&winusb_power_group,
	NULL,
};

/* As udev has it for names in /dev: what a device says is not to be trusted with more. */
static void winusb_attributes_sanitise(char *text, size_t size, const char *from)
{
	size_t i;

	for (i = 0; from[i] && i < size - 1; i++)
		text[i] = isascii(from[i]) && (isalnum(from[i]) || strchr("#+.:=@_-", from[i])) ?
			from[i] : '_';
	text[i] = 0;
}

static int winusb_attributes_add_ids(struct winusb_interface *wi, struct kobj_uevent_env *env)
{
	const struct usb_device_descriptor *desc = &wi->udev->descriptor;
	int scope = winusb_function_scope(wi->fn), ret;
	const char *id = winusb_device_compatible_id(wi->fn->device, scope);
	const char *sub = winusb_device_sub_compatible_id(wi->fn->device, scope);
	char serial[128];

	ret = add_uevent_var(env, "WINUSB_VID=%04x", le16_to_cpu(desc->idVendor)) ?:
		add_uevent_var(env, "WINUSB_PID=%04x", le16_to_cpu(desc->idProduct)) ?:
		add_uevent_var(env, "WINUSB_REVISION=%04x", le16_to_cpu(desc->bcdDevice)) ?:
		add_uevent_var(env, "WINUSB_INTERFACE=%02x", winusb_interface_number(wi)) ?:
		add_uevent_var(env, "WINUSB_FUNCTION=%s:%u.%u", dev_name(&wi->udev->dev),
			       wi->fn->device->config->desc.bConfigurationValue,
			       wi->fn->grouping.numbers[0]);
	if (!ret && wi->udev->serial) {
		winusb_attributes_sanitise(serial, sizeof(serial), wi->udev->serial);
		ret = add_uevent_var(env, "WINUSB_SERIAL=%s", serial);
	}
	if (!ret && *id)
		ret = add_uevent_var(env, "WINUSB_COMPATIBLE_ID=%s", id);
	if (!ret && *sub)
		ret = add_uevent_var(env, "WINUSB_SUB_COMPATIBLE_ID=%s", sub);
	return ret;
}

/**
 * winusb_attributes_uevent - What a uevent of an interface says
 * @dev: The class device.
 * @env: Where it goes.
 *
 * Return: 0 or -ENOMEM.
 */
int winusb_attributes_uevent(WINUSB_CLASS_CONST struct device *dev, struct kobj_uevent_env *env)
{
	struct winusb_interface *wi = winusb_attributes_from_dev(dev);
	char guids[WINUSB_GUIDS][WINUSB_MSOS_GUID_SIZE];
	unsigned int n, i;
	int ret;

	if (!wi->fn)
		return 0;
	n = winusb_attributes_get_guids(wi, true, guids);
	ret = winusb_attributes_add_ids(wi, env) ?:
		add_uevent_var(env, "WINUSB_DEFAULT=%d", winusb_attributes_is_default(wi)) ?:
		add_uevent_var(env, "WINUSB_WHOLE=%d", winusb_function_is_whole_device(wi->fn)) ?:
		add_uevent_var(env, "WINUSB_COMPLETE=%d", winusb_attributes_is_complete(wi)) ?:
		add_uevent_var(env, "WINUSB_ENABLED=%d", winusb_function_is_enabled(wi->fn));
	for (i = 0; i < n && !ret; i++)
		ret = add_uevent_var(env, "WINUSB_GUID_%u=%s", i, guids[i]);
	return ret;
}

static ssize_t winusb_property_file_show(struct device *dev, struct device_attribute *attr,
					 char *buf)
{
	/* A value that is longer than a page is cut, and the end of its line with it. */
	return sysfs_emit(buf, "%s\n",
			  container_of(attr, struct winusb_property_file, attr)->text);
}

/* Is there a file of this name? Names of properties are the same in any case. */
static bool winusb_property_files_have(const struct winusb_property_files *files, const char *name)
{
	unsigned int i;

	for (i = 0; files->attrs[i]; i++)
		if (!strcasecmp(files->attrs[i]->name, name))
			return true;
	return false;
}

static int winusb_property_collect(struct winusb_property_visitor *visitor, const char *name,
				   const char *type, const char *value)
{
	struct winusb_property_collector *collector =
		container_of(visitor, struct winusb_property_collector, visitor);
	struct winusb_property_file *file;
	size_t size = strlen(type) + strlen(value) + 2;

	if (collector->num >= WINUSB_PROPERTY_FILES || !winusb_property_name_is_plain(name) ||
	    winusb_property_files_have(collector->files, name))
		return 0;
	file = kzalloc(struct_size(file, text, size), GFP_KERNEL);
	if (!file)
		return -ENOMEM;
	strscpy(file->name, name, sizeof(file->name));
	snprintf(file->text, size, "%s%s%s", type, *value ? "\n" : "", value);
	sysfs_attr_init(&file->attr.attr);
	file->attr.attr.name = file->name;
	file->attr.attr.mode = 0444;
	file->attr.show = winusb_property_file_show;
	collector->files->attrs[collector->num++] = &file->attr.attr;
	return 0;
}

static void winusb_property_files_free(struct winusb_property_files *files)
{
	unsigned int i;

	if (!files)
		return;
	for (i = 0; files->attrs[i]; i++)
		kfree(container_of(files->attrs[i], struct winusb_property_file, attr.attr));
	kfree(files);
}

static struct winusb_property_files *winusb_property_files_create(struct winusb_function *fn)
{
	struct winusb_property_collector collector = { .visitor.see = winusb_property_collect };
	struct winusb_property_files *files;

	files = kzalloc(sizeof(*files), GFP_KERNEL);
	if (!files)
		return NULL;
	files->group.name = "properties";
	files->group.attrs = files->attrs;
	collector.files = files;
	/* Without memory some are missing. */
	winusb_properties_visit(fn, &collector.visitor);
	return files;
}

/* Make properties/ anew, if it is another one. The caller holds its attributes_lock. */
static void winusb_attributes_refresh(struct winusb_interface *wi)
{
	unsigned long version = winusb_properties_version(wi->fn);

	lockdep_assert_held(&wi->attributes_lock);

	if (wi->properties && version == wi->properties_version)
		return;
	/* This waits for readers, who take none of our locks. */
	if (wi->properties)
		sysfs_remove_group(&wi->dev.kobj, &wi->properties->group);
	winusb_property_files_free(wi->properties);
	wi->properties = winusb_property_files_create(wi->fn);
	wi->properties_version = version;
	if (wi->properties && sysfs_create_group(&wi->dev.kobj, &wi->properties->group)) {
		winusb_property_files_free(wi->properties);
		wi->properties = NULL;
	}
}

/* Make the files say what is so now. The caller holds its attributes_lock. */
static void winusb_attributes_update(struct winusb_interface *wi)
{
	unsigned int noio = memalloc_noio_save();	/* disconnect() takes the lock */
	bool ready = winusb_device_is_known(wi->fn->device);

	if (winusb_attributes_is_default(wi))
		winusb_attributes_refresh(wi);
	WRITE_ONCE(wi->ready, ready);
	memalloc_noio_restore(noio);
}

/* Send a uevent of what the files say. The caller holds its attributes_lock. */
static void winusb_attributes_tell(struct winusb_interface *wi)
{
	unsigned int noio = memalloc_noio_save();	/* disconnect() takes the lock */

	wi->changed = kobject_uevent(&wi->dev.kobj, KOBJ_CHANGE) == -ENOMEM;
	wi->told = jiffies;
	if (wi->changed)
		schedule_delayed_work(&wi->tell_work, HZ);	/* there was no memory */
	memalloc_noio_restore(noio);
}

/* Send it now, or when it is time. The caller holds its attributes_lock. */
static void winusb_attributes_tell_soon(struct winusb_interface *wi)
{
	unsigned long due = wi->told + WINUSB_UEVENT_DISTANCE, now = jiffies;

	/* The last one may be so long ago that jiffies have come round. */
	if (time_in_range_open(now, wi->told, due))
		schedule_delayed_work(&wi->tell_work, due - now);
	else
		winusb_attributes_tell(wi);
}

static void winusb_attributes_work(struct work_struct *work)
{
	struct winusb_interface *wi =
		container_of(to_delayed_work(work), struct winusb_interface, tell_work);

	mutex_lock(&wi->attributes_lock);
	if (wi->shown && wi->changed)
		winusb_attributes_tell_soon(wi);
	mutex_unlock(&wi->attributes_lock);
}

/**
 * winusb_attributes_init - Prepare an interface that is being made
 * @wi: The interface.
 */
void winusb_attributes_init(struct winusb_interface *wi)
{
	mutex_init(&wi->attributes_lock);
	INIT_DELAYED_WORK(&wi->tell_work, winusb_attributes_work);
	wi->told = jiffies - WINUSB_UEVENT_DISTANCE;
}

/**
 * winusb_attributes_show - The class device is in sysfs from now on
 * @wi: The interface.
 *
 * The uevent of that was sent when the files did not say everything yet. If something has changed
 * since, another one follows. The caller goes on and announces the function if it is complete.
 */
void winusb_attributes_show(struct winusb_interface *wi)
{
	mutex_lock(&wi->attributes_lock);
	wi->shown = true;
	winusb_attributes_update(wi);
	if (wi->changed)
		winusb_attributes_tell(wi);
	mutex_unlock(&wi->attributes_lock);
}

/**
 * winusb_attributes_hide - The class device is about to be taken out of sysfs
 * @wi: The interface.
 *
 * The files go with it, and the uevent of that is the last one.
 */
void winusb_attributes_hide(struct winusb_interface *wi)
{
	mutex_lock(&wi->attributes_lock);
	/* What "remove" says has been said before. */
	if (wi->shown && wi->changed)
		winusb_attributes_tell(wi);
	wi->shown = false;
	mutex_unlock(&wi->attributes_lock);
	cancel_delayed_work_sync(&wi->tell_work);
}

/**
 * winusb_attributes_publish - What the files of an interface say has changed
 * @wi: The interface. May have left, and then there is nothing to tell. The caller holds a
 *	reference, and none of the locks but the device's.
 *
 * The uevent follows when the class device is there, and at some distance from the last one:
 * everybody who has the node open can change the interface state, and everybody in the system
 * hears of it.
 */
void winusb_attributes_publish(struct winusb_interface *wi)
{
	mutex_lock(&wi->attributes_lock);
	wi->changed = true;
	if (wi->shown) {
		winusb_attributes_update(wi);
		winusb_attributes_tell_soon(wi);
	}
	mutex_unlock(&wi->attributes_lock);
}

/**
 * winusb_attributes_free - Free what is kept for the files, which are gone
 * @wi: The interface.
 */
void winusb_attributes_free(struct winusb_interface *wi)
{
	winusb_property_files_free(wi->properties);
}
