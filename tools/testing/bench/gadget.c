// SPDX-License-Identifier: MIT
/*
 * Target dummy: two SourceSink gadgets of the kernel, made with configfs, on dummy_hcd at
 * SuperSpeed. Its transfers end by a timer of 125 microseconds.
 */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

#define GADGETS "/sys/kernel/config/usb_gadget/"

static void put(unsigned int nr, const char *file, const char *text)
{
	char path[256];
	int result;

	snprintf(path, sizeof(path), GADGETS "bench%u/%s", nr, file);
	result = file_write(path, text);
	if (result)
		fail("cannot write %s to %s: %s", text, path, strerror(-result));
}

static void folder(unsigned int nr, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), GADGETS "bench%u/%s", nr, name);
	if (mkdir(path, 0755) && errno != EEXIST)
		fail("cannot make %s: %s", path, strerror(errno));
}

static void make(unsigned int nr)
{
	char path[256], target[256], text[32];

	folder(nr, "");
	snprintf(text, sizeof(text), "0x%04x", nr ? USBFS_VENDOR : WINUSB_VENDOR);
	put(nr, "idVendor", text);
	snprintf(text, sizeof(text), "0x%04x", nr ? USBFS_PRODUCT : WINUSB_PRODUCT);
	put(nr, "idProduct", text);
	put(nr, "max_speed", "super-speed");
	folder(nr, "strings/0x409");
	folder(nr, "configs/c.1");
	folder(nr, "functions/SourceSink.0");
	/* Large and many: the device is to wait for the host, not the host for it. */
	put(nr, "functions/SourceSink.0/bulk_buflen", "65536");
	put(nr, "functions/SourceSink.0/bulk_qlen", "16");
	put(nr, "functions/SourceSink.0/pattern", "0");
	snprintf(target, sizeof(target), GADGETS "bench%u/functions/SourceSink.0", nr);
	snprintf(path, sizeof(path), GADGETS "bench%u/configs/c.1/f", nr);
	if (symlink(target, path))
		fail("cannot link %s: %s", path, strerror(errno));
	snprintf(text, sizeof(text), "dummy_udc.%u", nr);
	put(nr, "UDC", text);
}

static void remove_gadget(unsigned int nr)
{
	static const char *const folders[] = {
		"configs/c.1", "functions/SourceSink.0", "strings/0x409", "",
	};
	char path[256];
	size_t i;

	snprintf(path, sizeof(path), GADGETS "bench%u/UDC", nr);
	if (access(path, F_OK))
		return;
	file_write(path, "\n");
	snprintf(path, sizeof(path), GADGETS "bench%u/configs/c.1/f", nr);
	unlink(path);
	for (i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(path, sizeof(path), GADGETS "bench%u/%s", nr, folders[i]);
		if (rmdir(path))
			note("%s stays: %s", path, strerror(errno));
	}
}

void gadget_unplug(struct target *t)
{
	(void)t;
	remove_gadget(0);
	remove_gadget(1);
}

int gadget_plug(struct target *t)
{
	unsigned int i;

	module_probe("-a libcomposite usb_f_ss_lb");
	module_probe("dummy_hcd is_super_speed=1 is_high_speed=1 num=2");
	if (access(GADGETS, F_OK))
		mount("configfs", "/sys/kernel/config", "configfs", 0, NULL);
	if (access(GADGETS, F_OK))
		fail("there is no " GADGETS ": this kernel has no configfs gadgets");
	gadget_unplug(t);
	make(0);
	make(1);
	for (i = 0; i < 2000; i++) {
		if (device_find(&t->winusb, WINUSB_VENDOR, WINUSB_PRODUCT, NULL) &&
		    device_find(&t->usbfs, USBFS_VENDOR, USBFS_PRODUCT, NULL))
			break;
		usleep(5000);
	}
	if (i == 2000)
		fail("the gadgets did not appear on dummy_hcd: was it loaded before, with other options? "
		     "rmmod dummy_hcd first");
	winusb_bind(&t->winusb, WINUSB_VENDOR, WINUSB_PRODUCT);
	return 0;
}
