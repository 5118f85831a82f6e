/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_QUEUE_H
#define WINUSB_QUEUE_H

#include <linux/types.h>

struct winusb_pipe;
struct winusb_request;

#define WINUSB_QUEUE_WAITS 2	/* the request waits for those before it, or for the device */
#define WINUSB_QUEUE_WITHDRAWN 3	/* its URB was taken back, as the device falls asleep */

int winusb_queue_enter(struct winusb_request *req);
void winusb_queue_start(struct winusb_request *req, int ret);
void winusb_queue_run(struct winusb_pipe *pipe);
void winusb_queue_forget(struct winusb_pipe *pipe);
void winusb_queue_cancel(struct winusb_pipe *pipe, int error);
void winusb_queue_raw_done(struct winusb_request *req, int status);
void winusb_queue_cleared(struct winusb_pipe *pipe);

#endif /* WINUSB_QUEUE_H */
