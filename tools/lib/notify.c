// SPDX-License-Identifier: MIT
/*
 * CM_Register_Notification. One thread, there while something is registered, waits for the monitor
 * and the listeners, and calls back, one call at a time. A registration begins with what is there;
 * from then on each look at sysfs is compared with what it knows: so nothing that comes after it is
 * missed, however many events were lost, and nothing is told twice.
 *
 * The monitor listens before the first registration looks. A look is compared only with
 * registrations that were in the list before it began; one that was made meanwhile knows more than
 * the look.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "notify.h"
#include "wide.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct list registrations = { &registrations, &registrations };	/* each with a reference */
static size_t registration_count;
static bool running;			/* the thread */
static bool calling;			/* it is in a callback */
static bool joinable;
static unsigned int joiners;		/* wait for its end; without any it is detached then */
static pthread_t thread;
static struct monitor *monitor;		/* while the thread runs */
static int wake_fd = -1;		/* the same; 1: poll anew, more: look at sysfs, too */
static bool look_wanted;

static bool is_thread(void)
{
	return running && pthread_equal(thread, pthread_self());
}

/* Under lock. */
static void thread_wake(void)
{
	uint64_t one = 1;

	if (wake_fd >= 0 && write(wake_fd, &one, sizeof(one)) < 0)
		return;		/* it is full, so the thread wakes anyway */
}

void registration_tell(struct registration *registration, CM_NOTIFY_ACTION action,
		       CM_NOTIFY_EVENT_DATA *data, size_t size)
{
	bool gone;

	pthread_mutex_lock(&lock);
	gone = registration->gone;
	registration->running = calling = !gone;
	pthread_mutex_unlock(&lock);
	if (gone)
		return;
	registration->callback(registration->handle, registration->context, action, data, size);
	pthread_mutex_lock(&lock);
	registration->running = calling = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

/*
 * CM_Unregister_Notification, or CloseHandle. A callback that runs is waited for, unless this is
 * it. The last one waits for the thread's end, too, so that none is left; but not for the callback
 * of another registration, which may wait for who calls this.
 */
static void registration_closed(struct object *object)
{
	struct registration *registration = (struct registration *)object;
	bool listed, join = false;
	pthread_t ended;

	pthread_mutex_lock(&lock);
	registration->gone = true;
	listed = !list_is_empty(&registration->link);
	if (listed) {
		list_remove(&registration->link);
		registration_count--;
	}
	thread_wake();
	if (!is_thread()) {
		while (registration->running)
			pthread_cond_wait(&changed, &lock);
		joiners++;
		while (running && !registration_count && !calling)
			pthread_cond_wait(&changed, &lock);
		joiners--;
		join = !running && joinable;
		ended = thread;
		joinable = joinable && !join;
	}
	pthread_mutex_unlock(&lock);
	if (join)
		pthread_join(ended, NULL);
	if (listed)
		object_put(object);
}

static void registration_destroy(struct object *object)
{
	struct registration *registration = (struct registration *)object;

	if (registration->listener >= 0)
		close(registration->listener);
	free(registration->buffer);
	free(registration->known);
	free(registration);
}

static const struct object_type registration_type = {
	.kind = OBJECT_NOTIFICATION,
	.closed = registration_closed,
	.destroy = registration_destroy,
};

/* What one round of the thread works with: references to all registrations. */
struct round {
	struct registration **list;
	struct pollfd *fds;	/* the eventfd, the monitor, the listener of each or -1 */
	size_t count;
};

/* Under lock. False: no memory. */
static bool round_begin(struct round *round)
{
	round->list = calloc(registration_count + 1, sizeof(*round->list));
	round->fds = calloc(registration_count + 2, sizeof(*round->fds));
	round->count = 0;
	if (!round->list || !round->fds)
		return false;
	round->fds[0] = (struct pollfd) { .fd = wake_fd, .events = POLLIN };
	round->fds[1] = (struct pollfd) { .fd = monitor_fd(monitor), .events = POLLIN };
	for (struct list *link = registrations.next; link != &registrations; link = link->next) {
		struct registration *registration = list_entry(link, struct registration, link);

		object_ref(&registration->object);
		round->fds[2 + round->count].fd = registration->removed ? -1 :
									  registration->listener;
		round->fds[2 + round->count].events = POLLIN;
		round->list[round->count++] = registration;
	}
	return true;
}

static void round_end(struct round *round)
{
	for (size_t i = 0; i < round->count; i++)
		object_put(&round->list[i]->object);
	free(round->list);
	free(round->fds);
}

static void look(struct round *round)
{
	struct device_list *list = device_list_load();
	bool ok = list;

	for (size_t i = 0; list && i < round->count; i++)
		ok &= registration_compare(round->list[i], list, monitor);
	device_list_put(list);
	/* Without memory nothing may happen that would have us look again. */
	if (!ok) {
		usleep(NOTIFY_PATIENCE);
		notify_look();
	}
}

static void round_run(struct round *round)
{
	uint64_t count;
	bool again;

	if (poll(round->fds, 2 + round->count, -1) < 0)
		return;
	pthread_mutex_lock(&lock);
	if (round->fds[0].revents && read(wake_fd, &count, sizeof(count)) < 0)
		count = 0;
	again = look_wanted;
	look_wanted = false;
	pthread_mutex_unlock(&lock);
	if (round->fds[1].revents)
		again |= monitor_take(monitor);
	for (size_t i = 0; i < round->count; i++)
		if (round->fds[2 + i].revents && !registration_listen(round->list[i]))
			round->list[i]->removed = true;
	if (again)
		look(round);
}

static void *thread_main(void *unused)
{
	struct round round;

	(void)unused;
	pthread_setname_np(pthread_self(), "winusb-notify");
	pthread_mutex_lock(&lock);
	while (registration_count) {
		bool ok = round_begin(&round);

		pthread_mutex_unlock(&lock);
		if (ok)
			round_run(&round);
		else
			usleep(NOTIFY_PATIENCE);
		round_end(&round);
		pthread_mutex_lock(&lock);
	}
	monitor_close(monitor);
	close(wake_fd);
	monitor = NULL;
	wake_fd = -1;
	running = false;
	if (!joiners) {
		pthread_detach(thread);
		joinable = false;
	}
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* Under lock, with the first registration in the list. The thread gets no signals. */
static bool thread_start(void)
{
	sigset_t all, old;
	int error;

	if (joinable) {
		pthread_join(thread, NULL);
		joinable = false;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&thread, NULL, thread_main, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	running = joinable = !error;
	return running;
}

/* Under lock. The monitor is there before anybody looks. */
static bool monitor_start(void)
{
	if (monitor)
		return true;
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	monitor = wake_fd >= 0 ? monitor_open() : NULL;
	if (monitor)
		return true;
	if (wake_fd >= 0)
		close(wake_fd);
	wake_fd = -1;
	return false;
}

/* Under lock: nothing was made of it. */
static void monitor_stop(void)
{
	if (running || !monitor)
		return;
	monitor_close(monitor);
	close(wake_fd);
	monitor = NULL;
	wake_fd = -1;
}

/* Under lock; the list's reference is taken. */
static CONFIGRET registration_add(struct registration *registration)
{
	struct device_list *list;
	bool ok;

	if (!monitor_start())
		return errno == ENOMEM ? CR_OUT_OF_MEMORY : CR_FAILURE;
	list = device_list_load();
	ok = list && registration_begin(registration, list, monitor);
	device_list_put(list);
	if (!ok) {
		monitor_stop();
		return CR_OUT_OF_MEMORY;
	}
	object_ref(&registration->object);
	list_add_tail(&registrations, &registration->link);
	registration_count++;
	if (running || thread_start()) {
		thread_wake();
		return CR_SUCCESS;
	}
	list_remove(&registration->link);
	registration_count--;
	object_put(&registration->object);
	monitor_stop();
	return CR_OUT_OF_MEMORY;
}

static CONFIGRET filter_check(const CM_NOTIFY_FILTER *filter)
{
	static const GUID none;
	static const DWORD flags[] = {
		[CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE] =
			CM_NOTIFY_FILTER_FLAG_ALL_INTERFACE_CLASSES,
		[CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE] = 0,
		[CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE] = CM_NOTIFY_FILTER_FLAG_ALL_DEVICE_INSTANCES,
	};

	if (filter->cbSize != sizeof(*filter) || filter->Reserved ||
	    (unsigned int)filter->FilterType >= CM_NOTIFY_FILTER_TYPE_MAX)
		return CR_INVALID_DATA;
	if (filter->Flags & ~flags[filter->FilterType])
		return CR_INVALID_FLAG;
	/* All classes is not one of them. */
	if (filter->FilterType == CM_NOTIFY_FILTER_TYPE_DEVICEINTERFACE && filter->Flags &&
	    memcmp(&filter->u.DeviceInterface.ClassGuid, &none, sizeof(none)))
		return CR_INVALID_DATA;
	return CR_SUCCESS;
}

static CONFIGRET filter_take(struct registration *registration, const CM_NOTIFY_FILTER *filter)
{
	WCHAR id[MAX_DEVICE_ID_LEN + 1] = { 0 };
	char *text;

	registration->type = filter->FilterType;
	registration->all = filter->Flags != 0;
	switch (filter->FilterType) {
	case CM_NOTIFY_FILTER_TYPE_DEVICEHANDLE:
		return registration_open_handle(registration, filter->u.DeviceHandle.hTarget);
	case CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE:
		memcpy(id, filter->u.DeviceInstance.InstanceId, MAX_DEVICE_ID_LEN * sizeof(*id));
		text = utf8_of_wide(id);
		if (!text)
			return CR_OUT_OF_MEMORY;
		strncpy(registration->id, text, sizeof(registration->id) - 1);
		free(text);
		return CR_SUCCESS;
	default:
		memcpy(registration->guid, &filter->u.DeviceInterface.ClassGuid, DEVICE_GUID_SIZE);
		return CR_SUCCESS;
	}
}

CONFIGRET WINAPI CM_Register_Notification(PCM_NOTIFY_FILTER filter, PVOID context,
					  PCM_NOTIFY_CALLBACK callback, PHCMNOTIFICATION handle)
{
	struct registration *registration;
	CONFIGRET ret;

	if (!handle)
		return CR_FAILURE;
	*handle = NULL;
	ret = filter && callback ? filter_check(filter) : CR_INVALID_DATA;
	if (ret)
		return ret;
	registration = calloc(1, sizeof(*registration));
	if (!registration)
		return CR_OUT_OF_MEMORY;
	object_init(&registration->object, &registration_type);
	list_init(&registration->link);
	registration->callback = callback;
	registration->context = context;
	registration->listener = -1;
	ret = filter_take(registration, filter);
	if (ret) {
		object_put(&registration->object);
		return ret;
	}
	registration->handle = (HCMNOTIFICATION)object_open(&registration->object);
	if (!registration->handle)
		return CR_OUT_OF_MEMORY;
	/* The callback may run before this returns. */
	*handle = registration->handle;
	pthread_mutex_lock(&lock);
	ret = registration_add(registration);
	pthread_mutex_unlock(&lock);
	if (ret) {
		object_close(registration->handle, OBJECT_NOTIFICATION);
		*handle = NULL;
	}
	return ret;
}

CONFIGRET WINAPI CM_Unregister_Notification(HCMNOTIFICATION handle)
{
	return object_close(handle, OBJECT_NOTIFICATION) ? CR_SUCCESS : CR_INVALID_DATA;
}

void notify_look(void)
{
	pthread_mutex_lock(&lock);
	look_wanted = true;
	thread_wake();
	pthread_mutex_unlock(&lock);
}
