/* SPDX-License-Identifier: MIT */
/* Files of the kernel; results are 0 or a length, or a negative errno. */
#ifndef WINUSB_SELFTEST_SYSFS_H
#define WINUSB_SELFTEST_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

int file_write(const char *path, const char *text);
int file_read(const char *path, char *out, size_t size);
/* How many entries a folder has; 0 if it is not there. */
unsigned int folder_entries(const char *path);
bool wait_for_path(const char *path, bool there, unsigned int seconds);

/* Of an interface by its name, "1-1:1.0". */
int interface_bind(const char *interface, const char *driver);
int interface_unbind(const char *interface);
void interface_changed(void);
/* The driver's name in OUT, or "". */
void interface_driver(const char *interface, char *out, size_t size);

#endif
