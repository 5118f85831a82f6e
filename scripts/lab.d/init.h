/* SPDX-License-Identifier: MIT */
/*
 * The lab's agent: process 1 of every guest. init.c mounts the world and
 * halts it, boards.c plugs devices in, run.c runs the command, and
 * finish.c looks at what is left. Everything goes in and out through one
 * folder of the host, mounted on LAB_DIR; when the root is an initramfs, it
 * comes in with that and goes out as channel.c says.
 */
#ifndef WINUSB_LAB_INIT_H
#define WINUSB_LAB_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LAB_DIR "/run/winusb-lab"

/* The host's orders: "key=value" strings, each ended by a NUL. */
const char *job_get(const char *key);
const char *job_next(const char *key, const char *after);

/* Never returns: the guest halts without an exit status, which is a failure. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* printf to the kernel log */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

int write_text(const char *path, const char *text);
ssize_t read_text(const char *path, char *buf, size_t size);
int load_module(const char *path);

/* Starts argv with stdout and stderr on the given descriptors (-1: none). */
pid_t spawn(char *const argv[], int out, int err);
int run_and_wait(char *const argv[], int out, int err);

/* Appends to the host's file NAME; 0 or a negative errno. */
int host_append(const char *name, const void *data, size_t len);
void channel_open(void);
/* What the command has left for --out, where no folder is shared. */
void channel_send_results(void);

void boards_plug_in(void);
void keyboard_wait(void);
int command_run(void);
void finish_check(void);

#endif
