/* SPDX-License-Identifier: MIT */
/* DEVINST: a number for each instance id that the process has seen, for as long as it runs. */
#ifndef LIB_DEVINST_H
#define LIB_DEVINST_H

#include "device.h"

/* 0: no memory. */
uint32_t devinst_of(const char *id);
/* The id, for good; NULL: no such number. */
const char *devinst_id(uint32_t devinst);

/* DN_ flags, and CM_PROB_ or 0. */
uint32_t device_status(const struct device *device, uint32_t *problem);

#endif
