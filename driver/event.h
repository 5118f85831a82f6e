/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_EVENT_H
#define WINUSB_EVENT_H

#include <linux/align.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>

#include <uapi/linux/winusb.h>

struct winusb_file;
struct winusb_interface;
struct winusb_post;

#define WINUSB_EVENTS 64		/* records that a listener's queue holds */
#define WINUSB_EVENTS_BYTES 262144	/* and bytes of data that come with them */

/* What read(2) gives of an event with that much data. */
#define WINUSB_EVENT_LENGTH(bytes) (sizeof(struct winusb_event) + ALIGN((size_t)(bytes), 8))
#define WINUSB_EVENT_LONGEST WINUSB_EVENT_LENGTH(WINUSB_MAX_EVENT_DATA)

/**
 * struct winusb_events - The queue of a listener
 * @node: In &winusb_interface.listeners.
 * @read_lock: One reader at a time. Taken outside events_lock.
 * @wait: Woken when a record comes in, at removal, and when a descriptor of the file is closed.
 * @head: Number of records put in so far, under events_lock.
 * @tail: Number of records read so far, under events_lock; advanced under @read_lock.
 * @sequence: Number of events so far, also of those that were dropped; under events_lock.
 * @dropped: How many were; under events_lock.
 * @custom: Custom events are wanted, too; under events_lock.
 * @bytes: Data of those in the ring; under events_lock.
 * @records: The ring.
 * @posts: What has the data of each, with a reference, or NULL.
 */
struct winusb_events {
	struct list_head node;
	struct mutex read_lock;
	wait_queue_head_t wait;
	unsigned int head;
	unsigned int tail;
	u64 sequence;
	u64 dropped;
	bool custom;
	size_t bytes;
	struct winusb_event records[WINUSB_EVENTS];
	struct winusb_post *posts[WINUSB_EVENTS];
};

struct winusb_events *winusb_events_create(struct winusb_interface *wi);
void winusb_events_destroy(struct winusb_events *events, struct winusb_interface *wi);
void winusb_events_listen(struct winusb_file *wf, bool custom);
void winusb_events_post(struct winusb_interface *wi, u32 type, u32 value);
void winusb_events_post_custom(struct winusb_interface *wi, struct winusb_post *post);
ssize_t winusb_events_read(struct winusb_file *wf, char __user *buffer, size_t length,
			   bool nonblock);
bool winusb_events_pending(struct winusb_events *events, struct winusb_interface *wi);

#endif /* WINUSB_EVENT_H */
