// SPDX-License-Identifier: MIT
/* Who reads the records of a file's requests, and how he waits for them: see overlapped.h. */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "core.h"
#include "overlapped.h"

#define OVERLAPPED_BATCH	64	/* as many as the driver gives at once */

static int overlapped_pump_locked(struct file *file)
{
	struct winusb_completion records[OVERLAPPED_BATCH];
	int count, all = 0;

	do {
		count = core_read(file->fd, records, OVERLAPPED_BATCH);
		if (count <= 0)
			return all ? all : count;
		overlapped_dispatch(file, records, count);
		all += count;
	} while (count == OVERLAPPED_BATCH);
	return all;
}

/* Between the leaving of a device and the last record of it, poll goes on to say so. */
static void overlapped_slow_down(struct file *file)
{
	struct pollfd left = { .fd = file->fd };
	struct timespec pause = { .tv_nsec = 200000 };

	if (poll(&left, 1, 0) > 0 && left.revents & POLLHUP)
		nanosleep(&pause, NULL);
}

/* Who closes the file waits for who is in the driver with it. While it is being closed, too. */
static void overlapped_wake_reader(struct file *file)
{
	atomic_fetch_add(&file->calls, 1);
	core_reap_wake(file->fd);
	atomic_fetch_sub(&file->calls, 1);
}

/* Who sleeps with it sees that it is wanted, or is seen sleeping. */
void overlapped_lock(struct file *file)
{
	if (futex_trylock(&file->reading))
		return;
	atomic_fetch_add(&file->reading_wanted, 1);
	if (atomic_load(&file->reaping))
		overlapped_wake_reader(file);
	futex_lock(&file->reading);
	atomic_fetch_sub(&file->reading_wanted, 1);
}

static bool overlapped_lock_unless_reaping(struct file *file)
{
	if (futex_trylock(&file->reading))
		return true;
	if (atomic_load(&file->reaping))
		return false;
	overlapped_lock(file);
	return true;
}

static void overlapped_active(struct file *file)
{
	unsigned int activity = atomic_load_explicit(&file->activity, memory_order_relaxed);

	atomic_store_explicit(&file->activity, activity + 1, memory_order_relaxed);
}

static bool overlapped_read(struct file *file, bool polled)
{
	int count = 0;

	overlapped_lock(file);
	/* Otherwise the descriptor may be something else. */
	if (!atomic_load(&file->closing) || atomic_load(&file->pending)) {
		count = overlapped_pump_locked(file);
		if (count == -EAGAIN && polled)
			overlapped_slow_down(file);
	}
	if (count > 0)
		overlapped_active(file);
	futex_unlock(&file->reading);
	return count > 0 || count == -EAGAIN;
}

bool overlapped_pump(struct file *file)
{
	return overlapped_read(file, false);
}

bool overlapped_serve(struct file *file)
{
	return overlapped_read(file, true);
}

bool overlapped_readable(struct wait_pump *pump)
{
	return overlapped_serve((struct file *)pump->owner);
}

void overlapped_early(struct wait_pump *pump)
{
	struct file *file = (struct file *)pump->owner;

	/* Who sleeps for it would have to be woken. */
	if (!atomic_load(&file->reaping))
		overlapped_pump(file);
}

/* With the lock: as core_reap; -EBUSY: somebody wants the lock. */
static int overlapped_sleep(struct file *file, struct winusb_completion *records,
			    unsigned int wakes, uint64_t until)
{
	uint32_t out_wakes;
	int count = -EBUSY;

	atomic_store(&file->reaping, true);
	/* In overlapped_read there is why not always. */
	if (atomic_load(&file->closing) && !atomic_load(&file->pending)) {
		count = 0;
	} else if (!atomic_load(&file->reading_wanted)) {
		count = core_reap(file->fd, records, OVERLAPPED_BATCH, until, wakes, &out_wakes);
		atomic_store_explicit(&file->pump.wakes, out_wakes, memory_order_release);
		if (count == -EAGAIN && atomic_load(&file->reading_wanted))
			count = -EBUSY;
	}
	atomic_store_explicit(&file->reaping, false, memory_order_relaxed);
	return count;
}

/* No waiter: for a direct one. */
int overlapped_reap(struct wait_pump *pump, struct waiter *waiter, unsigned int wakes,
		    uint64_t until)
{
	struct winusb_completion records[OVERLAPPED_BATCH];
	struct file *file = (struct file *)pump->owner;
	int count = -EBUSY;

	/* Who sleeps with it does so for us, too. */
	if (overlapped_lock_unless_reaping(file)) {
		count = overlapped_sleep(file, records, wakes, until);
		if (waiter)
			waiter_reaped(waiter);
		if (count > 0) {
			overlapped_dispatch(file, records, count);
			if (count == OVERLAPPED_BATCH)
				overlapped_pump_locked(file);
			overlapped_active(file);
		}
		futex_unlock(&file->reading);
	}
	if (count == -EBUSY) {
		wait_pump_poll(pump);
		return -1;
	}
	return count > 0 || count == -EAGAIN;
}

void overlapped_wake(struct wait_pump *pump)
{
	overlapped_wake_reader((struct file *)pump->owner);
}
