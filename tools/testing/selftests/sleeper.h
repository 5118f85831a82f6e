/* SPDX-License-Identifier: MIT */
/*
 * The gadget as the host sees it, and its power: bound to winusb, with properties, its node open.
 * Linked into a program, this cleans up after each test and each row.
 */
#ifndef WINUSB_SELFTEST_SLEEPER_H
#define WINUSB_SELFTEST_SLEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gadget.h"
#include "node.h"

/* Properties that let it sleep soon after it was used. */
#define SLEEPER_ASLEEP "DeviceIdleEnabled=1,DefaultIdleState=1,DefaultIdleTimeout=50"
#define SLEEPER_DELAY	50

/* From test_setup(): skips the program where there is no such device, or no power management. */
void sleeper_setup(void);
/* Plugs it in (bits of gadget_plug()) with these properties, "Name=number" with commas between. */
void sleeper_plug(unsigned int flags, const char *properties);
/* One property; a negative VALUE removes it. */
void sleeper_property(const char *name, long long value);
/* Plugs it in and opens its node; gives the file, and the handle at OUT_HANDLE. */
int sleeper_open(unsigned int flags, const char *properties, uint32_t *out_handle);

int power_set(int fd, uint32_t handle, uint32_t policy, uint32_t value);
int power_get(int fd, uint32_t handle, uint32_t policy, uint32_t *value);

/* A file of the USB device's folder power, without its newline, in a buffer of the thread. */
const char *power_file(const char *file);
bool power_has_file(const char *file);
void power_write(const char *file, const char *text);
bool power_is_suspended(void);
void power_wait_suspended(void);
void power_wait_active(void);
/* It does not fall asleep in MS milliseconds. */
void power_stays_active(unsigned int ms);
/* Time asleep since it was plugged in, milliseconds. */
uint64_t power_suspended_ms(void);
/* A file of power_policy/ of the node's class device. */
const char *power_policy(const char *file);
void power_wait_blocked_by(const char *word);

#endif
