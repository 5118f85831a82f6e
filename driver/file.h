/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_FILE_H
#define WINUSB_FILE_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

struct winusb_events;
struct winusb_handle;
struct winusb_interface;

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
 * @flushed: A process has closed its last descriptor. Under @requests_lock; a reader of events,
 *	which is woken afterwards, looks without it.
 * @requests_lock: Guards @requests. Innermost.
 * @requests: Running requests (&winusb_request.file_node).
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
	spinlock_t requests_lock;
	struct list_head requests;
};

struct winusb_file *winusb_file_open(struct winusb_interface *wi, bool listener);
void winusb_file_close(struct winusb_file *wf);
void winusb_file_cancel(struct winusb_file *wf, const void *owner, int error);
void winusb_file_flush(struct winusb_file *wf, fl_owner_t owner);
bool winusb_file_is_closed(struct winusb_file *wf);
void winusb_file_orphan(struct winusb_interface *wi);

#endif /* WINUSB_FILE_H */
