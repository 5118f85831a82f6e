/* SPDX-License-Identifier: MIT */
/*
 * Descriptor bytes as initialisers, and a walk over a block of descriptors
 * that trusts no length.
 */
#ifndef DESC_H
#define DESC_H

#include <stddef.h>
#include <stdint.h>

enum {
	DT_DEVICE = 1, DT_CONFIG = 2, DT_STRING = 3, DT_INTERFACE = 4,
	DT_ENDPOINT = 5, DT_QUALIFIER = 6, DT_OTHER_SPEED = 7, DT_IAD = 11,
	DT_BOS = 15, DT_CAPABILITY = 16,
};

enum { XFER_CONTROL, XFER_ISO, XFER_BULK, XFER_INTERRUPT };

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define LE16(x) ((x) & 0xff), (((x) >> 8) & 0xff)

/* Strings 1 to 3 are manufacturer, product and serial number. */
#define DEVICE_DESC(usb, class, sub, proto, vid, pid, rev)		\
	18, DT_DEVICE, LE16(usb), class, sub, proto, 64, LE16(vid),	\
	LE16(pid), LE16(rev), 1, 2, 3, 1

/* The total length is filled in by the core. */
#define CONFIG_DESC(interfaces, attributes)				\
	9, DT_CONFIG, 0, 0, interfaces, 1, 0, attributes, 50

#define INTERFACE_DESC(number, alt, eps, class, sub, proto, string)	\
	9, DT_INTERFACE, number, alt, eps, class, sub, proto, string

#define ENDPOINT_DESC(address, type, mps, interval)			\
	7, DT_ENDPOINT, address, type, LE16(mps), interval

#define IAD_DESC(first, count, class, sub, proto, string)		\
	8, DT_IAD, first, count, class, sub, proto, string

/* Iterates over the well-formed prefix of a descriptor block. */
#define for_each_desc(d, block, len)					\
	for ((d) = desc_first(block, len); (d);				\
	     (d) = desc_next(d, (block) + (len)))

static inline const uint8_t *desc_check(const uint8_t *d, const uint8_t *end)
{
	if (end - d < 2 || d[0] < 2 || d[0] > end - d)
		return NULL;
	return d;
}

static inline const uint8_t *desc_first(const uint8_t *block, size_t len)
{
	return desc_check(block, block + len);
}

static inline const uint8_t *desc_next(const uint8_t *d, const uint8_t *end)
{
	return desc_check(d + d[0], end);
}

static inline unsigned int get_le16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static inline void put_le16(uint8_t *p, unsigned int v)
{
	p[0] = v & 0xff;
	p[1] = v >> 8 & 0xff;
}

#endif
