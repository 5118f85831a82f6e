/* SPDX-License-Identifier: MIT */
/* The uevents of the kernel, as udev and libusb get them: from the netlink socket. */
#ifndef WINUSB_SELFTEST_UEVENT_H
#define WINUSB_SELFTEST_UEVENT_H

#include <stdbool.h>
#include <stddef.h>

struct uevent {
	char text[8192];	/* "add@/devices/...", and KEY=VALUE for each variable */
	size_t length;
};

/* A socket that has all events from now on. */
int uevent_open(void);
/*
 * The next event. False if none comes within MS milliseconds. Fails the test if the socket had no
 * room for one, so that one is missing.
 */
bool uevent_next(int fd, struct uevent *event, unsigned int ms);
/* The value of a variable, or NULL if the event does not have it. */
const char *uevent_get(const struct uevent *event, const char *key);
/* The same, "" if it does not have it. */
const char *uevent_text(const struct uevent *event, const char *key);
/* Is it of this subsystem, with this ACTION? ACTION may be NULL. */
bool uevent_is(const struct uevent *event, const char *subsystem, const char *action);
/* The last part of DEVPATH: "1-1:1.0". */
const char *uevent_name(const struct uevent *event);

#endif
