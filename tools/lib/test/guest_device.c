// SPDX-License-Identifier: MIT
/*
 * Discovery and notification against real devices, in a guest with the boards fx2 and composite. Links
 * with the archive, since it posts events through a file's descriptor:
 *
 *	make -C tools/lib guest_device
 *	scripts/lab run --board=fx2 --board=composite -- tools/lib/build/native/guest_device
 */
#define WINUSB_W32_LIBC_STDIO
#include <windows.h>
#include <initguid.h>
#include <setupapi.h>
#include <cfgmgr32.h>
#include <winusb.h>
#include <usbiodef.h>

#include <linux/winusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "file.h"
#include "tap.h"
#include "text.h"

static const GUID guid_fx2 = { 0x9f543223, 0xcede, 0x4fa3, { 0xb3, 0x76, 0xa2, 0x5c, 0xe9, 0xa3, 0x0e, 0x74 } };
static const GUID guid_event = { 0x12345678, 1, 2, { 3, 4, 5, 6, 7, 8, 9, 10 } };

#define BIND	"winusbctl bind 0547:1002 --guid {9f543223-cede-4fa3-b376-a25ce9a30e74} "	\
		"--property Label=board --property dw=dword:7 >/dev/null"

static void run(const char *command)
{
	int code = system(command);

	if (code)
		tap_fail(__FILE__, __LINE__, "'%s' gives %d", command, code);
}

/* The first path of a class. */
static bool first_path(const GUID *guid, char *path, ULONG room)
{
	GUID class = *guid;

	*path = 0;
	return CM_Get_Device_Interface_ListA(&class, NULL, path, room, 0) == CR_SUCCESS && *path;
}

static bool path_of_fx2(char *path, ULONG room)
{
	for (int i = 0; i < 100; i++) {
		if (first_path(&guid_fx2, path, room))
			return true;
		usleep(20000);
	}
	return false;
}

TEST(list)
{
	SP_DEVINFO_DATA device = { .cbSize = sizeof(device) };
	HDEVINFO set = SetupDiGetClassDevsA(NULL, "USB", NULL, DIGCF_PRESENT | DIGCF_ALLCLASSES);
	unsigned int with_winusb = 0;

	run(BIND);
	CHECK(set != INVALID_HANDLE_VALUE);
	for (DWORD i = 0; SetupDiEnumDeviceInfo(set, i, &device); i++) {
		char id[200], hardware[200], service[100] = "";

		CHECK(SetupDiGetDeviceInstanceIdA(set, &device, id, sizeof(id), NULL));
		CHECK(SetupDiGetDeviceRegistryPropertyA(set, &device, SPDRP_HARDWAREID, NULL,
							(BYTE *)hardware, sizeof(hardware), NULL));
		SetupDiGetDeviceRegistryPropertyA(set, &device, SPDRP_SERVICE, NULL, (BYTE *)service,
						  sizeof(service), NULL);
		printf("# %s | %s | %s\n", id, hardware, service);
		with_winusb += !strcmp(service, "WinUSB");
	}
	CHECK(with_winusb >= 2);
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

	CHECK(path_of_fx2(path, sizeof(path)));
	printf("# %s\n", path);
	file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
			   OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OVERLAPPED, NULL);
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
		text = text_narrow(data->u.DeviceInterface.SymbolicLink);
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

/* Where in what was told is it, not before FROM? -1: not within two seconds. */
static int told_at(CM_NOTIFY_ACTION action, const char *text, int from)
{
	for (int i = 0; i < 100; i++) {
		EnterCriticalSection(&section);
		for (unsigned int j = from; j < told.count; j++)
			if (told.actions[j] == action && (!text || !strcasecmp(told.texts[j], text))) {
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

TEST(notify)
{
	HCMNOTIFICATION all, of_file;
	char path[1000], device_path[300], name[64], command[200];
	HANDLE file;
	int pending, complete, arrival;

	InitializeCriticalSection(&section);
	CHECK(path_of_fx2(path, sizeof(path)));
	file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
			   FILE_FLAG_OVERLAPPED, NULL);
	CHECK(file != INVALID_HANDLE_VALUE);
	all = listen_to(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE,
			CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES, NULL);
	of_file = listen_to(CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE, 0, file);
	CHECK_EQ(told.count, 0);

	post(file);
	CHECK(told_at(CM_NOTIFY_ACTION_DEVICECUSTOMEVENT, NULL, 0) >= 0);
	CHECK_EQ(told.data, 1);

	/* The function leaves and comes; the device stays. */
	CHECK_EQ(sscanf(getenv("WINUSB_LAB_DEVICES") ? getenv("WINUSB_LAB_DEVICES") : "1-1", "%63s", name), 1);
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
