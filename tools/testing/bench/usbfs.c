// SPDX-License-Identifier: MIT
/*
 * usbfs: the blocking command, URBs with the program's buffers, URBs with buffers mapped from usbfs.
 * Each is used at its best: completions are waited for and collected in one call, without poll.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>

#include "bench.h"

#define LIMIT "/sys/module/usbcore/parameters/usbfs_memory_mb"

static int fd = -1;
static char limit[32];

void usbfs_open(const struct target *t)
{
	struct usbdevfs_disconnect_claim claim = { .interface = 0 };
	char path[64];
	int result;

	/* 16 MiB for all processes by default, which large cells exceed. */
	result = file_read(LIMIT, limit, sizeof(limit));
	if (result >= 0)
		result = file_write(LIMIT, "0");
	if (result < 0)
		fail("cannot lift the memory limit of usbfs, %s: %s; run this as root", LIMIT,
		     strerror(-result));
	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", t->usbfs.bus, t->usbfs.number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fail("%s: %s; is devtmpfs mounted?", path, strerror(errno));
	if (ioctl(fd, USBDEVFS_DISCONNECT_CLAIM, &claim))
		fail("%s: cannot claim interface 0: %s", path, strerror(errno));
}

void usbfs_close(void)
{
	if (fd >= 0)
		close(fd);
	fd = -1;
	if (limit[0] && file_write(LIMIT, limit))
		note("the memory limit of usbfs could not be set back to %s", limit);
}

int usbfs_fd(void)
{
	return fd;
}

int usbfs_transfer(uint8_t pipe, void *data, uint32_t length, uint32_t *moved)
{
	struct usbdevfs_bulktransfer arg = {
		.ep = pipe,
		.len = length,
		.timeout = 10000,
		.data = data,
	};
	int result = ioctl(fd, USBDEVFS_BULK, &arg);

	*moved = result < 0 ? 0 : result;
	return result < 0 ? -errno : 0;
}

static int blocking_open(struct run *run, char *why, size_t why_size)
{
	(void)run, (void)why, (void)why_size;
	return 0;
}

static int blocking_go(struct run *run, uint64_t count)
{
	const struct cell *cell = run->cell;
	uint32_t moved;
	int result;

	while (count--) {
		run_prepare(run, 0);
		run->calls++;
		result = usbfs_transfer(cell->pipe.address, run->buffers[0], cell->size, &moved);
		if (!result)
			result = run_finish(run, 0, moved);
		if (result)
			return result;
	}
	return 0;
}

static void nothing_to_close(struct run *run)
{
	(void)run;
}

const struct method usbfs_blocking = {
	.name = "usbfs-blocking",
	.title = "usbfs blocking",
	.one = true,
	.open = blocking_open,
	.go = blocking_go,
	.close = nothing_to_close,
};

static int async_open(struct run *run, char *why, size_t why_size)
{
	(void)why, (void)why_size;
	run->state = calloc(run->cell->depth, sizeof(struct usbdevfs_urb));
	return 0;
}

static void async_close(struct run *run)
{
	free(run->state);
}

static int submit(struct run *run, unsigned int slot)
{
	struct usbdevfs_urb *urb = (struct usbdevfs_urb *)run->state + slot;
	const struct cell *cell = run->cell;

	run_prepare(run, slot);
	memset(urb, 0, sizeof(*urb));
	urb->type = cell->pipe.interrupt ? USBDEVFS_URB_TYPE_INTERRUPT : USBDEVFS_URB_TYPE_BULK;
	urb->endpoint = cell->pipe.address;
	urb->buffer = run->own ? run->own[slot] : run->buffers[slot];
	urb->buffer_length = cell->size;
	run->calls++;
	return ioctl(fd, USBDEVFS_SUBMITURB, urb) ? -errno : 0;
}

static int async_go(struct run *run, uint64_t count)
{
	struct usbdevfs_urb *urbs = run->state, *urb;
	uint64_t submitted, done;
	unsigned int slot;
	int result;

	for (submitted = 0; submitted < run->cell->depth && submitted < count; submitted++) {
		result = submit(run, submitted);
		if (result)
			return result;
	}
	for (done = 0; done < count; done++) {
		run->calls++;
		if (ioctl(fd, USBDEVFS_REAPURB, &urb))
			return -errno;
		slot = urb - urbs;
		result = urb->status ? urb->status : run_finish(run, slot, urb->actual_length);
		if (!result && submitted < count) {
			submitted++;
			result = submit(run, slot);
		}
		if (result)
			return result;
	}
	return 0;
}

const struct method usbfs_async = {
	.name = "usbfs-async",
	.title = "usbfs SUBMITURB/REAPURB",
	.open = async_open,
	.go = async_go,
	.close = async_close,
};

static void mmap_close(struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->cell->depth && run->own[i]; i++)
		munmap(run->own[i], run->cell->size);
	free(run->own);
	run->own = NULL;
	free(run->state);
}

static int mmap_open(struct run *run, char *why, size_t why_size)
{
	const struct cell *cell = run->cell;
	unsigned int i;
	void *area;
	int error;

	run->state = calloc(cell->depth, sizeof(struct usbdevfs_urb));
	run->own = calloc(cell->depth, sizeof(*run->own));
	for (i = 0; i < cell->depth; i++) {
		area = mmap(NULL, cell->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (area == MAP_FAILED) {
			error = errno;
			snprintf(why, why_size, "usbfs gives %u of %u contiguous buffers of %u bytes: %s", i,
				 cell->depth, cell->size, strerror(error));
			mmap_close(run);
			return -error;
		}
		run->own[i] = area;
		buffer_fill(cell, area);
	}
	return 0;
}

const struct method usbfs_mmap = {
	.name = "usbfs-mmap",
	.title = "usbfs URBs, mmap buffers",
	.open = mmap_open,
	.go = async_go,
	.close = mmap_close,
};
