// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the Microsoft OS descriptors of a device say, as one structure: how the two parsers fill it
 * in, msos_set.c (2.0) and msos_feature.c (1.0), and how it is asked. The bytes are the device's,
 * so anything may be in them. What is wrong is left out and the rest is kept, so that a device is
 * served as far as it is valid; @fault keeps the first complaint. Of two that say the same about
 * one function, the first valid one counts.
 *
 * No I/O, no allocation, no recursion, and time that grows with the number of bytes only. All four
 * files build in user space, too, and are fuzzed there.
 */
#ifdef __KERNEL__
#include <linux/string.h>

#include "compat.h"
#endif

#include "msos.h"

/**
 * winusb_msos_fault - Keep the first complaint
 * @msos: What is being parsed.
 * @text: What is wrong, constant.
 */
void winusb_msos_fault(struct winusb_msos *msos, const char *text)
{
	if (!msos->fault)
		msos->fault = text;
}

/**
 * winusb_msos_find_function - Find what is said about a function
 * @msos: What was parsed.
 * @first_interface: Number of its first interface.
 *
 * Return: its index, or -1.
 */
int winusb_msos_find_function(const struct winusb_msos *msos, u8 first_interface)
{
	unsigned int i;

	for (i = 0; i < msos->num_functions; i++)
		if (msos->functions[i].first_interface == first_interface)
			return i;
	return -1;
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_find_function);

/* The registry tells no upper from lower case. */
static bool winusb_msos_same_name(const u8 *a, size_t a_length, const u8 *b, size_t b_length)
{
	size_t i;

	if (a_length != b_length)
		return false;
	for (i = 0; i < a_length; i += 2)
		if (winusb_msos_fold(winusb_msos_u16(a + i)) !=
		    winusb_msos_fold(winusb_msos_u16(b + i)))
			return false;
	return true;
}

static bool winusb_msos_is_name(const struct winusb_msos_property *property, const char *name)
{
	size_t i;

	for (i = 0; i < property->name_length; i += 2, name++)
		if (!*name || winusb_msos_fold(winusb_msos_u16(property->name + i)) !=
			      winusb_msos_fold((u8)*name))
			return false;
	return !*name;
}

/**
 * winusb_msos_find_property - Find a registry property
 * @msos: What was parsed.
 * @function: Index of the function, or WINUSB_MSOS_DEVICE.
 * @name: ASCII; upper and lower case are the same.
 *
 * Return: the property, or NULL.
 */
const struct winusb_msos_property *winusb_msos_find_property(const struct winusb_msos *msos,
							     u8 function, const char *name)
{
	unsigned int i;

	for (i = 0; i < msos->num_properties; i++)
		if (msos->properties[i].function == function &&
		    winusb_msos_is_name(&msos->properties[i], name))
			return &msos->properties[i];
	return NULL;
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_find_property);

/**
 * winusb_msos_is_winusb - Does a compatible ID ask for WinUSB?
 * @compatible_id: Of a function or of the device.
 *
 * Return: whether it does.
 */
bool winusb_msos_is_winusb(const char *compatible_id)
{
	return !strcmp(compatible_id, "WINUSB");
}
WINUSB_EXPORT_FOR_TESTS(winusb_msos_is_winusb);

/* Eight bytes: A-Z, 0-9 and _, then NUL. Anything else could become part of a path or a rule. */
static bool winusb_msos_id(const u8 *bytes, char id[WINUSB_MSOS_ID_SIZE])
{
	unsigned int i, used = 0;

	memset(id, 0, WINUSB_MSOS_ID_SIZE);
	for (i = 0; i < WINUSB_MSOS_ID_SIZE - 1; i++) {
		u8 c = bytes[i];

		if (!c)
			continue;
		if (used != i || !((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) {
			memset(id, 0, WINUSB_MSOS_ID_SIZE);
			return false;
		}
		id[used++] = c;
	}
	return true;
}

/**
 * winusb_msos_set_ids - Add what a compatible ID descriptor says
 * @msos: What is being parsed.
 * @bytes: Two IDs of eight bytes.
 * @compatible_id: Of the function, or of the device.
 * @sub_compatible_id: Of the same. Alone it means nothing.
 */
void winusb_msos_set_ids(struct winusb_msos *msos, const u8 *bytes, char *compatible_id,
			 char *sub_compatible_id)
{
	char sub[WINUSB_MSOS_ID_SIZE];

	if (compatible_id[0]) {
		winusb_msos_fault(msos, "a second compatible ID");
		return;
	}
	if (!winusb_msos_id(bytes, compatible_id))
		winusb_msos_fault(msos,
				  "a compatible ID with other characters than A-Z, 0-9 and _");
	if (!winusb_msos_id(bytes + WINUSB_MSOS_ID_SIZE - 1, sub))
		winusb_msos_fault(msos,
				  "a sub-compatible ID with other characters than A-Z, 0-9 and _");
	if (compatible_id[0])
		memcpy(sub_compatible_id, sub, sizeof(sub));
	else if (sub[0])
		winusb_msos_fault(msos, "a sub-compatible ID without a compatible ID");
}

/* Bytes before the NUL; 0 if there is no name, or no NUL at its end. */
static u16 winusb_msos_name_length(const u8 *name, u16 length)
{
	u16 used = 0;

	if (length % 2 || length < 4 || winusb_msos_u16(name + length - 2))
		return 0;
	while (winusb_msos_u16(name + used))
		used += 2;
	return used;
}

static bool winusb_msos_has_property(const struct winusb_msos *msos, u8 function, const u8 *name,
				     u16 name_length)
{
	const struct winusb_msos_property *property;

	for (property = msos->properties; property < msos->properties + msos->num_properties;
	     property++)
		if (property->function == function &&
		    winusb_msos_same_name(property->name, property->name_length, name,
					  name_length))
			return true;
	return false;
}

/**
 * winusb_msos_add_property - Add a property, if it is one
 * @msos: What is being parsed.
 * @function: Index of the function, or WINUSB_MSOS_DEVICE.
 * @type: Whatever the device says.
 * @name: Inside the bytes that were read.
 * @name_length: With the NUL that should be there.
 * @data: Inside the bytes that were read.
 * @data_length: Bytes of it.
 */
void winusb_msos_add_property(struct winusb_msos *msos, u8 function, u32 type, const u8 *name,
			      u16 name_length, const u8 *data, u32 data_length)
{
	struct winusb_msos_property *property;

	if (type < WINUSB_MSOS_SZ || type > WINUSB_MSOS_MULTI_SZ) {
		winusb_msos_fault(msos, "a property of an unknown type");
		return;
	}
	if ((type == WINUSB_MSOS_DWORD || type == WINUSB_MSOS_DWORD_BIG_ENDIAN) &&
	    data_length != 4) {
		winusb_msos_fault(msos, "a REG_DWORD property that has not 4 bytes");
		return;
	}
	name_length = winusb_msos_name_length(name, name_length);
	if (!name_length) {
		winusb_msos_fault(msos, "a property whose name is empty or does not end in NUL");
		return;
	}
	if (winusb_msos_has_property(msos, function, name, name_length)) {
		winusb_msos_fault(msos, "a second property of the same name");
		return;
	}
	if (msos->num_properties == WINUSB_MSOS_PROPERTIES) {
		winusb_msos_fault(msos, "more than 64 properties");
		return;
	}
	property = &msos->properties[msos->num_properties++];
	property->name = name;
	property->name_length = name_length;
	property->data = data;
	property->data_length = data_length;
	property->type = type;
	property->function = function;
}

/**
 * winusb_msos_add_function - Add a function
 * @msos: What is being parsed.
 * @first_interface: Its number. If it is there, what is said now is added to it.
 *
 * Return: the function, or NULL if there are too many.
 */
struct winusb_msos_function *winusb_msos_add_function(struct winusb_msos *msos,
						      u8 first_interface)
{
	struct winusb_msos_function *function;
	int index = winusb_msos_find_function(msos, first_interface);

	if (index >= 0) {
		winusb_msos_fault(msos, "a function that is there twice");
		return &msos->functions[index];
	}
	if (msos->num_functions == WINUSB_MSOS_FUNCTIONS) {
		winusb_msos_fault(msos, "more than 32 functions");
		return NULL;
	}
	function = &msos->functions[msos->num_functions++];
	function->first_interface = first_interface;
	return function;
}
