// SPDX-License-Identifier: MIT
/* What a device of a set says of itself: instance id, properties, its key. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devset.h"
#include "property.h"
#include "registry.h"

static BOOL instance_id(HDEVINFO handle, const SP_DEVINFO_DATA *data, bool wide, void *id,
			DWORD size, DWORD *required)
{
	struct devset *set = devset_get(handle);
	struct member *member;
	BOOL ok = FALSE;

	if (!set)
		return FALSE;
	member = devset_member(set, data);
	if (member && !id && size)
		SetLastError(ERROR_INVALID_PARAMETER);
	else if (member)
		ok = text_give(member->device->id, wide, id, size, required);
	devset_put(set);
	return ok;
}

BOOL WINAPI SetupDiGetDeviceInstanceIdA(HDEVINFO set, PSP_DEVINFO_DATA data, PSTR id, DWORD size,
					PDWORD required)
{
	return instance_id(set, data, false, id, size, required);
}

BOOL WINAPI SetupDiGetDeviceInstanceIdW(HDEVINFO set, PSP_DEVINFO_DATA data, PWSTR id, DWORD size,
					PDWORD required)
{
	return instance_id(set, data, true, id, size, required);
}

static DWORD property_error(int error)
{
	return error == -ENOENT ? ERROR_INVALID_DATA :
	       error == -EINVAL ? ERROR_INVALID_REG_PROPERTY :
				  ERROR_NOT_ENOUGH_MEMORY;
}

static BOOL registry_property(HDEVINFO handle, const SP_DEVINFO_DATA *data, DWORD code, bool wide,
			      DWORD *type, BYTE *buffer, DWORD size, DWORD *required)
{
	struct devset *set = devset_get(handle);
	DWORD error = ERROR_SUCCESS;
	struct property property;
	struct member *member;
	size_t length;
	int ret;

	if (!set)
		return FALSE;
	member = devset_member(set, data);
	if (!member) {
		devset_put(set);
		return FALSE;
	}
	ret = property_get(member->list, member->device, code, &property);
	devset_put(set);
	if (ret) {
		property_free(&property);
		return devset_result(property_error(ret));
	}
	length = property_copy(&property, wide, NULL, 0);
	if (type)
		*type = property.type;
	if (required)
		*required = length;
	if (!buffer && size)
		error = ERROR_INVALID_PARAMETER;
	else if (length > size)
		error = ERROR_INSUFFICIENT_BUFFER;
	else
		property_copy(&property, wide, buffer, size);
	property_free(&property);
	return devset_result(error);
}

BOOL WINAPI SetupDiGetDeviceRegistryPropertyA(HDEVINFO set, PSP_DEVINFO_DATA data, DWORD code,
					      PDWORD type, PBYTE buffer, DWORD size,
					      PDWORD required)
{
	return registry_property(set, data, code, false, type, buffer, size, required);
}

BOOL WINAPI SetupDiGetDeviceRegistryPropertyW(HDEVINFO set, PSP_DEVINFO_DATA data, DWORD code,
					      PDWORD type, PBYTE buffer, DWORD size,
					      PDWORD required)
{
	return registry_property(set, data, code, true, type, buffer, size, required);
}

/* RET is what looking for it gave; the value is freed. */
static BOOL devprop_give(int ret, struct devprop *value, DEVPROPTYPE *type, BYTE *buffer,
			 DWORD size, DWORD *required)
{
	DWORD error = ERROR_SUCCESS;

	if (ret == -ENOENT) {
		value->type = DEVPROP_TYPE_EMPTY;
		error = ERROR_NOT_FOUND;
	} else if (ret) {
		error = ERROR_NOT_ENOUGH_MEMORY;
	} else if (value->size > size) {
		error = ERROR_INSUFFICIENT_BUFFER;
	}
	*type = value->type;
	if (required)
		*required = ret ? 0 : value->size;
	if (!error)
		memcpy(buffer, value->data, value->size);
	free(value->data);
	return devset_result(error);
}

/* Of arguments that both functions have; an error or 0. */
static DWORD devprop_check(const DEVPROPKEY *key, const DEVPROPTYPE *type, const BYTE *buffer,
			   DWORD size, DWORD flags)
{
	if (!key)
		return ERROR_INVALID_DATA;
	if (!type || (!buffer && size))
		return ERROR_INVALID_USER_BUFFER;
	return flags ? ERROR_INVALID_FLAGS : ERROR_SUCCESS;
}

BOOL WINAPI SetupDiGetDevicePropertyW(HDEVINFO handle, PSP_DEVINFO_DATA data, const DEVPROPKEY *key,
				      DEVPROPTYPE *type, PBYTE buffer, DWORD size, PDWORD required,
				      DWORD flags)
{
	DWORD error = devprop_check(key, type, buffer, size, flags);
	struct devset *set = devset_get(handle);
	struct member *member;
	struct devprop value;
	int ret;

	if (!set)
		return FALSE;
	member = devset_member(set, data);
	if (!member || error) {
		devset_put(set);
		return member ? devset_result(error) : FALSE;
	}
	ret = devprop_of_device(member->list, member->device, (const uint8_t *)&key->fmtid,
				key->pid, &value);
	devset_put(set);
	return devprop_give(ret, &value, type, buffer, size, required);
}

BOOL WINAPI SetupDiGetDeviceInterfacePropertyW(HDEVINFO handle, PSP_DEVICE_INTERFACE_DATA data,
					       const DEVPROPKEY *key, DEVPROPTYPE *type,
					       PBYTE buffer, DWORD size, PDWORD required,
					       DWORD flags)
{
	DWORD error = devprop_check(key, type, buffer, size, flags);
	struct devset *set = devset_get(handle);
	struct member_interface *interface;
	struct devprop value;
	int ret;

	if (!set)
		return FALSE;
	interface = devset_interface(set, data);
	if (!interface || error) {
		devset_put(set);
		return interface ? devset_result(error) : FALSE;
	}
	ret = devprop_of_interface(interface->list, interface->interface,
				   (const uint8_t *)&key->fmtid, key->pid, &value);
	devset_put(set);
	return devprop_give(ret, &value, type, buffer, size, required);
}

static LONG key_open(struct devset *set, const SP_DEVINFO_DATA *data, DWORD scope, DWORD type,
		     REGSAM access, HKEY *key)
{
	struct device_list *list;
	struct member *member;
	LONG error;

	member = devset_member(set, data);
	if (!member)
		return GetLastError();
	if ((scope != DICS_FLAG_GLOBAL && scope != DICS_FLAG_CONFIGSPECIFIC) ||
	    (type != DIREG_DEV && type != DIREG_DRV))
		return ERROR_INVALID_FLAGS;
	/* Drivers have no keys here, and hardware profiles have none. */
	if (type == DIREG_DRV || scope == DICS_FLAG_CONFIGSPECIFIC)
		return ERROR_KEY_DOES_NOT_EXIST;
	list = device_list_ref(member->list);
	error = registry_open(list, member->device, access, key);
	device_list_put(list);
	return error;
}

HKEY WINAPI SetupDiOpenDevRegKey(HDEVINFO handle, PSP_DEVINFO_DATA data, DWORD scope, DWORD profile,
				 DWORD type, REGSAM access)
{
	struct devset *set = devset_get(handle);
	HKEY key = NULL;
	LONG error;

	(void)profile;
	if (!set)
		return (HKEY)INVALID_HANDLE_VALUE;
	error = key_open(set, data, scope, type, access, &key);
	devset_put(set);
	return devset_result(error) ? key : (HKEY)INVALID_HANDLE_VALUE;
}
