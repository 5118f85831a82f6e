// SPDX-License-Identifier: MIT
/*
 * The iso board on a real kernel: streams in both directions at every speed
 * and interval, packets that fail, transfers that are unlinked, and an unplug
 * in the middle.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "check.h"
#include "iso.h"
#include "usbfs.h"

#define DEPTH	8

/**
 * struct flow - one endpoint in use
 * @packets: in a transfer
 * @left: transfers to be submitted
 * @sent: OUT: counter of the next packet; @counter: IN: expected next
 * @frame: IN: of the last packet; @step is from one to the next
 * @restarts: times that it was more than that
 * @bad: packets that were not as they should be
 */
struct flow {
	uint8_t ep;
	unsigned int size;
	unsigned int packets;
	unsigned int step;
	unsigned int left;
	uint32_t sent;
	uint32_t counter;
	uint32_t frame;
	unsigned int done;
	unsigned int restarts;
	unsigned int bad;
};

static int set_setting(int fd, unsigned int alt)
{
	struct usbdevfs_setinterface setting = { 0, alt };

	return ioctl(fd, USBDEVFS_SETINTERFACE, &setting) ? -errno : 0;
}

static struct iso_stats get_stats(int fd)
{
	struct iso_stats s = { 0 };

	if (usbfs_control(fd, 0xc0, ISO_GET_STATS, &s, sizeof(s)) != sizeof(s))
		ok(false, "iso: statistics");
	return s;
}

static void submit_one(int fd, struct flow *f)
{
	uint8_t *data = calloc(f->packets, f->size);
	unsigned int i;

	for (i = 0; data && !(f->ep & 0x80) && i < f->packets; i++)
		iso_fill(data + i * f->size, f->size, f->sent++, 0);
	usbfs_submit_iso(fd, f->ep, data, f->packets, f->size);
	f->left--;
}

static void check_in(struct flow *f, const struct usbdevfs_urb *urb)
{
	const uint8_t *data = urb->buffer;
	struct iso_header h;
	unsigned int i;

	for (i = 0; i < f->packets; i++, data += f->size) {
		if (urb->iso_frame_desc[i].actual_length != f->size ||
		    !iso_check(data, f->size, &h) || h.counter != f->counter++) {
			f->bad++;
			continue;
		}
		if ((i || f->done) && h.frame != f->frame + f->step) {
			f->restarts++;
			f->bad += i || (int32_t)(h.frame - f->frame) < (int)f->step;
		}
		f->frame = h.frame;
	}
}

static void finish_one(struct flow *f, struct usbdevfs_urb *urb)
{
	unsigned int i;

	for (i = 0; i < f->packets; i++)
		f->bad += urb->iso_frame_desc[i].status != 0;
	f->bad += urb->status || urb->error_count;
	if (f->ep & 0x80)
		check_in(f, urb);
	f->done++;
	free(urb->buffer);
	free(urb);
}

/* All flows at once, DEPTH transfers of each in flight; true: all came. */
static bool run(int fd, struct flow *flows, unsigned int count)
{
	unsigned int i, flying = 0;
	struct usbdevfs_urb *urb;

	for (i = 0; i < count * DEPTH; i++) {
		if (flows[i % count].left) {
			submit_one(fd, &flows[i % count]);
			flying++;
		}
	}
	for (; flying; flying--) {
		urb = usbfs_reap(fd);
		if (!urb)
			return false;
		for (i = 0; flows[i].ep != urb->endpoint; i++)
			;
		finish_one(&flows[i], urb);
		if (flows[i].left) {
			submit_one(fd, &flows[i]);
			flying++;
		}
	}
	return true;
}

/* @ms: of one transfer */
static void check_both(int fd, unsigned int alt, unsigned int in, unsigned int out,
		       unsigned int packets, unsigned int step, unsigned int ms)
{
	struct flow flows[] = {
		{ .ep = ISO_IN, .size = in, .packets = packets, .step = step, .left = 40 },
		{ .ep = ISO_OUT, .size = out, .packets = packets, .left = 40 },
	};
	int64_t start = usbfs_now_ms(), took;
	struct iso_stats s;
	bool all;

	set_setting(fd, alt);
	all = run(fd, flows, out ? 2 : 1);
	took = usbfs_now_ms() - start;
	ok(all && !flows[0].bad && flows[0].counter == 40 * packets,
	   "iso: setting %u: %u packets of %u bytes in", alt, 40 * packets, in);
	ok(took >= 39 * ms, "iso: setting %u: not faster than the bus", alt);
	printf("# took %lld ms of %u, the stream began %u times again\n",
	       (long long)took, 40 * ms, flows[0].restarts);
	if (!out)
		return;
	s = get_stats(fd);
	ok(all && !flows[1].bad && s.good == 40 * packets && !s.bad && !s.gaps &&
	   !s.duplicates && !s.first && s.bytes == 40ull * packets * out,
	   "iso: setting %u: %u packets of %u bytes out", alt, 40 * packets, out);
}

/* All of it is queued before the first of it is over: no interval is left out. */
static void check_queue(int fd, unsigned int step)
{
	struct flow f = { .ep = ISO_IN, .size = 512, .packets = 100, .step = step,
			  .left = DEPTH };
	bool all;

	set_setting(fd, ISO_ALT_MS);
	all = run(fd, &f, 1);
	ok(all && !f.bad && !f.restarts, "iso: %u transfers queued, one stream", DEPTH);
}

static void check_feedback(int fd, uint32_t preset, unsigned int size)
{
	uint8_t data[4 * 4] = { 0 };
	struct usbdevfs_urb *urb;
	uint32_t value = 0;

	set_setting(fd, ISO_ALT_AUDIO);
	urb = usbfs_submit_iso(fd, ISO_FEEDBACK, data, 4, size);
	ok(usbfs_reap(fd) == urb && !urb->error_count, "iso: feedback");
	memcpy(&value, data + 3 * size, size);
	ok(le32toh(value) == preset, "iso: feedback is %#x", le32toh(value));
	free(urb);
}

static void check_mixed(int fd)
{
	struct flow f = { .ep = ISO_IN, .size = 192, .packets = 64, .step = 1,
			  .left = DEPTH };
	uint8_t out[60] = { 5, 6, 7 }, in[512];
	unsigned int i, good = 0;

	set_setting(fd, ISO_ALT_MIXED);
	for (i = 0; i < DEPTH; i++)
		submit_one(fd, &f);
	for (i = 0; i < 10; i++)
		good += usbfs_bulk(fd, ISO_BULK_OUT, out, sizeof(out)) == sizeof(out) &&
			usbfs_bulk(fd, ISO_BULK_IN, in, sizeof(in)) == sizeof(out) &&
			!memcmp(in, out, sizeof(out));
	ok(good == 10, "iso: bulk during a stream");
	for (i = 0; i < DEPTH; i++) {
		struct usbdevfs_urb *urb = usbfs_reap(fd);

		if (urb)
			finish_one(&f, urb);
	}
	ok(f.done == DEPTH && !f.bad, "iso: the stream during bulk");
}

/* Packets arrive at their offset, whatever became of those before. */
static void check_fault(int fd, const char *option, int n, int status, unsigned int actual,
			bool counted)
{
	uint8_t data[32 * 192] = { 0 };
	struct usbdevfs_urb *urb;
	struct iso_header h;
	uint32_t counter = 0;
	bool good;
	int i;

	set_setting(fd, ISO_ALT_SMALL);
	tell(1, "set %s", option);
	urb = usbfs_submit_iso(fd, ISO_IN, data, 32, 192);
	good = usbfs_reap(fd) == urb && !urb->status &&
	       urb->error_count == (status ? 32 / n : 0);
	for (i = 0; i < 32; i++) {
		const struct usbdevfs_iso_packet_desc *p = &urb->iso_frame_desc[i];
		bool hit = (i + 1) % n == 0;

		good &= (int)p->status == (hit ? status : 0) &&
			p->actual_length == (hit ? actual : 192);
		if (p->actual_length)
			good &= iso_check(data + i * 192, p->actual_length, &h) &&
				h.counter == counter;
		counter += !hit || counted;
	}
	ok(good, "iso: %s", option);
	free(urb);
	tell(1, "defaults");
}

static void check_discard(int fd)
{
	static uint8_t data[2][100 * 512];
	struct usbdevfs_urb *one, *two;
	unsigned int i, moved = 0;
	struct iso_header h;

	set_setting(fd, ISO_ALT_MS);
	one = usbfs_submit_iso(fd, ISO_IN, data[0], 100, 512);
	two = usbfs_submit_iso(fd, ISO_IN, data[1], 100, 512);
	usleep(30000);
	ioctl(fd, USBDEVFS_DISCARDURB, two);
	ok(usbfs_reap(fd) == two && two->status == -ENOENT,
	   "iso: discarded before it began");
	ioctl(fd, USBDEVFS_DISCARDURB, one);
	ok(usbfs_reap(fd) == one && one->status == -ENOENT,
	   "iso: discarded when it had");
	while (moved < 100 && !one->iso_frame_desc[moved].status &&
	       iso_check(data[0] + moved * 512, 512, &h) && h.counter == moved)
		moved++;
	for (i = moved; i < 100; i++)
		if ((int)one->iso_frame_desc[i].status != -EXDEV)
			break;
	ok(moved && moved < 100 && i == 100 && one->error_count == (int)(100 - moved),
	   "iso: discarded: %u packets had moved", moved);
	free(one);
	free(two);
}

static void check_unplug(int fd, const char *path)
{
	static uint8_t data[100 * 512];
	struct usbdevfs_urb *urb;

	set_setting(fd, ISO_ALT_MS);
	urb = usbfs_submit_iso(fd, ISO_IN, data, 100, 512);
	tell(1, "wait 0x81.pending 1");
	tell(1, "unplug");
	ok(usbfs_wait_gone(path), "iso: unplugged within a stream");
	ok(usbfs_reap(fd) == urb && urb->status == -ESHUTDOWN,
	   "iso: its transfer ended with -ESHUTDOWN");
	free(urb);
}

static void check_high(void)
{
	char path[256];
	int fd = usbfs_plug(1, path, sizeof(path));

	ok(usbfs_claim(fd, 0) && usbfs_attribute_is(path, "speed", "480"),
	   "iso: high speed");
	check_both(fd, ISO_ALT_SMALL, 192, 192, 64, 1, 8);
	check_both(fd, ISO_ALT_LARGE, 3072, 1024, 32, 1, 4);
	check_both(fd, ISO_ALT_MS, 512, 512, 10, 8, 10);
	check_both(fd, ISO_ALT_SLOW, 64, 0, 1, 128, 16);
	check_queue(fd, 8);
	check_feedback(fd, 0x60000, 4);
	check_mixed(fd);
	check_fault(fd, "fail=EPROTO:4", 4, -EPROTO, 0, true);
	check_fault(fd, "fail=EILSEQ:4", 4, -EILSEQ, 0, true);
	check_fault(fd, "fail=EOVERFLOW:4", 4, -EOVERFLOW, 192, true);
	check_fault(fd, "late=8", 8, -EXDEV, 0, false);
	check_fault(fd, "short-every=2", 2, 0, 96, true);
	check_fault(fd, "zero-every=1", 1, 0, 0, false);
	check_discard(fd);
	check_unplug(fd, path);
	close(fd);
}

static void check_full(void)
{
	char path[256];
	int fd = usbfs_plug(2, path, sizeof(path));

	ok(usbfs_claim(fd, 0) && usbfs_attribute_is(path, "speed", "12"),
	   "iso: full speed");
	check_both(fd, ISO_ALT_SMALL, 192, 192, 10, 1, 10);
	check_both(fd, ISO_ALT_LARGE, 1023, 192, 10, 1, 10);
	check_both(fd, ISO_ALT_SLOW, 64, 0, 1, 16, 16);
	check_queue(fd, 1);
	check_feedback(fd, 0xc0000, 3);
	close(fd);
	tell(2, "unplug");
	ok(usbfs_wait_gone(path), "iso: gone");
}

void check_vhci_iso(void)
{
	server_start("iso", "iso,speed=full", NULL);
	check_high();
	check_full();
	server_stop();
}
