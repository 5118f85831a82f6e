/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The benchmark module: what its files share.
 */
#ifndef _WINUSB_HCD_BENCH_H
#define _WINUSB_HCD_BENCH_H

#include <linux/types.h>

#define WINUSB_ISOCH_IN		0x85
#define WINUSB_ISOCH_OUT	0x05

struct dentry;
struct winusb_hcd;
struct winusb_hcd_dev;

/**
 * enum winusb_bench_data - what is in a URB's buffer
 * @WINUSB_BENCH_STAMPED: stamp and pattern; sources write and sinks read each
 *	byte, as fast as memory allows
 * @WINUSB_BENCH_CHECKED: the same, and sinks compare, which is slow
 * @WINUSB_BENCH_BARE: the stamp only, as if the data were moved by hardware at
 *	no cost
 * @WINUSB_BENCH_MOD63: no stamp, usbtest's pattern 1; compared
 */
enum winusb_bench_data {
	WINUSB_BENCH_STAMPED,
	WINUSB_BENCH_CHECKED,
	WINUSB_BENCH_BARE,
	WINUSB_BENCH_MOD63,
};

/* bench_device.c: what sources send and sinks expect */
extern enum winusb_bench_data winusb_bench_data;

/* bench_idle.c: how long the CPUs had nothing to do */
void winusb_idle_init(struct dentry *folder);
void winusb_idle_exit(void);
int winusb_idle_get(u64 *us);

/* bench_isoch.c: isochronous endpoints in real time */
void winusb_isoch_add(struct winusb_hcd_dev *dev, const char *role);
void winusb_isoch_init(struct winusb_hcd *hc, struct dentry *folder);

/* bench_floor.c: the loop of URBs inside the kernel */
void winusb_floor_init(struct dentry *folder);

#endif
