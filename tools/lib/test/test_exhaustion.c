// SPDX-License-Identifier: MIT
/*
 * No memory: each call is made again and again, and each time one allocation more succeeds before
 * one fails, or all do. It has to do all that it should, or to say what is wrong, and to leave
 * nothing behind that breaks.
 */
#define WINUSB_W32_LIBC_STDIO
#include <windows.h>
#include <setupapi.h>
#include <cfgmgr32.h>
#include <winusb.h>

#include <pthread.h>

#include "fake_sysfs.h"
#include "monitor.h"
#include "notify.h"
#include "tap.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
TEST(skipped)
{
	tap_skip("the sanitizer has the allocator");
}
#else

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

static __thread int left = -1;	/* allocations that succeed; -1: all */
static __thread bool once, hit;
static volatile LONG elsewhere;	/* allocations that fail in other threads */
static pthread_t here;

static bool fails(void)
{
	if (elsewhere && !pthread_equal(pthread_self(), here)) {
		InterlockedDecrement(&elsewhere);
		errno = ENOMEM;
		return true;
	}
	if (left < 0)
		return false;
	if (left) {
		left--;
		return false;
	}
	hit = true;
	if (once)
		left = -1;
	errno = ENOMEM;
	return true;
}

#pragma GCC visibility push(default)	/* the C library's own calls, too */

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	return fails() ? NULL : __libc_realloc(memory, size);
}

#pragma GCC visibility pop

#define FX2_ID		"USB\\VID_0547&PID_1002\\AB_12"
#define FX2_PATH	"\\\\?\\usb#vid_0547&pid_1002#ab_12#" FAKE_GUID_1

static GUID guid = {
	0x9f543223, 0xcede, 0x4fa3, { 0xb3, 0x76, 0xa2, 0x5c, 0xe9, 0xa3, 0x0e, 0x74 }
};
static HDEVINFO set;
static SP_DEVINFO_DATA device = { .cbSize = sizeof(device) };

/* FUNCTION gives its error. Until no allocation is left that could fail. */
static void exhaust(const char *name, DWORD (*function)(void), DWORD error)
{
	int failures = 0;

	for (int mode = 0; mode < 2; mode++) {
		hit = true;
		for (int most = 0; hit; most++) {
			DWORD got;

			hit = false;
			once = mode;
			left = most;
			got = function();
			left = -1;
			failures += hit;
			if (got && (got != error || !hit)) {
				tap_fail(__FILE__, __LINE__, "%s, %s after %d: %u", name,
					 mode ? "one" : "all", most, got);
				return;
			}
		}
	}
	if (!failures)
		tap_fail(__FILE__, __LINE__, "%s allocates nothing", name);
}

#define EXHAUST(function, error) exhaust(#function, function, error)

static DWORD last_error(BOOL ok)
{
	return ok ? 0 : GetLastError();
}

static DWORD class_devs(void)
{
	HDEVINFO made = SetupDiGetClassDevsW(&guid, L"USB", NULL,
					     DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	SP_DEVICE_INTERFACE_DATA data = { .cbSize = sizeof(data) };
	DWORD error = 0;

	if (made == INVALID_HANDLE_VALUE)
		return GetLastError();
	if (!SetupDiEnumDeviceInterfaces(made, NULL, &guid, 1, &data))
		error = GetLastError();
	SetupDiDestroyDeviceInfoList(made);
	return error;
}

static DWORD property(DWORD code)
{
	BYTE buffer[400];

	return last_error(SetupDiGetDeviceRegistryPropertyW(set, &device, code, NULL, buffer,
							    sizeof(buffer), NULL));
}

static DWORD hardware_ids(void)
{
	return property(SPDRP_HARDWAREID);
}

static DWORD friendly_name(void)
{
	return property(SPDRP_FRIENDLYNAME);
}

static DWORD location_paths(void)
{
	return property(SPDRP_LOCATION_PATHS);
}

static DWORD interface_opened(void)
{
	HDEVINFO made = SetupDiCreateDeviceInfoList(NULL, NULL);
	DWORD error;

	if (made == INVALID_HANDLE_VALUE)
		return GetLastError();
	error = last_error(SetupDiOpenDeviceInterfaceW(made, L"" FX2_PATH, 0, NULL));
	SetupDiDestroyDeviceInfoList(made);
	return error;
}

static DWORD device_opened(void)
{
	HDEVINFO made = SetupDiCreateDeviceInfoList(NULL, NULL);
	DWORD error;

	if (made == INVALID_HANDLE_VALUE)
		return GetLastError();
	error = last_error(SetupDiOpenDeviceInfoW(made, L"" FX2_ID, NULL, 0, NULL));
	SetupDiDestroyDeviceInfoList(made);
	return error;
}

static DWORD key_read(void)
{
	HKEY key = SetupDiOpenDevRegKey(set, &device, DICS_FLAG_GLOBAL, 0, DIREG_DEV, KEY_READ);
	BYTE buffer[400];
	DWORD size = sizeof(buffer);
	LONG error;

	if (key == INVALID_HANDLE_VALUE)
		return GetLastError();
	error = RegQueryValueExW(key, L"DeviceInterfaceGUIDs", NULL, NULL, buffer, &size);
	RegCloseKey(key);
	return error;
}

static CONFIGRET id_list(void)
{
	WCHAR ids[1000];
	CONFIGRET ret = CM_Get_Device_ID_ListW(L"USB", ids, 1000, CM_GETIDLIST_FILTER_ENUMERATOR);
	unsigned int count = 0;

	for (WCHAR *id = ids; !ret && *id; id += wcslen(id) + 1)
		count++;
	return ret ? ret : count == 8 ? 0 : CR_FAILURE;
}

static CONFIGRET interface_list(void)
{
	WCHAR paths[1000];

	CONFIGRET ret = CM_Get_Device_Interface_ListW(&guid, (WCHAR *)L"" FX2_ID, paths, 1000, 0);

	return ret ? ret : wcslen(paths) == strlen(FX2_PATH) ? 0 : CR_FAILURE;
}

static CONFIGRET located(void)
{
	DEVINST devinst;

	return CM_Locate_DevNodeW(&devinst, (WCHAR *)L"" FX2_ID, 0);
}

static DWORD opened(void)
{
	HANDLE file = CreateFileW(L"" FX2_PATH, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ,
				  NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);

	/* There is no device behind the node. */
	if (file != INVALID_HANDLE_VALUE)
		CloseHandle(file);
	return file != INVALID_HANDLE_VALUE || GetLastError() == ERROR_FILE_NOT_FOUND ? 0 :
	       GetLastError();
}

static DWORD message(DWORD flags)
{
	WCHAR text[300], *made = NULL;
	DWORD length;

	length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | flags, NULL, ERROR_INVALID_HANDLE, 0,
				flags & FORMAT_MESSAGE_ALLOCATE_BUFFER ? (LPWSTR)&made : text, 300,
				NULL);
	LocalFree(made);
	return length ? 0 : GetLastError();
}

static DWORD registered(void)
{
	CM_NOTIFY_FILTER filter = {
		.cbSize = sizeof(filter), .FilterType = CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE,
		.u.DeviceInterface.ClassGuid = guid,
	};
	HCMNOTIFICATION handle;
	CONFIGRET ret = CM_Register_Notification(&filter, NULL, (PCM_NOTIFY_CALLBACK)abort,
						 &handle);

	if (!ret)
		CM_Unregister_Notification(handle);
	return ret;
}

static DWORD message_copied(void)
{
	return message(0);
}

static DWORD message_allocated(void)
{
	return message(FORMAT_MESSAGE_ALLOCATE_BUFFER);
}

TEST(devices)
{
	fake_begin();
	fake_machine();
	set = SetupDiGetClassDevsA(&guid, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
	CHECK(SetupDiEnumDeviceInfo(set, 0, &device));
	EXHAUST(class_devs, ERROR_NOT_ENOUGH_MEMORY);
	EXHAUST(hardware_ids, ERROR_NOT_ENOUGH_MEMORY);
	EXHAUST(friendly_name, ERROR_NOT_ENOUGH_MEMORY);
	EXHAUST(location_paths, ERROR_NOT_ENOUGH_MEMORY);
	EXHAUST(interface_opened, ERROR_NOT_ENOUGH_MEMORY);
	EXHAUST(device_opened, ERROR_NOT_ENOUGH_MEMORY);
	EXHAUST(key_read, ERROR_NOT_ENOUGH_MEMORY);
	SetupDiDestroyDeviceInfoList(set);
	fake_end();
}

TEST(configuration_manager)
{
	fake_begin();
	fake_machine();
	EXHAUST(id_list, CR_OUT_OF_MEMORY);
	EXHAUST(interface_list, CR_OUT_OF_MEMORY);
	EXHAUST(located, CR_OUT_OF_MEMORY);
	EXHAUST(registered, CR_OUT_OF_MEMORY);
	fake_end();
}

static DWORD CALLBACK tell(HCMNOTIFICATION handle, PVOID context, CM_NOTIFY_ACTION action,
			   PCM_NOTIFY_EVENT_DATA data, DWORD size)
{
	(void)handle;
	(void)data;
	(void)size;
	if (action == CM_NOTIFY_ACTION_DEVICEINTERFACEREMOVAL)
		SetEvent(context);
	return ERROR_SUCCESS;
}

/* The thread that calls back has none for a while: it tells later. */
TEST(notification)
{
	CM_NOTIFY_FILTER filter = {
		.cbSize = sizeof(filter), .FilterType = CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE,
		.u.DeviceInterface.ClassGuid = guid,
	};
	HANDLE told = CreateEventA(NULL, FALSE, FALSE, NULL);
	struct monitor *monitor = monitor_open();
	HCMNOTIFICATION handle;

	if (!monitor) {
		tap_skip("no device events here");
		return;
	}
	monitor_close(monitor);
	fake_begin();
	fake_machine();
	here = pthread_self();
	for (int failures = 1; failures < 30; failures += 7) {
		fake_file("1", "class/winusb/1-1:1.0/interface_enabled");
		CHECK_EQ(CM_Register_Notification(&filter, told, tell, &handle), CR_SUCCESS);
		fake_file("0", "class/winusb/1-1:1.0/interface_enabled");
		InterlockedExchange(&elsewhere, failures);
		notify_look();
		CHECK_EQ(WaitForSingleObject(told, 20000), WAIT_OBJECT_0);
		InterlockedExchange(&elsewhere, 0);
		CHECK_EQ(CM_Unregister_Notification(handle), CR_SUCCESS);
	}
	CloseHandle(told);
	fake_end();
}

TEST(files_and_messages)
{
	fake_begin();
	fake_machine();
	EXHAUST(opened, ERROR_NOT_ENOUGH_MEMORY);
	EXHAUST(message_copied, ERROR_NOT_ENOUGH_MEMORY);
	EXHAUST(message_allocated, ERROR_NOT_ENOUGH_MEMORY);
	fake_end();
}
#endif
