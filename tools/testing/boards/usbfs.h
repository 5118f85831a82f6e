/* SPDX-License-Identifier: MIT */
/*
 * A board plugged into vhci_hcd, by its usbfs node.
 */
#ifndef USBFS_H
#define USBFS_H

#include <linux/usbdevice_fs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROLLER "/sys/devices/platform/vhci_hcd.0"

int64_t usbfs_now_ms(void);
bool usbfs_attribute(const char *device, const char *name, char *value,
		     size_t size);
bool usbfs_attribute_is(const char *device, const char *name,
			const char *expected);
bool usbfs_wait_gone(const char *path);
int usbfs_plug(unsigned int board, char *path, size_t size);
bool usbfs_claim(int fd, unsigned int interface);
int usbfs_bulk(int fd, unsigned int ep, void *data, unsigned int len);
int usbfs_control(int fd, uint8_t type, uint8_t request, void *data,
		  uint16_t len);
void usbfs_submit(int fd, struct usbdevfs_urb *urb, unsigned int ep, void *data,
		  int len);
/* The caller frees it after it was reaped. */
struct usbdevfs_urb *usbfs_submit_iso(int fd, unsigned int ep, void *data,
				      unsigned int packets, unsigned int each);
struct usbdevfs_urb *usbfs_reap(int fd);

/* check-vhci-iso.c */
void check_vhci_iso(void);

#endif
