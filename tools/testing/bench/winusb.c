// SPDX-License-Identifier: MIT
/*
 * winusb: the blocking command, and submission with completion records.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/winusb.h>

#include "bench.h"

static int fd = -1;
static uint32_t handle;
static uint64_t capabilities;

void winusb_open(const struct target *t)
{
	struct winusb_initialize init = { .size = sizeof(init) };
	struct winusb_query query = { .size = sizeof(query) };
	char path[96];

	snprintf(path, sizeof(path), "/dev/winusb/%s:1.0", t->winusb.name);
	fd = library_open(path);
	winusb_nonblock(false);
	if (ioctl(fd, WINUSB_IOC_QUERY, &query) || ioctl(fd, WINUSB_IOC_INITIALIZE, &init))
		fail("%s does not speak as this program does: %s; are winusb.ko and winusb-bench of one "
		     "version?", path, strerror(errno));
	capabilities = query.out_capabilities;
	handle = init.out_handle;
}

void winusb_close(void)
{
	library_close();
	fd = -1;
}

void winusb_nonblock(bool nonblock)
{
	static int now = -1;

	if (now != nonblock && fcntl(fd, F_SETFL, nonblock ? O_RDWR | O_NONBLOCK : O_RDWR))
		fail("fcntl: %s", strerror(errno));
	now = nonblock;
}

int winusb_fd(void)
{
	return fd;
}

uint32_t winusb_handle(void)
{
	return handle;
}

uint64_t winusb_capabilities(void)
{
	return capabilities;
}

int winusb_policy(uint8_t pipe, uint32_t policy, uint32_t value)
{
	struct winusb_pipe_policy arg = {
		.size = sizeof(arg),
		.handle = handle,
		.pipe_id = pipe,
		.policy = policy,
		.value = value,
	};

	return ioctl(fd, WINUSB_IOC_SET_PIPE_POLICY, &arg) ? -errno : 0;
}

int winusb_transfer(uint8_t pipe, void *data, uint32_t length, uint32_t *moved)
{
	struct winusb_transfer arg = {
		.size = sizeof(arg),
		.handle = handle,
		.pipe_id = pipe,
		.buffer = (uintptr_t)data,
		.length = length,
	};
	int result = ioctl(fd, WINUSB_IOC_TRANSFER, &arg) ? -errno : 0;

	*moved = arg.out_length;
	return result;
}

/* Several at once are with the controller only with RAW_IO; one alone goes by the defaults. */
int winusb_raw_io(const struct cell *cell, char *why, size_t why_size)
{
	int result;

	if (!(capabilities & WINUSB_CAP_POLICIES)) {
		if (cell->depth == 1)
			return 0;
		snprintf(why, why_size, "this winusb.ko has no RAW_IO (WINUSB_CAP_POLICIES is clear)");
		return -EOPNOTSUPP;
	}
	result = winusb_policy(cell->pipe.address, WINUSB_POLICY_RAW_IO, cell->depth > 1);
	if (result)
		snprintf(why, why_size, "RAW_IO of pipe 0x%02x cannot be set: %s", cell->pipe.address,
			 strerror(-result));
	return result;
}

static int blocking_open(struct run *run, char *why, size_t why_size)
{
	return winusb_raw_io(run->cell, why, why_size);
}

static int blocking_go(struct run *run, uint64_t count)
{
	const struct cell *cell = run->cell;
	uint32_t moved;
	int result;

	winusb_nonblock(false);
	while (count--) {
		run_prepare(run, 0);
		run->calls++;
		result = winusb_transfer(cell->pipe.address, run->buffers[0], cell->size, &moved);
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

const struct method winusb_blocking = {
	.name = "winusb-blocking",
	.title = "winusb blocking",
	.counterpart = "usbfs-blocking",
	.winusb = true,
	.one = true,
	.open = blocking_open,
	.go = blocking_go,
	.close = nothing_to_close,
};

struct records {
	struct winusb_transfer *transfers;
	struct winusb_completion *completions;
};

static int records_open(struct run *run, char *why, size_t why_size)
{
	struct records *state;

	if (!(capabilities & WINUSB_CAP_ASYNC)) {
		snprintf(why, why_size, "this winusb.ko has no records (WINUSB_CAP_ASYNC is clear)");
		return -EOPNOTSUPP;
	}
	if (winusb_raw_io(run->cell, why, why_size))
		return -EOPNOTSUPP;
	state = calloc(1, sizeof(*state));
	state->transfers = calloc(run->cell->depth, sizeof(*state->transfers));
	state->completions = calloc(run->cell->depth, sizeof(*state->completions));
	run->state = state;
	return 0;
}

static void records_close(struct run *run)
{
	struct records *state = run->state;

	free(state->transfers);
	free(state->completions);
	free(state);
}

static void records_add(struct run *run, unsigned int nr, unsigned int slot)
{
	struct records *state = run->state;

	run_prepare(run, slot);
	state->transfers[nr] = (struct winusb_transfer) {
		.size = sizeof(*state->transfers),
		.handle = handle,
		.flags = WINUSB_TRANSFER_ASYNC,
		.pipe_id = run->cell->pipe.address,
		.buffer = (uintptr_t)run->buffers[slot],
		.length = run->cell->size,
		.cookie = slot,
	};
}

static int records_submit(struct run *run, unsigned int nr)
{
	struct records *state = run->state;
	struct winusb_submit submit = {
		.size = sizeof(submit),
		.count = nr,
		.transfers = (uintptr_t)state->transfers,
		.transfer_size = sizeof(*state->transfers),
	};

	run->calls++;
	return ioctl(fd, WINUSB_IOC_SUBMIT, &submit) ? -errno : 0;
}

/* All that has completed is read in one call, and as many are submitted in the next one. */
static int records_go(struct run *run, uint64_t count)
{
	struct records *state = run->state;
	unsigned int i, nr, depth = run->cell->depth;
	uint64_t submitted, done = 0;
	ssize_t got;
	int result;

	winusb_nonblock(false);
	for (nr = 0; nr < depth && nr < count; nr++)
		records_add(run, nr, nr);
	submitted = nr;
	result = records_submit(run, nr);
	while (!result && done < count) {
		run->calls++;
		got = read(fd, state->completions, depth * sizeof(*state->completions));
		if (got <= 0)
			return got ? -errno : -ENODEV;
		for (nr = 0, i = 0; i < got / sizeof(*state->completions); i++, done++) {
			const struct winusb_completion *c = &state->completions[i];

			result = c->status ? c->status : run_finish(run, c->cookie, c->length);
			if (result)
				return result;
			if (submitted < count) {
				records_add(run, nr++, c->cookie);
				submitted++;
			}
		}
		if (nr)
			result = records_submit(run, nr);
	}
	return result;
}

const struct method winusb_records = {
	.name = "winusb-records",
	.title = "winusb records",
	.counterpart = "usbfs-async",
	.winusb = true,
	.open = records_open,
	.go = records_go,
	.close = records_close,
};

static int single_submit(struct run *run, unsigned int slot)
{
	struct records *state = run->state;

	records_add(run, slot, slot);
	run->calls++;
	return ioctl(fd, WINUSB_IOC_TRANSFER, &state->transfers[slot]) ? -errno : 0;
}

/* One call for each transfer, as libwinusb has to do it; all that has completed is read in one. */
static int single_go(struct run *run, uint64_t count)
{
	struct records *state = run->state;
	unsigned int i, depth = run->cell->depth;
	uint64_t submitted, done = 0;
	ssize_t got;
	int result = 0;

	winusb_nonblock(false);
	for (submitted = 0; !result && submitted < depth && submitted < count; submitted++)
		result = single_submit(run, submitted);
	while (!result && done < count) {
		run->calls++;
		got = read(fd, state->completions, depth * sizeof(*state->completions));
		if (got <= 0)
			return got ? -errno : -ENODEV;
		for (i = 0; !result && i < got / sizeof(*state->completions); i++, done++) {
			const struct winusb_completion *c = &state->completions[i];

			result = c->status ? c->status : run_finish(run, c->cookie, c->length);
			if (!result && submitted < count) {
				result = single_submit(run, c->cookie);
				submitted++;
			}
		}
	}
	return result;
}

const struct method winusb_single = {
	.name = "winusb-single",
	.title = "winusb one by one, records",
	.counterpart = "usbfs-async",
	.winusb = true,
	.open = records_open,
	.go = single_go,
	.close = records_close,
};
