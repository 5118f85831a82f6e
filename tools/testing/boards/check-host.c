// SPDX-License-Identifier: MIT
/*
 * The host's side of USB/IP, blocking, one answer at a time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "desc.h"
#include "usbip.h"

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

void cable_send(struct cable *c, const void *data, size_t len)
{
	if (len && send(c->fd, data, len, MSG_NOSIGNAL) != (ssize_t)len &&
	    errno != EPIPE && errno != ECONNRESET)
		die("send");
}

/* Returns 1, 0 at the end of the connection, -1 when nothing came in time. */
static int receive(int fd, void *to, size_t len, int ms)
{
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (poll(&p, 1, ms) == 0)
			return -1;
		n = recv(fd, (char *)to + have, len - have, 0);
		if (n <= 0)
			return 0;
		have += n;
	}
	return 1;
}

/* Returns 0, or the status that the server refused with. */
int cable_attach(struct cable *c, const char *busid)
{
	struct {
		struct op_common op;
		char busid[32];
	} __attribute__((packed)) request = {
		.op = { htons(USBIP_VERSION), htons(OP_REQ_IMPORT), 0 },
	};
	struct usbip_device dev;
	struct op_common op;

	memset(c, 0, sizeof(*c));
	snprintf(request.busid, sizeof(request.busid), "%s", busid);
	c->fd = server_connect();
	cable_send(c, &request, sizeof(request));
	if (receive(c->fd, &op, sizeof(op), 5000) != 1)
		die("no answer to an import");
	if (op.status) {
		close(c->fd);
		c->fd = -1;
		return ntohl(op.status);
	}
	if (receive(c->fd, &dev, sizeof(dev), 5000) != 1)
		die("import answer cut");
	c->devid = ntohl(dev.busnum) << 16 | ntohl(dev.devnum);
	c->speed = ntohl(dev.speed);
	return 0;
}

void cable_cut(struct cable *c)
{
	close(c->fd);
	c->fd = -1;
}

static struct usbip_header header(struct cable *c, uint32_t command, uint8_t ep)
{
	struct usbip_header h = {
		.command = htonl(command),
		.seqnum = htonl(++c->seqnum),
		.devid = htonl(c->devid),
		.direction = htonl(ep >> 7),
		.ep = htonl(ep & 15),
	};

	c->in[c->seqnum % 1024] = ep >> 7;
	c->packets[c->seqnum % 1024] = 0;
	return h;
}

uint32_t cable_submit(struct cable *c, uint8_t ep, const void *data,
		      uint32_t len, uint32_t flags)
{
	struct usbip_header h = header(c, USBIP_CMD_SUBMIT, ep);

	h.submit.flags = htonl(flags);
	h.submit.length = htonl(len);
	cable_send(c, &h, sizeof(h));
	if (!(ep & 0x80))
		cable_send(c, data, len);
	return c->seqnum;
}

uint32_t cable_submit_control(struct cable *c, const uint8_t *setup,
			      const void *data)
{
	struct usbip_header h = header(c, USBIP_CMD_SUBMIT, setup[0] & 0x80);
	unsigned int len = get_le16(setup + 6);

	h.submit.length = htonl(len);
	memcpy(h.submit.setup, setup, 8);
	cable_send(c, &h, sizeof(h));
	if (!(setup[0] & 0x80))
		cable_send(c, data, len);
	return c->seqnum;
}

uint32_t cable_submit_header(struct cable *c, uint8_t ep, uint32_t len,
			     uint32_t packets)
{
	struct usbip_header h = header(c, USBIP_CMD_SUBMIT, ep);

	c->packets[c->seqnum % 1024] = packets;
	h.submit.length = htonl(len);
	h.submit.packets = htonl(packets);
	cable_send(c, &h, sizeof(h));
	return c->seqnum;
}

uint32_t cable_submit_iso(struct cable *c, uint8_t ep, const void *data,
			  unsigned int packets, unsigned int each)
{
	struct usbip_iso iso[CHECK_PACKETS];
	unsigned int i;

	cable_submit_header(c, ep, packets * each, packets);
	if (!(ep & 0x80))
		cable_send(c, data, packets * each);
	for (i = 0; i < packets; i++)
		iso[i] = (struct usbip_iso) { htonl(i * each), htonl(each), 0, 0 };
	cable_send(c, iso, packets * sizeof(*iso));
	return c->seqnum;
}

uint32_t cable_unlink(struct cable *c, uint32_t seqnum)
{
	struct usbip_header h = header(c, USBIP_CMD_UNLINK, 0);

	h.unlink.seqnum = htonl(seqnum);
	cable_send(c, &h, sizeof(h));
	return c->seqnum;
}

/* The next answer; static storage, see struct answer. */
struct answer *cable_reap(struct cable *c, int ms)
{
	static struct answer a;
	struct usbip_header h;
	unsigned int i;
	int ret;

	a.actual = 0;
	a.status = 0;
	ret = receive(c->fd, &h, sizeof(h), ms);
	if (ret != 1) {
		a.command = ret;
		return &a;
	}
	a.command = ntohl(h.command);
	a.seqnum = ntohl(h.seqnum);
	a.status = ntohl(h.done.status);
	if (a.command == USBIP_RET_UNLINK)
		return &a;
	a.actual = ntohl(h.done.actual);
	a.start_frame = ntohl(h.done.start_frame);
	a.iso_packets = ntohl(h.done.packets);
	a.iso_errors = ntohl(h.done.errors);
	if (a.actual < 0 || a.actual > IN_DATA_ROOM)
		die("answer too long");
	if (c->in[a.seqnum % 1024]) {
		ret = receive(c->fd, a.data, a.actual, 5000);
		if (ret < 0)
			die("answer cut");
		if (!ret)
			a.command = 0;
	}
	for (i = 0; i < c->packets[a.seqnum % 1024]; i++) {
		struct usbip_iso iso;

		if (receive(c->fd, &iso, sizeof(iso), 5000) != 1)
			die("packets cut");
		a.iso_offset[i % CHECK_PACKETS] = ntohl(iso.offset);
		a.iso_actual[i % CHECK_PACKETS] = ntohl(iso.actual);
		a.iso_status[i % CHECK_PACKETS] = ntohl(iso.status);
	}
	return &a;
}

/* The answer to @seqnum; what else comes meanwhile is an error. */
static int finish(struct cable *c, uint32_t seqnum, void *data)
{
	struct answer *a = cable_reap(c, 5000);

	if (a->command == 0)
		return -ESHUTDOWN;
	if (a->command != USBIP_RET_SUBMIT || a->seqnum != seqnum)
		return -EBADMSG;
	if (c->in[seqnum % 1024])
		memcpy(data, a->data, a->actual);
	return a->status ? a->status : a->actual;
}

int cable_control(struct cable *c, uint8_t type, uint8_t request,
		  uint16_t value, uint16_t index, void *data, uint16_t len)
{
	uint8_t setup[8] = {
		type, request, LE16(value), LE16(index), LE16(len)
	};

	return finish(c, cable_submit_control(c, setup, data), data);
}

int cable_transfer(struct cable *c, uint8_t ep, void *data, uint32_t len)
{
	return finish(c, cable_submit(c, ep, data, len, 0), data);
}

int cable_configure(struct cable *c)
{
	return cable_control(c, 0x00, 9, 1, 0, NULL, 0);
}
