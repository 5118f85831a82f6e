// SPDX-License-Identifier: MIT
/*
 * Plugs the boards in: one USB/IP server for all of them, the stock usbip
 * tool to attach each, and new_id to bind the driver. Waits for the
 * kernel's own events, never for time to pass. And waits for QEMU's keyboard.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

#define MAX_BOARDS	32
#define BOARDS_LOG	LAB_DIR "/boards.log"
#define NEW_ID		"/sys/bus/usb/drivers/winusb/new_id"

struct board {
	const char *name;
	char path[256];		/* in sysfs */
	char id[16];		/* "VID PID" */
};

static int open_uevents(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int size = 4 << 20;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("cannot listen to kernel events: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

static int timeout_ms(void)
{
	const char *seconds = job_get("plug_timeout");

	return (seconds ? atoi(seconds) : 10) * 1000;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*
 * "bind" of a usb_device comes when the generic driver has chosen its
 * configuration, so all its interfaces are there.
 */
static bool wait_for_device(int uevents, char *path, size_t size)
{
	char event[8192];
	long end = now_ms() + timeout_ms();
	struct pollfd fd = { .fd = uevents, .events = POLLIN };
	ssize_t len;

	for (;;) {
		long left = end - now_ms();

		if (left <= 0 || poll(&fd, 1, left) <= 0)
			return false;
		len = recv(uevents, event, sizeof(event) - 1, 0);
		if (len <= 0)
			continue;
		event[len] = 0;
		if (strncmp(event, "bind@", 5) || !strstr(event, "/vhci_hcd."))
			continue;
		if (!memmem(event, len, "DEVTYPE=usb_device", 19))
			continue;
		return snprintf(path, size, "/sys%.200s", event + 5) > 0;
	}
}

/* Root hubs send the same event; they are "usbN", devices are "N-P". */
static bool is_root_hub(const char *path)
{
	return !strncmp(strrchr(path, '/') + 1, "usb", 3);
}

static void show_log_and_die(const char *what, const char *board)
{
	char text[400];
	ssize_t len = read_text(BOARDS_LOG, text, sizeof(text));

	while (len > 0 && text[len - 1] == '\n')
		text[--len] = 0;
	die("board %s: %s%s%s", board, what, len > 0 ? ": " : "",
	    len > 0 ? text : "");
}

static void start_server(struct board *boards, int count, int log)
{
	char *argv[MAX_BOARDS + 3] = { "winusb-boards", "--control" };
	char line[64] = "";
	int pipe_fd[2];
	size_t len = 0;
	ssize_t got;

	for (int i = 0; i < count; i++)
		argv[i + 2] = (char *)boards[i].name;
	if (pipe2(pipe_fd, O_CLOEXEC))
		die("pipe: %s", strerror(errno));
	spawn(argv, pipe_fd[1], log);
	close(pipe_fd[1]);
	while (!strchr(line, '\n') && len < sizeof(line) - 1) {
		got = read(pipe_fd[0], line + len, sizeof(line) - 1 - len);
		if (got <= 0)
			show_log_and_die("its server ended", boards[0].name);
		len += got;
		line[len] = 0;
	}
	if (strncmp(line, "ready", 5))
		die("winusb-boards said '%.40s', not 'ready'", line);
	/* The pipe stays open: a later word of the server must not kill it. */
}

static void attach(struct board *board, int number, int uevents, int log)
{
	char busid[16];
	char *argv[] = { "usbip", "attach", "-r", "127.0.0.1", "-b", busid,
			 NULL };

	snprintf(busid, sizeof(busid), "1-%d", number);
	if (run_and_wait(argv, log, log))
		show_log_and_die("usbip attach failed", board->name);
	do {
		if (!wait_for_device(uevents, board->path, sizeof(board->path)))
			show_log_and_die("it did not enumerate in time",
					 board->name);
	} while (is_root_hub(board->path));
}

static void read_id(struct board *board)
{
	char path[300];
	char vendor[16];
	char product[16];

	snprintf(path, sizeof(path), "%s/idVendor", board->path);
	if (read_text(path, vendor, sizeof(vendor)) < 4)
		die("board %s: cannot read %s", board->name, path);
	snprintf(path, sizeof(path), "%s/idProduct", board->path);
	if (read_text(path, product, sizeof(product)) < 4)
		die("board %s: cannot read %s", board->name, path);
	snprintf(board->id, sizeof(board->id), "%.4s %.4s", vendor, product);
}

static bool is_bound(const struct board *board)
{
	DIR *dir = opendir(board->path);
	struct dirent *entry;
	char path[600];
	char link[256];
	bool bound = false;
	ssize_t len;

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s/driver", board->path,
			 entry->d_name);
		len = readlink(path, link, sizeof(link) - 1);
		if (len <= 0 || !strchr(entry->d_name, ':'))
			continue;
		link[len] = 0;
		if (!strcmp(strrchr(link, '/') + 1, "winusb"))
			bound = true;
	}
	if (dir)
		closedir(dir);
	return bound;
}

/* Writing new_id returns when every device of that id has been probed. */
static void bind_boards(struct board *boards, int count)
{
	for (int i = 0; i < count; i++) {
		bool known = false;
		int error;

		read_id(&boards[i]);
		for (int j = 0; j < i; j++)
			known |= !strcmp(boards[i].id, boards[j].id);
		if (known)
			continue;
		error = write_text(NEW_ID, boards[i].id);
		if (error)
			die("cannot write '%s' to " NEW_ID ": %s",
			    boards[i].id, strerror(-error));
	}
	for (int i = 0; i < count; i++) {
		if (!is_bound(&boards[i]))
			die("board %s (%s): winusb did not bind to it",
			    boards[i].name, boards[i].path);
	}
}

/* WINUSB_LAB_DEVICES: the boards' names in sysfs, in their order. */
static void export_names(struct board *boards, int count)
{
	char names[MAX_BOARDS * 32] = "";

	for (int i = 0; i < count; i++) {
		if (i)
			strcat(names, " ");
		strcat(names, strrchr(boards[i].path, '/') + 1);
	}
	setenv("WINUSB_LAB_DEVICES", names, 1);
}

void boards_plug_in(void)
{
	static struct board boards[MAX_BOARDS];
	const char *name;
	int count = 0;
	int uevents;
	int log;

	for (name = job_get("board"); name; name = job_next("board", name)) {
		if (count == MAX_BOARDS)
			die("more than %d boards", MAX_BOARDS);
		boards[count++].name = name;
	}
	if (!count)
		return;
	log = open(BOARDS_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	uevents = open_uevents();
	start_server(boards, count, log);
	for (int i = 0; i < count; i++)
		attach(&boards[i], i + 1, uevents, log);
	close(uevents);
	close(log);
	if (job_get("bind"))
		bind_boards(boards, count);
	export_names(boards, count);
}

/* It is the only device with a HID interface. */
static bool find_keyboard(char *name, size_t size)
{
	DIR *dir = opendir("/sys/bus/usb/devices");
	struct dirent *entry;
	bool found = false;
	char path[600];
	char text[8];

	while (!found && dir && (entry = readdir(dir))) {
		const char *colon = strchr(entry->d_name, ':');

		if (!colon)
			continue;
		snprintf(path, sizeof(path),
			 "/sys/bus/usb/devices/%s/bInterfaceClass",
			 entry->d_name);
		if (read_text(path, text, sizeof(text)) < 2 ||
		    strncmp(text, "03", 2))
			continue;
		snprintf(name, size, "%.*s", (int)(colon - entry->d_name),
			 entry->d_name);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* WINUSB_LAB_KEYBOARD: its name in sysfs. */
void keyboard_wait(void)
{
	long end = now_ms() + timeout_ms();
	struct timespec ts = { .tv_nsec = 10000000 };
	char name[64];

	while (!find_keyboard(name, sizeof(name))) {
		if (now_ms() > end)
			die("the keyboard did not enumerate in time");
		nanosleep(&ts, NULL);
	}
	setenv("WINUSB_LAB_KEYBOARD", name, 1);
}
