// SPDX-License-Identifier: GPL-2.0-only
/*
 * Properties of functions: the values that Windows keeps in the registry key of a device (winusb.md
 * 4.1, 4.3). The firmware gives some in its descriptors. An administrator gives others, as an INF
 * does, by the id of the function; those win.
 */
#include <linux/atomic.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/usb.h>

#include "compat.h"
#include "device.h"
#include "function.h"
#include "property.h"

#define WINUSB_PROPERTIES_MAX 1024
#define WINUSB_PROPERTY_LINE_MAX 512
#define WINUSB_PROPERTY_ANY (-1)	/* of the whole device */

enum {
	WINUSB_REG_SZ = 1,
	WINUSB_REG_EXPAND_SZ,
	WINUSB_REG_BINARY,
	WINUSB_REG_DWORD,
	WINUSB_REG_DWORD_BIG_ENDIAN,
	WINUSB_REG_LINK,
	WINUSB_REG_MULTI_SZ,
};

static const char * const winusb_property_types[] = {
	[WINUSB_REG_SZ] = "REG_SZ",
	[WINUSB_REG_EXPAND_SZ] = "REG_EXPAND_SZ",
	[WINUSB_REG_BINARY] = "REG_BINARY",
	[WINUSB_REG_DWORD] = "REG_DWORD",
	[WINUSB_REG_DWORD_BIG_ENDIAN] = "REG_DWORD_BIG_ENDIAN",
	[WINUSB_REG_LINK] = "REG_LINK",
	[WINUSB_REG_MULTI_SZ] = "REG_MULTI_SZ",
};

/**
 * struct winusb_property_key - Which function a property is for
 * @vendor: idVendor.
 * @product: idProduct.
 * @number: bInterfaceNumber of the default interface, or WINUSB_PROPERTY_ANY.
 */
struct winusb_property_key {
	u16 vendor;
	u16 product;
	int number;
};

/**
 * struct winusb_property - What an administrator gave
 * @node: In the list of all.
 * @key: The function.
 * @type: WINUSB_REG_ code.
 * @name: Its name.
 * @value: The value as text, the strings of a REG_MULTI_SZ on lines.
 */
struct winusb_property {
	struct list_head node;
	struct winusb_property_key key;
	unsigned int type;
	char name[WINUSB_PROPERTY_NAME_MAX + 1];
	char value[];
};

static DEFINE_MUTEX(winusb_properties_lock);	/* innermost */
static LIST_HEAD(winusb_properties);
static unsigned int winusb_num_properties;
static atomic_long_t winusb_properties_changes;	/* goes up after each change */

/**
 * winusb_property_name_is_plain - Can a name be the name of a file?
 * @name: The name of a property, from anywhere.
 *
 * Return: true if so.
 */
bool winusb_property_name_is_plain(const char *name)
{
	size_t i;

	if (!*name || *name == '.' || strlen(name) > WINUSB_PROPERTY_NAME_MAX)
		return false;
	for (i = 0; name[i]; i++)
		if (!isascii(name[i]) || (!isalnum(name[i]) && !strchr("_.-", name[i])))
			return false;
	return true;
}

/* The caller holds winusb_properties_lock. */
static struct winusb_property *winusb_property_find(const struct winusb_property_key *key,
						    const char *name)
{
	struct winusb_property *property;

	list_for_each_entry(property, &winusb_properties, node)
		if (property->key.vendor == key->vendor && property->key.product == key->product &&
		    property->key.number == key->number && !strcasecmp(property->name, name))
			return property;
	return NULL;
}

/* Does an administrator's property hold for the function? */
static bool winusb_property_is_for(const struct winusb_property_key *key,
				   const struct winusb_function *fn)
{
	const struct usb_device_descriptor *desc = &fn->udev->descriptor;

	if (key->vendor != le16_to_cpu(desc->idVendor) ||
	    key->product != le16_to_cpu(desc->idProduct))
		return false;
	if (key->number == WINUSB_PROPERTY_ANY)
		return winusb_function_is_whole_device(fn);
	return key->number == fn->grouping.numbers[0];
}

/* The caller holds winusb_properties_lock. */
static struct winusb_property *winusb_property_find_for(const struct winusb_function *fn,
							const char *name)
{
	struct winusb_property *property;

	list_for_each_entry(property, &winusb_properties, node)
		if (winusb_property_is_for(&property->key, fn) &&
		    !strcasecmp(property->name, name))
			return property;
	return NULL;
}

/**
 * winusb_property_parse_guids - Interface GUIDs from text
 * @text: GUIDs, with white space between.
 * @guids: Where they go, in lower case, each once.
 *
 * Return: How many, or -EINVAL if one is none, or there are too many.
 */
int winusb_property_parse_guids(const char *text, char guids[WINUSB_GUIDS][WINUSB_MSOS_GUID_SIZE])
{
	char guid[WINUSB_MSOS_GUID_SIZE];
	int i, n = 0;
	size_t length;

	for (text = skip_spaces(text); *text; text = skip_spaces(text + length)) {
		length = strcspn(text, " \t\n\r\f\v");
		if (!winusb_msos_guid_from_text(text, length, guid))
			return -EINVAL;
		for (i = 0; i < n; i++)
			if (!strcmp(guids[i], guid))
				break;
		if (i < n)
			continue;
		if (n == WINUSB_GUIDS)
			return -EINVAL;
		strscpy(guids[n++], guid, WINUSB_MSOS_GUID_SIZE);
	}
	return n;
}

static int winusb_property_get_admin_guids(struct winusb_function *fn,
					   char guids[WINUSB_GUIDS][WINUSB_MSOS_GUID_SIZE])
{
	struct winusb_property *property;
	int n = 0;

	mutex_lock(&winusb_properties_lock);
	property = winusb_property_find_for(fn, "DeviceInterfaceGUIDs");
	if (!property)
		property = winusb_property_find_for(fn, "DeviceInterfaceGUID");
	if (property)
		n = winusb_property_parse_guids(property->value, guids);
	mutex_unlock(&winusb_properties_lock);
	return n;
}

/**
 * winusb_property_get_guids - The interface GUIDs of a function
 * @fn: The function.
 * @guids: Where they go.
 *
 * Those written to interface_guids, else those of an administrator's property, else the firmware's.
 * The caller holds winusb_functions_lock.
 *
 * Return: How many.
 */
unsigned int winusb_property_get_guids(struct winusb_function *fn,
				       char guids[WINUSB_GUIDS][WINUSB_MSOS_GUID_SIZE])
{
	int scope, n;

	lockdep_assert_held(&winusb_functions_lock);

	if (fn->num_guids) {
		memcpy(guids, fn->guids, sizeof(fn->guids));
		return fn->num_guids;
	}
	n = winusb_property_get_admin_guids(fn, guids);
	if (n)
		return n;
	scope = winusb_function_scope(fn);
	if (scope < 0)
		return 0;
	while (n < WINUSB_GUIDS &&
	       winusb_msos_interface_guid(&fn->device->msos, scope, n, guids[n]))
		n++;
	return n;
}

/* Of a firmware's property that is a number. */
static u32 winusb_property_number(const struct winusb_msos_property *property)
{
	u32 number = 0;
	size_t i;

	for (i = 0; i < 4; i++)
		number |= (u32)property->data[i] <<
			8 * (property->type == WINUSB_REG_DWORD ? i : 3 - i);
	return number;
}

/**
 * winusb_property_get_number - The value of a property that is a REG_DWORD
 * @fn: The function. The caller holds winusb_functions_lock.
 * @name: The name, in any case.
 * @value: Where the value goes.
 *
 * An administrator's property hides the firmware's, whatever its type.
 *
 * Return: true if there is one.
 */
bool winusb_property_get_number(struct winusb_function *fn, const char *name, u32 *value)
{
	const struct winusb_msos_property *firmware;
	struct winusb_property *property;
	bool found, ours = false;
	int scope;

	lockdep_assert_held(&winusb_functions_lock);

	mutex_lock(&winusb_properties_lock);
	property = winusb_property_find_for(fn, name);
	found = property;
	if (property)
		ours = property->type == WINUSB_REG_DWORD && !kstrtou32(property->value, 0, value);
	mutex_unlock(&winusb_properties_lock);
	if (found)
		return ours;
	scope = winusb_function_scope(fn);
	if (scope < 0)
		return false;
	firmware = winusb_msos_find_property(&fn->device->msos, scope, name);
	if (!firmware || firmware->type != WINUSB_REG_DWORD || firmware->data_length < 4)
		return false;
	*value = winusb_property_number(firmware);
	return true;
}

/* The value of a firmware's property as text. */
static void winusb_property_spell(const struct winusb_msos_property *property, char *text,
				  size_t size)
{
	size_t position = 0, done = 0, bytes, i;
	const u8 *utf16;

	*text = 0;
	switch (property->type) {
	case WINUSB_REG_SZ:
	case WINUSB_REG_EXPAND_SZ:
	case WINUSB_REG_MULTI_SZ:
		while (done + 1 < size &&
		       winusb_msos_next_string(property, &position, &utf16, &bytes)) {
			if (done)
				text[done++] = '\n';
			done += winusb_msos_to_utf8(utf16, bytes, text + done, size - done);
			if (property->type != WINUSB_REG_MULTI_SZ)
				break;
		}
		return;
	case WINUSB_REG_DWORD:
	case WINUSB_REG_DWORD_BIG_ENDIAN:
		if (property->data_length < 4)
			return;
		snprintf(text, size, "%u", winusb_property_number(property));
		return;
	default:
		for (i = 0; i < property->data_length && done + 3 <= size; i++, done += 2)
			snprintf(text + done, size - done, "%02x", property->data[i]);
	}
}

static int winusb_properties_visit_admin(struct winusb_function *fn,
					 struct winusb_property_visitor *visitor)
{
	struct winusb_property *property;
	int ret = 0;

	mutex_lock(&winusb_properties_lock);
	list_for_each_entry(property, &winusb_properties, node)
		/* A name may have been given both for the device and for its interface. */
		if (winusb_property_is_for(&property->key, fn) &&
		    winusb_property_find_for(fn, property->name) == property) {
			ret = visitor->see(visitor, property->name,
					   winusb_property_types[property->type], property->value);
			if (ret)
				break;
		}
	mutex_unlock(&winusb_properties_lock);
	return ret;
}

static bool winusb_property_is_overridden(struct winusb_function *fn, const char *name)
{
	bool overridden;

	mutex_lock(&winusb_properties_lock);
	overridden = winusb_property_find_for(fn, name);
	mutex_unlock(&winusb_properties_lock);
	return overridden;
}

/**
 * winusb_properties_visit - Look at all properties of a function
 * @fn: The function; the caller holds a reference, or an interface of it.
 * @visitor: Who looks.
 *
 * Return: 0, the visitor's error, or -ENOMEM.
 */
int winusb_properties_visit(struct winusb_function *fn, struct winusb_property_visitor *visitor)
{
	int scope = winusb_function_scope(fn), ret;
	const struct winusb_msos *msos = &fn->device->msos;
	char name[4 * WINUSB_PROPERTY_NAME_MAX];
	unsigned int i;
	char *text;

	ret = winusb_properties_visit_admin(fn, visitor);
	if (ret || scope < 0)
		return ret;
	text = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	for (i = 0; i < msos->num_properties && !ret; i++) {
		const struct winusb_msos_property *property = &msos->properties[i];

		if (property->function != scope)
			continue;
		winusb_msos_to_utf8(property->name, property->name_length, name, sizeof(name));
		/* Of several with one name the first holds. */
		if (winusb_property_is_overridden(fn, name) ||
		    winusb_msos_find_property(msos, scope, name) != property)
			continue;
		winusb_property_spell(property, text, PAGE_SIZE);
		ret = visitor->see(visitor, name, winusb_property_types[property->type], text);
	}
	kfree(text);
	return ret;
}

/**
 * winusb_properties_version - A number that is another one when properties may have changed
 * @fn: The function.
 *
 * Return: The number.
 */
unsigned long winusb_properties_version(const struct winusb_function *fn)
{
	return 2 * (unsigned long)atomic_long_read(&winusb_properties_changes) +
		winusb_device_is_read(fn->device);
}

/* The next word of a line, which is cut there, or NULL. */
static char *winusb_property_word(char **line)
{
	char *word;

	do {
		word = strsep(line, " ");
	} while (word && !*word);
	return word;
}

static int winusb_property_parse_key(char **line, struct winusb_property_key *key)
{
	char *vendor = winusb_property_word(line);
	char *product = winusb_property_word(line);
	char *number = winusb_property_word(line);
	u8 n;

	if (!number || kstrtou16(vendor, 16, &key->vendor) || kstrtou16(product, 16, &key->product))
		return -EINVAL;
	if (!strcmp(number, "*")) {
		key->number = WINUSB_PROPERTY_ANY;
		return 0;
	}
	if (kstrtou8(number, 16, &n))
		return -EINVAL;
	key->number = n;
	return 0;
}

/* Bring a value into the form that it is kept in, which is not longer than the line. */
static int winusb_property_parse_value(unsigned int type, char *text, char *value, size_t size)
{
	size_t length = 0;
	u32 number;
	char *word;

	switch (type) {
	case WINUSB_REG_SZ:
		return strscpy(value, text, size) < 0 ? -EINVAL : 0;
	case WINUSB_REG_MULTI_SZ:
		*value = 0;
		while ((word = winusb_property_word(&text)))
			length += scnprintf(value + length, size - length, "%s%s",
					    length ? "\n" : "", word);
		return 0;
	case WINUSB_REG_DWORD:
		if (kstrtou32(text, 0, &number))
			return -EINVAL;
		snprintf(value, size, "%u", number);
		return 0;
	case WINUSB_REG_BINARY:
		for (; isxdigit(text[length]); length++)
			value[length] = tolower(text[length]);
		value[length] = 0;
		return text[length] || length % 2 ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/* GUIDs have to be GUIDs, in the type that Windows wants (winusb.md 4.1). */
static int winusb_property_check_guids(const char *name, unsigned int type, const char *value)
{
	char guids[WINUSB_GUIDS][WINUSB_MSOS_GUID_SIZE];

	if (!strcasecmp(name, "DeviceInterfaceGUIDs"))
		return type == WINUSB_REG_MULTI_SZ &&
			winusb_property_parse_guids(value, guids) > 0 ? 0 : -EINVAL;
	if (!strcasecmp(name, "DeviceInterfaceGUID"))
		return type == WINUSB_REG_SZ &&
			winusb_property_parse_guids(value, guids) == 1 ? 0 : -EINVAL;
	return 0;
}

static struct winusb_property *winusb_property_parse(char *line)
{
	struct winusb_property *property;
	char *type, *name;
	int ret, code;

	property = kzalloc(struct_size(property, value, WINUSB_PROPERTY_LINE_MAX + 1), GFP_KERNEL);
	if (!property)
		return ERR_PTR(-ENOMEM);
	ret = winusb_property_parse_key(&line, &property->key);
	type = winusb_property_word(&line);
	name = winusb_property_word(&line);
	if (ret || !name || !line || !winusb_property_name_is_plain(name))
		goto err_free;
	for (code = ARRAY_SIZE(winusb_property_types) - 1; code > 0; code--)
		if (!strcmp(winusb_property_types[code], type))
			break;
	property->type = code;
	strscpy(property->name, name, sizeof(property->name));
	if (winusb_property_parse_value(code, line, property->value,
					WINUSB_PROPERTY_LINE_MAX + 1) ||
	    winusb_property_check_guids(name, code, property->value))
		goto err_free;
	return property;

err_free:
	kfree(property);
	return ERR_PTR(-EINVAL);
}

/* One line of printable ASCII, without its end, to be freed. */
static char *winusb_property_line(const char *buf, size_t count)
{
	char *line;
	size_t i;

	if (count && buf[count - 1] == '\n')
		count--;
	if (!count || count > WINUSB_PROPERTY_LINE_MAX)
		return ERR_PTR(-EINVAL);
	for (i = 0; i < count; i++)
		if (buf[i] < ' ' || buf[i] > '~')
			return ERR_PTR(-EINVAL);
	line = kmemdup_nul(buf, count, GFP_KERNEL);
	return line ? line : ERR_PTR(-ENOMEM);
}

/* Put it in the list, where it takes the place of one of its name. */
static int winusb_property_add(struct winusb_property *property)
{
	struct winusb_property *old;
	int ret = 0;

	mutex_lock(&winusb_properties_lock);
	old = winusb_property_find(&property->key, property->name);
	if (old) {
		list_replace(&old->node, &property->node);
		kfree(old);
	} else if (winusb_num_properties >= WINUSB_PROPERTIES_MAX) {
		ret = -ENOSPC;
	} else {
		list_add_tail(&property->node, &winusb_properties);
		winusb_num_properties++;
	}
	if (!ret)
		atomic_long_inc(&winusb_properties_changes);
	mutex_unlock(&winusb_properties_lock);
	return ret;
}

static ssize_t winusb_function_property_store(struct device_driver *driver, const char *buf,
					      size_t count)
{
	struct winusb_property *property;
	struct winusb_property_key key;
	char *line;
	int ret;

	line = winusb_property_line(buf, count);
	if (IS_ERR(line))
		return PTR_ERR(line);
	property = winusb_property_parse(line);
	kfree(line);
	if (IS_ERR(property))
		return PTR_ERR(property);
	key = property->key;
	ret = winusb_property_add(property);
	if (ret) {
		kfree(property);
		return ret;
	}
	winusb_functions_announce_ids(key.vendor, key.product);
	return count;
}

static ssize_t winusb_function_property_show(struct device_driver *driver, char *buf)
{
	struct winusb_property *property;
	size_t length = 0;
	char line[WINUSB_PROPERTY_LINE_MAX + 64];

	mutex_lock(&winusb_properties_lock);
	list_for_each_entry(property, &winusb_properties, node) {
		const struct winusb_property_key *key = &property->key;
		char number[4] = "*";
		size_t n;

		if (key->number != WINUSB_PROPERTY_ANY)
			snprintf(number, sizeof(number), "%02x", key->number);
		n = scnprintf(line, sizeof(line), "%04x %04x %s %s %s %s", key->vendor,
			      key->product, number, winusb_property_types[property->type],
			      property->name, property->value);
		strreplace(line, '\n', ' ');
		if (length + n + 1 >= PAGE_SIZE)
			break;
		length += sysfs_emit_at(buf, length, "%s\n", line);
	}
	mutex_unlock(&winusb_properties_lock);
	return length;
}

static int winusb_property_remove(const struct winusb_property_key *key, const char *name)
{
	struct winusb_property *property, *next;
	bool all = !strcmp(name, "*"), found = false;

	mutex_lock(&winusb_properties_lock);
	list_for_each_entry_safe(property, next, &winusb_properties, node) {
		if (property->key.vendor != key->vendor || property->key.product != key->product ||
		    property->key.number != key->number ||
		    (!all && strcasecmp(property->name, name)))
			continue;
		list_del(&property->node);
		kfree(property);
		winusb_num_properties--;
		found = true;
	}
	if (found)
		atomic_long_inc(&winusb_properties_changes);
	mutex_unlock(&winusb_properties_lock);
	return found ? 0 : -ENODEV;
}

static ssize_t winusb_remove_function_property_store(struct device_driver *driver, const char *buf,
						     size_t count)
{
	struct winusb_property_key key;
	char *line, *rest, *name;
	int ret;

	line = winusb_property_line(buf, count);
	if (IS_ERR(line))
		return PTR_ERR(line);
	rest = line;
	ret = winusb_property_parse_key(&rest, &key);
	name = winusb_property_word(&rest);
	if (ret || !name || winusb_property_word(&rest))
		ret = -EINVAL;
	else
		ret = winusb_property_remove(&key, name);
	kfree(line);
	if (ret)
		return ret;
	winusb_functions_announce_ids(key.vendor, key.product);
	return count;
}

static struct driver_attribute winusb_attr_function_property =
	__ATTR(function_property, 0644, winusb_function_property_show,
	       winusb_function_property_store);
static struct driver_attribute winusb_attr_remove_function_property =
	__ATTR(remove_function_property, 0200, NULL, winusb_remove_function_property_store);

static struct attribute *winusb_property_attrs[] = {
	&winusb_attr_function_property.attr,
	&winusb_attr_remove_function_property.attr,
	NULL,
};

const struct attribute_group winusb_property_group = {
	.attrs = winusb_property_attrs,
};

/**
 * winusb_properties_forget_all - Forget what an administrator gave, when the module goes
 */
void winusb_properties_forget_all(void)
{
	struct winusb_property *property, *next;

	mutex_lock(&winusb_properties_lock);
	list_for_each_entry_safe(property, next, &winusb_properties, node) {
		list_del(&property->node);
		kfree(property);
	}
	winusb_num_properties = 0;
	mutex_unlock(&winusb_properties_lock);
}
