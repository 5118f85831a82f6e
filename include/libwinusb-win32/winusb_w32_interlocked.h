/* SPDX-License-Identifier: MIT */
/* Interlocked operations: one instruction each, with a full barrier, as on Windows. */
#ifndef _LIBWINUSB_WIN32_WINUSB_W32_INTERLOCKED_H
#define _LIBWINUSB_WIN32_WINUSB_W32_INTERLOCKED_H

#include "minwindef.h"

#define _WINUSB_W32_INLINE static __inline__ __attribute__((__unused__))

#define MemoryBarrier() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#if defined(__i386__) || defined(__x86_64__)
#define YieldProcessor() __builtin_ia32_pause()
#elif defined(__aarch64__) || defined(__arm__)
#define YieldProcessor() __asm__ __volatile__("yield")
#else
#define YieldProcessor() __asm__ __volatile__("" : : : "memory")
#endif

#define _WINUSB_W32_INTERLOCKED(type, suffix) \
_WINUSB_W32_INLINE type InterlockedIncrement##suffix(type volatile *target) \
{ \
	return __atomic_add_fetch(target, 1, __ATOMIC_SEQ_CST); \
} \
_WINUSB_W32_INLINE type InterlockedDecrement##suffix(type volatile *target) \
{ \
	return __atomic_sub_fetch(target, 1, __ATOMIC_SEQ_CST); \
} \
_WINUSB_W32_INLINE type InterlockedAdd##suffix(type volatile *target, type value) \
{ \
	return __atomic_add_fetch(target, value, __ATOMIC_SEQ_CST); \
} \
_WINUSB_W32_INLINE type InterlockedExchangeAdd##suffix(type volatile *target, type value) \
{ \
	return __atomic_fetch_add(target, value, __ATOMIC_SEQ_CST); \
} \
_WINUSB_W32_INLINE type InterlockedExchange##suffix(type volatile *target, type value) \
{ \
	return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST); \
} \
_WINUSB_W32_INLINE type InterlockedCompareExchange##suffix(type volatile *target, type value, \
							   type expected) \
{ \
	__atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST, \
				    __ATOMIC_SEQ_CST); \
	return expected; \
} \
_WINUSB_W32_INLINE type InterlockedAnd##suffix(type volatile *target, type value) \
{ \
	return __atomic_fetch_and(target, value, __ATOMIC_SEQ_CST); \
} \
_WINUSB_W32_INLINE type InterlockedOr##suffix(type volatile *target, type value) \
{ \
	return __atomic_fetch_or(target, value, __ATOMIC_SEQ_CST); \
} \
_WINUSB_W32_INLINE type InterlockedXor##suffix(type volatile *target, type value) \
{ \
	return __atomic_fetch_xor(target, value, __ATOMIC_SEQ_CST); \
}

_WINUSB_W32_INTERLOCKED(LONG, )
_WINUSB_W32_INTERLOCKED(LONG64, 64)
_WINUSB_W32_INTERLOCKED(SHORT, 16)
#undef _WINUSB_W32_INTERLOCKED

_WINUSB_W32_INLINE PVOID InterlockedExchangePointer(PVOID volatile *target, PVOID value)
{
	return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}

_WINUSB_W32_INLINE PVOID InterlockedCompareExchangePointer(PVOID volatile *target, PVOID value,
							   PVOID expected)
{
	__atomic_compare_exchange_n(target, &expected, value, 0, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	return expected;
}

_WINUSB_W32_INLINE BOOLEAN InterlockedBitTestAndSet(LONG volatile *target, LONG bit)
{
	LONG mask = (LONG)(1U << (bit & 31));

	return (__atomic_fetch_or(target + bit / 32, mask, __ATOMIC_SEQ_CST) & mask) != 0;
}

_WINUSB_W32_INLINE BOOLEAN InterlockedBitTestAndReset(LONG volatile *target, LONG bit)
{
	LONG mask = (LONG)(1U << (bit & 31));

	return (__atomic_fetch_and(target + bit / 32, ~mask, __ATOMIC_SEQ_CST) & mask) != 0;
}

/* The compiler's own names for the same */
#define _InterlockedIncrement InterlockedIncrement
#define _InterlockedDecrement InterlockedDecrement
#define _InterlockedExchange InterlockedExchange
#define _InterlockedExchangeAdd InterlockedExchangeAdd
#define _InterlockedCompareExchange InterlockedCompareExchange
#define _InterlockedAnd InterlockedAnd
#define _InterlockedOr InterlockedOr
#define _InterlockedXor InterlockedXor

#endif /* _LIBWINUSB_WIN32_WINUSB_W32_INTERLOCKED_H */
