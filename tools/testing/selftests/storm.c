// SPDX-License-Identifier: MIT
/*
 * What goes on during a storm. Everything here may find that the board has just left; what the
 * contract does not allow then fails the test.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>

#include "node.h"
#include "storm.h"
#include "sysfs.h"
#include "test.h"

#define CLASS "/sys/class/winusb"
#define DRIVER "/sys/bus/usb/drivers/winusb"
#define AUTOBIND "/sys/module/winusb/parameters/autobind"

static void count(unsigned long long *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static unsigned int roll(unsigned int *seed, unsigned int n)
{
	return (unsigned int)rand_r(seed) % n;
}

static void check_allowed(int result, const char *what, const int *allowed)
{
	if (result >= 0)
		return;
	for (; *allowed; allowed++)
		if (result == -*allowed)
			return;
	FAIL("%s: %s", what, test_errno(result));
}

/* One of the names in a folder, or false if there is none. */
static bool any_name(const char *folder, char *name, size_t size, unsigned int *seed)
{
	struct dirent *entry;
	unsigned int n = 0;
	DIR *dir = opendir(folder);

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && roll(seed, ++n) == 0)
			snprintf(name, size, "%.63s", entry->d_name);
	if (dir)
		closedir(dir);
	if (!n)
		test_sleep_ms(10);
	return n > 0;
}

/* Users */

static const int transfer_errors[] = {
	ESHUTDOWN, ENODEV, EPROTO, EILSEQ, EPIPE, EIO, ETIMEDOUT, ECONNRESET, EOVERFLOW, 0
};

static void use_pipe(struct storm *storm, int fd, uint32_t handle, uint8_t pipe, unsigned int *seed)
{
	static uint8_t buffer[4096];
	uint32_t moved = 0, length = roll(seed, 2) ? 512 : 1 + roll(seed, sizeof(buffer));
	int result;

	result = node_timeout(fd, handle, pipe, 20 + roll(seed, 100));
	check_allowed(result, "a policy", (const int []){ ENODEV, 0 });
	result = node_transfer(fd, handle, pipe, buffer, length, &moved);
	check_allowed(result, "a transfer", transfer_errors);
	if (moved > length)
		FAIL("%u of %u bytes moved", moved, length);
	count(&storm->transfers);
	__atomic_add_fetch(&storm->moved, moved, __ATOMIC_RELAXED);
}

/* The pipes of a handle in turn, until one is not there any more. */
static void use_handle(struct storm *storm, int fd, uint32_t handle, unsigned int *seed)
{
	struct winusb_query_pipe pipe;
	unsigned int i;

	for (i = 0; i < 4 && !node_query_pipe(fd, handle, 0, i, &pipe); i++)
		if (pipe.out_type == WINUSB_PIPE_BULK)
			use_pipe(storm, fd, handle, pipe.out_pipe_id, seed);
}

void storm_use(struct storm *storm, unsigned int *seed)
{
	unsigned int rounds = roll(seed, 10), i;
	uint32_t handle, next;
	char name[64];
	int fd, result;

	if (!any_name("/dev/winusb", name, sizeof(name), seed))
		return;
	fd = node_open(name, O_RDWR);
	if (fd < 0) {
		/* Somebody else has it; it is leaving; it has left. */
		check_allowed(fd, "open", (const int []){ EBUSY, ENODEV, ENXIO, ENOENT, 0 });
		count(&storm->refused[-fd % STORM_ERRORS]);
		test_sleep_ms(1);
		return;
	}
	count(&storm->opens);
	result = node_initialize(fd, &handle);
	check_allowed(result, "initialize", (const int []){ ENODEV, ENOENT, EBUSY, EIO, 0 });
	for (i = 0; !result && i < rounds; i++) {
		use_handle(storm, fd, handle, seed);
		if (!node_associated(fd, handle, roll(seed, 3), &next))
			use_handle(storm, fd, next, seed);
	}
	close(fd);
}

/* Listeners */

void storm_listen(struct storm *storm, unsigned int *seed)
{
	uint64_t end = test_now_ms() + roll(seed, 1000);
	struct winusb_event event;
	struct pollfd poll_fd;
	char name[64];
	ssize_t n;

	if (!any_name("/dev/winusb", name, sizeof(name), seed))
		return;
	poll_fd.fd = node_open(name, O_RDONLY | O_NONBLOCK);
	poll_fd.events = POLLIN;
	if (poll_fd.fd < 0) {
		check_allowed(poll_fd.fd, "open", (const int []){ ENODEV, ENXIO, ENOENT, 0 });
		return;
	}
	count(&storm->listens);
	while (test_now_ms() < end) {
		poll(&poll_fd, 1, 50);
		n = read(poll_fd.fd, &event, sizeof(event));
		if (n == sizeof(event)) {
			count(&storm->events_read);
			if (event.type == WINUSB_EVENT_REMOVED)
				break;
		} else if (n >= 0 || errno != EAGAIN) {
			/* The last event was read, and that it is the last one was not. */
			if (n < 0)
				check_allowed(-errno, "an event", (const int []){ ENODEV, 0 });
			break;
		}
	}
	close(poll_fd.fd);
}

/* Those who look into sysfs, and write there */

static const int gone[] = { ENOENT, ENODEV, 0 };

static void read_folder(struct storm *storm, const char *folder)
{
	char path[400], text[4097];
	struct dirent *entry;
	DIR *dir = opendir(folder);
	int result;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_type != DT_REG)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		result = file_read(path, text, sizeof(text));
		check_allowed(result, path, gone);
		count(&storm->reads);
	}
	if (dir)
		closedir(dir);
}

/* Up to eight GUIDs, and after a while the firmware's again. */
static void write_guids(struct storm *storm, const char *folder, unsigned int *seed)
{
	char path[160], text[8 * (LEDGER_GUID + 1)];
	unsigned int n = 1 + roll(seed, 8), i;
	size_t length = 0;

	snprintf(path, sizeof(path), "%s/interface_guids", folder);
	for (i = 0; i < n; i++) {
		ledger_guid(text + length, LEDGER_WRITTEN, i, roll(seed, 1000));
		length += strlen(text + length);
		text[length++] = '\n';
	}
	text[length] = 0;
	/* Interfaces that are not the first of their function have none. */
	check_allowed(file_write(path, text), "GUIDs", (const int []){ ENOENT, ENODEV, EINVAL, 0 });
	test_sleep_ms(roll(seed, 5));
	check_allowed(file_write(path, "\n"), "no GUIDs",
		      (const int []){ ENOENT, ENODEV, EINVAL, 0 });
	text[5] = '?';
	if (file_write(path, text) >= 0)
		FAIL("%s took %s", path, text);
	count(&storm->writes);
}

static void write_uevent(struct storm *storm, const char *folder, unsigned int *seed)
{
	static const char *const texts[] = {
		"change", "add", "change 5ca1ab1e-0000-4000-8000-0123456789ab STORM=1",
	};
	char path[160];

	snprintf(path, sizeof(path), "%s/uevent", folder);
	check_allowed(file_write(path, texts[roll(seed, ARRAY_SIZE(texts))]), path, gone);
	count(&storm->writes);
}

/* Out and in again, if this driver can do that. */
static void disable(struct storm *storm, const char *folder, unsigned int *seed)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/interface_enabled", folder);
	check_allowed(file_write(path, "0"), path, gone);
	test_sleep_ms(roll(seed, 5));
	check_allowed(file_write(path, "1"), path, gone);
	count(&storm->writes);
}

void storm_look(struct storm *storm, unsigned int *seed)
{
	char name[64], folder[128], properties[160];

	if (!any_name(CLASS, name, sizeof(name), seed))
		return;
	snprintf(folder, sizeof(folder), CLASS "/%s", name);
	snprintf(properties, sizeof(properties), "%s/properties", folder);
	switch (roll(seed, 8)) {
	case 0:
		write_guids(storm, folder, seed);
		break;
	case 1:
		write_uevent(storm, folder, seed);
		break;
	case 2:
		disable(storm, folder, seed);
		break;
	case 3:
		read_folder(storm, folder);
		break;
	default:
		read_folder(storm, properties);
	}
	test_sleep_ms(roll(seed, 4));
}

/* The administrator */

static void autobind(struct storm *storm, const char *mode)
{
	CHECK_OK(file_write(AUTOBIND, mode));
	count(&storm->switches);
}

static void give_property(unsigned int *seed)
{
	char line[256], guid[LEDGER_GUID], file[4097];
	const char *number = roll(seed, 2) ? "00" : "*";

	switch (roll(seed, 5)) {
	case 0:
		ledger_guid(guid, LEDGER_ADMIN, 0, roll(seed, 1000));
		snprintf(line, sizeof(line), "1209 " STORM_GIVEN " %s REG_MULTI_SZ "
			 "DeviceInterfaceGUIDs %s", number, guid);
		break;
	case 1:
		snprintf(line, sizeof(line), "1209 000%u %s REG_DWORD Number%u %u",
			 3 + roll(seed, 2), number, roll(seed, 4), roll(seed, 1000));
		break;
	case 2:
		snprintf(line, sizeof(line), "1209 000%u %s REG_SZ Label%u Weather %u",
			 3 + roll(seed, 2), number, roll(seed, 4), roll(seed, 1000));
		break;
	case 3:
		snprintf(line, sizeof(line), "1209 0001 %s REG_BINARY Bytes%u 00ff%02x", number,
			 roll(seed, 4), roll(seed, 256));
		break;
	default:
		CHECK_OK(file_read(DRIVER "/function_property", file, sizeof(file)));
		return;
	}
	CHECK_OK(file_write(DRIVER "/function_property", line));
}

/* All of the ids that give_property() names. */
static void take_properties(void)
{
	static const char *const ids[] = {
		"1209 0001 00", "1209 0001 *", "1209 0003 00", "1209 0003 *", "1209 0004 00",
		"1209 0004 *",
	};
	char line[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		snprintf(line, sizeof(line), "%s *", ids[i]);
		check_allowed(file_write(DRIVER "/remove_function_property", line), line, gone);
	}
}

void storm_administrate(struct storm *storm, unsigned int *seed)
{
	if (roll(seed, 8)) {
		give_property(seed);
		count(&storm->properties);
	} else {
		take_properties();
	}
	test_sleep_ms(roll(seed, 100));
}

/* Another administrator: to write autobind takes as long as the hubs are busy. */
void storm_switch(struct storm *storm, unsigned int *seed)
{
	test_sleep_ms(roll(seed, 500));
	__atomic_store_n(&storm->off, true, __ATOMIC_RELEASE);
	autobind(storm, roll(seed, 2) ? "off" : "listed");
	test_sleep_ms(roll(seed, 20));
	autobind(storm, "on");
	__atomic_store_n(&storm->off, false, __ATOMIC_RELEASE);
	test_sleep_ms(roll(seed, 2000 * test_scale()));
}

void storm_settle(void)
{
	take_properties();
	CHECK_OK(file_write(AUTOBIND, "listed"));
}

/* Somebody who unbinds and binds by hand, and resets */

static void rebind(struct storm *storm, const char *name, unsigned int *seed)
{
	int result = interface_unbind(name);

	check_allowed(result, "unbind", gone);
	test_sleep_ms(roll(seed, 20));
	/* It may have been bound again meanwhile, or not be ours any more. */
	check_allowed(interface_bind(name, "winusb"), "bind",
		      (const int []){ ENODEV, EBUSY, EINVAL, EAGAIN, 0 });
	count(&storm->unbinds);
}

static void reset(struct storm *storm, unsigned int *seed)
{
	char name[64], path[128], text[16];
	int usbfs, result;

	/* Any device, bound or not; the more often one of ours. */
	if (!any_name(roll(seed, 2) ? CLASS : "/sys/bus/usb/devices", name, sizeof(name), seed) ||
	    !strchr(name, '-') || strstr(name, "-0"))
		return;
	name[strcspn(name, ":")] = 0;
	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/devnum", name);
	if (file_read(path, text, sizeof(text)) <= 0)
		return;
	snprintf(path, sizeof(path), "/dev/bus/usb/%03d/%03d", atoi(name), atoi(text));
	usbfs = open(path, O_RDWR | O_CLOEXEC);
	if (usbfs < 0)
		return;
	result = ioctl(usbfs, USBDEVFS_RESET, NULL) ? -errno : 0;
	/* While it leaves, or has not come yet, usbcore says much. */
	if (!result)
		count(&storm->resets);
	close(usbfs);
}

void storm_handle(struct storm *storm, unsigned int *seed)
{
	char name[64];

	if (roll(seed, 4) == 0)
		reset(storm, seed);
	else if (any_name(CLASS, name, sizeof(name), seed))
		rebind(storm, name, seed);
	test_sleep_ms(roll(seed, 200));
}
