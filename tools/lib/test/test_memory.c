// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdint.h>
#include <windows.h>

#include "tap.h"

static bool all(const char *memory, char value, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (memory[i] != value)
			return false;
	return true;
}

TEST(local)
{
	char *memory = LocalAlloc(LPTR, 100);

	CHECK(memory != NULL);
	CHECK_EQ((uintptr_t)memory % 16, 0);
	CHECK(all(memory, 0, 100));
	CHECK_EQ(LocalSize(memory), 100);
	memset(memory, 'x', 100);
	memory = LocalReAlloc(memory, 10000, LMEM_MOVEABLE | LMEM_ZEROINIT);
	CHECK(all(memory, 'x', 100) && all(memory + 100, 0, 9900));
	CHECK_EQ(LocalSize(memory), 10000);
	memory = LocalReAlloc(memory, 10, 0);
	CHECK_EQ(LocalSize(memory), 10);
	CHECK(LocalFree(memory) == NULL);
	CHECK(LocalFree(NULL) == NULL);
	memory = LocalAlloc(LMEM_FIXED, 0);
	CHECK(memory != NULL);
	LocalFree(memory);
}

TEST(fixed_memory_stays)
{
	char *memory = LocalAlloc(LMEM_FIXED, 16);

	SetLastError(0);
	CHECK(LocalReAlloc(memory, 1 << 20, 0) == NULL);
	CHECK_EQ(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
	CHECK_EQ(LocalSize(memory), 16);
	LocalFree(memory);
}

TEST(moveable)
{
	HGLOBAL handle = GlobalAlloc(GHND, 8);
	char *memory = GlobalLock(handle);

	CHECK(memory != NULL && all(memory, 0, 8));
	SetLastError(5);
	CHECK_EQ(GlobalUnlock(handle), FALSE);
	CHECK_EQ(GetLastError(), NO_ERROR);
	handle = GlobalReAlloc(handle, 1000, 0);
	CHECK_EQ(GlobalSize(handle), 1000);
	CHECK(GlobalFree(handle) == NULL);
	handle = GlobalAlloc(GPTR, 8);
	CHECK_EQ(GlobalUnlock(handle), TRUE);
	GlobalFree(handle);
}

TEST(wrong_pointers)
{
	char wrong[64] __attribute__((aligned(16))) = "";

	SetLastError(0);
	CHECK(LocalFree(wrong + 48) == wrong + 48);
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(LocalFree(wrong + 49) == wrong + 49);
	CHECK_EQ(LocalSize(wrong + 48), 0);
	CHECK(LocalLock(NULL) == NULL);
	CHECK(LocalReAlloc(NULL, 10, LMEM_MOVEABLE) == NULL);
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK_EQ(HeapFree(GetProcessHeap(), 0, wrong + 48), FALSE);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
}

TEST(process_heap)
{
	HANDLE heap = GetProcessHeap();
	char *memory = HeapAlloc(heap, HEAP_ZERO_MEMORY, 50);

	CHECK(heap != NULL && heap != INVALID_HANDLE_VALUE);
	CHECK(all(memory, 0, 50));
	CHECK_EQ(HeapSize(heap, 0, memory), 50);
	memset(memory, 'y', 50);
	memory = HeapReAlloc(heap, HEAP_ZERO_MEMORY, memory, 5000);
	CHECK(all(memory, 'y', 50) && all(memory + 50, 0, 4950));
	CHECK(HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, memory, 1 << 24) == NULL);
	CHECK_EQ(HeapFree(heap, 0, memory), TRUE);
	CHECK_EQ(HeapFree(heap, 0, NULL), TRUE);
	CHECK(HeapReAlloc(heap, 0, NULL, 5) == NULL);
	CHECK_EQ(HeapSize(heap, 0, NULL) == (SIZE_T)-1, 1);
	CHECK_EQ(HeapDestroy(heap), FALSE);
}

TEST(too_much)
{
	SetLastError(0);
	CHECK(HeapAlloc(GetProcessHeap(), 0, SIZE_MAX - 8) == NULL);
	CHECK_EQ(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
	CHECK(LocalAlloc(LPTR, SIZE_MAX / 2 + 1) == NULL);
}

TEST(own_heap)
{
	HANDLE heap = HeapCreate(0, 0, 0);
	char *one = HeapAlloc(heap, 0, 10), *other = HeapAlloc(heap, 0, 20), *third =
		HeapAlloc(heap, 0, 30);

	CHECK(one && other && third);
	other = HeapReAlloc(heap, 0, other, 100000);
	memset(other, 1, 100000);
	CHECK_EQ(HeapFree(heap, 0, one), TRUE);
	SetLastError(0);
	CHECK_EQ(HeapFree(GetProcessHeap(), 0, other), FALSE);
	CHECK_EQ(GetLastError(), ERROR_INVALID_PARAMETER);
	CHECK(LocalFree(other) == other);
	/* The rest goes with the heap. */
	CHECK_EQ(HeapDestroy(heap), TRUE);
	CHECK_EQ(HeapDestroy(heap), FALSE);
	CHECK_EQ(GetLastError(), ERROR_INVALID_HANDLE);
	CHECK(HeapAlloc(heap, 0, 5) == NULL);
	CHECK(HeapAlloc(NULL, 0, 5) == NULL);
}

TEST(limited_heap)
{
	HANDLE heap = HeapCreate(0, 0, 1000);
	char *memory;

	CHECK(HeapCreate(0, 100, 10) == NULL);
	memory = HeapAlloc(heap, 0, 900);
	CHECK(HeapAlloc(heap, 0, 200) == NULL);
	CHECK(HeapReAlloc(heap, 0, memory, 1100) == NULL);
	memory = HeapReAlloc(heap, 0, memory, 100);
	CHECK(HeapAlloc(heap, 0, 800) != NULL);
	CHECK_EQ(HeapFree(heap, 0, memory), TRUE);
	HeapDestroy(heap);
}

static void *allocate_much(void *heap)
{
	for (int i = 0; i < 2000; i++) {
		void *one = HeapAlloc(heap, 0, 16), *other = HeapAlloc(heap, 0, 32);

		HeapFree(heap, 0, one);
		HeapFree(heap, 0, HeapReAlloc(heap, 0, other, 64));
	}
	return NULL;
}

TEST(threads)
{
	HANDLE heap = HeapCreate(0, 0, 0);
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, allocate_much, heap);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(HeapDestroy(heap), TRUE);
}

TEST(macros)
{
	char memory[8] = "abcdefg";

	CopyMemory(memory, "xy", 2);
	MoveMemory(memory + 1, memory, 2);
	CHECK_EQ(memcmp(memory, "xxyd", 4), 0);
	FillMemory(memory, 3, 'z');
	CHECK(RtlEqualMemory(memory, "zzz", 3));
	ZeroMemory(memory, 4);
	SecureZeroMemory(memory + 4, 4);
	CHECK(all(memory, 0, 8));
}
