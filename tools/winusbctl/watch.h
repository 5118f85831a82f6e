/* SPDX-License-Identifier: MIT */
/* What the files of winusbctl watch share. */
#ifndef WATCH_H
#define WATCH_H

#include <time.h>

#include "winusbctl.h"

struct udev_monitor;

struct watch_options {
	const char *node;
	const char *source;	/* "udev" or "kernel" */
	char guid[GUID_TEXT];	/* empty without --guid */
	unsigned long count;
	unsigned int timeout_ms;
	bool has_timeout;
	struct timespec end;
};

/* The options that say when to end, and what understands them; its input is the options. */
#define WATCH_LIMITS								\
	{ .name = "count", .key = 'c', .arg = "N", .doc = "End after N lines" },	\
	{ .name = "timeout", .key = 't', .arg = "MS",				\
	  .doc = "End after this many milliseconds; exit code 5 if --count was not reached" }
error_t watch_parse_limit(int key, char *arg, struct argp_state *state);

/* Starts the time and catches the signals. */
void watch_prepare(struct watch_options *options);
/* Waits for FD. 0 to go on; 1 when it is time to end, with *code. */
int watch_wait(const struct watch_options *options, int fd, int *code);
/* The time of day, at the beginning of a line. */
void watch_time_print(void);

/* Says how it listens. */
void watch_begin(const struct watch_options *options, const char *what);

/* arrival.c: what comes and goes by an interface GUID. */
int arrivals_watch(const struct watch_options *options, struct udev_monitor *monitor);

/* events.c: what happens to one node; CUSTOM: what programs post, and nothing else. */
int events_watch(const struct watch_options *options, bool custom);

#endif
