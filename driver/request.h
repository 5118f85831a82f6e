/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_REQUEST_H
#define WINUSB_REQUEST_H

#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/timer.h>
#include <linux/uio.h>
#include <linux/usb.h>

#include "buffer.h"

struct io_uring_cmd;
struct winusb_file;
struct winusb_isoch;
struct winusb_handle;
struct winusb_pipe;

#define WINUSB_REQUEST_COST 1024	/* bytes that one costs beside its buffer, about */
#define WINUSB_IDLE_REQUESTS 64		/* that a file keeps for its next transfers */

/**
 * enum winusb_door - How a request came in, and how its completion goes out
 * @WINUSB_DOOR_BLOCKING: A thread waits for it.
 * @WINUSB_DOOR_RECORD: It is read as a record.
 * @WINUSB_DOOR_URING: It is a command of io_uring.
 */
enum winusb_door {
	WINUSB_DOOR_BLOCKING,
	WINUSB_DOOR_RECORD,
	WINUSB_DOOR_URING,
};

/**
 * enum winusb_request_state - Who is to move a request on
 * @WINUSB_REQUEST_NEW: Nobody knows it but the thread that makes it.
 * @WINUSB_REQUEST_QUEUED: It waits in its pipe for those before it.
 * @WINUSB_REQUEST_RUNNING: The host controller has its URB, or winusb_queue_run() goes on with it.
 * @WINUSB_REQUEST_CLEARING: It failed; a work item is resetting its pipe and then completes it.
 * @WINUSB_REQUEST_DONE: It is out of its pipe; its status is set.
 */
enum winusb_request_state {
	WINUSB_REQUEST_NEW,
	WINUSB_REQUEST_QUEUED,
	WINUSB_REQUEST_RUNNING,
	WINUSB_REQUEST_CLEARING,
	WINUSB_REQUEST_DONE,
};

/**
 * struct winusb_request - One read, write or control transfer, however many URBs it takes
 * @ref: One for whoever collects it, and one for each that is cancelling it.
 * @wf: Its file, which waits at its end for all its requests to be freed.
 * @wh: The handle it was submitted on, held until it is collected: so long its interface stays
 *	acquired. A blocking thread holds it anyway.
 * @pipe: The pipe. Only good until the request is done.
 * @door: How it came in.
 * @address: bEndpointAddress, or 0.
 * @in: It reads.
 * @raw: It goes to the host controller at once, whatever else there is.
 * @command: The kernel's own (winusb_request_command()), which WINUSB_IOC_CANCEL leaves alone.
 * @dma: What its memory was prepared for.
 * @owner: Blocking: the open file table it was submitted from, see winusb_file_flush(). Compared.
 * @cookie: What WINUSB_IOC_CANCEL finds it by.
 * @number: The number of the handle, for the record.
 * @pipe_node: In a list of the pipe. Under the pipe's lock.
 * @file_node: In &winusb_file.requests, then in &winusb_file.done, or in &winusb_file.idle. Under
 *	the file's requests_lock.
 * @cancel_node: In the list of the one who is cancelling it.
 * @withdraw_node: In that of winusb_queue_withdraw().
 * @state: Under the pipe's lock.
 * @cancel: Why it shall end while it runs, 0 if it shall not. Set once, under the pipe's lock.
 * @counted: Somebody has ended it, and it is counted in &winusb_pipe.cancelled until it is done.
 *	Under the pipe's lock.
 * @in_stack: Its URB may be with the host controller, as the timer wants to know.
 * @withdrawn: Its URB is to come back, as the device falls asleep. Set under the pipe's lock, for
 *	one URB.
 * @begun: It has been with the host controller: its place is before those that have not.
 * @turn: When it was handed over, in turns of its pipe. Under the pipe's lock.
 * @left: What is left of its timeout since then, jiffies; 0 if it has all of it. Under the pipe's
 *	lock.
 * @flow: Who steps it, see queue.c.
 * @failed: The device made it fail. Of the one that runs it.
 * @collected: Its bytes are delivered and its memory given back. Of the one that collects it.
 * @resets: &winusb_pipe.resets when its URB was handed over. Under the pipe's lock.
 * @status: 0 or an error of the contract, when it is done.
 * @moved: Bytes moved so far. Of the one that runs it.
 * @chunk: Bytes that the URB asks for.
 * @bounced: How many of them, at the end, go through the pipe's own memory.
 * @urb: Its URB.
 * @setup: The setup packet, in memory of its own; made when first needed, and kept.
 * @timeout_ms: A timeout in place of the pipe's policy, 0 for none.
 * @until_ms: The timeout of its URB, 0 for none.
 * @timer: Ends that. Only unlinks.
 * @timed: The timer was started. Of the one that runs it.
 * @deadline: When the URB's time is up, jiffies. Under the pipe's lock.
 * @buffer: Its memory.
 * @waiter: Blocking: the thread that waits, only compared.
 * @finished: Blocking: it is done, as that thread knows from itself.
 * @complete: Blocking: it is done, as somebody else says.
 * @submitted_ns: When it was submitted, if anybody traces that.
 * @cmd: Of io_uring.
 * @uring: Of io_uring: who completes it, see uring.c.
 * @wide: Of io_uring: the ring has 32-byte completions.
 * @isoch: Of an isochronous one, else NULL.
 * @isoch_kept: What @isoch points to, kept for the next one.
 * @next_frame: Where whoever starts an isochronous one wants to know the frame after it; or NULL.
 */
struct winusb_request {
	struct kref ref;
	struct winusb_file *wf;
	struct winusb_handle *wh;
	struct winusb_pipe *pipe;
	enum winusb_door door;
	u8 address;
	bool in;
	bool raw;
	bool command;
	struct winusb_dma dma;
	const void *owner;
	u64 cookie;
	u32 number;
	struct list_head pipe_node;
	struct list_head file_node;
	struct list_head cancel_node;
	struct list_head withdraw_node;
	enum winusb_request_state state;
	int cancel;
	bool counted;
	bool in_stack;
	bool withdrawn;
	bool begun;
	u64 turn;
	unsigned long left;
	atomic_t flow;
	bool failed;
	bool collected;
	unsigned int resets;
	int status;
	size_t moved;
	size_t chunk;
	size_t bounced;
	struct urb *urb;
	struct usb_ctrlrequest *setup;
	u32 timeout_ms;
	u32 until_ms;
	struct timer_list timer;
	bool timed;
	unsigned long deadline;
	struct winusb_buffer buffer;
	const struct task_struct *waiter;
	bool finished;
	struct completion complete;
	u64 submitted_ns;
	struct io_uring_cmd *cmd;
	atomic_t uring;
	bool wide;
	struct winusb_isoch *isoch;
	struct winusb_isoch *isoch_kept;
	u32 *next_frame;
};

struct winusb_request *winusb_request_make(struct winusb_handle *wh, enum winusb_door door);
struct winusb_request *winusb_request_create(struct winusb_handle *wh, enum winusb_door door,
					     u8 address, const struct iov_iter *iter,
					     bool nonblock);
struct winusb_request *winusb_request_create_control(struct winusb_handle *wh,
						     enum winusb_door door,
						     const struct usb_ctrlrequest *setup,
						     const struct iov_iter *iter);
struct winusb_request *winusb_request_create_done(struct winusb_handle *wh,
						  enum winusb_door door);
int winusb_request_start(struct winusb_request *req, bool nonblock);
int winusb_request_wait(struct winusb_request *req, size_t *moved);
int winusb_request_run(struct winusb_request *req, size_t *moved, bool nonblock);
unsigned long winusb_request_lock(struct winusb_request *req);
void winusb_request_finish(struct winusb_request *req, unsigned long flags);
void winusb_request_collect_data(struct winusb_request *req);
void winusb_request_collect(struct winusb_request *req);
void winusb_request_discard(struct winusb_request *req);
void winusb_request_get(struct winusb_request *req);
void winusb_request_put(struct winusb_request *req);
void winusb_request_destroy(struct winusb_request *req);

int winusb_request_transfer(struct winusb_handle *wh, u8 address, struct iov_iter *iter,
			    size_t *moved, bool nonblock);
int winusb_request_control(struct winusb_handle *wh, const struct usb_ctrlrequest *setup,
			   void *data, size_t *moved, bool nonblock);
int winusb_request_command(struct winusb_handle *wh, const struct usb_ctrlrequest *setup,
			   u32 timeout_ms, bool nonblock);

int winusb_interrupted(void);

void winusb_request_mark(struct winusb_request *req, int error, struct list_head *finish,
			 struct list_head *unlink);
void winusb_request_end_marked(struct list_head *finish, struct list_head *unlink);
void winusb_request_cancel(struct winusb_request *req, int error);
void winusb_request_unlink(struct winusb_request *req);

#endif /* WINUSB_REQUEST_H */
