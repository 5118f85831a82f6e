// SPDX-License-Identifier: MIT
/*
 * Sets of devices: SetupDiGetClassDevs and what goes through one. A set is how things were when it
 * was made; the devices of it that left meanwhile are still in it, as on Windows.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "devinst.h"
#include "devset.h"
#include "property.h"
#include "wide.h"

#define ENUMERATOR	"USB"
/* Reserved of SP_DEVICE_INTERFACE_DATA: the set's number above, the element's below. */
#define ELEMENT_BITS	12
#define ELEMENT_MASK	((1u << ELEMENT_BITS) - 1)

static void devset_destroy(struct object *object)
{
	struct devset *set = (struct devset *)object;

	for (size_t i = 0; i < set->count; i++)
		device_list_put(set->members[i].list);
	for (size_t i = 0; i < set->interface_count; i++)
		device_list_put(set->interfaces[i].list);
	pthread_mutex_destroy(&set->lock);
	free(set->members);
	free(set->interfaces);
	free(set);
}

static const struct object_type devset_type = { .kind = OBJECT_DEVINFO, .destroy = devset_destroy };

static struct devset *devset_new(void)
{
	static atomic_uint serials;
	struct devset *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	object_init(&set->object, &devset_type);
	pthread_mutex_init(&set->lock, NULL);
	set->serial = (atomic_fetch_add(&serials, 1) + 1) & 0xfffff;
	return set;
}

struct devset *devset_get(HDEVINFO handle)
{
	struct devset *set = (struct devset *)object_get(handle, OBJECT_DEVINFO);

	if (set)
		pthread_mutex_lock(&set->lock);
	return set;
}

void devset_put(struct devset *set)
{
	pthread_mutex_unlock(&set->lock);
	object_put(&set->object);
}

BOOL devset_result(DWORD error)
{
	SetLastError(error);
	return !error;
}

/* The device's place in the set, where it is put if it is not there yet; -1: no memory. */
static ssize_t member_add(struct devset *set, struct device_list *list, struct device *device)
{
	uint32_t devinst = devinst_of(device->id);
	struct member *more;

	for (size_t i = 0; i < set->count; i++)
		if (set->members[i].devinst == devinst)
			return i;
	more = devinst ? realloc(set->members, (set->count + 1) * sizeof(*more)) : NULL;
	if (!more)
		return -1;
	set->members = more;
	more[set->count] = (struct member) { device_list_ref(list), device, devinst };
	return set->count++;
}

static ssize_t interface_add(struct devset *set, struct device_list *list,
			     struct device_interface *interface)
{
	ssize_t member = member_add(set, list, interface->device);
	struct member_interface *more;

	for (size_t i = 0; i < set->interface_count; i++)
		if (!strcmp(set->interfaces[i].interface->path, interface->path))
			return i;
	if (member < 0 || set->interface_count == ELEMENT_MASK)
		return -1;
	more = realloc(set->interfaces, (set->interface_count + 1) * sizeof(*more));
	if (!more)
		return -1;
	set->interfaces = more;
	more[set->interface_count] = (struct member_interface) {
		device_list_ref(list), interface, member
	};
	return set->interface_count++;
}

/* Is it of the enumerator, or the device with this instance id? */
static bool enumerator_has(const char *enumerator, const struct device *device)
{
	if (!enumerator || !strchr(enumerator, '\\'))
		return true;
	return !strcasecmp(enumerator, device->id) || !strcasecmp(enumerator, device->alias);
}

/* False: no memory. */
static bool devset_add_interfaces(struct devset *set, struct device_list *list, const GUID *class,
				  const char *enumerator, DWORD flags)
{
	for (size_t i = 0; i < list->interface_count; i++) {
		struct device_interface *interface = &list->interfaces[i];

		if (!(flags & DIGCF_ALLCLASSES) && memcmp(class, interface->guid, sizeof(*class)))
			continue;
		if ((flags & DIGCF_PRESENT) && !interface->active)
			continue;
		if (enumerator_has(enumerator, interface->device) &&
		    interface_add(set, list, interface) < 0)
			return false;
	}
	return true;
}

static bool devset_add_devices(struct devset *set, struct device_list *list, const GUID *class,
			       const char *enumerator, DWORD flags)
{
	for (size_t i = 0; i < list->count; i++) {
		struct device *device = list->devices[i];
		const char *text = device_setup_class(device);
		uint8_t guid[DEVICE_GUID_SIZE] = { 0 };

		if (text)
			guid_from_text(text, strlen(text), guid);
		if (!(flags & DIGCF_ALLCLASSES) && (!text || memcmp(class, guid, sizeof(*class))))
			continue;
		if (enumerator_has(enumerator, device) && member_add(set, list, device) < 0)
			return false;
	}
	return true;
}

static HDEVINFO devset_open(struct devset *set)
{
	HANDLE handle = object_open(&set->object);

	if (!handle)
		return INVALID_HANDLE_VALUE;
	SetLastError(ERROR_SUCCESS);
	return handle;
}

static HDEVINFO out_of_memory(struct devset *set)
{
	if (set)
		object_put(&set->object);
	SetLastError(ERROR_NOT_ENOUGH_MEMORY);
	return INVALID_HANDLE_VALUE;
}

HDEVINFO WINAPI SetupDiGetClassDevsA(const GUID *class, PCSTR enumerator, HWND window, DWORD flags)
{
	struct device_list *list;
	struct devset *set;
	bool ok;

	(void)window;
	if (!class && !(flags & DIGCF_ALLCLASSES)) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return INVALID_HANDLE_VALUE;
	}
	/* No other enumerator is here. */
	if (enumerator && !strchr(enumerator, '\\') && strcasecmp(enumerator, ENUMERATOR)) {
		SetLastError(ERROR_INVALID_DATA);
		return INVALID_HANDLE_VALUE;
	}
	set = devset_new();
	list = device_list_load();
	if (!set || !list) {
		device_list_put(list);
		return out_of_memory(set);
	}
	if (flags & DIGCF_DEVICEINTERFACE)
		ok = devset_add_interfaces(set, list, class, enumerator, flags);
	else
		ok = devset_add_devices(set, list, class, enumerator, flags);
	device_list_put(list);
	return ok ? devset_open(set) : out_of_memory(set);
}

HDEVINFO WINAPI SetupDiGetClassDevsW(const GUID *class, PCWSTR enumerator, HWND window, DWORD flags)
{
	char *text = enumerator ? utf8_of_wide(enumerator) : NULL;
	HDEVINFO set;

	if (enumerator && !text)
		return out_of_memory(NULL);
	set = SetupDiGetClassDevsA(class, text, window, flags);
	free(text);
	return set;
}

HDEVINFO WINAPI SetupDiCreateDeviceInfoList(const GUID *class, HWND window)
{
	struct devset *set = devset_new();

	(void)class;
	(void)window;
	return set ? devset_open(set) : out_of_memory(NULL);
}

BOOL WINAPI SetupDiDestroyDeviceInfoList(HDEVINFO handle)
{
	return object_close(handle, OBJECT_DEVINFO) && devset_result(ERROR_SUCCESS);
}

void devinfo_fill(const struct devset *set, const struct member *member, SP_DEVINFO_DATA *data)
{
	const char *class = device_setup_class(member->device);
	uint8_t guid[DEVICE_GUID_SIZE] = { 0 };

	if (class)
		guid_from_text(class, strlen(class), guid);
	memcpy(&data->ClassGuid, guid, sizeof(guid));
	data->DevInst = member->devinst;
	data->Reserved = set->serial;
}

static void interface_fill(const struct devset *set, size_t at, SP_DEVICE_INTERFACE_DATA *data)
{
	const struct device_interface *interface = set->interfaces[at].interface;

	memcpy(&data->InterfaceClassGuid, interface->guid, sizeof(data->InterfaceClassGuid));
	data->Flags = interface->active ? SPINT_ACTIVE : 0;
	data->Reserved = set->serial << ELEMENT_BITS | (at + 1);
}

struct member *devset_member(struct devset *set, const SP_DEVINFO_DATA *data)
{
	if (!data || data->cbSize != sizeof(*data)) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	for (size_t i = 0; i < set->count; i++)
		if (set->members[i].devinst == data->DevInst)
			return &set->members[i];
	SetLastError(ERROR_INVALID_PARAMETER);
	return NULL;
}

struct member_interface *devset_interface(struct devset *set, const SP_DEVICE_INTERFACE_DATA *data)
{
	size_t at = data ? (data->Reserved & ELEMENT_MASK) - 1 : 0;

	if (!data || data->cbSize != sizeof(*data) ||
	    data->Reserved >> ELEMENT_BITS != set->serial || at >= set->interface_count) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	return &set->interfaces[at];
}

BOOL WINAPI SetupDiEnumDeviceInfo(HDEVINFO handle, DWORD index, PSP_DEVINFO_DATA data)
{
	struct devset *set = devset_get(handle);
	DWORD error = ERROR_SUCCESS;

	if (!set)
		return FALSE;
	if (!data)
		error = ERROR_INVALID_PARAMETER;
	else if (data->cbSize != sizeof(*data))
		error = ERROR_INVALID_USER_BUFFER;
	else if (index >= set->count)
		error = ERROR_NO_MORE_ITEMS;
	else
		devinfo_fill(set, &set->members[index], data);
	devset_put(set);
	return devset_result(error);
}

/* The INDEXth of the set's interfaces of a class, of one device or of all; -1: no further one. */
static ssize_t interface_nth(const struct devset *set, const struct member *member,
			     const GUID *class, DWORD index)
{
	for (size_t i = 0; i < set->interface_count; i++) {
		const struct member_interface *interface = &set->interfaces[i];

		if (memcmp(interface->interface->guid, class, sizeof(*class)) ||
		    (member && &set->members[interface->member] != member))
			continue;
		if (!index--)
			return i;
	}
	return -1;
}

BOOL WINAPI SetupDiEnumDeviceInterfaces(HDEVINFO handle, PSP_DEVINFO_DATA device, const GUID *class,
					DWORD index, PSP_DEVICE_INTERFACE_DATA data)
{
	struct devset *set = devset_get(handle);
	struct member *member = NULL;
	BOOL ok = FALSE;
	ssize_t at;

	if (!set)
		return FALSE;
	if (!class || !data) {
		SetLastError(ERROR_INVALID_PARAMETER);
	} else if (data->cbSize != sizeof(*data)) {
		SetLastError(ERROR_INVALID_USER_BUFFER);
	} else {
		if (device)
			member = devset_member(set, device);
		if (!device || member) {
			at = interface_nth(set, member, class, index);
			if (at >= 0)
				interface_fill(set, at, data);
			ok = devset_result(at < 0 ? ERROR_NO_MORE_ITEMS : ERROR_SUCCESS);
		}
	}
	devset_put(set);
	return ok;
}

BOOL text_give(const char *text, bool wide, void *to, DWORD room, DWORD *required)
{
	DWORD length = strlen(text) + 1;

	if (required)
		*required = length;
	if (length > room)
		return devset_result(ERROR_INSUFFICIENT_BUFFER);
	if (wide)
		wide_from_utf8(text, length, to, length, NULL);
	else
		memcpy(to, text, length);
	return devset_result(ERROR_SUCCESS);
}

/* The two widths of SP_DEVICE_INTERFACE_DETAIL_DATA. */
struct detail_form {
	bool wide;
	DWORD structure;	/* what cbSize must be: 8, or 5 and 6 in 32-bit programs */
	DWORD offset;		/* of the path */
	DWORD character;
};

static const struct detail_form detail_narrow = {
	false, sizeof(SP_DEVICE_INTERFACE_DETAIL_DATA_A),
	offsetof(SP_DEVICE_INTERFACE_DETAIL_DATA_A, DevicePath), 1
};

static const struct detail_form detail_wide = {
	true, sizeof(SP_DEVICE_INTERFACE_DETAIL_DATA_W),
	offsetof(SP_DEVICE_INTERFACE_DETAIL_DATA_W, DevicePath), sizeof(WCHAR)
};

/* cbSize is the first member of both. SIZE is the whole buffer's, also in what is required. */
static BOOL detail_give(const struct detail_form *form, const char *path, void *detail, DWORD size,
			DWORD *required)
{
	DWORD room = size > form->offset ? (size - form->offset) / form->character : 0;
	DWORD needed = form->offset + (strlen(path) + 1) * form->character;

	if (detail ? *(DWORD *)detail != form->structure || size < form->offset + form->character :
		     size != 0)
		return devset_result(ERROR_INVALID_USER_BUFFER);
	if (required)
		*required = needed;
	return text_give(path, form->wide, detail ? (char *)detail + form->offset : NULL, room,
			 NULL);
}

static BOOL interface_detail(HDEVINFO handle, const struct detail_form *form,
			     const SP_DEVICE_INTERFACE_DATA *data, void *detail, DWORD size,
			     DWORD *required, SP_DEVINFO_DATA *device)
{
	struct devset *set = devset_get(handle);
	struct member_interface *interface;
	BOOL ok = FALSE;

	if (!set)
		return FALSE;
	interface = devset_interface(set, data);
	if (interface && device && device->cbSize != sizeof(*device)) {
		SetLastError(ERROR_INVALID_USER_BUFFER);
		interface = NULL;
	}
	if (interface) {
		/* The device is told also when the buffer is too small. */
		if (device)
			devinfo_fill(set, &set->members[interface->member], device);
		ok = detail_give(form, interface->interface->path, detail, size, required);
	}
	devset_put(set);
	return ok;
}

BOOL WINAPI SetupDiGetDeviceInterfaceDetailA(HDEVINFO set, PSP_DEVICE_INTERFACE_DATA data,
					     PSP_DEVICE_INTERFACE_DETAIL_DATA_A detail, DWORD size,
					     PDWORD required, PSP_DEVINFO_DATA device)
{
	return interface_detail(set, &detail_narrow, data, detail, size, required, device);
}

BOOL WINAPI SetupDiGetDeviceInterfaceDetailW(HDEVINFO set, PSP_DEVICE_INTERFACE_DATA data,
					     PSP_DEVICE_INTERFACE_DETAIL_DATA_W detail, DWORD size,
					     PDWORD required, PSP_DEVINFO_DATA device)
{
	return interface_detail(set, &detail_wide, data, detail, size, required, device);
}

/* Adds the interface of a path, or the device of an instance id, as it is now. */
static BOOL devset_open_element(HDEVINFO handle, const char *text, bool is_path, DWORD error,
				SP_DEVICE_INTERFACE_DATA *interface_data, SP_DEVINFO_DATA *data)
{
	struct device_list *list = text ? device_list_load() : NULL;
	struct device_interface *interface;
	struct device *device;
	struct devset *set;
	ssize_t at = -1;

	set = devset_get(handle);
	if (!set) {
		device_list_put(list);
		return FALSE;
	}
	if (!text) {
		error = ERROR_INVALID_PARAMETER;
	} else if (!list) {
		error = ERROR_NOT_ENOUGH_MEMORY;
	} else if ((interface_data && interface_data->cbSize != sizeof(*interface_data)) ||
		   (data && data->cbSize != sizeof(*data))) {
		error = ERROR_INVALID_USER_BUFFER;
	} else {
		interface = is_path ? device_interface_find(list, text) : NULL;
		device = is_path ? NULL : device_find(list, text);
		if (interface)
			at = interface_add(set, list, interface);
		else if (device)
			at = member_add(set, list, device);
		if (at < 0 && (interface || device))
			error = ERROR_NOT_ENOUGH_MEMORY;
	}
	if (at >= 0 && interface_data)
		interface_fill(set, at, interface_data);
	if (at >= 0 && data)
		devinfo_fill(set, &set->members[at], data);
	devset_put(set);
	device_list_put(list);
	return devset_result(at >= 0 ? ERROR_SUCCESS : error);
}

BOOL WINAPI SetupDiOpenDeviceInterfaceA(HDEVINFO set, PCSTR path, DWORD flags,
					PSP_DEVICE_INTERFACE_DATA data)
{
	(void)flags;
	return devset_open_element(set, path, true, ERROR_NO_SUCH_DEVICE_INTERFACE, data, NULL);
}

BOOL WINAPI SetupDiOpenDeviceInterfaceW(HDEVINFO set, PCWSTR path, DWORD flags,
					PSP_DEVICE_INTERFACE_DATA data)
{
	char *text = path ? utf8_of_wide(path) : NULL;
	BOOL ok;

	if (path && !text)
		return devset_result(ERROR_NOT_ENOUGH_MEMORY);
	ok = SetupDiOpenDeviceInterfaceA(set, text, flags, data);
	free(text);
	return ok;
}

BOOL WINAPI SetupDiOpenDeviceInfoA(HDEVINFO set, PCSTR id, HWND window, DWORD flags,
				   PSP_DEVINFO_DATA data)
{
	(void)window;
	(void)flags;
	return devset_open_element(set, id, false, ERROR_NO_SUCH_DEVINST, NULL, data);
}

BOOL WINAPI SetupDiOpenDeviceInfoW(HDEVINFO set, PCWSTR id, HWND window, DWORD flags,
				   PSP_DEVINFO_DATA data)
{
	char *text = id ? utf8_of_wide(id) : NULL;
	BOOL ok;

	if (id && !text)
		return devset_result(ERROR_NOT_ENOUGH_MEMORY);
	ok = SetupDiOpenDeviceInfoA(set, text, window, flags, data);
	free(text);
	return ok;
}
