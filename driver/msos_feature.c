// SPDX-License-Identifier: GPL-2.0-only
/*
 * Microsoft OS 1.0 descriptors (winusb.md 4.2, 4.3): the string, and the two features that are read
 * with the vendor code in it. See msos.c for what all parsers have in common. Here sections follow
 * one another; one with an impossible size is the last.
 */
#ifdef __KERNEL__
#include <linux/string.h>

#include "compat.h"
#endif

#include "msos.h"

/* wIndex of the requests, sizes (4.3). */
#define WINUSB_MSOS_COMPATIBLE_IDS	4
#define WINUSB_MSOS_PROPERTY_LIST	5
#define WINUSB_MSOS_ID_HEADER		16
#define WINUSB_MSOS_ID_SECTION		24
#define WINUSB_MSOS_PROPERTY_HEADER	10
#define WINUSB_MSOS_PROPERTY_SECTION	14	/* without name and data */

/* All that comes before the vendor code (4.2). */
static const u8 winusb_msos_string[] = {
	0x12, 0x03, 'M', 0, 'S', 0, 'F', 0, 'T', 0, '1', 0, '0', 0, '0', 0
};

/**
 * winusb_msos_parse_string - Is this the OS 1.0 string descriptor?
 * @data: String 0xee.
 * @length: How many bytes came.
 * @vendor_code: bRequest for the feature descriptors.
 *
 * Return: whether it is.
 */
bool winusb_msos_parse_string(const u8 *data, size_t length, u8 *vendor_code)
{
	if (length < 18 || memcmp(data, winusb_msos_string, sizeof(winusb_msos_string)))
		return false;
	*vendor_code = data[sizeof(winusb_msos_string)];
	return true;
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_parse_string);

/**
 * winusb_msos_feature_length - How long is an OS 1.0 feature descriptor?
 * @header: Its beginning; the header is 16 bytes for compatible IDs and 10 for properties.
 * @length: How many bytes came.
 * @feature: wIndex of the request: 4 compatible IDs, 5 properties.
 *
 * Return: what to ask for, 65535 at most; 0 if it is not such a descriptor.
 */
u32 winusb_msos_feature_length(const u8 *header, size_t length, u16 feature)
{
	size_t size = feature == WINUSB_MSOS_COMPATIBLE_IDS ? WINUSB_MSOS_ID_HEADER :
							      WINUSB_MSOS_PROPERTY_HEADER;
	u32 total;

	if (length < size || winusb_msos_u16(header + 4) != 0x0100 ||
	    winusb_msos_u16(header + 6) != feature)
		return 0;
	total = winusb_msos_u32(header);
	if (total < size)
		return 0;
	return total > 0xffff ? 0xffff : total;
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_feature_length);

/* The bytes that count; 0 if this is not such a descriptor. */
static size_t winusb_msos_open_feature(const u8 *data, size_t length, u16 feature,
				       struct winusb_msos *msos)
{
	u32 total = winusb_msos_feature_length(data, length, feature);

	if (!total)
		winusb_msos_fault(msos, "no header of a feature descriptor");
	else if (length < total)
		winusb_msos_fault(msos, "fewer bytes than the descriptor should have");
	return length < total ? length : total;
}

/**
 * winusb_msos_parse_compatible_ids - Read an OS 1.0 extended compatible ID descriptor
 * @data: The descriptor.
 * @length: How many bytes came.
 * @msos: Cleared first, then its functions are filled in.
 */
void winusb_msos_parse_compatible_ids(const u8 *data, size_t length, struct winusb_msos *msos)
{
	size_t pos = WINUSB_MSOS_ID_HEADER, end;
	unsigned int count;

	memset(msos, 0, sizeof(*msos));
	end = winusb_msos_open_feature(data, length, WINUSB_MSOS_COMPATIBLE_IDS, msos);
	if (!end)
		return;
	msos->version = 0x0100;

	for (count = data[8]; count && end - pos >= WINUSB_MSOS_ID_SECTION; count--) {
		struct winusb_msos_function *function =
			winusb_msos_add_function(msos, data[pos]);

		/* A second section of a function adds to the first. */
		if (function)
			winusb_msos_set_ids(msos, data + pos + 2, function->compatible_id,
					    function->sub_compatible_id);
		pos += WINUSB_MSOS_ID_SECTION;
	}
	if (count || pos < end)
		winusb_msos_fault(msos, "a count of sections that is not their number");
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_parse_compatible_ids);

/**
 * winusb_msos_parse_properties - Read an OS 1.0 extended properties descriptor
 * @data: The descriptor; it has to stay as long as @msos, whose properties point into it.
 * @length: How many bytes came.
 * @function: Index of the function that was asked about, or WINUSB_MSOS_DEVICE.
 * @msos: What is read is added to it.
 */
void winusb_msos_parse_properties(const u8 *data, size_t length, u8 function,
				  struct winusb_msos *msos)
{
	size_t pos = WINUSB_MSOS_PROPERTY_HEADER, end;
	unsigned int count;

	end = winusb_msos_open_feature(data, length, WINUSB_MSOS_PROPERTY_LIST, msos);
	if (!end)
		return;

	for (count = winusb_msos_u16(data + 8);
	     count && end - pos >= WINUSB_MSOS_PROPERTY_SECTION; count--) {
		const u8 *section = data + pos;
		u32 size = winusb_msos_u32(section);
		u16 name_length = winusb_msos_u16(section + 8);
		u32 data_length;

		if (size < WINUSB_MSOS_PROPERTY_SECTION || size > end - pos) {
			winusb_msos_fault(msos, "a section with an impossible size");
			return;
		}
		pos += size;
		size -= WINUSB_MSOS_PROPERTY_SECTION;
		if (name_length > size) {
			winusb_msos_fault(msos, "a property whose name is longer than itself");
			continue;
		}
		data_length = winusb_msos_u32(section + 10 + name_length);
		if (data_length > size - name_length) {
			winusb_msos_fault(msos, "a property whose data are longer than itself");
			continue;
		}
		winusb_msos_add_property(msos, function, winusb_msos_u32(section + 4),
					 section + 10, name_length,
					 section + 14 + name_length, data_length);
	}
	if (count || pos < end)
		winusb_msos_fault(msos, "a count of sections that is not their number");
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_parse_properties);
