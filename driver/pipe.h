/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_PIPE_H
#define WINUSB_PIPE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/usb.h>
#include <linux/wait.h>

struct winusb_handle;
struct winusb_interface;
struct winusb_request;

#define WINUSB_CONTROL_TIMEOUT_MS 5000	/* default of pipe 0 (winusb.md 2.1) */

/**
 * struct winusb_pipe - An endpoint of the current setting, or the default control pipe
 * @wi: The interface; constant.
 * @address: bEndpointAddress, 0 for the control pipe.
 * @type: USB_ENDPOINT_XFER_ type.
 * @maxp: Bytes in a packet, never 0.
 * @interval: bInterval.
 * @lock: Guards the fields below. Innermost: only wait queues are woken under it.
 * @parked: Requests wait: the pipe is being reset.
 * @halted: The endpoint stalled: requests fail with -EPIPE until the pipe is reset.
 * @resets: How often the halt was cleared, so that an older stall does not count.
 * @queue: The requests (&winusb_request.pipe_node), oldest first. The first one owns the pipe; on
 *	the control pipe all of them run.
 * @idle: Woken when a request leaves.
 * @timeout_ms: PIPE_TRANSFER_TIMEOUT, 0 for none.
 * @saved: Bytes that a read did not ask for; @maxp - 1 bytes of room once it was allocated. The
 *	buffer belongs to the owner of the pipe, its content to @lock.
 * @saved_length: How many there are.
 *
 * @address to @interval change with the setting, see &winusb_interface.pipes.
 */
struct winusb_pipe {
	struct winusb_interface *wi;
	u8 address;
	u8 type;
	u16 maxp;
	u8 interval;

	spinlock_t lock;
	bool parked;
	bool halted;
	unsigned int resets;
	struct list_head queue;
	wait_queue_head_t idle;
	u32 timeout_ms;
	u8 *saved;
	unsigned int saved_length;
};

void winusb_pipe_init(struct winusb_pipe *pipe, struct winusb_interface *wi);
void winusb_pipe_setup(struct winusb_pipe *pipe, const struct usb_endpoint_descriptor *desc);
void winusb_pipe_destroy(struct winusb_pipe *pipe);
struct winusb_pipe *winusb_pipe_find(struct winusb_interface *wi, u8 address);
void winusb_pipe_set_defaults(struct winusb_pipe *pipe);
bool winusb_pipe_is_busy(struct winusb_pipe *pipe);
void winusb_pipe_cancel(struct winusb_pipe *pipe, int error);
void winusb_pipe_halt(struct winusb_pipe *pipe, unsigned int resets);
void winusb_pipe_clear_halt(struct winusb_pipe *pipe);

int winusb_pipe_prepare_saved(struct winusb_pipe *pipe);
size_t winusb_pipe_take_saved(struct winusb_pipe *pipe, void *to, size_t length);
void winusb_pipe_save(struct winusb_pipe *pipe, const void *from, size_t length);

int winusb_pipe_abort(struct winusb_handle *wh, u8 address, bool nonblock);
int winusb_pipe_reset(struct winusb_handle *wh, u8 address, bool nonblock);
int winusb_pipe_flush(struct winusb_handle *wh, u8 address, bool nonblock);
int winusb_pipe_get_policy(struct winusb_handle *wh, u8 address, u32 policy, u32 *value,
			   bool nonblock);
int winusb_pipe_set_policy(struct winusb_handle *wh, u8 address, u32 policy, u32 value,
			   bool nonblock);

static inline bool winusb_pipe_is_in(const struct winusb_pipe *pipe)
{
	return pipe->address & USB_DIR_IN;
}

#endif /* WINUSB_PIPE_H */
