/* SPDX-License-Identifier: MIT */
/*
 * Says that USB devices may have come, left or changed; what it was is for sysfs to say. Where udev
 * runs it is udev's word, after its rules: then whoever may open a node can. Elsewhere the
 * kernel's.
 */
#ifndef LIB_MONITOR_H
#define LIB_MONITOR_H

#include <stdbool.h>

struct monitor;

/* Whatever happens from now on is heard. NULL and errno. */
struct monitor *monitor_open(void);
void monitor_close(struct monitor *monitor);
int monitor_fd(const struct monitor *monitor);
/* Takes what there is; true: look at sysfs again. */
bool monitor_take(struct monitor *monitor);
/* Is udev done with it? From any thread. */
bool monitor_is_ready(const struct monitor *monitor, const char *subsystem, const char *name);

#endif
