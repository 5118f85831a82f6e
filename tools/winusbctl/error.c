// SPDX-License-Identifier: MIT
/* Errors: what happened, what to do next, and the exit code. */

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "function.h"
#include "power.h"
#include "winusbctl.h"

int error_code(int err)
{
	switch (err) {
	case 0:
		return CTL_OK;
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case ESHUTDOWN:
		return CTL_ABSENT;
	case EACCES:
	case EPERM:
	case EBUSY:
	case EEXIST:
		return CTL_DENIED;
	case ETIMEDOUT:
		return CTL_TIMEOUT;
	case EINTR:
		return CTL_INTERRUPTED;
	default:
		return CTL_FAILED;
	}
}

static void error_name(int err, const char *text)
{
	const char *name = strerrorname_np(err);

	fprintf(stderr, ": %s (%s)\n", text ? text : strerror(err), name ? name : "unknown");
}

int error_say(int err, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("winusbctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	error_name(err, NULL);
	return error_code(err);
}

int usage_say(const char *command, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "winusbctl %s: ", command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	hint_say("see 'winusbctl %s --help'", command);
	return CTL_USAGE;
}

void hint_say(const char *format, ...)
{
	va_list args;

	fputs("  ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* The mode in which /proc says that a descriptor is open. */
static bool descriptor_writes(int pid, const char *fd)
{
	char path[96], line[128];
	unsigned int flags = 0;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.20s", pid, fd);
	info = fopen(path, "re");
	if (!info)
		return false;
	while (fgets(line, sizeof(line), info))
		if (sscanf(line, "flags: %o", &flags) == 1)
			break;
	fclose(info);
	return (flags & O_ACCMODE) == O_RDWR;
}

static const struct node *node_of_descriptor(const struct nodes *nodes, const struct node *node,
					      const struct stat *status)
{
	for (size_t i = 0; i < nodes->count; i++) {
		const struct node *other = &nodes->list[i];
		struct stat device;

		if (!other->bound || strcmp(other->function, node->function))
			continue;
		if (!stat(other->path, &device) && device.st_rdev == status->st_rdev)
			return other;
	}
	return NULL;
}

static void holders_of_process(const struct nodes *nodes, const struct node *node, int pid,
			       holder_fn fn, void *data)
{
	char path[64], command[64] = "?";
	struct dirent *entry;
	FILE *comm;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (!dir)
		return;

	while ((entry = readdir(dir))) {
		const struct node *held;
		struct stat status;

		if (fstatat(dirfd(dir), entry->d_name, &status, 0) || !S_ISCHR(status.st_mode))
			continue;
		held = node_of_descriptor(nodes, node, &status);
		if (!held || !descriptor_writes(pid, entry->d_name))
			continue;

		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		comm = fopen(path, "re");
		if (comm) {
			if (fgets(command, sizeof(command), comm))
				command[strcspn(command, "\n")] = 0;
			fclose(comm);
		}
		fn(data, pid, command, held);
	}
	closedir(dir);
}

void holders_find(const struct nodes *nodes, const struct node *node, holder_fn fn, void *data)
{
	struct dirent *entry;
	DIR *dir;

	dir = opendir("/proc");
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			holders_of_process(nodes, node, atoi(entry->d_name), fn, data);
	closedir(dir);
}

static void holder_say(void *data, int pid, const char *command, const struct node *node)
{
	unsigned int *count = data;

	(*count)++;
	hint_say("process %d (%s) has %s open", pid, command, node->name);
}

void disabled_hint(const char *name)
{
	hint_say("enable it: echo 1 > " CTL_CLASS_DIR "/%s/interface_enabled", name);
	hint_say("a program that has it open may have disabled it, too, until it closes it");
}

int error_open(const struct nodes *nodes, const struct node *node, int err)
{
	unsigned int count = 0;

	fprintf(stderr, "winusbctl: %s", node->path);
	switch (err) {
	case EBUSY:
		error_name(err, "in use");
		holders_find(nodes, node, holder_say, &count);
		if (!count)
			hint_say("a process that you may not see has it open%s",
				 geteuid() ? "; ask again as root" : "");
		if (power_is_asleep(node->device))
			hint_say("its device sleeps; by hand it is woken so: "
				 "echo on > /sys/bus/usb/devices/%s/power/control", node->device);
		break;
	case EACCES:
	case EPERM:
		error_name(err, "not permitted");
		hint_say("run it as root; for a group, a udev rule: SUBSYSTEM==\"winusb\", GROUP=\"plugdev\", "
			 "MODE=\"0660\" in /etc/udev/rules.d/72-winusb-group.rules");
		hint_say("a rule takes effect after a replug, or: "
			 "udevadm trigger --subsystem-match=winusb");
		break;
	case ENOENT:
	case ENODEV:
	case ENXIO:
		if (err == ENOENT && function_is_disabled(node->name)) {
			error_name(err, "its function is disabled");
			disabled_hint(node->name);
		} else {
			error_name(err, "the device has left, or /dev is not a devtmpfs");
		}
		break;
	default:
		error_name(err, NULL);
	}
	return error_code(err);
}

int error_transfer(const struct node *node, const char *what, int err)
{
	static const struct {
		int err;
		const char *text, *hint;
	} texts[] = {
		{ EPIPE, "the device stalled it", "a pipe stays halted until it is reset: --reset" },
		{ EPROTO, "bus error; the device did not answer", "look at the cable; is the device being unplugged?" },
		{ EILSEQ, "bus error; the answer was damaged", "look at the cable" },
		{ EOVERFLOW, "the device sent more than a packet may hold", NULL },
		{ ETIMEDOUT, "timed out", "--timeout sets another limit" },
		{ ECANCELED, "aborted", NULL },
		{ ECONNRESET, "the device was reset, by the kernel or another program",
		  "try again; what it had been told before is lost" },
		{ ESHUTDOWN, "the device left meanwhile", NULL },
		{ ENODEV, "the device has left", "'winusbctl watch' tells when it is back" },
		{ EACCES, "the driver keeps this request to itself", "an alternate setting is selected by --setting" },
		{ EBUSY, "in use by another handle, or a transfer is running", NULL },
		{ EAGAIN, "that interface is not bound yet", "'winusbctl list --all' shows who has which interface" },
		{ ENOSPC, "no bandwidth is left on the bus", "a setting with smaller packets may do; or another port" },
		{ EINTR, "interrupted", NULL },
	};

	fflush(stdout);
	fprintf(stderr, "winusbctl: %s: %s", node->name, what);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].err != err)
			continue;
		error_name(err, texts[i].text);
		if (texts[i].hint)
			hint_say("%s", texts[i].hint);
		return error_code(err);
	}
	error_name(err, NULL);
	return error_code(err);
}

bool number_parse(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoul(text, &end, 0);
	return !errno && !*end && *value <= max;
}

bool milliseconds_parse(const char *text, unsigned int *value)
{
	unsigned long number;

	if (!number_parse(text, UINT32_MAX, &number))
		return false;
	*value = number;
	return true;
}
