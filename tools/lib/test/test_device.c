// SPDX-License-Identifier: MIT
/* SetupDi, the configuration manager and the registry, against a sysfs of our own. */
#define WINUSB_W32_LIBC_STDIO
#include <windows.h>
#include <initguid.h>
#include <setupapi.h>
#include <cfgmgr32.h>
#include <devpkey.h>

#include "fake_sysfs.h"
#include "tap.h"
#include "wide.h"

static const GUID guid_1 = {
	0x9f543223, 0xcede, 0x4fa3, { 0xb3, 0x76, 0xa2, 0x5c, 0xe9, 0xa3, 0x0e, 0x74 }
};
static const GUID guid_2 = { 1, 2, 3, { 4, 5, 6, 7, 8, 9, 10, 11 } };
static const GUID guid_none = { 7, 7, 7, { 7 } };
static const GUID guid_device = {
	0xa5dcbf10, 0x6530, 0x11d2, { 0x90, 0x1f, 0x00, 0xc0, 0x4f, 0xb9, 0x51, 0xed }
};
static const GUID class_winusb = {
	0x88bae032, 0x5a81, 0x49f0, { 0xbc, 0x3d, 0xa4, 0xff, 0x13, 0x82, 0x16, 0xd6 }
};

#define FX2_ID		"USB\\VID_0547&PID_1002\\AB_12"
/* From SetupDi, and from all others: on Windows only SetupDi changes the case. */
#define FX2_PATH_1	"\\\\?\\usb#vid_0547&pid_1002#ab_12#" FAKE_GUID_1
#define FX2_LINK_1	"\\\\?\\USB#VID_0547&PID_1002#Ab_12#" FAKE_GUID_1

#define FAILS(call, error)							\
	do {									\
		SetLastError(12345);						\
		CHECK(!(call));							\
		CHECK_EQ(GetLastError(), error);				\
	} while (0)

/* ASCII of a wide text, for comparing. */
static const char *narrow(const void *wide)
{
	static char texts[4][600];
	static unsigned int turn;
	char *text = texts[turn++ % 4], *made = utf8_of_wide(wide);

	snprintf(text, sizeof(texts[0]), "%s", made);
	free(made);
	return text;
}

static unsigned int count_devices(HDEVINFO set)
{
	SP_DEVINFO_DATA data = { .cbSize = sizeof(data) };
	unsigned int count = 0;

	while (SetupDiEnumDeviceInfo(set, count, &data))
		count++;
	CHECK_EQ(GetLastError(), ERROR_NO_MORE_ITEMS);
	return count;
}

static unsigned int count_interfaces(HDEVINFO set, const GUID *guid)
{
	SP_DEVICE_INTERFACE_DATA data = { .cbSize = sizeof(data) };
	unsigned int count = 0;

	while (SetupDiEnumDeviceInterfaces(set, NULL, guid, count, &data))
		count++;
	CHECK_EQ(GetLastError(), ERROR_NO_MORE_ITEMS);
	return count;
}

TEST(sizes)
{
#ifdef __LP64__
	CHECK_EQ(sizeof(SP_DEVINFO_DATA), 32);
	CHECK_EQ(sizeof(SP_DEVICE_INTERFACE_DATA), 32);
	CHECK_EQ(sizeof(SP_DEVICE_INTERFACE_DETAIL_DATA_A), 8);
	CHECK_EQ(sizeof(SP_DEVICE_INTERFACE_DETAIL_DATA_W), 8);
#else
	CHECK_EQ(sizeof(SP_DEVINFO_DATA), 28);
	CHECK_EQ(sizeof(SP_DEVICE_INTERFACE_DATA), 28);
	CHECK_EQ(sizeof(SP_DEVICE_INTERFACE_DETAIL_DATA_A), 5);
	CHECK_EQ(sizeof(SP_DEVICE_INTERFACE_DETAIL_DATA_W), 6);
#endif
}

TEST(sets)
{
	HDEVINFO set;

	fake_begin();
	fake_machine();
	set = SetupDiGetClassDevsA(&guid_1, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	CHECK(set != INVALID_HANDLE_VALUE);
	CHECK_EQ(count_devices(set), 2);
	CHECK_EQ(count_interfaces(set, &guid_1), 2);
	CHECK_EQ(count_interfaces(set, &guid_2), 0);
	CHECK(SetupDiDestroyDeviceInfoList(set));
	FAILS(SetupDiDestroyDeviceInfoList(set), ERROR_INVALID_HANDLE);
	FAILS(SetupDiEnumDeviceInfo(set, 0, NULL), ERROR_INVALID_HANDLE);
	FAILS(SetupDiDestroyDeviceInfoList(NULL), ERROR_INVALID_HANDLE);
	FAILS(SetupDiDestroyDeviceInfoList(INVALID_HANDLE_VALUE), ERROR_INVALID_HANDLE);

	set = SetupDiGetClassDevsW(&guid_device, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	CHECK_EQ(count_devices(set), 3);
	CHECK(SetupDiDestroyDeviceInfoList(set));
	set = SetupDiGetClassDevsW(&guid_none, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	CHECK(set != INVALID_HANDLE_VALUE);
	CHECK_EQ(count_devices(set), 0);
	CHECK(SetupDiDestroyDeviceInfoList(set));
	set = SetupDiGetClassDevsW(NULL, L"usb", NULL, DIGCF_PRESENT | DIGCF_ALLCLASSES);
	CHECK_EQ(count_devices(set), 8);
	CHECK_EQ(count_interfaces(set, &guid_device), 0);
	CHECK(SetupDiDestroyDeviceInfoList(set));
	set = SetupDiGetClassDevsA(NULL, NULL, NULL,
				   DIGCF_PRESENT | DIGCF_ALLCLASSES | DIGCF_DEVICEINTERFACE);
	CHECK_EQ(count_devices(set), 7);
	CHECK_EQ(count_interfaces(set, &guid_2), 2);
	CHECK(SetupDiDestroyDeviceInfoList(set));
	set = SetupDiGetClassDevsA(&class_winusb, NULL, NULL, DIGCF_PRESENT);
	CHECK_EQ(count_devices(set), 3);
	CHECK(SetupDiDestroyDeviceInfoList(set));
	set = SetupDiGetClassDevsA(&guid_1, FX2_ID, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	CHECK_EQ(count_devices(set), 1);
	CHECK(SetupDiDestroyDeviceInfoList(set));

	SetLastError(0);
	CHECK(SetupDiGetClassDevsA(NULL, NULL, NULL, DIGCF_PRESENT) == INVALID_HANDLE_VALUE);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK(SetupDiGetClassDevsA(NULL, "XYZ", NULL, DIGCF_ALLCLASSES) == INVALID_HANDLE_VALUE);
	CHECK_EQ(GetLastError(), ERROR_INVALID_DATA);

	/* One that is disabled is not present. */
	fake_file("0", "class/winusb/1-1:1.0/interface_enabled");
	set = SetupDiGetClassDevsA(&guid_1, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	CHECK_EQ(count_devices(set), 1);
	CHECK(SetupDiDestroyDeviceInfoList(set));
	set = SetupDiGetClassDevsA(&guid_1, NULL, NULL, DIGCF_DEVICEINTERFACE);
	CHECK_EQ(count_devices(set), 2);
	CHECK(SetupDiDestroyDeviceInfoList(set));
	fake_end();
}

TEST(details)
{
	SP_DEVICE_INTERFACE_DATA data = { .cbSize = sizeof(data) }, other;
	SP_DEVINFO_DATA device = { .cbSize = sizeof(device) };
	union {
		SP_DEVICE_INTERFACE_DETAIL_DATA_A a;
		SP_DEVICE_INTERFACE_DETAIL_DATA_W w;
		char bytes[600];
	} detail;
	DWORD length = strlen(FX2_PATH_1) + 1, required = 0;
	HDEVINFO set, set2;

	fake_begin();
	fake_machine();
	set = SetupDiGetClassDevsA(&guid_1, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	CHECK(SetupDiEnumDeviceInterfaces(set, NULL, &guid_1, 0, &data));
	CHECK(!memcmp(&data.InterfaceClassGuid, &guid_1, 16));
	CHECK_EQ(data.Flags, SPINT_ACTIVE);
	FAILS(SetupDiEnumDeviceInterfaces(set, NULL, &guid_1, 2, &data), ERROR_NO_MORE_ITEMS);
	FAILS(SetupDiEnumDeviceInterfaces(set, NULL, NULL, 0, &data), ERROR_INVALID_PARAMETER);
	FAILS(SetupDiEnumDeviceInterfaces(set, NULL, &guid_1, 0, NULL), ERROR_INVALID_PARAMETER);
	other = data;
	other.cbSize--;
	FAILS(SetupDiEnumDeviceInterfaces(set, NULL, &guid_1, 0, &other),
	      ERROR_INVALID_USER_BUFFER);
	FAILS(SetupDiGetDeviceInterfaceDetailA(set, &other, NULL, 0, &required, NULL),
	      ERROR_INVALID_PARAMETER);

	FAILS(SetupDiGetDeviceInterfaceDetailA(set, &data, NULL, 0, &required, &device),
	      ERROR_INSUFFICIENT_BUFFER);
	CHECK_EQ(required, 4 + length);
	CHECK(device.DevInst);
	FAILS(SetupDiGetDeviceInterfaceDetailW(set, &data, NULL, 0, &required, NULL),
	      ERROR_INSUFFICIENT_BUFFER);
	CHECK_EQ(required, 4 + 2 * length);
	FAILS(SetupDiGetDeviceInterfaceDetailA(set, &data, NULL, 10, NULL, NULL),
	      ERROR_INVALID_USER_BUFFER);

	memset(&detail, 0x55, sizeof(detail));
	detail.a.cbSize = sizeof(detail.a);
	FAILS(SetupDiGetDeviceInterfaceDetailA(set, &data, &detail.a, 4, &required, NULL),
	      ERROR_INVALID_USER_BUFFER);
	FAILS(SetupDiGetDeviceInterfaceDetailA(set, &data, &detail.a, 4 + length - 1, &required,
					       NULL),
	      ERROR_INSUFFICIENT_BUFFER);
	CHECK(SetupDiGetDeviceInterfaceDetailA(set, &data, &detail.a, 4 + length, NULL, NULL));
	CHECK_STR(detail.bytes + 4, FX2_PATH_1);
	CHECK_EQ(detail.bytes[4 + length], 0x55);
	detail.a.cbSize = sizeof(detail.a) + 1;
	if (sizeof(detail.a) + 1 != sizeof(detail.w))
		FAILS(SetupDiGetDeviceInterfaceDetailW(set, &data, &detail.w, sizeof(detail), NULL,
						       NULL),
		      ERROR_INVALID_USER_BUFFER);
	FAILS(SetupDiGetDeviceInterfaceDetailA(set, &data, &detail.a, sizeof(detail), NULL, NULL),
	      ERROR_INVALID_USER_BUFFER);
	detail.w.cbSize = sizeof(detail.w);
	FAILS(SetupDiGetDeviceInterfaceDetailW(set, &data, &detail.w, 4 + 2 * length - 1, NULL,
					       NULL),
	      ERROR_INSUFFICIENT_BUFFER);
	CHECK(SetupDiGetDeviceInterfaceDetailW(set, &data, &detail.w, 4 + 2 * length, NULL,
					       &device));
	CHECK_STR(narrow(detail.w.DevicePath), FX2_PATH_1);
	device.cbSize = 1;
	FAILS(SetupDiGetDeviceInterfaceDetailW(set, &data, &detail.w, sizeof(detail), NULL,
					       &device),
	      ERROR_INVALID_USER_BUFFER);
	device.cbSize = sizeof(device);

	/* Elements of another set, or of none. */
	set2 = SetupDiGetClassDevsA(&guid_2, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	FAILS(SetupDiGetDeviceInterfaceDetailA(set2, &data, NULL, 0, NULL, NULL),
	      ERROR_INVALID_PARAMETER);
	memset(&other, 0, sizeof(other));
	other.cbSize = sizeof(other);
	FAILS(SetupDiGetDeviceInterfaceDetailA(set, &other, NULL, 0, NULL, NULL),
	      ERROR_INVALID_PARAMETER);
	CHECK(SetupDiEnumDeviceInterfaces(set, &device, &guid_1, 0, &data));
	FAILS(SetupDiEnumDeviceInterfaces(set, &device, &guid_1, 1, &data), ERROR_NO_MORE_ITEMS);
	device.DevInst = 4711;
	FAILS(SetupDiEnumDeviceInterfaces(set, &device, &guid_1, 0, &data),
	      ERROR_INVALID_PARAMETER);
	CHECK(SetupDiDestroyDeviceInfoList(set2));
	CHECK(SetupDiDestroyDeviceInfoList(set));
	fake_end();
}

static HDEVINFO open_device(const char *id, SP_DEVINFO_DATA *device)
{
	HDEVINFO set = SetupDiCreateDeviceInfoList(NULL, NULL);

	CHECK(set != INVALID_HANDLE_VALUE);
	device->cbSize = sizeof(*device);
	CHECK(SetupDiOpenDeviceInfoA(set, id, NULL, 0, device));
	return set;
}

static const char *text_property(HDEVINFO set, SP_DEVINFO_DATA *device, DWORD code, DWORD want)
{
	static char text[500];
	DWORD type = 0, size = 0;

	SetLastError(0);
	if (!SetupDiGetDeviceRegistryPropertyA(set, device, code, &type, (BYTE *)text, sizeof(text),
					       &size)) {
		snprintf(text, sizeof(text), "error %u", (unsigned int)GetLastError());
		return text;
	}
	CHECK_EQ(type, want);
	/* Lists with '|' between, so that one text shows all. */
	for (DWORD i = 0; i + 2 < size; i++)
		if (!text[i])
			text[i] = '|';
	return text;
}

static DWORD number_property(HDEVINFO set, SP_DEVINFO_DATA *device, DWORD code)
{
	DWORD type = 0, value = ~0u;

	CHECK(SetupDiGetDeviceRegistryPropertyW(set, device, code, &type, (BYTE *)&value, 4, NULL));
	CHECK_EQ(type, REG_DWORD);
	return value;
}

TEST(properties)
{
	SP_DEVINFO_DATA device;
	WCHAR wide[200];
	char text[200];
	DWORD size, type;
	HDEVINFO set;
	BYTE guid[16];

	fake_begin();
	fake_machine();
	set = open_device(FX2_ID, &device);
	CHECK(!memcmp(&device.ClassGuid, &class_winusb, 16));
	CHECK(SetupDiGetDeviceInstanceIdA(set, &device, text, sizeof(text), &size));
	CHECK_STR(text, FX2_ID);
	CHECK_EQ(size, sizeof(FX2_ID));
	FAILS(SetupDiGetDeviceInstanceIdW(set, &device, wide, sizeof(FX2_ID) - 1, &size),
	      ERROR_INSUFFICIENT_BUFFER);
	CHECK_EQ(size, sizeof(FX2_ID));
	CHECK(SetupDiGetDeviceInstanceIdW(set, &device, wide, sizeof(FX2_ID), NULL));
	CHECK_STR(narrow(wide), FX2_ID);
	FAILS(SetupDiGetDeviceInstanceIdA(set, &device, NULL, 5, &size), ERROR_INVALID_PARAMETER);
	FAILS(SetupDiGetDeviceInstanceIdA(set, NULL, text, 5, &size), ERROR_INVALID_PARAMETER);

	CHECK_STR(text_property(set, &device, SPDRP_DEVICEDESC, REG_SZ), "WinUsb Device");
	CHECK_STR(text_property(set, &device, SPDRP_HARDWAREID, REG_MULTI_SZ),
		  "USB\\VID_0547&PID_1002&REV_0123|USB\\VID_0547&PID_1002");
	CHECK_STR(text_property(set, &device, SPDRP_COMPATIBLEIDS, REG_MULTI_SZ),
		  "USB\\MS_COMP_WINUSB|USB\\Class_FF&SubClass_00&Prot_00|"
		  "USB\\Class_FF&SubClass_00|USB\\Class_FF");
	CHECK_STR(text_property(set, &device, SPDRP_SERVICE, REG_SZ), "WinUSB");
	CHECK_STR(text_property(set, &device, SPDRP_CLASS, REG_SZ), "USBDevice");
	CHECK_STR(text_property(set, &device, SPDRP_CLASSGUID, REG_SZ),
		  "{88bae032-5a81-49f0-bc3d-a4ff138216d6}");
	CHECK_STR(text_property(set, &device, SPDRP_DRIVER, REG_SZ),
		  "{88bae032-5a81-49f0-bc3d-a4ff138216d6}\\0000");
	CHECK_STR(text_property(set, &device, SPDRP_MFG, REG_SZ), "A maker");
	CHECK_STR(text_property(set, &device, SPDRP_FRIENDLYNAME, REG_SZ), "A product");
	CHECK_STR(text_property(set, &device, SPDRP_LOCATION_INFORMATION, REG_SZ),
		  "Port_#0001.Hub_#0001");
	CHECK_STR(text_property(set, &device, SPDRP_ENUMERATOR_NAME, REG_SZ), "USB");
	CHECK_STR(text_property(set, &device, SPDRP_LOCATION_PATHS, REG_MULTI_SZ),
		  "USBROOT(1)#USB(1)");
	CHECK(!strncmp(text_property(set, &device, SPDRP_PHYSICAL_DEVICE_OBJECT_NAME, REG_SZ),
		       "\\Device\\USBPDO-", 15));
	CHECK_EQ(number_property(set, &device, SPDRP_ADDRESS), 1);
	CHECK_EQ(number_property(set, &device, SPDRP_BUSNUMBER), 1);
	CHECK_STR(text_property(set, &device, SPDRP_UPPERFILTERS, REG_MULTI_SZ), "error 13");
	CHECK_STR(text_property(set, &device, SPDRP_MAXIMUM_PROPERTY, REG_SZ), "error 3758096905");
	CHECK_EQ(ERROR_INVALID_REG_PROPERTY, 3758096905u);

	FAILS(SetupDiGetDeviceRegistryPropertyW(set, &device, SPDRP_SERVICE, &type, NULL, 0, &size),
	      ERROR_INSUFFICIENT_BUFFER);
	CHECK_EQ(size, 14);
	CHECK_EQ(type, REG_SZ);
	CHECK(SetupDiGetDeviceRegistryPropertyW(set, &device, SPDRP_SERVICE, NULL, (BYTE *)wide, 14,
						NULL));
	CHECK_STR(narrow(wide), "WinUSB");

	CHECK(SetupDiGetDevicePropertyW(set, &device, &DEVPKEY_Device_ClassGuid, &type, guid, 16,
					&size, 0));
	CHECK(!memcmp(guid, &class_winusb, 16));
	CHECK_EQ(type, DEVPROP_TYPE_GUID);
	CHECK(SetupDiGetDevicePropertyW(set, &device, &DEVPKEY_Device_HardwareIds, &type,
					(BYTE *)wide, sizeof(wide), &size, 0));
	CHECK_EQ(type, DEVPROP_TYPE_STRING_LIST);
	CHECK(SetupDiGetDevicePropertyW(set, &device, &DEVPKEY_Device_BusReportedDeviceDesc, &type,
					(BYTE *)wide, sizeof(wide), &size, 0));
	CHECK_STR(narrow(wide), "A product");
	CHECK_EQ(size, 20);
	FAILS(SetupDiGetDevicePropertyW(set, &device, &DEVPKEY_Device_BusReportedDeviceDesc, &type,
					(BYTE *)wide, 19, &size, 0), ERROR_INSUFFICIENT_BUFFER);
	FAILS(SetupDiGetDevicePropertyW(set, &device, &DEVPKEY_Device_UpperFilters, &type, NULL, 0,
					&size, 0),
	      ERROR_NOT_FOUND);
	FAILS(SetupDiGetDevicePropertyW(set, &device, &DEVPKEY_Device_Service, &type, NULL, 0,
					&size, 1),
	      ERROR_INVALID_FLAGS);
	CHECK(SetupDiDestroyDeviceInfoList(set));
	fake_end();
}

TEST(composite)
{
	static const DWORD codes[] = { SPDRP_DEVICEDESC, SPDRP_HARDWAREID, SPDRP_COMPATIBLEIDS,
				       SPDRP_SERVICE, SPDRP_ADDRESS };
	struct device_list *list;
	DEVINST function, device, hub, root, other;
	SP_DEVINFO_DATA data;
	HDEVINFO set;
	char text[200];
	ULONG length;

	fake_begin();
	fake_machine();
	list = device_list_load();
	set = open_device(list->devices[7]->id, &data);
	CHECK_STR(text_property(set, &data, SPDRP_HARDWAREID, REG_MULTI_SZ),
		  "USB\\VID_1209&PID_0003&REV_0123&MI_03|USB\\VID_1209&PID_0003&MI_03");
	CHECK_EQ(number_property(set, &data, SPDRP_ADDRESS), 3);
	CHECK_STR(text_property(set, &data, SPDRP_LOCATION_INFORMATION, REG_SZ),
		  "0001.0000.0000.002.003.000.000.000.000");
	CHECK_STR(text_property(set, &data, SPDRP_LOCATION_PATHS, REG_MULTI_SZ),
		  "USBROOT(1)#USB(2)#USB(3)#USBMI(3)");
	CHECK(SetupDiDestroyDeviceInfoList(set));

	CHECK_EQ(CM_Locate_DevNodeA(&function, list->devices[7]->id, 0), CR_SUCCESS);
	CHECK_EQ(function, data.DevInst);
	CHECK_EQ(CM_Get_Parent(&device, function, 0), CR_SUCCESS);
	CHECK_EQ(CM_Get_Device_ID_Size(&length, device, 0), CR_SUCCESS);
	CHECK_EQ(length, strlen(list->devices[4]->id));
	CHECK_EQ(CM_Get_Device_IDA(device, text, length, 0), CR_BUFFER_SMALL);
	CHECK_EQ(CM_Get_Device_IDA(device, text, length + 1, 0), CR_SUCCESS);
	CHECK_STR(text, list->devices[4]->id);
	CHECK_EQ(CM_Get_Parent(&hub, device, 0), CR_SUCCESS);
	CHECK_EQ(CM_Get_Parent(&root, hub, 0), CR_SUCCESS);
	CHECK_EQ(CM_Get_Parent(&other, root, 0), CR_NO_SUCH_DEVNODE);
	CHECK_EQ(CM_Get_Child(&other, device, 0), CR_SUCCESS);
	CHECK_EQ(CM_Get_Sibling(&other, other, 0), CR_SUCCESS);
	CHECK_EQ(CM_Get_Sibling(&other, other, 0), CR_SUCCESS);
	CHECK_EQ(other, function);
	CHECK_EQ(CM_Get_Sibling(&other, other, 0), CR_NO_SUCH_DEVNODE);
	CHECK_EQ(CM_Get_Parent(&other, 999, 0), CR_INVALID_DEVNODE);
	CHECK_EQ(CM_Get_Parent(NULL, function, 0), CR_INVALID_POINTER);
	CHECK_EQ(CM_Get_Parent(&other, function, 1), CR_INVALID_FLAG);

	/* No property of any device is a crash or a lie about its size. */
	for (size_t i = 0; i < list->count; i++) {
		set = open_device(list->devices[i]->id, &data);
		for (DWORD code = 0; code < SPDRP_MAXIMUM_PROPERTY + 2; code++) {
			BYTE a[400], w[400];
			DWORD type = 0, size_a = 0, size_w = 0;

			if (!SetupDiGetDeviceRegistryPropertyA(set, &data, code, &type, a,
							       sizeof(a), &size_a))
				continue;
			CHECK(SetupDiGetDeviceRegistryPropertyW(set, &data, code, &type, w,
								sizeof(w), &size_w));
			CHECK_EQ(size_w,
				 type == REG_SZ || type == REG_MULTI_SZ ? 2 * size_a : size_a);
		}
		for (size_t j = 0; j < sizeof(codes) / sizeof(codes[0]); j++)
			CHECK(strncmp(text_property(set, &data, codes[j],
						    codes[j] == SPDRP_ADDRESS ? REG_DWORD :
						    strchr("\1\2", codes[j]) && codes[j] ?
										REG_MULTI_SZ :
										REG_SZ),
				      "error", 5) ||
			      codes[j] == SPDRP_SERVICE || codes[j] == SPDRP_COMPATIBLEIDS);
		CHECK(SetupDiDestroyDeviceInfoList(set));
	}
	device_list_put(list);
	fake_end();
}

TEST(locate)
{
	ULONG status, problem;
	DEVINST devinst = 0;
	WCHAR wide[100];

	fake_begin();
	fake_machine();
	wide_from_utf8(FX2_ID, sizeof(FX2_ID), wide, 100, NULL);
	CHECK_EQ(CM_Locate_DevNodeW(&devinst, wide, CM_LOCATE_DEVNODE_NORMAL), CR_SUCCESS);
	CHECK(devinst);
	CHECK_EQ(CM_Get_DevNode_Status(&status, &problem, devinst, 0), CR_SUCCESS);
	CHECK(status & DN_STARTED);
	CHECK_EQ(problem, 0);
	CHECK_EQ(CM_Locate_DevNodeA(&devinst, (char *)"USB\\VID_9999&PID_0000\\1", 0),
		 CR_NO_SUCH_DEVNODE);
	CHECK_EQ(CM_Locate_DevNodeA(&devinst, (char *)"USB\\VID_9999", 0), CR_INVALID_DEVICE_ID);
	CHECK_EQ(CM_Locate_DevNodeA(&devinst, (char *)FX2_ID, 0x10), CR_INVALID_FLAG);
	CHECK_EQ(CM_Locate_DevNodeA(NULL, (char *)FX2_ID, 0), CR_INVALID_POINTER);
	CHECK_EQ(CM_Locate_DevNodeA(&devinst, (char *)FX2_ID, 0), CR_SUCCESS);

	/* When it left, its number still says what it was. */
	fake_link("nothing", "bus/usb/devices/1-1");
	CHECK_EQ(CM_Get_DevNode_Status(&status, &problem, devinst, 0), CR_NO_SUCH_DEVNODE);
	CHECK_EQ(CM_Get_Device_IDW(devinst, wide, 100, 0), CR_SUCCESS);
	CHECK_STR(narrow(wide), FX2_ID);
	CHECK_EQ(CM_MapCrToWin32Err(CR_NO_SUCH_DEVNODE, 1), ERROR_NOT_FOUND);
	CHECK_EQ(CM_MapCrToWin32Err(CR_DEVICE_NOT_THERE, 77), 77);
	CHECK_EQ(CM_MapCrToWin32Err(CR_BUFFER_SMALL, 1), ERROR_INSUFFICIENT_BUFFER);
	CHECK_EQ(CM_MapCrToWin32Err(CR_SUCCESS, 1), ERROR_SUCCESS);
	CHECK_EQ(CM_MapCrToWin32Err(0x1234, 77), 77);
	fake_end();
}

TEST(interface_lists)
{
	GUID guid = guid_1, none = guid_none;
	WCHAR wide[1000], id[400];
	DEVPROPTYPE type;
	char text[1000];
	ULONG length, size;
	BYTE enabled;

	fake_begin();
	fake_machine();
	CHECK_EQ(CM_Get_Device_Interface_List_SizeA(&length, &guid, NULL, 0), CR_SUCCESS);
	CHECK(length > sizeof(FX2_LINK_1) + 1);
	CHECK_EQ(CM_Get_Device_Interface_ListA(&guid, NULL, text, length - 1, 0), CR_BUFFER_SMALL);
	CHECK_EQ(CM_Get_Device_Interface_ListA(&guid, NULL, text, length, 0), CR_SUCCESS);
	CHECK_STR(text, FX2_LINK_1);
	CHECK(!text[length - 1] && !text[length - 2]);
	CHECK(!strncmp(text + sizeof(FX2_LINK_1), "\\\\?\\USB#VID_1209&PID_0003&MI_00#7&", 34));
	CHECK_EQ(CM_Get_Device_Interface_List_SizeW(&size, &guid, NULL, 0), CR_SUCCESS);
	CHECK_EQ(size, length);
	CHECK_EQ(CM_Get_Device_Interface_ListW(&guid, NULL, wide, length, 0), CR_SUCCESS);
	CHECK_STR(narrow(wide), FX2_LINK_1);
	CHECK_EQ(CM_Get_Device_Interface_List_SizeW(&size, &none, NULL, 0), CR_SUCCESS);
	CHECK_EQ(size, 1);
	CHECK_EQ(CM_Get_Device_Interface_ListW(&none, NULL, wide + 900, 1, 0), CR_SUCCESS);
	CHECK_EQ(wide[900], 0);
	CHECK_EQ(CM_Get_Device_Interface_ListA(&guid, (char *)FX2_ID, text, 1000, 0), CR_SUCCESS);
	CHECK_STR(text, FX2_LINK_1);
	CHECK_EQ(text[sizeof(FX2_LINK_1)], 0);
	CHECK_EQ(CM_Get_Device_Interface_ListA(&guid, (char *)"nonsense", text, 1000, 0),
		 CR_INVALID_DEVICE_ID);
	CHECK_EQ(CM_Get_Device_Interface_ListA(&guid, NULL, text, 1000, 2), CR_INVALID_FLAG);
	CHECK_EQ(CM_Get_Device_Interface_ListA(NULL, NULL, text, 1000, 0), CR_INVALID_POINTER);
	CHECK_EQ(CM_Get_Device_Interface_ListA(&guid, NULL, NULL, 1000, 0), CR_INVALID_POINTER);

	size = sizeof(id);
	CHECK_EQ(CM_Get_Device_Interface_PropertyW(wide, &DEVPKEY_Device_InstanceId, &type,
						   (BYTE *)id, &size, 0),
		 CR_SUCCESS);
	CHECK_EQ(type, DEVPROP_TYPE_STRING);
	CHECK_EQ(size, 2 * sizeof(FX2_ID));
	CHECK_STR(narrow(id), FX2_ID);
	size = 3;
	CHECK_EQ(CM_Get_Device_Interface_PropertyW(wide, &DEVPKEY_Device_InstanceId, &type,
						   (BYTE *)id, &size, 0),
		 CR_BUFFER_SMALL);
	CHECK_EQ(size, 2 * sizeof(FX2_ID));
	size = 1;
	CHECK_EQ(CM_Get_Device_Interface_PropertyW(wide, &DEVPKEY_DeviceInterface_Enabled, &type,
						   &enabled, &size, 0),
		 CR_SUCCESS);
	CHECK_EQ(enabled, 0xff);
	CHECK_EQ(type, DEVPROP_TYPE_BOOLEAN);
	CHECK_EQ(CM_Get_Device_Interface_PropertyW(wide, &DEVPKEY_Device_Service, &type, &enabled,
						   &size, 0),
		 CR_NO_SUCH_VALUE);
	wide[10]++;
	CHECK_EQ(CM_Get_Device_Interface_PropertyW(wide, &DEVPKEY_Device_InstanceId, &type,
						   (BYTE *)id, &size, 0),
		 CR_NO_SUCH_DEVICE_INTERFACE);
	fake_end();
}

TEST(registry)
{
	SP_DEVINFO_DATA data;
	DWORD size, type, number, names = 0;
	char text[300], name[300];
	WCHAR wide[200];
	HDEVINFO set;
	HKEY key;

	fake_begin();
	fake_machine();
	fake_file("REG_DWORD\n4294967295", "class/winusb/1-1:1.0/properties/DeviceIdleEnabled");
	fake_file("REG_DWORD_BIG_ENDIAN\n258", "class/winusb/1-1:1.0/properties/Big");
	fake_file("REG_SZ\nA label", "class/winusb/1-1:1.0/properties/Label");
	fake_file("REG_MULTI_SZ\none\ntwo", "class/winusb/1-1:1.0/properties/Several");
	fake_file("REG_MULTI_SZ", "class/winusb/1-1:1.0/properties/None");
	fake_file("REG_BINARY\n007fff", "class/winusb/1-1:1.0/properties/Binary");
	fake_file("REG_BINARY\nabababababababababababababababab",
		  "class/winusb/1-1:1.0/properties/BinaryLong");
	fake_file("REG_BINARY\n0011223344556", "class/winusb/1-1:1.0/properties/BinaryOdd");
	set = open_device(FX2_ID, &data);
	key = SetupDiOpenDevRegKey(set, &data, DICS_FLAG_GLOBAL, 0, DIREG_DEV, KEY_READ);
	CHECK(key != INVALID_HANDLE_VALUE);

	size = sizeof(number);
	CHECK_EQ(RegQueryValueExA(key, "deviceidleenabled", NULL, &type, (BYTE *)&number, &size),
		 0);
	CHECK_EQ(number, 0xffffffff);
	CHECK_EQ(type, REG_DWORD);
	CHECK_EQ(size, 4);
	CHECK_EQ(RegQueryValueExA(key, "Big", NULL, &type, (BYTE *)text, &size), 0);
	CHECK(!memcmp(text, "\0\0\1\2", 4) && type == REG_DWORD_BIG_ENDIAN);
	size = 0;
	CHECK_EQ(RegQueryValueExA(key, "Label", NULL, NULL, NULL, &size), 0);
	CHECK_EQ(size, 8);
	size = 7;
	CHECK_EQ(RegQueryValueExA(key, "Label", NULL, NULL, (BYTE *)text, &size), ERROR_MORE_DATA);
	CHECK_EQ(size, 8);
	CHECK_EQ(RegQueryValueExA(key, "Label", NULL, NULL, (BYTE *)text, &size), 0);
	CHECK_STR(text, "A label");
	size = sizeof(wide);
	CHECK_EQ(RegQueryValueExW(key, L"Label", NULL, &type, (BYTE *)wide, &size), 0);
	CHECK_EQ(size, 16);
	CHECK_STR(narrow(wide), "A label");
	size = sizeof(text);
	CHECK_EQ(RegQueryValueExA(key, "Several", NULL, &type, (BYTE *)text, &size), 0);
	CHECK(size == 9 && !memcmp(text, "one\0two\0", 9) && type == REG_MULTI_SZ);
	size = sizeof(text);
	CHECK_EQ(RegQueryValueExA(key, "None", NULL, &type, (BYTE *)text, &size), 0);
	CHECK(size == 1 && !*text);
	size = sizeof(text);
	CHECK_EQ(RegQueryValueExA(key, "Binary", NULL, &type, (BYTE *)text, &size), 0);
	CHECK(size == 3 && !memcmp(text, "\0\x7f\xff", 3) && type == REG_BINARY);
	/* A digit alone is all of a byte, and the end. */
	size = sizeof(text);
	CHECK_EQ(RegQueryValueExA(key, "BinaryOdd", NULL, &type, (BYTE *)text, &size), 0);
	CHECK(size == 7 && !memcmp(text, "\x00\x11\x22\x33\x44\x55\x06", 7));
	size = sizeof(text);
	CHECK_EQ(RegQueryValueExA(key, "DeviceInterfaceGUIDs", NULL, &type, (BYTE *)text, &size),
		 0);
	CHECK(size == 2 * 39 + 1 && type == REG_MULTI_SZ);
	CHECK_STR(text, FAKE_GUID_1);
	CHECK_STR(text + 39, FAKE_GUID_2);
	size = sizeof(text);
	CHECK_EQ(RegQueryValueExA(key, "SymbolicName", NULL, &type, (BYTE *)text, &size), 0);
	CHECK(!strncmp(text, "\\??\\USB#VID_0547", 16));
	CHECK_EQ(RegQueryValueExA(key, "Missing", NULL, &type, NULL, &size), ERROR_FILE_NOT_FOUND);
	CHECK_EQ(RegQueryValueExA(key, NULL, NULL, &type, NULL, &size), ERROR_FILE_NOT_FOUND);
	CHECK_EQ(RegQueryValueExA(key, "Label", &number, &type, NULL, &size),
		 ERROR_INVALID_PARAMETER);
	CHECK_EQ(RegQueryValueExA(key, "Label", NULL, &type, (BYTE *)text, NULL),
		 ERROR_INVALID_PARAMETER);

	size = 4;
	CHECK_EQ(RegGetValueW(key, NULL, L"DeviceIdleEnabled", RRF_RT_REG_DWORD, NULL, &number,
			      &size),
		 0);
	CHECK_EQ(RegGetValueA(key, "", "DeviceIdleEnabled", RRF_RT_REG_SZ, &type, NULL, NULL),
		 ERROR_UNSUPPORTED_TYPE);
	CHECK_EQ(RegGetValueA(key, "Sub", "DeviceIdleEnabled", RRF_RT_ANY, &type, NULL, NULL),
		 ERROR_FILE_NOT_FOUND);

	for (;; names++) {
		DWORD length = sizeof(name);
		LONG ret;

		size = sizeof(text);
		ret = RegEnumValueA(key, names, name, &length, NULL, &type, (BYTE *)text, &size);
		if (ret == ERROR_NO_MORE_ITEMS)
			break;
		CHECK_EQ(ret, 0);
		CHECK_EQ(length, strlen(name));
	}
	CHECK_EQ(names, 10);
	size = 2;
	CHECK_EQ(RegEnumValueA(key, 0, name, &size, NULL, NULL, NULL, NULL), ERROR_MORE_DATA);
	CHECK_EQ(RegCloseKey(key), 0);
	CHECK_EQ(RegCloseKey(key), ERROR_INVALID_HANDLE);
	CHECK_EQ(RegQueryValueExA(key, "Label", NULL, NULL, NULL, NULL), ERROR_INVALID_HANDLE);
	CHECK_EQ(RegCloseKey((HKEY)set), ERROR_INVALID_HANDLE);

	FAILS(SetupDiOpenDevRegKey(set, &data, DICS_FLAG_GLOBAL, 0, DIREG_DEV, KEY_ALL_ACCESS) !=
	      INVALID_HANDLE_VALUE, ERROR_ACCESS_DENIED);
	FAILS(SetupDiOpenDevRegKey(set, &data, DICS_FLAG_GLOBAL, 0, DIREG_DRV, KEY_READ) !=
	      INVALID_HANDLE_VALUE, ERROR_KEY_DOES_NOT_EXIST);
	FAILS(SetupDiOpenDevRegKey(set, &data, 0, 0, DIREG_DEV, KEY_READ) != INVALID_HANDLE_VALUE,
	      ERROR_INVALID_FLAGS);
	CHECK_EQ(CM_Open_DevNode_Key(data.DevInst, KEY_READ, 0, RegDisposition_OpenExisting, &key,
				     CM_REGISTRY_HARDWARE), CR_SUCCESS);
	CHECK_EQ(RegCloseKey(key), 0);
	CHECK(SetupDiDestroyDeviceInfoList(set));
	fake_end();
}

TEST(open_elements)
{
	SP_DEVICE_INTERFACE_DATA data = { .cbSize = sizeof(data) };
	HDEVINFO set = SetupDiCreateDeviceInfoList(NULL, NULL);
	DWORD required;
	WCHAR wide[200];

	fake_begin();
	fake_machine();
	wide_from_utf8(FX2_PATH_1, sizeof(FX2_PATH_1), wide, 200, NULL);
	CHECK(SetupDiOpenDeviceInterfaceW(set, wide, 0, &data));
	FAILS(SetupDiGetDeviceInterfaceDetailA(set, &data, NULL, 0, &required, NULL),
	      ERROR_INSUFFICIENT_BUFFER);
	CHECK_EQ(required, 4 + sizeof(FX2_PATH_1));
	CHECK_EQ(count_devices(set), 1);
	FAILS(SetupDiOpenDeviceInterfaceA(set, "\\\\?\\usb#x", 0, &data),
	      ERROR_NO_SUCH_DEVICE_INTERFACE);
	FAILS(SetupDiOpenDeviceInterfaceA(set, NULL, 0, &data), ERROR_INVALID_PARAMETER);
	FAILS(SetupDiOpenDeviceInfoA(set, "USB\\A\\B", NULL, 0, NULL), ERROR_NO_SUCH_DEVINST);
	CHECK(SetupDiDestroyDeviceInfoList(set));
	fake_end();
}
