// SPDX-License-Identifier: MIT
/*
 * Attaching without network: one end of a socket pair is handed to vhci_hcd
 * through sysfs, the other one is served like a TCP connection.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach.h"
#include "usbip.h"

#define VHCI_STATUS	"/sys/devices/platform/vhci_hcd.0/status"
#define VHCI_ATTACH	"/sys/devices/platform/vhci_hcd.0/attach"
#define PORT_FREE	4
#define SETTLE_US	2000000
#define AGAIN_US	200000

/* Ports of controller N are in status.N, those of the first in status. */
static FILE *open_status(int controller)
{
	char path[80];

	if (!controller)
		return fopen(VHCI_STATUS, "re");
	snprintf(path, sizeof(path), VHCI_STATUS ".%d", controller);
	return fopen(path, "re");
}

/* Does usbcore still know a device at port @number (from 1) of a root hub? */
static bool has_device(int controller, int number)
{
	char path[96], child[400];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/devices/platform/vhci_hcd.%d",
		 controller);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "usb", 3))
			continue;
		snprintf(child, sizeof(child), "%s/%s/%s-%d", path,
			 entry->d_name, entry->d_name + 3, number);
		found = !access(child, F_OK);
	}
	closedir(dir);
	return found;
}

/* Did a board of ours leave this port in the middle of its enumeration? */
static bool left_early(int port)
{
	unsigned int i;

	for (i = 0; i < board_count; i++) {
		const struct board *b = boards[i];

		if (b->local && b->port == port && !b->host && !b->config &&
		    loop_now() - b->gone < SETTLE_US)
			return true;
	}
	return false;
}

/*
 * The first port after @last of one controller that may be used, -1 when
 * there is none, -ENODEV when there is no such controller. A port that is
 * free for vhci_hcd need not be for usbcore: it keeps the port enabled over a
 * disconnect, and a hub thread that comes late takes the new device for the
 * old one and does not configure it.
 */
static int controller_port(int controller, int last)
{
	FILE *f = open_status(controller);
	int port, status, first = -1, found = -1;
	char line[160], hub[8];

	if (!f)
		return -ENODEV;
	while (found < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%7s %d %d", hub, &port, &status) != 3 ||
		    strcmp(hub, "hs"))
			continue;
		if (first < 0)
			first = port;
		if (status == PORT_FREE && port > last && !left_early(port) &&
		    !has_device(controller, port - first + 1))
			found = port;
	}
	fclose(f);
	return found;
}

/* The same of all of them, or of @controller when it is not negative. */
static int free_port(int controller, int last)
{
	int i, port;

	if (controller >= 0)
		return controller_port(controller, last);
	for (i = 0; ; i++) {
		port = controller_port(i, last);
		if (port != -1)
			return port;
	}
}

static int hand_over(int port, int fd, const struct board *b)
{
	int attach = open(VHCI_ATTACH, O_WRONLY | O_CLOEXEC);
	char text[64];
	int n, ret = 0;

	if (attach < 0)
		return -errno;
	n = snprintf(text, sizeof(text), "%d %d %u %d", port, fd,
		     usbip_devid(b), b->now.speed);
	if (write(attach, text, n) != n)
		ret = -errno;
	close(attach);
	return ret;
}

/* Another attach may take the port first: then the next one is tried. */
static int hand_to_free_port(int fd, const struct board *b, int controller)
{
	int port = -1, ret;

	for (;;) {
		port = free_port(controller, port);
		if (port < 0)
			return -EAGAIN;
		ret = hand_over(port, fd, b);
		if (!ret)
			return port;
		if (ret != -EBUSY)
			return ret;
	}
}

static void attach_again(struct timer *t)
{
	struct board *b;
	char error[160];
	int ret;

	b = (struct board *)((char *)t - offsetof(struct board, again));
	if (b->host)
		return;
	ret = attach_local(b, -1, error, sizeof(error));
	if (ret == -EAGAIN)
		timer_arm(t, loop_now() + AGAIN_US);
	else if (ret < 0)
		fprintf(stderr, "winusb-boards: cannot attach %s again: %s\n",
			b->busid, error);
}

/*
 * Returns the port of vhci_hcd, or a negative errno and the reason; -EAGAIN:
 * no port is free, or usbcore has not let go of those that are. Ports of
 * different controllers are enumerated in parallel; -1 takes any port.
 */
int attach_local(struct board *b, int controller, char *error, size_t size)
{
	int pair[2], port, ret;

	if (access(VHCI_ATTACH, W_OK)) {
		snprintf(error, size, "no access to vhci_hcd: as root, modprobe vhci_hcd first");
		return -ENODEV;
	}
	if (b->host && !usbip_catch_up(b)) {
		snprintf(error, size, "already plugged in");
		return -EBUSY;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		snprintf(error, size, "no socket pair: %s", strerror(errno));
		return -errno;
	}
	port = hand_to_free_port(pair[1], b, controller);
	close(pair[1]);
	if (port < 0) {
		snprintf(error, size, port == -EAGAIN ?
			 "no free port on vhci_hcd: unplug another board" :
			 "vhci_hcd refused: %s", strerror(-port));
		close(pair[0]);
		return port;
	}
	ret = usbip_serve(pair[0], b);
	if (ret) {
		snprintf(error, size, "cannot serve: %s", strerror(-ret));
		close(pair[0]);
		return ret;
	}
	b->local = true;
	b->port = port;
	b->again.fire = attach_again;
	return port;
}
