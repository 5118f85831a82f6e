// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: what listeners (files opened read-only) read. Each has a ring of its own. When it is full
 * new events are dropped and counted, except that the last place is kept for the removal, so that
 * no listener misses the end. &winusb_interface.events_lock guards the rings and is innermost.
 *
 * A custom event has data, which all rings share: a ring has a reference, and is full, too, when it
 * has many bytes.
 */
#include <linux/freezer.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "event.h"
#include "file.h"
#include "interface.h"
#include "post.h"
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
	unsigned int i;

	spin_lock(&wi->events_lock);
	list_del(&events->node);
	spin_unlock(&wi->events_lock);
	for (i = 0; i < WINUSB_EVENTS; i++)
		if (events->posts[i])
			winusb_post_put(events->posts[i]);
	kfree(events);
}

/**
 * winusb_events_listen - Choose what a listener hears from now on
 * @wf: The listener.
 * @custom: Custom events, too.
 */
void winusb_events_listen(struct winusb_file *wf, bool custom)
{
	spin_lock(&wf->wi->events_lock);
	wf->events->custom = custom;
	spin_unlock(&wf->wi->events_lock);
}
WINUSB_EXPORT_FOR_TESTS(winusb_events_listen);

static bool winusb_events_have_room(const struct winusb_events *events, u32 type, size_t bytes)
{
	unsigned int limit = type == WINUSB_EVENT_REMOVED ? WINUSB_EVENTS : WINUSB_EVENTS - 1;

	return events->head - events->tail < limit && bytes <= WINUSB_EVENTS_BYTES - events->bytes;
}

static void winusb_events_put(struct winusb_events *events, u32 type, u32 value,
			      struct winusb_post *post)
{
	unsigned int place = events->head % WINUSB_EVENTS;
	struct winusb_event *event = &events->records[place];

	events->sequence++;
	if (!winusb_events_have_room(events, type, post ? post->length : 0)) {
		events->dropped++;
		return;
	}
	events->head++;
	memset(event, 0, sizeof(*event));
	event->type = type;
	event->value = value;
	event->sequence = events->sequence;
	event->time_ns = ktime_get_ns();
	event->dropped = events->dropped;
	if (post) {
		memcpy(event->guid, post->guid, sizeof(event->guid));
		event->data_length = post->length;
		events->bytes += post->length;
		kref_get(&post->ref);
		events->posts[place] = post;
	}
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
			winusb_events_put(events, type, value, NULL);
	if (type == WINUSB_EVENT_REMOVED)
		wi->ended = true;
	spin_unlock(&wi->events_lock);
}

/**
 * winusb_events_post_custom - Tell the listeners of an interface that want such
 * @wi: The interface.
 * @post: What was posted.
 */
void winusb_events_post_custom(struct winusb_interface *wi, struct winusb_post *post)
{
	struct winusb_events *events;

	spin_lock(&wi->events_lock);
	if (!wi->ended)
		list_for_each_entry(events, &wi->listeners, node)
			if (events->custom)
				winusb_events_put(events, WINUSB_EVENT_CUSTOM, 0, post);
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

/* The data of a record, and zeros up to the next one. */
static int winusb_events_read_data(const struct winusb_post *post, char __user *buffer)
{
	if (copy_to_user(buffer, post->data, post->length) ||
	    clear_user(buffer + post->length, ALIGN(post->length, 8) - post->length))
		return -EFAULT;
	return 0;
}

/*
 * Copy the oldest record out. It is taken out of the ring only when all of it arrived: the caller
 * has the read_lock, and so nobody else takes it meanwhile. 0 if there is none.
 */
static ssize_t winusb_events_read_one(struct winusb_events *events, struct winusb_interface *wi,
				      char __user *buffer, size_t room)
{
	unsigned int place = events->tail % WINUSB_EVENTS;
	struct winusb_event event;
	struct winusb_post *post;
	size_t length;

	if (!winusb_events_pending(events, wi))
		return 0;
	spin_lock(&wi->events_lock);
	event = events->records[place];
	post = events->posts[place];
	spin_unlock(&wi->events_lock);

	length = WINUSB_EVENT_LENGTH(event.data_length);
	if (length > room)
		return -EINVAL;
	if (copy_to_user(buffer, &event, sizeof(event)) ||
	    (post && winusb_events_read_data(post, buffer + sizeof(event))))
		return -EFAULT;

	spin_lock(&wi->events_lock);
	events->posts[place] = NULL;
	events->bytes -= event.data_length;
	events->tail++;
	spin_unlock(&wi->events_lock);
	if (post)
		winusb_post_put(post);
	return length;
}

/**
 * winusb_events_read - read(2) of a listener
 * @wf: The listener.
 * @buffer: Where whole records go, with their data.
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
	ssize_t done = 0, ret;

	if (length < sizeof(struct winusb_event))
		return -EINVAL;

	for (;;) {
		if (mutex_lock_interruptible(&events->read_lock))
			return winusb_interrupted();
		do {
			ret = winusb_events_read_one(events, wi, buffer + done, length - done);
			if (ret > 0)
				done += ret;
		} while (ret > 0);
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
		if (wait_event_freezable(events->wait, winusb_events_pending(events, wi) ||
					 winusb_events_ended(events, wi) ||
					 winusb_events_closed(wf)))
			return winusb_interrupted();
	}
}
