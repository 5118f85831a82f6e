// SPDX-License-Identifier: MIT
/*
 * Isochronous streams: what they cost, round by round, as measure.c does it for transfers.
 *
 * The controller moves packets in real time, so that a stream takes the same time whichever way it
 * goes: what differs is CPU time. Some of that is the emulated controller's. The loop inside the
 * kernel has that and no more, so it is subtracted: what is left is the way's own. Beside that the
 * device touches only the number of each packet, as if hardware moved the rest. In a first run it
 * does move each byte, and each is compared.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>
#include <linux/winusb.h>

#include "isoch.h"

/*
 * Before each round the guest sleeps, so that its host has no reason to take the CPU away in the
 * middle of it, as it does from who takes all of it for a second.
 */
#define REST_US 60000

/* Until then the thread that soaks up idle time has had so much that it preempts nobody. */
#define SETTLE_US 30000

static double request_ns;	/* how long a request takes here */

struct isoch_result {
	bool measured;
	char why[160];				/* if not measured */
	unsigned int rounds;
	double cpu[MAX_ROUNDS];			/* ns of all CPUs, of a request */
	double switches[MAX_ROUNDS];		/* of the program, of a request */
	unsigned int latencies;			/* rounds that lost nothing */
	double latency[MAX_ROUNDS];		/* ns, the median of such a round */
	double late[MAX_ROUNDS];		/* ns, its 99th percentile */
	uint64_t packets, lost;
	/* Of a second, per cent */
	struct figure cpu_share, path_share;
	/* Round by round, as a multiple of usbfs' and of the counterpart's */
	struct figure cpu_ratio, path_ratio, other_ratio;
	struct figure switched, latency_ns, late_ns;
};

/* By both clocks */
struct moment {
	uint64_t ticks, ns;
};

struct stream {
	const struct isoch_way *way;
	bool in;
	bool verify;
	uint8_t *requests[ISOCH_REQUESTS];
	unsigned int count, done;
	uint64_t *times;			/* ticks() when each request came back */
	struct moment begin, end;		/* the first and the last of it */
	uint32_t next;				/* number of a packet */
	bool begun;				/* IN: that is known */
	uint64_t lost;				/* IN: numbers left out */
	char why[128];				/* wrong data, if there are some */
};

/* What the device has counted */
struct counted {
	unsigned long long in, good, missing, bad, in_gaps, out_gaps, in_ns, out_ns;
};

static void device_counted(bool winusb, struct counted *c)
{
	const char *role = winusb ? "winusb" : "usbfs";
	char text[1024], *line;

	if (file_read(DEBUGFS "isoch", text, sizeof(text)) <= 0)
		fail("cannot read " DEBUGFS "isoch");
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, role, strlen(role)) &&
		    sscanf(line + strlen(role), " in=%llu good=%llu missing=%llu bad=%llu "
			   "in_gaps=%llu out_gaps=%llu in_ns=%llu out_ns=%llu", &c->in, &c->good,
			   &c->missing, &c->bad, &c->in_gaps, &c->out_gaps, &c->in_ns,
			   &c->out_ns) == 8)
			return;
	fail(DEBUGFS "isoch has no line of this form for %s", role);
}

static void device_mode(const char *mode)
{
	if (file_write(DEBUGFS "isoch", "reset") || file_write(DEBUGFS "data", mode))
		fail("cannot write " DEBUGFS "isoch and data");
}

static void device_pace(unsigned int pace)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", pace);
	if (file_write(DEBUGFS "pace", text))
		fail("cannot write " DEBUGFS "pace");
	request_ns = ISOCH_REQUEST_NS / pace;
}

/* Endpoints of both devices */
static void settings(const struct target *t, uint8_t setting)
{
	struct winusb_set_alternate_setting arg = {
		.size = sizeof(arg),
		.handle = winusb_handle(),
		.setting = setting,
	};
	struct usbdevfs_setinterface other = { .interface = 0, .altsetting = setting };

	if (ioctl(winusb_fd(), WINUSB_IOC_SET_ALTERNATE_SETTING, &arg) ||
	    ioctl(usbfs_fd(), USBDEVFS_SETINTERFACE, &other))
		fail("no alternate setting %u on %s or %s: %s", setting, t->winusb.name,
		     t->usbfs.name, strerror(errno));
}

static bool is_filled(const uint8_t *data, uint8_t byte)
{
	unsigned int i;

	for (i = sizeof(uint32_t); i < ISOCH_PACKET; i++)
		if (data[i] != byte)
			return false;
	return true;
}

static void take_in(struct stream *s, const uint8_t *data)
{
	uint32_t number;

	memcpy(&number, data, sizeof(number));
	if (s->begun && (int32_t)(number - s->next) < 0)
		snprintf(s->why, sizeof(s->why), "packet %u after %u", number, s->next - 1);
	else if (s->begun)
		s->lost += number - s->next;
	if (s->verify && !is_filled(data, number))
		snprintf(s->why, sizeof(s->why), "wrong bytes in packet %u", number);
	s->next = number + 1;
	s->begun = true;
}

/* A request is back; and what the program does with its packets, the same for all ways. */
static void take(struct stream *s, unsigned int slot)
{
	struct isoch_packet packet;
	unsigned int i;

	for (i = 0; i < ISOCH_PACKETS; i++) {
		packet = s->way->packet(slot, i);
		if (!packet.good || packet.length != ISOCH_PACKET)
			snprintf(s->why, sizeof(s->why), "packet %u of request %u moved %u bytes%s", i,
				 s->done, packet.length, packet.good ? "" : ", with an error");
		else if (s->in)
			take_in(s, s->requests[slot] + i * ISOCH_PACKET);
	}
}

static void prepare(struct stream *s, unsigned int slot)
{
	uint8_t *data = s->requests[slot];
	unsigned int i;

	for (i = 0; !s->in && i < ISOCH_PACKETS; i++, data += ISOCH_PACKET) {
		if (s->verify)
			memset(data, s->next, ISOCH_PACKET);
		memcpy(data, &s->next, sizeof(s->next));
		s->next++;
	}
}

/*
 * Time that costs nothing: User Mode Linux makes a system call to tell it otherwise, which is a
 * good part of what a request costs, whichever way it goes.
 */
static uint64_t ticks(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	return now_ns();
#endif
}

static struct moment moment(void)
{
	return (struct moment) { ticks(), now_ns() };
}

static double ns_of(const struct stream *s, uint64_t time)
{
	return s->begin.ns + (double)(time - s->begin.ticks) * (s->end.ns - s->begin.ns) /
	       (s->end.ticks - s->begin.ticks);
}

static int stream_go(struct stream *s)
{
	unsigned int slots[ISOCH_REQUESTS], submitted, nr = 0;
	int i, got, result;
	uint64_t now;

	for (submitted = 0; submitted < ISOCH_REQUESTS && submitted < s->count; submitted++) {
		prepare(s, submitted);
		slots[submitted] = submitted;
	}
	result = s->way->submit(slots, submitted);
	while (!result && s->done < s->count) {
		got = s->way->wait(slots);
		if (got < 0)
			return got;
		now = ticks();
		for (i = 0, nr = 0; i < got; i++) {
			s->times[s->done] = now;
			take(s, slots[i]);
			s->done++;
			if (submitted == s->count)
				continue;
			prepare(s, slots[i]);
			slots[nr++] = slots[i];
			submitted++;
		}
		if (nr)
			result = s->way->submit(slots, nr);
	}
	return result;
}

/* The same by the loop inside the kernel, which measures itself, without its preparations */
static int kernel_go(const struct target *t, bool in, unsigned int count, uint64_t *ns,
		     uint64_t *idle)
{
	unsigned long long told_ns;
	long long idle_us;
	char text[128];
	int result;

	snprintf(text, sizeof(text), "%u %u 0x%02x %u %u %u 0", t->usbfs.bus, t->usbfs.number,
		 in ? ISOCH_IN : ISOCH_OUT, ISOCH_REQUEST, ISOCH_REQUESTS, count);
	result = file_write(DEBUGFS "floor", text);
	if (!result)
		result = file_read(DEBUGFS "floor", text, sizeof(text));
	if (result < 0)
		return result;
	if (sscanf(text, "%*u %llu %*u %lld", &told_ns, &idle_us) != 2 || idle_us < 0)
		return -EBADMSG;
	*ns = told_ns;
	*idle = idle_us * 1000;
	return 0;
}

static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* From the end of the last packet of each request to the program */
static void latencies(const struct stream *s, uint64_t first, double *median, double *late)
{
	double *values = calloc(s->count, sizeof(*values));
	unsigned int i;

	for (i = 0; i < s->count; i++)
		values[i] = ns_of(s, s->times[i]) - (first + (i + 1) * request_ns);
	qsort(values, s->count, sizeof(*values), by_value);
	*median = values[s->count / 2];
	*late = values[(s->count - 1) * 99 / 100];
	free(values);
}

static void broken(const struct stream *s, int error, const char *why)
{
	fail("%s, isochronous %s: %s%s%s", s->way->title, s->in ? "IN" : "OUT",
	     error ? strerror(-error) : "", error && *why ? "; " : "", why);
}

/*
 * What the program missed must be what it had no request for, and nothing else. How much that is
 * tells of the machine, too: it is told, not judged.
 */
static uint64_t check(struct stream *s, const struct counted *c)
{
	uint64_t packets = (uint64_t)s->count * ISOCH_PACKETS;

	if (!s->in)
		s->lost = c->out_gaps;
	if (!*s->why && s->in && (c->in != packets || s->lost != c->in_gaps))
		snprintf(s->why, sizeof(s->why), "the device sent %llu of %llu packets in order, and "
			 "%llu were missed in gaps of %llu", c->in, (unsigned long long)packets,
			 (unsigned long long)s->lost, c->in_gaps);
	if (!*s->why && !s->in && (c->good != packets || c->missing || c->bad))
		snprintf(s->why, sizeof(s->why), "the device got %llu of %llu packets; %llu missing, "
			 "%llu wrong", c->good, (unsigned long long)packets, c->missing, c->bad);
	if (*s->why)
		broken(s, 0, s->why);
	return s->lost;
}

/* The kernel knows how long it was idle if it stops its tick for that, see bench_idle.c. */
static bool must_soak(void)
{
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return tick.tv_sec || tick.tv_nsec > ISOCH_REQUEST_NS / 2;
}

static void one_round(const struct target *t, struct stream *s, struct isoch_result *r,
		      unsigned int round)
{
	uint64_t idle, idle_end, ns = 0;
	struct counted counted;
	long switched;
	int result;

	device_mode(s->verify ? "checked" : "bare");
	usleep(REST_US);
	if (must_soak()) {
		soak(true);
		usleep(SETTLE_US);
	}
	if (!idle_ns(&idle))
		fail("cannot read how long the CPUs were idle");
	s->begin = moment();
	switched = switches();
	result = s->way->open ? stream_go(s) : kernel_go(t, s->in, s->count, &ns, &idle);
	switched = switches() - switched;
	s->end = moment();
	idle_ns(&idle_end);
	if (s->way->open) {
		ns = s->end.ns - s->begin.ns;
		idle = idle_end - idle;
	}
	if (must_soak())
		soak(false);
	if (result || *s->why)
		broken(s, result, s->why);
	ns *= sysconf(_SC_NPROCESSORS_ONLN);
	r->cpu[round] = idle < ns ? (double)(ns - idle) / s->count : 0;
	r->switches[round] = (double)switched / s->count;
	device_counted(s->way->winusb, &counted);
	if (!s->way->open)
		s->lost = s->in ? counted.in_gaps : counted.out_gaps;
	else
		check(s, &counted);
	if (s->verify)
		return;
	if (s->way->open && !s->lost) {
		latencies(s, s->in ? counted.in_ns : counted.out_ns, &r->latency[r->latencies],
			  &r->late[r->latencies]);
		r->latencies++;
	}
	if (s->lost)
		note("%s, isochronous %s, round %u: %llu packets lost", s->way->title,
		     s->in ? "IN" : "OUT", round + 1, (unsigned long long)s->lost);
	r->lost += s->lost;
	r->packets += (uint64_t)s->count * ISOCH_PACKETS;
	r->rounds = round + 1;
}

/* Not a round has to map pages: in User Mode Linux that costs more than all else. */
static void touch(const struct stream *s)
{
	unsigned int i, at;

	for (i = 0; i < ISOCH_REQUESTS; i++)
		for (at = 0; at < ISOCH_REQUEST; at += 1024)
			*(volatile uint8_t *)(s->requests[i] + at) = 0;
}

static void measure_way(const struct target *t, const struct isoch_way *way, bool in, bool verify,
			const struct options *o, struct isoch_result *r, unsigned int round)
{
	struct stream s = { .way = way, .in = in, .verify = verify };

	if (!verify && !r->measured)
		return;
	s.count = verify ? 2 * ISOCH_REQUESTS + 3 : o->ms * 1e6 / request_ns;
	s.times = calloc(s.count, sizeof(*s.times));
	r->measured = !way->open || !way->open(way, in, s.requests, r->why, sizeof(r->why));
	if (r->measured && way->open)
		touch(&s);
	if (r->measured)
		one_round(t, &s, r, round);
	if (r->measured && way->open)
		way->close();
	free(s.times);
}

static const struct isoch_result *result_named(const struct isoch_result *all, const char *name)
{
	unsigned int i;

	for (i = 0; i < MAX_ISOCH_WAYS; i++)
		if (!strcmp(isoch_ways[i].name, name) && all[i].rounds)
			return &all[i];
	return NULL;
}

static void shares(struct figure *figure, const struct isoch_result *r,
		   const struct isoch_result *floor)
{
	double values[MAX_ROUNDS];
	unsigned int i;

	for (i = 0; i < r->rounds; i++)
		values[i] = (r->cpu[i] - (floor ? floor->cpu[i] : 0)) / ISOCH_REQUEST_NS * 100;
	figure_of(figure, values, r->rounds);
}

static void ratios(struct figure *figure, const struct isoch_result *r,
		   const struct isoch_result *other, const struct isoch_result *floor)
{
	double values[MAX_ROUNDS], less;
	unsigned int i;

	if (!other)
		return;
	for (i = 0; i < r->rounds; i++) {
		less = floor ? floor->cpu[i] : 0;
		values[i] = (r->cpu[i] - less) / (other->cpu[i] - less);
	}
	figure_of(figure, values, r->rounds);
}

static void figures(struct isoch_result *all)
{
	const struct isoch_result *usbfs = result_named(all, "usbfs");
	const struct isoch_result *floor = result_named(all, "kernel");
	unsigned int i;

	for (i = 0; i < MAX_ISOCH_WAYS; i++) {
		const struct isoch_way *way = &isoch_ways[i];
		struct isoch_result *r = &all[i];

		if (!r->rounds)
			continue;
		shares(&r->cpu_share, r, NULL);
		figure_of(&r->switched, r->switches, r->rounds);
		if (!way->open)
			continue;
		shares(&r->path_share, r, floor);
		ratios(&r->cpu_ratio, r, usbfs, NULL);
		ratios(&r->path_ratio, r, usbfs, floor);
		if (way->counterpart)
			ratios(&r->other_ratio, r, result_named(all, way->counterpart), floor);
		if (r->latencies) {
			figure_of(&r->latency_ns, r->latency, r->latencies);
			figure_of(&r->late_ns, r->late, r->latencies);
		}
	}
}

static double spread(const struct figure *f)
{
	return (f->q3 - f->q1) / 2;
}

static void print_way(const struct isoch_way *way, const struct isoch_result *r)
{
	if (!r->rounds) {
		printf("  %-26s left out: %s\n", way->title, r->why);
		return;
	}
	printf("  %-26s %6.2f ±%4.2f", way->title, r->cpu_share.median, spread(&r->cpu_share));
	if (way->open)
		printf(" %6.2f ±%4.2f %5.2f ±%4.2f %5.2f ±%4.2f", r->path_share.median,
		       spread(&r->path_share), r->cpu_ratio.median, spread(&r->cpu_ratio),
		       r->path_ratio.median, spread(&r->path_ratio));
	else
		printf(" %36s", "");
	if (way->counterpart && r->other_ratio.median)
		printf(" %5.2f ±%4.2f", r->other_ratio.median, spread(&r->other_ratio));
	else
		printf(" %11s", "");
	if (way->open)
		printf(" %6.2f %7.0f %7.0f", r->switched.median, r->latency_ns.median / 1e3,
		       r->late_ns.median / 1e3);
	else
		printf(" %6s %7s %7s", "", "", "");
	printf(" %5llu of %llu\n", (unsigned long long)r->lost, (unsigned long long)r->packets);
}

static void print_table(const struct isoch_result *all, bool in, uint32_t pace,
			const struct options *o)
{
	unsigned int i;

	printf("\nIsochronous %s, %d requests of %d packets of %d bytes, %u rounds of %.0f ms",
	       in ? "IN" : "OUT", ISOCH_REQUESTS, ISOCH_PACKETS, ISOCH_PACKET, o->rounds, o->ms);
	if (pace > 1)
		printf(", %u times as fast;\nCPU is of the time that requests would take in real time",
		       pace);
	printf("\n\n");
	printf("  %-26s %12s %12s %11s %11s %11s %6s %7s %7s %s\n", "", "CPU %", "own CPU %",
	       "CPU/usbfs", "own/usbfs", "own/mmap", "sleeps", "late us", "99%", "lost");
	for (i = 0; i < MAX_ISOCH_WAYS; i++)
		print_way(&isoch_ways[i], &all[i]);
}

static void write_way(const struct isoch_way *way, const struct isoch_result *r, FILE *out)
{
	fprintf(out, "    {");
	json_key("way", way->name, out);
	if (!r->rounds) {
		fprintf(out, ", ");
		json_key("left_out", r->why, out);
		fprintf(out, "}");
		return;
	}
	json_figure("cpu_percent", &r->cpu_share, out);
	fprintf(out, ", \"packets\": %llu, \"packets_lost\": %llu",
		(unsigned long long)r->packets, (unsigned long long)r->lost);
	if (way->open) {
		json_figure("own_cpu_percent", &r->path_share, out);
		json_figure("cpu_ratio", &r->cpu_ratio, out);
		json_figure("own_cpu_ratio", &r->path_ratio, out);
		json_figure("switches_per_request", &r->switched, out);
		if (way->counterpart && r->other_ratio.median) {
			fprintf(out, ", ");
			json_key("counterpart", way->counterpart, out);
			json_figure("own_cpu_ratio_to_it", &r->other_ratio, out);
		}
		if (r->latencies) {
			json_figure("latency_ns", &r->latency_ns, out);
			json_figure("latency_p99_ns", &r->late_ns, out);
		}
	}
	fprintf(out, "}");
}

static void write_direction(const struct isoch_result *all, bool in, uint32_t pace, FILE *out)
{
	unsigned int i;

	fprintf(out, "  {\"direction\": \"%s\", \"pace\": %u, \"results\": [\n",
		in ? "in" : "out", pace);
	for (i = 0; i < MAX_ISOCH_WAYS; i++) {
		write_way(&isoch_ways[i], &all[i], out);
		fprintf(out, i + 1 < MAX_ISOCH_WAYS ? ",\n" : "\n  ]}");
	}
}

static struct isoch_result results[ARRAY_SIZE(((struct options *)0)->paces)][2][MAX_ISOCH_WAYS];

static void measure_direction(const struct target *t, bool in, const struct options *o,
			      struct isoch_result *all)
{
	unsigned int i, round, way;

	for (i = 0; i < MAX_ISOCH_WAYS; i++)
		measure_way(t, &isoch_ways[i], in, true, o, &all[i], 0);
	for (round = 0; round < o->rounds; round++)
		for (i = 0; i < MAX_ISOCH_WAYS; i++) {
			way = (i + round) % MAX_ISOCH_WAYS;
			measure_way(t, &isoch_ways[way], in, false, o, &all[way], round);
		}
	figures(all);
}

void isoch_measure(const struct target *t, const struct options *o)
{
	unsigned int i;

	settings(t, 1);
	for (i = 0; i < o->nr_paces; i++) {
		device_pace(o->paces[i]);
		if (o->in)
			measure_direction(t, true, o, results[i][true]);
		if (o->out)
			measure_direction(t, false, o, results[i][false]);
	}
	device_pace(1);
	settings(t, 0);
}

void isoch_print(const struct options *o)
{
	unsigned int i;

	for (i = 0; i < o->nr_paces; i++) {
		if (o->in)
			print_table(results[i][true], true, o->paces[i], o);
		if (o->out)
			print_table(results[i][false], false, o->paces[i], o);
	}
}

void isoch_json(const struct options *o, FILE *out)
{
	const char *before = "";
	unsigned int i;

	fprintf(out, "  \"streams\": [\n");
	for (i = 0; i < o->nr_paces; i++) {
		if (o->in) {
			fprintf(out, "%s", before);
			write_direction(results[i][true], true, o->paces[i], out);
			before = ",\n";
		}
		if (o->out) {
			fprintf(out, "%s", before);
			write_direction(results[i][false], false, o->paces[i], out);
			before = ",\n";
		}
	}
	fprintf(out, "\n  ]\n");
}
