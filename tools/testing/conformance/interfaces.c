// SPDX-License-Identifier: MIT
/* winusb.md 6.1 and 6.2: device interfaces, their paths and properties, notifications */
#include "face.h"

#include <dirent.h>
#include <unistd.h>

#include <devpkey.h>

#include "../selftests/node.h"

static const GUID class_1 =
	{ 0x9f543223, 0xcede, 0x4fa3, { 0xb3, 0x76, 0xa2, 0x5c, 0xe9, 0xa3, 0x0e, 0x74 } };
static const GUID class_2 = { 0xaaaaaaaa, 0x0001, 0x0002, { 3, 4, 5, 6, 7, 8, 9, 10 } };
#define GUIDS "{9f543223-cede-4fa3-b376-a25ce9a30e74} {aaaaaaaa-0001-0002-0304-05060708090a}"

static void attribute(struct board *board, unsigned int interface, const char *name, char *out,
		      size_t size)
{
	snprintf(out, size, "/sys/class/winusb/%s/%s", board_node(board, interface), name);
}

/* As an administrator does. */
static void give_guids(struct board *board, unsigned int interface, const char *guids)
{
	char path[128];

	attribute(board, interface, "interface_guids", path, sizeof(path));
	CHECK_OK(file_write(path, guids));
	interface_changed();
}

static unsigned int count_class(const GUID *guid)
{
	char list[4096], *at;
	GUID class = *guid;
	unsigned int n = 0;

	CHECK_EQ(CM_Get_Device_Interface_ListA(&class, NULL, list, sizeof(list), 0), CR_SUCCESS);
	for (at = list; *at; at += strlen(at) + 1)
		n++;
	return n;
}

TEST_OF(6_1, each_device_has_a_path_of_the_general_class)
{
	const char *path = path_of(fx2);

	CHECK(!strncmp(path, "\\\\?\\USB#VID_0547&PID_1002#", 26));
	CHECK(!strcmp(strrchr(path, '#'), "#{a5dcbf10-6530-11d2-901f-00c04fb951ed}"));
	CHECK_EQ(count_class(&GUID_DEVINTERFACE_USB_DEVICE), 3);
	path = path_of(composite);
	CHECK(!strncmp(path, "\\\\?\\USB#VID_1209&PID_0001#", 26));
}

TEST_OF(6_1, each_class_gives_a_path_to_the_same_device)
{
	char first[300], second[300];

	give_guids(fx2, 0, GUIDS);
	CHECK_EQ(count_class(&class_1), 1);
	CHECK_EQ(count_class(&class_2), 1);
	snprintf(first, sizeof(first), "%s", path_of_class(fx2, &class_1));
	snprintf(second, sizeof(second), "%s", path_of_class(fx2, &class_2));
	CHECK(strcmp(first, second));
	file = open_path(first, FILE_FLAG_OVERLAPPED);
	CHECK(file != INVALID_HANDLE_VALUE);
	FAILS(open_path(second, FILE_FLAG_OVERLAPPED) != INVALID_HANDLE_VALUE, ERROR_ACCESS_DENIED);
	OK(WinUsb_Initialize(file, &usb));
	loopback_works();
	end();
}

TEST_OF(6_1, a_function_has_its_number_in_its_path)
{
	char list[1000];
	GUID class = class_1;

	board_unplug(composite);
	board_functions(composite, true);
	board_plug(composite);
	give_guids(composite, SETTINGS, "{9f543223-cede-4fa3-b376-a25ce9a30e74}");
	CHECK_EQ(CM_Get_Device_Interface_ListA(&class, NULL, list, sizeof(list), 0), CR_SUCCESS);
	if (!strstr(list, "#VID_1209&PID_0001&MI_02#"))
		FAIL("the path is %s", list);
	file = open_path(list, FILE_FLAG_OVERLAPPED);
	CHECK(file != INVALID_HANDLE_VALUE);
	OK(WinUsb_Initialize(file, &usb));
	OK(WinUsb_SetCurrentAlternateSetting(usb, 1));
	end();
}

TEST_OF(6_1, SetupDi_lists_interfaces_with_the_sufficient_buffer_protocol)
{
	SP_DEVICE_INTERFACE_DATA interface = { .cbSize = sizeof(interface) };
	SP_DEVINFO_DATA device = { .cbSize = sizeof(device) };
	PSP_DEVICE_INTERFACE_DETAIL_DATA_W wide;
	PSP_DEVICE_INTERFACE_DETAIL_DATA_A narrow;
	char id[200];
	DWORD size = 0, needed, type;
	HDEVINFO set;

	give_guids(fx2, 0, GUIDS);
	set = SetupDiGetClassDevsA(&class_1, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	CHECK(set != INVALID_HANDLE_VALUE);
	OK(SetupDiEnumDeviceInterfaces(set, NULL, &class_1, 0, &interface));
	FAILS(SetupDiEnumDeviceInterfaces(set, NULL, &class_1, 1, &interface), ERROR_NO_MORE_ITEMS);
	OK(SetupDiEnumDeviceInterfaces(set, NULL, &class_1, 0, &interface));
	FAILS(SetupDiGetDeviceInterfaceDetailA(set, &interface, NULL, 0, &size, NULL),
	      ERROR_INSUFFICIENT_BUFFER);
	narrow = malloc(size);
	CHECK(narrow);
	narrow->cbSize = sizeof(*narrow) + 1;
	FAILS(SetupDiGetDeviceInterfaceDetailA(set, &interface, narrow, size, NULL, NULL),
	      ERROR_INVALID_USER_BUFFER);
	narrow->cbSize = sizeof(*narrow);
	FAILS(SetupDiGetDeviceInterfaceDetailA(set, &interface, narrow, size - 1, &needed, NULL),
	      ERROR_INSUFFICIENT_BUFFER);
	CHECK_EQ(needed, size);
	OK(SetupDiGetDeviceInterfaceDetailA(set, &interface, narrow, size, NULL, &device));
	/* In lower case, and the same path for everybody who compares it rightly. */
	CHECK(!strncmp(narrow->DevicePath, "\\\\?\\usb#vid_0547&pid_1002#", 26));
	CHECK(!strcasecmp(narrow->DevicePath, path_of_class(fx2, &class_1)));
	FAILS(SetupDiGetDeviceInterfaceDetailW(set, &interface, NULL, 0, &size, NULL),
	      ERROR_INSUFFICIENT_BUFFER);
	wide = malloc(size);
	wide->cbSize = sizeof(*wide);
	OK(SetupDiGetDeviceInterfaceDetailW(set, &interface, wide, size, NULL, NULL));
	CHECK_EQ(wcslen(wide->DevicePath), strlen(narrow->DevicePath));
	FAILS(SetupDiGetDeviceInstanceIdA(set, &device, id, 3, &needed), ERROR_INSUFFICIENT_BUFFER);
	OK(SetupDiGetDeviceInstanceIdA(set, &device, id, sizeof(id), NULL));
	CHECK(!strncasecmp(id, "USB\\VID_0547&PID_1002\\", 22));
	FAILS(SetupDiGetDeviceRegistryPropertyA(set, &device, SPDRP_HARDWAREID, &type, NULL, 0,
						&needed),
	      ERROR_INSUFFICIENT_BUFFER);
	CHECK(needed > 20);
	free(narrow);
	free(wide);
	OK(SetupDiDestroyDeviceInfoList(set));
	FAILS(SetupDiDestroyDeviceInfoList(set), ERROR_INVALID_HANDLE);
	FAILS(SetupDiEnumDeviceInfo(set, 0, &device), ERROR_INVALID_HANDLE);
}

TEST_OF(6_1, SetupDi_checks_sizes)
{
	SP_DEVICE_INTERFACE_DATA interface = { .cbSize = sizeof(interface) - 1 };
	SP_DEVINFO_DATA device = { .cbSize = 3 };
	HDEVINFO set = SetupDiGetClassDevsA(&GUID_DEVINTERFACE_USB_DEVICE, NULL, NULL,
					    DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);

	CHECK(set != INVALID_HANDLE_VALUE);
	FAILS(SetupDiEnumDeviceInterfaces(set, NULL, &GUID_DEVINTERFACE_USB_DEVICE, 0, &interface),
	      ERROR_INVALID_USER_BUFFER);
	FAILS(SetupDiEnumDeviceInfo(set, 0, &device), ERROR_INVALID_USER_BUFFER);
	FAILS(SetupDiEnumDeviceInfo(set, 0, NULL), ERROR_INVALID_PARAMETER);
	device.cbSize = sizeof(device);
	FAILS(SetupDiEnumDeviceInfo(set, 1000, &device), ERROR_NO_MORE_ITEMS);
	OK(SetupDiDestroyDeviceInfoList(set));
}

TEST_OF(6_1, the_registry_of_a_device_tells_MORE_DATA)
{
	SP_DEVINFO_DATA device = { .cbSize = sizeof(device) };
	DWORD size, type = 0;
	char text[400];
	HDEVINFO set;
	HKEY key;

	give_guids(fx2, 0, GUIDS);
	set = SetupDiGetClassDevsA(&class_1, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	OK(SetupDiEnumDeviceInfo(set, 0, &device));
	key = SetupDiOpenDevRegKey(set, &device, DICS_FLAG_GLOBAL, 0, DIREG_DEV, KEY_READ);
	CHECK(key != INVALID_HANDLE_VALUE);
	size = 4;
	CHECK_EQ(RegQueryValueExA(key, "DeviceInterfaceGUIDs", NULL, &type, (BYTE *)text, &size),
		 ERROR_MORE_DATA);
	error_seen(ERROR_MORE_DATA);
	CHECK_EQ(type, REG_MULTI_SZ);
	CHECK(size > 70 && size < sizeof(text));
	CHECK_EQ(RegQueryValueExA(key, "DeviceInterfaceGUIDs", NULL, &type, (BYTE *)text, &size),
		 0);
	CHECK(!strncasecmp(text, "{9f543223-cede-4fa3-b376-a25ce9a30e74}", 38));
	CHECK_EQ(RegQueryValueExA(key, "Nothing", NULL, NULL, NULL, &size), ERROR_FILE_NOT_FOUND);
	CHECK_EQ(RegCloseKey(key), 0);
	CHECK_EQ(RegCloseKey(key), ERROR_INVALID_HANDLE);
	OK(SetupDiDestroyDeviceInfoList(set));
}

TEST_OF(6_1, CM_lists_tell_how_long_they_are)
{
	GUID class = GUID_DEVINTERFACE_USB_DEVICE;
	WCHAR wide[4096];
	char narrow[4096];
	ULONG length = 0;

	CHECK_EQ(CM_Get_Device_Interface_List_SizeA(&length, &class, NULL, 0), CR_SUCCESS);
	CHECK(length > 100 && length < sizeof(narrow));
	CHECK_EQ(CM_Get_Device_Interface_ListA(&class, NULL, narrow, length - 1, 0),
		 CR_BUFFER_SMALL);
	CHECK_EQ(CM_Get_Device_Interface_ListA(&class, NULL, narrow, length, 0), CR_SUCCESS);
	CHECK_EQ(CM_Get_Device_Interface_List_SizeW(&length, &class, NULL, 0), CR_SUCCESS);
	CHECK_EQ(CM_Get_Device_Interface_ListW(&class, NULL, wide, length, 0), CR_SUCCESS);
	CHECK_EQ(wcslen(wide), strlen(narrow));
	class.Data1 ^= 1;
	CHECK_EQ(CM_Get_Device_Interface_List_SizeA(&length, &class, NULL, 0), CR_SUCCESS);
	CHECK_EQ(length, 1);
	CHECK_EQ(CM_Get_Device_Interface_List_SizeA(NULL, &class, NULL, 0), CR_INVALID_POINTER);
	CHECK_EQ(CM_MapCrToWin32Err(CR_BUFFER_SMALL, 1), ERROR_INSUFFICIENT_BUFFER);
	CHECK_EQ(CM_MapCrToWin32Err(CR_SUCCESS, 1), ERROR_SUCCESS);
}

TEST_OF(6_1, a_class_that_is_taken_away_has_no_path)
{
	give_guids(fx2, 0, GUIDS);
	CHECK_EQ(count_class(&class_1), 1);
	board_unplug(fx2);
	CHECK_EQ(count_class(&class_1), 0);
	CHECK_EQ(count_class(&GUID_DEVINTERFACE_USB_DEVICE), 2);
}

static struct {
	CM_NOTIFY_ACTION action;
	char path[300];
	DWORD size;
	UCHAR bytes[32];
	GUID guid;
} told[64];
static LONG told_count;
static CRITICAL_SECTION lock;

static DWORD CALLBACK tell(HCMNOTIFICATION notification, PVOID context, CM_NOTIFY_ACTION action,
			   PCM_NOTIFY_EVENT_DATA event, DWORD size)
{
	LONG n;

	(void)notification;
	(void)size;
	EnterCriticalSection(&lock);
	n = LOAD(told_count) < 64 ? LOAD(told_count) : 63;
	told[n].action = action;
	if (event->FilterType == CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE) {
		WideCharToMultiByte(CP_UTF8, 0, event->u.DeviceInterface.SymbolicLink, -1,
				    told[n].path, 300,
				    NULL, NULL);
	} else if (action == CM_NOTIFY_ACTION_DEVICECUSTOMEVENT) {
		told[n].guid = event->u.DeviceHandle.EventGuid;
		told[n].size = event->u.DeviceHandle.DataSize;
		memcpy(told[n].bytes, event->u.DeviceHandle.Data,
		       told[n].size < 32 ? told[n].size : 32);
	}
	STORE(told_count, n + 1);
	LeaveCriticalSection(&lock);
	if (context)
		SetEvent(context);
	return ERROR_SUCCESS;
}

static HCMNOTIFICATION watch(const GUID *guid, HANDLE target)
{
	CM_NOTIFY_FILTER filter = { .cbSize = sizeof(filter) };
	HCMNOTIFICATION notification = NULL;

	InitializeCriticalSection(&lock);
	if (guid) {
		filter.FilterType = CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE;
		filter.u.DeviceInterface.ClassGuid = *guid;
	} else {
		filter.FilterType = CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE;
		filter.u.DeviceHandle.hTarget = target;
	}
	CHECK_EQ(CM_Register_Notification(&filter, NULL, tell, &notification), CR_SUCCESS);
	return notification;
}

/* Where it was told, from FROM on; waits for it. */
static LONG find(CM_NOTIFY_ACTION action, LONG from)
{
	int i;
	LONG at;

	for (i = 0; i < 500; i++) {
		for (at = from; at < LOAD(told_count); at++)
			if (told[at].action == action)
				return at;
		test_sleep_ms(10 * test_scale());
	}
	FAIL("action %d was not told of; %d were", action, LOAD(told_count));
}

TEST_OF(6_2, arrival_and_removal_are_told_with_the_path)
{
	HCMNOTIFICATION notification;
	char path[300];
	LONG at;

	snprintf(path, sizeof(path), "%s", path_of(fx2));
	notification = watch(&GUID_DEVINTERFACE_USB_DEVICE, NULL);
	board_unplug(fx2);
	at = find(CM_NOTIFY_ACTION_DEVICEINTERFACEREMOVAL, 0);
	CHECK(!strcasecmp(told[at].path, path));
	board_plug(fx2);
	at = find(CM_NOTIFY_ACTION_DEVICEINTERFACEARRIVAL, at);
	if (strcasecmp(told[at].path, path_of(fx2)))
		FAIL("%s arrived, not %s", told[at].path, path_of(fx2));
	CHECK_EQ(CM_Unregister_Notification(notification), CR_SUCCESS);
}

TEST_OF(6_2, another_class_is_not_told)
{
	HCMNOTIFICATION notification = watch(&class_1, NULL);

	board_unplug(fx2);
	test_sleep_ms(300 * test_scale());
	CHECK_EQ(LOAD(told_count), 0);
	CHECK_EQ(CM_Unregister_Notification(notification), CR_SUCCESS);
}

TEST_OF(6_2, nothing_is_told_after_the_end)
{
	HCMNOTIFICATION notification = watch(&GUID_DEVINTERFACE_USB_DEVICE, NULL);

	CHECK_EQ(CM_Unregister_Notification(notification), CR_SUCCESS);
	board_unplug(fx2);
	test_sleep_ms(300 * test_scale());
	CHECK_EQ(LOAD(told_count), 0);
}

TEST_OF(6_2, a_handle_is_told_of_the_removal)
{
	HCMNOTIFICATION notification;
	LONG pending, complete;

	begin(fx2);
	notification = watch(NULL, file);
	board_unplug(fx2);
	complete = find(CM_NOTIFY_ACTION_DEVICEREMOVECOMPLETE, 0);
	pending = find(CM_NOTIFY_ACTION_DEVICEREMOVEPENDING, 0);
	CHECK(pending < complete);
	CHECK_EQ(CM_Unregister_Notification(notification), CR_SUCCESS);
	end();
}

/* The library's descriptor of the node, for what the Windows face has no function for. */
static int node_of_the_library(void)
{
	struct dirent *entry;
	char path[300], link[300];
	ssize_t n;
	DIR *dir = opendir("/proc/self/fd");

	CHECK(dir);
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = 0;
		/* Not that of a listener */
		if (strncmp(link, "/dev/winusb/", 12))
			continue;
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
		if (file_read(path, link, sizeof(link)) > 0 && strstr(link, "flags:\t") &&
		    (strtoul(strstr(link, "flags:\t") + 7, NULL, 8) & 3) == 2) {
			n = atoi(entry->d_name);
			closedir(dir);
			return n;
		}
	}
	FAIL("no descriptor of a node");
}

TEST_OF(6_2, a_handle_is_told_of_custom_events)
{
	static const GUID event = { 0x12345678, 1, 2, { 3, 4, 5, 6, 7, 8, 9, 10 } };
	HCMNOTIFICATION notification;
	uint32_t handle;
	LONG at;
	int fd;

	begin(fx2);
	notification = watch(NULL, file);
	fd = node_of_the_library();
	CHECK_OK(node_initialize(fd, &handle));
	CHECK_OK(node_post(fd, handle, (const uint8_t *)&event, "hello", 5));
	at = find(CM_NOTIFY_ACTION_DEVICECUSTOMEVENT, 0);
	CHECK_EQ(told[at].size, 5);
	CHECK_MEM(told[at].bytes, "hello", 5);
	CHECK_MEM(&told[at].guid, &event, 16);
	CHECK_EQ(CM_Unregister_Notification(notification), CR_SUCCESS);
	end();
}

TEST_OF(6_2, filters_that_make_no_sense_are_refused)
{
	CM_NOTIFY_FILTER filter = { .cbSize = sizeof(filter) };
	HCMNOTIFICATION notification;

	CHECK(CM_Register_Notification(NULL, NULL, tell, &notification) != CR_SUCCESS);
	CHECK(CM_Register_Notification(&filter, NULL, NULL, &notification) != CR_SUCCESS);
	CHECK(CM_Register_Notification(&filter, NULL, tell, NULL) != CR_SUCCESS);
	filter.cbSize--;
	CHECK(CM_Register_Notification(&filter, NULL, tell, &notification) != CR_SUCCESS);
	filter.cbSize++;
	filter.FilterType = CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE;
	filter.u.DeviceHandle.hTarget = (HANDLE)0x1230;
	CHECK(CM_Register_Notification(&filter, NULL, tell, &notification) != CR_SUCCESS);
	CHECK(CM_Unregister_Notification(NULL) != CR_SUCCESS);
}
