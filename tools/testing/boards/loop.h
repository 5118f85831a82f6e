/* SPDX-License-Identifier: MIT */
/*
 * The event loop: file descriptors watched by poll(2) and a sorted timer
 * list. One thread, no locks: every callback runs to its end.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

/**
 * struct timer - one shot, embedded in its owner
 * @deadline: when it fires, in microseconds of loop_now()
 * @fire: called once; may arm the timer again
 * @armed: in the loop's list
 */
struct timer {
	TAILQ_ENTRY(timer) link;
	int64_t deadline;
	void (*fire)(struct timer *t);
	bool armed;
};

/**
 * struct watch - a file descriptor, embedded in its owner
 * @fd: watched while not negative
 * @events: what to poll for (POLLIN, POLLOUT)
 * @ready: called with the events that poll reported
 */
struct watch {
	TAILQ_ENTRY(watch) link;
	int fd;
	short events;
	void (*ready)(struct watch *w, short events);
	bool added;
};

int64_t loop_now(void);
int64_t loop_round(void);
void timer_arm(struct timer *t, int64_t deadline);
void timer_cancel(struct timer *t);
void watch_add(struct watch *w);
void watch_remove(struct watch *w);
void loop_idle(void (*fn)(void));
int loop_run(void);
void loop_stop(void);

#endif
