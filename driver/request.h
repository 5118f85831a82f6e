/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_REQUEST_H
#define WINUSB_REQUEST_H

#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/uio.h>
#include <linux/usb.h>
#include <linux/wait.h>

struct winusb_file;
struct winusb_handle;
struct winusb_pipe;

/**
 * struct winusb_request - One read, write or control transfer, however many URBs it takes
 * @ref: One for the thread that runs it, one for each that is cancelling it.
 * @wh: The handle it was submitted on, held: the interface stays acquired until the request ends.
 * @pipe: The pipe.
 * @owner: The open file table it was submitted from, see winusb_file_flush(). Only compared.
 * @pipe_node: In &winusb_pipe.queue. Under the pipe's lock.
 * @file_node: In &winusb_file.requests. Under the file's requests_lock.
 * @cancel_node: In the list of the one who is cancelling it.
 * @cancel: Why it shall end, 0 if it shall not. Set once, by cmpxchg().
 * @in_stack: Its URB may be with the host controller. Under the pipe's lock.
 * @resets: &winusb_pipe.resets when it was handed over. Under the pipe's lock.
 * @room: Size of the kernel buffer it uses, bytes. Constant.
 * @urb: Its URB. Filled and submitted by the running thread only.
 * @complete: The URB came back.
 * @wait: The running thread sleeps here until it is the pipe's turn.
 */
struct winusb_request {
	struct kref ref;
	struct winusb_handle *wh;
	struct winusb_pipe *pipe;
	const void *owner;
	struct list_head pipe_node;
	struct list_head file_node;
	struct list_head cancel_node;
	int cancel;
	bool in_stack;
	unsigned int resets;
	size_t room;
	struct urb *urb;
	struct completion complete;
	wait_queue_head_t wait;
};

int winusb_request_transfer(struct winusb_handle *wh, u8 address, struct iov_iter *iter,
			    size_t *moved, bool nonblock);
int winusb_request_control(struct winusb_handle *wh, const struct usb_ctrlrequest *setup,
			   void *data, size_t *moved, bool nonblock);

bool winusb_request_mark(struct winusb_request *req, int error);
void winusb_request_unlink(struct list_head *marked);

#endif /* WINUSB_REQUEST_H */
