// SPDX-License-Identifier: MIT
/* Files that belong to the administrator: read whole, and replaced at once or not at all. */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "binding.h"

const char *ctl_root = "";

char *path_make(const char *format, ...)
{
	char *name = NULL, *path = NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&name, format, args);
	va_end(args);
	if (length < 0 || asprintf(&path, "%s%s", ctl_root, name) < 0) {
		error_say(ENOMEM, "path");
		exit(CTL_FAILED);
	}
	free(name);
	return path;
}

static int etc_error(const char *path, int err)
{
	int code = error_say(err, "%s", path);

	if (code == CTL_DENIED)
		hint_say("run it as root");
	/* That a folder is missing is no missing device. */
	return code == CTL_ABSENT ? CTL_FAILED : code;
}

int etc_read(const char *directory, const char *name, size_t max, char **text)
{
	char *path = path_make("%s/%s", directory, name);
	size_t length = 0;
	int fd, code = CTL_OK;
	ssize_t got = 1;

	*text = NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		if (errno != ENOENT)
			code = etc_error(path, errno);
		free(path);
		return code;
	}

	*text = xcalloc(max + 2, 1);
	while (length <= max && got > 0) {
		got = read(fd, *text + length, max + 1 - length);
		if (got > 0)
			length += got;
	}
	if (got < 0) {
		code = etc_error(path, errno);
	} else if (length > max) {
		fprintf(stderr, "winusbctl: %s: more than %zu bytes\n", path, max);
		code = CTL_FAILED;
	} else if (strlen(*text) != length) {
		fprintf(stderr, "winusbctl: %s: this is no text\n", path);
		code = CTL_FAILED;
	}
	close(fd);
	free(path);
	if (code) {
		free(*text);
		*text = NULL;
	}
	return code;
}

/* Makes the folder, and those above it. */
static int directory_make(const char *directory)
{
	char *path = path_make("%s", directory);
	int err = 0;

	for (char *slash = path + 1; !err; slash++) {
		slash = strchrnul(slash, '/');
		if (!*slash) {
			if (mkdir(path, 0755) && errno != EEXIST)
				err = errno;
			break;
		}
		*slash = 0;
		if (mkdir(path, 0755) && errno != EEXIST)
			err = errno;
		*slash = '/';
	}
	free(path);
	return err;
}

static int text_write(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t put = write(fd, text, left);

		if (put < 0 && errno != EINTR)
			return errno;
		if (put > 0) {
			text += put;
			left -= put;
		}
	}
	/* Whatever the umask is: udevd and others read it. */
	if (fchmod(fd, 0644) || fsync(fd))
		return errno;
	return 0;
}

int etc_check(const char *directory)
{
	char *path = path_make("%s", directory);
	int code = CTL_OK;
	char *slash;

	/* What is not there is made in the folder above it. */
	while (access(path, F_OK) && errno == ENOENT && (slash = strrchr(path, '/')) && slash > path)
		*slash = 0;
	if (access(path, W_OK))
		code = etc_error(path, errno);
	free(path);
	return code;
}

int etc_write(const char *directory, const char *name, const char *text)
{
	char *path = path_make("%s/%s", directory, name);
	/* Nothing that reads these folders takes a file of such a name. */
	char *draft = path_make("%s/.%s.XXXXXX", directory, name);
	int fd, err, code = CTL_OK;

	err = directory_make(directory);
	if (!err) {
		fd = mkostemp(draft, O_CLOEXEC);
		err = fd < 0 ? errno : 0;
	}
	if (!err) {
		err = text_write(fd, text);
		close(fd);
		if (!err && rename(draft, path))
			err = errno;
		if (err)
			unlink(draft);
	}
	if (err)
		code = etc_error(path, err);
	free(draft);
	free(path);
	return code;
}

int etc_remove(const char *directory, const char *name, bool *was)
{
	char *path = path_make("%s/%s", directory, name);
	int code = CTL_OK;

	if (!unlink(path)) {
		if (was)
			*was = true;
	} else if (errno != ENOENT) {
		code = etc_error(path, errno);
	}
	free(path);
	return code;
}
