// SPDX-License-Identifier: MIT
/*
 * Bad USB/IP input: everything ends in a closed connection or an error
 * answer, and the next connection is served as if nothing had been.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "usbip.h"

static bool alive(void)
{
	uint8_t data[18];
	struct cable c;
	bool good;

	if (cable_attach(&c, "1-1"))
		return false;
	good = cable_control(&c, 0x80, 6, 0x100, 0, data, 18) == 18;
	cable_cut(&c);
	return good;
}

/* The server closes a connection whose first bytes are these. */
static void check_question(const void *data, size_t len, const char *what)
{
	struct timeval limit = { .tv_sec = 5 };
	int fd = server_connect();
	char byte[512];
	ssize_t n;

	send(fd, data, len, MSG_NOSIGNAL);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	do {
		n = recv(fd, byte, sizeof(byte), 0);
	} while (n > 0);
	ok((n == 0 || errno == ECONNRESET) && alive(), "bad question: %s", what);
	close(fd);
}

static struct usbip_header sound(const struct cable *c)
{
	struct usbip_header h = {
		.command = htonl(USBIP_CMD_SUBMIT),
		.seqnum = htonl(77),
		.devid = htonl(c->devid),
		.direction = htonl(1),
		.ep = htonl(8),
	};

	h.submit.length = htonl(512);
	return h;
}

enum bad {
	BAD_COMMAND, BAD_DEVICE, BAD_DIRECTION, BAD_ENDPOINT, BAD_LENGTH,
	BAD_NEGATIVE, BAD_PACKETS, BAD_CONTROL_PACKETS, BADS,
};

static void check_header(enum bad bad, const char *what)
{
	struct usbip_header h;
	struct cable c;

	if (cable_attach(&c, "1-1")) {
		ok(false, "bad header: %s: not attached", what);
		return;
	}
	cable_configure(&c);
	h = sound(&c);
	switch (bad) {
	case BAD_COMMAND:
		h.command = htonl(9);
		break;
	case BAD_DEVICE:
		h.devid = htonl(c.devid + 1);
		break;
	case BAD_DIRECTION:
		h.direction = htonl(2);
		break;
	case BAD_ENDPOINT:
		h.ep = htonl(16);
		break;
	case BAD_LENGTH:
		h.submit.length = htonl(0x7fffffff);
		break;
	case BAD_NEGATIVE:
		h.submit.length = htonl(-1);
		break;
	case BAD_PACKETS:
		h.submit.packets = htonl(USBIP_MAX_PACKETS + 1);
		break;
	case BAD_CONTROL_PACKETS:
		h.ep = 0;
		h.submit.packets = htonl(1);
		break;
	case BADS:
		break;
	}
	cable_send(&c, &h, sizeof(h));
	ok(cable_reap(&c, 5000)->command == 0 && alive(), "bad header: %s", what);
	cable_cut(&c);
}

/* Isochronous packets outside of the transfer, or larger in sum. */
static void check_packets(uint32_t offset, uint32_t length, const char *what)
{
	struct usbip_iso iso[2] = {
		{ htonl(offset), htonl(length), 0, 0 },
		{ htonl(offset), htonl(length), 0, 0 },
	};
	struct usbip_header h;
	struct cable c;

	cable_attach(&c, "1-1");
	h = sound(&c);
	h.submit.packets = htonl(2);
	cable_send(&c, &h, sizeof(h));
	cable_send(&c, iso, sizeof(iso));
	ok(cable_reap(&c, 5000)->command == 0 && alive(), "bad packets: %s", what);
	cable_cut(&c);
}

static void check_cut_short(void)
{
	struct usbip_header h;
	struct cable c;
	size_t len;
	unsigned int good = 0;

	for (len = 1; len < sizeof(h); len += 7) {
		cable_attach(&c, "1-1");
		h = sound(&c);
		cable_send(&c, &h, len);
		cable_cut(&c);
		good += alive();
	}
	ok(good == 7, "connections cut within a header");
	cable_attach(&c, "1-1");
	h = sound(&c);
	h.direction = 0;
	h.ep = htonl(6);
	cable_send(&c, &h, sizeof(h));
	cable_send(&c, "abc", 3);
	cable_cut(&c);
	ok(alive(), "a connection cut within the data");
}

/* A control transfer whose header and setup bytes disagree. */
static void check_mismatch(void)
{
	struct usbip_header h;
	struct answer *a;
	struct cable c;

	cable_attach(&c, "1-1");
	h = sound(&c);
	h.ep = 0;
	h.direction = 0;
	h.submit.length = htonl(4);
	memcpy(h.submit.setup, "\x80\x06\x00\x01\x00\x00\x12\x00", 8);
	cable_send(&c, &h, sizeof(h));
	cable_send(&c, "abcd", 4);
	a = cable_reap(&c, 5000);
	ok(a->command == USBIP_RET_SUBMIT && a->status == -EPIPE,
	   "setup says IN, header says OUT: stalled");
	memcpy(h.submit.setup, "\x40\xd8\x00\x00\x00\x00\xff\xff", 8);
	cable_send(&c, &h, sizeof(h));
	cable_send(&c, "abcd", 4);
	a = cable_reap(&c, 5000);
	ok(a->command == USBIP_RET_SUBMIT && a->status == -EPIPE,
	   "setup says more than there is: stalled");
	cable_cut(&c);
}

/* Bytes from a fixed generator: after an import, and instead of one. */
static void check_noise(void)
{
	unsigned int round, i, good = 0;
	uint32_t state = 12345;
	uint8_t noise[2048];
	struct cable c;
	int fd;

	for (round = 0; round < 100; round++) {
		for (i = 0; i < sizeof(noise); i++) {
			state = state * 1664525 + 1013904223;
			noise[i] = state >> 24;
		}
		if (round % 2) {
			/* Right device and command, the rest is noise. */
			uint32_t start[3] = {
				htonl(1 + round / 2 % 2), state, 0
			};

			cable_attach(&c, "1-1");
			start[2] = htonl(c.devid);
			memcpy(noise, start, sizeof(start));
			memset(noise + 12, 0, 8);
			noise[19] = state % 16;
			memset(noise + 24, 0, 2);
			memset(noise + 32, 0, 3);
			cable_send(&c, noise, sizeof(noise));
			cable_cut(&c);
		} else {
			fd = server_connect();
			send(fd, noise, sizeof(noise), MSG_NOSIGNAL);
			close(fd);
		}
		good += round % 10 || alive();
	}
	ok(good == 100 && alive(), "100 connections full of noise");
}

void check_bad_input(void)
{
	static const char *const what[BADS] = {
		"command", "device", "direction", "endpoint", "length",
		"negative length", "packet count", "packets on endpoint 0",
	};
	unsigned int i;

	server_start("fx2", NULL);
	check_question("\x01\x06\x80\x05\0\0\0\0", 8, "version");
	check_question("\x01\x11\x12\x34\0\0\0\0", 8, "code");
	check_question("\x01\x11\x80\x03\0\0\0\0"
		       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 40,
		       "bus id without an end");
	for (i = 0; i < BADS; i++)
		check_header(i, what[i]);
	check_packets(513, 0, "offset past the end");
	check_packets(500, 13, "length past the end");
	check_packets(0xffffffff, 2, "offset and length wrap");
	check_packets(0, 300, "sum past the end");
	check_cut_short();
	check_mismatch();
	check_noise();
	server_stop();
}
