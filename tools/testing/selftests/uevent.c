// SPDX-License-Identifier: MIT
/* The uevents of the kernel. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "test.h"
#include "uevent.h"

int uevent_open(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	int size = 32 << 20;

	if (fd < 0)
		FAIL("netlink: %s", strerror(errno));
	/* Room for a crowd of events, while a reader on a slow kernel is behind. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)))
		FAIL("netlink: %s", strerror(errno));
	return fd;
}

bool uevent_next(int fd, struct uevent *event, unsigned int ms)
{
	uint64_t end = test_now_ms() + ms, now;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	for (;;) {
		n = recv(fd, event->text, sizeof(event->text) - 1, MSG_DONTWAIT);
		if (n < 0 && errno == ENOBUFS)
			FAIL("uevents came faster than they were read");
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			FAIL("netlink: %s", strerror(errno));
		if (n > 0) {
			event->text[n] = 0;
			event->length = n;
			/* udev's own messages go to another group; the kernel's begin so. */
			if (strchr(event->text, '@'))
				return true;
			continue;
		}
		now = test_now_ms();
		if (now >= end)
			return false;
		poll(&poll_fd, 1, (int)(end - now));
	}
}

const char *uevent_get(const struct uevent *event, const char *key)
{
	const char *p = event->text, *end = p + event->length;
	size_t length = strlen(key);

	/* The first text is not a variable. */
	for (p += strlen(p) + 1; p < end; p += strlen(p) + 1)
		if (!strncmp(p, key, length) && p[length] == '=')
			return p + length + 1;
	return NULL;
}

const char *uevent_text(const struct uevent *event, const char *key)
{
	const char *value = uevent_get(event, key);

	return value ? value : "";
}

bool uevent_is(const struct uevent *event, const char *subsystem, const char *action)
{
	return !strcmp(uevent_text(event, "SUBSYSTEM"), subsystem) &&
	       (!action || !strcmp(uevent_text(event, "ACTION"), action));
}

const char *uevent_name(const struct uevent *event)
{
	const char *path = uevent_text(event, "DEVPATH"), *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
