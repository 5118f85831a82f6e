// SPDX-License-Identifier: MIT
/*
 * Discovery and notification against real devices, in a guest with the boards fx2 and composite.
 * Links with the archive, since it posts events through a file's descriptor:
 *
 *	cd tools/lib/build/native
 *	make -C ../.. build/native/libwinusb.a build/native/test/{guest_device,tap}.o
 *	gcc -o guest_device test/{guest_device,tap}.o libwinusb.a -ldl
 *	scripts/lab run --no-bind --board=fx2 --board=composite -- $PWD/guest_device
 */
#define WINUSB_W32_LIBC_STDIO
#include <windows.h>
#include <initguid.h>
#include <setupapi.h>
#include <cfgmgr32.h>
#include <winusb.h>
#include <usbiodef.h>
#include <devpkey.h>

#include <linux/winusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "file.h"
#include "tap.h"
#include "wide.h"

static const GUID guid_fx2 = {
	0x9f543223, 0xcede, 0x4fa3, { 0xb3, 0x76, 0xa2, 0x5c, 0xe9, 0xa3, 0x0e, 0x74 }
};
static const GUID guid_first = { 0xaaaaaaaa, 1, 2, { 3, 4, 5, 6, 7, 8, 9, 10 } };
static const GUID guid_third = { 0xbbbbbbbb, 1, 2, { 3, 4, 5, 6, 7, 8, 9, 10 } };
static const GUID guid_event = { 0x12345678, 1, 2, { 3, 4, 5, 6, 7, 8, 9, 10 } };

#define BIND									\
	"winusbctl bind 0547:1002 --guid {9f543223-cede-4fa3-b376-a25ce9a30e74} "	\
	"--property Label=board >/dev/null && "					\
	"winusbctl bind 1209:0001:0 --guid {aaaaaaaa-0001-0002-0304-05060708090a} >/dev/null && " \
	"winusbctl bind 1209:0001:2 --guid {bbbbbbbb-0001-0002-0304-05060708090a} >/dev/null"

static void run(const char *command)
{
	int code = system(command);

	if (code)
		tap_fail(__FILE__, __LINE__, "'%s' gives %d", command, code);
}

/* Name of the fx2 in sysfs. */
static void first_board(char name[64])
{
	const char *names = getenv("WINUSB_LAB_DEVICES");

	if (!names || sscanf(names, "%63s", name) != 1)
		strcpy(name, "1-1");
}

/* The first path of a class. */
static bool first_path(const GUID *guid, char *path, ULONG room)
{
	GUID class = *guid;

	*path = 0;
	return CM_Get_Device_Interface_ListA(&class, NULL, path, room, 0) == CR_SUCCESS && *path;
}

static bool path_of(const GUID *guid, char *path, ULONG room)
{
	for (int i = 0; i < 500; i++) {
		if (first_path(guid, path, room))
			return true;
		usleep(20000);
	}
	return false;
}

TEST(list)
{
	SP_DEVINFO_DATA device = { .cbSize = sizeof(device) };
	unsigned int with_winusb = 0;
	char path[1000];
	HDEVINFO set;

	run(BIND);
	CHECK(path_of(&guid_fx2, path, sizeof(path)));
	CHECK(path_of(&guid_first, path, sizeof(path)));
	CHECK(path_of(&guid_third, path, sizeof(path)));
	set = SetupDiGetClassDevsA(NULL, "USB", NULL, DIGCF_PRESENT | DIGCF_ALLCLASSES);
	CHECK(set != INVALID_HANDLE_VALUE);
	for (DWORD i = 0; SetupDiEnumDeviceInfo(set, i, &device); i++) {
		char id[200], hardware[200], service[100] = "";

		CHECK(SetupDiGetDeviceInstanceIdA(set, &device, id, sizeof(id), NULL));
		CHECK(SetupDiGetDeviceRegistryPropertyA(set, &device, SPDRP_HARDWAREID, NULL,
							(BYTE *)hardware, sizeof(hardware), NULL));
		SetupDiGetDeviceRegistryPropertyA(set, &device, SPDRP_SERVICE, NULL,
						  (BYTE *)service, sizeof(service), NULL);
		printf("# %s | %s | %s\n", id, hardware, service);
		with_winusb += !strcmp(service, "WinUSB");
	}
	CHECK_EQ(with_winusb, 3);
	CHECK(SetupDiDestroyDeviceInfoList(set));
}

TEST(open)
{
	SP_DEVINFO_DATA data = { .cbSize = sizeof(data) };
	USB_DEVICE_DESCRIPTOR descriptor;
	WINUSB_INTERFACE_HANDLE usb = NULL;
	SP_DEVICE_INTERFACE_DATA interface = { .cbSize = sizeof(interface) };
	char path[1000], text[100];
	DWORD size = sizeof(text);
	HANDLE file;
	HDEVINFO set;
	HKEY key;
	ULONG got;

	CHECK(path_of(&guid_fx2, path, sizeof(path)));
	printf("# %s\n", path);
	file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
			   NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OVERLAPPED, NULL);
	CHECK(file != INVALID_HANDLE_VALUE);
	CHECK(WinUsb_Initialize(file, &usb));
	CHECK(WinUsb_GetDescriptor(usb, 1, 0, 0, (PUCHAR)&descriptor, sizeof(descriptor), &got));
	CHECK_EQ(descriptor.idVendor, 0x0547);
	CHECK(WinUsb_Free(usb));
	CHECK(CloseHandle(file));

	set = SetupDiCreateDeviceInfoList(NULL, NULL);
	CHECK(SetupDiOpenDeviceInterfaceA(set, path, 0, &interface));
	CHECK(SetupDiEnumDeviceInfo(set, 0, &data));
	key = SetupDiOpenDevRegKey(set, &data, DICS_FLAG_GLOBAL, 0, DIREG_DEV, KEY_READ);
	CHECK(key != INVALID_HANDLE_VALUE);
	CHECK_EQ(RegQueryValueExA(key, "Label", NULL, NULL, (BYTE *)text, &size), 0);
	CHECK_STR(text, "board");
	CHECK_EQ(RegCloseKey(key), 0);
	CHECK(SetupDiDestroyDeviceInfoList(set));
}

static HANDLE open_path(const char *path)
{
	return CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
			   NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
}

/* Two functions of a composite device, and the device itself. */
TEST(functions)
{
	WINUSB_INTERFACE_HANDLE first, third, associated, none;
	char path_first[500], path_third[500], path_device[500], id[200], parent[200];
	HANDLE file_first, file_third, file_device;
	GUID guid = GUID_DEVINTERFACE_USB_DEVICE;
	DEVINST devinst, parent_first;
	WCHAR wide[500];
	DEVPROPTYPE type;
	ULONG size;

	CHECK(path_of(&guid_first, path_first, sizeof(path_first)));
	CHECK(path_of(&guid_third, path_third, sizeof(path_third)));
	CHECK(strstr(path_first, "&MI_00#"));
	CHECK(strstr(path_third, "&MI_02#"));
	file_first = open_path(path_first);
	file_third = open_path(path_third);
	CHECK(file_first != INVALID_HANDLE_VALUE && file_third != INVALID_HANDLE_VALUE);
	CHECK(WinUsb_Initialize(file_first, &first));
	CHECK(WinUsb_Initialize(file_third, &third));
	CHECK(WinUsb_GetAssociatedInterface(first, 0, &associated));
	CHECK(!WinUsb_GetAssociatedInterface(third, 0, &none));
	CHECK_EQ(GetLastError(), ERROR_NO_MORE_ITEMS);

	wide_from_utf8(path_first, strlen(path_first) + 1, wide, 500, NULL);
	size = sizeof(wide);
	CHECK_EQ(CM_Get_Device_Interface_PropertyW(wide, &DEVPKEY_Device_InstanceId, &type,
						   (BYTE *)wide, &size, 0),
		 CR_SUCCESS);
	CHECK_EQ(CM_Locate_DevNodeW(&devinst, wide, 0), CR_SUCCESS);
	CHECK_EQ(CM_Get_Parent(&parent_first, devinst, 0), CR_SUCCESS);
	CHECK_EQ(CM_Get_Device_IDA(devinst, id, sizeof(id), 0), CR_SUCCESS);
	CHECK_EQ(CM_Get_Device_IDA(parent_first, parent, sizeof(parent), 0), CR_SUCCESS);
	printf("# %s is of %s\n", id, parent);
	CHECK(!strncmp(parent, "USB\\VID_1209&PID_0001\\", 22));

	/* The device's own path opens, while its functions are open, and is no WinUSB interface. */
	CHECK_EQ(CM_Get_Device_Interface_ListA(&guid, parent, path_device, sizeof(path_device), 0),
		 CR_SUCCESS);
	file_device = open_path(path_device);
	CHECK(file_device != INVALID_HANDLE_VALUE);
	CHECK(!WinUsb_Initialize(file_device, &none));
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(CloseHandle(file_device));
	CHECK(WinUsb_Free(associated) && WinUsb_Free(first) && WinUsb_Free(third));
	CHECK(CloseHandle(file_first) && CloseHandle(file_third));
}

static CRITICAL_SECTION section;
static struct {
	CM_NOTIFY_ACTION actions[64];
	char texts[64][300];
	unsigned int count;
	unsigned int data;
} told;

static DWORD CALLBACK tell(HCMNOTIFICATION handle, PVOID context, CM_NOTIFY_ACTION action,
			   PCM_NOTIFY_EVENT_DATA data, DWORD size)
{
	char *text = NULL;

	(void)handle;
	(void)context;
	(void)size;
	if (data->FilterType == CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE)
		text = utf8_of_wide(data->u.DeviceInterface.SymbolicLink);
	EnterCriticalSection(&section);
	if (told.count < 64) {
		told.actions[told.count] = action;
		snprintf(told.texts[told.count++], 300, "%s", text ? text : "");
	}
	if (action == CM_NOTIFY_ACTION_DEVICECUSTOMEVENT &&
	    !memcmp(&data->u.DeviceHandle.EventGuid, &guid_event, 16) &&
	    data->u.DeviceHandle.DataSize == 5 && !memcmp(data->u.DeviceHandle.Data, "hello", 5))
		told.data++;
	LeaveCriticalSection(&section);
	printf("# action %d %s\n", action, text ? text : "");
	free(text);
	return ERROR_SUCCESS;
}

/* Where in what was told is it, not before FROM? -1: not within ten seconds. */
static int told_at(CM_NOTIFY_ACTION action, const char *text, int from)
{
	for (int i = 0; i < 500; i++) {
		EnterCriticalSection(&section);
		for (unsigned int j = from; j < told.count; j++)
			if (told.actions[j] == action &&
			    (!text || !strcasecmp(told.texts[j], text))) {
				LeaveCriticalSection(&section);
				return j;
			}
		LeaveCriticalSection(&section);
		usleep(20000);
	}
	return -1;
}

static HCMNOTIFICATION listen_to(CM_NOTIFY_FILTER_TYPE type, DWORD flags, HANDLE file)
{
	CM_NOTIFY_FILTER filter = { .cbSize = sizeof(filter), .FilterType = type, .Flags = flags };
	HCMNOTIFICATION handle = NULL;

	if (file)
		filter.u.DeviceHandle.hTarget = file;
	CHECK_EQ(CM_Register_Notification(&filter, NULL, tell, &handle), CR_SUCCESS);
	return handle;
}

static void post(HANDLE handle)
{
	struct winusb_initialize initialize = { .size = sizeof(initialize) };
	struct winusb_post_event event = {
		.size = sizeof(event), .data = (uintptr_t)"hello", .length = 5,
	};
	struct object *file = object_get(handle, OBJECT_FILE);

	memcpy(event.guid, &guid_event, 16);
	CHECK(!ioctl(file_fd(file), WINUSB_IOC_INITIALIZE, &initialize));
	event.handle = initialize.out_handle;
	CHECK(!ioctl(file_fd(file), WINUSB_IOC_POST_EVENT, &event));
	object_put(file);
}

/* Whether a path is there: what was told last of it, else what was seen. */
static bool is_there(const char *path, bool seen)
{
	bool there = seen;

	EnterCriticalSection(&section);
	for (unsigned int i = 0; i < told.count; i++)
		if (!strcasecmp(told.texts[i], path))
			there = told.actions[i] == CM_NOTIFY_ACTION_DEVICEINTERFACEARRIVAL;
	LeaveCriticalSection(&section);
	return there;
}

/* Registers, then looks, while a device comes and goes: nothing is missed. */
TEST(register_then_look)
{
	char known[1000], path[1000], name[64], command[400];
	unsigned int events = 0;

	InitializeCriticalSection(&section);
	CHECK(path_of(&guid_fx2, known, sizeof(known)));
	first_board(name);
	snprintf(command, sizeof(command), "cd /sys/bus/usb/devices/%s && for i in 1 2 3 2 1; do "
		 "echo 0 >authorized; sleep 0.0$i; echo 1 >authorized; sleep 0.0$i; done", name);
	for (int round = 0; round < 10; round++) {
		HCMNOTIFICATION all;
		bool seen, ok = false;
		FILE *toggles;

		EnterCriticalSection(&section);
		told.count = 0;
		LeaveCriticalSection(&section);
		toggles = popen(command, "r");
		CHECK(toggles);
		usleep(round * 3000);
		all = listen_to(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE,
				CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES, NULL);
		seen = first_path(&guid_fx2, path, sizeof(path));
		CHECK_EQ(pclose(toggles), 0);
		/* Then it is there, and stays. */
		CHECK(path_of(&guid_fx2, path, sizeof(path)));
		for (int i = 0; i < 500 && !ok; i++) {
			usleep(20000);
			ok = is_there(known, seen);
		}
		CHECK(ok);
		CHECK_EQ(CM_Unregister_Notification(all), CR_SUCCESS);
		events += told.count;
	}
	/* How many are seen depends on the machine. */
	CHECK(events >= 5);
	told.count = 0;
}

TEST(notify)
{
	HCMNOTIFICATION all, of_file;
	char path[1000], device_path[300], name[64], command[200];
	HANDLE file;
	int pending, complete, arrival;

	CHECK(path_of(&guid_fx2, path, sizeof(path)));
	file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
			   FILE_FLAG_OVERLAPPED, NULL);
	CHECK(file != INVALID_HANDLE_VALUE);
	all = listen_to(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE,
			CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES, NULL);
	of_file = listen_to(CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE, 0, file);

	post(file);
	CHECK_EQ(told_at(CM_NOTIFY_ACTION_DEVICECUSTOMEVENT, NULL, 0), 0);
	EnterCriticalSection(&section);
	CHECK_EQ(told.data, 1);
	LeaveCriticalSection(&section);

	/* The function leaves and comes; the device stays. */
	first_board(name);
	snprintf(command, sizeof(command), "echo 0 > /sys/bus/usb/devices/%s/authorized", name);
	run(command);
	pending = told_at(CM_NOTIFY_ACTION_DEVICEREMOVEPENDING, NULL, 0);
	complete = told_at(CM_NOTIFY_ACTION_DEVICEREMOVECOMPLETE, NULL, 0);
	CHECK(pending >= 0 && complete > pending);
	CHECK(told_at(CM_NOTIFY_ACTION_DEVICEINTERFACEREMOVAL, path, 0) >= 0);
	CHECK_EQ(CM_Unregister_Notification(of_file), CR_SUCCESS);
	CHECK(CloseHandle(file));
	snprintf(command, sizeof(command), "echo 1 > /sys/bus/usb/devices/%s/authorized", name);
	run(command);
	arrival = told_at(CM_NOTIFY_ACTION_DEVICEINTERFACEARRIVAL, path, 0);
	CHECK(arrival >= 0);

	/* What arrived can be opened at once. */
	file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
			   FILE_FLAG_OVERLAPPED, NULL);
	CHECK(file != INVALID_HANDLE_VALUE);
	CHECK(CloseHandle(file));

	/* The whole device leaves. */
	snprintf(device_path, sizeof(device_path), "%.*s{a5dcbf10-6530-11d2-901f-00c04fb951ed}",
		 (int)(strchr(path, '{') - path), path);
	snprintf(command, sizeof(command), "echo 1 > /sys/bus/usb/devices/%s/remove", name);
	run(command);
	CHECK(told_at(CM_NOTIFY_ACTION_DEVICEINTERFACEREMOVAL, path, arrival) >= 0);
	CHECK(told_at(CM_NOTIFY_ACTION_DEVICEINTERFACEREMOVAL, device_path, arrival) >= 0);
	CHECK_EQ(CM_Unregister_Notification(all), CR_SUCCESS);
	CHECK(CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
			  FILE_FLAG_OVERLAPPED, NULL) == INVALID_HANDLE_VALUE);
	CHECK_EQ(GetLastError(), ERROR_FILE_NOT_FOUND);
}
