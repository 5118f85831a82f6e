/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WINUSB_MSOS_H
#define WINUSB_MSOS_H

#include <linux/types.h>

/* In user space, where they are fuzzed, the files are the same. */
#ifndef __KERNEL__
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define WINUSB_EXPORT_FOR_TESTS(symbol)

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
#endif

#define WINUSB_MSOS_FUNCTIONS	32	/* as many as a device has interfaces; more are a fault */
#define WINUSB_MSOS_PROPERTIES	64	/* of all functions together; more are a fault */
#define WINUSB_MSOS_GUIDS	8	/* interface GUIDs of a function; more are not looked at */
#define WINUSB_MSOS_DEVICE	0xff	/* instead of a function's index: the device */
#define WINUSB_MSOS_ID_SIZE	9	/* 8 characters and NUL */
#define WINUSB_MSOS_GUID_SIZE	39	/* {8-4-4-4-12} and NUL */

/* Types of registry properties (winusb.md 4.3). */
#define WINUSB_MSOS_SZ			1
#define WINUSB_MSOS_EXPAND_SZ		2
#define WINUSB_MSOS_BINARY		3
#define WINUSB_MSOS_DWORD		4
#define WINUSB_MSOS_DWORD_BIG_ENDIAN	5
#define WINUSB_MSOS_LINK		6
#define WINUSB_MSOS_MULTI_SZ		7

/**
 * struct winusb_msos_set - What the platform capability says: which descriptor set to ask for
 * @windows_version: The Windows version that the set is meant for, 0x0a000000 is Windows 10.
 * @length: How long the set is, at least 10.
 * @vendor_code: bRequest to ask for it.
 * @alt_enum_code: bAltEnumCode, 0 if there is no alternate enumeration.
 */
struct winusb_msos_set {
	u32 windows_version;
	u16 length;
	u8 vendor_code;
	u8 alt_enum_code;
};

/**
 * struct winusb_msos_property - A registry property; the bytes stay where they were parsed
 * @name: UTF-16LE, not empty, without a NUL, neither inside nor at the end.
 * @data: Its value, as the device gave it.
 * @name_length: Bytes of the name, an even number.
 * @data_length: Bytes of the value, 4 for both kinds of DWORD.
 * @type: WINUSB_MSOS_SZ to WINUSB_MSOS_MULTI_SZ.
 * @function: Index of the function, or WINUSB_MSOS_DEVICE.
 *
 * Strings need not end in NUL, have an even length or be UTF-16: winusb_msos_next_string() and
 * winusb_msos_to_utf8() take care of that.
 */
struct winusb_msos_property {
	const u8 *name;
	const u8 *data;
	u16 name_length;
	u32 data_length;
	u8 type;
	u8 function;
};

/**
 * struct winusb_msos_function - What is said about one function
 * @first_interface: bInterfaceNumber of its first interface; no two functions have the same.
 * @vendor_revision: 0 if there is none.
 * @compatible_id: A-Z, 0-9 and _ only; empty if there is none.
 * @sub_compatible_id: The same, and empty where @compatible_id is.
 */
struct winusb_msos_function {
	u8 first_interface;
	u16 vendor_revision;
	char compatible_id[WINUSB_MSOS_ID_SIZE];
	char sub_compatible_id[WINUSB_MSOS_ID_SIZE];
};

/**
 * struct winusb_msos - What a device says with its Microsoft OS descriptors
 * @version: 0x0100 or 0x0200, 0 if there was nothing valid.
 * @alt_enum_code: Filled in by the caller, from struct winusb_msos_set.
 * @ccgp: Asks for the generic parent: is composite even if it does not look so.
 * @resume_recovery_ms: 0 to 10; counts only if @resume_signaling_ms is not 0.
 * @resume_signaling_ms: 1 to 20, 0 if no resume times are given.
 * @has_model_id: @model_id is given.
 * @model_id: Bytes in the device's order.
 * @vendor_revision: Of the device, 0 if there is none.
 * @compatible_id: Of the device, as in struct winusb_msos_function.
 * @sub_compatible_id: Of the device.
 * @num_functions: How many there are.
 * @functions: In the device's order.
 * @num_properties: How many there are.
 * @properties: In the device's order; no two of a function have the same name.
 * @fault: The first thing that was wrong, constant text for one line in the log, or NULL.
 */
struct winusb_msos {
	u16 version;
	u8 alt_enum_code;
	bool ccgp;
	u8 resume_recovery_ms;
	u8 resume_signaling_ms;
	bool has_model_id;
	u8 model_id[16];
	u16 vendor_revision;
	char compatible_id[WINUSB_MSOS_ID_SIZE];
	char sub_compatible_id[WINUSB_MSOS_ID_SIZE];
	unsigned int num_functions;
	struct winusb_msos_function functions[WINUSB_MSOS_FUNCTIONS];
	unsigned int num_properties;
	struct winusb_msos_property properties[WINUSB_MSOS_PROPERTIES];
	const char *fault;
};

static inline u16 winusb_msos_u16(const u8 *bytes)
{
	return bytes[0] | bytes[1] << 8;
}

static inline u32 winusb_msos_u32(const u8 *bytes)
{
	return winusb_msos_u16(bytes) | (u32)winusb_msos_u16(bytes + 2) << 16;
}

/* ASCII only: nobody has names with other letters in a descriptor. */
static inline u16 winusb_msos_fold(u16 c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* msos_set.c: OS 2.0 */
bool winusb_msos_find_set(const u8 *bos, size_t length, struct winusb_msos_set *set);
void winusb_msos_parse_set(const u8 *data, size_t length, const struct winusb_msos_set *set,
			   u8 configuration, struct winusb_msos *msos);

/* msos_feature.c: OS 1.0 */
bool winusb_msos_parse_string(const u8 *data, size_t length, u8 *vendor_code);
u32 winusb_msos_feature_length(const u8 *header, size_t length, u16 feature);
void winusb_msos_parse_compatible_ids(const u8 *data, size_t length, struct winusb_msos *msos);
void winusb_msos_parse_properties(const u8 *data, size_t length, u8 function,
				  struct winusb_msos *msos);

/* msos.c: look-ups */
int winusb_msos_find_function(const struct winusb_msos *msos, u8 first_interface);
const struct winusb_msos_property *winusb_msos_find_property(const struct winusb_msos *msos,
							     u8 function, const char *name);
bool winusb_msos_is_winusb(const char *compatible_id);

/* msos.c: for the parsers */
void winusb_msos_fault(struct winusb_msos *msos, const char *text);
void winusb_msos_set_ids(struct winusb_msos *msos, const u8 *bytes, char *compatible_id,
			 char *sub_compatible_id);
void winusb_msos_add_property(struct winusb_msos *msos, u8 function, u32 type, const u8 *name,
			      u16 name_length, const u8 *data, u32 data_length);
struct winusb_msos_function *winusb_msos_add_function(struct winusb_msos *msos,
						      u8 first_interface);

/* msos_text.c: text */
size_t winusb_msos_to_utf8(const u8 *utf16, size_t bytes, char *text, size_t size);
bool winusb_msos_next_string(const struct winusb_msos_property *property, size_t *position,
			     const u8 **utf16, size_t *bytes);
bool winusb_msos_guid_from_utf16(const u8 *utf16, size_t bytes, char guid[WINUSB_MSOS_GUID_SIZE]);
bool winusb_msos_guid_from_text(const char *text, size_t length, char guid[WINUSB_MSOS_GUID_SIZE]);
bool winusb_msos_interface_guid(const struct winusb_msos *msos, u8 function, unsigned int n,
				char guid[WINUSB_MSOS_GUID_SIZE]);

#endif /* WINUSB_MSOS_H */
