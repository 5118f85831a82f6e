// SPDX-License-Identifier: MIT
/* The configuration manager: devnodes by number. Each call looks at the devices as they are now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <windows.h>
#include <setupapi.h>
#include <cfgmgr32.h>

#include "devinst.h"
#include "property.h"
#include "registry.h"
#include "wide.h"

/* The device of a DEVINST, and the list that it is in; CR_NO_SUCH_DEVNODE if it left. */
static CONFIGRET devnode_get(DEVINST devinst, struct device_list **list, struct device **device)
{
	const char *id = devinst_id(devinst);

	if (!id)
		return CR_INVALID_DEVNODE;
	*list = device_list_load();
	if (!*list)
		return CR_OUT_OF_MEMORY;
	*device = device_find(*list, id);
	if (*device)
		return CR_SUCCESS;
	device_list_put(*list);
	return CR_NO_SUCH_DEVNODE;
}

static CONFIGRET devinst_give(const struct device *device, DEVINST *devinst)
{
	if (!device)
		return CR_NO_SUCH_DEVNODE;
	*devinst = devinst_of(device->id);
	return *devinst ? CR_SUCCESS : CR_OUT_OF_MEMORY;
}

CONFIGRET WINAPI CM_Locate_DevNodeA(PDEVINST devinst, DEVINSTID_A id, ULONG flags)
{
	struct device_list *list;
	struct device *device;
	CONFIGRET ret;

	if (!devinst)
		return CR_INVALID_POINTER;
	*devinst = 0;
	if (flags & ~CM_LOCATE_DEVNODE_BITS)
		return CR_INVALID_FLAG;
	/* The root of all devices is not here. */
	if (!id || !*id)
		return CR_NO_SUCH_DEVNODE;
	if (!device_id_is_valid(id))
		return CR_INVALID_DEVICE_ID;
	list = device_list_load();
	if (!list)
		return CR_OUT_OF_MEMORY;
	device = device_find(list, id);
	ret = devinst_give(device, devinst);
	device_list_put(list);
	return ret;
}

CONFIGRET WINAPI CM_Locate_DevNodeW(PDEVINST devinst, DEVINSTID_W id, ULONG flags)
{
	char *text = id ? utf8_of_wide(id) : NULL;
	CONFIGRET ret;

	if (id && !text)
		return CR_OUT_OF_MEMORY;
	ret = CM_Locate_DevNodeA(devinst, text, flags);
	free(text);
	return ret;
}

enum relation { RELATION_PARENT, RELATION_CHILD, RELATION_SIBLING };

static CONFIGRET relative_get(DEVINST *relative, DEVINST devinst, ULONG flags,
			      enum relation relation)
{
	struct device *device, *found = NULL;
	struct device_list *list;
	CONFIGRET ret;
	bool behind = false;

	if (!relative)
		return CR_INVALID_POINTER;
	if (flags)
		return CR_INVALID_FLAG;
	ret = devnode_get(devinst, &list, &device);
	if (ret)
		return ret;
	if (relation == RELATION_PARENT)
		found = device->parent;
	for (size_t i = 0; i < list->count && relation != RELATION_PARENT && !found; i++) {
		struct device *other = list->devices[i];

		if (relation == RELATION_CHILD && other->parent == device)
			found = other;
		if (relation == RELATION_SIBLING && behind && other->parent == device->parent)
			found = other;
		behind |= other == device;
	}
	ret = devinst_give(found, relative);
	device_list_put(list);
	return ret;
}

CONFIGRET WINAPI CM_Get_Parent(PDEVINST parent, DEVINST devinst, ULONG flags)
{
	return relative_get(parent, devinst, flags, RELATION_PARENT);
}

CONFIGRET WINAPI CM_Get_Child(PDEVINST child, DEVINST devinst, ULONG flags)
{
	return relative_get(child, devinst, flags, RELATION_CHILD);
}

CONFIGRET WINAPI CM_Get_Sibling(PDEVINST sibling, DEVINST devinst, ULONG flags)
{
	return relative_get(sibling, devinst, flags, RELATION_SIBLING);
}

CONFIGRET WINAPI CM_Get_Device_ID_Size(PULONG length, DEVINST devinst, ULONG flags)
{
	const char *id = devinst_id(devinst);

	if (!length)
		return CR_INVALID_POINTER;
	if (flags)
		return CR_INVALID_FLAG;
	*length = id ? strlen(id) : 0;
	return id ? CR_SUCCESS : CR_INVALID_DEVNODE;
}

/* What fits is given also when the buffer is too small. */
static CONFIGRET id_give(DEVINST devinst, bool wide, void *buffer, ULONG room, ULONG flags)
{
	const char *id = devinst_id(devinst);
	ULONG length;

	if (!buffer || !room)
		return CR_INVALID_POINTER;
	if (flags)
		return CR_INVALID_FLAG;
	if (!id)
		return CR_INVALID_DEVNODE;
	length = strlen(id) + 1;
	if (wide)
		wide_from_utf8(id, length, buffer, room, NULL);
	else
		memcpy(buffer, id, length < room ? length : room);
	return length > room ? CR_BUFFER_SMALL : CR_SUCCESS;
}

CONFIGRET WINAPI CM_Get_Device_IDA(DEVINST devinst, PSTR buffer, ULONG length, ULONG flags)
{
	return id_give(devinst, false, buffer, length, flags);
}

CONFIGRET WINAPI CM_Get_Device_IDW(DEVINST devinst, PWSTR buffer, ULONG length, ULONG flags)
{
	return id_give(devinst, true, buffer, length, flags);
}

CONFIGRET WINAPI CM_Get_DevNode_Status(PULONG status, PULONG problem, DEVINST devinst, ULONG flags)
{
	struct device_list *list;
	struct device *device;
	uint32_t number;
	CONFIGRET ret;

	if (!status || !problem)
		return CR_INVALID_POINTER;
	if (flags)
		return CR_INVALID_FLAG;
	ret = devnode_get(devinst, &list, &device);
	if (ret)
		return ret;
	*status = device_status(device, &number);
	*problem = number;
	device_list_put(list);
	return CR_SUCCESS;
}

static CONFIGRET registry_property(DEVINST devinst, ULONG code, bool wide, ULONG *type,
				   void *buffer, ULONG *size, ULONG flags)
{
	struct property property;
	struct device_list *list;
	struct device *device;
	ULONG room, length;
	CONFIGRET ret;
	int error;

	if (!size || (*size && !buffer))
		return CR_INVALID_POINTER;
	if (flags)
		return CR_INVALID_FLAG;
	/* CM_DRP_ begins with 1, SPDRP_ with 0. */
	if (!code || code > SPDRP_MAXIMUM_PROPERTY)
		return CR_INVALID_PROPERTY;
	ret = devnode_get(devinst, &list, &device);
	if (ret)
		return ret;
	error = property_get(list, device, code - 1, &property);
	device_list_put(list);
	if (error) {
		property_free(&property);
		return error == -ENOMEM ? CR_OUT_OF_MEMORY : CR_NO_SUCH_VALUE;
	}
	room = *size;
	length = property_copy(&property, wide, NULL, 0);
	if (type)
		*type = property.type;
	*size = length;
	if (length <= room)
		property_copy(&property, wide, buffer, room);
	property_free(&property);
	return length <= room ? CR_SUCCESS : CR_BUFFER_SMALL;
}

CONFIGRET WINAPI CM_Get_DevNode_Registry_PropertyA(DEVINST devinst, ULONG code, PULONG type,
						   PVOID buffer, PULONG size, ULONG flags)
{
	return registry_property(devinst, code, false, type, buffer, size, flags);
}

CONFIGRET WINAPI CM_Get_DevNode_Registry_PropertyW(DEVINST devinst, ULONG code, PULONG type,
						   PVOID buffer, PULONG size, ULONG flags)
{
	return registry_property(devinst, code, true, type, buffer, size, flags);
}

static CONFIGRET devprop_give(int error, struct devprop *value, DEVPROPTYPE *type, BYTE *buffer,
			      ULONG *size)
{
	CONFIGRET ret = CR_SUCCESS;

	if (error == -ENOENT) {
		value->type = DEVPROP_TYPE_EMPTY;
		value->size = 0;
		ret = CR_NO_SUCH_VALUE;
	} else if (error) {
		ret = CR_OUT_OF_MEMORY;
	} else if (value->size > *size) {
		ret = CR_BUFFER_SMALL;
	} else {
		memcpy(buffer, value->data, value->size);
	}
	*type = value->type;
	*size = value->size;
	free(value->data);
	return ret;
}

static CONFIGRET devprop_check(const DEVPROPKEY *key, const DEVPROPTYPE *type, const BYTE *buffer,
			       const ULONG *size, ULONG flags)
{
	if (!key || !type || !size || (!buffer && *size))
		return CR_INVALID_POINTER;
	return flags ? CR_INVALID_FLAG : CR_SUCCESS;
}

CONFIGRET WINAPI CM_Get_DevNode_PropertyW(DEVINST devinst, const DEVPROPKEY *key, DEVPROPTYPE *type,
					  PBYTE buffer, PULONG size, ULONG flags)
{
	CONFIGRET ret = devprop_check(key, type, buffer, size, flags);
	struct device_list *list;
	struct device *device;
	struct devprop value;
	int error;

	ret = ret ? ret : devnode_get(devinst, &list, &device);
	if (ret)
		return ret;
	error = devprop_of_device(list, device, (const uint8_t *)&key->fmtid, key->pid, &value);
	device_list_put(list);
	return devprop_give(error, &value, type, buffer, size);
}

CONFIGRET WINAPI CM_Get_Device_Interface_PropertyW(LPCWSTR path, const DEVPROPKEY *key,
						   DEVPROPTYPE *type, PBYTE buffer, PULONG size,
						   ULONG flags)
{
	CONFIGRET ret = devprop_check(key, type, buffer, size, flags);
	struct device_interface *interface;
	struct device_list *list;
	struct devprop value;
	char *text;
	int error;

	if (ret || !path)
		return ret ? ret : CR_INVALID_POINTER;
	text = utf8_of_wide(path);
	list = text ? device_list_load() : NULL;
	if (!list) {
		free(text);
		return CR_OUT_OF_MEMORY;
	}
	interface = device_interface_find(list, text);
	error = interface ? devprop_of_interface(list, interface, (const uint8_t *)&key->fmtid,
						 key->pid, &value) : 0;
	free(text);
	device_list_put(list);
	return interface ? devprop_give(error, &value, type, buffer, size) :
	       CR_NO_SUCH_DEVICE_INTERFACE;
}

CONFIGRET WINAPI CM_Open_DevNode_Key(DEVINST devinst, REGSAM access, ULONG profile,
				     REGDISPOSITION disposition, PHKEY key, ULONG flags)
{
	struct device_list *list;
	struct device *device;
	CONFIGRET ret;
	LONG error;

	(void)profile;
	(void)disposition;
	if (!key)
		return CR_INVALID_POINTER;
	if (flags == CM_REGISTRY_SOFTWARE)
		return CR_NO_SUCH_REGISTRY_KEY;
	if (flags != CM_REGISTRY_HARDWARE)
		return CR_INVALID_FLAG;
	ret = devnode_get(devinst, &list, &device);
	if (ret)
		return ret;
	error = registry_open(list, device, access, key);
	device_list_put(list);
	if (!error)
		return CR_SUCCESS;
	return error == ERROR_ACCESS_DENIED ? CR_ACCESS_DENIED : CR_OUT_OF_MEMORY;
}

DWORD WINAPI CM_MapCrToWin32Err(CONFIGRET code, DWORD otherwise)
{
	static const struct {
		CONFIGRET code;
		DWORD error;
	} map[] = {
		{ CR_SUCCESS, ERROR_SUCCESS },
		{ CR_OUT_OF_MEMORY, ERROR_NOT_ENOUGH_MEMORY },
		{ CR_INVALID_POINTER, ERROR_INVALID_USER_BUFFER },
		{ CR_INVALID_FLAG, ERROR_INVALID_FLAGS },
		{ CR_INVALID_DEVNODE, ERROR_INVALID_DATA },
		{ CR_NO_SUCH_DEVNODE, ERROR_NOT_FOUND },
		{ CR_ALREADY_SUCH_DEVNODE, ERROR_ALREADY_EXISTS },
		{ CR_BUFFER_SMALL, ERROR_INSUFFICIENT_BUFFER },
		{ CR_NO_REGISTRY_HANDLE, ERROR_INVALID_HANDLE },
		{ CR_REGISTRY_ERROR, 1015 },	/* ERROR_REGISTRY_CORRUPT */
		{ CR_INVALID_DEVICE_ID, ERROR_INVALID_DATA },
		{ CR_NO_SUCH_VALUE, ERROR_NOT_FOUND },
		{ CR_NO_SUCH_REGISTRY_KEY, ERROR_FILE_NOT_FOUND },
		{ CR_INVALID_MACHINENAME, ERROR_INVALID_DATA },
		{ CR_REMOTE_COMM_FAILURE, ERROR_SERVICE_NOT_ACTIVE },
		{ CR_MACHINE_UNAVAILABLE, ERROR_SERVICE_NOT_ACTIVE },
		{ CR_NO_CM_SERVICES, ERROR_SERVICE_NOT_ACTIVE },
		{ CR_ACCESS_DENIED, ERROR_ACCESS_DENIED },
		{ CR_CALL_NOT_IMPLEMENTED, ERROR_CALL_NOT_IMPLEMENTED },
		{ CR_INVALID_PROPERTY, ERROR_INVALID_DATA },
		{ CR_NO_SUCH_DEVICE_INTERFACE, ERROR_NOT_FOUND },
		{ CR_INVALID_REFERENCE_STRING, ERROR_INVALID_DATA },
	};

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].code == code)
			return map[i].error;
	return otherwise;
}
