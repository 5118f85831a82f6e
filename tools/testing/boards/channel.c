// SPDX-License-Identifier: MIT
/*
 * The control channel: lines "BOARD COMMAND [ARGUMENT]..." in, one line of
 * key=value out, "result=ok" or "result=error" first. Any number of clients
 * may be connected; each has one command in progress at most ("wait" and
 * "attach" may take time), further lines wait in its buffer.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach.h"
#include "board.h"
#include "channel.h"
#include "desc.h"

#define RETRY_US	50000
#define ATTACH_US	20000000

/**
 * struct client - one connection
 * @line: received and not handled yet
 * @answer: put together by the command in progress; @cut: it did not fit
 * @waiting: a "wait" is in progress, for @board's @key, or an "attach"
 * @attaching: it is an "attach", to @controller, that is tried until @deadline
 */
struct client {
	TAILQ_ENTRY(client) link;
	struct watch watch;
	struct timer timer;
	char line[CHANNEL_LINE];
	size_t len;
	char answer[CHANNEL_ANSWER];
	size_t answer_len;
	bool cut;
	bool waiting;
	bool attaching;
	int controller;
	int64_t deadline;
	struct board *board;
	char key[64];
	bool equal;
	uint64_t target;
};

static TAILQ_HEAD(, client) clients = TAILQ_HEAD_INITIALIZER(clients);
static struct watch listener = { .fd = -1, .events = POLLIN };
static struct sockaddr_un address = { .sun_family = AF_UNIX };

static void client_free(struct client *c)
{
	TAILQ_REMOVE(&clients, c, link);
	timer_cancel(&c->timer);
	watch_remove(&c->watch);
	close(c->watch.fd);
	free(c);
}

static void __attribute__((format(printf, 2, 3)))
say(struct client *c, const char *format, ...)
{
	size_t room = sizeof(c->answer) - 1 - c->answer_len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(c->answer + c->answer_len, room, format, args);
	va_end(args);
	if (n < 0)
		return;
	c->cut |= (size_t)n >= room;
	c->answer_len += (size_t)n < room ? (size_t)n : room - 1;
}

static void begin_ok(struct client *c)
{
	c->answer_len = 0;
	c->cut = false;
	say(c, "result=ok");
}

static void fail(struct client *c, const char *reason)
{
	c->answer_len = 0;
	c->cut = false;
	say(c, "result=error reason=\"%s\"", reason);
}

/* The answer is short and the client waits for it: the socket has room. */
static void send_answer(struct client *c)
{
	if (c->cut)
		fail(c, "answer too long: ask for less");
	c->answer[c->answer_len++] = '\n';
	send(c->watch.fd, c->answer, c->answer_len, MSG_NOSIGNAL | MSG_DONTWAIT);
	c->answer_len = 0;
}

static struct endpoint *find_endpoint(struct board *b, const char *text)
{
	long v;

	if (!text || parse_number(text, 0x8f, &v) || (v & 0x70) || v == 0x80)
		return NULL;
	return &b->ep[ep_slot(v)];
}

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	{ "urbs", offsetof(struct counters, urbs) },
	{ "done", offsetof(struct counters, done) },
	{ "errors", offsetof(struct counters, errors) },
	{ "unlinked", offsetof(struct counters, unlinked) },
	{ "bytes", offsetof(struct counters, bytes) },
	{ "packets", offsetof(struct counters, packets) },
	{ "zlp", offsetof(struct counters, zlp) },
	{ "bad", offsetof(struct counters, bad) },
	{ "max_pending", offsetof(struct counters, max_pending) },
	{ "clears", offsetof(struct counters, clears) },
	{ "starts", offsetof(struct counters, starts) },
	{ "late", offsetof(struct counters, late) },
	{ "max_late", offsetof(struct counters, max_late) },
};

#define FIELDS ARRAY_SIZE(fields)

static uint64_t field_value(const struct counters *count, unsigned int i)
{
	return *(const uint64_t *)((const char *)count + fields[i].offset);
}

static int endpoint_value(const struct endpoint *ep, const char *key,
			  uint64_t *value)
{
	unsigned int i;

	for (i = 0; i < FIELDS; i++) {
		if (!strcmp(fields[i].name, key)) {
			*value = field_value(&ep->count, i);
			return 0;
		}
	}
	if (!strcmp(key, "pending"))
		*value = ep->pending;
	else if (!strcmp(key, "queued"))
		*value = ep->packet_count;
	else if (!strcmp(key, "halted"))
		*value = ep->halted;
	else if (!strcmp(key, "active"))
		*value = ep->active;
	else
		return -ENOENT;
	return 0;
}

/* "plugged", or with an endpoint "0x81.pending". */
static int board_value(struct board *b, const char *key, uint64_t *value)
{
	const char *dot = strchr(key, '.');
	struct endpoint *ep;
	char number[16];

	if (dot) {
		snprintf(number, sizeof(number), "%.*s", (int)(dot - key), key);
		ep = find_endpoint(b, number);
		return ep ? endpoint_value(ep, dot + 1, value) : -ENOENT;
	}
	if (!strcmp(key, "plugged"))
		*value = b->host != NULL;
	else if (!strcmp(key, "plugs"))
		*value = b->plugs;
	else if (!strcmp(key, "config"))
		*value = b->host ? b->config : 0;
	else if (!strcmp(key, "requests"))
		*value = b->seen_count;
	else if (!strcmp(key, "moved"))
		*value = b->moved;
	else if (!strcmp(key, "settings"))
		*value = b->settings;
	else if (!strcmp(key, "statuses"))
		*value = b->statuses;
	else if (!strcmp(key, "unlinked_late"))
		*value = b->unlinked_late;
	else if (!strcmp(key, "armed"))
		*value = b->host && b->remote_wakeup;
	else
		return -ENOENT;
	return 0;
}

static void cmd_info(struct client *c, struct board *b, char *rest)
{
	const uint8_t *dev = b->desc.device;
	char own[512] = "";

	(void)rest;
	if (b->type->report)
		b->type->report(b, own, sizeof(own));
	begin_ok(c);
	say(c, " board=%s busid=%s vid=%04x pid=%04x speed=%s serial=\"%s\"",
	    b->type->name, b->busid,
	    b->plugs ? get_le16(dev + 8) : b->type->vid,
	    b->plugs ? get_le16(dev + 10) : b->type->pid,
	    b->now.speed == SPEED_HIGH ? "high" : "full", b->now.serial);
	say(c, " plugged=%d plugs=%llu config=%d moved=%llu requests=%llu",
	    b->host != NULL, (unsigned long long)b->plugs,
	    b->host ? b->config : 0, (unsigned long long)b->moved,
	    (unsigned long long)b->seen_count);
	say(c, " settings=%llu statuses=%llu unlinked_late=%llu armed=%d%s",
	    (unsigned long long)b->settings, (unsigned long long)b->statuses,
	    (unsigned long long)b->unlinked_late, b->host && b->remote_wakeup, own);
}

static void say_endpoint(struct client *c, const struct endpoint *ep,
			 const char *prefix)
{
	unsigned int i;

	for (i = 0; i < FIELDS; i++)
		say(c, " %s%s=%llu", prefix, fields[i].name,
		    (unsigned long long)field_value(&ep->count, i));
	say(c, " %spending=%u %squeued=%u %shalted=%d %sactive=%d", prefix,
	    ep->pending, prefix, ep->packet_count, prefix, ep->halted, prefix,
	    ep->active);
}

static void cmd_counters(struct client *c, struct board *b, char *rest)
{
	char *word = strsep(&rest, " "), prefix[8];
	struct endpoint *ep;
	unsigned int i;

	if (word) {
		ep = find_endpoint(b, word);
		if (!ep) {
			fail(c, "no such endpoint");
			return;
		}
		begin_ok(c);
		say(c, " ep=0x%02x", ep->address);
		say_endpoint(c, ep, "");
		return;
	}
	begin_ok(c);
	for (i = 0; i < BOARD_SLOTS; i++) {
		ep = &b->ep[i];
		if (!ep->count.urbs && !(ep->active && i))
			continue;
		snprintf(prefix, sizeof(prefix), "0x%02x.", ep->address);
		say_endpoint(c, ep, prefix);
	}
}

static bool type_matches(const char *type, const struct seen *seen)
{
	static const char *const names[] = { "standard", "class", "vendor" };
	unsigned int kind = seen->setup[0] >> 5 & 3;

	return !type || (kind < 3 && !strcmp(type, names[kind]));
}

static void cmd_requests(struct client *c, struct board *b, char *rest)
{
	char *number = strsep(&rest, " "), *type = strsep(&rest, " ");
	uint64_t i, oldest = 0;
	long most = 8, shown = 0;
	unsigned int k;

	if (number && parse_number(number, BOARD_SEEN, &most)) {
		fail(c, "usage: requests [NUMBER [standard|class|vendor]]");
		return;
	}
	begin_ok(c);
	say(c, " total=%llu", (unsigned long long)b->seen_count);
	if (b->seen_count > BOARD_SEEN)
		oldest = b->seen_count - BOARD_SEEN;
	for (i = b->seen_count; i > oldest && shown < most; i--) {
		const struct seen *seen = &b->seen[(i - 1) % BOARD_SEEN];

		if (!type_matches(type, seen))
			continue;
		say(c, " %ld=", shown);
		for (k = 0; k < 8; k++)
			say(c, "%02x", seen->setup[k]);
		say(c, " %ld.result=%d", shown++, seen->result);
	}
}

static void cmd_journal(struct client *c, struct board *b, char *rest)
{
	char text[CHANNEL_ANSWER - 256];
	long most = 32;

	if (rest && parse_number(rest, BOARD_JOURNAL, &most)) {
		fail(c, "usage: journal [NUMBER]");
		return;
	}
	journal_print(b, most, text, sizeof(text));
	begin_ok(c);
	say(c, "%s", text);
}

/* What a device forgets whose power failed while it slept. */
static void cmd_forget(struct client *c, struct board *b, char *rest)
{
	(void)rest;
	board_set_config(b, b->config);
	if (b->host)
		endpoint_run_all(b);
	begin_ok(c);
}

static void cmd_set(struct client *c, struct board *b, char *rest)
{
	char error[160];

	if (!rest) {
		fail(c, "usage: set OPTION=VALUE");
		return;
	}
	if (behaviour_set(b, rest, error, sizeof(error)))
		fail(c, error);
	else
		begin_ok(c);
}

static void cmd_defaults(struct client *c, struct board *b, char *rest)
{
	unsigned int i, kind;

	(void)rest;
	b->now = b->first;
	for (i = 0; i < BOARD_SLOTS; i++)
		for (kind = 0; kind < RULES; kind++)
			board_arm(b, i, kind);
	if (b->host)
		endpoint_run_all(b);
	begin_ok(c);
}

static void cmd_unplug(struct client *c, struct board *b, char *rest)
{
	(void)rest;
	if (!b->host) {
		fail(c, "not plugged in");
		return;
	}
	board_unplug(b);
	begin_ok(c);
}

/* Ports that are all busy get free soon: tried again until @deadline. */
static void try_attach(struct client *c)
{
	char error[160];
	int port;

	port = attach_local(c->board, c->controller, error, sizeof(error));
	c->waiting = port == -EAGAIN && loop_now() < c->deadline;
	if (c->waiting) {
		timer_arm(&c->timer, loop_now() + RETRY_US);
		return;
	}
	c->attaching = false;
	if (port < 0) {
		fail(c, error);
		return;
	}
	begin_ok(c);
	say(c, " port=%d", port);
}

static void cmd_attach(struct client *c, struct board *b, char *rest)
{
	long controller = -1;

	if (rest && parse_number(rest, 127, &controller)) {
		fail(c, "usage: attach [CONTROLLER]");
		return;
	}
	c->board = b;
	c->controller = (int)controller;
	c->deadline = loop_now() + ATTACH_US;
	c->attaching = true;
	try_attach(c);
}

static void set_halt(struct client *c, struct board *b, char *rest, bool halted)
{
	struct endpoint *ep = find_endpoint(b, rest);

	if (!ep || !ep->address || !ep->active) {
		fail(c, "no such active endpoint");
		return;
	}
	endpoint_halt(ep, halted);
	begin_ok(c);
}

static void cmd_stall(struct client *c, struct board *b, char *rest)
{
	set_halt(c, b, rest, true);
}

static void cmd_unstall(struct client *c, struct board *b, char *rest)
{
	set_halt(c, b, rest, false);
}

static int hex_bytes(const char *text, uint8_t *data, size_t room)
{
	size_t len = strlen(text), i;
	unsigned int byte;

	if (len % 2 || len / 2 > room ||
	    strspn(text, "0123456789abcdefABCDEF") != len)
		return -EINVAL;
	for (i = 0; i < len / 2; i++) {
		sscanf(text + 2 * i, "%2x", &byte);
		data[i] = byte;
	}
	return (int)(len / 2);
}

static void cmd_push(struct client *c, struct board *b, char *rest)
{
	struct endpoint *ep = find_endpoint(b, strsep(&rest, " "));
	uint8_t data[CHANNEL_LINE / 2];
	int len;

	len = hex_bytes(rest ? rest : "", data, sizeof(data));
	if (!ep || !(ep->address & 0x80) || !ep->active || len < 0) {
		fail(c, "usage: push EP HEXBYTES, EP an active IN endpoint");
		return;
	}
	if (endpoint_push(ep, data, len))
		fail(c, "out of memory");
	else
		begin_ok(c);
}

static void cmd_reset_counters(struct client *c, struct board *b, char *rest)
{
	(void)rest;
	board_clear_counters(b);
	begin_ok(c);
}

static void wait_ended(struct client *c, uint64_t value, bool reached)
{
	c->waiting = false;
	timer_cancel(&c->timer);
	if (reached)
		begin_ok(c);
	else
		fail(c, "timeout");
	say(c, " value=%llu", (unsigned long long)value);
}

static bool wait_reached(struct client *c, uint64_t *value)
{
	board_value(c->board, c->key, value);
	return c->equal ? *value == c->target : *value >= c->target;
}

static void cmd_wait(struct client *c, struct board *b, char *rest)
{
	char *key = strsep(&rest, " "), *target = strsep(&rest, " ");
	long number, ms = 5000;
	uint64_t value;

	c->equal = target && target[0] == '=';
	if (!key || !target || parse_number(target + c->equal, 1L << 30, &number) ||
	    (rest && parse_number(rest, 3600000, &ms))) {
		fail(c, "usage: wait KEY [=]NUMBER [MILLISECONDS]");
		return;
	}
	if (board_value(b, key, &value)) {
		fail(c, "no such key");
		return;
	}
	snprintf(c->key, sizeof(c->key), "%s", key);
	c->board = b;
	c->target = number;
	if (wait_reached(c, &value)) {
		wait_ended(c, value, true);
		return;
	}
	c->waiting = true;
	timer_arm(&c->timer, loop_now() + (int64_t)ms * 1000);
}

static const struct {
	const char *name;
	void (*run)(struct client *c, struct board *b, char *rest);
} commands[] = {
	{ "info", cmd_info },
	{ "counters", cmd_counters },
	{ "requests", cmd_requests },
	{ "journal", cmd_journal },
	{ "forget", cmd_forget },
	{ "set", cmd_set },
	{ "defaults", cmd_defaults },
	{ "unplug", cmd_unplug },
	{ "attach", cmd_attach },
	{ "stall", cmd_stall },
	{ "unstall", cmd_unstall },
	{ "push", cmd_push },
	{ "reset-counters", cmd_reset_counters },
	{ "wait", cmd_wait },
};

#define COMMANDS ARRAY_SIZE(commands)

static void run_line(struct client *c, char *line)
{
	char *number = strsep(&line, " "), *name = strsep(&line, " ");
	unsigned int i;
	long index;

	if (parse_number(number, 1000, &index) || index < 1 ||
	    index > (long)board_count) {
		fail(c, "no such board: the first one is 1");
		return;
	}
	for (i = 0; name && i < COMMANDS; i++) {
		if (!strcmp(commands[i].name, name)) {
			commands[i].run(c, boards[index - 1], line);
			return;
		}
	}
	fail(c, "unknown command, try one of:");
	c->answer_len--;
	for (i = 0; i < COMMANDS; i++)
		say(c, " %s", commands[i].name);
	say(c, "\"");
}

static void run_lines(struct client *c)
{
	char *end;

	while (!c->waiting && (end = memchr(c->line, '\n', c->len))) {
		char line[CHANNEL_LINE];
		size_t used = end + 1 - c->line;

		memcpy(line, c->line, used);
		line[used - 1] = '\0';
		c->len -= used;
		memmove(c->line, end + 1, c->len);
		run_line(c, line);
		if (!c->waiting)
			send_answer(c);
	}
}

static void timer_fired(struct timer *t)
{
	struct client *c;
	uint64_t value = 0;

	c = (struct client *)((char *)t - offsetof(struct client, timer));
	if (c->attaching) {
		try_attach(c);
		if (c->waiting)
			return;
	} else {
		board_value(c->board, c->key, &value);
		wait_ended(c, value, false);
	}
	send_answer(c);
	run_lines(c);
}

/* After each round of the loop: is what somebody waits for true now? */
void channel_check_waits(void)
{
	struct client *c, *next;
	uint64_t value;

	for (c = TAILQ_FIRST(&clients); c; c = next) {
		next = TAILQ_NEXT(c, link);
		if (!c->waiting || c->attaching || !wait_reached(c, &value))
			continue;
		wait_ended(c, value, true);
		send_answer(c);
		run_lines(c);
	}
}

static void client_ready(struct watch *w, short events)
{
	struct client *c;
	ssize_t n;

	(void)events;
	c = (struct client *)((char *)w - offsetof(struct client, watch));
	n = recv(w->fd, c->line + c->len, sizeof(c->line) - c->len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_free(c);
		return;
	}
	c->len += n;
	run_lines(c);
	if (c->len == sizeof(c->line))
		client_free(c);
}

static void accept_ready(struct watch *w, short events)
{
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC);
	struct client *c;

	(void)events;
	if (fd < 0)
		return;
	c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return;
	}
	c->watch.fd = fd;
	c->watch.events = POLLIN;
	c->watch.ready = client_ready;
	c->timer.fire = timer_fired;
	TAILQ_INSERT_TAIL(&clients, c, link);
	watch_add(&c->watch);
}

/* A socket left behind by a server that is gone is replaced. */
int channel_listen(const char *path)
{
	int fd, ret;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		address.sun_path[0] = '\0';
		return -EADDRINUSE;
	}
	if (errno == ECONNREFUSED)
		unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, 16)) {
		ret = -errno;
		close(fd);
		address.sun_path[0] = '\0';
		return ret;
	}
	listener.fd = fd;
	listener.ready = accept_ready;
	watch_add(&listener);
	return 0;
}

void channel_close(void)
{
	struct client *c;

	while ((c = TAILQ_FIRST(&clients)))
		client_free(c);
	if (listener.fd < 0)
		return;
	watch_remove(&listener);
	close(listener.fd);
	unlink(address.sun_path);
}
