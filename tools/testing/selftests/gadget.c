// SPDX-License-Identifier: MIT
/*
 * The device's side of a FunctionFS gadget, with asynchronous I/O: a request that waits for the
 * host stays what it is over anything that happens to threads, such as being frozen for system
 * sleep.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/aio_abi.h>
#include <linux/usb/functionfs.h>

#include "gadget.h"
#include "sysfs.h"
#include "test.h"

#define CONFIGFS "/sys/kernel/config"
#define FOLDER CONFIGFS "/usb_gadget/winusb-selftest"
#define MOUNT "/run/winusb-selftest-gadget"
#define UDC_CLASS "/sys/class/udc"
#define USB_DEVICES "/sys/bus/usb/devices"
#define PACKED __attribute__((packed))

enum { SLOTS = 64 };

struct speed {
	struct usb_interface_descriptor interface;
	struct usb_endpoint_descriptor_no_audio in, out, event;
} PACKED;

#define ENDPOINT(address, attributes, packet, interval) { \
	.bLength = sizeof(struct usb_endpoint_descriptor_no_audio), \
	.bDescriptorType = USB_DT_ENDPOINT, \
	.bEndpointAddress = (address), \
	.bmAttributes = (attributes), \
	.wMaxPacketSize = (packet), \
	.bInterval = (interval), \
}

/* The numbers are in the bus's byte order, because they are in this machine's. */
static const struct {
	struct usb_functionfs_descs_head_v2 head;
	__le32 full_count, high_count;
	struct speed full, high;
} PACKED descriptors = {
	.head = {
		.magic = FUNCTIONFS_DESCRIPTORS_MAGIC_V2,
		.length = sizeof(descriptors),
		.flags = FUNCTIONFS_HAS_FS_DESC | FUNCTIONFS_HAS_HS_DESC |
			 FUNCTIONFS_ALL_CTRL_RECIP,
	},
#define SPEED(packet) { \
	.interface = { \
		.bLength = sizeof(struct usb_interface_descriptor), \
		.bDescriptorType = USB_DT_INTERFACE, \
		.bNumEndpoints = 3, \
		.bInterfaceClass = USB_CLASS_VENDOR_SPEC, \
		.iInterface = 1, \
	}, \
	.in = ENDPOINT(1 | USB_DIR_IN, USB_ENDPOINT_XFER_BULK, packet, 0), \
	.out = ENDPOINT(2 | USB_DIR_OUT, USB_ENDPOINT_XFER_BULK, packet, 0), \
	.event = ENDPOINT(3 | USB_DIR_IN, USB_ENDPOINT_XFER_INT, GADGET_EVENT, 4), \
}
	.full_count = 4,
	.full = SPEED(64),
	.high_count = 4,
	.high = SPEED(GADGET_PACKET),
};

#define TEXT "Sleeper"

static const struct {
	struct usb_functionfs_strings_head head;
	__le16 language;
	char text[sizeof(TEXT)];
} PACKED strings = {
	.head = {
		.magic = FUNCTIONFS_STRINGS_MAGIC,
		.length = sizeof(strings),
		.str_count = 1,
		.lang_count = 1,
	},
	.language = 0x0409,
	.text = TEXT,
};

/* A request of the device. */
struct slot {
	struct iocb iocb;
	enum gadget_pipe pipe;
	uint32_t length;
	bool pending;
	uint8_t data[GADGET_LARGEST];
};

/* All of it is under the lock, the kernel's objects apart. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot slots[GADGET_PIPES][SLOTS];
static aio_context_t aio;
static int ep0 = -1, endpoints[GADGET_PIPES], stop = -1;
static pthread_t ep0_thread;
static char udc[64], name[32], node[64];
static uint8_t addresses[GADGET_PIPES];
static unsigned int epoch, plugs;
static uint64_t offered[GADGET_PIPES], given[GADGET_PIPES];
static unsigned int suspends, resumes, requests;
static char broken[160];	/* what the device found wrong */

const char *gadget_name(void)
{
	return name;
}

const char *gadget_interface(void)
{
	return node;
}

uint8_t gadget_address(enum gadget_pipe pipe)
{
	return addresses[pipe];
}

/* Requests */

static void complain(const char *format, unsigned long long a, unsigned long long b)
{
	if (!broken[0])
		snprintf(broken, sizeof(broken), format, a, b);
}

static void ended(struct slot *slot, long long result)
{
	slot->pending = false;
	/* The host took the endpoint away: gadget_next_epoch() looks after it. */
	if (result == -ESHUTDOWN || result == -ECONNRESET || result == -ENODEV)
		return;
	if (result < 0) {
		complain("error %llu of a request of the device on pipe %llu", -result,
			 slot->pipe);
		return;
	}
	if (slot->pipe == GADGET_OUT) {
		size_t good = gadget_compare(GADGET_OUT, epoch, given[GADGET_OUT], slot->data,
					     result);

		if (good != (size_t)result)
			complain("the device got wrong bytes, %llu at %llu", result,
				 given[GADGET_OUT]);
	} else if (result != slot->length) {
		complain("%llu of %llu bytes were handed out", result, slot->length);
	}
	given[slot->pipe] += result;
}

/* Takes what has ended. Under the lock. */
static void reap(void)
{
	struct io_event events[SLOTS];
	struct timespec now = { 0, 0 };
	long n, i;

	while (aio && (n = syscall(SYS_io_getevents, aio, 0, SLOTS, events, &now)) > 0)
		for (i = 0; i < n; i++)
			ended((struct slot *)(uintptr_t)events[i].data, events[i].res);
}

static void look(void)
{
	reap();
	if (broken[0])
		FAIL("%s", broken);
}

static struct slot *free_slot(enum gadget_pipe pipe)
{
	uint64_t end = test_now_ms() + 10000 * test_scale();
	unsigned int i;

	for (;;) {
		look();
		for (i = 0; i < SLOTS; i++)
			if (!slots[pipe][i].pending)
				return &slots[pipe][i];
		if (test_now_ms() > end)
			FAIL("the host takes nothing from pipe 0x%02x", addresses[pipe]);
		test_sleep_ms(1);
	}
}

static void submit(struct slot *slot, enum gadget_pipe pipe, uint32_t length)
{
	uint64_t end = test_now_ms() + 10000 * test_scale();
	struct iocb *list[] = { &slot->iocb };

	slot->pipe = pipe;
	slot->length = length;
	slot->iocb = (struct iocb) {
		.aio_data = (uintptr_t)slot,
		.aio_lio_opcode = pipe == GADGET_OUT ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE,
		.aio_fildes = endpoints[pipe],
		.aio_buf = (uintptr_t)slot->data,
		.aio_nbytes = length,
	};
	slot->pending = true;
	while (syscall(SYS_io_submit, aio, 1, list) != 1) {
		if (errno != EAGAIN)
			FAIL("io_submit: %s", strerror(errno));
		if (test_now_ms() > end)
			FAIL("the host did not enable pipe 0x%02x", addresses[pipe]);
		test_sleep_ms(1);
	}
}

void gadget_give(enum gadget_pipe pipe, size_t length)
{
	struct slot *slot;

	CHECK(pipe != GADGET_OUT && length <= GADGET_LARGEST);
	pthread_mutex_lock(&lock);
	slot = free_slot(pipe);
	gadget_fill(pipe, epoch, offered[pipe], slot->data, length);
	offered[pipe] += length;
	submit(slot, pipe, length);
	pthread_mutex_unlock(&lock);
}

void gadget_take(size_t length)
{
	struct slot *slot;

	pthread_mutex_lock(&lock);
	for (; length >= GADGET_PACKET; length -= GADGET_PACKET) {
		slot = free_slot(GADGET_OUT);
		submit(slot, GADGET_OUT, GADGET_PACKET);
	}
	pthread_mutex_unlock(&lock);
}

void gadget_halt(enum gadget_pipe pipe)
{
	char byte = 0;
	ssize_t n;

	/* Data in the wrong direction is a stall. */
	if (pipe == GADGET_OUT)
		n = write(endpoints[pipe], &byte, 1);
	else
		n = read(endpoints[pipe], &byte, 1);
	if (n >= 0 || errno != EBADMSG)
		FAIL("no stall of pipe 0x%02x: %s", addresses[pipe], strerror(errno));
}

bool gadget_wake(void)
{
	char path[128];

	snprintf(path, sizeof(path), UDC_CLASS "/%s/srp", udc);
	return !file_write(path, "1");
}

static uint64_t value_of(const uint64_t *value)
{
	uint64_t copy;

	pthread_mutex_lock(&lock);
	look();
	copy = *value;
	pthread_mutex_unlock(&lock);
	return copy;
}

uint64_t gadget_given(enum gadget_pipe pipe)
{
	return value_of(&given[pipe]);
}

uint64_t gadget_offered(enum gadget_pipe pipe)
{
	return value_of(&offered[pipe]);
}

uint64_t gadget_taken(void)
{
	return value_of(&given[GADGET_OUT]);
}

unsigned int gadget_pending(enum gadget_pipe pipe)
{
	unsigned int i, n = 0;

	pthread_mutex_lock(&lock);
	look();
	for (i = 0; i < SLOTS; i++)
		n += slots[pipe][i].pending;
	pthread_mutex_unlock(&lock);
	return n;
}

unsigned int gadget_epoch(void)
{
	return epoch;
}

void gadget_wait_given(enum gadget_pipe pipe, uint64_t bytes)
{
	uint64_t end = test_now_ms() + 10000 * test_scale();

	while (gadget_given(pipe) < bytes) {
		if (test_now_ms() > end)
			FAIL("pipe 0x%02x has moved %llu bytes, expected %llu", addresses[pipe],
			     (unsigned long long)gadget_given(pipe), (unsigned long long)bytes);
		test_sleep_ms(1);
	}
}

void gadget_wait_taken(uint64_t bytes)
{
	gadget_wait_given(GADGET_OUT, bytes);
}

void gadget_next_epoch(void)
{
	uint64_t end = test_now_ms() + 10000 * test_scale();
	unsigned int i;

	for (i = 0; i < GADGET_PIPES; i++)
		while (gadget_pending(i)) {
			if (test_now_ms() > end)
				FAIL("pipe 0x%02x still has requests of before the reset",
				     addresses[i]);
			test_sleep_ms(1);
		}
	pthread_mutex_lock(&lock);
	epoch++;
	memset(offered, 0, sizeof(offered));
	memset(given, 0, sizeof(given));
	pthread_mutex_unlock(&lock);
}

unsigned int gadget_suspends(void)
{
	return __atomic_load_n(&suspends, __ATOMIC_SEQ_CST);
}

unsigned int gadget_resumes(void)
{
	return __atomic_load_n(&resumes, __ATOMIC_SEQ_CST);
}

unsigned int gadget_requests(void)
{
	return __atomic_load_n(&requests, __ATOMIC_SEQ_CST);
}

/* Control requests, and what happens on the bus */

static bool held;

void gadget_hold(bool hold)
{
	__atomic_store_n(&held, hold, __ATOMIC_SEQ_CST);
}

/* IN requests are answered with their own setup packet, OUT requests are taken. */
static void answer(const struct usb_ctrlrequest *setup)
{
	uint8_t data[4096] = { 0 };
	uint16_t length = setup->wLength;

	__atomic_add_fetch(&requests, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&held, __ATOMIC_SEQ_CST))
		test_sleep_ms(1);
	if (length > sizeof(data))
		length = sizeof(data);
	memcpy(data, setup, sizeof(*setup));
	if (setup->bRequestType & USB_DIR_IN)
		(void)!write(ep0, data, length);
	else
		(void)!read(ep0, data, length);
}

static double resumed_ms;

static void note_resume(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	resumed_ms = now.tv_sec * 1e3 + now.tv_nsec / 1e6;
	__atomic_add_fetch(&resumes, 1, __ATOMIC_SEQ_CST);
}

double gadget_resumed_ms(void)
{
	return resumed_ms;
}

static void *ep0_main(void *unused)
{
	struct usb_functionfs_event event;
	struct pollfd poll_fds[] = {
		{ .fd = ep0, .events = POLLIN }, { .fd = stop, .events = POLLIN },
	};

	(void)unused;
	/* A reader that waits would keep the gadget from being taken from its controller. */
	for (;;) {
		if (poll(poll_fds, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (poll_fds[1].revents)
			return NULL;
		while (read(ep0, &event, sizeof(event)) == sizeof(event)) {
			if (event.type == FUNCTIONFS_SUSPEND)
				__atomic_add_fetch(&suspends, 1, __ATOMIC_SEQ_CST);
			else if (event.type == FUNCTIONFS_RESUME)
				note_resume();
			else if (event.type == FUNCTIONFS_SETUP)
				answer(&event.u.setup);
		}
		if (errno != EAGAIN && errno != EINTR && errno != EIDRM)
			return NULL;
	}
}

/* Making it */

static void put(const char *file, const char *text)
{
	char path[160];
	int result;

	snprintf(path, sizeof(path), FOLDER "/%s", file);
	result = file_write(path, text);
	if (result)
		FAIL("write %s to %s: %s", text, path, test_errno(result));
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		FAIL("mkdir %s: %s", path, strerror(errno));
}

/* The first controller of dummy_hcd. */
static bool find_udc(void)
{
	struct dirent *entry;
	DIR *dir = opendir(UDC_CLASS);

	udc[0] = 0;
	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "dummy_udc", 9))
			snprintf(udc, sizeof(udc), "%.60s", entry->d_name);
	if (dir)
		closedir(dir);
	return udc[0];
}

const char *gadget_missing(void)
{
	if (!find_udc() && system("modprobe -q -a dummy_hcd libcomposite usb_f_fs") != 0)
		return "this kernel has no dummy_hcd or no FunctionFS";
	if (!find_udc())
		return "dummy_hcd made no controller";
	if (access(CONFIGFS "/usb_gadget", F_OK) &&
	    mount("configfs", CONFIGFS, "configfs", 0, NULL))
		return "there is no configfs";
	return NULL;
}

static void make(unsigned int flags)
{
	char serial[32];

	make_folder(FOLDER);
	put("idVendor", "0x1209");
	put("idProduct", "0xbe05");
	put("bcdUSB", "0x0200");
	make_folder(FOLDER "/strings/0x409");
	snprintf(serial, sizeof(serial), "sleeper-%u", plugs);
	put("strings/0x409/serialnumber", serial);
	make_folder(FOLDER "/configs/c.1");
	put("configs/c.1/bmAttributes", flags & GADGET_NO_WAKE ? "0x80" : "0xa0");
	make_folder(FOLDER "/functions/ffs.sleeper");
	if (symlink(FOLDER "/functions/ffs.sleeper", FOLDER "/configs/c.1/f") && errno != EEXIST)
		FAIL("no configuration for the gadget: %s", strerror(errno));
	make_folder(MOUNT);
	if (mount("sleeper", MOUNT, "functionfs", 0, NULL))
		FAIL("mount functionfs: %s", strerror(errno));
}

static int open_endpoint(const char *file)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), MOUNT "/%s", file);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		FAIL("%s: %s", path, strerror(errno));
	return fd;
}

static void serve(void)
{
	static const char *const files[] = { "ep1", "ep2", "ep3" };
	unsigned int i;

	ep0 = open_endpoint("ep0");
	if (write(ep0, &descriptors, sizeof(descriptors)) != sizeof(descriptors))
		FAIL("the kernel refuses the descriptors: %s", strerror(errno));
	if (write(ep0, &strings, sizeof(strings)) != sizeof(strings))
		FAIL("the kernel refuses the strings: %s", strerror(errno));
	for (i = 0; i < GADGET_PIPES; i++)
		endpoints[i] = open_endpoint(files[i]);
	if (syscall(SYS_io_setup, GADGET_PIPES * SLOTS, &aio))
		FAIL("io_setup: %s", strerror(errno));
	stop = eventfd(0, EFD_CLOEXEC);
	CHECK(stop >= 0);
	CHECK_EQ(pthread_create(&ep0_thread, NULL, ep0_main, NULL), 0);
}

/* The device at dummy_hcd's high-speed port, if it is there. */
static bool find_device(void)
{
	char folder[96], path[160];
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/sys/devices/platform/dummy_hcd.%s",
		 strrchr(udc, '.') + 1);
	dir = opendir(folder);
	name[0] = 0;
	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "usb", 3) || !strspn(entry->d_name + 3, "0123456789"))
			continue;
		snprintf(path, sizeof(path), USB_DEVICES "/%.16s-1", entry->d_name + 3);
		if (!access(path, F_OK))
			snprintf(name, sizeof(name), "%.16s-1", entry->d_name + 3);
	}
	if (dir)
		closedir(dir);
	snprintf(node, sizeof(node), "%s:1.0", name);
	return name[0];
}

unsigned int gadget_number(const char *file)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), USB_DEVICES "/%s/%s", name, file);
	return file_read(path, text, sizeof(text)) > 0 ? atoi(text) : 0;
}

static bool is_configured(void)
{
	return find_device() && gadget_number("bConfigurationValue");
}

/* The controller chose them. */
static void find_addresses(void)
{
	char folder[128], path[256], text[32];
	struct dirent *entry;
	unsigned int i, found = 0;
	DIR *dir;

	snprintf(folder, sizeof(folder), USB_DEVICES "/%s", node);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "ep_", 3))
			continue;
		snprintf(path, sizeof(path), "%s/%.16s/type", folder, entry->d_name);
		file_read(path, text, sizeof(text));
		i = strtoul(entry->d_name + 3, NULL, 16);
		addresses[!strncmp(text, "Interrupt", 9) ? GADGET_INT :
			  i & USB_DIR_IN ? GADGET_IN : GADGET_OUT] = i;
		found++;
	}
	if (dir)
		closedir(dir);
	CHECK_EQ(found, GADGET_PIPES);
}

static void wait_for(bool (*condition)(void), bool value, const char *what)
{
	uint64_t end = test_now_ms() + 10000 * test_scale();

	while (condition() != value) {
		if (test_now_ms() > end)
			FAIL("%s", what);
		test_sleep_ms(2);
	}
}

void gadget_plug(unsigned int flags)
{
	const char *missing = gadget_missing();

	if (missing)
		FAIL("%s", missing);
	gadget_remove();
	memset(offered, 0, sizeof(offered));
	memset(given, 0, sizeof(given));
	plugs++;
	make(flags);
	serve();
	put("UDC", udc);
	wait_for(is_configured, true, "the gadget was not configured");
	find_addresses();
}

void gadget_pull(void)
{
	char path[128];
	int result;

	snprintf(path, sizeof(path), UDC_CLASS "/%s/soft_connect", udc);
	result = file_write(path, "disconnect");
	if (result)
		FAIL("%s: %s", path, test_errno(result));
}

void gadget_wait_gone(void)
{
	wait_for(find_device, false, "the gadget is still there");
}

/* Lets go of the files. Requests end when their endpoints are disabled. */
static void leave(void)
{
	uint64_t one = 1;
	unsigned int i;

	CHECK_EQ(write(stop, &one, sizeof(one)), sizeof(one));
	pthread_join(ep0_thread, NULL);
	close(stop);
	syscall(SYS_io_destroy, aio);
	aio = 0;
	for (i = 0; i < GADGET_PIPES; i++)
		close(endpoints[i]);
	close(ep0);
	ep0 = -1;
}

void gadget_remove(void)
{
	static const char *const folders[] = {
		FOLDER "/configs/c.1", FOLDER "/functions/ffs.sleeper", FOLDER "/strings/0x409",
		FOLDER,
	};
	uint64_t end = test_now_ms() + 10000 * test_scale();
	unsigned int i;

	if (access(FOLDER, F_OK))
		return;
	file_write(FOLDER "/UDC", "\n");
	gadget_hold(false);
	if (ep0 >= 0)
		leave();
	while (!umount2(MOUNT, 0) || errno == EBUSY) {
		if (test_now_ms() > end)
			FAIL("umount " MOUNT ": %s", strerror(errno));
		test_sleep_ms(2);
	}
	unlink(FOLDER "/configs/c.1/f");
	for (i = 0; i < ARRAY_SIZE(folders); i++)
		if (rmdir(folders[i]) && errno != ENOENT)
			FAIL("rmdir %s: %s", folders[i], strerror(errno));
	memset(slots, 0, sizeof(slots));
	if (find_udc())
		gadget_wait_gone();
}
