/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_PIPE_H
#define WINUSB_PIPE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/usb.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "buffer.h"
#include "policy.h"
#include "stream.h"

struct winusb_handle;
struct winusb_interface;
struct winusb_request;

/**
 * struct winusb_pipe - An endpoint of the current setting, or the default control pipe
 * @wi: The interface; constant.
 * @address: bEndpointAddress, 0 for the control pipe.
 * @type: USB_ENDPOINT_XFER_ type.
 * @interval: bInterval.
 * @dma: What the host controller takes. The packet size is never 0, but for the control pipe.
 * @run_lock: One at a time lets those of @raw_queue run. Inside the gate, outside @lock.
 * @lock: Guards the fields below. Inside the file's requests_lock; only wait queues are woken under
 *	it.
 * @policies: Read without @lock, too.
 * @parked: Requests wait: the pipe is being reset.
 * @asleep: Requests wait: the device is suspended, or is about to be. A hint without the lock.
 * @halted: The endpoint stalled: requests fail with -EPIPE until the pipe is reset.
 * @turn: Counts what is handed over to the host controller.
 * @resets: How often the halt was cleared, so that an older stall does not count.
 * @queue: The requests that wait (&winusb_request.pipe_node), oldest first.
 * @active: The one that owns the pipe, in no list.
 * @raw: The requests that do not wait for each other: raw ones, and those of the control pipe.
 * @raw_queue: Raw ones that came while the pipe was parked, oldest first.
 * @held: There were such, and until the last of them is handed over others line up behind it.
 * @cancelled: How many were ended by somebody and are not done yet.
 * @idle: Woken when @cancelled becomes 0.
 * @bounce: Memory for what the host controller can't move to or from a request's own;
 *	winusb_pipe_bounce_size() bytes, followed by @saved. Stays once it is there. Its content is
 *	that of the request that owns the pipe.
 * @saved: Bytes that a read did not ask for; a packet of room.
 * @saved_length: How many there are.
 * @stream: Of an isochronous one.
 * @clear_work: Resets the pipe for a request that failed, see AUTO_CLEAR_STALL.
 *
 * @address to @dma change with the setting, see &winusb_interface.pipes.
 */
struct winusb_pipe {
	struct winusb_interface *wi;
	u8 address;
	u8 type;
	u8 interval;
	struct winusb_dma dma;

	struct mutex run_lock;
	spinlock_t lock;
	struct winusb_policies policies;
	bool parked;
	bool asleep;
	bool halted;
	u64 turn;
	unsigned int resets;
	struct list_head queue;
	struct winusb_request *active;
	struct list_head raw;
	struct list_head raw_queue;
	bool held;
	unsigned int cancelled;
	wait_queue_head_t idle;
	u8 *bounce;
	u8 *saved;
	unsigned int saved_length;
	struct winusb_stream stream;
	struct work_struct clear_work;
};

int winusb_pipe_create_workqueue(void);
void winusb_pipe_destroy_workqueue(void);
void winusb_pipe_queue_work(struct work_struct *work);
void winusb_pipe_queue_delayed_work(struct delayed_work *work, unsigned long delay);

void winusb_pipe_init(struct winusb_pipe *pipe, struct winusb_interface *wi);
void winusb_pipe_setup(struct winusb_pipe *pipe, const struct usb_host_endpoint *ep);
void winusb_pipe_destroy(struct winusb_pipe *pipe);
struct winusb_pipe *winusb_pipe_look(struct winusb_interface *wi, u8 address);
struct winusb_pipe *winusb_pipe_find(struct winusb_interface *wi, u8 address);
void winusb_pipe_set_defaults(struct winusb_pipe *pipe);
bool winusb_pipe_is_busy(struct winusb_pipe *pipe);
bool winusb_pipe_is_powered(const struct winusb_pipe *pipe);
bool winusb_pipe_takes(struct winusb_pipe *pipe, const struct winusb_request *req);
void winusb_pipe_halt(struct winusb_pipe *pipe, unsigned int resets);
void winusb_pipe_clear_halt(struct winusb_pipe *pipe);
void winusb_pipe_schedule_clear(struct winusb_pipe *pipe);

size_t winusb_pipe_bounce_size(u16 maxp);
u8 *winusb_pipe_alloc_bounce(u16 maxp);
int winusb_pipe_give_bounce(struct winusb_handle *wh, u8 address, u16 maxp, u8 *bounce,
			    bool nonblock);
void winusb_pipe_wait_idle(struct winusb_pipe *pipe);
void winusb_pipe_uncount(struct winusb_pipe *pipe);
size_t winusb_pipe_take_saved(struct winusb_pipe *pipe, struct winusb_buffer *buffer);
void winusb_pipe_save(struct winusb_pipe *pipe, const void *from, size_t length);
void winusb_pipe_save_from(struct winusb_pipe *pipe, struct winusb_buffer *buffer, size_t offset,
			   size_t length);

int winusb_pipe_abort(struct winusb_handle *wh, u8 address, bool nonblock);
int winusb_pipe_reset(struct winusb_handle *wh, u8 address, bool nonblock);
int winusb_pipe_flush(struct winusb_handle *wh, u8 address, bool nonblock);
int winusb_pipe_get_policy(struct winusb_handle *wh, u8 address, u32 policy, u32 *value,
			   bool nonblock);
int winusb_pipe_set_policy(struct winusb_handle *wh, u8 address, u32 policy, u32 value,
			   bool nonblock);

/* Must its requests wait, whatever there is before them? The caller holds its lock. */
static inline bool winusb_pipe_waits(const struct winusb_pipe *pipe)
{
	return pipe->parked || pipe->asleep;
}

static inline bool winusb_pipe_is_in(const struct winusb_pipe *pipe)
{
	return pipe->address & USB_DIR_IN;
}

#endif /* WINUSB_PIPE_H */
