// SPDX-License-Identifier: MIT
#include "wide.h"

#include <stdint.h>

const GUID GUID_NULL;

/*
 * Where the digits of each byte stand in {01234567-89ab-cdef-0123-456789abcdef}, and the byte's
 * place.
 */
static const unsigned char places[16][2] = {
	{ 1, 3 }, { 3, 2 }, { 5, 1 }, { 7, 0 }, { 10, 5 }, { 12, 4 }, { 15, 7 }, { 17, 6 },
	{ 20, 8 }, { 22, 9 }, { 25, 10 }, { 27, 11 }, { 29, 12 }, { 31, 13 }, { 33, 14 },
	{ 35, 15 },
};
static const char frame[] = "{00000000-0000-0000-0000-000000000000}";

#define TEXT_LENGTH (sizeof(frame) - 1)

static int digit(WCHAR unit)
{
	if (unit >= '0' && unit <= '9')
		return unit - '0';
	unit |= 0x20;
	return unit >= 'a' && unit <= 'f' ? unit - 'a' + 10 : -1;
}

/* The memory of a GUID has its first three parts in the machine's order. */
static void put_byte(GUID *guid, unsigned int place, uint8_t byte)
{
	if (place < 4)
		guid->Data1 |= (uint32_t)byte << 8 * place;
	else if (place < 6)
		guid->Data2 |= (uint16_t)(byte << 8 * (place - 4));
	else if (place < 8)
		guid->Data3 |= (uint16_t)(byte << 8 * (place - 6));
	else
		guid->Data4[place - 8] = byte;
}

static uint8_t get_byte(const GUID *guid, unsigned int place)
{
	if (place < 4)
		return (uint8_t)(guid->Data1 >> 8 * place);
	if (place < 6)
		return (uint8_t)(guid->Data2 >> 8 * (place - 4));
	if (place < 8)
		return (uint8_t)(guid->Data3 >> 8 * (place - 6));
	return guid->Data4[place - 8];
}

static bool guid_parse(const WCHAR *text, GUID *guid)
{
	GUID value = { 0 };

	if (wcsnlen(text, TEXT_LENGTH + 1) != TEXT_LENGTH)
		return false;
	for (size_t i = 0; i < TEXT_LENGTH; i++)
		if (frame[i] == '0' ? digit(text[i]) < 0 : text[i] != frame[i])
			return false;
	for (size_t i = 0; i < 16; i++) {
		const WCHAR *at = text + places[i][0];

		put_byte(&value, places[i][1], (uint8_t)(digit(at[0]) << 4 | digit(at[1])));
	}
	*guid = value;
	return true;
}

/* Windows also looks for a program's name in its registry: there is none here. */
static HRESULT from_string(const WCHAR *text, GUID *guid, HRESULT bad)
{
	if (!guid)
		return E_INVALIDARG;
	memset(guid, 0, sizeof(*guid));
	if (!text)
		return S_OK;
	return guid_parse(text, guid) ? S_OK : bad;
}

HRESULT WINAPI CLSIDFromString(LPCOLESTR lpsz, LPCLSID pclsid)
{
	return from_string(lpsz, pclsid, CO_E_CLASSSTRING);
}

HRESULT WINAPI IIDFromString(LPCOLESTR lpsz, LPIID lpiid)
{
	HRESULT result = from_string(lpsz, lpiid, CO_E_IIDSTRING);

	/* A text of another length is another error. */
	if (result == CO_E_IIDSTRING && wcsnlen(lpsz, TEXT_LENGTH + 1) != TEXT_LENGTH)
		return E_INVALIDARG;
	return result;
}

int WINAPI StringFromGUID2(REFGUID rguid, LPOLESTR lpsz, int cchMax)
{
	static const char digits[] = "0123456789ABCDEF";

	if (cchMax <= (int)TEXT_LENGTH)
		return 0;
	for (size_t i = 0; i <= TEXT_LENGTH; i++)
		lpsz[i] = (WCHAR)frame[i];
	for (size_t i = 0; i < 16; i++) {
		uint8_t byte = get_byte(rguid, places[i][1]);

		lpsz[places[i][0]] = (WCHAR)digits[byte >> 4];
		lpsz[places[i][0] + 1] = (WCHAR)digits[byte & 0xf];
	}
	return (int)TEXT_LENGTH + 1;
}

HRESULT WINAPI StringFromCLSID(REFCLSID rclsid, LPOLESTR *lplpsz)
{
	if (!lplpsz)
		return E_INVALIDARG;
	*lplpsz = CoTaskMemAlloc(sizeof(frame) * sizeof(**lplpsz));
	if (!*lplpsz)
		return E_OUTOFMEMORY;
	StringFromGUID2(rclsid, *lplpsz, sizeof(frame));
	return S_OK;
}

HRESULT WINAPI StringFromIID(REFIID rclsid, LPOLESTR *lplpsz)
{
	return StringFromCLSID(rclsid, lplpsz);
}
