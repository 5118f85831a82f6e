// SPDX-License-Identifier: MIT
/* Files of the kernel, and the driver core's of an interface. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"
#include "test.h"

#define USB_DEVICES "/sys/bus/usb/devices"

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int result = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		result = -errno;
	close(fd);
	return result;
}

int file_read(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;
	ssize_t n;

	out[0] = 0;
	if (fd < 0)
		return -errno;
	/* The kernel may wait for the device, and a ring's work for this thread ends that. */
	do {
		n = read(fd, out, size - 1);
		error = n < 0 ? -errno : 0;
	} while (error == -EINTR);
	close(fd);
	if (error)
		return error;
	out[n] = 0;
	return n;
}

unsigned int folder_entries(const char *path)
{
	struct dirent *entry;
	unsigned int n = 0;
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

bool wait_for_path(const char *path, bool there, unsigned int seconds)
{
	uint64_t end = test_now_ms() + (uint64_t)seconds * 1000 * test_scale();

	while ((access(path, F_OK) == 0) != there) {
		if (test_now_ms() > end)
			return false;
		test_sleep_ms(2);
	}
	return true;
}

/* A program with boards looks them over after that. */
__attribute__((weak)) void interface_changed(void)
{
}

int interface_bind(const char *interface, const char *driver)
{
	char path[128];

	interface_changed();
	snprintf(path, sizeof(path), "/sys/bus/usb/drivers/%s/bind", driver);
	return file_write(path, interface);
}

int interface_unbind(const char *interface)
{
	char path[128];

	interface_changed();
	snprintf(path, sizeof(path), USB_DEVICES "/%s/driver/unbind", interface);
	return file_write(path, interface);
}

void interface_driver(const char *interface, char *out, size_t size)
{
	char path[128], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), USB_DEVICES "/%s/driver", interface);
	n = readlink(path, target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = 0;
	snprintf(out, size, "%s", n < 0 ? "" : strrchr(target, '/') + 1);
}
