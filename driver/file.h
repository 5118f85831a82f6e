/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_FILE_H
#define WINUSB_FILE_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

struct eventfd_ctx;
struct winusb_events;
struct winusb_handle;
struct winusb_interface;
struct winusb_request;

/**
 * struct winusb_file - One open of a node
 * @ref: One for the open node, one while its interface leaves.
 * @wi: The interface of the node, held until the file is freed.
 * @listener: Opened read-only. Constant.
 * @events: Queue of a listener, otherwise NULL. Constant.
 * @self: The handle 0 of a listener, otherwise NULL. Constant.
 * @handles: Handles by number.
 * @next_handle: Where the search for a free number begins, guarded by @handles.
 * @num_handles: How many there are.
 * @gone: The interface left, and with it what the file had acquired. Under winusb_functions_lock
 *	and @requests_lock; a hint without one of them.
 * @restoring: Somebody has begun to restore what it has. Under winusb_functions_lock.
 * @file: The struct file, only compared. Constant.
 * @flushed: A process has closed its last descriptor. Written under @requests_lock; a reader, which
 *	is woken afterwards, looks without it.
 * @closed: It is being closed: no requests any more. Under @requests_lock.
 * @requests_lock: Guards what is below. Taken in any context; a pipe's lock is taken inside it.
 * @requests: Requests that were started and are not done (&winusb_request.file_node).
 * @num_running: How many.
 * @done: Requests that are to be read as records, oldest first.
 * @idle: Requests that nobody uses, kept for the next.
 * @num_idle: How many.
 * @spare: One more of them, which is taken and given without the lock.
 * @num_requests: How many there are, in these lists and elsewhere.
 * @wait: Woken when a record is ready, when the interface leaves, at the close, and as somebody
 *	wants it (WINUSB_REAP_WAKE).
 * @wakes: How often somebody did.
 * @read_lock: One reader of records at a time. Outside @requests_lock.
 * @eventfd: Is told of each record, or NULL.
 * @charged: Bytes of kernel memory that its requests and registered buffers use.
 * @isoch_buffers: Registered buffers by number.
 * @next_isoch_buffer: Where the search for a free number begins, guarded by @isoch_buffers.
 * @num_isoch_buffers: How many there are.
 */
struct winusb_file {
	struct kref ref;
	struct winusb_interface *wi;
	bool listener;
	struct winusb_events *events;
	struct winusb_handle *self;
	struct xarray handles;
	u32 next_handle;
	atomic_t num_handles;
	bool gone;
	bool restoring;
	const struct file *file;
	bool flushed;
	bool closed;
	spinlock_t requests_lock;
	struct list_head requests;
	unsigned int num_running;
	struct list_head done;
	struct list_head idle;
	unsigned int num_idle;
	struct winusb_request *spare;
	unsigned int num_requests;
	wait_queue_head_t wait;
	u32 wakes;
	struct mutex read_lock;
	struct eventfd_ctx *eventfd;
	atomic_long_t charged;
	struct xarray isoch_buffers;
	u32 next_isoch_buffer;
	atomic_t num_isoch_buffers;
};

struct winusb_file *winusb_file_open(struct winusb_interface *wi, bool listener);
void winusb_file_close(struct winusb_file *wf);
int winusb_file_set_enabled(struct winusb_file *wf, bool enable);
void winusb_file_cancel(struct winusb_file *wf, const void *owner, int error);
unsigned int winusb_file_cancel_cookie(struct winusb_file *wf, u64 cookie);
unsigned int winusb_file_cancel_all(struct winusb_file *wf, const void *owner);
int winusb_file_charge(struct winusb_file *wf, size_t bytes);
void winusb_file_charge_anyway(struct winusb_file *wf, size_t bytes);
int winusb_file_admit(struct winusb_file *wf, bool waits);
void winusb_file_uncharge(struct winusb_file *wf, size_t bytes);
struct winusb_request *winusb_file_take_idle(struct winusb_file *wf);
void winusb_file_count(struct winusb_file *wf);
void winusb_file_keep(struct winusb_file *wf, struct winusb_request *req);
void winusb_file_flush(struct winusb_file *wf, fl_owner_t owner);
bool winusb_file_is_closed(struct winusb_file *wf);
void winusb_file_orphan(struct winusb_interface *wi);

#endif /* WINUSB_FILE_H */
