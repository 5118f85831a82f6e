// SPDX-License-Identifier: MIT
/*
 * USB/IP connections. A connection starts as a question (device list, or the
 * import of a board) and becomes, after an import, the cable of that board.
 * What comes in is trusted in nothing: a length or number out of range ends
 * the connection with one line on stderr.
 *
 * A cable that is cut from the board's side first sends what is due, then
 * half-closes and reads until the host has let go too, so that the host sees
 * an orderly end between two messages. A request that was on its way when the
 * connection ended would keep the host's hub thread busy until its timeout of
 * five seconds. So, after a standard request just now, there is a grace: new
 * requests fail with -EPROTO, as they do on a real bus before the hub notices.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "desc.h"
#include "usbip.h"

#define READ_ROOM	65536
#define READ_MOST	(1 << 20)
#define LINGER_US	1000000
#define GRACE_US	100000

struct buffer {
	uint8_t *data;
	size_t start;
	size_t len;
	size_t room;
};

/**
 * struct conn - one connection
 * @cable: it is one
 * @board: at its other end, until the board is gone
 * @devid: what the host calls the board
 * @first: sequence number of the first transfer, @last of the last one
 * @busy: when the last standard request came
 * @closing: the board is gone; only what is in @out is still sent
 * @grace: not yet: see above
 * @failed: memory ran out while an answer was put together
 * @linger: ends the grace, then a connection whose host does not react
 */
struct conn {
	LIST_ENTRY(conn) link;
	struct host host;
	struct watch watch;
	struct timer linger;
	struct board *board;
	struct buffer in;
	struct buffer out;
	bool cable;
	uint32_t devid;
	uint32_t first;
	uint32_t last;
	int64_t busy;
	bool closing;
	bool grace;
	bool half_closed;
	bool failed;
};

static LIST_HEAD(, conn) conns = LIST_HEAD_INITIALIZER(conns);
static struct watch listener = { .fd = -1, .events = POLLIN };

static void *conn_of(void *member, size_t offset)
{
	return (char *)member - offset;
}

static int buffer_reserve(struct buffer *buf, size_t more)
{
	size_t need = buf->len + more, room = buf->room ? buf->room : 4096;
	uint8_t *data;

	if (buf->start && buf->start + need > buf->room) {
		memmove(buf->data, buf->data + buf->start, buf->len);
		buf->start = 0;
	}
	if (need <= buf->room)
		return 0;
	while (room < need)
		room *= 2;
	data = realloc(buf->data, room);
	if (!data)
		return -ENOMEM;
	buf->data = data;
	buf->room = room;
	return 0;
}

static int buffer_add(struct buffer *buf, const void *from, size_t len)
{
	if (!len)
		return 0;
	if (buffer_reserve(buf, len))
		return -ENOMEM;
	memcpy(buf->data + buf->start + buf->len, from, len);
	buf->len += len;
	return 0;
}

static void buffer_drop(struct buffer *buf, size_t len)
{
	buf->start += len;
	buf->len -= len;
	if (!buf->len)
		buf->start = 0;
}

static void conn_free(struct conn *c)
{
	if (c->board)
		board_detached(c->board);
	LIST_REMOVE(c, link);
	timer_cancel(&c->linger);
	watch_remove(&c->watch);
	close(c->watch.fd);
	free(c->in.data);
	free(c->out.data);
	free(c);
}

static void conn_complain(struct conn *c, const char *what)
{
	fprintf(stderr, "winusb-boards: %s%s%s, connection closed\n",
		c->board ? c->board->busid : "", c->board ? ": " : "", what);
}

/* Returns false when the connection failed. */
static bool conn_write(struct conn *c)
{
	ssize_t n;

	while (c->out.len) {
		n = send(c->watch.fd, c->out.data + c->out.start, c->out.len,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0)
			return false;
		buffer_drop(&c->out, n);
	}
	if (c->closing && !c->grace && !c->out.len && !c->half_closed) {
		shutdown(c->watch.fd, SHUT_WR);
		c->half_closed = true;
	}
	c->watch.events = POLLIN | (c->out.len ? POLLOUT : 0);
	return true;
}

static void conn_put(struct conn *c, const void *from, size_t len)
{
	if (buffer_add(&c->out, from, len))
		c->failed = true;
	c->watch.events |= POLLOUT;
}

static void linger_over(struct timer *t)
{
	struct conn *c = conn_of(t, offsetof(struct conn, linger));

	if (c->grace) {
		c->grace = false;
		timer_arm(&c->linger, loop_now() + LINGER_US);
		if (conn_write(c))
			return;
	}
	conn_free(c);
}

/* Nothing more is read or done, only what is in @out is sent. */
static void conn_close(struct conn *c)
{
	c->closing = true;
	c->watch.events |= POLLOUT;
	timer_arm(&c->linger, loop_now() + LINGER_US);
}

static void host_unplug(struct host *host)
{
	struct conn *c = conn_of(host, offsetof(struct conn, host));

	c->board = NULL;
	conn_close(c);
	if (c->busy && loop_now() - c->busy < GRACE_US) {
		c->grace = true;
		timer_arm(&c->linger, loop_now() + GRACE_US);
	}
}

static void host_complete(struct host *host, struct urb *urb)
{
	struct conn *c = conn_of(host, offsetof(struct conn, host));
	uint32_t lie = urb_lie(c->board, urb);
	struct usbip_header h = { 0 };
	struct usbip_iso iso;
	unsigned int i;

	h.command = htonl(USBIP_RET_SUBMIT);
	h.seqnum = htonl(urb->seqnum);
	h.done.status = htonl(urb->status);
	h.done.actual = htonl(urb->actual + lie);
	h.done.start_frame = htonl(urb->start_frame);
	h.done.packets = htonl(urb->iso_count);
	h.done.errors = htonl(usbip_iso_errors(urb));
	conn_put(c, &h, sizeof(h));
	if (urb->address & 0x80)
		conn_put(c, urb->data, urb->actual);
	for (i = 0; i < urb->iso_count; i++) {
		usbip_iso_write(&urb->iso[i], &iso);
		conn_put(c, &iso, sizeof(iso));
	}
	if (lie) {
		/* Nothing may follow: the host would take it for the rest. */
		c->busy = 0;
		board_unplug(c->board);
	}
}

static void describe_device(const struct board *b, struct usbip_device *dev)
{
	struct descriptors *d = calloc(1, sizeof(*d));
	bool high = b->now.speed == SPEED_HIGH;

	memset(dev, 0, sizeof(*dev));
	snprintf(dev->path, sizeof(dev->path), "/sys/devices/winusb-boards/%s",
		 b->busid);
	snprintf(dev->busid, sizeof(dev->busid), "%s", b->busid);
	dev->busnum = htonl(1);
	dev->devnum = htonl(b->index + 1);
	dev->speed = htonl(b->now.speed);
	if (!d)
		return;
	b->type->describe(b, high, d);
	dev->vid = htons(get_le16(d->device + 8));
	dev->pid = htons(get_le16(d->device + 10));
	dev->release = htons(get_le16(d->device + 12));
	dev->class = d->device[4];
	dev->subclass = d->device[5];
	dev->protocol = d->device[6];
	dev->configs = d->device[17];
	dev->interfaces = d->config[4];
	free(d);
}

static void put_op(struct conn *c, uint16_t code, uint32_t status)
{
	struct op_common op = {
		.version = htons(USBIP_VERSION),
		.code = htons(code),
		.status = htonl(status),
	};

	conn_put(c, &op, sizeof(op));
}

static void put_interfaces(struct conn *c, const struct board *b, unsigned int n)
{
	struct descriptors *d = calloc(1, sizeof(*d));
	uint8_t entry[4] = { 0 };
	const uint8_t *i;

	if (d)
		b->type->describe(b, b->now.speed == SPEED_HIGH, d);
	for_each_desc(i, d ? d->config : entry, d ? d->config_len : 0) {
		if (!n || i[1] != DT_INTERFACE || i[0] < 9 || i[3])
			continue;
		memcpy(entry, i + 5, 3);
		conn_put(c, entry, sizeof(entry));
		n--;
	}
	memset(entry, 0, sizeof(entry));
	while (n--)
		conn_put(c, entry, sizeof(entry));
	free(d);
}

static void answer_list(struct conn *c)
{
	struct usbip_device dev;
	uint32_t count = 0;
	unsigned int i;

	for (i = 0; i < board_count; i++)
		count += !boards[i]->now.hidden;
	count = htonl(count);
	put_op(c, OP_REP_DEVLIST, ST_OK);
	conn_put(c, &count, sizeof(count));
	for (i = 0; i < board_count; i++) {
		if (boards[i]->now.hidden)
			continue;
		describe_device(boards[i], &dev);
		conn_put(c, &dev, sizeof(dev));
		put_interfaces(c, boards[i], dev.interfaces);
	}
	conn_close(c);
}

static void conn_become_cable(struct conn *c, struct board *b)
{
	c->host.complete = host_complete;
	c->host.unplug = host_unplug;
	c->board = b;
	c->cable = true;
	c->devid = usbip_devid(b);
	board_plug(b, &c->host);
}

static void answer_import(struct conn *c, const char *busid)
{
	struct usbip_device dev;
	struct board *b = NULL;
	unsigned int i;

	for (i = 0; i < board_count; i++)
		if (!strncmp(boards[i]->busid, busid, 32))
			b = boards[i];
	if (!b || b->now.hidden) {
		put_op(c, OP_REP_IMPORT, ST_NODEV);
		conn_close(c);
		return;
	}
	if (b->host && !usbip_catch_up(b)) {
		put_op(c, OP_REP_IMPORT, ST_DEV_BUSY);
		conn_close(c);
		return;
	}
	put_op(c, OP_REP_IMPORT, ST_OK);
	describe_device(b, &dev);
	conn_put(c, &dev, sizeof(dev));
	conn_become_cable(c, b);
}

/* Returns the bytes used, 0 when more are needed, -1 when they are wrong. */
static ssize_t handle_question(struct conn *c, const uint8_t *data, size_t len)
{
	const struct op_common *op = (const void *)data;

	if (len < sizeof(*op))
		return 0;
	if (ntohs(op->version) != USBIP_VERSION) {
		conn_complain(c, "unknown protocol version");
		return -1;
	}
	switch (ntohs(op->code)) {
	case OP_REQ_DEVLIST:
		answer_list(c);
		return sizeof(*op);
	case OP_REQ_IMPORT:
		if (len < sizeof(*op) + 32)
			return 0;
		answer_import(c, (const char *)data + sizeof(*op));
		return sizeof(*op) + 32;
	}
	conn_complain(c, "unknown question");
	return -1;
}

/*
 * A transfer that this connection never saw was not finished by us: it is one
 * of the previous connection, which the host did not give up in time.
 */
static int unlink_status(struct conn *c, uint32_t seqnum)
{
	if (!c->board || !c->last || (int32_t)(seqnum - c->first) < 0 ||
	    (int32_t)(c->last - seqnum) < 0)
		return -ECONNRESET;
	return endpoint_unlink(c->board, seqnum);
}

static void handle_unlink(struct conn *c, const struct usbip_header *h)
{
	struct usbip_header ret = { 0 };
	int status = unlink_status(c, ntohl(h->unlink.seqnum));

	ret.command = htonl(USBIP_RET_UNLINK);
	ret.seqnum = h->seqnum;
	ret.unlinked.status = htonl(status);
	conn_put(c, &ret, sizeof(ret));
}

/* The board is gone: requests get a bus error, data gets no answer. */
static void refuse_submit(struct conn *c, const struct usbip_header *h)
{
	struct usbip_header ret = { 0 };

	if (h->ep)
		return;
	ret.command = htonl(USBIP_RET_SUBMIT);
	ret.seqnum = h->seqnum;
	ret.done.status = htonl(-EPROTO);
	conn_put(c, &ret, sizeof(ret));
	timer_arm(&c->linger, loop_now() + GRACE_US);
}

static struct urb *make_urb(const struct usbip_header *h, const uint8_t *data,
			    size_t payload, unsigned int packets)
{
	struct urb *urb = calloc(1, sizeof(*urb));

	if (!urb)
		return NULL;
	urb->seqnum = ntohl(h->seqnum);
	urb->address = ntohl(h->ep) | (ntohl(h->direction) ? 0x80 : 0);
	urb->flags = ntohl(h->submit.flags);
	urb->length = ntohl(h->submit.length);
	memcpy(urb->setup, h->submit.setup, 8);
	urb->iso_count = packets;
	if (payload) {
		urb->data = malloc(payload);
		if (!urb->data)
			goto fail;
		memcpy(urb->data, data, payload);
	}
	if (packets) {
		urb->iso = calloc(packets, sizeof(*urb->iso));
		if (!urb->iso || !usbip_iso_read(urb, data + payload))
			goto fail;
	}
	return urb;
fail:
	urb_free(urb);
	return NULL;
}

/* @data and @len are what follows the header. */
static ssize_t handle_submit(struct conn *c, const struct usbip_header *h,
			     const uint8_t *data, size_t len)
{
	uint32_t length = ntohl(h->submit.length);
	uint32_t packets = ntohl(h->submit.packets);
	size_t payload, need;
	struct urb *urb;

	if (packets == UINT32_MAX)
		packets = 0;
	if (length > USBIP_MAX_LENGTH || packets > USBIP_MAX_PACKETS ||
	    (packets && !ntohl(h->ep))) {
		conn_complain(c, "transfer too large");
		return -1;
	}
	payload = ntohl(h->direction) ? 0 : length;
	need = payload + packets * sizeof(struct usbip_iso);
	if (len < need) {
		if (buffer_reserve(&c->in, need - len)) {
			conn_complain(c, "out of memory");
			return -1;
		}
		return 0;
	}
	if (!c->board) {
		refuse_submit(c, h);
		return (ssize_t)(sizeof(*h) + need);
	}
	urb = make_urb(h, data, payload, packets);
	if (!urb) {
		conn_complain(c, "transfer cannot be taken");
		return -1;
	}
	if (!c->last)
		c->first = urb->seqnum;
	c->last = urb->seqnum;
	if (!h->ep && !(urb->setup[0] & 0x60))
		c->busy = loop_now();
	endpoint_submit(c->board, urb);
	return (ssize_t)(sizeof(*h) + need);
}

static ssize_t handle_command(struct conn *c, const uint8_t *data, size_t len)
{
	struct usbip_header h;

	if (len < sizeof(h))
		return 0;
	memcpy(&h, data, sizeof(h));
	if (ntohl(h.devid) != c->devid || ntohl(h.ep) > 15 ||
	    ntohl(h.direction) > 1) {
		conn_complain(c, "bad header");
		return -1;
	}
	switch (ntohl(h.command)) {
	case USBIP_CMD_SUBMIT:
		return handle_submit(c, &h, data + sizeof(h), len - sizeof(h));
	case USBIP_CMD_UNLINK:
		handle_unlink(c, &h);
		return sizeof(h);
	}
	conn_complain(c, "unknown command");
	return -1;
}

/* Handles every whole message in the buffer; false: close. */
static bool conn_handle(struct conn *c)
{
	ssize_t used;

	while (c->in.len && (!c->closing || c->grace) && !c->failed) {
		const uint8_t *data = c->in.data + c->in.start;

		used = c->cable ? handle_command(c, data, c->in.len) :
				  handle_question(c, data, c->in.len);
		if (used < 0)
			return false;
		if (!used)
			return true;
		buffer_drop(&c->in, used);
	}
	if (c->closing && !c->grace)
		buffer_drop(&c->in, c->in.len);
	if (c->failed)
		conn_complain(c, "out of memory");
	return !c->failed;
}

/*
 * Reads what is there, as far as memory is no matter: what came in time must
 * not be taken for late. False when the other side is gone.
 */
static bool conn_read(struct conn *c)
{
	ssize_t n, room;

	do {
		if (buffer_reserve(&c->in, READ_ROOM))
			return false;
		room = c->in.room - c->in.start - c->in.len;
		n = recv(c->watch.fd, c->in.data + c->in.start + c->in.len,
			 room, MSG_DONTWAIT);
		if (n < 0)
			return errno == EINTR || errno == EAGAIN ||
			       errno == EWOULDBLOCK;
		c->in.len += n;
	} while (n == room && c->in.len < READ_MOST);
	return n > 0;
}

static void conn_ready(struct watch *w, short events)
{
	struct conn *c = conn_of(w, offsetof(struct conn, watch));

	if (events & (POLLIN | POLLERR | POLLHUP)) {
		if (!conn_read(c) || !conn_handle(c)) {
			conn_free(c);
			return;
		}
	}
	if (!conn_write(c))
		conn_free(c);
}

static struct conn *conn_create(int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->watch.fd = fd;
	c->watch.events = POLLIN;
	c->watch.ready = conn_ready;
	c->linger.fire = linger_over;
	LIST_INSERT_HEAD(&conns, c, link);
	watch_add(&c->watch);
	return c;
}

/*
 * Has the host of a plugged board hung up without our noticing? Returns true
 * when the board is free now.
 */
bool usbip_catch_up(struct board *b)
{
	struct conn *c = conn_of(b->host, offsetof(struct conn, host));
	uint8_t byte;

	if (recv(c->watch.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0)
		return false;
	conn_free(c);
	return true;
}

/* Makes a connected socket the cable of a board that is not plugged in. */
int usbip_serve(int fd, struct board *b)
{
	struct conn *c;

	if (b->host && !usbip_catch_up(b))
		return -EBUSY;
	c = conn_create(fd);
	if (!c)
		return -ENOMEM;
	conn_become_cable(c, b);
	return 0;
}

static void accept_ready(struct watch *w, short events)
{
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC), one = 1;

	(void)events;
	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!conn_create(fd)) {
		fprintf(stderr, "winusb-boards: out of memory, connection refused\n");
		close(fd);
	}
}

/* Listens on loopback; @port 0 takes a free one. Returns a negative errno. */
int usbip_listen(uint16_t port, uint16_t *got)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int fd, one = 1, ret;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 16) || getsockname(fd, (struct sockaddr *)&addr, &len)) {
		ret = -errno;
		close(fd);
		return ret;
	}
	*got = ntohs(addr.sin_port);
	listener.fd = fd;
	listener.ready = accept_ready;
	watch_add(&listener);
	return 0;
}

void usbip_close(void)
{
	struct conn *c;

	while ((c = LIST_FIRST(&conns)))
		conn_free(c);
	if (listener.fd < 0)
		return;
	watch_remove(&listener);
	close(listener.fd);
	listener.fd = -1;
}
