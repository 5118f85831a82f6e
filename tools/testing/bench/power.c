// SPDX-License-Identifier: MIT
/*
 * winusb-bench-power: a device that sleeps while a program waits for its data, by winusb and by
 * usbfs. The device is the gadget of the selftests, on dummy_hcd, the same for both, and so are
 * power/control and the delay. They take turns, round by round.
 *
 * A round has two parts. At first the program waits for data that does not come: how much of that
 * time is the device suspended? Then the device has data again and again, each time after so long
 * that it could be asleep: how long does it take from the signal to the data in the program?
 * Each byte is compared.
 */
#include <argp.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>

#include "../selftests/async.h"
#include "../selftests/sleeper.h"
#include "../selftests/sysfs.h"
#include "../selftests/test.h"

enum { MAX_ROUNDS = 101, LENGTH = 64, READ = 512 };

/* What the selftests' files want of their harness. */

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "winusb-bench-power: error: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, " (%s:%d)\n", file, line);
	va_end(args);
	exit(1);
}

static void __attribute__((noreturn)) fail_with(const char *format, va_list args)
{
	fprintf(stderr, "winusb-bench-power: error: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	exit(1);
}

void test_skip_all(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_with(format, args);
}

void test_bail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_with(format, args);
}

unsigned int test_scale(void)
{
	return 4;
}

void test_sleep_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

uint64_t test_now_ms(void)
{
	return now_ms();
}

const char *test_errno(int result)
{
	return strerror(-result);
}

/* Two ways to wait for data */

struct way {
	const char *name;
	const char *title;
	bool sleeps;	/* a program of this way lets the device sleep */
	void (*open)(void);
	void (*start)(void);
	/* Waits for the end of what was started; gives the bytes. */
	uint32_t (*wait)(void);
	void (*close)(void);
};

static int fd;
static uint32_t handle;
static uint8_t data[READ];
static struct usbdevfs_urb urb;
static unsigned int delay = 20;	/* ms, SUSPEND_DELAY and power/autosuspend_delay_ms */

static void winusb_open(void)
{
	CHECK_OK(interface_bind(gadget_interface(), "winusb"));
	if (!wait_for_path(node_path(gadget_interface()), true, 10))
		FAIL("%s has no node", gadget_interface());
	fd = node_open(gadget_interface(), O_RDWR);
	CHECK_OK(fd);
	CHECK_OK(node_initialize(fd, &handle));
	CHECK_OK(power_set(fd, handle, WINUSB_POWER_AUTO_SUSPEND, 1));
	CHECK_OK(power_set(fd, handle, WINUSB_POWER_SUSPEND_DELAY, delay));
}

static void winusb_start(void)
{
	CHECK_OK(async_start(fd, handle, gadget_address(GADGET_IN), data, READ, 1));
}

static uint32_t winusb_wait(void)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	struct winusb_completion record;

	CHECK_EQ(poll(&poll_fd, 1, 60000), 1);
	CHECK_EQ(read(fd, &record, sizeof(record)), sizeof(record));
	CHECK_OK(record.status);
	return record.length;
}

static void winusb_close(void)
{
	close(fd);
	CHECK_OK(interface_unbind(gadget_interface()));
}

static void usbfs_open(void)
{
	char path[64], text[16];
	unsigned int interface = 0;

	/* What winusb does for its device, here by the administrator. */
	snprintf(text, sizeof(text), "%u", delay);
	power_write("autosuspend_delay_ms", text);
	power_write("control", "auto");
	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", gadget_number("busnum"),
		 gadget_number("devnum"));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		FAIL("%s: %s", path, strerror(errno));
	CHECK_EQ(ioctl(fd, USBDEVFS_CLAIMINTERFACE, &interface), 0);
}

static void usbfs_start(void)
{
	urb = (struct usbdevfs_urb) {
		.type = USBDEVFS_URB_TYPE_BULK, .endpoint = gadget_address(GADGET_IN),
		.buffer = data, .buffer_length = READ,
	};
	CHECK_EQ(ioctl(fd, USBDEVFS_SUBMITURB, &urb), 0);
}

static uint32_t usbfs_wait(void)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	struct usbdevfs_urb *done;

	CHECK_EQ(poll(&poll_fd, 1, 60000), 1);
	CHECK_EQ(ioctl(fd, USBDEVFS_REAPURBNDELAY, &done), 0);
	CHECK_OK(done->status);
	return done->actual_length;
}

static void usbfs_close(void)
{
	close(fd);
}

enum { WINUSB, USBFS, WAYS };

static const struct way ways[WAYS] = {
	{ "winusb", "winusb, TRANSFER_ASYNC and a record", true, winusb_open, winusb_start,
	  winusb_wait, winusb_close },
	{ "usbfs", "usbfs, SUBMITURB and REAPURB", false, usbfs_open, usbfs_start, usbfs_wait,
	  usbfs_close },
};

/* Measuring */

struct result {
	unsigned int rounds, events, slept;
	double share[MAX_ROUNDS];	/* of the time that the program waited */
	double median[MAX_ROUNDS];	/* ms from the signal to the data */
	double resume[MAX_ROUNDS];	/* ms of it until the device saw the bus active */
	double *latencies;		/* of all rounds */
	uint64_t bytes, lost;
};

struct figure {
	double median, q1, q3;
};

static unsigned int rounds = 5, events = 200, wait_ms = 3000;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double quantile(const double *values, unsigned int count, double q)
{
	double *sorted = malloc(count * sizeof(*sorted)), value;

	CHECK(sorted && count);
	memcpy(sorted, values, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_value);
	value = sorted[(unsigned int)(q * (count - 1) + 0.5)];
	free(sorted);
	return value;
}

static struct figure figure_of(const double *values, unsigned int count)
{
	return (struct figure) { quantile(values, count, 0.5), quantile(values, count, 0.25),
				 quantile(values, count, 0.75) };
}

static uint64_t place;

/* Compares what came with what the device has handed out. */
static void take(struct result *result, uint32_t length)
{
	size_t good = gadget_compare(GADGET_IN, 0, place, data, length);

	result->bytes += LENGTH;
	result->lost += good < LENGTH ? LENGTH - good : 0;
	if (good != LENGTH || length != LENGTH)
		fprintf(stderr, "winusb-bench-power: %u bytes came, %zu are right, of %u\n",
			length, good, LENGTH);
	place += LENGTH;
}

static double measure_share(const struct way *way, struct result *result)
{
	uint64_t asleep;
	double start;

	way->start();
	asleep = power_suspended_ms();
	start = now_ms();
	usleep(wait_ms * 1000);
	asleep = power_suspended_ms() - asleep;
	start = now_ms() - start;
	gadget_give(GADGET_IN, LENGTH);
	gadget_wake();
	take(result, way->wait());
	return asleep / start;
}

/* One event: the device has data, and says so if it is asleep. */
static void measure_event(const struct way *way, struct result *result, double *latency,
			  double *resume)
{
	unsigned int before;
	double start;

	way->start();
	/* So long that it could be asleep. */
	usleep((delay + 30) * 1000);
	if (way->sleeps)
		power_wait_suspended();
	before = gadget_resumes();
	gadget_give(GADGET_IN, LENGTH);
	start = now_ms();
	if (way->sleeps)
		gadget_wake();
	take(result, way->wait());
	*latency = now_ms() - start;
	*resume = way->sleeps ? gadget_resumed_ms() - start : 0;
	result->slept += gadget_resumes() != before;
}

static void measure_round(const struct way *way, struct result *result)
{
	double *resumes = malloc(events * sizeof(*resumes));
	double *latencies = result->latencies + result->events;
	unsigned int i;

	CHECK(resumes);
	way->open();
	result->share[result->rounds] = measure_share(way, result);
	for (i = 0; i < events; i++)
		measure_event(way, result, &latencies[i], &resumes[i]);
	way->close();
	result->median[result->rounds] = quantile(latencies, events, 0.5);
	result->resume[result->rounds] = quantile(resumes, events, 0.5);
	result->events += events;
	result->rounds++;
	free(resumes);
}

/* Telling */

static void print_figure(const char *key, struct figure figure, FILE *out)
{
	fprintf(out, ", \"%s\": {\"median\": %.6g, \"q1\": %.6g, \"q3\": %.6g}", key, figure.median,
		figure.q1, figure.q3);
}

static struct figure ratio(const struct result *results)
{
	double values[MAX_ROUNDS];
	unsigned int i;

	for (i = 0; i < rounds; i++)
		values[i] = results[WINUSB].median[i] / results[USBFS].median[i];
	return figure_of(values, rounds);
}

static void print_json(const struct result *results, const char *machine, FILE *out)
{
	struct utsname name;
	unsigned int i;

	uname(&name);
	fprintf(out, "{\"kernel\": \"%s\", \"machine\": \"%s\", \"delay_ms\": %u, \"results\": [",
		name.release, machine, delay);
	for (i = 0; i < WAYS; i++) {
		const struct result *r = &results[i];

		fprintf(out, "%s{\"way\": \"%s\", \"rounds\": %u", i ? ", " : "",
			ways[i].name, r->rounds);
		fprintf(out, ", \"events\": %u, \"wakes\": %u", r->events, r->slept);
		fprintf(out, ", \"bytes\": %llu, \"bytes_lost\": %llu",
			(unsigned long long)r->bytes, (unsigned long long)r->lost);
		print_figure("suspended_share", figure_of(r->share, r->rounds), out);
		print_figure("latency_ms", figure_of(r->median, r->rounds), out);
		fprintf(out, ", \"latency_p99_ms\": %.6g",
			quantile(r->latencies, r->events, 0.99));
		print_figure("bus_resume_ms", figure_of(r->resume, r->rounds), out);
		fprintf(out, "}");
	}
	fprintf(out, "]");
	print_figure("latency_ratio", ratio(results), out);
	fprintf(out, "}\n");
}

static void print_row(const char *what, const char *form, struct figure a, struct figure b)
{
	char text[2][64];

	snprintf(text[0], sizeof(text[0]), form, a.median, (a.q3 - a.q1) / 2);
	snprintf(text[1], sizeof(text[1]), form, b.median, (b.q3 - b.q1) / 2);
	printf("%-44s %20s %20s\n", what, text[0], text[1]);
}

static void print_table(const struct result *results)
{
	const struct result *w = &results[WINUSB], *u = &results[USBFS];
	struct figure r = ratio(results);
	struct utsname name;

	uname(&name);
	printf("\nLinux %s, gadget on dummy_hcd, delay %u ms, %u rounds of %u events\n\n",
	       name.release, delay, rounds, events);
	printf("%-44s %20s %20s\n", "A program waits for data", ways[WINUSB].name,
	       ways[USBFS].name);
	print_row("time suspended, share", "%.3f ±%.3f", figure_of(w->share, w->rounds),
		  figure_of(u->share, u->rounds));
	print_row("signal to data, ms", "%.2f ±%.2f", figure_of(w->median, w->rounds),
		  figure_of(u->median, u->rounds));
	printf("%-44s %20.2f %20.2f\n", "  99th percentile",
	       quantile(w->latencies, w->events, 0.99), quantile(u->latencies, u->events, 0.99));
	print_row("  of that until the bus is active, ms", "%.2f ±%.2f",
		  figure_of(w->resume, w->rounds), figure_of(u->resume, u->rounds));
	printf("%-44s %20u %20u\n", "times asleep and awake", w->slept, u->slept);
	printf("%-44s %20llu %20llu\n", "bytes", (unsigned long long)w->bytes,
	       (unsigned long long)u->bytes);
	printf("%-44s %20llu %20llu\n", "  lost", (unsigned long long)w->lost,
	       (unsigned long long)u->lost);
	printf("\nsignal to data, winusb / usbfs: %.1f ±%.1f\n", r.median, (r.q3 - r.q1) / 2);
}

static const char *json, *machine = "unknown";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)state;
	switch (key) {
	case 'r':
		rounds = strtoul(arg, NULL, 0);
		break;
	case 'e':
		events = strtoul(arg, NULL, 0);
		break;
	case 'w':
		wait_ms = strtoul(arg, NULL, 0);
		break;
	case 'd':
		delay = strtoul(arg, NULL, 0);
		break;
	case 'q':
		rounds = 2;
		events = 5;
		wait_ms = 500;
		break;
	case 'j':
		json = arg;
		break;
	case 'm':
		machine = arg;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_option options[] = {
	{ "rounds", 'r', "N", 0, "Rounds in which the two take turns (5)", 0 },
	{ "events", 'e', "N", 0, "How often the device has data, in each round (200)", 0 },
	{ "wait", 'w', "MS", 0, "How long the program waits for nothing, in each round (3000)", 0 },
	{ "delay", 'd', "MS", 0, "After how long an idle device is suspended (20)", 0 },
	{ "quick", 'q', NULL, 0, "A short run, which shows that the program works", 0 },
	{ "json", 'j', "FILE", 0, "Write the figures there, too", 0 },
	{ "machine", 'm', "TEXT", 0, "What the machine is, for the JSON", 0 },
	{ 0 },
};

int main(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, NULL,
		"Measures how a device sleeps while a program waits for its data, by winusb and by "
		"usbfs. Run it as root in a guest: scripts/bench --power.", NULL, NULL, NULL,
	};
	struct result results[WAYS] = { 0 };
	unsigned int i, k;
	FILE *out;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (!rounds || rounds > MAX_ROUNDS || !events)
		FAIL("1 to %d rounds, and at least one event", MAX_ROUNDS);
	sleeper_setup();
	sleeper_plug(0, "DeviceIdleEnabled=1");
	CHECK_OK(interface_unbind(gadget_interface()));
	for (k = 0; k < WAYS; k++) {
		results[k].latencies = calloc(rounds * events, sizeof(double));
		CHECK(results[k].latencies);
	}
	for (i = 0; i < rounds; i++)
		for (k = 0; k < WAYS; k++)
			measure_round(&ways[(i + k) % WAYS], &results[(i + k) % WAYS]);
	print_table(results);
	out = json ? fopen(json, "w") : NULL;
	if (json && !out)
		FAIL("%s: %s", json, strerror(errno));
	if (out) {
		print_json(results, machine, out);
		fclose(out);
	}
	gadget_remove();
	return results[WINUSB].lost || results[USBFS].lost;
}
