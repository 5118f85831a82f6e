// SPDX-License-Identifier: MIT
/*
 * jail [-w DIR]... COMMAND [ARG]...
 *
 * Runs COMMAND where it cannot harm the host: every mount is read-only but
 * the DIRs, and COMMAND and all that it starts die with this process. The
 * guest's root file system is the host's own, and a guest's root can mount
 * it writable again; here that gains nothing.
 *
 * Works without root too, where the host lets users make namespaces.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* <sys/mount.h> of Debian 12 and <linux/mount.h> exclude each other. */
int mount(const char *source, const char *target, const char *type,
	  unsigned long flags, const void *data);

static void die(const char *format, ...)
{
	va_list args;
	int error = errno;

	va_start(args, format);
	fputs("lab: jail: ", stderr);
	vfprintf(stderr, format, args);
	fprintf(stderr, ": %s\n", strerror(error));
	va_end(args);
	exit(125);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die("%s", path);
	close(fd);
}

static void enter_user_namespace(uid_t uid, gid_t gid)
{
	char map[64];

	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_file("/proc/self/gid_map", map);
}

static void set_read_only(const char *path, int on, unsigned int flags)
{
	struct mount_attr attr = { 0 };

	if (on)
		attr.attr_set = MOUNT_ATTR_RDONLY;
	else
		attr.attr_clr = MOUNT_ATTR_RDONLY;
	if (syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &attr,
		    sizeof(attr)))
		die("cannot make %s read-%s", path, on ? "only" : "write");
}

static int wait_for(pid_t pid)
{
	int status;
	pid_t done;

	do {
		done = wait(&status);
	} while (done != pid && (done > 0 || errno == EINTR));
	if (done < 0)
		die("wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static pid_t fork_or_die(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	return pid;
}

int main(int argc, char **argv)
{
	const char *dirs[16];
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int ndirs = 0;
	pid_t pid;
	int c;

	while ((c = getopt(argc, argv, "+w:")) != -1) {
		if (c != 'w' || ndirs == 16) {
			fprintf(stderr,
				"usage: jail [-w DIR]... COMMAND [ARG]...\n");
			return 125;
		}
		dirs[ndirs++] = optarg;
	}
	if (optind == argc) {
		fprintf(stderr, "usage: jail [-w DIR]... COMMAND [ARG]...\n");
		return 125;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);

	if (unshare(CLONE_NEWNS | CLONE_NEWPID | (uid ? CLONE_NEWUSER : 0)))
		die("cannot make namespaces (run it as root)");
	if (uid)
		enter_user_namespace(uid, gid);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		die("cannot detach from the host's mounts");
	for (int i = 0; i < ndirs; i++) {
		if (mount(dirs[i], dirs[i], NULL, MS_BIND, NULL))
			die("cannot bind %s", dirs[i]);
	}
	set_read_only("/", 1, AT_RECURSIVE);
	for (int i = 0; i < ndirs; i++)
		set_read_only(dirs[i], 0, 0);

	/* Process 1 of the namespace only waits: its end kills the rest. */
	pid = fork_or_die();
	if (pid)
		return wait_for(pid);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pid = fork_or_die();
	if (pid)
		_exit(wait_for(pid));
	execvp(argv[optind], argv + optind);
	die("cannot run %s", argv[optind]);
}
