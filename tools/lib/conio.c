// SPDX-License-Identifier: MIT
/*
 * Keys of the terminal, one at a time, without Enter. They come from the terminal itself, whatever
 * standard input is, and it is only read so while a function here waits or looks: who ends the
 * program meanwhile leaves no terminal without echo.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include <conio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int terminal_fd(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	return fd;
}

/* From the background it would stop us. */
static bool terminal_set(int fd, const struct termios *mode)
{
	sigset_t stop, old;
	int ret;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &stop, &old);
	ret = tcsetattr(fd, TCSANOW, mode);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return !ret;
}

/* As on Windows Ctrl+C is a key while one is waited for, and Enter is 13. */
static bool raw_begin(int fd, struct termios *before)
{
	struct termios raw;

	if (fd < 0 || tcgetpgrp(fd) != getpgrp() || tcgetattr(fd, before))
		return false;
	raw = *before;
	raw.c_lflag &= ~(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_iflag &= ~(ICRNL | INLCR | IXON);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	return terminal_set(fd, &raw);
}

static int key_of(unsigned char byte)
{
	return byte == 0x7f ? '\b' : byte;
}

static int key_read(int fd)
{
	unsigned char byte;
	ssize_t got;

	do {
		got = read(fd, &byte, 1);
	} while (got < 0 && errno == EINTR);
	return got == 1 ? key_of(byte) : EOF;
}

int _getch(void)
{
	struct termios before;
	int fd, key = EOF;

	pthread_mutex_lock(&lock);
	fd = terminal_fd();
	fflush(stdout);
	if (raw_begin(fd, &before)) {
		key = key_read(fd);
		terminal_set(fd, &before);
	}
	pthread_mutex_unlock(&lock);
	return key;
}

int _getche(void)
{
	int key = _getch();

	if (key != EOF)
		_putch(key);
	return key;
}

/* While another thread is in _getch() the next key is that one's. */
int _kbhit(void)
{
	struct termios before;
	struct pollfd poller;
	int ret = 0;

	if (pthread_mutex_trylock(&lock))
		return 0;
	poller = (struct pollfd) { .fd = terminal_fd(), .events = POLLIN };
	if (raw_begin(poller.fd, &before)) {
		ret = poll(&poller, 1, 0) > 0 && (poller.revents & POLLIN);
		terminal_set(poller.fd, &before);
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

int _putch(int key)
{
	unsigned char byte = key;

	fflush(stdout);
	return write(terminal_fd(), &byte, 1) == 1 ? byte : EOF;
}
