// SPDX-License-Identifier: MIT
/*
 * The event loop. Watches may be added and removed from any callback: the
 * poll array is rebuilt each round, and a removed watch is skipped because
 * the array refers to it by descriptor only.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "loop.h"

static TAILQ_HEAD(, timer) timers = TAILQ_HEAD_INITIALIZER(timers);
static TAILQ_HEAD(, watch) watches = TAILQ_HEAD_INITIALIZER(watches);
static void (*idle)(void);
static volatile bool stopped;
static int64_t round_start;

int64_t loop_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/*
 * When this round of the loop would have begun on a machine with nothing else
 * to do: now, or the first deadline that has passed unseen. What is read in the
 * round may have come as early as that.
 */
int64_t loop_round(void)
{
	return round_start;
}

void timer_cancel(struct timer *t)
{
	if (!t->armed)
		return;
	TAILQ_REMOVE(&timers, t, link);
	t->armed = false;
}

void timer_arm(struct timer *t, int64_t deadline)
{
	struct timer *other;

	timer_cancel(t);
	t->deadline = deadline;
	t->armed = true;
	TAILQ_FOREACH(other, &timers, link) {
		if (other->deadline > deadline) {
			TAILQ_INSERT_BEFORE(other, t, link);
			return;
		}
	}
	TAILQ_INSERT_TAIL(&timers, t, link);
}

void watch_add(struct watch *w)
{
	TAILQ_INSERT_TAIL(&watches, w, link);
	w->added = true;
}

void watch_remove(struct watch *w)
{
	if (!w->added)
		return;
	TAILQ_REMOVE(&watches, w, link);
	w->added = false;
}

/* @fn runs after every round, when all callbacks of the round are done. */
void loop_idle(void (*fn)(void))
{
	idle = fn;
}

/* Safe in a signal handler. */
void loop_stop(void)
{
	stopped = true;
}

static void begin_round(int64_t now)
{
	struct timer *t = TAILQ_FIRST(&timers);

	round_start = now;
	if (t && t->deadline < round_start)
		round_start = t->deadline;
}

static void run_timers(int64_t now)
{
	struct timer *t;

	while ((t = TAILQ_FIRST(&timers)) && t->deadline <= now) {
		timer_cancel(t);
		t->fire(t);
	}
}

/* NULL: no timer is armed. */
static struct timespec *poll_timeout(struct timespec *ts)
{
	struct timer *t = TAILQ_FIRST(&timers);
	int64_t left;

	if (!t)
		return NULL;
	left = t->deadline - loop_now();
	if (left < 0)
		left = 0;
	ts->tv_sec = left / 1000000;
	ts->tv_nsec = left % 1000000 * 1000;
	return ts;
}

/* A callback may have removed any watch, so look each one up again. */
static void dispatch(const struct pollfd *fds, size_t count)
{
	struct watch *w;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!fds[i].revents)
			continue;
		TAILQ_FOREACH(w, &watches, link)
			if (w->fd == fds[i].fd)
				break;
		if (w)
			w->ready(w, fds[i].revents);
	}
}

/*
 * Returns 0 after loop_stop(), a negative errno when ppoll(2) fails. Signals
 * that the caller has blocked arrive only while the loop sleeps, so that a
 * handler that stops the loop is never too early.
 */
int loop_run(void)
{
	struct pollfd *fds = NULL;
	struct timespec ts;
	sigset_t none;
	size_t room = 0, count;
	struct watch *w;
	int64_t now;
	int ret = 0;

	sigemptyset(&none);
	while (!stopped) {
		count = 0;
		TAILQ_FOREACH(w, &watches, link) {
			if (count == room) {
				struct pollfd *more;

				more = realloc(fds, (room + 16) * sizeof(*fds));
				if (!more) {
					ret = -ENOMEM;
					goto out;
				}
				fds = more;
				room += 16;
			}
			fds[count].fd = w->fd;
			fds[count].events = w->events;
			fds[count++].revents = 0;
		}
		ret = ppoll(fds, count, poll_timeout(&ts), &none);
		/* What there is to read comes before what is due by then. */
		if (ret < 0 && errno == EINTR) {
			ret = 0;
			continue;
		}
		if (ret < 0) {
			ret = -errno;
			goto out;
		}
		now = loop_now();
		begin_round(now);
		if (ret > 0)
			dispatch(fds, count);
		run_timers(now);
		if (idle)
			idle();
		ret = 0;
	}
out:
	free(fds);
	return ret;
}
