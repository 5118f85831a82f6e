// SPDX-License-Identifier: MIT
/*
 * Small files of sysfs and debugfs, and modules.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

/* Reads a small file as text; its length, or a negative error number. */
int file_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, text + length, size - 1 - length)) > 0)
		length += got;
	got = got < 0 ? -errno : 0;
	text[length] = 0;
	close(fd);
	return got < 0 ? (int)got : (int)length;
}

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t put;

	if (fd < 0)
		return -errno;
	put = write(fd, text, strlen(text));
	put = put < 0 ? -errno : 0;
	close(fd);
	return put;
}

bool wait_for(const char *path, bool there, unsigned int ms)
{
	unsigned int i;

	for (i = 0; i <= ms; i += 5) {
		if ((access(path, F_OK) == 0) == there)
			return true;
		usleep(5000);
	}
	return false;
}

bool module_loaded(const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	return access(path, F_OK) == 0;
}

/* One of ours, from the folder that the lab names. */
void module_load(const char *folder, const char *name, const char *arguments)
{
	char path[512];
	int fd;

	if (module_loaded(name))
		return;
	if (!folder)
		fail("%s.ko is not loaded: run this by scripts/lab run, or name the folder that has it "
		     "with --modules=DIR", name);
	snprintf(path, sizeof(path), "%s/%s.ko", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail("%s: %s; \"make module WINUSB_TESTS=y\" builds it", path, strerror(errno));
	if (syscall(SYS_finit_module, fd, arguments, 0))
		fail("cannot insert %s: %s; the kernel's log says more", path, strerror(errno));
	close(fd);
}

/* One of the kernel's. */
void module_probe(const char *name)
{
	char command[128];

	snprintf(command, sizeof(command), "modprobe %s", name);
	if (system(command))
		fail("\"%s\" failed: this kernel lacks the module, or its folder under /lib/modules does",
		     command);
}

void module_unload(const char *name)
{
	if (module_loaded(name) && syscall(SYS_delete_module, name, 0))
		note("module %s stays: %s", name, strerror(errno));
}
