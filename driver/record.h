/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_RECORD_H
#define WINUSB_RECORD_H

#include <linux/types.h>

struct eventfd_ctx;
struct winusb_file;
struct winusb_isoch_buffer;

void winusb_records_ready(struct winusb_file *wf);
void winusb_records_end(struct winusb_file *wf);
bool winusb_records_pending(struct winusb_file *wf);
int winusb_records_deliver(struct winusb_file *wf, const struct winusb_isoch_buffer *buffer);
void winusb_records_set_eventfd(struct winusb_file *wf, struct eventfd_ctx *eventfd);
u32 winusb_records_wake(struct winusb_file *wf);
int winusb_records_reap(struct winusb_file *wf, char __user *buffer, u32 count, u32 wakes,
			u64 until, u32 *out_count);
ssize_t winusb_records_read(struct winusb_file *wf, char __user *buffer, size_t length,
			    bool nonblock);

#endif /* WINUSB_RECORD_H */
