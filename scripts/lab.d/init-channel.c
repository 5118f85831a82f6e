// SPDX-License-Identifier: MIT
/*
 * How results reach the host: as files of its folder, which is mounted on
 * LAB_DIR, or, when the root is an initramfs, over the second serial port,
 * because that sleeps and wakes with the machine. There a message is a line
 * "NAME LENGTH" and LENGTH bytes, which the host appends to its file NAME.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "init.h"

#define CHANNEL "/dev/ttyS1"

static int channel = -1;

void channel_open(void)
{
	struct termios tty;
	int fd = open(CHANNEL, O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &tty))
		die("cannot use " CHANNEL ": %s", strerror(errno));
	cfmakeraw(&tty);
	cfsetspeed(&tty, B115200);
	tty.c_cflag |= CLOCAL;
	if (tcsetattr(fd, TCSANOW, &tty))
		die("cannot set " CHANNEL " up: %s", strerror(errno));
	channel = fd;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t put = write(fd, data, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		data += put;
		len -= put;
	}
	return 0;
}

int host_append(const char *name, const void *data, size_t len)
{
	char text[512];
	int fd, error;

	if (channel >= 0) {
		snprintf(text, sizeof(text), "%s %zu\n", name, len);
		error = write_all(channel, text, strlen(text));
		if (!error)
			error = write_all(channel, data, len);
		/* What follows may be the end of the machine. */
		if (!error && tcdrain(channel))
			error = -errno;
		return error;
	}
	snprintf(text, sizeof(text), LAB_DIR "/%s", name);
	fd = open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	error = write_all(fd, data, len);
	fsync(fd);
	close(fd);
	return error;
}

static void send_file(const char *path, const char *name)
{
	static char buf[64 * 1024];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? -errno : 0;
	ssize_t got = 0;

	/* At least once: an empty file is a result, too. */
	while (!error) {
		got = read(fd, buf, sizeof(buf));
		if (got < 0)
			error = -errno;
		else
			error = host_append(name, buf, got);
		if (got <= 0)
			break;
	}
	if (error)
		die("cannot send %s: %s", path, strerror(-error));
	close(fd);
}

/* Files and folders; a message for each file. */
static void send_folder(const char *name)
{
	char path[512], inner[400];
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof(path), LAB_DIR "/%s", name);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(inner, sizeof(inner), "%.140s/%s", name, entry->d_name);
		snprintf(path, sizeof(path), LAB_DIR "/%s", inner);
		if (stat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode))
			send_folder(inner);
		else if (S_ISREG(st.st_mode))
			send_file(path, inner);
	}
	if (dir)
		closedir(dir);
}

void channel_send_results(void)
{
	if (channel >= 0)
		send_folder("out");
}
