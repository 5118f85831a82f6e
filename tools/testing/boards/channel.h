/* SPDX-License-Identifier: MIT */
/*
 * The control channel: a Unix socket on which a test tells boards what to do
 * and asks what they saw. README.md has the line protocol.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#define CHANNEL_PATH	"/run/winusb-boards.sock"
#define CHANNEL_LINE	4096
#define CHANNEL_ANSWER	8192

int channel_listen(const char *path);
void channel_check_waits(void);
void channel_close(void);

#endif
