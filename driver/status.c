// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables from usbcore's codes to the error contract of the uapi header. Every code of a URB,
 * whether usb_submit_urb() returned it or the completion carried it, passes through the first one,
 * and that of each isochronous packet through the second.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include <uapi/linux/winusb.h>

#include "compat.h"
#include "status.h"

static const struct {
	int status;
	int error;
} winusb_status_table[] = {
	{ 0,		0 },
	{ -EPIPE,	-EPIPE },	/* stall */
	{ -EPROTO,	-EPROTO },	/* bit stuffing, no response, unknown error */
	{ -EILSEQ,	-EILSEQ },	/* checksum, no response */
	{ -ETIME,	-EPROTO },	/* no response within the turn-around time */
	{ -EOVERFLOW,	-EOVERFLOW },	/* babble */
	{ -ECOMM,	-EIO },		/* the host's memory was too slow for IN */
	{ -ENOSR,	-EIO },		/* ... for OUT */
	{ -EREMOTEIO,	-EIO },
	{ -ESHUTDOWN,	-ESHUTDOWN },	/* device or controller gone, endpoint disabled */
	{ -ENODEV,	-ESHUTDOWN },
	{ -ENOENT,	-ESHUTDOWN },	/* killed by somebody else, endpoint not enabled */
	{ -ECONNRESET,	-ESHUTDOWN },	/* unlinked by somebody else */
	{ -EPERM,	-ESHUTDOWN },	/* poisoned */
	{ -EHOSTUNREACH, -EIO },	/* suspended */
	{ -ENOMEM,	-ENOMEM },
	{ -EAGAIN,	-ENOMEM },	/* no room to map its memory for DMA */
};

/**
 * winusb_status_to_errno - Translate the code of a URB into the error contract
 * @status: What usb_submit_urb() returned, or urb->status after completion.
 *
 * A caller that unlinked the URB itself knows the reason better and does not ask here.
 *
 * Return: 0 or an error of the contract; -EIO for every code that is not in the table.
 */
int winusb_status_to_errno(int status)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(winusb_status_table); i++)
		if (winusb_status_table[i].status == status)
			return winusb_status_table[i].error;
	return -EIO;
}
WINUSB_EXPORT_FOR_TESTS(winusb_status_to_errno);

static const struct {
	int status;
	u32 packet;
} winusb_packet_table[] = {
	{ 0,		WINUSB_PACKET_SUCCESS },
	{ -EXDEV,	WINUSB_PACKET_LATE },
	{ -EILSEQ,	WINUSB_PACKET_CRC },
	{ -EPIPE,	WINUSB_PACKET_STALL },
	{ -ETIME,	WINUSB_PACKET_NO_RESPONSE },
	{ -EREMOTEIO,	WINUSB_PACKET_UNDERRUN },
	{ -ECOMM,	WINUSB_PACKET_BUFFER_OVERRUN },
	{ -ENOSR,	WINUSB_PACKET_BUFFER_UNDERRUN },
	{ -EPROTO,	WINUSB_PACKET_BUS_ERROR },
	{ -EOVERFLOW,	WINUSB_PACKET_BABBLE },
	{ -ESHUTDOWN,	WINUSB_PACKET_GONE },
	{ -ENODEV,	WINUSB_PACKET_GONE },
	{ -ENOENT,	WINUSB_PACKET_CANCELED },
	{ -ECONNRESET,	WINUSB_PACKET_CANCELED },
};

/**
 * winusb_status_to_packet - Translate what became of an isochronous packet
 * @status: Its status as usbcore has it.
 *
 * Return: WINUSB_PACKET_ status; WINUSB_PACKET_ERROR for every code that is not in the table.
 */
u32 winusb_status_to_packet(int status)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(winusb_packet_table); i++)
		if (winusb_packet_table[i].status == status)
			return winusb_packet_table[i].packet;
	return WINUSB_PACKET_ERROR;
}
WINUSB_EXPORT_FOR_TESTS(winusb_status_to_packet);
