// SPDX-License-Identifier: MIT
/*
 * An ordinary libusb program: it opens a device by its id, claims interface 0, writes a few packets to
 * the first bulk OUT endpoint and reads them back from the first bulk IN. What binding does to programs
 * like this one is what tests look at, so it does nothing that such a program would not do.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libusb.h>

enum { MOVED = 0, FAILED = 1, WRONG_USE = 2, BUSY = 3 };

static libusb_device_handle *device;
static unsigned char out, in;

static void usage(void)
{
	printf("Usage: usb-loop [--detach | --auto] VID:PID\n"
	       "Sends data round a board's loopback, through libusb.\n\n"
	       "  --detach  take interface 0 from its driver before, give it back afterwards\n"
	       "  --auto    let libusb do that\n\n"
	       "Exit status: 0 if the data came back, 3 if the interface was busy, 1 otherwise.\n");
}

static int failed(const char *what, int error)
{
	printf("%s: %s\n", what, libusb_error_name(error));
	return error == LIBUSB_ERROR_BUSY ? BUSY : FAILED;
}

static int find_pipes(void)
{
	struct libusb_config_descriptor *config;
	const struct libusb_interface_descriptor *setting;
	int error = libusb_get_active_config_descriptor(libusb_get_device(device), &config);

	if (error)
		return failed("configuration", error);
	setting = &config->interface[0].altsetting[0];
	for (int i = 0; i < setting->bNumEndpoints; i++) {
		const struct libusb_endpoint_descriptor *ep = &setting->endpoint[i];

		if ((ep->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) != LIBUSB_TRANSFER_TYPE_BULK)
			continue;
		if (ep->bEndpointAddress & LIBUSB_ENDPOINT_IN)
			in = in ? in : ep->bEndpointAddress;
		else
			out = out ? out : ep->bEndpointAddress;
	}
	libusb_free_config_descriptor(config);
	if (in && out)
		return MOVED;
	printf("pipes: interface 0 has no bulk pair\n");
	return FAILED;
}

static int move(void)
{
	unsigned char sent[200], got[4096];
	int error, moved;

	for (int round = 0; round < 10; round++) {
		memset(sent, 'a' + round, sizeof(sent));
		error = libusb_bulk_transfer(device, out, sent, sizeof(sent), &moved, 5000);
		if (error)
			return failed("write", error);
		error = libusb_bulk_transfer(device, in, got, sizeof(got), &moved, 5000);
		if (error)
			return failed("read", error);
		if (moved != sizeof(sent) || memcmp(sent, got, sizeof(sent))) {
			printf("read: %d bytes that were not sent\n", moved);
			return FAILED;
		}
	}
	printf("moved\n");
	return MOVED;
}

static int work(bool detach, bool automatic)
{
	int error, result;

	error = libusb_kernel_driver_active(device, 0);
	printf("driver: %s\n", error == 1 ? "yes" : error == 0 ? "no" : libusb_error_name(error));
	if (automatic) {
		error = libusb_set_auto_detach_kernel_driver(device, 1);
		if (error)
			return failed("auto-detach", error);
	}
	if (detach) {
		error = libusb_detach_kernel_driver(device, 0);
		if (error)
			return failed("detach", error);
	}
	error = libusb_claim_interface(device, 0);
	if (error)
		return failed("claim", error);
	result = find_pipes();
	if (!result)
		result = move();
	error = libusb_release_interface(device, 0);
	if (error && !result)
		result = failed("release", error);
	if (detach) {
		error = libusb_attach_kernel_driver(device, 0);
		if (error && !result)
			result = failed("attach", error);
	}
	return result;
}

int main(int argc, char **argv)
{
	bool detach = false, automatic = false;
	unsigned int vid, pid;
	int result;

	if (argc == 3 && !strcmp(argv[1], "--detach"))
		detach = true;
	else if (argc == 3 && !strcmp(argv[1], "--auto"))
		automatic = true;
	else if (argc != 2 || !strcmp(argv[1], "--help")) {
		usage();
		return argc == 2 ? 0 : WRONG_USE;
	}
	if (sscanf(argv[argc - 1], "%x:%x", &vid, &pid) != 2) {
		fprintf(stderr, "usb-loop: not VID:PID: %s\n", argv[argc - 1]);
		return WRONG_USE;
	}
	result = libusb_init(NULL);
	if (result)
		return failed("init", result);
	device = libusb_open_device_with_vid_pid(NULL, vid, pid);
	if (!device) {
		printf("open: no device %04x:%04x\n", vid, pid);
		return FAILED;
	}
	result = work(detach, automatic);
	libusb_close(device);
	libusb_exit(NULL);
	return result;
}
