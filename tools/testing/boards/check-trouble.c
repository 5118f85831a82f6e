// SPDX-License-Identifier: MIT
/*
 * Trouble: halts, unlinks in every state, delays, silence, errors, boards
 * that vanish, and fresh state afterwards.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check.h"

enum { SUBMIT = 3, UNLINK = 4 };

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int clear_halt(struct cable *c, uint8_t ep)
{
	return cable_control(c, 2, 1, 0, ep, NULL, 0);
}

static bool halted(struct cable *c, uint8_t ep)
{
	uint8_t status[2] = { 0 };

	return cable_control(c, 0x82, 0, 0, ep, status, 2) == 2 && status[0];
}

static void check_halt(struct cable *c)
{
	uint8_t data[1024] = { 1, 2, 3 };

	tell(1, "stall 0x06");
	ok(cable_transfer(c, 6, data, 5) == -EPIPE &&
	   cable_transfer(c, 6, data, 5) == -EPIPE && halted(c, 6),
	   "halt: sticks");
	ok(!clear_halt(c, 6) && !halted(c, 6) &&
	   cable_transfer(c, 6, data, 5) == 5 &&
	   cable_transfer(c, 0x88, data, 512) == 5, "halt: CLEAR_FEATURE ends it");
	ok(!cable_control(c, 2, 3, 0, 0x88, NULL, 0) && halted(c, 0x88) &&
	   cable_transfer(c, 0x88, data, 512) == -EPIPE,
	   "halt: SET_FEATURE makes one");
	ok(!cable_control(c, 1, 11, 0, 0, NULL, 0) && !halted(c, 0x88),
	   "halt: SET_INTERFACE ends it");
	tell(1, "set stall=0x06");
	ok(cable_transfer(c, 6, data, 5) == -EPIPE && !clear_halt(c, 6) &&
	   cable_transfer(c, 6, data, 5) == 5, "stall=EP strikes once");
	cable_transfer(c, 0x88, data, 512);
	tell(1, "set stall=0x06:2:512");
	ok(cable_transfer(c, 6, data, 1024) == -EPIPE &&
	   told(1, "bytes", "counters 0x06") % 512 == 10 &&
	   !clear_halt(c, 6) && cable_transfer(c, 6, data, 5) == -EPIPE &&
	   !clear_halt(c, 6) && cable_transfer(c, 6, data, 5) == 5,
	   "stall=EP:2:512 strikes twice, after 512 bytes");
	cable_control(c, 1, 11, 0, 0, NULL, 0);
	tell(1, "set stall-request=0xd7");
	ok(cable_control(c, 0xc0, 0xd7, 0, 0, data, 1) == -EPIPE &&
	   cable_control(c, 0xc0, 0xd4, 0, 0, data, 1) == 1,
	   "stall-request hits its request only");
	tell(1, "set stall-request=off");
}

static void check_errors(struct cable *c)
{
	uint8_t data[512] = { 0 };

	tell(1, "set error=0x06:EPROTO:1");
	ok(cable_transfer(c, 6, data, 4) == -EPROTO &&
	   cable_transfer(c, 6, data, 4) == 4, "error: EPROTO once");
	cable_transfer(c, 0x88, data, 512);
	tell(1, "set error=0x88:EILSEQ");
	ok(cable_transfer(c, 0x88, data, 512) == -EILSEQ &&
	   cable_transfer(c, 0x88, data, 512) == -EILSEQ,
	   "error: EILSEQ for ever");
	tell(1, "set error=0x88:EOVERFLOW");
	ok(cable_transfer(c, 0x88, data, 512) == -EOVERFLOW, "error: EOVERFLOW");
	tell(1, "set error=0x88:ETIME");
	ok(cable_transfer(c, 0x88, data, 512) == -ETIME, "error: ETIME");
	tell(1, "set error=0x88:never");
	cable_transfer(c, 6, data, 4);
	ok(cable_transfer(c, 0x88, data, 512) == 4, "error: over");
}

static void check_unlink(struct cable *c)
{
	long long late = told(1, "unlinked_late", "info");
	uint32_t one, two, three, gone;
	uint8_t data[1024] = { 7 };
	struct answer *a;

	one = cable_submit(c, 0x88, NULL, 512, 0);
	gone = cable_unlink(c, one);
	a = cable_reap(c, 2000);
	ok(a->command == UNLINK && a->seqnum == gone &&
	   a->status == -ECONNRESET, "unlink of a pending transfer");
	cable_transfer(c, 6, data, 3);
	one = cable_submit(c, 0x88, NULL, 512, 0);
	gone = cable_unlink(c, one);
	a = cable_reap(c, 2000);
	ok(a->command == SUBMIT && a->seqnum == one && a->actual == 3 &&
	   cable_reap(c, 2000)->status == 0 &&
	   told(1, "unlinked_late", "info") == late + 1,
	   "unlink that comes too late: the answer, then status 0");
	gone = cable_unlink(c, one);
	a = cable_reap(c, 2000);
	ok(a->command == UNLINK && a->seqnum == gone && !a->status,
	   "unlink of a finished one, again");
	gone = cable_unlink(c, 99999);
	a = cable_reap(c, 2000);
	ok(a->command == UNLINK && a->seqnum == gone &&
	   a->status == -ECONNRESET, "unlink of one that never was");

	one = cable_submit(c, 0x88, NULL, 512, 0);
	two = cable_submit(c, 0x88, NULL, 512, 0);
	three = cable_submit(c, 0x88, NULL, 512, 0);
	gone = cable_unlink(c, two);
	a = cable_reap(c, 2000);
	ok(a->seqnum == gone && a->status == -ECONNRESET,
	   "unlink in the middle of a queue");
	cable_submit(c, 6, data, 1, 0);
	cable_submit(c, 6, data, 2, 0);
	cable_reap(c, 2000);
	a = cable_reap(c, 2000);
	ok(a->seqnum == one && a->actual == 1, "the first of the queue is next");
	cable_reap(c, 2000);
	a = cable_reap(c, 2000);
	ok(a->seqnum == three && a->actual == 2, "then the third");
	ok(told(1, "max_pending", "counters 0x88") == 3,
	   "three were in flight at once");

	one = cable_submit(c, 0x88, NULL, 1024, 0);
	cable_transfer(c, 6, data, 512);
	gone = cable_unlink(c, one);
	a = cable_reap(c, 2000);
	ok(a->command == SUBMIT && a->seqnum == one && a->actual == 512 &&
	   a->status == -ECONNRESET && cable_reap(c, 2000)->status == 0,
	   "unlink of a half-filled transfer gives its data");
}

static void check_unlink_many(struct cable *c)
{
	unsigned int i, good = 0;
	uint32_t seq[200];

	for (i = 0; i < 200; i++)
		seq[i] = cable_submit(c, 0x81, NULL, 64, 0);
	for (i = 200; i--;)
		cable_unlink(c, seq[i]);
	for (i = 0; i < 200; i++) {
		struct answer *a = cable_reap(c, 2000);

		good += a->command == UNLINK && a->status == -ECONNRESET;
	}
	ok(good == 200 && !told(1, "pending", "counters 0x81"),
	   "200 transfers unlinked, newest first");
}

static void check_delay(struct cable *c)
{
	uint8_t data[512] = { 0 };
	int64_t start;
	uint32_t seq;

	tell(1, "set delay=0x06:60");
	start = now_ms();
	cable_transfer(c, 6, data, 4);
	ok(now_ms() - start >= 60, "delay: an endpoint");
	start = now_ms();
	cable_transfer(c, 0x88, data, 512);
	ok(now_ms() - start < 50, "delay: not another endpoint");
	start = now_ms();
	cable_submit(c, 6, data, 1, 0);
	cable_submit(c, 6, data, 1, 0);
	cable_reap(c, 2000);
	cable_reap(c, 2000);
	ok(now_ms() - start >= 120, "delay: one after the other");
	seq = cable_submit(c, 6, data, 1, 0);
	cable_unlink(c, seq);
	ok(cable_reap(c, 30)->status == -ECONNRESET,
	   "unlink of a delayed transfer does not wait");
	tell(1, "set delay=0x06:off");
	tell(1, "set delay=0:60");
	start = now_ms();
	cable_control(c, 0xc0, 0xd7, 0, 0, data, 1);
	ok(now_ms() - start >= 60, "delay: vendor requests");
	start = now_ms();
	cable_control(c, 0x80, 6, 0x100, 0, data, 18);
	ok(now_ms() - start < 50, "delay: not standard requests");
	tell(1, "set delay=0:off");
	cable_control(c, 1, 11, 0, 0, NULL, 0);
}

static void check_silence(struct cable *c)
{
	uint8_t setup[8] = { 0xc0, 0xd7, 0, 0, 0, 0, 1, 0 };
	uint8_t data[1536] = { 0 };
	struct answer *a;
	uint32_t seq;

	tell(1, "set silent=0x06");
	seq = cable_submit(c, 6, data, 4, 0);
	ok(cable_reap(c, 50)->command == -1, "silent: no answer");
	cable_unlink(c, seq);
	ok(cable_reap(c, 2000)->status == -ECONNRESET, "silent: unlinked");
	seq = cable_submit(c, 6, data, 4, 0);
	tell(1, "set silent=0x06:never");
	ok(cable_reap(c, 2000)->actual == 4, "silent: over, the transfer goes on");
	tell(1, "set silent=0x06:always:1024");
	seq = cable_submit(c, 6, data, 1536, 0);
	ok(cable_reap(c, 50)->command == -1, "silent after two packets");
	cable_unlink(c, seq);
	a = cable_reap(c, 2000);
	ok(a->command == SUBMIT && a->actual == 1024 &&
	   a->status == -ECONNRESET && cable_reap(c, 2000)->command == UNLINK,
	   "silent after two packets: they are counted");
	tell(1, "defaults");
	tell(1, "set silent-request=0xd7");
	seq = cable_submit_control(c, setup, NULL);
	ok(cable_reap(c, 50)->command == -1, "silent-request: no answer");
	cable_unlink(c, seq);
	ok(cable_reap(c, 2000)->status == -ECONNRESET,
	   "silent-request: unlinked");
	tell(1, "defaults");
	ok(cable_control(c, 0xc0, 0xd7, 0, 0, data, 1) == 1,
	   "silent-request: over");
	cable_control(c, 1, 11, 0, 0, NULL, 0);
}

static void check_fifo(struct cable *c)
{
	uint8_t data[1536] = { 0 };

	tell(1, "set fifo=2");
	cable_submit(c, 6, data, 1536, 0);
	ok(cable_reap(c, 50)->command == -1 &&
	   told(1, "queued", "counters 0x88") == 2,
	   "fifo: OUT NAKs when it is full");
	cable_submit(c, 0x88, NULL, 1024, 0);
	ok(cable_reap(c, 2000)->command == SUBMIT &&
	   cable_reap(c, 2000)->command == SUBMIT &&
	   cable_transfer(c, 0x88, data, 512) == 512,
	   "fifo: reading makes room");
	tell(1, "defaults");
	cable_control(c, 1, 11, 0, 0, NULL, 0);
}

static void check_extra(struct cable *c)
{
	uint8_t data[512];

	memset(data, 0x11, sizeof(data));
	tell(1, "set extra=20");
	cable_transfer(c, 6, data, 10);
	ok(cable_transfer(c, 0x88, data, 512) == 30 && data[9] == 0x11 &&
	   data[10] == 0xee, "extra: 20 bytes more");
	cable_transfer(c, 6, data, 500);
	ok(cable_transfer(c, 0x88, data, 512) == 512,
	   "extra: never more than a packet");
	tell(1, "set extra=0");
	tell(1, "set short=6");
	cable_transfer(c, 6, data, 10);
	ok(cable_transfer(c, 0x88, data, 512) == 6 &&
	   cable_transfer(c, 0x88, data, 512) == 4, "short: the rest comes later");
	tell(1, "set short=off");
}

static void check_vanish(struct cable *c)
{
	uint8_t data[512] = { 0 };

	tell(1, "set vanish=1000");
	cable_transfer(c, 6, data, 512);
	ok(cable_transfer(c, 6, data, 512) == -ESHUTDOWN &&
	   !told(1, "plugged", "info"), "vanish: gone after 1000 bytes");
	cable_cut(c);
	ok(!cable_attach(c, "1-1") && !cable_configure(c),
	   "vanish: attached again");
	cable_transfer(c, 6, data, 512);
	ok(cable_transfer(c, 6, data, 512) == -ESHUTDOWN, "vanish: gone again");
	cable_cut(c);
	tell(1, "set vanish=0");
	cable_attach(c, "1-1");
	tell(1, "set vanish-in-control=0xd7");
	ok(cable_control(c, 0xc0, 0xd7, 0, 0, data, 1) == -ESHUTDOWN,
	   "vanish-in-control");
	cable_cut(c);
	tell(1, "defaults");
}

/* The answer claims more than follows, even right after a standard request. */
static void check_lie(struct cable *c)
{
	uint8_t setup[8] = { 0x80, 6, 0, 1, 0, 0, 18, 0 };
	uint8_t data[18] = { [15] = 7 };
	struct answer *a;

	cable_attach(c, "1-1");
	cable_configure(c);
	tell(1, "set lie=100");
	ok(cable_transfer(c, 6, data, 16) == 16 &&
	   cable_control(c, 0x80, 6, 0x100, 0, data, 18) == 18,
	   "lie: not in OUT and control transfers");
	a = cable_reap(c, 1);
	memset(a->data, 0, sizeof(data));
	cable_submit(c, 0x88, NULL, 512, 0);
	cable_submit_control(c, setup, NULL);
	a = cable_reap(c, 2000);
	ok(!a->command && a->actual == 116 && a->data[15] == 7 &&
	   !a->data[16] && !told(1, "plugged", "info"),
	   "lie: 16 bytes are called 116, then the end");
	cable_cut(c);
	tell(1, "defaults");
}

/* Between the unplug and its discovery requests fail, data waits. */
static void check_grace(struct cable *c)
{
	uint8_t setup[8] = { 0x80, 6, 0, 1, 0, 0, 18, 0 };
	uint32_t read, request, gone;
	struct answer *a;
	uint8_t data[18];

	cable_attach(c, "1-1");
	cable_configure(c);
	read = cable_submit(c, 0x88, NULL, 512, 0);
	cable_control(c, 0x80, 6, 0x100, 0, data, 18);
	tell(1, "unplug");
	request = cable_submit_control(c, setup, NULL);
	a = cable_reap(c, 2000);
	ok(a->command == SUBMIT && a->seqnum == request &&
	   a->status == -EPROTO && !a->actual, "unplugged: a request fails");
	gone = cable_unlink(c, read);
	a = cable_reap(c, 2000);
	ok(a->command == UNLINK && a->seqnum == gone &&
	   a->status == -ECONNRESET, "unplugged: an unlink is answered");
	ok(cable_reap(c, 2000)->command == 0, "unplugged: then the end");
	cable_cut(c);
}

static void check_replug(struct cable *c)
{
	struct cable other;
	uint8_t byte = 0x42;

	cable_attach(c, "1-1");
	cable_configure(c);
	cable_control(c, 0x40, 0xd8, 0, 0, &byte, 1);
	cable_transfer(c, 6, &byte, 1);
	tell(1, "stall 0x88");
	ok(cable_attach(&other, "1-1") == 2, "a board in use is refused");
	cable_cut(c);
	ok(!cable_attach(c, "1-1"), "attached at once after a detach");
	ok(cable_control(c, 0xc0, 0xd7, 0, 0, &byte, 1) == 1 && !byte,
	   "replugged: the lights are off");
	cable_configure(c);
	ok(!halted(c, 0x88) && !told(1, "queued", "counters 0x88"),
	   "replugged: no halt, no data");
	cable_submit(c, 0x88, NULL, 512, 0);
	ok(cable_control(c, 0x40, 0xda, 0, 0, NULL, 0) == 0 &&
	   cable_reap(c, 2000)->command == 0,
	   "re-enumerate: answered, then gone");
	cable_cut(c);
	ok(!cable_attach(c, "1-1"), "re-enumerate: offered again");
	cable_cut(c);
}

void check_trouble(void)
{
	struct cable c;

	server_start("fx2", NULL);
	cable_attach(&c, "1-1");
	cable_configure(&c);
	check_halt(&c);
	check_errors(&c);
	check_unlink(&c);
	check_unlink_many(&c);
	check_delay(&c);
	check_silence(&c);
	check_extra(&c);
	check_fifo(&c);
	cable_cut(&c);
	cable_attach(&c, "1-1");
	cable_configure(&c);
	check_vanish(&c);
	check_lie(&c);
	check_grace(&c);
	check_replug(&c);
	server_stop();
}
