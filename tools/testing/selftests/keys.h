/* SPDX-License-Identifier: MIT */
/* QEMU's USB keyboard, bound to the driver, and the lab, which presses its keys. */
#ifndef WINUSB_SELFTEST_KEYS_H
#define WINUSB_SELFTEST_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "node.h"
#include "test.h"

#define KEYS 0x81		/* its only pipe, an interrupt IN pipe with 8 bytes a packet */
#define REPORT 8

/* Properties: it sleeps after DELAY_MS of idleness. */
#define SLEEPY "DeviceIdleEnabled=1 DefaultIdleState=1 DefaultIdleTimeout=300"
#define DELAY_MS 300

/* In sysfs, "1-1" and "1-1:1.0". */
extern const char *device;
extern char node[80];

/* Of the file that keys_begin() opened. */
extern int fd;
extern uint32_t handle, moved;

/* A file of the USB device, without the newline, in a buffer that the next call uses again. */
const char *device_file(const char *name);
bool device_is(const char *name, const char *text);
/* The attribute of the driver that says why the device does not sleep. */
const char *blocked_by(void);
/* Waits for power/runtime_status. */
void wait_status(const char *status);

/* A command to the lab, which answers when it has understood. */
void ask_host(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Presses a key; QEMU lets it go a tenth of a second later. */
void press(const char *key);

/* Takes the properties and the binding away. */
void keys_forget(void);
/* Binds it, with properties of an administrator: "DeviceIdleEnabled=1 DefaultIdleState=1" */
void keys_bind(const char *properties);
/* Bound and open, and no key of an earlier test is to come any more. */
void keys_begin(const char *properties);
/* Pulled out and plugged in again, if a test has pulled it out. */
void keys_plug(void);

/* The usage that a keyboard sends for "a", and so on. */
uint8_t usage(const char *key);
void check_report(const uint8_t *report, uint32_t length, uint8_t key);
/* Reads what the keyboard sends next: a key is down, or with 0 none any more. */
void expect_report(uint8_t key);
/* Starts a read in a thread, and returns when it waits. */
void start_read(struct job *job, uint8_t *report);
/* A read that waits gets this key. */
void expect_key(const char *key);

#endif
