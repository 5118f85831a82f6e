// SPDX-License-Identifier: MIT
/*
 * Process 1 of a lab guest, as UML's init= or as /init of QEMU's initramfs.
 * Puts a scratch layer over the host's root file system, mounts what a
 * running system has, inserts the modules, plugs the boards in, runs the
 * command and halts. One static C program, because on the debug kernel
 * starting a process takes a good part of a second.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

#define STAGE "/mnt"

static char job[256 * 1024];
static size_t job_size;
static const char *out_dir;
static bool in_qemu;

static void __attribute__((noreturn)) halt_guest(void)
{
	sync();
	/* QEMU's isa-debug-exit device ends at once; UML exits by itself. */
	if (in_qemu && !ioperm(0xf4, 1, 1))
		outb(0, 0xf4);
	reboot(RB_POWER_OFF);
	_exit(1);
}

void log_line(const char *format, ...)
{
	static int kmsg = -1;
	char line[512];
	va_list args;
	int len;

	if (kmsg < 0)
		kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (len >= (int)sizeof(line))
		len = sizeof(line) - 1;
	if (kmsg < 0 || write(kmsg, line, len) < 0)
		fprintf(stderr, "%s\n", line);
}

void die(const char *format, ...)
{
	char line[512];
	char path[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	log_line("<3>winusb-lab: error: %s", line);
	if (out_dir && strcmp(out_dir, LAB_DIR)) {
		snprintf(path, sizeof(path), "%s/error", out_dir);
		write_text(path, line);
	} else {
		host_append("error", line, strlen(line));
	}
	halt_guest();
}

int write_text(const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len)
		error = -errno;
	fsync(fd);
	close(fd);
	return error;
}

ssize_t read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, buf + len, size - 1 - len)) > 0)
		len += got;
	buf[len] = 0;
	close(fd);
	return got < 0 ? -errno : len;
}

const char *job_next(const char *key, const char *after)
{
	const char *at = after ? after + strlen(after) + 1 : job;
	size_t len = strlen(key);

	for (; at < job + job_size; at += strlen(at) + 1) {
		if (!strncmp(at, key, len) && at[len] == '=')
			return at + len + 1;
	}
	return NULL;
}

const char *job_get(const char *key)
{
	return job_next(key, NULL);
}

int load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		error = -errno;
	close(fd);
	return error;
}

static void load_or_die(const char *path)
{
	int error = load_module(path);

	if (error)
		die("cannot insert %s: %s", path, strerror(-error));
}

pid_t spawn(char *const argv[], int out, int err)
{
	pid_t pid = fork();
	int null;

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid)
		return pid;
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(out < 0 ? null : out, 1);
	dup2(err < 0 ? null : err, 2);
	execvp(argv[0], argv);
	dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int run_and_wait(char *const argv[], int out, int err)
{
	pid_t pid = spawn(argv, out, err);
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			die("waitpid: %s", strerror(errno));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void mount_or_die(const char *source, const char *target,
			 const char *type, unsigned long flags,
			 const char *data)
{
	if (mount(source, target, type, flags, data))
		die("cannot mount %s on %s: %s", type ? type : source, target,
		    strerror(errno));
}

/* For file systems that not every kernel has. */
static void mount_if_there(const char *type, const char *target)
{
	mkdir(target, 0755);
	if (mount(type, target, type, 0, NULL) && errno != ENODEV &&
	    errno != ENOENT)
		die("cannot mount %s on %s: %s", type, target, strerror(errno));
}

/* "a/b/c": makes a, a/b and a/b/c. */
static void make_folders(const char *path)
{
	char part[512];
	char *at = part;

	snprintf(part, sizeof(part), "%s", path);
	while ((at = strchr(at + 1, '/'))) {
		*at = 0;
		mkdir(part, 0755);
		*at = '/';
	}
	mkdir(part, 0755);
}

static void read_job(void)
{
	char path[256];
	ssize_t size;

	snprintf(path, sizeof(path), "%s/job", out_dir);
	size = read_text(path, job, sizeof(job));
	if (size <= 0)
		die("cannot read the host's orders in %s", path);
	job_size = size;
}

/*
 * Everything is in the initramfs already, and nothing is mounted that could
 * hinder the machine's sleep.
 */
static void enter_initramfs(void)
{
	out_dir = LAB_DIR;
	channel_open();
	read_job();
	mount_or_die("proc", "/proc", "proc", 0, NULL);
	mount_or_die("sysfs", "/sys", "sysfs", 0, NULL);
}

/* In the initramfs: modules for the disk first, in the order of their names. */
static void qemu_prepare(void)
{
	char path[32];

	for (int i = 0; ; i++) {
		snprintf(path, sizeof(path), "/modules/%03d.ko", i);
		if (access(path, R_OK))
			break;
		load_or_die(path);
	}
	mkdir("/host", 0755);
	mkdir(STAGE, 0755);
	mount_or_die("root", "/host", "9p", MS_RDONLY,
		     "trans=virtio,version=9p2000.L,msize=512000,cache=loose");
}

/* Leaves the scratch layer as the root and the out folder on LAB_DIR. */
static void enter_root(void)
{
	const char *uml_out = getenv("winusb_out");

	in_qemu = !uml_out;
	if (in_qemu) {
		mkdir("/dev", 0755);
		mount_or_die("dev", "/dev", "devtmpfs", 0, NULL);
		if (!access(LAB_DIR "/job", R_OK)) {
			enter_initramfs();
			return;
		}
		qemu_prepare();
	}
	mount_or_die("stage", STAGE, "tmpfs", 0, NULL);
	mkdir(STAGE "/upper", 0755);
	mkdir(STAGE "/work", 0755);
	mkdir(STAGE "/root", 0755);
	mkdir(STAGE "/out", 0755);
	if (in_qemu)
		mount_or_die("out", STAGE "/out", "9p", 0,
			     "trans=virtio,version=9p2000.L,msize=512000,cache=none");
	else
		mount_or_die("none", STAGE "/out", "hostfs", 0, uml_out);
	out_dir = STAGE "/out";
	read_job();

	mount_or_die("lab", STAGE "/root", "overlay", 0,
		     in_qemu ?
		     "lowerdir=/host,upperdir=" STAGE "/upper,workdir=" STAGE "/work" :
		     "lowerdir=/,upperdir=" STAGE "/upper,workdir=" STAGE "/work");
	if (chdir(STAGE "/root"))
		die("chdir: %s", strerror(errno));
	mount_or_die("proc", "proc", "proc", 0, NULL);
	mount_or_die("sysfs", "sys", "sysfs", 0, NULL);
	mount_or_die("dev", "dev", "devtmpfs", 0, NULL);
	mount_or_die("run", "run", "tmpfs", 0, "mode=0755");
	mkdir("run/winusb-lab", 0755);
	mount_or_die(STAGE "/out", "run/winusb-lab", NULL, MS_MOVE, NULL);
	out_dir = LAB_DIR;
	mount_or_die(".", "/", NULL, MS_MOVE, NULL);
	if (chroot(".") || chdir("/"))
		die("chroot: %s", strerror(errno));
}

static void link_or_die(const char *target, const char *path)
{
	if (symlink(target, path) && errno != EEXIST)
		die("cannot link %s: %s", path, strerror(errno));
}

static void mount_rest(void)
{
	mkdir("/dev/pts", 0755);
	mkdir("/dev/shm", 01777);
	mkdir("/run/lock", 01777);
	mount_or_die("devpts", "/dev/pts", "devpts", 0, "mode=0620,ptmxmode=0666");
	mount_or_die("shm", "/dev/shm", "tmpfs", 0, "mode=1777");
	mount_if_there("debugfs", "/sys/kernel/debug");
	mount_if_there("tracefs", "/sys/kernel/tracing");
	link_or_die("/proc/self/fd", "/dev/fd");
	link_or_die("/proc/self/fd/0", "/dev/stdin");
	link_or_die("/proc/self/fd/1", "/dev/stdout");
	link_or_die("/proc/self/fd/2", "/dev/stderr");
}

/* The kernel's own modules where modprobe looks for them. */
static void mount_modules(void)
{
	const char *source = job_get("lib_modules");
	struct utsname uts;
	char target[256];

	if (!source)
		return;
	uname(&uts);
	snprintf(target, sizeof(target), "/usr/lib/modules/%s", uts.release);
	make_folders(target);
	mount_or_die(source, target, NULL, MS_BIND, NULL);
}

static void loopback_up(void)
{
	struct ifreq req = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &req))
		die("cannot bring the loopback device up: %s", strerror(errno));
	close(fd);
}

static void set_environment(void)
{
	clearenv();
	for (const char *var = job_get("env"); var; var = job_next("env", var))
		putenv((char *)var);
}

int main(void)
{
	char text[16];
	int status;

	enter_root();
	mount_rest();
	set_environment();
	loopback_up();
	if (sethostname("winusb-lab", 10))
		die("sethostname: %s", strerror(errno));
	mount_modules();
	log_line("<5>winusb-lab: booted");
	for (const char *path = job_get("insmod"); path;
	     path = job_next("insmod", path))
		load_or_die(path);
	/* Gadget functions of stock kernels are modules, so is configfs. */
	mount_if_there("configfs", "/sys/kernel/config");
	boards_plug_in();
	if (job_get("keyboard"))
		keyboard_wait();
	log_line("<5>winusb-lab: ready");

	status = command_run();
	log_line("<5>winusb-lab: command ended");
	finish_check();
	log_line("<5>winusb-lab: finished");
	snprintf(text, sizeof(text), "%d\n", status);
	sync();
	channel_send_results();
	host_append("rc", text, strlen(text));
	halt_guest();
}
