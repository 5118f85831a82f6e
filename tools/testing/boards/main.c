// SPDX-License-Identifier: MIT
/*
 * winusb-boards: emulated USB devices behind a USB/IP server, and the client
 * of its control channel.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "board.h"
#include "channel.h"
#include "client.h"
#include "usbip.h"

static const char usage[] =
"Usage: winusb-boards [OPTION]... BOARD[,option=value]...\n"
"       winusb-boards --send[=PATH] BOARD-INDEX COMMAND [ARGUMENT]...\n"
"       winusb-boards --list | --faults[=BOARD]\n"
"\n"
"Serves emulated USB devices by USB/IP on 127.0.0.1. The first board is bus\n"
"id 1-1, the second 1-2, and so on; attach one with\n"
"    usbip attach -r 127.0.0.1 -b 1-1\n"
"Prints \"ready\" when it listens.\n"
"\n"
"  --port=N          TCP port (3240); 0 takes a free one and prints \"ready N\";\n"
"                    none: do not listen\n"
"  --attach          plug all boards into this machine's vhci_hcd at once\n"
"  --control[=PATH]  listen for commands (" CHANNEL_PATH ")\n"
"  --send[=PATH]     send one command to a running server, print its answer\n"
"  --list            boards, ids and options\n"
"  --faults[=BOARD]  faults of the board (broken), one a line; behind the name\n"
"                    what comes of it, if the board says that\n"
"  --help            this text\n"
"\n"
"Exit status: 0 done, 1 failed (the reason is on stderr, or in the answer),\n"
"2 wrong usage.\n";

enum { OPT_PORT = 1, OPT_ATTACH, OPT_CONTROL, OPT_SEND, OPT_LIST, OPT_FAULTS,
       OPT_HELP };

static const struct option long_options[] = {
	{ "port", required_argument, NULL, OPT_PORT },
	{ "attach", no_argument, NULL, OPT_ATTACH },
	{ "control", optional_argument, NULL, OPT_CONTROL },
	{ "send", optional_argument, NULL, OPT_SEND },
	{ "list", no_argument, NULL, OPT_LIST },
	{ "faults", optional_argument, NULL, OPT_FAULTS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ }
};

static void list_boards(void)
{
	const struct board_option *own;
	unsigned int i;

	for (i = 0; board_types[i]; i++) {
		const struct board_type *t = board_types[i];

		printf("%s  %04x:%04x  %s\n", t->name, t->vid, t->pid,
		       t->summary);
		for (own = t->options; own && own->name; own++)
			printf("  %s=...\n      %s\n", own->name, own->help);
		if (t->list)
			t->list();
	}
	printf("\n");
	options_list();
}

static int list_faults(const char *name)
{
	const struct board_type *t = board_find_type(name);

	if (!t || !t->faults) {
		fprintf(stderr, "winusb-boards: no board '%s' that has faults\n",
			name);
		return 2;
	}
	t->faults();
	return 0;
}

static int send_command(const char *path, int argc, char **argv)
{
	char command[CHANNEL_LINE] = "", answer[CHANNEL_ANSWER];
	long index;
	int fd, i, ret;

	if (argc < 2 || parse_number(argv[0], 1000, &index)) {
		fputs("winusb-boards: --send needs BOARD-INDEX COMMAND; see --help\n",
		      stderr);
		return 2;
	}
	for (i = 1; i < argc; i++) {
		if (strlen(command) + strlen(argv[i]) + 2 > sizeof(command)) {
			fputs("winusb-boards: command too long\n", stderr);
			return 2;
		}
		if (i > 1)
			strcat(command, " ");
		strcat(command, argv[i]);
	}
	fd = boards_connect(path);
	if (fd < 0) {
		fprintf(stderr, "winusb-boards: no server at %s (%s); start one with --control=%s\n",
			path, strerror(-fd), path);
		return 1;
	}
	ret = boards_command(fd, index, command, answer, sizeof(answer));
	close(fd);
	if (ret && ret != -EREMOTEIO) {
		fprintf(stderr, "winusb-boards: server at %s did not answer: %s\n",
			path, strerror(-ret));
		return 1;
	}
	printf("%s\n", answer);
	return ret ? 1 : 0;
}

static void on_signal(int number)
{
	(void)number;
	loop_stop();
}

/* Blocked here, let in by the loop only while it sleeps. */
static void catch_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int attach_all(void)
{
	char error[160];
	unsigned int i;

	for (i = 0; i < board_count; i++) {
		if (attach_local(boards[i], -1, error, sizeof(error)) < 0) {
			fprintf(stderr, "winusb-boards: cannot attach %s: %s\n",
				boards[i]->busid, error);
			return -1;
		}
	}
	return 0;
}

struct setup {
	bool tcp;
	bool attach;
	long port;
	const char *control;
};

/* Everything that can fail before "ready". */
static int start(const struct setup *s)
{
	uint16_t port = 0;
	int ret;

	if (s->tcp) {
		ret = usbip_listen(s->port, &port);
		if (ret) {
			fprintf(stderr, "winusb-boards: cannot listen on 127.0.0.1 port %ld: %s; try --port=0\n",
				s->port, strerror(-ret));
			return -1;
		}
	}
	if (s->control) {
		ret = channel_listen(s->control);
		if (ret) {
			fprintf(stderr, "winusb-boards: cannot listen on %s: %s; give another --control=PATH\n",
				s->control, strerror(-ret));
			return -1;
		}
		loop_idle(channel_check_waits);
	}
	if (s->attach && attach_all())
		return -1;
	if (s->tcp && !s->port)
		printf("ready %u\n", port);
	else
		printf("ready\n");
	fflush(stdout);
	return 0;
}

static int serve(const struct setup *s, int count, char **specs)
{
	char error[256];
	int i, ret = 1;

	for (i = 0; i < count; i++) {
		if (!board_create(specs[i], error, sizeof(error))) {
			fprintf(stderr, "winusb-boards: %s: %s\n", specs[i],
				error);
			ret = 2;
			goto out;
		}
	}
	catch_signals();
	if (!start(s)) {
		ret = loop_run();
		if (ret)
			fprintf(stderr, "winusb-boards: %s\n", strerror(-ret));
		ret = ret ? 1 : 0;
	}
	channel_close();
	usbip_close();
out:
	while (board_count)
		board_destroy(boards[--board_count]);
	return ret;
}

int main(int argc, char **argv)
{
	struct setup s = { .tcp = true, .port = USBIP_PORT };
	const char *send = NULL;
	bool port_given = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
		switch (opt) {
		case OPT_PORT:
			port_given = true;
			s.tcp = strcmp(optarg, "none");
			if (s.tcp && parse_number(optarg, 65535, &s.port)) {
				fprintf(stderr, "winusb-boards: '%s' is no port number\n",
					optarg);
				return 2;
			}
			break;
		case OPT_ATTACH:
			s.attach = true;
			break;
		case OPT_CONTROL:
			s.control = optarg ? optarg : CHANNEL_PATH;
			break;
		case OPT_SEND:
			send = optarg ? optarg : CHANNEL_PATH;
			break;
		case OPT_LIST:
			list_boards();
			return 0;
		case OPT_FAULTS:
			return list_faults(optarg ? optarg : "broken");
		case OPT_HELP:
			fputs(usage, stdout);
			return 0;
		default:
			fputs("winusb-boards: see --help\n", stderr);
			return 2;
		}
	}
	if (s.attach && !port_given)
		s.tcp = false;
	if (send)
		return send_command(send, argc - optind, argv + optind);
	if (optind == argc) {
		fputs("winusb-boards: no board named; --list shows them, --help the usage\n",
		      stderr);
		return 2;
	}
	return serve(&s, argc - optind, argv + optind);
}
