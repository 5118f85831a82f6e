// SPDX-License-Identifier: MIT
/*
 * Enumeration: device list, import, descriptors at both speeds (every block
 * is walked), strings, standard requests, every fault of the broken board.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "desc.h"
#include "usbip.h"

/* Reads to the end of the connection; returns the bytes, -1 when it hangs. */
static ssize_t read_all(int fd, uint8_t *data, size_t room)
{
	size_t have = 0;
	ssize_t n;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (poll(&p, 1, 5000) == 0)
			return -1;
		n = recv(fd, data + have, room - have, 0);
		if (n <= 0)
			return (ssize_t)have;
		have += n;
	}
}

static void check_list(void)
{
	struct op_common question = {
		htons(USBIP_VERSION), htons(OP_REQ_DEVLIST), 0
	};
	struct usbip_device dev;
	uint8_t data[4096];
	int fd = server_connect();
	ssize_t len;

	send(fd, &question, sizeof(question), 0);
	len = read_all(fd, data, sizeof(data));
	close(fd);
	ok(len == 12 + 2 * 312 + 4 + 4 * 4, "device list has two boards");
	ok(len > 12 && data[11] == 2, "device list counts them");
	memcpy(&dev, data + 12, sizeof(dev));
	ok(!strcmp(dev.busid, "1-1") && ntohs(dev.vid) == 0x0547 &&
	   ntohs(dev.pid) == 0x1002 && dev.interfaces == 1 &&
	   ntohl(dev.speed) == 3, "device list describes the fx2");
	memcpy(&dev, data + 12 + 312 + 4, sizeof(dev));
	ok(!strcmp(dev.busid, "1-2") && dev.interfaces == 4 &&
	   dev.class == 0xef && ntohl(dev.speed) == 2,
	   "device list describes the composite");
}

static int get_descriptor(struct cable *c, uint8_t type, uint8_t index,
			  uint8_t *data, uint16_t len)
{
	return cable_control(c, 0x80, 6, type << 8 | index, 0, data, len);
}

/* One endpoint descriptor by the rules of USB 2.0. */
static bool sane_endpoint(const uint8_t *d, bool high)
{
	unsigned int mps = get_le16(d + 4) & 0x7ff;

	if (d[0] != 7 || !(d[2] & 15) || (d[2] & 0x70) || !mps)
		return false;
	switch (d[3] & 3) {
	case XFER_BULK:
		return mps == (high ? 512 : 64);
	case XFER_INTERRUPT:
		return mps <= (high ? 1024 : 64) && d[6];
	case XFER_ISO:
		return mps <= (high ? 1024 : 1023) && d[6];
	}
	return false;
}

/* Counts add up, lengths too, interface numbers and settings are in order. */
static bool sane_config(const uint8_t *data, int len, bool high)
{
	int interfaces = 0, number = -1, alt = -1, due = 0;
	const uint8_t *d, *end = data;

	if (len < 9 || get_le16(data + 2) != (unsigned int)len)
		return false;
	for_each_desc(d, data, len) {
		end = d + d[0];
		if (d[1] == DT_INTERFACE) {
			if (due || d[0] != 9)
				return false;
			if (d[2] == number ? d[3] != alt + 1 :
			    d[2] != number + 1 || d[3])
				return false;
			interfaces += d[2] != number;
			number = d[2];
			alt = d[3];
			due = d[4];
		} else if (d[1] == DT_ENDPOINT) {
			if (!due-- || !sane_endpoint(d, high))
				return false;
		} else if (d[1] == DT_IAD) {
			if (d[0] != 8 || !d[3] || d[2] + d[3] > data[4])
				return false;
		}
	}
	return end == data + len && !due && interfaces == data[4];
}

static void check_strings(struct cable *c, const char *board, const char *serial)
{
	uint8_t data[256], device[18];
	unsigned int i, good = 0;
	int len;

	len = get_descriptor(c, DT_STRING, 0, data, 255);
	ok(len == 4 && get_le16(data + 2) == 0x0409, "%s: languages", board);
	get_descriptor(c, DT_DEVICE, 0, device, 18);
	for (i = 14; i <= 16; i++) {
		len = get_descriptor(c, DT_STRING, device[i], data, 255);
		good += len > 2 && data[0] == len && data[1] == DT_STRING;
	}
	ok(good == 3, "%s: manufacturer, product and serial number", board);
	for (i = 0; (int)(2 + 2 * i) < len && serial[i]; i++)
		if (data[2 + 2 * i] != serial[i])
			break;
	ok(!serial[i] && (int)(2 + 2 * i) == len, "%s: serial is %s", board,
	   serial);
	ok(get_descriptor(c, DT_STRING, 200, data, 255) == -EPIPE &&
	   get_descriptor(c, DT_STRING, 0xee, data, 255) == -EPIPE,
	   "%s: a string that does not exist stalls", board);
}

static void check_descriptors(struct cable *c, const char *board, bool high,
			      uint16_t vid, uint16_t pid)
{
	uint8_t data[512], part[32];
	int len;

	len = get_descriptor(c, DT_DEVICE, 0, data, 64);
	ok(len == 18 && data[0] == 18 && get_le16(data + 8) == vid &&
	   get_le16(data + 10) == pid, "%s: device descriptor", board);
	len = get_descriptor(c, DT_CONFIG, 0, data, sizeof(data));
	ok(sane_config(data, len, high), "%s: configuration descriptor", board);
	ok(get_descriptor(c, DT_CONFIG, 0, part, 9) == 9 &&
	   !memcmp(part, data, 9), "%s: its first 9 bytes alone", board);
	ok(get_descriptor(c, DT_CONFIG, 1, data, sizeof(data)) == -EPIPE,
	   "%s: no second configuration", board);
	len = get_descriptor(c, DT_QUALIFIER, 0, data, 10);
	ok(len == 10 && data[1] == DT_QUALIFIER && data[8] == 1,
	   "%s: device qualifier", board);
	len = get_descriptor(c, DT_OTHER_SPEED, 0, data, sizeof(data));
	ok(len > 9 && data[1] == DT_OTHER_SPEED &&
	   sane_config(data, len, !high), "%s: other speed", board);
}

static void check_composite_only(struct cable *c)
{
	uint8_t data[64];
	int len;

	len = get_descriptor(c, DT_BOS, 0, data, 5);
	ok(len == 5 && data[4] == 1, "composite: BOS header");
	len = get_descriptor(c, DT_BOS, 0, data, 64);
	ok(len == 12 && get_le16(data + 2) == 12 && data[6] == DT_CAPABILITY &&
	   data[7] == 2, "composite: USB 2.0 extension capability");
	len = cable_control(c, 0x81, 6, 0x4100, 0, data, 64);
	ok(len == 7 && data[1] == 0x41, "composite: class descriptor by interface");
	len = cable_control(c, 0x80, 6, 0x4100, 0, data, 64);
	ok(len == 7, "composite: class descriptor by device");
	ok(cable_control(c, 0x81, 6, 0x4100, 1, data, 64) == -EPIPE,
	   "composite: another interface has no class descriptor");
	ok(cable_control(c, 0x81, 6, 0x4101, 0, data, 64) == -EPIPE,
	   "composite: there is only one class descriptor");
}

static void check_configuration(struct cable *c)
{
	uint8_t byte = 9, two[2];

	ok(cable_control(c, 0x80, 8, 0, 0, &byte, 1) == 1 && !byte,
	   "GET_CONFIGURATION says 0 at first");
	ok(cable_control(c, 0x81, 10, 0, 2, &byte, 1) == -EPIPE,
	   "GET_INTERFACE stalls before SET_CONFIGURATION");
	ok(cable_control(c, 0, 9, 7, 0, NULL, 0) == -EPIPE,
	   "SET_CONFIGURATION of an unknown value stalls");
	ok(!cable_configure(c) &&
	   cable_control(c, 0x80, 8, 0, 0, &byte, 1) == 1 && byte == 1,
	   "SET_CONFIGURATION works");
	ok(!cable_control(c, 1, 11, 2, 2, NULL, 0) &&
	   cable_control(c, 0x81, 10, 0, 2, &byte, 1) == 1 && byte == 2,
	   "SET_INTERFACE and GET_INTERFACE");
	ok(cable_control(c, 1, 11, 4, 2, NULL, 0) == -EPIPE &&
	   cable_control(c, 1, 11, 0, 9, NULL, 0) == -EPIPE,
	   "SET_INTERFACE of what is not there stalls");
	ok(cable_control(c, 0x80, 0, 0, 0, two, 2) == 2 && !two[0],
	   "GET_STATUS of the device: bus powered");
	ok(!cable_control(c, 0, 3, 1, 0, NULL, 0) &&
	   cable_control(c, 0x80, 0, 0, 0, two, 2) == 2 && two[0] == 2,
	   "remote wakeup is remembered");
	ok(cable_control(c, 0x81, 0, 0, 3, two, 2) == 2 &&
	   cable_control(c, 0x81, 0, 0, 4, two, 2) == -EPIPE,
	   "GET_STATUS of interfaces");
	ok(cable_control(c, 0x82, 0, 0, 0x81, two, 2) == 2 && !two[0] &&
	   cable_control(c, 0x82, 0, 0, 0x86, two, 2) == -EPIPE,
	   "GET_STATUS of endpoints of the current settings only");
}

static void check_recipients(struct cable *c)
{
	uint8_t data[512], out[300];
	int i, len;

	len = cable_control(c, 0xc1, 0x33, 0x1234, 0x5602, data, 64);
	ok(len == 8 && !memcmp(data, "\xc1\x33\x34\x12\x02\x56\x40\x00", 8),
	   "composite: an IN request is answered with what was seen");
	ok(cable_control(c, 0xc1, 0x33, 0, 9, data, 8) == -EPIPE &&
	   cable_control(c, 0xc2, 0x33, 0, 0x8f, data, 8) == -EPIPE,
	   "composite: unknown interface and endpoint recipients stall");
	ok(cable_control(c, 0xa2, 0x33, 0, 0x81, data, 8) == 8,
	   "composite: class request to an endpoint");
	for (i = 0; i < 300; i++)
		out[i] = i * 7;
	ok(cable_control(c, 0x41, 0x44, 0, 1, out, 300) == 300 &&
	   cable_control(c, 0xc0, 0xe0, 0, 0, data, 512) == 300 &&
	   !memcmp(data, out, 300), "composite: an OUT data stage is echoed");
	len = cable_control(c, 0xc0, 0xe1, 500, 0, data, 512);
	ok(len == 500 && data[499] == 499 % 251,
	   "composite: counting bytes, as many as wValue says");
}

static void check_board(const char *busid, const char *board, bool high,
			uint16_t vid, uint16_t pid, const char *serial)
{
	struct cable c;

	ok(!cable_attach(&c, busid), "%s: attached", board);
	ok(c.speed == (high ? 3 : 2), "%s: speed", board);
	check_descriptors(&c, board, high, vid, pid);
	check_strings(&c, board, serial);
	if (!strcmp(board, "composite")) {
		check_composite_only(&c);
		check_configuration(&c);
		check_recipients(&c);
	}
	cable_cut(&c);
}

/* No fault may stop the server; each must be there in the answers. */
static void check_faults(void)
{
	static const char *const names[] = {
		"none", "device-short", "config-cut", "total-long",
		"total-short", "length-zero", "interfaces-none",
		"interfaces-32", "iad-many", "settings-many",
		"string-cut", "strings-stall", "bos-long",
	};
	static const int device[] = { 18, 8, 18, 18, 18, 18, 18, 18, 18, 18,
				      18, 18, 18 };
	static const int config[] = { 62, 62, 59, 62, 62, 62, 9, 332, 382,
				      1853, 62, 62, 62 };
	static const unsigned int total[] = { 62, 62, 59, 102, 55, 62, 9, 332,
					      382, 1853, 62, 62, 62 };
	static const int string[] = { 34, 34, 34, 34, 34, 34, 34, 34, 34, 34,
				      6, -EPIPE, 34 };
	uint8_t data[4096];
	struct cable c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		tell(1, "set fault=%s", names[i]);
		if (cable_attach(&c, "1-1")) {
			ok(false, "fault %s: attached", names[i]);
			continue;
		}
		ok(get_descriptor(&c, DT_DEVICE, 0, data, 18) == device[i] &&
		   get_descriptor(&c, DT_STRING, 1, data, 255) == string[i] &&
		   get_descriptor(&c, DT_CONFIG, 0, data, 4096) == config[i] &&
		   get_le16(data + 2) == total[i] && !cable_configure(&c),
		   "fault %s", names[i]);
		cable_cut(&c);
	}
	ok(strstr(tell(1, "set fault=nonsense"), "result=error") != NULL,
	   "an unknown fault is refused");
}

void check_enumeration(void)
{
	struct cable c;

	server_start("fx2,serial=A-7", "composite,speed=full", NULL);
	check_list();
	check_board("1-1", "fx2", true, 0x0547, 0x1002, "A-7");
	check_board("1-2", "composite", false, 0x1209, 0x0001, "composite-2");
	ok(cable_attach(&c, "1-9") == ST_NODEV, "an unknown bus id is refused");
	server_stop();
	server_start("composite", "fx2,speed=full", NULL);
	check_board("1-1", "composite", true, 0x1209, 0x0001, "composite-1");
	check_board("1-2", "fx2", false, 0x0547, 0x1002, "fx2-2");
	server_stop();
	server_start("broken", NULL);
	check_faults();
	server_stop();
	server_start("iso", "iso,speed=full", NULL);
	check_board("1-1", "iso", true, 0x1209, 0x0006, "iso-1");
	check_board("1-2", "iso", false, 0x1209, 0x0006, "iso-2");
	server_stop();
	server_start("msos", "msos,layout=composite", "msos,layout=whole,speed=full",
		     "msos,layout=ccgp", "msos,layout=ccgp-many,speed=full",
		     "msos,vid=1d50,pid=606f,os=none", NULL);
	check_board("1-1", "msos", true, 0x1209, 0x0003, "msos-1");
	check_board("1-2", "msos composite", true, 0x1209, 0x0003, "msos-2");
	check_board("1-3", "msos whole", false, 0x1209, 0x0003, "msos-3");
	check_board("1-4", "msos ccgp", true, 0x1209, 0x0003, "msos-4");
	check_board("1-5", "msos ccgp-many", false, 0x1209, 0x0003, "msos-5");
	check_board("1-6", "msos with ids", true, 0x1d50, 0x606f, "msos-6");
	server_stop();
}
