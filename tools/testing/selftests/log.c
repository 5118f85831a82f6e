// SPDX-License-Identifier: MIT
/* What the driver says in the kernel's log about boards. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "test.h"

int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		FAIL("/dev/kmsg: %s", strerror(errno));
	lseek(fd, 0, SEEK_END);
	return fd;
}

void log_count(int fd, struct board *const *boards, unsigned int *lines, size_t count)
{
	char line[1024], word[64];
	ssize_t n;
	size_t i;

	for (;;) {
		n = read(fd, line, sizeof(line) - 1);
		if (n < 0 && errno == EPIPE)
			continue;	/* some were overwritten */
		if (n <= 0)
			return;
		line[n] = 0;
		for (i = 0; i < count; i++) {
			/* Both "usb 1-1: winusb: ..." and "winusb 1-1:1.0: ...". */
			snprintf(word, sizeof(word), "usb %s: winusb: ", board_name(boards[i]));
			if (strstr(line, word))
				lines[i]++;
			snprintf(word, sizeof(word), "winusb %s:", board_name(boards[i]));
			if (strstr(line, word))
				lines[i]++;
		}
	}
}
