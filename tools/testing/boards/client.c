// SPDX-License-Identifier: MIT
/*
 * The client side of the control channel.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"

/* Returns a connected socket or a negative errno. */
int boards_connect(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, ret;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

/*
 * Sends @command for @board (the first is 1) and reads the answer without its
 * newline. Returns 0 when it says result=ok, -EREMOTEIO when it says
 * anything else, another negative errno when the channel failed.
 */
int boards_command(int fd, unsigned int board, const char *command,
		   char *answer, size_t size)
{
	char line[4096];
	size_t len = 0;
	ssize_t n;

	n = snprintf(line, sizeof(line), "%u %s\n", board, command);
	if ((size_t)n >= sizeof(line))
		return -E2BIG;
	if (send(fd, line, n, MSG_NOSIGNAL) != n)
		return -errno;
	for (;;) {
		n = recv(fd, answer + len, 1, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -EPIPE;
		if (answer[len] == '\n')
			break;
		if (len + 1 < size)
			len++;
	}
	answer[len] = '\0';
	return strncmp(answer, "result=ok", 9) ? -EREMOTEIO : 0;
}

/* Copies the value of @key out of an answer; -ENOENT: it is not there. */
int boards_value(const char *answer, const char *key, char *value, size_t size)
{
	size_t len = strlen(key), n;
	const char *p = answer;

	while (p) {
		if (!strncmp(p, key, len) && p[len] == '=')
			break;
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	if (!p)
		return -ENOENT;
	p += len + 1;
	n = *p == '"' ? strcspn(++p, "\"") : strcspn(p, " ");
	snprintf(value, size, "%.*s", (int)n, p);
	return 0;
}

/* The value of @key as a number; -1: it is not there. */
long long boards_number(const char *answer, const char *key)
{
	char value[64];

	if (boards_value(answer, key, value, sizeof(value)))
		return -1;
	return strtoll(value, NULL, 0);
}
