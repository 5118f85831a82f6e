// SPDX-License-Identifier: MIT
/*
 * The control channel: what it shows, what it waits for, what it refuses,
 * and --send, --list and --help of the program itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "client.h"
#include "desc.h"

static bool says(const char *answer, const char *key, const char *expected)
{
	char value[128];

	return !boards_value(answer, key, value, sizeof(value)) &&
	       !strcmp(value, expected);
}

static void check_shows(struct cable *c)
{
	uint8_t data[8] = { 0x5a };
	const char *answer;

	answer = tell(1, "info");
	ok(says(answer, "board", "fx2") && says(answer, "busid", "1-1") &&
	   says(answer, "serial", "S 1") && says(answer, "plugged", "0"),
	   "info: before it is plugged in");
	cable_attach(c, "1-1");
	cable_configure(c);
	answer = tell(1, "info");
	ok(says(answer, "plugged", "1") && says(answer, "config", "1") &&
	   says(answer, "plugs", "1"), "info: plugged in and configured");
	tell(1, "reset-counters");
	cable_control(c, 0x41, 0xd8, 0x1234, 0x0007, data, 1);
	cable_control(c, 0x80, 6, 0x100, 0, data, 8);
	cable_control(c, 0xc0, 0x99, 0, 0, data, 8);
	answer = tell(1, "requests");
	ok(says(answer, "total", "3") && says(answer, "0", "c099000000000800") &&
	   says(answer, "0.result", "-32") &&
	   says(answer, "1", "8006000100000800") &&
	   says(answer, "2", "41d8341207000100"),
	   "requests: setup bytes as they came, newest first");
	answer = tell(1, "requests 1 standard");
	ok(says(answer, "0", "8006000100000800") && !says(answer, "1", "x") &&
	   !strstr(answer, " 1="), "requests: filtered and limited");
	cable_transfer(c, 6, data, 5);
	cable_transfer(c, 6, data, 0);
	answer = tell(1, "counters 0x06");
	ok(says(answer, "urbs", "2") && says(answer, "bytes", "5") &&
	   says(answer, "zlp", "1") && says(answer, "packets", "2") &&
	   says(answer, "done", "2"), "counters: of one endpoint");
	answer = tell(1, "counters");
	ok(says(answer, "0x06.urbs", "2") && says(answer, "0x88.queued", "2"),
	   "counters: of all endpoints");
	tell(1, "reset-counters");
	ok(told(1, "urbs", "counters 0x06") == 0 &&
	   told(1, "total", "requests") == 0, "reset-counters");
}

static void check_waits(struct cable *c)
{
	const char *answer;

	cable_control(c, 1, 11, 0, 0, NULL, 0);
	answer = tell(1, "wait 0x88.pending 1 50");
	ok(says(answer, "result", "error") && says(answer, "reason", "timeout"),
	   "wait: runs out");
	cable_submit(c, 0x88, NULL, 512, 0);
	cable_submit(c, 0x88, NULL, 512, 0);
	answer = tell(1, "wait 0x88.pending 2 2000");
	ok(says(answer, "result", "ok") && says(answer, "value", "2"),
	   "wait: at least");
	ok(says(tell(1, "unplug"), "result", "ok") &&
	   cable_reap(c, 2000)->command == 0, "unplug ends the connection");
	ok(says(tell(1, "wait plugged =0 2000"), "result", "ok") &&
	   told(1, "value", "wait 0x88.pending =0 100") == 0, "wait: equal");
	ok(says(tell(1, "unplug"), "result", "error"), "unplug: only once");
	cable_cut(c);
	tell(1, "set hidden=1");
	ok(cable_attach(c, "1-1") == 4, "hidden: refused");
	tell(1, "set hidden=0");
	ok(!cable_attach(c, "1-1"), "hidden: not any more");
	cable_cut(c);
}

static void check_refuses(void)
{
	static const char *const wrong[] = {
		"", "nonsense", "set", "set nonsense=1", "set delay",
		"set delay=x", "set delay=-1", "set delay=0x91:5",
		"set stall=", "set stall=0x81:x", "set stall=0x81:1:2:3",
		"set error=0x81", "set error=0x81:ENOTHING", "set source=0x01",
		"set sink=0x81", "set source=0", "set speed=super",
		"set vanish=99999999999", "set switches=256", "push",
		"push 0x81 0", "push 0x81 zz", "push 0x06 00",
		"stall 0", "stall 0x8f", "counters 0x10", "wait", "wait plugged",
		"wait nonsense 1", "wait 0x81.nonsense 1", "requests x",
		"requests 1000", "attach somewhere",
	};
	unsigned int i, good = 0;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (says(tell(1, "%s", wrong[i]), "result", "error"))
			good++;
		else
			printf("# accepted: %s\n", wrong[i]);
	}
	ok(good == i, "wrong commands are refused");
	ok(says(tell(9, "info"), "result", "error") &&
	   says(tell(0, "info"), "result", "error"), "unknown boards too");
	ok(says(tell(1, "info"), "result", "ok"), "and the channel goes on");
}

/* Noise, a line without end, a client that leaves: the next one is served. */
static void check_bad_lines(void)
{
	static const char noise[] = "\0\1\2\n1 info\0more\n\n\xff\xff\n1 push 0x81 f";
	char line[5000], byte;
	int fd;

	memset(line, 'x', sizeof(line));
	fd = boards_connect(server_control());
	send(fd, line, sizeof(line), MSG_NOSIGNAL);
	ok(recv(fd, &byte, 1, 0) <= 0, "a line without end closes the connection");
	close(fd);
	fd = boards_connect(server_control());
	send(fd, noise, sizeof(noise) - 1, MSG_NOSIGNAL);
	close(fd);
	fd = boards_connect(server_control());
	send(fd, "1 wait 0x81.pending 1 5000\n", 27, MSG_NOSIGNAL);
	close(fd);
	ok(says(tell(1, "info"), "result", "ok"),
	   "noise and clients that leave do no harm");
}

static int run(const char *arguments, char *out, size_t size)
{
	char command[800];
	size_t len;
	FILE *f;

	snprintf(command, sizeof(command), "%s %s 2>&1",
		 check_program(), arguments);
	f = popen(command, "r");
	if (!f)
		return -1;
	len = fread(out, 1, size - 1, f);
	out[len] = '\0';
	return WEXITSTATUS(pclose(f));
}

static void check_usage(void)
{
	char out[32768], arguments[200];

	ok(run("--list", out, sizeof(out)) == 0 && strstr(out, "fx2  0547:1002") &&
	   strstr(out, "composite") && strstr(out, "iad-overlap") &&
	   strstr(out, "vanish="), "--list");
	ok(run("--faults", out, sizeof(out)) == 0 &&
	   !strncmp(out, "none\ndevice-short\n", 18), "--faults");
	ok(run("--help", out, sizeof(out)) == 0 && strstr(out, "Usage:"),
	   "--help");
	ok(run("", out, sizeof(out)) == 2 && strstr(out, "--list"),
	   "no board: usage, exit 2");
	ok(run("fx3", out, sizeof(out)) == 2 && strstr(out, "fx3"),
	   "unknown board, exit 2");
	ok(run("fx2,delay=soon", out, sizeof(out)) == 2 &&
	   strstr(out, "[EP:]MS"), "bad option: the form is shown, exit 2");
	ok(run("--port=70000 fx2", out, sizeof(out)) == 2, "bad port, exit 2");
	ok(run("--send=/nonexistent/socket 1 info", out, sizeof(out)) == 1 &&
	   strstr(out, "--control"), "--send without server, exit 1");
	snprintf(arguments, sizeof(arguments), "--send=%s 1 info",
		 server_control());
	ok(run(arguments, out, sizeof(out)) == 0 &&
	   strstr(out, "result=ok board=fx2"), "--send, exit 0");
	snprintf(arguments, sizeof(arguments), "--send=%s 1 nonsense",
		 server_control());
	ok(run(arguments, out, sizeof(out)) == 1 &&
	   strstr(out, "result=error"), "--send of a wrong command, exit 1");
	snprintf(arguments, sizeof(arguments), "--port=0 --control=%s fx2",
		 server_control());
	ok(run(arguments, out, sizeof(out)) == 1 &&
	   strstr(out, "another --control"), "a control socket in use, exit 1");
}

void check_channel(void)
{
	struct cable c;

	server_start("fx2,serial=S 1", NULL);
	check_shows(&c);
	check_waits(&c);
	cable_attach(&c, "1-1");
	cable_configure(&c);
	check_refuses();
	check_bad_lines();
	cable_cut(&c);
	check_usage();
	server_stop();
}
