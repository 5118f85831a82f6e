// SPDX-License-Identifier: MIT
/* Sleeping until a word changes, by the monotonic clock. */

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <windows.h>

#include "wait.h"

/* A lock's sections are short, so spin that often before sleeping. */
#define SPINS	100u

#define NS_PER_SECOND	1000000000u
#define NS_PER_MS	1000000u

/* The kernel's own layouts: the C library's timespec may be of either on 32 bit. */
#ifdef SYS_futex
struct futex_time {
	long seconds;
	long nanoseconds;
};
#define FUTEX_CALL	SYS_futex
#else
struct futex_time {
	int64_t seconds;
	int64_t nanoseconds;
};
#define FUTEX_CALL	SYS_futex_time64
#endif

uint64_t wait_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t wait_deadline(DWORD ms)
{
	return ms == INFINITE ? UINT64_MAX : wait_now() + (uint64_t)ms * NS_PER_MS;
}

bool wait_futex_bits(atomic_uint *word, unsigned int value, uint64_t deadline, unsigned int bits)
{
	struct futex_time time = {
		.seconds = (long)(deadline / NS_PER_SECOND),
		.nanoseconds = (long)(deadline % NS_PER_SECOND),
	};

	int saved = errno;
	int error = 0;
	long result;

	while (atomic_load_explicit(word, memory_order_acquire) == value) {
		result = syscall(FUTEX_CALL, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG,
				      value, deadline == UINT64_MAX ? NULL : &time, NULL, bits);

		error = result ? errno : 0;
		if (!error || error == ETIMEDOUT)
			break;
	}
	errno = saved;
	return error != ETIMEDOUT;
}

int wait_futex_wake_bits(atomic_uint *word, int count, unsigned int bits)
{
	int saved = errno;
	long woken = syscall(FUTEX_CALL, word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG, count, NULL,
			     NULL, bits);

	errno = saved;
	return woken > 0 ? (int)woken : 0;
}

bool wait_futex(atomic_uint *word, unsigned int value, uint64_t deadline)
{
	return wait_futex_bits(word, value, deadline, FUTEX_BITSET_MATCH_ANY);
}

int wait_futex_wake(atomic_uint *word, int count)
{
	return wait_futex_wake_bits(word, count, FUTEX_BITSET_MATCH_ANY);
}

void futex_lock_contended(atomic_uint *lock)
{
	unsigned int word, left = SPINS;

	while (left--) {
		word = 0;
		if (!atomic_load_explicit(lock, memory_order_relaxed) &&
		    atomic_compare_exchange_weak_explicit(lock, &word, 1, memory_order_acquire,
							  memory_order_relaxed))
			return;
		YieldProcessor();
	}
	while (atomic_exchange_explicit(lock, 2, memory_order_acquire))
		wait_futex(lock, 2, UINT64_MAX);
}

/* It is free already. */
void futex_unlock_contended(atomic_uint *lock)
{
	wait_futex_wake(lock, 1);
}
