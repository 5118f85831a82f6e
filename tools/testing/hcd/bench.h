/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmark module: what its files share.
 */
#ifndef _WINUSB_HCD_BENCH_H
#define _WINUSB_HCD_BENCH_H

#include <linux/types.h>

struct dentry;

/* bench_idle.c: how long the CPUs had nothing to do */
void winusb_idle_init(struct dentry *folder);
void winusb_idle_exit(void);

/* bench_floor.c: the loop of URBs inside the kernel */
void winusb_floor_init(struct dentry *folder);

#endif
