// SPDX-License-Identifier: MIT
/* CM_Register_Notification against a sysfs of our own; a look stands for an event. */
#define WINUSB_W32_LIBC_STDIO
#include <windows.h>
#include <cfgmgr32.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "fake_sysfs.h"
#include "monitor.h"
#include "notify.h"
#include "tap.h"
#include "wide.h"

static const GUID guid_1 = {
	0x9f543223, 0xcede, 0x4fa3, { 0xb3, 0x76, 0xa2, 0x5c, 0xe9, 0xa3, 0x0e, 0x74 }
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

/* What was told. */
struct told {
	CM_NOTIFY_ACTION actions[32];
	char texts[32][300];
	unsigned int count;
	HCMNOTIFICATION handle;
	bool unregister;	/* from the callback */
	bool slow;		/* the callback goes on until ENDING, and a bit */
	atomic_bool ending;
	bool inside;
	CONFIGRET ret;
};

static DWORD CALLBACK tell(HCMNOTIFICATION handle, PVOID context, CM_NOTIFY_ACTION action,
			   PCM_NOTIFY_EVENT_DATA data, DWORD size)
{
	struct told *told = context;
	const WCHAR *wide = NULL;
	char *text;

	if (data->FilterType == CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE)
		wide = data->u.DeviceInterface.SymbolicLink;
	else if (data->FilterType == CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE)
		wide = data->u.DeviceInstance.InstanceId;
	text = wide ? utf8_of_wide(wide) : NULL;
	if (text && (const char *)(wide + strlen(text) + 1) > (const char *)data + size)
		abort();
	if (told->unregister)
		told->ret = CM_Unregister_Notification(handle);
	pthread_mutex_lock(&lock);
	if (told->count < 32) {
		told->actions[told->count] = action;
		snprintf(told->texts[told->count], sizeof(told->texts[0]), "%s", text ? text : "");
		told->count++;
	}
	told->handle = handle;
	told->inside = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	free(text);
	while (told->slow && !atomic_load(&told->ending))
		sched_yield();
	if (told->slow)
		nanosleep(&(struct timespec) { .tv_nsec = 50000000 }, NULL);
	pthread_mutex_lock(&lock);
	told->inside = false;
	pthread_mutex_unlock(&lock);
	return ERROR_SUCCESS;
}

/* Looks, and waits until that many things were told; then for a moment, whether it gets more. */
static bool look_and_wait(struct told *told, unsigned int count)
{
	struct timespec end;
	bool ok = true;

	notify_look();
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 5;
	pthread_mutex_lock(&lock);
	while (told->count < count && ok)
		ok = !pthread_cond_timedwait(&changed, &lock, &end);
	pthread_mutex_unlock(&lock);
	nanosleep(&(struct timespec) { .tv_nsec = 20000000 }, NULL);
	pthread_mutex_lock(&lock);
	ok = told->count == count;
	pthread_mutex_unlock(&lock);
	return ok;
}

static CM_NOTIFY_FILTER filter_of(CM_NOTIFY_FILTER_TYPE type, DWORD flags)
{
	CM_NOTIFY_FILTER filter = {
		.cbSize = sizeof(filter), .FilterType = type, .Flags = flags,
	};

	if (type == CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE && !flags)
		filter.u.DeviceInterface.ClassGuid = guid_1;
	return filter;
}

static bool can_monitor(void)
{
	struct monitor *monitor = monitor_open();

	if (!monitor)
		tap_skip("no device events here");
	monitor_close(monitor);
	return monitor;
}

TEST(arguments)
{
	CM_NOTIFY_FILTER filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE, 0);
	HCMNOTIFICATION handle = (HCMNOTIFICATION)1;
	struct told told = { 0 };

	CHECK_EQ(CM_Register_Notification(NULL, &told, tell, &handle), CR_INVALID_DATA);
	CHECK_EQ(CM_Register_Notification(&filter, &told, NULL, &handle), CR_INVALID_DATA);
	CHECK_EQ(CM_Register_Notification(&filter, &told, tell, NULL), CR_FAILURE);
	filter.Flags = CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES;
	CHECK_EQ(CM_Register_Notification(&filter, &told, tell, &handle), CR_INVALID_DATA);
	filter.Flags = 0;
	filter.cbSize--;
	CHECK_EQ(CM_Register_Notification(&filter, &told, tell, &handle), CR_INVALID_DATA);
	CHECK(!handle);
	filter.cbSize++;
	filter.FilterType = CM_NOTIFY_FILTER_TYPE_MAX;
	CHECK_EQ(CM_Register_Notification(&filter, &told, tell, &handle), CR_INVALID_DATA);
	filter.FilterType = CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE;
	filter.Flags = 8;
	CHECK_EQ(CM_Register_Notification(&filter, &told, tell, &handle), CR_INVALID_FLAG);
	filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE, 0);
	CHECK_EQ(CM_Register_Notification(&filter, &told, tell, &handle), CR_INVALID_DATA);
	CHECK_EQ(CM_Unregister_Notification(NULL), CR_INVALID_DATA);
	CHECK_EQ(CM_Unregister_Notification((HCMNOTIFICATION)4711), CR_INVALID_DATA);
}

TEST(interfaces)
{
	CM_NOTIFY_FILTER filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE, 0);
	struct told told = { 0 }, all = { 0 };
	HCMNOTIFICATION handle, handle_all;

	if (!can_monitor())
		return;
	fake_begin();
	fake_machine();
	CHECK_EQ(CM_Register_Notification(&filter, &told, tell, &handle), CR_SUCCESS);
	filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE,
			   CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES);
	CHECK_EQ(CM_Register_Notification(&filter, &all, tell, &handle_all), CR_SUCCESS);
	CHECK(look_and_wait(&told, 0));

	/* Disabled: its two GUIDs leave. Enabled: they come. */
	fake_file("0", "class/winusb/1-1:1.0/interface_enabled");
	CHECK(look_and_wait(&told, 1));
	CHECK_EQ(told.actions[0], CM_NOTIFY_ACTION_DEVICEINTERFACEREMOVAL);
	CHECK_STR(told.texts[0], "\\\\?\\USB#VID_0547&PID_1002#Ab_12#" FAKE_GUID_1);
	CHECK(told.handle == handle);
	CHECK(look_and_wait(&all, 2));
	fake_file("1", "class/winusb/1-1:1.0/interface_enabled");
	CHECK(look_and_wait(&told, 2));
	CHECK_EQ(told.actions[1], CM_NOTIFY_ACTION_DEVICEINTERFACEARRIVAL);
	CHECK(look_and_wait(&all, 4));

	/* Plugged again between two looks: gone, and there. */
	fake_file("77", "bus/usb/devices/1-1/devnum");
	CHECK(look_and_wait(&told, 4));
	CHECK_EQ(told.actions[2], CM_NOTIFY_ACTION_DEVICEINTERFACEREMOVAL);
	CHECK_EQ(told.actions[3], CM_NOTIFY_ACTION_DEVICEINTERFACEARRIVAL);
	CHECK(look_and_wait(&all, 10));

	CHECK_EQ(CM_Unregister_Notification(handle), CR_SUCCESS);
	CHECK_EQ(CM_Unregister_Notification(handle), CR_INVALID_DATA);
	fake_link("nothing", "bus/usb/devices/1-1");
	CHECK(look_and_wait(&all, 13));
	CHECK_EQ(told.count, 4);
	CHECK_EQ(CM_Unregister_Notification(handle_all), CR_SUCCESS);
	fake_end();
}

/* The second of two that have one serial number keeps its path when the first leaves. */
TEST(names)
{
	CM_NOTIFY_FILTER filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE,
					    CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES);
	struct device_list *list;
	struct told told = { 0 };
	HCMNOTIFICATION handle;
	char path[300];

	if (!can_monitor())
		return;
	fake_begin();
	fake_device(FAKE_BUS, 0x1d6b, 2, 9, NULL);
	fake_device(FAKE_BUS "/1-1", 1, 2, 0xff, "same");
	fake_device(FAKE_BUS "/1-2", 1, 2, 0xff, "same");
	list = device_list_load();
	strcpy(path, list->interfaces[2].link);
	device_list_put(list);
	CHECK_EQ(CM_Register_Notification(&filter, &told, tell, &handle), CR_SUCCESS);
	fake_link("nothing", "bus/usb/devices/1-1");
	CHECK(look_and_wait(&told, 1));
	fake_link("nothing", "bus/usb/devices/1-2");
	CHECK(look_and_wait(&told, 2));
	CHECK_STR(told.texts[1], path);
	CHECK_EQ(CM_Unregister_Notification(handle), CR_SUCCESS);
	fake_end();
}

TEST(instances)
{
	CM_NOTIFY_FILTER filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE, 0);
	struct told told = { 0 };
	HCMNOTIFICATION handle;

	if (!can_monitor())
		return;
	fake_begin();
	fake_machine();
	wide_from_utf8("usb\\vid_0547&pid_1002\\ab_12", 28, filter.u.DeviceInstance.InstanceId, 100,
		       NULL);
	CHECK_EQ(CM_Register_Notification(&filter, &told, tell, &handle), CR_SUCCESS);
	fake_link("nothing", "bus/usb/devices/1-3");
	CHECK(look_and_wait(&told, 0));
	fake_link("nothing", "bus/usb/devices/1-1");
	CHECK(look_and_wait(&told, 1));
	CHECK_EQ(told.actions[0], CM_NOTIFY_ACTION_DEVICEINSTANCEREMOVED);
	CHECK_STR(told.texts[0], "USB\\VID_0547&PID_1002\\AB_12");
	fake_link("devices/" FAKE_BUS "/1-1", "bus/usb/devices/1-1");
	CHECK(look_and_wait(&told, 3));
	CHECK_EQ(told.actions[1], CM_NOTIFY_ACTION_DEVICEINSTANCEENUMERATED);
	CHECK_EQ(told.actions[2], CM_NOTIFY_ACTION_DEVICEINSTANCESTARTED);
	CHECK_EQ(CM_Unregister_Notification(handle), CR_SUCCESS);
	fake_end();
}

/* From the callback; and from elsewhere while it runs, which waits for it. */
TEST(unregister)
{
	CM_NOTIFY_FILTER filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE,
					    CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES);
	struct told told = { .unregister = true, .ret = ~0u };
	HCMNOTIFICATION handle;

	if (!can_monitor())
		return;
	fake_begin();
	fake_machine();
	CHECK_EQ(CM_Register_Notification(&filter, &told, tell, &handle), CR_SUCCESS);
	fake_link("nothing", "bus/usb/devices/1-1");
	CHECK(look_and_wait(&told, 1));		/* of three */
	CHECK_EQ(told.ret, CR_SUCCESS);
	CHECK_EQ(CM_Unregister_Notification(handle), CR_INVALID_DATA);

	for (int i = 0; i < 5; i++) {
		struct told slow = { .slow = true };
		unsigned int count;

		fake_link(i % 2 ? "nothing" : "devices/" FAKE_BUS "/1-1", "bus/usb/devices/1-1");
		CHECK_EQ(CM_Register_Notification(&filter, &slow, tell, &handle), CR_SUCCESS);
		fake_link(i % 2 ? "devices/" FAKE_BUS "/1-1" : "nothing", "bus/usb/devices/1-1");
		CHECK(look_and_wait(&slow, 1));
		atomic_store(&slow.ending, true);
		CHECK_EQ(CM_Unregister_Notification(handle), CR_SUCCESS);
		CHECK(!slow.inside);
		count = slow.count;
		Sleep(60);
		CHECK_EQ(slow.count, count);
	}
	fake_end();
}

static struct told crowd[4][40];

static void *churn(void *mine)
{
	CM_NOTIFY_FILTER filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE,
					    CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES);
	struct told *told = mine;

	for (int i = 0; i < 40; i++, told++) {
		HCMNOTIFICATION handle;

		told->unregister = i % 3 == 0;
		if (CM_Register_Notification(&filter, told, tell, &handle))
			abort();
		notify_look();
		if (i % 2)
			sched_yield();
		/* Its callback may have done that, or do it now. */
		if (CM_Unregister_Notification(handle) && !told->unregister)
			abort();
	}
	return NULL;
}

/* Several threads register and unregister while devices come and go. */
TEST(crowd)
{
	pthread_t threads[4];

	if (!can_monitor())
		return;
	fake_begin();
	fake_machine();
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, churn, crowd[i]);
	for (int i = 0; i < 50; i++) {
		fake_file(i % 2 ? "1" : "0", "class/winusb/1-1:1.0/interface_enabled");
		notify_look();
		nanosleep(&(struct timespec) { .tv_nsec = 1000000 }, NULL);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	fake_end();
}

/* A callback that has unregistered itself, and waits for another thread. */
static struct {
	bool inside, released, ended;
} held;

static DWORD CALLBACK hold(HCMNOTIFICATION handle, PVOID context, CM_NOTIFY_ACTION action,
			   PCM_NOTIFY_EVENT_DATA data, DWORD size)
{
	(void)context;
	(void)action;
	(void)data;
	(void)size;
	CM_Unregister_Notification(handle);
	pthread_mutex_lock(&lock);
	held.inside = true;
	pthread_cond_broadcast(&changed);
	while (!held.released)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	return ERROR_SUCCESS;
}

static void *unregister_other(void *handle)
{
	CM_Unregister_Notification(handle);
	pthread_mutex_lock(&lock);
	held.ended = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static bool held_wait(const bool *what)
{
	struct timespec end;
	bool ok = true;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 3;
	pthread_mutex_lock(&lock);
	while (!*what && ok)
		ok = !pthread_cond_timedwait(&changed, &lock, &end);
	pthread_mutex_unlock(&lock);
	return ok;
}

/* Only a registration's own callback is waited for, also by the last one to go. */
TEST(callback_of_another)
{
	CM_NOTIFY_FILTER filter = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE, 0);
	CM_NOTIFY_FILTER quiet = filter_of(CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE, 0);
	HCMNOTIFICATION handle, other;
	struct told told = { 0 };
	pthread_t thread;

	if (!can_monitor())
		return;
	fake_begin();
	fake_machine();
	CHECK_EQ(CM_Register_Notification(&filter, NULL, hold, &handle), CR_SUCCESS);
	CHECK_EQ(CM_Register_Notification(&quiet, &told, tell, &other), CR_SUCCESS);
	fake_file("0", "class/winusb/1-1:1.0/interface_enabled");
	notify_look();
	CHECK(held_wait(&held.inside));
	pthread_create(&thread, NULL, unregister_other, other);
	CHECK(held_wait(&held.ended));
	pthread_mutex_lock(&lock);
	held.released = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);

	/* The thread that goes on after that is as good as a new one. */
	CHECK_EQ(CM_Register_Notification(&filter, &told, tell, &handle), CR_SUCCESS);
	fake_file("1", "class/winusb/1-1:1.0/interface_enabled");
	CHECK(look_and_wait(&told, 1));
	CHECK_EQ(CM_Unregister_Notification(handle), CR_SUCCESS);
	fake_end();
}
