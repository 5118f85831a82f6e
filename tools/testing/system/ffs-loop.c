// SPDX-License-Identifier: MIT
/*
 * The user half of a FunctionFS gadget that says WINUSB: one vendor-class interface, whose bulk OUT
 * endpoint loops to its bulk IN. Its Microsoft OS 1.0 descriptors are handed to the kernel, which
 * sends them: nothing in how a host reads them was made for winusb.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/usb/functionfs.h>

#define PACKED __attribute__((packed))
#define NAME "DeviceInterfaceGUID"
#define GUID "{6d3f9a2e-1b7c-4c58-9e0d-2f4a8b1c7e55}"
#define LARGEST 16384
/* The numbers below are in the bus's byte order, because they are in this machine's. */
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "ffs-loop.c is for little-endian machines"
#endif

struct speed {
	struct usb_interface_descriptor interface;
	struct usb_endpoint_descriptor_no_audio out, in;
} PACKED;

/* Texts have a byte for the final zero, which the kernel sends as a character like any other. */
static struct {
	struct usb_functionfs_descs_head_v2 head;
	__le32 full_count, high_count, os_count;
	struct speed full, high;
	struct usb_os_desc_header compat_header;
	struct usb_ext_compat_desc compat;
	struct usb_os_desc_header property_header;
	struct usb_ext_prop_desc property;
	char name[sizeof(NAME)];
	__le32 data_length;
	char data[sizeof(GUID)];
} PACKED descriptors = {
	.head = {
		.magic = FUNCTIONFS_DESCRIPTORS_MAGIC_V2,
		.length = sizeof(descriptors),
		.flags = FUNCTIONFS_HAS_FS_DESC | FUNCTIONFS_HAS_HS_DESC |
			 FUNCTIONFS_HAS_MS_OS_DESC,
	},
#define SPEED(packet) { \
	.interface = { \
		.bLength = sizeof(struct usb_interface_descriptor), \
		.bDescriptorType = USB_DT_INTERFACE, \
		.bNumEndpoints = 2, \
		.bInterfaceClass = USB_CLASS_VENDOR_SPEC, \
		.iInterface = 1, \
	}, \
	.out = { \
		.bLength = sizeof(struct usb_endpoint_descriptor_no_audio), \
		.bDescriptorType = USB_DT_ENDPOINT, \
		.bEndpointAddress = 1 | USB_DIR_OUT, \
		.bmAttributes = USB_ENDPOINT_XFER_BULK, \
		.wMaxPacketSize = packet, \
	}, \
	.in = { \
		.bLength = sizeof(struct usb_endpoint_descriptor_no_audio), \
		.bDescriptorType = USB_DT_ENDPOINT, \
		.bEndpointAddress = 2 | USB_DIR_IN, \
		.bmAttributes = USB_ENDPOINT_XFER_BULK, \
		.wMaxPacketSize = packet, \
	}, \
}
	.full_count = 3,
	.full = SPEED(64),
	.high_count = 3,
	.high = SPEED(512),
	.os_count = 2,
	.compat_header = {
		.interface = 0,
		.dwLength = sizeof(struct usb_os_desc_header) + sizeof(struct usb_ext_compat_desc),
		.bcdVersion = 0x0100,
		.wIndex = 4,
		.bCount = 1,
	},
	.compat = {
		.bFirstInterfaceNumber = 0,
		.Reserved1 = 1,
		.CompatibleID = "WINUSB",
	},
	.property_header = {
		.interface = 0,
		.dwLength = sizeof(struct usb_os_desc_header) + sizeof(struct usb_ext_prop_desc) +
			    sizeof(NAME) + 4 + sizeof(GUID),
		.bcdVersion = 0x0100,
		.wIndex = 5,
		.wCount = 1,
	},
	.property = {
		.dwSize = sizeof(struct usb_ext_prop_desc) + sizeof(NAME) + 4 + sizeof(GUID),
		.dwPropertyDataType = 1,
		.wPropertyNameLength = sizeof(NAME),
	},
	.name = NAME,
	.data_length = sizeof(GUID),
	.data = GUID,
};

#define TEXT "Loop"
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

static int open_in(const char *folder, const char *name)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static void put(int fd, const void *data, size_t length, const char *what)
{
	ssize_t done = write(fd, data, length);

	if (done < 0)
		err(1, "%s", what);
	if ((size_t)done != length)
		errx(1, "%s: %zd of %zu bytes were taken", what, done, length);
}

/* 6.1 wants the version 1.00 of OS descriptors with its bytes swapped. */
static void put_descriptors(int ep0)
{
	if (write(ep0, &descriptors, sizeof(descriptors)) == sizeof(descriptors))
		return;
	if (errno != EINVAL)
		err(1, "descriptors");
	descriptors.compat_header.bcdVersion = 0x0001;
	descriptors.property_header.bcdVersion = 0x0001;
	put(ep0, &descriptors, sizeof(descriptors), "descriptors");
}

/* Whether the host took the endpoint's configuration away, which it may give back. */
static int is_pause(void)
{
	return errno == ESHUTDOWN || errno == ECONNRESET || errno == EINTR || errno == ENODEV;
}

static void *loop(void *folder)
{
	static char data[LARGEST];
	int out = open_in(folder, "ep1");
	int in = open_in(folder, "ep2");

	for (;;) {
		ssize_t got = read(out, data, sizeof(data));

		if (got >= 0 && write(in, data, got) == got)
			continue;
		if (!is_pause())
			err(1, "loop");
		usleep(10000);
	}
	return NULL;
}

/* Control requests to the interface are all refused: data in the wrong direction is a stall. */
static void serve_events(int ep0)
{
	struct usb_functionfs_event event;

	while (read(ep0, &event, sizeof(event)) == sizeof(event)) {
		if (event.type != FUNCTIONFS_SETUP)
			continue;
		if (event.u.setup.bRequestType & USB_DIR_IN)
			(void)!read(ep0, NULL, 0);
		else
			(void)!write(ep0, NULL, 0);
	}
	err(1, "ep0");
}

int main(int argc, char **argv)
{
	pthread_t thread;
	int ep0;

	if (argc != 2 || argv[1][0] == '-') {
		printf("Usage: ffs-loop FOLDER\n"
		       "Serves the FunctionFS that is mounted on FOLDER as a WINUSB loopback. Prints\n"
		       "\"ready\" when the gadget can be given to a controller; runs until it is killed.\n");
		return argc == 2 && !strcmp(argv[1], "--help") ? 0 : 2;
	}
	ep0 = open_in(argv[1], "ep0");
	put_descriptors(ep0);
	put(ep0, &strings, sizeof(strings), "strings");
	errno = pthread_create(&thread, NULL, loop, argv[1]);
	if (errno)
		err(1, "thread");
	puts("ready");
	fflush(stdout);
	serve_events(ep0);
}
