// SPDX-License-Identifier: MIT
/*
 * StringCch* and StringCb*. As on Windows: a size of zero or beyond STRSAFE_MAX_CCH is an invalid
 * parameter and nothing is written; what does not fit is cut off, ends with a zero, and is
 * reported. The flags of Ex functions may say otherwise.
 */
#include "format.h"
#include "wide.h"

#include <strsafe.h>

#define FILL_BYTE(flags) ((int)((flags) & 0xff))

static bool size_bad(const void *to, size_t room, DWORD flags)
{
	if (flags & STRSAFE_IGNORE_NULLS)
		return (!to && room) || room > STRSAFE_MAX_CCH;
	return !room || room > STRSAFE_MAX_CCH;
}

/*
 * What is behind all functions of one kind of unit. A size is ROOM whole units and ODD bytes; OF is
 * what a unit counts in it: 1 (Cch), or its bytes (Cb).
 */
#define STRSAFE(unit, in, suffix, length_of, format_to) \
struct target_##suffix { \
	unit *to; \
	size_t room, odd, of; \
	unit **end; \
	size_t *left; \
	DWORD flags; \
}; \
 \
/* What the flags say of a target that did not get all, and where its text ends then. */ \
static size_t fail_##suffix(const struct target_##suffix *target, size_t used, size_t at) \
{ \
	DWORD flags = target->flags; \
	unit *to = target->to; \
 \
	if (flags & STRSAFE_NO_TRUNCATION) \
		at = used; \
	if (flags & STRSAFE_FILL_ON_FAILURE) { \
		memset(to, FILL_BYTE(flags), target->room * sizeof(unit) + target->odd); \
		at = FILL_BYTE(flags) ? target->room - 1 : 0; \
	} \
	if (flags & STRSAFE_NULL_ON_FAILURE) \
		at = 0; \
	to[at] = 0; \
	return at; \
} \
 \
/* Adds TEXT behind the USED units, unless RESULT is an error already. */ \
static HRESULT add_##suffix(const struct target_##suffix *target, size_t used, HRESULT result, \
			    in text, size_t length) \
{ \
	size_t room = target->room, at = used; \
	unit *to = target->to; \
 \
	if (!result && !room) { \
		if (length) \
			result = to ? STRSAFE_E_INSUFFICIENT_BUFFER : STRSAFE_E_INVALID_PARAMETER; \
	} else if (!result) { \
		if (length >= room - used) { \
			length = room - used - 1; \
			result = STRSAFE_E_INSUFFICIENT_BUFFER; \
		} \
		at += length; \
		if (length) \
			memcpy(to + used, text, length * sizeof(unit)); \
		to[at] = 0; \
		if (!result && (target->flags & STRSAFE_FILL_BEHIND_NULL)) \
			memset(to + at + 1, FILL_BYTE(target->flags), \
			       (room - at - 1) * sizeof(unit) + target->odd); \
	} \
	if (result && room) \
		at = fail_##suffix(target, used, at); \
	if (!result || result == STRSAFE_E_INSUFFICIENT_BUFFER) { \
		if (target->end) \
			*target->end = at ? to + at : to; \
		if (target->left) \
			*target->left = (room - at) * target->of + target->odd; \
	} \
	return result; \
} \
 \
static HRESULT copy_##suffix(const struct target_##suffix *target, in from, size_t most, \
			     bool behind) \
{ \
	static const unit nothing[1]; \
	size_t used = 0, room = target->room; \
 \
	if (size_bad(target->to, room, target->flags)) \
		return STRSAFE_E_INVALID_PARAMETER; \
	if (behind && room) { \
		used = length_of(target->to, room); \
		if (used == room) \
			return STRSAFE_E_INVALID_PARAMETER; \
	} \
	if (most > STRSAFE_MAX_LENGTH || (target->flags & ~STRSAFE_VALID_FLAGS)) \
		return add_##suffix(target, used, STRSAFE_E_INVALID_PARAMETER, NULL, 0); \
	if (!from && (target->flags & STRSAFE_IGNORE_NULLS)) \
		from = nothing; \
	/* One more than there is room for tells that it does not fit. */ \
	room = room ? room - used : 1; \
	return add_##suffix(target, used, S_OK, from, \
			    length_of(from, most < room ? most : room)); \
} \
 \
static HRESULT print_##suffix(const struct target_##suffix *target, in format, va_list list) \
{ \
	bool skip = !format && (target->flags & STRSAFE_IGNORE_NULLS); \
	HRESULT result = S_OK; \
	unit *text = NULL; \
	int length = 0; \
 \
	if (size_bad(target->to, target->room, target->flags)) \
		return STRSAFE_E_INVALID_PARAMETER; \
	if (target->flags & ~STRSAFE_VALID_FLAGS) \
		result = STRSAFE_E_INVALID_PARAMETER; \
	else if (!skip) \
		length = format_to(&text, format, list); \
	if (length < 0) { \
		result = STRSAFE_E_INSUFFICIENT_BUFFER; \
		length = 0; \
	} \
	result = add_##suffix(target, 0, result, text, (size_t)length); \
	free(text); \
	return result; \
}

STRSAFE(char, STRSAFE_LPCSTR, A, strnlen, format_narrow)
STRSAFE(wchar_t, STRSAFE_LPCWSTR, W, wcsnlen, format_wide)

/* The functions. KIND is Cch or Cb. */

#define TARGET(suffix, of) \
	struct target_##suffix target = { \
		to, size / (of), size % (of), of, end, left, flags \
	}

#define COPY(kind, unit, in, suffix, of, name, behind) \
HRESULT WINAPI String##kind##name##Ex##suffix(unit *to, size_t size, in from, unit **end, \
					      size_t *left, DWORD flags) \
{ \
	TARGET(suffix, of); \
 \
	return copy_##suffix(&target, from, STRSAFE_MAX_LENGTH, behind); \
} \
HRESULT WINAPI String##kind##name##suffix(unit *to, size_t size, in from) \
{ \
	return String##kind##name##Ex##suffix(to, size, from, NULL, NULL, 0); \
} \
HRESULT WINAPI String##kind##name##NEx##suffix(unit *to, size_t size, in from, size_t most, \
					       unit **end, size_t *left, DWORD flags) \
{ \
	TARGET(suffix, of); \
 \
	return copy_##suffix(&target, from, most / (of), behind); \
} \
HRESULT WINAPI String##kind##name##N##suffix(unit *to, size_t size, in from, size_t most) \
{ \
	return String##kind##name##NEx##suffix(to, size, from, most, NULL, NULL, 0); \
}

#define PRINT(kind, unit, in, suffix, of) \
HRESULT WINAPI String##kind##VPrintfEx##suffix(unit *to, size_t size, unit **end, size_t *left, \
					       DWORD flags, in format, va_list list) \
{ \
	TARGET(suffix, of); \
 \
	return print_##suffix(&target, format, list); \
} \
HRESULT WINAPI String##kind##VPrintf##suffix(unit *to, size_t size, in format, va_list list) \
{ \
	return String##kind##VPrintfEx##suffix(to, size, NULL, NULL, 0, format, list); \
} \
HRESULT WINAPI String##kind##PrintfEx##suffix(unit *to, size_t size, unit **end, size_t *left, \
					      DWORD flags, in format, ...) \
{ \
	va_list list; \
	HRESULT result; \
 \
	va_start(list, format); \
	result = String##kind##VPrintfEx##suffix(to, size, end, left, flags, format, list); \
	va_end(list); \
	return result; \
} \
HRESULT WINAPI String##kind##Printf##suffix(unit *to, size_t size, in format, ...) \
{ \
	va_list list; \
	HRESULT result; \
 \
	va_start(list, format); \
	result = String##kind##VPrintf##suffix(to, size, format, list); \
	va_end(list); \
	return result; \
}

#define LENGTH(kind, in, suffix, of, length_of) \
HRESULT WINAPI String##kind##Length##suffix(in text, size_t size, size_t *result) \
{ \
	size_t room = size / (of); \
	size_t length = text && room <= STRSAFE_MAX_CCH ? length_of(text, room) : room; \
 \
	if (result) \
		*result = length < room ? length * (of) : 0; \
	return length < room ? S_OK : STRSAFE_E_INVALID_PARAMETER; \
}

#define ALL(kind, unit, in, suffix, of, length_of) \
	COPY(kind, unit, in, suffix, of, Copy, false) \
	COPY(kind, unit, in, suffix, of, Cat, true) \
	PRINT(kind, unit, in, suffix, of) \
	LENGTH(kind, in, suffix, of, length_of)

ALL(Cch, char, STRSAFE_LPCSTR, A, 1, strnlen)
ALL(Cb, char, STRSAFE_LPCSTR, A, 1, strnlen)
ALL(Cch, wchar_t, STRSAFE_LPCWSTR, W, 1, wcsnlen)
ALL(Cb, wchar_t, STRSAFE_LPCWSTR, W, sizeof(wchar_t), wcsnlen)
