// SPDX-License-Identifier: MIT
/*
 * After the command: everything that still runs is killed, the driver must
 * unload, and the debug kernel says whether it leaked and whether lockdep
 * watched to the end. Each finding is a line in LAB_DIR/findings.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

#define KMEMLEAK "/sys/kernel/debug/kmemleak"

static void finding(const char *format, ...)
{
	char line[512];
	va_list args;
	int len, error;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	error = host_append("findings", line, len);
	if (error)
		die("cannot write findings: %s", strerror(-error));
}

static void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* Files are closed, and with them the driver's, when the last is reaped. */
static void kill_everything(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* The addresses of the driver's text, for reading what kmemleak says. */
static void save_addresses(const char *module)
{
	char path[128], text[64], line[160];

	snprintf(path, sizeof(path), "/sys/module/%s/sections/.text", module);
	if (read_text(path, text, sizeof(text)) <= 0)
		return;
	snprintf(line, sizeof(line), "%s %s", module, text);
	snprintf(path, sizeof(path), LAB_DIR "/text-of-%s", module);
	write_text(path, line);
}

static int remove_module(const char *name)
{
	for (int tries = 0; ; tries++) {
		if (!syscall(SYS_delete_module, name, O_NONBLOCK))
			return 0;
		if ((errno != EAGAIN && errno != EBUSY) || tries == 50)
			return -errno;
		sleep_ms(20);
	}
}

/* What uses the driver goes first: test modules, mostly. */
static void remove_holders(const char *name)
{
	char path[128];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/module/%s/holders", name);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		save_addresses(entry->d_name);
		if (remove_module(entry->d_name))
			finding("module %s does not unload: %s", entry->d_name,
				strerror(errno));
	}
	if (dir)
		closedir(dir);
}

static void unload_driver(void)
{
	int error;

	if (access("/sys/module/winusb/initstate", F_OK))
		return;
	save_addresses("winusb");
	remove_holders("winusb");
	error = remove_module("winusb");
	if (error)
		finding("module winusb does not unload: %s", strerror(-error));
}

/*
 * kmemleak leaves objects younger than five seconds alone, and one whose
 * content changed since the scan before: hence the sleep and two scans.
 */
static void scan_leaks(void)
{
	static char report[1 << 20];
	struct stat st;
	ssize_t len;

	if (stat(KMEMLEAK, &st))
		return;
	sleep_ms(5100);
	if (write_text(KMEMLEAK, "scan") || write_text(KMEMLEAK, "scan")) {
		finding("kmemleak refuses to scan");
		return;
	}
	len = read_text(KMEMLEAK, report, sizeof(report));
	if (len < 0)
		finding("cannot read kmemleak's report: %s", strerror(-len));
	else if (len > 0)
		write_text(LAB_DIR "/kmemleak", report);
}

static void check_lockdep(void)
{
	static char stats[64 * 1024];
	const char *at;

	if (read_text("/proc/lockdep_stats", stats, sizeof(stats)) <= 0)
		return;
	at = strstr(stats, "debug_locks:");
	if (!at)
		finding("no debug_locks in /proc/lockdep_stats");
	else if (strtol(at + strlen("debug_locks:"), NULL, 10) != 1)
		finding("debug_locks is 0: lockdep has switched itself off");
}

void finish_check(void)
{
	if (chdir("/"))
		die("chdir: %s", strerror(errno));
	kill_everything();
	unload_driver();
	if (job_get("leaks"))
		scan_leaks();
	check_lockdep();
}
