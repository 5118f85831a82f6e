// SPDX-License-Identifier: MIT
/*
 * Target xhci: two disks of QEMU (usb-storage) behind its xHCI controller. What is measured is the
 * data stage of READ(10) and WRITE(10) commands: bulk transfers of the cell's size and depth, one
 * after the other. The command before it and the status after it are not in the numbers.
 *
 * USB Mass Storage Class, Bulk-Only Transport 1.0, sections 5.1 and 5.2.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define VENDOR 0x46f4		/* QEMU's disk */
#define PRODUCT 0x0001
#define BLOCK 512
#define CBW 31
#define CSW 13
#define TEST_UNIT_READY 0x00
#define REQUEST_SENSE 0x03
#define READ_10 0x28
#define WRITE_10 0x2a

static struct target *target;
static uint32_t tag;

static int move(bool winusb, bool in, void *data, uint32_t length)
{
	const struct device *d = winusb ? &target->winusb : &target->usbfs;
	uint32_t moved;
	unsigned int i;
	int result;

	for (i = 0; i < d->nr_pipes; i++)
		if (!!(d->pipes[i].address & 0x80) == in)
			break;
	if (i == d->nr_pipes)
		return -ENOENT;
	/* A status of 13 bytes ends short of the packet that RAW_IO makes us ask for. */
	result = winusb ? winusb_transfer(d->pipes[i].address, data, length, &moved) :
			  usbfs_transfer(d->pipes[i].address, data, length, &moved);
	return result ? result : (int)moved;
}

static int command(bool winusb, uint8_t operation, uint32_t bytes, bool in)
{
	uint8_t block[CBW] = { 'U', 'S', 'B', 'C' };
	uint16_t blocks = htobe16(bytes / BLOCK);
	uint32_t length = htole32(bytes);
	int moved;

	tag++;
	memcpy(block + 4, &tag, 4);
	memcpy(block + 8, &length, 4);
	block[12] = in ? 0x80 : 0;
	block[14] = operation == TEST_UNIT_READY || operation == REQUEST_SENSE ? 6 : 10;
	block[15] = operation;
	if (operation == REQUEST_SENSE)
		block[19] = bytes;
	else
		memcpy(block + 15 + 7, &blocks, 2);
	moved = move(winusb, false, block, CBW);
	return moved < 0 ? moved : moved == CBW ? 0 : -EREMOTEIO;
}

/* The command's own status, 0 or 1, or a negative error number. */
static int status(bool winusb)
{
	uint8_t data[1024];
	int moved = move(winusb, true, data, sizeof(data));

	if (moved < 0)
		return moved;
	if (moved != CSW || memcmp(data, "USBS", 4) || memcmp(data + 4, &tag, 4))
		return -EBADMSG;
	return data[12];
}

int storage_begin(const struct cell *cell, bool winusb, uint64_t bytes)
{
	return command(winusb, cell->in ? READ_10 : WRITE_10, bytes, cell->in);
}

int storage_end(const struct cell *cell, bool winusb)
{
	int result = status(winusb);

	(void)cell;
	return result > 0 ? -EIO : result;
}

/* A disk reports once that it was plugged in. */
static void wake(bool winusb)
{
	uint8_t sense[1024];
	int i, result = 1;

	for (i = 0; i < 5 && result; i++) {
		result = command(winusb, TEST_UNIT_READY, 0, false);
		result = result ? result : status(winusb);
		if (result <= 0)
			break;
		if (command(winusb, REQUEST_SENSE, 18, true) || move(winusb, true, sense, sizeof(sense)) < 0 ||
		    status(winusb))
			break;
	}
	if (result)
		fail("the disk of %s is not ready: %s", winusb ? "winusb" : "usbfs",
		     result < 0 ? strerror(-result) : "it says so");
}

int storage_plug(struct target *t)
{
	unsigned int i;

	target = t;
	/* The ports come up while the guest starts. */
	for (i = 0; i < 1000; i++) {
		if (device_find(&t->winusb, VENDOR, PRODUCT, NULL) &&
		    device_find(&t->usbfs, VENDOR, PRODUCT, &t->winusb))
			break;
		usleep(10000);
	}
	if (i == 1000)
		fail("there are no two disks of QEMU on USB: run this on a stock kernel with "
		     "scripts/lab run --kernel=6.12 --xhci -- winusb-bench --target=xhci");
	winusb_bind(&t->winusb, VENDOR, PRODUCT);
	winusb_open(t);
	usbfs_open(t);
	wake(true);
	wake(false);
	winusb_close();
	usbfs_close();
	return 0;
}

void storage_unplug(struct target *t)
{
	(void)t;
}
