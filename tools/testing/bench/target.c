// SPDX-License-Identifier: MIT
/*
 * What is measured on: which targets there are, and how they are made ready.
 */
#include <string.h>
#include <sys/resource.h>

#include "bench.h"


static int scripted_plug(struct target *t)
{
	if (!device_find(&t->winusb, WINUSB_VENDOR, WINUSB_PRODUCT, NULL) ||
	    !device_find(&t->usbfs, USBFS_VENDOR, USBFS_PRODUCT, NULL))
		fail("winusb_bench.ko is loaded, but its devices are not there: was it loaded with "
		     "controller=0? rmmod it first");
	winusb_bind(&t->winusb, WINUSB_VENDOR, WINUSB_PRODUCT);
	return 0;
}

static void scripted_unplug(struct target *t)
{
	(void)t;
}

static struct target targets[] = {
	{
		.name = "scripted",
		.title = "scripted host controller, complete at once",
		.counters = true,
		.quiet_pipe = 0x83,
		.usbtest = true,
		.usbtest_pattern = "1",
		.plug = scripted_plug,
		.unplug = scripted_unplug,
	},
	{
		.name = "dummy",
		.title = "dummy_hcd, SuperSpeed, gadgets SourceSink",
		.waits = true,
		.usbtest = true,
		.usbtest_pattern = "0",
		.plug = gadget_plug,
		.unplug = gadget_unplug,
	},
	{
		.name = "xhci",
		.title = "QEMU's xHCI, two usb-storage devices, data stage of READ(10) and WRITE(10)",
		.waits = true,
		.segment = 16 << 20,
		.plug = storage_plug,
		.unplug = storage_unplug,
		.begin = storage_begin,
		.end = storage_end,
	},
};

struct target *target_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(targets); i++)
		if (!strcmp(targets[i].name, name))
			return &targets[i];
	return NULL;
}

void target_list(FILE *out)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(targets); i++)
		fprintf(out, "  %-10s %s\n", targets[i].name, targets[i].title);
}

void target_open(struct target *t, const struct options *o)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	/* What is pinned beyond the limit would be copied, which is another measurement. */
	if (setrlimit(RLIMIT_MEMLOCK, &unlimited))
		fail("cannot lift RLIMIT_MEMLOCK: run this as root");
	module_load(o->modules, "winusb_hcd", "");
	module_load(o->modules, "winusb_bench", t->counters ? "" : "controller=0");
	t->plug(t);
}

void target_close(struct target *t)
{
	winusb_close();
	usbfs_close();
	t->unplug(t);
	module_unload("winusb_bench");
	module_unload("winusb_hcd");
}
