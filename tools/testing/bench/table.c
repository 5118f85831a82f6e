// SPDX-License-Identifier: MIT
/*
 * The table, for people.
 */
#include <math.h>
#include <string.h>

#include "bench.h"

const struct result *result_of(const struct cell_result *r, const char *method)
{
	unsigned int m;

	for (m = 0; m < MAX_METHODS; m++)
		if (!strcmp(methods[m]->name, method) && r->results[m].measured)
			return &r->results[m];
	return NULL;
}

static const char *size_text(uint32_t size)
{
	static char text[16];

	if (size >= 1 << 20 && size % (1 << 20) == 0)
		snprintf(text, sizeof(text), "%u MiB", size >> 20);
	else if (size >= 1024 && size % 1024 == 0)
		snprintf(text, sizeof(text), "%u KiB", size >> 10);
	else
		snprintf(text, sizeof(text), "%u B", size);
	return text;
}

/* Half the distance of the quartiles, as a part of the median. */
static double spread(const struct figure *s)
{
	return s->median > 0 ? (s->q3 - s->q1) / 2 / s->median * 100 : 0;
}

static void print_result(const struct result *r, const struct method *m, const struct cell *c,
			 FILE *out)
{
	char ratio[64] = "", share[16] = "", calls[16] = "";

	if (!r->measured)
		return;
	if (r->cpu_ratio.median > 0)
		snprintf(ratio, sizeof(ratio), "%6.2f ±%3.0f%% %6.2f", r->cpu_ratio.median,
			 spread(&r->cpu_ratio), r->rate_ratio.median);
	if (r->floor_share.median > 0)
		snprintf(share, sizeof(share), "%5.1f%%", r->floor_share.median * 100);
	if (!m->library)
		snprintf(calls, sizeof(calls), "%8.3f", r->calls);
	fprintf(out, "  %-30s %10.0f ±%3.0f%% %9.1f %9.2f %10.1f %8s  %19s %7s\n", m->title,
		r->rate.median, spread(&r->rate), r->rate.median * c->size / 1e6,
		r->cpu_ns.median / 1e3, r->cpu_ns.median / 1e3 * MIB / c->size, calls, ratio, share);
}

static void print_cell(const struct cell_result *r, FILE *out)
{
	const struct cell *c = &r->cell;
	unsigned int m;

	fprintf(out, "\n%s %s, depth %u, %s pipe 0x%02x\n", c->in ? "IN" : "OUT", size_text(c->size),
		c->depth, c->pipe.interrupt ? "interrupt" : "bulk", c->pipe.address);
	for (m = 0; m < MAX_METHODS; m++)
		print_result(&r->results[m], methods[m], c, out);
	for (m = 0; m < MAX_METHODS; m++)
		if (!r->results[m].measured && !methods[m]->one)
			fprintf(out, "  %-30s left out: %s\n", methods[m]->title, r->results[m].why);
}

static void print_cancels(const struct report *report, FILE *out)
{
	unsigned int i;

	if (!report->nr_cancels)
		return;
	fprintf(out, "\nCancelling %u pending reads; the controller gives each back %u us after its unlink\n",
		report->options->cancel, report->options->unlink_us);
	for (i = 0; i < report->nr_cancels; i++) {
		const struct cancel_result *r = &report->cancels[i];

		if (r->measured)
			fprintf(out, "  %-40s %10.2f ms ±%3.0f%%  %6.1f times as fast as usbfs\n", r->title,
				r->time.median / 1e6, spread(&r->time), r->ratio.median);
		else
			fprintf(out, "  %-40s left out: %s\n", r->title, r->why);
	}
}

static const struct cell_result *find(const struct report *report, bool in, uint32_t size,
				      unsigned int depth)
{
	unsigned int i;

	for (i = 0; i < report->nr_cells; i++)
		if (report->cells[i].cell.in == in && report->cells[i].cell.size == size &&
		    report->cells[i].cell.depth == depth)
			return &report->cells[i];
	return NULL;
}

/* A method against one that need not be its counterpart. */
static void compare(const struct report *report, bool in, uint32_t size, unsigned int depth,
		    const char *method, const char *other, FILE *out)
{
	const struct cell_result *cell = find(report, in, size, depth);
	const struct result *a, *b;
	double values[MAX_ROUNDS];
	struct figure ratio;
	unsigned int i;

	a = cell ? result_of(cell, method) : NULL;
	b = cell ? result_of(cell, other) : NULL;
	if (!a || !b)
		return;
	for (i = 0; i < a->rounds; i++)
		values[i] = a->cpu[i] > 0 ? b->cpu[i] / a->cpu[i] : 0;
	figure_of(&ratio, values, a->rounds);
	fprintf(out, "  %-3s %-7s depth %-3u %-16s / %-14s %6.2f x operations per CPU second, "
		"%.2f x CPU per MiB", in ? "IN" : "OUT", size_text(size), depth, method, other,
		ratio.median, ratio.median > 0 ? 1 / ratio.median : NAN);
	if (a->floor_share.median > 0)
		fprintf(out, ", %.2f of the kernel's loop", a->floor_share.median);
	fprintf(out, "\n");
}

/* Where a method of winusb needs more CPU than its counterpart of usbfs. */
static void print_below(const struct report *report, FILE *out)
{
	unsigned int i, m, nr = 0, below = 0;

	for (i = 0; i < report->nr_cells; i++)
		for (m = 0; m < MAX_METHODS; m++) {
			const struct result *r = &report->cells[i].results[m];
			const struct cell *c = &report->cells[i].cell;

			if (!r->measured || r->cpu_ratio.median <= 0 || methods[m]->library)
				continue;
			nr++;
			if (r->cpu_ratio.median >= 0.95)
				continue;
			below++;
			fprintf(out, "  below 0.95 x %s: %s, %s %s, depth %u: %.2f (quartiles %.2f and %.2f)\n",
				methods[m]->counterpart, methods[m]->name, c->in ? "IN" : "OUT",
				size_text(c->size), c->depth, r->cpu_ratio.median, r->cpu_ratio.q1,
				r->cpu_ratio.q3);
		}
	if (nr)
		fprintf(out, "  %u comparisons with usbfs, %u of them below 0.95 operations per CPU second\n",
			nr, below);
}

/* CPU time of small transfers through libwinusb, as a multiple of that of the driver's commands. */
static void print_library(const struct report *report, FILE *out)
{
	unsigned int i, m;

	for (i = 0; i < report->nr_cells; i++)
		for (m = 0; m < MAX_METHODS; m++) {
			const struct result *r = &report->cells[i].results[m];
			const struct cell *c = &report->cells[i].cell;

			if (!methods[m]->library || c->size != 512 || r->cpu_ratio.median <= 0)
				continue;
			fprintf(out, "  %-3s %-7s depth %-3u %-18s / %-15s %.3f x CPU (quartiles %.3f and %.3f)\n",
				c->in ? "IN" : "OUT", size_text(c->size), c->depth, methods[m]->name,
				methods[m]->counterpart, 1 / r->cpu_ratio.median, 1 / r->cpu_ratio.q3,
				1 / r->cpu_ratio.q1);
		}
}

static void print_summary(const struct report *report, FILE *out)
{
	static const char *const async[] = { "winusb-records", "winusb-uring", "winusb-fixed" };
	unsigned int i, in;

	fprintf(out, "\nSummary\n");
	for (in = 2; in-- > 0; ) {
		compare(report, in, 512, 1, "winusb-blocking", "usbfs-blocking", out);
		for (i = 0; i < ARRAY_SIZE(async); i++)
			compare(report, in, 512, 32, async[i], "usbfs-async", out);
		for (i = 0; i < ARRAY_SIZE(async); i++)
			compare(report, in, 65536, 32, async[i], "usbfs-async", out);
		compare(report, in, 1 << 20, 1, "winusb-blocking", "usbfs-blocking", out);
		for (i = 0; i < ARRAY_SIZE(async); i++)
			compare(report, in, 1 << 20, 8, async[i], "usbfs-async", out);
		for (i = 0; i < ARRAY_SIZE(async); i++)
			compare(report, in, 1 << 20, 32, async[i], "usbfs-async", out);
	}
	print_below(report, out);
	print_library(report, out);
}

void table_print(const struct report *report, FILE *out)
{
	const struct options *o = report->options;
	unsigned int i;

	fprintf(out, "winusb-bench: %s\n%s\n", report->target->title, report->kernel);
	if (o->machine)
		fprintf(out, "%s\n", o->machine);
	fprintf(out, "%s; %u rounds of %.0f ms for each method, in turn; medians ± half the distance of the "
		"quartiles\n", report->qualified, o->rounds, o->ms);
	fprintf(out, "CPU: %s.\n", report->idle_known && report->target->waits ?
		"time that passed on all CPUs, less what a thread below all others could use" :
		report->idle_known ?
		"time that passed on all CPUs, less idle time, so softirqs and workers count" :
		"of the process only (getrusage): this kernel does not tell its idle time");
	if (report->target->counters)
		fprintf(out, "Device: %s\n", o->bare ?
			"touches eight bytes of a transfer, as if hardware moved the rest" :
			"writes each byte of a read and reads each byte of a write, with the CPU");
	fprintf(out, "\n  %-30s %10s %5s %9s %9s %10s %8s  %19s %7s\n", "", "ops/s", "", "MB/s",
		"CPU us/op", "CPU us/MiB", "calls/op", "x other: CPU   rate", "of loop");
	for (i = 0; i < report->nr_cells; i++)
		print_cell(&report->cells[i], out);
	print_cancels(report, out);
	print_summary(report, out);
}
