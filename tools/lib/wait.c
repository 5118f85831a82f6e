// SPDX-License-Identifier: MIT
/*
 * Waiting. A thread that has to wait puts a link into the list of each object and sleeps on a word
 * of its own, or, where it leads pumps, in poll(2) or in the reap of the only one. Who signals an
 * object takes those out of the lists who have what they waited for, and wakes them when the lock is
 * released: they need no lock any more, and nobody is woken in vain.
 */

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "thread.h"
#include "wait.h"

/* A wait reads so many descriptors at most; others are left to others. */
#define LEADS_MAX	16
/* So many requests of one object are looked at for their descriptors. */
#define SOURCES_MAX	64

/* Who has no eventfd, because there are no more descriptors, looks so often what others did. */
#define BLIND_NS	5000000u

/* So many waits go by, at most, before one reads early again, or reaps. */
#define SKIP_MOST	63

#define NS_PER_SECOND	1000000000u

struct wait_link {
	struct list link;
	struct waiter *waiter;
};

/* A pump that the waiter leads or follows. */
struct lead {
	struct list link;	/* among the followers */
	struct waiter *waiter;
	struct wait_pump *pump;
};

enum waiter_state { RUNNING, SLEEPING, POLLING, REAPING, WOKEN };

struct waiter {
	struct thread *thread;
	void *context;
	struct object **objects;
	struct wait_link *links;
	unsigned int n;
	bool all;
	bool abandoned;
	bool done;		/* in no list any more, result is there, and WOKEN follows */
	bool rescan;		/* look at the pumps again */
	DWORD result;
	atomic_uint state;
	struct wait_pump *reaped;	/* when REAPING */
	struct waiter *wake_next;
	unsigned int n_leads;
	struct lead leads[LEADS_MAX];
};

atomic_uint wait_lock;
/* Those to be woken on release, under the lock */
struct waiter *wait_let_through;
static struct waiter **let_through_end = &wait_let_through;
/* Changes when a pump that stopped has lost its leader. */
static atomic_uint pumps_left;

struct thread *waiter_thread(const struct waiter *who)
{
	return who->thread;
}

void *waiter_context(const struct waiter *who)
{
	return who->context;
}

void waiter_abandoned(struct waiter *who)
{
	who->abandoned = true;
}

/* In the STATE that it was in. */
static void waiter_interrupt(struct waiter *waiter, unsigned int state)
{
	int saved = errno;

	if (state == REAPING)
		waiter->reaped->wake(waiter->reaped);
	else if (state == POLLING)
		(void)!eventfd_write(waiter->thread->eventfd, 1);
	else if (state == SLEEPING)
		wait_futex_wake(&waiter->state, 1);
	errno = saved;
}

/* Of one that is done, without the lock. The waiter may be gone as soon as it is WOKEN. */
static void waiter_wake(struct waiter *waiter)
{
	unsigned int state = RUNNING;

	if (atomic_compare_exchange_strong(&waiter->state, &state, WOKEN))
		return;
	/* What it sleeps in is there until it is WOKEN; the futex is looked at again. */
	if (state != SLEEPING)
		waiter_interrupt(waiter, state);
	if (atomic_exchange(&waiter->state, WOKEN) == SLEEPING)
		wait_futex_wake(&waiter->state, 1);
}

/* Under the lock, so that it is not gone: it has to look at its pumps. */
static void waiter_kick(struct waiter *waiter)
{
	unsigned int state = atomic_load(&waiter->state);

	waiter->rescan = true;
	if (state != RUNNING && state != WOKEN &&
	    atomic_compare_exchange_strong(&waiter->state, &state, RUNNING))
		waiter_interrupt(waiter, state);
}

/* The waker is not through with it before it is WOKEN. */
static void waiter_await_woken(struct waiter *waiter)
{
	unsigned int state = atomic_load(&waiter->state);

	while (state != WOKEN)
		if (state == SLEEPING || atomic_compare_exchange_weak(&waiter->state, &state,
								      SLEEPING)) {
			wait_futex(&waiter->state, SLEEPING, UINT64_MAX);
			state = atomic_load(&waiter->state);
		}
}

void wait_lock_release_and_wake(void)
{
	struct waiter *waiter = wait_let_through, *next;

	wait_let_through = NULL;
	let_through_end = &wait_let_through;
	futex_unlock(&wait_lock);
	for (; waiter; waiter = next) {
		next = waiter->wake_next;
		waiter_wake(waiter);
	}
}

static bool object_is_signalled(const struct object *object, const struct waiter *who)
{
	return object->type->is_signalled ? object->type->is_signalled(object, who) :
					    object->signalled;
}

static void object_consume(struct object *object, struct waiter *who)
{
	if (object->type->consume)
		object->type->consume(object, who);
}

/* What most wait for is one object. */
static bool waiter_try_one(struct waiter *waiter)
{
	if (!object_is_signalled(waiter->objects[0], waiter))
		return false;
	object_consume(waiter->objects[0], waiter);
	waiter->result = waiter->abandoned ? WAIT_ABANDONED_0 : WAIT_OBJECT_0;
	return true;
}

/* Under the lock: lets it through if it can go. */
static bool waiter_try(struct waiter *waiter)
{
	unsigned int i = 0;

	if (waiter->n == 1)
		return waiter_try_one(waiter);
	while (i < waiter->n && object_is_signalled(waiter->objects[i], waiter) == waiter->all)
		i++;
	if ((i == waiter->n) != waiter->all)
		return false;
	if (waiter->all)
		for (i = 0; i < waiter->n; i++)
			object_consume(waiter->objects[i], waiter);
	else
		object_consume(waiter->objects[i], waiter);
	waiter->result = waiter->all ? 0 : i;
	waiter->result += waiter->abandoned ? WAIT_ABANDONED_0 : WAIT_OBJECT_0;
	return true;
}

static void waiter_unlink(struct waiter *waiter)
{
	unsigned int i;

	for (i = 0; i < waiter->n; i++)
		list_remove(&waiter->links[i].link);
}

static void waiter_link(struct waiter *waiter)
{
	unsigned int i;

	for (i = 0; i < waiter->n; i++) {
		waiter->links[i].waiter = waiter;
		list_add_tail(&waiter->objects[i]->waiters, &waiter->links[i].link);
	}
}

void object_changed_locked(struct object *object)
{
	struct list *link = object->waiters.next;

	while (link != &object->waiters) {
		struct waiter *waiter = list_entry(link, struct wait_link, link)->waiter;

		if (!object->signalled && !object->type->is_signalled)
			return;
		/* One that waits twice for the same object has its links side by side. */
		do {
			link = link->next;
		} while (link != &object->waiters &&
			 list_entry(link, struct wait_link, link)->waiter == waiter);
		if (!waiter_try(waiter))
			continue;
		waiter_unlink(waiter);
		waiter->done = true;
		waiter->wake_next = NULL;
		*let_through_end = waiter;
		let_through_end = &waiter->wake_next;
	}
}

bool object_has_waiters_locked(const struct object *object)
{
	return !list_is_empty(&object->waiters);
}

void object_signal(struct object *object, bool signalled)
{
	wait_lock_acquire();
	object_signal_locked(object, signalled);
	wait_lock_release();
}

/* Pumps */

void wait_pump_init(struct wait_pump *pump, int fd, struct object *owner)
{
	*pump = (struct wait_pump){ .fd = fd, .owner = owner };
	list_init(&pump->followers);
}

void wait_source_init(struct wait_source *source, struct wait_pump *pump)
{
	list_init(&source->link);
	source->pump = pump;
}

void wait_source_remove_locked(struct wait_source *source)
{
	list_remove(&source->link);
}

void wait_pump_skip(struct wait_pump *pump, bool good)
{
	unsigned int skipped = atomic_load_explicit(&pump->skipped, memory_order_relaxed);

	skipped = good ? 0 : skipped < SKIP_MOST ? skipped * 2 + 1 : SKIP_MOST;
	atomic_store_explicit(&pump->skip, skipped, memory_order_relaxed);
	atomic_store_explicit(&pump->skipped, skipped, memory_order_relaxed);
}

void wait_pump_poll(struct wait_pump *pump)
{
	atomic_store_explicit(&pump->polls, SKIP_MOST, memory_order_relaxed);
}

void waiter_reaped(struct waiter *waiter)
{
	unsigned int state = REAPING;

	atomic_compare_exchange_strong(&waiter->state, &state, RUNNING);
}

/* Under the lock, as all that follow, where nothing else is said. */
static void lead_add(struct waiter *waiter, struct wait_pump *pump)
{
	struct thread *thread = waiter->thread;
	struct lead *lead = waiter->leads;
	unsigned int i;

	if (pump->stopped || waiter->n_leads == LEADS_MAX)
		return;
	for (i = 0; i < waiter->n_leads; i++, lead++)
		if (lead->pump == pump)
			return;
	if (thread->eventfd < 0)
		thread->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	object_ref(pump->owner);
	waiter->n_leads++;
	list_init(&lead->link);
	lead->waiter = waiter;
	lead->pump = pump;
	if (pump->leader)
		list_add_tail(&pump->followers, &lead->link);
	else
		pump->leader = waiter;
}

/*
 * Who waits for the object already takes part from now on: one leads, if nobody does, and the others
 * follow, for when that one goes.
 */
void wait_source_add_locked(struct wait_source *source, struct object *object)
{
	struct wait_pump *pump = source->pump;
	struct list *link;
	bool led;

	list_add_tail(&object->sources, &source->link);
	for (link = object->waiters.next; link != &object->waiters; link = link->next) {
		struct waiter *waiter = list_entry(link, struct wait_link, link)->waiter;

		led = pump->leader;
		lead_add(waiter, pump);
		if (!led && pump->leader)
			waiter_kick(waiter);
	}
}

static void leads_collect(struct waiter *waiter)
{
	struct wait_pump *last = NULL;
	struct list *link;
	unsigned int i, left;

	for (i = 0; i < waiter->n; i++) {
		left = SOURCES_MAX;
		for (link = waiter->objects[i]->sources.next;
		     link != &waiter->objects[i]->sources && left--; link = link->next) {
			struct wait_pump *pump = list_entry(link, struct wait_source, link)->pump;

			if (pump != last)
				lead_add(waiter, pump);
			last = pump;
		}
	}
}

/* The pump gets another leader, if there is one that still waits. */
static void pump_hand_on(struct wait_pump *pump)
{
	struct list *link;

	pump->leader = NULL;
	if (pump->stopped) {
		atomic_fetch_add(&pumps_left, 1);
		wait_futex_wake(&pumps_left, INT_MAX);
		return;
	}
	for (link = pump->followers.next; link != &pump->followers; link = link->next) {
		struct waiter *waiter = list_entry(link, struct lead, link)->waiter;

		if (waiter->done)
			continue;
		list_remove(link);
		pump->leader = waiter;
		waiter_kick(waiter);
		return;
	}
	if (pump->abandoned)
		pump->abandoned(pump);
}

/* The caller puts the owner without the lock. */
static void lead_leave(struct lead *lead)
{
	list_remove(&lead->link);
	if (lead->pump->leader == lead->waiter)
		pump_hand_on(lead->pump);
}

static void pump_stop(struct wait_pump *pump)
{
	struct list *link;

	pump->stopped = true;
	if (pump->leader)
		waiter_kick(pump->leader);
	for (link = pump->followers.next; link != &pump->followers; link = link->next)
		waiter_kick(list_entry(link, struct lead, link)->waiter);
}

/* Without the lock. */
void wait_pump_stop(struct wait_pump *pump)
{
	struct thread *self = thread_self();
	unsigned int left;

	wait_lock_acquire();
	pump_stop(pump);
	while (pump->leader && pump->leader->thread != self) {
		left = atomic_load(&pumps_left);
		wait_lock_release();
		wait_futex(&pumps_left, left, UINT64_MAX);
		wait_lock_acquire();
	}
	wait_lock_release();
}

/* Leaves those that stopped; the lock is released for it if there are. True: it was. */
static bool leads_drop_stopped(struct waiter *waiter)
{
	struct object *owners[LEADS_MAX];
	unsigned int i, n = 0, kept = 0;

	for (i = 0; i < waiter->n_leads; i++) {
		struct lead *lead = &waiter->leads[i], *place = &waiter->leads[kept];

		if (lead->pump->stopped) {
			owners[n++] = lead->pump->owner;
			lead_leave(lead);
			continue;
		}
		kept++;
		if (place == lead)
			continue;
		place->waiter = waiter;
		place->pump = lead->pump;
		list_init(&place->link);
		if (place->pump->leader != waiter) {
			list_remove(&lead->link);
			list_add_tail(&place->pump->followers, &place->link);
		}
	}
	waiter->n_leads = kept;
	if (!n)
		return false;
	wait_lock_release();
	while (n)
		object_put(owners[--n]);
	wait_lock_acquire();
	return true;
}

/* The descriptors to poll, the waiter's own first. The number of them; 0: none of a pump. */
static unsigned int leads_descriptors(struct waiter *waiter, struct pollfd *fds,
				      struct wait_pump **pumps)
{
	unsigned int i, n = 1;

	for (i = 0; i < waiter->n_leads; i++) {
		struct wait_pump *pump = waiter->leads[i].pump;

		if (pump->leader != waiter)
			continue;
		fds[n] = (struct pollfd){ .fd = pump->fd, .events = POLLIN };
		pumps[n++] = pump;
	}
	if (n == 1)
		return 0;
	fds[0] = (struct pollfd){ .fd = waiter->thread->eventfd, .events = POLLIN };
	return n;
}

/* Without the lock. */
static void descriptors_poll(struct pollfd *fds, unsigned int n, uint64_t deadline)
{
	struct timespec time = { 0, 0 };
	uint64_t now, left;
	int saved = errno;
	unsigned int i;

	if (deadline && fds[0].fd < 0) {
		now = wait_now() + BLIND_NS;
		deadline = deadline < now ? deadline : now;
	}
	if (deadline && deadline != UINT64_MAX) {
		now = wait_now();
		left = deadline > now ? deadline - now : 0;
		time.tv_sec = (time_t)(left / NS_PER_SECOND);
		time.tv_nsec = (long)(left % NS_PER_SECOND);
	}
	if (ppoll(fds, n, deadline == UINT64_MAX ? NULL : &time, NULL) <= 0)
		for (i = 0; i < n; i++)
			fds[i].revents = 0;
	errno = saved;
}

/* Releases the lock, sleeps in poll, reads what is to be read, and takes the lock. */
static void waiter_poll(struct waiter *waiter, struct pollfd *fds, struct wait_pump **pumps,
			unsigned int n, uint64_t deadline)
{
	unsigned int state = POLLING, i;
	bool ended = false;
	eventfd_t count;

	atomic_store(&waiter->state, POLLING);
	wait_lock_release();
	descriptors_poll(fds, n, deadline);
	atomic_compare_exchange_strong(&waiter->state, &state, RUNNING);
	if (fds[0].revents)
		(void)!eventfd_read(waiter->thread->eventfd, &count);
	for (i = 1; i < n; i++) {
		/* It stays valid: its owner is referenced until the lead is left. */
		if (!fds[i].revents || pumps[i]->readable(pumps[i])) {
			pumps[i] = NULL;
			continue;
		}
		ended = true;
	}
	wait_lock_acquire();
	for (i = 1; i < n && ended; i++)
		if (pumps[i])
			pump_stop(pumps[i]);
}

/* The same by reap. False: that was not possible. */
static bool waiter_reap(struct waiter *waiter, struct wait_pump *pump, uint64_t deadline)
{
	unsigned int wakes = atomic_load(&pump->wakes);
	int result;

	waiter->reaped = pump;
	atomic_store(&waiter->state, REAPING);
	wait_lock_release();
	result = pump->reap(pump, waiter, wakes, deadline);
	waiter_reaped(waiter);
	wait_lock_acquire();
	if (!result)
		pump_stop(pump);
	return result >= 0;
}

static void waiter_sleep(struct waiter *waiter, uint64_t deadline)
{
	unsigned int state = SLEEPING;

	atomic_store(&waiter->state, SLEEPING);
	wait_lock_release();
	wait_futex(&waiter->state, SLEEPING, deadline);
	atomic_compare_exchange_strong(&waiter->state, &state, RUNNING);
	wait_lock_acquire();
}

static bool is_over(uint64_t deadline)
{
	return deadline != UINT64_MAX && (!deadline || wait_now() >= deadline);
}

/* Under the lock, which is released now and then: sleeps until it is done or time is over. */
static void waiter_loop(struct waiter *waiter, uint64_t deadline)
{
	struct wait_pump *pumps[LEADS_MAX + 1];
	struct pollfd fds[LEADS_MAX + 1];
	bool slept = false;
	unsigned int n;

	while (!waiter->done) {
		if (waiter->rescan) {
			waiter->rescan = false;
			if (leads_drop_stopped(waiter)) {
				waiter->rescan = true;
				continue;
			}
			leads_collect(waiter);
		}
		n = leads_descriptors(waiter, fds, pumps);
		/* Also who does not want to wait reads once what there is. */
		if ((slept || !n) && is_over(deadline))
			break;
		if (n == 2 && wait_pump_may_reap(pumps[1])) {
			slept |= waiter_reap(waiter, pumps[1], deadline);
			continue;
		}
		if (n)
			waiter_poll(waiter, fds, pumps, n, deadline);
		else
			waiter_sleep(waiter, deadline);
		slept = true;
	}
}

/* Under the lock, which is released when it returns. */
static void waiter_wait(struct waiter *waiter, uint64_t deadline)
{
	struct object *owners[LEADS_MAX];
	struct wait_link links[MAXIMUM_WAIT_OBJECTS];
	unsigned int i, n;
	bool done;

	waiter->links = links;
	waiter->rescan = true;
	waiter->n_leads = 0;
	atomic_init(&waiter->state, RUNNING);
	waiter_link(waiter);
	waiter_loop(waiter, deadline);
	done = waiter->done;
	if (!done) {
		waiter_unlink(waiter);
		waiter->result = WAIT_TIMEOUT;
	}
	n = waiter->n_leads;
	for (i = 0; i < n; i++) {
		owners[i] = waiter->leads[i].pump->owner;
		lead_leave(&waiter->leads[i]);
	}
	wait_lock_release();
	if (done)
		waiter_await_woken(waiter);
	for (i = 0; i < n; i++)
		object_put(owners[i]);
}

static bool has_sources(struct object **objects, unsigned int n)
{
	while (n--)
		if (!list_is_empty(&objects[n]->sources))
			return true;
	return false;
}

/*
 * Reads before it waits. The lock is released for it. Who signals an object meanwhile finds nobody
 * in its list, so that nobody is let through; this one looks again.
 */
static bool wait_early(struct waiter *waiter, struct object **owner)
{
	struct wait_pump *pump;
	unsigned int i = 0;
	bool done;

	while (i < waiter->n && list_is_empty(&waiter->objects[i]->sources))
		i++;
	if (i == waiter->n)
		return false;
	pump = list_entry(waiter->objects[i]->sources.next, struct wait_source, link)->pump;
	if (!wait_pump_is_early_locked(pump))
		return false;
	object_ref(pump->owner);
	*owner = pump->owner;
	wait_lock_release();
	pump->early(pump);
	wait_lock_acquire();
	done = waiter_try(waiter);
	wait_pump_was_early(pump, done);
	return done;
}

/* Under the lock, which is released when it returns. */
static DWORD wait_locked(unsigned int n, struct object **objects, bool all, DWORD ms,
			 void *context)
{
	struct object *owner = NULL;
	struct waiter waiter;

	waiter.thread = thread_self();
	if (!waiter.thread) {
		wait_lock_release();
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return WAIT_FAILED;
	}
	waiter.context = context;
	waiter.objects = objects;
	waiter.n = n;
	waiter.all = all;
	waiter.abandoned = waiter.done = false;
	if (waiter_try(&waiter)) {
		wait_lock_release();
	} else if (!ms && !has_sources(objects, n)) {
		wait_lock_release();
		return WAIT_TIMEOUT;
	} else if (wait_early(&waiter, &owner)) {
		wait_lock_release();
	} else {
		waiter_wait(&waiter, ms ? wait_deadline(ms) : 0);
	}
	object_put(owner);
	return waiter.result;
}

DWORD wait_for(unsigned int n, struct object **objects, bool all, DWORD ms)
{
	wait_lock_acquire();
	return wait_locked(n, objects, all, ms, NULL);
}

DWORD wait_for_object(struct object *object, DWORD ms, void *context)
{
	wait_lock_acquire();
	return wait_locked(1, &object, false, ms, context);
}

DWORD wait_for_object_locked(struct object *object, DWORD ms, void *context)
{
	return wait_locked(1, &object, false, ms, context);
}
