// SPDX-License-Identifier: MIT
/* The two functions that look for descriptors in memory (winusb.md 1.9). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <winusb.h>

#include "error.h"

#define TYPE_INTERFACE	4

/* A descriptor at this place, all of it before the end. The end is not looked at otherwise. */
static const USB_COMMON_DESCRIPTOR *parse_at(const UCHAR *at, const UCHAR *end)
{
	const USB_COMMON_DESCRIPTOR *descriptor = (const USB_COMMON_DESCRIPTOR *)at;

	if (end - at < (ptrdiff_t)sizeof(*descriptor) ||
	    descriptor->bLength < sizeof(*descriptor) || descriptor->bLength > end - at)
		return NULL;
	return descriptor;
}

PUSB_COMMON_DESCRIPTOR WINAPI WinUsb_ParseDescriptors(PVOID buffer, ULONG length, PVOID start,
						      LONG type)
{
	const UCHAR *end = (const UCHAR *)buffer + length, *at = start;
	const USB_COMMON_DESCRIPTOR *descriptor;

	if (!buffer || !start || at < (const UCHAR *)buffer || at > end)
		return error_null(ERROR_INVALID_PARAMETER);
	for (; (descriptor = parse_at(at, end)); at += descriptor->bLength)
		if (descriptor->bDescriptorType == type)
			return (PUSB_COMMON_DESCRIPTOR)at;
	return error_null(ERROR_NO_MORE_ITEMS);
}

static bool parse_matches(LONG wanted, UCHAR value)
{
	return wanted == -1 || wanted == value;
}

PUSB_INTERFACE_DESCRIPTOR WINAPI WinUsb_ParseConfigurationDescriptor(
	PUSB_CONFIGURATION_DESCRIPTOR configuration, PVOID start, LONG number, LONG setting,
	LONG class, LONG subclass, LONG protocol)
{
	const UCHAR *at = start, *end;

	if (!configuration || !start)
		return error_null(ERROR_INVALID_PARAMETER);
	end = (const UCHAR *)configuration + configuration->wTotalLength;
	for (; at; at += at[0]) {
		const USB_INTERFACE_DESCRIPTOR *found;

		at = (const UCHAR *)WinUsb_ParseDescriptors(
			configuration, configuration->wTotalLength, (PVOID)at, TYPE_INTERFACE);
		if (!at)
			break;
		found = (const USB_INTERFACE_DESCRIPTOR *)at;
		if (found->bLength >= sizeof(*found) &&
		    parse_matches(number, found->bInterfaceNumber) &&
		    parse_matches(setting, found->bAlternateSetting) &&
		    parse_matches(class, found->bInterfaceClass) &&
		    parse_matches(subclass, found->bInterfaceSubClass) &&
		    parse_matches(protocol, found->bInterfaceProtocol))
			return (PUSB_INTERFACE_DESCRIPTOR)at;
		if (at + at[0] >= end)
			return error_null(ERROR_NO_MORE_ITEMS);
	}
	return NULL;
}
