// SPDX-License-Identifier: MIT
/*
 * Buffers, and that the right data move. Each transfer of a target with counters begins with a
 * stamp: eight bytes, little-endian, which count transfers. Their sum on both ends shows that none
 * was lost, doubled or mixed up; a run that verifies compares all the other bytes, too.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

#define STAMP sizeof(uint64_t)
#define PERIOD 251

void buffer_fill(const struct cell *cell, uint8_t *buffer)
{
	uint32_t i;

	/* Sinks of a gadget want zeros, those of winusb_bench the pattern. */
	for (i = 0; i < cell->size; i++)
		buffer[i] = cell->target->counters ? i % PERIOD : 0;
}

uint8_t **buffers_new(const struct cell *cell)
{
	uint8_t **buffers = calloc(cell->depth, sizeof(*buffers));
	size_t stride = (cell->size + 4095) / 4096 * 4096;
	unsigned int i;
	uint8_t *area;

	/* Touched now, so that no round pays for page faults. */
	area = mmap(NULL, stride * cell->depth, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (!buffers || area == MAP_FAILED)
		fail("no memory for %u buffers of %u bytes: give the guest more (--memory=1G), or leave "
		     "out the cell", cell->depth, cell->size);
	for (i = 0; i < cell->depth; i++) {
		buffers[i] = area + stride * i;
		buffer_fill(cell, buffers[i]);
	}
	return buffers;
}

void buffers_free(const struct cell *cell, uint8_t **buffers)
{
	munmap(buffers[0], (cell->size + 4095) / 4096 * 4096 * (size_t)cell->depth);
	free(buffers);
}

static uint8_t *buffer_of(const struct run *run, unsigned int slot)
{
	return run->own ? run->own[slot] : run->buffers[slot];
}

/* Before a transfer is submitted. */
void run_prepare(struct run *run, unsigned int slot)
{
	const struct cell *cell = run->cell;
	uint64_t stamp;

	if (cell->in || !cell->target->counters || cell->size < STAMP)
		return;
	stamp = htole64(run->stamp);
	memcpy(buffer_of(run, slot), &stamp, STAMP);
	run->stamps += run->stamp++;
}

static int compare(const struct cell *cell, const uint8_t *data)
{
	uint32_t i = cell->target->counters ? STAMP : 0;

	for (; i < cell->size; i++)
		if (data[i] != (cell->target->counters ? i % PERIOD : 0))
			return -EBADMSG;
	return 0;
}

/* After it completed. */
int run_finish(struct run *run, unsigned int slot, uint32_t length)
{
	const struct cell *cell = run->cell;
	uint8_t *data = buffer_of(run, slot);
	uint64_t stamp;

	run->ops++;
	run->bytes += length;
	if (length != cell->size)
		return -EREMOTEIO;
	if (!cell->in)
		return 0;
	if (cell->target->counters && length >= STAMP) {
		memcpy(&stamp, data, STAMP);
		run->stamps += le64toh(stamp);
	}
	if (!run->verify)
		return 0;
	if (compare(cell, data))
		return -EBADMSG;
	/* So that the next transfer into it has to bring its own. */
	memset(data, 0xcc, length);
	return 0;
}

void run_reset(struct run *run)
{
	run->ops = 0;
	run->calls = 0;
	run->stamps = 0;
	run->bytes = 0;
	run->stamp = 0;
	run->ns = 0;
	if (run->cell->target->counters && file_write(DEBUGFS "counters", "0"))
		fail("cannot reset " DEBUGFS "counters: is winusb_bench.ko loaded?");
}

/* Whether both ends saw the same, and what they should. */
int run_check(const struct run *run, uint64_t count, char *why, size_t why_size)
{
	unsigned long long urbs, bytes, stamps, errors, wanted;
	const struct cell *cell = run->cell;
	char text[2048], role[16];
	unsigned int address;
	char *line, *next;

	if (run->ops != count || run->bytes != count * cell->size) {
		snprintf(why, why_size, "%llu transfers of %llu bytes came back, not %llu of %llu",
			 (unsigned long long)run->ops, (unsigned long long)run->bytes,
			 (unsigned long long)count, (unsigned long long)count * cell->size);
		return -EBADMSG;
	}
	if (!cell->target->counters)
		return 0;
	if (file_read(DEBUGFS "counters", text, sizeof(text)) < 0)
		fail("cannot read " DEBUGFS "counters: is winusb_bench.ko loaded?");
	wanted = count * (count - 1) / 2;
	for (line = text; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		if (sscanf(line, "%15s %x urbs=%llu bytes=%llu stamps=%llu errors=%llu", role, &address,
			   &urbs, &bytes, &stamps, &errors) != 6)
			fail(DEBUGFS "counters: what is \"%s\"? The module is of another version", line);
		if (!urbs)
			continue;
		if (address != cell->pipe.address || urbs != count || bytes != count * cell->size ||
		    stamps != wanted || errors || (run->ops && run->stamps != wanted && !run->ns)) {
			snprintf(why, why_size, "the device saw %s, we saw stamps=%llu, of %llu", line,
				 (unsigned long long)run->stamps, wanted);
			return -EBADMSG;
		}
		return 0;
	}
	snprintf(why, why_size, "the device saw nothing");
	return -EBADMSG;
}
