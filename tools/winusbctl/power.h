/* SPDX-License-Identifier: MIT */
/* power.c: is the device of a function asleep, and if not, which rule keeps it awake? */
#ifndef POWER_H
#define POWER_H

#include "winusbctl.h"

/*
 * What to do is told with names: NODE is that of an interface of the function, DEVICE that of its
 * device, ID what winusbctl bind takes for it. Nothing here wakes the device.
 */
json_t *power_json(const char *node, const char *device, const char *id);
bool power_is_asleep(const char *device);
void power_print(const json_t *power);

#endif
