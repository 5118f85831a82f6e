// SPDX-License-Identifier: MIT
/*
 * winusb-bench: winusb against usbfs and against a loop inside the kernel, in one run.
 */
#include <argp.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

const struct method *const methods[MAX_METHODS] = {
	&floor_method, &usbfs_blocking, &usbfs_async, &usbfs_mmap,
	&winusb_blocking, &winusb_single, &winusb_records, &winusb_uring, &winusb_fixed,
	&library_blocking, &library_result, &library_event, &library_port, &library_port_ex,
};

static struct target *open_target;
static bool failed;

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "winusb-bench: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
}

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "winusb-bench: error: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	failed = true;
	exit(1);
}

enum {
	OPTION_TARGET = 't', OPTION_SIZES = 's', OPTION_DEPTHS = 'd', OPTION_DIRECTION = 'D',
	OPTION_METHODS = 'm', OPTION_ROUNDS = 'r', OPTION_PIPE = 'p', OPTION_MS = 1000, OPTION_CANCEL, OPTION_NO_CANCEL,
	OPTION_UNLINK, OPTION_BARE, OPTION_NO_QUALIFY, OPTION_ISOCH, OPTION_PACE, OPTION_QUICK, OPTION_MODULES, OPTION_JSON,
	OPTION_SVG, OPTION_MACHINE, OPTION_LIST,
};

static const struct argp_option option_table[] = {
	{ "target", OPTION_TARGET, "NAME", 0, "Measure on this one (scripted); --list has them", 0 },
	{ "sizes", OPTION_SIZES, "N,...", 0,
	  "Bytes of a transfer, K and M allowed (64,512,4K,64K,1M)", 0 },
	{ "depths", OPTION_DEPTHS, "N,...", 0, "Transfers under way at once (1,8,32,128)", 0 },
	{ "direction", OPTION_DIRECTION, "in|out", 0, "Only this direction", 0 },
	{ "pipe", OPTION_PIPE, "auto|bulk|interrupt", 0,
	  "Type of the pipe, if there is a choice. auto: interrupt up to 16K, because only these URBs "
	  "of usbfs can complete at once, and bulk above, where usbfs has scatter lists for bulk only",
	  0 },
	{ "methods", OPTION_METHODS, "NAME,...", 0, "Only these methods; --list has them", 0 },
	{ "rounds", OPTION_ROUNDS, "N", 0, "Rounds in which the methods take turns (9)", 0 },
	{ "ms", OPTION_MS, "MS", 0, "Length of a round of one method (20)", 0 },
	{ "cancel", OPTION_CANCEL, "N", 0, "Reads to cancel (500)", 0 },
	{ "no-cancel", OPTION_NO_CANCEL, NULL, 0, "Do not measure cancelling", 0 },
	{ "unlink-us", OPTION_UNLINK, "US", 0,
	  "Delay of the controller from an unlink to the give-back (1000)", 0 },
	{ "bare", OPTION_BARE, NULL, 0,
	  "The scripted device touches only eight bytes of each transfer, as if hardware moved the "
	  "rest at no cost for the CPU", 0 },
	{ "no-qualify", OPTION_NO_QUALIFY, NULL, 0, "Do not run usbtest first", 0 },
	{ "isoch", OPTION_ISOCH, NULL, 0,
	  "Measure isochronous streams instead, on the scripted device; with --direction, --rounds, --ms "
	  "(300), --pace, --json and --quick", 0 },
	{ "pace", OPTION_PACE, "N,...", 0,
	  "The bus of isochronous streams goes N times as fast as a real one, so that what a request "
	  "costs stands out from all else; a program that is late by 80/N ms loses packets (1)", 0 },
	{ "quick", OPTION_QUICK, NULL, 0,
	  "A short run that shows that the program works; its numbers mean little", 0 },
	{ "modules", OPTION_MODULES, "DIR", 0,
	  "Where winusb_hcd.ko and winusb_bench.ko are ($WINUSB_LAB_MODULES)", 0 },
	{ "json", OPTION_JSON, "FILE", OPTION_ARG_OPTIONAL,
	  "JSON instead of the table, or beside it into FILE", 0 },
	{ "svg", OPTION_SVG, "FILE", 0, "Draw a picture into FILE (needs python3)", 0 },
	{ "machine", OPTION_MACHINE, "TEXT", 0, "A description of the machine, for the output", 0 },
	{ "list", OPTION_LIST, NULL, 0, "List targets and methods", 0 },
	{ 0 }
};

static const char doc[] =
	"Measures how fast programs move data over USB, and what it costs: by winusb (blocking, with "
	"completion records, with io_uring, with io_uring and fixed buffers), by usbfs (blocking, "
	"SUBMITURB and REAPURB, the same with mmap buffers) and by a loop of URBs inside the kernel. "
	"The methods take turns, round by round.\v"
	"Run it as root in a lab guest, pinned to one CPU:\n\n"
	"  taskset -c 1 scripts/lab run --memory=1G -- winusb-bench\n\n"
	"\"make bench\" does that and more. Files that are written in a guest are lost, except in the "
	"folder of scripts/lab run --out=DIR, which is $WINUSB_LAB_OUT there.\n\n"
	"Exit status: 0, or 1 if something did not work or wrong data came. Speed is never judged.";

static uint32_t parse_size(const char *text, char **end)
{
	uint64_t value = strtoul(text, end, 10);

	if (**end == 'K' || **end == 'M') {
		value <<= **end == 'K' ? 10 : 20;
		(*end)++;
	}
	return value > 4 << 20 ? 0 : value;
}

/* "1,2,3" into an array; the count, or 0 if it is no such list. */
static unsigned int parse_list(const char *text, uint32_t *values, unsigned int max, uint32_t least,
			       uint32_t most)
{
	unsigned int nr = 0;
	char *end;

	for (;; text = end + 1) {
		if (nr == max)
			return 0;
		values[nr] = parse_size(text, &end);
		if (end == text || values[nr] < least || values[nr] > most)
			return 0;
		nr++;
		if (!*end)
			return nr;
		if (*end != ',')
			return 0;
	}
}

static bool parse_methods(char *text, struct options *o)
{
	unsigned int m;
	char *name;

	memset(o->methods, 0, sizeof(o->methods));
	for (name = strtok(text, ","); name; name = strtok(NULL, ",")) {
		for (m = 0; m < MAX_METHODS && strcmp(methods[m]->name, name); m++)
			;
		if (m == MAX_METHODS)
			return false;
		o->methods[m] = true;
	}
	return true;
}

static void list(void)
{
	unsigned int m;

	printf("Targets:\n");
	target_list(stdout);
	printf("Methods:\n");
	for (m = 0; m < MAX_METHODS; m++)
		printf("  %-16s %s\n", methods[m]->name, methods[m]->title);
	exit(0);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	uint32_t number;
	unsigned int i;

	switch (key) {
	case OPTION_TARGET:
		if (!target_find(arg))
			argp_error(state, "no target %s; see --list", arg);
		o->target = arg;
		return 0;
	case OPTION_SIZES:
		o->nr_sizes = parse_list(arg, o->sizes, ARRAY_SIZE(o->sizes), 8, 4 << 20);
		if (!o->nr_sizes)
			argp_error(state, "--sizes=%s: give numbers from 8 to 4M, like 512,64K", arg);
		return 0;
	case OPTION_DEPTHS:
		o->nr_depths = parse_list(arg, o->depths, ARRAY_SIZE(o->depths), 1, MAX_DEPTH);
		if (!o->nr_depths)
			argp_error(state, "--depths=%s: give numbers from 1 to %u, like 1,32", arg, MAX_DEPTH);
		return 0;
	case OPTION_DIRECTION:
		o->in = !strcmp(arg, "in");
		o->out = !strcmp(arg, "out");
		if (!o->in && !o->out)
			argp_error(state, "--direction=%s: give in or out", arg);
		return 0;
	case OPTION_PIPE:
		if (strcmp(arg, "auto") && strcmp(arg, "bulk") && strcmp(arg, "interrupt"))
			argp_error(state, "--pipe=%s: give auto, bulk or interrupt", arg);
		o->pipe = arg;
		return 0;
	case OPTION_METHODS:
		if (!parse_methods(arg, o))
			argp_error(state, "--methods: one is unknown; see --list");
		return 0;
	case OPTION_ROUNDS:
		if (parse_list(arg, &number, 1, 1, MAX_ROUNDS) != 1)
			argp_error(state, "--rounds=%s: give a number from 1 to %u", arg, MAX_ROUNDS);
		o->rounds = number;
		return 0;
	case OPTION_MS:
		if (parse_list(arg, &number, 1, 1, 10000) != 1)
			argp_error(state, "--ms=%s: give a number from 1 to 10000", arg);
		o->ms = number;
		return 0;
	case OPTION_CANCEL:
		if (parse_list(arg, &number, 1, 1, 1024) != 1)
			argp_error(state, "--cancel=%s: give a number from 1 to 1024", arg);
		o->cancel = number;
		return 0;
	case OPTION_NO_CANCEL:
		o->cancel = 0;
		return 0;
	case OPTION_UNLINK:
		if (parse_list(arg, &number, 1, 1, 1000000) != 1)
			argp_error(state, "--unlink-us=%s: give a number from 1 to 1000000", arg);
		o->unlink_us = number;
		return 0;
	case OPTION_BARE:
		o->bare = true;
		return 0;
	case OPTION_NO_QUALIFY:
		o->qualify = false;
		return 0;
	case OPTION_PACE:
		o->nr_paces = parse_list(arg, o->paces, ARRAY_SIZE(o->paces), 1, 64);
		if (!o->nr_paces)
			argp_error(state, "--pace=%s: give numbers from 1 to 64, like 1,32", arg);
		return 0;
	case OPTION_ISOCH:
		o->isoch = true;
		return 0;
	case OPTION_QUICK:
		o->quick = true;
		o->rounds = 3;
		o->cancel = 20;
		o->nr_sizes = 3;
		for (i = 0; i < 3; i++)
			o->sizes[i] = (const uint32_t[]){ 64, 512, 65536 }[i];
		o->nr_depths = 2;
		o->depths[0] = 1;
		o->depths[1] = 8;
		return 0;
	case OPTION_MODULES:
		o->modules = arg;
		return 0;
	case OPTION_JSON:
		o->json = arg ? arg : "-";
		return 0;
	case OPTION_SVG:
		o->svg = arg;
		return 0;
	case OPTION_MACHINE:
		o->machine = arg;
		return 0;
	case OPTION_LIST:
		list();
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "what is %s? There are only options", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void add_cell(struct report *report, bool in, uint32_t size, unsigned int depth)
{
	struct cell_result *r = &report->cells[report->nr_cells];
	const char *wanted = report->options->pipe;
	bool interrupt = strcmp(wanted, "auto") ? !strcmp(wanted, "interrupt") : size <= 16384;
	char why[160];

	memset(r, 0, sizeof(*r));
	r->cell = (struct cell){ .target = report->target, .in = in, .size = size, .depth = depth };
	if (!device_pipe(&report->target->winusb, in, size, interrupt, &r->cell.pipe, why, sizeof(why))) {
		if (depth == report->options->depths[0])
			note("%s %u bytes is left out: %s", in ? "IN" : "OUT", size, why);
		return;
	}
	report->nr_cells++;
}

static void plan(struct report *report)
{
	const struct options *o = report->options;
	unsigned int i, j, in;

	report->cells = calloc(2 * o->nr_sizes * o->nr_depths, sizeof(*report->cells));
	for (in = 2; in-- > 0; )
		for (i = 0; i < o->nr_sizes; i++)
			for (j = 0; j < o->nr_depths; j++)
				if (in ? o->in : o->out)
					add_cell(report, in, o->sizes[i], o->depths[j]);
	if (!report->nr_cells)
		fail("no cell is left to measure");
}

static void measure(struct report *report)
{
	time_t said = 0, now;
	unsigned int i;

	for (i = 0; i < report->nr_cells; i++) {
		const struct cell *c = &report->cells[i].cell;

		now = now_ns() / 1000000000;
		if (now >= said + 5) {
			note("cell %u of %u: %s %u bytes, depth %u", i + 1, report->nr_cells,
			     c->in ? "IN" : "OUT", c->size, c->depth);
			said = now;
		}
		measure_cell(&report->cells[i], report->options);
	}
	if (report->options->cancel && report->target->quiet_pipe) {
		note("cancelling %u reads", report->options->cancel);
		report->nr_cancels = cancel_measure(report->cancels, report->target, report->options);
	}
}

static void write_json(const struct report *report, const char *name)
{
	FILE *out = strcmp(name, "-") ? fopen(name, "w") : stdout;

	if (!out)
		fail("cannot write %s: %s", name, strerror(errno));
	json_print(report, out);
	if (fflush(out) || ferror(out))
		fail("cannot write %s: %s", name, strerror(errno));
	if (out != stdout)
		fclose(out);
}

/* By the script beside this program. */
static void draw(const struct report *report, const char *name)
{
	char program[512], json[] = "/tmp/winusb-bench-XXXXXX";
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 32);
	int fd = mkstemp(json), status;
	pid_t pid;

	if (length < 0 || fd < 0)
		fail("cannot draw: %s", strerror(errno));
	close(fd);
	strcpy(program + length, "-svg");
	write_json(report, json);
	pid = fork();
	if (!pid) {
		execl(program, program, json, "--output", name, NULL);
		note("cannot run %s: %s", program, strerror(errno));
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
		fail("the picture could not be drawn; the reason stands above");
	unlink(json);
}

/*
 * After a failure the devices and modules stay: usbfs' buffers may be mapped still, and usbcore
 * does not survive that their host controller leaves before them.
 */
static void close_target(void)
{
	if (!failed)
		target_close(open_target);
	else
		usbfs_close();
}

int main(int argc, char **argv)
{
	static const struct argp argp = { .options = option_table, .parser = parse_option, .doc = doc };
	struct options o = {
		.target = "scripted",
		.sizes = { 64, 512, 4096, 65536, 1 << 20 },
		.nr_sizes = 5,
		.depths = { 1, 8, 32, 128 },
		.nr_depths = 4,
		.in = true,
		.out = true,
		.pipe = "auto",
		.rounds = 9,
		.cancel = 500,
		.unlink_us = 1000,
		.paces = { 1 },
		.nr_paces = 1,
		.qualify = true,
		.modules = getenv("WINUSB_LAB_MODULES"),
	};
	static struct report report;
	struct utsname uts;

	memset(o.methods, true, sizeof(o.methods));
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (o.isoch && strcmp(o.target, "scripted"))
		fail("only the scripted device has isochronous endpoints");
	if (!o.ms)
		o.ms = o.isoch ? (o.quick ? 100 : 300) : (o.quick ? 2 : 20);
	if (geteuid())
		fail("needs root: it loads modules and binds drivers. scripts/lab run gives a guest to do "
		     "that in");
	uname(&uts);
	snprintf(report.kernel, sizeof(report.kernel), "%.48s %.16s, %ld CPU", uts.release, uts.machine,
		 sysconf(_SC_NPROCESSORS_ONLN));
	report.options = &o;
	report.target = target_find(o.target);
	open_target = report.target;
	target_open(report.target, &o);
	atexit(close_target);

	strcpy(report.qualified, report.target->usbtest ? "not qualified by usbtest, as was asked for" :
	       "not a device that usbtest can qualify");
	if (report.target->usbtest && o.qualify && !o.isoch)
		qualify(report.target, report.qualified, sizeof(report.qualified), o.quick);
	if (report.target->waits)
		soak(true);
	report.idle_known = idle_known();
	winusb_open(report.target);
	usbfs_open(report.target);
	if (o.isoch) {
		isoch_measure(report.target, &o);
	} else {
		plan(&report);
		measure(&report);
	}
	if (o.isoch && (!o.json || strcmp(o.json, "-")))
		isoch_print(&o);
	else if (!o.json || strcmp(o.json, "-"))
		table_print(&report, stdout);
	if (o.json)
		write_json(&report, o.json);
	if (o.svg)
		draw(&report, o.svg);
	return 0;
}
