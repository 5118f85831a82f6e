/* SPDX-License-Identifier: MIT */
/* What the tests of power share: properties, the power files of a device, and its sleep. */
#ifndef WINUSB_SELFTEST_PM_H
#define WINUSB_SELFTEST_PM_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"

/* The function that is the whole device; others are named by their first interface. */
enum { WHOLE = -1 };

/* Skips all tests if the driver or the kernel has no power management of devices. */
void pm_require(struct board *board);

/* An administrator's property, "REG_DWORD DeviceIdleEnabled 1" of a function. */
void pm_property(struct board *board, int function, const char *property);
void pm_number(struct board *board, int function, const char *name, uint32_t value);
/* NAME may be "*". */
void pm_forget(struct board *board, int function, const char *name);
/* Every property of every board. */
void pm_forget_all(void);
/* Lets a function sleep, as its default, after MS milliseconds. */
void pm_allow(struct board *board, int function, uint32_t ms);
/* Unbinds all interfaces, puts the files back as they were after the plug, and binds them. */
void pm_fresh(struct board *board);

/* A file of the USB device, "power/control", without its newline; in the caller's thread. */
const char *pm_file(struct board *board, const char *name);
/* Not every kernel and every device has every file. */
bool pm_has(struct board *board, const char *name);
long long pm_value(struct board *board, const char *name);
void pm_write(struct board *board, const char *name, const char *text);
#define CHECK_FILE(board, name, value) pm_check_file(__FILE__, __LINE__, (board), (name), (value))
void pm_check_file(const char *file, int line, struct board *board, const char *name,
		   const char *value);

bool pm_asleep(struct board *board);
#define WAIT_ASLEEP(board) pm_wait(__FILE__, __LINE__, (board), true)
#define WAIT_AWAKE(board) pm_wait(__FILE__, __LINE__, (board), false)
void pm_wait(const char *file, int line, struct board *board, bool asleep);
/* It does not sleep for MS milliseconds. */
#define STAYS_AWAKE(board, ms) pm_stays_awake(__FILE__, __LINE__, (board), (ms))
void pm_stays_awake(const char *file, int line, struct board *board, unsigned int ms);
/* It sleeps, and nothing wakes it for MS milliseconds. */
#define STAYS_ASLEEP(board, ms) pm_stays_asleep(__FILE__, __LINE__, (board), (ms))
void pm_stays_asleep(const char *file, int line, struct board *board, unsigned int ms);
/* How often it was resumed since it was plugged in or its counters were reset. */
unsigned long long pm_resumes(struct board *board);

/* power_policy/NAME of an interface. */
const char *pm_policy(struct board *board, unsigned int interface, const char *name);
/* Waits until blocked_by says WORD. */
#define CHECK_BLOCKED(board, interface, word) \
	pm_check_blocked(__FILE__, __LINE__, (board), (interface), (word))
void pm_check_blocked(const char *file, int line, struct board *board, unsigned int interface,
		      const char *word);

#endif
