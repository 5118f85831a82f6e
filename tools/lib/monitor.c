// SPDX-License-Identifier: MIT
/*
 * Device events of udev through libudev, which is loaded when it is needed (a program that asks for
 * no notifications does without it), or of the kernel through netlink.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor.h"

/* Room for the events of some hundred devices that come at once; when it is full, we look again. */
#define SOCKET_BYTES	(1024 * 1024)
#define KERNEL_GROUP	1

struct udev;
struct udev_device;
struct udev_monitor;

/* What we need of libudev. */
static struct {
	struct udev *(*new)(void);
	struct udev *(*unref)(struct udev *udev);
	struct udev_monitor *(*monitor_new)(struct udev *udev, const char *name);
	struct udev_monitor *(*monitor_unref)(struct udev_monitor *monitor);
	int (*monitor_match)(struct udev_monitor *monitor, const char *subsystem, const char *type);
	int (*monitor_enable)(struct udev_monitor *monitor);
	int (*monitor_fd)(struct udev_monitor *monitor);
	struct udev_device *(*monitor_receive)(struct udev_monitor *monitor);
	struct udev_device *(*device_new)(struct udev *udev, const char *subsystem,
					  const char *name);
	int (*device_is_initialized)(struct udev_device *device);
	struct udev_device *(*device_unref)(struct udev_device *device);
} udev;

static const struct {
	const char *name;
	void *function;
} udev_symbols[] = {
	{ "udev_new", &udev.new },
	{ "udev_unref", &udev.unref },
	{ "udev_monitor_new_from_netlink", &udev.monitor_new },
	{ "udev_monitor_unref", &udev.monitor_unref },
	{ "udev_monitor_filter_add_match_subsystem_devtype", &udev.monitor_match },
	{ "udev_monitor_enable_receiving", &udev.monitor_enable },
	{ "udev_monitor_get_fd", &udev.monitor_fd },
	{ "udev_monitor_receive_device", &udev.monitor_receive },
	{ "udev_device_new_from_subsystem_sysname", &udev.device_new },
	{ "udev_device_get_is_initialized", &udev.device_is_initialized },
	{ "udev_device_unref", &udev.device_unref },
};

struct monitor {
	struct udev *udev;		/* NULL: the kernel's events */
	struct udev_monitor *events;
	int fd;
};

/* Called by one thread at a time. It stays loaded. */
static bool udev_load(void)
{
	static bool tried, there;
	void *library;

	if (tried)
		return there;
	tried = true;
	library = dlopen("libudev.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return false;
	for (size_t i = 0; i < sizeof(udev_symbols) / sizeof(udev_symbols[0]); i++) {
		void *symbol = dlsym(library, udev_symbols[i].name);

		if (!symbol)
			return false;
		memcpy(udev_symbols[i].function, &symbol, sizeof(symbol));
	}
	there = true;
	return true;
}

static bool udev_open(struct monitor *monitor)
{
	if (access("/run/udev/control", F_OK) || !udev_load())
		return false;
	monitor->udev = udev.new();
	if (monitor->udev)
		monitor->events = udev.monitor_new(monitor->udev, "udev");
	if (monitor->events && udev.monitor_match(monitor->events, "winusb", NULL) >= 0 &&
	    udev.monitor_match(monitor->events, "usb", NULL) >= 0 &&
	    udev.monitor_enable(monitor->events) >= 0) {
		monitor->fd = udev.monitor_fd(monitor->events);
		return true;
	}
	if (monitor->events)
		udev.monitor_unref(monitor->events);
	if (monitor->udev)
		udev.unref(monitor->udev);
	monitor->udev = NULL;
	return false;
}

static bool kernel_open(struct monitor *monitor)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
	int bytes = SOCKET_BYTES;
	int error;

	monitor->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			     NETLINK_KOBJECT_UEVENT);
	if (monitor->fd < 0)
		return false;
	/* Only root gets all of it. */
	if (setsockopt(monitor->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(monitor->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (!bind(monitor->fd, (struct sockaddr *)&address, sizeof(address)))
		return true;
	error = errno;
	close(monitor->fd);
	errno = error;
	return false;
}

struct monitor *monitor_open(void)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));

	if (!monitor)
		return NULL;
	if (udev_open(monitor) || kernel_open(monitor))
		return monitor;
	free(monitor);
	return NULL;
}

void monitor_close(struct monitor *monitor)
{
	if (!monitor)
		return;
	if (monitor->udev) {
		udev.monitor_unref(monitor->events);
		udev.unref(monitor->udev);
	} else {
		close(monitor->fd);
	}
	free(monitor);
}

int monitor_fd(const struct monitor *monitor)
{
	return monitor->fd;
}

/* libudev has filtered; only that there was one counts. */
static bool udev_take(struct monitor *monitor)
{
	struct udev_device *device;
	bool any = false;

	do {
		errno = 0;
		device = udev.monitor_receive(monitor->events);
		any |= device || errno == ENOBUFS;
		if (device)
			udev.device_unref(device);
	} while (device || errno == EINTR || errno == ENOBUFS);
	return any;
}

/* "add@/devices/...", then lines that end with zeros. */
static bool is_about_usb(const char *message, size_t length)
{
	for (const char *line = message, *end = message + length; line < end;
	     line += strnlen(line, end - line) + 1)
		if (!strcmp(line, "SUBSYSTEM=usb") || !strcmp(line, "SUBSYSTEM=winusb"))
			return true;
	return false;
}

static bool kernel_take(struct monitor *monitor)
{
	struct sockaddr_nl sender;
	bool any = false;
	char message[8193];

	for (;;) {
		socklen_t size = sizeof(sender);
		ssize_t length = recvfrom(monitor->fd, message, sizeof(message) - 1, 0,
					  (struct sockaddr *)&sender, &size);

		if (length < 0 && errno == ENOBUFS) {
			any = true;
			continue;
		}
		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return any;
		message[length] = 0;
		/* Not from another program. */
		if (size == sizeof(sender) && !sender.nl_pid)
			any |= is_about_usb(message, length);
	}
}

bool monitor_take(struct monitor *monitor)
{
	return monitor->udev ? udev_take(monitor) : kernel_take(monitor);
}

bool monitor_is_ready(const struct monitor *monitor, const char *subsystem, const char *name)
{
	struct udev_device *device;
	struct udev *context;
	bool ready = true;

	if (!monitor->udev)
		return true;
	context = udev.new();
	device = context ? udev.device_new(context, subsystem, name) : NULL;
	if (device) {
		ready = udev.device_is_initialized(device) > 0;
		udev.device_unref(device);
	}
	if (context)
		udev.unref(context);
	return ready;
}
