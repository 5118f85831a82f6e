// SPDX-License-Identifier: MIT
/*
 * One cell: every method in turn, round by round, so that what else happens on the machine meets all
 * of them alike. Ratios are taken round by round, and then their median.
 *
 * CPU time is that of the whole guest: the time that passed on all CPUs, less the time they were
 * idle. So what softirqs, io_uring's workers and the scheduler do for a method counts for it. The
 * process's own time (getrusage) is noted beside it.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static uint64_t process_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000ULL +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000ULL;
}

/* Of all CPUs; false where the kernel cannot tell. */
bool idle_ns(uint64_t *ns)
{
	unsigned long long us;
	char text[32];

	if (file_read(DEBUGFS "idle_us", text, sizeof(text)) <= 0 || sscanf(text, "%llu", &us) != 1)
		return false;
	*ns = us * 1000;
	return true;
}

/* Threads of winusb_bench that take all the time that is left, below everything else. */
void soak(bool on)
{
	struct sched_param param = { 0 };
	char text[256], *pid, *end;
	int result;

	result = file_write(DEBUGFS "soak", on ? "1" : "0");
	if (result || file_read(DEBUGFS "soak", text, sizeof(text)) < 0)
		fail("cannot turn soaking %s: %s", on ? "on" : "off", strerror(-result));
	for (pid = text; on && *pid; pid = end) {
		result = strtol(pid, &end, 10);
		end += *end == '\n';
		if (sched_setscheduler(result, SCHED_IDLE, &param))
			fail("cannot make thread %d SCHED_IDLE: %s", result, strerror(errno));
	}
}

bool idle_known(void)
{
	uint64_t ns;

	return idle_ns(&ns);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double quantile(const double *sorted, unsigned int nr, double q)
{
	double at = q * (nr - 1);
	unsigned int i = at;

	return i + 1 < nr ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

void figure_of(struct figure *figure, const double *values, unsigned int nr)
{
	double sorted[MAX_ROUNDS];

	memcpy(sorted, values, nr * sizeof(*values));
	qsort(sorted, nr, sizeof(*sorted), by_value);
	figure->median = quantile(sorted, nr, 0.5);
	figure->q1 = quantile(sorted, nr, 0.25);
	figure->q3 = quantile(sorted, nr, 0.75);
}

struct sample {
	double ns, cpu, user, calls;	/* of all transfers */
};

/* Moves count transfers, in segments where the target wants them. */
static int sample(const struct method *m, struct run *run, uint64_t count, struct sample *s)
{
	const struct target *t = run->cell->target;
	uint64_t left, n, most = t->segment ? t->segment / run->cell->size : count;
	uint64_t start, user, idle = 0, idle_end = 0, ns;
	bool idle_is_known;
	int result = 0;

	memset(s, 0, sizeof(*s));
	for (left = count; left && !result; left -= n) {
		n = left < most ? left : most;
		if (t->begin)
			result = t->begin(run->cell, m->winusb, n * run->cell->size);
		if (result)
			return result;
		run->calls = 0;
		run->ns = 0;
		idle_is_known = idle_ns(&idle);
		user = process_ns();
		start = now_ns();
		result = m->go(run, n);
		ns = now_ns() - start;
		user = process_ns() - user;
		if (idle_is_known)
			idle_ns(&idle_end);
		/* The kernel's loop knows its time without its preparations. */
		s->ns += run->ns ? run->ns : ns;
		idle = idle_end - idle;
		ns *= sysconf(_SC_NPROCESSORS_ONLN);
		if (!idle_is_known)
			s->cpu += user;
		else if (idle < ns)
			s->cpu += run->ns ? (double)run->ns * (ns - idle) / ns : ns - idle;
		s->user += user;
		s->calls += run->calls;
		if (!result && t->end)
			result = t->end(run->cell, m->winusb);
	}
	return result;
}

struct measured {
	const struct method *method;
	struct result *result;
	struct run run;
};

static void broken(const struct measured *m, int error, const char *why)
{
	const struct cell *cell = m->run.cell;

	fail("%s, %s %u bytes, depth %u: %s%s%s", m->method->title, cell->in ? "IN" : "OUT", cell->size,
	     cell->depth, error ? strerror(-error) : "", error && *why ? "; " : "", why);
}

/* Counts, stamps and, in the first run, each byte must be right: no number without that. */
static void one_round(struct measured *m, uint64_t count, struct sample *s)
{
	char why[256] = "";
	int result;

	run_reset(&m->run);
	result = sample(m->method, &m->run, count, s);
	if (!result || result == -EBADMSG || result == -EREMOTEIO)
		run_check(&m->run, count, why, sizeof(why));
	if (result || *why)
		broken(m, result, why);
}

static void data_mode(const struct target *t, const char *mode)
{
	if (t->counters && file_write(DEBUGFS "data", mode))
		fail("cannot write %s to " DEBUGFS "data", mode);
}

/* The first, verified run, and how many transfers make a round of the wanted time. */
static void warm_up(struct measured *m, const struct options *o)
{
	const struct cell *cell = m->run.cell;
	uint64_t count = cell->depth + 3;
	struct sample s;
	double wanted;

	data_mode(cell->target, "checked");
	m->run.verify = m->method != &floor_method;
	one_round(m, count, &s);
	m->run.verify = false;
	data_mode(cell->target, o->bare ? "bare" : "stamped");
	for (;;) {
		one_round(m, count, &s);
		if (s.ns > o->ms * 1e6 / 8)
			break;
		count *= s.ns < o->ms * 1e6 / 64 ? 8 : 2;
	}
	wanted = o->ms * 1e6 / (s.ns / count);
	m->result->count = wanted < cell->depth ? cell->depth : wanted;
}

static void ratios(struct cell_result *r)
{
	const struct result *floor = result_of(r, floor_method.name);
	double values[MAX_ROUNDS];
	unsigned int m, i, nr;

	for (m = 0; m < MAX_METHODS; m++) {
		struct result *one = &r->results[m];
		const struct result *other;

		if (!one->measured)
			continue;
		nr = one->rounds;
		for (i = 0; i < nr; i++)
			values[i] = 1e9 / one->ns[i];
		figure_of(&one->rate, values, nr);
		figure_of(&one->cpu_ns, one->cpu, nr);
		for (i = 0, one->user_ns = 0; i < nr; i++)
			one->user_ns += one->user[i] / nr;
		for (i = 0; floor && i < nr; i++)
			values[i] = floor->ns[i] / one->ns[i];
		if (floor)
			figure_of(&one->floor_share, values, nr);
		other = methods[m]->counterpart ? result_of(r, methods[m]->counterpart) : NULL;
		if (!other)
			continue;
		for (i = 0; i < nr; i++)
			values[i] = other->ns[i] / one->ns[i];
		figure_of(&one->rate_ratio, values, nr);
		for (i = 0; i < nr; i++)
			values[i] = one->cpu[i] > 0 ? other->cpu[i] / one->cpu[i] : 0;
		figure_of(&one->cpu_ratio, values, nr);
	}
}

static unsigned int open_all(struct measured *all, struct cell_result *r, const struct options *o,
			     uint8_t **buffers)
{
	unsigned int i, nr = 0;

	for (i = 0; i < MAX_METHODS; i++) {
		struct measured *m = &all[nr];
		struct result *result = &r->results[i];

		if (!o->methods[i]) {
			snprintf(result->why, sizeof(result->why), "not asked for");
			continue;
		}
		if (methods[i]->one && r->cell.depth > 1) {
			snprintf(result->why, sizeof(result->why), "a call that blocks has depth 1");
			continue;
		}
		*m = (struct measured) {
			.method = methods[i],
			.result = result,
			.run = { .cell = &r->cell, .buffers = buffers },
		};
		if (!methods[i]->open(&m->run, result->why, sizeof(result->why)))
			nr++;
	}
	return nr;
}

void measure_cell(struct cell_result *r, const struct options *o)
{
	struct measured all[MAX_METHODS];
	unsigned int nr, i, round;
	uint8_t **buffers = buffers_new(&r->cell);
	struct sample s;

	nr = open_all(all, r, o, buffers);
	for (i = 0; i < nr; i++)
		warm_up(&all[i], o);
	for (round = 0; round < o->rounds; round++)
		for (i = 0; i < nr; i++) {
			/* Another one begins each round, so that none always follows the same. */
			struct measured *m = &all[(i + round) % nr];
			struct result *result = m->result;
			double count = result->count;

			one_round(m, result->count, &s);
			result->ns[round] = s.ns / count;
			result->cpu[round] = s.cpu / count;
			result->user[round] = s.user / count;
			result->calls = s.calls / count;
			result->rounds = round + 1;
			result->measured = true;
		}
	for (i = 0; i < nr; i++)
		all[i].method->close(&all[i].run);
	buffers_free(&r->cell, buffers);
	ratios(r);
}
