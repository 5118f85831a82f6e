/* SPDX-License-Identifier: MIT */
/*
 * The client side of the control channel, for test programs: link client.c.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stddef.h>

int boards_connect(const char *path);
int boards_command(int fd, unsigned int board, const char *command,
		   char *answer, size_t size);
int boards_value(const char *answer, const char *key, char *value, size_t size);
long long boards_number(const char *answer, const char *key);

#endif
