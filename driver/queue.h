/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_QUEUE_H
#define WINUSB_QUEUE_H

#include <linux/types.h>

struct urb;
struct winusb_pipe;
struct winusb_request;

void winusb_queue_enter(struct winusb_pipe *pipe, struct winusb_request *req);
void winusb_queue_run(struct winusb_pipe *pipe, gfp_t gfp);
void winusb_queue_start_raw(struct winusb_request *req);
void winusb_queue_cancel(struct winusb_pipe *pipe, int error);
void winusb_queue_cleared(struct winusb_pipe *pipe);

#endif /* WINUSB_QUEUE_H */
