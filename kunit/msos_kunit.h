/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Microsoft OS descriptors as bytes, for the suites of their parser. Lengths that a macro is not
 * given are those that winusb.md 4.2 to 4.5 have for them.
 */
#ifndef WINUSB_MSOS_KUNIT_H
#define WINUSB_MSOS_KUNIT_H

#include "../driver/msos.h"
#include "winusb_kunit.h"

#define WINUSB_LE16(value)	(value) & 0xff, (value) >> 8
#define WINUSB_LE32(value)	WINUSB_LE16((value) & 0xffff), WINUSB_LE16((value) >> 16)

/* IDs of eight bytes */
#define WINUSB_NO_ID		0, 0, 0, 0, 0, 0, 0, 0
#define WINUSB_ID_WINUSB	'W', 'I', 'N', 'U', 'S', 'B', 0, 0
#define WINUSB_ID_RNDIS		'R', 'N', 'D', 'I', 'S', 0, 0, 0
#define WINUSB_ID_5162001	'5', '1', '6', '2', '0', '0', '1', 0

/* "DeviceInterfaceGUID" and what may follow; 38 bytes */
#define WINUSB_GUID_NAME						\
	'D', 0, 'e', 0, 'v', 0, 'i', 0, 'c', 0, 'e', 0, 'I', 0, 'n', 0,	\
	't', 0, 'e', 0, 'r', 0, 'f', 0, 'a', 0, 'c', 0, 'e', 0, 'G', 0,	\
	'U', 0, 'I', 0, 'D', 0

/* "{01234567-89AB-CDEF-0123-456789ABCDEx}"; 76 bytes */
#define WINUSB_GUID(x)							\
	'{', 0, '0', 0, '1', 0, '2', 0, '3', 0, '4', 0, '5', 0, '6', 0,	\
	'7', 0, '-', 0, '8', 0, '9', 0, 'A', 0, 'B', 0, '-', 0, 'C', 0,	\
	'D', 0, 'E', 0, 'F', 0, '-', 0, '0', 0, '1', 0, '2', 0, '3', 0,	\
	'-', 0, '4', 0, '5', 0, '6', 0, '7', 0, '8', 0, '9', 0, 'A', 0,	\
	'B', 0, 'C', 0, 'D', 0, 'E', 0, (x), 0, '}', 0
#define WINUSB_GUID_TEXT(x)	"{01234567-89ab-cdef-0123-456789abcde" x "}"

/* 4.4 */
#define WINUSB_BOS(total, capabilities)	5, 0x0f, WINUSB_LE16(total), (capabilities)
#define WINUSB_PLATFORM(sets)						\
	20 + 8 * (sets), 0x10, 0x05, 0, 0xdf, 0x60, 0xdd, 0xd8, 0x89,	\
	0x45, 0xc7, 0x4c, 0x9c, 0xd2, 0x65, 0x9d, 0x9e, 0x64, 0x8a, 0x9f
#define WINUSB_SET_INFO(version, length, code, alternate)		\
	WINUSB_LE32(version), WINUSB_LE16(length), (code), (alternate)

/* 4.5 */
#define WINUSB_SET(total)						\
	10, 0, 0, 0, WINUSB_LE32(0x06030000), WINUSB_LE16(total)
#define WINUSB_CONFIG_SUBSET(index, total)				\
	8, 0, 1, 0, (index), 0, WINUSB_LE16(total)
#define WINUSB_FUNCTION_SUBSET(first, total)				\
	8, 0, 2, 0, (first), 0, WINUSB_LE16(total)
#define WINUSB_COMPATIBLE(...)	20, 0, 3, 0, __VA_ARGS__
/* The property of DeviceInterfaceGUIDs, 132 bytes; the name begins at 8, the value at 52. */
#define WINUSB_GUIDS_PROPERTY						\
	132, 0, 4, 0, 7, 0, 42, 0, WINUSB_GUID_NAME, 's', 0, 0, 0,	\
	80, 0, WINUSB_GUID('F'), 0, 0, 0, 0
#define WINUSB_RESUME_TIME(recovery, signaling)				\
	6, 0, 5, 0, (recovery), (signaling)
#define WINUSB_MODEL_ID							\
	20, 0, 6, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#define WINUSB_CCGP		4, 0, 7, 0
#define WINUSB_REVISION(revision)	6, 0, 8, 0, WINUSB_LE16(revision)

/* 4.3 */
#define WINUSB_IDS(total, sections)					\
	WINUSB_LE32(total), 0, 1, 4, 0, (sections), 0, 0, 0, 0, 0, 0, 0
#define WINUSB_IDS_SECTION(first, ...)					\
	(first), 1, __VA_ARGS__, 0, 0, 0, 0, 0, 0
#define WINUSB_PROPERTIES(total, sections)				\
	WINUSB_LE32(total), 0, 1, 5, 0, WINUSB_LE16(sections)
/* The section of DeviceInterfaceGUID, 132 bytes. */
#define WINUSB_GUID_SECTION						\
	132, 0, 0, 0, 1, 0, 0, 0, 40, 0, WINUSB_GUID_NAME, 0, 0,	\
	78, 0, 0, 0, WINUSB_GUID('F'), 0, 0

/*
 * A copy in memory of exactly its size: on the debug kernel the first byte that is read behind it
 * is a report of KASAN.
 */
static inline u8 *winusb_exact(struct kunit *test, const u8 *bytes, size_t length)
{
	u8 *copy = kunit_kmalloc(test, length, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, bytes, length);
	return copy;
}

static inline struct winusb_msos *winusb_new_msos(struct kunit *test)
{
	struct winusb_msos *msos = kunit_kmalloc(test, sizeof(*msos), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, msos);
	/* What is not cleared is seen. */
	memset(msos, 0xa5, sizeof(*msos));
	return msos;
}

/* The set at the end of its memory, for the first configuration; the BOS says the same length. */
static inline struct winusb_msos *winusb_parse(struct kunit *test, const u8 *bytes, size_t length)
{
	const struct winusb_msos_set set = { .length = length };
	struct winusb_msos *msos = winusb_new_msos(test);

	winusb_msos_parse_set(winusb_exact(test, bytes, length), length, &set, 0, msos);
	return msos;
}

#endif /* WINUSB_MSOS_KUNIT_H */
