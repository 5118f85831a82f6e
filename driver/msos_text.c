// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Microsoft OS descriptors say, as text: strings and GUIDs. See msos.c. Strings of a device
 * may lack their end, be odd or no UTF-16 at all.
 */
#ifdef __KERNEL__
#include <linux/string.h>

#include "compat.h"
#endif

#include "msos.h"

/* 4.1: clients read the plural first. */
static const char * const winusb_msos_guid_names[] = {
	"DeviceInterfaceGUIDs",
	"DeviceInterfaceGUID",
};

static bool winusb_msos_is_surrogate(u32 c)
{
	return c >= 0xd800 && c <= 0xdfff;
}

/* What could end a line, or give orders to a terminal. */
static bool winusb_msos_is_control(u32 c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

static size_t winusb_msos_encode(u32 c, char bytes[4])
{
	if (c < 0x80) {
		bytes[0] = c;
		return 1;
	}
	if (c < 0x800) {
		bytes[0] = 0xc0 | c >> 6;
		bytes[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	if (c < 0x10000) {
		bytes[0] = 0xe0 | c >> 12;
		bytes[1] = 0x80 | (c >> 6 & 0x3f);
		bytes[2] = 0x80 | (c & 0x3f);
		return 3;
	}
	bytes[0] = 0xf0 | c >> 18;
	bytes[1] = 0x80 | (c >> 12 & 0x3f);
	bytes[2] = 0x80 | (c >> 6 & 0x3f);
	bytes[3] = 0x80 | (c & 0x3f);
	return 4;
}

/**
 * winusb_msos_to_utf8 - Make a string fit to be shown
 * @utf16: UTF-16LE, up to a NUL or to its end; an odd byte at the end is left out.
 * @bytes: How many there are.
 * @text: Where the UTF-8 goes, always with a NUL at the end.
 * @size: Room there. What does not fit is left out, whole characters only.
 *
 * U+FFFD stands for surrogates that are no pair and for control characters, U+2028 and U+2029
 * among them: one string is one line.
 *
 * Return: bytes written, without the NUL.
 */
size_t winusb_msos_to_utf8(const u8 *utf16, size_t bytes, char *text, size_t size)
{
	size_t i = 0, used = 0, n;
	char encoded[4];
	u32 c, low;

	if (!size)
		return 0;
	while (bytes - i >= 2) {
		c = winusb_msos_u16(utf16 + i);
		i += 2;
		if (!c)
			break;
		if (c >= 0xd800 && c < 0xdc00 && bytes - i >= 2) {
			low = winusb_msos_u16(utf16 + i);
			if (low >= 0xdc00 && low <= 0xdfff) {
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				i += 2;
			}
		}
		if (winusb_msos_is_surrogate(c) || winusb_msos_is_control(c))
			c = 0xfffd;
		n = winusb_msos_encode(c, encoded);
		if (n >= size - used)
			break;
		memcpy(text + used, encoded, n);
		used += n;
	}
	text[used] = '\0';
	return used;
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_to_utf8);

/**
 * winusb_msos_next_string - Go through the strings of a property
 * @property: The property.
 * @position: 0 for the first string; moved.
 * @utf16: Set to the string, inside the property's data.
 * @bytes: Set to its length, an even number, without NUL.
 *
 * REG_SZ and REG_EXPAND_SZ have one string, which may be empty. REG_MULTI_SZ has those before the
 * first empty one. The end of the data ends a string, too; an odd byte there is left out.
 *
 * Return: false if there is no further one; also for the types that are not text.
 */
bool winusb_msos_next_string(const struct winusb_msos_property *property, size_t *position,
			     const u8 **utf16, size_t *bytes)
{
	bool multi = property->type == WINUSB_MSOS_MULTI_SZ;
	size_t length = property->data_length;
	size_t start = *position, end = start;

	if (!multi && (start || (property->type != WINUSB_MSOS_SZ &&
				 property->type != WINUSB_MSOS_EXPAND_SZ)))
		return false;
	if (start > length)
		return false;
	while (length - end >= 2 && winusb_msos_u16(property->data + end))
		end += 2;
	if (multi && end == start)
		return false;

	*utf16 = property->data + start;
	*bytes = end - start;
	*position = end + 2;
	return true;
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_next_string);

/**
 * winusb_msos_guid_from_text - Read a GUID
 * @text: "{8-4-4-4-12}", hexadecimal digits.
 * @length: Bytes of it; nothing else may be around it.
 * @guid: Where it goes, in lower case. Undefined if it is none.
 *
 * Return: whether it is a GUID.
 */
bool winusb_msos_guid_from_text(const char *text, size_t length, char guid[WINUSB_MSOS_GUID_SIZE])
{
	size_t i;

	if (length != WINUSB_MSOS_GUID_SIZE - 1)
		return false;
	for (i = 0; i < length; i++) {
		char c = winusb_msos_fold((u8)text[i]);
		bool fits;

		if (i == 0)
			fits = c == '{';
		else if (i == length - 1)
			fits = c == '}';
		else if (i == 9 || i == 14 || i == 19 || i == 24)
			fits = c == '-';
		else
			fits = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
		if (!fits)
			return false;
		guid[i] = c;
	}
	guid[i] = '\0';
	return true;
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_guid_from_text);

/**
 * winusb_msos_guid_from_utf16 - Read a GUID of a property
 * @utf16: UTF-16LE.
 * @bytes: Its length, without NUL.
 * @guid: Where it goes, as winusb_msos_guid_from_text() does.
 *
 * Return: whether it is a GUID.
 */
bool winusb_msos_guid_from_utf16(const u8 *utf16, size_t bytes, char guid[WINUSB_MSOS_GUID_SIZE])
{
	char text[WINUSB_MSOS_GUID_SIZE - 1];
	size_t i;

	if (bytes != 2 * sizeof(text))
		return false;
	for (i = 0; i < sizeof(text); i++) {
		u16 c = winusb_msos_u16(utf16 + 2 * i);

		if (c >= 0x80)
			return false;
		text[i] = c;
	}
	return winusb_msos_guid_from_text(text, sizeof(text), guid);
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_guid_from_utf16);

static bool winusb_msos_is_among(char guids[][WINUSB_MSOS_GUID_SIZE], unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!memcmp(guids[i], guids[count], WINUSB_MSOS_GUID_SIZE))
			return true;
	return false;
}

/**
 * winusb_msos_interface_guid - The interface GUIDs that a function asks for, one at a time
 * @msos: What was parsed.
 * @function: Index of the function, or WINUSB_MSOS_DEVICE.
 * @n: Which one, from 0.
 * @guid: Where it goes.
 *
 * Those of DeviceInterfaceGUIDs, then those of DeviceInterfaceGUID, whether they are REG_SZ or
 * REG_MULTI_SZ; without those that are no GUIDs or were there before. There are at most
 * WINUSB_MSOS_GUIDS, which bounds the time, too.
 *
 * Return: whether there are so many.
 */
bool winusb_msos_interface_guid(const struct winusb_msos *msos, u8 function, unsigned int n,
				char guid[WINUSB_MSOS_GUID_SIZE])
{
	char found[WINUSB_MSOS_GUIDS][WINUSB_MSOS_GUID_SIZE];
	unsigned int count = 0, name;

	for (name = 0; name < 2; name++) {
		const struct winusb_msos_property *property =
			winusb_msos_find_property(msos, function, winusb_msos_guid_names[name]);
		size_t position = 0, bytes;
		const u8 *utf16;

		while (property && count < WINUSB_MSOS_GUIDS &&
		       winusb_msos_next_string(property, &position, &utf16, &bytes)) {
			if (!winusb_msos_guid_from_utf16(utf16, bytes, found[count]) ||
			    winusb_msos_is_among(found, count))
				continue;
			if (count == n) {
				memcpy(guid, found[count], WINUSB_MSOS_GUID_SIZE);
				return true;
			}
			count++;
		}
	}
	return false;
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_interface_guid);
