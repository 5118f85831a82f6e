// SPDX-License-Identifier: MIT
/*
 * How long it takes to cancel many pending reads, on a controller that takes a while to give each of
 * them back: from the call that cancels until the last completion was collected.
 */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>
#include <linux/winusb.h>

#include "bench.h"

#define SIZE 512

static uint8_t *buffers;
static uint8_t pipe_id;

static int cancel_usbfs(unsigned int nr, uint64_t *start)
{
	struct usbdevfs_urb *urbs = calloc(nr, sizeof(*urbs)), *urb;
	int fd = usbfs_fd(), result = 0;
	unsigned int i, submitted;

	for (i = 0; i < nr; i++) {
		urbs[i].type = USBDEVFS_URB_TYPE_BULK;
		urbs[i].endpoint = pipe_id;
		urbs[i].buffer = buffers + i * SIZE;
		urbs[i].buffer_length = SIZE;
		if (ioctl(fd, USBDEVFS_SUBMITURB, &urbs[i])) {
			result = -errno;
			break;
		}
	}
	submitted = i;
	*start = now_ns();
	/* Newest first, as libusb does. EINVAL: it completed meanwhile. */
	while (i--)
		if (ioctl(fd, USBDEVFS_DISCARDURB, &urbs[i]) && errno != EINVAL && !result)
			result = -errno;
	for (i = 0; i < submitted; i++) {
		if (ioctl(fd, USBDEVFS_REAPURB, &urb))
			return -errno;
		if (urb->status != -ENOENT && urb->status != -ECONNRESET && !result)
			result = urb->status ? urb->status : -EBADMSG;
	}
	free(urbs);
	return result;
}

static int submit_records(unsigned int nr)
{
	struct winusb_transfer *transfers = calloc(nr, sizeof(*transfers));
	struct winusb_submit submit = {
		.size = sizeof(submit),
		.count = nr,
		.transfers = (uintptr_t)transfers,
		.transfer_size = sizeof(*transfers),
	};
	unsigned int i;
	int result;

	for (i = 0; i < nr; i++)
		transfers[i] = (struct winusb_transfer) {
			.size = sizeof(*transfers),
			.handle = winusb_handle(),
			.flags = WINUSB_TRANSFER_ASYNC,
			.pipe_id = pipe_id,
			.buffer = (uintptr_t)(buffers + i * SIZE),
			.length = SIZE,
			.cookie = i,
		};
	result = ioctl(winusb_fd(), WINUSB_IOC_SUBMIT, &submit) ? -errno : 0;
	free(transfers);
	return result;
}

static int abort_pipe(void)
{
	struct winusb_pipe_command abort = {
		.size = sizeof(abort),
		.handle = winusb_handle(),
		.pipe_id = pipe_id,
	};

	return ioctl(winusb_fd(), WINUSB_IOC_ABORT_PIPE, &abort) ? -errno : 0;
}

static int cancel_all(void)
{
	struct winusb_cancel cancel = { .size = sizeof(cancel), .flags = WINUSB_CANCEL_ALL };

	return ioctl(winusb_fd(), WINUSB_IOC_CANCEL, &cancel) ? -errno : 0;
}

static int cancel_records(unsigned int nr, uint64_t *start, int (*cancel)(void))
{
	struct winusb_completion *records = calloc(nr, sizeof(*records));
	unsigned int done = 0, i;
	ssize_t got;
	int result;

	result = submit_records(nr);
	if (result)
		return result;
	*start = now_ns();
	result = cancel();
	while (!result && done < nr) {
		got = read(winusb_fd(), records, nr * sizeof(*records));
		if (got <= 0)
			return got ? -errno : -ENODEV;
		for (i = 0; i < got / sizeof(*records); i++, done++)
			if (records[i].status != -ECANCELED)
				result = records[i].status ? records[i].status : -EBADMSG;
	}
	free(records);
	return result;
}

static int cancel_winusb_abort(unsigned int nr, uint64_t *start)
{
	return cancel_records(nr, start, abort_pipe);
}

static int cancel_winusb_all(unsigned int nr, uint64_t *start)
{
	return cancel_records(nr, start, cancel_all);
}

static int cancel_uring(unsigned int nr, uint64_t *start)
{
	struct winusb_uring_cmd cmd = { .handle = winusb_handle(), .pipe_id = pipe_id };
	unsigned int i, head, done = 0, now;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int result;

	result = io_uring_queue_init(nr, &ring,
				     IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	if (result)
		return result;
	for (i = 0; i < nr; i++) {
		sqe = io_uring_get_sqe(&ring);
		if (!sqe)
			fail("io_uring has no room for %u commands", nr);
		memset(sqe, 0, sizeof(*sqe));
		sqe->opcode = IORING_OP_URING_CMD;
		sqe->fd = winusb_fd();
		sqe->off = WINUSB_URING_TRANSFER;	/* cmd_op */
		sqe->addr = (uintptr_t)(buffers + i * SIZE);
		sqe->len = SIZE;
		sqe->user_data = i;
		memcpy((uint8_t *)sqe + offsetof(struct io_uring_sqe, addr3), &cmd, sizeof(cmd));
	}
	result = io_uring_submit(&ring);
	if (result == (int)nr) {
		*start = now_ns();
		result = abort_pipe();
	} else if (result >= 0) {
		result = -EAGAIN;
	}
	while (!result && done < nr) {
		result = io_uring_submit_and_wait(&ring, nr - done);
		if (result > 0)
			result = 0;
		now = 0;
		io_uring_for_each_cqe(&ring, head, cqe) {
			now++;
			if (cqe->res != -ECANCELED)
				result = cqe->res < 0 ? cqe->res : -EBADMSG;
		}
		io_uring_cq_advance(&ring, now);
		done += now;
	}
	io_uring_queue_exit(&ring);
	return result;
}

static const struct {
	const char *name, *title;
	uint64_t needs;
	int (*run)(unsigned int nr, uint64_t *start);
} ways[MAX_CANCELS] = {
	{ "usbfs-discard", "usbfs, DISCARDURB one by one, REAPURB", 0, cancel_usbfs },
	{ "winusb-abort", "winusb, ABORT_PIPE, records", WINUSB_CAP_ASYNC, cancel_winusb_abort },
	{ "winusb-cancel", "winusb, CANCEL of all, records", WINUSB_CAP_ASYNC, cancel_winusb_all },
	{ "winusb-uring", "winusb, ABORT_PIPE, io_uring", WINUSB_CAP_URING, cancel_uring },
};

static void one(struct cancel_result *r, unsigned int way, unsigned int nr)
{
	uint64_t start = 0;
	int result = ways[way].run(nr, &start);

	if (result)
		fail("%s: cancelling %u reads: %s", ways[way].title, nr, strerror(-result));
	r->ns[r->rounds++] = now_ns() - start;
	r->measured = true;
}

unsigned int cancel_measure(struct cancel_result *results, struct target *t,
			    const struct options *o)
{
	struct cell cell = { .target = t, .in = true, .size = SIZE, .depth = o->cancel,
			     .pipe = { .address = t->quiet_pipe, .packet = SIZE } };
	unsigned int i, j, round, nr = 0;
	double values[MAX_ROUNDS];
	char text[16], why[160];
	bool raw = !winusb_raw_io(&cell, why, sizeof(why));

	winusb_nonblock(false);
	buffers = calloc(o->cancel, SIZE);
	pipe_id = t->quiet_pipe;
	snprintf(text, sizeof(text), "%u", o->unlink_us);
	if (file_write(DEBUGFS "unlink_us", text))
		fail("cannot write %s to " DEBUGFS "unlink_us", text);
	for (nr = 0; nr < MAX_CANCELS && ways[nr].name; nr++) {
		struct cancel_result *r = &results[nr];

		r->name = ways[nr].name;
		r->title = ways[nr].title;
		if (ways[nr].needs & ~winusb_capabilities())
			snprintf(r->why, sizeof(r->why), "this winusb.ko cannot");
		else if (ways[nr].needs && !raw)
			snprintf(r->why, sizeof(r->why), "%s", why);
	}
	for (round = 0; round < (o->rounds + 1) / 2; round++)
		for (i = 0; i < nr; i++)
			if (!results[i].why[0])
				one(&results[i], i, o->cancel);
	for (i = 0; i < nr; i++) {
		if (!results[i].measured)
			continue;
		figure_of(&results[i].time, results[i].ns, results[i].rounds);
		for (j = 0; j < results[i].rounds; j++)
			values[j] = results[0].ns[j] / results[i].ns[j];
		figure_of(&results[i].ratio, values, results[i].rounds);
	}
	if (file_write(DEBUGFS "unlink_us", "0"))
		fail("cannot write 0 to " DEBUGFS "unlink_us");
	free(buffers);
	return nr;
}
