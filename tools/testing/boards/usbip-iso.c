// SPDX-License-Identifier: MIT
/*
 * The descriptors of isochronous packets, as they are on the wire behind the
 * data. They come from the host, so nothing of them is believed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "usbip.h"

/*
 * Takes over the descriptors; false: they are wrong. Each packet has to be
 * within the transfer, and all of them together no larger than it, which is
 * what may be answered. A packet whose time does not come was not accessed.
 */
bool usbip_iso_read(struct urb *urb, const uint8_t *data)
{
	struct usbip_iso iso;
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < urb->iso_count; i++) {
		struct iso_packet *p = &urb->iso[i];

		memcpy(&iso, data + i * sizeof(iso), sizeof(iso));
		p->offset = ntohl(iso.offset);
		p->length = ntohl(iso.length);
		p->status = -EXDEV;
		if (p->offset > urb->length ||
		    p->length > urb->length - p->offset)
			return false;
		sum += p->length;
	}
	return sum <= urb->length;
}

void usbip_iso_write(const struct iso_packet *packet, struct usbip_iso *iso)
{
	iso->offset = htonl(packet->offset);
	iso->length = htonl(packet->length);
	iso->actual = htonl(packet->actual);
	iso->status = htonl(packet->status);
}

unsigned int usbip_iso_errors(const struct urb *urb)
{
	unsigned int i, errors = 0;

	for (i = 0; i < urb->iso_count; i++)
		errors += urb->iso[i].status != 0;
	return errors;
}
