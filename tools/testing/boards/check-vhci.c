// SPDX-License-Identifier: MIT
/*
 * The boards on a real kernel: plugged into vhci_hcd, driven through usbfs.
 * Needs root and vhci_hcd, so it is run by the lab:
 *	scripts/lab run -- tools/testing/boards/boards-vhci
 * Prints TAP. With --faults it plugs in every fault of the broken board, with
 * --faults=msos those of the msos board, all of which have to be configured;
 * with --iso only the iso board.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check.h"
#include "usbfs.h"

static int log_fd = -1;

static void fill(uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = i * 31 + (i >> 8);
}

static void check_loopback(int fd)
{
	static uint8_t out[16384], in[16384];
	uint8_t byte = 0x2a, back = 0;

	fill(out, sizeof(out));
	ok(usbfs_control(fd, 0x40, 0xd8, &byte, 1) == 1 &&
	   usbfs_control(fd, 0xc0, 0xd7, &back, 1) == 1 && back == 0x2a,
	   "fx2: bar graph set and read");
	ok(usbfs_bulk(fd, 6, out, 5000) == 5000 && usbfs_bulk(fd, 0x88, in, 8192) == 5000 &&
	   !memcmp(in, out, 5000), "fx2: loopback of 5000 bytes");
	ok(usbfs_bulk(fd, 6, out, 16384) == 16384 &&
	   usbfs_bulk(fd, 0x88, in, 16384) == 16384 && !memcmp(in, out, 16384),
	   "fx2: loopback of 16384 bytes");
	tell(1, "stall 0x88");
	ok(usbfs_bulk(fd, 0x88, in, 512) == -EPIPE, "fx2: halted");
	byte = 0x88;
	ok(!ioctl(fd, USBDEVFS_CLEAR_HALT, &(unsigned int){ 0x88 }) &&
	   usbfs_bulk(fd, 6, out, 1) == 1 && usbfs_bulk(fd, 0x88, in, 512) == 1,
	   "fx2: halt cleared");
}

/* What moved before an unlink is counted, and IN data arrives. */
static void check_partial(int fd)
{
	static uint8_t out[1536], in[1536];
	struct usbdevfs_urb urb;

	fill(out, sizeof(out));
	tell(1, "reset-counters");
	usbfs_submit(fd, &urb, 0x88, in, 1536);
	usbfs_bulk(fd, 6, out, 1024);
	tell(1, "wait 0x88.bytes 1024");
	ioctl(fd, USBDEVFS_DISCARDURB, &urb);
	ok(usbfs_reap(fd) == &urb && urb.actual_length == 1024 &&
	   !memcmp(in, out, 1024), "unlinked read: two packets of three");
	tell(1, "set silent=0x06:always:1024");
	usbfs_submit(fd, &urb, 6, out, 1536);
	tell(1, "wait 0x06.bytes 2048");
	ioctl(fd, USBDEVFS_DISCARDURB, &urb);
	ok(usbfs_reap(fd) == &urb && urb.actual_length == 1024,
	   "unlinked write: two packets of three");
	tell(1, "defaults");
	usbfs_bulk(fd, 0x88, in, 1024);
	usbfs_submit(fd, &urb, 0x88, in, 512);
	tell(1, "wait 0x88.pending 1");
	ioctl(fd, USBDEVFS_DISCARDURB, &urb);
	ok(usbfs_reap(fd) == &urb && !urb.actual_length &&
	   told(1, "unlinked", "counters 0x88") == 2,
	   "unlinked read: nothing of it");
}

static void check_unplug(int fd, const char *path)
{
	struct usbdevfs_urb urb;
	uint8_t in[512];
	bool reaped;

	usbfs_submit(fd, &urb, 0x88, in, 512);
	tell(1, "wait 0x88.pending 1");
	tell(1, "unplug");
	ok(usbfs_wait_gone(path), "unplugged: gone from sysfs");
	reaped = usbfs_reap(fd) == &urb;
	ok(reaped && urb.status == -ESHUTDOWN && !urb.actual_length,
	   "unplugged: the read ended with -ESHUTDOWN");
	ok(usbfs_bulk(fd, 0x88, in, 512) == -ENODEV, "unplugged: a new one fails");
	close(fd);
}

static void check_reenumerate(void)
{
	char path[256], serial[32];
	int fd = usbfs_plug(1, path, sizeof(path));

	ok(usbfs_attribute_is(path, "speed", "480") &&
	   usbfs_attribute(path, "serial", serial, sizeof(serial)) &&
	   !strcmp(serial, "K-1"), "fx2: high speed, serial number");
	ok(!usbfs_control(fd, 0x40, 0xda, NULL, 0) && usbfs_wait_gone(path),
	   "re-enumerate: gone");
	close(fd);
	tell(1, "wait config 1 30000");
	ok(told(1, "plugs", "info") == 3, "re-enumerate: back by itself");
	tell(1, "unplug");
}

/* Eight packets of 192 bytes; true when all of them moved whole. */
static bool iso(int fd, unsigned int ep, uint8_t *data)
{
	struct usbdevfs_urb *urb = usbfs_submit_iso(fd, ep, data, 8, 192);
	unsigned int i, moved = 0;

	if (usbfs_reap(fd) == urb)
		for (i = 0; i < 8; i++)
			if (!urb->iso_frame_desc[i].status)
				moved += urb->iso_frame_desc[i].actual_length;
	free(urb);
	return moved == 8 * 192;
}

static void check_composite(void)
{
	struct usbdevfs_setinterface setting = { 2, 3 };
	uint8_t out[8 * 192], in[8 * 192];
	char path[256];
	int fd = usbfs_plug(2, path, sizeof(path));

	ok(usbfs_attribute_is(path, "bNumInterfaces", " 4") &&
	   usbfs_attribute_is(path, "speed", "480") && usbfs_claim(fd, 0) && usbfs_claim(fd, 2),
	   "composite: four interfaces");
	fill(out, sizeof(out));
	ok(!ioctl(fd, USBDEVFS_SETINTERFACE, &setting) && iso(fd, 6, out) &&
	   iso(fd, 0x86, in) && !memcmp(in, out, sizeof(in)),
	   "composite: isochronous loopback");
	close(fd);
	tell(2, "unplug");
	ok(usbfs_wait_gone(path), "composite: gone");
	fd = usbfs_plug(3, path, sizeof(path));
	ok(usbfs_attribute_is(path, "speed", "12") && usbfs_claim(fd, 3) &&
	   usbfs_bulk(fd, 7, out, 100) == 100 && usbfs_bulk(fd, 0x87, in, 128) == 100 &&
	   !memcmp(in, out, 100), "composite: full speed");
	close(fd);
	tell(3, "unplug");
}

/* No pause between: each time usbcore may still be busy with the last one. */
static void check_haste(void)
{
	unsigned int i, good = 0;

	for (i = 0; i < 10; i++) {
		const char *answer = tell(1, "attach");

		if (strstr(answer, "result=ok"))
			answer = tell(1, "wait config 1 30000");
		if (strstr(answer, "result=ok"))
			good++;
		else
			printf("# %s\n", answer);
		tell(1, "unplug");
	}
	ok(good == 10, "plugged in at once after an unplug, ten times");
}

/*
 * The kernel's log since the start: no line of level error or worse. For each
 * full-speed device vhci_hcd says that its speed is not set: not our error.
 */
static void check_log(void)
{
	char line[1024];
	unsigned int bad = 0;
	ssize_t n;

	while ((n = read(log_fd, line, sizeof(line) - 1)) > 0) {
		line[n] = '\0';
		if ((atoi(line) & 7) > 3 || strstr(line, "speed not set"))
			continue;
		printf("# %s", line);
		bad++;
	}
	ok(!bad, "no error in the kernel's log");
}

static void check_all_faults(const char *board, bool all)
{
	char command[600], name[128];
	FILE *f;

	snprintf(command, sizeof(command), "%s --faults=%s", check_program(),
		 board);
	f = popen(command, "r");
	server_start(board, NULL);
	while (f && fgets(name, sizeof(name), f)) {
		bool plugged, configured;

		name[strcspn(name, " \n")] = '\0';
		tell(1, "set fault=%s", name);
		plugged = strstr(tell(1, "attach"), "result=ok");
		configured = strstr(tell(1, "wait config 1 1500"), "result=ok");
		ok(plugged && (configured || !all), "fault %s%s", name,
		   configured ? "" : ", not configured");
		tell(1, "unplug");
	}
	if (f)
		pclose(f);
	server_stop();
}

int main(int argc, char **argv)
{
	char path[256];
	int fd;

	bool msos = argc > 1 && !strcmp(argv[1], "--faults=msos");
	bool iso_only = argc > 1 && !strcmp(argv[1], "--iso");

	if (argc > 1 && strcmp(argv[1], "--faults") && !msos && !iso_only) {
		printf("Usage: boards-vhci [--faults[=msos] | --iso]\n"
		       "Tests winusb-boards with vhci_hcd; run it by scripts/lab run.\n");
		return strcmp(argv[1], "--help") ? 2 : 0;
	}
	if (access(CONTROLLER, F_OK) && system("modprobe vhci_hcd")) {
		printf("1..0 # SKIP no vhci_hcd: run it by scripts/lab run\n");
		return 0;
	}
	check_begin();
	if (iso_only) {
		check_vhci_iso();
		return check_end();
	}
	if (argc > 1) {
		check_all_faults(msos ? "msos" : "broken", msos);
		return check_end();
	}
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	lseek(log_fd, 0, SEEK_END);
	server_start("fx2,serial=K-1", "composite", "composite,speed=full", NULL);
	fd = usbfs_plug(1, path, sizeof(path));
	ok(usbfs_claim(fd, 0), "fx2: claimed");
	check_loopback(fd);
	check_partial(fd);
	check_unplug(fd, path);
	check_reenumerate();
	check_composite();
	check_haste();
	server_stop();
	check_vhci_iso();
	check_log();
	return check_end();
}
