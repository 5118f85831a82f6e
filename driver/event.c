// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: what listeners (files opened read-only) read. Each has a ring of its own. When it is full
 * new events are dropped and counted, except that the last place is kept for the removal, so that
 * no listener misses the end. &winusb_interface.events_lock guards the rings and is innermost.
 */
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "event.h"
#include "file.h"
#include "interface.h"
#include "request.h"

static_assert(sizeof(struct winusb_event) == 64);	/* part of the contract */

/**
 * winusb_events_create - Begin to listen
 * @wi: The interface.
 *
 * Return: The queue, or an error: -ENOENT if the removal was posted already, -ENOMEM.
 */
struct winusb_events *winusb_events_create(struct winusb_interface *wi)
{
	struct winusb_events *events;
	bool ended;

	events = kzalloc(sizeof(*events), GFP_KERNEL_ACCOUNT);
	if (!events)
		return ERR_PTR(-ENOMEM);
	mutex_init(&events->read_lock);
	init_waitqueue_head(&events->wait);
	spin_lock(&wi->events_lock);
	ended = wi->ended;
	if (!ended)
		list_add_tail(&events->node, &wi->listeners);
	spin_unlock(&wi->events_lock);
	if (ended) {
		kfree(events);
		return ERR_PTR(-ENOENT);
	}
	return events;
}

/**
 * winusb_events_destroy - Cease to listen
 * @events: The queue; nobody reads it any more.
 * @wi: The interface.
 */
void winusb_events_destroy(struct winusb_events *events, struct winusb_interface *wi)
{
	spin_lock(&wi->events_lock);
	list_del(&events->node);
	spin_unlock(&wi->events_lock);
	kfree(events);
}

static void winusb_events_put(struct winusb_events *events, u32 type, u32 value)
{
	unsigned int limit = type == WINUSB_EVENT_REMOVED ? WINUSB_EVENTS : WINUSB_EVENTS - 1;
	struct winusb_event *event;

	events->sequence++;
	if (events->head - events->tail >= limit) {
		events->dropped++;
		return;
	}
	event = &events->records[events->head++ % WINUSB_EVENTS];
	memset(event, 0, sizeof(*event));
	event->type = type;
	event->value = value;
	event->sequence = events->sequence;
	event->time_ns = ktime_get_ns();
	event->dropped = events->dropped;
	wake_up_interruptible(&events->wait);
}

/**
 * winusb_events_post - Tell all listeners of an interface
 * @wi: The interface.
 * @type: WINUSB_EVENT_ type.
 * @value: As the uapi header says for the type.
 */
void winusb_events_post(struct winusb_interface *wi, u32 type, u32 value)
{
	struct winusb_events *events;

	spin_lock(&wi->events_lock);
	if (!wi->ended)
		list_for_each_entry(events, &wi->listeners, node)
			winusb_events_put(events, type, value);
	if (type == WINUSB_EVENT_REMOVED)
		wi->ended = true;
	spin_unlock(&wi->events_lock);
}

/**
 * winusb_events_pending - Would a read give a record?
 * @events: The queue.
 * @wi: The interface.
 *
 * Return: true if so.
 */
bool winusb_events_pending(struct winusb_events *events, struct winusb_interface *wi)
{
	bool pending;

	spin_lock(&wi->events_lock);
	pending = events->head != events->tail;
	spin_unlock(&wi->events_lock);
	return pending;
}

/* The removal was posted, and all that was before it is read. */
static bool winusb_events_ended(struct winusb_events *events, struct winusb_interface *wi)
{
	bool ended;

	spin_lock(&wi->events_lock);
	ended = wi->ended && events->head == events->tail;
	spin_unlock(&wi->events_lock);
	return ended;
}

/* This process has closed its last descriptor, and one of its other threads is reading. */
static bool winusb_events_closed(struct winusb_file *wf)
{
	return READ_ONCE(wf->flushed) && winusb_file_is_closed(wf);
}

/* Copy the oldest record out. It is taken out of the ring only when it arrived. */
static int winusb_events_read_one(struct winusb_events *events, struct winusb_interface *wi,
				  char __user *buffer)
{
	struct winusb_event event;

	spin_lock(&wi->events_lock);
	event = events->records[events->tail % WINUSB_EVENTS];
	spin_unlock(&wi->events_lock);

	if (copy_to_user(buffer, &event, sizeof(event)))
		return -EFAULT;

	spin_lock(&wi->events_lock);
	events->tail++;
	spin_unlock(&wi->events_lock);
	return 0;
}

/**
 * winusb_events_read - read(2) of a listener
 * @wf: The listener.
 * @buffer: Where whole records go.
 * @length: Room there, bytes.
 * @nonblock: Give -EAGAIN instead of waiting for a record.
 *
 * Return: Bytes read, 0 after the last record of an interface that left, or an error.
 */
ssize_t winusb_events_read(struct winusb_file *wf, char __user *buffer, size_t length,
			   bool nonblock)
{
	struct winusb_events *events = wf->events;
	struct winusb_interface *wi = wf->wi;
	ssize_t done = 0;
	int ret = 0;

	if (length < sizeof(struct winusb_event))
		return -EINVAL;

	for (;;) {
		if (mutex_lock_interruptible(&events->read_lock))
			return winusb_interrupted();
		while (length - done >= sizeof(struct winusb_event) &&
		       winusb_events_pending(events, wi)) {
			ret = winusb_events_read_one(events, wi, buffer + done);
			if (ret)
				break;
			done += sizeof(struct winusb_event);
		}
		mutex_unlock(&events->read_lock);
		if (done || ret)
			return done ? done : ret;

		if (winusb_events_ended(events, wi))
			return 0;
		if (winusb_events_closed(wf))
			return -ECANCELED;
		if (nonblock)
			return -EAGAIN;
		/* Another reader may have taken the last record, so look for the end too. */
		if (wait_event_interruptible(events->wait, winusb_events_pending(events, wi) ||
					     winusb_events_ended(events, wi) ||
					     winusb_events_closed(wf)))
			return winusb_interrupted();
	}
}
