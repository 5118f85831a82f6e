// SPDX-License-Identifier: MIT
/*
 * The floor: a loop of URBs inside the kernel, run by winusb_bench.ko. It measures itself.
 */
#include <errno.h>
#include <string.h>

#include "bench.h"

static int floor_open(struct run *run, char *why, size_t why_size)
{
	(void)run;
	if (module_loaded("winusb_bench"))
		return 0;
	snprintf(why, why_size, "winusb_bench.ko is not loaded");
	return -ENODEV;
}

static int floor_go(struct run *run, uint64_t count)
{
	const struct cell *cell = run->cell;
	const struct device *device = &cell->target->usbfs;
	unsigned long long urbs, ns, bytes;
	char text[128];
	int result;

	snprintf(text, sizeof(text), "%u %u 0x%02x %u %u %llu %u", device->bus, device->number,
		 cell->pipe.address, cell->size, cell->depth, (unsigned long long)count,
		 cell->target->counters);
	result = file_write(DEBUGFS "floor", text);
	if (!result)
		result = file_read(DEBUGFS "floor", text, sizeof(text));
	if (result < 0)
		return result;
	if (sscanf(text, "%llu %llu %llu", &urbs, &ns, &bytes) != 3)
		return -EBADMSG;
	run->ops += urbs;
	run->bytes += bytes;
	run->ns += ns;
	return 0;
}

static void floor_close(struct run *run)
{
	(void)run;
}

const struct method floor_method = {
	.name = "kernel",
	.title = "loop inside the kernel",
	.open = floor_open,
	.go = floor_go,
	.close = floor_close,
};
