// SPDX-License-Identifier: MIT
/* What Microsoft's C library has besides texts. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <windows.h>
#include <io.h>
#include <malloc.h>

void *_aligned_malloc(size_t size, size_t alignment)
{
	void *memory = NULL;

	if (!alignment || (alignment & (alignment - 1))) {
		errno = EINVAL;
		return NULL;
	}
	if (alignment < sizeof(memory))
		alignment = sizeof(memory);
	errno = posix_memalign(&memory, alignment, size);
	return errno ? NULL : memory;
}

void _aligned_free(void *memory)
{
	free(memory);
}

/* The parameters are the other way round than C has them. */

errno_t localtime_s(struct tm *to, const time_t *time)
{
	return to && time && localtime_r(time, to) ? 0 : (errno = EINVAL);
}

errno_t gmtime_s(struct tm *to, const time_t *time)
{
	return to && time && gmtime_r(time, to) ? 0 : (errno = EINVAL);
}

/* What does not fit is cut off, and that is no error. */
errno_t strerror_s(char *to, rsize_t room, int error)
{
	char text[128];

	if (!to || !room)
		return errno = EINVAL;
	strncpy_s(to, room, strerror_r(error, text, sizeof(text)), _TRUNCATE);
	return 0;
}

/* The digits of a number in *AT, from the last to the first. */
static void digits_put(char **at, unsigned int number, unsigned int base)
{
	do {
		*--*at = "0123456789abcdefghijklmnopqrstuvwxyz"[number % base];
		number /= base;
	} while (number);
}

errno_t _itoa_s(int number, char *to, rsize_t room, int base)
{
	char text[34], *at = text + sizeof(text) - 1;
	bool minus = number < 0 && base == 10;

	if (!to || !room || base < 2 || base > 36) {
		if (to && room)
			*to = 0;
		return errno = EINVAL;
	}
	*at = 0;
	digits_put(&at, minus ? -(unsigned int)number : (unsigned int)number, base);
	if (minus)
		*--at = '-';
	*to = 0;
	if (strlen(at) >= room)
		return errno = ERANGE;
	strcpy(to, at);
	return 0;
}

/* The program has room for all digits. */
char *_itoa(int number, char *to, int base)
{
	_itoa_s(number, to, 34, base);
	return to;
}

/* Text is UTF-8 with lines that end as they are written, in any mode: each is taken. */
int _setmode(int file, int mode)
{
	switch (mode) {
	case _O_TEXT:
	case _O_BINARY:
	case _O_WTEXT:
	case _O_U16TEXT:
	case _O_U8TEXT:
		return fcntl(file, F_GETFD) < 0 ? -1 : _O_BINARY;
	default:
		errno = EINVAL;
		return -1;
	}
}
