// SPDX-License-Identifier: MIT
/*
 * The background thread. It lives from the first overlapped request on, and sleeps when there are
 * none.
 *
 * Who waits reads the records himself, and so does who asks. Only a program that looks at
 * OVERLAPPED.Internal itself, or at what comes with the data, relies on somebody else. Being woken
 * for each record beside those who wait would cost a lot, so the thread just looks now and then: if
 * requests are pending, and nobody has read records since the last time nor waits to, the file
 * becomes its own, and then it polls the file until somebody waits again.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "overlapped.h"

#define TICK_MS		5	/* at first, and twice as long each time, until */
#define TICK_MAX_MS	80
#define LINGER_TICKS	20	/* so many more when nothing is pending */
#define FILES_MAX	64	/* that it polls at once; others have to wait for the next tick */

static pthread_mutex_t background_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t background_left = PTHREAD_COND_INITIALIZER;
static struct list background_files = { &background_files, &background_files };
static int background_wake = -1;
static bool background_runs;
static unsigned int background_idle;	/* ticks without pending requests */
static int background_pace = TICK_MS;
static atomic_bool background_ticks;	/* it looks again before long */

static bool background_is_led(struct file *file)
{
	bool led;

	wait_lock_acquire();
	led = file->pump.leader || file->direct;
	wait_lock_release();
	return led;
}

/* Under background_lock, as what follows where nothing else is said. True: there is work. */
static bool background_look(struct file *file)
{
	unsigned int activity = atomic_load_explicit(&file->activity, memory_order_relaxed);

	if (!atomic_load(&file->pending))
		return false;
	if (!atomic_load(&file->owned) && activity == file->seen && !background_is_led(file))
		atomic_store(&file->owned, true);
	file->seen = activity;
	return !atomic_load(&file->owned);
}

/* How long to sleep: until the next tick, or until it is kicked. */
static int background_tick(void)
{
	struct list *link;
	bool any = false;

	for (link = background_files.next; link != &background_files; link = link->next)
		any |= background_look(list_entry(link, struct file, in_background));
	background_idle = any ? 0 : background_idle + 1;
	background_pace = background_pace * 2 < TICK_MAX_MS ? background_pace * 2 : TICK_MAX_MS;
	if (background_idle < LINGER_TICKS)
		return background_pace;
	atomic_store(&background_ticks, false);
	/* One that was started meanwhile may not have seen that. */
	for (link = background_files.next; link != &background_files; link = link->next)
		any |= background_look(list_entry(link, struct file, in_background));
	if (!any)
		return -1;
	atomic_store(&background_ticks, true);
	background_idle = 0;
	return background_pace;
}

/* These files are the first next time, and that is soon if they wait for something. */
static void background_defer(struct list *first, int *timeout)
{
	struct list *link;

	for (link = first; link != &background_files; link = link->next)
		if (*timeout < 0 && atomic_load(&list_entry(link, struct file,
							    in_background)->pending))
			*timeout = background_pace;
	list_remove(&background_files);
	list_add_tail(first, &background_files);
}

static unsigned int background_collect(struct pollfd *fds, struct file **files, int *timeout)
{
	struct list *link;
	unsigned int n = 0;

	for (link = background_files.next; link != &background_files && n < FILES_MAX;
	     link = link->next) {
		struct file *file = list_entry(link, struct file, in_background);

		if (!atomic_load(&file->owned) || file->gone)
			continue;
		object_ref(&file->object);
		file->polled = true;
		fds[n] = (struct pollfd){ .fd = file->fd, .events = POLLIN };
		files[n++] = file;
	}
	if (link != &background_files)
		background_defer(link, timeout);
	return n;
}

/* Without the lock. */
static void background_serve(struct file *file, short events)
{
	if (!events)
		return;
	if (background_is_led(file)) {
		atomic_store(&file->owned, false);
		background_pace = TICK_MS / 2;
		return;
	}
	overlapped_serve(file);
	if (events & POLLHUP && !(events & POLLIN) && !atomic_load(&file->pending))
		file->gone = true;
}

static void background_drop(struct file **files, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		files[i]->polled = false;
	pthread_cond_broadcast(&background_left);
	pthread_mutex_unlock(&background_lock);
	for (i = 0; i < n; i++)
		file_put(files[i]);
	pthread_mutex_lock(&background_lock);
}

static void *background_run(void *unused)
{
	struct pollfd fds[FILES_MAX + 1] = { { .fd = background_wake, .events = POLLIN } };
	struct file *files[FILES_MAX];
	unsigned int i, n;
	eventfd_t count;
	int timeout;

	(void)unused;
	pthread_mutex_lock(&background_lock);
	for (;;) {
		timeout = background_tick();
		n = background_collect(fds + 1, files, &timeout);
		pthread_mutex_unlock(&background_lock);
		if (poll(fds, n + 1, timeout) < 0)
			for (i = 0; i <= n; i++)
				fds[i].revents = 0;
		if (fds[0].revents)
			(void)!eventfd_read(background_wake, &count);
		for (i = 0; i < n; i++)
			background_serve(files[i], fds[i + 1].revents);
		pthread_mutex_lock(&background_lock);
		if (fds[0].revents) {
			background_idle = 0;
			background_pace = TICK_MS / 2;
		}
		background_drop(files, n);
	}
	return NULL;
}

static bool background_create(void)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;
	bool created;

	if (background_wake < 0)
		background_wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (background_wake < 0)
		return false;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	atomic_store(&background_ticks, true);
	created = !pthread_create(&thread, &attr, background_run, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return created;
}

void background_add(struct file *file)
{
	pthread_mutex_lock(&background_lock);
	list_add_tail(&background_files, &file->in_background);
	pthread_mutex_unlock(&background_lock);
}

void background_remove(struct file *file)
{
	pthread_mutex_lock(&background_lock);
	list_remove(&file->in_background);
	atomic_store(&file->owned, false);
	while (file->polled) {
		eventfd_write(background_wake, 1);
		pthread_cond_wait(&background_left, &background_lock);
	}
	pthread_mutex_unlock(&background_lock);
}

void background_kick(void)
{
	if (atomic_load(&background_ticks))
		return;
	pthread_mutex_lock(&background_lock);
	/* Without memory for a thread the next request tries again. */
	if (!background_runs)
		background_runs = background_create();
	else
		eventfd_write(background_wake, 1);
	atomic_store(&background_ticks, background_runs);
	pthread_mutex_unlock(&background_lock);
}
