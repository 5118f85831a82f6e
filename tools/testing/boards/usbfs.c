// SPDX-License-Identifier: MIT
/*
 * Boards on a real kernel, driven through usbfs; of boards-vhci.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "usbfs.h"

int64_t usbfs_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The sysfs folder of the device at a port; false: there is none. */
static bool find_device(int port, char *path, size_t size)
{
	DIR *dir = opendir(CONTROLLER);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "usb", 3))
			continue;
		snprintf(path, size, CONTROLLER "/%.16s/%.16s-%d",
			 entry->d_name, entry->d_name + 3, port + 1);
		found = !access(path, F_OK);
	}
	if (dir)
		closedir(dir);
	return found;
}

bool usbfs_attribute(const char *device, const char *name, char *value,
		     size_t size)
{
	char path[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", device, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	n = read(fd, value, size - 1);
	close(fd);
	if (n < 0)
		return false;
	value[n] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return true;
}

bool usbfs_attribute_is(const char *device, const char *name,
			const char *expected)
{
	char value[128];

	return usbfs_attribute(device, name, value, sizeof(value)) &&
	       !strcmp(value, expected);
}

/* Waits until a device at the port is configured. */
static bool wait_device(int port, char *path, size_t size)
{
	int64_t end = usbfs_now_ms() + 30000;

	while (usbfs_now_ms() < end) {
		if (find_device(port, path, size) &&
		    usbfs_attribute_is(path, "bConfigurationValue", "1"))
			return true;
		usleep(20000);
	}
	return false;
}

bool usbfs_wait_gone(const char *path)
{
	int64_t end = usbfs_now_ms() + 30000;

	while (usbfs_now_ms() < end) {
		if (access(path, F_OK))
			return true;
		usleep(20000);
	}
	return false;
}

/* Plugs a board in; returns its usbfs node, open, and its sysfs folder. */
int usbfs_plug(unsigned int board, char *path, size_t size)
{
	char bus[8], number[8], node[64];
	long long port = told(board, "port", "attach");
	int fd;

	if (port < 0 || !wait_device(port, path, size) ||
	    !usbfs_attribute(path, "busnum", bus, sizeof(bus)) ||
	    !usbfs_attribute(path, "devnum", number, sizeof(number))) {
		ok(false, "board %u: plugged in", board);
		return -1;
	}
	snprintf(node, sizeof(node), "/dev/bus/usb/%03d/%03d", atoi(bus),
		 atoi(number));
	fd = open(node, O_RDWR);
	ok(fd >= 0, "board %u: plugged in, %s", board, node);
	return fd;
}

bool usbfs_claim(int fd, unsigned int interface)
{
	return !ioctl(fd, USBDEVFS_CLAIMINTERFACE, &interface);
}

int usbfs_bulk(int fd, unsigned int ep, void *data, unsigned int len)
{
	struct usbdevfs_bulktransfer t = { ep, len, 5000, data };
	int ret = ioctl(fd, USBDEVFS_BULK, &t);

	return ret < 0 ? -errno : ret;
}

int usbfs_control(int fd, uint8_t type, uint8_t request, void *data,
		  uint16_t len)
{
	struct usbdevfs_ctrltransfer t = {
		type, request, 0, 0, len, 5000, data
	};
	int ret = ioctl(fd, USBDEVFS_CONTROL, &t);

	return ret < 0 ? -errno : ret;
}

/* Submits a bulk transfer; the caller discards or reaps it. */
void usbfs_submit(int fd, struct usbdevfs_urb *urb, unsigned int ep, void *data,
		  int len)
{
	memset(urb, 0, sizeof(*urb));
	urb->type = USBDEVFS_URB_TYPE_BULK;
	urb->endpoint = ep;
	urb->buffer = data;
	urb->buffer_length = len;
	if (ioctl(fd, USBDEVFS_SUBMITURB, urb))
		ok(false, "submit: %s", strerror(errno));
}

struct usbdevfs_urb *usbfs_submit_iso(int fd, unsigned int ep, void *data,
				      unsigned int packets, unsigned int each)
{
	struct usbdevfs_urb *urb;
	unsigned int i;

	urb = calloc(1, sizeof(*urb) + packets * sizeof(urb->iso_frame_desc[0]));
	if (!urb) {
		ok(false, "out of memory");
		exit(1);
	}
	urb->type = USBDEVFS_URB_TYPE_ISO;
	urb->flags = USBDEVFS_URB_ISO_ASAP;
	urb->endpoint = ep;
	urb->buffer = data;
	urb->buffer_length = packets * each;
	urb->number_of_packets = packets;
	for (i = 0; i < packets; i++)
		urb->iso_frame_desc[i].length = each;
	if (ioctl(fd, USBDEVFS_SUBMITURB, urb))
		ok(false, "submit to 0x%02x: %s", ep, strerror(errno));
	return urb;
}

/* The next transfer that is done; NULL: none in ten seconds. */
struct usbdevfs_urb *usbfs_reap(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int64_t end = usbfs_now_ms() + 10000;
	void *done;

	while (ioctl(fd, USBDEVFS_REAPURBNDELAY, &done)) {
		if (errno != EAGAIN || usbfs_now_ms() > end)
			return NULL;
		poll(&p, 1, 100);
	}
	return done;
}
